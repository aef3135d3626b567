#![cfg(test)]
#![cfg(unix)]
//! Folders as an administrator could have written them, well and badly.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::Duration;

use likeness_policy::{Place, Policies, PolicyFault, Wrong, read};
use tempfile::TempDir;

const GOOD: &str = r#"{"ServerUrl": "https://verify.example", "kioskmode": "yes", "KioskId": "ksk_1", "KioskEnrolmentSecret": "lk_ks_1"}"#;

/// A folder of policies.
struct Folder {
    _whole: TempDir,
    path: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let whole = tempfile::tempdir().unwrap();
        let path = whole.path().join("managed");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self { _whole: whole, path }
    }

    fn with(self, name: &str, mode: u32, text: &str) -> Self {
        fs::write(self.path.join(name), text).unwrap();
        fs::set_permissions(self.path.join(name), Permissions::from_mode(mode)).unwrap();
        self
    }

    fn read(&self) -> Result<Policies, PolicyFault> {
        read(&Place::of(&self.path, fs::metadata(&self.path).unwrap().uid()))
    }
}

#[track_caller]
fn check(mode: u32, text: &str, expected: (Wrong, Option<&str>), because: &str) {
    let fault = Folder::new().with("10.json", mode, text).read().unwrap_err();
    assert_eq!((fault.what, fault.key), expected, "{because}");
    assert!(fault.file.ends_with("10.json") && fault.place().contains("10.json"), "{because}: {fault}");
    assert!(!fault.to_string().contains("lk_ks"), "{because}: {fault}");
}

#[test]
fn a_kiosk_is_read_with_its_times() {
    let kiosk = Folder::new().with("10.json", 0o640, GOOD).read().unwrap();
    assert_eq!(kiosk.server.unwrap().as_str(), "https://verify.example/");
    let kiosk = kiosk.kiosk.unwrap();
    assert_eq!((kiosk.id.as_str(), kiosk.secret.as_str()), ("ksk_1", "lk_ks_1"));
    let times = (kiosk.idle, kiosk.warning, kiosk.limit);
    assert_eq!(times, (Duration::from_mins(1), Duration::from_secs(30), Duration::from_mins(20)));
    assert!(!format!("{kiosk:?}").contains("lk_ks"), "{kiosk:?}");

    let shorter = r#"{"KioskIdleSeconds": 20, "KioskWarningSeconds": 120, "KioskSessionLimitMinutes": 5}"#;
    let both = Folder::new().with("10.json", 0o640, GOOD).with("20.json", 0o644, shorter).read().unwrap();
    let kiosk = both.kiosk.unwrap();
    let times = (kiosk.idle, kiosk.warning, kiosk.limit);
    assert_eq!(times, (Duration::from_secs(20), Duration::from_mins(2), Duration::from_mins(5)));
}

#[test]
fn nothing_is_decided_where_nobody_decided() {
    let folder = Folder::new();
    assert_eq!(folder.read(), Ok(Policies::default()), "an empty folder");
    assert_eq!(read(&Place::of(&folder.path.join("none"), 0)), Ok(Policies::default()), "no folder");
    let server = Folder::new().with("10.json", 0o644, r#"{"ServerUrl": "https://a.example"}"#).read().unwrap();
    assert!(server.server.is_some() && server.kiosk.is_none(), "a server and no kiosk");
    let off = Folder::new().with("10.json", 0o640, GOOD).with("20.json", 0o644, r#"{"KioskMode": false}"#);
    assert_eq!(off.read().unwrap().kiosk, None, "the later file has the last word");
    assert_eq!(Folder::new().with("notes.txt", 0o666, "x").read(), Ok(Policies::default()), "no policy at all");
}

#[test]
fn what_is_wrong_is_named_and_nothing_counts() {
    let with = |more: &str| GOOD.replace('}', &format!(", {more}}}"));
    check(0o640, "{", (Wrong::Damaged, None), "it breaks off");
    check(0o640, "[]", (Wrong::Damaged, None), "no object");
    check(0o640, "{} {}", (Wrong::Damaged, None), "something behind it");
    check(0o640, &with("\"kioskMODE\": true"), (Wrong::Damaged, None), "a key twice");
    check(0o640, &" ".repeat(65 * 1024), (Wrong::Damaged, None), "too long");
    check(0o640, &with("\"VirtualCameras\": \"block\""), (Wrong::UnknownKey, None), "somebody would rely on it");
    check(0o640, &with("\"KioskIdleSeconds\": 5"), (Wrong::Value, Some("KioskIdleSeconds")), "too short");
    check(
        0o640,
        &with("\"KioskSessionLimitMinutes\": 60"),
        (Wrong::Value, Some("KioskSessionLimitMinutes")),
        "over the token's life",
    );
    check(0o640, &GOOD.replace("https", "http"), (Wrong::Value, Some("ServerUrl")), "not encrypted");
    check(0o640, &GOOD.replace("\"yes\"", "\"perhaps\""), (Wrong::Value, Some("KioskMode")), "neither yes nor no");
    check(0o644, r#"{"KioskMode": true}"#, (Wrong::Missing, Some("ServerUrl")), "a kiosk of no server");
    check(
        0o640,
        &GOOD.replace("\"KioskId\": \"ksk_1\", ", ""),
        (Wrong::Missing, Some("KioskId")),
        "a kiosk without a number",
    );
    check(
        0o644,
        &GOOD.replace(", \"KioskEnrolmentSecret\": \"lk_ks_1\"", ""),
        (Wrong::Missing, Some("KioskEnrolmentSecret")),
        "and without a secret",
    );
    check(0o644, GOOD, (Wrong::Unsafe, Some("KioskEnrolmentSecret")), "everybody reads the secret");
    check(0o660, GOOD, (Wrong::Unsafe, None), "a group may write it");
    check(0o602, "{}", (Wrong::Unsafe, None), "everybody may write it");
}

#[test]
fn only_the_administrators_own_files_count() {
    let folder = Folder::new().with("real.txt", 0o640, GOOD);
    symlink(folder.path.join("real.txt"), folder.path.join("10.json")).unwrap();
    assert_eq!(folder.read().unwrap_err().what, Wrong::Unsafe, "a link");

    let folder = Folder::new().with("10.json", 0o640, GOOD);
    let owner = fs::metadata(&folder.path).unwrap().uid();
    assert_eq!(read(&Place::of(&folder.path, owner + 1)).unwrap_err().what, Wrong::Unsafe, "of somebody else");
    fs::set_permissions(&folder.path, Permissions::from_mode(0o777)).unwrap();
    assert_eq!(folder.read().unwrap_err().what, Wrong::Unsafe, "everybody may put a file there");

    let whole = tempfile::tempdir().unwrap();
    fs::write(whole.path().join("managed"), "").unwrap();
    let owner = fs::metadata(whole.path()).unwrap().uid();
    assert_eq!(read(&Place::of(&whole.path().join("managed"), owner)).unwrap_err().what, Wrong::Unsafe, "no folder");
}
