//! The real thread, the real analysers, the real camera thread: only the learner is drawn.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use likeness_camera::{Camera, FrameMaker, Purpose, Sources, decode_still};
use likeness_capture::{
    Advice, CapturedPhoto, CaptureRun, CardNeeds, Hand, HintCode, How, Mode, Phase, PhotoKind, Settings,
};
use likeness_studio::{PracticeLearner, Script};
use sha2::{Digest, Sha256};

/// Several times what any script takes, for slow machines.
const PATIENCE: Duration = Duration::from_secs(90);
/// Runs are played one after the other: each is in real time and wants the processor.
static STAGE: Mutex<()> = Mutex::new(());

struct Practice {
    learner: PracticeLearner,
    /// Played whatever the camera is opened for; `None` follows the purpose.
    script: Option<Script>,
}

impl FrameMaker for Practice {
    fn label(&self) -> String {
        "practice camera".into()
    }

    fn size_px(&self) -> (u16, u16) {
        self.learner.size_px()
    }

    fn fps(&self) -> u16 {
        self.learner.fps()
    }

    fn begin(&mut self, purpose: Purpose) {
        self.learner.begin(self.script.unwrap_or(match purpose {
            Purpose::Check => Script::Neutral,
            Purpose::Face => Script::WalkIn,
            Purpose::FaceWithCard => Script::WalkInWithCard,
            Purpose::IdCard => Script::Id,
        }));
    }

    fn draw(&mut self, since_begin: Duration, rgb: &mut Vec<u8>) {
        self.learner.draw(since_begin, rgb);
    }
}

enum News {
    Advice(Box<Advice>),
    Photo(CapturedPhoto),
}

/// A run on a practice camera, and everything it said.
struct Play {
    camera: Camera,
    run: CaptureRun,
    news: mpsc::Receiver<News>,
    hints: Vec<HintCode>,
    phases: Vec<&'static str>,
    _alone: MutexGuard<'static, ()>,
}

impl Play {
    fn begin(mode: Mode, settings: Settings, script: Option<Script>) -> Self {
        let alone = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
        // Heads drawn once serve every run of these tests.
        let drawn = Path::new(env!("CARGO_TARGET_TMPDIR")).join("practice-heads");
        let learner = PracticeLearner::new(7, Some(drawn));
        assert!(learner.wait_until_drawn(PATIENCE), "the learner must be drawn in time");
        let camera = Camera::start(Sources { native: false, synthetic: Some(Box::new(Practice { learner, script })) });
        let (tell, news) = mpsc::channel();
        let photos = tell.clone();
        let run = CaptureRun::start(
            camera.clone(),
            mode,
            settings,
            Box::new(move |advice| drop(tell.send(News::Advice(Box::new(advice.clone()))))),
            Box::new(move |photo| drop(photos.send(News::Photo(photo)))),
        );
        camera.open(None, match mode {
            Mode::Face => Purpose::Face,
            Mode::FaceWithCard { .. } => Purpose::FaceWithCard,
            Mode::IdCard { .. } => Purpose::IdCard,
        });
        Self { camera, run, news, hints: Vec::new(), phases: Vec::new(), _alone: alone }
    }

    /// The next photo; meanwhile every new hint and phase is written down.
    fn photo(&mut self) -> CapturedPhoto {
        loop {
            match self.news.recv_timeout(PATIENCE) {
                Ok(News::Photo(photo)) => return photo,
                Ok(News::Advice(advice)) => self.note(&advice),
                Err(why) => panic!("no photo ({why}); hints {:?}, phases {:?}", self.hints, self.phases),
            }
        }
    }

    fn advice_until(&mut self, wanted: impl Fn(&Advice) -> bool) -> Advice {
        loop {
            match self.news.recv_timeout(PATIENCE) {
                Ok(News::Advice(advice)) => {
                    self.note(&advice);
                    if wanted(&advice) {
                        return *advice;
                    }
                }
                Ok(News::Photo(photo)) => panic!("a photo nobody asked for: {photo:?}"),
                Err(why) => panic!("{why}; hints {:?}, phases {:?}", self.hints, self.phases),
            }
        }
    }

    fn note(&mut self, advice: &Advice) {
        let phase = match advice.phase {
            Phase::Waiting(code) => code,
            Phase::Warmup => "warmup",
            Phase::Guiding => "guiding",
            Phase::Steady => "steady",
            Phase::Countdown { .. } => "countdown",
            Phase::Burst => "burst",
            Phase::Judging => "judging",
            Phase::Taken => "taken",
        };
        if self.phases.last() != Some(&phase) {
            self.phases.push(phase);
        }
        if let Some(hint) = advice.hint
            && self.hints.last() != Some(&hint.code)
        {
            println!("frame {}: {} ({phase}), {:?}", advice.frame_seq, hint.code.code(), advice.measured);
            self.hints.push(hint.code);
        }
    }

    fn end(self) {
        let Self { camera, run, .. } = self;
        run.stop();
        camera.quit();
    }
}

fn is_what_it_says(photo: &CapturedPhoto, kind: PhotoKind) {
    println!("{photo:?} {:?} {:?}", photo.provenance(), photo.verdicts());
    let sum: [u8; 32] = Sha256::digest(photo.jpeg()).into();
    assert_eq!(photo.sha256(), sum, "the hash is that of the bytes");
    let planes = decode_still(photo.jpeg()).expect("a strict decoder reads what is sent");
    assert_eq!((planes.y.width, planes.y.height), (usize::from(photo.width_px()), usize::from(photo.height_px())));
    assert_eq!(photo.kind(), kind);
    let provenance = photo.provenance();
    assert_eq!(provenance.camera.backend, "studio", "practice is named as such");
    assert_eq!(provenance.camera.virtual_camera, "yes");
    assert!(provenance.taken_at_unix_ms > 1_700_000_000_000, "the time of day is known");
    assert!(photo.verdicts().iter().all(|verdict| verdict.good), "{:?}", photo.verdicts());
    let review = photo.review_jpeg(640).expect("a smaller picture");
    assert!(review.len() < photo.jpeg().len());
    assert_eq!(decode_still(&review).unwrap().y.width, 640);
}

fn says(play: &Play, expected: &[HintCode]) {
    for code in expected {
        assert!(play.hints.contains(code), "{} was never said; said were {:?}", code.code(), play.hints);
    }
    assert!(play.phases.ends_with(&["countdown", "burst", "judging", "taken"]), "{:?}", play.phases);
}

#[test]
fn a_learner_who_walks_in_is_guided_to_the_face_photo() {
    let mut play = Play::begin(Mode::Face, Settings::default(), None);
    let photo = play.photo();
    is_what_it_says(&photo, PhotoKind::Face);
    assert_eq!(photo.provenance().how, How::Auto);
    says(&play, &[HintCode::FaceTooFar, HintCode::TooDark, HintCode::TurnHead, HintCode::Hold, HintCode::Taken]);
    play.end();
}

#[test]
fn a_card_held_up_is_guided_to_the_id_photo() {
    let mut play = Play::begin(Mode::IdCard { needs: CardNeeds::PhotoAndName }, Settings::default(), None);
    let photo = play.photo();
    is_what_it_says(&photo, PhotoKind::Id);
    assert_eq!(photo.provenance().how, How::Auto);
    assert!(photo.provenance().card_in_view);
    says(&play, &[HintCode::Hold, HintCode::Taken]);
    play.end();
}

#[test]
fn a_learner_with_the_card_beside_the_head_is_guided_to_the_photo() {
    let mut play = Play::begin(Mode::FaceWithCard { hand: Hand::Left }, Settings::default(), None);
    let photo = play.photo();
    is_what_it_says(&photo, PhotoKind::Face);
    assert!(photo.provenance().card_in_view);
    says(&play, &[HintCode::CardNotInOutline, HintCode::Hold, HintCode::Taken]);
    play.end();
}

#[test]
fn the_shutter_takes_a_photo_that_automatic_may_not_and_a_retake_another() {
    let settings = Settings { automatic: false, ..Settings::default() };
    let mut play = Play::begin(Mode::Face, settings, Some(Script::Neutral));
    play.advice_until(|advice| advice.phase == Phase::Steady);
    play.run.shutter();
    let first = play.photo();
    assert_eq!(first.provenance().how, How::Manual);
    play.run.retake();
    play.advice_until(|advice| advice.phase == Phase::Steady);
    play.run.shutter();
    let second = play.photo();
    assert!(second.provenance().frame_seq > first.provenance().frame_seq);
    assert_ne!(first.sha256(), second.sha256());
    play.end();
}

#[test]
fn a_closed_camera_is_said_and_a_reopened_one_goes_on() {
    let mut play = Play::begin(Mode::Face, Settings { automatic: false, ..Settings::default() }, Some(Script::Neutral));
    play.advice_until(|advice| advice.manual_ready);
    play.camera.close();
    let advice = play.advice_until(|advice| matches!(advice.phase, Phase::Waiting(_)));
    assert!(!advice.manual_ready && advice.hint.is_none(), "off is no fault: {advice:?}");
    play.run.shutter();
    play.camera.open(None, Purpose::Face);
    play.advice_until(|advice| advice.phase == Phase::Steady);
    play.end();
}
