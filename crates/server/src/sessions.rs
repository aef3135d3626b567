//! Where an account is signed in: the list its owner sees, and ending what should not go on.
//!
//! Guarantees: an ended sign-in ends at once, with its access tokens; nobody sees or ends the sign-in of another account.

use crate::{
    app::{App, Shared},
    audit,
    database::{Write, column, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal, sent},
};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use likeness_protocol::{
    Code, Problem, UnixMs,
    account::{MAX_SESSIONS, Session, Sessions, SessionsEnded},
};
use serde::Deserialize;

/// Where the account is signed in.
#[utoipa::path(get, path = "/v1/me/sessions", tag = "account",
    responses((status = 200, body = Sessions), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<Shared>, caller: Caller) -> Result<Json<Sessions>, Refusal> {
    Ok(Json(Sessions { sessions: of(&app, &caller).await? }))
}

/// The sign-ins of the account that asks, newest first.
pub async fn of(app: &App, caller: &Caller) -> Result<Vec<Session>, ServerError> {
    let rows: Vec<(String, Option<Vec<u8>>, i64, i64)> = sqlx::query_as(
        "SELECT g.id, g.device_label_sealed, g.created_at, COALESCE((SELECT MAX(r.rotated_at) FROM refresh_tokens r WHERE r.grant_id = g.id), g.created_at) \
         FROM grants g WHERE g.account_id = $1 AND g.revoked_at IS NULL \
         AND (EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.grant_id = g.id AND r.rotated_at IS NULL AND r.expires_at > $2) \
           OR EXISTS (SELECT 1 FROM access_tokens t WHERE t.grant_id = g.id AND t.expires_at > $2)) \
         ORDER BY g.created_at DESC, g.id LIMIT $3",
    )
    .bind(&caller.account)
    .bind(column(app.now()))
    .bind(i64::try_from(MAX_SESSIONS).unwrap_or(i64::MAX))
    .fetch_all(app.database.read())
    .await?;
    rows.into_iter()
        .map(|(id, label, signed_in_at, renewed_at)| {
            let device_label =
                label.map(|sealed| app.keys.open_text("grants", "device_label", &id, &sealed)).transpose()?;
            let current = id == caller.grant;
            Ok(Session { id, device_label, signed_in_at: time(signed_in_at), renewed_at: time(renewed_at), current })
        })
        .collect()
}

/// What the device of a sign-in called itself.
pub async fn device_label(transaction: &mut Write, app: &App, grant: &str) -> Result<Option<String>, ServerError> {
    let row: Option<(Option<Vec<u8>>,)> = sqlx::query_as("SELECT device_label_sealed FROM grants WHERE id = $1")
        .bind(grant)
        .fetch_optional(&mut **transaction)
        .await?;
    let sealed = row.and_then(|(label,)| label);
    sealed.map(|sealed| app.keys.open_text("grants", "device_label", grant, &sealed)).transpose()
}

/// Ends one sign-in of the account.
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", tag = "account", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn end(State(app): State<Shared>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let ended = sqlx::query(
        "UPDATE grants SET revoked_at = $3, why = 'ended-by-owner' WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL",
    )
    .bind(&id)
    .bind(&caller.account)
    .bind(column(now))
    .execute(&mut *transaction)
    .await?;
    if ended.rows_affected() == 0 {
        return Err(Code::NotFound.into());
    }
    let why = serde_json::json!({"why": "ended-by-owner"});
    audit::record(&mut transaction, now, &caller.account, "grant-ended", &id, why).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which sign-ins: so far only all but the one that asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    others: String,
}

/// Ends every sign-in of the account but the one that asks.
#[utoipa::path(delete, path = "/v1/me/sessions", tag = "account", params(("others" = bool, Query, description = "Must be `true`.")),
    responses((status = 200, body = SessionsEnded), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn end_others(
    State(app): State<Shared>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<SessionsEnded>, Refusal> {
    let which: Which = sent::from_pairs(query.unwrap_or_default().as_bytes())?;
    if which.others != "true" {
        return Err(Code::InvalidRequest.into());
    }
    let mut transaction = app.database.write().await?;
    let ended = end_all(&mut transaction, app.now(), &caller.account, Some(&caller.grant), "ended-by-owner").await?;
    transaction.commit().await?;
    Ok(Json(SessionsEnded { ended }))
}

/// Ends every sign-in of an account in the app, except `keep`; says how many.
pub async fn end_all(
    transaction: &mut Write,
    now: UnixMs,
    account: &str,
    keep: Option<&str>,
    why: &'static str,
) -> Result<u32, ServerError> {
    let ended: Vec<(String,)> = sqlx::query_as(
        "UPDATE grants SET revoked_at = $3, why = $4 WHERE account_id = $1 AND id <> $2 AND revoked_at IS NULL RETURNING id",
    )
    .bind(account)
    .bind(keep.unwrap_or_default())
    .bind(column(now))
    .bind(why)
    .fetch_all(&mut **transaction)
    .await?;
    for (grant,) in &ended {
        audit::record(transaction, now, account, "grant-ended", grant, serde_json::json!({"why": why})).await?;
    }
    Ok(u32::try_from(ended.len()).unwrap_or(u32::MAX))
}

/// Ends what was opened with a way in that is none any more: sign-ins except `keep`, codes about to become sign-ins or passwords, the review desk.
pub async fn close_doors(
    transaction: &mut Write,
    now: UnixMs,
    account: &str,
    keep: Option<&str>,
    why: &'static str,
) -> Result<(), ServerError> {
    end_all(transaction, now, account, keep, why).await?;
    for statement in [
        // A code that was given a moment ago must not become a sign-in.
        "UPDATE auth_codes SET expires_at = $2 WHERE account_id = $1 AND used_at IS NULL AND expires_at > $2",
        "UPDATE password_resets SET expires_at = $2 WHERE account_id = $1 AND expires_at > $2",
        "UPDATE console_sessions SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL",
    ] {
        sqlx::query(statement).bind(account).bind(column(now)).execute(&mut **transaction).await?;
    }
    Ok(())
}

/// Whether a sign-in still goes on; asked inside a transaction that is about to act for it.
pub async fn goes_on(transaction: &mut Write, grant: &str) -> Result<bool, ServerError> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM grants WHERE id = $1 AND revoked_at IS NULL")
        .bind(grant)
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(row.is_some())
}
