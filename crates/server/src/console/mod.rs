//! The review desk in a browser: server-rendered pages, one style sheet, one small script; everything works without the script but zooming.
//!
//! Guarantees: every page forbids foreign content (CSP) and framing; every write needs the session's own form token and comes from this origin;
//! names and notes are put into pages as text only; a decision has a step where it can still be taken back.

mod pages;
mod session;

use crate::{
    app::Shared,
    http::{
        refusal::Refusal,
        sent::{self, Form},
    },
    oauth::challenge,
    review::{self, Part},
};
use axum::{
    Router,
    extract::{FromRequestParts, Path, RawQuery, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use likeness_protocol::{
    Code, Secret,
    review::{DecisionRequest, GivenReason, Outcome},
    verification::{Concern, PhotoKind, Reason},
};
use pages::Decision;
use serde::Deserialize;
use session::{Desk, SameOrigin};
use std::{collections::BTreeMap, net::IpAddr};

const POLICY: &str = "default-src 'none'; img-src 'self'; script-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The routes below `/console`.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/console", get(queue))
        .route("/console/sign-in", get(sign_in_page).post(sign_in))
        .route("/console/sign-out", post(sign_out))
        .route("/console/enter", get(enter))
        .route("/console/review/{id}", get(look))
        .route("/console/review/{id}/media/{kind}", get(photo))
        .route("/console/review/{id}/release", post(release))
        .route("/console/review/{id}/confirm", post(confirm))
        .route("/console/review/{id}/decide", post(decide))
        .route("/console/console.css", get(style))
        .route("/console/console.js", get(script))
}

fn page(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ];
    (status, headers, Html(html)).into_response()
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=600")], content).into_response()
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("console.css"))
}

async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("console.js"))
}

/// A refusal as a page.
pub struct PageRefusal(Refusal);

impl<E: Into<Refusal>> From<E> for PageRefusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageRefusal {
    fn into_response(self) -> Response {
        if self.0.code() == Code::SessionEnded {
            return Redirect::to("/console/sign-in").into_response();
        }
        page(self.0.status_code(), pages::refusal(&self.0))
    }
}

#[derive(Deserialize)]
struct QueueQuestion {
    state: Option<String>,
    cursor: Option<String>,
}

async fn queue(State(app): State<Shared>, desk: Desk, RawQuery(query): RawQuery) -> Result<Response, PageRefusal> {
    let question: QueueQuestion = sent::from_pairs(query.unwrap_or_default().as_bytes())?;
    let part = match question.state.as_deref() {
        Some("mine") => Part::Mine,
        Some("done") => Part::Done,
        _ => Part::Waiting,
    };
    let queue = review::queue(&app, &desk.account, part, question.cursor.as_deref()).await?;
    Ok(page(StatusCode::OK, pages::queue(&app, &desk, part, &queue)))
}

async fn sign_in_page(State(app): State<Shared>) -> Response {
    page(StatusCode::OK, pages::sign_in(&app, None))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: Secret,
}

/// Network address of the browser.
struct Network(IpAddr);

impl FromRequestParts<Shared> for Network {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Self::Rejection> {
        Ok(Self(challenge::network_address(app, parts)))
    }
}

async fn sign_in(
    State(app): State<Shared>,
    _: SameOrigin,
    Network(from): Network,
    form: Form<Credentials>,
) -> Result<Response, PageRefusal> {
    let Form(typed) = form;
    let refused = |refusal: &Refusal| page(refusal.status_code(), pages::sign_in(&app, Some(refusal.detail_text())));
    let account = match challenge::check_password(&app, &typed.email, typed.password, from).await {
        Ok(account) => account,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    match session::begin(&app, &account, "password").await {
        Ok(cookie) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/console")).into_response()),
        Err(refusal) => Ok(refused(&refusal)),
    }
}

async fn sign_out(
    State(app): State<Shared>,
    desk: Desk,
    form: Form<BTreeMap<String, String>>,
) -> Result<Response, PageRefusal> {
    desk.check_form(&app, &form.0)?;
    session::end(&app, &desk).await?;
    Ok(([(header::SET_COOKIE, session::no_cookie(&app))], Redirect::to("/console/sign-in")).into_response())
}

#[derive(Deserialize)]
struct Ticket {
    t: String,
}

/// Where the practice app's one-time link leads.
async fn enter(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Response, PageRefusal> {
    let ticket: Ticket = sent::from_pairs(query.unwrap_or_default().as_bytes())?;
    let account = session::redeem_link(&app, &ticket.t).await?;
    let cookie = session::begin(&app, &account, "practice-link").await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/console")).into_response())
}

async fn look(State(app): State<Shared>, desk: Desk, Path(id): Path<String>) -> Result<Response, PageRefusal> {
    match review::claim(&app, &desk.account, &id).await {
        Err(refusal) if refusal.code() != Code::AlreadyDecided => return Err(refusal.into()),
        _ => {}
    }
    let path = |kind: PhotoKind, ticket: &str| format!("/console/review/{id}/media/{}?t={ticket}", kind.as_str());
    let submission = review::show(&app, &desk.account, &id, path).await?;
    Ok(page(StatusCode::OK, pages::submission(&app, &desk, &submission)?))
}

async fn photo(
    State(app): State<Shared>,
    desk: Desk,
    Path((id, kind)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageRefusal> {
    let ticket: Ticket = sent::from_pairs(query.unwrap_or_default().as_bytes())?;
    let kind = kind.parse().map_err(|_| Code::NotFound)?;
    let jpeg = review::photo(&app, &desk.account, &id, kind, &ticket.t).await?;
    Ok(review::api::jpeg_answer(jpeg.to_vec()))
}

async fn release(
    State(app): State<Shared>,
    desk: Desk,
    Path(id): Path<String>,
    form: Form<BTreeMap<String, String>>,
) -> Result<Response, PageRefusal> {
    desk.check_form(&app, &form.0)?;
    review::release(&app, &desk.account, &id).await?;
    Ok(Redirect::to("/console").into_response())
}

async fn confirm(
    State(app): State<Shared>,
    desk: Desk,
    Path(id): Path<String>,
    form: Form<BTreeMap<String, String>>,
) -> Result<Response, PageRefusal> {
    desk.check_form(&app, &form.0)?;
    let request = decision(&form.0)?;
    let reasons = review::reasons_of(&request)?;
    Ok(page(
        StatusCode::OK,
        pages::confirm(&app, &desk, &Decision { id: &id, request: &request, reasons: &reasons, fields: &form.0 })?,
    ))
}

async fn decide(
    State(app): State<Shared>,
    desk: Desk,
    Path(id): Path<String>,
    form: Form<BTreeMap<String, String>>,
) -> Result<Response, PageRefusal> {
    desk.check_form(&app, &form.0)?;
    let receipt = review::decide(&app, &desk.account, &id, &decision(&form.0)?).await?;
    Ok(page(StatusCode::OK, pages::decided(&app, &desk, &receipt)))
}

/// Reads the decision form: `outcome`, a box `reason-<code>` for each reason, `concern-<code>` where a reason leaves a choice.
fn decision(fields: &BTreeMap<String, String>) -> Result<DecisionRequest, Refusal> {
    let text = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let outcome = match fields.get("outcome").map(String::as_str) {
        Some("approve") => Outcome::Approve,
        Some("reject") => Outcome::Reject,
        _ => return Err(Code::InvalidRequest.into()),
    };
    let reasons = if outcome == Outcome::Approve {
        Vec::new()
    } else {
        let chosen =
            Reason::ALL.into_iter().filter(|reason| fields.contains_key(&format!("reason-{}", reason.as_str())));
        chosen
            .map(|code| GivenReason {
                code,
                photo: fields.get(&format!("concern-{}", code.as_str())).and_then(|text| concern(text)),
            })
            .collect()
    };
    Ok(DecisionRequest {
        outcome,
        reasons,
        may_resubmit: fields.get("may_resubmit").map(String::as_str) != Some("no"),
        note_to_learner: if outcome == Outcome::Reject { text("note") } else { None },
        internal_note: text("internal_note"),
    })
}

fn concern(text: &str) -> Option<Concern> {
    [Concern::Face, Concern::Id, Concern::Both, Concern::Name].into_iter().find(|concern| concern.as_str() == text)
}
