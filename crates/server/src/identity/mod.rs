//! Who vouches for whom: organisations, the domains they proved, their providers, their invitations, and whose account a provider's answer opens.
//!
//! Guarantees: nothing is answered about a domain before its owner proved it; an address decides which organisation and which screen is shown,
//! never whose account it is.

pub mod connect;
pub mod discovery;
pub mod domain;
pub mod invitation;
pub mod organisation;
pub mod proof;
pub mod resolve;
