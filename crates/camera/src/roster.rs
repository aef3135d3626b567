//! The cameras there are: those the system lists, and those that are drawn or played.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::catalogue;
use crate::device::Device;
use crate::error::CameraError;

pub(crate) use catalogue::Sighting;

/// A driver that hangs while it is listed costs this much, not the stream.
const LIST_WITHIN: Duration = Duration::from_secs(5);

/// Where cameras are looked for.
pub(crate) struct Roster {
    /// Whether cameras of this machine count at all.
    native: bool,
    /// Cameras that no system lists: drawn or played.
    made: Vec<Device>,
    /// Whether the last list did not come in time.
    hangs: AtomicBool,
}

impl Roster {
    pub(crate) fn new(native: bool, made: Vec<Device>) -> Self {
        Self { native, made, hangs: AtomicBool::new(false) }
    }

    /// Whether any camera is named. Reads names only.
    pub(crate) fn any_present(&self) -> bool {
        !self.made.is_empty() || !self.sighting().is_empty()
    }

    /// A number that changes when other cameras are seen.
    pub(crate) fn mark(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        format!("{:?}", self.sighting()).hash(&mut hash);
        hash.finish()
    }

    /// What is seen of the system's cameras; nothing is opened.
    pub(crate) fn sighting(&self) -> Sighting {
        if self.native { catalogue::sighting() } else { Sighting::default() }
    }

    /// All of them, in the system's order.
    ///
    /// # Errors
    /// [`CameraError::ListTooSlow`] if a driver hangs.
    pub(crate) fn list(&self) -> Result<Vec<Device>, CameraError> {
        let mut devices = if self.native { self.list_native()? } else { Vec::new() };
        devices.extend(self.made.iter().cloned());
        Ok(devices)
    }

    /// On a thread of its own, so that a hanging driver costs its limit; while one hangs, the next try is given less.
    fn list_native(&self) -> Result<Vec<Device>, CameraError> {
        let (sender, receiver) = mpsc::channel();
        let spawned = thread::Builder::new().name("camera-list".into()).spawn(move || {
            // A driver binding that panics costs the list, not the program; the receiver may have gone by now.
            let _ = sender.send(catch_unwind(catalogue::devices).unwrap_or_default());
        });
        if let Err(error) = spawned {
            return Err(CameraError::Failed { detail: format!("the list of cameras cannot be read: {error}") });
        }
        let within = if self.hangs.load(Ordering::Relaxed) { LIST_WITHIN / 5 } else { LIST_WITHIN };
        let answer = receiver.recv_timeout(within);
        self.hangs.store(answer.is_err(), Ordering::Relaxed);
        answer.map_err(|_| CameraError::ListTooSlow)
    }
}
