//! Facebook's dialect: OAuth without a signed word about who somebody is, so that Facebook is asked whose token it gave.
//!
//! Guarantees: a token is only ever one that Facebook gave this server for its own secret, and each question carries the proof of that secret
//! (`appsecret_proof`), so that a token somebody slips in says nothing; the person's number there is the only thing that counts; an address is the
//! person's own word and never counts as proven. Where the guarantee ends: there is no PKCE and no nonce in this dialect, `state` and the cookie bind the
//! trip; and Facebook does not say when it last asked for the password, so that nobody proves anew through it who they are.

use super::{
    oidc::{BrokerError, ExternalIdentity, Trip},
    provider::Provider,
};
use crate::app::App;
use hmac::{Hmac, KeyInit, Mac};
use likeness_protocol::{
    Secret, UnixMs,
    limits::{MAX_EMAIL_CHARS, MAX_NAME_CHARS},
};
use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse,
    http::{Method, Request, header},
};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::Sha256;
use std::fmt::Write;
use url::{Url, form_urlencoded};

/// Where people sign in.
pub const PAGES: &str = "https://www.facebook.com";
/// Where questions are answered, for [`PAGES`]; a stand-in of the tests answers where it signs in.
const ANSWERS: (&str, &str) = ("www.facebook.com", "graph.facebook.com");
/// Longest number of a person that is taken.
const MAX_NUMBER_CHARS: usize = 255;
/// Facebook's numbers for "no such app" and "not its secret".
const NOT_OUR_APP: [i64; 2] = [101, 1];

/// Where to send the browser.
pub fn address(provider: &Provider, trip: &Trip, state: &str) -> Result<Url, BrokerError> {
    if trip.ask_again {
        return Err(BrokerError::NotAskedAgain);
    }
    let mut url = place(&provider.issuer, "dialog/oauth")?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &trip.redirect_uri)
        .append_pair("scope", "public_profile,email")
        .append_pair("state", state);
    Ok(url)
}

/// The address of something at Facebook.
fn place(origin: &str, path: &str) -> Result<Url, BrokerError> {
    Url::parse(&format!("{}/{path}", origin.trim_end_matches('/')))
        .map_err(|_| BrokerError::Down("its address is not usable".to_owned()))
}

fn question(provider: &Provider, path: &str) -> Result<Url, BrokerError> {
    let mut url = place(&provider.issuer, path)?;
    if url.host_str() == Some(ANSWERS.0) {
        url.set_host(Some(ANSWERS.1)).map_err(|_| BrokerError::Down("its address is not usable".to_owned()))?;
    }
    Ok(url)
}

#[derive(Deserialize)]
struct Token {
    access_token: Secret,
}

/// What Facebook says in the place of an answer.
#[derive(Deserialize)]
struct Refused {
    error: Why,
}

#[derive(Deserialize)]
struct Why {
    #[serde(default)]
    code: i64,
}

#[derive(Deserialize)]
struct Person {
    #[serde(default)]
    id: String,
    name: Option<String>,
    email: Option<String>,
}

/// Trades the code and asks whose token came of it.
pub async fn finish(app: &App, provider: &Provider, trip: &Trip, code: &str) -> Result<ExternalIdentity, BrokerError> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &provider.client_id)
        .append_pair("client_secret", provider.secret.expose())
        .append_pair("redirect_uri", &trip.redirect_uri)
        .append_pair("code", code)
        .finish();
    let url = question(provider, "oauth/access_token")?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .body(form.into_bytes());
    let answer = ask(app, provider, request).await?;
    let token: Token = match refusal(&answer) {
        Some(code) if NOT_OUR_APP.contains(&code) => return Err(BrokerError::NotOurClient),
        Some(code) => return Err(BrokerError::NoToken(format!("error {code}"))),
        None => read(&answer)?,
    };
    let person = who(app, provider, &token.access_token).await?;
    if person.id.is_empty() || person.id.chars().count() > MAX_NUMBER_CHARS {
        return Err(BrokerError::NoIdentity);
    }
    let short = |text: Option<String>, most: usize| text.filter(|text| text.chars().count() <= most);
    Ok(ExternalIdentity {
        idp_id: provider.id.clone(),
        iss: provider.issuer.clone(),
        sub: person.id,
        email: short(person.email, MAX_EMAIL_CHARS),
        email_verified: false,
        name: short(person.name, MAX_NAME_CHARS),
        auth_time: UnixMs(0),
    })
}

async fn who(app: &App, provider: &Provider, token: &Secret) -> Result<Person, BrokerError> {
    let mut url = question(provider, "me")?;
    url.query_pairs_mut()
        .append_pair("fields", "id,name,email")
        .append_pair("access_token", token.expose())
        .append_pair("appsecret_proof", &proof(&provider.secret, token)?);
    let request = Request::builder().uri(url.as_str()).header(header::ACCEPT, "application/json").body(Vec::new());
    let answer = ask(app, provider, request).await?;
    match refusal(&answer) {
        Some(_) => Err(BrokerError::NoIdentity),
        None => read(&answer),
    }
}

/// The token under the app's secret, in hexadecimal digits: shows that whoever asks with it also knows the secret.
fn proof(secret: &Secret, token: &Secret) -> Result<String, BrokerError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| BrokerError::NotOurClient)?;
    mac.update(token.expose().as_bytes());
    Ok(mac.finalize().into_bytes().iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

async fn ask(
    app: &App,
    provider: &Provider,
    request: Result<HttpRequest, openidconnect::http::Error>,
) -> Result<HttpResponse, BrokerError> {
    let request = request.map_err(|_| BrokerError::Down("its address is not usable".to_owned()))?;
    app.providers.web.line(provider.reach).call(request).await.map_err(|error| BrokerError::Down(error.to_string()))
}

/// Facebook's number for what was wrong; none for an answer.
fn refusal(answer: &HttpResponse) -> Option<i64> {
    serde_json::from_slice::<Refused>(answer.body()).ok().map(|refused| refused.error.code)
}

fn read<T: DeserializeOwned>(answer: &HttpResponse) -> Result<T, BrokerError> {
    if !answer.status().is_success() {
        return Err(BrokerError::Down(format!("answered {}", answer.status())));
    }
    serde_json::from_slice(answer.body()).map_err(|_| BrokerError::Down("an answer that cannot be read".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sso::{http::Reach, provider::Dialect};

    #[test]
    fn pages_and_answers_are_two_places_at_facebook_and_one_elsewhere() {
        #[rustfmt::skip]
        let table = [
            ("https://www.facebook.com",        "https://www.facebook.com/dialog/oauth",       "https://graph.facebook.com/me",       "as it is"),
            ("https://www.facebook.com/v23.0",  "https://www.facebook.com/v23.0/dialog/oauth", "https://graph.facebook.com/v23.0/me", "with a version"),
            ("http://127.0.0.1:9100",           "http://127.0.0.1:9100/dialog/oauth",          "http://127.0.0.1:9100/me",            "a stand-in"),
        ];
        for (issuer, page, answer, because) in table {
            let provider = Provider {
                id: "idp_1".into(),
                org: None,
                kind: "facebook".into(),
                label: "Facebook".into(),
                issuer: issuer.into(),
                dialect: Dialect::Facebook,
                client_id: "1".into(),
                secret: Secret::new("s"),
                reach: Reach::Public,
            };
            assert_eq!(place(&provider.issuer, "dialog/oauth").unwrap().as_str(), page, "{because}");
            assert_eq!(question(&provider, "me").unwrap().as_str(), answer, "{because}");
        }
    }
}
