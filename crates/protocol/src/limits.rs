//! Sizes that both sides hold to, in one place.
//!
//! What an organisation may change (photo sizes, deadlines) is not here: the server publishes it in its policy.

/// Longest JSON or form body a client may send, and longest the server will read: 64 KiB.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// Longest JSON reply a client reads before it gives up on the server: 1 MiB.
pub const MAX_REPLY_BYTES: usize = 1024 * 1024;
/// Longest signed manifest, in its compact form.
pub const MAX_MANIFEST_BYTES: usize = 16 * 1024;
/// Longest identifier either side makes.
pub const MAX_ID_CHARS: usize = 64;
/// Longest e-mail address (RFC 5321, section 4.5.3.1.3, without its angle brackets).
pub const MAX_EMAIL_CHARS: usize = 254;
/// Shortest password somebody may choose.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// Longest password somebody may choose.
pub const MAX_PASSWORD_CHARS: usize = 128;
/// Longest full name.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest note a reviewer may write to a learner.
pub const MAX_NOTE_CHARS: usize = 2_000;
/// Longest DPoP proof: three base64url parts with room for a long address.
pub const MAX_PROOF_BYTES: usize = 4 * 1024;
/// Client identifier of the desktop app.
pub const DESKTOP_CLIENT_ID: &str = "likeness-desktop";
/// Scope the desktop app asks for.
pub const DESKTOP_SCOPE: &str = "profile verification";
