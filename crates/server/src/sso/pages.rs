//! The few pages somebody sees in the browser while signing in through a provider.
//!
//! Guarantees: nothing that came from outside stands in a page unescaped; a page runs one script of ours or none, loads nothing, and cannot be framed.

use crate::http::{envelope, html::text};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};

/// Goes on by itself. Chromium and Safari hold a redirect that follows a form to the form's own rules and would refuse loopback without a word;
/// a navigation that begins in a page is free of them.
const SCRIPT: &str = "location.replace(document.getElementById('on').href)";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;color:#1a1d21;background:#fff}\
h1{font-size:1.5rem;line-height:1.25}a{color:#0b57d0}label{display:block;margin:1rem 0}input,button{display:block;font:inherit;padding:.6rem;margin-top:.3rem;width:100%;box-sizing:border-box}form{margin:1.5rem 0}.soft{color:#565d66;font-size:.9rem}\
@media(prefers-color-scheme:dark){body{color:#e8eaed;background:#17191c}a{color:#8ab4f8}.soft{color:#a6adb5}}";

/// The page a trip ends on: it leads back to the app by itself, by link, and by the app's own scheme.
pub fn returning(address: &str, by_scheme: &str, problem: Option<&str>) -> Response {
    let (title, words) = match problem {
        None => ("Returning to Likeness", "You can close this page when Likeness is in front of you.".to_owned()),
        Some(problem) => ("That did not work", format!("{problem} Likeness says what you can do.")),
    };
    let main = format!(
        "<h1>{title}</h1><p>{}</p><p><a id=\"on\" href=\"{}\">Go on</a></p><p class=\"soft\">Nothing happens? <a href=\"{}\">Open Likeness</a></p><script>{SCRIPT}</script>",
        text(&words),
        text(address),
        text(by_scheme),
    );
    let refresh = format!("<noscript><meta http-equiv=\"refresh\" content=\"0;url={}\"></noscript>", text(address));
    page(StatusCode::OK, title, &refresh, &main, "'none'")
}

/// A page that goes on to another of ours by itself: what follows a form must not be a redirect to somebody else.
pub fn onward(address: &str) -> Response {
    let main =
        format!("<h1>One moment</h1><p><a id=\"on\" href=\"{}\">Go on</a></p><script>{SCRIPT}</script>", text(address));
    let refresh = format!("<noscript><meta http-equiv=\"refresh\" content=\"0;url={}\"></noscript>", text(address));
    page(StatusCode::OK, "One moment", &refresh, &main, "'none'")
}

/// A page with a form of ours, or what follows it.
pub fn form(status: StatusCode, title: &str, main: &str) -> Response {
    page(status, title, "", main, "'self'")
}

/// A page that leads nowhere: what happened and what to do.
pub fn ended(status: StatusCode, words: &str) -> Response {
    let request = envelope::request_id();
    let main = format!(
        "<h1>That did not work</h1><p>{}</p><p>Go back to Likeness and start again.</p><p class=\"soft\">Reference: {}</p>",
        text(words),
        text(&request)
    );
    page(status, "That did not work", "", &main, "'none'")
}

fn page(status: StatusCode, title: &str, head: &str, main: &str, forms: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Likeness</title>{head}<style>{STYLE}</style></head><body><main>{main}</main></body></html>"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy(forms)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    response
}

fn policy(forms: &str) -> String {
    let hash = |text: &str| BASE64.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}
