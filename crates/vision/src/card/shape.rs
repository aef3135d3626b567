//! What four corners say about the flat rectangle behind them: its side ratio, its squareness, its tilt.
//!
//! Guarantees: a shape that exists is finite. The lens is always passed in: a crop has its own principal point but the
//! focal length of the whole frame, and guessing one from a picture's width mis-measures the ratio.

use crate::{Lens, Picture, Quad};

/// The rectangle that four corners are the picture of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// Width over height of the rectangle in space.
    pub ratio: f32,
    /// Cosine of the angle between its top and its left side; 0 for a true rectangle.
    pub skew: f32,
    /// Angle between its normal and the line of sight to its middle, degrees, 0 to 90.
    pub tilt_degrees: f32,
}

type Ray = [f64; 3];

fn cross(a: Ray, b: Ray) -> Ray {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: Ray, b: Ray) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn scaled_less(a: Ray, by: f64, less: Ray) -> Ray {
    [a[0] * by - less[0], a[1] * by - less[1], a[2] * by - less[2]]
}

/// Depths of neighbouring corners of a card differ by less than this factor at any distance a card can be held at.
const DEPTH_RATIO: std::ops::Range<f64> = 0.4..2.5;

/// Reads the shape of a quadrilateral; `None` when no card in front of the lens can look like that.
///
/// The corners of a parallelogram satisfy `BR = TR + BL - TL` in space. Written with the viewing rays of the four
/// corners and the depth of the top left one set to 1, two depths follow directly (Zhang and He, "Whiteboard scanning
/// and image enhancement", 2007, with the focal length known instead of solved for).
pub(crate) fn read(quad: &Quad, lens: &Lens) -> Option<Shape> {
    let focal = f64::from(lens.focal_px);
    let ray = |index: usize| -> Ray {
        let at = quad.0[index];
        [f64::from(at.x - lens.centre_x_px) / focal, f64::from(at.y - lens.centre_y_px) / focal, 1.0]
    };
    let (top_left, top_right, low_right, low_left) = (ray(0), ray(1), ray(2), ray(3));
    let with_low_left = cross(low_right, low_left);
    let with_top_right = cross(low_right, top_right);
    let depth_right = dot(top_left, with_low_left) / dot(top_right, with_low_left);
    let depth_low = dot(top_left, with_top_right) / dot(low_left, with_top_right);
    if !DEPTH_RATIO.contains(&depth_right) || !DEPTH_RATIO.contains(&depth_low) {
        return None;
    }
    let across = scaled_less(top_right, depth_right, top_left);
    let down = scaled_less(low_left, depth_low, top_left);
    let (width, height) = (dot(across, across).sqrt(), dot(down, down).sqrt());
    let normal = cross(across, down);
    let area = dot(normal, normal).sqrt();
    let middle: Ray = std::array::from_fn(|axis| top_left[axis] + f64::midpoint(across[axis], down[axis]));
    let towards = dot(normal, middle).abs() / (area * dot(middle, middle).sqrt());
    let shape = Shape {
        ratio: (width / height) as f32,
        skew: (dot(across, down) / (width * height)) as f32,
        tilt_degrees: towards.min(1.0).acos().to_degrees() as f32,
    };
    let finite = shape.ratio.is_finite() && shape.skew.is_finite() && shape.tilt_degrees.is_finite();
    finite.then_some(shape)
}

/// The lens as given, or the assumed one where the given numbers cannot be a lens.
pub(super) fn usable_lens(lens: &Lens, picture: &Picture) -> Lens {
    let centre_is_finite = lens.centre_x_px.is_finite() && lens.centre_y_px.is_finite();
    if lens.focal_px.is_finite() && lens.focal_px > 1.0 && centre_is_finite {
        *lens
    } else {
        Lens::assumed(picture.luma.width(), picture.luma.height())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    /// Corners of an 85.60 x 53.98 mm rectangle, turned about both axes, 400 mm from a 1000 px lens.
    fn card_seen(turn_x_degrees: f32, turn_y_degrees: f32, off_x_mm: f32, lens: &Lens) -> Quad {
        let (sin_x, cos_x) = turn_x_degrees.to_radians().sin_cos();
        let (sin_y, cos_y) = turn_y_degrees.to_radians().sin_cos();
        Quad([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(u, v)| {
            let (x, y) = (u * 42.80, v * 26.99);
            let (y, z) = (y * cos_x, y * sin_x);
            let (x, z) = (x * cos_y + z * sin_y, z * cos_y - x * sin_y);
            let depth = 400.0 + z;
            Point {
                x: lens.centre_x_px + lens.focal_px * (x + off_x_mm) / depth,
                y: lens.centre_y_px + lens.focal_px * y / depth,
            }
        }))
    }

    #[test]
    fn a_turned_card_keeps_its_ratio_and_tells_its_tilt() {
        let lens = Lens { focal_px: 1000.0, centre_x_px: 640.0, centre_y_px: 360.0, known: true };
        #[rustfmt::skip]
        let table = [
            // turn x, turn y, off x mm, tilt, because
            ( 0.0,  0.0,   0.0,   0.0, "a card held flat"),
            (20.0,  0.0,   0.0,  20.0, "its top edge leans back"),
            ( 0.0, 30.0,   0.0,  30.0, "its side leans back"),
            ( 0.0,  0.0, 100.0,  14.04, "flat to the camera but aside: the line of sight is oblique, atan(100 / 400)"),
        ];
        for (turn_x, turn_y, off_x_mm, tilt, because) in table {
            let shape = read(&card_seen(turn_x, turn_y, off_x_mm, &lens), &lens).expect(because);
            assert!((shape.ratio / 1.5858 - 1.0).abs() < 0.002, "{because}: {shape:?}");
            assert!(shape.skew.abs() < 0.002, "{because}: {shape:?}");
            assert!((shape.tilt_degrees - tilt).abs() < 0.1, "{because}: {shape:?}");
        }
    }

    #[test]
    fn a_crop_needs_the_focal_length_of_its_frame() {
        let frame = Lens { focal_px: 1109.0, centre_x_px: 640.0, centre_y_px: 360.0, known: true };
        let seen = card_seen(30.0, 20.0, 60.0, &frame);
        let crop_at = Point { x: 600.0, y: 200.0 };
        let cropped = Quad(seen.0.map(|at| Point { x: at.x - crop_at.x, y: at.y - crop_at.y }));
        let right = Lens { centre_x_px: 640.0 - crop_at.x, centre_y_px: 360.0 - crop_at.y, ..frame };
        let wrong = Lens::assumed(400, 300);
        let error = |lens: &Lens| (read(&cropped, lens).expect("a card").ratio / 1.5858 - 1.0).abs();
        assert!(error(&right) < 0.002, "the frame's lens, moved with the crop: {}", error(&right));
        assert!(error(&wrong) > 0.03, "a lens guessed from the crop is off: {}", error(&wrong));
    }

    #[test]
    fn what_cannot_be_a_card_has_no_shape() {
        let lens = Lens::assumed(640, 480);
        let point = |x: f32, y: f32| Point { x, y };
        assert_eq!(read(&Quad::default(), &lens), None, "all corners in one place");
        let bow_tie = Quad([point(10.0, 10.0), point(200.0, 110.0), point(200.0, 10.0), point(10.0, 110.0)]);
        assert_eq!(read(&bow_tie, &lens), None, "sides that cross");
    }
}
