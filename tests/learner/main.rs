//! The learner's way without a window: the journey joined as in `src-tauri/src/compose.rs`, pressed as a person would.
//!
//! Real are the server, the client, the camera thread, the analysers and the guided capture; the learner before the camera is drawn,
//! and what fails is a line, a camera or a keyring that plays the fault.
#![cfg(test)]

mod away;
#[allow(dead_code, reason = "others who go out with this browser look at more of a page")]
#[path = "../journey/browser.rs"]
mod browser;
mod burst_unplugged;
mod camera_choice;
mod camera_faults;
mod drawn;
mod faulty_house;
#[path = "../journey/http.rs"]
mod http;
mod in_clear;
mod invitation;
mod keyring;
mod kiosk;
mod leaving;
mod name_question;
mod organisation;
mod person;
mod practice_house;
#[path = "../../crates/account/tests/api/practised_browser.rs"]
mod practised_browser;
#[path = "../journey/review_desk.rs"]
mod review_desk;
mod server_down;
mod session_ended;
mod settings;
mod social;
mod two_sides;
mod virtual_camera;
mod whole_way;
mod wrong_screen;
