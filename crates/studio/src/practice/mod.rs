//! Plays the practice learner in real time: a person who fumbles a little and then gets it right.
//!
//! Frames are put together from pieces drawn beforehand (see `stage`), so that one costs a few milliseconds.
//! Guarantees: every frame carries SPECIMEN in its lower left corner; no two frames are equal, for the sensor's
//! noise goes on; once good, a script stays good. While pieces are still being drawn the picture shows less
//! (an empty room, a head that does not turn), never a wrong thing.
//!
//! Refuses to know: cameras, clocks. Time is told with every frame.

mod script;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

pub use script::{Moment, Script, Timing};

use crate::geometry::{Homography, Pinhole, Turn, v3};
use crate::march::Lamps;
use crate::mark::Mark;
use crate::picture::{Curve, UNIT};
use crate::render::{BASE_EXPOSURE, CardPlace};
use crate::scene::{CARD_WIDTH_MM, CardScene, EYES_TO_CHIN_MM, Glare, Light};
use crate::seed::Dice;
use crate::sheet::Sheet;
use script::{CardStance, Stance, eyes_open_at};
use stage::{Backdrop, Head, Maker, Pieces, Stage, TURNS_DEG, practice_room};

const WIDTH_PX: usize = 1280;
const HEIGHT_PX: usize = 720;
const FPS: u16 = 15;
/// Entries of the noise table; a power of two.
const NOISE_LENGTH: usize = 1 << 16;
/// Standard deviation of the sensor's noise in stored steps at right exposure.
const NOISE: f32 = 1.3;
/// Light is never divided further than this by a dark moment's noise.
const MOST_NOISE: f32 = 2.4;

/// The practice learner. One per camera.
#[derive(Debug)]
pub struct PracticeLearner {
    seed: u64,
    pace: f32,
    script: Script,
    /// The last face photo was taken with the card beside the head: the card has two sides, and its name side comes next.
    two_sided: bool,
    stage: Arc<Stage>,
    maker: Option<JoinHandle<()>>,
    room: Arc<Backdrop>,
    noise: Vec<[i8; 3]>,
    mark: Mark,
    curve: (f32, Curve),
    row: Vec<[u32; 3]>,
    lit: u32,
}

impl PracticeLearner {
    /// The learner of this seed. Returns at once; the person is drawn meanwhile by a thread that ends with this value.
    ///
    /// `cache_dir`: where drawn heads are kept for the next time; it need not exist. `None` keeps nothing.
    pub fn new(seed: u64, cache_dir: Option<PathBuf>) -> Self {
        let stage = Arc::new(Stage::default());
        let maker = Maker { stage: Arc::clone(&stage), seed, cache_dir, size: (WIDTH_PX, HEIGHT_PX) };
        // Without a thread the room stays empty; the camera then says that nobody is there, which is true.
        let maker = std::thread::Builder::new().name("studio-practice".to_owned()).spawn(move || {
            let _stopped_early = maker.make_all();
        });
        let room = practice_room(seed, WIDTH_PX, HEIGHT_PX);
        let mut dice = Dice::new(seed, 5);
        let lit =
            Lamps::new(&Light::default()).irradiance(v3(0.0, 0.0, 1.0)).dot(v3(0.2126, 0.7152, 0.0722)) * BASE_EXPOSURE;
        Self {
            seed,
            pace: 1.0,
            script: Script::Neutral,
            two_sided: false,
            stage,
            maker: maker.ok(),
            room: Arc::new(Backdrop::new(&room)),
            noise: noise_table(&mut dice),
            mark: Mark::new(WIDTH_PX, HEIGHT_PX),
            curve: (1.0, Curve::new(1.0)),
            row: vec![[0; 3]; WIDTH_PX],
            lit: (lit * 256.0) as u32,
        }
    }

    /// Width and height of every frame.
    pub fn size_px(&self) -> (u16, u16) {
        (WIDTH_PX as u16, HEIGHT_PX as u16)
    }

    /// Frames a second this camera plays.
    pub fn fps(&self) -> u16 {
        FPS
    }

    /// Lets scripts run faster or slower: 2 halves every moment and move. Held between 0.05 and 100; other numbers change nothing.
    pub fn set_pace(&mut self, pace: f32) {
        if pace.is_finite() {
            self.pace = pace.clamp(0.05, 100.0);
        }
    }

    /// Starts a script; the next frame is drawn from its beginning. After [`Script::WalkInWithCard`] the card of
    /// [`Script::Id`] shows its name side, after [`Script::WalkIn`] the side with portrait and name.
    pub fn begin(&mut self, script: Script) {
        match script {
            Script::WalkInWithCard => self.two_sided = true,
            Script::WalkIn => self.two_sided = false,
            Script::Neutral | Script::Id => {}
        }
        self.script = script;
    }

    /// Waits until everything is drawn, at most this long; says whether it is. For tests and for pictures of the product.
    pub fn wait_until_drawn(&self, within: Duration) -> bool {
        self.stage.wait(within, Pieces::complete)
    }

    /// Waits until the learner can be seen, at most this long; says whether this is so.
    pub fn wait_until_seen(&self, within: Duration) -> bool {
        self.stage.wait(within, |pieces| pieces.front.is_some())
    }

    /// Draws the frame of this moment: 8-bit RGB, row by row; `rgb` is replaced.
    pub fn draw(&mut self, since_begin: Duration, rgb: &mut Vec<u8>) {
        let stance = self.script.stance_at(since_begin.mul_f32(self.pace)).swayed(since_begin);
        let pieces = self.stage.pieces();
        let actors = self.actors(&stance, &pieces, since_begin);
        if (self.curve.0 - stance.gain).abs() > 1e-4 {
            self.curve = (stance.gain, Curve::new(stance.gain));
        }
        let background = self.background(&pieces);
        let mut dice = Dice::new(self.seed ^ since_begin.as_nanos() as u64, 6);
        // Less light, more gain, more noise.
        let rough = (NOISE * stance.gain.max(0.01).powf(-0.25)).min(MOST_NOISE * NOISE);
        let strength = (rough / NOISE * 256.0) as i32;
        rgb.resize(WIDTH_PX * HEIGHT_PX * 3, 0);
        let mut row = std::mem::take(&mut self.row);
        for (y, out) in rgb.chunks_exact_mut(WIDTH_PX * 3).enumerate() {
            for (px, under) in row.iter_mut().zip(&background.px[y * WIDTH_PX..]) {
                *px = under.map(u32::from);
            }
            for actor in &actors {
                actor.cover(y, &mut row);
            }
            let offset = dice.next() as usize;
            for (x, (px, out)) in row.iter().zip(out.chunks_exact_mut(3)).enumerate() {
                let grain = self.noise[(x + offset) & (NOISE_LENGTH - 1)];
                for i in 0..3 {
                    let stored =
                        i32::from(self.curve.1.encode_fixed(px[i])) + ((i32::from(grain[i]) * strength + 2_048) >> 12);
                    out[i] = stored.clamp(0, 255) as u8;
                }
            }
        }
        self.row = row;
        self.mark.burn(rgb);
    }

    /// Who is in the frame, from back to front.
    fn actors(&self, stance: &Stance, pieces: &Pieces, real: Duration) -> Vec<Actor> {
        let mut actors = Vec::new();
        if !self.script.is_card_alone() {
            actors.extend(person(stance, pieces, real));
        }
        let sheet = match self.script {
            Script::Neutral | Script::WalkIn => None,
            Script::WalkInWithCard => pieces.photo_only.as_ref(),
            Script::Id if self.two_sided => pieces.name_only.as_ref(),
            Script::Id => pieces.photo_and_name.as_ref(),
        };
        if let (Some(sheet), Some(hand)) = (sheet, pieces.hand.as_ref()) {
            let place = card_place(&stance.card);
            let glare = (stance.card.glare > 0.01).then_some(Glare {
                x_mm: 52.0,
                y_mm: 27.0,
                radius_mm: 10.5,
                strength: stance.card.glare,
            });
            actors.push(Actor { light: self.lit, glare, ..Actor::new(sheet, &place.map, place.px_per_mm) });
            actors
                .push(Actor { light: (BASE_EXPOSURE * 256.0) as u32, ..Actor::new(hand, &place.map, place.px_per_mm) });
        }
        actors
    }

    fn background(&self, pieces: &Pieces) -> Arc<Backdrop> {
        let behind = pieces.behind_card.as_ref().filter(|_| self.script.is_card_alone());
        Arc::clone(behind.unwrap_or(&self.room))
    }
}

impl Drop for PracticeLearner {
    fn drop(&mut self) {
        self.stage.stop();
        if let Some(maker) = self.maker.take() {
            // A maker that panicked has nothing left to tidy up.
            let _ended = maker.join();
        }
    }
}

/// The learner as whole person, with the turned head or the closed eyes laid into the whole.
fn person(stance: &Stance, pieces: &Pieces, real: Duration) -> Vec<Actor> {
    let Some(front) = &pieces.front else { return Vec::new() };
    let scale = stance.face.chin_share * HEIGHT_PX as f32 / EYES_TO_CHIN_MM;
    let at = (stance.face.x * WIDTH_PX as f32, stance.face.y * HEIGHT_PX as f32);
    let place = similarity(scale, at);
    let mut whole = Actor::new(&front.sheet, &place, scale);
    let Some(part) = part_for(stance, pieces, real) else { return vec![whole] };
    let area = part.area;
    let (left, top) = place.map(area.left, area.top);
    let (right, bottom) = place.map(area.right, area.bottom);
    let pixel = |v: f32, most: usize| v.round().clamp(0.0, most as f32) as usize;
    let window = Window {
        left: pixel(left, WIDTH_PX),
        top: pixel(top, HEIGHT_PX),
        right: pixel(right, WIDTH_PX),
        bottom: pixel(bottom, HEIGHT_PX),
    };
    whole.hole = Some(window);
    let mut inset = Actor::new(&part.sheet, &place, scale);
    inset.only = Some(window);
    vec![whole, inset]
}

fn part_for<'a>(stance: &Stance, pieces: &'a Pieces, real: Duration) -> Option<&'a Head> {
    // The drawn head nearest to the turn asked for; the front stands at 0.
    let nearest = TURNS_DEG
        .iter()
        .zip(&pieces.turned)
        .filter_map(|(turn, head)| head.as_ref().map(|head| ((turn - stance.face.yaw_deg).abs(), head)))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(off, _)| *off < stance.face.yaw_deg.abs());
    if let Some((_, head)) = nearest {
        return Some(head);
    }
    match eyes_open_at(real) {
        open if open >= 1.0 => None,
        open if open > 0.0 => pieces.half_blink.as_ref(),
        _ => pieces.blink.as_ref(),
    }
}

/// Millimetres from the eyes to pixels.
fn similarity(px_per_mm: f32, eyes_px: (f32, f32)) -> Homography {
    let eye = Pinhole { f_px: 1_000.0, cx: eyes_px.0, cy: eyes_px.1 };
    Homography::of_plane(&eye, v3(0.0, 0.0, -1_000.0 / px_per_mm), &Turn::from_degrees(0.0, 0.0, 0.0), (0.0, 0.0))
}

fn card_place(stance: &CardStance) -> CardPlace {
    // A camera of 60 degrees across, as most webcams are.
    let eye = Pinhole { f_px: 0.866 * WIDTH_PX as f32, cx: WIDTH_PX as f32 / 2.0, cy: HEIGHT_PX as f32 / 2.0 };
    let distance_mm = eye.f_px * CARD_WIDTH_MM / (stance.width_share * WIDTH_PX as f32);
    let scene = CardScene {
        distance_mm,
        right_mm: (stance.x - 0.5) * WIDTH_PX as f32 * distance_mm / eye.f_px,
        up_mm: (0.5 - stance.y) * HEIGHT_PX as f32 * distance_mm / eye.f_px,
        pitch_deg: stance.pitch_deg,
        roll_deg: stance.roll_deg,
        ..CardScene::default()
    };
    CardPlace::new(&scene, &eye)
}

/// Noise in sixteenths of a stored step: mostly common to the three colours, as after a camera's own smoothing.
fn noise_table(dice: &mut Dice) -> Vec<[i8; 3]> {
    (0..NOISE_LENGTH)
        .map(|_| {
            let common = 0.85 * dice.bell();
            std::array::from_fn(|_| (16.0 * NOISE * (common + 0.45 * dice.bell())).clamp(-127.0, 127.0) as i8)
        })
        .collect()
}

/// A rectangle of picture pixels, right and bottom excluded.
#[derive(Clone, Copy, Debug)]
struct Window {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

/// One sheet laid into a frame.
struct Actor {
    sheet: Arc<Sheet>,
    back: Homography,
    px_per_mm: f32,
    reach: Window,
    /// Nothing is drawn in here.
    hole: Option<Window>,
    /// Nothing is drawn outside this.
    only: Option<Window>,
    /// Light on the sheet, of 256.
    light: u32,
    glare: Option<Glare>,
}

impl Actor {
    fn new(sheet: &Arc<Sheet>, place: &Homography, px_per_mm: f32) -> Self {
        let (left, right, top, bottom) = sheet.reach(place, WIDTH_PX, HEIGHT_PX);
        Self {
            sheet: Arc::clone(sheet),
            back: place.inverse(),
            px_per_mm,
            reach: Window { left, top, right, bottom },
            hole: None,
            only: None,
            light: 256,
            glare: None,
        }
    }

    fn cover(&self, y: usize, row: &mut [[u32; 3]]) {
        if !(self.reach.top..self.reach.bottom).contains(&y) {
            return;
        }
        let (mut from, mut to) = (self.reach.left, self.reach.right);
        if let Some(only) = self.only {
            if !(only.top..only.bottom).contains(&y) {
                return;
            }
            (from, to) = (from.max(only.left), to.min(only.right));
        }
        match self.hole.filter(|hole| (hole.top..hole.bottom).contains(&y)) {
            Some(hole) => {
                self.span(y, from, to.min(hole.left), row);
                self.span(y, from.max(hole.right), to, row);
            }
            None => self.span(y, from, to, row),
        }
    }

    fn span(&self, y: usize, from: usize, to: usize, row: &mut [[u32; 3]]) {
        if from >= to {
            return;
        }
        let level = self.sheet.level_for(self.px_per_mm);
        let whole = UNIT as u32;
        self.sheet.cover_row(level, &self.back, y, from, to, |x, c| {
            let rest = whole.saturating_sub(c[3]);
            let shine = self.glare.as_ref().map_or(0, |glare| {
                let (x_mm, y_mm) = self.back.map(x as f32 + 0.5, y as f32 + 0.5);
                (glare.at(x_mm, y_mm) * c[3] as f32) as u32
            });
            let px = &mut row[x];
            for i in 0..3 {
                px[i] = ((px[i] * rest) >> 14) + ((c[i] * self.light) >> 8) + shine;
            }
        });
    }
}
