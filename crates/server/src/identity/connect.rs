//! Writing down what was decided: accounts made through a provider, identities connected and disconnected.
//!
//! Guarantees: everything of one deed is in the caller's transaction, the use of the invitation included; an identity has one owner;
//! the owner is told by mail.

use super::{
    invitation,
    resolve::{self, Standing},
};
use crate::{
    accounts,
    app::App,
    audit,
    database::{Write, column},
    http::refusal::Refusal,
    mail::{self, Template},
    sessions,
    sso::{oidc::ExternalIdentity, provider},
    tokens,
};
use likeness_protocol::Code;

/// Connects an identity to an account: from now on it opens it.
pub async fn connect(
    transaction: &mut Write,
    app: &App,
    standing: &Standing,
    identity: &ExternalIdentity,
    account: &str,
    invited_by: Option<&str>,
    how: &'static str,
) -> Result<(), Refusal> {
    let now = app.now();
    if !accounts::is_active(transaction, account).await? {
        return Err(Code::AccountDisabled.into());
    }
    if let Some(invitation) = invited_by {
        invitation::use_up(transaction, now, invitation).await?;
    }
    let id = tokens::identifier("idn")?;
    let seen = match &identity.email {
        Some(email) => Some(app.keys.seal("identities", "email_seen", &id, email.as_bytes())?),
        None => None,
    };
    let written = sqlx::query(
        "INSERT INTO identities (id, account_id, idp_id, iss, sub, email_seen_sealed, linked_at, linked_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (idp_id, iss, sub) DO NOTHING",
    )
    .bind(&id)
    .bind(account)
    .bind(&identity.idp_id)
    .bind(&identity.iss)
    .bind(&identity.sub)
    .bind(seen)
    .bind(column(now))
    .bind(how)
    .execute(&mut **transaction)
    .await?;
    if written.rows_affected() == 0 {
        return Err(Refusal::from(Code::IdentityConflict).org(&standing.provider.label));
    }
    if let Some(org) = &standing.provider.org {
        sqlx::query(
            "INSERT INTO memberships (org_id, account_id, role, since) VALUES ($1, $2, 'learner', $3) ON CONFLICT (org_id, account_id) DO UPDATE SET ended_at = NULL",
        )
        .bind(org)
        .bind(account)
        .bind(column(now))
        .execute(&mut **transaction)
        .await?;
    }
    audit::record(transaction, now, account, "identity-connected", &id, serde_json::json!({"how": how})).await?;
    Ok(())
}

/// Refuses an identity that is somebody else's, or one more of a provider the account has one of; `true` when it is connected already.
pub async fn may_connect(app: &App, account: &str, identity: &ExternalIdentity) -> Result<bool, Refusal> {
    let standing = Standing::of(app, identity).await?;
    match resolve::owner(app, identity).await? {
        Some(owner) if owner == account => Ok(true),
        Some(_) => {
            let name = &standing.provider.label;
            let detail = format!("This {name} account is connected to another account here. Take it off there first.");
            Err(Refusal::from(Code::IdentityConflict).detail(detail).org(name))
        }
        None => resolve::after_proof(app, &standing, account).await.map(|_| false),
    }
}

/// Connects one more way in to an account, asked for by a sign-in of it that must still go on.
pub async fn connect_to_own(
    transaction: &mut Write,
    app: &App,
    account: &str,
    grant: &str,
    identity: &ExternalIdentity,
) -> Result<(), Refusal> {
    if !sessions::goes_on(transaction, grant).await? {
        return Err(Code::SessionEnded.into());
    }
    if may_connect(app, account, identity).await? {
        return Ok(());
    }
    let standing = Standing::of(app, identity).await?;
    connect(transaction, app, &standing, identity, account, None, "settings").await?;
    tell(transaction, app, account, Template::Connected, &standing.provider.label, None).await
}

/// Adds a proven address to an account; `false` when somebody has it already.
pub async fn add_address(
    transaction: &mut Write,
    app: &App,
    account: &str,
    address: &str,
    is_primary: bool,
) -> Result<bool, Refusal> {
    let id = tokens::identifier("em")?;
    let written = sqlx::query(
        "INSERT INTO emails (id, account_id, addr_sealed, addr_lookup, is_primary, verified_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (addr_lookup) DO NOTHING",
    )
    .bind(&id)
    .bind(account)
    .bind(app.keys.seal("emails", "addr", &id, address.as_bytes())?)
    .bind(app.keys.lookup(address))
    .bind(i64::from(is_primary))
    .bind(column(app.now()))
    .execute(&mut **transaction)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// What a new account begins with.
pub struct NewAccount<'a> {
    /// Its owner's name, in its usable form.
    pub full_name: &'a str,
    /// Its first address, proven by the organisation.
    pub address: &'a str,
    /// Hash of its password.
    pub phc: &'a str,
    /// The terms that were accepted.
    pub terms_version: &'a str,
}

/// Makes an account; `None` when somebody has the address by now.
pub async fn make_account(transaction: &mut Write, app: &App, new: &NewAccount<'_>) -> Result<Option<String>, Refusal> {
    let now = app.now();
    let account = tokens::identifier("acc")?;
    sqlx::query(
        "INSERT INTO accounts (id, status, role, display_name_sealed, created_at) VALUES ($1, 'active', 'learner', $2, $3)",
    )
    .bind(&account)
    .bind(app.keys.seal("accounts", "display_name", &account, new.full_name.as_bytes())?)
    .bind(column(now))
    .execute(&mut **transaction)
    .await?;
    if !add_address(transaction, app, &account, new.address, true).await? {
        return Ok(None);
    }
    sqlx::query("INSERT INTO passwords (account_id, phc, changed_at) VALUES ($1, $2, $3)")
        .bind(&account)
        .bind(new.phc)
        .bind(column(now))
        .execute(&mut **transaction)
        .await?;
    let meta = serde_json::json!({"role": "learner", "terms": new.terms_version});
    audit::record(transaction, now, &account, "account-made", &account, meta).await?;
    Ok(Some(account))
}

/// Disconnects the social accounts of one kind; `false` when there is none.
pub async fn disconnect_social(transaction: &mut Write, app: &App, account: &str, kind: &str) -> Result<bool, Refusal> {
    let gone: Vec<(String,)> = sqlx::query_as(
        "DELETE FROM identities WHERE account_id = $1 AND idp_id IN (SELECT id FROM idps WHERE org_id IS NULL AND kind = $2) RETURNING id",
    )
    .bind(account)
    .bind(kind)
    .fetch_all(&mut **transaction)
    .await?;
    for (id,) in &gone {
        audit::record(transaction, app.now(), account, "identity-disconnected", id, serde_json::json!({})).await?;
    }
    if gone.is_empty() {
        return Ok(false);
    }
    tell(transaction, app, account, Template::Disconnected, provider::social_name(kind), None).await?;
    Ok(true)
}

/// Tells the owner, at the account's address or at another one, about a way in.
pub async fn tell(
    transaction: &mut Write,
    app: &App,
    account: &str,
    template: Template,
    way_in: &str,
    to: Option<&str>,
) -> Result<(), Refusal> {
    let variables = mail::Variables { way_in: Some(way_in.to_owned()), ..mail::Variables::new() };
    match to {
        Some(address) => mail::enqueue_to(transaction, app, account, address, template, &variables).await?,
        None => mail::enqueue(transaction, app, account, template, &variables).await?,
    }
    Ok(())
}
