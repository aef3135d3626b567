//! Another password: chosen while signed in, or with a code from the mailbox when the old one is forgotten.
//!
//! Guarantees: asking for a code gets the same answer after the same work whether or not the address has an account, for what differs happens after
//! the answer; a code is good for half an hour, five tries and one use; it goes to the address that was typed, if the account signs in with it;
//! a new password ends every other sign-in and is told to the owner by mail.
//! Where the guarantee ends: who reads one of the account's mailboxes can set the password, except for that of an organisation the account has left.

use crate::{
    accounts,
    app::{App, Shared},
    audit,
    database::{Write, column, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal, sent::Sent},
    identity::organisation,
    mail::{self, Template},
    oauth::{
        challenge::{count_for_network, network_address, refuse_crowded_network},
        password::{self, Weak},
    },
    sessions, tokens,
};
use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use likeness_protocol::{
    Code, Problem, Secret,
    account::{PasswordChange, PasswordReset, PasswordResetRequest, PasswordResetStarted},
};
use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};
use subtle::ConstantTimeEq;

/// Life of a code.
const CODE_LIFE: Duration = Duration::from_mins(30);
/// Wrong tries that end a code.
const TRIES: i64 = 5;
/// Codes for one address within an hour: 15 guesses at 8 digits, and no flood of mails.
const CODES_PER_HOUR: i64 = 3;
const CODE_DIGITS: usize = 8;

/// Somebody who is not signed in.
pub struct Stranger {
    /// Network address of whoever asks.
    pub from: IpAddr,
}

impl FromRequestParts<Shared> for Stranger {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        Ok(Self { from: network_address(app, parts) })
    }
}

/// Changes the password. Needs a sign-in of the last ten minutes; every other sign-in ends.
#[utoipa::path(post, path = "/v1/me/password", tag = "account", request_body = PasswordChange,
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<PasswordChange>,
) -> Result<StatusCode, Refusal> {
    caller.require_recent_sign_in(app.now())?;
    let phc = judged_and_hashed(&app, &caller.account, sent.value.password).await?;
    let mut transaction = app.database.write().await?;
    // Hashing took a while, in which somebody may have ended this sign-in.
    if !sessions::goes_on(&mut transaction, &caller.grant).await? {
        return Err(Code::SessionEnded.into());
    }
    replace(&mut transaction, &app, &caller.account, &phc, Some(&caller.grant)).await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for a code by mail. Always 202: nobody learns here who has an account.
#[utoipa::path(post, path = "/v1/password-resets", tag = "account", request_body = PasswordResetRequest,
    responses((status = 202, body = PasswordResetStarted), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn ask(
    State(app): State<Shared>,
    stranger: Stranger,
    sent: Sent<PasswordResetRequest>,
) -> Result<(StatusCode, Json<PasswordResetStarted>), Refusal> {
    refuse_crowded_network(&app, stranger.from)?;
    let now = app.now();
    count_for_network(&app, stranger.from, now);
    let address = accounts::normalised(&sent.value.email);
    let lookup = app.keys.lookup(&address);
    let id = tokens::identifier("rst")?;
    let expires_at = now.plus(CODE_LIFE);
    let mut transaction = app.database.write().await?;
    let hour_ago = column(now).saturating_sub(3_600_000);
    let (asked,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM password_resets WHERE addr_lookup = $1 AND created_at > $2")
            .bind(&lookup)
            .bind(hour_ago)
            .fetch_one(&mut *transaction)
            .await?;
    let may_have_one = asked < CODES_PER_HOUR;
    if may_have_one {
        // One code at a time, so that tries do not add up.
        sqlx::query("UPDATE password_resets SET expires_at = $2 WHERE addr_lookup = $1 AND expires_at > $2")
            .bind(&lookup)
            .bind(column(now))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO password_resets (id, addr_lookup, tries, created_at, expires_at) VALUES ($1, $2, 0, $3, $4)",
        )
        .bind(&id)
        .bind(&lookup)
        .bind(column(now))
        .bind(column(expires_at))
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    if may_have_one {
        let (app, id) = (Arc::clone(&app), id.clone());
        tokio::spawn(async move {
            if let Err(error) = write_code(&app, &id, &address).await {
                tracing::error!(code = "password-code-not-written", %error);
            }
        });
    }
    Ok((StatusCode::ACCEPTED, Json(PasswordResetStarted { id, expires_at })))
}

/// What differs between an address with an account and one without; runs after the answer has left.
async fn write_code(app: &App, id: &str, address: &str) -> Result<(), ServerError> {
    let row: Option<(String, i64)> = sqlx::query_as(
        "SELECT a.id, e.is_primary FROM emails e JOIN accounts a ON a.id = e.account_id WHERE e.addr_lookup = $1 AND e.verified_at IS NOT NULL AND e.former_until IS NULL AND a.status = 'active'",
    )
    .bind(app.keys.lookup(address))
    .fetch_optional(app.database.read())
    .await?;
    let Some((account, is_primary)) = row else { return Ok(()) };
    // Its mailbox is by now in other hands.
    if is_primary == 0 && organisation::has_left(app, &account, address).await? {
        return Ok(());
    }
    let digits = tokens::digits(CODE_DIGITS)?;
    let mut transaction = app.database.write().await?;
    sqlx::query("UPDATE password_resets SET account_id = $2, code_hash = $3 WHERE id = $1")
        .bind(id)
        .bind(&account)
        .bind(code_hash(app, id, &digits))
        .execute(&mut *transaction)
        .await?;
    let (left, right) = digits.split_at_checked(4).unwrap_or_default();
    let variables = mail::Variables { code: Some(format!("{left} {right}")), ..mail::Variables::new() };
    mail::enqueue_to(&mut transaction, app, &account, address, Template::PasswordCode, &variables).await?;
    audit::record(&mut transaction, app.now(), "server", "password-code-sent", &account, serde_json::json!({})).await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    Ok(())
}

/// Keyed, for eight digits are found in no time from an ordinary hash.
fn code_hash(app: &App, id: &str, digits: &str) -> String {
    app.keys.lookup(&format!("password_resets|{id}|{digits}"))
}

/// Sets a new password with the code from the mail; every sign-in ends.
#[utoipa::path(post, path = "/v1/password-resets/confirm", tag = "account", request_body = PasswordReset,
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn confirm(
    State(app): State<Shared>,
    stranger: Stranger,
    sent: Sent<PasswordReset>,
) -> Result<StatusCode, Refusal> {
    refuse_crowded_network(&app, stranger.from)?;
    let request = sent.value;
    let account = match owner_of_code(&app, &request.id, &request.code).await {
        Ok(account) => account,
        Err(refusal) => {
            count_for_network(&app, stranger.from, app.now());
            return Err(refusal);
        }
    };
    // A password that does not do costs no try: the code was right.
    let phc = judged_and_hashed(&app, &account, request.password).await?;
    let now = column(app.now());
    let mut transaction = app.database.write().await?;
    let used =
        sqlx::query("UPDATE password_resets SET expires_at = $2 WHERE id = $1 AND expires_at > $2 AND tries < $3")
            .bind(&request.id)
            .bind(now)
            .bind(TRIES)
            .execute(&mut *transaction)
            .await?;
    if used.rows_affected() == 0 {
        return Err(Code::CodeExpired.into());
    }
    if !accounts::is_active(&mut transaction, &account).await? {
        return Err(Code::CodeExpired.into());
    }
    replace(&mut transaction, &app, &account, &phc, None).await?;
    // Whoever forgot the password has tried others, under whichever address; the right one must not have to wait for that.
    sqlx::query("DELETE FROM attempts WHERE addr_lookup IN (SELECT addr_lookup FROM emails WHERE account_id = $1)")
        .bind(&account)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

/// The account whose code this is; a wrong one is counted.
async fn owner_of_code(app: &App, id: &str, code: &Secret) -> Result<String, Refusal> {
    let digits: String = code.expose().chars().filter(char::is_ascii_digit).collect();
    let given = code_hash(app, id, &digits);
    let mut transaction = app.database.write().await?;
    let row: Option<(Option<String>, Option<String>, i64, i64)> =
        sqlx::query_as("SELECT account_id, code_hash, tries, expires_at FROM password_resets WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await?;
    let Some((account, hash, tries, _)) =
        row.filter(|(_, _, tries, expires_at)| *tries < TRIES && time(*expires_at) > app.now())
    else {
        return Err(Code::CodeExpired.into());
    };
    let fits = hash.is_some_and(|hash| hash.as_bytes().ct_eq(given.as_bytes()).into());
    if let (true, Some(account)) = (fits, account) {
        return Ok(account);
    }
    sqlx::query("UPDATE password_resets SET tries = tries + 1 WHERE id = $1")
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    match TRIES - tries - 1 {
        0 => Err(Code::CodeExpired.into()),
        1 => Err(Refusal::from(Code::CodeWrong).field("code").detail("That code is not right. One try is left.")),
        left => Err(Refusal::from(Code::CodeWrong)
            .field("code")
            .detail(format!("That code is not right. {left} tries are left."))),
    }
}

async fn judged_and_hashed(app: &App, account: &str, new: Secret) -> Result<String, Refusal> {
    let email = accounts::primary_email(app, account).await?.ok_or(Code::ServerFault)?;
    hashed_if_usable(app, &email, new).await
}

/// Judges a new password for the owner of this address and hashes it.
pub async fn hashed_if_usable(app: &App, email: &str, new: Secret) -> Result<String, Refusal> {
    let why = match password::judge_new(&new, email) {
        Ok(()) => return app.hasher.hash_new(new).await,
        Err(Weak::Length) => "Choose a password of 8 to 128 characters.",
        Err(Weak::Guessable) => "Choose a password that contains neither your e-mail address nor the name Likeness.",
    };
    Err(Refusal::from(Code::PasswordTooWeak).field("password").detail(why))
}

/// Puts a new password in the place of the old one, ends everything the old one opened except the sign-in `keep`, and tells the owner.
async fn replace(
    transaction: &mut Write,
    app: &App,
    account: &str,
    phc: &str,
    keep: Option<&str>,
) -> Result<(), ServerError> {
    let now = app.now();
    sqlx::query(
        "INSERT INTO passwords (account_id, phc, changed_at) VALUES ($1, $2, $3) ON CONFLICT (account_id) DO UPDATE SET phc = $2, changed_at = $3",
    )
    .bind(account)
    .bind(phc)
    .bind(column(now))
    .execute(&mut **transaction)
    .await?;
    sessions::close_doors(transaction, now, account, keep, "password-changed").await?;
    mail::enqueue(transaction, app, account, Template::PasswordChanged, &mail::Variables::new()).await?;
    audit::record(transaction, now, account, "password-changed", account, serde_json::json!({})).await
}
