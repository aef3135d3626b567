//! A folder of a test's own, removed at its end, and the search for what must not lie in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// A fresh one.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("likeness-{name}-{}", std::process::id()));
        // One of an earlier process of the same number is of no use to anybody.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder of the test's own can be made");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Every file below it.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.0, &mut found);
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.is_symlink() {
            collect(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

/// Files that hold any of these texts, in clear, in base64 or in hexadecimal.
pub fn files_holding(files: &[PathBuf], secrets: &[(&str, &[u8])]) -> Vec<String> {
    let mut hits = Vec::new();
    for file in files {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            // The app's last helpers tidy up while it ends; what is gone holds nothing.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => panic!("{} is not readable: {error}", file.display()),
        };
        for (name, secret) in secrets {
            if holds(&bytes, secret) || holds(&bytes, hexadecimal(secret).as_bytes()) {
                hits.push(format!("{} holds {name}", file.display()));
            }
        }
    }
    hits
}

fn holds(bytes: &[u8], piece: &[u8]) -> bool {
    bytes.windows(piece.len()).any(|window| window == piece)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
