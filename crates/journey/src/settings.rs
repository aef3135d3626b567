//! The learner's own account: address, password, sign-ins, data, the end of it; and a forgotten password, which is asked for while nobody is signed in.
//!
//! Guarantees: what could lock the owner out is done only after a fresh proof of who they are, and is not lost while that is asked for;
//! a late answer of an older press is dropped. Its numbers are its own, for a profile may be on its way meanwhile.

use likeness_account::{Account, AccountError, Auth};
use likeness_protocol::account::{
    EmailChangeStarted, Export, Identity, IdentityKind, Me, PasswordResetStarted, Session,
};
use likeness_protocol::problem::Code;
use likeness_protocol::text::{Secret, masked};
use likeness_protocol::verification::Status;
use likeness_remote::{RemoteError, SignedApi};
use secrecy::{ExposeSecret, SecretString};

use crate::actor::{Message, Owner};
use crate::draw::milliseconds;
use crate::errands;
use crate::intent::{Refusal, SettingsWish};
use crate::invitation;
use crate::news::News;
use crate::state::{Place, State};
use crate::view::{LinkedView, Screen, SessionView, SettingsDone, SettingsPage, SettingsTopic, Trouble};

/// What the file with a learner's data is called.
const EXPORT_NAME: &str = "likeness-export.json";

/// A page of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Everything at a glance.
    Overview,
    /// Another address, then the code from its mailbox.
    Email,
    /// Another password.
    Password,
    /// Deleting the account.
    Delete,
    /// The password once more, before one of the three.
    Confirm,
    /// A forgotten password, then the code from the mailbox.
    Forgotten,
    /// The account is deleted.
    Gone,
}

/// What could lock the owner out.
#[derive(Clone)]
pub enum Deed {
    /// Use this password.
    ChangePassword(SecretString),
    /// Use this address.
    AskEmail(String),
    /// Disconnect this way in.
    Disconnect(String),
    /// Connect this social account.
    Connect(String),
    /// Delete the account.
    Delete,
}

impl Deed {
    fn topic(&self) -> SettingsTopic {
        match self {
            Self::ChangePassword(_) => SettingsTopic::Password,
            Self::AskEmail(_) => SettingsTopic::Email,
            Self::Disconnect(_) => SettingsTopic::Disconnect,
            Self::Connect(_) => SettingsTopic::Connect,
            Self::Delete => SettingsTopic::Delete,
        }
    }

    fn page(&self) -> Page {
        page_of(self.topic())
    }
}

fn page_of(topic: SettingsTopic) -> Page {
    match topic {
        SettingsTopic::Email => Page::Email,
        SettingsTopic::Password => Page::Password,
        SettingsTopic::Delete => Page::Delete,
        SettingsTopic::Disconnect | SettingsTopic::Connect => Page::Overview,
    }
}

/// What the settings remember.
#[derive(Default)]
pub struct Settings {
    /// Numbers the presses here.
    attempt: u64,
    /// Where they were opened from.
    behind: Option<Place>,
    /// Where the account is signed in; `None` until the server said it.
    sessions: Option<Vec<Session>>,
    /// Through whom else it can be signed in to; `None` until the server said it.
    linked: Option<Vec<Identity>>,
    /// The organisation that lets only itself change the address.
    email_managed_by: Option<String>,
    /// What was done last.
    done: Option<SettingsDone>,
    /// The change of address that waits for its code: its number, and the address, masked.
    change: Option<(String, String)>,
    /// The number of the password reset that waits for its code.
    reset: Option<String>,
    /// What waits for a fresh proof of who asks.
    pending: Option<Deed>,
    /// Is the browser out for that proof?
    confirming: bool,
}

impl Settings {
    /// Forgets everything; answers of before come too late.
    pub fn close(&mut self) {
        *self = Self { attempt: self.attempt + 1, ..Self::default() };
    }

    /// Forgets what was begun on a page that is left.
    pub fn leave_page(&mut self) {
        self.pending = None;
        self.reset = None;
    }

    /// What is to be said at the sign-in.
    pub fn told_at_sign_in(&self) -> Option<String> {
        self.done.as_ref().filter(|done| done.code == "password-reset").map(|done| done.code.clone())
    }

    /// Where "back" leads from a page.
    pub fn step_back(&self, page: Page, busy: bool) -> Option<Place> {
        match page {
            _ if busy => None,
            Page::Overview => Some(self.behind.unwrap_or(Place::Home)),
            Page::Email | Page::Password | Page::Delete => Some(Place::Settings(Page::Overview)),
            Page::Confirm => Some(Place::Settings(self.pending.as_ref().map_or(Page::Overview, Deed::page))),
            Page::Forgotten => Some(Place::SignIn),
            Page::Gone => None,
        }
    }
}

/// What became of a press.
pub enum SettingsNews {
    /// The list of sign-ins.
    Sessions(Result<Vec<Session>, RemoteError>),
    /// The list of other ways in.
    Linked(Result<Vec<Identity>, RemoteError>),
    /// What the account is like.
    Me(Result<Me, RemoteError>),
    /// One of them was to be disconnected.
    Disconnected(String, Result<(), RemoteError>),
    /// A social account was to be connected.
    Connected(String, Result<(), AccountError>),
    /// The proof of who asks.
    Confirmed(Result<(), AccountError>),
    /// The password was to be changed.
    PasswordChanged(SecretString, Result<(), RemoteError>),
    /// Another address was asked for.
    EmailAsked(String, Result<EmailChangeStarted, RemoteError>),
    /// The code for it was given.
    EmailConfirmed(Result<(), RemoteError>),
    /// It is not wanted any more.
    EmailCancelled(Result<(), RemoteError>),
    /// One sign-in, or all others, were to be ended.
    SessionsEnded(Result<(), RemoteError>),
    /// The data were asked for.
    Exported(Result<Box<Export>, RemoteError>),
    /// The account was to be deleted.
    Deleted(Result<(), RemoteError>),
    /// A code for a forgotten password was asked for.
    ResetAsked(Result<PasswordResetStarted, RemoteError>),
    /// The code for it was given.
    Reset(Result<(), RemoteError>),
}

/// Draws a page.
pub fn screen(state: &State, page: Page) -> Screen {
    let settings = &state.settings;
    if let Auth::SignedIn { browser: Some(wait), .. } = &state.auth {
        let (to, opened, until_ms) = (wait.org.clone(), wait.opened, milliseconds(wait.until));
        let page = SettingsPage::Browser { to, confirming: settings.confirming, opened, until_ms };
        return Screen::Settings { page, busy: state.busy, trouble: state.trouble.clone() };
    }
    let page = match page {
        Page::Overview => SettingsPage::Overview {
            sessions: settings.sessions.as_ref().map(|sessions| sessions.iter().map(session_view).collect()),
            others: settings.sessions.as_ref().is_some_and(|sessions| sessions.iter().any(|session| !session.current)),
            linked: settings.linked.as_ref().map(|linked| linked.iter().map(linked_view).collect()),
            email_managed_by: settings.email_managed_by.clone(),
            offers: offers(state),
            invitation: invitation::reopenable(state),
            done: settings.done.clone(),
        },
        Page::Email => SettingsPage::Email { pending: settings.change.as_ref().map(|(_, masked)| masked.clone()) },
        Page::Password => SettingsPage::Password,
        Page::Delete => SettingsPage::Delete {
            in_review: state.profile.as_ref().is_some_and(|profile| profile.status == Status::InReview),
        },
        Page::Confirm => SettingsPage::Confirm {
            topic: settings.pending.as_ref().map_or(SettingsTopic::Password, Deed::topic),
            through: settings.linked.iter().flatten().filter(|way| can_prove(way)).map(linked_view).collect(),
        },
        Page::Forgotten => SettingsPage::Forgotten { email: state.email.clone(), sent: settings.reset.is_some() },
        Page::Gone => SettingsPage::Gone,
    };
    Screen::Settings { page, busy: state.busy, trouble: state.trouble.clone() }
}

/// The social accounts the server offers and this account does not have yet; none until the server said which it has.
fn offers(state: &State) -> Vec<String> {
    let Some(linked) = &state.settings.linked else { return Vec::new() };
    let is_linked = |provider: &String| linked.iter().any(|identity| kind_of(identity) == Some(provider.as_str()));
    state.social.iter().filter(|provider| !is_linked(provider)).cloned().collect()
}

/// Facebook does not say when it last asked for the password, so it proves nothing now.
fn can_prove(identity: &Identity) -> bool {
    matches!(identity.kind, IdentityKind::Org | IdentityKind::Google | IdentityKind::Apple)
}

fn kind_of(identity: &Identity) -> Option<&'static str> {
    match identity.kind {
        IdentityKind::Google => Some("google"),
        IdentityKind::Apple => Some("apple"),
        IdentityKind::Facebook => Some("facebook"),
        IdentityKind::Org | IdentityKind::Unknown => None,
    }
}

fn session_view(session: &Session) -> SessionView {
    SessionView {
        id: session.id.clone(),
        device: session.device_label.clone(),
        signed_in_at_ms: milliseconds(session.signed_in_at),
        renewed_at_ms: milliseconds(session.renewed_at),
        current: session.current,
    }
}

fn linked_view(identity: &Identity) -> LinkedView {
    LinkedView {
        id: identity.id.clone(),
        label: identity.label.clone(),
        email_masked: identity.email_masked.clone(),
        linked_at_ms: milliseconds(identity.linked_at),
        why_not: identity.why_not.map(|why| why.as_str().to_owned()),
    }
}

impl Owner {
    /// Does what was pressed in the settings, or refuses.
    pub fn grant_setting(&mut self, wish: SettingsWish) -> Result<(), Refusal> {
        let page = match self.state.place {
            Place::Settings(page) => Some(page),
            _ => None,
        };
        if self.state.busy {
            return Err(Refusal::WrongScreen);
        }
        match (page, wish) {
            (None, SettingsWish::Open) => return self.open_settings(),
            (None, SettingsWish::Forgotten) if self.state.place == Place::SignIn => {
                self.state.trouble = None;
                self.state.settings.close();
                self.state.place = Place::Settings(Page::Forgotten);
            }
            (Some(Page::Overview), SettingsWish::Open) => {
                self.state.trouble = None;
                self.read_sessions();
            }
            (Some(Page::Overview), SettingsWish::Show(topic)) => {
                self.state.trouble = None;
                self.state.settings.done = None;
                self.state.place = Place::Settings(page_of(topic));
            }
            (Some(Page::Overview), SettingsWish::Connect { provider }) if offers(&self.state).contains(&provider) => {
                self.do_deed(Deed::Connect(provider));
            }
            (Some(Page::Overview), SettingsWish::Disconnect { id }) => return self.disconnect(id),
            (Some(Page::Overview), SettingsWish::EndSession { id }) => return self.end_session(id),
            (Some(Page::Overview), SettingsWish::EndOthers) => {
                self.ask(|api| async move { SettingsNews::SessionsEnded(api.end_other_sessions().await.map(drop)) });
            }
            (Some(Page::Overview), SettingsWish::Export) => {
                self.ask(|api| async move { SettingsNews::Exported(api.export().await.map(Box::new)) });
            }
            (Some(Page::Password), SettingsWish::ChangePassword { password }) => {
                self.do_deed(Deed::ChangePassword(password));
            }
            (Some(Page::Email), SettingsWish::ChangeEmail { email }) if self.state.settings.change.is_none() => {
                self.do_deed(Deed::AskEmail(email));
            }
            (Some(Page::Email), SettingsWish::ConfirmEmail { code }) => return self.confirm_email(&code),
            (Some(Page::Email), SettingsWish::CancelEmail) => return self.cancel_email(),
            (Some(Page::Delete), SettingsWish::Delete) => self.do_deed(Deed::Delete),
            (Some(Page::Confirm), SettingsWish::Confirm { password }) => self.confirm_identity(password),
            (Some(Page::Confirm), SettingsWish::ConfirmThrough { id }) => return self.confirm_through(&id),
            (Some(Page::Forgotten), SettingsWish::AskReset { email }) => self.ask_reset(&email),
            (Some(Page::Forgotten), SettingsWish::Reset { code, password }) => return self.reset(&code, &password),
            _ => return Err(Refusal::WrongScreen),
        }
        Ok(())
    }

    fn open_settings(&mut self) -> Result<(), Refusal> {
        if !self.state.signed_in() || self.state.place == Place::Sending {
            return Err(Refusal::WrongScreen);
        }
        self.state.trouble = None;
        self.state.settings.close();
        self.state.settings.behind = Some(self.state.place);
        self.state.place = Place::Settings(Page::Overview);
        self.read_sessions();
        Ok(())
    }

    fn read_sessions(&mut self) {
        self.start(|api| async move { SettingsNews::Sessions(api.sessions().await) });
        self.start(|api| async move { SettingsNews::Linked(api.identities().await) });
        self.start(|api| async move { SettingsNews::Me(api.me().await) });
    }

    fn disconnect(&mut self, id: String) -> Result<(), Refusal> {
        let offered = |identity: &Identity| identity.id == id && identity.can_unlink;
        if !self.state.settings.linked.as_ref().is_some_and(|linked| linked.iter().any(offered)) {
            return Err(Refusal::WrongScreen);
        }
        self.do_deed(Deed::Disconnect(id));
        Ok(())
    }

    fn end_session(&mut self, id: String) -> Result<(), Refusal> {
        let listed = |session: &Session| session.id == id && !session.current;
        if !self.state.settings.sessions.as_ref().is_some_and(|sessions| sessions.iter().any(listed)) {
            return Err(Refusal::WrongScreen);
        }
        self.ask(|api| async move { SettingsNews::SessionsEnded(api.end_session(&id).await) });
        Ok(())
    }

    fn do_deed(&mut self, deed: Deed) {
        self.state.settings.pending = Some(deed.clone());
        match deed {
            Deed::ChangePassword(password) => self.ask(|api| async move {
                let secret = Secret::new(password.expose_secret());
                SettingsNews::PasswordChanged(password, api.change_password(secret).await)
            }),
            Deed::AskEmail(email) => self.ask(|api| async move {
                let result = api.ask_email_change(&email).await;
                SettingsNews::EmailAsked(email, result)
            }),
            Deed::Disconnect(id) => self.ask(|api| async move {
                let result = api.disconnect_identity(&id).await;
                SettingsNews::Disconnected(id, result)
            }),
            Deed::Connect(provider) => self.connect(provider),
            Deed::Delete => {
                self.ask(|api| async move { SettingsNews::Deleted(api.delete_account().await.map(drop)) });
            }
        }
    }

    /// Sends the browser out to connect a social account.
    fn connect(&mut self, provider: String) {
        let Some(account) = self.account.clone() else { return };
        self.begin_asking();
        let (mailbox, attempt, open) = (self.mailbox.clone(), self.state.settings.attempt, self.opener());
        tokio::spawn(async move {
            let result = account.connect_social(&provider, open).await;
            let _ =
                mailbox.send(Message::News(News::Setting { attempt, news: SettingsNews::Connected(provider, result) }));
        });
    }

    fn learn_connected(&mut self, provider: String, result: Result<(), AccountError>) {
        // This news may overtake the one that the browser is back.
        if let Some(auth) = self.account.as_ref().map(Account::snapshot) {
            self.learn_auth(auth);
        }
        match result {
            Ok(()) => self.done("connected", None),
            Err(AccountError::Remote(error)) if error.is(Code::IdentityConflict) => {
                self.state.settings.pending = None;
                self.state.trouble = Some(Trouble::plain("social-connected-elsewhere"));
            }
            Err(AccountError::Remote(error)) => self.deed_refused(Deed::Connect(provider), &error),
            Err(error) => {
                self.state.settings.pending = None;
                // Whoever called the browser back knows it.
                if error != AccountError::Cancelled {
                    self.state.trouble = Some(Trouble::plain(error.code()));
                }
            }
        }
    }

    fn confirm_identity(&mut self, password: SecretString) {
        let Some(account) = self.account.clone() else { return };
        self.begin_asking();
        let (mailbox, attempt) = (self.mailbox.clone(), self.state.settings.attempt);
        tokio::spawn(async move {
            let news = SettingsNews::Confirmed(account.confirm_password(password).await);
            let _ = mailbox.send(Message::News(News::Setting { attempt, news }));
        });
    }

    /// Sends the browser out to prove who the learner is.
    fn confirm_through(&mut self, id: &str) -> Result<(), Refusal> {
        let offered = |way: &&Identity| way.id == id && can_prove(way);
        let way = self.state.settings.linked.iter().flatten().find(offered).ok_or(Refusal::WrongScreen)?.clone();
        let account = self.account.clone().ok_or(Refusal::WrongScreen)?;
        self.begin_asking();
        self.state.settings.confirming = true;
        let (mailbox, attempt, open) = (self.mailbox.clone(), self.state.settings.attempt, self.opener());
        tokio::spawn(async move {
            let news = SettingsNews::Confirmed(account.confirm_through(&way.id, &way.label, open).await);
            let _ = mailbox.send(Message::News(News::Setting { attempt, news }));
        });
        Ok(())
    }

    fn confirm_email(&mut self, code: &SecretString) -> Result<(), Refusal> {
        let (id, _) = self.state.settings.change.clone().ok_or(Refusal::WrongScreen)?;
        let code = Secret::new(code.expose_secret());
        self.ask(|api| async move { SettingsNews::EmailConfirmed(api.confirm_email_change(&id, code).await) });
        Ok(())
    }

    fn cancel_email(&mut self) -> Result<(), Refusal> {
        let (id, _) = self.state.settings.change.clone().ok_or(Refusal::WrongScreen)?;
        self.ask(|api| async move { SettingsNews::EmailCancelled(api.cancel_email_change(&id).await) });
        Ok(())
    }

    fn ask_reset(&mut self, email: &str) {
        let Some(api) = self.api.clone() else { return };
        let email = email.trim().to_owned();
        self.state.email.clone_from(&email);
        self.begin_asking();
        let (mailbox, attempt) = (self.mailbox.clone(), self.state.settings.attempt);
        tokio::spawn(async move {
            let news = SettingsNews::ResetAsked(api.ask_password_reset(&email).await);
            let _ = mailbox.send(Message::News(News::Setting { attempt, news }));
        });
    }

    fn reset(&mut self, code: &SecretString, password: &SecretString) -> Result<(), Refusal> {
        let (Some(api), Some(id)) = (self.api.clone(), self.state.settings.reset.clone()) else {
            return Err(Refusal::WrongScreen);
        };
        let (code, password) = (Secret::new(code.expose_secret()), Secret::new(password.expose_secret()));
        self.begin_asking();
        let (mailbox, attempt) = (self.mailbox.clone(), self.state.settings.attempt);
        tokio::spawn(async move {
            let news = SettingsNews::Reset(api.reset_password(&id, code, password).await);
            let _ = mailbox.send(Message::News(News::Setting { attempt, news }));
        });
        Ok(())
    }

    fn begin_asking(&mut self) {
        self.state.busy = true;
        self.state.trouble = None;
        self.state.settings.done = None;
        self.state.settings.attempt += 1;
    }

    /// Asks the server; nothing else may be pressed until it answers.
    fn ask<F: Future<Output = SettingsNews> + Send + 'static>(
        &mut self,
        work: impl FnOnce(SignedApi) -> F + Send + 'static,
    ) {
        self.begin_asking();
        self.start(work);
    }

    fn start<F: Future<Output = SettingsNews> + Send + 'static>(
        &self,
        work: impl FnOnce(SignedApi) -> F + Send + 'static,
    ) {
        let Some(account) = self.account.clone() else { return };
        let (mailbox, attempt) = (self.mailbox.clone(), self.state.settings.attempt);
        tokio::spawn(async move {
            let news = work(account.api()).await;
            // Without an owner the app is ending, and nobody needs the news.
            let _ = mailbox.send(Message::News(News::Setting { attempt, news }));
        });
    }

    /// Takes note of what became of a press.
    pub fn learn_setting(&mut self, attempt: u64, news: SettingsNews) {
        if attempt != self.state.settings.attempt {
            tracing::debug!(code = "late-answer");
            return;
        }
        // The lists come by themselves and end no asking.
        if !matches!(news, SettingsNews::Sessions(_) | SettingsNews::Linked(_) | SettingsNews::Me(_)) {
            self.state.busy = false;
        }
        match news {
            SettingsNews::Sessions(Ok(sessions)) => self.state.settings.sessions = Some(sessions),
            SettingsNews::Linked(Ok(linked)) => self.state.settings.linked = Some(linked),
            SettingsNews::Me(Ok(me)) => self.state.settings.email_managed_by = me.email_managed_by,
            SettingsNews::Disconnected(id, result) => match result {
                Ok(()) => self.done("disconnected", None),
                Err(error) => self.deed_refused(Deed::Disconnect(id), &error),
            },
            SettingsNews::Connected(provider, result) => self.learn_connected(provider, result),
            SettingsNews::Confirmed(result) => self.learn_confirmed(result),
            SettingsNews::PasswordChanged(password, result) => match result {
                Ok(()) => self.done("password-changed", None),
                Err(error) => self.deed_refused(Deed::ChangePassword(password), &error),
            },
            SettingsNews::EmailAsked(email, result) => match result {
                Ok(started) => {
                    self.state.settings.pending = None;
                    self.state.settings.change = Some((started.id, masked(&email)));
                    self.state.place = Place::Settings(Page::Email);
                }
                Err(error) => self.deed_refused(Deed::AskEmail(email), &error),
            },
            SettingsNews::Deleted(result) => match result {
                Ok(()) => self.leave(),
                Err(error) => self.deed_refused(Deed::Delete, &error),
            },
            SettingsNews::EmailConfirmed(Ok(())) => {
                self.state.settings.change = None;
                if let Some(account) = &self.account {
                    account.read_address();
                }
                self.done("email-changed", None);
            }
            SettingsNews::EmailCancelled(Ok(())) => self.state.settings.change = None,
            // It has ended by itself, or was stopped from the old mailbox: there is nothing to cancel any more.
            SettingsNews::EmailCancelled(Err(error)) if error.is(Code::NotFound) => self.state.settings.change = None,
            SettingsNews::SessionsEnded(Ok(())) => self.done("sessions-ended", None),
            SettingsNews::Exported(Ok(export)) => self.save_export(&export),
            SettingsNews::ResetAsked(Ok(started)) => self.state.settings.reset = Some(started.id),
            SettingsNews::Reset(Ok(())) => {
                self.state.settings.close();
                self.state.settings.done = Some(SettingsDone { code: "password-reset".to_owned(), path: None });
                self.state.place = Place::SignIn;
            }
            SettingsNews::Sessions(Err(error))
            | SettingsNews::Linked(Err(error))
            | SettingsNews::Me(Err(error))
            | SettingsNews::EmailConfirmed(Err(error))
            | SettingsNews::EmailCancelled(Err(error))
            | SettingsNews::SessionsEnded(Err(error))
            | SettingsNews::Exported(Err(error))
            | SettingsNews::ResetAsked(Err(error))
            | SettingsNews::Reset(Err(error)) => self.refused_setting(&error),
        }
    }

    fn learn_confirmed(&mut self, result: Result<(), AccountError>) {
        if std::mem::take(&mut self.state.settings.confirming)
            && let Some(auth) = self.account.as_ref().map(Account::snapshot)
        {
            // This news may overtake the one that the browser is back.
            self.learn_auth(auth);
        }
        match result {
            Ok(()) => match self.state.settings.pending.clone() {
                Some(deed) => {
                    self.state.place = Place::Settings(deed.page());
                    self.do_deed(deed);
                }
                None => self.state.place = Place::Settings(Page::Overview),
            },
            // The address is not in question here, so its sentence would be misleading.
            Err(AccountError::Remote(error)) if error.is(Code::InvalidCredentials) => {
                self.state.trouble = Some(Trouble::at("password", "password-wrong"));
            }
            Err(AccountError::Remote(error)) => self.refused_setting(&error),
            // Whoever called the browser back knows it.
            Err(AccountError::Cancelled) => {}
            Err(error) => self.state.trouble = Some(Trouble::plain(error.code())),
        }
    }

    /// A sign-in that is too old is asked to be proven, and the deed waits for that; else the refusal is shown.
    fn deed_refused(&mut self, deed: Deed, error: &RemoteError) {
        if error.is(Code::StepUpRequired) {
            self.state.settings.pending = Some(deed);
            self.state.place = Place::Settings(Page::Confirm);
            if self.state.settings.linked.is_none() {
                self.start(|api| async move { SettingsNews::Linked(api.identities().await) });
            }
        } else {
            self.state.settings.pending = None;
            self.refused_setting(error);
        }
    }

    fn refused_setting(&mut self, error: &RemoteError) {
        self.refused(error);
        if let (Some(trouble), Some(problem)) = (&mut self.state.trouble, error.problem()) {
            trouble.field.clone_from(&problem.field);
        }
    }

    /// Something is done: the overview says what, with the sign-ins as they are now.
    fn done(&mut self, code: &str, path: Option<String>) {
        self.state.settings.pending = None;
        self.state.settings.done = Some(SettingsDone { code: code.to_owned(), path });
        self.state.place = Place::Settings(Page::Overview);
        self.read_sessions();
    }

    fn save_export(&mut self, export: &Export) {
        let json = serde_json::to_vec_pretty(export).unwrap_or_default();
        match (self.doors.keep_file)(EXPORT_NAME, &json) {
            Some(path) => self.done("exported", Some(path)),
            None => self.state.trouble = Some(Trouble::plain("export-not-saved")),
        }
    }

    /// The account is gone: so is everything about it here.
    fn leave(&mut self) {
        self.forget_draft();
        self.state.email.clear();
        self.state.settings.close();
        self.state.place = Place::Settings(Page::Gone);
        errands::sign_out(self);
    }

    /// Whether a sign-out that was just heard of is the end of an account, which has its own page.
    pub fn is_gone(&self, auth: &Auth) -> bool {
        matches!(auth, Auth::SignedOut { .. }) && self.state.place == Place::Settings(Page::Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_way_back_except_the_end() {
        let mut settings = Settings { behind: Some(Place::CheckAnswers), ..Settings::default() };
        settings.pending = Some(Deed::Delete);
        #[rustfmt::skip]
        let table = [
            (Page::Overview,  Some(Place::CheckAnswers),              "where the settings were opened"),
            (Page::Email,     Some(Place::Settings(Page::Overview)),  "to everything"),
            (Page::Password,  Some(Place::Settings(Page::Overview)),  "to everything"),
            (Page::Delete,    Some(Place::Settings(Page::Overview)),  "to everything"),
            (Page::Confirm,   Some(Place::Settings(Page::Delete)),    "to what asked for it"),
            (Page::Forgotten, Some(Place::SignIn),                    "where it was asked for"),
            (Page::Gone,      None,                                   "there is nothing behind it"),
        ];
        for (page, expected, because) in table {
            assert_eq!(settings.step_back(page, false), expected, "{page:?}: {because}");
            assert_eq!(settings.step_back(page, true), None, "{page:?}: not while the server is asked");
        }
    }
}
