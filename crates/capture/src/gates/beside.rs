//! Gates of the two-subject frame: the learner's face with the photo side of the card beside it.
//!
//! Taken by itself only if a main face is good, a card with agreed edges lies beside it, the card carries a portrait of a
//! believable size, the card is as large as a card at that depth can be, and every other face lies on the card.
//! A poster, a screen or a second person fails one of these.

use likeness_vision::Rect;
use likeness_vision::card::Card;
use likeness_vision::face::{Face, FaceBox};

use super::card::{surface, width_px};
use super::face::{eyes_apart, own_face, second_person};
use super::{Judgement, Reading, Standpoint};
use crate::advice::Side;
use crate::guide;
use crate::hint::HintCode;
use crate::mode::Hand;
use crate::profile::Limits;
use crate::view::Measures;

/// A portrait may stick out of the measured quadrilateral by this share.
const QUAD_GROWS: f32 = 0.05;
/// A face this close around the outline is taken for the portrait of a card not found yet.
const ZONE_GROWS: f32 = 0.3;

/// Answers whether a face was found.
pub(super) fn judge(measures: &Measures, from: &Standpoint<'_>, hand: Hand, to: &mut Judgement) -> bool {
    let Some(face) = &measures.face else {
        to.readings.push(Reading::fact("face", HintCode::NoFace, true));
        return false;
    };
    to.readings.push(Reading::fact("face", HintCode::NoFace, false));
    own_face(measures, face, from, to);
    to.readings.push(second_person(face, stranger(measures, face, from, hand), from));
    to.readings.push(Reading::fact("card", HintCode::CardNotInOutline, measures.card.is_none()));
    let Some(card) = &measures.card else {
        return true;
    };
    if !from.memory.card_agreed() {
        to.card_unsettled = true;
        let mut unsettled = Judgement::default();
        size(card, face, from, &mut unsettled);
        to.note_opposed(unsettled);
        return true;
    }
    portrait(card, face, from, to);
    size(card, face, from, to);
    let limits = from.settings.profile.limits();
    to.readings.push(Reading::below("card-margin", HintCode::CardCutOff, card.border_margin, limits.card_margin_min));
    // Beside the head even a card held flat is seen 15 to 20 degrees from the line of sight, and nobody reads this photo's print.
    let tilt = limits.card_tilt_max.stop;
    surface(card, from, Limits { warn: tilt, stop: tilt }, to);
    let code = if from.memory.moving() { HintCode::HoldStill } else { HintCode::OutOfFocus };
    to.readings.push(Reading::above("card-sigma-px", code, card.sigma_px, limits.beside_sigma_px_max));
    to.complete = from.memory.portrait().is_some();
    true
}

/// The largest other face that is not the portrait on the card.
fn stranger<'a>(measures: &'a Measures, face: &Face, from: &Standpoint<'_>, hand: Hand) -> Option<&'a FaceBox> {
    let drawn = from.guide.outline.map(|outline| guide::in_pixels(outline, (measures.width(), measures.height())));
    let zones = [drawn, Some(guide::beside_face(face, hand, from.settings.format))];
    let on_card = |other: &FaceBox| {
        measures.card.as_ref().map_or_else(
            || zones.iter().flatten().any(|zone| inside(*zone, other.bounds)),
            // A head behind the card has its middle on it too; it is larger than a portrait, or looks over the edge.
            |card| {
                let widest = from.settings.profile.limits().portrait_on_card_max.stop * f64::from(width_px(card));
                f64::from(other.bounds.width) <= widest
                    && card.quad.holds(other.bounds.centre(), QUAD_GROWS)
                    && other.keypoints[..2].iter().all(|eye| card.quad.holds(*eye, 0.0))
            },
        )
    };
    measures.others.iter().filter(|other| !on_card(other)).max_by(|a, b| eyes_apart(a).total_cmp(&eyes_apart(b)))
}

fn inside(zone: Rect, bounds: Rect) -> bool {
    let (middle, at) = (zone.centre(), bounds.centre());
    let reach = 0.5 + ZONE_GROWS / 2.0;
    (at.x - middle.x).abs() <= reach * zone.width && (at.y - middle.y).abs() <= reach * zone.height
}

fn portrait(card: &Card, face: &Face, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    if let Some(score) = from.memory.portrait() {
        to.readings.push(Reading::below("card-portrait", HintCode::NoPortrait, score, limits.beside_portrait_min));
    }
    if let Some(bounds) = card.portrait_bounds {
        let on_card = f64::from(bounds.width / width_px(card).max(1.0));
        to.readings.push(Reading::below(
            "portrait-on-card",
            HintCode::NoPortrait,
            on_card,
            limits.portrait_on_card_min,
        ));
        to.readings.push(Reading::above(
            "portrait-on-card",
            HintCode::NoPortrait,
            on_card,
            limits.portrait_on_card_max,
        ));
        let of_face = f64::from(bounds.width / face.bounds.width.max(1.0));
        to.readings.push(Reading::below(
            "portrait-of-face",
            HintCode::NoPortrait,
            of_face,
            limits.portrait_of_face_min,
        ));
        to.readings.push(Reading::above(
            "portrait-of-face",
            HintCode::NoPortrait,
            of_face,
            limits.portrait_of_face_max,
        ));
    }
}

fn size(card: &Card, face: &Face, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    let of_eyes = f64::from(width_px(card) / face.inter_eye_px.max(1.0));
    let middle = f64::midpoint(limits.beside_size_min.stop, limits.beside_size_max.stop);
    let large = of_eyes > middle;
    to.readings.push(Reading::below("card-over-eyes", HintCode::CardTooFar, of_eyes, limits.beside_size_min).moving(
        Side::Closer,
        None,
        large,
    ));
    to.readings.push(Reading::above("card-over-eyes", HintCode::CardTooClose, of_eyes, limits.beside_size_max).moving(
        Side::Away,
        None,
        !large,
    ));
    if card.px_per_mm > 0.0 {
        // Few pixels on the card: who sits far away comes closer with it; else the card comes forward as long as it stays believable,
        // and then the learner with it, up to the mark.
        let height = f64::from(face.head_height_ratio);
        let far = height < limits.beside_height_min.warn;
        let on_the_mark = height > guide::height_target(from.mode, from.settings.profile);
        let code = match (far, large, on_the_mark) {
            (false, false, _) => HintCode::CardTooFar,
            (false, true, true) => HintCode::CameraLimit,
            (true, _, _) | (false, true, false) => HintCode::FaceTooFar,
        };
        let reading = Reading::below("card-px-per-mm", code, card.px_per_mm, limits.beside_density_min);
        to.readings.push(if code == HintCode::CameraLimit { reading } else { reading.toward(Side::Closer) });
    }
}
