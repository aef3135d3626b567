//! The word SPECIMEN burnt into the lower left corner of a finished picture, outside every guide.

use crate::stroke_font;

/// Which pixels carry the word, worked out once per picture size.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Index of the pixel, share of the dark outline and share of the white stroke, of 256.
    dots: Vec<(usize, u16, u16)>,
}

impl Mark {
    pub(crate) fn new(w: usize, h: usize) -> Self {
        let capital = h as f32 * 0.030;
        let (left, top) = (h as f32 * 0.022, h as f32 * (1.0 - 0.022) - capital);
        let pen = capital * 0.085;
        let strokes = stroke_font::write("SPECIMEN", left, top, capital, 1.05);
        let right = (left + stroke_font::width("SPECIMEN", capital, 1.05) + 4.0).min(w as f32) as usize;
        let mut dots = Vec::new();
        for y in (top - 4.0).max(0.0) as usize..h {
            for x in 0..right {
                let d =
                    strokes.iter().map(|s| s.distance(x as f32 + 0.5, y as f32 + 0.5)).fold(f32::INFINITY, f32::min);
                let share = |half: f32| ((0.5 + half - d).clamp(0.0, 1.0) * 256.0) as u16;
                let (dark, white) = (share(pen + 1.4), share(pen));
                if dark > 0 {
                    dots.push((y * w + x, dark * 3 / 5, white * 7 / 8));
                }
            }
        }
        Self { dots }
    }

    pub(crate) fn burn(&self, rgb: &mut [u8]) {
        for &(pixel, dark, white) in &self.dots {
            for value in rgb.iter_mut().skip(pixel * 3).take(3) {
                let darkened = (u32::from(*value) * (256 - u32::from(dark))) >> 8;
                *value = ((darkened * (256 - u32::from(white)) + 250 * u32::from(white)) >> 8) as u8;
            }
        }
    }
}
