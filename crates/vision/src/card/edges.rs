//! The coarse picture in which card sides are looked for: a shrunken region of the frame and its gradients.
//!
//! Guarantees: the shrinking factor is never 0, whatever the size of the region: with a factor of 0 every corner would
//! fall on one point and the refinement would fail without a word.

use crate::{Plane, Point};

/// The region is shrunk to about this width: sides stay some hundred pixels long and noise is averaged away.
const WORKING_WIDTH_PX: u32 = 427;
/// Weakest Sobel answer that counts as an edge: a step of about four grey levels.
const FLOOR: i32 = 14;
/// In a room full of texture the noise rule would ask for more contrast than a pale card has.
const CEILING: i32 = 90;

/// A region of the frame, pixels; right and bottom are exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Region {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
}

/// Gradients of a shrunken region. Positions in it are called coarse pixels.
#[derive(Debug, Default)]
pub(super) struct EdgeMap {
    region: Region,
    frame: (u32, u32),
    step: u32,
    pub width: usize,
    pub height: usize,
    small: Vec<u8>,
    sums: Vec<u16>,
    /// Sobel across (columns differ), not normalised.
    pub across: Vec<i16>,
    /// Sobel down (rows differ), not normalised.
    pub down: Vec<i16>,
    /// Weakest gradient that counts in this picture.
    pub threshold: i32,
}

impl EdgeMap {
    /// Shrinks the region and takes its gradients. The region must lie inside the plane.
    pub fn fill(&mut self, luma: &Plane, region: Region) {
        let wanted = (region.right - region.left + WORKING_WIDTH_PX / 2) / WORKING_WIDTH_PX;
        self.step = wanted.clamp(1, 16);
        self.region = region;
        self.frame = (luma.width(), luma.height());
        self.width = ((region.right - region.left) / self.step) as usize;
        self.height = ((region.bottom - region.top) / self.step) as usize;
        self.shrink(luma);
        self.take_gradients();
        self.threshold = (4 * self.median_gradient()).clamp(FLOOR, CEILING);
    }

    /// Side of the square of frame pixels behind one coarse pixel.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// Frame place of a coarse place.
    pub fn to_frame(&self, at: Point) -> Point {
        let step = self.step as f32;
        Point {
            x: self.region.left as f32 + (at.x + 0.5) * step - 0.5,
            y: self.region.top as f32 + (at.y + 0.5) * step - 0.5,
        }
    }

    /// Coarse place of a frame place.
    pub fn to_coarse(&self, at: Point) -> Point {
        let step = self.step as f32;
        Point {
            x: (at.x + 0.5 - self.region.left as f32) / step - 0.5,
            y: (at.y + 0.5 - self.region.top as f32) / step - 0.5,
        }
    }

    /// How far outside the map a place lies across borders that are the frame's own, coarse pixels; 0 inside, `None`
    /// outside across a border beyond which the frame goes on.
    pub fn outside_frame_px(&self, at: Point) -> Option<f32> {
        let step = self.step;
        let past = [
            (-at.x, self.region.left < step),
            (-at.y, self.region.top < step),
            (at.x + 1.0 - self.width as f32, self.region.right + step > self.frame.0),
            (at.y + 1.0 - self.height as f32, self.region.bottom + step > self.frame.1),
        ];
        let crossed = || past.iter().filter(|(past_px, _)| *past_px > 0.0);
        crossed().all(|(_, frame_ends)| *frame_ends).then(|| crossed().map(|(past_px, _)| *past_px).fold(0.0, f32::max))
    }

    fn shrink(&mut self, luma: &Plane) {
        let step = self.step as usize;
        let left = self.region.left as usize;
        self.small.clear();
        self.small.reserve(self.width * self.height);
        for row in 0..self.height {
            let top = self.region.top + (row * step) as u32;
            if step == 1 {
                self.small.extend_from_slice(&luma.row(top)[left..left + self.width]);
                continue;
            }
            // Down first, where the compiler adds many columns at once; then across, which is left a few times less.
            // 16 pixels of 255 fit in 16 bits, and a sum that is watched for overflow would be made one by one.
            self.sums.clear();
            self.sums.extend(luma.row(top)[left..left + self.width * step].iter().map(|value| u16::from(*value)));
            for y in top + 1..top + self.step {
                for (sum, value) in self.sums.iter_mut().zip(&luma.row(y)[left..]) {
                    *sum = sum.wrapping_add(u16::from(*value));
                }
            }
            match step {
                2 => self.small.extend(means::<2>(&self.sums)),
                3 => self.small.extend(means::<3>(&self.sums)),
                4 => self.small.extend(means::<4>(&self.sums)),
                _ => self.small.extend(self.sums.chunks_exact(step).map(mean)),
            }
        }
    }

    fn take_gradients(&mut self) {
        let (width, height) = (self.width, self.height);
        for plane in [&mut self.across, &mut self.down] {
            plane.clear();
            plane.resize(width * height, 0);
        }
        if width < 3 || height < 3 {
            return;
        }
        for y in 1..height - 1 {
            let row = |y: usize| &self.small[y * width..(y + 1) * width];
            let (above, here, below) = (row(y - 1), row(y), row(y + 1));
            let across = &mut self.across[y * width + 1..(y + 1) * width - 1];
            let down = &mut self.down[y * width + 1..(y + 1) * width - 1];
            // Each neighbour as a row of its own: windows of three would be walked one by one.
            let ([a0, a1, a2], [h0, _, h2], [b0, b1, b2]) = (shifted(above), shifted(here), shifted(below));
            let left = a0.iter().zip(h0).zip(b0);
            let right = a2.iter().zip(h2).zip(b2);
            for (gx, (((al, hl), bl), ((ar, hr), br))) in across.iter_mut().zip(left.zip(right)) {
                let column = |above: u8, here: u8, below: u8| i16::from(above) + 2 * i16::from(here) + i16::from(below);
                *gx = column(*ar, *hr, *br) - column(*al, *hl, *bl);
            }
            let upper = a0.iter().zip(a1).zip(a2);
            let lower = b0.iter().zip(b1).zip(b2);
            for (gy, (((ul, um), ur), ((ll, lm), lr))) in down.iter_mut().zip(upper.zip(lower)) {
                let line = |left: u8, middle: u8, right: u8| i16::from(left) + 2 * i16::from(middle) + i16::from(right);
                *gy = line(*ll, *lm, *lr) - line(*ul, *um, *ur);
            }
        }
    }

    /// Median of |across| over every third pixel: the noise of this picture.
    fn median_gradient(&self) -> i32 {
        let mut counts = [0_u32; 1021];
        let mut total = 0;
        for value in self.across.iter().step_by(3) {
            counts[usize::from(value.unsigned_abs()).min(1020)] += 1;
            total += 1;
        }
        let mut seen = 0;
        counts
            .iter()
            .position(|count| {
                seen += count;
                seen * 2 >= total
            })
            .unwrap_or(0) as i32
    }
}

/// Mean of a square of pixels, whose columns are added up already.
fn mean(columns: &[u16]) -> u8 {
    let area = (columns.len() * columns.len()) as u32;
    let sum = columns.iter().fold(area / 2, |sum, column| sum.wrapping_add(u32::from(*column)));
    (sum / area) as u8
}

/// A row from its first, second and third pixel on.
fn shifted(row: &[u8]) -> [&[u8]; 3] {
    [row, row.get(1..).unwrap_or_default(), row.get(2..).unwrap_or_default()]
}

/// [`mean`] of every `STEP` columns: with the number known, neither loop nor division is left.
fn means<const STEP: usize>(columns: &[u16]) -> impl Iterator<Item = u8> + '_ {
    columns.as_chunks::<STEP>().0.iter().map(|square| mean(square))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(width: u32, height: u32, region: Region) -> EdgeMap {
        let px: Vec<u8> = (0..width * height).map(|index| if index % width < width / 2 { 40 } else { 200 }).collect();
        let plane = Plane::new(&px, width, height, width).expect("a plane");
        let mut map = EdgeMap::default();
        map.fill(&plane, region);
        map
    }

    #[test]
    fn the_shrinking_factor_is_never_zero() {
        for (side, expected) in [(8, 1), (100, 1), (426, 1), (700, 2), (1280, 3), (4096, 10)] {
            let map = filled(side, 16, Region { left: 0, top: 0, right: side, bottom: 16 });
            assert_eq!(map.step(), expected, "a region {side} pixels wide");
        }
    }

    #[test]
    fn an_edge_of_the_frame_is_found_at_its_coarse_place() {
        for (width, left) in [(300, 20), (1300, 100)] {
            let map = filled(width, 60, Region { left, top: 10, right: width - 10, bottom: 50 });
            let row = &map.across[(map.height / 2) * map.width..][..map.width];
            let weighted: f32 = row.iter().enumerate().map(|(x, value)| x as f32 * f32::from(*value)).sum();
            let total: f32 = row.iter().map(|value| f32::from(*value)).sum();
            let at = map.to_frame(Point { x: weighted / total, y: 0.0 });
            let expected = width as f32 / 2.0 - 0.5;
            assert!((at.x - expected).abs() < 0.1, "width {width}: {} instead of {expected}", at.x);
            let back = map.to_coarse(at);
            assert!((back.x - weighted / total).abs() < 1e-3, "there and back");
        }
    }
}
