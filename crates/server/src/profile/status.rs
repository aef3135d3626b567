//! `GET /v1/verification-profile`: where the profile stands, the same on every device.

use crate::{
    app::{App, Shared},
    capture,
    database::{Connection, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal, sent},
    keys,
};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use likeness_protocol::{
    Problem,
    verification::{PhotoKind, ProfileStatus, Reason, ReasonNotice, Status},
};
use serde::Deserialize;
use std::{collections::BTreeSet, time::Duration};

/// Longest time a status request is held.
const LONGEST_WAIT_S: u64 = 25;
/// Another process may have changed the row: look again this often.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

#[derive(sqlx::FromRow)]
struct Row {
    status: String,
    submission_id: String,
    reference: String,
    id_layout: String,
    dek_wrapped: Vec<u8>,
    full_name_sealed: Vec<u8>,
    submitted_at: i64,
    decided_at: Option<i64>,
    delete_media_at: Option<i64>,
    reasons_json: Option<String>,
    may_resubmit: Option<i64>,
    note_sealed: Option<Vec<u8>>,
}

/// The status a column names.
pub fn status_of(column: &str) -> Status {
    [Status::None, Status::InReview, Status::Approved, Status::Rejected, Status::Expired]
        .into_iter()
        .find(|status| status.as_str() == column)
        .unwrap_or(Status::Unknown)
}

/// Where the profile of an account stands.
pub async fn of(connection: &mut Connection, app: &App, account: &str) -> Result<ProfileStatus, ServerError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT p.status, p.submission_id, s.reference, s.id_layout, s.dek_wrapped, s.full_name_sealed, s.submitted_at, s.decided_at, s.delete_media_at, \
         d.reasons_json, d.may_resubmit, d.note_sealed \
         FROM profiles p JOIN submissions s ON s.id = p.submission_id LEFT JOIN decisions d ON d.submission_id = s.id WHERE p.account_id = $1",
    )
    .bind(account)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(ProfileStatus::nothing_sent()) };
    let key = app.keys.object_key(&format!("submissions|{}", row.submission_id), &row.dek_wrapped)?;
    let full_name = keys::text(&key.open("full_name", &row.full_name_sealed, "a full name")?)?;
    let note = row.note_sealed.as_deref().map(|sealed| keys::text(&key.open("note", sealed, "a note")?)).transpose()?;
    let status = status_of(&row.status);
    let reasons = if status == Status::Rejected { reasons(row.reasons_json.as_deref(), note)? } else { Vec::new() };
    let retake: BTreeSet<PhotoKind> = reasons.iter().flat_map(|reason| reason.photo.photos().iter().copied()).collect();
    Ok(ProfileStatus {
        status,
        submission: Some(row.submission_id),
        reference: Some(row.reference),
        full_name: Some(full_name),
        id_layout: Some(capture::layout(&row.id_layout)),
        reasons,
        retake: retake.into_iter().collect(),
        may_resubmit: status == Status::Rejected && row.may_resubmit != Some(0),
        submitted_at: Some(time(row.submitted_at)),
        decided_at: row.decided_at.map(time),
        delete_media_at: row.delete_media_at.map(time),
    })
}

/// Reads the reasons of a decision; the note goes with `other`, or with the first reason.
fn reasons(json: Option<&str>, note: Option<String>) -> Result<Vec<ReasonNotice>, ServerError> {
    let mut reasons: Vec<ReasonNotice> =
        serde_json::from_str(json.unwrap_or("[]")).map_err(|_| ServerError::Stored { what: "reasons" })?;
    let at = reasons.iter().position(|reason| reason.code == Reason::Other).unwrap_or(0);
    if let Some(reason) = reasons.get_mut(at) {
        reason.note = note;
    }
    Ok(reasons)
}

#[derive(Deserialize)]
struct Question {
    wait: Option<String>,
}

/// Where the profile stands. With `?wait=25` and `If-None-Match` the answer comes when something changed, or 304 after that many seconds.
#[utoipa::path(get, path = "/v1/verification-profile", tag = "verification",
    params(("wait" = Option<u64>, Query, description = "seconds, at most 25"), ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = ProfileStatus), (status = 304), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn status(
    State(app): State<Shared>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let question: Question = sent::from_pairs(query.unwrap_or_default().as_bytes())?;
    let wait_s = question.wait.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0).min(LONGEST_WAIT_S);
    let known = sent::header_text(&headers, "if-none-match").map(str::to_owned);
    // Subscribed before the first look, so that a change between look and wait is not missed.
    let mut changes = app.changes.subscribe();
    let mut stopping = app.stopping.clone();
    let wait = tokio::time::sleep(Duration::from_secs(wait_s));
    tokio::pin!(wait);
    loop {
        let mut connection = app.database.read().acquire().await?;
        let tag = tag_of(&mut connection, &caller.account).await?;
        if known.as_ref() != Some(&tag) {
            let status = of(&mut connection, &app, &caller.account).await?;
            return Ok((tagged(&tag), Json(status)).into_response());
        }
        drop(connection);
        tokio::select! {
            () = &mut wait => return Ok((StatusCode::NOT_MODIFIED, tagged(&tag)).into_response()),
            _ = stopping.wait_for(|stop| *stop) => return Ok((StatusCode::NOT_MODIFIED, tagged(&tag)).into_response()),
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

async fn tag_of(connection: &mut Connection, account: &str) -> Result<String, ServerError> {
    let row: Option<(i64, i64)> = sqlx::query_as("SELECT version, updated_at FROM profiles WHERE account_id = $1")
        .bind(account)
        .fetch_optional(&mut *connection)
        .await?;
    Ok(row.map_or_else(|| "\"0\"".to_owned(), |(version, updated_at)| format!("\"{version}-{updated_at}\"")))
}

fn tagged(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, value);
    }
    headers
}
