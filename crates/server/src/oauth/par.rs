//! `POST /oauth/par`: the app announces a sign-in through the browser (RFC 9126).
//!
//! Guarantees: what comes of it is bound to the key of the proof beside it; the browser is only ever sent back to a loopback address or the app's own scheme;
//! nothing secret stands in the address the browser opens.

use super::challenge::SigningIn;
use crate::{
    app::{App, Shared},
    database::{Write, column},
    http::{
        caller::Caller,
        refusal::{OAuthRefusal, Refusal},
        sent::{Form, Sent},
    },
    identity::{
        discovery::{self, Asking},
        domain::Domain,
        invitation,
        organisation::{self, Found},
    },
    sso::provider::{Provider, SOCIAL},
    tokens,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use likeness_protocol::{
    Code, Problem, Secret,
    limits::{DESKTOP_CLIENT_ID, DESKTOP_SCOPE},
    oauth::{
        ChallengeRequest, Intent, LOOPBACK_CALLBACK_PATH, LinkRequest, OAuthError, PushedAnswer, PushedRequest,
        SCHEME_CALLBACK,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};
use url::{Host, Url};

/// How long the browser may be sent off with it.
const LIFE: Duration = Duration::from_mins(5);
/// What a request is called outside; a random value follows.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// Fewest characters of `state`: 128 bits in base64url.
const MIN_STATE_CHARS: usize = 22;

/// The part of a request that is kept sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Rest {
    /// The app's own `state`.
    pub state: String,
    /// Address for the provider's form.
    pub login_hint: Option<String>,
    /// Languages of the reader.
    pub ui_locales: Option<String>,
    /// Whether the provider must ask for the password again.
    pub ask_again: bool,
    /// How the device wants to be listed.
    pub device_label: Option<String>,
    /// The session this trip proves an account for, with `link_via`.
    pub session: Option<Secret>,
    /// The account and the sign-in a way in is to be connected for.
    #[serde(default)]
    pub connect_to: Option<(String, String)>,
    /// The account whose owner proves anew who they are.
    #[serde(default)]
    pub step_up: Option<String>,
    /// The kiosk's code a guest's phone signs in for; the trip ends on the phone.
    #[serde(default)]
    pub phone: Option<String>,
}

impl Rest {
    /// A trip for nothing in particular.
    pub const fn nothing() -> Self {
        Self {
            state: String::new(),
            login_hint: None,
            ui_locales: None,
            ask_again: false,
            device_label: None,
            session: None,
            connect_to: None,
            step_up: None,
            phone: None,
        }
    }
}

/// A request that was announced.
pub struct Pushed {
    pub hash: String,
    pub client_id: String,
    pub jkt: String,
    pub challenge: String,
    pub scope: String,
    pub redirect_uri: String,
    pub idp_id: String,
    pub invitation: Option<String>,
    pub rest: Rest,
}

/// A request to be written down.
pub struct NewRequest<'a> {
    pub client_id: &'a str,
    pub jkt: &'a str,
    pub challenge: &'a str,
    pub scope: &'a str,
    pub redirect_uri: &'a str,
    pub idp_id: &'a str,
    pub invitation: Option<&'a str>,
    pub rest: &'a Rest,
}

/// Announces a sign-in through the browser.
#[utoipa::path(post, path = "/oauth/par", tag = "sign-in",
    request_body(content = PushedRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 201, body = PushedAnswer), (status = "4XX", body = OAuthError)))]
pub async fn push(
    State(app): State<Shared>,
    caller: SigningIn,
    form: Result<Form<PushedRequest>, Refusal>,
) -> Result<(StatusCode, Json<PushedAnswer>), OAuthRefusal> {
    let Form(request) = form?;
    discovery::count(&app, caller.from, Asking::SignIn)?;
    check_form(&request)?;
    let (provider, step_up, seen) = if request.intent == Some(Intent::StepUp) {
        let (account, seen) = signed_in_with(&app, &caller.jkt, request.org_hint.as_deref()).await?;
        (seen.provider, Some(account), seen.email)
    } else {
        (provider_for(&app, request.org_hint.as_deref()).await?, None, None)
    };
    let invitation = match &request.invitation {
        Some(secret) => {
            let invitation = invitation::presented(&app, secret).await?;
            if provider.org.as_deref() != Some(invitation.org.as_str()) {
                return Err(Refusal::from(Code::InvitationWrongPerson)
                    .detail("This invitation is of another organisation. Sign in through the one that sent it.")
                    .into());
            }
            Some(invitation.id)
        }
        None => None,
    };
    let rest = Rest {
        ask_again: step_up.is_some() || request.prompt.as_deref() == Some("login"),
        state: request.state,
        login_hint: request.login_hint.or(seen),
        step_up,
        ui_locales: request.ui_locales,
        device_label: request.device_label,
        ..Rest::nothing()
    };
    let mut transaction = app.database.write().await?;
    let request_uri = announce(
        &mut transaction,
        &app,
        &NewRequest {
            client_id: &request.client_id,
            jkt: &caller.jkt,
            challenge: &request.code_challenge,
            scope: DESKTOP_SCOPE,
            redirect_uri: &request.redirect_uri,
            idp_id: &provider.id,
            invitation: invitation.as_deref(),
            rest: &rest,
        },
    )
    .await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(PushedAnswer { request_uri, expires_in: LIFE.as_secs() })))
}

fn check_form(request: &PushedRequest) -> Result<(), Refusal> {
    let refuse = |field: &str, detail: &str| Err(Refusal::from(Code::InvalidRequest).field(field).detail(detail));
    if request.client_id != DESKTOP_CLIENT_ID {
        return refuse("client_id", "This client is not known.");
    }
    if request.response_type != "code" {
        return refuse("response_type", "Only codes are given out.");
    }
    if request.code_challenge_method != "S256" || !is_challenge(&request.code_challenge) {
        return refuse("code_challenge", "A challenge of the kind S256 is needed.");
    }
    if !is_state(&request.state) {
        return refuse("state", "The state must be at least 22 characters of base64url.");
    }
    if !may_return_to(&request.redirect_uri) {
        return refuse("redirect_uri", "The browser is only sent back to this machine.");
    }
    if !request.scope.split(' ').all(|word| DESKTOP_SCOPE.split(' ').any(|known| known == word)) {
        return refuse("scope", "This scope is not known.");
    }
    if request.intent == Some(Intent::Link) {
        return refuse("intent", "Connecting begins in the account's own settings.");
    }
    if request.prompt.as_deref().is_some_and(|word| word != "login")
        || request.max_age.as_deref().is_some_and(|age| age != "0")
    {
        return refuse("prompt", "Only prompt=login with max_age=0 is known.");
    }
    Ok(())
}

/// Whether this can be a PKCE challenge: 32 bytes in base64url.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && is_base64url(text)
}

/// Whether this can be a `state`.
pub fn is_state(text: &str) -> bool {
    text.len() >= MIN_STATE_CHARS && text.len() <= 128 && is_base64url(text)
}

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether the browser may be sent to this address: loopback by number (RFC 8252, section 7.3), or the app's own scheme.
pub fn may_return_to(address: &str) -> bool {
    if address == SCHEME_CALLBACK {
        return true;
    }
    let Ok(url) = Url::parse(address) else { return false };
    let loopback = match url.host() {
        Some(Host::Ipv4(host)) => host == Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(host)) => host == Ipv6Addr::LOCALHOST,
        _ => false,
    };
    // Written anew, so that nothing hides in a second spelling.
    let plain = url.port().is_some_and(|port| {
        let host = url.host_str().unwrap_or_default();
        address == format!("http://{host}:{port}{LOOPBACK_CALLBACK_PATH}")
    });
    loopback && plain
}

async fn provider_for(app: &App, hint: Option<&str>) -> Result<Provider, Refusal> {
    let Some(hint) = hint else {
        return Err(Refusal::from(Code::InvalidRequest).field("org_hint").detail("Name an organisation."));
    };
    if SOCIAL.iter().any(|(kind, _)| *kind == hint) {
        return Provider::social(app, hint).await?.ok_or_else(|| Code::OrgNotFound.into());
    }
    let org = if hint.starts_with("org_") {
        hint.to_owned()
    } else {
        let domain = Domain::read(hint).map_err(|_| Code::OrgInputInvalid)?;
        organisation::by_domain(app, &domain).await?.ok_or(Code::OrgNotFound)?.org.id
    };
    Provider::of_organisation(app, &org).await?.ok_or_else(|| Code::OrgNotFound.into())
}

/// A way in, as it was last seen.
struct WayIn {
    provider: Provider,
    email: Option<String>,
}

/// The account that is signed in with this key, and that way in of it.
async fn signed_in_with(app: &App, jkt: &str, identity: Option<&str>) -> Result<(String, WayIn), Refusal> {
    let account: Option<(String,)> = sqlx::query_as(
        "SELECT g.account_id FROM grants g JOIN accounts a ON a.id = g.account_id \
         WHERE g.jkt = $1 AND g.revoked_at IS NULL AND a.status = 'active' ORDER BY g.created_at DESC LIMIT 1",
    )
    .bind(jkt)
    .fetch_optional(app.database.read())
    .await?;
    let (account,) = account.ok_or(Code::SessionEnded)?;
    let row: Option<(String, String, Option<Vec<u8>>)> =
        sqlx::query_as("SELECT id, idp_id, email_seen_sealed FROM identities WHERE id = $1 AND account_id = $2")
            .bind(identity)
            .bind(&account)
            .fetch_optional(app.database.read())
            .await?;
    let unknown = || Refusal::from(Code::InvalidRequest).field("org_hint").detail("This is none of your ways in.");
    let (id, idp, email) = row.ok_or_else(unknown)?;
    let provider = Provider::numbered(app, &idp).await?.ok_or_else(unknown)?;
    let email = email.map(|sealed| app.keys.open_text("identities", "email_seen", &id, &sealed)).transpose()?;
    Ok((account, WayIn { provider, email }))
}

/// Begins to connect a social account to the account that is signed in. Needs a sign-in of the last ten minutes.
#[utoipa::path(post, path = "/v1/me/identities/{provider}/link", tag = "account", operation_id = "link_identity", request_body = LinkRequest,
    params(("provider" = String, Path, description = "`google`, `apple` or `facebook`")),
    responses((status = 201, body = PushedAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn link(
    State(app): State<Shared>,
    caller: Caller,
    Path(kind): Path<String>,
    sent: Sent<LinkRequest>,
) -> Result<(StatusCode, Json<PushedAnswer>), Refusal> {
    caller.require_recent_sign_in(app.now())?;
    let request = sent.value;
    if !may_return_to(&request.redirect_uri) || !is_state(&request.state) || !is_challenge(&request.code_challenge) {
        return Err(Code::InvalidRequest.into());
    }
    let provider = Provider::social(&app, &kind).await?.ok_or(Code::NotFound)?;
    let rest = Rest { state: request.state, connect_to: Some((caller.account, caller.grant)), ..Rest::nothing() };
    let mut transaction = app.database.write().await?;
    let request_uri = announce(
        &mut transaction,
        &app,
        &NewRequest {
            client_id: DESKTOP_CLIENT_ID,
            jkt: &caller.jkt,
            challenge: &request.code_challenge,
            scope: DESKTOP_SCOPE,
            redirect_uri: &request.redirect_uri,
            idp_id: &provider.id,
            invitation: None,
            rest: &rest,
        },
    )
    .await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(PushedAnswer { request_uri, expires_in: LIFE.as_secs() })))
}

/// What somebody is told whose organisation wants no passwords: where to sign in instead, if their app says where a browser may come back to.
/// The password beside the request is not looked at.
pub async fn in_place_of_password(
    app: &App,
    caller: &SigningIn,
    request: &ChallengeRequest,
    challenge: &str,
    found: &Found,
) -> Result<Refusal, Refusal> {
    let refusal = discovery::not_by_password(&found.org.name);
    let (Some(redirect_uri), Some(state)) = (&request.redirect_uri, &request.state) else { return Ok(refusal) };
    discovery::count(app, caller.from, Asking::SignIn)?;
    if !may_return_to(redirect_uri) || !is_state(state) || !is_challenge(challenge) {
        return Err(Refusal::from(Code::InvalidRequest).field("redirect_uri"));
    }
    // An organisation may want no passwords before its provider is set up.
    let Some(provider) = Provider::of_organisation(app, &found.org.id).await? else { return Ok(refusal) };
    let rest = Rest {
        state: state.clone(),
        login_hint: request.username.clone(),
        device_label: request.device_label.clone(),
        ..Rest::nothing()
    };
    let mut transaction = app.database.write().await?;
    let new = NewRequest {
        client_id: &request.client_id,
        jkt: &caller.jkt,
        challenge,
        scope: DESKTOP_SCOPE,
        redirect_uri,
        idp_id: &provider.id,
        invitation: None,
        rest: &rest,
    };
    let request_uri = announce(&mut transaction, app, &new).await?;
    transaction.commit().await?;
    Ok(Refusal::begins_in_web(request_uri).detail(refusal.detail_text()).org(&found.org.name))
}

/// Writes a request down; gives its name for the browser.
pub async fn announce(transaction: &mut Write, app: &App, new: &NewRequest<'_>) -> Result<String, Refusal> {
    let token = tokens::token("")?;
    let hash = tokens::hash(token.expose());
    let now = app.now();
    sqlx::query("INSERT INTO pushed_requests (hash, client_id, jkt, challenge, scope, redirect_uri, idp_id, invitation_id, rest_sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(&hash)
        .bind(new.client_id)
        .bind(new.jkt)
        .bind(new.challenge)
        .bind(new.scope)
        .bind(new.redirect_uri)
        .bind(new.idp_id)
        .bind(new.invitation)
        .bind(app.keys.seal("pushed_requests", "rest", &hash, &serde_json::to_vec(new.rest)?)?)
        .bind(column(now))
        .bind(column(now.plus(LIFE)))
        .execute(&mut **transaction)
        .await?;
    Ok(format!("{PREFIX}{}", token.expose()))
}

#[derive(sqlx::FromRow)]
struct Row {
    client_id: String,
    jkt: String,
    challenge: String,
    scope: String,
    redirect_uri: String,
    idp_id: String,
    invitation_id: Option<String>,
    rest_sealed: Vec<u8>,
    expires_at: i64,
}

impl Pushed {
    /// The request the browser names, while it may still be opened.
    pub async fn opened(app: &App, client_id: &str, request_uri: &str) -> Result<Option<Self>, Refusal> {
        let Some(token) = request_uri.strip_prefix(PREFIX) else { return Ok(None) };
        let found = Self::find(app, &tokens::hash(token)).await?;
        Ok(found
            .filter(|(request, until)| request.client_id == client_id && *until > column(app.now()))
            .map(|(request, _)| request))
    }

    /// The request of a trip that came back. It may have taken longer than the request could be opened.
    pub async fn of_trip(app: &App, hash: &str) -> Result<Option<Self>, Refusal> {
        Ok(Self::find(app, hash).await?.map(|(request, _)| request))
    }

    async fn find(app: &App, hash: &str) -> Result<Option<(Self, i64)>, Refusal> {
        let row: Option<Row> = sqlx::query_as("SELECT client_id, jkt, challenge, scope, redirect_uri, idp_id, invitation_id, rest_sealed, expires_at FROM pushed_requests WHERE hash = $1 AND code_given_at IS NULL")
            .bind(hash)
            .fetch_optional(app.database.read())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let rest = serde_json::from_slice(&app.keys.open("pushed_requests", "rest", hash, &row.rest_sealed)?)?;
        let request = Self {
            hash: hash.to_owned(),
            client_id: row.client_id,
            jkt: row.jkt,
            challenge: row.challenge,
            scope: row.scope,
            redirect_uri: row.redirect_uri,
            idp_id: row.idp_id,
            invitation: row.invitation_id,
            rest,
        };
        Ok(Some((request, row.expires_at)))
    }

    /// Notes that a code was given; `false` when one was given before.
    pub async fn close(&self, transaction: &mut Write, app: &App) -> Result<bool, Refusal> {
        let closed =
            sqlx::query("UPDATE pushed_requests SET code_given_at = $2 WHERE hash = $1 AND code_given_at IS NULL")
                .bind(&self.hash)
                .bind(column(app.now()))
                .execute(&mut **transaction)
                .await?;
        Ok(closed.rows_affected() == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_only_sent_back_to_this_machine() {
        #[rustfmt::skip]
        let table = [
            ("http://127.0.0.1:49152/callback",           true,  "the usual one"),
            ("http://[::1]:49152/callback",               true,  "where the old kind is missing"),
            ("app.likeness:/callback",                    true,  "the app's own scheme"),
            ("http://127.0.0.1/callback",                 false, "no port: nobody of ours listens there"),
            ("http://localhost:49152/callback",           false, "a name can mean another machine"),
            ("http://127.0.0.2:49152/callback",           false, "another loopback address"),
            ("http://2130706433:49152/callback",          false, "the address in disguise"),
            ("http://127.0.0.1:49152/other",              false, "another path"),
            ("http://127.0.0.1:49152/callback?x=1",       false, "a query"),
            ("http://127.0.0.1:49152/callback#x",         false, "a fragment"),
            ("http://127.0.0.1:49152/a/../callback",      false, "a path in disguise"),
            ("http://a@127.0.0.1:49152/callback",         false, "a user"),
            ("https://127.0.0.1:49152/callback",          false, "nobody of ours speaks TLS there"),
            ("http://127.0.0.1.evil.example:1/callback",  false, "a name that begins like the address"),
            ("https://evil.example/callback",             false, "somebody else"),
            ("app.likeness:/callback?x=1",                false, "the scheme with more"),
            ("app.likeness://callback",                   false, "the scheme with a host"),
            ("javascript:alert(1)",                       false, "no address"),
        ];
        for (address, expected, because) in table {
            assert_eq!(may_return_to(address), expected, "{because}: {address}");
        }
    }
}
