//! Signing in with Facebook, which speaks a dialect of its own, against a stand-in that speaks it and can speak it wrongly.

use super::{
    house::{App, House, PASSWORD, Reply},
    provider::{Browser, heard, opening, pushed},
};
use axum::{
    Json, Router,
    extract::{Form, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hmac::{Hmac, KeyInit, Mac};
use likeness_protocol::{
    Code, Secret,
    account::{Identities, IdentityKind},
    oauth::{ChallengeRequest, Intent, Next, OAuthError, PushedRequest, TokenResponse},
};
use likeness_server::admin;
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::TcpListener;

const ADA: &str = "ada@mail.example";
const SECRET: &str = "the app's secret";

/// What the stand-in does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The code was used by somebody else.
    RefusesCode,
    /// The secret was changed.
    RefusesSecret,
    /// Knows nobody under its own token.
    RefusesQuestion,
    NoNumber,
    LongNumber,
    NotJson,
    TooLong,
    Elsewhere,
    Broken,
}

type Fields = BTreeMap<String, String>;

struct Inside {
    fault: Fault,
    /// Whose codes and tokens are out.
    people: BTreeMap<String, Value>,
}

#[derive(Clone)]
struct StandIn {
    origin: String,
    inside: Arc<Mutex<Inside>>,
}

impl StandIn {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Mutex::new(Inside { fault: Fault::None, people: BTreeMap::new() }));
        let stand_in = Self { origin, inside };
        let routes =
            Router::new().route("/oauth/access_token", post(trade)).route("/me", get(me)).with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        stand_in
    }

    fn does(&self, fault: Fault) {
        self.inside.lock().unwrap().fault = fault;
    }

    /// Somebody signs in there.
    fn sign_in(&self, who: Value) -> String {
        let mut inside = self.inside.lock().unwrap();
        let code = format!("code-{}", inside.people.len());
        inside.people.insert(code.clone(), who);
        code
    }

    fn wrong(&self) -> Option<Response> {
        match self.inside.lock().unwrap().fault {
            Fault::NotJson => Some("<html>".into_response()),
            Fault::TooLong => Some(format!("\"{}\"", "x".repeat(2 * 1024 * 1024)).into_response()),
            Fault::Elsewhere => Some((StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:1/")]).into_response()),
            Fault::Broken => Some((StatusCode::BAD_GATEWAY, Json(json!({}))).into_response()),
            _ => None,
        }
    }
}

fn refused(code: i64) -> Response {
    let error = json!({"error": {"message": "No.", "type": "OAuthException", "code": code}});
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}

async fn trade(State(stand_in): State<StandIn>, Form(form): Form<Fields>) -> Response {
    if let Some(wrong) = stand_in.wrong() {
        return wrong;
    }
    let mut inside = stand_in.inside.lock().unwrap();
    if form["client_secret"] != SECRET || inside.fault == Fault::RefusesSecret {
        return refused(1);
    }
    assert!(form["redirect_uri"].ends_with("/v1/sso/callback") && form["client_id"] == "4711");
    let Some(person) = inside.people.remove(&form["code"]).filter(|_| inside.fault != Fault::RefusesCode) else {
        return refused(100);
    };
    let token = format!("token-of-{}", form["code"]);
    inside.people.insert(token.clone(), person);
    Json(json!({"access_token": token, "token_type": "bearer", "expires_in": 5_183_944})).into_response()
}

async fn me(State(stand_in): State<StandIn>, Query(query): Query<Fields>) -> Response {
    let inside = stand_in.inside.lock().unwrap();
    let token = &query["access_token"];
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(token.as_bytes());
    let proof: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let Some(person) = inside.people.get(token).filter(|_| query["appsecret_proof"] == proof) else {
        return refused(190);
    };
    assert_eq!(query["fields"], "id,name,email");
    match inside.fault {
        Fault::RefusesQuestion => refused(190),
        Fault::NoNumber => Json(json!({"name": "Nobody"})).into_response(),
        Fault::LongNumber => Json(json!({"id": "9".repeat(300)})).into_response(),
        _ => Json(person.clone()).into_response(),
    }
}

struct Facebook {
    house: House,
    stand_in: StandIn,
}

impl Facebook {
    async fn with_ada() -> Self {
        let house = House::with(&[ADA]).await;
        let stand_in = StandIn::start().await;
        admin::add_facebook(&house.settings, &stand_in.origin, "4711", &Secret::new(SECRET)).await.unwrap();
        Self { house, stand_in }
    }

    fn app(&self) -> App {
        App::new(self.house.running.address(), Arc::clone(&self.house.clock))
    }

    async fn through(&self, app: &App, who: Value, request: &PushedRequest) -> Reply {
        let browser = Browser::new(app.to);
        let asked = browser.set_out(&app.announce_sign_in(request).await).await;
        let code = self.stand_in.sign_in(who);
        let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
        app.trade(&heard["code"]).await
    }
}

fn ada_there() -> Value {
    json!({"id": "10158", "name": "Ada Lovelace", "email": ADA})
}

#[tokio::test(flavor = "multi_thread")]
async fn facebook_opens_an_account_once_it_was_proven_otherwise() {
    let facebook = Facebook::with_ada().await;
    let app = facebook.app();
    let browser = Browser::new(app.to);
    let asked = browser.set_out(&app.announce_sign_in(&pushed("facebook")).await).await;
    let field = |name: &str| asked.get(name).map(String::as_str);
    assert_eq!((field("response_type"), field("client_id")), (Some("code"), Some("4711")));
    assert_eq!(field("scope"), Some("public_profile,email"));
    assert!(!asked.values().any(|value| value.contains(SECRET)), "the secret is for Facebook's answers alone");

    let reply = facebook.through(&app, ada_there(), &pushed("facebook")).await;
    let at: OAuthError = reply.json();
    let Some(Next::ChooseAccount { org, can_create: false, can_link: true, .. }) = &at.next else {
        panic!("{}", reply.text())
    };
    assert_eq!(org, "Facebook", "an address that is Ada's here too opens nothing");
    let next: OAuthError = app.step(&at, "link", |_| {}).await.json();
    let plain = Next::LinkExisting { already_uses_this_email: false, providers: Vec::new() };
    assert_eq!(next.next, Some(plain), "and nobody is told whose it is: Facebook's word does not count");
    let prove = |request: &mut ChallengeRequest| {
        request.email = Some(ADA.to_owned());
        request.password = Some(Secret::new(PASSWORD));
    };
    app.step(&at, "link", prove).await;
    assert_eq!(app.step(&at, "confirm", |_| {}).await.status, 200);
    let renamed = json!({"id": "10158", "name": "Ada King"});
    let returning = facebook.through(&facebook.app(), renamed, &pushed("facebook")).await;
    assert!(!returning.json::<TokenResponse>().sub.is_empty(), "by the number alone: {}", returning.text());
    let other = json!({"id": "10159", "name": "Ada Lovelace", "email": ADA});
    let other = facebook.through(&facebook.app(), other, &pushed("facebook")).await;
    assert_eq!(other.code(), Code::InsufficientAuthorization, "an equal name and address are somebody else");
    facebook.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_facebook_says_wrongly_signs_nobody_in_and_the_next_try_works() {
    let facebook = Facebook::with_ada().await;
    #[rustfmt::skip]
    let table = [
        (Fault::RefusesCode,     "did not accept its own sign-in",  "the code was used by somebody else"),
        (Fault::RefusesSecret,   "does not accept this server",     "the secret was changed"),
        (Fault::RefusesQuestion, "did not say who",                 "a token it does not know"),
        (Fault::NoNumber,        "did not say who",                 "nobody's number"),
        (Fault::LongNumber,      "did not say who",                 "no number at all"),
        (Fault::NotJson,         "could not be reached",            "a page in the place of an answer"),
        (Fault::TooLong,         "could not be reached",            "two megabytes"),
        (Fault::Elsewhere,       "could not be reached",            "a redirect is not followed"),
        (Fault::Broken,          "could not be reached",            "it has trouble"),
    ];
    for (fault, words, because) in table {
        facebook.stand_in.does(fault);
        let reply = facebook.through(&facebook.app(), ada_there(), &pushed("facebook")).await;
        let error: OAuthError = reply.json();
        assert_eq!((reply.status, error.code), (502, Code::OrgSsoUnavailable), "{because}: {}", reply.text());
        let told = error.error_description.unwrap();
        assert!(told.contains(words) && told.contains("Facebook"), "{because}: {told}");
    }
    facebook.stand_in.does(Fault::None);
    let (app, browser) = (facebook.app(), Browser::new(facebook.house.running.address()));
    let asked = browser.set_out(&app.announce_sign_in(&pushed("facebook")).await).await;
    let query = format!("error=access_denied&error_reason=user_denied&state={}", asked["state"]);
    assert_eq!(browser.come_back(&query).await["error"], "access_denied", "somebody pressed no");
    let reply = facebook.through(&facebook.app(), ada_there(), &pushed("facebook")).await;
    assert_eq!(reply.code(), Code::InsufficientAuthorization, "{}", reply.text());
    facebook.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_proves_anew_who_they_are_through_facebook() {
    let facebook = Facebook::with_ada().await;
    let mut app = facebook.app();
    let at: OAuthError = facebook.through(&app, ada_there(), &pushed("facebook")).await.json();
    app.step(&at, "link", |_| {}).await;
    app.step(&at, "link", |request| {
        request.email = Some(ADA.to_owned());
        request.password = Some(Secret::new(PASSWORD));
    })
    .await;
    app.step(&at, "confirm", |_| {}).await;
    app.tokens = Some(facebook.through(&app, ada_there(), &pushed("facebook")).await.json());
    facebook.house.clock.advance(Duration::from_secs(1));
    let change = app.post("/v1/me/password", &json!({"password": "seven green bicycles"})).await;
    assert_eq!(change.code(), Code::StepUpRequired, "Facebook does not say when it last asked for the password");
    let ways = app.get("/v1/me/identities").await.json::<Identities>().identities;
    let way = ways.into_iter().find(|way| way.kind == IdentityKind::Facebook).unwrap().id;
    let (intent, prompt) = (Some(Intent::StepUp), Some("login".into()));
    let request = PushedRequest { intent, prompt, ..pushed(&way) };
    let browser = Browser::new(app.to);
    let reply = browser.open(&opening(&app.announce_sign_in(&request).await)).await;
    let page = browser.open(reply.header("location").unwrap()).await;
    assert!(page.text().contains("did not ask for the password again"), "{}", page.text());
    assert_eq!(app.trade(&heard(&page)["code"]).await.code(), Code::OrgSsoUnavailable, "nobody is left waiting");
    facebook.house.running.stop().await.unwrap();
}
