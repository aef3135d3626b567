//! Reviewing: the queue, looking, deciding. Both doors, the JSON API and the console, come through here.
//!
//! Guarantees: a decision needs that this reviewer fetched each photo in this claim; nobody decides about their own profile; the same decision twice
//! is one decision; decision, status, mail and audit row are one transaction; every look at a photo is audited.

pub mod api;

use crate::{
    app::App,
    audit, capture,
    database::{Connection, Write, column, time},
    error::ServerError,
    http::refusal::Refusal,
    keys,
    mail::{self, Template},
    media,
    profile::{self, status::status_of},
    seal::Key,
    tokens,
};
use likeness_protocol::{
    Code, Sha256Hex, UnixMs,
    limits::MAX_NOTE_CHARS,
    review::{
        Claim, DecisionReceipt, DecisionRequest, EarlierDecision, GivenReason, Outcome, Queue, QueueItem,
        SubmissionForReview,
    },
    verification::{Concern, PhotoKind, Reason, ReasonNotice, Status},
};
use std::{collections::BTreeMap, time::Duration};
use zeroize::Zeroizing;

/// How long a submission stays with a reviewer who does nothing.
const CLAIM: Duration = Duration::from_mins(10);
/// How long the address of a photo is good.
const TICKET: Duration = Duration::from_mins(10);
/// How many submissions a page of the queue shows.
const PAGE: i64 = 50;
const DAY: Duration = Duration::from_hours(24);

/// Which part of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Not decided, not with another reviewer.
    Waiting,
    /// Not decided, with this reviewer.
    Mine,
    /// Decided.
    Done,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    n: i64,
    reference: String,
    outcome: Option<String>,
    submitted_at: i64,
    reviewer: Option<String>,
    lease_until: Option<i64>,
}

impl Row {
    fn claimed_by_other(&self, reviewer: &str, now: UnixMs) -> bool {
        self.reviewer.as_deref().is_some_and(|holder| holder != reviewer)
            && self.lease_until.is_some_and(|until| time(until) > now)
    }

    fn item(&self, reviewer: &str, now: UnixMs) -> QueueItem {
        QueueItem {
            id: self.id.clone(),
            reference: self.reference.clone(),
            status: self.outcome.as_deref().map_or(Status::InReview, status_of),
            attempt: u32::try_from(self.n).unwrap_or(0),
            submitted_at: time(self.submitted_at),
            claimed_by_other: self.claimed_by_other(reviewer, now),
        }
    }
}

/// One page of the queue, oldest first; decided ones newest first. Own submissions are never in it.
pub async fn queue(app: &App, reviewer: &str, part: Part, cursor: Option<&str>) -> Result<Queue, Refusal> {
    let now = app.now();
    let (after_time, after_id) = cursor
        .and_then(|text| text.split_once('.'))
        .and_then(|(time, id)| Some((time.parse::<i64>().ok()?, id.to_owned())))
        .unwrap_or((0, String::new()));
    let statement = match part {
        Part::Waiting => {
            "SELECT s.id, s.account_id, s.n, s.reference, s.outcome, s.submitted_at, c.reviewer, c.lease_until FROM submissions s LEFT JOIN claims c ON c.submission_id = s.id \
             WHERE s.outcome IS NULL AND s.account_id <> $1 AND (s.submitted_at > $2 OR (s.submitted_at = $2 AND s.id > $3)) AND (c.reviewer IS NULL OR c.reviewer = $1 OR c.lease_until <= $4) \
             ORDER BY s.submitted_at, s.id LIMIT $5"
        }
        Part::Mine => {
            "SELECT s.id, s.account_id, s.n, s.reference, s.outcome, s.submitted_at, c.reviewer, c.lease_until FROM submissions s JOIN claims c ON c.submission_id = s.id \
             WHERE s.outcome IS NULL AND c.reviewer = $1 AND c.lease_until > $4 AND (s.submitted_at > $2 OR (s.submitted_at = $2 AND s.id > $3)) ORDER BY s.submitted_at, s.id LIMIT $5"
        }
        Part::Done => {
            "SELECT s.id, s.account_id, s.n, s.reference, s.outcome, s.submitted_at, NULL AS reviewer, NULL AS lease_until FROM submissions s \
             WHERE s.outcome IS NOT NULL AND s.account_id <> $1 AND $4 > 0 AND ($2 = 0 OR s.submitted_at < $2 OR (s.submitted_at = $2 AND s.id < $3)) ORDER BY s.submitted_at DESC, s.id DESC LIMIT $5"
        }
    };
    let rows: Vec<Row> = sqlx::query_as(statement)
        .bind(reviewer)
        .bind(after_time)
        .bind(after_id)
        .bind(column(now))
        .bind(PAGE)
        .fetch_all(app.database.read())
        .await?;
    let is_full = i64::try_from(rows.len()).unwrap_or(0) == PAGE;
    let cursor = rows.last().filter(|_| is_full).map(|row| format!("{}.{}", row.submitted_at, row.id));
    Ok(Queue { items: rows.iter().map(|row| row.item(reviewer, now)).collect(), cursor })
}

async fn find(connection: &mut Connection, id: &str) -> Result<Option<Row>, ServerError> {
    let row = sqlx::query_as(
        "SELECT s.id, s.account_id, s.n, s.reference, s.outcome, s.submitted_at, c.reviewer, c.lease_until FROM submissions s LEFT JOIN claims c ON c.submission_id = s.id WHERE s.id = $1",
    )
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row)
}

/// The submission, if this reviewer may look at it.
async fn visible(connection: &mut Connection, reviewer: &str, id: &str) -> Result<Row, Refusal> {
    let row = find(connection, id).await?.ok_or(Code::NotFound)?;
    if row.account_id == reviewer { Err(Code::OwnProfile.into()) } else { Ok(row) }
}

/// Takes the submission, or renews the claim on it.
pub async fn claim(app: &App, reviewer: &str, id: &str) -> Result<Claim, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row = visible(&mut transaction, reviewer, id).await?;
    if row.outcome.is_some() {
        return Err(Code::AlreadyDecided.into());
    }
    if row.claimed_by_other(reviewer, now) {
        return Err(Code::ClaimedByOther.into());
    }
    let lease_until = now.plus(CLAIM);
    // A claim that ended or changed hands begins anew: its photos count as not yet viewed.
    sqlx::query(
        "INSERT INTO claims (submission_id, reviewer, claimed_at, lease_until) VALUES ($1, $2, $3, $4) ON CONFLICT (submission_id) DO UPDATE SET \
         claimed_at = CASE WHEN claims.reviewer = $2 AND claims.lease_until > $3 THEN claims.claimed_at ELSE $3 END, reviewer = $2, lease_until = $4",
    )
    .bind(id)
    .bind(reviewer)
    .bind(column(now))
    .bind(column(lease_until))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Claim { submission: id.to_owned(), lease_until })
}

/// Gives the submission back.
pub async fn release(app: &App, reviewer: &str, id: &str) -> Result<(), Refusal> {
    let mut transaction = app.database.write().await?;
    sqlx::query("DELETE FROM claims WHERE submission_id = $1 AND reviewer = $2")
        .bind(id)
        .bind(reviewer)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn submission_key(connection: &mut Connection, app: &App, id: &str) -> Result<Key, ServerError> {
    let (wrapped,): (Vec<u8>,) = sqlx::query_as("SELECT dek_wrapped FROM submissions WHERE id = $1")
        .bind(id)
        .fetch_one(&mut *connection)
        .await?;
    app.keys.object_key(&format!("submissions|{id}"), &wrapped)
}

/// Everything a reviewer sees of one submission. `photo_path` makes the address of a photo from its kind and ticket.
pub async fn show(
    app: &App,
    reviewer: &str,
    id: &str,
    photo_path: impl Fn(PhotoKind, &str) -> String,
) -> Result<SubmissionForReview, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row = visible(&mut transaction, reviewer, id).await?;
    let key = submission_key(&mut transaction, app, id).await?;
    let (layout, name, evidence): (String, Vec<u8>, Vec<u8>) =
        sqlx::query_as("SELECT id_layout, full_name_sealed, evidence_sealed FROM submissions WHERE id = $1")
            .bind(id)
            .fetch_one(&mut *transaction)
            .await?;
    let mut paths = BTreeMap::new();
    for photo in media::of_submission(&mut transaction, id).await? {
        let ticket = tokens::token("")?;
        sqlx::query("INSERT INTO media_access (id, ticket_hash, media_id, submission_id, reviewer, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(tokens::identifier("look")?)
            .bind(tokens::hash(ticket.expose()))
            .bind(&photo.id)
            .bind(id)
            .bind(reviewer)
            .bind(column(now.plus(TICKET)))
            .execute(&mut *transaction)
            .await?;
        let kind: PhotoKind = photo.kind.parse().map_err(|_| ServerError::Stored { what: "photo kind" })?;
        paths.insert(kind, photo_path(kind, ticket.expose()));
    }
    let earlier = earlier_decisions(&mut transaction, &row.account_id, id).await?;
    transaction.commit().await?;
    Ok(SubmissionForReview {
        item: row.item(reviewer, now),
        full_name: keys::text(&key.open("full_name", &name, "a full name")?)?,
        id_layout: capture::layout(&layout),
        evidence: serde_json::from_slice(&key.open("evidence", &evidence, "evidence")?)?,
        media: paths,
        earlier,
    })
}

async fn earlier_decisions(
    connection: &mut Connection,
    account: &str,
    but: &str,
) -> Result<Vec<EarlierDecision>, Refusal> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT d.outcome, d.reasons_json, d.decided_at FROM decisions d JOIN submissions s ON s.id = d.submission_id WHERE s.account_id = $1 AND s.id <> $2 ORDER BY d.decided_at")
            .bind(account)
            .bind(but)
            .fetch_all(&mut *connection)
            .await?;
    rows.into_iter()
        .map(|(outcome, reasons, decided_at)| {
            let reasons: Vec<ReasonNotice> = serde_json::from_str(&reasons)?;
            let outcome = if outcome == Status::Approved.as_str() { Outcome::Approve } else { Outcome::Reject };
            Ok(EarlierDecision {
                outcome,
                reasons: reasons.into_iter().map(|reason| reason.code).collect(),
                decided_at: time(decided_at),
            })
        })
        .collect()
}

/// Opens a photo for one look. The ticket is used up.
pub async fn photo(
    app: &App,
    reviewer: &str,
    id: &str,
    kind: PhotoKind,
    ticket: &str,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let looked: Option<(String, String)> = sqlx::query_as(
        "UPDATE media_access SET viewed_at = $1 WHERE ticket_hash = $2 AND reviewer = $3 AND submission_id = $4 AND viewed_at IS NULL AND expires_at > $1 RETURNING id, media_id",
    )
    .bind(column(now))
    .bind(tokens::hash(ticket))
    .bind(reviewer)
    .bind(id)
    .fetch_optional(&mut *transaction)
    .await?;
    let (_, media_id) = looked.ok_or(Code::NotFound)?;
    let row = media::of_submission(&mut transaction, id)
        .await?
        .into_iter()
        .find(|row| row.id == media_id && row.kind == kind.as_str())
        .ok_or(Code::NotFound)?;
    let opened = media::open(app, &row).await?;
    let action = if opened.is_some() { "photo-viewed" } else { "photo-missing" };
    audit::record(
        &mut transaction,
        now,
        reviewer,
        action,
        &row.id,
        serde_json::json!({"submission": id, "purpose": "review"}),
    )
    .await?;
    let Some(jpeg) = opened else {
        transaction.rollback().await?;
        tracing::error!(code = "media-missing", media = row.id);
        return Err(Code::MediaMissing.into());
    };
    transaction.commit().await?;
    Ok(jpeg)
}

/// Decides, or gives the answer of the same decision made before.
pub async fn decide(
    app: &App,
    reviewer: &str,
    id: &str,
    request: &DecisionRequest,
) -> Result<DecisionReceipt, Refusal> {
    let now = app.now();
    let body_hash = Sha256Hex::of(&serde_json::to_vec(request)?);
    let mut transaction = app.database.write().await?;
    let row = visible(&mut transaction, reviewer, id).await?;
    if let Some(outcome) = &row.outcome {
        return same_decision(&mut transaction, id, reviewer, &body_hash, outcome).await;
    }
    if row.reviewer.as_deref() != Some(reviewer) || row.lease_until.is_none_or(|until| time(until) <= now) {
        return Err(
            if row.claimed_by_other(reviewer, now) { Code::ClaimedByOther } else { Code::MediaNotViewed }.into()
        );
    }
    refuse_unseen(&mut transaction, reviewer, id).await?;
    let reasons = reasons_of(request)?;
    let status = if request.outcome == Outcome::Approve { Status::Approved } else { Status::Rejected };
    write_decision(&mut transaction, app, reviewer, id, request, &reasons, (&body_hash, status, now)).await?;
    profile::submit::set_status(&mut transaction, &row.account_id, status, id, now).await?;
    let template = if status == Status::Approved { Template::Approved } else { Template::Rejected };
    let variables = mail::Variables {
        reference: Some(row.reference),
        reasons: with_note(reasons, request.note_to_learner.as_deref()),
        may_resubmit: request.may_resubmit,
        ..mail::Variables::new()
    };
    mail::enqueue(&mut transaction, app, &row.account_id, template, &variables).await?;
    audit::record(&mut transaction, now, reviewer, "decided", id, serde_json::json!({"outcome": status.as_str()}))
        .await?;
    transaction.commit().await?;
    app.profile_changed();
    app.mail_due.notify_one();
    Ok(DecisionReceipt { submission: id.to_owned(), status, decided_at: now })
}

async fn same_decision(
    transaction: &mut Write,
    id: &str,
    reviewer: &str,
    body_hash: &Sha256Hex,
    outcome: &str,
) -> Result<DecisionReceipt, Refusal> {
    let same: Option<(i64,)> = sqlx::query_as(
        "SELECT decided_at FROM decisions WHERE submission_id = $1 AND reviewer = $2 AND body_hash = $3",
    )
    .bind(id)
    .bind(reviewer)
    .bind(body_hash.as_str())
    .fetch_optional(&mut **transaction)
    .await?;
    let (decided_at,) = same.ok_or(Code::AlreadyDecided)?;
    Ok(DecisionReceipt { submission: id.to_owned(), status: status_of(outcome), decided_at: time(decided_at) })
}

async fn refuse_unseen(transaction: &mut Write, reviewer: &str, id: &str) -> Result<(), Refusal> {
    let (unseen,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM media m WHERE m.submission_id = $1 AND m.deleted_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM media_access a JOIN claims c ON c.submission_id = a.submission_id AND c.reviewer = a.reviewer \
          WHERE a.media_id = m.id AND a.submission_id = $1 AND a.reviewer = $2 AND a.viewed_at >= c.claimed_at)",
    )
    .bind(id)
    .bind(reviewer)
    .fetch_one(&mut **transaction)
    .await?;
    if unseen == 0 { Ok(()) } else { Err(Code::MediaNotViewed.into()) }
}

/// The reasons with what each concerns, or why they do not do.
pub fn reasons_of(request: &DecisionRequest) -> Result<Vec<ReasonNotice>, Refusal> {
    let note = request.note_to_learner.as_deref().map(mail::plain).unwrap_or_default();
    match request.outcome {
        Outcome::Approve if request.reasons.is_empty() => Ok(Vec::new()),
        Outcome::Approve => Err(Refusal::from(Code::InvalidRequest).detail("An approval has no reasons.")),
        Outcome::Reject if request.reasons.is_empty() || note.chars().count() > MAX_NOTE_CHARS => {
            Err(Refusal::from(Code::ReasonRequired).field("reasons"))
        }
        Outcome::Reject => request
            .reasons
            .iter()
            .map(|given| concern_of(given, &note).map(|photo| ReasonNotice { code: given.code, photo, note: None }))
            .collect(),
    }
}

fn concern_of(given: &GivenReason, note: &str) -> Result<Concern, Refusal> {
    let allowed = given.code.may_concern();
    let needs_words = given.code == Reason::Other;
    let refuse = |field: &str| Refusal::from(Code::ReasonRequired).field(field);
    if needs_words && note.is_empty() {
        return Err(refuse("note_to_learner"));
    }
    match given.photo {
        Some(photo) if allowed.contains(&photo) => Ok(photo),
        None if !needs_words => allowed.first().copied().ok_or_else(|| refuse("reasons")),
        _ => Err(refuse("photo")),
    }
}

/// The note goes with `other`, or with the first reason.
fn with_note(mut reasons: Vec<ReasonNotice>, note: Option<&str>) -> Vec<ReasonNotice> {
    let at = reasons.iter().position(|reason| reason.code == Reason::Other).unwrap_or(0);
    if let Some(reason) = reasons.get_mut(at) {
        reason.note = note.map(mail::plain).filter(|note| !note.is_empty());
    }
    reasons
}

async fn write_decision(
    transaction: &mut Write,
    app: &App,
    reviewer: &str,
    id: &str,
    request: &DecisionRequest,
    reasons: &[ReasonNotice],
    (body_hash, status, now): (&Sha256Hex, Status, UnixMs),
) -> Result<(), Refusal> {
    let key = submission_key(transaction, app, id).await?;
    let seal = |place: &str, text: Option<&str>| {
        text.map(mail::plain).filter(|text| !text.is_empty()).map(|text| key.seal(place, text.as_bytes())).transpose()
    };
    sqlx::query(
        "INSERT INTO decisions (submission_id, reviewer, outcome, reasons_json, may_resubmit, note_sealed, internal_note_sealed, body_hash, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(reviewer)
    .bind(status.as_str())
    .bind(serde_json::to_string(reasons)?)
    .bind(i64::from(request.may_resubmit))
    .bind(seal("note", request.note_to_learner.as_deref())?)
    .bind(seal("internal_note", request.internal_note.as_deref())?)
    .bind(body_hash.as_str())
    .bind(column(now))
    .execute(&mut **transaction)
    .await?;
    let retention = &app.settings.retention;
    let days = if status == Status::Approved { retention.approved_media_days } else { retention.rejected_media_days };
    sqlx::query("UPDATE submissions SET outcome = $2, decided_at = $3, delete_media_at = $4 WHERE id = $1")
        .bind(id)
        .bind(status.as_str())
        .bind(column(now))
        .bind(column(now.plus(DAY * days)))
        .execute(&mut **transaction)
        .await?;
    sqlx::query("DELETE FROM claims WHERE submission_id = $1").bind(id).execute(&mut **transaction).await?;
    Ok(())
}
