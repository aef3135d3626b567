//! Looking at a camera the way the product does, with limits.

use std::io::Read;
use std::time::{Duration, Instant};

use likeness_camera::{Attempt, Camera, CameraState, Device, Purpose, Sources};

use crate::error::CaseError;
use crate::frames::Shown;

/// An emulated machine under load is slow; what the product promises is printed beside.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

#[allow(clippy::disallowed_methods, reason = "cases measure real devices")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The product's camera, with real devices only.
pub(crate) fn camera() -> Camera {
    Camera::start(Sources::real_cameras())
}

/// Waits until the state is as wanted; says what was seen instead.
pub(crate) fn until(camera: &Camera, what: &str, wanted: impl Fn(&CameraState) -> bool) -> Result<Duration, CaseError> {
    let began = now();
    let mut seen: Vec<String> = Vec::new();
    let mut revision = u64::MAX;
    while began.elapsed() < LIMIT {
        let (next, state) = camera.wait_state(revision, LIMIT.saturating_sub(began.elapsed()));
        if wanted(&state) {
            return Ok(began.elapsed());
        }
        if next != revision {
            let detail = if let CameraState::Failed { detail } = &state { detail.as_str() } else { "" };
            let code = state.code().unwrap_or("no fault");
            seen.push(format!("{} ms: {code} {detail}", began.elapsed().as_millis()));
        }
        revision = next;
    }
    Err(CaseError::wrong(format!("{what} did not come in {} s; seen: {seen:?}", LIMIT.as_secs())))
}

/// Waits for a fault by its code.
pub(crate) fn until_code(camera: &Camera, code: &str) -> Result<Duration, CaseError> {
    until(camera, code, |state| state.code() == Some(code))
}

/// Opens the default camera and waits until it is live.
pub(crate) fn open_live(camera: &Camera) -> Result<(Attempt, Duration), CaseError> {
    let attempt = camera.open(None, Purpose::Check);
    until(camera, "a live picture", CameraState::is_live).map(|after| (attempt, after))
}

/// The one camera of this machine, waiting for its node to appear.
pub(crate) fn the_device(camera: &Camera) -> Result<Device, CaseError> {
    devices(camera, 1)?.pop().ok_or_else(|| CaseError::wrong("no camera is listed"))
}

/// The cameras of this machine, waiting until there are so many.
pub(crate) fn devices(camera: &Camera, wanted: usize) -> Result<Vec<Device>, CaseError> {
    let began = now();
    loop {
        let devices = camera.list()?;
        if devices.len() == wanted {
            return Ok(devices);
        }
        if began.elapsed() >= LIMIT {
            let count = devices.len();
            return Err(CaseError::wrong(format!(
                "{count} cameras are listed, {wanted} expected: is the driver loaded?"
            )));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Looks at every picture that is shown during this time.
pub(crate) fn look(camera: &Camera, shown: &mut Shown, time: Duration) -> Result<(), CaseError> {
    let began = now();
    while began.elapsed() < time {
        if let Some(frame) = camera.wait_newer(shown.seq, Duration::from_millis(100)) {
            shown.check(&frame)?;
        }
    }
    Ok(())
}

/// Waits until pictures come again, and looks at them.
pub(crate) fn until_shown(camera: &Camera, shown: &mut Shown, more: u32) -> Result<Duration, CaseError> {
    let (began, wanted) = (now(), shown.count + more);
    while shown.count < wanted {
        if began.elapsed() > LIMIT {
            let code = camera.state().code().unwrap_or("no fault");
            return Err(CaseError::wrong(format!("no picture came in {} s; the camera says {code}", LIMIT.as_secs())));
        }
        look(camera, shown, Duration::from_millis(200))?;
    }
    Ok(began.elapsed())
}

/// Opens the default camera and waits for a fault; answers its code.
pub(crate) fn fault_code(camera: &Camera) -> Result<String, CaseError> {
    camera.open(None, Purpose::Check);
    until(camera, "a fault", |state| state.code().is_some())?;
    Ok(camera.state().code().unwrap_or("no fault").to_owned())
}

/// Streams the first camera until standard input ends: the other program of the busy case.
pub(crate) fn hold() -> Result<(), CaseError> {
    let camera = camera();
    open_live(&camera)?;
    println!("holding");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    camera.quit();
    Ok(())
}
