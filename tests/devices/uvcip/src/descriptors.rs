//! The bytes by which a USB camera describes itself (USB 2.0 chapter 9, USB Video Class 1.0).

/// One size, and the pictures sent in it.
pub(crate) struct Mode {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) pictures: Vec<Vec<u8>>,
}

/// Offered intervals in units of 100 ns, ascending, or uvcvideo picks wrongly: 30, 15 and 7.5 pictures a second.
pub(crate) const INTERVALS: [u32; 3] = [333_333, 666_666, 1_333_333];
/// One bulk transfer of the driver; each carries a header of its own.
pub(crate) const PAYLOAD_BYTES: u32 = 16_384;
/// The endpoint the pictures leave by.
pub(crate) const ENDPOINT: u8 = 0x81;

const CS_INTERFACE: u8 = 0x24;

/// Room for one picture, as the driver is told.
pub(crate) fn frame_bytes(mode: &Mode) -> u32 {
    u32::from(mode.width) * u32::from(mode.height) * 2
}

pub(crate) fn device() -> Vec<u8> {
    // A device of several interfaces joined by an association; 1209:0001 is a number for tests.
    vec![18, 1, 0x00, 0x02, 0xEF, 2, 1, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 0, 1]
}

pub(crate) fn text(index: u8) -> Option<Vec<u8>> {
    let words: Vec<u16> = match index {
        0 => vec![0x0409],
        1 => "Likeness".encode_utf16().collect(),
        2 => "Likeness USB test camera".encode_utf16().collect(),
        _ => return None,
    };
    let mut bytes = vec![2 + 2 * words.len() as u8, 3];
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    Some(bytes)
}

pub(crate) fn configuration(modes: &[Mode]) -> Vec<u8> {
    let control = control_interface();
    let streaming = streaming_interface(modes);
    let total = (9 + 8 + control.len() + streaming.len()) as u16;
    let mut bytes = vec![9, 2];
    bytes.extend(total.to_le_bytes());
    bytes.extend([2, 1, 0, 0x80, 250]);
    bytes.extend([8, 0x0B, 0, 2, 0x0E, 0x03, 0, 0]);
    bytes.extend(control);
    bytes.extend(streaming);
    bytes
}

/// Interface 0: camera terminal 1, processing unit 2, output terminal 3; no endpoint, no controls.
fn control_interface() -> Vec<u8> {
    let mut units = Vec::new();
    units.extend([18, CS_INTERFACE, 0x02, 1, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
    units.extend([11, CS_INTERFACE, 0x05, 2, 1, 0, 0, 2, 0, 0, 0]);
    units.extend([9, CS_INTERFACE, 0x03, 3, 0x01, 0x01, 0, 2, 0]);
    let mut bytes = vec![9, 4, 0, 0, 0, 0x0E, 0x01, 0, 0];
    bytes.extend([13, CS_INTERFACE, 0x01, 0x00, 0x01]);
    bytes.extend((13 + units.len() as u16).to_le_bytes());
    bytes.extend(48_000_000u32.to_le_bytes());
    bytes.extend([1, 1]);
    bytes.extend(units);
    bytes
}

/// Interface 1: one format, a frame a mode, one bulk endpoint (which needs no second alternate setting).
fn streaming_interface(modes: &[Mode]) -> Vec<u8> {
    let mut formats = vec![11, CS_INTERFACE, 0x06, 1, modes.len() as u8, 1, 1, 0, 0, 0, 0];
    for (index, mode) in modes.iter().enumerate() {
        formats.extend([38, CS_INTERFACE, 0x07, 1 + index as u8, 0]);
        formats.extend(mode.width.to_le_bytes());
        formats.extend(mode.height.to_le_bytes());
        formats.extend((frame_bytes(mode) * 8 * 7).to_le_bytes());
        formats.extend((frame_bytes(mode) * 8 * 30).to_le_bytes());
        formats.extend(frame_bytes(mode).to_le_bytes());
        formats.extend(INTERVALS[0].to_le_bytes());
        formats.push(INTERVALS.len() as u8);
        formats.extend(INTERVALS.iter().flat_map(|interval| interval.to_le_bytes()));
    }
    formats.extend([6, CS_INTERFACE, 0x0D, 1, 1, 4]);
    let mut bytes = vec![9, 4, 1, 0, 1, 0x0E, 0x02, 0, 0];
    bytes.extend([14, CS_INTERFACE, 0x01, 1]);
    bytes.extend((14 + formats.len() as u16).to_le_bytes());
    bytes.extend([ENDPOINT, 0, 3, 0, 0, 0, 1, 0]);
    bytes.extend(formats);
    bytes.extend([7, 5, ENDPOINT, 2, 0x00, 0x02, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_descriptor_is_as_long_as_it_says_and_the_totals_add_up() {
        let mode = |width, height| Mode { width, height, pictures: Vec::new() };
        let bytes = configuration(&[mode(1280, 720), mode(640, 480)]);
        assert_eq!(usize::from(u16::from_le_bytes([bytes[2], bytes[3]])), bytes.len());
        let mut at = 0;
        let mut kinds = Vec::new();
        while at < bytes.len() {
            kinds.push((bytes[at + 1], bytes[at + 2]));
            at += usize::from(bytes[at]);
        }
        assert_eq!(at, bytes.len(), "no byte belongs to nobody");
        assert_eq!(kinds.iter().filter(|kind| **kind == (CS_INTERFACE, 7)).count(), 2, "a frame a mode");
        assert_eq!(usize::from(device()[0]), device().len());
        assert_eq!(usize::from(text(2).unwrap()[0]), text(2).unwrap().len());
        assert!(text(3).is_none());
    }
}
