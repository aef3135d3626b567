//! Signing in on the wire: server metadata, the challenge endpoint, tokens, revocation.
//!
//! The challenge endpoint has the shape of the IETF draft "OAuth 2.0 for First-Party Applications"; clients follow the paths in
//! [`ServerMetadata`], not the draft. Requests are form-encoded, answers are JSON.
//! This version of the server finishes a password sign-in in one step and sends no [`Next`] yet; the type is here because clients must already
//! treat an unfinished sign-in as something to continue and not as a failure.

use crate::{
    limits::{MAX_EMAIL_CHARS, MAX_ID_CHARS, MAX_NAME_CHARS},
    problem::Code,
    text::{Secret, few, up_to, up_to_if_any},
};
use serde::{Deserialize, Serialize};

/// Path of the metadata, below the server's origin.
pub const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";

/// Answer of [`METADATA_PATH`] (RFC 8414, with two fields of our own).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerMetadata {
    /// Origin of the server without a trailing slash; the `aud` of a manifest.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub issuer: String,
    /// Where passwords are checked.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub authorization_challenge_endpoint: String,
    /// Where codes and refresh tokens become tokens.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub token_endpoint: String,
    /// Where a sign-in is ended.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub revocation_endpoint: String,
    /// `authorization_code`, `refresh_token`.
    #[serde(deserialize_with = "few::<16, _, _>")]
    pub grant_types_supported: Vec<String>,
    /// `S256`.
    #[serde(deserialize_with = "few::<16, _, _>")]
    pub code_challenge_methods_supported: Vec<String>,
    /// `ES256`.
    #[serde(deserialize_with = "few::<16, _, _>")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Scopes a client may ask for.
    #[serde(deserialize_with = "few::<16, _, _>")]
    pub scopes_supported: Vec<String>,
    /// Version of the `/v1` API, counted up when a client must know.
    pub likeness_api: u32,
    /// Whether this is a practice server, where a drawn picture is welcome.
    pub likeness_practice: bool,
}

/// Body of `POST /oauth/challenge`. Which fields are needed depends on the step; see the constructors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeRequest {
    /// Which app asks.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub client_id: String,
    /// What it asks for, space-separated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<200, _>")]
    pub scope: Option<String>,
    /// PKCE: base64url of the SHA-256 of the verifier, 43 characters.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<43, _>")]
    pub code_challenge: Option<String>,
    /// Always `S256` when present.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<8, _>")]
    pub code_challenge_method: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_EMAIL_CHARS, _>")]
    pub username: Option<String>,
    /// Password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Where the device will be listed, for example "Ada's laptop".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<100, _>")]
    pub device_label: Option<String>,
    /// Handle of a sign-in that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_session: Option<Secret>,
    /// What to do in the step, for example `register` or `verify`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<32, _>")]
    pub action: Option<String>,
    /// Address of a new account, with `action=register`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_EMAIL_CHARS, _>")]
    pub email: Option<String>,
}

impl ChallengeRequest {
    /// First and only call of a password sign-in.
    pub fn password(
        client_id: impl Into<String>,
        scope: impl Into<String>,
        code_challenge: impl Into<String>,
        username: impl Into<String>,
        password: Secret,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            scope: Some(scope.into()),
            code_challenge: Some(code_challenge.into()),
            code_challenge_method: Some("S256".to_owned()),
            username: Some(username.into()),
            password: Some(password),
            device_label: None,
            auth_session: None,
            action: None,
            email: None,
        }
    }
}

/// Answer 200 of `POST /oauth/challenge`: the proof is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeAnswer {
    /// Single use, 60 s, bound to the PKCE verifier and the DPoP key.
    pub authorization_code: Secret,
}

/// Every refusal of `/oauth/*`: OAuth's own JSON plus our code, and the next step where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OAuthError {
    /// OAuth's word, for example `invalid_grant` or `insufficient_authorization`.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub error: String,
    /// One sentence, in English: the fallback.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<500, _>")]
    pub error_description: Option<String>,
    /// What the client acts on.
    pub code: Code,
    /// Number to give to support.
    #[serde(default, deserialize_with = "up_to::<64, _>")]
    pub request_id: String,
    /// With `insufficient_authorization`: handle for the next call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_session: Option<Secret>,
    /// With `insufficient_authorization`: what is still needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// Seconds to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

/// What a sign-in still needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Next {
    /// First sign-in through an organisation: new account, or connect one.
    ChooseAccount {
        /// Name of the organisation.
        #[serde(deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
        org: String,
        /// The address the organisation named, masked.
        #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
        email_masked: String,
        /// Whether a new account may be made.
        can_create: bool,
        /// Whether an existing account may be connected.
        can_link: bool,
        /// Whether connecting needs an invitation.
        link_needs_invitation: bool,
    },
    /// Choose a password for the new account.
    CreateAccount {
        /// Whether a private address must be given too.
        alternative_email_required: bool,
        /// Version of the terms to accept.
        #[serde(deserialize_with = "up_to::<32, _>")]
        terms_version: String,
    },
    /// Prove the existing account.
    LinkExisting {
        /// Whether the organisation's address is already a sign-in address of an account.
        already_uses_this_email: bool,
    },
    /// The account needs a password of its own first.
    SetPassword {},
    /// A social sign-in must be delinked first.
    BlockedBySocial {
        /// Which ones: `google`, `apple`, `facebook`.
        #[serde(deserialize_with = "few::<8, _, _>")]
        providers: Vec<String>,
        /// Whether a way to sign in remains afterwards.
        has_password: bool,
    },
    /// Last look before two accounts are connected.
    ConfirmLink {
        /// The account's address, masked.
        #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
        account_masked: String,
        /// The organisation's address, masked.
        #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
        org_masked: String,
    },
    /// The organisation connects accounts by invitation only.
    InvitationRequired {
        /// Name of the organisation.
        #[serde(deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
        org: String,
    },
    /// Type the code that was mailed.
    VerifyEmail {
        /// Where it was mailed to, masked.
        #[serde(deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
        email_masked: String,
    },
    /// A step this build does not know: the app must be updated.
    #[serde(other)]
    Unknown,
}

/// Which kind of grant a token request presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum GrantType {
    /// A code from the challenge endpoint.
    AuthorizationCode,
    /// A refresh token.
    RefreshToken,
}

/// Body of `POST /oauth/token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRequest {
    /// What is presented.
    pub grant_type: GrantType,
    /// Which app asks.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub client_id: String,
    /// With `authorization_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
    /// With `authorization_code`: the PKCE verifier, 43 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_verifier: Option<Secret>,
    /// With `refresh_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}

impl TokenRequest {
    /// Trades a code for tokens.
    pub fn code(client_id: impl Into<String>, code: Secret, code_verifier: Secret) -> Self {
        Self {
            grant_type: GrantType::AuthorizationCode,
            client_id: client_id.into(),
            code: Some(code),
            code_verifier: Some(code_verifier),
            refresh_token: None,
        }
    }

    /// Trades a refresh token for new tokens; the old one ends, with 30 s of grace for a lost reply.
    pub fn refresh(client_id: impl Into<String>, refresh_token: Secret) -> Self {
        Self {
            grant_type: GrantType::RefreshToken,
            client_id: client_id.into(),
            code: None,
            code_verifier: None,
            refresh_token: Some(refresh_token),
        }
    }
}

/// Answer 200 of `POST /oauth/token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenResponse {
    /// `lk_at_` and 43 characters; opaque.
    pub access_token: Secret,
    /// Always `DPoP`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub token_type: String,
    /// Seconds the access token lives.
    pub expires_in: u64,
    /// `lk_rt_` and 43 characters. Absent where a session must not outlive its access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// Seconds the refresh token lives when unused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_expires_in: Option<u64>,
    /// What was granted.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub scope: String,
    /// The account, `acc_…`.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub sub: String,
    /// Identifier of this sign-in, for the list of sessions.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub grant: String,
}

/// Body of `POST /oauth/revoke` (RFC 7009). Needs no proof: whoever holds the token may end it, also from a machine that lost the key. Always 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeRequest {
    /// Which app asks.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub client_id: String,
    /// Refresh or access token; the whole sign-in ends.
    pub token: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_print_holds_no_password() {
        let request = ChallengeRequest::password("c", "s", "x", "ada@corp.example", Secret::new("hunter22"));
        assert!(!format!("{request:?}").contains("hunter22"));
    }

    #[test]
    fn answers_of_a_later_server_are_read() {
        #[rustfmt::skip]
        let table = [
            (r#"{"step":"verify_email","email_masked":"a…@x"}"#, Next::VerifyEmail { email_masked: "a…@x".into() }, "a known step"),
            (r#"{"step":"set_password"}"#,                       Next::SetPassword {},                            "a step without fields"),
            (r#"{"step":"dance","tempo":3}"#,                    Next::Unknown,                                   "an unknown step is named, not an error"),
        ];
        for (json, expected, because) in table {
            assert_eq!(serde_json::from_str::<Next>(json).unwrap(), expected, "{because}");
        }
    }

    #[test]
    fn requests_refuse_what_they_do_not_know() {
        let extra = r#"{"grant_type":"refresh_token","client_id":"c","refresh_token":"t","admin":"yes"}"#;
        assert!(serde_json::from_str::<TokenRequest>(extra).is_err());
        assert!(
            serde_json::from_str::<TokenRequest>(r#"{"grant_type":"password","client_id":"c"}"#).is_err(),
            "no password grant"
        );
    }
}
