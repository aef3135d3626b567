//! What can go wrong between consent and receipt.

use likeness_protocol::problem::{Action, Code};
use likeness_protocol::verification::PhotoKind;
use likeness_remote::{RemoteError, UploadError};

use crate::name::NameError;

/// Why a consent was not recorded or a session not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmissionError {
    /// The server, or the way to it.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The policy has no text in the language that was shown.
    #[error("the policy has no text in this language; read it again")]
    PolicyTextMissing,
    /// The text shown is not the one the server speaks of.
    #[error(
        "the policy text was changed on its way; read it again, and tell the people who run the server if it happens twice"
    )]
    PolicyTextDiffers,
}

impl SubmissionError {
    /// The code the window looks up.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Remote(error) => error.code(),
            Self::PolicyTextMissing | Self::PolicyTextDiffers => Code::ConsentStale.as_str(),
        }
    }
}

/// Why a profile was not handed in. The photos and the name are still there, unless the case says that they are of no more use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The photos given are not the ones the session asks for.
    #[error("the photos are not the ones that were asked for; take them again")]
    PhotosUnfit,
    /// A photo comes from a kind of camera the server does not know, or the record about it cannot be signed.
    #[error("the record of how the photos were taken cannot be made; take them again")]
    ManifestUnfit,
    /// One photo could not be sent, and waiting does not help.
    #[error("{error}")]
    Upload {
        /// Which photo.
        photo: PhotoKind,
        /// Why.
        error: UploadError,
    },
    /// The server refused the profile, or the way to it is closed for good.
    #[error(transparent)]
    Submit(#[from] RemoteError),
    /// The time for sending is over.
    #[error("the time for sending these photos has passed; take them again")]
    TooLate,
    /// The server says it received something, but not these photos.
    #[error("the server's receipt does not match what was sent; tell the people who run the server")]
    ReceiptDiffers,
}

impl SendError {
    /// The code the window looks up.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(error) => error.code(),
            Self::PhotosUnfit => Code::ManifestIncomplete.as_str(),
            Self::ManifestUnfit => Code::ManifestMalformed.as_str(),
            Self::Upload { error, .. } => error.code(),
            Self::Submit(error) => error.code(),
            Self::TooLate => Code::CaptureSessionExpired.as_str(),
            Self::ReceiptDiffers => "request-refused",
        }
    }

    /// The server's number for support.
    pub fn request_id(&self) -> Option<String> {
        self.remote().and_then(RemoteError::problem).map(|problem| problem.request_id.clone())
    }

    /// The photo the server said no to, when it was one photo: that one is to be taken again, the rest stays.
    pub fn photo_refused(&self) -> Option<PhotoKind> {
        match self {
            Self::Upload { photo, error: UploadError::PhotoRefused(_) } => Some(*photo),
            Self::Submit(error) if error.is(Code::PhotoAlreadyUsed) || error.is(Code::PhotoRefused) => {
                error.problem().and_then(|problem| problem.field.as_deref()).and_then(|field| field.parse().ok())
            }
            _ => None,
        }
    }

    /// Whether the photos can never be handed in: a new session and new photos are needed.
    pub fn session_is_over(&self) -> bool {
        match self {
            Self::PhotosUnfit
            | Self::ManifestUnfit
            | Self::TooLate
            | Self::Upload { error: UploadError::TooLate, .. } => true,
            _ => self
                .remote()
                .and_then(RemoteError::problem)
                .is_some_and(|problem| problem.code.action() == Some(Action::CaptureAgain)),
        }
    }

    fn remote(&self) -> Option<&RemoteError> {
        match self {
            Self::Upload { error: UploadError::Remote(error), .. } | Self::Submit(error) => Some(error),
            _ => None,
        }
    }
}
