//! Guests at a kiosk, one after another: the code, the phone, the visit and its end, after which nothing of them is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use likeness_camera::{Camera, Sources};
use likeness_journey::view::{
    Document, EndingView, EndingWhy, GuestCode, PhotoSlot, ProfileStatus, Screen, SendPhase, View,
};
use likeness_journey::{Intent, JoiningWish, Link, SettingsWish};

use crate::browser::Browser;
use crate::drawn::{Director, stage};
use crate::faulty_house::{FaultyHouse, LEARNERS, Turned};
use crate::person::{NAME, Person, trouble};
use crate::practice_house::accepted;

/// A kiosk, its time, and how often its window was cleared.
struct Room {
    house: FaultyHouse,
    person: Person,
    turned: Turned,
    cleared: Arc<AtomicUsize>,
}

impl Room {
    async fn with(camera: Camera) -> Self {
        let house = FaultyHouse::new().await;
        let (turned, cleared) = (Turned::default(), Arc::new(AtomicUsize::new(0)));
        let count = cleared.clone();
        let clear = Box::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let person = house.kiosk(camera, &turned, clear).await;
        person.until_screen("welcome").await;
        Self { house, person, turned, cleared }
    }

    async fn without_camera() -> Self {
        Self::with(Camera::start(Sources::default())).await
    }

    /// From the first screen to the code.
    async fn to_code(&self) -> GuestCode {
        self.person.press(Intent::Go).await;
        self.person.until_screen("before-you-begin").await;
        self.person.press(Intent::Go).await;
        self.until_code().await
    }

    async fn until_code(&self) -> GuestCode {
        let view = self.person.until("the code", |view| code(view).is_some()).await;
        code(&view).expect("it was waited for").clone()
    }

    /// This learner opens the page on a phone, signs in there, and answers.
    async fn phone(&self, shown: &GuestCode, learner: usize, answer: &'static str) {
        let page = format!("{}?code={}", shown.page, shown.code);
        let (password, compared) = (self.house.password(learner).to_owned(), shown.code.clone());
        let walked = tokio::task::spawn_blocking(move || {
            let mut phone = Browser::default();
            let page = phone.open(&page).expect("the page for phones answers");
            assert!(page.text.contains("Room 4, PC 12") && page.text.contains(&compared), "{}", page.text);
            let page =
                phone.submit(&page, &[("email", LEARNERS[learner]), ("password", &password)]).expect("it answers");
            phone.submit(&page, &[("answer", answer)]).expect("it answers");
        });
        walked.await.expect("the phone walks through");
    }

    async fn comes_in(&self, learner: usize) {
        let shown = self.to_code().await;
        self.phone(&shown, learner, "yes").await;
        self.person.until_status(ProfileStatus::None).await;
    }

    async fn until_ending(&self, why: EndingWhy) {
        self.person.until("the warning", |view| ending(view).is_some_and(|ending| ending.why == why)).await;
    }

    async fn until_forgotten(&self) {
        let view = self.person.until_screen("welcome").await;
        assert_eq!((view.frame.who.clone(), ending(&view)), (None, None), "nobody is in");
        let database = self.house.database().await;
        for _ in 0..200 {
            let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM grants WHERE revoked_at IS NULL")
                .fetch_one(&database)
                .await
                .expect("the sign-ins can be counted");
            if open == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("a sign-in of the guest is still good at the server");
    }
}

fn code(view: &View) -> Option<&GuestCode> {
    match &view.screen {
        Screen::Guest { code, .. } => code.as_ref(),
        _ => None,
    }
}

fn ending(view: &View) -> Option<EndingView> {
    view.frame.kiosk.expect("it is a kiosk").ending
}

/// Several looks at the time.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(1_800)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_guest_who_goes_away_is_forgotten_and_the_next_one_sees_nothing_of_them() {
    let room = Room::without_camera().await;
    let person = &room.person;
    let shown = room.to_code().await;
    assert_eq!((shown.code.len(), shown.minutes_left > 0), (9, true), "{shown:?}");
    assert!(shown.page.ends_with("/device") && shown.picture.is_some(), "{shown:?}");
    room.turned.by(Duration::from_secs(200));
    a_while().await;
    assert_eq!(code(&person.view()).map(|now| &now.code), Some(&shown.code), "who is at the phone is not hurried");
    room.phone(&shown, 0, "yes").await;
    person.until_status(ProfileStatus::None).await;

    person.refused(Intent::Settings(SettingsWish::Open), "a kiosk keeps nobody's account").await;
    person.refused(Intent::OpenLink(Link::Help), "a kiosk opens no other program").await;
    person.refused(Intent::Quit, "a guest ends no kiosk").await;
    assert!(person.notices().is_empty(), "{:?}", person.notices());

    person.press(Intent::Go).await;
    person.press(Intent::SetName { name: NAME.to_owned() }).await;
    person
        .until(
            "the text to agree to",
            |view| matches!(&view.screen, Screen::Consent { body, privacy_url: None, .. } if !body.is_empty()),
        )
        .await;
    room.turned.by(Duration::from_secs(65));
    room.until_ending(EndingWhy::Idle).await;
    person.press(Intent::StillHere).await;
    person.until("no warning", |view| ending(view).is_none()).await;
    assert_eq!(person.screen_name(), "consent", "whoever answers goes on where they were");
    assert_eq!(room.cleared.load(Ordering::SeqCst), 0);
    room.turned.by(Duration::from_secs(91));
    room.until_forgotten().await;
    assert_eq!(room.cleared.load(Ordering::SeqCst), 1, "the window is cleared too");

    room.comes_in(1).await;
    person.press(Intent::Go).await;
    let view = person.until_screen("name").await;
    assert!(matches!(&view.screen, Screen::Name { name, .. } if name.is_empty()), "{view:?}");
    person.press(Intent::SignOut).await;
    room.until_forgotten().await;
    assert_eq!(room.cleared.load(Ordering::SeqCst), 2);
    assert!(person.copied().iter().all(String::is_empty) && person.links().is_empty() && person.kept().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_guest_who_says_no_or_goes_back_or_has_no_line_is_told_and_gets_a_new_code() {
    let room = Room::without_camera().await;
    let person = &room.person;
    person.press(Intent::Go).await;
    person.until_screen("before-you-begin").await;
    person.refused(Intent::Joining(JoiningWish::Open), "nobody signs in on this computer itself").await;
    room.house.line.go_down();
    person.press(Intent::Go).await;
    person
        .until("no line", |view| trouble(&view.screen).is_some_and(|trouble| trouble.code.starts_with("network-")))
        .await;
    room.house.line.come_up();
    person.press(Intent::Go).await;
    let shown = room.until_code().await;
    person.refused(Intent::Go, "there is a code").await;
    room.phone(&shown, 0, "no").await;
    assert_eq!(person.until_trouble("guest").await, "device-refused");
    person.press(Intent::Go).await;
    let second = room.until_code().await;
    assert_ne!(second.code, shown.code);

    person.press(Intent::Back).await;
    person.until_screen("welcome").await;
    let third = room.to_code().await;
    assert_ne!(third.code, second.code, "the code of who went back is not shown again");
    room.phone(&third, 0, "no").await;
    person.until_trouble("guest").await;
    room.turned.by(Duration::from_secs(91));
    person.until_screen("welcome").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_guest_in_the_middle_of_sending_is_not_forgotten_before_it_has_arrived() {
    let _stage = stage().await;
    let (director, camera) = Director::with_camera();
    let room = Room::with(camera).await;
    let person = &room.person;
    room.comes_in(0).await;
    person.press(Intent::Go).await;
    person.press(Intent::SetName { name: NAME.to_owned() }).await;
    person
        .until("the text to agree to", |view| matches!(&view.screen, Screen::Consent { body, .. } if !body.is_empty()))
        .await;
    person.press(Intent::GiveConsent).await;
    person.until_screen("id-layout").await;
    person.press(Intent::ChooseDocument(Document::Card)).await;
    person.choose_layout(false).await;
    person.check_camera().await;
    person.both_by_hand(&director).await;
    let view = person.view();
    let Screen::CheckAnswers { face: PhotoSlot::Taken { picture }, .. } = &view.screen else {
        panic!("the photos are there: {view:?}")
    };
    room.house.line.go_down();
    person.press(Intent::Submit).await;
    person.until("the wait", |view| matches!(&view.screen, Screen::Sending { phase: SendPhase::Waiting, .. })).await;
    person.refused(Intent::SignOut, "photos are on their way").await;
    room.turned.by(Duration::from_mins(30));
    a_while().await;
    assert_eq!(person.screen_name(), "sending", "neither idleness nor the limit ends it");
    room.house.line.come_up();
    // The limit is long over: what is waited for is the arrival, and the receipt goes by mail.
    room.until_forgotten().await;
    assert_eq!(accepted(&room.house.database().await).await.len(), 2, "both photos arrived");
    let gone = person.journey.picture(picture, Duration::ZERO);
    assert!(matches!(gone, likeness_journey::PictureAnswer::Unknown), "and are shown to nobody here: {gone:?}");
}
