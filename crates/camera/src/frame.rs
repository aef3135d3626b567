//! One picture of a running camera, and everything that can be made of it. Only this crate can make one.
//!
//! A frame keeps the camera's own bytes, cut at their end; pixels are decoded when somebody asks, once, and shared.
//! A still *is* those bytes, never mirrored, rotated or scaled; it is encoded again only for raw cameras or a tight limit.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use zeroize::{Zeroize, Zeroizing};

use crate::codec;
use crate::error::Damage;
use crate::jpeg;
use crate::look::Glance;
use crate::mode::{Mode, Pixels};
use crate::planes::{Plane, Planes};
use crate::pool::{Pool, PooledBytes};
use crate::slot::Numbered;
use crate::state::Attempt;

/// Pictures up to this size go to the preview as the camera sent them; it is also the bound of a review picture.
const PASSED_THROUGH_PX: (u16, u16) = (1280, 720);
/// Quality of a preview that is made here.
const PREVIEW_QUALITY: u8 = 72;
/// Qualities of a still that has to be made here, best first.
const STILL_QUALITIES: [u8; 4] = [92, 88, 84, 80];
/// The server takes no smaller photo: so few bytes show nothing.
const SMALLEST_STILL_BYTES: usize = 10 * 1024;

/// Counts pictures in a row that decoded badly; written by whoever decodes, read by the camera thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct DecodeTally(Arc<AtomicU32>);

impl DecodeTally {
    pub(crate) fn bad_in_a_row(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    fn count(&self, good: bool) {
        if good {
            self.0.store(0, Ordering::Relaxed);
        } else {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The camera's own bytes of one picture, checked and cut.
#[derive(Debug)]
pub(crate) struct Picture {
    bytes: Arc<PooledBytes>,
    /// Length and content of the bytes, for telling repeats.
    pub(crate) print: (usize, u64),
}

impl Picture {
    /// Checks one picture of the agreed mode and copies what belongs to it.
    ///
    /// # Errors
    /// The [`Damage`] found; nothing of a damaged picture is kept.
    pub(crate) fn from_camera(bytes: &[u8], mode: Mode, pool: &Pool) -> Result<Self, Damage> {
        let (width, height) = (usize::from(mode.width_px), usize::from(mode.height_px));
        let mut kept = pool.take();
        match mode.pixels.raw_bytes(width, height) {
            None => {
                let cut = jpeg::cut(bytes)?;
                if (cut.width_px, cut.height_px) != (mode.width_px, mode.height_px) {
                    return Err(Damage::WrongSize { width_px: cut.width_px, height_px: cut.height_px });
                }
                jpeg::complete(bytes, cut, &mut kept);
            }
            // A pair of pixels shares its chroma; half a pair is no picture of any driver.
            Some(_) if mode.pixels == Pixels::Yuyv && width % 2 == 1 => return Err(Damage::Shape),
            Some(needed_bytes) if bytes.len() < needed_bytes => {
                return Err(Damage::Short { found_bytes: bytes.len(), needed_bytes });
            }
            Some(needed_bytes) => kept.extend(&bytes[..needed_bytes]),
        }
        let print = (kept.len(), print_of(&kept));
        Ok(Self { bytes: Arc::new(kept), print })
    }
}

/// A fast fingerprint of bytes. It only has to tell a picture from its repeat, not withstand an attacker:
/// a camera that wants to send old pictures can simply change one byte.
///
/// Four sums side by side, because one would wait for its own multiplication at every word.
fn print_of(bytes: &[u8]) -> u64 {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let step = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(MIX);
    let blocks = bytes.chunks_exact(32);
    let rest = blocks.remainder().iter().fold(MIX, |sum, byte| step(sum, u64::from(*byte)));
    let sums = blocks.fold([rest, MIX, !MIX, 0], |sums, block| {
        let word = |at: usize| {
            let part = &block[at..at + 8];
            u64::from_le_bytes([part[0], part[1], part[2], part[3], part[4], part[5], part[6], part[7]])
        };
        [step(sums[0], word(0)), step(sums[1], word(8)), step(sums[2], word(16)), step(sums[3], word(24))]
    });
    sums.into_iter().fold(bytes.len() as u64, step)
}

/// One picture of a running camera.
pub struct Frame {
    seq: u64,
    attempt: Attempt,
    arrived: Instant,
    captured: Option<SystemTime>,
    mode: Mode,
    fresh: bool,
    bytes: Arc<PooledBytes>,
    planes: OnceLock<Result<Planes, Damage>>,
    tally: DecodeTally,
    counted: AtomicBool,
}

/// What the camera thread knows of a picture besides its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) seq: u64,
    pub(crate) attempt: Attempt,
    pub(crate) arrived: Instant,
    pub(crate) captured: Option<SystemTime>,
    pub(crate) mode: Mode,
    pub(crate) fresh: bool,
}

impl Frame {
    pub(crate) fn new(arrival: Arrival, picture: Picture, tally: DecodeTally) -> Self {
        let Arrival { seq, attempt, arrived, captured, mode, fresh } = arrival;
        Self {
            seq,
            attempt,
            arrived,
            captured,
            mode,
            fresh,
            bytes: picture.bytes,
            planes: OnceLock::new(),
            tally,
            counted: AtomicBool::new(false),
        }
    }

    /// Its number; rises over the whole life of a [`Camera`](crate::Camera), over reopening too.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The attempt whose camera made it.
    pub fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// When it came out of the driver: the age of a frame is measured from here.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// When the driver says it was taken. Absent if the driver does not say.
    pub fn captured(&self) -> Option<SystemTime> {
        self.captured
    }

    /// The mode it was taken in.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// Whether a still may be taken of it: at least the third in a row of pictures that all differ from the eight before
    /// and whose times rise, of a camera that has had time to set its exposure.
    ///
    /// A stale copy handed out by a driver, a frozen camera and a clock that jumps back all break the row.
    pub fn fresh(&self) -> bool {
        self.fresh
    }

    /// The pixels at full size, decoded once and shared.
    ///
    /// # Errors
    /// The [`Damage`] found; the answer is the same every time.
    pub fn planes(&self) -> Result<&Planes, Damage> {
        let decoded = self.planes.get_or_init(|| {
            let decoded = self.decode();
            self.count(decoded.is_ok());
            decoded
        });
        decoded.as_ref().map_err(Clone::clone)
    }

    /// A picture counts once, however often it is decoded.
    fn count(&self, good: bool) {
        if !self.counted.swap(true, Ordering::Relaxed) {
            self.tally.count(good);
        }
    }

    /// What a glance says; `None` if the picture cannot be decoded, which is counted.
    pub(crate) fn glance(&self) -> Option<Glance> {
        if let Some(decoded) = self.planes.get() {
            return decoded.as_ref().ok().map(Glance::at_planes);
        }
        let (width, height) = (usize::from(self.mode.width_px), usize::from(self.mode.height_px));
        if self.mode.pixels != Pixels::Mjpeg {
            return Glance::at_raw(&self.bytes, self.mode.pixels, width, height);
        }
        let small = codec::eighth_planes(&self.bytes);
        self.count(small.is_ok());
        small.ok().map(|planes| Glance::at_planes(&planes))
    }

    fn decode(&self) -> Result<Planes, Damage> {
        let (width, height) = (usize::from(self.mode.width_px), usize::from(self.mode.height_px));
        match self.mode.pixels {
            Pixels::Mjpeg => codec::decode_planes(&self.bytes),
            Pixels::Yuyv => Ok(Planes::from_yuyv(&self.bytes, width, height)),
            Pixels::Nv12 => Ok(Planes::from_nv12(&self.bytes, width, height)),
        }
    }

    /// A JPEG to show: the camera's own bytes up to 1280x720, else a half, a quarter or an eighth of the size, whichever is the
    /// first to fit into that. A picture of 1080 rows becomes 960x540, and so does one of 2160.
    ///
    /// # Errors
    /// The [`Damage`] found. Bytes that pass through are not decoded here, so a damaged picture may still be shown.
    pub fn preview(&self) -> Result<Bytes, Damage> {
        let eighths = shown_eighths(self.mode);
        match (self.mode.pixels, eighths) {
            (Pixels::Mjpeg, 8) => Ok(Bytes::from_owner(Shared(Arc::clone(&self.bytes)))),
            (Pixels::Mjpeg, _) => codec::scaled_jpeg(&self.bytes, eighths, PREVIEW_QUALITY).map(wiped_later),
            (_, 8) => codec::encode_planes(self.planes()?, PREVIEW_QUALITY).map(wiped_later),
            (_, _) => {
                let mut small = self.planes()?.halved();
                for _ in 0..(2 - eighths.ilog2().min(2)) {
                    small = small.halved();
                }
                codec::encode_planes(&small, PREVIEW_QUALITY).map(wiped_later)
            }
        }
    }

    /// The photo itself, ready to be sent: whole, decodable by a strict decoder, at most `limit_bytes`.
    ///
    /// # Errors
    /// The [`Damage`] found, among them [`Damage::TooLarge`] and [`Damage::TooSmall`].
    pub fn still(&self, limit_bytes: usize) -> Result<StillJpeg, Damage> {
        let planes = self.planes()?;
        let own = self.mode.pixels == Pixels::Mjpeg && self.bytes.len() <= limit_bytes;
        let bytes = if own { Zeroizing::new(self.bytes.to_vec()) } else { encoded_within(planes, limit_bytes)? };
        if bytes.len() < SMALLEST_STILL_BYTES {
            return Err(Damage::TooSmall { bytes: bytes.len() });
        }
        // Our decoder has read these pixels, or made the bytes of them; the strict one must see the same picture, because the
        // server has that one, and what was reviewed must be what is kept.
        let checked = codec::read_luma(&bytes)?;
        if own && !alike(&planes.y, &checked.y) {
            return Err(Damage::Codec("two decoders see different pictures in it".into()));
        }
        Ok(StillJpeg { bytes, width_px: checked.y.width as u16, height_px: checked.y.height as u16 })
    }
}

impl Numbered for Frame {
    fn seq(&self) -> u64 {
        self.seq
    }
    fn attempt_number(&self) -> u64 {
        self.attempt.0
    }
}

/// At how many eighths of its size a picture is shown.
fn shown_eighths(mode: Mode) -> usize {
    let (width, height) = PASSED_THROUGH_PX;
    let fits = |eighths: &usize| {
        let part = |side: u16| usize::from(side) * eighths / 8;
        part(mode.width_px) <= usize::from(width) && part(mode.height_px) <= usize::from(height)
    };
    [8, 4, 2].into_iter().find(fits).unwrap_or(1)
}

/// Decoders may round differently, by a level here and there.
const ROUNDING_LEVELS: f64 = 1.0;

fn alike(one: &Plane, other: &Plane) -> bool {
    if (one.width, one.height) != (other.width, other.height) {
        return false;
    }
    let row_sum = |y: usize| -> u64 {
        let differences = one.row(y).iter().zip(other.row(y)).map(|(one, other)| u32::from(one.abs_diff(*other)));
        u64::from(differences.sum::<u32>())
    };
    let sum: u64 = (0..one.height).map(row_sum).sum();
    sum as f64 <= ROUNDING_LEVELS * (one.width * one.height) as f64
}

fn encoded_within(planes: &Planes, limit_bytes: usize) -> Result<Zeroizing<Vec<u8>>, Damage> {
    let mut smallest = usize::MAX;
    for quality in STILL_QUALITIES {
        let bytes = Zeroizing::new(codec::encode_planes(planes, quality)?);
        if bytes.len() <= limit_bytes {
            return Ok(bytes);
        }
        smallest = smallest.min(bytes.len());
    }
    Err(Damage::TooLarge { bytes: smallest, limit_bytes })
}

/// Lends a frame's bytes to a reader without copying them.
struct Shared(Arc<PooledBytes>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes that are wiped in one go: `Zeroizing` goes through a `Vec` byte by byte.
struct Wiped(Vec<u8>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

fn wiped_later(bytes: Vec<u8>) -> Bytes {
    Bytes::from_owner(Wiped(bytes))
}

impl fmt::Debug for Frame {
    /// Numbers only: pictures never reach a log.
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "Frame({} of attempt {}, {})", self.seq, self.attempt.0, self.mode)
    }
}

/// A photo as it will be sent. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct StillJpeg {
    /// A baseline JPEG.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Its width.
    pub width_px: u16,
    /// Its height.
    pub height_px: u16,
}

impl fmt::Debug for StillJpeg {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "StillJpeg({}x{}, {} bytes)", self.width_px, self.height_px, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Rate;

    #[test]
    fn large_pictures_are_shown_small_enough_to_be_drawn_thirty_times_a_second() {
        #[rustfmt::skip]
        let table = [
            // mode       eighths because
            ((640, 480),   8, "as it is"),
            ((1280, 720),  8, "exactly fits"),
            ((1280, 960),  4, "too high"),
            ((1920, 1080), 4, "960 x 540"),
            ((2560, 1440), 4, "1280 x 720"),
            ((3840, 2160), 2, "960 x 540, by a decode at a quarter"),
            ((4096, 4096), 1, "512 x 512: nothing odd fits better"),
        ];
        for ((width_px, height_px), expected, because) in table {
            let mode = Mode { width_px, height_px, fps: Rate::whole(30), pixels: Pixels::Mjpeg };
            assert_eq!(shown_eighths(mode), expected, "{mode}: {because}");
        }
    }

    #[test]
    fn a_large_raw_picture_is_shown_at_the_same_size_as_a_large_jpeg() {
        for (width_px, height_px, shown_px) in
            [(1920, 1080, (960, 540)), (3840, 2160, (960, 540)), (640, 480, (640, 480))]
        {
            let mode = Mode { width_px, height_px, fps: Rate::whole(5), pixels: Pixels::Yuyv };
            let bytes = vec![128; usize::from(width_px) * usize::from(height_px) * 2];
            let picture = Picture::from_camera(&bytes, mode, &Pool::default()).unwrap();
            let (arrived, attempt) = (crate::clock::now(), Attempt(1));
            let arrival = Arrival { seq: 1, attempt, arrived, captured: None, mode, fresh: false };
            let shown = Frame::new(arrival, picture, DecodeTally::default()).preview().unwrap();
            let cut = jpeg::cut(&shown).unwrap();
            assert_eq!((cut.width_px, cut.height_px), shown_px, "{mode}");
        }
    }
}
