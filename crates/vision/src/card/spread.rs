//! How wide an edge is: the averaged profile across a straight side, and its second moment.
//!
//! Every pixel near the side is placed by its distance to the line, as in the slanted-edge method of ISO 12233, so the
//! picture is never interpolated and an edge along a pixel row is read like any other.
//! Guarantees: finite; never more than the window can show; `None` where the two sides of the edge look alike.

use crate::{Plane, Point};

/// Bins in a pixel of distance.
const BINS_PER_PX: f32 = 4.0;
/// Weakest step that can be read, grey levels.
const LEAST_STEP: f32 = 10.0;
/// The lobe of the edge ends where its density falls below this share of its peak: beyond lie texture and header lines.
const LOBE_SHARE: f32 = 0.10;
/// A Gaussian lobe cut at a tenth of its peak keeps this share of its standard deviation (from the truncated normal
/// distribution at 2.146 standard deviations).
const CUT_SHARE: f32 = 0.907;

/// The side to read: a stretch of line, and how far from it pixels count.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpreadWindow {
    pub from: Point,
    pub to: Point,
    pub half_px: f32,
}

/// Buffers of the averaged profile.
#[derive(Debug, Default)]
pub(super) struct SpreadReader {
    bins: Vec<(f32, f32, f32)>,
    /// Mean distance and mean luma of the bins that hold pixels.
    profile: Vec<(f32, f32)>,
}

impl SpreadReader {
    /// Standard deviation of the edge across the side, pixels. `counts`: may the place (0 to 1 along the side) be used?
    pub fn read(&mut self, luma: &Plane, window: &SpreadWindow, counts: impl Fn(f32) -> bool) -> Option<f32> {
        self.average(luma, window, counts);
        self.moment()
    }

    fn average(&mut self, luma: &Plane, window: &SpreadWindow, counts: impl Fn(f32) -> bool) {
        let half = window.half_px.clamp(2.0, 64.0);
        let bins = (2.0 * half * BINS_PER_PX) as usize + 1;
        self.bins.clear();
        self.bins.resize(bins, (0.0, 0.0, 0.0));
        let (across, down) = (window.to.x - window.from.x, window.to.y - window.from.y);
        let lying = across.abs() >= down.abs();
        // Walk pixel by pixel along the longer direction; `tangent` is the drift of the side beside it.
        let (from, to, start, tangent, last) = if lying {
            (window.from.x, window.to.x, window.from.y, down / across, luma.width())
        } else {
            (window.from.y, window.to.y, window.from.x, across / down, luma.height())
        };
        if !tangent.is_finite() {
            return;
        }
        let upright = 1.0 / (1.0 + tangent * tangent).sqrt();
        let reach = half / upright;
        let limit = (if lying { luma.height() } else { luma.width() }) as f32 - 1.0;
        let (low, high) = (from.min(to).max(0.0).ceil() as i32, from.max(to).min(last as f32 - 1.0).floor() as i32);
        for walk in low..=high {
            let along = (walk as f32 - from) / (to - from);
            if !counts(along) {
                continue;
            }
            let line = start + tangent * (walk as f32 - from);
            let (first, final_) = ((line - reach).max(0.0).ceil() as i32, (line + reach).min(limit).floor() as i32);
            for beside in first..=final_ {
                let distance = (beside as f32 - line) * upright;
                let bin = ((distance + half) * BINS_PER_PX) as usize;
                let value = if lying { luma.at(walk, beside) } else { luma.at(beside, walk) };
                if let Some((count, distances, values)) = self.bins.get_mut(bin) {
                    *count += 1.0;
                    *distances += distance;
                    *values += f32::from(value);
                }
            }
        }
    }

    fn moment(&mut self) -> Option<f32> {
        self.profile.clear();
        // A bin with a handful of pixels is noise: half of the mean filling is asked for.
        let filled = self.bins.iter().filter(|bin| bin.0 > 0.0).count();
        let pixels: f32 = self.bins.iter().map(|bin| bin.0).sum();
        let enough = 0.25 * pixels / (filled.max(1)) as f32;
        let kept = self.bins.iter().filter(|bin| bin.0 > 0.0 && bin.0 >= enough);
        self.profile.extend(kept.map(|(count, distances, values)| (distances / count, values / count)));
        let steps = self.profile.len();
        if steps < 5 {
            return None;
        }
        let edges: &[(f32, f32)] = &self.profile;
        let density = |index: usize| {
            let (before, after) = (edges[index.saturating_sub(1)], edges[(index + 2).min(steps - 1)]);
            (after.1 - before.1) / (after.0 - before.0).max(1e-3)
        };
        let centre_first = |index: usize| {
            let middle = f32::midpoint(edges[index].0, edges[index + 1].0);
            density(index).abs() * (1.0 - 0.5 * (middle / edges[0].0.abs().max(1.0)).abs().min(1.0))
        };
        let peak = (0..steps - 1).max_by(|a, b| centre_first(*a).total_cmp(&centre_first(*b)))?;
        let sign = density(peak).signum();
        let least = LOBE_SHARE * density(peak).abs();
        let in_lobe = |index: &usize| sign * density(*index) > least;
        let first = (0..peak).rev().take_while(in_lobe).last().unwrap_or(peak);
        let last = (peak + 1..steps - 1).take_while(in_lobe).last().unwrap_or(peak);
        let (mut mass, mut sum, mut squares, mut widths) = (0.0, 0.0, 0.0, 0.0);
        for pair in edges[first..=last + 1].windows(2) {
            let weight = sign * (pair[1].1 - pair[0].1);
            let (middle, width) = (f32::midpoint(pair[0].0, pair[1].0), pair[1].0 - pair[0].0);
            mass += weight;
            sum += weight * middle;
            squares += weight * middle * middle;
            widths += weight * width * width;
        }
        if mass < LEAST_STEP {
            return None;
        }
        let mean = sum / mass;
        // Sheppard: reading a density in steps of a width adds a twelfth of its square.
        let variance = squares / mass - mean * mean - widths / mass / 12.0;
        Some(variance.max(0.01).sqrt() / CUT_SHARE)
    }
}
