//! Compiles the threshold profiles into the crate. A bad profile stops the build.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo on standard output")]

#[path = "build/profiles.rs"]
mod profiles;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build");
    let mut out = String::new();
    for (constant, file) in [("STANDARD", "profiles/standard.toml"), ("STRICT", "profiles/strict.toml")] {
        println!("cargo::rerun-if-changed={file}");
        let literal = profiles::literal(file, &fs::read_to_string(file)?)?;
        out.push_str("pub(crate) static ");
        out.push_str(constant);
        out.push_str(": Thresholds = ");
        out.push_str(&literal);
        out.push_str(";\n");
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("profiles.rs"), out)?;
    Ok(())
}
