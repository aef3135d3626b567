//! `POST /oauth/token` and `/oauth/revoke`: codes and refresh tokens become tokens, and end.
//!
//! Guarantees: a code works once; a refresh token works again, with the same key and the same successor, until something shows that the successor arrived,
//! so that neither a lost reply nor a program killed before it kept the reply signs anybody out; a second use after that, or another key, ends the whole
//! sign-in and the owner is told by mail.

use super::{challenge::SigningIn, codes, device};
use crate::{
    app::{App, Shared},
    audit,
    database::{Write, column, time},
    error::ServerError,
    http::{
        refusal::{OAuthRefusal, Refusal},
        sent::Form,
    },
    mail::{self, Template},
    seal::Key,
    tokens,
};
use axum::{Json, extract::State, http::StatusCode};
use likeness_protocol::{
    Code, Secret, UnixMs,
    limits::DESKTOP_CLIENT_ID,
    oauth::{GrantType, OAuthError, RevokeRequest, TokenRequest, TokenResponse},
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Life of an access token.
const ACCESS_LIFE: Duration = Duration::from_mins(10);
/// Life of an unused refresh token.
const REFRESH_LIFE: Duration = Duration::from_hours(30 * 24);
/// Longest life of a sign-in.
const GRANT_LIFE: Duration = Duration::from_hours(90 * 24);

/// Gives tokens for a code or a refresh token.
#[utoipa::path(post, path = "/oauth/token", tag = "sign-in",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenResponse), (status = "4XX", body = OAuthError)))]
pub async fn token(
    State(app): State<Shared>,
    caller: SigningIn,
    form: Result<Form<TokenRequest>, Refusal>,
) -> Result<Json<TokenResponse>, OAuthRefusal> {
    let Form(request) = form?;
    if request.grant_type == GrantType::DeviceCode {
        return Ok(Json(device::redeem(&app, &caller.jkt, &request).await?));
    }
    if request.client_id != DESKTOP_CLIENT_ID {
        return Err(Refusal::from(Code::InvalidRequest).detail("This client is not known.").into());
    }
    let answer = match (request.grant_type, &request.code, &request.code_verifier, &request.refresh_token) {
        (GrantType::AuthorizationCode, Some(code), Some(verifier), None) => {
            let redirect_uri = request.redirect_uri.as_deref();
            if let Some(answer) = redeem(&app, &caller.jkt, code, verifier, redirect_uri).await? {
                answer
            } else {
                let code = codes::instead(&app, &caller.jkt, &request).await?;
                redeem(&app, &caller.jkt, &code, verifier, redirect_uri).await?.ok_or(Code::InvalidGrant)?
            }
        }
        (GrantType::RefreshToken, None, None, Some(refresh)) => rotate(&app, &caller.jkt, refresh).await?,
        _ => return Err(Code::InvalidRequest.into()),
    };
    Ok(Json(answer))
}

/// Ends the sign-in a token belongs to. Always 200: an unknown token has ended already.
#[utoipa::path(post, path = "/oauth/revoke", tag = "sign-in",
    request_body(content = RevokeRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200), (status = "4XX", body = OAuthError)))]
pub async fn revoke(
    State(app): State<Shared>,
    form: Result<Form<RevokeRequest>, Refusal>,
) -> Result<StatusCode, OAuthRefusal> {
    let Form(request) = form?;
    let hash = tokens::hash(request.token.expose());
    let mut transaction = app.database.write().await?;
    let found: Option<(String, String)> = sqlx::query_as(
        "SELECT g.id, g.account_id FROM grants g WHERE g.revoked_at IS NULL AND g.id IN \
         (SELECT grant_id FROM refresh_tokens WHERE hash = $1 UNION SELECT grant_id FROM access_tokens WHERE hash = $1)",
    )
    .bind(&hash)
    .fetch_optional(&mut *transaction)
    .await?;
    if let Some((grant, account)) = found {
        end_grant(&mut transaction, &app, &grant, &account, "signed-out").await?;
    }
    transaction.commit().await?;
    Ok(StatusCode::OK)
}

#[derive(sqlx::FromRow)]
struct CodeRow {
    account_id: String,
    client_id: String,
    jkt: String,
    challenge: String,
    scope: String,
    device_label_sealed: Option<Vec<u8>>,
    auth_time: i64,
    expires_at: i64,
    used_at: Option<i64>,
    grant_id: Option<String>,
    redirect_uri: Option<String>,
}

/// Tokens for a code; `None` when it is not one that becomes tokens.
async fn redeem(
    app: &App,
    jkt: &str,
    code: &Secret,
    verifier: &Secret,
    redirect_uri: Option<&str>,
) -> Result<Option<TokenResponse>, Refusal> {
    let hash = tokens::hash(code.expose());
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row: Option<CodeRow> = sqlx::query_as("SELECT account_id, client_id, jkt, challenge, scope, device_label_sealed, auth_time, expires_at, used_at, grant_id, redirect_uri FROM auth_codes WHERE hash = $1")
        .bind(&hash)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else { return Ok(None) };
    if row.used_at.is_some() {
        // Somebody else has seen this code: what came of it must not live on.
        if let Some(grant) = &row.grant_id {
            end_grant(&mut transaction, app, grant, &row.account_id, "code-used-twice").await?;
            transaction.commit().await?;
        }
        return Err(Code::InvalidGrant.into());
    }
    let proven = codes::verifier_fits(verifier, &row.challenge) && row.redirect_uri.as_deref() == redirect_uri;
    if !proven || row.jkt != jkt || time(row.expires_at) <= now {
        return Err(Code::InvalidGrant.into());
    }
    let grant = tokens::identifier("gr")?;
    let label = match &row.device_label_sealed {
        Some(sealed) => Some(app.keys.seal(
            "grants",
            "device_label",
            &grant,
            &app.keys.open("auth_codes", "device_label", &hash, sealed)?,
        )?),
        None => None,
    };
    sqlx::query("INSERT INTO grants (id, account_id, client_id, jkt, scope, device_label_sealed, created_at, auth_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&grant)
        .bind(&row.account_id)
        .bind(&row.client_id)
        .bind(jkt)
        .bind(&row.scope)
        .bind(label)
        .bind(column(now))
        .bind(row.auth_time)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE auth_codes SET used_at = $2, grant_id = $3 WHERE hash = $1")
        .bind(&hash)
        .bind(column(now))
        .bind(&grant)
        .execute(&mut *transaction)
        .await?;
    let refresh = tokens::token(tokens::REFRESH)?;
    store_refresh(&mut transaction, &refresh, &grant, None, now.plus(REFRESH_LIFE)).await?;
    let answer = answer(&mut transaction, now, refresh, grant, row.account_id, row.scope).await?;
    transaction.commit().await?;
    Ok(Some(answer))
}

#[derive(sqlx::FromRow)]
struct RefreshRow {
    grant_id: String,
    rotated_at: Option<i64>,
    successor_sealed: Option<Vec<u8>>,
    expires_at: i64,
    account_id: String,
    jkt: String,
    scope: String,
    created_at: i64,
}

async fn rotate(app: &App, jkt: &str, presented: &Secret) -> Result<TokenResponse, Refusal> {
    let hash = tokens::hash(presented.expose());
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row: Option<RefreshRow> = sqlx::query_as(
        "SELECT r.grant_id, r.rotated_at, r.successor_sealed, r.expires_at, g.account_id, g.jkt, g.scope, g.created_at \
         FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id JOIN accounts a ON a.id = g.account_id \
         WHERE r.hash = $1 AND g.revoked_at IS NULL AND a.status = 'active'",
    )
    .bind(&hash)
    .fetch_optional(&mut *transaction)
    .await?;
    let row = row.ok_or(Code::InvalidGrant)?;
    if row.jkt != jkt {
        return give_up(transaction, app, &row, "refresh-with-another-key").await;
    }
    if time(row.expires_at) <= now || time(row.created_at).plus(GRANT_LIFE) <= now {
        return Err(Code::InvalidGrant.into());
    }
    arrived(&mut transaction, now, &hash).await?;
    let refresh = match (row.rotated_at, &row.successor_sealed) {
        (None, _) => {
            let next = tokens::token(tokens::REFRESH)?;
            let until = now.plus(REFRESH_LIFE).min(time(row.created_at).plus(GRANT_LIFE));
            store_refresh(&mut transaction, &next, &row.grant_id, Some(&hash), until).await?;
            let sealed = successor_key(presented).seal(&hash, next.expose().as_bytes())?;
            sqlx::query(
                "UPDATE refresh_tokens SET rotated_at = $2, successor = $3, successor_sealed = $4 WHERE hash = $1",
            )
            .bind(&hash)
            .bind(column(now))
            .bind(tokens::hash(next.expose()))
            .bind(sealed)
            .execute(&mut *transaction)
            .await?;
            next
        }
        // Nobody has shown the successor yet: the reply that carried it may never have arrived.
        (Some(_), Some(sealed)) => {
            let opened = successor_key(presented).open(&hash, sealed, "a successor token")?;
            Secret::new(crate::keys::text(&opened)?)
        }
        (Some(_), None) => return give_up(transaction, app, &row, "refresh-used-twice").await,
    };
    let answer = answer(&mut transaction, now, refresh, row.grant_id, row.account_id, row.scope).await?;
    transaction.commit().await?;
    Ok(answer)
}

/// Only who holds the predecessor can open its successor.
fn successor_key(predecessor: &Secret) -> Key {
    Key::from_bytes(Sha256::digest(format!("likeness successor|{}", predecessor.expose())).into())
}

/// A refresh token, or an access token given with it, was shown: the reply that carried it has arrived, so that its predecessor is over.
pub async fn arrived(transaction: &mut Write, now: UnixMs, refresh_hash: &str) -> Result<(), ServerError> {
    sqlx::query("UPDATE refresh_tokens SET seen_at = $2 WHERE hash = $1 AND seen_at IS NULL")
        .bind(refresh_hash)
        .bind(column(now))
        .execute(&mut **transaction)
        .await?;
    // What is left of the predecessor serves to notice its second use; the successor cannot be had with it any more.
    sqlx::query(
        "UPDATE refresh_tokens SET successor_sealed = NULL WHERE hash = (SELECT parent FROM refresh_tokens WHERE hash = $1)",
    )
    .bind(refresh_hash)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn store_refresh(
    transaction: &mut Write,
    token: &Secret,
    grant: &str,
    parent: Option<&str>,
    expires_at: UnixMs,
) -> Result<(), Refusal> {
    sqlx::query("INSERT INTO refresh_tokens (hash, grant_id, parent, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(tokens::hash(token.expose()))
        .bind(grant)
        .bind(parent)
        .bind(column(expires_at))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn answer(
    transaction: &mut Write,
    now: UnixMs,
    refresh: Secret,
    grant: String,
    sub: String,
    scope: String,
) -> Result<TokenResponse, Refusal> {
    let access = tokens::token(tokens::ACCESS)?;
    sqlx::query("INSERT INTO access_tokens (hash, grant_id, refresh_hash, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(tokens::hash(access.expose()))
        .bind(&grant)
        .bind(tokens::hash(refresh.expose()))
        .bind(column(now.plus(ACCESS_LIFE)))
        .execute(&mut **transaction)
        .await?;
    Ok(TokenResponse {
        access_token: access,
        token_type: "DPoP".to_owned(),
        expires_in: ACCESS_LIFE.as_secs(),
        refresh_token: Some(refresh),
        refresh_expires_in: Some(REFRESH_LIFE.as_secs()),
        scope,
        sub,
        grant,
    })
}

/// Ends the family of a token that was misused, tells the owner, and refuses.
async fn give_up(
    mut transaction: Write,
    app: &App,
    row: &RefreshRow,
    why: &'static str,
) -> Result<TokenResponse, Refusal> {
    end_grant(&mut transaction, app, &row.grant_id, &row.account_id, why).await?;
    mail::enqueue(&mut transaction, app, &row.account_id, Template::SignedOut, &mail::Variables::new()).await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    Err(Code::InvalidGrant.into())
}

async fn end_grant(
    transaction: &mut Write,
    app: &App,
    grant: &str,
    account: &str,
    why: &'static str,
) -> Result<(), Refusal> {
    let now = app.now();
    sqlx::query("UPDATE grants SET revoked_at = $2, why = $3 WHERE id = $1 AND revoked_at IS NULL")
        .bind(grant)
        .bind(column(now))
        .bind(why)
        .execute(&mut **transaction)
        .await?;
    audit::record(transaction, now, account, "grant-ended", grant, serde_json::json!({"why": why})).await?;
    Ok(())
}
