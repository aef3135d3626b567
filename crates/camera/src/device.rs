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
    pub(crate) fn derived(backend: Backend, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        Self(format!("{}-{}", backend.as_str(), hexadecimal(&digest[..12])))
    }

    /// SHA-256 of the key, hexadecimal: what the manifest calls the camera.
    pub fn id_hash(&self) -> String {
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
            // Two of one name bear their port behind a comma, see `tell_apart_by_port`.
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
    /// Whether a face may be photographed by a camera too small for a card. For servers that take photos with a side below 480
    /// pixels; ours does not by default.
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

/// Makes labels unique where no ports are known: two cameras of one name become "Name" and "Name (2)".
#[cfg(any(not(target_os = "linux"), test))]
pub(crate) fn tell_apart(devices: &mut [Device]) {
    tell_apart_by_port(devices, &[]);
}

/// Makes labels unique. Cameras of one name get the port they sit in, as in "HD Webcam, USB 1-2"; where no port is known, or
/// one port holds several, a number: "HD Webcam (2)". `ports`: one for each device, empty where none is known; may be shorter.
pub(crate) fn tell_apart_by_port(devices: &mut [Device], ports: &[String]) {
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

    /// What was chosen, in a word.
    fn chosen(devices: &[&Device], wanted: Option<&Device>, rules: &DeviceRules) -> String {
        let devices: Vec<Device> = devices.iter().map(|device| (*device).clone()).collect();
        match choose(&devices, wanted.map(|device| &device.key), rules) {
            Choice::Take(device) => device.label.clone(),
            Choice::Blocked(device) => format!("blocked {}", device.label),
            Choice::LockedMissing(lock) => format!("missing {}", lock.as_str()),
            Choice::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn the_default_camera_is_the_one_a_person_would_pick() {
        let studio = device("studio", Backend::Studio, Virtual::Yes, 1080, false);
        let small = device("small", Backend::V4l2, Virtual::No, 480, true);
        let large = device("large", Backend::V4l2, Virtual::No, 960, false);
        let own = device("own", Backend::V4l2, Virtual::No, 960, true);
        let phone = device("phone", Backend::V4l2, Virtual::Yes, 1080, false);
        let relay = device("relay", Backend::V4l2, Virtual::Suspected, 720, true);
        let blind = device("blind", Backend::V4l2, Virtual::No, 96, true);
        let infrared = device("HD IR Camera", Backend::V4l2, Virtual::No, 1080, true);
        #[rustfmt::skip]
        let table: [(&[&Device], &str, &str); 11] = [
            (&[],                   "nothing",      "no camera, no default"),
            (&[&studio],            "studio",       "the drawn learner is better than nothing"),
            (&[&studio, &small],    "small",        "a real camera comes before a drawn one"),
            (&[&small, &large],     "large",        "more pixels read the card"),
            (&[&large, &own],       "own",          "of equal ones the built-in one looks at the learner"),
            (&[&phone, &small],     "small",        "software only when nothing else is there"),
            (&[&phone, &relay],     "relay",        "a suspicion weighs less than a certainty"),
            (&[&infrared, &small],  "small",        "infrared has no colour"),
            (&[&infrared],          "HD IR Camera", "but is taken when it is all there is, and the picture then tells"),
            (&[&blind, &phone],     "phone",        "a camera without a usable mode is not taken"),
            (&[&blind],             "blind",        "unless there is no other: then it names the reason"),
        ];
        for (devices, expected, because) in table {
            assert_eq!(chosen(devices, None, &DeviceRules::default()), expected, "{because}");
        }
    }

    /// Cameras, wish, rules, expected, because.
    type Ruled<'a> = (&'a [&'a Device], Option<&'a Device>, &'a DeviceRules, &'a str, &'a str);

    #[test]
    fn the_rules_come_before_the_wish() {
        let real = device("real", Backend::V4l2, Virtual::No, 480, true);
        let other = device("other", Backend::V4l2, Virtual::No, 720, false);
        let relay = device("relay", Backend::V4l2, Virtual::Suspected, 1080, true);
        let phone = device("phone", Backend::V4l2, Virtual::Yes, 1080, false);
        let studio = device("studio", Backend::Studio, Virtual::Yes, 1080, false);
        let mut second = device("real", Backend::V4l2, Virtual::No, 480, false);
        second.label = "real, USB 1-2".into();
        let flag = DeviceRules::default();
        let block = DeviceRules { virtual_cameras: VirtualPolicy::Block, ..flag.clone() };
        let key = |device: &Device| Some(DeviceLock::Key(device.key.clone()));
        let locked = |lock| DeviceRules { locked: lock, ..flag.clone() };
        let named = |name: &str| locked(Some(DeviceLock::Name(name.into())));
        let last = |device: &Device| DeviceRules { last_used: Some(device.key.clone()), ..flag.clone() };
        let last_blocked = DeviceRules { last_used: Some(phone.key.clone()), ..block.clone() };
        #[rustfmt::skip]
        let table: [Ruled<'_>; 15] = [
            (&[&real, &other],  Some(&real),  &flag,                    "real",          "what somebody chose is taken"),
            (&[&other],         Some(&real),  &flag,                    "nothing",       "and no other in its place"),
            (&[&real, &other],  None,         &last(&real),             "real",          "the one used last comes before the better one"),
            (&[&other],         None,         &last(&real),             "other",         "unless it is gone"),
            (&[&real, &phone],  Some(&phone), &flag,                    "phone",         "a virtual one may be chosen where it is only flagged"),
            (&[&real, &phone],  Some(&phone), &block,                   "blocked phone", "and not where it is blocked"),
            (&[&real, &relay],  None,         &block,                   "real",          "what is blocked is no default either"),
            (&[&phone, &relay], None,         &block,                   "blocked relay", "only blocked ones are there: the better one is named"),
            (&[&real, &phone],  None,         &last_blocked,            "real",          "blocked, although it was used last"),
            (&[&studio],        None,         &block,                   "studio",        "practice is not what the rule is for"),
            (&[&real, &other],  Some(&other), &locked(key(&real)),      "real",          "the locked one and no other, whatever was chosen"),
            (&[&other],         None,         &named("front desk cam"), "missing front desk cam", "locked and missing has an answer of its own"),
            (&[&other, &real],  None,         &named("real"),           "real",          "a lock by name fits many machines"),
            (&[&second],        None,         &named("real"),           "real, USB 1-2", "also where the port had to be added"),
            (&[&phone],         None,         &DeviceRules { locked: key(&phone), ..block.clone() }, "blocked phone", "a lock does not lift the other rule"),
        ];
        for (devices, wanted, rules, expected, because) in table {
            assert_eq!(chosen(devices, wanted, rules), expected, "{because}");
        }
    }

    #[test]
    fn a_camera_too_small_for_a_card_serves_for_a_face_where_policy_allows() {
        let small = device("small", Backend::V4l2, Virtual::No, 240, true);
        let large = device("large", Backend::V4l2, Virtual::No, 720, true);
        let blind = device("blind", Backend::V4l2, Virtual::No, 96, true);
        let strict = DeviceRules::default();
        let lenient = DeviceRules { small_face: true, ..DeviceRules::default() };
        #[rustfmt::skip]
        let table = [
            (&large, Purpose::IdCard,       &strict,  true,  "nothing is wrong with it"),
            (&small, Purpose::Face,         &strict,  false, "the rule of the house"),
            (&small, Purpose::Face,         &lenient, true,  "a face is seen in it"),
            (&small, Purpose::IdCard,       &lenient, false, "a card is not"),
            (&small, Purpose::FaceWithCard, &lenient, false, "nor one beside a face"),
            (&small, Purpose::Check,        &lenient, false, "and the learner hears it before the first photo"),
            (&blind, Purpose::Face,         &lenient, false, "not even a face"),
        ];
        for (device, purpose, rules, expected, because) in table {
            assert_eq!(device.modes_for(purpose, rules).is_ok(), expected, "{} {purpose:?}: {because}", device.label);
        }
        assert!(matches!(small.usable, Err(Unusable::TooSmall { largest }) if largest.width_px == 320));
    }

    #[test]
    fn infrared_is_known_by_whole_words() {
        #[rustfmt::skip]
        let table = [
            ("Integrated IR Camera", true,  "as drivers name it"),  ("Infrared Camera", true, "written out"),
            ("HP Wide Vision Infra-red", true, "with a dash"),       ("IRIS 4K webcam", false, "a name that begins so"),
            ("AIR Camera", false, "one that ends so"),               ("USB_IR_CAM", true, "between lines"),
        ];
        for (name, expected, because) in table {
            assert_eq!(
                device(name, Backend::V4l2, Virtual::No, 480, false).says_infrared(),
                expected,
                "{name}: {because}"
            );
        }
    }

    #[test]
    fn two_cameras_of_one_name_are_told_apart() {
        let mut devices: Vec<Device> = ["Cam", "Cam", "Cam", "Other"]
            .iter()
            .map(|name| device(name, Backend::V4l2, Virtual::No, 480, false))
            .collect();
        tell_apart(&mut devices);
        let labels = |devices: &[Device]| devices.iter().map(|device| device.label.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&devices), ["Cam", "Cam (2)", "Cam (3)", "Other"]);
        let mut devices: Vec<Device> = ["Cam", "Cam", "Cam", "Cam", "Other"]
            .iter()
            .map(|name| device(name, Backend::V4l2, Virtual::No, 480, false))
            .collect();
        tell_apart_by_port(&mut devices, &["USB 1-2", "USB 1-3", "USB 1-3", "", "USB 1-4"].map(String::from));
        assert_eq!(labels(&devices), ["Cam, USB 1-2", "Cam, USB 1-3", "Cam, USB 1-3 (2)", "Cam", "Other"]);
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
