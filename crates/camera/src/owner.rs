//! The camera thread: one thread owns the camera and makes every call that touches it; everybody else reads or wishes.
//!
//! A wish (open, close, quit) replaces the one before it and ends whatever the thread waits for. Each wish has a number;
//! states and frames of an older number are dropped, so a late answer never shows. Calls into drivers are made through
//! `watch.rs`, which says so when one of them does not come back.
//! The rules (when a stream is stalled, what follows a fault) are in `judge.rs`; this file only measures and obeys.

use std::collections::VecDeque;
#[cfg(feature = "test-support")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::board::Board;
use crate::clock;
use crate::device::{Choice, Device, DeviceKey, DeviceRules, Unusable, choose};
use crate::error::CameraError;
use crate::fault::Fault;
use crate::frame::Frame;
use crate::judge::{Naps, Next, Reopens, StreamVerdict, after_fault, after_too_many, judge_stream};
use crate::makers::{Makers, Permission};
use crate::mode::{Mode, Pixels, smaller_than};
use crate::planes::release_room;
use crate::roster::{Roster, Sighting};
use crate::slot::Slot;
use crate::state::{Attempt, CameraState, DeniedBy, Purpose};
use crate::stream::{Keep, READ_WITHIN, Stream};
use crate::watch::Calls;
use crate::wishes::{Wish, Wishes};

/// Slow starts of 4 to 20 seconds are reported of some systems; people do not wait longer than this.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// How often the names of devices are read again while one is missing.
const NAMES_EVERY: Duration = Duration::from_secs(1);
/// Between a new name and the first try: the system sets its rights a little later.
const ARRIVED_WAIT: Duration = Duration::from_millis(300);
/// More modes than this are not tried: a camera that refuses three refuses all.
const MODES_TRIED: usize = 3;
/// A wait that only a wish ends.
const UNTIL_WISHED: Duration = Duration::from_hours(1);

/// What the handles and the two threads share.
pub(crate) struct Shared {
    pub(crate) roster: Roster,
    pub(crate) wishes: Wishes,
    pub(crate) board: Board,
    pub(crate) slot: Slot<Frame>,
    pub(crate) calls: Calls,
    rules: Mutex<Arc<DeviceRules>>,
    #[cfg(feature = "test-support")]
    pub(crate) played_sleep_ms: AtomicU64,
}

impl Shared {
    pub(crate) fn new(native: bool, made: Vec<Device>) -> Self {
        Self {
            roster: Roster::new(native, made),
            wishes: Wishes::default(),
            board: Board::default(),
            slot: Slot::default(),
            calls: Calls::default(),
            rules: Mutex::default(),
            #[cfg(feature = "test-support")]
            played_sleep_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_rules(&self, rules: DeviceRules) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
        self.wishes.wake.raise(); // a running stream looks at them at once
    }

    fn rules(&self) -> Arc<DeviceRules> {
        Arc::clone(&self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a wish in with a new number; state and slot of the old number are gone before this returns.
    pub(crate) fn wish(&self, state: CameraState, make: impl FnOnce(Attempt) -> Wish) -> Attempt {
        let begin = |attempt| {
            self.board.begin(attempt, state);
            self.slot.begin(attempt.0);
        };
        self.wishes.wish(begin, make)
    }

    #[cfg_attr(not(feature = "test-support"), allow(clippy::unused_self, reason = "only tests play a sleep"))]
    fn slept(&self) -> Duration {
        #[cfg(feature = "test-support")]
        return clock::slept() + Duration::from_millis(self.played_sleep_ms.load(Ordering::Relaxed));
        #[cfg(not(feature = "test-support"))]
        clock::slept()
    }
}

/// One request for a camera and what has happened to it so far.
struct Errand {
    attempt: Attempt,
    wanted: Option<DeviceKey>,
    purpose: Purpose,
    rules: Arc<DeviceRules>,
    began: Instant,
    /// Whether it has shown a state of its own yet; later tries are silent until they succeed or fail otherwise.
    announced: bool,
    /// Whether the present stream has shown a picture.
    shown_live: bool,
    /// Whether a picture has come: from then on only this very device will do.
    was_live: bool,
    /// Whether a device has appeared since the last picture.
    arrived: bool,
    /// Whether this stream has been opened again because of silence.
    reopened: bool,
    /// Whether the format has been negotiated once more because pictures of another size came.
    renegotiated: bool,
    /// Packings that gave green or pink pictures.
    distrusted: Vec<Pixels>,
    reopens: Reopens,
    last_code: &'static str,
    failures: usize,
    /// The devices as they were seen before the last list: one plugged in while it was read is new.
    sighting: Sighting,
}

impl Errand {
    fn new(attempt: Attempt, wanted: Option<DeviceKey>, purpose: Purpose, rules: Arc<DeviceRules>) -> Self {
        Self {
            attempt,
            wanted,
            purpose,
            rules,
            began: clock::now(),
            announced: false,
            shown_live: false,
            was_live: false,
            arrived: false,
            reopened: false,
            renegotiated: false,
            distrusted: Vec::new(),
            reopens: Reopens::default(),
            last_code: "",
            failures: 0,
            sighting: Sighting::default(),
        }
    }
}

/// How a stream or an opening ended.
enum End {
    /// Another wish came.
    Superseded,
    /// It is to be opened once more.
    Silent,
    /// Pictures come in another size than was agreed: the format is to be negotiated once more.
    WrongSize,
    /// Pictures are green or pink all over: another format is to be tried.
    WrongFormat(Pixels),
    /// The computer slept.
    Woke,
    /// The rules have changed, and another camera is the right one now.
    OtherRules,
    /// The learner has to choose.
    GivenUp,
    Fault {
        error: CameraError,
        transient: bool,
    },
}

impl From<CameraError> for End {
    fn from(error: CameraError) -> Self {
        Self::Fault { error, transient: false }
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Woken => Self::Superseded,
            Fault::Silence => Self::Silent,
            Fault::ModeRefused(why) | Fault::NoRoom(why) => CameraError::Unsupported { why }.into(),
            Fault::Damaged(damage) => CameraError::Failed { detail: damage.to_string() }.into(),
            Fault::Ended { error, transient } => Self::Fault { error, transient },
        }
    }
}

/// The thread's own things.
pub(crate) struct Owner {
    shared: Arc<Shared>,
    makers: Makers,
    keep: Keep,
    naps: Naps,
    /// A wish that was taken in the middle of a stream and is to be served next.
    taken: Option<Wish>,
}

impl Owner {
    pub(crate) fn new(shared: Arc<Shared>, makers: Makers) -> Self {
        Self { shared, makers, keep: Keep::default(), naps: Naps::default(), taken: None }
    }

    /// Serves wishes until one is to quit.
    pub(crate) fn run(&mut self) {
        loop {
            let taken = self.taken.take();
            match self.shared.wishes.take().or(taken) {
                Some(Wish::Quit) => return,
                Some(Wish::Open { attempt, device, purpose }) => {
                    // What was slept before the wish concerns no stream.
                    self.naps.woke(self.shared.slept());
                    self.serve(Errand::new(attempt, device, purpose, self.shared.rules()));
                }
                Some(Wish::Close) => {}
                None => {
                    self.keep.pool.release();
                    release_room();
                    self.shared.wishes.wake.sleep(UNTIL_WISHED);
                }
            }
        }
    }

    /// Opens, streams and opens again until another wish comes or nothing more can be done without one.
    fn serve(&mut self, mut errand: Errand) {
        loop {
            let end = self.open_and_stream(&mut errand);
            self.shared.slot.clear(errand.attempt.0);
            self.shared.board.stream_ended(errand.attempt);
            let next = self.after(end, &mut errand);
            let go_on = match next {
                Next::Stay => false,
                Next::RetryAfter(wait) => !self.superseded_within(wait),
                Next::WaitForDevice => self.wait_for_device(&mut errand),
            };
            if !go_on {
                return;
            }
        }
    }

    /// Sleeps this long or until another wish comes; true if one came. New rules alone are no wish.
    fn superseded_within(&mut self, longest: Duration) -> bool {
        let until = clock::now() + longest;
        while self.shared.wishes.wake.sleep(until.saturating_duration_since(clock::now())) {
            self.taken = self.shared.wishes.take();
            if self.taken.is_some() {
                return true;
            }
        }
        false
    }

    /// Shows what happened and decides what follows.
    fn after(&self, end: End, errand: &mut Errand) -> Next {
        let since = clock::now().duration_since(errand.began);
        let again = Next::RetryAfter(Duration::ZERO);
        let (error, transient) = match end {
            // Woken without a new wish: by new rules.
            End::Superseded if self.taken.is_none() && !self.shared.wishes.is_waiting() => return again,
            End::Superseded => return Next::Stay,
            End::GivenUp => {
                self.shared.board.publish(errand.attempt, CameraState::Stalled);
                return Next::Stay;
            }
            End::Silent => {
                self.shared.board.publish(errand.attempt, CameraState::Stalled);
                errand.reopened = true;
                return if errand.reopens.grant(since) { again } else { Next::Stay };
            }
            End::WrongSize => {
                errand.renegotiated = true;
                return again;
            }
            End::WrongFormat(pixels) => {
                errand.distrusted.push(pixels);
                return again;
            }
            End::Woke => {
                self.shared.board.publish(errand.attempt, CameraState::Opening);
                (errand.reopened, errand.renegotiated) = (false, false);
                return again;
            }
            End::OtherRules => {
                self.shared.board.publish(errand.attempt, CameraState::Opening);
                (errand.wanted, errand.was_live) = (None, false);
                return again;
            }
            End::Fault { error, transient } => (error, transient),
        };
        errand.failures = if errand.last_code == error.code() { errand.failures + 1 } else { 0 };
        errand.last_code = error.code();
        let mut next = after_fault(&error, transient, errand.arrived, errand.failures);
        let counts = errand.was_live && errand.failures == 0 && matches!(next, Next::RetryAfter(_));
        if counts && !errand.reopens.grant(since) {
            next = after_too_many(&error);
        }
        self.shared.board.publish(errand.attempt, error.into());
        next
    }

    /// Looks at the devices until another one is there; false if another wish came.
    fn wait_for_device(&mut self, errand: &mut Errand) -> bool {
        while !self.superseded_within(NAMES_EVERY) {
            notice_sleep(&self.shared, &mut self.naps);
            if self.shared.roster.sighting() != errand.sighting {
                errand.arrived = true;
                errand.failures = 0;
                errand.last_code = "";
                return !self.superseded_within(ARRIVED_WAIT);
            }
        }
        false
    }

    fn open_and_stream(&mut self, errand: &mut Errand) -> End {
        errand.rules = self.shared.rules();
        errand.shown_live = false;
        let opened = match self.permitted(errand) {
            Ok(()) => self.open(errand),
            Err(end) => Err(end),
        };
        match opened {
            Ok(mut stream) => {
                let end = self.follow(&mut stream, errand);
                let stopped = self.shared.calls.make(errand.attempt, READ_WITHIN, CameraState::Stalled, || {
                    stream.stop();
                    Ok(())
                });
                if stopped.is_err() {
                    tracing::error!(code = "camera-failed", "stopping the camera panicked");
                }
                end
            }
            Err(end) => end,
        }
    }

    /// Asks the system, and the person through it, before any device is touched.
    fn permitted(&self, errand: &Errand) -> Result<(), End> {
        let permission = match self.makers.permission() {
            Permission::Unasked => {
                self.shared.board.publish(errand.attempt, CameraState::AskingPermission);
                self.makers.ask(&self.shared.wishes.wake)
            }
            known => known,
        };
        match permission {
            Permission::Granted => Ok(()),
            Permission::Unasked => Err(End::Superseded),
            Permission::Denied(DeniedBy::User) => Err(CameraError::Denied.into()),
            Permission::Denied(DeniedBy::Policy) => Err(CameraError::Restricted.into()),
        }
    }

    /// Lists, chooses, and tries modes until one of them runs.
    fn open(&self, errand: &mut Errand) -> Result<Stream, End> {
        let (attempt, silent) = (errand.attempt, errand.announced);
        errand.announced = true;
        let announce = |state| {
            if !silent {
                self.shared.board.publish(attempt, state);
            }
        };
        announce(CameraState::Listing);
        errand.sighting = self.shared.roster.sighting();
        let devices = self.shared.roster.list()?;
        let device = chosen(&devices, errand)?;
        announce(CameraState::Opening);
        let mut modes = VecDeque::from(self.modes(device, errand)?);
        let mut refused = Fault::ModeRefused("no mode".into());
        for _ in 0..MODES_TRIED {
            let Some(mode) = modes.pop_front() else { break };
            let overdue =
                CameraState::Failed { detail: "the driver has not opened the camera within 10 seconds".into() };
            let started = self.shared.calls.make(attempt, OPEN_WITHIN, overdue, || {
                self.makers.start(device, mode, errand.purpose, &self.shared.wishes.wake)
            });
            match started {
                Ok(source) => return Ok(Stream::new(source, device, mode, attempt)),
                Err(fault @ Fault::ModeRefused(_)) => refused = fault,
                Err(fault @ Fault::NoRoom(_)) => {
                    refused = fault;
                    modes = smaller_than(mode, modes.make_contiguous()).into();
                }
                Err(fault) => return Err(fault.into()),
            }
            if self.shared.wishes.is_waiting() {
                return Err(End::Superseded);
            }
        }
        Err(refused.into())
    }

    /// The modes to try, without those that gave pictures in the wrong format, unless there are no others.
    fn modes(&self, device: &Device, errand: &Errand) -> Result<Vec<Mode>, CameraError> {
        let modes = self.makers.modes(device, errand.purpose, &errand.rules).map_err(unusable)?;
        let trusted: Vec<Mode> =
            modes.iter().copied().filter(|mode| !errand.distrusted.contains(&mode.pixels)).collect();
        Ok(if trusted.is_empty() { modes } else { trusted })
    }

    /// Reads pictures until the stream ends or another wish is not for it.
    fn follow(&mut self, stream: &mut Stream, errand: &mut Errand) -> End {
        let shared = Arc::clone(&self.shared);
        stream.control(shared.wishes.take_controls());
        loop {
            let Self { keep, naps, .. } = self;
            let turned = stream.turn(&shared, keep, || notice_sleep(&shared, naps));
            match turned {
                Ok(false) => {}
                _ if shared.wishes.is_waiting() => return End::Superseded,
                Ok(true) => return End::Woke,
                Err(fault) => return running_fault(fault),
            }
            if shared.wishes.wake.is_raised() || !Arc::ptr_eq(&shared.rules(), &errand.rules) {
                match self.heed(stream, errand) {
                    Some(end) => return end,
                    None => continue,
                }
            }
            let verdict = judge_stream(stream.facts(errand.reopened));
            if let Some(end) = self.obey(verdict, stream, errand) {
                return end;
            }
        }
    }

    /// Somebody raised the wake: a wish that this very stream serves just goes on; any other ends it, as rules may do.
    fn heed(&mut self, stream: &mut Stream, errand: &mut Errand) -> Option<End> {
        stream.control(self.shared.wishes.take_controls());
        let wish = self.shared.wishes.take();
        let rules = self.shared.rules();
        let changed = rules != errand.rules;
        if changed && let Some(end) = ended_by(&rules, stream.device()) {
            self.taken = wish;
            return Some(if self.taken.is_some() { End::Superseded } else { end });
        }
        let live = judge_stream(stream.facts(errand.reopened)) == StreamVerdict::Live;
        match wish {
            Some(Wish::Open { attempt, device, purpose })
                if live
                    && device.as_ref().is_none_or(|key| *key == stream.device().key)
                    && self
                        .makers
                        .modes(stream.device(), purpose, &rules)
                        .is_ok_and(|modes| modes.contains(&stream.mode())) =>
            {
                stream.serve(attempt, purpose);
                let sighting = std::mem::take(&mut errand.sighting);
                let distrusted = std::mem::take(&mut errand.distrusted);
                *errand =
                    Errand { announced: true, sighting, distrusted, ..Errand::new(attempt, device, purpose, rules) };
                None
            }
            None => {
                errand.rules = rules;
                None
            }
            other => {
                self.taken = other;
                Some(End::Superseded)
            }
        }
    }

    fn has_other_format(&self, stream: &Stream, errand: &Errand) -> bool {
        let used = stream.mode().pixels;
        let other = |mode: &Mode| mode.pixels != used && !errand.distrusted.contains(&mode.pixels);
        self.modes(stream.device(), errand).is_ok_and(|modes| modes.iter().any(other))
    }

    fn obey(&self, verdict: StreamVerdict, stream: &Stream, errand: &mut Errand) -> Option<End> {
        let state = match verdict {
            StreamVerdict::Starting => return None,
            StreamVerdict::Live if stream.wrong_format() && self.has_other_format(stream, errand) => {
                return Some(End::WrongFormat(stream.mode().pixels));
            }
            StreamVerdict::Live => {
                errand.was_live = true;
                errand.wanted.get_or_insert_with(|| stream.device().key.clone());
                (errand.last_code, errand.failures, errand.arrived) = ("", 0, false);
                if !std::mem::replace(&mut errand.shown_live, true) {
                    self.shared.board.able(errand.attempt, stream.abilities());
                }
                self.shared.board.show(errand.attempt, stream.live());
                return None;
            }
            StreamVerdict::Stalled => CameraState::Stalled,
            StreamVerdict::NotMoving => CameraState::NotMoving,
            StreamVerdict::Damaged if stream.wrong_size() && !errand.renegotiated => return Some(End::WrongSize),
            StreamVerdict::Damaged => CameraState::Damaged,
            StreamVerdict::Reopen => return Some(End::Silent),
            StreamVerdict::GiveUp => return Some(End::GivenUp),
        };
        self.shared.board.publish(errand.attempt, state);
        None
    }
}

/// Whether the computer slept since the last look; told to everybody.
fn notice_sleep(shared: &Shared, naps: &mut Naps) -> bool {
    let woke = naps.woke(shared.slept());
    if woke {
        tracing::info!(code = "camera-woke", "the computer was asleep");
        shared.board.woke();
    }
    woke
}

/// A fault of a stream that had started. One whose mode is suddenly refused is out of step with its driver, which opening
/// it once more may mend.
fn running_fault(fault: Fault) -> End {
    match fault {
        Fault::ModeRefused(detail) | Fault::NoRoom(detail) => {
            End::Fault { error: CameraError::Failed { detail }, transient: true }
        }
        fault => fault.into(),
    }
}

/// The device an errand is for, or why there is none.
fn chosen<'a>(devices: &'a [Device], errand: &'a Errand) -> Result<&'a Device, CameraError> {
    match choose(devices, errand.wanted.as_ref(), &errand.rules) {
        Choice::Take(device) => Ok(device),
        Choice::Blocked(device) => Err(CameraError::VirtualBlocked { device: Box::new(device.summary()) }),
        Choice::LockedMissing(_) | Choice::Nothing if errand.was_live => Err(CameraError::Lost),
        Choice::LockedMissing(lock) => Err(CameraError::LockedMissing { name: lock.as_str().to_owned() }),
        Choice::Nothing => Err(CameraError::NoCamera),
    }
}

/// Why a stream of this device may not go on under these rules.
fn ended_by(rules: &DeviceRules, device: &Device) -> Option<End> {
    match choose(std::slice::from_ref(device), Some(&device.key), rules) {
        Choice::Take(_) => None,
        Choice::Blocked(device) => Some(CameraError::VirtualBlocked { device: Box::new(device.summary()) }.into()),
        Choice::LockedMissing(_) | Choice::Nothing => Some(End::OtherRules),
    }
}

fn unusable(reason: Unusable) -> CameraError {
    match reason {
        Unusable::Denied => CameraError::Denied,
        Unusable::InUse => CameraError::InUse,
        Unusable::TooSmall { largest } => {
            CameraError::Unsupported { why: format!("its largest picture is {largest}, a card needs 640 x 480 pixels") }
        }
        Unusable::NoUsableMode => {
            CameraError::Unsupported { why: "no JPEG, YUYV or NV12 mode with sides of 320 to 4096 pixels".into() }
        }
    }
}
