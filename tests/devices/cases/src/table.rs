//! The table. Every expectation is an event of the product's camera, never an answer of a driver.

use std::fs;
use std::sync::mpsc;
use std::time::Duration;

use likeness_camera::{Camera, CameraState, Mode, Pixels};
use likeness_capture::{Advice, CaptureRun, Settings};

use crate::error::CaseError;
use crate::rig::{Order, Rig};
use crate::watch::{LIMIT, camera, now, open_live, the_device, until, until_code};

type Run = fn(&mut dyn Rig) -> Result<String, CaseError>;

/// What is run on which camera.
#[rustfmt::skip]
const TABLE: [(&str, &[&str], Run); 13] = [
    ("lists-capture-nodes-only",  &["shim", "uvc"],  lists_capture_nodes_only),
    ("frames-largest",            &["shim", "uvc"],  frames_largest),
    ("frames-only-small",         &["shim", "uvc"],  frames_only_small),
    ("frames-reach-capture",      &["shim", "uvc"],  frames_reach_capture),
    ("absent",                    &["shim", "uvc"],  absent),
    ("busy",                      &["shim", "uvc"],  busy),
    ("denied",                    &["shim", "uvc"],  denied),
    ("unplugged-and-replugged",   &["shim", "uvc"],  unplugged_and_replugged),
    ("stalled",                   &["shim", "uvc"],  stalled),
    ("stopped-while-stalled",     &["shim", "uvc"],  stopped_while_stalled),
    ("damaged",                   &["shim", "uvc"],  damaged),
    ("raw-nv12",                  &["vivid"],        raw_nv12),
    ("raw-yuyv",                  &["vivid"],        raw_yuyv),
];

/// Runs the rows of this camera; false if one failed.
pub(crate) fn run_all(rig: &mut dyn Rig) -> bool {
    let mut all_passed = true;
    for (id, cameras, run) in TABLE {
        if !cameras.contains(&rig.name()) {
            continue;
        }
        let began = now();
        let outcome = rig.order(Order::AsNew).and_then(|()| run(rig));
        let (verdict, text) = match outcome {
            Ok(text) => ("PASS", text),
            Err(error) => ("FAIL", error.to_string()),
        };
        all_passed &= verdict == "PASS";
        println!("CASE {}/{id} {verdict} {} {text}", rig.name(), began.elapsed().as_millis());
    }
    println!("END {}", rig.name());
    all_passed
}

fn ms(duration: Duration) -> u128 {
    duration.as_millis()
}

/// Two nodes at least are there, one camera is listed: the metadata node is not one.
fn lists_capture_nodes_only(_: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    let device = the_device(&camera)?;
    let nodes = fs::read_dir("/dev")?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("video"))
        .count();
    if nodes < 2 {
        return Err(CaseError::wrong(format!("{nodes} nodes: the metadata node that must be left out is missing")));
    }
    let modes = device.usable.map_err(|why| CaseError::wrong(format!("unusable: {why:?}")))?;
    if !camera.any_present() || camera.state() != CameraState::Off {
        return Err(CaseError::wrong("listing must see the names and open nothing"));
    }
    let modes: Vec<String> = modes.iter().map(ToString::to_string).collect();
    Ok(format!("{nodes} nodes, 1 camera: {:?} ({}); {}", device.label, device.evidence, modes.join(", ")))
}

fn frames_largest(_: &mut dyn Rig) -> Result<String, CaseError> {
    frames(&camera(), |mode| (mode.width_px, mode.height_px, mode.pixels) == (1280, 720, Pixels::Mjpeg))
}

fn frames_only_small(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.order(Order::OnlySmall)?;
    frames(&camera(), |mode| (mode.width_px, mode.height_px, mode.pixels) == (640, 480, Pixels::Mjpeg))
}

fn raw_nv12(_: &mut dyn Rig) -> Result<String, CaseError> {
    frames(&Camera::start_with_pixels(Pixels::Nv12), |mode| mode.pixels == Pixels::Nv12)
}

fn raw_yuyv(_: &mut dyn Rig) -> Result<String, CaseError> {
    frames(&Camera::start_with_pixels(Pixels::Yuyv), |mode| mode.pixels == Pixels::Yuyv)
}

/// Pictures of the expected mode come, can be decoded and shown, become fresh, and one can be taken as a photo.
fn frames(camera: &Camera, expected: impl Fn(&Mode) -> bool) -> Result<String, CaseError> {
    the_device(camera)?;
    let (attempt, after) = open_live(camera)?;
    let (mut seq, mut count, mut fresh) = (None, 0u32, None);
    let began = now();
    while count < 20 || fresh.is_none() {
        let frame =
            camera.wait_newer(seq, LIMIT).ok_or_else(|| CaseError::wrong(format!("no picture after {count}")))?;
        if frame.attempt() != attempt || !expected(frame.mode()) {
            return Err(CaseError::wrong(format!("{frame:?} was not expected")));
        }
        seq = Some(frame.seq());
        count += 1;
        if frame.fresh() {
            fresh = Some(frame);
        }
        if began.elapsed() > LIMIT {
            return Err(CaseError::wrong(format!("{count} pictures, none fresh")));
        }
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    let frame = fresh.ok_or_else(|| CaseError::wrong("no fresh picture"))?;
    let planes = frame.planes()?;
    if planes.y.width != usize::from(frame.mode().width_px) || frame.captured().is_none() {
        return Err(CaseError::wrong("a picture without its size or its time"));
    }
    let still = frame.still(4 << 20)?;
    let facts = camera.facts().ok_or_else(|| CaseError::wrong("a live camera without facts"))?;
    camera.quit();
    Ok(format!(
        "{:?} [{}] {} at {rate:.1} pictures a second; first after {} ms; preview {} bytes, still {} bytes; virtual: {}",
        facts.name,
        facts.evidence,
        facts.format,
        ms(after),
        frame.preview()?.len(),
        still.bytes.len(),
        facts.virtual_camera.as_str()
    ))
}

/// The very frames of this driver go into the guided capture, and it says something about what they show.
fn frames_reach_capture(rig: &mut dyn Rig) -> Result<String, CaseError> {
    // The smaller size, because an emulated processor takes seconds for one look.
    rig.order(Order::OnlySmall)?;
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    let (sender, receiver) = mpsc::channel::<(u64, Option<String>, Option<f32>)>();
    let settings = Settings { automatic: false, ..Settings::default() };
    let on_advice = Box::new(move |advice: &Advice| {
        let hint = advice.hint.as_ref().map(|hint| hint.code.code().to_owned());
        // The case may have heard enough.
        let _ = sender.send((advice.frame_seq, hint, advice.measured.inter_eye_px));
    });
    let run = CaptureRun::start(camera.clone(), likeness_capture::Mode::Face, settings, on_advice, Box::new(|_| {}));
    let began = now();
    let (mut looks, mut first, mut eyes_px) = (0u32, None, None);
    let waits_on = |looks, hinted: bool, seen: bool, spent| {
        spent < LOOKED_FOR || (!seen && spent < FACE_WITHIN) || (!hinted && looks < ENOUGH_LOOKS && spent < HINT_WITHIN)
    };
    while waits_on(looks, first.is_some(), eyes_px.is_some(), began.elapsed()) {
        let (seq, hint, apart_px) =
            receiver.recv_timeout(FACE_WITHIN).map_err(|_| CaseError::wrong("the capture says nothing"))?;
        looks += u32::from(seq > 0);
        eyes_px = apart_px.or(eyes_px);
        first = first.or_else(|| hint.map(|hint| (hint, began.elapsed())));
    }
    let ended = began.elapsed();
    run.stop();
    camera.quit();
    let eyes = eyes_px.ok_or_else(|| CaseError::wrong(format!("{looks} looks and no face measured")))?;
    let seen = format!("{looks} looks in {} ms, eyes {eyes:.0} px apart", ms(ended));
    match first {
        Some((hint, after)) => Ok(format!("{seen}; first hint {hint:?} after {} ms", ms(after))),
        None if looks < ENOUGH_LOOKS => Ok(format!("{seen}; too few looks for a hint: this machine is slow")),
        None => Err(CaseError::wrong(format!("{seen} and no hint"))),
    }
}

/// How long the capture looks at least.
const LOOKED_FOR: Duration = Duration::from_secs(2);
/// How long it is given for a hint: on an emulated processor a look takes ten seconds, and a hint wants four.
const HINT_WITHIN: Duration = Duration::from_secs(20);
/// How long until it must have measured the face in these frames.
const FACE_WITHIN: Duration = Duration::from_mins(2);
/// A hint needs a few looks; with so many it must have come.
const ENOUGH_LOOKS: u32 = 20;

fn absent(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    rig.order(Order::Unplug)?;
    let began = now();
    while camera.any_present() && began.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_millis(20));
    }
    camera.open(None, likeness_camera::Purpose::Check);
    let none = until_code(&camera, "camera-none")?;
    rig.order(Order::Plug)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    Ok(format!("camera-none after {} ms; live by itself {} ms after plugging in", ms(none), ms(live)))
}

fn busy(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    rig.order(Order::Busy)?;
    camera.open(None, likeness_camera::Purpose::Check);
    let named = until_code(&camera, "camera-in-use")?;
    rig.order(Order::Free)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    Ok(format!("camera-in-use after {} ms; live {} ms after it was free", ms(named), ms(live)))
}

fn denied(rig: &mut dyn Rig) -> Result<String, CaseError> {
    the_device(&camera())?;
    let code = rig.code_without_rights()?;
    if code == "camera-denied" { Ok(code) } else { Err(CaseError::wrong(format!("{code:?} instead of camera-denied"))) }
}

fn unplugged_and_replugged(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    let (attempt, _) = open_live(&camera)?;
    rig.order(Order::Unplug)?;
    let lost = until_code(&camera, "camera-lost")?;
    if camera.newest().is_some() {
        return Err(CaseError::wrong("a picture of the lost camera is still shown"));
    }
    rig.order(Order::Plug)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    let frame = camera.wait_newer(None, LIMIT).ok_or_else(|| CaseError::wrong("live without a picture"))?;
    if frame.attempt() != attempt {
        return Err(CaseError::wrong("another attempt"));
    }
    Ok(format!("camera-lost after {} ms; live again {} ms after plugging in", ms(lost), ms(live)))
}

fn stalled(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    rig.order(Order::Stall)?;
    let named = until_code(&camera, "camera-stalled")?;
    rig.order(Order::Whole)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    Ok(format!("camera-stalled after {} ms; live {} ms after it went on", ms(named), ms(live)))
}

fn stopped_while_stalled(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    rig.order(Order::Stall)?;
    until_code(&camera, "camera-stalled")?;
    let began = now();
    camera.quit();
    let took = began.elapsed();
    // 100 ms are promised; an emulated machine gets five times that.
    if took > Duration::from_millis(500) {
        return Err(CaseError::wrong(format!("quit took {} ms", ms(took))));
    }
    rig.order(Order::Whole)?;
    let again = crate::watch::camera();
    open_live(&again)?;
    Ok(format!("quit took {} ms; the device was free at once", ms(took)))
}

fn damaged(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    let mut text = Vec::new();
    for (order, name) in [(Order::Noise, "random bytes"), (Order::Halves, "half pictures")] {
        rig.order(order)?;
        let named = until_code(&camera, "camera-damaged-frames")?;
        rig.order(Order::Whole)?;
        let live = until(&camera, "a live picture", CameraState::is_live)?;
        text.push(format!("{name}: named after {} ms, live again after {} ms", ms(named), ms(live)));
    }
    let frame = camera.wait_newer(None, LIMIT).ok_or_else(|| CaseError::wrong("no picture"))?;
    frame.planes()?;
    Ok(text.join("; "))
}
