//! Camera, live stream and guided capture, kept in line with the screen: no screen that needs it, no camera.
//!
//! Guarantees: the camera is opened only while an open capture session exists and a camera screen is shown; every opening has a number of its own,
//! so that guidance or a photo of an older one is dropped; a camera that the organisation's rule shuts out is never opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use likeness_camera::{
    Admission, Backend, Camera, CameraState, Device, DeviceKey, DeviceRules, DeviceSummary, Findings, Purpose,
    Unusable, Virtual, VirtualPolicy,
};
use likeness_capture::{CaptureRun, CardNeeds, Mode, Settings, TypedName};
use likeness_protocol::verification::VirtualCameraRule;
use likeness_vision::card::CardFormat;
use tokio::sync::watch;

use crate::actor::{Mailbox, Message};
use crate::guidance;
use crate::news::News;
use crate::pictures::Pictures;
use crate::remembered::Remembered;
use crate::state::{CameraNow, Place, State};
use crate::view::{CameraChoice, CameraFinding, CameraRemark, Document, Guidance, Photo};

/// How long one wait for a change of the camera may last; then it is seen whether anybody still listens.
const LISTEN: Duration = Duration::from_millis(500);

/// After the names have changed the list is read at once, after a second and after three, counted down in waits of [`LISTEN`].
const LOOKS_AFTER_A_CHANGE: u32 = 7;
const LOOKED_AT: [u32; 3] = [7, 5, 1];

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
    rules: DeviceRules,
    remembered: Remembered,
    /// Has the first camera of this run been seen or chosen? The remembered one is only looked for before that.
    settled: bool,
    /// The camera that is open, or that may not be.
    device: Option<DeviceSummary>,
    devices: Vec<Device>,
    /// The number of the newest list that was asked for: an older one comes too late.
    lists: u64,
    /// Is a camera screen shown? Told to the thread that listens.
    open: Arc<AtomicBool>,
}

impl CameraDesk {
    /// Listens to the camera from now on; opens nothing.
    pub fn new(
        camera: Camera,
        remembered: Remembered,
        pictures: Pictures,
        guidance: Arc<watch::Sender<Option<Guidance>>>,
        mailbox: Mailbox,
    ) -> Self {
        let open = Arc::new(AtomicBool::new(false));
        listen(camera.clone(), mailbox.clone(), open.clone());
        let rules = DeviceRules { last_used: remembered.key(), ..DeviceRules::default() };
        camera.set_rules(rules.clone());
        Self {
            camera,
            pictures,
            guidance,
            mailbox,
            running: None,
            capture: None,
            attempt: 0,
            rules,
            remembered,
            settled: false,
            device: None,
            devices: Vec::new(),
            lists: 0,
            open,
        }
    }

    /// From the next opening on the organisation's rule about virtual cameras is kept. A camera too small for a card is good for nothing here:
    /// the server takes no photo with so few rows.
    pub fn obey(&mut self, rule: VirtualCameraRule) {
        self.rules.virtual_cameras = match rule {
            VirtualCameraRule::Allow => VirtualPolicy::Allow,
            VirtualCameraRule::Flag => VirtualPolicy::Flag,
            VirtualCameraRule::Block => VirtualPolicy::Block,
        };
        self.camera.set_rules(self.rules.clone());
    }

    /// The learner chose this camera: it is used from now on, and at the next start.
    pub fn choose(&mut self, state: &mut State, key: String) {
        let device = DeviceKey::new(key.clone());
        self.settled = true;
        self.remembered.keep(device.clone());
        self.rules.last_used = Some(device);
        self.camera.set_rules(self.rules.clone());
        state.camera.name =
            state.camera.choices.iter().find(|choice| choice.key == key).map(|choice| choice.label.clone());
        state.camera.chosen = Some(key);
        // What was said of the other one does not hold for this one.
        self.device = None;
        (state.camera.suspicion, state.camera.practice, state.camera.stands_in) = (None, false, false);
        self.reopen(state);
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
        // Who has come this far has read it.
        state.camera.stands_in &= self.running.is_none();
        self.leave();
        state.camera.stream = None;
        state.camera.finding = None;
        if let Some(wanted) = wanted {
            // Not closed in between: the same camera goes on without a pause, with pictures of its own for the new purpose.
            self.start(state, wanted);
        } else {
            self.camera.close();
            // While a new session is asked for, the camera comes back by itself.
            state.camera.state = if state.busy && state.wants_camera() { CameraNow::Starting } else { CameraNow::Off };
        }
        self.open.store(self.running.is_some(), Ordering::Relaxed);
        mark_chosen(state);
    }

    /// Opens again what is wanted: another camera was chosen, or "Try again" was pressed.
    pub fn reopen(&mut self, state: &mut State) {
        self.stop();
        self.follow(state);
    }

    /// Closes everything. Guidance and photos of before are dropped from now on.
    pub fn stop(&mut self) {
        self.leave();
        self.camera.close();
    }

    fn leave(&mut self) {
        self.capture = None;
        self.running = None;
        self.attempt += 1;
        self.pictures.close_live();
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
        let settings = Settings { lenses: self.remembered.lenses(), ..settings };
        let remembered = self.remembered.clone();
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
            Box::new(move |lens| remembered.keep_lens(lens)),
        )
    }

    /// Looks which cameras there are, on a thread of its own because a driver may hang.
    pub fn list(&mut self) {
        self.lists += 1;
        let (camera, mailbox, number) = (self.camera.clone(), self.mailbox.clone(), self.lists);
        thread::spawn(move || match camera.list() {
            Ok(devices) => {
                let _ = mailbox.send(Message::News(News::Cameras { number, devices }));
            }
            Err(error) => tracing::warn!(code = "cameras-not-listed", %error),
        });
    }

    /// Writes what the camera says, and what its pictures show, into the state.
    pub fn note_state(&mut self, state: &mut State, camera: &CameraState, findings: Findings) {
        state.camera.state = match camera {
            CameraState::Off => CameraNow::Off,
            CameraState::Listing | CameraState::Opening => CameraNow::Starting,
            CameraState::AskingPermission => CameraNow::Asking,
            CameraState::Live { device, mode } => {
                if !self.settled {
                    self.settled = true;
                    state.camera.stands_in = self.remembered.key().is_some_and(|key| key != device.key);
                }
                self.take(state, device);
                state.camera.aspect = f32::from(mode.width_px) / f32::from(mode.height_px.max(1));
                let lens = self.remembered.lens(&device.key, mode.width_px, mode.height_px);
                state.camera.card_dpi =
                    lens.as_ref().map_or(u32::from(mode.best_card_dpi()), |lens| whole(lens.card_dpi()));
                state.camera.card_cm = lens.map(|lens| whole(lens.card_distance_mm() / 50.0) * 5);
                CameraNow::Live
            }
            CameraState::VirtualBlocked { device } => {
                self.take(state, device);
                CameraNow::Trouble("camera-virtual-blocked")
            }
            // The one in use before this opening is gone; that there is none at all would not be true.
            CameraState::NoCamera if state.camera.chosen.is_some() => CameraNow::Trouble("camera-lost"),
            fault => fault.code().map_or(CameraNow::Starting, CameraNow::Trouble),
        };
        state.camera.finding = if state.camera.state == CameraNow::Live { worst(findings) } else { None };
        self.note_device(state);
    }

    /// Writes the list of cameras into the state, unless a newer one is on its way.
    pub fn note_devices(&mut self, state: &mut State, number: u64, devices: Vec<Device>) {
        if number != self.lists {
            return;
        }
        state.camera.choices = devices
            .iter()
            .map(|device| CameraChoice {
                key: device.key.as_str().to_owned(),
                label: device.label.clone(),
                chosen: false,
                practice: device.backend == Backend::Studio,
                remark: remark(device, &self.rules),
            })
            .collect();
        self.devices = devices;
        self.note_device(state);
    }

    fn take(&mut self, state: &mut State, device: &DeviceSummary) {
        state.camera.chosen = Some(device.key.as_str().to_owned());
        self.device = Some(device.clone());
    }

    /// What is to be said of the camera that is open, or may not be.
    fn note_device(&self, state: &mut State) {
        if let Some(device) = &self.device {
            state.camera.name = Some(device.label.clone());
            state.camera.practice = device.backend == Backend::Studio;
            state.camera.suspicion = self.suspicion(device);
        }
        mark_chosen(state);
    }

    /// Why this camera seems to be a program, if the rule is to say so.
    fn suspicion(&self, device: &DeviceSummary) -> Option<&'static str> {
        let admission = self.rules.virtual_cameras.admit(device.virtual_camera);
        if device.backend == Backend::Studio || admission == Admission::Admitted {
            return None;
        }
        let listed = self.devices.iter().find(|listed| listed.key == device.key).map(|listed| listed.evidence.clone());
        let evidence = listed.or_else(|| self.camera.facts().map(|facts| facts.evidence)).unwrap_or_default();
        let elsewhere = ["bus=usb-over-network", "bus=usb-gadget"].iter().any(|bus| evidence.contains(bus));
        Some(match device.virtual_camera {
            Virtual::Yes => "program",
            Virtual::Suspected | Virtual::No if elsewhere => "elsewhere",
            Virtual::Suspected | Virtual::No => "unclear",
        })
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
        name: TypedName::new(&state.draft.name),
        ..Settings::default()
    };
    if let Some(limits) = state.policy.as_ref().map(|policy| policy.limits) {
        settings.limit_bytes = usize::try_from(limits.max_bytes).unwrap_or(settings.limit_bytes);
        settings.min_side_px = u16::try_from(limits.min_px).unwrap_or(settings.min_side_px);
    }
    settings
}

/// The nearest whole number of a measure that is never negative.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "dots per inch and centimetres: a few thousand at most"
)]
fn whole(value: f32) -> u32 {
    value.round().max(0.0) as u32
}

/// Tells the owner of every change of the camera, until nobody listens.
///
/// While a camera screen is open the names of the cameras are looked at too, so that one that is plugged in can be chosen. Nothing is opened for that
/// until a name is new, and then twice more, for the system sets the rights of a new device late.
fn listen(camera: Camera, mailbox: Mailbox, open: Arc<AtomicBool>) {
    thread::spawn(move || {
        let (mut seen, mut wakes, mut names, mut looks) = (0, camera.wakes(), None, 0_u32);
        while !mailbox.is_closed() {
            let (revision, state) = camera.wait_state(seen, LISTEN);
            let mut news = Vec::new();
            if revision != seen {
                seen = revision;
                let woken = camera.wakes();
                if woken != wakes {
                    wakes = woken;
                    news.push(News::Woke);
                }
                news.push(News::Camera { state, findings: camera.findings() });
            } else if open.load(Ordering::Relaxed) {
                let named = camera.names_mark();
                if names.replace(named).is_some_and(|known| known != named) {
                    looks = LOOKS_AFTER_A_CHANGE;
                }
                if LOOKED_AT.contains(&looks) {
                    news.push(News::CamerasChanged);
                }
                looks = looks.saturating_sub(1);
            } else {
                names = None;
            }
            for news in news {
                if mailbox.send(Message::News(news)).is_err() {
                    return;
                }
            }
        }
    });
}

/// The one thing to say of the pictures: what most surely has one cause comes first.
fn worst(findings: Findings) -> Option<CameraFinding> {
    let list = [
        (findings.shutter_closed, CameraFinding::ShutterClosed),
        (findings.covered_or_dark, CameraFinding::Covered),
        (findings.glaring, CameraFinding::Glaring),
        (findings.tinted, CameraFinding::Tinted),
        (findings.colourless, CameraFinding::NoColour),
    ];
    list.into_iter().find_map(|(found, finding)| found.then_some(finding))
}

/// What is to be known of a camera before it is chosen.
fn remark(device: &Device, rules: &DeviceRules) -> Option<CameraRemark> {
    match (rules.admit(device), &device.usable) {
        (Admission::Blocked, _) => Some(CameraRemark::NotAllowed),
        (_, Err(Unusable::TooSmall { .. })) => Some(CameraRemark::TooSmall),
        (_, Err(Unusable::InUse)) => Some(CameraRemark::InUse),
        (_, Err(Unusable::Denied | Unusable::NoUsableMode)) => Some(CameraRemark::Unusable),
        (Admission::Flagged, Ok(_)) => Some(CameraRemark::Program),
        (Admission::Admitted, Ok(_)) => device.says_infrared().then_some(CameraRemark::Infrared),
    }
}

fn mark_chosen(state: &mut State) {
    let chosen = state.camera.chosen.clone();
    for choice in &mut state.camera.choices {
        choice.chosen = chosen.as_deref() == Some(choice.key.as_str());
    }
}
