//! The drawn learner as a camera, played faster than life; and a camera that plays faults on command with the same pictures.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use likeness_camera::{Camera, FrameMaker, Mode, Move, Pixels, Purpose, Rate, Sources, encode_rgb};
use likeness_studio::{PracticeLearner, Script};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

/// Only one test at a time sits before a camera: each plays in real time and wants the processor.
static STAGE: AsyncMutex<()> = AsyncMutex::const_new(());

/// How much faster than life the learner fumbles: a bad moment still lasts long enough for a hint.
const PACE: f32 = 4.0;

/// Drawing the heads for the first time takes this long at the very most.
const DRAWN_WITHIN: Duration = Duration::from_mins(3);

/// Waits for the turn before the camera.
pub async fn stage() -> MutexGuard<'static, ()> {
    STAGE.lock().await
}

/// Where heads drawn once are kept for every test and run.
pub fn heads() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("practice-heads")
}

/// Which learner: `LIKENESS_SEED` chooses another one.
fn seed() -> u64 {
    let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    println!("seed: {seed} (LIKENESS_SEED={seed} draws the same learner)");
    seed
}

fn learner() -> PracticeLearner {
    let mut learner = PracticeLearner::new(seed(), Some(heads()));
    assert!(learner.wait_until_drawn(DRAWN_WITHIN), "the learner must be drawn in time");
    learner.set_pace(PACE);
    learner
}

fn script_for(purpose: Purpose) -> Script {
    match purpose {
        Purpose::Check => Script::Neutral,
        Purpose::Face => Script::WalkIn,
        Purpose::FaceWithCard => Script::WalkInWithCard,
        Purpose::IdCard => Script::Id,
    }
}

/// The practice camera, as the composition root makes it.
pub fn practice_camera() -> Camera {
    Camera::start(Sources { native: false, synthetic: Some(Box::new(Sitting::practice())) })
}

/// The drawn learner, who does before the camera what it is opened for.
pub struct Sitting(PracticeLearner);

impl Sitting {
    /// The one of practice mode.
    pub fn practice() -> Self {
        Self(learner())
    }
}

impl FrameMaker for Sitting {
    fn label(&self) -> String {
        "Practice camera".to_owned()
    }

    fn size_px(&self) -> (u16, u16) {
        self.0.size_px()
    }

    fn fps(&self) -> u16 {
        self.0.fps()
    }

    fn begin(&mut self, purpose: Purpose) {
        self.0.begin(script_for(purpose));
    }

    fn draw(&mut self, since_begin: Duration, rgb: &mut Vec<u8>) {
        self.0.draw(since_begin, rgb);
    }
}

/// What the played camera suffers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Another program holds it.
    Busy,
    /// The system does not let this user open it.
    Denied,
    /// It was pulled out.
    Unplugged,
    /// It sends nothing.
    Silent,
    /// It sends the same picture for ever.
    Frozen,
    /// Half of each picture is missing.
    Torn,
    /// What it sends is no picture.
    Noise,
    /// The binding to its driver panics.
    Panicking,
    /// Something is in front of its lens.
    Covered,
    /// A call into its driver does not come back for half a minute.
    Hanging,
}

#[derive(Debug, Clone, Copy)]
struct Orders {
    fault: Fault,
    script: Script,
    /// So many pictures are still sent before the plug is pulled.
    unplug_after: Option<u32>,
}

/// Directs a played camera while it runs.
#[derive(Clone)]
pub struct Director(Arc<Mutex<Orders>>);

impl Director {
    /// A camera that works, with the learner sitting well before it, and the one who directs it.
    pub fn with_camera() -> (Self, Camera) {
        Self::with(true, None)
    }

    /// The same, but the system says of the camera that it is a program.
    pub fn with_virtual_camera() -> (Self, Camera) {
        Self::with(false, None)
    }

    /// The same as the first, but with so few pictures a second.
    pub fn with_slow_camera(pictures_a_second: u16) -> (Self, Camera) {
        Self::with(true, Some(pictures_a_second))
    }

    fn with(drawn: bool, pictures_a_second: Option<u16>) -> (Self, Camera) {
        let mut learner = learner();
        // Good at once: these tests are about faults, not about fumbling.
        learner.set_pace(100.0);
        let (width_px, height_px) = learner.size_px();
        let fps = Rate::whole(pictures_a_second.unwrap_or(learner.fps()));
        let mode = Mode { width_px, height_px, fps, pixels: Pixels::Mjpeg };
        let director =
            Self(Arc::new(Mutex::new(Orders { fault: Fault::None, script: Script::Neutral, unplug_after: None })));
        let played = Played { orders: director.clone(), learner, on: None, drawn: 0, last: Vec::new() };
        (director, Camera::start_played(Box::new(played), &[mode], drawn))
    }

    /// From now on the camera suffers from this, and from nothing that was still to come.
    pub fn fault(&self, fault: Fault) {
        self.change(|orders| (orders.fault, orders.unplug_after) = (fault, None));
    }

    /// The plug is pulled after so many more pictures.
    pub fn unplug_after(&self, pictures: u32) {
        self.change(|orders| orders.unplug_after = Some(pictures));
    }

    /// From now on this is played before it.
    pub fn play(&self, script: Script) {
        self.change(|orders| orders.script = script);
    }

    fn change(&self, what: impl FnOnce(&mut Orders)) {
        what(&mut self.0.lock().expect("no test panics while it directs"));
    }

    /// One more picture is asked for.
    fn count_picture(&self) {
        self.change(|orders| match orders.unplug_after {
            Some(0) => (orders.fault, orders.unplug_after) = (Fault::Unplugged, None),
            Some(pictures) => orders.unplug_after = Some(pictures - 1),
            None => {}
        });
    }

    fn orders(&self) -> Orders {
        *self.0.lock().expect("no test panics while it directs")
    }
}

struct Played {
    orders: Director,
    learner: PracticeLearner,
    on: Option<Script>,
    drawn: u32,
    last: Vec<u8>,
}

impl Played {
    fn fresh_picture(&mut self, script: Script) -> Vec<u8> {
        if self.on != Some(script) {
            self.on = Some(script);
            self.learner.begin(script);
        }
        self.drawn += 1;
        let (width_px, height_px) = self.learner.size_px();
        let mut rgb = Vec::new();
        self.learner.draw(Duration::from_mins(1) + Duration::from_millis(66) * self.drawn, &mut rgb);
        encode_rgb(&rgb, width_px, height_px, 85).expect("a drawn picture can be encoded")
    }
}

impl Played {
    /// As black as a sensor gives: with a little noise, else it would be the same picture for ever.
    fn black_picture(&mut self) -> Vec<u8> {
        self.drawn += 1;
        let (width_px, height_px) = self.learner.size_px();
        noise((width_px, height_px), 4, self.drawn)
    }
}

/// A grey picture of values from 0 to below `brightest`, another one for each `number`.
pub fn noise((width_px, height_px): (u16, u16), brightest: u32, number: u32) -> Vec<u8> {
    let mut state = number.wrapping_mul(2_654_435_761) | 1;
    let mut rgb = Vec::with_capacity(usize::from(width_px) * usize::from(height_px) * 3);
    for _ in 0..u32::from(width_px) * u32::from(height_px) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = u8::try_from((state >> 16) % brightest).unwrap_or(u8::MAX);
        rgb.extend([value; 3]);
    }
    encode_rgb(&rgb, width_px, height_px, 85).expect("noise can be encoded")
}

impl likeness_camera::Script for Played {
    fn open(&mut self, _opens: u32) -> Result<(), i32> {
        match self.orders.orders().fault {
            Fault::Busy => Err(16),
            Fault::Denied => Err(13),
            Fault::Unplugged => Err(2),
            Fault::None
            | Fault::Silent
            | Fault::Frozen
            | Fault::Torn
            | Fault::Noise
            | Fault::Panicking
            | Fault::Covered
            | Fault::Hanging => Ok(()),
        }
    }

    fn picture(&mut self, _opens: u32, _number: u64) -> Move {
        self.orders.count_picture();
        let Orders { fault, script, .. } = self.orders.orders();
        match fault {
            Fault::None => {
                self.last = self.fresh_picture(script);
                Move::Picture(self.last.clone())
            }
            Fault::Frozen if self.last.is_empty() => {
                self.last = self.fresh_picture(script);
                Move::Picture(self.last.clone())
            }
            Fault::Frozen => Move::Picture(self.last.clone()),
            Fault::Torn => {
                let whole = self.fresh_picture(script);
                Move::Picture(whole[..whole.len() / 2].to_vec())
            }
            Fault::Noise => Move::Picture(vec![0x5A; 30_000]),
            Fault::Silent => Move::Nothing,
            Fault::Busy => Move::Error(16),
            Fault::Denied => Move::Error(13),
            Fault::Unplugged => Move::Error(19),
            Fault::Covered => Move::Picture(self.black_picture()),
            Fault::Panicking => Move::Panic,
            Fault::Hanging => Move::Hang(Duration::from_secs(30)),
        }
    }
}
