//! What can go wrong, in the words of a camera: a whole device ([`CameraError`]) or one picture ([`Damage`]).
//!
//! Neither ever carries picture bytes. A dark or covered picture is no error and has no place here.

use thiserror::Error;

use crate::device::DeviceSummary;

/// Why there is no running camera.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CameraError {
    /// The system names no camera that this program can use, or the wanted one is not there.
    #[error("no camera was found: plug one in, or go on with another device")]
    NoCamera,
    /// The device went away while it was in use.
    #[error("the camera was unplugged: plug it in again, or choose another one")]
    Lost,
    /// Another program holds the device.
    #[error("the camera is in use by another program: close that program, then try again")]
    InUse,
    /// The organisation allows one camera only on this computer, and that one is not there.
    #[error("the camera this organisation requires ({name}) was not found: plug it in, or go on with another device")]
    LockedMissing {
        /// What the rule calls it.
        name: String,
    },
    /// The organisation does not accept cameras that look like software, and this one does.
    #[error("the camera {} looks like software, which this organisation does not accept: choose another camera", .device.label)]
    VirtualBlocked {
        /// Which camera.
        device: Box<DeviceSummary>,
    },
    /// Whoever manages this computer does not let this program use a camera.
    #[error(
        "this computer is managed, and its managers do not allow this program to use the camera: ask them, or go on with another device"
    )]
    Restricted,
    /// The system does not let this user open the device.
    #[error("the system does not allow this program to use the camera: allow it in the system's settings")]
    Denied,
    /// Cameras are there, but none sends a picture this program can use. `why` is for the log.
    #[error("the camera offers no picture format that can be used ({why}): choose another camera")]
    Unsupported {
        /// What was missing, in English, without any picture content.
        why: String,
    },
    /// The list of devices did not come in time: a driver hangs.
    #[error("the list of cameras did not come within 5 seconds: unplug the camera, plug it in again, then try again")]
    ListTooSlow,
    /// Anything else. `detail` names the step and the system's error number.
    #[error("the camera failed ({detail}): unplug it, plug it in again, then try again")]
    Failed {
        /// Step and error number, in English, for the log.
        detail: String,
    },
}

impl CameraError {
    /// The stable code of this error, as the window's table of errors knows it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCamera | Self::LockedMissing { .. } => "camera-none",
            Self::VirtualBlocked { .. } => "camera-virtual-blocked",
            Self::Restricted => "camera-restricted",
            Self::Lost => "camera-lost",
            Self::InUse => "camera-in-use",
            Self::Denied => "camera-denied",
            Self::Unsupported { .. } => "camera-unsupported",
            Self::ListTooSlow | Self::Failed { .. } => "camera-failed",
        }
    }
}

/// Why one picture cannot be used. The stream goes on; three in a row become `camera-damaged-frames`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Damage {
    /// The bytes do not begin like a JPEG.
    #[error("the picture is not a JPEG")]
    NotJpeg,
    /// The picture stops before its own end.
    #[error("the picture is incomplete")]
    NoEnd,
    /// A segment that no camera frame of ours may have (progressive, arithmetic, a second scan, a length beyond the end).
    #[error("the picture has an unexpected segment {marker:#04x}")]
    Segment {
        /// The second byte of the JPEG marker.
        marker: u8,
    },
    /// Sides, components or sampling outside what is accepted (16 to 4096 pixels a side, grey or three components, 8 bit).
    #[error("the picture's shape is not accepted")]
    Shape,
    /// The picture is not of the size the camera agreed to send.
    #[error("the picture is {width_px} x {height_px} pixels, which is not what the camera agreed to send")]
    WrongSize {
        /// Width found in the picture.
        width_px: u16,
        /// Height found in the picture.
        height_px: u16,
    },
    /// A raw picture shorter than its size needs.
    #[error("the raw picture has {found_bytes} bytes, {needed_bytes} are needed")]
    Short {
        /// Bytes received.
        found_bytes: usize,
        /// Bytes that a picture of this size has.
        needed_bytes: usize,
    },
    /// The driver marked the picture as faulty.
    #[error("the driver marked the picture as faulty")]
    Marked,
    /// A decoder or encoder refused the picture; the text is the codec's own.
    #[error("the picture cannot be decoded: {0}")]
    Codec(String),
    /// The still cannot be made small enough for the limit without losing what it must show.
    #[error("the picture has {bytes} bytes even at the lowest quality, {limit_bytes} are allowed")]
    TooLarge {
        /// Smallest size reached.
        bytes: usize,
        /// What the receiver allows.
        limit_bytes: usize,
    },
    /// Fewer bytes than any real photo has: a blank or torn picture.
    #[error("the picture has only {bytes} bytes and cannot show anything")]
    TooSmall {
        /// Size of the still.
        bytes: usize,
    },
}
