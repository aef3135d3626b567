//! Runs one table of cases through the product's own camera crate, on whatever camera this machine has:
//! `device-cases shim|uvc|vivid …`. The double and the kernel's driver get the same table and the same expectations,
//! which are the product's camera events, so the double is held to the original.
//!
//! Prints `CASE <camera>/<id> PASS|FAIL <ms> [<faults>] <text>` a case, then `END <camera>`. A camera that is not there is a failure.
//! Rates are printed, never asserted: under emulation they say nothing.
#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test program: its output is its result, and it reads bytes it has drawn itself"
)]

mod error;
mod frames;
mod guided;
mod kernel;
mod opening;
mod pictures;
mod plug;
mod rig;
mod table;
mod watch;
mod whoever;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::error::CaseError;
use crate::rig::{Rig, ShimRig, UvcRig, VividRig};

const USE: &str = "use: device-cases frames <folder>
     device-cases shim --frames <folder> --control <file>      (with libfakev4l2.so preloaded)
     device-cases uvc --frames <folder> --uvcip <program>      (as root, vhci-hcd and uvcvideo loaded)
     device-cases vivid                                        (vivid loaded)
                 a battery may be followed by `--only <case> <case> …`
     device-cases fault                                        (opens the first camera and prints the fault that comes)
     device-cases hold                                         (holds the first camera until standard input ends)";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("device-cases: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[String]) -> Result<bool, CaseError> {
    let option = |name: &str| {
        let at = words.iter().position(|word| word == name);
        at.and_then(|at| words.get(at + 1)).map(PathBuf::from).ok_or_else(|| CaseError::Call(USE.into()))
    };
    let mut rig: Box<dyn Rig> = match words.first().map(String::as_str) {
        Some("frames") => return frames::draw(words.get(1).ok_or_else(|| CaseError::Call(USE.into()))?).map(|()| true),
        Some("fault") => {
            println!("{}", watch::fault_code(&watch::camera())?);
            return Ok(true);
        }
        Some("hold") => return watch::hold().map(|()| true),
        Some("shim") => Box::new(ShimRig::new(option("--frames")?, option("--control")?)?),
        Some("uvc") => Box::new(UvcRig::new(option("--frames")?, option("--uvcip")?)?),
        Some("vivid") => Box::new(VividRig),
        _ => return Err(CaseError::Call(USE.into())),
    };
    let only = words.iter().position(|word| word == "--only").map_or(&[][..], |at| &words[at + 1..]);
    Ok(table::run_all(rig.as_mut(), only))
}
