//! Why a case failed.

use likeness_camera::{CameraError, Damage};
use thiserror::Error;

/// A failed case, in a line.
#[derive(Debug, Error)]
pub(crate) enum CaseError {
    #[error("{0}")]
    Call(String),
    #[error("{0}")]
    Wrong(String),
    #[error("{0}")]
    Camera(#[from] CameraError),
    #[error("{0}")]
    Damage(#[from] Damage),
    #[error("{0}")]
    System(#[from] std::io::Error),
    #[error("a picture cannot be drawn: {0}")]
    Scene(#[from] likeness_studio::SceneError),
}

impl CaseError {
    /// A case that saw something else than it should.
    pub(crate) fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }
}
