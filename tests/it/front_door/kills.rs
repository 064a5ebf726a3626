//! Killed at any request, run again: every row one settled line, nothing settled sent twice, nobody forgotten.

use std::collections::BTreeSet;

use tollgate::sandbox::{Faults, Population};

use crate::support::{
    program::{Desk, PATIENCE, Running, SLOWLY, run, sandbox},
    record::{chain, deletions, journal, lines, settled_once},
};

/// What the results' queue holds at most.
const QUEUE: u64 = 1024;

/// What stood in the results when a process was killed, and how much the stand-in had received by then.
struct Fall {
    settled: BTreeSet<String>,
    received: u64,
}

fn killed_again_and_again(width: u64, rows: u64, counters: &[u64], further: &[&str]) {
    let desk = Desk::new();
    let account = desk.path("journal");
    let sandbox = sandbox(Population::Count(rows), Faults::default(), Some(account.clone()));
    desk.customers(rows);
    let width_said = width.to_string();
    let mut falls = Vec::new();
    for counter in counters {
        let running = Running::start(
            desk.delete(&sandbox.base_url()).args(SLOWLY).args(["--concurrency", &width_said]).args(further),
        );
        assert!(sandbox.wait_for(*counter, PATIENCE));
        running.kill();
        let settled = lines(&desk.out()).into_iter().map(|line| line.id).collect();
        falls.push(Fall { settled, received: sandbox.received().requests });
    }
    run(desk.delete(&sandbox.base_url()).args(["--concurrency", &width_said]).args(further)).with(0);

    let received = sandbox.stop().unwrap();
    assert_eq!(received.applied, rows, "everybody is gone");
    let counts = settled_once(&desk.out());
    assert_eq!(counts.values().sum::<usize>() as u64, rows);
    assert!(counts.keys().all(|word| word == "deleted" || word == "absent"), "{counts:?}");
    chain(&desk.out());
    let requests = journal(&account);
    for fall in &falls {
        let later = deletions(&requests, fall.received + 1);
        let sent_twice: Vec<_> = later.keys().filter(|id| fall.settled.contains(**id)).collect();
        assert!(sent_twice.is_empty(), "settled before a kill and sent after it: {sent_twice:?}");
    }
    let repeats: usize = deletions(&requests, 0).values().map(|count| count - 1).sum();
    assert!(repeats as u64 <= falls.len() as u64 * (width + QUEUE), "{repeats} repeats");
    let absent = counts.get("absent").copied().unwrap_or_default();
    assert!(absent <= repeats, "absent only where an earlier try's deletion was not written down");
}

#[test]
fn killed_in_the_look_in_the_canary_and_in_the_flood_it_ends_as_if_it_had_not_been() {
    killed_again_and_again(1, 900, &[3, 21, 60, 200], &[]);
}

#[test]
fn killed_with_sixteen_on_the_wire_nothing_settled_is_sent_again() {
    killed_again_and_again(16, 1900, &[100, 400, 700], &[]);
}

/// The first rows may all be deleted and not written down, which the not-found guard takes for a wrong key.
#[test]
fn killed_between_deletions_and_their_looks_nothing_settled_is_sent_again() {
    let verifying = ["--verify", "--verify-after", "20ms", "--max-absent", "off"];
    killed_again_and_again(16, 900, &[100, 400, 900], &verifying);
}

#[test]
fn killed_with_a_hundred_on_the_wire_nothing_settled_is_sent_again() {
    killed_again_and_again(100, 1900, &[200, 800], &[]);
}
