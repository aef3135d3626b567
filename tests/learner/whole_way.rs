//! The whole way, both decisions, and the hashes along it: what was reviewed is what was sent.

use likeness_account::vault::MemoryStore;
use likeness_journey::Intent;
use likeness_journey::view::{HomeAction, Notice, Photo, PhotoSlot, ProfileStatus, ReasonView, Screen};

use crate::drawn::{practice_camera, stage};
use crate::person::{NAME, sha256_hex};
use crate::practice_house::{LEARNER, PracticeHouse, accepted};
use crate::review_desk::ReviewDesk;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_photos_a_rejection_one_photo_again_and_the_approval() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let person = house.person(practice_camera(), Box::new(MemoryStore::new()));

    person.to_sign_in().await;
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    assert_eq!(person.until_status(ProfileStatus::None).await, Some(HomeAction::Start));
    person.to_layout().await;
    person.choose_layout(false).await;
    person.until("the label of the drawn learner", |view| view.notices.contains(&Notice::PracticeCamera)).await;
    person.check_camera().await;
    let guidance = person.note_guidance();
    let (face, id) = person.both_photos().await;
    let said = guidance.lock().expect("the list of what was said").clone();
    println!("guidance: {said:?}");
    let advised = said.iter().any(|word| word.starts_with("face-") || word.starts_with("card-"));
    assert!(advised, "the learner fumbled seven times and must have been told something: {said:?}");
    assert!(said.contains(&"countdown".to_owned()), "nobody pressed, and the photo was announced: {said:?}");
    let Screen::CheckAnswers { name, face: face_slot, id: id_slot, .. } = &person.view().screen else {
        panic!("the answers")
    };
    assert_eq!(name, NAME);
    for (slot, reviewed) in [(face_slot, &face), (id_slot, &id)] {
        let PhotoSlot::Taken { picture } = slot else { panic!("both photos are there: {slot:?}") };
        assert_eq!(sha256_hex(&person.picture(picture)), sha256_hex(reviewed), "the very picture that was reviewed");
    }
    assert!(person.notices().contains(&Notice::UnsentInMemory), "the learner is told that closing would lose them");
    assert!(!person.journey.may_close(), "the window asks once");
    let receipt = person.submit().await;
    person.press(Intent::CopyReference).await;
    assert_eq!(person.copied(), [receipt]);
    assert!(person.journey.may_close(), "nothing is left to lose");

    let database = house.database().await;
    let (face_sha, id_sha) = (sha256_hex(&face), sha256_hex(&id));
    let sent = [(1, "face".to_owned(), face_sha.clone()), (1, "id".to_owned(), id_sha.clone())];
    assert_eq!(accepted(&database).await, sent, "the server accepted the very bytes that were shown for review");

    person.press(Intent::Go).await;
    person.until_status(ProfileStatus::InReview).await;
    let desk = decide(&person.review_link().await, |desk, case| desk.reject(case, "id_not_legible"));
    assert!(desk.contains(NAME), "the reviewer sees the name");
    assert_eq!(person.until_status(ProfileStatus::Rejected).await, Some(HomeAction::Fix));
    person.press(Intent::Go).await;
    let view = person.until_screen("fix-photo").await;
    let Screen::FixPhoto { reasons, retake, kept, .. } = &view.screen else {
        unreachable!("it is the screen waited for")
    };
    let reason = ReasonView { code: "id-not-legible".to_owned(), photo: Some(Photo::Id), note: None };
    assert_eq!(
        (reasons.as_slice(), retake.as_slice(), *kept),
        ([reason].as_slice(), [Photo::Id].as_slice(), Some(Photo::Face))
    );

    person.press(Intent::Go).await;
    person.until("a camera screen", |view| crate::person::camera(&view.screen).is_some()).await;
    if person.screen_name() == "camera-check" {
        person.check_camera().await;
    }
    let again = person.photo_by_itself(Photo::Id).await;
    person.press(Intent::AcceptPhoto).await;
    let view = person.until_screen("check-answers").await;
    assert!(
        matches!(&view.screen, Screen::CheckAnswers { face: PhotoSlot::Kept, id: PhotoSlot::Taken { .. }, .. }),
        "only the ID was asked for"
    );
    person.submit().await;
    let again_sha = sha256_hex(&again);
    assert_ne!(again_sha, id_sha, "another photo, not the old one");
    let accepted_now = accepted(&database).await;
    let second: Vec<_> = accepted_now.into_iter().filter(|(number, ..)| *number == 2).collect();
    let expected = [(2, "face".to_owned(), face_sha), (2, "id".to_owned(), again_sha)];
    assert_eq!(second, expected, "the face photo that was kept is the first one; the ID is the new one");

    person.press(Intent::Go).await;
    person.until_status(ProfileStatus::InReview).await;
    decide(&person.review_link().await, ReviewDesk::approve);
    assert_eq!(person.until_status(ProfileStatus::Approved).await, None, "there is nothing left to do");
    person.press(Intent::ReadPracticeMail).await;
    person
        .until(
            "a mail for each decision",
            |view| matches!(&view.screen, Screen::Mailbox { mails, .. } if mails.len() >= 3),
        )
        .await;
}

/// Plays the reviewer; gives the page that was looked at.
fn decide(link: &str, decision: impl Fn(&ReviewDesk, &crate::review_desk::Case)) -> String {
    tokio::task::block_in_place(|| {
        let desk = ReviewDesk::enter(link);
        let case = desk.oldest_case();
        desk.look_at_photos(&case);
        decision(&desk, &case);
        case.page
    })
}
