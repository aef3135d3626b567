//! Who did what, in the transaction of the deed. Identifiers only: no name, address or free text ever enters a row.

use crate::{
    database::{Write, column},
    error::ServerError,
    tokens,
};
use likeness_protocol::UnixMs;

/// Writes one row. `actor` is an account or `server`; `meta` holds codes and numbers.
pub async fn record(
    transaction: &mut Write,
    now: UnixMs,
    actor: &str,
    action: &'static str,
    object: &str,
    meta: serde_json::Value,
) -> Result<(), ServerError> {
    sqlx::query("INSERT INTO audit (id, at, actor, action, object, meta_json) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(tokens::identifier("aud")?)
        .bind(column(now))
        .bind(actor)
        .bind(action)
        .bind(object)
        .bind(meta.to_string())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
