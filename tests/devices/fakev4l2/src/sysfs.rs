//! What `/dev` and `/sys` show of the cameras: a small tree of real files and links, laid out as the kernel does it, to which
//! the hooks lead. Trees lie in the temporary folder, one for each set of cameras, and are used again.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::world::{Identity, Orders, fail};

/// The folder of the tree for what is plugged in now.
pub(crate) fn root() -> PathBuf {
    static KNOWN: Mutex<Vec<(u64, PathBuf)>> = Mutex::new(Vec::new());
    let orders = Orders::now();
    let mut hasher = DefaultHasher::new();
    LAYOUT.hash(&mut hasher);
    orders.cameras.hash(&mut hasher);
    let key = hasher.finish();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, root)) = known.iter().find(|(of, _)| *of == key) {
        return root.clone();
    }
    let root = built(key, &orders.cameras).unwrap_or_else(|error| fail(&format!("no tree of device files: {error}")));
    known.push((key, root.clone()));
    root
}

/// Part of each tree's name: rises when `lay_out` changes.
const LAYOUT: u32 = 1;

fn built(key: u64, cameras: &[Identity]) -> io::Result<PathBuf> {
    let all = fs::canonicalize(std::env::temp_dir())?;
    // The user's number keeps users out of each other's way.
    let user = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own))?;
    let root = all.join(format!("fakev4l2-{user}-{key:016x}"));
    if root.is_dir() {
        return Ok(root);
    }
    // Built beside and renamed, so that nobody sees half a tree.
    let beside = all.join(format!("fakev4l2-{user}-{key:016x}.{}", std::process::id()));
    let _ = fs::remove_dir_all(&beside);
    fs::create_dir_all(beside.join("dev"))?;
    fs::create_dir_all(beside.join("sys/class/video4linux"))?;
    fs::create_dir_all(beside.join("sys/dev/char"))?;
    for camera in cameras {
        lay_out(&beside, camera)?;
    }
    if fs::rename(&beside, &root).is_err() {
        fs::remove_dir_all(&beside)?; // somebody else was faster
    }
    Ok(root)
}

fn lay_out(root: &Path, camera: &Identity) -> io::Result<()> {
    let sys = root.join("sys");
    let device = sys.join(camera.path.trim_start_matches('/'));
    fs::create_dir_all(&device)?;
    let without_device = camera.path == "/devices/virtual";
    if !without_device {
        let driver = sys.join("bus/usb/drivers").join(camera.driver.replace(' ', "_"));
        fs::create_dir_all(&driver)?;
        link(&driver, &device.join("driver"))?;
    }
    if camera.path.contains("/usb") {
        describe_usb(&device, camera)?;
    }
    for (node, index) in [(camera.node(), 0), (camera.node() + 1, 1)] {
        let name = format!("video{node}");
        let own = device.join("video4linux").join(&name);
        fs::create_dir_all(&own)?;
        write(&own.join("name"), &camera.card)?;
        write(&own.join("index"), &index.to_string())?;
        write(&own.join("dev"), &format!("81:{node}"))?;
        write(&own.join("uevent"), &format!("MAJOR=81\nMINOR={node}\nDEVNAME={name}"))?;
        if !without_device {
            link(&device, &own.join("device"))?;
        }
        link(&own, &sys.join("class/video4linux").join(&name))?;
        link(&own, &sys.join(format!("dev/char/81:{node}")))?;
        fs::write(root.join("dev").join(&name), [])?;
    }
    Ok(())
}

/// The files of a USB device and of its interface.
fn describe_usb(interface: &Path, camera: &Identity) -> io::Result<()> {
    let Some(device) = interface.parent() else { return Ok(()) };
    let port = device.file_name().unwrap_or_default().to_string_lossy();
    let (bus, place) = port.split_once('-').unwrap_or(("1", "1"));
    write(&interface.join("bInterfaceNumber"), "00")?;
    write(&interface.join("bInterfaceClass"), "0e")?;
    for (file, content) in [
        ("idVendor", "1209"),
        ("idProduct", "0002"),
        ("bcdDevice", "0100"),
        ("busnum", bus),
        ("devpath", place),
        ("devnum", "5"),
        ("removable", "removable"),
        ("manufacturer", "Likeness"),
        ("product", camera.card.as_str()),
    ] {
        write(&device.join(file), content)?;
    }
    camera.serial.as_ref().map_or(Ok(()), |serial| write(&device.join("serial"), serial))
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    fs::write(path, format!("{content}\n"))
}

/// A link like the kernel's: relative, so that the tree may be renamed.
fn link(to: &Path, at: &Path) -> io::Result<()> {
    let from = at.parent().unwrap_or(at);
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..", from.components().count() - shared).collect::<PathBuf>();
    symlink(up.join(to.components().skip(shared).collect::<PathBuf>()), at)
}
