//! The only place of this crate that asks what time it is.
#![allow(
    clippy::disallowed_methods,
    reason = "a guest who has left must be noticed in real time; the rules that use it (kiosk.rs) take durations instead"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time since this was called, by a clock that nobody can set.
pub fn steady() -> Arc<dyn Fn() -> Duration + Send + Sync> {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}
