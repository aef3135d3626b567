//! Which cameras there are, how they are told apart, and which is taken when nobody chose. Pure: nothing is opened here.
//!
//! A key stays the same over unplugging and starting again, as long as the camera stays in its socket; a device number does not.
//! Whether a camera is made of software cannot be decided for certain: [`Virtual`] is what the system's facts suggest.

use std::cmp::Reverse;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::mode::{Mode, best_small, ladder};
use crate::state::Purpose;

/// The identity of one camera on this machine. Opaque; may be stored to find the same camera again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceKey(String);

impl DeviceKey {
    /// A key from a text stored earlier. A text that belongs to no device simply finds none.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Derives a key from what identifies a device; the parts themselves (paths, serial numbers) cannot be read back.
    #[cfg(any(target_os = "linux", test))]
    pub(crate) fn derived(backend: Backend, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        Self(format!("{}-{}", backend.as_str(), hexadecimal(&digest[..12])))
    }

    /// SHA-256 of the key, for the manifest.
    pub(crate) fn id_hash(&self) -> String {
        hexadecimal(&Sha256::digest(self.0.as_bytes()))
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str(&self.0)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Which interface of the system a camera is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Video4Linux 2.
    V4l2,
    /// Microsoft Media Foundation.
    Msmf,
    /// Apple AVFoundation.
    AvFoundation,
    /// Drawn by this program: practice only, never in a release.
    Studio,
}

impl Backend {
    /// As the manifest writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4l2 => "v4l2",
            Self::Msmf => "msmf",
            Self::AvFoundation => "avfoundation",
            Self::Studio => "studio",
        }
    }
}

/// Whether a camera looks as if it were made of software. Evidence, not proof, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Virtual {
    /// The system reaches it over a real bus.
    No,
    /// Something is unusual, or the system says too little.
    Suspected,
    /// The system says that it is software.
    Yes,
}

impl Virtual {
    /// As the manifest writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Suspected => "suspected",
            Self::Yes => "yes",
        }
    }
}

/// Why a listed camera cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// None of its modes gives a picture this program can use: no JPEG, YUYV or NV12, or sides beyond all bounds.
    NoUsableMode,
    /// Its pictures are too small to read a card in; a face is seen in the largest of them.
    TooSmall {
        /// That mode.
        largest: Mode,
    },
    /// Another program holds it so firmly that it cannot even be asked.
    InUse,
    /// The system does not let this user open it.
    Denied,
}

/// One camera of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its identity.
    pub key: DeviceKey,
    /// What to show; never the same for two devices of one list.
    pub label: String,
    /// How it is reached.
    pub backend: Backend,
    /// Whether it is part of the computer, as far as the system tells.
    pub built_in: bool,
    /// Whether it looks like software.
    pub virtual_camera: Virtual,
    /// What that rests on, as `name=value` pairs joined by `; `.
    pub evidence: String,
    /// Modes to try, best first (never empty), or why there is none.
    pub usable: Result<Vec<Mode>, Unusable>,
    /// Where the back-end finds it now; changes when it is plugged in again.
    pub(crate) place: String,
}

impl Device {
    /// The part of a device that does not change while it runs.
    pub fn summary(&self) -> DeviceSummary {
        DeviceSummary {
            key: self.key.clone(),
            label: self.label.clone(),
            backend: self.backend,
            built_in: self.built_in,
            virtual_camera: self.virtual_camera,
        }
    }

    /// Orders the modes, and names the reason when none is left.
    pub(crate) fn usable_from(offered: &[Mode]) -> Result<Vec<Mode>, Unusable> {
        let modes = ladder(offered);
        if !modes.is_empty() {
            return Ok(modes);
        }
        Err(best_small(offered).map_or(Unusable::NoUsableMode, |largest| Unusable::TooSmall { largest }))
    }

    /// The modes to try for this purpose, best first, or why there is none. A camera whose pictures are too small for a card
    /// is good for a face where the rules say so, and for nothing else.
    ///
    /// # Errors
    /// [`Unusable`], the reason for the learner.
    pub fn modes_for(&self, purpose: Purpose, rules: &DeviceRules) -> Result<Vec<Mode>, Unusable> {
        match (&self.usable, purpose) {
            (Err(Unusable::TooSmall { largest }), Purpose::Face) if rules.small_face => Ok(vec![*largest]),
            (usable, _) => usable.clone(),
        }
    }

    /// Whether it names itself an infrared camera. Such a one has no colour, and nobody takes it on purpose.
    pub fn says_infrared(&self) -> bool {
        let lower = self.label.to_lowercase();
        lower.contains("infrared") || lower.contains("infra-red") || words(&lower).any(|word| word == "ir")
    }

    fn best_area_px(&self) -> u32 {
        self.usable.as_ref().ok().and_then(|modes| modes.first()).map_or(0, |mode| mode.area_px())
    }
}

fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// What the organisation does about cameras made of software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum VirtualPolicy {
    /// They are as good as any.
    Allow,
    /// They may be used; the learner and the reviewer are told.
    #[default]
    Flag,
    /// They may not be used, nor those that are only suspected: the server refuses both.
    Block,
}

/// What follows for one camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admission {
    /// Nothing is said.
    Admitted,
    /// It is used, and the suspicion is named.
    Flagged,
    /// It is not opened.
    Blocked,
}

impl VirtualPolicy {
    /// What this policy does with a camera of which this is known.
    pub fn admit(self, virtual_camera: Virtual) -> Admission {
        match (self, virtual_camera) {
            (Self::Allow, _) | (_, Virtual::No) => Admission::Admitted,
            (Self::Flag, Virtual::Suspected | Virtual::Yes) => Admission::Flagged,
            (Self::Block, Virtual::Suspected | Virtual::Yes) => Admission::Blocked,
        }
    }
}

/// The one camera an organisation allows on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceLock {
    /// This very device in this very socket.
    Key(DeviceKey),
    /// Any device that gives itself this name, for policies that cover many machines.
    Name(String),
}

impl DeviceLock {
    fn fits(&self, device: &Device) -> bool {
        match self {
            Self::Key(key) => device.key == *key,
            // Two of one name bear their port behind a comma, see `tell_apart`.
            Self::Name(name) => {
                device.label.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
            }
        }
    }

    /// What to call it when it is missing.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Key(key) => key.as_str(),
            Self::Name(name) => name,
        }
    }
}

/// Which of the cameras may be opened, and which is taken when nobody chose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceRules {
    /// What is done about cameras made of software.
    pub virtual_cameras: VirtualPolicy,
    /// The only camera allowed, if there is such a rule.
    pub locked: Option<DeviceLock>,
    /// The camera that was used last, as remembered.
    pub last_used: Option<DeviceKey>,
    /// Whether a face may be photographed by a camera too small for a card.
    pub small_face: bool,
}

impl DeviceRules {
    /// What these rules do with this camera. Drawn cameras are practice, which no rule about software is meant for.
    pub fn admit(&self, device: &Device) -> Admission {
        if device.backend == Backend::Studio {
            return Admission::Admitted;
        }
        self.virtual_cameras.admit(device.virtual_camera)
    }
}

/// The camera to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// This one. It may be unusable, and then says why: there is none better.
    Take(&'a Device),
    /// The only ones there are, or the one asked for, may not be opened by the rules; this is the one to name.
    Blocked(&'a Device),
    /// The one the organisation demands is not there.
    LockedMissing(&'a DeviceLock),
    /// There is none.
    Nothing,
}

/// The camera somebody asked for, within the rules, or the default one.
pub(crate) fn choose<'a>(devices: &'a [Device], wanted: Option<&DeviceKey>, rules: &'a DeviceRules) -> Choice<'a> {
    let Some(wanted) = wanted.filter(|_| rules.locked.is_none()) else {
        return default_device(devices, rules);
    };
    devices.iter().find(|device| device.key == *wanted).map_or(Choice::Nothing, |device| admitted(device, rules))
}

/// The camera to open when nobody chose: the locked one and no other; else the one used last; else a real one before a drawn
/// one, one with colour before infrared, not virtual before virtual, more pixels before fewer, built in first.
pub(crate) fn default_device<'a>(devices: &'a [Device], rules: &'a DeviceRules) -> Choice<'a> {
    if let Some(lock) = &rules.locked {
        let locked = devices.iter().filter(|device| lock.fits(device)).min_by_key(|device| preference(device, rules));
        return locked.map_or(Choice::LockedMissing(lock), |device| admitted(device, rules));
    }
    let best = devices.iter().min_by_key(|device| preference(device, rules));
    best.map_or(Choice::Nothing, |device| admitted(device, rules))
}

fn admitted<'a>(device: &'a Device, rules: &DeviceRules) -> Choice<'a> {
    if rules.admit(device) == Admission::Blocked { Choice::Blocked(device) } else { Choice::Take(device) }
}

/// What makes a camera the better choice; smaller is better.
fn preference(device: &Device, rules: &DeviceRules) -> impl Ord + use<> {
    let suspicion = match device.virtual_camera {
        Virtual::No => 0,
        Virtual::Suspected => 1,
        Virtual::Yes => 2,
    };
    let blocked = rules.admit(device) == Admission::Blocked;
    let used_last = rules.last_used.as_ref() == Some(&device.key);
    (
        (blocked, device.usable.is_err(), !used_last),
        (device.backend == Backend::Studio, device.says_infrared(), suspicion),
        (Reverse(device.best_area_px()), !device.built_in),
    )
}

/// A camera without its modes: what a running stream says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSummary {
    /// Its identity.
    pub key: DeviceKey,
    /// What to show.
    pub label: String,
    /// How it is reached.
    pub backend: Backend,
    /// Whether it is part of the computer.
    pub built_in: bool,
    /// Whether it looks like software.
    pub virtual_camera: Virtual,
}

/// Makes labels unique. Cameras of one name get the port they sit in, as in "HD Webcam, USB 1-2"; where no port is known, or
/// one port holds several, a number: "HD Webcam (2)". `ports`: one for each device, empty where none is known; may be shorter.
pub(crate) fn tell_apart(devices: &mut [Device], ports: &[String]) {
    let names: Vec<String> = devices.iter().map(|device| device.label.clone()).collect();
    for (index, device) in devices.iter_mut().enumerate() {
        let shared = names.iter().enumerate().any(|(other, name)| other != index && *name == names[index]);
        if let Some(port) = ports.get(index).filter(|port| shared && !port.is_empty()) {
            device.label = format!("{}, {port}", names[index]);
        }
    }
    for index in 0..devices.len() {
        let base = devices[index].label.clone();
        let mut number = 1;
        while devices[..index].iter().any(|earlier| earlier.label == devices[index].label) {
            number += 1;
            devices[index].label = format!("{base} ({number})");
        }
    }
}

/// What Linux says about where a camera sits.
#[cfg(any(target_os = "linux", test))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinuxFacts<'a> {
    /// Name of the kernel driver.
    pub(crate) driver: &'a str,
    /// The name the device gives itself.
    pub(crate) name: &'a str,
    /// Real path of the device below `/sys/devices`, or empty if the system does not tell.
    pub(crate) path: &'a str,
}

/// Parts of names that programs which imitate cameras give themselves. Raises suspicion, never certainty.
#[cfg(any(target_os = "linux", test))]
const SOFTWARE_NAMES: [&str; 10] =
    ["obs", "virtual", "manycam", "xsplit", "camo", "iriun", "epoccam", "ndi", "mmhmm", "broadcast"];

/// Judges by driver and path; the name alone never decides.
#[cfg(any(target_os = "linux", test))]
pub(crate) fn virtual_on_linux(facts: LinuxFacts<'_>) -> Virtual {
    let path = facts.path;
    if path.contains("/vhci_hcd") || path.contains("/dummy_hcd") {
        return Virtual::Suspected; // USB over the network or a gadget: real protocol, unknown far end
    }
    if facts.driver == "v4l2 loopback" && facts.name.starts_with("Intel MIPI Camera") {
        return Virtual::Suspected; // built-in cameras of IPU6 and IPU7 laptops reach programs this way
    }
    if matches!(facts.driver, "v4l2 loopback" | "akvcam" | "vivid") {
        return Virtual::Yes;
    }
    if facts.driver != "uvcvideo" && path.starts_with("/sys/devices/virtual/") {
        return Virtual::Yes;
    }
    let lower = facts.name.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_alphanumeric()).collect();
    if SOFTWARE_NAMES.iter().any(|name| words.iter().any(|word| word.starts_with(name))) {
        return Virtual::Suspected;
    }
    let real_bus = path.contains("/pci") || path.starts_with("/sys/devices/platform/");
    if facts.driver == "uvcvideo" && real_bus { Virtual::No } else { Virtual::Suspected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::{Pixels, Rate};

    fn device(label: &str, backend: Backend, virtual_camera: Virtual, height_px: u16, built_in: bool) -> Device {
        let mode = Mode { width_px: height_px / 3 * 4, height_px, fps: Rate::whole(30), pixels: Pixels::Mjpeg };
        Device {
            key: DeviceKey::derived(backend, &[label]),
            label: label.into(),
            backend,
            built_in,
            virtual_camera,
            evidence: String::new(),
            usable: Device::usable_from(&[mode]),
            place: String::new(),
        }
    }

    #[test]
    fn the_default_camera_is_the_one_a_person_would_pick() {
        let studio = device("studio", Backend::Studio, Virtual::Yes, 1080, false);
        let small = device("small", Backend::V4l2, Virtual::No, 480, true);
        let large = device("large", Backend::V4l2, Virtual::No, 960, false);
        let phone = device("phone", Backend::V4l2, Virtual::Yes, 1080, false);
        let blind = device("blind", Backend::V4l2, Virtual::No, 240, true);
        #[rustfmt::skip]
        let table: [(Vec<&Device>, Option<&str>, &str); 6] = [
            (vec![],                       None,           "no camera, no default"),
            (vec![&studio],                Some("studio"), "the drawn learner is better than nothing"),
            (vec![&studio, &small],        Some("small"),  "a real camera comes before a drawn one"),
            (vec![&small, &large],         Some("large"),  "more pixels read the card"),
            (vec![&phone, &small],         Some("small"),  "software only when nothing else is there"),
            (vec![&blind, &phone],         Some("phone"),  "a camera without a usable mode is never taken"),
        ];
        for (devices, expected, because) in table {
            let devices: Vec<Device> = devices.into_iter().cloned().collect();
            let rules = DeviceRules::default();
            let found = match default_device(&devices, &rules) {
                Choice::Take(device) => Some(device.label.as_str()),
                Choice::Nothing => None,
                other => panic!("{other:?}: {because}"),
            };
            assert_eq!(found, expected, "{because}");
        }
    }

    #[test]
    fn two_cameras_of_one_name_are_told_apart() {
        let mut devices: Vec<Device> = ["Cam", "Cam", "Cam", "Other"]
            .iter()
            .map(|name| device(name, Backend::V4l2, Virtual::No, 480, false))
            .collect();
        tell_apart(&mut devices, &[]);
        let labels: Vec<&str> = devices.iter().map(|device| device.label.as_str()).collect();
        assert_eq!(labels, ["Cam", "Cam (2)", "Cam (3)", "Other"]);
    }

    #[test]
    fn virtual_cameras_are_named_by_driver_and_path() {
        const USB: &str = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0";
        #[rustfmt::skip]
        let table = [
            // driver          name                   path                                             expected            because
            ("uvcvideo",       "HD Webcam C920",      USB,                                              Virtual::No,        "a USB camera behind a PCI host"),
            ("uvcvideo",       "ISP camera",          "/sys/devices/platform/soc/usb/1-1/1-1:1.0",      Virtual::No,        "a USB camera behind a platform host"),
            ("uvcvideo",       "HD Webcam C920",      "/sys/devices/platform/vhci_hcd.0/usb3/3-1",      Virtual::Suspected, "USB whose far end is a program or another machine"),
            ("uvcvideo",       "HD Webcam C920",      "/sys/devices/platform/dummy_hcd.0/usb3/3-1",     Virtual::Suspected, "a gadget looped back"),
            ("uvcvideo",       "HD Webcam C920",      "",                                               Virtual::Suspected, "the system says too little"),
            ("v4l2 loopback",  "OBS Virtual Camera",  "/sys/devices/virtual/video4linux/video2",        Virtual::Yes,       "a loopback is software"),
            ("v4l2 loopback",  "HD Webcam C920",      "/sys/devices/virtual/video4linux/video2",        Virtual::Yes,       "renaming it changes nothing"),
            ("v4l2 loopback",  "Intel MIPI Camera",   "/sys/devices/virtual/video4linux/video2",        Virtual::Suspected, "built-in cameras of newer laptops come this way"),
            ("vivid",          "vivid",               "/sys/devices/platform/vivid.0",                  Virtual::Yes,       "the kernel's test driver"),
            ("akvcam",         "Webcam",              "/sys/devices/virtual/video4linux/video9",        Virtual::Yes,       "a virtual camera driver"),
            ("somecam",        "Webcam",              "/sys/devices/virtual/video4linux/video9",        Virtual::Yes,       "an unknown driver without hardware"),
            ("somecam",        "Webcam",              "/sys/devices/platform/soc/csi0",                 Virtual::Suspected, "an unknown driver on a real bus"),
            ("uvcvideo",       "NDI Virtual Input",   USB,                                              Virtual::Suspected, "a name that programs use"),
            ("uvcvideo",       "Handicam 3",          USB,                                              Virtual::No,        "ndi inside a word is no name of a program"),
        ];
        for (driver, name, path, expected, because) in table {
            assert_eq!(
                virtual_on_linux(LinuxFacts { driver, name, path }),
                expected,
                "{driver} {name} {path}: {because}"
            );
        }
    }

    #[test]
    fn a_key_is_stable_and_tells_parts_from_their_joins() {
        let key = DeviceKey::derived(Backend::V4l2, &["a", "bc"]);
        assert_eq!(key, DeviceKey::derived(Backend::V4l2, &["a", "bc"]));
        assert_ne!(key, DeviceKey::derived(Backend::V4l2, &["ab", "c"]));
        assert_eq!(DeviceKey::new(key.as_str()), key);
        assert_eq!(key.id_hash().len(), 64);
    }
}
