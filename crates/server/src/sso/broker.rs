//! What every provider is asked, whatever language it speaks: where the browser goes, and who came back.

use super::{
    facebook,
    oidc::{self, BrokerError, ExternalIdentity, Trip},
    provider::{Dialect, Provider},
};
use crate::app::App;
use url::Url;

/// What may be said to a provider about somebody who is on the way to it.
#[derive(Debug, Clone, Copy)]
pub struct Hints<'a> {
    /// Their address, for the provider's form.
    pub login: Option<&'a str>,
    /// Their languages.
    pub ui_locales: Option<&'a str>,
}

/// Where to send the browser.
pub async fn address(
    app: &App,
    provider: &Provider,
    trip: &Trip,
    state: &str,
    hints: Hints<'_>,
) -> Result<Url, BrokerError> {
    match provider.dialect {
        Dialect::OpenId => oidc::address(app, provider, trip, state, hints).await,
        Dialect::Facebook => facebook::address(provider, trip, state),
    }
}

/// Who came back, for the code the browser brought.
pub async fn finish(
    app: &App,
    provider: &Provider,
    trip: &Trip,
    code: String,
) -> Result<ExternalIdentity, BrokerError> {
    match provider.dialect {
        Dialect::OpenId => oidc::finish(app, provider, trip, code).await,
        Dialect::Facebook => facebook::finish(app, provider, trip, &code).await,
    }
}
