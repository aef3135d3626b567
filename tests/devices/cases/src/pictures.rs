//! Pictures that are broken, and pictures that only look so. What is shown is held against what was sent, to the byte.

use std::time::Duration;

use likeness_camera::{Camera, CameraState, Findings, Pixels};

use crate::error::CaseError;
use crate::opening::opened_and_shown;
use crate::rig::{Order, Rig};
use crate::table::ms;
use crate::watch::{LIMIT, camera, look, now, open_live, the_device, until, until_code, until_shown};

/// How a camera makes bad pictures of good ones: an order, or a word of the double.
#[derive(Clone, Copy)]
enum Spoil {
    By(Order),
    Saying(&'static str),
}

impl Spoil {
    fn begin(self, rig: &mut dyn Rig) -> Result<(), CaseError> {
        match self {
            Self::By(order) => rig.order(order),
            Self::Saying(word) => rig.say(word),
        }
    }

    fn end(self, rig: &mut dyn Rig) -> Result<(), CaseError> {
        match self {
            Self::By(_) => rig.order(Order::Whole),
            Self::Saying(_) => rig.say(""),
        }
    }
}

/// Under this the camera names this fault, shows nothing that was not sent whole, and is live again when it is over.
fn named(rig: &mut dyn Rig, spoil: Spoil, code: &str) -> Result<String, CaseError> {
    let (camera, mut shown) = opened_and_shown(rig)?;
    spoil.begin(rig)?;
    let named = until_code(&camera, code)?;
    look(&camera, &mut shown, Duration::from_millis(500))?;
    if camera.state().is_live() {
        return Err(CaseError::wrong(format!("live again although {code} goes on")));
    }
    spoil.end(rig)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    until_shown(&camera, &mut shown, 5)?;
    camera.quit();
    Ok(format!(
        "{code} after {} ms, live {} ms after its end; {} pictures, all exact",
        ms(named),
        ms(live),
        shown.count
    ))
}

pub(crate) fn repeated(rig: &mut dyn Rig) -> Result<String, CaseError> {
    named(rig, Spoil::Saying("repeat"), "camera-not-moving")
}

pub(crate) fn empty(rig: &mut dyn Rig) -> Result<String, CaseError> {
    named(rig, Spoil::Saying("zero"), "camera-damaged-frames")
}

/// The real driver swallows empty pictures, so to the product such a camera has fallen silent.
pub(crate) fn empty_ones_are_silence(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let (camera, mut shown) = opened_and_shown(rig)?;
    rig.say("empty")?;
    let named = until_code(&camera, "camera-stalled")?;
    rig.order(Order::Whole)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    until_shown(&camera, &mut shown, 5)?;
    camera.quit();
    Ok(format!("camera-stalled after {} ms, live {} ms after its end", ms(named), ms(live)))
}

pub(crate) fn halves(rig: &mut dyn Rig) -> Result<String, CaseError> {
    named(rig, Spoil::By(Order::Halves), "camera-damaged-frames")
}

pub(crate) fn noise(rig: &mut dyn Rig) -> Result<String, CaseError> {
    named(rig, Spoil::By(Order::Noise), "camera-damaged-frames")
}

/// The format is negotiated once more, and when that does not help the fault is named.
pub(crate) fn another_size(rig: &mut dyn Rig) -> Result<String, CaseError> {
    named(rig, Spoil::Saying("size 800x600"), "camera-damaged-frames")
}

/// Marked pictures are never shown, however good their bytes are.
pub(crate) fn marked_as_faulty(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let (camera, mut shown) = opened_and_shown(rig)?;
    rig.order(Order::Marked)?;
    look(&camera, &mut shown, Duration::from_secs(1))?;
    rig.order(Order::Whole)?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    until_shown(&camera, &mut shown, 10)?;
    camera.quit();
    Ok(format!("live {} ms after the last one; {} pictures, none stale, all exact", ms(live), shown.count))
}

/// One transfer fails: the driver hands out its buffers as faulty, and not one of them is shown.
pub(crate) fn bus_error(rig: &mut dyn Rig) -> Result<String, CaseError> {
    failing_bus(rig, "eproto 1")
}

/// So many fail that the driver, which has five under way, has no transfer left: the stream must be opened again.
pub(crate) fn bus_errors(rig: &mut dyn Rig) -> Result<String, CaseError> {
    failing_bus(rig, "eproto 5")
}

fn failing_bus(rig: &mut dyn Rig, word: &str) -> Result<String, CaseError> {
    let (camera, mut shown) = opened_and_shown(rig)?;
    let before = shown.count;
    rig.say(word)?;
    let back = until_shown(&camera, &mut shown, 20)?;
    until(&camera, "a live picture", CameraState::is_live)?;
    camera.quit();
    Ok(format!(
        "20 pictures within {} ms after {word:?}; {} in all, none stale, all exact",
        ms(back),
        shown.count.max(before)
    ))
}

/// Raw pictures are as long as they must be, or they are none.
pub(crate) fn odd_length(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.say("offer YUYV 640x480@30")?;
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    rig.say("offer YUYV 640x480@30\nodd")?;
    let named = until_code(&camera, "camera-damaged-frames")?;
    rig.say("offer YUYV 640x480@30")?;
    let live = until(&camera, "a live picture", CameraState::is_live)?;
    let frame = camera.wait_newer(None, LIMIT).ok_or_else(|| CaseError::wrong("no picture"))?;
    frame.planes()?;
    camera.quit();
    Ok(format!("named after {} ms, live {} ms after its end", ms(named), ms(live)))
}

/// Waits until the findings are as wanted; the camera must be live all the time, for a finding is no fault.
pub(crate) fn until_found(
    camera: &Camera,
    what: &str,
    wanted: impl Fn(Findings) -> bool,
) -> Result<Duration, CaseError> {
    let began = now();
    while !wanted(camera.findings()) {
        if began.elapsed() > LIMIT {
            return Err(CaseError::wrong(format!("{what} was not found: {:?}", camera.findings())));
        }
        if let Some(code) = camera.state().code() {
            return Err(CaseError::wrong(format!("{code} instead of the finding {what}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(began.elapsed())
}

fn found(rig: &mut dyn Rig, word: &str, wanted: fn(Findings) -> bool) -> Result<String, CaseError> {
    let (camera, _) = opened_and_shown(rig)?;
    if wanted(camera.findings()) {
        return Err(CaseError::wrong("found before there was something to find"));
    }
    rig.say(word)?;
    let found = until_found(&camera, word, wanted)?;
    rig.say("")?;
    let over = until_found(&camera, "nothing", |findings| !wanted(findings))?;
    camera.quit();
    Ok(format!("found after {} ms, gone {} ms after its end", ms(found), ms(over)))
}

pub(crate) fn black(rig: &mut dyn Rig) -> Result<String, CaseError> {
    found(rig, "black", |findings| findings.covered_or_dark)
}

pub(crate) fn white(rig: &mut dyn Rig) -> Result<String, CaseError> {
    found(rig, "white", |findings| findings.glaring)
}

/// The camera's JPEG is green in every picture, as bytes of a wrong format are: its next format is taken, and that is fine.
pub(crate) fn green(rig: &mut dyn Rig) -> Result<String, CaseError> {
    const OFFER: &str = "offer MJPG 1280x720@30; YUYV 640x480@30";
    rig.say(OFFER)?;
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    rig.say(&format!("{OFFER}\ngreen"))?;
    let other = until(
        &camera,
        "another format",
        |state| matches!(state, CameraState::Live { mode, .. } if mode.pixels == Pixels::Yuyv),
    )?;
    let frame = camera.wait_newer(None, LIMIT).ok_or_else(|| CaseError::wrong("no picture"))?;
    frame.planes()?;
    if camera.findings().tinted {
        return Err(CaseError::wrong("the other format has its colours"));
    }
    camera.quit();
    Ok(format!("YUYV instead of MJPG after {} ms", ms(other)))
}

/// Pictures come, but none of them may become a photo.
pub(crate) fn times_go_back(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let (camera, mut shown) = opened_and_shown(rig)?;
    until_fresh(&camera)?;
    rig.say("time-back")?;
    look(&camera, &mut shown, Duration::from_millis(300))?;
    let (began, mut seq, mut pictures) = (now(), camera.newest().map(|frame| frame.seq()), 0u32);
    while began.elapsed() < Duration::from_secs(1) {
        let Some(frame) = camera.wait_newer(seq, Duration::from_millis(200)) else { continue };
        seq = Some(frame.seq());
        pictures += 1;
        if frame.fresh() {
            return Err(CaseError::wrong("a photo could be taken although the times go back"));
        }
    }
    rig.say("")?;
    let again = until_fresh(&camera)?;
    camera.quit();
    if pictures == 0 {
        return Err(CaseError::wrong("no picture came, so nothing was seen"));
    }
    Ok(format!("{pictures} pictures, none fresh; fresh {} ms after its end", ms(again)))
}

/// Waits for a picture of which a photo may be taken.
fn until_fresh(camera: &Camera) -> Result<Duration, CaseError> {
    let (began, mut seq) = (now(), None);
    loop {
        let frame = camera.wait_newer(seq, LIMIT).ok_or_else(|| CaseError::wrong("no picture"))?;
        if frame.fresh() {
            return Ok(began.elapsed());
        }
        if began.elapsed() > LIMIT {
            return Err(CaseError::wrong("no picture became fresh"));
        }
        seq = Some(frame.seq());
    }
}

/// Many cameras leave the usual Huffman tables out: such a picture is shown, and becomes a photo any decoder reads.
pub(crate) fn without_tables(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.say("no-dht")?;
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    until_fresh(&camera)?;
    let frame = camera.newest().ok_or_else(|| CaseError::wrong("no picture"))?;
    let still = frame.still(4 << 20)?;
    if !still.bytes.windows(2).any(|marker| marker == [0xFF, 0xC4]) {
        return Err(CaseError::wrong("the photo has no tables"));
    }
    likeness_camera::decode_still(&still.bytes)?;
    camera.quit();
    Ok(format!("a photo of {} bytes, with tables", still.bytes.len()))
}
