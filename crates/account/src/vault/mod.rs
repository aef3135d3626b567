//! Where a sign-in is kept between two starts of Likeness: one small item in the system's keyring, or nowhere.
//!
//! Guarantees: a token is written to the system's keyring or it stays in memory; no code here opens a file.
//! The keyring is only ever touched from one thread of its own, so a dialog that nobody answers can block
//! neither the window nor the end of the program.
//! Refuses to know: what a token is for, whether it is still good, who is signed in.
//! The guarantee ends at the keyring itself: any program of the same user may ask it for the item.

mod item;
mod memory;
mod os;
mod thread;

pub use item::{ItemDamaged, KEY_BYTES, SessionItem};
pub use memory::MemoryStore;
pub use os::OsKeyring;
pub use thread::{Pending, Vault};
pub(crate) use thread::{READ_WITHIN, WRITE_WITHIN};

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

/// The environment variable that keeps a sign-in out of the keyring: `memory`, or unset.
///
/// For development on macOS, where a program built anew is asked for the keychain's password each time.
pub const TOKEN_STORE_VARIABLE: &str = "LIKENESS_TOKEN_STORE";

/// The keyring's name for us. A build for development never reads the sign-in of an installed Likeness.
const SERVICE: &str = if cfg!(debug_assertions) { "app.likeness.desktop.debug" } else { "app.likeness.desktop" };

/// Which item of the keyring is meant: one per verification server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    user: String,
}

impl Slot {
    /// The slot for the server at `origin`. The address itself is not written into the keyring, only its hash.
    pub fn for_server(origin: &Url) -> Self {
        let digest = Sha256::digest(origin.origin().ascii_serialization().as_bytes());
        let mut user = String::from("session:");
        for byte in digest.iter().take(8) {
            // Writing to a String cannot fail.
            let _ = write!(user, "{byte:02x}");
        }
        Self { user }
    }

    /// The slot of the practice server, whose port, and with it its origin, changes from start to start.
    pub fn practice() -> Self {
        Self { user: "session:practice".to_owned() }
    }

    fn user(&self) -> &str {
        &self.user
    }
}

/// Why the keyring did not do what was asked. Each cause leads to another sentence or another button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultFault {
    /// No keyring service runs in this session.
    #[error("no keyring service answers in this session; sign-ins are kept in memory until Likeness closes")]
    NoKeyring,
    /// The service runs, but this user has never made a keyring.
    #[error("this user has no keyring yet; sign-ins are kept in memory until Likeness closes")]
    NoCollection,
    /// The keyring is locked and the request to unlock it was refused or could not be shown.
    #[error("the keyring is locked and was not unlocked; unlock it and try again")]
    Locked,
    /// The keyring has not answered in time: most likely its own dialog is open.
    #[error("the keyring has not answered yet; look for its password dialog")]
    NoAnswer,
    /// The item is larger than this system's keyring takes.
    #[error("the sign-in is too large for this system's keyring; it is kept in memory until Likeness closes")]
    TooLarge,
    /// The keyring reported a failure of its own.
    #[error("the keyring failed; sign-ins are kept in memory until Likeness closes")]
    Failed,
}

/// Where a store keeps what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// Across restarts: the system's keyring.
    InKeyring,
    /// Until the program ends, because it was asked to.
    InMemory,
}

/// A place for one secret per slot.
///
/// All operations may block for as long as the system likes; [`Vault`] calls them on its own thread only.
pub trait SecretStore: Send {
    /// Whether what is saved here outlives the program.
    fn keeps(&self) -> Keeps;

    /// The bytes kept in `slot`; `None` when there are none.
    ///
    /// `None` says nothing about writing: a locked keyring answers so too, for an item it never had.
    fn load(&mut self, slot: &Slot) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFault>;

    /// Keeps `secret` in `slot` in the place of whatever was there.
    fn save(&mut self, slot: &Slot, secret: &[u8]) -> Result<(), VaultFault>;

    /// Removes what is kept in `slot`. Nothing there is a success.
    fn clear(&mut self, slot: &Slot) -> Result<(), VaultFault>;

    /// Forgets a remembered failure, so that the next call looks at the system anew ("Unlock and try again").
    fn reconnect(&mut self);
}

/// The store this run should use: the system's keyring, or memory when [`TOKEN_STORE_VARIABLE`] says so.
pub fn store_for(variable: Option<&str>) -> Box<dyn SecretStore> {
    if variable == Some("memory") { Box::new(MemoryStore::new()) } else { Box::new(OsKeyring::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_names_the_server_by_hash_and_ignores_path_and_default_port() {
        let slot = |address: &str| Slot::for_server(&Url::parse(address).unwrap());
        #[rustfmt::skip]
        let table = [
            ("https://verify.example/", "https://verify.example:443/x", true,  "the same origin is the same server"),
            ("https://verify.example/", "https://verify.example:8443/", false, "another port is another server"),
            ("https://verify.example/", "http://verify.example/",       false, "another scheme is another server"),
        ];
        for (left, right, same, because) in table {
            assert_eq!(slot(left) == slot(right), same, "{left} and {right}: {because}");
        }
        let user = slot("https://verify.example/").user;
        assert_eq!(user.len(), "session:".len() + 16);
        assert!(!user.contains("verify"), "the keyring's list must not tell which server a person uses");
    }

    #[test]
    fn the_variable_chooses_memory_and_nothing_else_does() {
        assert_eq!(store_for(Some("memory")).keeps(), Keeps::InMemory);
        assert_eq!(store_for(Some("file")).keeps(), Keeps::InKeyring, "there is no file store to choose");
        assert_eq!(store_for(None).keeps(), Keeps::InKeyring);
    }
}
