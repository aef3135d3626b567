//! Prints each step as it begins and how long it took, so that a person can follow and a failure names its step.

use std::time::Instant;

/// The list being walked.
pub struct Steps {
    number: u32,
    since: Instant,
}

impl Steps {
    /// Begins to count.
    pub fn begin(title: &str) -> Self {
        println!("\n{title}");
        Self { number: 0, since: Instant::now() }
    }

    /// Says what is done next.
    pub fn step(&mut self, text: &str) {
        self.number += 1;
        println!("{:>3}. [{:>5.1} s] {text}", self.number, self.since.elapsed().as_secs_f32());
    }
}
