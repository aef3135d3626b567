//! The preview as a learner sees it: the real window in a release build, on the test camera, pulled and decoded by the page itself.
//!
//! Started by `cargo xtask bench camera`, which knows the gates; this program only walks to the camera check, listens, and prints
//! lines `figure NAME = VALUE UNIT`. It also draws the pictures the test camera sends.
#![cfg_attr(
    target_os = "linux",
    allow(
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        clippy::print_stderr,
        clippy::indexing_slicing,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a program whose output is its result; a step that fails ends it, as in the journey tests whose window it shares"
    )
)]

#[cfg(target_os = "linux")]
#[path = "../journey/deadline.rs"]
mod deadline;
#[cfg(target_os = "linux")]
#[path = "../journey/display.rs"]
mod display;
#[cfg(target_os = "linux")]
#[path = "../journey/folder.rs"]
#[allow(dead_code, reason = "shared with the journey tests, which use more of it")]
mod folder;
#[cfg(target_os = "linux")]
#[path = "../journey/http.rs"]
#[allow(dead_code, reason = "shared with the journey tests, which use more of it")]
mod http;
#[cfg(target_os = "linux")]
mod pictures;
#[cfg(target_os = "linux")]
mod preview;
#[cfg(target_os = "linux")]
#[path = "../../xtask/src/bench/processor_time.rs"]
mod processor_time;
#[cfg(target_os = "linux")]
#[path = "../journey/window.rs"]
#[allow(dead_code, reason = "shared with the journey tests, which use more of it")]
mod window;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::path::Path;
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["pictures", folder] => pictures::draw(Path::new(folder)),
        ["preview", seconds, double] if seconds.parse::<u32>().is_ok() => {
            preview::measure(std::time::Duration::from_secs(seconds.parse().unwrap_or(0)), Path::new(double));
        }
        _ => {
            eprintln!(
                "use: preview pictures FOLDER | preview SECONDS LIBRARY   (LIBRARY: the test camera to preload into the app)"
            );
            return std::process::ExitCode::from(2);
        }
    }
    std::process::ExitCode::SUCCESS
}
