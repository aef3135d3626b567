//! Practice mode as the app reads it: the seeded accounts and the mailbox. Present only on a practice server, which is on loopback only.

use crate::{
    account::Role,
    limits::MAX_EMAIL_CHARS,
    text::{Secret, few, up_to},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};

/// One seeded account, with its password, so that the practice panel can offer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PracticeAccount {
    /// Address to sign in with.
    #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
    pub email: String,
    /// Its password.
    pub password: Secret,
    /// What the account may do.
    pub role: Role,
    /// One sentence: what this account is there to try.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub for_trying: String,
}

/// One seeded invitation, for the practice panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PracticeInvitation {
    /// Who is invited.
    #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
    pub email: String,
    /// Who invites.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub org: String,
    /// `app.likeness:/invite?t=…`.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub link: String,
    /// The same to be typed.
    pub code: Secret,
    /// One sentence: what this invitation is there to try.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub for_trying: String,
}

/// Answer of `GET /practice/mails`: the mails to the signed-in account, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PracticeMails {
    /// At most 100.
    #[serde(deserialize_with = "few::<100, _, _>")]
    pub mails: Vec<PracticeMail>,
}

/// One mail, rendered as it would have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PracticeMail {
    /// `mail_…`.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub id: String,
    /// Address it goes to.
    #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
    pub to: String,
    /// Subject line.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub subject: String,
    /// Plain text body.
    #[serde(deserialize_with = "up_to::<20000, _>")]
    pub body: String,
    /// When it was written.
    pub written_at: UnixMs,
}
