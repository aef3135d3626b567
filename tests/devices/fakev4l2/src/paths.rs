//! The C functions that take paths. A path of ours is either a node, which is a camera, or leads into the tree of `sysfs.rs`:
//! the folder `/dev` itself, everything in `/sys/class/video4linux`, and whatever else of `/sys` that tree holds.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_uint};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::device::node_number;
use crate::hooks::{node_of, open_node, real, set_errno};
use crate::sysfs;
use crate::world::Orders;

/// Where a path leads.
enum Place {
    Node(u32),
    Tree(CString),
    Elsewhere,
}

/// # Safety
/// `path` is a C string or null.
unsafe fn place(path: *const c_char, folder_asked: bool) -> Place {
    if path.is_null() {
        return Place::Elsewhere;
    }
    // SAFETY: the caller passes a C string.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
    let Some(below) = bytes.strip_prefix(b"/") else { return Place::Elsewhere };
    if let Some(name) = below.strip_prefix(b"dev/") {
        return node_number(name).map_or(Place::Elsewhere, Place::Node);
    }
    let whole_dev = folder_asked && matches!(below, b"dev" | b"dev/");
    let ours = whole_dev || below.starts_with(b"sys/class/video4linux");
    if !ours && !below.starts_with(b"sys/") {
        return Place::Elsewhere;
    }
    let path = sysfs::root().join(OsStr::from_bytes(below));
    if ours || exists(&path) {
        return CString::new(path.into_os_string().into_vec()).map_or(Place::Elsewhere, Place::Tree);
    }
    Place::Elsewhere
}

fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

type Open = unsafe extern "C" fn(*const c_char, c_int, libc::mode_t) -> c_int;
type OpenAt = unsafe extern "C" fn(c_int, *const c_char, c_int, libc::mode_t) -> c_int;
type Fopen = unsafe extern "C" fn(*const c_char, *const c_char) -> *mut libc::FILE;
type Opendir = unsafe extern "C" fn(*const c_char) -> *mut libc::DIR;
type Readlink = unsafe extern "C" fn(*const c_char, *mut c_char, usize) -> isize;
type Realpath = unsafe extern "C" fn(*const c_char, *mut c_char) -> *mut c_char;
type Access = unsafe extern "C" fn(*const c_char, c_int) -> c_int;
type Stat = unsafe extern "C" fn(*const c_char, *mut libc::stat) -> c_int;
type StatAt = unsafe extern "C" fn(c_int, *const c_char, *mut libc::stat, c_int) -> c_int;
type Fstat = unsafe extern "C" fn(c_int, *mut libc::stat) -> c_int;
type Xstat = unsafe extern "C" fn(c_int, *const c_char, *mut libc::stat) -> c_int;
type Fxstat = unsafe extern "C" fn(c_int, c_int, *mut libc::stat) -> c_int;
type Statx = unsafe extern "C" fn(c_int, *const c_char, c_int, c_uint, *mut libc::statx) -> c_int;

/// The path to pass on: the caller's, or one in the tree.
fn led(place: &Place, path: *const c_char) -> *const c_char {
    if let Place::Tree(into) = place { into.as_ptr() } else { path }
}

macro_rules! opens {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `open(2)`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
            // SAFETY: the caller passes a C string.
            let place = unsafe { place(path, false) };
            if let Place::Node(node) = place {
                return open_node(node, flags);
            }
            // SAFETY: the caller's arguments, passed on.
            unsafe { real!($text as Open)(led(&place, path), flags, mode) }
        }
    )*};
}
opens!(open c"open", open64 c"open64");

macro_rules! opens_at {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `openat(2)`. Our paths are absolute, so the folder does not matter.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(folder: c_int, path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
            // SAFETY: the caller passes a C string.
            let place = unsafe { place(path, false) };
            if let Place::Node(node) = place {
                return open_node(node, flags);
            }
            // SAFETY: the caller's arguments, passed on.
            unsafe { real!($text as OpenAt)(folder, led(&place, path), flags, mode) }
        }
    )*};
}
opens_at!(openat c"openat", openat64 c"openat64");

/// # Safety
/// As `open(2)` without a mode: what programs built with fortified sources call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __open_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's arguments, passed on; without O_CREAT no mode is read.
    unsafe { open(path, flags, 0) }
}

/// # Safety
/// As `open(2)` without a mode.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __open64_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: as `__open_2`.
    unsafe { open64(path, flags, 0) }
}

macro_rules! fopens {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `fopen(3)`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, mode: *const c_char) -> *mut libc::FILE {
            // SAFETY: the caller passes C strings; the rest is passed on.
            unsafe { real!($text as Fopen)(led(&place(path, false), path), mode) }
        }
    )*};
}
fopens!(fopen c"fopen", fopen64 c"fopen64");

/// # Safety
/// As `opendir(3)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opendir(path: *const c_char) -> *mut libc::DIR {
    // SAFETY: the caller passes a C string; the rest is passed on.
    unsafe { real!(c"opendir" as Opendir)(led(&place(path, true), path)) }
}

/// # Safety
/// As `readlink(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readlink(path: *const c_char, to: *mut c_char, room: usize) -> isize {
    // SAFETY: the caller passes a C string; the rest is passed on.
    unsafe { real!(c"readlink" as Readlink)(led(&place(path, false), path), to, room) }
}

/// # Safety
/// As `realpath(3)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realpath(path: *const c_char, to: *mut c_char) -> *mut c_char {
    // SAFETY: the caller passes a C string.
    let place = unsafe { place(path, false) };
    // SAFETY: the caller's arguments, passed on.
    let found = unsafe { real!(c"realpath" as Realpath)(led(&place, path), to) };
    if let (Place::Tree(_), false) = (place, found.is_null()) {
        let root = sysfs::root();
        // SAFETY: `realpath` answered a C string in memory that may be written; the text only moves to its front.
        unsafe {
            let len = CStr::from_ptr(found).to_bytes().len();
            let cut = root.as_os_str().len();
            if CStr::from_ptr(found).to_bytes().starts_with(root.as_os_str().as_bytes()) {
                std::ptr::copy(found.add(cut), found, len + 1 - cut);
            }
        }
    }
    found
}

/// # Safety
/// As `realpath(3)`, whose fortified form names the room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __realpath_chk(path: *const c_char, to: *mut c_char, _room: usize) -> *mut c_char {
    // SAFETY: the caller's arguments, passed on.
    unsafe { realpath(path, to) }
}

/// # Safety
/// As `access(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn access(path: *const c_char, wanted: c_int) -> c_int {
    // SAFETY: the caller passes a C string.
    let place = unsafe { place(path, false) };
    if let Place::Node(node) = place {
        return seen(node).map_or(-1, |_| 0);
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe { real!(c"access" as Access)(led(&place, path), wanted) }
}

/// The file number of a node: another one every time the camera is plugged in. Says ENOENT when it is not there.
fn seen(node: u32) -> Option<u64> {
    let orders = Orders::now();
    if orders.behind(node).is_none() {
        set_errno(libc::ENOENT);
        return None;
    }
    Some(1000 * (1 + orders.plugs) + u64::from(node))
}

const CHARACTER_DEVICE: u32 = libc::S_IFCHR | 0o660;
const VIDEO_MAJOR: u32 = 81;

/// # Safety
/// `answer` may be written.
unsafe fn describe(node: u32, answer: *mut libc::stat) -> c_int {
    let Some(number) = seen(node) else { return -1 };
    // SAFETY: the caller provides the structure; zeros are a value of it.
    unsafe {
        *answer = std::mem::zeroed();
        (*answer).st_ino = number;
        (*answer).st_nlink = 1;
        (*answer).st_mode = CHARACTER_DEVICE;
        (*answer).st_rdev = libc::makedev(VIDEO_MAJOR, node);
    }
    0
}

macro_rules! stats {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `stat(2)`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, answer: *mut libc::stat) -> c_int {
            // SAFETY: the caller passes a C string, and a structure to be written.
            unsafe {
                let place = place(path, false);
                if let Place::Node(node) = place {
                    return describe(node, answer);
                }
                real!($text as Stat)(led(&place, path), answer)
            }
        }
    )*};
}
stats!(stat c"stat", stat64 c"stat64", lstat c"lstat", lstat64 c"lstat64");

macro_rules! stats_at {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `fstatat(2)`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(folder: c_int, path: *const c_char, answer: *mut libc::stat, flags: c_int) -> c_int {
            // SAFETY: the caller passes a C string, and a structure to be written.
            unsafe {
                let place = place(path, false);
                if let Place::Node(node) = place {
                    return describe(node, answer);
                }
                real!($text as StatAt)(folder, led(&place, path), answer, flags)
            }
        }
    )*};
}
stats_at!(fstatat c"fstatat", fstatat64 c"fstatat64");

macro_rules! fstats {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `fstat(2)`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(fd: c_int, answer: *mut libc::stat) -> c_int {
            // SAFETY: the caller passes a structure to be written.
            unsafe {
                match node_of(fd) {
                    Some(node) => describe(node, answer),
                    None => real!($text as Fstat)(fd, answer),
                }
            }
        }
    )*};
}
fstats!(fstat c"fstat", fstat64 c"fstat64");

macro_rules! old_stats {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `stat(2)`, in the form that programs built for older C libraries call.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(version: c_int, path: *const c_char, answer: *mut libc::stat) -> c_int {
            // SAFETY: the caller passes a C string, and a structure to be written.
            unsafe {
                let place = place(path, false);
                if let Place::Node(node) = place {
                    return describe(node, answer);
                }
                real!($text as Xstat)(version, led(&place, path), answer)
            }
        }
    )*};
}
old_stats!(__xstat c"__xstat", __xstat64 c"__xstat64", __lxstat c"__lxstat", __lxstat64 c"__lxstat64");

macro_rules! old_fstats {
    ($($name:ident $text:literal),*) => {$(
        /// # Safety
        /// As `fstat(2)`, in the form that programs built for older C libraries call.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(version: c_int, fd: c_int, answer: *mut libc::stat) -> c_int {
            // SAFETY: the caller passes a structure to be written.
            unsafe {
                match node_of(fd) {
                    Some(node) => describe(node, answer),
                    None => real!($text as Fxstat)(version, fd, answer),
                }
            }
        }
    )*};
}
old_fstats!(__fxstat c"__fxstat", __fxstat64 c"__fxstat64");

/// # Safety
/// As `statx(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn statx(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mask: c_uint,
    answer: *mut libc::statx,
) -> c_int {
    // SAFETY: the caller passes a C string.
    let place = unsafe { place(path, false) };
    // SAFETY: as above; an empty path asks about the descriptor.
    let of_descriptor = !path.is_null() && unsafe { *path } == 0;
    let node = match place {
        Place::Node(node) => Some(node),
        _ if of_descriptor => node_of(folder),
        _ => None,
    };
    let Some(node) = node else {
        // SAFETY: the caller's arguments, passed on.
        return unsafe { real!(c"statx" as Statx)(folder, led(&place, path), flags, mask, answer) };
    };
    let Some(number) = seen(node) else { return -1 };
    // SAFETY: the caller provides the structure; zeros are a value of it.
    unsafe {
        *answer = std::mem::zeroed();
        (*answer).stx_mask = libc::STATX_BASIC_STATS;
        (*answer).stx_ino = number;
        (*answer).stx_nlink = 1;
        (*answer).stx_mode = CHARACTER_DEVICE as u16;
        (*answer).stx_rdev_major = VIDEO_MAJOR;
        (*answer).stx_rdev_minor = node;
    }
    0
}
