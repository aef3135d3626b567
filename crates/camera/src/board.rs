//! What is shown of the camera: one state, its findings, and the facts of the manifest, for anybody who asks.
//!
//! Every change has a revision, so a reader misses no change and polls nothing. What belongs to an older attempt is not shown.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::controls::Abilities;
use crate::state::{Attempt, CameraFacts, CameraState, Findings};

/// The one place everybody reads.
pub(crate) struct Board {
    shown: Mutex<Shown>,
    changed: Condvar,
}

struct Shown {
    revision: u64,
    attempt: Attempt,
    state: CameraState,
    facts: Option<CameraFacts>,
    abilities: Abilities,
    findings: Findings,
    wakes: u64,
}

impl Default for Board {
    fn default() -> Self {
        let shown = Shown {
            revision: 0,
            attempt: Attempt(0),
            state: CameraState::Off,
            facts: None,
            abilities: Abilities::default(),
            findings: Findings::default(),
            wakes: 0,
        };
        Self { shown: Mutex::new(shown), changed: Condvar::new() }
    }
}

impl Board {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is shown; a change that changes nothing wakes nobody.
    fn change(&self, change: impl FnOnce(&mut Shown) -> bool) {
        let mut shown = self.shown();
        if change(&mut shown) {
            shown.revision += 1;
            drop(shown);
            self.changed.notify_all();
        }
    }

    /// Shows a new attempt; nothing of the one before is left.
    pub(crate) fn begin(&self, attempt: Attempt, state: CameraState) {
        self.change(|shown| {
            shown.attempt = attempt;
            shown.facts = None;
            shown.abilities = Abilities::default();
            let found = std::mem::take(&mut shown.findings) != Findings::default();
            let differs = shown.state != state;
            shown.state = state;
            differs || found
        });
    }

    /// Shows a state, unless it belongs to an older attempt.
    #[allow(clippy::needless_pass_by_value, reason = "most states are made for this call")]
    pub(crate) fn publish(&self, attempt: Attempt, state: CameraState) {
        self.show(attempt, &state);
    }

    /// As [`publish`](Self::publish), for a state that is mostly shown already: nothing is copied then.
    pub(crate) fn show(&self, attempt: Attempt, state: &CameraState) {
        self.change(|shown| {
            if shown.attempt != attempt || shown.state == *state {
                return false;
            }
            if let Some(code) = state.code() {
                tracing::warn!(code, attempt = attempt.0, "camera");
            }
            shown.state = state.clone();
            true
        });
    }

    /// Pictures of this camera begin to arrive.
    pub(crate) fn stream_began(&self, attempt: Attempt, facts: CameraFacts) {
        self.change(|shown| {
            if shown.attempt == attempt {
                shown.facts = Some(facts);
            }
            false // the state that follows is the change
        });
    }

    /// What the camera that is being started lets a program do.
    pub(crate) fn able(&self, attempt: Attempt, abilities: Abilities) {
        self.change(|shown| {
            if shown.attempt == attempt {
                shown.abilities = abilities;
            }
            false // as above
        });
    }

    /// No pictures arrive any more, and what was found in the last ones is no longer true.
    pub(crate) fn stream_ended(&self, attempt: Attempt) {
        self.change(|shown| {
            if shown.attempt != attempt {
                return false;
            }
            shown.facts = None;
            shown.abilities = Abilities::default();
            std::mem::take(&mut shown.findings) != Findings::default()
        });
    }

    /// Shows what the pictures say, unless they belong to an older attempt.
    pub(crate) fn found(&self, attempt: Attempt, findings: Findings) {
        self.change(|shown| {
            let differs = shown.attempt == attempt && shown.findings != findings;
            if differs {
                shown.findings = findings;
            }
            differs
        });
    }

    /// The computer was asleep and is awake again.
    pub(crate) fn woke(&self) {
        self.change(|shown| {
            shown.wakes += 1;
            true
        });
    }

    pub(crate) fn state(&self) -> CameraState {
        self.shown().state.clone()
    }

    pub(crate) fn facts(&self) -> Option<CameraFacts> {
        self.shown().facts.clone()
    }

    pub(crate) fn abilities(&self) -> Abilities {
        self.shown().abilities
    }

    pub(crate) fn findings(&self) -> Findings {
        self.shown().findings
    }

    pub(crate) fn wakes(&self) -> u64 {
        self.shown().wakes
    }

    /// The state and its revision, as soon as the revision differs from `seen` or the time is over.
    pub(crate) fn wait(&self, seen: u64, within: Duration) -> (u64, CameraState) {
        let (shown, _) = self
            .changed
            .wait_timeout_while(self.shown(), within, |shown| shown.revision == seen)
            .unwrap_or_else(PoisonError::into_inner);
        (shown.revision, shown.state.clone())
    }
}
