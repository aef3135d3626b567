//! What a reviewer sees and decides, as JSON. No e-mail address of a learner ever crosses here.

use crate::{
    limits::{MAX_ID_CHARS, MAX_NOTE_CHARS},
    manifest::{Finding, VirtualCamera},
    text::{few, up_to, up_to_if_any},
    time::UnixMs,
    verification::{Concern, IdLayout, PhotoKind, Reason, Status},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answer of `GET /v1/review/queue`: oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Queue {
    /// At most 50.
    #[serde(deserialize_with = "few::<50, _, _>")]
    pub items: Vec<QueueItem>,
    /// Pass it as `cursor` to go on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<100, _>")]
    pub cursor: Option<String>,
}

/// One submission in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueItem {
    /// `sub_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// `LK-7Q2M-91XD`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub reference: String,
    /// Where it stands.
    pub status: Status,
    /// How many times this learner has sent a profile, this one included.
    pub attempt: u32,
    /// When it was sent.
    pub submitted_at: UnixMs,
    /// Whether another reviewer is looking at it.
    pub claimed_by_other: bool,
}

/// Answer of `GET /v1/review/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmissionForReview {
    /// As in the queue.
    pub item: QueueItem,
    /// The name to compare with the ID.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub full_name: String,
    /// How the ID is laid out.
    pub id_layout: IdLayout,
    /// What may make a reviewer look twice.
    pub evidence: Evidence,
    /// Address of each photo, good once and for 10 minutes.
    pub media: BTreeMap<PhotoKind, String>,
    /// What was decided about this learner before, oldest first.
    #[serde(deserialize_with = "few::<50, _, _>")]
    pub earlier: Vec<EarlierDecision>,
}

/// What the manifest says that may make a reviewer look twice. Decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// Whether the camera seems to be a program.
    pub virtual_camera: VirtualCamera,
    /// The picture is drawn; only possible in practice mode.
    pub drawn: bool,
    /// The learner signed in anew between taking and sending.
    pub key_changed: bool,
    /// Checks that were open when a photo was taken anyway, by photo.
    pub taken_anyway: BTreeMap<PhotoKind, Vec<Finding>>,
    /// Photos kept from an earlier submission.
    #[serde(deserialize_with = "few::<2, _, _>")]
    pub kept: Vec<PhotoKind>,
    /// Name of the camera as the system calls it.
    #[serde(deserialize_with = "up_to::<128, _>")]
    pub camera: String,
}

/// An earlier decision about the same learner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EarlierDecision {
    /// What was decided.
    pub outcome: Outcome,
    /// Why.
    #[serde(deserialize_with = "few::<16, _, _>")]
    pub reasons: Vec<Reason>,
    /// When.
    pub decided_at: UnixMs,
}

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Outcome {
    /// Profile, face and ID fit.
    Approve,
    /// They do not, for the reasons given.
    Reject,
}

/// Body of `POST /v1/review/{id}/decision`. The same decision twice gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionRequest {
    /// Approve or reject.
    pub outcome: Outcome,
    /// At least one when rejecting, none when approving.
    #[serde(default, deserialize_with = "few::<16, _, _>")]
    pub reasons: Vec<GivenReason>,
    /// Whether the learner may try again. Only looked at when rejecting.
    #[serde(default = "yes")]
    pub may_resubmit: bool,
    /// Told to the learner, plain text. Needed with `other`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NOTE_CHARS, _>")]
    pub note_to_learner: Option<String>,
    /// For other reviewers only.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NOTE_CHARS, _>")]
    pub internal_note: Option<String>,
}

const fn yes() -> bool {
    true
}

/// One reason as a reviewer gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenReason {
    /// What was wrong.
    pub code: Reason,
    /// Which photo, where the reason leaves a choice ([`Reason::may_concern`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Concern>,
}

/// Answer of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionReceipt {
    /// The submission.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub submission: String,
    /// Where it stands now.
    pub status: Status,
    /// When it was decided.
    pub decided_at: UnixMs,
}

/// Answer of a claim: until when the submission is this reviewer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claim {
    /// The submission.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub submission: String,
    /// Renew it before.
    pub lease_until: UnixMs,
}
