//! Another e-mail address: asked for, proven, stopped, undone.

use super::house::{App, House, PASSWORD, Reply, send};
use likeness_protocol::{
    Code,
    account::{EmailChangeStarted, Me, PasswordResetStarted},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const ADA: &str = "ada@corp.example";
const EVE: &str = "eve@corp.example";
const NEW: &str = "ada@private.example";

fn stranger(house: &House) -> App {
    App::new(house.running.address(), Arc::clone(&house.clock))
}

async fn ask(app: &App, email: &str) -> Reply {
    app.post("/v1/me/email-changes", &json!({ "new_email": email })).await
}

async fn confirm(app: &App, id: &str, code: &str) -> Reply {
    app.post(&format!("/v1/me/email-changes/{id}/confirm"), &json!({ "code": code })).await
}

async fn cancel(app: &App, id: &str) -> Reply {
    app.call("DELETE", &format!("/v1/me/email-changes/{id}"), &[], &[]).await
}

async fn bare(house: &House, method: &str, path: &str, kind: &str, body: &str) -> Reply {
    send(house.running.address(), method, path, &[("content-type", kind)], body.as_bytes()).await
}

async fn revert(house: &House, token: &str) -> Reply {
    let body = json!({ "token": token }).to_string();
    bare(house, "POST", "/v1/email-changes/revert", "application/json", &body).await
}

/// A mail with its quoted-printable undone.
fn read(mail: &str) -> String {
    let joined = mail.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'=').then(|| std::str::from_utf8(after.get(..2)?).ok()).flatten();
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap()
}

/// The newest-looking mail to an address with a subject, once there are `count` mails.
async fn mail(house: &House, count: usize, to: &str, subject: &str) -> String {
    let mails: Vec<String> = house.mails(count).await.iter().map(|mail| read(mail)).collect();
    let fits = |mail: &&String| mail.contains(&format!("To: {to}")) && mail.contains(&format!("Subject: {subject}"));
    mails.iter().find(fits).unwrap_or_else(|| panic!("no mail `{subject}` to {to} among {mails:#?}")).clone()
}

fn code_in(mail: &str) -> String {
    let is_code = |line: &&str| line.len() == 7 && line.chars().all(|letter| letter.is_ascii_digit() || letter == ' ');
    mail.lines().map(str::trim).find(is_code).unwrap_or_else(|| panic!("no code in {mail}")).to_owned()
}

fn token_in(mail: &str) -> String {
    let (_, rest) = mail.split_once("/undo-email-change?t=").unwrap_or_else(|| panic!("no link in {mail}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn address(app: &App) -> String {
    app.get("/v1/me").await.json::<Me>().email
}

/// Asks for another address; gives the change's number and the code. The mailboxes hold `before` mails.
async fn asked(house: &House, app: &App, email: &str, before: usize) -> (String, String) {
    let reply = ask(app, email).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    let to = email.trim().to_lowercase();
    let code = code_in(&mail(house, before + 2, &to, "Your code for a new e-mail address").await);
    (reply.json::<EmailChangeStarted>().id, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_address_takes_the_place_of_the_old_one_which_is_told() {
    let house = House::with(&[ADA]).await;
    let (app, other) = (house.app(ADA).await, house.app(ADA).await);
    let (id, code) = asked(&house, &app, "  Ada@PRIVATE.example ", 0).await;
    let notice = mail(&house, 2, ADA, "Another e-mail address was asked for").await;
    assert!(
        notice.contains("a•••••@private.example") && !notice.contains(NEW),
        "the old mailbox is told, masked: {notice}"
    );
    assert_eq!(address(&app).await, ADA, "nothing has changed yet");
    assert_eq!(confirm(&other, &id, &format!(" {}-{} ", &code[..3], &code[4..])).await.status, 204);
    assert_eq!(address(&other).await, NEW);
    assert_eq!(app.get("/v1/me").await.code(), Code::SessionEnded, "every sign-in but the confirming one has ended");
    assert_eq!(stranger(&house).sign_in(ADA, PASSWORD).await.unwrap_err().code(), Code::InvalidCredentials);
    stranger(&house).sign_in(NEW, PASSWORD).await.unwrap();
    mail(&house, 3, ADA, "Your e-mail address was changed").await;
    assert_eq!(confirm(&other, &id, &code).await.code(), Code::CodeExpired, "a second time");
    for file in
        std::fs::read_dir(house.data_dir()).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file())
    {
        let bytes = std::fs::read(&file).unwrap();
        for word in [NEW, "private.example", token_in(&notice).as_str()] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{} holds {word} in clear", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_address_of_the_account_is_refused_in_words() {
    let house = House::with(&[ADA, EVE]).await;
    let app = house.app(ADA).await;
    #[rustfmt::skip]
    let table = [
        ("",                    "nothing"),
        ("ada",                 "no address"),
        ("ada@",                "no domain"),
        ("a b@corp.example",    "a blank"),
        ("ada@corp.example\r\nBcc: x@corp.example", "a header line"),
        (" ADA@corp.example",   "the address that is used already"),
    ];
    for (email, because) in table {
        let refused = ask(&app, email).await.problem();
        assert_eq!((refused.code, refused.field.as_deref()), (Code::EmailInvalid, Some("new_email")), "{because}");
    }
    let long = format!("{}@corp.example", "a".repeat(300));
    assert_eq!(ask(&app, &long).await.code(), Code::InvalidRequest, "longer than any address");
    assert_eq!(address(&app).await, ADA);

    let mut late = house.app(EVE).await;
    house.clock.advance(Duration::from_secs(601));
    let refresh = late.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    late.tokens = Some(late.refresh(&refresh).await.json());
    assert_eq!(ask(&late, NEW).await.code(), Code::StepUpRequired, "a renewed token proves nobody");
    let body = json!({ "new_email": NEW }).to_string();
    let unsigned = bare(&house, "POST", "/v1/me/email-changes", "application/json", &body).await;
    assert_eq!(unsigned.code(), Code::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_with_time_tries_cancelling_and_the_next_one_and_is_nobody_elses() {
    let house = House::with(&[ADA, EVE]).await;
    let (mut app, eve) = (house.app(ADA).await, house.app(EVE).await);
    let wrong = |code: &str| if code == "000 000" { "000 001" } else { "000 000" };

    let (id, code) = asked(&house, &app, "a1@private.example", 0).await;
    assert_eq!(confirm(&eve, &id, &code).await.code(), Code::CodeExpired, "somebody else's change");
    assert_eq!(cancel(&eve, &id).await.code(), Code::NotFound, "somebody else's change");
    for left in ["4 tries are left", "3 tries are left", "2 tries are left", "One try is left"] {
        let refused = confirm(&app, &id, wrong(&code)).await.problem();
        assert_eq!(refused.code, Code::CodeWrong);
        assert!(refused.detail.contains(left), "{left}: {}", refused.detail);
    }
    assert_eq!(confirm(&app, &id, wrong(&code)).await.code(), Code::CodeExpired, "the fifth");
    assert_eq!(confirm(&app, &id, &code).await.code(), Code::CodeExpired, "the right one comes too late");

    let (first, first_code) = asked(&house, &app, "a2@private.example", 2).await;
    let (second, second_code) = asked(&house, &app, "a3@private.example", 4).await;
    assert_eq!(confirm(&app, &first, &first_code).await.code(), Code::CodeExpired, "replaced by the second");
    assert_eq!(cancel(&app, &second).await.status, 204);
    assert_eq!(cancel(&app, &second).await.code(), Code::NotFound, "cancelled already");
    assert_eq!(confirm(&app, &second, &second_code).await.code(), Code::CodeExpired, "cancelled");

    let (late, late_code) = asked(&house, &app, "a4@private.example", 6).await;
    house.clock.advance(Duration::from_mins(30));
    app.sign_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(confirm(&app, &late, &late_code).await.code(), Code::CodeExpired, "after half an hour");
    assert_eq!(confirm(&app, "emc_unknown", "000 000").await.code(), Code::CodeExpired);
    assert_eq!(address(&app).await, ADA, "nothing has changed");

    assert_eq!(ask(&app, "a5@private.example").await.status, 202, "the fifth within an hour");
    let crowded = ask(&app, "a6@private.example").await;
    assert_eq!((crowded.status, crowded.code()), (429, Code::RateLimited));
    assert!(crowded.header("retry-after").is_some());
    house.clock.advance(Duration::from_mins(61));
    app.sign_in(ADA, PASSWORD).await.unwrap();
    assert_eq!(ask(&app, "a6@private.example").await.status, 202, "an hour later");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_an_account_gets_the_same_answer_and_only_its_mailbox_learns_it() {
    let house = House::with(&[ADA, EVE]).await;
    let app = house.app(ADA).await;
    let names = |reply: &Reply| reply.json::<serde_json::Map<String, _>>().keys().cloned().collect::<Vec<_>>();
    let taken = ask(&app, EVE).await;
    let told = mail(&house, 2, EVE, "Somebody wanted to use your e-mail address").await;
    assert!(!told.contains(ADA) && !told.contains("ada"), "and not who: {told}");
    for left in 1..5 {
        let refused = confirm(&app, &taken.json::<EmailChangeStarted>().id, "123 456").await;
        assert_eq!(refused.code(), Code::CodeWrong, "try {left} is answered like any other");
    }
    let free = ask(&app, NEW).await;
    assert_eq!((taken.status, names(&taken)), (free.status, names(&free)));
    assert!(stranger(&house).sign_in(EVE, PASSWORD).await.is_ok());

    // Proven by somebody else between code and confirmation.
    let code = code_in(&mail(&house, 4, NEW, "Your code for a new e-mail address").await);
    likeness_server::add_account(
        &house.settings,
        NEW,
        &likeness_protocol::Secret::new(PASSWORD),
        likeness_protocol::account::Role::Learner,
    )
    .await
    .unwrap();
    let late = confirm(&app, &free.json::<EmailChangeStarted>().id, &code).await;
    assert_eq!(late.code(), Code::CodeExpired, "an address has one account");
    assert_eq!(address(&app).await, ADA, "and nothing is left half done");
    stranger(&house).sign_in(ADA, PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_mailbox_stops_a_change_or_undoes_it_for_three_days() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let (id, code) = asked(&house, &app, NEW, 0).await;
    let token = token_in(&mail(&house, 2, ADA, "Another e-mail address was asked for").await);
    assert_eq!(revert(&house, "lk_ev_nonsense").await.code(), Code::CodeExpired);
    assert_eq!(revert(&house, &token).await.status, 204);
    assert_eq!(confirm(&app, &id, &code).await.code(), Code::CodeExpired, "stopped");
    assert_eq!(app.get("/v1/me").await.status, 200, "nobody is signed out for what never happened");
    assert_eq!(revert(&house, &token).await.code(), Code::CodeExpired, "a second time");

    // A thief in front of the open app takes the account over, twice.
    let (id, code) = asked(&house, &app, "thief@evil.example", 2).await;
    assert_eq!(confirm(&app, &id, &code).await.status, 204);
    let token = token_in(&mail(&house, 5, ADA, "Your e-mail address was changed").await);
    let (id, code) = asked(&house, &app, "thief2@evil.example", 5).await;
    assert_eq!(confirm(&app, &id, &code).await.status, 204);
    house.clock.advance(Duration::from_hours(71));
    let mut thief = stranger(&house);
    thief.sign_in("thief2@evil.example", PASSWORD).await.unwrap();
    let body = json!({ "email": "thief2@evil.example" }).to_string();
    let reset: PasswordResetStarted =
        bare(&house, "POST", "/v1/password-resets", "application/json", &body).await.json();
    let mailed = mail(&house, 9, "thief2@evil.example", "Your code for a new password").await;
    let (_, digits) = mailed.split_once("type this code in Likeness:").unwrap();
    let digits: String = digits.chars().filter(char::is_ascii_digit).take(8).collect();
    assert_eq!(revert(&house, &token).await.status, 204);
    assert_eq!(thief.get("/v1/me").await.code(), Code::SessionEnded, "everybody is signed out");
    assert_eq!(
        stranger(&house).sign_in("thief2@evil.example", PASSWORD).await.unwrap_err().code(),
        Code::InvalidCredentials
    );
    let body = json!({ "id": reset.id, "code": digits, "password": "seven green bicycles" }).to_string();
    let late = bare(&house, "POST", "/v1/password-resets/confirm", "application/json", &body).await;
    assert_eq!(late.code(), Code::CodeExpired, "nor does a code for a new password help");
    let mut back = stranger(&house);
    back.sign_in(ADA, PASSWORD).await.expect("the old address signs in again");
    mail(&house, 10, ADA, "Your e-mail address is the old one again").await;
    assert_eq!(revert(&house, &token).await.code(), Code::CodeExpired, "a second time");

    let (id, code) = asked(&house, &back, "ada@third.example", 10).await;
    assert_eq!(confirm(&back, &id, &code).await.status, 204);
    mail(&house, 13, ADA, "Your e-mail address was changed").await;
    house.clock.advance(Duration::from_hours(72));
    for mail in house.mails(13).await {
        let mail = read(&mail);
        if mail.contains("/undo-email-change?t=") {
            assert_eq!(revert(&house, &token_in(&mail)).await.code(), Code::CodeExpired, "after three days: {mail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_link_acts_only_when_its_button_is_pressed() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let (id, code) = asked(&house, &app, NEW, 0).await;
    assert_eq!(confirm(&app, &id, &code).await.status, 204);
    let token = token_in(&mail(&house, 3, ADA, "Your e-mail address was changed").await);
    let open = async |query: &str| {
        send(house.running.address(), "GET", &format!("/undo-email-change?{query}"), &[], &[]).await
    };
    let page = open(&format!("t={token}")).await;
    assert_eq!((page.status, page.header("referrer-policy")), (200, Some("no-referrer")));
    assert!(page.text().contains("Keep this address"), "{}", page.text());
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self'"));
    assert_eq!(address(&app).await, NEW, "opening it changed nothing: a mail filter may open it too");
    for query in ["", "t=", "t=a&t=b", "t=%22%3E%3Cscript%3E", "x=1"] {
        let page = open(query).await;
        assert!(!page.text().contains("<script"), "{query}: {}", page.text());
        assert!(page.status == 404 || query == "t=", "{query}: {}", page.status);
    }
    let press =
        async |body: &str| bare(&house, "POST", "/undo-email-change", "application/x-www-form-urlencoded", body).await;
    assert_eq!(press("t=lk_ev_wrong").await.status, 400);
    assert_eq!(press("nonsense").await.status, 400);
    let done = press(&format!("t={token}")).await;
    assert!(done.status == 200 && done.text().contains("the old one again"), "{}", done.text());
    assert_eq!(app.get("/v1/me").await.code(), Code::SessionEnded);
    stranger(&house).sign_in(ADA, PASSWORD).await.unwrap();
    assert!(press(&format!("t={token}")).await.text().contains("cannot be used"), "a second time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_address_is_nobody_elses_for_thirty_days() {
    let house = House::with(&[ADA, EVE]).await;
    let (app, eve) = (house.app(ADA).await, house.app(EVE).await);
    let (id, code) = asked(&house, &app, NEW, 0).await;
    assert_eq!(confirm(&app, &id, &code).await.status, 204);
    house.mails(3).await;
    assert_eq!(ask(&eve, ADA).await.status, 202);
    mail(&house, 5, ADA, "Somebody wanted to use your e-mail address").await;

    let (id, code) = {
        let reply = ask(&app, ADA).await;
        let code = code_in(&mail(&house, 7, ADA, "Your code for a new e-mail address").await);
        (reply.json::<EmailChangeStarted>().id, code)
    };
    assert_eq!(confirm(&app, &id, &code).await.status, 204, "its own owner may go back to it");
    assert_eq!(address(&app).await, ADA);
}
