//! How wide the edges around the eyes are.
//!
//! Guarantees: the same face gives the same number at every contrast, because the steepest edge is compared with the
//! range of luma it crosses. Variance of the Laplacian, the usual measure, follows noise and distance instead.

use super::light::Histogram;
use crate::{Plane, Point};

/// Half sides of the band around the eyes, over the inter-eye distance.
const BAND: (f32, f32) = (0.95, 0.45);
/// Weights of a Gaussian of 0.5 pixels, cut to three.
const GAUSS: [f32; 3] = [0.106_507, 0.786_986, 0.106_507];
/// Gradients are counted in steps of 1/4 luma per pixel.
const STEPS: f32 = 4.0;
const BINS: usize = 1024;

/// Rows in work, kept from frame to frame.
#[derive(Debug, Default)]
pub struct Rows {
    upright: Vec<f32>,
    /// Three smoothed rows, the oldest overwritten by the next.
    smooth: [Vec<f32>; 3],
}

/// Width of the sharpest edges in the eye band, pixels: `(p98 - p2) / p99.5(gradient)`.
///
/// An ideal edge blurred by a Gaussian of sigma s is 2.5 s wide. A band without any edge gives 255, the largest value.
pub fn edge_width(luma: &Plane<'_>, middle: Point, apart_px: f32, rows: &mut Rows) -> f32 {
    let limit = |value: f32, end: u32| value.clamp(0.0, end as f32) as u32;
    let left = limit(middle.x - BAND.0 * apart_px, luma.width());
    let right = limit(middle.x + BAND.0 * apart_px + 1.0, luma.width());
    let top = limit(middle.y - BAND.1 * apart_px, luma.height());
    let bottom = limit(middle.y + BAND.1 * apart_px + 1.0, luma.height());
    if right < left + 5 || bottom < top + 5 {
        return 255.0;
    }
    let columns = left as usize..right as usize;
    let mut values = Histogram::new();
    let mut gradients = [0_u32; BINS];
    let Rows { upright, smooth } = rows;
    for row in smooth.iter_mut().chain([&mut *upright]) {
        row.clear();
        row.resize(columns.len(), 0.0);
    }
    for y in top..bottom {
        values.add(&luma.row(y)[columns.clone()]);
        if y < top + 1 || y + 1 >= bottom {
            continue;
        }
        let rows = [y - 1, y, y + 1].map(|y| &luma.row(y)[columns.clone()]);
        smooth.rotate_left(1);
        smooth_row(rows, upright, &mut smooth[2]);
        if y >= top + 3 {
            count_gradients(smooth, &mut gradients);
        }
    }
    let range = values.percentile(0.98) - values.percentile(0.02);
    (range / steepest(&gradients)).clamp(0.0, 255.0)
}

fn smooth_row(rows: [&[u8]; 3], upright: &mut [f32], smooth: &mut [f32]) {
    for (((sum, a), b), c) in upright.iter_mut().zip(rows[0]).zip(rows[1]).zip(rows[2]) {
        *sum = GAUSS[0] * f32::from(*a) + GAUSS[1] * f32::from(*b) + GAUSS[2] * f32::from(*c);
    }
    for (sum, three) in smooth[1..].iter_mut().zip(upright.windows(3)) {
        *sum = GAUSS[0] * three[0] + GAUSS[1] * three[1] + GAUSS[2] * three[2];
    }
}

fn count_gradients(smooth: &[Vec<f32>; 3], gradients: &mut [u32]) {
    // The outermost smoothed column on each side was never written.
    let inner = 2..smooth[1].len() - 2;
    let (above, here, below) = (&smooth[0], &smooth[1], &smooth[2]);
    for x in inner {
        let across = (here[x + 1] - here[x - 1]) / 2.0;
        let down = (below[x] - above[x]) / 2.0;
        let size = (across * across + down * down).sqrt();
        gradients[((size * STEPS) as usize).min(BINS - 1)] += 1;
    }
}

/// 99.5th percentile of the gradients; at least half a step, so that it can divide.
fn steepest(gradients: &[u32]) -> f32 {
    let total: u32 = gradients.iter().sum();
    let wanted = 0.995 * total as f32;
    let mut seen = 0;
    let found = gradients.iter().position(|count| {
        seen += count;
        seen as f32 >= wanted
    });
    (found.unwrap_or(0) as f32 + 0.5) / STEPS
}
