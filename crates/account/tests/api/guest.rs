//! A kiosk and its guest: the code on the screen, the phone, the visit, and its end.

use std::sync::Arc;
use std::time::Duration;

use likeness_account::vault::{MemoryStore, Slot};
use likeness_account::{Account, AccountError, Auth, EndReason, GuestWait, Kept, Kiosk, MemoryReason};
use likeness_protocol::account::Role;
use likeness_protocol::text::Secret;
use likeness_remote::{Api, RemoteError};
use likeness_server::{Running, Server, Settings, add_account, admin, settings::MailRoute};

use crate::desk::{LIMIT, Side, TestClock, wait_for};
use crate::windowless_browser::Browser;

const ADA: &str = "ada@mail.example";
const PASSWORD: &str = "correct horse battery";

/// A server with one learner, and a computer that is a kiosk of it.
struct Room {
    server: Running,
    clock: Arc<TestClock>,
    kiosk: Kiosk,
    _folder: tempfile::TempDir,
}

impl Room {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("mails");
        std::fs::create_dir(&mails).unwrap();
        let settings =
            Settings::loopback(folder.path().join("data"), folder.path().join("kek"), MailRoute::Folder(mails));
        add_account(&settings, ADA, &Secret::new(PASSWORD), Role::Learner).await.unwrap();
        let (id, secret) = admin::add_kiosk(&settings, "Room 4, PC 12").await.unwrap();
        let clock = TestClock::new();
        let server = Server::start(settings, Side(Arc::clone(&clock))).await.unwrap();
        Self { server, clock, kiosk: Kiosk { id, secret }, _folder: folder }
    }

    fn account(&self) -> Account {
        let api = Api::with_clock(&self.server.origin().unwrap(), Arc::new(Side(Arc::clone(&self.clock)))).unwrap();
        Account::start(api, Box::new(MemoryStore::new()), Slot::practice())
    }

    /// Begins; gives what stands on the screen, and what tells how it ends.
    async fn begin(&self, account: &Account) -> (GuestWait, tokio::task::JoinHandle<Result<(), AccountError>>) {
        let running = tokio::spawn({
            let (account, kiosk) = (account.clone(), self.kiosk.clone());
            async move { account.sign_in_guest(kiosk).await }
        });
        let auth = wait_for(account, "the code", |auth| matches!(auth, Auth::AwaitingGuest(_))).await;
        let Auth::AwaitingGuest(wait) = auth else { unreachable!("it was waited for") };
        (wait, running)
    }

    /// The guest signs in on the phone and answers whether the kiosk may go on.
    async fn phone(&self, wait: &GuestWait, answer: &'static str) -> String {
        let page = wait.page_with_code.clone();
        let shown = wait.code.clone();
        let last = tokio::task::spawn_blocking(move || {
            let mut phone = Browser::default();
            let page = phone.open(&page).unwrap();
            assert!(page.text.contains("Room 4, PC 12") && page.text.contains(&shown), "{}", page.text);
            let page = phone.submit(&page, &[("email", ADA), ("password", PASSWORD)]).unwrap();
            phone.submit(&page, &[("answer", answer)]).unwrap().text
        });
        let last = last.await.unwrap();
        // What the kiosk asks next must not be too early for the server, whose clock stands still.
        self.clock.pass(Duration::from_secs(30));
        last
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_comes_in_by_phone_and_leaves_nothing() {
    let room = Room::new().await;
    let account = room.account();
    let (wait, running) = room.begin(&account).await;
    assert_eq!((wait.code.len(), wait.page_with_code.contains(&wait.code)), (9, true));
    assert!(wait.page.ends_with("/device") && !format!("{wait:?}").contains(&wait.code), "{wait:?}");
    assert!(room.phone(&wait, "yes").await.contains("Signed in"));
    tokio::time::timeout(LIMIT, running).await.unwrap().unwrap().unwrap();
    let auth = account.snapshot();
    let kept = Kept::MemoryOnly(MemoryReason::Off);
    assert!(matches!(&auth, Auth::SignedIn { store, .. } if *store == kept), "{auth:?}");
    let first = account.authorised().await.unwrap();
    assert_eq!(account.api().me().await.unwrap().email, ADA);

    room.clock.pass(Duration::from_mins(22));
    assert_eq!(account.authorised().await.unwrap().access_token, first.access_token, "it is used up to its end");
    account.api().me().await.unwrap();
    room.clock.pass(Duration::from_mins(4));
    assert_eq!(account.authorised().await.unwrap_err(), RemoteError::SignedOut, "and renewed by nobody");
    let ended = wait_for(&account, "the end", |auth| matches!(auth, Auth::SignedOut { .. })).await;
    assert!(matches!(ended, Auth::SignedOut { why: Some(EndReason::SessionEnded), .. }), "{ended:?}");

    let (next, running) = room.begin(&account).await;
    assert_ne!(next.code, wait.code);
    room.phone(&next, "yes").await;
    tokio::time::timeout(LIMIT, running).await.unwrap().unwrap().unwrap();
    let second = account.authorised().await.unwrap();
    assert_ne!(second.key.public(), first.key.public(), "each guest has a key of their own");
    account.sign_out().await.unwrap();
    let (last, _running) = room.begin(&account).await;
    assert!(!last.code.is_empty(), "and the next one can begin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_says_no_or_never_comes_is_said_so() {
    let room = Room::new().await;
    let account = room.account();
    let (wait, running) = room.begin(&account).await;
    room.phone(&wait, "no").await;
    let refused = tokio::time::timeout(LIMIT, running).await.unwrap().unwrap().unwrap_err();
    assert_eq!(refused.code(), "device-refused");

    let (_, running) = room.begin(&account).await;
    room.clock.pass(Duration::from_mins(6));
    let late = tokio::time::timeout(LIMIT, running).await.unwrap().unwrap().unwrap_err();
    assert_eq!(late.code(), "device-code-expired");
    assert!(matches!(account.snapshot(), Auth::SignedOut { .. }), "{:?}", account.snapshot());

    let (_, running) = room.begin(&account).await;
    assert_eq!(account.sign_in_guest(room.kiosk.clone()).await, Err(AccountError::Busy), "one guest at a time");
    account.cancel();
    assert_eq!(running.await.unwrap(), Err(AccountError::Cancelled));

    let stranger = Kiosk { secret: Secret::new("lk_ks_wrong"), ..room.kiosk.clone() };
    assert!(!format!("{stranger:?}").contains("lk_ks"), "{stranger:?}");
    let refused = account.sign_in_guest(stranger).await.unwrap_err();
    assert_eq!(refused.code(), "unauthorized-client", "a computer nobody registered");
}
