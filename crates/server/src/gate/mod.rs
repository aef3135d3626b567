//! The image gate: what an uploaded photo must be before anything is kept of it.
//!
//! Guarantees: of the uploaded bytes nothing survives but pixels: what is stored is a fresh JPEG without any metadata. Cheap checks come before dear ones.
//! Refuses to know: who is in the picture; a human judges that. Where the guarantee ends: a picture cut in its last quarter and given an end marker
//! passes; the reviewer sees it.

mod markers;

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use likeness_protocol::{Sha256Hex, tus::PhotoFinding, verification::PhotoLimits};
use markers::Header;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

/// Most pixels of a photo; keeps one decode under 50 MiB.
const MAX_PIXELS: u64 = 16_000_000;
/// Quality of the stored JPEG: no loss a reviewer could see, at about the size of a good upload.
const STORED_QUALITY: u8 = 95;
/// A picture whose brightness spreads less than this (standard deviation, of 255) shows nothing. The noise of a covered lens is about 3.
const FLAT_BELOW: f64 = 2.0;
/// A picture darker than this on average (of 255) shows nothing either.
const DARK_BELOW: f64 = 6.0;

/// A strict decoder refuses a short file, but fills up one that was cut and given an end marker. Noise keeps real rows apart, so more than
/// this part of equal rows at the bottom (one in so many of the height) is filling.
const EQUAL_ROWS_MOST: usize = 4;
/// Blocks are 8 or 16 pixels high; a filled part repeats with either.
const BLOCK_ROW_PX: usize = 16;

/// A photo that passed.
pub struct Passed {
    /// The fresh JPEG to store.
    pub jpeg: Vec<u8>,
    /// Width, pixels.
    pub width_px: u32,
    /// Height, pixels.
    pub height_px: u32,
}

/// Judges one whole upload. Takes up to a tenth of a second of a core per two megapixels: call it where blocking is allowed.
pub fn judge(bytes: &[u8], claimed: &Sha256Hex, limits: &PhotoLimits) -> Result<Passed, PhotoFinding> {
    if Sha256Hex::of(bytes) != *claimed {
        return Err(PhotoFinding::Damaged);
    }
    let header = markers::walk(bytes)?;
    check_size(header, limits)?;
    let pixels = decode(bytes, header, limits)?;
    look(&pixels, header)?;
    refuse_filled(&pixels, header)?;
    let jpeg = encode(&pixels, header)?;
    Ok(Passed { jpeg, width_px: header.width_px.into(), height_px: header.height_px.into() })
}

fn check_size(header: Header, limits: &PhotoLimits) -> Result<(), PhotoFinding> {
    let (width, height) = (u32::from(header.width_px), u32::from(header.height_px));
    if width.max(height) > limits.max_px || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PhotoFinding::TooLarge);
    }
    if width.min(height) < limits.min_px {
        return Err(PhotoFinding::TooSmall);
    }
    Ok(())
}

fn decode(bytes: &[u8], header: Header, limits: &PhotoLimits) -> Result<Vec<u8>, PhotoFinding> {
    let side = usize::try_from(limits.max_px).unwrap_or(usize::MAX);
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(side)
        .set_max_height(side)
        .jpeg_set_out_colorspace(if header.components == 1 { ColorSpace::Luma } else { ColorSpace::RGB });
    let pixels =
        JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode().map_err(|_| PhotoFinding::Damaged)?;
    let expected = usize::from(header.width_px) * usize::from(header.height_px) * usize::from(header.components);
    // A decoder that gives another number of pixels than the header says has read another picture than we checked.
    if pixels.len() == expected { Ok(pixels) } else { Err(PhotoFinding::Damaged) }
}

/// Refuses what shows nothing at all. Brightness is Rec. 601 luma of the stored values, no gamma undone.
fn look(pixels: &[u8], header: Header) -> Result<(), PhotoFinding> {
    let (mut count, mut sum, mut squares) = (0_u64, 0_u64, 0_u64);
    for pixel in pixels.chunks_exact(usize::from(header.components)) {
        let luma = match *pixel {
            [red, green, blue] => (u64::from(red) * 299 + u64::from(green) * 587 + u64::from(blue) * 114) / 1_000,
            [grey] => u64::from(grey),
            _ => return Err(PhotoFinding::Damaged),
        };
        count += 1;
        sum += luma;
        squares += luma * luma;
    }
    #[allow(clippy::cast_precision_loss, reason = "at most 16 million pixels of 255 squared: far below 2^53")]
    let (count, sum, squares) = (count.max(1) as f64, sum as f64, squares as f64);
    let mean = sum / count;
    if (squares / count - mean * mean).max(0.0).sqrt() < FLAT_BELOW {
        return Err(PhotoFinding::Blank);
    }
    if mean < DARK_BELOW { Err(PhotoFinding::TooDark) } else { Ok(()) }
}

/// Refuses a picture whose lower part is one row of blocks over and over.
fn refuse_filled(pixels: &[u8], header: Header) -> Result<(), PhotoFinding> {
    let row_bytes = usize::from(header.width_px) * usize::from(header.components);
    let mut rows = pixels.chunks_exact(row_bytes * BLOCK_ROW_PX).rev();
    let last = rows.next().unwrap_or_default();
    let equal_px = rows.take_while(|row| *row == last).count() * BLOCK_ROW_PX;
    if equal_px * EQUAL_ROWS_MOST > usize::from(header.height_px) { Err(PhotoFinding::Damaged) } else { Ok(()) }
}

fn encode(pixels: &[u8], header: Header) -> Result<Vec<u8>, PhotoFinding> {
    let colour = if header.components == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut jpeg = Vec::with_capacity(pixels.len() / 8);
    JpegEncoder::new_with_quality(&mut jpeg, STORED_QUALITY)
        .encode(pixels, header.width_px.into(), header.height_px.into(), colour)
        .map_err(|_| PhotoFinding::Damaged)?;
    Ok(jpeg)
}
