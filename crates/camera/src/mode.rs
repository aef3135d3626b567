//! Picture sizes, rates and pixel formats, and the order in which they are tried. Pure: no device is touched here.

use std::cmp::Reverse;
use std::fmt;

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

/// One thing a camera can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mode {
    /// Pixels a row.
    pub width_px: u16,
    /// Rows.
    pub height_px: u16,
    /// Pictures a second, rounded: 29.97 is 30.
    pub fps: u16,
    /// How the pixels are packed.
    pub pixels: Pixels,
}

impl fmt::Display for Mode {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "{} {}x{}@{}", self.pixels.fourcc(), self.width_px, self.height_px, self.fps)
    }
}

/// Sizes worth having, best first. A card 20 cm away under a 60 degree lens gives 211 dpi at the first and 141 at the second.
const SIZES: [(u16, u16); 4] = [(1920, 1080), (1280, 720), (1280, 960), (640, 480)];
/// Rates worth having, best first.
const RATES: [u16; 4] = [30, 25, 24, 15];
/// Below this rate a card held by hand is not still for long enough; taken only when nothing else is offered.
const SLOWEST_FPS: u16 = 10;
/// The server takes no photo with a side below or above these.
const SHORTEST_SIDE_PX: u16 = 480;
const LONGEST_SIDE_PX: u16 = 4096;

/// Orders what a camera offers: the mode to try first comes first. Modes that no photo could be made from are left out,
/// so an empty answer means that the camera is unsupported.
///
/// USB 2 carries 1080p as JPEG at 30 pictures a second but raw only at about 5, so within a size JPEG comes first.
pub(crate) fn ladder(offered: &[Mode]) -> Vec<Mode> {
    let mut usable: Vec<Mode> = offered
        .iter()
        .copied()
        .filter(|mode| {
            let (short, long) = (mode.width_px.min(mode.height_px), mode.width_px.max(mode.height_px));
            short >= SHORTEST_SIDE_PX && long <= LONGEST_SIDE_PX && mode.fps > 0
        })
        .collect();
    usable.sort_by_key(|mode| rung(*mode));
    usable.dedup();
    usable
}

/// Where a mode stands: rung, then place on the rung; lower is better.
fn rung(mode: Mode) -> (u8, usize, u8, usize, Reverse<u32>, Reverse<u16>) {
    let packing = match mode.pixels {
        Pixels::Mjpeg => 0,
        Pixels::Nv12 => 1,
        Pixels::Yuyv => 2,
    };
    let area = Reverse(u32::from(mode.width_px) * u32::from(mode.height_px));
    let size = SIZES.iter().position(|size| *size == (mode.width_px, mode.height_px));
    let rate = RATES.iter().position(|rate| *rate == mode.fps);
    if let (Some(size), Some(rate)) = (size, rate) {
        return (0, size, packing, rate, area, Reverse(mode.fps));
    }
    let within = mode.width_px <= 1920 && mode.height_px <= 1080;
    let rung = if within && mode.fps >= SLOWEST_FPS { 1 } else { 2 };
    // On the last rung a smaller picture is the kinder one: it is there only because nothing else is.
    let order = if rung == 1 { usize::MAX - area.0 as usize } else { area.0 as usize };
    (rung, order, packing, 0, area, Reverse(mode.fps))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> Mode {
        let (pixels, rest) = text.split_at(4);
        let (size, fps) = rest.trim().split_once('@').unwrap();
        let (width, height) = size.split_once('x').unwrap();
        Mode {
            width_px: width.parse().unwrap(),
            height_px: height.parse().unwrap(),
            fps: fps.parse().unwrap(),
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
        check(&["MJPG 8000x6000@30", "MJPG 1280x720@0"], &[], "too large for the server; no rate at all");
        check(&["MJPG 640x480@30", "MJPG 640x480@30"], &["MJPG 640x480@30"], "the same offer twice is one");
    }
}
