//! Fault C03: the plug is pulled while the photo is being taken. Whatever came before is thrown away, at whichever picture it happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use likeness_account::vault::MemoryStore;
use likeness_journey::Intent;
use likeness_journey::view::{Guidance, GuidancePhase, Photo, ProfileStatus, Screen};

use crate::drawn::{Director, Fault, stage};
use crate::person::camera;
use crate::practice_house::{LEARNER, PracticeHouse};

/// The plug is pulled this many pictures after the burst was seen to begin; a burst has at most eight.
const PICTURES: std::ops::Range<u32> = 0..6;

const NOT_NOW: u32 = u32::MAX;

#[cfg_attr(not(target_os = "linux"), ignore = "the faults are played as error numbers of Linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c03_unplugged_during_the_burst_no_photo_is_kept() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (director, played) = Director::with_camera();
    let person = house.person(played, Box::new(MemoryStore::new()));
    let pull_after = Arc::new(AtomicU32::new(NOT_NOW));
    let (puller, armed) = (director.clone(), pull_after.clone());
    person.journey.watch_guidance(move |guidance: Guidance| {
        if guidance.phase == GuidancePhase::Taking {
            let pictures = armed.swap(NOT_NOW, Ordering::SeqCst);
            if pictures != NOT_NOW {
                puller.unplug_after(pictures);
            }
        }
        true
    });
    person.to_sign_in().await;
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    person.until_status(ProfileStatus::None).await;
    person.to_layout().await;
    person.choose_layout(false).await;
    person.check_camera().await;
    let (mut in_time, mut too_late) = (0, 0);
    for pictures in PICTURES {
        person.until_camera(None).await;
        pull_after.store(pictures, Ordering::SeqCst);
        // The learner sits well, so the photo is taken by itself.
        let view = person
            .until("the end of the burst", |view| {
                let trouble = camera(&view.screen).and_then(|camera| camera.trouble.as_ref());
                matches!(&view.screen, Screen::Review { .. }) || trouble.is_some_and(|it| it.code == "camera-lost")
            })
            .await;
        if matches!(&view.screen, Screen::Review { .. }) {
            // The last picture of the burst had come before the plug was pulled: this photo is whole, and of a camera that ran.
            too_late += 1;
            pull_after.store(NOT_NOW, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            director.fault(Fault::None);
            person.press(Intent::Retake).await;
            continue;
        }
        in_time += 1;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(
            matches!(&person.view().screen, Screen::Capture { photo: Photo::Face, .. }),
            "unplugged {pictures} pictures after the beginning: no photo may come of it, but {} is shown",
            person.screen_name()
        );
        director.fault(Fault::None);
        person.press(Intent::TurnOnCamera).await;
    }
    println!("unplugged during the burst: {in_time}; after its last picture: {too_late}");
    assert!(in_time >= 3, "the burst must be hit at least three times, or this test shows nothing");
    person.photo_by_hand(Photo::Face).await;
}
