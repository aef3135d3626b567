//! The further steps of a sign-in: new account or existing one, its proof, what stands in the way, the last look.
//!
//! Guarantees: nobody gets into an account that was not proven in this session; each deed is one transaction with the step it ends;
//! what was proven at the provider and what is typed here never mix up two people: a code leads to the account of this session only.

use super::{
    challenge::{self, SigningIn},
    codes::{self, NewCode},
    par::{self, NewRequest, Rest},
    session::{self, Answer, Mailed, Pending, Session, Step, next},
};
use crate::{
    accounts,
    app::App,
    database::{Write, column},
    http::refusal::Refusal,
    identity::{
        connect::{self, NewAccount},
        discovery, invitation,
        resolve::{self, Standing},
    },
    mail::{self, Template},
    passwords,
    profile::name,
    sso::provider::Provider,
    tokens,
};
use likeness_protocol::{
    Code, Secret,
    limits::MAX_EMAIL_CHARS,
    oauth::{ChallengeAnswer, ChallengeRequest, Next},
};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How long a mailed code is good.
const MAILED_LIFE: Duration = Duration::from_mins(30);

/// One action in a session that goes on.
pub async fn go_on(
    app: &App,
    caller: &SigningIn,
    value: &Secret,
    request: &ChallengeRequest,
) -> Result<ChallengeAnswer, Refusal> {
    let session = Session::load(app, &caller.jkt, value).await?;
    let mark = session.mark(app, request)?;
    if let Some(answer) = session.answer_again(app, &mark)? {
        return answer.told(value);
    }
    let standing = Standing::of(app, &session.pending.identity).await?;
    let deed = Deed { app, caller, standing, session, mark, request };
    let answer = deed.done().await?;
    answer.told(value)
}

/// One request, with everything it needs.
struct Deed<'a> {
    app: &'a App,
    caller: &'a SigningIn,
    standing: Standing,
    session: Session,
    mark: String,
    request: &'a ChallengeRequest,
}

impl Deed<'_> {
    async fn done(&self) -> Result<Answer, Refusal> {
        let action = self.request.action.as_deref().unwrap_or_default();
        match (&self.session.pending.step, action) {
            (Step::ChooseAccount | Step::VerifyEmail | Step::Over, "back") => Err(not_here()),
            (_, "back") => self.back().await,
            (Step::ChooseAccount, "create") => self.choose_create().await,
            (Step::ChooseAccount, "link") => self.choose_link().await,
            (Step::InvitationRequired { to_link }, "invitation") => self.invitation(*to_link).await,
            (Step::CreateAccount, "create") => self.create().await,
            (Step::LinkExisting { .. }, "link") => self.link().await,
            (Step::LinkExisting { .. }, "link_via") => self.link_via().await,
            (Step::BlockedBySocial, "delink") => self.delink().await,
            (Step::SetPassword { provider }, "set_password") => self.set_password(provider).await,
            (Step::ConfirmLink, "confirm") => self.confirm().await,
            (Step::VerifyEmail, "verify") => self.verify().await,
            (Step::VerifyEmail, "resend") => self.resend().await,
            (Step::VerifyEmail, "skip") => self.skip().await,
            (Step::Over, _) => Err(Code::AuthSessionExpired.into()),
            _ => Err(not_here()),
        }
    }

    /// Goes to a step and says what it needs.
    async fn to(&self, pending: Pending) -> Result<Answer, Refusal> {
        let transaction = self.app.database.write().await?;
        self.to_within(transaction, pending).await
    }

    /// The same at the end of a transaction that did more. What the step says must not depend on what the transaction changed.
    async fn to_within(&self, transaction: Write, pending: Pending) -> Result<Answer, Refusal> {
        let (code, next) = next(self.app, &self.standing, &pending).await?;
        self.say(transaction, pending, Answer::Next(code, next)).await
    }

    async fn say(&self, mut transaction: Write, pending: Pending, answer: Answer) -> Result<Answer, Refusal> {
        self.session.advance(&mut transaction, self.app, &pending, &self.mark, &answer).await?;
        transaction.commit().await?;
        Ok(answer)
    }

    fn at(&self, step: Step) -> Pending {
        Pending { step, ..self.session.pending.clone() }
    }

    async fn back(&self) -> Result<Answer, Refusal> {
        let step = self.standing.first_step(self.session.pending.invitation.is_some())?;
        self.to(Pending { account: None, ..self.at(step) }).await
    }

    async fn choose_create(&self) -> Result<Answer, Refusal> {
        let Some(address) = self.standing.proven_email.as_deref() else { return Err(not_here()) };
        if !self.standing.can_create(self.session.pending.invitation.is_some()) {
            return Err(not_here());
        }
        let step = match resolve::account_of(self.app, address).await? {
            Some(_) => Step::LinkExisting { uses_this_email: true },
            None => Step::CreateAccount,
        };
        self.to(self.at(step)).await
    }

    async fn choose_link(&self) -> Result<Answer, Refusal> {
        if !self.standing.can_link() {
            return Err(not_here());
        }
        let step = if self.standing.link_needs_invitation(self.session.pending.invitation.is_some()) {
            Step::InvitationRequired { to_link: true }
        } else {
            self.link_step().await?
        };
        self.to(self.at(step)).await
    }

    async fn link_step(&self) -> Result<Step, Refusal> {
        let uses_this_email = match self.standing.proven_email.as_deref() {
            Some(address) => resolve::account_of(self.app, address).await?.is_some(),
            None => false,
        };
        Ok(Step::LinkExisting { uses_this_email })
    }

    async fn invitation(&self, to_link: bool) -> Result<Answer, Refusal> {
        let Some(secret) = &self.request.code else { return Err(missing("code")) };
        let found = match invitation::presented(self.app, secret).await {
            // Counted: fifty bits are not to be guessed here.
            Err(refusal) if refusal.code() == Code::NotFound => {
                self.session.count_try(self.app).await?;
                return Err(refusal.field("code"));
            }
            found => found?,
        };
        if self.standing.provider.org.as_deref() != Some(found.org.as_str()) {
            return Err(Refusal::from(Code::InvitationWrongPerson)
                .field("code")
                .detail("This invitation is of another organisation."));
        }
        found.must_fit(&self.app.keys, self.standing.proven_email.as_deref())?;
        let step = if to_link { self.link_step().await? } else { self.standing.first_step(true)? };
        self.to(Pending { invitation: Some(found.id), ..self.at(step) }).await
    }

    async fn create(&self) -> Result<Answer, Refusal> {
        let app = self.app;
        let Some(address) = self.standing.proven_email.as_deref() else { return Err(not_here()) };
        let (Some(password), Some(full_name)) = (&self.request.password, &self.request.full_name) else {
            return Err(missing("password"));
        };
        let full_name =
            name::usable(full_name).ok_or_else(|| Refusal::from(Code::FullNameInvalid).field("full_name"))?;
        if self.request.accept_terms.as_deref() != Some(app.policy.version.as_str()) {
            return Err(Refusal::from(Code::InvalidRequest)
                .field("accept_terms")
                .detail("The terms have to be accepted."));
        }
        let alternative = self.alternative_address(address)?;
        let phc = passwords::hashed_if_usable(app, address, password.clone()).await?;
        let pending = &self.session.pending;
        let mut transaction = app.database.write().await?;
        let new = NewAccount { full_name: &full_name, address, phc: &phc, terms_version: &app.policy.version };
        let Some(account) = connect::make_account(&mut transaction, app, &new).await? else {
            // Somebody took the address since the last step: that account has to be proven.
            drop(transaction);
            return self.to(self.at(Step::LinkExisting { uses_this_email: true })).await;
        };
        let invited_by = pending.invitation.as_deref();
        connect::connect(&mut transaction, app, &self.standing, &pending.identity, &account, invited_by, "created")
            .await?;
        match alternative {
            None => self.code_for(transaction, &account).await,
            Some(alternative) => {
                let mailed = self.mail_code(&mut transaction, &account, alternative).await?;
                let pending = Pending { account: Some(account), mailed: Some(mailed), ..self.at(Step::VerifyEmail) };
                let answer = self.to_within(transaction, pending).await?;
                app.mail_due.notify_one();
                Ok(answer)
            }
        }
    }

    fn alternative_address(&self, org_address: &str) -> Result<Option<String>, Refusal> {
        let refuse = |detail: &str| Err(Refusal::from(Code::InvalidRequest).field("alternative_email").detail(detail));
        let typed = self.request.alternative_email.as_deref().map(accounts::normalised).filter(|text| !text.is_empty());
        let Some(address) = typed else {
            return if self.standing.policy.require_alt_email {
                refuse("A private address is needed, so that your account stays yours.")
            } else {
                Ok(None)
            };
        };
        if address.chars().count() > MAX_EMAIL_CHARS || address.parse::<lettre::Address>().is_err() {
            return refuse("This is not an e-mail address.");
        }
        if address == org_address {
            return refuse("Give another address than your organisation's.");
        }
        Ok(Some(address))
    }

    /// Mails a code to a private address. Where the address is somebody's already, that owner is told instead, and the answer here is the same.
    async fn mail_code(&self, transaction: &mut Write, account: &str, address: String) -> Result<Mailed, Refusal> {
        let app = self.app;
        let until = app.now().plus(MAILED_LIFE);
        let taken: Option<(String,)> =
            sqlx::query_as("SELECT account_id FROM emails WHERE addr_lookup = $1 AND account_id <> $2")
                .bind(app.keys.lookup(&address))
                .bind(account)
                .fetch_optional(&mut **transaction)
                .await?;
        let (owner, template, digits) = match taken {
            Some((owner,)) => (owner, Template::AddressTaken, None),
            None => (account.to_owned(), Template::EmailCode, Some(tokens::digits(6)?)),
        };
        let hash = digits.as_deref().map(|digits| self.session.code_hash(app, &address, digits));
        let variables = mail::Variables { code: digits, ..mail::Variables::new() };
        mail::enqueue_to(transaction, app, &owner, &address, template, &variables).await?;
        Ok(Mailed { address, hash, until })
    }

    async fn verify(&self) -> Result<Answer, Refusal> {
        let app = self.app;
        let pending = &self.session.pending;
        let (Some(mailed), Some(account)) = (&pending.mailed, &pending.account) else { return Err(not_here()) };
        let Some(code) = &self.request.code else { return Err(missing("code")) };
        if mailed.until <= app.now() {
            return Err(Code::CodeExpired.into());
        }
        let digits: String = code.expose().chars().filter(char::is_ascii_digit).collect();
        let given = self.session.code_hash(app, &mailed.address, &digits);
        let fits = mailed.hash.as_ref().is_some_and(|hash| hash.as_bytes().ct_eq(given.as_bytes()).into());
        if !fits {
            return Err(match self.session.count_try(app).await? {
                ..=0 => Code::AuthSessionExpired.into(),
                left => Refusal::from(Code::CodeWrong)
                    .field("code")
                    .detail(format!("That code is not right. Tries left: {left}.")),
            });
        }
        let mut transaction = app.database.write().await?;
        if !connect::add_address(&mut transaction, app, account, &mailed.address, false).await? {
            return Err(Code::CodeExpired.into());
        }
        self.code_for(transaction, account).await
    }

    async fn resend(&self) -> Result<Answer, Refusal> {
        let pending = &self.session.pending;
        let (Some(mailed), Some(account)) = (&pending.mailed, &pending.account) else { return Err(not_here()) };
        // Each mail costs a try, so that a session cannot be used to fill a mailbox.
        if self.session.count_try(self.app).await? <= 0 {
            return Err(Code::AuthSessionExpired.into());
        }
        let mut transaction = self.app.database.write().await?;
        let mailed = self.mail_code(&mut transaction, account, mailed.address.clone()).await?;
        let pending = Pending { mailed: Some(mailed), ..pending.clone() };
        let answer = self.to_within(transaction, pending).await?;
        self.app.mail_due.notify_one();
        Ok(answer)
    }

    async fn link(&self) -> Result<Answer, Refusal> {
        let (Some(email), Some(password)) = (&self.request.email, &self.request.password) else {
            return Err(missing("password"));
        };
        // At the organisation's own sign-in its people may prove an older account: they have just signed in through it.
        if let Some(denying) = discovery::denying_passwords(self.app, email).await?
            && self.standing.provider.org.as_deref() != Some(denying.org.id.as_str())
        {
            return Err(discovery::not_by_password(&denying.org.name).field("email"));
        }
        let account = match challenge::check_password(self.app, email, password.clone(), self.caller.from).await {
            Err(refusal) if refusal.code() == Code::InvalidCredentials => {
                self.session.count_try(self.app).await?;
                return Err(refusal);
            }
            account => account?,
        };
        let step = resolve::after_proof(self.app, &self.standing, &account).await?;
        self.to(Pending { account: Some(account), ..self.at(step) }).await
    }

    async fn link_via(&self) -> Result<Answer, Refusal> {
        let request = self.request;
        let (Some(kind), Some(redirect_uri), Some(state)) = (&request.provider, &request.redirect_uri, &request.state)
        else {
            return Err(missing("provider"));
        };
        if !par::may_return_to(redirect_uri) || !par::is_state(state) {
            return Err(Refusal::from(Code::InvalidRequest).field("redirect_uri"));
        }
        let provider = Provider::social(self.app, kind).await?.ok_or_else(|| missing("provider"))?;
        let rest = Rest { state: state.clone(), session: Some(self.session.value.clone()), ..Rest::nothing() };
        let mut transaction = self.app.database.write().await?;
        let request_uri = par::announce(
            &mut transaction,
            self.app,
            &NewRequest {
                client_id: &self.session.client_id,
                jkt: &self.session.jkt,
                challenge: &self.session.challenge,
                scope: &self.session.scope,
                redirect_uri,
                idp_id: &provider.id,
                invitation: None,
                rest: &rest,
            },
        )
        .await?;
        let answer = Answer::Web(request_uri);
        self.session.advance(&mut transaction, self.app, &self.session.pending, &self.mark, &answer).await?;
        transaction.commit().await?;
        Ok(answer)
    }

    async fn delink(&self) -> Result<Answer, Refusal> {
        let Some(kind) = &self.request.provider else { return Err(missing("provider")) };
        let account = self.proven_account()?;
        if !resolve::social(self.app, account).await?.contains(kind) {
            return Err(missing("provider"));
        }
        if !session::has_password(self.app, account).await? {
            return self.to(self.at(Step::SetPassword { provider: kind.clone() })).await;
        }
        let transaction = self.app.database.write().await?;
        self.disconnect(transaction, account, kind).await
    }

    async fn set_password(&self, kind: &str) -> Result<Answer, Refusal> {
        let Some(password) = &self.request.password else { return Err(missing("password")) };
        let account = self.proven_account()?;
        let address = accounts::primary_email(self.app, account).await?.ok_or(Code::ServerFault)?;
        let phc = passwords::hashed_if_usable(self.app, &address, password.clone()).await?;
        let mut transaction = self.app.database.write().await?;
        let set = sqlx::query(
            "INSERT INTO passwords (account_id, phc, changed_at) VALUES ($1, $2, $3) ON CONFLICT (account_id) DO NOTHING",
        )
        .bind(account)
        .bind(phc)
        .bind(column(self.app.now()))
        .execute(&mut *transaction)
        .await?;
        if set.rows_affected() == 0 {
            // Somebody set one meanwhile; theirs is not replaced from here.
            return Err(Code::AuthSessionExpired.into());
        }
        mail::enqueue(&mut transaction, self.app, account, Template::PasswordChanged, &mail::Variables::new()).await?;
        self.disconnect(transaction, account, kind).await
    }

    /// Takes a social account off and goes on: to the next one, or to the last look.
    async fn disconnect(&self, mut transaction: Write, account: &str, kind: &str) -> Result<Answer, Refusal> {
        connect::disconnect_social(&mut transaction, self.app, account, kind).await?;
        let mut providers = resolve::social(self.app, account).await?;
        providers.retain(|other| other != kind);
        let answer = if providers.is_empty() {
            self.to_within(transaction, self.at(Step::ConfirmLink)).await?
        } else {
            let next = Next::BlockedBySocial { providers, has_password: true };
            let answer = Answer::Next(Code::AccountLinkedToSocial, next);
            self.say(transaction, self.at(Step::BlockedBySocial), answer).await?
        };
        self.app.mail_due.notify_one();
        Ok(answer)
    }

    async fn confirm(&self) -> Result<Answer, Refusal> {
        let app = self.app;
        let account = self.proven_account()?;
        let pending = &self.session.pending;
        // Once more: between the proof and this press the account may have changed.
        if resolve::after_proof(app, &self.standing, account).await? != Step::ConfirmLink {
            return self.to(self.at(Step::BlockedBySocial)).await;
        }
        let mut transaction = app.database.write().await?;
        let invited_by = pending.invitation.as_deref();
        connect::connect(&mut transaction, app, &self.standing, &pending.identity, account, invited_by, "linked")
            .await?;
        let name = &self.standing.provider.label;
        connect::tell(&mut transaction, app, account, Template::Connected, name, None).await?;
        if let Some(address) = &self.standing.proven_email
            && connect::add_address(&mut transaction, app, account, address, false).await?
        {
            let to = Some(address.as_str());
            connect::tell(&mut transaction, app, account, Template::Connected, name, to).await?;
        }
        let answer = self.code_for(transaction, account).await?;
        app.mail_due.notify_one();
        Ok(answer)
    }

    fn proven_account(&self) -> Result<&str, Refusal> {
        self.session.pending.account.as_deref().ok_or_else(|| Code::AuthSessionExpired.into())
    }

    /// Goes on without proving the private address; it is forgotten and can be given again in the account's settings.
    async fn skip(&self) -> Result<Answer, Refusal> {
        let account = self.proven_account()?;
        let transaction = self.app.database.write().await?;
        self.code_for(transaction, account).await
    }

    /// Ends the session with a code for the account.
    async fn code_for(&self, mut transaction: Write, account: &str) -> Result<Answer, Refusal> {
        let session = &self.session;
        let new = NewCode {
            account,
            client_id: &session.client_id,
            jkt: &session.jkt,
            challenge: &session.challenge,
            scope: &session.scope,
            device_label: session.pending.device_label.as_deref(),
            redirect_uri: None,
            auth_time: self.app.now(),
            how: "connected",
        };
        let answer = Answer::Code(codes::issue(&mut transaction, self.app, &new).await?);
        session.advance(&mut transaction, self.app, &self.at(Step::Over), &self.mark, &answer).await?;
        transaction.commit().await?;
        Ok(answer)
    }
}

fn not_here() -> Refusal {
    Refusal::from(Code::InvalidRequest).field("action").detail("This is not possible in this step.")
}

fn missing(field: &str) -> Refusal {
    Refusal::from(Code::InvalidRequest).field(field).detail("A field of this action is missing or not known.")
}
