//! Prints each step as it begins and how long it took, so that a person can follow and a failure names its step.

use crate::deadline::Stopwatch;

/// The list being walked.
pub struct Steps {
    number: u32,
    since: Stopwatch,
}

impl Steps {
    /// Begins to count.
    pub fn begin(title: &str) -> Self {
        println!("\n{title}");
        Self { number: 0, since: Stopwatch::start() }
    }

    /// Says what is done next.
    pub fn step(&mut self, text: &str) {
        self.number += 1;
        println!("{:>3}. [{:>5.1} s] {text}", self.number, self.since.seconds());
    }
}
