//! What a finished sign-in gives, and proving anew with the password who somebody is: challenge, code, tokens, all bound to one key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::TokenResponse;
use likeness_protocol::text::Secret;
use likeness_remote::{Api, PasswordAnswer, RemoteError};
use zeroize::Zeroizing;

use crate::vault::KEY_BYTES;

/// What a finished sign-in gives.
pub(crate) struct Granted {
    pub(crate) tokens: TokenResponse,
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) outbox_key: Zeroizing<[u8; KEY_BYTES]>,
}

/// Proves anew who somebody is, with the key they use already: what was begun with it can be ended with it.
pub(crate) async fn prove(
    api: &Api,
    key: &PrivateKey,
    email: &str,
    password: Secret,
) -> Result<TokenResponse, RemoteError> {
    let verifier = Secret::new(URL_SAFE_NO_PAD.encode(random()?.as_slice()));
    match api.challenge_password(key, email, password, &verifier, None).await? {
        PasswordAnswer::Code(code) => api.exchange_code(key, code, verifier).await,
        // Asked without a way back, a server has no browser to announce.
        PasswordAnswer::Browser { .. } => Err(RemoteError::ReplyMalformed),
    }
}

pub(super) fn random() -> Result<Zeroizing<[u8; KEY_BYTES]>, RemoteError> {
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(|_| RemoteError::NoRandomness)?;
    Ok(bytes)
}
