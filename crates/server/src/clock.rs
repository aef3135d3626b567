//! The one place that asks what time it is.
#![allow(clippy::disallowed_methods, reason = "the server's time comes in here and nowhere else")]

use likeness_protocol::UnixMs;
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Where the server's time comes from. Tests bring one they can move.
pub trait Clock: Send + Sync {
    /// Now, by this clock.
    fn now(&self) -> UnixMs;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> UnixMs {
        self.as_ref().now()
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMs {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        UnixMs(0).plus(since)
    }
}
