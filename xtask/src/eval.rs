//! `eval`: how right guidance is on drawn scenes, and the page about it. The work itself is `tests/evaluation`.
//!
//! Answers are kept in `target/eval/`, so a run that was stopped goes on where it was. Contact sheets lie beside them.

use std::process::Command;

use crate::process::{Outcome, must, program, root, target};
use crate::suites::ONE_FEATURE_SET;
use crate::{Options, page};

/// `eval [--small] [--gate]`: the full table and its page, or the subset that continuous integration runs, without a page.
pub fn eval(options: &Options) -> Outcome {
    run(options.small, options.gate || options.small)
}

/// The suite `guidance`: the small set, where a bar counts as missed when chance does not explain so many wrong frames.
pub fn guidance() -> Outcome {
    run(true, true)
}

fn run(small: bool, gate: bool) -> Outcome {
    // The face model comes in a package of the window.
    page::install()?;
    must(program("cargo", &["build", "--quiet", "--bin", "likeness-evaluation"]).args(ONE_FEATURE_SET))?;
    let mut command = Command::new(target().join("debug/likeness-evaluation"));
    command.current_dir(root()).arg("--out").arg(target().join("eval"));
    if small {
        command.arg("--small");
    } else {
        command.args(["--page", "docs/results/guidance.md"]);
    }
    if gate {
        command.arg("--gate");
    }
    must(&mut command)
}
