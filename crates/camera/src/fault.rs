//! From the system's error numbers to faults. Pure tables; texts are never compared, because they come in the user's language.

#[cfg(any(target_os = "linux", test))]
use crate::error::CameraError;
use crate::error::{self, Damage};

/// Why no picture came out of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing came within the time given.
    Silence,
    /// The wait was ended from outside.
    Woken,
    /// One picture was bad; the stream goes on.
    Damaged(Damage),
    /// This mode cannot be had; another one may.
    ModeRefused(String),
    /// The bus has no room for this mode; one that needs less may fit.
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "macOS does not say that a bus is full"))]
    NoRoom(String),
    /// The stream or the opening is over.
    Ended {
        /// What happened.
        error: error::CameraError,
        /// Whether errors of this kind pass by themselves, so that opening again is worth it.
        transient: bool,
    },
}

impl Fault {
    /// A failure of our own, with the step it happened in.
    pub(crate) fn failed(detail: impl Into<String>) -> Self {
        Self::Ended { error: error::CameraError::Failed { detail: detail.into() }, transient: false }
    }
}

#[cfg(any(target_os = "linux", test))]
const EPERM: i32 = 1;
#[cfg(any(target_os = "linux", test))]
const ENOENT: i32 = 2;
#[cfg(any(target_os = "linux", test))]
const EINTR: i32 = 4;
#[cfg(any(target_os = "linux", test))]
const EIO: i32 = 5;
#[cfg(any(target_os = "linux", test))]
const ENXIO: i32 = 6;
#[cfg(any(target_os = "linux", test))]
const EAGAIN: i32 = 11;
#[cfg(any(target_os = "linux", test))]
const EACCES: i32 = 13;
#[cfg(any(target_os = "linux", test))]
const EBUSY: i32 = 16;
#[cfg(any(target_os = "linux", test))]
const ENODEV: i32 = 19;
#[cfg(any(target_os = "linux", test))]
const EINVAL: i32 = 22;
#[cfg(any(target_os = "linux", test))]
const ENOTTY: i32 = 25;
#[cfg(any(target_os = "linux", test))]
const ENOSPC: i32 = 28;
#[cfg(any(target_os = "linux", test))]
const EPIPE: i32 = 32;
#[cfg(any(target_os = "linux", test))]
const EPROTO: i32 = 71;
#[cfg(any(target_os = "linux", test))]
const ETIMEDOUT: i32 = 110;

/// What a Linux error number means for a camera, opening or streaming. `step` names the call, for the log.
#[cfg(any(target_os = "linux", test))]
pub(crate) fn from_errno(errno: i32, step: &str) -> Fault {
    let ended = |error| Fault::Ended { error, transient: false };
    let detail = || format!("{step}: os error {errno}");
    match errno {
        EAGAIN => Fault::Silence,
        EINTR => Fault::Woken,
        ENODEV | ENOENT | ENXIO => ended(CameraError::Lost),
        EBUSY => ended(CameraError::InUse),
        EACCES | EPERM => ended(CameraError::Denied),
        EINVAL | ENOTTY => Fault::ModeRefused(detail()),
        ENOSPC => Fault::NoRoom(detail()),
        EIO | EPIPE | EPROTO | ETIMEDOUT => {
            Fault::Ended { error: CameraError::Failed { detail: detail() }, transient: true }
        }
        _ => ended(CameraError::Failed { detail: detail() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_numbers_become_the_codes_of_the_window() {
        #[rustfmt::skip]
        let table = [
            // errno    code                       transient because
            (ENODEV,    Some("camera-lost"),        false, "unplugged while streaming"),
            (ENOENT,    Some("camera-lost"),        false, "its name is gone"),
            (ENXIO,     Some("camera-lost"),        false, "the node has no device behind it"),
            (EBUSY,     Some("camera-in-use"),      false, "another program streams"),
            (EACCES,    Some("camera-denied"),      false, "not in the right group"),
            (EPERM,     Some("camera-denied"),      false, "a sandbox"),
            (EIO,       Some("camera-failed"),      true,  "an error of the bus passes"),
            (EPROTO,    Some("camera-failed"),      true,  "so does a broken transfer"),
            (EPIPE,     Some("camera-failed"),      true,  "and a halted endpoint"),
            (ETIMEDOUT, Some("camera-failed"),      true,  "and a control that timed out"),
            (12,        Some("camera-failed"),      false, "no memory: a number nobody planned for"),
            (EAGAIN,    None,                       false, "our own limit ran out: silence, not a fault"),
            (EINTR,     None,                       false, "woken on purpose"),
            (EINVAL,    None,                       false, "this mode is refused, the next is tried"),
            (ENOSPC,    None,                       false, "no room on the bus for this mode"),
        ];
        for (errno, code, transient, because) in table {
            let (found, passes) = match from_errno(errno, "frame") {
                Fault::Ended { error, transient } => (Some(error.code()), transient),
                Fault::Silence | Fault::Woken | Fault::ModeRefused(_) | Fault::NoRoom(_) | Fault::Damaged(_) => {
                    (None, false)
                }
            };
            assert_eq!((found, passes), (code, transient), "{errno}: {because}");
        }
    }
}
