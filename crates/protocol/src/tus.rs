//! Resumable upload (tus 1.0.0: core, creation, checksum) as this API uses it: header names, metadata, checksums, state of a photo.
//!
//! Pure reading and writing of header values; the rules of the transfer are with client and server.

use crate::{limits::MAX_ID_CHARS, text::Sha256Hex, verification::PhotoKind};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;

/// The only protocol version.
pub const VERSION: &str = "1.0.0";
/// Value of `Tus-Extension`.
pub const EXTENSIONS: &str = "creation,checksum";
/// Value of `Tus-Checksum-Algorithm`.
pub const CHECKSUM_ALGORITHM: &str = "sha256";
/// Media type of a PATCH body.
pub const CHUNK_TYPE: &str = "application/offset+octet-stream";
/// HTTP status for a chunk whose checksum differs.
pub const CHECKSUM_MISMATCH: u16 = 460;
/// Usual chunk: half of nginx's default body limit.
pub const CHUNK_BYTES: usize = 512 * 1024;
/// Largest chunk the server reads.
pub const MAX_CHUNK_BYTES: usize = 1024 * 1024;
/// Longest `Upload-Metadata` either side reads.
pub const MAX_METADATA_BYTES: usize = 1024;

/// Header names, as HTTP libraries want them: lower case.
pub mod header {
    /// Protocol version, on every request and reply.
    pub const RESUMABLE: &str = "tus-resumable";
    /// Versions the server speaks.
    pub const VERSION: &str = "tus-version";
    /// Extensions the server speaks.
    pub const EXTENSION: &str = "tus-extension";
    /// Largest upload, bytes.
    pub const MAX_SIZE: &str = "tus-max-size";
    /// Checksums the server knows.
    pub const CHECKSUM_ALGORITHM: &str = "tus-checksum-algorithm";
    /// Bytes the server holds.
    pub const OFFSET: &str = "upload-offset";
    /// Bytes of the whole.
    pub const LENGTH: &str = "upload-length";
    /// What is uploaded.
    pub const METADATA: &str = "upload-metadata";
    /// Checksum of one chunk.
    pub const CHECKSUM: &str = "upload-checksum";
    /// When an unfinished upload is dropped, as an HTTP date.
    pub const EXPIRES: &str = "upload-expires";
    /// Our own: what became of the photo.
    pub const PHOTO: &str = "likeness-photo";
}

/// A header value that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TusError {
    /// `Upload-Metadata` lacks a key, has an unknown kind or hash, or is too long.
    #[error("Upload-Metadata must name kind, capture_session, sha256 and filetype=image/jpeg")]
    Metadata,
    /// `Upload-Checksum` is not `sha256 <base64 of 32 bytes>`.
    #[error("Upload-Checksum must be sha256 and 32 bytes in base64")]
    Checksum,
    /// `Likeness-Photo` holds an unknown word.
    #[error("Likeness-Photo holds an unknown word")]
    Photo,
}

/// What `Upload-Metadata` says. The file type is always `image/jpeg` and has no field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Which photo.
    pub kind: PhotoKind,
    /// The open capture session, `cs_…`.
    pub capture_session: String,
    /// Hash of all bytes.
    pub sha256: Sha256Hex,
}

impl Metadata {
    /// The header value.
    pub fn encode(&self) -> String {
        let pairs = [
            ("kind", self.kind.as_str()),
            ("capture_session", self.capture_session.as_str()),
            ("sha256", self.sha256.as_str()),
            ("filetype", "image/jpeg"),
        ];
        pairs.map(|(key, value)| format!("{key} {}", BASE64.encode(value))).join(",")
    }

    /// Reads the header value. Unknown keys are ignored, so that other tus clients may add a file name; it is not kept.
    ///
    /// # Errors
    /// [`TusError::Metadata`].
    pub fn parse(value: &str) -> Result<Self, TusError> {
        if value.len() > MAX_METADATA_BYTES {
            return Err(TusError::Metadata);
        }
        let lookup = |wanted: &str| -> Result<String, TusError> {
            let mut found =
                value.split(',').filter_map(|pair| pair.trim().split_once(' ')).filter(|(key, _)| *key == wanted);
            match (found.next(), found.next()) {
                // A key that stands twice could mean one thing to us and another to the next reader.
                (Some((_, encoded)), None) => BASE64
                    .decode(encoded)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .ok_or(TusError::Metadata),
                _ => Err(TusError::Metadata),
            }
        };
        let capture_session = lookup("capture_session")?;
        if lookup("filetype")? != "image/jpeg"
            || capture_session.is_empty()
            || capture_session.chars().count() > MAX_ID_CHARS
        {
            return Err(TusError::Metadata);
        }
        Ok(Self {
            kind: lookup("kind")?.parse().map_err(|_| TusError::Metadata)?,
            capture_session,
            sha256: lookup("sha256")?.parse().map_err(|_| TusError::Metadata)?,
        })
    }
}

/// Checksum of one chunk.
#[derive(Debug, Clone, Copy)]
pub struct Checksum([u8; 32]);

impl Checksum {
    /// Of these bytes.
    pub fn of(chunk: &[u8]) -> Self {
        Self(Sha256::digest(chunk).into())
    }

    /// Whether `chunk` has this checksum.
    pub fn fits(&self, chunk: &[u8]) -> bool {
        self.0.ct_eq(&Self::of(chunk).0).into()
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{CHECKSUM_ALGORITHM} {}", BASE64.encode(self.0))
    }
}

impl FromStr for Checksum {
    type Err = TusError;

    fn from_str(value: &str) -> Result<Self, TusError> {
        let encoded = value.strip_prefix("sha256 ").ok_or(TusError::Checksum)?;
        let bytes = BASE64.decode(encoded).map_err(|_| TusError::Checksum)?;
        bytes.try_into().map(Self).map_err(|_| TusError::Checksum)
    }
}

/// What became of an uploaded photo, in the header `Likeness-Photo`: `receiving`, `checking`, `accepted`, or `refused; finding=too_dark`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoState {
    /// Bytes are missing.
    Receiving,
    /// All bytes are here; the gate has not answered yet.
    Checking,
    /// The gate said yes.
    Accepted,
    /// The gate said no.
    Refused(PhotoFinding),
}

impl fmt::Display for PhotoState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receiving => out.write_str("receiving"),
            Self::Checking => out.write_str("checking"),
            Self::Accepted => out.write_str("accepted"),
            Self::Refused(finding) => write!(out, "refused; finding={}", finding.as_str()),
        }
    }
}

impl FromStr for PhotoState {
    type Err = TusError;

    fn from_str(value: &str) -> Result<Self, TusError> {
        match value {
            "receiving" => Ok(Self::Receiving),
            "checking" => Ok(Self::Checking),
            "accepted" => Ok(Self::Accepted),
            other => match other.strip_prefix("refused; finding=") {
                Some(finding) => Ok(Self::Refused(finding.parse()?)),
                None => Err(TusError::Photo),
            },
        }
    }
}

/// Why the image gate refused a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PhotoFinding {
    /// More bytes or pixels than allowed.
    TooLarge,
    /// Fewer bytes or pixels than allowed.
    TooSmall,
    /// Not a JPEG at all.
    NotJpeg,
    /// A JPEG, but not the plain kind we take (baseline, 8 bit, 1 or 3 components, own tables).
    UnsupportedJpeg,
    /// Something follows the end of the picture.
    TrailingData,
    /// Cut or broken.
    Damaged,
    /// One flat colour.
    Blank,
    /// Almost black.
    TooDark,
    /// Checking took too long.
    Timeout,
    /// A finding this build does not know.
    #[serde(other)]
    Unknown,
}

impl PhotoFinding {
    /// All findings a server of this version sends.
    pub const ALL: &[Self] = &[
        Self::TooLarge,
        Self::TooSmall,
        Self::NotJpeg,
        Self::UnsupportedJpeg,
        Self::TrailingData,
        Self::Damaged,
        Self::Blank,
        Self::TooDark,
        Self::Timeout,
    ];

    /// The finding as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooSmall => "too_small",
            Self::NotJpeg => "not_jpeg",
            Self::UnsupportedJpeg => "unsupported_jpeg",
            Self::TrailingData => "trailing_data",
            Self::Damaged => "damaged",
            Self::Blank => "blank",
            Self::TooDark => "too_dark",
            Self::Timeout => "timeout",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for PhotoFinding {
    type Err = TusError;

    /// Words of a newer server become [`PhotoFinding::Unknown`]; what is no word at all is refused.
    fn from_str(text: &str) -> Result<Self, TusError> {
        if text.is_empty() || text.len() > 32 || !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Err(TusError::Photo);
        }
        Ok(Self::ALL.iter().copied().find(|finding| finding.as_str() == text).unwrap_or(Self::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_exactly() {
        let good = Metadata { kind: PhotoKind::Face, capture_session: "cs_1".into(), sha256: Sha256Hex::of(b"x") };
        let value = good.encode();
        let without = |key: &str| value.split(',').filter(|pair| !pair.starts_with(key)).collect::<Vec<_>>().join(",");
        let replaced = |key: &str, text: &str| format!("{},{key} {}", without(key), BASE64.encode(text));
        #[rustfmt::skip]
        let table = [
            (value.clone(),                                  true,  "our own"),
            (format!("{value},filename {}", BASE64.encode("../../etc/passwd")), true, "a name is ignored, never used"),
            (value.replace(',', ", "),                       true,  "spaces after commas"),
            (without("kind"),                                false, "no kind"),
            (without("sha256"),                              false, "no hash"),
            (without("filetype"),                            false, "no type"),
            (replaced("filetype", "image/png"),              false, "not a JPEG"),
            (replaced("kind", "selfie"),                     false, "an unknown kind"),
            (replaced("sha256", "abc"),                      false, "no hash"),
            (replaced("capture_session", &"c".repeat(65)),   false, "too long"),
            (format!("{value},kind {}", BASE64.encode("id")), false, "a key twice"),
            (format!("{value},pad {}", "A".repeat(2_000)),   false, "too long altogether"),
            (value.replace("kind ", "kind !"),               false, "not base64"),
            (String::new(),                                  false, "nothing"),
        ];
        for (header, expected, because) in table {
            let read = Metadata::parse(&header);
            assert_eq!(read.is_ok(), expected, "{because}: {header}");
            if let Ok(metadata) = read {
                assert_eq!(metadata, good, "{because}");
            }
        }
    }

    #[test]
    fn checksums_and_states_read_what_they_write() {
        let sum = Checksum::of(b"chunk");
        let again: Checksum = sum.to_string().parse().unwrap();
        assert!(again.fits(b"chunk") && !again.fits(b"chunK"));
        for (text, because) in
            [("md5 AAAA", "another algorithm"), ("sha256 AAAA", "too short"), ("sha256", "no value"), ("", "nothing")]
        {
            assert!(text.parse::<Checksum>().is_err(), "{because}: {text}");
        }
        let refused = PhotoFinding::ALL.iter().map(|finding| PhotoState::Refused(*finding));
        for state in [PhotoState::Receiving, PhotoState::Checking, PhotoState::Accepted].into_iter().chain(refused) {
            assert_eq!(state.to_string().parse::<PhotoState>().unwrap(), state);
        }
        assert_eq!(
            "refused; finding=too_green".parse::<PhotoState>().unwrap(),
            PhotoState::Refused(PhotoFinding::Unknown)
        );
        assert!("lost".parse::<PhotoState>().is_err());
        for finding in PhotoFinding::ALL {
            assert_eq!(serde_json::to_string(finding).unwrap(), format!("\"{}\"", finding.as_str()));
        }
    }
}
