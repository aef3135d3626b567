//! A V4L2 camera for a whole program, without a kernel module and without rights: `LD_PRELOAD=libfakev4l2.so`.
//!
//! The program under test is unchanged; only the C functions it reaches `/dev/video*` by are ours. The camera appears as
//! `/dev/video40` with a metadata node `/dev/video41`, and hides the machine's own. A double is only as good as it is held
//! to the original: `tests/devices/cases` runs the same table of cases against this and against the kernel's driver.
//!
//! | variable | meaning |
//! |---|---|
//! | `FAKEV4L2_MODES` | what it offers: `MJPG 1280x720@30; MJPG 640x480@30` |
//! | `FAKEV4L2_FRAMES` | folder of `*.jpg`; those of the size of the mode are sent in turn, each with a comment that makes it unique |
//! | `FAKEV4L2_CTL` | optional file of verbs, one a line, read again before every picture and call: see [`world::Orders`] |
//! | `FAKEV4L2_CARD` | optional name |
//!
//! A broken fake must not look like a missing camera: an unknown verb, an unreadable frame or an empty folder ends the program with a line.
//! The constructor takes `LD_PRELOAD` out of the environment, so that helper processes (a webview's) stay clean.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "this library stands in for C functions")]
#![allow(
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test double: it may only shout, and it writes C structures byte by byte"
)]

mod device;
mod hooks;
mod world;
