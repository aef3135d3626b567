//! Which four lines near the guide are the outline of a card.
//!
//! Lines near the guide's sides are an old idea (card.io's scanner); whether four of them are a card is asked of the
//! shape: with the lens given, their corners must be the picture of a rectangle with the card's ratio.
//! Candidates are ranked by how much of their outline is there, and by nothing that looks at contrast: US 12,608,816 B2
//! covers ranking quadrilaterals by a contour score and then by a contrast score (a warning, not legal advice).
//! Guarantees: every quadrilateral it names has its corners in order, and inside the searched region or a little
//! outside the frame. They are coarse; `refine` has the last word.

use crate::{Lens, Plane, Point, Quad, Rect};

use super::cut::{self, Border};
use super::edges::{EdgeMap, Region};
use super::lines::{Band, Line, LineFinder, MOST_TURN_DEGREES, Side};
use super::shape;

/// Where the sides of a card are looked for around an outline.
struct Reach {
    /// Half the width of the band around each side of the outline, as a share of its width.
    band: f32,
    /// How far beyond the band lines are followed, in the same share: to a corner, and past it.
    beyond: f32,
    /// How far a side may be turned against the outline's, degrees.
    turn_degrees: i32,
    is_tilted: bool,
}

/// A card held as it should be, or a little off.
const HELD: Reach = Reach { band: 0.145, beyond: 0.1, turn_degrees: 14, is_tilted: false };
/// Where the outline is narrow and stands beside a head there is less to hold the card against, and it is as often a tenth
/// wider and a tenth aside, which together is more than the band of a card alone.
const BESIDE: Reach = Reach { band: 0.24, ..HELD };
/// A card tilted by more than 30 degrees: one of its sides is far shorter than the other, and those between run together.
/// Only for a card alone of a known ratio.
const TILTED: Reach = Reach { band: 0.2, beyond: 0.25, turn_degrees: MOST_TURN_DEGREES, is_tilted: true };
/// A side ratio may be off by this share before refinement.
pub(super) const RATIO_TOLERANCE: f32 = 0.13;
/// Cosine between the sides before refinement: 10 degrees off square.
const SKEW_TOLERANCE: f32 = 0.17;
/// Of two outlines the one that is more exactly a card is taken: a shelf's upright beside a card's side makes a fair
/// outline too, though one that is some per cent too wide or askew. A full answer for ratio and squareness that are
/// right to the last per cent, fading to none at 4 % together.
const EXACT_WEIGHT: f32 = 0.8;
const EXACT_WITHIN: f32 = 0.04;
const SKEW_WEIGHT: f32 = 0.3;
/// Votes a line needs, as a share of the guide's side. A white card before a pale board shows little of its side.
const LEAST_VOTES: f32 = 0.12;
/// Where no ratio is known, anything between a square and a strip is taken.
const ANY_RATIO: std::ops::Range<f32> = 0.9..2.4;
/// What such an outline gets for its ratio.
const ANY_CLOSENESS: f32 = 0.5;
/// Share of every side that must be seen, and of all four together.
const LEAST_SIDE: f32 = 0.32;
const LEAST_MEAN: f32 = 0.55;
/// Weights of the score beside the mean support.
pub(super) const WEAKEST_WEIGHT: f32 = 0.35;
const BEYOND_WEIGHT: f32 = 0.6;
pub(super) const RATIO_WEIGHT: f32 = 0.35;
const SIZE_WEIGHT: f32 = 0.15;
/// Rounded corners (3.18 mm) are not part of the straight sides.
const CORNER_SHARE: f32 = 0.05;
/// How far beyond a corner a line is followed, as a share of its side.
const BEYOND_SHARE: f32 = 0.22;
/// A line seen this far beyond a corner does not end there; a card has at most this many such ends of its eight, by
/// chance, when an edge of the room prolongs one of its sides.
pub(super) const RUNS_ON: f32 = 0.75;
const MOST_RUNNING_ON: u32 = 2;
/// Shares seen beyond the corners, added up over all eight ends. Cards reach 1.2 (drawn frames), the openings of a
/// shelf 2.7 and more: its uprights go on in both directions, with a gap where the boards meet them.
const MOST_BEYOND: f32 = 2.0;
/// Share of a side next to a corner, and how much of it must be seen, for the corner to be seen from that side.
const NEAR_CORNER_SHARE: f32 = 0.25;
const CORNER_SEEN: f32 = 0.45;
/// Corners seen from both sides: fingers hide one or two.
const LEAST_CORNERS: usize = 2;
/// Outlines of cards scored 1.51 and more, outlines made of a shelf and one side of a card up to 1.47 (drawn frames).
const LEAST_SCORE: f32 = 1.42;
/// Nine of ten cards score more than this; only below it other sizes of outline are tried.
const BEYOND_DOUBT: f32 = 1.6;
/// Sizes of the outline that are looked at, in shares of the guide, in this order.
const SCALES: [f32; 3] = [1.0, 0.74, 1.3];
/// Sizes for a tilted card: it looks narrower or lower than its outline, never larger.
const TILTED_SCALES: [f32; 2] = [1.0, 0.8];
/// A corner may lie this far outside the frame, as a share of the guide's width: the sides are still seen.
const OUTSIDE_SHARE: f32 = 0.06;
/// Where a card that leaves the frame is looked for: the outline moved by these shares of its width or height towards
/// the border, and grown, because a card that leaves the frame is mostly too near.
const CUT_SHIFT: (f32, f32) = (0.45, 0.4);
const CUT_SCALE: f32 = 1.12;
/// Narrower outlines, in shares of the frame's width, stand beside a head; no card is near a border there.
const CUT_LEAST_GUIDE: f32 = 0.3;
/// Candidates handed to the refinement.
pub(super) const CANDIDATES: usize = 3;
/// Nothing smaller can be measured.
const LEAST_GUIDE_PX: f32 = 48.0;

/// A quadrilateral that may be a card: corners in frame pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub quad: Quad,
    pub score: f32,
    /// The score, and how exactly a card it is: which of two comes first.
    pub rank: f32,
    /// Frame pixels behind one coarse pixel: how far off the corners may be.
    pub step_px: u32,
    /// The side that lies outside the frame, and is where the ratio puts it: 0 top, 1 right, 2 bottom, 3 left.
    pub unseen: Option<usize>,
    /// Found only where cards are looked for that are tilted far.
    pub is_tilted: bool,
}

/// Buffers of the search.
#[derive(Debug, Default)]
pub(super) struct Finder {
    map: EdgeMap,
    top: LineFinder,
    right: LineFinder,
    bottom: LineFinder,
    left: LineFinder,
    best: Vec<Candidate>,
}

impl Finder {
    /// The best candidates near the outline, best first; empty when nothing there looks like a card.
    ///
    /// Looks at the outline first; a smaller and a larger one, and a card that is tilted far, are looked for only when that
    /// leaves a doubt, and a card that leaves the frame when nothing was found.
    pub fn find(&mut self, luma: &Plane, lens: &Lens, outline: &Rect, ratio: Option<f32>) -> &[Candidate] {
        self.best.clear();
        let is_beside = outline.width < CUT_LEAST_GUIDE * luma.width() as f32;
        for scale in SCALES {
            self.find_whole(luma, lens, outline, scale, ratio, if is_beside { &BESIDE } else { &HELD });
            if self.is_beyond_doubt() {
                return &self.best;
            }
        }
        let Some(known) = ratio.filter(|_| !is_beside) else { return &self.best };
        for scale in TILTED_SCALES {
            self.find_whole(luma, lens, outline, scale, ratio, &TILTED);
            if self.is_beyond_doubt() {
                return &self.best;
            }
        }
        if self.best.is_empty() {
            self.find_cut(luma, lens, outline, known);
        }
        &self.best
    }

    fn is_beyond_doubt(&self) -> bool {
        self.best.iter().any(|found| found.score >= BEYOND_DOUBT)
    }

    /// Looks for four sides near the outline in another size.
    fn find_whole(&mut self, luma: &Plane, lens: &Lens, outline: &Rect, scale: f32, ratio: Option<f32>, reach: &Reach) {
        let scaled = scaled(outline, scale);
        let Some(region) = region_around(&scaled, luma, reach) else { return };
        self.map.fill(luma, region);
        let guide = self.coarse_guide(&scaled);
        self.search_sides(&guide, reach);
        self.combine(lens, guide.width / scale, ratio, reach.is_tilted);
    }

    /// Looks at every border of the frame for a card that leaves it there.
    fn find_cut(&mut self, luma: &Plane, lens: &Lens, outline: &Rect, ratio: f32) {
        let grown = scaled(outline, CUT_SCALE);
        let (across, down) = (CUT_SHIFT.0 * grown.width, CUT_SHIFT.1 * grown.height);
        for border in Border::ALL {
            let (x, y) = border.towards();
            let moved = Rect { x: grown.x + across * x, y: grown.y + down * y, ..grown };
            let Some(region) = region_around(&moved, luma, &HELD) else { continue };
            self.map.fill(luma, region);
            let guide = self.coarse_guide(&moved);
            self.search_sides(&guide, &HELD);
            let lines = [self.top.lines(), self.right.lines(), self.bottom.lines(), self.left.lines()];
            cut::combine(&self.map, lines, border, lens, ratio, |new| insert(&mut self.best, new));
        }
    }

    fn coarse_guide(&self, outline: &Rect) -> Rect {
        let at = self.map.to_coarse(Point { x: outline.x, y: outline.y });
        let step = self.map.step() as f32;
        Rect { x: at.x, y: at.y, width: outline.width / step, height: outline.height / step }
    }

    fn search_sides(&mut self, guide: &Rect, reach: &Reach) {
        let band_px = reach.band * guide.width;
        let turn_degrees = reach.turn_degrees;
        let (right, bottom) = (guide.x + guide.width, guide.y + guide.height);
        let around = |at: f32| (at - band_px, at + band_px);
        let lying = |at: f32| Band {
            side: Side::Lying,
            offsets: around(at),
            positions: (guide.x - band_px, right + band_px),
            least_votes: LEAST_VOTES * guide.width,
            turn_degrees,
        };
        let standing = |at: f32| Band {
            side: Side::Standing,
            offsets: around(at),
            positions: (guide.y - band_px, bottom + band_px),
            least_votes: LEAST_VOTES * guide.height,
            turn_degrees,
        };
        self.top.search(&self.map, &lying(guide.y));
        self.bottom.search(&self.map, &lying(bottom));
        self.left.search(&self.map, &standing(guide.x));
        self.right.search(&self.map, &standing(right));
    }

    fn combine(&mut self, lens: &Lens, guide_width: f32, ratio: Option<f32>, is_tilted: bool) {
        let most_outside_px = OUTSIDE_SHARE * guide_width;
        // Where no ratio is asked for, none can be right.
        let least_score = if ratio.is_some() { LEAST_SCORE } else { LEAST_SCORE - RATIO_WEIGHT * ANY_CLOSENESS };
        let inside = |at: Point| self.map.outside_frame_px(at).is_some_and(|outside| outside <= most_outside_px);
        for top in self.top.lines() {
            for bottom in self.bottom.lines() {
                for left in self.left.lines() {
                    for right in self.right.lines() {
                        let corners = [
                            crossing(top, left),
                            crossing(top, right),
                            crossing(bottom, right),
                            crossing(bottom, left),
                        ];
                        if !corners.iter().all(|corner| inside(*corner)) {
                            continue;
                        }
                        let quad = Quad(corners.map(|corner| self.map.to_frame(corner)));
                        let Some(fit) = fit(&quad, lens, ratio) else { continue };
                        let Some(outline) = outline_score(&corners, [top, right, bottom, left]) else { continue };
                        let size = (corners[0].distance(corners[1]) / guide_width.max(1.0)).min(1.2);
                        let score = outline + RATIO_WEIGHT * fit.closeness + SIZE_WEIGHT * size;
                        if score < least_score {
                            continue;
                        }
                        let rank = score + fit.exactness;
                        let step_px = self.map.step();
                        insert(&mut self.best, Candidate { quad, score, rank, step_px, unseen: None, is_tilted });
                    }
                }
            }
        }
    }
}

/// The outline grown or shrunk around its middle.
fn scaled(outline: &Rect, scale: f32) -> Rect {
    let (width, height) = (outline.width * scale, outline.height * scale);
    let centre = outline.centre();
    Rect { x: centre.x - width / 2.0, y: centre.y - height / 2.0, width, height }
}

/// The part of the frame that the bands can reach; `None` for an outline that is no place to look.
fn region_around(outline: &Rect, luma: &Plane, reach: &Reach) -> Option<Region> {
    let finite = [outline.x, outline.y, outline.width, outline.height].iter().all(|value| value.is_finite());
    if !finite || outline.width < LEAST_GUIDE_PX || outline.height < LEAST_GUIDE_PX / 2.0 {
        return None;
    }
    let margin = outline.width * (reach.band + reach.beyond);
    let clip = |value: f32, size: u32| value.clamp(0.0, size as f32) as u32;
    let region = Region {
        left: clip(outline.x - margin, luma.width()),
        top: clip(outline.y - margin, luma.height()),
        right: clip(outline.x + outline.width + margin, luma.width()),
        bottom: clip(outline.y + outline.height + margin, luma.height()),
    };
    let wide_enough = region.right >= region.left + LEAST_GUIDE_PX as u32;
    let high_enough = region.bottom >= region.top + LEAST_GUIDE_PX as u32 / 2;
    (wide_enough && high_enough).then_some(region)
}

/// Where a lying and a standing line meet. Slopes stay far below 1, so they always do.
pub(super) fn crossing(lying: &Line, standing: &Line) -> Point {
    let from_middle = lying.at_middle - lying.slope * lying.middle - standing.middle;
    let x = (standing.at_middle + standing.slope * from_middle) / (1.0 - standing.slope * lying.slope);
    Point { x, y: lying.offset(x) }
}

/// How near a quadrilateral is to the picture of a card.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit {
    /// 1 for exactly the wanted ratio, 0 at the edge of the tolerance.
    pub closeness: f32,
    /// What is added to a score when two outlines are compared.
    pub exactness: f32,
}

/// `None` beyond the tolerance or when not a rectangle.
pub(super) fn fit(quad: &Quad, lens: &Lens, ratio: Option<f32>) -> Option<Fit> {
    let shape = shape::read(quad, lens)?;
    if shape.skew.abs() > SKEW_TOLERANCE {
        return None;
    }
    let askew = SKEW_WEIGHT * shape.skew.abs() / SKEW_TOLERANCE;
    let Some(wanted) = ratio else {
        return ANY_RATIO.contains(&shape.ratio).then_some(Fit { closeness: ANY_CLOSENESS, exactness: -askew });
    };
    let off = (shape.ratio / wanted).ln();
    let closeness = 1.0 - off.abs() / (1.0 + RATIO_TOLERANCE).ln();
    let exact = (1.0 - off.hypot(shape.skew) / EXACT_WITHIN).max(0.0);
    (closeness >= 0.0).then_some(Fit { closeness, exactness: EXACT_WEIGHT * exact - askew })
}

/// What a line shows between and beyond two corners; only the part inside the frame is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SideSeen {
    pub whole: f32,
    /// Next to the corner where the stretch starts and where it ends.
    pub ends: [bool; 2],
    pub beyond: [f32; 2],
}

pub(super) fn see_side(line: &Line, from: f32, to: f32) -> Option<SideSeen> {
    let length = to - from;
    let (start, end) = (from + CORNER_SHARE * length, to - CORNER_SHARE * length);
    let near = NEAR_CORNER_SHARE * length;
    let past = 3.0 + 0.02 * length;
    let reach = BEYOND_SHARE * length;
    let seen = |from: f32, to: f32| line.support(from, to).unwrap_or(0.0);
    Some(SideSeen {
        whole: line.support(start, end)?,
        ends: [seen(start, start + near) >= CORNER_SEEN, seen(end - near, end) >= CORNER_SEEN],
        beyond: [seen(from - past - reach, from - past), seen(to + past, to + past + reach)],
    })
}

/// How much of the outline is there, less what goes on beyond its corners: a shelf does not end where a card would.
fn outline_score(corners: &[Point; 4], lines: [&Line; 4]) -> Option<f32> {
    let [top_left, top_right, low_right, low_left] = corners;
    let [top, right, bottom, left] = lines;
    let top = see_side(top, top_left.x, top_right.x)?;
    let right = see_side(right, top_right.y, low_right.y)?;
    let bottom = see_side(bottom, low_left.x, low_right.x)?;
    let left = see_side(left, top_left.y, low_left.y)?;
    let sides = [&top, &right, &bottom, &left];
    let mean = sides.iter().map(|side| side.whole).sum::<f32>() / 4.0;
    let weakest = sides.iter().map(|side| side.whole).fold(1.0, f32::min);
    let corners_seen = [
        top.ends[0] && left.ends[0],
        top.ends[1] && right.ends[0],
        bottom.ends[1] && right.ends[1],
        bottom.ends[0] && left.ends[1],
    ];
    let beyond = || sides.iter().flat_map(|side| side.beyond);
    let running_on = beyond().filter(|share| *share >= RUNS_ON).count() as u32;
    let is_outline = weakest >= LEAST_SIDE
        && mean >= LEAST_MEAN
        && corners_seen.iter().filter(|seen| **seen).count() >= LEAST_CORNERS
        && running_on <= MOST_RUNNING_ON
        && beyond().sum::<f32>() <= MOST_BEYOND;
    is_outline.then(|| mean + WEAKEST_WEIGHT * weakest - BEYOND_WEIGHT * beyond().sum::<f32>() / 8.0)
}

/// Keeps the best few that are not the same quadrilateral within two coarse pixels.
fn insert(best: &mut Vec<Candidate>, mut new: Candidate) {
    let near = 2.0 * new.step_px as f32;
    let same = |old: &Candidate| old.quad.0.iter().zip(&new.quad.0).all(|(a, b)| a.distance(*b) < near);
    if let Some(index) = best.iter().position(same) {
        let old = &mut best[index];
        // Whoever was seen without looking for tilted cards needs no proof of being one.
        new.is_tilted &= old.is_tilted;
        old.is_tilted = new.is_tilted;
        if old.rank >= new.rank {
            return;
        }
        best.remove(index);
    }
    let place = best.partition_point(|old| old.rank >= new.rank);
    if place < CANDIDATES {
        best.insert(place, new);
        best.truncate(CANDIDATES);
    }
}
