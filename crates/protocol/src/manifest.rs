//! The signed record of how photos were taken.
//!
//! It proves "made in this session by the holder of this key, and unchanged since", never "a real lens":
//! a changed client can sign a false picture. Findings and signals are for the reviewer's eye and decide nothing.

use crate::{
    jws::{Header, JwsError, PrivateKey, PublicKey, Unverified},
    limits::{MAX_ID_CHARS, MAX_MANIFEST_BYTES},
    text::{Sha256Hex, few, up_to},
    time::UnixMs,
    verification::{IdLayout, PhotoKind},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `typ` of a manifest.
pub const TYPE: &str = "likeness-capture+jwt";
/// The only version of the claims.
pub const VERSION: u32 = 1;

/// Everything a manifest says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// [`VERSION`].
    pub v: u32,
    /// Origin of the server, as in its metadata's `issuer`.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub aud: String,
    /// The account.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub sub: String,
    /// The capture session.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub cs: String,
    /// The session's nonce.
    #[serde(deserialize_with = "up_to::<43, _>")]
    pub nonce: String,
    /// When it was signed, seconds since 1970 by the client's clock.
    pub iat: u64,
    /// Which app.
    pub app: App,
    /// Which camera.
    pub camera: Camera,
    /// How the ID is laid out; as in the session.
    pub id_layout: IdLayout,
    /// Which consent.
    pub consent: Consent,
    /// Photos of the continued submission that stay.
    pub kept: BTreeMap<PhotoKind, Sha256Hex>,
    /// Photos taken now, in the order they were taken.
    #[serde(deserialize_with = "few::<2, _, _>")]
    pub captures: Vec<Capture>,
}

/// Which app took the photos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Version of the app.
    #[serde(deserialize_with = "up_to::<32, _>")]
    pub version: String,
    /// Commit it was built from.
    #[serde(deserialize_with = "up_to::<40, _>")]
    pub commit: String,
    /// Operating system and its version.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub os: String,
    /// How the app was run.
    pub mode: Mode,
}

/// How the app was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On somebody's own machine.
    Desktop,
    /// On a shared machine.
    Kiosk,
    /// With the embedded practice server.
    Practice,
}

/// Which camera took the photos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Camera {
    /// How frames came into the app.
    pub backend: Backend,
    /// Hash of the system's device identifier; tells "the same camera again" without saying which.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub id_hash: String,
    /// Name as the system calls it.
    #[serde(deserialize_with = "up_to::<128, _>")]
    pub name: String,
    /// Whether the camera seems to be a program.
    #[serde(rename = "virtual")]
    pub virtual_camera: VirtualCamera,
    /// What speaks for that, in the camera crate's words.
    pub evidence: BTreeMap<String, String>,
    /// For example `MJPG 1920x1080@30`.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub format: String,
}

/// How frames came into the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// Video4Linux.
    V4l2,
    /// Media Foundation.
    Msmf,
    /// AVFoundation.
    Avfoundation,
    /// A drawn picture. The only mark of one, accepted in practice mode alone.
    Studio,
}

/// Whether a camera seems to be a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum VirtualCamera {
    /// Nothing speaks for it.
    No,
    /// Something does.
    Suspected,
    /// It says so itself.
    Yes,
}

/// The consent the photos were taken under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Version of the policy.
    #[serde(deserialize_with = "up_to::<32, _>")]
    pub policy: String,
    /// Hash of the text shown.
    pub text_hash: Sha256Hex,
}

/// One photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capture {
    /// Which one.
    pub kind: PhotoKind,
    /// Hash of the bytes.
    pub sha256: Sha256Hex,
    /// Their number.
    pub bytes: u64,
    /// Width, pixels.
    pub w: u32,
    /// Height, pixels.
    pub h: u32,
    /// When it was taken, by the server's clock as the client reckons it: the session's `started_at` plus the time that passed.
    pub t_ms: UnixMs,
    /// Number of the frame in its stream.
    pub frame_seq: u64,
    /// Whether a card was seen in the frame.
    pub card_in_view: bool,
    /// What pressed the shutter.
    pub how: How,
    /// How long guidance ran before.
    pub guided_ms: u64,
    /// Name and version of the guidance profile.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub profile: String,
    /// What guidance measured at that moment.
    #[serde(deserialize_with = "few::<32, _, _>")]
    pub findings: Vec<Finding>,
    /// Checks that were open when the photo was taken anyway.
    #[serde(deserialize_with = "few::<32, _, _>")]
    pub taken_anyway: Vec<Finding>,
    /// Raw numbers.
    pub signals: BTreeMap<String, f64>,
}

/// What pressed the shutter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Guidance, when all was well.
    Auto,
    /// The learner, when all was well.
    Manual,
    /// The learner, although something was not.
    TakenAnyway,
}

/// One check of guidance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// Which check.
    #[serde(deserialize_with = "up_to::<40, _>")]
    pub gate: String,
    /// What was measured.
    pub value: f64,
    /// What was asked for.
    pub limit: f64,
    /// `green`, `amber` or `red`; empty where the check knows no levels.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "up_to::<16, _>")]
    pub level: String,
}

/// Why a manifest was refused before its content was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not a manifest, over 16 KiB, or of an unknown version.
    #[error("the manifest cannot be read: wrong form, over 16 KiB, or of an unknown version")]
    Malformed,
    /// Signed by another key.
    #[error("the manifest names another key than the one that opened the session")]
    WrongKey,
    /// The signature does not fit.
    #[error("the manifest's signature does not fit")]
    Signature,
}

/// Signs the claims with the key that opened the capture session.
///
/// # Errors
/// Only when signing fails.
pub fn sign(claims: &Claims, key: &PrivateKey) -> Result<String, JwsError> {
    key.sign(&Header::naming(TYPE, &key.public()), claims)
}

/// Reads a manifest and checks that `session_key` signed it. What the claims mean is for the caller to judge.
///
/// # Errors
/// [`ManifestError`], in this order: form, named key, signature, content.
pub fn verify(token: &str, session_key: &PublicKey) -> Result<Claims, ManifestError> {
    if token.len() > MAX_MANIFEST_BYTES {
        return Err(ManifestError::Malformed);
    }
    let unverified = Unverified::parse(token, TYPE).map_err(|_| ManifestError::Malformed)?;
    if unverified.header().kid.as_deref() != Some(session_key.thumbprint().as_str()) {
        return Err(ManifestError::WrongKey);
    }
    let claims: Claims = unverified.verify(session_key).map_err(|error| {
        if error == JwsError::BadSignature { ManifestError::Signature } else { ManifestError::Malformed }
    })?;
    if claims.v != VERSION {
        return Err(ManifestError::Malformed);
    }
    Ok(claims)
}
