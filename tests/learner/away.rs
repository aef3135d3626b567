//! The learner was away, or the computer slept: the sign-in is looked at, the capture session is renewed, and nobody takes a photo in vain.
//!
//! Two clocks are moved, the server's and the app's; the camera's own stays, so nothing is sent here: the server would find photos that were
//! taken before their session began.

use std::time::Duration;

use likeness_journey::Intent;
use likeness_journey::view::{Notice, Photo, Screen};
use likeness_studio::Script;

use crate::drawn::{Director, stage};
use crate::faulty_house::FaultyHouse;
use crate::person::{Person, camera};

/// Longer than a token lives (10 minutes) and than photos may be taken in one session (15), shorter than they may be sent in (72 hours).
const AN_HOUR: Duration = Duration::from_hours(1);

async fn to_camera_check(house: &FaultyHouse, person: &Person) {
    person.to_sign_in().await;
    house.sign_in(person, 0).await;
    person.to_layout().await;
    person.choose_layout(false).await;
    person.until_camera(None).await;
}

/// Waits until the server has opened so many sessions.
async fn until_sessions(house: &FaultyHouse, expected: i64, because: &str) {
    let database = house.database().await;
    let mut count = 0;
    for _ in 0..100 {
        let counted = sqlx::query_scalar("SELECT count(*) FROM capture_sessions").fetch_one(&database).await;
        count = counted.expect("the sessions can be counted");
        if count >= expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(count, expected, "{because}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c25_after_a_sleep_the_session_is_new_and_the_same_screen_goes_on() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, played) = Director::with_camera();
    let person = house.person(played.clone());
    to_camera_check(&house, &person).await;
    let before = person.view();
    until_sessions(&house, 1, "the first").await;
    house.time_passes_for_both(AN_HOUR);
    played.play_sleep(AN_HOUR);
    let stream = |view: &likeness_journey::view::View| camera(&view.screen).and_then(|camera| camera.stream.clone());
    person
        .until("a stream of a new session", |view| {
            let live = camera(&view.screen)
                .is_some_and(|camera| camera.state == likeness_journey::view::CameraViewState::Live);
            live && stream(view) != stream(&before)
        })
        .await;
    assert_eq!(person.screen_name(), "camera-check", "the learner is where they were");
    until_sessions(&house, 2, "with a session of their own time").await;
    assert!(!person.notices().contains(&Notice::PhotosAnew), "nothing was lost");
    person.check_camera().await;
    person.both_by_hand(&director).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c25_after_a_sleep_a_sign_in_that_has_ended_is_seen_at_once() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (_director, played) = Director::with_camera();
    let person = house.person(played.clone());
    to_camera_check(&house, &person).await;
    // A refresh token lives for 30 days.
    let long = Duration::from_hours(40 * 24);
    house.time_passes_for_both(long);
    played.play_sleep(long);
    person
        .until(
            "the sign-in",
            |view| matches!(&view.screen, Screen::SignIn { ended: Some(why), .. } if why == "session-ended"),
        )
        .await;
    assert!(matches!(played.state(), likeness_camera::CameraState::Off), "nobody is signed in, so no camera runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_face_photo_that_waited_too_long_for_the_id_is_taken_again_before_anything_is_sent() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, played) = Director::with_camera();
    let person = house.person(played);
    to_camera_check(&house, &person).await;
    person.check_camera().await;
    director.play(Script::Neutral);
    person.photo_by_hand(Photo::Face).await;
    house.time_passes_for_both(AN_HOUR);
    // The ID would be of another session than the face, and the server takes only both of one.
    person.press(Intent::AcceptPhoto).await;
    let view = person
        .until("the face again", |view| {
            matches!(&view.screen, Screen::Capture { photo: Photo::Face, .. })
                && view.notices.contains(&Notice::PhotosAnew)
        })
        .await;
    assert!(!view.notices.contains(&Notice::UnsentInMemory), "there is nothing to lose any more");
    until_sessions(&house, 2, "with new time").await;
    person.both_by_hand(&director).await;
    assert!(!person.notices().contains(&Notice::PhotosAnew), "it was mended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_photo_taken_after_its_time_is_not_kept_and_the_next_one_is_in_time() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, played) = Director::with_camera();
    let person = house.person(played);
    to_camera_check(&house, &person).await;
    person.check_camera().await;
    person.until("the face", |view| matches!(&view.screen, Screen::Capture { photo: Photo::Face, .. })).await;
    // The learner sat before the camera for an hour; nothing happened that would have told the app.
    house.time_passes_for_both(AN_HOUR);
    person.both_by_hand(&director).await;
    until_sessions(&house, 2, "the photos are of a new session").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_connection_the_renewal_says_so_where_it_can_be_tried_again() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, played) = Director::with_camera();
    let person = house.person(played);
    to_camera_check(&house, &person).await;
    person.check_camera().await;
    director.play(Script::Neutral);
    house.line.go_down();
    house.time_passes_for_both(AN_HOUR);
    person.photo_attempt().await;
    let code = person.until_trouble("id-layout").await;
    assert!(code.starts_with("network-"), "{code}");
    house.line.come_up();
    person.press(Intent::ChooseIdLayout { two_sides: false }).await;
    person.until("the face", |view| matches!(&view.screen, Screen::Capture { photo: Photo::Face, .. })).await;
}
