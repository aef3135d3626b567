//! The pictures the test cameras send: a drawn learner who sits too far away, in two sizes. Drawn once, outside the guest.

use std::fs;
use std::path::{Path, PathBuf};

use likeness_camera::encode_rgb;
use likeness_studio::{render, scene_named};

use crate::error::CaseError;

/// What the test cameras offer, largest first.
pub(crate) const SIZES: [(u16, u16); 2] = [(1280, 720), (640, 480)];
/// Different pictures of each size.
const OF_EACH: u64 = 2;
const QUALITY: u8 = 80;

pub(crate) fn draw(folder: impl AsRef<Path>) -> Result<(), CaseError> {
    fs::create_dir_all(&folder)?;
    for (width_px, height_px) in SIZES {
        for number in 0..OF_EACH {
            let mut scene =
                scene_named("face-far", 5 + number).ok_or_else(|| CaseError::wrong("the studio has no face-far"))?;
            (scene.width_px, scene.height_px) = (width_px.into(), height_px.into());
            let mut rgb = Vec::new();
            render(&scene, &mut rgb)?;
            let jpeg = encode_rgb(&rgb, width_px, height_px, QUALITY)?;
            fs::write(folder.as_ref().join(format!("{width_px}x{height_px}-{number}.jpg")), jpeg)?;
        }
    }
    Ok(())
}

/// The drawn pictures of one size.
pub(crate) fn of_size(folder: &Path, (width_px, height_px): (u16, u16)) -> Vec<PathBuf> {
    (0..OF_EACH).map(|number| folder.join(format!("{width_px}x{height_px}-{number}.jpg"))).collect()
}
