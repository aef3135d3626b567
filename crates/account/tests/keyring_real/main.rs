#![cfg(test)]
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "this test measures how long the keyring takes")]
//! The vault against a real gnome-keyring, in every state a desk can be in.
//!
//! `keyring_states` builds each state (its own home, its own message bus, no display) and runs the test of that
//! state in it as a child process, because a process keeps the first bus it saw. The state tests refuse to run
//! anywhere else: on a desk they would meet the developer's own keyring.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use likeness_account::vault::{KEY_BYTES, Keeps, OsKeyring, SecretStore, SessionItem, Slot, Vault, VaultFault};
use likeness_protocol::text::Secret;
use zeroize::Zeroizing;

const STATE_VARIABLE: &str = "LIKENESS_KEYRING_STATE";
const PASSWORD: &str = "pw";
/// Planted in the item; must not be found in any file of the home folder afterwards.
const PLANTED_TOKEN: &str = "lk_rt_PLANTEDplantedPLANTEDplantedPLANTEDplanted0";
/// Five times what the slowest state takes; a state that hangs must not hang the whole run.
const CHILD_LIMIT: Duration = Duration::from_mins(1);

// ---- the states, each run inside its own surroundings ----

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test --suite keyring"]
fn no_bus() {
    only_in("no_bus");
    let mut store = OsKeyring::new();
    assert_eq!(timed("load", || store.load(&slot())), Err(VaultFault::NoKeyring));
    assert_eq!(timed("save", || store.save(&slot(), b"x")), Err(VaultFault::NoKeyring));
    store.reconnect();
    assert_eq!(timed("load, tried again", || store.load(&slot())), Err(VaultFault::NoKeyring));
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test --suite keyring"]
fn no_service() {
    only_in("no_service");
    let mut store = OsKeyring::new();
    assert_eq!(timed("load", || store.load(&slot())), Err(VaultFault::NoKeyring));
    store.reconnect();
    assert_eq!(timed("save, tried again", || store.save(&slot(), b"x")), Err(VaultFault::NoKeyring));
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test --suite keyring"]
fn no_collection() {
    only_in("no_collection");
    let mut store = OsKeyring::new();
    assert_eq!(timed("load", || store.load(&slot())), Ok(None), "nobody ever signed in here");
    assert_eq!(timed("save", || store.save(&slot(), &item().to_bytes())), Err(VaultFault::NoCollection));
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test --suite keyring"]
fn unlocked() {
    only_in("unlocked");
    let mut store = OsKeyring::new();
    assert_eq!(store.keeps(), Keeps::InKeyring);
    assert_eq!(timed("load, nothing there", || store.load(&slot())), Ok(None), "nobody ever signed in here");
    assert_eq!(timed("save", || store.save(&slot(), b"an older sign-in")), Ok(()));
    assert_eq!(timed("save over it", || store.save(&slot(), &item().to_bytes())), Ok(()));

    let loaded = timed("load", || store.load(&slot())).unwrap().expect("it was just saved");
    let loaded = SessionItem::from_bytes(&loaded).unwrap();
    assert_eq!(loaded.refresh_token.expose(), PLANTED_TOKEN);
    assert_eq!(*loaded.dpop_key, *item().dpop_key);

    store.reconnect();
    assert!(store.load(&slot()).unwrap().is_some(), "a new connection finds the same item");
    assert_eq!(store.load(&Slot::practice()), Ok(None), "another server's slot is another item");

    let home = std::env::var("HOME").unwrap();
    for needle in [PLANTED_TOKEN.as_bytes(), &item().to_bytes()] {
        assert_eq!(files_with(Path::new(&home), needle), Vec::<String>::new(), "a token lies readable on the disk");
    }

    assert_eq!(timed("clear", || store.clear(&slot())), Ok(()));
    assert_eq!(store.load(&slot()), Ok(None));
    assert_eq!(store.clear(&slot()), Ok(()), "removing nothing is a success");
    // Left for the states that come after in the same home.
    assert_eq!(store.save(&slot(), &item().to_bytes()), Ok(()));
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test --suite keyring"]
fn locked() {
    only_in("locked");
    let mut store = OsKeyring::new();
    assert_eq!(timed("load", || store.load(&slot())), Err(VaultFault::Locked), "the item is there but locked");
    assert_eq!(timed("save", || store.save(&slot(), b"x")), Err(VaultFault::Locked));
    assert_eq!(store.load(&Slot::practice()), Ok(None), "a missing item is told apart from a locked one");

    // The person unlocks the keyring and presses "Try again".
    unlock();
    store.reconnect();
    let loaded = timed("load after unlocking", || store.load(&slot())).unwrap().expect("the item was never lost");
    assert_eq!(SessionItem::from_bytes(&loaded).unwrap().refresh_token.expose(), PLANTED_TOKEN);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test --suite keyring"]
fn locked_hanging() {
    only_in("locked_hanging");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let vault = Vault::start(Box::new(OsKeyring::new()));
    let started = Instant::now();
    let answer = runtime.block_on(async { vault.load(&slot()).within(Duration::from_secs(3)).await });
    assert!(answer.is_none(), "an open dialog must not look like an answer, but got {answer:?}");
    eprintln!("  no answer after {} ms: the dialog is open", started.elapsed().as_millis());
    // The thread still waits for the dialog. That the runtime and then the process end nevertheless is the point;
    // `keyring_states` measures it from outside.
    drop(runtime);
}

// ---- the runner ----

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test --suite keyring"]
fn keyring_states() {
    for (program, package) in [("gnome-keyring-daemon", "gnome-keyring"), ("dbus-run-session", "dbus-daemon")] {
        assert!(on_path(program), "{program} is missing; install the Debian package {package}");
    }
    let fresh = Home::new();
    fresh.run("no_bus", &[], &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")]);

    let no_services = fresh.path().join("no-services.conf");
    fs::write(&no_services, NO_SERVICES).unwrap();
    let no_services = format!("--config-file={}", no_services.display());
    fresh.run("no_service", &["dbus-run-session", &no_services, "--"], &[]);

    Home::new().run("no_collection", &["dbus-run-session", "--"], &[]);

    let home = Home::new();
    home.run("unlocked", &["dbus-run-session", "--", "sh", "-c", UNLOCK_FIRST, "sh"], &[]);
    home.run("locked", &["dbus-run-session", "--"], &[]);

    let services = home.path().join("s/dbus-1/services");
    fs::create_dir_all(&services).unwrap();
    fs::write(
        services.join("org.gnome.keyring.SystemPrompter.service"),
        "[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/sleep 60\n",
    )
    .unwrap();
    let data = format!("{}:/usr/local/share:/usr/share", home.path().join("s").display());
    home.run("locked_hanging", &["dbus-run-session", "--"], &[("XDG_DATA_DIRS", &data)]);
}

/// Starts the keyring already open, as a graphical sign-in to the computer does, then the test.
const UNLOCK_FIRST: &str = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec \"$@\"";

/// A message bus without a single service to start. Without the two `eavesdrop` rules it rejects every reply.
const NO_SERVICES: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A person's home folder that exists for this test only.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for folder in ["d", "c", "run"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        fs::set_permissions(home.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs one state test of this binary in this home, behind `wrapper`, and fails when it fails.
    fn run(&self, state: &str, wrapper: &[&str], variables: &[(&str, &str)]) {
        // Left by the keyring of the state before, which ended with its bus.
        let _ = fs::remove_dir_all(self.path().join("run/keyring"));
        let test = std::env::current_exe().unwrap();
        let mut words: Vec<&str> = wrapper.to_vec();
        words.push(test.to_str().unwrap());
        words.extend(["--ignored", "--exact", state, "--nocapture", "--test-threads=1"]);

        let output_path = self.path().join(format!("{state}.out"));
        let output = fs::File::create(&output_path).unwrap();
        let started = Instant::now();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .env("HOME", self.path())
            .env("XDG_DATA_HOME", self.path().join("d"))
            .env("XDG_CONFIG_HOME", self.path().join("c"))
            .env("XDG_RUNTIME_DIR", self.path().join("run"))
            .env(STATE_VARIABLE, state)
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", words[0]));
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if started.elapsed() > CHILD_LIMIT {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let told = fs::read_to_string(&output_path).unwrap_or_default();
        eprintln!("state {state}: {} ms\n{told}", started.elapsed().as_millis());
        let status = status.unwrap_or_else(|| panic!("state {state} did not end within {CHILD_LIMIT:?}"));
        assert!(status.success(), "state {state} failed: {status}");
        assert!(told.contains("1 passed"), "state {state} ran no test");
    }
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn only_in(state: &str) {
    assert_eq!(
        std::env::var(STATE_VARIABLE).ok().as_deref(),
        Some(state),
        "this state is built by `keyring_states`: cargo xtask test --suite keyring"
    );
}

fn slot() -> Slot {
    Slot::for_server(&url::Url::parse("https://verify.example").unwrap())
}

fn item() -> SessionItem {
    SessionItem {
        refresh_token: Secret::new(PLANTED_TOKEN),
        dpop_key: Zeroizing::new([0xa5; KEY_BYTES]),
        outbox_key: Zeroizing::new([0x5a; KEY_BYTES]),
        subject: "acc_planted".to_owned(),
        grant: "grt_planted".to_owned(),
    }
}

fn timed<T: std::fmt::Debug>(what: &str, call: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let answer = call();
    let fault = format!("{answer:?}");
    let shown = if fault.starts_with("Ok(Some") { "Ok(an item)" } else { &fault };
    eprintln!("  {what}: {shown} in {} ms", started.elapsed().as_millis());
    answer
}

/// What the person does in the keyring's own window: a keyring opened with the right password takes over.
fn unlock() {
    let mut daemon = Command::new("gnome-keyring-daemon")
        .args(["--unlock", "--replace", "--components=secrets"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut daemon.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(daemon.wait().unwrap().success(), "gnome-keyring could not be unlocked");
}

fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_with(&path, needle));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}
