//! Time that has run out while nobody pressed anything: a capture session lasts a quarter of an hour, and a computer may sleep for a night.
//!
//! Guarantees: no photo is taken in a session that is over, for the server would refuse it after all the work; a new session is opened without a
//! question; photos are thrown away only when they could no longer be sent together, and the learner is told.

use crate::actor::Owner;
use crate::errands;

impl Owner {
    /// Opens a new session where one is needed and the old one is over. Called after everything that happened, before the camera is opened.
    pub fn renew_session_if_over(&mut self) {
        if !self.state.wants_camera() || self.state.busy || !self.session_is_over() {
            return;
        }
        let photos_lost = self.state.draft.holds_photos();
        tracing::info!(code = "capture-session-renewed", photos_lost);
        self.forget_photos();
        self.state.photos_anew |= photos_lost;
        self.state.draft.session = None;
        errands::open_session(self);
    }

    /// Would a photo taken now be refused? By this computer's clock, which the session was compared with when it was opened.
    pub fn session_is_over(&self) -> bool {
        let (Some(api), Some(session)) = (&self.api, &self.state.draft.session) else { return false };
        !session.may_capture(api.clock().now())
    }

    /// The computer slept. The sign-in may be over and a decision may have come, which asking for the status finds out; the session is looked at
    /// after this, as after everything.
    pub fn wake(&mut self) {
        tracing::info!(code = "woke-from-sleep");
        errands::ask_after_sleep(self);
    }
}
