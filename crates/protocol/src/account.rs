//! The signed-in account as its owner sees it.

use crate::{
    limits::{MAX_EMAIL_CHARS, MAX_ID_CHARS, MAX_NAME_CHARS},
    text::{Secret, few, up_to, up_to_if_any},
    time::UnixMs,
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
