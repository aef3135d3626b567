//! What can go wrong with signing in and out.

use likeness_remote::RemoteError;

use crate::vault::VaultFault;

/// Why an intent was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The server, or the way to it.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// Somebody is signed in already.
    #[error("somebody is signed in already; sign out first")]
    AlreadySignedIn,
    /// A sign-in or sign-out is still running.
    #[error("a sign-in or sign-out is still running; wait for it or cancel it")]
    Busy,
    /// A newer intent has taken this one's place.
    #[error("this sign-in was cancelled")]
    Cancelled,
    /// Signed out, but the keyring would not forget: the next start may sign in by itself if the server was not reached either.
    #[error("signed out, but the saved sign-in could not be removed: {0}")]
    NotForgotten(VaultFault),
}

impl AccountError {
    /// The code the window looks up.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Remote(error) => error.code(),
            Self::AlreadySignedIn => "already-signed-in",
            Self::Busy => "sign-in-busy",
            Self::Cancelled => "sign-in-cancelled",
            Self::NotForgotten(_) => "keyring-refused",
        }
    }
}
