//! The proof that goes with a request: that whoever sends it holds the key the token is bound to.

use likeness_protocol::dpop;
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::text::Secret;
use likeness_protocol::time::UnixMs;
use uuid::Uuid;

use crate::error::RemoteError;

/// A fresh proof for one request. `address` has neither query nor fragment.
pub(crate) fn of(
    key: &PrivateKey,
    method: &str,
    address: &str,
    now: UnixMs,
    token: Option<&Secret>,
    nonce: Option<&str>,
) -> Result<String, RemoteError> {
    let request = dpop::Request { method, url: address, access_token: token.map(Secret::expose) };
    dpop::build(key, request, nonce, now.seconds(), &Uuid::new_v4().to_string()).map_err(|_| RemoteError::NoRandomness)
}
