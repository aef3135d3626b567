//! Signing in through an organisation: its domain, the browser, and the steps of a first sign-in.
//!
//! Which page is shown follows from the sign-in's own state, so the two can never disagree; nothing typed here is kept but the domain
//! and the private address of a new account, which is offered at the next sign-in and whose practice mailbox can be read.
//! Passwords and codes pass through once, on their way to `account`.

use std::fmt;
use std::sync::Arc;

use likeness_account::{Account, Auth, OpenUrl, OrganisationWish, StepAnswer};
use likeness_protocol::discovery::SearchHint;
use likeness_protocol::oauth::Next;
use likeness_protocol::problem::Code;
use likeness_protocol::text::Secret;
use likeness_remote::RemoteError;
use serde::Deserialize;

use crate::actor::{Message, Owner};
use crate::draw::milliseconds;
use crate::intent::Refusal;
use crate::news::News;
use crate::state::{Place, State};
use crate::view::{OrganisationPage, Screen};

/// One press on the way through an organisation.
#[derive(Debug)]
pub enum JoiningWish {
    /// From the sign-in screen to the field for the domain.
    Open,
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
        match (wish, &self.state.auth) {
            (JoiningWish::Open, _) if self.state.place == Place::SignIn && !self.state.busy => {
                self.state.trouble = None;
                self.state.place = Place::Organisation;
            }
            (JoiningWish::Find { input }, auth)
                if here && !self.state.busy && !matches!(auth, Auth::AwaitingBrowser(_) | Auth::Interaction(_)) =>
            {
                input.trim().clone_into(&mut self.state.organisation);
                let open = self.opener();
                let wish = OrganisationWish { input, invitation: None };
                self.ask_account(account, |account| async move { account.sign_in_browser(wish, open).await });
            }
            (JoiningWish::Reopen, Auth::AwaitingBrowser(_)) if here => account.reopen_browser(),
            (JoiningWish::CopyLink, Auth::AwaitingBrowser(wait)) if here => {
                (self.doors.copy_text)(&wait.link);
            }
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
            (JoiningWish::Step(step), Auth::Interaction(unproven)) if here && !self.state.busy => {
                let answer = answer(step, &unproven.next);
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

    fn ask_account<F>(&mut self, account: Account, question: impl FnOnce(Account) -> F)
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

fn answer(step: StepWish, next: &Next) -> StepAnswer {
    match step {
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
        StepWish::Invitation { code } => StepAnswer::Invitation { code: Secret::new(code.trim()) },
        StepWish::Verify { code } => StepAnswer::Verify { code: Secret::new(code.trim()) },
        StepWish::Resend => StepAnswer::Resend,
        StepWish::Later => StepAnswer::Skip,
        StepWish::Back => StepAnswer::Back,
    }
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
        Auth::AwaitingBrowser(wait) => {
            OrganisationPage::Browser { org: wait.org.clone(), opened: wait.opened, until_ms: milliseconds(wait.until) }
        }
        Auth::Interaction(unproven) => step(&unproven.org, &unproven.next),
        _ => OrganisationPage::Domain { input: state.organisation.clone() },
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
        Next::LinkExisting { already_uses_this_email, .. } => {
            OrganisationPage::LinkExisting { org, already_uses_this_email }
        }
        Next::SetPassword { account_masked } => OrganisationPage::SetPassword { account_masked },
        Next::BlockedBySocial { providers, has_password } => {
            OrganisationPage::BlockedBySocial { org, providers, has_password }
        }
        Next::ConfirmLink { account_masked, org_masked, .. } => {
            OrganisationPage::ConfirmLink { org, account_masked, org_masked }
        }
        Next::InvitationRequired { .. } => OrganisationPage::Invitation { org },
        Next::VerifyEmail { email_masked } => OrganisationPage::VerifyEmail { email_masked },
        // `remote` makes an error of it before it gets here.
        Next::Unknown => OrganisationPage::Domain { input: String::new() },
    }
}
