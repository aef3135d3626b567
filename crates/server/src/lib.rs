//! The reference verification API: sign-in, consent, capture sessions, uploads, submissions, review, mail.
//!
//! Guarantees: what lies in the data folder holds no readable photo, name, e-mail address, note, mail or token, and never did since the first
//! migration; a client's verdict about a photo is never believed; each submission is made once however often it is sent.
//! Refuses to know: cameras, windows, how a face looks. Nothing here computes or stores a face template.
//! Where the guarantee ends: who holds the key file and the data folder can read everything; times and identifiers are readable without it.
//!
//! Not built yet: creating accounts in the app without an organisation, Facebook's dialect, SAML, PostgreSQL and S3, the audit hash chain, tus expiration and
//! termination, the 1,095-day cap on a silent account, and a limit on slow request headers
//! (put a reverse proxy in front until then).

#![forbid(unsafe_code)]

mod accounts;
pub mod admin;
mod app;
mod audit;
mod capture;
mod clock;
mod consent;
mod console;
mod database;
mod emails;
mod error;
mod farewell;
mod gate;
mod http;
mod identities;
mod identity;
mod keys;
mod mail;
mod media;
mod oauth;
mod objects;
mod passwords;
mod policy;
#[cfg(feature = "practice")]
pub mod practice;
mod profile;
mod review;
mod seal;
mod sessions;
pub mod settings;
mod sso;
mod tokens;
mod upkeep;
mod uploads;

pub use app::{Running, Server, add_account, migrate};
pub use clock::{Clock, SystemClock};
pub use error::ServerError;
pub use http::openapi_json;
pub use settings::Settings;
