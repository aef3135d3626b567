//! The four stories of signing in, told to the practice server and its own provider by a browser that clicks what it sees.

use super::{
    house::{App, Reply, TestClock, send},
    provider::{Browser, opening, pushed, verifier},
};
use likeness_protocol::{
    Code, Secret,
    account::Me,
    discovery::FoundOrganisation,
    limits::DESKTOP_CLIENT_ID,
    oauth::{ChallengeAnswer, ChallengeRequest, Next, OAuthError, PushedRequest, TokenRequest, TokenResponse},
    practice::PracticeMails,
};
use likeness_server::practice::{self, PracticeServer};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpStream},
    sync::Arc,
};
use tempfile::TempDir;
use url::Url;

struct Practice {
    folder: TempDir,
    clock: Arc<TestClock>,
    server: PracticeServer,
}

impl Practice {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at_start());
        let server = practice::start_at(folder.path(), Arc::clone(&clock)).await.unwrap();
        Self { folder, clock, server }
    }

    fn app(&self) -> App {
        App::new(self.server.origin.socket_addrs(|| None).unwrap()[0], Arc::clone(&self.clock))
    }

    fn password(&self, email: &str) -> &str {
        self.server.accounts.iter().find(|account| account.email == email).unwrap().password.expose()
    }

    fn invitation(&self, email: &str) -> Secret {
        let invitation = self.server.invitations.iter().find(|invitation| invitation.email == email).unwrap();
        Secret::new(invitation.link.strip_prefix("app.likeness:/invite?t=").unwrap())
    }
}

/// Where an address leads, and the way there.
fn split(address: &str) -> (SocketAddr, String) {
    let url = Url::parse(address).unwrap();
    (url.socket_addrs(|| None).unwrap()[0], format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}

/// The way through the browser as one of the people on the provider's page; nobody means "refuse". Gives what the app hears.
async fn click(app: &App, request: &PushedRequest, who: &str) -> BTreeMap<String, String> {
    let browser = Browser::new(app.to);
    click_in(&browser, &app.announce_sign_in(request).await, who).await
}

async fn click_in(browser: &Browser, request_uri: &str, who: &str) -> BTreeMap<String, String> {
    let away = browser.open(&opening(request_uri)).await;
    assert_eq!(away.status, 303, "{}", away.text());
    let (issuer, path) = split(away.header("location").unwrap());
    let page = send(issuer, "GET", &path, &[], &[]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let html = page.text();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for field in html.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        form.append_pair(name, &rest.split_once('"').unwrap().0.replace("&amp;", "&"));
    }
    let button = html.split("<button").find(|button| !who.is_empty() && button.contains(who));
    let sub = button.map_or("", |button| button.split("value=\"").nth(1).unwrap().split('"').next().unwrap());
    form.append_pair("sub", sub);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let back = send(issuer, "POST", "/authorize", &headers, form.finish().as_bytes()).await;
    let (to, path) = split(back.header("location").unwrap());
    assert_ne!(to, issuer, "the provider is another origin");
    browser.come_back(path.split_once('?').unwrap().1).await
}

#[track_caller]
fn unfinished(reply: &Reply) -> (OAuthError, Next) {
    let error: OAuthError = reply.json();
    let next = error.next.clone().unwrap_or_else(|| panic!("{}", reply.text()));
    (error, next)
}

async fn tokens(app: &mut App, reply: &Reply) -> String {
    let code = reply.json::<ChallengeAnswer>().authorization_code;
    let reply = app.form("/oauth/token", &TokenRequest::code(DESKTOP_CLIENT_ID, code, verifier())).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    app.tokens = Some(reply.json());
    app.account()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_a_first_sign_in_makes_one() {
    let practice = Practice::start().await;
    let mut app = practice.app();
    let body = br#"{"input":"new@harbour.example"}"#;
    let found: FoundOrganisation =
        send(app.to, "POST", "/v1/discovery/org", &[("content-type", "application/json")], body).await.json();
    assert_eq!((found.org.name.as_str(), found.domain.as_str()), ("Harbour University", "harbour.example"));

    let refused = click(&app, &pushed("harbour.example"), "").await;
    assert_eq!(refused["error"], "access_denied", "the button that says no");
    let heard = click(&app, &pushed(&found.org.id), "Nova Newcomer").await;
    let (at, next) = unfinished(&app.trade(&heard["code"]).await);
    assert!(matches!(&next, Next::ChooseAccount { name, can_create: true, .. } if name == "Nova Newcomer"), "{next:?}");
    let (_, next) = unfinished(&app.step(&at, "create", |_| {}).await);
    let Next::CreateAccount { terms_version, .. } = next else { panic!("{next:?}") };
    let reply = app
        .step(&at, "create", |request| {
            request.password = Some(Secret::new("correct horse battery"));
            request.alternative_email = Some("nova@mail.example".into());
            request.full_name = Some("Nova Newcomer".into());
            request.accept_terms = Some(terms_version);
        })
        .await;
    assert!(matches!(unfinished(&reply).1, Next::VerifyEmail { .. }));
    let done = app.step(&at, "skip", |_| {}).await;
    let account = tokens(&mut app, &done).await;
    assert_eq!(app.get("/v1/me").await.json::<Me>().email, "new@harbour.example");
    let mails: PracticeMails = app.get("/practice/mails").await.json();
    assert!(
        mails.mails.iter().any(|mail| mail.to == "nova@mail.example"),
        "the practice mailbox shows the code: {mails:?}"
    );

    let returning = practice.app();
    let heard = click(&returning, &pushed("harbour.example"), "Nova Newcomer").await;
    assert_eq!(returning.trade(&heard["code"]).await.json::<TokenResponse>().sub, account, "next time straight in");
    practice.server.stop().await.unwrap();
}

fn prove(email: &str, password: &str) -> impl FnOnce(&mut ChallengeRequest) {
    let (email, password) = (email.to_owned(), Secret::new(password));
    move |request| {
        request.email = Some(email);
        request.password = Some(password);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_account_is_connected_by_its_invitation() {
    let practice = Practice::start().await;
    let mut app = practice.app();
    let mut request = pushed("harbour.example");
    request.invitation = Some(practice.invitation("sam@harbour.example"));
    let heard = click(&app, &request, "Sam Sailor").await;
    let (at, next) = unfinished(&app.trade(&heard["code"]).await);
    assert!(matches!(next, Next::ChooseAccount { link_needs_invitation: false, .. }), "{next:?}");
    app.step(&at, "link", |_| {}).await;
    let password = practice.password("sam@mail.example");
    let (_, next) = unfinished(&app.step(&at, "link", prove("sam@mail.example", password)).await);
    assert!(matches!(next, Next::ConfirmLink { .. }), "{next:?}");
    let done = app.step(&at, "confirm", |_| {}).await;
    let account = tokens(&mut app, &done).await;
    let mut by_password = practice.app();
    by_password.sign_in("sam@mail.example", password).await.unwrap();
    assert_eq!(by_password.account(), account, "e-mail and password lead to the same account");

    let outsider = practice.app();
    let heard = click(&outsider, &pushed("closed.example"), "Chris Closed").await;
    let reply = outsider.trade(&heard["code"]).await;
    assert_eq!(
        (reply.code(), unfinished(&reply).1),
        (Code::InvitationRequired, Next::InvitationRequired { org: "Closed Works".into() })
    );
    practice.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_google_account_is_in_the_way_until_it_is_taken_off() {
    let practice = Practice::start().await;
    let by_google = practice.app();
    let heard = click(&by_google, &pushed("google"), "Kim Keel").await;
    let kim = by_google.trade(&heard["code"]).await.json::<TokenResponse>().sub;

    let mut app = practice.app();
    let mut request = pushed("harbour.example");
    request.invitation = Some(practice.invitation("kim@harbour.example"));
    let heard = click(&app, &request, "Kim Keel").await;
    let (at, _) = unfinished(&app.trade(&heard["code"]).await);
    app.step(&at, "link", |_| {}).await;
    let proof = prove("kim@mail.example", practice.password("kim@mail.example"));
    let reply = app.step(&at, "link", proof).await;
    assert_eq!(reply.code(), Code::AccountLinkedToSocial);
    assert_eq!(unfinished(&reply).1, Next::BlockedBySocial { providers: vec!["google".into()], has_password: true });
    app.step(&at, "delink", |request| request.provider = Some("google".into())).await;
    let done = app.step(&at, "confirm", |_| {}).await;
    assert_eq!(tokens(&mut app, &done).await, kim);
    practice.server.stop().await.unwrap();

    // The next start brings new addresses, keys and invitations, and what was decided stays.
    let server = practice::start_at(practice.folder.path(), Arc::clone(&practice.clock)).await.unwrap();
    let practice = Practice { server, ..practice };
    let again = practice.app();
    let heard = click(&again, &pushed("harbour.example"), "Kim Keel").await;
    assert_eq!(again.trade(&heard["code"]).await.json::<TokenResponse>().sub, kim);
    let heard = click(&again, &pushed("google"), "Kim Keel").await;
    let (_, next) = unfinished(&again.trade(&heard["code"]).await);
    assert!(matches!(next, Next::ChooseAccount { .. }), "Google stays off: {next:?}");
    practice.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_provider_answers_nobody_but_its_own_server() {
    let practice = Practice::start().await;
    let app = practice.app();
    let away = Browser::new(app.to).open(&opening(&app.announce_sign_in(&pushed("harbour.example")).await)).await;
    let location = away.header("location").unwrap().to_owned();
    let (issuer, _) = split(&location);
    assert!(issuer.ip().is_loopback() && issuer != app.to, "a port of its own, on loopback");
    #[rustfmt::skip]
    let table = [
        ("redirect_uri=http%3A%2F%2F127.0.0.1", "redirect_uri=http%3A%2F%2Fevil.example", "another place to go back to"),
        ("client_id=practice-harbour",          "client_id=another",                      "a client nobody knows"),
        ("response_type=code",                  "response_type=token",                    "the implicit flow"),
        ("code_challenge_method=S256",          "code_challenge_method=plain",            "a plain challenge"),
    ];
    for (from, to, because) in table {
        assert!(location.contains(from), "{because}: {location}");
        let (_, path) = split(&location.replace(from, to));
        assert_eq!(send(issuer, "GET", &path, &[], &[]).await.status, 400, "{because}");
    }
    let (_, path) = split(&location.replace("state=", "login_hint=%22%3E%3Cscript%3E&state="));
    let page = send(issuer, "GET", &path, &[], &[]).await;
    assert!(
        !page.text().contains("<script>")
            && page.header("content-security-policy").unwrap().contains("default-src 'none'")
    );
    let forged = b"grant_type=authorization_code&code=x&redirect_uri=x&code_verifier=x";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(send(issuer, "POST", "/token", &headers, forged).await.status, 400, "a code nobody gave out");
    practice.server.stop().await.unwrap();
    assert!(TcpStream::connect(issuer).is_err(), "it ends with the server");
}
