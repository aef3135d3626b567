//! The one table of hints: code, priority, what it weighs at most, how long it stays.
//!
//! Guarantees: each code has a row in `locales/en/hints.ftl` and a line in `docs/hints.md` (tests).
//! Not built: `glasses-glare`. No picture with lenses that reflect has been measured, and the studio's glasses have none.

use std::time::Duration;

use crate::photo::Level;

const INFO_SHOWN: Duration = Duration::from_secs(1);
const PROBLEM_SHOWN: Duration = Duration::from_millis(1500);
/// A card takes longer to turn over or bring back than a head takes to move.
const SLOW_SHOWN: Duration = Duration::from_secs(2);

macro_rules! hints {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $priority:literal, $level:ident, $shown:ident;)+) => {
        /// What can be said. The order of the list decides between hints of one priority.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum HintCode { $($(#[doc = $doc])+ $name,)+ }

        impl HintCode {
            /// Every code, most urgent first.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Fluent key without `hint-`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// 0 is most urgent. Stops come before warnings whatever their priority.
            pub fn priority(self) -> u8 {
                match self { $(Self::$name => $priority,)+ }
            }

            /// The most it can weigh in the standard profile.
            pub fn heaviest(self) -> Level {
                match self { $(Self::$name => Level::$level,)+ }
            }

            /// Once shown, it stays at least this long unless it became untrue in direction or the camera failed.
            pub fn shown_at_least(self) -> Duration {
                match self { $(Self::$name => $shown,)+ }
            }
        }
    };
}

hints! {
    /// No camera.
    CameraNone = "camera-none", 0, Stop, PROBLEM_SHOWN;
    /// Another program has it.
    CameraInUse = "camera-in-use", 0, Stop, PROBLEM_SHOWN;
    /// The system or the person said no.
    CameraDenied = "camera-denied", 0, Stop, PROBLEM_SHOWN;
    /// Pulled out.
    CameraLost = "camera-lost", 0, Stop, PROBLEM_SHOWN;
    /// No frame comes.
    CameraStalled = "camera-stalled", 0, Stop, PROBLEM_SHOWN;
    /// The same frame again and again.
    CameraNotMoving = "camera-not-moving", 0, Stop, PROBLEM_SHOWN;
    /// Pictures arrive broken.
    CameraDamagedFrames = "camera-damaged-frames", 0, Stop, PROBLEM_SHOWN;
    /// No usable mode.
    CameraUnsupported = "camera-unsupported", 0, Stop, PROBLEM_SHOWN;
    /// Anything else the driver reports.
    CameraFailed = "camera-failed", 0, Stop, PROBLEM_SHOWN;
    /// No subject and no light.
    PictureBlack = "picture-black", 1, Stop, PROBLEM_SHOWN;
    /// No subject and nothing but light.
    PictureWhite = "picture-white", 1, Stop, PROBLEM_SHOWN;
    /// No face.
    NoFace = "no-face", 2, Stop, PROBLEM_SHOWN;
    /// No card.
    NoCard = "no-card", 2, Stop, PROBLEM_SHOWN;
    /// Somebody else is in the picture.
    SecondPerson = "second-person", 3, Stop, PROBLEM_SHOWN;
    /// A card in the face photo.
    CardNotNeeded = "card-not-needed", 3, Warn, PROBLEM_SHOWN;
    /// The face is there, the card beside it is not.
    CardNotInOutline = "card-not-in-outline", 3, Stop, SLOW_SHOWN;
    /// The name side is wanted, the photo side is shown.
    WrongSide = "wrong-side", 4, Stop, SLOW_SHOWN;
    /// The photo side is wanted, no portrait is seen.
    NoPortrait = "no-portrait", 4, Stop, SLOW_SHOWN;
    /// The portrait on the card stands on its head.
    UpsideDown = "upside-down", 4, Warn, SLOW_SHOWN;
    /// Head too small in the picture.
    FaceTooFar = "face-too-far", 5, Stop, PROBLEM_SHOWN;
    /// Head too large.
    FaceTooClose = "face-too-close", 5, Stop, PROBLEM_SHOWN;
    /// The card is where the outline is and this camera still cannot resolve it.
    CameraLimit = "camera-limit", 5, Stop, PROBLEM_SHOWN;
    /// Too few pixels on the card.
    CardTooFar = "card-too-far", 5, Stop, PROBLEM_SHOWN;
    /// The card is far larger than the outline.
    CardTooClose = "card-too-close", 5, Stop, PROBLEM_SHOWN;
    /// The face is too far to the learner's left.
    FaceLeft = "face-left", 6, Stop, PROBLEM_SHOWN;
    /// Too far to the learner's right.
    FaceRight = "face-right", 6, Stop, PROBLEM_SHOWN;
    /// Too high in the picture.
    FaceHigh = "face-high", 6, Stop, PROBLEM_SHOWN;
    /// Too low.
    FaceLow = "face-low", 6, Stop, PROBLEM_SHOWN;
    /// A side of the card leaves the picture.
    CardCutOff = "card-cut-off", 6, Stop, PROBLEM_SHOWN;
    /// The card is too far to the learner's left.
    CardLeft = "card-left", 6, Stop, PROBLEM_SHOWN;
    /// Too far to the learner's right.
    CardRight = "card-right", 6, Stop, PROBLEM_SHOWN;
    /// Too high.
    CardHigh = "card-high", 6, Stop, PROBLEM_SHOWN;
    /// Too low.
    CardLow = "card-low", 6, Stop, PROBLEM_SHOWN;
    /// The head is turned.
    TurnHead = "turn-head", 7, Stop, PROBLEM_SHOWN;
    /// The chin is raised or lowered.
    Chin = "chin", 7, Stop, PROBLEM_SHOWN;
    /// The head leans.
    HeadTilt = "head-tilt", 7, Stop, PROBLEM_SHOWN;
    /// The card is not flat to the camera.
    CardTilted = "card-tilted", 7, Stop, PROBLEM_SHOWN;
    /// The card is turned in the picture.
    CardTurned = "card-turned", 7, Stop, PROBLEM_SHOWN;
    /// Eyes closed.
    EyesClosed = "eyes-closed", 8, Warn, PROBLEM_SHOWN;
    /// The background is brighter than the eyes.
    LightBehind = "light-behind", 9, Stop, PROBLEM_SHOWN;
    /// The eye whites are dark.
    TooDark = "too-dark", 9, Stop, PROBLEM_SHOWN;
    /// The face burns out.
    TooBright = "too-bright", 9, Stop, PROBLEM_SHOWN;
    /// One cheek is in shadow.
    SideLight = "side-light", 9, Stop, PROBLEM_SHOWN;
    /// A reflection on the card.
    Glare = "glare", 10, Stop, PROBLEM_SHOWN;
    /// The whole card is over-exposed.
    CardBurnt = "card-burnt", 10, Stop, PROBLEM_SHOWN;
    /// The card is dark.
    CardDark = "card-dark", 10, Stop, PROBLEM_SHOWN;
    /// Blurred while moving.
    HoldStill = "hold-still", 11, Stop, PROBLEM_SHOWN;
    /// Blurred without moving.
    OutOfFocus = "out-of-focus", 11, Stop, PROBLEM_SHOWN;
    /// The best of ten seconds is still soft. Said once.
    WipeLens = "wipe-lens", 11, Info, PROBLEM_SHOWN;
    /// The mouth is open.
    MouthOpen = "mouth-open", 12, Warn, PROBLEM_SHOWN;
    /// Sharp, and yet too little print is seen.
    TextHidden = "text-hidden", 12, Warn, PROBLEM_SHOWN;
    /// All is well.
    Hold = "hold", 13, Info, INFO_SHOWN;
    /// The photo exists.
    Taken = "taken", 14, Info, INFO_SHOWN;
    /// The override is offered. Said once.
    TakeAnyway = "take-anyway", 14, Info, SLOW_SHOWN;
}

impl HintCode {
    /// The hint for a camera state's code; `None` for codes that need no words here (opening, off, live).
    pub fn from_camera(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|hint| hint.priority() == 0 && hint.code() == code)
    }

    /// Defects that a photo taken by itself never has, however long they last.
    pub(crate) fn bars_automatic(self) -> bool {
        matches!(self, Self::OutOfFocus | Self::HoldStill | Self::EyesClosed | Self::Glare)
    }

    /// Not even "Take it anyway" goes over these.
    pub(crate) fn is_absolute(self) -> bool {
        self.priority() == 0 || matches!(self, Self::NoFace | Self::NoCard)
    }
}
