//! The built-in provider of practice mode: it plays Harbour University's sign-in page and, under other client names, the social accounts'.
//!
//! Guarantees: listens on loopback only, on a port of its own, so that it is another origin as a real provider is; signs with a key made at start;
//! code, PKCE and nonce as everywhere. Refuses to know passwords: whoever reaches its page picks who they are, which is what practice is for.

use crate::{
    app::{App, Shared},
    error::ServerError,
    http::html::text,
    http::{refusal::Refusal, sent::Form},
    oauth::{codes::verifier_fits, par::is_challenge},
    tokens,
};
use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use likeness_protocol::{
    Secret, UnixMs,
    jws::{Header, PrivateKey},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

/// Life of a code.
const CODE_LIFE: Duration = Duration::from_mins(1);
/// Life of a token, seconds.
const TOKEN_LIFE_S: u64 = 300;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:10vh auto;padding:0 1.5rem;color:#1a1d21;background:#fff}\
h1{font-size:1.4rem}button{display:block;width:100%;margin:.5rem 0;padding:.8rem 1rem;font:inherit;text-align:left;border:1px solid #8a929c;border-radius:.5rem;background:#fff;color:inherit}\
button small{display:block;color:#565d66}.no{border-style:dashed}.soft{color:#565d66;font-size:.9rem}\
@media(prefers-color-scheme:dark){body,button{color:#e8eaed;background:#17191c}button small,.soft{color:#a6adb5}}";

/// Somebody who can be picked.
pub struct Person {
    /// Their number there.
    pub sub: &'static str,
    pub name: &'static str,
    pub email: &'static str,
}

/// One provider it plays.
pub struct Role {
    /// What the server is called there.
    pub client_id: &'static str,
    /// Whose page it is.
    pub name: &'static str,
    pub people: &'static [Person],
}

/// Everybody it plays.
pub const ROLES: [Role; 5] = [
    Role {
        client_id: "practice-harbour",
        name: "Harbour University",
        people: &[
            Person { sub: "harbour-new", name: "Nova Newcomer", email: "new@harbour.example" },
            Person { sub: "harbour-sam", name: "Sam Sailor", email: "sam@harbour.example" },
            Person { sub: "harbour-kim", name: "Kim Keel", email: "kim@harbour.example" },
        ],
    },
    Role {
        client_id: "practice-closed",
        name: "Closed Works",
        people: &[Person { sub: "closed-chris", name: "Chris Closed", email: "chris@closed.example" }],
    },
    Role { client_id: "practice-google", name: "Practice Google", people: &SOCIAL },
    Role { client_id: "practice-apple", name: "Practice Apple", people: &SOCIAL },
    Role { client_id: "practice-facebook", name: "Practice Facebook", people: &SOCIAL },
];

const SOCIAL: [Person; 2] = [
    Person { sub: "social-kim", name: "Kim Keel", email: "kim@mail.example" },
    Person { sub: "social-sam", name: "Sam Sailor", email: "sam@mail.example" },
];

struct Inside {
    app: Shared,
    issuer: String,
    key: PrivateKey,
    secret: Secret,
    codes: Mutex<HashMap<String, Given>>,
}

/// What a code was given for.
struct Given {
    asked: Asked,
    person: &'static Person,
    at: UnixMs,
}

/// What the server's redirect asks for. Fields of the standard that do not matter here are passed over.
#[derive(Clone, Serialize, Deserialize)]
struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    login_hint: Option<String>,
}

/// A running issuer; it ends when this is dropped.
pub struct Issuer {
    /// Where it is, and what its tokens name.
    pub origin: String,
    /// What the server proves itself with there.
    pub secret: Secret,
    task: JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts it, on the port it had before where that is free.
pub async fn start(app: &Shared, port_file: &Path) -> Result<Issuer, ServerError> {
    let remembered = fs::read_to_string(port_file).ok().and_then(|text| text.trim().parse::<u16>().ok()).unwrap_or(0);
    let place = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = match TcpListener::bind(place(remembered)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(place(0)).await,
    };
    let failed = |source| ServerError::Listen { address: "127.0.0.1".to_owned(), source };
    let listener = listener.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    fs::write(port_file, port.to_string()).map_err(|source| ServerError::File {
        action: "write",
        path: port_file.to_owned(),
        source,
    })?;
    let origin = format!("http://127.0.0.1:{port}");
    let secret = tokens::token("")?;
    let inside = Arc::new(Inside {
        app: Arc::clone(app),
        issuer: origin.clone(),
        key: PrivateKey::generate().map_err(|_| ServerError::Randomness)?,
        secret: secret.clone(),
        codes: Mutex::default(),
    });
    let routes = Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/jwks", get(jwks))
        .route("/authorize", get(pick).post(picked))
        .route("/token", post(token))
        .with_state(inside);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(code = "practice-issuer-ended", %error);
        }
    });
    Ok(Issuer { origin, secret, task })
}

async fn metadata(State(inside): State<Arc<Inside>>) -> Json<Value> {
    let issuer = &inside.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn jwks(State(inside): State<Arc<Inside>>) -> Json<Value> {
    let public = inside.key.public();
    let jwk = public.to_jwk();
    Json(json!({"keys": [{
        "kty": jwk.kty, "crv": jwk.crv, "x": jwk.x, "y": jwk.y, "use": "sig", "alg": "ES256", "kid": public.thumbprint(),
    }]}))
}

impl Inside {
    /// The role that is asked, when the request is one of our server's.
    fn role(&self, asked: &Asked) -> Option<&'static Role> {
        let fits = asked.response_type == "code"
            && asked.redirect_uri == callback(&self.app)
            && asked.code_challenge_method == "S256"
            && is_challenge(&asked.code_challenge)
            && asked.scope.split(' ').any(|word| word == "openid");
        ROLES.iter().find(|role| fits && role.client_id == asked.client_id)
    }
}

fn callback(app: &App) -> String {
    format!("{}/v1/sso/callback", app.origin)
}

async fn pick(State(inside): State<Arc<Inside>>, RawQuery(query): RawQuery) -> Response {
    let asked = asked_in(&query.unwrap_or_default());
    let Some((asked, role)) = asked.and_then(|asked| inside.role(&asked).map(|role| (asked, role))) else {
        return (StatusCode::BAD_REQUEST, "This sign-in page was not asked as it should be.").into_response();
    };
    let hidden = serde_json::to_value(&asked).unwrap_or_default();
    let fields: String = hidden
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| value.as_str().map(|value| (name, value)))
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", text(name), text(value)))
        .collect();
    let people: String = role
        .people
        .iter()
        .map(|person| {
            let focus = if asked.login_hint.as_deref() == Some(person.email) { " autofocus" } else { "" };
            format!(
                "<button name=\"sub\" value=\"{}\"{focus}>{}<small>{}</small></button>",
                text(person.sub),
                text(person.name),
                text(person.email)
            )
        })
        .collect();
    let name = text(role.name);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Practice sign-in · {name}</title><style>{STYLE}</style></head><body><main>\
         <h1>{name}</h1><p>This page stands in for the sign-in page of {name}. Nobody here is real: choose who you want to be.</p>\
         <form method=\"post\" action=\"/authorize\">{fields}{people}<button class=\"no\" name=\"sub\" value=\"\">Refuse</button></form>\
         <p class=\"soft\">Practice mode, on this computer only.</p></main></body></html>"
    );
    let style = BASE64.encode(Sha256::digest(STYLE));
    // The way on from the form leads through our server; Chromium holds redirects after a form to this list too.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}",
        inside.app.origin
    );
    let mut response = Html(page).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[derive(Deserialize)]
struct Picked {
    sub: String,
    #[serde(flatten)]
    asked: Asked,
}

async fn picked(State(inside): State<Arc<Inside>>, form: Result<Form<Picked>, Refusal>) -> Response {
    let Some((picked, role)) = form.ok().and_then(|Form(picked)| inside.role(&picked.asked).map(|role| (picked, role)))
    else {
        return (StatusCode::BAD_REQUEST, "This sign-in page was not asked as it should be.").into_response();
    };
    let Ok(mut back) = Url::parse(&picked.asked.redirect_uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let state = picked.asked.state.clone();
    let person = role.people.iter().find(|person| person.sub == picked.sub);
    match (person, tokens::token("")) {
        (Some(person), Ok(code)) => {
            let given = Given { asked: picked.asked, person, at: inside.app.now() };
            let mut codes = inside.codes.lock().unwrap_or_else(PoisonError::into_inner);
            let now = inside.app.now();
            codes.retain(|_, given| now.since(given.at) < CODE_LIFE);
            codes.insert(code.expose().to_owned(), given);
            back.query_pairs_mut().append_pair("code", code.expose());
        }
        _ => {
            back.query_pairs_mut().append_pair("error", "access_denied");
        }
    }
    back.query_pairs_mut().append_pair("state", &state).append_pair("iss", &inside.issuer);
    Redirect::to(back.as_str()).into_response()
}

#[derive(Deserialize)]
struct Trade {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: Secret,
}

async fn token(State(inside): State<Arc<Inside>>, headers: HeaderMap, form: Result<Form<Trade>, Refusal>) -> Response {
    let refuse = |status: StatusCode, error: &str| (status, Json(json!({"error": error}))).into_response();
    let Ok(Form(trade)) = form else { return refuse(StatusCode::BAD_REQUEST, "invalid_request") };
    let given = inside.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(&trade.code);
    let Some(given) = given.filter(|given| inside.app.now().since(given.at) < CODE_LIFE) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let wanted = format!("Basic {}", BASE64.encode(format!("{}:{}", given.asked.client_id, inside.secret.expose())));
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if Secret::new(shown) != Secret::new(wanted) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let fits = trade.grant_type == "authorization_code"
        && trade.redirect_uri == given.asked.redirect_uri
        && verifier_fits(&trade.code_verifier, &given.asked.code_challenge);
    if !fits {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let now_s = inside.app.now().seconds();
    let claims = json!({
        "iss": inside.issuer, "sub": given.person.sub, "aud": given.asked.client_id, "iat": now_s, "exp": now_s + TOKEN_LIFE_S,
        "auth_time": given.at.seconds(), "nonce": given.asked.nonce,
        "name": given.person.name, "email": given.person.email, "email_verified": true,
    });
    let signed = inside.key.sign(&Header::naming("JWT", &inside.key.public()), &claims);
    let (Ok(id_token), Ok(access_token)) = (signed, tokens::token("")) else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    };
    Json(json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFE_S, "id_token": id_token,
    }))
    .into_response()
}

fn asked_in(query: &str) -> Option<Asked> {
    crate::http::sent::from_pairs(query.as_bytes()).ok()
}
