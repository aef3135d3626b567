//! Which cameras are opened, in which mode, and what stands in the way.

use std::fs;
use std::time::Duration;

use likeness_camera::{Camera, CameraState, DeviceRules, Mode, Pixels, Purpose, decode_still};

use crate::error::CaseError;
use crate::frames::Shown;
use crate::rig::{Order, Rig};
use crate::table::ms;
use crate::watch::{LIMIT, camera, look, now, open_live, the_device, until, until_code};

/// Two nodes at least are there, one camera is listed: the metadata node is not one.
pub(crate) fn lists_capture_nodes_only(_: &mut dyn Rig) -> Result<String, CaseError> {
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

/// A mode by its size, as JPEG.
fn jpeg(mode: &Mode, width_px: u16, height_px: u16) -> bool {
    (mode.width_px, mode.height_px, mode.pixels) == (width_px, height_px, Pixels::Mjpeg)
}

pub(crate) fn frames_full_hd(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.order(Order::FullHd)?;
    let shown = Shown::new(rig.frames(), (1920, 1080))?;
    frames(&camera(), |mode| jpeg(mode, 1920, 1080), Some(shown), 8)
}

pub(crate) fn frames_720p(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let shown = Shown::new(rig.frames(), (1280, 720))?;
    frames(&camera(), |mode| jpeg(mode, 1280, 720), Some(shown), 20)
}

pub(crate) fn frames_only_small(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.order(Order::OnlySmall)?;
    let shown = Shown::new(rig.frames(), (640, 480))?;
    frames(&camera(), |mode| jpeg(mode, 640, 480), Some(shown), 20)
}

/// 29.97 pictures a second are no whole number, and the present format of the camera is one no photo comes of.
pub(crate) fn left_odd_by_another_program(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.order(Order::LeftOdd)?;
    let shown = Shown::new(rig.frames(), (1280, 720))?;
    let ntsc = |mode: &Mode| jpeg(mode, 1280, 720) && (29.9..29.99).contains(&mode.fps.per_second());
    frames(&camera(), ntsc, Some(shown), 20)
}

/// Pictures of the expected mode come, are what was sent, can be decoded and shown, become fresh, and one can be taken as a photo.
pub(crate) fn frames(
    camera: &Camera,
    expected: impl Fn(&Mode) -> bool,
    mut shown: Option<Shown>,
    wanted: u32,
) -> Result<String, CaseError> {
    the_device(camera)?;
    let (attempt, after) = open_live(camera)?;
    let (mut seq, mut count, mut fresh) = (None, 0u32, None);
    let began = now();
    while count < wanted || fresh.is_none() {
        let frame =
            camera.wait_newer(seq, LIMIT).ok_or_else(|| CaseError::wrong(format!("no picture after {count}")))?;
        if frame.attempt() != attempt || !expected(frame.mode()) {
            return Err(CaseError::wrong(format!("{frame:?} was not expected")));
        }
        seq = Some(frame.seq());
        count += 1;
        if let Some(shown) = &mut shown {
            shown.check(&frame)?;
        }
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
    decode_still(&still.bytes)?;
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

pub(crate) fn absent(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    rig.order(Order::Unplug)?;
    let began = now();
    while camera.any_present() && began.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_millis(20));
    }
    camera.open(None, Purpose::Check);
    let none = until_code(&camera, "camera-none")?;
    rig.order(Order::Plug)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    Ok(format!("camera-none after {} ms; live by itself {} ms after plugging in", ms(none), ms(live)))
}

pub(crate) fn busy(rig: &mut dyn Rig) -> Result<String, CaseError> {
    busy_by(rig, Order::Busy)
}

pub(crate) fn busy_in_another_mode(rig: &mut dyn Rig) -> Result<String, CaseError> {
    busy_by(rig, Order::BusyOtherwise)
}

fn busy_by(rig: &mut dyn Rig, order: Order) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    rig.order(order)?;
    camera.open(None, Purpose::Check);
    let named = until_code(&camera, "camera-in-use")?;
    rig.order(Order::Free)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    camera.quit();
    Ok(format!("camera-in-use after {} ms; live {} ms after it was free", ms(named), ms(live)))
}

pub(crate) fn denied(rig: &mut dyn Rig) -> Result<String, CaseError> {
    the_device(&camera())?;
    let code = rig.code_without_rights()?;
    if code == "camera-denied" { Ok(code) } else { Err(CaseError::wrong(format!("{code:?} instead of camera-denied"))) }
}

/// The right is taken away while pictures come: they end, and the reason is named, not the loss.
pub(crate) fn denied_later(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    rig.say("deny-later")?;
    let named = until_code(&camera, "camera-denied")?;
    if camera.newest().is_some() {
        return Err(CaseError::wrong("a picture is still shown"));
    }
    rig.say("")?;
    let (_, live) = open_live(&camera)?;
    camera.quit();
    Ok(format!("camera-denied after {} ms; live {} ms after it was allowed and tried again", ms(named), ms(live)))
}

/// 320x240 shows no card. A face may do, and only where policy says so.
pub(crate) fn too_small(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.say("offer MJPG 320x240@30")?;
    let camera = camera();
    the_device(&camera)?;
    for purpose in [Purpose::IdCard, Purpose::Face] {
        camera.open(None, purpose);
        until_code(&camera, "camera-unsupported")?;
    }
    let CameraState::Unsupported { why } = camera.state() else {
        return Err(CaseError::wrong("camera-unsupported without a reason"));
    };
    camera.set_rules(DeviceRules { small_face: true, ..DeviceRules::default() });
    camera.open(None, Purpose::Face);
    let live = until(&camera, "a live picture of the face", CameraState::is_live)?;
    camera.open(None, Purpose::IdCard);
    until_code(&camera, "camera-unsupported")?;
    camera.quit();
    Ok(format!(
        "camera-unsupported ({why}); where policy allows it the face is live after {} ms, the card never",
        ms(live)
    ))
}

/// What only very good cameras send is taken where nothing else is there, and shown small.
pub(crate) fn only_4k_60(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.say("offer MJPG 3840x2160@60")?;
    let camera = camera();
    the_device(&camera)?;
    let (_, live) = open_live(&camera)?;
    let began = now();
    let (mut seq, mut frames, mut widest_px) = (None, 0u32, 0);
    while began.elapsed() < Duration::from_secs(2) {
        let frame = camera.wait_newer(seq, LIMIT).ok_or_else(|| CaseError::wrong("no picture"))?;
        if (frame.mode().width_px, frame.mode().height_px) != (3840, 2160) {
            return Err(CaseError::wrong(format!("{frame:?} is not the only mode there is")));
        }
        seq = Some(frame.seq());
        frames += 1;
        let preview = decode_still(&frame.preview()?)?;
        widest_px = widest_px.max(preview.y.width);
    }
    if !(640..=1280).contains(&widest_px) {
        return Err(CaseError::wrong(format!("the preview is {widest_px} pixels wide")));
    }
    let still = camera.newest().ok_or_else(|| CaseError::wrong("no picture"))?.still(4 << 20)?;
    camera.quit();
    let (width, height) = (still.width_px, still.height_px);
    Ok(format!("live after {} ms; {frames} previews of {widest_px} px in 2 s; still {width}x{height}", ms(live)))
}

/// As `look`, on a camera that was just opened: used where a fault must not show anything.
pub(crate) fn opened_and_shown(rig: &dyn Rig) -> Result<(Camera, Shown), CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    let mut shown = Shown::new(rig.frames(), (1280, 720))?;
    look(&camera, &mut shown, Duration::from_millis(300))?;
    Ok((camera, shown))
}
