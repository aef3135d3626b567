//! What a glance at a picture says without knowing what is in it: dark, white, without colour, green or pink all over.
//!
//! A glance costs little: raw pictures are sampled where they lie, JPEGs are decoded at an eighth and only a few times a
//! second. It judges the camera, never the photo: whether a face or a card is good is decided in `vision`. Pure; knows no clock.

use std::time::Duration;

use crate::mode::Pixels;
use crate::planes::{FULL_CHROMA, FULL_LUMA, Plane, Planes};
use crate::state::Findings;

/// Below this mean and deviation (levels of 255) a picture shows nothing: the lens is covered, or there is no light.
const DARK_BELOW: f32 = 12.0;
/// Above this mean, with as little deviation, it is drowned in light.
const WHITE_ABOVE: f32 = 243.0;
/// A picture with less than this has no detail. The noise of a covered sensor stays below it.
const FLAT_BELOW: f32 = 4.0;
/// Colour vanishes in the dark and in the glare for every camera; between these means its absence is the camera's.
const COLOUR_EXPECTED: std::ops::Range<f32> = 60.0..235.0;
/// A sample this far from neutral has a colour. JPEG's own rounding stays within it.
const COLOURED_FROM: u8 = 5;
/// Fewer coloured samples than this are no colour; one face fills more.
const COLOURED_SHARE: f32 = 0.01;
/// Both chroma means below the first are green, above the second pink. No light that exists does this to a whole picture:
/// pure green has a mean of 44 in blue, pure magenta 212. It is what bytes look like that are read in the wrong format.
const TINTED: (f32, f32) = (40.0, 215.0);
/// So many tinted pictures in a row are no accident of a starting camera.
pub(crate) const TINTED_IN_A_ROW: u32 = 10;
/// A finding is told when it has been true for this long.
const FOUND_AFTER: Duration = Duration::from_secs(1);
/// Between two glances at a JPEG; one costs about 3 ms at 1080 rows, so this is under 1 % of a core.
const GLANCE_EVERY: Duration = Duration::from_millis(400);
/// Samples a row and rows of a glance at pixels.
const GRID: (usize, usize) = (64, 36);

/// What a glance has measured, in levels of 255.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glance {
    luma_mean: f32,
    luma_deviation: f32,
    blue_mean: f32,
    red_mean: f32,
    /// Samples that have a colour, as a share of all.
    coloured: f32,
}

impl Glance {
    /// Averages samples of full-range luma, blue difference and red difference.
    fn of(samples: impl Iterator<Item = [u8; 3]>) -> Self {
        let (mut count, mut coloured) = (0u32, 0u32);
        let (mut luma, mut squares, mut blue, mut red) = (0u64, 0u64, 0u64, 0u64);
        for [y, u, v] in samples {
            count += 1;
            luma += u64::from(y);
            squares += u64::from(y) * u64::from(y);
            blue += u64::from(u);
            red += u64::from(v);
            coloured += u32::from(u.abs_diff(128).max(v.abs_diff(128)) >= COLOURED_FROM);
        }
        let mean = |sum: u64| sum as f32 / count.max(1) as f32;
        let luma_mean = mean(luma);
        Self {
            luma_mean,
            luma_deviation: (mean(squares) - luma_mean * luma_mean).max(0.0).sqrt(),
            blue_mean: mean(blue),
            red_mean: mean(red),
            coloured: coloured as f32 / count.max(1) as f32,
        }
    }

    /// Glances at decoded pixels of any size.
    pub(crate) fn at_planes(planes: &Planes) -> Self {
        let chroma = |plane: &Option<Plane>, x: usize, y: usize| {
            plane.as_ref().map_or(128, |plane| plane.row(y >> planes.shift_y)[x >> planes.shift_x])
        };
        Self::of(
            grid(planes.y.width, planes.y.height)
                .map(|(x, y)| [planes.y.row(y)[x], chroma(&planes.u, x, y), chroma(&planes.v, x, y)]),
        )
    }

    /// Glances at a raw picture with tight rows where it lies; `None` for a packing that has to be decoded.
    pub(crate) fn at_raw(bytes: &[u8], pixels: Pixels, width: usize, height: usize) -> Option<Self> {
        if pixels.raw_bytes(width, height).is_none_or(|needed| bytes.len() < needed) || width < 2 {
            return None;
        }
        let full =
            |y: u8, u: u8, v: u8| [FULL_LUMA[usize::from(y)], FULL_CHROMA[usize::from(u)], FULL_CHROMA[usize::from(v)]];
        Some(match pixels {
            Pixels::Mjpeg => return None,
            Pixels::Yuyv => Self::of(grid(width - 1, height).map(|(x, y)| {
                let at = 2 * (y * width + x / 2 * 2);
                full(bytes[2 * (y * width + x)], bytes[at + 1], bytes[at + 3])
            })),
            Pixels::Nv12 => Self::of(grid(width, height).map(|(x, y)| {
                let at = width * height + (y / 2) * 2 * width.div_ceil(2) + x / 2 * 2;
                full(bytes[y * width + x], bytes[at], bytes[at + 1])
            })),
        })
    }

    /// Nearly black and without detail.
    pub(crate) fn dark(&self) -> bool {
        self.luma_mean < DARK_BELOW && self.luma_deviation < FLAT_BELOW
    }
    fn white(&self) -> bool {
        self.luma_mean > WHITE_ABOVE && self.luma_deviation < FLAT_BELOW
    }
    fn colourless(&self) -> bool {
        COLOUR_EXPECTED.contains(&self.luma_mean) && self.coloured < COLOURED_SHARE
    }
    fn tinted(&self) -> bool {
        let (low, high) = (self.blue_mean.min(self.red_mean), self.blue_mean.max(self.red_mean));
        high < TINTED.0 || low > TINTED.1
    }
}

/// Places spread evenly over a picture.
fn grid(width: usize, height: usize) -> impl Iterator<Item = (usize, usize)> {
    let (columns, rows) = (GRID.0.min(width), GRID.1.min(height));
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (column * width / columns, row * height / rows)))
}

/// What the glances of one stream add up to.
#[derive(Debug, Default)]
pub(crate) struct Glances {
    last_at: Option<Duration>,
    dark_since: Option<Duration>,
    white_since: Option<Duration>,
    colourless_since: Option<Duration>,
    tinted_in_a_row: u32,
    findings: Findings,
}

impl Glances {
    /// Whether a picture that arrives at `at` (since the stream began) is to be looked at; `cheap` where that costs nothing.
    pub(crate) fn due(&self, at: Duration, cheap: bool) -> bool {
        let suspicious = self.tinted_in_a_row > 0 && !self.findings.tinted;
        cheap || suspicious || self.last_at.is_none_or(|last| at.saturating_sub(last) >= GLANCE_EVERY)
    }

    /// Takes note of one glance; `shutter_closed` is what the camera says of itself.
    pub(crate) fn note(&mut self, glance: &Glance, shutter_closed: bool, at: Duration) -> Findings {
        self.last_at = Some(at);
        let lasting = |true_now: bool, since: &mut Option<Duration>| {
            *since = if true_now { since.or(Some(at)) } else { None };
            since.is_some_and(|since| at.saturating_sub(since) >= FOUND_AFTER)
        };
        self.tinted_in_a_row = if glance.tinted() { self.tinted_in_a_row.saturating_add(1) } else { 0 };
        self.findings = Findings {
            covered_or_dark: lasting(glance.dark(), &mut self.dark_since),
            shutter_closed,
            glaring: lasting(glance.white(), &mut self.white_since),
            colourless: lasting(glance.colourless(), &mut self.colourless_since),
            tinted: self.tinted_in_a_row >= TINTED_IN_A_ROW,
        };
        self.findings
    }

    /// Whether the camera seems to send another format than was agreed.
    pub(crate) fn wrong_format(&self) -> bool {
        self.tinted_in_a_row >= TINTED_IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (64, 48);

    /// A raw picture of one colour, with a step of `step` levels between its upper and lower half.
    fn yuyv(y: u8, step: u8, u: u8, v: u8) -> Vec<u8> {
        let (width, height) = SIZE;
        (0..height)
            .flat_map(|row| {
                let y = if row < height / 2 { y } else { y + step };
                [y, u, y, v].repeat(width / 2)
            })
            .collect()
    }

    fn glance(bytes: &[u8]) -> Glance {
        Glance::at_raw(bytes, Pixels::Yuyv, SIZE.0, SIZE.1).unwrap()
    }

    #[test]
    fn a_picture_is_told_by_its_averages() {
        #[rustfmt::skip]
        let table = [
            // raw luma, step, u, v     dark   white  colourless tinted  because
            ((16,   0, 128, 128),  [true,  false, false, false], "black: a closed cover has no colour, and that says nothing"),
            ((20,   4, 128, 128),  [true,  false, false, false], "a covered sensor has noise"),
            ((16, 120, 128, 128),  [false, false, true,  false], "half of it is lit, in grey"),
            ((235,  0, 128, 128),  [false, true,  false, false], "white"),
            ((120,  9, 128, 128),  [false, false, true,  false], "grey in good light: infrared"),
            ((120,  9, 110, 150),  [false, false, false, false], "skin"),
            ((120,  9, 131, 126),  [false, false, true,  false], "a white balance that is a little off is no colour"),
            ((0,    0,   0,   0),  [false, false, false, true],  "bytes that were never written are green"),
            ((235,  0, 240, 240),  [false, true,  false, true],  "and the opposite is pink"),
            ((144,  0,  54,  34),  [false, false, false, false], "a wall of pure green is a wall"),
        ];
        for ((y, step, u, v), expected, because) in table {
            let found = glance(&yuyv(y, step, u, v));
            // Green bytes are dark too, but chroma lifts nothing: only the four answers count.
            let dark = found.dark() && !found.tinted();
            assert_eq!([dark, found.white(), found.colourless(), found.tinted()], expected, "{found:?}: {because}");
        }
    }

    #[test]
    fn raw_and_decoded_pixels_of_one_picture_give_the_same_glance() {
        let (width, height) = SIZE;
        let bytes = yuyv(90, 40, 100, 160);
        let raw = glance(&bytes);
        let decoded = Glance::at_planes(&Planes::from_yuyv(&bytes, width, height));
        assert!((raw.luma_mean - decoded.luma_mean).abs() < 2.0 && (raw.blue_mean - decoded.blue_mean).abs() < 1.0);
        let nv12: Vec<u8> = [vec![90; width * height], [100, 160].repeat(width * height / 4)].concat();
        let raw = Glance::at_raw(&nv12, Pixels::Nv12, width, height).unwrap();
        assert_eq!(raw, Glance::at_planes(&Planes::from_nv12(&nv12, width, height)));
        assert_eq!(Glance::at_raw(&nv12[1..], Pixels::Nv12, width, height), None, "too short to look at");
    }

    #[test]
    fn odd_sizes_are_looked_at_without_reading_past_their_end() {
        for (width, height) in [(2, 1), (3, 3), (7, 5), (101, 37)] {
            for pixels in [Pixels::Yuyv, Pixels::Nv12] {
                let bytes = vec![128; pixels.raw_bytes(width, height).unwrap()];
                assert!(Glance::at_raw(&bytes, pixels, width, height).is_some());
            }
        }
    }

    #[test]
    fn a_finding_needs_a_second_and_ends_at_once() {
        let (black, grey) = (glance(&yuyv(16, 0, 128, 128)), glance(&yuyv(120, 9, 128, 128)));
        let mut glances = Glances::default();
        let mut found = |glance: &Glance, ms| glances.note(glance, false, Duration::from_millis(ms));
        assert_eq!(found(&black, 0), Findings::default());
        assert_eq!(found(&black, 900), Findings::default(), "a hand before the lens");
        assert!(found(&black, 1_000).covered_or_dark);
        assert_eq!(found(&grey, 1_400), Findings::default(), "light again: true no longer, and grey not yet");
        assert!(found(&grey, 2_400).colourless);
        let mut glances = Glances::default();
        assert!(glances.note(&grey, true, Duration::ZERO).shutter_closed, "the camera's own word needs no second");
    }

    #[test]
    fn ten_tinted_pictures_in_a_row_are_a_wrong_format() {
        let (green, grey) = (glance(&yuyv(0, 0, 0, 0)), glance(&yuyv(120, 9, 128, 128)));
        let mut glances = Glances::default();
        for n in 0..9 {
            glances.note(&green, false, Duration::from_millis(33 * n));
            assert!(glances.due(Duration::from_millis(33 * n + 1), false), "suspicion looks at every picture");
        }
        assert!(!glances.wrong_format());
        glances.note(&grey, false, Duration::from_millis(300));
        assert!(!glances.due(Duration::from_millis(500), false), "no suspicion, no cost");
        for n in 0..10 {
            glances.note(&green, false, Duration::from_millis(400 + 33 * n));
        }
        assert!(glances.wrong_format());
    }
}
