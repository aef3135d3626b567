//! At a kiosk: the guest signs in with their own phone, and this computer asks until they have.
//!
//! Guarantees: a key of its own for each guest; it is asked no more often than the server wants, and slower each time it says so;
//! what the guest compares and scans is in no `Debug`.

use std::sync::Arc;
use std::time::Duration;

use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::{DeviceAnswer, TokenResponse};
use likeness_remote::{Api, GuestAnswer, Kiosk, RemoteError};

use super::password::{Granted, random};

/// How much slower it is asked after "too often" (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// Never more often, whatever the server says.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// A guest's sign-in that has begun.
pub(crate) struct Begun {
    /// What the guest needs.
    pub(crate) shown: DeviceAnswer,
    kiosk: Kiosk,
    key: Arc<PrivateKey>,
}

/// Begins.
pub(crate) async fn begin(api: &Api, kiosk: Kiosk) -> Result<Begun, RemoteError> {
    let key = Arc::new(PrivateKey::generate().map_err(|_| RemoteError::NoRandomness)?);
    Ok(Begun { shown: api.begin_guest(&kiosk).await?, kiosk, key })
}

impl Begun {
    /// Asks until the guest is in, has refused, or the code has ended. A line that breaks is no reason to stop before that.
    pub(crate) async fn guest(self, api: &Api) -> Result<Granted, RemoteError> {
        let tokens = self.tokens(api).await?;
        Ok(Granted { tokens, key: self.key, outbox_key: random()? })
    }

    async fn tokens(&self, api: &Api) -> Result<TokenResponse, RemoteError> {
        let mut pause = Duration::from_secs(self.shown.interval).max(LEAST_PAUSE);
        let (life, mut waited) = (Duration::from_secs(self.shown.expires_in), Duration::ZERO);
        loop {
            tokio::time::sleep(pause).await;
            waited += pause;
            match api.ask_guest(&self.key, &self.kiosk, &self.shown.device_code).await {
                Ok(GuestAnswer::In(tokens)) => return Ok(*tokens),
                Ok(GuestAnswer::NotYet) => {}
                Ok(GuestAnswer::SlowDown) => pause += SLOWER,
                Err(error) if error.may_pass() && waited < life => pause += SLOWER,
                Err(error) => return Err(error),
            }
        }
    }
}
