//! Consent: given before a camera is opened, recorded with the exact words that were shown, withdrawn together with everything it allowed.

use crate::{
    app::Shared,
    audit,
    database::{Write, column},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal, sent::Sent},
    mail::{self, Template},
    media, tokens,
};
use axum::{Json, extract::State, http::StatusCode};
use likeness_protocol::{
    Code, Problem,
    verification::{ConsentReceipt, ConsentRequest, DeletionReceipt, Policy},
};
use std::collections::BTreeMap;

/// The consent of an account to the policy in force.
pub struct Consent {
    /// `con_…`.
    pub id: String,
    /// Hash of the text that was shown.
    pub text_hash: String,
}

/// Records a consent to the policy in force.
#[utoipa::path(post, path = "/v1/consents", tag = "verification", request_body = ConsentRequest,
    responses((status = 201, body = ConsentReceipt), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn give(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<ConsentRequest>,
) -> Result<(StatusCode, Json<ConsentReceipt>), Refusal> {
    let request = sent.value;
    let shown = app.policy.texts.get(&request.locale);
    if request.policy_version != app.policy.version || shown.is_none_or(|text| text.sha256 != request.text_hash) {
        return Err(Code::ConsentStale.into());
    }
    let id = tokens::identifier("con")?;
    let now = app.now();
    let mut transaction = app.database.write().await?;
    sqlx::query("INSERT INTO consents (id, account_id, policy_version, text_hash, locale, given_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&id)
        .bind(&caller.account)
        .bind(&request.policy_version)
        .bind(request.text_hash.as_str())
        .bind(&request.locale)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    audit::record(
        &mut transaction,
        now,
        &caller.account,
        "consent-given",
        &id,
        serde_json::json!({"policy": request.policy_version}),
    )
    .await?;
    transaction.commit().await?;
    Ok((
        StatusCode::CREATED,
        Json(ConsentReceipt {
            id,
            policy_version: request.policy_version,
            text_hash: request.text_hash,
            given_at: now,
        }),
    ))
}

/// Withdraws consent: deletes photos, submissions and status at once.
#[utoipa::path(delete, path = "/v1/consents/current", tag = "verification",
    responses((status = 200, body = DeletionReceipt), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn withdraw(State(app): State<Shared>, caller: Caller) -> Result<Json<DeletionReceipt>, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let (items, objects) = delete_everything(&mut transaction, &caller.account, column(now)).await?;
    sqlx::query("UPDATE consents SET withdrawn_at = $2 WHERE account_id = $1 AND withdrawn_at IS NULL")
        .bind(&caller.account)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    if items.values().any(|count| *count > 0) {
        mail::enqueue(&mut transaction, &app, &caller.account, Template::Deleted, &mail::Variables::new()).await?;
    }
    audit::record(
        &mut transaction,
        now,
        &caller.account,
        "consent-withdrawn",
        &caller.account,
        serde_json::json!(items),
    )
    .await?;
    transaction.commit().await?;
    // The keys are gone with the commit; what is left on disk cannot be opened, so that a failure here loses nothing but space.
    media::remove_objects(&app, &objects).await;
    app.profile_changed();
    app.mail_due.notify_one();
    Ok(Json(DeletionReceipt { deleted_at: now, items }))
}

/// Deletes what an account has sent; gives the counts and the objects to remove after the commit.
pub async fn delete_everything(
    transaction: &mut Write,
    account: &str,
    now: i64,
) -> Result<(BTreeMap<String, u64>, Vec<String>), ServerError> {
    let mut objects = media::forget_account(transaction, account, now).await?;
    let photos = u64::try_from(objects.len()).unwrap_or(0);
    objects.extend(crate::uploads::forget_account(transaction, account).await?);
    let statements = [
        ("reviews", "DELETE FROM decisions WHERE submission_id IN (SELECT id FROM submissions WHERE account_id = $1)"),
        ("reviews", "DELETE FROM claims WHERE submission_id IN (SELECT id FROM submissions WHERE account_id = $1)"),
        (
            "reviews",
            "DELETE FROM media_access WHERE submission_id IN (SELECT id FROM submissions WHERE account_id = $1)",
        ),
        ("fingerprints", "DELETE FROM photo_fingerprints WHERE account_id = $1"),
        ("media", "DELETE FROM media WHERE account_id = $1"),
        ("status", "DELETE FROM profiles WHERE account_id = $1"),
        ("submissions", "DELETE FROM submissions WHERE account_id = $1"),
        ("uploads", "DELETE FROM uploads WHERE account_id = $1"),
        ("capture_sessions", "DELETE FROM capture_sessions WHERE account_id = $1"),
        ("answers", "DELETE FROM idempotency WHERE account_id = $1"),
        ("mails", "DELETE FROM mail_outbox WHERE account_id = $1 AND template IN ('received', 'approved', 'rejected')"),
    ];
    let mut items = BTreeMap::from([("photos".to_owned(), photos)]);
    for (what, statement) in statements {
        let done = sqlx::query(statement).bind(account).execute(&mut **transaction).await?;
        if matches!(what, "submissions" | "uploads" | "capture_sessions") {
            items.insert(what.to_owned(), done.rows_affected());
        }
    }
    Ok((items, objects))
}

/// The newest consent to the policy in force, unless it was withdrawn.
pub async fn current(transaction: &mut Write, account: &str, policy: &Policy) -> Result<Option<Consent>, ServerError> {
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT id, text_hash FROM consents WHERE account_id = $1 AND policy_version = $2 AND withdrawn_at IS NULL ORDER BY given_at DESC, id DESC LIMIT 1",
    )
    .bind(account)
    .bind(&policy.version)
    .fetch_optional(&mut **transaction)
    .await?;
    let in_force = |hash: &str| policy.texts.values().any(|text| text.sha256.as_str() == hash);
    Ok(row.filter(|(_, hash)| in_force(hash)).map(|(id, text_hash)| Consent { id, text_hash }))
}
