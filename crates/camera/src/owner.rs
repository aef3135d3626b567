//! The camera thread: one thread owns the camera and makes every call that touches it; everybody else reads or wishes.
//!
//! A wish (open, close, quit) replaces the one before it and ends whatever the thread waits for. Each wish has a number;
//! states and frames of an older number are dropped, so a late answer never shows. Calls into drivers run under
//! `catch_unwind`, and a second thread, `camera-watch`, says so when one of them does not come back.
//! The rules (when a stream is stalled, what follows a fault) are in `judge.rs`; this file only measures and obeys.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use crate::catalogue::{self, Sighting};
use crate::clock;
use crate::device::{Choice, Device, DeviceKey, DeviceRules, Unusable, choose};
use crate::error::CameraError;
use crate::fault::Fault;
use crate::frame::{Arrival, DecodeTally, Frame, Picture};
use crate::judge::{DAMAGED_IN_A_ROW, Freshness, Next, Reopens, StreamFacts, StreamVerdict, after_fault, judge_stream};
use crate::mode::Mode;
#[cfg(feature = "test-support")]
use crate::mode::Pixels;
use crate::pool::Pool;
use crate::slot::Slot;
use crate::source::{FrameSource, RawFrame};
use crate::state::{Attempt, CameraFacts, CameraState, Purpose};
#[cfg(not(target_os = "linux"))]
use crate::unimplemented::{self as catalogue, Sighting};
use crate::wake::Wake;

/// A driver that hangs while it is listed costs this much, not the stream.
const LIST_WITHIN: Duration = Duration::from_secs(5);
/// Slow starts of 4 to 20 seconds are reported of some systems; people do not wait longer than this.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// A read ends after this, so a call that is out for two seconds more hangs in the driver.
const READ_WITHIN: Duration = Duration::from_secs(2);
/// How often a silent stream is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often the names of devices are read again while one is missing.
const NAMES_EVERY: Duration = Duration::from_secs(1);
/// Between a new name and the first try: the system sets its rights a little later.
const ARRIVED_WAIT: Duration = Duration::from_millis(300);
/// More modes than this are not tried: a camera that refuses three refuses all.
const MODES_TRIED: usize = 3;
/// What `quit` waits for a stalled camera.
const QUIT_WITHIN: Duration = Duration::from_millis(100);
/// A wait that only a wish ends.
const UNTIL_WISHED: Duration = Duration::from_hours(1);

/// Which cameras there may be.
#[derive(Default)]
pub struct Sources {
    /// Real cameras of this machine.
    pub native: bool,
    /// A drawn one beside them, taken by default only when there is no real one.
    #[cfg(feature = "synthetic")]
    pub synthetic: Option<Box<dyn crate::FrameMaker>>,
}

impl Sources {
    /// The cameras of this machine and no other, whatever the build could draw.
    pub fn real_cameras() -> Self {
        Self {
            native: true,
            #[cfg(feature = "synthetic")]
            synthetic: None,
        }
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("Sources").field("native", &self.native).finish_non_exhaustive()
    }
}

/// A handle of the camera thread. Clones share one thread, which ends with [`Camera::quit`] or the last clone.
#[derive(Clone)]
pub struct Camera(Arc<Handle>);

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.wish(Wish::Quit);
    }
}

/// What the camera thread is asked for. Only the newest counts.
enum Wish {
    Open { attempt: Attempt, device: Option<DeviceKey>, purpose: Purpose },
    Close,
    Quit,
}

#[derive(Default)]
struct Wishes {
    last_attempt: u64,
    newest: Option<Wish>,
    quitting: bool,
}

struct Board {
    revision: u64,
    attempt: Attempt,
    state: CameraState,
    facts: Option<CameraFacts>,
}

/// A call into a driver that is under way.
struct Call {
    attempt: Attempt,
    since: Instant,
    limit: Duration,
    overdue: CameraState,
}

/// What the watch thread looks at.
#[derive(Default)]
struct Watched {
    call: Option<Call>,
    /// Whether the watch thread sleeps until the next call.
    asleep: bool,
}

struct Shared {
    native: bool,
    /// Cameras that no system lists: drawn or played.
    made: Vec<Device>,
    wishes: Mutex<Wishes>,
    wake: Arc<Wake>,
    board: Mutex<Board>,
    board_changed: Condvar,
    slot: Slot,
    watched: Mutex<Watched>,
    watch_needed: Condvar,
    ended: Mutex<bool>,
    ended_changed: Condvar,
    list_hangs: AtomicBool,
}

impl Camera {
    /// Starts the camera thread. No device is touched before the first [`list`](Self::list) or [`open`](Self::open).
    #[cfg_attr(
        not(feature = "synthetic"),
        allow(clippy::needless_pass_by_value, reason = "the other build takes the maker out of it")
    )]
    pub fn start(sources: Sources) -> Self {
        #[cfg(feature = "synthetic")]
        {
            let made =
                sources.synthetic.iter().map(|maker| crate::source::synthetic::device_of(maker.as_ref())).collect();
            Self::start_with(sources.native, made, move |makers| {
                makers.synthetic = sources.synthetic.map(|maker| std::rc::Rc::new(std::cell::RefCell::new(maker)));
            })
        }
        #[cfg(not(feature = "synthetic"))]
        Self::start_with(sources.native, Vec::new(), |_| {})
    }

    /// Starts the camera thread with one played camera.
    #[cfg(feature = "test-support")]
    pub fn start_scripted(script: Box<dyn crate::Script>, mode: Mode) -> Self {
        Self::start_with(false, vec![crate::source::scripted::device_of(mode)], move |makers| {
            let play = crate::source::scripted::Play::new(script);
            makers.scripted = Some(std::rc::Rc::new(std::cell::RefCell::new(play)));
        })
    }

    /// Starts the camera thread on real cameras, but opens only modes of this packing: a driver's other formats get their turn too.
    #[cfg(feature = "test-support")]
    pub fn start_with_pixels(pixels: Pixels) -> Self {
        Self::start_with(true, Vec::new(), move |makers| makers.only = Some(pixels))
    }

    fn start_with(native: bool, made: Vec<Device>, fill: impl FnOnce(&mut Makers) + Send + 'static) -> Self {
        let shared = Arc::new(Shared::new(native, made));
        let (owner, watch) = (Arc::clone(&shared), Arc::clone(&shared));
        let spawned = thread::Builder::new().name("camera".into()).spawn(move || {
            let mut makers = Makers::default();
            fill(&mut makers);
            Owner { shared: Arc::clone(&owner), makers, pool: Pool::default(), seq: 0 }.run();
            owner.end();
        });
        let watched = thread::Builder::new().name("camera-watch".into()).spawn(move || watch.watch());
        if let Err(error) = spawned.and(watched) {
            shared.end();
            shared.publish(
                Attempt(0),
                CameraState::Failed { detail: format!("the camera thread did not start: {error}") },
            );
        }
        Self(Arc::new(Handle(shared)))
    }

    /// Whether the system names any camera at all, or a drawn one is configured. Reads names only; nothing is opened or stored.
    pub fn any_present(&self) -> bool {
        let shared = &self.0.0;
        !shared.made.is_empty() || !shared.sighting().is_empty()
    }

    /// The cameras of this machine. Blocks for up to 5 seconds.
    ///
    /// # Errors
    /// [`CameraError::ListTooSlow`] if a driver hangs.
    pub fn list(&self) -> Result<Vec<Device>, CameraError> {
        self.0.0.list()
    }

    /// Asks for a camera: this one, or the best one there is. Returns at once; what comes of it is seen in [`state`](Self::state).
    /// A camera that is open is closed first, so that every purpose starts with pictures of its own.
    pub fn open(&self, device: Option<DeviceKey>, purpose: Purpose) -> Attempt {
        self.0.0.wish_numbered(CameraState::Opening, |attempt| Wish::Open { attempt, device, purpose })
    }

    /// Closes the camera. Returns at once; no frame of it can be had afterwards.
    pub fn close(&self) {
        self.0.0.wish_numbered(CameraState::Off, |_| Wish::Close);
    }

    /// What the camera is doing now.
    pub fn state(&self) -> CameraState {
        self.0.0.board().state.clone()
    }

    /// The state and its revision, as soon as the revision differs from `seen` or the time is over.
    pub fn wait_state(&self, seen: u64, within: Duration) -> (u64, CameraState) {
        let shared = &self.0.0;
        let (board, _) = shared
            .board_changed
            .wait_timeout_while(shared.board(), within, |board| board.revision == seen)
            .unwrap_or_else(PoisonError::into_inner);
        (board.revision, board.state.clone())
    }

    /// The newest frame of the open camera, whatever its age.
    pub fn newest(&self) -> Option<Arc<Frame>> {
        self.0.0.slot.newest()
    }

    /// The newest frame with a number above `than_seq` (any frame for `None`), waiting up to `within` for it.
    pub fn wait_newer(&self, than_seq: Option<u64>, within: Duration) -> Option<Arc<Frame>> {
        self.0.0.slot.wait_newer(than_seq, within)
    }

    /// What the manifest says of the camera whose stream is open.
    pub fn facts(&self) -> Option<CameraFacts> {
        self.0.0.board().facts.clone()
    }

    /// Ends the camera thread. Waits until the device is released, but never more than 100 ms for a stalled one.
    pub fn quit(&self) {
        let shared = &self.0.0;
        shared.wish(Wish::Quit);
        let ended = shared.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = shared.ended_changed.wait_timeout_while(ended, QUIT_WITHIN, |ended| !*ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl fmt::Debug for Camera {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("Camera").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Shared {
    fn new(native: bool, made: Vec<Device>) -> Self {
        let board = Board { revision: 0, attempt: Attempt(0), state: CameraState::Off, facts: None };
        Self {
            native,
            made,
            wishes: Mutex::default(),
            wake: Arc::new(Wake::new()),
            board: Mutex::new(board),
            board_changed: Condvar::new(),
            slot: Slot::default(),
            watched: Mutex::default(),
            watch_needed: Condvar::new(),
            ended: Mutex::new(false),
            ended_changed: Condvar::new(),
            list_hangs: AtomicBool::new(false),
        }
    }

    fn board(&self) -> std::sync::MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wishes(&self) -> std::sync::MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the wish before; quitting is final.
    fn wish(&self, wish: Wish) {
        let mut wishes = self.wishes();
        wishes.quitting |= matches!(wish, Wish::Quit);
        wishes.newest = Some(if wishes.quitting { Wish::Quit } else { wish });
        self.wake.raise();
    }

    /// As [`wish`](Self::wish), with a new number, and with the state and slot of the old number gone before this returns.
    fn wish_numbered(&self, state: CameraState, make: impl FnOnce(Attempt) -> Wish) -> Attempt {
        let mut wishes = self.wishes();
        wishes.last_attempt += 1;
        let attempt = Attempt(wishes.last_attempt);
        if !wishes.quitting {
            {
                let mut board = self.board();
                board.attempt = attempt;
                board.facts = None;
                if board.state != state {
                    board.state = state;
                    board.revision += 1;
                }
            }
            self.board_changed.notify_all();
            self.slot.begin(attempt);
            wishes.newest = Some(make(attempt));
            self.wake.raise();
        }
        attempt
    }

    fn take_wish(&self) -> Option<Wish> {
        let mut wishes = self.wishes();
        self.wake.lower();
        wishes.newest.take()
    }

    /// Shows a state, unless it belongs to an older attempt.
    fn publish(&self, attempt: Attempt, state: CameraState) {
        let mut board = self.board();
        if board.attempt == attempt && board.state != state {
            if let Some(code) = state.code() {
                tracing::warn!(code, attempt = attempt.0, "camera");
            }
            board.state = state;
            board.revision += 1;
            drop(board);
            self.board_changed.notify_all();
        }
    }

    fn publish_facts(&self, attempt: Attempt, facts: Option<CameraFacts>) {
        let mut board = self.board();
        if board.attempt == attempt {
            board.facts = facts;
        }
    }

    /// What is seen of the system's cameras; nothing is opened.
    fn sighting(&self) -> Sighting {
        if self.native { catalogue::sighting() } else { Sighting::default() }
    }

    fn list(&self) -> Result<Vec<Device>, CameraError> {
        let mut devices = if self.native { self.list_native()? } else { Vec::new() };
        devices.extend(self.made.iter().cloned());
        Ok(devices)
    }

    /// On a thread of its own, so that a hanging driver costs its limit. While one hangs, no second one is started.
    fn list_native(&self) -> Result<Vec<Device>, CameraError> {
        let (sender, receiver) = mpsc::channel();
        let spawned = thread::Builder::new().name("camera-list".into()).spawn(move || {
            // A driver binding that panics costs the list, not the program; the receiver may have gone by now.
            let _ = sender.send(catch_unwind(catalogue::devices).unwrap_or_default());
        });
        if let Err(error) = spawned {
            return Err(CameraError::Failed { detail: format!("the list of cameras cannot be read: {error}") });
        }
        let within = if self.list_hangs.load(Ordering::Relaxed) { LIST_WITHIN / 5 } else { LIST_WITHIN };
        let answer = receiver.recv_timeout(within);
        self.list_hangs.store(answer.is_err(), Ordering::Relaxed);
        answer.map_err(|_| CameraError::ListTooSlow)
    }

    /// Makes a call into a driver: caught if it panics, named if it does not come back.
    fn calling<T>(
        &self,
        attempt: Attempt,
        limit: Duration,
        overdue: CameraState,
        call: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.note(Some(Call { attempt, since: clock::now(), limit, overdue }));
        let answer = catch_unwind(AssertUnwindSafe(call));
        self.note(None);
        answer.unwrap_or_else(|_| Err(Fault::failed("the driver's binding panicked")))
    }

    fn note(&self, call: Option<Call>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.call = call;
        if watched.asleep && watched.call.is_some() {
            self.watch_needed.notify_all();
        }
    }

    /// The watch thread: names a call that is out for too long. It cannot end it; the thread in it is the driver's.
    fn watch(&self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        while !*self.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            if let Some(late) =
                watched.call.as_ref().filter(|call| clock::now().duration_since(call.since) > call.limit)
            {
                self.publish(late.attempt, late.overdue.clone());
            }
            // With no call under way it sleeps until the camera thread makes one.
            watched.asleep = watched.call.is_none();
            let wait = if watched.asleep { UNTIL_WISHED } else { LOOK_EVERY };
            watched = self.watch_needed.wait_timeout(watched, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended_changed.notify_all();
        // With the lock held, so that the watch thread is either before its look at `ended` or already asleep.
        let _watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        self.watch_needed.notify_all();
    }
}

/// The makers of pictures that live on the camera thread between openings.
#[derive(Default)]
struct Makers {
    #[cfg(feature = "synthetic")]
    synthetic: Option<std::rc::Rc<std::cell::RefCell<Box<dyn crate::FrameMaker>>>>,
    #[cfg(feature = "test-support")]
    scripted: Option<std::rc::Rc<std::cell::RefCell<crate::source::scripted::Play>>>,
    #[cfg(feature = "test-support")]
    only: Option<Pixels>,
}

impl Makers {
    /// The modes to try, best first.
    #[cfg_attr(not(feature = "test-support"), allow(clippy::unused_self, reason = "only tests narrow the choice"))]
    fn allowed(&self, device: &Device) -> Vec<Mode> {
        let modes = device.usable.clone().unwrap_or_default();
        #[cfg(feature = "test-support")]
        let modes = modes.into_iter().filter(|mode| self.only.is_none_or(|only| mode.pixels == only)).collect();
        modes
    }

    #[cfg_attr(
        not(any(feature = "synthetic", feature = "test-support")),
        allow(clippy::unused_self, reason = "a release makes no pictures of its own")
    )]
    fn start(
        &self,
        device: &Device,
        mode: Mode,
        purpose: Purpose,
        wake: &Arc<Wake>,
    ) -> Result<Box<dyn FrameSource>, Fault> {
        #[cfg(feature = "synthetic")]
        if let Some(maker) = self.synthetic.as_ref().filter(|_| device.place == "studio") {
            return Ok(Box::new(crate::source::synthetic::SyntheticSource::start(maker, mode, purpose, wake)));
        }
        #[cfg(feature = "test-support")]
        if let Some(play) = self.scripted.as_ref().filter(|_| device.place == "scripted") {
            return Ok(Box::new(crate::source::scripted::ScriptedSource::start(play, mode, wake)?));
        }
        start_native(device, mode, purpose, wake)
    }
}

#[cfg(target_os = "linux")]
fn start_native(device: &Device, mode: Mode, _: Purpose, wake: &Arc<Wake>) -> Result<Box<dyn FrameSource>, Fault> {
    Ok(Box::new(crate::source::native::NativeSource::start(device, mode, wake)?))
}

#[cfg(not(target_os = "linux"))]
fn start_native(_: &Device, _: Mode, _: Purpose, _: &Arc<Wake>) -> Result<Box<dyn FrameSource>, Fault> {
    Err(Fault::Ended { error: CameraError::NoCamera, transient: false })
}

/// One request for a camera and what has happened to it so far.
struct Errand {
    attempt: Attempt,
    wanted: Option<DeviceKey>,
    purpose: Purpose,
    began: Instant,
    /// Whether it has shown a state of its own yet; later tries are silent until they succeed or fail otherwise.
    announced: bool,
    /// Whether a picture has come: from then on only this very device will do.
    was_live: bool,
    /// Whether a device has appeared since the last picture.
    arrived: bool,
    /// Whether this stream has been opened again because of silence.
    reopened: bool,
    /// Whether the format has been negotiated once more because pictures of another size came.
    renegotiated: bool,
    reopens: Reopens,
    last_code: &'static str,
    failures: usize,
    /// The devices as they were seen before the last list: one plugged in while it was read is new.
    sighting: Sighting,
}

/// How a stream or an opening ended.
enum End {
    /// Another wish came.
    Superseded,
    /// It is to be opened once more.
    Silent,
    /// Pictures come in another size than was agreed: the format is to be negotiated once more.
    WrongSize,
    /// The learner has to choose.
    GivenUp,
    Fault {
        error: CameraError,
        transient: bool,
    },
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Woken => Self::Superseded,
            Fault::Silence => Self::Silent,
            Fault::ModeRefused(why) => Self::Fault { error: CameraError::Unsupported { why }, transient: false },
            Fault::Damaged(damage) => {
                Self::Fault { error: CameraError::Failed { detail: damage.to_string() }, transient: false }
            }
            Fault::Ended { error, transient } => Self::Fault { error, transient },
        }
    }
}

struct Owner {
    shared: Arc<Shared>,
    makers: Makers,
    pool: Pool,
    seq: u64,
}

impl Owner {
    fn run(&mut self) {
        loop {
            match self.shared.take_wish() {
                Some(Wish::Quit) => return,
                Some(Wish::Open { attempt, device, purpose }) => self.serve(attempt, device, purpose),
                Some(Wish::Close) => {}
                None => {
                    self.shared.wake.sleep(UNTIL_WISHED);
                }
            }
        }
    }

    /// Opens, streams and opens again until another wish comes or nothing more can be done without one.
    fn serve(&mut self, attempt: Attempt, wanted: Option<DeviceKey>, purpose: Purpose) {
        let mut errand = Errand {
            attempt,
            wanted,
            purpose,
            began: clock::now(),
            announced: false,
            was_live: false,
            arrived: false,
            reopened: false,
            renegotiated: false,
            reopens: Reopens::default(),
            last_code: "",
            failures: 0,
            sighting: Sighting::default(),
        };
        loop {
            let end = self.open_and_stream(&mut errand);
            self.shared.slot.clear(attempt);
            self.shared.publish_facts(attempt, None);
            let next = self.after(end, &mut errand);
            let go_on = match next {
                Next::Stay => false,
                Next::RetryAfter(wait) => !self.shared.wake.sleep(wait),
                Next::WaitForDevice => self.wait_for_device(&mut errand),
            };
            if !go_on {
                return;
            }
        }
    }

    /// Shows what happened and decides what follows.
    fn after(&self, end: End, errand: &mut Errand) -> Next {
        let since = clock::now().duration_since(errand.began);
        let (error, transient) = match end {
            End::Superseded => return Next::Stay,
            End::GivenUp => {
                self.shared.publish(errand.attempt, CameraState::Stalled);
                return Next::Stay;
            }
            End::Silent => {
                self.shared.publish(errand.attempt, CameraState::Stalled);
                errand.reopened = true;
                return if errand.reopens.grant(since) { Next::RetryAfter(Duration::ZERO) } else { Next::Stay };
            }
            End::WrongSize => {
                errand.renegotiated = true;
                return Next::RetryAfter(Duration::ZERO);
            }
            End::Fault { error, transient } => (error, transient),
        };
        errand.failures = if errand.last_code == error.code() { errand.failures + 1 } else { 0 };
        errand.last_code = error.code();
        let next = after_fault(&error, transient, errand.arrived, errand.failures);
        self.shared.publish(errand.attempt, error.into());
        let counts = errand.was_live && errand.failures == 0 && matches!(next, Next::RetryAfter(_));
        if counts && !errand.reopens.grant(since) { Next::Stay } else { next }
    }

    /// Looks at the devices until another one is there; false if another wish came.
    fn wait_for_device(&self, errand: &mut Errand) -> bool {
        while !self.shared.wake.sleep(NAMES_EVERY) {
            if self.shared.sighting() != errand.sighting {
                errand.arrived = true;
                errand.failures = 0;
                errand.last_code = "";
                return !self.shared.wake.sleep(ARRIVED_WAIT);
            }
        }
        false
    }

    fn open_and_stream(&mut self, errand: &mut Errand) -> End {
        let (attempt, silent) = (errand.attempt, errand.announced);
        errand.announced = true;
        let announce = |state| {
            if !silent {
                self.shared.publish(attempt, state);
            }
        };
        announce(CameraState::Listing);
        errand.sighting = self.shared.sighting();
        let device = match self.shared.list().and_then(|devices| chosen(&devices, errand)) {
            Ok(device) => device,
            Err(error) => return End::Fault { error, transient: false },
        };
        announce(CameraState::Opening);
        let modes = self.makers.allowed(&device);
        let mut refused = Fault::ModeRefused("no mode".into());
        for mode in modes.into_iter().take(MODES_TRIED) {
            let overdue =
                CameraState::Failed { detail: "the driver has not opened the camera within 10 seconds".into() };
            let started = self.shared.calling(errand.attempt, OPEN_WITHIN, overdue, || {
                self.makers.start(&device, mode, errand.purpose, &self.shared.wake)
            });
            match started {
                Ok(source) => return self.stream(source, &device, mode, errand),
                Err(fault @ Fault::ModeRefused(_)) => refused = fault,
                Err(fault) => return fault.into(),
            }
            if self.shared.wake.is_raised() {
                return End::Superseded;
            }
        }
        refused.into()
    }

    /// Reads pictures until the stream ends; the device is released before this returns.
    fn stream(&mut self, source: Box<dyn FrameSource>, device: &Device, mode: Mode, errand: &mut Errand) -> End {
        let mut stream = Stream::new(source, device, mode, errand);
        let end = loop {
            let read = self
                .shared
                .calling(errand.attempt, READ_WITHIN, CameraState::Stalled, || stream.source.next(LOOK_EVERY));
            if self.shared.wake.is_raised() {
                break End::Superseded;
            }
            match read {
                Ok(raw) => stream.admit(raw, &self.pool, &mut self.seq, &self.shared),
                Err(Fault::Damaged(damage)) => stream.damaged(&damage),
                Err(Fault::Silence | Fault::Woken) => {}
                Err(fault) => break fault.into(),
            }
            let verdict = judge_stream(stream.facts(errand.reopened));
            if let Some(end) = self.obey(verdict, &stream, errand) {
                break end;
            }
        };
        let stopped = self.shared.calling(errand.attempt, READ_WITHIN, CameraState::Stalled, || {
            drop(stream.source);
            Ok(())
        });
        if stopped.is_err() {
            tracing::error!(code = "camera-failed", "stopping the camera panicked");
        }
        end
    }

    fn obey(&self, verdict: StreamVerdict, stream: &Stream<'_>, errand: &mut Errand) -> Option<End> {
        let state = match verdict {
            StreamVerdict::Starting => return None,
            StreamVerdict::Live => {
                errand.was_live = true;
                errand.wanted.get_or_insert_with(|| stream.device.key.clone());
                (errand.last_code, errand.failures, errand.arrived) = ("", 0, false);
                CameraState::Live { device: stream.device.summary(), mode: stream.mode }
            }
            StreamVerdict::Stalled => CameraState::Stalled,
            StreamVerdict::NotMoving => CameraState::NotMoving,
            StreamVerdict::Damaged if stream.wrong_size && !errand.renegotiated => return Some(End::WrongSize),
            StreamVerdict::Damaged => CameraState::Damaged,
            StreamVerdict::Reopen => return Some(End::Silent),
            StreamVerdict::GiveUp => return Some(End::GivenUp),
        };
        self.shared.publish(errand.attempt, state);
        None
    }
}

/// A running stream and what was measured of it.
struct Stream<'a> {
    source: Box<dyn FrameSource>,
    device: &'a Device,
    mode: Mode,
    attempt: Attempt,
    began: Instant,
    last_bytes: Instant,
    last_new: Instant,
    started: bool,
    damaged_in_a_row: u32,
    /// Whether the last damage was a whole picture of another size.
    wrong_size: bool,
    freshness: Freshness,
    tally: DecodeTally,
}

impl<'a> Stream<'a> {
    fn new(source: Box<dyn FrameSource>, device: &'a Device, mode: Mode, errand: &Errand) -> Self {
        let began = clock::now();
        Self {
            source,
            device,
            mode,
            attempt: errand.attempt,
            began,
            last_bytes: began,
            last_new: began,
            started: false,
            damaged_in_a_row: 0,
            wrong_size: false,
            freshness: Freshness::default(),
            tally: DecodeTally::default(),
        }
    }

    fn facts(&self, reopened: bool) -> StreamFacts {
        let now = clock::now();
        StreamFacts {
            started: self.started,
            silent_for: now.duration_since(self.last_bytes),
            same_for: now.duration_since(self.last_new),
            damaged_in_a_row: self.damaged_in_a_row.max(self.tally.bad_in_a_row()),
            reopened,
        }
    }

    fn damaged(&mut self, damage: &crate::error::Damage) {
        tracing::debug!(%damage, attempt = self.attempt.0, "a picture was dropped");
        self.last_bytes = clock::now();
        self.damaged_in_a_row += 1;
        self.wrong_size = matches!(damage, crate::error::Damage::WrongSize { .. });
        self.freshness.interrupt();
    }

    /// Checks one picture and, if it is good and new, puts it into the slot.
    fn admit(&mut self, raw: RawFrame, pool: &Pool, seq: &mut u64, shared: &Shared) {
        let arrived = clock::now();
        let picture = match Picture::from_camera(&raw.bytes, self.mode, pool) {
            Ok(picture) => picture,
            Err(damage) => return self.damaged(&damage),
        };
        let captured = raw.captured;
        drop(raw);
        self.last_bytes = arrived;
        self.damaged_in_a_row = 0;
        let Some(fresh) = self.freshness.admit(picture.print, captured, arrived.duration_since(self.began)) else {
            return; // a repeat: not shown, not counted
        };
        self.last_new = arrived;
        if !self.started {
            self.started = true;
            shared.publish_facts(self.attempt, Some(self.manifest_facts()));
        }
        *seq += 1;
        let arrival = Arrival { seq: *seq, attempt: self.attempt, arrived, captured, mode: self.mode, fresh };
        let frame = Arc::new(Frame::new(arrival, picture, self.tally.clone()));
        shared.slot.put(Arc::clone(&frame));
        if self.tally.bad_in_a_row() >= DAMAGED_IN_A_ROW {
            // Readers have stopped looking by now; decode here, so that the first good picture ends the fault.
            let _ = frame.planes();
        }
    }

    fn manifest_facts(&self) -> CameraFacts {
        CameraFacts {
            backend: self.device.backend.as_str().into(),
            name: self.device.label.clone(),
            id_hash: self.device.key.id_hash(),
            virtual_camera: self.device.virtual_camera,
            evidence: self.device.evidence.clone(),
            format: self.mode.to_string(),
        }
    }
}

/// The device an errand is for, or why there is none.
fn chosen(devices: &[Device], errand: &Errand) -> Result<Device, CameraError> {
    let missing = if errand.was_live { CameraError::Lost } else { CameraError::NoCamera };
    let rules = DeviceRules::default();
    let device = match choose(devices, errand.wanted.as_ref(), &rules) {
        Choice::Take(device) => device,
        Choice::Blocked(device) => {
            return Err(CameraError::Unsupported { why: format!("{} is not allowed by policy", device.label) });
        }
        Choice::LockedMissing(_) | Choice::Nothing => return Err(missing),
    };
    match device.usable {
        Ok(_) => Ok(device.clone()),
        Err(Unusable::Denied) => Err(CameraError::Denied),
        Err(Unusable::InUse) => Err(CameraError::InUse),
        Err(Unusable::TooSmall { largest }) => Err(CameraError::Unsupported {
            why: format!("its largest picture is {largest}, a card needs 640 x 480 pixels"),
        }),
        Err(Unusable::NoUsableMode) => {
            Err(CameraError::Unsupported { why: "no JPEG, YUYV or NV12 mode with sides of 320 to 4096 pixels".into() })
        }
    }
}
