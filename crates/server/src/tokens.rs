//! Random values: identifiers, tokens, references. Tokens are kept as hashes only.

use crate::error::ServerError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::Secret;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use zeroize::Zeroizing;

/// Prefix of access tokens.
pub const ACCESS: &str = "lk_at_";
/// Prefix of refresh tokens.
pub const REFRESH: &str = "lk_rt_";
/// Prefix of authorization codes.
pub const CODE: &str = "lk_ac_";

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], ServerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| ServerError::Randomness)?;
    Ok(bytes)
}

/// An identifier: `prefix` and 128 random bits in hexadecimal.
pub fn identifier(prefix: &str) -> Result<String, ServerError> {
    let mut text = format!("{prefix}_");
    for byte in random::<16>()? {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// A token: `prefix` and 256 random bits in base64url.
pub fn token(prefix: &str) -> Result<Secret, ServerError> {
    let bytes = Zeroizing::new(random::<32>()?);
    Ok(Secret::new(format!("{prefix}{}", BASE64URL.encode(bytes.as_ref()))))
}

/// A code to type from a mail: so many digits, at most 19.
pub fn digits(count: usize) -> Result<String, ServerError> {
    let number = u64::from_be_bytes(random::<8>()?);
    Ok(format!("{number:020}").chars().skip(20 - count.min(19)).collect())
}

/// What is stored of a token.
pub fn hash(token: &str) -> String {
    BASE64URL.encode(Sha256::digest(token))
}

/// A number to say on the telephone: `LK-7Q2M-91XD`, without letters and digits that look alike.
pub fn reference() -> Result<String, ServerError> {
    const ALPHABET: &[u8; 32] = b"123456789ABCDEFGHJKLMNPQRSTVWXYZ";
    let letters: String = random::<8>()?
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)).map(|letter| char::from(*letter)))
        .collect();
    let (left, right) = letters.split_at_checked(4).unwrap_or_default();
    Ok(format!("LK-{left}-{right}"))
}
