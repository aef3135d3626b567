//! The signed-in account as its owner sees it.

use crate::{
    Code,
    limits::{MAX_EMAIL_CHARS, MAX_ID_CHARS, MAX_NAME_CHARS},
    text::{Secret, few, up_to, up_to_if_any},
    time::UnixMs,
    verification::{ConsentReceipt, PhotoKind, ProfileStatus},
};
use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// `acc_…`; also the `sub` of a manifest.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// Primary address: decisions are mailed to it.
    #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
    pub email: String,
    /// Name shown in the app's menu; not the name that is verified.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NAME_CHARS, _>")]
    pub display_name: Option<String>,
    /// The organisation that lets nobody but itself change the address; none: its owner may.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NAME_CHARS, _>")]
    pub email_managed_by: Option<String>,
    /// What the account may do.
    #[serde(deserialize_with = "few::<8, _, _>")]
    pub roles: Vec<Role>,
    /// When the account was made.
    pub created_at: UnixMs,
}

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Sends a profile and follows its decision.
    Learner,
    /// Decides about the profiles of others.
    Reviewer,
    /// A role this build does not know.
    #[serde(other)]
    Unknown,
}

impl Role {
    /// The role as on the wire and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Learner => "learner",
            Self::Reviewer => "reviewer",
            Self::Unknown => "unknown",
        }
    }
}

/// Body of `POST /v1/me/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The new password, 8 to 128 characters.
    pub password: Secret,
}

/// Body of `POST /v1/password-resets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordResetRequest {
    /// Address of the account whose password is forgotten.
    #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
    pub email: String,
}

/// Answer of `POST /v1/password-resets`; the same whether or not the address has an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordResetStarted {
    /// `rst_…`, to be sent back with the code from the mail.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// Until when the code is taken.
    pub expires_at: UnixMs,
}

/// Body of `POST /v1/password-resets/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordReset {
    /// From [`PasswordResetStarted`].
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// The 8 digits of the mail; blanks and hyphens between them do not count.
    pub code: Secret,
    /// The new password, 8 to 128 characters.
    pub password: Secret,
}

/// Answer of `GET /v1/me/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sessions {
    /// Newest first, at most [`MAX_SESSIONS`].
    #[serde(deserialize_with = "few::<MAX_SESSIONS, _, _>")]
    pub sessions: Vec<Session>,
}

/// Most sign-ins that are listed.
pub const MAX_SESSIONS: usize = 100;

/// One place where the account is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// `gr_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// What the device called itself when it signed in.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NAME_CHARS, _>")]
    pub device_label: Option<String>,
    /// When it signed in.
    pub signed_in_at: UnixMs,
    /// When it last renewed its sign-in; that happens at least every ten minutes while it is used.
    pub renewed_at: UnixMs,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Answer of `DELETE /v1/me/sessions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionsEnded {
    /// How many sign-ins have ended.
    pub ended: u32,
}

/// Answer of `GET /v1/me/identities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identities {
    /// The oldest first.
    #[serde(deserialize_with = "few::<100, _, _>")]
    pub identities: Vec<Identity>,
}

/// A way in through somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identity {
    /// `idn_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// Through whom.
    pub kind: IdentityKind,
    /// What to call it: the organisation's name, or the social account's.
    #[serde(deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
    pub label: String,
    /// The address that was seen when it was connected, masked; absent when none was told.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_EMAIL_CHARS, _>")]
    pub email_masked: Option<String>,
    /// When it was connected.
    pub linked_at: UnixMs,
    /// Whether its owner may disconnect it now.
    pub can_unlink: bool,
    /// Why not: `last-sign-in-method` or `identity-managed-by-organisation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<Code>,
}

/// Through whom somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IdentityKind {
    /// An organisation.
    Org,
    /// Google.
    Google,
    /// Apple.
    Apple,
    /// Facebook.
    Facebook,
    /// Somebody this build does not know.
    #[serde(other)]
    Unknown,
}

/// Body of `POST /v1/me/email-changes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailChangeRequest {
    /// The address that is to be used.
    #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
    pub new_email: String,
}

/// Answer of `POST /v1/me/email-changes`; the same whether or not the address has an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailChangeStarted {
    /// `emc_…`, to be named with the code from the mail.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// Until when the code is taken.
    pub expires_at: UnixMs,
}

/// Body of `POST /v1/me/email-changes/{id}/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailChangeConfirm {
    /// The 6 digits of the mail to the new address; blanks and hyphens between them do not count.
    pub code: Secret,
}

/// Body of `POST /v1/email-changes/revert`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailChangeRevert {
    /// From the mail to the old address.
    pub token: Secret,
}

/// Answer of `GET /v1/me/export`: what the server knows about an account, without the photos themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// When this was put together.
    pub made_at: UnixMs,
    /// The account.
    pub account: Me,
    /// Its addresses, the primary one first.
    #[serde(deserialize_with = "few::<1_000, _, _>")]
    pub addresses: Vec<ExportedAddress>,
    /// Where it is signed in.
    #[serde(deserialize_with = "few::<MAX_SESSIONS, _, _>")]
    pub sessions: Vec<Session>,
    /// Every consent, newest first.
    #[serde(deserialize_with = "few::<1_000, _, _>")]
    pub consents: Vec<ExportedConsent>,
    /// Where the profile stands, with the name and the reasons of the newest decision.
    pub profile: ProfileStatus,
    /// Every profile that was sent, newest first.
    #[serde(deserialize_with = "few::<1_000, _, _>")]
    pub submissions: Vec<ExportedSubmission>,
    /// Every photo that is held.
    #[serde(deserialize_with = "few::<2_000, _, _>")]
    pub photos: Vec<ExportedPhoto>,
    /// What is not in here, and why, in English.
    #[serde(deserialize_with = "up_to::<1_000, _>")]
    pub left_out: String,
}

/// One address in an [`Export`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedAddress {
    /// The address.
    #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
    pub email: String,
    /// Whether it is the one that signs in and is written to.
    pub primary: bool,
    /// When its mailbox was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<UnixMs>,
    /// Until when a replaced address is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_until: Option<UnixMs>,
}

/// One consent in an [`Export`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedConsent {
    /// What was agreed to, and when.
    pub receipt: ConsentReceipt,
    /// When it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<UnixMs>,
}

/// One sent profile in an [`Export`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedSubmission {
    /// Its reference number.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub reference: String,
    /// The name that was sent.
    #[serde(deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
    pub full_name: String,
    /// When it was sent.
    pub submitted_at: UnixMs,
    /// How it was decided; absent while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<32, _>")]
    pub outcome: Option<String>,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<UnixMs>,
}

/// One held photo in an [`Export`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedPhoto {
    /// Of what.
    pub kind: PhotoKind,
    /// Size as it was sent.
    pub bytes: u64,
    /// When it arrived.
    pub received_at: UnixMs,
}

/// Answer of `DELETE /v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountDeleted {
    /// By the server's clock.
    pub deleted_at: UnixMs,
    /// What stays, and why.
    #[serde(deserialize_with = "few::<8, _, _>")]
    pub kept: Vec<Kept>,
}

/// Something that stays when an account is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Kept {
    /// Which policy was agreed to, when, and when that was withdrawn, under a number: the proof that the photos were taken with leave.
    Consents,
    /// Who did what when, in numbers and codes, without a name, an address or a photo: decisions of reviewers must stay explainable.
    AuditTrail,
    /// Something this build does not know.
    #[serde(other)]
    Unknown,
}
