//! Authorization codes: those that become tokens, and those from the browser that lead to a further step or to a reason.
//!
//! Guarantees: a code is kept as a hash, lives a minute, and is bound to the verifier, the key and, where it came through the browser, the address it came to.

use super::session::Session;
use crate::{
    app::App,
    audit,
    database::{Write, column, time},
    error::ServerError,
    http::refusal::Refusal,
    identity::connect,
    sessions,
    sso::oidc::ExternalIdentity,
    tokens,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::{Code, Secret, UnixMs, limits::DESKTOP_SCOPE, oauth::TokenRequest};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Life of an authorization code.
pub const CODE_LIFE: Duration = Duration::from_mins(1);

/// A code that will become tokens.
pub struct NewCode<'a> {
    pub account: &'a str,
    pub client_id: &'a str,
    pub jkt: &'a str,
    pub challenge: &'a str,
    pub scope: &'a str,
    pub device_label: Option<&'a str>,
    /// Where it goes through the browser.
    pub redirect_uri: Option<&'a str>,
    /// When its owner proved who they are.
    pub auth_time: UnixMs,
    /// For the audit: `password`, `provider`, `connected`.
    pub how: &'static str,
}

/// Makes a code.
pub async fn issue(transaction: &mut Write, app: &App, new: &NewCode<'_>) -> Result<Secret, ServerError> {
    let code = tokens::token(tokens::CODE)?;
    let hash = tokens::hash(code.expose());
    let label = new
        .device_label
        .map(|label| app.keys.seal("auth_codes", "device_label", &hash, label.as_bytes()))
        .transpose()?;
    let now = app.now();
    sqlx::query("INSERT INTO auth_codes (hash, account_id, client_id, jkt, challenge, scope, device_label_sealed, auth_time, expires_at, redirect_uri) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(&hash)
        .bind(new.account)
        .bind(new.client_id)
        .bind(new.jkt)
        .bind(new.challenge)
        .bind(new.scope)
        .bind(label)
        .bind(column(new.auth_time))
        .bind(column(now.plus(CODE_LIFE)))
        .bind(new.redirect_uri)
        .execute(&mut **transaction)
        .await?;
    audit::record(transaction, now, new.account, "signed-in", new.account, serde_json::json!({"how": new.how})).await?;
    Ok(code)
}

/// What a code without tokens leads to.
#[derive(Serialize, Deserialize)]
pub enum Instead {
    /// A sign-in that goes on under this handle.
    GoOn(Secret),
    /// The sign-in under this handle, for which this account was proven in the browser.
    Proven(Secret, String),
    /// One more way in to this account, asked for by this sign-in of it.
    Connect(String, String, Box<ExternalIdentity>),
    /// A refusal: code, sentence, who is meant.
    Refused(Code, String, Option<String>),
}

/// For whom a code without tokens is.
pub struct Bound<'a> {
    pub jkt: &'a str,
    pub challenge: &'a str,
    pub redirect_uri: &'a str,
}

/// Makes a code without tokens.
pub async fn issue_unfinished(
    transaction: &mut Write,
    app: &App,
    bound: &Bound<'_>,
    instead: &Instead,
) -> Result<Secret, Refusal> {
    let code = tokens::token(tokens::CODE)?;
    let hash = tokens::hash(code.expose());
    sqlx::query("INSERT INTO unfinished_codes (hash, jkt, challenge, redirect_uri, answer_sealed, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&hash)
        .bind(bound.jkt)
        .bind(bound.challenge)
        .bind(bound.redirect_uri)
        .bind(app.keys.seal("unfinished_codes", "answer", &hash, &serde_json::to_vec(instead)?)?)
        .bind(column(app.now().plus(CODE_LIFE)))
        .execute(&mut **transaction)
        .await?;
    Ok(code)
}

/// Key, challenge, redirect address, answer, end, use.
type UnfinishedRow = (String, String, String, Vec<u8>, i64, Option<i64>);

/// What a code without tokens leads to: to one that becomes tokens, or to a refusal, which may be the next step of a sign-in.
pub async fn instead(app: &App, jkt: &str, request: &TokenRequest) -> Result<Secret, Refusal> {
    let (Some(code), Some(verifier)) = (&request.code, &request.code_verifier) else {
        return Err(Code::InvalidRequest.into());
    };
    let hash = tokens::hash(code.expose());
    let mut transaction = app.database.write().await?;
    let row: Option<UnfinishedRow> = sqlx::query_as(
        "SELECT jkt, challenge, redirect_uri, answer_sealed, expires_at, used_at FROM unfinished_codes WHERE hash = $1",
    )
    .bind(&hash)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((bound_to, challenge, redirect_uri, sealed, expires_at, None)) = row else {
        return Err(Code::InvalidGrant.into());
    };
    let fits = verifier_fits(verifier, &challenge)
        && bound_to == jkt
        && request.redirect_uri.as_deref() == Some(redirect_uri.as_str())
        && time(expires_at) > app.now();
    if !fits {
        return Err(Code::InvalidGrant.into());
    }
    sqlx::query("UPDATE unfinished_codes SET used_at = $2 WHERE hash = $1")
        .bind(&hash)
        .bind(column(app.now()))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let opened = app.keys.open("unfinished_codes", "answer", &hash, &sealed)?;
    match serde_json::from_slice(&opened)? {
        Instead::GoOn(session) => Err(Session::load(app, jkt, &session).await?.where_it_stands(app).await?),
        Instead::Proven(session, account) => {
            Session::load(app, jkt, &session).await?.proven_by_trip(app, account).await?;
            Err(Session::load(app, jkt, &session).await?.where_it_stands(app).await?)
        }
        Instead::Connect(account, grant, identity) => {
            let mut transaction = app.database.write().await?;
            connect::connect_to_own(&mut transaction, app, &account, &grant, &identity).await?;
            // The new tokens take the place of the old ones, under the name the device has in the list.
            let device_label = sessions::device_label(&mut transaction, app, &grant).await?;
            let new = NewCode {
                account: &account,
                client_id: &request.client_id,
                jkt,
                challenge: &challenge,
                scope: DESKTOP_SCOPE,
                device_label: device_label.as_deref(),
                redirect_uri: Some(&redirect_uri),
                auth_time: identity.auth_time,
                how: "provider",
            };
            let code = issue(&mut transaction, app, &new).await?;
            transaction.commit().await?;
            app.mail_due.notify_one();
            Ok(code)
        }
        Instead::Refused(code, detail, org) => {
            let refusal = Refusal::from(code).detail(detail);
            Err(match org {
                Some(name) => refusal.org(&name),
                None => refusal,
            })
        }
    }
}

/// Whether a PKCE verifier belongs to a challenge (RFC 7636, section 4.6).
pub fn verifier_fits(verifier: &Secret, challenge: &str) -> bool {
    BASE64URL.encode(Sha256::digest(verifier.expose())).as_bytes().ct_eq(challenge.as_bytes()).into()
}
