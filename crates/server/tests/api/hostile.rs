//! What comes too late, twice, or from the wrong place while somebody signs in through a provider: each is refused with a word of its own, and the next try works.

use super::{
    house::{App, House, Reply},
    provider::{Browser, Person, Provider, heard, opening, organisation, person, pushed},
};
use likeness_protocol::{
    Code,
    oauth::{Next, OAuthError},
};
use likeness_server::admin::{self, OrganisationPolicy};
use std::{sync::Arc, time::Duration};

const NEW: Person = person("sub-new", "new@harbour.example");

struct Harbour {
    house: House,
    provider: Provider,
    org: String,
}

async fn harbour() -> Harbour {
    let house = House::with(&[]).await;
    let provider = Provider::start(&house.clock).await;
    let rules = OrganisationPolicy::default();
    let org = organisation(&house, &provider, "Harbour University", "harbour.example", rules).await;
    Harbour { house, provider, org }
}

impl Harbour {
    fn app(&self) -> App {
        App::new(self.house.running.address(), Arc::clone(&self.house.clock))
    }

    /// A browser that is on its way back, with the query it will bring.
    async fn on_the_way_back(&self, app: &App) -> (Browser, String) {
        let browser = Browser::new(app.to);
        let asked = browser.set_out(&app.announce_sign_in(&pushed("harbour.example")).await).await;
        let code = self.provider.sign_in(&asked, &NEW);
        (browser, format!("code={code}&state={}", asked["state"]))
    }
}

#[track_caller]
fn goes_on(reply: &Reply) {
    let error: OAuthError = reply.json();
    assert!(matches!(error.next, Some(Next::ChooseAccount { .. })), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_dies_under_way_is_named_and_nobody_waits_for_it() {
    let harbour = harbour().await;
    let app = harbour.app();
    let (browser, query) = harbour.on_the_way_back(&app).await;
    harbour.provider.goes_down().await;
    let heard_back = browser.come_back(&query).await;
    let error: OAuthError = app.trade(&heard_back["code"]).await.json();
    assert_eq!(error.code, Code::OrgSsoUnavailable, "it was there when the browser set out");
    assert!(error.error_description.unwrap().contains("could not be reached"));

    harbour.house.clock.advance(Duration::from_mins(11));
    let app = harbour.app();
    let reply = browser.open(&opening(&app.announce_sign_in(&pushed("harbour.example")).await)).await;
    let page = browser.open(reply.header("location").unwrap()).await;
    assert!(page.text().contains("could not be reached"), "{}", page.text());
    assert_eq!(app.trade(&heard(&page)["code"]).await.code(), Code::OrgSsoUnavailable, "nor is it asked for for ever");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_the_name_of_another_provider_is_refused() {
    let harbour = harbour().await;
    let app = harbour.app();
    let (browser, query) = harbour.on_the_way_back(&app).await;
    let mixed_up = browser.come_back(&format!("{query}&iss=https%3A%2F%2Flogin.evil.example")).await;
    let error: OAuthError = app.trade(&mixed_up["code"]).await.json();
    assert_eq!(error.code, Code::OrgSsoUnavailable);
    assert!(error.error_description.unwrap().contains("in the name of somebody else"));
    let app = harbour.app();
    let (browser, query) = harbour.on_the_way_back(&app).await;
    let right = browser.come_back(&format!("{query}&iss=http%3A%2F%2F{}", harbour.provider.address)).await;
    goes_on(&app.trade(&right["code"]).await);
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_opens_nothing() {
    let harbour = harbour().await;
    let app = harbour.app();
    let (browser, query) = harbour.on_the_way_back(&app).await;
    harbour.house.clock.advance(Duration::from_mins(11));
    let late = browser.open(&format!("/v1/sso/callback?{query}")).await;
    assert_eq!((late.status, late.header("location")), (400, None), "eleven minutes at the provider");
    assert!(late.text().contains("has ended"), "{}", late.text());

    let (browser, query) = harbour.on_the_way_back(&app).await;
    let reply = browser.open(&format!("/v1/sso/callback?{query}")).await;
    let last = reply.header("location").unwrap().to_owned();
    let code = heard(&browser.open(&last).await)["code"].clone();
    harbour.house.clock.advance(Duration::from_secs(61));
    assert_eq!(app.trade(&code).await.code(), Code::InvalidGrant, "a code of a minute ago");
    harbour.house.clock.advance(Duration::from_mins(1));
    assert_eq!(browser.open(&last).await.status, 400, "a last page of two minutes ago");

    let (browser, query) = harbour.on_the_way_back(&app).await;
    let heard_back = browser.come_back(&query).await;
    goes_on(&app.trade(&heard_back["code"]).await);
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_has_ended_is_refused_before_the_browser_opens_and_after() {
    let harbour = harbour().await;
    // The command line goes by the real clock.
    harbour.house.clock.go_to_the_present();
    let day = Duration::from_hours(24);
    let made = admin::invite(&harbour.house.settings, &harbour.org, "new@harbour.example", day).await.unwrap();
    let app = harbour.app();
    let mut request = pushed("harbour.example");
    request.invitation = Some(made.token.clone());
    goes_on(&app.through(&harbour.provider, &NEW, &request).await);

    let app = harbour.app();
    let begun = app.announce_sign_in(&request).await;
    harbour.house.clock.advance(Duration::from_mins(24 * 60 - 2));
    assert_eq!(harbour.app().form("/oauth/par", &request).await.status, 201, "two minutes before its end");
    let at: OAuthError = harbour.app().through(&harbour.provider, &NEW, &pushed("harbour.example")).await.json();
    assert!(at.next.is_some(), "the provider goes on without it");
    harbour.house.clock.advance(Duration::from_mins(3));
    assert_eq!(harbour.app().form("/oauth/par", &request).await.code(), Code::InvitationExpired, "a minute after it");
    assert_eq!(Browser::new(app.to).open(&opening(&begun)).await.status, 400, "a link of yesterday");

    let app = harbour.app();
    let at: OAuthError = app.through(&harbour.provider, &NEW, &pushed("harbour.example")).await.json();
    app.step(&at, "link", |_| {}).await;
    for secret in [made.token, made.code] {
        let reply = app.step(&at, "invitation", |request| request.code = Some(secret)).await;
        assert_eq!(reply.code(), Code::InvitationExpired, "typed at last: {}", reply.text());
    }
    harbour.house.running.stop().await.unwrap();
}
