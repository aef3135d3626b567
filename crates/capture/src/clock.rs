//! The only place of this crate that asks what time it is.
#![allow(clippy::disallowed_methods, reason = "the thread has to ask; the session is told")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970 of a moment `ago` before now, by this computer's clock.
pub(crate) fn unix_ms(ago: Duration) -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.saturating_sub(ago).as_millis()).unwrap_or(u64::MAX)
}
