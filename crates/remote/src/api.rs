//! The server's interface as typed calls: [`Api`] for what anybody may ask, [`SignedApi`] for the signed-in account.
//!
//! One call is one request, with two exceptions that change nothing at the server: a proof is repeated once with the
//! server's nonce, and a refused access token is renewed once. Reading is also repeated once when the connection breaks,
//! because a kept-alive connection may have died unnoticed. Everything else about trying again belongs to the caller.

use std::sync::Arc;

use likeness_protocol::account::Me;
use likeness_protocol::oauth::ServerMetadata;
use likeness_protocol::practice::PracticeMails;
use likeness_protocol::text::Secret;
use likeness_protocol::verification::{
    CaptureSession, CaptureSessionRequest, ConsentReceipt, ConsentRequest, DeletionReceipt, OpenedCaptureSession,
    Policy, ProfileStatus, Receipt, SubmitRequest,
};
use reqwest::Method;
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use crate::client::{Call, Wire};
use crate::clock::{Clock, SystemClock};
use crate::credentials::{Authorisation, Credentials};
use crate::error::RemoteError;
use crate::reply::Reply;

/// How long the server may hold a status request until something changes. Below the limit on silence.
const STATUS_WAIT_S: u32 = 25;

/// One verification server. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    wire: Arc<Wire>,
    metadata: Arc<OnceCell<ServerMetadata>>,
}

impl Api {
    /// The server at `origin`: https anywhere, http on this very computer only. Sends nothing yet.
    pub fn new(origin: &Url) -> Result<Self, RemoteError> {
        Self::with_clock(origin, Arc::new(SystemClock))
    }

    /// The same with another clock for the proofs.
    pub fn with_clock(origin: &Url, clock: Arc<dyn Clock>) -> Result<Self, RemoteError> {
        Ok(Self::over(Wire::to(origin, clock)?))
    }

    /// Talks to the server at `origin` through another port of this computer, for tests.
    #[cfg(feature = "test-support")]
    pub fn through(origin: &Url, line: Url, clock: Arc<dyn Clock>) -> Result<Self, RemoteError> {
        Ok(Self::over(Wire::to(origin, clock)?.detour(line)))
    }

    fn over(wire: Wire) -> Self {
        Self { wire: Arc::new(wire), metadata: Arc::new(OnceCell::new()) }
    }

    /// Scheme, host and port, without a slash: the `aud` of a manifest.
    pub fn origin(&self) -> &str {
        self.wire.origin()
    }

    /// The clock this was built with.
    pub fn clock(&self) -> &dyn Clock {
        self.wire.clock()
    }

    /// Who asks for the photos, under which text, with which limits. Needs no sign-in.
    pub async fn policy(&self) -> Result<Policy, RemoteError> {
        let call = Call::get("/v1/policy");
        match self.wire.send(&call).await {
            Err(RemoteError::NetworkConnect) => self.wire.send(&call).await?.json(),
            reply => reply?.json(),
        }
    }

    /// The account a token belongs to, for the one who just obtained the token.
    pub async fn me_of(&self, authorisation: &Authorisation) -> Result<Me, RemoteError> {
        let reply =
            self.wire.send_proven(&Call::get("/v1/me"), &authorisation.key, Some(&authorisation.access_token)).await?;
        reply.json()
    }

    /// The same server for a signed-in account.
    pub fn signed(&self, credentials: Arc<dyn Credentials>) -> SignedApi {
        SignedApi { api: self.clone(), credentials }
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    pub(crate) fn remembered_metadata(&self) -> &OnceCell<ServerMetadata> {
        &self.metadata
    }
}

/// One verification server, for the account that is signed in. Cheap to clone.
#[derive(Clone)]
pub struct SignedApi {
    api: Api,
    credentials: Arc<dyn Credentials>,
}

/// A status with the mark that tells whether it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRead {
    /// Where the profile stands.
    pub status: ProfileStatus,
    /// Give it back with the next question.
    pub etag: Option<String>,
}

impl SignedApi {
    /// The server without the account.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The token and key the next request would use.
    pub async fn authorisation(&self) -> Result<Authorisation, RemoteError> {
        self.credentials.current().await
    }

    /// The signed-in account.
    pub async fn me(&self) -> Result<Me, RemoteError> {
        self.read(&Call::get("/v1/me")).await?.json()
    }

    /// Records that the policy was read and agreed to.
    pub async fn consent(&self, request: &ConsentRequest) -> Result<ConsentReceipt, RemoteError> {
        self.send(&Call::post("/v1/consents").json(request)?).await?.json()
    }

    /// Withdraws the consent, which deletes everything.
    pub async fn withdraw_consent(&self) -> Result<DeletionReceipt, RemoteError> {
        self.send(&Call::new(Method::DELETE, "/v1/consents/current")).await?.json()
    }

    /// Opens a capture session. The authorisation is the one that opened it: its key must sign the manifest.
    pub async fn open_capture_session(
        &self,
        request: &CaptureSessionRequest,
    ) -> Result<(OpenedCaptureSession, Authorisation), RemoteError> {
        let (reply, authorisation) = self.send_telling(&Call::post("/v1/capture-sessions").json(request)?).await?;
        Ok((reply.json()?, authorisation))
    }

    /// Where a capture session stands.
    pub async fn capture_session(&self, id: &str) -> Result<CaptureSession, RemoteError> {
        self.read(&Call::get(format!("/v1/capture-sessions/{}", plain(id)?))).await?.json()
    }

    /// Gives a capture session up.
    pub async fn abandon_capture_session(&self, id: &str) -> Result<(), RemoteError> {
        self.send(&Call::new(Method::DELETE, format!("/v1/capture-sessions/{}", plain(id)?))).await?.accepted()
    }

    /// Hands the profile in. `key` is made once, before the first try, and given again with every further one.
    pub async fn submit(&self, request: &SubmitRequest, key: Uuid) -> Result<Receipt, RemoteError> {
        let call = Call::post("/v1/verification-profile").json(request)?.header("idempotency-key", key.to_string());
        self.send(&call).await?.json()
    }

    /// Where the profile stands now.
    pub async fn status(&self) -> Result<StatusRead, RemoteError> {
        let reply = self.read(&Call::get("/v1/verification-profile")).await?;
        Ok(StatusRead { status: reply.json()?, etag: etag(&reply) })
    }

    /// Waits up to 25 s for a status other than the one with `etag`; `None` when nothing changed.
    pub async fn status_change(&self, etag_known: &str) -> Result<Option<StatusRead>, RemoteError> {
        let mut call = Call::get("/v1/verification-profile").header("if-none-match", etag_known);
        call.query = Some(format!("wait={STATUS_WAIT_S}"));
        let reply = self.read(&call).await?;
        if reply.status == 304 {
            return Ok(None);
        }
        Ok(Some(StatusRead { status: reply.json()?, etag: etag(&reply) }))
    }

    /// The mails of practice mode, newest first. Another server answers "not found".
    pub async fn practice_mails(&self) -> Result<PracticeMails, RemoteError> {
        self.read(&Call::get("/practice/mails")).await?.json()
    }

    /// A request that changes nothing: once more when the connection breaks.
    pub(crate) async fn read(&self, call: &Call) -> Result<Reply, RemoteError> {
        match self.send(call).await {
            Err(RemoteError::NetworkConnect) => self.send(call).await,
            reply => reply,
        }
    }

    pub(crate) async fn send(&self, call: &Call) -> Result<Reply, RemoteError> {
        self.send_telling(call).await.map(|(reply, _)| reply)
    }

    async fn send_telling(&self, call: &Call) -> Result<(Reply, Authorisation), RemoteError> {
        let authorisation = self.credentials.current().await?;
        let reply = self.send_as(call, &authorisation).await?;
        if !reply.is_unauthorised() {
            return Ok((reply, authorisation));
        }
        let renewed = self.credentials.renewed(authorisation).await?;
        let reply = self.send_as(call, &renewed).await?;
        Ok((reply, renewed))
    }

    async fn send_as(&self, call: &Call, authorisation: &Authorisation) -> Result<Reply, RemoteError> {
        let token: &Secret = &authorisation.access_token;
        self.api.wire.send_proven(call, &authorisation.key, Some(token)).await
    }
}

fn etag(reply: &Reply) -> Option<String> {
    reply.header("etag").map(str::to_owned)
}

/// An identifier as part of a path: the server's own letters, nothing that could lead elsewhere.
pub(crate) fn plain(id: &str) -> Result<&str, RemoteError> {
    let is_plain = !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_plain { Ok(id) } else { Err(RemoteError::ReplyMalformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_cannot_lead_elsewhere() {
        #[rustfmt::skip]
        let table = [
            ("cs_01a-Z",         true,  "the server's form"),
            ("",                 false, "the list instead of the item"),
            ("../consents",      false, "another route"),
            ("a?wait=1",         false, "a query"),
            ("a%2fb",            false, "an escape"),
        ];
        for (id, expected, because) in table {
            assert_eq!(plain(id).is_ok(), expected, "{id}: {because}");
        }
    }
}
