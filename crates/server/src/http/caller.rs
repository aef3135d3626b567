//! Who asks: access token and proof of possession, checked together.

use super::refusal::Refusal;
use crate::{
    app::Shared,
    database::{column, time},
    oauth::{proof, token::arrived},
    tokens,
};
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use likeness_protocol::{Code, UnixMs, account::Role, dpop, jws::PublicKey};
use std::time::Duration;

/// A signed-in account, with the key its session is bound to.
pub struct Caller {
    /// `acc_…`.
    pub account: String,
    /// What it may do.
    pub role: Role,
    /// When it proved its password.
    pub auth_time: UnixMs,
    /// The session's key.
    pub key: PublicKey,
    /// Its thumbprint.
    pub jkt: String,
    /// `gr_…`: the sign-in the token belongs to.
    pub grant: String,
}

/// How long after proving who they are somebody may change how they prove it.
const RECENT: Duration = Duration::from_mins(10);

impl Caller {
    /// Refuses when the sign-in is too old for something that could lock the owner out.
    pub fn require_recent_sign_in(&self, now: UnixMs) -> Result<(), Refusal> {
        if now.since(self.auth_time) <= RECENT { Ok(()) } else { Err(Code::StepUpRequired.into()) }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    account: String,
    role: String,
    status: String,
    auth_time: i64,
    jkt: String,
    grant_id: String,
    /// Hash of the refresh token that came with the access token, as long as neither was ever shown.
    unseen: Option<String>,
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let token = access_token(parts).ok_or(Code::SessionEnded)?.to_owned();
        let proven = proof::check(app, parts, Some(&token))?;
        let row: Option<Row> = sqlx::query_as(
            "SELECT a.id AS account, a.role, a.status, g.auth_time, g.jkt, g.id AS grant_id, r.hash AS unseen FROM access_tokens t JOIN grants g ON g.id = t.grant_id \
             JOIN accounts a ON a.id = g.account_id LEFT JOIN refresh_tokens r ON r.hash = t.refresh_hash AND r.seen_at IS NULL \
             WHERE t.hash = $1 AND t.expires_at > $2 AND g.revoked_at IS NULL",
        )
        .bind(tokens::hash(&token))
        .bind(column(app.now()))
        .fetch_optional(app.database.read())
        .await?;
        let row = row.ok_or(Code::SessionEnded)?;
        if row.jkt != proven.jkt {
            return Err(Code::SessionEnded.into());
        }
        if row.status != "active" {
            return Err(Code::AccountDisabled.into());
        }
        proof::remember(app, parts, &proven).await?;
        if let Some(refresh_hash) = &row.unseen {
            let mut transaction = app.database.write().await?;
            arrived(&mut transaction, app.now(), refresh_hash).await?;
            transaction.commit().await?;
        }
        Ok(Self {
            account: row.account,
            role: crate::accounts::role(&row.role),
            auth_time: time(row.auth_time),
            key: proven.key,
            jkt: row.jkt,
            grant: row.grant_id,
        })
    }
}

fn access_token(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case(dpop::AUTHORIZATION_SCHEME) && !token.is_empty()).then_some(token)
}
