//! Invitations: an organisation asks one person in, by link or by a code that can be read out.
//!
//! Guarantees: link and code are kept as hashes; an unknown one and one of another organisation look alike; the address is shown masked.
//! Not built yet: an invitation is read but not used up, for nothing can be joined with it before sign-in through a provider is there.

use super::{discovery::Question, organisation};
use crate::{
    accounts,
    app::{App, Shared},
    audit,
    database::{Database, column, time},
    error::ServerError,
    http::{refusal::Refusal, sent::Sent},
    keys::Keys,
    tokens,
};
use axum::{
    Json,
    extract::{Path, State},
};
use likeness_protocol::{
    Code, Problem, Secret, UnixMs,
    discovery::{Invitation, InvitationCode, Organisation},
    limits::MAX_EMAIL_CHARS,
};
use std::time::Duration;

/// Letters and digits that are not mixed up when read out; 32 of them, so that ten make 50 bits.
const ALPHABET: &[u8; 32] = b"123456789ABCDEFGHJKLMNPQRSTVWXYZ";
const CODE_LETTERS: usize = 10;

/// What the person gets: both open the same invitation.
pub struct Made {
    /// For the link.
    pub token: Secret,
    /// To read out or type.
    pub code: Secret,
}

/// Invites one address.
pub async fn invite(
    database: &Database,
    keys: &Keys,
    now: UnixMs,
    org: &str,
    email: &str,
    life: Duration,
) -> Result<Made, ServerError> {
    let address = accounts::normalised(email);
    if address.chars().count() > MAX_EMAIL_CHARS || address.parse::<lettre::Address>().is_err() {
        return Err(ServerError::Organisation("the invited address is not an e-mail address"));
    }
    let id = tokens::identifier("inv")?;
    let made = Made { token: tokens::token("")?, code: new_code()? };
    let mut transaction = database.write().await?;
    organisation::must_exist(&mut transaction, org).await?;
    sqlx::query("INSERT INTO invitations (id, org_id, token_hash, code_hash, email_sealed, email_lookup, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&id)
        .bind(org)
        .bind(tokens::hash(made.token.expose()))
        .bind(tokens::hash(made.code.expose()))
        .bind(keys.seal("invitations", "email", &id, address.as_bytes())?)
        .bind(keys.lookup(&address))
        .bind(column(now))
        .bind(column(now.plus(life)))
        .execute(&mut *transaction)
        .await?;
    audit::record(&mut transaction, now, "server", "invited", &id, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok(made)
}

fn new_code() -> Result<Secret, ServerError> {
    let letters: String = tokens::random::<CODE_LETTERS>()?
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)).map(|letter| char::from(*letter)))
        .collect();
    Ok(Secret::new(letters))
}

/// Shows the invitation of a link.
#[utoipa::path(get, path = "/v1/invitations/{token}", tag = "sign-in", params(("token" = String, Path, description = "what the link carries")),
    responses((status = 200, body = Invitation), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<Shared>,
    _: Question,
    Path(token): Path<String>,
) -> Result<Json<Invitation>, Refusal> {
    let found = find(&app, "SELECT i.id, i.email_sealed, i.expires_at, o.id, o.name FROM invitations i JOIN orgs o ON o.id = i.org_id WHERE i.token_hash = $1", &token).await?;
    Ok(Json(found))
}

/// Shows the invitation of a code.
#[utoipa::path(post, path = "/v1/invitations/resolve", tag = "sign-in", request_body = InvitationCode,
    responses((status = 200, body = Invitation), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn resolve(
    State(app): State<Shared>,
    _: Question,
    sent: Sent<InvitationCode>,
) -> Result<Json<Invitation>, Refusal> {
    let code = as_printed(&sent.value.code);
    let found = find(&app, "SELECT i.id, i.email_sealed, i.expires_at, o.id, o.name FROM invitations i JOIN orgs o ON o.id = i.org_id WHERE i.code_hash = $1", code.expose()).await?;
    Ok(Json(found))
}

/// The code as it was made, however it was typed.
fn as_printed(typed: &Secret) -> Secret {
    let letters: String =
        typed.expose().chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    Secret::new(letters)
}

async fn find(app: &App, statement: &'static str, secret: &str) -> Result<Invitation, Refusal> {
    let row: Option<(String, Vec<u8>, i64, String, String)> =
        sqlx::query_as(statement).bind(tokens::hash(secret)).fetch_optional(app.database.read()).await?;
    let (id, email, expires_at, org, name) = row.ok_or_else(|| {
        Refusal::from(Code::NotFound).detail("There is no such invitation. Compare it letter by letter.")
    })?;
    if time(expires_at) <= app.now() {
        return Err(Code::InvitationExpired.into());
    }
    let domain: Option<(String,)> = sqlx::query_as(
        "SELECT domain FROM org_domains WHERE org_id = $1 AND verified_at IS NOT NULL ORDER BY verified_at, domain LIMIT 1",
    )
    .bind(&org)
    .fetch_optional(app.database.read())
    .await?;
    let address = app.keys.open_text("invitations", "email", &id, &email)?;
    Ok(Invitation {
        org: Organisation { id: org, name },
        domain: domain.map(|(domain,)| domain),
        email_masked: masked(&address),
        expires_at: time(expires_at),
    })
}

/// An address of which its owner recognises the first letter and the domain: `s…@corp.example`.
pub fn masked(address: &str) -> String {
    let (mailbox, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    format!("{}…@{domain}", mailbox.chars().next().map(String::from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        let code = new_code().unwrap();
        assert_eq!(code.expose().len(), CODE_LETTERS);
        let (left, right) = code.expose().split_at(5);
        for typed in [code.expose().to_owned(), format!(" {left}-{right} "), code.expose().to_lowercase()] {
            assert!(as_printed(&Secret::new(typed.clone())) == code, "{typed}");
        }
    }

    #[test]
    fn a_masked_address_keeps_its_domain() {
        for (address, expected) in
            [("sam@harbour.example", "s…@harbour.example"), ("é@a.example", "é…@a.example"), ("", "…@")]
        {
            assert_eq!(masked(address), expected);
        }
    }
}
