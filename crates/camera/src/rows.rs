//! Raw pictures as systems lend them, rows padded to what suits a graphics card, to rows without padding. Pure.

use crate::error::Damage;
use crate::mode::{Mode, Pixels};
use crate::pool::PooledBytes;

/// One plane of a packing: how long its rows are without padding, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlaneRows {
    pub(crate) row_bytes: usize,
    pub(crate) rows: usize,
}

/// The planes of a raw picture of this mode; none for JPEG, which has no rows.
pub(crate) fn planes(mode: Mode) -> Vec<PlaneRows> {
    let (width, height) = (usize::from(mode.width_px), usize::from(mode.height_px));
    match mode.pixels {
        Pixels::Mjpeg => Vec::new(),
        Pixels::Yuyv => vec![PlaneRows { row_bytes: 2 * width, rows: height }],
        Pixels::Nv12 => vec![
            PlaneRows { row_bytes: width, rows: height },
            PlaneRows { row_bytes: 2 * width.div_ceil(2), rows: height.div_ceil(2) },
        ],
    }
}

/// Appends one plane's rows, which begin every `stride_bytes` of `bytes`.
///
/// # Errors
/// [`Damage::Short`] if `bytes` ends before the last row does, or if rows would overlap.
pub(crate) fn append(
    bytes: &[u8],
    stride_bytes: usize,
    plane: PlaneRows,
    into: &mut PooledBytes,
) -> Result<(), Damage> {
    let PlaneRows { row_bytes, rows } = plane;
    let needed_bytes = stride_bytes.saturating_mul(rows.saturating_sub(1)).saturating_add(row_bytes);
    if stride_bytes < row_bytes || bytes.len() < needed_bytes {
        return Err(Damage::Short { found_bytes: bytes.len(), needed_bytes });
    }
    if stride_bytes == row_bytes {
        into.extend(&bytes[..row_bytes * rows]);
        return Ok(());
    }
    for row in 0..rows {
        into.extend(&bytes[row * stride_bytes..row * stride_bytes + row_bytes]);
    }
    Ok(())
}

/// Appends a whole picture whose planes follow each other with one stride. A system that names a stride but lends a picture
/// just long enough without padding has packed it already.
///
/// # Errors
/// [`Damage::Short`] if the picture ends before its last row does.
#[cfg(any(target_os = "windows", test))]
pub(crate) fn append_picture(
    bytes: &[u8],
    stride_bytes: usize,
    mode: Mode,
    into: &mut PooledBytes,
) -> Result<(), Damage> {
    let planes = planes(mode);
    let all_rows = planes.iter().try_fold(0_usize, |sum, plane| sum.checked_add(stride_bytes.checked_mul(plane.rows)?));
    let last_padding = planes.last().map_or(0, |plane| stride_bytes.saturating_sub(plane.row_bytes));
    let is_padded = all_rows.is_some_and(|all_rows| bytes.len() >= all_rows.saturating_sub(last_padding));
    let mut rest = bytes;
    for plane in planes {
        let stride_bytes = if is_padded { stride_bytes.max(plane.row_bytes) } else { plane.row_bytes };
        append(rest, stride_bytes, plane, into)?;
        rest = rest.get(stride_bytes * plane.rows..).unwrap_or(&[]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Rate;
    use crate::pool::Pool;

    fn mode(pixels: Pixels, width_px: u16, height_px: u16) -> Mode {
        Mode { width_px, height_px, fps: Rate::whole(30), pixels }
    }

    /// Rows of their own number, padded with 255.
    fn padded(planes: &[PlaneRows], stride_bytes: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for plane in planes {
            for row in 0..plane.rows {
                let end = bytes.len() + stride_bytes;
                bytes.resize(bytes.len() + plane.row_bytes, row as u8);
                bytes.resize(end, 255);
            }
        }
        bytes
    }

    #[test]
    fn padding_is_left_behind_whatever_the_stride() {
        #[rustfmt::skip]
        let table = [
            // pixels        size     stride  because
            (Pixels::Yuyv, (4, 3),    8,      "no padding"),
            (Pixels::Yuyv, (4, 3),    32,     "padded to what a graphics card likes"),
            (Pixels::Nv12, (4, 4),    4,      "two planes, no padding"),
            (Pixels::Nv12, (4, 4),    16,     "both planes have the same stride"),
            (Pixels::Nv12, (5, 3),    8,      "odd sides: chroma is rounded up"),
            (Pixels::Nv12, (1, 1),    64,     "as small as it gets"),
        ];
        for (pixels, (width, height), stride_bytes, because) in table {
            let mode = mode(pixels, width, height);
            let bytes = padded(&planes(mode), stride_bytes);
            let mut into = Pool::default().take();
            append_picture(&bytes, stride_bytes, mode, &mut into).unwrap();
            let expected = pixels.raw_bytes(usize::from(width), usize::from(height)).unwrap();
            assert_eq!(into.len(), expected, "{because}");
            assert!(!into.contains(&255), "padding came along: {because}");
        }
    }

    #[test]
    fn a_picture_that_is_packed_already_is_taken_as_it_is() {
        let mode = mode(Pixels::Nv12, 4, 4);
        let packed = padded(&planes(mode), 4);
        let mut into = Pool::default().take();
        append_picture(&packed, 16, mode, &mut into).unwrap();
        assert_eq!(into.as_ref(), packed.as_slice(), "the named stride does not fit, the picture does");
    }

    #[test]
    fn a_last_row_without_its_padding_is_whole() {
        let mode = mode(Pixels::Yuyv, 2, 2);
        let mut bytes = padded(&planes(mode), 16);
        bytes.truncate(16 + 4);
        let mut into = Pool::default().take();
        append_picture(&bytes, 16, mode, &mut into).unwrap();
        assert_eq!(into.as_ref(), [0, 0, 0, 0, 1, 1, 1, 1]);
    }

    #[test]
    fn no_length_and_no_stride_makes_it_read_past_the_end() {
        for pixels in [Pixels::Yuyv, Pixels::Nv12] {
            let mode = mode(pixels, 6, 4);
            let whole = pixels.raw_bytes(6, 4).unwrap();
            for length in 0..=4 * whole {
                for stride_bytes in [0, 1, 5, 6, 11, 12, 13, 64, usize::MAX] {
                    let mut into = Pool::default().take();
                    let appended = append_picture(&vec![7; length], stride_bytes, mode, &mut into);
                    let case = format!("{pixels:?}, {length} bytes, stride {stride_bytes}");
                    assert_eq!(
                        appended.is_ok(),
                        length >= whole,
                        "{case}: a whole picture, packed or padded, goes through"
                    );
                    assert!(appended.is_err() || into.len() == whole, "{case}: half a picture went through");
                }
            }
        }
    }
}
