//! The ways to sign in. Each is one function from what the person gave to what the server granted.

pub(crate) mod browser;
pub(crate) mod device;
pub(crate) mod password;
