//! A guest signs in at a kiosk with their own phone.

use super::{
    house::{App, House, PASSWORD, Reply, send},
    provider::{Browser, Provider, organisation, person},
};
use likeness_protocol::{
    Code, Secret,
    account::Me,
    limits::DESKTOP_CLIENT_ID,
    oauth::{DeviceAnswer, DeviceRequest, OAuthError, TokenRequest, TokenResponse},
};
use likeness_server::admin;
use std::{sync::Arc, time::Duration};
use url::{Url, form_urlencoded};

const ADA: &str = "ada@mail.example";

struct Kiosk {
    house: House,
    id: String,
    secret: Secret,
}

async fn kiosk() -> Kiosk {
    let house = House::with(&[ADA]).await;
    let (id, secret) = admin::add_kiosk(&house.settings, "Room 4, PC 12").await.unwrap();
    Kiosk { house, id, secret }
}

impl Kiosk {
    /// The kiosk's app for one guest: a key of its own.
    fn app(&self) -> App {
        App::new(self.house.running.address(), Arc::clone(&self.house.clock))
    }

    fn asking(&self) -> DeviceRequest {
        DeviceRequest { client_id: self.id.clone(), client_secret: Some(self.secret.clone()), scope: None }
    }

    async fn begin(&self, app: &App) -> DeviceAnswer {
        let reply = app.form("/oauth/device_authorization", &self.asking()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Asks after the interval.
    async fn ask(&self, app: &App, begun: &DeviceAnswer) -> Reply {
        self.house.clock.advance(Duration::from_secs(5));
        self.ask_at_once(app, begun).await
    }

    async fn ask_at_once(&self, app: &App, begun: &DeviceAnswer) -> Reply {
        let request = TokenRequest::device(&self.id, self.secret.clone(), begun.device_code.clone());
        app.form("/oauth/token", &request).await
    }
}

fn path_of(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// Sends a form as a page of ours would.
async fn press(browser: &Browser, to: std::net::SocketAddr, path: &str, fields: &[(&str, &str)]) -> Reply {
    let cookie = browser.cookie.lock().unwrap().clone().unwrap_or_default();
    let origin = format!("http://{to}");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", cookie.as_str()),
        ("origin", origin.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    send(to, "POST", path, &headers, body.as_bytes()).await
}

fn form_token(page: &Reply) -> String {
    page.text().split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn word(reply: &Reply) -> String {
    reply.json::<OAuthError>().error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_signs_in_on_the_phone_and_the_kiosk_keeps_nothing() {
    let kiosk = kiosk().await;
    let (app, phone) = (kiosk.app(), Browser::new(kiosk.house.running.address()));
    let begun = kiosk.begin(&app).await;
    assert_eq!((begun.expires_in, begun.interval, begun.user_code.len()), (300, 5, 9));
    assert_eq!(word(&kiosk.ask(&app, &begun).await), "authorization_pending");
    assert_eq!(word(&kiosk.ask_at_once(&app, &begun).await), "slow_down", "asked again at once");
    assert_eq!(word(&kiosk.ask(&app, &begun).await), "slow_down", "the interval is ten seconds by now");
    kiosk.house.clock.advance(Duration::from_secs(15));
    assert_eq!(word(&kiosk.ask_at_once(&app, &begun).await), "authorization_pending");

    let page = phone.open(&path_of(&begun.verification_uri_complete)).await;
    assert!(page.text().contains("Room 4, PC 12") && page.text().contains(&begun.user_code), "{}", page.text());
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self'"));
    let code = begun.user_code.to_lowercase().replace('-', " ");
    let wrong = press(
        &phone,
        app.to,
        "/device/password",
        &[("code", &code), ("email", ADA), ("password", "wrong horse battery")],
    )
    .await;
    assert!(wrong.status == 400 && wrong.text().contains("is not right"), "{}", wrong.text());
    let right =
        press(&phone, app.to, "/device/password", &[("code", &code), ("email", ADA), ("password", PASSWORD)]).await;
    assert_eq!(right.status, 303, "{}", right.text());
    let confirm = right.header("location").unwrap().to_owned();
    assert_eq!(word(&kiosk.ask(&app, &begun).await), "slow_down");
    kiosk.house.clock.advance(Duration::from_secs(30));
    assert_eq!(word(&kiosk.ask_at_once(&app, &begun).await), "authorization_pending", "a sign-in alone opens nothing");
    assert_eq!(Browser::new(app.to).open(&confirm).await.status, 400, "another phone");
    let page = phone.open(&confirm).await;
    assert!(page.text().contains("a•••••@mail.example") && page.text().contains("Room 4, PC 12"), "{}", page.text());
    let token = form_token(&page);
    let forged = press(&phone, app.to, "/device/answer", &[("code", &code), ("form", "x"), ("answer", "yes")]).await;
    assert_eq!(forged.status, 403, "a form that is not ours");
    let yes = [("code", code.as_str()), ("form", token.as_str()), ("answer", "yes")];
    assert_eq!(press(&phone, app.to, "/device/answer", &yes).await.status, 200);
    assert_eq!(press(&phone, app.to, "/device/answer", &yes).await.status, 400, "a code is answered once");

    kiosk.house.clock.advance(Duration::from_secs(30));
    let thief = kiosk.app();
    assert_eq!(word(&kiosk.ask_at_once(&thief, &begun).await), "invalid_grant", "another key");
    let tokens: TokenResponse = kiosk.ask_at_once(&app, &begun).await.json();
    assert!(tokens.refresh_token.is_none(), "a kiosk holds nothing that outlives its guest");
    assert_eq!(tokens.expires_in, 1_500);
    let mut guest = app;
    guest.tokens = Some(tokens);
    assert_eq!(guest.get("/v1/me").await.json::<Me>().email, ADA);
    kiosk.house.clock.advance(Duration::from_secs(30));
    assert_eq!(word(&kiosk.ask_at_once(&guest, &begun).await), "invalid_grant", "a code works once");
    kiosk.house.clock.advance(Duration::from_mins(25));
    assert_eq!(guest.get("/v1/me").await.code(), Code::SessionEnded, "the visit is over");
    kiosk.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_signs_in_through_their_organisation() {
    let kiosk = kiosk().await;
    let provider = Provider::start(&kiosk.house.clock).await;
    let rules = admin::OrganisationPolicy {
        link_existing: admin::Linking::Allow,
        block_if_social_linked: false,
        ..Default::default()
    };
    organisation(&kiosk.house, &provider, "Harbour University", "harbour.example", rules).await;
    let (app, phone) = (kiosk.app(), Browser::new(kiosk.house.running.address()));
    let sam = person("sub-sam", "sam@harbour.example");
    let through = async |begun: &DeviceAnswer| {
        phone.open(&path_of(&begun.verification_uri_complete)).await;
        let fields = [("code", begun.user_code.as_str()), ("domain", "harbour.example")];
        let page = press(&phone, app.to, "/device/organisation", &fields).await;
        assert_eq!(page.status, 200, "no redirect follows a form: {}", page.text());
        let text = page.text();
        let onward = text.split("id=\"on\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let away = phone.open(&onward).await;
        let asked: std::collections::BTreeMap<String, String> =
            Url::parse(away.header("location").unwrap()).unwrap().query_pairs().into_owned().collect();
        assert_eq!(asked["prompt"], "login", "always a fresh sign-in");
        let code = provider.sign_in(&asked, &sam);
        phone.open(&format!("/v1/sso/callback?code={code}&state={}", asked["state"])).await
    };
    let unknown = through(&kiosk.begin(&app).await).await;
    assert!(unknown.status == 400 && unknown.text().contains("no account for you here yet"), "{}", unknown.text());

    // Sam connects an account at home first.
    let home = kiosk.app();
    let reply = home.through(&provider, &sam, &super::provider::pushed("harbour.example")).await;
    let at: OAuthError = reply.json();
    home.step(&at, "link", |_| {}).await;
    home.step(&at, "link", |request| {
        request.email = Some(ADA.into());
        request.password = Some(Secret::new(PASSWORD));
    })
    .await;
    assert_eq!(home.step(&at, "confirm", |_| {}).await.status, 200);

    let begun = kiosk.begin(&app).await;
    let proven = through(&begun).await;
    let page = phone.open(proven.header("location").unwrap()).await;
    let fields = [("code", begun.user_code.as_str()), ("form", &form_token(&page)), ("answer", "no")];
    press(&phone, app.to, "/device/answer", &fields).await;
    let refused = kiosk.ask(&app, &begun).await;
    assert_eq!(
        (word(&refused).as_str(), refused.code()),
        ("access_denied", Code::DeviceRefused),
        "the guest pressed no"
    );

    let begun = kiosk.begin(&app).await;
    let proven = through(&begun).await;
    let page = phone.open(proven.header("location").unwrap()).await;
    let fields = [("code", begun.user_code.as_str()), ("form", &form_token(&page)), ("answer", "yes")];
    press(&phone, app.to, "/device/answer", &fields).await;
    assert_eq!(kiosk.ask(&app, &begun).await.status, 200);
    kiosk.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_registered_kiosks_and_living_codes_count() {
    let kiosk = kiosk().await;
    let app = kiosk.app();
    #[rustfmt::skip]
    let table = [
        (DeviceRequest { client_id: DESKTOP_CLIENT_ID.into(), client_secret: None, scope: None },       "the desktop app: such a code could be sent to anybody"),
        (DeviceRequest { client_id: "ksk_unknown".into(), ..kiosk.asking() },                           "a kiosk nobody registered"),
        (DeviceRequest { client_secret: Some(Secret::new("lk_ks_wrong")), ..kiosk.asking() },           "a wrong secret"),
        (DeviceRequest { client_secret: None, ..kiosk.asking() },                                       "no secret"),
    ];
    for (request, because) in table {
        let reply = app.form("/oauth/device_authorization", &request).await;
        assert_eq!(
            (word(&reply).as_str(), reply.code()),
            ("unauthorized_client", Code::UnauthorizedClient),
            "{because}"
        );
    }
    let begun = kiosk.begin(&app).await;
    let (other, other_secret) = admin::add_kiosk(&kiosk.house.settings, "Room 5").await.unwrap();
    let request = TokenRequest::device(other, other_secret, begun.device_code.clone());
    assert_eq!(word(&app.form("/oauth/token", &request).await), "invalid_grant", "another kiosk's code");
    let phone = Browser::new(app.to);
    phone.open(&path_of(&begun.verification_uri_complete)).await;
    for path in ["/device?code=BBBB-BBBB", "/device/confirm?code=x", "/device?code=a&code=b"] {
        assert_eq!(phone.open(path).await.status, 400, "{path}");
    }
    assert!(phone.open("/device").await.text().contains("name=\"code\""), "without a code it is asked for");
    let foreign = [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example")];
    let body = format!("code={}&email={ADA}&password=x", begun.user_code);
    assert_eq!(
        send(app.to, "POST", "/device/password", &foreign, body.as_bytes()).await.status,
        403,
        "a form of another site"
    );
    kiosk.house.clock.advance(Duration::from_mins(6));
    let late = kiosk.ask(&app, &begun).await;
    assert_eq!((word(&late).as_str(), late.code()), ("expired_token", Code::DeviceCodeExpired));
    assert_eq!(phone.open(&path_of(&begun.verification_uri_complete)).await.status, 400, "and the phone is told so");
    assert!(admin::add_kiosk(&kiosk.house.settings, " ").await.is_err(), "a kiosk has a name");
    kiosk.house.running.stop().await.unwrap();
}
