//! What surrounds every request: its number, one log line, the headers that every answer carries.
//!
//! A log line names the route's template, never the path, query or a header.

use super::refusal::Refusal;
use crate::{app::Shared, oauth::proof, tokens};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use likeness_protocol::Code;
use std::any::Any;
use tower_http::catch_panic::ResponseForPanic;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Number of the request being worked on; empty outside one.
pub fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Middleware around all routes.
pub async fn surround(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let id = tokens::identifier("req").unwrap_or_else(|_| "req_unnumbered".to_owned());
    let started = app.now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let is_page = route.starts_with("/console") || route.starts_with("/device");
    let mut response = REQUEST_ID.scope(id.clone(), next.run(request)).await;
    let took_ms = u64::try_from(app.now().since(started).as_millis()).unwrap_or(u64::MAX);
    tracing::info!(code = "request", request_id = id, %method, route, status = response.status().as_u16(), took_ms);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("request-id"), value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Under `no-referrer` a browser hides the origin of its own forms too, and the review desk checks it.
    let referrer = if is_page { "same-origin" } else { "no-referrer" };
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    if !is_page {
        // The few pages for people bring their own.
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        if let Ok(value) = HeaderValue::from_str(&proof::fresh_nonce(&app)) {
            headers.insert(HeaderName::from_static("dpop-nonce"), value);
        }
    }
    if app.settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Answers for a handler that panicked. The payload is not logged: it may hold what was being worked on.
#[derive(Clone)]
pub struct Panicked;

impl ResponseForPanic for Panicked {
    type ResponseBody = axum::body::Body;

    fn response_for_panic(&mut self, _: Box<dyn Any + Send + 'static>) -> Response {
        tracing::error!(code = "request-panicked", request_id = request_id());
        Refusal::from(Code::ServerFault).into_response()
    }
}
