//! The only place of this crate that asks what time it is.
//!
//! Ages and limits use the monotonic clock, so that a corrected wall clock never stalls a camera.
#![allow(
    clippy::disallowed_methods,
    reason = "a live camera needs the real time; the rules that use it (judge.rs) take durations instead"
)]

use std::time::{Duration, Instant, SystemTime};

/// Now, for ages and limits.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Now, as people and manifests write it.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// How long this computer has been asleep; only differences mean anything.
///
/// Linux counts it: one clock stands still in a sleep, another does not. Elsewhere it is the wall clock against the monotonic
/// one, so a wall clock set forward looks like a sleep, and where the monotonic clock goes on in a sleep (Windows) none is seen.
#[cfg(target_os = "linux")]
pub(crate) fn slept() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let read = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
    // The clock that stands still is read first: an interruption between the two only adds.
    let awake = read(ClockId::Monotonic);
    read(ClockId::Boottime).saturating_sub(awake)
}

/// As above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn slept() -> Duration {
    use std::sync::OnceLock;
    static AWAKE_SINCE: OnceLock<Instant> = OnceLock::new();
    let awake = AWAKE_SINCE.get_or_init(Instant::now).elapsed();
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_sub(awake)
}
