//! Which bytes of the packed file are the two networks, and what is said when they are not there.
//!
//! Guarantees: what is written has the hashes below. There is no fallback and no way to skip the check.
//! A file of its own so that it can be tested; the build script is the only other user.

use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The package that carries the networks, as pinned in `ui/package.json`.
const PACKAGE: &str = "@mediapipe/face_mesh 0.4.1633559619";
/// Names a copy of that file elsewhere, for distributions and vendored builds.
pub const ELSEWHERE: &str = "LIKENESS_FACE_MODEL";

/// One network inside the packed file.
pub struct Slice {
    /// Of the file that is written.
    pub name: &'static str,
    start: usize,
    end: usize,
    sha256: &'static str,
}

/// The detector and the mesh.
pub const SLICES: [Slice; 2] = [
    Slice {
        name: "face_detector.tflite",
        start: 3_757_224,
        end: 3_986_256,
        sha256: "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
    },
    Slice {
        name: "face_mesh.tflite",
        start: 2_495_952,
        end: 3_737_848,
        sha256: "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
    },
];

/// Why the build cannot go on, in one line, with what to do.
#[derive(Debug)]
pub enum Problem {
    NoAssets(PathBuf),
    WrongHash { file: PathBuf, slice: &'static str, expected: &'static str, found: String },
    NotWritten(PathBuf, std::io::Error),
    NoVariable(&'static str),
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAssets(file) => write!(
                out,
                "face model not found ({PACKAGE}). Run: npm ci --prefix ui (looked for {}; {ELSEWHERE}=FILE names another place)",
                file.display()
            ),
            Self::WrongHash { file, slice, expected, found } => write!(
                out,
                "face model is not the expected one ({PACKAGE}): {slice} in {} has SHA-256 {found}, expected {expected}. \
                 Run: npm ci --prefix ui",
                file.display()
            ),
            Self::NotWritten(file, why) => write!(out, "cannot write {}: {why}", file.display()),
            Self::NoVariable(name) => write!(out, "{name} is not set: this build script must be run by cargo"),
        }
    }
}

/// Cuts the networks out of the packed `file` and writes them into `target`.
pub fn cut(file: &Path, target: &Path) -> Result<(), Problem> {
    let packed = fs::read(file).map_err(|_| Problem::NoAssets(file.to_path_buf()))?;
    SLICES.iter().try_for_each(|slice| cut_one(&packed, file, slice, target))
}

fn cut_one(packed: &[u8], file: &Path, slice: &Slice, target: &Path) -> Result<(), Problem> {
    // A file too short for the slice gets the hash of nothing, and so the same message as any other wrong file.
    let bytes = packed.get(slice.start..slice.end).unwrap_or_default();
    let found = hex(&Sha256::digest(bytes));
    if found != slice.sha256 {
        return Err(Problem::WrongHash { file: file.to_path_buf(), slice: slice.name, expected: slice.sha256, found });
    }
    let path = target.join(slice.name);
    fs::write(&path, bytes).map_err(|why| Problem::NotWritten(path, why))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
