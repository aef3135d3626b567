//! What runs beside the owner: requests to the server. Each ends with news, under the number it was started with.

use std::time::Duration;

use likeness_account::{Account, AccountError, Auth};
use likeness_protocol::verification::{IdLayout, Policy, Status};
use likeness_remote::RemoteError;
use likeness_submission::{Package, Sending, SessionWish, StatusWatch};
use secrecy::SecretString;

use crate::actor::{Mailbox, Message, Owner};
use crate::joining::Joining;
use crate::news::News;
use crate::state::{self, Place};
use crate::view::{Photo, Progress, SendPhase, Trouble};

/// Pause after a status request that found no server.
const OFFLINE_PAUSE: Duration = Duration::from_secs(5);

/// Pause between looks at whether anybody is signed in and waiting for a decision.
const IDLE_PAUSE: Duration = Duration::from_secs(1);

/// How often a kiosk looks at the time.
const TICK: Duration = Duration::from_millis(500);

/// The language texts are agreed to in; further ones come with their translations.
const LOCALE: &str = "en";

impl Owner {
    /// What the start asks for: the policy, the saved sign-in, and from then on every change of the sign-in and of the profile.
    pub fn begin(&mut self) {
        let Some(account) = self.account.clone() else { return };
        read_policy(self);
        follow_sign_in(&account, self.mailbox.clone());
        follow_status(account.clone(), self.mailbox.clone());
        if self.kiosk.is_some() {
            watch_time(self.mailbox.clone());
        }
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            account.restore().await;
            tell(&mailbox, News::Restored);
        });
    }
}

fn tell(mailbox: &Mailbox, news: News) {
    // Without an owner the app is ending, and nobody needs the news.
    let _ = mailbox.send(Message::News(news));
}

/// The account that a question is asked for: its answer is nobody else's business.
fn signed_in_as(account: &Account) -> Option<String> {
    match account.snapshot() {
        Auth::SignedIn { account, .. } => Some(account.id),
        _ => None,
    }
}

/// Lets a kiosk look at the time.
fn watch_time(mailbox: Mailbox) {
    tokio::spawn(async move {
        while !mailbox.is_closed() {
            tokio::time::sleep(TICK).await;
            tell(&mailbox, News::Tick);
        }
    });
}

/// Signs a kiosk's guest out, whatever the account is doing: nobody else comes in before it is done.
pub fn end_guest(owner: &Owner) {
    let Some(account) = owner.account.clone() else { return };
    tokio::spawn(async move {
        while let Err(error) = account.sign_out().await {
            tracing::warn!(code = error.code(), asked = "guest-sign-out");
            if error != AccountError::Busy || signed_in_as(&account).is_none() {
                return;
            }
            tokio::time::sleep(TICK).await;
        }
    });
}

fn follow_sign_in(account: &Account, mailbox: Mailbox) {
    let mut changes = account.subscribe();
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let auth = changes.borrow_and_update().clone();
            tell(&mailbox, News::Auth(auth));
            if mailbox.is_closed() {
                return;
            }
        }
    });
}

/// Waits for the decision as long as somebody is signed in: the server holds the request until something changes.
fn follow_status(account: Account, mailbox: Mailbox) {
    tokio::spawn(async move {
        let mut watch: Option<(String, StatusWatch)> = None;
        while !mailbox.is_closed() {
            let Some(of) = signed_in_as(&account) else {
                watch = None;
                tokio::time::sleep(IDLE_PAUSE).await;
                continue;
            };
            if watch.as_ref().is_some_and(|(known, _)| *known != of) {
                watch = None;
            }
            let (_, asking) = watch.get_or_insert_with(|| (of.clone(), StatusWatch::new(account.api())));
            match asking.next().await {
                Ok(Some(profile)) => tell(&mailbox, News::Status { of, result: Ok(profile) }),
                Ok(None) => {}
                Err(error) => {
                    // Asked from the beginning next time: a server that is back says so at once, changed or not.
                    watch = None;
                    tell(&mailbox, News::Status { of, result: Err(error) });
                    tokio::time::sleep(OFFLINE_PAUSE).await;
                }
            }
        }
    });
}

/// Reads what the server says of itself; tried again until it answers, for nothing works without it.
pub fn read_policy(owner: &Owner) {
    let Some(api) = owner.api.clone() else { return };
    let mailbox = owner.mailbox.clone();
    tokio::spawn(async move {
        while !mailbox.is_closed() {
            let result: Result<Policy, RemoteError> = api.policy().await;
            let done = result.is_ok();
            tell(&mailbox, News::Policy(result));
            if done {
                // Whoever gets no answer to this signs in with a password or an organisation.
                if let Ok(metadata) = api.metadata().await {
                    tell(&mailbox, News::Social(metadata.likeness_social));
                }
                return;
            }
            tokio::time::sleep(OFFLINE_PAUSE).await;
        }
    });
}

/// Reads the profile's status once, now.
pub fn read_status(owner: &mut Owner) {
    let Some(account) = owner.account.clone() else { return };
    // Signed out in the meantime: the news of it is on its way, and there is nobody to ask for.
    let Some(of) = signed_in_as(&account) else { return };
    owner.state.busy = owner.state.profile.is_none();
    let mailbox = owner.mailbox.clone();
    tokio::spawn(async move {
        let result = account.api().status().await.map(|read| read.status);
        tell(&mailbox, News::Status { of, result });
    });
}

/// Asks for the status after a sleep: an answer renews the token, and a sign-in that has ended says so.
pub fn ask_after_sleep(owner: &Owner) {
    let Some(account) = owner.account.clone() else { return };
    let Some(of) = signed_in_as(&account) else { return };
    let mailbox = owner.mailbox.clone();
    tokio::spawn(async move {
        let result = account.api().status().await.map(|read| read.status);
        tell(&mailbox, News::Status { of, result });
    });
}

/// Signs in. The address stays in its field whatever happens.
pub fn sign_in(owner: &mut Owner, password: SecretString) {
    let Some(account) = owner.account.clone() else { return };
    owner.state.busy = true;
    owner.state.trouble = None;
    owner.state.joining = Joining::default();
    let attempt = owner.next_attempt();
    let (mailbox, email, open) = (owner.mailbox.clone(), owner.state.email.clone(), owner.opener());
    tokio::spawn(async move {
        let result = account.sign_in_password(&email, password, open).await;
        tell(&mailbox, News::SignedIn { attempt, result });
    });
}

/// Signs out here and, if it can be reached, at the server.
pub fn sign_out(owner: &mut Owner) {
    let Some(account) = owner.account.clone() else { return };
    owner.next_attempt();
    owner.state.busy = false;
    owner.state.trouble = None;
    tokio::spawn(async move {
        if let Err(error) = account.sign_out().await {
            tracing::warn!(code = error.code(), asked = "sign-out");
        }
    });
}

/// Asks the keyring once more.
pub fn retry_keyring(owner: &Owner) {
    let Some(account) = owner.account.clone() else { return };
    tokio::spawn(async move {
        account.try_keyring_again().await;
    });
}

/// Records the consent to exactly the text that is shown.
pub fn give_consent(owner: &mut Owner) {
    let Some(account) = owner.account.clone() else { return };
    let Some(policy) = owner.state.policy.clone() else {
        // Nobody can agree to a text that has not come yet; it is still being asked for.
        owner.state.trouble = Some(Trouble::plain(RemoteError::NetworkConnect.code()));
        return;
    };
    owner.state.busy = true;
    owner.state.trouble = None;
    let attempt = owner.next_attempt();
    let mailbox = owner.mailbox.clone();
    tokio::spawn(async move {
        let result = likeness_submission::give_consent(&account.api(), &policy, LOCALE).await;
        tell(&mailbox, News::Consent { attempt, result });
    });
}

/// Opens the capture session; only then may the camera be opened.
pub fn open_session(owner: &mut Owner) {
    let Some(account) = owner.account.clone() else { return };
    owner.state.busy = true;
    owner.state.trouble = None;
    let attempt = owner.next_attempt();
    let mailbox = owner.mailbox.clone();
    let draft = &owner.state.draft;
    let wish = SessionWish {
        id_layout: if draft.two_sides == Some(true) { IdLayout::TwoSides } else { IdLayout::OneSide },
        continues: draft.continues.clone(),
        correct_name_only: draft.correct_name_only,
        app_version: owner.app_version.clone(),
    };
    tokio::spawn(async move {
        let result = likeness_submission::open_session(&account.api(), wish).await;
        tell(&mailbox, News::Session { attempt, result });
    });
}

/// Sends the profile that was just checked.
pub fn submit(owner: &mut Owner) {
    let Some(account) = owner.account.clone() else { return };
    let draft = &owner.state.draft;
    let (Some(session), Some(consent)) = (draft.session.clone(), draft.consent.clone()) else {
        owner.state.place = owner.state.next_step();
        return;
    };
    if owner.state.next_step() != Place::CheckAnswers {
        owner.state.place = owner.state.next_step();
        return;
    }
    if owner.state.profile.as_ref().is_some_and(|profile| profile.status == Status::Approved) {
        owner.state.trouble = Some(Trouble::plain("already-approved"));
        return;
    }
    let photos: Vec<_> = [Photo::Face, Photo::Id]
        .into_iter()
        .filter_map(|photo| draft.shot(photo))
        .map(|shot| shot.photo.clone())
        .collect();
    let progress =
        |photo| draft.shot(photo).map(|shot| Progress { sent_bytes: 0, total_bytes: shot.photo.jpeg().len() as u64 });
    owner.state.sending =
        Some(state::Sending { face: progress(Photo::Face), id: progress(Photo::Id), phase: SendPhase::Uploading });
    let package = Package { full_name: draft.name.clone(), consent, session, photos };
    owner.state.place = Place::Sending;
    owner.state.receipt = None;
    owner.state.trouble = None;
    let attempt = owner.next_attempt();
    let (for_news, for_end) = (owner.mailbox.clone(), owner.mailbox.clone());
    owner.sender = Some(Sending::start(
        account.api(),
        package,
        move |news| tell(&for_news, News::Sending { attempt, news }),
        move |result| tell(&for_end, News::Sent { attempt, result }),
    ));
}

/// Reads the practice mailbox.
pub fn read_mails(owner: &Owner) {
    let Some(account) = owner.account.clone() else { return };
    let mailbox = owner.mailbox.clone();
    if signed_in_as(&account).is_none() {
        let Some(desk) = &owner.desk else { return };
        let mails = (desk.mailbox)(owner.state.email.clone());
        tokio::spawn(async move {
            let mails = mails.await.ok_or(RemoteError::ServerTrouble { status: 500, retry_after: None });
            tell(&mailbox, News::Mails(mails));
        });
        return;
    }
    tokio::spawn(async move {
        tell(&mailbox, News::Mails(account.api().practice_mails().await));
    });
}
