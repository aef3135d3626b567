//! Leaving the app never waits for a camera, not even for one whose driver hangs.

use std::time::{Duration, Instant};

use likeness_account::vault::MemoryStore;
use likeness_journey::Intent;
use likeness_journey::view::ProfileStatus;

use crate::drawn::{Director, Fault, stage};
use crate::practice_house::{LEARNER, PracticeHouse};

/// Under a second of the app's own doing; five times that on a busy machine.
const WITHIN: Duration = Duration::from_secs(5);

#[test]
fn the_app_ends_while_the_driver_hangs() {
    #[rustfmt::skip]
    let table = [
        (Fault::None,    "the camera runs well"),
        (Fault::Silent,  "the camera sends nothing"),
        (Fault::Hanging, "the driver does not come back for half a minute"),
    ];
    for (fault, because) in table {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let person = runtime.block_on(async {
            let _stage = stage().await;
            let house = PracticeHouse::new().await;
            let (director, played) = Director::with_camera();
            let person = house.person(played, Box::new(MemoryStore::new()));
            person.to_sign_in().await;
            person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
            person.until_status(ProfileStatus::None).await;
            person.to_layout().await;
            person.choose_layout(false).await;
            person.check_camera().await;
            person.until_camera(None).await;
            director.fault(fault);
            // Now the next picture is asked for.
            tokio::time::sleep(Duration::from_millis(300)).await;
            person
        });
        let leaving = began();
        drop(person);
        runtime.shutdown_timeout(WITHIN);
        let took = leaving.elapsed();
        println!("{because}: left in {} ms", took.as_millis());
        assert!(took < WITHIN, "{because}: leaving took {took:?}");
    }
}

#[allow(clippy::disallowed_methods, reason = "a deadline of a test, on the real clock")]
fn began() -> Instant {
    Instant::now()
}
