//! The camera behind the descriptors: what it answers, and when it sends a picture.

use std::collections::VecDeque;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::controls::Controls;
use crate::descriptors::{self, ENDPOINT, GREY, PAYLOAD_BYTES, Shape};
use crate::usbip::{self, BUS_ERROR, CANCELLED, Message, STALLED};
use crate::{Event, say};

/// Tries to plug in again while the kernel still tidies up the last time, and the pause between them.
const PLUG_TRIES: u32 = 100;
const PLUG_PAUSE: Duration = Duration::from_millis(100);
const HEADER_BYTES: usize = 2;

/// What may be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Plug,
    Unplug,
    /// No pictures any more; the device stays.
    Stall,
    /// Whole pictures again.
    Go,
    /// The first half of each.
    Truncate,
    /// Pictures without a byte.
    Empty,
    /// Random bytes.
    Garbage,
    /// As `Plug`, into another port.
    PlugInto(u32),
    /// So many transfers fail on the bus; their bytes are lost.
    BusErrors(u32),
    /// So many pictures carry the error bit in their headers.
    ErrorBits(u32),
}

impl Verb {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "plug" => Self::Plug,
            "unplug" => Self::Unplug,
            "stall" => Self::Stall,
            "go" => Self::Go,
            "truncate" => Self::Truncate,
            "empty" => Self::Empty,
            "garbage" => Self::Garbage,
            _ => {
                let (verb, number) = text.split_once(' ')?;
                let number = number.parse().ok()?;
                match verb {
                    "plug" => Self::PlugInto(number),
                    "eproto" => Self::BusErrors(number),
                    "errbit" => Self::ErrorBits(number),
                    _ => return None,
                }
            }
        })
    }
}

struct Waiting {
    seq: u32,
    len: usize,
}

/// A picture on its way, and how much of it has gone.
struct Sending {
    bytes: Vec<u8>,
    at: usize,
    marked: bool,
}

pub(crate) struct Camera {
    shape: Shape,
    events: Sender<Event>,
    socket: Option<UnixStream>,
    plugs: u32,
    /// Probe and commit share one block: nobody asks for one while setting the other.
    chosen: [u8; 26],
    waiting: VecDeque<Waiting>,
    sending: Option<Sending>,
    streaming: bool,
    due: Instant,
    frame_id: u8,
    count: u64,
    manner: Verb,
    bus_errors: u32,
    error_bits: u32,
    controls: Controls,
}

#[allow(clippy::disallowed_methods, reason = "a camera has its own clock")]
fn now() -> Instant {
    Instant::now()
}

impl Camera {
    pub(crate) fn new(shape: Shape, events: Sender<Event>) -> Self {
        let chosen = negotiated(&shape, 1, 1, shape.interval);
        Self {
            shape,
            events,
            socket: None,
            plugs: 0,
            chosen,
            waiting: VecDeque::new(),
            sending: None,
            streaming: false,
            due: now(),
            frame_id: 0,
            count: 0,
            manner: Verb::Go,
            bus_errors: 0,
            error_bits: 0,
            controls: Controls::new(),
        }
    }

    pub(crate) fn run(mut self, events: &Receiver<Event>) -> io::Result<()> {
        self.plug()?;
        loop {
            let event = if self.wants_to_send() {
                events.recv_timeout(self.due.saturating_duration_since(now()))
            } else {
                events.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match event {
                Ok(Event::Usb(plug, message)) if plug == self.plugs => self.hear(message),
                Ok(Event::Gone(plug)) if plug == self.plugs => self.unplugged(),
                Ok(Event::Usb(..) | Event::Gone(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Verb(Verb::Plug)) => self.plug()?,
                Ok(Event::Verb(Verb::Unplug)) => self.unplugged(),
                Ok(Event::Verb(Verb::PlugInto(port))) => {
                    self.unplugged();
                    self.shape.port = port;
                    self.plug()?;
                }
                Ok(Event::Verb(Verb::BusErrors(count))) => self.bus_errors = count,
                Ok(Event::Verb(Verb::ErrorBits(count))) => self.error_bits = count,
                Ok(Event::Verb(manner)) => self.manner = manner,
                Ok(Event::Over) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            self.send();
        }
    }

    fn plug(&mut self) -> io::Result<()> {
        self.unplugged();
        let mut tries = 0;
        let socket = loop {
            let free = !usbip::still_known(self.shape.port);
            match if free { usbip::plug(self.shape.port) } else { Err(io::ErrorKind::ResourceBusy.into()) } {
                Ok(socket) => break socket,
                Err(error) if tries >= PLUG_TRIES => return Err(error),
                Err(_) => thread::sleep(PLUG_PAUSE),
            }
            tries += 1;
        };
        self.plugs += 1;
        let (reader, plug, events) = (socket.try_clone()?, self.plugs, self.events.clone());
        thread::spawn(move || {
            while let Ok(message) = usbip::read(&reader) {
                if events.send(Event::Usb(plug, message)).is_err() {
                    return;
                }
            }
            let _ = events.send(Event::Gone(plug));
        });
        self.socket = Some(socket);
        say("plugged");
        Ok(())
    }

    fn unplugged(&mut self) {
        if let Some(socket) = self.socket.take() {
            let _ = socket.shutdown(std::net::Shutdown::Both);
            say("unplugged");
        }
        self.waiting.clear();
        self.sending = None;
        self.streaming = false;
    }

    /// Runs something on the socket; when the kernel has closed it, the reader thread says so.
    fn on_wire(&self, act: impl FnOnce(&UnixStream) -> io::Result<()>) {
        if let Some(socket) = &self.socket {
            let _ = act(socket);
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Unlink { seq, target } => {
                let before = self.waiting.len();
                self.waiting.retain(|waiting| waiting.seq != target);
                let status = if self.waiting.len() < before { CANCELLED } else { 0 };
                self.on_wire(|socket| usbip::unlinked(socket, seq, status));
            }
            Message::Submit { seq, endpoint, inward: true, len, .. } if endpoint != 0 => {
                self.waiting.push_back(Waiting { seq, len });
            }
            Message::Submit { seq, endpoint, len, .. } if endpoint != 0 => {
                self.on_wire(|socket| usbip::accept(socket, seq, len));
            }
            Message::Submit { seq, inward: true, len, setup, .. } => match self.read_request(setup) {
                Some(mut bytes) => {
                    bytes.truncate(len);
                    self.on_wire(|socket| usbip::answer(socket, seq, 0, &bytes));
                }
                None => self.on_wire(|socket| usbip::answer(socket, seq, STALLED, &[])),
            },
            Message::Submit { seq, len, setup, data, .. } => {
                let taken = self.write_request(setup, &data);
                self.on_wire(|socket| {
                    if taken { usbip::accept(socket, seq, len) } else { usbip::answer(socket, seq, STALLED, &[]) }
                });
            }
        }
    }

    fn read_request(&self, setup: [u8; 8]) -> Option<Vec<u8>> {
        let [kind, request, value_low, value_high, index, unit, ..] = setup;
        match (kind, request) {
            (0x80, 6) => match value_high {
                1 => Some(descriptors::device(&self.shape)),
                2 => Some(descriptors::configuration(&self.shape)),
                3 => descriptors::text(&self.shape, value_low),
                _ => None,
            },
            (0x80 | 0x81, 0) => Some(vec![0, 0]),
            (0x80, 8) => Some(vec![1]),
            // Class requests of interface 1: selector 1 is probe, 2 is commit.
            (0xA1, request) if index == 1 && matches!(value_high, 1 | 2) => match request {
                0x81..=0x83 | 0x87 => Some(self.chosen.to_vec()),
                0x85 => Some(vec![26, 0]),
                0x86 => Some(vec![3]),
                _ => None,
            },
            (0xA1, request) if index == 0 && self.shape.controls => self.controls.read(unit, value_high, request),
            _ => None,
        }
    }

    /// Does what the driver asks; false is a stall.
    fn write_request(&mut self, setup: [u8; 8], data: &[u8]) -> bool {
        let [kind, request, value_low, value_high, index, unit, ..] = setup;
        if (kind, index) == (0x21, 0) && unit != 0 {
            return self.shape.controls && self.controls.write(unit, value_high, request, data);
        }
        if (kind, request, index) == (0x21, 0x01, 1) && data.len() >= 8 {
            let interval = u32::from_le_bytes([data[4], data[5], data[6], data[7]]);
            self.chosen = negotiated(&self.shape, data[2], data[3], interval);
            if value_high == 2 {
                self.start();
            }
        }
        let stops = (kind, request, value_low, index) == (0x02, 1, 0, ENDPOINT);
        if stops {
            self.streaming = false;
            self.sending = None;
        }
        true
    }

    fn start(&mut self) {
        self.streaming = true;
        self.sending = None;
        self.due = now();
    }

    fn wants_to_send(&self) -> bool {
        self.streaming && !self.waiting.is_empty() && (self.sending.is_some() || self.manner != Verb::Stall)
    }

    /// Fills waiting transfers with the picture on its way, or with the next one when it is due.
    fn send(&mut self) {
        while self.wants_to_send() {
            if self.sending.is_none() {
                if now() < self.due {
                    return;
                }
                self.begin_picture();
            }
            let (Some(sending), Some(transfer)) = (self.sending.as_mut(), self.waiting.pop_front()) else { return };
            let fails = self.bus_errors > 0;
            let room = transfer.len.min(PAYLOAD_BYTES as usize).saturating_sub(HEADER_BYTES);
            let end = (sending.at + room).min(sending.bytes.len());
            let last = end == sending.bytes.len();
            let mut payload = vec![HEADER_BYTES as u8, 0x80 | self.frame_id | if last { 2 } else { 0 }];
            payload[1] |= if sending.marked { 0x40 } else { 0 };
            payload.extend_from_slice(&sending.bytes[sending.at..end]);
            sending.at = end;
            if last {
                self.sending = None;
                self.frame_id ^= 1;
            }
            if fails {
                self.bus_errors -= 1;
                self.on_wire(|socket| usbip::answer(socket, transfer.seq, BUS_ERROR, &[]));
            } else {
                self.on_wire(|socket| usbip::answer(socket, transfer.seq, 0, &payload));
            }
        }
    }

    fn begin_picture(&mut self) {
        let frame = usize::from(self.chosen[3]).clamp(1, self.shape.modes.len()) - 1;
        let interval = u32::from_le_bytes([self.chosen[4], self.chosen[5], self.chosen[6], self.chosen[7]]);
        let period = Duration::from_nanos(100 * u64::from(interval));
        // A reader that falls behind gets the present, not the past.
        self.due = (self.due + period).max(now());
        let pictures = &self.shape.modes[frame].pictures;
        let picture = &pictures[self.count as usize % pictures.len()];
        self.count += 1;
        let whole = with_comment(picture, self.count);
        let bytes = match self.manner {
            Verb::Truncate => whole[..whole.len() / 2].to_vec(),
            Verb::Empty => Vec::new(),
            Verb::Garbage => noise(self.count, whole.len()),
            _ => whole,
        };
        let marked = self.error_bits > 0;
        self.error_bits = self.error_bits.saturating_sub(1);
        self.sending = Some(Sending { bytes, at: 0, marked });
    }
}

/// The 26 bytes of a negotiation: format, frame and interval as wished where they are offered.
fn negotiated(shape: &Shape, format: u8, frame: u8, interval: u32) -> [u8; 26] {
    let grey = format == GREY && shape.grey;
    let frame = if grey { 1 } else { frame.clamp(1, shape.modes.len() as u8) };
    let offered = shape.intervals();
    let offered = if grey { &offered[2..] } else { &offered };
    let interval = offered.iter().min_by_key(|offered| offered.abs_diff(interval)).unwrap_or(&shape.interval);
    let room =
        if grey { descriptors::grey_bytes() } else { descriptors::frame_bytes(&shape.modes[usize::from(frame) - 1]) };
    let mut block = [0; 26];
    block[0] = 1;
    block[2] = if grey { GREY } else { 1 };
    block[3] = frame;
    block[4..8].copy_from_slice(&interval.to_le_bytes());
    block[18..22].copy_from_slice(&room.to_le_bytes());
    block[22..26].copy_from_slice(&PAYLOAD_BYTES.to_le_bytes());
    block
}

/// A comment behind the start marker, bytes 2 to 13: `FF FE 00 0A`, then how many pictures there were before it, counted from
/// one over all streams, eight bytes, the highest first. It makes each picture differ, as a sensor's noise would, and tells which it is.
fn with_comment(picture: &[u8], number: u64) -> Vec<u8> {
    let mut bytes = picture[..2].to_vec();
    bytes.extend([0xFF, 0xFE, 0, 10]);
    bytes.extend(number.to_be_bytes());
    bytes.extend(&picture[2..]);
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
