//! The app's own client against an authorization server that is not ours: oidc-provider, from the metadata to the end of the sign-in.
//!
//! Ignored in an ordinary run: it needs Node and what `npm ci` in `tests/peers/sign-in` installs. `cargo xtask test --suite sign-in` sees to that.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use likeness_account::vault::Slot;
use likeness_account::{Account, AccountError, Auth, EndReason, OpenUrl, OrganisationWish};
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::TokenResponse;
use likeness_protocol::text::Secret;
use likeness_protocol::time::UnixMs;
use likeness_remote::{Api, BrowserWish, Clock, Outcome, RemoteError, SystemClock, WayBack};
use url::Url;

use crate::desk::Keyring;
use crate::windowless_browser::{Browser, Page, behind};

/// The server's process; it ends when this is dropped.
struct Peer {
    process: Child,
    origin: Url,
    _said: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new("node")
            .args(["authorization-server.mjs", &port.to_string()])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/sign-in"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("ready") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "the server did not start");
        }
        Self { process, origin: format!("http://127.0.0.1:{port}").parse().unwrap(), _said: said }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The real time and what a test adds to it: the other side's clock cannot be moved.
#[derive(Clone, Default)]
struct Ahead(Arc<AtomicU64>);

impl Ahead {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now(&self) -> UnixMs {
        SystemClock.now().plus(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }
}

/// The pages of the server as `who`; nobody means the link that says no.
fn walk(link: &str, who: Option<&str>) -> Page {
    let mut browser = Browser::default();
    let mut page = browser.open(link).unwrap();
    while page.address.path().starts_with("/interaction/") {
        page = match who {
            Some(who) => browser.submit(&page, &[("login", who), ("password", "any")]).unwrap(),
            None => browser.open(&behind(&page, "Cancel")).unwrap(),
        };
    }
    page
}

fn browser_of(who: Option<&'static str>) -> Arc<dyn OpenUrl> {
    Arc::new(move |link: &str| {
        let link = link.to_owned();
        std::thread::spawn(move || walk(&link, who));
        true
    })
}

fn college() -> OrganisationWish {
    OrganisationWish { input: "peer.example".to_owned(), invitation: None }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and the packages of tests/peers/sign-in"]
async fn another_authorization_server_signs_somebody_in_renews_the_sign_in_and_ends_it() {
    let peer = Peer::start();
    let (keyring, clock) = (Keyring::default(), Ahead::default());
    let start = || {
        let api = Api::with_clock(&peer.origin, Arc::new(clock.clone())).unwrap();
        Account::start(api, Box::new(keyring.clone()), Slot::practice())
    };
    let account = start();
    let no = account.sign_in_browser(college(), browser_of(None)).await;
    assert_eq!(no, Err(AccountError::CancelledInBrowser), "its page says no");
    account.sign_in_browser(college(), browser_of(Some("ada"))).await.unwrap();
    assert!(matches!(account.snapshot(), Auth::SignedIn { account, .. } if account.id == "ada"));
    let first = account.authorised().await.unwrap();
    let kept = keyring.item().expect("kept as any sign-in");

    clock.pass(Duration::from_hours(2));
    let second = account.authorised().await.unwrap();
    assert_ne!(first.access_token, second.access_token, "renewed, although this computer's clock is two hours ahead");
    assert_eq!(
        keyring.item().unwrap().refresh_token,
        kept.refresh_token,
        "a token bound to the key does not change here"
    );

    drop(account);
    let account = start();
    assert!(
        matches!(account.restore().await, Auth::SignedIn { account, .. } if account.id == "ada"),
        "after a restart"
    );
    let left_over = keyring.item().unwrap();
    account.sign_out().await.unwrap();
    assert!(keyring.is_empty(), "nothing is left here");

    keyring.put(&left_over.to_bytes());
    let again = start().restore().await;
    assert_eq!(again, Auth::SignedOut { why: Some(EndReason::SessionEnded), keyring: None }, "and nothing there");
}

/// A port that takes one answer of the browser, and gives the code in it.
fn port() -> (String, JoinHandle<Secret>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let redirect_uri = format!("http://{}/callback", listener.local_addr().unwrap());
    let waiting = std::thread::spawn(move || {
        let (mut browser, _) = listener.accept().unwrap();
        let mut head = vec![0; 4096];
        let length = browser.read(&mut head).unwrap();
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        browser.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        let target = head.split(' ').nth(1).unwrap();
        let address = Url::parse("http://127.0.0.1").unwrap().join(target).unwrap();
        let code = address.query_pairs().find(|(name, _)| name == "code");
        Secret::new(code.unwrap_or_else(|| panic!("no code: {target}")).1)
    });
    (redirect_uri, waiting)
}

/// What one way through the browser brings, and what it has to be traded with.
struct Brought {
    code: Secret,
    key: PrivateKey,
    verifier: Secret,
    redirect_uri: String,
}

impl Brought {
    async fn by(api: &Api) -> Self {
        let (key, verifier) = (PrivateKey::generate().unwrap(), Secret::new("v".repeat(43)));
        let (redirect_uri, waiting) = port();
        let back = WayBack { redirect_uri: redirect_uri.clone(), state: Secret::new("s".repeat(43)) };
        let wish = BrowserWish { org_hint: "peer.example".to_owned(), back, invitation: None };
        let link = api.announce_browser(&key, &verifier, wish).await.unwrap().link;
        tokio::task::spawn_blocking(move || walk(&link, Some("ada"))).await.unwrap();
        Self { code: waiting.join().unwrap(), key, verifier, redirect_uri }
    }

    async fn trade(&self, api: &Api) -> Result<TokenResponse, RemoteError> {
        match api.trade_brought_code(&self.key, self.code.clone(), &self.verifier, &self.redirect_uri).await? {
            Outcome::Done(tokens) => Ok(tokens),
            Outcome::Next(next) => panic!("no step is known there: {next:?}"),
        }
    }
}

/// What is wrong, and how it is made so.
type Spoiled = (&'static str, fn(&mut Brought));

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and the packages of tests/peers/sign-in"]
async fn another_authorization_server_refuses_what_is_wrong_and_the_client_understands() {
    let peer = Peer::start();
    let api = Api::new(&peer.origin).unwrap();
    let stranger = || PrivateKey::generate().unwrap();
    #[rustfmt::skip]
    let table: [Spoiled; 3] = [
        ("another verifier",  |brought| brought.verifier = Secret::new("w".repeat(43))),
        ("another key",       |brought| brought.key = PrivateKey::generate().unwrap()),
        ("another way back",  |brought| brought.redirect_uri = "http://127.0.0.1:9/callback".to_owned()),
    ];
    for (because, spoil) in table {
        let mut brought = Brought::by(&api).await;
        spoil(&mut brought);
        assert_eq!(brought.trade(&api).await.map_err(|error| error.code()).err(), Some("invalid-grant"), "{because}");
    }
    let brought = Brought::by(&api).await;
    let tokens = brought.trade(&api).await.unwrap();
    let refresh = tokens.refresh_token.unwrap();
    let stolen = api.refresh(&stranger(), refresh.clone()).await.unwrap_err();
    assert_eq!(stolen.code(), "invalid-grant", "a refresh token without its key");
    api.refresh(&brought.key, refresh.clone()).await.expect("with its key it renews");
    assert_eq!(brought.trade(&api).await.unwrap_err().code(), "invalid-grant", "a code used again");
    let ended = api.refresh(&brought.key, refresh).await.unwrap_err();
    assert_eq!(ended.code(), "invalid-grant", "and with it what came of it");

    let brought = Brought::by(&api).await;
    let refresh = brought.trade(&api).await.unwrap().refresh_token.unwrap();
    api.revoke(refresh.clone()).await.unwrap();
    assert_eq!(
        api.refresh(&brought.key, refresh).await.unwrap_err().code(),
        "invalid-grant",
        "a sign-in that was ended"
    );
}
