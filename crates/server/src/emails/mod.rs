//! Another e-mail address: asked for while signed in, proven with a code from the new mailbox, undone from the old one.
//!
//! Guarantees: who asks learns nothing about whether the new address has an account, only its own mailbox does; a code is good for half an hour, five tries
//! and one use; the old mailbox is told at once and can stop the change, or undo it for three days, which ends every sign-in; a replaced address is nobody
//! else's for thirty days; where an organisation decides about its people's addresses, they change none, and undoing is always possible. Ways to sign in that do not hang on the address are not touched.

pub mod page;

use crate::{
    accounts,
    app::{App, Shared},
    audit,
    database::{Write, column, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal, sent::Sent},
    identity::organisation,
    mail::{self, Template},
    oauth::challenge::{count_for_network, refuse_crowded_network},
    passwords::Stranger,
    sessions, tokens,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use likeness_protocol::{
    Code, Problem, Secret, UnixMs,
    account::{EmailChangeConfirm, EmailChangeRequest, EmailChangeRevert, EmailChangeStarted},
    text::masked,
};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq;

/// Life of a code.
const CODE_LIFE: Duration = Duration::from_mins(30);
/// Wrong tries that end a code.
const TRIES: i64 = 5;
const CODE_DIGITS: usize = 6;
/// Changes one account may ask for within an hour.
const ASKED_PER_HOUR: i64 = 5;
/// Mails to one new address within an hour, whoever asks.
const MAILS_PER_HOUR: i64 = 3;
/// How long the old mailbox can undo a change.
const UNDO_WITHIN: Duration = Duration::from_hours(72);
/// How long a replaced address stays the account's.
const FORMER_LIFE: Duration = Duration::from_hours(30 * 24);
/// Prefix of the tokens in the mails to the old address.
const REVERT: &str = "lk_ev_";

/// Asks to use another address. Needs a sign-in of the last ten minutes. Always 202 for an address that can be written to.
#[utoipa::path(post, path = "/v1/me/email-changes", tag = "account", request_body = EmailChangeRequest, operation_id = "ask_email_change",
    responses((status = 202, body = EmailChangeStarted), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<EmailChangeRequest>,
) -> Result<(StatusCode, Json<EmailChangeStarted>), Refusal> {
    let now = app.now();
    refuse_where_managed(&app, &caller.account).await?;
    caller.require_recent_sign_in(now)?;
    let new = accounts::normalised(&sent.value.new_email);
    let old = accounts::primary_email(&app, &caller.account).await?.ok_or(Code::ServerFault)?;
    if !accounts::is_address(&new) {
        return Err(Refusal::from(Code::EmailInvalid).field("new_email"));
    }
    if new == old {
        let detail = "This is the address you use already. Type another one.";
        return Err(Refusal::from(Code::EmailInvalid).field("new_email").detail(detail));
    }
    let id = tokens::identifier("emc")?;
    let expires_at = now.plus(CODE_LIFE);
    let mut transaction = app.database.write().await?;
    refuse_too_many(&mut transaction, now, &caller.account).await?;
    let mails = mails_to(&mut transaction, now, &app.keys.lookup(&new)).await?;
    // One at a time, so that tries do not add up.
    sqlx::query("UPDATE email_changes SET state = 'cancelled' WHERE account_id = $1 AND state = 'pending'")
        .bind(&caller.account)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO email_changes (id, account_id, new_sealed, new_lookup, tries, state, revert_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, 0, 'pending', $5, $6, $7)",
    )
    .bind(&id)
    .bind(&caller.account)
    .bind(app.keys.seal("email_changes", "new", &id, new.as_bytes())?)
    .bind(app.keys.lookup(&new))
    .bind(tokens::hash(revert_token(&app, &id).expose()))
    .bind(column(now))
    .bind(column(expires_at))
    .execute(&mut *transaction)
    .await?;
    tell_old(&mut transaction, &app, &id, &caller.account, &old, &new, Template::EmailAsked).await?;
    let nothing = serde_json::json!({});
    audit::record(&mut transaction, now, &caller.account, "email-change-asked", &id, nothing).await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    if mails < MAILS_PER_HOUR {
        let (app, id, account) = (Arc::clone(&app), id.clone(), caller.account);
        tokio::spawn(async move {
            if let Err(error) = write_to_new(&app, &id, &account, &new).await {
                tracing::error!(code = "email-code-not-written", %error);
            }
        });
    }
    Ok((StatusCode::ACCEPTED, Json(EmailChangeStarted { id, expires_at })))
}

async fn refuse_where_managed(app: &App, account: &str) -> Result<(), Refusal> {
    let Some(name) = organisation::managing_email(app, account).await? else { return Ok(()) };
    let detail = format!("{name} manages the e-mail address of your account. Its support can change it.");
    Err(Refusal::from(Code::EmailManagedByOrganisation).detail(detail).org(&name))
}

async fn refuse_too_many(transaction: &mut Write, now: UnixMs, account: &str) -> Result<(), Refusal> {
    let (asked,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM email_changes WHERE account_id = $1 AND created_at > $2 - 3600000")
            .bind(account)
            .bind(column(now))
            .fetch_one(&mut **transaction)
            .await?;
    if asked < ASKED_PER_HOUR { Ok(()) } else { Err(Refusal::from(Code::RateLimited).retry_after(3_600)) }
}

async fn mails_to(transaction: &mut Write, now: UnixMs, new_lookup: &str) -> Result<i64, ServerError> {
    let (mails,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM email_changes WHERE new_lookup = $1 AND created_at > $2 - 3600000")
            .bind(new_lookup)
            .bind(column(now))
            .fetch_one(&mut **transaction)
            .await?;
    Ok(mails)
}

/// Made from the server's key, so that both mails to the old address can carry it and the database need not.
fn revert_token(app: &App, id: &str) -> Secret {
    Secret::new(format!("{REVERT}{}", app.keys.lookup(&format!("email_changes|revert|{id}"))))
}

/// Keyed, for six digits are found in no time from an ordinary hash.
fn code_hash(app: &App, id: &str, digits: &str) -> String {
    app.keys.lookup(&format!("email_changes|{id}|{digits}"))
}

async fn tell_old(
    transaction: &mut Write,
    app: &App,
    id: &str,
    account: &str,
    old: &str,
    new: &str,
    template: Template,
) -> Result<(), ServerError> {
    let variables = mail::Variables {
        link: Some(page::link(app, &revert_token(app, id))),
        address: Some(masked(new)),
        ..mail::Variables::new()
    };
    mail::enqueue_to(transaction, app, account, old, template, &variables).await
}

/// What differs between an address with an account and one without; runs after the answer has left.
async fn write_to_new(app: &App, id: &str, account: &str, new: &str) -> Result<(), ServerError> {
    let mut transaction = app.database.write().await?;
    let owner: Option<(String,)> = sqlx::query_as(
        "SELECT account_id FROM emails WHERE addr_lookup = $1 AND verified_at IS NOT NULL AND account_id <> $2",
    )
    .bind(app.keys.lookup(new))
    .bind(account)
    .fetch_optional(&mut *transaction)
    .await?;
    if let Some((owner,)) = owner {
        let nothing = mail::Variables::new();
        mail::enqueue_to(&mut transaction, app, &owner, new, Template::EmailTaken, &nothing).await?;
    } else {
        let digits = tokens::digits(CODE_DIGITS)?;
        sqlx::query("UPDATE email_changes SET code_hash = $2 WHERE id = $1")
            .bind(id)
            .bind(code_hash(app, id, &digits))
            .execute(&mut *transaction)
            .await?;
        let (left, right) = digits.split_at_checked(3).unwrap_or_default();
        let variables = mail::Variables { code: Some(format!("{left} {right}")), ..mail::Variables::new() };
        mail::enqueue_to(&mut transaction, app, account, new, Template::EmailCode, &variables).await?;
    }
    transaction.commit().await?;
    app.mail_due.notify_one();
    Ok(())
}

/// Drops a change that was asked for.
#[utoipa::path(delete, path = "/v1/me/email-changes/{id}", tag = "account", params(("id" = String, Path)), operation_id = "cancel_email_change",
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn cancel(State(app): State<Shared>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let mut transaction = app.database.write().await?;
    let done = sqlx::query(
        "UPDATE email_changes SET state = 'cancelled' WHERE id = $1 AND account_id = $2 AND state = 'pending'",
    )
    .bind(&id)
    .bind(&caller.account)
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Code::NotFound.into());
    }
    let nothing = serde_json::json!({});
    audit::record(&mut transaction, app.now(), &caller.account, "email-change-cancelled", &id, nothing).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Uses the new address from now on, with the code from its mailbox; every other sign-in ends.
#[utoipa::path(post, path = "/v1/me/email-changes/{id}/confirm", tag = "account", params(("id" = String, Path)), request_body = EmailChangeConfirm, operation_id = "confirm_email_change",
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn confirm(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    sent: Sent<EmailChangeConfirm>,
) -> Result<StatusCode, Refusal> {
    let now = app.now();
    // Once more: somebody may have joined the organisation since the code was sent.
    refuse_where_managed(&app, &caller.account).await?;
    let old = accounts::primary_email(&app, &caller.account).await?.ok_or(Code::ServerFault)?;
    let mut transaction = app.database.write().await?;
    let row: Option<(Vec<u8>, Option<String>, i64, i64)> = sqlx::query_as(
        "SELECT new_sealed, code_hash, tries, expires_at FROM email_changes WHERE id = $1 AND account_id = $2 AND state = 'pending'",
    )
    .bind(&id)
    .bind(&caller.account)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((new, hash, tries, _)) = row.filter(|(_, _, tries, expires_at)| *tries < TRIES && time(*expires_at) > now)
    else {
        return Err(Code::CodeExpired.into());
    };
    let digits: String = sent.value.code.expose().chars().filter(char::is_ascii_digit).collect();
    let given = code_hash(&app, &id, &digits);
    if !hash.is_some_and(|hash| hash.as_bytes().ct_eq(given.as_bytes()).into()) {
        sqlx::query("UPDATE email_changes SET tries = tries + 1 WHERE id = $1")
            .bind(&id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        return Err(code_wrong(TRIES - tries - 1));
    }
    let new = app.keys.open_text("email_changes", "new", &id, &new)?;
    let old_id = swap(&mut transaction, &app, now, &caller.account, &new).await?;
    sqlx::query("UPDATE email_changes SET state = 'confirmed', confirmed_at = $2, old_email_id = $3 WHERE id = $1")
        .bind(&id)
        .bind(column(now))
        .bind(old_id)
        .execute(&mut *transaction)
        .await?;
    sessions::close_doors(&mut transaction, now, &caller.account, Some(&caller.grant), "email-changed").await?;
    tell_old(&mut transaction, &app, &id, &caller.account, &old, &new, Template::EmailChanged).await?;
    let nothing = serde_json::json!({});
    audit::record(&mut transaction, now, &caller.account, "email-changed", &id, nothing).await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

/// The answer to a wrong code, with the tries that are left.
fn code_wrong(left: i64) -> Refusal {
    match left {
        0 => Code::CodeExpired.into(),
        1 => Refusal::from(Code::CodeWrong).field("code").detail("That code is not right. One try is left."),
        left => Refusal::from(Code::CodeWrong)
            .field("code")
            .detail(format!("That code is not right. {left} tries are left.")),
    }
}

/// Makes a proven address the primary one; gives the row of the one before.
async fn swap(
    transaction: &mut Write,
    app: &App,
    now: UnixMs,
    account: &str,
    new: &str,
) -> Result<Option<String>, Refusal> {
    let lookup = app.keys.lookup(new);
    // Who only claimed the address, and never proved it, has to give way to who did.
    sqlx::query("DELETE FROM emails WHERE addr_lookup = $1 AND verified_at IS NULL AND account_id <> $2")
        .bind(&lookup)
        .bind(account)
        .execute(&mut **transaction)
        .await?;
    let old: Option<(String,)> = sqlx::query_as(
        "UPDATE emails SET is_primary = 0, former_until = $2 WHERE account_id = $1 AND is_primary = 1 RETURNING id",
    )
    .bind(account)
    .bind(column(now.plus(FORMER_LIFE)))
    .fetch_optional(&mut **transaction)
    .await?;
    let row = tokens::identifier("em")?;
    let taken = sqlx::query(
        "INSERT INTO emails (id, account_id, addr_sealed, addr_lookup, is_primary, verified_at) VALUES ($1, $2, $3, $4, 1, $5) \
         ON CONFLICT (addr_lookup) DO UPDATE SET is_primary = 1, verified_at = $5, former_until = NULL WHERE emails.account_id = $2",
    )
    .bind(&row)
    .bind(account)
    .bind(app.keys.seal("emails", "addr", &row, new.as_bytes())?)
    .bind(lookup)
    .bind(column(now))
    .execute(&mut **transaction)
    .await?;
    // Somebody else has proved the address since the code was written.
    if taken.rows_affected() == 0 { Err(Code::CodeExpired.into()) } else { Ok(old.map(|(id,)| id)) }
}

/// Stops or undoes a change, with the token from the mail to the old address.
#[utoipa::path(post, path = "/v1/email-changes/revert", tag = "account", request_body = EmailChangeRevert, operation_id = "revert_email_change",
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn revert(
    State(app): State<Shared>,
    stranger: Stranger,
    sent: Sent<EmailChangeRevert>,
) -> Result<StatusCode, Refusal> {
    undo(&app, &stranger, &sent.value.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// The new address was never used.
    Stopped,
    /// The old address is used again, and everybody was signed out.
    Reverted,
}

#[derive(sqlx::FromRow)]
struct Change {
    id: String,
    account_id: String,
    state: String,
    old_email_id: Option<String>,
    confirmed_at: Option<i64>,
}

async fn undo(app: &App, stranger: &Stranger, token: &Secret) -> Result<Undone, Refusal> {
    refuse_crowded_network(app, stranger.from)?;
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row: Option<Change> = sqlx::query_as(
        "SELECT c.id, c.account_id, c.state, c.old_email_id, c.confirmed_at FROM email_changes c JOIN accounts a ON a.id = c.account_id \
         WHERE c.revert_hash = $1 AND a.status = 'active' AND c.state IN ('pending', 'confirmed') AND COALESCE(c.confirmed_at, c.created_at) > $2",
    )
    .bind(tokens::hash(token.expose()))
    .bind(column(now) - i64::try_from(UNDO_WITHIN.as_millis()).unwrap_or(0))
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(change) = row else {
        count_for_network(app, stranger.from, now);
        return Err(Refusal::from(Code::CodeExpired).detail("That link has ended, or was used."));
    };
    let undone = if change.state == "pending" {
        sqlx::query("UPDATE email_changes SET state = 'cancelled' WHERE id = $1")
            .bind(&change.id)
            .execute(&mut *transaction)
            .await?;
        Undone::Stopped
    } else {
        swap_back(&mut transaction, &change).await?;
        sessions::close_doors(&mut transaction, now, &change.account_id, None, "email-reverted").await?;
        let nothing = mail::Variables::new();
        mail::enqueue(&mut transaction, app, &change.account_id, Template::EmailReverted, &nothing).await?;
        Undone::Reverted
    };
    let nothing = serde_json::json!({});
    audit::record(&mut transaction, now, &change.account_id, "email-change-undone", &change.id, nothing).await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    Ok(undone)
}

/// Puts the old address back, and takes away every address that came with this change or after it.
async fn swap_back(transaction: &mut Write, change: &Change) -> Result<(), Refusal> {
    let (Some(old), Some(confirmed_at)) = (&change.old_email_id, change.confirmed_at) else {
        return Err(Code::CodeExpired.into());
    };
    sqlx::query(
        "DELETE FROM emails WHERE account_id = $1 AND id <> $2 AND addr_lookup IN (SELECT new_lookup FROM email_changes WHERE account_id = $1 AND confirmed_at >= $3)",
    )
    .bind(&change.account_id)
    .bind(old)
    .bind(confirmed_at)
    .execute(&mut **transaction)
    .await?;
    sqlx::query("UPDATE emails SET is_primary = 0 WHERE account_id = $1")
        .bind(&change.account_id)
        .execute(&mut **transaction)
        .await?;
    sqlx::query("UPDATE emails SET is_primary = 1, former_until = NULL WHERE id = $1")
        .bind(old)
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "UPDATE email_changes SET state = 'reverted' WHERE account_id = $1 AND (state = 'pending' OR confirmed_at >= $2)",
    )
    .bind(&change.account_id)
    .bind(confirmed_at)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
