//! The chain to beat: nokhwa opens the camera and decodes each picture to RGB, `image` encodes it again for the page,
//! and the bytes leave as a `Vec<u8>` in a JSON event, as Tauri's events carry them. Everything else is left out, so what
//! it costs is the least such an app can cost.
//!
//! `naive-camera INDEX WIDTH HEIGHT FPS` prints `frames N` after each picture and runs until it is ended.

use std::error::Error;
use std::hint::black_box;

use image::codecs::jpeg::JpegEncoder;
use nokhwa::Camera;
use nokhwa::pixel_format::RgbFormat;
use nokhwa::utils::{CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution};

/// What such apps commonly ask for.
const QUALITY: u8 = 80;

#[derive(serde::Serialize)]
struct Event {
    event: &'static str,
    payload: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u32> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let &[index, width, height, fps] = numbers.as_slice() else {
        return Err("use: naive-camera INDEX WIDTH HEIGHT FPS".into());
    };
    let format = CameraFormat::new(Resolution::new(width, height), FrameFormat::MJPEG, fps);
    let request = RequestedFormat::new::<RgbFormat>(RequestedFormatType::Exact(format));
    let mut camera = Camera::new(CameraIndex::Index(index), request)?;
    camera.open_stream()?;
    for count in 1_u64.. {
        let picture = camera.frame()?.decode_image::<RgbFormat>()?;
        let mut payload = Vec::new();
        JpegEncoder::new_with_quality(&mut payload, QUALITY).encode_image(&picture)?;
        black_box(serde_json::to_string(&Event { event: "camera-frame", payload })?);
        println!("frames {count}");
    }
    Ok(())
}
