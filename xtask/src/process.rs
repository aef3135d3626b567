//! Starting other programs, and how a step fails.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a step ends.
pub type Outcome = Result<(), Failure>;

/// Why a command of the repository did not end well.
#[derive(Debug)]
pub enum Failure {
    /// A step failed; its own output says why.
    Step(String),
    /// The command line is wrong.
    Usage(String),
    /// This machine lacks something; the text holds the exact command.
    Machine(String),
}

impl Failure {
    /// 1, 2 or 3.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Step(_) => 1,
            Self::Usage(_) => 2,
            Self::Machine(_) => 3,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(text) => write!(to, "FAILED: {text}"),
            Self::Usage(text) => write!(to, "{text}"),
            Self::Machine(text) => write!(to, "MISSING: {text}"),
        }
    }
}

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new(".")).to_path_buf()
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A program, started at the top of the repository.
pub fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Runs it, shows its output, fails when it fails.
pub fn must(command: &mut Command) -> Outcome {
    let line = describe(command);
    println!("\n> {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Step(format!("`{line}` ended with {status}"))),
        Err(error) => Err(Failure::Machine(format!("`{line}` could not be started: {error}"))),
    }
}

/// Like [`must`] for a test runner, which also fails when not a single test was run: a wrong name must not pass for success.
pub fn must_test(command: &mut Command) -> Outcome {
    let line = describe(command);
    println!("\n> {line}");
    let started = command.stdout(Stdio::piped()).spawn();
    let mut runner = started.map_err(|error| Failure::Machine(format!("`{line}` could not be started: {error}")))?;
    let mut passed: u32 = 0;
    for text in runner.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok)
    {
        println!("{text}");
        passed +=
            text.strip_prefix("test result: ok. ").and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or(0);
    }
    match runner.wait() {
        Ok(status) if status.success() && passed > 0 => Ok(()),
        Ok(status) if status.success() => Err(Failure::Step(format!("`{line}` ran no test"))),
        Ok(status) => Err(Failure::Step(format!("`{line}` ended with {status}"))),
        Err(error) => Err(Failure::Step(format!("`{line}` was lost: {error}"))),
    }
}

/// Runs it silently; its output when it went well.
pub fn ask(name: &str, arguments: &[&str]) -> Option<String> {
    let output = program(name, arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}
