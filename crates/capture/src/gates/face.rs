//! Gates of the learner's own face.
//!
//! Light is judged at the eye whites, never at the skin, so that every skin tone meets the same gate.

use likeness_vision::face::{Face, FaceBox};

use super::{Judgement, Reading, Standpoint, move_mm};
use crate::advice::Side;
use crate::guide;
use crate::hint::HintCode;
use crate::profile::Limits;
use crate::view::Measures;

/// From the distance of the eyes to the width of the detector's box.
const EYES_OVER_BOX: f32 = 0.40;
/// From this share of the target height on a face is near enough whatever its pixels: a chin is seen up to a tenth short,
/// and "closer" would then be said to somebody who sits where the oval leads.
const NEAR_TARGET: f64 = 0.93;

/// Under this distance between the eyes a perfect picture reads blurred: a pixel is a pixel.
const SHARPNESS_READABLE_PX: f32 = 60.0;

/// `Face` mode. Answers whether a face was found.
pub(super) fn judge_alone(measures: &Measures, from: &Standpoint<'_>, to: &mut Judgement) -> bool {
    let Some(face) = &measures.face else {
        to.readings.push(Reading::fact("face", HintCode::NoFace, true));
        return false;
    };
    to.readings.push(Reading::fact("face", HintCode::NoFace, false));
    own_face(measures, face, from, to);
    let other = measures.others.iter().max_by(|a, b| eyes_apart(a).total_cmp(&eyes_apart(b)));
    to.readings.push(second_person(face, other, from));
    let portrait = from.memory.portrait().filter(|_| measures.card.is_some());
    let card_shown = portrait.is_some_and(|score| score >= from.settings.profile.limits().portrait_min.stop);
    to.readings.push(Reading::advice("card-in-face-photo", HintCode::CardNotNeeded, card_shown));
    to.complete = true;
    true
}

/// All gates of the main face, for both face modes.
pub(super) fn own_face(measures: &Measures, face: &Face, from: &Standpoint<'_>, to: &mut Judgement) {
    size(face, from, to);
    place(measures, face, from, to);
    let limits = from.settings.profile.limits();
    to.readings.push(Reading::angle("face-yaw-degrees", HintCode::TurnHead, face.yaw_degrees, limits.yaw_max));
    let chin = if face.pitch_degrees > 0.0 { Side::Down } else { Side::Up };
    to.readings
        .push(Reading::angle("face-pitch-degrees", HintCode::Chin, face.pitch_degrees, limits.pitch_max).toward(chin));
    to.readings.push(Reading::angle("face-roll-degrees", HintCode::HeadTilt, face.roll_degrees, limits.roll_max));
    let sharpness = sharpness(face, from);
    // Blur takes the contrast out of open eyes: drawn closed eyes read .025 to .045 of blur, blurred faces .055 and more.
    let readable = sharpness.is_none_or(|reading| reading.level().is_none());
    if readable {
        eyes(face, from, to);
    }
    light(face, from, to);
    to.readings.extend(sharpness);
    to.readings.push(Reading::above("mouth-open", HintCode::MouthOpen, face.mouth_open, limits.mouth_open_max));
}

/// The other person, if large enough to matter. `side` is the learner's own.
pub(super) fn second_person(face: &Face, other: Option<&FaceBox>, from: &Standpoint<'_>) -> Reading {
    let limit = from.settings.profile.limits().other_face_of_main;
    let share = other.map_or(0.0, |other| eyes_apart(other) / f64::from(face.inter_eye_px.max(1.0)));
    let reading =
        Reading::above("other-face-of-main", HintCode::SecondPerson, share, Limits { warn: limit, stop: limit });
    match other {
        // Larger x in the image is further to the learner's left.
        Some(other) if other.bounds.centre().x > face.bounds.centre().x => reading.toward(Side::Left),
        Some(_) => reading.toward(Side::Right),
        None => reading,
    }
}

/// Distance of the eyes of another person, pixels. A head that looks aside shows them closer together than they are, so
/// the width of its box counts too: boxes of heads seen from the front are 2.3 to 2.5 times as wide as the eyes are apart.
pub(super) fn eyes_apart(face: &FaceBox) -> f64 {
    let [right, left, ..] = face.keypoints;
    f64::from(right.distance(left).max(EYES_OVER_BOX * face.bounds.width))
}

fn size(face: &Face, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    let target = guide::height_target(from.mode, from.settings.profile);
    let (least, most) = if from.mode.wants_card() {
        (limits.beside_height_min, limits.beside_height_max)
    } else {
        (limits.face_height_min, limits.face_height_max)
    };
    let height = f64::from(face.head_height_ratio);
    let nearer_than_target = height > target;
    let apart = move_mm(face.distance_mm.into(), height, target);
    to.readings.push(Reading::below("face-height-ratio", HintCode::FaceTooFar, height, least).moving(
        Side::Closer,
        apart,
        nearer_than_target,
    ));
    if height < NEAR_TARGET * target {
        // At the target height a small frame cannot bring more pixels; only below it "closer" helps.
        to.readings.push(
            Reading::below("inter-eye-px", HintCode::FaceTooFar, face.inter_eye_px, limits.inter_eye_px_min).moving(
                Side::Closer,
                apart,
                false,
            ),
        );
    }
    let farther_than_target = height < target;
    to.readings.push(Reading::above("face-height-ratio", HintCode::FaceTooClose, height, most).moving(
        Side::Away,
        apart,
        farther_than_target,
    ));
    if nearer_than_target {
        to.readings.push(
            Reading::below("face-margin", HintCode::FaceTooClose, face.border_margin, limits.face_margin_min).moving(
                Side::Away,
                apart,
                false,
            ),
        );
    }
}

fn place(measures: &Measures, face: &Face, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    let (goal_x, goal_y) = from.guide.oval.map_or((0.5, 0.5), |oval| oval.centre);
    let (x, y) = measures.share(face.bounds.centre());
    four_ways(
        to,
        ["face-across", "face-down"],
        [HintCode::FaceLeft, HintCode::FaceRight, HintCode::FaceHigh, HintCode::FaceLow],
        (x - goal_x, y - goal_y),
        (limits.face_across_max, limits.face_down_max),
    );
}

/// Readings for too far to the learner's left, right, up, down. `off`: x to the image's right, y down.
pub(super) fn four_ways(
    to: &mut Judgement,
    [across, down]: [&'static str; 2],
    [left, right, high, low]: [HintCode; 4],
    off: (f32, f32),
    limits: (Limits, Limits),
) {
    // The image's right is the learner's left, so the way back is to the learner's right.
    #[rustfmt::skip]
    let ways = [
        (across, left,  off.0,  limits.0, Side::Right),
        (across, right, -off.0, limits.0, Side::Left),
        (down,   high,  -off.1, limits.1, Side::Down),
        (down,   low,   off.1,  limits.1, Side::Up),
    ];
    for (gate, code, off, limit, side) in ways {
        to.readings.push(Reading::above(gate, code, off.max(0.0), limit).moving(side, None, off < 0.0));
    }
}

fn eyes(face: &Face, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    let usual = from.memory.eye_contrast().map_or(0.0, |usual| usual * limits.eye_contrast_of_best);
    let closed = Limits { warn: limits.eye_contrast_min.warn.max(usual), stop: limits.eye_contrast_min.stop };
    // Burnt eyes have no contrast either, whichever way they are: nobody with open eyes is told to open them.
    let burnt = f64::from(face.eye_white_luma) > limits.eye_white_max.warn;
    let code = if burnt { HintCode::TooBright } else { HintCode::EyesClosed };
    to.readings.push(Reading::below("eye-contrast", code, face.eye_contrast, closed));
}

fn light(face: &Face, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    if f64::from(face.eye_contrast) < limits.eye_contrast_readable {
        // Closed eyes say nothing about light; what the face says instead is advice only.
        to.readings.push(Reading::below("face-p95-luma", HintCode::TooDark, face.face_p95_luma, limits.face_p95_min));
    } else {
        let dim = f64::from(face.eye_white_luma) < limits.eye_white_min.warn;
        let behind = Limits {
            warn: limits.background_max.warn,
            stop: if dim { limits.background_max.stop } else { f64::INFINITY },
        };
        to.readings.push(Reading::above(
            "background-over-eye",
            HintCode::LightBehind,
            face.background_over_eye,
            behind,
        ));
        to.readings.push(Reading::below(
            "eye-white-luma",
            HintCode::TooDark,
            face.eye_white_luma,
            limits.eye_white_min,
        ));
        to.readings.push(Reading::above(
            "eye-white-luma",
            HintCode::TooBright,
            face.eye_white_luma,
            limits.eye_white_max,
        ));
    }
    to.readings.push(Reading::above("burnt-share", HintCode::TooBright, face.burnt_share, limits.burnt_share_max));
    to.readings.push(Reading::above("side-light", HintCode::SideLight, face.side_light_ratio, limits.side_light_max));
}

fn sharpness(face: &Face, from: &Standpoint<'_>) -> Option<Reading> {
    if face.inter_eye_px < SHARPNESS_READABLE_PX {
        return None;
    }
    let limits = from.settings.profile.limits();
    let Limits { warn, stop } = limits.face_blur_max;
    let warn = if from.memory.soft_lens() {
        stop
    } else {
        let of_best = from.memory.face_blur_best().map_or(warn, |best| best * limits.face_blur_of_best);
        warn.min(of_best.max(limits.face_blur_floor))
    };
    let code = if from.memory.moving() { HintCode::HoldStill } else { HintCode::OutOfFocus };
    Some(Reading::above("face-blur", code, face.blur, Limits { warn, stop }))
}
