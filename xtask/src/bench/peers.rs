//! Other ways to the pictures of a camera, measured in the same run on the same camera. A peer that is missing is a failure that names it.

use std::path::{Path, PathBuf};

use super::figures::Figures;
use super::sampler::{Counting, sample};
use super::{FULL_HD, NODE, Rig};
use crate::process::{Failure, Outcome, must, program, root};

/// The version the figures are compared with.
const OPENCV: &str = "opencv-python-headless==5.0.0.93";
const SIZE: [&str; 4] = ["40", "1920", "1080", "30"];

/// What had to be built or fetched.
pub struct Built {
    naive: PathBuf,
    python: PathBuf,
}

/// Builds the naive chain and makes OpenCV's environment, both below `folder`.
pub fn build(folder: &Path) -> Result<Built, Failure> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let naive = folder.join("naive-camera");
    let manifest = root().join("xtask/peers/naive-camera/Cargo.toml");
    let words = ["build", "--release", "--locked", "--manifest-path", &text(&manifest), "--target-dir", &text(&naive)];
    must(&mut program("cargo", &words)).map_err(|failure| named("the naive chain", &failure))?;
    let environment = folder.join("opencv");
    let python = environment.join("bin/python");
    let there = program(&text(&python), &["-c", "import cv2"]).status().is_ok_and(|status| status.success());
    if !there {
        must(&mut program("python3", &["-m", "venv", &text(&environment)]))
            .map_err(|failure| named("OpenCV", &failure))?;
        must(&mut program(&text(&python), &["-m", "pip", "--quiet", "install", OPENCV]))
            .map_err(|failure| named("OpenCV", &failure))?;
    }
    Ok(Built { naive: naive.join("release/naive-camera"), python })
}

fn named(peer: &str, failure: &Failure) -> Failure {
    Failure::Machine(format!("the peer {peer} is missing: {failure}"))
}

/// Runs all four for so long.
pub fn measure(rig: &Rig, seconds: u32, figures: &mut Figures) -> Outcome {
    let script = root().join("xtask/peers/opencv_camera.py");
    let script = script.to_string_lossy();
    let opencv = [&[script.as_ref()], SIZE.as_slice()].concat();
    let ffmpeg = [
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        "error",
        "-f",
        "v4l2",
        "-input_format",
        "mjpeg",
        "-video_size",
        "1920x1080",
        "-framerate",
        "30",
        "-i",
        NODE,
        "-f",
        "null",
        "-stats_period",
        "0.5",
        "-progress",
        "pipe:1",
        "-",
    ];
    let floor = [
        "-d",
        NODE,
        "--set-fmt-video=width=1920,height=1080,pixelformat=MJPG",
        "--stream-mmap",
        "--stream-to=/dev/null",
    ];
    let (ffmpeg_path, floor_path) = (PathBuf::from("ffmpeg"), PathBuf::from("v4l2-ctl"));
    let peers: [(&str, &Path, &[&str], Counting); 4] = [
        ("naive", &rig.peers.naive, &SIZE, Counting::Lines),
        ("opencv", &rig.peers.python, &opencv, Counting::Lines),
        ("ffmpeg", &ffmpeg_path, &ffmpeg, Counting::Lines),
        ("floor", &floor_path, &floor, Counting::Marks(b'<')),
    ];
    for (name, path, words, counting) in peers {
        println!("peer {name}: {} {}", path.display(), words.join(" "));
        let sampled = sample(rig.on_camera(path, words, FULL_HD), counting, Some(seconds))
            .map_err(|failure| named(name, &failure))?;
        let cost = sampled
            .cost
            .filter(|_| sampled.ended_well)
            .ok_or_else(|| Failure::Step(format!("the peer {name} read no pictures:\n{}", sampled.lines.join("\n"))))?;
        figures.add(&format!("peer_{name}_a_picture"), cost.per_picture_ms, "ms");
        figures.add(&format!("peer_{name}_share"), cost.share_per_cent, "% of a core");
        figures.add(&format!("peer_{name}_rate"), cost.pictures_a_second, "pictures/s");
    }
    Ok(())
}

/// The ratios, like for like: whoever makes a picture of it is compared with our halved preview, the bare stream with ours while nobody looks.
pub fn compare(figures: &mut Figures) {
    for (peer, ours) in [("naive", "halved"), ("opencv", "halved"), ("ffmpeg", "halved"), ("floor", "preview_closed")] {
        let theirs = figures.median(&format!("peer_{peer}_a_picture"));
        let ours = figures.median(&format!("cpu_{ours}_a_picture"));
        if let (Some(theirs), Some(ours)) = (theirs, ours) {
            figures.add(&format!("cpu_{peer}_over_ours"), theirs / ours, "times");
        }
    }
}
