//! What every system's back-end must do with a camera on the desk. The same list for all three; Linux has the kernel's own
//! drivers in `tests/devices` besides, the other two have nothing else.
//!
//! `cargo test -p likeness-camera --lib -- --ignored real_camera --test-threads=1`, with a webcam plugged in that nobody
//! else uses. A missing camera fails; it never passes for a good one.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::FrameSource;
use super::native::{NativeSource, SystemCamera, ThisSystem};
use crate::catalogue;
use crate::clock;
use crate::device::Device;
use crate::error::CameraError;
use crate::fault::Fault;
use crate::mode::{Mode, Pixels};
use crate::wake::Wake;

/// A camera gets this long for its first picture.
const FIRST_WITHIN: Duration = Duration::from_secs(10);
/// And this long for each later one: a 1 fps camera is alive.
const NEXT_WITHIN: Duration = Duration::from_secs(5);
/// Ending a wait or a stream has 100 ms; tests allow five times that.
const SOON: Duration = Duration::from_millis(500);

fn camera() -> (Device, Mode) {
    let found = catalogue::devices();
    let names: Vec<String> = found.iter().map(|device| format!("{} {:?}", device.label, device.usable)).collect();
    let usable = found.into_iter().find_map(|device| {
        let mode = device.usable.as_ref().ok()?.first().copied()?;
        Some((device, mode))
    });
    usable.unwrap_or_else(|| panic!("plug in a webcam that no other program uses; the system names {names:?}"))
}

fn since(began: Instant) -> Duration {
    clock::now().duration_since(began)
}

#[test]
#[ignore = "needs a camera: plug one in and name this test"]
fn sixty_pictures_of_the_agreed_size_come_in_the_order_they_were_taken() {
    let (device, mode) = camera();
    let mut source = NativeSource::start(&device, mode, &Arc::new(Wake::new())).unwrap();
    let mut last_taken = None;
    let mut damaged = 0;
    for number in 0..60 {
        let within = if number == 0 { FIRST_WITHIN } else { NEXT_WITHIN };
        let raw = match source.next(within) {
            Ok(raw) => raw,
            // A camera that has just started may send a broken picture or two.
            Err(Fault::Damaged(_)) if number < 3 => {
                damaged += 1;
                continue;
            }
            Err(fault) => panic!("picture {number} of {mode}: {fault:?}"),
        };
        match mode.pixels.raw_bytes(usize::from(mode.width_px), usize::from(mode.height_px)) {
            Some(whole) => assert!(raw.bytes.len() >= whole, "picture {number} is shorter than {mode}"),
            None => assert!(raw.bytes.starts_with(&[0xFF, 0xD8]), "picture {number} of {mode} is no JPEG"),
        }
        assert!(raw.captured >= last_taken, "picture {number} was taken before the one before it");
        last_taken = raw.captured;
    }
    assert!(damaged <= 2, "{damaged} pictures were damaged");
}

#[test]
#[ignore = "needs a camera: plug one in and name this test"]
fn a_camera_may_be_stopped_twice_and_dropped_while_stopped() {
    let (device, mode) = camera();
    let wake = Arc::new(Wake::new());
    let mut system = ThisSystem::open(&device, mode, &wake).unwrap();
    system.start().unwrap();
    system.start().unwrap();
    assert!(system.is_running());
    assert!(system.picture(FIRST_WITHIN, &wake).is_ok());
    let began = clock::now();
    system.stop();
    assert!(since(began) < SOON, "a stop took {:?}", since(began));
    system.stop();
    assert!(!system.is_running());
    drop(system);
}

#[test]
#[ignore = "needs a camera: plug one in and name this test"]
fn a_camera_that_was_dropped_can_be_opened_again_at_once() {
    let (device, mode) = camera();
    for round in 0..3 {
        let mut source = NativeSource::start(&device, mode, &Arc::new(Wake::new())).unwrap();
        assert!(source.next(FIRST_WITHIN).is_ok(), "no picture in round {round}");
    }
}

#[test]
#[ignore = "needs a camera: plug one in and name this test"]
fn a_stream_that_is_asked_too_early_is_silent_and_goes_on() {
    let (device, mode) = camera();
    let mut source = NativeSource::start(&device, mode, &Arc::new(Wake::new())).unwrap();
    assert!(source.next(FIRST_WITHIN).is_ok());
    // No camera sends a picture every microsecond.
    let silent = (0..5).any(|_| matches!(source.next(Duration::from_micros(1)), Err(Fault::Silence)));
    assert!(silent, "five pictures at once");
    assert!(source.next(NEXT_WITHIN).is_ok(), "silence ended the stream");
}

#[test]
#[ignore = "needs a camera: plug one in and name this test"]
fn a_wish_ends_a_wait() {
    let (device, mode) = camera();
    let wake = Arc::new(Wake::new());
    let mut source = NativeSource::start(&device, mode, &wake).unwrap();
    assert!(source.next(FIRST_WITHIN).is_ok());
    wake.raise();
    let began = clock::now();
    let woken = (0..3).any(|_| matches!(source.next(NEXT_WITHIN), Err(Fault::Woken)));
    assert!(woken, "the wait went on");
    assert!(since(began) < SOON, "the wait ended after {:?}", since(began));
}

#[test]
#[ignore = "needs a camera and a hand: unplug it within 30 seconds of the line this prints"]
fn an_unplugged_camera_ends_its_stream_as_lost() {
    let (device, mode) = camera();
    let mut source = NativeSource::start(&device, mode, &Arc::new(Wake::new())).unwrap();
    assert!(source.next(FIRST_WITHIN).is_ok());
    println!("unplug {} now", device.label);
    let began = clock::now();
    while since(began) < Duration::from_secs(30) {
        match source.next(Duration::from_millis(250)).map(drop) {
            Err(Fault::Ended { error, .. }) => {
                // A system may first say that the stream broke; the next opening then says that the camera is gone.
                drop(source);
                thread::sleep(SOON);
                let again = NativeSource::start(&device, mode, &Arc::new(Wake::new())).err();
                let lost = Fault::Ended { error: CameraError::Lost, transient: false };
                assert!(error == CameraError::Lost || again == Some(lost), "{error:?}, then {again:?}");
                return;
            }
            Ok(()) | Err(Fault::Silence | Fault::Damaged(_)) => {}
            Err(fault) => panic!("{fault:?}"),
        }
    }
    panic!("the stream of {} has not ended", device.label);
}

#[test]
#[ignore = "needs a camera: plug one in and name this test"]
fn a_list_names_each_camera_once_and_the_same_way_twice() {
    let keys = |devices: Vec<Device>| devices.into_iter().map(|device| device.key).collect::<Vec<_>>();
    let (first, second) = (keys(catalogue::devices()), keys(catalogue::devices()));
    assert!(!first.is_empty(), "plug in a webcam");
    assert_eq!(first, second, "a key must not change between two lists");
    assert!(first.iter().all(|key| first.iter().filter(|other| *other == key).count() == 1));
    assert!(!catalogue::sighting().is_empty(), "what can be listed can be seen");
    let (_, mode) = camera();
    assert!(cfg!(not(target_os = "macos")) || mode.pixels != Pixels::Mjpeg, "macOS decodes everything itself");
}
