#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "this test measures how long the server takes")]
//! How long a refusal takes must not tell who has an account. A binary of its own, so that no other test runs beside it.
//!
//! The cost of a password's hash is the real one: nothing is lowered for the test.

#[allow(dead_code, reason = "this binary needs a small part of what the other one needs")]
#[path = "../api/house.rs"]
mod house;

use house::{App, House};
use likeness_protocol::Code;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const EACH: usize = 500;
/// Enough addresses on either side that none is singled out by its own place in the database.
const ADDRESSES: usize = 10;
/// Longer than any wait after failures, so that each try is judged like a first one.
const FORGIVEN_AFTER: Duration = Duration::from_mins(16);

/// The medians of 500 refused sign-ins at known and 500 at unknown addresses, one beside the other, differ by less than 5 %.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_and_an_unknown_address_are_refused_in_the_same_time() {
    let address = |kind: &str, number: usize| format!("{kind}{number}@corp.example");
    let learners: Vec<String> = (0..ADDRESSES).map(|number| address("known", number)).collect();
    let learners: Vec<&str> = learners.iter().map(String::as_str).collect();
    let house = House::with(&learners).await;
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let (mut known_us, mut unknown_us) = (Vec::with_capacity(EACH), Vec::with_capacity(EACH));
    for round in 0..EACH {
        // Whoever comes second may find caches warm: the order changes each round.
        let order = if round % 2 == 0 { ["known", "other"] } else { ["other", "known"] };
        for kind in order {
            house.clock.advance(FORGIVEN_AFTER);
            // Brings a nonce of this minute, so that the measured request is answered at once.
            app.get("/v1/policy").await;
            let started = Instant::now();
            let reply = app.challenge(&address(kind, round % ADDRESSES), "wrong horse battery", &"v".repeat(43)).await;
            let took_us = started.elapsed().as_micros();
            assert_eq!((reply.status, reply.code()), (400, Code::InvalidCredentials), "{kind}: {}", reply.text());
            if kind == "known" { known_us.push(took_us) } else { unknown_us.push(took_us) }
        }
    }
    let (known, unknown) = (median(&mut known_us), median(&mut unknown_us));
    let gap_permille = known.abs_diff(unknown) * 1_000 / known.max(unknown);
    println!("known {known} us, unknown {unknown} us, gap {gap_permille} per mille over {EACH} + {EACH}");
    assert!(
        gap_permille < 50,
        "the time of a refusal tells who has an account: {known} us known, {unknown} us unknown"
    );
}

fn median(times: &mut [u128]) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}
