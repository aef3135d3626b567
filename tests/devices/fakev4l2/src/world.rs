//! What the fake offers and which fault it plays now: settings from the environment, verbs from the control file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The number of the first camera's node; its metadata node has the next number, the next camera the one after.
pub(crate) const FIRST_NODE: u32 = 40;

/// One thing the camera can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) fourcc: [u8; 4],
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pictures in so many seconds: 30 in 1, or 30000 in 1001.
    pub(crate) pictures: u32,
    pub(crate) seconds: u32,
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
    /// A whole picture of another size than was agreed.
    Sized(u32, u32),
    /// One byte less than a whole raw picture.
    Odd,
    /// Whole, with times that jump back at every second picture.
    TimeBack,
    /// JPEG without its Huffman tables, as many real cameras send it.
    NoTables,
}

/// What one camera says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) number: u32,
    pub(crate) card: String,
    pub(crate) driver: String,
    pub(crate) bus: String,
    /// Its place below `/sys`, as in `/devices/pci0000:00/…/1-2:1.0`; `/devices/virtual` for one without a device.
    pub(crate) path: String,
    pub(crate) serial: Option<String>,
}

impl Identity {
    pub(crate) fn node(&self) -> u32 {
        FIRST_NODE + 2 * self.number
    }
}

/// The verbs of the control file, one a line.
///
/// How pictures come (the last of these counts): `go stall repeat zero short noise error-flag odd time-back no-dht` and
/// `size 800x600`. Which pictures: `folder NAME` (one below `FAKEV4L2_FRAMES`), and for the usual ones `black white green`, the last
/// for JPEG only, because it stands for one wrong format.
/// Besides: `slow N` (pictures a second), `unplug` (the first camera), `busy`, `denied` (nobody may open),
/// `deny-later` (as `denied`, and running streams end), `slow-list` (questions about formats hang while it stands),
/// `offer MJPG 640x480@30; …` in place of `FAKEV4L2_MODES`, `left GREY 320x240@25/2` (the mode another program left behind),
/// and in place of the variable of that name `nodes N`, and of the first camera `card …`, `driver …`, `bus …`, `sysfs …`, `serial …`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a verb of its own")]
pub(crate) struct Orders {
    pub(crate) pictures: Pictures,
    /// The folder below that of the pictures; empty for the pictures themselves.
    pub(crate) folder: String,
    pub(crate) slow: Option<u32>,
    pub(crate) unplugged: bool,
    pub(crate) busy: bool,
    pub(crate) denied: bool,
    pub(crate) withdrawn: bool,
    pub(crate) slow_list: bool,
    pub(crate) offer: Vec<Mode>,
    pub(crate) left: Option<Mode>,
    /// Who is plugged in.
    pub(crate) cameras: Vec<Identity>,
    /// Rises when the first camera is plugged in again: its node is another file then.
    pub(crate) plugs: u64,
}

/// The orders of a version of the control file (file number, time and length), so that looking costs one `stat`.
static KNOWN: Mutex<Option<(Version, Arc<Orders>)>> = Mutex::new(None);

type Version = (u64, i64, i64, u64);

impl Orders {
    /// What counts now.
    pub(crate) fn now() -> Arc<Self> {
        let path = setting("FAKEV4L2_CTL");
        let version = path.as_ref().map_or((0, 0, 0, 0), |path| {
            let file = fs::metadata(path).unwrap_or_else(|error| fail(&format!("{path}: {error}")));
            (file.ino(), file.mtime(), file.mtime_nsec(), file.len())
        });
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, orders)) = known.as_ref().filter(|(seen, _)| *seen == version) {
            return Arc::clone(orders);
        }
        let text = path.map(|path| fs::read_to_string(&path).unwrap_or_else(|error| fail(&format!("{path}: {error}"))));
        let mut orders = Self::parse(&text.unwrap_or_default());
        if let Some((_, before)) = known.as_ref() {
            orders.plugs = before.plugs + u64::from(before.unplugged && !orders.unplugged);
        }
        let orders = Arc::new(orders);
        *known = Some((version, Arc::clone(&orders)));
        orders
    }

    fn parse(text: &str) -> Self {
        let mut orders = Self::default();
        let mut said = Said::from_environment();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (verb, value) = line.split_once(' ').unwrap_or((line, ""));
            if !orders.hear(verb, value) && !said.hear(verb, value) {
                fail(&format!("FAKEV4L2_CTL: unknown verb {line:?}"));
            }
        }
        if orders.offer.is_empty() {
            orders.offer = parse_modes(&setting("FAKEV4L2_MODES").unwrap_or_else(|| fail("FAKEV4L2_MODES is not set")));
        }
        orders.cameras = said.cameras();
        if orders.unplugged {
            orders.cameras.remove(0);
        }
        orders
    }

    fn hear(&mut self, verb: &str, value: &str) -> bool {
        match (verb, value) {
            ("go", "") => self.pictures = Pictures::Whole,
            ("stall", "") => self.pictures = Pictures::Stalled,
            ("repeat", "") => self.pictures = Pictures::Repeated,
            ("zero", "") => self.pictures = Pictures::Zero,
            ("short", "") => self.pictures = Pictures::Short,
            ("noise", "") => self.pictures = Pictures::Noise,
            ("error-flag", "") => self.pictures = Pictures::Marked,
            ("odd", "") => self.pictures = Pictures::Odd,
            ("black" | "white" | "green", "") => verb.clone_into(&mut self.folder),
            ("folder", name) if !name.is_empty() => name.clone_into(&mut self.folder),
            ("time-back", "") => self.pictures = Pictures::TimeBack,
            ("no-dht", "") => self.pictures = Pictures::NoTables,
            ("size", size) => match parse_size(size) {
                Some((width, height)) => self.pictures = Pictures::Sized(width, height),
                None => return false,
            },
            ("slow", rate) => match rate.parse().ok().filter(|rate| *rate > 0) {
                Some(rate) => self.slow = Some(rate),
                None => return false,
            },
            ("unplug", "") => self.unplugged = true,
            ("busy", "") => self.busy = true,
            ("denied", "") => self.denied = true,
            ("deny-later", "") => (self.denied, self.withdrawn) = (true, true),
            ("slow-list", "") => self.slow_list = true,
            ("offer", modes) => self.offer = parse_modes(modes),
            ("left", mode) => self.left = Some(parse_mode(mode).unwrap_or_else(|| fail(&format!("left {mode:?}")))),
            _ => return false,
        }
        true
    }

    /// The camera behind a node that is plugged in, and whether the node is its metadata node.
    pub(crate) fn behind(&self, node: u32) -> Option<(&Identity, bool)> {
        let camera = self.cameras.iter().find(|camera| camera.node() == node & !1)?;
        Some((camera, node & 1 == 1))
    }
}

/// What was said of the cameras' names and places.
struct Said {
    cameras: u32,
    card: Option<String>,
    driver: String,
    bus: Option<String>,
    sysfs: Option<String>,
    serial: Option<String>,
}

impl Said {
    fn from_environment() -> Self {
        let count = setting("FAKEV4L2_NODES");
        Self {
            cameras: count.map_or(1, |count| {
                count
                    .parse()
                    .ok()
                    .filter(|count| few(*count))
                    .unwrap_or_else(|| fail(&format!("FAKEV4L2_NODES={count}: not 1 to 32")))
            }),
            card: setting("FAKEV4L2_CARD"),
            driver: setting("FAKEV4L2_DRIVER").unwrap_or_else(|| "uvcvideo".into()),
            bus: setting("FAKEV4L2_BUS"),
            sysfs: setting("FAKEV4L2_SYSFS"),
            serial: setting("FAKEV4L2_SERIAL"),
        }
    }

    fn hear(&mut self, verb: &str, value: &str) -> bool {
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match verb {
            "nodes" => match value.parse().ok().filter(|count| few(*count)) {
                Some(count) => self.cameras = count,
                None => return false,
            },
            "card" => self.card = text(),
            "driver" => value.clone_into(&mut self.driver),
            "bus" => self.bus = text(),
            "sysfs" => self.sysfs = text(),
            "serial" => self.serial = text(),
            _ => return false,
        }
        true
    }

    /// The first two have one name, so that they must be told apart by their place.
    fn cameras(&self) -> Vec<Identity> {
        let name = |number: u32| if number < 2 { String::new() } else { format!(" {}", number + 1) };
        let own = |number: u32, said: &Option<String>| said.clone().filter(|_| number == 0);
        let port = |number: u32| number + 2;
        (0..self.cameras)
            .map(|number| Identity {
                number,
                card: own(number, &self.card).unwrap_or_else(|| format!("Preloaded test camera{}", name(number))),
                driver: if number == 0 { self.driver.clone() } else { "uvcvideo".into() },
                bus: own(number, &self.bus).unwrap_or_else(|| format!("usb-0000:00:14.0-{}", port(number))),
                path: own(number, &self.sysfs).unwrap_or_else(|| {
                    let port = port(number);
                    format!("/devices/pci0000:00/0000:00:14.0/usb1/1-{port}/1-{port}:1.0")
                }),
                serial: own(number, &self.serial),
            })
            .collect()
    }
}

fn few(count: u32) -> bool {
    (1..=32).contains(&count)
}

fn parse_modes(text: &str) -> Vec<Mode> {
    let modes: Option<Vec<Mode>> = text.split(';').map(|mode| parse_mode(mode.trim())).collect();
    modes.unwrap_or_else(|| {
        fail(&format!("modes look like \"MJPG 640x480@30; YUYV 1280x720@30000/1001\", not {text:?}"))
    })
}

fn parse_mode(text: &str) -> Option<Mode> {
    let (fourcc, rest) = text.split_once(' ')?;
    let (size, rate) = rest.split_once('@')?;
    let (width, height) = parse_size(size)?;
    let (pictures, seconds) = rate.split_once('/').unwrap_or((rate, "1"));
    let above_zero = |text: &str| text.parse().ok().filter(|number: &u32| *number > 0);
    Some(Mode {
        fourcc: fourcc.as_bytes().try_into().ok().filter(|code| KNOWN_FORMATS.contains(code))?,
        width,
        height,
        pictures: above_zero(pictures)?,
        seconds: above_zero(seconds)?,
    })
}

const KNOWN_FORMATS: [[u8; 4]; 4] = [*b"MJPG", *b"YUYV", *b"NV12", *b"GREY"];

fn parse_size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A folder that must be named.
pub(crate) fn frames_folder() -> String {
    setting("FAKEV4L2_FRAMES")
        .filter(|folder| Path::new(folder).is_dir())
        .unwrap_or_else(|| fail("FAKEV4L2_FRAMES is not set to a folder"))
}

/// Ends the program with the reason.
pub(crate) fn fail(why: &str) -> ! {
    eprintln!("fakev4l2: {why}");
    std::process::abort()
}
