//! Signing in on the wire: server metadata, pushed requests, the challenge endpoint, tokens, revocation.
//!
//! The challenge endpoint has the shape of the IETF draft "OAuth 2.0 for First-Party Applications"; clients follow the paths in
//! [`ServerMetadata`], not the draft. Requests are form-encoded, answers are JSON.
//! A sign-in that is not complete is no failure: the answer carries [`Next`] and the handle `auth_session` to go on with.

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
    /// Where the browser is sent, with `client_id` and a `request_uri`. Absent: this server signs nobody in through a browser.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<300, _>")]
    pub authorization_endpoint: Option<String>,
    /// Where a sign-in through the browser is announced (RFC 9126).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<300, _>")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Whether a request that was not pushed is refused; it is.
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// Whether every answer through the browser names the server in `iss` (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// `code`.
    #[serde(default, deserialize_with = "few::<16, _, _>")]
    pub response_types_supported: Vec<String>,
    /// `none`: the app holds no secret, its key proves it.
    #[serde(default, deserialize_with = "few::<16, _, _>")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Where passwords are checked and an unfinished sign-in goes on.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub authorization_challenge_endpoint: String,
    /// Where codes and refresh tokens become tokens.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub token_endpoint: String,
    /// Where a registered kiosk begins a guest's sign-in (RFC 8628).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<300, _>")]
    pub device_authorization_endpoint: Option<String>,
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
    /// The social accounts people can sign in with and connect here: `google`, `apple`, `facebook`, in the order to offer them.
    #[serde(default, deserialize_with = "few::<8, _, _>")]
    pub likeness_social: Vec<String>,
}

/// Path of the one redirect address of the app: `http://127.0.0.1:{any port}/callback`, or with `[::1]`.
pub const LOOPBACK_CALLBACK_PATH: &str = "/callback";
/// The other redirect address: the app's own scheme, offered as a link on the server's last page.
pub const SCHEME_CALLBACK: &str = "app.likeness:/callback";

/// What a sign-in through the browser is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Intent {
    /// Signing in.
    Login,
    /// Connecting one more way in to the account that is signed in.
    Link,
    /// Proving anew who one is, before something that could lock the owner out. The key of the proof must be that of a sign-in that goes on;
    /// what comes back are new tokens for the same account.
    StepUp,
}

/// Body of `POST /oauth/par`: announces a sign-in through the browser. The DPoP proof beside it binds what comes of it to the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushedRequest {
    /// Which app asks.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub client_id: String,
    /// Always `code`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub response_type: String,
    /// Where the browser comes back to: loopback with any port and [`LOOPBACK_CALLBACK_PATH`], or [`SCHEME_CALLBACK`].
    #[serde(deserialize_with = "up_to::<100, _>")]
    pub redirect_uri: String,
    /// What is asked for, space-separated.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub scope: String,
    /// 256 random bits in base64url; comes back unchanged.
    #[serde(deserialize_with = "up_to::<128, _>")]
    pub state: String,
    /// PKCE: base64url of the SHA-256 of the verifier, 43 characters.
    #[serde(deserialize_with = "up_to::<43, _>")]
    pub code_challenge: String,
    /// Always `S256`.
    #[serde(deserialize_with = "up_to::<8, _>")]
    pub code_challenge_method: String,
    /// What it is for; absent means [`Intent::Login`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// Through whom: an organisation's number or domain, or `google`, `apple`, `facebook`; with [`Intent::StepUp`] the number of one of the
    /// account's identities.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<253, _>")]
    pub org_hint: Option<String>,
    /// Address to fill the provider's form with.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_EMAIL_CHARS, _>")]
    pub login_hint: Option<String>,
    /// Token or code of an invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Secret>,
    /// Languages of the reader, best first, space-separated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<100, _>")]
    pub ui_locales: Option<String>,
    /// `login`: the provider must ask again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<16, _>")]
    pub prompt: Option<String>,
    /// Greatest age of the provider's own sign-in, seconds; `0` with a step-up.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<8, _>")]
    pub max_age: Option<String>,
    /// Where the device will be listed, for example "Ada's laptop".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<100, _>")]
    pub device_label: Option<String>,
}

impl PushedRequest {
    /// A sign-in through an organisation or a social account named by `org_hint`.
    pub fn login(
        client_id: impl Into<String>,
        scope: impl Into<String>,
        redirect_uri: impl Into<String>,
        state: impl Into<String>,
        code_challenge: impl Into<String>,
        org_hint: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            response_type: "code".to_owned(),
            redirect_uri: redirect_uri.into(),
            scope: scope.into(),
            state: state.into(),
            code_challenge: code_challenge.into(),
            code_challenge_method: "S256".to_owned(),
            intent: Some(Intent::Login),
            org_hint: Some(org_hint.into()),
            login_hint: None,
            invitation: None,
            ui_locales: None,
            prompt: None,
            max_age: None,
            device_label: None,
        }
    }
}

/// Body of `POST /v1/me/identities/{provider}/link`: connects one more way in to the account that is signed in, through the browser.
/// The code that comes back is traded as after a sign-in; it gives tokens for the same account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkRequest {
    /// As in [`PushedRequest`].
    #[serde(deserialize_with = "up_to::<100, _>")]
    pub redirect_uri: String,
    /// As in [`PushedRequest`].
    #[serde(deserialize_with = "up_to::<128, _>")]
    pub state: String,
    /// As in [`PushedRequest`]; always of the kind `S256`.
    #[serde(deserialize_with = "up_to::<43, _>")]
    pub code_challenge: String,
}

/// Answer 201 of `POST /oauth/par` and of a request to connect a way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushedAnswer {
    /// For the query of the authorization endpoint; may be opened again until a code was given out.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub request_uri: String,
    /// Seconds it lives.
    pub expires_in: u64,
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
    /// Address of a new account, with `action=register`; of the existing account, with `action=link`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_EMAIL_CHARS, _>")]
    pub email: Option<String>,
    /// With `action=create`: a private address for the new account.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_EMAIL_CHARS, _>")]
    pub alternative_email: Option<String>,
    /// With `action=create`: the name of the new account's owner.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NAME_CHARS, _>")]
    pub full_name: Option<String>,
    /// With `action=create`: the `terms_version` that was shown and accepted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<32, _>")]
    pub accept_terms: Option<String>,
    /// With `action=link_via` and `action=delink`: which social account, for example `google`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<32, _>")]
    pub provider: Option<String>,
    /// With `action=invitation` the invitation's code or token, with `action=verify` the digits of the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
    /// Where the browser comes back to: with `action=link_via`, and beside a password, in case the organisation of the address wants none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<100, _>")]
    pub redirect_uri: Option<String>,
    /// Beside `redirect_uri`: 256 random bits that come back through the browser.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<128, _>")]
    pub state: Option<String>,
}

impl ChallengeRequest {
    /// One action in a sign-in that goes on; the fields the action needs are filled in afterwards.
    pub fn step(client_id: impl Into<String>, auth_session: Secret, action: impl Into<String>) -> Self {
        Self { auth_session: Some(auth_session), action: Some(action.into()), ..Self::empty(client_id) }
    }

    fn empty(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            scope: None,
            code_challenge: None,
            code_challenge_method: None,
            username: None,
            password: None,
            device_label: None,
            auth_session: None,
            action: None,
            email: None,
            alternative_email: None,
            full_name: None,
            accept_terms: None,
            provider: None,
            code: None,
            redirect_uri: None,
            state: None,
        }
    }

    /// First and only call of a password sign-in.
    pub fn password(
        client_id: impl Into<String>,
        scope: impl Into<String>,
        code_challenge: impl Into<String>,
        username: impl Into<String>,
        password: Secret,
    ) -> Self {
        Self {
            scope: Some(scope.into()),
            code_challenge: Some(code_challenge.into()),
            code_challenge_method: Some("S256".to_owned()),
            username: Some(username.into()),
            password: Some(password),
            ..Self::empty(client_id)
        }
    }

    /// Says where the browser could come back to. Then an organisation that wants no passwords is answered with `redirect_to_web`
    /// and a `request_uri` to open, whose code is traded with the same verifier; without it with [`Code::SsoRequired`].
    #[must_use]
    pub fn returning_to(self, redirect_uri: impl Into<String>, state: impl Into<String>) -> Self {
        Self { redirect_uri: Some(redirect_uri.into()), state: Some(state.into()), ..self }
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
    /// With `redirect_to_web`: what to open in the browser, as [`PushedAnswer::request_uri`]. Without `auth_session` the sign-in begins there
    /// anew: `org` names the organisation that wants no passwords.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<200, _>")]
    pub request_uri: Option<String>,
    /// Who is meant, where the sentence names somebody: an organisation, a provider.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NAME_CHARS, _>")]
    pub org: Option<String>,
    /// Which field of the request is meant.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<64, _>")]
    pub field: Option<String>,
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
        /// The name the organisation gave; empty when it gave none.
        #[serde(default, deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
        name: String,
        /// The address the organisation named, masked; empty when it named none.
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
        /// The name the organisation gave, to begin with; empty when it gave none.
        #[serde(default, deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
        suggested_name: String,
    },
    /// Prove the existing account.
    LinkExisting {
        /// Whether the organisation's address is already a sign-in address of an account.
        already_uses_this_email: bool,
        /// Social accounts through which that account can be proven too: `google`, `apple`, `facebook`.
        #[serde(default, deserialize_with = "few::<8, _, _>")]
        providers: Vec<String>,
    },
    /// The account needs a password of its own first.
    SetPassword {
        /// The account's address, masked.
        #[serde(default, deserialize_with = "up_to::<MAX_EMAIL_CHARS, _>")]
        account_masked: String,
    },
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
        /// Name of the organisation.
        #[serde(default, deserialize_with = "up_to::<MAX_NAME_CHARS, _>")]
        org: String,
        /// What the organisation will see of the account: `profile_status`.
        #[serde(default, deserialize_with = "few::<8, _, _>")]
        org_will_see: Vec<String>,
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
    /// A code from the challenge endpoint or from the browser.
    AuthorizationCode,
    /// A refresh token.
    RefreshToken,
    /// The code of a kiosk that waits for its guest (RFC 8628).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
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
    /// With a code from the browser: the redirect address it came to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<100, _>")]
    pub redirect_uri: Option<String>,
    /// With `refresh_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// With a kiosk's code: the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_code: Option<Secret>,
    /// With a kiosk's code: the kiosk's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
}

/// Body of `POST /oauth/device_authorization`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceRequest {
    /// `ksk_…`: which kiosk asks.
    #[serde(deserialize_with = "up_to::<MAX_ID_CHARS, _>")]
    pub client_id: String,
    /// The kiosk's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// What is asked for, space-separated; the same is given whatever stands here.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<200, _>")]
    pub scope: Option<String>,
}

/// Answer 200 of `POST /oauth/device_authorization` (RFC 8628, section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceAnswer {
    /// What the kiosk asks the token endpoint with.
    pub device_code: Secret,
    /// What the guest types or compares: `BCDF-GHJK`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub user_code: String,
    /// The page to open on the phone.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub verification_uri: String,
    /// The same with the code in it, for a picture to scan.
    #[serde(deserialize_with = "up_to::<300, _>")]
    pub verification_uri_complete: String,
    /// Seconds both codes live.
    pub expires_in: u64,
    /// Seconds to wait between two questions.
    pub interval: u64,
}

impl TokenRequest {
    /// Trades a code that came through the browser.
    pub fn browser_code(
        client_id: impl Into<String>,
        code: Secret,
        code_verifier: Secret,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self { redirect_uri: Some(redirect_uri.into()), ..Self::code(client_id, code, code_verifier) }
    }

    /// Trades a code for tokens.
    pub fn code(client_id: impl Into<String>, code: Secret, code_verifier: Secret) -> Self {
        Self {
            grant_type: GrantType::AuthorizationCode,
            client_id: client_id.into(),
            code: Some(code),
            code_verifier: Some(code_verifier),
            redirect_uri: None,
            refresh_token: None,
            device_code: None,
            client_secret: None,
        }
    }

    /// A kiosk asks whether its guest has signed in.
    pub fn device(kiosk: impl Into<String>, kiosk_secret: Secret, device_code: Secret) -> Self {
        Self {
            grant_type: GrantType::DeviceCode,
            client_id: kiosk.into(),
            code: None,
            code_verifier: None,
            redirect_uri: None,
            refresh_token: None,
            device_code: Some(device_code),
            client_secret: Some(kiosk_secret),
        }
    }

    /// Trades a refresh token for new tokens; the old one ends, with 30 s of grace for a lost reply.
    pub fn refresh(client_id: impl Into<String>, refresh_token: Secret) -> Self {
        Self {
            grant_type: GrantType::RefreshToken,
            client_id: client_id.into(),
            code: None,
            code_verifier: None,
            redirect_uri: None,
            refresh_token: Some(refresh_token),
            device_code: None,
            client_secret: None,
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
            (r#"{"step":"verify_email","email_masked":"a•••••@x"}"#, Next::VerifyEmail { email_masked: "a•••••@x".into() }, "a known step"),
            (r#"{"step":"set_password"}"#,                       Next::SetPassword { account_masked: String::new() }, "a step without fields"),
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
