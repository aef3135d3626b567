//! Organisations as they are kept: name, policy, domains, providers.
//!
//! Guarantees: a domain that one organisation proved is never taken by another; a provider's secret is sealed.

use super::domain::Domain;
use crate::{
    app::App,
    audit,
    database::{Database, Write, column},
    error::ServerError,
    keys::Keys,
    sso::provider::Dialect,
    tokens,
};
use likeness_protocol::{
    Secret, UnixMs,
    discovery::{Joining, Organisation, SsoKind},
    limits::MAX_NAME_CHARS,
};
use serde::{Deserialize, Serialize};
use url::Url;

/// What an organisation decided about its people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganisationPolicy {
    /// Who may get an account by signing in for the first time.
    pub jit: Joining,
    /// Whether addresses of its domains may sign in with a password.
    pub password_login: bool,
    /// Who may connect an account that exists already.
    pub link_existing: Linking,
    /// Whether an account with a social account connected may not be connected.
    pub block_if_social_linked: bool,
    /// Whether a new account needs a private address beside the organisation's.
    pub require_alt_email: bool,
    /// Whether its people's accounts may belong to no other organisation.
    pub exclusive: bool,
    /// Whether its people may change the address of their account.
    pub email_change: bool,
}

/// Who may connect an account that exists already to an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linking {
    /// Those who were invited.
    Invitation,
    /// Everybody the provider lets in.
    Allow,
    /// Nobody.
    Deny,
}

impl OrganisationPolicy {
    /// What holds for a social account: people may sign in and connect it.
    pub fn of_a_social_account() -> Self {
        Self {
            link_existing: Linking::Allow,
            block_if_social_linked: false,
            require_alt_email: false,
            ..Self::default()
        }
    }
}

impl Default for OrganisationPolicy {
    fn default() -> Self {
        Self {
            jit: Joining::Allow,
            password_login: true,
            link_existing: Linking::Invitation,
            block_if_social_linked: true,
            require_alt_email: true,
            exclusive: false,
            email_change: true,
        }
    }
}

/// An organisation found by a proven domain.
pub struct Found {
    /// Its name and number.
    pub org: Organisation,
    /// The domain that was found.
    pub domain: String,
    /// Its rules.
    pub policy: OrganisationPolicy,
}

/// The organisation that proved this domain, or else the nearest one above it.
pub async fn by_domain(app: &App, domain: &Domain) -> Result<Option<Found>, ServerError> {
    for step in domain.ladder() {
        let row: Option<(String, String, String)> = sqlx::query_as(
            "SELECT o.id, o.name, o.policy_json FROM org_domains d JOIN orgs o ON o.id = d.org_id WHERE d.domain = $1 AND d.verified_at IS NOT NULL",
        )
        .bind(step)
        .fetch_optional(app.database.read())
        .await?;
        if let Some((id, name, policy)) = row {
            let policy =
                serde_json::from_str(&policy).map_err(|_| ServerError::Stored { what: "an organisation's policy" })?;
            return Ok(Some(Found { org: Organisation { id, name }, domain: step.to_owned(), policy }));
        }
    }
    Ok(None)
}

/// The rules of an organisation.
pub async fn policy(app: &App, org: &str) -> Result<OrganisationPolicy, ServerError> {
    let row: Option<(String,)> = sqlx::query_as("SELECT policy_json FROM orgs WHERE id = $1")
        .bind(org)
        .fetch_optional(app.database.read())
        .await?;
    let broken = || ServerError::Stored { what: "an organisation's policy" };
    row.and_then(|(json,)| serde_json::from_str(&json).ok()).ok_or_else(broken)
}

/// Whether an address lies in a domain this organisation proved.
pub async fn owns_address(app: &App, org: &str, address: &str) -> Result<bool, ServerError> {
    let Ok(domain) = Domain::read(address.rsplit_once('@').map_or("", |(_, domain)| domain)) else { return Ok(false) };
    Ok(by_domain(app, &domain).await?.is_some_and(|found| found.org.id == org))
}

/// The organisation of this account that lets its people change no address; the first by name, of several.
pub async fn managing_email(app: &App, account: &str) -> Result<Option<String>, ServerError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT o.name, o.policy_json FROM memberships m JOIN orgs o ON o.id = m.org_id WHERE m.account_id = $1 AND m.ended_at IS NULL ORDER BY o.name",
    )
    .bind(account)
    .fetch_all(app.database.read())
    .await?;
    for (name, json) in rows {
        let policy: OrganisationPolicy =
            serde_json::from_str(&json).map_err(|_| ServerError::Stored { what: "an organisation's policy" })?;
        if !policy.email_change {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether an address lies in the domain of an organisation this account belonged to and does not any more.
pub async fn has_left(app: &App, account: &str, address: &str) -> Result<bool, ServerError> {
    let Ok(domain) = Domain::read(address.rsplit_once('@').map_or("", |(_, domain)| domain)) else { return Ok(false) };
    let Some(found) = by_domain(app, &domain).await? else { return Ok(false) };
    let left: Option<(i64,)> =
        sqlx::query_as("SELECT 1 FROM memberships WHERE account_id = $1 AND org_id = $2 AND ended_at IS NOT NULL")
            .bind(account)
            .bind(&found.org.id)
            .fetch_optional(app.database.read())
            .await?;
    Ok(left.is_some())
}

/// How people of an organisation can sign in through it.
pub async fn ways_in(app: &App, org: &str) -> Result<Vec<SsoKind>, ServerError> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT DISTINCT kind FROM idps WHERE org_id = $1 ORDER BY kind")
        .bind(org)
        .fetch_all(app.database.read())
        .await?;
    Ok(rows.iter().filter(|(kind,)| kind == "oidc").map(|_| SsoKind::Oidc).collect())
}

/// Makes an organisation; gives its number.
pub async fn add(
    database: &Database,
    now: UnixMs,
    name: &str,
    policy: OrganisationPolicy,
) -> Result<String, ServerError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(ServerError::Organisation(
            "its name must have 1 to 200 characters, none of them control characters",
        ));
    }
    let policy =
        serde_json::to_string(&policy).map_err(|_| ServerError::Stored { what: "an organisation's policy" })?;
    let id = tokens::identifier("org")?;
    let mut transaction = database.write().await?;
    sqlx::query("INSERT INTO orgs (id, name, policy_json, created_at) VALUES ($1, $2, $3, $4)")
        .bind(&id)
        .bind(name)
        .bind(policy)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    audit::record(&mut transaction, now, "server", "organisation-made", &id, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Fails when there is no such organisation.
pub async fn must_exist(transaction: &mut Write, org: &str) -> Result<(), ServerError> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT id FROM orgs WHERE id = $1").bind(org).fetch_optional(&mut **transaction).await?;
    row.map(|_| ()).ok_or(ServerError::Organisation("there is none with this number; `org add` printed it"))
}

/// Claims a domain for an organisation; nothing is answered about it before it is proven.
pub async fn claim_domain(database: &Database, now: UnixMs, org: &str, typed: &str) -> Result<Domain, ServerError> {
    let domain = Domain::read(typed).map_err(|_| ServerError::Organisation("this is not a domain"))?;
    if domain.is_public_mail() {
        return Err(ServerError::Organisation("this domain belongs to a public mail service"));
    }
    let mut transaction = database.write().await?;
    must_exist(&mut transaction, org).await?;
    let claimed = sqlx::query(
        "INSERT INTO org_domains (domain, org_id) VALUES ($1, $2) ON CONFLICT (domain) DO UPDATE SET org_id = excluded.org_id \
         WHERE org_domains.verified_at IS NULL OR org_domains.org_id = excluded.org_id",
    )
    .bind(domain.as_str())
    .bind(org)
    .execute(&mut *transaction)
    .await?;
    if claimed.rows_affected() == 0 {
        return Err(ServerError::Organisation("another organisation has proven this domain"));
    }
    audit::record(&mut transaction, now, "server", "domain-claimed", org, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok(domain)
}

/// Who claims this domain, proven or not.
pub async fn claimant(database: &Database, domain: &Domain) -> Result<String, ServerError> {
    let row: Option<(String,)> = sqlx::query_as("SELECT org_id FROM org_domains WHERE domain = $1")
        .bind(domain.as_str())
        .fetch_optional(database.read())
        .await?;
    row.map(|(org,)| org).ok_or(ServerError::Organisation("no organisation claims this domain; first: org domain add"))
}

/// Notes that the domain was proven by the organisation that claims it. Fails if the claim changed meanwhile.
pub async fn domain_proven(database: &Database, now: UnixMs, org: &str, domain: &Domain) -> Result<(), ServerError> {
    let mut transaction = database.write().await?;
    let proven = sqlx::query("UPDATE org_domains SET verified_at = $3 WHERE domain = $1 AND org_id = $2")
        .bind(domain.as_str())
        .bind(org)
        .bind(column(now))
        .execute(&mut *transaction)
        .await?;
    if proven.rows_affected() == 0 {
        return Err(ServerError::Organisation("another organisation has claimed this domain meanwhile"));
    }
    audit::record(&mut transaction, now, "server", "domain-proven", org, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok(())
}

/// A provider to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewProvider<'a> {
    /// Whose people it answers for; none for a social account.
    pub org: Option<&'a str>,
    /// `oidc` for an organisation's, else which social account.
    pub kind: &'a str,
    /// Its issuer: an https address, or http on this machine to try things out.
    pub issuer: &'a str,
    /// What we are called there.
    pub client_id: &'a str,
    /// What we prove that with; sealed.
    pub secret: &'a Secret,
    /// Whether it may be asked at an address inside the house.
    pub private_network: bool,
}

/// Adds a provider that speaks OpenID Connect; gives its number.
pub async fn add_provider(
    database: &Database,
    keys: &Keys,
    now: UnixMs,
    new: NewProvider<'_>,
) -> Result<String, ServerError> {
    add_speaking(database, keys, now, new, Dialect::OpenId).await
}

/// Adds a provider that speaks this language; gives its number.
pub async fn add_speaking(
    database: &Database,
    keys: &Keys,
    now: UnixMs,
    new: NewProvider<'_>,
    dialect: Dialect,
) -> Result<String, ServerError> {
    if !issuer_may_be_used(new.issuer) {
        return Err(ServerError::Organisation(
            "the issuer must be an https address without user, query and fragment (http only on this machine)",
        ));
    }
    if new.client_id.is_empty() || new.client_id.chars().count() > 255 || new.secret.expose().is_empty() {
        return Err(ServerError::Organisation("a provider needs a client id of at most 255 characters and a secret"));
    }
    let id = tokens::identifier("idp")?;
    let mut transaction = database.write().await?;
    if let Some(org) = new.org {
        must_exist(&mut transaction, org).await?;
    }
    let there: Option<(String,)> = sqlx::query_as(
        "SELECT id FROM idps WHERE (org_id = $1 AND issuer = $3) OR (org_id IS NULL AND $1 IS NULL AND kind = $2)",
    )
    .bind(new.org)
    .bind(new.kind)
    .bind(new.issuer)
    .fetch_optional(&mut *transaction)
    .await?;
    if there.is_some() {
        return Err(ServerError::Organisation("this provider is there already"));
    }
    sqlx::query(
        "INSERT INTO idps (id, org_id, kind, issuer, client_id, secret_sealed, private_network, created_at, dialect) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&id)
    .bind(new.org)
    .bind(new.kind)
    .bind(new.issuer)
    .bind(new.client_id)
    .bind(keys.seal("idps", "secret", &id, new.secret.expose().as_bytes())?)
    .bind(i64::from(new.private_network))
    .bind(column(now))
    .bind(dialect.as_str())
    .execute(&mut *transaction)
    .await?;
    audit::record(&mut transaction, now, "server", "provider-added", &id, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Gives a provider another secret.
pub async fn change_secret(
    database: &Database,
    keys: &Keys,
    now: UnixMs,
    idp: &str,
    secret: &Secret,
) -> Result<(), ServerError> {
    if secret.expose().is_empty() {
        return Err(ServerError::Organisation("a provider needs a secret"));
    }
    let mut transaction = database.write().await?;
    let changed = sqlx::query("UPDATE idps SET secret_sealed = $2 WHERE id = $1")
        .bind(idp)
        .bind(keys.seal("idps", "secret", idp, secret.expose().as_bytes())?)
        .execute(&mut *transaction)
        .await?;
    if changed.rows_affected() == 0 {
        return Err(ServerError::Organisation("there is no provider with this number; `org idp add` printed it"));
    }
    audit::record(&mut transaction, now, "server", "provider-secret-changed", idp, serde_json::json!({})).await?;
    transaction.commit().await?;
    Ok(())
}

fn issuer_may_be_used(issuer: &str) -> bool {
    let Ok(url) = Url::parse(issuer) else { return false };
    let is_this_machine = matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    plain && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_this_machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address() {
        #[rustfmt::skip]
        let table = [
            ("https://login.corp.example",        true,  "the usual one"),
            ("https://login.corp.example/realm",  true,  "with a path"),
            ("http://127.0.0.1:9100",             true,  "on this machine"),
            ("http://[::1]:9100",                 true,  "on this machine, the other way"),
            ("http://login.corp.example",         false, "secrets would travel in clear"),
            ("http://localhost:9100",             false, "a name can mean another machine"),
            ("https://a:b@login.corp.example",    false, "user and password"),
            ("https://login.corp.example?x=1",    false, "an issuer has no query (OpenID Connect Discovery 1.0, section 3)"),
            ("https://login.corp.example#x",      false, "nor a fragment"),
            ("file:///etc/passwd",                false, "no web address"),
            ("login.corp.example",                false, "no address"),
        ];
        for (issuer, expected, because) in table {
            assert_eq!(issuer_may_be_used(issuer), expected, "{because}: {issuer}");
        }
    }

    #[test]
    fn a_policy_written_by_another_version_is_still_read() {
        let policy: OrganisationPolicy = serde_json::from_str(r#"{"jit":"invite_only","later":1}"#).unwrap();
        assert_eq!(policy, OrganisationPolicy { jit: Joining::InviteOnly, ..Default::default() });
    }
}
