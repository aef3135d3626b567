//! What is to be photographed, and what policy allows.

use std::fmt;
use std::time::Duration;

use likeness_vision::card::CardFormat;
use zeroize::Zeroizing;

use crate::photo::PhotoKind;
use crate::profile::Profile;
use crate::ruler::MeasuredLens;

/// A hand, as the learner would say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hand {
    /// The learner's left hand: the image's right side, for pictures are not mirrored inside.
    Left,
    /// The learner's right hand: the image's left side.
    Right,
}

impl Hand {
    /// The one that does not hold the card now.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// What the ID photo must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardNeeds {
    /// Portrait and name are on the same side.
    PhotoAndName,
    /// The side with the name; the portrait went into the face photo.
    NameSide,
}

/// The three kinds of capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// One face, no card.
    Face,
    /// One face with the photo side of the card beside it.
    FaceWithCard {
        /// The hand that holds the card.
        hand: Hand,
    },
    /// The card alone; faces behind it are ignored.
    IdCard {
        /// Which side.
        needs: CardNeeds,
    },
}

impl Mode {
    /// Which photo of the profile this mode takes.
    pub fn kind(self) -> PhotoKind {
        match self {
            Self::Face | Self::FaceWithCard { .. } => PhotoKind::Face,
            Self::IdCard { .. } => PhotoKind::Id,
        }
    }

    pub(crate) fn wants_face(self) -> bool {
        self.kind() == PhotoKind::Face
    }

    pub(crate) fn wants_card(self) -> bool {
        !matches!(self, Self::Face)
    }
}

/// The longest countdown policy may ask for.
pub const LONGEST_COUNTDOWN: Duration = Duration::from_secs(5);

/// The full name as the learner typed it, for the comparison with a code on the ID. Wiped when dropped; `Debug` does not show it.
#[derive(Clone, Default)]
pub struct TypedName(Zeroizing<String>);

impl TypedName {
    /// Copies the name. An empty one is compared with nothing.
    pub fn new(name: &str) -> Self {
        Self(Zeroizing::new(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TypedName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("TypedName(<redacted>)")
    }
}

/// What policy and the capture session of the server decide.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Time between green and the burst; anything over [`LONGEST_COUNTDOWN`] counts as that.
    pub countdown: Duration,
    /// May the photo be taken by itself? The manual shutter works either way.
    pub automatic: bool,
    /// The document the learner chose.
    pub format: CardFormat,
    /// Thresholds.
    pub profile: Profile,
    /// Largest photo the server takes, bytes.
    pub limit_bytes: usize,
    /// Smallest side the server takes, pixels.
    pub min_side_px: u16,
    /// The name to compare with a code on the ID.
    pub name: TypedName,
    /// Lenses measured in earlier captures, of any cameras.
    pub lenses: Vec<MeasuredLens>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            countdown: Duration::from_secs(1),
            automatic: true,
            format: CardFormat::Id1,
            profile: Profile::standard(),
            limit_bytes: 4 * 1024 * 1024,
            min_side_px: 480,
            name: TypedName::default(),
            lenses: Vec::new(),
        }
    }
}
