//! DPoP on the server's side: nonces, and remembering proofs.
//!
//! A nonce is an HMAC over a minute, so that every process with the same keys can check it. A proof is remembered as long as its nonce is fresh:
//! in the database for sign-in and for writes, in this process for reads (a row per read would cost the read figure).

use crate::{
    app::{App, Shared},
    database::column,
    error::ServerError,
    http::refusal::Refusal,
    tokens,
};
use axum::http::{HeaderName, Method, request::Parts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::{
    Code, UnixMs,
    dpop::{self, DpopError, Proven},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use subtle::ConstantTimeEq;

/// A nonce is good in its own minute and the two after it.
const NONCE_MINUTES: u64 = 3;
/// Longer than any nonce is fresh.
const REMEMBERED: Duration = Duration::from_mins(NONCE_MINUTES + 1);
/// Forget old proofs of reads when there are this many.
const SEEN_BEFORE_SWEEP: usize = 10_000;

/// Proofs of reads seen by this process.
#[derive(Default)]
pub struct SeenInProcess(Mutex<HashMap<String, UnixMs>>);

/// The nonce to send with every answer.
pub fn fresh_nonce(app: &App) -> String {
    nonce_of(app, app.now().seconds() / 60)
}

fn nonce_of(app: &App, minute: u64) -> String {
    BASE64URL.encode(app.keys.nonce.mac(&minute.to_be_bytes()))
}

fn nonce_is_fresh(app: &App, nonce: &str) -> bool {
    let minute = app.now().seconds() / 60;
    (0..NONCE_MINUTES).any(|age| nonce_of(app, minute.saturating_sub(age)).as_bytes().ct_eq(nonce.as_bytes()).into())
}

/// Checks the proof of this request. It must still be remembered, see [`remember`].
pub fn check(app: &Shared, parts: &Parts, access_token: Option<&str>) -> Result<Proven, Refusal> {
    let mut proofs = parts.headers.get_all(HeaderName::from_static("dpop")).iter();
    let (Some(proof), None) = (proofs.next(), proofs.next()) else {
        return Err(Code::DpopInvalid.into());
    };
    let url = format!("{}{}", app.origin, parts.uri.path());
    let request = dpop::Request { method: parts.method.as_str(), url: &url, access_token };
    let proof = proof.to_str().map_err(|_| Code::DpopInvalid)?;
    dpop::check(proof, request, |nonce| nonce_is_fresh(app, nonce)).map_err(|error| match error {
        DpopError::NonceNeeded => Code::UseDpopNonce.into(),
        DpopError::OtherToken => Code::SessionEnded.into(),
        DpopError::Malformed | DpopError::Signature | DpopError::OtherRequest => Code::DpopInvalid.into(),
    })
}

/// Remembers a proof; refuses one that was seen before.
pub async fn remember(app: &Shared, parts: &Parts, proven: &Proven) -> Result<(), Refusal> {
    let name = tokens::hash(&format!("{}|{}", proven.jkt, proven.jti));
    let until = app.now().plus(REMEMBERED);
    let is_read = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let new = if is_read { app.seen.insert(name, until, app.now()) } else { insert_row(app, &name, until).await? };
    if new { Ok(()) } else { Err(Code::DpopInvalid.into()) }
}

async fn insert_row(app: &App, name: &str, until: UnixMs) -> Result<bool, ServerError> {
    let mut transaction = app.database.write().await?;
    let done =
        sqlx::query("INSERT INTO dpop_seen (jti_hash, expires_at) VALUES ($1, $2) ON CONFLICT (jti_hash) DO NOTHING")
            .bind(name)
            .bind(column(until))
            .execute(&mut *transaction)
            .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() == 1)
}

impl SeenInProcess {
    fn insert(&self, name: String, until: UnixMs, now: UnixMs) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_BEFORE_SWEEP {
            seen.retain(|_, until| *until > now);
        }
        seen.insert(name, until).is_none()
    }
}
