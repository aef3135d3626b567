//! Signing in through an organisation, as the two help pages tell it: the real client, the real server, its practice provider, and a browser
//! that keeps its cookie and presses what it sees.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use likeness_account::{Account, AccountError, Auth, OpenUrl, OrganisationWish, StepAnswer};
use likeness_protocol::oauth::Next;
use likeness_protocol::text::Secret;
use likeness_remote::RemoteError;
use secrecy::SecretString;

use crate::desk::{Desk, LIMIT, wait_for};
use crate::practised_browser::browse;

const HARBOUR: &str = "harbour.example";

/// A browser in which `who` signs in whenever it is opened.
pub fn browser_of(who: &'static str) -> Arc<dyn OpenUrl> {
    Arc::new(move |link: &str| {
        tokio::spawn(browse(link.to_owned(), who));
        true
    })
}

fn harbour() -> OrganisationWish {
    OrganisationWish { input: HARBOUR.to_owned(), invitation: None }
}

fn invited(desk: &Desk, email: &str) -> OrganisationWish {
    let invitation = desk.server.invitations.iter().find(|invitation| invitation.email == email).unwrap();
    let token = invitation.link.strip_prefix("app.likeness:/invite?t=").unwrap();
    OrganisationWish { invitation: Some(Secret::new(token)), ..harbour() }
}

fn password_of(desk: &Desk, email: &str) -> Secret {
    Secret::new(desk.server.accounts.iter().find(|account| account.email == email).unwrap().password.expose())
}

#[track_caller]
pub fn step(account: &Account) -> Next {
    match account.snapshot() {
        Auth::Interaction(unproven) => unproven.next,
        other => panic!("no step: {other:?}"),
    }
}

#[track_caller]
pub fn signed_in(account: &Account) -> String {
    match account.snapshot() {
        Auth::SignedIn { account, .. } => account.id,
        other => panic!("not signed in: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_the_first_sign_in_makes_one_and_the_next_goes_straight_in() {
    let desk = Desk::new().await;
    let account = desk.account();
    account
        .sign_in_browser(
            OrganisationWish { input: " https://www.Harbour.example/login".into(), invitation: None },
            browser_of("Nova Newcomer"),
        )
        .await
        .unwrap();
    let next = step(&account);
    assert!(
        matches!(&next, Next::ChooseAccount { org, can_create: true, .. } if org == "Harbour University"),
        "{next:?}"
    );
    assert!(!format!("{:?}", account.snapshot()).contains("Nova"), "a name must not reach a log");
    account.answer_step(StepAnswer::ChooseNew).await.unwrap();
    let Next::CreateAccount { terms_version, suggested_name, .. } = step(&account) else {
        panic!("{:?}", step(&account))
    };
    let create = |password: &str| StepAnswer::Create {
        alternative_email: Some("nova@mail.example".to_owned()),
        password: Secret::new(password),
        full_name: suggested_name.clone(),
        accept_terms: terms_version.clone(),
    };
    let weak = account.answer_step(create("short")).await.unwrap_err();
    assert_eq!(weak.code(), "password-too-weak");
    assert!(matches!(step(&account), Next::CreateAccount { .. }), "a refusal leaves the step as it was");
    account.answer_step(create("correct horse battery")).await.unwrap();
    assert!(matches!(step(&account), Next::VerifyEmail { .. }));
    account.answer_step(StepAnswer::Skip).await.unwrap();
    let who = signed_in(&account);
    assert_eq!(account.api().me().await.unwrap().id, who);
    assert_eq!(desk.keyring.item().expect("kept as any sign-in").subject, who);
    account.sign_out().await.unwrap();

    account.sign_in_browser(harbour(), browser_of("Nova Newcomer")).await.unwrap();
    assert_eq!(signed_in(&account), who, "next time through the organisation");
    account.sign_out().await.unwrap();
    account
        .sign_in_password("new@harbour.example", SecretString::from("correct horse battery"), Arc::new(|_: &str| false))
        .await
        .unwrap();
    assert_eq!(signed_in(&account), who, "or with e-mail and password");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_there_is_gets_connected_by_its_invitation() {
    let desk = Desk::new().await;
    let account = desk.account();
    account.sign_in_browser(invited(&desk, "sam@harbour.example"), browser_of("Sam Sailor")).await.unwrap();
    account.answer_step(StepAnswer::ChooseExisting).await.unwrap();
    let link = |password| StepAnswer::Link { email: "sam@mail.example".to_owned(), password };
    let wrong = account.answer_step(link(Secret::new("not the password"))).await.unwrap_err();
    assert_eq!(wrong.code(), "invalid-credentials");
    account.answer_step(link(password_of(&desk, "sam@mail.example"))).await.unwrap();
    let next = step(&account);
    assert!(matches!(&next, Next::ConfirmLink { org, .. } if org == "Harbour University"), "{next:?}");
    account.answer_step(StepAnswer::Confirm).await.unwrap();
    let sam = signed_in(&account);
    account.sign_out().await.unwrap();
    account.sign_in_browser(harbour(), browser_of("Sam Sailor")).await.unwrap();
    assert_eq!(signed_in(&account), sam, "returning");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_invitation_its_code_is_asked_for() {
    let desk = Desk::new().await;
    let account = desk.account();
    account.sign_in_browser(harbour(), browser_of("Sam Sailor")).await.unwrap();
    assert!(matches!(step(&account), Next::ChooseAccount { link_needs_invitation: true, .. }), "{:?}", step(&account));
    account.answer_step(StepAnswer::ChooseExisting).await.unwrap();
    assert_eq!(step(&account), Next::InvitationRequired { org: "Harbour University".to_owned() });
    account.answer_step(StepAnswer::Invitation { code: Secret::new("nonsense99") }).await.unwrap_err();
    assert!(matches!(step(&account), Next::InvitationRequired { .. }), "asked for again");
    let token = invited(&desk, "sam@harbour.example").invitation.unwrap();
    account.answer_step(StepAnswer::Invitation { code: token }).await.unwrap();
    assert!(matches!(step(&account), Next::LinkExisting { .. }), "{:?}", step(&account));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_social_account_is_named_and_taken_off_on_the_spot() {
    let desk = Desk::new().await;
    let account = desk.account();
    account.sign_in_browser(invited(&desk, "kim@harbour.example"), browser_of("Kim Keel")).await.unwrap();
    account.answer_step(StepAnswer::ChooseExisting).await.unwrap();
    let proof =
        StepAnswer::Link { email: "kim@mail.example".to_owned(), password: password_of(&desk, "kim@mail.example") };
    account.answer_step(proof).await.unwrap();
    assert_eq!(step(&account), Next::BlockedBySocial { providers: vec!["google".to_owned()], has_password: true });
    account.answer_step(StepAnswer::Delink { provider: "google".to_owned() }).await.unwrap();
    assert!(matches!(step(&account), Next::ConfirmLink { .. }));
    account.answer_step(StepAnswer::Confirm).await.unwrap();
    signed_in(&account);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_says_so_and_nobody_is_left_waiting() {
    let desk = Desk::new().await;
    let account = desk.account();
    #[rustfmt::skip]
    let table = [
        ("",                 "org-input-invalid", "nothing typed"),
        ("okta",             "org-input-invalid", "a product's name"),
        ("unknown.example",  "org-not-found",     "nobody proved it"),
        ("mail@gmail.com",   "org-not-found",     "a public mail service"),
    ];
    for (input, code, because) in table {
        let wish = OrganisationWish { input: input.to_owned(), invitation: None };
        let error = account.sign_in_browser(wish, Arc::new(|_: &str| panic!("nothing to open"))).await.unwrap_err();
        assert_eq!(error.code(), code, "{because}");
        assert_eq!(account.snapshot(), Auth::SignedOut { why: None, keyring: None }, "{because}");
    }
    let error = account.sign_in_browser(harbour(), browser_of("")).await.unwrap_err();
    assert_eq!(error, AccountError::CancelledInBrowser, "the button that says no");
    assert_eq!(account.answer_step(StepAnswer::Confirm).await, Err(AccountError::NoStep));
    let error = account
        .sign_in_browser(
            OrganisationWish { input: "closed.example".into(), invitation: None },
            browser_of("Chris Closed"),
        )
        .await;
    error.unwrap();
    assert!(matches!(step(&account), Next::InvitationRequired { .. }));
    desk.server_clock.pass(Duration::from_hours(1));
    desk.own_clock.pass(Duration::from_hours(1));
    let late = account.answer_step(StepAnswer::Invitation { code: Secret::new("nonsense99") }).await.unwrap_err();
    assert_eq!(late.code(), "auth-session-expired");
    assert!(matches!(account.snapshot(), Auth::SignedOut { .. }), "over is over");
    desk.line.go_down();
    let error = account.sign_in_browser(harbour(), browser_of("Nova Newcomer")).await.unwrap_err();
    assert_eq!(error, AccountError::Remote(RemoteError::NetworkConnect));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_does_not_open_can_be_opened_again_and_cancelling_closes_the_port() {
    let desk = Desk::new().await;
    let account = desk.account();
    let opened = Arc::new(Mutex::new(Vec::<String>::new()));
    let list = Arc::clone(&opened);
    let broken: Arc<dyn OpenUrl> = Arc::new(move |link: &str| {
        list.lock().unwrap().push(link.to_owned());
        list.lock().unwrap().len() > 1
    });
    let running = tokio::spawn({
        let account = account.clone();
        async move { account.sign_in_browser(harbour(), broken).await }
    });
    let shut = |state: &Auth| matches!(state, Auth::AwaitingBrowser(wait) if !wait.opened);
    let Auth::AwaitingBrowser(wait) = wait_for(&account, "the link", shut).await else { unreachable!() };
    assert_eq!(wait.org, "Harbour University");
    assert!(!format!("{wait:?}").contains("request_uri"), "the link must not reach a log");
    account.reopen_browser();
    wait_for(&account, "the browser", |state| matches!(state, Auth::AwaitingBrowser(wait) if wait.opened)).await;
    let links = opened.lock().unwrap().clone();
    assert_eq!(links, [wait.link.clone(), wait.link.clone()], "the same link again");
    assert_eq!(desk.sign_in(&account).await, Err(AccountError::Busy), "one sign-in at a time");

    account.cancel();
    let cancelled = tokio::time::timeout(LIMIT, running).await.unwrap().unwrap();
    assert_eq!(cancelled, Err(AccountError::Cancelled));
    assert_eq!(account.snapshot(), Auth::SignedOut { why: None, keyring: None });
    let late = tokio::time::timeout(LIMIT, tokio::spawn(browse(wait.link, "Nova Newcomer"))).await.unwrap();
    assert!(late.is_err(), "the browser finds nobody at the port");
    account.sign_in_browser(harbour(), browser_of("Nova Newcomer")).await.unwrap();
    account.cancel();
    wait_for(&account, "the end of the step", |state| matches!(state, Auth::SignedOut { .. })).await;
    desk.sign_in(&account).await.expect("and another way in is free");
}
