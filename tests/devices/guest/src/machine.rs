//! The emulated machine: plain emulation on purpose, because it behaves the same everywhere and needs no rights.
//!
//! This machine's root is mounted read-only over 9p with a layer in memory above it; results come back through a second,
//! writable folder, so that kernel messages on the console cannot tear a line of a case.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{GuestError, at};
use crate::initrd::Archive;
use crate::kernel::{FOR_CAMERAS, FOR_ROOT, Kernel};
use crate::programs::{Programs, only_words, require};

/// Two minutes are the usual on a loaded machine with two cores.
const LIMIT: Duration = Duration::from_mins(6);
const LOOK_EVERY: Duration = Duration::from_millis(200);
const BUSYBOX: &str = "/bin/busybox";

/// Runs all cases inside; answers what they printed, with the console behind it if the end was not reached.
pub(crate) fn run(programs: &Programs, kernel: &Kernel, folder: &Path, only: &[String]) -> Result<String, GuestError> {
    require("qemu-system-x86_64", "qemu-system-x86")?;
    if !Path::new(BUSYBOX).exists() {
        return Err(GuestError::Missing { program: "busybox", package: "busybox-static" });
    }
    let (initrd, console, cases) = (folder.join("initrd"), folder.join("console.log"), folder.join("cases.log"));
    fs::write(folder.join("cases.sh"), cases_script(programs, folder, only)).map_err(at(folder))?;
    fs::write(&initrd, archive(kernel)?).map_err(at(&initrd))?;
    let began = now();
    let ended = emulate(kernel, &initrd, folder, &console)?;
    let mut output = fs::read_to_string(&cases).unwrap_or_default();
    println!("the guest {} after {} s", if ended { "powered off" } else { "was stopped" }, began.elapsed().as_secs());
    if !ended || !output.contains("\nEND vivid") {
        let log = fs::read(&console).unwrap_or_default();
        output.push_str("\n--- console of the guest ---\n");
        output.push_str(&String::from_utf8_lossy(&log).replace('\r', ""));
        output.push_str("--- end of the console ---\n");
    }
    Ok(output)
}

#[allow(clippy::disallowed_methods, reason = "an emulated machine is given a real limit")]
fn now() -> Instant {
    Instant::now()
}

fn archive(kernel: &Kernel) -> Result<Vec<u8>, GuestError> {
    let mut archive = Archive::default();
    for folder in ["bin", "modules", "proc", "sys", "dev", "lower", "upper", "root"] {
        archive.folder(folder);
    }
    archive.copy("bin/busybox", Path::new(BUSYBOX))?;
    let mut load = Vec::new();
    for (number, file) in kernel.module_files(&FOR_ROOT)?.iter().enumerate() {
        archive.copy(&format!("modules/{number:02}.ko"), file)?;
        load.push(format!("insmod /modules/{number:02}.ko"));
    }
    let mut later = Vec::new();
    for (number, file) in kernel.module_files(&FOR_CAMERAS)?.iter().enumerate() {
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        archive.copy(&format!("modules/camera-{number:02}.ko"), file)?;
        // vivid waits until the USB camera is gone, so that each case has one camera.
        let script = if name == "vivid" { "vivid" } else { "usb" };
        let options = if name == "vivid" { VIVID_OPTIONS } else { "" };
        later.push(format!("echo 'insmod /modules/camera-{number:02}.ko {options}' >> /modules/{script}.sh"));
    }
    archive.program("init", INIT.replace("@LOAD@", &load.join("\n")).replace("@LATER@", &later.join("\n")).as_bytes());
    Ok(archive.finish())
}

/// One webcam input, no metadata or output nodes, fault injection on.
const VIVID_OPTIONS: &str = "n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0 no_error_inj=0";

const INIT: &str = "#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
@LOAD@
@LATER@
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /lower || poweroff -f
mount -t tmpfs memory /upper
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root || poweroff -f
mkdir -p /root/run/guest /root/run/modules /root/run/out /root/dev /root/proc /root/sys /root/tmp
cp /modules/* /root/run/modules/
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 out /root/run/out || poweroff -f
mount --move /dev /root/dev
mount --move /proc /root/proc
mount --move /sys /root/sys
exec switch_root /root /bin/busybox sh /run/out/cases.sh
";

/// Runs inside, after the root was switched: the cases of the USB camera, then those of vivid, then power off.
fn cases_script(programs: &Programs, folder: &Path, only: &[String]) -> String {
    let only = only_words(only).join(" ");
    let seed = std::env::var("LIKENESS_SEED").map(|seed| format!("export LIKENESS_SEED='{seed}'")).unwrap_or_default();
    let (cases, uvcip, frames) = (programs.cases(), programs.uvcip(), folder.join("frames"));
    format!(
        "export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
{seed}
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
ln -sf /proc/self/fd /dev/fd
mount -t tmpfs memory /tmp
mkdir -p /modules && cp /run/modules/* /modules/
out=/run/out/cases.log
busybox sh /modules/usb.sh
'{}' uvc --frames '{}' --uvcip '{}' {only} >> $out 2>&1
busybox sh /modules/vivid.sh
'{}' vivid {only} >> $out 2>&1
sync
busybox poweroff -f
",
        cases.display(),
        frames.display(),
        uvcip.display(),
        cases.display(),
    )
}

/// Runs the machine until it powers itself off; false if it had to be stopped.
fn emulate(kernel: &Kernel, initrd: &Path, folder: &Path, console: &Path) -> Result<bool, GuestError> {
    let shared = |id: &str, path: &Path, options: &str| {
        let path = path.display();
        [
            format!("local,id={id},path={path},security_model=none,multidevs=remap{options}"),
            format!("virtio-9p-pci,fsdev={id},mount_tag={id}"),
        ]
    };
    let [root, root_device] = shared("root", Path::new("/"), ",readonly=on");
    let [out, out_device] = shared("out", folder, "");
    let mut machine = Command::new("qemu-system-x86_64");
    machine
        .args(["-machine", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2", "-m", "2G"])
        .args(["-nodefaults", "-display", "none", "-no-reboot", "-nic", "none"])
        .arg("-serial")
        .arg(format!("file:{}", console.display()))
        .arg("-kernel")
        .arg(&kernel.image)
        .arg("-initrd")
        .arg(initrd)
        .args(["-append", "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr nowatchdog audit=0 random.trust_cpu=on tsc=reliable"])
        .args(["-fsdev", &root, "-device", &root_device, "-fsdev", &out, "-device", &out_device])
        .args(["-device", "virtio-rng-pci"])
        .stdin(Stdio::null());
    let mut machine = machine.spawn().map_err(at("qemu-system-x86_64"))?;
    let began = now();
    loop {
        if machine.try_wait().map_err(at("qemu-system-x86_64"))?.is_some() {
            return Ok(true);
        }
        if began.elapsed() > LIMIT {
            machine.kill().and_then(|()| machine.wait()).map_err(at("qemu-system-x86_64"))?;
            return Ok(false);
        }
        thread::sleep(LOOK_EVERY);
    }
}
