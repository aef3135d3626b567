//! Ends a wait early: the camera thread waits for a picture or for a wish, and a wish must win at once.
//!
//! A flag for waits of ours, and on Linux an event descriptor that is polled beside the device.
//! No signal is used: no handler of this program can collide with one of the webview's, and none can be lost between two waits.

use std::time::Duration;

use super::clock;
use super::sync::{Condvar, Mutex, PoisonError};

/// One thread waits, any thread raises.
pub(crate) struct Wake {
    raised: Mutex<bool>,
    changed: Condvar,
    #[cfg(target_os = "linux")]
    event: Option<crate::linux::EventFd>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self {
            raised: Mutex::new(false),
            changed: Condvar::new(),
            #[cfg(target_os = "linux")]
            event: crate::linux::EventFd::new().ok(),
        }
    }

    /// Ends the wait that is running, or the next one.
    pub(crate) fn raise(&self) {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
        #[cfg(target_os = "linux")]
        if let Some(event) = &self.event {
            event.set();
        }
    }

    /// Forgets what was raised; called by the waiting thread once it has seen the reason.
    pub(crate) fn lower(&self) {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = false;
        #[cfg(target_os = "linux")]
        if let Some(event) = &self.event {
            event.clear();
        }
    }

    /// Whether somebody raised.
    pub(crate) fn is_raised(&self) -> bool {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps this long or until raised; true if raised.
    pub(crate) fn sleep(&self, longest: Duration) -> bool {
        self.wait(longest, || false)
    }

    /// Waits this long, or until `ready` or raised; true if raised. Whoever makes `ready` true calls [`nudge`](Self::nudge) afterwards.
    #[cfg(any(target_os = "windows", target_os = "macos", test))]
    pub(crate) fn wait_until(&self, longest: Duration, ready: impl FnMut() -> bool) -> bool {
        self.wait(longest, ready)
    }

    fn wait(&self, longest: Duration, mut ready: impl FnMut() -> bool) -> bool {
        let until = clock::now() + longest;
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        while !*raised && !ready() {
            let Some(left) = until.checked_duration_since(clock::now()).filter(|left| !left.is_zero()) else { break };
            raised = self.changed.wait_timeout(raised, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *raised
    }

    /// Lets a [`wait_until`](Self::wait_until) look again.
    #[cfg(any(target_os = "windows", target_os = "macos", test))]
    pub(crate) fn nudge(&self) {
        // With the lock taken once, so that the waiting thread is either before its look or already asleep.
        drop(self.raised.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// The descriptor to poll beside a device.
    #[cfg(target_os = "linux")]
    pub(crate) fn event(&self) -> Option<&crate::linux::EventFd> {
        self.event.as_ref()
    }
}
