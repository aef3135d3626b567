//! An ID with its photo on one side and its name on the other: the photo side beside the face, then the name side.

use likeness_account::vault::MemoryStore;
use likeness_journey::Intent;
use likeness_journey::view::{Hand, Photo, ProfileStatus, Screen};

use crate::drawn::{practice_camera, stage};
use crate::person::sha256_hex;
use crate::practice_house::{LEARNER, PracticeHouse, accepted};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_card_beside_the_face_and_then_its_name_side_are_accepted() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let person = house.person(practice_camera(), Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    person.until_status(ProfileStatus::None).await;
    person.to_layout().await;
    person.choose_layout(true).await;
    person.check_camera().await;

    let view = person
        .until("the live picture", |view| matches!(&view.screen, Screen::Capture { photo: Photo::Face, .. }))
        .await;
    let Screen::Capture { with_card, hand, .. } = &view.screen else { unreachable!("it is the screen waited for") };
    assert_eq!((*with_card, *hand), (true, Some(Hand::Left)), "the card is asked for beside the face");
    let face = person.photo_by_itself(Photo::Face).await;
    person.press(Intent::AcceptPhoto).await;
    let view =
        person.until("the live picture", |view| matches!(&view.screen, Screen::Capture { photo: Photo::Id, .. })).await;
    assert!(
        matches!(&view.screen, Screen::Capture { with_card: false, hand: None, .. }),
        "the name side is held alone"
    );
    let id = person.photo_by_itself(Photo::Id).await;
    person.press(Intent::AcceptPhoto).await;
    let view = person.until_screen("check-answers").await;
    assert!(matches!(&view.screen, Screen::CheckAnswers { two_sides: true, .. }));
    person.submit().await;

    // The server refuses a profile of this layout whose signed record does not say that a card is in view beside the face.
    let database = house.database().await;
    let layouts: Vec<(String,)> =
        sqlx::query_as("SELECT id_layout FROM submissions").fetch_all(&database).await.expect("the submission");
    assert_eq!(layouts, [("two_sides".to_owned(),)]);
    let sent = [(1, "face".to_owned(), sha256_hex(&face)), (1, "id".to_owned(), sha256_hex(&id))];
    assert_eq!(accepted(&database).await, sent);
}
