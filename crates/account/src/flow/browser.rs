//! Through the browser: find the organisation, announce the browser, open it, wait for it, trade what it brought; then step by step what a
//! first sign-in still needs. The same way proves an account through a social one, connects a social account to the one that is signed in,
//! and proves anew who is signed in.
//!
//! Guarantees: the result is never asked for at the server, it comes back to this computer or not at all, by a port of it or by the app's own
//! scheme, and is checked alike; the port is open before the browser is; only https, or http to this very computer, is handed to the system;
//! one key and one verifier per sign-in, one `state` per browser.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::TokenResponse;
use likeness_protocol::text::Secret;
use likeness_remote::{
    Announced, Api, BrowserWish, Outcome, PasswordAnswer, RemoteError, SignedApi, StepAnswer, Unfinished, WayBack,
};
use tokio::sync::mpsc;
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

/// Through whom somebody wants to sign in.
pub(crate) enum Through {
    Organisation(OrganisationWish),
    /// `google`, `apple` or `facebook`.
    Social(String),
}

/// The name people know a social account by: the same in every language. The wire's own for one this build does not know.
pub(crate) fn social_name(provider: &str) -> &str {
    match provider {
        "google" => "Google",
        "apple" => "Apple",
        "facebook" => "Facebook",
        other => other,
    }
}

/// A browser that may be opened now, and its way back.
pub(crate) struct Outing {
    /// Where somebody signs in there.
    pub(crate) to: String,
    /// What to open.
    pub(crate) link: String,
    trip: Trip,
    key: Arc<PrivateKey>,
    verifier: Secret,
}

/// One browser's way back.
struct Trip {
    loopback: Loopback,
    expected: Expected,
}

/// The outing that leads to a sign-in.
pub(crate) struct Ready {
    pub(crate) outing: Outing,
    /// Through whom somebody signs in, when that is settled.
    org: String,
    sign_in: SignIn,
}

/// What a password led to.
pub(crate) enum Shown {
    In(Granted),
    /// The organisation of the address wants none.
    Browser(Box<Ready>),
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

/// Finds whom to sign in with, opens the port and announces the browser.
pub(crate) async fn prepare(api: &Api, through: Through) -> Result<Ready, AccountError> {
    let (to, org_hint, invitation) = match through {
        Through::Social(provider) => (social_name(&provider).to_owned(), provider, None),
        Through::Organisation(wish) => {
            let found = api.find_organisation(&wish.input).await?;
            if found.sso.is_empty() {
                return Err(AccountError::NoOrganisationSignIn);
            }
            (found.org.name, found.domain, wish.invitation)
        }
    };
    let sign_in = SignIn::begin()?;
    let trip = Trip::begin(api).await?;
    let wish = BrowserWish { org_hint, back: trip.back(), invitation };
    let announced = api.announce_browser(&sign_in.key, &sign_in.verifier, wish).await?;
    Ok(Ready { outing: sign_in.outing(to.clone(), announced, trip)?, org: to, sign_in })
}

/// Shows a password; where the organisation of the address wants none, the browser is announced in its place.
pub(crate) async fn show_password(api: &Api, email: &str, password: Secret) -> Result<Shown, RemoteError> {
    let sign_in = SignIn::begin()?;
    // Without a port the password is tried all the same, and a refusal says that the organisation wants none.
    let trip = Trip::begin(api).await.ok();
    let back = trip.as_ref().map(Trip::back);
    let answer = api.challenge_password(&sign_in.key, email, password, &sign_in.verifier, back.as_ref()).await?;
    match (answer, trip) {
        (PasswordAnswer::Code(code), _) => {
            let tokens = api.exchange_code(&sign_in.key, code, sign_in.verifier.clone()).await?;
            Ok(Shown::In(sign_in.granted(tokens)))
        }
        (PasswordAnswer::Browser { org, announced }, Some(trip)) => {
            let outing = sign_in.outing(org.clone(), announced, trip)?;
            Ok(Shown::Browser(Box::new(Ready { outing, org, sign_in })))
        }
        // Without a way back the server has nothing to announce.
        (PasswordAnswer::Browser { .. }, None) => Err(RemoteError::ReplyMalformed),
    }
}

/// Announces a browser that connects a social account to the one that is signed in.
pub(crate) async fn prepare_connection(api: &SignedApi, provider: &str) -> Result<Outing, AccountError> {
    let (verifier, trip) = (chance()?, Trip::begin(api.api()).await?);
    let announced = api.announce_connection(provider, &verifier, trip.back()).await?;
    // The key that signed this request is the one its code is bound to.
    let key = api.authorisation().await?.key;
    Ok(Outing::of(social_name(provider).to_owned(), announced, trip, key, verifier)?)
}

/// Announces a browser in which whoever is signed in with `key` proves anew who they are.
pub(crate) async fn prepare_confirmation(
    api: &Api,
    key: Arc<PrivateKey>,
    identity: &str,
    to: &str,
) -> Result<Outing, AccountError> {
    let (verifier, trip) = (chance()?, Trip::begin(api).await?);
    let announced = api.announce_step_up(&key, &verifier, identity, trip.back()).await?;
    Ok(Outing::of(to.to_owned(), announced, trip, key, verifier)?)
}

/// What a browser brought, and what is needed to trade it.
pub(crate) struct Brought {
    code: Secret,
    redirect_uri: String,
    key: Arc<PrivateKey>,
    verifier: Secret,
}

impl Outing {
    fn of(
        to: String,
        announced: Announced,
        trip: Trip,
        key: Arc<PrivateKey>,
        verifier: Secret,
    ) -> Result<Self, RemoteError> {
        let link = announced.link;
        if may_be_opened(&link) { Ok(Self { to, link, trip, key, verifier }) } else { Err(RemoteError::OriginUnsafe) }
    }

    /// Waits for the browser: at the port, and for what the app's own scheme brings. The first good answer counts.
    /// Dropping the wait closes the port.
    pub(crate) async fn brought(self, knocks: mpsc::UnboundedReceiver<Secret>) -> Result<Brought, AccountError> {
        let Self { trip, key, verifier, .. } = self;
        let redirect_uri = trip.loopback.redirect_uri();
        match tokio::time::timeout(BROWSER_WITHIN, trip.answer(knocks)).await {
            Ok(Callback::Code(code)) => Ok(Brought { code, redirect_uri, key, verifier }),
            Ok(Callback::Cancelled) => Err(AccountError::CancelledInBrowser),
            Ok(Callback::Refused) => Err(AccountError::RefusedInBrowser),
            Err(_) => Err(AccountError::BrowserSilent),
        }
    }
}

impl Trip {
    async fn begin(api: &Api) -> Result<Self, AccountError> {
        let loopback = Loopback::open().await.map_err(|error| {
            tracing::warn!(code = "loopback-unavailable", kind = ?error.kind());
            AccountError::NoWayBack
        })?;
        Ok(Self { loopback, expected: Expected { state: chance()?, issuer: api.origin().to_owned() } })
    }

    fn back(&self) -> WayBack {
        WayBack { redirect_uri: self.loopback.redirect_uri(), state: self.expected.state.clone() }
    }

    async fn answer(self, mut knocks: mpsc::UnboundedReceiver<Secret>) -> Callback {
        let expected = Arc::new(self.expected);
        let by_port = self.loopback.wait(Arc::clone(&expected));
        tokio::pin!(by_port);
        loop {
            tokio::select! {
                callback = &mut by_port => return callback,
                Some(query) = knocks.recv() => {
                    if let Some(callback) = expected.callback(query.expose()) {
                        return callback;
                    }
                    tracing::info!(code = "scheme-refused");
                }
            }
        }
    }
}

impl Brought {
    /// Trades it.
    pub(crate) async fn trade(self, api: &Api) -> Result<Outcome<TokenResponse>, RemoteError> {
        api.trade_brought_code(&self.key, self.code, &self.verifier, &self.redirect_uri).await
    }

    /// Trades what somebody who is signed in went out for: tokens of the same account, and no further step.
    pub(crate) async fn trade_for_tokens(self, api: &Api) -> Result<TokenResponse, RemoteError> {
        match self.trade(api).await? {
            Outcome::Done(tokens) => Ok(tokens),
            Outcome::Next(unfinished) => Err(RemoteError::StepUnknown(Box::new(unfinished.next))),
        }
    }
}

impl Ready {
    /// Waits for the browser and leaves what is needed to trade what it brings.
    pub(crate) async fn brought(self, knocks: mpsc::UnboundedReceiver<Secret>) -> Result<Back, AccountError> {
        let Self { outing, org, sign_in } = self;
        Ok(Back { brought: outing.brought(knocks).await?, org, sign_in })
    }
}

/// A browser that came back for a sign-in.
pub(crate) struct Back {
    brought: Brought,
    org: String,
    sign_in: SignIn,
}

impl Back {
    /// Trades what it brought.
    pub(crate) async fn trade(self, api: &Api) -> Result<Stepped, AccountError> {
        let Self { brought, org, sign_in } = self;
        match brought.trade(api).await? {
            Outcome::Done(tokens) => Ok(Stepped::In(sign_in.granted(tokens))),
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
                Ok(Stepped::In(sign_in.granted(tokens)))
            }
            Outcome::Next(unfinished) => Ok(Stepped::On(Self { org, unfinished, sign_in })),
        }
    }

    /// Announces a browser that proves the existing account through a social one.
    pub(crate) async fn prepare_proof(self, api: &Api, provider: &str) -> Result<Ready, AccountError> {
        let Self { org, unfinished, sign_in } = self;
        let trip = Trip::begin(api).await?;
        let announced = api.announce_proof(&sign_in.key, unfinished.auth_session, provider, trip.back()).await?;
        Ok(Ready { outing: sign_in.outing(social_name(provider).to_owned(), announced, trip)?, org, sign_in })
    }
}

impl SignIn {
    /// A key is made for this sign-in alone, so that two sign-ins cannot be told to be one computer's.
    fn begin() -> Result<Self, RemoteError> {
        Ok(Self {
            key: Arc::new(PrivateKey::generate().map_err(|_| RemoteError::NoRandomness)?),
            outbox_key: random()?,
            verifier: chance()?,
        })
    }

    fn outing(&self, to: String, announced: Announced, trip: Trip) -> Result<Outing, RemoteError> {
        Outing::of(to, announced, trip, Arc::clone(&self.key), self.verifier.clone())
    }

    fn granted(self, tokens: TokenResponse) -> Granted {
        Granted { tokens, key: self.key, outbox_key: self.outbox_key }
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
