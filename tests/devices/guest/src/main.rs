//! Runs the camera cases of `tests/devices/cases`:
//! `cargo run -p likeness-guest -- shim` on this machine with the preloaded double (seconds, no rights needed),
//! `cargo run -p likeness-guest -- guest` inside an emulated machine with Debian's kernel, its real `uvcvideo` and `vivid` (a minute or two),
//! `… -- all` (or nothing) both.
//!
//! The guest's root is this machine's, read-only, so the test programs are simply the build's output. Nothing is installed
//! and no rights are needed; the kernel comes from Debian's package, unpacked into `target/guest/<version>`.
//! Whatever is missing, a case that did not run or a guest that did not end, is a failure that says what to do.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test program: its output is its result")]

mod error;
mod initrd;
mod kernel;
mod machine;
mod programs;
mod report;

use std::process::ExitCode;

use error::GuestError;

/// Cases each battery must report; a table that shrinks by accident is seen.
const SHIM_CASES: usize = 11;
const GUEST_CASES: usize = 13;

fn main() -> ExitCode {
    let battery = std::env::args().nth(1).unwrap_or_default();
    let outcome = match battery.as_str() {
        "shim" => shim(),
        "guest" => guest(),
        "" | "all" => shim().and_then(|shim| guest().map(|guest| shim && guest)),
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

fn shim() -> Result<bool, GuestError> {
    let programs = programs::built()?;
    let folder = programs.scratch("shim")?;
    programs.draw_frames(&folder)?;
    let output = programs.run_shim(&folder)?;
    Ok(report::judge("shim", &output, SHIM_CASES, &["shim"]))
}

fn guest() -> Result<bool, GuestError> {
    let programs = programs::built()?;
    let folder = programs.scratch("guest")?;
    programs.draw_frames(&folder)?;
    let kernel = kernel::ready(&programs.target)?;
    println!("kernel {}", kernel.version);
    let output = machine::run(&programs, &kernel, &folder)?;
    Ok(report::judge("guest", &output, GUEST_CASES, &["uvc", "vivid"]))
}
