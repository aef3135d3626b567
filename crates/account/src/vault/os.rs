//! The system's keyring: Credential Manager, Keychain, or the Secret Service.
//!
//! Every call may block without limit, because the system may show a dialog and wait for the person in front of it.
//! What the keyring answers is told apart by type, never by its text, which changes with the system's language.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use super::{Keeps, SERVICE, SecretStore, Slot, VaultFault};

/// What the keyring's own window shows as the item's name, where a system has such names.
#[cfg(target_os = "linux")]
const LABEL: &str = "Likeness sign-in";

type Store = Arc<dyn CredentialStoreApi + Send + Sync>;

/// The keyring of the person who is logged in to this computer.
#[derive(Default)]
pub struct OsKeyring {
    store: Option<Store>,
    /// Set after a failure: the library remembers the first failure for the life of the process,
    /// so a second attempt has to go around it.
    tried: bool,
}

impl OsKeyring {
    /// Touches nothing yet: the keyring is first asked when it is first needed.
    pub fn new() -> Self {
        Self::default()
    }

    fn store(&mut self) -> Result<Store, VaultFault> {
        if let Some(store) = &self.store {
            return Ok(Arc::clone(store));
        }
        let store = if self.tried { connect_again() } else { connect() };
        self.tried = true;
        let store = store.inspect_err(|fault| tracing::info!(code = "keyring-unavailable", ?fault))?;
        self.store = Some(Arc::clone(&store));
        Ok(store)
    }

    fn entry(&mut self, slot: &Slot) -> Result<Entry, VaultFault> {
        let store = self.store()?;
        let modifiers = modifiers();
        store
            .build(SERVICE, slot.user(), (!modifiers.is_empty()).then_some(&modifiers))
            .map_err(|error| self.fault(&error))
    }

    /// Translates an answer, and drops the connection when it seems broken so that the next call makes a new one
    /// (a keyring service that was restarted does not know our session any more).
    fn fault(&mut self, error: &Error) -> VaultFault {
        if matches!(error, Error::PlatformFailure(_)) {
            self.store = None;
        }
        meaning(error)
    }
}

impl SecretStore for OsKeyring {
    fn keeps(&self) -> Keeps {
        Keeps::InKeyring
    }

    fn load(&mut self, slot: &Slot) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFault> {
        let entry = self.entry(slot)?;
        match entry.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(Error::Ambiguous(copies)) => {
                // Two items under one name: nobody can say which token is the living one.
                tracing::warn!(code = "keyring-duplicates", copies = copies.len());
                remove_all(&copies);
                Ok(None)
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn save(&mut self, slot: &Slot, secret: &[u8]) -> Result<(), VaultFault> {
        let entry = self.entry(slot)?;
        match entry.set_secret(secret) {
            Ok(()) => Ok(()),
            Err(Error::Ambiguous(copies)) => {
                remove_all(&copies);
                entry.set_secret(secret).map_err(|error| self.fault(&error))
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn clear(&mut self, slot: &Slot) -> Result<(), VaultFault> {
        let entry = self.entry(slot)?;
        match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(Error::Ambiguous(copies)) => {
                remove_all(&copies);
                Ok(())
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn reconnect(&mut self) {
        self.store = None;
    }
}

fn remove_all(copies: &[Entry]) {
    for copy in copies {
        if let Err(error) = copy.delete_credential() {
            tracing::warn!(code = "keyring-duplicate-stays", fault = ?meaning(&error));
        }
    }
}

/// The first connection, through the library's own choice of store for this system.
fn connect() -> Result<Store, VaultFault> {
    match keyring::Entry::store_status() {
        Ok(()) => keyring_core::get_default_store().ok_or(VaultFault::NoKeyring),
        Err(_) => Err(VaultFault::NoKeyring),
    }
}

/// A later connection. The Secret Service may have started since; the other systems' stores cannot fail to connect.
#[cfg(target_os = "linux")]
fn connect_again() -> Result<Store, VaultFault> {
    let store: Store = zbus_secret_service_keyring_store::Store::new().map_err(|_| VaultFault::NoKeyring)?;
    keyring_core::set_default_store(Arc::clone(&store));
    Ok(store)
}

#[cfg(not(target_os = "linux"))]
fn connect_again() -> Result<Store, VaultFault> {
    connect()
}

#[cfg(target_os = "linux")]
fn modifiers() -> HashMap<&'static str, &'static str> {
    HashMap::from([("label", LABEL)])
}

/// The default would roam with the domain profile; a sign-in belongs to this computer.
#[cfg(target_os = "windows")]
fn modifiers() -> HashMap<&'static str, &'static str> {
    HashMap::from([("persistence", "Local")])
}

#[cfg(not(any(target_os = "linux", target_os = "windows")))]
fn modifiers() -> HashMap<&'static str, &'static str> {
    HashMap::new()
}

/// What an answer of the keyring means to us.
fn meaning(error: &Error) -> VaultFault {
    match error {
        Error::NoStorageAccess(cause) => storage_refused(cause.as_ref()),
        Error::NoDefaultStore => VaultFault::NoKeyring,
        Error::TooLong(..) => VaultFault::TooLarge,
        _ => VaultFault::Failed,
    }
}

#[cfg(target_os = "linux")]
fn storage_refused(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> VaultFault {
    match cause.downcast_ref::<secret_service::Error>() {
        // A fresh user, and WSL: the service runs but has no default collection to write to.
        Some(secret_service::Error::NoResult) => VaultFault::NoCollection,
        _ => VaultFault::Locked,
    }
}

#[cfg(not(target_os = "linux"))]
fn storage_refused(_cause: &(dyn std::error::Error + Send + Sync + 'static)) -> VaultFault {
    VaultFault::Locked
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn each_answer_of_the_keyring_has_its_meaning() {
        #[rustfmt::skip]
        let table = [
            (Error::NoStorageAccess(Box::new(secret_service::Error::NoResult)), VaultFault::NoCollection, "no collection was ever made"),
            (Error::NoStorageAccess(Box::new(secret_service::Error::Prompt)),   VaultFault::Locked,       "the dialog was dismissed or had no display"),
            (Error::NoStorageAccess(Box::new(secret_service::Error::Locked)),   VaultFault::Locked,       "locked is locked"),
            (Error::PlatformFailure(Box::new(secret_service::Error::Unavailable)), VaultFault::Failed,    "the service went away while running"),
            (Error::TooLong("secret".to_owned(), 2560),                         VaultFault::TooLarge,     "Windows stops at 2,560 bytes"),
            (Error::NoDefaultStore,                                             VaultFault::NoKeyring,    "the store never came up"),
        ];
        for (answer, expected, because) in table {
            assert_eq!(meaning(&answer), expected, "{answer:?}: {because}");
        }
    }
}
