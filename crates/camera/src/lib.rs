//! From the device to a frame, a preview and a still. The only crate that names nokhwa.
//!
//! One thread, `camera`, makes every call that touches a driver; whoever wants a picture reads the newest one and its age.
//! Nothing queues behind a slow reader, nobody waits for a silent camera, and a [`Frame`] can be made nowhere else:
//! a photo that was never in front of a running camera has no value of that type.
//!
//! This crate knows nothing of consent, learners or servers. It does not judge whether a photo is good, and a virtual
//! camera is named, not refused: both are decided by the crates that use it.
//! Guarantees end at the driver: what a kernel module or a hostile USB device claims about itself is passed on as evidence only.
//!
//! Real cameras are read on Linux. On Windows and macOS [`Camera::list`] finds none yet (see `unimplemented.rs`).
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    reason = "pixel and byte arithmetic; every index is bounded by the length check at the head of its function"
)]

mod board;
mod camera;
#[cfg(target_os = "linux")]
mod catalogue;
mod clock;
mod codec;
mod controls;
mod device;
mod error;
mod fault;
mod frame;
mod jpeg;
mod judge;
#[cfg(target_os = "linux")]
mod linux;
mod look;
mod makers;
mod mode;
mod owner;
mod planes;
mod pool;
mod roster;
mod slot;
mod source;
mod state;
mod stream;
mod suspicion;
#[cfg(not(target_os = "linux"))]
mod unimplemented;
mod wake;
mod watch;
mod wishes;

#[cfg(not(target_os = "linux"))]
use unimplemented as catalogue;

pub use camera::{Camera, Sources};
pub use codec::{decode_still, encode_rgb, scale_jpeg};
pub use controls::{Abilities, ControlWish};
pub use device::{
    Admission, Backend, Device, DeviceKey, DeviceLock, DeviceRules, DeviceSummary, Unusable, Virtual, VirtualPolicy,
};
pub use error::{CameraError, Damage};
pub use frame::{Frame, StillJpeg};
#[cfg(feature = "test-support")]
pub use makers::Permission;
pub use mode::{Mode, Pixels, Rate};
pub use planes::{Plane, Planes};
#[cfg(feature = "test-support")]
pub use source::scripted::{Move, Script};
#[cfg(feature = "synthetic")]
pub use source::synthetic::FrameMaker;
pub use state::{Attempt, CameraFacts, CameraState, DeniedBy, Findings, Purpose};

/// What the threads share is built of these; the model of `slot.rs` puts others in their place.
mod sync {
    pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
}
