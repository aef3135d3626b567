//! Draws one named scene into a PNG file and prints what is really in it, or one moment of the practice learner.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use likeness_studio::{PracticeLearner, SCENE_NAMES, Scene, SceneError, Script, render, scene_named};

/// How long the practice learner may take to be drawn, on a very busy machine.
const DRAWN_WITHIN: Duration = Duration::from_mins(5);

/// Why the tool stopped.
#[derive(Debug, thiserror::Error)]
enum StudioError {
    #[error(
        "unknown option {0}. Options: --scene NAME | --script NAME --at-ms N, --seed N --size WxH --out FILE.png --list"
    )]
    Option(String),
    #[error("{0} needs a value")]
    Value(&'static str),
    #[error("{0} is not a number the studio can use here")]
    Number(String),
    #[error("no scene or script is called {0}. --list prints the names")]
    Name(String),
    #[error("the practice learner was not drawn within {}s", DRAWN_WITHIN.as_secs())]
    Slow,
    #[error(transparent)]
    Scene(#[from] SceneError),
    #[error("{path} could not be written: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{path} could not be written: {source}")]
    Png { path: PathBuf, source: png::EncodingError },
}

/// What is to be drawn.
enum Subject {
    Scene(Box<Scene>),
    Practice { script: Script, seed: u64, at: Duration },
}

struct Order {
    subject: Subject,
    out: PathBuf,
}

const SCRIPTS: [(&str, Script); 4] = [
    ("neutral", Script::Neutral),
    ("walk-in", Script::WalkIn),
    ("walk-in-with-card", Script::WalkInWithCard),
    ("id", Script::Id),
];

fn main() -> ExitCode {
    match order(std::env::args().skip(1)).and_then(|order| order.map_or(Ok(()), |order| carry_out(&order))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, StudioError> {
    text.parse().map_err(|_| StudioError::Number(text.to_owned()))
}

/// What is asked for; `None` when a list was enough.
fn order(mut words: impl Iterator<Item = String>) -> Result<Option<Order>, StudioError> {
    let (mut scene_name, mut script_name, mut at_ms) = ("face-good".to_owned(), None, 0);
    let (mut seed, mut size, mut out) = (1u64, None, PathBuf::from("frame.png"));
    while let Some(word) = words.next() {
        let mut value = |option| words.next().ok_or(StudioError::Value(option));
        match word.as_str() {
            "--list" => {
                for name in SCENE_NAMES {
                    println!("--scene {name}");
                }
                for (name, _) in SCRIPTS {
                    println!("--script {name}");
                }
                return Ok(None);
            }
            "--scene" => scene_name = value("--scene")?,
            "--script" => script_name = Some(value("--script")?),
            "--at-ms" => at_ms = number(&value("--at-ms")?)?,
            "--seed" => seed = number(&value("--seed")?)?,
            "--size" => {
                let text = value("--size")?;
                let (w, h) = text.split_once('x').ok_or_else(|| StudioError::Number(text.clone()))?;
                size = Some((number(w)?, number(h)?));
            }
            "--out" => out = value("--out")?.into(),
            _ => return Err(StudioError::Option(word)),
        }
    }
    let subject = if let Some(name) = script_name {
        let (_, script) = SCRIPTS.into_iter().find(|(known, _)| *known == name).ok_or(StudioError::Name(name))?;
        Subject::Practice { script, seed, at: Duration::from_millis(at_ms) }
    } else {
        let mut scene = scene_named(&scene_name, seed).ok_or(StudioError::Name(scene_name))?;
        if let Some((width_px, height_px)) = size {
            (scene.width_px, scene.height_px) = (width_px, height_px);
        }
        scene.specimen_mark = true;
        Subject::Scene(Box::new(scene))
    };
    Ok(Some(Order { subject, out }))
}

fn carry_out(order: &Order) -> Result<(), StudioError> {
    let mut rgb = Vec::new();
    match &order.subject {
        Subject::Scene(scene) => {
            let truth = render(scene, &mut rgb)?;
            println!("{truth:#?}");
            write_png(&order.out, scene.width_px, scene.height_px, &rgb)
        }
        Subject::Practice { script, seed, at } => {
            let mut learner = PracticeLearner::new(*seed, None);
            if !learner.wait_until_drawn(DRAWN_WITHIN) {
                return Err(StudioError::Slow);
            }
            learner.begin(*script);
            learner.draw(*at, &mut rgb);
            println!("{script:?} at {at:?}: {:?}", script.moment_at(*at));
            let (width_px, height_px) = learner.size_px();
            write_png(&order.out, u32::from(width_px), u32::from(height_px), &rgb)
        }
    }
}

fn write_png(path: &Path, width_px: u32, height_px: u32, rgb: &[u8]) -> Result<(), StudioError> {
    let file = File::create(path).map_err(|source| StudioError::Write { path: path.to_owned(), source })?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), width_px, height_px);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(rgb))
        .map_err(|source| StudioError::Png { path: path.to_owned(), source })
}
