//! Picture sizes, rates and pixel formats, the order in which they are tried, and how well a card can be read in them.
//! Pure: no device is touched here.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::time::Duration;

/// How a driver packs its pixels. Other packings are not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pixels {
    /// A JPEG a picture.
    Mjpeg,
    /// Luma plane, then interleaved chroma at half size.
    Nv12,
    /// Luma and chroma interleaved, chroma at half width.
    Yuyv,
}

impl Pixels {
    /// Its four letters, as V4L2 and the manifest write them.
    pub fn fourcc(self) -> &'static str {
        match self {
            Self::Mjpeg => "MJPG",
            Self::Nv12 => "NV12",
            Self::Yuyv => "YUYV",
        }
    }

    /// How many bytes a raw picture of this size has; `None` for JPEG, whose size varies.
    pub(crate) fn raw_bytes(self, width_px: usize, height_px: usize) -> Option<usize> {
        match self {
            Self::Mjpeg => None,
            Self::Nv12 => Some(width_px * height_px + 2 * width_px.div_ceil(2) * height_px.div_ceil(2)),
            Self::Yuyv => Some(2 * width_px * height_px),
        }
    }
}

/// Pictures a second as an exact fraction: 30 is 30/1, the television rate is 30000/1001.
///
/// Cameras name intervals, and a rate asked for in rounded form is refused by some and changed by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    pictures: u32,
    seconds: u32,
}

impl Rate {
    /// A whole number of pictures a second. Zero is taken as one: a rate of nothing is no rate.
    pub const fn whole(pictures_a_second: u16) -> Self {
        Self { pictures: if pictures_a_second == 0 { 1 } else { pictures_a_second as u32 }, seconds: 1 }
    }

    /// `pictures` in `seconds`, reduced; `None` if either is zero, as a careless driver may say.
    pub fn new(pictures: u32, seconds: u32) -> Option<Self> {
        let divisor = greatest_common_divisor(pictures, seconds);
        (pictures > 0 && seconds > 0).then(|| Self { pictures: pictures / divisor, seconds: seconds / divisor })
    }

    /// The fraction: so many pictures in so many seconds.
    pub fn fraction(self) -> (u32, u32) {
        (self.pictures, self.seconds)
    }

    /// Pictures a second.
    pub fn per_second(self) -> f64 {
        f64::from(self.pictures) / f64::from(self.seconds)
    }

    /// Pictures a second as a whole number, at least 1: 29.97 is 30.
    pub fn rounded(self) -> u16 {
        let (pictures, seconds) = (u64::from(self.pictures), u64::from(self.seconds));
        u16::try_from((pictures + seconds / 2) / seconds).unwrap_or(u16::MAX).max(1)
    }

    /// From one picture to the next.
    pub fn period(self) -> Duration {
        Duration::from_nanos(1_000_000_000 * u64::from(self.seconds) / u64::from(self.pictures))
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        let ours = u64::from(self.pictures) * u64::from(other.seconds);
        ours.cmp(&(u64::from(other.pictures) * u64::from(self.seconds)))
    }
}

impl fmt::Display for Rate {
    /// With at most two decimals, and none that say nothing: `30`, `29.97`, `7.5`.
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (100.0 * self.per_second()).round() / 100.0;
        write!(text, "{hundredths}")
    }
}

fn greatest_common_divisor(mut larger: u32, mut smaller: u32) -> u32 {
    while smaller != 0 {
        (larger, smaller) = (smaller, larger % smaller);
    }
    larger.max(1)
}

/// One thing a camera can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mode {
    /// Pixels a row.
    pub width_px: u16,
    /// Rows.
    pub height_px: u16,
    /// Pictures a second.
    pub fps: Rate,
    /// How the pixels are packed.
    pub pixels: Pixels,
}

impl Mode {
    /// Whether a photo of an ID can come of it: at least 640 x 480, either way round, and no side above 4096.
    pub fn can_read_card(self) -> bool {
        let (short, long) = self.sides_px();
        (CARD_SHORT_PX..=LONGEST_SIDE_PX).contains(&short) && (CARD_LONG_PX..=LONGEST_SIDE_PX).contains(&long)
    }

    /// Whether at least a face is seen in it: 320 x 240 or more. What is too small for a card may do for this, if policy allows.
    pub fn can_show_face(self) -> bool {
        let (short, long) = self.sides_px();
        short >= FACE_SHORT_PX && (FACE_LONG_PX..=LONGEST_SIDE_PX).contains(&long)
    }

    /// The dots per inch at which an ID-1 card (ISO/IEC 7810, 85.60 mm wide) is seen at best in this mode, rounded.
    ///
    /// Taken to be true of the camera: its long side spans 60 degrees, and 20 cm is as near as it still sees sharply. At that
    /// distance `2 * 200 mm * tan(30 degrees)` = 231 mm fit into the long side, so the card fills 37 % of it and has room to be
    /// held askew. 1920 pixels give 211 dpi, 1280 give 141, 640 give 70. A narrower lens or a nearer focus gives more: this is
    /// what may be promised before a card was seen, the real figure is measured on the card in the picture.
    pub fn best_card_dpi(self) -> u16 {
        let (_, long) = self.sides_px();
        (f64::from(long) * MM_PER_INCH / seen_mm()).round() as u16
    }

    /// Shorter side, then longer side.
    fn sides_px(self) -> (u16, u16) {
        (self.width_px.min(self.height_px), self.width_px.max(self.height_px))
    }

    pub(crate) fn area_px(self) -> u32 {
        u32::from(self.width_px) * u32::from(self.height_px)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "{} {}x{}@{}", self.pixels.fourcc(), self.width_px, self.height_px, self.fps)
    }
}

/// How near a card can be held to a common fixed-focus webcam and still be sharp.
const NEAREST_SHARP_MM: f64 = 200.0;
/// Half of the angle a common webcam sees across the long side of its picture.
const HALF_LENS_DEGREES: f64 = 30.0;
const MM_PER_INCH: f64 = 25.4;

/// How much of the world fits into the long side of the picture at the nearest sharp distance.
fn seen_mm() -> f64 {
    2.0 * NEAREST_SHARP_MM * HALF_LENS_DEGREES.to_radians().tan()
}

/// Sizes worth having, best first.
const SIZES: [(u16, u16); 4] = [(1920, 1080), (1280, 720), (1280, 960), (640, 480)];
/// Rates worth having, best first; 29.97 counts as 30.
const RATES: [u16; 4] = [30, 25, 24, 15];
/// Below this rate a card held by hand is not still for long enough; taken only when nothing else is offered.
const SLOWEST: Rate = Rate::whole(10);
/// Below this nothing on a card can be read, and the server takes no photo with a shorter side.
const CARD_SHORT_PX: u16 = 480;
const CARD_LONG_PX: u16 = 640;
/// Below this a face is a blur.
const FACE_SHORT_PX: u16 = 240;
const FACE_LONG_PX: u16 = 320;
/// The server takes no photo with a side above this.
const LONGEST_SIDE_PX: u16 = 4096;

/// Orders what a camera offers: the mode to try first comes first. Modes that no photo of a card could be made from are left
/// out, so an empty answer means that the camera is unsupported for it.
///
/// USB 2 carries 1080p as JPEG at 30 pictures a second but raw only at about 5, so within a size JPEG comes first.
pub(crate) fn ladder(offered: &[Mode]) -> Vec<Mode> {
    let mut usable: Vec<Mode> = offered.iter().copied().filter(|mode| mode.can_read_card()).collect();
    usable.sort_by_key(|mode| rung(*mode));
    usable.dedup();
    usable
}

/// The best of the modes that show a face but no card.
pub(crate) fn best_small(offered: &[Mode]) -> Option<Mode> {
    let small = offered.iter().copied().filter(|mode| mode.can_show_face() && !mode.can_read_card());
    small.max_by_key(|mode| (mode.area_px(), Reverse(packing(mode.pixels)), mode.fps))
}

/// The modes still worth a try after the bus had no room for `refused`: only those that need less room for certain.
pub(crate) fn smaller_than(refused: Mode, modes: &[Mode]) -> Vec<Mode> {
    let needs_less = |mode: &Mode| {
        let smaller = mode.area_px() < refused.area_px() && mode.fps <= refused.fps;
        let slower = mode.area_px() == refused.area_px() && mode.fps < refused.fps;
        let packed =
            mode.area_px() <= refused.area_px() && mode.pixels == Pixels::Mjpeg && refused.pixels != Pixels::Mjpeg;
        packed || (mode.pixels == refused.pixels && (smaller || slower))
    };
    modes.iter().copied().filter(needs_less).collect()
}

fn packing(pixels: Pixels) -> u8 {
    match pixels {
        Pixels::Mjpeg => 0,
        Pixels::Nv12 => 1,
        Pixels::Yuyv => 2,
    }
}

/// Where a mode stands: rung, then place on the rung; lower is better.
fn rung(mode: Mode) -> (u8, usize, u8, usize, Reverse<u32>, Reverse<Rate>) {
    let (packing, area) = (packing(mode.pixels), Reverse(mode.area_px()));
    let size = SIZES.iter().position(|size| *size == (mode.width_px, mode.height_px));
    let rate = RATES.iter().position(|rate| *rate == mode.fps.rounded());
    if let (Some(size), Some(rate)) = (size, rate) {
        return (0, size, packing, rate, area, Reverse(mode.fps));
    }
    let within = mode.width_px <= 1920 && mode.height_px <= 1080;
    let rung = if within && mode.fps >= SLOWEST { 1 } else { 2 };
    // On the last rung a smaller picture is the kinder one: it is there only because nothing else is.
    let order = if rung == 1 { usize::MAX - area.0 as usize } else { area.0 as usize };
    (rung, order, packing, 0, area, Reverse(mode.fps))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `30`, or `30000/1001`.
    fn rate(text: &str) -> Rate {
        let (pictures, seconds) = text.split_once('/').unwrap_or((text, "1"));
        Rate::new(pictures.parse().unwrap(), seconds.parse().unwrap()).unwrap()
    }

    fn mode(text: &str) -> Mode {
        let (pixels, rest) = text.split_at(4);
        let (size, fps) = rest.trim().split_once('@').unwrap();
        let (width, height) = size.split_once('x').unwrap();
        Mode {
            width_px: width.parse().unwrap(),
            height_px: height.parse().unwrap(),
            fps: rate(fps),
            pixels: match pixels {
                "MJPG" => Pixels::Mjpeg,
                "NV12" => Pixels::Nv12,
                "YUYV" => Pixels::Yuyv,
                other => panic!("{other}"),
            },
        }
    }

    #[track_caller]
    fn check(offered: &[&str], expected: &[&str], because: &str) {
        let offered: Vec<Mode> = offered.iter().map(|text| mode(text)).collect();
        let found: Vec<String> = ladder(&offered).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{because}");
    }

    #[test]
    #[rustfmt::skip]
    fn the_largest_useful_mode_comes_first() {
        check(&["YUYV 640x480@30", "MJPG 1280x720@30", "MJPG 1920x1080@30"],
              &["MJPG 1920x1080@30", "MJPG 1280x720@30", "YUYV 640x480@30"], "more pixels read a card better");
        check(&["YUYV 1280x720@30", "NV12 1280x720@30", "MJPG 1280x720@30"],
              &["MJPG 1280x720@30", "NV12 1280x720@30", "YUYV 1280x720@30"], "within a size JPEG costs least on the bus");
        check(&["MJPG 1280x720@15", "MJPG 1280x720@25", "MJPG 1280x720@30", "MJPG 1280x720@24"],
              &["MJPG 1280x720@30", "MJPG 1280x720@25", "MJPG 1280x720@24", "MJPG 1280x720@15"], "then the rate");
        check(&["YUYV 1920x1080@5", "MJPG 640x480@30"],
              &["MJPG 640x480@30", "YUYV 1920x1080@5"], "five pictures a second are a last resort");
        check(&["YUYV 1600x896@10", "YUYV 1280x720@10", "YUYV 640x480@30"],
              &["YUYV 640x480@30", "YUYV 1600x896@10", "YUYV 1280x720@10"], "odd modes after the known ones, larger first");
        check(&["MJPG 3840x2160@60"], &["MJPG 3840x2160@60"], "a camera with only 4K still works");
        check(&["MJPG 3840x2160@30", "MJPG 2560x1440@30"],
              &["MJPG 2560x1440@30", "MJPG 3840x2160@30"], "on the last rung the smaller one costs less");
        check(&["YUYV 320x240@30"], &[], "no photo the server takes can come from 320 x 240");
        check(&["MJPG 8000x6000@30"], &[], "too large for the server");
        check(&["MJPG 1280x720@15", "MJPG 1280x720@30000/1001", "MJPG 640x480@25/2", "MJPG 640x480@15/2"],
              &["MJPG 1280x720@29.97", "MJPG 1280x720@15", "MJPG 640x480@12.5", "MJPG 640x480@7.5"], "the television rate is as good as 30; slow ones last");
        check(&["YUYV 640x360@30", "YUYV 600x480@30", "YUYV 480x640@30"], &["YUYV 480x640@30"], "640 by 480 are needed, either way round");
        check(&["MJPG 640x480@30", "MJPG 640x480@30"], &["MJPG 640x480@30"], "the same offer twice is one");
    }
    #[test]
    fn a_rate_is_kept_as_the_fraction_the_driver_named() {
        #[rustfmt::skip]
        let table = [
            // pictures  seconds     shown             rounded  period ns     because
            (        30,         1,  Some("30"),            30, 33_333_333,    "the usual"),
            (    30_000,     1_001,  Some("29.97"),         30, 33_366_666,    "television"),
            (        25,         2,  Some("12.5"),          13, 80_000_000,    "vivid's default"),
            (        15,         2,  Some("7.5"),            8, 133_333_333,   "a camera in the dark"),
            (10_000_000,   333_333,  Some("30"),            30, 33_333_300,    "USB counts in steps of 100 ns"),
            (         1,         5,  Some("0.2"),            1, 5_000_000_000, "slower than once a second is still a rate"),
            (         0,         1,  None,                   0, 0,             "never is no rate"),
            (         1,         0,  None,                   0, 0,             "nor is no time at all"),
        ];
        for (pictures, seconds, shown, rounded, period_ns, because) in table {
            let found = Rate::new(pictures, seconds);
            assert_eq!(found.map(|rate| rate.to_string()).as_deref(), shown, "{because}");
            if let Some(rate) = found {
                assert_eq!((rate.rounded(), rate.period().as_nanos()), (rounded, period_ns), "{because}");
            }
        }
        assert_eq!(Rate::new(60, 2), Rate::new(30, 1), "equal rates are one value");
        assert!(rate("30000/1001") < rate("30") && rate("25") > rate("25/2"));
    }

    #[test]
    fn what_can_be_read_of_a_card_is_known_before_one_is_seen() {
        #[rustfmt::skip]
        let table = [
            // mode                  card   face   dpi  because
            ("MJPG 1920x1080@30",    true,  true,  211, "the reason for 1080 rows"),
            ("MJPG 1280x720@30",     true,  true,  141, "what most built-in cameras have"),
            ("MJPG 640x480@30",      true,  true,   70, "large print only"),
            ("MJPG 1080x1920@30",    true,  true,  211, "a camera on its side"),
            ("MJPG 3840x2160@60",    true,  true,  422, "more than a card needs"),
            ("YUYV 320x240@30",      false, true,   35, "a face and no card"),
            ("YUYV 640x360@30",      false, true,   70, "too few rows for the server"),
            ("YUYV 160x120@30",      false, false,  18, "nothing at all"),
            ("MJPG 8000x6000@30",    false, false, 880, "more than the server takes"),
        ];
        for (text, card, face, dpi, because) in table {
            let mode = mode(text);
            assert_eq!(
                (mode.can_read_card(), mode.can_show_face(), mode.best_card_dpi()),
                (card, face, dpi),
                "{text}: {because}"
            );
        }
    }

    #[test]
    fn the_best_small_mode_is_named_for_a_face() {
        #[rustfmt::skip]
        let table: [(&[&str], Option<&str>, &str); 4] = [
            (&["YUYV 320x240@30", "MJPG 320x240@30", "YUYV 160x120@30"], Some("MJPG 320x240@30"), "of one size the packed one"),
            (&["YUYV 320x240@30", "YUYV 640x360@15"],                    Some("YUYV 640x360@15"), "the larger one"),
            (&["YUYV 160x120@30"],                                       None,                    "no face in that"),
            (&["MJPG 1280x720@30"],                                      None,                    "this one is not small"),
        ];
        for (offered, expected, because) in table {
            let offered: Vec<Mode> = offered.iter().map(|text| mode(text)).collect();
            assert_eq!(best_small(&offered).map(|mode| mode.to_string()).as_deref(), expected, "{because}");
        }
    }

    #[test]
    fn a_full_bus_is_asked_for_less_and_never_for_more() {
        #[rustfmt::skip]
        let table: [(&str, &[&str], &str); 4] = [
            ("YUYV 1280x720@30", &["MJPG 1280x720@30", "MJPG 640x480@30", "YUYV 640x480@30", "YUYV 1280x720@10"], "packed, smaller, or slower"),
            ("MJPG 1280x720@30", &["MJPG 640x480@30"], "raw pixels would need more"),
            ("YUYV 640x480@30",  &["MJPG 640x480@30"], "the packed form of the same size"),
            ("MJPG 640x480@30",  &[],                  "nothing is left"),
        ];
        let offered = [
            "MJPG 1280x720@30",
            "MJPG 640x480@30",
            "YUYV 1280x720@30",
            "YUYV 640x480@30",
            "YUYV 1280x720@10",
            "MJPG 1920x1080@30",
        ]
        .map(mode);
        for (refused, expected, because) in table {
            let mut found: Vec<String> =
                smaller_than(mode(refused), &offered).iter().map(ToString::to_string).collect();
            let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{refused}: {because}");
        }
    }
}
