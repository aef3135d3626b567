//! The files: `*.json` of one folder in the order of their names, a later one over an earlier one.
//!
//! Guarantees: folder and files belong to the administrator, nobody else may write them, none is a link; a file with the secret is not for everybody to read.

use std::fmt;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;

use crate::keys::{self, SECRET};
use crate::{PolicyFault, Wrong};

/// No file of an administrator is longer.
const MOST_BYTES: u64 = 64 * 1024;

/// Where the policies are.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
    /// The folders from here down are looked at, this one not.
    below: PathBuf,
    owner: u32,
}

/// One key of one file.
pub(crate) struct Entry {
    /// The file.
    pub(crate) file: String,
    /// The key, in its canonical form.
    pub(crate) key: &'static str,
    /// What stands there.
    pub(crate) value: Value,
}

impl Place {
    /// This system's own: on Linux `/etc/likeness/policies/managed`, of root. Other systems have none that is read.
    pub fn of_system() -> Option<Self> {
        cfg!(target_os = "linux").then(|| Self {
            folder: PathBuf::from("/etc/likeness/policies/managed"),
            below: PathBuf::from("/etc"),
            owner: 0,
        })
    }

    /// Another folder, of another owner, for tests.
    pub fn of(folder: &Path, owner: u32) -> Self {
        let below = folder.parent().unwrap_or(folder).to_owned();
        Self { folder: folder.to_owned(), below, owner }
    }

    /// Every key of every file, those that count last at the end.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, PolicyFault> {
        let ways = self.folder.ancestors().take_while(|folder| *folder != self.below);
        // From above: a folder that is missing high up means that there are no policies.
        for folder in ways.collect::<Vec<_>>().into_iter().rev() {
            match fs::symlink_metadata(folder) {
                Ok(metadata) if metadata.is_dir() => self.is_safe(folder, &metadata)?,
                Ok(_) => return Err(fault(folder, Wrong::Unsafe)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(_) => return Err(fault(folder, Wrong::Unreadable)),
            }
        }
        let unreadable = |_| fault(&self.folder, Wrong::Unreadable);
        let listed = fs::read_dir(&self.folder).map_err(unreadable)?;
        let mut files = listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
        if let Ok(files) = &mut files {
            files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
            files.sort();
        }
        let mut entries = Vec::new();
        for file in files.map_err(unreadable)? {
            self.read_file(&file, &mut entries)?;
        }
        Ok(entries)
    }

    fn read_file(&self, file: &Path, entries: &mut Vec<Entry>) -> Result<(), PolicyFault> {
        let metadata = fs::symlink_metadata(file).map_err(|_| fault(file, Wrong::Unreadable))?;
        if !metadata.is_file() {
            return Err(fault(file, Wrong::Unsafe));
        }
        self.is_safe(file, &metadata)?;
        if metadata.len() > MOST_BYTES {
            return Err(fault(file, Wrong::Damaged));
        }
        let text = fs::read(file).map_err(|_| fault(file, Wrong::Unreadable))?;
        for (key, value) in object(&text).ok_or_else(|| fault(file, Wrong::Damaged))? {
            let key = keys::known(&key).ok_or_else(|| fault(file, Wrong::UnknownKey))?;
            if key == SECRET && is_for_everybody(&metadata) {
                return Err(PolicyFault { key: Some(key), ..fault(file, Wrong::Unsafe) });
            }
            entries.push(Entry { file: file.display().to_string(), key, value });
        }
        Ok(())
    }

    fn is_safe(&self, path: &Path, metadata: &Metadata) -> Result<(), PolicyFault> {
        if is_of(metadata, self.owner) { Ok(()) } else { Err(fault(path, Wrong::Unsafe)) }
    }
}

fn fault(path: &Path, what: Wrong) -> PolicyFault {
    PolicyFault { file: path.display().to_string(), key: None, what }
}

#[cfg(unix)]
fn is_of(metadata: &Metadata, owner: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == owner && metadata.mode() & 0o022 == 0
}

#[cfg(unix)]
fn is_for_everybody(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o004 != 0
}

/// Who may write a file cannot be told here, so none is believed.
#[cfg(not(unix))]
fn is_of(_metadata: &Metadata, _owner: u32) -> bool {
    false
}

#[cfg(not(unix))]
fn is_for_everybody(_metadata: &Metadata) -> bool {
    true
}

/// The keys of a JSON object, each once; `None` for anything else.
fn object(text: &[u8]) -> Option<Vec<(String, Value)>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let keys = reader.deserialize_map(Once).ok()?;
    reader.end().ok()?;
    Some(keys)
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object in which each key stands once")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut keys: Vec<(String, Value)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if keys.iter().any(|(known, _)| known.eq_ignore_ascii_case(&key)) {
                return Err(serde::de::Error::custom("a key stands there twice"));
            }
            keys.push((key, value));
        }
        Ok(keys)
    }
}
