//! A drawn scene as the JPEG a camera would deliver.

use std::path::Path;

use likeness_camera::encode_rgb;
use likeness_studio::{Painting, Truth};

use crate::EvaluationError;
use crate::chance::Chance;

/// Quality of the camera's pictures.
const QUALITY: u8 = 92;
/// Width of the small pictures on the contact sheets.
pub const SMALL_WIDTH_PX: usize = 240;

pub struct Shot {
    pub jpeg: Vec<u8>,
    pub rgb: Vec<u8>,
    pub width_px: u16,
    pub height_px: u16,
    pub truth: Truth,
}

/// What the sensor does with the light.
#[derive(Clone, Copy)]
pub struct Sensor {
    pub exposure: f32,
    pub noise: f32,
    pub seed: u64,
}

impl Shot {
    pub fn of(painting: &Painting, size_px: (u16, u16), sensor: Sensor) -> Result<Self, EvaluationError> {
        let mut rgb = Vec::new();
        painting.develop(sensor.exposure, sensor.noise, sensor.seed, &mut rgb);
        let jpeg = encode_rgb(&rgb, size_px.0, size_px.1, QUALITY)?;
        Ok(Self { jpeg, rgb, width_px: size_px.0, height_px: size_px.1, truth: painting.truth.clone() })
    }

    /// The same scene a moment later: everything moved by parts of pixels, with fresh noise, coded anew.
    pub fn swayed(&self, (dx, dy): (f32, f32), seed: u64) -> Result<Vec<u8>, EvaluationError> {
        let (w, h) = (usize::from(self.width_px), usize::from(self.height_px));
        let mut chance = Chance::new(seed, 77);
        let mut moved = vec![0u8; self.rgb.len()];
        let (ix, iy) = (dx.floor() as i32, dy.floor() as i32);
        let (fx, fy) = (((dx - dx.floor()) * 256.0) as i32, ((dy - dy.floor()) * 256.0) as i32);
        let weights = [(256 - fx) * (256 - fy), fx * (256 - fy), (256 - fx) * fy, fx * fy];
        let mut noise = 0u64;
        for y in 0..h {
            let rows = [0, 1].map(|step| (y as i32 + iy + step).clamp(0, h as i32 - 1) as usize * w);
            for x in 0..w {
                let columns = [0, 1].map(|step| (x as i32 + ix + step).clamp(0, w as i32 - 1) as usize);
                if x % 16 == 0 {
                    noise = chance.next();
                }
                let grain = ((noise >> (4 * (x % 16))) & 7) as i32 * 65_536 / 2 - 7 * 16_384;
                for channel in 0..3 {
                    let at =
                        |row: usize, column: usize| i32::from(self.rgb[(rows[row] + columns[column]) * 3 + channel]);
                    let sum =
                        at(0, 0) * weights[0] + at(0, 1) * weights[1] + at(1, 0) * weights[2] + at(1, 1) * weights[3];
                    moved[(y * w + x) * 3 + channel] = ((sum + grain + 32_768) >> 16).clamp(0, 255) as u8;
                }
            }
        }
        Ok(encode_rgb(&moved, self.width_px, self.height_px, QUALITY)?)
    }

    /// Keeps a small picture for the contact sheets.
    pub fn keep_small(&self, file: &Path) -> Result<(), EvaluationError> {
        let (w, h) = (usize::from(self.width_px), usize::from(self.height_px));
        let small_h = h * SMALL_WIDTH_PX / w;
        let mut small = Vec::with_capacity(SMALL_WIDTH_PX * small_h * 3);
        for y in 0..small_h {
            let rows = y * h / small_h..((y + 1) * h / small_h).max(y * h / small_h + 1);
            for x in 0..SMALL_WIDTH_PX {
                let columns = x * w / SMALL_WIDTH_PX..((x + 1) * w / SMALL_WIDTH_PX).max(x * w / SMALL_WIDTH_PX + 1);
                for channel in 0..3 {
                    let sum: usize = rows
                        .clone()
                        .flat_map(|row| columns.clone().map(move |column| (row * w + column) * 3 + channel))
                        .map(|at| usize::from(self.rgb[at]))
                        .sum();
                    small.push((sum / (rows.len() * columns.len())) as u8);
                }
            }
        }
        let jpeg = encode_rgb(&small, SMALL_WIDTH_PX as u16, small_h as u16, 85)?;
        std::fs::write(file, jpeg).map_err(|source| EvaluationError::File { path: file.to_owned(), source })
    }
}
