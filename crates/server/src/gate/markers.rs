//! Our own walk over a JPEG's markers, before any decoder sees it.
//!
//! Decoders are kind: they accept a picture with an archive behind it, one without an end, 700 bytes of headers as a whole photo. This walk is not:
//! baseline only, 8 bit, 1 or 3 components in one scan, own tables, at most 64 segments, and nothing after the end.
//! Marker names as in ITU-T T.81, table B.1.

use likeness_protocol::tus::PhotoFinding;

const MAX_SEGMENTS: usize = 64;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DHT: u8 = 0xC4;
const DRI: u8 = 0xDD;
const COM: u8 = 0xFE;
const SOF0: u8 = 0xC0;

/// What the headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Width, pixels.
    pub width_px: u16,
    /// Height, pixels.
    pub height_px: u16,
    /// 1 (grey) or 3 (colour).
    pub components: u8,
}

/// Walks from the first byte to the last.
pub fn walk(bytes: &[u8]) -> Result<Header, PhotoFinding> {
    let Some(rest) = bytes.strip_prefix(&[0xFF, SOI]) else { return Err(PhotoFinding::NotJpeg) };
    let mut reader = Reader { rest };
    let mut header = None;
    let (mut quantisation, mut huffman) = (false, false);
    for _ in 0..MAX_SEGMENTS {
        let marker = reader.marker()?;
        match marker {
            SOS => {
                let segment = reader.segment()?;
                let header: Header = header.ok_or(PhotoFinding::Damaged)?;
                if !(quantisation && huffman) || segment.first() != Some(&header.components) {
                    return Err(PhotoFinding::UnsupportedJpeg);
                }
                return reader.scan().map(|()| header);
            }
            SOF0 if header.is_none() => header = Some(frame(reader.segment()?)?),
            DQT => quantisation = !reader.segment()?.is_empty(),
            DHT => huffman = !reader.segment()?.is_empty(),
            DRI | COM | 0xE0..=0xEF => {
                reader.segment()?;
            }
            // Every other frame type, arithmetic tables, a second frame, hierarchical pictures.
            0xC0..=0xCF | 0xDC | 0xDE | 0xDF => return Err(PhotoFinding::UnsupportedJpeg),
            _ => return Err(PhotoFinding::Damaged),
        }
    }
    Err(PhotoFinding::UnsupportedJpeg)
}

/// Reads a frame header (T.81, B.2.2).
fn frame(segment: &[u8]) -> Result<Header, PhotoFinding> {
    let [precision, height_high, height_low, width_high, width_low, components, rest @ ..] = segment else {
        return Err(PhotoFinding::Damaged);
    };
    if *precision != 8 || !matches!(components, 1 | 3) {
        return Err(PhotoFinding::UnsupportedJpeg);
    }
    let header = Header {
        width_px: u16::from_be_bytes([*width_high, *width_low]),
        height_px: u16::from_be_bytes([*height_high, *height_low]),
        components: *components,
    };
    let whole = rest.len() == usize::from(*components) * 3 && header.width_px > 0 && header.height_px > 0;
    if whole { Ok(header) } else { Err(PhotoFinding::Damaged) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, PhotoFinding> {
        let (first, rest) = self.rest.split_first().ok_or(PhotoFinding::Damaged)?;
        self.rest = rest;
        Ok(*first)
    }

    /// The next marker; any number of fill bytes may stand before it.
    fn marker(&mut self) -> Result<u8, PhotoFinding> {
        if self.byte()? != 0xFF {
            return Err(PhotoFinding::Damaged);
        }
        loop {
            match self.byte()? {
                0xFF => {}
                0x00 => return Err(PhotoFinding::Damaged),
                marker => return Ok(marker),
            }
        }
    }

    /// The content behind a marker; its length field counts itself.
    fn segment(&mut self) -> Result<&'a [u8], PhotoFinding> {
        let length = usize::from(u16::from_be_bytes([self.byte()?, self.byte()?]));
        let (content, rest) =
            length.checked_sub(2).and_then(|length| self.rest.split_at_checked(length)).ok_or(PhotoFinding::Damaged)?;
        self.rest = rest;
        Ok(content)
    }

    /// Entropy-coded data up to the end marker, which must be the last thing in the file.
    fn scan(&mut self) -> Result<(), PhotoFinding> {
        loop {
            let at = self.rest.iter().position(|byte| *byte == 0xFF).ok_or(PhotoFinding::Damaged)?;
            self.rest = self.rest.get(at..).ok_or(PhotoFinding::Damaged)?;
            self.byte()?;
            match self.byte()? {
                // A stuffed byte, or a restart marker.
                0x00 | 0xD0..=0xD7 => {}
                EOI if self.rest.is_empty() => return Ok(()),
                EOI => return Err(PhotoFinding::TrailingData),
                // A second scan, or rubbish.
                _ => return Err(PhotoFinding::UnsupportedJpeg),
            }
        }
    }
}
