//! The window's page: packages and build, each skipped when nothing it depends on has changed.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::machine;
use crate::process::{Failure, Outcome, must, program, root, target};

/// Makes `ui/node_modules` and `ui/dist` current.
pub fn build() -> Outcome {
    install()?;
    step("ui-build", &[root().join("ui"), root().join("locales")], &root().join("ui/dist/assets"), || {
        must(&mut program("npm", &["--prefix", "ui", "run", "build"]))
    })
}

/// Makes `ui/node_modules` current. The face model comes in one of these packages, so Rust needs it too.
pub fn install() -> Outcome {
    machine::node()?;
    step("npm-ci", &[root().join("ui/package-lock.json")], &root().join("ui/node_modules/@mediapipe"), || {
        let offline =
            program("npm", &["ci", "--prefix", "ui", "--offline", "--no-audit", "--no-fund", "--loglevel=error"])
                .stderr(std::process::Stdio::null())
                .status();
        if offline.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        must(&mut program("npm", &["ci", "--prefix", "ui", "--no-audit", "--no-fund"]))
    })
}

/// Makes the packages of `tests/peers/<name>` current: servers and clients that are not ours, for tests to talk to.
pub fn peers(name: &str) -> Outcome {
    machine::node()?;
    let folder = format!("tests/peers/{name}");
    let here = root().join(&folder);
    step(&format!("npm-ci-{name}"), &[here.join("package-lock.json")], &here.join("node_modules"), || {
        must(&mut program("npm", &["ci", "--prefix", &folder, "--no-audit", "--no-fund", "--loglevel=error"]))
    })
}

/// Does the work unless the stamp says that these inputs were done already and the result is still there.
fn step(name: &str, inputs: &[PathBuf], result: &Path, work: impl FnOnce() -> Outcome) -> Outcome {
    let stamp = target().join("xtask").join(name);
    let now = hash(inputs)?;
    if result.exists() && fs::read_to_string(&stamp).is_ok_and(|then| then == now) {
        return Ok(());
    }
    work()?;
    let written = fs::create_dir_all(stamp.parent().unwrap_or(Path::new("."))).and_then(|()| fs::write(&stamp, now));
    written.map_err(|error| Failure::Step(format!("{} cannot be written: {error}", stamp.display())))
}

fn hash(inputs: &[PathBuf]) -> Result<String, Failure> {
    let mut files = Vec::new();
    for input in inputs {
        collect(input, &mut files)
            .map_err(|error| Failure::Step(format!("{} cannot be read: {error}", input.display())))?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(
            fs::read(&file).map_err(|error| Failure::Step(format!("{} cannot be read: {error}", file.display())))?,
        );
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_str(), Some("node_modules" | "dist" | ".vite")) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}
