//! What Windows and macOS say a camera can send, in our words. Pure, tested on every system.
//!
//! Rates stay fractions from the driver to the request: a rate that was rounded on the way is refused by some cameras.

use crate::mode::Rate;
#[cfg(any(target_os = "windows", test))]
use crate::mode::{Mode, Pixels};

/// Two numbers as Media Foundation keeps sizes and fractions: the first in the upper half.
#[cfg(any(target_os = "windows", test))]
pub(crate) fn halves(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

/// A media type of Media Foundation as a mode of ours; `None` for packings we do not take (among them the grey ones of
/// infra-red cameras), for sizes no camera has, and for rates a careless driver leaves at zero.
///
/// `subtype`: the first four bytes of the subtype's GUID, which for video are its four letters.
#[cfg(any(target_os = "windows", test))]
pub(crate) fn from_media_type(subtype: u32, packed_size: u64, packed_rate: u64) -> Option<Mode> {
    let pixels = match &subtype.to_le_bytes() {
        b"MJPG" => Pixels::Mjpeg,
        b"NV12" => Pixels::Nv12,
        b"YUY2" => Pixels::Yuyv,
        _ => return None,
    };
    let ((width, height), (pictures, seconds)) = (halves(packed_size), halves(packed_rate));
    Some(Mode {
        width_px: u16::try_from(width).ok()?,
        height_px: u16::try_from(height).ok()?,
        fps: Rate::new(pictures, seconds)?,
        pixels,
    })
}

/// Whether macOS decodes this format of a camera into the pixels we ask for. An unknown one is skipped; it must not spoil the list.
///
/// `subtype`: `FourCharCode`, first letter in the highest byte.
#[cfg(any(target_os = "macos", test))]
pub(crate) fn is_decoded_by_macos(subtype: u32) -> bool {
    matches!(&subtype.to_be_bytes(), b"420v" | b"420f" | b"yuvs" | b"2vuy" | b"dmb1" | b"jpeg" | b"mjpg")
}

/// A range of rates of one format on macOS, as the durations of its fastest and slowest picture.
#[cfg(any(target_os = "macos", test))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateRange {
    pub(crate) slowest: Rate,
    pub(crate) fastest: Rate,
}

#[cfg(any(target_os = "macos", test))]
impl RateRange {
    /// From `minFrameDuration` and `maxFrameDuration`, each a value over a timescale: the shortest picture is the fastest rate.
    /// `None` for durations that are no durations (zero, negative, invalid).
    pub(crate) fn of_durations(shortest: (i64, i32), longest: (i64, i32)) -> Option<Self> {
        let rate =
            |(value, timescale): (i64, i32)| Rate::new(u32::try_from(timescale).ok()?, u32::try_from(value).ok()?);
        let (fastest, slowest) = (rate(shortest)?, rate(longest)?);
        (slowest <= fastest).then_some(Self { slowest, fastest })
    }

    /// Whether a camera in this range can be asked for this rate.
    pub(crate) fn holds(self, rate: Rate) -> bool {
        self.slowest <= rate && rate <= self.fastest
    }

    /// The rates to offer: the fastest, exactly as the camera names it, and the customary ones below it.
    pub(crate) fn rates(self) -> Vec<Rate> {
        const CUSTOMARY: [Rate; 4] = [Rate::whole(30), Rate::whole(25), Rate::whole(24), Rate::whole(15)];
        let mut rates = vec![self.fastest];
        rates.extend(CUSTOMARY.into_iter().filter(|rate| *rate != self.fastest && self.holds(*rate)));
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subtype(letters: [u8; 4]) -> u32 {
        u32::from_le_bytes(letters)
    }

    fn packed(first: u32, second: u32) -> u64 {
        u64::from(first) << 32 | u64::from(second)
    }

    #[test]
    fn media_types_become_modes_with_their_rates_as_fractions() {
        #[rustfmt::skip]
        let table = [
            // letters  size           rate                 expected                    because
            (b"MJPG", (1920, 1080),  (30, 1),              Some("MJPG 1920x1080@30"),    "the usual one"),
            (b"MJPG", (1280, 720),   (30000, 1001),        Some("MJPG 1280x720@29.97"),  "the television rate is no 30"),
            (b"MJPG", (1280, 720),   (10_000_000, 333_333), Some("MJPG 1280x720@30"),    "a period in units of 100 ns"),
            (b"NV12", (640, 480),    (15, 2),              Some("NV12 640x480@7.5"),     "halves happen"),
            (b"YUY2", (640, 480),    (30, 1),              Some("YUYV 640x480@30"),      "Windows calls it otherwise"),
            (b"L8\0\0", (640, 480),  (30, 1),              None,                         "grey: an infra-red camera"),
            (b"H264", (1920, 1080),  (30, 1),              None,                         "nothing we could cut into photos"),
            (b"MJPG", (1920, 1080),  (30, 0),              None,                         "a careless driver"),
            (b"MJPG", (1920, 1080),  (0, 1),               None,                         "no rate at all"),
            (b"MJPG", (70_000, 480), (30, 1),              None,                         "no camera is that wide"),
        ];
        for (letters, (width, height), (pictures, seconds), expected, because) in table {
            let found = from_media_type(subtype(*letters), packed(width, height), packed(pictures, seconds));
            assert_eq!(found.map(|mode| mode.to_string()).as_deref(), expected, "{because}");
        }
    }

    #[test]
    fn the_exact_fraction_is_what_is_asked_for_later() {
        let mode = from_media_type(subtype(*b"MJPG"), packed(1280, 720), packed(30000, 1001)).unwrap();
        assert_eq!(mode.fps.fraction(), (30000, 1001));
    }

    #[test]
    fn formats_macos_can_decode_and_those_that_are_skipped() {
        for letters in [b"420v", b"420f", b"yuvs", b"2vuy", b"dmb1"] {
            assert!(is_decoded_by_macos(u32::from_be_bytes(*letters)), "{letters:?}");
        }
        for letters in [b"BGRA", b"hvc1", b"x420", b"L008"] {
            assert!(!is_decoded_by_macos(u32::from_be_bytes(*letters)), "{letters:?}");
        }
    }

    #[test]
    fn a_range_offers_its_own_end_and_the_customary_rates_inside() {
        #[rustfmt::skip]
        let table = [
            // shortest             longest              offered                         because
            ((1, 30),               (1, 1),              vec!["30", "25", "24", "15"],   "a built-in camera runs at any rate"),
            ((1_000_000, 30_000_030), (1_000_000, 30_000_030), vec!["30"],               "a USB camera has one rate, with its own odd fraction"),
            ((1001, 30_000),        (1001, 30_000),      vec!["29.97"],                  "the television rate"),
            ((1, 60),               (1, 20),             vec!["60", "30", "25", "24"],   "faster than needed: the customary ones as well"),
            ((1, 5),                (1, 5),              vec!["5"],                      "slow is slow"),
        ];
        for (shortest, longest, offered, because) in table {
            let rates: Vec<String> =
                RateRange::of_durations(shortest, longest).unwrap().rates().iter().map(ToString::to_string).collect();
            assert_eq!(rates, offered, "{because}");
        }
    }

    #[test]
    fn durations_that_are_none_give_no_range() {
        #[rustfmt::skip]
        let table = [
            ((0, 30), (1, 1), "zero"),            ((1, 0), (1, 1), "no timescale: an invalid time"),
            ((-1, 30), (1, 1), "negative"),       ((1, 1), (1, 30), "the ends are swapped"),
            ((i64::MAX, 1), (1, 1), "longer than any picture"),
        ];
        for (shortest, longest, because) in table {
            assert_eq!(RateRange::of_durations(shortest, longest), None, "{because}");
        }
    }
}
