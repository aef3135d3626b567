//! Capture sessions: opened before a photo is taken, with a nonce that the manifest must repeat.
//!
//! The server decides which photos are required; after a rejection only those that failed, and both once the kept one is deleted.

use crate::{
    app::{App, Shared},
    audit, consent,
    database::{Connection, Write, column, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal, sent::Sent},
    profile, tokens, uploads,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::{
    Code, Problem, Sha256Hex, UnixMs,
    verification::{
        CaptureSession, CaptureSessionRequest, CaptureSessionState, IdLayout, OpenedCaptureSession, PhotoKind, Reason,
        Status,
    },
};
use std::{collections::BTreeMap, time::Duration};

const HOUR: Duration = Duration::from_hours(1);

/// One row of `capture_sessions`.
#[derive(sqlx::FromRow)]
pub struct SessionRow {
    pub id: String,
    pub account_id: String,
    pub consent_id: String,
    pub jkt: String,
    pub public_key_json: String,
    pub nonce_hash: String,
    pub id_layout: String,
    pub required_json: String,
    pub kept_json: String,
    pub continues: Option<String>,
    pub started_at: i64,
    pub capture_by: i64,
    pub upload_by: i64,
    pub state: String,
}

impl SessionRow {
    /// Photos to take in this session.
    pub fn required(&self) -> Result<Vec<PhotoKind>, ServerError> {
        serde_json::from_str(&self.required_json).map_err(|_| ServerError::Stored { what: "required photos" })
    }

    /// Photos that stay from the continued submission.
    pub fn kept(&self) -> Result<BTreeMap<PhotoKind, Sha256Hex>, ServerError> {
        serde_json::from_str(&self.kept_json).map_err(|_| ServerError::Stored { what: "kept photos" })
    }

    /// How the ID is laid out.
    pub fn layout(&self) -> IdLayout {
        layout(&self.id_layout)
    }

    /// Refuses a session that takes nothing more.
    pub fn still_open(&self, now: UnixMs) -> Result<(), Refusal> {
        match self.state.as_str() {
            "open" if time(self.upload_by) > now => Ok(()),
            "open" => Err(Code::CaptureSessionExpired.into()),
            _ => Err(Code::CaptureSessionUsed.into()),
        }
    }

    fn shown(&self, app: &App) -> Result<CaptureSession, ServerError> {
        let state = match self.state.as_str() {
            "open" if time(self.upload_by) > app.now() => CaptureSessionState::Open,
            "open" => CaptureSessionState::Expired,
            "used" => CaptureSessionState::Used,
            _ => CaptureSessionState::Abandoned,
        };
        Ok(CaptureSession {
            id: self.id.clone(),
            state,
            id_layout: self.layout(),
            started_at: time(self.started_at),
            capture_by: time(self.capture_by),
            upload_by: time(self.upload_by),
            required: self.required()?,
            kept: self.kept()?,
            continues: self.continues.clone(),
            limits: app.settings.limits.photo,
        })
    }
}

/// The layout a column names.
pub fn layout(column: &str) -> IdLayout {
    if column == IdLayout::TwoSides.as_str() { IdLayout::TwoSides } else { IdLayout::OneSide }
}

/// Finds a session of this account.
pub async fn find(connection: &mut Connection, account: &str, id: &str) -> Result<Option<SessionRow>, ServerError> {
    let row = sqlx::query_as(
        "SELECT id, account_id, consent_id, jkt, public_key_json, nonce_hash, id_layout, required_json, kept_json, continues, started_at, capture_by, upload_by, state \
         FROM capture_sessions WHERE id = $1 AND account_id = $2",
    )
    .bind(id)
    .bind(account)
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row)
}

/// Opens a session; the nonce is told once.
#[utoipa::path(post, path = "/v1/capture-sessions", tag = "verification", request_body = CaptureSessionRequest,
    responses((status = 201, body = OpenedCaptureSession), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn open(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<CaptureSessionRequest>,
) -> Result<(StatusCode, Json<OpenedCaptureSession>), Refusal> {
    let request = sent.value;
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let given = consent::current(&mut transaction, &caller.account, &app.policy).await?.ok_or(Code::ConsentRequired)?;
    refuse_too_many(&mut transaction, &app, &caller.account, now).await?;
    let wanted = wanted_photos(&mut transaction, &app, &caller.account, &request).await?;
    let nonce = BASE64URL.encode(tokens::random::<32>()?);
    let limits = app.settings.limits;
    let row = SessionRow {
        id: tokens::identifier("cs")?,
        account_id: caller.account.clone(),
        consent_id: given.id,
        jkt: caller.jkt.clone(),
        public_key_json: serde_json::to_string(&caller.key.to_jwk())?,
        nonce_hash: tokens::hash(&nonce),
        id_layout: request.id_layout.as_str().to_owned(),
        required_json: serde_json::to_string(&wanted.required)?,
        kept_json: serde_json::to_string(&wanted.kept)?,
        continues: wanted.continues,
        started_at: column(now),
        capture_by: column(now.plus(limits.capture)),
        upload_by: column(now.plus(limits.upload)),
        state: "open".to_owned(),
    };
    insert(&mut transaction, &row, &serde_json::to_string(&request.device)?).await?;
    audit::record(
        &mut transaction,
        now,
        &caller.account,
        "capture-session-opened",
        &row.id,
        serde_json::json!({"required": wanted.required}),
    )
    .await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(OpenedCaptureSession { session: row.shown(&app)?, nonce })))
}

async fn insert(transaction: &mut Write, row: &SessionRow, device_json: &str) -> Result<(), ServerError> {
    sqlx::query(
        "INSERT INTO capture_sessions (id, account_id, consent_id, jkt, public_key_json, nonce_hash, id_layout, required_json, kept_json, continues, device_json, started_at, capture_by, upload_by, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(&row.id)
    .bind(&row.account_id)
    .bind(&row.consent_id)
    .bind(&row.jkt)
    .bind(&row.public_key_json)
    .bind(&row.nonce_hash)
    .bind(&row.id_layout)
    .bind(&row.required_json)
    .bind(&row.kept_json)
    .bind(&row.continues)
    .bind(device_json)
    .bind(row.started_at)
    .bind(row.capture_by)
    .bind(row.upload_by)
    .bind(&row.state)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn refuse_too_many(transaction: &mut Write, app: &App, account: &str, now: UnixMs) -> Result<(), Refusal> {
    let (opened,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM capture_sessions WHERE account_id = $1 AND started_at > $2")
            .bind(account)
            .bind(column(now.minus(HOUR)))
            .fetch_one(&mut **transaction)
            .await?;
    if opened >= i64::from(app.settings.limits.sessions_per_hour) {
        return Err(Refusal::from(Code::RateLimited).retry_after(600));
    }
    Ok(())
}

struct Wanted {
    required: Vec<PhotoKind>,
    kept: BTreeMap<PhotoKind, Sha256Hex>,
    continues: Option<String>,
}

/// Which photos the profile needs now.
async fn wanted_photos(
    transaction: &mut Write,
    app: &App,
    account: &str,
    request: &CaptureSessionRequest,
) -> Result<Wanted, Refusal> {
    let everything = Wanted { required: PhotoKind::ALL.to_vec(), kept: BTreeMap::new(), continues: None };
    let known = profile::status::of(transaction, app, account).await?;
    match (known.status, &request.continues) {
        (Status::InReview, _) => return Err(Code::AlreadyInReview.into()),
        (Status::Approved, _) => return Err(Code::AlreadyApproved.into()),
        (Status::Rejected, _) if !known.may_resubmit => return Err(Code::ResubmissionClosed.into()),
        (Status::Rejected, Some(continues)) if known.submission.as_ref() == Some(continues) => {}
        (_, Some(_)) => return Err(Code::NotFound.into()),
        (_, None) => return Ok(everything),
    }
    let Some(submission) = known.submission else { return Ok(everything) };
    let name_only = request.correct_name_only && known.reasons.iter().all(|reason| reason.code == Reason::NameMismatch);
    let mut required = if name_only { Vec::new() } else { known.retake };
    let mut kept = crate::media::hashes_of(transaction, &submission).await?;
    // Another layout means other pictures; a deleted photo cannot be kept.
    let same_layout = known.id_layout == Some(request.id_layout);
    if !same_layout || PhotoKind::ALL.iter().any(|kind| !required.contains(kind) && !kept.contains_key(kind)) {
        required = PhotoKind::ALL.to_vec();
    }
    kept.retain(|kind, _| !required.contains(kind));
    required.sort_unstable();
    Ok(Wanted { required, kept, continues: Some(submission) })
}

/// Shows a session, without its nonce.
#[utoipa::path(get, path = "/v1/capture-sessions/{id}", tag = "verification", params(("id" = String, Path)),
    responses((status = 200, body = CaptureSession), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CaptureSession>, Refusal> {
    let mut connection = app.database.read().acquire().await?;
    let row = find(&mut connection, &caller.account, &id).await?.ok_or(Code::NotFound)?;
    Ok(Json(row.shown(&app)?))
}

/// Gives a session up; photos already sent for it are deleted.
#[utoipa::path(delete, path = "/v1/capture-sessions/{id}", tag = "verification", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn abandon(State(app): State<Shared>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row = find(&mut transaction, &caller.account, &id).await?.ok_or(Code::NotFound)?;
    let mut objects = Vec::new();
    if row.state == "open" {
        objects = uploads::abort_session(&mut transaction, &row.id, column(now)).await?;
        sqlx::query("UPDATE capture_sessions SET state = 'abandoned' WHERE id = $1")
            .bind(&row.id)
            .execute(&mut *transaction)
            .await?;
        audit::record(
            &mut transaction,
            now,
            &caller.account,
            "capture-session-abandoned",
            &row.id,
            serde_json::json!({}),
        )
        .await?;
        transaction.commit().await?;
    }
    crate::media::remove_objects(&app, &objects).await;
    Ok(StatusCode::NO_CONTENT)
}
