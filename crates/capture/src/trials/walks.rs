//! Random walks: whatever the learner does, hints keep their manners and never point the wrong way.

use std::collections::BTreeMap;
use std::time::Duration;

use likeness_vision::card::{Card, CardFormat};
use likeness_vision::face::FaceBox;
use likeness_vision::{Point, Rect};

use super::fixtures::*;
use crate::advice::{Advice, Hint, Side};
use crate::hint::HintCode;
use crate::mode::{Hand, Mode, Settings};
use crate::photo::Level;
use crate::view::Measures;

const WALKS: u64 = 10_000;
/// 30 seconds and a little more.
const LOOKS: usize = 360;

/// A small generator (xorshift64*), so that a seed is all there is to replay.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Between 0 and 1.
    fn share(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        f32::from(u16::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 48) & 0xFFFF).unwrap()) / 65535.0
    }

    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.share()
    }

    pub(super) fn now_and_then(&mut self, odds: f32) -> bool {
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

    fn step(&mut self, chance: &mut Chance, still: bool) -> f32 {
        if still {
            return self.value;
        }
        if chance.now_and_then(0.03) {
            self.value = chance.between(self.low, self.high);
        } else {
            let pace = 0.015 * (self.high - self.low);
            self.value = (self.value + chance.between(-pace, pace)).clamp(self.low, self.high);
        }
        self.value
    }
}

struct Walker {
    mode: Mode,
    /// Size, across, down, turn, light, blur.
    drifts: [Drift; 6],
    /// The card beside the head: aside and below its place (shares of its width), larger than at the head's depth, score of its portrait.
    beside: [Drift; 4],
    card_away: bool,
    /// Whether everything is held still, as people do for a while.
    still: bool,
    /// Where somebody else looks into the picture, share of the width.
    company: Option<f32>,
}

impl Walker {
    fn new(chance: &mut Chance, mode: Mode) -> Self {
        let ranges = match mode {
            Mode::IdCard { .. } => {
                [(250.0, 1000.0), (0.35, 0.65), (0.35, 0.65), (-40.0, 40.0), (40.0, 250.0), (0.05, 0.4)]
            }
            Mode::Face | Mode::FaceWithCard { .. } => {
                [(0.12, 0.55), (0.25, 0.75), (0.25, 0.75), (-30.0, 30.0), (50.0, 255.0), (0.03, 0.12)]
            }
        };
        let beside = [(-0.5, 0.5), (-0.5, 0.5), (0.4, 2.2), (0.3, 1.0)];
        Self {
            mode,
            drifts: ranges.map(|(low, high)| Drift::new(chance, low, high)),
            beside: beside.map(|(low, high)| Drift::new(chance, low, high)),
            card_away: false,
            still: false,
            company: None,
        }
    }

    /// Now and then all is held still or moves again, the card is put away or comes back, and somebody comes or goes.
    fn come_and_go(&mut self, chance: &mut Chance) {
        if chance.now_and_then(0.04) {
            self.still = !self.still;
        }
        if chance.now_and_then(0.01) {
            self.card_away = !self.card_away;
        }
        if chance.now_and_then(if self.company.is_some() { 0.03 } else { 0.002 }) {
            self.company = if self.company.is_some() { None } else { Some(chance.share()) };
        }
    }

    fn card_beside(&mut self, chance: &mut Chance, face: &likeness_vision::face::Face, hand: Hand) -> Card {
        let [aside, below, scale, portrait] = self.beside.each_mut().map(|drift| drift.step(chance, self.still));
        let place = crate::guide::beside_face(face, hand, CardFormat::Id1);
        let middle = place.centre();
        let at = Point { x: middle.x + aside * place.width, y: middle.y + below * place.width };
        let mut card = card_at(scale * place.width, at);
        card.portrait = Some(portrait);
        card
    }

    fn step(&mut self, chance: &mut Chance) -> Measures {
        self.come_and_go(chance);
        let still = self.still;
        let [size, across, down, turn, light, blur] = self.drifts.each_mut().map(|drift| drift.step(chance, still));
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
            if let Mode::FaceWithCard { hand } = self.mode
                && !self.card_away
            {
                measures.card = Some(self.card_beside(chance, &face, hand));
            }
            measures.others = self
                .company
                .map(|across| face_box(0.4 * face.inter_eye_px, Point { x: across * WIDTH, y: 0.2 * HEIGHT }))
                .into_iter()
                .collect();
            measures.face = Some(face);
        }
        measures
    }
}

pub(super) fn seeds() -> (u64, u64) {
    match std::env::var("LIKENESS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => (seed, 1),
        None => (1, WALKS),
    }
}

#[test]
fn hints_keep_their_time_and_never_point_the_wrong_way() {
    let (first, count) = seeds();
    println!("seeds {first}..{}", first + count);
    let mut said: BTreeMap<(&str, HintCode), u64> = BTreeMap::new();
    for seed in first..first + count {
        let mut chance = Chance::new(seed);
        let mode = [Mode::Face, ID, NAME_SIDE, BESIDE][usize::try_from(seed % 4).unwrap()];
        let mut trial = Trial::new(mode, Settings { automatic: false, ..Settings::default() });
        let mut walker = Walker::new(&mut chance, mode);
        let mut shown: Option<(Hint, Duration)> = None;
        let mut quiet_until = Duration::ZERO;
        let mut last = room();
        for _ in 0..LOOKS {
            trial.every = Duration::from_millis(if chance.now_and_then(0.05) { 260 } else { 83 });
            // Some cameras repeat a picture; what is said then is about the last new one.
            trial.fresh = !chance.now_and_then(0.03);
            let measures = if trial.fresh { walker.step(&mut chance) } else { last.clone() };
            let advice = trial.look(&measures);
            if let Some(hint) = advice.hint {
                points_right(mode, &hint, &measures, &advice, seed);
            }
            let contrary = advice.hint.filter(|hint| card_hint_is_contrary(hint, &measures, &advice));
            assert!(contrary.is_none(), "LIKENESS_SEED={seed}: {contrary:?} against {:?}", measures.card);
            last = measures;
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
                quiet_until = trial.at + least_time(&hint);
                *said.entry((kind(mode), hint.code)).or_default() += 1;
            }
            shown = advice.hint.map(|hint| (hint, trial.at));
        }
    }
    println!("said: {said:?}");
    // A test of directions that are never given would prove nothing.
    for (kind, codes) in DIRECTIONS {
        for code in codes {
            let times = said.get(&(kind, *code)).copied().unwrap_or_default();
            assert!(count < WALKS || times >= 50, "{kind}: {code:?} was said {times} times only");
        }
    }
}

fn kind(mode: Mode) -> &'static str {
    match mode {
        Mode::Face => "face",
        Mode::FaceWithCard { .. } => "beside",
        Mode::IdCard { .. } => "card",
    }
}

/// The hints that send somebody somewhere, by kind of photo.
#[rustfmt::skip]
const DIRECTIONS: [(&str, &[HintCode]); 3] = {
    use HintCode::{CardHigh, CardLeft, CardLow, CardRight, CardTooClose, CardTooFar, Chin, FaceHigh, FaceLeft, FaceLow, FaceRight, FaceTooClose, FaceTooFar, SecondPerson};
    [
        ("face", &[FaceTooFar, FaceTooClose, FaceLeft, FaceRight, FaceHigh, FaceLow, Chin, SecondPerson]),
        ("card", &[CardTooFar, CardTooClose, CardLeft, CardRight, CardHigh, CardLow]),
        ("beside", &[FaceTooFar, FaceTooClose, FaceLeft, FaceRight, Chin, SecondPerson, CardTooFar, CardTooClose]),
    ]
};

/// How long a hint stays before another may come, as section "hints" of `docs/hints.md` promises.
fn least_time(hint: &Hint) -> Duration {
    match (hint.code, hint.level) {
        (HintCode::WrongSide | HintCode::NoPortrait | HintCode::UpsideDown | HintCode::CardNotInOutline, _) => {
            Duration::from_secs(2)
        }
        (_, Level::Info) => Duration::from_secs(1),
        _ => Duration::from_millis(1_500),
    }
}

/// What is said must not contradict where things are in this very look.
fn points_right(mode: Mode, hint: &Hint, measures: &Measures, advice: &Advice, seed: u64) {
    let because = format!("LIKENESS_SEED={seed}: {hint:?} at {:?}", advice.measured);
    if let Some(face) = &measures.face {
        let middle = face.bounds.centre();
        let goal = advice.guide.oval.unwrap().centre;
        let (x, y) = (middle.x / WIDTH - goal.0, middle.y / HEIGHT - goal.1);
        let target = if mode.wants_card() { 0.38 } else { 0.30 };
        match hint.code {
            HintCode::SecondPerson => {
                // Where a card is held, or may be, a small face is taken for the portrait: nothing new is said of it.
                let stands_apart = |other: &&FaceBox| {
                    let card = measures.card.as_ref().map(|card| card.quad.bounds());
                    let place = crate::guide::beside_face(face, Hand::Left, CardFormat::Id1);
                    !mode.wants_card() || ![card, Some(place)].iter().flatten().any(|rect| near(*rect, other.bounds))
                };
                if let Some(other) = measures.others.first().filter(stands_apart) {
                    let to_the_left = other.bounds.centre().x > middle.x;
                    assert_eq!(hint.side == Some(Side::Left), to_the_left, "{because}: where the other one is");
                }
            }
            HintCode::FaceTooFar => {
                assert!(face.head_height_ratio <= target + 1e-4, "{because}: nearer than the target, told closer");
            }
            HintCode::FaceTooClose => {
                assert!(face.head_height_ratio >= target - 1e-4, "{because}: farther than the target, told back");
            }
            HintCode::FaceLeft => assert!(x > -1e-4 && hint.side == Some(Side::Right), "{because}"),
            HintCode::FaceRight => assert!(x < 1e-4 && hint.side == Some(Side::Left), "{because}"),
            HintCode::FaceHigh => assert!(y < 1e-4 && hint.side == Some(Side::Down), "{because}"),
            HintCode::FaceLow => assert!(y > -1e-4 && hint.side == Some(Side::Up), "{because}"),
            HintCode::Chin => assert_eq!(hint.side == Some(Side::Down), face.pitch_degrees > 0.0, "{because}"),
            _ => {}
        }
    }
}

/// Whether a hint about the card contradicts where the card is in this look.
fn card_hint_is_contrary(hint: &Hint, measures: &Measures, advice: &Advice) -> bool {
    let Some(card) = &measures.card else { return false };
    if let Some(face) = &measures.face {
        let of_eyes = card.quad.bounds().width / face.inter_eye_px;
        return match hint.code {
            HintCode::CardTooFar => of_eyes > 1.8001,
            HintCode::CardTooClose => of_eyes < 1.7999,
            _ => false,
        };
    }
    let fill = card.quad.bounds().width / (advice.guide.outline.unwrap().width * WIDTH);
    let centre = card.quad.centre();
    let (x, y) = (centre.x / WIDTH - 0.5, centre.y / HEIGHT - 0.5);
    match hint.code {
        HintCode::CardTooFar => fill > 1.0001,
        HintCode::CardTooClose => fill < 0.9999,
        HintCode::CardLeft => x < -1e-4,
        HintCode::CardRight => x > 1e-4,
        HintCode::CardHigh => y > 1e-4,
        HintCode::CardLow => y < -1e-4,
        _ => false,
    }
}

/// Within a rectangle and half of it around.
fn near(rect: Rect, bounds: Rect) -> bool {
    let (middle, at) = (rect.centre(), bounds.centre());
    (at.x - middle.x).abs() <= rect.width && (at.y - middle.y).abs() <= rect.height
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
