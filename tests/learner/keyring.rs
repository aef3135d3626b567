//! The keyring says no, or nothing: a notice where it can be read, a way on, and the journey goes on in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use likeness_account::vault::{Keeps, SecretStore, Slot, VaultFault};
use likeness_camera::{Camera, Sources};
use likeness_journey::view::{HomeAction, Notice, ProfileStatus, Screen};
use likeness_journey::{Intent, Refusal};
use zeroize::Zeroizing;

use crate::practice_house::{LEARNER, PracticeHouse};

/// A keyring as the vault sees it. It outlives the app, refuses when told to, and its dialog can be left open.
#[derive(Clone, Default)]
pub struct Keyring(Arc<(Mutex<Drawer>, Condvar)>);

#[derive(Default)]
struct Drawer {
    kept: BTreeMap<String, Vec<u8>>,
    fault: Option<VaultFault>,
    dialog_is_open: bool,
}

impl Keyring {
    /// From now on every request is refused so; `None`: none is.
    pub fn refuse(&self, fault: Option<VaultFault>) {
        self.drawer().fault = fault;
    }

    /// Opens the dialog that nobody answers, or answers it.
    pub fn open_dialog(&self, open: bool) {
        self.drawer().dialog_is_open = open;
        self.0.1.notify_all();
    }

    /// What is kept, in whichever slot.
    pub fn item(&self) -> Option<Vec<u8>> {
        self.drawer().kept.values().next().cloned()
    }

    fn drawer(&self) -> MutexGuard<'_, Drawer> {
        self.0.0.lock().expect("no test panics with the drawer open")
    }

    fn asked<T>(&self, work: impl FnOnce(&mut Drawer) -> T) -> Result<T, VaultFault> {
        let mut drawer = self.drawer();
        while drawer.dialog_is_open {
            drawer = self.0.1.wait(drawer).expect("no test panics with the drawer open");
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
        self.asked(|drawer| drop(drawer.kept.insert(format!("{slot:?}"), secret.to_vec())))
    }

    fn clear(&mut self, slot: &Slot) -> Result<(), VaultFault> {
        self.asked(|drawer| drop(drawer.kept.remove(&format!("{slot:?}"))))
    }

    fn reconnect(&mut self) {}
}

fn no_camera() -> Camera {
    Camera::start(Sources::default())
}

fn memory_only(why: &str, may_unlock: bool) -> Notice {
    Notice::MemoryOnly { why: why.to_owned(), may_unlock }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_refusal_has_its_notice_and_stops_nobody() {
    let house = PracticeHouse::new().await;
    let password = house.password(LEARNER);
    #[rustfmt::skip]
    let table = [
        (VaultFault::NoKeyring,    "keyring-absent",  false, "no service runs"),
        (VaultFault::NoCollection, "keyring-absent",  false, "a fresh user has no keyring yet"),
        (VaultFault::Locked,       "keyring-locked",  true,  "the prompt was refused"),
        (VaultFault::TooLarge,     "keyring-refused", false, "a keyring with small drawers"),
        (VaultFault::Failed,       "keyring-refused", false, "a broken keyring"),
    ];
    for (fault, code, may_unlock, because) in table {
        let keyring = Keyring::default();
        keyring.refuse(Some(fault));
        let person = house.person(no_camera(), Box::new(keyring.clone()));
        person.to_sign_in().await;
        person.sign_in(LEARNER, &password).await;
        assert!(person.notices().contains(&memory_only(code, may_unlock)), "{because}: {:?}", person.notices());
        assert!(keyring.item().is_none(), "{because}: nothing was kept");
        person.to_layout().await;
        assert_eq!(person.notices(), [], "{because}: no notice takes room from the questions");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_unlocking_trying_again_keeps_the_sign_in_and_the_next_start_finds_it() {
    let house = PracticeHouse::new().await;
    let keyring = Keyring::default();
    keyring.refuse(Some(VaultFault::Locked));
    let person = house.person(no_camera(), Box::new(keyring.clone()));
    person.to_sign_in().await;
    person.sign_in(LEARNER, &house.password(LEARNER)).await;
    assert!(person.notices().contains(&memory_only("keyring-locked", true)));
    person.press(Intent::RetryKeyring).await;
    assert!(keyring.item().is_none(), "still locked");
    keyring.refuse(None);
    person.press(Intent::RetryKeyring).await;
    person.until("the notice to go", |view| view.notices.is_empty()).await;
    assert!(keyring.item().is_some(), "now it is kept");
    assert_eq!(
        person.journey.intend(Intent::RetryKeyring).await,
        Err(Refusal::WrongScreen),
        "there is nothing to try again"
    );
    drop(person);

    let later = house.person(no_camera(), Box::new(keyring.clone()));
    assert_eq!(later.until_status(ProfileStatus::None).await, Some(HomeAction::Start), "signed in without a password");
    later.press(Intent::SignOut).await;
    later
        .until(
            "the sign-in screen",
            |view| matches!(&view.screen, Screen::SignIn { ended: Some(why), .. } if why == "signed-out-here"),
        )
        .await;
    assert!(keyring.item().is_none(), "signing out removes it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dialog_nobody_answers_is_named_and_can_be_skipped_at_the_start_and_at_the_sign_in() {
    let house = PracticeHouse::new().await;
    let keyring = Keyring::default();
    keyring.open_dialog(true);
    let person = house.person(no_camera(), Box::new(keyring.clone()));
    person.until_screen("waiting-for-keyring").await;
    person.press(Intent::SkipKeyring).await;
    person.to_sign_in().await;
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    person.until_screen("waiting-for-keyring").await;
    person.press(Intent::SkipKeyring).await;
    person.until_status(ProfileStatus::None).await;
    assert!(person.notices().contains(&memory_only("keyring-slow", true)), "{:?}", person.notices());
    person.to_layout().await;
    assert!(keyring.item().is_none());
    keyring.open_dialog(false);
    for _ in 0..900 {
        if keyring.item().is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(keyring.item().is_some(), "a late yes still counts");
    assert_eq!(person.screen_name(), "id-layout", "and takes nobody away from what they are doing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dialog_that_is_answered_in_the_end_goes_on_by_itself() {
    let house = PracticeHouse::new().await;
    let keyring = Keyring::default();
    keyring.open_dialog(true);
    let person = house.person(no_camera(), Box::new(keyring.clone()));
    person.until_screen("waiting-for-keyring").await;
    keyring.open_dialog(false);
    person.to_sign_in().await;
    keyring.open_dialog(true);
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    person.until_screen("waiting-for-keyring").await;
    keyring.open_dialog(false);
    person.until_status(ProfileStatus::None).await;
    assert_eq!(person.notices(), [], "it is kept, so there is nothing to say");
    assert!(keyring.item().is_some());
}
