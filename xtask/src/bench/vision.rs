//! `bench vision`: what looking at a face and at a card costs, and what other programs need for the same work.
//!
//! The frames are drawn once, by the measuring program itself, and all peers get the same ones. Everything but the hints runs on one thread, three
//! times in turn, ours and theirs; the median of each figure counts. A peer that is missing fails the bench and is named.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::figures::{Figures, short};
use super::hints::Hints;
use super::results::Surroundings;
use crate::process::{Failure, Outcome, must, program, root, target};
use crate::{Options, machine, page};

/// Brings OpenCV 4.11 along, and is the last line of releases with the solutions that are compared.
const MEDIAPIPE: &str = "mediapipe==0.10.21";
/// The newest Python it is built for is 3.12; this one is tried first because Debian 12 has it.
const PYTHONS: [&str; 3] = ["python3.11", "python3.12", "python3"];
const RUNS: u32 = 3;

/// A figure that must stay on its side of a limit.
struct Gate {
    figure: &'static str,
    limit: f64,
    /// Is more better?
    least: bool,
    meaning: &'static str,
}

const GATES: [Gate; 9] = [
    Gate {
        figure: "face_analysis",
        limit: 7.0,
        least: false,
        meaning: "a frame at 1080p with a face that is followed, mean",
    },
    Gate {
        figure: "card_analysis",
        limit: 8.0,
        least: false,
        meaning: "a frame at 1080p with a card in the guide, mean",
    },
    Gate { figure: "rustface_over_ours", limit: 5.0, least: true, meaning: "finding faces at 640x480: rustface 0.1.7" },
    Gate {
        figure: "haar_over_ours",
        limit: 3.0,
        least: true,
        meaning: "finding faces at 640x480: OpenCV's Haar cascade",
    },
    Gate {
        figure: "mediapipe_detector_over_ours",
        limit: 1.0,
        least: true,
        meaning: "finding faces at 640x480: the same detector in MediaPipe",
    },
    Gate {
        figure: "mediapipe_over_ours",
        limit: 1.0,
        least: true,
        meaning: "detector and mesh at 640x480 on a frame nothing is known about: the same two in MediaPipe",
    },
    Gate {
        figure: "hint_latency_p95",
        limit: 100.0,
        least: false,
        meaning: "a picture at 1080p is due in the driver -> its hint is out, worst of three subjects",
    },
    Gate { figure: "looks_a_second", limit: 10.0, least: true, meaning: "pictures analysed meanwhile, least of three" },
    Gate {
        figure: "preview_rate_beside",
        limit: 29.0,
        least: true,
        meaning: "previews a second reader got meanwhile, of 30 a second, least of three",
    },
];

/// Peer's figure, ours, and the name of the ratio.
const RATIOS: [(&str, &str, &str); 5] = [
    ("peer_rustface", "detector_640x480", "rustface_over_ours"),
    ("peer_haar", "detector_640x480", "haar_over_ours"),
    ("peer_mediapipe_detector", "detector_640x480", "mediapipe_detector_over_ours"),
    ("peer_mediapipe_detector_and_mesh", "face_from_nothing_640x480", "mediapipe_over_ours"),
    ("peer_mediapipe_following", "face_analysis_640x480", "mediapipe_following_over_ours"),
];

/// `bench vision [--quick] [--gate]`.
pub fn bench(options: &Options) -> Outcome {
    machine::packages(&["build"], options)?;
    page::install()?;
    let folder = target().join("bench-vision");
    let began = Surroundings::now();
    let peers = Peers::build(&folder)?;
    let hints = Hints::build(&folder)?;
    let mut figures = Figures::default();
    let runs = if options.quick { 1 } else { RUNS };
    for run in 1..=runs {
        println!("\n=== run {run} of {runs}");
        one_run(&peers, &folder, &mut figures)?;
        if let Some(hints) = &hints {
            hints.one_run(&mut figures)?;
        }
    }
    Hints::worst(&mut figures);
    networks(&mut figures)?;
    for (theirs, ours, name) in RATIOS {
        if let (Some(theirs), Some(ours)) = (figures.median(theirs), figures.median(ours)) {
            figures.add(name, theirs / ours, "times");
        }
    }
    println!();
    for line in figures.lines() {
        println!("{line}");
    }
    println!();
    let missed: Vec<&str> = GATES.iter().filter(|gate| !gate.is_met(&figures)).map(|gate| gate.figure).collect();
    for gate in &GATES {
        println!("{}", gate.row(&figures));
    }
    if options.quick {
        println!("\nA quick run: docs/results/vision.md is left as it was.");
    } else {
        write_page(&figures, &began, runs)?;
    }
    match missed.as_slice() {
        [] => Ok(()),
        missed if options.gate => Err(Failure::Step(format!("gates missed: {}", missed.join(" ")))),
        missed => {
            println!("\n{} gates missed; with --gate that would be a failure.", missed.len());
            Ok(())
        }
    }
}

impl Gate {
    fn is_met(&self, figures: &Figures) -> bool {
        let good = |value: f64| if self.least { value >= self.limit } else { value <= self.limit };
        figures.median(self.figure).is_some_and(good)
    }

    fn row(&self, figures: &Figures) -> String {
        let word = if self.is_met(figures) { "PASS" } else { "MISS" };
        let measured = figures.median(self.figure).map_or_else(|| "not measured".to_owned(), short);
        let limit = format!("{} {}", if self.least { ">=" } else { "<=" }, short(self.limit));
        format!("| `{}` | {measured} | {limit} | {word} | {} |", self.figure, self.meaning)
    }
}

fn one_run(peers: &Peers, folder: &Path, figures: &mut Figures) -> Outcome {
    let frames = folder.join("frames");
    let frames_word = frames.to_string_lossy().into_owned();
    let words = ["bench", "--quiet", "--package", "likeness-vision", "--bench", "stages", "--", frames_word.as_str()];
    read(figures, "cargo", &words, "our own bench")?;
    let of_kind = |kind: &str| -> Result<Vec<String>, Failure> {
        let unread = |error: std::io::Error| Failure::Step(format!("{} cannot be read: {error}", frames.display()));
        let mut files: Vec<String> = fs::read_dir(&frames)
            .map_err(unread)?
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == kind))
            .map(|entry| entry.path().to_string_lossy().into_owned())
            .collect();
        files.sort();
        Ok(files)
    };
    let script = root().join("xtask/peers/vision/peers.py");
    let python = [vec![script.to_string_lossy().into_owned()], of_kind("ppm")?].concat();
    read(figures, &peers.python.to_string_lossy(), &python, "OpenCV and MediaPipe")?;
    let rustface = [vec![peers.model.to_string_lossy().into_owned()], of_kind("pgm")?].concat();
    read(figures, &peers.rustface.to_string_lossy(), &rustface, "rustface")
}

/// The two networks alone, on every compilation of the kernels this machine can run.
fn networks(figures: &mut Figures) -> Outcome {
    let test = "cost::cost_of_the_networks";
    let words = [
        "test",
        "--quiet",
        "--release",
        "--package",
        "likeness-vision",
        "--lib",
        test,
        "--",
        "--ignored",
        "--nocapture",
    ];
    read(figures, "cargo", &words, "the networks alone")
}

/// Runs a program and takes in the figures it prints; it must print some.
fn read<Word: AsRef<str>>(figures: &mut Figures, name: &str, words: &[Word], what: &str) -> Outcome {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    take_figures(figures, &mut program(name, &words), what)
}

/// Runs this command and takes in the figures it prints; it must print some.
pub(super) fn take_figures(figures: &mut Figures, command: &mut Command, what: &str) -> Outcome {
    println!("{what}");
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| Failure::Machine(format!("{name}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("figure ")).collect();
    if !output.status.success() || lines.is_empty() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::Step(format!("{what} measured nothing:\n{text}\n{why}")));
    }
    for line in lines {
        figures.read(line, "");
    }
    Ok(())
}

/// The other programs, built or fetched below the folder of the bench.
struct Peers {
    python: PathBuf,
    rustface: PathBuf,
    model: PathBuf,
}

impl Peers {
    fn build(folder: &Path) -> Result<Self, Failure> {
        let named = |peer: &'static str| {
            move |failure: Failure| Failure::Machine(format!("the peer {peer} is missing: {failure}"))
        };
        let manifest = root().join("xtask/peers/vision/rustface/Cargo.toml");
        let (manifest, built) = (manifest.to_string_lossy().into_owned(), folder.join("rustface"));
        let built_word = built.to_string_lossy().into_owned();
        let words = ["build", "--release", "--locked", "--manifest-path", &manifest, "--target-dir", &built_word];
        must(&mut program("cargo", &words)).map_err(named("rustface"))?;
        Ok(Self {
            python: mediapipe(folder).map_err(named("MediaPipe"))?,
            rustface: built.join("release/rustface-peer"),
            model: model(&manifest)?,
        })
    }
}

/// A Python with MediaPipe in it.
fn mediapipe(folder: &Path) -> Result<PathBuf, Failure> {
    let environment = folder.join("mediapipe");
    let python = environment.join("bin/python");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let has_it =
        || program(&text(&python), &["-c", "import mediapipe"]).output().is_ok_and(|output| output.status.success());
    if has_it() {
        return Ok(python);
    }
    let version = |name: &&&str| program(name, &["--version"]).output().is_ok_and(|output| output.status.success());
    let Some(base) = PYTHONS.iter().find(version) else {
        return Err(Failure::Machine(
            "Python 3.11 or 3.12 with venv. Type:\n  sudo apt-get install -y python3-venv".into(),
        ));
    };
    must(&mut program(base, &["-m", "venv", &text(&environment)]))?;
    must(&mut program(&text(&python), &["-m", "pip", "--quiet", "install", MEDIAPIPE]))?;
    Ok(python)
}

/// The model lies in rustface's own package, wherever cargo has unpacked it.
fn model(manifest: &str) -> Result<PathBuf, Failure> {
    let words = ["metadata", "--format-version", "1", "--manifest-path", manifest];
    let output = program("cargo", &words).output().map_err(|error| Failure::Machine(format!("cargo: {error}")))?;
    let told: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| Failure::Step(format!("cargo metadata: {error}")))?;
    let packages = told.pointer("/packages").and_then(serde_json::Value::as_array).into_iter().flatten();
    let of = |package: &serde_json::Value, at: &str| Some(package.pointer(at)?.as_str()?.to_owned());
    let rustface = packages.clone().find(|package| of(package, "/name").as_deref() == Some("rustface"));
    let place = rustface.and_then(|package| of(package, "/manifest_path")).map(PathBuf::from);
    let model = place.and_then(|place| Some(place.parent()?.join("model/seeta_fd_frontal_v1.0.bin")));
    model.filter(|model| model.is_file()).ok_or_else(|| Failure::Step("rustface's package holds no model".into()))
}

fn write_page(figures: &Figures, began: &Surroundings, runs: u32) -> Outcome {
    let path = root().join("docs/results/vision.md");
    let page = page_text(figures, began, runs).map_err(|error| Failure::Step(error.to_string()))?;
    fs::write(&path, page).map_err(|error| Failure::Step(format!("{} cannot be written: {error}", path.display())))
}

fn page_text(figures: &Figures, began: &Surroundings, runs: u32) -> Result<String, std::fmt::Error> {
    let mut text = began.heading("Faces and cards: what looking costs", "cargo xtask bench vision");
    writeln!(text, "\n{}\n", HOW.trim())?;
    writeln!(text, "## Gates\n\nMedians of {runs} runs.\n")?;
    writeln!(text, "| Figure | Measured | Gate | | What it is |\n|---|---|---|---|---|")?;
    for gate in &GATES {
        writeln!(text, "{}", gate.row(figures))?;
    }
    writeln!(text, "\n## Every figure\n")?;
    for line in figures.lines() {
        writeln!(text, "    {line}")?;
    }
    writeln!(text, "\n{}", LIMITS.trim())?;
    Ok(text)
}

const HOW: &str = "
## How

Times are milliseconds of processor time of one thread (ours) or of all threads of the process (theirs, so that no pool of threads hides anything). All are told to use one thread.
The frames are drawn by the studio; everybody gets the same ones. At 640x480 four heads, at 1080p two heads and two cards.

| Compared | Ours | Theirs |
|---|---|---|
| finding faces | `detector_640x480`: one run over the whole frame, averages and boxes included | `peer_mediapipe_detector`: `FaceDetection.process`, the same network; `peer_haar`: `detectMultiScale(1.1, 3)`; `peer_rustface`: its example's settings, faces from 40 pixels |
| detector and mesh | `face_from_nothing_640x480`: all of the analysis of a frame of an unknown stream: detector, mesh, and every measure on top | `peer_mediapipe_detector_and_mesh`: `FaceMesh(static_image_mode=True).process`, the same two networks, no measures |
| following | `face_analysis_640x480`: mesh on each frame, detector on each fifth, every measure | `peer_mediapipe_following`: `FaceMesh(static_image_mode=False).process` |

MediaPipe gets RGB and ours luma with halved colour, as each is used. MediaPipe is called from Python, which carries the frame into its graph: the cost of that is in its figure, as it is for everybody who uses it so.
`face_analysis` and `card_analysis` are means over frames that are analysed, at 1080p. They exclude decoding the camera's JPEG, which stands beside them as `luma_decode` (zune-jpeg, luma only, the strict decoder of the photo itself).
`detector_widest`, `_wide`, `_base` and the same of the mesh are the networks alone: with AVX-512, with AVX2, with what every processor has.
`hint_latency_*` is time on the clock: from the moment a 1080p picture is due in the driver of the test camera to the answer of the real looking thread, in each mode, while a second reader asks for the preview of every picture as the window does. The worst mode is the figure.
`peer_laplacian` and `peer_mean_luma` are the blur and light checks open web kits make; they answer far less and are here as a yardstick.
";

const LIMITS: &str = "
## What this does not say

Drawn frames, one machine, one system. Nothing was measured on ARM, Windows or macOS. How well faces and cards are found is in `docs/results/guidance.md`.
";
