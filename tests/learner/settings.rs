//! The learner's own account: another password, another address, a forgotten password, sign-ins elsewhere, the data, the end of it.

use std::time::Duration;

use likeness_account::vault::MemoryStore;
use likeness_journey::view::{ProfileStatus, Screen, SessionView, SettingsPage, SettingsTopic, View};
use likeness_journey::{Intent, SettingsWish};
use secrecy::SecretString;

use crate::drawn::{Director, stage};
use crate::faulty_house::{FaultyHouse, LEARNERS};
use crate::person::Person;
use crate::practice_house::{LEARNER, PracticeHouse};

const NEW: &str = "seven green bicycles";
const ELSEWHERE: &str = "learner@private.example";

fn wish(wish: SettingsWish) -> Intent {
    Intent::Settings(wish)
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub fn page(view: &View) -> Option<&SettingsPage> {
    match &view.screen {
        Screen::Settings { page, busy: false, .. } => Some(page),
        _ => None,
    }
}

async fn open(person: &Person) -> Vec<SessionView> {
    person.press(wish(SettingsWish::Open)).await;
    sessions(person).await
}

/// The sign-ins, once the server has said them.
async fn sessions(person: &Person) -> Vec<SessionView> {
    let view = person
        .until("the sign-ins", |view| matches!(page(view), Some(SettingsPage::Overview { sessions: Some(_), .. })))
        .await;
    match page(&view) {
        Some(SettingsPage::Overview { sessions: Some(sessions), .. }) => sessions.clone(),
        other => panic!("the overview, not {other:?}"),
    }
}

pub async fn done(person: &Person, code: &str) -> Option<String> {
    let view = person
        .until(
            code,
            |view| matches!(page(view), Some(SettingsPage::Overview { done: Some(done), .. }) if done.code == code),
        )
        .await;
    match page(&view) {
        Some(SettingsPage::Overview { done: Some(done), .. }) => done.path.clone(),
        other => panic!("the overview, not {other:?}"),
    }
}

async fn show(person: &Person, topic: SettingsTopic) {
    person.press(wish(SettingsWish::Show(topic))).await;
}

/// Signs out, and waits until that is over: the screen is there a moment before.
pub async fn sign_out(person: &Person) {
    person.press(Intent::SignOut).await;
    person.until("the sign-out", |view| matches!(&view.screen, Screen::SignIn { ended: Some(_), .. })).await;
}

/// A code from the practice mailbox: `digits` digits, in one group or two.
pub async fn code_mailed_to(person: &Person, to: &str, digits: usize) -> String {
    loop {
        person.press(Intent::ReadPracticeMail).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let view = person.until_screen("mailbox").await;
        let Screen::Mailbox { mails, .. } = &view.screen else { unreachable!("it is the mailbox") };
        let is_code =
            |line: &&str| line.chars().filter(char::is_ascii_digit).count() == digits && line.len() <= digits + 1;
        let found = mails.iter().filter(|mail| mail.to == to).find_map(|mail| mail.body.lines().find(is_code));
        if let Some(code) = found {
            return code.to_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_old_sign_in_proves_itself_and_then_the_password_changes() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (_director, camera) = Director::with_camera();
    let person = house.person(camera);
    person.to_sign_in().await;
    house.sign_in(&person, 0).await;
    house.time_passes(Duration::from_mins(11));
    let listed = open(&person).await;
    assert_eq!((listed.len(), listed[0].current), (1, true), "{listed:?}");
    show(&person, SettingsTopic::Password).await;
    person.press(wish(SettingsWish::ChangePassword { password: secret("short") })).await;
    person.until("the question who it is", |view| matches!(page(view), Some(SettingsPage::Confirm { .. }))).await;
    person.refused(wish(SettingsWish::Delete), "another page").await;

    person.press(wish(SettingsWish::Confirm { password: secret("not it") })).await;
    assert_eq!(person.until_trouble("settings").await, "password-wrong");
    person.press(Intent::Back).await;
    assert_eq!(page(&person.view()), Some(&SettingsPage::Password), "back to what asked for it");

    person.press(wish(SettingsWish::ChangePassword { password: secret("short") })).await;
    person.until("the question who it is", |view| matches!(page(view), Some(SettingsPage::Confirm { .. }))).await;
    let Intent::SignIn { password, .. } = house.password_for(0) else { unreachable!("it is a sign-in") };
    person.press(wish(SettingsWish::Confirm { password })).await;
    assert_eq!(person.until_trouble("settings").await, "password-too-weak", "the change went on by itself");
    person.press(wish(SettingsWish::ChangePassword { password: secret(NEW) })).await;
    done(&person, "password-changed").await;
    assert_eq!(sessions(&person).await.len(), 1, "proving it left no second sign-in behind");

    person.press(Intent::Back).await;
    person.until_status(ProfileStatus::None).await;
    sign_out(&person).await;
    person.sign_in(LEARNERS[0], NEW).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_address_is_proven_from_its_mailbox() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (_director, camera) = Director::with_camera();
    let person = house.person(camera, Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    person.sign_in(LEARNER, &house.password(LEARNER)).await;
    open(&person).await;
    show(&person, SettingsTopic::Email).await;
    person.press(wish(SettingsWish::ChangeEmail { email: "no address".to_owned() })).await;
    assert_eq!(person.until_trouble("settings").await, "email-invalid");
    person.press(wish(SettingsWish::ChangeEmail { email: ELSEWHERE.to_owned() })).await;
    let waiting = |view: &View| matches!(page(view), Some(SettingsPage::Email { pending: Some(_) }));
    person.until("the question for the code", waiting).await;
    person.press(wish(SettingsWish::CancelEmail)).await;
    person.until("the first question", |view| page(view) == Some(&SettingsPage::Email { pending: None })).await;
    person.press(wish(SettingsWish::ChangeEmail { email: ELSEWHERE.to_owned() })).await;
    let view = person.until("the question for the code", waiting).await;
    let masked = "l•••••@private.example".to_owned();
    assert_eq!(page(&view), Some(&SettingsPage::Email { pending: Some(masked.clone()) }));
    person.press(wish(SettingsWish::ConfirmEmail { code: secret("12 34 567") })).await;
    assert_eq!(person.until_trouble("settings").await, "code-wrong");
    let code = code_mailed_to(&person, ELSEWHERE, 6).await;
    person.press(Intent::Back).await;
    assert!(waiting(&person.view()), "back from the mailbox the code is still asked for");
    person.press(wish(SettingsWish::ConfirmEmail { code: secret(&code) })).await;
    done(&person, "email-changed").await;
    person.until("the new address", |view| view.frame.who.as_ref().is_some_and(|who| who.email_masked == masked)).await;
    person.press(Intent::Back).await;
    sign_out(&person).await;
    person.sign_in(ELSEWHERE, &house.password(LEARNER)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_forgotten_password_is_replaced_and_ends_every_sign_in() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (_director, camera) = Director::with_camera();
    let (_other_director, other_camera) = Director::with_camera();
    let person = house.person(camera, Box::new(MemoryStore::new()));
    let other = house.person(other_camera, Box::new(MemoryStore::new()));
    other.to_sign_in().await;
    other.sign_in(LEARNER, &house.password(LEARNER)).await;
    person.to_sign_in().await;
    person.press(wish(SettingsWish::Forgotten)).await;
    person.refused(wish(SettingsWish::Reset { code: secret("1"), password: secret(NEW) }), "no code yet").await;
    person.press(Intent::Back).await;
    person.until_screen("sign-in").await;
    person.press(wish(SettingsWish::Forgotten)).await;
    person.press(wish(SettingsWish::AskReset { email: format!(" {LEARNER} ") })).await;
    person
        .until(
            "the question for the code",
            |view| matches!(page(view), Some(SettingsPage::Forgotten { sent: true, email }) if email == LEARNER),
        )
        .await;
    person.press(wish(SettingsWish::Reset { code: secret("0000 0000"), password: secret(NEW) })).await;
    assert_eq!(person.until_trouble("settings").await, "code-wrong");
    let code = code_mailed_to(&person, LEARNER, 8).await;
    person.press(Intent::Back).await;
    person.press(wish(SettingsWish::Reset { code: secret(&code), password: secret("short") })).await;
    person.until("a better password", |view| {
        matches!(&view.screen, Screen::Settings { trouble: Some(trouble), .. } if trouble.code == "password-too-weak" && trouble.field.as_deref() == Some("password"))
    }).await;
    person.press(wish(SettingsWish::Reset { code: secret(&code), password: secret(NEW) })).await;
    person
        .until(
            "the sign-in",
            |view| matches!(&view.screen, Screen::SignIn { ended: Some(code), email, .. } if code == "password-reset" && email == LEARNER),
        )
        .await;
    other.until_screen("sign-in").await;
    person.sign_in(LEARNER, NEW).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn other_sign_ins_are_seen_and_ended() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let people: Vec<_> = (0..3)
        .map(|_| {
            let (director, camera) = Director::with_camera();
            (director, house.person(camera, Box::new(MemoryStore::new())))
        })
        .collect();
    for (_, person) in &people {
        person.to_sign_in().await;
        person.sign_in(LEARNER, &house.password(LEARNER)).await;
    }
    let [(_, person), (_, second), (_, third)] = people.as_slice() else { unreachable!("there are three") };
    let listed = open(person).await;
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|session| session.device.as_deref() == Some(std::env::consts::OS)), "{listed:?}");
    let own = listed.iter().find(|session| session.current).expect("one is this one").id.clone();
    person.refused(wish(SettingsWish::EndSession { id: own }), "signing out here has its own button").await;
    person.refused(wish(SettingsWish::EndSession { id: "gr_other".to_owned() }), "not in the list").await;
    let newest = listed.first().expect("three").id.clone();
    person.press(wish(SettingsWish::EndSession { id: newest })).await;
    done(person, "sessions-ended").await;
    third.until_screen("sign-in").await;
    person.until("two sign-ins", |view| {
        matches!(page(view), Some(SettingsPage::Overview { sessions: Some(sessions), .. }) if sessions.len() == 2)
    }).await;
    person.press(wish(SettingsWish::EndOthers)).await;
    second.until_screen("sign-in").await;
    person
        .until("no other sign-in", |view| matches!(page(view), Some(SettingsPage::Overview { others: false, .. })))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_data_are_saved_and_the_account_ends() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (_director, camera) = Director::with_camera();
    let person = house.person(camera, Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    person.sign_in(LEARNER, &house.password(LEARNER)).await;
    open(&person).await;
    person.press(wish(SettingsWish::Export)).await;
    assert_eq!(done(&person, "exported").await.as_deref(), Some("downloads/likeness-export.json"));
    let kept = person.kept();
    assert_eq!(kept.len(), 1);
    let export: likeness_protocol::account::Export = serde_json::from_str(&kept[0]).expect("it can be read again");
    assert_eq!(export.account.email, LEARNER);

    show(&person, SettingsTopic::Delete).await;
    person.press(wish(SettingsWish::Delete)).await;
    person.until("the end", |view| matches!(page(view), Some(SettingsPage::Gone)) && view.frame.who.is_none()).await;
    person.refused(wish(SettingsWish::Open), "there is no account").await;
    person.press(Intent::Go).await;
    person.until_screen("welcome").await;
    person.press(Intent::Go).await;
    person.press(Intent::Go).await;
    let password = secret(&house.password(LEARNER));
    person.press(Intent::SignIn { email: LEARNER.to_owned(), password }).await;
    assert_eq!(person.until_trouble("sign-in").await, "invalid-credentials");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_linked_account_is_seen_and_taken_off() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (_director, camera) = Director::with_camera();
    let person = house.person(camera, Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    person.sign_in("kim@mail.example", &house.password("kim@mail.example")).await;
    person.press(wish(SettingsWish::Open)).await;
    let linked = |count: usize| move |view: &View| matches!(page(view), Some(SettingsPage::Overview { linked: Some(linked), .. }) if linked.len() == count);
    let view = person.until("the linked account", linked(1)).await;
    let Some(SettingsPage::Overview { linked: Some(ways), .. }) = page(&view) else { unreachable!("it fits") };
    assert!(ways[0].label.contains("Google") && ways[0].why_not.is_none(), "{ways:?}");
    let id = ways[0].id.clone();
    person.refused(wish(SettingsWish::Disconnect { id: "idn_other".to_owned() }), "not in the list").await;
    person.press(wish(SettingsWish::Disconnect { id })).await;
    done(&person, "disconnected").await;
    person.until("no linked account", linked(0)).await;
}
