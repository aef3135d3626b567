//! Text with a stated size, secrets that do not print, addresses shown in part, hashes in one spelling.
//!
//! Guarantees: a field read through [`up_to`] is never longer than its limit, so that a hostile peer cannot make the other side
//! carry megabytes in a name; a [`Secret`] shows `<redacted>` in every debug print and wipes its memory when dropped.
//! Where the guarantee ends: serde may have held another copy of a secret while parsing; only our copy is wiped.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// An address of which its owner recognises the first letter and the domain, `s•••••@corp.example`, and others learn no more: not even how long it is.
pub fn masked(address: &str) -> String {
    let address = address.trim();
    let (mailbox, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    format!("{}•••••@{domain}", mailbox.chars().next().map(String::from).unwrap_or_default())
}

/// Reads a string of at most `MAX` characters.
///
/// # Errors
/// When it is longer, naming the limit but not the text.
pub fn up_to<'de, const MAX: usize, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    within::<MAX, D::Error>(String::deserialize(source)?)
}

/// Like [`up_to`], for a field that may be absent.
///
/// # Errors
/// As [`up_to`].
pub fn up_to_if_any<'de, const MAX: usize, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(source)?.map(within::<MAX, D::Error>).transpose()
}

/// Reads a list of at most `MAX` items.
///
/// # Errors
/// When there are more.
pub fn few<'de, const MAX: usize, T: Deserialize<'de>, D: Deserializer<'de>>(source: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::<T>::deserialize(source)?;
    if items.len() > MAX {
        return Err(de::Error::custom(format_args!("more than {MAX} items")));
    }
    Ok(items)
}

fn within<const MAX: usize, E: de::Error>(text: String) -> Result<String, E> {
    if text.chars().count() > MAX {
        return Err(E::custom(format_args!("text longer than {MAX} characters")));
    }
    Ok(text)
}

/// A password, token or code: prints as `<redacted>`, compares in constant time, is wiped when dropped. At most 4,096 characters.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller's own copies are the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Call it as late as possible and never in a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<redacted>")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        up_to::<4_096, D>(source).map(Self::new)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Secret {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Password)))
            .build()
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Secret {}

/// SHA-256 as 64 lower-case hexadecimal digits, the one spelling used on this wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sha256Hex(String);

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is written as 64 lower-case hexadecimal digits")]
pub struct NotSha256;

impl Sha256Hex {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from(<[u8; 32]>::from(Sha256::digest(bytes)))
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 32 bytes the digits stand for.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(self.0.as_bytes().chunks_exact(2)) {
            // Both digits were checked on the way in, so the fallback is never taken.
            *byte = pair.iter().fold(0, |sum, digit| sum << 4 | hex_value(*digit).unwrap_or(0));
        }
        bytes
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl From<[u8; 32]> for Sha256Hex {
    fn from(bytes: [u8; 32]) -> Self {
        use fmt::Write;
        Self(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

impl FromStr for Sha256Hex {
    type Err = NotSha256;

    fn from_str(text: &str) -> Result<Self, NotSha256> {
        let well_formed = text.len() == 64 && text.bytes().all(|digit| hex_value(digit).is_some());
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotSha256) }
    }
}

impl fmt::Display for Sha256Hex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sha256Hex {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("correct horse");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "<redacted> Some(<redacted>)");
    }

    #[test]
    fn only_one_spelling_of_a_hash_is_read() {
        let digits = "0f".repeat(32);
        #[rustfmt::skip]
        let table = [
            (digits.clone(),              true,  "64 lower-case digits"),
            (digits.to_uppercase(),       false, "one spelling, so that hashes compare as text"),
            (digits[..63].to_owned(),     false, "too short"),
            (format!("{digits}0"),        false, "too long"),
            ("zz".repeat(32),             false, "not hexadecimal"),
            (String::new(),               false, "empty"),
        ];
        for (text, expected, because) in table {
            assert_eq!(text.parse::<Sha256Hex>().is_ok(), expected, "{because}: {text}");
        }
        let hash = Sha256Hex::of(b"photo");
        assert_eq!(Sha256Hex::from(hash.to_bytes()), hash, "bytes and digits say the same");
    }

    #[test]
    fn sizes_hold() {
        #[derive(Deserialize)]
        struct Sized {
            #[serde(deserialize_with = "up_to::<3, _>")]
            text: String,
            #[serde(default, deserialize_with = "few::<2, _, _>")]
            list: Vec<u8>,
        }
        #[rustfmt::skip]
        let table = [
            (r#"{"text":"abc"}"#,                 true,  "exactly the limit"),
            (r#"{"text":"äöü"}"#,                 true,  "characters count, not bytes"),
            (r#"{"text":"abcd"}"#,                false, "one too many"),
            (r#"{"text":"a","list":[1,2]}"#,      true,  "two items"),
            (r#"{"text":"a","list":[1,2,3]}"#,    false, "three items"),
        ];
        for (json, expected, because) in table {
            let read = serde_json::from_str::<Sized>(json);
            assert_eq!(read.is_ok(), expected, "{because}: {json}");
            if let Ok(value) = read {
                assert!(value.text.chars().count() <= 3 && value.list.len() <= 2);
            }
        }
    }

    #[test]
    fn an_address_is_shown_to_its_first_letter_and_domain() {
        #[rustfmt::skip]
        let table = [
            ("learner@likeness.example", "l•••••@likeness.example", "the normal case"),
            ("ä@corp.example",           "ä•••••@corp.example",     "a short name tells no more than a long one"),
            ("\"a@b\"@corp.example",     "\"•••••@corp.example",    "the last @ divides"),
            (" ada@corp.example ",       "a•••••@corp.example",     "as typed"),
            ("ada",                      "a•••••@",                 "not an address"),
            ("",                         "•••••@",                  "nothing"),
        ];
        for (address, expected, because) in table {
            assert_eq!(masked(address), expected, "{because}");
        }
    }
}
