//! A sign-in that goes on: what was proven so far, which step comes next, and how often the wrong thing was tried.
//!
//! Guarantees: bound to the app's key; over ten minutes after the last accepted step and half an hour after its beginning; five wrong tries end it;
//! the same request sent again after a lost reply gets the same answer and changes nothing.

use crate::{
    accounts,
    app::App,
    database::{Write, column, time},
    http::refusal::Refusal,
    identity::resolve::{self, Standing},
    sso::oidc::ExternalIdentity,
    tokens,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::{
    Code, Secret, UnixMs,
    oauth::{ChallengeAnswer, ChallengeRequest, Next},
    text::masked,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a session waits for the next step.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long it may take in all.
const LONGEST: Duration = Duration::from_mins(30);
/// Wrong passwords and codes before it ends.
pub const TRIES: i64 = 5;

/// Which step a session stands at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// New account, or connect one.
    ChooseAccount,
    /// Everything a new account needs.
    CreateAccount,
    /// Prove the account to be connected.
    LinkExisting {
        /// Whether the organisation's address signs in to an account already.
        uses_this_email: bool,
    },
    /// A password is needed before this social account can be disconnected.
    SetPassword {
        /// Which social account.
        provider: String,
    },
    /// Social accounts have to be disconnected first.
    BlockedBySocial,
    /// Last look.
    ConfirmLink,
    /// An invitation is needed.
    InvitationRequired {
        /// Whether somebody wanted to connect an account, and goes on there.
        to_link: bool,
    },
    /// A private address has to be proven.
    VerifyEmail,
    /// A code was given out.
    Over,
}

/// A code that was mailed to a private address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mailed {
    /// Where to.
    pub address: String,
    /// Keyed hash of the digits; none where the address was somebody else's, so that no digits fit.
    pub hash: Option<String>,
    /// Until when.
    pub until: UnixMs,
}

/// What a session knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// Where it stands.
    pub step: Step,
    /// Who came back from the provider.
    pub identity: ExternalIdentity,
    /// The invitation it was begun with, or that was typed.
    pub invitation: Option<String>,
    /// The account that was made or proven in this session.
    pub account: Option<String>,
    /// How the device wants to be listed.
    pub device_label: Option<String>,
    /// The code that was mailed.
    pub mailed: Option<Mailed>,
}

/// What a step ends in. Kept, sealed, for the case that the reply is lost.
#[derive(Serialize, Deserialize)]
pub enum Answer {
    /// Signed in.
    Code(Secret),
    /// The next step.
    Next(Code, Next),
    /// Go on in the browser.
    Web(String),
}

impl Answer {
    /// In the form the endpoint answers with.
    pub fn told(self, session: &Secret) -> Result<ChallengeAnswer, Refusal> {
        match self {
            Self::Code(authorization_code) => Ok(ChallengeAnswer { authorization_code }),
            Self::Next(code, next) => Err(Refusal::unfinished(code, session.clone(), next)),
            Self::Web(request_uri) => Err(Refusal::to_web(session.clone(), request_uri)),
        }
    }
}

/// A session that was found and may go on.
pub struct Session {
    /// The handle, as the app holds it.
    pub value: Secret,
    hash: String,
    pub client_id: String,
    pub jkt: String,
    pub challenge: String,
    pub scope: String,
    pub pending: Pending,
    steps: i64,
    tries: i64,
    last_mac: Option<String>,
    last_answer: Option<Vec<u8>>,
}

/// Whose session it will be.
pub struct Owner<'a> {
    pub client_id: &'a str,
    pub jkt: &'a str,
    pub challenge: &'a str,
    pub scope: &'a str,
}

/// Begins a session; gives its handle.
pub async fn begin(
    transaction: &mut Write,
    app: &App,
    owner: &Owner<'_>,
    pending: &Pending,
) -> Result<Secret, Refusal> {
    let value = tokens::token("lk_as_")?;
    let hash = tokens::hash(value.expose());
    sqlx::query("INSERT INTO auth_sessions (hash, client_id, jkt, challenge, scope, state_sealed, steps, tries, started_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $7)")
        .bind(&hash)
        .bind(owner.client_id)
        .bind(owner.jkt)
        .bind(owner.challenge)
        .bind(owner.scope)
        .bind(app.keys.seal("auth_sessions", "state", &hash, &serde_json::to_vec(pending)?)?)
        .bind(column(app.now()))
        .execute(&mut **transaction)
        .await?;
    Ok(value)
}

#[derive(sqlx::FromRow)]
struct Row {
    client_id: String,
    jkt: String,
    challenge: String,
    scope: String,
    state_sealed: Vec<u8>,
    steps: i64,
    tries: i64,
    started_at: i64,
    last_at: i64,
    last_mac: Option<String>,
    last_answer_sealed: Option<Vec<u8>>,
}

impl Session {
    /// Finds a session of this key.
    pub async fn load(app: &App, jkt: &str, value: &Secret) -> Result<Self, Refusal> {
        let hash = tokens::hash(value.expose());
        let row: Option<Row> = sqlx::query_as("SELECT client_id, jkt, challenge, scope, state_sealed, steps, tries, started_at, last_at, last_mac, last_answer_sealed FROM auth_sessions WHERE hash = $1")
            .bind(&hash)
            .fetch_optional(app.database.read())
            .await?;
        let row = row.filter(|row| row.jkt == jkt).ok_or(Code::AuthSessionExpired)?;
        let now = app.now();
        if now.since(time(row.last_at)) > PATIENCE || now.since(time(row.started_at)) > LONGEST || row.tries >= TRIES {
            return Err(Code::AuthSessionExpired.into());
        }
        let pending = serde_json::from_slice(&app.keys.open("auth_sessions", "state", &hash, &row.state_sealed)?)?;
        Ok(Self {
            value: value.clone(),
            hash,
            client_id: row.client_id,
            jkt: row.jkt,
            challenge: row.challenge,
            scope: row.scope,
            pending,
            steps: row.steps,
            tries: row.tries,
            last_mac: row.last_mac,
            last_answer: row.last_answer_sealed,
        })
    }

    /// Recognises a request without keeping it: it may hold a password.
    pub fn mark(&self, app: &App, request: &ChallengeRequest) -> Result<String, Refusal> {
        let text = format!("auth_sessions|{}|{}", self.hash, serde_json::to_string(request)?);
        Ok(BASE64URL.encode(app.keys.form.mac(text.as_bytes())))
    }

    /// The answer the same request got the last time.
    pub fn answer_again(&self, app: &App, mark: &str) -> Result<Option<Answer>, Refusal> {
        match &self.last_answer {
            Some(sealed) if self.last_mac.as_deref() == Some(mark) => {
                let opened = app.keys.open("auth_sessions", "last_answer", &self.hash, sealed)?;
                Ok(Some(serde_json::from_slice(&opened)?))
            }
            _ => Ok(None),
        }
    }

    /// Writes an accepted step down; of two at the same time the second is refused, with everything in its transaction.
    pub async fn advance(
        &self,
        transaction: &mut Write,
        app: &App,
        pending: &Pending,
        mark: &str,
        answer: &Answer,
    ) -> Result<(), Refusal> {
        let moved = sqlx::query("UPDATE auth_sessions SET state_sealed = $3, steps = steps + 1, last_at = $4, last_mac = $5, last_answer_sealed = $6 WHERE hash = $1 AND steps = $2")
            .bind(&self.hash)
            .bind(self.steps)
            .bind(app.keys.seal("auth_sessions", "state", &self.hash, &serde_json::to_vec(pending)?)?)
            .bind(column(app.now()))
            .bind(mark)
            .bind(app.keys.seal("auth_sessions", "last_answer", &self.hash, &serde_json::to_vec(answer)?)?)
            .execute(&mut **transaction)
            .await?;
        if moved.rows_affected() == 0 { Err(Code::RequestInProgress.into()) } else { Ok(()) }
    }

    /// Writes down the account that a trip through the browser proved for this session, now that the trip came back to the app.
    pub async fn proven_by_trip(&self, app: &App, account: String) -> Result<(), Refusal> {
        if !matches!(self.pending.step, Step::LinkExisting { .. }) {
            return Err(Code::AuthSessionExpired.into());
        }
        let standing = Standing::of(app, &self.pending.identity).await?;
        let step = resolve::after_proof(app, &standing, &account).await?;
        let pending = Pending { step, account: Some(account), ..self.pending.clone() };
        let mut transaction = app.database.write().await?;
        let moved = sqlx::query("UPDATE auth_sessions SET state_sealed = $3, steps = steps + 1, last_at = $4, last_mac = NULL, last_answer_sealed = NULL WHERE hash = $1 AND steps = $2")
            .bind(&self.hash)
            .bind(self.steps)
            .bind(app.keys.seal("auth_sessions", "state", &self.hash, &serde_json::to_vec(&pending)?)?)
            .bind(column(app.now()))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        if moved.rows_affected() == 0 { Err(Code::AuthSessionExpired.into()) } else { Ok(()) }
    }

    /// Counts a wrong try; says how many are left.
    pub async fn count_try(&self, app: &App) -> Result<i64, Refusal> {
        let mut transaction = app.database.write().await?;
        sqlx::query("UPDATE auth_sessions SET tries = tries + 1 WHERE hash = $1")
            .bind(&self.hash)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(TRIES - self.tries - 1)
    }

    /// The step the session stands at, as a refusal that leads on.
    pub async fn where_it_stands(&self, app: &App) -> Result<Refusal, Refusal> {
        let standing = Standing::of(app, &self.pending.identity).await?;
        let (code, next) = next(app, &standing, &self.pending).await?;
        Ok(Refusal::unfinished(code, self.value.clone(), next))
    }

    /// What a mailed code is compared with. Keyed, for six digits are found in no time from an ordinary hash.
    pub fn code_hash(&self, app: &App, address: &str, digits: &str) -> String {
        app.keys.lookup(&format!("auth_sessions|{}|{address}|{digits}", self.hash))
    }
}

/// What the app is told about a step.
pub async fn next(app: &App, standing: &Standing, pending: &Pending) -> Result<(Code, Next), Refusal> {
    let name = || pending.identity.name.as_deref().and_then(crate::profile::name::usable).unwrap_or_default();
    let org = standing.provider.label.clone();
    let org_masked = || pending.identity.email.as_deref().map(masked).unwrap_or_default();
    let invited = pending.invitation.is_some();
    let next = match &pending.step {
        Step::ChooseAccount => Next::ChooseAccount {
            org,
            name: name(),
            email_masked: org_masked(),
            can_create: standing.can_create(invited),
            can_link: standing.can_link(),
            link_needs_invitation: standing.link_needs_invitation(invited),
        },
        Step::CreateAccount => Next::CreateAccount {
            alternative_email_required: standing.policy.require_alt_email,
            terms_version: app.policy.version.clone(),
            suggested_name: name(),
        },
        Step::LinkExisting { uses_this_email } => Next::LinkExisting {
            already_uses_this_email: *uses_this_email,
            providers: providers_of(app, standing, *uses_this_email).await?,
        },
        Step::SetPassword { .. } => Next::SetPassword { account_masked: account_masked(app, pending).await? },
        Step::BlockedBySocial => {
            let account = pending.account.as_deref().ok_or(Code::AuthSessionExpired)?;
            let (providers, has_password) = (resolve::social(app, account).await?, has_password(app, account).await?);
            return Ok((Code::AccountLinkedToSocial, Next::BlockedBySocial { providers, has_password }));
        }
        Step::ConfirmLink => Next::ConfirmLink {
            account_masked: account_masked(app, pending).await?,
            org_masked: org_masked(),
            org,
            // A social account only signs in; who runs it is told nothing.
            org_will_see: standing.provider.org.iter().map(|_| "profile_status".to_owned()).collect(),
        },
        Step::InvitationRequired { .. } => return Ok((Code::InvitationRequired, Next::InvitationRequired { org })),
        Step::VerifyEmail => Next::VerifyEmail {
            email_masked: pending.mailed.as_ref().map(|mailed| masked(&mailed.address)).unwrap_or_default(),
        },
        Step::Over => return Err(Code::AuthSessionExpired.into()),
    };
    Ok((Code::InsufficientAuthorization, next))
}

/// The social accounts of the account with this address. Told only because the provider has just proven that the mailbox is theirs.
async fn providers_of(app: &App, standing: &Standing, uses_this_email: bool) -> Result<Vec<String>, Refusal> {
    let Some(address) = standing.proven_email.as_deref().filter(|_| uses_this_email) else { return Ok(Vec::new()) };
    match resolve::account_of(app, address).await? {
        Some(account) => resolve::social(app, &account).await,
        None => Ok(Vec::new()),
    }
}

async fn account_masked(app: &App, pending: &Pending) -> Result<String, Refusal> {
    let account = pending.account.as_deref().ok_or(Code::AuthSessionExpired)?;
    Ok(accounts::primary_email(app, account).await?.as_deref().map(masked).unwrap_or_default())
}

/// Whether an account can be signed in to with a password.
pub async fn has_password(app: &App, account: &str) -> Result<bool, Refusal> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM passwords WHERE account_id = $1")
        .bind(account)
        .fetch_optional(app.database.read())
        .await?;
    Ok(row.is_some())
}
