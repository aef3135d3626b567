//! Random walks: whatever the learner does, hints keep their manners and never point the wrong way.

use std::time::Duration;

use likeness_vision::Point;

use super::fixtures::*;
use crate::advice::{Advice, Hint, Side};
use crate::hint::HintCode;
use crate::mode::{Mode, Settings};
use crate::view::Measures;

const WALKS: u64 = 10_000;
const LOOKS: usize = 100;

/// A small generator (xorshift64*), so that a seed is all there is to replay.
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Between 0 and 1.
    fn share(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        f32::from(u16::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 48) & 0xFFFF).unwrap()) / 65535.0
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.share()
    }

    fn now_and_then(&mut self, odds: f32) -> bool {
        self.share() < odds
    }
}

/// A value that drifts, jumps now and then, and stays in its range.
struct Drift {
    value: f32,
    low: f32,
    high: f32,
}

impl Drift {
    fn new(chance: &mut Chance, low: f32, high: f32) -> Self {
        Self { value: chance.between(low, high), low, high }
    }

    fn step(&mut self, chance: &mut Chance) -> f32 {
        if chance.now_and_then(0.03) {
            self.value = chance.between(self.low, self.high);
        } else {
            let pace = 0.04 * (self.high - self.low);
            self.value = (self.value + chance.between(-pace, pace)).clamp(self.low, self.high);
        }
        self.value
    }
}

struct Walker {
    mode: Mode,
    /// Size, across, down, turn, light, blur.
    drifts: [Drift; 6],
}

impl Walker {
    fn new(chance: &mut Chance, mode: Mode) -> Self {
        let ranges = match mode {
            Mode::IdCard { .. } => {
                [(300.0, 1150.0), (0.35, 0.65), (0.35, 0.65), (-40.0, 40.0), (40.0, 250.0), (0.05, 0.4)]
            }
            Mode::Face | Mode::FaceWithCard { .. } => {
                [(0.12, 0.55), (0.25, 0.75), (0.25, 0.75), (-30.0, 30.0), (50.0, 255.0), (0.03, 0.12)]
            }
        };
        Self { mode, drifts: ranges.map(|(low, high)| Drift::new(chance, low, high)) }
    }

    fn step(&mut self, chance: &mut Chance) -> Measures {
        let [size, across, down, turn, light, blur] = self.drifts.each_mut().map(|drift| drift.step(chance));
        let mut measures = room();
        if chance.now_and_then(0.02) {
            return measures;
        }
        if matches!(self.mode, Mode::IdCard { .. }) {
            let mut card = card_at(size, Point { x: across * WIDTH, y: down * HEIGHT });
            (card.tilt_degrees, card.p90_luma, card.sigma_mm) = (turn.abs(), light, blur);
            measures.card = Some(card);
        } else {
            let mut face = face_at(size, across, down);
            (face.yaw_degrees, face.pitch_degrees, face.eye_white_luma, face.blur) = (turn / 2.0, turn, light, blur);
            measures.face = Some(face);
        }
        measures
    }
}

fn seeds() -> (u64, u64) {
    match std::env::var("LIKENESS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => (seed, 1),
        None => (1, WALKS),
    }
}

#[test]
fn hints_keep_their_time_and_never_point_the_wrong_way() {
    let (first, count) = seeds();
    println!("seeds {first}..{}", first + count);
    for seed in first..first + count {
        let mut chance = Chance::new(seed);
        let mode = [Mode::Face, ID, NAME_SIDE, Mode::Face][usize::try_from(seed % 4).unwrap()];
        let mut trial = Trial::new(mode, Settings { automatic: false, ..Settings::default() });
        let mut walker = Walker::new(&mut chance, mode);
        let mut shown: Option<(Hint, Duration)> = None;
        let mut quiet_until = Duration::ZERO;
        for _ in 0..LOOKS {
            trial.every = Duration::from_millis(if chance.now_and_then(0.05) { 260 } else { 83 });
            let measures = walker.step(&mut chance);
            let advice = trial.look(&measures);
            if let Some(hint) = advice.hint {
                points_right(&hint, &measures, &advice, seed);
            }
            let same = shown.map(|(hint, _)| (hint.code, hint.side)) == advice.hint.map(|hint| (hint.code, hint.side));
            if same {
                continue;
            }
            if let Some(hint) = advice.hint {
                let at_once = hint.code == HintCode::Hold;
                assert!(
                    at_once || trial.at >= quiet_until,
                    "LIKENESS_SEED={seed}: {hint:?} came at {:?}, due {quiet_until:?}, after {shown:?}",
                    trial.at
                );
                quiet_until = trial.at + hint.code.shown_at_least();
            }
            shown = advice.hint.map(|hint| (hint, trial.at));
        }
    }
}

/// What is said must not contradict where things are in this very look.
fn points_right(hint: &Hint, measures: &Measures, advice: &Advice, seed: u64) {
    let because = format!("LIKENESS_SEED={seed}: {hint:?} at {:?}", advice.measured);
    if let Some(face) = &measures.face {
        let middle = face.bounds.centre();
        let (x, y) = (middle.x / WIDTH - 0.5, middle.y / HEIGHT - 0.5);
        match hint.code {
            HintCode::FaceTooFar => {
                assert!(face.head_height_ratio <= 0.3001, "{because}: nearer than the target, told closer");
            }
            HintCode::FaceTooClose => {
                assert!(face.head_height_ratio >= 0.2999, "{because}: farther than the target, told back");
            }
            HintCode::FaceLeft => assert!(x > -1e-4 && hint.side == Some(Side::Right), "{because}"),
            HintCode::FaceRight => assert!(x < 1e-4 && hint.side == Some(Side::Left), "{because}"),
            HintCode::FaceHigh => assert!(y < 1e-4 && hint.side == Some(Side::Down), "{because}"),
            HintCode::FaceLow => assert!(y > -1e-4 && hint.side == Some(Side::Up), "{because}"),
            HintCode::Chin => assert_eq!(hint.side == Some(Side::Down), face.pitch_degrees > 0.0, "{because}"),
            _ => {}
        }
    }
    if let Some(card) = &measures.card {
        let outline = advice.guide.outline.unwrap();
        let fill = card.quad.bounds().width / (outline.width * WIDTH);
        let centre = card.quad.centre();
        let (x, y) = (centre.x / WIDTH - 0.5, centre.y / HEIGHT - 0.5);
        match hint.code {
            HintCode::CardTooFar => assert!(fill <= 1.0001, "{because}: fills its outline, told closer"),
            HintCode::CardTooClose => assert!(fill >= 0.9999, "{because}: smaller than its outline, told away"),
            HintCode::CardLeft => assert!(x > -1e-4, "{because}"),
            HintCode::CardRight => assert!(x < 1e-4, "{because}"),
            HintCode::CardHigh => assert!(y < 1e-4, "{because}"),
            HintCode::CardLow => assert!(y > -1e-4, "{because}"),
            _ => {}
        }
    }
}

#[test]
fn the_same_looks_give_the_same_advice() {
    for seed in 1..50 {
        let run = || -> Vec<Advice> {
            let mut chance = Chance::new(seed);
            let mut trial = Trial::new(Mode::Face, Settings::default());
            let mut walker = Walker::new(&mut chance, Mode::Face);
            (0..LOOKS).map(|_| trial.look(&walker.step(&mut chance))).collect()
        };
        assert_eq!(run(), run(), "LIKENESS_SEED={seed}");
    }
}

/// A learner who does what is said, late and not exactly, gets the photo.
#[test]
fn who_follows_the_hints_gets_the_photo() {
    let (first, count) = match seeds() {
        (seed, 1) => (seed, 1),
        (first, _) => (first, 300),
    };
    println!("seeds {first}..{}", first + count);
    let mut times = Vec::new();
    for seed in first..first + count {
        let mut chance = Chance::new(seed);
        let mut trial = Trial::new(Mode::Face, Settings::default());
        let (mut height, mut across, mut down, mut yaw) = (
            chance.between(0.14, 0.5),
            chance.between(0.3, 0.7),
            chance.between(0.3, 0.7),
            chance.between(-30.0, 30.0),
        );
        let mut heard: Option<(HintCode, Duration)> = None;
        while trial.photos.is_empty() && trial.at < Duration::from_secs(40) {
            let sway = chance.between(-0.001, 0.001);
            let mut measures = room();
            let mut face = face_at(height, across + sway, down);
            face.yaw_degrees = yaw;
            measures.face = Some(face);
            let hint = trial.look(&measures).hint;
            let Some(hint) = hint else { continue };
            if heard.is_none_or(|(code, _)| code != hint.code) {
                let reaction = Duration::from_millis(600) + Duration::from_secs_f32(chance.share());
                heard = Some((hint.code, trial.at + reaction));
            }
            if heard.is_some_and(|(_, acts)| trial.at >= acts) {
                let part = chance.between(0.4, 1.1);
                match hint.code {
                    HintCode::FaceTooFar | HintCode::FaceTooClose => height += (0.30 - height) * part,
                    HintCode::FaceLeft | HintCode::FaceRight => across += (0.5 - across) * part,
                    HintCode::FaceHigh | HintCode::FaceLow => down += (0.5 - down) * part,
                    HintCode::TurnHead => yaw -= yaw * part,
                    _ => {}
                }
                heard = None;
            }
        }
        assert_eq!(trial.photos.len(), 1, "LIKENESS_SEED={seed}: no photo");
        times.push(trial.at);
    }
    times.sort();
    let median = times[times.len() / 2];
    println!("median {median:?}, slowest {:?}", times.last());
    assert!(median < Duration::from_secs(15), "{median:?}");
}
