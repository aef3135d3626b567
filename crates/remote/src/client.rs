//! One conversation with one server: how requests leave this computer and what may come back.
//!
//! Guarantees: https with the system's own certificate store to any host, or plain http to this very computer, literally
//! addressed, past every proxy; no redirect is followed; nothing is repeated behind our back; a request that bears a
//! token bears a fresh proof of its key. Refuses to know: what the requests are for.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::text::Secret;
use reqwest::Method;
use reqwest::redirect::Policy;
use serde::Serialize;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::error::{RemoteError, from_reqwest};
use crate::proof;
use crate::reply::Reply;

/// A network that needs longer to connect will not carry photos either.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Silence, not duration: a server that holds a status request answers after 25 s.
const READ_WITHIN: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("Likeness/", env!("CARGO_PKG_VERSION"));

/// The conversation. One per server; its parts are shared by all calls.
pub(crate) struct Wire {
    calls: reqwest::Client,
    /// Without the limit on silence. The library counts the time in which a body is *sent* as silence, so that
    /// 512 KiB over a slow line would never arrive; each chunk has a deadline of its own instead.
    chunks: reqwest::Client,
    /// What is signed into each proof: scheme, host and port, without a slash.
    origin: String,
    /// Where requests really go: the origin, or a test's detour.
    dial: Url,
    /// The newest nonce the server gave us for our proofs.
    nonce: Mutex<Option<String>>,
    clock: Arc<dyn Clock>,
}

/// One request, in a form that can be sent again with another proof.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path from the root, without query.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<(&'static str, Bytes)>,
    /// A deadline for the whole call; also the sign that the body is large and the line may be slow.
    pub(crate) deadline: Option<Duration>,
}

impl Call {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: None, headers: Vec::new(), body: None, deadline: None }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, RemoteError> {
        let bytes = serde_json::to_vec(body).map_err(|_| RemoteError::ReplyMalformed)?;
        self.body = Some(("application/json", wiped(bytes)));
        Ok(self)
    }

    pub(crate) fn form(mut self, body: &impl Serialize) -> Result<Self, RemoteError> {
        let text = serde_urlencoded::to_string(body).map_err(|_| RemoteError::ReplyMalformed)?;
        self.body = Some(("application/x-www-form-urlencoded", wiped(text.into_bytes())));
        Ok(self)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A body that is wiped when the last request that carries it is gone. It may hold a password.
fn wiped(bytes: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes))
}

impl Wire {
    pub(crate) fn to(origin: &Url, clock: Arc<dyn Clock>) -> Result<Self, RemoteError> {
        let calls;
        let chunks;
        match transport(origin)? {
            Transport::Tls => {
                calls = tls().read_timeout(READ_WITHIN).build().map_err(unavailable)?;
                chunks = tls().build().map_err(unavailable)?;
            }
            Transport::Loopback => {
                calls = loopback().read_timeout(READ_WITHIN).build().map_err(unavailable)?;
                chunks = loopback().build().map_err(unavailable)?;
            }
        }
        let signed = origin.origin().ascii_serialization();
        let mut dial = origin.clone();
        dial.set_path("/");
        dial.set_query(None);
        dial.set_fragment(None);
        Ok(Self { calls, chunks, origin: signed, dial, nonce: Mutex::new(None), clock })
    }

    /// Sends requests for the same origin to another port of this computer: a test's faulty line.
    #[cfg(feature = "test-support")]
    pub(crate) fn detour(mut self, dial: Url) -> Self {
        self.dial = dial;
        self
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Sends a request that needs no proof.
    pub(crate) async fn send(&self, call: &Call) -> Result<Reply, RemoteError> {
        let request = self.request(call)?;
        self.exchange(call, request).await
    }

    /// Sends a request with a proof of `key`, and with the token where there is one already.
    /// When the server asks for its nonce, the request is repeated once with it.
    pub(crate) async fn send_proven(
        &self,
        call: &Call,
        key: &PrivateKey,
        token: Option<&Secret>,
    ) -> Result<Reply, RemoteError> {
        let first = self.send_proven_once(call, key, token).await?;
        if first.asks_for_nonce() { self.send_proven_once(call, key, token).await } else { Ok(first) }
    }

    async fn send_proven_once(
        &self,
        call: &Call,
        key: &PrivateKey,
        token: Option<&Secret>,
    ) -> Result<Reply, RemoteError> {
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let address = format!("{}{}", self.origin, call.path);
        let proof = proof::of(key, call.method.as_str(), &address, self.clock.now(), token, nonce.as_deref())?;
        let mut request = self.request(call)?.header("DPoP", proof);
        if let Some(token) = token {
            request = request.header(reqwest::header::AUTHORIZATION, format!("DPoP {}", token.expose()));
        }
        let reply = self.exchange(call, request).await?;
        if let Some(fresh) = reply.header("dpop-nonce") {
            *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh.to_owned());
        }
        Ok(reply)
    }

    fn request(&self, call: &Call) -> Result<reqwest::RequestBuilder, RemoteError> {
        let mut address = self.dial.join(&call.path).map_err(|_| RemoteError::ReplyMalformed)?;
        address.set_query(call.query.as_deref());
        let client = if call.deadline.is_some() { &self.chunks } else { &self.calls };
        let mut request = client.request(call.method.clone(), address);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some((kind, body)) = &call.body {
            request = request.header(reqwest::header::CONTENT_TYPE, *kind).body(body.clone());
        }
        if let Some(deadline) = call.deadline {
            request = request.timeout(deadline);
        }
        Ok(request)
    }

    async fn exchange(&self, call: &Call, request: reqwest::RequestBuilder) -> Result<Reply, RemoteError> {
        let response = request.send().await.map_err(|error| from_reqwest(&error));
        let reply = match response {
            Ok(response) => Reply::read(response).await,
            Err(error) => Err(error),
        };
        match &reply {
            Ok(reply) => tracing::debug!(code = "remote-call", method = %call.method, status = reply.status),
            Err(error) => tracing::info!(code = error.code(), method = %call.method, "a call to the server failed"),
        }
        reply
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Tls,
    Loopback,
}

/// https anywhere; http only to an address that can be nothing but this computer. A name, even `localhost`, is an answer
/// of the name service and may be anything.
fn transport(origin: &Url) -> Result<Transport, RemoteError> {
    if !origin.username().is_empty() || origin.password().is_some() {
        return Err(RemoteError::OriginUnsafe);
    }
    let is_loopback = match origin.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(_)) => false,
        None => return Err(RemoteError::OriginUnsafe),
    };
    match origin.scheme() {
        "https" => Ok(Transport::Tls),
        "http" if is_loopback => Ok(Transport::Loopback),
        _ => Err(RemoteError::OriginUnsafe),
    }
}

fn plain() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_WITHIN)
}

fn tls() -> reqwest::ClientBuilder {
    plain().https_only(true)
}

/// An empty list of certificates keeps the library from loading the system's, which fails on a computer without any.
fn loopback() -> reqwest::ClientBuilder {
    plain().no_proxy().tls_certs_only([])
}

#[allow(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the error over")]
fn unavailable(error: reqwest::Error) -> RemoteError {
    tracing::error!(code = "tls-unavailable", %error);
    RemoteError::TlsUnavailable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_addresses_are_talked_to() {
        #[rustfmt::skip]
        let table = [
            ("https://verify.example",            Ok(Transport::Tls),               "the normal case"),
            ("http://127.0.0.1:8790",             Ok(Transport::Loopback),          "the practice server"),
            ("http://[::1]:8790",                 Ok(Transport::Loopback),          "the same over IPv6"),
            ("https://127.0.0.1:8790",            Ok(Transport::Tls),               "https stays https"),
            ("http://verify.example",             Err(RemoteError::OriginUnsafe),   "photos in the clear"),
            ("http://localhost:8790",             Err(RemoteError::OriginUnsafe),   "a name may resolve to anything"),
            ("http://192.168.0.4",                Err(RemoteError::OriginUnsafe),   "another computer"),
            ("https://me:secret@verify.example",  Err(RemoteError::OriginUnsafe),   "a password in an address ends up in logs"),
            ("ftp://verify.example",              Err(RemoteError::OriginUnsafe),   "not our protocol"),
        ];
        for (address, expected, because) in table {
            assert_eq!(transport(&Url::parse(address).unwrap()), expected, "{address}: {because}");
        }
    }
}
