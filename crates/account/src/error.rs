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
    /// The organisation was found, and has no sign-in page of its own.
    #[error("this organisation has no sign-in of its own yet; use e-mail address and password")]
    NoOrganisationSignIn,
    /// No port could be opened for the browser to come back to.
    #[error("no port of this computer is free for the browser to come back to; close other programs and try again")]
    NoWayBack,
    /// Somebody pressed "no" in the browser.
    #[error("the sign-in was cancelled in the browser")]
    CancelledInBrowser,
    /// The server sent the browser back with nothing.
    #[error("the browser came back without a sign-in; try again")]
    RefusedInBrowser,
    /// The browser did not come back in time.
    #[error("nothing was heard from the browser for five minutes; open the page again")]
    BrowserSilent,
    /// There is no step to take.
    #[error("this sign-in has no step to take; start again")]
    NoStep,
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
            Self::NoOrganisationSignIn => "org-without-sign-in",
            Self::NoWayBack => "browser-no-way-back",
            Self::CancelledInBrowser => "sso-cancelled",
            Self::RefusedInBrowser => "sso-denied",
            Self::BrowserSilent => "browser-timeout",
            Self::NoStep => "auth-session-expired",
            Self::NotForgotten(_) => "keyring-refused",
        }
    }
}
