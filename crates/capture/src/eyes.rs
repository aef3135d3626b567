//! From a frame's pixels to measures: the only file that calls the analysers.
//!
//! Guarantees: a live look costs what its mode needs; a close look searches for everything, remembers nothing of the stream
//! before, and is what the photo is judged by. Live looks write over the memory of earlier ones that was given back, so that
//! once they have seen a few frames of a stream they allocate nothing; close looks, one for each photo, may.
//! Refuses to know: limits, hints, the learner.

use std::time::Duration;

use likeness_camera::Planes;
use likeness_vision::card::{Card, CardAnalyser, CardFormat, Guide};
use likeness_vision::face::{Face, FaceAnalyser, FaceBox, FaceReport, SceneLight};
use likeness_vision::people::Sweep;
use likeness_vision::{Colour, Lens, Picture, Plane, PlaneError, Rect};

use crate::advice::GuideShape;
use crate::guide;
use crate::mode::{Hand, Mode};
use crate::view::Measures;

/// The portrait on the card is looked for this often once seen,
const PORTRAIT_EVERY: Duration = Duration::from_secs(1);
/// and this often until then.
const PORTRAIT_SOUGHT_EVERY: Duration = Duration::from_millis(300);
/// A score from which a portrait counts as seen for this rhythm; one on its head is about to be turned.
const PORTRAIT_SEEN: f32 = 0.6;
/// Boxes that overlap the learner's face this much are the learner.
const SAME_FACE: f32 = 0.3;
/// Every eighth pixel of every eighth row is enough to tell black from white.
const SCENE_STEP: usize = 8;

/// See the module. One per camera stream.
pub(crate) struct Eyes {
    faces: FaceAnalyser,
    /// For stills, so that the stream's tracking is not disturbed by a picture out of turn.
    still_faces: FaceAnalyser,
    cards: CardAnalyser,
    portrait_due: Duration,
    /// In `Face` mode the card that does not belong there is looked for beside one side of the head at a time.
    stray_hand: Hand,
    spare: Spare,
}

/// Memory of earlier looks. Nothing in it is read.
#[derive(Default)]
struct Spare {
    face: Option<Face>,
    others: Vec<FaceBox>,
    card: Option<Card>,
}

/// What a look is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) mode: Mode,
    pub(crate) format: CardFormat,
    pub(crate) guide: GuideShape,
    /// The lens as it was measured; without one it is assumed.
    pub(crate) lens: Option<Lens>,
    /// Time of the frame in the session.
    pub(crate) at: Duration,
}

impl Eyes {
    pub(crate) fn new() -> Result<Self, likeness_vision::ModelError> {
        Ok(Self {
            faces: FaceAnalyser::new()?,
            still_faces: FaceAnalyser::new()?,
            cards: CardAnalyser::new(),
            portrait_due: Duration::ZERO,
            stray_hand: Hand::Left,
            spare: Spare::default(),
        })
    }

    /// A look at a frame of the running stream.
    pub(crate) fn look(&mut self, planes: &Planes, sight: &Sight) -> Result<Measures, PlaneError> {
        let picture = picture_of(planes)?;
        let mut measures = blank(&picture, sight.lens);
        let size_px = (measures.width(), measures.height());
        if sight.mode.wants_face() {
            let mut report = FaceReport {
                main: self.spare.face.take(),
                others: std::mem::take(&mut self.spare.others),
                ..FaceReport::default()
            };
            self.faces.analyse_into(&picture, &measures.lens, &mut report);
            measures.face = report.main;
            measures.others = report.others;
        }
        let portrait_due = sight.at >= self.portrait_due;
        match sight.mode {
            Mode::Face if portrait_due => {
                self.stray_hand = self.stray_hand.other();
                let place = measures.face.as_ref().map(|face| guide::beside_face(face, self.stray_hand, sight.format));
                measures.card = self.card(&picture, &measures.lens, place.into_iter(), sight.format);
                self.portrait_due = sight.at + PORTRAIT_EVERY;
            }
            Mode::Face => return Ok(measures),
            Mode::FaceWithCard { hand } => {
                self.faces.people_into(&picture, Sweep::Next, &mut measures.others);
                leave_out(&mut measures.others, measures.face.as_ref());
                let places = places_beside(measures.face.as_ref(), hand, sight, size_px);
                measures.card = self.card(&picture, &measures.lens, places, sight.format);
            }
            Mode::IdCard { .. } => {
                let outline = sight.guide.outline.map(|outline| guide::in_pixels(outline, size_px));
                measures.card = self.card(&picture, &measures.lens, outline.into_iter(), sight.format);
            }
        }
        if portrait_due && let Some(card) = &mut measures.card {
            self.cards.portrait(&mut self.faces, &picture, card);
            let seen = card.portrait.is_some_and(|score| score >= PORTRAIT_SEEN) && !card.upside_down;
            self.portrait_due =
                sight.at + if seen || sight.mode == Mode::Face { PORTRAIT_EVERY } else { PORTRAIT_SOUGHT_EVERY };
        }
        Ok(measures)
    }

    /// A look at a picture by itself, with everything its mode may need: for the very bytes that are sent.
    pub(crate) fn look_closely(&mut self, planes: &Planes, sight: &Sight) -> Result<Measures, PlaneError> {
        let picture = picture_of(planes)?;
        let mut measures = blank(&picture, sight.lens);
        let size_px = (measures.width(), measures.height());
        self.still_faces.forget();
        if sight.mode.wants_face() {
            measures.face = self.still_faces.analyse(&picture, &measures.lens).main;
            measures.others = self.still_faces.people(&picture, Sweep::All);
            leave_out(&mut measures.others, measures.face.as_ref());
        }
        let places: Vec<Rect> = match sight.mode {
            Mode::Face => Vec::new(),
            Mode::FaceWithCard { hand } => places_beside(measures.face.as_ref(), hand, sight, size_px).collect(),
            Mode::IdCard { .. } => {
                sight.guide.outline.map(|outline| guide::in_pixels(outline, size_px)).into_iter().collect()
            }
        };
        measures.card = self.card(&picture, &measures.lens, places.into_iter(), sight.format);
        if let Some(card) = &mut measures.card {
            if sight.mode.wants_face()
                && let Some(behind) = self.still_faces.over_the_edge(&picture, &card.quad)
                && !is_same(&behind, measures.face.as_ref())
                && !measures.others.iter().any(|other| other.bounds.overlap(&behind.bounds) >= SAME_FACE)
            {
                measures.others.push(behind);
            }
            self.cards.portrait(&mut self.still_faces, &picture, card);
        }
        Ok(measures)
    }

    /// Takes back the memory of a live look that nobody reads any more.
    pub(crate) fn give_back(&mut self, measures: Measures) {
        let Measures { face, others, card, .. } = measures;
        self.spare.face = face.or(self.spare.face.take());
        self.spare.card = card.or(self.spare.card.take());
        self.spare.others = others;
    }

    /// The camera was reopened or the hand changed: nothing followed before is there any more.
    pub(crate) fn forget(&mut self) {
        self.faces.forget();
        self.portrait_due = Duration::ZERO;
    }

    /// The card in the first of the places that has one.
    fn card(
        &mut self,
        picture: &Picture<'_>,
        lens: &Lens,
        mut places: impl Iterator<Item = Rect>,
        format: CardFormat,
    ) -> Option<Card> {
        places.find_map(|outline| {
            let mut card = self.spare.card.take();
            self.cards.analyse_into(picture, lens, &Guide { outline }, format, &mut card);
            card
        })
    }
}

/// The drawn outline first; then, for a head off its mark, the same place seen from the head.
fn places_beside(
    face: Option<&Face>,
    hand: Hand,
    sight: &Sight,
    size_px: (f32, f32),
) -> impl Iterator<Item = Rect> + use<> {
    let drawn = sight.guide.outline.map(|outline| guide::in_pixels(outline, size_px));
    let near = face.map(|face| guide::beside_face(face, hand, sight.format));
    drawn.into_iter().chain(near)
}

fn leave_out(seen: &mut Vec<FaceBox>, main: Option<&Face>) {
    seen.retain(|other| !is_same(other, main));
}

fn is_same(other: &FaceBox, main: Option<&Face>) -> bool {
    main.is_some_and(|face| face.bounds.overlap(&other.bounds) >= SAME_FACE)
}

fn blank(picture: &Picture<'_>, lens: Option<Lens>) -> Measures {
    let (width_px, height_px) = (picture.luma.width(), picture.luma.height());
    Measures {
        width_px,
        height_px,
        lens: lens.unwrap_or_else(|| Lens::assumed(width_px, height_px)),
        scene: scene(&picture.luma),
        face: None,
        others: Vec::new(),
        card: None,
    }
}

/// Luma of the whole frame, from a sample: needed in every mode, also where no face is searched for.
fn scene(luma: &Plane<'_>) -> SceneLight {
    let mut counts = [0u32; 256];
    let mut total = 0u32;
    for y in (0..luma.height()).step_by(SCENE_STEP) {
        for value in luma.row(y).iter().step_by(SCENE_STEP) {
            if let Some(count) = counts.get_mut(usize::from(*value)) {
                *count += 1;
                total += 1;
            }
        }
    }
    let percentile = |share: f64| {
        let wanted = share * f64::from(total);
        let mut seen = 0.0;
        for (value, count) in (0u8..=255).zip(counts) {
            seen += f64::from(count);
            if seen >= wanted {
                return f32::from(value);
            }
        }
        255.0
    };
    let sum: f32 = (0u8..=255).zip(counts).map(|(value, count)| f32::from(value) * share(count, total)).sum();
    SceneLight { p10: percentile(0.1), p90: percentile(0.9), mean: sum }
}

#[allow(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
fn share(count: u32, total: u32) -> f32 {
    (f64::from(count) / f64::from(total.max(1))) as f32
}

/// Lends the camera's planes to the analysers; nothing is copied or converted.
pub(crate) fn picture_of(planes: &Planes) -> Result<Picture<'_>, PlaneError> {
    let luma = lend(&planes.y)?;
    let colour = match (&planes.u, &planes.v) {
        (Some(u), Some(v)) => {
            Colour::Planar { u: lend(u)?, v: lend(v)?, shift_x: planes.shift_x, shift_y: planes.shift_y }
        }
        _ => Colour::None,
    };
    Ok(Picture { luma, colour })
}

fn lend(plane: &likeness_camera::Plane) -> Result<Plane<'_>, PlaneError> {
    let side = |length: usize| u32::try_from(length).map_err(|_| PlaneError::TooLarge);
    Plane::new(&plane.px, side(plane.width)?, side(plane.height)?, side(plane.stride)?)
}
