//! Debian's kernel: found by name, fetched once, unpacked into `target/guest/<version>`, never installed.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{GuestError, at};
use crate::programs::{require, run};

/// An unpacked kernel.
pub(crate) struct Kernel {
    pub(crate) version: String,
    pub(crate) image: PathBuf,
    modules: PathBuf,
}

/// What the machine needs to find its root, then the cameras.
pub(crate) const FOR_ROOT: [&str; 5] = ["virtio_pci", "virtio-rng", "9pnet_virtio", "9p", "overlay"];
pub(crate) const FOR_CAMERAS: [&str; 3] = ["vhci-hcd", "uvcvideo", "vivid"];

/// Finds the kernel in the cache, or fetches it.
pub(crate) fn ready(target: &Path) -> Result<Kernel, GuestError> {
    require("dpkg-deb", "dpkg")?;
    require("depmod", "kmod")?;
    let cache = target.join("guest");
    fs::create_dir_all(&cache).map_err(at(&cache))?;
    let package = match package_name() {
        Some(package) => package,
        // Without the lists of packages, a kernel fetched earlier still serves.
        None => newest_cached(&cache).ok_or(GuestError::NoKernel)?,
    };
    let unpacked = cache.join(&package);
    if !unpacked.exists() {
        fetch(&package, &cache, &unpacked)?;
    }
    let version = package.trim_start_matches("linux-image-").to_owned();
    let modules = unpacked.join("lib/modules").join(&version);
    Ok(Kernel { image: unpacked.join("boot").join(format!("vmlinuz-{version}")), modules, version })
}

/// The package that `linux-image-amd64` stands for today.
fn package_name() -> Option<String> {
    let text = run(Command::new("apt-cache").args(["depends", "linux-image-amd64"])).ok()?;
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    names.map(str::to_owned).find(|name| name.starts_with("linux-image-") && name.ends_with("-amd64"))
}

fn newest_cached(cache: &Path) -> Option<String> {
    let names = fs::read_dir(cache).ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("linux-image-")).max()
}

fn fetch(package: &str, cache: &Path, unpacked: &Path) -> Result<(), GuestError> {
    println!("fetching {package}");
    let download = cache.join("download");
    fs::create_dir_all(&download).map_err(at(&download))?;
    run(Command::new("apt-get").args(["download", package]).current_dir(&download))?;
    let archive = fs::read_dir(&download)
        .map_err(at(&download))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(package)))
        .ok_or(GuestError::NoKernel)?;
    // Unpacked beside and renamed, so that an interrupted run leaves nothing that looks whole.
    let beside = cache.join("unpacking");
    let _ = fs::remove_dir_all(&beside);
    run(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&beside))?;
    let version = package.trim_start_matches("linux-image-");
    let depmod = if Path::new("/sbin/depmod").exists() { "/sbin/depmod" } else { "depmod" };
    run(Command::new(depmod).arg("-b").arg(&beside).arg(version))?;
    fs::rename(&beside, unpacked).map_err(at(unpacked))?;
    fs::remove_dir_all(&download).map_err(at(&download))
}

impl Kernel {
    /// The files of these modules and of all they need, in the order they must be loaded.
    pub(crate) fn module_files(&self, names: &[&str]) -> Result<Vec<PathBuf>, GuestError> {
        let list = self.modules.join("modules.dep");
        let text = fs::read_to_string(&list).map_err(at(&list))?;
        let mut files = Vec::new();
        let mut taken = HashSet::new();
        for name in names {
            let line = text.lines().find(|line| line.split(':').next().is_some_and(|path| is_module(path, name)));
            let (path, needs) =
                line.and_then(|line| line.split_once(':')).ok_or_else(|| GuestError::NoModule((*name).into()))?;
            // modules.dep names the last needed first.
            for path in needs.split_whitespace().rev().chain([path]) {
                if taken.insert(path.to_owned()) {
                    files.push(self.modules.join(path));
                }
            }
        }
        Ok(files)
    }
}

/// Dashes and underscores are the same in names of modules.
fn is_module(path: &str, name: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or("");
    stem.replace('-', "_") == name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_by_name_whatever_their_dashes() {
        assert!(is_module("kernel/drivers/usb/usbip/vhci-hcd.ko", "vhci_hcd"));
        assert!(is_module("kernel/net/9p/9pnet_virtio.ko.xz", "9pnet-virtio"));
        assert!(!is_module("kernel/net/9p/9pnet.ko", "9p"), "a name is not the beginning of another");
    }
}
