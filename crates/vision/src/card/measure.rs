//! From a frame to a measured card: the search, the refinement, and every measure on the flat card, in that order.

use crate::{Lens, Picture, Plane, Point, Quad, Rect};

use super::find::{CANDIDATES, Candidate, Finder};
use super::glare::{CardLight, FLAT, GlareReader};
use super::opening;
use super::portrait::FlatColour;
use super::refine::{self, Outline};
use super::shape::{self, Shape};
use super::spread::SpreadReader;
use super::text::{DENSITY_PX_PER_MM, TextReader};
use super::warp::{self, Homography};
use super::{Card, CardFormat, Guide};

/// A side ratio may be off by this share after refinement.
const RATIO_TOLERANCE: f32 = 0.10;
/// Cosine between the sides after refinement: 7 degrees off square.
const SKEW_TOLERANCE: f32 = 0.12;
/// Half the width of the edge profile: .78 mm on the card, and never so little that a soft edge does not fit.
const PROFILE_HALF_MM: f32 = 0.78;
const PROFILE_HALF_PX: (f32, f32) = (5.0, 40.0);
/// The spread cannot be told beyond this, because the profile ends there.
const MOST_SPREAD_MM: f32 = 0.45;
/// Size assumed for a card of unknown format, so that its print can be looked for at all.
const ASSUMED_WIDTH_MM: f32 = 85.60;
/// From this median on a card may be burnt white: whether it is blank cannot be told.
const BURNT_LUMA: f32 = 238.0;
/// Corners may lie this far outside the frame, as a share of the card's width, when all four sides were seen.
const OUTSIDE_SHARE: f32 = 0.08;

/// Finds and measures the card of a frame. Holds the buffers, so that frames after the first few allocate nothing.
#[derive(Debug, Default)]
pub struct CardAnalyser {
    finder: Finder,
    spread: SpreadReader,
    glare: GlareReader,
    text: TextReader,
    flat: Vec<u8>,
    patches: Vec<u16>,
    /// For the blobs of the next card.
    blobs: Vec<Rect>,
    pub(super) colour: FlatColour,
}

impl CardAnalyser {
    /// An analyser with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// The card near the guide, measured; `None` when there is none.
    ///
    /// `lens`: of this frame, always passed in; with a wrong one, turned cards are refused for their ratio.
    /// `guide`: the outline the learner sees; a card up to a quarter smaller or larger is found.
    /// Never fails: a guide outside the picture or with a side that is not a number finds nothing.
    pub fn analyse(&mut self, picture: &Picture, lens: &Lens, guide: &Guide, format: CardFormat) -> Option<Card> {
        let mut card = None;
        self.analyse_into(picture, lens, guide, format, &mut card);
        card
    }

    /// The same, written over an earlier card: frames of one size allocate nothing after the first few.
    pub fn analyse_into(
        &mut self,
        picture: &Picture,
        lens: &Lens,
        guide: &Guide,
        format: CardFormat,
        card: &mut Option<Card>,
    ) {
        if let Some(card) = card.take() {
            self.blobs = card.glare_blobs;
        }
        *card = self.look(picture, lens, guide, format);
    }

    fn look(&mut self, picture: &Picture, lens: &Lens, guide: &Guide, format: CardFormat) -> Option<Card> {
        let lens = shape::usable_lens(lens, picture);
        let ratio = format.size_mm().map(|(width, height)| width / height);
        let found = self.finder.find(&picture.luma, &lens, &guide.outline, ratio);
        let mut candidates = [None; CANDIDATES];
        candidates.iter_mut().zip(found).for_each(|(place, candidate)| *place = Some(*candidate));
        let off_shape = |quad: &Quad| off_shape(quad, &lens, ratio);
        candidates.into_iter().flatten().find_map(|candidate| {
            let outline = refine::fit(&picture.luma, &candidate, &off_shape)?;
            let shape = shape::read(&outline.quad, &lens)?;
            let is_card =
                may_be_card(&shape, ratio) && (candidate.unseen.is_some() || inside(&outline.quad, &picture.luma));
            is_card.then(|| self.measure(picture, &outline, shape, &candidate, format))?
        })
    }

    /// Fills `out` with the luma of the card seen flat, `width_px` x `height_px`, row by row. Empty when the corners
    /// are no card or a side is 0 or over 4096.
    pub fn rectify(&self, picture: &Picture, quad: &Quad, width_px: u32, height_px: u32, out: &mut Vec<u8>) {
        out.clear();
        let sides = 1..=crate::picture::MAX_SIDE_PX;
        if !sides.contains(&width_px) || !sides.contains(&height_px) {
            return;
        }
        if let Some(homography) = Homography::onto(quad) {
            warp::flatten(&picture.luma, (0, 0), &homography, (width_px, height_px), out);
        }
    }

    fn measure(
        &mut self,
        picture: &Picture,
        outline: &Outline,
        shape: Shape,
        candidate: &Candidate,
        format: CardFormat,
    ) -> Option<Card> {
        let luma = &picture.luma;
        let quad = outline.quad;
        let homography = Homography::onto(&quad)?;
        let (across_px, down_px) = side_lengths(&quad);
        let size_mm = format.size_mm();
        let px_per_mm = size_mm.map_or(0.0, |(width, height)| (across_px / width).min(down_px / height));
        let density = if size_mm.is_some() { px_per_mm } else { across_px / ASSUMED_WIDTH_MM };
        let half_px = (PROFILE_HALF_MM * density).clamp(PROFILE_HALF_PX.0, PROFILE_HALF_PX.1);
        let most_px = MOST_SPREAD_MM * density;
        let sigma_px = outline.spread_px(luma, half_px, &mut self.spread).map_or(most_px, |spread| spread.min(most_px));

        warp::flatten(luma, (0, 0), &homography, FLAT, &mut self.flat);
        let light = self.glare.read(&self.flat);
        if light.median_luma < BURNT_LUMA && opening::is_opening(luma, &homography, &self.flat, &mut self.patches) {
            return None;
        }

        let width_mm = size_mm.map_or(ASSUMED_WIDTH_MM, |(width, _)| width);
        let height_mm = size_mm.map_or(ASSUMED_WIDTH_MM / shape.ratio, |(_, height)| height);
        let text_size = ((width_mm * DENSITY_PX_PER_MM) as u32, (height_mm * DENSITY_PX_PER_MM) as u32);
        warp::flatten(luma, (0, 0), &homography, text_size, &mut self.flat);
        let print = self.text.read(&self.flat, text_size.0 as usize);
        if (candidate.unseen.is_some() || candidate.is_tilted) && print.lines == 0 {
            // Three sides alone, and four that run together, are as often a shelf's as a card's; what tells them apart is print.
            return None;
        }
        // Not taken before it is sure to be given out: what is dropped on the way would have to be allocated again.
        let mut glare_blobs = std::mem::take(&mut self.blobs);
        glare_blobs.clear();
        glare_blobs.extend(self.glare.blobs.iter().map(|blob| homography.bounds_of(blob, FLAT.0, FLAT.1)));

        let CardLight { glare_share, median_luma, p90_luma } = light;
        Some(Card {
            quad,
            score: candidate.score,
            px_per_mm,
            sigma_mm: if px_per_mm > 0.0 { sigma_px / px_per_mm } else { 0.0 },
            sigma_px,
            glare_share,
            glare_blobs,
            glare_over_text: over_text(&self.glare.blobs, &self.text.lines, text_size),
            median_luma,
            p90_luma,
            tilt_degrees: shape.tilt_degrees,
            roll_degrees: roll_degrees(&quad),
            border_margin: border_margin(&quad, luma),
            text_lines: print.lines,
            capital_height_px: print.letter_height_px * down_px / text_size.1 as f32,
            portrait: None,
            portrait_bounds: None,
            upside_down: false,
        })
    }
}

fn may_be_card(shape: &Shape, ratio: Option<f32>) -> bool {
    let right_ratio = ratio.is_none_or(|wanted| (shape.ratio / wanted).ln().abs() <= (1.0 + RATIO_TOLERANCE).ln());
    right_ratio && shape.skew.abs() <= SKEW_TOLERANCE
}

/// How far a quadrilateral is from the picture of a card; 0 is exactly one.
fn off_shape(quad: &Quad, lens: &Lens, ratio: Option<f32>) -> f32 {
    shape::read(quad, lens)
        .map_or(f32::MAX, |shape| ratio.map_or(0.0, |wanted| (shape.ratio / wanted).ln()).hypot(shape.skew))
}

fn inside(quad: &Quad, luma: &Plane) -> bool {
    let outside_px = -border_margin(quad, luma) * luma.width() as f32;
    outside_px <= OUTSIDE_SHARE * quad.0[0].distance(quad.0[1])
}

/// Mean lengths of (top, bottom) and of (left, right), pixels.
fn side_lengths(quad: &Quad) -> (f32, f32) {
    let [a, b, c, d] = quad.0;
    (f32::midpoint(a.distance(b), d.distance(c)), f32::midpoint(a.distance(d), b.distance(c)))
}

/// Direction from the middle of the left side to the middle of the right one; y runs down, so clockwise is positive.
fn roll_degrees(quad: &Quad) -> f32 {
    let [a, b, c, d] = quad.0;
    let middle = |one: Point, other: Point| (f32::midpoint(one.x, other.x), f32::midpoint(one.y, other.y));
    let (left, right) = (middle(a, d), middle(b, c));
    (right.1 - left.1).atan2(right.0 - left.0).to_degrees()
}

fn border_margin(quad: &Quad, luma: &Plane) -> f32 {
    let (width, height) = (luma.width() as f32, luma.height() as f32);
    let nearest = |at: &Point| (at.x + 0.5).min(at.y + 0.5).min(width - 0.5 - at.x).min(height - 0.5 - at.y);
    quad.0.iter().map(nearest).fold(f32::MAX, f32::min) / width
}

/// Does a blob touch a line? A burnt letter is no longer seen, so a line is taken to go on by two heights.
fn over_text(blobs: &[Rect], lines: &[Rect], text_size: (u32, u32)) -> bool {
    let (scale_x, scale_y) = (text_size.0 as f32 / FLAT.0 as f32, text_size.1 as f32 / FLAT.1 as f32);
    blobs.iter().any(|blob| {
        let (left, top) = (blob.x * scale_x, blob.y * scale_y);
        let (right, bottom) = (left + blob.width * scale_x, top + blob.height * scale_y);
        lines.iter().any(|line| {
            let more = 2.0 * line.height;
            left < line.x + line.width + more && right > line.x - more && top < line.y + line.height && bottom > line.y
        })
    })
}
