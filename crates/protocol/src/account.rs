//! The signed-in account as its owner sees it.

use crate::{
    limits::{MAX_EMAIL_CHARS, MAX_ID_CHARS, MAX_NAME_CHARS},
    text::{few, up_to, up_to_if_any},
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
