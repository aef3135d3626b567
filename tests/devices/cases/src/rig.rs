//! How to make a test camera misbehave: the same orders for the double and for the camera under the real driver.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::error::CaseError;
use crate::frames::{SIZES, of_size};
use crate::watch::{camera, fault_code};

/// What a case wants of the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// There, whole, in two sizes up to 1280x720, free: the state every case starts from.
    AsNew,
    /// As new, with 1920x1080 besides.
    FullHd,
    /// As new, but only the smallest size is offered.
    OnlySmall,
    /// As new, at 29.97 pictures a second, and left by another program in grey at 7.5.
    LeftOdd,
    /// As new, with a serial number.
    WithSerial,
    /// The one with the serial number is unplugged and comes back at another place.
    Elsewhere,
    /// A second camera of the same name.
    Second,
    /// As new, with controls, which another program has turned to what no photo should have.
    Turned,
    Unplug,
    Plug,
    Stall,
    Noise,
    Halves,
    /// Pictures are marked as faulty by the camera.
    Marked,
    Whole,
    /// Another program streams in the mode the product wants.
    Busy,
    /// Another program streams in another mode.
    BusyOtherwise,
    Free,
}

/// A test camera that takes orders.
pub(crate) trait Rig {
    /// Its name in the output.
    fn name(&self) -> &'static str;
    /// The folder of the pictures it sends.
    fn frames(&self) -> &Path;
    /// Carries out an order; returns when the camera has heard it.
    fn order(&mut self, order: Order) -> Result<(), CaseError>;
    /// A word in the camera's own language, for what only this one can do.
    fn say(&mut self, word: &str) -> Result<(), CaseError>;
    /// The code of the fault that somebody sees who may not open the camera.
    fn code_without_rights(&mut self) -> Result<String, CaseError>;
    /// How much slower than a real machine this one is, generously: limits of the product are multiplied by it.
    fn slowness(&self) -> u32;
}

/// What every case starts from.
const OFFER: &str = "offer MJPG 1280x720@30; MJPG 640x480@30";

/// The preloaded double: orders go through its control file, and its controls are in another.
pub(crate) struct ShimRig {
    frames: PathBuf,
    control: PathBuf,
    offer: &'static str,
    pictures: &'static str,
    /// Lines besides.
    lines: Vec<String>,
}

impl ShimRig {
    pub(crate) fn new(frames: PathBuf, control: PathBuf) -> Result<Self, CaseError> {
        let mut rig = Self { frames, control, offer: OFFER, pictures: "go", lines: Vec::new() };
        rig.write()?;
        Ok(rig)
    }

    /// Writes beside and renames, so that the camera never reads half a file.
    fn write(&mut self) -> Result<(), CaseError> {
        let mut lines = vec![self.offer, self.pictures];
        lines.extend(self.lines.iter().map(String::as_str));
        let beside = self.control.with_extension("new");
        fs::write(&beside, lines.join("\n"))?;
        Ok(fs::rename(beside, &self.control)?)
    }

    fn only(&mut self, lines: &[&str]) {
        self.lines = lines.iter().map(|line| (*line).to_owned()).collect();
    }

    fn without(&mut self, line: &str) {
        self.lines.retain(|known| known != line);
    }

    fn with(&mut self, line: &str) {
        self.without(line);
        self.lines.push(line.to_owned());
    }
}

impl Rig for ShimRig {
    fn name(&self) -> &'static str {
        "shim"
    }

    fn frames(&self) -> &Path {
        &self.frames
    }

    fn slowness(&self) -> u32 {
        5
    }

    fn order(&mut self, order: Order) -> Result<(), CaseError> {
        match order {
            Order::AsNew | Order::FullHd | Order::OnlySmall | Order::LeftOdd | Order::WithSerial => {
                (self.offer, self.pictures) = (OFFER, "go");
                self.only(&[]);
            }
            _ => {}
        }
        match order {
            Order::AsNew => {}
            Order::FullHd => self.offer = "offer MJPG 1920x1080@30; MJPG 1280x720@30; MJPG 640x480@30",
            Order::OnlySmall => self.offer = "offer MJPG 640x480@30",
            Order::LeftOdd => {
                self.offer = "offer MJPG 1280x720@30000/1001; GREY 640x480@15/2";
                self.only(&["left GREY 640x480@15/2"]);
            }
            Order::WithSerial => self.only(&["serial A1"]),
            Order::Elsewhere => {
                self.only(&[
                    "serial A1",
                    "sysfs /devices/pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0",
                    "bus usb-0000:00:14.0-9",
                ]);
            }
            Order::Second => self.only(&["nodes 2"]),
            Order::Unplug => self.with("unplug"),
            Order::Plug => self.without("unplug"),
            Order::Stall => self.pictures = "stall",
            Order::Noise => self.pictures = "noise",
            Order::Halves => self.pictures = "short",
            Order::Marked => self.pictures = "error-flag",
            Order::Whole => self.pictures = "go",
            Order::Busy => self.with("busy"),
            Order::BusyOtherwise => return Err(CaseError::wrong("the double has one way of being busy")),
            Order::Turned => return Err(CaseError::wrong("the double's controls are in a file")),
            Order::Free => self.without("busy"),
        }
        self.write()
    }

    /// Verbs of the control file, one a line, in place of those said before.
    fn say(&mut self, word: &str) -> Result<(), CaseError> {
        self.only(&word.lines().collect::<Vec<_>>());
        self.write()
    }

    fn code_without_rights(&mut self) -> Result<String, CaseError> {
        self.with("denied");
        self.write()?;
        let code = fault_code(&camera());
        self.without("denied");
        self.write()?;
        code
    }
}

/// User and group without rights.
const NOBODY: u32 = 65_534;

/// A USB camera in user space under the kernel's `uvcvideo`.
pub(crate) struct UvcRig {
    frames: PathBuf,
    program: PathBuf,
    running: Option<Running>,
    second: Option<Running>,
    holder: Option<Child>,
}

struct Running {
    child: Child,
    verbs: ChildStdin,
    said: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(program: &Path, frames: &Path, sizes: &[(u16, u16)], options: &[&str]) -> Result<Self, CaseError> {
        let mut command = Command::new(program);
        for size in sizes {
            let files: Vec<String> =
                of_size(frames, *size).iter().map(|path| path.to_string_lossy().into_owned()).collect();
            command.arg("--mode").arg(format!("{}x{}:{}", size.0, size.1, files.join(",")));
        }
        let mut child = command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(verbs), Some(said)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(CaseError::wrong("uvcip has no standard streams"));
        };
        let mut running = Self { child, verbs, said: BufReader::new(said) };
        running.wait_for("plugged")?;
        Ok(running)
    }

    /// Types a verb and, where it has an answer, waits for that line.
    fn type_verb(&mut self, verb: &str, answer: Option<&str>) -> Result<(), CaseError> {
        writeln!(self.verbs, "{verb}")?;
        self.verbs.flush()?;
        answer.map_or(Ok(()), |answer| self.wait_for(answer))
    }

    fn wait_for(&mut self, answer: &str) -> Result<(), CaseError> {
        let mut line = String::new();
        while self.said.read_line(&mut line)? > 0 {
            if line.trim() == answer {
                return Ok(());
            }
            line.clear();
        }
        Err(CaseError::wrong(format!("uvcip ended before it said {answer:?}")))
    }

    fn end(mut self) {
        // It ends when its input does; the kill is for one that does not.
        drop(self.verbs);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl UvcRig {
    pub(crate) fn new(frames: PathBuf, program: PathBuf) -> Result<Self, CaseError> {
        let mut rig = Self { frames, program, running: None, second: None, holder: None };
        rig.start(&SIZES[1..], &[])?;
        Ok(rig)
    }

    fn start(&mut self, sizes: &[(u16, u16)], options: &[&str]) -> Result<(), CaseError> {
        self.end();
        nodes_gone()?;
        self.running = Some(Running::start(&self.program, &self.frames, sizes, options)?);
        Ok(())
    }

    fn end(&mut self) {
        for running in [self.running.take(), self.second.take()].into_iter().flatten() {
            running.end();
        }
    }

    fn free(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            drop(holder.stdin.take());
            if holder.stdout.is_none() {
                let _ = holder.kill(); // a program of others, which does not listen
            }
            let _ = holder.wait();
        }
    }

    fn hold(&mut self) -> Result<(), CaseError> {
        let own = std::env::current_exe()?;
        let mut holder = Command::new(own).arg("hold").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(said) = holder.stdout.as_mut() {
            BufReader::new(said).read_line(&mut line)?;
        }
        let holds = line.trim() == "holding";
        self.holder = Some(holder);
        if holds { Ok(()) } else { Err(CaseError::wrong(format!("the second program could not stream: {line:?}"))) }
    }

    /// Another program, in the small size; it writes a mark for each picture to its standard error.
    fn hold_otherwise(&mut self) -> Result<(), CaseError> {
        let node = first_node()?;
        let mut holder = Command::new("v4l2-ctl")
            .args(["-d", &node, "--set-fmt-video=width=640,height=480,pixelformat=MJPG", "--stream-mmap"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut mark = [0];
        let streams = holder.stderr.as_mut().is_some_and(|said| said.read_exact(&mut mark).is_ok()) && mark == *b"<";
        self.holder = Some(holder);
        if streams { Ok(()) } else { Err(CaseError::wrong("v4l2-ctl could not stream in another mode")) }
    }

    fn type_verb(&mut self, verb: &str, answer: Option<&str>) -> Result<(), CaseError> {
        let running = self.running.as_mut().ok_or_else(|| CaseError::wrong("uvcip does not run"))?;
        running.type_verb(verb, answer)
    }
}

/// The name of the first node there is.
fn some_node() -> Result<Option<String>, CaseError> {
    let names = fs::read_dir("/dev")?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.filter(|name| name.starts_with("video")).min())
}

/// Waits until the kernel has taken the pulled cameras away, which it does in its own time: a case must not find the one before.
fn nodes_gone() -> Result<(), CaseError> {
    for _ in 0..300 {
        if some_node()?.is_none() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(CaseError::wrong("the node of a pulled camera stays"))
}

/// The path of the first node, waiting until there is one.
pub(crate) fn first_node() -> Result<String, CaseError> {
    for _ in 0..300 {
        if let Some(name) = some_node()? {
            return Ok(format!("/dev/{name}"));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(CaseError::wrong("no node came"))
}

/// Runs `v4l2-ctl` on the first node to its end.
fn v4l2_ctl(word: &str) -> Result<(), CaseError> {
    v4l2_said(word).map(drop)
}

/// What `v4l2-ctl` says of the first node.
pub(crate) fn v4l2_said(word: &str) -> Result<String, CaseError> {
    let output = Command::new("v4l2-ctl").args(["-d", &first_node()?]).args(word.split(' ')).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(CaseError::wrong(format!("v4l2-ctl {word}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

impl Rig for UvcRig {
    fn name(&self) -> &'static str {
        "uvc"
    }

    fn frames(&self) -> &Path {
        &self.frames
    }

    fn slowness(&self) -> u32 {
        10
    }

    fn order(&mut self, order: Order) -> Result<(), CaseError> {
        match order {
            Order::AsNew => {
                self.free();
                self.start(&SIZES[1..], &[])
            }
            Order::FullHd => self.start(&SIZES, &[]),
            Order::OnlySmall => self.start(&SIZES[2..], &[]),
            Order::LeftOdd => {
                self.start(&SIZES[1..2], &["--interval", "333667", "--grey", "yes"])?;
                v4l2_ctl("--set-fmt-video=width=640,height=480,pixelformat=GREY").map(drop)
            }
            Order::WithSerial => self.start(&SIZES[1..], &["--serial", "A1"]),
            Order::Elsewhere => self.type_verb("plug 3", Some("plugged")),
            Order::Second => {
                self.second = Some(Running::start(&self.program, &self.frames, &SIZES[1..], &["--port", "1"])?);
                Ok(())
            }
            Order::Turned => {
                self.start(&SIZES[1..], &["--controls", "yes"])?;
                v4l2_ctl(
                    "-c focus_automatic_continuous=0,auto_exposure=1,white_balance_automatic=0,zoom_absolute=300",
                )?;
                v4l2_ctl("-c focus_absolute=120,exposure_time_absolute=20,white_balance_temperature=2300")
            }
            Order::Unplug => self.type_verb("unplug", Some("unplugged")),
            Order::Plug => self.type_verb("plug", Some("plugged")),
            Order::Stall => self.type_verb("stall", None),
            Order::Noise => self.type_verb("garbage", None),
            Order::Halves => self.type_verb("truncate", None),
            Order::Marked => self.type_verb("errbit 20", None),
            Order::Whole => self.type_verb("go", None),
            Order::Busy => self.hold(),
            Order::BusyOtherwise => self.hold_otherwise(),
            Order::Free => {
                self.free();
                Ok(())
            }
        }
    }

    /// A verb of `uvcip` that has no answer.
    fn say(&mut self, word: &str) -> Result<(), CaseError> {
        self.type_verb(word, None)
    }

    /// Asks as nobody, who is in no group that may use cameras.
    fn code_without_rights(&mut self) -> Result<String, CaseError> {
        // Nobody may not look into a checkout below somebody's home folder, so a copy is run from where everybody may.
        let own = std::env::temp_dir().join("device-cases-for-nobody");
        fs::copy(std::env::current_exe()?, &own)?;
        let output = Command::new(&own).arg("fault").current_dir("/").uid(NOBODY).gid(NOBODY).output()?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(CaseError::wrong(said(&output.stderr))) }
    }
}

impl Drop for UvcRig {
    fn drop(&mut self) {
        self.free();
        self.end();
    }
}

/// The kernel's test driver: what it can do wrong is behind controls of its own.
pub(crate) struct VividRig;

impl Rig for VividRig {
    fn name(&self) -> &'static str {
        "vivid"
    }

    fn frames(&self) -> &Path {
        Path::new("")
    }

    fn slowness(&self) -> u32 {
        10
    }

    fn order(&mut self, order: Order) -> Result<(), CaseError> {
        if order == Order::AsNew {
            self.say("test_pattern=0,contrast=128,osd_text_mode=0,percentage_of_dropped_buffers=0")
        } else {
            Err(CaseError::wrong(format!("vivid cannot {order:?}")))
        }
    }

    /// Controls and their values.
    fn say(&mut self, word: &str) -> Result<(), CaseError> {
        v4l2_ctl(&format!("-c {word}")).map(drop)
    }

    fn code_without_rights(&mut self) -> Result<String, CaseError> {
        Err(CaseError::wrong("vivid is asked with all rights"))
    }
}
