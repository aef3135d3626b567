//! The named faults of a camera (C rows of the threat notes), played under the real thread, watchdog, cut and slot.

use std::time::Duration;

use likeness_camera::{Camera, CameraState, Damage, Move, Purpose};

use crate::played::{MODE, Played, SOON, expect_code, now, picture, playing, shows, sized_picture};

const LOST: i32 = 19;
const BUSY: i32 = 16;
const DENIED: i32 = 13;
const GONE: i32 = 2;
const BUS_ERROR: i32 = 71;

#[test]
fn fault_c01_without_a_camera_the_state_says_so() {
    let camera = Camera::start(likeness_camera::Sources::default());
    assert!(!camera.any_present());
    assert_eq!(camera.list().unwrap(), []);
    camera.open(None, Purpose::Check);
    expect_code(&camera, Some("camera-none"), SOON, "there is nothing to open");
    assert!(camera.newest().is_none() && camera.facts().is_none());
}

#[test]
fn fault_c02_an_unplugged_camera_is_named_at_once_and_its_last_picture_is_gone() {
    let camera = Camera::start_scripted(
        Box::new(Played(
            |opens| if opens == 0 { Ok(()) } else { Err(GONE) },
            |_, number| if number < 10 { Move::Picture(picture(number)) } else { Move::Error(LOST) },
        )),
        MODE,
    );
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "ten pictures come");
    expect_code(&camera, Some("camera-lost"), SOON, "then the plug is pulled");
    assert!(camera.newest().is_none(), "a picture of a camera that is gone must not look live");
    assert!(camera.facts().is_none());
}

#[test]
fn fault_c04_a_replugged_camera_goes_on_by_itself() {
    let camera = Camera::start_scripted(
        Box::new(Played(
            |opens| if opens == 1 { Err(GONE) } else { Ok(()) },
            |opens, number| if opens > 0 || number < 5 { Move::Picture(picture(number)) } else { Move::Error(LOST) },
        )),
        MODE,
    );
    let attempt = camera.open(None, Purpose::Face);
    expect_code(&camera, Some("camera-lost"), SOON, "the plug is pulled");
    expect_code(&camera, None, SOON * 2, "and put back: the same attempt lives on");
    let frame = camera.wait_newer(None, SOON).unwrap();
    assert_eq!(frame.attempt(), attempt);
    assert!(!frame.fresh() || frame.seq() > 7, "the row of fresh pictures starts anew");
}

#[test]
fn fault_c05_a_silent_camera_is_stalled_then_reopened_once() {
    let camera =
        playing(|opens, number| if opens > 0 || number < 5 { Move::Picture(picture(number)) } else { Move::Nothing });
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "pictures come");
    let after = expect_code(&camera, Some("camera-stalled"), SOON * 2, "then none");
    assert!(after > Duration::from_secs(1), "not before people would notice: {after:?}");
    expect_code(&camera, None, SOON * 3, "opened once more, it sends again");
}

#[test]
fn fault_c06_the_same_picture_for_ever_is_not_taken_for_a_live_one() {
    let still = picture(1);
    let camera = playing(move |_, _| Move::Picture(still.clone()));
    camera.open(None, Purpose::Face);
    expect_code(&camera, Some("camera-not-moving"), SOON * 3, "three seconds of one picture");
    let frame = camera.newest().unwrap();
    assert!(!frame.fresh(), "no still from a frozen camera");
}

#[test]
fn fault_c07_c08_c09_and_c11_bad_pictures_are_dropped_and_three_in_a_row_are_named() {
    let whole = picture(1);
    let half = whole[..whole.len() / 2].to_vec();
    #[rustfmt::skip]
    let table: [(Vec<u8>, &str); 4] = [
        (Vec::new(),                     "C07: an empty frame"),
        (half,                           "C08: half a frame"),
        (vec![0x5A; 30_000],             "C09: random bytes"),
        (vec![0xFF, 0xD8, 0xFF, 0xD9],   "C11: far too short"),
    ];
    for (bad, because) in table {
        // Ten good ones, bad ones for a while, then good ones again.
        let camera = playing(move |_, number| {
            Move::Picture(if (10..40).contains(&number) { bad.clone() } else { picture(number) })
        });
        camera.open(None, Purpose::IdCard);
        expect_code(&camera, None, SOON, because);
        expect_code(&camera, Some("camera-damaged-frames"), SOON, because);
        assert!(
            camera.newest().is_some_and(|frame| frame.planes().is_ok()),
            "{because}: nothing damaged is ever shown"
        );
        expect_code(&camera, None, SOON, "one good picture ends it");
        camera.quit();
    }
}

#[test]
fn fault_c10_pictures_of_another_size_are_never_shown_and_the_format_is_negotiated_once_more() {
    let wrong_until = |opens_wrong: u32| {
        let (wrong, good) = (sized_picture(1, 800, 600), 10);
        playing(move |opens, number| {
            Move::Picture(if opens < opens_wrong && number >= good { wrong.clone() } else { picture(number) })
        })
    };
    let camera = wrong_until(1);
    camera.open(None, Purpose::IdCard);
    expect_code(&camera, None, SOON, "right at first");
    assert!(!shows(&camera, |state| state.code().is_some(), Duration::from_secs(2)), "opened once more, unseen");
    let frame = camera.newest().unwrap();
    assert_eq!(frame.planes().unwrap().y.width, usize::from(MODE.width_px));

    let camera = wrong_until(u32::MAX);
    camera.open(None, Purpose::IdCard);
    expect_code(&camera, None, SOON, "right at first");
    expect_code(&camera, Some("camera-damaged-frames"), SOON, "the second time it is named");
}

#[test]
fn fault_c08_one_torn_picture_is_no_fault_but_breaks_the_row() {
    let camera = playing(|_, number| {
        let bytes = picture(number);
        Move::Picture(if number % 5 == 4 { bytes[..bytes.len() / 2].to_vec() } else { bytes })
    });
    camera.open(None, Purpose::IdCard);
    expect_code(&camera, None, SOON, "four of five are good");
    assert!(!shows(&camera, |state| state.code().is_some(), Duration::from_secs(1)), "no fault is shown");
    let mut seq = None;
    let mut fresh = 0;
    for _ in 0..12 {
        let frame = camera.wait_newer(seq, SOON).unwrap();
        seq = Some(frame.seq());
        fresh += u32::from(frame.fresh());
    }
    assert!(fresh < 10, "pictures behind a torn one do not count yet: {fresh} of 12");
}

#[test]
fn damage_that_only_the_decoder_sees_is_counted_too() {
    // The scan is overwritten with bytes that hold no marker: the cut accepts it, the decoder does not.
    let camera = playing(|_, number| {
        let mut bytes = picture(number);
        if (10..60).contains(&number) {
            let (start, end) = (bytes.len() / 2, bytes.len() - 2);
            bytes[start..end].fill(0xEE);
        }
        Move::Picture(bytes)
    });
    camera.open(None, Purpose::IdCard);
    expect_code(&camera, None, SOON, "good at first");
    let reader = camera.clone();
    let reading = std::thread::spawn(move || {
        let (mut seq, mut bad) = (None, 0);
        while let Some(frame) = reader.wait_newer(seq, Duration::from_millis(700)) {
            seq = Some(frame.seq());
            if let Err(damage) = frame.planes() {
                assert!(matches!(damage, Damage::Codec(_)), "{damage}");
                assert!(frame.still(4 << 20).is_err(), "no still of it");
                bad += 1;
            }
            if bad > 0 && frame.planes().is_ok() {
                break;
            }
        }
        bad
    });
    expect_code(&camera, Some("camera-damaged-frames"), SOON, "the reader's decoder reports");
    expect_code(&camera, None, SOON * 2, "and a good one ends it");
    assert!(reading.join().unwrap() >= 3);
}

#[test]
fn fault_c15_a_busy_camera_is_named_and_taken_when_it_is_free() {
    let camera = Camera::start_scripted(
        Box::new(Played(
            |opens| if opens < 2 { Err(BUSY) } else { Ok(()) },
            |_, number| Move::Picture(picture(number)),
        )),
        MODE,
    );
    camera.open(None, Purpose::Check);
    expect_code(&camera, Some("camera-in-use"), SOON, "another program has it");
    expect_code(&camera, None, SOON * 2, "it lets go after a second");
}

#[test]
fn fault_c16_and_c17_a_forbidden_camera_is_named() {
    let camera = Camera::start_scripted(Box::new(Played(|_| Err(DENIED), |_, _| Move::Nothing)), MODE);
    camera.open(None, Purpose::Check);
    expect_code(&camera, Some("camera-denied"), SOON, "at the start");
    let camera = playing(|_, number| if number < 5 { Move::Picture(picture(number)) } else { Move::Error(DENIED) });
    camera.open(None, Purpose::Check);
    expect_code(&camera, None, SOON, "allowed at first");
    expect_code(&camera, Some("camera-denied"), SOON, "then withdrawn");
}

#[test]
fn an_error_of_the_bus_costs_one_reopen() {
    let camera =
        playing(
            |opens, number| {
                if opens == 0 && number == 6 { Move::Error(BUS_ERROR) } else { Move::Picture(picture(number)) }
            },
        );
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "pictures come");
    expect_code(&camera, Some("camera-failed"), SOON, "the transfer breaks");
    expect_code(&camera, None, SOON, "and the stream comes back by itself");
}

#[test]
fn a_panicking_binding_costs_the_stream_and_nothing_else() {
    let camera =
        playing(|opens, number| if opens == 0 && number == 6 { Move::Panic } else { Move::Picture(picture(number)) });
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "pictures come");
    expect_code(&camera, Some("camera-failed"), SOON, "the binding panics");
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "the thread lives, and the camera opens again");
}

#[test]
fn a_hanging_driver_is_named_and_quitting_does_not_wait_for_it() {
    let camera = playing(
        |_, number| if number < 5 { Move::Picture(picture(number)) } else { Move::Hang(Duration::from_secs(6)) },
    );
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "pictures come");
    expect_code(&camera, Some("camera-stalled"), SOON * 2, "then the call does not come back");
    let began = now();
    camera.quit();
    assert!(began.elapsed() < Duration::from_millis(500), "quit may wait 100 ms: {:?}", began.elapsed());
}

#[test]
fn quitting_a_running_or_silent_camera_is_quick() {
    for moves in [|_: u32, number: u64| Move::Picture(picture(number)), |_: u32, _: u64| Move::Nothing] {
        let camera = playing(moves);
        camera.open(None, Purpose::Face);
        std::thread::sleep(Duration::from_millis(300));
        let began = now();
        camera.quit();
        assert!(began.elapsed() < Duration::from_millis(250), "{:?}", began.elapsed());
        camera.open(None, Purpose::Face);
        assert!(camera.wait_newer(None, Duration::from_millis(200)).is_none(), "nothing comes after quitting");
    }
}

#[test]
fn a_newer_wish_wins_over_every_wait() {
    let camera = Camera::start_scripted(
        Box::new(Played(|opens| if opens == 0 { Err(BUSY) } else { Ok(()) }, |_, n| Move::Picture(picture(n)))),
        MODE,
    );
    let first = camera.open(None, Purpose::Check);
    expect_code(&camera, Some("camera-in-use"), SOON, "waiting half a second to try again");
    let second = camera.open(None, Purpose::Face);
    assert!(second > first);
    let frame = camera.wait_newer(None, SOON).unwrap();
    assert_eq!(frame.attempt(), second, "frames of the older attempt never come");
    camera.close();
    assert_eq!(camera.state(), CameraState::Off, "closing shows at once");
    assert!(camera.newest().is_none(), "and so does the empty slot");
    assert!(camera.wait_newer(None, Duration::from_millis(300)).is_none());
}
