//! Ways in through somebody else, as their owner sees them, and disconnecting one.
//!
//! Guarantees: nobody disconnects the last way in, nor one that an organisation answers for; only with a sign-in of the last ten minutes; the owner is told.

use crate::{
    app::Shared,
    audit,
    database::{Connection, column, time},
    error::ServerError,
    http::{caller::Caller, refusal::Refusal},
    identity::connect,
    mail::Template,
    sso::provider::social_name,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use likeness_protocol::{
    Code, Problem,
    account::{Identities, Identity, IdentityKind},
    text::masked,
};

/// Most ways in that are listed.
const MOST: i64 = 100;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    kind: String,
    org_name: Option<String>,
    email_seen_sealed: Option<Vec<u8>>,
    linked_at: i64,
}

impl Row {
    fn label(&self) -> &str {
        self.org_name.as_deref().unwrap_or_else(|| social_name(&self.kind))
    }

    fn kind(&self) -> IdentityKind {
        match (self.org_name.is_some(), self.kind.as_str()) {
            (true, _) => IdentityKind::Org,
            (false, "google") => IdentityKind::Google,
            (false, "apple") => IdentityKind::Apple,
            (false, "facebook") => IdentityKind::Facebook,
            (false, _) => IdentityKind::Unknown,
        }
    }

    /// Why its owner may not disconnect it.
    fn why_not(&self, other_ways_in: bool) -> Option<Code> {
        if self.org_name.is_some() {
            Some(Code::IdentityManagedByOrganisation)
        } else if other_ways_in {
            None
        } else {
            Some(Code::LastSignInMethod)
        }
    }
}

async fn of(connection: &mut Connection, account: &str) -> Result<Vec<Row>, ServerError> {
    let rows = sqlx::query_as(
        "SELECT i.id, p.kind, o.name AS org_name, i.email_seen_sealed, i.linked_at FROM identities i JOIN idps p ON p.id = i.idp_id LEFT JOIN orgs o ON o.id = p.org_id \
         WHERE i.account_id = $1 ORDER BY i.linked_at, i.id LIMIT $2",
    )
    .bind(account)
    .bind(MOST)
    .fetch_all(&mut *connection)
    .await?;
    Ok(rows)
}

/// Whether there is a way in besides one of the identities.
async fn has_others(connection: &mut Connection, account: &str, identities: usize) -> Result<bool, ServerError> {
    let password: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM passwords WHERE account_id = $1")
        .bind(account)
        .fetch_optional(&mut *connection)
        .await?;
    Ok(password.is_some() || identities > 1)
}

/// Through whom the account can be signed in to.
#[utoipa::path(get, path = "/v1/me/identities", tag = "account", operation_id = "list_identities",
    responses((status = 200, body = Identities), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<Shared>, caller: Caller) -> Result<Json<Identities>, Refusal> {
    let mut connection = app.database.read().acquire().await?;
    let rows = of(&mut connection, &caller.account).await?;
    let others = has_others(&mut connection, &caller.account, rows.len()).await?;
    let identities = rows
        .into_iter()
        .map(|row| {
            let seen = row.email_seen_sealed.as_deref();
            let seen =
                seen.map(|sealed| app.keys.open_text("identities", "email_seen", &row.id, sealed)).transpose()?;
            let why_not = row.why_not(others);
            Ok(Identity {
                kind: row.kind(),
                label: row.label().to_owned(),
                email_masked: seen.map(|address| masked(&address)),
                linked_at: time(row.linked_at),
                can_unlink: why_not.is_none(),
                why_not,
                id: row.id,
            })
        })
        .collect::<Result<_, ServerError>>()?;
    Ok(Json(Identities { identities }))
}

/// Disconnects a social account. Needs a sign-in of the last ten minutes.
#[utoipa::path(delete, path = "/v1/me/identities/{id}", tag = "account", params(("id" = String, Path)), operation_id = "disconnect_identity",
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn disconnect(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let now = app.now();
    caller.require_recent_sign_in(now)?;
    // Looked at and deleted under one lock, so that two of the last two do not both go.
    let mut transaction = app.database.write().await?;
    let rows = of(&mut transaction, &caller.account).await?;
    let others = has_others(&mut transaction, &caller.account, rows.len()).await?;
    let row = rows.iter().find(|row| row.id == id).ok_or(Code::NotFound)?;
    if let Some(why) = row.why_not(others) {
        return Err(why.into());
    }
    sqlx::query("DELETE FROM identities WHERE id = $1").bind(&id).execute(&mut *transaction).await?;
    connect::tell(&mut transaction, &app, &caller.account, Template::Disconnected, row.label(), None).await?;
    let at = serde_json::json!({"linked_at": column(time(row.linked_at))});
    audit::record(&mut transaction, now, &caller.account, "identity-disconnected", &id, at).await?;
    transaction.commit().await?;
    app.mail_due.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
