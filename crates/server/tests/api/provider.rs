//! A provider the tests own: it signs what they want, wrong things included, and a browser that does what it is told.

use super::house::{App, House, Reply, TestClock, send};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::{
    Secret,
    jws::{Header, PrivateKey},
    limits::{DESKTOP_CLIENT_ID, DESKTOP_SCOPE},
    oauth::{ChallengeRequest, OAuthError, PushedAnswer, PushedRequest, TokenRequest},
};
use likeness_server::{Clock, admin};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

/// What the provider does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// A token that belongs to another sign-in.
    OtherNonce,
    /// A token that says of no sign-in that it belongs to it.
    NoNonce,
    /// `alg: none`, no signature.
    Unsigned,
    /// Signed with the client's secret.
    SharedSecret,
    OtherAudience,
    TwoAudiences,
    OtherIssuer,
    /// Signed with a key nobody published, under the name of one that is.
    ForgedKey,
    Expired,
    FromTheFuture,
    /// Two minutes of difference.
    ClockBehind,
    /// Signed in there an hour ago, whatever was asked.
    OldLogin,
    /// Signed in there just before the browser set out: three minutes ago.
    EarlierLogin,
    /// Does not say when.
    UntoldLogin,
    NoToken,
    RefusesCode,
    RefusesClient,
    /// Two megabytes.
    TooLong,
    /// A redirect in the place of an answer.
    Elsewhere,
    /// Metadata of another issuer.
    LyingMetadata,
    NotJson,
}

/// A person at the provider.
#[derive(Debug, Clone)]
pub struct Person {
    pub sub: &'static str,
    pub email: Option<&'static str>,
    pub verified: bool,
    pub name: &'static str,
}

pub const fn person(sub: &'static str, email: &'static str) -> Person {
    Person { sub, email: Some(email), verified: true, name: "Nova Example" }
}

struct Inside {
    key: PrivateKey,
    fault: Fault,
    /// Claims by code, with the PKCE challenge they were given for.
    codes: BTreeMap<String, (Value, String)>,
    /// Whether the address is told by the userinfo endpoint only.
    address_apart: bool,
    about: Value,
}

pub struct Provider {
    pub address: SocketAddr,
    listening: tokio::task::AbortHandle,
    clock: Arc<TestClock>,
    inside: Arc<Mutex<Inside>>,
}

impl Provider {
    pub async fn start(clock: &Arc<TestClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Mutex::new(Inside {
            key: PrivateKey::generate().unwrap(),
            fault: Fault::None,
            codes: BTreeMap::new(),
            address_apart: false,
            about: Value::Null,
        }));
        let (serving, own) = (Arc::clone(&inside), address);
        let listening = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let serving = Arc::clone(&serving);
                tokio::spawn(async move {
                    let (path, body) = read(&mut stream).await;
                    let (status, more, answer) = answer(&serving, own, &path, &body);
                    let head = format!(
                        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n",
                        answer.len()
                    );
                    let _ = stream.write_all(head.as_bytes()).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        let listening = listening.abort_handle();
        Self { address, listening, clock: Arc::clone(clock), inside }
    }

    /// Nobody listens there any more.
    pub async fn goes_down(&self) {
        self.listening.abort();
        while tokio::net::TcpStream::connect(self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn does(&self, fault: Fault) {
        self.inside.lock().unwrap().fault = fault;
    }

    pub fn rotate_key(&self) {
        self.inside.lock().unwrap().key = PrivateKey::generate().unwrap();
    }

    pub fn tells_address_apart(&self) {
        self.inside.lock().unwrap().address_apart = true;
    }

    /// Somebody signs in there: gives the code for the address the browser was sent to.
    pub fn sign_in(&self, asked: &BTreeMap<String, String>, person: &Person) -> String {
        let mut inside = self.inside.lock().unwrap();
        let now = self.clock.now().seconds();
        let mut claims = json!({
            "iss": self.issuer(), "sub": person.sub, "aud": asked["client_id"], "exp": now + 300, "iat": now,
            "auth_time": now, "nonce": asked["nonce"], "name": person.name,
        });
        let about = json!({"sub": person.sub, "email": person.email, "email_verified": person.verified});
        let apart = inside.address_apart;
        inside.about = if apart { about } else { json!({"sub": person.sub}) };
        if apart {
            claims["name"] = Value::Null;
        } else if let Some(email) = person.email {
            claims["email"] = email.into();
            claims["email_verified"] = person.verified.into();
        }
        match inside.fault {
            Fault::OtherNonce => claims["nonce"] = "another".into(),
            Fault::NoNonce => {
                claims.as_object_mut().unwrap().remove("nonce");
            }
            Fault::OtherAudience => claims["aud"] = "another-client".into(),
            Fault::TwoAudiences => claims["aud"] = json!([asked["client_id"], "another-client"]),
            Fault::OtherIssuer => claims["iss"] = "https://login.evil.example".into(),
            Fault::Expired => {
                claims["iat"] = (now - 700).into();
                claims["exp"] = (now - 61).into();
            }
            Fault::OldLogin => claims["auth_time"] = (now - 3_600).into(),
            Fault::EarlierLogin => claims["auth_time"] = (now - 180).into(),
            Fault::UntoldLogin => claims["auth_time"] = Value::Null,
            Fault::FromTheFuture => {
                claims["iat"] = (now + 120).into();
                claims["exp"] = (now + 420).into();
            }
            Fault::ClockBehind => {
                claims["iat"] = (now - 50).into();
                claims["exp"] = (now - 50).into();
            }
            _ => {}
        }
        let code = format!("code-{}", inside.codes.len());
        inside.codes.insert(code.clone(), (claims, asked["code_challenge"].clone()));
        code
    }
}

async fn read(stream: &mut tokio::net::TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse::<usize>().unwrap());
            if body.len() >= length {
                return (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned());
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await.unwrap() {
            0 => return (String::new(), String::new()),
            count => bytes.extend(&more[..count]),
        }
    }
}

fn answer(inside: &Mutex<Inside>, address: SocketAddr, path: &str, body: &str) -> (u16, String, String) {
    let mut inside = inside.lock().unwrap();
    let issuer = format!("http://{address}");
    let fine = |value: Value| (200, String::new(), value.to_string());
    match (path, inside.fault) {
        (_, Fault::Elsewhere) => (302, "location: http://127.0.0.1:1/\r\n".to_owned(), String::new()),
        (_, Fault::TooLong) => (200, String::new(), format!("\"{}\"", "x".repeat(2 * 1024 * 1024))),
        (_, Fault::NotJson) => (200, String::new(), "<html>".to_owned()),
        ("/.well-known/openid-configuration", fault) => fine(json!({
            "issuer": if fault == Fault::LyingMetadata { "https://login.evil.example" } else { &issuer },
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/me"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "none", "HS256"],
        })),
        ("/jwks", _) => {
            let public = inside.key.public();
            let jwk = public.to_jwk();
            fine(
                json!({"keys": [{"kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y, "use": "sig", "alg": "ES256", "kid": public.thumbprint()}]}),
            )
        }
        ("/me", _) => fine(inside.about.clone()),
        ("/token", Fault::RefusesCode) => (400, String::new(), json!({"error": "invalid_grant"}).to_string()),
        ("/token", Fault::RefusesClient) => (401, String::new(), json!({"error": "invalid_client"}).to_string()),
        ("/token", fault) => {
            let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let Some((claims, challenge)) = inside.codes.remove(&form["code"]) else {
                return (400, String::new(), json!({"error": "invalid_grant"}).to_string());
            };
            assert_eq!(BASE64URL.encode(Sha256::digest(&form["code_verifier"])), challenge, "PKCE");
            let mut answer = json!({"access_token": "at", "token_type": "Bearer", "expires_in": 60});
            if fault != Fault::NoToken {
                answer["id_token"] = signed(&inside.key, fault, &claims).into();
            }
            fine(answer)
        }
        _ => (404, String::new(), "{}".to_owned()),
    }
}

fn signed(key: &PrivateKey, fault: Fault, claims: &Value) -> String {
    let by_hand =
        |header: Value| format!("{}.{}.", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    match fault {
        Fault::Unsigned => by_hand(json!({"alg": "none", "typ": "JWT"})),
        // What it is signed with does not matter: it is refused for its kind.
        Fault::SharedSecret => by_hand(json!({"alg": "HS256", "typ": "JWT"})) + &BASE64URL.encode([7; 32]),
        Fault::ForgedKey => {
            PrivateKey::generate().unwrap().sign(&Header::naming("JWT", &key.public()), claims).unwrap()
        }
        _ => key.sign(&Header::naming("JWT", &key.public()), claims).unwrap(),
    }
}

/// An organisation with a proven domain and this provider.
pub async fn organisation(
    house: &House,
    provider: &Provider,
    name: &str,
    domain: &str,
    policy: admin::OrganisationPolicy,
) -> String {
    let org = super::identity::proven(&house.settings, name, domain, policy).await;
    add(house, provider, Some(&org), "oidc").await;
    org
}

pub async fn add(house: &House, provider: &Provider, org: Option<&str>, kind: &str) {
    let (issuer, secret) = (provider.issuer(), Secret::new("the provider's secret"));
    let client_id = format!("likeness-{kind}");
    let new = admin::NewProvider {
        org,
        kind,
        issuer: &issuer,
        client_id: &client_id,
        secret: &secret,
        private_network: false,
    };
    admin::add_provider(&house.settings, new).await.unwrap();
}

/// A browser: it keeps the cookie, follows what it is told to, and runs no script.
pub struct Browser {
    to: SocketAddr,
    pub cookie: Mutex<Option<String>>,
}

impl Browser {
    pub const fn new(to: SocketAddr) -> Self {
        Self { to, cookie: Mutex::new(None) }
    }

    pub async fn open(&self, path: &str) -> Reply {
        let cookie = self.cookie.lock().unwrap().clone().unwrap_or_default();
        let headers: Vec<_> = (!cookie.is_empty()).then_some(("cookie", cookie.as_str())).into_iter().collect();
        let reply = send(self.to, "GET", path, &headers, &[]).await;
        if let Some(set) = reply.header("set-cookie") {
            *self.cookie.lock().unwrap() = set.split(';').next().map(str::to_owned);
        }
        reply
    }

    /// Opens what the app announced; gives what the provider is asked for.
    pub async fn set_out(&self, request_uri: &str) -> BTreeMap<String, String> {
        let reply = self.open(&opening(request_uri)).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        Url::parse(reply.header("location").unwrap()).unwrap().query_pairs().into_owned().collect()
    }

    /// Comes back from the provider; gives what the app hears on its loopback port.
    pub async fn come_back(&self, query: &str) -> BTreeMap<String, String> {
        let reply = self.open(&format!("/v1/sso/callback?{query}")).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let location = reply.header("location").unwrap().to_owned();
        assert!(location.starts_with("/oauth/done?t="), "never to loopback by itself: {location}");
        heard(&self.open(&location).await)
    }
}

/// The address the app opens.
pub fn opening(request_uri: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", DESKTOP_CLIENT_ID)
        .append_pair("request_uri", request_uri)
        .finish();
    format!("/oauth/authorize?{query}")
}

/// What the last page leads to.
pub fn heard(page: &Reply) -> BTreeMap<String, String> {
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    let href = text.split("id=\"on\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert!(href.starts_with(REDIRECT), "{href}");
    Url::parse(&href).unwrap().query_pairs().into_owned().collect()
}

pub const REDIRECT: &str = "http://127.0.0.1:49152/callback";
pub const STATE: &str = "s0123456789012345678901234567890123456789abc";

pub fn verifier() -> Secret {
    Secret::new("v".repeat(43))
}

pub fn pushed(hint: &str) -> PushedRequest {
    let challenge = BASE64URL.encode(Sha256::digest(verifier().expose()));
    PushedRequest::login(DESKTOP_CLIENT_ID, DESKTOP_SCOPE, REDIRECT, STATE, challenge, hint)
}

/// A sign-in with a password, with the verifier of [`pushed`].
pub fn by_password(email: &str, password: &str) -> ChallengeRequest {
    let challenge = BASE64URL.encode(Sha256::digest(verifier().expose()));
    ChallengeRequest::password(DESKTOP_CLIENT_ID, DESKTOP_SCOPE, challenge, email, Secret::new(password))
}

impl App {
    pub async fn announce_sign_in(&self, request: &PushedRequest) -> String {
        let reply = self.form("/oauth/par", request).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json::<PushedAnswer>().request_uri
    }

    /// The whole way through the browser, up to what the token endpoint says.
    pub async fn through(&self, provider: &Provider, person: &Person, request: &PushedRequest) -> Reply {
        let browser = Browser::new(self.to);
        let asked = browser.set_out(&self.announce_sign_in(request).await).await;
        let code = provider.sign_in(&asked, person);
        let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
        assert_eq!((heard["state"].as_str(), heard["iss"].as_str()), (STATE, self.origin().as_str()));
        self.trade(&heard["code"]).await
    }

    pub async fn trade(&self, code: &str) -> Reply {
        self.form(
            "/oauth/token",
            &TokenRequest::browser_code(DESKTOP_CLIENT_ID, Secret::new(code), verifier(), REDIRECT),
        )
        .await
    }

    /// One step of a sign-in that goes on.
    pub async fn step(&self, before: &OAuthError, action: &str, change: impl FnOnce(&mut ChallengeRequest)) -> Reply {
        let mut request = ChallengeRequest::step(DESKTOP_CLIENT_ID, before.auth_session.clone().unwrap(), action);
        change(&mut request);
        self.form("/oauth/challenge", &request).await
    }
}
