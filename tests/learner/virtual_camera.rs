//! Fault C23: a camera that seems to be a program. The organisation decides; the learner hears of it before a photo is taken, and always has a way on.

use likeness_journey::Intent;
use likeness_journey::view::{CameraRemark, CameraViewState, Document, Notice, Screen};
use likeness_server::settings::VirtualCameraRule;

use crate::drawn::{Director, stage};
use crate::faulty_house::FaultyHouse;
use crate::person::{Person, camera};

async fn to_camera_check(house: &FaultyHouse, person: &Person) {
    person.to_sign_in().await;
    house.sign_in(person, 0).await;
    person.to_layout().await;
    person.choose_layout(false).await;
}

fn named(person: &Person) -> Option<(String, String)> {
    person.notices().into_iter().find_map(|notice| match notice {
        Notice::VirtualCamera { name, why } => Some((name, why)),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c23_flagged_it_is_named_with_the_reason_and_allowed_nothing_is_said() {
    let _stage = stage().await;
    let told = Some(("Scripted camera".to_owned(), "program".to_owned()));
    for (rule, expected, remark, because) in [
        (
            VirtualCameraRule::Flag,
            told,
            Some(CameraRemark::Program),
            "the reviewer will see it, so the learner is told",
        ),
        (VirtualCameraRule::Allow, None, None, "nobody is told anything"),
    ] {
        let house = FaultyHouse::with_rule(rule).await;
        let (director, played) = Director::with_virtual_camera();
        let person = house.person(played);
        to_camera_check(&house, &person).await;
        person.until_camera(None).await;
        person
            .until("the choice of cameras", |view| camera(&view.screen).is_some_and(|it| !it.cameras.is_empty()))
            .await;
        assert_eq!(named(&person), expected, "{because}");
        assert_eq!(camera(&person.view().screen).and_then(|it| it.cameras[0].remark), remark, "{because}");
        person.check_camera().await;
        person.both_by_hand(&director).await;
        person.submit().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c23_blocked_it_is_never_opened_and_says_why_before_a_photo() {
    let _stage = stage().await;
    let house = FaultyHouse::with_rule(VirtualCameraRule::Block).await;
    let (_director, played) = Director::with_virtual_camera();
    let person = house.person(played.clone());
    to_camera_check(&house, &person).await;
    let view = person.until_camera(Some("camera-virtual-blocked")).await;
    let shown = camera(&view.screen).expect("a camera screen");
    assert_eq!((shown.state, shown.name.as_deref()), (CameraViewState::Trouble, Some("Scripted camera")));
    assert!(played.newest().is_none(), "no picture of it was taken in");
    // The list comes by itself, and nothing else may change the page while something is refused.
    let view = person
        .until("the choice of cameras", |view| camera(&view.screen).is_some_and(|it| !it.cameras.is_empty()))
        .await;
    person.refused(Intent::Go, "nobody goes on with it").await;
    let choices = camera(&view.screen).map(|it| it.cameras.clone()).unwrap_or_default();
    assert_eq!(choices[0].remark, Some(CameraRemark::NotAllowed), "the list says so too");
    person.press(Intent::TurnOnCamera).await;
    person.until_camera(Some("camera-virtual-blocked")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c23_a_rule_that_became_stricter_is_kept_by_the_server_and_then_by_the_app() {
    let _stage = stage().await;
    let mut house = FaultyHouse::new().await;
    let (director, played) = Director::with_virtual_camera();
    let person = house.person(played);
    to_camera_check(&house, &person).await;
    person.check_camera().await;
    person.both_by_hand(&director).await;
    house.stop().await;
    house.change_rule(VirtualCameraRule::Block);
    house.start().await;
    person.press(Intent::Submit).await;
    let code = person.until_trouble("id-layout").await;
    assert_eq!(code, "virtual-camera", "the server's refusal, in words of its own");
    let view = person.view();
    assert!(
        matches!(&view.screen, Screen::IdLayout { document: Some(Document::Card), .. }),
        "the answers stay: {view:?}"
    );
    assert!(!person.notices().contains(&Notice::UnsentInMemory), "the photos are of no more use");
    person.press(Intent::ChooseIdLayout { two_sides: false }).await;
    person.until_camera(Some("camera-virtual-blocked")).await;
    assert_eq!(person.screen_name(), "camera-check", "another camera can be chosen before anything is photographed");
}
