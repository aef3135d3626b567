//! Where pictures come from: one trait, three makers. Whatever the maker, its bytes go the same way afterwards:
//! cut, checked, judged, into the slot.

#[cfg(target_os = "linux")]
mod linux_backend;
#[cfg(target_os = "linux")]
mod linux_panel;
#[cfg(target_os = "macos")]
pub(crate) mod macos_panel;
pub(crate) mod native;
#[cfg(test)]
mod real_camera;
#[cfg(feature = "test-support")]
pub(crate) mod scripted;
#[cfg(feature = "synthetic")]
pub(crate) mod synthetic;
#[cfg(target_os = "windows")]
pub(crate) mod windows_panel;

use std::ops::Deref;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use zeroize::Zeroize;

use crate::controls::{Abilities, ControlWish};
use crate::fault::Fault;
use crate::state::Purpose;

/// One picture as it came from a maker; may be damaged, and may end in bytes of older pictures.
pub(crate) struct RawFrame<'a> {
    pub(crate) bytes: RawBytes<'a>,
    pub(crate) captured: Option<SystemTime>,
}

/// Whose memory a picture is in.
pub(crate) enum RawBytes<'a> {
    /// The driver's, lent until the next picture is asked for.
    Lent(&'a [u8]),
    /// Ours.
    Own(Bytes),
}

impl Deref for RawBytes<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) => bytes,
            Self::Own(bytes) => bytes,
        }
    }
}

impl Drop for RawBytes<'_> {
    /// Wipes a copy that nobody else holds; what was good of it is in the frame by now.
    fn drop(&mut self) {
        if let Self::Own(bytes) = self
            && let Ok(mut bytes) = std::mem::take(bytes).try_into_mut()
        {
            bytes.as_mut().zeroize();
        }
    }
}

/// A running stream of pictures. Lives and dies on the camera thread; dropping it stops the device.
pub(crate) trait FrameSource {
    /// The next picture, waiting at most `within`.
    fn next(&mut self, within: Duration) -> Result<RawFrame<'_>, Fault>;

    /// The same stream is wanted for another purpose from now on. A camera does not care; one that plays a script does.
    fn repurpose(&mut self, purpose: Purpose) {
        let _ = purpose;
    }

    /// Whether the device says that its shutter is closed; false where it does not say.
    fn shutter_closed(&mut self) -> bool {
        false
    }

    /// What the running camera lets a program do.
    fn abilities(&self) -> Abilities {
        Abilities::default()
    }

    /// Does what is asked of the camera's controls; false if it does not have them or refused. Never ends the stream.
    fn control(&mut self, wish: ControlWish) -> bool {
        let _ = wish;
        false
    }
}
