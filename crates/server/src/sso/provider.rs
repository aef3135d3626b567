//! The providers that answer for somebody's identity: what is kept about each, and what each publishes about itself.
//!
//! Guarantees: a provider's secret is opened only for the request that needs it; what a provider publishes is kept for ten minutes,
//! and fetched once more when a token names a key that was not there.

use super::http::Reach;
use crate::{
    app::App,
    error::ServerError,
    identity::organisation::{self, OrganisationPolicy},
};
use likeness_protocol::{Secret, UnixMs};
use openidconnect::{IssuerUrl, core::CoreProviderMetadata};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// How long what a provider publishes is believed without asking again.
const FRESH: Duration = Duration::from_mins(10);

/// The social accounts a server may know, as they are named on the wire, with the names people know them by.
pub const SOCIAL: [(&str, &str); 3] = [("google", "Google"), ("apple", "Apple"), ("facebook", "Facebook")];

/// The language a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenID Connect: it publishes where everything is, and signs who somebody is.
    OpenId,
    /// Facebook's own: OAuth, and a question who the token is of.
    Facebook,
}

impl Dialect {
    /// As it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "oidc",
            Self::Facebook => "facebook",
        }
    }
}

/// A provider as it was set up.
#[derive(Debug, Clone)]
pub struct Provider {
    /// `idp_…`.
    pub id: String,
    /// Whose people it answers for; none for a social account.
    pub org: Option<String>,
    /// `oidc`, or which social account.
    pub kind: String,
    /// Name of the organisation, or of the social account, for sentences.
    pub label: String,
    /// Its issuer, exactly as its tokens name it.
    pub issuer: String,
    /// The language it speaks.
    pub dialect: Dialect,
    /// What we are called there.
    pub client_id: String,
    /// What we prove that with.
    pub secret: Secret,
    /// How far requests on its behalf may go.
    pub reach: Reach,
}

type Row = (String, Option<String>, String, String, String, Vec<u8>, i64, Option<String>, String);

/// A query for providers that ends with the given condition.
macro_rules! providers {
    ($condition:literal) => {
        concat!(
            "SELECT i.id, i.org_id, i.kind, i.issuer, i.client_id, i.secret_sealed, i.private_network, o.name, i.dialect ",
            "FROM idps i LEFT JOIN orgs o ON o.id = i.org_id WHERE ",
            $condition
        )
    };
}

impl Provider {
    /// The provider with this number.
    pub async fn numbered(app: &App, id: &str) -> Result<Option<Self>, ServerError> {
        let row: Option<Row> =
            sqlx::query_as(providers!("i.id = $1")).bind(id).fetch_optional(app.database.read()).await?;
        row.map(|row| Self::read(app, row)).transpose()
    }

    /// The first provider of an organisation.
    pub async fn of_organisation(app: &App, org: &str) -> Result<Option<Self>, ServerError> {
        let row: Option<Row> =
            sqlx::query_as(providers!("i.org_id = $1 AND i.kind = 'oidc' ORDER BY i.created_at, i.id LIMIT 1"))
                .bind(org)
                .fetch_optional(app.database.read())
                .await?;
        row.map(|row| Self::read(app, row)).transpose()
    }

    /// The provider of a social account.
    pub async fn social(app: &App, kind: &str) -> Result<Option<Self>, ServerError> {
        let row: Option<Row> = sqlx::query_as(providers!("i.org_id IS NULL AND i.kind = $1 LIMIT 1"))
            .bind(kind)
            .fetch_optional(app.database.read())
            .await?;
        row.map(|row| Self::read(app, row)).transpose()
    }

    fn read(
        app: &App,
        (id, org, kind, issuer, client_id, secret, private_network, name, dialect): Row,
    ) -> Result<Self, ServerError> {
        let secret = Secret::new(app.keys.open_text("idps", "secret", &id, &secret)?);
        let label = name.unwrap_or_else(|| social_name(&kind).to_owned());
        let by_address = Url::parse(&issuer).map_or(Reach::Public, |url| Reach::of_issuer(&url));
        let reach = if private_network == 0 { by_address } else { Reach::Private };
        let dialects = [Dialect::OpenId, Dialect::Facebook];
        let dialect = dialects.into_iter().find(|known| known.as_str() == dialect);
        let dialect = dialect.ok_or(ServerError::Stored { what: "a provider's dialect" })?;
        Ok(Self { id, org, kind, label, issuer, dialect, client_id, secret, reach })
    }

    /// The rules of its organisation; a social account lets people sign in and link, and makes no accounts.
    pub async fn policy(&self, app: &App) -> Result<OrganisationPolicy, ServerError> {
        match &self.org {
            Some(org) => organisation::policy(app, org).await,
            None => Ok(OrganisationPolicy::of_a_social_account()),
        }
    }

    /// Whether it is an organisation's and not a social account.
    pub const fn is_organisations(&self) -> bool {
        self.org.is_some()
    }
}

/// The social accounts this server has a provider for, as the wire names them.
pub async fn offered(app: &App) -> Result<Vec<String>, ServerError> {
    let kinds: Vec<(String,)> =
        sqlx::query_as("SELECT DISTINCT kind FROM idps WHERE org_id IS NULL").fetch_all(app.database.read()).await?;
    let has = |wire: &str| kinds.iter().any(|(kind,)| kind == wire);
    Ok(SOCIAL.iter().filter(|(wire, _)| has(wire)).map(|(wire, _)| (*wire).to_owned()).collect())
}

/// The name people know a social account by; the wire's own for one this build does not know.
pub fn social_name(kind: &str) -> &str {
    SOCIAL.iter().find(|(wire, _)| *wire == kind).map_or(kind, |(_, name)| *name)
}

/// What providers published about themselves, as last seen.
#[derive(Default)]
pub struct Published(Mutex<HashMap<String, (UnixMs, Arc<CoreProviderMetadata>)>>);

/// A provider published nothing usable. The text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unpublished(pub String);

impl Published {
    /// What the provider published, at most ten minutes ago.
    pub async fn of(&self, app: &App, provider: &Provider) -> Result<Arc<CoreProviderMetadata>, Unpublished> {
        let known = self.entries().get(&key(provider)).cloned();
        match known {
            Some((at, metadata)) if app.now().since(at) < FRESH => Ok(metadata),
            _ => self.fetch(app, provider).await,
        }
    }

    /// The same, asked for now: a token named a key that was not there.
    pub async fn fetch(&self, app: &App, provider: &Provider) -> Result<Arc<CoreProviderMetadata>, Unpublished> {
        let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(|error| Unpublished(error.to_string()))?;
        let ask = app.providers.web.line(provider.reach);
        let metadata =
            CoreProviderMetadata::discover_async(issuer, &ask).await.map_err(|error| Unpublished(told(&error)))?;
        let metadata = Arc::new(metadata);
        self.entries().insert(key(provider), (app.now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<String, (UnixMs, Arc<CoreProviderMetadata>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With the issuer in it, so that a changed provider is asked anew.
fn key(provider: &Provider) -> String {
    format!("{}|{}", provider.id, provider.issuer)
}

/// What went wrong, outermost first, without any body: `Debug` of the library's errors would print one.
fn told<E: std::error::Error + 'static>(error: &openidconnect::DiscoveryError<E>) -> String {
    use openidconnect::DiscoveryError;
    match error {
        DiscoveryError::Parse(error) => format!("unreadable metadata at {}", error.path()),
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, _, _) => format!("metadata answered {status}"),
        DiscoveryError::UrlParse(error) => error.to_string(),
        DiscoveryError::Validation(why) => format!("metadata of another issuer: {why}"),
        _ => "metadata not usable".to_owned(),
    }
}
