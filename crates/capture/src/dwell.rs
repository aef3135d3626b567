//! When the shown hint may change.
//!
//! Guarantees: none or one hint; each stays for its least time unless it became wrong in direction, and then the place stays
//! empty for the rest of that time; only camera faults, "hold still" and "photo taken" do not wait.

use std::time::Duration;

use crate::advice::{Amount, Hint, Side};
use crate::candidates::Candidate;
use crate::hint::HintCode;

/// An amount is said again only when it changed by this much.
const AMOUNT_AGAIN_MM: f64 = 100.0;

#[derive(Debug, Clone, Copy)]
struct Shown {
    hint: Hint,
    move_mm: Option<f64>,
    since: Duration,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dwell {
    shown: Option<Shown>,
    /// Nothing that waits may be shown before.
    quiet_until: Duration,
}

impl Dwell {
    /// What is on the screen.
    pub(crate) fn hint(&self) -> Option<Hint> {
        self.shown.map(|shown| shown.hint)
    }

    /// Has the hint had its least time?
    pub(crate) fn served(&self, at: Duration) -> bool {
        self.shown.is_some_and(|shown| at >= shown.since + shown.hint.code.shown_at_least())
    }

    /// Takes the hint away because it is wrong now. Nothing replaces it early.
    pub(crate) fn withdraw(&mut self) {
        self.shown = None;
    }

    /// Shows at once.
    pub(crate) fn interrupt(&mut self, at: Duration, wanted: Candidate, known_lens: bool) {
        if !self.keeps(&wanted) {
            self.show(at, wanted, known_lens);
        }
    }

    /// Shows when the time of the present one is over; `None` clears then.
    pub(crate) fn prefer(&mut self, at: Duration, wanted: Option<Candidate>, known_lens: bool) {
        if at < self.quiet_until {
            return;
        }
        match wanted {
            None => self.shown = None,
            Some(wanted) if self.keeps(&wanted) => self.renew_amount(at, wanted, known_lens),
            Some(wanted) => self.show(at, wanted, known_lens),
        }
    }

    /// The same words are already there; only the weight may have changed.
    fn keeps(&mut self, wanted: &Candidate) -> bool {
        match &mut self.shown {
            Some(shown) if shown.hint.code == wanted.code && shown.hint.side == wanted.side => {
                shown.hint.level = wanted.level;
                true
            }
            _ => false,
        }
    }

    fn renew_amount(&mut self, at: Duration, wanted: Candidate, known_lens: bool) {
        let changed = match (self.shown.and_then(|shown| shown.move_mm), wanted.move_mm) {
            (Some(then), Some(now)) => (then - now).abs() >= AMOUNT_AGAIN_MM,
            _ => false,
        };
        if changed {
            self.show(at, wanted, known_lens);
        }
    }

    fn show(&mut self, at: Duration, wanted: Candidate, known_lens: bool) {
        let hint = Hint {
            code: wanted.code,
            level: wanted.level,
            side: wanted.side,
            centimetres: wanted.move_mm.filter(|_| known_lens).map(centimetres),
            amount: wanted.move_mm.map(amount),
        };
        self.shown = Some(Shown { hint, move_mm: wanted.move_mm, since: at });
        self.quiet_until = at + wanted.code.shown_at_least();
    }
}

/// Informs without a measured value behind it.
pub(crate) fn information(code: HintCode) -> Candidate {
    Candidate { code, level: code.heaviest(), side: None::<Side>, move_mm: None }
}

fn amount(millimetres: f64) -> Amount {
    if millimetres < 80.0 {
        Amount::Little
    } else if millimetres <= 200.0 {
        Amount::HandsWidth
    } else {
        Amount::ArmsLength
    }
}

/// Rounded to 5, at least 5, at most 200.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 5..=200 before")]
fn centimetres(millimetres: f64) -> u32 {
    ((millimetres / 50.0).round() * 5.0).clamp(5.0, 200.0) as u32
}
