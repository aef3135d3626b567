//! What follows from a provider's checked answer: a sign-in, a sign-in that needs more, or a refusal with its reason.
//!
//! Guarantees: an identity is (provider, issuer, number there); an equal address opens nobody's account, it only decides which screen comes next.
//! An address counts as proven when the provider says so and the organisation proved its domain: some providers let people write any address.

use super::{
    invitation,
    organisation::{self, Linking, OrganisationPolicy},
};
use crate::{
    accounts,
    app::App,
    http::refusal::Refusal,
    oauth::session::Step,
    sso::{oidc::ExternalIdentity, provider::Provider},
};
use likeness_protocol::{Code, discovery::Joining};

/// A provider's answer, with everything the rules about it need.
pub struct Standing {
    /// Who vouches.
    pub provider: Provider,
    /// The organisation's rules.
    pub policy: OrganisationPolicy,
    /// The address in its one spelling, where it is proven.
    pub proven_email: Option<String>,
}

impl Standing {
    /// Collects it.
    pub async fn of(app: &App, identity: &ExternalIdentity) -> Result<Self, Refusal> {
        // The provider may have been removed while somebody was signing in.
        let provider = Provider::numbered(app, &identity.idp_id).await?.ok_or(Code::AuthSessionExpired)?;
        let policy = provider.policy(app).await?;
        let proven_email = match (&provider.org, &identity.email) {
            (Some(org), Some(email)) if identity.email_verified => {
                let address = accounts::normalised(email);
                organisation::owns_address(app, org, &address).await?.then_some(address)
            }
            _ => None,
        };
        Ok(Self { provider, policy, proven_email })
    }

    /// Whether a new account may be made: the organisation lets people in, and its address will be the account's first.
    pub fn can_create(&self, invited: bool) -> bool {
        let may_join = self.policy.jit == Joining::Allow || (self.policy.jit == Joining::InviteOnly && invited);
        self.provider.is_organisations() && self.proven_email.is_some() && may_join
    }

    /// Whether an account that exists may be connected, if need be after an invitation.
    pub fn can_link(&self) -> bool {
        self.policy.link_existing != Linking::Deny
    }

    /// Whether connecting still needs an invitation.
    pub fn link_needs_invitation(&self, invited: bool) -> bool {
        self.policy.link_existing == Linking::Invitation && !invited
    }

    /// Where somebody who is not known yet begins.
    pub fn first_step(&self, invited: bool) -> Result<Step, Refusal> {
        if self.can_create(invited) || (self.can_link() && (invited || self.policy.jit == Joining::Allow)) {
            return Ok(Step::ChooseAccount);
        }
        if !invited && (self.can_link() || self.policy.jit == Joining::InviteOnly) {
            return Ok(Step::InvitationRequired { to_link: false });
        }
        let name = &self.provider.label;
        let detail = format!(
            "{name} makes the accounts of its people by hand, and there is none for this sign-in. Ask {name} for one."
        );
        Err(Refusal::from(Code::SsoDenied).detail(detail).org(name))
    }
}

/// What follows.
pub enum Verdict {
    /// It is this account's.
    SignIn {
        /// `acc_…`.
        account: String,
    },
    /// It is nobody's yet.
    GoOn(Step),
}

/// Decides. A refusal here is the answer for the app.
pub async fn resolve(
    app: &App,
    standing: &Standing,
    identity: &ExternalIdentity,
    invitation: Option<&str>,
) -> Result<Verdict, Refusal> {
    if let Some(account) = owner(app, identity).await? {
        may_sign_in(app, standing, &account).await?;
        return Ok(Verdict::SignIn { account });
    }
    if let Some(id) = invitation {
        invitation::numbered(app, id).await?.must_fit(&app.keys, standing.proven_email.as_deref())?;
    }
    standing.first_step(invitation.is_some()).map(Verdict::GoOn)
}

/// The account this identity is connected to.
pub async fn owner(app: &App, identity: &ExternalIdentity) -> Result<Option<String>, Refusal> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT account_id FROM identities WHERE idp_id = $1 AND iss = $2 AND sub = $3")
            .bind(&identity.idp_id)
            .bind(&identity.iss)
            .bind(&identity.sub)
            .fetch_optional(app.database.read())
            .await?;
    Ok(row.map(|(account,)| account))
}

/// Refuses an account that is closed, and one whose time at the organisation is over.
pub async fn may_sign_in(app: &App, standing: &Standing, account: &str) -> Result<(), Refusal> {
    let row: Option<(String, Option<i64>)> = sqlx::query_as(
        "SELECT a.status, m.ended_at FROM accounts a LEFT JOIN memberships m ON m.account_id = a.id AND m.org_id = $2 WHERE a.id = $1",
    )
    .bind(account)
    .bind(&standing.provider.org)
    .fetch_optional(app.database.read())
    .await?;
    let (status, ended) = row.ok_or(Code::AccountDisabled)?;
    if status != "active" {
        return Err(Code::AccountDisabled.into());
    }
    if ended.is_some() {
        let name = &standing.provider.label;
        let detail = format!(
            "Your access through {name} has ended; your own account remains. Sign in with your e-mail address and password."
        );
        return Err(Refusal::from(Code::OrgAccessEnded).detail(detail).org(name));
    }
    Ok(())
}

/// Where connecting goes on once the existing account was proven in this session.
pub async fn after_proof(app: &App, standing: &Standing, account: &str) -> Result<Step, Refusal> {
    let name = &standing.provider.label;
    let other: Option<(String,)> =
        sqlx::query_as("SELECT id FROM identities WHERE account_id = $1 AND idp_id = $2 LIMIT 1")
            .bind(account)
            .bind(&standing.provider.id)
            .fetch_optional(app.database.read())
            .await?;
    if other.is_some() {
        let detail = format!("This account already uses another {name} sign-in. Support can help.");
        return Err(Refusal::from(Code::IdentityConflict).detail(detail).org(name));
    }
    if belongs_to_another(app, standing, account).await? {
        return Err(Refusal::from(Code::AccountManagedElsewhere).org(name));
    }
    let blocked = standing.policy.block_if_social_linked && !social(app, account).await?.is_empty();
    Ok(if blocked { Step::BlockedBySocial } else { Step::ConfirmLink })
}

/// Whether an organisation that keeps its people's accounts to itself has this one, or this one would and another has it.
async fn belongs_to_another(app: &App, standing: &Standing, account: &str) -> Result<bool, Refusal> {
    let Some(org) = &standing.provider.org else { return Ok(false) };
    let others: Vec<(String,)> = sqlx::query_as(
        "SELECT o.policy_json FROM memberships m JOIN orgs o ON o.id = m.org_id WHERE m.account_id = $1 AND m.org_id <> $2 AND m.ended_at IS NULL",
    )
    .bind(account)
    .bind(org)
    .fetch_all(app.database.read())
    .await?;
    let exclusive =
        |(json,): &(String,)| serde_json::from_str::<OrganisationPolicy>(json).is_ok_and(|policy| policy.exclusive);
    Ok((standing.policy.exclusive && !others.is_empty()) || others.iter().any(exclusive))
}

/// The social accounts connected to an account, as the wire names them.
pub async fn social(app: &App, account: &str) -> Result<Vec<String>, Refusal> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT DISTINCT p.kind FROM identities i JOIN idps p ON p.id = i.idp_id WHERE i.account_id = $1 AND p.org_id IS NULL ORDER BY p.kind",
    )
    .bind(account)
    .fetch_all(app.database.read())
    .await?;
    Ok(rows.into_iter().map(|(kind,)| kind).collect())
}

/// The account that signs in with this address.
pub async fn account_of(app: &App, address: &str) -> Result<Option<String>, Refusal> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT account_id FROM emails WHERE addr_lookup = $1 AND verified_at IS NOT NULL AND former_until IS NULL",
    )
    .bind(app.keys.lookup(address))
    .fetch_optional(app.database.read())
    .await?;
    Ok(row.map(|(account,)| account))
}
