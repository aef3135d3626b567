//! Luma statistics: histograms and their percentiles.

use super::SceneLight;
use crate::Plane;

/// How often each luma occurs.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: [u32; 256],
    total: u32,
}

impl Histogram {
    /// Nothing counted.
    pub fn new() -> Self {
        Self { counts: [0; 256], total: 0 }
    }

    /// Counts pixels.
    pub fn add(&mut self, pixels: &[u8]) {
        // Four tables, because equal neighbours would otherwise wait for each other's count.
        let mut tables = [[0_u32; 256]; 4];
        let (fours, rest) = pixels.as_chunks::<4>();
        if fours.len() < 256 {
            self.add_singly(pixels);
        } else {
            for four in fours {
                for (table, pixel) in tables.iter_mut().zip(four) {
                    table[usize::from(*pixel)] += 1;
                }
            }
            self.add_singly(rest);
            for table in &tables {
                self.counts.iter_mut().zip(table).for_each(|(sum, count)| *sum += count);
            }
        }
        self.total += pixels.len() as u32;
    }

    fn add_singly(&mut self, pixels: &[u8]) {
        for pixel in pixels {
            self.counts[usize::from(*pixel)] += 1;
        }
    }

    /// Is nothing counted?
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The luma that `share` (0 to 1) of the pixels do not exceed; 0 when nothing was counted.
    pub fn percentile(&self, share: f32) -> f32 {
        let wanted = (share * self.total as f32).ceil().max(1.0);
        let mut seen = 0;
        for (luma, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen as f32 >= wanted {
                return luma as f32;
            }
        }
        0.0
    }

    /// Share of the pixels at or above `luma`.
    pub fn share_from(&self, luma: usize) -> f32 {
        let count: u32 = self.counts[luma..].iter().sum();
        count as f32 / self.total.max(1) as f32
    }

    /// Mean luma; 0 when nothing was counted.
    pub fn mean(&self) -> f32 {
        let sum: u64 = self.counts.iter().enumerate().map(|(luma, count)| luma as u64 * u64::from(*count)).sum();
        sum as f32 / self.total.max(1) as f32
    }
}

/// Light of the whole frame.
pub fn scene(luma: &Plane<'_>) -> SceneLight {
    let mut all = Histogram::new();
    (0..luma.height()).for_each(|y| all.add(luma.row(y)));
    SceneLight { p10: all.percentile(0.10), p90: all.percentile(0.90), mean: all.mean() }
}
