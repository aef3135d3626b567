//! Which hints are true for long enough to be said.
//!
//! A gate that fails once says nothing: it must fail in 3 of the last 4 looks (2 of 2 when looks are rare),
//! and a hint goes only when the value was better than its limit by a margin as often.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::advice::Side;
use crate::gates::{Judgement, Reading};
use crate::hint::HintCode;
use crate::photo::Level;

const LOOKS: usize = 4;
const OF_THEM: usize = 3;
/// Looks further apart than this count double.
const RARE: Duration = Duration::from_millis(200);
/// A blink is not a hint.
const EYES_CLOSED_FOR: Duration = Duration::from_millis(600);
/// What could not be judged for this long is forgotten.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    Failing,
    Between,
    Clear,
}

#[derive(Debug, Clone, Default)]
struct Track {
    looks: VecDeque<Seen>,
    active: bool,
    failing_from: Option<Duration>,
    judged: Duration,
}

/// Something that could be said now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) code: HintCode,
    pub(crate) level: Level,
    pub(crate) side: Option<Side>,
    pub(crate) move_mm: Option<f64>,
}

impl Candidate {
    pub(crate) fn of(reading: &Reading) -> Option<Self> {
        Some(Self { code: reading.code, level: reading.level()?, side: reading.side, move_mm: reading.move_mm })
    }

    fn urgency(&self) -> (std::cmp::Reverse<Level>, u8, HintCode) {
        (std::cmp::Reverse(self.level), self.code.priority(), self.code)
    }
}

/// The most urgent of several readings.
pub(crate) fn most_urgent<'a>(readings: impl Iterator<Item = &'a Reading>) -> Option<Candidate> {
    readings.filter_map(Candidate::of).min_by_key(Candidate::urgency)
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Candidates {
    tracks: BTreeMap<HintCode, Track>,
    last: Option<Duration>,
    best: Option<Candidate>,
}

impl Candidates {
    /// Takes in one judged look.
    pub(crate) fn note(&mut self, at: Duration, judgement: &Judgement) {
        let rare = self.last.is_none_or(|last| at.saturating_sub(last) > RARE);
        self.last = Some(at);
        for reading in &judgement.readings {
            self.tracks.entry(reading.code).or_default();
        }
        for (code, track) in &mut self.tracks {
            let mut about = judgement.readings.iter().filter(|reading| reading.code == *code).peekable();
            if about.peek().is_none() && judgement.card_unsettled {
                if at.saturating_sub(track.judged) > UNKNOWN_FOR {
                    *track = Track { judged: at, ..Track::default() };
                }
                continue;
            }
            track.note(*code, at, rare, seen(about));
        }
        self.best = most_urgent(judgement.readings.iter().filter(|reading| self.active(reading.code)));
    }

    /// The subject changed or all is well: start afresh.
    pub(crate) fn clear(&mut self) {
        self.tracks.clear();
        self.best = None;
    }

    /// The one to say, among those that hold right now.
    pub(crate) fn best(&self) -> Option<Candidate> {
        self.best
    }

    /// Entered and not yet left.
    pub(crate) fn active(&self, code: HintCode) -> bool {
        self.tracks.get(&code).is_some_and(|track| track.active)
    }
}

fn seen<'a>(about: impl Iterator<Item = &'a Reading>) -> Seen {
    let mut seen = Seen::Clear;
    for reading in about {
        if reading.level().is_some() {
            return Seen::Failing;
        }
        if !reading.cleared() {
            seen = Seen::Between;
        }
    }
    seen
}

impl Track {
    fn note(&mut self, code: HintCode, at: Duration, rare: bool, seen: Seen) {
        self.judged = at;
        if self.looks.len() == LOOKS {
            self.looks.pop_front();
        }
        self.looks.push_back(seen);
        self.failing_from = if seen == Seen::Failing { self.failing_from.or(Some(at)) } else { None };
        if self.active {
            self.active = !self.mostly(Seen::Clear, rare);
        } else {
            let long_enough = code != HintCode::EyesClosed
                || self.failing_from.is_some_and(|from| at.saturating_sub(from) >= EYES_CLOSED_FOR);
            self.active = long_enough && self.mostly(Seen::Failing, rare);
        }
    }

    fn mostly(&self, wanted: Seen, rare: bool) -> bool {
        if rare && self.looks.iter().rev().take(2).filter(|seen| **seen == wanted).count() == 2 {
            return true;
        }
        self.looks.iter().filter(|seen| **seen == wanted).count() >= OF_THEM
    }
}
