//! From consent to decision: capture session, manifest, sending, status.
//!
//! Guarantees: only a `CapturedPhoto` can be sent; one submission has one idempotency key and one manifest, made before
//! the first try, so that however often it is sent the server makes one profile of it; "received" is said only after a
//! receipt whose hashes are those of the photos. Refuses to know: cameras, keyrings, HTTP.
//!
//! **Unsent photos live in memory only** ([`KeptIn::Memory`]): closing Likeness before the receipt loses them, and the
//! window says so. The sealed outbox on disk comes with a later issue and will add a second [`KeptIn`].

mod consent;
mod error;
mod manifest;
mod name;
mod sender;
mod session;
mod status;

pub use consent::give_consent;
pub use error::{SendError, SubmissionError};
pub use name::{FullName, LONGEST_NAME_CHARS, NameError};
pub use sender::{KeptIn, Package, SendNews, Sending};
pub use session::{OpenSession, SessionWish, open_session};
pub use status::StatusWatch;
