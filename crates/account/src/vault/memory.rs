//! A store that forgets everything when the program ends: for kiosks, for development, and where it was asked for.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{Keeps, SecretStore, Slot, VaultFault};

/// Keeps secrets in memory and wipes them when they are replaced, removed or dropped.
#[derive(Default)]
pub struct MemoryStore {
    kept: BTreeMap<String, Zeroizing<Vec<u8>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl SecretStore for MemoryStore {
    fn keeps(&self) -> Keeps {
        Keeps::InMemory
    }

    fn load(&mut self, slot: &Slot) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFault> {
        Ok(self.kept.get(slot.user()).cloned())
    }

    fn save(&mut self, slot: &Slot, secret: &[u8]) -> Result<(), VaultFault> {
        self.kept.insert(slot.user().to_owned(), Zeroizing::new(secret.to_vec()));
        Ok(())
    }

    fn clear(&mut self, slot: &Slot) -> Result<(), VaultFault> {
        self.kept.remove(slot.user());
        Ok(())
    }

    fn reconnect(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_do_not_see_each_other() {
        let mut store = MemoryStore::new();
        let (one, two) = (Slot::practice(), Slot::for_server(&url::Url::parse("https://verify.example").unwrap()));
        store.save(&one, b"a").unwrap();
        assert_eq!(store.load(&two).unwrap(), None);
        store.clear(&two).unwrap();
        assert_eq!(store.load(&one).unwrap().as_deref(), Some(&b"a".to_vec()));
        store.clear(&one).unwrap();
        assert_eq!(store.load(&one).unwrap(), None);
    }
}
