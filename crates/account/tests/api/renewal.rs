//! Tokens grow old, replies get lost, clocks are wrong. Nobody is signed out by that.

use std::time::Duration;

use likeness_account::{Auth, EndReason};
use likeness_remote::RemoteError;

use crate::desk::Desk;

const NEARLY_OLD: Duration = Duration::from_mins(9);
const OLD: Duration = Duration::from_mins(11);

#[tokio::test]
async fn twenty_callers_share_one_renewal() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let before = account.authorised().await.unwrap().access_token;
    desk.pass(OLD);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.authorised().await })
        })
        .collect();
    let mut tokens = Vec::new();
    for call in calls {
        tokens.push(call.await.unwrap().unwrap().access_token);
    }
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != before));
    assert_eq!(desk.keyring.saves(), 2, "one for the sign-in, one for the renewal");
}

#[tokio::test]
async fn twenty_refused_calls_share_one_renewal() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    account.api().me().await.unwrap();
    // Our clock is behind: the token looks young here and is old there.
    desk.server_clock.pass(OLD);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let api = account.api();
            tokio::spawn(async move { api.me().await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(desk.keyring.saves(), 2, "one for the sign-in, one for the renewal");
}

#[tokio::test]
async fn a_token_at_four_fifths_is_renewed_before_use() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let before = account.authorised().await.unwrap().access_token;
    desk.pass(NEARLY_OLD);
    assert_ne!(account.authorised().await.unwrap().access_token, before);
}

#[tokio::test]
async fn a_lost_renewal_is_asked_for_again() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let first = desk.keyring.item().unwrap().refresh_token;
    desk.pass(OLD);
    desk.line.lose_reply_to("POST /oauth/token");
    account.authorised().await.unwrap();
    assert_eq!(desk.line.lost_replies(), 1, "the reply was lost");
    assert_ne!(desk.keyring.item().unwrap().refresh_token, first, "the successor was kept");
    desk.pass(OLD);
    account.api().me().await.expect("the family lives: no token was used twice");
}

#[tokio::test]
async fn offline_is_not_a_sign_out() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let token = account.authorised().await.unwrap().access_token;
    desk.line.go_down();
    desk.pass(NEARLY_OLD);
    assert_eq!(account.authorised().await.unwrap().access_token, token, "the old token still works");
    desk.pass(Duration::from_mins(3));
    assert_eq!(account.authorised().await.unwrap_err(), RemoteError::NetworkConnect);
    assert!(matches!(account.snapshot(), Auth::SignedIn { .. }));
    desk.line.come_up();
    account.api().me().await.expect("and it goes on by itself");
}

#[tokio::test]
async fn a_start_without_a_connection_is_signed_in_all_the_same() {
    let desk = Desk::new().await;
    drop(desk.signed_in().await);
    desk.line.go_down();
    let account = desk.account();
    let state = account.restore().await;
    assert!(matches!(&state, Auth::SignedIn { account, .. } if account.email.is_none()), "{state:?}");
    desk.line.come_up();
    account.api().me().await.unwrap();
}

#[tokio::test]
async fn what_the_server_ended_is_ended_here() {
    let desk = Desk::new().await;
    let account = desk.signed_in().await;
    let token = desk.keyring.item().unwrap().refresh_token;
    desk.api().revoke(token).await.unwrap();
    assert_eq!(account.api().me().await.unwrap_err(), RemoteError::SignedOut);
    assert_eq!(account.snapshot(), Auth::SignedOut { why: Some(EndReason::SessionEnded), keyring: None });
    // The keyring forgets on its own thread, a moment after the state is known.
    let forgotten = async {
        while desk.keyring.item().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), forgotten).await.expect("the keyring forgets");
    let restarted = desk.account();
    assert_eq!(restarted.restore().await, Auth::SignedOut { why: None, keyring: None }, "the dead sign-in was removed");
}

#[tokio::test]
async fn a_clock_that_is_a_day_wrong_does_no_harm() {
    let desk = Desk::new().await;
    desk.own_clock.pass(Duration::from_hours(24));
    let account = desk.signed_in().await;
    account.api().me().await.unwrap();
}
