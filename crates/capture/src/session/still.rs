//! From checked bytes to a [`CapturedPhoto`]: what the manifest says and what the review screen praises.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::gates::Judgement;
use crate::hint::HintCode;
use crate::mode::{Mode, Settings};
use crate::photo::{CameraFacts, CapturedPhoto, How, Level, PhotoKind, Provenance, Verdict};
use crate::view::Measures;

/// A still as it came back from the camera and was looked at again.
#[derive(Debug)]
pub(crate) struct Still {
    pub(crate) seq: u64,
    pub(crate) jpeg: Zeroizing<Vec<u8>>,
    pub(crate) size_px: (u16, u16),
    /// Measured on the decoded bytes, with everything searched for.
    pub(crate) measures: Measures,
    pub(crate) taken_at_unix_ms: u64,
    pub(crate) camera: CameraFacts,
}

/// Everything but the bytes.
pub(crate) struct Circumstances<'a> {
    pub(crate) mode: Mode,
    pub(crate) settings: &'a Settings,
    pub(crate) automatic: bool,
    pub(crate) guided_ms: u64,
}

/// The only place where a photo is made.
pub(crate) fn photo(still: Still, judgement: &Judgement, from: &Circumstances<'_>) -> CapturedPhoto {
    let findings = judgement.findings();
    let overridden: Vec<_> = findings.iter().copied().filter(|finding| finding.level == Level::Stop).collect();
    let how = match (from.automatic, overridden.is_empty()) {
        (true, _) => How::Auto,
        (false, true) => How::Manual,
        (false, false) => How::TakenAnyway,
    };
    let provenance = Provenance {
        taken_at_unix_ms: still.taken_at_unix_ms,
        frame_seq: still.seq,
        card_in_view: still.measures.card.is_some(),
        how,
        guided_ms: from.guided_ms,
        profile: from.settings.profile.label(),
        taken_anyway: overridden,
        findings,
        signals: signals(&still.measures),
        camera: still.camera,
    };
    let verdicts = verdicts(&still.measures, judgement, from.mode);
    // A card beside the face shows its photo side from afar: no code of it could be read.
    let card = still.measures.card.as_ref().filter(|_| from.mode.kind() == PhotoKind::Id).map(|card| card.quad);
    CapturedPhoto::new(from.mode.kind(), still.jpeg, still.size_px, provenance, verdicts, card)
}

/// Corners in the order of the quadrilateral, pixels.
const CORNERS: [(&str, &str); 4] = [
    ("card-x0-px", "card-y0-px"),
    ("card-x1-px", "card-y1-px"),
    ("card-x2-px", "card-y2-px"),
    ("card-x3-px", "card-y3-px"),
];

fn signals(measures: &Measures) -> BTreeMap<&'static str, f64> {
    let mut signals: BTreeMap<&'static str, f64> = BTreeMap::new();
    let mut put = |name: &'static str, value: f32| {
        if value.is_finite() {
            signals.insert(name, short(value));
        }
    };
    put("scene-mean-luma", measures.scene.mean);
    put("other-faces", f32::from(u8::try_from(measures.others.len()).unwrap_or(u8::MAX)));
    if let Some(face) = &measures.face {
        put("face-score", face.score);
        put("face-presence", face.presence);
        put("face-height-ratio", face.head_height_ratio);
        put("inter-eye-px", face.inter_eye_px);
        put("face-yaw-degrees", face.yaw_degrees);
        put("face-pitch-degrees", face.pitch_degrees);
        put("face-roll-degrees", face.roll_degrees);
        put("eye-white-luma", face.eye_white_luma);
        put("eye-contrast", face.eye_contrast);
        put("burnt-share", face.burnt_share);
        put("background-over-eye", face.background_over_eye);
        put("side-light", face.side_light_ratio);
        put("face-blur", face.blur);
        put("mouth-open", face.mouth_open);
    }
    if let Some(card) = &measures.card {
        put("card-px-per-mm", card.px_per_mm);
        put("card-sigma-mm", card.sigma_mm);
        put("card-sigma-px", card.sigma_px);
        put("card-glare-share", card.glare_share);
        put("card-tilt-degrees", card.tilt_degrees);
        put("card-roll-degrees", card.roll_degrees);
        put("card-capital-px", card.capital_height_px);
        signals.insert("card-text-lines", f64::from(card.text_lines));
        if let Some(portrait) = card.portrait {
            signals.insert("card-portrait", short(portrait));
        }
        for ((x, y), corner) in CORNERS.into_iter().zip(card.quad.0) {
            signals.insert(x, short(corner.x));
            signals.insert(y, short(corner.y));
        }
    }
    signals
}

/// Four decimals say all that was measured and keep the manifest small.
fn short(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}

/// Good ones first, and each at most once.
fn verdicts(measures: &Measures, judgement: &Judgement, mode: Mode) -> Vec<Verdict> {
    let failed = |codes: &[HintCode]| {
        judgement.readings.iter().any(|reading| reading.level().is_some() && codes.contains(&reading.code))
    };
    let mut verdicts = Vec::new();
    let mut say = |good: bool, praise: &'static str, weakness: &'static str| {
        verdicts.push(Verdict { code: if good { praise } else { weakness }, good });
    };
    if mode.wants_face() {
        let unclear = failed(&[
            HintCode::OutOfFocus,
            HintCode::HoldStill,
            HintCode::FaceTooFar,
            HintCode::NoFace,
            HintCode::EyesClosed,
        ]);
        say(!unclear, "face-clear", "face-unclear");
        let lit = !failed(&[HintCode::TooDark, HintCode::TooBright, HintCode::LightBehind, HintCode::SideLight]);
        say(lit, "face-well-lit", "face-poorly-lit");
    }
    if mode.wants_card() {
        let gone = measures.card.is_none() || failed(&[HintCode::CardCutOff, HintCode::CardNotInOutline]);
        say(!gone, "card-whole", "card-not-whole");
    }
    if matches!(mode, Mode::IdCard { .. }) {
        let codes = [
            HintCode::OutOfFocus,
            HintCode::HoldStill,
            HintCode::CardTooFar,
            HintCode::CameraLimit,
            HintCode::TextHidden,
            HintCode::CardDark,
            HintCode::CardBurnt,
        ];
        say(measures.card.is_some() && !failed(&codes), "text-readable", "text-unclear");
        say(
            measures.card.is_some() && !failed(&[HintCode::Glare, HintCode::CardBurnt]),
            "card-without-glare",
            "card-with-glare",
        );
    }
    verdicts.sort_by_key(|verdict| !verdict.good);
    verdicts
}
