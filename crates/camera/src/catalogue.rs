//! The list of cameras on Linux, read from `/dev`, `/sys` and the drivers themselves.
//!
//! nokhwa's own list is not used: it names metadata and output nodes, in directory order, and panics on odd names.
//! A node counts only if its driver says that it captures and streams video; one camera with two such nodes is listed twice, apart by name.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::device::{Backend, Device, DeviceKey, LinuxFacts, Unusable, tell_apart, virtual_on_linux};
use crate::linux::{Node, Sizes};
use crate::mode::{Mode, Pixels, Rate};

const DEVICES: &str = "/dev";
const CLASS: &str = "/sys/class/video4linux";

/// Sizes tried of a driver that offers a range instead of a list.
const ASKED_SIZES: [(u32, u32); 5] = [(1920, 1080), (1280, 720), (1280, 960), (640, 480), (640, 360)];

/// The names of video nodes, in the order of their numbers. Opens nothing.
fn names() -> Vec<String> {
    let mut numbers: Vec<u32> = fs::read_dir(DEVICES)
        .into_iter()
        .flatten()
        .filter_map(|entry| video_number(entry.ok()?.file_name().to_str()?))
        .collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| format!("video{number}")).collect()
}

/// What is seen of the system's cameras without opening one.
///
/// A device that is unplugged and back within a second has its old name again; the file behind the name is another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sighting(Vec<(String, u64)>);

impl Sighting {
    /// Whether there is no camera at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Looks at the names in `/dev` and at which files they are.
pub(crate) fn sighting() -> Sighting {
    let with_file = |name: String| {
        let number = fs::metadata(Path::new(DEVICES).join(&name)).map_or(0, |file| file.ino());
        (name, number)
    };
    Sighting(names().into_iter().map(with_file).collect())
}

/// The number of a video node; a name with anything but digits behind `video` is no node of the kernel's.
fn video_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("video")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) { None } else { digits.parse().ok() }
}

/// All cameras. Nodes that are not cameras are left out, cameras that cannot be used are named with the reason.
pub(crate) fn devices() -> Vec<Device> {
    let mut found: Vec<Device> = names().iter().filter_map(|name| device(name)).collect();
    tell_apart(&mut found, &[]);
    found
}

fn device(node_name: &str) -> Option<Device> {
    let path = Path::new(DEVICES).join(node_name);
    let sys = SysFacts::read(node_name);
    let node = match Node::open(&path) {
        Ok(node) => node,
        Err(error) => return unreachable_device(&path, &sys, &error),
    };
    let capabilities = node.capabilities().ok()?;
    if !capabilities.captures {
        return None;
    }
    let label = if capabilities.card.is_empty() { sys.name.clone() } else { capabilities.card };
    let facts = LinuxFacts { driver: &capabilities.driver, name: &label, path: &sys.path };
    let identity = if sys.path.is_empty() { &capabilities.bus } else { &sys.path };
    Some(Device {
        key: DeviceKey::derived(Backend::V4l2, &[identity, &sys.index, &label]),
        backend: Backend::V4l2,
        built_in: false,
        virtual_camera: virtual_on_linux(facts),
        evidence: format!("driver={}; bus={}", capabilities.driver, bus_class(&sys.path)),
        usable: Device::usable_from(&modes(&node)),
        place: path.to_string_lossy().into_owned(),
        label,
    })
}

/// A node that could not even be opened: worth naming only if it is the first one of its device and the reason is one the learner can act on.
fn unreachable_device(path: &Path, sys: &SysFacts, error: &std::io::Error) -> Option<Device> {
    let reason = match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => Unusable::Denied,
        Some(libc::EBUSY) => Unusable::InUse,
        _ => return None,
    };
    if !matches!(sys.index.as_str(), "" | "0") {
        return None;
    }
    let label = if sys.name.is_empty() { path.to_string_lossy().into_owned() } else { sys.name.clone() };
    let facts = LinuxFacts { driver: "", name: &label, path: &sys.path };
    Some(Device {
        key: DeviceKey::derived(Backend::V4l2, &[&sys.path, &sys.index, &label]),
        backend: Backend::V4l2,
        built_in: false,
        virtual_camera: virtual_on_linux(facts),
        evidence: format!("bus={}", bus_class(&sys.path)),
        usable: Err(reason),
        place: path.to_string_lossy().into_owned(),
        label,
    })
}

fn modes(node: &Node) -> Vec<Mode> {
    let mut modes = Vec::new();
    for fourcc in node.fourccs() {
        let Some(pixels) = pixels(fourcc) else { continue };
        for (width, height) in node.sizes(fourcc).into_iter().flat_map(single_sizes) {
            let (Ok(width_px), Ok(height_px)) = (u16::try_from(width), u16::try_from(height)) else { continue };
            let mut rates = node.rates(fourcc, width, height);
            if rates.is_empty() {
                rates.push(ASSUMED_RATE);
            }
            modes.extend(rates.into_iter().map(|fps| Mode { width_px, height_px, fps, pixels }));
        }
    }
    modes
}

/// For drivers that do not list rates; they run at their own.
const ASSUMED_RATE: Rate = Rate::whole(30);

fn pixels(fourcc: [u8; 4]) -> Option<Pixels> {
    match &fourcc {
        b"MJPG" | b"JPEG" => Some(Pixels::Mjpeg),
        b"YUYV" => Some(Pixels::Yuyv),
        b"NV12" => Some(Pixels::Nv12),
        _ => None,
    }
}

fn single_sizes(sizes: Sizes) -> Vec<(u32, u32)> {
    match sizes {
        Sizes::One { width_px, height_px } => vec![(width_px, height_px)],
        Sizes::Range { smallest, largest } => ASKED_SIZES
            .into_iter()
            .filter(|(width, height)| {
                (smallest.0..=largest.0).contains(width) && (smallest.1..=largest.1).contains(height)
            })
            .collect(),
    }
}

/// What `/sys` says about a node; empty where it says nothing (containers, test cameras).
struct SysFacts {
    name: String,
    index: String,
    path: String,
}

impl SysFacts {
    fn read(node_name: &str) -> Self {
        let class = Path::new(CLASS).join(node_name);
        let line =
            |file: &str| fs::read_to_string(class.join(file)).map(|text| text.trim().to_owned()).unwrap_or_default();
        let path: PathBuf = fs::canonicalize(class.join("device")).unwrap_or_default();
        Self { name: line("name"), index: line("index"), path: path.to_string_lossy().into_owned() }
    }
}

/// The kind of bus, without addresses or serial numbers: what the manifest may say.
fn bus_class(path: &str) -> &'static str {
    #[rustfmt::skip]
    let classes = [("/vhci_hcd", "usb-over-network"), ("/dummy_hcd", "usb-gadget"), ("/usb", "usb"), ("/sys/devices/virtual/", "none"),
        ("/pci", "pci"), ("/sys/devices/platform/", "platform")];
    classes.iter().find(|(part, _)| path.contains(part)).map_or("unknown", |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_kernel_are_nodes() {
        #[rustfmt::skip]
        let table = [
            ("video0", Some(0), "the first"),       ("video12", Some(12), "two digits"),
            ("video", None, "a file, not a node"),  ("video1x", None, "somebody's link"),
            ("video-1", None, "no number"),         ("video99999999999", None, "no number a kernel gives"),
            ("vbi0", None, "another kind"),
        ];
        for (name, expected, because) in table {
            assert_eq!(video_number(name), expected, "{name}: {because}");
        }
    }

    #[test]
    fn the_evidence_names_a_kind_of_bus_and_no_address() {
        #[rustfmt::skip]
        let table = [
            ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0", "usb"),
            ("/sys/devices/platform/vhci_hcd.0/usb1/1-1/1-1:1.0", "usb-over-network"),
            ("/sys/devices/platform/vivid.0", "platform"), ("/sys/devices/virtual/video4linux/video3", "none"), ("", "unknown"),
        ];
        for (path, expected) in table {
            assert_eq!(bus_class(path), expected, "{path}");
        }
    }

    #[test]
    fn a_range_of_sizes_gives_those_we_want_inside_it() {
        let sizes = single_sizes(Sizes::Range { smallest: (2, 2), largest: (1280, 800) });
        assert_eq!(sizes, [(1280, 720), (640, 480), (640, 360)]);
    }
}
