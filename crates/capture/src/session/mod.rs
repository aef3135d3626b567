//! One guided capture, from the first frame to the photo: a state machine that is told what was seen and when.
//!
//! Guarantees: pure and deterministic, the same looks at the same times give the same advice; a photo is made only from a frame
//! that was fresh, in a streak of at least three, and whose very bytes were judged again; a wrong gate never locks a learner out,
//! for the manual shutter works in every guiding state and "take it anyway" opens after 20 s.
//! Not even that goes over: no face at all, no card of a known format, a camera that failed, frames that do not change.
//! Refuses to know: cameras, threads, the time of day.

mod burst;
mod still;

use std::time::Duration;

use burst::Shot;
use still::Circumstances;
pub(crate) use still::Still;

use crate::advice::{Advice, GuideShape, Measured, Phase};
use crate::candidates::{Candidate, Candidates, most_urgent};
use crate::dwell::{Dwell, information};
use crate::gates::{self, Judgement, Standpoint};
use crate::guide;
use crate::hint::HintCode;
use crate::memory::Memory;
use crate::mode::{LONGEST_COUNTDOWN, Mode, Settings};
use crate::photo::{CapturedPhoto, Level};
use crate::view::{FrameView, Measures};

/// Exposure settles within this time and this many frames,
const WARMUP: Duration = Duration::from_millis(500);
const WARMUP_FRAMES: u32 = 3;
/// or when the mean luma changes by less than this share a frame, as often.
const SETTLED_SHARE: f32 = 0.02;
/// Green for this long, and for this many looks, starts the countdown.
const GREEN_FOR: Duration = Duration::from_millis(500);
const GREEN_LOOKS: u32 = 3;
/// With nothing but harmless warnings for this long the photo is taken too.
const TOLERABLE_FOR: Duration = Duration::from_secs(3);
/// "Good. Hold still." is said when all was green for this long.
const HOLD_AFTER: Duration = Duration::from_millis(600);
/// This many looks in a row with a stop end a countdown.
const STOPS_CANCEL: u32 = 2;
/// A burst ends after this time or this many frames; with fewer than the least after the longest, the camera has stalled.
const BURST_FOR: Duration = Duration::from_millis(700);
const BURST_FRAMES: usize = 8;
const BURST_LEAST: usize = 3;
const BURST_LONGEST: Duration = Duration::from_secs(8);
/// The override is offered after guiding for this long, or at this many manual photos that a gate stopped.
const ANYWAY_AFTER: Duration = Duration::from_secs(20);
const ANYWAY_AFTER_TRIES: u32 = 2;
/// A gap between looks counts as guiding up to this long; a stream that stands still guides nobody.
const LONGEST_LOOK: Duration = Duration::from_millis(500);
/// The white light goes on when it was too dark for this long.
const FILL_LIGHT_AFTER: Duration = Duration::from_millis(1500);
/// The outline shrinks when the card stayed blurred without moving for this long.
const SHRINK_AFTER: Duration = Duration::from_secs(2);
/// A still may differ from its frame by this share; more is a fault of ours and the frame is not used.
const SAME_WITHIN: f32 = 0.10;

/// What the learner pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    /// The manual shutter.
    Shutter,
    /// "Take it anyway".
    Anyway,
    /// Escape during the countdown.
    CancelCountdown,
    /// "Use my other hand".
    OtherHand,
    /// "Take again", after a photo.
    Retake,
}

/// What the session asks of whoever feeds it.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Keep this frame until the next answer without `Keep` or `Still`.
    Keep,
    /// Make a still of the kept frame with this number and hand it to `on_still`.
    Still(u64),
    /// Here is the photo. Nothing more will be asked.
    Photo(CapturedPhoto),
}

/// The answer to whatever happened.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) advice: Advice,
    pub(crate) ask: Option<Ask>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Auto,
    Manual,
    Anyway,
}

#[derive(Debug)]
enum State {
    Waiting(&'static str),
    Warmup { since: Duration, frames: u32, settled: u32, mean: f32 },
    Guiding,
    Steady { since: Duration, looks: u32 },
    Countdown { ends: Duration, stops: u32 },
    Burst { since: Duration, wish: Wish, shots: Vec<Shot> },
    Judging { wish: Wish, queue: Vec<Shot>, refused: Option<Candidate> },
    Taken,
}

/// See the module. Times are measured from any fixed moment and never go back.
#[derive(Debug)]
pub(crate) struct Session {
    mode: Mode,
    settings: Settings,
    state: State,
    memory: Memory,
    candidates: Candidates,
    dwell: Dwell,
    /// One-time remarks waiting for their turn.
    remarks: Vec<HintCode>,
    judgement: Judgement,
    last_look: Option<Duration>,
    guided: Duration,
    green_since: Option<Duration>,
    tolerable_since: Option<Duration>,
    dark_since: Option<Duration>,
    blurred_since: Option<Duration>,
    fill_light: bool,
    soft_told: bool,
    anyway_told: bool,
    refused_tries: u32,
    shrink: u8,
    wish: Option<Wish>,
    size_px: (f32, f32),
    known_lens: bool,
    measured: Measured,
    quad: Option<[(f32, f32); 4]>,
    seq: u64,
}

impl Session {
    /// A session that waits for its camera.
    pub(crate) fn new(mode: Mode, settings: Settings) -> Self {
        Self {
            mode,
            settings,
            state: State::Waiting("camera-opening"),
            memory: Memory::default(),
            candidates: Candidates::default(),
            dwell: Dwell::default(),
            remarks: Vec::new(),
            judgement: Judgement::default(),
            last_look: None,
            guided: Duration::ZERO,
            green_since: None,
            tolerable_since: None,
            dark_since: None,
            blurred_since: None,
            fill_light: false,
            soft_told: false,
            anyway_told: false,
            refused_tries: 0,
            shrink: 0,
            wish: None,
            size_px: (1280.0, 720.0),
            known_lens: false,
            measured: Measured::default(),
            quad: None,
            seq: 0,
        }
    }

    /// What is being photographed, with the hand that holds the card now.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Where the learner aims, in a frame of this size.
    pub(crate) fn guide_for(&self, size_px: (f32, f32)) -> GuideShape {
        guide::guide(self.mode, self.settings.format, size_px, self.shrink, self.settings.profile)
    }

    /// What the last look added up to.
    #[cfg(feature = "evaluation")]
    pub(crate) fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// Frames are wanted.
    pub(crate) fn looks(&self) -> bool {
        !matches!(self.state, State::Taken | State::Judging { .. })
    }

    /// The camera has no frames to give; `code` is its state (`camera-opening`, `camera-lost`, ...). Nothing half taken is kept.
    pub(crate) fn on_camera(&mut self, code: &'static str, at: Duration) -> Step {
        if !matches!(self.state, State::Taken) {
            self.stop_for(code);
        }
        self.step(at, None)
    }

    /// One look at one frame.
    pub(crate) fn on_view(&mut self, view: &FrameView) -> Step {
        let at = view.at;
        self.seq = view.seq;
        self.size_px = (view.measures.width(), view.measures.height());
        self.known_lens = view.measures.lens.known;
        if matches!(self.state, State::Waiting(_)) {
            self.state = State::Warmup { since: at, frames: 0, settled: 0, mean: 0.0 };
        }
        if !view.fresh {
            self.not_fresh();
            return self.tick(at);
        }
        self.count_guiding(at);
        self.memory.note(view, self.settings.profile);
        self.judgement = gates::judge(
            &view.measures,
            &Standpoint {
                mode: self.mode,
                settings: &self.settings,
                guide: self.guide_for(self.size_px),
                memory: &self.memory,
            },
        );
        self.show_numbers(&view.measures);
        let ask = self.advance(view);
        self.step(at, ask)
    }

    /// Time passed without a frame.
    pub(crate) fn tick(&mut self, at: Duration) -> Step {
        match &self.state {
            State::Burst { since, shots, .. }
                if at.saturating_sub(*since) >= BURST_LONGEST && shots.len() < BURST_LEAST =>
            {
                self.stop_for("camera-stalled");
            }
            State::Waiting(_)
            | State::Warmup { .. }
            | State::Guiding
            | State::Steady { .. }
            | State::Countdown { .. }
            | State::Burst { .. }
            | State::Judging { .. }
            | State::Taken => {}
        }
        self.step(at, None)
    }

    /// A button or key. It takes effect with the next look.
    pub(crate) fn press(&mut self, press: Press) {
        let guiding = matches!(self.state, State::Guiding | State::Steady { .. } | State::Countdown { .. });
        match press {
            Press::Shutter if guiding => self.wish = Some(Wish::Manual),
            Press::Anyway if guiding && self.may_take_anyway() => self.wish = Some(Wish::Anyway),
            Press::CancelCountdown if matches!(self.state, State::Countdown { .. }) => self.back_to_guiding(),
            Press::OtherHand if guiding => self.swap_hand(),
            Press::Retake if matches!(self.state, State::Taken) => self.back_to_guiding(),
            Press::Shutter | Press::Anyway | Press::CancelCountdown | Press::OtherHand | Press::Retake => {}
        }
    }

    /// The still that was asked for; `None` when the frame could not be made into one.
    pub(crate) fn on_still(&mut self, still: Option<Still>, at: Duration) -> Step {
        let State::Judging { wish, queue, refused } = &mut self.state else {
            return self.step(at, None);
        };
        let (wish, shot) = (*wish, (!queue.is_empty()).then(|| queue.remove(0)));
        let mut refused = *refused;
        if let (Some(still), Some(shot)) = (still, shot) {
            let judgement = self.judge_still(&still);
            let side_px = still.size_px.0.min(still.size_px.1);
            if side_px < self.settings.min_side_px {
                self.stop_for("camera-unsupported");
                return self.step(at, None);
            }
            if !agrees(&still, shot, self.mode) {
                tracing::warn!(code = "still-differs", frame = still.seq, "a still measures otherwise than its frame");
            } else if acceptable(&judgement, wish) {
                return self.take(still, &judgement, wish, at);
            }
            refused = most_urgent(judgement.failing(Level::Stop)).or(refused);
        }
        self.next_still(at, refused)
    }

    fn judge_still(&self, still: &Still) -> Judgement {
        let memory = self.memory.for_still(&still.measures);
        let size_px = (still.measures.width(), still.measures.height());
        gates::judge(
            &still.measures,
            &Standpoint { mode: self.mode, settings: &self.settings, guide: self.guide_for(size_px), memory: &memory },
        )
    }

    fn take(&mut self, still: Still, judgement: &Judgement, wish: Wish, at: Duration) -> Step {
        let circumstances = Circumstances {
            mode: self.mode,
            settings: &self.settings,
            automatic: wish == Wish::Auto,
            guided_ms: u64::try_from(self.guided.as_millis()).unwrap_or(u64::MAX),
        };
        let photo = still::photo(still, judgement, &circumstances);
        self.state = State::Taken;
        self.step(at, Some(Ask::Photo(photo)))
    }

    fn next_still(&mut self, at: Duration, refusal: Option<Candidate>) -> Step {
        let State::Judging { wish, queue, refused } = &mut self.state else {
            return self.step(at, None);
        };
        *refused = refusal;
        if let Some(shot) = queue.first() {
            let seq = shot.seq;
            return self.step(at, Some(Ask::Still(seq)));
        }
        if *wish != Wish::Auto {
            self.refused_tries += 1;
        }
        self.back_to_guiding();
        if let Some(refusal) = refusal {
            self.dwell.interrupt(at, refusal, self.known_lens);
        }
        self.step(at, None)
    }

    fn stop_for(&mut self, code: &'static str) {
        self.state = State::Waiting(code);
        self.candidates.clear();
        self.memory = Memory::default();
        self.judgement = Judgement::default();
        self.forget_streaks();
        self.wish = None;
        self.last_look = None;
        self.quad = None;
        self.measured = Measured::default();
    }

    fn back_to_guiding(&mut self) {
        self.state = State::Guiding;
        self.wish = None;
        self.forget_streaks();
    }

    fn forget_streaks(&mut self) {
        self.green_since = None;
        self.tolerable_since = None;
        self.dark_since = None;
        self.blurred_since = None;
    }

    fn swap_hand(&mut self) {
        if let Mode::FaceWithCard { hand } = self.mode {
            self.mode = Mode::FaceWithCard { hand: hand.other() };
            self.memory.forget_card();
            self.candidates.clear();
            self.back_to_guiding();
        }
    }

    /// A repeated frame proves nothing: streaks begin anew.
    fn not_fresh(&mut self) {
        match &mut self.state {
            State::Warmup { frames, settled, .. } => (*frames, *settled) = (0, 0),
            State::Steady { .. } | State::Countdown { .. } => self.back_to_guiding(),
            State::Burst { shots, .. } => shots.clear(),
            State::Waiting(_) | State::Guiding | State::Judging { .. } | State::Taken => {}
        }
        self.tolerable_since = None;
        self.green_since = None;
    }

    fn count_guiding(&mut self, at: Duration) {
        if matches!(self.state, State::Guiding | State::Steady { .. } | State::Countdown { .. }) {
            let gap = self.last_look.map_or(Duration::ZERO, |last| at.saturating_sub(last));
            self.guided += gap.min(LONGEST_LOOK);
        }
        self.last_look = Some(at);
    }

    fn advance(&mut self, view: &FrameView) -> Option<Ask> {
        let at = view.at;
        if let State::Warmup { since, frames, settled, mean } = &mut self.state {
            *frames += 1;
            let now = view.measures.scene.mean;
            *settled = if (now - *mean).abs() < SETTLED_SHARE * mean.max(1.0) { *settled + 1 } else { 0 };
            *mean = now;
            if *frames >= WARMUP_FRAMES && (at.saturating_sub(*since) >= WARMUP || *settled >= WARMUP_FRAMES) {
                self.back_to_guiding();
            }
            return None;
        }
        self.candidates.note(at, &self.judgement);
        self.watch(at);
        self.guide_on(at);
        self.shoot(view)
    }

    /// Clocks that run beside the state.
    fn watch(&mut self, at: Duration) {
        let green = self.judgement.green();
        keep(&mut self.green_since, green, at);
        let still = self.is_steady();
        keep(&mut self.tolerable_since, self.judgement.tolerable() && still, at);
        let dark = self.mode.wants_face()
            && self
                .judgement
                .readings
                .iter()
                .any(|reading| reading.code == HintCode::TooDark && reading.level().is_some());
        keep(&mut self.dark_since, dark, at);
        self.fill_light |= lasted(self.dark_since, at, FILL_LIGHT_AFTER);
        let blurred = matches!(self.mode, Mode::IdCard { .. })
            && self
                .judgement
                .readings
                .iter()
                .any(|reading| reading.code == HintCode::OutOfFocus && reading.level().is_some());
        keep(&mut self.blurred_since, blurred, at);
        if lasted(self.blurred_since, at, SHRINK_AFTER) && self.shrink < guide::SHRINK_STEPS {
            self.shrink += 1;
            self.blurred_since = Some(at);
        }
        if self.memory.soft_lens() && !self.soft_told {
            self.soft_told = true;
            self.remarks.push(HintCode::WipeLens);
        }
        if self.may_take_anyway() && !self.anyway_told {
            self.anyway_told = true;
            self.remarks.push(HintCode::TakeAnyway);
        }
        if lasted(self.green_since, at, HOLD_AFTER) {
            self.candidates.clear();
        }
    }

    fn is_steady(&self) -> bool {
        let least = self.settings.profile.limits().steady_overlap;
        self.memory.overlap().is_some_and(|overlap| f64::from(overlap) >= least)
    }

    /// Guiding, steady, countdown: what the present look makes of them.
    fn guide_on(&mut self, at: Duration) {
        if let (Some(wish), State::Guiding | State::Steady { .. } | State::Countdown { .. }) =
            (self.wish.take(), &self.state)
        {
            self.state = State::Burst { since: at, wish, shots: Vec::new() };
            return;
        }
        let good = self.judgement.green() && self.is_steady();
        let bad = self.judgement.worst() == Some(Level::Stop) || !self.judgement.complete;
        let countdown = State::Countdown { ends: at + self.settings.countdown.min(LONGEST_COUNTDOWN), stops: 0 };
        match &mut self.state {
            State::Guiding if good => self.state = State::Steady { since: at, looks: 1 },
            State::Guiding if self.settings.automatic && lasted(self.tolerable_since, at, TOLERABLE_FOR) => {
                self.state = countdown;
            }
            State::Steady { since, looks } if good => {
                *looks += 1;
                if self.settings.automatic && *looks >= GREEN_LOOKS && at.saturating_sub(*since) >= GREEN_FOR {
                    self.state = countdown;
                }
            }
            State::Steady { .. } => self.state = State::Guiding,
            State::Countdown { stops, .. } if bad => {
                *stops += 1;
                if *stops >= STOPS_CANCEL {
                    self.back_to_guiding();
                }
            }
            State::Countdown { stops, .. } => *stops = 0,
            State::Guiding
            | State::Waiting(_)
            | State::Warmup { .. }
            | State::Burst { .. }
            | State::Judging { .. }
            | State::Taken => {}
        }
        if let State::Countdown { ends, .. } = self.state
            && at >= ends
        {
            self.state = State::Burst { since: at, wish: Wish::Auto, shots: Vec::new() };
        }
    }

    fn shoot(&mut self, view: &FrameView) -> Option<Ask> {
        let State::Burst { since, wish, shots } = &mut self.state else {
            return None;
        };
        let about = (self.mode, self.settings.profile);
        shots.push(Shot::new(view.seq, &view.measures, &self.judgement, self.memory.eye_contrast(), about));
        let over = view.at.saturating_sub(*since) >= BURST_FOR && shots.len() >= BURST_LEAST;
        if !over && shots.len() < BURST_FRAMES {
            return Some(Ask::Keep);
        }
        let wish = *wish;
        let queue = burst::best(shots, wish == Wish::Auto);
        let Some(first) = queue.first() else {
            self.back_to_guiding();
            return None;
        };
        let seq = first.seq;
        self.state = State::Judging { wish, queue, refused: None };
        Some(Ask::Still(seq))
    }

    fn may_take_anyway(&self) -> bool {
        let offered = self.guided >= ANYWAY_AFTER || self.refused_tries >= ANYWAY_AFTER_TRIES;
        offered
            && !self.judgement.absolute()
            && matches!(self.state, State::Guiding | State::Steady { .. } | State::Countdown { .. })
    }

    fn show_numbers(&mut self, measures: &Measures) {
        let face = measures.face.as_ref();
        let card = measures.card.as_ref();
        let dense = card.filter(|card| card.px_per_mm > 0.0);
        self.measured = Measured {
            dpi: dense.map(|card| card.px_per_mm * 25.4),
            sigma_mm: dense.map(|card| card.sigma_mm),
            glare_share: card.map(|card| card.glare_share),
            tilt_degrees: card.map(|card| card.tilt_degrees),
            inter_eye_px: face.map(|face| face.inter_eye_px),
            head_height_ratio: face.map(|face| face.head_height_ratio),
            eye_white_luma: face.map(|face| face.eye_white_luma),
        };
        let agreed = card.filter(|_| self.memory.card_agreed() && self.mode.wants_card());
        self.quad = agreed.map(|card| card.quad.0.map(|corner| measures.share(corner)));
    }

    /// Settles the hint and gives the answer.
    fn step(&mut self, at: Duration, ask: Option<Ask>) -> Step {
        self.settle_hint(at);
        let guiding = matches!(self.state, State::Guiding | State::Steady { .. } | State::Countdown { .. });
        let advice = Advice {
            phase: self.phase(at),
            hint: self.dwell.hint(),
            progress: self.progress(at),
            guide: self.guide_for(self.size_px),
            quad: self.quad,
            manual_ready: guiding,
            may_take_anyway: self.may_take_anyway(),
            fill_light: self.fill_light,
            measured: self.measured,
            frame_seq: self.seq,
        };
        Step { advice, ask }
    }

    fn settle_hint(&mut self, at: Duration) {
        if self.hint_is_wrong() {
            self.dwell.withdraw();
        }
        let lens = self.known_lens;
        match &self.state {
            State::Waiting(code) => match HintCode::from_camera(code) {
                Some(code) => self.dwell.interrupt(at, information(code), lens),
                None => self.dwell.prefer(at, None, lens),
            },
            State::Warmup { .. } => self.dwell.prefer(at, None, lens),
            State::Taken => self.dwell.interrupt(at, information(HintCode::Taken), lens),
            State::Countdown { .. } | State::Burst { .. } | State::Judging { .. } => {
                self.dwell.interrupt(at, information(HintCode::Hold), lens);
            }
            State::Guiding | State::Steady { .. } => {
                if lasted(self.green_since, at, HOLD_AFTER) {
                    self.dwell.interrupt(at, information(HintCode::Hold), lens);
                } else {
                    let wanted = self.remark(at).or_else(|| self.candidates.best());
                    self.dwell.prefer(at, wanted, lens);
                }
            }
        }
    }

    /// The one-time remark whose turn it is. It is done when it was on the screen for its time.
    fn remark(&mut self, at: Duration) -> Option<Candidate> {
        let code = *self.remarks.first()?;
        if self.dwell.hint().is_some_and(|hint| hint.code == code) && self.dwell.served(at) {
            self.remarks.remove(0);
            return self.remarks.first().copied().map(information);
        }
        Some(information(code))
    }

    /// Would the shown hint now send the learner the wrong way, or say what is no longer so?
    fn hint_is_wrong(&self) -> bool {
        let Some(hint) = self.dwell.hint() else {
            return false;
        };
        match hint.code {
            code if code.priority() == 0 => !matches!(self.state, State::Waiting(now) if now == code.code()),
            HintCode::Taken => !matches!(self.state, State::Taken),
            HintCode::Hold => {
                let holding =
                    matches!(self.state, State::Countdown { .. } | State::Burst { .. } | State::Judging { .. });
                !holding && self.candidates.best().is_some()
            }
            HintCode::TakeAnyway => !self.may_take_anyway(),
            code => self.judgement.readings.iter().any(|reading| {
                let other_way = reading.side.is_some() && hint.side.is_some() && reading.side != hint.side;
                reading.code == code && (reading.opposed || other_way)
            }),
        }
    }

    fn phase(&self, at: Duration) -> Phase {
        match &self.state {
            State::Waiting(code) => Phase::Waiting(code),
            State::Warmup { .. } => Phase::Warmup,
            State::Guiding => Phase::Guiding,
            State::Steady { .. } => Phase::Steady,
            State::Countdown { ends, .. } => {
                Phase::Countdown { left_ms: u32::try_from(ends.saturating_sub(at).as_millis()).unwrap_or(u32::MAX) }
            }
            State::Burst { .. } => Phase::Burst,
            State::Judging { .. } => Phase::Judging,
            State::Taken => Phase::Taken,
        }
    }

    /// Rises as gates turn green, as green lasts, and through the burst. Only for a bar on the screen.
    fn progress(&self, at: Duration) -> u8 {
        match &self.state {
            State::Waiting(_) | State::Warmup { .. } => 0,
            State::Guiding => {
                let stops = self.judgement.failing(Level::Stop).count();
                let warns = self.judgement.failing(Level::Warn).count();
                let lost = 20 * stops + 10 * warns + if self.judgement.complete { 0 } else { 20 };
                60u8.saturating_sub(u8::try_from(lost).unwrap_or(u8::MAX)).max(5)
            }
            State::Steady { since, .. } => {
                let part = at.saturating_sub(*since).min(GREEN_FOR).as_millis() * 20 / GREEN_FOR.as_millis();
                60 + u8::try_from(part).unwrap_or(20)
            }
            State::Countdown { .. } => 85,
            State::Burst { .. } => 90,
            State::Judging { .. } => 95,
            State::Taken => 100,
        }
    }
}

fn acceptable(judgement: &Judgement, wish: Wish) -> bool {
    let stopped = judgement.worst() == Some(Level::Stop);
    match wish {
        Wish::Auto => judgement.complete && !stopped,
        Wish::Manual => !stopped,
        Wish::Anyway => !judgement.absolute(),
    }
}

/// The still shows what its frame showed: same eyes, same card, to within a tenth.
fn agrees(still: &Still, shot: Shot, mode: Mode) -> bool {
    match (burst::scale_px(&still.measures, mode), shot.scale_px) {
        (Some(now), Some(then)) => (now - then).abs() <= SAME_WITHIN * then,
        _ => true,
    }
}

fn keep(since: &mut Option<Duration>, holds: bool, at: Duration) {
    *since = if holds { since.or(Some(at)) } else { None };
}

fn lasted(since: Option<Duration>, at: Duration, least: Duration) -> bool {
    since.is_some_and(|since| at.saturating_sub(since) >= least)
}
