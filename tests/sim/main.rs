//! The whole machine, simulated: one seed decides the input, the API's behaviour, the signals, the disk's faults and the
//! deaths of every try; time is virtual. Each history is judged by an independent model, see [`judge`] and [`end`].
//!
//! `cargo test` tells 20,000 histories, `just simulate` as many as one likes. `SIM_SEEDS` says how many, `SIM_FIRST` where to
//! begin; a seed that fails prints its plan, its requests, what was done to the disk and its files, and the one command
//! that tells it again.
//!
//! Simulated: rows with repeats, two ids and malformed records; deletions with looks and verification, and syncs of
//! deletions, updates, upserts and creations in order; latency, 429 with and without Retry-After, 5xx, 503, resets before
//! and after the request was applied (a truncated answer is one of these to the flow), time-outs, lies, pages that are not
//! the API's own, 401 that heals or not, outages up to hours, of everything or of one kind of call; signals; short writes, a full disk, failing syncs, death at
//! any byte of any file of the run and at any moment, with and without the power going, the memory's store and the list of
//! those who shall not come back included; ids that the results name by their hashes.
//! Not simulated: the wire (`tests/it/remote`), two ids with a memory, the guards but for the not-found one ([`guard`]), the
//! canary, the look before a run and its prompt (`tests/it/laws`, `tests/it/front_door`).

#![expect(clippy::expect_used, reason = "helpers of tests may expect, as tests may")]

mod again;
mod blame;
mod chance;
mod desk;
mod end;
mod guard;
mod history;
mod intake;
mod judge;
mod machine;
mod model;
mod mutations;
mod naive;
mod names;
mod plan;
#[path = "../it/memory/power.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "it is of the other tests, which ask more of it")]
mod power;
mod rows;
mod shelf;
mod stdin;
mod storms;
mod support;
mod writer;

use std::{
    env,
    panic::catch_unwind,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use history::{happen, tell};
use plan::Plan;

/// So many histories are told unless `SIM_SEEDS` says otherwise …
const SEEDS: u64 = 20_000;
/// … within this, unless it does: about three times what they take on two idle cores.
const TIME: Duration = Duration::from_mins(10);

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is the point")]
fn histories_keep_every_promise() {
    let (first, wanted) = (number("SIM_FIRST").unwrap_or(0), number("SIM_SEEDS"));
    let last = first + wanted.unwrap_or(SEEDS);
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    let began = Instant::now();
    let in_time = || wanted.is_some() || began.elapsed() < TIME;
    let work = || {
        while !failed.load(Ordering::Relaxed) && in_time() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= last {
                return;
            }
            if catch_unwind(|| tell(happen(&Plan::of(seed)))).is_err() {
                failed.store(true, Ordering::Relaxed);
                panic!("seed {seed} fails: SIM_FIRST={seed} SIM_SEEDS=1 cargo test --test sim histories");
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let told = next.load(Ordering::Relaxed).min(last) - first;
    assert!(in_time() || told == last - first, "only {told} histories were told within {TIME:?}");
}
