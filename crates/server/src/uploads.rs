//! Resumable uploads (tus 1.0.0: core, creation, checksum) and what happens when the last byte is there.
//!
//! Guarantees: an acknowledged offset is durable; no clear byte of a photo reaches the disk; one request at a time writes to an upload;
//! a request that loses its connection still finishes what it began. The same photo announced twice is one upload.

use crate::{
    app::{App, Shared},
    capture,
    database::{Connection, Write, column, count, number, time},
    error::ServerError,
    gate,
    http::{
        caller::Caller,
        refusal::Refusal,
        sent::{self, header_text},
    },
    media::{self, Owner},
    tokens,
};
use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use likeness_protocol::{
    Code, Problem, Sha256Hex,
    tus::{self, Checksum, Metadata, PhotoFinding, PhotoState, header},
    verification::PhotoKind,
};
use std::{panic, sync::Arc, time::Duration};

/// How long a chunk may take to arrive.
const CHUNK_WITHIN: Duration = Duration::from_mins(2);
/// How long a request may hold an upload; longer than storing a chunk and judging a photo take.
const LEASE: Duration = Duration::from_mins(1);
/// How long the last request waits for its turn at the gate before the client is asked to come back.
const GATE_QUEUE: Duration = Duration::from_secs(3);
/// How long one photo may be judged.
const GATE_WITHIN: Duration = Duration::from_secs(5);

#[derive(sqlx::FromRow)]
struct UploadRow {
    id: String,
    account_id: String,
    capture_session: String,
    kind: String,
    length: i64,
    offset_bytes: i64,
    sha256: String,
    state: String,
    finding: Option<String>,
    chunks_json: String,
    dek_wrapped: Option<Vec<u8>>,
    lease_until: i64,
    expires_at: i64,
}

impl UploadRow {
    fn kind(&self) -> Result<PhotoKind, ServerError> {
        self.kind.parse().map_err(|_| ServerError::Stored { what: "upload kind" })
    }

    /// Start and length of each chunk, in order.
    fn chunks(&self) -> Result<Vec<(i64, i64)>, ServerError> {
        serde_json::from_str(&self.chunks_json).map_err(|_| ServerError::Stored { what: "upload chunks" })
    }

    fn photo_state(&self) -> Option<PhotoState> {
        match self.state.as_str() {
            "receiving" if self.offset_bytes < self.length => Some(PhotoState::Receiving),
            "receiving" => Some(PhotoState::Checking),
            "accepted" | "bound" => Some(PhotoState::Accepted),
            "refused" => Some(PhotoState::Refused(
                self.finding.as_deref().and_then(|finding| finding.parse().ok()).unwrap_or(PhotoFinding::Damaged),
            )),
            _ => None,
        }
    }

    /// Refuses an upload that is over.
    fn still_there(&self, app: &App) -> Result<PhotoState, Refusal> {
        let state = self.photo_state().ok_or(Code::UploadGone)?;
        if state != PhotoState::Accepted && time(self.expires_at) <= app.now() {
            return Err(Code::UploadGone.into());
        }
        Ok(state)
    }

    fn object(&self, offset: i64) -> String {
        chunk_object(&self.id, offset)
    }
}

fn chunk_object(upload: &str, offset: i64) -> String {
    format!("up/{upload}/{offset}")
}

fn chunk_place(upload: &str, offset: i64, length: usize) -> String {
    format!("likeness-chunk-1|{upload}|{offset}|{length}")
}

async fn find(connection: &mut Connection, account: &str, id: &str) -> Result<Option<UploadRow>, ServerError> {
    let row = sqlx::query_as(
        "SELECT id, account_id, capture_session, kind, length, offset_bytes, sha256, state, finding, chunks_json, dek_wrapped, lease_until, expires_at FROM uploads WHERE id = $1 AND account_id = $2",
    )
    .bind(id)
    .bind(account)
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row)
}

fn tus_answer(status: StatusCode, fields: &[(&'static str, String)]) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(header::RESUMABLE), HeaderValue::from_static(tus::VERSION));
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn require_version(headers: &HeaderMap) -> Result<(), Refusal> {
    if header_text(headers, header::RESUMABLE) == Some(tus::VERSION) {
        return Ok(());
    }
    let refusal = Refusal::from(Code::InvalidRequest)
        .status(StatusCode::PRECONDITION_FAILED)
        .detail("The upload needs Tus-Resumable: 1.0.0.");
    Err(refusal.header(HeaderName::from_static(header::VERSION), HeaderValue::from_static(tus::VERSION)))
}

/// Says what the upload routes can do.
#[utoipa::path(options, path = "/v1/uploads", tag = "uploads", responses((status = 204, description = "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm")))]
pub async fn greet(State(app): State<Shared>) -> Response {
    tus_answer(
        StatusCode::NO_CONTENT,
        &[
            (header::VERSION, tus::VERSION.to_owned()),
            (header::EXTENSION, tus::EXTENSIONS.to_owned()),
            (header::MAX_SIZE, app.settings.limits.photo.max_bytes.to_string()),
            (header::CHECKSUM_ALGORITHM, tus::CHECKSUM_ALGORITHM.to_owned()),
        ],
    )
}

/// Announces a photo; `Location` is the path to send it to.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads",
    params(("Upload-Length" = u64, Header), ("Upload-Metadata" = String, Header), ("Tus-Resumable" = String, Header)),
    responses((status = 201, description = "Location, Upload-Offset"), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn create(State(app): State<Shared>, caller: Caller, headers: HeaderMap) -> Result<Response, Refusal> {
    require_version(&headers)?;
    let length: u64 =
        header_text(&headers, header::LENGTH).and_then(|text| text.parse().ok()).ok_or(Code::InvalidRequest)?;
    let metadata = header_text(&headers, header::METADATA).unwrap_or_default();
    let metadata =
        Metadata::parse(metadata).map_err(|error| Refusal::from(Code::InvalidRequest).detail(error.to_string()))?;
    let limits = &app.settings.limits.photo;
    let out_of_range = if length > limits.max_bytes {
        Some(PhotoFinding::TooLarge)
    } else if length < limits.min_bytes {
        Some(PhotoFinding::TooSmall)
    } else {
        None
    };
    if let Some(finding) = out_of_range {
        return Err(Refusal::photo(finding).status(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let session =
        capture::find(&mut transaction, &caller.account, &metadata.capture_session).await?.ok_or(Code::NotFound)?;
    session.still_open(now)?;
    if !session.required()?.contains(&metadata.kind) {
        return Err(Code::UploadUnexpected.into());
    }
    let announced =
        Announced { account: &caller.account, session: &session, metadata: &metadata, length: number(length) };
    let (id, offset, objects) = announced.find_or_insert(&mut transaction, &app).await?;
    transaction.commit().await?;
    media::remove_objects(&app, &objects).await;
    Ok(tus_answer(
        StatusCode::CREATED,
        &[("location", format!("/v1/uploads/{id}")), (header::OFFSET, offset.to_string())],
    ))
}

struct Announced<'a> {
    account: &'a str,
    session: &'a capture::SessionRow,
    metadata: &'a Metadata,
    length: i64,
}

impl Announced<'_> {
    /// The upload of this photo and its offset; with a new one, the objects of the photo it replaces.
    async fn find_or_insert(&self, transaction: &mut Write, app: &App) -> Result<(String, i64, Vec<String>), Refusal> {
        let kind = self.metadata.kind.as_str();
        let known: Option<(String, i64)> = sqlx::query_as(
            "SELECT id, offset_bytes FROM uploads WHERE capture_session = $1 AND kind = $2 AND sha256 = $3 AND length = $4 AND state <> 'aborted'",
        )
        .bind(&self.session.id)
        .bind(kind)
        .bind(self.metadata.sha256.as_str())
        .bind(self.length)
        .fetch_optional(&mut **transaction)
        .await?;
        if let Some((id, offset)) = known {
            return Ok((id, offset, Vec::new()));
        }
        let now = app.now();
        let replaced = "SELECT id, chunks_json FROM uploads WHERE capture_session = $1 AND kind = $2";
        let objects = abort(transaction, replaced, &[&self.session.id, kind], column(now)).await?;
        let id = tokens::identifier("up")?;
        let (_, dek_wrapped) = app.keys.new_object_key(&format!("uploads|{id}"))?;
        let expires_at = now.plus(idle_life(app)).min(time(self.session.upload_by));
        sqlx::query(
            "INSERT INTO uploads (id, account_id, capture_session, kind, length, offset_bytes, sha256, state, chunks_json, dek_wrapped, lease_until, expires_at) \
             VALUES ($1, $2, $3, $4, $5, 0, $6, 'receiving', '[]', $7, 0, $8)",
        )
        .bind(&id)
        .bind(self.account)
        .bind(&self.session.id)
        .bind(kind)
        .bind(self.length)
        .bind(self.metadata.sha256.as_str())
        .bind(dek_wrapped)
        .bind(column(expires_at))
        .execute(&mut **transaction)
        .await?;
        Ok((id, 0, objects))
    }
}

fn idle_life(app: &App) -> Duration {
    Duration::from_hours(app.settings.retention.unbound_upload_hours.into())
}

/// How much of a photo has arrived, and what became of it.
#[utoipa::path(head, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = String, Path)),
    responses((status = 200, description = "Upload-Offset, Upload-Length, Likeness-Photo"), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn progress(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    require_version(&headers)?;
    let mut connection = app.database.read().acquire().await?;
    let row = find(&mut connection, &caller.account, &id).await?.ok_or(Code::NotFound)?;
    let state = row.still_there(&app)?;
    Ok(tus_answer(
        StatusCode::OK,
        &[
            (header::OFFSET, row.offset_bytes.to_string()),
            (header::LENGTH, row.length.to_string()),
            (header::PHOTO, state.to_string()),
            ("cache-control", "no-store".to_owned()),
        ],
    ))
}

/// Takes the next bytes of a photo. With the last ones the photo is judged; an empty body at the end asks again after "busy".
#[utoipa::path(patch, path = "/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path), ("Upload-Offset" = u64, Header), ("Upload-Checksum" = Option<String>, Header), ("Tus-Resumable" = String, Header)),
    request_body(content = String, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "Upload-Offset, Likeness-Photo"), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn append(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    require_version(&parts.headers)?;
    sent::require_type(&parts.headers, tus::CHUNK_TYPE)?;
    let offset: i64 = header_text(&parts.headers, header::OFFSET)
        .and_then(|text| text.parse().ok())
        .filter(|offset| *offset >= 0)
        .ok_or(Code::InvalidRequest)?;
    let checksum: Option<Checksum> = match header_text(&parts.headers, header::CHECKSUM) {
        Some(text) => Some(
            text.parse()
                .map_err(|error: tus::TusError| Refusal::from(Code::InvalidRequest).detail(error.to_string()))?,
        ),
        None => None,
    };
    let chunk = sent::read(body, tus::MAX_CHUNK_BYTES, CHUNK_WITHIN).await?;
    if checksum.is_some_and(|checksum| !checksum.fits(&chunk)) {
        return Err(Code::UploadChecksum.into());
    }
    // In a task of its own: when the client hangs up now, the chunk is still stored and the lease given back.
    let work = tokio::spawn(hold_and_append(Arc::clone(&app), caller.account, id, offset, chunk));
    let row = work.await.map_err(ServerError::from)??;
    let state = row.photo_state().unwrap_or(PhotoState::Checking);
    Ok(tus_answer(
        StatusCode::NO_CONTENT,
        &[(header::OFFSET, row.offset_bytes.to_string()), (header::PHOTO, state.to_string())],
    ))
}

async fn hold_and_append(
    app: Shared,
    account: String,
    id: String,
    offset: i64,
    chunk: Bytes,
) -> Result<UploadRow, Refusal> {
    let lease = tokens::identifier("lease")?;
    let row = take_lease(&app, &account, &id, &lease).await?;
    let done = if row.photo_state() == Some(PhotoState::Accepted) {
        repeat_of_the_end(row, offset, &chunk)
    } else {
        append_and_judge(&app, row, offset, chunk).await
    };
    let mut transaction = app.database.write().await?;
    sqlx::query("UPDATE uploads SET lease = NULL, lease_until = 0 WHERE id = $1 AND lease = $2")
        .bind(&id)
        .bind(&lease)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    done
}

/// The last reply was lost and the client asks again: fine, as long as it brings nothing.
fn repeat_of_the_end(row: UploadRow, offset: i64, chunk: &Bytes) -> Result<UploadRow, Refusal> {
    if offset == row.length && chunk.is_empty() { Ok(row) } else { Err(wrong_offset(&row)) }
}

fn wrong_offset(row: &UploadRow) -> Refusal {
    Refusal::from(Code::UploadOffset)
        .header(HeaderName::from_static(header::OFFSET), HeaderValue::from(row.offset_bytes))
}

async fn take_lease(app: &App, account: &str, id: &str, lease: &str) -> Result<UploadRow, Refusal> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let row = find(&mut transaction, account, id).await?.ok_or(Code::NotFound)?;
    if let PhotoState::Refused(finding) = row.still_there(app)? {
        return Err(Refusal::from(Code::UploadGone).photo_state(PhotoState::Refused(finding)));
    }
    if time(row.lease_until) > now {
        return Err(Code::UploadLocked.into());
    }
    sqlx::query("UPDATE uploads SET lease = $2, lease_until = $3 WHERE id = $1")
        .bind(id)
        .bind(lease)
        .bind(column(now.plus(LEASE)))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(row)
}

async fn append_and_judge(app: &Shared, mut row: UploadRow, offset: i64, chunk: Bytes) -> Result<UploadRow, Refusal> {
    if offset != row.offset_bytes {
        return Err(wrong_offset(&row));
    }
    let end = offset.saturating_add(number(chunk.len() as u64));
    if end > row.length {
        return Err(Refusal::from(Code::TooLarge).detail("The chunk goes beyond the announced length."));
    }
    if !chunk.is_empty() {
        store(app, &mut row, offset, &chunk).await?;
    }
    if row.offset_bytes == row.length { judge(app, row).await } else { Ok(row) }
}

async fn store(app: &App, row: &mut UploadRow, offset: i64, chunk: &[u8]) -> Result<(), Refusal> {
    let wrapped = row.dek_wrapped.as_deref().ok_or(Code::UploadGone)?;
    let key = app.keys.object_key(&format!("uploads|{}", row.id), wrapped)?;
    app.objects.put(&row.object(offset), key.seal(&chunk_place(&row.id, offset, chunk.len()), chunk)?).await?;
    let mut chunks = row.chunks()?;
    chunks.push((offset, number(chunk.len() as u64)));
    row.chunks_json = serde_json::to_string(&chunks)?;
    row.offset_bytes = offset + number(chunk.len() as u64);
    let mut transaction = app.database.write().await?;
    let session =
        capture::find(&mut transaction, &row.account_id, &row.capture_session).await?.ok_or(Code::UploadGone)?;
    session.still_open(app.now())?;
    let expires_at = app.now().plus(idle_life(app)).min(time(session.upload_by));
    sqlx::query("UPDATE uploads SET offset_bytes = $2, chunks_json = $3, expires_at = $4 WHERE id = $1")
        .bind(&row.id)
        .bind(row.offset_bytes)
        .bind(&row.chunks_json)
        .bind(column(expires_at))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn judge(app: &Shared, mut row: UploadRow) -> Result<UploadRow, Refusal> {
    let busy = || Refusal::from(Code::Busy).photo_state(PhotoState::Checking);
    let turn = tokio::time::timeout(GATE_QUEUE, Arc::clone(&app.gate).acquire_owned()).await;
    let Ok(Ok(permit)) = turn else { return Err(busy()) };
    let bytes = whole(app, &row).await?;
    let claimed: Sha256Hex = row.sha256.parse().map_err(|_| ServerError::Stored { what: "upload hash" })?;
    let limits = app.settings.limits.photo;
    let work = tokio::task::spawn_blocking(move || {
        // Whatever a decoder does with hostile bytes must end here.
        let verdict =
            panic::catch_unwind(|| gate::judge(&bytes, &claimed, &limits)).unwrap_or(Err(PhotoFinding::Damaged));
        drop(permit);
        verdict
    });
    let verdict = match tokio::time::timeout(GATE_WITHIN, work).await {
        Ok(done) => done.map_err(ServerError::from)?,
        Err(_) => Err(PhotoFinding::Timeout),
    };
    match verdict {
        Ok(passed) => {
            accept(app, &row, &passed).await?;
            "accepted".clone_into(&mut row.state);
            Ok(row)
        }
        Err(finding) => {
            tracing::info!(code = "photo-refused", finding = finding.as_str());
            finish(app, &row, "refused", Some(finding)).await?;
            Err(Refusal::photo(finding))
        }
    }
}

async fn whole(app: &App, row: &UploadRow) -> Result<zeroize::Zeroizing<Vec<u8>>, Refusal> {
    let wrapped = row.dek_wrapped.as_deref().ok_or(Code::UploadGone)?;
    let key = app.keys.object_key(&format!("uploads|{}", row.id), wrapped)?;
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(usize::try_from(count(row.length)).unwrap_or(0)));
    for (offset, length) in row.chunks()? {
        let sealed = app.objects.get(&row.object(offset)).await?.ok_or(Code::UploadGone)?;
        let length = usize::try_from(count(length)).unwrap_or(0);
        bytes.extend_from_slice(&key.open(&chunk_place(&row.id, offset, length), &sealed, "a chunk")?);
    }
    Ok(bytes)
}

async fn accept(app: &App, row: &UploadRow, passed: &gate::Passed) -> Result<(), Refusal> {
    let owner = Owner { account: &row.account_id, upload: &row.id, kind: row.kind()? };
    let sealed = media::seal(app, &owner, passed).await?;
    let mut transaction = app.database.write().await?;
    media::insert(&mut transaction, app, &owner, &sealed, passed, (&row.sha256, row.length)).await?;
    close(&mut transaction, &row.id, "accepted", None).await?;
    transaction.commit().await?;
    drop_chunks(app, row).await
}

async fn finish(app: &App, row: &UploadRow, state: &str, finding: Option<PhotoFinding>) -> Result<(), Refusal> {
    let mut transaction = app.database.write().await?;
    close(&mut transaction, &row.id, state, finding).await?;
    transaction.commit().await?;
    drop_chunks(app, row).await
}

/// Ends the receiving: the chunks' key is destroyed, what they held is either re-encoded or refused.
async fn close(
    transaction: &mut Write,
    id: &str,
    state: &str,
    finding: Option<PhotoFinding>,
) -> Result<(), ServerError> {
    sqlx::query("UPDATE uploads SET state = $2, finding = $3, dek_wrapped = NULL, chunks_json = '[]' WHERE id = $1")
        .bind(id)
        .bind(state)
        .bind(finding.map(PhotoFinding::as_str))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn drop_chunks(app: &App, row: &UploadRow) -> Result<(), Refusal> {
    let names: Vec<_> = row.chunks()?.into_iter().map(|(offset, _)| row.object(offset)).collect();
    media::remove_objects(app, &names).await;
    Ok(())
}

/// Aborts all uploads of a session; gives the objects to remove after the commit.
pub async fn abort_session(transaction: &mut Write, session: &str, now: i64) -> Result<Vec<String>, ServerError> {
    abort(transaction, "SELECT id, chunks_json FROM uploads WHERE capture_session = $1", &[session], now).await
}

/// Aborts uploads nobody will submit any more.
pub async fn abort_expired(transaction: &mut Write, now: i64) -> Result<Vec<String>, ServerError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT id, chunks_json FROM uploads WHERE expires_at <= $1 AND state IN ('receiving', 'accepted', 'refused')",
    )
    .bind(now)
    .fetch_all(&mut **transaction)
    .await?;
    abort_rows(transaction, rows, now).await
}

/// Objects of all unfinished uploads of an account.
pub async fn forget_account(transaction: &mut Write, account: &str) -> Result<Vec<String>, ServerError> {
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT id, chunks_json FROM uploads WHERE account_id = $1")
        .bind(account)
        .fetch_all(&mut **transaction)
        .await?;
    Ok(rows.iter().flat_map(|(id, chunks)| chunk_names(id, chunks)).collect())
}

async fn abort(
    transaction: &mut Write,
    select: &'static str,
    values: &[&str],
    now: i64,
) -> Result<Vec<String>, ServerError> {
    let mut query = sqlx::query_as(select);
    for value in values {
        query = query.bind((*value).to_owned());
    }
    let rows: Vec<(String, String)> = query.fetch_all(&mut **transaction).await?;
    abort_rows(transaction, rows, now).await
}

async fn abort_rows(
    transaction: &mut Write,
    rows: Vec<(String, String)>,
    now: i64,
) -> Result<Vec<String>, ServerError> {
    let mut objects = Vec::new();
    for (id, chunks) in rows {
        let done = sqlx::query("UPDATE uploads SET state = 'aborted', dek_wrapped = NULL, chunks_json = '[]' WHERE id = $1 AND state NOT IN ('bound', 'aborted')")
            .bind(&id)
            .execute(&mut **transaction)
            .await?;
        if done.rows_affected() == 1 {
            objects.extend(chunk_names(&id, &chunks));
            objects.extend(media::forget_upload(transaction, &id, now).await?);
        }
    }
    Ok(objects)
}

fn chunk_names(id: &str, chunks_json: &str) -> Vec<String> {
    let chunks: Vec<(i64, i64)> = serde_json::from_str(chunks_json).unwrap_or_default();
    chunks.into_iter().map(|(offset, _)| chunk_object(id, offset)).collect()
}
