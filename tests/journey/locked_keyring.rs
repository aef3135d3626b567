//! A keyring whose question nobody answers, before the real window: it never stands still, the journey goes on in memory, and closing it ends it.
//!
//! The bus is the test's own. Its keyring is a program that is started, and never says a word: what a locked keyring is while its dialog is open.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::folder::Folder;
use crate::window::{Surroundings, Window};

const LEARNER: &str = "learner@likeness.example";
/// A window that waited for the keyring would stand still for as long as the bus waits, two minutes.
const LONGEST_STANDSTILL_MS: f64 = 5_000.0;
const ENDS_WITHIN: Duration = Duration::from_secs(30);

const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <servicedir>SERVICES</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A session bus that ends with the test.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn with_a_silent_keyring(folder: &Path) -> Self {
        let services = folder.join("services");
        fs::create_dir_all(&services).expect("a folder can be made");
        let service = "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/sleep 120\n";
        fs::write(services.join("org.freedesktop.secrets.service"), service).expect("a file can be written");
        let config = folder.join("bus.conf");
        fs::write(&config, BUS.replace("SERVICES", &services.display().to_string())).expect("a file can be written");
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdout(Stdio::piped())
            // The silent keyring outlives the bus by up to its two minutes: it must not hold what the tests write to.
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon starts; on Debian it comes with the package dbus-daemon");
        let mut address = String::new();
        let told = daemon.stdout.take().expect("the daemon's output is piped");
        BufReader::new(told).read_line(&mut address).expect("the daemon says its address");
        Self { daemon, address: address.trim().to_owned() }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// Processes of this program in this home.
fn alive(app: &Path, home: &Path) -> Vec<PathBuf> {
    let mark = format!("HOME={}", home.display());
    let ours = |process: &PathBuf| {
        fs::read_link(process.join("exe")).is_ok_and(|exe| exe == app)
            && fs::read(process.join("environ"))
                .is_ok_and(|variables| variables.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()))
    };
    let processes = fs::read_dir("/proc").expect("the system lists its processes");
    processes.flatten().map(|entry| entry.path()).filter(ours).collect()
}

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn a_keyring_that_never_answers_freezes_neither_the_window_nor_its_end() {
    let home = Folder::new("silent-keyring");
    let bus = Bus::with_a_silent_keyring(home.path());
    let app = Path::new(env!("CARGO_BIN_EXE_likeness"));
    let pictures = std::env::var_os("LIKENESS_DEMO_DIR")
        .map_or_else(|| home.path().join("pictures"), |folder| PathBuf::from(folder).join("keyring"));
    let mut window = Window::open(&Surroundings {
        app,
        home: home.path(),
        variables: &[
            ("DBUS_SESSION_BUS_ADDRESS", bus.address.clone()),
            ("LIKENESS_LOG", "warn,likeness=info,likeness_account=info".to_owned()),
        ],
        pictures: &pictures,
    });
    window.script(
        "window.standstill = 0; let last = performance.now();
         setInterval(() => { const now = performance.now(); window.standstill = Math.max(window.standstill, now - last); last = now; }, 50);",
    );
    window.wait_for_screen("waiting-for-keyring");
    window.shoot("waiting-for-keyring");
    window.press("skip-keyring");
    window.wait_for_screen("welcome");
    window.press("go");
    window.wait_for_screen("before-you-begin");
    window.press("go");
    window.wait_for_screen("sign-in");
    window.press_naming("use-practice-account", LEARNER);
    window.wait("the sign-in to go on without the keyring", |window| {
        if window.screen() == "waiting-for-keyring" {
            window.press("skip-keyring");
        }
        window.screen() == "home"
    });
    window.wait("the notice", |window| window.text().contains("safe for passwords"));
    window.shoot("signed-in-without-it");
    let standstill_ms = window.script("return window.standstill").as_f64().unwrap_or(f64::MAX);
    println!("longest standstill of the page: {standstill_ms:.0} ms");
    assert!(standstill_ms < LONGEST_STANDSTILL_MS, "the page stood still for {standstill_ms} ms");

    assert_eq!(alive(app, home.path()).len(), 1, "the app can be told from others");
    window.close();
    let until = Deadline::within(ENDS_WITHIN);
    while !alive(app, home.path()).is_empty() {
        assert!(!until.is_over(), "the window is closed and the program does not end");
        sleep(Duration::from_millis(100));
    }
}
