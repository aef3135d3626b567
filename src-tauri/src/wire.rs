//! What crosses to the window besides the View: refusals as `{code, message, field}`.

use likeness_journey::Refusal;
use serde::Serialize;

/// A command's answer: nothing, because what changed comes back as a View.
pub type WireResult = Result<(), WireError>;

/// Why a command was refused.
#[derive(Debug, Serialize)]
pub struct WireError {
    code: &'static str,
    message: String,
    field: Option<&'static str>,
}

impl From<Refusal> for WireError {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code(), message: refusal.to_string(), field: refusal.field() }
    }
}
