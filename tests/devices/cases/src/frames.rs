//! The pictures the test cameras send: a drawn learner who sits too far away, in the sizes of real cameras, and the pictures of
//! broken ones. Drawn once, outside the guest.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use likeness_camera::{Frame, encode_rgb};
use likeness_studio::{render, scene_named};

use crate::error::CaseError;

/// What the test cameras can offer, largest first.
pub(crate) const SIZES: [(u16, u16); 3] = [(1920, 1080), (1280, 720), (640, 480)];
/// Different pictures of each size.
const OF_EACH: u64 = 2;
const QUALITY: u8 = 80;
/// How large a JPEG of 1920x1080 is that real cameras send of a room; measurements are made with pictures of this size.
const FULL_HD_BYTES: usize = 249_000;
/// One too small for a card, one nobody agreed to, one that only very good cameras have.
const OTHER_SIZES: [(u16, u16); 3] = [(320, 240), (800, 600), (3840, 2160)];
const RAW_SIZE: (u16, u16) = (640, 480);
const FACE_SIZE: (u16, u16) = (1280, 720);

pub(crate) fn draw(folder: impl AsRef<Path>) -> Result<(), CaseError> {
    let folder = folder.as_ref();
    fs::create_dir_all(folder)?;
    for size in SIZES {
        for number in 0..OF_EACH {
            let rgb = learner(size, 5 + number)?;
            let jpeg = if size == (1920, 1080) { of_full_hd(&rgb, size)? } else { encoded(&rgb, size, QUALITY)? };
            fs::write(file(folder, size, number), jpeg)?;
            if size == RAW_SIZE {
                fs::write(folder.join(format!("yuyv-{}x{}-{number}.raw", size.0, size.1)), yuyv(&rgb, size))?;
            }
        }
    }
    // The learner where they should be, for what ends in a photo.
    let face = folder.join("face");
    fs::create_dir_all(&face)?;
    for number in 0..OF_EACH {
        fs::write(
            file(&face, FACE_SIZE, number),
            encoded(&drawn("face-good", FACE_SIZE, 5 + number)?, FACE_SIZE, 90)?,
        )?;
    }
    for size in OTHER_SIZES {
        fs::write(file(folder, size, 0), encoded(&learner(size, 5)?, size, QUALITY)?)?;
    }
    for (name, level) in [("black", [0, 0, 0]), ("white", [255, 255, 255]), ("green", [0, 255, 0])] {
        let flat = folder.join(name);
        fs::create_dir_all(&flat)?;
        for size in SIZES {
            let rgb = level.repeat(usize::from(size.0) * usize::from(size.1));
            let mut jpeg = encoded(&rgb, size, QUALITY)?;
            if name == "green" {
                drown_chroma(&mut jpeg);
            }
            fs::write(file(&flat, size, 0), jpeg)?;
        }
    }
    Ok(())
}

fn learner(size: (u16, u16), seed: u64) -> Result<Vec<u8>, CaseError> {
    drawn("face-far", size, seed)
}

fn drawn(name: &str, size: (u16, u16), seed: u64) -> Result<Vec<u8>, CaseError> {
    let scene = scene_named(name, seed);
    let mut scene = scene.ok_or_else(|| CaseError::wrong(format!("the studio has no {name}")))?;
    (scene.width_px, scene.height_px) = (size.0.into(), size.1.into());
    let mut rgb = Vec::new();
    render(&scene, &mut rgb)?;
    Ok(rgb)
}

fn encoded(rgb: &[u8], size: (u16, u16), quality: u8) -> Result<Vec<u8>, CaseError> {
    Ok(encode_rgb(rgb, size.0, size.1, quality)?)
}

/// The quality that comes nearest to the wanted size.
fn of_full_hd(rgb: &[u8], size: (u16, u16)) -> Result<Vec<u8>, CaseError> {
    let (mut fits, mut above) = (1, 100);
    while above - fits > 1 {
        let middle = u8::midpoint(fits, above);
        if encoded(rgb, size, middle)?.len() <= FULL_HD_BYTES { fits = middle } else { above = middle }
    }
    let both = [encoded(rgb, size, fits)?, encoded(rgb, size, above)?];
    let nearest = both.into_iter().min_by_key(|jpeg| jpeg.len().abs_diff(FULL_HD_BYTES));
    nearest.ok_or_else(|| CaseError::wrong("no picture"))
}

/// The picture that comes of bytes read in the wrong format, both colour planes at their end: the first step of the chroma
/// quantiser is doubled, which doubles how far the flat colour is from grey.
fn drown_chroma(jpeg: &mut [u8]) {
    const CHROMA_TABLE: [u8; 5] = [0xFF, 0xDB, 0, 67, 1];
    let at = jpeg.windows(5).position(|bytes| bytes == CHROMA_TABLE);
    if let Some(step) = at.and_then(|at| jpeg.get_mut(at + 5)) {
        *step = step.saturating_mul(2);
    }
}

/// Packed 4:2:2 of BT.601 in limited range, as raw cameras send it: luma 16 to 235, chroma 16 to 240.
fn yuyv(rgb: &[u8], (width, _): (u16, u16)) -> Vec<u8> {
    let channels = |pixel: &[u8]| -> [f32; 3] { [pixel[0].into(), pixel[1].into(), pixel[2].into()] };
    let luma = |[r, g, b]: [f32; 3]| 0.299 * r + 0.587 * g + 0.114 * b;
    let luma_byte = |value: f32| (16.0 + value * 219.0 / 255.0).round().clamp(16.0, 235.0) as u8;
    let chroma_byte = |value: f32| (128.0 + value * 224.0 / 255.0).round().clamp(16.0, 240.0) as u8;
    rgb.chunks_exact(3 * usize::from(width))
        .flat_map(|row| row.chunks_exact(6))
        .flat_map(|pair| {
            let (one, two) = (channels(&pair[..3]), channels(&pair[3..]));
            let (y, other) = (luma(one), luma(two));
            let (u, v) = (0.564 * (one[2] - y), 0.713 * (one[0] - y));
            [luma_byte(y), chroma_byte(u), luma_byte(other), chroma_byte(v)]
        })
        .collect()
}

fn file(folder: &Path, (width_px, height_px): (u16, u16), number: u64) -> PathBuf {
    folder.join(format!("{width_px}x{height_px}-{number}.jpg"))
}

/// The drawn pictures of one size.
pub(crate) fn of_size(folder: &Path, size: (u16, u16)) -> Vec<PathBuf> {
    (0..OF_EACH).map(|number| file(folder, size, number)).collect()
}

/// What a test camera put into a picture: which one it is, and the picture without that mark.
pub(crate) struct Marked {
    pub(crate) number: u64,
    pub(crate) original: Vec<u8>,
}

/// Reads the mark of `fakev4l2` (a due time) or of `uvcip` (a count): a comment right behind the start marker.
pub(crate) fn marked(jpeg: &[u8]) -> Result<Marked, CaseError> {
    let len = match jpeg.get(..6) {
        Some([0xFF, 0xD8, 0xFF, 0xFE, high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
        _ => return Err(CaseError::wrong("a picture without the mark of its camera")),
    };
    let end = 4 + len;
    let number = jpeg.get(end.saturating_sub(8)..end).and_then(|bytes| bytes.try_into().ok());
    let number = number.map(u64::from_be_bytes).ok_or_else(|| CaseError::wrong("a mark that is cut off"))?;
    Ok(Marked { number, original: [&jpeg[..2], jpeg.get(end..).unwrap_or_default()].concat() })
}

/// Holds what is shown against what was sent: every picture whole and exact to the byte, and none that is older than one before.
pub(crate) struct Shown {
    originals: Vec<Vec<u8>>,
    newest: u64,
    taken: Option<SystemTime>,
    /// The last picture that was looked at, by the number the product gave it.
    pub(crate) seq: Option<u64>,
    /// How many were looked at.
    pub(crate) count: u32,
}

impl Shown {
    pub(crate) fn new(folder: &Path, size: (u16, u16)) -> Result<Self, CaseError> {
        let originals: Result<Vec<Vec<u8>>, std::io::Error> = of_size(folder, size).into_iter().map(fs::read).collect();
        Ok(Self { originals: originals?, newest: 0, taken: None, seq: None, count: 0 })
    }

    /// Checks one picture as it would be shown, or sent where what is shown was made smaller.
    pub(crate) fn check(&mut self, frame: &Frame) -> Result<(), CaseError> {
        let passes_through = frame.mode().width_px <= 1280;
        let marked = if passes_through { marked(&frame.preview()?)? } else { marked(&frame.still(4 << 20)?.bytes)? };
        if marked.number <= self.newest {
            let (old, newest) = (marked.number, self.newest);
            let before = self.taken.zip(frame.captured()).and_then(|(last, taken)| last.duration_since(taken).ok());
            return Err(CaseError::wrong(format!(
                "picture {old} was shown after picture {newest}: it is an old one (taken before it by {before:?})"
            )));
        }
        if !self.originals.contains(&marked.original) {
            return Err(CaseError::wrong(format!("picture {} is not what the camera sent", marked.number)));
        }
        self.newest = marked.number;
        self.taken = frame.captured();
        self.seq = Some(frame.seq());
        self.count += 1;
        Ok(())
    }
}
