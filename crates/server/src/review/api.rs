//! The review API for programs: the same rules as the console, with access token and proof instead of a cookie.

use super::Part;
use crate::{
    app::Shared,
    http::{
        caller::Caller,
        refusal::Refusal,
        sent::{self, Sent},
    },
};
use axum::{
    Json,
    extract::{FromRequestParts, Path, RawQuery, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use likeness_protocol::{
    Code, Problem,
    account::Role,
    review::{Claim, DecisionReceipt, DecisionRequest, Queue, SubmissionForReview},
    verification::PhotoKind,
};
use serde::Deserialize;
use std::time::Duration;

/// A reviewer must have signed in within this time.
pub const SIGN_IN_LIFE: Duration = Duration::from_hours(8);

/// A signed-in reviewer.
pub struct Reviewer(pub String);

impl FromRequestParts<Shared> for Reviewer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.role != Role::Reviewer {
            return Err(Code::Forbidden.into());
        }
        if app.now().since(caller.auth_time) > SIGN_IN_LIFE {
            return Err(Code::SessionEnded.into());
        }
        Ok(Self(caller.account))
    }
}

#[derive(Deserialize)]
struct Page {
    state: Option<String>,
    cursor: Option<String>,
}

/// Submissions to look at, oldest first.
#[utoipa::path(get, path = "/v1/review/queue", tag = "review",
    params(("state" = Option<String>, Query, description = "waiting (default), mine or done"), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Queue), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn queue(
    State(app): State<Shared>,
    Reviewer(reviewer): Reviewer,
    RawQuery(query): RawQuery,
) -> Result<Json<Queue>, Refusal> {
    let page: Page = sent::from_pairs(query.unwrap_or_default().as_bytes())?;
    let part = match page.state.as_deref() {
        None | Some("waiting") => Part::Waiting,
        Some("mine") => Part::Mine,
        Some("done") => Part::Done,
        Some(_) => return Err(Code::InvalidRequest.into()),
    };
    super::queue(&app, &reviewer, part, page.cursor.as_deref()).await.map(Json)
}

/// One submission, with one-time addresses of its photos.
#[utoipa::path(get, path = "/v1/review/{id}", tag = "review", params(("id" = String, Path)),
    responses((status = 200, body = SubmissionForReview), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<Shared>,
    Reviewer(reviewer): Reviewer,
    Path(id): Path<String>,
) -> Result<Json<SubmissionForReview>, Refusal> {
    let path = |kind: PhotoKind, ticket: &str| format!("/v1/review/{id}/media/{}?t={ticket}", kind.as_str());
    super::show(&app, &reviewer, &id, path).await.map(Json)
}

/// Takes a submission for 10 minutes, or renews that.
#[utoipa::path(post, path = "/v1/review/{id}/claim", tag = "review", params(("id" = String, Path)),
    responses((status = 200, body = Claim), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn claim(
    State(app): State<Shared>,
    Reviewer(reviewer): Reviewer,
    Path(id): Path<String>,
) -> Result<Json<Claim>, Refusal> {
    super::claim(&app, &reviewer, &id).await.map(Json)
}

/// Gives a submission back.
#[utoipa::path(delete, path = "/v1/review/{id}/claim", tag = "review", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn release(
    State(app): State<Shared>,
    Reviewer(reviewer): Reviewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    super::release(&app, &reviewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Ticket {
    t: String,
}

/// A photo, once per address.
#[utoipa::path(get, path = "/v1/review/{id}/media/{kind}", tag = "review",
    params(("id" = String, Path), ("kind" = PhotoKind, Path), ("t" = String, Query, description = "ticket from the submission")),
    responses((status = 200, content_type = "image/jpeg", body = String), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn photo(
    State(app): State<Shared>,
    Reviewer(reviewer): Reviewer,
    Path((id, kind)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let ticket: Ticket = sent::from_pairs(query.unwrap_or_default().as_bytes())?;
    let kind = kind.parse().map_err(|_| Code::NotFound)?;
    let jpeg = super::photo(&app, &reviewer, &id, kind, &ticket.t).await?;
    Ok(jpeg_answer(jpeg.to_vec()))
}

/// A picture that no cache keeps and no browser takes for anything else.
pub fn jpeg_answer(jpeg: Vec<u8>) -> Response {
    (
        [
            (header::CONTENT_TYPE, "image/jpeg"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_DISPOSITION, "inline"),
        ],
        jpeg,
    )
        .into_response()
}

/// Approves or rejects.
#[utoipa::path(post, path = "/v1/review/{id}/decision", tag = "review", params(("id" = String, Path)), request_body = DecisionRequest,
    responses((status = 200, body = DecisionReceipt), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(app): State<Shared>,
    Reviewer(reviewer): Reviewer,
    Path(id): Path<String>,
    sent: Sent<DecisionRequest>,
) -> Result<Json<DecisionReceipt>, Refusal> {
    super::decide(&app, &reviewer, &id, &sent.value).await.map(Json)
}
