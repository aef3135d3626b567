//! The drawn camera goes the way of every camera, and what comes out can be shown, measured and sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use likeness_camera::{
    Backend, Camera, CameraState, Damage, DeviceKey, FrameMaker, Purpose, Sources, Virtual, decode_still, scale_jpeg,
};

use crate::played::{SOON, expect_code};

/// Noise that moves, and a note of what it was asked for.
struct Maker {
    size_px: (u16, u16),
    begun: Arc<Mutex<Vec<Purpose>>>,
    since: Arc<Mutex<Duration>>,
}

impl FrameMaker for Maker {
    fn label(&self) -> String {
        "Drawn camera".into()
    }
    fn size_px(&self) -> (u16, u16) {
        self.size_px
    }
    fn fps(&self) -> u16 {
        30
    }
    fn begin(&mut self, purpose: Purpose) {
        self.begun.lock().unwrap().push(purpose);
    }
    fn draw(&mut self, since_begin: Duration, rgb: &mut Vec<u8>) {
        *self.since.lock().unwrap() = since_begin;
        let moment = usize::try_from(since_begin.as_millis()).unwrap_or(0);
        let len = usize::from(self.size_px.0) * usize::from(self.size_px.1) * 3;
        rgb.clear();
        rgb.extend((0..len).map(|index| u8::try_from((index * 7 + moment * 13) % 251).unwrap_or(0)));
    }
}

type Notes = (Arc<Mutex<Vec<Purpose>>>, Arc<Mutex<Duration>>);

fn drawn(size_px: (u16, u16)) -> (Camera, Notes) {
    let notes = Notes::default();
    let maker = Maker { size_px, begun: Arc::clone(&notes.0), since: Arc::clone(&notes.1) };
    (Camera::start(Sources { native: false, synthetic: Some(Box::new(maker)) }), notes)
}

#[test]
fn the_drawn_camera_is_listed_as_what_it_is() {
    let (camera, _) = drawn((1280, 720));
    assert!(camera.any_present());
    let [device] = camera.list().unwrap().try_into().unwrap();
    assert_eq!((device.backend, device.virtual_camera), (Backend::Studio, Virtual::Yes));
    assert_eq!(device.label, "Drawn camera");
    assert_eq!(device.usable.unwrap()[0].to_string(), "MJPG 1280x720@30");
    assert_eq!(camera.state(), CameraState::Off, "listing opens nothing");
}

#[test]
fn a_frame_can_be_shown_measured_and_sent() {
    let (camera, _) = drawn((1280, 720));
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "it draws");
    let facts = camera.facts().unwrap();
    assert_eq!((facts.backend.as_str(), facts.format.as_str()), ("studio", "MJPG 1280x720@30"));
    assert_eq!((facts.virtual_camera.as_str(), facts.id_hash.len()), ("yes", 64));

    let mut frame = camera.wait_newer(None, SOON).unwrap();
    assert!(!frame.fresh(), "exposure has not settled yet");
    for _ in 0..90 {
        if frame.fresh() {
            break;
        }
        frame = camera.wait_newer(Some(frame.seq()), SOON).unwrap();
    }
    assert!(frame.fresh(), "after half a second it counts");

    let planes = frame.planes().unwrap();
    assert_eq!((planes.y.width, planes.y.height, planes.shift_x, planes.shift_y), (1280, 720, 1, 1));
    let preview = frame.preview().unwrap();
    let still = frame.still(4 << 20).unwrap();
    assert_eq!(preview[..], still.bytes[..], "up to 1280 x 720 both are the camera's own bytes");
    assert_eq!(decode_still(&still.bytes).unwrap().y.width, 1280);
    let review = scale_jpeg(&still.bytes, 640).unwrap();
    assert_eq!(decode_still(&review).unwrap().y.height, 360);
}

#[test]
fn a_large_frame_is_halved_for_the_preview_and_a_still_obeys_its_limit() {
    let (camera, _) = drawn((1920, 1080));
    camera.open(None, Purpose::IdCard);
    let frame = camera.wait_newer(None, SOON).unwrap();
    assert_eq!(decode_still(&frame.preview().unwrap()).unwrap().y.width, 960);
    let whole = frame.still(8 << 20).unwrap().bytes.len();
    match frame.still(whole - 1) {
        Ok(smaller) => assert!(smaller.bytes.len() < whole && smaller.width_px == 1920, "encoded again, never scaled"),
        Err(damage) => assert!(matches!(damage, Damage::TooLarge { .. }), "{damage}"),
    }
    assert!(
        matches!(frame.still(20_000), Err(Damage::TooLarge { limit_bytes: 20_000, .. })),
        "20 KB of noise cannot be"
    );
}

#[test]
fn every_purpose_starts_its_script_anew() {
    let (camera, (begun, since)) = drawn((640, 480));
    camera.open(None, Purpose::Check);
    expect_code(&camera, None, SOON, "the check");
    std::thread::sleep(Duration::from_millis(800));
    let attempt = camera.open(None, Purpose::IdCard);
    let frame = camera.wait_newer(None, SOON).unwrap();
    assert_eq!(frame.attempt(), attempt);
    assert!(*since.lock().unwrap() < Duration::from_millis(700), "time starts again with the purpose");
    assert_eq!(*begun.lock().unwrap(), [Purpose::Check, Purpose::IdCard]);
}

#[test]
fn a_device_that_is_not_there_is_not_replaced_by_another() {
    let (camera, _) = drawn((640, 480));
    camera.open(Some(DeviceKey::new("v4l2-0123456789")), Purpose::Check);
    expect_code(
        &camera,
        Some("camera-none"),
        SOON,
        "the learner chose another one; silently taking this would surprise",
    );
    let key = camera.list().unwrap()[0].key.clone();
    camera.open(Some(key), Purpose::Check);
    expect_code(&camera, None, SOON, "the one that is there opens");
}

#[test]
fn pictures_keep_coming_at_their_rate_and_a_slow_reader_only_misses_some() {
    let (camera, _) = drawn((640, 480));
    camera.open(None, Purpose::Face);
    let first = camera.wait_newer(None, SOON).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let newest = camera.newest().unwrap();
    assert!(newest.seq() > first.seq() + 3, "the camera did not wait for the reader");
    assert!(newest.arrived() > first.arrived());
    assert!(newest.captured() > first.captured());
}
