//! A quick drawn card in a quick drawn room, with its truth: enough to prove geometry, not to look like a photo.
//!
//! Pixel centres stand at whole numbers, as in `Plane::sample`. One seed, one picture.

use std::f32::consts::TAU;

use likeness_vision::{Colour, Lens, Picture, Plane, Point, Quad, Rect};

/// What stands behind the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// An even wall with a soft shadow.
    Plain,
    /// Shelves, books and a door frame: long straight lines everywhere.
    Shelf,
    /// A head and shoulders before a wall.
    Head,
    /// Blotches of every size.
    Texture,
}

/// Where the card is held.
#[derive(Debug, Clone, Copy)]
pub struct Pose {
    /// Density in the middle of the card when it is not turned.
    pub px_per_mm: f32,
    /// Top edge leaning back, degrees.
    pub turn_x: f32,
    /// Side leaning back, degrees.
    pub turn_y: f32,
    /// Clockwise in the picture, degrees.
    pub roll: f32,
    /// Middle of the card in the frame.
    pub centre: Point,
}

/// A reflection on the card, millimetres.
#[derive(Debug, Clone, Copy)]
pub struct Reflection {
    pub at_mm: Point,
    pub radius_mm: f32,
}

/// One frame to draw.
#[derive(Debug, Clone)]
pub struct Drawing {
    pub width: u32,
    pub height: u32,
    pub seed: u64,
    pub lens: Lens,
    pub room: Room,
    pub card: Option<Pose>,
    /// Lines of text on the card; a card without any is blank but for its header.
    pub lines: u32,
    pub reflection: Option<Reflection>,
    /// Gaussian, applied to the whole frame.
    pub blur_px: f32,
    /// Mean over this many pixels across: a card or camera that moved.
    pub smear_px: usize,
    /// Standard deviation, grey levels.
    pub noise: f32,
    /// Exposure: every luma times this.
    pub gain: f32,
}

/// The frame and what is true of it.
pub struct Drawn {
    pub px: Vec<u8>,
    pub width: u32,
    pub height: u32,
    pub quad: Option<Quad>,
}

impl Drawn {
    pub fn picture(&self) -> Picture<'_> {
        let luma = Plane::new(&self.px, self.width, self.height, self.width).expect("a drawn frame is a plane");
        Picture { luma, colour: Colour::None }
    }
}

pub const CARD_MM: (f32, f32) = (85.60, 53.98);

/// The guide outline of a frame: `share` of its width, in the middle, with a card's ratio.
pub fn guide_outline(width: u32, height: u32, share: f32) -> Rect {
    let wide = share * width as f32;
    let high = wide / (CARD_MM.0 / CARD_MM.1);
    Rect { x: (width as f32 - wide) / 2.0, y: (height as f32 - high) / 2.0, width: wide, height: high }
}

/// A repeatable stream of numbers.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Evenly between two numbers.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.bits() >> 40) as f32 / (1 << 24) as f32
    }

    /// About normal, deviation 1.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum: f32 = (0..4).map(|part| ((bits >> (16 * part)) & 0xFFFF) as f32 / 65536.0).sum();
        (sum - 2.0) * 1.732
    }
}

impl Drawing {
    /// A well held card in a plain room at 1280 x 720.
    pub fn new(seed: u64) -> Self {
        let (width, height) = (1280, 720);
        Self {
            width,
            height,
            seed,
            lens: Lens::assumed(width, height),
            room: Room::Plain,
            card: Some(Pose {
                px_per_mm: 8.4,
                turn_x: 0.0,
                turn_y: 0.0,
                roll: 0.0,
                centre: Point { x: width as f32 / 2.0, y: height as f32 / 2.0 },
            }),
            lines: 5,
            reflection: None,
            blur_px: 0.8,
            smear_px: 1,
            noise: 2.0,
            gain: 1.0,
        }
    }

    /// The card of this drawing, to move it about.
    pub fn pose(&mut self) -> &mut Pose {
        self.card.as_mut().expect("the drawing has a card")
    }

    pub fn draw(&self) -> Drawn {
        let quad = self.card.map(|pose| self.corners(&pose));
        let (width, height) = (self.width as usize, self.height as usize);
        let room = RoomPainter::new(self);
        let mut px: Vec<f32> = Vec::with_capacity(width * height);
        for y in 0..height {
            px.extend((0..width).map(|x| room.luma(x as f32, y as f32)));
        }
        if let (Some(pose), Some(quad)) = (self.card, quad) {
            self.paint_card(&mut px, &pose, &quad, &room);
        }
        blur(&mut px, width, self.blur_px);
        smear(&mut px, width, self.smear_px);
        let mut chance = Chance::new(self.seed ^ 0xA5A5);
        let px =
            px.iter().map(|value| (value * self.gain + self.noise * chance.normal()).round().clamp(0.0, 255.0) as u8);
        Drawn { px: px.collect(), width: self.width, height: self.height, quad }
    }

    /// Card millimetres, from the middle of the card, to a place in space in units of the lens.
    fn place(&self, pose: &Pose, x_mm: f32, y_mm: f32) -> [f32; 3] {
        let (sin_r, cos_r) = pose.roll.to_radians().sin_cos();
        let (sin_x, cos_x) = pose.turn_x.to_radians().sin_cos();
        let (sin_y, cos_y) = pose.turn_y.to_radians().sin_cos();
        let (x, y) = (x_mm * cos_r - y_mm * sin_r, x_mm * sin_r + y_mm * cos_r);
        let (y, z) = (y * cos_x, -y * sin_x);
        let (x, z) = (x * cos_y + z * sin_y, z * cos_y - x * sin_y);
        let depth = self.lens.focal_px / pose.px_per_mm;
        let middle_x = (pose.centre.x - self.lens.centre_x_px) / pose.px_per_mm;
        let middle_y = (pose.centre.y - self.lens.centre_y_px) / pose.px_per_mm;
        [middle_x + x, middle_y + y, depth + z]
    }

    fn corners(&self, pose: &Pose) -> Quad {
        let (half_x, half_y) = (CARD_MM.0 / 2.0, CARD_MM.1 / 2.0);
        Quad([(-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y)].map(|(x, y)| {
            let [x, y, z] = self.place(pose, x, y);
            Point {
                x: self.lens.centre_x_px + self.lens.focal_px * x / z,
                y: self.lens.centre_y_px + self.lens.focal_px * y / z,
            }
        }))
    }

    /// The card's angle to the line of sight, degrees, from its pose alone.
    pub fn true_tilt_degrees(&self) -> f32 {
        let pose = self.card.expect("the drawing has a card");
        let o = self.place(&pose, 0.0, 0.0);
        let (a, b) = (self.place(&pose, 1.0, 0.0), self.place(&pose, 0.0, 1.0));
        let (a, b) = ([a[0] - o[0], a[1] - o[1], a[2] - o[2]], [b[0] - o[0], b[1] - o[1], b[2] - o[2]]);
        let n = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
        let size = |v: [f32; 3]| (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
        ((n[0] * o[0] + n[1] * o[1] + n[2] * o[2]).abs() / (size(n) * size(o))).min(1.0).acos().to_degrees()
    }

    /// Follows the line of sight of every pixel near the card back onto the card, nine times a pixel.
    fn paint_card(&self, px: &mut [f32], pose: &Pose, quad: &Quad, room: &RoomPainter) {
        let origin = self.place(pose, 0.0, 0.0);
        let axis = |at: [f32; 3]| [at[0] - origin[0], at[1] - origin[1], at[2] - origin[2]];
        let (a, b) = (axis(self.place(pose, 1.0, 0.0)), axis(self.place(pose, 0.0, 1.0)));
        let n = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
        let dot = |p: [f32; 3], q: [f32; 3]| p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
        let bounds = quad.bounds();
        let clip = |value: f32, size: u32| value.clamp(0.0, size as f32) as usize;
        for y in clip(bounds.y - 2.0, self.height)..clip(bounds.y + bounds.height + 3.0, self.height) {
            for x in clip(bounds.x - 2.0, self.width)..clip(bounds.x + bounds.width + 3.0, self.width) {
                let mut sum = 0.0;
                for part in 0..9 {
                    let (sx, sy) = (x as f32 + (part % 3 - 1) as f32 / 3.0, y as f32 + (part / 3 - 1) as f32 / 3.0);
                    let ray = [
                        (sx - self.lens.centre_x_px) / self.lens.focal_px,
                        (sy - self.lens.centre_y_px) / self.lens.focal_px,
                        1.0,
                    ];
                    let far = dot(n, origin) / dot(n, ray);
                    let hit = [ray[0] * far - origin[0], ray[1] * far - origin[1], far - origin[2]];
                    let (x_mm, y_mm) = (dot(hit, a) + CARD_MM.0 / 2.0, dot(hit, b) + CARD_MM.1 / 2.0);
                    sum += self.print(x_mm, y_mm).unwrap_or_else(|| room.luma(sx, sy));
                }
                px[y * self.width as usize + x] = sum / 9.0;
            }
        }
    }

    /// Luma of the print; `None` beyond the card's round corners.
    fn print(&self, x_mm: f32, y_mm: f32) -> Option<f32> {
        let (from_x, from_y) = ((x_mm - CARD_MM.0 / 2.0).abs(), (y_mm - CARD_MM.1 / 2.0).abs());
        let (past_x, past_y) = (from_x - CARD_MM.0 / 2.0 + 3.18, from_y - CARD_MM.1 / 2.0 + 3.18);
        if past_x.max(0.0).hypot(past_y.max(0.0)) > 3.18 {
            return None;
        }
        if let Some(spot) = self.reflection
            && spot.at_mm.distance(Point { x: x_mm, y: y_mm }) < spot.radius_mm
        {
            return Some(300.0);
        }
        let paper = 178.0 + 5.0 * (x_mm * 2.1 + (y_mm * 0.9).sin() * 2.0).sin();
        if y_mm < 8.5 {
            return Some(if self.seed.is_multiple_of(3) { 205.0 } else { 38.0 });
        }
        if (5.0..30.0).contains(&x_mm) && (14.0..46.0).contains(&y_mm) {
            let face = ((x_mm - 17.5) / 7.5).hypot((y_mm - 29.0) / 10.5);
            return Some(if face < 1.0 { 150.0 } else { 120.0 });
        }
        let line = ((y_mm - 14.0) / 6.0).floor();
        let (letter, in_line) = (((x_mm - 35.0) / 1.7).floor(), y_mm - 14.0 - 6.0 * line);
        let letters = 12.0 + (line * 7.0 + self.seed as f32).rem_euclid(5.0);
        if line >= 0.0 && line < self.lines as f32 && letter >= 0.0 && letter < letters && in_line < 2.0 {
            let shape = Chance::new(self.seed.wrapping_add((letter * 31.0 + line * 977.0) as u64)).bits();
            let in_letter = x_mm - 35.0 - 1.7 * letter;
            if is_ink(shape, in_letter, in_line) {
                return Some(52.0);
            }
        }
        Some(paper)
    }
}

/// A letter 1.25 mm wide and 2 mm high: a stem and some of a right stem, a top, a middle and a bottom bar.
fn is_ink(shape: u64, x_mm: f32, y_mm: f32) -> bool {
    let has = |bit: u64| shape >> (40 + bit) & 1 == 1;
    let stem = (0.0..0.35).contains(&x_mm);
    let right = (0.9..1.25).contains(&x_mm) && has(0);
    let bar = |from: f32| (from..from + 0.35).contains(&y_mm) && x_mm < 1.25;
    stem || right || (bar(0.0) && has(1)) || bar(0.85) || (bar(1.65) && has(2))
}

/// Draws what stands behind the card.
struct RoomPainter {
    room: Room,
    width: f32,
    height: f32,
    boxes: Vec<(Rect, f32)>,
    waves: Vec<(f32, f32, f32, f32)>,
}

impl RoomPainter {
    fn new(drawing: &Drawing) -> Self {
        let (width, height) = (drawing.width as f32, drawing.height as f32);
        let mut chance = Chance::new(drawing.seed ^ 0x0F0F);
        let mut boxes = Vec::new();
        if drawing.room == Room::Shelf {
            for _ in 0..5 {
                let y = chance.between(0.0, height);
                let luma = chance.between(40.0, 200.0);
                boxes.push((Rect { x: 0.0, y, width, height: chance.between(8.0, 40.0) }, luma));
            }
            for _ in 0..40 {
                let at = Rect {
                    x: chance.between(0.0, width),
                    y: chance.between(0.0, height),
                    width: chance.between(12.0, 60.0),
                    height: chance.between(60.0, 220.0),
                };
                boxes.push((at, chance.between(20.0, 220.0)));
            }
        }
        let mut waves = Vec::new();
        if drawing.room == Room::Texture {
            for _ in 0..24 {
                let length = chance.between(12.0, 200.0);
                let angle = chance.between(0.0, TAU);
                let pace = TAU / length;
                waves.push((
                    pace * angle.cos(),
                    pace * angle.sin(),
                    chance.between(0.0, TAU),
                    chance.between(1.0, 6.0),
                ));
            }
        }
        Self { room: drawing.room, width, height, boxes, waves }
    }

    fn luma(&self, x: f32, y: f32) -> f32 {
        let wall = 96.0 + 40.0 * (x / self.width) - 24.0 * (y / self.height);
        match self.room {
            Room::Plain => wall,
            Room::Shelf => {
                let holds = |at: &Rect| x >= at.x && x < at.x + at.width && y >= at.y && y < at.y + at.height;
                self.boxes.iter().rev().find(|(at, _)| holds(at)).map_or(wall, |(_, luma)| *luma)
            }
            Room::Texture => {
                wall + self
                    .waves
                    .iter()
                    .map(|(ax, ay, phase, high)| high * (ax * x + ay * y + phase).sin())
                    .sum::<f32>()
            }
            Room::Head => {
                let (mid, size) = (self.width / 2.0, self.height);
                let head = ((x - mid) / (0.19 * size)).hypot((y - 0.45 * size) / (0.26 * size));
                let hair = ((x - mid) / (0.22 * size)).hypot((y - 0.38 * size) / (0.27 * size));
                let body = ((x - mid) / (0.5 * size)).hypot((y - 1.05 * size) / (0.32 * size));
                if head < 1.0 && y > 0.3 * size {
                    158.0 - 30.0 * head
                } else if hair < 1.0 {
                    44.0
                } else if body < 1.0 {
                    70.0
                } else {
                    wall
                }
            }
        }
    }
}

fn blur(px: &mut [f32], width: usize, sigma: f32) {
    if sigma < 0.05 {
        return;
    }
    let reach = (3.0 * sigma).ceil() as usize;
    let kernel: Vec<f32> = (0..=reach).map(|at| (-0.5 * (at as f32 / sigma).powi(2)).exp()).collect();
    let total = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
    let height = px.len() / width;
    let mut out = vec![0.0; px.len()];
    for y in 0..height {
        let row = &px[y * width..(y + 1) * width];
        for x in 0..width {
            let pair = |at: usize| row[x.saturating_sub(at)] + row[(x + at).min(width - 1)];
            out[y * width + x] =
                (kernel[0] * row[x] + (1..=reach).map(|at| kernel[at] * pair(at)).sum::<f32>()) / total;
        }
    }
    for y in 0..height {
        for x in 0..width {
            let pair = |at: usize| out[y.saturating_sub(at) * width + x] + out[(y + at).min(height - 1) * width + x];
            let here = out[y * width + x];
            px[y * width + x] = (kernel[0] * here + (1..=reach).map(|at| kernel[at] * pair(at)).sum::<f32>()) / total;
        }
    }
}

fn smear(px: &mut [f32], width: usize, length: usize) {
    if length < 2 {
        return;
    }
    for row in px.chunks_exact_mut(width) {
        let sharp = row.to_vec();
        for (x, value) in row.iter_mut().enumerate() {
            let sum: f32 = (0..length).map(|at| sharp[(x + at).saturating_sub(length / 2).min(width - 1)]).sum();
            *value = sum / length as f32;
        }
    }
}
