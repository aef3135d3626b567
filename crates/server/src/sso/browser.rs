//! The browser's way: off to the provider, back from it, and on to the app.
//!
//! Guarantees: `state` is used once and only by the browser that set out with it; a wrong, late or repeated return changes nothing and shows a page;
//! every trip that ends, well or badly, leads back to the app with a code, so that nobody is left waiting; no answer redirects to an address
//! that a request named.

use super::{
    broker::{self, Hints},
    oidc::{BrokerError, ExternalIdentity, Trip},
    pages, phone,
    provider::Provider,
};
use crate::{
    app::{App, Shared},
    database::{column, time},
    http::{refusal::Refusal, sent},
    identity::{
        connect,
        resolve::{self, Standing, Verdict},
    },
    oauth::{
        codes::{self, Bound, Instead, NewCode},
        par::Pushed,
        session::{self, Owner, Pending, Session},
    },
    tokens,
};
use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use likeness_protocol::{Code, Secret, limits::MAX_REQUEST_BYTES, oauth::SCHEME_CALLBACK};
use std::{collections::BTreeMap, time::Duration};
use url::{Url, form_urlencoded};

/// How long somebody may take at the provider.
const TRIP_LIFE: Duration = Duration::from_mins(10);
/// How long the last page leads on.
const PAGE_LIFE: Duration = Duration::from_mins(2);
/// How long a browser is known, seconds.
const BROWSER_LIFE_S: u64 = 1_800;

/// The pages. They are no part of the API: only a browser opens them.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/oauth/authorize", get(authorize))
        .route("/v1/sso/callback", get(returned).post(returned_by_form))
        .route("/oauth/done", get(done))
}

/// A request that ends in a page.
pub struct Page(Box<Response>);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl<E: Into<Refusal>> From<E> for Page {
    fn from(error: E) -> Self {
        let refusal: Refusal = error.into();
        Self(Box::new(pages::ended(refusal.status_code(), refusal.detail_text())))
    }
}

impl Page {
    /// Says what is wrong, and leads nowhere.
    pub fn stop(words: &str) -> Self {
        Self(Box::new(pages::ended(StatusCode::BAD_REQUEST, words)))
    }
}

fn stop(words: &str) -> Page {
    Page::stop(words)
}

const ENDED: &str = "This link has ended or was used already.";
const OTHER_BROWSER: &str = "This sign-in was begun in another browser, or the browser keeps no cookies.";

/// Sends the browser to the provider.
async fn authorize(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Page> {
    let query = pairs(query.unwrap_or_default().as_bytes())?;
    let value = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let Some(request) = Pushed::opened(&app, value("client_id"), value("request_uri")).await? else {
        return Err(stop(ENDED));
    };
    let provider = Provider::numbered(&app, &request.idp_id).await?.ok_or_else(|| stop(ENDED))?;
    let browser = known_browser(&app, &headers).map_or_else(|| tokens::token(""), Ok)?;
    let trip = Trip {
        nonce: tokens::token("")?.expose().to_owned(),
        verifier: tokens::token("")?.expose().to_owned(),
        redirect_uri: format!("{}/v1/sso/callback", app.origin),
        ask_again: request.rest.ask_again,
        begun: app.now(),
    };
    let state = tokens::token("")?;
    let hints = Hints { login: request.rest.login_hint.as_deref(), ui_locales: request.rest.ui_locales.as_deref() };
    let address = match broker::address(&app, &provider, &trip, state.expose(), hints).await {
        Ok(address) => address,
        Err(why) => return end_trip(&app, &request, &browser, refused_by(&provider, &why)).await,
    };
    let state_hash = tokens::hash(state.expose());
    let sealed = app.keys.seal("trips", "trip", &state_hash, &serde_json::to_vec(&trip).map_err(Refusal::from)?)?;
    let mut transaction = app.database.write().await?;
    sqlx::query(
        "INSERT INTO trips (state_hash, request_hash, browser_hash, trip_sealed, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&state_hash)
    .bind(&request.hash)
    .bind(tokens::hash(browser.expose()))
    .bind(sealed)
    .bind(column(app.now().plus(TRIP_LIFE)))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(with_browser(&app, &browser, Redirect::to(address.as_str()).into_response()))
}

/// The provider sends the browser back.
async fn returned(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Page> {
    come_back(&app, &pairs(query.unwrap_or_default().as_bytes())?, &headers, false).await
}

/// The same by a form that the provider's page sends, as Apple's does.
async fn returned_by_form(State(app): State<Shared>, headers: HeaderMap, body: Body) -> Result<Response, Page> {
    sent::require_type(&headers, "application/x-www-form-urlencoded")?;
    let body = sent::read(body, MAX_REQUEST_BYTES, Duration::from_secs(30)).await?;
    come_back(&app, &pairs(&body)?, &headers, true).await
}

/// Request, browser, trip, end, use.
type TripRow = (String, String, Vec<u8>, i64, Option<i64>);

async fn come_back(
    app: &App,
    answer: &BTreeMap<String, String>,
    headers: &HeaderMap,
    by_form: bool,
) -> Result<Response, Page> {
    let state = answer.get("state").map(String::as_str).unwrap_or_default();
    let state_hash = tokens::hash(state);
    let row: Option<TripRow> = sqlx::query_as(
        "SELECT request_hash, browser_hash, trip_sealed, expires_at, used_at FROM trips WHERE state_hash = $1",
    )
    .bind(&state_hash)
    .fetch_optional(app.database.read())
    .await?;
    let Some((request_hash, browser_hash, sealed, until, None)) = row else { return Err(stop(ENDED)) };
    if time(until) <= app.now() {
        return Err(stop(ENDED));
    }
    let request = Pushed::of_trip(app, &request_hash).await?.ok_or_else(|| stop(ENDED))?;
    let provider = Provider::numbered(app, &request.idp_id).await?.ok_or_else(|| stop(ENDED))?;
    // A form of another site comes without our cookie; there `state` alone has to do, and the last page gets a browser of its own.
    let browser = match known_browser(app, headers).filter(|known| tokens::hash(known.expose()) == browser_hash) {
        Some(known) => known,
        None if by_form && provider.kind == "apple" => tokens::token("")?,
        None => return Err(stop(OTHER_BROWSER)),
    };
    if !use_state(app, &state_hash).await? {
        return Err(stop(ENDED));
    }
    let trip: Trip =
        serde_json::from_slice(&app.keys.open("trips", "trip", &state_hash, &sealed)?).map_err(Refusal::from)?;
    let outcome = outcome(app, &request, &provider, &trip, answer).await?;
    end_trip(app, &request, &browser, outcome).await
}

/// Uses a state up; `false` when it was used before.
async fn use_state(app: &App, state_hash: &str) -> Result<bool, Refusal> {
    let mut transaction = app.database.write().await?;
    let used = sqlx::query("UPDATE trips SET used_at = $2 WHERE state_hash = $1 AND used_at IS NULL")
        .bind(state_hash)
        .bind(column(app.now()))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(used.rows_affected() == 1)
}

/// How a trip ended.
enum Outcome {
    /// Somebody whose account is known.
    Known(String, Box<ExternalIdentity>),
    /// A new sign-in that goes on.
    GoOn(Box<Pending>),
    /// A sign-in this trip proved an account for, and which.
    Proven(Secret, String),
    /// One more way in to an account, asked for by a sign-in of it.
    Connect(String, String, Box<ExternalIdentity>),
    /// Somebody pressed "no" at the provider.
    Cancelled,
    /// A reason for the app to tell.
    Refused(Refusal, String),
}

fn refused_by(provider: &Provider, why: &BrokerError) -> Outcome {
    if let BrokerError::Down(details) | BrokerError::NoToken(details) = why {
        tracing::warn!(code = "provider-failed", idp = provider.id, details, "{why}");
    } else {
        tracing::warn!(code = "provider-refused", idp = provider.id, "{why}");
    }
    let name = &provider.label;
    let detail =
        format!("The sign-in page of {name} {why}. Nothing was changed. Try again; if it goes on, tell your IT team.");
    Outcome::Refused(Refusal::from(Code::OrgSsoUnavailable).detail(detail), name.clone())
}

async fn outcome(
    app: &App,
    request: &Pushed,
    provider: &Provider,
    trip: &Trip,
    answer: &BTreeMap<String, String>,
) -> Result<Outcome, Refusal> {
    // RFC 9207: an answer of another provider than the one the browser was sent to.
    if answer.get("iss").is_some_and(|iss| *iss != provider.issuer) {
        return Ok(refused_by(provider, &BrokerError::OtherIssuer));
    }
    if let Some(error) = answer.get("error") {
        return Ok(denied(provider, error));
    }
    let Some(code) = answer.get("code") else { return Ok(refused_by(provider, &BrokerError::NoIdentity)) };
    let identity = match broker::finish(app, provider, trip, code.clone()).await {
        Ok(identity) => identity,
        Err(why) => return Ok(refused_by(provider, &why)),
    };
    let rest = &request.rest;
    let decided = if let Some(session) = &rest.session {
        proven_for(app, request, session, &identity).await
    } else if let Some((account, grant)) = &rest.connect_to {
        to_be_connected(app, account, grant, identity).await
    } else if let Some(account) = &rest.step_up {
        proven_anew(app, account, identity).await
    } else {
        decide(app, request, identity).await
    };
    match decided {
        Ok(outcome) => Ok(outcome),
        // Our own fault is told here, so that the same link can be opened again.
        Err(refusal) if refusal.status_code().is_server_error() => Err(refusal),
        Err(refusal) => Ok(Outcome::Refused(refusal, provider.label.clone())),
    }
}

/// What the provider's own word means.
fn denied(provider: &Provider, error: &str) -> Outcome {
    let name = &provider.label;
    let why = match error {
        "access_denied" => return Outcome::Cancelled,
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            "it needs an answer from you that it did not get"
        }
        "unauthorized_client"
        | "invalid_client"
        | "invalid_scope"
        | "invalid_request"
        | "unsupported_response_type" => "it does not know this server as it should; its administrator has to look",
        "temporarily_unavailable" | "server_error" => {
            return refused_by(provider, &BrokerError::Down(error.to_owned()));
        }
        _ => "it gave no reason we know",
    };
    let detail = format!("{name} did not let you sign in: {why}.");
    Outcome::Refused(Refusal::from(Code::SsoDenied).detail(detail), name.clone())
}

async fn decide(app: &App, request: &Pushed, identity: ExternalIdentity) -> Result<Outcome, Refusal> {
    let standing = Standing::of(app, &identity).await?;
    match resolve::resolve(app, &standing, &identity, request.invitation.as_deref()).await? {
        Verdict::SignIn { account } => Ok(Outcome::Known(account, Box::new(identity))),
        Verdict::GoOn(step) => Ok(Outcome::GoOn(Box::new(Pending {
            step,
            identity,
            invitation: request.invitation.clone(),
            account: None,
            device_label: request.rest.device_label.clone(),
            mailed: None,
        }))),
    }
}

/// A trip that proved an existing account through its social account.
///
/// The sign-in it was made for does not move yet. Whoever opened the link may not be the one who began: somebody could send his own link to a
/// victim, whose browser is signed in at the provider. It moves when the code comes back to the app through the browser's own machine.
async fn proven_for(
    app: &App,
    request: &Pushed,
    value: &Secret,
    identity: &ExternalIdentity,
) -> Result<Outcome, Refusal> {
    let session = Session::load(app, &request.jkt, value).await?;
    let Some(account) = resolve::owner(app, identity).await? else {
        return Err(Refusal::from(Code::InvalidCredentials)
            .detail("No account here is connected to that one. Prove yours with its e-mail address and password."));
    };
    let standing = Standing::of(app, &session.pending.identity).await?;
    resolve::after_proof(app, &standing, &account).await?;
    Ok(Outcome::Proven(value.clone(), account))
}

/// A trip that is to connect one more way in to the account that sent the browser off. As with [`proven_for`], nothing is written yet:
/// somebody could send his own link to a victim, and the victim's way in would open his account.
async fn to_be_connected(
    app: &App,
    account: &str,
    grant: &str,
    identity: ExternalIdentity,
) -> Result<Outcome, Refusal> {
    connect::may_connect(app, account, &identity).await?;
    Ok(Outcome::Connect(account.to_owned(), grant.to_owned(), Box::new(identity)))
}

/// A trip on which the owner of an account that is signed in proves anew who they are.
async fn proven_anew(app: &App, account: &str, identity: ExternalIdentity) -> Result<Outcome, Refusal> {
    if resolve::owner(app, &identity).await?.as_deref() != Some(account) {
        return Err(Code::AnotherPerson.into());
    }
    let standing = Standing::of(app, &identity).await?;
    resolve::may_sign_in(app, &standing, account).await?;
    Ok(Outcome::Known(account.to_owned(), Box::new(identity)))
}

/// Makes the code for the app and shows the last page.
async fn end_trip(app: &App, request: &Pushed, browser: &Secret, outcome: Outcome) -> Result<Response, Page> {
    let mut transaction = app.database.write().await?;
    if !request.close(&mut transaction, app).await? {
        return Err(stop(ENDED));
    }
    if let Some(code) = &request.rest.phone {
        transaction.commit().await?;
        return end_on_phone(app, code, browser, outcome).await;
    }
    let bound = Bound { jkt: &request.jkt, challenge: &request.challenge, redirect_uri: &request.redirect_uri };
    let mut problem = None;
    let code = match outcome {
        Outcome::Cancelled => None,
        Outcome::Known(account, identity) => {
            let new = NewCode {
                account: &account,
                client_id: &request.client_id,
                jkt: &request.jkt,
                challenge: &request.challenge,
                scope: &request.scope,
                device_label: request.rest.device_label.as_deref(),
                redirect_uri: Some(&request.redirect_uri),
                auth_time: identity.auth_time,
                how: "provider",
            };
            Some(codes::issue(&mut transaction, app, &new).await?)
        }
        Outcome::GoOn(pending) => {
            let owner = Owner {
                client_id: &request.client_id,
                jkt: &request.jkt,
                challenge: &request.challenge,
                scope: &request.scope,
            };
            let value = session::begin(&mut transaction, app, &owner, &pending).await?;
            Some(codes::issue_unfinished(&mut transaction, app, &bound, &Instead::GoOn(value)).await?)
        }
        Outcome::Proven(session, account) => {
            Some(codes::issue_unfinished(&mut transaction, app, &bound, &Instead::Proven(session, account)).await?)
        }
        Outcome::Connect(account, grant, identity) => {
            let instead = Instead::Connect(account, grant, identity);
            Some(codes::issue_unfinished(&mut transaction, app, &bound, &instead).await?)
        }
        Outcome::Refused(refusal, name) => {
            let instead = Instead::Refused(refusal.code(), refusal.detail_text().to_owned(), Some(name));
            problem = Some(refusal.detail_text().to_owned());
            Some(codes::issue_unfinished(&mut transaction, app, &bound, &instead).await?)
        }
    };
    let query = back_to_app(app, request, code.as_ref());
    let ticket = tokens::token("")?;
    let hash = tokens::hash(ticket.expose());
    let targets = serde_json::to_vec(&(
        format!("{}?{query}", request.redirect_uri),
        format!("{SCHEME_CALLBACK}?{query}"),
        problem,
    ))
    .map_err(Refusal::from)?;
    sqlx::query("INSERT INTO last_pages (hash, browser_hash, target_sealed, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(&hash)
        .bind(tokens::hash(browser.expose()))
        .bind(app.keys.seal("last_pages", "target", &hash, &targets)?)
        .bind(column(app.now().plus(PAGE_LIFE)))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    // Never to loopback from here: the browser may hold this answer to the rules of the form that began it.
    let next = Redirect::to(&format!("/oauth/done?t={}", ticket.expose())).into_response();
    Ok(with_browser(app, browser, next))
}

/// A guest's phone stays where it is: what it signed in for is asked on the next page.
async fn end_on_phone(app: &App, code: &str, browser: &Secret, outcome: Outcome) -> Result<Response, Page> {
    match outcome {
        Outcome::Known(account, identity) => phone::prove(app, code, &account, identity.auth_time, browser).await,
        Outcome::GoOn(_) | Outcome::Proven(..) | Outcome::Connect(..) => Err(stop(
            "Your organisation knows you, but there is no account for you here yet. Make one in Likeness on a computer of your own first.",
        )),
        Outcome::Cancelled => Err(stop("You did not sign in, so nothing was opened.")),
        Outcome::Refused(refusal, _) => Err(refusal.into()),
    }
}

fn back_to_app(app: &App, request: &Pushed, code: Option<&Secret>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    match code {
        Some(code) => query.append_pair("code", code.expose()),
        None => query.append_pair("error", "access_denied"),
    };
    query.append_pair("state", &request.rest.state).append_pair("iss", &app.origin).finish()
}

/// The last page.
async fn done(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Page> {
    let query = pairs(query.unwrap_or_default().as_bytes())?;
    let hash = tokens::hash(query.get("t").map(String::as_str).unwrap_or_default());
    let row: Option<(String, Vec<u8>, i64)> =
        sqlx::query_as("SELECT browser_hash, target_sealed, expires_at FROM last_pages WHERE hash = $1")
            .bind(&hash)
            .fetch_optional(app.database.read())
            .await?;
    let Some((browser_hash, sealed, until)) = row else { return Err(stop(ENDED)) };
    if time(until) <= app.now() {
        return Err(stop(ENDED));
    }
    if known_browser(&app, &headers).is_none_or(|browser| tokens::hash(browser.expose()) != browser_hash) {
        return Err(stop(OTHER_BROWSER));
    }
    let opened = app.keys.open("last_pages", "target", &hash, &sealed)?;
    let (address, by_scheme, problem): (String, String, Option<String>) =
        serde_json::from_slice(&opened).map_err(Refusal::from)?;
    Ok(pages::returning(&address, &by_scheme, problem.as_deref()))
}

/// The fields of a query or form. One that stands twice is refused: two readers could disagree which one counts.
pub fn pairs(encoded: &[u8]) -> Result<BTreeMap<String, String>, Page> {
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(stop("The address of this page is not one of ours."));
        }
    }
    Ok(fields)
}

/// Over https the browser itself guards the name's prefix; on loopback there is no https.
fn cookie_name(app: &App) -> &'static str {
    if is_secure(app) { "__Host-lk" } else { "lk" }
}

fn is_secure(app: &App) -> bool {
    Url::parse(&app.origin).is_ok_and(|url| url.scheme() == "https")
}

/// The name this browser got, if it looks like one of ours.
pub fn known_browser(app: &App, headers: &HeaderMap) -> Option<Secret> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == cookie_name(app))?;
    (value.len() == 43).then(|| Secret::new(value))
}

pub fn with_browser(app: &App, browser: &Secret, mut response: Response) -> Response {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    // Lax: the provider's page leads back here by a navigation of its own.
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={BROWSER_LIFE_S}{secure}",
        cookie_name(app),
        browser.expose()
    );
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}
