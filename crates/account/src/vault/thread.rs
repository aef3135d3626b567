//! The one thread that talks to the store, and the deadlines of those who wait for it.
//!
//! Requests are served one after the other, in the order they were made, so a removal never overtakes a write.
//! A deadline never stops the store; it only ends the wait: the answer may still come and is then worth something.
//! The thread is not joined at the end of the program, because the keyring may never answer.

use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{Keeps, SecretStore, Slot, VaultFault};

/// How long a start waits for the keyring before the window says what it is waiting for.
pub(crate) const READ_WITHIN: Duration = Duration::from_secs(3);

/// How long a sign-in waits for the keyring before it goes on in memory only.
pub(crate) const WRITE_WITHIN: Duration = Duration::from_secs(10);

enum Request {
    Load(Slot, oneshot::Sender<Result<Option<Zeroizing<Vec<u8>>>, VaultFault>>),
    Save(Slot, Zeroizing<Vec<u8>>, oneshot::Sender<Result<(), VaultFault>>),
    Clear(Slot, oneshot::Sender<Result<(), VaultFault>>),
    Reconnect,
}

/// The handle to the store's thread. Cheap to clone; the thread ends when the last one is gone.
#[derive(Clone)]
pub struct Vault {
    requests: mpsc::Sender<Request>,
    keeps: Keeps,
}

/// An answer that may take as long as the system's dialog stays open.
#[must_use = "an answer nobody waits for says nothing"]
pub struct Pending<T> {
    answer: oneshot::Receiver<Result<T, VaultFault>>,
}

impl<T> Pending<T> {
    /// The answer, if it comes within `limit`; `None` when it has not come yet. Ask again to go on waiting.
    pub async fn within(&mut self, limit: Duration) -> Option<Result<T, VaultFault>> {
        match tokio::time::timeout(limit, &mut self.answer).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(_)) => Some(Err(VaultFault::Failed)),
            Err(_) => None,
        }
    }

    /// The answer, however long it takes.
    pub async fn finally(self) -> Result<T, VaultFault> {
        self.answer.await.unwrap_or(Err(VaultFault::Failed))
    }
}

impl Vault {
    /// Starts the thread. When even that fails, every request is answered [`VaultFault::Failed`].
    pub fn start(store: Box<dyn SecretStore>) -> Self {
        let keeps = store.keeps();
        let (requests, incoming) = mpsc::channel();
        let started =
            std::thread::Builder::new().name("likeness-vault".to_owned()).spawn(move || serve(store, &incoming));
        if let Err(error) = started {
            tracing::error!(code = "vault-thread", kind = ?error.kind());
        }
        Self { requests, keeps }
    }

    /// Whether what is saved here outlives the program.
    pub fn keeps(&self) -> Keeps {
        self.keeps
    }

    /// Reads the item in `slot`.
    pub fn load(&self, slot: &Slot) -> Pending<Option<Zeroizing<Vec<u8>>>> {
        self.ask(|answer| Request::Load(slot.clone(), answer))
    }

    /// Keeps `secret` in `slot`.
    pub fn save(&self, slot: &Slot, secret: Zeroizing<Vec<u8>>) -> Pending<()> {
        self.ask(|answer| Request::Save(slot.clone(), secret, answer))
    }

    /// Removes the item in `slot`.
    pub fn clear(&self, slot: &Slot) -> Pending<()> {
        self.ask(|answer| Request::Clear(slot.clone(), answer))
    }

    /// Makes the next request look at the system anew.
    pub fn reconnect(&self) {
        // A thread that is gone answers the next request with a fault; there is nothing to say here.
        let _ = self.requests.send(Request::Reconnect);
    }

    fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<Result<T, VaultFault>>) -> Request) -> Pending<T> {
        let (sender, answer) = oneshot::channel();
        // When the thread is gone the request is dropped with its sender, and `Pending` reads that as a fault.
        let _ = self.requests.send(request(sender));
        Pending { answer }
    }
}

fn serve(mut store: Box<dyn SecretStore>, incoming: &mpsc::Receiver<Request>) {
    while let Ok(request) = incoming.recv() {
        // A receiver that is gone had a deadline; the store's own state is what counts.
        match request {
            Request::Load(slot, answer) => drop(answer.send(store.load(&slot))),
            Request::Save(slot, secret, answer) => drop(answer.send(store.save(&slot, &secret))),
            Request::Clear(slot, answer) => drop(answer.send(store.clear(&slot))),
            Request::Reconnect => store.reconnect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryStore;
    use super::*;

    /// A store that answers only when it is told to, as a keyring with an open dialog does.
    struct Dialog {
        inner: MemoryStore,
        answered: mpsc::Receiver<()>,
    }

    impl SecretStore for Dialog {
        fn keeps(&self) -> Keeps {
            Keeps::InKeyring
        }
        fn load(&mut self, slot: &Slot) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFault> {
            let _ = self.answered.recv();
            self.inner.load(slot)
        }
        fn save(&mut self, slot: &Slot, secret: &[u8]) -> Result<(), VaultFault> {
            self.inner.save(slot, secret)
        }
        fn clear(&mut self, slot: &Slot) -> Result<(), VaultFault> {
            self.inner.clear(slot)
        }
        fn reconnect(&mut self) {}
    }

    #[tokio::test]
    async fn a_silent_keyring_ends_the_wait_and_not_the_request() {
        let (answer, answered) = mpsc::channel();
        let vault = Vault::start(Box::new(Dialog { inner: MemoryStore::new(), answered }));
        let slot = Slot::practice();
        vault.save(&slot, Zeroizing::new(b"kept".to_vec())).finally().await.unwrap();
        let mut load = vault.load(&slot);
        assert!(load.within(Duration::from_millis(30)).await.is_none(), "the dialog is still open");
        answer.send(()).unwrap();
        let loaded = load.within(Duration::from_secs(30)).await.expect("the dialog was answered").unwrap();
        assert_eq!(loaded.as_deref(), Some(&b"kept".to_vec()));
    }

    #[tokio::test]
    async fn a_removal_never_overtakes_a_write() {
        let vault = Vault::start(Box::new(MemoryStore::new()));
        let slot = Slot::practice();
        let saved = vault.save(&slot, Zeroizing::new(b"kept".to_vec()));
        let cleared = vault.clear(&slot);
        let loaded = vault.load(&slot);
        saved.finally().await.unwrap();
        cleared.finally().await.unwrap();
        assert_eq!(loaded.finally().await.unwrap(), None);
    }
}
