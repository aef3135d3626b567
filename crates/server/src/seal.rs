//! Sealing: XChaCha20-Poly1305 with a random nonce, bound to the place where the result is kept.
//!
//! Guarantees: what is sealed for one place does not open in another; keys wipe themselves; a sealed value never equals an earlier one.
//! Refuses to know: who may open what.

use crate::error::ServerError;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const NONCE_BYTES: usize = 24;

/// A 256-bit key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// A new random key.
    pub fn random() -> Result<Self, ServerError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| ServerError::Randomness)?;
        Ok(Self(bytes))
    }

    /// A key from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be wrapped by another key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals `clear` for `place`: 24 bytes of nonce, then the text and its tag.
    pub fn seal(&self, place: &str, clear: &[u8]) -> Result<Vec<u8>, ServerError> {
        let failed = ServerError::Sealed { what: "sealing failed" };
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| ServerError::Randomness)?;
        let payload = Payload { msg: clear, aad: place.as_bytes() };
        let Ok(cipher) = XChaCha20Poly1305::new_from_slice(&self.0) else { return Err(failed) };
        let Ok(text) = cipher.encrypt(&XNonce::from(nonce), payload) else { return Err(failed) };
        let mut sealed = Vec::with_capacity(NONCE_BYTES + text.len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Opens what was sealed for `place`. `what` names it in the error.
    pub fn open(&self, place: &str, sealed: &[u8], what: &'static str) -> Result<Zeroizing<Vec<u8>>, ServerError> {
        let failed = || ServerError::Sealed { what };
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(failed)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| failed())?;
        let cipher = XChaCha20Poly1305::new_from_slice(&self.0).map_err(|_| failed())?;
        let payload = Payload { msg: text, aad: place.as_bytes() };
        cipher.decrypt(&XNonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| failed())
    }

    /// Seals this key under `outer`.
    pub fn wrap(&self, outer: &Self, place: &str) -> Result<Vec<u8>, ServerError> {
        outer.seal(place, &self.0)
    }

    /// Opens a wrapped key.
    pub fn unwrap(outer: &Self, place: &str, wrapped: &[u8]) -> Result<Self, ServerError> {
        let what = "a wrapped key";
        let bytes = outer.open(place, wrapped, what)?;
        bytes.as_slice().try_into().map(Self).map_err(|_| ServerError::Sealed { what })
    }

    /// HMAC-SHA-256 of `message`.
    pub fn mac(&self, message: &[u8]) -> [u8; 32] {
        // HMAC takes keys of every length, so the fallback is never taken; it would still not leak the key.
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mut mac) => {
                mac.update(message);
                mac.finalize().into_bytes().into()
            }
            Err(_) => [0; 32],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_where_it_belongs() {
        let key = Key::random().unwrap();
        let sealed = key.seal("emails|addr|1", b"ada@corp.example").unwrap();
        let mut flipped = sealed.clone();
        *flipped.last_mut().unwrap() ^= 1;
        #[rustfmt::skip]
        let table = [
            (&key,                    "emails|addr|1", sealed.clone(),      true,  "its own place"),
            (&key,                    "emails|addr|2", sealed.clone(),      false, "moved to another row"),
            (&Key::random().unwrap(), "emails|addr|1", sealed.clone(),      false, "another key"),
            (&key,                    "emails|addr|1", flipped,             false, "one bit changed"),
            (&key,                    "emails|addr|1", sealed[..20].into(), false, "cut inside the nonce"),
            (&key,                    "emails|addr|1", Vec::new(),          false, "nothing"),
        ];
        for (key, place, sealed, expected, because) in table {
            assert_eq!(key.open(place, &sealed, "address").is_ok(), expected, "{because}");
        }
        assert_ne!(sealed, key.seal("emails|addr|1", b"ada@corp.example").unwrap(), "equal texts must not look equal");
    }
}
