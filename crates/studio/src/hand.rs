//! The hand that holds a card by its lower edge: thumb in front, fingers behind.
//!
//! Drawn in the card's own plane (millimetres, Y down, Z towards the camera), straight from the front, as a sheet
//! that is laid over the card. Where the card hides the hand the sheet is empty; beside the thumb it is a faint shadow.

use crate::geometry::{V3, step_between, v3};
use crate::looks::Looks;
use crate::march::Lamps;
use crate::scene::{CARD_HEIGHT_MM, CARD_WIDTH_MM};
use crate::sheet::{Drawing, Sheet};

const LEFT_MM: f32 = 4.0;
const TOP_MM: f32 = 14.0;
const WIDTH_MM: f32 = 92.0;
const HEIGHT_MM: f32 = 156.0;

/// A stick between two places, thick at both ends as given.
struct Bone {
    from: V3,
    to: V3,
    thick_from: f32,
    thick_to: f32,
}

impl Bone {
    fn distance(&self, p: V3) -> f32 {
        let along = self.to - self.from;
        let q = p - self.from;
        let t = (q.dot(along) / along.dot(along)).clamp(0.0, 1.0);
        (q - along * t).length() - self.thick_from - (self.thick_to - self.thick_from) * t
    }
}

fn join(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

const fn bone(from: V3, to: V3, thick_from: f32, thick_to: f32) -> Bone {
    Bone { from, to, thick_from, thick_to }
}

struct Hand {
    thumb: [Bone; 2],
    palm: [Bone; 3],
    fingers: [Bone; 3],
    sleeve: Bone,
    nail: V3,
}

impl Hand {
    fn new(deeper_mm: f32) -> Self {
        let tip = v3(45.5, 54.5 - deeper_mm, 7.6);
        let knuckle = v3(40.0, 73.0 - 0.5 * deeper_mm, 8.5);
        Self {
            thumb: [bone(v3(38.0, 100.0, -8.0), knuckle, 13.0, 9.6), bone(knuckle, tip, 9.6, 8.0)],
            palm: [
                bone(v3(44.0, 108.0, -22.0), v3(72.0, 100.0, -30.0), 22.0, 19.0),
                bone(v3(50.0, 118.0, -26.0), v3(58.0, 178.0, -34.0), 25.0, 22.0),
                bone(v3(70.0, 104.0, -28.0), v3(64.0, 128.0, -30.0), 17.0, 20.0),
            ],
            fingers: [
                bone(v3(57.0, 44.0, -9.0), v3(61.0, 88.0, -26.0), 7.6, 9.6),
                bone(v3(73.0, 46.0, -9.4), v3(75.0, 90.0, -28.0), 7.8, 9.6),
                bone(v3(88.0, 58.0, -11.0), v3(85.0, 94.0, -30.0), 7.0, 8.6),
            ],
            sleeve: bone(v3(56.0, 168.0, -34.0), v3(60.0, 230.0, -40.0), 31.0, 34.0),
            nail: tip + v3(-0.4, 1.0, 6.4),
        }
    }

    fn thumb(&self, p: V3) -> f32 {
        join(self.thumb[0].distance(p), self.thumb[1].distance(p), 7.0)
    }

    fn skin(&self, p: V3) -> f32 {
        let mut d = self.palm.iter().fold(1.0e4, |d, bone| join(d, bone.distance(p), 12.0));
        for finger in &self.fingers {
            d = join(d, finger.distance(p), 3.0);
        }
        join(d, self.thumb(p), 9.0)
    }

    fn all(&self, p: V3) -> f32 {
        self.skin(p).min(self.sleeve.distance(p))
    }

    fn normal(&self, p: V3) -> V3 {
        let of = |k: V3| k * self.all(p + k * 0.4);
        (of(v3(1.0, -1.0, -1.0)) + of(v3(-1.0, -1.0, 1.0)) + of(v3(-1.0, 1.0, -1.0)) + of(v3(1.0, 1.0, 1.0))).unit()
    }

    fn colour(&self, p: V3, looks: &Looks) -> V3 {
        let of = |c: [f32; 3]| v3(c[0], c[1], c[2]);
        if self.sleeve.distance(p) < self.skin(p) {
            let rib = 0.10 * (p.x * 1.3).sin();
            return of(looks.clothing_colour) * (1.0 + rib);
        }
        let base = of(looks.skin);
        let q = p - self.nail;
        let along = v3(-0.27, 0.96, 0.0);
        let (u, w) = (q.dot(v3(0.96, 0.27, 0.0)) / 4.9, q.dot(along) / 6.4);
        let nail = step_between(1.12, 0.94, (u * u * u * u + w * w * w * w).sqrt().sqrt());
        let free_edge = step_between(-0.70, -0.86, w);
        let red = base.times(v3(1.0, 0.86, 0.84));
        let knuckle = (p - v3(40.0, 73.0, 16.0)).length() / 9.0;
        let skin = base.mix(red, 0.8 * (-knuckle * knuckle).exp());
        let nail_colour = base.mix(v3(0.72, 0.52, 0.48), 0.40).mix(v3(0.80, 0.76, 0.70), 0.5 * free_edge);
        skin.mix(nail_colour, 0.85 * nail * step_between(6.0, 9.0, p.z))
    }
}

/// The hand's sheet, lit, at most `px_per_mm` dense.
pub(crate) fn hand(looks: &Looks, lamps: &Lamps, deeper_mm: f32, px_per_mm: f32) -> Sheet {
    let hand = Hand::new(deeper_mm);
    let mut drawing = Drawing::new(LEFT_MM, TOP_MM, WIDTH_MM, HEIGHT_MM, px_per_mm);
    for row in 0..drawing.h {
        let y = drawing.y_mm(row);
        for column in 0..drawing.w {
            let x = drawing.x_mm(column);
            drawing.px[row * drawing.w + column] = pixel(&hand, looks, lamps, x, y);
        }
    }
    drawing.soften(0.12);
    Sheet::new(&drawing)
}

fn over_card(x: f32, y: f32) -> bool {
    (0.0..=CARD_WIDTH_MM).contains(&x) && (0.0..=CARD_HEIGHT_MM).contains(&y)
}

fn pixel(hand: &Hand, looks: &Looks, lamps: &Lamps, x: f32, y: f32) -> [f32; 4] {
    // Nothing of the hand is further than 42 mm from this depth.
    if hand.all(v3(x, y, -20.0)) > 42.0 {
        return [0.0; 4];
    }
    let card = over_card(x, y);
    let floor = if card { 0.0 } else { -62.0 };
    let mut z = 22.0;
    let mut nearest = f32::INFINITY;
    for _ in 0..40 {
        let p = v3(x, y, z);
        let d = hand.all(p);
        nearest = nearest.min(d);
        if d < 0.04 {
            return lit(hand, looks, lamps, p, card);
        }
        z -= d * 0.95;
        if z < floor {
            break;
        }
    }
    if card && nearest < 14.0 {
        return [0.0, 0.0, 0.0, shadow(hand, lamps, v3(x, y, 0.0))];
    }
    [0.0; 4]
}

fn shadow(hand: &Hand, lamps: &Lamps, p: V3) -> f32 {
    let to_key = lamps.key_direction_y_down();
    let mut arrived = 1.0f32;
    let mut t = 1.2;
    for _ in 0..10 {
        let d = hand.thumb(p + to_key * t);
        arrived = arrived.min(0.45 + 3.0 * d / t);
        t += d.max(0.8);
        if t > 26.0 || arrived <= 0.0 {
            break;
        }
    }
    let contact = (hand.thumb(p).max(0.0) / 2.6).min(8.0);
    (0.34 * (1.0 - step_between(0.0, 1.0, arrived)) + 0.20 * (-contact).exp()).min(0.5)
}

fn lit(hand: &Hand, looks: &Looks, lamps: &Lamps, p: V3, card: bool) -> [f32; 4] {
    let n = hand.normal(p);
    let mut open = 1.0;
    for reach in [3.0f32, 8.0, 16.0] {
        open -= 0.22 * ((reach - hand.all(p + n * reach)) / reach).max(0.0);
    }
    // Behind the card's lower edge it is darker: the card keeps the light off.
    let below = (p.y - CARD_HEIGHT_MM).max(0.0);
    let under = if !card && p.z < 0.0 { 1.0 - 0.55 * (-below / 10.0).exp() } else { 1.0 };
    let up = v3(n.x, -n.y, n.z);
    let light = lamps.irradiance(up) * (open.clamp(0.2, 1.0) * under);
    let half = (lamps.key_direction_y_down() + v3(0.0, 0.0, 1.0)).unit();
    let shine = 0.030 * n.dot(half).max(0.0).powf(24.0) * open.max(0.0);
    let colour = hand.colour(p, looks).times(light) + v3(shine, shine, shine);
    [colour.x, colour.y, colour.z, 1.0]
}
