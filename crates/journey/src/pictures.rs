//! The pictures the window may fetch: the live one under a random stream name, and review pictures under random one-time ids.
//!
//! Guarantees: an id that was taken back answers nothing any more; ids cannot be guessed (128 random bits); bytes are handed out, never kept elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use likeness_camera::Camera;

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
    last_seq: Option<u64>,
}

impl Pictures {
    /// An empty shelf in front of this camera.
    pub fn new(camera: Camera) -> Self {
        Self { camera, shelf: Arc::default() }
    }

    /// Opens a new live stream and gives its name; the one before it is closed.
    pub fn open_live(&self) -> String {
        let stream = random_name();
        self.lock().live = Some(Live { stream: stream.clone(), last_seq: None });
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
        let last_seq = match &self.lock().live {
            Some(live) if live.stream == stream => live.last_seq,
            _ => return PictureAnswer::Unknown,
        };
        let Some(frame) = self.camera.wait_newer(last_seq, wait) else { return PictureAnswer::NothingNew };
        match &mut self.lock().live {
            Some(live) if live.stream == stream => live.last_seq = Some(frame.seq()),
            _ => return PictureAnswer::Unknown,
        }
        let preview = frame.preview();
        // For the bench: which picture answered which request, and when it was taken. Off unless asked for by name.
        if let Some(captured) = frame.captured().and_then(|taken| taken.duration_since(UNIX_EPOCH).ok()) {
            tracing::trace!(request, captured_us = captured.as_micros(), "a live picture is handed over");
        }
        preview.map_or(PictureAnswer::NothingNew, PictureAnswer::Jpeg)
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
