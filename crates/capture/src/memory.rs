//! What the last seconds of looks add to the present one: baselines of this learner and camera, agreement, movement.
//!
//! Guarantees: bounded; time comes with the looks.

use std::collections::VecDeque;
use std::time::Duration;

use likeness_vision::card::Card;
use likeness_vision::face::Face;
use likeness_vision::{Point, Quad, Rect};

use crate::profile::Profile;
use crate::view::{FrameView, Measures};

/// Baselines of blur and open eyes are taken over this long.
const BASELINE: Duration = Duration::from_secs(3);
/// After this long without one sharp face the lens is called soft.
const SOFT_AFTER: Duration = Duration::from_secs(10);
/// How far back distance and blur of the card are compared.
const FOCUS_WINDOW: Duration = Duration::from_secs(10);
/// This many looks in a row must agree on the card's edges,
const AGREEING_LOOKS: usize = 3;
/// each corner within this share of the card's width.
const AGREE_WITHIN: f32 = 0.02;
/// A portrait score is the mean of this many looks.
const PORTRAIT_LOOKS: usize = 3;
/// The card is called another one after being away for this long.
const CARD_FORGOTTEN: Duration = Duration::from_millis(500);
/// Bound of every history: the longest window at 12 looks a second, with room.
const MOST_KEPT: usize = 160;

#[derive(Debug, Clone, Copy)]
struct FaceNote {
    at: Duration,
    blur: f64,
    contrast: f64,
}

#[derive(Debug, Clone, Copy)]
struct CardNote {
    at: Duration,
    px_per_mm: f64,
    sigma_mm: f64,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    faces: VecDeque<FaceNote>,
    soft_from: Option<Duration>,
    soft_lens: bool,
    quads: VecDeque<Quad>,
    portraits: VecDeque<f64>,
    upside_down: bool,
    card_seen: Option<Duration>,
    cards: VecDeque<CardNote>,
    face_bounds: Option<Rect>,
    overlap: Option<f32>,
    moving: bool,
}

impl Memory {
    /// Takes in one fresh look.
    pub(crate) fn note(&mut self, view: &FrameView, profile: Profile) {
        let limits = profile.limits();
        let face = view.measures.face.as_ref();
        let card = view.measures.card.as_ref();
        let before = (self.face_bounds, self.quads.back().copied());
        self.movement(&view.measures, before, limits.moving_share);
        self.face_bounds = face.map(|face| face.bounds);
        if let Some(face) = face {
            self.note_face(view.at, face, limits.face_blur_max.warn);
        }
        self.note_card(view.at, card);
    }

    fn movement(&mut self, measures: &Measures, (face, quad): (Option<Rect>, Option<Quad>), moving_share: f64) {
        let (face_now, quad_now) =
            (measures.face.as_ref().map(|face| face.bounds), measures.card.as_ref().map(|card| card.quad));
        let pairs = [pair(face, face_now), pair(quad.map(|quad| quad.bounds()), quad_now.map(|quad| quad.bounds()))];
        let known = pairs.iter().flatten();
        self.overlap = known.clone().map(|(then, now)| then.overlap(now)).reduce(f32::min);
        let shift = known.map(|(then, now)| then.centre().distance(now.centre())).fold(0.0, f32::max);
        self.moving = f64::from(shift / measures.width()) > moving_share;
    }

    fn note_face(&mut self, at: Duration, face: &Face, soft_over: f64) {
        push(&mut self.faces, FaceNote { at, blur: face.blur.into(), contrast: face.eye_contrast.into() });
        while self.faces.front().is_some_and(|note| note.at + BASELINE < at) {
            self.faces.pop_front();
        }
        if f64::from(face.blur) <= soft_over {
            self.soft_from = None;
        } else {
            let from = *self.soft_from.get_or_insert(at);
            self.soft_lens |= at.saturating_sub(from) >= SOFT_AFTER;
        }
    }

    fn note_card(&mut self, at: Duration, card: Option<&Card>) {
        let Some(card) = card else {
            self.quads.clear();
            if self.card_seen.is_some_and(|seen| at.saturating_sub(seen) >= CARD_FORGOTTEN) {
                self.forget_card();
            }
            return;
        };
        self.card_seen = Some(at);
        if self.quads.len() == AGREEING_LOOKS {
            self.quads.pop_front();
        }
        self.quads.push_back(card.quad);
        if let Some(score) = card.portrait {
            if self.portraits.len() == PORTRAIT_LOOKS {
                self.portraits.pop_front();
            }
            self.portraits.push_back(score.into());
            self.upside_down = card.upside_down;
        }
        if !self.moving && card.px_per_mm > 0.0 {
            push(&mut self.cards, CardNote { at, px_per_mm: card.px_per_mm.into(), sigma_mm: card.sigma_mm.into() });
        }
        while self.cards.front().is_some_and(|note| note.at + FOCUS_WINDOW < at) {
            self.cards.pop_front();
        }
    }

    /// The card was put away: what is known of it may not be said of the next.
    pub(crate) fn forget_card(&mut self) {
        self.quads.clear();
        self.portraits.clear();
        self.upside_down = false;
        self.card_seen = None;
    }

    /// The same memory for judging the bytes of a still: its own portrait counts, and its edges need no agreement of others.
    pub(crate) fn for_still(&self, still: &Measures) -> Self {
        let mut memory = self.clone();
        memory.moving = false;
        if let Some(card) = &still.card {
            memory.quads = std::iter::repeat_n(card.quad, AGREEING_LOOKS).collect();
            if let Some(score) = card.portrait {
                memory.portraits = VecDeque::from([score.into()]);
                memory.upside_down = card.upside_down;
            }
        }
        memory
    }

    /// Usual contrast of this learner's open eyes: 90th percentile of the window.
    pub(crate) fn eye_contrast(&self) -> Option<f64> {
        let mut values: Vec<f64> = self.faces.iter().map(|note| note.contrast).collect();
        values.sort_by(f64::total_cmp);
        let at = (values.len() * 9 / 10).min(values.len().saturating_sub(1));
        values.get(at).copied()
    }

    /// Sharpest face of the window.
    pub(crate) fn face_blur_best(&self) -> Option<f64> {
        self.faces.iter().map(|note| note.blur).reduce(f64::min)
    }

    /// Nothing sharp was seen for ten seconds. Once so, always so.
    pub(crate) fn soft_lens(&self) -> bool {
        self.soft_lens
    }

    /// The last looks agree on where the card's edges are.
    pub(crate) fn card_agreed(&self) -> bool {
        self.quads.len() == AGREEING_LOOKS && self.quads.iter().zip(self.quads.iter().skip(1)).all(|(a, b)| agree(a, b))
    }

    /// Mean portrait score of the last looks that searched for one on this card.
    pub(crate) fn portrait(&self) -> Option<f64> {
        let count = u32::try_from(self.portraits.len()).ok().filter(|count| *count > 0)?;
        Some(self.portraits.iter().sum::<f64>() / f64::from(count))
    }

    /// The portrait stood on its head when this card was last searched for one.
    pub(crate) fn upside_down(&self) -> bool {
        self.upside_down
    }

    /// Smallest overlap of a subject's box with that of the look before.
    pub(crate) fn overlap(&self) -> Option<f32> {
        self.overlap
    }

    /// The subject moved since the look before.
    pub(crate) fn moving(&self) -> bool {
        self.moving
    }

    /// Was the card sharper when it was nearer? `None` when the last seconds do not tell.
    pub(crate) fn sharper_nearer(&self) -> Option<bool> {
        let mut notes: Vec<&CardNote> = self.cards.iter().collect();
        if notes.len() < 6 {
            return None;
        }
        notes.sort_by(|a, b| a.px_per_mm.total_cmp(&b.px_per_mm));
        let third = notes.len() / 3;
        let (far, near) = (notes.get(..third)?, notes.get(notes.len() - third..)?);
        if mean(near, |note| note.px_per_mm) < 1.15 * mean(far, |note| note.px_per_mm) {
            return None;
        }
        let change = mean(near, |note| note.sigma_mm) / mean(far, |note| note.sigma_mm).max(1e-6);
        if change < 0.9 {
            Some(true)
        } else if change > 1.1 {
            Some(false)
        } else {
            None
        }
    }
}

fn pair(then: Option<Rect>, now: Option<Rect>) -> Option<(Rect, Rect)> {
    Some((then?, now?))
}

fn agree(a: &Quad, b: &Quad) -> bool {
    let width = b.bounds().width.max(1.0);
    a.0.iter().zip(&b.0).all(|(then, now): (&Point, &Point)| then.distance(*now) <= AGREE_WITHIN * width)
}

fn mean(notes: &[&CardNote], of: impl Fn(&CardNote) -> f64) -> f64 {
    let count = u32::try_from(notes.len()).unwrap_or(u32::MAX).max(1);
    notes.iter().map(|note| of(note)).sum::<f64>() / f64::from(count)
}

fn push<T>(to: &mut VecDeque<T>, note: T) {
    if to.len() == MOST_KEPT {
        to.pop_front();
    }
    to.push_back(note);
}
