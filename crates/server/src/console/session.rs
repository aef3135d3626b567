//! Who sits at the review desk: a cookie of its own, apart from the app's tokens.
//!
//! Guarantees: only reviewers get one; it ends 8 hours after signing in or 30 minutes after the last page; it cannot be read by scripts or sent by other sites.

use crate::{
    accounts,
    app::{App, Shared},
    audit,
    database::{column, time},
    http::refusal::Refusal,
    review::api::SIGN_IN_LIFE,
    tokens,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::{Code, account::Role};
use std::{collections::BTreeMap, time::Duration};
use subtle::ConstantTimeEq;

const IDLE: Duration = Duration::from_mins(30);

/// A request that no other site can have made a browser send.
pub struct SameOrigin;

impl FromRequestParts<Shared> for SameOrigin {
    type Rejection = super::PageRefusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Self::Rejection> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let site_fits = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
        let origin_fits = text("origin").is_none_or(|origin| origin == app.origin);
        if site_fits && origin_fits { Ok(Self) } else { Err(Code::Forbidden.into()) }
    }
}

/// A reviewer with a living session.
pub struct Desk {
    /// The reviewer's account.
    pub account: String,
    /// Hash of the cookie; the form token is made from it.
    hash: String,
}

impl FromRequestParts<Shared> for Desk {
    type Rejection = super::PageRefusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Self::Rejection> {
        if parts.method != Method::GET {
            SameOrigin::from_request_parts(parts, app).await?;
        }
        let hash = cookie(&parts.headers, name(app)).map(tokens::hash).ok_or(Code::SessionEnded)?;
        let now = app.now();
        let mut transaction = app.database.write().await?;
        let row: Option<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT a.id, a.role, a.status, s.created_at, s.last_at FROM console_sessions s JOIN accounts a ON a.id = s.account_id WHERE s.hash = $1 AND s.ended_at IS NULL",
        )
        .bind(&hash)
        .fetch_optional(&mut *transaction)
        .await?;
        let (account, role, status, created_at, last_at) = row.ok_or(Code::SessionEnded)?;
        let alive = now.since(time(created_at)) <= SIGN_IN_LIFE && now.since(time(last_at)) <= IDLE;
        if !alive || status != "active" || accounts::role(&role) != Role::Reviewer {
            return Err(Code::SessionEnded.into());
        }
        sqlx::query("UPDATE console_sessions SET last_at = $2 WHERE hash = $1")
            .bind(&hash)
            .bind(column(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Self { account, hash })
    }
}

impl Desk {
    /// The value every form of this session carries.
    pub fn form_token(&self, app: &App) -> String {
        BASE64URL.encode(app.keys.form.mac(self.hash.as_bytes()))
    }

    /// Refuses a form that was not made for this session.
    pub fn check_form(&self, app: &App, fields: &BTreeMap<String, String>) -> Result<(), Refusal> {
        let given = fields.get("form").map(String::as_str).unwrap_or_default();
        let fits: bool = self.form_token(app).as_bytes().ct_eq(given.as_bytes()).into();
        if fits { Ok(()) } else { Err(Code::Forbidden.into()) }
    }
}

/// Over https the browser itself guards the name's prefix; on loopback there is no https.
fn name(app: &App) -> &'static str {
    if app.origin.starts_with("https://") { "__Host-lkc" } else { "lkc" }
}

fn attributes(app: &App) -> &'static str {
    if app.origin.starts_with("https://") {
        "; Path=/; HttpOnly; SameSite=Strict; Secure"
    } else {
        "; Path=/; HttpOnly; SameSite=Strict"
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs =
        headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Begins a session; gives the `Set-Cookie` value. Only a reviewer gets one.
pub async fn begin(app: &App, account: &str, how: &'static str) -> Result<String, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let role: Option<(String,)> = sqlx::query_as("SELECT role FROM accounts WHERE id = $1 AND status = 'active'")
        .bind(account)
        .fetch_optional(&mut *transaction)
        .await?;
    if role.is_none_or(|(role,)| accounts::role(&role) != Role::Reviewer) {
        return Err(Refusal::from(Code::Forbidden).detail("Only reviewers can sign in here."));
    }
    let token = tokens::token("")?;
    sqlx::query("INSERT INTO console_sessions (hash, account_id, created_at, last_at) VALUES ($1, $2, $3, $3)")
        .bind(tokens::hash(token.expose()))
        .bind(account)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    audit::record(&mut transaction, now, account, "desk-entered", account, serde_json::json!({"how": how})).await?;
    transaction.commit().await?;
    Ok(format!("{}={}{}", name(app), token.expose(), attributes(app)))
}

/// Ends the session.
pub async fn end(app: &App, desk: &Desk) -> Result<(), Refusal> {
    let mut transaction = app.database.write().await?;
    sqlx::query("UPDATE console_sessions SET ended_at = $2 WHERE hash = $1")
        .bind(&desk.hash)
        .bind(column(app.now()))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes the cookie back.
pub fn no_cookie(app: &App) -> String {
    format!("{}={}; Max-Age=0", name(app), attributes(app))
}

/// Uses up a one-time link; gives the reviewer it was made for.
pub async fn redeem_link(app: &App, ticket: &str) -> Result<String, Refusal> {
    let now = column(app.now());
    let mut transaction = app.database.write().await?;
    let row: Option<(String,)> = sqlx::query_as("UPDATE console_links SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING account_id")
        .bind(tokens::hash(ticket))
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await?;
    transaction.commit().await?;
    row.map(|(account,)| account).ok_or_else(|| Code::SessionEnded.into())
}
