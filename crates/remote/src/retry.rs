//! When to try again, and when to stop: the one table of waiting times.
//!
//! 0.5 s, doubling to 60 s, with jitter so that a thousand clients do not come back in the same second after an outage.
//! A wait the server asks for is obeyed (up to [`crate::LONGEST_RETRY_AFTER`]).

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// How patiently something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first wait.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Pace {
    /// For what a person waits for without watching: an upload over a bad line.
    pub const PATIENT: Self = Self { first: Duration::from_millis(500), longest: Duration::from_mins(1) };
}

/// The waits between the tries of one thing. Starts over after a success.
#[derive(Debug)]
pub struct Waits {
    pace: Pace,
    steps: ExponentialBackoff,
}

impl Waits {
    /// The first wait comes next.
    pub fn new(pace: Pace) -> Self {
        Self { pace, steps: steps(pace) }
    }

    /// Forgets the failures so far.
    pub fn start_over(&mut self) {
        self.steps = steps(self.pace);
    }

    /// How long to wait before the next try, given what the server asked for.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let own = self.steps.next().unwrap_or(self.pace.longest).min(self.pace.longest);
        asked.map_or(own, |asked| asked.max(own))
    }
}

fn steps(pace: Pace) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(pace.first)
        .with_max_delay(pace.longest)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit_and_never_end() {
        let mut waits = Waits::new(Pace::PATIENT);
        let all: Vec<Duration> = (0..40).map(|_| waits.next(None)).collect();
        assert!(all[0] >= Duration::from_millis(500) && all[0] <= Duration::from_secs(1), "{:?}", all[0]);
        assert!(all.iter().all(|wait| *wait <= Pace::PATIENT.longest));
        assert_eq!(all[39], Pace::PATIENT.longest, "an hour-long outage is sat out at one try a minute");
        waits.start_over();
        assert!(waits.next(None) <= Duration::from_secs(1), "a success forgets the failures");
    }

    #[test]
    fn a_wish_of_the_server_lengthens_a_wait_and_never_shortens_it() {
        let mut waits = Waits::new(Pace::PATIENT);
        assert_eq!(waits.next(Some(Duration::from_secs(30))), Duration::from_secs(30));
        assert!(waits.next(Some(Duration::ZERO)) >= Duration::from_secs(1), "zero would be a storm of requests");
    }
}
