//! Calls into drivers: caught if they panic, named if they do not come back. It cannot end one; the thread in it is the driver's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::board::Board;
use crate::clock;
use crate::fault::Fault;
use crate::state::{Attempt, CameraState};

/// How often a call that is under way is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A sleep that only the next call ends.
const UNTIL_NEEDED: Duration = Duration::from_hours(1);

/// A call into a driver that is under way.
struct Call {
    attempt: Attempt,
    since: Instant,
    limit: Duration,
    overdue: CameraState,
}

#[derive(Default)]
struct UnderWay {
    call: Option<Call>,
    /// Whether the watch thread sleeps until the next call.
    asleep: bool,
    /// Whether the camera thread has ended.
    over: bool,
}

/// What the camera thread is doing in a driver, as the thread `camera-watch` sees it.
#[derive(Default)]
pub(crate) struct Calls {
    under_way: Mutex<UnderWay>,
    needed: Condvar,
    ended: Condvar,
}

impl Calls {
    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call. After `limit` the watch thread shows `overdue` for this attempt.
    pub(crate) fn make<T>(
        &self,
        attempt: Attempt,
        limit: Duration,
        overdue: CameraState,
        call: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.note(Some(Call { attempt, since: clock::now(), limit, overdue }));
        let answer = catch_unwind(AssertUnwindSafe(call));
        self.note(None);
        answer.unwrap_or_else(|_| Err(Fault::failed("the driver's binding panicked")))
    }

    fn note(&self, call: Option<Call>) {
        let mut under_way = self.under_way();
        under_way.call = call;
        if under_way.asleep && under_way.call.is_some() {
            self.needed.notify_all();
        }
    }

    /// The watch thread: shows what is overdue, until the camera thread has ended.
    pub(crate) fn watch(&self, board: &Board) {
        let mut under_way = self.under_way();
        while !under_way.over {
            if let Some(late) =
                under_way.call.as_ref().filter(|call| clock::now().duration_since(call.since) > call.limit)
            {
                board.publish(late.attempt, late.overdue.clone());
            }
            under_way.asleep = under_way.call.is_none();
            let wait = if under_way.asleep { UNTIL_NEEDED } else { LOOK_EVERY };
            under_way = self.needed.wait_timeout(under_way, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The camera thread has ended.
    pub(crate) fn end(&self) {
        self.under_way().over = true;
        self.needed.notify_all();
        self.ended.notify_all();
    }

    /// Waits for the end, but no longer than this.
    pub(crate) fn wait_for_end(&self, within: Duration) {
        let waited = self.ended.wait_timeout_while(self.under_way(), within, |under_way| !under_way.over);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
