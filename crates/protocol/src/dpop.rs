//! Proof of possession (DPoP, RFC 9449): one signed proof per request, so that a stolen token alone is worth nothing.
//!
//! Pure: the time, the identifier and the nonce come in as arguments; remembering identifiers already seen is the server's work.
//! Freshness comes from the server's nonce alone, so that a learner's clock may be a day wrong; `iat` is carried because the RFC demands it.

use crate::{
    jws::{Header, JwsError, PrivateKey, PublicKey, Unverified},
    limits::MAX_PROOF_BYTES,
    text::{up_to, up_to_if_any},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Request header with the proof.
pub const PROOF_HEADER: &str = "DPoP";
/// Reply header with the nonce for the next proof.
pub const NONCE_HEADER: &str = "DPoP-Nonce";
/// Scheme of the `Authorization` header: `DPoP <access token>`.
pub const AUTHORIZATION_SCHEME: &str = "DPoP";
/// `typ` of a proof.
pub const TYPE: &str = "dpop+jwt";

/// Why a proof was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// Not a proof, or longer than [`MAX_PROOF_BYTES`].
    #[error("the proof cannot be read")]
    Malformed,
    /// The signature or key is wrong.
    #[error("the proof is not signed by the key it names")]
    Signature,
    /// Made for another method or address.
    #[error("the proof was made for another request")]
    OtherRequest,
    /// Made for another access token, or for none.
    #[error("the proof was made for another token")]
    OtherToken,
    /// No nonce, or one that is no longer fresh: answer with a new one, the client repeats once.
    #[error("the proof needs the server's current nonce")]
    NonceNeeded,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(deserialize_with = "up_to::<16, _>")]
    htm: String,
    #[serde(deserialize_with = "up_to::<1000, _>")]
    htu: String,
    iat: u64,
    #[serde(deserialize_with = "up_to::<128, _>")]
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<64, _>")]
    ath: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<128, _>")]
    nonce: Option<String>,
}

/// One request to be proven.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// Address without query and fragment, scheme and host in lower case.
    pub url: &'a str,
    /// The access token sent beside the proof, if any.
    pub access_token: Option<&'a str>,
}

/// Builds the proof for one request.
///
/// `now_s`: seconds since 1970 by the client's clock. `jti`: a value never used before, for example a random UUID.
/// `nonce`: the newest one the server sent, if any.
///
/// # Errors
/// Only when signing fails.
pub fn build(
    key: &PrivateKey,
    request: Request<'_>,
    nonce: Option<&str>,
    now_s: u64,
    jti: &str,
) -> Result<String, JwsError> {
    let claims = Claims {
        htm: request.method.to_owned(),
        htu: request.url.to_owned(),
        iat: now_s,
        jti: jti.to_owned(),
        ath: request.access_token.map(token_hash),
        nonce: nonce.map(str::to_owned),
    };
    key.sign(&Header::carrying(TYPE, &key.public()), &claims)
}

/// A proof that fits its request. The server must still refuse a `jti` it has seen.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The key that signed.
    pub key: PublicKey,
    /// Its thumbprint.
    pub jkt: String,
    /// Identifier of the proof, to be remembered as long as its nonce is fresh.
    pub jti: String,
    /// The client's clock, seconds since 1970. Only good for telling somebody that the clock is wrong.
    pub client_time_s: u64,
}

/// Checks `proof` against the request it came with. `nonce_is_fresh` answers whether a nonce is one of the server's own and still fresh.
///
/// # Errors
/// [`DpopError`]; `NonceNeeded` only when everything else fits.
pub fn check(proof: &str, request: Request<'_>, nonce_is_fresh: impl Fn(&str) -> bool) -> Result<Proven, DpopError> {
    if proof.len() > MAX_PROOF_BYTES {
        return Err(DpopError::Malformed);
    }
    let token = Unverified::parse(proof, TYPE).map_err(|_| DpopError::Malformed)?;
    let jwk = token.header().jwk.as_ref().ok_or(DpopError::Malformed)?;
    let key = PublicKey::from_jwk(jwk).map_err(|_| DpopError::Signature)?;
    let claims: Claims = token
        .verify(&key)
        .map_err(|error| if error == JwsError::BadSignature { DpopError::Signature } else { DpopError::Malformed })?;
    if claims.jti.is_empty() {
        return Err(DpopError::Malformed);
    }
    if claims.htm != request.method || claims.htu != request.url {
        return Err(DpopError::OtherRequest);
    }
    if !same(claims.ath.as_deref(), request.access_token.map(token_hash).as_deref()) {
        return Err(DpopError::OtherToken);
    }
    if !claims.nonce.as_deref().is_some_and(nonce_is_fresh) {
        return Err(DpopError::NonceNeeded);
    }
    Ok(Proven { jkt: key.thumbprint(), key, jti: claims.jti, client_time_s: claims.iat })
}

fn token_hash(token: &str) -> String {
    BASE64URL.encode(Sha256::digest(token))
}

fn same(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => left.as_bytes().ct_eq(right.as_bytes()).into(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Request<'_> =
        Request { method: "POST", url: "https://verify.example/v1/me", access_token: Some("lk_at_1") };

    #[test]
    fn a_proof_fits_one_request_only() {
        let key = PrivateKey::generate().unwrap();
        let proof = build(&key, HERE, Some("n1"), 1_000, "j1").unwrap();
        #[rustfmt::skip]
        let table = [
            (HERE,                                                            "n1", None,                          "the request it was made for"),
            (Request { method: "GET", ..HERE },                               "n1", Some(DpopError::OtherRequest), "another method"),
            (Request { url: "https://verify.example/v1/policy", ..HERE },     "n1", Some(DpopError::OtherRequest), "another path"),
            (Request { url: "https://evil.example/v1/me", ..HERE },           "n1", Some(DpopError::OtherRequest), "another host"),
            (Request { access_token: Some("lk_at_2"), ..HERE },               "n1", Some(DpopError::OtherToken),   "another token"),
            (Request { access_token: None, ..HERE },                          "n1", Some(DpopError::OtherToken),   "no token"),
            (HERE,                                                            "n2", Some(DpopError::NonceNeeded),  "an old nonce"),
        ];
        for (request, fresh, expected, because) in table {
            let got = check(&proof, request, |nonce| nonce == fresh);
            assert_eq!(got.as_ref().err().copied(), expected, "{because}");
            if let Ok(proven) = got {
                assert_eq!(
                    (proven.jkt, proven.jti, proven.client_time_s),
                    (key.public().thumbprint(), "j1".to_owned(), 1_000)
                );
            }
        }
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let key = PrivateKey::generate().unwrap();
        let good = build(&key, HERE, Some("n1"), 1_000, "j1").unwrap();
        let without_key = key.sign(&Header::naming(TYPE, &key.public()), &serde_json::json!({})).unwrap();
        let stranger = PrivateKey::generate().unwrap();
        let lent_key = stranger
            .sign(
                &Header::carrying(TYPE, &key.public()),
                &serde_json::json!({"htm":"POST","htu":HERE.url,"iat":1,"jti":"j"}),
            )
            .unwrap();
        #[rustfmt::skip]
        let table = [
            (build(&key, HERE, None, 1_000, "j1").unwrap(), DpopError::NonceNeeded, "the first try has no nonce yet"),
            (build(&key, HERE, Some("n1"), 1, "").unwrap(), DpopError::Malformed,   "without an identifier a replay cannot be seen"),
            (without_key,                                   DpopError::Malformed,   "the key must be in the header"),
            (lent_key,                                      DpopError::Signature,   "naming somebody else's key"),
            (format!("{good}{}", "A".repeat(5_000)),        DpopError::Malformed,   "too long"),
            ("x.y.z".to_owned(),                            DpopError::Malformed,   "not a token"),
        ];
        for (proof, expected, because) in table {
            assert_eq!(check(&proof, HERE, |nonce| nonce == "n1").err(), Some(expected), "{because}");
        }
    }
}
