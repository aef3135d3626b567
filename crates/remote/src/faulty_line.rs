//! A stretch of bad network for tests: everything for one server passes through here and may be cut, delayed or lost.
//!
//! It reads only as much of what passes as it takes to recognise a request by its first words.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// The line. Ends when dropped.
#[must_use = "the line is gone when this is dropped"]
pub struct FaultyLine {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    up: watch::Sender<bool>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct State {
    /// Bytes towards the server until every connection is cut once.
    cut_after: Option<u64>,
    /// How a request begins whose reply is to be lost once.
    lose_reply_to: Option<String>,
    /// How long each piece towards the server is held back.
    delay: Duration,
    sent_bytes: u64,
    cuts: u32,
    lost_replies: u32,
}

impl FaultyLine {
    /// A line to the server at `upstream`, without faults yet.
    pub async fn to(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let (up, watching) = watch::channel(true);
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *watching.borrow() {
                    tokio::spawn(carry(client, upstream, Arc::clone(&shared), watching.clone()));
                }
            }
        });
        Ok(Self { address, state, up, accepting })
    }

    /// Where to connect to.
    pub fn url(&self) -> Url {
        let Ok(url) = Url::parse(&format!("http://{}", self.address)) else {
            unreachable!("a socket address always makes an address")
        };
        url
    }

    /// Cuts all connections once, after `bytes` more have gone towards the server.
    pub fn cut_after(&self, bytes: u64) {
        let mut state = self.lock();
        state.cut_after = Some(state.sent_bytes + bytes);
    }

    /// Lets the next request that begins with `request` reach the server, and loses the reply. For example `POST /v1/x`.
    pub fn lose_reply_to(&self, request: &str) {
        self.lock().lose_reply_to = Some(request.to_owned());
    }

    /// Holds each piece towards the server back for this long.
    pub fn delay(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    /// Nothing passes any more; open connections break.
    pub fn go_down(&self) {
        self.up.send_replace(false);
    }

    /// New connections pass again.
    pub fn come_up(&self) {
        self.up.send_replace(true);
    }

    /// How many bytes have gone towards the server.
    pub fn sent_bytes(&self) -> u64 {
        self.lock().sent_bytes
    }

    /// How often the line was cut by [`FaultyLine::cut_after`].
    pub fn cuts(&self) -> u32 {
        self.lock().cuts
    }

    /// How many replies were lost.
    pub fn lost_replies(&self) -> u32 {
        self.lock().lost_replies
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FaultyLine {
    fn drop(&mut self) {
        self.accepting.abort();
        self.up.send_replace(false);
    }
}

/// What becomes of one piece on its way to the server.
enum Fate {
    Passes,
    PassesButReplyIsLost,
    /// Only so many bytes of it arrive, then the line is cut.
    Cut(usize),
}

fn fate(state: &mut State, piece: &[u8]) -> Fate {
    let length = piece.len() as u64;
    if let Some(limit) = state.cut_after
        && state.sent_bytes + length > limit
    {
        let arrives = usize::try_from(limit.saturating_sub(state.sent_bytes)).unwrap_or(0);
        state.cut_after = None;
        state.cuts += 1;
        state.sent_bytes += arrives as u64;
        return Fate::Cut(arrives);
    }
    state.sent_bytes += length;
    if state.lose_reply_to.as_ref().is_some_and(|words| piece.starts_with(words.as_bytes())) {
        state.lose_reply_to = None;
        state.lost_replies += 1;
        return Fate::PassesButReplyIsLost;
    }
    Fate::Passes
}

/// Carries one connection until either side, or the line, ends it.
async fn carry(mut client: TcpStream, upstream: SocketAddr, state: Arc<Mutex<State>>, mut up: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    let mut to_server = vec![0_u8; 16 * 1024];
    let mut to_client = vec![0_u8; 16 * 1024];
    let mut reply_is_lost = false;
    loop {
        tokio::select! {
            changed = up.changed() => {
                if changed.is_err() || !*up.borrow() {
                    return;
                }
            }
            read = client.read(&mut to_server) => {
                let Ok(length @ 1..) = read else { return };
                let piece = to_server.get(..length).unwrap_or_default();
                let (fate, delay) = {
                    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    (fate(&mut state, piece), state.delay)
                };
                tokio::time::sleep(delay).await;
                match fate {
                    Fate::Cut(arrives) => {
                        // The server sees the beginning, the client sees a broken connection.
                        let _ = server.write_all(piece.get(..arrives).unwrap_or_default()).await;
                        return;
                    }
                    Fate::PassesButReplyIsLost => reply_is_lost = true,
                    Fate::Passes => {}
                }
                if server.write_all(piece).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut to_client) => {
                let Ok(length @ 1..) = read else { return };
                if reply_is_lost || client.write_all(to_client.get(..length).unwrap_or_default()).await.is_err() {
                    return;
                }
            }
        }
    }
}
