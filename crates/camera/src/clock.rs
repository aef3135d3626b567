//! The only place of this crate that asks what time it is.
//!
//! Ages and limits use the monotonic clock, so that a corrected wall clock never stalls a camera.
#![allow(
    clippy::disallowed_methods,
    reason = "a live camera needs the real time; the rules that use it (judge.rs) take durations instead"
)]

use std::time::{Instant, SystemTime};

/// Now, for ages and limits.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Now, as people and manifests write it.
#[cfg(any(target_os = "linux", feature = "synthetic"))]
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}
