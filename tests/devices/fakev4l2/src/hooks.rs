//! The C functions that reach an open camera: `ioctl`, `mmap`, `close`, `syscall`. Each looks whether it is asked about one of
//! ours; if not, the real one answers. The functions that take paths are in `paths.rs`.
//!
//! Variadic functions are written with their longest argument list: on x86-64 and arm64 Linux the callee sees the same registers.

use std::ffi::{CStr, c_int, c_long, c_ulong, c_void};
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::controls;
use crate::device::{BUFFER_BYTES, EINVAL, Handle, MOST_BUFFERS, Window};
use crate::world::{Orders, fail};

/// Descriptors of ours; looked at without a lock, because every `ioctl` and `close` of the program comes by.
static OURS: [AtomicI32; 64] = [const { AtomicI32::new(-1) }; 64];
static HANDLES: Mutex<Vec<(c_int, c_int, Arc<Handle>)>> = Mutex::new(Vec::new());
static OPENED: AtomicU64 = AtomicU64::new(1);

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
        static FOUND: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        std::mem::transmute::<usize, $kind>($crate::hooks::address_of($name, &FOUND))
    }};
}
pub(crate) use real;

pub(crate) fn address_of(name: &CStr, found: &AtomicUsize) -> usize {
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

pub(crate) fn set_errno(errno: c_int) {
    // SAFETY: the address of this thread's errno is always valid.
    unsafe { *libc::__errno_location() = errno };
}

pub(crate) fn is_ours(fd: c_int) -> bool {
    fd >= 0 && OURS.iter().any(|slot| slot.load(Ordering::Relaxed) == fd)
}

fn handle(fd: c_int) -> Option<(c_int, Arc<Handle>)> {
    let handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    handles.iter().find(|(known, ..)| *known == fd).map(|(_, memory, handle)| (*memory, Arc::clone(handle)))
}

/// The node behind a descriptor of ours.
pub(crate) fn node_of(fd: c_int) -> Option<u32> {
    if is_ours(fd) { handle(fd).map(|(_, handle)| handle.node()) } else { None }
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
    fn fill(&self, index: usize, parts: &[&[u8]]) {
        let mut at = 0;
        for part in parts {
            let len = part.len().min(BUFFER_BYTES - at);
            if index < MOST_BUFFERS {
                // SAFETY: `start` maps MOST_BUFFERS times BUFFER_BYTES bytes until the handle is dropped; `index`, `at` and `len` stay within.
                unsafe {
                    std::ptr::copy_nonoverlapping(part.as_ptr(), self.start.add(index * BUFFER_BYTES + at), len);
                };
            }
            at += len;
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
    fn blocking(&self) -> bool {
        // SAFETY: a call without pointers.
        unsafe { libc::fcntl(self.event, libc::F_GETFL) & libc::O_NONBLOCK == 0 }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: this is the mapping made when the node was opened, and the last user of it is gone.
        unsafe { libc::munmap(self.start.cast(), MOST_BUFFERS * BUFFER_BYTES) };
    }
}

/// Opens a node of ours; its flags say whether calls wait.
pub(crate) fn open_node(node: u32, flags: c_int) -> c_int {
    let orders = Orders::now();
    let Some((camera, metadata)) = orders.behind(node) else {
        set_errno(libc::ENOENT);
        return -1;
    };
    if orders.denied {
        set_errno(libc::EACCES);
        return -1;
    }
    let len = MOST_BUFFERS * BUFFER_BYTES;
    let nonblocking = if flags & libc::O_NONBLOCK == 0 { 0 } else { libc::EFD_NONBLOCK };
    // SAFETY: calls without pointers into our memory, but for the name, a C string.
    let (event, memory) = unsafe {
        (
            libc::eventfd(0, libc::EFD_SEMAPHORE | nonblocking | libc::EFD_CLOEXEC),
            libc::memfd_create(c"fakev4l2".as_ptr(), libc::MFD_CLOEXEC),
        )
    };
    // SAFETY: `memory` is a fresh file of ours; a new shared mapping touches nothing else. Pages exist only once written.
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
    let id = OPENED.fetch_add(1, Ordering::Relaxed);
    let handle = Handle::new(id, camera.clone(), metadata, Box::new(Shared { start: start.cast(), event }));
    HANDLES.lock().unwrap_or_else(PoisonError::into_inner).push((event, memory, handle));
    let free = OURS.iter().find(|slot| slot.compare_exchange(-1, event, Ordering::SeqCst, Ordering::SeqCst).is_ok());
    if free.is_none() {
        fail("too many open handles");
    }
    event
}

type Ioctl = unsafe extern "C" fn(c_int, c_ulong, *mut c_void) -> c_int;
type Mmap = unsafe extern "C" fn(*mut c_void, usize, c_int, c_int, c_int, libc::off_t) -> *mut c_void;
type Close = unsafe extern "C" fn(c_int) -> c_int;

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
    let answer = match request {
        // These point to an array; a handle that is still there answers for its controls.
        GET_CONTROLS | SET_CONTROLS | TRY_CONTROLS => handle
            .answer(0x8068_5600, &mut [0; 104])
            // SAFETY: the caller provides this structure and the array it points to.
            .and_then(|()| unsafe { many_controls(request, &mut *argument.cast::<Controls>()) }),
        _ => handle.answer(request, bytes),
    };
    match answer {
        Ok(()) => 0,
        Err(errno) => {
            set_errno(errno);
            -1
        }
    }
}

const GET_CONTROLS: u32 = 0xC020_5647;
const SET_CONTROLS: u32 = 0xC020_5648;
const TRY_CONTROLS: u32 = 0xC020_5649;

/// `struct v4l2_ext_controls`.
#[repr(C)]
struct Controls {
    which: u32,
    count: u32,
    error_index: u32,
    request_fd: i32,
    reserved: u32,
    first: *mut ControlValue,
}

/// `struct v4l2_ext_control` of a simple control.
#[repr(C, packed)]
struct ControlValue {
    id: u32,
    size: u32,
    reserved: u32,
    value: i64,
}

/// # Safety
/// `asked.first` points to `asked.count` controls.
unsafe fn many_controls(request: u32, asked: &mut Controls) -> Result<(), c_int> {
    if asked.count > 64 || asked.count > 0 && asked.first.is_null() {
        return Err(EINVAL);
    }
    for index in 0..asked.count {
        // SAFETY: within the array, as the caller of this function promises.
        let control = unsafe { &mut *asked.first.add(index as usize) };
        // Simple controls use the lower half of the value only.
        let wanted = i64::from(control.value as i32);
        let outcome = match request {
            SET_CONTROLS => controls::set(control.id, wanted),
            TRY_CONTROLS => controls::find(control.id).map(|_| wanted).ok_or(EINVAL),
            _ => controls::find(control.id).map(|(_, value)| value).ok_or(EINVAL),
        };
        match outcome {
            Ok(value) => control.value = value,
            Err(errno) => {
                asked.error_index = index;
                return Err(errno);
            }
        }
    }
    Ok(())
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
        let found = {
            let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
            handles.iter().position(|(known, ..)| *known == fd).map(|at| handles.swap_remove(at))
        };
        if let Some((_, memory, handle)) = found {
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
