//! What an administrator does from the command line, beside a running server or without one.
//!
//! Each function opens the data folder, does one thing in one transaction, leaves an audit row, and closes.

pub use crate::{
    identity::{
        invitation::Made as MadeInvitation,
        organisation::{Linking, NewProvider, OrganisationPolicy},
    },
    sso::facebook::PAGES as FACEBOOK,
};

use crate::{
    app::open_data,
    clock::{Clock, SystemClock},
    error::ServerError,
    identity::{domain::Domain, invitation, organisation, proof},
    oauth::device,
    settings::Settings,
    sso::provider::Dialect,
};
use likeness_protocol::Secret;
use std::{net::SocketAddr, time::Duration};

/// A claimed domain and what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainClaim {
    /// The domain in its ASCII form.
    pub domain: String,
    /// Content of the TXT record to publish there.
    pub record: String,
}

/// Makes an organisation; gives its number, `org_…`.
///
/// # Errors
/// [`ServerError::Organisation`] when the name does not do; else as [`crate::migrate`].
pub async fn add_organisation(
    settings: &Settings,
    name: &str,
    policy: OrganisationPolicy,
) -> Result<String, ServerError> {
    let (database, _) = open_data(settings, &SystemClock).await?;
    let made = organisation::add(&database, SystemClock.now(), name, policy).await;
    database.close().await;
    made
}

/// Claims a domain for an organisation. Nobody finds it by this domain before [`prove_domain`].
///
/// # Errors
/// [`ServerError::Organisation`] when it is no domain, is a public mail service's, or was proven by another organisation; else as [`crate::migrate`].
pub async fn claim_domain(settings: &Settings, org: &str, domain: &str) -> Result<DomainClaim, ServerError> {
    let (database, keys) = open_data(settings, &SystemClock).await?;
    let claimed = organisation::claim_domain(&database, SystemClock.now(), org, domain).await;
    database.close().await;
    let domain = claimed?;
    Ok(DomainClaim { record: proof::record(&keys, org, &domain), domain: domain.as_str().to_owned() })
}

/// Looks the record of a claimed domain up and, if it is there, makes the domain answer for its organisation.
/// `resolver` is the name server to ask; without one the system's first.
///
/// # Errors
/// [`ServerError::Organisation`] when nobody claims the domain or the record is not there; [`ServerError::NameService`]; else as [`crate::migrate`].
pub async fn prove_domain(settings: &Settings, domain: &str, resolver: Option<SocketAddr>) -> Result<(), ServerError> {
    let domain = Domain::read(domain).map_err(|_| ServerError::Organisation("this is not a domain"))?;
    let resolver = resolver.map_or_else(proof::resolver_of_the_system, Ok)?;
    let (database, keys) = open_data(settings, &SystemClock).await?;
    let proven = async {
        let org = organisation::claimant(&database, &domain).await?;
        if !proof::is_published(resolver, &domain, &proof::record(&keys, &org, &domain)).await? {
            return Err(ServerError::Organisation(
                "the record is not there (yet); `org domain add` prints it, and a new record can take an hour to be seen",
            ));
        }
        organisation::domain_proven(&database, SystemClock.now(), &org, &domain).await
    }
    .await;
    database.close().await;
    proven
}

/// Adds an OIDC provider, an organisation's or a social account's; gives its number, `idp_…`. The secret is sealed.
///
/// # Errors
/// [`ServerError::Organisation`] when issuer, client id or secret do not do, or the provider is there already; else as [`crate::migrate`].
pub async fn add_provider(settings: &Settings, new: NewProvider<'_>) -> Result<String, ServerError> {
    let (database, keys) = open_data(settings, &SystemClock).await?;
    let added = organisation::add_provider(&database, &keys, SystemClock.now(), new).await;
    database.close().await;
    added
}

/// Lets people sign in with Facebook, in its own dialect; gives the provider's number, `idp_…`. The secret is sealed.
/// `address` is [`FACEBOOK`], with a version of its interface behind it where one is wanted.
///
/// # Errors
/// As [`add_provider`].
pub async fn add_facebook(
    settings: &Settings,
    address: &str,
    client_id: &str,
    secret: &Secret,
) -> Result<String, ServerError> {
    let (database, keys) = open_data(settings, &SystemClock).await?;
    let (now, kind) = (SystemClock.now(), "facebook");
    let new = NewProvider { org: None, kind, issuer: address, client_id, secret, private_network: false };
    let added = organisation::add_speaking(&database, &keys, now, new, Dialect::Facebook).await;
    database.close().await;
    added
}

/// Gives a provider another secret: some end by themselves, and every one can be lost.
///
/// # Errors
/// [`ServerError::Organisation`] when there is no such provider or the secret is empty; else as [`crate::migrate`].
pub async fn change_provider_secret(settings: &Settings, idp: &str, secret: &Secret) -> Result<(), ServerError> {
    let (database, keys) = open_data(settings, &SystemClock).await?;
    let changed = organisation::change_secret(&database, &keys, SystemClock.now(), idp, secret).await;
    database.close().await;
    changed
}

/// Registers a kiosk, a computer that guests sign in at with their phone; gives its number, `ksk_…`, and its secret, which is given back once.
///
/// # Errors
/// [`ServerError::Kiosk`] when the name does not do; else as [`crate::migrate`].
pub async fn add_kiosk(settings: &Settings, name: &str) -> Result<(String, Secret), ServerError> {
    let (database, _) = open_data(settings, &SystemClock).await?;
    let made = device::register(&database, SystemClock.now(), name).await;
    database.close().await;
    made
}

/// Invites one address for `life`. Token and code are given back once and kept as hashes only.
///
/// # Errors
/// [`ServerError::Organisation`] when the address does not do or there is no such organisation; else as [`crate::migrate`].
pub async fn invite(
    settings: &Settings,
    org: &str,
    email: &str,
    life: Duration,
) -> Result<MadeInvitation, ServerError> {
    let (database, keys) = open_data(settings, &SystemClock).await?;
    let made = invitation::invite(&database, &keys, SystemClock.now(), org, email, life).await;
    database.close().await;
    made
}
