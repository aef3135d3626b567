#![cfg(test)]
//! Through the front door only: a camera that is opened, read, lost and closed as the product does it.
//! Drivers are played (`played.rs`) or drawn (`drawn.rs`); real drivers are in `tests/devices`.

mod bad_input;
mod drawn;
mod faults;
mod played;
mod rules;
