//! The pages on a guest's phone: which kiosk asks, a fresh sign-in, and a last look at what is about to be opened.
//!
//! Guarantees: nothing is approved without a sign-in in this very browser, for this very code, followed by a press on a button that names the kiosk;
//! forms are taken from these pages only. Where the guarantee ends: who approves a code that somebody else sent them lets that kiosk in,
//! which is why the page names it and shows the code to compare.

use super::{
    browser::{Page, known_browser, pairs, with_browser},
    pages,
    provider::Provider,
};
use crate::{
    accounts,
    app::{App, Shared},
    database::column,
    http::{html::text, refusal::Refusal, sent::Form},
    identity::{
        discovery::{self, Asking},
        domain::Domain,
        organisation,
    },
    oauth::{
        challenge::{check_password, network_address},
        device::code_hash,
        par::{self, NewRequest, Rest},
    },
    tokens,
};
use axum::{
    Router,
    extract::{FromRequestParts, RawQuery, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::{Code, Secret, UnixMs, text::masked};
use serde::Deserialize;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

/// The pages.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/device", get(open))
        .route("/device/password", post(by_password))
        .route("/device/organisation", post(by_organisation))
        .route("/device/confirm", get(confirm))
        .route("/device/answer", post(answer))
}

const ENDED: &str = "This code is not known, has ended, or was used already. Codes live for five minutes.";
const OTHER_BROWSER: &str = "This sign-in was begun in another browser, or the browser keeps no cookies.";

/// A request that one of our own pages sent, counted for its network.
struct FromPhone(IpAddr);

impl FromRequestParts<Shared> for FromPhone {
    type Rejection = Page;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Page> {
        let from = network_address(app, parts);
        discovery::count(app, from, Asking::SignIn)?;
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let ours = header("sec-fetch-site").is_none_or(|site| site == "same-origin")
            && header("origin").is_none_or(|origin| origin == app.origin);
        if parts.method == "POST" && !ours { Err(Code::Forbidden.into()) } else { Ok(Self(from)) }
    }
}

/// A kiosk that waits for its guest.
#[derive(sqlx::FromRow)]
struct Waiting {
    user_code_hash: String,
    kiosk_id: String,
    name: String,
    scope: String,
    status: String,
    account_id: Option<String>,
    browser_hash: Option<String>,
}

async fn waiting(app: &App, typed: &str) -> Result<Waiting, Page> {
    let row: Option<Waiting> = sqlx::query_as(
        "SELECT d.user_code_hash, d.kiosk_id, k.name, d.scope, d.status, d.account_id, d.browser_hash FROM device_codes d JOIN kiosks k ON k.id = d.kiosk_id \
         WHERE d.user_code_hash = $1 AND d.expires_at > $2 AND d.used_at IS NULL AND d.status IN ('waiting', 'proven')",
    )
    .bind(code_hash(app, typed))
    .bind(column(app.now()))
    .fetch_optional(app.database.read())
    .await?;
    row.ok_or_else(|| Page::stop(ENDED))
}

async fn open(
    State(app): State<Shared>,
    _: FromPhone,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Page> {
    let query = pairs(query.unwrap_or_default().as_bytes())?;
    let page = if let Some(code) = query.get("code").filter(|code| !code.trim().is_empty()) {
        sign_in_page(&waiting(&app, code).await?, code, None)
    } else {
        let main = "<h1>Sign in at a kiosk</h1><form method=\"get\" action=\"/device\"><label>Code on the kiosk's screen\
                <input name=\"code\" autocomplete=\"off\" autocapitalize=\"characters\" required autofocus></label><button>Go on</button></form>";
        pages::form(StatusCode::OK, "Sign in at a kiosk", main)
    };
    let browser = known_browser(&app, &headers).map_or_else(|| tokens::token(""), Ok)?;
    Ok(with_browser(&app, &browser, page))
}

fn sign_in_page(kiosk: &Waiting, code: &str, problem: Option<&str>) -> Response {
    let (name, code) = (text(&kiosk.name), text(code.trim()));
    let problem = problem.map(|words| format!("<p role=\"alert\">{}</p>", text(words))).unwrap_or_default();
    let main = format!(
        "<h1>{name} wants to sign you in</h1><p>Compare: the screen in front of you shows the code <strong>{code}</strong>. If it does not, close this page.</p>{problem}\
         <form method=\"post\" action=\"/device/password\"><input type=\"hidden\" name=\"code\" value=\"{code}\">\
         <label>E-mail address<input name=\"email\" type=\"email\" autocomplete=\"username\" required></label>\
         <label>Password<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label><button>Sign in</button></form>\
         <form method=\"post\" action=\"/device/organisation\"><input type=\"hidden\" name=\"code\" value=\"{code}\">\
         <label>Or through your organisation: its web address<input name=\"domain\" placeholder=\"corp.example\" required></label><button>Go there</button></form>"
    );
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    pages::form(status, "Sign in at a kiosk", &main)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByPassword {
    code: String,
    email: String,
    password: Secret,
}

async fn by_password(
    State(app): State<Shared>,
    FromPhone(from): FromPhone,
    headers: HeaderMap,
    form: Result<Form<ByPassword>, Refusal>,
) -> Result<Response, Page> {
    let Form(sent) = form?;
    let kiosk = waiting(&app, &sent.code).await?;
    let browser = known_browser(&app, &headers).ok_or_else(|| Page::stop(OTHER_BROWSER))?;
    let signed_in = match discovery::refuse_password_where_denied(&app, &sent.email).await {
        Ok(()) => check_password(&app, &sent.email, sent.password, from).await,
        Err(refusal) => Err(refusal),
    };
    match signed_in {
        Ok(account) => prove(&app, &sent.code, &account, app.now(), &browser).await,
        Err(refusal) if refusal.status_code().is_server_error() => Err(refusal.into()),
        Err(refusal) => Ok(sign_in_page(&kiosk, &sent.code, Some(refusal.detail_text()))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByOrganisation {
    code: String,
    domain: String,
}

async fn by_organisation(
    State(app): State<Shared>,
    _: FromPhone,
    form: Result<Form<ByOrganisation>, Refusal>,
) -> Result<Response, Page> {
    let Form(sent) = form?;
    let kiosk = waiting(&app, &sent.code).await?;
    let found = match Domain::read(&sent.domain) {
        Ok(domain) => organisation::by_domain(&app, &domain).await?,
        Err(_) => None,
    };
    let provider = match found {
        Some(found) => Provider::of_organisation(&app, &found.org.id).await?,
        None => None,
    };
    let Some(provider) = provider else {
        let refusal = Refusal::from(Code::OrgNotFound);
        return Ok(sign_in_page(&kiosk, &sent.code, Some(refusal.detail_text())));
    };
    let rest = Rest { ask_again: true, phone: Some(sent.code), ..Rest::nothing() };
    let mut transaction = app.database.write().await?;
    let request_uri = par::announce(
        &mut transaction,
        &app,
        &NewRequest {
            client_id: &kiosk.kiosk_id,
            // The trip ends on our own page: no code goes anywhere.
            jkt: "",
            challenge: "",
            scope: &kiosk.scope,
            redirect_uri: "",
            idp_id: &provider.id,
            invitation: None,
            rest: &rest,
        },
    )
    .await?;
    transaction.commit().await?;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &kiosk.kiosk_id)
        .append_pair("request_uri", &request_uri)
        .finish();
    Ok(pages::onward(&format!("/oauth/authorize?{query}")))
}

/// Notes who signed in for a code, and in which browser; leads to the last look.
pub async fn prove(
    app: &App,
    code: &str,
    account: &str,
    auth_time: UnixMs,
    browser: &Secret,
) -> Result<Response, Page> {
    let mut transaction = app.database.write().await?;
    let proven = sqlx::query("UPDATE device_codes SET status = 'proven', account_id = $2, browser_hash = $3, auth_time = $4 WHERE user_code_hash = $1 AND status IN ('waiting', 'proven') AND expires_at > $5")
        .bind(code_hash(app, code))
        .bind(account)
        .bind(tokens::hash(browser.expose()))
        .bind(column(auth_time))
        .bind(column(app.now()))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    if proven.rows_affected() == 0 {
        return Err(Page::stop(ENDED));
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("code", code).finish();
    let next = Redirect::to(&format!("/device/confirm?{query}")).into_response();
    Ok(with_browser(app, browser, next))
}

/// The kiosk for which somebody signed in in this browser.
async fn proven_here(app: &App, code: &str, headers: &HeaderMap) -> Result<(Waiting, String), Page> {
    let kiosk = waiting(app, code).await?;
    let browser = known_browser(app, headers).map(|browser| tokens::hash(browser.expose()));
    if kiosk.status != "proven" || browser.is_none() || browser != kiosk.browser_hash {
        return Err(Page::stop(OTHER_BROWSER));
    }
    let form = app.keys.form.mac(format!("device|{}|{}", kiosk.user_code_hash, browser.unwrap_or_default()).as_bytes());
    Ok((kiosk, BASE64URL.encode(form)))
}

async fn confirm(
    State(app): State<Shared>,
    _: FromPhone,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Page> {
    let query = pairs(query.unwrap_or_default().as_bytes())?;
    let code = query.get("code").map(String::as_str).unwrap_or_default();
    let (kiosk, form) = proven_here(&app, code, &headers).await?;
    let account = kiosk.account_id.as_deref().unwrap_or_default();
    let address = accounts::primary_email(&app, account).await?.as_deref().map(masked).unwrap_or_default();
    let (name, code) = (text(&kiosk.name), text(code.trim()));
    let main = format!(
        "<h1>Let {name} in?</h1><p>It will be signed in as {}, until you leave it. Its screen shows <strong>{code}</strong>.</p>\
         <form method=\"post\" action=\"/device/answer\"><input type=\"hidden\" name=\"code\" value=\"{code}\"><input type=\"hidden\" name=\"form\" value=\"{}\">\
         <button name=\"answer\" value=\"yes\">Yes, sign me in at {name}</button><button name=\"answer\" value=\"no\">No</button></form>",
        text(&address),
        text(&form)
    );
    Ok(pages::form(StatusCode::OK, "Sign in at a kiosk", &main))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    code: String,
    form: Secret,
    answer: String,
}

async fn answer(
    State(app): State<Shared>,
    _: FromPhone,
    headers: HeaderMap,
    form: Result<Form<Answered>, Refusal>,
) -> Result<Response, Page> {
    let Form(sent) = form?;
    let (kiosk, token) = proven_here(&app, &sent.code, &headers).await?;
    if !bool::from(token.as_bytes().ct_eq(sent.form.expose().as_bytes())) {
        return Err(Code::Forbidden.into());
    }
    let (status, words) = match sent.answer.as_str() {
        "yes" => ("approved", "It goes on at the kiosk. You can close this page."),
        _ => ("refused", "Nothing was opened. You can close this page."),
    };
    let mut transaction = app.database.write().await?;
    let answered = sqlx::query("UPDATE device_codes SET status = $2 WHERE user_code_hash = $1 AND status = 'proven'")
        .bind(&kiosk.user_code_hash)
        .bind(status)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    if answered.rows_affected() == 0 {
        return Err(Page::stop(ENDED));
    }
    let main = format!("<h1>{}</h1><p>{words}</p>", if status == "approved" { "Signed in" } else { "Refused" });
    Ok(pages::form(StatusCode::OK, "Sign in at a kiosk", &main))
}
