//! The exact outline: every side fitted to the full-resolution picture, and the sharpness read from the same edges.
//!
//! Guarantees: a refined outline has four sides that were each seen along a good part of their length, except one that
//! the candidate itself says lies outside the frame; that one stays where it was guessed.
//! Where most profiles of a side follow another line, a strut or a seam close to the card, and with it the four are no
//! rectangle, the next strongest line is tried in its place.
//! The share of profiles that agree with a side is not given out: it stays near .85 whatever happens and says nothing.

use crate::{Plane, Point, Quad};

use super::find::Candidate;
use super::spread::{SpreadReader, SpreadWindow};

/// Profiles across a side.
const PROFILES: usize = 72;
/// Profiles start and end this far from the corners: ID-1 corners are round, radius 3.18 mm, 6 % of the short side.
const FIRST_SHARE: f32 = 0.08;
/// How far from the coarse side the edge is looked for: a share of the side's length, within limits in pixels.
/// A fixed reach jumps onto the header line of a small card.
const REACH_SHARE: f32 = 0.0135;
const REACH_PX: (f32, f32) = (5.0, 8.0);
/// Reach of the second round, pixels.
const SECOND_REACH_PX: f32 = 4.0;
/// Weakest gradient of a profile that counts, grey levels between two pixels.
const LEAST_GRADIENT: f32 = 3.0;
/// Profiles within this of a line agree with it, pixels.
const AGREE_PX: f32 = 0.9;
/// Edges this close to each other are one edge.
const SAME_EDGE_PX: f32 = 1.5;
/// Profiles that must agree on a side.
const LEAST_AGREEING: usize = 18;
/// Four sides further than this from a card's shape are doubted: the logarithm of their ratio to the card's, and the cosine between
/// the sides. The edge of a scarf that crosses a side at a slant of three degrees makes .04. A lens that is guessed wrong raises it for every line alike, so the doubt only costs a second look.
const DOUBTED_SHAPE: f32 = 0.025;
/// Another line is taken only when it leaves less than this of the doubt.
const LESS_DOUBT: f32 = 0.5;
/// Longest reach there is room for: 16 frame pixels behind a coarse pixel, twice that.
const MOST_SAMPLES: usize = 2 * 32 + 3;

/// An outline fitted to the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outline {
    pub quad: Quad,
    sides: [FittedSide; 4],
}

/// One side, end to end, and which of its profiles lie on it.
#[derive(Debug, Clone, Copy)]
struct FittedSide {
    /// On the side, and rising or falling like most of it: a dark header under a pale wall and pale paper under it have
    /// edges that would cancel each other in one averaged profile.
    agreeing: [bool; PROFILES],
    from: Point,
    to: Point,
    /// Where the side begins and ends beside the coarse one, pixels outwards.
    offsets_px: (f32, f32),
}

#[derive(Debug, Clone, Copy, Default)]
struct Profile {
    /// Place along the side, 0 to 1.
    along: f32,
    /// Edge beside the side, pixels, positive outwards.
    off_px: f32,
    /// Gradient outwards, grey levels a pixel; 0 where no edge was seen.
    gradient: f32,
}

/// Fits the four sides of a candidate; `None` when one of them is not there at full resolution.
/// `off_shape`: how far a quadrilateral is from the picture of a card, 0 for exactly one.
pub(super) fn fit(luma: &Plane, candidate: &Candidate, off_shape: &impl Fn(&Quad) -> f32) -> Option<Outline> {
    let most = REACH_PX.1.max(2.0 * candidate.step_px as f32);
    let unseen = candidate.unseen;
    let reach_px = |length: f32| (REACH_SHARE * length).clamp(REACH_PX.0, most);
    let first = round(luma, &candidate.quad, unseen, reach_px, off_shape)?;
    round(luma, &first.quad, unseen, |_| SECOND_REACH_PX, off_shape)
}

impl Outline {
    /// Spread of the edges in pixels, second moment: the sharpest of the lying sides against the sharpest of the
    /// standing ones, and the worse of the two, so that a picture smeared in one direction is not called sharp.
    /// `window_px`: half the width of the profile; nothing larger than about .6 of it can be told.
    pub fn spread_px(&self, luma: &Plane, window_px: f32, reader: &mut SpreadReader) -> Option<f32> {
        let spread = self.sides.map(|side| {
            let window = SpreadWindow { from: side.from, to: side.to, half_px: window_px };
            reader.read(luma, &window, |along| {
                let index = ((along - FIRST_SHARE) / (1.0 - 2.0 * FIRST_SHARE) * PROFILES as f32).floor();
                index >= 0.0 && side.agreeing.get(index as usize) == Some(&true)
            })
        });
        let sharper = |a: Option<f32>, b: Option<f32>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        match (sharper(spread[0], spread[2]), sharper(spread[1], spread[3])) {
            (Some(lying), Some(standing)) => Some(lying.max(standing)),
            (one, other) => one.or(other),
        }
    }
}

fn round(
    luma: &Plane,
    quad: &Quad,
    unseen: Option<usize>,
    reach_px: impl Fn(f32) -> f32,
    off_shape: &impl Fn(&Quad) -> f32,
) -> Option<Outline> {
    let nowhere = FittedSide {
        agreeing: [false; PROFILES],
        from: Point::default(),
        to: Point::default(),
        offsets_px: (0.0, 0.0),
    };
    let mut sides = [nowhere; 4];
    let ends = |index: usize| (quad.0[index], quad.0[(index + 1) % 4]);
    for (index, side) in sides.iter_mut().enumerate() {
        let (from, to) = ends(index);
        let length = from.distance(to);
        if !(8.0..1e5).contains(&length) {
            return None;
        }
        *side = if unseen == Some(index) {
            FittedSide { from, to, ..nowhere }
        } else {
            fit_side(luma, from, to, reach_px(length), None)?
        };
    }
    let most = off_shape(&corners(&sides)?);
    if most > DOUBTED_SHAPE && unseen.is_none() {
        let mut least = LESS_DOUBT * most;
        let first = sides;
        for (index, side) in first.iter().enumerate() {
            let (from, to) = ends(index);
            let beside = Some(side.offsets_px);
            let Some(other) = fit_side(luma, from, to, reach_px(from.distance(to)), beside) else { continue };
            let mut tried = first;
            tried[index] = other;
            let doubt = corners(&tried).map_or(f32::MAX, |quad| off_shape(&quad));
            if doubt < least {
                (least, sides) = (doubt, tried);
            }
        }
    }
    let quad = corners(&sides)?;
    for (index, side) in sides.iter_mut().enumerate() {
        (side.from, side.to) = (quad.0[index], quad.0[(index + 1) % 4]);
    }
    Some(Outline { quad, sides })
}

fn corners(sides: &[FittedSide; 4]) -> Option<Quad> {
    let corner = |index: usize| meet(&sides[(index + 3) % 4], &sides[index]);
    Some(Quad([corner(0)?, corner(1)?, corner(2)?, corner(3)?]))
}

/// Corners run clockwise on the screen (y down), so the outward normal of a side is its direction turned to (y, -x).
/// `beside`: where a line begins and ends that is known already and not meant.
fn fit_side(luma: &Plane, from: Point, to: Point, reach_px: f32, beside: Option<(f32, f32)>) -> Option<FittedSide> {
    let length = from.distance(to);
    let (dir_x, dir_y) = ((to.x - from.x) / length, (to.y - from.y) / length);
    let at = |along: f32, off_px: f32| Point {
        x: from.x + (to.x - from.x) * along + dir_y * off_px,
        y: from.y + (to.y - from.y) * along - dir_x * off_px,
    };
    let mut profiles = [Profile::default(); PROFILES];
    for (index, profile) in profiles.iter_mut().enumerate() {
        profile.along = FIRST_SHARE + (1.0 - 2.0 * FIRST_SHARE) * (index as f32 + 0.5) / PROFILES as f32;
        let spot = at(profile.along, 0.0);
        let known_px = beside.map(|(start, end)| start + (end - start) * profile.along);
        if let Some((off_px, gradient)) = edge_of(luma, spot, (dir_x, dir_y), reach_px, known_px) {
            (profile.off_px, profile.gradient) = (off_px, gradient);
        }
    }
    let (start_px, end_px, agreeing) = consensus(&profiles)?;
    Some(FittedSide { agreeing, from: at(0.0, start_px), to: at(1.0, end_px), offsets_px: (start_px, end_px) })
}

/// The strongest edge across a side near `spot`: pixels outwards, sub-pixel, and its gradient outwards. With `known_px` the
/// strongest other than the one there.
fn edge_of(
    luma: &Plane,
    spot: Point,
    direction: (f32, f32),
    reach_px: f32,
    known_px: Option<f32>,
) -> Option<(f32, f32)> {
    let (dir_x, dir_y) = direction;
    let reach = (reach_px.round() as usize).min((MOST_SAMPLES - 3) / 2);
    let samples = 2 * reach + 3;
    let mut values = [0.0_f32; MOST_SAMPLES];
    for (index, value) in values[..samples].iter_mut().enumerate() {
        let off = index as f32 - reach as f32 - 1.0;
        let (x, y) = (spot.x + dir_y * off, spot.y - dir_x * off);
        // Three samples along the side: noise falls, and the edge does not widen.
        *value = (luma.sample(x - 1.5 * dir_x, y - 1.5 * dir_y)
            + luma.sample(x, y)
            + luma.sample(x + 1.5 * dir_x, y + 1.5 * dir_y))
            / 3.0;
    }
    let signed = |index: usize| (values[index + 1] - values[index - 1]) / 2.0;
    let gradient = |index: usize| signed(index).abs();
    let (mut best, mut most) = (0, LEAST_GRADIENT);
    for index in 1..samples - 1 {
        let strength = gradient(index);
        let is_known = known_px.is_some_and(|known_px| {
            let near = (index as f32 - reach as f32 - 1.0 - known_px).abs() <= SAME_EDGE_PX;
            // The flank of an edge is not another edge.
            let flank = strength < gradient(index.max(2) - 1) || strength < gradient((index + 1).min(samples - 2));
            near || flank
        });
        if strength > most && !is_known {
            (best, most) = (index, strength);
        }
    }
    if best < 2 || best + 2 >= samples {
        return None;
    }
    let (before, after) = (gradient(best - 1), gradient(best + 1));
    let bend = before - 2.0 * most + after;
    let shift = if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
    Some((best as f32 + shift - reach as f32 - 1.0, signed(best)))
}

/// The line most profiles agree on: offsets at both ends of the side, and who agreed.
/// All pairs far enough apart are tried, so the answer needs no luck and is the same every time.
fn consensus(profiles: &[Profile; PROFILES]) -> Option<(f32, f32, [bool; PROFILES])> {
    let agree = |profile: &Profile, start: f32, end: f32| {
        profile.gradient != 0.0 && (profile.off_px - start - (end - start) * profile.along).abs() <= AGREE_PX
    };
    let mut best = (0, 0.0, 0.0);
    for one in (0..PROFILES).step_by(2) {
        for other in (one + PROFILES / 3..PROFILES).step_by(2) {
            let (a, b) = (profiles[one], profiles[other]);
            if a.gradient == 0.0 || b.gradient == 0.0 {
                continue;
            }
            let slope = (b.off_px - a.off_px) / (b.along - a.along);
            let start = a.off_px - slope * a.along;
            let count = profiles.iter().filter(|profile| agree(profile, start, start + slope)).count();
            if count > best.0 {
                best = (count, start, start + slope);
            }
        }
    }
    let (count, mut start, mut end) = best;
    if count < LEAST_AGREEING {
        return None;
    }
    for _ in 0..3 {
        let (mut n, mut sum_t, mut sum_o, mut sum_tt, mut sum_to) = (0.0_f32, 0.0, 0.0, 0.0, 0.0);
        for profile in profiles.iter().filter(|profile| agree(profile, start, end)) {
            let (t, off) = (profile.along - 0.5, profile.off_px);
            n += 1.0;
            sum_t += t;
            sum_o += off;
            sum_tt += t * t;
            sum_to += t * off;
        }
        let spread = n * sum_tt - sum_t * sum_t;
        if n < LEAST_AGREEING as f32 || spread < 1e-3 {
            return None;
        }
        let slope = (n * sum_to - sum_t * sum_o) / spread;
        let middle = (sum_o - slope * sum_t) / n;
        (start, end) = (middle - slope / 2.0, middle + slope / 2.0);
    }
    let on_line = || profiles.iter().filter(|profile| agree(profile, start, end));
    let rising = on_line().filter(|profile| profile.gradient > 0.0).count();
    let mostly_rising = 2 * rising >= on_line().count();
    let agreeing = std::array::from_fn(|index| {
        agree(&profiles[index], start, end) && (profiles[index].gradient > 0.0) == mostly_rising
    });
    Some((start, end, agreeing))
}

fn meet(one: &FittedSide, other: &FittedSide) -> Option<Point> {
    let (a, b) =
        ((one.to.x - one.from.x, one.to.y - one.from.y), (other.to.x - other.from.x, other.to.y - other.from.y));
    let area = a.0 * b.1 - a.1 * b.0;
    let t = ((other.from.x - one.from.x) * b.1 - (other.from.y - one.from.y) * b.0) / area;
    let at = Point { x: one.from.x + t * a.0, y: one.from.y + t * a.1 };
    (t.is_finite() && at.x.abs() < 1e5 && at.y.abs() < 1e5).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (640, 480);
    /// Left, top, right and bottom edge of the drawn card.
    const CARD: [f32; 4] = [200.0, 150.0, 457.0, 312.0];

    /// A pale card before a grey wall, and a dark dotted cord that crosses its left side at a slant.
    fn with_cord() -> Vec<u8> {
        let inside = |x: f32, y: f32| (CARD[0]..CARD[2]).contains(&x) && (CARD[1]..CARD[3]).contains(&y);
        let down = |y: f32| (y - CARD[1]) / (CARD[3] - CARD[1]);
        // Eleven rows of twenty: where it is not seen the card's own edge is the strongest.
        let cord_ends = |y: f32| if y % 20.0 < 11.0 { CARD[0] - 6.0 + 8.5 * down(y) } else { 0.0 };
        let mut px = Vec::new();
        for index in 0..SIZE.0 * SIZE.1 {
            let (x, y) = ((index % SIZE.0) as f32 + 0.5, (index / SIZE.0) as f32 + 0.5);
            let is_cord = (cord_ends(y) - 9.0..cord_ends(y)).contains(&x);
            px.push(match (is_cord, inside(x, y)) {
                (true, _) => 20,
                (false, true) => 170,
                (false, false) => 130,
            });
        }
        px
    }

    #[test]
    fn a_cord_across_a_side_is_not_taken_for_it_where_the_shape_tells_them_apart() {
        let px = with_cord();
        let luma = Plane::new(&px, SIZE.0, SIZE.1, SIZE.0).expect("a plane");
        // Pixel centres: an edge between columns 199 and 200 is seen at 199.5.
        let [left, top, right, bottom] = CARD.map(|edge| edge - 0.5);
        let point = |x: f32, y: f32| Point { x, y };
        let truth = [point(left, top), point(right, top), point(right, bottom), point(left, bottom)];
        let candidate =
            Candidate { quad: Quad(truth), score: 1.0, rank: 1.0, step_px: 1, unseen: None, is_tilted: false };
        let worst = |off_shape: &dyn Fn(&Quad) -> f32| {
            let found = fit(&luma, &candidate, &|quad| off_shape(quad)).expect("four sides");
            found.quad.0.iter().zip(&truth).map(|(a, b)| a.distance(*b)).fold(0.0, f32::max)
        };
        let skew = |quad: &Quad| {
            let [a, b, _, d] = quad.0;
            ((b.x - a.x) * (d.x - a.x) + (b.y - a.y) * (d.y - a.y)) / (a.distance(b) * a.distance(d))
        };
        assert!(worst(&|_| 0.0) > 3.0, "the cord is the stronger edge along most of the side");
        let found = worst(&|quad| skew(quad).abs());
        assert!(found < 0.5, "the side that makes it a rectangle: {found} px off");
    }
}
