//! Runs the camera cases of `tests/devices/cases`:
//! `cargo run -p likeness-guest -- shim` on this machine with the preloaded double (seconds, no rights needed),
//! `cargo run -p likeness-guest -- guest` inside an emulated machine with Debian's kernel, its real `uvcvideo` and `vivid` (a minute or two),
//! `… -- all` (or nothing) both. Cases named behind it are run alone, for whoever works on one: `… -- shim noise empty`.
//! At the end it prints the 25 faults a camera can have, a line each, and fails if one was not injected.
//!
//! The guest's root is this machine's, read-only, so the test programs are simply the build's output. Nothing is installed
//! and no rights are needed; the kernel comes from Debian's package, unpacked into `target/guest/<version>`.
//! Whatever is missing, a case that did not run or a guest that did not end, is a failure that says what to do.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test program: its output is its result")]

mod error;
mod faults;
mod initrd;
mod kernel;
mod machine;
mod programs;
mod report;

use std::process::ExitCode;

use error::GuestError;

/// Cases each battery must report; a table that shrinks by accident is seen.
const SHIM_CASES: usize = 40;
const GUEST_CASES: usize = 33;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let which = words.next().unwrap_or_default();
    let only: Vec<String> = words.collect();
    let outcome = match which.as_str() {
        "shim" => shim(&only).map(|shim| judged(&[shim], &only)),
        "guest" => guest(&only).map(|guest| judged(&[guest], &only)),
        "" | "all" => shim(&only).and_then(|shim| guest(&only).map(|guest| judged(&[shim, guest], &only))),
        _ => Err(GuestError::Call),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("likeness-guest: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a battery printed, on which cameras, and whether all of it ran and passed.
struct Battery {
    output: String,
    cameras: &'static [&'static str],
    passed: bool,
}

/// Prints the list of faults after whole batteries; false if a case or a fault is missing or failed.
fn judged(batteries: &[Battery], only: &[String]) -> bool {
    let output: String = batteries.iter().map(|battery| battery.output.as_str()).collect();
    let cameras: Vec<&str> = batteries.iter().flat_map(|battery| battery.cameras).copied().collect();
    let faults = !only.is_empty() || faults::print(&output, &cameras);
    faults && batteries.iter().all(|battery| battery.passed)
}

fn battery(name: &str, output: String, only: &[String], all: usize, cameras: &'static [&'static str]) -> Battery {
    let must_run = only.is_empty().then_some(all);
    let passed = report::judge(name, &output, must_run, cameras);
    Battery { output, cameras, passed }
}

fn shim(only: &[String]) -> Result<Battery, GuestError> {
    let programs = programs::built()?;
    let folder = programs.scratch("shim")?;
    programs.draw_frames(&folder)?;
    let output = programs.run_shim(&folder, only)?;
    Ok(battery("shim", output, only, SHIM_CASES, &["shim"]))
}

fn guest(only: &[String]) -> Result<Battery, GuestError> {
    let programs = programs::built()?;
    let folder = programs.scratch("guest")?;
    programs.draw_frames(&folder)?;
    let kernel = kernel::ready(&programs.target)?;
    println!("kernel {}", kernel.version);
    let output = machine::run(&programs, &kernel, &folder, only)?;
    Ok(battery("guest", output, only, GUEST_CASES, &["uvc", "vivid"]))
}
