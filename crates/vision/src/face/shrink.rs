//! Makes pictures smaller by averaging: the detector's square, and the picture the light is measured on.
//!
//! Guarantees: each value is the mean over its cell, cut cells weighted by the part that is inside; no place is skipped,
//! so noise and fine patterns average out instead of turning into false edges.

use crate::{Colour, Picture, Plane, Rect};

/// A square of cells laid over a plane, in its pixels, edges at whole numbers.
#[derive(Debug, Clone, Copy)]
pub struct Cells {
    /// Left edge of the first cell.
    pub x: f32,
    /// Top edge of the first cell.
    pub y: f32,
    /// Width of one cell.
    pub width: f32,
    /// Height of one cell.
    pub height: f32,
    /// What lies outside counts as nothing.
    pub clip: Rect,
    /// Cells along each side.
    pub count: usize,
}

impl Cells {
    /// The same cells over a plane that was halved `shift_x` and `shift_y` times.
    pub fn halved(&self, shift_x: u8, shift_y: u8) -> Self {
        let (by_x, by_y) = (0.5_f32.powi(i32::from(shift_x)), 0.5_f32.powi(i32::from(shift_y)));
        Self {
            x: self.x * by_x,
            y: self.y * by_y,
            width: self.width * by_x,
            height: self.height * by_y,
            clip: Rect {
                x: self.clip.x * by_x,
                y: self.clip.y * by_y,
                width: self.clip.width * by_x,
                height: self.clip.height * by_y,
            },
            count: self.count,
        }
    }
}

/// Memory for one row of cells; kept, so that nothing is allocated per frame.
#[derive(Debug, Default)]
pub struct Sums {
    whole: Vec<u16>,
    columns: Vec<f32>,
}

impl Sums {
    /// Writes the mean of `plane - neutral` over each cell; 0 where nothing lies inside.
    pub fn average(&mut self, plane: &Plane<'_>, cells: &Cells, neutral: f32, means: &mut [f32]) {
        let left = cells.clip.x.max(0.0);
        let right = (cells.clip.x + cells.clip.width).min(plane.width() as f32);
        let top = cells.clip.y.max(0.0);
        let bottom = (cells.clip.y + cells.clip.height).min(plane.height() as f32);
        let first = left as usize;
        let last = right.ceil() as usize;
        let area = (cells.width * cells.height).max(f32::MIN_POSITIVE);
        for (row, means) in means.chunks_exact_mut(cells.count).enumerate() {
            let from = (cells.y + row as f32 * cells.height).max(top);
            let to = (cells.y + (row + 1) as f32 * cells.height).min(bottom);
            if from >= to || left >= right {
                means.fill(0.0);
                continue;
            }
            self.sum_rows(plane, first..last, from, to);
            for (column, mean) in means.iter_mut().enumerate() {
                let start = (cells.x + column as f32 * cells.width).max(left);
                let end = (cells.x + (column + 1) as f32 * cells.width).min(right);
                *mean = if start < end {
                    (self.sum_columns(start - first as f32, end - first as f32) - neutral * (end - start) * (to - from))
                        / area
                } else {
                    0.0
                };
            }
        }
    }

    /// Sums each column over the rows from `from` to `to`, cut rows by their part.
    fn sum_rows(&mut self, plane: &Plane<'_>, columns: std::ops::Range<usize>, from: f32, to: f32) {
        self.columns.clear();
        self.columns.resize(columns.len(), 0.0);
        self.whole.clear();
        self.whole.resize(columns.len(), 0);
        for y in from as u32..to.ceil() as u32 {
            let part = (y as f32 + 1.0).min(to) - (y as f32).max(from);
            let row = &plane.row(y)[columns.clone()];
            // Cells are at most 4096 / 128 rows high, so whole rows fit 16 bits, in which they sum fastest.
            if part >= 1.0 {
                for (sum, pixel) in self.whole.iter_mut().zip(row) {
                    *sum = sum.saturating_add(u16::from(*pixel));
                }
            } else {
                for (sum, pixel) in self.columns.iter_mut().zip(row) {
                    *sum += part * f32::from(*pixel);
                }
            }
        }
        for (sum, whole) in self.columns.iter_mut().zip(&self.whole) {
            *sum += f32::from(*whole);
        }
    }

    /// All columns the stretch touches, less the parts of the first and the last that lie outside it.
    fn sum_columns(&self, start: f32, end: f32) -> f32 {
        let (first, last) = (start as usize, (end.ceil() as usize).min(self.columns.len()));
        let columns = &self.columns[first.min(last)..last];
        let [outermost, .., rightmost] = columns else {
            return columns.first().map_or(0.0, |column| column * (end - start));
        };
        let sum: f32 = columns.iter().sum();
        sum - outermost * (start - first as f32) - rightmost * (last as f32 - end).max(0.0)
    }
}

/// The width the light, the mesh and the eyes are measured at, when the frame is wider.
const WIDTH_PX: u32 = 640;

#[derive(Debug, Default)]
struct SmallPlane {
    pixels: Vec<u8>,
    width: u32,
    height: u32,
}

impl SmallPlane {
    fn fill(&mut self, plane: &Plane<'_>, by: u32, sums: &mut Vec<u16>) {
        let step = by as usize;
        self.width = plane.width() / by;
        self.height = plane.height() / by;
        let columns = self.width as usize * step;
        self.pixels.clear();
        for y in 0..self.height {
            sums.clear();
            sums.resize(columns, 0);
            for row in y * by..(y + 1) * by {
                // At most 7 rows of 255: the sum cannot wrap, and unchecked it is five times faster.
                for (sum, pixel) in sums.iter_mut().zip(plane.row(row)) {
                    *sum = sum.wrapping_add(u16::from(*pixel));
                }
            }
            let share = 1.0 / (by * by) as f32;
            let mean = |cell: &[u16]| {
                let sum: u32 = cell.iter().map(|sum| u32::from(*sum)).sum();
                (sum as f32 * share + 0.5) as u8
            };
            self.pixels.extend(sums.chunks_exact(step).map(mean));
        }
    }

    fn plane(&self) -> Option<Plane<'_>> {
        Plane::new(&self.pixels, self.width, self.height, self.width).ok()
    }
}

/// The frame, at most 640 pixels wide: every side divided by the same whole number.
#[derive(Debug, Default)]
pub struct SmallPicture {
    by: u32,
    luma: SmallPlane,
    u: SmallPlane,
    v: SmallPlane,
    shift: Option<(u8, u8)>,
    sums: Vec<u16>,
}

impl SmallPicture {
    /// Takes in a frame.
    pub fn fill(&mut self, picture: &Picture<'_>) {
        let (width, height) = (picture.luma.width(), picture.luma.height());
        self.by = width.div_ceil(WIDTH_PX).min(height).max(1);
        self.shift = None;
        if self.by == 1 {
            return;
        }
        self.luma.fill(&picture.luma, self.by, &mut self.sums);
        if let Colour::Planar { u, v, shift_x, shift_y } = picture.colour {
            self.u.fill(&u, self.by, &mut self.sums);
            self.v.fill(&v, self.by, &mut self.sums);
            self.shift = Some((shift_x, shift_y));
        }
    }

    /// What a side was divided by.
    pub fn by(&self) -> u32 {
        self.by
    }

    /// The small picture; the frame itself when it was small already.
    pub fn picture<'a>(&'a self, whole: &Picture<'a>) -> Picture<'a> {
        let Some(luma) = self.luma.plane().filter(|_| self.by > 1) else { return *whole };
        let colour = match (self.shift, self.u.plane(), self.v.plane()) {
            (Some((shift_x, shift_y)), Some(u), Some(v)) => Colour::Planar { u, v, shift_x, shift_y },
            _ => Colour::None,
        };
        Picture { luma, colour }
    }
}
