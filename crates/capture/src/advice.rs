//! What the window is told after each look: at most one hint, where the guide lies, what may be pressed.
//!
//! Guarantees: no pixels, and places only as shares of the frame, unmirrored. The window mirrors picture and overlay together.
//! Refuses to know: sentences. The words stand in `locales/*/hints.ftl` under the hint's code.

use crate::hint::HintCode;
use crate::photo::Level;

/// Where the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No frames to judge; the camera's own code (`camera-opening`, `camera-lost`, ...).
    Waiting(&'static str),
    /// Frames flow; exposure is settling.
    Warmup,
    /// Something is still to be changed.
    Guiding,
    /// All green, not yet long enough.
    Steady,
    /// All green; the burst starts by itself.
    Countdown {
        /// Milliseconds until the burst.
        left_ms: u32,
    },
    /// Frames are being collected.
    Burst,
    /// The best frame is being checked at full size.
    Judging,
    /// A photo exists. Nothing more happens until a retake.
    Taken,
}

/// A direction, as the learner would say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The learner's own left: larger x in the unmirrored image.
    Left,
    /// The learner's own right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Towards the camera.
    Closer,
    /// From the camera.
    Away,
}

impl Side {
    /// The word that selects a variant in the messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Up => "up",
            Self::Down => "down",
            Self::Closer => "closer",
            Self::Away => "away",
        }
    }
}

/// How far to move. Only centimetres are said when the lens was measured, and only words when it was not:
/// with an assumed lens the sign is always right and the size may be 40 % off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Under 8 cm.
    Little,
    /// 8 to 20 cm.
    HandsWidth,
    /// More.
    ArmsLength,
}

impl Amount {
    /// The word that selects a variant in the messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Little => "little",
            Self::HandsWidth => "hand",
            Self::ArmsLength => "arm",
        }
    }
}

/// The one thing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// Fluent key is `hint-` and [`HintCode::code`].
    pub code: HintCode,
    /// How it is drawn.
    pub level: Level,
    /// `$side` of the message.
    pub side: Option<Side>,
    /// `$cm` of the message, rounded to 5; only with a measured lens.
    pub centimetres: Option<u32>,
    /// `$amount` of the message.
    pub amount: Option<Amount>,
}

impl Hint {
    /// The value of `$amount`: `cm` when centimetres may be said, else the word.
    pub fn amount_word(&self) -> &'static str {
        match (self.centimetres, self.amount) {
            (Some(_), _) => "cm",
            (None, Some(amount)) => amount.as_str(),
            (None, None) => "little",
        }
    }
}

/// An ellipse, shares of the frame's width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oval {
    /// Middle: x, y.
    pub centre: (f32, f32),
    /// Full width and height.
    pub size: (f32, f32),
}

/// A rectangle with its top left corner, shares of the frame's width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// What the learner aims at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GuideShape {
    /// Place for the face.
    pub oval: Option<Oval>,
    /// Place for the card.
    pub outline: Option<Outline>,
}

/// Numbers for those who like to see them. `None` means not measured in this frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measured {
    /// Density on the card, dots per inch.
    pub dpi: Option<f32>,
    /// Edge spread on the card, millimetres.
    pub sigma_mm: Option<f32>,
    /// Burnt share of the card, 0 to 1.
    pub glare_share: Option<f32>,
    /// Angle of the card to the line of sight, degrees.
    pub tilt_degrees: Option<f32>,
    /// Distance between the eyes, pixels.
    pub inter_eye_px: Option<f32>,
    /// Eyes to chin over the frame's height.
    pub head_height_ratio: Option<f32>,
    /// Luma of the eye whites, 0 to 255.
    pub eye_white_luma: Option<f32>,
}

/// The answer to one look.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// Where the session stands.
    pub phase: Phase,
    /// At most one.
    pub hint: Option<Hint>,
    /// 0 to 100.
    pub progress: u8,
    /// What to aim at.
    pub guide: GuideShape,
    /// Corners of the found card, shares of the frame; only when its edges were agreed by three looks.
    pub quad: Option<[(f32, f32); 4]>,
    /// The manual shutter works now.
    pub manual_ready: bool,
    /// "Take it anyway" is offered.
    pub may_take_anyway: bool,
    /// The window should turn white around the picture. Once on, on until the step ends.
    pub fill_light: bool,
    /// Numbers of this look.
    pub measured: Measured,
    /// Frame this advice is about; 0 before the first.
    pub frame_seq: u64,
}
