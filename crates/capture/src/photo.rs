//! The photo that is sent, and what is known about how it came to be.
//!
//! Guarantees: a [`CapturedPhoto`] is built only by a capture session from the frames of a running camera;
//! its bytes never change, are wiped when the last holder lets go, and never appear in `Debug`.
//! Refuses to know: files, uploads, the wire. There is no constructor from bytes, and none may be added.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use likeness_vision::Quad;
use likeness_vision::names::NameVerdict;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::CaptureError;
use crate::mode::TypedName;
use crate::name_check;

/// Which of the two photos of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhotoKind {
    /// The learner's face, with or without a card beside it.
    Face,
    /// The ID.
    Id,
}

/// How the shutter was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By itself, when every gate was green.
    Auto,
    /// By the learner; no gate objected with a stop.
    Manual,
    /// By the learner, over at least one stop.
    TakenAnyway,
}

impl How {
    /// The word of the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Manual => "manual",
            Self::TakenAnyway => "taken-anyway",
        }
    }
}

/// How much a finding or a hint weighs. Ordered: information is least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing is wrong.
    Info,
    /// Better without, but the photo is usable.
    Warn,
    /// The photo is not taken by itself like this.
    Stop,
}

impl Level {
    /// The word of the manifest and of the window.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Stop => "stop",
        }
    }
}

/// One gate that a photo did not fully meet. A finding is not an error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Name of the gate, for example `card-sigma-mm`.
    pub gate: &'static str,
    /// What was measured, in the unit the gate's name ends with, else a plain ratio.
    pub value: f64,
    /// The limit that was passed.
    pub limit: f64,
    /// Weight of the limit that was passed.
    pub level: Level,
}

/// Facts about the camera, as plain words: a copy that outlives the stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CameraFacts {
    /// Which back-end delivered the frames (`v4l2`, `studio`, ...).
    pub backend: String,
    /// Name the system gives the camera.
    pub name: String,
    /// Salted hash of its identity.
    pub id_hash: String,
    /// `no`, `suspected` or `yes`.
    pub virtual_camera: String,
    /// What that word rests on.
    pub evidence: String,
    /// Mode of the stream, for example `MJPG 1280x720@30`.
    pub format: String,
}

/// Everything the manifest says about one photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// When the frame was there, milliseconds since 1970 by this computer's clock.
    pub taken_at_unix_ms: u64,
    /// Number of the frame in its stream.
    pub frame_seq: u64,
    /// A card with agreed edges is in the picture.
    pub card_in_view: bool,
    /// How the shutter was released.
    pub how: How,
    /// How long frames had been flowing with guidance on, milliseconds.
    pub guided_ms: u64,
    /// Name and version of the thresholds, for example `standard/1`.
    pub profile: String,
    /// Gates not fully met by the very bytes that are sent.
    pub findings: Vec<Finding>,
    /// The stops among them that the learner overrode. Empty unless `how` is [`How::TakenAnyway`].
    pub taken_anyway: Vec<Finding>,
    /// Raw numbers measured on the bytes that are sent. They decide nothing.
    pub signals: BTreeMap<&'static str, f64>,
    /// The camera.
    pub camera: CameraFacts,
}

/// One plain remark for the review screen: Fluent key `verdict-<code>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// For example `face-clear` or `text-unclear`.
    pub code: &'static str,
    /// Praise (true) or weakness.
    pub good: bool,
}

#[derive(Clone)]
struct Photo {
    kind: PhotoKind,
    /// Shared by the same photo compared with one name and with another.
    jpeg: Arc<Zeroizing<Vec<u8>>>,
    sha256: [u8; 32],
    width_px: u16,
    height_px: u16,
    provenance: Provenance,
    verdicts: Vec<Verdict>,
    /// Where the ID lies, in a photo of it.
    card: Option<Quad>,
    name: NameVerdict,
}

/// A photo taken by this program from a live camera. Cloning shares the bytes.
///
/// Nobody outside this crate can make one:
///
/// ```compile_fail
/// let photo = likeness_capture::CapturedPhoto::new(vec![0xFF, 0xD8]);
/// ```
///
/// ```compile_fail
/// let photo = likeness_capture::CapturedPhoto { jpeg: vec![0xFF, 0xD8] };
/// ```
#[derive(Clone)]
pub struct CapturedPhoto(Arc<Photo>);

impl CapturedPhoto {
    pub(crate) fn new(
        kind: PhotoKind,
        jpeg: Zeroizing<Vec<u8>>,
        (width_px, height_px): (u16, u16),
        provenance: Provenance,
        verdicts: Vec<Verdict>,
        card: Option<Quad>,
    ) -> Self {
        let sha256 = Sha256::digest(jpeg.as_slice()).into();
        let (jpeg, name) = (Arc::new(jpeg), NameVerdict::Unread);
        Self(Arc::new(Photo { kind, jpeg, sha256, width_px, height_px, provenance, verdicts, card, name }))
    }

    /// The same photo, with the name in the code on its ID compared with this one: after it was taken, and again when the learner
    /// corrects the name. The bytes stay the very same and are shared.
    ///
    /// What was read is compared and forgotten; only the verdict stays, here and in the signals as `name-agreement`. Reads the whole
    /// picture, which takes some tens of milliseconds.
    #[must_use = "the photo itself is not changed"]
    pub fn compared_with(&self, typed: &TypedName) -> Self {
        let card = self.0.card.as_ref();
        let name = card.map_or(NameVerdict::Unread, |card| name_check::agreement(&self.0.jpeg, card, typed));
        let mut photo = Photo::clone(&self.0);
        photo.name = name;
        let signals = &mut photo.provenance.signals;
        signals.remove(name_check::SIGNAL);
        signals.extend(name_check::as_signal(name).map(|value| (name_check::SIGNAL, value)));
        Self(Arc::new(photo))
    }

    /// Does a code on the ID say the name that was typed? Evidence for a question, never a reason to refuse;
    /// [`NameVerdict::Unread`] unless [`compared_with`](Self::compared_with) found a code to read, which most photos have not.
    pub fn name(&self) -> NameVerdict {
        self.0.name
    }

    /// The bytes that are reviewed, sealed and sent: one baseline JPEG, whole frame, not mirrored.
    pub fn jpeg(&self) -> &[u8] {
        &self.0.jpeg
    }

    /// SHA-256 of [`jpeg`](Self::jpeg).
    pub fn sha256(&self) -> [u8; 32] {
        self.0.sha256
    }

    /// The same as 64 lower-case hexadecimal digits.
    pub fn sha256_hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit));
        self.0.sha256.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// Width of the picture, pixels.
    pub fn width_px(&self) -> u16 {
        self.0.width_px
    }

    /// Height of the picture, pixels.
    pub fn height_px(&self) -> u16 {
        self.0.height_px
    }

    /// Which photo of the profile this is.
    pub fn kind(&self) -> PhotoKind {
        self.0.kind
    }

    /// How it came to be.
    pub fn provenance(&self) -> &Provenance {
        &self.0.provenance
    }

    /// A smaller picture to look at, made from the very bytes that are sent. Not mirrored: as others see you.
    ///
    /// `longest_side_px`: at most this long; a photo that is no larger is given byte for byte.
    ///
    /// # Errors
    /// [`CaptureError::Review`] when the codec refuses; the photo itself is untouched.
    pub fn review_jpeg(&self, longest_side_px: u16) -> Result<Vec<u8>, CaptureError> {
        if self.0.width_px.max(self.0.height_px) <= longest_side_px {
            return Ok(self.0.jpeg.to_vec());
        }
        likeness_camera::scale_jpeg(&self.0.jpeg, longest_side_px).map_err(CaptureError::Review)
    }

    /// What is good and weak about it, for the review screen; best first.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.0.verdicts
    }
}

impl fmt::Debug for CapturedPhoto {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("CapturedPhoto")
            .field("kind", &self.0.kind)
            .field("width_px", &self.0.width_px)
            .field("height_px", &self.0.height_px)
            .field("bytes", &self.0.jpeg.len())
            .finish_non_exhaustive()
    }
}
