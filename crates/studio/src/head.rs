//! The shape of a person from the waist up, as signed distances in millimetres.
//!
//! Place: the point between the eyes of the upright head is the origin, X to the right of the picture,
//! Y up, Z towards the camera. "Body place" is that of the shoulders; "head place" turns with the head about the neck.
//! Distances are lower bounds only where shapes blend; the marcher takes shortened steps for that reason.

use crate::geometry::{Turn, V3, v3};
use crate::looks::{Clothing, Hair};
use crate::scene::Learner;
use crate::seed::noise;

/// Where an eyeball sits (the person's left one), and its radius. Larger than a real one: only its front shows.
pub(crate) const EYE: V3 = v3(31.5, 0.0, -16.5);
pub(crate) const EYE_RADIUS: f32 = 16.5;
/// Half the distance between the corners of one eye.
pub(crate) const EYE_HALF_WIDTH: f32 = 14.0;
const NECK_PIVOT: V3 = v3(0.0, -70.0, -85.0);
const MOUTH_Y: f32 = -69.0;
pub(crate) const MOUTH_HALF_WIDTH: f32 = 24.0;
const NOSE_TIP: V3 = v3(0.0, -36.0, 28.0);
const CHIN: V3 = v3(0.0, -117.0, -14.0);
/// Far away: stands for "not near this part at all".
const FAR: f32 = 1.0e4;

/// What a ray has hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Skin,
    Eye,
    Hair,
    Cloth,
    Rim,
}

/// An ellipsoid with its reciprocals worked out beforehand.
#[derive(Clone, Copy, Debug)]
struct Blob {
    centre: V3,
    inverse: V3,
    inverse_squared: V3,
}

impl Blob {
    fn new(centre: V3, radii: V3) -> Self {
        let inverse = v3(1.0 / radii.x, 1.0 / radii.y, 1.0 / radii.z);
        Self { centre, inverse, inverse_squared: inverse.times(inverse) }
    }

    #[inline]
    fn distance(&self, p: V3) -> f32 {
        let q = p - self.centre;
        let outer = q.times(self.inverse).length();
        let slope = q.times(self.inverse_squared).length();
        outer * (outer - 1.0) / slope.max(1e-6)
    }
}

/// A rounded stick whose ends may differ in thickness.
#[derive(Clone, Copy, Debug)]
struct Stick {
    from: V3,
    along: V3,
    inverse_length_squared: f32,
    thick: f32,
    thicker_by: f32,
}

impl Stick {
    fn new(from: V3, to: V3, thick_from: f32, thick_to: f32) -> Self {
        let along = to - from;
        Self {
            from,
            along,
            inverse_length_squared: 1.0 / along.dot(along),
            thick: thick_from,
            thicker_by: thick_to - thick_from,
        }
    }

    #[inline]
    fn distance(&self, p: V3) -> f32 {
        let q = p - self.from;
        let t = (q.dot(self.along) * self.inverse_length_squared).clamp(0.0, 1.0);
        (q - self.along * t).length() - self.thick - self.thicker_by * t
    }
}

/// Union with a soft seam of `k` millimetres.
#[inline]
fn join(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// What remains of `a` outside `b`, with a soft seam.
#[inline]
fn carve(a: f32, b: f32, k: f32) -> f32 {
    -join(-a, b, k)
}

/// Distances to each part; the least of them decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) skin: f32,
    pub(crate) eye: f32,
    pub(crate) hair: f32,
    pub(crate) cloth: f32,
    pub(crate) rim: f32,
}

impl Parts {
    #[inline]
    pub(crate) fn least(&self) -> f32 {
        self.skin.min(self.eye).min(self.hair).min(self.cloth).min(self.rim)
    }

    pub(crate) fn part(&self) -> Part {
        let least = self.least();
        if least == self.eye {
            Part::Eye
        } else if least == self.skin {
            Part::Skin
        } else if least == self.hair {
            Part::Hair
        } else if least == self.rim {
            Part::Rim
        } else {
            Part::Cloth
        }
    }
}

/// The curves that bound an eye's opening, the brow and the lips, in head place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    pub(crate) eyes_open: f32,
    pub(crate) mouth_open_mm: f32,
    pub(crate) smile: f32,
    pub(crate) lips: f32,
}

impl Features {
    /// Upper and lower edge of the eye's opening at a place `along` from the eye's middle (outwards positive).
    #[inline]
    pub(crate) fn lids(&self, along: f32) -> (f32, f32) {
        let t = along / EYE_HALF_WIDTH;
        let bow = 1.0 - t * t;
        let lean = 0.05 * along;
        (lean + bow * (-4.0 + 9.4 * self.eyes_open), lean - 4.0 * bow)
    }

    /// Height of the line between the lips at a distance from the middle.
    #[inline]
    pub(crate) fn mouth_line(&self, ax: f32) -> f32 {
        let t = ax / MOUTH_HALF_WIDTH;
        MOUTH_Y - 0.8 + t * t * (3.6 * self.smile + 0.3)
    }

    /// Upper edge of the upper lip, line, lower edge of the lower lip, and how much lip is left there (0 at the corner).
    #[inline]
    pub(crate) fn lip_edges(&self, ax: f32) -> (f32, f32, f32, f32) {
        let t = (ax / (MOUTH_HALF_WIDTH + 2.0 * self.smile)).min(1.0);
        let left = 1.0 - t * t;
        let line = self.mouth_line(ax);
        let bow = 1.4 * (-((ax - 6.0) / 4.0) * ((ax - 6.0) / 4.0)).exp();
        let upper =
            line + (5.6 * self.lips * left.sqrt() + bow) * left.min(0.35) / 0.35 + 0.5 * self.mouth_open_mm * left;
        let lower = line - 8.2 * self.lips * left.sqrt() - 0.5 * self.mouth_open_mm * left;
        (upper, line, lower, left)
    }
}

/// One person, ready to be asked for distances.
#[derive(Clone, Debug)]
pub(crate) struct Bust {
    turn: Turn,
    pub(crate) features: Features,
    hair_style: Hair,
    clothing: Clothing,
    glasses: bool,
    widen: f32,
    skull: Blob,
    face: Blob,
    jaw: Stick,
    chin: Blob,
    cheek: Blob,
    brow: Stick,
    socket: Blob,
    bridge: Stick,
    tip: Blob,
    wing: Blob,
    nostril: Blob,
    muzzle: Blob,
    mouth_hole: Blob,
    ear: Blob,
    ear_bowl: Blob,
    neck: Stick,
    neck_to_chest: Stick,
    hair_shell: Blob,
    hair_opening: Blob,
    hair_more: Blob,
    hair_side: Blob,
    shoulder: Stick,
    slope: Stick,
    chest: Blob,
    arm: Stick,
    neckline: Blob,
}

impl Bust {
    pub(crate) fn new(learner: &Learner) -> Self {
        let looks = &learner.looks;
        let turn = Turn::from_degrees(learner.yaw_deg, learner.pitch_deg, learner.roll_deg);
        let jaw = looks.jaw_width;
        let nose = looks.nose_width;
        let neck_base = turn.undo(v3(0.0, -185.0, -98.0) - NECK_PIVOT) + NECK_PIVOT;
        let (shell, opening, more, side) = hair_shapes(looks.hair);
        Self {
            turn,
            features: Features {
                eyes_open: learner.eyes_open,
                mouth_open_mm: learner.mouth_open_mm,
                smile: learner.smile,
                lips: looks.lips,
            },
            hair_style: looks.hair,
            clothing: looks.clothing,
            glasses: looks.glasses,
            widen: 1.0 / looks.face_width,
            skull: Blob::new(v3(0.0, 30.0, -86.0), v3(73.0, 84.0, 93.0)),
            face: Blob::new(v3(0.0, -34.0, -56.0), v3(63.0, 72.0, 59.0)),
            jaw: Stick::new(v3(42.0 * jaw, -58.0, -62.0), v3(12.0 * jaw, -100.0, -22.0), 14.0, 13.0),
            chin: Blob::new(v3(0.0, -102.0, -14.0), v3(17.0 * jaw, 15.0, 17.0)),
            cheek: Blob::new(v3(37.0, -27.0, -21.0), v3(21.0, 18.0, 19.0)),
            brow: Stick::new(v3(11.0, 17.0, -3.0), v3(43.0, 18.0, -19.0), 8.5, 7.0),
            socket: Blob::new(v3(31.0, 1.0, 5.0), v3(19.0, 11.5, 12.0)),
            bridge: Stick::new(v3(0.0, 12.0, -3.0), v3(0.0, -32.0, 15.0), 6.0, 7.5),
            tip: Blob::new(v3(0.0, -36.0, 17.5), v3(8.6 * (0.6 + 0.4 * nose), 8.2, 10.5)),
            wing: Blob::new(v3(10.0 * nose, -39.0, 8.5), v3(6.6 * nose, 6.4, 9.0)),
            nostril: Blob::new(v3(6.3 * nose, -46.5, 12.5), v3(4.0 * nose, 3.6, 5.5)),
            muzzle: Blob::new(v3(0.0, -67.0, -15.0), v3(31.0, 27.0, 25.0)),
            mouth_hole: Blob::new(v3(0.0, MOUTH_Y - 1.0, 5.0), v3(19.0, (0.5 * learner.mouth_open_mm).max(0.3), 16.0)),
            ear: Blob::new(v3(73.0, -10.0, -90.0), v3(9.0, 30.0, 18.0)),
            ear_bowl: Blob::new(v3(82.0, -6.0, -80.0), v3(7.0, 19.0, 10.0)),
            neck: Stick::new(v3(0.0, -75.0, -82.0), neck_base, 46.0, 50.0),
            neck_to_chest: Stick::new(v3(13.0, -185.0, -60.0), v3(40.0, -60.0, -105.0), 9.0, 14.0),
            hair_shell: shell,
            hair_opening: opening,
            hair_more: more,
            hair_side: side,
            shoulder: Stick::new(v3(30.0, -214.0, -102.0), v3(158.0, -226.0, -104.0), 48.0, 46.0),
            slope: Stick::new(v3(34.0, -156.0, -110.0), v3(140.0, -206.0, -106.0), 24.0, 28.0),
            chest: Blob::new(v3(0.0, -415.0, -98.0), v3(176.0, 240.0, 104.0)),
            arm: Stick::new(v3(176.0, -244.0, -104.0), v3(205.0, -560.0, -90.0), 44.0, 40.0),
            neckline: match looks.clothing {
                Clothing::Jumper => Blob::new(v3(0.0, -160.0, -72.0), v3(66.0, 42.0, 64.0)),
                Clothing::HighCollar => Blob::new(v3(0.0, -150.0, -90.0), v3(52.0, 30.0, 48.0)),
                Clothing::PointedNeck => Blob::new(v3(0.0, -160.0, -60.0), v3(60.0, 84.0, 70.0)),
            },
        }
    }

    /// From body place to head place.
    #[inline]
    pub(crate) fn to_head(&self, q: V3) -> V3 {
        self.turn.undo(q - NECK_PIVOT) + NECK_PIVOT
    }

    /// From head place to body place.
    pub(crate) fn to_body(&self, p: V3) -> V3 {
        self.turn.apply(p - NECK_PIVOT) + NECK_PIVOT
    }

    /// Head-place positions of the landmarks: right eye, left eye, nose tip, right and left mouth corner, chin.
    pub(crate) fn landmarks(&self) -> [V3; 6] {
        let wide = 1.0 / self.widen;
        let corner = MOUTH_HALF_WIDTH * wide;
        let mouth_y = self.features.mouth_line(MOUTH_HALF_WIDTH);
        [
            v3(-EYE.x * wide, 0.0, -2.0),
            v3(EYE.x * wide, 0.0, -2.0),
            NOSE_TIP,
            v3(-corner, mouth_y, 0.0),
            v3(corner, mouth_y, 0.0),
            CHIN,
        ]
    }

    /// Distances at a body place.
    #[inline]
    pub(crate) fn parts(&self, q: V3) -> Parts {
        let mut parts = Parts { skin: FAR, eye: FAR, hair: FAR, cloth: FAR, rim: FAR };
        let torso = if q.y > -80.0 { q.y + 130.0 } else { self.torso(q.folded()) };
        let p = self.to_head(q);
        let m = v3(p.x * self.widen, p.y, p.z).folded();
        let coarse = self.coarse(m);
        if coarse > 14.0 {
            parts.skin = coarse;
        } else {
            self.head(p, m, &mut parts);
        }
        if q.y <= -80.0 {
            parts.skin = join(parts.skin, torso + 6.0, 14.0);
            parts.cloth = self.cloth(q, torso);
        } else {
            parts.cloth = torso;
        }
        parts
    }

    /// The least distance without the fine things (lips, lids, nostrils, strands): enough for shadows.
    #[inline]
    pub(crate) fn solid(&self, q: V3) -> f32 {
        // The skin under the clothes: a neckline must not lie in the shadow of the cloth cut out of it.
        let torso = if q.y > -80.0 { q.y + 130.0 } else { self.torso(q.folded()) + 7.0 };
        let p = self.to_head(q);
        let m = v3(p.x * self.widen, p.y, p.z).folded();
        let coarse = self.coarse(m);
        if coarse > 14.0 {
            return torso.min(coarse);
        }
        let mut d = join(self.skull.distance(m), self.face.distance(m), 34.0);
        d = join(d, self.jaw.distance(m), 30.0);
        if m.z > -62.0 && m.y < 60.0 {
            d = join(join(d, self.chin.distance(m), 16.0), self.cheek.distance(m), 20.0);
            d = carve(join(d, self.brow.distance(m), 14.0), self.socket.distance(m), 10.0);
            d = join(d, (m - EYE).length() - EYE_RADIUS, 3.5);
            d = join(d, self.muzzle.distance(m), 16.0);
            let nose = join(self.bridge.distance(m), self.tip.distance(m), 12.0);
            d = join(d, join(nose, self.wing.distance(m), 7.0), 9.0);
        }
        d = join(d, self.neck.distance(p), 12.0);
        if m.x > 45.0 && m.z < -40.0 {
            d = d.min(carve(self.ear.distance(m), self.ear_bowl.distance(m), 4.0));
        }
        d.min(self.hair_mass(p, m) + self.hair_slack()).min(torso)
    }

    /// How far the hair's surface may lie below its mass: it must not lie in its own shadow.
    #[inline]
    fn hair_slack(&self) -> f32 {
        match self.hair_style {
            Hair::Curly => 6.0,
            Hair::Short | Hair::Parted | Hair::Long | Hair::Bun => 1.8,
            Hair::Scarf => 1.0,
            Hair::Cropped => 0.3,
        }
    }

    /// A lower bound of the distance to anything of head and neck, from three shapes; exact only far away.
    #[inline]
    fn coarse(&self, m: V3) -> f32 {
        self.skull.distance(m).min(self.face.distance(m)).min(self.neck.distance(m)) * 0.9 - 58.0
    }

    fn torso(&self, m: V3) -> f32 {
        let upper = join(self.slope.distance(m), self.shoulder.distance(m), 24.0);
        join(join(upper, self.chest.distance(m), 40.0), self.arm.distance(m), 10.0)
    }

    fn cloth(&self, q: V3, torso: f32) -> f32 {
        let folds = if torso < 8.0 { 1.1 * noise(q.x * 0.02, q.y * 0.012, q.z * 0.02) } else { 0.0 };
        let d = carve(torso + folds, self.opening(q), 3.0);
        if self.clothing != Clothing::HighCollar {
            return d;
        }
        let tube = (v3(q.x, 0.0, q.z + 92.0 - 0.26 * (q.y + 160.0)).length() - 56.0).abs() - 2.5;
        join(d, tube.max((q.y + 166.0).abs() - 42.0), 16.0)
    }

    /// Distance from the neckline's opening: negative inside it.
    pub(crate) fn opening(&self, q: V3) -> f32 {
        self.neckline.distance(q.folded())
    }

    fn head(&self, p: V3, m: V3, parts: &mut Parts) {
        let mut d = join(self.skull.distance(m), self.face.distance(m), 34.0);
        d = join(d, self.jaw.distance(m), 30.0);
        if m.z > -62.0 && m.y < 60.0 {
            d = self.front(d, m, parts);
        }
        let neck = join(self.neck.distance(v3(p.x, p.y, p.z)), self.neck_to_chest.distance(m), 14.0);
        d = join(d, neck, 12.0);
        if m.x > 45.0 && m.z < -40.0 {
            let ear = carve(self.ear.distance(m), self.ear_bowl.distance(m), 4.0);
            d = join(d, ear, 9.0);
        }
        parts.skin = d;
        parts.hair = self.hair(p, m);
        if self.glasses {
            parts.rim = rim(m);
        }
    }

    /// Everything on the front of the face.
    #[inline]
    fn front(&self, mut d: f32, m: V3, parts: &mut Parts) -> f32 {
        d = join(d, self.chin.distance(m), 16.0);
        d = join(d, self.cheek.distance(m), 20.0);
        d = join(d, self.brow.distance(m), 14.0);
        d = carve(d, self.socket.distance(m), 10.0);
        let eye = (m - EYE).length();
        if eye < 46.0 {
            d = join(d, eye - EYE_RADIUS - 1.5, 3.5);
            let along = m.x - EYE.x;
            let (upper, lower) = self.features.lids(along);
            let opening = (m.y - upper).max(lower - m.y).max(-17.0 - m.z) * 0.85;
            d = carve(d, opening, 0.9);
            parts.eye = eye - EYE_RADIUS;
        }
        d = join(d, self.muzzle.distance(m), 16.0);
        let mut nose = join(self.bridge.distance(m), self.tip.distance(m), 12.0);
        nose = join(nose, self.wing.distance(m), 7.0);
        d = join(d, nose, 9.0);
        if m.y < -30.0 && m.y > -60.0 {
            d = carve(d, self.nostril.distance(m), 2.0);
        }
        if m.y < -48.0 && m.y > -96.0 && m.x < 34.0 && d < 8.0 {
            d -= self.lip_relief(m);
            if self.features.mouth_open_mm > 0.5 {
                d = carve(d, self.mouth_hole.distance(m), 1.5);
            }
        }
        d
    }

    fn lip_relief(&self, m: V3) -> f32 {
        let (upper, line, lower, left) = self.features.lip_edges(m.x);
        if left <= 0.0 {
            return 0.0;
        }
        let swell = |t: f32| if (0.0..=1.0).contains(&t) { 4.0 * t * (1.0 - t) } else { 0.0 };
        let up = swell((m.y - line) / (upper - line).max(0.5));
        let down = swell((line - m.y) / (line - lower).max(0.5));
        let groove = (m.y - line) / 1.1;
        (2.2 * up + 3.0 * down) * left.min(0.6) - 1.5 * (-groove * groove).exp() * left.sqrt().min(1.0)
    }

    /// Hair without its surface.
    #[inline]
    fn hair_mass(&self, p: V3, m: V3) -> f32 {
        let mut d = self.hair_shell.distance(m);
        match self.hair_style {
            Hair::Parted => d = join(d, self.hair_more.distance(p), 34.0),
            Hair::Bun => d = join(d, self.hair_more.distance(p), 8.0),
            Hair::Short | Hair::Curly => d = join(d, self.hair_more.distance(m), 18.0),
            Hair::Long => d = join(join(d, self.hair_side.distance(m), 18.0), self.hair_more.distance(m), 18.0),
            Hair::Scarf => d = join(join(d, self.hair_side.distance(m), 22.0), self.hair_more.distance(m), 24.0),
            Hair::Cropped => {}
        }
        if d > 14.0 {
            return d;
        }
        carve(d, self.hair_opening.distance(m), 4.0)
    }

    fn hair(&self, p: V3, m: V3) -> f32 {
        let d = self.hair_mass(p, m);
        if d > 10.0 {
            return d - 4.0;
        }
        match self.hair_style {
            Hair::Curly => {
                d + 4.6 * noise(p.x * 0.09, p.y * 0.09, p.z * 0.09) + 2.2 * noise(p.x * 0.21, p.y * 0.21, p.z * 0.21)
            }
            Hair::Scarf => d + 0.9 * noise(p.x * 0.015, p.y * 0.05, p.z * 0.02),
            Hair::Cropped => d + 0.25 * noise(p.x * 0.5, p.y * 0.5, p.z * 0.5),
            Hair::Short | Hair::Parted | Hair::Long | Hair::Bun => d + self.strands(p),
        }
    }

    /// Relief of combed hair: ridges that run along the style's direction.
    #[inline]
    pub(crate) fn strands(&self, p: V3) -> f32 {
        let (across, along) = match self.hair_style {
            Hair::Parted => (p.x * 0.26 - p.z * 0.13 + p.y * 0.12, (p.y + p.z) * 0.03),
            Hair::Bun => (p.x * 0.34, p.y * 0.03 + p.z * 0.03),
            Hair::Short | Hair::Cropped => (p.x * 0.32 + p.y * 0.06, p.z * 0.05 + p.y * 0.05),
            Hair::Long | Hair::Curly | Hair::Scarf => (p.x * 0.30 + p.z * 0.16, p.y * 0.025),
        };
        1.3 * noise(across, along, 3.7) + 0.5 * noise(across * 2.7, along * 2.0, 9.1)
    }
}

fn rim(m: V3) -> f32 {
    let q = v3((m.x - 32.0).abs() - 17.0, (m.y + 2.0).abs() - 12.0, 0.0);
    let rounded = v3(q.x.max(0.0), q.y.max(0.0), 0.0).length() + q.x.max(q.y).min(0.0) - 7.0;
    let plane = m.z - 13.0 + m.x * 0.22;
    let frame = v3(rounded, plane, 0.0).length() - 1.3;
    let bridge = Stick::new(v3(0.0, 3.0, 13.0), v3(9.0, 2.0, 11.0), 1.3, 1.3).distance(m);
    let temple = Stick::new(v3(56.0, 3.0, 1.0), v3(74.0, 4.0, -90.0), 1.5, 1.5).distance(m);
    frame.min(bridge).min(temple)
}

/// Shell, opening for the face, and the two extra volumes of a style.
fn hair_shapes(style: Hair) -> (Blob, Blob, Blob, Blob) {
    let opening = Blob::new(v3(0.0, -10.0, 20.0), v3(90.0, 74.0, 100.0));
    let short = Blob::new(v3(0.0, 36.0, -92.0), v3(79.0, 88.0, 97.0));
    let none = Blob::new(v3(0.0, 60.0, -90.0), v3(10.0, 10.0, 10.0));
    match style {
        Hair::Cropped => (Blob::new(v3(0.0, 31.0, -89.0), v3(75.5, 86.5, 95.0)), opening, none, none),
        Hair::Short => (short, opening, Blob::new(v3(0.0, 86.0, -58.0), v3(58.0, 42.0, 62.0)), none),
        Hair::Parted => (short, opening, Blob::new(v3(10.0, 84.0, -62.0), v3(68.0, 44.0, 64.0)), none),
        Hair::Curly => (
            Blob::new(v3(0.0, 44.0, -92.0), v3(88.0, 90.0, 98.0)),
            Blob::new(v3(0.0, -10.0, 34.0), v3(82.0, 72.0, 106.0)),
            Blob::new(v3(0.0, 86.0, -72.0), v3(74.0, 54.0, 72.0)),
            none,
        ),
        Hair::Bun => (
            Blob::new(v3(0.0, 35.0, -91.0), v3(77.5, 86.5, 96.0)),
            opening,
            Blob::new(v3(0.0, 138.0, -112.0), v3(30.0, 27.0, 30.0)),
            none,
        ),
        Hair::Long => (
            Blob::new(v3(0.0, 38.0, -92.0), v3(81.0, 90.0, 98.0)),
            Blob::new(v3(0.0, -22.0, 36.0), v3(70.0, 88.0, 108.0)),
            Blob::new(v3(0.0, -50.0, -128.0), v3(84.0, 130.0, 44.0)),
            Blob::new(v3(68.0, -62.0, -88.0), v3(22.0, 112.0, 42.0)),
        ),
        Hair::Scarf => (
            Blob::new(v3(0.0, 34.0, -92.0), v3(84.0, 92.0, 100.0)),
            Blob::new(v3(0.0, -30.0, 24.0), v3(74.0, 95.0, 120.0)),
            Blob::new(v3(0.0, -150.0, -88.0), v3(82.0, 56.0, 78.0)),
            Blob::new(v3(40.0, -70.0, -82.0), v3(46.0, 84.0, 66.0)),
        ),
    }
}
