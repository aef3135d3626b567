//! The only clock of these tests: how long something may take, and how long it has taken.
#![allow(clippy::disallowed_methods, reason = "a real window is waited for in real time")]

use std::time::{Duration, Instant};

/// A moment by which something must have happened.
pub struct Deadline(Instant);

impl Deadline {
    /// That long from now.
    pub fn within(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// Is it over?
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.0
    }
}

/// Counts from when it was made.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since then.
    pub fn seconds(&self) -> f32 {
        self.0.elapsed().as_secs_f32()
    }
}
