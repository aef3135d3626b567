//! A card that leaves the frame: three sides are seen, the fourth is where the card's ratio puts it.
//!
//! It is named so that the learner can be told, never to be photographed: the fourth side is a guess, and the border
//! margin of such a card is negative. Asks more of the three sides than `find` does of four, because less is seen.

use crate::{Lens, Point, Quad};

use super::edges::EdgeMap;
use super::find::{
    Candidate, RATIO_TOLERANCE, RATIO_WEIGHT, RUNS_ON, SideSeen, WEAKEST_WEIGHT, crossing, fit, see_side,
};
use super::lines::Line;
use super::shape;

/// Share of each of the three sides that must be seen.
const LEAST_SIDE: f32 = 0.65;
/// Share of the card that must be in the frame, measured along the sides that leave it.
const LEAST_VISIBLE: f32 = 0.45;
/// How far outside the fourth side must lie, as a share of the sides that leave.
const LEAST_OUTSIDE: f32 = 0.02;
/// Three sides score at most 1.7; a whole card in the same frame comes first.
const LEAST_SCORE: f32 = 1.45;
const UNSEEN_COST: f32 = 0.3;

/// A border of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    Top,
    Right,
    Bottom,
    Left,
}

impl Border {
    pub const ALL: [Self; 4] = [Self::Bottom, Self::Left, Self::Right, Self::Top];

    /// The direction of the border from the middle, across and down.
    pub fn towards(self) -> (f32, f32) {
        match self {
            Self::Top => (0.0, -1.0),
            Self::Right => (1.0, 0.0),
            Self::Bottom => (0.0, 1.0),
            Self::Left => (-1.0, 0.0),
        }
    }

    /// Place of the side at this border in the order top, right, bottom, left.
    fn side(self) -> usize {
        match self {
            Self::Top => 0,
            Self::Right => 1,
            Self::Bottom => 2,
            Self::Left => 3,
        }
    }

    fn is_lying(self) -> bool {
        matches!(self, Self::Top | Self::Bottom)
    }
}

/// Hands every card to `found` whose side at `border` lies outside the frame. `lines`: top, right, bottom, left.
pub(super) fn combine(
    map: &EdgeMap,
    lines: [&[Line]; 4],
    border: Border,
    lens: &Lens,
    ratio: f32,
    mut found: impl FnMut(Candidate),
) {
    let unseen = border.side();
    let [base, before, after] = [(unseen + 2) % 4, (unseen + 3) % 4, (unseen + 1) % 4].map(|side| lines[side]);
    for base in base {
        for before in before {
            for after in after {
                let sides = Sides { base, before, after, border };
                if let Some(candidate) = sides.candidate(map, lens, ratio) {
                    found(candidate);
                }
            }
        }
    }
}

/// The side opposite the border and the two that run towards it: the left or the upper one is `flanks().0`.
#[derive(Clone, Copy)]
struct Sides<'a> {
    base: &'a Line,
    before: &'a Line,
    after: &'a Line,
    border: Border,
}

impl Sides<'_> {
    fn candidate(&self, map: &EdgeMap, lens: &Lens, ratio: f32) -> Option<Candidate> {
        let (first, second) = self.flanks();
        let ends = [self.meet(self.base, first), self.meet(self.base, second)];
        if ends.iter().any(|end| map.outside_frame_px(*end) != Some(0.0)) {
            return None;
        }
        let seen_base = see_side(self.base, self.along_base(ends[0]), self.along_base(ends[1]))?;
        if seen_base.whole < LEAST_SIDE || !(seen_base.ends[0] && seen_base.ends[1]) || runs_on(&seen_base) {
            return None;
        }
        let far = self.fourth_side(map, ends[0].distance(ends[1]), lens, ratio)?;
        let corners = self.corners(&far);
        let far_ends = [self.meet(&far, first), self.meet(&far, second)];
        let mut visible = [SideSeen::default(); 2];
        for (index, flank) in [first, second].into_iter().enumerate() {
            let length = ends[index].distance(far_ends[index]);
            let outside = map.outside_frame_px(far_ends[index])?;
            if outside < LEAST_OUTSIDE * length || outside > (1.0 - LEAST_VISIBLE) * length {
                return None;
            }
            let (near, away) = (self.along_flank(ends[index]), self.along_flank(far_ends[index]));
            let seen = see_side(flank, near.min(away), near.max(away))?;
            let at_base = usize::from(near > away);
            if seen.whole < LEAST_SIDE || !seen.ends[at_base] || seen.beyond[at_base] >= RUNS_ON {
                return None;
            }
            visible[index] = seen;
        }
        let quad = Quad(corners.map(|corner| map.to_frame(corner)));
        let close = fit(&quad, lens, Some(ratio))?.closeness;
        let shares = [seen_base.whole, visible[0].whole, visible[1].whole];
        let mean = shares.iter().sum::<f32>() / 3.0;
        let weakest = shares.into_iter().fold(1.0, f32::min);
        let score = mean + WEAKEST_WEIGHT * weakest + RATIO_WEIGHT * close;
        let score = (score >= LEAST_SCORE).then_some(score - UNSEEN_COST)?;
        let unseen = Some(self.border.side());
        Some(Candidate { quad, score, rank: score, step_px: map.step(), unseen, is_tilted: false })
    }

    /// The sides that run towards the border, the left or upper one first.
    fn flanks(&self) -> (&Line, &Line) {
        // Around the card the sides follow each other clockwise, so which flank comes first depends on the border.
        match self.border {
            Border::Bottom | Border::Left => (self.after, self.before),
            Border::Top | Border::Right => (self.before, self.after),
        }
    }

    fn meet(&self, base: &Line, flank: &Line) -> Point {
        if self.border.is_lying() { crossing(base, flank) } else { crossing(flank, base) }
    }

    fn along_base(&self, at: Point) -> f32 {
        if self.border.is_lying() { at.x } else { at.y }
    }

    fn along_flank(&self, at: Point) -> f32 {
        if self.border.is_lying() { at.y } else { at.x }
    }

    /// The four corners in their order when the fourth side is `far`.
    fn corners(&self, far: &Line) -> [Point; 4] {
        let (first, second) = self.flanks();
        let (near, away) = (
            [self.meet(self.base, first), self.meet(self.base, second)],
            [self.meet(far, first), self.meet(far, second)],
        );
        match self.border {
            Border::Bottom => [near[0], near[1], away[1], away[0]],
            Border::Top => [away[0], away[1], near[1], near[0]],
            Border::Left => [away[0], near[0], near[1], away[1]],
            Border::Right => [near[0], away[0], away[1], near[1]],
        }
    }

    /// A line parallel to the base in the picture, as far away as makes the ratio right: found by halving.
    fn fourth_side(&self, map: &EdgeMap, base_length: f32, lens: &Lens, ratio: f32) -> Option<Line> {
        let lying = self.border.is_lying();
        let wanted = if lying { base_length / ratio } else { base_length * ratio };
        let sign = if matches!(self.border, Border::Bottom | Border::Right) { 1.0 } else { -1.0 };
        let (mut near, mut away) = (wanted * (1.0 - 3.0 * RATIO_TOLERANCE), wanted * (1.0 + 3.0 * RATIO_TOLERANCE));
        let mut far = Line::parallel_to(self.base, 0.0);
        for _ in 0..10 {
            let middle = f32::midpoint(near, away);
            far = Line::parallel_to(self.base, sign * middle);
            let quad = Quad(self.corners(&far).map(|corner| map.to_frame(corner)));
            let found = shape::read(&quad, lens)?.ratio;
            // A longer flank makes a lying card squarer and a standing base's card wider.
            if (found > ratio) == lying { near = middle } else { away = middle }
        }
        Some(far)
    }
}

fn runs_on(seen: &SideSeen) -> bool {
    seen.beyond.iter().any(|share| *share >= RUNS_ON)
}
