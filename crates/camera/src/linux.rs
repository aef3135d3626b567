//! One Video4Linux node, safe to use from outside: questions, a format, a ring of mapped buffers, and a wait with an end.
//!
//! Guarantees: no call here waits without a limit of ours (a driver that hangs inside a call is beyond reach);
//! a picture is lent only while the kernel does not write to it, and only as many bytes as the driver says it filled;
//! dropping never panics, whatever state the device is in. Written on the structures of the `v4l` crate, whose own
//! stream type panics while dropping (twice in a row ends the process), hides the buffer it holds, and panics on names that are not UTF-8.
#![allow(unsafe_code, reason = "V4L2 is spoken in ioctl calls on C structures and in memory shared with the kernel")]

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use v4l::v4l_sys as c;
use v4l::v4l2::vidioc;

use crate::mode::Rate;

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`.
const CAPTURE: u32 = 1;
/// `V4L2_MEMORY_MMAP`.
const MMAP: u32 = 1;
/// Buffers asked for: one being filled, one ready, two of slack for a loaded machine.
const BUFFERS: u32 = 4;
/// More buffers than this are not mapped, whatever a driver answers.
const MOST_BUFFERS: u32 = 32;
/// More entries than this are not read from any list of a driver.
const MOST_ENTRIES: u32 = 256;
/// `V4L2_BUF_FLAG_ERROR`: the driver knows that the content is bad.
const FLAG_ERROR: u32 = 0x40;
/// `V4L2_BUF_FLAG_TIMESTAMP_MASK` and the value for the monotonic clock.
const FLAG_CLOCK: u32 = 0xE000;
const FLAG_CLOCK_MONOTONIC: u32 = 0x2000;

/// An ioctl number together with the type of its argument.
struct Request<T> {
    number: vidioc::_IOC_TYPE,
    argument: PhantomData<T>,
}

impl<T> Request<T> {
    /// Checks at compile time that the size in the number is the size of the type: the one mistake that would let the kernel write too far.
    const fn of(number: vidioc::_IOC_TYPE) -> Self {
        assert!(
            (number >> 16) & 0x3FFF == size_of::<T>() as vidioc::_IOC_TYPE,
            "the number belongs to another structure"
        );
        Self { number, argument: PhantomData }
    }
}

const QUERYCAP: Request<c::v4l2_capability> = Request::of(vidioc::VIDIOC_QUERYCAP);
const ENUM_FMT: Request<c::v4l2_fmtdesc> = Request::of(vidioc::VIDIOC_ENUM_FMT);
const ENUM_FRAMESIZES: Request<c::v4l2_frmsizeenum> = Request::of(vidioc::VIDIOC_ENUM_FRAMESIZES);
const ENUM_FRAMEINTERVALS: Request<c::v4l2_frmivalenum> = Request::of(vidioc::VIDIOC_ENUM_FRAMEINTERVALS);
const S_FMT: Request<c::v4l2_format> = Request::of(vidioc::VIDIOC_S_FMT);
const S_PARM: Request<c::v4l2_streamparm> = Request::of(vidioc::VIDIOC_S_PARM);
const REQBUFS: Request<c::v4l2_requestbuffers> = Request::of(vidioc::VIDIOC_REQBUFS);
const QUERYBUF: Request<c::v4l2_buffer> = Request::of(vidioc::VIDIOC_QUERYBUF);
const QBUF: Request<c::v4l2_buffer> = Request::of(vidioc::VIDIOC_QBUF);
const DQBUF: Request<c::v4l2_buffer> = Request::of(vidioc::VIDIOC_DQBUF);
const QUERYCTRL: Request<c::v4l2_queryctrl> = Request::of(vidioc::VIDIOC_QUERYCTRL);
const G_CTRL: Request<c::v4l2_control> = Request::of(vidioc::VIDIOC_G_CTRL);
const S_CTRL: Request<c::v4l2_control> = Request::of(vidioc::VIDIOC_S_CTRL);
const STREAMON: Request<libc::c_int> = Request::of(vidioc::VIDIOC_STREAMON);
const STREAMOFF: Request<libc::c_int> = Request::of(vidioc::VIDIOC_STREAMOFF);

/// A C structure for which all zeros is a value.
///
/// # Safety
/// The type holds only integers, arrays and unions of them, and pointers.
unsafe trait Zeroed: Sized {
    fn zeroed() -> Self {
        // SAFETY: the implementer upholds that all zeros is a value of this type.
        unsafe { std::mem::zeroed() }
    }
}
// SAFETY: plain structures of the kernel's interface: integers, arrays, unions of such, and pointers that may be null.
unsafe impl Zeroed for c::v4l2_capability {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_fmtdesc {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_frmsizeenum {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_frmivalenum {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_format {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_streamparm {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_requestbuffers {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_buffer {}
// SAFETY: as above.
unsafe impl Zeroed for c::v4l2_queryctrl {}

fn ask<T>(node: BorrowedFd<'_>, request: &Request<T>, argument: &mut T) -> io::Result<()> {
    loop {
        // SAFETY: the descriptor is open for the length of the borrow; `Request::of` made sure that the kernel reads and
        // writes exactly one `T`, and `argument` is one, borrowed for writing.
        let answer =
            unsafe { libc::ioctl(node.as_raw_fd(), request.number, std::ptr::from_mut(argument).cast::<c_void>()) };
        if answer != -1 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
}

/// What a driver says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capabilities {
    pub(crate) driver: String,
    pub(crate) card: String,
    pub(crate) bus: String,
    /// Whether this node sends video in single planes by streaming; metadata, output and tuner nodes do not.
    pub(crate) captures: bool,
}

/// Sizes as a driver lists them: exactly one, or anything from the smaller to the larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizes {
    One { width_px: u32, height_px: u32 },
    Range { smallest: (u32, u32), largest: (u32, u32) },
}

/// As [`Sizes`], of rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rates {
    One(Rate),
    Range { slowest: Rate, fastest: Rate },
}

/// What a driver says of one control whose value is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ControlFacts {
    pub(crate) smallest: i32,
    pub(crate) largest: i32,
    pub(crate) step: i32,
    /// The value it has when nobody turned it.
    pub(crate) usual: i32,
    pub(crate) disabled: bool,
    pub(crate) read_only: bool,
    /// Whether turning it has no effect now, because something automatic stands above it.
    pub(crate) inactive: bool,
}

/// What the driver made of the wish for a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    pub(crate) fourcc: [u8; 4],
    pub(crate) stride_bytes: usize,
}

/// An open node.
#[derive(Debug)]
pub(crate) struct Node(File);

impl Node {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC).open(path).map(Self)
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub(crate) fn capabilities(&self) -> io::Result<Capabilities> {
        const DEVICE_CAPS: u32 = 0x8000_0000;
        const VIDEO_CAPTURE: u32 = 0x0000_0001;
        const STREAMING: u32 = 0x0400_0000;
        let mut answer = c::v4l2_capability::zeroed();
        ask(self.fd(), &QUERYCAP, &mut answer)?;
        let bits = if answer.capabilities & DEVICE_CAPS == 0 { answer.capabilities } else { answer.device_caps };
        Ok(Capabilities {
            driver: text(&answer.driver),
            card: text(&answer.card),
            bus: text(&answer.bus_info),
            captures: bits & VIDEO_CAPTURE != 0 && bits & STREAMING != 0,
        })
    }

    /// The pixel formats, in the driver's order.
    pub(crate) fn fourccs(&self) -> Vec<[u8; 4]> {
        entries(|index| {
            let mut answer = c::v4l2_fmtdesc { index, type_: CAPTURE, ..c::v4l2_fmtdesc::zeroed() };
            ask(self.fd(), &ENUM_FMT, &mut answer).ok()?;
            Some(answer.pixelformat.to_le_bytes())
        })
    }

    /// The picture sizes of one format.
    pub(crate) fn sizes(&self, fourcc: [u8; 4]) -> Vec<Sizes> {
        entries(|index| {
            let pixel_format = u32::from_le_bytes(fourcc);
            let mut answer = c::v4l2_frmsizeenum { index, pixel_format, ..c::v4l2_frmsizeenum::zeroed() };
            ask(self.fd(), &ENUM_FRAMESIZES, &mut answer).ok()?;
            // SAFETY: every variant of the union is made of integers, so each may be read; `type_` says which one is meant.
            let (one, range) = unsafe { (answer.__bindgen_anon_1.discrete, answer.__bindgen_anon_1.stepwise) };
            Some(if answer.type_ == 1 {
                Sizes::One { width_px: one.width, height_px: one.height }
            } else {
                Sizes::Range {
                    smallest: (range.min_width, range.min_height),
                    largest: (range.max_width, range.max_height),
                }
            })
        })
    }

    /// The rates of one format and size, as the driver's own fractions. Intervals of no time at all, which a driver may well
    /// name, are left out.
    pub(crate) fn rates(&self, fourcc: [u8; 4], width: u32, height: u32) -> Vec<Rates> {
        let rate = |interval: c::v4l2_fract| Rate::new(interval.denominator, interval.numerator);
        let listed = entries(|index| {
            let pixel_format = u32::from_le_bytes(fourcc);
            let mut answer =
                c::v4l2_frmivalenum { index, pixel_format, width, height, ..c::v4l2_frmivalenum::zeroed() };
            ask(self.fd(), &ENUM_FRAMEINTERVALS, &mut answer).ok()?;
            // SAFETY: as in `sizes`: integers only, `type_` says which variant is meant.
            let (one, range) = unsafe { (answer.__bindgen_anon_1.discrete, answer.__bindgen_anon_1.stepwise) };
            Some(if answer.type_ == 1 {
                rate(one).map(Rates::One)
            } else {
                rate(range.min).zip(rate(range.max)).map(|(fastest, slowest)| Rates::Range { slowest, fastest })
            })
        });
        listed.into_iter().flatten().collect()
    }

    /// Asks for a format and rate. The driver may answer with another one; a driver without rates is fine.
    pub(crate) fn set_mode(&self, fourcc: [u8; 4], width_px: u32, height_px: u32, fps: Rate) -> io::Result<Agreed> {
        const FIELD_ANY: u32 = 0;
        let mut format = c::v4l2_format { type_: CAPTURE, ..c::v4l2_format::zeroed() };
        format.fmt.pix = c::v4l2_pix_format {
            width: width_px,
            height: height_px,
            pixelformat: u32::from_le_bytes(fourcc),
            field: FIELD_ANY,
            // SAFETY: `format` is all zeros, so this variant of integers is all zeros.
            ..unsafe { format.fmt.pix }
        };
        ask(self.fd(), &S_FMT, &mut format)?;
        let mut rate = c::v4l2_streamparm { type_: CAPTURE, ..c::v4l2_streamparm::zeroed() };
        let (denominator, numerator) = fps.fraction();
        rate.parm.capture.timeperframe = c::v4l2_fract { numerator, denominator };
        match ask(self.fd(), &S_PARM, &mut rate) {
            Err(error) if !matches!(error.raw_os_error(), Some(libc::ENOTTY | libc::EINVAL)) => return Err(error),
            _ => {}
        }
        // SAFETY: S_FMT for a capture type answers in this variant, which is made of integers.
        let pix = unsafe { format.fmt.pix };
        Ok(Agreed {
            width_px: pix.width,
            height_px: pix.height,
            fourcc: pix.pixelformat.to_le_bytes(),
            stride_bytes: pix.bytesperline as usize,
        })
    }

    /// What the driver says of a control.
    pub(crate) fn control_facts(&self, id: u32) -> io::Result<ControlFacts> {
        const DISABLED: u32 = 0x0001;
        /// Somebody else holds it for now: as good as one that can only be read.
        const GRABBED: u32 = 0x0002;
        const READ_ONLY: u32 = 0x0004;
        const INACTIVE: u32 = 0x0010;
        let mut answer = c::v4l2_queryctrl { id, ..c::v4l2_queryctrl::zeroed() };
        ask(self.fd(), &QUERYCTRL, &mut answer)?;
        let has = |flags: u32| answer.flags & flags != 0;
        Ok(ControlFacts {
            smallest: answer.minimum,
            largest: answer.maximum,
            step: answer.step,
            usual: answer.default_value,
            disabled: has(DISABLED),
            read_only: has(READ_ONLY | GRABBED),
            inactive: has(INACTIVE),
        })
    }

    /// The value of a control.
    pub(crate) fn control(&self, id: u32) -> io::Result<i32> {
        let mut answer = c::v4l2_control { id, value: 0 };
        ask(self.fd(), &G_CTRL, &mut answer)?;
        Ok(answer.value)
    }

    /// Sets a control. The driver may round the value.
    pub(crate) fn set_control(&self, id: u32, value: i32) -> io::Result<()> {
        ask(self.fd(), &S_CTRL, &mut c::v4l2_control { id, value })
    }

    /// Maps the buffers and starts the stream.
    pub(crate) fn stream(self) -> io::Result<Ring> {
        let mut ring = Ring { node: self, maps: Vec::new(), streaming: false, lent: None };
        ring.map()?;
        for index in 0..ring.maps.len() as u32 {
            ring.queue(index)?;
        }
        let mut kind = CAPTURE.cast_signed();
        ask(ring.node.fd(), &STREAMON, &mut kind)?;
        ring.streaming = true;
        Ok(ring)
    }
}

fn entries<T>(mut ask: impl FnMut(u32) -> Option<T>) -> Vec<T> {
    (0..MOST_ENTRIES).map_while(&mut ask).collect()
}

/// A name the kernel cut at its fixed length, perhaps in the middle of a letter.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().trim_end_matches('\u{FFFD}').to_owned()
}

/// One mapped buffer.
struct Map {
    start: *mut c_void,
    len: usize,
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: `start` and `len` are what `mmap` answered, and this is the only place that unmaps them.
        unsafe { libc::munmap(self.start, self.len) };
    }
}

/// What happened while waiting for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    Ready,
    Silence,
    Woken,
}

/// One picture, lent by the kernel.
pub(crate) struct Lent<'a> {
    /// The bytes the driver filled.
    pub(crate) bytes: &'a [u8],
    /// Whether the driver marked them as faulty.
    pub(crate) faulty: bool,
    /// When it was taken, on the monotonic clock.
    pub(crate) taken: Option<Duration>,
}

/// A running stream. Stops when dropped.
pub(crate) struct Ring {
    node: Node,
    maps: Vec<Map>,
    streaming: bool,
    /// The buffer that is with us.
    lent: Option<u32>,
}

impl Ring {
    fn map(&mut self) -> io::Result<()> {
        let mut wanted =
            c::v4l2_requestbuffers { count: BUFFERS, type_: CAPTURE, memory: MMAP, ..c::v4l2_requestbuffers::zeroed() };
        ask(self.node.fd(), &REQBUFS, &mut wanted)?;
        for index in 0..wanted.count.min(MOST_BUFFERS) {
            let mut buffer = blank_buffer(index);
            ask(self.node.fd(), &QUERYBUF, &mut buffer)?;
            // SAFETY: for memory type MMAP the kernel answers in this variant, an integer.
            let offset = libc::off_t::from(unsafe { buffer.m.offset });
            let len = buffer.length as usize;
            // SAFETY: a new shared mapping of a file at a place of the kernel's choice touches no memory of ours.
            let start = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    len,
                    libc::PROT_READ,
                    libc::MAP_SHARED,
                    self.node.0.as_raw_fd(),
                    offset,
                )
            };
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            self.maps.push(Map { start, len });
        }
        if self.maps.is_empty() { Err(io::Error::from_raw_os_error(libc::ENOMEM)) } else { Ok(()) }
    }

    fn queue(&self, index: u32) -> io::Result<()> {
        ask(self.node.fd(), &QBUF, &mut blank_buffer(index))
    }

    /// Waits until a picture is ready, the time is over, or `wake` is set.
    pub(crate) fn wait(&self, wake: Option<&EventFd>, within: Duration) -> io::Result<Waited> {
        let limit = libc::c_int::try_from(within.as_millis()).unwrap_or(libc::c_int::MAX);
        let wake_fd = wake.map_or(-1, |wake| wake.0.as_raw_fd()); // poll skips negative descriptors
        let mut polled = [
            libc::pollfd { fd: self.node.0.as_raw_fd(), events: libc::POLLIN, revents: 0 },
            libc::pollfd { fd: wake_fd, events: libc::POLLIN, revents: 0 },
        ];
        // SAFETY: the array holds two entries, borrowed for writing; both descriptors are open or negative.
        let answer = unsafe { libc::poll(polled.as_mut_ptr(), 2, limit) };
        if answer < 0 {
            let error = io::Error::last_os_error();
            // A stranger's signal ended the wait: nothing was lost, the caller simply waits again.
            return if error.raw_os_error() == Some(libc::EINTR) { Ok(Waited::Silence) } else { Err(error) };
        }
        if polled[1].revents != 0 {
            return Ok(Waited::Woken);
        }
        // POLLERR and POLLHUP count as ready: taking the picture then tells the reason.
        Ok(if polled[0].revents == 0 { Waited::Silence } else { Waited::Ready })
    }

    /// Takes the next picture and lends it, until the next call of [`give_back`](Self::give_back) or of this.
    pub(crate) fn lend(&mut self) -> io::Result<Lent<'_>> {
        self.give_back()?;
        let mut buffer = blank_buffer(0);
        ask(self.node.fd(), &DQBUF, &mut buffer)?;
        let map = self.maps.get(buffer.index as usize).ok_or_else(|| io::Error::from_raw_os_error(libc::EIO))?;
        self.lent = Some(buffer.index);
        let len = (buffer.bytesused as usize).min(map.len);
        // SAFETY: the mapping is `map.len` bytes long and lives as long as `self`; between DQBUF and QBUF the kernel does not
        // write to this buffer, and QBUF for it comes only from `give_back`, which the borrow of the slice keeps away.
        let bytes = unsafe { std::slice::from_raw_parts(map.start.cast::<u8>(), len) };
        let stamped = buffer.flags & FLAG_CLOCK == FLAG_CLOCK_MONOTONIC;
        let seconds = u64::try_from(buffer.timestamp.tv_sec).ok();
        let micros = u64::try_from(buffer.timestamp.tv_usec).ok();
        let taken = seconds
            .zip(micros)
            .filter(|moment| stamped && *moment != (0, 0))
            .map(|(seconds, micros)| Duration::from_secs(seconds) + Duration::from_micros(micros));
        Ok(Lent { bytes, faulty: buffer.flags & FLAG_ERROR != 0, taken })
    }

    /// Gives the buffer of the last picture back to the driver; before waiting for the next, so that no picture is missed.
    pub(crate) fn give_back(&mut self) -> io::Result<()> {
        self.lent.take().map_or(Ok(()), |index| self.queue(index))
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // Errors are of no use here: an unplugged device answers ENODEV to all of it, and closing the node frees the rest.
        if self.streaming {
            let mut kind = CAPTURE.cast_signed();
            let _ = ask(self.node.fd(), &STREAMOFF, &mut kind);
        }
        self.maps.clear();
        let mut none =
            c::v4l2_requestbuffers { count: 0, type_: CAPTURE, memory: MMAP, ..c::v4l2_requestbuffers::zeroed() };
        let _ = ask(self.node.fd(), &REQBUFS, &mut none);
    }
}

fn blank_buffer(index: u32) -> c::v4l2_buffer {
    c::v4l2_buffer { index, type_: CAPTURE, memory: MMAP, ..c::v4l2_buffer::zeroed() }
}

/// The monotonic clock that drivers stamp pictures with.
pub(crate) fn monotonic() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is one timespec, borrowed for writing; this clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// An event another thread can set and a poll can see.
#[derive(Debug)]
pub(crate) struct EventFd(File);

impl EventFd {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no pointers are involved.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made, and nobody else owns it.
        Ok(Self(unsafe { File::from_raw_fd(fd) }))
    }

    pub(crate) fn set(&self) {
        // Fails only when the counter is full, and then it is set.
        let _ = (&self.0).write(&1u64.to_ne_bytes());
    }

    pub(crate) fn clear(&self) {
        // Fails only when it was not set.
        let _ = (&self.0).read(&mut [0; 8]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cut_in_the_middle_of_a_letter_are_still_names() {
        assert_eq!(text(b"Caf\xC3\xA9 cam\0\0\0"), "Café cam");
        assert_eq!(text(b"Caf\xC3"), "Caf", "half a letter is left out");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn an_event_is_seen_until_it_is_cleared() {
        let event = EventFd::new().unwrap();
        let seen = |event: &EventFd| {
            let mut polled = [libc::pollfd { fd: event.0.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
            // SAFETY: one entry, borrowed for writing.
            unsafe { libc::poll(polled.as_mut_ptr(), 1, 0) == 1 }
        };
        assert!(!seen(&event));
        event.set();
        event.set();
        assert!(seen(&event));
        event.clear();
        assert!(!seen(&event));
    }
}
