//! What is generated, and the check that it is current. `--check` writes beside it and compares.

use std::fs;
use std::path::Path;

use crate::Options;
use crate::process::{Failure, Outcome, must, program, root, target};

/// `generate types [--check]`.
pub fn generate(options: &Options) -> Outcome {
    match options.words.first().map(String::as_str) {
        Some("types") => types(options.check),
        other => Err(Failure::Usage(format!("generate what? `types` is all there is (found: {})", other.unwrap_or("nothing")))),
    }
}

/// The TypeScript shapes of the View.
pub fn types(check: bool) -> Outcome {
    let kept = root().join("ui/src/gen");
    let folder = if check { target().join("xtask/types") } else { kept.clone() };
    let written = fs::remove_dir_all(&folder).or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
    written.map_err(|error| Failure::Step(format!("{} cannot be emptied: {error}", folder.display())))?;
    let place = folder.to_string_lossy().into_owned();
    must(&mut program("cargo", &["run", "--quiet", "--package", "likeness-journey", "--example", "export_types", "--", &place]))?;
    if check { compare(&folder, &kept, "cargo xtask generate types") } else { Ok(()) }
}

fn compare(fresh: &Path, kept: &Path, cure: &str) -> Outcome {
    for (one, other) in [(fresh, kept), (kept, fresh)] {
        let entries = fs::read_dir(one).map_err(|error| Failure::Step(format!("{} cannot be read: {error}", one.display())))?;
        for entry in entries.flatten() {
            let twin = other.join(entry.file_name());
            if fs::read(entry.path()).ok() != fs::read(&twin).ok() {
                return Err(Failure::Step(format!("{} is not what would be generated. Run: {cure}", kept.join(entry.file_name()).display())));
            }
        }
    }
    Ok(())
}
