//! Signing in through an organisation or a social account: whom to sign in with, the browser, and the steps of a first sign-in.
//!
//! Which page is shown follows from the sign-in's own state, so the two can never disagree; nothing typed here is kept but the domain
//! and the private address of a new account, which is offered at the next sign-in and whose practice mailbox can be read.
//! Passwords and codes pass through once, on their way to `account`.

use std::fmt;
use std::sync::Arc;

use likeness_account::{Account, AppLink, Auth, OpenUrl, OrganisationWish, StepAnswer};
use likeness_protocol::discovery::SearchHint;
use likeness_protocol::oauth::Next;
use likeness_protocol::problem::Code;
use likeness_protocol::text::Secret;
use likeness_remote::RemoteError;
use serde::Deserialize;

use crate::actor::{Message, Owner};
use crate::draw::milliseconds;
use crate::intent::Refusal;
use crate::invitation::Held;
use crate::news::News;
use crate::state::{Place, State};
use crate::view::{OrganisationPage, Screen};

/// One press on the way through an organisation.
#[derive(Debug)]
pub enum JoiningWish {
    /// From the sign-in screen to the field for the domain.
    Open,
    /// From the sign-in screen through a social account.
    Social {
        /// Which, from the View.
        provider: String,
    },
    /// The domain.
    Find {
        /// As typed.
        input: String,
    },
    /// The browser once more.
    Reopen,
    /// The link, for another browser.
    CopyLink,
    /// Back to the domain, whatever was under way.
    Cancel,
    /// The step that is shown.
    Step(StepWish),
}

/// What somebody does in a step.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum StepWish {
    /// A new account.
    New,
    /// There is an account already.
    Existing,
    /// The new account, under the terms that are shown.
    Create {
        /// A private address; may be empty where none is required.
        alternative_email: String,
        /// As typed.
        password: String,
        /// As typed.
        full_name: String,
    },
    /// Proof of the account there is.
    Link {
        /// As typed.
        email: String,
        /// As typed.
        password: String,
    },
    /// Proof of the account there is, through a social account of it.
    Via {
        /// Which, from the View.
        provider: String,
    },
    /// Connect the two.
    Confirm,
    /// Take a social sign-in off.
    Delink {
        /// Which, from the View.
        provider: String,
    },
    /// A password for the account.
    SetPassword {
        /// As typed.
        password: String,
    },
    /// The invitation's code.
    Invitation {
        /// As typed.
        code: String,
    },
    /// The code of the mail.
    Verify {
        /// As typed.
        code: String,
    },
    /// Another mail.
    Resend,
    /// The address is proven later.
    Later,
    /// One step back.
    Back,
}

/// How the sign-in through the browser was begun.
#[derive(Debug, Default)]
pub struct Joining {
    /// Through this social account.
    pub social: Option<String>,
    /// With a password, which the organisation of the address does not want.
    pub not_by_password: bool,
    /// With the invitation that is held.
    pub invited: bool,
}

impl Joining {
    /// Was it begun on the sign-in screen, so that whatever ends it leads back there?
    pub fn began_at_sign_in(&self) -> bool {
        self.social.is_some() || self.not_by_password
    }
}

impl fmt::Debug for StepWish {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StepWish")
    }
}

impl Owner {
    /// Does what was pressed, or refuses.
    pub fn grant_joining(&mut self, wish: JoiningWish) -> Result<(), Refusal> {
        let Some(account) = self.account.clone() else { return Err(Refusal::WrongScreen) };
        let here = self.state.place == Place::Organisation;
        let in_settings = matches!(self.state.place, Place::Settings(_));
        match (wish, &self.state.auth) {
            (JoiningWish::Open, _) if self.state.place == Place::SignIn && !self.state.busy => {
                self.state.trouble = None;
                self.state.joining = Joining::default();
                self.state.place = Place::Organisation;
            }
            (JoiningWish::Social { provider }, _)
                if self.state.place == Place::SignIn && !self.state.busy && self.state.social.contains(&provider) =>
            {
                self.state.joining = Joining { social: Some(provider.clone()), ..Joining::default() };
                let open = self.opener();
                self.ask_account(account, |account| async move { account.sign_in_social(&provider, open).await });
            }
            (JoiningWish::Find { input }, auth)
                if here && !self.state.busy && !matches!(auth, Auth::AwaitingBrowser(_) | Auth::Interaction(_)) =>
            {
                // Whoever pastes the invitation itself means it.
                if let Some(AppLink::Invitation(secret)) = AppLink::read(input.trim()) {
                    self.take_invitation(secret);
                    return Ok(());
                }
                input.trim().clone_into(&mut self.state.organisation);
                let invitation = self.state.invitation.as_ref().and_then(|held| held.secret_for(&input));
                self.state.joining = Joining { invited: invitation.is_some(), ..Joining::default() };
                let open = self.opener();
                let wish = OrganisationWish { input, invitation };
                self.ask_account(account, |account| async move { account.sign_in_browser(wish, open).await });
            }
            (JoiningWish::Reopen, Auth::AwaitingBrowser(_)) if here => account.reopen_browser(),
            (JoiningWish::CopyLink, Auth::AwaitingBrowser(wait)) if here => {
                (self.doors.copy_text)(&wait.link);
            }
            // The same presses for a browser that somebody who is signed in has sent out.
            (JoiningWish::Reopen, Auth::SignedIn { browser: Some(_), .. }) if in_settings => account.reopen_browser(),
            (JoiningWish::CopyLink, Auth::SignedIn { browser: Some(wait), .. }) if in_settings => {
                (self.doors.copy_text)(&wait.link);
            }
            (JoiningWish::Cancel, Auth::SignedIn { browser: Some(_), .. }) if in_settings => account.cancel(),
            (
                JoiningWish::Cancel,
                Auth::Discovering | Auth::AwaitingBrowser(_) | Auth::Exchanging | Auth::Interaction(_),
            ) if here => {
                // The answer of what is cancelled comes under an old number.
                self.next_attempt();
                self.state.busy = false;
                self.state.trouble = None;
                account.cancel();
            }
            (JoiningWish::Step(StepWish::Via { provider }), Auth::Interaction(unproven))
                if here && !self.state.busy =>
            {
                if !matches!(&unproven.next, Next::LinkExisting { providers, .. } if providers.contains(&provider)) {
                    return Err(Refusal::WrongScreen);
                }
                let open = self.opener();
                self.ask_account(account, |account| async move { account.prove_via(&provider, open).await });
            }
            (JoiningWish::Step(step), Auth::Interaction(unproven)) if here && !self.state.busy => {
                let Some(answer) = answer(step, &unproven.next) else { return Err(Refusal::WrongScreen) };
                if let StepAnswer::Create { alternative_email: Some(email), .. } = &answer {
                    self.state.email.clone_from(email);
                }
                self.ask_account(account, |account| async move { account.answer_step(answer).await });
            }
            _ => return Err(Refusal::WrongScreen),
        }
        Ok(())
    }

    /// What opens the browser for a sign-in.
    pub fn opener(&self) -> Arc<dyn OpenUrl> {
        let open = self.doors.open_link.clone();
        Arc::new(move |link: &str| open(link))
    }

    /// Asks the account; nothing else may be pressed until it answers, but what calls it back.
    pub fn ask_account<F>(&mut self, account: Account, question: impl FnOnce(Account) -> F)
    where
        F: Future<Output = Result<(), likeness_account::AccountError>> + Send + 'static,
    {
        self.state.busy = true;
        self.state.trouble = None;
        let attempt = self.next_attempt();
        let mailbox = self.mailbox.clone();
        let question = question(account);
        tokio::spawn(async move {
            let result = question.await;
            // Without an owner the app is ending, and nobody needs the news.
            let _ = mailbox.send(Message::News(News::SignedIn { attempt, result }));
        });
    }
}

/// What the account is told; nothing for what is no answer but another way.
fn answer(step: StepWish, next: &Next) -> Option<StepAnswer> {
    Some(match step {
        StepWish::New => StepAnswer::ChooseNew,
        StepWish::Existing => StepAnswer::ChooseExisting,
        StepWish::Create { alternative_email, password, full_name } => StepAnswer::Create {
            alternative_email: Some(alternative_email.trim().to_owned()).filter(|email| !email.is_empty()),
            password: Secret::new(password),
            full_name,
            accept_terms: match next {
                Next::CreateAccount { terms_version, .. } => terms_version.clone(),
                _ => String::new(),
            },
        },
        StepWish::Link { email, password } => {
            StepAnswer::Link { email: email.trim().to_owned(), password: Secret::new(password) }
        }
        StepWish::Confirm => StepAnswer::Confirm,
        StepWish::Delink { provider } => StepAnswer::Delink { provider },
        StepWish::SetPassword { password } => StepAnswer::SetPassword { password: Secret::new(password) },
        StepWish::Invitation { code } => StepAnswer::Invitation {
            // The link may be pasted in the place of its code.
            code: match AppLink::read(code.trim()) {
                Some(AppLink::Invitation(token)) => token,
                _ => Secret::new(code.trim()),
            },
        },
        StepWish::Verify { code } => StepAnswer::Verify { code: Secret::new(code.trim()) },
        StepWish::Resend => StepAnswer::Resend,
        StepWish::Later => StepAnswer::Skip,
        StepWish::Back => StepAnswer::Back,
        StepWish::Via { .. } => return None,
    })
}

/// A more exact code, where the server gave a hint or there is only one thing it can mean.
pub fn hinted(error: &RemoteError, auth: &Auth) -> Option<&'static str> {
    let looks_for_invitation =
        matches!(auth, Auth::Interaction(unproven) if matches!(unproven.next, Next::InvitationRequired { .. }));
    if looks_for_invitation && error.is(Code::NotFound) {
        return Some("invitation-unknown");
    }
    match error.problem()?.hint? {
        SearchHint::IsProductName => Some("org-is-product-name"),
        SearchHint::PublicMail => Some("org-is-public-mail"),
        SearchHint::Unknown => None,
    }
}

/// Draws the page.
pub fn screen(state: &State) -> Screen {
    Screen::Organisation { page: page(state), busy: state.busy, trouble: state.trouble.clone() }
}

fn page(state: &State) -> OrganisationPage {
    match &state.auth {
        Auth::AwaitingBrowser(wait) => OrganisationPage::Browser {
            org: wait.org.clone(),
            opened: wait.opened,
            until_ms: milliseconds(wait.until),
            not_by_password: state.joining.not_by_password,
        },
        Auth::Interaction(unproven) => step(&unproven.org, &unproven.next),
        _ => OrganisationPage::Domain {
            input: state.organisation.clone(),
            invitation: state.invitation.as_ref().and_then(Held::view),
        },
    }
}

fn step(org: &str, next: &Next) -> OrganisationPage {
    let org = org.to_owned();
    match next.clone() {
        Next::ChooseAccount { name, email_masked, can_create, can_link, link_needs_invitation, .. } => {
            OrganisationPage::ChooseAccount { org, name, email_masked, can_create, can_link, link_needs_invitation }
        }
        Next::CreateAccount { alternative_email_required, suggested_name, .. } => {
            OrganisationPage::CreateAccount { org, alternative_email_required, suggested_name }
        }
        Next::LinkExisting { already_uses_this_email, providers } => {
            OrganisationPage::LinkExisting { org, already_uses_this_email, providers }
        }
        Next::SetPassword { account_masked } => OrganisationPage::SetPassword { account_masked },
        Next::BlockedBySocial { providers, has_password } => {
            OrganisationPage::BlockedBySocial { org, providers, has_password }
        }
        Next::ConfirmLink { account_masked, org_masked, org_will_see, .. } => {
            OrganisationPage::ConfirmLink { org, account_masked, org_masked, sees_status: !org_will_see.is_empty() }
        }
        Next::InvitationRequired { .. } => OrganisationPage::Invitation { org },
        Next::VerifyEmail { email_masked } => OrganisationPage::VerifyEmail { email_masked },
        // `remote` makes an error of it before it gets here.
        Next::Unknown => OrganisationPage::Domain { input: String::new(), invitation: None },
    }
}
