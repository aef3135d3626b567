//! One gate is one measured value against its limits. All that is judged about a look is a list of readings.
//!
//! Guarantees: pure; the same measures give the same readings, whether they come from a live frame or from the bytes that are sent.
//! Refuses to know: which hint is shown, and when.

mod beside;
mod card;
mod face;

use crate::advice::{GuideShape, Side};
use crate::hint::HintCode;
use crate::memory::Memory;
use crate::mode::{Mode, Settings};
use crate::photo::{Finding, Level};
use crate::profile::Limits;
use crate::view::Measures;

/// A hint leaves only when the value is better than its limit by this share,
const SLACK_SHARE: f64 = 0.15;
/// or, for angles, by this much.
const SLACK_DEGREES: f64 = 2.0;
/// Darkest and brightest frame in which a subject may be expected, luma percentiles.
const BLACK_P90: f32 = 40.0;
const WHITE_P10: f32 = 235.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Worse {
    Above,
    Below,
}

/// One value against its limits, and what to say about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    pub(crate) gate: &'static str,
    pub(crate) code: HintCode,
    pub(crate) value: f64,
    limits: Limits,
    worse: Worse,
    angle: bool,
    /// Where to move, for the words.
    pub(crate) side: Option<Side>,
    /// How far, by the lens given.
    pub(crate) move_mm: Option<f64>,
    /// The value lies beyond its target: saying this hint now would send the learner the wrong way.
    pub(crate) opposed: bool,
}

impl Reading {
    fn new(gate: &'static str, code: HintCode, value: f64, limits: Limits, worse: Worse) -> Self {
        Self { gate, code, value, limits, worse, angle: false, side: None, move_mm: None, opposed: false }
    }

    /// Bad when the value is over its limits.
    pub(crate) fn above(gate: &'static str, code: HintCode, value: impl Into<f64>, limits: Limits) -> Self {
        Self::new(gate, code, value.into(), limits, Worse::Above)
    }

    /// Bad when the value is under its limits.
    pub(crate) fn below(gate: &'static str, code: HintCode, value: impl Into<f64>, limits: Limits) -> Self {
        Self::new(gate, code, value.into(), limits, Worse::Below)
    }

    /// Something that is or is not so, always a stop when it is.
    pub(crate) fn fact(gate: &'static str, code: HintCode, so: bool) -> Self {
        Self::above(gate, code, if so { 1.0 } else { 0.0 }, Limits { warn: 0.5, stop: 0.5 })
    }

    /// The same, never more than a warning.
    pub(crate) fn advice(gate: &'static str, code: HintCode, so: bool) -> Self {
        Self::above(gate, code, if so { 1.0 } else { 0.0 }, Limits { warn: 0.5, stop: f64::INFINITY })
    }

    /// An angle in degrees, judged without its sign.
    pub(crate) fn angle(gate: &'static str, code: HintCode, degrees: f32, limits: Limits) -> Self {
        Self { angle: true, ..Self::above(gate, code, degrees.abs(), limits) }
    }

    pub(crate) fn toward(self, side: Side) -> Self {
        Self { side: Some(side), ..self }
    }

    pub(crate) fn moving(self, side: Side, move_mm: Option<f64>, opposed: bool) -> Self {
        Self { side: Some(side), move_mm, opposed, ..self }
    }

    fn breaks(&self, limit: f64) -> bool {
        match self.worse {
            Worse::Above => self.value > limit,
            Worse::Below => self.value < limit,
        }
    }

    /// What the value weighs; `None` when it is good.
    pub(crate) fn level(&self) -> Option<Level> {
        if self.breaks(self.limits.stop) {
            Some(Level::Stop)
        } else if self.breaks(self.limits.warn) {
            Some(Level::Warn)
        } else {
            None
        }
    }

    /// Good with room to spare, so that a hint about it may go.
    pub(crate) fn cleared(&self) -> bool {
        let slack = if self.angle { SLACK_DEGREES } else { SLACK_SHARE * self.limits.warn };
        !match self.worse {
            Worse::Above => self.breaks(self.limits.warn - slack),
            Worse::Below => self.breaks(self.limits.warn + slack),
        }
    }

    pub(crate) fn finding(&self) -> Option<Finding> {
        let level = self.level()?;
        let limit = if level == Level::Stop { self.limits.stop } else { self.limits.warn };
        Some(Finding { gate: self.gate, value: self.value, limit, level })
    }
}

/// What a look adds up to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judgement {
    pub(crate) readings: Vec<Reading>,
    /// All that the photo needs was seen and could be judged.
    pub(crate) complete: bool,
    /// A card is there but its edges are not agreed yet: nothing is said about it, for or against.
    pub(crate) card_unsettled: bool,
}

impl Judgement {
    /// Of readings about a card whose edges are not agreed: no gate is judged, but a hint that became wrong in direction is noticed.
    fn note_opposed(&mut self, unsettled: Self) {
        self.readings.extend(unsettled.readings.into_iter().filter(|reading| reading.opposed));
    }

    pub(crate) fn worst(&self) -> Option<Level> {
        self.readings.iter().filter_map(Reading::level).max()
    }

    pub(crate) fn green(&self) -> bool {
        self.complete && self.worst().is_none()
    }

    /// Nothing that would keep a photo from being taken by itself in the end.
    pub(crate) fn tolerable(&self) -> bool {
        self.complete
            && self.readings.iter().all(|reading| match reading.level() {
                Some(Level::Stop) => false,
                Some(_) => !reading.code.bars_automatic(),
                None => true,
            })
    }

    /// Something that not even the override goes over.
    pub(crate) fn absolute(&self) -> bool {
        self.failing(Level::Stop).any(|reading| reading.code.is_absolute())
    }

    pub(crate) fn failing(&self, level: Level) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(move |reading| reading.level() == Some(level))
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.readings.iter().filter_map(Reading::finding).collect()
    }
}

/// What the gates need beside the measures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standpoint<'a> {
    pub(crate) mode: Mode,
    pub(crate) settings: &'a Settings,
    pub(crate) guide: GuideShape,
    pub(crate) memory: &'a Memory,
}

/// Judges one look.
pub(crate) fn judge(measures: &Measures, from: &Standpoint<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let subject = match from.mode {
        Mode::Face => face::judge_alone(measures, from, &mut judgement),
        Mode::FaceWithCard { hand } => beside::judge(measures, from, hand, &mut judgement),
        Mode::IdCard { needs } => card::judge(measures, from, needs, &mut judgement),
    };
    if !subject {
        let black = measures.scene.p90 <= BLACK_P90;
        let white = measures.scene.p10 >= WHITE_P10;
        judgement.readings.push(Reading::fact("picture-black", HintCode::PictureBlack, black));
        judgement.readings.push(Reading::fact("picture-white", HintCode::PictureWhite, white));
    }
    judgement
}

/// How far to move from this distance so that a size in the picture that is `now` becomes `wanted`.
fn move_mm(distance_mm: f64, now: f64, wanted: f64) -> Option<f64> {
    let apart = (distance_mm * (1.0 - now / wanted)).abs();
    apart.is_finite().then_some(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_its_limit_is_good_and_leaves_only_with_room_to_spare() {
        let above = Limits { warn: 10.0, stop: 20.0 };
        let below = Limits { warn: 10.0, stop: 5.0 };
        #[rustfmt::skip]
        let table = [
            (Reading::above("g", HintCode::Glare, 10.0, above), None, false, "on the limit is not over it"),
            (Reading::above("g", HintCode::Glare, 10.1, above), Some(Level::Warn), false, "over warn"),
            (Reading::above("g", HintCode::Glare, 20.1, above), Some(Level::Stop), false, "over stop"),
            (Reading::above("g", HintCode::Glare, 8.4, above), None, true, "15 % better"),
            (Reading::below("g", HintCode::Glare, 9.9, below), Some(Level::Warn), false, "under warn"),
            (Reading::below("g", HintCode::Glare, 4.9, below), Some(Level::Stop), false, "under stop"),
            (Reading::below("g", HintCode::Glare, 11.6, below), None, true, "15 % better"),
            (Reading::angle("g", HintCode::Chin, -10.5, above), Some(Level::Warn), false, "angles have no sign here"),
            (Reading::angle("g", HintCode::Chin, 7.9, above), None, true, "2 degrees better"),
            (Reading::fact("g", HintCode::NoFace, true), Some(Level::Stop), false, "a fact is a stop"),
            (Reading::advice("g", HintCode::MouthOpen, true), Some(Level::Warn), false, "advice never is"),
            (Reading::above("g", HintCode::Glare, f64::NAN, above), None, true, "what is no number accuses nobody"),
        ];
        for (reading, level, cleared, because) in table {
            assert_eq!(reading.level(), level, "{because}");
            assert_eq!(reading.cleared(), cleared, "{because}");
        }
    }
}
