//! What an organisation decides about its people: no passwords, no other address.

use super::{
    house::{App, House, PASSWORD, Reply},
    provider::{Browser, Person, Provider, REDIRECT, STATE, by_password, organisation, person, pushed},
};
use likeness_protocol::{
    Code,
    account::{EmailChangeStarted, Me},
    oauth::{ChallengeRequest, OAuthError, TokenResponse},
};
use likeness_server::admin::{Linking, OrganisationPolicy};
use std::sync::Arc;

const SAM: &str = "sam@harbour.example";
const SAM_THERE: Person = person("sub-sam", SAM);

const NEW_ADDRESS: &str = "sam@private.example";

/// What is told, without what is random in it.
fn told(reply: &Reply) -> OAuthError {
    let error: OAuthError = reply.json();
    OAuthError { request_id: String::new(), request_uri: error.request_uri.is_some().then(String::new), ..error }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_nobody_wants_leads_to_the_organisation_and_tells_nothing() {
    let house = House::with(&[SAM, "ada@mail.example"]).await;
    let provider = Provider::start(&house.clock).await;
    let rules = OrganisationPolicy { password_login: false, link_existing: Linking::Allow, ..Default::default() };
    organisation(&house, &provider, "Harbour University", "harbour.example", rules).await;
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let asking = |email: &str, password: &str| by_password(email, password).returning_to(REDIRECT, STATE);

    let reply = app.form("/oauth/challenge", &asking(SAM, PASSWORD)).await;
    let error = told(&reply);
    assert_eq!(
        (reply.status, error.error.as_str(), error.code, error.org.as_deref()),
        (400, "redirect_to_web", Code::RedirectToWeb, Some("Harbour University")),
        "{}",
        reply.text()
    );
    assert!(error.auth_session.is_none() && error.request_uri.is_some(), "{error:?}");
    for (email, password, because) in [
        (SAM, "wrong horse battery", "a wrong password"),
        ("nobody@harbour.example", PASSWORD, "an address without an account"),
        (" Sam@Lab.HARBOUR.example", PASSWORD, "a part of the organisation"),
    ] {
        let other = app.form("/oauth/challenge", &asking(email, password)).await;
        assert_eq!(told(&other), error, "{because} is answered alike");
    }
    let reply = app.form("/oauth/challenge", &by_password(SAM, PASSWORD)).await;
    assert_eq!((reply.status, reply.code()), (403, Code::SsoRequired), "an app that cannot open a browser");
    let reply = app.form("/oauth/challenge", &asking("ada@mail.example", PASSWORD)).await;
    assert_eq!(reply.status, 200, "elsewhere a password does: {}", reply.text());
    for (redirect_uri, state) in [("https://evil.example/callback", STATE), (REDIRECT, "short")] {
        let request = by_password(SAM, PASSWORD).returning_to(redirect_uri, state);
        assert_eq!(app.form("/oauth/challenge", &request).await.code(), Code::InvalidRequest, "{redirect_uri}");
    }

    // Where it leads: to the organisation, with the address filled in, and back to this app.
    let through = async || {
        let reply = app.form("/oauth/challenge", &asking(SAM, PASSWORD)).await;
        let browser = Browser::new(app.to);
        let asked = browser.set_out(&reply.json::<OAuthError>().request_uri.unwrap()).await;
        assert_eq!(asked.get("login_hint").map(String::as_str), Some(SAM));
        assert!(!asked.values().any(|value| value.contains(PASSWORD)), "the password stays here");
        let code = provider.sign_in(&asked, &SAM_THERE);
        let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
        app.trade(&heard["code"]).await
    };
    // The account is older than the rule: its password may still prove it, at the organisation's own sign-in and nowhere else.
    let at: OAuthError = through().await.json();
    app.step(&at, "link", |_| {}).await;
    let prove = |request: &mut ChallengeRequest| {
        request.email = Some(SAM.into());
        request.password = Some(likeness_protocol::Secret::new(PASSWORD));
    };
    app.step(&at, "link", prove).await;
    assert_eq!(app.step(&at, "confirm", |_| {}).await.status, 200);
    assert!(
        !through().await.json::<TokenResponse>().sub.is_empty(),
        "and from now on it opens through the organisation"
    );

    super::provider::add(&house, &provider, None, "google").await;
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let at: OAuthError =
        app.through(&provider, &person("google-sam", "s@mail.example"), &pushed("google")).await.json();
    app.step(&at, "link", |_| {}).await;
    assert_eq!(app.step(&at, "link", prove).await.code(), Code::SsoRequired, "Google must not lead around the rule");
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_manages_addresses_is_obeyed_and_named() {
    let house = House::with(&["sam@mail.example"]).await;
    let provider = Provider::start(&house.clock).await;
    let rules = OrganisationPolicy { email_change: false, link_existing: Linking::Allow, ..Default::default() };
    organisation(&house, &provider, "Harbour University", "harbour.example", rules).await;
    let sam = house.app("sam@mail.example").await;
    assert_eq!(sam.get("/v1/me").await.json::<Me>().email_managed_by, None, "nobody's yet");
    let body = serde_json::json!({ "new_email": NEW_ADDRESS });
    let asked: EmailChangeStarted = sam.post("/v1/me/email-changes", &body).await.json();
    let code = {
        let mails = house.mails(2).await;
        let mail = mails.into_iter().find(|mail| mail.contains(&format!("To: {NEW_ADDRESS}"))).unwrap();
        let line = mail.lines().map(str::trim).find(|line| line.len() == 7 && line.as_bytes()[3] == b' ').unwrap();
        line.to_owned()
    };

    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let at: OAuthError = app.through(&provider, &SAM_THERE, &pushed("harbour.example")).await.json();
    app.step(&at, "link", |_| {}).await;
    app.step(&at, "link", |request| {
        request.email = Some("sam@mail.example".into());
        request.password = Some(likeness_protocol::Secret::new(PASSWORD));
    })
    .await;
    assert_eq!(app.step(&at, "confirm", |_| {}).await.status, 200);

    let me: Me = sam.get("/v1/me").await.json();
    assert_eq!(me.email_managed_by.as_deref(), Some("Harbour University"), "so that the window need not offer it");
    let confirm = format!("/v1/me/email-changes/{}/confirm", asked.id);
    for (path, body) in [("/v1/me/email-changes", body), (&*confirm, serde_json::json!({ "code": code }))] {
        let refused = sam.post(path, &body).await;
        let problem = refused.problem();
        assert_eq!((problem.status, problem.code), (409, Code::EmailManagedByOrganisation), "{path}");
        assert_eq!(problem.org.as_deref(), Some("Harbour University"));
        assert!(problem.detail.starts_with("Harbour University manages"), "{}", problem.detail);
    }
    assert_eq!(sam.get("/v1/me").await.json::<Me>().email, "sam@mail.example");
    house.running.stop().await.unwrap();
}
