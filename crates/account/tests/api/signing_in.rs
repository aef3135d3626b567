//! In, out, and back in after a restart.

use std::sync::Arc;
use std::time::Duration;

use likeness_account::{Auth, EndReason, Kept};
use likeness_remote::RemoteError;
use secrecy::SecretString;

use crate::desk::{Desk, wait_for};

#[tokio::test]
async fn the_right_password_signs_in_and_the_keyring_has_it() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let Auth::SignedIn { account: learner, store, .. } = account.snapshot() else { panic!("{:?}", account.snapshot()) };
    assert_eq!((learner.email_masked().as_deref(), store), (Some("l•••••@likeness.example"), Kept::Keyring));
    let me = account.api().me().await.unwrap();
    assert_eq!(me.id, learner.id);
    let item = desk.keyring.item().expect("the sign-in was saved");
    assert_eq!(item.subject, learner.id);
    assert!(item.refresh_token.expose().starts_with("lk_rt_"));
}

#[tokio::test]
async fn a_wrong_password_says_no_more_than_that() {
    let desk = Desk::new().await;
    let account = desk.account();
    for email in ["learner@likeness.example", "nobody@likeness.example"] {
        let error = account
            .sign_in_password(email, SecretString::from("not the password"), Arc::new(|_: &str| false))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "invalid-credentials", "{email}");
        assert_eq!(account.snapshot(), Auth::SignedOut { why: None, keyring: None });
    }
    assert!(desk.keyring.is_empty());
    desk.sign_in(&account).await.expect("a wrong try does not stand in the way of a right one");
}

#[tokio::test]
async fn a_restart_finds_the_sign_in_again() {
    let desk = Desk::new().await;
    drop(desk.signed_in().await);
    desk.pass(Duration::from_hours(24));

    let account = desk.account();
    let state = account.restore().await;
    assert!(matches!(state, Auth::SignedIn { store: Kept::Keyring, .. }), "{state:?}");
    wait_for(
        &account,
        "the address",
        |state| matches!(state, Auth::SignedIn { account, .. } if account.email.is_some()),
    )
    .await;
    account.api().me().await.unwrap();
}

#[tokio::test]
async fn an_empty_keyring_is_no_failure() {
    let desk = Desk::new().await;
    let account = desk.account();
    assert_eq!(account.restore().await, Auth::SignedOut { why: None, keyring: None });
}

#[tokio::test]
async fn signing_out_forgets_here_and_there() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let token = desk.keyring.item().unwrap();
    account.sign_out().await.unwrap();
    assert_eq!(account.snapshot(), Auth::SignedOut { why: Some(EndReason::SignedOutHere), keyring: None });
    assert!(desk.keyring.is_empty());
    assert_eq!(account.authorised().await.unwrap_err(), RemoteError::SignedOut);

    let key = likeness_protocol::jws::PrivateKey::from_bytes(token.dpop_key.as_slice()).unwrap();
    let error = desk.api().refresh(&key, token.refresh_token).await.unwrap_err();
    assert_eq!(error.code(), "invalid-grant", "the server has ended it too");
    desk.sign_in(&account).await.expect("and one can sign in again");
}

#[tokio::test]
async fn signing_out_needs_no_connection() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    desk.line.go_down();
    account.sign_out().await.unwrap();
    assert!(matches!(account.snapshot(), Auth::SignedOut { why: Some(EndReason::SignedOutHere), .. }));
    assert!(desk.keyring.is_empty());
}

#[tokio::test]
async fn without_a_server_the_sign_in_says_so_and_may_be_repeated() {
    let desk = Desk::new().await;
    let account = desk.account();
    desk.line.go_down();
    assert_eq!(desk.sign_in(&account).await.unwrap_err().code(), "network-connect");
    assert_eq!(account.snapshot(), Auth::SignedOut { why: None, keyring: None });
    desk.line.come_up();
    for request in ["GET /.well-known", "POST /oauth/challenge", "POST /oauth/token"] {
        desk.line.lose_reply_to(request);
        let error = desk.sign_in(&account).await.expect_err(request);
        assert_eq!(error.code(), "network-connect", "{request}");
        assert!(desk.keyring.is_empty(), "nothing half is kept: {request}");
    }
    desk.sign_in(&account).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_sign_in_stays_cancelled() {
    let desk = Desk::new().await;
    let account = desk.account();
    desk.line.delay(Duration::from_millis(300));
    let (result, ()) = tokio::join!(desk.sign_in(&account), async {
        wait_for(&account, "the exchange", |state| *state == Auth::Exchanging).await;
        account.cancel();
    });
    assert_eq!(result.unwrap_err().code(), "sign-in-cancelled");
    desk.line.delay(Duration::ZERO);
    // A second attempt overtakes the first one's late answer, which must not take its place.
    desk.sign_in(&account).await.unwrap();
    account.api().me().await.unwrap();
}

#[tokio::test]
async fn two_at_once_are_one_too_many() {
    let desk = Desk::new().await;
    let account = desk.account();
    let (first, second) = tokio::join!(desk.sign_in(&account), desk.sign_in(&account));
    first.unwrap();
    assert_eq!(second.unwrap_err().code(), "sign-in-busy");
    assert_eq!(desk.sign_in(&account).await.unwrap_err().code(), "already-signed-in");
}
