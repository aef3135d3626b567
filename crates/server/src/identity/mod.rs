//! Who vouches for whom: organisations, the domains they proved, their providers, their invitations.
//!
//! Guarantees: nothing is answered about a domain before its owner proved it; an address decides which organisation is shown, never whose account it is.
//! Not built yet: signing in through a provider. Providers are kept and published; the browser's way through them follows.

pub mod discovery;
pub mod domain;
pub mod invitation;
pub mod organisation;
pub mod proof;
