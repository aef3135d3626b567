//! The calls about who somebody is: metadata, challenge, tokens, revocation.
//!
//! Paths are taken from the server's metadata, which must name the very origin we asked and endpoints on it: a server
//! that answers for another one is refused before it gets a password.

use std::time::Duration;

use likeness_protocol::jws::PrivateKey;
use likeness_protocol::limits::{DESKTOP_CLIENT_ID, DESKTOP_SCOPE};
use likeness_protocol::oauth::{
    ChallengeAnswer, ChallengeRequest, METADATA_PATH, RevokeRequest, ServerMetadata, TokenRequest, TokenResponse,
};
use likeness_protocol::text::Secret;

use crate::api::Api;
use crate::browser::{Announced, WayBack, to_web};
use crate::client::Call;
use crate::error::RemoteError;

/// Short, so that a lost reply is soon asked for again.
pub(crate) const TOKEN_WITHIN: Duration = Duration::from_secs(10);
/// Signing out does not wait for a slow server.
const REVOKE_WITHIN: Duration = Duration::from_secs(3);

/// What a password leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordAnswer {
    /// A code for tokens.
    Code(Secret),
    /// The organisation of the address wants no passwords. The code its page leads to is traded with the same verifier.
    Browser {
        /// What the organisation calls itself.
        org: String,
        /// The browser the server waits for.
        announced: Announced,
    },
}

impl Api {
    /// What the server says about itself. Asked once, then remembered.
    pub async fn metadata(&self) -> Result<ServerMetadata, RemoteError> {
        self.remembered_metadata()
            .get_or_try_init(|| async {
                let metadata: ServerMetadata = self.wire().send(&Call::get(METADATA_PATH)).await?.json()?;
                if metadata.issuer != self.origin() {
                    tracing::warn!(code = "issuer-differs");
                    return Err(RemoteError::RedirectRefused);
                }
                Ok(metadata)
            })
            .await
            .cloned()
    }

    /// Shows an address and a password. `verifier` is the PKCE secret that the code can only be used with. With a way back, the browser
    /// is announced where the organisation of the address wants no passwords.
    pub async fn challenge_password(
        &self,
        key: &PrivateKey,
        email: &str,
        password: Secret,
        verifier: &Secret,
        back: Option<&WayBack>,
    ) -> Result<PasswordAnswer, RemoteError> {
        let metadata = self.metadata().await?;
        let path = self.path_of(&metadata.authorization_challenge_endpoint)?;
        // The system alone: enough to tell two sign-ins apart, and no name that somebody gave their computer.
        let device_label = Some(std::env::consts::OS.to_owned());
        let request = ChallengeRequest::password(DESKTOP_CLIENT_ID, DESKTOP_SCOPE, s256(verifier), email, password);
        let request = ChallengeRequest { device_label, ..request };
        let request = match back {
            Some(back) => request.returning_to(&back.redirect_uri, back.state.expose()),
            None => request,
        };
        let reply = self.wire().send_proven(&Call::post(path).form(&request)?, key, None).await?;
        if reply.is_success() {
            let answer: ChallengeAnswer = reply.json()?;
            return Ok(PasswordAnswer::Code(answer.authorization_code));
        }
        let org = reply.oauth_error().and_then(|error| error.org);
        match (back, to_web(&reply)) {
            (Some(_), Some(request_uri)) => {
                let announced = self.to_open(&request_uri).await?;
                Ok(PasswordAnswer::Browser { org: org.unwrap_or_default(), announced })
            }
            _ => Err(reply.oauth_refusal()),
        }
    }

    /// Trades the code of a finished challenge for tokens.
    pub async fn exchange_code(
        &self,
        key: &PrivateKey,
        code: Secret,
        verifier: Secret,
    ) -> Result<TokenResponse, RemoteError> {
        self.token(key, &TokenRequest::code(DESKTOP_CLIENT_ID, code, verifier)).await
    }

    /// Trades a refresh token for new tokens. A lost reply is asked for once more: the server gives the same successor
    /// again as long as nobody has used it.
    pub async fn refresh(&self, key: &PrivateKey, refresh_token: Secret) -> Result<TokenResponse, RemoteError> {
        let request = TokenRequest::refresh(DESKTOP_CLIENT_ID, refresh_token);
        match self.token(key, &request).await {
            Err(RemoteError::NetworkConnect | RemoteError::NetworkTimeout) => self.token(key, &request).await,
            settled => settled,
        }
    }

    /// Ends a sign-in at the server. Whoever holds the token may; no proof is needed.
    pub async fn revoke(&self, token: Secret) -> Result<(), RemoteError> {
        let metadata = self.metadata().await?;
        let path = self.path_of(&metadata.revocation_endpoint)?;
        let mut call = Call::post(path).form(&RevokeRequest { client_id: DESKTOP_CLIENT_ID.to_owned(), token })?;
        call.deadline = Some(REVOKE_WITHIN);
        self.wire().send(&call).await?.accepted()
    }

    async fn token(&self, key: &PrivateKey, request: &TokenRequest) -> Result<TokenResponse, RemoteError> {
        let metadata = self.metadata().await?;
        let path = self.path_of(&metadata.token_endpoint)?;
        let mut call = Call::post(path).form(request)?;
        call.deadline = Some(TOKEN_WITHIN);
        let reply = self.wire().send_proven(&call, key, None).await?;
        let tokens: TokenResponse = if reply.is_success() { reply.json()? } else { return Err(reply.oauth_refusal()) };
        if tokens.token_type.eq_ignore_ascii_case("DPoP") { Ok(tokens) } else { Err(RemoteError::ReplyMalformed) }
    }

    /// The path of an endpoint the metadata named; only one on the origin itself.
    pub(crate) fn path_of(&self, endpoint: &str) -> Result<String, RemoteError> {
        match endpoint.strip_prefix(self.origin()) {
            Some(path) if path.starts_with('/') => Ok(path.to_owned()),
            _ => Err(RemoteError::RedirectRefused),
        }
    }
}

/// The PKCE challenge: base64url of the verifier's SHA-256 (RFC 7636, section 4.2).
pub(crate) fn s256(verifier: &Secret) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(s256(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
