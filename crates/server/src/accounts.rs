//! Accounts: making them, finding them by address, showing them to their owner.

use crate::{
    app::{App, Shared},
    audit,
    database::{Database, Write, column, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal},
    identity::organisation,
    keys::Keys,
    oauth::password::{self, Weak},
    tokens,
};
use axum::{Json, extract::State};
use likeness_protocol::{
    Code, Problem, Secret, UnixMs,
    account::{Me, Role},
    limits::MAX_EMAIL_CHARS,
};
use unicode_normalization::UnicodeNormalization;
use url::Host;

/// The one spelling of an address that is looked up: trimmed, NFC, lower case, the domain in its ASCII form.
pub fn normalised(email: &str) -> String {
    let text: String = email.trim().nfc().collect::<String>().to_lowercase();
    match text.rsplit_once('@') {
        Some((mailbox, domain)) => match Host::parse(domain) {
            Ok(host) => format!("{mailbox}@{host}"),
            Err(_) => text,
        },
        None => text,
    }
}

/// Whether a mail can be written to `address`, which is normalised already.
pub fn is_address(address: &str) -> bool {
    address.chars().count() <= MAX_EMAIL_CHARS && address.parse::<lettre::Address>().is_ok()
}

/// The role a column names.
pub fn role(column: &str) -> Role {
    match column {
        "learner" => Role::Learner,
        "reviewer" => Role::Reviewer,
        _ => Role::Unknown,
    }
}

/// Makes an account with a verified address and a password; gives its identifier.
pub async fn create(
    database: &Database,
    keys: &Keys,
    now: UnixMs,
    email: &str,
    secret: &Secret,
    role: Role,
) -> Result<String, ServerError> {
    let address = normalised(email);
    if !is_address(&address) {
        return Err(ServerError::Account("this is not an e-mail address"));
    }
    password::judge_new(secret, &address).map_err(|weak| match weak {
        Weak::Length => ServerError::Account("the password must have 8 to 128 characters"),
        Weak::Guessable => {
            ServerError::Account("the password must not contain the e-mail address or the product's name")
        }
    })?;
    let phc = password::hash(secret)?;
    let account = tokens::identifier("acc")?;
    let row = tokens::identifier("em")?;
    let mut transaction = database.write().await?;
    sqlx::query("INSERT INTO accounts (id, status, role, created_at) VALUES ($1, 'active', $2, $3)")
        .bind(&account)
        .bind(role.as_str())
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    let inserted = sqlx::query(
        "INSERT INTO emails (id, account_id, addr_sealed, addr_lookup, is_primary, verified_at) VALUES ($1, $2, $3, $4, 1, $5) ON CONFLICT (addr_lookup) DO NOTHING",
    )
    .bind(&row)
    .bind(&account)
    .bind(keys.seal("emails", "addr", &row, address.as_bytes())?)
    .bind(keys.lookup(&address))
    .bind(column(now))
    .execute(&mut *transaction)
    .await?;
    if inserted.rows_affected() == 0 {
        return Err(ServerError::Account("an account with this e-mail address exists already"));
    }
    sqlx::query("INSERT INTO passwords (account_id, phc, changed_at) VALUES ($1, $2, $3)")
        .bind(&account)
        .bind(phc)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    audit::record(
        &mut transaction,
        now,
        "server",
        "account-made",
        &account,
        serde_json::json!({"role": role.as_str()}),
    )
    .await?;
    transaction.commit().await?;
    Ok(account)
}

/// The primary address of an account.
pub async fn primary_email(app: &App, account: &str) -> Result<Option<String>, ServerError> {
    let row: Option<(String, Vec<u8>)> =
        sqlx::query_as("SELECT id, addr_sealed FROM emails WHERE account_id = $1 AND is_primary = 1")
            .bind(account)
            .fetch_optional(app.database.read())
            .await?;
    row.map(|(id, sealed)| app.keys.open_text("emails", "addr", &id, &sealed)).transpose()
}

/// Whether the account still exists and may act; used inside a transaction that is about to act for it.
pub async fn is_active(transaction: &mut Write, account: &str) -> Result<bool, ServerError> {
    let row: Option<(String,)> = sqlx::query_as("SELECT status FROM accounts WHERE id = $1")
        .bind(account)
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(row.is_some_and(|(status,)| status == "active"))
}

/// The signed-in account.
#[utoipa::path(get, path = "/v1/me", tag = "account", responses((status = 200, body = Me), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn me(State(app): State<Shared>, caller: Caller) -> Result<Json<Me>, Refusal> {
    let row: Option<(Option<Vec<u8>>, i64)> =
        sqlx::query_as("SELECT display_name_sealed, created_at FROM accounts WHERE id = $1")
            .bind(&caller.account)
            .fetch_optional(app.database.read())
            .await?;
    let (name, created_at) = row.ok_or(Code::SessionEnded)?;
    let email = primary_email(&app, &caller.account).await?.ok_or(Code::ServerFault)?;
    let display_name =
        name.map(|sealed| app.keys.open_text("accounts", "display_name", &caller.account, &sealed)).transpose()?;
    Ok(Json(Me {
        email,
        display_name,
        email_managed_by: organisation::managing_email(&app, &caller.account).await?,
        id: caller.account,
        roles: vec![caller.role],
        created_at: time(created_at),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_spelling() {
        #[rustfmt::skip]
        let table = [
            ("ada@corp.example",          "ada@corp.example",           "already plain"),
            ("  Ada@CORP.Example ",       "ada@corp.example",           "case and blanks"),
            ("ada@bücher.example",        "ada@xn--bcher-kva.example",  "the domain in its ASCII form"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example",  "the same domain"),
            ("ame\u{301}lie@corp.example","am\u{e9}lie@corp.example",   "composed and decomposed letters"),
            ("no address",                "no address",                 "nonsense stays nonsense"),
        ];
        for (typed, expected, because) in table {
            assert_eq!(normalised(typed), expected, "{because}");
        }
    }
}
