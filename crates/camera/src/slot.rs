//! The newest frame, and nothing else. A slow reader misses pictures; it never makes the camera wait.
//!
//! Every order in which the threads can run is tried in the model at the end of this file.

use std::time::Duration;

use super::clock;
use super::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What can be in the slot: something with a number that rises, of a numbered attempt.
pub(crate) trait Numbered {
    fn seq(&self) -> u64;
    fn attempt_number(&self) -> u64;
}

struct Held<T> {
    attempt: u64,
    frame: Option<Arc<T>>,
}

/// Room for one frame of one attempt.
pub(crate) struct Slot<T> {
    held: Mutex<Held<T>>,
    changed: Condvar,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { held: Mutex::new(Held { attempt: 0, frame: None }), changed: Condvar::new() }
    }
}

impl<T: Numbered> Slot<T> {
    fn held(&self) -> MutexGuard<'_, Held<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Empties the slot; from now on only frames of `attempt` come in.
    pub(crate) fn begin(&self, attempt: u64) {
        let mut held = self.held();
        held.attempt = attempt;
        held.frame = None;
        drop(held);
        self.changed.notify_all();
    }

    /// Empties the slot of `attempt`: a stream ended, and its last picture must not be taken for a live one.
    pub(crate) fn clear(&self, attempt: u64) {
        let mut held = self.held();
        if held.attempt == attempt {
            held.frame = None;
        }
    }

    /// Puts a frame in, unless it belongs to an older attempt.
    pub(crate) fn put(&self, frame: Arc<T>) {
        let mut held = self.held();
        if held.attempt == frame.attempt_number() {
            held.frame = Some(frame);
            drop(held);
            self.changed.notify_all();
        }
    }

    /// The newest frame, whatever its age.
    pub(crate) fn newest(&self) -> Option<Arc<T>> {
        self.held().frame.clone()
    }

    /// The newest frame with a number above `than_seq`, waiting up to `within` for it.
    pub(crate) fn wait_newer(&self, than_seq: Option<u64>, within: Duration) -> Option<Arc<T>> {
        let until = clock::now() + within;
        let mut held = self.held();
        loop {
            if let Some(frame) = held.frame.as_ref().filter(|frame| than_seq.is_none_or(|seq| frame.seq() > seq)) {
                return Some(Arc::clone(frame));
            }
            let left = until.checked_duration_since(clock::now()).filter(|left| !left.is_zero())?;
            held = self.changed.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
