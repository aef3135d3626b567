//! What a signed-in request needs, and who provides it.
//!
//! This crate knows how to prove a token's possession, not where tokens come from: `account` implements [`Credentials`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use likeness_protocol::jws::PrivateKey;
use likeness_protocol::text::Secret;

use crate::error::RemoteError;

/// An access token and the key it is bound to.
#[derive(Clone)]
pub struct Authorisation {
    /// The token.
    pub access_token: Secret,
    /// The key whose possession each request proves.
    pub key: Arc<PrivateKey>,
    /// The account the token belongs to, `acc_…`.
    pub subject: String,
}

impl fmt::Debug for Authorisation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authorisation").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// An answer of [`Credentials`] that may need the network first.
pub type Promised<'a> = Pin<Box<dyn Future<Output = Result<Authorisation, RemoteError>> + Send + 'a>>;

/// The one who keeps the sign-in alive.
pub trait Credentials: Send + Sync + 'static {
    /// A token that should be good now.
    fn current(&self) -> Promised<'_>;

    /// A newer token than `refused`, which the server did not accept. Any number of callers share one renewal.
    fn renewed(&self, refused: Authorisation) -> Promised<'_>;
}
