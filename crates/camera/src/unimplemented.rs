//! Systems whose cameras are not read yet: Windows and macOS.
//!
//! nokhwa's stock back-ends are not used there on purpose. On macOS opening common cameras ends the process with no way to
//! catch it; on Windows a read has no limit and a lost camera may keep a core busy for ever. Our own back-ends come with
//! the releases for those systems; until then the list is empty and the window says that no camera was found.

use crate::device::Device;

/// What is seen of the system's cameras: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sighting;

impl Sighting {
    /// Whether there is no camera at all.
    pub(crate) fn is_empty(&self) -> bool {
        true
    }
}

/// No names are known.
pub(crate) fn sighting() -> Sighting {
    Sighting
}

/// No cameras are known.
pub(crate) fn devices() -> Vec<Device> {
    Vec::new()
}
