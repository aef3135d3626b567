//! The verification API on the wire, shared by client and server.
//!
//! Guarantees: every type here reads what it writes, refuses text longer than its stated size, and never prints a secret.
//! Refuses to know: HTTP libraries, clocks, storage, windows. Time, chance and nonces come in as arguments,
//! except that [`jws::PrivateKey::generate`] asks the operating system for randomness.

#![forbid(unsafe_code)]

pub mod account;
pub mod discovery;
pub mod dpop;
pub mod jws;
pub mod limits;
pub mod manifest;
pub mod oauth;
pub mod practice;
pub mod problem;
pub mod review;
pub mod text;
pub mod time;
pub mod tus;
pub mod verification;

pub use problem::{Code, Problem};
pub use text::{Secret, Sha256Hex};
pub use time::UnixMs;
