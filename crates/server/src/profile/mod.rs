//! One profile per account: submitting it, and where it stands.

pub mod evidence;
pub mod name;
pub mod status;
pub mod submit;
