//! Invitations: an organisation asks one person in, by link or by a code that can be read out.
//!
//! Guarantees: link and code are kept as hashes; an unknown one and one of another organisation look alike; the address is shown masked.
//! an invitation is used up in the transaction of the deed it allows, and only by the person it was sent to.

use super::{discovery::Question, organisation};
use crate::{
    accounts,
    app::{App, Shared},
    audit,
    database::{Database, Write, column, time},
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
    text::masked,
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
    Ok(Json(shown(&app, &Secret::new(token)).await?))
}

/// Shows the invitation of a code.
#[utoipa::path(post, path = "/v1/invitations/resolve", tag = "sign-in", request_body = InvitationCode,
    responses((status = 200, body = Invitation), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn resolve(
    State(app): State<Shared>,
    _: Question,
    sent: Sent<InvitationCode>,
) -> Result<Json<Invitation>, Refusal> {
    Ok(Json(shown(&app, &sent.value.code).await?))
}

/// An invitation somebody came with, that could still be used a moment ago.
pub struct Usable {
    /// `inv_…`.
    pub id: String,
    /// Who invites.
    pub org: String,
    /// How the invited address is found.
    email_lookup: String,
    email_masked: String,
    expires_at: UnixMs,
}

impl Usable {
    /// Refuses when it was sent to another address than the proven one.
    pub fn must_fit(&self, keys: &Keys, proven_email: Option<&str>) -> Result<(), Refusal> {
        if proven_email.is_some_and(|email| keys.lookup(email) == self.email_lookup) {
            return Ok(());
        }
        let detail =
            format!("This invitation was sent to {}. Ask your organisation for one of your own.", self.email_masked);
        Err(Refusal::from(Code::InvitationWrongPerson).detail(detail))
    }
}

type UsableRow = (String, String, Vec<u8>, String, i64, i64, i64);

/// The invitation with this number.
pub async fn numbered(app: &App, id: &str) -> Result<Usable, Refusal> {
    let row: Option<UsableRow> = sqlx::query_as(
        "SELECT id, org_id, email_sealed, email_lookup, expires_at, used_count, max_uses FROM invitations WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(app.database.read())
    .await?;
    usable(app, row)
}

/// The invitation of a link or of a typed code.
pub async fn presented(app: &App, secret: &Secret) -> Result<Usable, Refusal> {
    let row: Option<UsableRow> = sqlx::query_as(
        "SELECT id, org_id, email_sealed, email_lookup, expires_at, used_count, max_uses FROM invitations WHERE token_hash = $1 OR code_hash = $2",
    )
    .bind(tokens::hash(secret.expose()))
    .bind(tokens::hash(as_printed(secret).expose()))
    .fetch_optional(app.database.read())
    .await?;
    usable(app, row)
}

fn usable(app: &App, row: Option<UsableRow>) -> Result<Usable, Refusal> {
    let (id, org, email, email_lookup, expires_at, used, most) = row.ok_or_else(unknown)?;
    if used >= most {
        return Err(Code::InvitationUsed.into());
    }
    if time(expires_at) <= app.now() {
        return Err(Code::InvitationExpired.into());
    }
    let email_masked = masked(&app.keys.open_text("invitations", "email", &id, &email)?);
    Ok(Usable { id, org, email_lookup, email_masked, expires_at: time(expires_at) })
}

/// Uses an invitation up; of two at the same time one gets it.
pub async fn use_up(transaction: &mut Write, now: UnixMs, id: &str) -> Result<(), Refusal> {
    let used = sqlx::query(
        "UPDATE invitations SET used_count = used_count + 1 WHERE id = $1 AND used_count < max_uses AND expires_at > $2",
    )
    .bind(id)
    .bind(column(now))
    .execute(&mut **transaction)
    .await?;
    if used.rows_affected() == 0 { Err(Code::InvitationUsed.into()) } else { Ok(()) }
}

fn unknown() -> Refusal {
    Refusal::from(Code::NotFound).detail("There is no such invitation. Compare it letter by letter.")
}

/// The code as it was made, however it was typed.
fn as_printed(typed: &Secret) -> Secret {
    let letters: String =
        typed.expose().chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    Secret::new(letters)
}

async fn shown(app: &App, secret: &Secret) -> Result<Invitation, Refusal> {
    let invitation = presented(app, secret).await?;
    let row: Option<(String, Option<String>)> = sqlx::query_as(
        "SELECT o.name, (SELECT d.domain FROM org_domains d WHERE d.org_id = o.id AND d.verified_at IS NOT NULL ORDER BY d.verified_at, d.domain LIMIT 1) FROM orgs o WHERE o.id = $1",
    )
    .bind(&invitation.org)
    .fetch_optional(app.database.read())
    .await?;
    let (name, domain) = row.ok_or(Code::ServerFault)?;
    Ok(Invitation {
        org: Organisation { id: invitation.org, name },
        domain,
        email_masked: invitation.email_masked,
        expires_at: invitation.expires_at,
    })
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
}
