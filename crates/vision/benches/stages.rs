//! What the public functions cost on this machine, on drawn frames with known truth: `figure NAME = VALUE UNIT`, a line each.
//!
//! Usage: `stages FOLDER`. The frames are left in FOLDER (`face-*.ppm`, `face-*.pgm`), so that other programs can be measured on
//! the same ones. Times are those the processor spent on this thread, which other programs on the machine lengthen least.
#![allow(clippy::print_stdout, reason = "a bench answers on its standard output")]
#![allow(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "drawn frames of known size and times of known number"
)]

use std::error::Error;
use std::path::{Path, PathBuf};

use image::ImageEncoder;
use image::codecs::jpeg::JpegEncoder;
use likeness_studio::{CardLayout, RoomStyle, Scene, Truth};
use likeness_vision::card::{CardAnalyser, CardFormat, Guide};
use likeness_vision::face::FaceAnalyser;
use likeness_vision::people::Sweep;
use likeness_vision::{Colour, Lens, Picture, Plane, Rect};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

type Failed = Box<dyn Error>;

/// The size the bars are set at.
const FULL_HD: (u32, u32) = (1920, 1080);
/// The size the peers are compared at.
const SMALL: (u32, u32) = (640, 480);
/// Seeds of the drawn frames.
const SMALL_SEEDS: [u64; 4] = [1, 2, 3, 4];
const FULL_SEEDS: [u64; 2] = [7, 8];
/// Calls of each kind that are measured, after as many that are not.
const CALLS: usize = 60;
/// Width of the guide for cards, as a share of a full HD frame (design of the ID photo's screen).
const GUIDE_SHARE: f32 = 0.40;
const CARD_RATIO: f32 = 85.60 / 53.98;

fn main() -> Result<(), Failed> {
    // Cargo hands `--bench` to every bench.
    let folder = std::env::args().skip(1).find(|word| !word.starts_with('-')).ok_or("usage: stages FOLDER")?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let small = frames(&SMALL_SEEDS, |seed| Scene::face(seed, SMALL.0, SMALL.1))?;
    let full = frames(&FULL_SEEDS, |seed| Scene::face(seed, FULL_HD.0, FULL_HD.1))?;
    let cards = |share: f32, pitch_deg: f32| {
        frames(&FULL_SEEDS, |seed| {
            let mut scene = Scene::id(seed, FULL_HD.0, FULL_HD.1, CardLayout::PhotoAndName);
            let distance_mm = scene.distance_for_card_share_mm(share);
            scene.card.iter_mut().for_each(|card| (card.distance_mm, card.pitch_deg) = (distance_mm, pitch_deg));
            scene
        })
    };
    let guided = cards(0.92 * GUIDE_SHARE, 0.0)?;
    let (too_near, tilted) = (cards(1.35 * GUIDE_SHARE, 0.0)?, cards(GUIDE_SHARE, 38.0)?);
    let empty = frames(&FULL_SEEDS, |seed| {
        let mut scene = Scene::empty(seed, FULL_HD.0, FULL_HD.1);
        scene.room = RoomStyle::Shelf;
        scene
    })?;
    for (frame, seed) in small.iter().zip(SMALL_SEEDS) {
        frame.leave(&folder, &format!("face-{seed}"))?;
    }
    faces("", &full)?;
    faces("_640x480", &small)?;
    card("card_analysis", &guided, true)?;
    // Three sizes of outline are searched, which is the dearest case there is with a card in the frame.
    card("card_analysis_too_near", &too_near, true)?;
    card("card_analysis_tilted", &tilted, true)?;
    // Every way a card may be held is searched for.
    card("card_analysis_no_card", &empty, false)?;
    luma_decode(&full)
}

/// Detector alone, detector and mesh on a frame nothing is known about, and frame after frame of one stream.
fn faces(suffix: &str, frames: &[Frame]) -> Result<(), Failed> {
    let mut analyser = FaceAnalyser::new()?;
    let pictures = frames.iter().map(Frame::picture).collect::<Result<Vec<_>, _>>()?;
    let lens = frames[0].lens();
    for picture in &pictures {
        analyser.forget();
        if analyser.analyse(picture, &lens).main.is_none() {
            return Err("a measured frame shows no face to us".into());
        }
    }
    let found =
        pictures.iter().filter(|picture| analyser.find(picture, None).iter().any(|face| face.score >= 0.6)).count();
    figure(&format!("detector_found{suffix}"), found as f64, "frames");
    measure(&format!("detector{suffix}"), |call| {
        std::hint::black_box(analyser.find(&pictures[call % pictures.len()], None));
    });
    measure(&format!("face_from_nothing{suffix}"), |call| {
        analyser.forget();
        std::hint::black_box(analyser.analyse(&pictures[call % pictures.len()], &lens));
    });
    let mut calls = 0;
    measure(&format!("face_analysis{suffix}"), |_| {
        // Long enough on each frame that following it is what is measured.
        let picture = &pictures[calls / CALLS % pictures.len()];
        calls += 1;
        std::hint::black_box(analyser.analyse(picture, &lens));
    });
    measure(&format!("people_next{suffix}"), |call| {
        std::hint::black_box(analyser.people(&pictures[call % pictures.len()], Sweep::Next));
    });
    Ok(())
}

fn card(name: &str, frames: &[Frame], shows_card: bool) -> Result<(), Failed> {
    let mut analyser = CardAnalyser::new();
    let pictures = frames.iter().map(Frame::picture).collect::<Result<Vec<_>, _>>()?;
    let lens = frames[0].lens();
    let (width, height) = (FULL_HD.0 as f32, FULL_HD.1 as f32);
    let guide_width = GUIDE_SHARE * width;
    let guide_height = guide_width / CARD_RATIO;
    let outline = Rect {
        x: (width - guide_width) / 2.0,
        y: (height - guide_height) / 2.0,
        width: guide_width,
        height: guide_height,
    };
    let guide = Guide { outline };
    let found = pictures.iter().filter(|picture| analyser.analyse(picture, &lens, &guide, CardFormat::Id1).is_some());
    let found = found.count();
    figure(&format!("{name}_found"), found as f64, "frames");
    if found != if shows_card { pictures.len() } else { 0 } {
        return Err(format!(
            "{name}: a card is seen in {found} of {} frames, so this is not what is timed",
            pictures.len()
        )
        .into());
    }
    measure(name, |call| {
        std::hint::black_box(analyser.analyse(&pictures[call % pictures.len()], &lens, &guide, CardFormat::Id1));
    });
    Ok(())
}

/// What it costs to get the luma out of a camera's JPEG, with the strict decoder the photo itself goes through.
fn luma_decode(frames: &[Frame]) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    let frame = &frames[0];
    JpegEncoder::new_with_quality(&mut bytes, 88).write_image(
        &frame.rgb,
        frame.width,
        frame.height,
        image::ExtendedColorType::Rgb8,
    )?;
    let mut luma = vec![0; (frame.width * frame.height) as usize];
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decode = || JpegDecoder::new_with_options(ZCursor::new(&bytes), options).decode_into(&mut luma);
    decode().map_err(|problem| format!("the drawn JPEG is refused: {problem:?}"))?;
    measure("luma_decode", |_| {
        std::hint::black_box(decode().is_ok());
    });
    Ok(())
}

/// Mean, median and 95th percentile of a call, milliseconds of this thread's processor time.
fn measure(name: &str, mut call: impl FnMut(usize)) {
    (0..CALLS).for_each(&mut call);
    let mut times_ms: Vec<f64> = (0..CALLS)
        .map(|index| {
            let before = processor_ms();
            call(index);
            processor_ms() - before
        })
        .collect();
    times_ms.sort_by(f64::total_cmp);
    figure(name, times_ms.iter().sum::<f64>() / CALLS as f64, "ms");
    figure(&format!("{name}_p50"), times_ms[CALLS / 2], "ms");
    figure(&format!("{name}_p95"), times_ms[CALLS * 95 / 100], "ms");
}

fn figure(name: &str, value: f64, unit: &str) {
    println!("figure {name} = {value:.3} {unit}");
}

/// How long the processor has worked on this thread.
#[cfg(unix)]
fn processor_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Elsewhere the clock on the wall must do.
#[cfg(not(unix))]
#[allow(clippy::disallowed_methods, reason = "time is what is measured here")]
fn processor_ms() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3
}

/// A drawn frame: as the peers read it, and as the measures do.
struct Frame {
    truth: Truth,
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

fn frames(seeds: &[u64], scene: impl Fn(u64) -> Scene) -> Result<Vec<Frame>, Failed> {
    seeds.iter().map(|seed| Frame::new(&scene(*seed))).collect()
}

impl Frame {
    fn new(scene: &Scene) -> Result<Self, Failed> {
        let mut rgb = Vec::new();
        let truth = likeness_studio::render(scene, &mut rgb)?;
        let (width, height) = (scene.width_px, scene.height_px);
        let yuv = |at: usize| {
            let [r, g, b] = [0, 1, 2].map(|part| f32::from(rgb[3 * at + part]));
            let y = 0.299 * r + 0.587 * g + 0.114 * b;
            [y, (b - y) / 1.772 + 128.0, (r - y) / 1.402 + 128.0].map(|value| value.round().clamp(0.0, 255.0) as u8)
        };
        let luma = (0..(width * height) as usize).map(|at| yuv(at)[0]).collect();
        let corners = (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (2 * y * width + 2 * x) as usize));
        let (blue, red) = corners.map(|at| (yuv(at)[1], yuv(at)[2])).unzip();
        Ok(Self { truth, width, height, rgb, luma, blue, red })
    }

    fn picture(&self) -> Result<Picture<'_>, Failed> {
        let half = |bytes| Plane::new(bytes, self.width / 2, self.height / 2, self.width / 2);
        let luma = Plane::new(&self.luma, self.width, self.height, self.width)?;
        let colour = Colour::Planar { u: half(&self.blue)?, v: half(&self.red)?, shift_x: 1, shift_y: 1 };
        Ok(Picture { luma, colour })
    }

    fn lens(&self) -> Lens {
        Lens { focal_px: self.truth.focal_px, known: true, ..Lens::assumed(self.width, self.height) }
    }

    /// As portable pixmap and graymap, which need no encoder.
    fn leave(&self, folder: &Path, name: &str) -> Result<(), Failed> {
        let file = |kind: &str, pixels: &[u8]| {
            [format!("{kind}\n{} {}\n255\n", self.width, self.height).as_bytes(), pixels].concat()
        };
        std::fs::write(folder.join(format!("{name}.ppm")), file("P6", &self.rgb))?;
        std::fs::write(folder.join(format!("{name}.pgm")), file("P5", &self.luma))?;
        Ok(())
    }
}
