//! Passwords: argon2id, two at a time, the same work for an address nobody has.

use crate::{error::ServerError, http::refusal::Refusal, tokens};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use likeness_protocol::{
    Code, Secret,
    limits::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS},
};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

/// Memory per hash, KiB; with [`PASSES`] and [`LANES`] the first choice of the OWASP password storage sheet.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at the same time: each takes 19 MiB and a core for some 50 ms.
const PERMITS: usize = 2;
/// Waiting longer for a turn is answered with "busy".
const QUEUE: Duration = Duration::from_secs(2);

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weak {
    /// Outside 8 to 128 characters.
    Length,
    /// The e-mail address or the product's name is in it.
    Guessable,
}

/// Checks a new password. There are no rules about kinds of characters.
pub fn judge_new(password: &Secret, email: &str) -> Result<(), Weak> {
    let text = password.expose();
    if !(MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&text.chars().count()) {
        return Err(Weak::Length);
    }
    let lower = Zeroizing::new(text.to_lowercase());
    let mailbox = email.split('@').next().unwrap_or_default().to_lowercase();
    let guessable = lower.contains("likeness")
        || lower.contains(&email.to_lowercase())
        || (mailbox.len() >= 4 && lower.contains(&mailbox));
    if guessable { Err(Weak::Guessable) } else { Ok(()) }
}

/// Hashes and compares, never more than two at a time.
pub struct Hasher {
    permits: Arc<Semaphore>,
    nobody: String,
}

impl Hasher {
    /// A hasher with a hash for addresses nobody has.
    pub fn new() -> Result<Self, ServerError> {
        let nobody = hash(&tokens::token("")?)?;
        Ok(Self { permits: Arc::new(Semaphore::new(PERMITS)), nobody })
    }

    /// Waits for a turn.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        match tokio::time::timeout(QUEUE, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Code::Busy.into()),
        }
    }

    /// Hash of a new password, as [`hash`], when it is this one's turn.
    pub async fn hash_new(&self, password: Secret) -> Result<String, Refusal> {
        let permit = self.turn().await?;
        let made = tokio::task::spawn_blocking(move || {
            let made = hash(&password);
            drop(permit);
            made
        });
        Ok(made.await.map_err(ServerError::from)??)
    }

    /// Whether `password` is the one of `phc`; with `None` the same work for the answer "no".
    pub async fn fits(&self, password: Secret, phc: Option<String>) -> Result<bool, Refusal> {
        let permit = self.turn().await?;
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobody.clone());
        let fits = tokio::task::spawn_blocking(move || {
            let fits = compare(&password, &phc);
            drop(permit);
            fits
        });
        Ok(fits.await.map_err(ServerError::from)?? && known)
    }
}

/// Hash of a new password in PHC form: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
pub fn hash(password: &Secret) -> Result<String, ServerError> {
    let salt = tokens::random::<16>()?;
    let hash = derive(password, &salt, MEMORY_KIB, PASSES, LANES)?;
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}", BASE64.encode(salt), BASE64.encode(hash)))
}

fn compare(password: &Secret, phc: &str) -> Result<bool, ServerError> {
    let unreadable = || ServerError::Stored { what: "password hash" };
    let mut parts = phc.split('$').skip(1);
    let (Some("argon2id"), Some("v=19"), Some(cost), Some(salt), Some(stored), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(unreadable());
    };
    let cost_of = |name: &str| {
        cost.split(',')
            .find_map(|part| part.strip_prefix(name))
            .and_then(|value| value.parse().ok())
            .ok_or_else(unreadable)
    };
    let salt = BASE64.decode(salt).map_err(|_| unreadable())?;
    let stored = BASE64.decode(stored).map_err(|_| unreadable())?;
    let hash = derive(password, &salt, cost_of("m=")?, cost_of("t=")?, cost_of("p=")?)?;
    Ok(hash.ct_eq(&stored).into())
}

fn derive(
    password: &Secret,
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
) -> Result<Zeroizing<Vec<u8>>, ServerError> {
    let failed = |_| ServerError::Stored { what: "password hash" };
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(failed)?;
    let mut out = Zeroizing::new(vec![0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.expose().as_bytes(), salt, &mut out)
        .map_err(failed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_only() {
        let phc = hash(&Secret::new("correct horse")).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(compare(&Secret::new("correct horse"), &phc).unwrap());
        assert!(!compare(&Secret::new("correct house"), &phc).unwrap());
        assert!(
            compare(&Secret::new("x"), "$argon2i$v=19$m=1,t=1,p=1$AA$AA").is_err(),
            "another kind of hash is an error, not a no"
        );
    }

    #[test]
    fn new_passwords_are_judged() {
        #[rustfmt::skip]
        let table = [
            ("seven77",                 Some(Weak::Length),    "too short"),
            ("eight888",                None,                  "long enough, no rule about characters"),
            ("ada.lovelace-1815",       Some(Weak::Guessable), "contains the mailbox"),
            ("MyLikeness2026",          Some(Weak::Guessable), "contains the product's name"),
            ("пароль на восемь",        None,                  "characters count, not bytes"),
        ];
        for (password, expected, because) in table {
            assert_eq!(
                judge_new(&Secret::new(password), "ada.lovelace@corp.example").err(),
                expected,
                "{because}: {password}"
            );
        }
        assert_eq!(judge_new(&Secret::new("x".repeat(129)), "a@b.example"), Err(Weak::Length), "too long");
    }
}
