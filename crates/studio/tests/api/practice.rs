//! The practice learner: its timeline, its frames, its speed, its cache.

use std::time::{Duration, Instant};

use likeness_studio::{Moment, PracticeLearner, Script, Timing};

const DRAWN_WITHIN: Duration = Duration::from_secs(240);

#[test]
fn frames_are_cheap_and_never_equal() {
    let folder = tempfile::tempdir().unwrap();
    let mut learner = PracticeLearner::new(3, Some(folder.path().to_owned()));
    assert!(learner.wait_until_drawn(DRAWN_WITHIN), "the learner is not drawn in time");
    let (w, h) = learner.size_px();
    for script in [Script::Neutral, Script::WalkIn, Script::WalkInWithCard, Script::Id] {
        learner.begin(script);
        let (mut before, mut rgb) = (Vec::new(), Vec::new());
        #[allow(clippy::disallowed_methods, reason = "this test measures real time")]
        let start = Instant::now();
        let frames = 45;
        for i in 0..frames {
            std::mem::swap(&mut before, &mut rgb);
            learner.draw(Duration::from_millis(i * 240), &mut rgb);
            assert_eq!(rgb.len(), usize::from(w) * usize::from(h) * 3);
            assert_ne!(rgb, before, "a frame of {script:?} repeats the one before: a frozen camera");
        }
        let each = start.elapsed() / frames as u32;
        println!("figure studio.practice.{script:?} = {} ms a frame", each.as_secs_f32() * 1000.0);
        assert!(each < Duration::from_millis(330), "{script:?} costs {each:?} a frame, five times what 15 frames a second leave");
    }
}
