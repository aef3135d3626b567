//! Who is signed in: login flows and tokens. Its vault is the only code that names keyring.
//!
//! [`Account`] is the one door: it signs in and out, restores a saved sign-in at the start, keeps the tokens fresh and
//! gives `remote` what it needs to sign requests. Tokens and passwords never leave this crate in a form that prints.
//!
//! Not built yet, and nowhere pretended: sign-up by e-mail; `revoke:` items that end a
//! sign-in later when the sign-out happened offline; a lock against a second process that renews the same sign-in
//! (the shell allows one instance only, where the system has a session bus); sealing unsent photos with the item's outbox key.

mod actor;
mod deeplink;
mod error;
mod flow;
mod handle;
mod loopback;
mod state;
mod tokens;
pub mod vault;

pub use deeplink::AppLink;
pub use error::AccountError;
pub use flow::browser::{OpenUrl, OrganisationWish};
pub use handle::Account;
pub use likeness_remote::{Kiosk, StepAnswer};
pub use state::{Auth, BrowserWait, EndReason, GuestWait, Kept, Learner, MemoryReason, Unproven};
