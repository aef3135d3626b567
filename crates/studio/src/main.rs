//! Draws one named scene into a PNG file and prints what is really in it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use likeness_studio::{SCENE_NAMES, Scene, SceneError, render, scene_named};

/// Why the tool stopped.
#[derive(Debug, thiserror::Error)]
enum StudioError {
    #[error("unknown option {0}. Options: --scene NAME --seed N --size WxH --out FILE.png --list")]
    Option(String),
    #[error("{0} needs a value")]
    Value(&'static str),
    #[error("{0} is not a number the studio can use here")]
    Number(String),
    #[error("no scene is called {0}. --list prints the names")]
    Name(String),
    #[error(transparent)]
    Scene(#[from] SceneError),
    #[error("{path} could not be written: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{path} could not be written: {source}")]
    Png { path: PathBuf, source: png::EncodingError },
}

struct Order {
    scene: Scene,
    out: PathBuf,
}

fn main() -> ExitCode {
    match order(std::env::args().skip(1)).and_then(|order| order.map_or(Ok(()), |order| carry_out(&order))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// What is asked for; `None` when a list was enough.
fn order(mut words: impl Iterator<Item = String>) -> Result<Option<Order>, StudioError> {
    let (mut name, mut seed, mut size, mut out) = ("face-good".to_owned(), 1u64, None, PathBuf::from("frame.png"));
    while let Some(word) = words.next() {
        let number = |text: &str| text.parse().map_err(|_| StudioError::Number(text.to_owned()));
        match word.as_str() {
            "--list" => {
                SCENE_NAMES.iter().for_each(|name| println!("{name}"));
                return Ok(None);
            }
            "--scene" => name = words.next().ok_or(StudioError::Value("--scene"))?,
            "--seed" => {
                let text = words.next().ok_or(StudioError::Value("--seed"))?;
                seed = text.parse().map_err(|_| StudioError::Number(text))?;
            }
            "--size" => {
                let text = words.next().ok_or(StudioError::Value("--size"))?;
                let (w, h) = text.split_once('x').ok_or_else(|| StudioError::Number(text.clone()))?;
                size = Some((number(w)?, number(h)?));
            }
            "--out" => out = words.next().ok_or(StudioError::Value("--out"))?.into(),
            _ => return Err(StudioError::Option(word)),
        }
    }
    let mut scene = scene_named(&name, seed).ok_or(StudioError::Name(name))?;
    if let Some((width_px, height_px)) = size {
        (scene.width_px, scene.height_px) = (width_px, height_px);
    }
    scene.specimen_mark = true;
    Ok(Some(Order { scene, out }))
}

fn carry_out(order: &Order) -> Result<(), StudioError> {
    let mut rgb = Vec::new();
    let truth = render(&order.scene, &mut rgb)?;
    write_png(&order.out, order.scene.width_px, order.scene.height_px, &rgb)?;
    println!("{truth:#?}");
    Ok(())
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
