//! The drawn pieces that practice frames are put together from, made once by a thread of their own.
//!
//! Heads take the time: each is kept in the cache folder as a PNG file named after the drawing's version and the seed,
//! and read back the next time. A file that is missing, damaged or of another size is drawn again;
//! a folder that cannot be written only costs time. Cards are cheap and are printed anew.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::DRAWING_VERSION;
use crate::card::Design;
use crate::geometry::Pinhole;
use crate::hand::hand;
use crate::looks::Looks;
use crate::march::{Lamps, Sitter};
use crate::picture::{CutOut, Picture, UNIT, linear, srgb};
use crate::render::BASE_EXPOSURE;
use crate::room::room;
use crate::scene::{CardLayout, Learner, Light, RoomStyle};
use crate::sheet::{Drawing, Sheet};

/// Pixels per millimetre of the first, quick drawing: enough for a learner who is still too far away.
const QUICK_PX_PER_MM: f32 = 1.05;
/// Pixels per millimetre at the eyes' depth: between the usual face photo and the nearer one with the card.
const HEAD_PX_PER_MM: f32 = 2.1;
/// From where the head is seen; perspective of someone sitting at a laptop.
const SEEN_FROM_MM: f32 = 560.0;
/// Density of cards at their finest.
const CARD_PX_PER_MM: f32 = 16.0;
/// Density of the hand: it is smooth, and a little less sharp than the card before it.
const HAND_PX_PER_MM: f32 = 6.0;
/// Blur of the learner behind a card that the lens is focused on, as a share of the picture's height.
const BEHIND_CARD_BLUR: f32 = 0.016;

/// The whole person; what the other heads replace. Millimetres from the point between the eyes, Y down.
const BODY: Area = Area { left: -250.0, top: -178.0, right: 250.0, bottom: 430.0 };
/// Both eyes with lids and lashes.
const EYES: Area = Area { left: -56.0, top: -17.0, right: 56.0, bottom: 15.0 };
/// Everything that moves when the head turns.
const HEAD: Area = Area { left: -150.0, top: -178.0, right: 150.0, bottom: 232.0 };

/// How far the turned heads are turned, in degrees; the front is 0.
pub(crate) const TURNS_DEG: [f32; 4] = [6.0, 12.0, 18.0, 24.0];

/// A rectangle in millimetres from the point between the eyes, Y down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

/// A head or part of one, and the area in which it replaces the whole person.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) sheet: Arc<Sheet>,
    pub(crate) area: Area,
}

/// What is ready so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) front: Option<Head>,
    pub(crate) half_blink: Option<Head>,
    pub(crate) blink: Option<Head>,
    pub(crate) turned: [Option<Head>; 4],
    pub(crate) hand: Option<Arc<Sheet>>,
    pub(crate) photo_and_name: Option<Arc<Sheet>>,
    pub(crate) photo_only: Option<Arc<Sheet>>,
    pub(crate) name_only: Option<Arc<Sheet>>,
    /// Room and learner out of focus.
    pub(crate) behind_card: Option<Arc<Backdrop>>,
    all: bool,
}

/// A whole background in 16-bit linear light.
#[derive(Clone, Debug)]
pub(crate) struct Backdrop {
    pub(crate) px: Vec<[u16; 3]>,
}

impl Backdrop {
    pub(crate) fn new(picture: &Picture) -> Self {
        Self { px: picture.px.iter().map(|px| px.map(|v| (v * UNIT).clamp(0.0, 65_535.0) as u16)).collect() }
    }
}

/// The room at practice size, in final light. Drawn at half size: it is out of focus anyway.
pub(crate) fn practice_room(seed: u64, w: usize, h: usize) -> Picture {
    room(seed, w / 2, h / 2, RoomStyle::Shelf, 1.0).doubled(w, h)
}

/// Pieces shared between the thread that makes them and the one that draws.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pieces: Mutex<Pieces>,
    changed: Condvar,
    stop: AtomicBool,
}

impl Stage {
    pub(crate) fn pieces(&self) -> Pieces {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn put(&self, change: impl FnOnce(&mut Pieces)) {
        change(&mut self.pieces.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits until `enough` or the time is over; says whether it is enough.
    pub(crate) fn wait(&self, within: Duration, enough: impl Fn(&Pieces) -> bool) -> bool {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(pieces, within, |pieces| !enough(pieces));
        let (pieces, _) = waited.unwrap_or_else(PoisonError::into_inner);
        enough(&pieces)
    }
}

impl Pieces {
    pub(crate) fn complete(&self) -> bool {
        self.all
    }
}

/// Makes the pieces in the order in which they are needed.
pub(crate) struct Maker {
    pub(crate) stage: Arc<Stage>,
    pub(crate) seed: u64,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) size: (usize, usize),
}

impl Maker {
    /// `None` as soon as the stage is told to stop.
    pub(crate) fn make_all(&self) -> Option<()> {
        let learner = Learner { distance_mm: SEEN_FROM_MM, right_mm: 0.0, up_mm: 0.0, ..Learner::of(self.seed) };
        let quick = self.head("quick", &learner, BODY, QUICK_PX_PER_MM)?;
        self.stage.put(|pieces| pieces.front = Some(quick));
        let front = self.head("front", &learner, BODY, HEAD_PX_PER_MM)?;
        self.stage.put(|pieces| pieces.front = Some(front.clone()));
        let lamps = Lamps::new(&Light::default());
        let hand = Arc::new(hand(&learner.looks, &lamps, 0.0, HAND_PX_PER_MM));
        self.stage.put(|pieces| pieces.hand = Some(hand));
        let behind = self.behind_card(&front);
        self.stage.put(|pieces| pieces.behind_card = Some(behind));
        let half = self.head("half-blink", &Learner { eyes_open: 0.42, ..learner.clone() }, EYES, HEAD_PX_PER_MM)?;
        let shut = self.head("blink", &Learner { eyes_open: 0.0, ..learner.clone() }, EYES, HEAD_PX_PER_MM)?;
        self.stage.put(|pieces| (pieces.half_blink, pieces.blink) = (Some(half), Some(shut)));
        for (index, yaw_deg) in TURNS_DEG.into_iter().enumerate() {
            let turned = self.head(
                &format!("turned-{yaw_deg:.0}"),
                &Learner { yaw_deg, ..learner.clone() },
                HEAD,
                HEAD_PX_PER_MM,
            )?;
            self.stage.put(|pieces| pieces.turned[index] = Some(turned));
        }
        let photo_and_name = self.card(CardLayout::PhotoAndName, &learner.looks)?;
        self.stage.put(|pieces| pieces.photo_and_name = Some(photo_and_name));
        let photo_only = self.card(CardLayout::PhotoOnly, &learner.looks)?;
        self.stage.put(|pieces| pieces.photo_only = Some(photo_only));
        let name_only = self.card(CardLayout::NameOnly, &learner.looks)?;
        self.stage.put(|pieces| (pieces.name_only, pieces.all) = (Some(name_only), true));
        Some(())
    }

    fn head(&self, name: &str, learner: &Learner, area: Area, px_per_mm: f32) -> Option<Head> {
        let frame = Frame::new(area, px_per_mm);
        let path = self
            .cache_dir
            .as_ref()
            .map(|folder| folder.join(format!("learner-{DRAWING_VERSION}-{:016x}-{name}.png", self.seed)));
        let kept = path.as_deref().and_then(|path| read_plate(path, frame.w, frame.h));
        let plate = if let Some(plate) = kept {
            plate
        } else {
            let eye = Pinhole {
                f_px: px_per_mm * SEEN_FROM_MM,
                cx: -frame.left_mm * px_per_mm,
                cy: -frame.top_mm * px_per_mm,
            };
            let light = Light::default();
            let cut_out = Sitter::new(learner, &light, eye).draw(0, 0, frame.w, frame.h, &self.stage.stop)?;
            let plate = to_plate(&cut_out);
            if let Some(path) = &path {
                // A cache that cannot be written only costs the next start its time.
                let _unwritten = write_plate(path, frame.w, frame.h, &plate);
            }
            plate
        };
        Some(Head { sheet: Arc::new(Sheet::new(&frame.drawing(&plate))), area })
    }

    fn card(&self, layout: CardLayout, looks: &Looks) -> Option<Arc<Sheet>> {
        Design::new(self.seed, layout).print(looks, CARD_PX_PER_MM, &self.stage.stop).map(Arc::new)
    }

    fn behind_card(&self, front: &Head) -> Arc<Backdrop> {
        let (w, h) = self.size;
        let mut picture = practice_room(self.seed, w, h);
        let scale = 0.30 * h as f32 / crate::scene::EYES_TO_CHIN_MM;
        let place = super::similarity(scale, (w as f32 * 0.5, h as f32 * 0.40));
        front.sheet.lay(&mut picture, &place, scale, 1.0);
        picture.blur(h as f32 * BEHIND_CARD_BLUR);
        Arc::new(Backdrop::new(&picture))
    }
}

/// The pixel grid of an area, two pixels wider than the area on every side.
struct Frame {
    px_per_mm: f32,
    left_mm: f32,
    top_mm: f32,
    w: usize,
    h: usize,
}

impl Frame {
    fn new(area: Area, px_per_mm: f32) -> Self {
        // Whole pixels from the person's own grid, so that parts lie on the whole without a seam.
        let grid = |mm: f32| (mm * px_per_mm).round();
        let (left, top) = (grid(area.left) - 2.0, grid(area.top) - 2.0);
        Self {
            px_per_mm,
            left_mm: left / px_per_mm,
            top_mm: top / px_per_mm,
            w: (grid(area.right) + 2.0 - left) as usize,
            h: (grid(area.bottom) + 2.0 - top) as usize,
        }
    }

    fn drawing(&self, plate: &[u8]) -> Drawing {
        let light: Vec<f32> = (0..=255u8).map(|v| linear(f32::from(v) / 255.0)).collect();
        let px = plate
            .chunks_exact(4)
            .map(|p| {
                [light[usize::from(p[0])], light[usize::from(p[1])], light[usize::from(p[2])], f32::from(p[3]) / 255.0]
            })
            .collect();
        Drawing { left_mm: self.left_mm, top_mm: self.top_mm, px_per_mm: self.px_per_mm, w: self.w, h: self.h, px }
    }
}

/// 8-bit sRGB with coverage, the colour not multiplied by it: the form that is kept in the cache.
fn to_plate(cut_out: &CutOut) -> Vec<u8> {
    let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    cut_out
        .px
        .iter()
        .flat_map(|&[r, g, b, cover]| {
            let whole = BASE_EXPOSURE / cover.max(1e-6);
            [byte(srgb(r * whole)), byte(srgb(g * whole)), byte(srgb(b * whole)), byte(cover)]
        })
        .collect()
}

fn read_plate(path: &Path, w: usize, h: usize) -> Option<Vec<u8>> {
    let limits = png::Limits { bytes: 64 << 20 };
    let decoder = png::Decoder::new_with_limits(BufReader::new(File::open(path).ok()?), limits);
    let mut reader = decoder.read_info().ok()?;
    let info = reader.info();
    if (info.width as usize, info.height as usize, info.color_type, info.bit_depth)
        != (w, h, png::ColorType::Rgba, png::BitDepth::Eight)
    {
        return None;
    }
    let mut plate = vec![0; w * h * 4];
    reader.next_frame(&mut plate).ok()?;
    Some(plate)
}

/// Writes beside the place and moves it there, so that a reader never sees half a file.
fn write_plate(path: &Path, w: usize, h: usize, plate: &[u8]) -> Result<(), png::EncodingError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(&beside)?), w as u32, h as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(plate)?;
    writer.finish()?;
    std::fs::rename(&beside, path)?;
    Ok(())
}
