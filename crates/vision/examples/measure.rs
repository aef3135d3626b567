//! Prints what is measured on pictures, one line of JSON each: `measure face|card|face-with-card FILE...`.
//!
//! Beside the measures stand the findings and the hint that the product would give first. Those come from `likeness-capture`,
//! which judges each file as it judges a still before it is sent, with the card expected on the learner's left hand;
//! they are `null` with a reason for a file that is no baseline JPEG, because the product takes no other.
//!
//! A tool for looking at numbers, not part of the product, which never reads a picture from a file.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool answers on its standard output")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides of pictures and clamped pixels: no number here outgrows its type"
)]

use likeness_capture::{CardNeeds, Hand, Mode, Observer, ObserverError, Opinion, Settings};
use likeness_vision::card::{Card, CardAnalyser, CardFormat, Guide};
use likeness_vision::face::{Face, FaceAnalyser, FaceReport};
use likeness_vision::people::Sweep;
use likeness_vision::{Colour, Lens, ModelError, Picture, Plane, PlaneError, Rect};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

#[derive(Debug, thiserror::Error)]
enum MeasureError {
    #[error("usage: measure face|card|face-with-card FILE...")]
    Usage,
    #[error("cannot read {0}: {1}; only JPEG files are read")]
    File(String, image::ImageError),
    #[error("{0}: {1}")]
    Plane(String, PlaneError),
    #[error("cannot read {0}: {1}")]
    Bytes(String, std::io::Error),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Observer(#[from] ObserverError),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), MeasureError> {
    let mut arguments = std::env::args().skip(1);
    let subject = arguments.next().ok_or(MeasureError::Usage)?;
    let (with_face, with_card, mode) = match subject.as_str() {
        "face" => (true, false, Mode::Face),
        "card" => (false, true, Mode::IdCard { needs: CardNeeds::PhotoAndName }),
        "face-with-card" => (true, true, Mode::FaceWithCard { hand: Hand::Left }),
        _ => return Err(MeasureError::Usage),
    };
    let mut faces = FaceAnalyser::new()?;
    let mut cards = CardAnalyser::new();
    let mut observer = Observer::new(mode, Settings::default())?;
    for file in arguments {
        let frame = Frame::read(&file)?;
        let picture = frame.picture().map_err(|problem| MeasureError::Plane(file.clone(), problem))?;
        let lens = Lens::assumed(picture.luma.width(), picture.luma.height());
        let mut line = Map::new();
        line.insert("file".to_owned(), json!(file));
        line.insert("size_px".to_owned(), json!([picture.luma.width(), picture.luma.height()]));
        if with_face {
            faces.forget();
            line.insert("face".to_owned(), face_report(&faces.analyse(&picture, &lens)));
            line.insert("people".to_owned(), json!(faces.people(&picture, Sweep::All).len()));
        }
        if with_card {
            let mut found = cards.analyse(&picture, &lens, &guide(&picture), CardFormat::Id1);
            if let Some(card) = &mut found {
                cards.portrait(&mut faces, &picture, card);
            }
            line.insert("card".to_owned(), found.as_ref().map_or(Value::Null, card_report));
        }
        let bytes = std::fs::read(&file).map_err(|problem| MeasureError::Bytes(file.clone(), problem))?;
        match observer.examine(&bytes) {
            Ok(opinion) => {
                line.insert("findings".to_owned(), findings(&opinion));
                line.insert("complete".to_owned(), json!(opinion.complete));
                line.insert("hint".to_owned(), json!(opinion.first.map(likeness_capture::HintCode::code)));
            }
            Err(problem) => {
                line.insert("findings".to_owned(), Value::Null);
                line.insert("not_judged".to_owned(), json!(problem.to_string()));
            }
        }
        println!("{}", Value::Object(line));
    }
    Ok(())
}

fn findings(opinion: &Opinion) -> Value {
    let all = opinion.findings.iter().map(|(code, finding)| {
        json!({
            "hint": code.code(),
            "gate": finding.gate,
            "value": finding.value,
            "limit": finding.limit,
            "level": finding.level.as_str(),
        })
    });
    all.collect()
}

/// An outline of ID-1 shape in the middle, 0.52 of the frame wide: what the app shows at 1280 pixels.
fn guide(picture: &Picture<'_>) -> Guide {
    let (frame_width, frame_height) = (picture.luma.width() as f32, picture.luma.height() as f32);
    let width = 0.52 * frame_width;
    let height = width / 1.586;
    Guide { outline: Rect { x: (frame_width - width) / 2.0, y: (frame_height - height) / 2.0, width, height } }
}

/// A file as planes of luma and colour, none of them halved.
struct Frame {
    width: u32,
    height: u32,
    planes: [Vec<u8>; 3],
}

impl Frame {
    fn read(file: &str) -> Result<Self, MeasureError> {
        let rgb = image::open(file).map_err(|problem| MeasureError::File(file.to_owned(), problem))?.to_rgb8();
        let mut planes = [Vec::new(), Vec::new(), Vec::new()];
        for pixel in rgb.pixels() {
            let [r, g, b] = pixel.0.map(f32::from);
            // BT.601, full range, as JPEG has it.
            let y = 0.299 * r + 0.587 * g + 0.114 * b;
            let values = [y, (b - y) / 1.772 + 128.0, (r - y) / 1.402 + 128.0];
            for (plane, value) in planes.iter_mut().zip(values) {
                plane.push(value.round().clamp(0.0, 255.0) as u8);
            }
        }
        Ok(Self { width: rgb.width(), height: rgb.height(), planes })
    }

    fn picture(&self) -> Result<Picture<'_>, PlaneError> {
        let [luma, u, v] = &self.planes;
        let plane = |bytes| Plane::new(bytes, self.width, self.height, self.width);
        Ok(Picture {
            luma: plane(luma)?,
            colour: Colour::Planar { u: plane(u)?, v: plane(v)?, shift_x: 0, shift_y: 0 },
        })
    }
}

fn rect(rect: &Rect) -> Value {
    json!([rect.x, rect.y, rect.width, rect.height])
}

fn face_report(report: &FaceReport) -> Value {
    let others: Vec<Value> =
        report.others.iter().map(|other| json!({ "score": other.score, "bounds": rect(&other.bounds) })).collect();
    json!({
        "main": report.main.as_ref().map(main_face),
        "others": others,
        "scene": { "p10": report.scene.p10, "p90": report.scene.p90, "mean": report.scene.mean },
    })
}

fn main_face(face: &Face) -> Value {
    json!({
        "score": face.score,
        "presence": face.presence,
        "bounds": rect(&face.bounds),
        "inter_eye_px": face.inter_eye_px,
        "head_height_ratio": face.head_height_ratio,
        "border_margin": face.border_margin,
        "yaw_degrees": face.yaw_degrees,
        "pitch_degrees": face.pitch_degrees,
        "roll_degrees": face.roll_degrees,
        "eye_white_luma": face.eye_white_luma,
        "eye_contrast": face.eye_contrast,
        "burnt_share": face.burnt_share,
        "background_over_eye": face.background_over_eye,
        "side_light_ratio": face.side_light_ratio,
        "darker_side_is_image_left": face.darker_side_is_image_left,
        "blur": face.blur,
        "mouth_open": face.mouth_open,
        "face_p95_luma": face.face_p95_luma,
        "chroma": face.chroma,
        "distance_mm": face.distance_mm,
    })
}

fn card_report(card: &Card) -> Value {
    json!({
        "corners": card.quad.0.map(|corner| [corner.x, corner.y]),
        "score": card.score,
        "px_per_mm": card.px_per_mm,
        "sigma_mm": card.sigma_mm,
        "sigma_px": card.sigma_px,
        "glare_share": card.glare_share,
        "glare_over_text": card.glare_over_text,
        "median_luma": card.median_luma,
        "p90_luma": card.p90_luma,
        "tilt_degrees": card.tilt_degrees,
        "roll_degrees": card.roll_degrees,
        "border_margin": card.border_margin,
        "text_lines": card.text_lines,
        "capital_height_px": card.capital_height_px,
        "portrait": card.portrait,
        "portrait_bounds": card.portrait_bounds.as_ref().map(rect),
        "upside_down": card.upside_down,
    })
}
