//! Sending: both photos, then the profile, again and again until there is a receipt or waiting cannot help any more.
//!
//! [`steps`] decides and knows no clock and no network; [`Sending`] does what it says.

#[cfg(test)]
mod flow_tests;
mod sending;
mod steps;

pub use sending::{KeptIn, Package, SendNews, Sending};
