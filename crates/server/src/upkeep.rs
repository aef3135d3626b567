//! What time does by itself: forgets used-up tokens and proofs, deletes photos whose time has come.

use crate::{
    app::{App, Shared},
    audit,
    database::column,
    error::ServerError,
    media, uploads,
};
use std::time::Duration;

const EVERY: Duration = Duration::from_mins(1);

/// Runs until the server stops.
pub async fn run(app: Shared) {
    let mut stopping = app.stopping.clone();
    loop {
        if let Err(error) = sweep(&app).await {
            tracing::error!(code = "upkeep-failed", %error);
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// One round.
async fn sweep(app: &App) -> Result<(), ServerError> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    for statement in [
        "DELETE FROM dpop_seen WHERE expires_at <= $1",
        "DELETE FROM access_tokens WHERE expires_at <= $1",
        "DELETE FROM console_links WHERE expires_at <= $1",
        // A code is kept for a day after its end, so that a second use is still seen.
        "DELETE FROM auth_codes WHERE expires_at <= $1 - 86400000",
        "DELETE FROM refresh_tokens WHERE expires_at <= $1",
        "DELETE FROM device_codes WHERE expires_at <= $1 - 3600000",
        "DELETE FROM unfinished_codes WHERE expires_at <= $1 - 86400000",
        "DELETE FROM last_pages WHERE expires_at <= $1",
        // Longer than a trip to a provider may take; with them go the trips.
        "DELETE FROM pushed_requests WHERE created_at <= $1 - 3600000",
        "DELETE FROM auth_sessions WHERE started_at <= $1 - 3600000",
        // Kept for an hour, in which they count.
        "DELETE FROM password_resets WHERE created_at <= $1 - 3600000",
        // Kept for as long as a change can be undone.
        "DELETE FROM email_changes WHERE created_at <= $1 - 262800000",
        "DELETE FROM emails WHERE former_until IS NOT NULL AND former_until <= $1",
        // The last mail to somebody who is gone names their address; it goes with the mail.
        "DELETE FROM mail_outbox WHERE state IN ('sent', 'failed') AND created_at <= $1 AND account_id IN (SELECT id FROM accounts WHERE status = 'deleted')",
        "DELETE FROM attempts WHERE next_at <= $1 - 86400000 AND next_at > 0",
    ] {
        sqlx::query(statement).bind(column(now)).execute(&mut *transaction).await?;
    }
    let mut objects = uploads::abort_expired(&mut transaction, column(now)).await?;
    objects.extend(media::forget_overdue(&mut transaction, now).await?);
    if !objects.is_empty() {
        audit::record(
            &mut transaction,
            now,
            "server",
            "retention",
            "media",
            serde_json::json!({"objects": objects.len()}),
        )
        .await?;
    }
    transaction.commit().await?;
    media::remove_objects(app, &objects).await;
    Ok(())
}
