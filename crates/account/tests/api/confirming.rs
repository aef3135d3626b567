//! Proving anew who is signed in, and what people do with their own account.

use std::sync::Arc;
use std::time::Duration;

use likeness_account::{AccountError, Auth};
use likeness_protocol::problem::Code;
use likeness_protocol::text::Secret;
use likeness_remote::RemoteError;
use secrecy::SecretString;

use crate::browser::{browser_of, signed_in};
use crate::desk::Desk;

const NEW: &str = "seven green bicycles";

fn password(desk: &Desk) -> SecretString {
    SecretString::from(desk.server.accounts[0].password.expose())
}

/// Whoever has looked at the sessions until there are `count`, for what is outdated is revoked beside.
async fn sessions_become(account: &likeness_account::Account, count: usize) {
    let one = async {
        while account.api().sessions().await.unwrap().len() != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::desk::LIMIT, one).await.expect("the outdated sign-in is ended");
}

#[tokio::test]
async fn the_right_password_makes_an_old_sign_in_fresh_and_leaves_one_sign_in() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    desk.pass(Duration::from_mins(11));
    let key = account.authorised().await.unwrap().key.public();
    let refused = account.api().change_password(Secret::new(NEW)).await.unwrap_err();
    assert!(refused.is(Code::StepUpRequired), "{refused:?}");

    let wrong = account.confirm_password(SecretString::from("not this one")).await.unwrap_err();
    assert!(matches!(&wrong, AccountError::Remote(error) if error.is(Code::InvalidCredentials)), "{wrong:?}");
    assert!(matches!(account.snapshot(), Auth::SignedIn { .. }), "a wrong password ends nothing");
    account.api().me().await.expect("and the old tokens go on");

    account.confirm_password(password(&desk)).await.unwrap();
    assert_eq!(account.authorised().await.unwrap().key.public(), key, "an open capture session is bound to it");
    sessions_become(&account, 1).await;
    account.api().change_password(Secret::new(NEW)).await.expect("now it may be changed");

    drop(account);
    let restarted = desk.account();
    assert!(matches!(restarted.restore().await, Auth::SignedIn { .. }), "the keyring holds the newer sign-in");
    restarted.api().me().await.unwrap();
    restarted.sign_out().await.unwrap();
    let email = desk.server.accounts[0].email.clone();
    restarted
        .sign_in_password(&email, SecretString::from(NEW), Arc::new(|_: &str| false))
        .await
        .expect("with the new password");
}

#[tokio::test]
async fn twenty_calls_beside_a_confirmation_all_succeed() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    desk.pass(Duration::from_mins(11));
    let calls: Vec<_> = {
        let confirming = account.clone();
        let secret = password(&desk);
        let confirmed = tokio::spawn(async move { confirming.confirm_password(secret).await });
        tokio::task::yield_now().await;
        let calls = (0..20).map(|_| account.api()).map(|api| tokio::spawn(async move { api.me().await })).collect();
        // A renewal that was under way already is in its way; then the learner presses once more.
        assert!(matches!(confirmed.await.unwrap(), Ok(()) | Err(AccountError::Busy)));
        calls
    };
    for call in calls {
        call.await.unwrap().expect("no call is lost by it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_the_browser_makes_an_old_sign_in_fresh() {
    let desk = Desk::new().await;
    let account = desk.account();
    account.sign_in_social("google", browser_of("Kim Keel")).await.unwrap();
    let kim = signed_in(&account);
    desk.pass(Duration::from_mins(11));
    let key = account.authorised().await.unwrap().key.public();
    let refused = account.api().change_password(Secret::new(NEW)).await.unwrap_err();
    assert!(refused.is(Code::StepUpRequired), "{refused:?}");
    let google = account.api().identities().await.unwrap().remove(0);

    let prove = async |whom: &'static str| account.confirm_through(&google.id, &google.label, browser_of(whom)).await;
    assert_eq!(prove("Sam Sailor").await.unwrap_err().code(), "another-person");
    assert_eq!(prove("").await, Err(AccountError::CancelledInBrowser));
    let refused = account.api().change_password(Secret::new(NEW)).await.unwrap_err();
    assert!(refused.is(Code::StepUpRequired), "neither has made anything fresh: {refused:?}");
    let foreign = account.confirm_through("idn_foreign", "Google", browser_of("Kim Keel")).await.unwrap_err();
    assert_eq!(foreign.code(), "invalid-request", "none of their ways in");

    prove("Kim Keel").await.unwrap();
    assert_eq!((signed_in(&account), account.authorised().await.unwrap().key.public()), (kim, key));
    sessions_become(&account, 1).await;
    account.api().change_password(Secret::new(NEW)).await.expect("now it may be changed");
    let restarted = desk.account();
    assert!(matches!(restarted.restore().await, Auth::SignedIn { .. }), "the keyring holds the newer sign-in");
}

#[tokio::test]
async fn nobody_confirms_who_is_not_signed_in() {
    let desk = Desk::new().await;
    let account = desk.account();
    account.restore().await;
    let refused = account.confirm_password(password(&desk)).await.unwrap_err();
    assert_eq!(refused, AccountError::Remote(RemoteError::SignedOut));
}

#[tokio::test]
async fn another_address_is_proven_and_then_shown() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let change = account.api().ask_email_change("learner@private.example").await.unwrap();
    let code = async {
        loop {
            let mails = account.api().practice_mails().await.unwrap().mails;
            let mail = mails.iter().find(|mail| mail.to == "learner@private.example");
            let line = mail.and_then(|mail| mail.body.lines().find(|line| line.len() == 7).map(str::to_owned));
            match line {
                Some(code) => return code,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let code = tokio::time::timeout(crate::desk::LIMIT, code).await.expect("the mail with the code");
    account.api().confirm_email_change(&change.id, Secret::new(code)).await.unwrap();
    let mut states = account.subscribe();
    account.read_address();
    let masked = "l•••••@private.example";
    let shown = states.wait_for(
        |auth| matches!(auth, Auth::SignedIn { account, .. } if account.email_masked().as_deref() == Some(masked)),
    );
    tokio::time::timeout(crate::desk::LIMIT, shown).await.expect("in time").expect("the new address is shown");
    account.confirm_password(password(&desk)).await.expect("and it is the one that signs in");
}

#[tokio::test]
async fn whoever_leaves_is_signed_out_and_cannot_come_back() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let export = account.api().export().await.unwrap();
    assert_eq!(export.account.email, desk.server.accounts[0].email);
    account.api().delete_account().await.unwrap();
    assert_eq!(account.api().me().await.unwrap_err(), RemoteError::SignedOut);
    let gone =
        account.sign_in_password(&export.account.email, password(&desk), Arc::new(|_: &str| false)).await.unwrap_err();
    assert!(matches!(gone, AccountError::Remote(error) if error.is(Code::InvalidCredentials)));
}
