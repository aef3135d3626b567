//! Stored photos: sealed re-encodes, one key each, wrapped by the master key. Destroying the wrapped key deletes the photo, wherever copies of the file are.

use crate::{
    app::App,
    database::{Connection, Write, column, number},
    error::ServerError,
    gate::Passed,
    tokens,
};
use likeness_protocol::{Sha256Hex, UnixMs, verification::PhotoKind};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// One stored photo, as a submission needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MediaRow {
    pub id: String,
    pub account_id: String,
    pub kind: String,
    pub object_key: String,
    pub bytes: i64,
    pub width_px: i64,
    pub height_px: i64,
    pub sha256_uploaded: String,
    pub dek_wrapped: Option<Vec<u8>>,
}

/// A sealed photo that is durable on disk but not yet in the database.
pub struct Sealed {
    id: String,
    object_key: String,
    dek_wrapped: Vec<u8>,
    sha256_stored: Sha256Hex,
}

/// What an accepted photo belongs to.
pub struct Owner<'a> {
    pub account: &'a str,
    pub upload: &'a str,
    pub kind: PhotoKind,
}

fn place(media: &str, account: &str, kind: &str) -> String {
    format!("likeness-media-1|{media}|{account}|{kind}")
}

/// Seals the re-encoded photo and writes it.
pub async fn seal(app: &App, owner: &Owner<'_>, passed: &Passed) -> Result<Sealed, ServerError> {
    let id = tokens::identifier("med")?;
    let (key, dek_wrapped) = app.keys.new_object_key(&format!("media|{id}"))?;
    let sealed = key.seal(&place(&id, owner.account, owner.kind.as_str()), &passed.jpeg)?;
    let object_key = format!("media/{id}");
    app.objects.put(&object_key, sealed).await?;
    Ok(Sealed { id, object_key, dek_wrapped, sha256_stored: Sha256Hex::of(&passed.jpeg) })
}

/// Writes the row of a sealed photo. `uploaded_bytes` and `sha256_uploaded` are of what the client sent.
pub async fn insert(
    transaction: &mut Write,
    app: &App,
    owner: &Owner<'_>,
    sealed: &Sealed,
    passed: &Passed,
    uploaded: (&str, i64),
) -> Result<(), ServerError> {
    let (sha256_uploaded, uploaded_bytes) = uploaded;
    sqlx::query(
        "INSERT INTO media (id, account_id, upload_id, kind, object_key, bytes, width_px, height_px, sha256_uploaded, sha256_stored, dek_wrapped, kek_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&sealed.id)
    .bind(owner.account)
    .bind(owner.upload)
    .bind(owner.kind.as_str())
    .bind(&sealed.object_key)
    .bind(uploaded_bytes)
    .bind(number(passed.width_px.into()))
    .bind(number(passed.height_px.into()))
    .bind(sha256_uploaded)
    .bind(sealed.sha256_stored.as_str())
    .bind(&sealed.dek_wrapped)
    .bind(&app.keys.kek_id)
    .bind(column(app.now()))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The photo of an accepted upload.
pub async fn of_upload(connection: &mut Connection, upload: &str) -> Result<Option<MediaRow>, ServerError> {
    let row = sqlx::query_as("SELECT id, account_id, kind, object_key, bytes, width_px, height_px, sha256_uploaded, dek_wrapped FROM media WHERE upload_id = $1 AND deleted_at IS NULL")
        .bind(upload)
        .fetch_optional(&mut *connection)
        .await?;
    Ok(row)
}

/// The photos of a submission.
pub async fn of_submission(connection: &mut Connection, submission: &str) -> Result<Vec<MediaRow>, ServerError> {
    let rows =
        sqlx::query_as("SELECT id, account_id, kind, object_key, bytes, width_px, height_px, sha256_uploaded, dek_wrapped FROM media WHERE submission_id = $1 AND deleted_at IS NULL ORDER BY kind")
            .bind(submission)
            .fetch_all(&mut *connection)
            .await?;
    Ok(rows)
}

/// Hashes of the uploaded bytes of a submission's photos that still exist.
pub async fn hashes_of(
    connection: &mut Connection,
    submission: &str,
) -> Result<BTreeMap<PhotoKind, Sha256Hex>, ServerError> {
    let stored = ServerError::Stored { what: "photo row" };
    let rows = of_submission(connection, submission).await?;
    rows.iter()
        .map(|row| Some((row.kind.parse().ok()?, row.sha256_uploaded.parse().ok()?)))
        .collect::<Option<_>>()
        .ok_or(stored)
}

/// Reads and opens a stored photo; `None` when its object is not there.
pub async fn open(app: &App, row: &MediaRow) -> Result<Option<Zeroizing<Vec<u8>>>, ServerError> {
    let Some(wrapped) = &row.dek_wrapped else { return Ok(None) };
    let Some(sealed) = app.objects.get(&row.object_key).await? else { return Ok(None) };
    let key = app.keys.object_key(&format!("media|{}", row.id), wrapped)?;
    key.open(&place(&row.id, &row.account_id, &row.kind), &sealed, "a photo").map(Some)
}

/// Destroys the keys of all photos of an account; gives the objects to remove after the commit.
pub async fn forget_account(transaction: &mut Write, account: &str, now: i64) -> Result<Vec<String>, ServerError> {
    forget(transaction, "UPDATE media SET dek_wrapped = NULL, deleted_at = $2 WHERE account_id = $1 AND deleted_at IS NULL RETURNING object_key", account, now).await
}

/// Destroys the key of the photo of an upload that was never submitted.
pub async fn forget_upload(transaction: &mut Write, upload: &str, now: i64) -> Result<Vec<String>, ServerError> {
    let statement = "UPDATE media SET dek_wrapped = NULL, deleted_at = $2 WHERE upload_id = $1 AND submission_id IS NULL AND deleted_at IS NULL RETURNING object_key";
    forget(transaction, statement, upload, now).await
}

/// Destroys the keys of a submission's photos.
pub async fn forget_submission(
    transaction: &mut Write,
    submission: &str,
    now: i64,
) -> Result<Vec<String>, ServerError> {
    forget(transaction, "UPDATE media SET dek_wrapped = NULL, deleted_at = $2 WHERE submission_id = $1 AND deleted_at IS NULL RETURNING object_key", submission, now).await
}

async fn forget(
    transaction: &mut Write,
    statement: &'static str,
    of: &str,
    now: i64,
) -> Result<Vec<String>, ServerError> {
    let rows: Vec<(String,)> = sqlx::query_as(statement).bind(of).bind(now).fetch_all(&mut **transaction).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Removes objects whose keys are gone. A failure is logged: what remains cannot be opened.
pub async fn remove_objects(app: &App, names: &[String]) {
    for name in names {
        if let Err(error) = app.objects.remove(name).await {
            tracing::warn!(code = "object-not-removed", %error);
        }
    }
}

/// Destroys the keys of photos whose time has come; gives the objects to remove after the commit.
pub async fn forget_overdue(transaction: &mut Write, now: UnixMs) -> Result<Vec<String>, ServerError> {
    let overdue: Vec<(String,)> =
        sqlx::query_as("SELECT id FROM submissions WHERE delete_media_at IS NOT NULL AND delete_media_at <= $1")
            .bind(column(now))
            .fetch_all(&mut **transaction)
            .await?;
    let mut objects = Vec::new();
    for (submission,) in overdue {
        objects.extend(forget_submission(transaction, &submission, column(now)).await?);
    }
    Ok(objects)
}
