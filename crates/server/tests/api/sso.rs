//! Signing in through a provider, from the announcement to the tokens, with everything that can be wrong on the way.

use super::{
    house::{App, House, PASSWORD, Reply, send},
    provider::{Browser, Fault, Person, Provider, STATE, add, heard, opening, organisation, person, pushed, verifier},
};
use likeness_protocol::{
    Code, Secret,
    account::Me,
    discovery::Joining,
    limits::DESKTOP_CLIENT_ID,
    oauth::{
        ChallengeAnswer, ChallengeRequest, Intent, LinkRequest, Next, OAuthError, PushedAnswer, PushedRequest,
        ServerMetadata, TokenRequest, TokenResponse,
    },
};
use likeness_server::admin::{self, Linking, OrganisationPolicy};
use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

const ADA: &str = "ada@mail.example";
const NEW: Person = person("sub-new", "new@harbour.example");
const SAM: Person = person("sub-sam", "sam@harbour.example");
const FORTNIGHT: Duration = Duration::from_hours(24 * 14);

/// What is wrong with an announcement.
type Change = fn(&mut PushedRequest);

struct Harbour {
    house: House,
    provider: Provider,
    org: String,
}

async fn harbour(learners: &[&str], policy: OrganisationPolicy) -> Harbour {
    let house = House::with(learners).await;
    let provider = Provider::start(&house.clock).await;
    let org = organisation(&house, &provider, "Harbour University", "harbour.example", policy).await;
    Harbour { house, provider, org }
}

impl Harbour {
    fn app(&self) -> App {
        App::new(self.house.running.address(), Arc::clone(&self.house.clock))
    }

    async fn invite(&self, email: &str) -> Secret {
        admin::invite(&self.house.settings, &self.org, email, FORTNIGHT).await.unwrap().token
    }

    /// The person's way through the browser.
    async fn through(&self, app: &App, person: &Person) -> Reply {
        app.through(&self.provider, person, &pushed("harbour.example")).await
    }

    async fn mail_to(&self, address: &str, count: usize) -> String {
        let mails = self.house.mails(count).await;
        mails
            .into_iter()
            .find(|mail| mail.contains(&format!("To: {address}")))
            .unwrap_or_else(|| panic!("no mail to {address}"))
    }
}

#[track_caller]
fn unfinished(reply: &Reply) -> (OAuthError, Next) {
    let error: OAuthError = reply.json();
    assert_eq!((reply.status / 100, error.error.as_str()), (4, "insufficient_authorization"), "{}", reply.text());
    assert!(error.auth_session.is_some());
    let next = error.next.clone().unwrap();
    (error, next)
}

/// Trades the code of a finished sign-in.
async fn tokens(app: &mut App, reply: &Reply) -> TokenResponse {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let code = reply.json::<ChallengeAnswer>().authorization_code;
    let reply = app.form("/oauth/token", &TokenRequest::code(DESKTOP_CLIENT_ID, code, verifier())).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let tokens: TokenResponse = reply.json();
    app.tokens = Some(reply.json());
    tokens
}

fn digits(mail: &str) -> String {
    let line =
        mail.lines().map(str::trim).find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    line.unwrap_or_else(|| panic!("no code in {mail}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sign_in_makes_an_account_and_the_next_one_goes_straight_in() {
    let harbour = harbour(&[], OrganisationPolicy::default()).await;
    let mut app = harbour.app();
    let metadata: ServerMetadata =
        send(app.to, "GET", "/.well-known/oauth-authorization-server", &[], &[]).await.json();
    assert_eq!(metadata.pushed_authorization_request_endpoint, Some(format!("{}/oauth/par", app.origin())));
    assert!(metadata.likeness_social.is_empty(), "nobody set one up");
    assert!(metadata.require_pushed_authorization_requests && metadata.authorization_response_iss_parameter_supported);

    let (at, next) = unfinished(&harbour.through(&app, &NEW).await);
    let expected = Next::ChooseAccount {
        org: "Harbour University".into(),
        name: "Nova Example".into(),
        email_masked: "n•••••@harbour.example".into(),
        can_create: true,
        can_link: true,
        link_needs_invitation: true,
    };
    assert_eq!(next, expected);
    let (at, next) = unfinished(&app.step(&at, "create", |_| {}).await);
    let Next::CreateAccount { alternative_email_required: true, terms_version, suggested_name } = next else {
        panic!("{next:?}")
    };
    assert_eq!(suggested_name, "Nova Example");
    let fill = |password: &str, alternative: &str, name: &str, terms: &str| {
        let fields = [password, alternative, name, terms].map(str::to_owned);
        move |request: &mut ChallengeRequest| {
            let [password, alternative, name, terms] = fields;
            request.password = Some(Secret::new(password));
            request.alternative_email = Some(alternative);
            request.full_name = Some(name);
            request.accept_terms = Some(terms);
        }
    };
    #[rustfmt::skip]
    let table = [
        ("short",              "nova@mail.example",   "Nova", terms_version.as_str(), Code::PasswordTooWeak, "password",          "a weak password"),
        ("new@harbour.example1", "nova@mail.example", "Nova", terms_version.as_str(), Code::PasswordTooWeak, "password",          "the address in the password"),
        (PASSWORD,             "",                    "Nova", terms_version.as_str(), Code::InvalidRequest,  "alternative_email", "no private address"),
        (PASSWORD,             "nova",                "Nova", terms_version.as_str(), Code::InvalidRequest,  "alternative_email", "no address"),
        (PASSWORD,             "new@harbour.example", "Nova", terms_version.as_str(), Code::InvalidRequest,  "alternative_email", "the organisation's own"),
        (PASSWORD,             "nova@mail.example",   "12",   terms_version.as_str(), Code::FullNameInvalid, "full_name",         "no name"),
        (PASSWORD,             "nova@mail.example",   "Nova", "2020-1",               Code::InvalidRequest,  "accept_terms",      "other terms"),
    ];
    for (password, alternative, name, terms, code, field, because) in table {
        let reply = app.step(&at, "create", fill(password, alternative, name, terms)).await;
        let error: OAuthError = reply.json();
        assert_eq!((error.code, error.field.as_deref()), (code, Some(field)), "{because}");
    }
    let right = || fill(PASSWORD, " Nova@Mail.example ", "Nova Example", &terms_version);
    let first = app.step(&at, "create", right()).await;
    let (_, next) = unfinished(&first);
    assert_eq!(next, Next::VerifyEmail { email_masked: "n•••••@mail.example".into() });
    let again = app.step(&at, "create", right()).await;
    assert_eq!(unfinished(&again).1, next, "a lost reply is asked for again and makes no second account");

    let code = digits(&harbour.mail_to("nova@mail.example", 1).await);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let reply = app.step(&at, "verify", |request| request.code = Some(Secret::new(wrong))).await;
    assert_eq!(reply.code(), Code::CodeWrong);
    let done = app.step(&at, "verify", |request| request.code = Some(Secret::new(code.clone()))).await;
    let account = tokens(&mut app, &done).await.sub;
    let me: Me = app.get("/v1/me").await.json();
    assert_eq!((me.email.as_str(), me.display_name.as_deref()), ("new@harbour.example", Some("Nova Example")));

    let returning = harbour.app();
    let reply = harbour.through(&returning, &NEW).await;
    assert_eq!(reply.json::<TokenResponse>().sub, account, "known by now: {}", reply.text());
    for address in ["nova@mail.example", "new@harbour.example"] {
        let mut by_password = harbour.app();
        by_password.sign_in(address, PASSWORD).await.unwrap();
        assert_eq!(by_password.account(), account, "{address} and the password do as well");
    }
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_account_is_connected_by_invitation_and_only_once() {
    let harbour = harbour(&[ADA], OrganisationPolicy::default()).await;
    let invitation = harbour.invite("sam@harbour.example").await;
    let mut app = harbour.app();
    let (at, _) = unfinished(&harbour.through(&app, &SAM).await);
    let reply = app.step(&at, "link", |_| {}).await;
    let (_, next) = unfinished(&reply);
    assert_eq!(
        (reply.code(), next),
        (Code::InvitationRequired, Next::InvitationRequired { org: "Harbour University".into() })
    );
    let (_, next) = unfinished(&app.step(&at, "back", |_| {}).await);
    assert!(matches!(next, Next::ChooseAccount { .. }), "{next:?}");
    app.step(&at, "link", |_| {}).await;

    let foreign = harbour.invite("kim@harbour.example").await;
    for (typed, expected) in [(Secret::new("AAAAAAAAAA"), Code::NotFound), (foreign, Code::InvitationWrongPerson)] {
        let reply = app.step(&at, "invitation", |request| request.code = Some(typed)).await;
        assert_eq!(reply.code(), expected, "{}", reply.text());
    }
    let reply = app.step(&at, "invitation", |request| request.code = Some(invitation.clone())).await;
    let expected = Next::LinkExisting { already_uses_this_email: false, providers: Vec::new() };
    assert_eq!(unfinished(&reply).1, expected);
    let prove = |password: &'static str| {
        move |request: &mut ChallengeRequest| {
            request.email = Some(ADA.to_owned());
            request.password = Some(Secret::new(password));
        }
    };
    assert_eq!(app.step(&at, "link", prove("wrong horse battery")).await.code(), Code::InvalidCredentials);
    assert_eq!(app.step(&at, "confirm", |_| {}).await.code(), Code::InvalidRequest, "no step is left out");
    let expected = Next::ConfirmLink {
        account_masked: "a•••••@mail.example".into(),
        org_masked: "s•••••@harbour.example".into(),
        org: "Harbour University".into(),
        org_will_see: vec!["profile_status".into()],
    };
    assert_eq!(unfinished(&app.step(&at, "link", prove(PASSWORD)).await).1, expected);
    let done = app.step(&at, "confirm", |_| {}).await;
    let again = app.step(&at, "confirm", |_| {}).await;
    assert_eq!(done.text(), again.text(), "a lost reply is asked for again");
    let account = tokens(&mut app, &done).await.sub;
    let told = harbour.house.mails(2).await.join("\n");
    assert!(
        told.contains(&format!("To: {ADA}")) && told.contains("To: sam@harbour.example"),
        "both addresses are told: {told}"
    );

    let returning = harbour.app();
    assert_eq!(harbour.through(&returning, &SAM).await.json::<TokenResponse>().sub, account);
    let mut by_password = harbour.app();
    by_password.sign_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(by_password.account(), account);

    let mut request = pushed("harbour.example");
    request.invitation = Some(invitation);
    let reply = harbour.app().form("/oauth/par", &request).await;
    assert_eq!((reply.status, reply.code()), (409, Code::InvitationUsed));

    // Another person of the same organisation cannot be connected to the same account.
    let second = person("sub-second", "second@harbour.example");
    let mut request = pushed("harbour.example");
    request.invitation = Some(harbour.invite("second@harbour.example").await);
    let app = harbour.app();
    let (at, next) = unfinished(&app.through(&harbour.provider, &second, &request).await);
    assert!(matches!(next, Next::ChooseAccount { link_needs_invitation: false, .. }), "{next:?}");
    app.step(&at, "link", |_| {}).await;
    assert_eq!(app.step(&at, "link", prove(PASSWORD)).await.code(), Code::IdentityConflict);
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_social_account_in_the_way_is_disconnected_at_once() {
    let harbour = harbour(&[ADA], OrganisationPolicy::default()).await;
    add(&harbour.house, &harbour.provider, None, "google").await;
    let kim_at_google = person("google-kim", "kim@mail.example");
    let mut app = harbour.app();
    let (at, next) = unfinished(&app.through(&harbour.provider, &kim_at_google, &pushed("google")).await);
    assert!(
        matches!(&next, Next::ChooseAccount { org, can_create: false, can_link: true, link_needs_invitation: false, .. } if org == "Google"),
        "{next:?}"
    );
    app.step(&at, "link", |_| {}).await;
    let prove = |request: &mut ChallengeRequest| {
        request.email = Some(ADA.to_owned());
        request.password = Some(Secret::new(PASSWORD));
    };
    app.step(&at, "link", prove).await;
    let done = app.step(&at, "confirm", |_| {}).await;
    let account = tokens(&mut app, &done).await.sub;
    let reply = harbour.app().through(&harbour.provider, &kim_at_google, &pushed("google")).await;
    assert_eq!(reply.json::<TokenResponse>().sub, account, "Google alone signs in now");

    let mut request = pushed("harbour.example");
    request.invitation = Some(harbour.invite("sam@harbour.example").await);
    let mut app = harbour.app();
    let (at, _) = unfinished(&app.through(&harbour.provider, &SAM, &request).await);
    app.step(&at, "link", |_| {}).await;
    // The account is proven through Google, in the browser.
    let reply = app
        .step(&at, "link_via", |request| {
            request.provider = Some("google".into());
            request.redirect_uri = Some(super::provider::REDIRECT.into());
            request.state = Some(STATE.into());
        })
        .await;
    let error: OAuthError = reply.json();
    assert_eq!((error.error.as_str(), error.code), ("redirect_to_web", Code::RedirectToWeb), "{}", reply.text());
    let browser = Browser::new(app.to);
    let asked = browser.set_out(&error.request_uri.unwrap()).await;
    let code = harbour.provider.sign_in(&asked, &kim_at_google);
    let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
    // Whoever was sent this link has proven something to nobody, as long as the browser's answer did not reach the app that began.
    let refused = app.step(&at, "confirm", |_| {}).await;
    assert_eq!(refused.code(), Code::InvalidRequest, "{}", refused.text());
    let reply = app.trade(&heard["code"]).await;
    let (back, next) = unfinished(&reply);
    assert_eq!(back.auth_session, at.auth_session, "the same sign-in goes on");
    assert_eq!(reply.code(), Code::AccountLinkedToSocial);
    assert_eq!(next, Next::BlockedBySocial { providers: vec!["google".into()], has_password: true });
    let reply = app.step(&at, "delink", |request| request.provider = Some("apple".into())).await;
    assert_eq!(reply.code(), Code::InvalidRequest, "only what is connected");
    let (_, next) = unfinished(&app.step(&at, "delink", |request| request.provider = Some("google".into())).await);
    assert!(matches!(next, Next::ConfirmLink { .. }), "{next:?}");
    let done = app.step(&at, "confirm", |_| {}).await;
    assert_eq!(tokens(&mut app, &done).await.sub, account);
    assert!(harbour.house.mails(3).await.iter().any(|mail| mail.contains("Google is no longer connected")));
    let (_, next) = unfinished(&harbour.app().through(&harbour.provider, &kim_at_google, &pushed("google")).await);
    assert!(matches!(next, Next::ChooseAccount { .. }), "Google opens nothing any more: {next:?}");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_social_account_is_connected_from_the_settings_and_then_signs_in() {
    let harbour = harbour(&[ADA, "kim@mail.example"], OrganisationPolicy::default()).await;
    add(&harbour.house, &harbour.provider, None, "google").await;
    let at_google = person("google-ada", "whatever@elsewhere.example");
    let body = |state: &str| LinkRequest {
        redirect_uri: super::provider::REDIRECT.into(),
        state: state.into(),
        code_challenge: pushed("google").code_challenge,
    };
    let link = async |app: &App, who: &Person| {
        let reply = app.post("/v1/me/identities/google/link", &body(STATE)).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let browser = Browser::new(app.to);
        let asked = browser.set_out(&reply.json::<PushedAnswer>().request_uri).await;
        let code = harbour.provider.sign_in(&asked, who);
        let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
        app.trade(&heard["code"]).await
    };
    let ada = harbour.house.app(ADA).await;
    // Somebody sends his own link to a victim: as long as the code does not reach his app, the victim's Google account opens nothing of his.
    let sent = ada.post("/v1/me/identities/google/link", &body(STATE)).await.json::<PushedAnswer>().request_uri;
    let victim = Browser::new(ada.to);
    let asked = victim.set_out(&sent).await;
    let code = harbour.provider.sign_in(&asked, &at_google);
    victim.come_back(&format!("code={code}&state={}", asked["state"])).await;
    let (_, next) = unfinished(&harbour.app().through(&harbour.provider, &at_google, &pushed("google")).await);
    assert!(matches!(next, Next::ChooseAccount { .. }), "{next:?}");

    assert_eq!(link(&ada, &at_google).await.json::<TokenResponse>().sub, ada.account());
    assert!(harbour.mail_to(ADA, 1).await.contains("Google is connected to your account"));
    let by_google = harbour.app().through(&harbour.provider, &at_google, &pushed("google")).await;
    assert_eq!(by_google.json::<TokenResponse>().sub, ada.account(), "and signs in from now on");
    assert_eq!(link(&ada, &at_google).await.json::<TokenResponse>().sub, ada.account(), "twice does no harm");

    let kim = harbour.house.app("kim@mail.example").await;
    let reply = link(&kim, &at_google).await;
    assert_eq!(reply.code(), Code::IdentityConflict, "it is Ada's: {}", reply.text());
    let second = person("google-ada-2", "ada2@elsewhere.example");
    assert_eq!(link(&ada, &second).await.code(), Code::IdentityConflict, "one Google account is enough");

    for (kind, state, expected) in [
        ("apple", STATE, Code::NotFound),
        ("myspace", STATE, Code::NotFound),
        ("google", "short", Code::InvalidRequest),
    ] {
        let reply = kim.post(&format!("/v1/me/identities/{kind}/link"), &body(state)).await;
        assert_eq!(reply.code(), expected, "{kind} {state}");
    }
    let unasked = kim.post("/v1/me/identities/google/link", &body(STATE)).await.json::<PushedAnswer>().request_uri;
    kim.form(
        "/oauth/revoke",
        &serde_json::json!({"client_id": DESKTOP_CLIENT_ID, "token": kim.tokens.as_ref().unwrap().refresh_token}),
    )
    .await;
    let browser = Browser::new(kim.to);
    let asked = browser.set_out(&unasked).await;
    let code = harbour.provider.sign_in(&asked, &person("google-kim", "kim@mail.example"));
    let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
    assert_eq!(
        kim.trade(&heard["code"]).await.code(),
        Code::SessionEnded,
        "whoever signed out connects nothing any more"
    );

    let mut old = harbour.house.app("kim@mail.example").await;
    harbour.house.clock.advance(Duration::from_mins(9));
    let refresh = old.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    old.tokens = Some(old.refresh(&refresh).await.json());
    harbour.house.clock.advance(Duration::from_mins(2));
    let reply = old.post("/v1/me/identities/google/link", &body(STATE)).await;
    assert_eq!(reply.code(), Code::StepUpRequired, "a sign-in of eleven minutes ago");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_trusted_signs_nobody_in_and_the_next_try_works() {
    let harbour = harbour(&[], OrganisationPolicy::default()).await;
    let (down, unavailable) = ("could not be reached", Code::OrgSsoUnavailable);
    #[rustfmt::skip]
    let table = [
        (Fault::OtherNonce,      "belongs to another sign-in",        "a token of another trip"),
        (Fault::NoNonce,         "belongs to another sign-in",        "a token of no trip"),
        (Fault::Unsigned,        "not signed in a way we accept",     "alg none, though the metadata offers it"),
        (Fault::SharedSecret,    "not signed in a way we accept",     "a symmetric signature"),
        (Fault::OtherAudience,   "made for another program",          "a token for another client"),
        (Fault::TwoAudiences,    "made for another program",          "a token for us and somebody else"),
        (Fault::OtherIssuer,     "in the name of somebody else",      "a token of another issuer"),
        (Fault::ForgedKey,       "does not fit the keys",             "a key nobody published"),
        (Fault::Expired,         "more than a minute",                "a token of ten minutes ago"),
        (Fault::FromTheFuture,   "more than a minute",                "a token of in two minutes"),
        (Fault::NoToken,         "did not say who",                   "no identity in the answer"),
        (Fault::RefusesCode,     "did not accept its own sign-in",    "the code was used by somebody else"),
        (Fault::RefusesClient,   "does not accept this server",       "the secret was changed"),
        (Fault::TooLong,         down,                                "two megabytes"),
        (Fault::Elsewhere,       down,                                "a redirect is not followed"),
        (Fault::NotJson,         down,                                "a page in the place of an answer"),
    ];
    for (fault, words, because) in table {
        let (app, browser) = (harbour.app(), Browser::new(harbour.house.running.address()));
        let asked = browser.set_out(&app.announce_sign_in(&pushed("harbour.example")).await).await;
        harbour.provider.does(fault);
        let code = harbour.provider.sign_in(&asked, &NEW);
        let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
        let reply = app.trade(&heard["code"]).await;
        let error: OAuthError = reply.json();
        assert_eq!((reply.status, error.code), (502, unavailable), "{because}: {}", reply.text());
        let told = error.error_description.unwrap();
        assert!(
            told.contains(words) && told.contains("Harbour University") && told.contains("Nothing was changed"),
            "{because}: {told}"
        );
        assert!(!told.contains("127.0.0.1"), "no addresses: {told}");
        harbour.provider.does(Fault::None);
    }
    for fine in [Fault::ClockBehind, Fault::None] {
        harbour.provider.does(fine);
        unfinished(&harbour.through(&harbour.app(), &NEW).await);
    }
    harbour.provider.rotate_key();
    unfinished(&harbour.through(&harbour.app(), &NEW).await);
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_or_says_no_leaves_nobody_waiting() {
    let harbour = harbour(&[], OrganisationPolicy::default()).await;
    for fault in [Fault::LyingMetadata, Fault::NotJson] {
        harbour.house.clock.advance(Duration::from_mins(11));
        harbour.provider.does(fault);
        let (app, browser) = (harbour.app(), Browser::new(harbour.house.running.address()));
        let reply = browser.open(&opening(&app.announce_sign_in(&pushed("harbour.example")).await)).await;
        let page = browser.open(reply.header("location").unwrap()).await;
        assert!(page.text().contains("could not be reached"), "{}", page.text());
        assert_eq!(app.trade(&heard(&page)["code"]).await.code(), Code::OrgSsoUnavailable, "{fault:?}");
    }
    harbour.provider.does(Fault::None);
    #[rustfmt::skip]
    let table = [
        ("access_denied",           None,                          "somebody pressed no"),
        ("login_required",          Some(Code::SsoDenied),         "it wanted an answer"),
        ("unauthorized_client",     Some(Code::SsoDenied),         "it does not know us"),
        ("%3Cscript%3E",            Some(Code::SsoDenied),         "a word nobody knows"),
        ("temporarily_unavailable", Some(Code::OrgSsoUnavailable), "it has trouble"),
    ];
    for (word, expected, because) in table {
        let (app, browser) = (harbour.app(), Browser::new(harbour.house.running.address()));
        let asked = browser.set_out(&app.announce_sign_in(&pushed("harbour.example")).await).await;
        let heard =
            browser.come_back(&format!("error={word}&error_description=%3Cb%3E&state={}", asked["state"])).await;
        match expected {
            None => assert_eq!((heard["error"].as_str(), heard.get("code")), ("access_denied", None), "{because}"),
            Some(code) => assert_eq!(app.trade(&heard["code"]).await.code(), code, "{because}"),
        }
        assert_eq!((heard["state"].as_str(), heard["iss"].as_str()), (STATE, app.origin().as_str()), "{because}");
    }
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_taken_once_from_the_browser_that_set_out() {
    let harbour = harbour(&[], OrganisationPolicy::default()).await;
    let to = harbour.house.running.address();
    let (app, browser) = (harbour.app(), Browser::new(to));
    let request_uri = app.announce_sign_in(&pushed("harbour.example")).await;
    let earlier = browser.set_out(&request_uri).await;
    let asked = browser.set_out(&request_uri).await;
    assert_ne!(earlier["state"], asked["state"], "opened again, it is another trip");
    let code = harbour.provider.sign_in(&asked, &NEW);
    let good = format!("code={code}&state={}", asked["state"]);

    let other = Browser::new(to);
    let stolen = other.open(&format!("/v1/sso/callback?{good}")).await;
    assert_eq!(stolen.status, 400, "another browser");
    assert!(stolen.text().contains("another browser"));
    #[rustfmt::skip]
    let table = [
        ("code=x&state=wrong".to_owned(),                    "a state nobody gave out"),
        ("code=x".to_owned(),                                 "no state"),
        (format!("{good}&state={}", asked["state"]),         "a state that stands twice"),
        (format!("{good}&code=other"),                       "a code that stands twice"),
    ];
    for (query, because) in &table {
        let page = browser.open(&format!("/v1/sso/callback?{query}")).await;
        assert_eq!((page.status, page.header("location")), (400, None), "{because}");
        let policy = page.header("content-security-policy").unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    }
    let reply = browser.open(&format!("/v1/sso/callback?{good}")).await;
    let last = reply.header("location").unwrap().to_owned();
    assert_eq!(other.open(&last).await.status, 400, "the last page is this browser's");
    let page = browser.open(&last).await;
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), (Some("no-store"), Some("no-referrer")));
    assert!(page.text().contains("app.likeness:/callback?code="), "the second way in: {}", page.text());
    let returned = heard(&page);
    assert_eq!(heard(&browser.open(&last).await), returned, "reloading shows the same");
    assert_eq!(browser.open(&format!("/v1/sso/callback?{good}")).await.status, 400, "a second time");
    assert_eq!(browser.open(&opening(&request_uri)).await.status, 400, "the link ended with the code");
    let late = harbour.provider.sign_in(&earlier, &NEW);
    let late = browser.open(&format!("/v1/sso/callback?code={late}&state={}", earlier["state"])).await;
    assert_eq!(late.status, 400, "the earlier trip comes too late");

    let thief = harbour.app();
    assert_eq!(thief.trade(&returned["code"]).await.code(), Code::InvalidGrant, "another key");
    let redeem = async |verifier: &str, redirect: Option<&str>| {
        let mut request = TokenRequest::code(DESKTOP_CLIENT_ID, Secret::new(&returned["code"]), Secret::new(verifier));
        request.redirect_uri = redirect.map(str::to_owned);
        app.form("/oauth/token", &request).await.code()
    };
    let (right, redirect) = ("v".repeat(43), super::provider::REDIRECT);
    assert_eq!(redeem(&"w".repeat(43), Some(redirect)).await, Code::InvalidGrant, "another verifier");
    assert_eq!(redeem(&right, None).await, Code::InvalidGrant, "no redirect address");
    assert_eq!(
        redeem(&right, Some("http://127.0.0.1:1/callback")).await,
        Code::InvalidGrant,
        "another redirect address"
    );
    let (at, _) = unfinished(&app.trade(&returned["code"]).await);
    assert_eq!(app.trade(&returned["code"]).await.code(), Code::InvalidGrant, "a code works once");
    assert_eq!(thief.step(&at, "create", |_| {}).await.code(), Code::AuthSessionExpired, "the sign-in is this key's");
    harbour.house.clock.advance(Duration::from_mins(11));
    assert_eq!(app.step(&at, "create", |_| {}).await.code(), Code::AuthSessionExpired, "and does not wait for ever");

    let request_uri = app.announce_sign_in(&pushed("harbour.example")).await;
    harbour.house.clock.advance(Duration::from_mins(6));
    assert_eq!(browser.open(&opening(&request_uri)).await.status, 400, "a link of six minutes ago");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn apple_posts_its_answer_and_the_cookie_does_not_come_along() {
    let harbour = harbour(&[], OrganisationPolicy::default()).await;
    add(&harbour.house, &harbour.provider, None, "apple").await;
    let to = harbour.house.running.address();
    for (hint, expected) in [("apple", 303), ("harbour.example", 400)] {
        let (app, browser) = (harbour.app(), Browser::new(to));
        let asked = browser.set_out(&app.announce_sign_in(&pushed(hint)).await).await;
        assert_eq!(asked.get("response_mode").map(String::as_str), (hint == "apple").then_some("form_post"));
        let code = harbour.provider.sign_in(&asked, &NEW);
        let form = format!("code={code}&state={}&user=%7B%7D", asked["state"]);
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://appleid.apple.com")];
        let posted = send(to, "POST", "/v1/sso/callback", &headers, form.as_bytes()).await;
        assert_eq!(posted.status, expected, "{hint}: {}", posted.text());
        if expected == 303 {
            let cookie = posted.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
            let last = posted.header("location").unwrap();
            assert_eq!(Browser::new(to).open(last).await.status, 400, "the last page is for the browser that posted");
            let page = send(to, "GET", last, &[("cookie", &cookie)], &[]).await;
            unfinished(&app.trade(&heard(&page)["code"]).await);
            let again = send(to, "POST", "/v1/sso/callback", &headers, form.as_bytes()).await;
            assert_eq!(again.status, 400, "the state works once, by form too");
        }
    }
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn announcements_are_judged() {
    let harbour = harbour(&[], OrganisationPolicy::default()).await;
    let app = harbour.app();
    #[rustfmt::skip]
    let table: [(Change, Code, &str); 14] = [
        (|request| request.client_id = "another".into(),                           Code::InvalidRequest,  "another client"),
        (|request| request.response_type = "token".into(),                         Code::InvalidRequest,  "the implicit flow"),
        (|request| request.code_challenge_method = "plain".into(),                 Code::InvalidRequest,  "a plain challenge"),
        (|request| request.code_challenge = "short".into(),                        Code::InvalidRequest,  "no challenge"),
        (|request| request.state = "short".into(),                                 Code::InvalidRequest,  "a state that can be guessed"),
        (|request| request.redirect_uri = "https://evil.example/callback".into(),  Code::InvalidRequest,  "an open redirect"),
        (|request| request.redirect_uri = "http://localhost:1/callback".into(),    Code::InvalidRequest,  "a name that can mean another machine"),
        (|request| request.scope = "admin".into(),                                 Code::InvalidRequest,  "another scope"),
        (|request| request.intent = Some(Intent::Link),                            Code::InvalidRequest,  "connecting without being signed in"),
        (|request| request.prompt = Some("none".into()),                           Code::InvalidRequest,  "a prompt we do not know"),
        (|request| request.org_hint = None,                                        Code::InvalidRequest,  "nobody to sign in through"),
        (|request| request.org_hint = Some("unknown.example".into()),              Code::OrgNotFound,     "an organisation nobody knows"),
        (|request| request.org_hint = Some("google".into()),                       Code::OrgNotFound,     "a social account that was not set up"),
        (|request| request.org_hint = Some("not a domain".into()),                 Code::OrgInputInvalid, "no domain"),
    ];
    for (change, expected, because) in table {
        let mut request = pushed("harbour.example");
        change(&mut request);
        let reply = app.form("/oauth/par", &request).await;
        assert_eq!(reply.code(), expected, "{because}: {}", reply.text());
    }
    let mut request = pushed(&harbour.org);
    request.prompt = Some("login".into());
    request.max_age = Some("0".into());
    request.login_hint = Some("new@harbour.example".into());
    let asked = Browser::new(app.to).set_out(&app.announce_sign_in(&request).await).await;
    let field = |name: &str| asked.get(name).map(String::as_str);
    assert_eq!(
        (field("prompt"), field("max_age"), field("login_hint")),
        (Some("login"), Some("0"), Some("new@harbour.example"))
    );
    assert_eq!(
        (field("code_challenge_method"), field("response_type"), field("scope")),
        (Some("S256"), Some("code"), Some("openid email profile"))
    );
    let without =
        send(app.to, "POST", "/oauth/par", &[("content-type", "application/x-www-form-urlencoded")], b"").await;
    assert_eq!(without.code(), Code::DpopInvalid, "an announcement needs a proof");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_address_opens_no_account() {
    let open = OrganisationPolicy { link_existing: Linking::Allow, ..Default::default() };
    let harbour = harbour(&["new@harbour.example", ADA], open).await;
    let app = harbour.app();
    let (at, _) = unfinished(&harbour.through(&app, &NEW).await);
    let (_, next) = unfinished(&app.step(&at, "create", |_| {}).await);
    let hint = Next::LinkExisting { already_uses_this_email: true, providers: Vec::new() };
    assert_eq!(next, hint, "the account is named, and has to be proven");
    for tries_left in (0..5).rev() {
        let reply = app
            .step(&at, "link", |request| {
                request.email = Some("new@harbour.example".into());
                request.password = Some(Secret::new(format!("wrong horse {tries_left}")));
            })
            .await;
        assert_eq!(reply.code(), Code::InvalidCredentials);
    }
    let reply = app
        .step(&at, "link", |request| {
            request.email = Some("new@harbour.example".into());
            request.password = Some(Secret::new(PASSWORD));
        })
        .await;
    assert_eq!(reply.code(), Code::AuthSessionExpired, "five tries and no more");

    #[rustfmt::skip]
    let table = [
        (Person { verified: false, ..person("u1", "boss@harbour.example") }, "an address the provider has not verified"),
        (person("u2", "boss@other.example"),                                 "an address of another domain"),
        (Person { email: None, ..person("u3", "") },                         "no address"),
    ];
    for (who, because) in table {
        let app = harbour.app();
        let (at, next) = unfinished(&harbour.through(&app, &who).await);
        assert!(matches!(next, Next::ChooseAccount { can_create: false, can_link: true, .. }), "{because}: {next:?}");
        assert_eq!(app.step(&at, "create", |_| {}).await.code(), Code::InvalidRequest, "{because}");
    }
    harbour.provider.tells_address_apart();
    let (_, next) = unfinished(&harbour.through(&harbour.app(), &person("u4", "nova@harbour.example")).await);
    assert!(matches!(next, Next::ChooseAccount { can_create: true, .. }), "told by the userinfo endpoint: {next:?}");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_not_told_and_its_owner_is() {
    let harbour = harbour(&[ADA], OrganisationPolicy::default()).await;
    let mut app = harbour.app();
    let (at, _) = unfinished(&harbour.through(&app, &NEW).await);
    let (_, next) = unfinished(&app.step(&at, "create", |_| {}).await);
    let Next::CreateAccount { terms_version, .. } = next else { panic!("{next:?}") };
    let reply = app
        .step(&at, "create", |request| {
            request.password = Some(Secret::new(PASSWORD));
            request.alternative_email = Some(ADA.into());
            request.full_name = Some("Nova".into());
            request.accept_terms = Some(terms_version);
        })
        .await;
    assert_eq!(
        unfinished(&reply).1,
        Next::VerifyEmail { email_masked: "a•••••@mail.example".into() },
        "as for a free one"
    );
    assert!(harbour.mail_to(ADA, 1).await.contains("belongs to this account of yours"));
    let reply = app.step(&at, "verify", |request| request.code = Some(Secret::new("123456"))).await;
    assert_eq!(reply.code(), Code::CodeWrong);
    let done = app.step(&at, "skip", |_| {}).await;
    tokens(&mut app, &done).await;
    assert_eq!(app.get("/v1/me").await.json::<Me>().email, "new@harbour.example");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_decide_who_comes_in() {
    let closed = OrganisationPolicy { jit: Joining::InviteOnly, require_alt_email: false, ..Default::default() };
    let harbour = harbour(&[ADA], closed).await;
    let app = harbour.app();
    let (at, next) = unfinished(&harbour.through(&app, &NEW).await);
    assert_eq!(next, Next::InvitationRequired { org: "Harbour University".into() });
    let invitation = harbour.invite("new@harbour.example").await;
    let (_, next) = unfinished(&app.step(&at, "invitation", |request| request.code = Some(invitation.clone())).await);
    assert!(matches!(next, Next::ChooseAccount { can_create: true, link_needs_invitation: false, .. }), "{next:?}");

    // The same invitation at two places: whoever is first has it.
    let (first, second) = (harbour.app(), harbour.app());
    let mut request = pushed("harbour.example");
    request.invitation = Some(invitation);
    let (at_first, _) = unfinished(&first.through(&harbour.provider, &NEW, &request).await);
    let again = Person { sub: "sub-again", ..NEW };
    let (at_second, _) = unfinished(&second.through(&harbour.provider, &again, &request).await);
    let prove = |request: &mut ChallengeRequest| {
        request.email = Some(ADA.to_owned());
        request.password = Some(Secret::new(PASSWORD));
    };
    for (app, at) in [(&first, &at_first), (&second, &at_second)] {
        app.step(at, "link", |_| {}).await;
        unfinished(&app.step(at, "link", prove).await);
    }
    assert_eq!(first.step(&at_first, "confirm", |_| {}).await.status, 200);
    let late = second.step(&at_second, "confirm", |_| {}).await;
    assert!(matches!(late.code(), Code::InvitationUsed | Code::IdentityConflict), "{}", late.text());

    let database = harbour.house.data_dir().join("likeness.sqlite");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", database.display())).await.unwrap();
    sqlx::query("UPDATE memberships SET ended_at = 1").execute(&pool).await.unwrap();
    let reply = harbour.through(&harbour.app(), &NEW).await;
    assert_eq!((reply.status, reply.code()), (403, Code::OrgAccessEnded), "{}", reply.text());
    sqlx::query("UPDATE memberships SET ended_at = NULL").execute(&pool).await.unwrap();
    sqlx::query("UPDATE accounts SET status = 'closed'").execute(&pool).await.unwrap();
    assert_eq!(harbour.through(&harbour.app(), &NEW).await.code(), Code::AccountDisabled);
    pool.close().await;
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_sign_in_through_a_provider_lies_readable_in_the_data_folder() {
    let harbour = harbour(&[ADA], OrganisationPolicy::default()).await;
    let app = harbour.app();
    let browser = Browser::new(app.to);
    let mut request = pushed("harbour.example");
    request.login_hint = Some("hinted@harbour.example".into());
    let asked = browser.set_out(&app.announce_sign_in(&request).await).await;
    let code = harbour.provider.sign_in(&asked, &NEW);
    let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
    let (at, _) = unfinished(&app.trade(&heard["code"]).await);
    let (_, next) = unfinished(&app.step(&at, "create", |_| {}).await);
    let Next::CreateAccount { terms_version, .. } = next else { panic!("{next:?}") };
    app.step(&at, "create", |request| {
        request.password = Some(Secret::new("planted password"));
        request.alternative_email = Some("nova@planted.example".into());
        request.full_name = Some("Planted Name".into());
        request.accept_terms = Some(terms_version);
    })
    .await;
    let session = at.auth_session.unwrap().expose().to_owned();
    let planted: BTreeMap<&str, &str> = BTreeMap::from([
        ("the hint", "hinted@harbour.example"),
        ("the address seen", "new@harbour.example"),
        ("the name seen", "Nova Example"),
        ("the private address", "nova@planted.example"),
        ("the name", "Planted Name"),
        ("the password", "planted password"),
        ("the provider's secret", "the provider's secret"),
        ("the app's state", STATE),
        ("the trip's state", &asked["state"]),
        ("the nonce", &asked["nonce"]),
        ("the code", &heard["code"]),
        ("the session", &session),
    ]);
    let data = harbour.house.data_dir();
    harbour.house.running.stop().await.unwrap();
    for file in fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = fs::read(&file).unwrap();
        for (what, text) in &planted {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{} holds {what} in clear", file.display());
        }
    }
}
