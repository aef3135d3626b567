//! Formatting, lints, types, licences, generated files: everything that needs no run of the product.

use crate::Options;
use crate::process::{Failure, Outcome, ask, must, program};
use crate::suites::ONE_FEATURE_SET;
use crate::{generate, machine, page};

/// The version that reads `deny.toml`; installed once, never inside `.ci/run`.
const CARGO_DENY: &str = "0.20.2";

/// `check`.
pub fn check(options: &Options) -> Outcome {
    machine::packages(&["build"], options)?;
    page::build()?;
    must(&mut program("cargo", &["fmt", "--all", "--check"]))?;
    must(program("cargo", &["clippy", "--all-targets"]).args(ONE_FEATURE_SET).args(["--", "-D", "warnings"]))?;
    must(&mut program("cargo", &["clippy", "--package", "likeness", "--no-default-features", "--", "-D", "warnings"]))?;
    must(&mut program("npm", &["--prefix", "ui", "run", "check"]))?;
    must(&mut program("npm", &["--prefix", "ui", "run", "lint"]))?;
    generate::notices(true)?;
    must(program("cargo", &["test", "--quiet", "--test", "architecture"]).args(ONE_FEATURE_SET))?;
    deny()
}

fn deny() -> Outcome {
    if ask("cargo", &["deny", "--version"]).is_none() {
        must(&mut program("cargo", &["install", "--locked", "cargo-deny", "--version", CARGO_DENY]))?;
    }
    // Licences are read from the sources of every system's crates, not only of this one's.
    must(&mut program("cargo", &["fetch", "--locked"]))?;
    must(&mut program("cargo", &["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    let reached = program("cargo", &["deny", "check", "advisories"]).output();
    let reached = reached.map_err(|error| Failure::Machine(format!("cargo deny could not be started: {error}")))?;
    let said = String::from_utf8_lossy(&reached.stderr);
    if reached.status.success() {
        println!("advisories: none unreviewed");
        Ok(())
    } else if said.contains("failed to fetch advisory database") || said.contains("unable to fetch") {
        println!("advisories: NOT RUN, their database cannot be reached from here");
        Ok(())
    } else {
        Err(Failure::Step(format!("cargo deny check advisories\n{said}")))
    }
}
