//! Running the product and its tests.
//!
//! Everything driven uses one feature set (`practice,studio,window-tests`) in one target folder, so that the app is built for it once.
//! A suite whose package or peer is missing fails and names it; skipping takes `--allow-missing` and is counted.

use std::path::PathBuf;
use std::process::Command;

use crate::Options;
use crate::process::{Failure, Outcome, must, must_test, program, root, target};
use crate::{eval, machine, page};

/// Named in full everywhere: another selection of packages would be another set of features, and everything would be compiled once more.
pub const ONE_FEATURE_SET: [&str; 3] = ["--workspace", "--features", "likeness/window-tests"];

const SUITES: [&str; 7] = ["rust", "ui", "guidance", "journey", "devices", "keyring", "sign-in"];

/// `run`: the app in practice mode, or the demo where there is no display.
pub fn run(options: &Options) -> Outcome {
    machine::packages(&["build"], options)?;
    let display = cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !display {
        println!(
            "There is no display here, so the whole journey is walked on a virtual one, as `cargo xtask demo` does."
        );
        return demo(options);
    }
    page::build()?;
    let mut words = vec!["run", "--bin", "likeness"];
    if options.release {
        words.push("--release");
    }
    must(&mut program("cargo", &words))
}

/// `demo`: the whole journey in the real window.
pub fn demo(options: &Options) -> Outcome {
    machine::packages(&["build", "window"], options)?;
    page::build()?;
    // Built first, so that the clock of the journey does not run while compiling.
    must(program("cargo", &["test", "--quiet", "--no-run", "--test", "journey"]).args(ONE_FEATURE_SET))?;
    journey(&["whole_journey::the_whole_journey", "--exact"])?;
    println!("\nScreenshots: {}", target().join("demo").display());
    Ok(())
}

/// The journey suite on its own display and its own session bus, so that it never meets the developer's keyring or windows.
fn journey(filter: &[&str]) -> Outcome {
    let mut words =
        vec!["--", "xvfb-run", "-a", "-s", "-screen 0 1280x800x24", "cargo", "test", "--quiet", "--test", "journey"];
    words.extend(ONE_FEATURE_SET);
    words.extend(["--", "--ignored", "--nocapture", "--test-threads=1"]);
    words.extend(filter);
    let pictures = target().join("demo");
    must_test(
        program("dbus-run-session", &words)
            .env("LIKENESS_DEMO_DIR", pictures)
            .env("LIKENESS_ORDINARY_APP", ordinary_app())
            .env_remove("WAYLAND_DISPLAY"),
    )
}

/// The build a learner runs, without the feature that lets WebDriver in, put where the suite looks for it.
fn ordinary_build() -> Outcome {
    must(&mut program("cargo", &["build", "--quiet", "--workspace", "--bin", "likeness"]))?;
    let (built, kept) = (target().join("debug/likeness"), ordinary_app());
    let copied = std::fs::create_dir_all(target().join("xtask")).and_then(|()| std::fs::copy(&built, &kept));
    copied.map(|_| ()).map_err(|error| Failure::Step(format!("{} cannot be copied: {error}", built.display())))
}

fn ordinary_app() -> PathBuf {
    target().join("xtask/likeness-ordinary")
}

/// `test`: every suite, or the named ones.
pub fn test(options: &Options) -> Outcome {
    let chosen: Vec<&str> =
        if options.suites.is_empty() { SUITES.to_vec() } else { options.suites.iter().map(String::as_str).collect() };
    if let Some(unknown) = chosen.iter().find(|name| !SUITES.contains(name)) {
        return Err(Failure::Usage(format!("There is no suite `{unknown}`. There are: {}", SUITES.join(" "))));
    }
    machine::packages(&["build"], options)?;
    page::build()?;
    let (mut passed, mut skipped, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for name in chosen {
        println!("\n=== suite {name}");
        match suite(name, options) {
            Ok(()) => passed.push(name),
            Err(failure @ Failure::Machine(_)) if options.allow_missing.iter().any(|allowed| allowed == name) => {
                println!("skipped, as --allow-missing {name} asked: {failure}");
                skipped.push(name);
            }
            Err(failure) => {
                println!("{failure}");
                failed.push((name, failure));
            }
        }
    }
    println!("\nsuites passed: {}", passed.join(" "));
    if !skipped.is_empty() {
        println!("suites skipped because something is missing: {}", skipped.join(" "));
    }
    match failed.into_iter().next() {
        None => Ok(()),
        Some((name, Failure::Machine(text))) => Err(Failure::Machine(format!("suite {name}: {text}"))),
        Some((name, failure)) => Err(Failure::Step(format!("suite {name}: {failure}"))),
    }
}

fn suite(name: &str, options: &Options) -> Outcome {
    match name {
        "rust" => must_test(program("cargo", &["test", "--no-fail-fast"]).args(ONE_FEATURE_SET)),
        "ui" => must(&mut program("npm", &["--prefix", "ui", "test"])),
        "journey" => {
            machine::packages(&["window"], options)?;
            // One of its providers is not ours.
            page::peers("sign-in")?;
            ordinary_build()?;
            // The camera that the window's camera tests start the app on.
            must(&mut program("cargo", &["build", "--quiet", "-p", "likeness-fakev4l2"]))?;
            journey(&[])
        }
        "guidance" => eval::guidance(),
        "devices" => {
            machine::packages(&["devices"], options)?;
            devices()
        }
        "sign-in" => {
            page::peers("sign-in")?;
            let words = ["--", "--ignored", "--nocapture", "peers::"];
            must_test(program("cargo", &["test", "--test", "api"]).args(ONE_FEATURE_SET).args(words))
        }
        _ => {
            machine::packages(&["keyring"], options)?;
            let words = ["--", "--ignored", "--nocapture", "--exact", "keyring_states"];
            must_test(program("cargo", &["test", "--test", "keyring_real"]).args(ONE_FEATURE_SET).args(words))
        }
    }
}

fn devices() -> Outcome {
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(["run", "--package", "likeness-guest"]);
    must(&mut command)
}
