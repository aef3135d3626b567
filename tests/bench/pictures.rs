//! What the test camera sends: a drawn learner who sits still as people do, in each size and as heavy as a webcam's pictures.

use std::fs;
use std::path::Path;

use likeness_camera::encode_rgb;
use likeness_studio::{Scene, render};

/// Width, height, and the weight of a webcam's picture of that size; 1080p as measured on real ones.
const SIZES: [(u16, u16, usize); 4] =
    [(1920, 1080, 249_000), (1280, 720, 125_000), (960, 540, 75_000), (3840, 2160, 900_000)];
/// Different pictures of each size.
const OF_EACH: u64 = 4;

/// Draws them all into a folder.
pub fn draw(folder: &Path) {
    fs::create_dir_all(folder).expect("the folder for pictures can be made");
    for (width_px, height_px, wanted_bytes) in SIZES {
        for number in 0..OF_EACH {
            let scene = Scene::face(11 + number, width_px.into(), height_px.into());
            let mut rgb = Vec::new();
            render(&scene, &mut rgb).expect("the studio draws");
            let jpeg = of_weight(&rgb, width_px, height_px, wanted_bytes);
            println!("{width_px}x{height_px} picture {number}: {} bytes", jpeg.len());
            fs::write(folder.join(format!("{width_px}x{height_px}-{number}.jpg")), jpeg).expect("a picture is written");
        }
    }
}

/// The best quality that is not heavier.
fn of_weight(rgb: &[u8], width_px: u16, height_px: u16, wanted_bytes: usize) -> Vec<u8> {
    let encoded = |quality| encode_rgb(rgb, width_px, height_px, quality).expect("the studio's picture is encoded");
    let (mut low, mut high) = (10_u8, 100_u8);
    while low < high {
        let middle = low.midpoint(high + 1);
        if encoded(middle).len() <= wanted_bytes { low = middle } else { high = middle - 1 }
    }
    encoded(low)
}
