//! The HTTP client of the verification API. The only crate that names reqwest.
//!
//! Guarantees: photos and tokens go to the configured server and nowhere else, over verified TLS (or to this very
//! computer); answers are bounded and cleaned; each failure has a code and one plain sentence.
//! Refuses to know: who is signed in ([`Credentials`] says), what is on a screen, any file.
//!
//! Not built yet: proxies and certificates set by an organisation's policy, pins, bundled roots for a computer that
//! has none (that is the error `tls-unavailable`).

mod api;
mod browser;
mod client;
mod clock;
mod credentials;
mod device;
mod error;
#[cfg(feature = "test-support")]
pub mod faulty_line;
mod oauth;
mod proof;
mod reply;
mod retry;
mod settings;
mod upload;

pub use api::{Api, SignedApi, StatusRead};
pub use browser::{Announced, BrowserWish, Outcome, StepAnswer, Unfinished, WayBack};
pub use clock::{Clock, SystemClock};
pub use credentials::{Authorisation, Credentials, Promised};
pub use device::{GuestAnswer, Kiosk};
pub use error::{LONGEST_RETRY_AFTER, Refusal, RemoteError};
pub use oauth::PasswordAnswer;
pub use retry::{Pace, Waits};
pub use upload::{PhotoUpload, UploadError, UploadNews, upload};
