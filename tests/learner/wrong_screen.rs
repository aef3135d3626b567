//! A press that a screen does not offer is refused and changes nothing: every press on every screen along the way.

use likeness_account::vault::MemoryStore;
use likeness_journey::view::{Document, Hand, Photo, ProfileStatus, Screen};
use likeness_journey::{Change, Intent, InvitationWish, JoiningWish, Link, SettingsWish, StepWish};
use likeness_studio::Script;
use secrecy::SecretString;

use crate::drawn::{Director, stage};
use crate::person::{NAME, Person};
use crate::practice_house::{LEARNER, PracticeHouse};
use crate::review_desk::ReviewDesk;

type Press = (&'static str, fn() -> Intent);

/// Every press there is. `is_listed` does not compile when one is missing here.
#[rustfmt::skip]
const ALL: [Press; 50] = [
    ("ui-ready",        || Intent::UiReady),
    ("go",              || Intent::Go),
    ("back",            || Intent::Back),
    ("change-name",     || Intent::Change(Change::Name)),
    ("change-face",     || Intent::Change(Change::Face)),
    ("change-id",       || Intent::Change(Change::Id)),
    ("change-document", || Intent::Change(Change::Document)),
    ("sign-in",         || Intent::SignIn { email: LEARNER.to_owned(), password: SecretString::from("not-it") }),
    ("practice",        || Intent::UsePracticeAccount { email: LEARNER.to_owned() }),
    ("organisation",    || Intent::Joining(JoiningWish::Open)),
    ("find",            || Intent::Joining(JoiningWish::Find { input: "okta".to_owned() })),
    ("cancel-sign-in",  || Intent::Joining(JoiningWish::Cancel)),
    ("social",          || Intent::Joining(JoiningWish::Social { provider: "nobody".to_owned() })),
    ("open-invitation", || Intent::Invitation(InvitationWish::Open)),
    ("invited",         || Intent::Invitation(InvitationWish::Accept)),
    ("forget-invited",  || Intent::Invitation(InvitationWish::Forget)),
    ("try-invitation",  || Intent::Invitation(InvitationWish::Practice { email: LEARNER.to_owned() })),
    ("connect",         || Intent::Settings(SettingsWish::Connect { provider: "nobody".to_owned() })),
    ("step",            || Intent::Joining(JoiningWish::Step(StepWish::Confirm))),
    ("sign-out",        || Intent::SignOut),
    ("skip-keyring",    || Intent::SkipKeyring),
    ("retry-keyring",   || Intent::RetryKeyring),
    ("set-name",        || Intent::SetName { name: NAME.to_owned() }),
    ("consent",         || Intent::GiveConsent),
    ("document",        || Intent::ChooseDocument(Document::Passport)),
    ("layout",          || Intent::ChooseIdLayout { two_sides: true }),
    ("camera-on",       || Intent::TurnOnCamera),
    ("camera-choose",   || Intent::ChooseCamera { key: "scripted".to_owned() }),
    ("camera-settings", || Intent::OpenCameraSettings),
    ("shutter",         || Intent::TakePhoto),
    ("countdown",       || Intent::CancelCountdown),
    ("hand",            || Intent::ChooseHand(Hand::Right)),
    ("retake",          || Intent::Retake),
    ("accept",          || Intent::AcceptPhoto),
    ("anyway",          || Intent::UseAnyway),
    ("submit",          || Intent::Submit),
    ("pause",           || Intent::PauseUpload),
    ("retry-now",       || Intent::RetryNow),
    ("correct-name",    || Intent::CorrectName),
    ("confirm-name",    || Intent::ConfirmName),
    ("link",            || Intent::OpenLink(Link::Help)),
    ("mails",           || Intent::ReadPracticeMail),
    ("review-desk",     || Intent::OpenReviewDesk),
    ("copy-reference",  || Intent::CopyReference),
    ("settings",        || Intent::Settings(SettingsWish::Open)),
    ("forgotten",       || Intent::Settings(SettingsWish::Forgotten)),
    ("export",          || Intent::Settings(SettingsWish::Export)),
    ("delete-account",  || Intent::Settings(SettingsWish::Delete)),
    ("still-here",      || Intent::StillHere),
    ("quit",            || Intent::Quit),
];

/// Presses that do nothing to the screen, offered everywhere once the server has said who it is.
const ANYWHERE: [&str; 3] = ["ui-ready", "link", "quit"];

/// Fails to compile when a press is added to the enum, so that it is added above too.
fn is_listed(intent: &Intent) -> bool {
    match intent {
        Intent::UiReady
        | Intent::Go
        | Intent::Back
        | Intent::Change(_)
        | Intent::SignIn { .. }
        | Intent::UsePracticeAccount { .. }
        | Intent::Joining(_)
        | Intent::Invitation(_)
        | Intent::SignOut
        | Intent::SkipKeyring
        | Intent::RetryKeyring
        | Intent::SetName { .. }
        | Intent::GiveConsent
        | Intent::ChooseDocument(_)
        | Intent::ChooseIdLayout { .. }
        | Intent::TurnOnCamera
        | Intent::ChooseCamera { .. }
        | Intent::OpenCameraSettings
        | Intent::TakePhoto
        | Intent::CancelCountdown
        | Intent::ChooseHand(_)
        | Intent::Retake
        | Intent::AcceptPhoto
        | Intent::UseAnyway
        | Intent::Submit
        | Intent::PauseUpload
        | Intent::RetryNow
        | Intent::CorrectName
        | Intent::ConfirmName
        | Intent::OpenLink(_)
        | Intent::ReadPracticeMail
        | Intent::OpenReviewDesk
        | Intent::CopyReference
        | Intent::Settings(_)
        | Intent::StillHere
        | Intent::Quit => true,
    }
}

/// Presses everything this screen does not offer.
async fn only(person: &Person, screen: &str, offered: &[&str]) {
    assert_eq!(person.screen_name(), screen);
    for word in offered {
        assert!(ALL.iter().any(|(name, _)| name == word), "{word} is no press");
    }
    let mut refused = 0;
    for (name, press) in ALL {
        assert!(is_listed(&press()));
        if !offered.contains(&name) && !ANYWHERE.contains(&name) {
            person.refused(press(), "the screen does not offer it").await;
            refused += 1;
        }
    }
    for name in ANYWHERE {
        let (_, press) = ALL.iter().find(|(known, _)| *known == name).expect("it is listed");
        person.press(press()).await;
    }
    assert_eq!(person.screen_name(), screen);
    println!("{screen}: {refused} presses refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_press_on_every_screen() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (director, camera) = Director::with_camera();
    let person = house.person(camera, Box::new(MemoryStore::new()));
    person
        .until("the server's name", |view| view.frame.provider.is_some() && matches!(view.screen, Screen::Welcome))
        .await;
    only(&person, "welcome", &["go"]).await;
    person.press(Intent::Go).await;
    only(&person, "before-you-begin", &["go", "back"]).await;
    person.press(Intent::Go).await;
    only(&person, "sign-in", &["back", "sign-in", "organisation", "practice", "forgotten"]).await;
    person.press(Intent::Joining(JoiningWish::Open)).await;
    only(&person, "organisation", &["back", "find"]).await;
    person.press(Intent::Back).await;
    person.refused(Intent::UsePracticeAccount { email: "stranger@mail.example".to_owned() }, "no seeded account").await;
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    person.until_status(ProfileStatus::None).await;

    only(&person, "home", &["go", "sign-out", "settings", "mails", "review-desk"]).await;
    person.press(Intent::ReadPracticeMail).await;
    settled(&person).await;
    only(&person, "mailbox", &["go", "back", "sign-out", "settings", "mails"]).await;
    person.press(Intent::Back).await;
    person.press(Intent::Go).await;
    only(&person, "name", &["back", "sign-out", "settings", "set-name"]).await;
    person.press(Intent::SetName { name: NAME.to_owned() }).await;
    only(&person, "consent", &["back", "sign-out", "settings", "consent"]).await;
    person.press(Intent::GiveConsent).await;
    person.until_screen("id-layout").await;
    only(&person, "id-layout", &["back", "sign-out", "settings", "document"]).await;
    person.press(Intent::ChooseDocument(Document::Card)).await;
    only(&person, "id-layout", &["back", "sign-out", "settings", "document", "layout"]).await;

    person.choose_layout(false).await;
    cameras_are_listed(&person).await;
    only(
        &person,
        "camera-check",
        &["go", "back", "sign-out", "settings", "camera-on", "camera-choose", "camera-settings"],
    )
    .await;
    person.refused(Intent::ChooseCamera { key: "another".to_owned() }, "no such camera").await;
    // Nobody sits there, so that no photo is taken by itself meanwhile.
    director.play(Script::Id);
    person.press(Intent::Go).await;
    cameras_are_listed(&person).await;
    let capturing = [
        "back",
        "sign-out",
        "settings",
        "camera-on",
        "camera-choose",
        "camera-settings",
        "shutter",
        "countdown",
        "anyway",
    ];
    only(&person, "capture", &capturing).await;
    director.play(Script::Neutral);
    person.photo_by_hand(Photo::Face).await;
    only(&person, "review", &["sign-out", "settings", "retake", "accept"]).await;
    director.play(Script::Id);
    person.press(Intent::AcceptPhoto).await;
    person.photo_by_hand(Photo::Id).await;
    person.press(Intent::AcceptPhoto).await;
    let changes =
        ["go", "sign-out", "settings", "submit", "change-name", "change-face", "change-id", "change-document"];
    only(&person, "check-answers", &changes).await;
    person.submit().await;
    settled(&person).await;
    only(&person, "sent", &["go", "sign-out", "settings", "copy-reference"]).await;

    person.press(Intent::Go).await;
    person.until_status(ProfileStatus::InReview).await;
    settled(&person).await;
    only(&person, "home", &["sign-out", "settings", "mails", "review-desk", "copy-reference"]).await;
    let link = person.review_link().await;
    tokio::task::block_in_place(|| {
        let desk = ReviewDesk::enter(&link);
        let case = desk.oldest_case();
        desk.look_at_photos(&case);
        desk.reject(&case, "id_not_legible");
    });
    person.until_status(ProfileStatus::Rejected).await;
    person.press(Intent::Go).await;
    only(&person, "fix-photo", &["go", "back", "sign-out", "settings"]).await;
    person.press(Intent::Go).await;
    person.until("a camera screen", |view| crate::person::camera(&view.screen).is_some()).await;
    if person.screen_name() == "camera-check" {
        person.check_camera().await;
    }
    person.photo_by_hand(Photo::Id).await;
    person.press(Intent::AcceptPhoto).await;
    person.until_screen("check-answers").await;
    only(
        &person,
        "check-answers",
        &["go", "sign-out", "settings", "submit", "change-name", "change-id", "change-document"],
    )
    .await;
    photo_survives_a_look_at_the_status(&person).await;
}

/// A photo taken for a repair is not thrown away by walking Home and back.
async fn photo_survives_a_look_at_the_status(person: &Person) {
    let picture_of = |person: &Person| match &person.view().screen {
        Screen::CheckAnswers { id: likeness_journey::view::PhotoSlot::Taken { picture }, .. } => picture.clone(),
        other => panic!("the ID photo, not {other:?}"),
    };
    let before = picture_of(person);
    person.press(Intent::Go).await;
    person.until_status(ProfileStatus::Rejected).await;
    person.press(Intent::Go).await;
    person.until_screen("fix-photo").await;
    person.press(Intent::Go).await;
    person.until_screen("check-answers").await;
    assert_eq!(picture_of(person), before, "the very photo is still there");
}

async fn cameras_are_listed(person: &Person) {
    person.until_camera(None).await;
    person
        .until("the list of cameras", |view| {
            crate::person::camera(&view.screen).is_some_and(|camera| camera.cameras.iter().any(|choice| choice.chosen))
        })
        .await;
}

/// Waits until no answer of the server is under way that would change the View by itself.
async fn settled(person: &Person) {
    loop {
        let before = person.view().rev;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        if person.view().rev == before {
            return;
        }
    }
}
