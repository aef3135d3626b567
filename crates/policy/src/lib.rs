//! What the administrator of this computer has decided. Read once, at the start, from a place its users cannot write.
//!
//! Guarantees: what is wrong in any file is told with the file and the key, and then nothing of any file counts: a computer that was to be a kiosk
//! never starts as something else. A key nobody here follows is wrong too, because whoever wrote it would rely on it. The secret is in no `Debug`.
//! Where the guarantee ends: only Linux has such a place so far; elsewhere there is no policy, and so no kiosk.

mod files;
mod keys;

pub use files::Place;
pub use keys::{Kiosk, Policies};

use thiserror::Error;

/// Why the policies of this computer cannot be followed. For its administrator; no value of a policy is in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}: {what}. Likeness does not start until the administrator of this computer has mended it.")]
pub struct PolicyFault {
    /// The file or folder.
    pub file: String,
    /// The key, where one is to blame.
    pub key: Option<&'static str>,
    /// What is wrong.
    pub what: Wrong,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Wrong {
    /// It is there and cannot be read.
    #[error("it cannot be read")]
    Unreadable,
    /// Others than its owner, the administrator, could have written it, or everybody may read the secret in it.
    #[error("others than the administrator may write it, or everybody may read the secret in it")]
    Unsafe,
    /// It is longer than 64 KiB, no JSON object, or names a key twice.
    #[error("it is no JSON object of at most 64 KiB in which each key stands once")]
    Damaged,
    /// It holds a key that this version does not follow.
    #[error("it holds a key that this version of Likeness does not follow")]
    UnknownKey,
    /// A value is of another kind, or out of its range.
    #[error("a value is of another kind, or out of its range")]
    Value,
    /// `KioskMode` is on, and something it cannot do without is not there.
    #[error("a kiosk needs this key too")]
    Missing,
}

impl PolicyFault {
    /// The code the window looks up.
    pub fn code(&self) -> &'static str {
        match self.what {
            Wrong::Unreadable => "policy-unreadable",
            Wrong::Unsafe => "policy-unsafe",
            Wrong::Damaged => "policy-damaged",
            Wrong::UnknownKey => "policy-unknown-key",
            Wrong::Value => "policy-value",
            Wrong::Missing => "policy-missing",
        }
    }

    /// The file, and the key if there is one, as the administrator finds them.
    pub fn place(&self) -> String {
        match self.key {
            Some(key) => format!("{}, {key}", self.file),
            None => self.file.clone(),
        }
    }
}

/// Reads the policies of this computer; where there are none, nothing is decided.
///
/// # Errors
/// [`PolicyFault`] for the first thing that is wrong.
pub fn read(place: &Place) -> Result<Policies, PolicyFault> {
    keys::follow(&place.entries()?)
}
