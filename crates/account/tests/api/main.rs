#![cfg(test)]
//! The account against the real server, in this process, on a clock that the tests move.

mod browser;
mod confirming;
mod desk;
mod guest;
#[path = "../../../../tests/journey/http.rs"]
mod http;
mod keyring;
mod peers;
mod practised_browser;
mod renewal;
mod signing_in;
mod social;
#[path = "../../../../tests/journey/browser.rs"]
mod windowless_browser;
