//! What a practice folder begins with beside its accounts: organisations with their rules, providers, a connected social account, invitations.
//!
//! Made once per folder. What changes from start to start is brought up to date: the issuer's address and secret, and the invitations,
//! which are kept as hashes only and are therefore made anew.

use super::issuer::{Issuer, ROLES, Role};
use crate::{
    accounts,
    app::App,
    database::column,
    error::ServerError,
    identity::{
        domain::Domain,
        invitation,
        organisation::{self, NewProvider, OrganisationPolicy},
    },
    tokens,
};
use likeness_protocol::{discovery::Joining, practice::PracticeInvitation};
use std::time::Duration;

const INVITATION_LIFE: Duration = Duration::from_hours(24 * 14);

/// Domain, the role that plays its provider, and whether people come in by invitation only.
const ORGANISATIONS: [(&str, &str, bool); 2] =
    [("harbour.example", "practice-harbour", false), ("closed.example", "practice-closed", true)];

/// The social accounts and the roles that play them.
const SOCIAL: [(&str, &str); 3] =
    [("google", "practice-google"), ("apple", "practice-apple"), ("facebook", "practice-facebook")];

const INVITED: [(&str, &str); 2] = [
    ("sam@harbour.example", "Connect the account sam@mail.example to Harbour University."),
    ("kim@harbour.example", "Connect the account kim@mail.example, after taking Google off it."),
];

/// Brings everything up to date; gives the invitations.
pub async fn organisations(app: &App, issuer: &Issuer) -> Result<Vec<PracticeInvitation>, ServerError> {
    let mut harbour = String::new();
    for (domain, client_id, invite_only) in ORGANISATIONS {
        let org = organisation(app, domain, name_of(client_id), invite_only).await?;
        provider(app, issuer, Some(&org), "oidc", client_id).await?;
        if domain == "harbour.example" {
            harbour = org;
        }
    }
    for (kind, client_id) in SOCIAL {
        provider(app, issuer, None, kind, client_id).await?;
    }
    connect_kim(app, issuer).await?;
    let mut made = Vec::with_capacity(INVITED.len());
    for (email, for_trying) in INVITED {
        let new = invitation::invite(&app.database, &app.keys, app.now(), &harbour, email, INVITATION_LIFE).await?;
        made.push(PracticeInvitation {
            email: email.to_owned(),
            org: name_of("practice-harbour").to_owned(),
            link: format!("app.likeness:/invite?t={}", new.token.expose()),
            code: new.code,
            for_trying: for_trying.to_owned(),
        });
    }
    Ok(made)
}

fn name_of(client_id: &str) -> &'static str {
    ROLES.iter().find(|role: &&Role| role.client_id == client_id).map_or("Practice", |role| role.name)
}

async fn organisation(app: &App, domain: &str, name: &str, invite_only: bool) -> Result<String, ServerError> {
    let domain = Domain::read(domain).map_err(|_| ServerError::Organisation("this is not a domain"))?;
    if let Some(found) = organisation::by_domain(app, &domain).await? {
        return Ok(found.org.id);
    }
    let jit = if invite_only { Joining::InviteOnly } else { Joining::Allow };
    let policy = OrganisationPolicy { jit, ..OrganisationPolicy::default() };
    let (database, now) = (&app.database, app.now());
    let org = organisation::add(database, now, name, policy).await?;
    organisation::claim_domain(database, now, &org, domain.as_str()).await?;
    // Nobody can publish a record for a name that ends in .example; here the seed's word has to do.
    organisation::domain_proven(database, now, &org, &domain).await?;
    Ok(org)
}

async fn provider(
    app: &App,
    issuer: &Issuer,
    org: Option<&str>,
    kind: &str,
    client_id: &str,
) -> Result<(), ServerError> {
    let known: Option<(String,)> = sqlx::query_as("SELECT id FROM idps WHERE client_id = $1")
        .bind(client_id)
        .fetch_optional(app.database.read())
        .await?;
    let Some((id,)) = known else {
        let (issuer, secret) = (issuer.origin.as_str(), &issuer.secret);
        let new = NewProvider { org, kind, issuer, client_id, secret, private_network: false };
        organisation::add_provider(&app.database, &app.keys, app.now(), new).await?;
        return Ok(());
    };
    let mut transaction = app.database.write().await?;
    sqlx::query("UPDATE idps SET issuer = $2, secret_sealed = $3 WHERE id = $1")
        .bind(&id)
        .bind(&issuer.origin)
        .bind(app.keys.seal("idps", "secret", &id, issuer.secret.expose().as_bytes())?)
        .execute(&mut *transaction)
        .await?;
    // The issuer is the same one, though it may have had to take another port.
    sqlx::query("UPDATE identities SET iss = $2 WHERE idp_id = $1")
        .bind(&id)
        .bind(&issuer.origin)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Kim's account has Google connected from the beginning. Once taken off, it stays off.
async fn connect_kim(app: &App, issuer: &Issuer) -> Result<(), ServerError> {
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT e.account_id, i.id FROM emails e, idps i WHERE e.addr_lookup = $1 AND i.client_id = 'practice-google' AND e.account_id NOT IN (SELECT object FROM audit WHERE action = 'practice-connected')",
    )
    .bind(app.keys.lookup(&accounts::normalised("kim@mail.example")))
    .fetch_optional(app.database.read())
    .await?;
    let Some((account, idp)) = row else { return Ok(()) };
    let mut transaction = app.database.write().await?;
    sqlx::query("INSERT INTO identities (id, account_id, idp_id, iss, sub, linked_at, linked_by) VALUES ($1, $2, $3, $4, 'social-kim', $5, 'practice')")
        .bind(tokens::identifier("idn")?)
        .bind(&account)
        .bind(idp)
        .bind(&issuer.origin)
        .bind(column(app.now()))
        .execute(&mut *transaction)
        .await?;
    let nothing = serde_json::json!({});
    crate::audit::record(&mut transaction, app.now(), "server", "practice-connected", &account, nothing).await?;
    transaction.commit().await?;
    Ok(())
}
