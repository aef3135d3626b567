//! Signing in through a provider: the browser goes there and comes back, and what the provider says is checked.
//!
//! Guarantees: nobody is signed in here; a checked answer is handed to `identity::resolve`, which decides.
//! Not built: SAML. A provider that speaks only SAML is connected through a broker of the organisation's own (Keycloak, Dex) that speaks OIDC to us;
//! another kind of provider would end, as those of [`broker`] do, in an [`oidc::ExternalIdentity`].

pub mod broker;
pub mod browser;
pub mod facebook;
pub mod http;
pub mod oidc;
pub mod pages;
pub mod phone;
pub mod provider;

/// What the server holds about providers while it runs.
#[derive(Default)]
pub struct Providers {
    /// Asks them.
    pub web: http::Web,
    /// What they published.
    pub published: provider::Published,
}
