//! An account has more than one address: each that was proven brings a forgotten password back, and no other.

use super::{
    house::{App, House, PASSWORD, send},
    provider::{Person, Provider, organisation, person, pushed},
};
use likeness_protocol::{
    Secret,
    account::{Me, PasswordResetStarted},
    oauth::{ChallengeRequest, Next, OAuthError},
};
use likeness_server::admin::{Linking, OrganisationPolicy};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const NOVA: Person = person("sub-nova", "nova@harbour.example");
const SAM: Person = person("sub-sam", "sam@harbour.example");
const NEW: &str = "seven green bicycles";

async fn bare(house: &House, path: &str, body: serde_json::Value) -> super::house::Reply {
    let headers = [("content-type", "application/json")];
    send(house.running.address(), "POST", path, &headers, body.to_string().as_bytes()).await
}

async fn ask(house: &House, email: &str) -> String {
    let reply = bare(house, "/v1/password-resets", json!({ "email": email })).await;
    assert_eq!(reply.status, 202, "{email}: {}", reply.text());
    reply.json::<PasswordResetStarted>().id
}

/// The line of digits of this length in the mail to this address that speaks of this.
fn code_in(mails: &[String], address: &str, subject: &str, chars: usize) -> Option<String> {
    let fits = |mail: &&String| mail.contains(&format!("To: {address}")) && mail.contains(subject);
    let is_code = |line: &&str| line.len() == chars && line.chars().all(|one| one.is_ascii_digit() || one == ' ');
    mails.iter().find(fits)?.lines().map(str::trim).find(is_code).map(str::to_owned)
}

/// Nobody else gets a mail of this kind, however long one waits.
async fn no_code_for(house: &House, before: usize, because: &str) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(house.mails(before).await.len(), before, "{because}");
}

/// Makes Nova's account through the organisation, with this private address.
async fn nova(house: &House, provider: &Provider, private: &str, proven: bool) {
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let at: OAuthError = app.through(provider, &NOVA, &pushed("harbour.example")).await.json();
    let next: OAuthError = app.step(&at, "create", |_| {}).await.json();
    let Some(Next::CreateAccount { terms_version, .. }) = next.next else { panic!("{next:?}") };
    let fill = |request: &mut ChallengeRequest| {
        request.password = Some(Secret::new(PASSWORD));
        request.alternative_email = Some(private.to_owned());
        request.full_name = Some("Nova Example".into());
        request.accept_terms = Some(terms_version);
    };
    app.step(&at, "create", fill).await;
    let code = code_in(&house.mails(1).await, private, "Subject", 6).unwrap();
    let (action, code) = if proven { ("verify", Some(Secret::new(code))) } else { ("skip", None) };
    assert_eq!(app.step(&at, action, |request| request.code = code).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_comes_back_through_a_private_address_too() {
    let house = House::with(&[]).await;
    let provider = Provider::start(&house.clock).await;
    organisation(&house, &provider, "Harbour University", "harbour.example", OrganisationPolicy::default()).await;
    nova(&house, &provider, "nova@mail.example", true).await;
    let stranger = || App::new(house.running.address(), Arc::clone(&house.clock));
    for address in ["nova@harbour.example", "nova@mail.example"] {
        for _ in 0..5 {
            stranger().sign_in(address, "one of my others").await.unwrap_err();
        }
    }
    house.clock.advance(Duration::from_mins(2));
    let id = ask(&house, " Nova@mail.example").await;
    let mails = house.mails(2).await;
    assert!(
        code_in(&mails, "nova@harbour.example", "Your code for a new password", 9).is_none(),
        "to the address that was typed and to no other"
    );
    let code = code_in(&mails, "nova@mail.example", "Your code for a new password", 9).unwrap();
    let confirm = json!({ "id": id, "code": code, "password": NEW });
    assert_eq!(bare(&house, "/v1/password-resets/confirm", confirm).await.status, 204);
    for address in ["nova@harbour.example", "nova@mail.example"] {
        let mut nova = stranger();
        nova.sign_in(address, NEW).await.expect("at once, whatever was tried before");
        assert_eq!(nova.get("/v1/me").await.json::<Me>().email, "nova@harbour.example");
    }
    let told = house.mails(3).await;
    let at_primary =
        |mail: &&String| mail.contains("To: nova@harbour.example") && mail.contains("password was changed");
    assert!(told.iter().any(|mail| at_primary(&mail)), "the owner is told where decisions go: {told:?}");
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_proven_or_not_theirs_any_more_brings_nothing() {
    let house = House::with(&["sam@mail.example"]).await;
    let provider = Provider::start(&house.clock).await;
    let rules = OrganisationPolicy { link_existing: Linking::Allow, ..Default::default() };
    organisation(&house, &provider, "Harbour University", "harbour.example", rules).await;
    nova(&house, &provider, "nova@mail.example", false).await;
    ask(&house, "nova@mail.example").await;
    no_code_for(&house, 1, "a private address nobody has proven").await;

    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let at: OAuthError = app.through(&provider, &SAM, &pushed("harbour.example")).await.json();
    app.step(&at, "link", |_| {}).await;
    app.step(&at, "link", |request| {
        request.email = Some("sam@mail.example".into());
        request.password = Some(Secret::new(PASSWORD));
    })
    .await;
    assert_eq!(app.step(&at, "confirm", |_| {}).await.status, 200);
    let before = house.mails(3).await.len();
    ask(&house, "sam@harbour.example").await;
    let mails = house.mails(before + 1).await;
    assert!(code_in(&mails, "sam@harbour.example", "Your code for a new password", 9).is_some(), "{mails:?}");

    let database = house.data_dir().join("likeness.sqlite");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", database.display())).await.unwrap();
    sqlx::query("UPDATE memberships SET ended_at = 1").execute(&pool).await.unwrap();
    pool.close().await;
    ask(&house, "sam@harbour.example").await;
    no_code_for(&house, before + 1, "the mailbox of an organisation Sam has left").await;
    ask(&house, "sam@mail.example").await;
    let mails = house.mails(before + 2).await;
    assert!(code_in(&mails, "sam@mail.example", "Your code for a new password", 9).is_some(), "his own goes on");
    house.running.stop().await.unwrap();
}
