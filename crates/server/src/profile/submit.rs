//! `POST /v1/verification-profile`: one submission, however often it is sent.
//!
//! Guarantees: the whole submission is one transaction under the writer's lock, so two equal requests cannot both make one: the second finds the stored
//! reply of the first. A refusal stores nothing; the same key may be tried again.

use super::{evidence, name, status};
use crate::{
    accounts,
    app::{App, Shared},
    audit, capture, consent,
    database::{Write, column},
    error::ServerError,
    http::{
        caller::Caller,
        refusal::Refusal,
        sent::{Sent, header_text},
    },
    mail::{self, Template},
    media::{self, MediaRow},
    tokens,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use likeness_protocol::{
    Code, Problem, Sha256Hex, UnixMs,
    verification::{PhotoKind, ProfileStatus, Receipt, Status, SubmitRequest},
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

const ROUTE: &str = "submit";
const DAY: Duration = Duration::from_hours(24);

/// Hands the profile in for review.
#[utoipa::path(post, path = "/v1/verification-profile", tag = "verification", request_body = SubmitRequest,
    params(("Idempotency-Key" = String, Header, description = "a UUID made once before the first try")),
    responses((status = 202, body = Receipt), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn submit(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    sent: Sent<SubmitRequest>,
) -> Result<(StatusCode, Json<Receipt>), Refusal> {
    let key = header_text(&headers, "idempotency-key")
        .and_then(|text| Uuid::try_parse(text).ok())
        .ok_or(Code::IdempotencyKeyRequired)?
        .to_string();
    let body_hash = Sha256Hex::of(&sent.bytes);
    let mut transaction = app.database.write().await?;
    if let Some(receipt) = stored_reply(&mut transaction, &app, &caller.account, &key, &body_hash).await? {
        return Ok((StatusCode::ACCEPTED, Json(receipt)));
    }
    let receipt = accept(&mut transaction, &app, &caller, &sent.value).await?;
    store_reply(&mut transaction, &app, &caller.account, &key, &body_hash, &receipt).await?;
    transaction.commit().await?;
    app.profile_changed();
    app.mail_due.notify_one();
    Ok((StatusCode::ACCEPTED, Json(receipt)))
}

async fn stored_reply(
    transaction: &mut Write,
    app: &App,
    account: &str,
    key: &str,
    body_hash: &Sha256Hex,
) -> Result<Option<Receipt>, Refusal> {
    let row: Option<(String, String, Vec<u8>)> =
        sqlx::query_as("SELECT route, body_hash, response_sealed FROM idempotency WHERE account_id = $1 AND key = $2")
            .bind(account)
            .bind(key)
            .fetch_optional(&mut **transaction)
            .await?;
    let Some((route, stored_hash, sealed)) = row else { return Ok(None) };
    if route != ROUTE || stored_hash != body_hash.as_str() {
        return Err(Code::IdempotencyKeyReused.into());
    }
    let json = app.keys.open("idempotency", "response", &format!("{account}|{key}"), &sealed)?;
    Ok(Some(serde_json::from_slice(&json)?))
}

async fn store_reply(
    transaction: &mut Write,
    app: &App,
    account: &str,
    key: &str,
    body_hash: &Sha256Hex,
    receipt: &Receipt,
) -> Result<(), Refusal> {
    let sealed =
        app.keys.seal("idempotency", "response", &format!("{account}|{key}"), &serde_json::to_vec(receipt)?)?;
    sqlx::query("INSERT INTO idempotency (account_id, key, route, body_hash, status, response_sealed, created_at) VALUES ($1, $2, $3, $4, 202, $5, $6)")
        .bind(account)
        .bind(key)
        .bind(ROUTE)
        .bind(body_hash.as_str())
        .bind(sealed)
        .bind(column(app.now()))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// All checks in their order, then everything that makes a submission.
async fn accept(
    transaction: &mut Write,
    app: &App,
    caller: &Caller,
    request: &SubmitRequest,
) -> Result<Receipt, Refusal> {
    let now = app.now();
    if !accounts::is_active(transaction, &caller.account).await? {
        return Err(Code::AccountDisabled.into());
    }
    refuse_by_status(&status::of(transaction, app, &caller.account).await?)?;
    refuse_too_many(transaction, app, &caller.account, now).await?;
    let session = capture::find(transaction, &caller.account, &request.capture_session).await?.ok_or(Code::NotFound)?;
    session.still_open(now)?;
    let full_name =
        name::usable(&request.full_name).ok_or_else(|| Refusal::from(Code::FullNameInvalid).field("full_name"))?;
    let consent = consent::current(transaction, &caller.account, &app.policy).await?.ok_or(Code::ConsentRequired)?;
    let known = evidence::Known {
        origin: &app.origin,
        account: &caller.account,
        session: &session,
        consent: &consent,
        policy_version: &app.policy.version,
        practice: app.settings.practice,
        rule: app.settings.virtual_cameras,
        token_jkt: &caller.jkt,
    };
    let claims = evidence::check(&request.manifest, &known)?;
    let uploads = uploaded(transaction, request, &session).await?;
    evidence::check_uploads(&claims, &uploads)?;
    let submission = Submission { id: tokens::identifier("sub")?, account: &caller.account, session: &session, now };
    refuse_seen(transaction, app, &uploads).await?;
    let reference = submission
        .insert(transaction, app, &full_name, &request.manifest, &evidence::for_reviewer(&claims, &known))
        .await?;
    submission.bind(transaction, app, &uploads, &claims.kept).await?;
    submission.tell(transaction, app, &reference).await?;
    let mut received = claims.kept;
    for capture in claims.captures {
        received.insert(capture.kind, capture.sha256);
    }
    Ok(Receipt { id: submission.id, reference, status: Status::InReview, received })
}

fn refuse_by_status(known: &ProfileStatus) -> Result<(), Refusal> {
    match known.status {
        Status::InReview => Err(Code::AlreadyInReview.into()),
        Status::Approved => Err(Code::AlreadyApproved.into()),
        Status::Rejected if !known.may_resubmit => Err(Code::ResubmissionClosed.into()),
        _ => Ok(()),
    }
}

async fn refuse_too_many(transaction: &mut Write, app: &App, account: &str, now: UnixMs) -> Result<(), Refusal> {
    let (made,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM submissions WHERE account_id = $1 AND submitted_at > $2")
            .bind(account)
            .bind(column(now.minus(DAY)))
            .fetch_one(&mut **transaction)
            .await?;
    if made >= i64::from(app.settings.limits.submissions_per_day) {
        return Err(Refusal::from(Code::RateLimited).retry_after(3_600));
    }
    Ok(())
}

/// The accepted uploads the request names; each must belong to this session and be asked for.
async fn uploaded(
    transaction: &mut Write,
    request: &SubmitRequest,
    session: &capture::SessionRow,
) -> Result<BTreeMap<PhotoKind, MediaRow>, Refusal> {
    let required = session.required()?;
    let mut found = BTreeMap::new();
    for kind in PhotoKind::ALL {
        match (request.uploads.of(kind), required.contains(&kind)) {
            (None, false) => {}
            (Some(_), false) => return Err(Refusal::from(Code::UploadUnexpected).field(kind.as_str())),
            (None, true) => return Err(Refusal::from(Code::UploadNotAccepted).field(kind.as_str())),
            (Some(upload), true) => {
                let fits: Option<(String,)> = sqlx::query_as("SELECT id FROM uploads WHERE id = $1 AND account_id = $2 AND capture_session = $3 AND kind = $4 AND state = 'accepted'")
                    .bind(upload)
                    .bind(&session.account_id)
                    .bind(&session.id)
                    .bind(kind.as_str())
                    .fetch_optional(&mut **transaction)
                    .await?;
                let media = match fits {
                    Some(_) => media::of_upload(transaction, upload).await?,
                    None => None,
                };
                found.insert(kind, media.ok_or_else(|| Refusal::from(Code::UploadNotAccepted).field(kind.as_str()))?);
            }
        }
    }
    Ok(found)
}

/// Exact bytes that were part of any submission before are refused: a new photo is never the same bytes.
async fn refuse_seen(
    transaction: &mut Write,
    app: &App,
    uploads: &BTreeMap<PhotoKind, MediaRow>,
) -> Result<(), Refusal> {
    for (kind, upload) in uploads {
        let seen: Option<(String,)> = sqlx::query_as("SELECT submission_id FROM photo_fingerprints WHERE hmac = $1")
            .bind(app.keys.fingerprint(&upload.sha256_uploaded))
            .fetch_optional(&mut **transaction)
            .await?;
        if seen.is_some() {
            return Err(Refusal::from(Code::PhotoAlreadyUsed).field(kind.as_str()));
        }
    }
    Ok(())
}

struct Submission<'a> {
    id: String,
    account: &'a str,
    session: &'a capture::SessionRow,
    now: UnixMs,
}

impl Submission<'_> {
    async fn insert(
        &self,
        transaction: &mut Write,
        app: &App,
        full_name: &str,
        manifest: &str,
        evidence: &likeness_protocol::review::Evidence,
    ) -> Result<String, Refusal> {
        let (key, wrapped) = app.keys.new_object_key(&format!("submissions|{}", self.id))?;
        let reference = tokens::reference()?;
        let (earlier,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM submissions WHERE account_id = $1")
            .bind(self.account)
            .fetch_one(&mut **transaction)
            .await?;
        sqlx::query(
            "INSERT INTO submissions (id, account_id, n, reference, capture_session, id_layout, dek_wrapped, full_name_sealed, manifest_sealed, evidence_sealed, submitted_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&self.id)
        .bind(self.account)
        .bind(earlier + 1)
        .bind(&reference)
        .bind(&self.session.id)
        .bind(&self.session.id_layout)
        .bind(wrapped)
        .bind(key.seal("full_name", full_name.as_bytes())?)
        .bind(key.seal("manifest", manifest.as_bytes())?)
        .bind(key.seal("evidence", &serde_json::to_vec(evidence)?)?)
        .bind(column(self.now))
        .execute(&mut **transaction)
        .await?;
        Ok(reference)
    }

    /// Makes the photos this submission's: new ones from their uploads, kept ones from the submission it repairs.
    async fn bind(
        &self,
        transaction: &mut Write,
        app: &App,
        uploads: &BTreeMap<PhotoKind, MediaRow>,
        kept: &BTreeMap<PhotoKind, Sha256Hex>,
    ) -> Result<(), Refusal> {
        for upload in uploads.values() {
            sqlx::query("UPDATE media SET submission_id = $2 WHERE id = $1")
                .bind(&upload.id)
                .bind(&self.id)
                .execute(&mut **transaction)
                .await?;
            sqlx::query("INSERT INTO photo_fingerprints (hmac, account_id, submission_id) VALUES ($1, $2, $3)")
                .bind(app.keys.fingerprint(&upload.sha256_uploaded))
                .bind(self.account)
                .bind(&self.id)
                .execute(&mut **transaction)
                .await?;
        }
        for (kind, hash) in kept {
            let moved = sqlx::query("UPDATE media SET submission_id = $4 WHERE submission_id = $1 AND kind = $2 AND sha256_uploaded = $3 AND deleted_at IS NULL")
                .bind(self.session.continues.as_deref())
                .bind(kind.as_str())
                .bind(hash.as_str())
                .bind(&self.id)
                .execute(&mut **transaction)
                .await?;
            if moved.rows_affected() != 1 {
                // Deleted since the session was opened: both photos are needed now.
                return Err(Code::ManifestIncomplete.into());
            }
        }
        sqlx::query("UPDATE uploads SET state = 'bound' WHERE capture_session = $1 AND state = 'accepted'")
            .bind(&self.session.id)
            .execute(&mut **transaction)
            .await?;
        sqlx::query("UPDATE capture_sessions SET state = 'used' WHERE id = $1")
            .bind(&self.session.id)
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }

    /// Status, mail and audit row.
    async fn tell(&self, transaction: &mut Write, app: &App, reference: &str) -> Result<(), Refusal> {
        set_status(transaction, self.account, Status::InReview, &self.id, self.now).await?;
        let variables = mail::Variables { reference: Some(reference.to_owned()), ..mail::Variables::new() };
        mail::enqueue(transaction, app, self.account, Template::Received, &variables).await?;
        audit::record(
            transaction,
            self.now,
            self.account,
            "submitted",
            &self.id,
            serde_json::json!({"session": self.session.id}),
        )
        .await?;
        Ok(())
    }
}

/// Moves the profile to a new status.
pub async fn set_status(
    transaction: &mut Write,
    account: &str,
    status: Status,
    submission: &str,
    now: UnixMs,
) -> Result<(), ServerError> {
    sqlx::query(
        "INSERT INTO profiles (account_id, status, submission_id, updated_at, version) VALUES ($1, $2, $3, $4, 1) \
         ON CONFLICT (account_id) DO UPDATE SET status = $2, submission_id = $3, updated_at = $4, version = profiles.version + 1",
    )
    .bind(account)
    .bind(status.as_str())
    .bind(submission)
    .bind(column(now))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
