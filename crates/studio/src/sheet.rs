//! Flat printed things in linear light, in several densities, laid into a picture through a homography.

use crate::geometry::Homography;
use crate::picture::{Picture, UNIT};
use crate::scene::Glare;
use crate::stroke_font::Segment;

/// One density of a sheet: 16-bit linear light multiplied by coverage, and the coverage.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) px_per_mm: f32,
    pub(crate) w: usize,
    pub(crate) h: usize,
    px: Vec<[u16; 4]>,
}

/// A flat thing whose upper left corner is at `left_mm`, `top_mm` of the card's plane.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) left_mm: f32,
    pub(crate) top_mm: f32,
    levels: Vec<Level>,
}

impl Level {
    /// Nothing outside; between pixels by weighted mean. Coordinates are pixels of this level, times 256.
    #[inline]
    pub(crate) fn sample(&self, x256: i32, y256: i32) -> Option<[u32; 4]> {
        let (x, y) = (x256 >> 8, y256 >> 8);
        if x < 0 || y < 0 || x + 1 >= self.w as i32 || y + 1 >= self.h as i32 {
            return None;
        }
        let start = y as usize * self.w + x as usize;
        let top = &self.px[start..start + 2];
        let bottom = &self.px[start + self.w..start + self.w + 2];
        if (top[0][3] | top[1][3] | bottom[0][3] | bottom[1][3]) == 0 {
            return None;
        }
        let (fx, fy) = ((x256 & 255) as u32, (y256 & 255) as u32);
        let weights = [(256 - fx) * (256 - fy), fx * (256 - fy), (256 - fx) * fy, fx * fy];
        Some(std::array::from_fn(|i| {
            (u32::from(top[0][i]) * weights[0]
                + u32::from(top[1][i]) * weights[1]
                + u32::from(bottom[0][i]) * weights[2]
                + u32::from(bottom[1][i]) * weights[3])
                >> 16
        }))
    }

    fn halved(&self) -> Self {
        let (w, h) = (self.w / 2, self.h / 2);
        let mut px = Vec::with_capacity(w * h);
        for y in 0..h {
            for x in 0..w {
                let at = |dx: usize, dy: usize| self.px[(2 * y + dy) * self.w + 2 * x + dx];
                let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
                px.push(std::array::from_fn(|i| (four.iter().map(|p| u32::from(p[i])).sum::<u32>() / 4) as u16));
            }
        }
        Self { px_per_mm: self.px_per_mm / 2.0, w, h, px }
    }

    /// Standard deviation of the blur that reading this level between its pixels brings, in millimetres.
    pub(crate) fn sampling_sigma_mm(&self) -> f32 {
        0.41 / self.px_per_mm
    }
}

impl Sheet {
    /// From a drawing, with as many halvings as make sense down to 2 px/mm.
    pub(crate) fn new(drawing: &Drawing) -> Self {
        let px = drawing
            .px
            .iter()
            .map(|&[r, g, b, cover]| {
                [r * cover, g * cover, b * cover, cover].map(|v| (v * UNIT + 0.5).clamp(0.0, 65_535.0) as u16)
            })
            .collect();
        let mut levels = vec![Level { px_per_mm: drawing.px_per_mm, w: drawing.w, h: drawing.h, px }];
        while let Some(last) = levels.last().filter(|last| last.px_per_mm > 3.0 && last.w >= 8 && last.h >= 8) {
            levels.push(last.halved());
        }
        Self { left_mm: drawing.left_mm, top_mm: drawing.top_mm, levels }
    }

    /// The level to read for a density in the picture: never much coarser than the picture, else the finest.
    pub(crate) fn level_for(&self, px_per_mm: f32) -> &Level {
        self.levels.iter().rev().find(|level| level.px_per_mm >= 0.8 * px_per_mm).unwrap_or(&self.levels[0])
    }

    /// Linear light (red, green, blue, multiplied by coverage) and coverage at a place, from the coarsest level: for counting areas.
    fn look_up(&self, x_mm: f32, y_mm: f32) -> [f32; 4] {
        let level = &self.levels[self.levels.len() - 1];
        let place = |mm: f32, start: f32| ((mm - start) * level.px_per_mm * 256.0) as i32 - 128;
        let found = level.sample(place(x_mm, self.left_mm), place(y_mm, self.top_mm));
        found.map_or([0.0; 4], |light| light.map(|v| v as f32 / UNIT))
    }

    pub(crate) fn cover_at(&self, x_mm: f32, y_mm: f32) -> f32 {
        self.look_up(x_mm, y_mm)[3]
    }

    pub(crate) fn luma_at(&self, x_mm: f32, y_mm: f32) -> f32 {
        let [r, g, b, _] = self.look_up(x_mm, y_mm);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Corners of the sheet in the card's plane: left, top, right, bottom.
    pub(crate) fn bounds_mm(&self) -> (f32, f32, f32, f32) {
        let first = &self.levels[0];
        (
            self.left_mm,
            self.top_mm,
            self.left_mm + first.w as f32 / first.px_per_mm,
            self.top_mm + first.h as f32 / first.px_per_mm,
        )
    }

    /// Pixels of a `w` x `h` picture that this sheet can touch: x from, to, y from, to (ends excluded).
    pub(crate) fn reach(&self, map: &Homography, w: usize, h: usize) -> (usize, usize, usize, usize) {
        let (left, top, right, bottom) = self.bounds_mm();
        let corners = [map.map(left, top), map.map(right, top), map.map(right, bottom), map.map(left, bottom)];
        let least = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::INFINITY, f32::min);
        let most = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::NEG_INFINITY, f32::max);
        let clip = |v: f32, limit: usize| v.clamp(0.0, limit as f32) as usize;
        (
            clip(least(|c| c.0) - 1.0, w),
            clip(most(|c| c.0) + 2.0, w),
            clip(least(|c| c.1) - 1.0, h),
            clip(most(|c| c.1) + 2.0, h),
        )
    }

    /// Calls `each(index into the row, light)` for every pixel of row `y` that the sheet covers.
    #[inline]
    pub(crate) fn cover_row(
        &self,
        level: &Level,
        back: &Homography,
        y: usize,
        x_from: usize,
        x_to: usize,
        mut each: impl FnMut(usize, [u32; 4]),
    ) {
        let (mut at, step) = back.row(x_from as f32 + 0.5, y as f32 + 0.5);
        let scale = 256.0 * level.px_per_mm;
        let (shift_x, shift_y) = (self.left_mm * scale + 128.0, self.top_mm * scale + 128.0);
        for x in x_from..x_to {
            let inverse = scale / at[2];
            let (u, v) = (at[0] * inverse - shift_x, at[1] * inverse - shift_y);
            if let Some(light) = level.sample(u as i32, v as i32) {
                each(x, light);
            }
            at[0] += step[0];
            at[1] += step[1];
            at[2] += step[2];
        }
    }

    /// Lays the sheet into a picture; `light` multiplies what is printed.
    pub(crate) fn lay(&self, picture: &mut Picture, map: &Homography, px_per_mm: f32, light: f32) {
        let back = map.inverse();
        let level = self.level_for(px_per_mm);
        let (x_from, x_to, y_from, y_to) = self.reach(map, picture.w, picture.h);
        for y in y_from..y_to {
            let row = &mut picture.px[y * picture.w..(y + 1) * picture.w];
            self.cover_row(level, &back, y, x_from, x_to, |x, c| {
                let rest = 1.0 - c[3] as f32 / UNIT;
                for i in 0..3 {
                    row[x][i] = row[x][i] * rest + c[i] as f32 / UNIT * light;
                }
            });
        }
    }
}

impl Glare {
    /// Light added at a place of the card.
    #[inline]
    pub(crate) fn at(&self, x_mm: f32, y_mm: f32) -> f32 {
        let dx = (x_mm - self.x_mm) / self.radius_mm;
        let dy = (y_mm - self.y_mm) / (self.radius_mm * 0.667);
        let r = dx * dx + dy * dy;
        if r > 18.0 { 0.0 } else { self.strength * (-0.5 * r).exp() }
    }
}

/// A sheet while it is being drawn: linear reflectance and coverage per pixel.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) left_mm: f32,
    pub(crate) top_mm: f32,
    pub(crate) px_per_mm: f32,
    pub(crate) w: usize,
    pub(crate) h: usize,
    pub(crate) px: Vec<[f32; 4]>,
}

impl Drawing {
    pub(crate) fn new(left_mm: f32, top_mm: f32, width_mm: f32, height_mm: f32, px_per_mm: f32) -> Self {
        let (w, h) = ((width_mm * px_per_mm).ceil() as usize, (height_mm * px_per_mm).ceil() as usize);
        Self { left_mm, top_mm, px_per_mm, w, h, px: vec![[0.0; 4]; w * h] }
    }

    pub(crate) fn x_mm(&self, column: usize) -> f32 {
        self.left_mm + (column as f32 + 0.5) / self.px_per_mm
    }

    pub(crate) fn y_mm(&self, row: usize) -> f32 {
        self.top_mm + (row as f32 + 0.5) / self.px_per_mm
    }

    /// Columns or rows that hold `from_mm..to_mm`.
    fn span(&self, from_mm: f32, to_mm: f32, start_mm: f32, limit: usize) -> std::ops::Range<usize> {
        let place = |mm: f32| ((mm - start_mm) * self.px_per_mm).clamp(0.0, limit as f32);
        place(from_mm).floor() as usize..place(to_mm).ceil() as usize
    }

    /// Calls `each(x mm, y mm, pixel)` inside a rectangle.
    pub(crate) fn paint(
        &mut self,
        left: f32,
        top: f32,
        right: f32,
        bottom: f32,
        mut each: impl FnMut(f32, f32, &mut [f32; 4]),
    ) {
        let (columns, rows) =
            (self.span(left, right, self.left_mm, self.w), self.span(top, bottom, self.top_mm, self.h));
        for row in rows {
            let y = self.y_mm(row);
            for column in columns.clone() {
                let x = self.x_mm(column);
                each(x, y, &mut self.px[row * self.w + column]);
            }
        }
    }

    /// Draws with a round pen. Overlapping strokes do not darken twice.
    pub(crate) fn ink(&mut self, segments: &[Segment], half_pen_mm: f32, colour: [f32; 3], strength: f32) {
        let margin = half_pen_mm + 1.0 / self.px_per_mm;
        let bound = |pick: fn(&Segment) -> [f32; 2], join: fn(f32, f32) -> f32, start: f32| {
            segments.iter().flat_map(pick).fold(start, join)
        };
        let left = bound(|s| [s.from.0, s.to.0], f32::min, f32::INFINITY) - margin;
        let right = bound(|s| [s.from.0, s.to.0], f32::max, f32::NEG_INFINITY) + margin;
        let top = bound(|s| [s.from.1, s.to.1], f32::min, f32::INFINITY) - margin;
        let bottom = bound(|s| [s.from.1, s.to.1], f32::max, f32::NEG_INFINITY) + margin;
        if right <= left {
            return;
        }
        let (columns, rows) =
            (self.span(left, right, self.left_mm, self.w), self.span(top, bottom, self.top_mm, self.h));
        let width = columns.len();
        let mut cover = vec![0.0f32; width * rows.len()];
        for segment in segments {
            let (x0, x1) = (segment.from.0.min(segment.to.0) - margin, segment.from.0.max(segment.to.0) + margin);
            let (y0, y1) = (segment.from.1.min(segment.to.1) - margin, segment.from.1.max(segment.to.1) + margin);
            for row in self.span(y0, y1, self.top_mm, self.h) {
                let y = self.y_mm(row);
                for column in self.span(x0, x1, self.left_mm, self.w) {
                    let d = segment.distance(self.x_mm(column), y);
                    let c = (0.5 + (half_pen_mm - d) * self.px_per_mm).clamp(0.0, 1.0);
                    let Some(slot) = cover.get_mut((row - rows.start) * width + (column - columns.start)) else {
                        continue;
                    };
                    *slot = slot.max(c);
                }
            }
        }
        for (i, c) in cover.iter().enumerate().filter(|(_, c)| **c > 0.0) {
            let px = &mut self.px[(rows.start + i / width) * self.w + columns.start + i % width];
            blend(px, colour, c * strength);
        }
    }

    /// Bell-shaped blur of colour and coverage together: the printer is not perfect.
    pub(crate) fn soften(&mut self, sigma_mm: f32) {
        let sigma = sigma_mm * self.px_per_mm;
        if sigma < 0.25 {
            return;
        }
        let reach = (sigma * 3.0).ceil() as usize;
        let weights: Vec<f32> =
            (0..=2 * reach).map(|i| (-0.5 * ((i as f32 - reach as f32) / sigma).powi(2)).exp()).collect();
        let total: f32 = weights.iter().sum();
        let weights: Vec<f32> = weights.iter().map(|w| w / total).collect();
        for px in &mut self.px {
            *px = [px[0] * px[3], px[1] * px[3], px[2] * px[3], px[3]];
        }
        let (w, h) = (self.w, self.h);
        let mut half = vec![[0.0f32; 4]; w * h];
        for y in 0..h {
            let row = &self.px[y * w..(y + 1) * w];
            for x in 0..w {
                let mut sum = [0.0f32; 4];
                for (i, weight) in weights.iter().enumerate() {
                    let s = row[(x + i).saturating_sub(reach).min(w - 1)];
                    for k in 0..4 {
                        sum[k] += s[k] * weight;
                    }
                }
                half[y * w + x] = sum;
            }
        }
        for y in 0..h {
            let out = &mut self.px[y * w..(y + 1) * w];
            out.fill([0.0; 4]);
            for (i, weight) in weights.iter().enumerate() {
                let from = (y + i).saturating_sub(reach).min(h - 1) * w;
                for (o, s) in out.iter_mut().zip(&half[from..from + w]) {
                    for k in 0..4 {
                        o[k] += s[k] * weight;
                    }
                }
            }
        }
        for px in &mut self.px {
            let cover = px[3].max(1e-6);
            *px = [px[0] / cover, px[1] / cover, px[2] / cover, px[3]];
        }
    }
}

/// Mixes a colour into a pixel without changing its coverage.
#[inline]
pub(crate) fn blend(px: &mut [f32; 4], colour: [f32; 3], share: f32) {
    for i in 0..3 {
        px[i] += (colour[i] - px[i]) * share;
    }
}
