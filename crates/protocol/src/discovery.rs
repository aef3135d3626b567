//! Finding an organisation and reading an invitation, both before anybody is signed in.
//!
//! Guarantees: nothing here tells whether a person has an account; an organisation is found by what it published about itself.

use crate::{
    limits::{MAX_ID_CHARS, MAX_NAME_CHARS},
    text::{Secret, few, up_to},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};

/// Longest domain name, as text (RFC 1035, section 2.3.4), and longest thing anybody may type in its place.
pub const MAX_DOMAIN_CHARS: usize = 253;
/// Longest text the field takes; longer than a domain, so that a pasted address of a page is refused in words and not by form.
const MAX_INPUT_CHARS: usize = 2_000;

/// Body of `POST /v1/discovery/org`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganisationQuery {
    /// What somebody typed: a domain, an e-mail address or the address of a page.
    #[serde(deserialize_with = "up_to::<MAX_INPUT_CHARS, _>")]
    pub input: String,
}

/// An organisation, as it is shown before sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Organisation {
    /// `org_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub id: String,
    /// What it calls itself.
    #[serde(deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
    pub name: String,
}

/// Answer of `POST /v1/discovery/org`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundOrganisation {
    /// Whose domain it is.
    pub org: Organisation,
    /// The proven domain that was found, in its ASCII form; may be shorter than what was typed.
    #[serde(deserialize_with = "up_to::<MAX_DOMAIN_CHARS, _>")]
    pub domain: String,
    /// How its people can sign in through it; empty when it has no provider yet.
    #[serde(deserialize_with = "few::<8, _, _>")]
    pub sso: Vec<SsoKind>,
    /// Who may get an account by signing in through it.
    pub jit: Joining,
    /// Whether addresses of this domain may sign in with a password.
    pub password_allowed: bool,
}

/// Language a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SsoKind {
    /// OIDC, the sign-in layer over OAuth.
    Oidc,
    /// A kind this build does not know yet.
    #[serde(other)]
    Unknown,
}

/// Who may get an account by signing in through an organisation for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Joining {
    /// Everybody the provider lets in.
    Allow,
    /// Those who were invited.
    InviteOnly,
    /// Nobody: accounts are made by hand.
    Deny,
    /// A rule this build does not know yet.
    #[serde(other)]
    Unknown,
}

/// Why an input found nothing, where more can be said than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SearchHint {
    /// The name of a sign-in product was typed in place of the company's address.
    IsProductName,
    /// The domain of a public mail service, which belongs to no organisation: offer e-mail and password.
    PublicMail,
    /// A hint this build does not know yet.
    #[serde(other)]
    Unknown,
}

/// Body of `POST /v1/invitations/resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationCode {
    /// The code as typed: ten letters and digits; case, blanks and hyphens do not matter.
    pub code: Secret,
}

/// An invitation that can still be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// Who invites.
    pub org: Organisation,
    /// A proven domain of it, to fill the sign-in field with; none when it proved none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Whom it was sent to, masked: `s•••••@corp.example`.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub email_masked: String,
    /// Until when it is good.
    pub expires_at: UnixMs,
}
