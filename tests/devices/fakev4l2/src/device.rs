//! One open handle of a camera: the questions a driver answers, and a thread that sends pictures on time.
//!
//! Kept as a real driver has them: stable buffer offsets, `bytesused` below the length, **the bytes of older pictures left
//! behind it**, pictures dropped while no buffer is queued, times from the start of the stream and not from its reader,
//! EBUSY for a format while buffers exist and for a second handle beside one that has some, a mode that outlives its handle.
//! The handle's descriptor is a real eventfd that counts ready pictures, so `poll` and `select` are the kernel's own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::controls::{self, Control, Kind};
use crate::hooks::monotonic;
use crate::pictures::{self, MJPG, due_comment, noise, without_tables};
use crate::world::{FIRST_NODE, Identity, Mode, Orders, Pictures};

pub(crate) const EINVAL: i32 = 22;
const EAGAIN: i32 = 11;
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;
const ENOTTY: i32 = 25;

/// Buffers at most, and room for each: a raw 4K picture fits.
pub(crate) const MOST_BUFFERS: usize = 8;
pub(crate) const BUFFER_BYTES: usize = 16 << 20;
const PAGE: usize = 4096;

const CAPTURE: u32 = 1;
const FLAGS_MAPPED_MONOTONIC: u32 = 0x2001;
const FLAG_ERROR: u32 = 0x40;

/// How often a waiting stream looks at its orders.
const NAP: Duration = Duration::from_millis(10);
/// How far the times of every second picture jump back under `time-back`.
const JUMP_BACK: Duration = Duration::from_secs(2);

struct Done {
    index: usize,
    bytes_used: usize,
    faulty: bool,
    taken: Duration,
    sequence: u32,
}

struct State {
    buffers: usize,
    queued: VecDeque<usize>,
    done: VecDeque<Done>,
    streaming: bool,
    gone: bool,
    closed: bool,
}

/// The memory the program maps, and the way to tell it that something is ready.
pub(crate) trait Window: Send + Sync {
    /// Writes these parts one behind the other into a buffer; bytes behind them keep what they were.
    fn fill(&self, index: usize, parts: &[&[u8]]);
    /// One more picture is ready.
    fn ready(&self);
    /// One picture was taken.
    fn taken(&self);
    /// Whether a call that finds nothing waits.
    fn blocking(&self) -> bool;
}

/// What the handles of one camera share.
#[derive(Clone, Copy)]
struct Common {
    mode: Mode,
    /// The mode another program left behind, once it counts.
    left: Option<Mode>,
    /// The handle that has buffers.
    holder: Option<u64>,
}

/// By number of camera. Each was set up when a handle was opened.
static COMMON: Mutex<Vec<(u32, Common)>> = Mutex::new(Vec::new());

/// One open handle.
pub(crate) struct Handle {
    camera: Identity,
    /// Whether it is the metadata node.
    metadata: bool,
    id: u64,
    plugs: u64,
    state: Mutex<State>,
    changed: Condvar,
    window: Box<dyn Window>,
}

type Answer = Result<(), i32>;

impl Handle {
    pub(crate) fn new(id: u64, camera: Identity, metadata: bool, window: Box<dyn Window>) -> Arc<Self> {
        let state = State {
            buffers: 0,
            queued: VecDeque::new(),
            done: VecDeque::new(),
            streaming: false,
            gone: false,
            closed: false,
        };
        let plugs = Orders::now().plugs;
        let state = Mutex::new(state);
        let handle = Arc::new(Self { camera, metadata, id, plugs, state, changed: Condvar::new(), window });
        let sender = Arc::clone(&handle);
        let spawned = thread::Builder::new().name("fakev4l2".into()).spawn(move || sender.send_pictures());
        if let Err(error) = spawned {
            crate::world::fail(&format!("no thread: {error}"));
        }
        handle
    }

    pub(crate) fn node(&self) -> u32 {
        self.camera.node() + u32::from(self.metadata)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or changes what the handles of this camera share.
    fn common<T>(&self, act: impl FnOnce(&mut Common) -> T) -> T {
        let orders = Orders::now();
        let left = orders.left.filter(|_| self.camera.number == 0);
        let mut all = COMMON.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(number, _)| *number == self.camera.number).unwrap_or_else(|| {
            all.push((self.camera.number, Common { mode: orders.offer[0], left: None, holder: None }));
            all.len() - 1
        });
        let common = &mut all[at].1;
        if common.left != left {
            common.left = left;
            common.mode = left.unwrap_or(common.mode);
        }
        if left.is_none() && !orders.offer.contains(&common.mode) {
            common.mode = orders.offer[0];
        }
        act(common)
    }

    fn mode(&self) -> Mode {
        self.common(|common| common.mode)
    }

    /// Gives the camera back when this handle had it.
    fn let_go(&self) {
        self.common(|common| {
            if common.holder == Some(self.id) {
                common.holder = None;
            }
        });
    }

    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.let_go();
        self.changed.notify_all();
    }

    /// Whether this very handle's camera is still there.
    fn there(&self, orders: &Orders) -> bool {
        let plugged = orders.cameras.iter().any(|camera| camera.number == self.camera.number);
        let same_plug = self.camera.number != 0 || orders.plugs == self.plugs;
        plugged && same_plug && !orders.withdrawn
    }

    /// Answers one ioctl; `argument` is its structure.
    pub(crate) fn answer(&self, request: u32, argument: &mut [u8]) -> Answer {
        let orders = Orders::now();
        if !self.there(&orders) || self.state().gone {
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
            0xC040_5602 => {
                while Orders::now().slow_list {
                    thread::sleep(NAP);
                }
                enum_format(&orders.offer, argument)
            }
            0xC02C_564A => enum_size(&orders.offer, argument),
            0xC034_564B => enum_interval(&orders.offer, argument),
            0xC0D0_5604 => self.format(argument),
            0xC0D0_5605 | 0xC014_5608 if orders.busy => Err(EBUSY),
            0xC0D0_5605 => self.set_format(&orders.offer, argument),
            0xC0CC_5615 => {
                self.rate(argument);
                Ok(())
            }
            0xC0CC_5616 => self.set_rate(&orders.offer, argument),
            0xC014_5608 => self.request_buffers(argument),
            0xC058_5609 => self.query_buffer(argument),
            0xC058_560F => self.queue_buffer(argument),
            0xC058_5611 => self.take_buffer(argument),
            0x4004_5612 => self.start(),
            0x4004_5613 => {
                self.stop();
                Ok(())
            }
            0x8004_5626 => {
                put(argument, 0, 0);
                Ok(())
            }
            0xC004_5627 if get(argument, 0) == 0 => Ok(()),
            0xC050_561A => describe_input(argument),
            0xC044_5624 | 0xC0E8_5667 => describe_control(argument),
            0xC02C_5625 => describe_menu(argument),
            0xC008_561B => {
                let (_, value) = controls::find(get(argument, 0)).ok_or(EINVAL)?;
                put(argument, 4, value as u32);
                Ok(())
            }
            0xC008_561C => {
                let became = controls::set(get(argument, 0), i64::from(get(argument, 4).cast_signed()))?;
                put(argument, 4, became as u32);
                Ok(())
            }
            _ => Err(ENOTTY),
        }
    }

    fn capabilities(&self, argument: &mut [u8]) {
        argument.fill(0);
        put_text(argument, 0, 16, &self.camera.driver);
        put_text(argument, 16, 32, &self.camera.card);
        put_text(argument, 48, 32, &self.camera.bus);
        put(argument, 80, 0x0006_01C0);
        put(argument, 84, 0x84A0_0001);
        put(argument, 88, if self.metadata { 0x04A0_0000 } else { 0x0420_0001 });
    }

    fn format(&self, argument: &mut [u8]) -> Answer {
        if get(argument, 0) != CAPTURE {
            return Err(EINVAL);
        }
        describe(self.mode(), argument);
        Ok(())
    }

    fn set_format(&self, offer: &[Mode], argument: &mut [u8]) -> Answer {
        if get(argument, 0) != CAPTURE {
            return Err(EINVAL);
        }
        // As drivers do: another format only where the wanted one is not offered, then what is nearest in area.
        let fourcc = get(argument, 16).to_le_bytes();
        let wanted = u64::from(get(argument, 8)) * u64::from(get(argument, 12));
        let other_format = |mode: &Mode| mode.fourcc != fourcc;
        let area = |mode: &Mode| u64::from(mode.width) * u64::from(mode.height);
        let nearest = offer.iter().min_by_key(|mode| (other_format(mode), area(mode).abs_diff(wanted)));
        let nearest = *nearest.ok_or(EINVAL)?;
        self.common(|common| {
            if common.holder.is_some() {
                return Err(EBUSY);
            }
            common.mode = nearest;
            Ok(())
        })?;
        describe(nearest, argument);
        Ok(())
    }

    fn rate(&self, argument: &mut [u8]) {
        let mode = self.mode();
        put(argument, 4, 0x1000);
        put(argument, 12, mode.seconds);
        put(argument, 16, mode.pictures);
    }

    fn set_rate(&self, offer: &[Mode], argument: &mut [u8]) -> Answer {
        let (seconds, pictures) = (f64::from(get(argument, 12)), f64::from(get(argument, 16)));
        let wanted = if seconds > 0.0 { pictures / seconds } else { 30.0 };
        self.common(|common| {
            let now = common.mode;
            if common.holder.is_some_and(|holder| holder != self.id) || self.state().streaming {
                return Err(EBUSY);
            }
            let same = |mode: &&Mode| (mode.fourcc, mode.width, mode.height) == (now.fourcc, now.width, now.height);
            let off = |mode: &Mode| (f64::from(mode.pictures) / f64::from(mode.seconds) - wanted).abs();
            if let Some(mode) = offer.iter().filter(same).min_by(|one, other| off(one).total_cmp(&off(other))) {
                common.mode = *mode;
            }
            Ok(())
        })?;
        self.rate(argument);
        Ok(())
    }

    fn request_buffers(&self, argument: &mut [u8]) -> Answer {
        let count = (get(argument, 0) as usize).min(MOST_BUFFERS);
        if self.state().streaming {
            return Err(EBUSY);
        }
        self.common(|common| {
            if common.holder.is_some_and(|holder| holder != self.id) {
                return Err(EBUSY);
            }
            common.holder = (count > 0).then_some(self.id);
            Ok(())
        })?;
        let mut state = self.state();
        state.buffers = count;
        state.queued.clear();
        put(argument, 0, count as u32);
        put(argument, 12, 1);
        Ok(())
    }

    fn query_buffer(&self, argument: &mut [u8]) -> Answer {
        let mode = self.mode();
        let state = self.state();
        let index = get(argument, 0) as usize;
        if index >= state.buffers {
            return Err(EINVAL);
        }
        put(argument, 12, FLAGS_MAPPED_MONOTONIC);
        put(argument, 60, 1);
        put(argument, 64, (index * BUFFER_BYTES) as u32);
        put(argument, 72, size_image(mode) as u32);
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
        put(argument, 12, FLAGS_MAPPED_MONOTONIC | 2);
        Ok(())
    }

    fn take_buffer(&self, argument: &mut [u8]) -> Answer {
        let mode = self.mode();
        let mut state = self.state();
        if !state.streaming {
            return Err(EINVAL);
        }
        if state.done.is_empty() && self.window.blocking() {
            let waits = |state: &mut State| state.done.is_empty() && state.streaming && !state.closed;
            state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        }
        let none = if state.gone { ENODEV } else { EAGAIN };
        let done = state.done.pop_front().ok_or(none)?;
        self.window.taken();
        put(argument, 0, done.index as u32);
        put(argument, 8, done.bytes_used as u32);
        put(argument, 12, FLAGS_MAPPED_MONOTONIC | if done.faulty { FLAG_ERROR } else { 0 });
        put(argument, 16, 1);
        put_long(argument, 24, done.taken.as_secs());
        put_long(argument, 32, u64::from(done.taken.subsec_micros()));
        put(argument, 56, done.sequence);
        put(argument, 60, 1);
        put(argument, 64, (done.index * BUFFER_BYTES) as u32);
        put(argument, 72, size_image(mode) as u32);
        Ok(())
    }

    fn start(&self) -> Answer {
        let mut state = self.state();
        if state.buffers == 0 {
            return Err(EINVAL);
        }
        state.streaming = true;
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    fn stop(&self) {
        let mut state = self.state();
        state.streaming = false;
        state.queued.clear();
        for _ in 0..state.done.len() {
            self.window.taken();
        }
        state.done.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// The thread of a handle: sleeps until the stream starts, then fills a buffer whenever one is due.
    fn send_pictures(&self) {
        loop {
            let state = self.state();
            let state = self
                .changed
                .wait_while(state, |state| !state.streaming && !state.closed)
                .unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return;
            }
            drop(state);
            self.run_stream(self.mode());
        }
    }

    /// Pictures are due at fixed times from the start, whoever reads them; those of the past are lost.
    fn run_stream(&self, mode: Mode) {
        let mut due = monotonic();
        let mut sequence = 0u32;
        let mut last = (0, 0);
        loop {
            let period = Orders::now().slow.map_or_else(
                || Duration::from_secs(mode.seconds.into()) / mode.pictures,
                |rate| Duration::from_secs(1) / rate,
            );
            due += period;
            loop {
                if !self.may_go_on() {
                    return;
                }
                let left = due.saturating_sub(monotonic());
                if left.is_zero() {
                    break;
                }
                thread::sleep(left.min(NAP));
            }
            while monotonic().saturating_sub(due) > period {
                due += period;
                sequence += 1;
            }
            self.deliver(mode, due, sequence, &mut last);
            sequence += 1;
        }
    }

    /// False when the stream is over; an unplugged one is told so by a wake-up whose picture is not there.
    fn may_go_on(&self) -> bool {
        let there = self.there(&Orders::now());
        let mut state = self.state();
        if !there && !state.gone && !state.closed {
            state.gone = true;
            self.window.ready();
            self.changed.notify_all();
        }
        state.streaming && !state.gone && !state.closed
    }

    /// `last`: which picture was sent before, and its number, for whoever has to send it again.
    fn deliver(&self, mode: Mode, due: Duration, sequence: u32, last: &mut (usize, u64)) {
        let orders = Orders::now();
        let order = orders.pictures;
        let sent = match order {
            Pictures::Sized(width, height) => Mode { width, height, ..mode },
            _ => mode,
        };
        // A green picture stands for a wrong format, and that is the JPEG only.
        let right_anyway = orders.folder == "green" && mode.fourcc != MJPG;
        let all = pictures::of(if right_anyway { "" } else { &orders.folder }, sent);
        if order != Pictures::Repeated {
            *last = (sequence as usize % all.len(), due.as_nanos() as u64);
        }
        let (index, unique) = *last;
        let picture = all[index % all.len()].as_slice();
        let spoiled = match order {
            Pictures::Stalled => return,
            Pictures::NoTables if mode.fourcc == MJPG => Some(without_tables(picture)),
            Pictures::Noise => Some(noise(unique, picture.len())),
            Pictures::Zero => Some(Vec::new()),
            _ => None,
        };
        let whole = spoiled.as_deref().unwrap_or(picture);
        let comment = due_comment(unique);
        let number = unique.to_ne_bytes();
        // The number makes each picture differ, as a sensor's noise would; in raw ones it is in the first eight bytes.
        let parts: [&[u8]; 3] = match order {
            Pictures::Noise | Pictures::Zero => [whole, &[], &[]],
            _ if sent.fourcc == MJPG => [&whole[..2], &comment, &whole[2..]],
            _ => [&number, &whole[8..], &[]],
        };
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let bytes_used = match order {
            Pictures::Short => len / 2,
            Pictures::Odd => len - 1,
            _ => len,
        };
        let back = order == Pictures::TimeBack && sequence % 2 == 1;
        let taken = if back { due.saturating_sub(JUMP_BACK) } else { due };
        let mut state = self.state();
        if state.closed || state.gone || !state.streaming {
            return; // the descriptor may belong to somebody else by now
        }
        let Some(index) = state.queued.pop_front() else { return };
        self.window.fill(index, &within(parts, bytes_used));
        state.done.push_back(Done { index, bytes_used, faulty: order == Pictures::Marked, taken, sequence });
        self.window.ready();
        drop(state);
        self.changed.notify_all();
    }
}

/// The first so many bytes of three parts.
fn within(parts: [&[u8]; 3], len: usize) -> [&[u8]; 3] {
    let mut room = len;
    parts.map(|part| {
        let taken = part.len().min(room);
        room -= taken;
        &part[..taken]
    })
}

fn size_image(mode: Mode) -> usize {
    let area = (mode.width * mode.height) as usize;
    let bytes = match &mode.fourcc {
        b"NV12" => area * 3 / 2,
        b"GREY" => area,
        _ => area * 2,
    };
    bytes.next_multiple_of(PAGE).min(BUFFER_BYTES)
}

fn describe(mode: Mode, argument: &mut [u8]) {
    argument[8..].fill(0);
    put(argument, 8, mode.width);
    put(argument, 12, mode.height);
    put(argument, 16, u32::from_le_bytes(mode.fourcc));
    put(argument, 20, 1);
    put(
        argument,
        24,
        match &mode.fourcc {
            b"YUYV" => mode.width * 2,
            b"NV12" | b"GREY" => mode.width,
            _ => 0,
        },
    );
    put(argument, 28, size_image(mode) as u32);
    put(argument, 32, 7);
}

/// The formats on offer, each once, in their order.
fn formats(offer: &[Mode]) -> Vec<[u8; 4]> {
    let mut formats: Vec<[u8; 4]> = Vec::new();
    for mode in offer {
        if !formats.contains(&mode.fourcc) {
            formats.push(mode.fourcc);
        }
    }
    formats
}

fn enum_format(offer: &[Mode], argument: &mut [u8]) -> Answer {
    let fourcc =
        *formats(offer).get(get(argument, 0) as usize).filter(|_| get(argument, 4) == CAPTURE).ok_or(EINVAL)?;
    put(argument, 8, u32::from(fourcc == MJPG));
    put_text(argument, 12, 32, if fourcc == MJPG { "Motion-JPEG" } else { "Raw" });
    put(argument, 44, u32::from_le_bytes(fourcc));
    Ok(())
}

fn enum_size(offer: &[Mode], argument: &mut [u8]) -> Answer {
    let fourcc = get(argument, 4).to_le_bytes();
    let mut sizes: Vec<(u32, u32)> =
        offer.iter().filter(|mode| mode.fourcc == fourcc).map(|mode| (mode.width, mode.height)).collect();
    sizes.dedup();
    let (width, height) = *sizes.get(get(argument, 0) as usize).ok_or(EINVAL)?;
    put(argument, 8, 1);
    put(argument, 12, width);
    put(argument, 16, height);
    Ok(())
}

fn enum_interval(offer: &[Mode], argument: &mut [u8]) -> Answer {
    let kind = (get(argument, 4).to_le_bytes(), get(argument, 8), get(argument, 12));
    let mut modes = offer.iter().filter(|mode| (mode.fourcc, mode.width, mode.height) == kind);
    let mode = modes.nth(get(argument, 0) as usize).ok_or(EINVAL)?;
    put(argument, 16, 1);
    put(argument, 20, mode.seconds);
    put(argument, 24, mode.pictures);
    Ok(())
}

fn describe_input(argument: &mut [u8]) -> Answer {
    if get(argument, 0) != 0 {
        return Err(EINVAL);
    }
    argument[4..].fill(0);
    put_text(argument, 4, 32, "Camera 1");
    put(argument, 36, 2);
    Ok(())
}

/// Both forms of the question differ in where the numbers stand, and how wide they are.
fn describe_control(argument: &mut [u8]) -> Answer {
    let (control, _) = controls::find(get(argument, 0)).ok_or(EINVAL)?;
    let Control { id, title, kind, smallest, largest, step, usual, .. } = control;
    argument.fill(0);
    put(argument, 0, id);
    put(argument, 4, kind as u32);
    put_text(argument, 8, 32, title);
    let step = if kind == Kind::Menu { 1 } else { step };
    if argument.len() < 100 {
        for (at, number) in [(40, smallest), (44, largest), (48, step), (52, usual)] {
            put(argument, at, number as u32);
        }
        put(argument, 56, controls::flags(control));
    } else {
        for (at, number) in [(40, smallest), (48, largest), (56, step), (64, usual)] {
            put_long(argument, at, number as u64);
        }
        put(argument, 72, controls::flags(control));
        put(argument, 76, 4);
        put(argument, 80, 1);
    }
    Ok(())
}

fn describe_menu(argument: &mut [u8]) -> Answer {
    let (control, _) = controls::find(get(argument, 0)).ok_or(EINVAL)?;
    let text = controls::menu_text(control, get(argument, 4).into()).ok_or(EINVAL)?;
    put_text(argument, 8, 32, text);
    Ok(())
}

/// The number of a node by its name, if it may be one of ours.
pub(crate) fn node_number(name: &[u8]) -> Option<u32> {
    let number: u32 = std::str::from_utf8(name.strip_prefix(b"video")?).ok()?.parse().ok()?;
    (number >= FIRST_NODE).then_some(number)
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
    bytes[at..at + room].fill(0);
    bytes[at..at + len].copy_from_slice(&text.as_bytes()[..len]);
}
