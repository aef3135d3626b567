//! The calls of a kiosk whose guest signs in with their own phone (RFC 8628).
//!
//! Guarantees: a guest's tokens are bound to the key they were asked for with; "not yet" is an answer and no failure.

use std::fmt;

use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::{DeviceAnswer, DeviceRequest, TokenRequest, TokenResponse};
use likeness_protocol::problem::Code;
use likeness_protocol::text::Secret;

use crate::api::Api;
use crate::client::Call;
use crate::error::RemoteError;
use crate::oauth::TOKEN_WITHIN;

/// Which kiosk this computer is, and what it proves that with.
#[derive(Clone, PartialEq, Eq)]
pub struct Kiosk {
    /// `ksk_…`.
    pub id: String,
    /// `lk_ks_…`.
    pub secret: Secret,
}

impl fmt::Debug for Kiosk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Kiosk").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a kiosk hears about its guest.
#[derive(Debug)]
pub enum GuestAnswer {
    /// The guest has not signed in yet.
    NotYet,
    /// The kiosk asks too often: five seconds more between two questions from now on.
    SlowDown,
    /// The guest is in.
    In(Box<TokenResponse>),
}

impl Api {
    /// Begins a guest's sign-in.
    ///
    /// # Errors
    /// `unauthorized-client` when this computer is no registered kiosk.
    pub async fn begin_guest(&self, kiosk: &Kiosk) -> Result<DeviceAnswer, RemoteError> {
        let metadata = self.metadata().await?;
        let begin = metadata.device_authorization_endpoint.as_ref().ok_or(RemoteError::ReplyMalformed)?;
        let request =
            DeviceRequest { client_id: kiosk.id.clone(), client_secret: Some(kiosk.secret.clone()), scope: None };
        let reply = self.wire().send(&Call::post(self.path_of(begin)?).form(&request)?).await?;
        if reply.is_success() { reply.json() } else { Err(reply.oauth_refusal()) }
    }

    /// Asks whether the guest has signed in. What comes of it is bound to `key`.
    ///
    /// # Errors
    /// `device-refused` when the guest pressed "no", `device-code-expired` when nobody came.
    pub async fn ask_guest(
        &self,
        key: &PrivateKey,
        kiosk: &Kiosk,
        device_code: &Secret,
    ) -> Result<GuestAnswer, RemoteError> {
        let metadata = self.metadata().await?;
        let path = self.path_of(&metadata.token_endpoint)?;
        let request = TokenRequest::device(&kiosk.id, kiosk.secret.clone(), device_code.clone());
        let mut call = Call::post(path).form(&request)?;
        call.deadline = Some(TOKEN_WITHIN);
        let reply = self.wire().send_proven(&call, key, None).await?;
        if reply.is_success() {
            let tokens: TokenResponse = reply.json()?;
            let is_bound = tokens.token_type.eq_ignore_ascii_case("DPoP");
            return if is_bound { Ok(GuestAnswer::In(Box::new(tokens))) } else { Err(RemoteError::ReplyMalformed) };
        }
        let refusal = reply.oauth_refusal();
        match refusal.problem().map(|problem| problem.code) {
            Some(Code::AuthorizationPending) => Ok(GuestAnswer::NotYet),
            Some(Code::SlowDown) => Ok(GuestAnswer::SlowDown),
            _ => Err(refusal),
        }
    }
}
