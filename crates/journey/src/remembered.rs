//! The camera the learner chose, remembered across starts: one small file in the app's own configuration folder.
//!
//! Guarantees: it holds the camera's key, which is a hash, and nothing about the learner; it is written whole or not at all; one that is
//! damaged, too long or of another version counts as none and is named in the log. Without a file (practice, shared computers) the choice
//! lasts as long as the app. Refuses to know: which cameras there are.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use likeness_camera::DeviceKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Counted up when the file's form changes; another one is not guessed at.
const VERSION: u32 = 1;
/// The file has about a hundred bytes; anything much longer is not ours.
const LONGEST_BYTES: u64 = 1_024;
/// A key is a hash with a word before it.
const LONGEST_KEY_CHARS: usize = 200;

/// The form of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    version: u32,
    camera: String,
}

/// Why the file says nothing.
#[derive(Debug, Error)]
enum Unreadable {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it is longer than {LONGEST_BYTES} bytes")]
    Long,
    #[error("it is not in the agreed form: {0}")]
    Form(#[from] serde_json::Error),
    #[error("version {0} is not known here")]
    Version(u32),
    #[error("the key in it cannot be one")]
    Key,
}

/// What is remembered, and where. Clones share it.
#[derive(Clone)]
pub struct Remembered {
    file: Option<PathBuf>,
    key: Arc<Mutex<Option<DeviceKey>>>,
}

impl Remembered {
    /// Reads the file, if there is one. `None`: nothing is read, and nothing will be written.
    pub fn read(file: Option<PathBuf>) -> Self {
        let key = file.as_deref().and_then(|path| match read(path) {
            Ok(key) => key,
            Err(why) => {
                tracing::warn!(code = "camera-choice-unreadable", %why, "the choice of a camera is forgotten");
                None
            }
        });
        Self { file, key: Arc::new(Mutex::new(key)) }
    }

    /// The camera that was chosen last.
    pub fn key(&self) -> Option<DeviceKey> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers this camera from now on. The file is written on a thread of its own, for a disk may be slow; the newest choice wins.
    pub fn keep(&self, key: DeviceKey) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        if self.file.is_some() {
            let this = self.clone();
            std::thread::spawn(move || this.write());
        }
    }

    /// Holds the lock while it writes, so that an older choice never overwrites a newer one.
    fn write(&self) {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(path), Some(key)) = (self.file.as_deref(), key.as_ref()) else { return };
        if let Err(why) = write(path, key) {
            tracing::warn!(code = "camera-choice-not-kept", %why, "the choice of a camera lasts until the app is closed");
        }
    }
}

fn read(path: &Path) -> Result<Option<DeviceKey>, Unreadable> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut text = Vec::new();
    file.take(LONGEST_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST_BYTES {
        return Err(Unreadable::Long);
    }
    let page: Page = serde_json::from_slice(&text)?;
    if page.version != VERSION {
        return Err(Unreadable::Version(page.version));
    }
    let possible = !page.camera.is_empty()
        && page.camera.len() <= LONGEST_KEY_CHARS
        && page.camera.bytes().all(|byte| byte.is_ascii_graphic());
    if possible { Ok(Some(DeviceKey::new(page.camera))) } else { Err(Unreadable::Key) }
}

/// Into a file of another name, to the disk, then in place of the old one: a crash leaves the old or the new one, never half of it.
fn write(path: &Path, key: &DeviceKey) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    std::fs::create_dir_all(folder)?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut fresh, &Page { version: VERSION, camera: key.as_str().to_owned() })?;
    fresh.write_all(b"\n")?;
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn what_is_kept_is_read_again_and_the_file_holds_nothing_else() {
        let folder = folder();
        let file = folder.path().join("not there yet").join("camera.json");
        assert_eq!(read(&file).unwrap(), None, "the first start remembers nothing");
        for key in ["v4l2-00ff", "v4l2-0a0b"] {
            write(&file, &DeviceKey::new(key)).unwrap();
            assert_eq!(Remembered::read(Some(file.clone())).key(), Some(DeviceKey::new(key)));
            assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{{\"version\":1,\"camera\":\"{key}\"}}\n"));
        }
        let names: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1, "no half-written file is left: {names:?}");
    }

    #[test]
    fn a_damaged_file_counts_as_none_and_is_mended_by_the_next_choice() {
        let long = format!("{{\"version\":1,\"camera\":\"{}\"}}", "k".repeat(2_000));
        #[rustfmt::skip]
        let table: [(&[u8], &str); 9] = [
            (b"",                                               "empty: the power went while another program wrote it"),
            (b"{\"version\":1,\"cam",                           "half of it"),
            (b"\xff\xfe\x00",                                   "no text at all"),
            (b"{\"version\":2,\"camera\":\"v4l2-1\"}",          "of a newer version"),
            (b"{\"version\":1,\"camera\":\"\"}",                "no key"),
            (b"{\"version\":1,\"camera\":\"a\\nb\"}",           "a key with a line break"),
            (b"{\"version\":1,\"camera\":\"a\",\"name\":\"x\"}", "more than belongs in it"),
            (b"[1,2,3]",                                        "another form"),
            (long.as_bytes(),                                   "too long"),
        ];
        for (bytes, because) in table {
            let folder = folder();
            let file = folder.path().join("camera.json");
            std::fs::write(&file, bytes).unwrap();
            assert!(read(&file).is_err(), "{because}");
            let remembered = Remembered::read(Some(file.clone()));
            assert_eq!(remembered.key(), None, "{because}");
            *remembered.key.lock().unwrap() = Some(DeviceKey::new("v4l2-1"));
            remembered.write();
            assert_eq!(read(&file).unwrap(), Some(DeviceKey::new("v4l2-1")), "{because}");
        }
    }

    #[test]
    fn without_a_file_the_choice_lasts_as_long_as_the_app() {
        let remembered = Remembered::read(None);
        remembered.keep(DeviceKey::new("v4l2-1"));
        assert_eq!(remembered.key(), Some(DeviceKey::new("v4l2-1")));
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_the_file_and_nothing_else() {
        let folder = folder();
        let in_the_way = folder.path().join("file");
        std::fs::write(&in_the_way, "x").unwrap();
        let remembered = Remembered::read(Some(in_the_way.join("camera.json")));
        *remembered.key.lock().unwrap() = Some(DeviceKey::new("v4l2-1"));
        remembered.write();
        assert_eq!(remembered.key(), Some(DeviceKey::new("v4l2-1")));
    }
}
