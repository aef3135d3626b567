//! Where the browser comes back to: one address of this very computer, open for one answer and no longer.
//!
//! Guarantees: nothing but a browser that was sent out by this sign-in is believed (the `state` is compared in constant time, the issuer
//! must be the configured one, the `Host` must be this listener, no parameter may come twice); whatever else knocks gets an empty page
//! and the wait goes on; the first good answer closes the port. Connections are served side by side, because browsers open some that
//! they never use. The port is closed when the wait is dropped: after the deadline, on Cancel, at the end of the program.
//! Refuses to know: what the code is good for.

mod page;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use likeness_protocol::oauth::LOOPBACK_CALLBACK_PATH;
use likeness_protocol::text::Secret;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// Most connections at once. One more closes the oldest, so that a crowd of silent ones cannot keep the browser out.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may take to say what it wants: a browser on the same computer needs milliseconds.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// The last page is a courtesy; a browser that does not take it must not hold up the sign-in.
const WRITE_WITHIN: Duration = Duration::from_secs(1);
/// Longest request head that is read. Our own callback has less than 1 KiB.
const MOST_REQUEST_BYTES: usize = 8 * 1024;
/// Header fields beyond this number are no browser's.
const MOST_HEADERS: usize = 64;

/// The open address, before the browser is sent out.
pub(crate) struct Loopback {
    listener: TcpListener,
    /// `127.0.0.1:{port}` or `[::1]:{port}`: what `Host` must say.
    authority: String,
}

/// What a good answer must bear.
pub(crate) struct Expected {
    /// The secret that went out with the browser.
    pub(crate) state: Secret,
    /// The server's issuer.
    pub(crate) issuer: String,
}

/// What the browser brought back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    /// A code for tokens.
    Code(Secret),
    /// Somebody pressed "no" on the way.
    Cancelled,
    /// The server has nothing for us, for another reason.
    Refused,
}

impl Loopback {
    /// Opens a free port on the IPv4 loopback, or on the IPv6 one where there is no other.
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = match TcpListener::bind(("127.0.0.1", 0)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind(("::1", 0)).await?,
        };
        let authority = listener.local_addr()?.to_string();
        Ok(Self { listener, authority })
    }

    /// Where the server is to send the browser back to.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://{}{LOOPBACK_CALLBACK_PATH}", self.authority)
    }

    /// Waits for the browser, however long it takes. The port is closed with the answer, or when the future is dropped.
    pub(crate) async fn wait(self, expected: Arc<Expected>) -> Callback {
        let Self { listener, authority } = self;
        let door = Arc::new(Door { authority, expected, taken: AtomicBool::new(false) });
        let (found, mut answers) = mpsc::channel(1);
        let mut serving = JoinSet::new();
        let mut crowd: VecDeque<AbortHandle> = VecDeque::new();
        loop {
            tokio::select! {
                Some(callback) = answers.recv() => return callback,
                Some(_) = serving.join_next() => crowd.retain(|connection| !connection.is_finished()),
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        if crowd.len() >= MOST_CONNECTIONS && let Some(oldest) = crowd.pop_front() {
                            oldest.abort();
                        }
                        crowd.push_back(serving.spawn(serve(stream, Arc::clone(&door), found.clone())));
                    }
                    Err(error) => {
                        tracing::warn!(code = "loopback-accept", kind = ?error.kind());
                        // Out of file handles, most likely: some are given back, and the browser tries again.
                        if let Some(oldest) = crowd.pop_front() {
                            oldest.abort();
                        }
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        }
    }
}

/// What every connection needs to judge its request.
struct Door {
    authority: String,
    expected: Arc<Expected>,
    /// The first good answer wins, also against one that comes in the same moment.
    taken: AtomicBool,
}

async fn serve(mut stream: TcpStream, door: Arc<Door>, found: mpsc::Sender<Callback>) {
    let Ok(Ok(head)) = tokio::time::timeout(READ_WITHIN, read_head(&mut stream)).await else { return };
    let verdict = head.as_deref().map_or(Err(400), |head| door.judge(head));
    match verdict {
        Ok(callback) if !door.taken.swap(true, Ordering::SeqCst) => {
            let page = page::back(matches!(callback, Callback::Code(_)));
            let _ = tokio::time::timeout(WRITE_WITHIN, finish(&mut stream, &page)).await;
            let _ = found.send(callback).await;
        }
        Ok(_) => {
            let _ = tokio::time::timeout(WRITE_WITHIN, finish(&mut stream, &page::empty(400))).await;
        }
        Err(status) => {
            tracing::info!(code = "loopback-refused", status);
            let _ = tokio::time::timeout(WRITE_WITHIN, finish(&mut stream, &page::empty(status))).await;
        }
    }
}

async fn finish(stream: &mut TcpStream, page: &[u8]) -> io::Result<()> {
    stream.write_all(page).await?;
    stream.shutdown().await
}

/// The request up to the end of its header fields; `None` when it is longer than any of ours.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(1024);
    loop {
        if head.len() >= MOST_REQUEST_BYTES {
            return Ok(None);
        }
        let read = stream.read_buf(&mut head).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if head.windows(4).any(|end| end == b"\r\n\r\n") {
            return Ok(Some(head));
        }
    }
}

impl Door {
    /// The answer a request bears, or the status that refuses it.
    fn judge(&self, head: &[u8]) -> Result<Callback, u16> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut fields);
        let Ok(httparse::Status::Complete(_)) = request.parse(head) else { return Err(400) };
        if request.method != Some("GET") {
            return Err(405);
        }
        let target = request.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path != LOOPBACK_CALLBACK_PATH {
            return Err(404);
        }
        let mut hosts = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("host"));
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(400) };
        if host.value != self.authority.as_bytes() {
            return Err(400);
        }
        self.expected.callback(query).ok_or(400)
    }
}

impl Expected {
    /// What the query of an address bears, if it is the answer that is waited for.
    pub(crate) fn callback(&self, query: &str) -> Option<Callback> {
        let mut answer = Answer::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "code" => &mut answer.code,
                "state" => &mut answer.state,
                "iss" => &mut answer.issuer,
                "error" => &mut answer.error,
                "error_description" => &mut answer.description,
                // RFC 6749, section 4.1.2: what is not known is passed over.
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        let state = answer.state?;
        let known: bool = state.as_bytes().ct_eq(self.state.expose().as_bytes()).into();
        if !known || answer.issuer? != self.issuer {
            return None;
        }
        match (answer.code, answer.error) {
            (Some(code), None) if !code.is_empty() => Some(Callback::Code(Secret::new(code))),
            (None, Some(error)) => Some(if error == "access_denied" { Callback::Cancelled } else { Callback::Refused }),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
    description: Option<String>,
}

#[cfg(test)]
mod hostile;
