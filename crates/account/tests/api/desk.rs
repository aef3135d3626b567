//! What every test needs: a practice server, a line to it that can fail, a clock, a keyring that can fail.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use likeness_account::vault::{Keeps, SecretStore, SessionItem, Slot, VaultFault};
use likeness_account::{Account, AccountError, Auth};
use likeness_protocol::time::UnixMs;
use likeness_remote::Api;
use likeness_remote::faulty_line::FaultyLine;
use likeness_server::practice::{self, PracticeServer};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Five times what anything here takes; no test asserts a time.
pub const LIMIT: Duration = Duration::from_mins(1);

/// Noon of some day, moved by the tests.
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(1_800_000_000_000)))
    }

    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

/// One clock for each side, for two computers never agree.
#[derive(Clone)]
pub struct Side(pub Arc<TestClock>);

impl likeness_server::Clock for Side {
    fn now(&self) -> UnixMs {
        UnixMs(self.0.0.load(Ordering::SeqCst))
    }
}

impl likeness_remote::Clock for Side {
    fn now(&self) -> UnixMs {
        UnixMs(self.0.0.load(Ordering::SeqCst))
    }
}

/// A keyring as the vault sees it: it outlives the account's owner, counts what it is asked, and refuses when told to.
#[derive(Clone, Default)]
pub struct Keyring(Arc<(Mutex<Drawer>, Condvar)>);

#[derive(Default)]
struct Drawer {
    kept: BTreeMap<String, Vec<u8>>,
    fault: Option<VaultFault>,
    dialog_is_open: bool,
    saves: usize,
}

impl Keyring {
    pub fn refuse(&self, fault: Option<VaultFault>) {
        self.0.0.lock().unwrap().fault = fault;
    }

    pub fn open_dialog(&self, open: bool) {
        self.0.0.lock().unwrap().dialog_is_open = open;
        self.0.1.notify_all();
    }

    pub fn saves(&self) -> usize {
        self.0.0.lock().unwrap().saves
    }

    pub fn item(&self) -> Option<SessionItem> {
        let drawer = self.0.0.lock().unwrap();
        drawer.kept.values().next().map(|bytes| SessionItem::from_bytes(bytes).expect("what we saved can be read"))
    }

    pub fn put(&self, bytes: &[u8]) {
        self.0.0.lock().unwrap().kept.insert(format!("{:?}", Slot::practice()), bytes.to_vec());
    }

    pub fn is_empty(&self) -> bool {
        self.0.0.lock().unwrap().kept.is_empty()
    }

    fn asked<T>(&self, work: impl FnOnce(&mut Drawer) -> T) -> Result<T, VaultFault> {
        let mut drawer = self.0.0.lock().unwrap();
        while drawer.dialog_is_open {
            drawer = self.0.1.wait(drawer).unwrap();
        }
        match drawer.fault {
            Some(fault) => Err(fault),
            None => Ok(work(&mut drawer)),
        }
    }
}

impl SecretStore for Keyring {
    fn keeps(&self) -> Keeps {
        Keeps::InKeyring
    }

    fn load(&mut self, slot: &Slot) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFault> {
        self.asked(|drawer| drawer.kept.get(&format!("{slot:?}")).cloned().map(Zeroizing::new))
    }

    fn save(&mut self, slot: &Slot, secret: &[u8]) -> Result<(), VaultFault> {
        self.asked(|drawer| {
            drawer.saves += 1;
            drawer.kept.insert(format!("{slot:?}"), secret.to_vec());
        })
    }

    fn clear(&mut self, slot: &Slot) -> Result<(), VaultFault> {
        self.asked(|drawer| drop(drawer.kept.remove(&format!("{slot:?}"))))
    }

    fn reconnect(&mut self) {}
}

pub struct Desk {
    pub server: PracticeServer,
    pub line: FaultyLine,
    pub keyring: Keyring,
    pub server_clock: Arc<TestClock>,
    pub own_clock: Arc<TestClock>,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server_clock = TestClock::new();
        let server = practice::start_at(folder.path(), Side(Arc::clone(&server_clock))).await.unwrap();
        let address: SocketAddr = server.origin.socket_addrs(|| None).unwrap()[0];
        let line = FaultyLine::to(address).await.unwrap();
        Self { server, line, keyring: Keyring::default(), server_clock, own_clock: TestClock::new(), _folder: folder }
    }

    pub fn api(&self) -> Api {
        Api::through(&self.server.origin, self.line.url(), Arc::new(Side(Arc::clone(&self.own_clock)))).unwrap()
    }

    /// A Likeness that was just started, with the keyring as it was left.
    pub fn account(&self) -> Account {
        Account::start(self.api(), Box::new(self.keyring.clone()), Slot::practice())
    }

    pub async fn signed_in(&self) -> Account {
        let account = self.account();
        self.sign_in(&account).await.unwrap();
        account
    }

    pub async fn sign_in(&self, account: &Account) -> Result<(), AccountError> {
        let learner = &self.server.accounts[0];
        account
            .sign_in_password(&learner.email, SecretString::from(learner.password.expose()), Arc::new(|_: &str| false))
            .await
    }

    /// Lets time pass for both sides.
    pub fn pass(&self, time: Duration) {
        self.server_clock.pass(time);
        self.own_clock.pass(time);
    }
}

/// Waits for a state; a state that never comes fails.
pub async fn wait_for(account: &Account, what: &str, is_it: impl FnMut(&Auth) -> bool) -> Auth {
    let mut states = account.subscribe();
    let state = tokio::time::timeout(LIMIT, states.wait_for(is_it)).await;
    state.unwrap_or_else(|_| panic!("{what} never came; the state is {:?}", account.snapshot())).unwrap().clone()
}
