//! The lens, from the one thing in the picture whose size is known: the card. And distances, through the lens.
//!
//! Guarantees: every number finite; a lens is called known only when two halves of the quads agree about it and together contradict others.
//! Refuses to know: distortion, breathing focus and bent cards, none of which were measured. Only ID-1 cards are used: the others
//! vary in size.

use crate::card::CardFormat;
use crate::card::shape;
use crate::{Lens, Quad};

/// Focal lengths that are tried, in widths of the frame: 96 to 35 degrees across.
const SHARES: (f32, f32) = (0.45, 1.6);
/// Steps of the first search; each is 2 percent.
const STEPS: usize = 64;
/// Most that one quad may count for: a wrong corner must not outvote the others.
const MOST_COST: f32 = 0.02;
/// Quads that are wanted. More gain little.
pub const WANTED_QUADS: usize = 30;
/// Largest difference between the focal lengths of the two halves, as a share.
const AGREEMENT: f32 = 0.03;

/// A lens whose focal length is this many times longer or shorter must explain the quads worse,
const DISTINCT: f32 = 1.15;
/// by this share of the cost: else they say nothing.
const TELLING: f32 = 0.3;

/// The lens that explains the corners of one camera's cards best; `None` without quads or for a format without a sure size.
///
/// `quads`: corners of ID-1 cards, pixels of frames of one size, from one camera and mode; best from cards that were turned a
/// little, each another way. `width_px`, `height_px`: size of those frames. The principal point is taken to be the middle.
/// `known` is set from [`WANTED_QUADS`] quads on, when those of even and of odd index give focal lengths within 3 percent and a
/// focal length 15 percent longer or shorter explains the quads worse by .3 of their cost.
/// Simulated with corners .35 px off: half of all lenses were within 1 percent from 10 quads turned up to 16 degrees, while one quad
/// that is nearly flat says little (6 percent, often 24).
///
/// Method: of focal lengths between .45 and 1.6 widths the one with the least sum, over the quads, of the squares of
/// `ln(side ratio / 1.5858)` and of the cosine between the sides, each quad counting at most .02.
pub fn from_quads(quads: &[Quad], width_px: u32, height_px: u32, format: CardFormat) -> Option<Lens> {
    if format != CardFormat::Id1 || quads.is_empty() || width_px == 0 || height_px == 0 {
        return None;
    }
    let (card_width, card_height) = format.size_mm()?;
    let total = |start: usize, step: usize, focal_px: f32| -> f32 {
        let lens = Lens { focal_px, ..Lens::assumed(width_px, height_px) };
        quads.iter().skip(start).step_by(step).map(|quad| cost(quad, &lens, card_width / card_height)).sum()
    };
    let search = |start: usize, step: usize| best_focal(width_px, |focal_px| total(start, step, focal_px));
    let focal_px = search(0, 1);
    let known = quads.len() >= WANTED_QUADS && {
        let (even, odd) = (search(0, 2), search(1, 2));
        (even / odd).ln().abs() <= AGREEMENT && is_told(focal_px, |focal_px| total(0, 1, focal_px))
    };
    Some(Lens { focal_px, known, ..Lens::assumed(width_px, height_px) })
}

/// Do the quads contradict a lens that is longer or shorter by a little? Nearly flat ones contradict none, and halves of them agree by chance.
fn is_told(focal_px: f32, cost: impl Fn(f32) -> f32) -> bool {
    let least = cost(focal_px) * (1.0 + TELLING);
    cost(focal_px * DISTINCT) >= least && cost(focal_px / DISTINCT) >= least
}

fn cost(quad: &Quad, lens: &Lens, ratio: f32) -> f32 {
    let shape = shape::read(quad, lens);
    shape.map_or(MOST_COST, |shape| ((shape.ratio / ratio).ln().powi(2) + shape.skew.powi(2)).min(MOST_COST))
}

/// The focal length of least cost: steps of equal ratio, then thirds around the best of them.
fn best_focal(width_px: u32, cost: impl Fn(f32) -> f32) -> f32 {
    let width = width_px as f32;
    let (low, high) = (SHARES.0.ln(), SHARES.1.ln());
    let step = (high - low) / (STEPS - 1) as f32;
    let at = |log: f32| cost(width * log.exp());
    let (_, best) = (0..STEPS)
        .map(|index| low + index as f32 * step)
        .map(|log| (at(log), log))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or((0.0, 0.866_f32.ln()));
    let (mut from, mut to) = ((best - step).max(low), (best + step).min(high));
    for _ in 0..16 {
        let third = (to - from) / 3.0;
        if at(from + third) <= at(to - third) {
            to -= third;
        } else {
            from += third;
        }
    }
    width * f32::midpoint(from, to).exp()
}

/// How far a card is from the lens, millimetres; 0 for a format without a size.
///
/// `quad`: its corners, pixels of the frame `lens` belongs to. The mean of top and bottom counts, so a card that is turned about its upright
/// axis seems further away than it is, by 1 over the cosine of the turn. Only as true as the lens: see [`Lens::known`].
pub fn card_distance_mm(quad: &Quad, lens: &Lens, format: CardFormat) -> f32 {
    let Some((width_mm, _)) = format.size_mm() else { return 0.0 };
    let [a, b, c, d] = quad.0;
    let width_px = f32::midpoint(a.distance(b), d.distance(c));
    let distance = lens.focal_px * width_mm / width_px.max(1.0);
    if distance.is_finite() { distance.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    const SIZE: (u32, u32) = (1280, 720);

    /// Chance from a seed (splitmix64). `LIKENESS_SEED` replays a run.
    struct Dice(u64);

    impl Dice {
        fn new() -> Self {
            let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_125);
            println!("LIKENESS_SEED={seed}");
            Self(seed)
        }

        /// Evenly between the two.
        fn between(&mut self, low: f32, high: f32) -> f32 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            low + (high - low) * ((mixed ^ (mixed >> 31)) >> 40) as f32 / 16_777_216.0
        }

        /// Corners of an ID-1 card turned up to `most_degrees` each way, each .35 px off its place (the deviation of
        /// twelve even throws).
        fn card(&mut self, focal_px: f32, most_degrees: f32) -> Quad {
            let mut turn = || self.between(-most_degrees, most_degrees).to_radians().sin_cos();
            let ((sin_x, cos_x), (sin_y, cos_y), (sin_z, cos_z)) = (turn(), turn(), turn());
            let away_mm = self.between(1.0, 1.5) * focal_px * 85.6 / 640.0;
            let (right_mm, down_mm) = (self.between(-20.0, 20.0), self.between(-12.0, 12.0));
            Quad([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(u, v)| {
                let (x, y) = (u * 42.80, v * 26.99);
                let (x, y) = (x * cos_z - y * sin_z, x * sin_z + y * cos_z);
                let (y, z) = (y * cos_x, y * sin_x);
                let (x, z) = (x * cos_y + z * sin_y, z * cos_y - x * sin_y);
                let mut noise = || 0.35 * (0..12).map(|_| self.between(-0.5, 0.5)).sum::<f32>();
                Point {
                    x: SIZE.0 as f32 / 2.0 + focal_px * (x + right_mm) / (away_mm + z) + noise(),
                    y: SIZE.1 as f32 / 2.0 + focal_px * (y + down_mm) / (away_mm + z) + noise(),
                }
            }))
        }
    }

    /// Median and 90th percentile of the focal length's error, percent, over 60 cameras of 46 to 84 degrees; and how many were
    /// called known.
    fn errors(dice: &mut Dice, quads: usize, most_degrees: f32) -> (f32, f32, usize) {
        let (mut errors, mut known) = (Vec::new(), 0);
        for _ in 0..60 {
            let focal_px = dice.between(0.55, 1.18) * SIZE.0 as f32;
            let seen: Vec<Quad> = (0..quads).map(|_| dice.card(focal_px, most_degrees)).collect();
            let lens = from_quads(&seen, SIZE.0, SIZE.1, CardFormat::Id1).expect("quads give a lens");
            known += usize::from(lens.known);
            errors.push(100.0 * (lens.focal_px / focal_px - 1.0).abs());
        }
        errors.sort_by(f32::total_cmp);
        (errors[30], errors[54], known)
    }

    #[test]
    fn cards_turned_a_little_tell_the_lens() {
        let mut dice = Dice::new();
        #[rustfmt::skip]
        let table = [
            // quads, up to degrees, median, p90, known at least, because
            (10, 16.0, 1.5,  4.0,  0, "ten cards, turned as people turn them"),
            (30, 16.0, 1.0,  2.5, 30, "thirty of them"),
            (10,  8.0, 4.0, 10.0,  0, "ten that are nearly flat"),
        ];
        for (quads, most_degrees, median, p90, least_known, because) in table {
            let (found_median, found_p90, known) = errors(&mut dice, quads, most_degrees);
            println!(
                "figure lens_{quads}_of_{most_degrees}_degrees = {found_median:.2} % median, {found_p90:.2} % p90, {known} of 60 known"
            );
            assert!(found_median <= median && found_p90 <= p90, "{because}: {found_median} {found_p90}");
            assert!(known >= least_known && (quads >= WANTED_QUADS || known == 0), "{because}: {known} of 60 known");
        }
    }

    #[test]
    fn thirty_cards_that_are_nearly_flat_make_no_lens_known() {
        let mut dice = Dice::new();
        // Without a look at what other lenses cost, 129 of 300 sets of flat cards were called known, and every one was wrong.
        for most_degrees in [0.0, 1.0, 2.0, 4.0, 8.0, 16.0] {
            let (mut known, mut wrong) = (0, 0);
            for _ in 0..60 {
                let focal_px = dice.between(0.55, 1.18) * SIZE.0 as f32;
                let seen: Vec<Quad> = (0..WANTED_QUADS).map(|_| dice.card(focal_px, most_degrees)).collect();
                let lens = from_quads(&seen, SIZE.0, SIZE.1, CardFormat::Id1).expect("quads give a lens");
                known += usize::from(lens.known);
                wrong += usize::from(lens.known && (lens.focal_px / focal_px - 1.0).abs() > 0.1);
            }
            assert_eq!(wrong, 0, "up to {most_degrees} degrees: {known} of 60 known, some more than 10 percent off");
            assert!(most_degrees < 16.0 || known >= 50, "{known} of 60 known");
        }
    }

    #[test]
    fn a_flat_card_alone_tells_no_lens_that_may_be_called_known() {
        let mut dice = Dice::new();
        let (_, p90, known) = errors(&mut dice, 1, 8.0);
        assert!(known == 0, "one quad never makes a lens known");
        assert!(p90 > 5.0, "one nearly flat card says little: {p90} percent");
    }

    #[test]
    fn distance_follows_from_the_size_in_the_picture() {
        let lens = Lens { focal_px: 1000.0, centre_x_px: 640.0, centre_y_px: 360.0, known: true };
        let upright = |width: f32| {
            let at = |x: f32, y: f32| Point { x, y };
            Quad([at(0.0, 0.0), at(width, 0.0), at(width, 100.0), at(0.0, 100.0)])
        };
        #[rustfmt::skip]
        let table = [
            // width px, format, mm, because
            (  214.0, CardFormat::Id1,   400.0, "85.6 mm on 214 px of 1000"),
            (  428.0, CardFormat::Id1,   200.0, "twice as near"),
            (  250.0, CardFormat::Id3,   500.0, "a passport is wider"),
            (  250.0, CardFormat::Other,   0.0, "no size, no distance"),
            (    0.0, CardFormat::Id1, 85_600.0, "no width counts as a pixel"),
        ];
        for (width, format, expected, because) in table {
            let found = card_distance_mm(&upright(width), &lens, format);
            assert!((found - expected).abs() <= expected * 1e-4, "{because}: {found}");
        }
    }

    #[test]
    fn nonsense_makes_no_lens_or_a_finite_one() {
        let wild = Quad([Point { x: f32::NAN, y: 0.0 }; 4]);
        assert_eq!(from_quads(&[], 1280, 720, CardFormat::Id1), None, "no quads");
        assert_eq!(from_quads(&[wild], 0, 720, CardFormat::Id1), None, "no frame");
        assert_eq!(from_quads(&[wild], 1280, 720, CardFormat::Id3), None, "a format whose size varies");
        for quad in [wild, Quad::default(), Quad([Point { x: f32::INFINITY, y: 1.0 }; 4])] {
            let lens = from_quads(&[quad; 40], 1280, 720, CardFormat::Id1).expect("a lens, though not a known one");
            assert!(lens.focal_px.is_finite() && lens.focal_px > 0.0, "{quad:?}: {lens:?}");
            assert!(card_distance_mm(&quad, &lens, CardFormat::Id1).is_finite(), "{quad:?}");
        }
    }
}
