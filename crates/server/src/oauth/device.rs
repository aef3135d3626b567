//! The device grant (RFC 8628): a guest signs in at a kiosk with their own phone.
//!
//! Guarantees: only for kiosks an administrator registered, for anybody could send somebody else such a code and collect the tokens;
//! bound to the kiosk's key for this guest from its first question on; no refresh token, so that nothing of a guest outlives the visit; a code is typed once.

use crate::{
    app::{App, Shared},
    audit,
    database::{Database, Write, column, time},
    error::ServerError,
    http::{
        refusal::{OAuthRefusal, Refusal},
        sent::Form,
    },
    identity::discovery::Question,
    tokens,
};
use axum::{Json, extract::State};
use likeness_protocol::{
    Code, Secret, UnixMs,
    limits::{DESKTOP_SCOPE, MAX_NAME_CHARS},
    oauth::{DeviceAnswer, DeviceRequest, OAuthError, TokenRequest, TokenResponse},
};
use std::time::Duration;

/// Life of a code.
const LIFE: Duration = Duration::from_mins(5);
/// Seconds between two questions, and what is added when a kiosk asks too often (RFC 8628, section 3.5).
const INTERVAL_S: i64 = 5;
/// Life of a guest's access token: the longest visit and five minutes.
const GUEST_LIFE: Duration = Duration::from_mins(25);
/// Consonants only, so that no word comes out (RFC 8628, section 6.1): twenty of them, eight times, are 34 bits for five minutes.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Registers a kiosk; gives its number and secret, which is kept as a hash.
pub async fn register(database: &Database, now: UnixMs, name: &str) -> Result<(String, Secret), ServerError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(ServerError::Kiosk("its name must have 1 to 200 characters, none of them control characters"));
    }
    let (id, secret) = (tokens::identifier("ksk")?, tokens::token("lk_ks_")?);
    let mut transaction = database.write().await?;
    sqlx::query("INSERT INTO kiosks (id, name, secret_hash, created_at) VALUES ($1, $2, $3, $4)")
        .bind(&id)
        .bind(name)
        .bind(tokens::hash(secret.expose()))
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    audit::record(&mut transaction, now, "server", "kiosk-registered", &id, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok((id, secret))
}

/// Begins a guest's sign-in at a kiosk.
#[utoipa::path(post, path = "/oauth/device_authorization", tag = "sign-in",
    request_body(content = DeviceRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = DeviceAnswer), (status = "4XX", body = OAuthError)))]
pub async fn begin(
    State(app): State<Shared>,
    _: Question,
    form: Result<Form<DeviceRequest>, Refusal>,
) -> Result<Json<DeviceAnswer>, OAuthRefusal> {
    let Form(request) = form?;
    must_be_kiosk(&app, &request.client_id, request.client_secret.as_ref()).await?;
    let (device_code, user_code) = (tokens::token("lk_dc_")?, user_code()?);
    let now = app.now();
    let mut transaction = app.database.write().await?;
    sqlx::query("INSERT INTO device_codes (device_hash, user_code_hash, kiosk_id, scope, status, interval_s, next_poll_at, expires_at) VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7)")
        .bind(tokens::hash(device_code.expose()))
        .bind(code_hash(&app, &user_code))
        .bind(&request.client_id)
        .bind(DESKTOP_SCOPE)
        .bind(INTERVAL_S)
        .bind(column(now))
        .bind(column(now.plus(LIFE)))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let verification_uri = format!("{}/device", app.origin);
    Ok(Json(DeviceAnswer {
        device_code,
        verification_uri_complete: format!("{verification_uri}?code={user_code}"),
        user_code,
        verification_uri,
        expires_in: LIFE.as_secs(),
        interval: INTERVAL_S.unsigned_abs(),
    }))
}

/// Refuses everybody who is not a registered kiosk. Hashes of 256 random bits are compared in the database: nothing is learnt from how long that takes.
async fn must_be_kiosk(app: &App, id: &str, secret: Option<&Secret>) -> Result<(), Refusal> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM kiosks WHERE id = $1 AND secret_hash = $2")
        .bind(id)
        .bind(secret.map(|secret| tokens::hash(secret.expose())))
        .fetch_optional(app.database.read())
        .await?;
    if row.is_some() { Ok(()) } else { Err(Code::UnauthorizedClient.into()) }
}

fn user_code() -> Result<String, ServerError> {
    let mut letters = String::with_capacity(9);
    while letters.len() < 9 {
        for byte in tokens::random::<16>()? {
            if letters.len() == 4 {
                letters.push('-');
            }
            // 240 is the greatest multiple of 20: beyond it some letters would come more often.
            if byte < 240
                && letters.len() < 9
                && let Some(letter) = LETTERS.get(usize::from(byte % 20))
            {
                letters.push(char::from(*letter));
            }
        }
    }
    Ok(letters)
}

/// How a typed code is found. Keyed, for 34 bits are found in no time from an ordinary hash.
pub fn code_hash(app: &App, typed: &str) -> String {
    let letters: String =
        typed.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase()).collect();
    app.keys.lookup(&format!("device_codes|{letters}"))
}

#[derive(sqlx::FromRow)]
struct Row {
    kiosk_id: String,
    jkt: Option<String>,
    scope: String,
    status: String,
    account_id: Option<String>,
    auth_time: Option<i64>,
    interval_s: i64,
    next_poll_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
}

/// Answers a kiosk that asks whether its guest has signed in.
pub async fn redeem(app: &App, jkt: &str, request: &TokenRequest) -> Result<TokenResponse, Refusal> {
    must_be_kiosk(app, &request.client_id, request.client_secret.as_ref()).await?;
    let code = request.device_code.as_ref().ok_or(Code::InvalidRequest)?;
    let hash = tokens::hash(code.expose());
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row: Option<Row> = sqlx::query_as("SELECT kiosk_id, jkt, scope, status, account_id, auth_time, interval_s, next_poll_at, expires_at, used_at FROM device_codes WHERE device_hash = $1")
        .bind(&hash)
        .fetch_optional(&mut *transaction)
        .await?;
    let row = row.filter(|row| {
        row.kiosk_id == request.client_id
            && row.jkt.as_deref().is_none_or(|bound| bound == jkt)
            && row.used_at.is_none()
    });
    let row = row.ok_or(Code::InvalidGrant)?;
    if time(row.expires_at) <= now {
        return Err(Code::DeviceCodeExpired.into());
    }
    if row.status == "refused" {
        return Err(Code::DeviceRefused.into());
    }
    let too_soon = time(row.next_poll_at) > now;
    let interval_s = if too_soon { row.interval_s + INTERVAL_S } else { row.interval_s };
    let wait = Duration::from_secs(interval_s.unsigned_abs());
    // The first question binds: what begins a sign-in carries no proof (RFC 9449 has none for it).
    sqlx::query("UPDATE device_codes SET interval_s = $2, next_poll_at = $3, jkt = $4 WHERE device_hash = $1")
        .bind(&hash)
        .bind(interval_s)
        // A kiosk whose clock runs a little fast is not a kiosk that asks too often.
        .bind(column(now.plus(wait.saturating_sub(Duration::from_millis(500)))))
        .bind(jkt)
        .execute(&mut *transaction)
        .await?;
    let approved = row.status == "approved" && !too_soon;
    let (Some(account), Some(auth_time), true) = (row.account_id, row.auth_time, approved) else {
        transaction.commit().await?;
        return Err(if too_soon { Code::SlowDown } else { Code::AuthorizationPending }.into());
    };
    sqlx::query("UPDATE device_codes SET used_at = $2 WHERE device_hash = $1")
        .bind(&hash)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    let answer = guest_tokens(&mut transaction, now, (&row.kiosk_id, jkt), account, auth_time, row.scope).await?;
    transaction.commit().await?;
    Ok(answer)
}

async fn guest_tokens(
    transaction: &mut Write,
    now: UnixMs,
    (kiosk, jkt): (&str, &str),
    account: String,
    auth_time: i64,
    scope: String,
) -> Result<TokenResponse, Refusal> {
    let (grant, access) = (tokens::identifier("gr")?, tokens::token(tokens::ACCESS)?);
    sqlx::query("INSERT INTO grants (id, account_id, client_id, jkt, scope, created_at, auth_time) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&grant)
        .bind(&account)
        .bind(kiosk)
        .bind(jkt)
        .bind(&scope)
        .bind(column(now))
        .bind(auth_time)
        .execute(&mut **transaction)
        .await?;
    sqlx::query("INSERT INTO access_tokens (hash, grant_id, expires_at) VALUES ($1, $2, $3)")
        .bind(tokens::hash(access.expose()))
        .bind(&grant)
        .bind(column(now.plus(GUEST_LIFE)))
        .execute(&mut **transaction)
        .await?;
    audit::record(
        transaction,
        now,
        &account,
        "signed-in",
        &account,
        serde_json::json!({"how": "kiosk", "kiosk": kiosk}),
    )
    .await?;
    Ok(TokenResponse {
        access_token: access,
        token_type: "DPoP".to_owned(),
        expires_in: GUEST_LIFE.as_secs(),
        refresh_token: None,
        refresh_expires_in: None,
        scope,
        sub: account,
        grant,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_can_be_read_out() {
        for _ in 0..200 {
            let code = user_code().unwrap();
            let (left, right) = code.split_once('-').unwrap();
            assert!(left.len() == 4 && right.len() == 4, "{code}");
            assert!((left.to_owned() + right).bytes().all(|letter| LETTERS.contains(&letter)), "{code}");
        }
    }
}
