//! E-mail and password, through the challenge endpoint: challenge, code, tokens, all bound to one new key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::TokenResponse;
use likeness_protocol::text::Secret;
use likeness_remote::{Api, RemoteError};
use zeroize::Zeroizing;

use crate::vault::KEY_BYTES;

/// What a finished sign-in gives.
pub(crate) struct Granted {
    pub(crate) tokens: TokenResponse,
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) outbox_key: Zeroizing<[u8; KEY_BYTES]>,
}

/// Signs in. A key is made for this sign-in alone, so that two sign-ins cannot be told to be one computer's.
pub(crate) async fn sign_in(api: &Api, email: &str, password: Secret) -> Result<Granted, RemoteError> {
    let key = Arc::new(PrivateKey::generate().map_err(|_| RemoteError::NoRandomness)?);
    let outbox_key = random()?;
    let tokens = prove(api, &key, email, password).await?;
    Ok(Granted { tokens, key, outbox_key })
}

/// Proves anew who somebody is, with the key they use already: what was begun with it can be ended with it.
pub(crate) async fn prove(
    api: &Api,
    key: &PrivateKey,
    email: &str,
    password: Secret,
) -> Result<TokenResponse, RemoteError> {
    let verifier = Secret::new(URL_SAFE_NO_PAD.encode(random()?.as_slice()));
    let answer = api.challenge_password(key, email, password, &verifier).await?;
    api.exchange_code(key, answer.authorization_code, verifier).await
}

pub(super) fn random() -> Result<Zeroizing<[u8; KEY_BYTES]>, RemoteError> {
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(|_| RemoteError::NoRandomness)?;
    Ok(bytes)
}
