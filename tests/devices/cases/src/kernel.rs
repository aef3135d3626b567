//! What only the kernel's own test driver, vivid, can do: raw formats of every driver, and faults injected inside the kernel.

use std::time::Duration;

use likeness_camera::{Camera, CameraState, DeviceRules, Findings, Pixels, Purpose, Virtual, VirtualPolicy};

use crate::error::CaseError;
use crate::opening::frames;
use crate::pictures::until_found;
use crate::rig::Rig;
use crate::table::ms;
use crate::watch::{LIMIT, camera, now, open_live, the_device, until, until_code};

pub(crate) fn raw_nv12(_: &mut dyn Rig) -> Result<String, CaseError> {
    frames(&Camera::start_with_pixels(Pixels::Nv12), |mode| mode.pixels == Pixels::Nv12, None, 20)
}

pub(crate) fn raw_yuyv(_: &mut dyn Rig) -> Result<String, CaseError> {
    frames(&Camera::start_with_pixels(Pixels::Yuyv), |mode| mode.pixels == Pixels::Yuyv, None, 20)
}

fn live() -> Result<Camera, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    Ok(camera)
}

/// Waits for more pictures of a live camera.
fn more(camera: &Camera, count: u32) -> Result<Duration, CaseError> {
    let (began, mut seq) = (now(), camera.newest().map(|frame| frame.seq()));
    for _ in 0..count {
        let frame = camera.wait_newer(seq, LIMIT).ok_or_else(|| CaseError::wrong("no picture any more"))?;
        frame.planes()?;
        seq = Some(frame.seq());
    }
    until(camera, "a live picture", CameraState::is_live)?;
    Ok(began.elapsed())
}

/// The driver answers as if the device were gone, though its node stays.
pub(crate) fn disconnected(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = live()?;
    rig.say("disconnect=1")?;
    let lost = until_code(&camera, "camera-lost")?;
    // The driver comes back when the last handle of it is closed.
    let (_, back) = open_live(&camera)?;
    camera.quit();
    Ok(format!("camera-lost after {} ms; live {} ms after trying again", ms(lost), ms(back)))
}

pub(crate) fn all_pictures_dropped(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = live()?;
    rig.say("percentage_of_dropped_buffers=100")?;
    let named = until_code(&camera, "camera-stalled")?;
    rig.say("percentage_of_dropped_buffers=0")?;
    let back = until(&camera, "a live picture", CameraState::is_live)?;
    camera.quit();
    Ok(format!("camera-stalled after {} ms; live {} ms after its end", ms(named), ms(back)))
}

/// Single pictures are marked as faulty: they are left out, and nothing else happens.
pub(crate) fn marked_as_faulty(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = live()?;
    for _ in 0..3 {
        rig.say("inject_v4l2_buf_flag_error=1")?;
        more(&camera, 2)?;
    }
    camera.quit();
    Ok("three marked pictures, and the stream goes on".into())
}

/// A driver that refuses once, at each step of a start, costs no more than trying again.
pub(crate) fn refused_at_the_start(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let mut said = Vec::new();
    for step in ["inject_vidioc_reqbufs_error", "inject_vidioc_qbuf_error", "inject_vidioc_streamon_error"] {
        let camera = camera();
        the_device(&camera)?;
        rig.say(&format!("{step}=1"))?;
        camera.open(None, Purpose::Check);
        until(&camera, "live or a fault", |state| state.is_live() || state.code().is_some())?;
        let code = camera.state().code().unwrap_or("no fault");
        if !camera.state().is_live() {
            // Either it tries again by itself, or the learner does.
            let began = now();
            while !camera.state().is_live() && began.elapsed() < Duration::from_secs(3) {
                std::thread::sleep(Duration::from_millis(20));
            }
            if !camera.state().is_live() {
                open_live(&camera)?;
            }
        }
        more(&camera, 2)?;
        camera.quit();
        said.push(format!("{step}: {code}, then live"));
    }
    Ok(said.join("; "))
}

/// The driver declares its stream broken: it is opened once more, by itself.
pub(crate) fn fatal_error(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = live()?;
    rig.say("inject_fatal_streaming_error=1")?;
    let back = more(&camera, 5)?;
    camera.quit();
    Ok(format!("five more pictures within {} ms", ms(back)))
}

/// A covered sensor is black but for its noise, and that noise is what tells it from a frozen picture. Without contrast the driver's
/// own noise is that; with contrast it is a picture of nothing in particular, and nothing is wrong with it.
pub(crate) fn dark_then_noise(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.say("osd_text_mode=2,test_pattern=21,contrast=1")?;
    let camera = live()?;
    let dark = until_found(&camera, "dark", |findings| findings.covered_or_dark)?;
    rig.say("contrast=128")?;
    let over = until_found(&camera, "nothing", |findings| {
        findings == Findings { colourless: findings.colourless, ..Findings::default() }
    })?;
    more(&camera, 3)?;
    camera.quit();
    Ok(format!("dark found after {} ms, nothing found in noise after {} ms", ms(dark), ms(over)))
}

pub(crate) fn software_camera(_: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    if the_device(&camera)?.virtual_camera != Virtual::Yes {
        return Err(CaseError::wrong("the kernel's test driver is taken for a camera"));
    }
    camera.set_rules(DeviceRules { virtual_cameras: VirtualPolicy::Block, ..DeviceRules::default() });
    camera.open(None, Purpose::Face);
    let blocked = until_code(&camera, "camera-virtual-blocked")?;
    camera.quit();
    Ok(format!("camera-virtual-blocked after {} ms", ms(blocked)))
}
