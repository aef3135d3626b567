#![cfg(test)]
//! What others see of the capture crate: words, thresholds, a whole run.

mod profiles;
mod whole_run;
mod words;
