//! Times rustface on graymaps: `rustface-peer MODEL FILE.pgm...`, a line `figure NAME = VALUE UNIT` each.
//!
//! Settings are those of its own example, with the smallest face at 40 pixels.

use rustface::ImageData;
use rustix::time::{ClockId, clock_gettime};
use std::error::Error;
use std::path::Path;

const CALLS: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let model = words.next().ok_or("usage: rustface-peer MODEL FILE.pgm...")?;
    let frames = words.map(|file| graymap(Path::new(&file))).collect::<Result<Vec<_>, _>>()?;
    if frames.is_empty() {
        return Err("no frames".into());
    }
    let mut detector = rustface::create_detector(&model)?;
    detector.set_min_face_size(40);
    detector.set_score_thresh(2.0);
    detector.set_pyramid_scale_factor(0.8);
    detector.set_slide_window_step(4, 4);
    let mut look = |(width, height, pixels): &(u32, u32, Vec<u8>)| detector.detect(&ImageData::new(pixels, *width, *height)).len();
    let found = frames.iter().filter(|frame| look(frame) == 1).count();
    println!("figure peer_rustface_found = {found} frames");
    let mut times_ms: Vec<f64> = (0..CALLS)
        .map(|call| {
            let before = processor_ms();
            std::hint::black_box(look(&frames[call % frames.len()]));
            processor_ms() - before
        })
        .collect();
    times_ms.sort_by(f64::total_cmp);
    println!("figure peer_rustface = {:.3} ms", times_ms.iter().sum::<f64>() / CALLS as f64);
    println!("figure peer_rustface_p50 = {:.3} ms", times_ms[CALLS / 2]);
    Ok(())
}

/// What the processor has spent on all threads of this program.
fn processor_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Width, height and pixels of a file as the bench leaves it: three lines of text, then bytes.
fn graymap(path: &Path) -> Result<(u32, u32, Vec<u8>), Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut line = || parts.next().ok_or("a graymap ends too early");
    if line()? != b"P5" {
        return Err("not a graymap".into());
    }
    let size = std::str::from_utf8(line()?)?;
    let (width, height) = size.split_once(' ').ok_or("a graymap without a size")?;
    line()?;
    Ok((width.parse()?, height.parse()?, line()?.to_vec()))
}
