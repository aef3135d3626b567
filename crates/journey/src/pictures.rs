//! The pictures the window may fetch: the live one under a random stream name, and review pictures under random one-time ids.
//!
//! Guarantees: an id that was taken back answers nothing any more; ids cannot be guessed (128 random bits); bytes are handed out, never kept elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use likeness_camera::{Camera, Frame};

/// What a picture request gets.
#[derive(Debug)]
pub enum PictureAnswer {
    /// A JPEG.
    Jpeg(Bytes),
    /// No newer picture within the wait: keep the old one.
    NothingNew,
    /// No such picture.
    Unknown,
}

/// The shelf. Shared by the journey, which puts pictures on it, and the window's scheme, which fetches them.
#[derive(Clone)]
pub struct Pictures {
    camera: Camera,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Default)]
struct Shelf {
    live: Option<Live>,
    reviewed: HashMap<String, Bytes>,
}

struct Live {
    stream: String,
    last: Option<Handed>,
}

/// The picture handed over last: its number, and when it arrived.
#[derive(Clone, Copy)]
struct Handed {
    seq: u64,
    arrived: Instant,
}

/// Nobody sees more pictures a second than this in a preview, and each costs. Only a camera that is faster is held back:
/// the one that is not would lose a picture whenever two come a little close together.
const SHOWN_A_SECOND: f64 = 30.0;
/// A little less than the time between two of them, so that every second picture of a camera twice as fast is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(29);

/// Whether a picture comes too soon after the one before to be worth showing.
fn too_soon(camera_a_second: f64, since_last: Duration) -> bool {
    camera_a_second > SHOWN_A_SECOND + 1.0 && since_last < SHOWN_EVERY
}

impl Pictures {
    /// An empty shelf in front of this camera.
    pub fn new(camera: Camera) -> Self {
        Self { camera, shelf: Arc::default() }
    }

    /// Opens a new live stream and gives its name; the one before it is closed.
    pub fn open_live(&self) -> String {
        let stream = random_name();
        self.lock().live = Some(Live { stream: stream.clone(), last: None });
        stream
    }

    /// Closes the live stream.
    pub fn close_live(&self) {
        self.lock().live = None;
    }

    /// Puts a review picture on the shelf and gives its address.
    pub fn put(&self, jpeg: Vec<u8>) -> String {
        let id = random_name();
        self.lock().reviewed.insert(id.clone(), Bytes::from(jpeg));
        format!("photo.{id}")
    }

    /// Takes a review picture away.
    pub fn take_back(&self, address: &str) {
        if let Some(id) = address.strip_prefix("photo.") {
            self.lock().reviewed.remove(id);
        }
    }

    /// Answers `live.<stream>.<n>` and `photo.<id>`. Blocks up to `wait` for a newer live picture.
    pub fn answer(&self, name: &str, wait: Duration) -> PictureAnswer {
        let mut parts = name.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("photo"), Some(id), None, None) => {
                self.lock().reviewed.get(id).cloned().map_or(PictureAnswer::Unknown, PictureAnswer::Jpeg)
            }
            (Some("live"), Some(stream), Some(count), None) => match count.parse() {
                Ok(request) => self.live(stream, request, wait),
                Err(_) => PictureAnswer::Unknown,
            },
            _ => PictureAnswer::Unknown,
        }
    }

    fn live(&self, stream: &str, request: u64, wait: Duration) -> PictureAnswer {
        let last = match &self.lock().live {
            Some(live) if live.stream == stream => live.last,
            _ => return PictureAnswer::Unknown,
        };
        let Some(frame) = self.next_to_show(last, wait) else { return PictureAnswer::NothingNew };
        match &mut self.lock().live {
            Some(live) if live.stream == stream => {
                live.last = Some(Handed { seq: frame.seq(), arrived: frame.arrived() });
            }
            _ => return PictureAnswer::Unknown,
        }
        let preview = frame.preview();
        // For the bench: which picture answered which request, and when it was taken. Off unless asked for by name.
        if let Some(captured) = frame.captured().and_then(|taken| taken.duration_since(UNIX_EPOCH).ok()) {
            tracing::trace!(request, captured_us = captured.as_micros(), "a live picture is handed over");
        }
        preview.map_or(PictureAnswer::NothingNew, PictureAnswer::Jpeg)
    }

    fn next_to_show(&self, last: Option<Handed>, wait: Duration) -> Option<Arc<Frame>> {
        let mut seen = last.map(|last| last.seq);
        loop {
            let frame = self.camera.wait_newer(seen, wait)?;
            let since = last.map(|last| frame.arrived().saturating_duration_since(last.arrived));
            if !since.is_some_and(|since| too_soon(frame.mode().fps.per_second(), since)) {
                return Some(frame);
            }
            seen = Some(frame.seq());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 random bits as text. Without randomness nothing here would be safe, and the system itself is broken: the name then is one nobody is told.
fn random_name() -> String {
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        tracing::error!(code = "no-randomness");
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(camera_a_second: f64, since_last_ms: u64, expected: bool, because: &str) {
        assert_eq!(too_soon(camera_a_second, Duration::from_millis(since_last_ms)), expected, "{because}");
    }

    #[test]
    fn only_a_fast_camera_is_held_back() {
        check(30.0, 20, false, "two pictures of a camera at 30 a second may come close together");
        check(29.97, 5, false, "a picture that was late does not cost the next one");
        check(60.0, 17, true, "every second picture of 60 is enough");
        check(60.0, 33, false, "and that one is shown");
        check(60.0, 31, false, "even when it is early by a little");
    }
}
