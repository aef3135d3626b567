//! Peers that are not ours: an independent client judges the server, and an independent provider stands in for an organisation's.
//!
//! Ignored in an ordinary run: they need Node and what `npm ci` in `tests/peers/sign-in` installs. `cargo xtask test --suite sign-in` sees to that.

use super::{
    house::{App, House, send},
    identity::proven,
    provider::{Browser, opening, pushed, verifier},
};
use likeness_protocol::{
    Secret,
    account::{Identities, Me},
    limits::DESKTOP_CLIENT_ID,
    oauth::{ChallengeAnswer, Intent, Next, OAuthError, PushedRequest, TokenRequest, TokenResponse},
};
use likeness_server::admin;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};
use url::Url;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/sign-in")
}

#[cfg(feature = "practice")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and the packages of tests/peers/sign-in"]
async fn an_independent_client_finds_nothing_to_refuse() {
    let data = tempfile::tempdir().unwrap();
    let mut settings = None;
    let server = likeness_server::practice::start_changed(data.path(), likeness_server::SystemClock, |used| {
        settings = Some(used.clone());
    })
    .await
    .unwrap();
    let (kiosk, secret) = admin::add_kiosk(&settings.unwrap(), "Room 4, PC 12").await.unwrap();
    let kim = server.accounts.iter().find(|account| account.email == "kim@mail.example").unwrap();
    let words = [server.origin.as_str(), &kiosk, secret.expose(), kim.password.expose()].map(str::to_owned);
    let ran = tokio::task::spawn_blocking(move || {
        Command::new("node").arg("client.mjs").args(words).current_dir(folder()).output().unwrap()
    })
    .await
    .unwrap();
    let (said, why) = (String::from_utf8_lossy(&ran.stdout).into_owned(), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && said.ends_with("held: everything\n"), "{said}{why}");
    server.stop().await.unwrap();
}

/// The provider's process; it ends when this is dropped.
struct Process(
    Child,
    #[expect(dead_code, reason = "a provider whose output nobody takes ends itself")] BufReader<ChildStdout>,
);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_provider(port: u16, callback: &str) -> Process {
    let mut child = Command::new("node")
        .args(["provider.mjs", &port.to_string(), callback])
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    while !line.starts_with("ready") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the provider did not start");
    }
    Process(child, said)
}

/// A browser at the provider: keeps its cookies, presses what its pages ask for, and stops where it is sent back to our server.
async fn sign_in_at(provider: SocketAddr, address: &str, login: &str) -> String {
    let mut cookies = BTreeMap::<String, String>::new();
    let mut next = address.to_owned();
    for _ in 0..12 {
        let url = Url::parse(&next).unwrap();
        if url.socket_addrs(|| None).unwrap() != [provider] {
            return url.query().unwrap().to_owned();
        }
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let jar = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut reply = send(provider, "GET", &path, &[("cookie", &jar)], &[]).await;
        if url.path().starts_with("/interaction/") {
            let prompt = if reply.text().contains("value=\"login\"") { "login" } else { "consent" };
            let form = format!("prompt={prompt}&login={login}&password=any");
            let headers = [("cookie", jar.as_str()), ("content-type", "application/x-www-form-urlencoded")];
            reply = send(provider, "POST", &path, &headers, form.as_bytes()).await;
        }
        for line in reply.every("set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = reply.header("location").unwrap_or_else(|| panic!("{path}: {} {}", reply.status, reply.text()));
        next = url.join(location).unwrap().to_string();
    }
    panic!("the provider leads in circles");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and the packages of tests/peers/sign-in"]
async fn a_real_provider_signs_somebody_in_for_the_first_time_and_again() {
    let house = House::with(&[]).await;
    let origin = house.running.origin().unwrap().origin().ascii_serialization();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let provider = SocketAddr::from(([127, 0, 0, 1], port));
    let _process = start_provider(port, &format!("{origin}/v1/sso/callback"));
    let rules = admin::OrganisationPolicy { require_alt_email: false, ..Default::default() };
    let org = proven(&house.settings, "Harbour University", "harbour.example", rules).await;
    let (issuer, secret) = (format!("http://{provider}"), Secret::new("the provider's secret"));
    let new = admin::NewProvider {
        org: Some(&org),
        kind: "oidc",
        issuer: &issuer,
        client_id: "likeness-oidc",
        secret: &secret,
        private_network: false,
    };
    admin::add_provider(&house.settings, new).await.unwrap();

    // The provider's clock is the real one; the server's must not be months away from it.
    house.clock.go_to_the_present();
    let through = async |app: &App, request: &PushedRequest| {
        let browser = Browser::new(app.to);
        let away = browser.open(&opening(&app.announce_sign_in(request).await)).await;
        let query = sign_in_at(provider, away.header("location").unwrap(), "ada").await;
        let heard = browser.come_back(&query).await;
        app.trade(&heard["code"]).await
    };
    let mut app = App::new(house.running.address(), Arc::clone(&house.clock));
    let login = pushed("harbour.example");
    let reply = through(&app, &login).await;
    let at: OAuthError = reply.json();
    let Some(Next::ChooseAccount { name, email_masked, can_create: true, .. }) = &at.next else {
        panic!("{}", reply.text())
    };
    assert_eq!((name.as_str(), email_masked.as_str()), ("Ada Lovelace", "a•••••@harbour.example"));
    let next: OAuthError = app.step(&at, "create", |_| {}).await.json();
    let Some(Next::CreateAccount { terms_version, .. }) = next.next else { panic!("{next:?}") };
    let done = app
        .step(&at, "create", |request| {
            request.password = Some(Secret::new("correct horse battery"));
            request.full_name = Some("Ada Lovelace".into());
            request.accept_terms = Some(terms_version);
        })
        .await;
    assert_eq!(done.status, 200, "{}", done.text());
    let code = done.json::<ChallengeAnswer>().authorization_code;
    let reply = app.form("/oauth/token", &TokenRequest::code(DESKTOP_CLIENT_ID, code, verifier())).await;
    app.tokens = Some(reply.json());
    assert_eq!(app.get("/v1/me").await.json::<Me>().email, "ada@harbour.example");
    let again = through(&App::new(app.to, Arc::clone(&house.clock)), &login).await;
    assert_eq!(again.json::<TokenResponse>().sub, app.account(), "{}", again.text());
    // Asked for a fresh sign-in, it gives one and says when.
    let way = app.get("/v1/me/identities").await.json::<Identities>().identities.remove(0).id;
    let (intent, prompt, max_age) = (Some(Intent::StepUp), Some("login".into()), Some("0".into()));
    let anew = through(&app, &PushedRequest { intent, prompt, max_age, ..pushed(&way) }).await;
    assert_eq!(anew.json::<TokenResponse>().sub, app.account(), "{}", anew.text());
    house.running.stop().await.unwrap();
}
