//! Tauri's build step: one list of commands becomes the permissions, and nothing else may be called.

use std::path::Path;

macro_rules! for_each_command {
    ($($name:ident),* $(,)?) => {
        /// Names of all commands.
        const COMMANDS: &[&str] = &[$(stringify!($name)),*];
    };
}
include!("commands.rs.in");

fn main() {
    // Without any page the macro that embeds ui/dist does not compile, and nobody would know why.
    let page = Path::new("ui/dist/index.html");
    if !page.exists()
        && let Err(error) = std::fs::create_dir_all("ui/dist").and_then(|()| {
            std::fs::write(
                page,
                "<!doctype html><title>Likeness</title><p>The window is not built yet. Run: cargo xtask run</p>",
            )
        })
    {
        println!("cargo:warning=ui/dist is missing and could not be made ({error}). Run: npm --prefix ui run build");
    }
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/commands.rs.in");
    println!("cargo:rerun-if-changed=tauri.conf.json");
    println!("cargo:rerun-if-changed=ui/dist");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo:warning=tauri-build: {error:#}");
        std::process::exit(1);
    }
}
