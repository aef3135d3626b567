//! Aids: pictures with numbers, scripts from closures, and waiting for a state with a limit.

use std::time::{Duration, Instant};

use likeness_camera::{Camera, CameraState, Mode, Move, Pixels, Rate, Script, encode_rgb};

/// A size the server would take.
pub const MODE: Mode = Mode { width_px: 640, height_px: 480, fps: Rate::whole(30), pixels: Pixels::Mjpeg };

/// Generous, because the machine may be busy: five times what the product promises.
pub const SOON: Duration = Duration::from_secs(3);

/// A textured picture whose bytes differ with its number.
pub fn picture(number: u64) -> Vec<u8> {
    sized_picture(number, MODE.width_px, MODE.height_px)
}

/// The same in another size.
pub fn sized_picture(number: u64, width_px: u16, height_px: u16) -> Vec<u8> {
    let mut noise = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let rgb: Vec<u8> = (0..u64::from(width_px) * u64::from(height_px) * 3)
        .map(|index| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            u8::try_from((index / 7 + number * 11) % 160 + noise % 64).unwrap_or(0)
        })
        .collect();
    encode_rgb(&rgb, width_px, height_px, 85).unwrap()
}

/// A script from two closures.
pub struct Played<O, P>(pub O, pub P);

impl<O, P> Script for Played<O, P>
where
    O: FnMut(u32) -> Result<(), i32> + Send,
    P: FnMut(u32, u64) -> Move + Send,
{
    fn open(&mut self, opens: u32) -> Result<(), i32> {
        self.0(opens)
    }
    fn picture(&mut self, opens: u32, number: u64) -> Move {
        self.1(opens, number)
    }
}

/// Starts a played camera that opens at once and makes these moves.
pub fn playing(moves: impl FnMut(u32, u64) -> Move + Send + 'static) -> Camera {
    Camera::start_scripted(Box::new(Played(|_| Ok(()), moves)), MODE)
}

/// Waits until the state has this code (`None`: live); panics with what was seen instead.
#[track_caller]
pub fn expect_code(camera: &Camera, code: Option<&str>, within: Duration, because: &str) -> Duration {
    let began = now();
    let mut seen = Vec::new();
    let mut revision = u64::MAX;
    loop {
        let (next, state) = camera.wait_state(revision, within.saturating_sub(began.elapsed()));
        let reached = code.map_or(state.is_live(), |code| state.code() == Some(code));
        if next != revision {
            seen.push(state);
        }
        if reached {
            return began.elapsed();
        }
        assert!(began.elapsed() < within, "{because}: wanted {code:?} within {within:?}, saw {seen:?}");
        revision = next;
    }
}

/// Whether `code` shows up within this time.
pub fn shows(camera: &Camera, wanted: impl Fn(&CameraState) -> bool, within: Duration) -> bool {
    let began = now();
    let mut revision = u64::MAX;
    while began.elapsed() < within {
        let (next, state) = camera.wait_state(revision, within.saturating_sub(began.elapsed()));
        if wanted(&state) {
            return true;
        }
        revision = next;
    }
    false
}

#[allow(clippy::disallowed_methods, reason = "tests measure real threads")]
pub fn now() -> Instant {
    Instant::now()
}
