#![cfg(test)]
//! The account against the real server, in this process, on a clock that the tests move.

mod browser;
mod confirming;
mod desk;
mod keyring;
mod practised_browser;
mod renewal;
mod signing_in;
mod social;
