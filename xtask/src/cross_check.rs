//! `check-windows`, `check-macos`: type-checks the workspace for the two systems this machine has no toolchain for.
//!
//! How: Debian ships a recent compiler (`rustc-web`, `cargo-web`) with the source of its standard library (`rust-web-src`),
//! so cargo builds the standard library for whatever target is named. C parts are compiled by mingw-w64 for Windows; for
//! macOS, whose SDK cannot be had, a stand-in compiler writes empty objects, which is enough because checking never links.
//! **Proves that it compiles, and nothing about how it behaves.** What is left out is printed by name.
//! Takes about 8 minutes from cold on two idle cores, and keeps a folder of its own (`CROSS_CHECK_DIR`, else in the target
//! folder), because another compiler would throw the other one's work away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Options;
use crate::machine;
use crate::process::{Failure, Outcome, ask, must, root, target};

const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";

/// Members that exist for Linux alone, and why nothing of them is meant for elsewhere.
const FOR_LINUX_ALONE: [(&str, &str); 4] = [
    ("likeness-fakev4l2", "a V4L2 camera by preloading"),
    ("likeness-uvcip", "a USB camera for the Linux kernel"),
    ("likeness-guest", "starts an emulated Linux"),
    ("likeness-device-cases", "runs inside it"),
];

/// A system to check for.
#[derive(Debug, Clone, Copy)]
pub enum System {
    /// x86-64, by mingw-w64.
    Windows,
    /// Apple silicon, without an SDK.
    MacOs,
}

impl System {
    fn target(self) -> &'static str {
        match self {
            Self::Windows => "x86_64-pc-windows-gnu",
            Self::MacOs => "aarch64-apple-darwin",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::MacOs => "macos",
        }
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Windows => &["build", "cross", "cross-windows"],
            Self::MacOs => &["build", "cross"],
        }
    }

    /// What stands in for a C compiler, in words.
    fn c_compiler(self) -> &'static str {
        match self {
            Self::Windows => "mingw-w64",
            Self::MacOs => "a stand-in that writes empty objects",
        }
    }
}

/// Checks the product and its tools, then the camera crate with its tests.
pub fn check(system: System, options: &Options) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Err(Failure::Machine(
            "this check runs on Debian; on the system itself `cargo xtask test` says more".into(),
        ));
    }
    machine::packages(system.packages(), options)?;
    let folder = std::env::var_os("CROSS_CHECK_DIR").map_or_else(|| target().join("cross-check"), PathBuf::from);
    let stand_ins = folder.join("stand-ins");
    write_stand_ins(&stand_ins).map_err(|error| Failure::Step(format!("{}: {error}", stand_ins.display())))?;
    let cargo = || cargo(system, &folder, &stand_ins);
    let mut product = cargo();
    product.arg("--workspace").args(FOR_LINUX_ALONE.iter().flat_map(|(package, _)| ["--exclude", *package]));
    must(&mut product)?;
    must(cargo().args(["--package", "likeness-camera", "--tests"]))?;
    let compiler = ask(RUSTC, &["--version"]).unwrap_or_default();
    println!("\ncompiled for {} with {compiler}; C by {}", system.target(), system.c_compiler());
    println!("compiled: every member of the workspace but those below, and the tests of likeness-camera");
    for (package, why) in FOR_LINUX_ALONE {
        println!("left out: {package} ({why})");
    }
    println!("left out: the C code of turbojpeg (an empty folder stands for its library; what calls it is compiled)");
    println!("not run: anything");
    Ok(())
}

/// `cargo check` with the standard library from source.
fn cargo(system: System, folder: &Path, stand_ins: &Path) -> Command {
    let mut command = Command::new(CARGO);
    command.args(["check", "--locked", "-Z", "build-std", "--target", system.target()]).current_dir(root());
    command.env("CARGO_TARGET_DIR", folder.join(system.folder()));
    // The compiler is a released one; this lets it build a standard library, and changes nothing else we use.
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", RUSTC).env("RUSTDOC", "/usr/bin/rustdoc");
    // This program was started by another cargo, which left its own toolchain in the surroundings.
    for name in ["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "CARGO", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        command.env_remove(name);
    }
    // Its build needs cmake to run the compiler's output; the Rust side is compiled against its own header all the same.
    command.env("TURBOJPEG_SOURCE", "explicit").env("TURBOJPEG_LIB_DIR", stand_ins);
    if let System::MacOs = system {
        let tool = |name: &str| stand_ins.join(name);
        command
            .env("CC_aarch64_apple_darwin", tool("cc"))
            .env("CXX_aarch64_apple_darwin", tool("cc"))
            .env("AR_aarch64_apple_darwin", tool("ar"))
            .env("RANLIB_aarch64_apple_darwin", "/bin/true")
            .env("SDKROOT", stand_ins);
    }
    command
}

/// Answers questions about itself as clang for macOS would, and otherwise writes an empty object where `-o` says.
const STAND_IN_COMPILER: &str = r#"#!/bin/sh
for word in "$@"; do
  case $word in
    -E) exec clang -target arm64-apple-macos11 "$@" ;;
    --version) exec clang --version ;;
  esac
done
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then : > "$2"; exit 0; fi
  shift
done
"#;

/// Writes an empty archive where one is named.
const STAND_IN_ARCHIVER: &str = r#"#!/bin/sh
for word in "$@"; do
  case $word in *.a) printf '!<arch>\n' > "$word" ;; esac
done
"#;

fn write_stand_ins(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in [("cc", STAND_IN_COMPILER), ("ar", STAND_IN_ARCHIVER)] {
        let path = folder.join(name);
        fs::write(&path, text)?;
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    Ok(())
}
