//! Which camera: remembered across starts, told when another one stands in, and judged before an ID is held up to it.

use std::fs;
use std::time::Duration;

use likeness_camera::{Camera, DeviceKey, Mode, Move, Pixels, Rate, Script};
use likeness_journey::Intent;
use likeness_journey::view::{CameraFinding, CameraRemark, CardGrade, Notice};

use crate::drawn::{Director, Fault, noise, stage};
use crate::faulty_house::FaultyHouse;
use crate::person::{Person, camera};

async fn to_camera_check(house: &FaultyHouse, person: &Person) {
    person.to_sign_in().await;
    house.sign_in(person, 0).await;
    person.to_layout().await;
    person.choose_layout(false).await;
}

fn stands_in(person: &Person) -> bool {
    person.notices().iter().any(|notice| matches!(notice, Notice::OtherCamera { .. }))
}

/// A camera of one size that shows noise.
struct Snow {
    size_px: (u16, u16),
}

impl Script for Snow {
    fn open(&mut self, _opens: u32) -> Result<(), i32> {
        Ok(())
    }

    fn picture(&mut self, opens: u32, number: u64) -> Move {
        let number = u32::try_from(number).unwrap_or(0).wrapping_add(opens << 16);
        Move::Picture(noise(self.size_px, 200, number))
    }
}

fn snow(width_px: u16, height_px: u16) -> Camera {
    let mode = Mode { width_px, height_px, fps: Rate::whole(15), pixels: Pixels::Mjpeg };
    Camera::start_played(Box::new(Snow { size_px: (width_px, height_px) }), &[mode], true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_chosen_camera_is_remembered_and_one_that_is_missing_is_named_once() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let folder = tempfile::tempdir().expect("a folder of the test's own can be made");
    let file = folder.path().join("config").join("camera.json");

    println!("first start: nothing is remembered, and nothing is written before somebody chooses");
    let person = house.remembering_person(snow(1280, 720), Some(file.clone()));
    to_camera_check(&house, &person).await;
    person.until_camera(None).await;
    assert!(!stands_in(&person), "nothing was chosen before");
    assert!(!file.exists(), "a default is not a choice");
    person.until("the choice of cameras", |view| camera(&view.screen).is_some_and(|it| !it.cameras.is_empty())).await;
    person.press(Intent::ChooseCamera { key: "scripted".to_owned() }).await;
    person.until_camera(None).await;
    for _ in 0..100 {
        if file.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let text = fs::read_to_string(&file).expect("the choice is written");
    assert_eq!(text, "{\"version\":1,\"camera\":\"scripted\"}\n", "the key and nothing else");
    drop(person);

    println!("second start: it is there");
    let person = house.remembering_person(snow(1280, 720), Some(file.clone()));
    to_camera_check(&house, &person).await;
    person.until_camera(None).await;
    assert!(!stands_in(&person), "it is the one that was chosen");
    drop(person);

    println!("third start: it is not, and another one stands in");
    fs::write(&file, "{\"version\":1,\"camera\":\"v4l2-0badcafe\"}").expect("the file can be written");
    let person = house.remembering_person(snow(1280, 720), Some(file.clone()));
    to_camera_check(&house, &person).await;
    person.until_camera(None).await;
    person
        .until("the notice", |view| {
            view.notices.iter().any(|it| matches!(it, Notice::OtherCamera { name } if name == "Scripted camera"))
        })
        .await;
    person.press(Intent::Go).await;
    person.until_camera(None).await;
    assert!(!stands_in(&person), "it was said");
    person.press(Intent::Back).await;
    person.until_camera(None).await;
    assert!(!stands_in(&person), "and is not said again");
    assert!(fs::read_to_string(&file).is_ok_and(|text| text.contains("v4l2-0badcafe")), "what stands in is not chosen");
    drop(person);

    println!("fourth start: the file is damaged");
    fs::write(&file, "{\"version\":1,\"cam").expect("the file can be written");
    let person = house.remembering_person(snow(1280, 720), Some(file.clone()));
    to_camera_check(&house, &person).await;
    person.until_camera(None).await;
    assert!(!stands_in(&person), "nothing is known of before");
    drop(person);

    println!("without a file nothing is ever written");
    let person = house.remembering_person(snow(1280, 720), None);
    to_camera_check(&house, &person).await;
    person.until("the choice of cameras", |view| camera(&view.screen).is_some_and(|it| !it.cameras.is_empty())).await;
    person.press(Intent::ChooseCamera { key: "scripted".to_owned() }).await;
    person.until_camera(None).await;
    assert_eq!(fs::read_dir(folder.path().join("config")).map(Iterator::count).ok(), Some(1), "one file, of before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c18_what_a_camera_can_show_of_an_id_is_said_before_one_is_held_up() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    #[rustfmt::skip]
    let table = [
        (1920, 1080, Some(CardGrade::Plenty),    "every letter"),
        (1280, 720,  Some(CardGrade::Enough),    "enough, held close"),
        (640, 480,   Some(CardGrade::TooLittle), "small print will not be legible"),
        (320, 240,   None,                       "too small for any photo the server takes"),
    ];
    for (width_px, height_px, expected, because) in table {
        let person = house.person(snow(width_px, height_px));
        to_camera_check(&house, &person).await;
        if let Some(grade) = expected {
            let view = person.until_camera(None).await;
            let shown = camera(&view.screen).expect("a camera screen");
            assert_eq!(shown.card.map(|card| card.grade), Some(grade), "{width_px} x {height_px}: {because}");
            person.press(Intent::Go).await;
            let view = person.until_camera(None).await;
            assert_eq!(camera(&view.screen).and_then(|it| it.card), None, "a face needs none of that");
        } else {
            person.until_camera(Some("camera-unsupported")).await;
            // The list comes by itself, and nothing else may change the page while something is refused.
            let view = person
                .until("the choice of cameras", |view| camera(&view.screen).is_some_and(|it| !it.cameras.is_empty()))
                .await;
            person.refused(Intent::Go, because).await;
            let remark = camera(&view.screen).and_then(|it| it.cameras[0].remark);
            assert_eq!(remark, Some(CameraRemark::TooSmall), "{because}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lens_that_was_measured_before_says_how_far_away_the_card_is_held() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let folder = tempfile::tempdir().expect("a folder of the test's own can be made");
    let file = folder.path().join("camera.json");
    let hash = DeviceKey::new("scripted").id_hash();
    // 78 degrees instead of the 60 that are assumed: fewer dots at the same distance, and the card is held nearer.
    let lens = format!(r#"{{"camera":"{hash}","width_px":1920,"height_px":1080,"focal_px":1185.5}}"#);
    fs::write(&file, format!(r#"{{"version":1,"lenses":[{lens}]}}"#)).expect("a file can be written");
    #[rustfmt::skip]
    let table = [
        (1920, 1080, 151, Some(15), CardGrade::Enough, "the camera and the size that were measured"),
        (1280, 720,  141, None,     CardGrade::Enough, "another size is another lens, and nothing is said of it"),
    ];
    for (width_px, height_px, dpi, centimetres, grade, because) in table {
        let person = house.remembering_person(snow(width_px, height_px), Some(file.clone()));
        to_camera_check(&house, &person).await;
        let view = person.until_camera(None).await;
        let shown = camera(&view.screen).and_then(|it| it.card).expect("a card can be judged");
        assert_eq!((shown.dpi, shown.centimetres, shown.grade), (dpi, centimetres, grade), "{because}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c12_a_covered_lens_is_a_finding_that_stops_nothing_and_ends_by_itself() {
    let _stage = stage().await;
    let house = FaultyHouse::new().await;
    let (director, played) = Director::with_camera();
    let person = house.person(played);
    to_camera_check(&house, &person).await;
    person.until_camera(None).await;
    let finding = |view: &likeness_journey::view::View| camera(&view.screen).and_then(|camera| camera.finding);
    assert_eq!(finding(&person.view()), None);
    director.fault(Fault::Covered);
    let view = person.until("the finding", |view| finding(view) == Some(CameraFinding::Covered)).await;
    assert!(camera(&view.screen).is_some_and(|camera| camera.trouble.is_none()), "it is no trouble");
    director.fault(Fault::None);
    person.until("its end", |view| finding(view).is_none()).await;
    person.check_camera().await;
}
