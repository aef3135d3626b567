//! What the camera thread is asked for. Only the newest wish counts; quitting is final.

use super::sync::{Arc, Mutex, MutexGuard, PoisonError};
use super::wake::Wake;
use crate::controls::ControlWish;
use crate::device::DeviceKey;
use crate::state::{Attempt, Purpose};

/// One wish.
pub(crate) enum Wish {
    /// Open this camera, or the best one there is.
    Open {
        attempt: Attempt,
        device: Option<DeviceKey>,
        purpose: Purpose,
    },
    Close,
    Quit,
}

/// More controls than anybody turns between two pictures.
const MOST_CONTROLS: usize = 16;

#[derive(Default)]
struct Inner {
    last_attempt: u64,
    newest: Option<Wish>,
    controls: Vec<ControlWish>,
    quitting: bool,
}

/// Where wishes wait, for at most as long as the camera thread needs to leave what it does.
pub(crate) struct Wishes {
    inner: Mutex<Inner>,
    /// Ends whatever the camera thread waits for.
    pub(crate) wake: Arc<Wake>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { inner: Mutex::default(), wake: Arc::new(Wake::new()) }
    }
}

impl Wishes {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the camera thread, whatever it was asked for and is asked for afterwards.
    pub(crate) fn quit(&self) {
        let mut inner = self.inner();
        inner.quitting = true;
        inner.newest = Some(Wish::Quit);
        self.wake.raise();
    }

    /// Replaces the wish before by one with a new number. `begin` is called with the number before the camera thread can
    /// see the wish; it is left out, as the wish is, when the thread is quitting.
    pub(crate) fn wish(&self, begin: impl FnOnce(Attempt), make: impl FnOnce(Attempt) -> Wish) -> Attempt {
        let mut inner = self.inner();
        inner.last_attempt += 1;
        let attempt = Attempt(inner.last_attempt);
        if !inner.quitting {
            begin(attempt);
            inner.controls.clear(); // they were meant for the camera before
            inner.newest = Some(make(attempt));
            self.wake.raise();
        }
        attempt
    }

    /// Asks something of the controls of the open camera. More than a few that nobody has taken yet are left out.
    pub(crate) fn control(&self, wish: ControlWish) {
        let mut inner = self.inner();
        if inner.controls.len() < MOST_CONTROLS {
            inner.controls.push(wish);
        }
        self.wake.raise();
    }

    /// What was asked of the controls since the last call, in order.
    pub(crate) fn take_controls(&self) -> Vec<ControlWish> {
        std::mem::take(&mut self.inner().controls)
    }

    /// Whether a wish waits to be taken. If none does, whatever else raised the wake has been seen by this.
    pub(crate) fn is_waiting(&self) -> bool {
        let inner = self.inner();
        if inner.newest.is_none() {
            self.wake.lower();
        }
        inner.newest.is_some()
    }

    /// The newest wish, if one came since the last call.
    pub(crate) fn take(&self) -> Option<Wish> {
        let mut inner = self.inner();
        self.wake.lower();
        inner.newest.take()
    }
}
