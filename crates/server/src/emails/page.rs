//! The page behind the link in the mails to an old address: it says what the button does, and the button does it.
//!
//! Guarantees: opening the link changes nothing, for mail filters open links too; the page asks for nothing foreign, and its token is no sign-in.

use super::{Undone, undo};
use crate::{
    app::{App, Shared},
    http::{
        refusal::Refusal,
        sent::{self, Form},
    },
    passwords::Stranger,
};
use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use likeness_protocol::Secret;
use serde::Deserialize;

const PATH: &str = "/undo-email-change";
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The page and its button.
pub fn routes() -> Router<Shared> {
    Router::new().route(PATH, get(show).post(act))
}

/// The link of a mail.
pub fn link(app: &App, token: &Secret) -> String {
    format!("{}{PATH}?t={}", app.origin, token.expose())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    t: Secret,
}

async fn show(RawQuery(query): RawQuery) -> Response {
    match sent::from_pairs::<Ticket>(query.unwrap_or_default().as_bytes()) {
        Ok(ticket) if is_plain(&ticket.t) => page(StatusCode::OK, "Keep your e-mail address?", &question(&ticket.t)),
        _ => refused(StatusCode::NOT_FOUND),
    }
}

async fn act(State(app): State<Shared>, stranger: Stranger, form: Result<Form<Ticket>, Refusal>) -> Response {
    let done = match form {
        Ok(Form(ticket)) => undo(&app, &stranger, &ticket.t).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(Undone::Stopped) => page(
            StatusCode::OK,
            "Your e-mail address stays",
            "<p>The other address will not be used. Change your password in Likeness if it was not you who asked for it.</p>",
        ),
        Ok(Undone::Reverted) => page(
            StatusCode::OK,
            "Your e-mail address is the old one again",
            "<p>Everybody was signed out. Sign in to Likeness with this address, and change your password if it was not you who had changed the address.</p>",
        ),
        Err(refusal) => refused(refusal.status_code()),
    }
}

/// A token of ours has nothing in it that means something in a page.
fn is_plain(token: &Secret) -> bool {
    token.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn question(token: &Secret) -> String {
    format!(
        "<p>Somebody signed in to your account asked for another e-mail address. If it was not you, keep this one. If the other one is used already, everybody will be signed out.</p>\
         <form method=\"post\" action=\"{PATH}\"><input type=\"hidden\" name=\"t\" value=\"{}\"><button class=\"primary\">Keep this address</button></form>",
        token.expose()
    )
}

fn refused(status: StatusCode) -> Response {
    page(
        status,
        "This link cannot be used",
        "<p role=\"alert\">It has ended, was used already, or is not complete. Such a link works for three days.</p><p>Sign in to Likeness to see which address your account uses, or write to the people who sent you the mail.</p>",
    )
}

fn page(status: StatusCode, title: &'static str, main: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Likeness</title><link rel=\"stylesheet\" href=\"/console/console.css\"></head>\
         <body><main id=\"main\"><section class=\"card narrow\"><h1>{title}</h1>{main}</section></main></body></html>"
    );
    (status, [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))], Html(html)).into_response()
}
