//! From a card seen at an angle to a card seen flat: the plane homography of its corners, and the sampling through it.
//!
//! Guarantees: sampling outside the picture reads its border; nothing here can leave a buffer.

use crate::{Plane, Point, Quad, Rect};

/// Maps the unit square (top left 0,0; bottom right 1,1) onto a quadrilateral.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Homography {
    x: [f32; 3],
    y: [f32; 3],
    w: [f32; 2],
}

impl Homography {
    /// The closed form for a square's corners (Heckbert, "Fundamentals of texture mapping", 1989, section 2.2.3).
    /// `None` where three corners lie on one line.
    pub fn onto(quad: &Quad) -> Option<Self> {
        let [a, b, c, d] = quad.0;
        let (far_x, far_y) = (a.x - b.x + c.x - d.x, a.y - b.y + c.y - d.y);
        let (side_1, side_2) = ((b.x - c.x, b.y - c.y), (d.x - c.x, d.y - c.y));
        let area = side_1.0 * side_2.1 - side_2.0 * side_1.1;
        let g = (far_x * side_2.1 - side_2.0 * far_y) / area;
        let h = (side_1.0 * far_y - far_x * side_1.1) / area;
        let made = Self {
            x: [b.x - a.x + g * b.x, d.x - a.x + h * d.x, a.x],
            y: [b.y - a.y + g * b.y, d.y - a.y + h * d.y, a.y],
            w: [g, h],
        };
        let finite = made.x.iter().chain(&made.y).chain(&made.w).all(|value| value.is_finite());
        // The horizon of the plane must not cross the card.
        let in_front = [g, h, g + h].iter().all(|value| 1.0 + value > 0.05);
        (finite && in_front).then_some(made)
    }

    /// Where a place of the unit square lies.
    pub fn apply(&self, u: f32, v: f32) -> Point {
        let w = 1.0 + self.w[0] * u + self.w[1] * v;
        Point { x: (self.x[0] * u + self.x[1] * v + self.x[2]) / w, y: (self.y[0] * u + self.y[1] * v + self.y[2]) / w }
    }

    /// The upright rectangle around a rectangle of a flat picture of `width` x `height` pixels.
    pub fn bounds_of(&self, flat: &Rect, width: u32, height: u32) -> Rect {
        let (width, height) = (width as f32, height as f32);
        let corner = |x: f32, y: f32| self.apply(x / width, y / height);
        Quad([
            corner(flat.x, flat.y),
            corner(flat.x + flat.width, flat.y),
            corner(flat.x + flat.width, flat.y + flat.height),
            corner(flat.x, flat.y + flat.height),
        ])
        .bounds()
    }
}

/// Columns whose places are computed together, so that the compiler can do several at once.
const BLOCK: usize = 64;
/// Places are kept in 1/256 pixel.
const FINE: u32 = 256;

/// Fills `out` with `width` x `height` pixels of `plane` seen through `homography`, row by row.
///
/// `halvings`: how often the plane is halved against the frame in which the homography was measured (chroma planes).
pub(crate) fn flatten(plane: &Plane, halvings: (u8, u8), homography: &Homography, size: (u32, u32), out: &mut Vec<u8>) {
    let (width, height) = (size.0 as usize, size.1 as usize);
    out.clear();
    out.resize(width * height, 0);
    let (across, down) = (Axis::new(halvings.0, plane.width()), Axis::new(halvings.1, plane.height()));
    let mut reader = RowReader::new(plane);
    for (index, row) in out.chunks_exact_mut(width.max(1)).enumerate() {
        let v = (index as f32 + 0.5) / height as f32;
        for (block, pixels) in row.chunks_mut(BLOCK).enumerate() {
            let first = (block * BLOCK) as f32;
            let (mut xs, mut ys) = ([0_u32; BLOCK], [0_u32; BLOCK]);
            for (column, (x, y)) in COLUMNS.iter().zip(xs.iter_mut().zip(&mut ys)) {
                let at = homography.apply((first + column) / width as f32, v);
                (*x, *y) = (across.fine(at.x), down.fine(at.y));
            }
            for (pixel, (x, y)) in pixels.iter_mut().zip(xs.iter().zip(&ys)) {
                *pixel = reader.sample(*x, *y);
            }
        }
    }
}

/// Middles of the columns of a block.
const COLUMNS: [f32; BLOCK] = {
    let mut columns = [0.5; BLOCK];
    let mut index = 1;
    while index < BLOCK {
        columns[index] = columns[index - 1] + 1.0;
        index += 1;
    }
    columns
};

/// From places of the frame to places of a plane, along one direction.
#[derive(Clone, Copy)]
struct Axis {
    scale: f32,
    shift: f32,
    last: f32,
}

impl Axis {
    fn new(halvings: u8, side: u32) -> Self {
        // Pixel centres stand at whole numbers, so a halved plane is also shifted by half a pixel.
        let part = 0.5_f32.powi(i32::from(halvings));
        let last = ((side - 1) * FINE).saturating_sub(1) as f32;
        Self { scale: part * FINE as f32, shift: (0.5 * part - 0.5) * FINE as f32, last }
    }

    /// The place in 1/256 pixel, inside the plane. Rounded by adding 2^23, which leaves the whole number in the low bits
    /// of the float: the checked conversion would keep the compiler from doing several at once.
    fn fine(self, at: f32) -> u32 {
        let place = (at * self.scale + self.shift).max(0.0).min(self.last);
        (place + 8_388_608.0).to_bits() & 0x007F_FFFF
    }
}

/// Samples a plane row by row: neighbouring places mostly share their two rows.
struct RowReader<'a> {
    plane: &'a Plane<'a>,
    top: u32,
    upper: &'a [u8],
    lower: &'a [u8],
}

impl<'a> RowReader<'a> {
    fn new(plane: &'a Plane<'a>) -> Self {
        Self { plane, top: 0, upper: plane.row(0), lower: plane.row(1) }
    }

    /// Bilinear, at a place in 1/256 pixel that lies inside the plane.
    fn sample(&mut self, x: u32, y: u32) -> u8 {
        let (left, top) = ((x / FINE) as usize, y / FINE);
        if top != self.top {
            (self.top, self.upper, self.lower) = (top, self.plane.row(top), self.plane.row(top + 1));
        }
        let (part_x, part_y) = ((x % FINE) as i32, (y % FINE) as i32);
        let mix = |row: &[u8]| {
            let [here, next] = match row.get(left..left + 2) {
                Some([here, next]) => [*here, *next],
                // Only a plane one pixel wide has no second one.
                _ => [row[left]; 2],
            };
            (i32::from(here) << 8) + part_x * (i32::from(next) - i32::from(here))
        };
        let (upper, lower) = (mix(self.upper), mix(self.lower));
        (((upper << 8) + part_y * (lower - upper) + 0x8000) >> 16) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_square_land_on_the_corners_of_the_card() {
        let point = |x: f32, y: f32| Point { x, y };
        let quad = Quad([point(100.0, 80.0), point(420.0, 60.0), point(400.0, 300.0), point(120.0, 260.0)]);
        let homography = Homography::onto(&quad).expect("a card");
        for (index, (u, v)) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].into_iter().enumerate() {
            assert!(homography.apply(u, v).distance(quad.0[index]) < 0.01, "corner {index}");
        }
    }

    #[test]
    fn an_upright_rectangle_is_cut_out_exactly() {
        let px: Vec<u8> = (0..40 * 30).map(|index| (index % 40 * 5) as u8).collect();
        let plane = Plane::new(&px, 40, 30, 40).expect("a plane");
        let point = |x: f32, y: f32| Point { x, y };
        // Pixels 10..=19 across and 5..=9 down: their borders lie half a pixel outside their centres.
        let quad = Quad([point(9.5, 4.5), point(19.5, 4.5), point(19.5, 9.5), point(9.5, 9.5)]);
        let mut out = Vec::new();
        flatten(&plane, (0, 0), &Homography::onto(&quad).expect("a card"), (10, 5), &mut out);
        let expected: Vec<u8> = (0..5).flat_map(|_| (10..20).map(|x| (x * 5) as u8)).collect();
        assert_eq!(out, expected, "one output pixel per card pixel");
    }

    #[test]
    fn corners_on_one_line_have_no_homography() {
        assert!(Homography::onto(&Quad::default()).is_none());
        let line = Quad([0.0, 1.0, 2.0, 3.0].map(|at| Point { x: at, y: at }));
        assert!(Homography::onto(&line).is_none());
    }
}
