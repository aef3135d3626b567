//! The states: who may go where, and what is never kept.

use std::time::Duration;

use likeness_vision::Point;
use likeness_vision::card::CardFormat;

use super::fixtures::*;
use crate::advice::Phase;
use crate::hint::HintCode;
use crate::mode::{Hand, Mode, Settings};
use crate::photo::{How, Level, PhotoKind};
use crate::session::Press;
use crate::view::Measures;

type Spoil = fn(&mut Measures);

const SECOND: Duration = Duration::from_secs(1);

fn spoiled(mode: Mode, spoil: fn(&mut Measures)) -> Measures {
    let mut measures = good(mode);
    spoil(&mut measures);
    measures
}

fn dark() -> Measures {
    spoiled(Mode::Face, |measures| measures.face.as_mut().unwrap().eye_white_luma = 60.0)
}

#[test]
fn green_takes_the_photo_by_itself_in_every_mode() {
    for mode in [Mode::Face, ID, NAME_SIDE, BESIDE] {
        let mut trial = Trial::guiding(mode);
        let good = good(mode);
        let began = trial.at;
        let steady = trial.look_until(&good, |phase| phase == Phase::Steady);
        assert!(steady.manual_ready && steady.progress >= 60, "{mode:?}");
        trial.look_until(&good, |phase| matches!(phase, Phase::Countdown { .. }));
        let green = trial.at.abs_diff(began);
        assert!(green >= Duration::from_millis(500), "{mode:?}: the countdown began after {green:?}");
        trial.look_until(&good, |phase| phase == Phase::Burst);
        let advice = trial.look_until(&good, |phase| phase == Phase::Taken);
        assert_eq!(advice.progress, 100);
        let took = trial.at.abs_diff(began);
        assert!(took <= Duration::from_millis(3500), "{mode:?}: {took:?}");
        assert_eq!(trial.photos.len(), 1, "{mode:?}");
        let photo = &trial.photos[0];
        let provenance = photo.provenance();
        assert_eq!(provenance.how, How::Auto);
        assert_eq!(photo.kind(), if matches!(mode, Mode::IdCard { .. }) { PhotoKind::Id } else { PhotoKind::Face });
        assert_eq!(provenance.card_in_view, mode != Mode::Face);
        assert_eq!(provenance.profile, "standard/1");
        assert!(provenance.findings.is_empty() && provenance.taken_anyway.is_empty(), "{mode:?} {provenance:?}");
        assert!(photo.verdicts().iter().all(|verdict| verdict.good), "{mode:?} {:?}", photo.verdicts());
        trial.look_for(2 * SECOND, &good);
        assert_eq!(trial.photos.len(), 1, "{mode:?}: one photo is enough");
    }
}

#[test]
fn any_card_between_45_and_75_hundredths_of_the_width_is_good() {
    for share in [0.45, 0.50, 0.56, 0.60, 0.68, 0.75] {
        let mut measures = room();
        measures.card = Some(card_at(share * WIDTH, Point { x: 640.0, y: 360.0 }));
        let mut trial = Trial::guiding(ID);
        trial.look_until(&measures, |phase| phase == Phase::Taken);
        assert!(trial.photos[0].provenance().findings.is_empty(), "{share}");
    }
}

#[test]
fn the_countdown_is_as_long_as_policy_says_and_never_longer_than_five_seconds() {
    for (asked_ms, expected_ms) in [(0, 0), (1000, 1000), (3000, 3000), (60_000, 5000)] {
        let settings = Settings { countdown: Duration::from_millis(asked_ms), ..Settings::default() };
        let mut trial = Trial::guiding_with(Mode::Face, settings);
        let good = good(Mode::Face);
        trial.look_until(&good, |phase| phase == Phase::Steady);
        let mut counted = Duration::ZERO;
        loop {
            let phase = trial.look(&good).phase;
            if matches!(phase, Phase::Countdown { .. }) {
                counted += trial.every;
            }
            if phase == Phase::Burst {
                break;
            }
        }
        let off = counted.abs_diff(Duration::from_millis(expected_ms));
        assert!(off <= 2 * trial.every, "asked {asked_ms} ms, counted {counted:?}");
    }
}

#[test]
fn escape_ends_the_countdown_and_so_do_two_bad_looks_but_not_one() {
    let good = good(Mode::Face);
    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&good, |phase| matches!(phase, Phase::Countdown { .. }));
    trial.press(Press::CancelCountdown);
    assert!(!matches!(trial.look(&good).phase, Phase::Countdown { .. } | Phase::Burst), "Escape");

    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&good, |phase| matches!(phase, Phase::Countdown { .. }));
    assert!(matches!(trial.look(&dark()).phase, Phase::Countdown { .. }), "one bad look is a flicker");
    assert!(matches!(trial.look(&good).phase, Phase::Countdown { .. }));
    trial.look(&dark());
    assert_eq!(trial.look(&dark()).phase, Phase::Guiding, "two are not");
    assert!(trial.photos.is_empty());
}

#[test]
fn without_automatic_nothing_happens_until_the_shutter() {
    let mut trial = Trial::guiding_with(Mode::Face, Settings { automatic: false, ..Settings::default() });
    let good = good(Mode::Face);
    assert_eq!(trial.look_for(10 * SECOND, &good).phase, Phase::Steady);
    trial.press(Press::Shutter);
    trial.look_until(&good, |phase| phase == Phase::Taken);
    assert_eq!(trial.photos[0].provenance().how, How::Manual);
}

#[test]
fn the_manual_shutter_works_in_every_guiding_state_and_nowhere_else() {
    let good = good(Mode::Face);
    let warned = spoiled(Mode::Face, |measures| measures.face.as_mut().unwrap().mouth_open = 0.3);
    let mut trial = Trial::guiding(Mode::Face);
    assert!(trial.look(&warned).manual_ready);
    trial.press(Press::Shutter);
    trial.look_until(&warned, |phase| phase == Phase::Taken);
    let provenance = trial.photos[0].provenance().clone();
    assert_eq!((provenance.how, provenance.findings.len()), (How::Manual, 1), "a warning is recorded, not refused");
    assert_eq!(provenance.findings[0].gate, "mouth-open");
    assert!(provenance.taken_anyway.is_empty());

    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&good, |phase| matches!(phase, Phase::Countdown { .. }));
    trial.press(Press::Shutter);
    assert_eq!(trial.look(&good).phase, Phase::Burst, "it cuts the countdown short");

    let mut trial = Trial::new(Mode::Face, Settings::default());
    trial.press(Press::Shutter);
    assert!(!trial.look(&good).manual_ready, "not while exposure settles");
    trial.look_for(SECOND, &room());
    assert!(trial.photos.is_empty(), "a press before the first frame is not remembered");
}

#[test]
fn a_manual_photo_that_a_gate_stops_says_why_and_the_second_opens_the_override() {
    let mut trial = Trial::guiding(Mode::Face);
    trial.look_for(SECOND, &dark());
    trial.press(Press::Shutter);
    trial.look_until(&dark(), |phase| phase == Phase::Burst);
    let advice = trial.look_until(&dark(), |phase| phase == Phase::Guiding);
    assert_eq!(advice.hint.map(|hint| hint.code), Some(HintCode::TooDark), "what is wrong is said at once");
    assert!(!advice.may_take_anyway && trial.photos.is_empty());
    trial.press(Press::Anyway);
    trial.look_for(2 * SECOND, &dark());
    assert!(trial.photos.is_empty(), "not offered, not heard");
    trial.press(Press::Shutter);
    trial.look_until(&dark(), |phase| phase == Phase::Burst);
    let advice = trial.look_until(&dark(), |phase| phase == Phase::Guiding);
    assert!(advice.may_take_anyway, "the second try");
    trial.press(Press::Anyway);
    trial.look_until(&dark(), |phase| phase == Phase::Taken);
    let provenance = trial.photos[0].provenance();
    assert_eq!(provenance.how, How::TakenAnyway);
    let overridden = &provenance.taken_anyway;
    assert_eq!(overridden.len(), 1);
    assert_eq!((overridden[0].gate, overridden[0].level, overridden[0].limit), ("eye-white-luma", Level::Stop, 110.0));
    assert!(trial.photos[0].verdicts().iter().any(|verdict| verdict.code == "face-poorly-lit" && !verdict.good));
}

#[test]
fn the_override_opens_after_twenty_seconds_of_guiding_and_never_over_an_absent_subject() {
    let mut trial = Trial::guiding(Mode::Face);
    let opened = loop {
        if trial.look(&dark()).may_take_anyway {
            break trial.at;
        }
        assert!(trial.at < 30 * SECOND);
    };
    assert!(opened >= 20 * SECOND && opened < 22 * SECOND, "{opened:?}");

    for (mode, empty) in [(Mode::Face, room()), (ID, room()), (BESIDE, room())] {
        let mut trial = Trial::guiding(mode);
        let advice = trial.look_for(30 * SECOND, &empty);
        assert!(!advice.may_take_anyway, "{mode:?}");
        for _ in 0..3 {
            trial.press(Press::Anyway);
            trial.press(Press::Shutter);
            trial.look_for(2 * SECOND, &empty);
        }
        assert!(trial.photos.is_empty(), "{mode:?}: nothing to photograph");
    }
}

#[test]
fn a_document_of_unknown_kind_can_be_taken_without_edges() {
    let mut trial = Trial::guiding_with(NAME_SIDE, Settings { format: CardFormat::Other, ..Settings::default() });
    assert!(trial.look_for(5 * SECOND, &room()).manual_ready);
    assert!(trial.photos.is_empty(), "never by itself");
    trial.press(Press::Shutter);
    trial.look_until(&room(), |phase| phase == Phase::Taken);
    let provenance = trial.photos[0].provenance();
    assert!(!provenance.card_in_view);
    assert_eq!(provenance.findings.iter().map(|finding| finding.gate).collect::<Vec<_>>(), ["card"]);
}

#[test]
fn harmless_warnings_do_not_wait_for_ever_and_harmful_ones_do() {
    let harmless = spoiled(Mode::Face, |measures| measures.face.as_mut().unwrap().mouth_open = 0.3);
    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&harmless, |phase| phase == Phase::Taken);
    assert!(trial.at > 4 * SECOND, "three seconds of waiting, then the countdown");
    assert_eq!(trial.photos[0].provenance().how, How::Auto);

    let harmful: [(Mode, &str, Spoil); 3] = [
        (Mode::Face, "eyes-closed", |measures| measures.face.as_mut().unwrap().eye_contrast = 0.18),
        (Mode::Face, "out-of-focus", |measures| measures.face.as_mut().unwrap().blur = 0.09),
        (ID, "glare", |measures| measures.card.as_mut().unwrap().glare_share = 0.05),
    ];
    for (mode, name, spoil) in harmful {
        let mut trial = Trial::guiding(mode);
        trial.look_for(8 * SECOND, &spoiled(mode, spoil));
        assert!(trial.photos.is_empty(), "{name}");
    }
}

#[test]
fn a_camera_that_fails_leaves_nothing_behind() {
    for code in ["camera-lost", "camera-stalled", "camera-damaged-frames", "camera-not-moving"] {
        let good = good(Mode::Face);
        let mut trial = Trial::guiding(Mode::Face);
        trial.look_until(&good, |phase| phase == Phase::Burst);
        trial.look(&good);
        let advice = trial.session.on_camera(code, trial.at).advice;
        assert_eq!(advice.phase, Phase::Waiting(code));
        assert!(advice.quad.is_none() && !advice.manual_ready && !advice.may_take_anyway);
        // A still that comes too late is not a photo.
        assert!(trial.session.on_still(None, trial.at).ask.is_none());
        let advice = trial.look(&good);
        assert_eq!(advice.phase, Phase::Warmup, "{code}: all begins anew");
        assert!(advice.hint.is_none(), "{code}: the fault is over and so are its words");
        assert!(trial.photos.is_empty(), "{code}");
    }
}

#[test]
fn frozen_frames_make_no_photo() {
    let good = good(Mode::Face);
    let mut trial = Trial::guiding(Mode::Face);
    trial.fresh = false;
    trial.look_for(5 * SECOND, &good);
    trial.press(Press::Shutter);
    trial.look_for(5 * SECOND, &good);
    assert!(trial.photos.is_empty() && trial.stills == 0, "nothing counts that does not change");

    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&good, |phase| phase == Phase::Burst);
    trial.fresh = false;
    let advice = trial.look_for(9 * SECOND, &good);
    assert_eq!(advice.hint.map(|hint| hint.code), None, "the next frame starts the warm-up, which says nothing");
    assert!(trial.photos.is_empty() && trial.stills == 0);
}

#[test]
fn a_burst_without_frames_ends_as_a_stalled_camera() {
    let good = good(Mode::Face);
    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&good, |phase| phase == Phase::Burst);
    let phase = trial.session.tick(trial.at + 7 * SECOND).advice.phase;
    assert_eq!(phase, Phase::Burst, "a slow camera has eight seconds");
    let advice = trial.session.tick(trial.at + 9 * SECOND).advice;
    assert_eq!(advice.phase, Phase::Waiting("camera-stalled"));
    assert_eq!(advice.hint.map(|hint| hint.code), Some(HintCode::CameraStalled));
}

#[test]
fn a_still_is_judged_by_its_own_bytes() {
    type Develop = fn(Measures) -> Option<Measures>;
    let rows: [(Develop, usize, bool, &str); 5] = [
        (Some, 1, true, "the first is good"),
        (|_| None, 3, false, "three damaged stills are three tries and no photo"),
        (
            |measures| Some(Measures { face: Some(face_at(0.34, 0.5, 0.5)), ..measures }),
            3,
            false,
            "eyes an eighth further apart are not the same picture",
        ),
        (|measures| Some(Measures { face: None, ..measures }), 3, false, "no face in the bytes, no photo"),
        (
            |mut measures| {
                measures.face.as_mut().unwrap().eye_white_luma = 60.0;
                Some(measures)
            },
            3,
            false,
            "what the bytes show counts, not what was seen before",
        ),
    ];
    for (develop, tries, taken, because) in rows {
        let good = good(Mode::Face);
        let mut trial = Trial::guiding(Mode::Face);
        trial.develop = develop;
        trial.look_until(&good, |phase| phase == Phase::Burst);
        trial.look_until(&good, |phase| phase != Phase::Burst);
        assert_eq!((trial.stills, !trial.photos.is_empty()), (tries, taken), "{because}");
    }
}

#[test]
fn a_picture_too_small_for_the_server_is_never_a_photo() {
    let good = good(Mode::Face);
    let mut trial = Trial::guiding_with(Mode::Face, Settings { min_side_px: 800, ..Settings::default() });
    let advice = trial.look_until(&good, |phase| matches!(phase, Phase::Waiting(_)));
    assert_eq!(advice.hint.map(|hint| hint.code), Some(HintCode::CameraUnsupported));
    assert!(trial.photos.is_empty());
}

#[test]
fn retake_goes_back_to_guiding_and_takes_another() {
    let good = good(ID);
    let mut trial = Trial::guiding(ID);
    trial.look_until(&good, |phase| phase == Phase::Taken);
    let first = trial.photos[0].clone();
    trial.press(Press::Retake);
    let advice = trial.look(&good);
    assert!(advice.manual_ready && advice.hint.is_none_or(|hint| hint.code != HintCode::Taken));
    trial.look_until(&good, |phase| phase == Phase::Taken);
    assert_eq!(trial.photos.len(), 2);
    assert_ne!(trial.photos[1].provenance().frame_seq, first.provenance().frame_seq, "a new frame");
}

#[test]
fn the_other_hand_moves_oval_and_outline_to_the_other_side() {
    let mut trial = Trial::guiding(BESIDE);
    let before = trial.look(&room()).guide;
    trial.press(Press::OtherHand);
    let after = trial.look(&room()).guide;
    assert_eq!(trial.session.mode(), Mode::FaceWithCard { hand: Hand::Right });
    let mirrored = 1.0 - (before.outline.unwrap().x + before.outline.unwrap().width);
    assert!((after.outline.unwrap().x - mirrored).abs() < 1e-4);
}

#[test]
fn blur_that_stays_leads_the_outline_away_from_the_lens() {
    let mut trial = Trial::guiding_with(ID, Settings { automatic: false, ..Settings::default() });
    let blurred = spoiled(ID, |measures| measures.card.as_mut().unwrap().sigma_mm = 0.3);
    let before = trial.look(&blurred).guide.outline.unwrap().width;
    let after = trial.look_for(12 * SECOND, &blurred).guide.outline.unwrap().width;
    assert!(after < before, "{before} -> {after}");
    assert!((after * WIDTH / 85.6 - 5.5).abs() < 0.01, "four steps and no further: {after}");
}

#[test]
fn the_fill_light_stays_on() {
    let mut trial = Trial::guiding(Mode::Face);
    assert!(!trial.look_for(SECOND, &dark()).fill_light, "not for a moment of darkness");
    assert!(trial.look_for(SECOND, &dark()).fill_light);
    assert!(trial.look_for(SECOND, &good(Mode::Face)).fill_light, "no toggling");
}

#[test]
fn the_best_frame_of_the_burst_is_the_sharpest() {
    let good = good(Mode::Face);
    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&good, |phase| phase == Phase::Burst);
    let mut sharp = good.clone();
    sharp.face.as_mut().unwrap().blur = 0.03;
    trial.look(&sharp);
    let sharpest = trial.seq;
    trial.look_until(&good, |phase| phase == Phase::Taken);
    assert_eq!(trial.photos[0].provenance().frame_seq, sharpest);
}

#[test]
fn a_photo_carries_its_hash_and_hides_its_bytes() {
    let mut trial = Trial::guiding(Mode::Face);
    trial.look_until(&good(Mode::Face), |phase| phase == Phase::Taken);
    let photo = &trial.photos[0];
    // sha256 of FF D8 FF D9.
    let expected: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        [0xFF, 0xD8, 0xFF, 0xD9],
    ))
    .into();
    assert_eq!(photo.sha256(), expected);
    assert_eq!(photo.sha256_hex().len(), 64);
    assert_eq!(u8::from_str_radix(&photo.sha256_hex()[..2], 16).unwrap(), expected[0]);
    assert!(!format!("{photo:?}").contains("255"), "{photo:?}");
}
