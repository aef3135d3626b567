//! Checks against what others publish: OFIQ's table of scores, and LiteRT on the same networks.
//!
//! Both need something that is not part of the project and fail when it is missing. Neither changes a file of the project.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Options;
use crate::process::{Failure, Outcome, must, must_test, program, root, target};

/// The release the reference files were made with.
const LITERT: &str = "ai-edge-litert==2.3.0";
/// Largest difference to the files in the project, in each output's own units: the bar our own interpreter is held to.
const APART: f32 = 5e-4;

/// `verify-ofiq --csv FILE`: every score OFIQ publishes, from the raw value beside it.
pub fn ofiq(options: &Options) -> Outcome {
    let usage = || {
        Failure::Usage("verify-ofiq needs --csv FILE: OFIQ's data/tests/expected_results/expected_results.csv.".into())
    };
    let file = Path::new(options.csv.as_deref().ok_or_else(usage)?);
    let file = file.canonicalize().map_err(|error| {
        Failure::Machine(format!(
            "{} cannot be read ({error}). It is part of OFIQ-Project 1.0.3 (BSI, MIT).",
            file.display()
        ))
    })?;
    let test = "ofiq::tests::the_whole_published_table_is_reproduced";
    let words = ["test", "--package", "likeness-vision", "--lib", test, "--", "--exact", "--ignored", "--nocapture"];
    must_test(program("cargo", &words).env("LIKENESS_OFIQ_CSV", file))
}

/// `verify-model`: makes LiteRT's answers anew and holds them against the files the interpreter is tested with.
pub fn model() -> Outcome {
    let folder = target().join("verify-model");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let python = folder.join("python/bin/python");
    let has_it = || {
        program(&text(&python), &["-c", "import ai_edge_litert"]).output().is_ok_and(|output| output.status.success())
    };
    if !has_it() {
        must(&mut program("python3", &["-m", "venv", &text(&folder.join("python"))]))?;
        must(&mut program(&text(&python), &["-m", "pip", "--quiet", "install", LITERT, "numpy"]))?;
    }
    let packed = root().join("ui/node_modules/@mediapipe/face_mesh/face_mesh_solution_packed_assets.data");
    if !packed.is_file() {
        return Err(Failure::Machine("the face model. Type:\n  npm ci --prefix ui".into()));
    }
    let (kept, made) = (root().join("crates/vision/tests/data/litert"), folder.join("made"));
    let unwritten = |error| Failure::Step(format!("{} cannot be made: {error}", made.display()));
    fs::create_dir_all(&made).map_err(unwritten)?;
    must(&mut program(&text(&python), &[&text(&kept.join("make.py")), &text(&packed), &text(&made)]))?;
    for name in ["noise", "gradient", "head"] {
        let read = |folder: &Path| numbers(&folder.join(format!("{name}.f32")));
        let (kept, made) = (read(&kept)?, read(&made)?);
        let apart = kept.iter().zip(&made).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("figure litert_{name}_apart = {apart:e} of {} numbers", kept.len());
        if kept.len() != made.len() || apart.is_nan() || apart > APART {
            return Err(Failure::Step(format!(
                "LiteRT says something else about `{name}` than the file in the project"
            )));
        }
    }
    let test = "net::tests::both_paths_compute_what_litert_computes_and_the_same_again";
    must_test(&mut program("cargo", &["test", "--package", "likeness-vision", "--lib", test, "--", "--exact"]))
}

fn numbers(path: &PathBuf) -> Result<Vec<f32>, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::Step(format!("{} cannot be read: {error}", path.display())))?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect())
}
