//! The one item kept per server, and its form as bytes.
//!
//! base64url of a JSON object `{v, rt, dk, vk, sub, grant}`: text, because one of the keyrings keeps text only,
//! and short, because another stops at 2,560 bytes. What cannot be read is damaged or foreign, never guessed at.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use likeness_protocol::text::Secret;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The length of both keys in an item.
pub const KEY_BYTES: usize = 32;

/// The form described above. Another number belongs to a newer Likeness and is not read.
const VERSION: u32 = 1;

/// Longer than any item we write (a test holds that under 1,200); a foreign item is refused before it is parsed.
const LONGEST_BYTES: usize = 8 * 1024;

/// What a later start needs to be signed in again, and to open photos that were not yet sent.
#[derive(Clone)]
pub struct SessionItem {
    /// The refresh token.
    pub refresh_token: Secret,
    /// The private half of the P-256 key that the tokens are bound to.
    pub dpop_key: Zeroizing<[u8; KEY_BYTES]>,
    /// The key that will seal unsent photos on disk. Made with the item, so that it never has to be added later.
    pub outbox_key: Zeroizing<[u8; KEY_BYTES]>,
    /// The account's identifier at the server.
    pub subject: String,
    /// The server's identifier of this sign-in, for "signed in on" lists. May be empty.
    pub grant: String,
}

impl fmt::Debug for SessionItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionItem(<redacted>)")
    }
}

/// The item is not one of ours, or no longer whole. The remedy is always the same: remove it and sign in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the saved sign-in cannot be read; it is removed, please sign in again")]
pub struct ItemDamaged;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: u32,
    rt: String,
    dk: String,
    vk: String,
    sub: String,
    grant: String,
}

impl Drop for Form {
    fn drop(&mut self) {
        self.rt.zeroize();
        self.dk.zeroize();
        self.vk.zeroize();
    }
}

impl SessionItem {
    /// The bytes to keep.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let form = Form {
            v: VERSION,
            rt: self.refresh_token.expose().to_owned(),
            dk: URL_SAFE_NO_PAD.encode(*self.dpop_key),
            vk: URL_SAFE_NO_PAD.encode(*self.outbox_key),
            sub: self.subject.clone(),
            grant: self.grant.clone(),
        };
        // Room for the whole text at once: a growing buffer would leave copies behind that nobody wipes.
        let mut json = Zeroizing::new(Vec::with_capacity(1024 + form.rt.len() + form.sub.len() + form.grant.len()));
        if serde_json::to_writer(&mut *json, &form).is_err() {
            unreachable!("an object of text and numbers always has a JSON form");
        }
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&*json).into_bytes())
    }

    /// Reads what [`SessionItem::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ItemDamaged> {
        if bytes.len() > LONGEST_BYTES {
            return Err(ItemDamaged);
        }
        let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(bytes).map_err(|_| ItemDamaged)?);
        let form: Form = serde_json::from_slice(&json).map_err(|_| ItemDamaged)?;
        if form.v != VERSION || form.rt.is_empty() || form.sub.is_empty() {
            return Err(ItemDamaged);
        }
        Ok(Self {
            refresh_token: Secret::new(form.rt.clone()),
            dpop_key: key(&form.dk)?,
            outbox_key: key(&form.vk)?,
            subject: form.sub.clone(),
            grant: form.grant.clone(),
        })
    }
}

fn key(text: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, ItemDamaged> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| ItemDamaged)?);
    let array: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| ItemDamaged)?;
    Ok(Zeroizing::new(array))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> SessionItem {
        SessionItem {
            refresh_token: Secret::new(format!("lk_rt_{}", "r".repeat(43))),
            dpop_key: Zeroizing::new([7; KEY_BYTES]),
            outbox_key: Zeroizing::new([9; KEY_BYTES]),
            subject: "acc_01234567-89ab-cdef-0123-456789abcdef".to_owned(),
            grant: "grt_01234567-89ab-cdef-0123-456789abcdef".to_owned(),
        }
    }

    #[test]
    fn an_item_comes_back_as_it_went() {
        let again = SessionItem::from_bytes(&item().to_bytes()).unwrap();
        assert_eq!(again.refresh_token.expose(), item().refresh_token.expose());
        assert_eq!(*again.dpop_key, [7; KEY_BYTES]);
        assert_eq!(*again.outbox_key, [9; KEY_BYTES]);
        assert_eq!(again.subject, item().subject);
        assert_eq!(again.grant, item().grant);
    }

    #[test]
    fn an_item_fits_every_keyring() {
        let bytes = item().to_bytes();
        assert!(bytes.len() < 1_200, "{} bytes; Windows takes 2,560 and that shall stay far away", bytes.len());
        assert!(bytes.is_ascii(), "KWallet keeps text only");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", item());
        assert!(!shown.contains("lk_rt_") && !shown.contains('7'), "{shown}");
    }

    #[test]
    fn what_is_not_an_item_is_damaged() {
        let encoded = |json: &str| URL_SAFE_NO_PAD.encode(json).into_bytes();
        let key = URL_SAFE_NO_PAD.encode([1; KEY_BYTES]);
        let short = URL_SAFE_NO_PAD.encode([1; KEY_BYTES - 1]);
        let mut cut = item().to_bytes().to_vec();
        cut.truncate(cut.len() / 2);
        #[rustfmt::skip]
        let table = [
            (b"".to_vec(),                                                            "nothing at all"),
            (b"correct horse".to_vec(),                                               "another program's password"),
            (encoded("{}"),                                                           "JSON without our fields"),
            (encoded(&format!(r#"{{"v":2,"rt":"a","dk":"{key}","vk":"{key}","sub":"s","grant":""}}"#)), "a newer version"),
            (encoded(&format!(r#"{{"v":1,"rt":"","dk":"{key}","vk":"{key}","sub":"s","grant":""}}"#)),  "no token"),
            (encoded(&format!(r#"{{"v":1,"rt":"a","dk":"{short}","vk":"{key}","sub":"s","grant":""}}"#)), "a short key"),
            (encoded(&format!(r#"{{"v":1,"rt":"a","dk":"{key}","vk":"{key}","sub":"s","grant":"","x":1}}"#)), "a field we do not know"),
            (cut,                                                                     "half an item"),
            (vec![b'A'; LONGEST_BYTES + 1],                                           "far too long"),
        ];
        for (bytes, because) in table {
            assert_eq!(SessionItem::from_bytes(&bytes).err(), Some(ItemDamaged), "{because}");
        }
    }
}
