#![cfg(test)]
//! The account against the real server, in this process, on a clock that the tests move.

mod desk;
mod keyring;
mod renewal;
mod signing_in;
