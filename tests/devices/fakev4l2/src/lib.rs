//! V4L2 cameras for a whole program, without a kernel module and without rights: `LD_PRELOAD=libfakev4l2.so`.
//!
//! The program under test is unchanged; only the C functions it reaches `/dev` and `/sys` by are ours. The first camera appears
//! as `/dev/video40` with a metadata node `/dev/video41`, the next as `/dev/video42`, and so on; the machine's own are hidden.
//! Other programs see the same, `v4l2-ctl`, ffmpeg and OpenCV among them.
//! A double is only as good as it is held to the original: `tests/devices/cases` runs the same table of cases against this and
//! against the kernel's driver.
//!
//! | variable | meaning |
//! |---|---|
//! | `FAKEV4L2_MODES` | what it offers: `MJPG 1280x720@30; MJPG 640x480@30000/1001; YUYV 640x480@30` (also `NV12`, `GREY`) |
//! | `FAKEV4L2_FRAMES` | folder of pictures: `*.jpg` by the size inside them, raw ones as `yuyv-640x480-0.raw`; those of the size of the mode are sent in turn |
//! | `FAKEV4L2_CTL` | optional file of verbs, one a line, looked at before every picture and call: see [`world::Orders`] |
//! | `FAKEV4L2_NODES` | how many cameras (1); the first two have one name |
//! | `FAKEV4L2_CARD` `FAKEV4L2_DRIVER` `FAKEV4L2_BUS` `FAKEV4L2_SYSFS` `FAKEV4L2_SERIAL` | what the first one says of itself; `SYSFS` is its place below `/sys`, as in `/devices/platform/vivid.0`, and `/devices/virtual` for one without a device behind it |
//! | `FAKEV4L2_CONTROLS` | optional file of controls, a line `focus_auto 1` each; see `controls.rs` |
//!
//! **When a picture was due** stands in every JPEG right behind its start marker, at bytes 2 to 17, in a comment segment:
//! `FF FE 00 0E`, then `4C 4B 54 53` (`LKTS`), then the due time in nanoseconds of `CLOCK_MONOTONIC`, eight bytes, the highest
//! first. The driver's time stamp of the buffer says the same in microseconds. It also makes each picture differ from the last, as a
//! sensor's noise would; under `repeat` it stays what it was. A raw picture has the same eight bytes, the lowest first, in place of its first eight.
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
    clippy::cast_possible_wrap,
    clippy::missing_safety_doc,
    reason = "a test double: it may only shout, and it writes C structures byte by byte"
)]

mod controls;
mod device;
mod hooks;
mod paths;
mod pictures;
mod sysfs;
mod world;
