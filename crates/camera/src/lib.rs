//! From the device to a frame, a preview and a still. The only crate that names nokhwa.
//!
//! One thread, `camera`, makes every call that touches a driver; whoever wants a picture reads the newest one and its age.
//! Nothing queues behind a slow reader, nobody waits for a silent camera, and a [`Frame`] can be made nowhere else:
//! a photo that was never in front of a running camera has no value of that type.
//!
//! This crate knows nothing of consent, learners or servers. It does not judge whether a photo is good, and whether a virtual
//! camera is used is decided by the rules it is given: by default it is used, and named.
//!
//! Where to read: `camera.rs` is the front door; `owner.rs` the thread behind it, with `stream.rs` for one running stream;
//! `judge.rs` and `look.rs` are the rules, pure and in tables; `jpeg.rs`, `codec.rs` and `frame.rs` are what happens to a picture;
//! `source/` is where pictures come from. What a hostile camera may send is played by `bad_input.rs`.
//! Guarantees end at the driver: what a kernel module or a hostile USB device claims about itself is passed on as evidence only.
//!
//! Cameras are read on Linux, Windows and macOS. The last two are compiled and tested in their pure parts, never run by us
//! (see `docs/platforms.md`).
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    reason = "pixel and byte arithmetic; every index is bounded by the length check at the head of its function"
)]

#[cfg(feature = "test-support")]
pub mod bad_input;
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
#[cfg(any(target_os = "windows", target_os = "macos", test))]
mod fault_elsewhere;
mod frame;
#[cfg(any(target_os = "windows", target_os = "macos", test))]
mod handover;
mod jpeg;
mod judge;
#[cfg(target_os = "linux")]
mod linux;
mod look;
#[cfg(target_os = "macos")]
mod macos;
mod makers;
mod mode;
#[cfg(any(target_os = "windows", target_os = "macos", test))]
mod offer;
mod owner;
mod planes;
mod pool;
mod roster;
#[cfg(any(target_os = "windows", target_os = "macos", test))]
mod rows;
mod slot;
#[cfg(test)]
mod slot_model;
mod source;
mod state;
mod stream;
mod suspicion;
mod wake;
mod watch;
#[cfg(target_os = "windows")]
mod windows;
#[cfg(test)]
mod wish_model;
mod wishes;

#[cfg(target_os = "macos")]
use self::macos as catalogue;
#[cfg(target_os = "windows")]
use self::windows as catalogue;

#[cfg(not(any(target_os = "linux", target_os = "windows", target_os = "macos")))]
compile_error!("cameras are read on Linux, Windows and macOS only: another system needs a back-end beside theirs");

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
pub use planes::{Plane, Planes, Samples};
#[cfg(feature = "test-support")]
pub use source::scripted::{Move, Script};
#[cfg(feature = "synthetic")]
pub use source::synthetic::FrameMaker;
pub use state::{Attempt, CameraFacts, CameraState, DeniedBy, Findings, Purpose};

/// What the threads share is built of these; the models of `slot.rs`, `wake.rs` and `wishes.rs` put others in their place.
mod sync {
    pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
}
