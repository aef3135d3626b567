//! Finds where a camera's JPEG ends and whether it is one we accept, without decoding it.
//!
//! A driver hands out a whole buffer: one picture, then bytes of older pictures. Everything behind the picture's own end is
//! cut off before anything is hashed, shown or stored: those bytes may show somebody else.
//! Bytes are only ever searched forwards, because the last end marker in the buffer belongs to an older picture.

use memchr::memchr;

use crate::error::Damage;
use crate::pool::PooledBytes;

/// More segments than any camera writes.
const MOST_SEGMENTS: usize = 64;
/// Accepted sides; the upper one is also the server's.
const SIDES_PX: std::ops::RangeInclusive<u16> = 16..=4096;

/// Where the parts of one accepted JPEG lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Length of the picture, end marker included.
    pub(crate) end: usize,
    /// Width from the frame header.
    pub(crate) width_px: u16,
    /// Height from the frame header.
    pub(crate) height_px: u16,
    /// Where the start-of-scan marker begins.
    pub(crate) scan_at: usize,
    /// Whether Huffman tables are inside; many USB cameras leave them out.
    pub(crate) has_tables: bool,
}

/// Walks the segments by their lengths, then the scan to its end.
///
/// Accepted: baseline (SOF0), 8 bit, one or three components in a single scan, sides of 16 to 4096 pixels.
///
/// # Errors
/// [`Damage::NotJpeg`], [`Damage::NoEnd`], [`Damage::Segment`] or [`Damage::Shape`].
pub(crate) fn cut(buffer: &[u8]) -> Result<Cut, Damage> {
    if !buffer.starts_with(&[0xFF, 0xD8]) {
        return Err(Damage::NotJpeg);
    }
    let mut at = 2;
    let mut has_tables = false;
    let mut frame: Option<Header> = None;
    for _ in 0..MOST_SEGMENTS {
        let (marker, body, next) = segment(buffer, at)?;
        match marker {
            0xE0..=0xEF | 0xFE | 0xDB | 0xDD => {}
            0xC4 => has_tables = true,
            0xC0 if frame.is_none() => frame = Some(Header::read(body)?),
            0xDA => {
                let header = frame.ok_or(Damage::Segment { marker })?;
                if body.first() != Some(&header.components) || body.len() != 4 + 2 * usize::from(header.components) {
                    return Err(Damage::Segment { marker });
                }
                let end = scan_end(buffer, next)?;
                let Header { width_px, height_px, .. } = header;
                return Ok(Cut { end, width_px, height_px, scan_at: at, has_tables });
            }
            _ => return Err(Damage::Segment { marker }),
        }
        at = next;
    }
    Err(Damage::Shape)
}

/// Marker, body without its length, and where the next segment starts.
fn segment(buffer: &[u8], at: usize) -> Result<(u8, &[u8], usize), Damage> {
    // Any number of FF may stand before a marker (ITU-T T.81, B.1.1.2).
    let fill = buffer.get(at..).unwrap_or(&[]).windows(2).take_while(|pair| *pair == [0xFF, 0xFF]).count();
    let at = at + fill;
    let Some([0xFF, marker, high, low]) = buffer.get(at..at + 4) else {
        return Err(match buffer.get(at) {
            Some(0xFF) | None => Damage::NoEnd,
            Some(other) => Damage::Segment { marker: *other },
        });
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length < 2 {
        return Err(Damage::Segment { marker: *marker });
    }
    let next = at + 2 + length;
    let body = buffer.get(at + 4..next).ok_or(Damage::NoEnd)?;
    Ok((*marker, body, next))
}

struct Header {
    width_px: u16,
    height_px: u16,
    components: u8,
}

impl Header {
    fn read(body: &[u8]) -> Result<Self, Damage> {
        let Some(&[bits, h1, h0, w1, w0, components]) = body.get(..6) else { return Err(Damage::Shape) };
        let (height_px, width_px) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]));
        let known = bits == 8 && matches!(components, 1 | 3) && body.len() == 6 + 3 * usize::from(components);
        if !known || !SIDES_PX.contains(&width_px) || !SIDES_PX.contains(&height_px) {
            return Err(Damage::Shape);
        }
        Ok(Self { width_px, height_px, components })
    }
}

/// Finds the end marker of a scan that starts at `at`; answers the length of the whole picture.
fn scan_end(buffer: &[u8], mut at: usize) -> Result<usize, Damage> {
    loop {
        at += memchr(0xFF, buffer.get(at..).unwrap_or(&[])).ok_or(Damage::NoEnd)?;
        match buffer.get(at + 1) {
            Some(0x00 | 0xD0..=0xD7) => at += 2, // a stuffed byte, a restart
            Some(0xFF) => at += 1,               // fill
            Some(0xD9) => return Ok(at + 2),
            Some(marker) => return Err(Damage::Segment { marker: *marker }),
            None => return Err(Damage::NoEnd),
        }
    }
}

/// Copies the picture without what lies behind it, and adds the standard Huffman tables where the camera left them out:
/// our codec decodes without them, but no strict decoder does, and the server has a strict one.
pub(crate) fn complete(buffer: &[u8], cut: Cut, into: &mut PooledBytes) {
    if cut.has_tables {
        into.extend(&buffer[..cut.end]);
    } else {
        into.extend(&buffer[..cut.scan_at]);
        into.extend(&standard_tables());
        into.extend(&buffer[cut.scan_at..cut.end]);
    }
}

/// The segment with the four typical Huffman tables of ITU-T T.81, Annex K.3: 420 bytes.
fn standard_tables() -> Vec<u8> {
    let mut segment = vec![0xFF, 0xC4, 0x01, 0xA2];
    for (class_and_slot, counts, values) in [
        (0x00, &DC_LUMA_COUNTS, &DC_VALUES[..]),
        (0x10, &AC_LUMA_COUNTS, &AC_LUMA_VALUES[..]),
        (0x01, &DC_CHROMA_COUNTS, &DC_VALUES[..]),
        (0x11, &AC_CHROMA_COUNTS, &AC_CHROMA_VALUES[..]),
    ] {
        segment.push(class_and_slot);
        segment.extend_from_slice(counts);
        segment.extend_from_slice(values);
    }
    segment
}

const DC_LUMA_COUNTS: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_CHROMA_COUNTS: [u8; 16] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const DC_VALUES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const AC_LUMA_COUNTS: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D];
const AC_CHROMA_COUNTS: [u8; 16] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77];
#[rustfmt::skip]
const AC_LUMA_VALUES: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
    0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
    0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
    0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5,
    0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
    0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
    0xF9, 0xFA,
];
#[rustfmt::skip]
const AC_CHROMA_VALUES: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
    0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
    0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26,
    0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
    0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
    0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5,
    0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
    0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
    0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
    0xF9, 0xFA,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Pool;

    /// A header by hand, so that no encoder's habits are tested: 64 x 48, one component.
    fn grey(scan: &[u8]) -> Vec<u8> {
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
        jpeg.extend([1; 64]);
        jpeg.extend([0xFF, 0xC0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 0x11, 0]);
        jpeg.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
        jpeg.extend(scan);
        jpeg
    }

    fn with(mut jpeg: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
        jpeg[at] = byte;
        jpeg
    }

    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "rows of a table read better without references")]
    fn check(buffer: &[u8], expected: Result<usize, Damage>, because: &str) {
        match cut(buffer) {
            Ok(cut) => assert_eq!(Ok(cut.end), expected, "{because}"),
            Err(damage) => assert_eq!(Err(damage), expected, "{because}"),
        }
    }

    #[test]
    fn a_picture_ends_at_its_own_end_and_nothing_odd_gets_through() {
        let head = grey(&[]).len();
        let sof = 71;
        let old = [&grey(&[1, 2, 0xFF, 0xD9])[..], &[9; 5000], &[0xFF, 0xD9]].concat();
        check(&grey(&[1, 2, 0xFF, 0xD9]), Ok(head + 4), "the plain case");
        check(&old, Ok(head + 4), "bytes of an older picture behind the end are cut off, its end marker included");
        check(
            &grey(&[1, 0xFF, 0x00, 0xFF, 0xD3, 0xFF, 0xFF, 0xD9]),
            Ok(head + 8),
            "stuffed bytes, restarts and fill go on",
        );
        check(&grey(&[1, 2, 3]), Err(Damage::NoEnd), "half a picture has no end");
        check(&grey(&[1, 0xFF]), Err(Damage::NoEnd), "cut inside a marker");
        check(&grey(&[1, 0xFF, 0xDA, 0xFF, 0xD9]), Err(Damage::Segment { marker: 0xDA }), "a second scan");
        check(
            &grey(&[1, 0xFF, 0xD8, 0xFF, 0xD9]),
            Err(Damage::Segment { marker: 0xD8 }),
            "a new picture inside the old one",
        );
        check(&[], Err(Damage::NotJpeg), "an empty frame");
        check(&[0; 4000], Err(Damage::NotJpeg), "a fresh buffer");
        check(b"GIF89a", Err(Damage::NotJpeg), "another format");
        check(&[0xFF, 0xD8], Err(Damage::NoEnd), "only a beginning");
        check(&[0xFF, 0xD8, 0xFF, 0xD9], Err(Damage::NoEnd), "an end without a picture");
        check(&[0xFF, 0xD8, 0x12, 0, 0, 0], Err(Damage::Segment { marker: 0x12 }), "no marker where one must be");
        check(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 0, 0], Err(Damage::Segment { marker: 0xE0 }), "a length that cannot be");
        check(&[0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 0, 0], Err(Damage::NoEnd), "a length beyond the buffer");
        let filled = [&[0xFF, 0xD8, 0xFF, 0xFF][..], &grey(&[1, 0xFF, 0xD9])[2..]].concat();
        check(&filled, Ok(filled.len()), "fill before a marker");
        let good = grey(&[1, 0xFF, 0xD9]);
        check(&with(good.clone(), sof + 1, 0xC2), Err(Damage::Segment { marker: 0xC2 }), "progressive");
        check(&with(good.clone(), sof + 1, 0xC9), Err(Damage::Segment { marker: 0xC9 }), "arithmetic");
        check(&with(good.clone(), sof + 4, 12), Err(Damage::Shape), "12 bits a sample");
        check(&with(good.clone(), sof + 5, 0xFF), Err(Damage::Shape), "65,328 rows");
        check(&with(good.clone(), sof + 8, 8), Err(Damage::Shape), "8 pixels wide");
        check(&with(good.clone(), sof + 9, 4), Err(Damage::Shape), "four components");
        check(
            &with(good, sof + 17, 3),
            Err(Damage::Segment { marker: 0xDA }),
            "a scan of three components in a grey picture",
        );
        let twice = [&grey(&[])[..sof + 13], &grey(&[1, 0xFF, 0xD9])[sof..]].concat();
        check(&twice, Err(Damage::Segment { marker: 0xC0 }), "two frame headers");
        let comments: Vec<u8> = [0xFF, 0xFE, 0, 2].repeat(80);
        let flood = [&[0xFF, 0xD8][..], &comments, &grey(&[1, 0xFF, 0xD9])[2..]].concat();
        check(&flood, Err(Damage::Shape), "80 comments before the picture");
    }

    #[test]
    fn missing_tables_are_added_in_front_of_the_scan_and_present_ones_left_alone() {
        let buffer = [&grey(&[1, 2, 0xFF, 0xD9])[..], &[9; 50]].concat();
        let found = cut(&buffer).unwrap();
        assert!(!found.has_tables);
        let pool = Pool::default();
        let mut whole = pool.take();
        complete(&buffer, found, &mut whole);
        assert_eq!(whole.len(), found.end + 420, "four tables, nothing from behind the end");
        assert_eq!(&whole[found.scan_at..found.scan_at + 4], [0xFF, 0xC4, 0x01, 0xA2]);
        let again = cut(&whole).unwrap();
        assert!(again.has_tables);
        let mut same = pool.take();
        complete(&whole, again, &mut same);
        assert_eq!(same[..], whole[..]);
    }
}
