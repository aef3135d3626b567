//! The C functions themselves. Each looks whether it is asked about our camera; if not, the real one answers.
//!
//! Variadic functions are written with their longest argument list: on x86-64 and arm64 Linux the callee sees the same registers.

use std::ffi::{CStr, c_char, c_int, c_long, c_ulong, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::device::{BUFFER_BYTES, EINVAL, Handle, MOST_BUFFERS, Window};
use crate::world::{Orders, fail};

const CAMERA: &CStr = c"/dev/video40";
const METADATA: &CStr = c"/dev/video41";

/// Descriptors of ours; looked at without a lock, because every `ioctl` and `close` of the program comes by.
static OURS: [AtomicI32; 32] = [const { AtomicI32::new(-1) }; 32];
static HANDLES: Mutex<Vec<(c_int, c_int, Arc<Handle>)>> = Mutex::new(Vec::new());
/// The open folder `/dev`, and how many of our names it has given out.
static DEV_FOLDER: AtomicUsize = AtomicUsize::new(0);
static DEV_GIVEN: AtomicUsize = AtomicUsize::new(0);

#[used]
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn() = {
    extern "C" fn at_load() {
        // SAFETY: the loader runs this before the program has a second thread.
        unsafe { libc::unsetenv(c"LD_PRELOAD".as_ptr()) };
    }
    at_load
};

/// The function of this name that would be there without us. Used inside `unsafe`: the type must be its signature.
macro_rules! real {
    ($name:literal as $kind:ty) => {{
        static FOUND: AtomicUsize = AtomicUsize::new(0);
        std::mem::transmute::<usize, $kind>(address_of($name, &FOUND))
    }};
}

fn address_of(name: &CStr, found: &AtomicUsize) -> usize {
    let known = found.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: the name is a C string; RTLD_NEXT asks for the definition behind ours.
    let address = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) } as usize;
    if address == 0 {
        fail("a C function is missing");
    }
    found.store(address, Ordering::Relaxed);
    address
}

fn set_errno(errno: c_int) {
    // SAFETY: the address of this thread's errno is always valid.
    unsafe { *libc::__errno_location() = errno };
}

fn is_ours(fd: c_int) -> bool {
    fd >= 0 && OURS.iter().any(|slot| slot.load(Ordering::Relaxed) == fd)
}

fn handle(fd: c_int) -> Option<(c_int, Arc<Handle>)> {
    let handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    handles.iter().find(|(known, ..)| *known == fd).map(|(_, memory, handle)| (*memory, Arc::clone(handle)))
}

/// The kernel's monotonic clock, which drivers stamp pictures with.
pub(crate) fn monotonic() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: one timespec, borrowed for writing.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Buffers in a memory file that the program maps too, and an eventfd that counts ready pictures.
struct Shared {
    start: *mut u8,
    event: c_int,
}

// SAFETY: the mapping is written only by the sending thread, and the descriptor may be used from any thread.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Window for Shared {
    fn fill(&self, index: usize, bytes: &[u8]) {
        let len = bytes.len().min(BUFFER_BYTES);
        if index < MOST_BUFFERS {
            // SAFETY: `start` maps MOST_BUFFERS times BUFFER_BYTES bytes for as long as the program runs, and `index` and `len` are within.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(index * BUFFER_BYTES), len) };
        }
    }
    fn ready(&self) {
        let one = 1u64;
        // SAFETY: eight readable bytes.
        unsafe { libc::write(self.event, (&raw const one).cast(), 8) };
    }
    fn taken(&self) {
        let mut one = 0u64;
        // SAFETY: eight writable bytes.
        unsafe { libc::read(self.event, (&raw mut one).cast(), 8) };
    }
}

fn open_ours(metadata: bool) -> c_int {
    let orders = Orders::now();
    if orders.unplugged || orders.denied {
        set_errno(if orders.unplugged { libc::ENOENT } else { libc::EACCES });
        return -1;
    }
    let len = MOST_BUFFERS * BUFFER_BYTES;
    // SAFETY: calls without pointers into our memory, but for the name, a C string.
    let (event, memory) = unsafe {
        (
            libc::eventfd(0, libc::EFD_SEMAPHORE | libc::EFD_NONBLOCK | libc::EFD_CLOEXEC),
            libc::memfd_create(c"fakev4l2".as_ptr(), libc::MFD_CLOEXEC),
        )
    };
    // SAFETY: `memory` is a fresh file of ours; a new shared mapping touches nothing else.
    let start = unsafe {
        libc::ftruncate(memory, libc::off_t::try_from(len).unwrap_or(libc::off_t::MAX));
        real!(c"mmap" as Mmap)(
            std::ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            memory,
            0,
        )
    };
    if event < 0 || start == libc::MAP_FAILED {
        fail("no memory for the buffers");
    }
    let handle = Handle::new(metadata, Box::new(Shared { start: start.cast(), event }));
    HANDLES.lock().unwrap_or_else(PoisonError::into_inner).push((event, memory, handle));
    let free = OURS.iter().find(|slot| slot.compare_exchange(-1, event, Ordering::SeqCst, Ordering::SeqCst).is_ok());
    if free.is_none() {
        fail("too many handles are open");
    }
    event
}

/// What a path names.
enum Named {
    Camera,
    Metadata,
    /// A camera of the machine itself, which is hidden.
    Hidden,
    SomethingElse,
}

fn named(path: *const c_char) -> Named {
    // SAFETY: the caller of `open` passes a C string.
    let path = unsafe { CStr::from_ptr(path) };
    if path == CAMERA {
        Named::Camera
    } else if path == METADATA {
        Named::Metadata
    } else if path.to_bytes().starts_with(b"/dev/video") {
        Named::Hidden
    } else {
        Named::SomethingElse
    }
}

type Open = unsafe extern "C" fn(*const c_char, c_int, libc::mode_t) -> c_int;
type Ioctl = unsafe extern "C" fn(c_int, c_ulong, *mut c_void) -> c_int;
type Close = unsafe extern "C" fn(c_int) -> c_int;
type Mmap = unsafe extern "C" fn(*mut c_void, usize, c_int, c_int, c_int, libc::off_t) -> *mut c_void;
type Opendir = unsafe extern "C" fn(*const c_char) -> *mut libc::DIR;
type Readdir = unsafe extern "C" fn(*mut libc::DIR) -> *mut libc::dirent64;
type Closedir = unsafe extern "C" fn(*mut libc::DIR) -> c_int;

fn open_either(path: *const c_char, real: impl FnOnce() -> c_int) -> c_int {
    match named(path) {
        Named::SomethingElse => real(),
        Named::Camera => open_ours(false),
        Named::Metadata => open_ours(true),
        Named::Hidden => {
            set_errno(libc::ENOENT);
            -1
        }
    }
}

/// # Safety
/// As `open(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: the caller's arguments, passed on.
    open_either(path, || unsafe { real!(c"open" as Open)(path, flags, mode) })
}

/// # Safety
/// As `open(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: the caller's arguments, passed on.
    open_either(path, || unsafe { real!(c"open64" as Open)(path, flags, mode) })
}

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

fn answer(fd: c_int, request: u32, argument: *mut c_void) -> c_int {
    let size = (request >> 16 & 0x3FFF) as usize;
    let Some((_, handle)) = handle(fd) else {
        set_errno(libc::EBADF);
        return -1;
    };
    if argument.is_null() && size > 0 {
        set_errno(EINVAL);
        return -1;
    }
    // SAFETY: the number of an ioctl holds the size of its structure, which the caller has to provide.
    let bytes = unsafe { std::slice::from_raw_parts_mut(argument.cast::<u8>(), size) };
    match handle.answer(request, bytes) {
        Ok(()) => 0,
        Err(errno) => {
            set_errno(errno);
            -1
        }
    }
}

/// # Safety
/// As `ioctl(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ioctl(fd: c_int, request: c_ulong, argument: *mut c_void) -> c_int {
    if is_ours(fd) {
        return answer(fd, request as u32, argument);
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe { real!(c"ioctl" as Ioctl)(fd, request, argument) }
}

type Syscall = unsafe extern "C" fn(c_long, c_long, c_long, c_long, c_long, c_long, c_long) -> c_long;

/// # Safety
/// As `syscall(2)`. Programs on the `v4l` crate make their ioctls this way; everything else is passed on, locks among it.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "a system call has up to six")]
pub unsafe extern "C" fn syscall(
    number: c_long,
    first: c_long,
    second: c_long,
    third: c_long,
    fourth: c_long,
    fifth: c_long,
    sixth: c_long,
) -> c_long {
    if number == libc::SYS_ioctl && is_ours(first as c_int) {
        let argument = std::ptr::with_exposed_provenance_mut(third as usize);
        return c_long::from(answer(first as c_int, second as u32, argument));
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe { real!(c"syscall" as Syscall)(number, first, second, third, fourth, fifth, sixth) }
}

fn map_either(fd: c_int, real: impl FnOnce(c_int) -> *mut c_void) -> *mut c_void {
    if !is_ours(fd) {
        return real(fd);
    }
    match handle(fd) {
        Some((memory, _)) => real(memory),
        None => libc::MAP_FAILED,
    }
}

/// # Safety
/// As `mmap(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(
    start: *mut c_void,
    len: usize,
    prot: c_int,
    flags: c_int,
    fd: c_int,
    offset: libc::off_t,
) -> *mut c_void {
    // SAFETY: the caller's arguments, passed on; of our camera its memory file is mapped, at the offset QUERYBUF named.
    map_either(fd, |fd| unsafe { real!(c"mmap" as Mmap)(start, len, prot, flags, fd, offset) })
}

/// # Safety
/// As `mmap(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap64(
    start: *mut c_void,
    len: usize,
    prot: c_int,
    flags: c_int,
    fd: c_int,
    offset: libc::off_t,
) -> *mut c_void {
    // SAFETY: as `mmap`.
    map_either(fd, |fd| unsafe { real!(c"mmap64" as Mmap)(start, len, prot, flags, fd, offset) })
}

/// # Safety
/// As `close(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(fd: c_int) -> c_int {
    if is_ours(fd) {
        let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = handles.iter().position(|(known, ..)| *known == fd) {
            let (_, memory, handle) = handles.swap_remove(at);
            handle.close();
            // SAFETY: the memory file is ours; mappings of it stay valid.
            unsafe { real!(c"close" as Close)(memory) };
        }
        for slot in &OURS {
            let _ = slot.compare_exchange(fd, -1, Ordering::SeqCst, Ordering::SeqCst);
        }
    }
    // SAFETY: the caller's argument, passed on.
    unsafe { real!(c"close" as Close)(fd) }
}

/// # Safety
/// As `opendir(3)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opendir(path: *const c_char) -> *mut libc::DIR {
    // SAFETY: the caller's argument, passed on.
    let folder = unsafe { real!(c"opendir" as Opendir)(path) };
    // SAFETY: the caller passes a C string.
    if unsafe { CStr::from_ptr(path) }.to_bytes() == b"/dev" && !folder.is_null() {
        DEV_FOLDER.store(folder as usize, Ordering::SeqCst);
        DEV_GIVEN.store(0, Ordering::SeqCst);
    }
    folder
}

/// # Safety
/// As `readdir(3)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readdir64(folder: *mut libc::DIR) -> *mut libc::dirent64 {
    loop {
        // SAFETY: the caller's argument, passed on.
        let entry = unsafe { real!(c"readdir64" as Readdir)(folder) };
        if folder as usize != DEV_FOLDER.load(Ordering::SeqCst) {
            return entry;
        }
        if entry.is_null() {
            return our_entry();
        }
        // SAFETY: `readdir64` answered an entry, whose name is a C string.
        let name = unsafe { CStr::from_ptr((*entry).d_name.as_ptr()) };
        if !name.to_bytes().starts_with(b"video") {
            return entry;
        }
    }
}

/// # Safety
/// As `readdir(3)`; on 64-bit Linux it is the same function under another name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readdir(folder: *mut libc::DIR) -> *mut libc::dirent64 {
    // SAFETY: the caller's argument, passed on.
    unsafe { readdir64(folder) }
}

/// The next of our names in `/dev`, or the end.
fn our_entry() -> *mut libc::dirent64 {
    struct Entry(std::cell::UnsafeCell<libc::dirent64>);
    // SAFETY: only one thread reads `/dev` at a time in the programs this is made for; `TAKEN` below refuses a second one.
    unsafe impl Sync for Entry {}
    // SAFETY: all zeros is an entry: numbers and an empty name.
    static ENTRY: Entry = Entry(std::cell::UnsafeCell::new(unsafe { std::mem::zeroed() }));
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let names: [&[u8]; 2] = [b"video40", b"video41"];
    let given = DEV_GIVEN.fetch_add(1, Ordering::SeqCst);
    if given >= names.len() || Orders::now().unplugged {
        return std::ptr::null_mut();
    }
    if TAKEN.swap(true, Ordering::SeqCst) {
        fail("two threads read /dev at once");
    }
    let entry = ENTRY.0.get();
    // SAFETY: `TAKEN` keeps other writers out; the name fits into the 256 bytes of an entry.
    unsafe {
        *entry = std::mem::zeroed();
        (*entry).d_ino = 40 + given as u64;
        (*entry).d_reclen = size_of::<libc::dirent64>() as u16;
        (*entry).d_type = libc::DT_CHR;
        for (to, from) in (*entry).d_name.iter_mut().zip(names[given]) {
            *to = c_char::from_ne_bytes([*from]);
        }
    }
    TAKEN.store(false, Ordering::SeqCst);
    entry
}

/// # Safety
/// As `closedir(3)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn closedir(folder: *mut libc::DIR) -> c_int {
    let _ = DEV_FOLDER.compare_exchange(folder as usize, 0, Ordering::SeqCst, Ordering::SeqCst);
    // SAFETY: the caller's argument, passed on.
    unsafe { real!(c"closedir" as Closedir)(folder) }
}
