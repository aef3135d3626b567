//! The 468 points of one face: cuts an upright square around it and runs the mesh network.
//!
//! Guarantees: points in pixels of the frame, z in the same scale (smaller is nearer to the camera).

use super::FaceBox;
use super::detect::{logistic, rgb};
use crate::net::{ModelError, Network};
use crate::{Colour, Picture, Plane, Point, Rect};

/// Side of the square the network sees, pixels.
const SIDE: usize = 192;
/// Points of the mesh.
pub const POINTS: usize = 468;
/// The square is this much larger than the longer side of the face's box.
const ROOM: f32 = 1.5;
/// No square grows beyond this, pixels: twice the largest frame.
const LARGEST_SIDE: f32 = 8192.0;
/// Outer corners of the person's right and left eye.
pub const EYE_CORNERS: (usize, usize) = (33, 263);

/// A turned square of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// Its middle, pixels of the frame.
    pub centre: Point,
    /// Its side, pixels of the frame.
    pub side: f32,
    /// How far it is turned, radians, clockwise in the image.
    pub turn: f32,
}

impl Crop {
    /// Around what the detector found.
    pub fn around(face: &FaceBox) -> Self {
        Self::new(&face.bounds, face.keypoints[0], face.keypoints[1])
    }

    /// Around the mesh of an earlier frame.
    pub fn following(mesh: &Mesh) -> Self {
        let eye = |index: usize| Point { x: mesh.points[index][0], y: mesh.points[index][1] };
        Self::new(&mesh.bounds, eye(EYE_CORNERS.0), eye(EYE_CORNERS.1))
    }

    fn new(bounds: &Rect, right_eye: Point, left_eye: Point) -> Self {
        Self {
            centre: bounds.centre(),
            side: (ROOM * bounds.width.max(bounds.height)).clamp(1.0, LARGEST_SIDE),
            turn: (left_eye.y - right_eye.y).atan2(left_eye.x - right_eye.x),
        }
    }

    /// Where a place of the square, in shares of its side from the middle, lies in the frame.
    fn place(&self, across: f32, down: f32) -> Point {
        let (sin, cos) = self.turn.sin_cos();
        Point {
            x: self.centre.x + self.side * (across * cos - down * sin),
            y: self.centre.y + self.side * (across * sin + down * cos),
        }
    }
}

/// What the network says about one square.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// How sure it is that a face is there, 0 to 1.
    pub presence: f32,
    /// x, y, z of each point.
    pub points: [[f32; 3]; POINTS],
    /// Upright rectangle around the points.
    pub bounds: Rect,
    /// The square they were found in.
    pub crop: Crop,
}

impl Mesh {
    /// A point without its depth.
    pub fn at(&self, index: usize) -> Point {
        Point { x: self.points[index][0], y: self.points[index][1] }
    }

    /// The middle between two points.
    pub fn between(&self, a: usize, b: usize) -> Point {
        middle(self.at(a), self.at(b))
    }
}

/// The middle between two places.
pub fn middle(a: Point, b: Point) -> Point {
    Point { x: f32::midpoint(a.x, b.x), y: f32::midpoint(a.y, b.y) }
}

/// The mesh network.
pub struct Mesher {
    network: Network,
}

impl Mesher {
    /// Loads the network.
    pub fn new() -> Result<Self, ModelError> {
        Ok(Self { network: Network::mesh()? })
    }

    /// Looks at one square. `small` is the frame with its sides divided by `by`; it is read where it has detail enough.
    pub fn look(&mut self, frame: &Picture<'_>, small: &Picture<'_>, by: u32, crop: Crop) -> Mesh {
        let enough = crop.side / SIDE as f32 >= 0.75 * by as f32;
        let (source, by) = if enough { (small, by as f32) } else { (frame, 1.0) };
        let (pixels, _) = self.network.input().as_chunks_mut::<3>();
        cut(source, by, crop, pixels);
        let (points, presence) = match self.network.run() {
            [points, presence] if presence.len() == 1 => (points, presence[0]),
            [presence, points] if presence.len() == 1 => (points, presence[0]),
            _ => return Mesh::nothing(crop),
        };
        let scale = crop.side / SIDE as f32;
        let place = |[x, y, z]: &[f32; 3]| {
            let at = crop.place(x / SIDE as f32 - 0.5, y / SIDE as f32 - 0.5);
            [at.x, at.y, z * scale]
        };
        let (points, _) = points.as_chunks::<3>();
        let mut mesh = Mesh::nothing(crop);
        if points.len() != POINTS {
            return mesh;
        }
        for (to, from) in mesh.points.iter_mut().zip(points) {
            *to = place(from);
        }
        if mesh.points.iter().flatten().any(|value| !value.is_finite()) {
            return Mesh::nothing(crop);
        }
        (mesh.presence, mesh.bounds) = (logistic(presence), bounds(&mesh.points));
        mesh
    }
}

impl Mesh {
    /// What is said when the network gave no numbers to speak of.
    fn nothing(crop: Crop) -> Self {
        let points = [[crop.centre.x, crop.centre.y, 0.0]; POINTS];
        Self { presence: 0.0, bounds: bounds(&points), points, crop }
    }
}

fn bounds(points: &[[f32; 3]]) -> Rect {
    let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
    for [x, y, _] in points {
        left = left.min(*x);
        right = right.max(*x);
        top = top.min(*y);
        bottom = bottom.max(*y);
    }
    Rect { x: left, y: top, width: right - left, height: bottom - top }
}

/// Fills the network's square; what lies outside the frame repeats its border.
fn cut(source: &Picture<'_>, by: f32, crop: Crop, pixels: &mut [[f32; 3]]) {
    let half = 0.5 - 0.5 / SIDE as f32;
    let to_source = |at: Point| Point { x: (at.x + 0.5) / by - 0.5, y: (at.y + 0.5) / by - 0.5 };
    let first = to_source(crop.place(-half, -half));
    let (sin, cos) = crop.turn.sin_cos();
    let step = crop.side / SIDE as f32 / by;
    let colour = Chroma::new(&source.colour);
    // Row by row, first what must be fetched pixel by pixel, then what can be computed for many at once.
    let (mut luma, mut blue, mut red) = ([0.0; SIDE], [0.0; SIDE], [0.0; SIDE]);
    for (down, row) in pixels.chunks_exact_mut(SIDE).enumerate() {
        let start = Point { x: first.x - down as f32 * step * sin, y: first.y + down as f32 * step * cos };
        let ray = Ray { start, across: step * cos, down: step * sin };
        bilinear(&source.luma, ray, &mut luma);
        colour.along(ray, &mut blue, &mut red);
        for (((pixel, y), u), v) in row.iter_mut().zip(&luma).zip(&blue).zip(&red) {
            *pixel = rgb(*y, *u, *v).map(|value| value / 255.0);
        }
    }
}

/// Places in a picture, one after the other on a line.
#[derive(Debug, Clone, Copy)]
struct Ray {
    start: Point,
    across: f32,
    down: f32,
}

impl Ray {
    fn at(&self, index: usize) -> (f32, f32) {
        (self.start.x + index as f32 * self.across, self.start.y + index as f32 * self.down)
    }
}

/// `Plane::sample` along a line; the mesh reads 36,864 places per frame.
fn bilinear(plane: &Plane<'_>, ray: Ray, values: &mut [f32; SIDE]) {
    let (right, bottom) = ((plane.width() - 1) as f32, (plane.height() - 1) as f32);
    let (last_column, last_line) = (plane.width() - 1, plane.height() - 1);
    let mut line = 0;
    let (mut upper, mut lower) = (plane.row(0), plane.row(last_line.min(1)));
    for (index, value) in values.iter_mut().enumerate() {
        let (x, y) = ray.at(index);
        let (x, y) = (x.clamp(0.0, right), y.clamp(0.0, bottom));
        // Never negative and at most 4095, which the narrower type holds and converts to faster.
        let (column, here) = (x as i32, y as i32);
        let (part_x, part_y) = (x - column as f32, y - here as f32);
        if here != line {
            line = here;
            (upper, lower) = (plane.row(here as u32), plane.row((here as u32 + 1).min(last_line)));
        }
        let here = column as usize;
        let next = (column as u32 + 1).min(last_column) as usize;
        let top = f32::from(upper[here]) + part_x * (f32::from(upper[next]) - f32::from(upper[here]));
        let low = f32::from(lower[here]) + part_x * (f32::from(lower[next]) - f32::from(lower[here]));
        *value = top + part_y * (low - top);
    }
}

/// Reads the colour nearest to a place of the luma. Finer is not needed: it is stored coarser than the luma anyway.
#[derive(Clone, Copy)]
pub struct Chroma<'a> {
    planes: Option<(Plane<'a>, Plane<'a>)>,
    scale_x: f32,
    scale_y: f32,
}

impl<'a> Chroma<'a> {
    /// Colour of a picture.
    pub fn new(colour: &Colour<'a>) -> Self {
        match *colour {
            Colour::None => Self { planes: None, scale_x: 1.0, scale_y: 1.0 },
            Colour::Planar { u, v, shift_x, shift_y } => Self {
                planes: Some((u, v)),
                scale_x: 0.5_f32.powi(i32::from(shift_x)),
                scale_y: 0.5_f32.powi(i32::from(shift_y)),
            },
        }
    }

    /// Has the picture colour?
    pub fn is_there(&self) -> bool {
        self.planes.is_some()
    }

    /// [`Self::at`] for places on a line.
    fn along(&self, ray: Ray, blue: &mut [f32; SIDE], red: &mut [f32; SIDE]) {
        let Some((u, v)) = self.planes else { return };
        let one_size = (u.width(), u.height()) == (v.width(), v.height());
        if !one_size {
            for (index, (blue, red)) in blue.iter_mut().zip(red).enumerate() {
                let (x, y) = ray.at(index);
                (*blue, *red) = self.at(x, y);
            }
            return;
        }
        let (right, bottom) = ((u.width() - 1) as f32, (u.height() - 1) as f32);
        let mut line = 0;
        let (mut u_row, mut v_row) = (u.row(0), v.row(0));
        for (index, (blue, red)) in blue.iter_mut().zip(red).enumerate() {
            let (x, y) = ray.at(index);
            let x = ((x + 0.5) * self.scale_x).clamp(0.0, right) as i32 as usize;
            let here = ((y + 0.5) * self.scale_y).clamp(0.0, bottom) as i32;
            if here != line {
                line = here;
                (u_row, v_row) = (u.row(here as u32), v.row(here as u32));
            }
            *blue = f32::from(u_row[x]) - 128.0;
            *red = f32::from(v_row[x]) - 128.0;
        }
    }

    /// Blue and red difference at a pixel of the luma, 0 without colour.
    pub fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let Some((u, v)) = self.planes else { return (0.0, 0.0) };
        let (x, y) = (((x + 0.5) * self.scale_x) as i32, ((y + 0.5) * self.scale_y) as i32);
        (f32::from(u.at(x, y)) - 128.0, f32::from(v.at(x, y)) - 128.0)
    }
}
