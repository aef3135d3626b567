//! Social accounts, and the app's own scheme: signing in, proving an account, connecting one, all through the browser, against the practice
//! provider that plays Google, Apple and Facebook.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use likeness_account::{Account, AccountError, Auth, OpenUrl, OrganisationWish, StepAnswer};
use likeness_protocol::account::IdentityKind;
use likeness_protocol::oauth::Next;
use likeness_protocol::text::Secret;
use secrecy::SecretString;

use crate::browser::{browser_of, signed_in, step};
use crate::desk::{Desk, LIMIT, wait_for};
use crate::practised_browser::browse_to_the_last_page;

const KIM: &str = "kim@mail.example";

fn nobody() -> Arc<dyn OpenUrl> {
    Arc::new(|_: &str| false)
}

fn password_of(desk: &Desk, email: &str) -> String {
    let seeded = desk.server.accounts.iter().find(|account| account.email == email).unwrap();
    seeded.password.expose().to_owned()
}

async fn in_as(desk: &Desk, email: &str) -> Account {
    let account = desk.account();
    account.sign_in_password(email, SecretString::from(password_of(desk, email)), nobody()).await.unwrap();
    account
}

async fn connected(account: &Account) -> Vec<IdentityKind> {
    account.api().identities().await.unwrap().iter().map(|identity| identity.kind).collect()
}

/// The digits of the newest mail of the account to this address that holds a line of them; a mail is written a moment after it is asked for.
async fn code_mailed_to(account: &Account, address: &str) -> Secret {
    let is_code = |line: &&str| line.len() == 7 && line.chars().filter(char::is_ascii_digit).count() == 6;
    for _ in 0..600 {
        let mails = account.api().practice_mails().await.unwrap().mails;
        let mut to = mails.iter().filter(|mail| mail.to == address);
        if let Some(code) = to.find_map(|mail| mail.body.lines().find(is_code)) {
            return Secret::new(code);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no code for {address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_social_account_signs_in_and_an_unknown_one_has_to_prove_an_account() {
    let desk = Desk::new().await;
    let account = desk.account();
    assert_eq!(account.api().api().metadata().await.unwrap().likeness_social, ["google", "apple", "facebook"]);
    account.sign_in_social("google", browser_of("Kim Keel")).await.unwrap();
    let kim = signed_in(&account);
    account.sign_out().await.unwrap();

    let error = account.sign_in_social("google", browser_of("")).await.unwrap_err();
    assert_eq!(error, AccountError::CancelledInBrowser);
    assert!(matches!(account.snapshot(), Auth::SignedOut { .. }));

    account.sign_in_social("facebook", browser_of("Sam Sailor")).await.unwrap();
    let Next::ChooseAccount { org, can_create: false, can_link: true, link_needs_invitation: false, .. } =
        step(&account)
    else {
        panic!("{:?}", step(&account))
    };
    assert_eq!(org, "Facebook");
    account.answer_step(StepAnswer::ChooseExisting).await.unwrap();
    let password = Secret::new(password_of(&desk, "sam@mail.example"));
    let proof = StepAnswer::Link { email: "sam@mail.example".to_owned(), password };
    account.answer_step(proof).await.unwrap();
    let Next::ConfirmLink { org_will_see, .. } = step(&account) else { panic!("{:?}", step(&account)) };
    assert!(org_will_see.is_empty(), "Facebook is told nothing");
    account.answer_step(StepAnswer::Confirm).await.unwrap();
    let first = signed_in(&account);
    assert_ne!(first, kim);
    account.sign_out().await.unwrap();
    account.sign_in_social("facebook", browser_of("Sam Sailor")).await.unwrap();
    assert_eq!(signed_in(&account), first, "and the next time straight in");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_proven_through_its_social_account_and_whoever_changes_their_mind_is_asked_again() {
    let desk = Desk::new().await;
    let kim = in_as(&desk, KIM).await;
    let started = kim.api().ask_email_change("kim@harbour.example").await.unwrap();
    kim.api().confirm_email_change(&started.id, code_mailed_to(&kim, "kim@harbour.example").await).await.unwrap();
    let known = signed_in(&kim);
    kim.sign_out().await.unwrap();

    let account = desk.account();
    let harbour = OrganisationWish { input: "harbour.example".to_owned(), invitation: None };
    account.sign_in_browser(harbour, browser_of("Kim Keel")).await.unwrap();
    assert_eq!(account.prove_via("google", nobody()).await.unwrap_err().code(), "invalid-request", "another step");
    account.answer_step(StepAnswer::ChooseNew).await.unwrap();
    let asked = Next::LinkExisting { already_uses_this_email: true, providers: vec!["google".to_owned()] };
    assert_eq!(step(&account), asked, "the address is that of an account already");

    let error = account.prove_via("google", browser_of("")).await.unwrap_err();
    assert_eq!((error, step(&account)), (AccountError::CancelledInBrowser, asked.clone()), "cancelled leads back");
    let error = account.prove_via("google", browser_of("Sam Sailor")).await.unwrap_err();
    assert_eq!((error.code(), step(&account)), ("invalid-credentials", asked.clone()), "so does another's account");
    let waiting = tokio::spawn({
        let account = account.clone();
        async move { account.prove_via("google", nobody()).await }
    });
    let out = wait_for(&account, "the browser", |auth| matches!(auth, Auth::AwaitingBrowser(_))).await;
    assert!(matches!(&out, Auth::AwaitingBrowser(wait) if wait.org == "Google" && !wait.opened), "{out:?}");
    account.cancel();
    let cancelled = tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap();
    assert_eq!((cancelled, step(&account)), (Err(AccountError::Cancelled), asked), "so does calling it back");

    account.prove_via("google", browser_of("Kim Keel")).await.unwrap();
    let blocked = Next::BlockedBySocial { providers: vec!["google".to_owned()], has_password: true };
    assert_eq!(step(&account), blocked);
    account.answer_step(StepAnswer::Delink { provider: "google".to_owned() }).await.unwrap();
    account.answer_step(StepAnswer::Confirm).await.unwrap();
    assert_eq!(signed_in(&account), known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_social_account_is_connected_while_the_sign_in_goes_on() {
    let desk = Desk::new().await;
    let account = in_as(&desk, "sam@mail.example").await;
    let sam = signed_in(&account);
    let before = account.api().sessions().await.unwrap();
    assert_eq!(connected(&account).await, []);

    let error = account.connect_social("google", browser_of("Kim Keel")).await.unwrap_err();
    assert_eq!(error.code(), "identity-conflict", "it opens another account already");
    let error = account.connect_social("google", browser_of("")).await.unwrap_err();
    assert_eq!((error, signed_in(&account)), (AccountError::CancelledInBrowser, sam.clone()));

    let waiting = tokio::spawn({
        let account = account.clone();
        async move { account.connect_social("google", nobody()).await }
    });
    let is_out = |auth: &Auth| matches!(auth, Auth::SignedIn { browser: Some(_), .. });
    wait_for(&account, "the browser", is_out).await;
    desk.pass(Duration::from_mins(9));
    assert_eq!(connected(&account).await, [], "tokens are renewed while the browser is out");
    assert_eq!(account.connect_social("apple", nobody()).await, Err(AccountError::Busy), "one at a time");
    account.cancel();
    assert_eq!(tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap(), Err(AccountError::Cancelled));
    assert!(matches!(account.snapshot(), Auth::SignedIn { browser: None, .. }), "{:?}", account.snapshot());

    account.connect_social("google", browser_of("Sam Sailor")).await.unwrap();
    assert_eq!(signed_in(&account), sam);
    assert_eq!(connected(&account).await, [IdentityKind::Google]);
    let after = account.api().sessions().await.unwrap();
    assert_eq!(after.len(), before.len(), "the new tokens took the place of the old ones");
    assert_eq!(after[0].device_label, before[0].device_label, "and are listed under the same name");
    assert!(matches!(desk.account().restore().await, Auth::SignedIn { .. }), "the keyring holds them");

    desk.pass(Duration::from_mins(11));
    let late = account.connect_social("apple", nobody()).await.unwrap_err();
    assert_eq!(late.code(), "step-up-required");
    let sam = SecretString::from(password_of(&desk, "sam@mail.example"));
    account.confirm_password(sam).await.unwrap();
    let waiting = tokio::spawn({
        let account = account.clone();
        async move { account.connect_social("apple", nobody()).await }
    });
    wait_for(&account, "the browser", is_out).await;
    account.sign_out().await.unwrap();
    let ended = tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap();
    assert_eq!(ended, Err(AccountError::Cancelled), "signing out ends what was begun in the browser");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_own_scheme_is_a_second_way_back_and_checked_as_the_first() {
    let desk = Desk::new().await;
    let account = desk.account();
    account.came_back(Secret::new("code=c&state=s&iss=i"));
    let opened = Arc::new(Mutex::new(None));
    let running = tokio::spawn({
        let (account, opened) = (account.clone(), Arc::clone(&opened));
        let open: Arc<dyn OpenUrl> =
            Arc::new(move |link: &str| opened.lock().unwrap().replace(link.to_owned()).is_none());
        async move { account.sign_in_social("google", open).await }
    });
    wait_for(&account, "the browser", |auth| matches!(auth, Auth::AwaitingBrowser(_))).await;
    let link = opened.lock().unwrap().clone().unwrap();
    let page = browse_to_the_last_page(link, "Kim Keel").await;
    let (_, by_scheme) = page.body.split_once("href=\"app.likeness:/callback?").expect("a second way back");
    let query = by_scheme.split('"').next().unwrap().replace("&amp;", "&");
    let changed = |from: &str, to: &str| {
        assert!(query.contains(from), "{query}");
        query.replacen(from, to, 1)
    };
    #[rustfmt::skip]
    let refused = [
        (changed("state=", "state=x"),                            "another state"),
        (changed("&state=", "&sta="),                             "no state"),
        (changed("&iss=", "&iss=https%3A%2F%2Fevil.example&x="),  "another server"),
        (format!("{query}&code=other"),                           "a second code"),
        (changed("code=", "other="),                              "nothing to trade"),
        (format!("{query}&error=access_denied"),                  "yes and no at once"),
    ];
    for (wrong, because) in refused {
        account.came_back(Secret::new(wrong));
        tokio::task::yield_now().await;
        assert!(!running.is_finished(), "{because}");
    }
    assert!(matches!(account.snapshot(), Auth::AwaitingBrowser(_)), "the wait goes on");
    account.came_back(Secret::new(&query));
    account.came_back(Secret::new(&query));
    tokio::time::timeout(LIMIT, running).await.unwrap().unwrap().unwrap();
    signed_in(&account);
    account.came_back(Secret::new(&query));
    assert!(account.api().me().await.is_ok(), "what comes late changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_says_who_invites_whom() {
    let desk = Desk::new().await;
    let api = desk.account().api().api().clone();
    let seeded = desk.server.invitations.iter().find(|invitation| invitation.email == "sam@harbour.example").unwrap();
    let token = Secret::new(seeded.link.strip_prefix("app.likeness:/invite?t=").unwrap());
    for secret in [token, seeded.code.clone()] {
        let invitation = api.read_invitation(&secret).await.unwrap();
        assert_eq!(invitation.org.name, "Harbour University");
        assert_eq!(invitation.domain.as_deref(), Some("harbour.example"));
        assert_eq!(invitation.email_masked, "s•••••@harbour.example");
    }
    let unknown = api.read_invitation(&Secret::new("A".repeat(43))).await.unwrap_err();
    assert_eq!(unknown.code(), "not-found");
}
