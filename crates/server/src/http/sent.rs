//! Reading what a client sent: bodies within their limit and time, JSON and forms into their types.
//!
//! A body that does not fit is refused without repeating any of it.

use super::refusal::Refusal;
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use bytes::Bytes;
use likeness_protocol::{Code, limits::MAX_REQUEST_BYTES};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::Duration;
use url::form_urlencoded;

/// How long a small body may take.
const SMALL_BODY_WITHIN: Duration = Duration::from_secs(30);

/// A JSON body.
pub struct Sent<T> {
    /// What it says.
    pub value: T,
    /// The bytes it was read from.
    pub bytes: Bytes,
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        require_type(request.headers(), "application/json")?;
        let bytes = read(request.into_body(), MAX_REQUEST_BYTES, SMALL_BODY_WITHIN).await?;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            // serde's own message may repeat what was sent.
            let place = format!("line {}, column {}", error.line(), error.column());
            Refusal::from(Code::InvalidRequest).detail(format!("The JSON does not have the agreed form ({place})."))
        })?;
        Ok(Self { value, bytes })
    }
}

/// A form body, or a query.
pub struct Form<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        require_type(request.headers(), "application/x-www-form-urlencoded")?;
        let bytes = read(request.into_body(), MAX_REQUEST_BYTES, SMALL_BODY_WITHIN).await?;
        from_pairs(&bytes).map(Self)
    }
}

/// Reads `a=b&c=d`. A name that stands twice is refused: two readers could disagree which one counts.
pub fn from_pairs<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, Refusal> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        if fields.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            return Err(Refusal::from(Code::InvalidRequest).detail("A field stands twice."));
        }
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|_| Refusal::from(Code::InvalidRequest).detail("The form does not have the agreed fields."))
}

/// Reads a body of at most `limit` bytes.
pub async fn read(body: Body, limit: usize, within: Duration) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(within, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // The body is either too long or was cut; a cut connection never sees the answer.
        Ok(Err(_)) => Err(Code::TooLarge.into()),
        Err(_) => Err(Refusal::from(Code::InvalidRequest)
            .status(axum::http::StatusCode::REQUEST_TIMEOUT)
            .detail("The request took too long to arrive.")),
    }
}

/// The content type must be this one; parameters are ignored.
pub fn require_type(headers: &HeaderMap, wanted: &str) -> Result<(), Refusal> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(Code::UnsupportedMediaType.into()) }
}

/// A header as text.
pub fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
