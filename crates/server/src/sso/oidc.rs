//! Our half of OpenID Connect: where the browser is sent, and what is believed of the token that comes back.
//!
//! Guarantees: PKCE, `state` and `nonce` on every trip; only asymmetric signatures of a named set, whatever the provider says it supports;
//! 60 s of leeway for clocks and no more; a token for somebody else, of somebody else, or of another trip is refused, each with its own sentence; where the
//! provider had to ask for the password again, a sign-in from before the trip is refused, and so is one of a time it does not tell.

use super::{broker::Hints, provider::Provider};
use crate::app::App;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::UnixMs;
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, Nonce, OAuth2TokenResponse,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, SignatureVerificationError, SubjectIdentifier, TokenResponse,
    core::{
        CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;

/// How far the provider's clock may differ from ours.
const LEEWAY: Duration = Duration::from_mins(1);
/// Oldest token that is taken; it was made for this trip, a moment ago.
const OLDEST: Duration = Duration::from_mins(10);

/// Who came back from a provider. What it says is the provider's word, not yet anybody's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalIdentity {
    /// Which provider.
    pub idp_id: String,
    /// Its issuer.
    pub iss: String,
    /// The person there; the only thing that never changes.
    pub sub: String,
    /// The address it names.
    pub email: Option<String>,
    /// Whether it says that it verified the address.
    pub email_verified: bool,
    /// The name it gives.
    pub name: Option<String>,
    /// When the person proved who they are there; the year 1970 where the provider does not say, for then it may have been long ago.
    pub auth_time: UnixMs,
}

/// Why a provider's answer is not taken. The text is the sentence a person reads, after the provider's name.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It cannot be reached, or publishes nothing usable.
    #[error("could not be reached, or did not answer as a sign-in page should")]
    Down(String),
    /// It did not give a token for its code.
    #[error("did not accept its own sign-in when we asked for the result")]
    NoToken(String),
    /// It does not know us, or not with this secret.
    #[error("does not accept this server: its administrator has to look at the client number and the secret")]
    NotOurClient,
    /// There is no identity in its answer.
    #[error("did not say who signed in")]
    NoIdentity,
    /// The token is not signed, or in a way we do not take.
    #[error("sent an answer that is not signed in a way we accept")]
    Unsigned,
    /// The signature does not fit, or its key is not published.
    #[error("sent an answer whose signature does not fit the keys it publishes")]
    Signature,
    /// For another client.
    #[error("sent an answer that was made for another program")]
    OtherAudience,
    /// Of another issuer.
    #[error("sent an answer in the name of somebody else")]
    OtherIssuer,
    /// Of another trip.
    #[error("sent an answer that belongs to another sign-in")]
    OtherNonce,
    /// Too old, or from the future.
    #[error("sent an answer whose time is wrong: one of the two clocks is off by more than a minute")]
    Clock,
    /// It was asked to ask again and did not.
    #[error("did not ask for the password again, as this step needs")]
    NotAskedAgain,
}

/// What one trip carries besides `state`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trip {
    /// Must come back inside the token.
    pub nonce: String,
    /// PKCE: shown to the provider when the code is traded.
    pub verifier: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Whether the provider has to ask for the password again.
    pub ask_again: bool,
    /// When the browser set out.
    pub begun: UnixMs,
}

/// Where to send the browser.
pub async fn address(
    app: &App,
    provider: &Provider,
    trip: &Trip,
    state: &str,
    hints: Hints<'_>,
) -> Result<Url, BrokerError> {
    let published = &app.providers.published;
    let metadata = published.of(app, provider).await.map_err(|why| BrokerError::Down(why.0))?;
    let mut url = metadata.authorization_endpoint().url().clone();
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &trip.redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", state)
            .append_pair("nonce", &trip.nonce)
            .append_pair("code_challenge", &BASE64URL.encode(Sha256::digest(&trip.verifier)))
            .append_pair("code_challenge_method", "S256");
        if trip.ask_again {
            query.append_pair("prompt", "login").append_pair("max_age", "0");
        }
        if provider.kind == "apple" {
            // Apple gives the address only when it may post the answer.
            query.append_pair("response_mode", "form_post");
        }
        for (name, value) in [("login_hint", hints.login), ("ui_locales", hints.ui_locales)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
    }
    Ok(url)
}

/// Trades the provider's code and checks what comes of it.
pub async fn finish(
    app: &App,
    provider: &Provider,
    trip: &Trip,
    code: String,
) -> Result<ExternalIdentity, BrokerError> {
    let published = &app.providers.published;
    let down = |error: super::provider::Unpublished| BrokerError::Down(error.0);
    let metadata = published.of(app, provider).await.map_err(down)?;
    let tokens = trade(app, provider, &metadata, trip, code).await?;
    let claims = match claims(app, provider, &metadata, trip, &tokens) {
        // The key may be newer than what we hold: once more, with what the provider publishes now.
        Err(BrokerError::Signature) => {
            let metadata = published.fetch(app, provider).await.map_err(down)?;
            claims(app, provider, &metadata, trip, &tokens)?
        }
        claims => claims?,
    };
    let mut identity = ExternalIdentity {
        idp_id: provider.id.clone(),
        iss: provider.issuer.clone(),
        sub: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        email_verified: claims.email_verified() == Some(true),
        name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        auth_time: claims.auth_time().map_or(UnixMs(0), |time| millis(time.timestamp_millis())),
    };
    if identity.email.is_none() && metadata.userinfo_endpoint().is_some() {
        ask_for_address(app, provider, &metadata, &tokens, &mut identity).await?;
    }
    identity.auth_time = identity.auth_time.min(app.now());
    Ok(identity)
}

fn millis(value: i64) -> UnixMs {
    UnixMs(u64::try_from(value).unwrap_or(0))
}

async fn trade(
    app: &App,
    provider: &Provider,
    metadata: &CoreProviderMetadata,
    trip: &Trip,
    code: String,
) -> Result<CoreTokenResponse, BrokerError> {
    let unusable = |what: &str| BrokerError::Down(format!("{what} not usable"));
    let redirect = RedirectUrl::new(trip.redirect_uri.clone()).map_err(|_| unusable("redirect address"))?;
    let client = client(provider, metadata);
    let ask = app.providers.web.line(provider.reach);
    client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|_| unusable("token endpoint"))?
        .set_redirect_uri(std::borrow::Cow::Owned(redirect))
        .set_pkce_verifier(PkceCodeVerifier::new(trip.verifier.clone()))
        .request_async(&ask)
        .await
        .map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => match answer.error() {
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    BrokerError::NotOurClient
                }
                word => BrokerError::NoToken(word.as_ref().to_owned()),
            },
            RequestTokenError::Request(error) => BrokerError::Down(error.to_string()),
            RequestTokenError::Parse(error, _) => BrokerError::Down(format!("no token at {}", error.path())),
            RequestTokenError::Other(_) => BrokerError::Down("no token".to_owned()),
        })
}

type Client = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

fn client(provider: &Provider, metadata: &CoreProviderMetadata) -> Client {
    let client = CoreClient::from_provider_metadata(
        metadata.clone(),
        ClientId::new(provider.client_id.clone()),
        Some(ClientSecret::new(provider.secret.expose().to_owned())),
    );
    let takes_header = metadata
        .token_endpoint_auth_methods_supported()
        .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
    client.set_auth_type(if takes_header { AuthType::BasicAuth } else { AuthType::RequestBody })
}

/// Checks the identity token. [`BrokerError::Signature`] may mean that the keys are old.
fn claims(
    app: &App,
    provider: &Provider,
    metadata: &CoreProviderMetadata,
    trip: &Trip,
    tokens: &CoreTokenResponse,
) -> Result<CoreIdTokenClaims, BrokerError> {
    let now = app.now();
    let client = client(provider, metadata);
    let verifier = client
        .id_token_verifier()
        // The library would take what the provider names, "none" included.
        .set_allowed_algs([
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            CoreJwsSigningAlgorithm::EdDsa,
        ])
        // It has no leeway for clocks of its own: with this, a token is good for a minute longer.
        .set_time_fn(move || date(now.0.saturating_sub(LEEWAY.as_secs() * 1_000)))
        .set_issue_time_verifier_fn(move |issued| {
            let issued = millis(issued.timestamp_millis());
            let fits = issued.since(now) <= LEEWAY && now.since(issued) <= OLDEST;
            if fits { Ok(()) } else { Err("issued at another time".to_owned()) }
        })
        .set_auth_time_verifier_fn(move |at| {
            let since = |at: UnixMs| trip.begun.since(at);
            let asked = at.is_some_and(|at| since(millis(at.timestamp_millis())) <= LEEWAY);
            if asked || !trip.ask_again { Ok(()) } else { Err("not asked again".to_owned()) }
        });
    let token = tokens.id_token().ok_or(BrokerError::NoIdentity)?;
    token.claims(&verifier, &Nonce::new(trip.nonce.clone())).cloned().map_err(|error| why(&error))
}

fn why(error: &ClaimsVerificationError) -> BrokerError {
    match error {
        ClaimsVerificationError::Expired(_) => BrokerError::Clock,
        ClaimsVerificationError::InvalidAudience(_) => BrokerError::OtherAudience,
        ClaimsVerificationError::InvalidIssuer(_) => BrokerError::OtherIssuer,
        ClaimsVerificationError::InvalidNonce(_) => BrokerError::OtherNonce,
        ClaimsVerificationError::InvalidAuthTime(_) => BrokerError::NotAskedAgain,
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::NoSignature
            | SignatureVerificationError::UnsupportedAlg(_),
        )
        | ClaimsVerificationError::Unsupported(_) => BrokerError::Unsigned,
        ClaimsVerificationError::SignatureVerification(_) => BrokerError::Signature,
        _ => BrokerError::NoIdentity,
    }
}

/// A time as the library counts it.
fn date(ms: u64) -> chrono::DateTime<chrono::Utc> {
    i64::try_from(ms).ok().and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_default()
}

/// Many providers name the address only here (OpenID Connect Core, section 5.4). Its answer must be about the same person.
async fn ask_for_address(
    app: &App,
    provider: &Provider,
    metadata: &CoreProviderMetadata,
    tokens: &CoreTokenResponse,
    identity: &mut ExternalIdentity,
) -> Result<(), BrokerError> {
    let client = client(provider, metadata);
    let subject = SubjectIdentifier::new(identity.sub.clone());
    let ask = app.providers.web.line(provider.reach);
    let request = client
        .user_info(tokens.access_token().clone(), Some(subject))
        .map_err(|error| BrokerError::Down(error.to_string()))?;
    let about: CoreUserInfoClaims = request.request_async(&ask).await.map_err(|error| match error {
        openidconnect::UserInfoError::ClaimsVerification(_) => BrokerError::OtherNonce,
        _ => BrokerError::Down("the address was not told".to_owned()),
    })?;
    identity.email = about.email().map(|email| email.to_string());
    identity.email_verified = about.email_verified() == Some(true);
    if identity.name.is_none() {
        identity.name = about.name().and_then(|name| name.get(None)).map(|name| name.to_string());
    }
    Ok(())
}
