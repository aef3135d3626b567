//! `bench camera`: what the camera and its preview cost and how old their pictures are, beside other ways of doing it.
//!
//! Everything runs on the preloaded test camera with the same pictures, in one go, in release builds. Each step is done three times
//! and the median counts; memory is watched once. Every figure is printed as `figure NAME = VALUE UNIT`, then the gates as PASS or MISS.
//! A MISS fails the command only with `--gate`: on a machine that does other work beside it, it says nothing.
//! `--quick` is for work on the bench itself: one short run, and the page of results is left alone.

mod figures;
mod gates;
mod hints;
mod peers;
mod processor_time;
mod results;
mod sampler;
mod vision;

use std::path::{Path, PathBuf};
use std::process::Command;

use figures::Figures;
use sampler::{Counting, sample};

use crate::process::{Failure, Outcome, must, program, target};
use crate::suites::ONE_FEATURE_SET;
use crate::{Options, machine, page};

/// Where the double shows its camera.
const NODE: &str = "/dev/video40";
/// 1080p as webcams send it.
const FULL_HD: &str = "MJPG 1920x1080@30";
/// The largest that is passed through.
const HD: &str = "MJPG 1280x720@30";
/// The heaviest camera there is (fault C20).
const FOUR_K: &str = "MJPG 3840x2160@60";

/// How long and how often.
struct Plan {
    runs: u32,
    seconds: u32,
    window_seconds: u32,
    memory_seconds: u32,
    opens: u32,
    stalls: u32,
    plugs: u32,
}

impl Plan {
    const FULL: Self =
        Self { runs: 3, seconds: 10, window_seconds: 60, memory_seconds: 600, opens: 20, stalls: 10, plugs: 10 };
    const QUICK: Self =
        Self { runs: 1, seconds: 5, window_seconds: 15, memory_seconds: 60, opens: 5, stalls: 2, plugs: 3 };
}

/// `bench camera|vision [--quick] [--gate]`.
pub fn bench(options: &Options) -> Outcome {
    match options.words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["camera"] => camera(options),
        ["vision"] => vision::bench(options),
        _ => Err(Failure::Usage("There are two benches: `cargo xtask bench camera|vision [--quick] [--gate]`.".into())),
    }
}

fn camera(options: &Options) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Err(Failure::Machine("the bench runs on the preloaded test camera, which exists on Linux only".into()));
    }
    machine::packages(&["build", "window", "bench"], options)?;
    page::build()?;
    let rig = Rig::build()?;
    let plan = if options.quick { Plan::QUICK } else { Plan::FULL };
    let began = results::Surroundings::now();
    let mut figures = Figures::default();
    for run in 1..=plan.runs {
        println!("\n=== run {run} of {}", plan.runs);
        one_run(&rig, &plan, &mut figures)?;
    }
    println!("\n=== memory, for {} s", plan.memory_seconds);
    rig.stream(FULL_HD, &["memory", &plan.memory_seconds.to_string()], false)?.into_iter().for_each(|line| {
        figures.read(&line, "");
    });
    peers::compare(&mut figures);
    println!();
    for line in figures.lines() {
        println!("{line}");
    }
    let verdict = gates::judge(&figures);
    println!();
    for row in &verdict {
        println!("{row}");
    }
    if options.quick {
        println!("\nA quick run: docs/results/camera.md is left as it was.");
    } else {
        results::write(&figures, &verdict, &began, plan.runs)?;
    }
    let missed: Vec<&str> = verdict.iter().filter(|row| !row.passed).map(|row| row.figure).collect();
    match missed.as_slice() {
        [] => Ok(()),
        missed if options.gate => Err(Failure::Step(format!("gates missed: {}", missed.join(" ")))),
        missed => {
            println!("\n{} gates missed; with --gate that would be a failure.", missed.len());
            Ok(())
        }
    }
}

fn one_run(rig: &Rig, plan: &Plan, figures: &mut Figures) -> Outcome {
    let seconds = plan.seconds.to_string();
    let mut step = |mode: &str, words: &[&str], control: bool, prefix: &str, share: Option<&str>| -> Outcome {
        let (lines, cost) = rig.sampled_stream(mode, words, control)?;
        for line in &lines {
            figures.read(line, prefix);
        }
        if let Some(name) = share {
            let cost =
                cost.ok_or_else(|| Failure::Step(format!("`{}`: no cost could be read; {lines:?}", words.join(" "))))?;
            figures.add(&format!("cpu_share_{name}"), cost.share_per_cent, "% of a core");
            figures.add(&format!("cpu_{name}_a_picture"), cost.per_picture_ms, "ms");
        }
        Ok(())
    };
    step(FULL_HD, &["closed", &seconds], false, "", Some("preview_closed"))?;
    step(FULL_HD, &["hand", &seconds], false, "", None)?;
    step(HD, &["preview", &seconds], false, "pass_through", Some("pass_through"))?;
    step(FULL_HD, &["preview", &seconds], false, "halved", Some("halved"))?;
    step(FOUR_K, &["preview", &seconds], false, "4k60", Some("4k60"))?;
    step(FULL_HD, &["still", "60"], false, "", None)?;
    step(FULL_HD, &["open", &plan.opens.to_string()], false, "", None)?;
    step(FULL_HD, &["stop", &plan.opens.to_string()], false, "", None)?;
    let control = rig.control();
    let control = control.to_string_lossy();
    step(FULL_HD, &["stop-stalled", &plan.stalls.to_string(), &control], true, "", None)?;
    step(FULL_HD, &["unplug", &plan.plugs.to_string(), &control], true, "", None)?;
    peers::measure(rig, plan.seconds, figures)?;
    for line in rig.window(FULL_HD, plan.window_seconds)? {
        figures.read(&line, "");
    }
    Ok(())
}

/// Everything that was built for the bench.
pub(crate) struct Rig {
    stream: PathBuf,
    preview: PathBuf,
    double: PathBuf,
    folder: PathBuf,
    peers: peers::Built,
}

impl Rig {
    fn build() -> Result<Self, Failure> {
        must(&mut program("cargo", &["build", "--release", "--package", "likeness-fakev4l2"]))?;
        let (stream, preview) = benches()?;
        let folder = target().join("bench");
        let rig = Self {
            stream,
            preview,
            double: target().join("release/libfakev4l2.so"),
            peers: peers::build(&folder)?,
            folder,
        };
        let pictures = rig.pictures();
        must(&mut program(&rig.preview.to_string_lossy(), &["pictures", &pictures.to_string_lossy()]))?;
        Ok(rig)
    }

    fn pictures(&self) -> PathBuf {
        self.folder.join("pictures")
    }

    /// The file the test camera takes orders from.
    fn control(&self) -> PathBuf {
        self.folder.join("orders")
    }

    /// A command with the test camera in it.
    fn on_camera(&self, name: &Path, words: &[&str], mode: &str) -> Command {
        let mut command = program(&name.to_string_lossy(), words);
        command.env("LD_PRELOAD", &self.double);
        command.env("FAKEV4L2_MODES", mode).env("FAKEV4L2_FRAMES", self.pictures());
        command
    }

    fn sampled_stream(
        &self,
        mode: &str,
        words: &[&str],
        control: bool,
    ) -> Result<(Vec<String>, Option<sampler::Cost>), Failure> {
        let mut command = self.on_camera(&self.stream, words, mode);
        if control {
            let control = self.control();
            std::fs::write(&control, "go")
                .map_err(|error| Failure::Step(format!("{} cannot be written: {error}", control.display())))?;
            command.env("FAKEV4L2_CTL", control);
        }
        println!("stream {} on {mode}", words.join(" "));
        let sampled = sample(command, Counting::Lines, None)?;
        if !sampled.ended_well {
            return Err(Failure::Step(format!("stream {}: {}", words.join(" "), sampled.lines.join("\n"))));
        }
        Ok((sampled.lines, sampled.cost))
    }

    fn stream(&self, mode: &str, words: &[&str], control: bool) -> Result<Vec<String>, Failure> {
        self.sampled_stream(mode, words, control).map(|(lines, _)| lines)
    }

    /// The app's window on a display and a session bus of its own. Only the app itself gets the camera: `tests/bench` sees to that.
    fn window(&self, mode: &str, seconds: u32) -> Result<Vec<String>, Failure> {
        println!("the real window, for {seconds} s on {mode}");
        let (preview, double) = (self.preview.to_string_lossy(), self.double.to_string_lossy());
        let seconds = seconds.to_string();
        let words = ["--", "xvfb-run", "-a", "-s", "-screen 0 1280x800x24", &preview, "preview", &seconds, &double];
        let mut command = program("dbus-run-session", &words);
        command.env("FAKEV4L2_MODES", mode).env("FAKEV4L2_FRAMES", self.pictures()).env_remove("WAYLAND_DISPLAY");
        let sampled = sample(command, Counting::Lines, None)?;
        if sampled.ended_well { Ok(sampled.lines) } else { Err(Failure::Step(sampled.lines.join("\n"))) }
    }
}

/// Builds the two measuring programs in the one feature set and finds where cargo has put them.
fn benches() -> Result<(PathBuf, PathBuf), Failure> {
    let mut command = program("cargo", &["bench", "--no-run", "--bench", "stream", "--bench", "preview"]);
    command.args(ONE_FEATURE_SET);
    let mut built = built_bench(&mut command, &["stream", "preview"])?.into_iter();
    built.next().zip(built.next()).ok_or_else(|| Failure::Step("cargo built too few benches".into()))
}

/// Runs a `cargo bench --no-run` and finds where cargo has put these benches.
fn built_bench(command: &mut Command, names: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    must(command)?;
    let output = command
        .args(["--quiet", "--message-format", "json"])
        .output()
        .map_err(|error| Failure::Machine(format!("cargo could not be started: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let artefacts: Vec<serde_json::Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let find = |name: &&str| {
        let says = |artefact: &serde_json::Value, at: &str, word: &str| {
            artefact.pointer(at).and_then(serde_json::Value::as_str).is_some_and(|said| said == word)
        };
        let ours = artefacts
            .iter()
            .find(|artefact| says(artefact, "/target/name", name) && says(artefact, "/target/kind/0", "bench"));
        let path = ours.and_then(|artefact| artefact.pointer("/executable")?.as_str());
        path.map(PathBuf::from).ok_or_else(|| Failure::Step(format!("cargo built no bench `{name}`")))
    };
    names.iter().map(find).collect()
}
