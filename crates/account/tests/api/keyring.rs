//! The keyring says no, or nothing. The sign-in goes on in memory, and why is seen.

use likeness_account::vault::VaultFault;
use likeness_account::{Auth, EndReason, Kept, MemoryReason};

use crate::desk::{Desk, wait_for};

#[tokio::test]
async fn each_refusal_leads_to_memory_and_names_itself() {
    let desk = Desk::new().await;
    #[rustfmt::skip]
    let table = [
        (VaultFault::NoKeyring,    MemoryReason::Absent,  false, "no service"),
        (VaultFault::NoCollection, MemoryReason::Absent,  false, "a fresh user"),
        (VaultFault::Locked,       MemoryReason::Locked,  true,  "unlocking helps"),
        (VaultFault::TooLarge,     MemoryReason::Refused, false, "a keyring with small drawers"),
        (VaultFault::Failed,       MemoryReason::Refused, false, "a broken keyring"),
    ];
    for (fault, reason, may_unlock, because) in table {
        desk.keyring.refuse(Some(fault));
        let account = desk.signed_in().await;
        let Auth::SignedIn { store, .. } = account.snapshot() else { panic!("{because}") };
        assert_eq!(store, Kept::MemoryOnly(reason), "{because}");
        assert_eq!(reason.may_unlock(), may_unlock, "{because}");
        account.api().me().await.expect(because);
    }
    desk.keyring.refuse(None);
    assert!(desk.keyring.is_empty());
}

#[tokio::test]
async fn unlock_and_try_again_keeps_the_running_sign_in() {
    let desk = Desk::new().await;
    desk.keyring.refuse(Some(VaultFault::Locked));
    let account = desk.signed_in().await;
    desk.keyring.refuse(None);
    let state = account.try_keyring_again().await;
    assert!(matches!(state, Auth::SignedIn { store: Kept::Keyring, .. }), "{state:?}");
    assert!(desk.keyring.item().is_some());
}

#[tokio::test]
async fn unlock_and_try_again_finds_the_saved_sign_in() {
    let desk = Desk::new().await;
    drop(desk.signed_in().await);
    desk.keyring.refuse(Some(VaultFault::Locked));
    let account = desk.account();
    assert_eq!(account.restore().await, Auth::SignedOut { why: None, keyring: Some(MemoryReason::Locked) });
    desk.keyring.refuse(None);
    assert!(matches!(account.try_keyring_again().await, Auth::SignedIn { .. }));
}

#[tokio::test]
async fn a_dialog_can_be_skipped_and_still_counts_when_it_is_answered() {
    let desk = Desk::new().await;
    let account = desk.account();
    desk.keyring.open_dialog(true);
    let (result, ()) = tokio::join!(desk.sign_in(&account), async {
        wait_for(&account, "the wait for the keyring", |state| *state == Auth::WaitingForKeyring).await;
        account.skip_keyring();
    });
    result.unwrap();
    assert!(matches!(account.snapshot(), Auth::SignedIn { store: Kept::MemoryOnly(MemoryReason::Slow), .. }));
    account.api().me().await.unwrap();
    desk.keyring.open_dialog(false);
    wait_for(&account, "the late yes", |state| matches!(state, Auth::SignedIn { store: Kept::Keyring, .. })).await;
}

#[tokio::test]
async fn a_dialog_at_the_start_can_be_skipped() {
    let desk = Desk::new().await;
    drop(desk.signed_in().await);
    desk.keyring.open_dialog(true);
    let account = desk.account();
    let (state, ()) = tokio::join!(account.restore(), async {
        wait_for(&account, "the wait for the keyring", |state| *state == Auth::WaitingForKeyring).await;
        account.skip_keyring();
    });
    assert_eq!(state, Auth::SignedOut { why: Some(EndReason::KeyringSkipped), keyring: Some(MemoryReason::Slow) });
    desk.keyring.open_dialog(false);
}

#[tokio::test]
async fn a_damaged_item_is_removed() {
    let desk = Desk::new().await;
    desk.keyring.put(b"somebody else's password");
    let account = desk.account();
    assert_eq!(account.restore().await, Auth::SignedOut { why: Some(EndReason::SavedSignInUnreadable), keyring: None });
    // The removal runs on the vault's thread, after which the next question finds nothing.
    assert_eq!(account.restore().await, Auth::SignedOut { why: None, keyring: None });
    assert!(desk.keyring.is_empty());
}
