//! Writes `docs/results/camera.md`: when, where and on what, the gates, then every figure.

use std::fmt::Write;
use std::fs;

use super::figures::Figures;
use super::gates::Row;
use crate::process::{Failure, Outcome, ask, root};

/// What the figures depend on, taken when the bench begins.
pub struct Surroundings {
    date: String,
    commit: String,
    changed: usize,
    machine: String,
    load: String,
}

impl Surroundings {
    pub fn now() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let model = cpu
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("unknown", |(_, name)| name);
        let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
        let memory = read("/proc/meminfo");
        let memory_kb: f64 = memory
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse().ok())
            .unwrap_or(0.0);
        let system = read("/etc/os-release");
        let system =
            system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("Linux").trim_matches('"');
        let kernel = ask("uname", &["-rm"]).unwrap_or_default();
        Self {
            date: ask("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_default(),
            commit: ask("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".into()),
            changed: ask("git", &["status", "--porcelain", "--untracked-files=no"])
                .map_or(0, |text| text.lines().count()),
            machine: format!(
                "{cores} cores of {model}, {:.0} GB, no graphics card used, {system}, kernel {kernel}",
                memory_kb / 1_048_576.0
            ),
            load: load(),
        }
    }
}

impl Surroundings {
    /// The head of a page of results: what was measured, by which command, when and where.
    pub fn heading(&self, title: &str, command: &str) -> String {
        let changed = if self.changed == 0 { String::new() } else { format!(" with {} files changed", self.changed) };
        format!(
            "# {title}\n\nWritten by `{command}` on {}, commit {}{changed}.\nMachine: {}.\n\
             Load over 1 / 5 / 15 minutes: {} when it began, {} when it ended.\n",
            self.date,
            self.commit,
            self.machine,
            self.load,
            load()
        )
    }
}

/// Programs that wanted a processor, on average over 1, 5 and 15 minutes.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" / ")
}

pub fn write(figures: &Figures, verdict: &[Row], began: &Surroundings, runs: u32) -> Outcome {
    let path = root().join("docs/results/camera.md");
    let page = page(figures, verdict, began, runs).map_err(|error| Failure::Step(error.to_string()))?;
    fs::write(&path, page).map_err(|error| Failure::Step(format!("{} cannot be written: {error}", path.display())))
}

fn page(figures: &Figures, verdict: &[Row], began: &Surroundings, runs: u32) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let changed = if began.changed == 0 { String::new() } else { format!(" with {} files changed", began.changed) };
    writeln!(text, "# Camera and preview, measured\n")?;
    writeln!(text, "Written by `cargo xtask bench camera` on {}, commit {}{changed}.", began.date, began.commit)?;
    writeln!(text, "Machine: {}.", began.machine)?;
    writeln!(
        text,
        "Load over 1 / 5 / 15 minutes: {} when it began, {} when it ended; the bench itself makes about 1 of it. Above 2 the processor times still hold, the waiting times do not.",
        began.load,
        load()
    )?;
    writeln!(text, "\n{}\n", HOW.trim())?;
    writeln!(text, "## Gates\n")?;
    writeln!(text, "Medians of {runs} runs.\n")?;
    writeln!(text, "| Figure | Measured | Gate | | What it is |\n|---|---|---|---|---|")?;
    for row in verdict {
        let word = if row.passed { "PASS" } else { "MISS" };
        writeln!(text, "| `{}` | {} | {} | {word} | {} |", row.figure, row.measured, row.limit, row.meaning)?;
    }
    writeln!(text, "\n## Every figure\n")?;
    for line in figures.lines() {
        writeln!(text, "    {line}")?;
    }
    writeln!(text, "\n{}", NOT_RUN.trim())?;
    Ok(text)
}

const HOW: &str = "
## How

The source is the preloaded test camera of `tests/devices`: MJPEG drawn by the studio, 1080p at 249 kB a picture, 30 a second.
It writes into each picture when it was due, on the kernel's monotonic clock, and stamps it with the same time as a driver does; the bench compares the two, then counts ages from the stamp.
Processor time is the kernel's own count for all threads of a process but the test camera's, so that a driver's work counts for nobody; the peers are counted in the same way.
The window is the real app in a release build (with the feature that lets WebDriver in), drawn without a graphics card on a virtual display, at the camera check; the page's own images are listened to, and its code runs unchanged.
Its clock counts whole milliseconds. `request_to_decoded` begins when the page asks, or when the picture it has to wait for is due, and contains halving the picture.
Like is compared with like, per picture: `naive` (nokhwa decodes to RGB, `image` encodes, a JSON event with the bytes as numbers), `opencv` (decoded to BGR) and `ffmpeg` (decoded, thrown away) with our halved preview; `floor` (`v4l2-ctl --stream-mmap`, which copies nothing and looks at nothing) with our stream while nobody looks.
";

const NOT_RUN: &str = "
## Not run

- A page with `getUserMedia` in the same WebKitGTK: it finds cameras through GStreamer, which the test camera does not serve.
- A real camera, Windows, macOS, an engine with a graphics card: not on this machine.
";
