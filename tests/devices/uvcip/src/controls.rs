//! The controls of the USB camera (USB Video Class 1.0, 4.2.2): focus, exposure, zoom and shutter of the camera terminal, white
//! balance of the processing unit. It keeps what it is told, as a camera does; the pictures do not change by it.
//! As real ones do, it stalls a value whose automatic is on.

/// Unit numbers in the descriptors.
pub(crate) const TERMINAL: u8 = 1;
pub(crate) const PROCESSING: u8 = 2;

/// Which controls there are, as bits: of the terminal exposure mode and time, focus, zoom, autofocus, shutter; of the
/// processing unit white balance and its automatic.
pub(crate) const TERMINAL_BITS: [u8; 3] = [0b0010_1010, 0b0000_0010, 0b0000_0110];
pub(crate) const PROCESSING_BITS: [u8; 2] = [0b0100_0000, 0b0001_0000];

const SET_CUR: u8 = 0x01;
const GET_CUR: u8 = 0x81;
const GET_MIN: u8 = 0x82;
const GET_MAX: u8 = 0x83;
const GET_RES: u8 = 0x84;
const GET_LEN: u8 = 0x85;
const GET_INFO: u8 = 0x86;
const GET_DEF: u8 = 0x87;

/// Exposure modes are bits: manual, and aperture priority.
const MANUAL: u32 = 1;
const BY_APERTURE: u32 = 8;

struct Dial {
    unit: u8,
    selector: u8,
    bytes: usize,
    smallest: u32,
    largest: u32,
    /// For the exposure mode: the modes there are.
    step: u32,
    usual: u32,
    value: u32,
    /// Unit, selector and value under which this dial may be turned.
    only_when: Option<(u8, u8, u32)>,
    settable: bool,
}

const EXPOSURE_MODE: u8 = 0x02;
const FOCUS_AUTO: u8 = 0x08;
const WHITE_AUTO: u8 = 0x0B;

/// The camera's controls.
pub(crate) struct Controls(Vec<Dial>);

impl Controls {
    pub(crate) fn new() -> Self {
        let dial = |unit, selector, bytes, (smallest, largest, step), usual, only_when| Dial {
            unit,
            selector,
            bytes,
            smallest,
            largest,
            step,
            usual,
            value: usual,
            only_when,
            settable: (unit, selector) != (TERMINAL, 0x11),
        };
        #[rustfmt::skip]
        let dials = vec![
            dial(TERMINAL,   EXPOSURE_MODE, 1, (0, 255, MANUAL | BY_APERTURE), BY_APERTURE, None),
            dial(TERMINAL,   0x04,          4, (3, 2_047, 1),                  250,         Some((TERMINAL, EXPOSURE_MODE, MANUAL))),
            dial(TERMINAL,   0x06,          2, (0, 250, 5),                    30,          Some((TERMINAL, FOCUS_AUTO, 0))),
            dial(TERMINAL,   FOCUS_AUTO,    1, (0, 1, 1),                      1,           None),
            dial(TERMINAL,   0x0B,          2, (100, 400, 1),                  100,         None),
            dial(TERMINAL,   0x11,          1, (0, 1, 1),                      0,           None),
            dial(PROCESSING, 0x0A,          2, (2_000, 6_500, 10),             4_000,       Some((PROCESSING, WHITE_AUTO, 0))),
            dial(PROCESSING, WHITE_AUTO,    1, (0, 1, 1),                      1,           None),
        ];
        Self(dials)
    }

    /// Answers a request of the driver; `None` is a stall.
    pub(crate) fn read(&self, unit: u8, selector: u8, request: u8) -> Option<Vec<u8>> {
        let dial = self.0.iter().find(|dial| (dial.unit, dial.selector) == (unit, selector))?;
        let value = match request {
            GET_CUR => dial.value,
            GET_MIN => dial.smallest,
            GET_MAX => dial.largest,
            GET_RES => dial.step,
            GET_DEF => dial.usual,
            GET_LEN => return Some(vec![dial.bytes as u8, 0]),
            GET_INFO => return Some(vec![if dial.settable { 3 } else { 1 }]),
            _ => return None,
        };
        Some(value.to_le_bytes()[..dial.bytes].to_vec())
    }

    /// Sets a value; false is a stall.
    pub(crate) fn write(&mut self, unit: u8, selector: u8, request: u8, data: &[u8]) -> bool {
        let value_of = |unit, selector| {
            self.0.iter().find(|dial| (dial.unit, dial.selector) == (unit, selector)).map(|dial| dial.value)
        };
        let Some(at) = self.0.iter().position(|dial| (dial.unit, dial.selector) == (unit, selector)) else {
            return false;
        };
        let dial = &self.0[at];
        let allowed = dial.only_when.is_none_or(|(unit, selector, value)| value_of(unit, selector) == Some(value));
        if request != SET_CUR || !dial.settable || !allowed || data.len() < dial.bytes {
            return false;
        }
        let mut bytes = [0; 4];
        bytes[..dial.bytes].copy_from_slice(&data[..dial.bytes]);
        let value = u32::from_le_bytes(bytes);
        let fits = if selector == EXPOSURE_MODE && unit == TERMINAL {
            value.is_power_of_two() && value & dial.step != 0
        } else {
            (dial.smallest..=dial.largest).contains(&value)
        };
        if fits {
            self.0[at].value = value;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_turned_only_while_its_automatic_is_off() {
        let mut controls = Controls::new();
        #[rustfmt::skip]
        let table: [(u8, &[u8], bool, &str); 8] = [
            (0x06,          &[50, 0],    false, "the autofocus is on"),
            (FOCUS_AUTO,    &[0],        true,  "and is turned off"),
            (0x06,          &[50, 0],    true,  "then the focus is ours"),
            (0x06,          &[255, 255], false, "not beyond its range"),
            (EXPOSURE_MODE, &[2],        false, "a mode it does not have"),
            (EXPOSURE_MODE, &[1],        true,  "one that it has"),
            (0x11,          &[1],        false, "a shutter is closed by hand"),
            (0x06,          &[5],        false, "too few bytes"),
        ];
        for (selector, data, expected, because) in table {
            assert_eq!(controls.write(TERMINAL, selector, SET_CUR, data), expected, "{because}");
        }
        assert_eq!(controls.read(TERMINAL, 0x06, GET_CUR), Some(vec![50, 0]));
        assert_eq!(controls.read(TERMINAL, 0x06, GET_LEN), Some(vec![2, 0]));
        assert_eq!(controls.read(PROCESSING, 0x0C, GET_CUR), None, "one that it does not have");
    }
}
