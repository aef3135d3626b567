//! The faults of a camera as the learner meets them: named by their code on the screen, mended by trying again, and no photo is lost.

use likeness_account::vault::MemoryStore;
use likeness_camera::{Camera, Sources};
use likeness_journey::Intent;
use likeness_journey::view::{CameraViewState, Notice, Photo, PhotoSlot, ProfileStatus, Screen};
use likeness_studio::Script;

use crate::drawn::{Director, Fault, stage};
use crate::person::{Person, camera, sha256_hex};
use crate::practice_house::{LEARNER, PracticeHouse};

async fn to_camera_check(house: &PracticeHouse, played: Camera) -> Person {
    let person = house.person(played, Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    person.until_status(ProfileStatus::None).await;
    person.to_layout().await;
    person.choose_layout(false).await;
    person
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_camera_the_learner_is_told_early_and_can_try_again() {
    let house = PracticeHouse::new().await;
    let person = house.person(Camera::start(Sources::default()), Box::new(MemoryStore::new()));
    person.until_screen("welcome").await;
    person.press(Intent::Go).await;
    assert!(
        matches!(&person.view().screen, Screen::BeforeYouBegin { camera_seen: false, .. }),
        "a warning before anything is typed"
    );
    drop(person);

    let person = to_camera_check(&house, Camera::start(Sources::default())).await;
    for _ in 0..2 {
        let view = person.until_camera(Some("camera-none")).await;
        let shown = camera(&view.screen).expect("a camera screen");
        assert_eq!((shown.state, shown.cameras.len()), (CameraViewState::Trouble, 0));
        person.refused(Intent::Go, "nobody goes on without a picture").await;
        person.press(Intent::TurnOnCamera).await;
    }
    person.until_camera(Some("camera-none")).await;
    person.press(Intent::Back).await;
    person.until_screen("id-layout").await;
}

#[cfg_attr(not(target_os = "linux"), ignore = "the faults are played as error numbers of Linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_fault_is_named_and_trying_again_mends_it() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (director, played) = Director::with_camera();
    // Faults of the opening, before any picture came.
    director.fault(Fault::Busy);
    let person = to_camera_check(&house, played).await;
    person.until_camera(Some("camera-in-use")).await;
    director.fault(Fault::Denied);
    person.press(Intent::TurnOnCamera).await;
    person.until_camera(Some("camera-denied")).await;
    let has_page = camera(&person.view().screen).is_some_and(|camera| camera.has_settings_page);
    assert_eq!(has_page, !cfg!(target_os = "linux"), "Linux decides by groups and has no such page");
    if has_page {
        person.press(Intent::OpenCameraSettings).await;
    } else {
        person.refused(Intent::OpenCameraSettings, "there is no page to open").await;
    }
    assert_eq!(
        person.links().len(),
        usize::from(has_page),
        "the way to the system's settings is opened where there is one"
    );
    director.fault(Fault::None);
    person.press(Intent::TurnOnCamera).await;
    person.until_camera(None).await;

    // Faults of a running stream.
    #[rustfmt::skip]
    let table = [
        (Fault::Unplugged, "camera-lost",           "the plug was pulled"),
        (Fault::Torn,      "camera-damaged-frames", "half of each picture is missing"),
        (Fault::Noise,     "camera-damaged-frames", "what comes is no picture"),
        (Fault::Silent,    "camera-stalled",        "nothing comes any more"),
        (Fault::Frozen,    "camera-not-moving",     "the same picture for ever"),
        (Fault::Denied,    "camera-denied",         "the permission was withdrawn"),
        (Fault::Panicking, "camera-failed",         "the binding to the driver panics"),
    ];
    for (fault, code, because) in table {
        println!("{fault:?}: {because}");
        director.fault(fault);
        person.until_camera(Some(code)).await;
        person.refused_while_in_trouble(because).await;
        director.fault(Fault::None);
        person.press(Intent::TurnOnCamera).await;
        person.until_camera(None).await;
    }
    person.check_camera().await;
    person.photo_by_hand(Photo::Face).await;
}

#[cfg_attr(not(target_os = "linux"), ignore = "the faults are played as error numbers of Linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fault_before_the_second_photo_loses_neither_the_first_nor_the_way() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (director, played) = Director::with_camera();
    let person = to_camera_check(&house, played).await;
    person.check_camera().await;
    let face = person.photo_by_hand(Photo::Face).await;
    director.play(Script::Id);
    for (fault, code) in [
        (Fault::Unplugged, "camera-lost"),
        (Fault::Frozen, "camera-not-moving"),
        (Fault::Torn, "camera-damaged-frames"),
    ] {
        person.press(Intent::AcceptPhoto).await;
        person.until("the ID", |view| matches!(&view.screen, Screen::Capture { photo: Photo::Id, .. })).await;
        // Struck in the first moment: the learner sits well, so the photo would be there within two seconds.
        director.fault(fault);
        person.until_camera(Some(code)).await;
        // The shutter may be pressed and gives nothing: no photo is made from a camera in trouble.
        person.press(Intent::TakePhoto).await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        assert_eq!(person.screen_name(), "capture", "{code}: no photo from a camera in trouble");
        assert!(!person.notices().contains(&Notice::UnsentInMemory), "{code}: nothing takes room from the picture");
        person.press(Intent::Back).await;
        let view = person.until_screen("review").await;
        assert_eq!(sha256_hex(&person.reviewed(&view)), sha256_hex(&face), "{code}: the face photo is still the same");
        director.fault(Fault::None);
    }
    person.press(Intent::AcceptPhoto).await;
    let id = person.photo_by_hand(Photo::Id).await;
    person.press(Intent::AcceptPhoto).await;
    let view = person.until_screen("check-answers").await;
    let Screen::CheckAnswers {
        face: PhotoSlot::Taken { picture: kept }, id: PhotoSlot::Taken { picture: new }, ..
    } = &view.screen
    else {
        panic!("both photos are there: {view:?}")
    };
    assert_eq!(
        (sha256_hex(&person.picture(kept)), sha256_hex(&person.picture(new))),
        (sha256_hex(&face), sha256_hex(&id))
    );
    person.submit().await;
}

impl Person {
    /// Nobody goes on past a camera in trouble. The camera may change by itself, so only the screen is compared.
    async fn refused_while_in_trouble(&self, because: &str) {
        let live =
            |person: &Self| camera(&person.view().screen).is_some_and(|camera| camera.state == CameraViewState::Live);
        if self.journey.intend(Intent::Go).await.is_ok() {
            assert!(live(self), "{because}: went on without a live picture");
        }
        assert_eq!(self.screen_name(), "camera-check", "{because}");
    }
}
