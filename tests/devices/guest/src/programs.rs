//! Builds and finds the programs of a battery, and runs those that need no guest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{GuestError, at};

/// The build's output.
pub(crate) struct Programs {
    /// The folder of this very program, where the others are built to.
    folder: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

/// Builds the test programs beside this one.
pub(crate) fn built() -> Result<Programs, GuestError> {
    let own = std::env::current_exe().map_err(at("the running program"))?;
    let folder = own.parent().map(Path::to_path_buf).unwrap_or_default();
    let target = folder.parent().map(Path::to_path_buf).unwrap_or_default();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--locked"]).arg("--target-dir").arg(&target);
    for package in ["likeness-device-cases", "likeness-uvcip", "likeness-fakev4l2"] {
        build.args(["-p", package]);
    }
    if folder.ends_with("release") {
        build.arg("--release");
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let status = build.current_dir(workspace).status().map_err(at("cargo"))?;
    if !status.success() {
        return Err(GuestError::Failed("building the test programs".into(), "see above".into()));
    }
    Ok(Programs { folder, target })
}

impl Programs {
    pub(crate) fn cases(&self) -> PathBuf {
        self.folder.join("device-cases")
    }

    pub(crate) fn uvcip(&self) -> PathBuf {
        self.folder.join("uvcip")
    }

    /// An empty folder for one battery.
    pub(crate) fn scratch(&self, battery: &str) -> Result<PathBuf, GuestError> {
        let folder = self.target.join("devices").join(battery);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(at(&folder))?;
        }
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        Ok(folder)
    }

    pub(crate) fn draw_frames(&self, folder: &Path) -> Result<(), GuestError> {
        let drawn =
            Command::new(self.cases()).arg("frames").arg(folder.join("frames")).status().map_err(at(self.cases()))?;
        if drawn.success() {
            Ok(())
        } else {
            Err(GuestError::Failed("drawing the test pictures".into(), "see above".into()))
        }
    }

    /// Runs the table on the preloaded double; answers its output.
    pub(crate) fn run_shim(&self, folder: &Path, only: &[String]) -> Result<String, GuestError> {
        let (control, frames) = (folder.join("control"), folder.join("frames"));
        let controls = folder.join("controls");
        fs::write(&control, "go\n").map_err(at(&control))?;
        fs::write(&controls, "").map_err(at(&controls))?;
        let output = Command::new(self.cases())
            .args(["shim", "--frames"])
            .arg(&frames)
            .arg("--control")
            .arg(&control)
            .args(only_words(only))
            .env("LD_PRELOAD", self.folder.join("libfakev4l2.so"))
            .env("FAKEV4L2_MODES", "MJPG 1280x720@30; MJPG 640x480@30")
            .env("FAKEV4L2_FRAMES", &frames)
            .env("FAKEV4L2_CTL", &control)
            .env("FAKEV4L2_CONTROLS", &controls)
            .stderr(Stdio::inherit())
            .output()
            .map_err(at(self.cases()))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// How the cases are told to run these alone; nothing for all.
pub(crate) fn only_words(only: &[String]) -> Vec<String> {
    let first = (!only.is_empty()).then(|| "--only".to_owned());
    first.into_iter().chain(only.iter().cloned()).collect()
}

/// Fails with the package to install if a program is not there.
pub(crate) fn require(program: &'static str, package: &'static str) -> Result<(), GuestError> {
    let known = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&known).collect();
    folders.extend(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from));
    let found = folders.iter().any(|folder| folder.join(program).is_file());
    if found { Ok(()) } else { Err(GuestError::Missing { program, package }) }
}

/// Runs a program to its end; answers what it printed, or fails with what it complained about.
pub(crate) fn run(command: &mut Command) -> Result<String, GuestError> {
    let name = format!("{command:?}");
    let output = command.output().map_err(at(command.get_program().to_owned()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(GuestError::Failed(name, text(&output.stderr))) }
}
