//! The front door: a handle that wishes and reads, and never waits for a device.
//!
//! Every method but [`Camera::list`] returns at once or within the time it is given, whatever a driver does.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::controls::{Abilities, ControlWish};
use crate::device::{Device, DeviceKey, DeviceRules};
use crate::error::CameraError;
use crate::frame::Frame;
use crate::makers::Makers;
#[cfg(feature = "test-support")]
use crate::mode::{Mode, Pixels};
use crate::owner::{Owner, Shared};
use crate::state::{Attempt, CameraFacts, CameraState, Findings, Purpose};
use crate::wishes::Wish;

/// What `quit` waits for a stalled camera.
const QUIT_WITHIN: Duration = Duration::from_millis(100);

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
        self.0.wishes.quit();
    }
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

    /// Starts the camera thread with one played camera of one mode.
    #[cfg(feature = "test-support")]
    pub fn start_scripted(script: Box<dyn crate::Script>, mode: Mode) -> Self {
        Self::start_played(script, &[mode], true)
    }

    /// Starts the camera thread with one played camera that offers these modes. `drawn`: whether it passes for a camera of
    /// the studio, as practice has, or for one of the system that looks like software.
    #[cfg(feature = "test-support")]
    pub fn start_played(script: Box<dyn crate::Script>, modes: &[Mode], drawn: bool) -> Self {
        Self::start_with(false, vec![crate::source::scripted::device_of(modes, drawn)], move |makers| {
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
            #[cfg(target_os = "macos")]
            {
                makers.native = native;
            }
            fill(&mut makers);
            Owner::new(Arc::clone(&owner), makers).run();
            owner.calls.end();
        });
        let watched = thread::Builder::new().name("camera-watch".into()).spawn(move || watch.calls.watch(&watch.board));
        if let Err(error) = spawned.and(watched) {
            shared.calls.end();
            let detail = format!("the camera thread did not start: {error}");
            shared.board.publish(Attempt(0), CameraState::Failed { detail });
        }
        Self(Arc::new(Handle(shared)))
    }

    fn shared(&self) -> &Shared {
        &self.0.0
    }

    /// Which cameras may be opened, and which is taken when nobody chose. Holds from the next [`open`](Self::open) on, and for
    /// the open camera at once: one that the new rules do not admit is closed.
    pub fn set_rules(&self, rules: DeviceRules) {
        self.shared().set_rules(rules);
    }

    /// Whether the system names any camera at all, or a drawn one is configured. Reads names only; nothing is opened or stored.
    pub fn any_present(&self) -> bool {
        self.shared().roster.any_present()
    }

    /// A number that changes when the system names other cameras than before: time to [`list`](Self::list) them again.
    /// Reads names only; nothing is opened or stored.
    pub fn names_mark(&self) -> u64 {
        self.shared().roster.mark()
    }

    /// The cameras of this machine. Blocks for up to 5 seconds.
    ///
    /// # Errors
    /// [`CameraError::ListTooSlow`] if a driver hangs.
    pub fn list(&self) -> Result<Vec<Device>, CameraError> {
        self.shared().roster.list()
    }

    /// Asks for a camera: this one, or the best one there is. Returns at once; what comes of it is seen in [`state`](Self::state).
    ///
    /// Another camera that is open is closed first. The same one, live and asked for again for another purpose, goes on without
    /// a pause; still every purpose starts with pictures of its own, numbered anew, and with [`Frame::fresh`] from the beginning.
    pub fn open(&self, device: Option<DeviceKey>, purpose: Purpose) -> Attempt {
        self.shared().wish(CameraState::Opening, |attempt| Wish::Open { attempt, device, purpose })
    }

    /// Closes the camera. Returns at once; no frame of it can be had afterwards.
    pub fn close(&self) {
        self.shared().wish(CameraState::Off, |_| Wish::Close);
    }

    /// What the camera is doing now.
    pub fn state(&self) -> CameraState {
        self.shared().board.state()
    }

    /// The state and its revision, as soon as the revision differs from `seen` or the time is over.
    /// The revision also rises when [`findings`](Self::findings) or [`wakes`](Self::wakes) change.
    pub fn wait_state(&self, seen: u64, within: Duration) -> (u64, CameraState) {
        self.shared().board.wait(seen, within)
    }

    /// What the pictures of the live camera show that a person can mend; nothing while no pictures arrive.
    pub fn findings(&self) -> Findings {
        self.shared().board.findings()
    }

    /// How often the computer woke from a sleep of 5 seconds or more while a camera was wished for.
    /// Whoever sees it rise has tokens and sessions to look after; the camera has opened its stream again by itself.
    pub fn wakes(&self) -> u64 {
        self.shared().board.wakes()
    }

    /// The newest frame of the open camera, whatever its age.
    pub fn newest(&self) -> Option<Arc<Frame>> {
        self.shared().slot.newest()
    }

    /// The newest frame with a number above `than_seq` (any frame for `None`), waiting up to `within` for it.
    pub fn wait_newer(&self, than_seq: Option<u64>, within: Duration) -> Option<Arc<Frame>> {
        self.shared().slot.wait_newer(than_seq, within)
    }

    /// What the manifest says of the camera whose stream is open.
    pub fn facts(&self) -> Option<CameraFacts> {
        self.shared().board.facts()
    }

    /// What the live camera lets a program do; nothing while no pictures arrive.
    pub fn abilities(&self) -> Abilities {
        self.shared().board.abilities()
    }

    /// Asks something of the controls of the open camera. Returns at once; a camera that does not have the control stays as
    /// it is, see [`abilities`](Self::abilities). Whatever is changed is put back when the stream ends.
    pub fn control(&self, wish: ControlWish) {
        self.shared().wishes.control(wish);
    }

    /// Ends the camera thread. Waits until the device is released, but never more than 100 ms for a stalled one.
    pub fn quit(&self) {
        self.shared().wishes.quit();
        self.shared().calls.wait_for_end(QUIT_WITHIN);
    }

    /// Plays a sleep of the computer of this length, as it looks to the camera thread afterwards.
    #[cfg(feature = "test-support")]
    pub fn play_sleep(&self, length: Duration) {
        let length_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.shared().played_sleep_ms.fetch_add(length_ms, std::sync::atomic::Ordering::Relaxed);
    }
}

impl fmt::Debug for Camera {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("Camera").field("state", &self.state()).finish_non_exhaustive()
    }
}
