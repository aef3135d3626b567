//! The camera the learner chose, and what was measured of cameras' lenses, remembered across starts: one small file in the app's own
//! configuration folder.
//!
//! Guarantees: it holds hashes of cameras' keys and focal lengths, and nothing about the learner; it is written whole or not at all; one
//! that is damaged, too long or of another version counts as none and is named in the log. Without a file (practice, shared computers)
//! what is remembered lasts as long as the app. Refuses to know: which cameras there are.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use likeness_camera::DeviceKey;
use likeness_capture::MeasuredLens;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Counted up when the file's form changes; another one is not guessed at.
const VERSION: u32 = 1;
/// The file has about a hundred bytes, and as many again for each lens; anything much longer is not ours.
const LONGEST_BYTES: u64 = 4_096;
/// Lenses that are kept; the oldest goes first.
const MOST_LENSES: usize = 8;
/// Focal lengths that are believed, in widths of the frame: 127 to 14 degrees across.
const LENS_SHARES: std::ops::RangeInclusive<f32> = 0.25..=4.0;
/// A key is a hash with a word before it.
const LONGEST_KEY_CHARS: usize = 200;

/// The form of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    camera: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lenses: Vec<LensLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LensLine {
    camera: String,
    width_px: u32,
    height_px: u32,
    focal_px: f32,
}

impl From<&MeasuredLens> for LensLine {
    fn from(lens: &MeasuredLens) -> Self {
        let MeasuredLens { camera, width_px, height_px, focal_px } = lens.clone();
        Self { camera, width_px, height_px, focal_px }
    }
}

impl From<LensLine> for MeasuredLens {
    fn from(line: LensLine) -> Self {
        let LensLine { camera, width_px, height_px, focal_px } = line;
        Self { camera, width_px, height_px, focal_px }
    }
}

/// All that is remembered.
#[derive(Clone, Debug, Default, PartialEq)]
struct Kept {
    key: Option<DeviceKey>,
    /// Newest last.
    lenses: Vec<MeasuredLens>,
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
    #[error("a lens in it cannot be one")]
    Lens,
}

/// What is remembered, and where. Clones share it.
#[derive(Clone)]
pub struct Remembered {
    file: Option<PathBuf>,
    kept: Arc<Mutex<Kept>>,
}

impl Remembered {
    /// Reads the file, if there is one. `None`: nothing is read, and nothing will be written.
    pub fn read(file: Option<PathBuf>) -> Self {
        let kept = file.as_deref().map_or_else(|| Ok(Kept::default()), read).unwrap_or_else(|why| {
            tracing::warn!(code = "camera-choice-unreadable", %why, "the choice of a camera is forgotten");
            Kept::default()
        });
        Self { file, kept: Arc::new(Mutex::new(kept)) }
    }

    /// The camera that was chosen last.
    pub fn key(&self) -> Option<DeviceKey> {
        self.kept().key.clone()
    }

    /// The lenses measured so far.
    pub fn lenses(&self) -> Vec<MeasuredLens> {
        self.kept().lenses.clone()
    }

    /// The lens of this camera in frames of this size, if it was measured.
    pub fn lens(&self, camera: &DeviceKey, width_px: u16, height_px: u16) -> Option<MeasuredLens> {
        let (hash, size_px) = (camera.id_hash(), (u32::from(width_px), u32::from(height_px)));
        self.kept()
            .lenses
            .iter()
            .find(|lens| lens.camera == hash && (lens.width_px, lens.height_px) == size_px)
            .cloned()
    }

    /// Remembers this camera from now on.
    pub fn keep(&self, key: DeviceKey) {
        self.kept().key = Some(key);
        self.write_soon();
    }

    /// Remembers this lens from now on, in the place of an older measure of the same.
    pub fn keep_lens(&self, lens: MeasuredLens) {
        let mut kept = self.kept();
        let same = |old: &MeasuredLens| {
            (&old.camera, old.width_px, old.height_px) == (&lens.camera, lens.width_px, lens.height_px)
        };
        kept.lenses.retain(|old| !same(old));
        kept.lenses.push(lens);
        let surplus = kept.lenses.len().saturating_sub(MOST_LENSES);
        kept.lenses.drain(..surplus);
        drop(kept);
        self.write_soon();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file is written on a thread of its own, for a disk may be slow; the newest wins.
    fn write_soon(&self) {
        if self.file.is_some() {
            let this = self.clone();
            std::thread::spawn(move || this.write());
        }
    }

    /// Holds the lock while it writes, so that an older state never overwrites a newer one.
    fn write(&self) {
        let kept = self.kept();
        let Some(path) = self.file.as_deref() else { return };
        if let Err(why) = write(path, &kept) {
            tracing::warn!(code = "camera-choice-not-kept", %why, "the choice of a camera lasts until the app is closed");
        }
    }
}

fn read(path: &Path) -> Result<Kept, Unreadable> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
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
    if page.camera.as_deref().is_some_and(|key| !may_be_key(key)) {
        return Err(Unreadable::Key);
    }
    let lenses: Vec<MeasuredLens> = page.lenses.into_iter().map(MeasuredLens::from).collect();
    if lenses.len() > MOST_LENSES || !lenses.iter().all(may_be_lens) {
        return Err(Unreadable::Lens);
    }
    Ok(Kept { key: page.camera.map(DeviceKey::new), lenses })
}

fn may_be_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= LONGEST_KEY_CHARS && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn may_be_lens(lens: &MeasuredLens) -> bool {
    let width = f32::from(u16::try_from(lens.width_px).unwrap_or(0));
    may_be_key(&lens.camera) && lens.height_px > 0 && LENS_SHARES.contains(&(lens.focal_px / width))
}

/// Into a file of another name, to the disk, then in place of the old one: a crash leaves the old or the new one, never half of it.
fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    std::fs::create_dir_all(folder)?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    let page = Page {
        version: VERSION,
        camera: kept.key.as_ref().map(|key| key.as_str().to_owned()),
        lenses: kept.lenses.iter().map(LensLine::from).collect(),
    };
    serde_json::to_writer(&mut fresh, &page)?;
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

    fn chosen(key: &str) -> Kept {
        Kept { key: Some(DeviceKey::new(key)), lenses: Vec::new() }
    }

    fn lens(camera: &str, width_px: u32, focal_px: f32) -> MeasuredLens {
        MeasuredLens { camera: camera.to_owned(), width_px, height_px: 720, focal_px }
    }

    #[test]
    fn lenses_are_kept_one_for_each_camera_and_size_and_the_oldest_goes_first() {
        let folder = folder();
        let file = folder.path().join("camera.json");
        let remembered = Remembered::read(Some(file.clone()));
        for (camera, width_px, focal_px) in [("a", 1_280, 1_000.0), ("b", 1_280, 900.0), ("a", 1_280, 1_010.5)] {
            remembered.keep_lens(lens(camera, width_px, focal_px));
        }
        let both = vec![lens("b", 1_280, 900.0), lens("a", 1_280, 1_010.5)];
        assert_eq!(remembered.lenses(), both, "a second measure takes the place of the first");
        remembered.write();
        assert_eq!(read(&file).unwrap(), Kept { key: None, lenses: both }, "without a chosen camera too");
        let hash = "0".repeat(64);
        for width_px in 0..20 {
            remembered.keep_lens(lens(&hash, 640 + width_px, 700.125));
        }
        remembered.write();
        let kept = read(&file).unwrap().lenses;
        assert_eq!(kept.len(), MOST_LENSES, "and the file is not too long for itself");
        assert_eq!(kept.last().map(|lens| lens.width_px), Some(659), "the newest is among them");
    }

    #[test]
    fn what_is_kept_is_read_again_and_the_file_holds_nothing_else() {
        let folder = folder();
        let file = folder.path().join("not there yet").join("camera.json");
        assert_eq!(read(&file).unwrap(), Kept::default(), "the first start remembers nothing");
        for key in ["v4l2-00ff", "v4l2-0a0b"] {
            write(&file, &chosen(key)).unwrap();
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
        let table: [(&[u8], &str); 11] = [
            (b"",                                               "empty: the power went while another program wrote it"),
            (b"{\"version\":1,\"cam",                           "half of it"),
            (b"\xff\xfe\x00",                                   "no text at all"),
            (b"{\"version\":2,\"camera\":\"v4l2-1\"}",          "of a newer version"),
            (b"{\"version\":1,\"camera\":\"\"}",                "no key"),
            (b"{\"version\":1,\"camera\":\"a\\nb\"}",           "a key with a line break"),
            (b"{\"version\":1,\"camera\":\"a\",\"name\":\"x\"}", "more than belongs in it"),
            (b"{\"version\":1,\"lenses\":[{\"camera\":\"a\",\"width_px\":1280,\"height_px\":720,\"focal_px\":1.0}]}", "a lens like none"),
            (b"{\"version\":1,\"lenses\":[{\"camera\":\"a\",\"width_px\":0,\"height_px\":0,\"focal_px\":0}]}", "a lens of no frame"),
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
            *remembered.kept() = chosen("v4l2-1");
            remembered.write();
            assert_eq!(read(&file).unwrap(), chosen("v4l2-1"), "{because}");
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
        *remembered.kept() = chosen("v4l2-1");
        remembered.write();
        assert_eq!(remembered.key(), Some(DeviceKey::new("v4l2-1")));
    }
}
