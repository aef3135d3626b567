//! Wishes and the wake that ends the camera thread's waits, under every order in which threads can run (loom). Compiled for
//! tests only; the same files as in the product, on loom's locks, whose waits have no time limit: a lost wake-up is a deadlock.
#![allow(dead_code, reason = "not everything the product uses is part of a model")]

#[allow(clippy::duplicate_mod, reason = "the very file of the product, with other locks under it")]
#[path = "wake.rs"]
mod wake;
#[allow(clippy::duplicate_mod, reason = "the very file of the product, with other locks under it")]
#[path = "wishes.rs"]
mod wishes;

use std::time::Duration;

use loom::thread;

use crate::clock;
use crate::state::{Attempt, Purpose};
use sync::Arc;
use wishes::{Wish, Wishes};

mod sync {
    pub(crate) use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;
}

const LONG: Duration = Duration::from_hours(1);

fn open(wishes: &Wishes) -> Attempt {
    wishes.wish(|_| {}, |attempt| Wish::Open { attempt, device: None, purpose: Purpose::Face })
}

/// Serves wishes as the camera thread does when no camera is open; answers the attempts it has seen.
fn serve(wishes: &Wishes) -> Vec<Attempt> {
    let mut served = Vec::new();
    loop {
        match wishes.take() {
            Some(Wish::Quit) => return served,
            Some(Wish::Open { attempt, .. }) => served.push(attempt),
            Some(Wish::Close) => {}
            None => {
                wishes.wake.sleep(LONG);
            }
        }
    }
}

#[test]
fn no_wish_is_slept_through_and_their_numbers_rise() {
    loom::model(|| {
        let wishes = Arc::new(Wishes::default());
        let camera = {
            let wishes = Arc::clone(&wishes);
            thread::spawn(move || serve(&wishes))
        };
        let (first, second) = (open(&wishes), open(&wishes));
        assert!(second > first);
        wishes.quit();
        let served = camera.join().unwrap();
        assert!(served.is_sorted() && served.len() <= 2, "{served:?}");
    });
}

#[test]
fn a_wish_that_comes_while_another_raise_is_looked_into_is_not_lost() {
    loom::model(|| {
        let wishes = Arc::new(Wishes::default());
        // New rules and controls raise the wake without a wish.
        wishes.wake.raise();
        let asking = {
            let wishes = Arc::clone(&wishes);
            thread::spawn(move || open(&wishes))
        };
        if !wishes.is_waiting() {
            // What was raised so far has been seen; the wish ends this sleep, whenever it comes.
            wishes.wake.sleep(LONG);
        }
        assert!(matches!(wishes.take(), Some(Wish::Open { .. })));
        asking.join().unwrap();
    });
}
