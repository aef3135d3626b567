//! Camera, live stream and guided capture, kept in line with the screen: no screen that needs it, no camera.
//!
//! Guarantees: the camera is opened only while an open capture session exists and a camera screen is shown; every opening has a number of its own,
//! so that guidance or a photo of an older one is dropped.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use likeness_camera::{Backend, Camera, CameraState, DeviceKey, Purpose, Virtual};
use likeness_capture::{CaptureRun, CardNeeds, Mode, Settings};
use likeness_vision::card::CardFormat;
use tokio::sync::watch;

use crate::actor::{Mailbox, Message};
use crate::guidance;
use crate::news::News;
use crate::pictures::Pictures;
use crate::state::{CameraNow, Place, State};
use crate::view::{CameraChoice, Document, Guidance, Photo};

/// How long one wait for a change of the camera may last; then it is seen whether anybody still listens.
const LISTEN: Duration = Duration::from_millis(500);

/// What the camera is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    purpose: Purpose,
    mode: Option<Mode>,
}

/// See the module.
pub struct CameraDesk {
    camera: Camera,
    pictures: Pictures,
    guidance: Arc<watch::Sender<Option<Guidance>>>,
    mailbox: Mailbox,
    running: Option<Wanted>,
    capture: Option<CaptureRun>,
    attempt: u64,
}

impl CameraDesk {
    /// Listens to the camera from now on; opens nothing.
    pub fn new(
        camera: Camera,
        pictures: Pictures,
        guidance: Arc<watch::Sender<Option<Guidance>>>,
        mailbox: Mailbox,
    ) -> Self {
        listen(camera.clone(), mailbox.clone());
        Self { camera, pictures, guidance, mailbox, running: None, capture: None, attempt: 0 }
    }

    /// Does the system name any camera? Nothing is opened.
    pub fn any_present(&self) -> bool {
        self.camera.any_present()
    }

    /// The number of the running capture.
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// Starts or stops so that camera and screen fit.
    pub fn follow(&mut self, state: &mut State) {
        let wanted = wanted(state);
        if wanted == self.running {
            return;
        }
        self.stop();
        state.camera.stream = None;
        if let Some(wanted) = wanted {
            self.start(state, wanted);
        } else {
            state.camera.state = CameraNow::Off;
        }
    }

    /// Opens again what is wanted: another camera was chosen, or "Try again" was pressed.
    pub fn reopen(&mut self, state: &mut State) {
        self.stop();
        self.follow(state);
    }

    /// Closes everything. Guidance and photos of before are dropped from now on.
    pub fn stop(&mut self) {
        self.capture = None;
        self.running = None;
        self.attempt += 1;
        self.pictures.close_live();
        self.camera.close();
        self.guidance.send_replace(None);
    }

    fn start(&mut self, state: &mut State, wanted: Wanted) {
        self.running = Some(wanted);
        state.camera.state = CameraNow::Starting;
        self.list();
        self.camera.open(state.camera.chosen.clone().map(DeviceKey::new), wanted.purpose);
        state.camera.stream = Some(self.pictures.open_live());
        if let Some(mode) = wanted.mode {
            self.capture = Some(self.begin_capture(mode, settings(state)));
        }
    }

    fn begin_capture(&self, mode: Mode, settings: Settings) -> CaptureRun {
        let attempt = self.attempt;
        let guidance = self.guidance.clone();
        let mailbox = self.mailbox.clone();
        CaptureRun::start(
            self.camera.clone(),
            mode,
            settings,
            Box::new(move |advice| {
                guidance.send_replace(Some(guidance::translate(advice, attempt)));
            }),
            Box::new(move |photo| {
                // Without an owner there is nobody left to show the photo to.
                let _ = mailbox.send(Message::News(News::Photo { attempt, photo }));
            }),
        )
    }

    /// Looks which cameras there are, on a thread of its own because a driver may hang.
    pub fn list(&self) {
        let (camera, mailbox) = (self.camera.clone(), self.mailbox.clone());
        thread::spawn(move || match camera.list() {
            Ok(devices) => {
                let _ = mailbox.send(Message::News(News::Cameras(devices)));
            }
            Err(error) => tracing::warn!(code = "cameras-not-listed", %error),
        });
    }

    /// The running capture, if a photo is being taken.
    pub fn capture(&self) -> Option<&CaptureRun> {
        self.capture.as_ref()
    }
}

/// What the screen needs; `None` keeps the camera off.
fn wanted(state: &State) -> Option<Wanted> {
    state.draft.session.as_ref()?;
    let two_sides = state.draft.two_sides == Some(true);
    match state.place {
        Place::CameraCheck => Some(Wanted { purpose: Purpose::Check, mode: None }),
        Place::Capture(Photo::Face) if two_sides => {
            Some(Wanted { purpose: Purpose::FaceWithCard, mode: Some(Mode::FaceWithCard { hand: state.hand.into() }) })
        }
        Place::Capture(Photo::Face) => Some(Wanted { purpose: Purpose::Face, mode: Some(Mode::Face) }),
        Place::Capture(Photo::Id) => {
            let needs = if two_sides { CardNeeds::NameSide } else { CardNeeds::PhotoAndName };
            Some(Wanted { purpose: Purpose::IdCard, mode: Some(Mode::IdCard { needs }) })
        }
        _ => None,
    }
}

fn settings(state: &State) -> Settings {
    let mut settings = Settings {
        format: match state.draft.document {
            Some(Document::Passport) => CardFormat::Id3,
            Some(Document::Other) => CardFormat::Other,
            Some(Document::Card) | None => CardFormat::Id1,
        },
        ..Settings::default()
    };
    if let Some(limits) = state.policy.as_ref().map(|policy| policy.limits) {
        settings.limit_bytes = usize::try_from(limits.max_bytes).unwrap_or(settings.limit_bytes);
        settings.min_side_px = u16::try_from(limits.min_px).unwrap_or(settings.min_side_px);
    }
    settings
}

/// Tells the owner of every change of the camera, until nobody listens.
fn listen(camera: Camera, mailbox: Mailbox) {
    thread::spawn(move || {
        let mut seen = 0;
        while !mailbox.is_closed() {
            let (revision, state) = camera.wait_state(seen, LISTEN);
            if revision != seen {
                seen = revision;
                if mailbox.send(Message::News(News::Camera(state))).is_err() {
                    return;
                }
            }
        }
    });
}

/// Writes what the camera says into the state.
pub fn note_state(state: &mut State, camera: &CameraState) {
    state.camera.state = match camera {
        CameraState::Off => CameraNow::Off,
        CameraState::Listing | CameraState::Opening => CameraNow::Starting,
        CameraState::Live { device, mode } => {
            state.camera.chosen = Some(device.key.as_str().to_owned());
            state.camera.practice = device.backend == Backend::Studio;
            state.camera.virtual_name = (!matches!(device.virtual_camera, Virtual::No)).then(|| device.label.clone());
            state.camera.aspect = f32::from(mode.width_px) / f32::from(mode.height_px.max(1));
            state.camera.width_px = u32::from(mode.width_px);
            CameraNow::Live
        }
        fault => fault.code().map_or(CameraNow::Starting, CameraNow::Trouble),
    };
    mark_chosen(state);
}

/// Writes the list of cameras into the state.
pub fn note_devices(state: &mut State, devices: &[likeness_camera::Device]) {
    state.camera.choices = devices
        .iter()
        .map(|device| CameraChoice {
            key: device.key.as_str().to_owned(),
            label: device.label.clone(),
            chosen: false,
            practice: device.backend == Backend::Studio,
        })
        .collect();
    mark_chosen(state);
}

fn mark_chosen(state: &mut State) {
    let chosen = state.camera.chosen.clone();
    for choice in &mut state.camera.choices {
        choice.chosen = chosen.as_deref() == Some(choice.key.as_str());
    }
}
