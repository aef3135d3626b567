//! Through the browser: find the organisation, announce the browser, open it, wait for it on loopback, trade what it brought; then step
//! by step what a first sign-in still needs.
//!
//! Guarantees: the result is never asked for at the server, it comes back to this computer or not at all; the port is open before the browser is;
//! only https, or http to this very computer, is handed to the system; one key, one verifier and one `state` per sign-in.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::TokenResponse;
use likeness_protocol::text::Secret;
use likeness_remote::{Api, BrowserWish, Outcome, RemoteError, StepAnswer, Unfinished};
use url::{Host, Url};
use zeroize::Zeroizing;

use super::password::{Granted, random};
use crate::error::AccountError;
use crate::loopback::{Callback, Expected, Loopback};
use crate::vault::KEY_BYTES;

/// How long the browser is waited for. Long enough to find a second factor, short enough that a forgotten tab cannot surprise anybody.
pub(crate) const BROWSER_WITHIN: Duration = Duration::from_mins(5);

/// Opens an address outside the program.
pub trait OpenUrl: Send + Sync + 'static {
    /// Hands the address to the system; false when that failed.
    fn open(&self, address: &str) -> bool;
}

impl<F: Fn(&str) -> bool + Send + Sync + 'static> OpenUrl for F {
    fn open(&self, address: &str) -> bool {
        self(address)
    }
}

/// Through which organisation somebody wants to sign in.
#[derive(Debug, Clone, Default)]
pub struct OrganisationWish {
    /// A domain, an address or a page of it, as typed.
    pub input: String,
    /// Token or code of an invitation.
    pub invitation: Option<Secret>,
}

/// A browser that may be opened now, and the port it comes back to.
pub(crate) struct Ready {
    /// What the organisation calls itself.
    pub(crate) org: String,
    /// What to open.
    pub(crate) link: String,
    sign_in: SignIn,
    redirect_uri: String,
    loopback: Loopback,
    expected: Expected,
}

/// What belongs to one sign-in from its first request to its tokens.
#[derive(Clone)]
struct SignIn {
    key: Arc<PrivateKey>,
    outbox_key: Zeroizing<[u8; KEY_BYTES]>,
    verifier: Secret,
}

/// A sign-in that needs another step.
#[derive(Clone)]
pub(crate) struct Halfway {
    /// What the organisation calls itself.
    pub(crate) org: String,
    /// What is needed, and the handle to go on with.
    pub(crate) unfinished: Unfinished,
    sign_in: SignIn,
}

/// Where one part of the way led.
pub(crate) enum Stepped {
    In(Granted),
    On(Halfway),
}

/// Finds the organisation, opens the port and announces the browser.
pub(crate) async fn prepare(api: &Api, wish: OrganisationWish) -> Result<Ready, AccountError> {
    let found = api.find_organisation(&wish.input).await?;
    if found.sso.is_empty() {
        return Err(AccountError::NoOrganisationSignIn);
    }
    let sign_in = SignIn {
        key: Arc::new(PrivateKey::generate().map_err(|_| RemoteError::NoRandomness)?),
        outbox_key: random()?,
        verifier: chance()?,
    };
    let loopback = Loopback::open().await.map_err(|error| {
        tracing::warn!(code = "loopback-unavailable", kind = ?error.kind());
        AccountError::NoWayBack
    })?;
    let redirect_uri = loopback.redirect_uri();
    let expected = Expected { state: chance()?, issuer: api.origin().to_owned() };
    let browser = BrowserWish {
        org_hint: found.domain,
        redirect_uri: redirect_uri.clone(),
        state: expected.state.clone(),
        invitation: wish.invitation,
    };
    let link = api.announce_browser(&sign_in.key, &sign_in.verifier, browser).await?.link;
    if !may_be_opened(&link) {
        return Err(RemoteError::OriginUnsafe.into());
    }
    Ok(Ready { org: found.org.name, link, sign_in, redirect_uri, loopback, expected })
}

/// What a browser brought, and what is needed to trade it.
pub(crate) struct Brought {
    org: String,
    code: Secret,
    sign_in: SignIn,
    redirect_uri: String,
}

impl Ready {
    /// Waits for the browser. Dropping the wait closes the port.
    pub(crate) async fn brought(self) -> Result<Brought, AccountError> {
        let Self { org, sign_in, redirect_uri, loopback, expected, .. } = self;
        match tokio::time::timeout(BROWSER_WITHIN, loopback.wait(expected)).await {
            Ok(Callback::Code(code)) => Ok(Brought { org, code, sign_in, redirect_uri }),
            Ok(Callback::Cancelled) => Err(AccountError::CancelledInBrowser),
            Ok(Callback::Refused) => Err(AccountError::RefusedInBrowser),
            Err(_) => Err(AccountError::BrowserSilent),
        }
    }
}

impl Brought {
    /// Trades it.
    pub(crate) async fn trade(self, api: &Api) -> Result<Stepped, AccountError> {
        let Self { org, code, sign_in, redirect_uri } = self;
        match api.trade_brought_code(&sign_in.key, code, &sign_in.verifier, &redirect_uri).await? {
            Outcome::Done(tokens) => Ok(sign_in.granted(tokens)),
            Outcome::Next(unfinished) => Ok(Stepped::On(Halfway { org, unfinished, sign_in })),
        }
    }
}

impl Halfway {
    /// Takes the step.
    pub(crate) async fn take(self, api: &Api, answer: StepAnswer) -> Result<Stepped, AccountError> {
        let Self { org, unfinished, sign_in } = self;
        match api.take_step(&sign_in.key, unfinished.auth_session, answer).await? {
            Outcome::Done(code) => {
                let tokens = api.exchange_code(&sign_in.key, code, sign_in.verifier.clone()).await?;
                Ok(sign_in.granted(tokens))
            }
            Outcome::Next(unfinished) => Ok(Stepped::On(Self { org, unfinished, sign_in })),
        }
    }
}

impl SignIn {
    fn granted(self, tokens: TokenResponse) -> Stepped {
        Stepped::In(Granted { tokens, key: self.key, outbox_key: self.outbox_key })
    }
}

fn chance() -> Result<Secret, RemoteError> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random()?.as_slice())))
}

/// https anywhere, http to this very computer only; nothing else is ever handed to the system.
fn may_be_opened(link: &str) -> bool {
    let Ok(link) = Url::parse(link) else { return false };
    match (link.scheme(), link.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_links_are_opened() {
        #[rustfmt::skip]
        let table = [
            ("https://verify.example/oauth/authorize?x", true,  "a server"),
            ("http://127.0.0.1:8790/oauth/authorize",    true,  "the practice server"),
            ("http://[::1]:8790/oauth/authorize",        true,  "the same over IPv6"),
            ("http://verify.example/",                   false, "in the clear"),
            ("http://localhost/",                        false, "a name may resolve to anything"),
            ("file:///etc/passwd",                       false, "a file"),
            ("calc:",                                    false, "another program"),
            ("-e",                                       false, "a switch of the opener"),
        ];
        for (link, expected, because) in table {
            assert_eq!(may_be_opened(link), expected, "{link}: {because}");
        }
    }
}
