//! Where pictures come from: one trait, three makers. Whatever the maker, its bytes go the same way afterwards:
//! cut, checked, judged, into the slot.

#[cfg(target_os = "linux")]
mod linux_backend;
#[cfg(target_os = "linux")]
pub(crate) mod native;
#[cfg(feature = "test-support")]
pub(crate) mod scripted;
#[cfg(feature = "synthetic")]
pub(crate) mod synthetic;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use zeroize::Zeroize;

use crate::fault::Fault;

/// One picture as it came from a maker; may be damaged, and may end in bytes of older pictures.
pub(crate) struct RawFrame {
    pub(crate) bytes: Bytes,
    pub(crate) captured: Option<SystemTime>,
}

impl Drop for RawFrame {
    /// Wipes the copy, which nobody else holds; what was good of it is in the frame by now.
    fn drop(&mut self) {
        if let Ok(mut bytes) = std::mem::take(&mut self.bytes).try_into_mut() {
            bytes.as_mut().zeroize();
        }
    }
}

/// A running stream of pictures. Lives and dies on the camera thread; dropping it stops the device.
pub(crate) trait FrameSource {
    /// The next picture, waiting at most `within`.
    fn next(&mut self, within: Duration) -> Result<RawFrame, Fault>;
}
