//! Whether a camera is made of software: what the facts of each system suggest. Pure; the back-ends only collect facts.
//!
//! It cannot be decided for certain. A driver may claim anything, and a USB gadget is a real device with an unknown far end.
//! So a bus, a driver or a flag of the system decides, in the order of each function below; **a name alone only ever raises
//! suspicion**, and renaming a virtual camera gains nothing. What these rules get wrong is listed by the test in
//! `docs/virtual-cameras.md`, with every descriptor they were tried on.

use crate::device::Virtual;

/// Words in the names that programs which imitate cameras give themselves. Whole words: OBSBOT makes real cameras.
#[rustfmt::skip]
const SOFTWARE_NAMES: [&str; 18] = [
    "obs", "virtual", "manycam", "xsplit", "camo", "iriun", "epoccam", "ndi", "mmhmm", "broadcast",
    "droidcam", "vcam", "splitcam", "webcamoid", "youcam", "chromacam", "akvcam", "vtuber",
];

/// Whether a name is one that programs give themselves.
pub(crate) fn sounds_like_software(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_alphanumeric());
    words.any(|word| SOFTWARE_NAMES.contains(&word))
}

/// A camera on a real bus, unless its name speaks against it.
fn real_unless_named(name: &str) -> Virtual {
    if sounds_like_software(name) { Virtual::Suspected } else { Virtual::No }
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

/// Where things without hardware sit.
#[cfg(any(target_os = "linux", test))]
const NO_HARDWARE: &str = "/sys/devices/virtual";

/// Judges by driver and path.
#[cfg(any(target_os = "linux", test))]
pub(crate) fn virtual_on_linux(facts: LinuxFacts<'_>) -> Virtual {
    let LinuxFacts { driver, name, path } = facts;
    if path.contains("/vhci_hcd") || path.contains("/dummy_hcd") {
        return Virtual::Suspected; // USB over the network or a gadget: real protocol, unknown far end
    }
    if driver == "v4l2 loopback" && name.starts_with("Intel MIPI Camera") {
        return Virtual::Suspected; // built-in cameras of IPU6 and IPU7 laptops reach programs this way
    }
    // A driver without hardware is software, whatever it calls itself: the real `uvcvideo` always sits on a USB device.
    if matches!(driver, "v4l2 loopback" | "akvcam" | "vivid") || path.starts_with(NO_HARDWARE) {
        return Virtual::Yes;
    }
    let real_bus = path.contains("/pci") || path.starts_with("/sys/devices/platform/");
    if driver == "uvcvideo" && real_bus { real_unless_named(name) } else { Virtual::Suspected }
}

/// What Windows says about a camera.
#[cfg(any(target_os = "windows", test))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowsFacts<'a> {
    /// `DEVPKEY_DeviceInterface_IsVirtualCamera`; false also where the system does not have it.
    pub(crate) flagged_virtual: bool,
    /// The symbolic link of the interface, in any case.
    pub(crate) link: &'a str,
    /// The name the device gives itself.
    pub(crate) name: &'a str,
}

/// Judges by the system's own flag, then by the enumerator in the link.
#[cfg(any(target_os = "windows", test))]
pub(crate) fn virtual_on_windows(facts: WindowsFacts<'_>) -> Virtual {
    let link = facts.link.to_lowercase();
    let enumerator = link.strip_prefix(r"\\?\").unwrap_or(&link);
    if facts.flagged_virtual || enumerator.starts_with("swd#vcamdevapi#") {
        return Virtual::Yes;
    }
    // Surface and Studio Effects put software between a built-in camera and the programs.
    let real = ["usb#vid_", "swd#sgdevapi#", "swd#driverenum#"];
    if real.iter().any(|start| enumerator.starts_with(start)) {
        return real_unless_named(facts.name);
    }
    Virtual::Suspected // among them `root#camera#`, which drivers of virtual cameras make for themselves
}

/// What macOS says about a camera.
#[cfg(any(target_os = "macos", test))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct MacFacts<'a> {
    /// `AVCaptureDevice.transportType`: four letters in one number, the first in the highest byte.
    pub(crate) transport: u32,
    /// `isContinuityCamera`: a telephone of the same person, a real camera.
    pub(crate) continuity: bool,
    /// The name the device gives itself.
    pub(crate) name: &'a str,
}

/// Judges by the transport the system names.
#[cfg(any(target_os = "macos", test))]
pub(crate) fn virtual_on_macos(facts: MacFacts<'_>) -> Virtual {
    match &facts.transport.to_be_bytes() {
        b"virt" => Virtual::Yes,
        b"bltn" | b"usb " => real_unless_named(facts.name),
        _ if facts.continuity => Virtual::No,
        _ => Virtual::Suspected,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::device::{Admission, VirtualPolicy};

    enum Told {
        Linux(&'static str, &'static str),
        Windows(bool, &'static str),
        Mac(&'static [u8; 4], bool),
    }
    use Told::{Linux, Mac, Windows};

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Truth {
        Real,
        Software,
    }
    use Truth::{Real, Software};

    struct Descriptor(Truth, &'static str, Told, Virtual, &'static str);

    const USB: &str = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0";
    const SOC: &str = "/sys/devices/platform/soc/fe980000.usb/usb1/1-1/1-1:1.0";
    const NOWHERE: &str = "/sys/devices/virtual";
    const VHCI: &str = "/sys/devices/platform/vhci_hcd.0/usb3/3-1/3-1:1.0";
    const GADGET: &str = "/sys/devices/platform/dummy_hcd.0/usb3/3-1/3-1:1.0";

    #[rustfmt::skip]
    const DESCRIPTORS: [Descriptor; 40] = [
        //         truth     name                            what the system tells                           judged              what it is
        Descriptor(Real,     "HD Pro Webcam C920",           Linux("uvcvideo", USB),                         Virtual::No,        "a USB webcam"),
        Descriptor(Real,     "Integrated Camera",            Linux("uvcvideo", USB),                         Virtual::No,        "the camera of a laptop"),
        Descriptor(Real,     "USB Camera",                   Linux("uvcvideo", SOC),                         Virtual::No,        "a webcam on a small ARM computer"),
        Descriptor(Real,     "OBSBOT Tiny 2",                Linux("uvcvideo", USB),                         Virtual::No,        "a real camera whose make begins like a program"),
        Descriptor(Real,     "Intel MIPI Camera",            Linux("v4l2 loopback", NOWHERE),                Virtual::Suspected, "the built-in camera of an IPU6 laptop, which comes through a loopback"),
        Descriptor(Real,     "Virtual Background Cam 4K",    Linux("uvcvideo", USB),                         Virtual::Suspected, "a real webcam with an unlucky name"),
        Descriptor(Real,     "Front Camera",                 Linux("qcom-camss", "/sys/devices/platform/soc@0/acb3000.camss"), Virtual::Suspected, "the camera of a tablet, with a driver of its own"),
        Descriptor(Real,     "HD Pro Webcam C920",           Linux("uvcvideo", VHCI),                        Virtual::Suspected, "a webcam handed on over the network by a thin client"),
        Descriptor(Real,     "HD Pro Webcam C920",           Linux("uvcvideo", ""),                          Virtual::Suspected, "a webcam inside a container that hides /sys"),
        Descriptor(Real,     "HD Pro Webcam C920",           Windows(false, r"\\?\usb#vid_046d&pid_082d&mi_00#7&1&0&0000#{e5}\global"),   Virtual::No, "a USB webcam"),
        Descriptor(Real,     "Integrated Webcam",            Windows(false, r"\\?\USB#VID_0C45&PID_6A09&MI_00#6&2&0&0000#{e5}\GLOBAL"),   Virtual::No, "the camera of a laptop, its link in capitals"),
        Descriptor(Real,     "Surface Camera Front",         Windows(false, r"\\?\swd#sgdevapi#1234#{e5}\global"),     Virtual::No,        "a built-in camera behind the system's own software"),
        Descriptor(Real,     "Windows Studio Effects Front", Windows(false, r"\\?\swd#driverenum#1234#{e5}\global"),   Virtual::No,        "a built-in camera behind Studio Effects"),
        Descriptor(Real,     "Elgato Facecam",               Windows(false, r"\\?\usb#vid_0fd9&pid_0078&mi_00#7&3&0&0000#{e5}\global"),   Virtual::No, "a USB webcam of a maker who also makes software"),
        Descriptor(Real,     "Rear Camera",                  Windows(false, r"\\?\display#int3480#4&1&0#{e5}\global"), Virtual::Suspected, "the camera of a tablet behind its graphics chip"),
        Descriptor(Real,     "FaceTime HD Camera",           Mac(b"bltn", false),                            Virtual::No,        "the camera of a MacBook"),
        Descriptor(Real,     "Logitech BRIO",                Mac(b"usb ", false),                            Virtual::No,        "a USB webcam"),
        Descriptor(Real,     "Studio Display Camera",        Mac(b"usb ", false),                            Virtual::No,        "the camera of a screen"),
        Descriptor(Real,     "Ada's iPhone Camera",          Mac(b"cwrl", true),                             Virtual::No,        "a telephone of the same person"),
        Descriptor(Real,     "Thunderbolt Camera",           Mac(b"thun", false),                            Virtual::Suspected, "a camera on a bus the rules do not name"),
        Descriptor(Software, "OBS Virtual Camera",           Linux("v4l2 loopback", NOWHERE),                Virtual::Yes,       "OBS through v4l2loopback"),
        Descriptor(Software, "HD Pro Webcam C920",           Linux("v4l2 loopback", NOWHERE),                Virtual::Yes,       "the same, renamed"),
        Descriptor(Software, "HD Pro Webcam C920",           Linux("v4l2 loopback", ""),                     Virtual::Yes,       "the same, with /sys hidden"),
        Descriptor(Software, "Intel MIPI Camera",            Linux("v4l2 loopback", NOWHERE),                Virtual::Suspected, "the same, renamed to what IPU6 laptops have"),
        Descriptor(Software, "Integrated Camera",            Linux("akvcam", NOWHERE),                       Virtual::Yes,       "akvcam, renamed"),
        Descriptor(Software, "vivid",                        Linux("vivid", "/sys/devices/platform/vivid.0"), Virtual::Yes,      "the test driver of the kernel"),
        Descriptor(Software, "Integrated Camera",            Linux("uvcvideo", NOWHERE),                     Virtual::Yes,       "a changed loopback that calls itself uvcvideo"),
        Descriptor(Software, "Integrated Camera",            Linux("somecam", NOWHERE),                      Virtual::Yes,       "a driver nobody knows, without hardware"),
        Descriptor(Software, "HD Pro Webcam C920",           Linux("uvcvideo", VHCI),                        Virtual::Suspected, "a program that speaks USB over a local socket"),
        Descriptor(Software, "HD Pro Webcam C920",           Linux("uvcvideo", GADGET),                      Virtual::Suspected, "a gadget looped back inside the computer"),
        Descriptor(Software, "HD Pro Webcam C920",           Linux("uvcvideo", USB),                         Virtual::No,        "a small computer on the USB cable that plays a webcam"),
        Descriptor(Software, "USB3 Video",                   Linux("uvcvideo", USB),                         Virtual::No,        "a capture stick fed by another computer's screen"),
        Descriptor(Software, "OBS Virtual Camera",           Windows(true, r"\\?\swd#vcamdevapi#b5f1#{e5}\global"),    Virtual::Yes,       "OBS as a virtual camera of Windows 11"),
        Descriptor(Software, "HD Pro Webcam C920",           Windows(false, r"\\?\swd#vcamdevapi#b5f1#{e5}\global"),   Virtual::Yes,       "the same, renamed, where the flag is not known"),
        Descriptor(Software, "HD Pro Webcam C920",           Windows(true, r"\\?\usb#vid_046d&pid_082d&mi_00#7&1&0&0000#{e5}\global"), Virtual::Yes, "a link that looks like USB, but the system's flag is set"),
        Descriptor(Software, "HD Pro Webcam C920",           Windows(false, r"\\?\root#camera#0000#{e5}\global"),      Virtual::Suspected, "a driver that makes its own device"),
        Descriptor(Software, "ManyCam Virtual Webcam",       Windows(false, r"\\?\usb#vid_1234&pid_0001&mi_00#7&4&0&0000#{e5}\global"), Virtual::Suspected, "a driver that claims a USB link but keeps its name"),
        Descriptor(Software, "OBS Virtual Camera",           Mac(b"virt", false),                            Virtual::Yes,       "OBS as a camera extension"),
        Descriptor(Software, "FaceTime HD Camera",           Mac(b"virt", false),                            Virtual::Yes,       "the same, renamed"),
        Descriptor(Software, "FaceTime HD Camera",           Mac(b"bltn", false),                            Virtual::No,        "an old plug-in that claims to be built in"),
    ];

    impl Descriptor {
        fn judged(&self) -> Virtual {
            let name = self.1;
            match self.2 {
                Linux(driver, path) => virtual_on_linux(LinuxFacts { driver, name, path }),
                Windows(flagged_virtual, link) => virtual_on_windows(WindowsFacts { flagged_virtual, link, name }),
                Mac(transport, continuity) => {
                    virtual_on_macos(MacFacts { transport: u32::from_be_bytes(*transport), continuity, name })
                }
            }
        }

        fn told(&self) -> String {
            match self.2 {
                Linux(driver, path) => {
                    format!("Linux: `{driver}` at `{}`", if path.is_empty() { "(hidden)" } else { path })
                }
                Windows(flag, link) => format!("Windows: `{link}`{}", if flag { ", flagged" } else { "" }),
                Mac(transport, continuity) => {
                    let letters = String::from_utf8_lossy(transport);
                    format!("macOS: `{letters}`{}", if continuity { ", Continuity" } else { "" })
                }
            }
        }

        /// Judged against the truth for certain; a suspicion against a real camera is a miss, too, for it may be blocked.
        fn is_miss(&self) -> bool {
            matches!((self.0, self.judged()), (Real, Virtual::Suspected | Virtual::Yes) | (Software, Virtual::No))
        }
    }

    #[test]
    fn forty_cameras_are_judged_by_what_the_system_says_of_them() {
        for descriptor in &DESCRIPTORS {
            assert_eq!(descriptor.judged(), descriptor.3, "{} ({}): {}", descriptor.1, descriptor.told(), descriptor.4);
        }
        let real = DESCRIPTORS.iter().filter(|descriptor| descriptor.0 == Real).count();
        assert_eq!((real, DESCRIPTORS.len() - real), (20, 20), "as many real as made of software");
    }

    #[test]
    fn each_policy_does_with_the_forty_what_it_says() {
        for descriptor in &DESCRIPTORS {
            let judged = descriptor.judged();
            #[rustfmt::skip]
            let table = [
                (VirtualPolicy::Allow, Admission::Admitted, "nothing is said"),
                (VirtualPolicy::Flag,  if judged == Virtual::No { Admission::Admitted } else { Admission::Flagged }, "used, and named"),
                (VirtualPolicy::Block, if judged == Virtual::No { Admission::Admitted } else { Admission::Blocked }, "not opened; the server would refuse the photos"),
            ];
            for (policy, expected, because) in table {
                assert_eq!(policy.admit(judged), expected, "{} under {policy:?}: {because}", descriptor.1);
            }
        }
    }

    #[test]
    fn a_name_alone_never_decides() {
        let worst = "OBS Virtual Camera (Windows Virtual Camera)";
        let best = "HD Pro Webcam C920";
        for descriptor in &DESCRIPTORS {
            let renamed = |name| {
                Descriptor(
                    descriptor.0,
                    name,
                    match descriptor.2 {
                        Linux(driver, path) => Linux(driver, path),
                        Windows(flag, link) => Windows(flag, link),
                        Mac(transport, continuity) => Mac(transport, continuity),
                    },
                    descriptor.3,
                    descriptor.4,
                )
                .judged()
            };
            let (named_badly, named_well) = (renamed(worst), renamed(best));
            if named_well != Virtual::Yes {
                assert_ne!(named_badly, Virtual::Yes, "{}: a bad name alone is suspicion", descriptor.told());
            }
            if named_badly == Virtual::Yes {
                assert_eq!(named_well, Virtual::Yes, "{}: a good name does not help", descriptor.told());
            }
        }
    }

    /// `LIKENESS_WRITE_DOCS=1` writes the page anew.
    #[test]
    fn the_page_of_virtual_cameras_says_what_the_rules_do() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/virtual-cameras.md");
        let expected = page_text();
        if std::env::var_os("LIKENESS_WRITE_DOCS").is_some() {
            fs::write(&page, &expected).unwrap();
        }
        let found = fs::read_to_string(&page).unwrap();
        assert_eq!(
            found, expected,
            "write the page anew: LIKENESS_WRITE_DOCS=1 cargo test -p likeness-camera --lib page_of_virtual"
        );
    }

    fn page_text() -> String {
        let mut page = String::from(HEAD);
        let misses: Vec<&Descriptor> = DESCRIPTORS.iter().filter(|descriptor| descriptor.is_miss()).collect();
        let (real, software): (Vec<&Descriptor>, Vec<&Descriptor>) =
            misses.into_iter().partition(|miss| miss.0 == Real);
        let _ = write!(page, "\n## Misses\n\nOf 20 real cameras {} are suspected:\n\n", real.len());
        for miss in &real {
            let _ = writeln!(page, "- {} (\"{}\")", miss.4, miss.1);
        }
        let _ = write!(page, "\nOf 20 that are made of software {} pass for real:\n\n", software.len());
        for miss in &software {
            let _ = writeln!(page, "- {} (\"{}\")", miss.4, miss.1);
        }
        page.push_str(TABLE_HEAD);
        for descriptor in &DESCRIPTORS {
            let judged = descriptor.judged();
            let truth = if descriptor.0 == Real { "real" } else { "software" };
            let [allow, flag, block] =
                [VirtualPolicy::Allow, VirtualPolicy::Flag, VirtualPolicy::Block].map(|policy| {
                    match policy.admit(judged) {
                        Admission::Admitted => "used",
                        Admission::Flagged => "flagged",
                        Admission::Blocked => "blocked",
                    }
                });
            let miss = if descriptor.is_miss() { " (miss)" } else { "" };
            let (name, told, verdict, what) = (descriptor.1, descriptor.told(), judged.as_str(), descriptor.4);
            let _ =
                writeln!(page, "| {truth} | {name} | {what} | {told} | {verdict}{miss} | {allow} | {flag} | {block} |");
        }
        page
    }

    const HEAD: &str = "\
# Virtual cameras

<!-- Written by the test `the_page_of_virtual_cameras_says_what_the_rules_do` in crates/camera/src/suspicion.rs. -->

Whether a camera is made of software cannot be decided for certain.
Likeness asks the system which driver, bus or flag stands behind a camera and judges by that: `no`, `suspected` or `yes`.
A name alone only ever raises suspicion, and a virtual camera that is renamed is judged as before.
The judgement and what it rests on go into the manifest of every submission; the organisation's policy decides what follows:
`allow` says nothing, `flag` (the default) uses the camera and tells the learner and the reviewer, `block` opens only cameras judged `no`.
The server holds the same rule once more.

Nobody has run the Windows and macOS rows on those systems yet: they follow what their interfaces document.
";

    const TABLE_HEAD: &str = "
`flag` is the policy for machines whose built-in camera is suspected; there `block` would leave the learner without a camera.

## All forty

| It is | Name | What it is | What the system tells | Judged | `allow` | `flag` | `block` |
|---|---|---|---|---|---|---|---|
";
}
