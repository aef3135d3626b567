//! The newest-frame slot under every order in which its threads can run (loom). Compiled for tests only.
//!
//! The same file as in the product, on loom's locks: its waits have no time limit, so a wake-up that gets lost is a deadlock,
//! which loom reports.

#[allow(clippy::duplicate_mod, reason = "the very file of the product, with other locks under it")]
#[path = "slot.rs"]
mod slot;

use crate::clock;
use slot::{Numbered, Slot};
use sync::Arc;

mod sync {
    pub(crate) use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;
}

use std::time::Duration;

use loom::thread;

const LONG: Duration = Duration::from_hours(1);

struct Numbers {
    seq: u64,
    attempt: u64,
}

impl Numbered for Numbers {
    fn seq(&self) -> u64 {
        self.seq
    }
    fn attempt_number(&self) -> u64 {
        self.attempt
    }
}

fn frame(seq: u64, attempt: u64) -> Arc<Numbers> {
    Arc::new(Numbers { seq, attempt })
}

#[test]
fn a_reader_sees_rising_numbers_and_never_waits_for_a_picture_that_is_there() {
    loom::model(|| {
        let slot = Arc::new(Slot::<Numbers>::default());
        slot.begin(1);
        let camera = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                slot.put(frame(1, 1));
                slot.put(frame(2, 1));
            })
        };
        let first = slot.wait_newer(None, LONG).map(|frame| frame.seq());
        assert!(matches!(first, Some(1 | 2)), "{first:?}");
        // The last picture comes in every order of the threads, however long the reader took.
        let last = if first == Some(2) { first } else { slot.wait_newer(first, LONG).map(|frame| frame.seq()) };
        assert_eq!(last, Some(2));
        camera.join().unwrap();
    });
}

#[test]
fn two_readers_are_both_woken() {
    loom::model(|| {
        let slot = Arc::new(Slot::<Numbers>::default());
        slot.begin(1);
        let reader = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.wait_newer(None, LONG).map(|frame| frame.seq()))
        };
        let camera = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.put(frame(7, 1)))
        };
        assert_eq!(slot.wait_newer(None, LONG).map(|frame| frame.seq()), Some(7));
        assert_eq!(reader.join().unwrap(), Some(7));
        camera.join().unwrap();
    });
}

#[test]
fn no_picture_of_an_older_attempt_is_seen_after_a_new_one_has_begun() {
    loom::model(|| {
        let slot = Arc::new(Slot::<Numbers>::default());
        slot.begin(1);
        let camera = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                slot.put(frame(1, 1));
                slot.clear(1);
                slot.put(frame(2, 1));
                slot.put(frame(3, 2));
            })
        };
        slot.begin(2);
        let newest = slot.newest().map(|frame| frame.attempt_number());
        assert!(newest.is_none_or(|attempt| attempt == 2), "{newest:?}");
        // Either the camera's picture of the new attempt came after it began and is seen, or it came before and is dropped.
        camera.join().unwrap();
        let newest = slot.newest().map(|frame| (frame.seq(), frame.attempt_number()));
        assert!(matches!(newest, None | Some((3, 2))), "{newest:?}");
    });
}
