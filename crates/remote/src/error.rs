//! What can go wrong between this computer and the server, in the words of this crate.
//!
//! Every case has a code the window acts on and one plain sentence. An error never holds an address, a name, a token or a
//! reply's text beyond the server's own problem document, so it may be logged and copied to the clock of any watcher.

use std::time::Duration;

use likeness_protocol::oauth::Next;
use likeness_protocol::problem::{Code, Problem};

/// The longest wait a server may ask for and get. What lies above is an absurd answer or an attack on the learner's patience.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(10);

/// Why a call did not give what it was for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The server's address is neither https nor http on this very computer.
    #[error("the server's address is not safe to use; it must begin with https://")]
    OriginUnsafe,
    /// The server's name could not be looked up.
    #[error("the server's name cannot be found; check your internet connection")]
    NetworkDns,
    /// No connection, or it broke before the answer was complete.
    #[error("the server cannot be reached or the connection broke; check your internet connection")]
    NetworkConnect,
    /// The server was silent for too long.
    #[error("the server did not answer in time; try again in a moment")]
    NetworkTimeout,
    /// The way to the internet leads through a proxy that wants a password.
    #[error("your network's proxy asks for a sign-in; ask your IT team how programs get through it")]
    ProxyAuthRequired,
    /// The certificate shown is not one this computer trusts.
    #[error("your network inspects secure traffic; ask IT to install its certificate on this computer")]
    TlsUntrusted,
    /// This computer trusts no certificate at all.
    #[error("this computer has no list of trusted certificates; install the package ca-certificates")]
    TlsUnavailable,
    /// The certificate is not valid yet: most likely this computer's clock is wrong.
    #[error("this computer's clock seems to be wrong; set date and time, then try again")]
    ClockWrong,
    /// A web page came where data was due: a hotel's or train's sign-in page.
    #[error("this network asks you to sign in first; open a web page, sign in there, then try again")]
    CaptivePortal,
    /// The answer pointed to another address. Following it could hand photos to a stranger.
    #[error("the server's answer points to another address, which is not followed; check the server's address")]
    RedirectRefused,
    /// The answer was longer than any answer of this interface.
    #[error("the server's answer was far too long and was cut off; tell the people who run it")]
    ReplyTooLarge,
    /// The answer was not in the agreed form.
    #[error("the server's answer could not be understood; Likeness or the server needs an update")]
    ReplyMalformed,
    /// The server said no, and why.
    #[error("{}", .0.problem.detail)]
    Refused(Box<Refusal>),
    /// The server, or something in front of it, failed without saying why.
    #[error("the server failed (status {status}); try again in a moment")]
    ServerTrouble {
        /// The HTTP status.
        status: u16,
        /// How long it asks to wait; at most [`LONGEST_RETRY_AFTER`].
        retry_after: Option<Duration>,
    },
    /// The password was right, and the server wants another step this version of Likeness does not have yet.
    #[error("this account needs another step that this version of Likeness does not have; please update")]
    StepUnknown(Box<Next>),
    /// Nobody is signed in, so there is nothing to sign the request with.
    #[error("you are not signed in; sign in and try again")]
    SignedOut,
    /// The operating system gave no randomness, so nothing can be signed.
    #[error("this computer gave no random numbers; restart it and try again")]
    NoRandomness,
}

/// The server's refusal with what surrounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the server says.
    pub problem: Problem,
    /// How long it asks to wait; at most [`LONGEST_RETRY_AFTER`].
    pub retry_after: Option<Duration>,
}

impl RemoteError {
    /// The code the window looks up: the server's own for a refusal, ours for everything on the way.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OriginUnsafe => "origin-unsafe",
            Self::NetworkDns => "network-dns",
            Self::NetworkConnect => "network-connect",
            Self::NetworkTimeout => "network-timeout",
            Self::ProxyAuthRequired => "proxy-auth-required",
            Self::TlsUntrusted => "tls-untrusted",
            Self::TlsUnavailable => "tls-unavailable",
            Self::ClockWrong => "clock-wrong",
            Self::CaptivePortal => "captive-portal",
            Self::RedirectRefused => "redirect-refused",
            Self::ReplyTooLarge => "reply-too-large",
            Self::ReplyMalformed => "reply-malformed",
            Self::Refused(refusal) => refusal.problem.code.as_str(),
            Self::ServerTrouble { .. } => "server-trouble",
            Self::StepUnknown(_) => "client-too-old",
            Self::SignedOut => "session-ended",
            Self::NoRandomness => "no-randomness",
        }
    }

    /// The server's refusal, if it is one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(refusal) => Some(&refusal.problem),
            _ => None,
        }
    }

    /// Whether the server refused with exactly this code.
    pub fn is(&self, code: Code) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }

    /// Whether the same request may succeed later without anybody changing anything.
    ///
    /// A captive portal counts: the learner signs in to the network beside us. A wrong certificate does not.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NetworkDns
            | Self::NetworkConnect
            | Self::NetworkTimeout
            | Self::ProxyAuthRequired
            | Self::CaptivePortal
            | Self::RedirectRefused
            | Self::ClockWrong => true,
            Self::Refused(refusal) => {
                status_may_pass(refusal.problem.status) || refusal.problem.code == Code::RequestInProgress
            }
            Self::ServerTrouble { status, .. } => status_may_pass(*status),
            Self::OriginUnsafe
            | Self::TlsUntrusted
            | Self::TlsUnavailable
            | Self::ReplyTooLarge
            | Self::ReplyMalformed
            | Self::StepUnknown(_)
            | Self::SignedOut
            | Self::NoRandomness => false,
        }
    }

    /// How long the server asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::ServerTrouble { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether nothing of the server's own was heard: the person is offline, or something stands in between.
    pub fn is_offline(&self) -> bool {
        matches!(
            self,
            Self::NetworkDns
                | Self::NetworkConnect
                | Self::NetworkTimeout
                | Self::ProxyAuthRequired
                | Self::CaptivePortal
                | Self::RedirectRefused
                | Self::TlsUntrusted
                | Self::ClockWrong
        )
    }
}

fn status_may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429) || status >= 500
}

/// Sorts a failure of the HTTP library by the types in its chain of causes.
pub(crate) fn from_reqwest(error: &reqwest::Error) -> RemoteError {
    if let Some(tls) = cause::<rustls::Error>(error) {
        return from_rustls(tls);
    }
    if error.is_timeout() {
        return RemoteError::NetworkTimeout;
    }
    if error.is_dns() {
        return RemoteError::NetworkDns;
    }
    if error.is_builder() {
        return RemoteError::OriginUnsafe;
    }
    RemoteError::NetworkConnect
}

fn from_rustls(error: &rustls::Error) -> RemoteError {
    use rustls::CertificateError;
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => RemoteError::ClockWrong,
        _ => RemoteError::TlsUntrusted,
    }
}

/// The first error of type `E` among the causes. An `io::Error` hides what it wraps from `source`, so it is opened here.
fn cause<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && let Some(found) = cause::<E>(inner)
        {
            return Some(found);
        }
        next = current.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_time_may_mend_is_tried_again() {
        let refused = |code: Code| {
            RemoteError::Refused(Box::new(Refusal { problem: Problem::new(code, "req_1"), retry_after: None }))
        };
        let trouble = |status| RemoteError::ServerTrouble { status, retry_after: None };
        #[rustfmt::skip]
        let table = [
            (RemoteError::NetworkConnect,           true,  "a cable is plugged in again"),
            (RemoteError::CaptivePortal,            true,  "the learner signs in to the hotel's network"),
            (RemoteError::TlsUntrusted,             false, "asking again shows the same certificate"),
            (RemoteError::ReplyMalformed,           false, "an update is needed"),
            (refused(Code::Busy),                   true,  "503"),
            (refused(Code::StorageFull),            true,  "507"),
            (refused(Code::RateLimited),            true,  "429"),
            (refused(Code::RequestInProgress),      true,  "the first request is still running"),
            (refused(Code::AlreadyInReview),        false, "409 for good"),
            (refused(Code::PhotoRefused),           false, "the same photo gets the same answer"),
            (trouble(502),                          true,  "a proxy's server is restarting"),
            (trouble(404),                          false, "not our server"),
        ];
        for (error, expected, because) in table {
            assert_eq!(error.may_pass(), expected, "{error:?}: {because}");
        }
    }

    #[test]
    fn a_hidden_cause_is_found() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = std::io::Error::other(std::io::Error::other(tls));
        assert!(cause::<rustls::Error>(&wrapped).is_some());
        #[rustfmt::skip]
        let table = [
            (rustls::CertificateError::UnknownIssuer,   RemoteError::TlsUntrusted, "an inspecting proxy"),
            (rustls::CertificateError::NotValidForName, RemoteError::TlsUntrusted, "another server's certificate"),
            (rustls::CertificateError::NotValidYet,     RemoteError::ClockWrong,   "a clock that was reset to 2001"),
        ];
        for (certificate, expected, because) in table {
            assert_eq!(from_rustls(&rustls::Error::InvalidCertificate(certificate)), expected, "{because}");
        }
    }
}
