//! How to make a test camera misbehave: the same orders for the double and for the camera under the real driver.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::error::CaseError;
use crate::frames::{SIZES, of_size};
use crate::watch::{camera, fault_code};

/// What a case wants of the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// There, whole, in all sizes, free: the state every case starts from.
    AsNew,
    Unplug,
    Plug,
    Stall,
    Noise,
    Halves,
    Whole,
    /// Only this size is offered.
    OnlySmall,
    /// Another program streams.
    Busy,
    Free,
}

/// A test camera that takes orders.
pub(crate) trait Rig {
    /// Its name in the output.
    fn name(&self) -> &'static str;
    /// Carries out an order; returns when the camera has heard it.
    fn order(&mut self, order: Order) -> Result<(), CaseError>;
    /// The code of the fault that somebody sees who may not open the camera.
    fn code_without_rights(&mut self) -> Result<String, CaseError>;
}

/// The preloaded double: orders go through its control file.
pub(crate) struct ShimRig {
    control: PathBuf,
    unplugged: bool,
    busy: bool,
    denied: bool,
    small: bool,
    pictures: &'static str,
}

impl ShimRig {
    pub(crate) fn new(control: PathBuf) -> Result<Self, CaseError> {
        let rig = Self { control, unplugged: false, busy: false, denied: false, small: false, pictures: "go" };
        rig.write()?;
        Ok(rig)
    }

    /// Writes beside and renames, so that the camera never reads half a file.
    fn write(&self) -> Result<(), CaseError> {
        let mut lines = vec![self.pictures];
        lines.extend(self.unplugged.then_some("unplug"));
        lines.extend(self.busy.then_some("busy"));
        lines.extend(self.denied.then_some("denied"));
        lines.extend(self.small.then_some("offer MJPG 640x480@30"));
        let beside = self.control.with_extension("new");
        fs::write(&beside, lines.join("\n"))?;
        Ok(fs::rename(beside, &self.control)?)
    }
}

impl Rig for ShimRig {
    fn name(&self) -> &'static str {
        "shim"
    }

    fn order(&mut self, order: Order) -> Result<(), CaseError> {
        match order {
            Order::AsNew => {
                (self.unplugged, self.busy, self.denied, self.small, self.pictures) =
                    (false, false, false, false, "go");
            }
            Order::Unplug => self.unplugged = true,
            Order::Plug => self.unplugged = false,
            Order::Stall => self.pictures = "stall",
            Order::Noise => self.pictures = "noise",
            Order::Halves => self.pictures = "short",
            Order::Whole => self.pictures = "go",
            Order::OnlySmall => self.small = true,
            Order::Busy => self.busy = true,
            Order::Free => self.busy = false,
        }
        self.write()
    }

    fn code_without_rights(&mut self) -> Result<String, CaseError> {
        self.denied = true;
        self.write()?;
        let code = fault_code(&camera());
        self.denied = false;
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
    small: bool,
    holder: Option<Child>,
}

struct Running {
    child: Child,
    verbs: ChildStdin,
    said: BufReader<std::process::ChildStdout>,
}

impl Running {
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
}

impl UvcRig {
    pub(crate) fn new(frames: PathBuf, program: PathBuf) -> Result<Self, CaseError> {
        let mut rig = Self { frames, program, running: None, small: false, holder: None };
        rig.start()?;
        Ok(rig)
    }

    fn start(&mut self) -> Result<(), CaseError> {
        self.end();
        let mut command = Command::new(&self.program);
        for size in SIZES.into_iter().filter(|size| !self.small || *size == SIZES[1]) {
            let files: Vec<String> =
                of_size(&self.frames, size).iter().map(|path| path.to_string_lossy().into_owned()).collect();
            command.arg("--mode").arg(format!("{}x{}:{}", size.0, size.1, files.join(",")));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(verbs), Some(said)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(CaseError::wrong("uvcip has no standard streams"));
        };
        let mut running = Running { child, verbs, said: BufReader::new(said) };
        running.wait_for("plugged")?;
        self.running = Some(running);
        Ok(())
    }

    fn end(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It ends when its input does; the kill is for one that does not.
            drop(running.verbs);
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    fn free(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }

    fn hold(&mut self) -> Result<(), CaseError> {
        let own = std::env::current_exe()?;
        let mut holder = Command::new(own).arg("hold").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(said) = holder.stdout.take() {
            BufReader::new(said).read_line(&mut line)?;
        }
        let holds = line.trim() == "holding";
        self.holder = Some(holder);
        if holds { Ok(()) } else { Err(CaseError::wrong(format!("the second program could not stream: {line:?}"))) }
    }

    fn type_verb(&mut self, verb: &str, answer: Option<&str>) -> Result<(), CaseError> {
        let running = self.running.as_mut().ok_or_else(|| CaseError::wrong("uvcip does not run"))?;
        running.type_verb(verb, answer)
    }
}

impl Rig for UvcRig {
    fn name(&self) -> &'static str {
        "uvc"
    }

    fn order(&mut self, order: Order) -> Result<(), CaseError> {
        match order {
            Order::AsNew => {
                self.free();
                self.small = false;
                self.start()
            }
            Order::OnlySmall => {
                self.small = true;
                self.start()
            }
            Order::Unplug => self.type_verb("unplug", Some("unplugged")),
            Order::Plug => self.type_verb("plug", Some("plugged")),
            Order::Stall => self.type_verb("stall", None),
            Order::Noise => self.type_verb("garbage", None),
            Order::Halves => self.type_verb("truncate", None),
            Order::Whole => self.type_verb("go", None),
            Order::Busy => self.hold(),
            Order::Free => {
                self.free();
                Ok(())
            }
        }
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

/// The kernel's test driver; it is as it is.
pub(crate) struct VividRig;

impl Rig for VividRig {
    fn name(&self) -> &'static str {
        "vivid"
    }

    fn order(&mut self, order: Order) -> Result<(), CaseError> {
        if order == Order::AsNew { Ok(()) } else { Err(CaseError::wrong(format!("vivid cannot {order:?}"))) }
    }

    fn code_without_rights(&mut self) -> Result<String, CaseError> {
        Err(CaseError::wrong("vivid is asked with all rights"))
    }
}
