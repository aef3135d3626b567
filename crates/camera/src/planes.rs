//! Decoded pixels: full-range luma and chroma planes. Wiped from memory when dropped.

use std::fmt;

use zeroize::Zeroizing;

/// One rectangle of 8-bit samples.
#[derive(Clone, PartialEq, Eq)]
pub struct Plane {
    /// Samples, row by row: `stride * height` of them at least.
    pub px: Zeroizing<Vec<u8>>,
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
    /// Unpacks a raw picture with tight rows.
    ///
    /// Drivers send raw video in limited range (luma 16 to 235, V4L2's default for YCbCr); it is stretched to full range here,
    /// so that every later measure sees one scale whatever the camera sends.
    pub(crate) fn from_yuyv(bytes: &[u8], width: usize, height: usize) -> Self {
        let half = width.div_ceil(2);
        let (mut y, mut u, mut v) = (blank(width * height), blank(half * height), blank(half * height));
        for row in 0..height {
            let packed = &bytes[row * width * 2..(row + 1) * width * 2];
            for (x, pair) in packed.chunks_exact(2).enumerate() {
                y[row * width + x] = FULL_LUMA[usize::from(pair[0])];
                let chroma = if x % 2 == 0 { &mut u } else { &mut v };
                chroma[row * half + x / 2] = FULL_CHROMA[usize::from(pair[1])];
            }
        }
        Self::of(y, (u, v), (width, height), (1, 0))
    }

    /// As [`Planes::from_yuyv`], for the packing with interleaved chroma at half size.
    pub(crate) fn from_nv12(bytes: &[u8], width: usize, height: usize) -> Self {
        let (half_w, half_h) = (width.div_ceil(2), height.div_ceil(2));
        let (mut y, mut u, mut v) = (blank(width * height), blank(half_w * half_h), blank(half_w * half_h));
        for (to, from) in y.iter_mut().zip(&bytes[..width * height]) {
            *to = FULL_LUMA[usize::from(*from)];
        }
        for (index, pair) in bytes[width * height..].chunks_exact(2).take(half_w * half_h).enumerate() {
            u[index] = FULL_CHROMA[usize::from(pair[0])];
            v[index] = FULL_CHROMA[usize::from(pair[1])];
        }
        Self::of(y, (u, v), (width, height), (1, 1))
    }

    fn of(
        y: Zeroizing<Vec<u8>>,
        (u, v): (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>),
        size: (usize, usize),
        shift: (u8, u8),
    ) -> Self {
        let (width, height) = size;
        let chroma = |px| {
            let width = width.div_ceil(1 << shift.0);
            Plane { px, width, height: height.div_ceil(1 << shift.1), stride: width }
        };
        Self {
            y: Plane { px: y, width, height, stride: width },
            u: Some(chroma(u)),
            v: Some(chroma(v)),
            shift_x: shift.0,
            shift_y: shift.1,
        }
    }

    /// Half the size, each sample the mean of four: the preview of a large raw picture.
    pub(crate) fn halved(&self) -> Self {
        let half = |plane: &Plane| {
            let (width, height) = ((plane.width / 2).max(1), (plane.height / 2).max(1));
            let mut px = blank(width * height);
            for y in 0..height {
                let (upper, lower) = (plane.row(2 * y), plane.row((2 * y + 1).min(plane.height - 1)));
                for x in 0..width {
                    let (left, right) = (2 * x, (2 * x + 1).min(plane.width - 1));
                    let sum = u16::from(upper[left])
                        + u16::from(upper[right])
                        + u16::from(lower[left])
                        + u16::from(lower[right]);
                    px[y * width + x] = ((sum + 2) / 4) as u8;
                }
            }
            Plane { px, width, height, stride: width }
        };
        Self { y: half(&self.y), u: self.u.as_ref().map(half), v: self.v.as_ref().map(half), ..*self }
    }
}

fn blank(len: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![0; len])
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
        assert_eq!(planes.y.px.as_slice(), [0, 255, 255, 0]);
        assert_eq!(planes.u.unwrap().px.as_slice(), [0, 255]);
        assert_eq!(planes.v.unwrap().px.as_slice(), [255, 0]);
    }

    #[test]
    fn pixels_do_not_reach_a_log() {
        let planes = Planes::from_yuyv(&[77; 8], 2, 2);
        assert!(!format!("{planes:?}").contains("77"), "only sizes may be printed");
    }
}
