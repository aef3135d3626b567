//! The newest frame, and nothing else. A slow reader misses pictures; it never makes the camera wait.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::clock;
use crate::frame::Frame;
use crate::state::Attempt;

#[derive(Default)]
struct Held {
    attempt: u64,
    frame: Option<Arc<Frame>>,
}

/// Room for one frame of one attempt.
#[derive(Default)]
pub(crate) struct Slot {
    held: Mutex<Held>,
    changed: Condvar,
}

impl Slot {
    /// Empties the slot; from now on only frames of `attempt` come in.
    pub(crate) fn begin(&self, attempt: Attempt) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.attempt = attempt.0;
        held.frame = None;
        drop(held);
        self.changed.notify_all();
    }

    /// Empties the slot of `attempt`: a stream ended, and its last picture must not be taken for a live one.
    pub(crate) fn clear(&self, attempt: Attempt) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.attempt == attempt.0 {
            held.frame = None;
        }
    }

    /// Puts a frame in, unless it belongs to an older attempt.
    pub(crate) fn put(&self, frame: Arc<Frame>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.attempt == frame.attempt().0 {
            held.frame = Some(frame);
            drop(held);
            self.changed.notify_all();
        }
    }

    /// The newest frame, whatever its age.
    pub(crate) fn newest(&self) -> Option<Arc<Frame>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).frame.clone()
    }

    /// The newest frame with a number above `than_seq`, waiting up to `within` for it.
    pub(crate) fn wait_newer(&self, than_seq: Option<u64>, within: Duration) -> Option<Arc<Frame>> {
        let until = clock::now() + within;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(frame) = held.frame.as_ref().filter(|frame| than_seq.is_none_or(|seq| frame.seq() > seq)) {
                return Some(Arc::clone(frame));
            }
            let left = until.checked_duration_since(clock::now()).filter(|left| !left.is_zero())?;
            held = self.changed.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
