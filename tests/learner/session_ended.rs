//! What ends in the middle of the way. A sign-in: the same learner goes on, another one begins with nothing. A capture session: new photos, and why.

use std::time::Duration;

use likeness_journey::Intent;
use likeness_journey::view::{Document, HomeAction, Notice, PhotoSlot, ProfileStatus, Screen};
use sqlx::sqlite::SqlitePool;

use crate::drawn::{Director, stage};
use crate::faulty_house::FaultyHouse;
use crate::person::{NAME, Person, sha256_hex};
use crate::practice_house::accepted;

/// Ends every sign-in, as "sign out everywhere" on another computer does.
async fn end_sign_ins(database: &SqlitePool) {
    let ended =
        sqlx::query("UPDATE grants SET revoked_at = 1, why = 'test' WHERE revoked_at IS NULL").execute(database).await;
    assert!(ended.expect("the database can be written").rows_affected() > 0, "somebody was signed in");
}

async fn to_check_answers(house: &FaultyHouse, person: &Person, director: &Director) -> (Vec<u8>, Vec<u8>) {
    person.to_sign_in().await;
    house.sign_in(person, 0).await;
    person.to_layout().await;
    person.choose_layout(false).await;
    person.check_camera().await;
    person.both_by_hand(director).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_learner_signs_in_again_and_sends_the_same_photos() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, camera) = Director::with_camera();
    let person = house.person(camera);
    let (face, id) = to_check_answers(&house, &person, &director).await;
    let database = house.database().await;
    end_sign_ins(&database).await;
    // The status that is waited for may have found out first; then there is nothing to press any more.
    let _ = person.journey.intend(Intent::Submit).await;
    person
        .until(
            "the sign-in",
            |view| matches!(&view.screen, Screen::SignIn { ended: Some(why), .. } if why == "session-ended"),
        )
        .await;
    house.sign_in(&person, 0).await;
    assert_eq!(person.until_status(ProfileStatus::None).await, Some(HomeAction::Continue));
    person.press(Intent::Go).await;
    let view = person.until_screen("check-answers").await;
    let Screen::CheckAnswers { name, face: PhotoSlot::Taken { .. }, id: PhotoSlot::Taken { .. }, .. } = &view.screen
    else {
        panic!("answers and photos are there: {view:?}")
    };
    assert_eq!(name, NAME);
    person.submit().await;
    let sent = [(1, "face".to_owned(), sha256_hex(&face)), (1, "id".to_owned(), sha256_hex(&id))];
    assert_eq!(accepted(&database).await, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_learner_finds_nothing_of_the_first() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, camera) = Director::with_camera();
    let person = house.person(camera);
    to_check_answers(&house, &person, &director).await;
    let Screen::CheckAnswers { face: PhotoSlot::Taken { picture }, .. } = &person.view().screen else {
        panic!("the face photo")
    };
    end_sign_ins(&house.database().await).await;
    // The status that is waited for may have found out first; then there is nothing to press any more.
    let _ = person.journey.intend(Intent::Submit).await;
    person.until_screen("sign-in").await;
    house.sign_in(&person, 1).await;
    assert_eq!(
        person.until_status(ProfileStatus::None).await,
        Some(HomeAction::Start),
        "the second learner begins at the beginning"
    );
    let answer = person.journey.picture(picture, Duration::ZERO);
    assert!(matches!(answer, likeness_journey::PictureAnswer::Unknown), "the first learner's photo is gone");
    assert_eq!(person.notices(), [Notice::MemoryOnly { why: "keyring-off".to_owned(), may_unlock: false }]);
    person.press(Intent::Go).await;
    let view = person.until_screen("name").await;
    assert!(matches!(&view.screen, Screen::Name { name, .. } if name.is_empty()), "no name of another: {view:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn photos_that_waited_for_too_long_are_taken_anew_and_the_learner_is_told_why() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, camera) = Director::with_camera();
    let person = house.person(camera);
    let (old_face, _) = to_check_answers(&house, &person, &director).await;
    // 72 hours is what a session lasts.
    house.time_passes(Duration::from_hours(73));
    person.press(Intent::Submit).await;
    let code = person.until_trouble("id-layout").await;
    assert_eq!(code, "capture-session-expired");
    let view = person.view();
    assert!(
        matches!(&view.screen, Screen::IdLayout { document: Some(Document::Card), .. }),
        "the answers stay: {view:?}"
    );
    assert!(!person.notices().contains(&Notice::UnsentInMemory), "there is nothing left to lose");
    person.press(Intent::ChooseIdLayout { two_sides: false }).await;
    let (face, id) = person.both_by_hand(&director).await;
    assert_ne!(sha256_hex(&face), sha256_hex(&old_face), "a new photo");
    person.submit().await;
    let sent = [(1, "face".to_owned(), sha256_hex(&face)), (1, "id".to_owned(), sha256_hex(&id))];
    assert_eq!(accepted(&house.database().await).await, sent);
}
