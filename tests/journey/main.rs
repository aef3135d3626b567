//! The whole product: the real window on a real server with frames from the camera pipeline, driven as a person would.
//!
//! Needs a display and WebKit's driver, so the tests are ignored in a plain `cargo test` and run by `cargo xtask test --suite journey`
//! (and the first of them by `cargo xtask demo`), on a display and a session bus of their own.
#![cfg(test)]

mod browser;
mod camera;
mod deadline;
mod display;
mod fake_camera;
mod folder;
mod foreign_provider;
mod http;
mod invitation;
mod keyboard;
mod leftovers;
mod locked_keyring;
mod opened_links;
mod ordinary_run;
mod organisation;
mod picture;
mod review_desk;
mod social;
mod steps;
mod whole_journey;
mod window;
