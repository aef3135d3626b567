//! What the camera is doing, as anybody outside may ask it at any moment.
//!
//! A state is a value, never a wait: asking costs one lock. Every fault is a state of its own with one stable code,
//! because each has its own sentence and its own next step in the window.

use crate::device::{DeviceSummary, Virtual};
use crate::error::CameraError;
use crate::mode::Mode;

/// What the camera is opened for. The synthetic camera plays a script that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The camera check before the first photo.
    Check,
    /// The photo of the learner's face.
    Face,
    /// The photo of the learner's face with the ID held beside it.
    FaceWithCard,
    /// The photo of the ID alone.
    IdCard,
}

/// The number of one `open` or `close`. Numbers only rise; whatever belongs to an older one is dropped unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub(crate) u64);

impl Attempt {
    /// The bare number, for logs.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Who does not let this program use the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeniedBy {
    /// The person, or the rights of their account: they can change it in the system's settings.
    User,
    /// Whoever manages this computer: only they can change it.
    Policy,
}

/// What the pictures of a live camera show that a person can mend at once. No faults: pictures arrive, and may be fine a moment later.
///
/// Each is true while it has been so for a second without interruption; see `look.rs` for the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings {
    /// Nearly black and without any detail: the lens is covered, or the room is dark.
    pub covered_or_dark: bool,
    /// The camera itself says that its shutter is closed. Only some cameras can tell.
    pub shutter_closed: bool,
    /// Nearly white and without any detail.
    pub glaring: bool,
    /// Bright, and without any colour: an infrared camera, or one in a night mode.
    pub colourless: bool,
    /// Green or pink all over, in every format the camera has.
    pub tinted: bool,
}

/// What the camera is doing now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraState {
    /// Nobody asked for a camera.
    Off,
    /// The list of devices is being read, before one is opened.
    Listing,
    /// A device was chosen and is starting.
    Opening,
    /// Pictures arrive.
    Live {
        /// Whose pictures these are.
        device: DeviceSummary,
        /// What was agreed with the driver.
        mode: Mode,
    },
    /// There is no camera to open. Ends by itself when one is plugged in.
    NoCamera,
    /// The one camera the organisation allows here is not plugged in. Ends by itself when it is.
    LockedMissing {
        /// What the rule calls it.
        name: String,
    },
    /// The system is asking the person whether this program may use the camera (macOS only). Ends with the answer.
    AskingPermission,
    /// The system does not let this program open it.
    Denied {
        /// Who could change that.
        by: DeniedBy,
    },
    /// The organisation does not accept this camera, because it looks like software. Another one may be chosen.
    VirtualBlocked {
        /// Which camera.
        device: DeviceSummary,
    },
    /// Another program holds it. Retried four times, then only on request.
    InUse,
    /// It was unplugged. Ends by itself when the same device comes back.
    Lost,
    /// It is open but has been silent for 2 seconds or more.
    Stalled,
    /// It has sent nothing but the same picture for 3 seconds.
    NotMoving,
    /// The last three pictures were damaged. One good picture ends it.
    Damaged,
    /// It cannot send a usable picture. `why` is for the log.
    Unsupported {
        /// What was missing, in English.
        why: String,
    },
    /// Anything else. `detail` is for the log.
    Failed {
        /// Step and error number, in English.
        detail: String,
    },
}

impl CameraState {
    /// The stable code of a fault; `None` while there is no fault.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Off | Self::Listing | Self::AskingPermission | Self::Opening | Self::Live { .. } => None,
            Self::NoCamera | Self::LockedMissing { .. } => Some("camera-none"),
            Self::Denied { by: DeniedBy::User } => Some("camera-denied"),
            Self::Denied { by: DeniedBy::Policy } => Some("camera-restricted"),
            Self::VirtualBlocked { .. } => Some("camera-virtual-blocked"),
            Self::InUse => Some("camera-in-use"),
            Self::Lost => Some("camera-lost"),
            Self::Stalled => Some("camera-stalled"),
            Self::NotMoving => Some("camera-not-moving"),
            Self::Damaged => Some("camera-damaged-frames"),
            Self::Unsupported { .. } => Some("camera-unsupported"),
            Self::Failed { .. } => Some("camera-failed"),
        }
    }

    /// Whether pictures arrive.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

impl From<CameraError> for CameraState {
    fn from(error: CameraError) -> Self {
        match error {
            CameraError::NoCamera => Self::NoCamera,
            CameraError::Lost => Self::Lost,
            CameraError::InUse => Self::InUse,
            CameraError::LockedMissing { name } => Self::LockedMissing { name },
            CameraError::Denied => Self::Denied { by: DeniedBy::User },
            CameraError::Restricted => Self::Denied { by: DeniedBy::Policy },
            CameraError::VirtualBlocked { device } => Self::VirtualBlocked { device: *device },
            CameraError::Unsupported { why } => Self::Unsupported { why },
            CameraError::ListTooSlow => Self::Failed { detail: "the list of cameras did not come in time".into() },
            CameraError::Failed { detail } => Self::Failed { detail },
        }
    }
}

/// What is known of the camera whose pictures arrive, in the words of the manifest. Holds no serial number and no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraFacts {
    /// `v4l2`, `msmf`, `avfoundation` or `studio`.
    pub backend: String,
    /// The name the device gives itself.
    pub name: String,
    /// SHA-256 of the device's identity on this machine, 64 hexadecimal digits: same camera, same value.
    pub id_hash: String,
    /// Whether it looks like a camera made of software.
    pub virtual_camera: Virtual,
    /// What that judgement rests on, as `name=value` pairs joined by `; `.
    pub evidence: String,
    /// The agreed format, as in `MJPG 1280x720@30`.
    pub format: String,
}
