//! What can go wrong in this crate. A photo that is too dark is not here: it is a finding.

use thiserror::Error;

/// Why a capture could not do what was asked.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The smaller picture for the review screen could not be made from the photo's bytes.
    #[error("the picture to look at could not be made from the photo ({0}); take the photo again")]
    Review(#[source] likeness_camera::Damage),
}
