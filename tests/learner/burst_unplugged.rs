//! Fault C03: the plug is pulled while the photo is being taken. The pictures that had come are thrown away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use likeness_account::vault::MemoryStore;
use likeness_journey::Intent;
use likeness_journey::view::{Guidance, GuidancePhase, Photo, ProfileStatus, Screen};

use crate::drawn::{Director, Fault, stage};
use crate::person::camera;
use crate::practice_house::{LEARNER, PracticeHouse};

/// Two pictures a second: a burst of at least three then lasts for a second, and there is time to pull the plug in the middle of it.
const SLOW: u16 = 2;
/// How often it is pulled. The next picture is not sent any more.
const ROUNDS: u32 = 4;

const NOT_NOW: u32 = u32::MAX;

#[cfg_attr(not(target_os = "linux"), ignore = "the faults are played as error numbers of Linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_c03_unplugged_during_the_burst_no_photo_is_kept() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let (director, played) = Director::with_slow_camera(SLOW);
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
    for round in 1..=ROUNDS {
        person.until_camera(None).await;
        pull_after.store(0, Ordering::SeqCst);
        // The learner sits well, so the photo is taken by itself.
        person
            .until("the end of the burst", |view| {
                let trouble = camera(&view.screen).and_then(|camera| camera.trouble.as_ref());
                matches!(&view.screen, Screen::Review { .. }) || trouble.is_some_and(|it| it.code == "camera-lost")
            })
            .await;
        // Two pictures would have come by now, and with them a photo.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(
            matches!(&person.view().screen, Screen::Capture { photo: Photo::Face, .. }),
            "round {round}: unplugged in the burst, no photo may come of it, but {} is shown",
            person.screen_name()
        );
        assert_eq!(pull_after.load(Ordering::SeqCst), NOT_NOW, "the plug was pulled in the burst and not before");
        println!("round {round}: unplugged in the burst, no photo");
        director.fault(Fault::None);
        person.press(Intent::TurnOnCamera).await;
    }
    person.photo_by_hand(Photo::Face).await;
}
