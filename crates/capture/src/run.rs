//! The thread that looks: it reads the newest frame at 12 looks a second, never queues, and owns session and analysers.
//!
//! Guarantees: stops within one look when told to or dropped; a frame that cannot be decoded is passed over; after the photo
//! nothing is looked at until a retake.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use likeness_camera::{Camera, CameraState, Frame, decode_still};

use crate::advice::{Advice, Phase};
use crate::clock;
use crate::eyes::{Eyes, Sight};
use crate::focus::{Focus, Seen};
use crate::mode::{Mode, Settings, TypedName};
use crate::photo::{CameraFacts, CapturedPhoto};
use crate::ruler::{MeasuredLens, Ruler};
use crate::session::{Ask, Press, Session, Step, Still};
use crate::view::FrameView;

/// 12 looks a second; a burst looks at every frame.
const LOOK_EVERY: Duration = Duration::from_millis(83);
/// When a look costs more than this on average, half as many are made.
const DEAR: Duration = Duration::from_millis(50);
/// How long a wait for a frame, a state or a button may be.
const WAIT: Duration = Duration::from_millis(60);

enum Order {
    Press(Press),
    Stop,
}

/// A running guided capture. Stops when dropped.
#[must_use = "the capture stops when this is dropped"]
pub struct CaptureRun {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl CaptureRun {
    /// Starts guiding on a camera that somebody else opens, closes and lists. The callbacks are called on the capture thread
    /// and must return at once: `on_advice` after every look, about 12 times a second, and after every wait without a frame;
    /// `on_photo` once for each photo, right after the advice that says [`Phase::Taken`]; `on_lens` when a card alone has told
    /// the camera's lens, which is worth keeping for the [`Settings`] of the next capture.
    pub fn start(
        camera: Camera,
        mode: Mode,
        settings: Settings,
        on_advice: Box<dyn Fn(&Advice) + Send>,
        on_photo: Box<dyn Fn(CapturedPhoto) + Send>,
        on_lens: Box<dyn Fn(MeasuredLens) + Send>,
    ) -> Self {
        let (orders, inbox) = mpsc::channel();
        let format = settings.format;
        let limit_bytes = settings.limit_bytes;
        let name = settings.name.clone();
        let ruler = Ruler::new(settings.lenses.clone());
        let card_alone = matches!(mode, Mode::IdCard { .. });
        let soft_above_mm = settings.profile.limits().card_sigma_mm_max.stop;
        let looking = move || {
            let Ok(eyes) = Eyes::new() else {
                tracing::error!(
                    code = "face-model-unusable",
                    "the built-in face model cannot be read; build the program again"
                );
                let mut session = Session::new(mode, settings);
                on_advice(&session.on_camera("camera-failed", Duration::ZERO).advice);
                return;
            };
            let mut looker = Looker {
                camera,
                session: Session::new(mode, settings),
                eyes,
                ruler,
                measures_lens: card_alone,
                camera_named: false,
                focus: card_alone.then(|| Focus::new(soft_above_mm)),
                format,
                limit_bytes,
                name,
                began: clock::now(),
                last_at: Duration::ZERO,
                last_seq: None,
                kept: Vec::new(),
                mean_cost: Duration::ZERO,
                on_advice,
                on_photo,
                on_lens,
            };
            looker.work(&inbox);
            looker.let_go();
        };
        let thread = thread::Builder::new().name("capture".into()).spawn(looking);
        if let Err(why) = &thread {
            tracing::error!(code = "capture-thread-failed", kind = ?why.kind(), "the system gave no thread; close other programs and try again");
        }
        Self { orders, thread: thread.ok() }
    }

    /// The manual shutter.
    pub fn shutter(&self) {
        self.press(Press::Shutter);
    }

    /// Escape during the countdown.
    pub fn cancel_countdown(&self) {
        self.press(Press::CancelCountdown);
    }

    /// "Use my other hand".
    pub fn use_other_hand(&self) {
        self.press(Press::OtherHand);
    }

    /// "Take it anyway"; heard only while it is offered.
    pub fn take_anyway(&self) {
        self.press(Press::Anyway);
    }

    /// "Take again", after a photo: guiding goes on where it was.
    pub fn retake(&self) {
        self.press(Press::Retake);
    }

    /// Stops and waits for the thread to end.
    pub fn stop(self) {
        drop(self);
    }

    fn press(&self, press: Press) {
        // A thread that has ended hears nothing, and has nothing to do.
        let _ = self.orders.send(Order::Press(press));
    }
}

impl Drop for CaptureRun {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(thread) = self.thread.take() {
            // A callback may drop its own run; a thread cannot wait for itself.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!(code = "capture-thread-panicked", "guiding ended unexpectedly; start the step again");
            }
        }
    }
}

struct Looker {
    camera: Camera,
    session: Session,
    eyes: Eyes,
    ruler: Ruler,
    /// A card beside a head is small and held askew: it tells little.
    measures_lens: bool,
    /// Was the ruler told which camera this is, since it was opened?
    camera_named: bool,
    /// For a card alone.
    focus: Option<Focus>,
    format: likeness_vision::card::CardFormat,
    limit_bytes: usize,
    name: TypedName,
    began: Instant,
    last_at: Duration,
    last_seq: Option<u64>,
    kept: Vec<Arc<Frame>>,
    mean_cost: Duration,
    on_advice: Box<dyn Fn(&Advice) + Send>,
    on_photo: Box<dyn Fn(CapturedPhoto) + Send>,
    on_lens: Box<dyn Fn(MeasuredLens) + Send>,
}

impl Looker {
    fn work(&mut self, inbox: &Receiver<Order>) {
        let mut next_look = clock::now();
        loop {
            let pause = next_look.saturating_duration_since(clock::now()).min(WAIT);
            match wait_for_order(inbox, pause) {
                Heard::Press(press) => self.press(press),
                Heard::Nothing if clock::now() < next_look => {}
                Heard::Nothing => next_look = clock::now() + self.once(),
                Heard::Stop => return,
            }
        }
    }

    fn press(&mut self, press: Press) {
        self.session.press(press);
        if press == Press::OtherHand {
            self.eyes.forget();
        }
        let at = self.time(clock::now());
        let step = self.session.tick(at);
        self.tell(&step.advice);
    }

    /// One turn. Answers how long to rest before the next.
    fn once(&mut self) -> Duration {
        if !self.session.looks() {
            return WAIT;
        }
        let state = self.camera.state();
        if !matches!(state, CameraState::Live { .. }) {
            return self.without_frames(&state);
        }
        let Some(frame) = self.camera.wait_newer(self.last_seq, WAIT) else {
            let at = self.time(clock::now());
            let step = self.session.tick(at);
            self.follow(step);
            return Duration::ZERO;
        };
        self.last_seq = Some(frame.seq());
        let began = clock::now();
        let phase = self.look(frame);
        let cost = clock::now().saturating_duration_since(began);
        self.mean_cost = (self.mean_cost * 7 + cost) / 8;
        let every = if self.mean_cost > DEAR { 2 * LOOK_EVERY } else { LOOK_EVERY };
        if phase == Phase::Burst { Duration::ZERO } else { every.saturating_sub(cost) }
    }

    fn without_frames(&mut self, state: &CameraState) -> Duration {
        let code = state.code().unwrap_or(if *state == CameraState::Off { "camera-off" } else { "camera-opening" });
        let at = self.time(clock::now());
        self.kept.clear();
        self.eyes.forget();
        self.camera_named = false;
        let step = self.session.on_camera(code, at);
        self.tell(&step.advice);
        WAIT
    }

    fn look(&mut self, frame: Arc<Frame>) -> Phase {
        let at = self.time(frame.arrived());
        let Ok(planes) = frame.planes() else {
            tracing::debug!(code = "frame-damaged", frame = frame.seq(), "passed over");
            let step = self.session.tick(at);
            return self.follow(step);
        };
        self.name_camera(planes);
        let sight = self.sight(planes, at);
        let Ok(measures) = self.eyes.look(planes, &sight) else {
            let step = self.session.tick(at);
            return self.follow(step);
        };
        if self.measures_lens
            && let Some(lens) = self.ruler.note(measures.card.as_ref(), self.format)
        {
            tracing::debug!(focal_px = lens.focal_px, width_px = lens.width_px, "lens");
            (self.on_lens)(lens);
        }
        self.help_focus(at, measures.card.as_ref().and_then(Seen::of));
        let view = FrameView { seq: frame.seq(), at, fresh: frame.fresh(), measures };
        self.kept.push(frame);
        let step = self.session.on_view(&view);
        self.eyes.give_back(view.measures);
        self.follow(step)
    }

    /// Tells the ruler whose frames these are: once for each opening, and again when their size changes.
    fn name_camera(&mut self, planes: &likeness_camera::Planes) {
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let size_px = (side(planes.y.width), side(planes.y.height));
        if self.camera_named && self.ruler.size_px() == size_px {
            return;
        }
        if let Some(facts) = self.camera.facts() {
            self.ruler.turn_to(&facts.id_hash, size_px);
            self.camera_named = true;
        }
    }

    /// Sets the focus where the camera cannot find it itself.
    fn help_focus(&mut self, at: Duration, card: Option<Seen>) {
        let Some(focus) = self.focus.as_mut().filter(|_| self.camera.abilities().focus) else { return };
        if let Some(wish) = focus.look(at, card) {
            tracing::debug!(?wish, "focus");
            self.camera.control(wish);
        }
    }

    /// Leaves the camera's focus as it was found.
    fn let_go(&mut self) {
        if let Some(wish) = self.focus.as_mut().and_then(Focus::release) {
            self.camera.control(wish);
        }
    }

    /// Does what the session asks until it asks nothing more.
    fn follow(&mut self, mut step: Step) -> Phase {
        loop {
            self.tell(&step.advice);
            let phase = step.advice.phase;
            match step.ask {
                Some(Ask::Keep) => return phase,
                Some(Ask::Still(seq)) => {
                    let still = self.still(seq);
                    let at = self.time(clock::now());
                    step = self.session.on_still(still, at);
                }
                Some(Ask::Photo(photo)) => {
                    self.kept.clear();
                    (self.on_photo)(photo.compared_with(&self.name));
                    return phase;
                }
                None => {
                    // A frame that came between two of a burst does not end it.
                    if phase != Phase::Burst {
                        self.kept.clear();
                    }
                    return phase;
                }
            }
        }
    }

    /// The kept frame as the bytes that would be sent, judged anew from those bytes alone.
    fn still(&mut self, seq: u64) -> Option<Still> {
        let frame = self.kept.iter().find(|frame| frame.seq() == seq)?;
        let age = clock::now().saturating_duration_since(frame.arrived());
        let looked = frame.still(self.limit_bytes).and_then(|still| Ok((decode_still(&still.bytes)?, still)));
        let (planes, still) = match looked {
            Ok(looked) => looked,
            Err(damage) => {
                tracing::warn!(code = "still-damaged", frame = seq, %damage, "the next frame is tried");
                return None;
            }
        };
        let sight = self.sight(&planes, self.last_at);
        let measures = self.eyes.look_closely(&planes, &sight).ok()?;
        Some(Still {
            seq,
            jpeg: still.bytes,
            size_px: (still.width_px, still.height_px),
            measures,
            taken_at_unix_ms: clock::unix_ms(age),
            camera: self.camera.facts().map(facts).unwrap_or_default(),
        })
    }

    fn sight(&self, planes: &likeness_camera::Planes, at: Duration) -> Sight {
        let side = |length: usize| f32::from(u16::try_from(length).unwrap_or(u16::MAX)).max(1.0);
        let size_px = (side(planes.y.width), side(planes.y.height));
        Sight {
            mode: self.session.mode(),
            format: self.format,
            guide: self.session.guide_for(size_px),
            lens: self.ruler.lens(),
            at,
        }
    }

    fn tell(&self, advice: &Advice) {
        (self.on_advice)(advice);
    }

    /// Time of the session; never goes back, though frames are older than the moments between them.
    fn time(&mut self, moment: Instant) -> Duration {
        self.last_at = self.last_at.max(moment.saturating_duration_since(self.began));
        self.last_at
    }
}

enum Heard {
    Press(Press),
    Stop,
    Nothing,
}

fn wait_for_order(inbox: &Receiver<Order>, pause: Duration) -> Heard {
    let order = if pause.is_zero() {
        inbox.try_recv().map_err(|none| none == TryRecvError::Disconnected)
    } else {
        inbox.recv_timeout(pause).map_err(|none| none == RecvTimeoutError::Disconnected)
    };
    match order {
        Ok(Order::Press(press)) => Heard::Press(press),
        Ok(Order::Stop) | Err(true) => Heard::Stop,
        Err(false) => Heard::Nothing,
    }
}

fn facts(camera: likeness_camera::CameraFacts) -> CameraFacts {
    CameraFacts {
        backend: camera.backend,
        name: camera.name,
        id_hash: camera.id_hash,
        virtual_camera: camera.virtual_camera.as_str().to_owned(),
        evidence: camera.evidence,
        format: camera.format,
    }
}
