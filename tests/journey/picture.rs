//! What a screenshot shows, compared with what the camera saw: the same way round, or mirrored?

#![allow(clippy::cast_precision_loss, reason = "sums of a few thousand bytes")]

use std::io::Cursor;

/// Columns and rows that are compared.
const GRID: (usize, usize) = (96, 54);

/// How a picture stands to another one.
#[derive(Debug, Clone, Copy)]
pub struct Likeness {
    /// 1 when it is the same, 0 when it has nothing to do with it.
    pub straight: f32,
    /// The same with its sides changed.
    pub mirrored: f32,
}

/// Compares one place (left, top, width, height) of a screenshot (PNG) with an RGB picture that fills it.
pub fn compare(screenshot: &[u8], place: [usize; 4], rgb: &[u8], (width_px, height_px): (u16, u16)) -> Likeness {
    let seen = grid(rgb, usize::from(width_px), usize::from(height_px), 3);
    let (pixels, width, height, step) = decode(screenshot);
    let [left, top, wide, high] = place;
    let (wide, high) = (wide.min(width.saturating_sub(left)), high.min(height.saturating_sub(top)));
    let rows = (top..top + high).flat_map(|y| &pixels[(y * width + left) * step..(y * width + left + wide) * step]);
    let cut: Vec<u8> = rows.copied().collect();
    if wide < GRID.0 || high < GRID.1 {
        return Likeness { straight: 0.0, mirrored: 0.0 };
    }
    let shown = grid(&cut, wide, high, step);
    let turned: Vec<f32> = shown.chunks(GRID.0).flat_map(|row| row.iter().rev().copied()).collect();
    Likeness { straight: correlation(&seen, &shown), mirrored: correlation(&seen, &turned) }
}

fn decode(png: &[u8]) -> (Vec<u8>, usize, usize, usize) {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().expect("a screenshot is a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a screenshot fits into memory")];
    let info = reader.next_frame(&mut pixels).expect("a whole PNG");
    let step = info.color_type.samples();
    assert!(step >= 3 && info.bit_depth == png::BitDepth::Eight, "a colour screenshot");
    (pixels, info.width as usize, info.height as usize, step)
}

/// Mean green of each cell; the outermost cells are left out, for corners are round and edges soft.
fn grid(pixels: &[u8], width: usize, height: usize, step: usize) -> Vec<f32> {
    let mut cells = Vec::with_capacity(GRID.0 * GRID.1);
    for row in 0..GRID.1 {
        for column in 0..GRID.0 {
            let (x0, x1) = (column * width / GRID.0, ((column + 1) * width / GRID.0).max(column * width / GRID.0 + 1));
            let (y0, y1) = (row * height / GRID.1, ((row + 1) * height / GRID.1).max(row * height / GRID.1 + 1));
            let sum: u32 = (y0..y1)
                .flat_map(|y| (x0..x1).map(move |x| (x, y)))
                .map(|(x, y)| u32::from(pixels[(y * width + x) * step + 1]))
                .sum();
            cells.push(sum as f32 / ((x1 - x0) * (y1 - y0)) as f32);
        }
    }
    cells
}

fn correlation(one: &[f32], other: &[f32]) -> f32 {
    let mean = |cells: &[f32]| cells.iter().sum::<f32>() / cells.len() as f32;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut square_one, mut square_other) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other) {
        let (a, b) = (a - mean_one, b - mean_other);
        both += a * b;
        square_one += a * a;
        square_other += b * b;
    }
    both / (square_one * square_other).sqrt().max(1.0)
}
