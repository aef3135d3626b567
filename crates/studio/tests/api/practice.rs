//! The practice learner: its timeline, its frames, its speed, its cache.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use likeness_studio::{Moment, PracticeLearner, Script, Timing};

/// Generous: other tests draw at the same time.
const DRAWN_WITHIN: Duration = Duration::from_mins(6);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// One learner for all tests that only look: drawing one takes ten seconds of a processor.
static LEARNER: LazyLock<Mutex<PracticeLearner>> = LazyLock::new(|| Mutex::new(PracticeLearner::new(9, None)));

fn drawn_learner() -> MutexGuard<'static, PracticeLearner> {
    let learner = LEARNER.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(learner.wait_until_drawn(DRAWN_WITHIN), "the learner is not drawn in time");
    learner
}

fn luma_mean(rgb: &[u8]) -> f32 {
    rgb.iter().map(|v| f32::from(*v)).sum::<f32>() / rgb.len() as f32
}

/// Mean absolute difference of two frames, in stored steps.
fn difference(a: &[u8], b: &[u8]) -> f32 {
    a.iter().zip(b).map(|(a, b)| f32::from(a.abs_diff(*b))).sum::<f32>() / a.len() as f32
}

#[test]
fn scripts_go_from_bad_to_good_and_stay_there() {
    use Moment::{Glare, Good, NoCard, Tilted, TooDark, TooFar, Turned};
    #[rustfmt::skip]
    let table = [
        (Script::Neutral,          0,      Good,    "the camera check begins well"),
        (Script::WalkIn,           0,      TooFar,  "first too far"),
        (Script::WalkIn,           2_999,  TooFar,  "the move belongs to what is left"),
        (Script::WalkIn,           3_000,  TooDark, "then too dark"),
        (Script::WalkIn,           6_000,  Turned,  "then turned away"),
        (Script::WalkIn,           9_000,  Good,    "then good"),
        (Script::WalkIn,           86_400_000, Good, "for ever"),
        (Script::WalkInWithCard,   0,      TooFar,  "first too far"),
        (Script::WalkInWithCard,   3_000,  NoCard,  "then without the card"),
        (Script::WalkInWithCard,   6_000,  Good,    "then good"),
        (Script::Id,               0,      TooFar,  "first too far"),
        (Script::Id,               3_000,  Tilted,  "then tilted"),
        (Script::Id,               6_000,  Glare,   "then a lamp in it"),
        (Script::Id,               9_000,  Good,    "then good"),
    ];
    for (script, at_ms, expected, because) in table {
        assert_eq!(script.moment_at(ms(at_ms)), expected, "{script:?} at {at_ms} ms: {because}");
    }
    for script in [Script::Neutral, Script::WalkIn, Script::WalkInWithCard, Script::Id] {
        assert_eq!(script.moment_at(script.good_from()), Good, "{script:?} is good from the time it says");
        assert_eq!(script.moments().last(), Some(&Good), "{script:?} ends well");
        if let Some(before) = script.good_from().checked_sub(Timing::MOVE / 2) {
            assert_ne!(script.moment_at(before), Good, "{script:?} is not good before");
        }
    }
}

#[test]
fn frames_are_cheap_and_never_equal() {
    let mut learner = drawn_learner();
    let (w, h) = learner.size_px();
    assert_eq!((w, h, learner.fps()), (1_280, 720, 15));
    learner.set_pace(1.0);
    for script in [Script::Neutral, Script::WalkIn, Script::WalkInWithCard, Script::Id] {
        learner.begin(script);
        let (mut before, mut rgb) = (Vec::new(), Vec::new());
        #[allow(clippy::disallowed_methods, reason = "this test measures real time")]
        let start = Instant::now();
        let frames = 45;
        for i in 0..frames {
            std::mem::swap(&mut before, &mut rgb);
            learner.draw(ms(i * 240), &mut rgb);
            assert_eq!(rgb.len(), usize::from(w) * usize::from(h) * 3);
            assert!(rgb != before, "a frame of {script:?} repeats the one before: a frozen camera");
        }
        let each = start.elapsed() / frames as u32;
        println!("figure studio.practice.{script:?} = {:.1} ms", each.as_secs_f32() * 1_000.0);
        assert!(each < ms(330), "{script:?} costs {each:?} a frame, five times what 15 frames a second leave");
    }
}

#[test]
fn what_goes_wrong_can_be_seen_and_then_it_is_quiet() {
    let mut learner = drawn_learner();
    let mut frame = |script: Script, at: Duration, pace: f32| {
        learner.set_pace(pace);
        learner.begin(script);
        let mut rgb = Vec::new();
        learner.draw(at, &mut rgb);
        rgb
    };
    let (far, dark, turned, good) = (
        frame(Script::WalkIn, ms(1_000), 1.0),
        frame(Script::WalkIn, ms(4_000), 1.0),
        frame(Script::WalkIn, ms(7_000), 1.0),
        frame(Script::WalkIn, ms(12_000), 1.0),
    );
    assert!(luma_mean(&dark) < 0.5 * luma_mean(&good), "the dark moment is dark");
    assert!(difference(&far, &good) > 6.0, "far looks different from good");
    assert!(difference(&turned, &good) > 3.0, "turned looks different from good");
    let later = frame(Script::WalkIn, ms(13_000), 1.0);
    assert!(difference(&good, &later) < 3.0, "once good the learner only sways: {}", difference(&good, &later));
    let hurried = frame(Script::WalkIn, ms(1_200), 10.0);
    assert!(difference(&hurried, &good) < 3.0, "ten times the pace is good ten times as soon");

    let (glare, card) = (frame(Script::Id, ms(7_000), 1.0), frame(Script::Id, ms(12_000), 1.0));
    let burnt = |rgb: &[u8]| rgb.iter().filter(|v| **v >= 247).count() as f32 / rgb.len() as f32;
    assert!(
        burnt(&glare) > 0.02 && burnt(&card) < 0.001,
        "the lamp burns {}, and then {}",
        burnt(&glare),
        burnt(&card)
    );

    let before = frame(Script::WalkIn, Duration::ZERO, 1.0);
    assert!(!before.is_empty());
    let one_sided = frame(Script::Id, ms(12_000), 1.0);
    frame(Script::WalkInWithCard, Duration::ZERO, 1.0);
    let two_sided = frame(Script::Id, ms(12_000), 1.0);
    assert!(difference(&one_sided, &two_sided) > 3.0, "after the card beside the head comes its name side");

    // SPECIMEN is there in every frame: bright strokes in the lower left corner of even the darkest.
    for (name, rgb) in
        [("far", &far), ("dark", &dark), ("turned", &turned), ("good", &good), ("card", &card), ("glare", &glare)]
    {
        let bright = (680..712)
            .flat_map(|y| (10..160).map(move |x| (y * 1_280 + x) * 3))
            .filter(|at| rgb[*at] > 205 && rgb[at + 2] > 205)
            .count();
        assert!(bright > 250, "SPECIMEN is missing in {name}: {bright} bright pixels");
    }
}

#[test]
fn heads_are_kept_read_back_and_drawn_anew_when_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("not").join("yet");
    let frame = |cache: &std::path::Path| {
        let mut learner = PracticeLearner::new(5, Some(cache.to_owned()));
        assert!(learner.wait_until_drawn(DRAWN_WITHIN), "the learner is not drawn in time");
        learner.begin(Script::Neutral);
        let mut rgb = Vec::new();
        learner.draw(ms(1_000), &mut rgb);
        rgb
    };
    let first = frame(&cache);
    let files: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 8, "quick, front, two blinks, four turns: {files:?}");
    assert!(
        files.iter().all(|file| file.extension().is_some_and(|end| end == "png")),
        "nothing half written stays: {files:?}"
    );
    assert!(first == frame(&cache), "a head read back is the head that was drawn");
    let named = |part: &str| files.iter().find(|file| file.to_string_lossy().contains(part)).unwrap();
    let half = std::fs::read(named("turned-6")).unwrap();
    std::fs::write(named("front"), b"not a picture").unwrap();
    std::fs::write(named("half-blink"), b"").unwrap();
    std::fs::write(named("turned-6"), &half[..half.len() / 2]).unwrap();
    // A right picture in the wrong place: the quick head has another size.
    std::fs::copy(named("quick"), named("turned-12")).unwrap();
    assert!(first == frame(&cache), "damaged files are drawn anew");
    assert_eq!(std::fs::read(named("turned-6")).unwrap(), half, "and written anew");
}

#[test]
fn a_cache_that_cannot_be_written_only_costs_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"in the way").unwrap();
    let learner = PracticeLearner::new(5, Some(file.join("inside")));
    assert!(learner.wait_until_seen(DRAWN_WITHIN), "the learner must be drawn without a cache");
}

#[test]
fn ending_does_not_wait_for_the_drawing() {
    let mut learner = PracticeLearner::new(1, None);
    let mut rgb = Vec::new();
    learner.draw(Duration::ZERO, &mut rgb);
    assert_eq!(rgb.len(), 1_280 * 720 * 3, "the room is there at once");
    #[allow(clippy::disallowed_methods, reason = "this test measures real time")]
    let start = Instant::now();
    drop(learner);
    assert!(start.elapsed() < Duration::from_secs(3), "ending took {:?}", start.elapsed());
}
