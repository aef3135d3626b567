//! The real thread, the real analysers, the real camera thread: only the learner is drawn.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use likeness_camera::{
    Camera, FrameMaker, Mode as CameraMode, Move, Pixels, Purpose, Rate, Sources, decode_still, encode_rgb,
};
use likeness_capture::{
    Advice, CaptureRun, CapturedPhoto, CardNeeds, Hand, HintCode, How, Mode, Phase, PhotoKind, Settings,
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

fn learner() -> PracticeLearner {
    // Heads drawn once serve every run of these tests.
    let drawn = Path::new(env!("CARGO_TARGET_TMPDIR")).join("practice-heads");
    let learner = PracticeLearner::new(7, Some(drawn));
    assert!(learner.wait_until_drawn(PATIENCE), "the learner must be drawn in time");
    learner
}

#[derive(Clone, Copy)]
enum Fault {
    /// Pulled out.
    Unplugged,
    /// The same picture again and again.
    Frozen,
    /// Half of each picture.
    Cut,
}

/// A camera that works until it is struck.
struct Faulty {
    learner: PracticeLearner,
    fault: Fault,
    struck: Arc<AtomicBool>,
    last: Vec<u8>,
    drawn: u32,
}

impl likeness_camera::Script for Faulty {
    fn open(&mut self, opens: u32) -> Result<(), i32> {
        let gone = opens > 0 && matches!(self.fault, Fault::Unplugged) && self.struck.load(Ordering::Relaxed);
        if gone { Err(2) } else { Ok(()) }
    }

    fn picture(&mut self, _opens: u32, _number: u64) -> Move {
        let struck = self.struck.load(Ordering::Relaxed);
        if !struck || matches!(self.fault, Fault::Cut) {
            let mut rgb = Vec::new();
            self.drawn += 1;
            self.learner.draw(Duration::from_millis(66) * self.drawn, &mut rgb);
            let (width_px, height_px) = self.learner.size_px();
            self.last = encode_rgb(&rgb, width_px, height_px, 85).unwrap();
        }
        match (struck, self.fault) {
            (true, Fault::Unplugged) => Move::Error(19),
            (true, Fault::Cut) => Move::Picture(self.last[..self.last.len() / 2].to_vec()),
            (true, Fault::Frozen) | (false, _) => Move::Picture(self.last.clone()),
        }
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
        let learner = learner();
        let camera = Camera::start(Sources { native: false, synthetic: Some(Box::new(Practice { learner, script })) });
        Self::with(camera, alone, mode, settings)
    }

    /// The same learner, sitting well, before a camera with faults.
    fn with_faults(settings: Settings, fault: Fault, struck: &Arc<AtomicBool>) -> Self {
        let alone = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut learner = learner();
        learner.begin(Script::Neutral);
        let (width_px, height_px) = learner.size_px();
        let mode = CameraMode { width_px, height_px, fps: Rate::whole(learner.fps()), pixels: Pixels::Mjpeg };
        let script = Faulty { learner, fault, struck: Arc::clone(struck), last: Vec::new(), drawn: 0 };
        Self::with(Camera::start_scripted(Box::new(script), mode), alone, Mode::Face, settings)
    }

    fn with(camera: Camera, alone: MutexGuard<'static, ()>, mode: Mode, settings: Settings) -> Self {
        let (tell, news) = mpsc::channel();
        let photos = tell.clone();
        let run = CaptureRun::start(
            camera.clone(),
            mode,
            settings,
            Box::new(move |advice| drop(tell.send(News::Advice(Box::new(advice.clone()))))),
            Box::new(move |photo| drop(photos.send(News::Photo(photo)))),
            Box::new(|_| {}),
        );
        let purpose = match mode {
            Mode::Face => Purpose::Face,
            Mode::FaceWithCard { .. } => Purpose::FaceWithCard,
            Mode::IdCard { .. } => Purpose::IdCard,
        };
        camera.open(None, purpose);
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

#[test]
fn a_fault_in_the_burst_leaves_no_photo_and_is_named() {
    for (fault, code) in [
        (Fault::Unplugged, HintCode::CameraLost),
        (Fault::Frozen, HintCode::CameraNotMoving),
        (Fault::Cut, HintCode::CameraDamagedFrames),
    ] {
        let struck = Arc::new(AtomicBool::new(false));
        let mut play = Play::with_faults(Settings::default(), fault, &struck);
        play.advice_until(|advice| advice.phase == Phase::Burst);
        struck.store(true, Ordering::Relaxed);
        // `advice_until` panics when a photo comes.
        let advice = play.advice_until(|advice| advice.hint.is_some_and(|hint| hint.code.priority() == 0));
        assert_eq!(advice.hint.map(|hint| hint.code), Some(code));
        assert!(!advice.manual_ready && advice.quad.is_none());
        if !matches!(fault, Fault::Unplugged) {
            struck.store(false, Ordering::Relaxed);
            let photo = play.photo();
            assert!(photo.provenance().frame_seq > advice.frame_seq, "a frame from after the fault");
        }
        play.end();
    }
}

#[test]
fn a_run_stops_at_once_even_when_nobody_opened_the_camera() {
    let camera = Camera::start(Sources { native: false, synthetic: None });
    let (tell, news) = mpsc::channel();
    let run = CaptureRun::start(
        camera.clone(),
        Mode::Face,
        Settings::default(),
        Box::new(move |advice| tell.send(advice.phase).unwrap_or_default()),
        Box::new(|photo| panic!("a photo of nothing: {photo:?}")),
        Box::new(|lens| panic!("a lens of nothing: {lens:?}")),
    );
    assert_eq!(news.recv_timeout(PATIENCE), Ok(Phase::Waiting("camera-off")));
    run.shutter();
    run.take_anyway();
    run.stop();
    while news.try_recv().is_ok() {}
    assert_eq!(news.try_recv(), Err(mpsc::TryRecvError::Disconnected), "the thread and its callbacks are gone");
    camera.quit();
}
