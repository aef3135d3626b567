//! Taking one's data along, and leaving for good.
//!
//! Guarantees: only the owner, and for leaving only with a sign-in of the last ten minutes; leaving deletes at once everything that names or shows the owner;
//! what stays is listed in the answer and holds numbers and codes only. Where the guarantee ends: backups of the data folder, in which photos cannot be
//! opened any more because their keys are gone from the database only.

use crate::{
    accounts,
    app::{App, Shared},
    audit, consent,
    database::{Write, column, count, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal},
    keys, mail, media,
    profile::status,
    sessions,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use likeness_protocol::{
    Code, Problem,
    account::{
        AccountDeleted, Export, ExportedAddress, ExportedConsent, ExportedPhoto, ExportedSubmission, Kept, Role,
    },
    verification::ConsentReceipt,
};

const LEFT_OUT: &str = "Not in here: the photos themselves, which are sealed and opened for reviewers only, each look being recorded (ask your provider for copies); \
the record of how they were taken; notes reviewers wrote for each other; your password, of which only a hash exists.";

/// Everything the server knows about the account, to keep.
#[utoipa::path(get, path = "/v1/me/export", tag = "account", operation_id = "export",
    responses((status = 200, body = Export), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn export(State(app): State<Shared>, caller: Caller) -> Result<Response, Refusal> {
    let mut connection = app.database.read().acquire().await?;
    let profile = status::of(&mut connection, &app, &caller.account).await?;
    drop(connection);
    let addresses = addresses(&app, &caller.account).await?;
    let consents = consents(&app, &caller.account).await?;
    let submissions = submissions(&app, &caller.account).await?;
    let photos = photos(&app, &caller.account).await?;
    let sessions = sessions::of(&app, &caller).await?;
    let Json(account) = accounts::me(State(Shared::clone(&app)), caller).await?;
    let left_out = LEFT_OUT.to_owned();
    let export =
        Export { made_at: app.now(), account, addresses, sessions, consents, profile, submissions, photos, left_out };
    let as_file = HeaderValue::from_static("attachment; filename=\"likeness-export.json\"");
    Ok(([(header::CONTENT_DISPOSITION, as_file)], Json(export)).into_response())
}

#[derive(sqlx::FromRow)]
struct AddressRow {
    id: String,
    addr_sealed: Vec<u8>,
    is_primary: i64,
    verified_at: Option<i64>,
    former_until: Option<i64>,
}

async fn addresses(app: &App, account: &str) -> Result<Vec<ExportedAddress>, ServerError> {
    let rows: Vec<AddressRow> = sqlx::query_as(
        "SELECT id, addr_sealed, is_primary, verified_at, former_until FROM emails WHERE account_id = $1 ORDER BY is_primary DESC, id",
    )
    .bind(account)
    .fetch_all(app.database.read())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ExportedAddress {
                email: app.keys.open_text("emails", "addr", &row.id, &row.addr_sealed)?,
                primary: row.is_primary == 1,
                verified_at: row.verified_at.map(time),
                former_until: row.former_until.map(time),
            })
        })
        .collect()
}

async fn consents(app: &App, account: &str) -> Result<Vec<ExportedConsent>, ServerError> {
    let rows: Vec<(String, String, String, i64, Option<i64>)> = sqlx::query_as(
        "SELECT id, policy_version, text_hash, given_at, withdrawn_at FROM consents WHERE account_id = $1 ORDER BY given_at DESC, id",
    )
    .bind(account)
    .fetch_all(app.database.read())
    .await?;
    rows.into_iter()
        .map(|(id, policy_version, text_hash, given_at, withdrawn_at)| {
            let text_hash = text_hash.parse().map_err(|_| ServerError::Stored { what: "consent row" })?;
            let receipt = ConsentReceipt { id, policy_version, text_hash, given_at: time(given_at) };
            Ok(ExportedConsent { receipt, withdrawn_at: withdrawn_at.map(time) })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct SubmissionRow {
    id: String,
    reference: String,
    dek_wrapped: Vec<u8>,
    full_name_sealed: Vec<u8>,
    outcome: Option<String>,
    submitted_at: i64,
    decided_at: Option<i64>,
}

async fn submissions(app: &App, account: &str) -> Result<Vec<ExportedSubmission>, ServerError> {
    let rows: Vec<SubmissionRow> = sqlx::query_as(
        "SELECT id, reference, dek_wrapped, full_name_sealed, outcome, submitted_at, decided_at FROM submissions WHERE account_id = $1 ORDER BY n DESC",
    )
    .bind(account)
    .fetch_all(app.database.read())
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = app.keys.object_key(&format!("submissions|{}", row.id), &row.dek_wrapped)?;
            Ok(ExportedSubmission {
                reference: row.reference,
                full_name: keys::text(&key.open("full_name", &row.full_name_sealed, "a full name")?)?,
                submitted_at: time(row.submitted_at),
                outcome: row.outcome,
                decided_at: row.decided_at.map(time),
            })
        })
        .collect()
}

async fn photos(app: &App, account: &str) -> Result<Vec<ExportedPhoto>, ServerError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT kind, bytes, created_at FROM media WHERE account_id = $1 AND deleted_at IS NULL ORDER BY created_at DESC, id",
    )
    .bind(account)
    .fetch_all(app.database.read())
    .await?;
    rows.into_iter()
        .map(|(kind, bytes, created_at)| {
            let kind = kind.parse().map_err(|_| ServerError::Stored { what: "photo row" })?;
            Ok(ExportedPhoto { kind, bytes: count(bytes), received_at: time(created_at) })
        })
        .collect()
}

/// Deletes the account for good. Needs a sign-in of the last ten minutes.
#[utoipa::path(delete, path = "/v1/me", tag = "account", operation_id = "delete_account",
    responses((status = 200, body = AccountDeleted), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn delete(State(app): State<Shared>, caller: Caller) -> Result<Json<AccountDeleted>, Refusal> {
    let now = app.now();
    caller.require_recent_sign_in(now)?;
    if caller.role != Role::Learner {
        let detail = "Reviewers cannot delete their own account. Whoever runs the server can.";
        return Err(Refusal::from(Code::Forbidden).detail(detail));
    }
    let address = accounts::primary_email(&app, &caller.account).await?;
    let mut transaction = app.database.write().await?;
    let (items, objects) = consent::delete_everything(&mut transaction, &caller.account, column(now)).await?;
    forget_owner(&mut transaction, &caller.account, column(now)).await?;
    if let Some(address) = address {
        let nothing = mail::Variables::new();
        let template = mail::Template::AccountDeleted;
        mail::enqueue_to(&mut transaction, &app, &caller.account, &address, template, &nothing).await?;
    }
    let counts = serde_json::json!(items);
    audit::record(&mut transaction, now, &caller.account, "account-deleted", &caller.account, counts).await?;
    transaction.commit().await?;
    media::remove_objects(&app, &objects).await;
    app.profile_changed();
    app.mail_due.notify_one();
    Ok(Json(AccountDeleted { deleted_at: now, kept: vec![Kept::Consents, Kept::AuditTrail] }))
}

/// Deletes what names the owner or lets anybody in. A table that gets a column `account_id` gets its line here: a test looks through all of them.
async fn forget_owner(transaction: &mut Write, account: &str, now: i64) -> Result<(), ServerError> {
    let addresses: Vec<(String,)> = sqlx::query_as("SELECT addr_lookup FROM emails WHERE account_id = $1")
        .bind(account)
        .fetch_all(&mut **transaction)
        .await?;
    for (lookup,) in addresses {
        for statement in
            ["DELETE FROM attempts WHERE addr_lookup = $1", "DELETE FROM password_resets WHERE addr_lookup = $1"]
        {
            sqlx::query(statement).bind(&lookup).execute(&mut **transaction).await?;
        }
    }
    for statement in [
        "DELETE FROM access_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account_id = $1)",
        "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account_id = $1)",
        "DELETE FROM grants WHERE account_id = $1",
        "DELETE FROM auth_codes WHERE account_id = $1",
        "DELETE FROM console_sessions WHERE account_id = $1",
        "DELETE FROM console_links WHERE account_id = $1",
        "DELETE FROM password_resets WHERE account_id = $1",
        "DELETE FROM email_changes WHERE account_id = $1",
        "DELETE FROM mail_outbox WHERE account_id = $1",
        "DELETE FROM device_codes WHERE account_id = $1",
        "DELETE FROM identities WHERE account_id = $1",
        "DELETE FROM memberships WHERE account_id = $1",
        "DELETE FROM passwords WHERE account_id = $1",
        "DELETE FROM practice_accounts WHERE account_id = $1",
        "DELETE FROM emails WHERE account_id = $1",
    ] {
        sqlx::query(statement).bind(account).execute(&mut **transaction).await?;
    }
    for statement in [
        "UPDATE consents SET withdrawn_at = $2 WHERE account_id = $1 AND withdrawn_at IS NULL",
        "UPDATE accounts SET status = 'deleted', display_name_sealed = NULL, deleted_at = $2 WHERE id = $1",
    ] {
        sqlx::query(statement).bind(account).bind(now).execute(&mut **transaction).await?;
    }
    Ok(())
}
