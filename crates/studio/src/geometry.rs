//! Vectors, turns and the flat-to-picture mapping. Space is measured in millimetres.
//!
//! The camera stands at the origin. X points to the right of the picture, Y up, Z from the subject towards the
//! camera, so that what is seen has negative Z. Picture coordinates are pixels, the centre of the first pixel at (0.5, 0.5).

use std::ops::{Add, Mul, Neg, Sub};

/// A place in the picture, in pixels from its left and top border.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left border.
    pub x_px: f32,
    /// From the top border.
    pub y_px: f32,
}

impl Point {
    /// Straight distance in pixels.
    pub fn distance_px(self, other: Self) -> f32 {
        (self.x_px - other.x_px).hypot(self.y_px - other.y_px)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct V3 {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
}

pub(crate) const fn v3(x: f32, y: f32, z: f32) -> V3 {
    V3 { x, y, z }
}

impl V3 {
    #[inline]
    pub(crate) fn dot(self, o: Self) -> f32 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }
    #[inline]
    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }
    #[inline]
    pub(crate) fn unit(self) -> Self {
        self * (1.0 / self.length().max(1e-12))
    }
    /// Component by component.
    #[inline]
    pub(crate) fn times(self, o: Self) -> Self {
        v3(self.x * o.x, self.y * o.y, self.z * o.z)
    }
    /// The same point on the side where X is positive.
    #[inline]
    pub(crate) fn folded(self) -> Self {
        v3(self.x.abs(), self.y, self.z)
    }
    #[inline]
    pub(crate) fn mix(self, o: Self, share: f32) -> Self {
        self + (o - self) * share
    }
}

impl Add for V3 {
    type Output = Self;
    #[inline]
    fn add(self, o: Self) -> Self {
        v3(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}
impl Sub for V3 {
    type Output = Self;
    #[inline]
    fn sub(self, o: Self) -> Self {
        v3(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}
impl Mul<f32> for V3 {
    type Output = Self;
    #[inline]
    fn mul(self, k: f32) -> Self {
        v3(self.x * k, self.y * k, self.z * k)
    }
}
impl Neg for V3 {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        v3(-self.x, -self.y, -self.z)
    }
}

/// A turn without stretching.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    rows: [V3; 3],
}

impl Turn {
    /// Degrees. Positive yaw turns the front to the right of the picture, positive pitch lifts it,
    /// positive roll turns clockwise as seen in the picture. Roll is applied first, then pitch, then yaw.
    pub(crate) fn from_degrees(yaw: f32, pitch: f32, roll: f32) -> Self {
        let (sy, cy) = yaw.to_radians().sin_cos();
        let (sp, cp) = (-pitch).to_radians().sin_cos();
        let (sr, cr) = (-roll).to_radians().sin_cos();
        let about_y = [v3(cy, 0.0, sy), v3(0.0, 1.0, 0.0), v3(-sy, 0.0, cy)];
        let about_x = [v3(1.0, 0.0, 0.0), v3(0.0, cp, -sp), v3(0.0, sp, cp)];
        let about_z = [v3(cr, -sr, 0.0), v3(sr, cr, 0.0), v3(0.0, 0.0, 1.0)];
        Self { rows: product(about_y, product(about_x, about_z)) }
    }

    #[inline]
    pub(crate) fn apply(&self, p: V3) -> V3 {
        v3(self.rows[0].dot(p), self.rows[1].dot(p), self.rows[2].dot(p))
    }

    #[inline]
    pub(crate) fn undo(&self, p: V3) -> V3 {
        self.rows[0] * p.x + self.rows[1] * p.y + self.rows[2] * p.z
    }
}

fn product(a: [V3; 3], b: [V3; 3]) -> [V3; 3] {
    a.map(|row| b[0] * row.x + b[1] * row.y + b[2] * row.z)
}

/// A camera without distortion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pinhole {
    pub(crate) f_px: f32,
    pub(crate) cx: f32,
    pub(crate) cy: f32,
}

impl Pinhole {
    pub(crate) fn project(&self, p: V3) -> Point {
        let depth = (-p.z).max(1e-3);
        Point { x_px: self.cx + self.f_px * p.x / depth, y_px: self.cy - self.f_px * p.y / depth }
    }

    pub(crate) fn ray(&self, x_px: f32, y_px: f32) -> V3 {
        v3((x_px - self.cx) / self.f_px, (self.cy - y_px) / self.f_px, -1.0).unit()
    }
}

/// Maps a flat thing (millimetres, Y down) to picture pixels and back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Homography {
    m: [f32; 9],
}

impl Homography {
    /// The plane through `centre`, turned by `turn`, on which `middle_mm` lies at `centre`.
    pub(crate) fn of_plane(eye: &Pinhole, centre: V3, turn: &Turn, middle_mm: (f32, f32)) -> Self {
        let along = turn.apply(v3(1.0, 0.0, 0.0));
        let down = turn.apply(v3(0.0, -1.0, 0.0));
        let origin = centre - along * middle_mm.0 - down * middle_mm.1;
        let column = |p: V3| [eye.f_px * p.x - eye.cx * p.z, -eye.f_px * p.y - eye.cy * p.z, -p.z];
        let (a, b, c) = (column(along), column(down), column(origin));
        Self { m: [a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]] }
    }

    pub(crate) fn map(&self, x: f32, y: f32) -> (f32, f32) {
        let m = &self.m;
        let w = m[6] * x + m[7] * y + m[8];
        ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w)
    }

    pub(crate) fn point(&self, x_mm: f32, y_mm: f32) -> Point {
        let (x_px, y_px) = self.map(x_mm, y_mm);
        Point { x_px, y_px }
    }

    pub(crate) fn inverse(&self) -> Self {
        let [a, b, c, d, e, f, g, h, i] = self.m;
        let n = [
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ];
        let determinant = a * n[0] + b * n[3] + c * n[6];
        Self { m: n.map(|v| v / determinant) }
    }

    /// The three linear forms at the start of a row, and their growth for one step to the right.
    pub(crate) fn row(&self, x: f32, y: f32) -> ([f32; 3], [f32; 3]) {
        let m = &self.m;
        ([m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5], m[6] * x + m[7] * y + m[8]], [m[0], m[3], m[6]])
    }
}

/// A soft step from 0 at `from` to 1 at `to`.
#[inline]
pub(crate) fn step_between(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
