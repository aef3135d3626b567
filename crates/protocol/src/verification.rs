//! The way of one profile on the wire: policy, consent, capture session, submission, status, reasons.
//!
//! Requests refuse unknown fields; answers ignore them, so that an older app can talk to a newer server.

use crate::{
    limits::{MAX_ID_CHARS, MAX_MANIFEST_BYTES, MAX_NOTE_CHARS},
    text::{Sha256Hex, few, up_to, up_to_if_any},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, str::FromStr};

/// Which of the two photos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PhotoKind {
    /// The learner's face; with a two-sided ID also the side of it with the photo.
    Face,
    /// The ID, the side with the name.
    Id,
}

impl PhotoKind {
    /// Both, in the order they are taken.
    pub const ALL: [Self; 2] = [Self::Face, Self::Id];

    /// The kind as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Id => "id",
        }
    }
}

/// The text names no photo kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a photo is either face or id")]
pub struct NotAPhotoKind;

impl FromStr for PhotoKind {
    type Err = NotAPhotoKind;

    fn from_str(text: &str) -> Result<Self, NotAPhotoKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(NotAPhotoKind)
    }
}

/// Whether name and photo of the ID are on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IdLayout {
    /// Name and photo on the same side: that side is the ID photo.
    OneSide,
    /// Photo on one side, name on the other: the photo side is held beside the face, the name side is the ID photo.
    TwoSides,
}

impl IdLayout {
    /// The layout as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneSide => "one_side",
            Self::TwoSides => "two_sides",
        }
    }
}

/// Answer of `GET /v1/policy`: who asks for the photos, under which text, with which limits. Needs no sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Policy {
    /// Version of the consent text; a consent names it.
    #[serde(deserialize_with = "up_to::<32, _>")]
    pub version: String,
    /// Who asks.
    pub provider: Provider,
    /// The consent text by language tag, `en` always among them.
    pub texts: BTreeMap<String, PolicyText>,
    /// How long things are kept.
    pub retention: Retention,
    /// What a photo must hold to.
    pub limits: PhotoLimits,
    /// Which documents are accepted, in the order to show them.
    #[serde(deserialize_with = "few::<32, _, _>")]
    pub id_types: Vec<IdType>,
    /// How long a review usually takes, in hours.
    pub expected_review_hours: u32,
    /// Whether this is a practice server: nothing sent here proves anything.
    pub practice: bool,
    /// Which cameras may be used. A server that says nothing of it flags virtual ones.
    #[serde(default)]
    pub camera: CameraPolicy,
}

/// Which cameras may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CameraPolicy {
    /// What happens to cameras that seem to be a program.
    #[serde(default, rename = "virtual")]
    pub virtual_cameras: VirtualCameraRule,
}

/// What happens to photos of a camera that seems to be a program. The server judges by the signed manifest, the app by what the system says;
/// both act on the same rule, so that a learner hears of it before a photo is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum VirtualCameraRule {
    /// Nothing is said.
    Allow,
    /// They are refused: 403 `virtual-camera`.
    Block,
    /// They are taken, and learner and reviewer are told. What an app does with a rule it does not know: the server has the last word anyway.
    #[default]
    #[serde(other)]
    Flag,
}

/// The organisation behind the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provider {
    /// Its name as learners know it.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub name: String,
    /// Terms of use, https (http on loopback in practice mode).
    #[serde(deserialize_with = "up_to::<500, _>")]
    pub terms_url: String,
    /// Privacy notice, https (http on loopback in practice mode).
    #[serde(deserialize_with = "up_to::<500, _>")]
    pub privacy_url: String,
    /// Where people help: an e-mail address.
    #[serde(deserialize_with = "up_to::<254, _>")]
    pub help_address: String,
}

/// The consent text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyText {
    /// Plain text, paragraphs parted by an empty line. Shown as text, never as markup.
    #[serde(deserialize_with = "up_to::<20000, _>")]
    pub body: String,
    /// Hash of `body` in UTF-8; a consent repeats it, so that it is known which words were read.
    pub sha256: Sha256Hex,
}

/// How long things are kept, in hours and days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Retention {
    /// Photos that were uploaded but never submitted.
    pub unbound_upload_hours: u32,
    /// Photos of a rejected submission, unless replaced earlier.
    pub rejected_media_days: u32,
    /// Photos of an approved submission, after the decision.
    pub approved_media_days: u32,
    /// Everything of an account, after the last interaction.
    pub account_days: u32,
}

/// What a photo must hold to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhotoLimits {
    /// Shortest side, pixels.
    pub min_px: u32,
    /// Longest side, pixels.
    pub max_px: u32,
    /// Smallest file, bytes.
    pub min_bytes: u64,
    /// Largest file, bytes.
    pub max_bytes: u64,
    /// Largest chunk of an upload, bytes.
    pub chunk_max: u64,
}

/// One accepted kind of document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdType {
    /// For example `passport`; clients word the codes they know.
    #[serde(deserialize_with = "up_to::<32, _>")]
    pub code: String,
    /// English words for the rest.
    #[serde(deserialize_with = "up_to::<100, _>")]
    pub label: String,
}

/// Body of `POST /v1/consents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentRequest {
    /// [`Policy::version`] that was shown.
    #[serde(deserialize_with = "up_to::<32, _>")]
    pub policy_version: String,
    /// [`PolicyText::sha256`] that was shown.
    pub text_hash: Sha256Hex,
    /// Language it was shown in.
    #[serde(deserialize_with = "up_to::<35, _>")]
    pub locale: String,
}

/// Answer 201 of `POST /v1/consents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentReceipt {
    /// `con_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// As asked.
    #[serde(deserialize_with = "up_to::<32, _>")]
    pub policy_version: String,
    /// As asked.
    pub text_hash: Sha256Hex,
    /// By the server's clock.
    pub given_at: UnixMs,
}

/// Answer of everything that deletes: what is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletionReceipt {
    /// By the server's clock.
    pub deleted_at: UnixMs,
    /// How many of what: `photos`, `submissions`, `uploads`, `capture_sessions`.
    pub items: BTreeMap<String, u64>,
}

/// Body of `POST /v1/capture-sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureSessionRequest {
    /// How the ID is laid out.
    pub id_layout: IdLayout,
    /// Where the photos will be taken.
    pub device: Device,
    /// The rejected submission that is repaired, `sub_…`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_ID_CHARS, _>")]
    pub continues: Option<String>,
    /// After `name_mismatch` alone: the typed name was wrong, the photos are right. Then nothing is required. Ignored otherwise.
    #[serde(default)]
    pub correct_name_only: bool,
}

/// Where photos are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// Version of the app.
    #[serde(deserialize_with = "up_to::<32, _>")]
    pub app_version: String,
    /// Operating system and its version.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub os: String,
}

/// Whether photos may still be taken in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CaptureSessionState {
    /// Photos may be taken until `capture_by` and sent until `upload_by`.
    Open,
    /// A submission was made of it.
    Used,
    /// `upload_by` has passed.
    Expired,
    /// Given up by the client.
    Abandoned,
}

/// Answer of `GET /v1/capture-sessions/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureSession {
    /// `cs_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// Where it stands.
    pub state: CaptureSessionState,
    /// As asked.
    pub id_layout: IdLayout,
    /// When it was opened, by the server's clock; capture times are counted from here.
    pub started_at: UnixMs,
    /// Photos taken later are refused.
    pub capture_by: UnixMs,
    /// Photos sent later are refused.
    pub upload_by: UnixMs,
    /// Photos to take now; after a rejection only those that failed, possibly none.
    #[serde(deserialize_with = "few::<2, _, _>")]
    pub required: Vec<PhotoKind>,
    /// Photos of the continued submission that stay, with the hash of the uploaded bytes. Copied into the manifest.
    pub kept: BTreeMap<PhotoKind, Sha256Hex>,
    /// The continued submission.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_ID_CHARS, _>")]
    pub continues: Option<String>,
    /// What each photo must hold to.
    pub limits: PhotoLimits,
}

/// Answer 201 of `POST /v1/capture-sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenedCaptureSession {
    /// The session.
    #[serde(flatten)]
    pub session: CaptureSession,
    /// 32 random bytes in base64url, told once; the manifest repeats them.
    #[serde(deserialize_with = "up_to::<43, _>")]
    pub nonce: String,
}

/// Body of `POST /v1/verification-profile`; the header `Idempotency-Key` carries a UUID made once before the first try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitRequest {
    /// The session the photos belong to.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub capture_session: String,
    /// The name to verify, as typed. The server judges its length, so that a long one is named as the field to correct.
    #[serde(deserialize_with = "up_to::<4096, _>")]
    pub full_name: String,
    /// The signed manifest in compact form.
    #[serde(deserialize_with = "up_to::<MAX_MANIFEST_BYTES, _>")]
    pub manifest: String,
    /// Upload identifiers of the photos taken now.
    pub uploads: Uploads,
}

/// Which upload is which photo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Uploads {
    /// Last part of the upload's address.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_ID_CHARS, _>")]
    pub face: Option<String>,
    /// Last part of the upload's address.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_ID_CHARS, _>")]
    pub id: Option<String>,
}

impl Uploads {
    /// The upload of one photo.
    pub fn of(&self, kind: PhotoKind) -> Option<&str> {
        match kind {
            PhotoKind::Face => self.face.as_deref(),
            PhotoKind::Id => self.id.as_deref(),
        }
    }
}

/// Answer 202 of `POST /v1/verification-profile`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// `sub_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// To say on the telephone, `LK-7Q2M-91XD`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub reference: String,
    /// Always `in_review` here.
    pub status: Status,
    /// Hash of the bytes received for each photo, kept ones included. The client compares them with what it sent.
    pub received: BTreeMap<PhotoKind, Sha256Hex>,
}

/// Where a profile stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Status {
    /// Nothing was sent yet.
    None,
    /// Sent, not decided.
    InReview,
    /// Approved: counts for all courses, locked.
    Approved,
    /// Rejected, with reasons.
    Rejected,
    /// Was approved; a new profile is asked for.
    Expired,
    /// A status this build does not know.
    #[serde(other)]
    Unknown,
}

impl Status {
    /// The status as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

/// Answer of `GET /v1/verification-profile`. With `ETag`; `?wait=25` together with `If-None-Match` holds the request until something changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfileStatus {
    /// Where it stands.
    pub status: Status,
    /// The newest submission.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_ID_CHARS, _>")]
    pub submission: Option<String>,
    /// Its reference number.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<16, _>")]
    pub reference: Option<String>,
    /// The name that was submitted, so that it need not be typed again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<200, _>")]
    pub full_name: Option<String>,
    /// How the ID of the newest submission is laid out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_layout: Option<IdLayout>,
    /// Why it was rejected.
    #[serde(deserialize_with = "few::<16, _, _>")]
    pub reasons: Vec<ReasonNotice>,
    /// Photos to take again; none when only the name has to be corrected.
    #[serde(deserialize_with = "few::<2, _, _>")]
    pub retake: Vec<PhotoKind>,
    /// Whether another try is allowed.
    pub may_resubmit: bool,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<UnixMs>,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<UnixMs>,
    /// When the photos are deleted at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_media_at: Option<UnixMs>,
}

impl ProfileStatus {
    /// The status of an account that has sent nothing.
    pub const fn nothing_sent() -> Self {
        Self {
            status: Status::None,
            submission: None,
            reference: None,
            full_name: None,
            id_layout: None,
            reasons: Vec::new(),
            retake: Vec::new(),
            may_resubmit: true,
            submitted_at: None,
            decided_at: None,
            delete_media_at: None,
        }
    }
}

/// One reason of a rejection, as told to the learner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonNotice {
    /// What was wrong.
    pub code: Reason,
    /// Which photo it concerns.
    pub photo: Concern,
    /// The reviewer's own words, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NOTE_CHARS, _>")]
    pub note: Option<String>,
}

/// What a reason concerns, and so what has to be taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Concern {
    /// The face photo.
    Face,
    /// The ID photo.
    Id,
    /// Both photos.
    Both,
    /// The typed name alone; no photo has to be taken again.
    Name,
}

impl Concern {
    /// Photos to take again.
    pub const fn photos(self) -> &'static [PhotoKind] {
        match self {
            Self::Face => &[PhotoKind::Face],
            Self::Id => &[PhotoKind::Id],
            Self::Both => &PhotoKind::ALL,
            Self::Name => &[],
        }
    }

    /// The concern as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Id => "id",
            Self::Both => "both",
            Self::Name => "name",
        }
    }
}

/// Why a profile was rejected. For each code there are two sentences, `reason-<code>-what` and `reason-<code>-do`, the same in mail, app and console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Reason {
    /// The face is too dark.
    FaceTooDark,
    /// The face is not sharp.
    FaceBlurred,
    /// Part of the face is covered or outside.
    FaceNotVisible,
    /// Somebody else is in the picture.
    MoreThanOnePerson,
    /// The photo side of a two-sided ID is not beside the face.
    PhotoSideMissing,
    /// The text on the ID cannot be read.
    IdNotLegible,
    /// A corner of the ID is cut off.
    IdCropped,
    /// Something covers the ID.
    IdCovered,
    /// Light reflects on the ID.
    IdGlare,
    /// The side without the name.
    IdWrongSide,
    /// The ID is out of date.
    IdExpired,
    /// Not an accepted kind of document.
    IdTypeNotAccepted,
    /// Typed name and ID differ.
    NameMismatch,
    /// Face and ID photo could not be matched.
    FaceMismatch,
    /// Seems not to come from a live camera.
    NotLiveCapture,
    /// Something else; the reviewer's note says what.
    Other,
}

impl Reason {
    /// All sixteen, in the order to show them.
    pub const ALL: [Self; 16] = [
        Self::FaceTooDark,
        Self::FaceBlurred,
        Self::FaceNotVisible,
        Self::MoreThanOnePerson,
        Self::PhotoSideMissing,
        Self::IdNotLegible,
        Self::IdCropped,
        Self::IdCovered,
        Self::IdGlare,
        Self::IdWrongSide,
        Self::IdExpired,
        Self::IdTypeNotAccepted,
        Self::NameMismatch,
        Self::FaceMismatch,
        Self::NotLiveCapture,
        Self::Other,
    ];

    /// The code as on the wire and in message names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FaceTooDark => "face_too_dark",
            Self::FaceBlurred => "face_blurred",
            Self::FaceNotVisible => "face_not_visible",
            Self::MoreThanOnePerson => "more_than_one_person",
            Self::PhotoSideMissing => "photo_side_missing",
            Self::IdNotLegible => "id_not_legible",
            Self::IdCropped => "id_cropped",
            Self::IdCovered => "id_covered",
            Self::IdGlare => "id_glare",
            Self::IdWrongSide => "id_wrong_side",
            Self::IdExpired => "id_expired",
            Self::IdTypeNotAccepted => "id_type_not_accepted",
            Self::NameMismatch => "name_mismatch",
            Self::FaceMismatch => "face_mismatch",
            Self::NotLiveCapture => "not_live_capture",
            Self::Other => "other",
        }
    }

    /// What the reason may concern; the first is meant when the reviewer says nothing. `Other` has no default: the reviewer must choose.
    pub const fn may_concern(self) -> &'static [Concern] {
        match self {
            Self::FaceTooDark
            | Self::FaceBlurred
            | Self::FaceNotVisible
            | Self::MoreThanOnePerson
            | Self::PhotoSideMissing => &[Concern::Face],
            Self::IdNotLegible
            | Self::IdCropped
            | Self::IdCovered
            | Self::IdGlare
            | Self::IdWrongSide
            | Self::IdExpired
            | Self::IdTypeNotAccepted => &[Concern::Id],
            Self::NameMismatch => &[Concern::Id, Concern::Name],
            Self::FaceMismatch | Self::NotLiveCapture => &[Concern::Both],
            Self::Other => &[Concern::Face, Concern::Id, Concern::Both],
        }
    }
}

/// The text names no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such reason")]
pub struct NotAReason;

impl FromStr for Reason {
    type Err = NotAReason;

    fn from_str(text: &str) -> Result<Self, NotAReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(NotAReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_for_cameras_is_read_from_older_and_newer_servers() {
        #[rustfmt::skip]
        let table = [
            ("{}",                               VirtualCameraRule::Flag,  "a server that says nothing"),
            (r#"{"virtual":"allow"}"#,           VirtualCameraRule::Allow, "as written"),
            (r#"{"virtual":"flag"}"#,            VirtualCameraRule::Flag,  "as written"),
            (r#"{"virtual":"block","later":1}"#, VirtualCameraRule::Block, "what a newer server adds is passed over"),
            (r#"{"virtual":"interview"}"#,       VirtualCameraRule::Flag,  "a rule this version does not know is the server's to keep"),
        ];
        for (json, expected, because) in table {
            let read: CameraPolicy = serde_json::from_str(json).unwrap();
            assert_eq!(read.virtual_cameras, expected, "{because}");
        }
        assert_eq!(
            serde_json::to_string(&CameraPolicy { virtual_cameras: VirtualCameraRule::Block }).unwrap(),
            r#"{"virtual":"block"}"#
        );
    }
}
