#![cfg(test)]
//! A running stream asks for no memory: what a picture needs goes round in the pool.
//!
//! A test program of its own, because it counts what the whole process allocates.
#![allow(unsafe_code, reason = "a global allocator that counts, and then does what the system's does")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use likeness_camera::{Camera, CameraState, Mode, Move, Pixels, Purpose, Rate, Script, encode_rgb};

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn count(layout: Layout) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(layout.size(), Ordering::Relaxed);
    LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
}

// SAFETY: every call goes on to the system's allocator with the same arguments; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: as the caller upholds.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: as the caller upholds.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller upholds.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MODE: Mode = Mode { width_px: 1280, height_px: 720, fps: Rate::whole(60), pixels: Pixels::Mjpeg };

/// Sends pictures that were made beforehand, more of them than are remembered as repeats.
struct Ready(Vec<Bytes>);

impl Script for Ready {
    fn open(&mut self, _: u32) -> Result<(), i32> {
        Ok(())
    }
    fn picture(&mut self, _: u32, number: u64) -> Move {
        let index = usize::try_from(number).unwrap_or(0) % self.0.len();
        Move::Shared(self.0[index].clone())
    }
}

fn pictures() -> Vec<Bytes> {
    let len = 3 * usize::from(MODE.width_px) * usize::from(MODE.height_px);
    (0..16u8)
        .map(|n| {
            let rgb: Vec<u8> =
                (0..len).map(|index| u8::try_from((index * 7 + index / 900) % 190).unwrap_or(0) + n).collect();
            Bytes::from(encode_rgb(&rgb, MODE.width_px, MODE.height_px, 85).unwrap())
        })
        .collect()
}

/// What was asked of the allocator during `watched`, for one picture.
fn asked_during(camera: &Camera, watched: Duration, read: impl Fn(&Camera, u64) -> u64) -> (usize, usize, usize) {
    let first = camera.newest().unwrap().seq();
    for counter in [&CALLS, &BYTES, &LARGEST] {
        counter.store(0, Ordering::Relaxed);
    }
    let last = read(camera, first);
    std::thread::sleep(watched);
    let pictures = usize::try_from(camera.newest().unwrap().seq().max(last) - first).unwrap().max(1);
    (
        CALLS.load(Ordering::Relaxed) / pictures,
        BYTES.load(Ordering::Relaxed) / pictures,
        LARGEST.load(Ordering::Relaxed),
    )
}

#[test]
#[allow(clippy::print_stdout, reason = "the counts are what this is about")]
fn a_running_stream_asks_for_no_memory_of_a_pictures_size() {
    let pictures = pictures();
    let picture_bytes = pictures[0].len();
    let camera = Camera::start_scripted(Box::new(Ready(pictures)), MODE);
    camera.open(None, Purpose::Face);
    let (mut revision, mut state) = camera.wait_state(u64::MAX, Duration::ZERO);
    while !matches!(state, CameraState::Live { .. }) {
        (revision, state) = camera.wait_state(revision, Duration::from_secs(5));
    }
    std::thread::sleep(Duration::from_secs(1));

    let (calls, bytes, largest) = asked_during(&camera, Duration::from_secs(2), |_, first| first);
    println!(
        "nobody looks: {calls} calls and {bytes} bytes a picture, largest {largest}; a picture has {picture_bytes} bytes"
    );
    assert!(bytes < 2_048 && largest < 16_384, "{calls} calls, {bytes} bytes, largest {largest}");

    // Whoever looks at pixels uses the same memory again and again, too. A reader that is late for once may need one buffer more.
    let decode = |camera: &Camera, first: u64| {
        let mut seq = first;
        for _ in 0..30 {
            let frame = camera.wait_newer(Some(seq), Duration::from_secs(5)).unwrap();
            seq = frame.seq();
            frame.planes().unwrap();
        }
        seq
    };
    decode(&camera, 0);
    let (calls, bytes, largest) = asked_during(&camera, Duration::ZERO, decode);
    println!("every picture decoded: {calls} calls and {bytes} bytes a picture, largest {largest}");
    assert!(bytes < picture_bytes / 8, "{calls} calls, {bytes} bytes, largest {largest}");
    camera.quit();
}
