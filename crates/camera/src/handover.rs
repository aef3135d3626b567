//! From a thread of the system to the camera thread: one picture, the newest, and the reason why no more will come.
//!
//! Windows and macOS bring each picture on a thread of their own. That thread never waits here, and nothing queues: a picture
//! that nobody took is wiped when the next one comes. The camera thread waits here with a limit, and a wish ends its wait.
//! The end of a stream stays told until the stream is dropped, so it cannot be missed between two waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Damage;
use crate::fault::Fault;
use crate::pool::{Pool, PooledBytes};
use crate::wake::Wake;

/// A picture in the packing of its mode, rows without padding.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) bytes: PooledBytes,
    /// Since 1970, if the system says when it was taken.
    pub(crate) taken: Option<Duration>,
}

#[derive(Default)]
struct Held {
    newest: Option<Result<Handed, Damage>>,
    ended: Option<Fault>,
}

/// Room for one picture of one stream.
pub(crate) struct Handover {
    held: Mutex<Held>,
    wake: Arc<Wake>,
    pool: Pool,
}

impl Handover {
    /// An empty one; whoever raises `wake` ends a wait here.
    pub(crate) fn new(wake: &Arc<Wake>) -> Self {
        Self { held: Mutex::default(), wake: Arc::clone(wake), pool: Pool::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over one picture, which `copy` writes into an empty buffer of ours; its answer is the time the picture was taken.
    pub(crate) fn put(&self, copy: impl FnOnce(&mut PooledBytes) -> Result<Option<Duration>, Damage>) {
        let mut bytes = self.pool.take();
        let picture = copy(&mut bytes).map(|taken| Handed { bytes, taken });
        let older = self.held().newest.replace(picture);
        drop(older); // wiped outside the lock
        self.wake.nudge();
    }

    /// Says that no more pictures come. The first reason is kept: what follows it is only its consequence.
    pub(crate) fn end(&self, fault: Fault) {
        self.held().ended.get_or_insert(fault);
        self.wake.nudge();
    }

    /// The newest picture, waiting up to `within` for it. A picture that came before the end is still given out.
    pub(crate) fn take(&self, within: Duration) -> Result<Handed, Fault> {
        let ready = || {
            let held = self.held();
            held.newest.is_some() || held.ended.is_some()
        };
        if self.wake.wait_until(within, ready) {
            return Err(Fault::Woken);
        }
        let mut held = self.held();
        match (held.newest.take(), &held.ended) {
            (Some(picture), _) => picture.map_err(Fault::Damaged),
            (None, Some(fault)) => Err(fault.clone()),
            (None, None) => Err(Fault::Silence),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::error::CameraError;

    const SOON: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(20);

    fn handover() -> (Arc<Wake>, Arc<Handover>) {
        let wake = Arc::new(Wake::new());
        let handover = Arc::new(Handover::new(&wake));
        (wake, handover)
    }

    fn put(handover: &Handover, value: u8) {
        handover.put(|bytes| {
            bytes.extend(&[value; 4]);
            Ok(Some(Duration::from_secs(u64::from(value))))
        });
    }

    #[test]
    fn only_the_newest_picture_is_given_out_and_only_once() {
        let (_, handover) = handover();
        put(&handover, 1);
        put(&handover, 2);
        let handed = handover.take(SOON).unwrap();
        assert_eq!((handed.bytes.as_ref(), handed.taken), ([2; 4].as_slice(), Some(Duration::from_secs(2))));
        assert_eq!(handover.take(SOON).unwrap_err(), Fault::Silence, "a picture is never given out twice");
    }

    #[test]
    fn a_damaged_picture_is_told_and_the_stream_goes_on() {
        let (_, handover) = handover();
        handover.put(|_| Err(Damage::Marked));
        assert_eq!(handover.take(SOON).unwrap_err(), Fault::Damaged(Damage::Marked));
        put(&handover, 3);
        assert!(handover.take(SOON).is_ok());
    }

    #[test]
    fn the_first_reason_of_an_end_stays_told() {
        let (_, handover) = handover();
        let lost = Fault::Ended { error: CameraError::Lost, transient: false };
        put(&handover, 4);
        handover.end(lost.clone());
        handover.end(Fault::failed("its consequence"));
        assert!(handover.take(SOON).is_ok(), "the picture came before the end");
        assert_eq!(handover.take(SOON).unwrap_err(), lost);
        assert_eq!(handover.take(SOON).unwrap_err(), lost, "and it is told as often as it is asked");
    }

    #[test]
    fn a_wait_ends_with_a_picture_an_end_or_a_wish() {
        let (_, waited) = handover();
        let putter = Arc::clone(&waited);
        let thread = thread::spawn(move || put(&putter, 5));
        assert!(waited.take(LONG).is_ok(), "a picture from another thread ends the wait");
        thread.join().unwrap();

        let ender = Arc::clone(&waited);
        let thread = thread::spawn(move || ender.end(Fault::failed("over")));
        assert_eq!(waited.take(LONG).unwrap_err(), Fault::failed("over"), "so does the end");
        thread.join().unwrap();

        let (wake, waited) = handover();
        let thread = thread::spawn(move || wake.raise());
        assert_eq!(waited.take(LONG).unwrap_err(), Fault::Woken, "and a wish");
        thread.join().unwrap();
    }
}
