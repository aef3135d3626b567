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
/// The slope at a place is taken over this much on both sides: a wide edge rises by little from bin to bin.
const SLOPE_REACH_PX: f32 = 1.0;
/// The lobe of the edge ends where its slope falls below this share of its peak: beyond lie texture and header lines.
const LOBE_SHARE: f32 = 0.12;

/// A pixel is an aperture of a twelfth of a square pixel; a profile that claims clearly less is not one edge but two
/// that cancel each other.
const LEAST_VARIANCE: f32 = 0.06;

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
        // A bin with a handful of pixels is noise: a quarter of the mean filling is asked for.
        let filled = self.bins.iter().filter(|bin| bin.0 > 0.0).count();
        let pixels: f32 = self.bins.iter().map(|bin| bin.0).sum();
        let enough = 0.25 * pixels / (filled.max(1)) as f32;
        let kept = self.bins.iter().filter(|bin| bin.0 > 0.0 && bin.0 >= enough);
        self.profile.extend(kept.map(|(count, distances, values)| (distances / count, values / count)));
        let lobe = lobe(&self.profile)?;
        let edge = &self.profile[lobe];
        let (first, last) = (edge.first()?, edge.last()?);
        let sign = (last.1 - first.1).signum();
        let (mut mass, mut sum, mut squares, mut widths) = (0.0, 0.0, 0.0, 0.0);
        for pair in edge.windows(2) {
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
        (variance >= LEAST_VARIANCE).then(|| uncut(variance.sqrt(), (last.0 - first.0) / 2.0))
    }
}

/// The stretch of the profile over which the edge rises or falls, around its steepest place.
fn lobe(profile: &[(f32, f32)]) -> Option<std::ops::Range<usize>> {
    if profile.len() < 5 {
        return None;
    }
    let half = profile.last()?.0.max(1.0);
    let slope = |index: usize| {
        let at = profile[index].0;
        let before = profile[..index].iter().rposition(|place| at - place.0 >= SLOPE_REACH_PX).unwrap_or(0);
        let beyond = profile[index..].iter().position(|place| place.0 - at >= SLOPE_REACH_PX);
        let after = beyond.map_or(profile.len() - 1, |skip| index + skip);
        (profile[after].1 - profile[before].1) / (profile[after].0 - profile[before].0).max(1e-3)
    };
    // The line was fitted to this edge, so it lies near the middle; a stronger edge far from it is another one.
    let near_middle = |index: &usize| slope(*index).abs() * (1.0 - 0.5 * (profile[*index].0 / half).abs().min(1.0));
    let peak = (0..profile.len()).max_by(|a, b| near_middle(a).total_cmp(&near_middle(b)))?;
    let (sign, least) = (slope(peak).signum(), LOBE_SHARE * slope(peak).abs());
    let in_lobe = |index: &usize| sign * slope(*index) > least;
    let first = (0..peak).rev().take_while(in_lobe).last().unwrap_or(peak).saturating_sub(1);
    let last = (peak + 1..profile.len()).take_while(in_lobe).last().unwrap_or(peak).min(profile.len() - 2) + 1;
    Some(first..last + 1)
}

/// The deviation of a whole Gaussian of which only `half_px` on both sides of its middle were read.
///
/// A normal distribution cut at `a` deviations keeps the variance share `1 - 2 a phi(a) / (2 Phi(a) - 1)`. Solved by
/// repetition; a lobe cut nearer than one deviation says too little, so the answer never exceeds about twice the reading.
fn uncut(read_px: f32, half_px: f32) -> f32 {
    let mut deviation = read_px;
    for _ in 0..12 {
        let a = (half_px / deviation).clamp(1.0, 5.0);
        let density = (-0.5 * a * a).exp() * 0.398_942_3;
        let inside = 2.0 * normal_share_below(a) - 1.0;
        deviation = read_px / (1.0 - 2.0 * a * density / inside).max(0.05).sqrt();
    }
    deviation
}

/// Share of a normal distribution below `a >= 0` deviations (Abramowitz and Stegun 26.2.17, error below 1e-7).
fn normal_share_below(a: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.231_641_9 * a);
    let series = t * (0.319_381_53 + t * (-0.356_563_78 + t * (1.781_477_9 + t * (-1.821_255_9 + t * 1.330_274_4))));
    1.0 - (-0.5 * a * a).exp() * 0.398_942_3 * series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with a Gaussian edge of the given deviation along a line of the given slope, and pixel noise.
    fn edge(deviation_px: f32, slope: f32, step: f32, noise: f32) -> Vec<u8> {
        let upright = 1.0 / (1.0 + slope * slope).sqrt();
        let mut state = 9_u32;
        (0..300 * 120)
            .map(|index| {
                let (x, y) = ((index % 300) as f32, (index / 300) as f32);
                let distance = (y - 60.3 - slope * (x - 150.0)) * upright / deviation_px;
                let share =
                    if distance >= 0.0 { normal_share_below(distance) } else { 1.0 - normal_share_below(-distance) };
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let chance = (state >> 16) as f32 / 65_536.0 - 0.5;
                (100.0 + step * share + noise * 3.46 * chance).round().clamp(0.0, 255.0) as u8
            })
            .collect()
    }

    #[test]
    fn the_deviation_of_a_gaussian_edge_is_read_back() {
        #[rustfmt::skip]
        let table = [
            // deviation, slope, step, noise, tolerance, because
            (0.6, 0.03,  90.0, 2.0, 0.12, "a sharp edge"),
            (0.9, 0.00,  90.0, 2.0, 0.12, "an edge along a row: its pixels stand at whole distances only"),
            (0.9, 0.20, -70.0, 2.0, 0.10, "bright above, dark below"),
            (1.5, 0.05,  60.0, 4.0, 0.10, "soft"),
            (2.5, 0.05,  60.0, 4.0, 0.15, "blurred"),
            (2.5, 0.00,  25.0, 4.0, 0.30, "blurred and pale"),
        ];
        for (deviation_px, slope, step, noise, tolerance, because) in table {
            let px = edge(deviation_px, slope, step, noise);
            let luma = Plane::new(&px, 300, 120, 300).expect("a plane");
            let at = |x: f32| Point { x, y: 60.3 + slope * (x - 150.0) };
            let window = SpreadWindow { from: at(20.0), to: at(280.0), half_px: 7.0 };
            let read = SpreadReader::default().read(&luma, &window, |_| true).expect(because);
            assert!((read / deviation_px - 1.0).abs() < tolerance, "{because}: {read} instead of {deviation_px}");
        }
    }

    #[test]
    fn without_a_step_there_is_nothing_to_read() {
        let px = edge(1.0, 0.0, 4.0, 3.0);
        let luma = Plane::new(&px, 300, 120, 300).expect("a plane");
        let window = SpreadWindow { from: Point { x: 20.0, y: 60.0 }, to: Point { x: 280.0, y: 60.0 }, half_px: 7.0 };
        assert_eq!(SpreadReader::default().read(&luma, &window, |_| true), None);
        assert_eq!(SpreadReader::default().read(&luma, &window, |_| false), None, "and nothing where no pixel counts");
    }
}
