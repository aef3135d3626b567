//! Which frame of a burst is the best: sharp, eyes open, facing the camera; for a card: sharp, without glare, dense, flat.

use crate::gates::Judgement;
use crate::mode::Mode;
use crate::photo::Level;
use crate::profile::Profile;
use crate::view::Measures;

/// The best of a burst that are checked at full size.
const CHECKED: usize = 3;
/// Density at which more pixels no longer count, pixels per millimetre.
const DENSE_ENOUGH: f64 = 12.0;

/// One frame of a burst.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shot {
    pub(crate) seq: u64,
    /// Width of what the photo is about, pixels: compared with the same measure on the still.
    pub(crate) scale_px: Option<f32>,
    absolute: bool,
    stops: usize,
    complete: bool,
    score: f64,
}

impl Shot {
    pub(crate) fn new(
        seq: u64,
        measures: &Measures,
        judgement: &Judgement,
        usual_contrast: Option<f64>,
        (mode, profile): (Mode, Profile),
    ) -> Self {
        Self {
            seq,
            scale_px: scale_px(measures, mode),
            absolute: judgement.absolute(),
            stops: judgement.failing(Level::Stop).count(),
            complete: judgement.complete,
            score: score(measures, usual_contrast, mode, profile),
        }
    }
}

/// The frames to check, best first. By itself only frames without a stop are taken.
pub(crate) fn best(shots: &[Shot], automatic: bool) -> Vec<Shot> {
    let mut shots: Vec<Shot> =
        shots.iter().copied().filter(|shot| !automatic || (shot.stops == 0 && shot.complete)).collect();
    shots.sort_by(|a, b| (a.absolute, a.stops).cmp(&(b.absolute, b.stops)).then(b.score.total_cmp(&a.score)));
    shots.truncate(CHECKED);
    shots
}

/// Distance between the eyes, or the card's width: what a still must agree with its frame about.
pub(crate) fn scale_px(measures: &Measures, mode: Mode) -> Option<f32> {
    if mode.wants_face() {
        measures.face.as_ref().map(|face| face.inter_eye_px)
    } else {
        measures.card.as_ref().map(|card| card.quad.bounds().width)
    }
}

fn score(measures: &Measures, usual_contrast: Option<f64>, mode: Mode, profile: Profile) -> f64 {
    let face = if mode.wants_face() { face_score(measures, usual_contrast, profile) } else { 0.0 };
    let card = if mode.wants_card() { card_score(measures, profile) } else { 0.0 };
    face + card
}

fn face_score(measures: &Measures, usual_contrast: Option<f64>, profile: Profile) -> f64 {
    let Some(face) = &measures.face else {
        return 0.0;
    };
    let limits = profile.limits();
    let sharp = good(face.blur, limits.face_blur_max.stop);
    let open =
        (f64::from(face.eye_contrast) / usual_contrast.unwrap_or(f64::from(face.eye_contrast)).max(1e-6)).min(1.0);
    let facing = good(face.yaw_degrees.abs() + face.pitch_degrees.abs(), limits.yaw_max.stop + limits.pitch_max.stop);
    0.5 * sharp + 0.3 * open + 0.2 * facing
}

fn card_score(measures: &Measures, profile: Profile) -> f64 {
    let Some(card) = &measures.card else {
        return 0.0;
    };
    let limits = profile.limits();
    let sharp = if card.px_per_mm > 0.0 {
        good(card.sigma_mm, limits.card_sigma_mm_max.stop)
    } else {
        good(card.sigma_px, limits.beside_sigma_px_max.stop)
    };
    let matt = good(card.glare_share, limits.card_glare_max.stop);
    let dense = (f64::from(card.px_per_mm) / DENSE_ENOUGH).min(1.0);
    let flat = good(card.tilt_degrees.abs(), limits.card_tilt_max.stop);
    0.5 * sharp + 0.25 * matt + 0.15 * dense + 0.1 * flat
}

/// 1 at zero, 0 at the limit and beyond.
fn good(value: f32, limit: f64) -> f64 {
    (1.0 - f64::from(value) / limit).clamp(0.0, 1.0)
}
