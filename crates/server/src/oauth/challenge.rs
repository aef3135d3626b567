//! `POST /oauth/challenge`: proving who signs in, step by step: e-mail address and password here, what follows a provider's answer in `steps`.
//!
//! Guarantees: known and unknown addresses cost the same work and get the same answer; where an organisation wants no passwords, none is tried
//! and its people are sent to it, known or not; guessing slows down per address and per network.

use super::{
    codes::{self, NewCode},
    par, proof, steps,
};
use crate::{
    accounts,
    app::{App, Shared},
    database::{column, time},
    http::{
        refusal::{OAuthRefusal, Refusal},
        sent::Form,
    },
    identity::discovery,
};
use axum::{
    Json,
    extract::{ConnectInfo, FromRequestParts, State},
    http::{HeaderMap, request::Parts},
};
use likeness_protocol::{
    Code, Secret, UnixMs,
    limits::{DESKTOP_CLIENT_ID, DESKTOP_SCOPE},
    oauth::{ChallengeAnswer, ChallengeRequest, OAuthError},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::PoisonError,
    time::Duration,
};

/// Failures after which an address has to wait.
const FREE_FAILURES: i64 = 4;
/// Longest wait of an address.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// Failures per minute from one network address: an examination room is one.
const FAILURES_PER_MINUTE: u32 = 30;

/// The proof beside a sign-in request, and where it came from.
pub struct SigningIn {
    /// Thumbprint of the key the session will be bound to.
    pub jkt: String,
    /// Network address of the client.
    pub from: IpAddr,
}

impl FromRequestParts<Shared> for SigningIn {
    type Rejection = OAuthRefusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, OAuthRefusal> {
        let proven = proof::check(app, parts, None)?;
        proof::remember(app, parts, &proven).await?;
        Ok(Self { jkt: proven.jkt, from: network_address(app, parts) })
    }
}

/// The client's address: the peer's, or behind a trusted proxy the last one that proxy wrote down.
pub fn network_address(app: &App, parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip());
    if app.settings.trusted_proxies.contains(&peer) { forwarded(&parts.headers).unwrap_or(peer) } else { peer }
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next()?.trim().parse().ok()
}

/// Proves who signs in.
#[utoipa::path(post, path = "/oauth/challenge", tag = "sign-in",
    request_body(content = ChallengeRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = ChallengeAnswer), (status = "4XX", body = OAuthError)))]
pub async fn challenge(
    State(app): State<Shared>,
    caller: SigningIn,
    form: Result<Form<ChallengeRequest>, Refusal>,
) -> Result<Json<ChallengeAnswer>, OAuthRefusal> {
    let Form(request) = form?;
    if request.client_id != DESKTOP_CLIENT_ID {
        return Err(Refusal::from(Code::InvalidRequest).detail("This client is not known.").into());
    }
    if request.action.as_deref() == Some("register") {
        return Err(Code::SignUpUnavailable.into());
    }
    if let Some(session) = &request.auth_session {
        return Ok(Json(steps::go_on(&app, &caller, session, &request).await?));
    }
    let challenge = request
        .code_challenge
        .as_deref()
        .filter(|text| text.len() == 43 && request.code_challenge_method.as_deref() == Some("S256"));
    let (Some(challenge), Some(username), Some(password), None) =
        (challenge, &request.username, &request.password, &request.action)
    else {
        return Err(Refusal::from(Code::InvalidRequest)
            .detail("A password sign-in needs code_challenge (S256), username and password.")
            .into());
    };
    if let Some(found) = discovery::denying_passwords(&app, username).await? {
        return Err(par::in_place_of_password(&app, &caller, &request, challenge, &found).await?.into());
    }
    let account = check_password(&app, username, password.clone(), caller.from).await?;
    let mut transaction = app.database.write().await?;
    let code = codes::issue(
        &mut transaction,
        &app,
        &NewCode {
            account: &account,
            client_id: &request.client_id,
            jkt: &caller.jkt,
            challenge,
            scope: DESKTOP_SCOPE,
            device_label: request.device_label.as_deref(),
            redirect_uri: None,
            auth_time: app.now(),
            how: "password",
        },
    )
    .await?;
    transaction.commit().await?;
    Ok(Json(ChallengeAnswer { authorization_code: code }))
}

/// Checks address and password; gives the account.
pub async fn check_password(app: &App, email: &str, password: Secret, from: IpAddr) -> Result<String, Refusal> {
    let lookup = app.keys.lookup(&accounts::normalised(email));
    refuse_too_many(app, &lookup, from).await?;
    let row: Option<(String, String, String)> =
        sqlx::query_as("SELECT a.id, a.status, p.phc FROM emails e JOIN accounts a ON a.id = e.account_id JOIN passwords p ON p.account_id = a.id WHERE e.addr_lookup = $1 AND e.verified_at IS NOT NULL AND e.former_until IS NULL")
            .bind(&lookup)
            .fetch_optional(app.database.read())
            .await?;
    let fits = app.hasher.fits(password, row.as_ref().map(|(_, _, phc)| phc.clone())).await?;
    match row {
        Some((account, status, _)) if fits => {
            forgive(app, &lookup).await?;
            if status == "active" { Ok(account) } else { Err(Code::AccountDisabled.into()) }
        }
        _ => {
            count_failure(app, &lookup, from).await?;
            Err(Code::InvalidCredentials.into())
        }
    }
}

async fn refuse_too_many(app: &App, lookup: &str, from: IpAddr) -> Result<(), Refusal> {
    let now = app.now();
    let row: Option<(i64,)> = sqlx::query_as("SELECT next_at FROM attempts WHERE addr_lookup = $1")
        .bind(lookup)
        .fetch_optional(app.database.read())
        .await?;
    let address_wait = row.map_or(Duration::ZERO, |(next_at,)| time(next_at).since(now));
    refuse_for(address_wait.max(network_wait(app, from, now)))
}

/// Refuses a network from which too much failed in the last minute.
pub fn refuse_crowded_network(app: &App, from: IpAddr) -> Result<(), Refusal> {
    refuse_for(network_wait(app, from, app.now()))
}

fn network_wait(app: &App, from: IpAddr, now: UnixMs) -> Duration {
    let failures = app.failures.lock().unwrap_or_else(PoisonError::into_inner);
    match failures.get(&from) {
        Some((window, count)) if *count >= FAILURES_PER_MINUTE => window.plus(Duration::from_mins(1)).since(now),
        _ => Duration::ZERO,
    }
}

fn refuse_for(wait: Duration) -> Result<(), Refusal> {
    if wait.is_zero() {
        return Ok(());
    }
    let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
    Err(Refusal::from(Code::TooManyAttempts).retry_after(seconds))
}

async fn forgive(app: &App, lookup: &str) -> Result<(), Refusal> {
    let mut transaction = app.database.write().await?;
    sqlx::query("DELETE FROM attempts WHERE addr_lookup = $1").bind(lookup).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn count_failure(app: &App, lookup: &str, from: IpAddr) -> Result<(), Refusal> {
    let now = app.now();
    count_for_network(app, from, now);
    let mut transaction = app.database.write().await?;
    let (failures,): (i64,) = sqlx::query_as(
        "INSERT INTO attempts (addr_lookup, failures, next_at) VALUES ($1, 1, 0) ON CONFLICT (addr_lookup) DO UPDATE SET failures = attempts.failures + 1 RETURNING failures",
    )
    .bind(lookup)
    .fetch_one(&mut *transaction)
    .await?;
    if failures > FREE_FAILURES {
        let doublings = u32::try_from(failures - FREE_FAILURES - 1).unwrap_or(u32::MAX).min(16);
        let wait = Duration::from_secs(1 << doublings).min(LONGEST_WAIT);
        sqlx::query("UPDATE attempts SET next_at = $2 WHERE addr_lookup = $1")
            .bind(lookup)
            .bind(column(now.plus(wait)))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Counts something that failed, or that must not be done often, for the network it came from.
pub fn count_for_network(app: &App, from: IpAddr, now: UnixMs) {
    let mut failures = app.failures.lock().unwrap_or_else(PoisonError::into_inner);
    failures.retain(|_, (window, _)| now.since(*window) < Duration::from_mins(1));
    failures.entry(from).and_modify(|(_, count)| *count += 1).or_insert((now, 1));
}
