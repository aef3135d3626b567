//! JPEG to pixels and back. The only file that names turbojpeg.
//!
//! A camera chooses these bytes, and the codec is C: every picture passes [`jpeg::cut`](crate::jpeg) first, buffers are sized
//! from the header of the very slice that is decoded, and any error *or warning* is damage.
//! A picture that is to be sent is decoded a second time by a strict decoder in memory-safe Rust, the one the server has.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::error::Damage;
use crate::jpeg;
use crate::planes::{Planes, room};

/// Longest side that is ever decoded; the server's limit.
const LONGEST_SIDE_PX: usize = 4096;
/// Quality of pictures that are only looked at.
const SHOWN_QUALITY: u8 = 85;

/// Decodes a still strictly (zune-jpeg), for the gates that run once more on the very bytes that are sent.
///
/// Refuses anything but one whole baseline picture: bytes behind the end, other codings, sides above 4096 pixels, and a
/// picture that stops early but carries an end marker. Chroma comes at full size (`shift_x` and `shift_y` are 0).
///
/// # Errors
/// The [`Damage`] found. JPEG has no checksum, so a well-formed but changed picture passes.
pub fn decode_still(jpeg: &[u8]) -> Result<Planes, Damage> {
    // The strict decoder fills up a picture whose data end early and says nothing; the other one says so at any size.
    eighth_planes(jpeg)?;
    decode_read(jpeg)
}

/// As [`decode_still`], of a picture that the other decoder has read to its end already.
pub(crate) fn decode_read(jpeg: &[u8]) -> Result<Planes, Damage> {
    one_picture(jpeg)?;
    guarded(|| decode_strictly(jpeg, false))
}

/// As [`decode_read`], luma alone: every bit is read, and less is worked out.
pub(crate) fn read_luma(jpeg: &[u8]) -> Result<Planes, Damage> {
    one_picture(jpeg)?;
    guarded(|| decode_strictly(jpeg, true))
}

/// Refuses bytes behind the end.
fn one_picture(jpeg: &[u8]) -> Result<(), Damage> {
    let cut = jpeg::cut(jpeg)?;
    if cut.end == jpeg.len() { Ok(()) } else { Err(Damage::Segment { marker: 0xD9 }) }
}

fn decode_strictly(jpeg: &[u8], luma_only: bool) -> Result<Planes, Damage> {
    let limits =
        DecoderOptions::default().set_strict_mode(true).set_max_width(LONGEST_SIDE_PX).set_max_height(LONGEST_SIDE_PX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), limits);
    let refused = |error: zune_jpeg::errors::DecodeErrors| Damage::Codec(error.to_string());
    decoder.decode_headers().map_err(refused)?;
    let info = decoder.info().ok_or(Damage::Shape)?;
    let grey = luma_only || info.components == 1;
    let wanted = if grey { ColorSpace::Luma } else { ColorSpace::YCbCr };
    decoder.set_options(limits.jpeg_set_out_colorspace(wanted));
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let len = width * height * wanted.num_components();
    if decoder.output_buffer_size() != Some(len) {
        return Err(Damage::Shape);
    }
    let mut packed = room(len);
    decoder.decode_into(&mut packed).map_err(refused)?;
    if grey {
        return Ok(Planes::of(packed, width, height, None));
    }
    let mut memory = room(len);
    let (y, chroma) = memory.split_at_mut(width * height);
    let (u, v) = chroma.split_at_mut(width * height);
    for (((y, u), v), px) in y.iter_mut().zip(u).zip(v).zip(packed.chunks_exact(3)) {
        (*y, *u, *v) = (px[0], px[1], px[2]);
    }
    Ok(Planes::of(memory, width, height, Some((0, 0))))
}

/// The codecs are kept from panicking by the checks above; should one do so nevertheless, it costs a picture, not the thread.
fn guarded<T>(work: impl FnOnce() -> Result<T, Damage>) -> Result<T, Damage> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Damage::Codec("the codec panicked".into())))
}

/// Makes a picture to look at: the same JPEG with its longest side at most `longest_side_px` (eighths of the original size).
///
/// # Errors
/// The [`Damage`] found while decoding, or [`Damage::Shape`] if even an eighth is too large.
pub fn scale_jpeg(jpeg: &[u8], longest_side_px: u16) -> Result<Vec<u8>, Damage> {
    let cut = jpeg::cut(jpeg)?;
    let longest = usize::from(cut.width_px.max(cut.height_px));
    let eighths = (1..=8usize)
        .rev()
        .find(|eighths| (longest * eighths).div_ceil(8) <= usize::from(longest_side_px))
        .ok_or(Damage::Shape)?;
    guarded(|| turbo::scaled(&jpeg[..cut.end], eighths, SHOWN_QUALITY))
}

/// Makes a baseline JPEG (4:2:0) of packed red, green, blue bytes: for drawn pictures and for tests.
///
/// `rgb`: `3 * width_px * height_px` bytes, row by row. `quality`: 1 to 100.
///
/// # Errors
/// [`Damage::Short`] when bytes are missing, [`Damage::Codec`] when the encoder refuses.
pub fn encode_rgb(rgb: &[u8], width_px: u16, height_px: u16, quality: u8) -> Result<Vec<u8>, Damage> {
    let needed_bytes = 3 * usize::from(width_px) * usize::from(height_px);
    if rgb.len() < needed_bytes {
        return Err(Damage::Short { found_bytes: rgb.len(), needed_bytes });
    }
    guarded(|| turbo::encoded_rgb(rgb, usize::from(width_px), usize::from(height_px), quality))
}

/// Decodes a whole picture that [`jpeg::cut`](crate::jpeg) accepted.
pub(crate) fn decode_planes(jpeg: &[u8]) -> Result<Planes, Damage> {
    guarded(|| turbo::planes(jpeg, 8))
}

/// Decodes a whole picture at an eighth of its size: for a glance.
pub(crate) fn eighth_planes(jpeg: &[u8]) -> Result<Planes, Damage> {
    guarded(|| turbo::planes(jpeg, 1))
}

/// Encodes planes at a quality of 1 to 100.
pub(crate) fn encode_planes(planes: &Planes, quality: u8) -> Result<Vec<u8>, Damage> {
    guarded(|| turbo::encoded(planes, quality))
}

/// Decodes at so many eighths of the size and encodes again: the preview of a large picture.
pub(crate) fn scaled_jpeg(jpeg: &[u8], eighths: usize, quality: u8) -> Result<Vec<u8>, Damage> {
    guarded(|| turbo::scaled(jpeg, eighths, quality))
}

#[cfg(feature = "turbo")]
mod turbo {
    use std::cell::RefCell;

    use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage, YuvPlanesImage};

    use super::{LONGEST_SIDE_PX, Planes, room};
    use crate::error::Damage;
    use crate::planes::Plane;
    use crate::pool::PooledBytes;

    thread_local! {
        // Making one costs more than a small picture; each thread keeps its own.
        static DECODER: RefCell<Option<Decompressor>> = const { RefCell::new(None) };
        static ENCODER: RefCell<Option<Compressor>> = const { RefCell::new(None) };
    }

    #[allow(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
    fn refused(error: turbojpeg::Error) -> Damage {
        Damage::Codec(error.to_string())
    }

    fn with_decoder<T>(work: impl FnOnce(&mut Decompressor) -> Result<T, Damage>) -> Result<T, Damage> {
        DECODER.with_borrow_mut(|kept| {
            let mut decoder = match kept.take() {
                Some(decoder) => decoder,
                None => Decompressor::new().map_err(refused)?,
            };
            decoder.set_scan_limit(1).map_err(refused)?;
            let answer = work(&mut decoder)?;
            // One that has failed is dropped: it would find every later picture's tables bogus.
            *kept = Some(decoder);
            Ok(answer)
        })
    }

    fn with_encoder<T>(quality: u8, work: impl FnOnce(&mut Compressor) -> Result<T, Damage>) -> Result<T, Damage> {
        ENCODER.with_borrow_mut(|kept| {
            let mut encoder = match kept.take() {
                Some(encoder) => encoder,
                None => Compressor::new().map_err(refused)?,
            };
            encoder.set_quality(i32::from(quality.clamp(1, 100))).map_err(refused)?;
            let answer = work(&mut encoder)?;
            *kept = Some(encoder);
            Ok(answer)
        })
    }

    /// The sampling of a picture this crate handles, with its chroma shifts.
    fn shifts(sampling: Subsamp) -> Result<(u8, u8), Damage> {
        match sampling {
            Subsamp::None | Subsamp::Gray => Ok((0, 0)),
            Subsamp::Sub2x1 => Ok((1, 0)),
            Subsamp::Sub2x2 => Ok((1, 1)),
            Subsamp::Sub1x2 => Ok((0, 1)),
            _ => Err(Damage::Shape),
        }
    }

    /// Planes that lie tightly one behind another, as the codec writes and reads them.
    struct Tight {
        memory: PooledBytes,
        width: usize,
        height: usize,
        sampling: Subsamp,
    }

    impl Tight {
        fn image(&self) -> YuvImage<&[u8]> {
            let (width, height, subsamp) = (self.width, self.height, self.sampling);
            YuvImage { pixels: &self.memory, width, align: 1, height, subsamp }
        }
        fn image_mut(&mut self) -> YuvImage<&mut [u8]> {
            let (width, height, subsamp) = (self.width, self.height, self.sampling);
            YuvImage { pixels: &mut self.memory, width, align: 1, height, subsamp }
        }
    }

    /// Decodes to one buffer of planes.
    ///
    /// `decompress_to_yuv` of turbojpeg 1.5.1 writes planes for the sampling of the JPEG, whatever the buffer says it was made for:
    /// a 4:4:4 picture overran a 4:2:0 buffer by 6,144 bytes. So the buffer is sized from the header of this same slice.
    fn yuv(decoder: &mut Decompressor, jpeg: &[u8], factor: ScalingFactor) -> Result<Tight, Damage> {
        decoder.set_scaling_factor(ScalingFactor::ONE).map_err(refused)?;
        let header = decoder.read_header(jpeg).map_err(refused)?;
        if header.is_lossless || header.is_progressive || header.is_arithmetic {
            return Err(Damage::Shape);
        }
        shifts(header.subsamp)?;
        if header.width.max(header.height) > LONGEST_SIDE_PX {
            return Err(Damage::Shape);
        }
        let (width, height) = (factor.scale(header.width), factor.scale(header.height));
        let len = turbojpeg::yuv_pixels_len(width, 1, height, header.subsamp).map_err(refused)?;
        let mut picture = Tight { memory: room(len), width, height, sampling: header.subsamp };
        decoder.set_scaling_factor(factor).map_err(refused)?;
        decoder.decompress_to_yuv(jpeg, picture.image_mut()).map_err(refused)?;
        Ok(picture)
    }

    pub(super) fn planes(jpeg: &[u8], eighths: usize) -> Result<Planes, Damage> {
        with_decoder(|decoder| {
            let Tight { memory, width, height, sampling } = yuv(decoder, jpeg, ScalingFactor::new(eighths, 8))?;
            let shifts = shifts(sampling)?;
            let chroma = (sampling != Subsamp::Gray).then_some(shifts);
            if memory.len() < Planes::samples(width, height, chroma) {
                return Err(Damage::Shape);
            }
            Ok(Planes { shift_x: shifts.0, shift_y: shifts.1, ..Planes::of(memory, width, height, chroma) })
        })
    }

    pub(super) fn scaled(jpeg: &[u8], eighths: usize, quality: u8) -> Result<Vec<u8>, Damage> {
        with_decoder(|decoder| {
            let picture = yuv(decoder, jpeg, ScalingFactor::new(eighths, 8))?;
            with_encoder(quality, |encoder| encoder.compress_yuv_to_vec(picture.image()).map_err(refused))
        })
    }

    pub(super) fn encoded(planes: &Planes, quality: u8) -> Result<Vec<u8>, Damage> {
        let subsamp = match (&planes.u, planes.shift_x, planes.shift_y) {
            (None, ..) => return encoded_grey(&planes.y, quality),
            (Some(_), 0, 0) => Subsamp::None,
            (Some(_), 1, 0) => Subsamp::Sub2x1,
            (Some(_), 1, 1) => Subsamp::Sub2x2,
            (Some(_), 0, 1) => Subsamp::Sub1x2,
            _ => return Err(Damage::Shape),
        };
        let padded = padded_for(planes);
        let planes = padded.as_ref().unwrap_or(planes);
        if planes.y.width == 0 || planes.y.height == 0 {
            return Err(Damage::Shape);
        }
        let (u, v) = (planes.u.as_ref().unwrap_or(&planes.y), planes.v.as_ref().unwrap_or(&planes.y));
        let image = YuvPlanesImage {
            y_plane: &*planes.y.px,
            u_plane: &*u.px,
            v_plane: &*v.px,
            width: planes.y.width,
            height: planes.y.height,
            y_stride: planes.y.stride,
            u_stride: u.stride,
            v_stride: v.stride,
            subsamp,
        };
        with_encoder(quality, |encoder| encoder.compress_yuv_planes_to_vec(&image).map_err(refused))
    }

    /// turbojpeg 1.5.1 panics on planes without chroma, so a grey picture goes in as packed pixels.
    fn encoded_grey(y: &Plane, quality: u8) -> Result<Vec<u8>, Damage> {
        let image =
            Image { pixels: &*y.px, width: y.width, pitch: y.stride, height: y.height, format: PixelFormat::GRAY };
        with_encoder(quality, |encoder| {
            encoder.set_subsamp(Subsamp::Gray).map_err(refused)?;
            encoder.compress_to_vec(image).map_err(refused)
        })
    }

    /// The encoder wants whole blocks of luma: an odd width or height is rounded down by the one row or column nobody misses.
    fn padded_for(planes: &Planes) -> Option<Planes> {
        let (shift_x, shift_y) = (planes.shift_x, planes.shift_y);
        let (width, height) = (planes.y.width >> shift_x << shift_x, planes.y.height >> shift_y << shift_y);
        if (width, height) == (planes.y.width, planes.y.height) {
            return None;
        }
        let cut = |plane: &Plane, width: usize, height: usize| Plane { width, height, ..plane.clone() };
        Some(Planes {
            y: cut(&planes.y, width, height),
            u: planes.u.as_ref().map(|plane| cut(plane, width >> shift_x, height >> shift_y)),
            v: planes.v.as_ref().map(|plane| cut(plane, width >> shift_x, height >> shift_y)),
            shift_x,
            shift_y,
        })
    }

    pub(super) fn encoded_rgb(rgb: &[u8], width: usize, height: usize, quality: u8) -> Result<Vec<u8>, Damage> {
        let image = Image { pixels: rgb, width, pitch: 3 * width, height, format: PixelFormat::RGB };
        with_encoder(quality, |encoder| {
            encoder.set_subsamp(Subsamp::Sub2x2).map_err(refused)?;
            encoder.compress_to_vec(image).map_err(refused)
        })
    }
}

/// Stands in where the C codec is left out to type-check other systems; nothing can be shown or taken with it.
#[cfg(not(feature = "turbo"))]
mod turbo {
    use super::Planes;
    use crate::error::Damage;

    fn missing<T>() -> Result<T, Damage> {
        Err(Damage::Codec("this build has no JPEG codec (feature `turbo`)".into()))
    }
    pub(super) fn planes(_: &[u8], _: usize) -> Result<Planes, Damage> {
        missing()
    }
    pub(super) fn scaled(_: &[u8], _: usize, _: u8) -> Result<Vec<u8>, Damage> {
        missing()
    }
    pub(super) fn encoded(_: &Planes, _: u8) -> Result<Vec<u8>, Damage> {
        missing()
    }
    pub(super) fn encoded_rgb(_: &[u8], _: usize, _: usize, _: u8) -> Result<Vec<u8>, Damage> {
        missing()
    }
}

#[cfg(all(test, feature = "turbo"))]
#[allow(clippy::print_stdout, reason = "seeds and counts are for whoever reads the test run")]
mod tests {
    use super::*;
    use crate::planes::Plane;
    use crate::pool::Pool;
    use std::time::Instant;

    /// Chance with a printed seed; `LIKENESS_SEED` plays one again.
    struct Chance(u64);

    impl Chance {
        fn new() -> Self {
            let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_124);
            println!("seed: {seed} (LIKENESS_SEED={seed} plays it again)");
            Self(seed)
        }
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        }
        fn below(&mut self, bound: usize) -> usize {
            (self.next() % bound as u64) as usize
        }
    }

    fn planes(width: usize, height: usize, shift: Option<(u8, u8)>, chance: &mut Chance) -> Planes {
        let mut memory = room(Planes::samples(width, height, shift));
        memory.iter_mut().enumerate().for_each(|(i, px)| *px = ((i * 5) % 200) as u8 + (chance.next() % 16) as u8);
        Planes::of(memory, width, height, shift)
    }

    const SAMPLINGS: [Option<(u8, u8)>; 5] = [None, Some((0, 0)), Some((1, 0)), Some((1, 1)), Some((0, 1))];

    fn mean_difference(a: &Plane, b: &Plane) -> f64 {
        assert_eq!((a.width, a.height), (b.width, b.height));
        let sum: u64 =
            (0..a.height).flat_map(|y| a.row(y).iter().zip(b.row(y))).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / (a.width * a.height) as f64
    }

    #[test]
    fn every_sampling_of_a_camera_survives_the_way_to_a_jpeg_and_back() {
        let mut chance = Chance::new();
        for shift in SAMPLINGS {
            let before = planes(64, 48, shift, &mut chance);
            let jpeg = encode_planes(&before, 92).unwrap();
            let after = decode_planes(&jpeg).unwrap();
            assert_eq!((after.shift_x, after.shift_y), shift.unwrap_or((0, 0)), "{shift:?}");
            assert_eq!(after.u.is_some(), shift.is_some(), "{shift:?}");
            assert!(mean_difference(&before.y, &after.y) < 12.0, "{shift:?}: luma stays what it was");
            let strict = decode_still(&jpeg).unwrap();
            assert!(mean_difference(&after.y, &strict.y) < 1.0, "{shift:?}: both decoders see the same picture");
        }
    }

    /// The picture that made turbojpeg 1.5.1 write 6,144 bytes past the end of a buffer sized for 4:2:0 and answer `Ok`.
    #[test]
    fn finding_1_a_444_picture_where_420_was_expected_overruns_nothing() {
        let mut chance = Chance::new();
        let small = encode_planes(&planes(64, 64, Some((1, 1)), &mut chance), 90).unwrap();
        let large = encode_planes(&planes(64, 64, Some((0, 0)), &mut chance), 90).unwrap();
        for _ in 0..50 {
            assert_eq!(decode_planes(&small).unwrap().u.unwrap().px.len(), 32 * 32);
            let decoded = decode_planes(&large).unwrap();
            assert_eq!(decoded.y.px.len() + decoded.u.unwrap().px.len() + decoded.v.unwrap().px.len(), 3 * 64 * 64);
        }
    }

    #[test]
    fn samplings_that_are_not_handled_are_refused() {
        let mut chance = Chance::new();
        let mut jpeg = encode_planes(&planes(64, 48, Some((1, 1)), &mut chance), 90).unwrap();
        let at = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        jpeg[at + 11] = 0x41; // 4:1:1 now, says the header
        assert!(decode_planes(&jpeg).is_err());
    }

    #[test]
    fn odd_sizes_are_encoded_without_their_last_row_or_column() {
        let mut chance = Chance::new();
        for shift in SAMPLINGS {
            let jpeg = encode_planes(&planes(63, 47, shift, &mut chance), 90).unwrap();
            let cut = jpeg::cut(&jpeg).unwrap();
            assert!((62..=63).contains(&cut.width_px) && (46..=47).contains(&cut.height_px), "{shift:?}");
            let again = decode_planes(&jpeg).unwrap();
            assert_eq!(again.y.row(0).len(), usize::from(cut.width_px));
        }
    }

    #[test]
    fn a_shown_picture_fits_and_a_larger_one_is_not_made() {
        let mut chance = Chance::new();
        let jpeg = encode_planes(&planes(640, 480, Some((1, 1)), &mut chance), 90).unwrap();
        #[rustfmt::skip]
        let table = [
            (1280, Some((640, 480)), "never larger than it is"),
            (640,  Some((640, 480)), "exactly fits"),
            (639,  Some((560, 420)), "seven eighths"),
            (320,  Some((320, 240)), "half"),
            (79,   None,             "less than an eighth cannot be made"),
        ];
        for (longest, expected, because) in table {
            let size = scale_jpeg(&jpeg, longest)
                .ok()
                .map(|jpeg| jpeg::cut(&jpeg).unwrap())
                .map(|cut| (cut.width_px, cut.height_px));
            assert_eq!(size, expected, "{because}");
        }
    }

    #[test]
    fn the_strict_decoder_takes_one_whole_picture_and_nothing_else() {
        let mut chance = Chance::new();
        let jpeg = encode_planes(&planes(320, 240, Some((1, 1)), &mut chance), 90).unwrap();
        assert!(decode_still(&jpeg).is_ok());
        let with_tail = [&jpeg[..], b"PK\x03\x04"].concat();
        let half = &jpeg[..jpeg.len() / 2];
        let ended_early = [half, &[0xFF, 0xD9]].concat();
        assert!(
            decode_read(&ended_early).is_ok(),
            "the strict decoder alone would take it: the reason for the second look"
        );
        for (bytes, because) in [
            (&with_tail[..], "something hides behind the end"),
            (half, "half a picture"),
            (&ended_early[..], "half a picture with an end glued on"),
            (&b"\x89PNG\r\n\x1a\n"[..], "another format"),
            (&[][..], "nothing"),
        ] {
            assert!(decode_still(bytes).is_err(), "{because}");
        }
    }

    /// Many cameras leave the tables out: with ours put in, the strict decoder reads what the lenient one did.
    #[test]
    fn a_picture_without_tables_is_readable_everywhere_after_completion() {
        let mut chance = Chance::new();
        let jpeg = encode_planes(&planes(320, 240, Some((1, 0)), &mut chance), 90).unwrap();
        let bare = without_tables(&jpeg);
        assert!(decode_still(&bare).is_err(), "no strict decoder reads it bare");
        let mut whole = Pool::default().take();
        jpeg::complete(&bare, jpeg::cut(&bare).unwrap(), &mut whole);
        assert_eq!(decode_still(&whole).unwrap(), decode_still(&jpeg).unwrap());
        assert_eq!(decode_planes(&whole).unwrap(), decode_planes(&jpeg).unwrap());
    }

    fn without_tables(jpeg: &[u8]) -> Vec<u8> {
        let (mut bare, mut at) = (jpeg[..2].to_vec(), 2);
        while jpeg[at + 1] != 0xDA {
            let next = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
            if jpeg[at + 1] != 0xC4 {
                bare.extend_from_slice(&jpeg[at..next]);
            }
            at = next;
        }
        bare.extend_from_slice(&jpeg[at..]);
        bare
    }

    /// A decompressor of turbojpeg 1.5.1 that has met a bad Huffman table refuses every picture after it:
    /// one torn frame would have blinded its reader until the program ended.
    #[test]
    fn finding_2_a_whole_picture_is_readable_after_a_damaged_one() {
        let mut chance = Chance::new();
        let whole = encode_planes(&planes(160, 120, Some((1, 1)), &mut chance), 85).unwrap();
        let tables = whole.windows(2).position(|pair| pair == [0xFF, 0xC4]).unwrap();
        for at in tables + 4..tables + 60 {
            let mut torn = whole.clone();
            torn[at] = torn[at].wrapping_add(100);
            let _ = decode_planes(&torn);
            assert!(decode_planes(&whole).is_ok(), "byte {at}");
            let _ = scale_jpeg(&torn, 80);
            assert!(scale_jpeg(&whole, 80).is_ok(), "byte {at}");
        }
    }

    fn damage(jpeg: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
        let mut bytes = jpeg.to_vec();
        match chance.below(7) {
            0 => bytes.truncate(chance.below(jpeg.len())),
            1 => {
                let at = chance.below(jpeg.len());
                bytes[at] ^= 1 << chance.below(8);
            }
            2 => (0..20).for_each(|_| {
                let at = chance.below(jpeg.len());
                bytes[at] = chance.next() as u8;
            }),
            3 => {
                let (at, len) = (chance.below(jpeg.len()), chance.below(1024));
                bytes.iter_mut().skip(at).take(len).for_each(|byte| *byte = chance.next() as u8);
            }
            4 => {
                let at = chance.below(jpeg.len().min(other.len()));
                bytes = [&jpeg[..at], &other[at..]].concat();
            }
            5 => {
                // Only the head: lengths, sizes, sampling, tables.
                let at = 2 + chance.below(620.min(jpeg.len() - 2));
                bytes[at] = chance.next() as u8;
            }
            _ => bytes = (0..chance.below(4000)).map(|_| chance.next() as u8).collect(),
        }
        bytes
    }

    /// B1 of the threat notes. What gets through is a picture of its own size; what does not is refused; nothing else happens.
    #[test]
    fn five_thousand_damaged_pictures_never_panic() {
        let mut chance = Chance::new();
        let whole: Vec<Vec<u8>> =
            SAMPLINGS.iter().map(|shift| encode_planes(&planes(160, 120, *shift, &mut chance), 85).unwrap()).collect();
        let (mut refused, mut slowest) = (0, 0);
        for _ in 0..5_000 {
            let (one, other) = (chance.below(whole.len()), chance.below(whole.len()));
            let bytes = damage(&whole[one], &whole[other], &mut chance);
            let began = now();
            let decoded =
                jpeg::cut(&bytes).and_then(|cut| decode_planes(&bytes[..cut.end]).map(|planes| (cut, planes)));
            match decoded {
                Ok((cut, planes)) => {
                    assert_eq!(
                        (planes.y.width, planes.y.height),
                        (usize::from(cut.width_px), usize::from(cut.height_px))
                    );
                    let _ = decode_still(&bytes[..cut.end]);
                    let _ = scale_jpeg(&bytes, 80);
                    encode_planes(&planes, 80).unwrap();
                }
                Err(_) => refused += 1,
            }
            slowest = slowest.max(began.elapsed().as_millis());
        }
        println!("refused {refused} of 5000, slowest {slowest} ms");
        assert!((2_500..4_950).contains(&refused), "most damage is seen, and some is harmless: {refused} of 5000");
        assert!(slowest < 1_000, "no damaged picture may hold up the stream (200 ms is the aim): {slowest} ms");
    }

    fn now() -> Instant {
        crate::clock::now()
    }
}
