//! The list of cameras on Linux, read from `/dev`, `/sys` and the drivers themselves.
//!
//! nokhwa's own list is not used: it names metadata and output nodes, in directory order, and panics on odd names.
//! A node counts only if its driver says that it captures and streams video in colour: metadata nodes, sensors of grey or
//! depth, and the raw nodes behind a picture processor are no cameras for a person to choose from.
//! What is asked of the system is asked in [`Sight::of`]; everything after it is pure.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::device::{Backend, Device, DeviceKey, Unusable, tell_apart_by_port};
use crate::linux::{Node, Rates, Sizes};
use crate::mode::{Mode, Pixels, Rate};
use crate::suspicion::{LinuxFacts, sounds_like_software, virtual_on_linux};

const DEVICES: &str = "/dev";
const CLASS: &str = "/sys/class/video4linux";

/// Sizes tried of a driver that offers a range instead of a list.
const ASKED_SIZES: [(u32, u32); 5] = [(1920, 1080), (1280, 720), (1280, 960), (640, 480), (640, 360)];
/// The rate tried of a driver that offers a range, and assumed of one that does not list rates: it runs at its own.
const ASKED_RATE: Rate = Rate::whole(30);

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
    listed(names().iter().filter_map(|name| Sight::of(name)).collect(), &machine())
}

/// What makes keys of this machine differ from those of another, so that a camera's serial number, even hashed, does not follow
/// its owner from one computer to the next. Empty where the system has none.
fn machine() -> String {
    fs::read_to_string("/etc/machine-id").unwrap_or_default()
}

/// One node that may be a camera, as the system tells of it.
#[derive(Debug, Clone)]
struct Sight {
    place: String,
    sys: SysFacts,
    /// From the driver; empty where the node could not be opened.
    driver: String,
    card: String,
    bus: String,
    offer: Result<Offer, Unusable>,
}

/// What a node sends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Offer {
    /// Modes of packings we take; perhaps none of them large enough.
    Modes(Vec<Mode>),
    /// Colour, but in no packing we take.
    Foreign,
}

impl Sight {
    /// Asks the system; `None` for nodes that are no cameras.
    fn of(node_name: &str) -> Option<Self> {
        let place = Path::new(DEVICES).join(node_name);
        let sys = SysFacts::read(node_name);
        let mut sight = Self {
            place: place.to_string_lossy().into_owned(),
            sys,
            driver: String::new(),
            card: String::new(),
            bus: String::new(),
            offer: Ok(Offer::Foreign),
        };
        let node = match Node::open(&place) {
            Ok(node) => node,
            Err(error) => {
                sight.offer = Err(unreachable_because(&error).filter(|_| sight.sys.is_first_node())?);
                return Some(sight);
            }
        };
        let capabilities = node.capabilities().ok()?;
        let fourccs = node.fourccs();
        if !capabilities.captures || fourccs.iter().all(|fourcc| is_colourless(*fourcc)) {
            return None;
        }
        (sight.driver, sight.card, sight.bus) = (capabilities.driver, capabilities.card, capabilities.bus);
        let foreign = fourccs.iter().all(|fourcc| pixels(*fourcc).is_none());
        sight.offer = Ok(if foreign { Offer::Foreign } else { Offer::Modes(modes(&node, &fourccs)) });
        Some(sight)
    }

    fn label(&self) -> String {
        let named = [&self.card, &self.sys.name].into_iter().find(|name| !name.is_empty());
        named.unwrap_or(&self.place).clone()
    }

    fn device(&self, key: DeviceKey) -> Device {
        let label = self.label();
        let facts = LinuxFacts { driver: &self.driver, name: &label, path: &self.sys.path };
        let suspect = if sounds_like_software(&label) { "; name=suspect" } else { "" };
        Device {
            key,
            backend: Backend::V4l2,
            built_in: self.sys.built_in,
            virtual_camera: virtual_on_linux(facts),
            evidence: format!("driver={}; bus={}{suspect}", self.driver, bus_class(&self.sys.path)),
            usable: match &self.offer {
                Ok(Offer::Modes(modes)) => Device::usable_from(modes),
                Ok(Offer::Foreign) => Err(Unusable::NoUsableMode),
                Err(reason) => Err(*reason),
            },
            place: self.place.clone(),
            label,
        }
    }
}

/// A node that could not be opened is worth naming only if the reason is one the learner can act on.
fn unreachable_because(error: &io::Error) -> Option<Unusable> {
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => Some(Unusable::Denied),
        Some(libc::EBUSY) => Some(Unusable::InUse),
        _ => None,
    }
}

/// The list to show. A camera that sends nothing we take is named only when there is no other, so that the reason is not "none".
fn listed(mut sights: Vec<Sight>, machine: &str) -> Vec<Device> {
    let is_foreign = |sight: &Sight| matches!(sight.offer, Ok(Offer::Foreign));
    if sights.iter().all(is_foreign) {
        sights.truncate(1);
    } else {
        sights.retain(|sight| !is_foreign(sight));
    }
    let mut devices: Vec<Device> =
        sights.iter().zip(keys(&sights, machine)).map(|(sight, key)| sight.device(key)).collect();
    let ports: Vec<String> = sights.iter().map(|sight| sight.sys.port_text()).collect();
    tell_apart_by_port(&mut devices, &ports);
    devices
}

/// One key for each. A USB camera is known by its serial number, so that it is the same in every socket; some makers give all
/// their cameras the same number, and two such of one list are known by their sockets instead, as are those without a number.
fn keys(sights: &[Sight], machine: &str) -> Vec<DeviceKey> {
    let by_serial = |sight: &Sight| {
        let usb = sight.sys.usb.as_ref().filter(|usb| !usb.serial.is_empty())?;
        Some([usb.product.clone(), usb.serial.clone(), usb.interface.clone(), sight.sys.index.clone()])
    };
    let by_place = |sight: &Sight| {
        let place = sight.sys.usb.as_ref().map_or(&sight.sys.path, |usb| &usb.socket);
        [place.clone(), sight.bus_without_hardware(), sight.sys.index.clone(), sight.label()]
    };
    let serials: Vec<_> = sights.iter().map(by_serial).collect();
    let key = |(sight, serial): (&Sight, &Option<[String; 4]>)| {
        let is_unique = serials.iter().filter(|other| *other == serial).count() == 1;
        let (kind, parts) = match serial {
            Some(serial) if is_unique => ("serial", serial.clone()),
            _ => ("place", by_place(sight)),
        };
        let [first, second, third, fourth] = &parts;
        DeviceKey::derived(Backend::V4l2, &[machine, kind, first, second, third, fourth])
    };
    sights.iter().zip(&serials).map(key).collect()
}

impl Sight {
    /// The driver's own word for where it is, for nodes of which `/sys` knows no hardware.
    fn bus_without_hardware(&self) -> String {
        let known = !self.sys.path.is_empty() && !self.sys.path.starts_with("/sys/devices/virtual");
        if known { String::new() } else { self.bus.clone() }
    }
}

fn modes(node: &Node, fourccs: &[[u8; 4]]) -> Vec<Mode> {
    let mut modes = Vec::new();
    for fourcc in fourccs.iter().copied() {
        let Some(pixels) = pixels(fourcc) else { continue };
        for (width, height) in node.sizes(fourcc).into_iter().flat_map(single_sizes) {
            let (Ok(width_px), Ok(height_px)) = (u16::try_from(width), u16::try_from(height)) else { continue };
            let mut rates: Vec<Rate> = node.rates(fourcc, width, height).into_iter().map(single_rate).collect();
            if rates.is_empty() {
                rates.push(ASKED_RATE);
            }
            modes.extend(rates.into_iter().map(|fps| Mode { width_px, height_px, fps, pixels }));
        }
    }
    modes
}

fn pixels(fourcc: [u8; 4]) -> Option<Pixels> {
    match &fourcc {
        b"MJPG" | b"JPEG" => Some(Pixels::Mjpeg),
        b"YUYV" => Some(Pixels::Yuyv),
        b"NV12" => Some(Pixels::Nv12),
        _ => None,
    }
}

/// Whether pictures of this format have no colour: infra-red and depth sensors. Names from `linux/videodev2.h`.
fn is_colourless(fourcc: [u8; 4]) -> bool {
    #[rustfmt::skip]
    let colourless = [b"GREY", b"Y04 ", b"Y06 ", b"Y10 ", b"Y12 ", b"Y14 ", b"Y16 ", b"Y16\xA0", b"Y10B", b"Y10P", b"Y8I ", b"Y12I",
        b"Z16 ", b"INZI", b"CNF4"];
    colourless.contains(&&fourcc)
}

fn single_sizes(sizes: Sizes) -> Vec<(u32, u32)> {
    let (smallest, largest) = match sizes {
        Sizes::One { width_px, height_px } => return vec![(width_px, height_px)],
        Sizes::Range { smallest, largest } => (smallest, largest),
    };
    let within = |(width, height): &(u32, u32)| {
        (smallest.0..=largest.0).contains(width) && (smallest.1..=largest.1).contains(height)
    };
    let asked: Vec<(u32, u32)> = ASKED_SIZES.into_iter().filter(within).collect();
    if asked.is_empty() { vec![largest] } else { asked }
}

fn single_rate(rates: Rates) -> Rate {
    match rates {
        Rates::One(rate) => rate,
        Rates::Range { slowest, fastest } => ASKED_RATE.clamp(slowest.min(fastest), fastest.max(slowest)),
    }
}

/// What `/sys` says about a node; empty where it says nothing (containers, test cameras).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct SysFacts {
    name: String,
    /// Counts the nodes of one device.
    index: String,
    /// The device behind the node; `/sys/devices/virtual` if there is none.
    path: String,
    usb: Option<UsbFacts>,
    /// Whether the system says that it is part of the computer.
    built_in: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct UsbFacts {
    /// Vendor and product, `046d:082d`.
    product: String,
    /// Empty if it has none.
    serial: String,
    /// Which of its interfaces, `1.0`.
    interface: String,
    /// Host and ports on the way, without the number of the bus, which the system gives in the order of finding.
    socket: String,
    /// Bus and ports as people find them in other programs, `1-2.3`.
    port: String,
}

impl SysFacts {
    fn read(node_name: &str) -> Self {
        let class = Path::new(CLASS).join(node_name);
        let line = |file: &Path| fs::read_to_string(file).map(|text| text.trim().to_owned()).unwrap_or_default();
        let node = fs::canonicalize(&class).unwrap_or_default();
        let path = device_path(&node.to_string_lossy()).to_owned();
        let usb = usb_place(&path).map(|place| {
            let of_device = |file: &str| line(&Path::new(place.device).join(file));
            let usb = UsbFacts {
                product: format!("{}:{}", of_device("idVendor"), of_device("idProduct")),
                serial: of_device("serial"),
                interface: place.interface.to_owned(),
                socket: format!("{} {} {}", place.host, place.ports, place.interface),
                port: place.port.to_owned(),
            };
            (usb, of_device("removable") == "fixed")
        });
        let (usb, built_in) = usb.map_or((None, false), |(usb, fixed)| (Some(usb), fixed));
        Self { name: line(&class.join("name")), index: line(&class.join("index")), path, usb, built_in }
    }

    /// Whether this is the first node of its device, as far as the system tells.
    fn is_first_node(&self) -> bool {
        matches!(self.index.as_str(), "" | "0")
    }

    /// The port to show, empty where there is none.
    fn port_text(&self) -> String {
        self.usb.as_ref().map(|usb| format!("USB {}", usb.port)).unwrap_or_default()
    }
}

/// The device behind a node's own path: everything before `/video4linux/`.
fn device_path(node: &str) -> &str {
    node.rsplit_once("/video4linux/").map_or("", |(device, _)| device)
}

/// Where a USB interface sits.
#[derive(Debug, PartialEq, Eq)]
struct UsbPlace<'a> {
    /// Path of the USB device, where its files are.
    device: &'a str,
    /// Path of the host it hangs on.
    host: &'a str,
    /// Bus and ports, `1-2.3`.
    port: &'a str,
    /// Ports alone, `2.3`.
    ports: &'a str,
    interface: &'a str,
}

/// Reads a path like `…/0000:00:14.0/usb1/1-2/1-2.3/1-2.3:1.0`; `None` for anything else.
fn usb_place(path: &str) -> Option<UsbPlace<'_>> {
    let (device, own) = path.rsplit_once('/')?;
    let (port, interface) = own.split_once(':')?;
    let (_, ports) = port.split_once('-')?;
    let host = path.split_once("/usb").filter(|(_, rest)| rest.starts_with(|letter: char| letter.is_ascii_digit()))?.0;
    device.ends_with(&format!("/{port}")).then_some(UsbPlace { device, host, port, ports, interface })
}

/// The kind of bus, without addresses or serial numbers: what the manifest may say.
fn bus_class(path: &str) -> &'static str {
    #[rustfmt::skip]
    let classes = [("/vhci_hcd", "usb-over-network"), ("/dummy_hcd", "usb-gadget"), ("/usb", "usb"), ("/sys/devices/virtual", "none"),
        ("/pci", "pci"), ("/sys/devices/platform/", "platform")];
    classes.iter().find(|(part, _)| path.contains(part)).map_or("unknown", |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::device::Virtual;

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
            ("/sys/devices/platform/vivid.0", "platform"), ("/sys/devices/virtual", "none"), ("", "unknown"),
        ];
        for (path, expected) in table {
            assert_eq!(bus_class(path), expected, "{path}");
        }
    }

    #[test]
    fn a_range_of_sizes_gives_those_we_want_inside_it() {
        let range = |smallest, largest| single_sizes(Sizes::Range { smallest, largest });
        assert_eq!(range((2, 2), (1280, 800)), [(1280, 720), (640, 480), (640, 360)]);
        assert_eq!(range((3840, 2160), (4096, 2160)), [(4096, 2160)], "nothing we want is in it: the largest");
        assert_eq!(range((16, 16), (320, 240)), [(320, 240)]);
    }

    #[test]
    fn a_range_of_rates_gives_the_one_we_want_or_the_nearest() {
        let range = |slowest, fastest| single_rate(Rates::Range { slowest, fastest });
        let rate = Rate::whole;
        #[rustfmt::skip]
        let table = [
            (rate(1),  rate(1000), rate(30), "loopbacks offer everything"),
            (rate(1),  rate(15),   rate(15), "as fast as it can"),
            (rate(60), rate(120),  rate(60), "as slow as it can"),
            (rate(60), rate(1),    rate(30), "the wrong way round is a range, too"),
        ];
        for (slowest, fastest, expected, because) in table {
            assert_eq!(range(slowest, fastest), expected, "{because}");
        }
        assert_eq!(single_rate(Rates::One(rate(25))), rate(25));
    }

    #[test]
    fn a_place_on_usb_is_read_from_its_path() {
        #[rustfmt::skip]
        let table = [
            ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0",             Some(("/sys/devices/pci0000:00/0000:00:14.0", "1-2", "2", "1.0")),     "in the computer"),
            ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.3/1-2.3:1.2",     Some(("/sys/devices/pci0000:00/0000:00:14.0", "1-2.3", "2.3", "1.2")), "behind a hub"),
            ("/sys/devices/platform/vhci_hcd.0/usb3/3-1/3-1:1.0",                 Some(("/sys/devices/platform/vhci_hcd.0", "3-1", "1", "1.0")),         "over the network"),
            ("/sys/devices/platform/vivid.0",                                     None,                                                                  "no USB"),
            ("/sys/devices/virtual",                                              None,                                                                  "no hardware"),
            ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-3:1.0",             None,                                                                  "an interface of another device"),
            ("",                                                                  None,                                                                  "nothing"),
        ];
        for (path, expected, because) in table {
            let found = usb_place(path).map(|place| (place.host, place.port, place.ports, place.interface));
            assert_eq!(found, expected, "{because}");
        }
        assert_eq!(device_path("/sys/devices/virtual/video4linux/video2"), "/sys/devices/virtual");
        assert_eq!(device_path(""), "");
    }

    /// A USB camera as the system tells of it.
    fn webcam(node: u32, card: &str, bus_and_port: &str, serial: &str) -> Sight {
        let (bus, ports) = bus_and_port.split_once('-').unwrap();
        let path = format!("/sys/devices/pci0000:00/0000:00:14.0/usb{bus}/{bus_and_port}/{bus_and_port}:1.0");
        let usb = UsbFacts {
            product: "046d:082d".into(),
            serial: serial.into(),
            interface: "1.0".into(),
            socket: format!("/sys/devices/pci0000:00/0000:00:14.0 {ports} 1.0"),
            port: bus_and_port.into(),
        };
        let mode = Mode { width_px: 1280, height_px: 720, fps: ASKED_RATE, pixels: Pixels::Mjpeg };
        Sight {
            place: format!("/dev/video{node}"),
            sys: SysFacts { name: card.into(), index: "0".into(), path, usb: Some(usb), built_in: false },
            driver: "uvcvideo".into(),
            card: card.into(),
            bus: format!("usb-0000:00:14.0-{ports}"),
            offer: Ok(Offer::Modes(vec![mode])),
        }
    }

    fn labels(devices: &[Device]) -> Vec<&str> {
        devices.iter().map(|device| device.label.as_str()).collect()
    }

    #[test]
    fn twelve_cameras_are_told_apart_by_name_and_key() {
        let mut sights: Vec<Sight> = (1..=10)
            .map(|number| webcam(number * 2, &format!("Camera {number}"), &format!("1-{number}"), ""))
            .collect();
        sights.push(webcam(30, "HD Webcam", "1-11", ""));
        sights.push(webcam(32, "HD Webcam", "1-12.4", ""));
        let devices = listed(sights, "");
        let unique = |texts: Vec<&str>| texts.into_iter().collect::<HashSet<_>>().len();
        assert_eq!(devices.len(), 12);
        assert_eq!(unique(labels(&devices)), 12);
        assert_eq!(unique(devices.iter().map(|device| device.key.as_str()).collect()), 12);
        assert_eq!(labels(&devices)[9..], ["Camera 10", "HD Webcam, USB 1-11", "HD Webcam, USB 1-12.4"]);
    }

    #[test]
    fn a_camera_keeps_its_key_over_what_changes_around_it() {
        let key = |sight: &Sight| keys(std::slice::from_ref(sight), "this one")[0].clone();
        let one = webcam(0, "HD Webcam", "1-2", "");
        let numbered = webcam(0, "HD Webcam", "1-2", "A1B2");
        let twin = webcam(4, "HD Webcam", "1-5", "A1B2");
        #[rustfmt::skip]
        let table = [
            (key(&one),      key(&webcam(3, "HD Webcam", "1-2", "")),       true,  "another number in /dev"),
            (key(&one),      key(&webcam(0, "HD Webcam", "3-2", "")),       true,  "the buses were found in another order"),
            (key(&one),      key(&webcam(0, "HD Webcam", "1-4", "")),       false, "without a serial number another socket is another camera"),
            (key(&one),      keys(&[one.clone(), twin.clone()], "this one")[0].clone(),               true,  "another camera beside it"),
            (key(&numbered), key(&webcam(8, "HD Webcam", "1-4.1", "A1B2")), true,  "with one it is the same in every socket"),
            (key(&numbered), key(&webcam(0, "HD Webcam", "1-2", "C3D4")),   false, "another camera in the same socket"),
        ];
        for (first, second, same, because) in table {
            assert_eq!(first == second, same, "{because}");
        }
        let elsewhere = keys(std::slice::from_ref(&numbered), "another one");
        assert_ne!(elsewhere[0], key(&numbered), "a key says nothing on another machine");
        let twins = keys(&[numbered, twin], "this one");
        assert_ne!(twins[0], twins[1], "a maker who numbers all his cameras alike");
    }

    #[test]
    fn nodes_without_hardware_are_told_apart_by_their_drivers_word() {
        let loopback = |number: u32| Sight {
            sys: SysFacts { path: "/sys/devices/virtual".into(), index: "0".into(), ..SysFacts::default() },
            driver: "v4l2 loopback".into(),
            bus: format!("platform:v4l2loopback-00{number}"),
            ..webcam(number, "HD Webcam", "1-1", "")
        };
        let devices = listed(vec![loopback(0), loopback(1)], "");
        assert_ne!(devices[0].key, devices[1].key);
        assert_eq!(labels(&devices), ["HD Webcam", "HD Webcam (2)"]);
        assert!(devices.iter().all(|device| device.virtual_camera == Virtual::Yes));
        assert_eq!(devices[0].evidence, "driver=v4l2 loopback; bus=none");
    }

    #[test]
    fn the_evidence_says_when_a_name_raised_the_suspicion() {
        let devices = listed(vec![webcam(0, "OBS Virtual Camera", "1-2", "")], "");
        assert_eq!(devices[0].virtual_camera, Virtual::Suspected);
        assert_eq!(devices[0].evidence, "driver=uvcvideo; bus=usb; name=suspect");
    }

    #[test]
    fn what_is_no_camera_for_a_person_is_not_listed() {
        let foreign = |number| Sight { offer: Ok(Offer::Foreign), ..webcam(number, "Processor", "1-9", "") };
        let denied = |number| Sight { offer: Err(Unusable::Denied), ..webcam(number, "Locked", "1-8", "") };
        #[rustfmt::skip]
        let table: [(Vec<Sight>, &[&str], &str); 4] = [
            (vec![],                                                       &[],            "no node, no camera"),
            (vec![foreign(0), webcam(2, "HD Webcam", "1-2", "")],          &["HD Webcam"], "one that sends nothing we take is not offered beside one that does"),
            ((0..32).map(foreign).collect(),                               &["Processor"], "alone it is named once, with its reason"),
            (vec![foreign(0), denied(2)],                                  &["Locked"],    "one that may not be opened is named"),
        ];
        for (sights, expected, because) in table {
            assert_eq!(labels(&listed(sights, "")), expected, "{because}");
        }
        assert_eq!(listed(vec![foreign(0)], "")[0].usable, Err(Unusable::NoUsableMode));
        #[rustfmt::skip]
        let table = [
            (b"GREY", true, "infra-red"), (b"Z16 ", true, "depth"), (b"Y16\xA0", true, "infra-red, the other way round"),
            (b"MJPG", false, "colour"),   (b"H264", false, "colour, though not for us"), (b"YUYV", false, "colour"),
        ];
        for (fourcc, expected, because) in table {
            assert_eq!(is_colourless(*fourcc), expected, "{}: {because}", String::from_utf8_lossy(fourcc));
        }
    }

    #[test]
    fn a_node_that_cannot_be_opened_is_named_when_the_learner_can_do_something() {
        #[rustfmt::skip]
        let table = [
            (libc::EACCES, Some(Unusable::Denied), "rights can be given"),
            (libc::EPERM,  Some(Unusable::Denied), "so they can in a sandbox"),
            (libc::EBUSY,  Some(Unusable::InUse),  "the other program can be closed"),
            (libc::ENODEV, None,                   "nothing is there"),
            (libc::EIO,    None,                   "broken"),
        ];
        for (errno, expected, because) in table {
            assert_eq!(unreachable_because(&io::Error::from_raw_os_error(errno)), expected, "{because}");
        }
    }
}
