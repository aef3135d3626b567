//! The bytes by which a USB camera describes itself (USB 2.0 chapter 9, USB Video Class 1.0).

use crate::controls::{PROCESSING, PROCESSING_BITS, TERMINAL, TERMINAL_BITS};

/// One size, and the pictures sent in it.
pub(crate) struct Mode {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) pictures: Vec<Vec<u8>>,
}

/// What the camera says of itself.
pub(crate) struct Shape {
    pub(crate) modes: Vec<Mode>,
    /// The shortest interval on offer, in units of 100 ns: 333333 for 30 pictures a second, 333667 for 29.97.
    pub(crate) interval: u32,
    /// Whether it offers a second format that no photo can be made of, as infra-red cameras do. It is never sent.
    pub(crate) grey: bool,
    /// Whether it has controls.
    pub(crate) controls: bool,
    pub(crate) name: String,
    pub(crate) serial: Option<String>,
    /// The port of the virtual controller it is plugged into.
    pub(crate) port: u32,
}

impl Shape {
    /// Offered intervals, ascending, or uvcvideo picks wrongly; then half and a quarter of the rate.
    pub(crate) fn intervals(&self) -> [u32; 3] {
        [self.interval, 2 * self.interval, 4 * self.interval]
    }
}

/// The one size of the grey format.
const GREY_SIZE: (u16, u16) = (640, 480);
/// The number of the grey format.
pub(crate) const GREY: u8 = 2;
/// What the strings are numbered.
const MAKER: u8 = 1;
const NAME: u8 = 2;
const SERIAL: u8 = 3;
/// One bulk transfer of the driver; each carries a header of its own.
pub(crate) const PAYLOAD_BYTES: u32 = 16_384;
/// The endpoint the pictures leave by.
pub(crate) const ENDPOINT: u8 = 0x81;

const CS_INTERFACE: u8 = 0x24;

/// Room for one picture, as the driver is told.
pub(crate) fn frame_bytes(mode: &Mode) -> u32 {
    u32::from(mode.width) * u32::from(mode.height) * 2
}

/// Room for one grey picture.
pub(crate) fn grey_bytes() -> u32 {
    u32::from(GREY_SIZE.0) * u32::from(GREY_SIZE.1)
}

pub(crate) fn device(shape: &Shape) -> Vec<u8> {
    // A device of several interfaces joined by an association; 1209:0001 is a number for tests.
    let serial = if shape.serial.is_some() { SERIAL } else { 0 };
    vec![18, 1, 0x00, 0x02, 0xEF, 2, 1, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, MAKER, NAME, serial, 1]
}

pub(crate) fn text(shape: &Shape, index: u8) -> Option<Vec<u8>> {
    let words: Vec<u16> = match index {
        0 => vec![0x0409],
        MAKER => "Likeness".encode_utf16().collect(),
        NAME => shape.name.encode_utf16().collect(),
        SERIAL => shape.serial.as_ref()?.encode_utf16().collect(),
        _ => return None,
    };
    let mut bytes = vec![2 + 2 * words.len() as u8, 3];
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    Some(bytes)
}

pub(crate) fn configuration(shape: &Shape) -> Vec<u8> {
    let control = control_interface(shape.controls);
    let streaming = streaming_interface(shape);
    let total = (9 + 8 + control.len() + streaming.len()) as u16;
    let mut bytes = vec![9, 2];
    bytes.extend(total.to_le_bytes());
    bytes.extend([2, 1, 0, 0x80, 250]);
    bytes.extend([8, 0x0B, 0, 2, 0x0E, 0x03, 0, 0]);
    bytes.extend(control);
    bytes.extend(streaming);
    bytes
}

/// Interface 0: camera terminal 1, processing unit 2, output terminal 3; no endpoint.
fn control_interface(controls: bool) -> Vec<u8> {
    let (terminal, processing) = if controls { (TERMINAL_BITS, PROCESSING_BITS) } else { ([0; 3], [0; 2]) };
    let mut units = Vec::new();
    units.extend([18, CS_INTERFACE, 0x02, TERMINAL, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    units.extend(terminal);
    units.extend([11, CS_INTERFACE, 0x05, PROCESSING, 1, 0, 0, 2]);
    units.extend(processing);
    units.push(0);
    units.extend([9, CS_INTERFACE, 0x03, 3, 0x01, 0x01, 0, 2, 0]);
    let mut bytes = vec![9, 4, 0, 0, 0, 0x0E, 0x01, 0, 0];
    bytes.extend([13, CS_INTERFACE, 0x01, 0x00, 0x01]);
    bytes.extend((13 + units.len() as u16).to_le_bytes());
    bytes.extend(48_000_000u32.to_le_bytes());
    bytes.extend([1, 1]);
    bytes.extend(units);
    bytes
}

/// Interface 1: JPEG with a frame a mode, perhaps grey, one bulk endpoint (which needs no second alternate setting).
fn streaming_interface(shape: &Shape) -> Vec<u8> {
    let mut formats = vec![11, CS_INTERFACE, 0x06, 1, shape.modes.len() as u8, 1, 1, 0, 0, 0, 0];
    for (index, mode) in shape.modes.iter().enumerate() {
        let size = (mode.width, mode.height);
        formats.extend(frame(0x07, 1 + index as u8, size, frame_bytes(mode), &shape.intervals()));
    }
    formats.extend(COLOUR);
    if shape.grey {
        formats.extend([27, CS_INTERFACE, 0x04, GREY, 1]);
        formats.extend(b"Y800\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71");
        formats.extend([8, 1, 0, 0, 0, 0]);
        formats.extend(frame(0x05, 1, GREY_SIZE, grey_bytes(), &shape.intervals()[2..]));
        formats.extend(COLOUR);
    }
    let count = 1 + u8::from(shape.grey);
    let mut bytes = vec![9, 4, 1, 0, 1, 0x0E, 0x02, 0, 0];
    bytes.extend([13 + count, CS_INTERFACE, 0x01, count]);
    bytes.extend((13 + u16::from(count) + formats.len() as u16).to_le_bytes());
    bytes.extend([ENDPOINT, 0, 3, 0, 0, 0, 1]);
    bytes.resize(bytes.len() + usize::from(count), 0);
    bytes.extend(formats);
    bytes.extend([7, 5, ENDPOINT, 2, 0x00, 0x02, 0]);
    bytes
}

/// What the colours mean: BT.709, as every camera says.
const COLOUR: [u8; 6] = [6, CS_INTERFACE, 0x0D, 1, 1, 4];

/// One size of a format.
fn frame(subtype: u8, index: u8, (width, height): (u16, u16), bytes_each: u32, intervals: &[u32]) -> Vec<u8> {
    let mut bytes = vec![26 + 4 * intervals.len() as u8, CS_INTERFACE, subtype, index, 0];
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend((bytes_each * 8 * 7).to_le_bytes());
    bytes.extend((bytes_each.saturating_mul(8 * 30)).to_le_bytes());
    bytes.extend(bytes_each.to_le_bytes());
    bytes.extend(intervals[0].to_le_bytes());
    bytes.push(intervals.len() as u8);
    bytes.extend(intervals.iter().flat_map(|interval| interval.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_descriptor_is_as_long_as_it_says_and_the_totals_add_up() {
        let mode = |width, height| Mode { width, height, pictures: Vec::new() };
        for (grey, frames) in [(false, (2, 0)), (true, (2, 1))] {
            let shape = Shape {
                modes: vec![mode(1280, 720), mode(640, 480)],
                interval: 333_667,
                grey,
                controls: grey,
                name: "camera".into(),
                serial: grey.then(|| "A1".into()),
                port: 0,
            };
            let bytes = configuration(&shape);
            assert_eq!(usize::from(u16::from_le_bytes([bytes[2], bytes[3]])), bytes.len());
            let mut at = 0;
            let mut kinds = Vec::new();
            while at < bytes.len() {
                kinds.push((bytes[at + 1], bytes[at + 2]));
                at += usize::from(bytes[at]);
            }
            assert_eq!(at, bytes.len(), "no byte belongs to nobody");
            let count = |kind| kinds.iter().filter(|found| **found == (CS_INTERFACE, kind)).count();
            // Subtype 5 is a raw frame here; the processing unit of interface 0 has the same number.
            assert_eq!((count(7), count(5) - 1), frames, "a frame a mode");
            assert_eq!(usize::from(device(&shape)[0]), device(&shape).len());
            assert_eq!(usize::from(text(&shape, 2).unwrap()[0]), text(&shape, 2).unwrap().len());
            assert_eq!(text(&shape, SERIAL).is_some(), grey, "a serial number only where there is one");
            assert!(text(&shape, 4).is_none());
        }
    }
}
