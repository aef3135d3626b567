//! Where a reflection has burnt the card, and how bright the card is.
//!
//! Works on the flat card of `FLAT` pixels. Guarantees: shares are 0 to 1. A card that is bright all over is not
//! glare but over-exposed; both numbers are given and `capture` tells them apart.

use crate::Rect;

use super::parts::PartFinder;

/// Size of the flat card the light is read on: 5 px/mm of an ID-1 card.
pub(super) const FLAT: (u32, u32) = (428, 270);
/// A burnt pixel is at least this bright ...
const BURNT: u8 = 247;
/// ... and no pixel of the 5 x 5 around it is darker than this: a white letter edge is not glare.
const BURNT_AROUND: u8 = 238;
/// Smaller blobs, as a share of the card, are sparkle.
const LEAST_BLOB: f32 = 0.002;

/// Light on the card.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct CardLight {
    pub glare_share: f32,
    pub median_luma: f32,
    pub p90_luma: f32,
}

/// Buffers of the glare search.
#[derive(Debug, Default)]
pub(super) struct GlareReader {
    mask: Vec<u8>,
    rows: Vec<u8>,
    parts: PartFinder,
    /// Blobs of the last card, pixels of the flat card.
    pub blobs: Vec<Rect>,
}

impl GlareReader {
    /// Reads the flat card; the blobs stay in `blobs`.
    pub fn read(&mut self, flat: &[u8]) -> CardLight {
        self.blobs.clear();
        let mut counts = [0_u32; 256];
        for value in flat {
            counts[usize::from(*value)] += 1;
        }
        let burnt: u32 = counts[usize::from(BURNT)..].iter().sum();
        let glare_share = if burnt as f32 > LEAST_BLOB * flat.len() as f32 { self.find_blobs(flat) } else { 0.0 };
        CardLight { glare_share, median_luma: percentile(&counts, 0.5), p90_luma: percentile(&counts, 0.9) }
    }

    fn find_blobs(&mut self, flat: &[u8]) -> f32 {
        let width = FLAT.0 as usize;
        // Minimum along rows, then along columns: what is burnt and bright all around.
        self.rows.clear();
        for row in flat.chunks_exact(width) {
            self.rows.extend((0..width).map(|x| {
                let around = &row[x.saturating_sub(2)..(x + 3).min(width)];
                u8::from(around.iter().all(|value| *value >= BURNT_AROUND))
            }));
        }
        self.mask.clear();
        let height = flat.len() / width;
        for y in 0..height {
            for x in 0..width {
                let bright = (y.saturating_sub(2)..(y + 3).min(height)).all(|row| self.rows[row * width + x] == 1);
                self.mask.push(u8::from(bright && flat[y * width + x] >= BURNT));
            }
        }
        self.give_back_rim(flat, width);
        let mut burnt = 0;
        for part in self.parts.find(&self.mask, width) {
            if part.area as f32 >= LEAST_BLOB * flat.len() as f32 {
                burnt += part.area;
                self.blobs.push(Rect {
                    x: part.left as f32,
                    y: part.top as f32,
                    width: part.width() as f32,
                    height: part.height() as f32,
                });
            }
        }
        burnt as f32 / flat.len() as f32
    }
}

impl GlareReader {
    /// The neighbourhood took two pixels from the rim of every blob: burnt pixels that near to the mask belong to it.
    fn give_back_rim(&mut self, flat: &[u8], width: usize) {
        let height = flat.len() / width;
        for (rows, mask) in self.rows.chunks_exact_mut(width).zip(self.mask.chunks_exact(width)) {
            for (x, near) in rows.iter_mut().enumerate() {
                *near = mask[x.saturating_sub(2)..(x + 3).min(width)].iter().fold(0, |any, mark| any | mark);
            }
        }
        for y in 0..height {
            for x in 0..width {
                let near = (y.saturating_sub(2)..(y + 3).min(height)).any(|row| self.rows[row * width + x] == 1);
                self.mask[y * width + x] = u8::from(near && flat[y * width + x] >= BURNT);
            }
        }
    }
}

fn percentile(counts: &[u32; 256], share: f32) -> f32 {
    let total: u32 = counts.iter().sum();
    let wanted = (share * total as f32) as u32;
    let mut seen = 0;
    let at = counts.iter().position(|count| {
        seen += count;
        seen > wanted
    });
    at.unwrap_or(0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flat card of one luma with a burnt disc of the given radius.
    fn card_with_disc(luma: u8, radius_px: f32, disc: u8) -> Vec<u8> {
        (0..FLAT.0 * FLAT.1)
            .map(|index| {
                let (x, y) = ((index % FLAT.0) as f32 - 150.0, (index / FLAT.0) as f32 - 100.0);
                if x.hypot(y) <= radius_px { disc } else { luma }
            })
            .collect()
    }

    #[test]
    fn glare_is_what_is_burnt_and_wide() {
        #[rustfmt::skip]
        let table = [
            // luma, radius, disc, share low .. high, because
            (140,  0.0, 255, 0.0,    0.0,    "a clean card"),
            (140,  6.0, 255, 0.0,    0.0,    "sparkle of a hologram, .1 % of the card"),
            (140, 40.0, 255, 0.0425, 0.0445, "a disc of 4.35 %, its rim included"),
            (140, 40.0, 246, 0.0,    0.0,    "bright, not burnt: the print is still there"),
            (250,  0.0, 255, 0.99,   1.0,    "over-exposed: everything, and the median says so"),
        ];
        for (luma, radius_px, disc, low, high, because) in table {
            let mut reader = GlareReader::default();
            let light = reader.read(&card_with_disc(luma, radius_px, disc));
            assert!((low..=high).contains(&light.glare_share), "{because}: {light:?}");
            assert_eq!(reader.blobs.is_empty(), high == 0.0, "{because}: a share without a place helps nobody");
            assert!((light.median_luma - f32::from(luma)).abs() < 1.0, "{because}: {light:?}");
        }
    }
}
