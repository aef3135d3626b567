//! One open handle of the camera: the questions a driver answers, and a thread that sends pictures on time.
//!
//! Kept as a real driver has them: stable buffer offsets, `bytesused` below the length, **the bytes of older pictures left
//! behind it**, pictures dropped while no buffer is queued, times from the start of the stream and not from its reader,
//! EBUSY for a format while buffers exist. The handle's descriptor is a real eventfd that counts ready pictures, so `poll` is the kernel's own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::hooks::monotonic;
use crate::world::{Mode, Orders, Pictures, pictures, setting};

pub(crate) const EINVAL: i32 = 22;
const EAGAIN: i32 = 11;
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;
const ENOTTY: i32 = 25;

/// Buffers at most, and room for each: more than any picture of the tests.
pub(crate) const MOST_BUFFERS: usize = 8;
pub(crate) const BUFFER_BYTES: usize = 4 << 20;
const PAGE: usize = 4096;

const CAPTURE: u32 = 1;
const MJPG: u32 = u32::from_le_bytes(*b"MJPG");
const FLAGS_MAPPED_MONOTONIC: u32 = 0x2001;
const FLAG_ERROR: u32 = 0x40;

/// How often a stalled or unplugged stream looks at its orders.
const NAP: Duration = Duration::from_millis(10);

struct Done {
    index: usize,
    bytes_used: usize,
    faulty: bool,
    taken: Duration,
    sequence: u32,
}

struct State {
    mode: Mode,
    buffers: usize,
    queued: VecDeque<usize>,
    done: VecDeque<Done>,
    streaming: u64,
    gone: bool,
    closed: bool,
}

/// The memory the program maps, and the way to tell it that something is ready.
pub(crate) trait Window: Send + Sync {
    /// Writes into a buffer; bytes behind them keep what they were.
    fn fill(&self, index: usize, bytes: &[u8]);
    /// One more picture is ready.
    fn ready(&self);
    /// One picture was taken.
    fn taken(&self);
}

/// One open handle.
pub(crate) struct Handle {
    /// Whether it is the metadata node.
    metadata: bool,
    state: Mutex<State>,
    changed: Condvar,
    window: Box<dyn Window>,
}

type Answer = Result<(), i32>;

impl Handle {
    pub(crate) fn new(metadata: bool, window: Box<dyn Window>) -> Arc<Self> {
        let mode = Orders::now().offer[0];
        let state = State {
            mode,
            buffers: 0,
            queued: VecDeque::new(),
            done: VecDeque::new(),
            streaming: 0,
            gone: false,
            closed: false,
        };
        let handle = Arc::new(Self { metadata, state: Mutex::new(state), changed: Condvar::new(), window });
        let sender = Arc::clone(&handle);
        let spawned = thread::Builder::new().name("fakev4l2".into()).spawn(move || sender.send_pictures());
        if let Err(error) = spawned {
            crate::world::fail(&format!("no thread: {error}"));
        }
        handle
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Answers one ioctl; `argument` is its structure.
    pub(crate) fn answer(&self, request: u32, argument: &mut [u8]) -> Answer {
        let orders = Orders::now();
        if orders.unplugged || self.state().gone {
            return Err(ENODEV);
        }
        if request == 0x8068_5600 {
            self.capabilities(argument);
            return Ok(());
        }
        if self.metadata {
            return Err(EINVAL);
        }
        match request {
            0xC040_5602 => enum_format(argument),
            0xC02C_564A => enum_size(&orders.offer, argument),
            0xC034_564B => enum_interval(&orders.offer, argument),
            0xC0D0_5604 => self.format(argument),
            0xC0D0_5605 | 0xC014_5608 if orders.busy => Err(EBUSY),
            0xC0D0_5605 => self.set_format(&orders.offer, argument),
            0xC0CC_5615 => {
                self.rate(argument);
                Ok(())
            }
            0xC0CC_5616 => {
                self.set_rate(&orders.offer, argument);
                Ok(())
            }
            0xC014_5608 => self.request_buffers(argument),
            0xC058_5609 => self.query_buffer(argument),
            0xC058_560F => self.queue_buffer(argument),
            0xC058_5611 => self.take_buffer(argument),
            0x4004_5612 => self.start(),
            0x4004_5613 => {
                self.stop();
                Ok(())
            }
            _ => Err(ENOTTY),
        }
    }

    fn capabilities(&self, argument: &mut [u8]) {
        argument.fill(0);
        put_text(argument, 0, 16, "uvcvideo");
        put_text(argument, 16, 32, &setting("FAKEV4L2_CARD").unwrap_or_else(|| "Preloaded test camera".into()));
        put_text(argument, 48, 32, "usb-fakev4l2-1");
        put(argument, 80, 0x0006_01C0);
        put(argument, 84, 0x84A0_0001);
        put(argument, 88, if self.metadata { 0x04A0_0000 } else { 0x0420_0001 });
    }

    fn format(&self, argument: &mut [u8]) -> Answer {
        if get(argument, 0) != CAPTURE {
            return Err(EINVAL);
        }
        describe(self.state().mode, argument);
        Ok(())
    }

    fn set_format(&self, offer: &[Mode], argument: &mut [u8]) -> Answer {
        if get(argument, 0) != CAPTURE {
            return Err(EINVAL);
        }
        let mut state = self.state();
        if state.buffers > 0 {
            return Err(EBUSY);
        }
        // As drivers do: what is nearest in area, whatever was asked.
        let wanted = u64::from(get(argument, 8)) * u64::from(get(argument, 12));
        let nearest = offer.iter().min_by_key(|mode| (u64::from(mode.width) * u64::from(mode.height)).abs_diff(wanted));
        state.mode = *nearest.ok_or(EINVAL)?;
        describe(state.mode, argument);
        Ok(())
    }

    fn rate(&self, argument: &mut [u8]) {
        put(argument, 4, 0x1000);
        put(argument, 12, 1);
        put(argument, 16, self.state().mode.fps);
    }

    fn set_rate(&self, offer: &[Mode], argument: &mut [u8]) {
        let wanted = get(argument, 16).checked_div(get(argument, 12)).unwrap_or(30);
        let mut state = self.state();
        let same_size = offer.iter().filter(|mode| (mode.width, mode.height) == (state.mode.width, state.mode.height));
        if let Some(mode) = same_size.min_by_key(|mode| mode.fps.abs_diff(wanted)) {
            state.mode = *mode;
        }
        drop(state);
        self.rate(argument);
    }

    fn request_buffers(&self, argument: &mut [u8]) -> Answer {
        let mut state = self.state();
        if state.streaming > 0 {
            return Err(EBUSY);
        }
        let count = (get(argument, 0) as usize).min(MOST_BUFFERS);
        state.buffers = count;
        state.queued.clear();
        put(argument, 0, count as u32);
        put(argument, 12, 1);
        Ok(())
    }

    fn query_buffer(&self, argument: &mut [u8]) -> Answer {
        let state = self.state();
        let index = get(argument, 0) as usize;
        if index >= state.buffers {
            return Err(EINVAL);
        }
        put(argument, 12, FLAGS_MAPPED_MONOTONIC);
        put(argument, 64, (index * BUFFER_BYTES) as u32);
        put(argument, 72, size_image(state.mode) as u32);
        Ok(())
    }

    fn queue_buffer(&self, argument: &mut [u8]) -> Answer {
        let mut state = self.state();
        let index = get(argument, 0) as usize;
        if index >= state.buffers || state.queued.contains(&index) || state.done.iter().any(|done| done.index == index)
        {
            return Err(EINVAL);
        }
        state.queued.push_back(index);
        Ok(())
    }

    fn take_buffer(&self, argument: &mut [u8]) -> Answer {
        let mut state = self.state();
        if state.streaming == 0 {
            return Err(EINVAL);
        }
        let done = state.done.pop_front().ok_or(EAGAIN)?;
        self.window.taken();
        put(argument, 0, done.index as u32);
        put(argument, 8, done.bytes_used as u32);
        put(argument, 12, FLAGS_MAPPED_MONOTONIC | if done.faulty { FLAG_ERROR } else { 0 });
        put_long(argument, 24, done.taken.as_secs());
        put_long(argument, 32, u64::from(done.taken.subsec_micros()));
        put(argument, 56, done.sequence);
        put(argument, 60, 1);
        put(argument, 64, (done.index * BUFFER_BYTES) as u32);
        put(argument, 72, size_image(state.mode) as u32);
        Ok(())
    }

    fn start(&self) -> Answer {
        let mut state = self.state();
        if state.buffers == 0 {
            return Err(EINVAL);
        }
        state.streaming += 1;
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    fn stop(&self) {
        let mut state = self.state();
        state.streaming = 0;
        state.queued.clear();
        for _ in 0..state.done.len() {
            self.window.taken();
        }
        state.done.clear();
    }

    /// The thread of a handle: sleeps until the stream starts, then fills a buffer whenever one is due.
    fn send_pictures(&self) {
        loop {
            let state = self.state();
            let state = self
                .changed
                .wait_while(state, |state| state.streaming == 0 && !state.closed)
                .unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return;
            }
            let mode = state.mode;
            drop(state);
            self.run_stream(mode);
        }
    }

    fn run_stream(&self, mode: Mode) {
        let all = pictures(mode);
        let period = Duration::from_secs(1) / mode.fps;
        let began = now();
        let mut sequence = 0u32;
        loop {
            let due = period * (sequence + 1);
            while began.elapsed() < due {
                if !self.may_go_on() {
                    return;
                }
                thread::sleep(due.saturating_sub(began.elapsed()).min(NAP));
            }
            if !self.may_go_on() {
                return;
            }
            self.deliver(&all[sequence as usize % all.len()], Orders::now().pictures, sequence);
            sequence += 1;
        }
    }

    /// False when the stream is over; an unplugged one is told so by a wake-up whose picture is not there.
    fn may_go_on(&self) -> bool {
        let unplugged = Orders::now().unplugged;
        let mut state = self.state();
        if unplugged && !state.gone && !state.closed {
            state.gone = true;
            state.streaming = 0;
            self.window.ready();
        }
        state.streaming > 0 && !state.closed
    }

    fn deliver(&self, picture: &[u8], order: Pictures, sequence: u32) {
        let taken = monotonic();
        let unique = if order == Pictures::Repeated { 0 } else { taken.as_nanos() as u64 };
        let whole = with_comment(picture, unique);
        let (bytes, bytes_used, faulty) = match order {
            Pictures::Stalled => return,
            Pictures::Whole | Pictures::Repeated => (whole.clone(), whole.len(), false),
            Pictures::Marked => (whole.clone(), whole.len(), true),
            Pictures::Zero => (Vec::new(), 0, false),
            Pictures::Short => (whole[..whole.len() / 2].to_vec(), whole.len() / 2, false),
            Pictures::Noise => (noise(unique, whole.len()), whole.len(), false),
        };
        let mut state = self.state();
        if state.closed || state.streaming == 0 {
            return; // the descriptor may belong to somebody else by now
        }
        let Some(index) = state.queued.pop_front() else { return };
        self.window.fill(index, &bytes);
        state.done.push_back(Done { index, bytes_used, faulty, taken, sequence });
        self.window.ready();
    }
}

#[allow(clippy::disallowed_methods, reason = "a camera has its own clock")]
fn now() -> Instant {
    Instant::now()
}

/// Puts `LKTS` and a number behind the start marker, in a comment segment.
fn with_comment(picture: &[u8], number: u64) -> Vec<u8> {
    let mut bytes = picture[..2].to_vec();
    bytes.extend_from_slice(&[0xFF, 0xFE, 0, 14]);
    bytes.extend_from_slice(b"LKTS");
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(&picture[2..]);
    bytes
}

fn noise(mut seed: u64, len: usize) -> Vec<u8> {
    (0..len)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        })
        .collect()
}

fn size_image(mode: Mode) -> usize {
    ((mode.width * mode.height * 2) as usize).next_multiple_of(PAGE).min(BUFFER_BYTES)
}

fn describe(mode: Mode, argument: &mut [u8]) {
    argument[8..].fill(0);
    put(argument, 8, mode.width);
    put(argument, 12, mode.height);
    put(argument, 16, MJPG);
    put(argument, 20, 1);
    put(argument, 28, size_image(mode) as u32);
    put(argument, 32, 7);
}

fn enum_format(argument: &mut [u8]) -> Answer {
    if (get(argument, 0), get(argument, 4)) != (0, CAPTURE) {
        return Err(EINVAL);
    }
    put(argument, 8, 1);
    put_text(argument, 12, 32, "Motion-JPEG");
    put(argument, 44, MJPG);
    Ok(())
}

fn enum_size(offer: &[Mode], argument: &mut [u8]) -> Answer {
    let mut sizes: Vec<(u32, u32)> = offer.iter().map(|mode| (mode.width, mode.height)).collect();
    sizes.dedup();
    let (width, height) = *sizes.get(get(argument, 0) as usize).filter(|_| get(argument, 4) == MJPG).ok_or(EINVAL)?;
    put(argument, 8, 1);
    put(argument, 12, width);
    put(argument, 16, height);
    Ok(())
}

fn enum_interval(offer: &[Mode], argument: &mut [u8]) -> Answer {
    let size = (get(argument, 8), get(argument, 12));
    let mut rates = offer.iter().filter(|mode| (mode.width, mode.height) == size).map(|mode| mode.fps);
    let fps = rates.nth(get(argument, 0) as usize).filter(|_| get(argument, 4) == MJPG).ok_or(EINVAL)?;
    put(argument, 16, 1);
    put(argument, 20, 1);
    put(argument, 24, fps);
    Ok(())
}

fn get(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}

fn put_long(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_ne_bytes());
}

fn put_text(bytes: &mut [u8], at: usize, room: usize, text: &str) {
    let len = text.len().min(room - 1);
    bytes[at..at + len].copy_from_slice(&text.as_bytes()[..len]);
}
