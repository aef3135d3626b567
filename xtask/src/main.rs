//! Every command of the repository. A step of continuous integration has the name of the command at home.
//!
//! Exit codes: 0 good, 1 a step failed, 2 wrong usage, 3 the machine lacks something (the exact command is printed).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks by printing")]

mod bench;
mod check;
mod cross_check;
mod eval;
mod generate;
mod machine;
mod page;
mod process;
mod suites;
mod verify;

use std::process::ExitCode;

use process::{Failure, Outcome};

const USAGE: &str = "\
cargo xtask <command>

  run [--release]            prepares this machine, builds everything, opens Likeness in practice mode;
                             without a display it does what `demo` does
  demo                       walks the whole journey in the real window on its own virtual display;
                             prints each step and mail, screenshots in target/demo/
  test [--suite NAME]...     every test, or the named suites: rust ui guidance journey devices keyring sign-in
                             (guidance takes some 5 minutes: a fifth of what `eval` draws)
       [--allow-missing NAME]  skip a suite that cannot run here; counted in the summary
  bench camera [--gate]      what camera and preview cost, beside other ways; written to docs/results/camera.md;
       [--quick]             a missed gate fails only with --gate; --quick is one short run that writes no page
  bench vision [--gate]      what looking at a face and a card costs, beside rustface, OpenCV and MediaPipe on the same
       [--quick]             frames; written to docs/results/vision.md
  eval [--small] [--gate]    how right guidance is on drawn scenes, written to docs/results/guidance.md (20 minutes on two idle cores,
                             goes on where it was stopped); contact sheets in target/eval/; --small is a fifth of it, without the page
  verify-ofiq --csv FILE     holds our score maps against the table OFIQ publishes (not part of the project)
  verify-model               makes LiteRT's answers anew and holds the reference files and our interpreter against them
  check                      formatting, lints, types, licences, generated files
  check-windows, check-macos type-check the workspace for a system this machine has no toolchain for (8 minutes from cold)
  generate types             writes the TypeScript shapes of the View
  generate notices [--check] writes, or compares, THIRD-PARTY-NOTICES

  --no-install               never installs system packages; prints the command instead";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(words: &[String]) -> Outcome {
    let (command, rest) = words.split_first().ok_or_else(|| Failure::Usage(USAGE.to_owned()))?;
    let options = Options::read(rest)?;
    match command.as_str() {
        "run" => suites::run(&options),
        "demo" => suites::demo(&options),
        "test" => suites::test(&options),
        "bench" => bench::bench(&options),
        "eval" => eval::eval(&options),
        "verify-ofiq" => verify::ofiq(&options),
        "verify-model" => verify::model(),
        "check" => check::check(&options),
        "check-windows" => cross_check::check(cross_check::System::Windows, &options),
        "check-macos" => cross_check::check(cross_check::System::MacOs, &options),
        "generate" => generate::generate(&options),
        "--help" | "-h" | "help" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(Failure::Usage(format!("There is no command `{other}`.\n\n{USAGE}"))),
    }
}

/// What stands behind the command.
#[derive(Debug, Default)]
pub struct Options {
    /// Plain words.
    pub words: Vec<String>,
    /// `--suite NAME`, repeated.
    pub suites: Vec<String>,
    /// `--allow-missing NAME`, repeated.
    pub allow_missing: Vec<String>,
    /// `--release`.
    pub release: bool,
    /// `--check`.
    pub check: bool,
    /// `--gate`.
    pub gate: bool,
    /// `--quick`.
    pub quick: bool,
    /// `--csv FILE`.
    pub csv: Option<String>,
    /// `--small`.
    pub small: bool,
    /// `--no-install`.
    pub no_install: bool,
}

impl Options {
    fn read(words: &[String]) -> Result<Self, Failure> {
        let mut options = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let mut value = || {
                rest.next()
                    .cloned()
                    .ok_or_else(|| Failure::Usage(format!("`{word}` needs a name behind it.\n\n{USAGE}")))
            };
            match word.as_str() {
                "--suite" => options.suites.push(value()?),
                "--allow-missing" => options.allow_missing.push(value()?),
                "--csv" => options.csv = Some(value()?),
                "--release" => options.release = true,
                "--check" => options.check = true,
                "--gate" => options.gate = true,
                "--small" => options.small = true,
                "--quick" => options.quick = true,
                "--no-install" => options.no_install = true,
                flag if flag.starts_with('-') => {
                    return Err(Failure::Usage(format!("There is no option `{flag}`.\n\n{USAGE}")));
                }
                plain => options.words.push(plain.to_owned()),
            }
        }
        Ok(options)
    }
}
