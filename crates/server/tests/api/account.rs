//! What people do with their own account: another password, a forgotten one, the list of sign-ins.

use super::house::{App, House, PASSWORD, Reply, send};
use likeness_protocol::{
    Code,
    account::{PasswordResetStarted, Session, Sessions, SessionsEnded},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const ADA: &str = "ada@corp.example";
const EVE: &str = "eve@corp.example";
const NEW: &str = "seven green bicycles";

fn stranger(house: &House) -> App {
    App::new(house.running.address(), Arc::clone(&house.clock))
}

async fn change(app: &App, password: &str) -> Reply {
    app.post("/v1/me/password", &json!({ "password": password })).await
}

/// A request that carries neither token nor proof.
async fn bare(house: &House, path: &str, body: serde_json::Value) -> Reply {
    let headers = [("content-type", "application/json")];
    send(house.running.address(), "POST", path, &headers, body.to_string().as_bytes()).await
}

async fn ask(house: &House, email: &str) -> Reply {
    bare(house, "/v1/password-resets", json!({ "email": email })).await
}

async fn confirm(house: &House, id: &str, code: &str, password: &str) -> Reply {
    bare(house, "/v1/password-resets/confirm", json!({ "id": id, "code": code, "password": password })).await
}

fn mail_with<'a>(mails: &'a [String], subject: &str) -> Option<&'a String> {
    mails.iter().find(|mail| mail.contains(&format!("Subject: {subject}")))
}

/// The code as the mail shows it: two groups of four digits.
fn code_in(mail: &str) -> String {
    mail.lines()
        .map(str::trim)
        .find(|line| line.len() == 9 && line.chars().all(|letter| letter.is_ascii_digit() || letter == ' '))
        .unwrap_or_else(|| panic!("no code in {mail}"))
        .to_owned()
}

/// Asks for a code and reads it from the mailbox, which holds `before` mails already.
async fn code_for(house: &House, email: &str, before: usize) -> (String, String) {
    let id = ask(house, email).await.json::<PasswordResetStarted>().id;
    let mails = house.mails(before + 1).await;
    (id, code_in(mail_with(&mails, "Your code for a new password").unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_replaces_the_old_one_and_ends_the_other_sign_ins() {
    let house = House::with(&[ADA]).await;
    let (app, other) = (house.app(ADA).await, house.app(ADA).await);
    #[rustfmt::skip]
    let table = [
        ("seven77",                   "too short"),
        ("ada@corp.example 1815",     "contains the address"),
        ("my likeness of 1815",       "contains the product's name"),
    ];
    for (password, because) in table {
        let refused = change(&app, password).await.problem();
        assert_eq!((refused.code, refused.field.as_deref()), (Code::PasswordTooWeak, Some("password")), "{because}");
    }
    assert_eq!(other.get("/v1/me").await.status, 200, "a refused password ends nothing");
    assert_eq!(change(&app, NEW).await.status, 204);
    assert_eq!(app.get("/v1/me").await.status, 200, "who changed it stays signed in");
    assert_eq!(other.get("/v1/me").await.code(), Code::SessionEnded, "everybody else does not");
    let refresh = other.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    assert_eq!(other.refresh(&refresh).await.code(), Code::InvalidGrant);
    assert_eq!(stranger(&house).sign_in(ADA, PASSWORD).await.unwrap_err().code(), Code::InvalidCredentials);
    stranger(&house).sign_in(ADA, NEW).await.unwrap();
    let mails = house.mails(1).await;
    assert!(mail_with(&mails, "Your password was changed").is_some(), "the owner is told: {mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_sign_in_must_be_confirmed_before_the_password_changes() {
    let house = House::with(&[ADA]).await;
    let mut app = house.app(ADA).await;
    house.clock.advance(Duration::from_secs(601));
    let refresh = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    app.tokens = Some(app.refresh(&refresh).await.json());
    let refused = change(&app, NEW).await;
    assert_eq!((refused.status, refused.problem().code), (401, Code::StepUpRequired), "a renewed token proves nobody");
    assert_eq!(
        refused.header("www-authenticate"),
        Some("DPoP error=\"insufficient_user_authentication\", max_age=600")
    );
    assert_eq!(app.get("/v1/me").await.status, 200, "and it goes on for everything else");
    app.sign_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(change(&app, NEW).await.status, 204, "after a fresh sign-in");
    assert_eq!(bare(&house, "/v1/me/password", json!({"password": NEW})).await.code(), Code::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_with_the_code_from_the_mailbox() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    for _ in 0..5 {
        stranger(&house).sign_in(ADA, "one of my others").await.unwrap_err();
    }
    let (id, code) = code_for(&house, "  ADA@corp.example", 0).await;
    assert_eq!(confirm(&house, &id, &code, "short").await.code(), Code::PasswordTooWeak);
    let spaced = format!(" {}-{} ", &code[..4], &code[5..]);
    assert_eq!(confirm(&house, &id, &spaced, NEW).await.status, 204, "the right code outlives a weak password");
    assert_eq!(app.get("/v1/me").await.code(), Code::SessionEnded, "every sign-in has ended");
    stranger(&house).sign_in(ADA, NEW).await.expect("and the tries before do not make anybody wait");
    assert_eq!(confirm(&house, &id, &code, "another long one").await.code(), Code::CodeExpired, "a second time");
    let mails = house.mails(2).await;
    assert!(mail_with(&mails, "Your password was changed").is_some(), "the owner is told: {mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_with_time_with_wrong_tries_and_with_the_next_one() {
    let house = House::with(&[ADA]).await;
    let wrong = |code: &str| if code == "0000 0000" { "0000 0001" } else { "0000 0000" };

    let (id, code) = code_for(&house, ADA, 0).await;
    for left in ["4 tries are left", "3 tries are left", "2 tries are left", "One try is left"] {
        let refused = confirm(&house, &id, wrong(&code), NEW).await.problem();
        assert_eq!(refused.code, Code::CodeWrong);
        assert!(refused.detail.contains(left), "{left}: {}", refused.detail);
    }
    assert_eq!(confirm(&house, &id, wrong(&code), NEW).await.code(), Code::CodeExpired, "the fifth");
    assert_eq!(confirm(&house, &id, &code, NEW).await.code(), Code::CodeExpired, "the right one comes too late");

    house.clock.advance(Duration::from_mins(61));
    let first: PasswordResetStarted = ask(&house, ADA).await.json();
    house.mails(2).await;
    let second: PasswordResetStarted = ask(&house, ADA).await.json();
    let mails = house.mails(3).await;
    let codes: Vec<String> = mails.iter().map(|mail| code_in(mail)).collect();
    for code in &codes {
        assert_eq!(confirm(&house, &first.id, code, NEW).await.code(), Code::CodeExpired, "replaced by the second");
    }
    house.clock.advance(Duration::from_mins(30));
    for code in &codes {
        assert_eq!(confirm(&house, &second.id, code, NEW).await.code(), Code::CodeExpired, "after half an hour");
    }
    assert_eq!(confirm(&house, "rst_unknown", "0000 0000", NEW).await.code(), Code::CodeExpired);
    assert!(stranger(&house).sign_in(ADA, PASSWORD).await.is_ok(), "the password is still the old one");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_code_tells_nobody_who_has_an_account_and_floods_no_mailbox() {
    let house = House::with(&[ADA]).await;
    let started = async |email: &str| {
        let reply = ask(&house, email).await;
        assert_eq!(reply.status, 202, "{email}: {}", reply.text());
        let names: Vec<String> = reply.json::<serde_json::Map<String, _>>().keys().cloned().collect();
        (names, reply.json::<PasswordResetStarted>())
    };
    let (known, _) = started(ADA).await;
    let (unknown, nobody) = started("nobody@corp.example").await;
    assert_eq!(known, unknown);
    house.mails(1).await;
    for left in 1..5 {
        let refused = confirm(&house, &nobody.id, "1234 5678", NEW).await;
        assert_eq!(refused.code(), Code::CodeWrong, "try {left} at a code for nobody is answered like any other");
    }
    assert_eq!(confirm(&house, &nobody.id, "1234 5678", NEW).await.code(), Code::CodeExpired);
    for _ in 0..4 {
        started(ADA).await;
    }
    let mails = house.mails(3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((mails.len(), house.mails(3).await.len()), (3, 3), "three codes within an hour, the rest is silent");
    for number in 0..30 {
        ask(&house, &format!("guess{number}@corp.example")).await;
    }
    let crowded = ask(&house, ADA).await;
    assert_eq!((crowded.status, crowded.code()), (429, Code::TooManyAttempts), "too much from one network");
    assert!(crowded.header("retry-after").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_where_they_are_signed_in_and_end_what_they_want() {
    let house = House::with(&[ADA, EVE]).await;
    let (first, eve) = (house.app(ADA).await, house.app(EVE).await);
    house.clock.advance(Duration::from_mins(1));
    let (mut second, third) = (house.app(ADA).await, house.app(ADA).await);
    house.clock.advance(Duration::from_mins(1));
    let refresh = second.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    second.tokens = Some(second.refresh(&refresh).await.json());

    let grant = |app: &App| app.tokens.as_ref().unwrap().grant.clone();
    let listed: Vec<Session> = second.get("/v1/me/sessions").await.json::<Sessions>().sessions;
    let current: Vec<&Session> = listed.iter().filter(|session| session.current).collect();
    assert_eq!((listed.len(), current.len()), (3, 1), "{listed:?}");
    assert_eq!(current[0].id, grant(&second));
    assert_eq!(current[0].renewed_at.since(current[0].signed_in_at), Duration::from_mins(1));
    assert_eq!(listed[2].id, grant(&first), "newest first");

    let path = |app: &App| format!("/v1/me/sessions/{}", grant(app));
    assert_eq!(eve.call("DELETE", &path(&first), &[], &[]).await.code(), Code::NotFound, "somebody else's");
    assert_eq!(second.call("DELETE", &path(&first), &[], &[]).await.status, 204);
    assert_eq!(first.get("/v1/me").await.code(), Code::SessionEnded);
    assert_eq!(second.call("DELETE", &path(&first), &[], &[]).await.code(), Code::NotFound, "it has ended already");

    for query in ["", "?others=false", "?others=true&all=true"] {
        let refused = second.call("DELETE", &format!("/v1/me/sessions{query}"), &[], &[]).await;
        assert_eq!(refused.code(), Code::InvalidRequest, "{query:?} must not end anything by mistake");
    }
    assert_eq!(third.get("/v1/me").await.status, 200);
    let ended: SessionsEnded = second.call("DELETE", "/v1/me/sessions?others=true", &[], &[]).await.json();
    assert_eq!(ended.ended, 1);
    assert_eq!(third.get("/v1/me").await.code(), Code::SessionEnded);
    assert_eq!((second.get("/v1/me").await.status, eve.get("/v1/me").await.status), (200, 200));

    house.clock.advance(Duration::from_hours(31 * 24));
    second.sign_in(ADA, PASSWORD).await.unwrap();
    let listed = second.get("/v1/me/sessions").await.json::<Sessions>().sessions;
    assert_eq!(listed.len(), 1, "a sign-in unused for a month is over and not listed: {listed:?}");
}
