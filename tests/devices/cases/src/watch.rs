//! Looking at a camera the way the product does, with limits.

use std::io::Read;
use std::time::{Duration, Instant};

use likeness_camera::{Attempt, Camera, CameraState, Device, Purpose, Sources};

use crate::error::CaseError;

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
            seen.push(format!("{} ms: {}", began.elapsed().as_millis(), state.code().unwrap_or("no fault")));
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
    let began = now();
    loop {
        let mut devices = camera.list()?;
        match (devices.len(), devices.pop()) {
            (1, Some(device)) => return Ok(device),
            (0, _) if began.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(100)),
            (count, _) => {
                return Err(CaseError::wrong(format!(
                    "{count} cameras are listed, one was expected: is the driver loaded?"
                )));
            }
        }
    }
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
