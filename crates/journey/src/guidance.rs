//! Capture's advice in the words of the View. Nothing is decided here.

use likeness_capture::{Advice, Level, Phase};

use crate::view::{Guidance, GuidancePhase, HintLevel, HintView, ShareRect};

/// Translates one advice; `attempt` numbers the capture it belongs to.
pub fn translate(advice: &Advice, attempt: u64) -> Guidance {
    let (phase, countdown_ms) = match advice.phase {
        Phase::Waiting(_) => (GuidancePhase::Waiting, None),
        Phase::Warmup => (GuidancePhase::Warmup, None),
        Phase::Guiding => (GuidancePhase::Guiding, None),
        Phase::Steady => (GuidancePhase::Steady, None),
        Phase::Countdown { left_ms } => (GuidancePhase::Countdown, Some(left_ms)),
        Phase::Burst | Phase::Judging => (GuidancePhase::Taking, None),
        Phase::Taken => (GuidancePhase::Taken, None),
    };
    Guidance {
        attempt,
        frame_seq: advice.frame_seq,
        phase,
        hint: advice.hint.as_ref().map(|hint| HintView {
            code: hint.code.code().to_owned(),
            level: match hint.level {
                Level::Stop => HintLevel::Stop,
                Level::Warn => HintLevel::Warn,
                Level::Info => HintLevel::Info,
            },
            side: hint.side.map(|side| side.as_str().to_owned()),
            centimetres: hint.centimetres,
            amount: hint.amount_word().to_owned(),
        }),
        progress: u32::from(advice.progress),
        countdown_ms,
        oval: advice.guide.oval.map(|oval| ShareRect {
            x: oval.centre.0 - oval.size.0 / 2.0,
            y: oval.centre.1 - oval.size.1 / 2.0,
            width: oval.size.0,
            height: oval.size.1,
        }),
        outline: advice.guide.outline.map(|outline| ShareRect {
            x: outline.x,
            y: outline.y,
            width: outline.width,
            height: outline.height,
        }),
        quad: advice.quad,
        suggest_manual: advice.manual_ready,
        may_take_anyway: advice.may_take_anyway,
        fill_light: advice.fill_light,
        dpi: advice.measured.dpi.map(whole),
    }
}

/// A measured number for people: whole and never negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a u32 holds")]
fn whole(value: f32) -> u32 {
    value.round().clamp(0.0, 9999.0) as u32
}
