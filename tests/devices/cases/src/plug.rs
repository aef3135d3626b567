//! The camera goes, comes back, falls silent, or the computer sleeps.

use std::time::Duration;

use likeness_camera::{Camera, CameraState, DeviceKey, Purpose};

use crate::error::CaseError;
use crate::frames::Shown;
use crate::opening::opened_and_shown;
use crate::rig::{Order, Rig};
use crate::table::ms;
use crate::watch::{LIMIT, camera, look, now, open_live, the_device, until, until_code, until_shown};

/// A lost camera is named within this on a real machine.
const LOST_WITHIN: Duration = Duration::from_millis(250);
/// A stream ends within this, and within the second when the camera is silent.
const STOPPED_WITHIN: Duration = Duration::from_millis(50);
const STOPPED_STALLED_WITHIN: Duration = Duration::from_millis(100);

/// Fails above the limit, multiplied by how much slower the machine may be; says both.
fn within(what: &str, took: Duration, limit: Duration, rig: &dyn Rig) -> Result<String, CaseError> {
    let given = limit * rig.slowness();
    let text = format!("{what} took {} ms ({} promised, {} given here)", ms(took), ms(limit), ms(given));
    if took <= given { Ok(text) } else { Err(CaseError::wrong(text)) }
}

/// More often than a stream is opened again by itself in a minute: plugging in is a request of its own.
const LOOSE_CABLE: u32 = 4;

pub(crate) fn unplugged_and_replugged(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    let key = the_device(&camera)?.key;
    let (attempt, _) = open_live(&camera)?;
    let mut shown = Shown::new(rig.frames(), (1280, 720))?;
    until_shown(&camera, &mut shown, 10)?;
    rig.order(Order::Unplug)?;
    let lost = until_code(&camera, "camera-lost")?;
    if camera.newest().is_some() {
        return Err(CaseError::wrong("a picture of the lost camera is still shown"));
    }
    rig.order(Order::Plug)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    let frame = camera.wait_newer(None, LIMIT).ok_or_else(|| CaseError::wrong("live without a picture"))?;
    if frame.attempt() != attempt || frame.fresh() {
        return Err(CaseError::wrong(
            "another attempt, or a photo could be taken before the row of fresh pictures is new",
        ));
    }
    until_shown(&camera, &mut shown, 5)?;
    for _ in 0..LOOSE_CABLE {
        rig.order(Order::Unplug)?;
        until_code(&camera, "camera-lost")?;
        rig.order(Order::Plug)?;
        until(&camera, "a live picture", CameraState::is_live)?;
    }
    same_key(&camera, &key)?;
    camera.quit();
    let lost = within("camera-lost", lost, LOST_WITHIN, rig)?;
    Ok(format!("{lost}; live again {} ms after plugging in, and {LOOSE_CABLE} times more at once", ms(live)))
}

fn same_key(camera: &Camera, key: &DeviceKey) -> Result<(), CaseError> {
    let same = matches!(camera.state(), CameraState::Live { device, .. } if device.key == *key);
    if same { Ok(()) } else { Err(CaseError::wrong("not the same camera by its key")) }
}

/// How often the plug is pulled.
const PULLED: u32 = 20;

/// The plug is pulled while the camera is being opened, while it streams, and while every picture is being taken.
pub(crate) fn unplugged_at_random(rig: &mut dyn Rig) -> Result<String, CaseError> {
    // Small pictures, because the emulated machine spends its time on the plug already.
    rig.order(Order::OnlySmall)?;
    let said = std::env::var("LIKENESS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = said.unwrap_or_else(|| u64::from(std::process::id()) << 20 | u64::from(now_ms() & 0xF_FFFF));
    println!("seed LIKENESS_SEED={seed}");
    let mut random = seed | 1;
    let mut up_to = |most: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % most
    };
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    let mut shown = Shown::new(rig.frames(), (640, 480))?;
    let mut lost = Vec::new();
    let mut slowest_back = Duration::ZERO;
    for pull in 0..PULLED {
        let moment = ["opening", "streaming", "in a burst"][pull as usize % 3];
        match pull % 3 {
            0 => {
                camera.open(None, Purpose::Check);
                std::thread::sleep(Duration::from_millis(up_to(120)));
            }
            1 => look(&camera, &mut shown, Duration::from_millis(up_to(400)))?,
            _ => until_shown(&camera, &mut shown, 1 + up_to(6) as u32).map(drop)?,
        }
        rig.order(Order::Unplug)?;
        let named = until(&camera, "a fault", |state| state.code().is_some())
            .map_err(|why| CaseError::wrong(format!("pull {pull} while {moment}: {why}")))?;
        let code = camera.state().code().unwrap_or("none");
        if !matches!(code, "camera-lost" | "camera-none") || camera.newest().is_some() {
            return Err(CaseError::wrong(format!("pull {pull} while {moment}: {code}, or a picture is still shown")));
        }
        // While it is being opened it may not be known yet that there is a camera to lose.
        if pull % 3 > 0 {
            lost.push(named);
        }
        rig.order(Order::Plug)?;
        // No wish: the camera comes back by itself.
        let back = until(&camera, "a live picture", CameraState::is_live)
            .map_err(|why| CaseError::wrong(format!("after pull {pull} while {moment}: {why}")))?;
        slowest_back = slowest_back.max(back);
        until_shown(&camera, &mut shown, 2)?;
    }
    camera.quit();
    lost.sort_unstable();
    let slowest = within("naming the loss, at worst,", lost.last().copied().unwrap_or_default(), LOST_WITHIN, rig)?;
    let middle = ms(lost[lost.len() / 2]);
    Ok(format!(
        "{PULLED} times, seed {seed}: {slowest}, half of them under {middle} ms; back by itself within {} ms; {} pictures, none stale",
        ms(slowest_back),
        shown.count
    ))
}

#[allow(clippy::disallowed_methods, reason = "only a seed, and it is printed")]
fn now_ms() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.subsec_nanos() ^ since.as_secs() as u32
}

pub(crate) fn stalled(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    rig.order(Order::Stall)?;
    let named = until_code(&camera, "camera-stalled")?;
    rig.order(Order::Whole)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    camera.quit();
    Ok(format!("camera-stalled after {} ms; live {} ms after it went on", ms(named), ms(live)))
}

/// The stream is opened once more after five seconds; if that does not help either, only the learner does.
pub(crate) fn stalled_for_long(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let (camera, mut shown) = opened_and_shown(rig)?;
    rig.order(Order::Stall)?;
    until_code(&camera, "camera-stalled")?;
    // Five seconds, and five more for the second stream.
    look(&camera, &mut shown, Duration::from_secs(10))?;
    rig.order(Order::Whole)?;
    look(&camera, &mut shown, Duration::from_secs(2))?;
    if camera.state().code() != Some("camera-stalled") {
        return Err(CaseError::wrong(format!("{:?} although nobody asked for it", camera.state())));
    }
    let (_, live) = open_live(&camera)?;
    until_shown(&camera, &mut shown, 5)?;
    camera.quit();
    Ok(format!("given up after its one reopen; live {} ms after trying again", ms(live)))
}

pub(crate) fn stopped(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let mut slowest = Duration::ZERO;
    for _ in 0..3 {
        let camera = camera();
        the_device(&camera)?;
        open_live(&camera)?;
        slowest = slowest.max(quit(&camera));
    }
    within("quit, the slowest of three,", slowest, STOPPED_WITHIN, rig)
}

pub(crate) fn stopped_while_stalled(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    rig.order(Order::Stall)?;
    until_code(&camera, "camera-stalled")?;
    let took = quit(&camera);
    rig.order(Order::Whole)?;
    let again = crate::watch::camera();
    open_live(&again)?;
    again.quit();
    within("quit", took, STOPPED_STALLED_WITHIN, rig).map(|text| format!("{text}; the device was free at once"))
}

fn quit(camera: &Camera) -> Duration {
    let began = now();
    camera.quit();
    began.elapsed()
}

/// An hour of sleep: the stream is opened again by itself, and who has tokens and sessions to renew is told.
pub(crate) fn slept(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let (camera, mut shown) = opened_and_shown(rig)?;
    let before = camera.wakes();
    camera.play_sleep(Duration::from_hours(1));
    let began = now();
    while camera.wakes() == before {
        if began.elapsed() > LIMIT {
            return Err(CaseError::wrong("nobody noticed the sleep"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let noticed = began.elapsed();
    let last = camera.newest().map(|frame| frame.seq());
    until(&camera, "a live picture", CameraState::is_live)?;
    let frame = camera.wait_newer(last, LIMIT).ok_or_else(|| CaseError::wrong("no picture after the sleep"))?;
    let back = began.elapsed();
    // The first picture of the new stream cannot be a photo yet; one from before the sleep would be.
    if frame.fresh() && frame.seq() <= last.unwrap_or(0) + 3 {
        return Err(CaseError::wrong("a photo could be taken of the stream from before the sleep"));
    }
    until_shown(&camera, &mut shown, 5)?;
    let wakes = camera.wakes() - before;
    camera.quit();
    if wakes != 1 {
        return Err(CaseError::wrong(format!("one sleep was counted as {wakes}")));
    }
    Ok(format!("noticed after {} ms, the next picture {} ms after waking", ms(noticed), ms(back)))
}
