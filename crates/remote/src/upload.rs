//! Sends one photo in pieces (tus 1.0.0: core, creation, checksum) and goes on where a broken line stopped it.
//!
//! Guarantees: progress is what the server acknowledged, never what was handed to the network; a piece counts only with its
//! checksum; the photo counts only when the server's gate has accepted it. Nothing about an upload has to be remembered:
//! the same photo of the same session asked for again is the same upload, and the server knows how far it got.
//! To pause or cancel, drop the future; to go on, call again. Refuses to know: how the photo was taken.

use std::time::Duration;

use bytes::Bytes;
use likeness_protocol::problem::Code;
use likeness_protocol::text::Sha256Hex;
use likeness_protocol::time::UnixMs;
use likeness_protocol::tus::{self, Checksum, Metadata, PhotoFinding, PhotoState, header};
use likeness_protocol::verification::PhotoKind;
use reqwest::Method;

use crate::api::{SignedApi, plain};
use crate::client::Call;
use crate::error::RemoteError;
use crate::reply::Reply;
use crate::retry::{Pace, Waits};

/// A piece that takes longer than this will not arrive; nothing limits the whole while pieces arrive.
const CHUNK_WITHIN: Duration = Duration::from_mins(2);
/// After two failures in a row: less is lost with the next one.
const CAREFUL_CHUNK_BYTES: usize = 128 * 1024;
/// A proxy that refuses even this cannot be worked with.
const SMALLEST_CHUNK_BYTES: usize = 64 * 1024;
const FAILURES_UNTIL_CAREFUL: u32 = 2;
const SUCCESSES_UNTIL_BOLD: u32 = 4;
/// How often an upload that the server lost is begun anew.
const FRESH_STARTS: u32 = 2;
/// Another request holds the upload, most likely our own before a broken line.
const LOCKED_WAIT: Duration = Duration::from_secs(1);

/// One photo to send.
#[derive(Debug, Clone)]
pub struct PhotoUpload {
    /// Which photo.
    pub kind: PhotoKind,
    /// The capture session it belongs to.
    pub capture_session: String,
    /// Its hash, as in the manifest.
    pub sha256: Sha256Hex,
    /// Its bytes.
    pub jpeg: Bytes,
    /// When trying again ends, by the computer's clock.
    pub upload_by: UnixMs,
    /// The largest piece the server takes.
    pub chunk_max_bytes: usize,
    /// How patiently it is tried again.
    pub pace: Pace,
}

/// What happens while a photo is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadNews {
    /// The server has this many bytes.
    Acknowledged {
        /// Bytes the server has.
        bytes: u64,
    },
    /// It did not work and is tried again.
    Waiting {
        /// Why.
        because: RemoteError,
        /// How long until the next try.
        wait: Duration,
    },
}

/// Why a photo was not taken, for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The server's gate said no to the picture itself.
    #[error("the server cannot use this photo; take it again")]
    PhotoRefused(PhotoFinding),
    /// The server does not accept the transfer, and trying again would change nothing.
    #[error("the server refuses the transfer ({status}); tell the people who run it")]
    TransferRefused {
        /// The HTTP status.
        status: u16,
    },
    /// The time for sending is over.
    #[error("the time for sending these photos has passed; take them again")]
    TooLate,
    /// Anything else that waiting does not mend: signed out, an untrusted certificate, a session that ended.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl UploadError {
    /// The code the window looks up.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PhotoRefused(_) => "photo-refused",
            Self::TransferRefused { .. } => "upload-refused",
            Self::TooLate => "capture-session-expired",
            Self::Remote(error) => error.code(),
        }
    }
}

/// Sends `photo` until the server's gate has accepted it. Gives the upload's identifier, for the submission.
///
/// Ends with an error only when trying again cannot help, or when `upload_by` has passed.
pub async fn upload(api: &SignedApi, photo: &PhotoUpload, news: impl Fn(UploadNews)) -> Result<String, UploadError> {
    let mut transfer = Transfer::of(photo);
    loop {
        let told = transfer.step(api, &news).await;
        match transfer.decide(told) {
            Next::Go => {}
            Next::Done(id) => return Ok(id),
            Next::Stop(error) => return Err(error),
            Next::Wait { because, wait } => {
                if api.api().clock().now().plus(wait) > photo.upload_by {
                    return Err(UploadError::TooLate);
                }
                tracing::info!(code = "upload-waits", because = because.code(), wait_ms = wait.as_millis());
                news(UploadNews::Waiting { because, wait });
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Where the transfer stands, as far as the server has told.
struct Transfer<'a> {
    photo: &'a PhotoUpload,
    at: At,
    waits: Waits,
    chunk_bytes: usize,
    failures_in_a_row: u32,
    successes_in_a_row: u32,
    fresh_starts: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// Nothing is known at the server.
    Nowhere,
    /// The upload exists; how much of it the server has must be asked.
    Unsure { id: String },
    /// The server has this many bytes.
    Offset { id: String, offset: u64 },
}

/// What one request brought.
enum Told {
    Created { id: String },
    Offset { offset: u64, photo: Option<PhotoState>, sent_bytes: usize },
    Refused { reply: Reply },
    Failed(RemoteError),
}

enum Next {
    Go,
    Wait { because: RemoteError, wait: Duration },
    Done(String),
    Stop(UploadError),
}

impl<'a> Transfer<'a> {
    fn of(photo: &'a PhotoUpload) -> Self {
        Self {
            photo,
            at: At::Nowhere,
            waits: Waits::new(photo.pace),
            chunk_bytes: bold_chunk_bytes(photo),
            failures_in_a_row: 0,
            successes_in_a_row: 0,
            fresh_starts: 0,
        }
    }

    fn length(&self) -> u64 {
        self.photo.jpeg.len() as u64
    }

    /// Makes the one request that comes next.
    async fn step(&mut self, api: &SignedApi, news: &impl Fn(UploadNews)) -> Told {
        let told = match &self.at {
            At::Nowhere => self.create(api).await,
            At::Unsure { id } => self.ask(api, id).await,
            At::Offset { id, offset } => self.send_piece(api, id, *offset).await,
        };
        match told {
            Ok(told) => {
                if let Told::Offset { offset, .. } = &told {
                    news(UploadNews::Acknowledged { bytes: *offset });
                }
                told
            }
            Err(error) => Told::Failed(error),
        }
    }

    async fn create(&self, api: &SignedApi) -> Result<Told, RemoteError> {
        let metadata = Metadata {
            kind: self.photo.kind,
            capture_session: self.photo.capture_session.clone(),
            sha256: self.photo.sha256.clone(),
        };
        let call = tus_call(Method::POST, "/v1/uploads".to_owned())
            .header(header::LENGTH, self.length().to_string())
            .header(header::METADATA, metadata.encode());
        let reply = api.send(&call).await?;
        if reply.status != 201 && reply.status != 200 {
            return Ok(Told::Refused { reply });
        }
        // A path only: an address would let a proxy's idea of our host, or another host, in.
        let id = reply
            .header("location")
            .and_then(|path| path.strip_prefix("/v1/uploads/"))
            .ok_or(RemoteError::ReplyMalformed)?;
        Ok(Told::Created { id: plain(id)?.to_owned() })
    }

    async fn ask(&self, api: &SignedApi, id: &str) -> Result<Told, RemoteError> {
        let reply = api.read(&tus_call(Method::HEAD, format!("/v1/uploads/{id}"))).await?;
        self.read_offset(reply, 0)
    }

    /// Sends the next piece; at the very end an empty one, which asks the gate for its answer again.
    async fn send_piece(&self, api: &SignedApi, id: &str, offset: u64) -> Result<Told, RemoteError> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.photo.jpeg.len());
        let to = from.saturating_add(self.chunk_bytes).min(self.photo.jpeg.len());
        let piece = self.photo.jpeg.slice(from..to);
        let sent_bytes = piece.len();
        let mut call = tus_call(Method::PATCH, format!("/v1/uploads/{id}"))
            .header(header::OFFSET, offset.to_string())
            .header(header::CHECKSUM, Checksum::of(&piece).to_string());
        call.body = Some((tus::CHUNK_TYPE, piece));
        call.deadline = Some(CHUNK_WITHIN);
        let reply = api.send(&call).await?;
        self.read_offset(reply, sent_bytes)
    }

    fn read_offset(&self, reply: Reply, sent_bytes: usize) -> Result<Told, RemoteError> {
        if !reply.is_success() {
            return Ok(Told::Refused { reply });
        }
        let offset = reply.header(header::OFFSET).and_then(|value| value.parse::<u64>().ok());
        match offset {
            Some(offset) if offset <= self.length() => {
                let photo = reply.header(header::PHOTO).and_then(|value| value.parse().ok());
                Ok(Told::Offset { offset, photo, sent_bytes })
            }
            // A page of a captive portal has no such header.
            _ => reply.accepted().and(Err(RemoteError::ReplyMalformed)),
        }
    }

    /// The table of answers: what a request brought, and so what comes next. No clock, no network.
    fn decide(&mut self, told: Told) -> Next {
        match told {
            Told::Created { id } => {
                self.waits.start_over();
                self.at = At::Unsure { id };
                Next::Go
            }
            Told::Offset { offset, photo, sent_bytes } => self.decide_offset(offset, photo, sent_bytes),
            Told::Refused { reply } => self.decide_refusal(&reply),
            Told::Failed(error) => self.decide_failure(error),
        }
    }

    fn decide_offset(&mut self, offset: u64, photo: Option<PhotoState>, sent_bytes: usize) -> Next {
        let Some(id) = self.id() else { return Next::Go };
        match photo {
            Some(PhotoState::Refused(finding)) => return Next::Stop(UploadError::PhotoRefused(finding)),
            Some(PhotoState::Accepted) if offset == self.length() => return Next::Done(id),
            Some(PhotoState::Accepted | PhotoState::Receiving | PhotoState::Checking) | None => {}
        }
        if sent_bytes > 0 {
            self.waits.start_over();
            self.failures_in_a_row = 0;
            self.successes_in_a_row += 1;
            if self.successes_in_a_row >= SUCCESSES_UNTIL_BOLD {
                self.chunk_bytes = bold_chunk_bytes(self.photo);
            }
        }
        let gate_is_slow =
            offset == self.length() && matches!(self.at, At::Offset { offset: before, .. } if before == offset);
        self.at = At::Offset { id, offset };
        if gate_is_slow {
            let busy = RemoteError::ServerTrouble { status: 503, retry_after: None };
            return self.wait(busy);
        }
        Next::Go
    }

    fn decide_refusal(&mut self, reply: &Reply) -> Next {
        if let Some(Ok(PhotoState::Refused(finding))) = reply.header(header::PHOTO).map(str::parse) {
            return Next::Stop(UploadError::PhotoRefused(finding));
        }
        let error = reply.refusal();
        if let Some(finding) =
            error.problem().filter(|problem| problem.code == Code::PhotoRefused).and_then(|problem| problem.finding)
        {
            return Next::Stop(UploadError::PhotoRefused(finding));
        }
        let code = error.problem().map(|problem| problem.code);
        if matches!(
            code,
            Some(Code::CaptureSessionExpired | Code::CaptureSessionUsed | Code::SessionEnded | Code::AccountDisabled)
        ) {
            return Next::Stop(UploadError::Remote(error));
        }
        match reply.status {
            404 | 410 => self.start_afresh(error),
            409 if matches!(code, None | Some(Code::UploadOffset)) => {
                self.unsure();
                self.fail(error, None)
            }
            tus::CHECKSUM_MISMATCH => {
                self.unsure();
                self.fail(error, None)
            }
            413 if self.chunk_bytes > SMALLEST_CHUNK_BYTES && self.id().is_some() => {
                self.chunk_bytes = (self.chunk_bytes / 2).max(SMALLEST_CHUNK_BYTES);
                self.unsure();
                Next::Go
            }
            423 => {
                self.unsure();
                Next::Wait { because: error, wait: LOCKED_WAIT.min(self.photo.pace.longest) }
            }
            _ if error.may_pass() => self.decide_failure(error),
            status @ (400 | 403 | 413 | 415) => Next::Stop(UploadError::TransferRefused { status }),
            _ => Next::Stop(UploadError::Remote(error)),
        }
    }

    fn decide_failure(&mut self, error: RemoteError) -> Next {
        if !error.may_pass() {
            return Next::Stop(UploadError::Remote(error));
        }
        self.unsure();
        let asked = error.retry_after();
        self.fail(error, asked)
    }

    /// The server does not know the upload any more.
    fn start_afresh(&mut self, error: RemoteError) -> Next {
        if self.fresh_starts >= FRESH_STARTS {
            return Next::Stop(UploadError::Remote(error));
        }
        self.fresh_starts += 1;
        self.at = At::Nowhere;
        self.fail(error, None)
    }

    fn fail(&mut self, because: RemoteError, asked: Option<Duration>) -> Next {
        self.successes_in_a_row = 0;
        self.failures_in_a_row += 1;
        if self.failures_in_a_row >= FAILURES_UNTIL_CAREFUL {
            self.chunk_bytes = self.chunk_bytes.min(CAREFUL_CHUNK_BYTES);
        }
        let wait = self.waits.next(asked);
        Next::Wait { because, wait }
    }

    fn wait(&mut self, because: RemoteError) -> Next {
        let wait = self.waits.next(None);
        Next::Wait { because, wait }
    }

    /// After a failure nobody knows how much of a piece arrived.
    fn unsure(&mut self) {
        if let Some(id) = self.id() {
            self.at = At::Unsure { id };
        }
    }

    fn id(&self) -> Option<String> {
        match &self.at {
            At::Nowhere => None,
            At::Unsure { id } | At::Offset { id, .. } => Some(id.clone()),
        }
    }
}

fn bold_chunk_bytes(photo: &PhotoUpload) -> usize {
    tus::CHUNK_BYTES.min(photo.chunk_max_bytes).max(1)
}

fn tus_call(method: Method, path: String) -> Call {
    Call::new(method, path).header(header::RESUMABLE, tus::VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(bytes: usize) -> PhotoUpload {
        PhotoUpload {
            kind: PhotoKind::Face,
            capture_session: "cs_1".to_owned(),
            sha256: Sha256Hex::of(b""),
            jpeg: Bytes::from(vec![0; bytes]),
            upload_by: UnixMs(u64::MAX),
            chunk_max_bytes: tus::MAX_CHUNK_BYTES,
            pace: Pace::PATIENT,
        }
    }

    fn midway(photo: &PhotoUpload) -> Transfer<'_> {
        let mut transfer = Transfer::of(photo);
        transfer.at = At::Offset { id: "up_1".to_owned(), offset: 100 };
        transfer
    }

    fn told(reply: Reply) -> Told {
        Told::Refused { reply }
    }

    /// What a decision was, as a word for the table.
    fn word(next: &Next, transfer: &Transfer<'_>) -> String {
        match (next, &transfer.at) {
            (Next::Go, At::Offset { offset, .. }) => format!("go at {offset}"),
            (Next::Go, At::Unsure { .. }) => "ask".to_owned(),
            (Next::Go, At::Nowhere) => "go".to_owned(),
            (Next::Wait { .. }, At::Unsure { .. }) => "wait, ask".to_owned(),
            (Next::Wait { .. }, At::Nowhere) => "wait, create".to_owned(),
            (Next::Wait { .. }, At::Offset { .. }) => "wait, go on".to_owned(),
            (Next::Done(id), _) => format!("done {id}"),
            (Next::Stop(error), _) => format!("stop {}", error.code()),
        }
    }

    #[test]
    fn each_answer_has_its_consequence() {
        let problem = ("content-type", "application/problem+json");
        let says = |code: Code| serde_json::to_string(&likeness_protocol::Problem::new(code, "r")).unwrap();
        let refused = |status: u16, code: Code| told(Reply::of(status, &[problem], &says(code)));
        let bare = |status: u16| told(Reply::of(status, &[], ""));
        #[rustfmt::skip]
        let table = [
            (Told::Offset { offset: 900, photo: None, sent_bytes: 800 },                    "go at 900",             "progress is what the server says"),
            (Told::Offset { offset: 1000, photo: Some(PhotoState::Accepted), sent_bytes: 900 }, "done up_1",         "all there and accepted"),
            (Told::Offset { offset: 900, photo: Some(PhotoState::Accepted), sent_bytes: 800 }, "go at 900",          "accepted before it is all there is nonsense"),
            (Told::Offset { offset: 1000, photo: Some(PhotoState::Refused(PhotoFinding::TooDark)), sent_bytes: 900 }, "stop photo-refused", "the gate said no"),
            (Told::Failed(RemoteError::NetworkConnect),          "wait, ask",                "nobody knows what arrived"),
            (Told::Failed(RemoteError::CaptivePortal),           "wait, ask",                "nothing counts as sent"),
            (Told::Failed(RemoteError::TlsUntrusted),            "stop tls-untrusted",       "the same certificate comes again"),
            (Told::Failed(RemoteError::SignedOut),               "stop session-ended",       "sign in, then go on"),
            (bare(400),                                          "stop upload-refused",      "our bug or a foreign server"),
            (bare(403),                                          "stop upload-refused",      "the same"),
            (bare(415),                                          "stop upload-refused",      "the same"),
            (refused(410, Code::UploadGone),                     "wait, create",             "a new upload of the same photo"),
            (refused(410, Code::CaptureSessionExpired),          "stop capture-session-expired", "no new upload can mend that"),
            (refused(409, Code::UploadOffset),                   "wait, ask",                "the offset is asked for"),
            (refused(423, Code::UploadLocked),                   "wait, ask",                "our own lost request still holds it"),
            (refused(460, Code::UploadChecksum),                 "wait, ask",                "the piece is sent again"),
            (refused(422, Code::PhotoRefused),                   "stop photo-refused",       "a refusal without a finding names none"),
            (refused(409, Code::ConsentRequired),                "stop consent-required",    "waiting does not give a consent"),
            (bare(413),                                          "ask",                      "a proxy's limit: smaller pieces"),
            (bare(302),                                          "wait, ask",                "a portal"),
            (bare(408),                                          "wait, ask",                "later"),
            (bare(429),                                          "wait, ask",                "later"),
            (refused(503, Code::Busy),                           "wait, ask",                "later"),
            (refused(507, Code::StorageFull),                    "wait, ask",                "later"),
        ];
        let photo = photo(1000);
        for (told, expected, because) in table {
            let mut transfer = midway(&photo);
            let next = transfer.decide(told);
            assert_eq!(word(&next, &transfer), expected, "{because}");
        }
    }

    #[test]
    fn pieces_shrink_after_failures_and_grow_after_successes() {
        let photo = photo(4 * 1024 * 1024);
        let mut transfer = midway(&photo);
        assert_eq!(transfer.chunk_bytes, 512 * 1024);
        transfer.decide(Told::Failed(RemoteError::NetworkConnect));
        assert_eq!(transfer.chunk_bytes, 512 * 1024, "one failure is chance");
        transfer.decide(Told::Failed(RemoteError::NetworkTimeout));
        assert_eq!(transfer.chunk_bytes, 128 * 1024, "two are a bad line");
        for round in 1..=4_u64 {
            assert_eq!(transfer.chunk_bytes, 128 * 1024, "before success {round}");
            transfer.decide(Told::Offset { offset: 100 + round, photo: None, sent_bytes: 1 });
        }
        assert_eq!(transfer.chunk_bytes, 512 * 1024, "four in a row are a good line");
        for _ in 0..3 {
            assert!(matches!(transfer.decide(told(Reply::of(413, &[], ""))), Next::Go));
        }
        assert_eq!(transfer.chunk_bytes, 64 * 1024);
        assert!(matches!(transfer.decide(told(Reply::of(413, &[], ""))), Next::Stop(_)), "smaller is not tried");
    }

    #[test]
    fn a_lost_upload_is_begun_anew_twice() {
        let photo = photo(1000);
        let mut transfer = midway(&photo);
        for _ in 0..2 {
            assert!(matches!(transfer.decide(told(Reply::of(404, &[], ""))), Next::Wait { .. }));
            transfer.decide(Told::Created { id: "up_2".to_owned() });
        }
        assert!(matches!(transfer.decide(told(Reply::of(404, &[], ""))), Next::Stop(_)));
    }

    #[test]
    fn a_gate_without_an_answer_is_asked_again_with_an_empty_piece() {
        let photo = photo(1000);
        let mut transfer = midway(&photo);
        let all = || Told::Offset { offset: 1000, photo: Some(PhotoState::Checking), sent_bytes: 0 };
        assert!(matches!(transfer.decide(all()), Next::Go), "the first time at once");
        assert!(matches!(transfer.decide(all()), Next::Wait { .. }), "then with patience");
        assert_eq!(transfer.at, At::Offset { id: "up_1".to_owned(), offset: 1000 });
    }
}
