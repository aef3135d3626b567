//! The frames of a driver go into the guided capture of the product: what it says, and what becomes of the photo.

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use likeness_camera::{Camera, CameraState, Purpose};
use likeness_capture::{Advice, CaptureRun, CapturedPhoto, Phase, Settings};

use crate::error::CaseError;
use crate::rig::{Order, Rig};
use crate::table::ms;
use crate::watch::{LIMIT, camera, now, the_device, until, until_code};

/// A guided capture of a face, with a learner who only presses the shutter.
struct Guided {
    run: CaptureRun,
    advice: Receiver<Advice>,
    photos: Receiver<CapturedPhoto>,
}

impl Guided {
    fn start(camera: &Camera) -> Result<Self, CaseError> {
        the_device(camera)?;
        camera.open(None, Purpose::Face);
        until(camera, "a live picture", CameraState::is_live)?;
        let (say, advice) = mpsc::channel();
        let (give, photos) = mpsc::channel();
        let settings = Settings { automatic: false, ..Settings::default() };
        // The case may have heard enough by the time something is said.
        let on_advice = Box::new(move |advice: &Advice| drop(say.send(advice.clone())));
        let on_photo = Box::new(move |photo| drop(give.send(photo)));
        let run = CaptureRun::start(
            camera.clone(),
            likeness_capture::Mode::Face,
            settings,
            on_advice,
            on_photo,
            Box::new(|_| {}),
        );
        Ok(Self { run, advice, photos })
    }

    fn until(&self, what: &str, wanted: impl Fn(&Advice) -> bool) -> Result<Duration, CaseError> {
        let began = now();
        let mut last = None;
        while began.elapsed() < LIMIT {
            let Ok(advice) = self.advice.recv_timeout(LIMIT) else { break };
            if wanted(&advice) {
                return Ok(began.elapsed());
            }
            last = Some((advice.phase, advice.hint.map(|hint| hint.code.code())));
        }
        Err(CaseError::wrong(format!("the capture did not come to {what}; last it said {last:?}")))
    }

    fn press_when_ready(&self) -> Result<(), CaseError> {
        self.until("a shutter that may be pressed", |advice| advice.manual_ready)?;
        self.run.shutter();
        self.until("the burst", |advice| advice.phase == Phase::Burst).map(drop)
    }
}

/// The plug is pulled in the middle of the burst: nothing of it is kept, and the next one starts from nothing.
pub(crate) fn unplugged_in_the_burst(rig: &mut dyn Rig) -> Result<String, CaseError> {
    // So slow that the burst is still going on when the plug is out.
    rig.say("folder face\nslow 5")?;
    let camera = camera();
    let guided = Guided::start(&camera)?;
    guided.press_when_ready()?;
    rig.say("folder face\nslow 5\nunplug")?;
    let told = guided.until("camera-lost", |advice| advice.phase == Phase::Waiting("camera-lost"))?;
    if let Ok(photo) = guided.photos.recv_timeout(Duration::from_secs(2)) {
        return Err(CaseError::wrong(format!("a photo was kept of a burst that was broken off: {photo:?}")));
    }
    rig.say("folder face")?;
    until(&camera, "a live picture", CameraState::is_live)?;
    guided.press_when_ready()?;
    guided.photos.recv_timeout(LIMIT).map_err(|_| CaseError::wrong("no photo of the next burst"))?;
    guided.run.stop();
    camera.quit();
    Ok(format!("told after {} ms, no photo; the next burst gives one", ms(told)))
}

/// While the camera says that nothing moves there is nothing to press.
pub(crate) fn no_shutter_when_frozen(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    let guided = Guided::start(&camera)?;
    guided.until("a shutter that may be pressed", |advice| advice.manual_ready)?;
    rig.say("repeat")?;
    until_code(&camera, "camera-not-moving")?;
    let told = guided.until("camera-not-moving", |advice| advice.phase == Phase::Waiting("camera-not-moving"))?;
    guided.run.shutter();
    let began = now();
    while began.elapsed() < Duration::from_secs(1) {
        let Ok(advice) = guided.advice.recv_timeout(LIMIT) else { break };
        if advice.manual_ready || advice.phase != Phase::Waiting("camera-not-moving") {
            return Err(CaseError::wrong(format!("{:?}, shutter {}", advice.phase, advice.manual_ready)));
        }
    }
    let photo = guided.photos.try_recv();
    guided.run.stop();
    camera.quit();
    if photo.is_ok() {
        return Err(CaseError::wrong("a photo of a frozen picture"));
    }
    Ok(format!("told after {} ms; the shutter is off and pressing it gives nothing", ms(told)))
}

/// One picture a second is slow and not broken: a photo comes of it, within the eight seconds a burst may take.
pub(crate) fn one_picture_a_second(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.say("folder face\nslow 1")?;
    let camera = camera();
    let guided = Guided::start(&camera)?;
    guided.press_when_ready()?;
    let began = now();
    let photo = guided.photos.recv_timeout(LIMIT);
    let took = began.elapsed();
    guided.run.stop();
    let live = camera.state().is_live();
    camera.quit();
    if photo.is_err() || !live {
        return Err(CaseError::wrong(format!("no photo, or not live: {live}")));
    }
    if took > Duration::from_secs(10) {
        return Err(CaseError::wrong(format!("the burst took {} ms", ms(took))));
    }
    Ok(format!("a photo {} ms after the burst began", ms(took)))
}

/// The very frames of this driver go into the guided capture, and it says something about what they show.
pub(crate) fn frames_reach_capture(rig: &mut dyn Rig) -> Result<String, CaseError> {
    // The smaller size, because an emulated processor takes seconds for one look.
    rig.order(Order::OnlySmall)?;
    let camera = camera();
    let guided = Guided::start(&camera)?;
    let began = now();
    let (mut looks, mut first, mut eyes_px) = (0u32, None, None);
    let waits_on = |looks, hinted: bool, seen: bool, spent| {
        spent < LOOKED_FOR || (!seen && spent < FACE_WITHIN) || (!hinted && looks < ENOUGH_LOOKS && spent < HINT_WITHIN)
    };
    while waits_on(looks, first.is_some(), eyes_px.is_some(), began.elapsed()) {
        let advice = guided.advice.recv_timeout(FACE_WITHIN);
        let advice = advice.map_err(|_| CaseError::wrong("the capture says nothing"))?;
        looks += u32::from(advice.frame_seq > 0);
        eyes_px = advice.measured.inter_eye_px.or(eyes_px);
        first = first.or_else(|| advice.hint.map(|hint| (hint.code.code(), began.elapsed())));
    }
    let ended = began.elapsed();
    guided.run.stop();
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
