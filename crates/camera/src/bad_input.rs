//! What a broken or hostile camera may send, put through everything that is done to pictures: for tests and fuzzers
//! (feature `test-support`, never in a release).
//!
//! Each function holds the whole contract: a refusal, or the exact picture; no panic, no reading or writing past an end.
//! A breach is a failed assertion here, so the fuzz targets and the seeded tests have no rules of their own.

use crate::clock;
use crate::codec;
use crate::error::Damage;
use crate::frame::{Arrival, DecodeTally, Frame, Picture};
use crate::jpeg;
use crate::mode::{Mode, Pixels, Rate};
use crate::planes::{FULL_CHROMA, FULL_LUMA, Planes};
use crate::pool::Pool;
use crate::state::Attempt;

/// A larger still than any server takes: the limit is not what is tried here.
const STILL_BYTES: usize = 64 << 20;
/// More pixels than this are compared at places spread over the picture.
const COMPARED_PX: usize = 16_384;

/// What came of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// They were refused, and why.
    Refused(Damage),
    /// They are a picture that can be shown; `still` says whether a photo may be made of it.
    Picture {
        /// Its width.
        width_px: u16,
        /// Its height.
        height_px: u16,
        /// Whether it passed the gates of a still too.
        still: Result<(), Damage>,
    },
}

fn frame(bytes: &[u8], mode: Mode) -> Result<Frame, Damage> {
    let picture = Picture::from_camera(bytes, mode, &Pool::default())?;
    let (arrived, attempt) = (clock::now(), Attempt(1));
    let arrival = Arrival { seq: 1, attempt, arrived, captured: None, mode, fresh: true };
    Ok(Frame::new(arrival, picture, DecodeTally::default()))
}

/// Takes the bytes for a JPEG of whatever size they claim, as if the camera had agreed to it.
pub fn jpeg(bytes: &[u8]) -> Outcome {
    // A strict decoder must take any bytes at all.
    let _ = codec::decode_still(bytes);
    let cut = match jpeg::cut(bytes) {
        Ok(cut) => cut,
        Err(damage) => return Outcome::Refused(damage),
    };
    let (width_px, height_px) = (cut.width_px, cut.height_px);
    let mode = Mode { width_px, height_px, fps: Rate::whole(30), pixels: Pixels::Mjpeg };
    let frame = match frame(bytes, mode) {
        Ok(frame) => frame,
        Err(damage) => return Outcome::Refused(damage),
    };
    let other = Mode { width_px: width_px ^ 16, ..mode };
    let refused = Picture::from_camera(bytes, other, &Pool::default()).err();
    assert_eq!(refused, Some(Damage::WrongSize { width_px, height_px }), "another size than agreed");
    let glance = frame.glance();
    let planes = match frame.planes() {
        Ok(planes) => planes.clone(),
        Err(damage) => {
            let _ = frame.preview();
            assert!(frame.still(STILL_BYTES).is_err(), "no still of what cannot be decoded");
            return Outcome::Refused(damage.clone());
        }
    };
    assert!(glance.is_some(), "what can be decoded can be looked at");
    whole(&planes, width_px, height_px);
    let _ = frame.preview();
    let _ = codec::scaled_jpeg(&bytes[..cut.end], 4, 72).map(|half| codec::decode_still(&half));
    let still = match frame.still(STILL_BYTES) {
        Ok(still) => {
            let again = codec::decode_still(&still.bytes);
            assert!(again.is_ok(), "a still passes the gates it will meet: {again:?}");
            assert_eq!((still.width_px, still.height_px), (width_px, height_px));
            Ok(())
        }
        Err(damage) => Err(damage),
    };
    Outcome::Picture { width_px, height_px, still }
}

/// Takes the bytes behind the first five for a raw picture; those five say which packing and which size was agreed.
pub fn raw(bytes: &[u8]) -> Outcome {
    let Some((&[packing, w1, w0, h1, h0], body)) = bytes.split_first_chunk::<5>() else {
        return Outcome::Refused(Damage::Short { found_bytes: bytes.len(), needed_bytes: 5 });
    };
    let side = |high: u8, low: u8| u16::from_be_bytes([high, low]) % 4096 + 1;
    let (width_px, height_px) = (side(w1, w0), side(h1, h0));
    let pixels = if packing % 2 == 0 { Pixels::Yuyv } else { Pixels::Nv12 };
    let mode = Mode { width_px, height_px, fps: Rate::whole(30), pixels };
    let (width, height) = (usize::from(width_px), usize::from(height_px));
    let needed_bytes = pixels.raw_bytes(width, height).unwrap_or(0);
    let halved_pair = pixels == Pixels::Yuyv && width % 2 == 1;
    let frame = match frame(body, mode) {
        Ok(frame) => frame,
        Err(damage) => {
            assert!(halved_pair || body.len() < needed_bytes, "a whole picture was refused: {damage}");
            return Outcome::Refused(damage);
        }
    };
    assert!(!halved_pair && body.len() >= needed_bytes, "half a picture was taken: {mode} of {} bytes", body.len());
    let planes = match frame.planes() {
        Ok(planes) => planes,
        Err(damage) => unreachable!("a raw picture needs no decoder: {damage}"),
    };
    whole(planes, width_px, height_px);
    exact(planes, body, mode);
    assert!(frame.glance().is_some() || width < 2, "what is whole can be looked at");
    let preview = frame.preview();
    assert!(preview.is_ok() || width.min(height) < 16, "it can be shown: {preview:?}");
    let still = if width * height <= COMPARED_PX { frame.still(STILL_BYTES).map(|_| ()) } else { Ok(()) };
    Outcome::Picture { width_px, height_px, still }
}

/// Every row of every plane is there.
fn whole(planes: &Planes, width_px: u16, height_px: u16) {
    let (width, height) = (usize::from(width_px), usize::from(height_px));
    assert_eq!((planes.y.width, planes.y.height), (width, height), "the size the picture claims");
    for plane in [Some(&planes.y), planes.u.as_ref(), planes.v.as_ref()].into_iter().flatten() {
        for y in 0..plane.height {
            assert_eq!(plane.row(y).len(), plane.width, "row {y}");
        }
    }
}

/// Pixel by pixel what the packing says, worked out here from its definition.
fn exact(planes: &Planes, body: &[u8], mode: Mode) {
    let (width, height) = (usize::from(mode.width_px), usize::from(mode.height_px));
    let step = (width * height).div_ceil(COMPARED_PX);
    for place in (0..width * height).step_by(step) {
        let (x, y) = (place % width, place / width);
        let (luma, blue, red) = if mode.pixels == Pixels::Yuyv {
            let pair = (y * width + x / 2 * 2) * 2;
            (body[2 * place], body[pair + 1], body[pair + 3])
        } else {
            let pair = width * height + y / 2 * 2 * width.div_ceil(2) + x / 2 * 2;
            (body[place], body[pair], body[pair + 1])
        };
        let chroma = |plane: &Option<crate::Plane>| {
            plane.as_ref().map(|plane| plane.row(y >> planes.shift_y)[x >> planes.shift_x])
        };
        let found = (planes.y.row(y)[x], chroma(&planes.u), chroma(&planes.v));
        let full = |value: u8| Some(FULL_CHROMA[usize::from(value)]);
        assert_eq!(found, (FULL_LUMA[usize::from(luma)], full(blue), full(red)), "{mode} at {x}, {y}");
    }
}
