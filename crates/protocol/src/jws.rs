//! Compact JSON web signatures with ES256 and nothing else, and JWK thumbprints (RFC 7515, RFC 7517, RFC 7638).
//!
//! Guarantees: one algorithm, so that no header can choose a weaker one; a key is checked to be a point of the curve before use; a private key wipes itself.
//! Refuses to know: what is signed, who trusts the key, any clock.

use crate::text::up_to;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use p256::ecdsa::{
    Signature, SigningKey, VerifyingKey,
    signature::{Signer, Verifier},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// Why a signature, key or token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three base64url parts, or a part that is not what it must be.
    #[error("the signed text does not have the agreed form")]
    Malformed,
    /// The header names another algorithm or type, or an extension we do not know.
    #[error("the signed text uses another algorithm or type than agreed")]
    WrongKind,
    /// The key is not a point of P-256, or not 32 bytes.
    #[error("the key is not a P-256 key")]
    BadKey,
    /// The signature does not fit text and key.
    #[error("the signature does not fit")]
    BadSignature,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness for a new key")]
    NoRandomness,
}

/// A P-256 private key. Prints as its thumbprint, is wiped when dropped.
#[derive(Clone)]
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Makes a new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`JwsError::NoRandomness`].
    pub fn generate() -> Result<Self, JwsError> {
        // A random 256-bit value is no valid scalar once in 2^32 tries; asking again is the whole cure.
        for _ in 0..16 {
            let mut bytes = Zeroizing::new([0_u8; 32]);
            getrandom::fill(bytes.as_mut()).map_err(|_| JwsError::NoRandomness)?;
            if let Ok(key) = SigningKey::from_slice(bytes.as_ref()) {
                return Ok(Self(key));
            }
        }
        Err(JwsError::NoRandomness)
    }

    /// Reads a stored key: the 32 bytes of the scalar, big end first.
    ///
    /// # Errors
    /// [`JwsError::BadKey`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JwsError> {
        // The library pads short input with zeros; a cut key must not load as another key.
        let whole: &[u8; 32] = bytes.try_into().map_err(|_| JwsError::BadKey)?;
        SigningKey::from_slice(whole).map(Self).map_err(|_| JwsError::BadKey)
    }

    /// The 32 bytes to store in the keyring and nowhere else.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }

    /// Signs `payload` under `header`; gives the compact form.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] when either cannot be written as JSON.
    pub fn sign(&self, header: &Header, payload: &impl Serialize) -> Result<String, JwsError> {
        let header = serde_json::to_vec(header).map_err(|_| JwsError::Malformed)?;
        let payload = serde_json::to_vec(payload).map_err(|_| JwsError::Malformed)?;
        let mut token = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
        let signature: Signature = self.0.try_sign(token.as_bytes()).map_err(|_| JwsError::BadSignature)?;
        token.push('.');
        token.push_str(&BASE64URL.encode(signature.to_bytes()));
        Ok(token)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PrivateKey(<redacted>, {})", self.public().thumbprint())
    }
}

/// A P-256 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a key from its JSON form.
    ///
    /// # Errors
    /// [`JwsError::BadKey`] when it is no point of P-256.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, JwsError> {
        if jwk.kty != "EC" || jwk.crv != "P-256" {
            return Err(JwsError::BadKey);
        }
        let mut point = vec![4_u8];
        for coordinate in [&jwk.x, &jwk.y] {
            let bytes = BASE64URL.decode(coordinate).map_err(|_| JwsError::BadKey)?;
            if bytes.len() != 32 {
                return Err(JwsError::BadKey);
            }
            point.extend_from_slice(&bytes);
        }
        VerifyingKey::from_sec1_bytes(&point).map(Self).map_err(|_| JwsError::BadKey)
    }

    /// The key in its JSON form.
    pub fn to_jwk(&self) -> Jwk {
        let point = self.0.to_sec1_bytes();
        // Uncompressed form: one byte 4, then 32 bytes each of x and y.
        let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
        Jwk { kty: "EC".to_owned(), crv: "P-256".to_owned(), x: BASE64URL.encode(x), y: BASE64URL.encode(y) }
    }

    /// SHA-256 thumbprint (RFC 7638) in base64url: 43 characters. Names the key in `kid` and `jkt`.
    pub fn thumbprint(&self) -> String {
        let Jwk { crv, kty, x, y } = self.to_jwk();
        // RFC 7638, section 3.2: members in this order, no white space.
        let canonical = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#);
        BASE64URL.encode(Sha256::digest(canonical))
    }
}

/// A public key as JSON (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `EC`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub kty: String,
    /// Always `P-256`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub crv: String,
    /// 32 bytes in base64url.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub x: String,
    /// 32 bytes in base64url.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub y: String,
}

/// The protected header. Unknown members are ignored, except `crit`, which demands understanding and is therefore refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// What is signed: [`crate::dpop::TYPE`] or [`crate::manifest::TYPE`].
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub typ: String,
    /// Always `ES256`.
    #[serde(deserialize_with = "up_to::<16, _>")]
    pub alg: String,
    /// Thumbprint of the key, where the reader knows the key already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The key itself, where the reader does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwk: Option<Jwk>,
    /// Extensions that must be understood. We understand none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crit: Option<Vec<String>>,
}

impl Header {
    /// A header that names the key by thumbprint.
    pub fn naming(typ: &str, key: &PublicKey) -> Self {
        Self { typ: typ.to_owned(), alg: "ES256".to_owned(), kid: Some(key.thumbprint()), jwk: None, crit: None }
    }

    /// A header that carries the key.
    pub fn carrying(typ: &str, key: &PublicKey) -> Self {
        Self { typ: typ.to_owned(), alg: "ES256".to_owned(), kid: None, jwk: Some(key.to_jwk()), crit: None }
    }
}

/// A token that was taken apart but not yet believed.
#[derive(Debug, Clone)]
#[must_use = "an unverified token proves nothing"]
pub struct Unverified<'token> {
    header: Header,
    signed: &'token str,
    payload: Vec<u8>,
    signature: Signature,
}

impl<'token> Unverified<'token> {
    /// Takes a compact token of type `typ` apart.
    ///
    /// # Errors
    /// [`JwsError::Malformed`], or [`JwsError::WrongKind`] for another type, algorithm or a critical extension.
    pub fn parse(token: &'token str, typ: &str) -> Result<Self, JwsError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let decode = |part: &str| BASE64URL.decode(part).map_err(|_| JwsError::Malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Malformed)?;
        if header.typ != typ || header.alg != "ES256" || header.crit.is_some() {
            return Err(JwsError::WrongKind);
        }
        let payload = decode(payload)?;
        let signature = Signature::from_slice(&decode(signature)?).map_err(|_| JwsError::Malformed)?;
        Ok(Self { header, signed, payload, signature })
    }

    /// What the token says about itself; not yet proven.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Checks the signature with `key` and only then gives the payload.
    ///
    /// # Errors
    /// [`JwsError::BadSignature`], or [`JwsError::Malformed`] when the payload is not a `T`.
    pub fn verify<T: for<'a> Deserialize<'a>>(&self, key: &PublicKey) -> Result<T, JwsError> {
        self.check(key)?;
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Malformed)
    }

    /// Checks the signature alone.
    ///
    /// # Errors
    /// [`JwsError::BadSignature`].
    pub fn check(&self, key: &PublicKey) -> Result<(), JwsError> {
        key.0.verify(self.signed.as_bytes(), &self.signature).map_err(|_| JwsError::BadSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_the_one_other_programs_compute() {
        // The key of RFC 9449 (DPoP), section 4.1; its thumbprint stands there in section 6.1.
        let jwk = Jwk {
            kty: "EC".into(),
            crv: "P-256".into(),
            x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs".into(),
            y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA".into(),
        };
        let key = PublicKey::from_jwk(&jwk).unwrap();
        assert_eq!(key.thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(key.to_jwk(), jwk);
    }

    #[test]
    fn only_our_kind_of_token_is_believed() {
        let key = PrivateKey::generate().unwrap();
        let other = PrivateKey::generate().unwrap();
        let good = key.sign(&Header::naming("a+jwt", &key.public()), &serde_json::json!({"n": 1})).unwrap();
        let mut unsigned = Header::naming("a+jwt", &key.public());
        unsigned.alg = "none".into();
        let mut critical = Header::naming("a+jwt", &key.public());
        critical.crit = Some(vec!["b64".into()]);
        let swapped = {
            let mut parts: Vec<_> = good.split('.').map(str::to_owned).collect();
            parts[1] = BASE64URL.encode(br#"{"n":2}"#);
            parts.join(".")
        };
        #[rustfmt::skip]
        let table = [
            (good.clone(),                                                    None,                         "the real one"),
            (swapped,                                                         Some(JwsError::BadSignature), "another payload"),
            (other.sign(&Header::naming("a+jwt", &key.public()), &1).unwrap(), Some(JwsError::BadSignature), "another key"),
            (key.sign(&unsigned, &1).unwrap(),                                Some(JwsError::WrongKind),    "the header must not choose the algorithm"),
            (key.sign(&critical, &1).unwrap(),                                Some(JwsError::WrongKind),    "an extension we do not know"),
            (key.sign(&Header::naming("b+jwt", &key.public()), &1).unwrap(),  Some(JwsError::WrongKind),    "a token for another purpose"),
            (good[..good.len() - 10].to_owned(),                              Some(JwsError::Malformed),    "a cut signature"),
            ("a.b".to_owned(),                                                Some(JwsError::Malformed),    "two parts"),
            (String::new(),                                                   Some(JwsError::Malformed),    "nothing"),
        ];
        for (token, expected, because) in table {
            let got = Unverified::parse(&token, "a+jwt")
                .and_then(|token| token.verify::<serde_json::Value>(&key.public()))
                .err();
            assert_eq!(got, expected, "{because}: {token}");
        }
    }

    #[test]
    fn keys_survive_storage_and_bad_ones_do_not_load() {
        let key = PrivateKey::generate().unwrap();
        let again = PrivateKey::from_bytes(key.to_bytes().as_ref()).unwrap();
        assert_eq!(again.public().thumbprint(), key.public().thumbprint());
        assert!(!format!("{key:?}").contains(&BASE64URL.encode(key.to_bytes())));
        for (bytes, because) in [
            (vec![0; 32], "zero is no key"),
            (vec![255; 32], "above the order of the curve"),
            (vec![1; 31], "too short"),
        ] {
            assert_eq!(PrivateKey::from_bytes(&bytes).unwrap_err(), JwsError::BadKey, "{because}");
        }
        let mut jwk = key.public().to_jwk();
        jwk.y = jwk.x.clone();
        assert_eq!(PublicKey::from_jwk(&jwk).unwrap_err(), JwsError::BadKey, "not on the curve");
    }
}
