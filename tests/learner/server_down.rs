//! The server goes away at each step: what was typed and photographed is still there, and the journey ends well once it is back.

use std::time::Duration;

use likeness_camera::{Camera, Sources};
use likeness_journey::view::{Document, HomeAction, Notice, ProfileStatus, Screen, SendPhase};
use likeness_journey::{Intent, Link, Refusal};

use crate::drawn::{Director, stage};
use crate::faulty_house::{FaultyHouse, LEARNERS};
use crate::person::{NAME, sha256_hex};
use crate::practice_house::accepted;

/// The codes that say: not your fault, the way to the server is broken.
const NETWORK: [&str; 3] = ["network-connect", "network-timeout", "network-dns"];

fn is_network(code: &str, step: &str) {
    assert!(NETWORK.contains(&code), "{step}: a network code, not {code}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_when_the_server_goes_away_at_any_step() {
    let _stage = stage().await;
    let mut house = FaultyHouse::new().await;
    let (director, camera) = Director::with_camera();
    let person = house.person(camera);
    person.to_sign_in().await;

    // At the sign-in.
    house.line.go_down();
    person.press(house.password_for(0)).await;
    is_network(&person.until_trouble("sign-in").await, "sign-in");
    assert!(
        matches!(&person.view().screen, Screen::SignIn { email, busy: false, .. } if email == LEARNERS[0]),
        "the address stays"
    );
    house.line.come_up();
    house.sign_in(&person, 0).await;

    // At the consent: the server itself is stopped and started.
    person.press(Intent::Go).await;
    person.press(Intent::SetName { name: NAME.to_owned() }).await;
    person
        .until("the text to agree to", |view| matches!(&view.screen, Screen::Consent { body, .. } if !body.is_empty()))
        .await;
    house.stop().await;
    person.press(Intent::GiveConsent).await;
    is_network(&person.until_trouble("consent").await, "consent");
    person.press(Intent::Back).await;
    assert!(matches!(&person.view().screen, Screen::Name { name, trouble: None } if name == NAME), "the name stays");
    person.press(Intent::SetName { name: NAME.to_owned() }).await;
    house.start().await;
    person.press(Intent::GiveConsent).await;
    person.until_screen("id-layout").await;

    // At the opening of the session.
    person.press(Intent::ChooseDocument(Document::Card)).await;
    house.line.go_down();
    person.press(Intent::ChooseIdLayout { two_sides: false }).await;
    is_network(&person.until_trouble("id-layout").await, "session");
    assert!(
        matches!(&person.view().screen, Screen::IdLayout { document: Some(Document::Card), busy: false, .. }),
        "the answer stays"
    );
    house.line.come_up();
    person.press(Intent::ChooseIdLayout { two_sides: false }).await;
    person.check_camera().await;

    // While the photos are taken nobody needs the server.
    house.line.go_down();
    let (face, id) = person.both_by_hand(&director).await;
    house.line.come_up();

    // During the upload.
    let before = house.line.sent_bytes();
    let half_a_photo = (face.len() / 2) as u64;
    house.line.delay(Duration::from_millis(30));
    person.press(Intent::Submit).await;
    while house.line.sent_bytes() < before + half_a_photo {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    house.line.go_down();
    person.until("the wait", |view| matches!(&view.screen, Screen::Sending { phase: SendPhase::Waiting, .. })).await;
    is_network(&person.until_trouble("sending").await, "upload");
    assert!(person.notices().contains(&Notice::UnsentInMemory), "the photos are still there, and the learner knows");
    assert_eq!(
        person.journey.intend(Intent::SignOut).await,
        Err(Refusal::WrongScreen),
        "nobody signs out of a running sending"
    );

    // At the submission: the reply is lost after the server has taken everything in.
    house.line.delay(Duration::ZERO);
    house.line.lose_reply_to("POST /v1/verification-profile");
    house.line.come_up();
    person.press(Intent::RetryNow).await;
    person.until_receipt().await;
    assert_eq!(house.line.lost_replies(), 1, "the reply was lost");
    let sent = [(1, "face".to_owned(), sha256_hex(&face)), (1, "id".to_owned(), sha256_hex(&id))];
    assert_eq!(accepted(&house.database().await).await, sent, "one profile, with the very photos");

    // At the status.
    house.stop().await;
    person.press(Intent::Go).await;
    assert_eq!(
        person.until_status(ProfileStatus::InReview).await,
        None,
        "the receipt is known, so nothing is asked for twice"
    );
    person.until("the notice that this may be old", |view| view.notices.contains(&Notice::Offline)).await;
    house.start().await;
    person.until("the notice to go", |view| !view.notices.contains(&Notice::Offline)).await;
    let view = person.until_screen("home").await;
    assert!(
        matches!(&view.screen, Screen::Home { status: ProfileStatus::InReview, submitted_at_ms: Some(_), .. }),
        "{view:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_away_at_the_start_is_waited_for() {
    let mut house = FaultyHouse::new().await;
    house.stop().await;
    let person = house.person(Camera::start(Sources::default()));
    person.until_screen("welcome").await;
    person.until("the notice", |view| view.notices.contains(&Notice::Offline)).await;
    person.refused(Intent::OpenLink(Link::Help), "no address is known yet").await;
    person.to_sign_in().await;
    person.press(house.password_for(0)).await;
    is_network(&person.until_trouble("sign-in").await, "start");
    house.start().await;
    // Pressed at once: the policy may not have come yet, and then the text cannot be agreed to.
    person.press(house.password_for(0)).await;
    person.until_status(ProfileStatus::None).await;
    person.press(Intent::Go).await;
    person.press(Intent::SetName { name: NAME.to_owned() }).await;
    if matches!(&person.view().screen, Screen::Consent { body, .. } if body.is_empty()) {
        person.press(Intent::GiveConsent).await;
        is_network(&person.until_trouble("consent").await, "consent without its text");
    }
    person
        .until("the text to agree to", |view| matches!(&view.screen, Screen::Consent { body, .. } if !body.is_empty()))
        .await;
    person.press(Intent::GiveConsent).await;
    person.until_screen("id-layout").await;
    person.press(Intent::OpenLink(Link::Help)).await;
    assert_eq!(person.links(), ["mailto:help@likeness.example"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_sign_in_is_under_way_nobody_walks_away_from_it() {
    let house = FaultyHouse::new().await;
    let person = house.person(Camera::start(Sources::default()));
    person.to_sign_in().await;
    house.line.delay(Duration::from_secs(1));
    person.press(house.password_for(0)).await;
    person.refused(Intent::Back, "the answer would find the learner on another screen").await;
    person.refused(house.password_for(0), "and one sign-in at a time is enough").await;
    assert!(!person.view().frame.may_go_back);
    assert_eq!(person.until_status(ProfileStatus::None).await, Some(HomeAction::Start));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pause_stops_the_bytes_and_keeps_the_photos() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, camera) = Director::with_camera();
    let person = house.person(camera);
    person.to_sign_in().await;
    house.sign_in(&person, 0).await;
    person.to_layout().await;
    person.choose_layout(false).await;
    person.check_camera().await;
    let (face, id) = person.both_by_hand(&director).await;
    house.line.delay(Duration::from_millis(100));
    let before = house.line.sent_bytes();
    person.press(Intent::Submit).await;
    while house.line.sent_bytes() < before + 40_000 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    person.press(Intent::PauseUpload).await;
    person.until("the pause", |view| matches!(&view.screen, Screen::Sending { phase: SendPhase::Paused, .. })).await;
    // What was on its way when the pause was pressed may still arrive; after that nothing of the photos does.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let paused_at = house.line.sent_bytes();
    tokio::time::sleep(Duration::from_millis(800)).await;
    let trickle = house.line.sent_bytes() - paused_at;
    assert!(trickle < 16_000, "{trickle} bytes went out during the pause");
    assert!(person.notices().contains(&Notice::UnsentInMemory));
    house.line.delay(Duration::ZERO);
    person.press(Intent::RetryNow).await;
    person.until_receipt().await;
    let sent = [(1, "face".to_owned(), sha256_hex(&face)), (1, "id".to_owned(), sha256_hex(&id))];
    assert_eq!(accepted(&house.database().await).await, sent);
}
