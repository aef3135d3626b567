//! What the fake offers and which fault it plays now.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

/// One thing the camera can send; JPEG only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
}

/// How pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pictures {
    /// As they should.
    #[default]
    Whole,
    /// None.
    Stalled,
    /// Always the same bytes.
    Repeated,
    /// Empty.
    Zero,
    /// The first half only; behind it lies the older picture.
    Short,
    /// Random bytes.
    Noise,
    /// Whole, but marked as faulty.
    Marked,
}

/// The verbs of the control file: `go`, `stall`, `repeat`, `zero`, `short`, `noise`, `error-flag` (the last of these counts),
/// `unplug`, `busy`, `denied`, and `offer MJPG 640x480@30; …` in place of `FAKEV4L2_MODES`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Orders {
    pub(crate) pictures: Pictures,
    pub(crate) unplugged: bool,
    pub(crate) busy: bool,
    pub(crate) denied: bool,
    pub(crate) offer: Vec<Mode>,
}

impl Orders {
    /// Reads the control file again.
    pub(crate) fn now() -> Self {
        let text = setting("FAKEV4L2_CTL")
            .map(|path| fs::read_to_string(&path).unwrap_or_else(|error| fail(&format!("{path}: {error}"))));
        let mut orders = Self::default();
        for line in text.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty()) {
            match line {
                "go" => orders.pictures = Pictures::Whole,
                "stall" => orders.pictures = Pictures::Stalled,
                "repeat" => orders.pictures = Pictures::Repeated,
                "zero" => orders.pictures = Pictures::Zero,
                "short" => orders.pictures = Pictures::Short,
                "noise" => orders.pictures = Pictures::Noise,
                "error-flag" => orders.pictures = Pictures::Marked,
                "unplug" => orders.unplugged = true,
                "busy" => orders.busy = true,
                "denied" => orders.denied = true,
                other => match other.strip_prefix("offer ") {
                    Some(modes) => orders.offer = parse_modes(modes),
                    None => fail(&format!("FAKEV4L2_CTL: unknown verb {other:?}")),
                },
            }
        }
        if orders.offer.is_empty() {
            orders.offer = parse_modes(&setting("FAKEV4L2_MODES").unwrap_or_else(|| fail("FAKEV4L2_MODES is not set")));
        }
        orders
    }
}

fn parse_modes(text: &str) -> Vec<Mode> {
    let modes: Option<Vec<Mode>> = text.split(';').map(|mode| parse_mode(mode.trim())).collect();
    modes.unwrap_or_else(|| fail(&format!("modes look like \"MJPG 640x480@30; MJPG 1280x720@30\", not {text:?}")))
}

fn parse_mode(text: &str) -> Option<Mode> {
    let (size, fps) = text.strip_prefix("MJPG ")?.split_once('@')?;
    let (width, height) = size.split_once('x')?;
    Some(Mode {
        width: width.parse().ok()?,
        height: height.parse().ok()?,
        fps: fps.parse().ok().filter(|fps| *fps > 0)?,
    })
}

/// Width and height, and the pictures of that size.
type OneSize = ((u32, u32), Vec<Vec<u8>>);

/// The pictures of one size, in the order of their names.
pub(crate) fn pictures(mode: Mode) -> &'static [Vec<u8>] {
    static ALL: OnceLock<Vec<OneSize>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let folder = PathBuf::from(setting("FAKEV4L2_FRAMES").unwrap_or_else(|| fail("FAKEV4L2_FRAMES is not set")));
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| fail(&format!("{}: {error}", folder.display())));
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "jpg"))
            .collect();
        paths.sort();
        let mut sizes: Vec<OneSize> = Vec::new();
        for path in paths {
            let bytes = fs::read(&path).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
            let size = jpeg_size(&bytes).unwrap_or_else(|| fail(&format!("{} is not a baseline JPEG", path.display())));
            match sizes.iter_mut().find(|(known, _)| *known == size) {
                Some((_, pictures)) => pictures.push(bytes),
                None => sizes.push((size, vec![bytes])),
            }
        }
        sizes
    });
    let found = all.iter().find(|(size, _)| *size == (mode.width, mode.height));
    found.map_or_else(
        || fail(&format!("FAKEV4L2_FRAMES has no picture of {}x{}", mode.width, mode.height)),
        |(_, pictures)| pictures,
    )
}

fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let &[0xFF, marker, high, low] = bytes.get(at..at + 4)? else { return None };
        if marker == 0xC0 {
            let &[h1, h0, w1, w0] = bytes.get(at + 5..at + 9)? else { return None };
            return Some((u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0]))));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Ends the program with the reason.
pub(crate) fn fail(why: &str) -> ! {
    eprintln!("fakev4l2: {why}");
    std::process::abort()
}
