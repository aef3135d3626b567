//! The HTTP client of the verification API. The only crate that names reqwest.
