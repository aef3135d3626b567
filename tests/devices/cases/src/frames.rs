//! The pictures the test cameras send: a drawn learner who sits too far away, in the sizes of real cameras, and the pictures of
//! broken ones. Drawn once, outside the guest.

use std::fs;
use std::path::{Path, PathBuf};

use likeness_camera::encode_rgb;
use likeness_studio::{render, scene_named};

use crate::error::CaseError;

/// What the test cameras can offer, largest first.
pub(crate) const SIZES: [(u16, u16); 3] = [(1920, 1080), (1280, 720), (640, 480)];
/// Different pictures of each size.
const OF_EACH: u64 = 2;
const QUALITY: u8 = 80;
/// How large a JPEG of 1920x1080 is that real cameras send of a room; measurements are made with pictures of this size.
const FULL_HD_BYTES: usize = 249_000;
/// A size nobody agreed to, and one that only very good cameras have.
const OTHER_SIZES: [(u16, u16); 2] = [(800, 600), (3840, 2160)];
const RAW_SIZE: (u16, u16) = (640, 480);

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
    let mut scene = scene_named("face-far", seed).ok_or_else(|| CaseError::wrong("the studio has no face-far"))?;
    (scene.width_px, scene.height_px) = (size.0.into(), size.1.into());
    let mut rgb = Vec::new();
    render(&scene, &mut rgb)?;
    Ok(rgb)
}

fn encoded(rgb: &[u8], size: (u16, u16), quality: u8) -> Result<Vec<u8>, CaseError> {
    Ok(encode_rgb(rgb, size.0, size.1, quality)?)
}

/// The quality that gives about the wanted size, and no more.
fn of_full_hd(rgb: &[u8], size: (u16, u16)) -> Result<Vec<u8>, CaseError> {
    let (mut fits, mut above) = (1, 100);
    while above - fits > 1 {
        let middle = u8::midpoint(fits, above);
        if encoded(rgb, size, middle)?.len() <= FULL_HD_BYTES { fits = middle } else { above = middle }
    }
    encoded(rgb, size, fits)
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

/// Packed 4:2:2 of BT.601 full range, as JPEG has it.
fn yuyv(rgb: &[u8], (width, _): (u16, u16)) -> Vec<u8> {
    let channels = |pixel: &[u8]| -> [f32; 3] { [pixel[0].into(), pixel[1].into(), pixel[2].into()] };
    let luma = |[r, g, b]: [f32; 3]| 0.299 * r + 0.587 * g + 0.114 * b;
    let byte = |value: f32| value.round().clamp(0.0, 255.0) as u8;
    rgb.chunks_exact(3 * usize::from(width))
        .flat_map(|row| row.chunks_exact(6))
        .flat_map(|pair| {
            let (one, two) = (channels(&pair[..3]), channels(&pair[3..]));
            let (y, other) = (luma(one), luma(two));
            let (u, v) = (128.0 + 0.564 * (one[2] - y), 128.0 + 0.713 * (one[0] - y));
            [byte(y), byte(u), byte(other), byte(v)]
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
