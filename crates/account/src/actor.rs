//! The one owner of the sign-in. It takes orders and events one after the other and never waits itself: whatever takes
//! time runs beside it and comes back as an event.
//!
//! Guarantees: one renewal at a time, however many ask; a new refresh token is kept before the access token beside it
//! is used; every attempt has a number, and a late answer of an older attempt changes nothing (a late yes of a
//! cancelled sign-in is revoked). Only the server's own refusal ends a sign-in; being offline never does.

use std::sync::Arc;
use std::time::Duration;

use likeness_protocol::jws::PrivateKey;
use likeness_protocol::oauth::TokenResponse;
use likeness_protocol::problem::Code;
use likeness_protocol::text::Secret;
use likeness_remote::{Api, Authorisation, Kiosk, RemoteError, StepAnswer};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use zeroize::Zeroizing;

use crate::error::AccountError;
use crate::flow::browser::{
    self, BROWSER_WITHIN, Back, Brought, Halfway, OpenUrl, Outing, Ready, Shown, Stepped, Through,
};
use crate::flow::device;
use crate::flow::password::{self, Granted};
use crate::state::{Auth, BrowserWait, EndReason, GuestWait, Kept, Learner, MemoryReason, Unproven};
use crate::tokens::{AccessToken, Freshness};
use crate::vault::{KEY_BYTES, Keeps, Pending, READ_WITHIN, SessionItem, Slot, Vault, VaultFault, WRITE_WITHIN};

type Done = oneshot::Sender<Result<(), AccountError>>;
type Answer = oneshot::Sender<Result<Authorisation, RemoteError>>;

/// What the handle asks for.
pub(crate) enum Order {
    Restore {
        done: Done,
    },
    SignIn {
        email: String,
        password: Secret,
        open: Arc<dyn OpenUrl>,
        done: Done,
    },
    SignInBrowser {
        through: Through,
        open: Arc<dyn OpenUrl>,
        done: Done,
    },
    SignInGuest {
        kiosk: Kiosk,
        done: Done,
    },
    ProveVia {
        provider: String,
        open: Arc<dyn OpenUrl>,
        done: Done,
    },
    GoOut {
        outing: Box<Outing>,
        open: Arc<dyn OpenUrl>,
        done: Done,
    },
    CameBack {
        query: Secret,
    },
    ReopenBrowser,
    AnswerStep {
        answer: StepAnswer,
        done: Done,
    },
    SignOut {
        done: Done,
    },
    Confirm {
        password: Secret,
        done: Done,
    },
    ReadAddress,
    Cancel,
    SkipKeyring,
    TryKeyringAgain {
        done: Done,
    },
    Authorise {
        refused: Option<Secret>,
        answer: Answer,
    },
    /// Something that ran beside the owner has come to an end.
    Happened {
        attempt: u64,
        event: Event,
    },
}

pub(crate) enum Event {
    /// The keyring has not answered for a while.
    KeyringIsSlow,
    /// The keyring's answer to the question for a saved sign-in.
    Loaded(Result<Option<Zeroizing<Vec<u8>>>, VaultFault>),
    /// The server's answer to a password.
    Granted { email: String, result: Result<Granted, RemoteError> },
    /// The server wants a browser in the place of a password.
    NotByPassword(Box<Ready>),
    /// The browser can be opened.
    BrowserReady { org: String, link: String },
    /// The guest's phone is awaited.
    GuestAwaited(GuestWait),
    /// The browser came back with something to trade.
    BroughtBack,
    /// The browser of this number, sent out by somebody who is signed in, came back.
    OutingOver { number: u64, brought: Result<Brought, AccountError> },
    /// What the browser or a step led to.
    Stepped(Result<Stepped, AccountError>),
    /// The server's answer to the password of somebody who is signed in.
    Confirmed(Result<TokenResponse, RemoteError>),
    /// The server's answer to a refresh token.
    Renewed(Result<TokenResponse, RemoteError>),
    /// The keyring's answer to a write; `NoAnswer` may be followed by a real one.
    Kept(Result<(), VaultFault>),
    /// The account's address, which is only known to the server after a restart.
    Address(String),
    /// Everything about the sign-out has been done.
    Forgotten(Result<(), VaultFault>),
}

/// Starts the owner. It ends when the last sender is gone.
pub(crate) fn start(api: Api, vault: Vault, slot: Slot) -> (mpsc::UnboundedSender<Order>, watch::Receiver<Auth>) {
    let (orders, incoming) = mpsc::unbounded_channel();
    let (auth, watching) = watch::channel(Auth::Booting);
    let owner = Owner {
        api,
        vault,
        slot,
        auth,
        orders: orders.downgrade(),
        attempt: 0,
        session: None,
        done: None,
        waiting: Vec::new(),
        renewing: false,
        settling: false,
        keyring: None,
        asked_to_keep: None,
        outdated: None,
        browser: None,
        opener: None,
        guest: None,
        halfway: None,
        errand: None,
        errands: 0,
    };
    tokio::spawn(owner.serve(incoming));
    (orders, watching)
}

struct Owner {
    api: Api,
    vault: Vault,
    slot: Slot,
    auth: watch::Sender<Auth>,
    /// Weak, so that the owner does not keep itself alive.
    orders: mpsc::WeakUnboundedSender<Order>,
    attempt: u64,
    session: Option<Session>,
    /// Who waits for the running sign-in, sign-out or restore.
    done: Option<Done>,
    /// Who waits for a renewed token.
    waiting: Vec<Answer>,
    renewing: bool,
    /// New tokens are there, and the keyring has not yet said whether it keeps them.
    settling: bool,
    /// What the keyring last objected.
    keyring: Option<MemoryReason>,
    /// The refresh token the keyring was last asked to keep.
    asked_to_keep: Option<Secret>,
    /// The token of a sign-in that a newer one has taken the place of: it is revoked once the newer one is kept.
    outdated: Option<Secret>,
    /// What opens the browser, and the work that waits for it.
    browser: Option<Browser>,
    /// What opens the browser if the password that is shown just now is not wanted.
    opener: Option<Arc<dyn OpenUrl>>,
    /// What asks whether a kiosk's guest has signed in.
    guest: Option<AbortHandle>,
    /// A sign-in that needs another step.
    halfway: Option<Halfway>,
    /// What somebody who is signed in has sent the browser out for. It has no attempt's number: tokens are renewed meanwhile.
    errand: Option<Errand>,
    /// Numbers the errands.
    errands: u64,
}

/// A browser that is out.
struct Browser {
    open: Arc<dyn OpenUrl>,
    waiting: AbortHandle,
    /// For what the app's own scheme brings.
    knock: mpsc::UnboundedSender<Secret>,
}

/// Something somebody who is signed in does in the browser.
struct Errand {
    number: u64,
    browser: Browser,
    wait: BrowserWait,
    /// What it brought: traded as soon as no renewal runs beside it.
    brought: Option<Brought>,
    done: Done,
}

/// A sign-in.
struct Session {
    access: Option<AccessToken>,
    /// Absent where the server lets nobody stay signed in.
    refresh: Option<Secret>,
    key: Arc<PrivateKey>,
    outbox_key: Zeroizing<[u8; KEY_BYTES]>,
    account: Learner,
    grant: String,
    kept: Kept,
}

impl Owner {
    async fn serve(mut self, mut incoming: mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = incoming.recv().await {
            match order {
                Order::Restore { done } => self.restore(done),
                Order::SignIn { email, password, open, done } => self.sign_in(email, password, open, done),
                Order::SignInBrowser { through, open, done } => self.sign_in_browser(through, open, done),
                Order::SignInGuest { kiosk, done } => self.sign_in_guest(kiosk, done),
                Order::ProveVia { provider, open, done } => self.prove_via(provider, open, done),
                Order::GoOut { outing, open, done } => self.go_out_signed_in(*outing, open, done),
                Order::CameBack { query } => self.came_back(query),
                Order::ReopenBrowser => self.reopen_browser(),
                Order::AnswerStep { answer, done } => self.answer_step(answer, done),
                Order::SignOut { done } => self.sign_out(done),
                Order::Confirm { password, done } => self.confirm(password, done),
                Order::ReadAddress => self.read_address(),
                Order::Cancel => self.cancel(),
                Order::SkipKeyring => self.skip_keyring(),
                Order::TryKeyringAgain { done } => self.try_keyring_again(done),
                Order::Authorise { refused, answer } => self.authorise(refused.as_ref(), answer),
                Order::Happened { attempt, event } if attempt == self.attempt => self.happened(event),
                Order::Happened { event, .. } => self.too_late(event),
            }
            self.trade_errand();
        }
    }

    // ---- orders ----

    fn restore(&mut self, done: Done) {
        if self.done.is_some() {
            return answer(done, Err(AccountError::Busy));
        }
        if self.session.is_some() {
            return answer(done, Ok(()));
        }
        self.attempt += 1;
        self.done = Some(done);
        self.show(Auth::Booting);
        let load = self.vault.load(&self.slot);
        self.beside(|report| async move { report.keyring_answer(load, None, Event::Loaded).await });
    }

    /// Begins a sign-in in the place of one that stopped half way. False, and answered, while another goes on or somebody is in.
    fn begin_sign_in(&mut self, done: Done, shown: Auth) -> bool {
        let refused = if self.done.is_some() {
            AccountError::Busy
        } else if self.session.is_some() {
            AccountError::AlreadySignedIn
        } else {
            self.attempt += 1;
            self.done = Some(done);
            self.halfway = None;
            self.show(shown);
            return true;
        };
        answer(done, Err(refused));
        false
    }

    fn sign_in(&mut self, email: String, password: Secret, open: Arc<dyn OpenUrl>, done: Done) {
        if !self.begin_sign_in(done, Auth::Exchanging) {
            return;
        }
        let api = self.api.clone();
        self.opener = Some(open);
        self.beside(|report| async move {
            match browser::show_password(&api, &email, password).await {
                Ok(Shown::In(granted)) => report.say(Event::Granted { email, result: Ok(granted) }),
                Ok(Shown::Browser(ready)) => report.say(Event::NotByPassword(ready)),
                Err(error) => report.say(Event::Granted { email, result: Err(error) }),
            }
        });
    }

    fn sign_in_browser(&mut self, through: Through, open: Arc<dyn OpenUrl>, done: Done) {
        if !self.begin_sign_in(done, Auth::Discovering) {
            return;
        }
        let api = self.api.clone();
        self.go_out(open, async move { browser::prepare(&api, through).await });
    }

    fn sign_in_guest(&mut self, kiosk: Kiosk, done: Done) {
        if !self.begin_sign_in(done, Auth::Discovering) {
            return;
        }
        let api = self.api.clone();
        let asking = self.beside(|report| async move {
            let guest = async {
                let begun = device::begin(&api, kiosk).await?;
                let shown = &begun.shown;
                report.say(Event::GuestAwaited(GuestWait {
                    code: shown.user_code.clone(),
                    page: shown.verification_uri.clone(),
                    page_with_code: shown.verification_uri_complete.clone(),
                    until: api.clock().now().plus(Duration::from_secs(shown.expires_in)),
                }));
                begun.guest(&api).await
            };
            report.say(Event::Stepped(guest.await.map(Stepped::In).map_err(AccountError::from)));
        });
        self.guest = Some(asking);
    }

    fn prove_via(&mut self, provider: String, open: Arc<dyn OpenUrl>, done: Done) {
        if self.done.is_some() {
            return answer(done, Err(AccountError::Busy));
        }
        let Some(halfway) = self.halfway.clone() else { return answer(done, Err(AccountError::NoStep)) };
        self.attempt += 1;
        self.done = Some(done);
        let api = self.api.clone();
        self.go_out(open, async move { halfway.prepare_proof(&api, &provider).await });
    }

    /// Sends the browser out for a sign-in, once it is known where to, and waits for it.
    fn go_out(
        &mut self,
        open: Arc<dyn OpenUrl>,
        ready: impl Future<Output = Result<Ready, AccountError>> + Send + 'static,
    ) {
        let (knock, knocks) = mpsc::unbounded_channel();
        let api = self.api.clone();
        let waiting = self.beside(|report| async move {
            let back = async {
                let ready = ready.await?;
                let (org, link) = (ready.outing.to.clone(), ready.outing.link.clone());
                report.say(Event::BrowserReady { org, link });
                ready.brought(knocks).await
            };
            let back: Result<Back, AccountError> = back.await;
            // From here on the server may grant something, and then it must be heard of.
            report.say(Event::BroughtBack);
            let result = match back {
                Ok(back) => back.trade(&api).await,
                Err(error) => Err(error),
            };
            report.say(Event::Stepped(result));
        });
        self.browser = Some(Browser { open, waiting, knock });
    }

    fn go_out_signed_in(&mut self, outing: Outing, open: Arc<dyn OpenUrl>, done: Done) {
        if self.errand.is_some() {
            return answer(done, Err(AccountError::Busy));
        }
        if self.session.is_none() {
            return answer(done, Err(RemoteError::SignedOut.into()));
        }
        self.errands += 1;
        let number = self.errands;
        let (org, link) = (outing.to.clone(), outing.link.clone());
        let opened = open.open(&link);
        let wait = BrowserWait { org, link, until: self.api.clock().now().plus(BROWSER_WITHIN), opened };
        let (knock, knocks) = mpsc::unbounded_channel();
        let waiting = self.beside(|report| async move {
            let brought = outing.brought(knocks).await;
            report.say(Event::OutingOver { number, brought });
        });
        self.errand = Some(Errand { number, browser: Browser { open, waiting, knock }, wait, brought: None, done });
        self.show_signed_in();
    }

    fn came_back(&mut self, query: Secret) {
        let out = self.errand.as_ref().map(|errand| &errand.browser).or(self.browser.as_ref());
        if let Some(browser) = out {
            // One that has come back by its port a moment ago does not listen any more.
            let _ = browser.knock.send(query);
        } else {
            tracing::info!(code = "scheme-refused");
        }
    }

    fn outing_over(&mut self, number: u64, brought: Result<Brought, AccountError>) {
        let Some(errand) = self.errand.as_mut().filter(|errand| errand.number == number) else { return };
        match brought {
            Ok(brought) => errand.brought = Some(brought),
            Err(error) => self.end_errand(error),
        }
    }

    /// Trades what the browser brought to somebody who is signed in. What comes back takes the place of the tokens, so nothing else
    /// that does may run beside it.
    fn trade_errand(&mut self) {
        if self.renewing || self.settling || self.done.is_some() {
            return;
        }
        let Some(mut errand) = self.errand.take() else { return };
        let Some(brought) = errand.brought.take() else {
            self.errand = Some(errand);
            return;
        };
        self.done = Some(errand.done);
        self.renewing = true;
        self.show_signed_in();
        let api = self.api.clone();
        self.beside(|report| async move { report.say(Event::Confirmed(brought.trade_for_tokens(&api).await)) });
    }

    fn end_errand(&mut self, why: AccountError) {
        if let Some(errand) = self.errand.take() {
            errand.browser.waiting.abort();
            // First shown and then told, so that whoever is told looks at what is so.
            self.show_signed_in();
            answer(errand.done, Err(why));
        }
    }

    fn browser_ready(&mut self, org: String, link: String) {
        let opened = self.browser.as_ref().is_some_and(|browser| browser.open.open(&link));
        let until = self.api.clock().now().plus(BROWSER_WITHIN);
        self.show(Auth::AwaitingBrowser(BrowserWait { org, link, until, opened }));
    }

    fn reopen_browser(&mut self) {
        if let Some(errand) = &mut self.errand {
            errand.wait.opened = errand.browser.open.open(&errand.wait.link);
            return self.show_signed_in();
        }
        let Auth::AwaitingBrowser(wait) = self.auth.borrow().clone() else { return };
        let opened = self.browser.as_ref().is_some_and(|browser| browser.open.open(&wait.link));
        self.show(Auth::AwaitingBrowser(BrowserWait { opened, ..wait }));
    }

    fn answer_step(&mut self, step: StepAnswer, done: Done) {
        if self.done.is_some() {
            return answer(done, Err(AccountError::Busy));
        }
        let Some(halfway) = self.halfway.clone() else { return answer(done, Err(AccountError::NoStep)) };
        self.attempt += 1;
        self.done = Some(done);
        let api = self.api.clone();
        self.beside(|report| async move { report.say(Event::Stepped(halfway.take(&api, step).await)) });
    }

    fn stepped(&mut self, result: Result<Stepped, AccountError>) {
        self.browser = None;
        self.guest = None;
        match result {
            Ok(Stepped::In(granted)) => {
                self.halfway = None;
                self.show(Auth::Exchanging);
                self.begin_session(granted, None);
            }
            Ok(Stepped::On(halfway)) => {
                self.halfway = Some(halfway);
                self.show_step();
                self.finish(Ok(()));
            }
            Err(error) => {
                let over = matches!(&error, AccountError::Remote(error)
                    if error.is(Code::AuthSessionExpired) || error.is(Code::InvalidGrant));
                if over || !self.show_step() {
                    self.end(None);
                }
                self.finish(Err(error));
            }
        }
    }

    /// Shows the step that is needed next; false when there is none.
    fn show_step(&mut self) -> bool {
        let Some(Halfway { org, unfinished, .. }) = &self.halfway else { return false };
        self.show(Auth::Interaction(Unproven { org: org.clone(), next: unfinished.next.clone() }));
        true
    }

    fn sign_out(&mut self, done: Done) {
        self.end_errand(AccountError::Cancelled);
        if self.done.is_some() {
            return answer(done, Err(AccountError::Busy));
        }
        self.attempt += 1;
        self.done = Some(done);
        self.show(Auth::SigningOut);
        let session = self.session.take();
        self.renewing = false;
        self.settling = false;
        self.abandon_waiting();
        let clear = self.vault.clear(&self.slot);
        let api = self.api.clone();
        self.beside(|report| async move {
            // First here, then there: a server out of reach must not keep anybody signed in.
            let forgotten = within(clear, WRITE_WITHIN).await;
            if let Some(token) = session.and_then(Session::into_token) {
                revoke(&api, token).await;
            }
            report.say(Event::Forgotten(forgotten));
        });
    }

    fn confirm(&mut self, password: Secret, done: Done) {
        if self.done.is_some() || self.renewing || self.settling {
            return answer(done, Err(AccountError::Busy));
        }
        let Some(session) = &self.session else { return answer(done, Err(RemoteError::SignedOut.into())) };
        let Some(email) = session.account.email.clone() else {
            // It is asked for at every start; without it there is no connection either.
            self.ask_for_address();
            return answer(done, Err(RemoteError::NetworkConnect.into()));
        };
        let key = Arc::clone(&session.key);
        self.done = Some(done);
        // What comes back takes the place of the tokens, as those of a renewal do; so none may run beside it.
        self.renewing = true;
        let api = self.api.clone();
        self.beside(|report| async move {
            report.say(Event::Confirmed(password::prove(&api, &key, &email, password).await));
        });
    }

    fn read_address(&mut self) {
        if let Some(session) = &mut self.session {
            session.account.email = None;
            self.ask_for_address();
        }
    }

    fn cancel(&mut self) {
        self.end_errand(AccountError::Cancelled);
        let out = matches!(*self.auth.borrow(), Auth::AwaitingBrowser(_));
        let waits = matches!(
            *self.auth.borrow(),
            Auth::Exchanging
                | Auth::Discovering
                | Auth::AwaitingBrowser(_)
                | Auth::AwaitingGuest(_)
                | Auth::Interaction(_)
        );
        if waits && self.session.is_none() {
            self.attempt += 1;
            if let Some(browser) = self.browser.take() {
                // What is waited for is dropped, and the port closed with it.
                browser.waiting.abort();
            }
            if let Some(asking) = self.guest.take() {
                // A yes that is on its way is for a key that is gone with this.
                asking.abort();
            }
            // Whoever calls back a browser that was to prove an account can prove it otherwise.
            if !(out && self.show_step()) {
                self.end(None);
            }
            self.finish(Err(AccountError::Cancelled));
        }
    }

    fn skip_keyring(&mut self) {
        if !matches!(*self.auth.borrow(), Auth::WaitingForKeyring) {
            return;
        }
        self.keyring = Some(MemoryReason::Slow);
        if self.session.is_some() {
            // The answer may still come and then counts, so the attempt stays the same.
            self.settle(Kept::MemoryOnly(MemoryReason::Slow));
        } else {
            self.attempt += 1;
            self.end(Some(EndReason::KeyringSkipped));
            self.finish(Ok(()));
        }
    }

    fn try_keyring_again(&mut self, done: Done) {
        if self.done.is_some() {
            return answer(done, Err(AccountError::Busy));
        }
        self.vault.reconnect();
        if self.session.is_none() {
            return self.restore(done);
        }
        self.done = Some(done);
        self.keep();
    }

    fn authorise(&mut self, refused: Option<&Secret>, answer: Answer) {
        let now = self.api.clock().now();
        let Some(session) = &self.session else {
            let _ = answer.send(Err(RemoteError::SignedOut));
            return;
        };
        if !self.settling
            && let Some(access) = &session.access
            && refused != Some(&access.token)
            && access.freshness(now) == Freshness::Fresh
        {
            let _ = answer.send(Ok(session.authorisation(access)));
            return;
        }
        self.waiting.push(answer);
        if !self.settling {
            self.renew(refused);
        }
    }

    // ---- events ----

    fn happened(&mut self, event: Event) {
        match event {
            Event::KeyringIsSlow => self.keyring_is_slow(),
            Event::Loaded(loaded) => self.loaded(loaded),
            Event::Granted { email, result } => self.granted(email, result),
            Event::NotByPassword(ready) => self.not_by_password(*ready),
            Event::OutingOver { number, brought } => self.outing_over(number, brought),
            Event::BrowserReady { org, link } => self.browser_ready(org, link),
            Event::GuestAwaited(wait) => self.show(Auth::AwaitingGuest(wait)),
            Event::BroughtBack => {
                self.browser = None;
                self.show(Auth::Exchanging);
            }
            Event::Stepped(result) => self.stepped(result),
            Event::Confirmed(result) => self.confirmed(result),
            Event::Renewed(result) => self.renewed(result),
            Event::Kept(result) => self.kept(result),
            Event::Address(email) => {
                if let Some(session) = &mut self.session {
                    session.account.email = Some(email);
                    self.show_signed_in();
                }
            }
            Event::Forgotten(result) => {
                self.keyring = result.err().map(MemoryReason::from);
                self.end(Some(EndReason::SignedOutHere));
                self.finish(result.map_err(AccountError::NotForgotten));
            }
        }
    }

    /// An answer to a question nobody asks any more.
    fn too_late(&mut self, event: Event) {
        let (Event::Granted { result: Ok(Granted { tokens, .. }), .. }
        | Event::Stepped(Ok(Stepped::In(Granted { tokens, .. })))
        | Event::Confirmed(Ok(tokens))) = event
        else {
            return;
        };
        tracing::info!(code = "late-sign-in-revoked");
        let token = tokens.refresh_token.unwrap_or(tokens.access_token);
        let api = self.api.clone();
        tokio::spawn(async move { revoke(&api, token).await });
    }

    fn keyring_is_slow(&mut self) {
        // A renewal in the background does not take the window away from the learner.
        if self.done.is_some() {
            self.show(Auth::WaitingForKeyring);
        }
    }

    fn loaded(&mut self, loaded: Result<Option<Zeroizing<Vec<u8>>>, VaultFault>) {
        match loaded {
            Ok(None) => {
                self.keyring = None;
                self.end(None);
                self.finish(Ok(()));
            }
            Ok(Some(bytes)) => self.resume(&bytes),
            Err(fault) => {
                self.keyring = Some(fault.into());
                self.end(None);
                self.finish(Ok(()));
            }
        }
    }

    /// Goes on with a saved sign-in: it counts as soon as the server renews it, or cannot be asked.
    fn resume(&mut self, bytes: &[u8]) {
        let key = SessionItem::from_bytes(bytes).ok().and_then(|item| {
            let key = PrivateKey::from_bytes(item.dpop_key.as_slice()).ok()?;
            Some((item, key))
        });
        let Some((item, key)) = key else {
            tracing::warn!(code = "saved-sign-in-unreadable");
            self.forget();
            self.end(Some(EndReason::SavedSignInUnreadable));
            return self.finish(Ok(()));
        };
        self.keyring = None;
        self.session = Some(Session {
            access: None,
            refresh: Some(item.refresh_token),
            key: Arc::new(key),
            outbox_key: item.outbox_key,
            account: Learner { id: item.subject, email: None },
            grant: item.grant,
            kept: self.kept_if_saved(),
        });
        self.show(Auth::Exchanging);
        self.renew(None);
    }

    fn granted(&mut self, email: String, result: Result<Granted, RemoteError>) {
        let granted = match result {
            Ok(granted) => granted,
            Err(error) => {
                self.end(None);
                return self.finish(Err(error.into()));
            }
        };
        self.begin_session(granted, Some(email));
    }

    fn not_by_password(&mut self, ready: Ready) {
        if let Some(open) = self.opener.take() {
            self.go_out(open, async move { Ok(ready) });
        }
    }

    fn begin_session(&mut self, granted: Granted, email: Option<String>) {
        self.session = Some(Session {
            access: None,
            refresh: None,
            key: granted.key,
            outbox_key: granted.outbox_key,
            account: Learner { id: granted.tokens.sub.clone(), email },
            grant: granted.tokens.grant.clone(),
            kept: self.kept_if_saved(),
        });
        self.take(granted.tokens);
        self.keep();
    }

    fn renewed(&mut self, result: Result<TokenResponse, RemoteError>) {
        self.renewing = false;
        match result {
            Ok(tokens) => {
                let may_keep = self.take(tokens);
                if may_keep { self.keep() } else { self.settle_as_before() }
            }
            Err(error) if error.is(Code::InvalidGrant) => self.server_ended(EndReason::SessionEnded),
            Err(error) if error.is(Code::AccountDisabled) => self.server_ended(EndReason::AccountDisabled),
            Err(error) => self.renewal_failed(&error),
        }
    }

    fn confirmed(&mut self, result: Result<TokenResponse, RemoteError>) {
        self.renewing = false;
        let tokens = match result {
            Ok(tokens) => tokens,
            Err(error) => {
                self.finish(Err(error.into()));
                if !self.waiting.is_empty() {
                    self.renew(None);
                }
                return;
            }
        };
        let Some(session) = &mut self.session else { return };
        if tokens.sub != session.account.id {
            // Whatever was proven in the browser, it was not this account.
            tracing::warn!(code = "tokens-of-another-account");
            self.too_late(Event::Confirmed(Ok(tokens)));
            return self.confirmed(Err(RemoteError::ReplyMalformed));
        }
        session.grant.clone_from(&tokens.grant);
        let before = session.refresh.take().or_else(|| session.access.take().map(|access| access.token));
        self.outdated = before;
        let may_keep = self.take(tokens);
        if may_keep { self.keep() } else { self.settle_as_before() }
    }

    /// Takes new tokens over. Says whether the keyring should keep them.
    fn take(&mut self, tokens: TokenResponse) -> bool {
        let obtained_at = self.api.clock().now();
        let Some(session) = &mut self.session else { return false };
        session.access =
            Some(AccessToken { token: tokens.access_token, obtained_at, life: Duration::from_secs(tokens.expires_in) });
        // A server that does not rotate sends none; then the old one stays good.
        if let Some(refresh) = tokens.refresh_token {
            session.refresh = Some(refresh);
        }
        session.kept == Kept::Keyring || self.vault.keeps() == Keeps::InMemory
    }

    fn renewal_failed(&mut self, error: &RemoteError) {
        tracing::info!(code = "renewal-failed", because = error.code());
        let now = self.api.clock().now();
        let still_good = self.session.as_ref().and_then(|session| {
            let access = session.access.as_ref()?;
            (access.freshness(now) != Freshness::Dead).then(|| session.authorisation(access))
        });
        for answer in self.waiting.drain(..) {
            let _ = answer.send(still_good.clone().ok_or_else(|| error.clone()));
        }
        self.show_signed_in();
        self.finish(Ok(()));
    }

    fn server_ended(&mut self, why: EndReason) {
        self.session = None;
        self.abandon_waiting();
        self.forget();
        self.end(Some(why));
        self.finish(Ok(()));
    }

    fn kept(&mut self, result: Result<(), VaultFault>) {
        let kept = match result {
            Ok(()) => self.kept_if_saved(),
            Err(fault) => Kept::MemoryOnly(fault.into()),
        };
        self.keyring = match kept {
            Kept::Keyring => None,
            Kept::MemoryOnly(reason) => Some(reason),
        };
        self.settle(kept);
        // A keyring that answers late has kept a token that may have been replaced since.
        let is_behind = self.session.as_ref().is_some_and(|session| session.refresh != self.asked_to_keep);
        if result.is_ok() && is_behind {
            self.keep();
        }
    }

    // ---- what they have in common ----

    /// Asks the keyring to keep the sign-in; nobody gets the new token before it has answered or its time is over.
    fn keep(&mut self) {
        self.settling = true;
        let Some(item) = self.session.as_ref().and_then(Session::item) else {
            return self.settle(Kept::MemoryOnly(MemoryReason::Off));
        };
        self.asked_to_keep = Some(item.refresh_token.clone());
        let save = self.vault.save(&self.slot, item.to_bytes());
        self.beside(|report| async move { report.keyring_answer(save, Some(WRITE_WITHIN), Event::Kept).await });
    }

    fn settle_as_before(&mut self) {
        if let Some(kept) = self.session.as_ref().map(|session| session.kept) {
            self.settle(kept);
        }
    }

    /// The tokens may be used from here on, wherever they are kept.
    fn settle(&mut self, kept: Kept) {
        self.settling = false;
        let now = self.api.clock().now();
        let Some(session) = &mut self.session else { return };
        session.kept = kept;
        if let Some(token) = self.outdated.take() {
            let api = self.api.clone();
            tokio::spawn(async move { revoke(&api, token).await });
        }
        match session.access.as_ref().filter(|access| access.freshness(now) != Freshness::Dead) {
            Some(access) => {
                let authorisation = session.authorisation(access);
                for answer in self.waiting.drain(..) {
                    let _ = answer.send(Ok(authorisation.clone()));
                }
                self.ask_for_address();
            }
            // A dialog may have been open for longer than the token lived.
            None if !self.waiting.is_empty() => self.renew(None),
            None => {}
        }
        self.show_signed_in();
        self.finish(Ok(()));
    }

    fn renew(&mut self, refused: Option<&Secret>) {
        if self.renewing {
            return;
        }
        let Some(session) = &mut self.session else { return self.abandon_waiting() };
        if session.access.as_ref().is_some_and(|access| refused == Some(&access.token)) {
            // The server does not want it any more, whatever its age.
            session.access = None;
        }
        let Some(refresh) = session.refresh.clone() else {
            // Nothing renews a kiosk's token: it is used up to its end.
            let now = self.api.clock().now();
            let Some(access) = session.access.as_ref().filter(|access| access.freshness(now) != Freshness::Dead) else {
                return self.server_ended(EndReason::SessionEnded);
            };
            let authorisation = session.authorisation(access);
            for answer in self.waiting.drain(..) {
                let _ = answer.send(Ok(authorisation.clone()));
            }
            return;
        };
        self.renewing = true;
        let key = Arc::clone(&session.key);
        let api = self.api.clone();
        self.beside(|report| async move { report.say(Event::Renewed(api.refresh(&key, refresh).await)) });
    }

    /// After a restart only the account's identifier is known; its address is asked for once.
    fn ask_for_address(&self) {
        let Some(session) = self.session.as_ref().filter(|session| session.account.email.is_none()) else { return };
        let Some(access) = &session.access else { return };
        let authorisation = session.authorisation(access);
        let api = self.api.clone();
        self.beside(|report| async move {
            if let Ok(me) = api.me_of(&authorisation).await {
                report.say(Event::Address(me.email));
            }
        });
    }

    /// Removes the saved sign-in; whether that worked shows at the next start, where the server refuses it.
    fn forget(&self) {
        drop(self.vault.clear(&self.slot));
    }

    fn kept_if_saved(&self) -> Kept {
        match self.vault.keeps() {
            Keeps::InKeyring => Kept::Keyring,
            Keeps::InMemory => Kept::MemoryOnly(MemoryReason::Off),
        }
    }

    fn end(&mut self, why: Option<EndReason>) {
        self.session = None;
        self.end_errand(AccountError::Cancelled);
        self.browser = None;
        self.halfway = None;
        self.renewing = false;
        self.settling = false;
        self.abandon_waiting();
        self.show(Auth::SignedOut { why, keyring: self.keyring });
    }

    fn abandon_waiting(&mut self) {
        for answer in self.waiting.drain(..) {
            let _ = answer.send(Err(RemoteError::SignedOut));
        }
    }

    fn show_signed_in(&self) {
        if let Some(session) = &self.session {
            let browser =
                self.errand.as_ref().filter(|errand| errand.brought.is_none()).map(|errand| errand.wait.clone());
            self.show(Auth::SignedIn { account: session.account.clone(), store: session.kept, browser });
        }
    }

    fn show(&self, auth: Auth) {
        self.auth.send_if_modified(|shown| {
            let is_new = *shown != auth;
            *shown = auth;
            is_new
        });
    }

    fn finish(&mut self, result: Result<(), AccountError>) {
        if let Some(done) = self.done.take() {
            answer(done, result);
        }
    }

    /// Runs something that takes time beside the owner, with the number of the attempt it belongs to.
    fn beside<F: Future<Output = ()> + Send + 'static>(&self, work: impl FnOnce(Report) -> F) -> AbortHandle {
        tokio::spawn(work(Report { attempt: self.attempt, orders: self.orders.clone() })).abort_handle()
    }
}

impl Session {
    fn authorisation(&self, access: &AccessToken) -> Authorisation {
        Authorisation {
            access_token: access.token.clone(),
            key: Arc::clone(&self.key),
            subject: self.account.id.clone(),
        }
    }

    /// What the keyring keeps; nothing when the server lets nobody stay signed in.
    fn item(&self) -> Option<SessionItem> {
        Some(SessionItem {
            refresh_token: self.refresh.clone()?,
            dpop_key: self.key.to_bytes(),
            outbox_key: self.outbox_key.clone(),
            subject: self.account.id.clone(),
            grant: self.grant.clone(),
        })
    }

    /// The token that ends the whole sign-in when it is revoked.
    fn into_token(self) -> Option<Secret> {
        self.refresh.or(self.access.map(|access| access.token))
    }
}

/// How work that runs beside the owner tells it what came out.
struct Report {
    attempt: u64,
    orders: mpsc::WeakUnboundedSender<Order>,
}

impl Report {
    fn say(&self, event: Event) {
        if let Some(orders) = self.orders.upgrade() {
            let _ = orders.send(Order::Happened { attempt: self.attempt, event });
        }
    }

    /// Waits for the keyring: says so when it is slow, gives `NoAnswer` out when `give_up` passes, and still tells the
    /// real answer whenever it comes.
    async fn keyring_answer<T: Send>(
        &self,
        mut pending: Pending<T>,
        give_up: Option<Duration>,
        event: impl Fn(Result<T, VaultFault>) -> Event,
    ) {
        if let Some(answer) = pending.within(READ_WITHIN).await {
            return self.say(event(answer));
        }
        self.say(Event::KeyringIsSlow);
        if let Some(limit) = give_up {
            if let Some(answer) = pending.within(limit.saturating_sub(READ_WITHIN)).await {
                return self.say(event(answer));
            }
            self.say(event(Err(VaultFault::NoAnswer)));
        }
        self.say(event(pending.finally().await));
    }
}

async fn within(mut pending: Pending<()>, limit: Duration) -> Result<(), VaultFault> {
    pending.within(limit).await.unwrap_or(Err(VaultFault::NoAnswer))
}

async fn revoke(api: &Api, token: Secret) {
    if let Err(error) = api.revoke(token).await {
        tracing::info!(code = "revoke-failed", because = error.code());
    }
}

fn answer(done: Done, result: Result<(), AccountError>) {
    // Whoever asked may have gone; the state tells the rest.
    let _ = done.send(result);
}
