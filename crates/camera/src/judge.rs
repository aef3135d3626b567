//! Decides whether a stream is alive, whether a picture counts, and what follows a fault. Pure: knows no clock and no camera.
//!
//! The camera thread measures and asks here; every rule is a table in the tests below.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::error::CameraError;

/// The first picture of a stream must come within this; slow cameras were seen to take over three seconds.
pub(crate) const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(4);
/// A stream is called stalled after this long. A camera of one picture a second still counts as alive.
pub(crate) const STALLED_AFTER: Duration = Duration::from_secs(2);
/// When to give up on a silent stream and open it once more: people have not yet left.
pub(crate) const REOPEN_AFTER: Duration = Duration::from_secs(5);
/// Nothing but repeats for this long is a frozen camera, not a calm learner: sensors have noise.
pub(crate) const NOT_MOVING_AFTER: Duration = Duration::from_secs(3);
/// One torn picture is nothing; this many in a row are a broken cable or driver.
pub(crate) const DAMAGED_IN_A_ROW: u32 = 3;
/// Exposure needs this long to settle after a start.
const SETTLED_AFTER: Duration = Duration::from_millis(400);
/// And at least this many pictures.
const SETTLED_FRAMES: u32 = 5;
/// Distinct pictures with rising times that must come in a row before one counts as fresh.
const FRESH_IN_A_ROW: u32 = 3;
/// A stale copy is a whole ring of driver buffers old; no driver has been seen with a longer ring.
const REMEMBERED: usize = 8;
/// A picture taken up to this long before the last one was overtaken by it: uvcvideo finishes buffers on several processors and
/// hands them out in the order in which they are finished. Further back it is the clock that jumped, and the picture may be new.
const OVERTAKEN_WITHIN: Duration = Duration::from_millis(250);

/// What the camera thread has measured of a running stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamFacts {
    /// Whether a usable picture has come at all.
    pub(crate) started: bool,
    /// Since anything came out of the driver, good or bad; since the start if nothing has.
    pub(crate) silent_for: Duration,
    /// Since a picture came that was not a repeat.
    pub(crate) same_for: Duration,
    /// Damaged pictures since the last good one.
    pub(crate) damaged_in_a_row: u32,
    /// Whether this stream has already been opened again because of silence.
    pub(crate) reopened: bool,
}

/// What to make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamVerdict {
    /// Still waiting for the first picture.
    Starting,
    Live,
    Stalled,
    NotMoving,
    Damaged,
    /// Drop the stream and open it once more.
    Reopen,
    /// Drop the stream; the learner chooses what to do.
    GiveUp,
}

/// Judges a running stream.
pub(crate) fn judge_stream(facts: StreamFacts) -> StreamVerdict {
    let patience = if facts.started { STALLED_AFTER } else { FIRST_FRAME_WITHIN };
    if facts.silent_for >= REOPEN_AFTER {
        if facts.reopened { StreamVerdict::GiveUp } else { StreamVerdict::Reopen }
    } else if facts.silent_for >= patience {
        StreamVerdict::Stalled
    } else if facts.damaged_in_a_row >= DAMAGED_IN_A_ROW {
        StreamVerdict::Damaged
    } else if !facts.started {
        StreamVerdict::Starting
    } else if facts.same_for >= NOT_MOVING_AFTER {
        StreamVerdict::NotMoving
    } else {
        StreamVerdict::Live
    }
}

/// Tells new pictures from repeats, and counts how many good ones came in a row.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    seen: VecDeque<(usize, u64)>,
    last_taken: Option<SystemTime>,
    last_arrival: Option<Duration>,
    in_a_row: u32,
    pictures: u32,
    first_at: Option<Duration>,
}

impl Freshness {
    /// A picture came. `print` stands for its bytes, `arrived` counts from the start of the stream.
    /// `None` means a repeat or one that a later picture has overtaken, which is dropped; otherwise whether it is fresh enough for a still.
    pub(crate) fn admit(&mut self, print: (usize, u64), taken: Option<SystemTime>, arrived: Duration) -> Option<bool> {
        if self.seen.contains(&print) {
            self.in_a_row = 0;
            return None;
        }
        let overtaken_by = self.last_taken.zip(taken).and_then(|(last, taken)| last.duration_since(taken).ok());
        if overtaken_by.is_some_and(|by| !by.is_zero() && by < OVERTAKEN_WITHIN) {
            self.in_a_row = 0;
            return None;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(print);
        let rises = match (self.last_taken, taken) {
            (Some(before), Some(now)) => now > before,
            // A driver that stopped telling the time cannot be trusted for the order either.
            (Some(_), None) => false,
            (None, _) => self.last_arrival.is_none_or(|before| arrived > before),
        };
        self.last_taken = taken;
        self.last_arrival = Some(arrived);
        self.in_a_row = if rises { self.in_a_row + 1 } else { 1 };
        self.pictures += 1;
        let first_at = *self.first_at.get_or_insert(arrived);
        let settled = self.pictures > SETTLED_FRAMES && arrived.saturating_sub(first_at) >= SETTLED_AFTER;
        Some(settled && self.in_a_row >= FRESH_IN_A_ROW)
    }

    /// A damaged picture came: the row is broken.
    pub(crate) fn interrupt(&mut self) {
        self.in_a_row = 0;
    }
}

/// What the camera thread does after an opening failed or a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Wait this long, then open again.
    RetryAfter(Duration),
    /// Wait until the names of the system's cameras change.
    WaitForDevice,
    /// Only a new request helps.
    Stay,
}

/// Waits between attempts while another program holds the camera: nobody waits longer than eight seconds for a button.
const BUSY_WAITS_MS: [u64; 4] = [500, 1_000, 2_000, 4_000];
/// After a device went or came: the system sets its rights late, sometimes seconds after its name appears.
const ARRIVAL_WAITS_MS: [u64; 3] = [300, 1_000, 3_000];
/// After an error of the bus: a camera that was just plugged in, or reset, refuses for a moment and then works.
const TRANSIENT_WAITS_MS: [u64; 3] = [200, 1_000, 3_000];

/// Decides what follows a fault. `arrived`: a device has appeared since the last picture.
/// `failures` counts this kind of fault since the last picture or that appearance; the first is 0.
pub(crate) fn after_fault(fault: &CameraError, transient: bool, arrived: bool, failures: usize) -> Next {
    let wait = |waits: &[u64]| waits.get(failures).map(|ms| Next::RetryAfter(Duration::from_millis(*ms)));
    match fault {
        CameraError::InUse => wait(&BUSY_WAITS_MS).unwrap_or(Next::Stay),
        CameraError::Lost => wait(&ARRIVAL_WAITS_MS).unwrap_or(Next::WaitForDevice),
        CameraError::NoCamera
        | CameraError::LockedMissing { .. }
        | CameraError::VirtualBlocked { .. }
        | CameraError::Unsupported { .. }
        | CameraError::Restricted
        | CameraError::Denied => wait(&ARRIVAL_WAITS_MS).filter(|_| arrived).unwrap_or(Next::WaitForDevice),
        CameraError::Failed { .. } if transient => wait(&TRANSIENT_WAITS_MS).unwrap_or(Next::Stay),
        CameraError::Failed { .. } | CameraError::ListTooSlow => Next::Stay,
    }
}

/// What follows instead of one more reopen that [`Reopens`] has not granted. Plugging a camera in again is a request of its own,
/// however often a loose cable has asked for it before.
pub(crate) fn after_too_many(fault: &CameraError) -> Next {
    match fault {
        CameraError::Lost => Next::WaitForDevice,
        _ => Next::Stay,
    }
}

/// Suspensions shorter than this leave a stream as it was.
const SLEPT_AT_LEAST: Duration = Duration::from_secs(5);

/// Notices that the computer was asleep: a stream that slept may never send again, and may send pictures from before.
#[derive(Debug, Default)]
pub(crate) struct Naps(Option<Duration>);

impl Naps {
    /// `slept`: how long the computer has been asleep in all, by any clock; only differences count.
    /// Answers whether it woke up since the last call.
    pub(crate) fn woke(&mut self, slept: Duration) -> bool {
        let before = self.0.replace(slept);
        before.is_some_and(|before| slept.saturating_sub(before) >= SLEPT_AT_LEAST)
    }
}

/// Bounds how often a stream that had run is opened again by itself, so that nothing flaps.
#[derive(Debug, Default)]
pub(crate) struct Reopens(VecDeque<Duration>);

impl Reopens {
    const MOST: usize = 3;
    const WITHIN: Duration = Duration::from_mins(1);

    /// Asks for one more automatic reopen at `now` (any clock that only rises), and counts it if granted.
    pub(crate) fn grant(&mut self, now: Duration) -> bool {
        while self.0.front().is_some_and(|earlier| now.saturating_sub(*earlier) >= Self::WITHIN) {
            self.0.pop_front();
        }
        let granted = self.0.len() < Self::MOST;
        if granted {
            self.0.push_back(now);
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_silent_camera_is_named_then_reopened_once_then_given_up() {
        use StreamVerdict::{Damaged, GiveUp, Live, NotMoving, Reopen, Stalled, Starting};
        #[rustfmt::skip]
        let table = [
            // started silent ms same ms damaged reopened expected   because
            (true,     33,      33,     0,     false,   Live,      "30 pictures a second are the normal case"),
            (true,  1_100,   1_100,     0,     false,   Live,      "one picture a second is slow, not broken"),
            (true,  2_000,   2_000,     0,     false,   Stalled,   "the learner is told before anything is torn down"),
            (true,  5_000,   5_000,     0,     false,   Reopen,    "one silent reopen costs less than a question"),
            (true,  5_000,   5_000,     0,     true,    GiveUp,    "a second reopen only lengthens the wait"),
            (false, 3_000,   3_000,     0,     false,   Starting,  "slow cameras take their time to start"),
            (false, 4_000,   4_000,     0,     false,   Stalled,   "but not more than four seconds"),
            (false, 5_000,   5_000,     0,     false,   Reopen,    "and then it is opened once more"),
            (true,     33,   2_900,     0,     false,   Live,      "repeats for a while happen"),
            (true,     33,   3_000,     0,     false,   NotMoving, "three seconds of one picture are a frozen camera"),
            (true,     33,     100,     2,     false,   Live,      "two torn pictures are an accident"),
            (true,     33,     100,     3,     false,   Damaged,   "three in a row are not"),
            (true,     33,   4_000,     9,     false,   Damaged,   "damage explains the standstill"),
            (false,    33,     500,     3,     false,   Damaged,   "a camera that never sends a good one is named too"),
            (true,  2_500,   2_500,     9,     false,   Stalled,   "silence explains more than old damage"),
        ];
        for (started, silent_ms, same_ms, damaged_in_a_row, reopened, expected, because) in table {
            let facts = StreamFacts {
                started,
                silent_for: Duration::from_millis(silent_ms),
                same_for: Duration::from_millis(same_ms),
                damaged_in_a_row,
                reopened,
            };
            assert_eq!(judge_stream(facts), expected, "{facts:?}: {because}");
        }
    }

    /// Feeds (print, taken ms or -1, arrived ms) and compares: 'd' dropped, '.' taken but not fresh, 'F' fresh.
    #[track_caller]
    fn check(pictures: &[(u64, i64, u64)], expected: &str, because: &str) {
        let mut freshness = Freshness::default();
        let found: String = pictures
            .iter()
            .map(|(print, taken_ms, arrived_ms)| {
                let taken = u64::try_from(*taken_ms).ok().map(|ms| UNIX_EPOCH + Duration::from_millis(ms));
                match freshness.admit((100, *print), taken, Duration::from_millis(*arrived_ms)) {
                    None => 'd',
                    Some(false) => '.',
                    Some(true) => 'F',
                }
            })
            .collect();
        assert_eq!(found, expected, "{because}");
    }

    #[test]
    fn a_still_comes_only_from_three_distinct_pictures_with_rising_times() {
        let steady = |count: u64| (0..count).map(|n| (n, 1_000 + 100 * n.cast_signed(), 100 * n)).collect::<Vec<_>>();
        check(&steady(8), ".....FFF", "five pictures and 400 ms for the exposure, then all are fresh");
        check(
            &(0..8).map(|n| (n, -1, 100 * n)).collect::<Vec<_>>(),
            ".....FFF",
            "a driver without times: arrival counts",
        );
        check(
            &(0..12u64).map(|n| (n, 10 * n.cast_signed(), 10 * n)).collect::<Vec<_>>(),
            "............",
            "120 ms are too early for any exposure",
        );
        let mut stale = steady(8);
        stale.extend([(4, 1_800, 800), (9, 1_900, 900), (10, 2_000, 1_000), (11, 2_100, 1_100)]);
        check(&stale, ".....FFFd..F", "a copy of a picture four back is dropped and breaks the row");
        let mut ring = steady(9);
        ring.push((0, 1_900, 900));
        check(&ring, ".....FFFFF", "nine back is beyond any ring of buffers");
        let mut overtaken = steady(8);
        overtaken.extend([(9, 1_900, 800), (8, 1_800, 810), (10, 2_000, 900), (11, 2_100, 1_000), (12, 2_200, 1_100)]);
        check(&overtaken, ".....FFFFd..F", "an older picture behind a newer one is dropped and breaks the row");
        let mut back = steady(7);
        back.extend([(20, 1_000, 700), (21, 1_100, 800), (22, 1_200, 900)]);
        check(&back, ".....FF..F", "time that jumps back breaks the row once");
        let mut mute = steady(7);
        mute.extend([(20, -1, 700), (21, -1, 800), (22, -1, 900)]);
        check(&mute, ".....FF..F", "a driver that falls silent about time breaks the row once");
        let frozen: Vec<_> = (0..5).map(|n| (7, 100 * n, 100 * n as u64)).collect();
        check(&frozen, ".dddd", "a frozen camera gives one picture");
    }

    #[test]
    fn damage_breaks_the_row() {
        let mut freshness = Freshness::default();
        let mut admit = |n: u64, damaged: bool| {
            if damaged {
                freshness.interrupt();
            }
            freshness.admit((1, n), None, Duration::from_millis(100 * n + 1))
        };
        for n in 0..7 {
            admit(n, false);
        }
        assert_eq!(admit(7, false), Some(true));
        assert_eq!(admit(8, true), Some(false), "the picture after a damaged one does not count yet");
        assert_eq!(admit(9, false), Some(false));
        assert_eq!(admit(10, false), Some(true));
    }

    #[test]
    fn a_sleep_is_noticed_once() {
        let mut naps = Naps::default();
        let mut woke = |ms| naps.woke(Duration::from_millis(ms));
        assert!(!woke(7_200_000), "what was slept before the first look is nobody's business");
        assert!(!woke(7_204_999), "a moment");
        assert!(woke(10_804_999), "an hour");
        assert!(!woke(10_804_999), "once");
        assert!(!woke(0), "a clock that was set back is no sleep");
    }

    #[test]
    fn what_follows_a_fault() {
        let failed = CameraError::Failed { detail: "error 5".into() };
        let retry = |ms| Next::RetryAfter(Duration::from_millis(ms));
        #[rustfmt::skip]
        let table = [
            // fault                  transient arrived failures expected            because
            (CameraError::InUse,        false, false, 0, retry(500),             "the other program may be closing"),
            (CameraError::InUse,        false, false, 3, retry(4_000),           "the last of four tries"),
            (CameraError::InUse,        false, false, 4, Next::Stay,             "then the learner decides"),
            (CameraError::Lost,         false, false, 0, retry(300),             "a loose plug is back at once"),
            (CameraError::Lost,         false, false, 3, Next::WaitForDevice,    "no polling of a device that is gone"),
            (CameraError::NoCamera,     false, false, 0, Next::WaitForDevice,    "plugging one in is enough"),
            (CameraError::Denied,       false, false, 0, Next::WaitForDevice,    "rights come with the device, or by a new request"),
            (CameraError::Denied,       false, true,  1, retry(1_000),           "the system sets rights late"),
            (CameraError::NoCamera,     false, true,  3, Next::WaitForDevice,    "what appeared was not a camera"),
            (failed.clone(),            true,  false, 0, retry(200),             "an error of the bus is often over at once"),
            (failed.clone(),            true,  false, 1, retry(1_000),           "or when the camera has come to itself"),
            (failed.clone(),            true,  false, 3, Next::Stay,             "then the learner decides"),
            (failed,                    false, false, 0, Next::Stay,             "an unknown error gets none"),
            (CameraError::ListTooSlow,  false, false, 0, Next::Stay,             "a hanging driver does not get better by asking"),
        ];
        for (fault, transient, arrived, failures, expected, because) in table {
            assert_eq!(after_fault(&fault, transient, arrived, failures), expected, "{fault:?} {failures}: {because}");
        }
    }

    #[test]
    fn a_camera_that_is_lost_too_often_is_still_waited_for() {
        assert_eq!(after_too_many(&CameraError::Lost), Next::WaitForDevice, "plugging it in is enough");
        assert_eq!(
            after_too_many(&CameraError::Failed { detail: String::new() }),
            Next::Stay,
            "only a new request helps"
        );
    }

    #[test]
    fn at_most_three_reopens_a_minute() {
        let mut reopens = Reopens::default();
        let granted: Vec<bool> =
            [0, 10, 20, 30, 61, 62, 71].into_iter().map(|s| reopens.grant(Duration::from_secs(s))).collect();
        assert_eq!(granted, [true, true, true, false, true, false, true]);
    }
}
