//! What is generated, and the check that it is current.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Options;
use crate::process::{Failure, Outcome, ask, must, program, root};

/// `generate types`, `generate notices [--check]`.
pub fn generate(options: &Options) -> Outcome {
    match options.words.first().map(String::as_str) {
        Some("types") => types(),
        Some("notices") => notices(options.check),
        other => {
            let found = other.unwrap_or("nothing");
            Err(Failure::Usage(format!("generate what? There are `types` and `notices` (found: {found})")))
        }
    }
}

/// Who made what is inside, under which licence: `THIRD-PARTY-NOTICES`.
///
/// Rust crates come from the lock file by `cargo metadata`, what the page ships from `ui/package-lock.json`, and what is carried along as data
/// (the face model, the font) is written out with its full licence.
pub fn notices(check: bool) -> Outcome {
    let kept = root().join("THIRD-PARTY-NOTICES");
    let fresh = notices_text()?;
    if !check {
        return fs::write(&kept, fresh).map_err(|error| unreadable(&kept, &error));
    }
    if fs::read_to_string(&kept).is_ok_and(|text| text == fresh) {
        return Ok(());
    }
    Err(Failure::Step(
        "THIRD-PARTY-NOTICES is not what would be generated. Run: cargo xtask generate notices".to_owned(),
    ))
}

fn notices_text() -> Result<String, Failure> {
    let read =
        |name: &str| fs::read_to_string(root().join(name)).map_err(|error| unreadable(&root().join(name), &error));
    let mut lines = crates()?;
    lines.extend(page_packages(&read("ui/package-lock.json")?)?);
    lines.sort();
    lines.dedup();
    Ok(format!(
        "{}\n{}\n\n\n{}\n{}",
        read("xtask/notices.txt")?,
        lines.join("\n"),
        "The Apache License, version 2.0, in full:\n",
        read("LICENSE-APACHE")?
    ))
}

fn crates() -> Result<Vec<String>, Failure> {
    let metadata = ask("cargo", &["metadata", "--format-version", "1", "--locked"])
        .ok_or_else(|| Failure::Step("`cargo metadata --locked` failed".to_owned()))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| Failure::Step(format!("cargo metadata: {error}")))?;
    let packages = metadata.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let foreign = packages.iter().filter(|package| !package["source"].is_null());
    Ok(foreign.map(|package| line("crate", &package["name"], &package["version"], &package["license"])).collect())
}

fn page_packages(lock: &str) -> Result<Vec<String>, Failure> {
    let lock: Value =
        serde_json::from_str(lock).map_err(|error| Failure::Step(format!("ui/package-lock.json: {error}")))?;
    let packages = lock.get("packages").and_then(Value::as_object).into_iter().flatten();
    let shipped = packages.filter(|(path, package)| !path.is_empty() && package["dev"] != Value::Bool(true));
    Ok(shipped
        .map(|(path, package)| {
            let name = path.rsplit("node_modules/").next().unwrap_or(path);
            line("package", &Value::from(name), &package["version"], &package["license"])
        })
        .collect())
}

fn line(kind: &str, name: &Value, version: &Value, licence: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (name, version) = (text(name).unwrap_or_default(), text(version).unwrap_or_default());
    let licence = text(licence).unwrap_or_else(|| "see its licence file".to_owned());
    format!("{kind} {name} {version}: {licence}")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Step(format!("{}: {error}", path.display()))
}

/// The TypeScript shapes of the View. That they are current is a test of the architecture suite, so there is nothing to compare here.
fn types() -> Outcome {
    let folder = root().join("ui/src/gen");
    fs::remove_dir_all(&folder).map_err(|error| unreadable(&folder, &error))?;
    let place = folder.to_string_lossy().into_owned();
    must(&mut program(
        "cargo",
        &["run", "--quiet", "--package", "likeness-journey", "--example", "export_types", "--", &place],
    ))
}
