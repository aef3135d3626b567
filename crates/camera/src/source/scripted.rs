//! A camera that plays faults, for tests (feature `test-support`, never in a release).
//!
//! It stands where a driver stands: everything above it, thread, watchdog, cut and slot, is the real thing.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::device::{Backend, Device, DeviceKey, Virtual};
use crate::fault::Fault;
#[cfg(target_os = "linux")]
use crate::fault::from_errno;
use crate::makers::Permission;
use crate::mode::Mode;
use crate::source::{FrameSource, RawBytes, RawFrame};
use crate::wake::Wake;

/// What the played camera does when it is asked for a picture.
#[derive(Debug, Clone)]
pub enum Move {
    /// Sends these bytes.
    Picture(Vec<u8>),
    /// Sends these bytes and says that they were taken then.
    Taken(Vec<u8>, SystemTime),
    /// Sends these bytes, which somebody else may hold too.
    Shared(Bytes),
    /// Sends nothing.
    Nothing,
    /// Fails with this error number of Linux.
    Error(i32),
    /// Panics, as a careless driver binding might.
    Panic,
    /// Blocks the camera thread this long, as a hanging driver would.
    Hang(Duration),
}

/// Decides what the played camera does.
pub trait Script: Send {
    /// It is opened for the n-th time, from 0: `Err` is an error number of Linux.
    fn open(&mut self, opens: u32) -> Result<(), i32>;
    /// As [`open`](Self::open), for scripts to which the mode matters.
    fn open_in(&mut self, opens: u32, mode: Mode) -> Result<(), i32> {
        let _ = mode;
        self.open(opens)
    }
    /// Whether the system lets this program use cameras; `ask`: the person is to be asked now.
    fn permission(&mut self, ask: bool) -> Permission {
        let _ = ask;
        Permission::Granted
    }
    /// The stream was stopped and the device released.
    fn stopped(&mut self) {}
    /// It is asked for its n-th picture since it was opened, from 0.
    fn picture(&mut self, opens: u32, number: u64) -> Move;
}

/// What the camera thread keeps of a script between openings.
pub(crate) struct Play {
    script: Box<dyn Script>,
    opens: u32,
}

impl Play {
    pub(crate) fn new(script: Box<dyn Script>) -> Self {
        Self { script, opens: 0 }
    }

    pub(crate) fn permission(&mut self, ask: bool) -> Permission {
        self.script.permission(ask)
    }
}

pub(crate) fn device_of(modes: &[Mode], drawn: bool) -> Device {
    Device {
        key: DeviceKey::new("scripted"),
        label: "Scripted camera".into(),
        backend: if drawn { Backend::Studio } else { Backend::V4l2 },
        built_in: false,
        virtual_camera: Virtual::Yes,
        evidence: "driver=scripted".into(),
        usable: Device::usable_from(modes),
        place: "scripted".into(),
    }
}

/// A running play.
pub(crate) struct ScriptedSource {
    play: Rc<RefCell<Play>>,
    opens: u32,
    pictures: u64,
    period: Duration,
    wake: Arc<Wake>,
}

impl ScriptedSource {
    pub(crate) fn start(play: &Rc<RefCell<Play>>, mode: Mode, wake: &Arc<Wake>) -> Result<Self, Fault> {
        let mut borrowed = play.borrow_mut();
        let opens = borrowed.opens;
        borrowed.opens += 1;
        borrowed.script.open_in(opens, mode).map_err(|errno| from_errno(errno, "open"))?;
        let period = mode.fps.period();
        Ok(Self { play: Rc::clone(play), opens, pictures: 0, period, wake: Arc::clone(wake) })
    }
}

impl Drop for ScriptedSource {
    fn drop(&mut self) {
        // A script that panicked while it was asked is still borrowed by nobody; one that is asked now cannot be told.
        if let Ok(mut play) = self.play.try_borrow_mut() {
            play.script.stopped();
        }
    }
}

impl FrameSource for ScriptedSource {
    fn next(&mut self, within: Duration) -> Result<RawFrame<'_>, Fault> {
        if self.wake.sleep(self.period.min(within)) {
            return Err(Fault::Woken);
        }
        let number = self.pictures;
        self.pictures += 1;
        let mut play = self.play.borrow_mut();
        match play.script.picture(self.opens, number) {
            Move::Picture(bytes) => Ok(RawFrame { bytes: RawBytes::Own(Bytes::from(bytes)), captured: None }),
            Move::Taken(bytes, moment) => {
                Ok(RawFrame { bytes: RawBytes::Own(Bytes::from(bytes)), captured: Some(moment) })
            }
            Move::Shared(bytes) => Ok(RawFrame { bytes: RawBytes::Own(bytes), captured: None }),
            Move::Nothing => Err(Fault::Silence),
            Move::Error(errno) => Err(from_errno(errno, "read a picture")),
            Move::Panic => played_panic(),
            Move::Hang(length) => {
                drop(play);
                std::thread::sleep(length);
                Err(Fault::Silence)
            }
        }
    }
}

#[allow(clippy::panic, reason = "a panicking driver binding is what this plays")]
fn played_panic() -> ! {
    panic!("the played camera panics")
}

/// Elsewhere the numbers mean nothing; plays run on Linux.
#[cfg(not(target_os = "linux"))]
fn from_errno(errno: i32, step: &str) -> Fault {
    Fault::failed(format!("{step}: {errno}"))
}
