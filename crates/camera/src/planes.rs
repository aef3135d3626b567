//! Decoded pixels: full-range luma and chroma planes. Wiped from memory when the last holder drops them.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::{Arc, LazyLock};

use crate::pool::{Pool, PooledBytes};

/// Where the memory of pixels goes round: a 1080p picture has four megabytes, and asking the system for them costs as much as decoding.
static MEMORY: LazyLock<Pool> = LazyLock::new(Pool::default);

/// Room for the samples of one picture, all zero.
pub(crate) fn room(samples: usize) -> PooledBytes {
    MEMORY.take_zeros(samples)
}

/// Gives the memory that nobody uses back to the system.
pub(crate) fn release_room() {
    MEMORY.release();
}

/// Samples of a plane. The planes of one picture share their memory, so a clone costs nothing.
#[derive(Clone)]
pub struct Samples {
    memory: Arc<PooledBytes>,
    range: Range<usize>,
}

impl Samples {
    fn part(memory: &Arc<PooledBytes>, range: Range<usize>) -> Self {
        Self { memory: Arc::clone(memory), range }
    }
}

impl Deref for Samples {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.memory.get(self.range.clone()).unwrap_or(&[])
    }
}

impl PartialEq for Samples {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Samples {}

/// One rectangle of 8-bit samples.
#[derive(Clone, PartialEq, Eq)]
pub struct Plane {
    /// Samples, row by row: `stride * height` of them at least.
    pub px: Samples,
    /// Samples of a row that belong to the picture.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples from one row to the next, `width` or more.
    pub stride: usize,
}

impl Plane {
    /// One row, `width` samples. Rows beyond the picture are empty.
    pub fn row(&self, y: usize) -> &[u8] {
        let start = y * self.stride;
        if y < self.height { self.px.get(start..start + self.width).unwrap_or(&[]) } else { &[] }
    }
}

impl fmt::Debug for Plane {
    /// Size only: pixels of a face or an ID never reach a log.
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "Plane({}x{})", self.width, self.height)
    }
}

/// A whole picture in JPEG's colour space (ITU-T T.871): luma 0 black to 255 white, chroma around 128.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planes {
    /// Luma, full size.
    pub y: Plane,
    /// Blue difference; absent for a grey picture.
    pub u: Option<Plane>,
    /// Red difference; absent for a grey picture.
    pub v: Option<Plane>,
    /// Chroma is `1 << shift_x` times narrower than luma, rounded up.
    pub shift_x: u8,
    /// Chroma is `1 << shift_y` times lower than luma, rounded up.
    pub shift_y: u8,
}

impl Planes {
    /// Takes planes that lie tightly one behind another: luma, then blue, then red difference. `shifts` is `None` for grey.
    pub(crate) fn of(memory: PooledBytes, width: usize, height: usize, shifts: Option<(u8, u8)>) -> Self {
        let memory = Arc::new(memory);
        let plane = |from: usize, width: usize, height: usize| Plane {
            px: Samples::part(&memory, from..from + width * height),
            width,
            height,
            stride: width,
        };
        let (shift_x, shift_y) = shifts.unwrap_or((0, 0));
        let (small_w, small_h) = (width.div_ceil(1 << shift_x), height.div_ceil(1 << shift_y));
        let u = shifts.map(|_| plane(width * height, small_w, small_h));
        let v = shifts.map(|_| plane(width * height + small_w * small_h, small_w, small_h));
        Self { y: plane(0, width, height), u, v, shift_x, shift_y }
    }

    /// How many samples such planes have.
    pub(crate) fn samples(width: usize, height: usize, shifts: Option<(u8, u8)>) -> usize {
        let chroma = shifts.map_or(0, |(x, y)| 2 * width.div_ceil(1 << x) * height.div_ceil(1 << y));
        width * height + chroma
    }

    /// Unpacks a raw picture with tight rows.
    ///
    /// Drivers send raw video in limited range (luma 16 to 235, V4L2's default for YCbCr); it is stretched to full range here,
    /// so that every later measure sees one scale whatever the camera sends. The last column of an odd width has no red difference.
    pub(crate) fn from_yuyv(bytes: &[u8], width: usize, height: usize) -> Self {
        let shifts = Some((1, 0));
        let half = width.div_ceil(2);
        let mut memory = room(Self::samples(width, height, shifts));
        let (y, chroma) = memory.split_at_mut(width * height);
        let (u, v) = chroma.split_at_mut(half * height);
        for row in 0..height {
            let packed = &bytes[row * width * 2..(row + 1) * width * 2];
            let y = &mut y[row * width..(row + 1) * width];
            let (u, v) = (&mut u[row * half..(row + 1) * half], &mut v[row * half..(row + 1) * half]);
            for (((group, y), u), v) in packed.chunks(4).zip(y.chunks_mut(2)).zip(u).zip(v) {
                for (y, from) in y.iter_mut().zip(group.iter().step_by(2)) {
                    *y = FULL_LUMA[usize::from(*from)];
                }
                *u = FULL_CHROMA[usize::from(group[1])];
                *v = group.get(3).map_or(128, |red| FULL_CHROMA[usize::from(*red)]);
            }
        }
        Self::of(memory, width, height, shifts)
    }

    /// As [`Planes::from_yuyv`], for the packing with interleaved chroma at half size.
    pub(crate) fn from_nv12(bytes: &[u8], width: usize, height: usize) -> Self {
        let shifts = Some((1, 1));
        let chroma_len = width.div_ceil(2) * height.div_ceil(2);
        let mut memory = room(Self::samples(width, height, shifts));
        let (y, chroma) = memory.split_at_mut(width * height);
        let (u, v) = chroma.split_at_mut(chroma_len);
        for (to, from) in y.iter_mut().zip(bytes) {
            *to = FULL_LUMA[usize::from(*from)];
        }
        for ((u, v), pair) in u.iter_mut().zip(v).zip(bytes[width * height..].chunks_exact(2)) {
            *u = FULL_CHROMA[usize::from(pair[0])];
            *v = FULL_CHROMA[usize::from(pair[1])];
        }
        Self::of(memory, width, height, shifts)
    }

    /// Half the size, each sample the mean of four: the preview of a large raw picture.
    pub(crate) fn halved(&self) -> Self {
        let size = |plane: &Plane| ((plane.width / 2).max(1), (plane.height / 2).max(1));
        let (width, height) = size(&self.y);
        let chroma_len = self.u.as_ref().map_or(0, |plane| size(plane).0 * size(plane).1);
        let mut memory = room(width * height + 2 * chroma_len);
        let (y, chroma) = memory.split_at_mut(width * height);
        let (u, v) = chroma.split_at_mut(chroma_len);
        halve(&self.y, y);
        for (plane, to) in [(&self.u, u), (&self.v, v)] {
            if let Some(plane) = plane {
                halve(plane, to);
            }
        }
        let memory = Arc::new(memory);
        let part = |plane: &Plane, from: usize| {
            let (width, height) = size(plane);
            Plane { px: Samples::part(&memory, from..from + width * height), width, height, stride: width }
        };
        Self {
            y: part(&self.y, 0),
            u: self.u.as_ref().map(|plane| part(plane, width * height)),
            v: self.v.as_ref().map(|plane| part(plane, width * height + chroma_len)),
            ..*self
        }
    }
}

/// Writes the means of two by two samples; an odd last row or column is left out, a single one counts twice.
fn halve(plane: &Plane, to: &mut [u8]) {
    let width = (plane.width / 2).max(1);
    for (y, to) in to.chunks_mut(width).enumerate() {
        let (upper, lower) = (plane.row(2 * y), plane.row((2 * y + 1).min(plane.height - 1)));
        if plane.width == 1 {
            to[0] = (u16::from(upper[0]) + u16::from(lower[0])).div_ceil(2) as u8;
            continue;
        }
        for ((to, upper), lower) in to.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
            let sum = u16::from(upper[0]) + u16::from(upper[1]) + u16::from(lower[0]) + u16::from(lower[1]);
            *to = ((sum + 2) / 4) as u8;
        }
    }
}

/// Limited to full range (ITU-R BT.601 to T.871): luma 16..235 to 0..255.
pub(crate) const FULL_LUMA: [u8; 256] = stretched(16, 219, 0);
/// Chroma 16..240 around 128 to 0..255 around 128.
pub(crate) const FULL_CHROMA: [u8; 256] = stretched(128, 224, 128);

const fn stretched(zero_in: i32, span_in: i32, zero_out: i32) -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut index = 0;
    while index < 256 {
        let scaled = (index - zero_in) * 255;
        let rounded = if scaled < 0 { (scaled - span_in / 2) / span_in } else { (scaled + span_in / 2) / span_in };
        let value = zero_out + rounded;
        table[index as usize] = if value < 0 {
            0
        } else if value > 255 {
            255
        } else {
            value as u8
        };
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_pictures_of_odd_sizes_unpack_without_reading_past_their_end() {
        for (width, height) in [(2, 2), (3, 3), (16, 5), (7, 1)] {
            let yuyv = vec![128; width * height * 2];
            let planes = Planes::from_yuyv(&yuyv, width, height);
            assert_eq!(planes.y.px.len(), width * height);
            assert_eq!(planes.u.as_ref().unwrap().width, width.div_ceil(2));
            let nv12 = vec![128; width * height + 2 * width.div_ceil(2) * height.div_ceil(2)];
            let planes = Planes::from_nv12(&nv12, width, height);
            assert_eq!(planes.v.as_ref().unwrap().height, height.div_ceil(2));
            assert!(planes.halved().y.width >= 1);
        }
    }

    #[test]
    fn limited_range_becomes_full_range() {
        #[rustfmt::skip]
        let table = [
            // raw  luma  chroma  because
            (16,    0,    0,      "video black is black; the lowest chroma is the lowest"),
            (235,   255,  250,    "video white is white"),
            (128,   130,  128,    "no colour stays no colour"),
            (0,     0,    0,      "below black is cut, not wrapped"),
            (255,   255,  255,    "above white is cut, not wrapped"),
        ];
        for (raw, luma, chroma, because) in table {
            assert_eq!(FULL_LUMA[raw], luma, "{because}");
            assert_eq!(FULL_CHROMA[raw], chroma, "{because}");
        }
    }

    #[test]
    fn a_yuyv_pixel_lands_where_it_belongs() {
        // Two pixels: Y0 U Y1 V, second row different.
        let bytes = [16, 16, 235, 240, 235, 240, 16, 16];
        let planes = Planes::from_yuyv(&bytes, 2, 2);
        assert_eq!(*planes.y.px, [0, 255, 255, 0]);
        assert_eq!(*planes.u.unwrap().px, [0, 255]);
        assert_eq!(*planes.v.unwrap().px, [255, 0]);
    }

    #[test]
    fn pixels_do_not_reach_a_log() {
        let planes = Planes::from_yuyv(&[77; 8], 2, 2);
        assert!(!format!("{planes:?}").contains("77"), "only sizes may be printed");
    }
}
