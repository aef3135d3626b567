//! What colour a place on a person is: skin with its reds and shadows, brows, lashes, lips, irises, hair, cloth.
//! Reflectance only; light comes in `march`.

use crate::geometry::{V3, step_between, v3};
use crate::head::{Bust, EYE, EYE_HALF_WIDTH, Part};
use crate::looks::{Clothing, Hair, Looks};
use crate::seed::noise;

/// How a surface answers light.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surface {
    /// Linear reflectance.
    pub(crate) albedo: V3,
    /// How far light bleeds round the terminator, per channel.
    pub(crate) wrap: V3,
    /// Strength of the highlight.
    pub(crate) gloss: f32,
    /// Sharpness of the highlight.
    pub(crate) gloss_exponent: f32,
}

fn colour(c: [f32; 3]) -> V3 {
    v3(c[0], c[1], c[2])
}

/// The surface at body place `q` of this part.
pub(crate) fn surface(bust: &Bust, looks: &Looks, part: Part, q: V3) -> Surface {
    let p = bust.to_head(q);
    match part {
        Part::Skin => skin(bust, looks, p),
        Part::Eye => eye(bust, looks, p),
        Part::Hair => hair(bust, looks, p),
        Part::Cloth => cloth(bust, looks, q),
        Part::Rim => {
            Surface { albedo: v3(0.03, 0.028, 0.03), wrap: v3(0.0, 0.0, 0.0), gloss: 0.5, gloss_exponent: 60.0 }
        }
    }
}

fn skin(bust: &Bust, looks: &Looks, p: V3) -> Surface {
    let base = colour(looks.skin);
    let m = p.folded();
    let front = step_between(-50.0, -25.0, p.z);
    let mut albedo = base * (1.0 + 0.035 * noise(p.x * 0.07, p.y * 0.07, p.z * 0.07));
    // Blood shows where skin is thin: cheeks, tip of the nose, ears, knuckles of the brow.
    let flush = |c: V3, size: f32| {
        let d = (m - c).length() / size;
        (-d * d).exp()
    };
    let redness = 0.75 * flush(v3(36.0, -30.0, -6.0), 19.0)
        + 0.55 * flush(v3(0.0, -38.0, 26.0), 13.0)
        + 0.6 * flush(v3(80.0, -12.0, -90.0), 24.0);
    albedo = albedo.times(v3(1.0 + 0.05 * redness, 1.0 - 0.13 * redness, 1.0 - 0.12 * redness));
    // The sockets are a little darker than the forehead.
    let socket = flush(v3(30.0, 1.0, -3.0), 17.0) * front;
    albedo = albedo.times(v3(1.0 - 0.10 * socket, 1.0 - 0.15 * socket, 1.0 - 0.13 * socket));
    let mut gloss = 0.20;
    if front > 0.0 {
        albedo = lips(bust, base, m, albedo, front, &mut gloss);
        albedo = lashes(bust, looks, m, albedo);
        albedo = brow(looks, p, m, albedo);
    }
    if looks.folds > 0.0 && front > 0.0 {
        albedo = albedo * (1.0 - 0.45 * looks.folds * front * folds(m));
    }
    if looks.beard > 0.0 {
        albedo = beard(bust, looks, p, m, albedo);
    }
    if looks.hair == Hair::Cropped {
        // A soft hairline: the roots show on the skin before the hair has any thickness.
        let near = step_between(-6.0, 10.0, p.y - 62.0 + 0.006 * p.x * p.x + 2.0 * noise(p.x * 0.2, p.y * 0.2, 0.0));
        albedo = albedo.mix(colour(looks.hair_colour), 0.6 * near * step_between(-70.0, -20.0, p.z));
    }
    Surface { albedo, wrap: v3(0.30, 0.14, 0.10), gloss, gloss_exponent: 18.0 }
}

/// Lines of age, 0 to 1: from the nose past the mouth, across the forehead, under the eyes.
fn folds(m: V3) -> f32 {
    let line = |off: f32, half: f32| (-(off / half) * (off / half)).exp();
    let beside_mouth = if (-86.0..-36.0).contains(&m.y) {
        let middle = 20.0 + 0.34 * (-38.0 - m.y);
        line(m.x - middle, 1.6) * step_between(-86.0, -74.0, m.y) * step_between(-36.0, -42.0, m.y)
    } else {
        0.0
    };
    let forehead = if (30.0..56.0).contains(&m.y) && m.x < 38.0 {
        let wave = m.y + 0.004 * m.x * m.x;
        [35.0, 43.0, 51.0].into_iter().map(|at| line(wave - at, 0.9)).fold(0.0, f32::max)
            * step_between(38.0, 26.0, m.x)
            * 0.8
    } else {
        0.0
    };
    let under_eye = if (-22.0..-6.0).contains(&m.y) && (16.0..48.0).contains(&m.x) {
        let bow = -10.5 - 4.0 * (1.0 - ((m.x - 31.0) / 16.0).powi(2));
        0.7 * line(m.y - bow, 1.2)
    } else {
        0.0
    };
    beside_mouth.max(forehead).max(under_eye)
}

fn lips(bust: &Bust, base: V3, m: V3, albedo: V3, front: f32, gloss: &mut f32) -> V3 {
    if m.y > -50.0 || m.y < -96.0 || m.x > 32.0 {
        return albedo;
    }
    let (upper, line, lower, left) = bust.features.lip_edges(m.x);
    if left <= 0.0 {
        return albedo;
    }
    let inside = step_between(upper + 0.7, upper - 0.9, m.y) * step_between(lower - 0.9, lower + 0.9, m.y) * front;
    let shade = if m.y > line { 0.86 } else { 1.0 };
    // Light skin has pink lips, dark skin has brown ones with less contrast.
    let lightness = base.y.clamp(0.0, 0.5) / 0.5;
    let tint = v3(0.95, 0.52 + 0.14 * (1.0 - lightness), 0.56 + 0.14 * (1.0 - lightness));
    *gloss += 0.22 * inside;
    let mut lip = base.times(tint) * shade;
    if bust.features.mouth_open_mm > 0.5 && m.z < 6.0 {
        lip = v3(0.10, 0.02, 0.02);
    }
    let seam = (m.y - line) / 0.85;
    let seam = (-seam * seam).exp() * step_between(0.0, 0.12, left) * front;
    albedo.mix(lip, 0.85 * inside).mix(base.times(v3(0.30, 0.14, 0.13)), 0.75 * seam)
}

fn lashes(bust: &Bust, looks: &Looks, m: V3, albedo: V3) -> V3 {
    let along = m.x - EYE.x;
    if along.abs() > EYE_HALF_WIDTH + 2.5 || m.y.abs() > 16.0 || m.z < -20.0 {
        return albedo;
    }
    let (upper, lower) = bust.features.lids(along.clamp(-EYE_HALF_WIDTH, EYE_HALF_WIDTH));
    let reach = step_between(EYE_HALF_WIDTH + 2.2, EYE_HALF_WIDTH - 1.0, along.abs());
    let top = step_between(1.7, 0.5, (m.y - upper - 0.3).abs()) * reach;
    let bottom = step_between(1.1, 0.2, (m.y - lower).abs()) * reach * step_between(-6.0, 8.0, along);
    let crease = (m.y - upper - 4.2) / 0.9;
    let crease = (-crease * crease).exp() * reach * bust.features.eyes_open;
    let dark = colour(looks.hair_colour).mix(v3(0.015, 0.012, 0.011), 0.75);
    let dark = if looks.hair == Hair::Scarf { v3(0.015, 0.012, 0.011) } else { dark };
    albedo.mix(albedo * 0.55, 0.55 * crease).mix(dark, 0.92 * top).mix(dark, 0.35 * bottom)
}

fn brow(looks: &Looks, p: V3, m: V3, albedo: V3) -> V3 {
    let t = (m.x - 12.0) / 36.0;
    if !(-0.06..=1.06).contains(&t) || m.y < 8.0 || m.y > 34.0 {
        return albedo;
    }
    let middle = 17.4 + 5.6 * (1.0 - (t - 0.62) * (t - 0.62) / 0.38) - 5.0 * (t - 0.62).max(0.0);
    let half =
        looks.brows * (3.3 - 1.9 * t.max(0.0)) * step_between(-0.06, 0.10, t) * step_between(1.06, 0.72, t).max(0.35);
    let hairs = 0.16 * noise(p.x * 1.3 - p.y * 0.7, p.y * 0.5, 1.0);
    let cover = step_between(half + 1.2, half - 1.2, (m.y - middle).abs());
    let tint = if looks.hair == Hair::Scarf {
        v3(0.03, 0.02, 0.016)
    } else {
        colour(looks.hair_colour).mix(v3(0.03, 0.022, 0.018), 0.35)
    };
    albedo.mix(tint, (cover * (0.78 + hairs)).clamp(0.0, 0.95))
}

fn beard(bust: &Bust, looks: &Looks, p: V3, m: V3, albedo: V3) -> V3 {
    let grain = 0.5 + 0.5 * noise(p.x * 0.8, p.y * 0.5, p.z * 0.8);
    let cheek_line = -52.0 + 0.012 * (m.x - 20.0).max(0.0) * (m.x - 20.0);
    let below = step_between(cheek_line + 5.0, cheek_line - 9.0, m.y) * step_between(18.0, 30.0, m.x);
    let chin = step_between(-84.0, -92.0, m.y);
    let moustache = step_between(-52.0, -56.0, m.y) * step_between(30.0, 22.0, m.x);
    let (upper, _, lower, left) = bust.features.lip_edges(m.x);
    let on_lips = if left > 0.0 {
        step_between(upper + 1.5, upper - 0.5, m.y) * step_between(lower - 2.5, lower, m.y)
    } else {
        0.0
    };
    let throat = step_between(-150.0, -122.0, m.y);
    let cover = below.max(chin).max(moustache) * throat * (1.0 - on_lips) * step_between(-85.0, -60.0, p.z);
    albedo.mix(colour(looks.hair_colour), looks.beard * cover * (0.55 + 0.40 * grain))
}

fn eye(bust: &Bust, looks: &Looks, p: V3) -> Surface {
    let side = p.x.signum();
    let centre = v3(EYE.x * side, EYE.y, EYE.z);
    let d = (p - centre).unit();
    // Both eyes look at a point before the face; the outer lid covers the top of the iris.
    let gaze = v3(-0.035 * side, 0.012, 1.0).unit();
    let off = d - gaze * d.dot(gaze);
    let radius = off.length() * 16.5;
    let sclera = v3(0.70, 0.68, 0.665);
    let along = side * (p.x - centre.x);
    // Redder towards the corners, most at the tear duct.
    let corner = step_between(7.5, 14.0, along.abs()) * if along < 0.0 { 1.0 } else { 0.55 };
    let mut albedo = sclera.mix(v3(0.62, 0.40, 0.36), 0.45 * corner);
    // The upper lid casts a soft shade on the eyeball.
    let (upper, _) = bust.features.lids(along);
    albedo = albedo * (1.0 - 0.30 * step_between(2.2, 0.0, upper - p.y));
    let iris = step_between(6.2, 5.6, radius);
    let spokes = 0.22 * noise(off.x.atan2(off.y) * 5.0, radius * 0.35, 5.0);
    let ring = step_between(3.6, 6.2, radius);
    let tone = colour(looks.eye_colour) * (0.95 + spokes) * (1.0 - 0.62 * ring);
    albedo = albedo.mix(tone, iris);
    albedo = albedo.mix(v3(0.008, 0.008, 0.009), step_between(2.6, 2.2, radius));
    Surface {
        albedo,
        wrap: v3(0.32, 0.28, 0.26),
        gloss: 1.6 * step_between(7.5, 6.0, radius) + 0.25,
        gloss_exponent: 260.0,
    }
}

fn hair(bust: &Bust, looks: &Looks, p: V3) -> Surface {
    let base = colour(looks.hair_colour);
    match looks.hair {
        Hair::Scarf => {
            let weave = 0.05 * noise(p.x * 0.9, p.y * 0.9, p.z * 0.9);
            Surface { albedo: base * (1.0 + weave), wrap: v3(0.12, 0.12, 0.12), gloss: 0.05, gloss_exponent: 8.0 }
        }
        Hair::Cropped | Hair::Curly => {
            let grain = 0.30 * noise(p.x * 0.5, p.y * 0.5, p.z * 0.5);
            Surface { albedo: base * (1.0 + grain), wrap: v3(0.15, 0.15, 0.15), gloss: 0.10, gloss_exponent: 10.0 }
        }
        Hair::Short | Hair::Parted | Hair::Long | Hair::Bun => {
            let relief = bust.strands(p);
            Surface {
                albedo: base * (1.0 - 0.28 * relief),
                wrap: v3(0.12, 0.12, 0.12),
                gloss: 0.28,
                gloss_exponent: 16.0,
            }
        }
    }
}

fn cloth(bust: &Bust, looks: &Looks, q: V3) -> Surface {
    // Fine ribs, visible only near by.
    let rib = 0.06 * (q.x * 1.15 + 0.4 * noise(q.x * 0.05, q.y * 0.05, 0.0)).sin();
    let grain = 0.05 * noise(q.x * 0.35, q.y * 0.35, q.z * 0.35);
    // The band sewn round the neck, and its seam.
    let from_edge = bust.opening(q);
    let band = if looks.clothing == Clothing::HighCollar {
        0.0
    } else {
        0.12 * step_between(10.0, 9.0, from_edge) + 0.22 * step_between(1.1, 0.3, (from_edge - 9.6).abs())
    };
    Surface {
        albedo: colour(looks.clothing_colour) * ((1.0 + rib + grain) * (1.0 - band)),
        wrap: v3(0.1, 0.1, 0.1),
        gloss: 0.03,
        gloss_exponent: 6.0,
    }
}
