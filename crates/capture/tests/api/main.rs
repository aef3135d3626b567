#![cfg(test)]
//! All integration tests of the capture crate.

