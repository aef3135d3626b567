//! A picture in linear light, and how it becomes 8-bit numbers: blur, exposure, noise, sRGB.

use crate::seed::Dice;

/// Linear light, row by row; 1.0 is a white surface at right exposure.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) w: usize,
    pub(crate) h: usize,
    pub(crate) px: Vec<[f32; 3]>,
}

/// A cut-out in linear light, already multiplied by its coverage (fourth number), placed at `x`, `y` of its picture.
#[derive(Clone, Debug)]
pub(crate) struct CutOut {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) w: usize,
    pub(crate) h: usize,
    pub(crate) px: Vec<[f32; 4]>,
}

impl Picture {
    pub(crate) fn new(w: usize, h: usize) -> Self {
        Self { w, h, px: vec![[0.0; 3]; w * h] }
    }

    /// Lays a cut-out over the picture.
    pub(crate) fn lay(&mut self, top: &CutOut) {
        for row in 0..top.h {
            let y = top.y + row as i32;
            if y < 0 || y >= self.h as i32 {
                continue;
            }
            for column in 0..top.w {
                let x = top.x + column as i32;
                if x < 0 || x >= self.w as i32 {
                    continue;
                }
                let [r, g, b, cover] = top.px[row * top.w + column];
                let under = &mut self.px[y as usize * self.w + x as usize];
                let rest = 1.0 - cover;
                *under = [r + under[0] * rest, g + under[1] * rest, b + under[2] * rest];
            }
        }
    }

    /// Bell-shaped blur; nothing happens below a fifth of a pixel.
    pub(crate) fn blur(&mut self, sigma_px: f32) {
        if sigma_px < 0.2 {
            return;
        }
        // A wide blur needs no fine grid.
        if sigma_px > 6.0 && self.w >= 32 && self.h >= 32 {
            let mut small = self.halved();
            small.blur((sigma_px * sigma_px - 0.5).sqrt() / 2.0);
            *self = small.doubled(self.w, self.h);
            return;
        }
        let reach = (sigma_px * 3.0).ceil() as i32;
        let mut weights: Vec<f32> = (-reach..=reach).map(|i| (-0.5 * (i as f32 / sigma_px).powi(2)).exp()).collect();
        let total: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        let mut row_out = vec![[0.0f32; 3]; self.w];
        for row in self.px.chunks_exact_mut(self.w) {
            smear(row, &weights, reach, &mut row_out);
            row.copy_from_slice(&row_out);
        }
        // Columns: sum whole rows, which keeps memory access in order.
        let source = self.px.clone();
        for y in 0..self.h as i32 {
            let out = &mut self.px[y as usize * self.w..(y as usize + 1) * self.w];
            out.fill([0.0; 3]);
            for (i, weight) in weights.iter().enumerate() {
                let from = (y + i as i32 - reach).clamp(0, self.h as i32 - 1) as usize * self.w;
                for (o, s) in out.iter_mut().zip(&source[from..from + self.w]) {
                    o[0] += s[0] * weight;
                    o[1] += s[1] * weight;
                    o[2] += s[2] * weight;
                }
            }
        }
    }

    fn halved(&self) -> Self {
        let (w, h) = (self.w.div_ceil(2), self.h.div_ceil(2));
        let mut small = Self::new(w, h);
        for y in 0..h {
            for x in 0..w {
                let (x1, y1) = ((2 * x + 1).min(self.w - 1), (2 * y + 1).min(self.h - 1));
                let four = [(2 * x, 2 * y), (x1, 2 * y), (2 * x, y1), (x1, y1)].map(|(x, y)| self.px[y * self.w + x]);
                small.px[y * w + x] =
                    std::array::from_fn(|i| (four[0][i] + four[1][i] + four[2][i] + four[3][i]) * 0.25);
            }
        }
        small
    }

    /// Twice as large, between pixels by weighted mean; `w` and `h` may be one less or more.
    pub(crate) fn doubled(&self, w: usize, h: usize) -> Self {
        let mut large = Self::new(w, h);
        for y in 0..h {
            let sy = (y as f32 * 0.5 - 0.25).clamp(0.0, (self.h - 1) as f32);
            let (y0, fy) = (sy as usize, sy.fract());
            let y1 = (y0 + 1).min(self.h - 1);
            for x in 0..w {
                let sx = (x as f32 * 0.5 - 0.25).clamp(0.0, (self.w - 1) as f32);
                let (x0, fx) = (sx as usize, sx.fract());
                let x1 = (x0 + 1).min(self.w - 1);
                let at = |x: usize, y: usize| self.px[y * self.w + x];
                let (a, b, c, d) = (at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1));
                large.px[y * w + x] = std::array::from_fn(|i| {
                    let top = a[i] + (b[i] - a[i]) * fx;
                    let bottom = c[i] + (d[i] - c[i]) * fx;
                    top + (bottom - top) * fy
                });
            }
        }
        large
    }

    /// 8-bit sRGB with sensor noise. Noise is given in stored steps at middle grey and follows the light:
    /// half of it is there in the dark already, the rest is shot noise.
    pub(crate) fn develop(&self, exposure: f32, noise: f32, seed: u64, rgb: &mut Vec<u8>) {
        let curve = Curve::new(1.0);
        // Slope of sRGB at middle grey: one stored step there is this much light.
        let step = 0.0033 * noise;
        rgb.clear();
        rgb.reserve(self.px.len() * 3);
        let mut dice = Dice::new(seed, 0x0153);
        for px in &self.px {
            let light = px.map(|v| v * exposure);
            if noise > 0.0 {
                let level = (light[1].max(0.0) / 0.2).sqrt();
                let spread = step * (0.35 + 0.65 * level);
                let common = 0.8 * dice.bell() * spread;
                rgb.extend(light.map(|v| curve.encode(v + common + 0.5 * dice.bell() * spread)));
            } else {
                rgb.extend(light.map(|v| curve.encode(v)));
            }
        }
    }
}

fn smear(row: &[[f32; 3]], weights: &[f32], reach: i32, out: &mut [[f32; 3]]) {
    let last = row.len() as i32 - 1;
    for (x, o) in out.iter_mut().enumerate() {
        let mut sum = [0.0f32; 3];
        for (i, weight) in weights.iter().enumerate() {
            let s = row[(x as i32 + i as i32 - reach).clamp(0, last) as usize];
            sum[0] += s[0] * weight;
            sum[1] += s[1] * weight;
            sum[2] += s[2] * weight;
        }
        *o = sum;
    }
}

/// One unit of linear light in the 16-bit form that sheets and practice layers use.
pub(crate) const UNIT: f32 = 16_384.0;

/// sRGB encoding as a table over linear light.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    steps: Vec<u8>,
}

impl Curve {
    /// Encodes light multiplied by `gain`.
    pub(crate) fn new(gain: f32) -> Self {
        let steps = (0..=16_384u32).map(|i| (srgb(i as f32 / 4096.0 * gain) * 255.0 + 0.5) as u8).collect();
        Self { steps }
    }

    #[inline]
    pub(crate) fn encode(&self, light: f32) -> u8 {
        let index = (light * 4096.0 + 0.5).clamp(0.0, 16_384.0) as usize;
        self.steps[index]
    }

    /// Encodes light in the 16-bit form (see [`UNIT`]).
    #[inline]
    pub(crate) fn encode_fixed(&self, light: u32) -> u8 {
        self.steps[(light as usize >> 2).min(16_384)]
    }
}

/// sRGB transfer (IEC 61966-2-1), clipped to 0..1.
pub(crate) fn srgb(light: f32) -> f32 {
    let v = light.clamp(0.0, 1.0);
    if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

/// Inverse of [`srgb`].
pub(crate) fn linear(stored: f32) -> f32 {
    if stored <= 0.040_45 { stored / 12.92 } else { ((stored + 0.055) / 1.055).powf(2.4) }
}
