//! Rounds: the built program against a stand-in that is a process of its own, and whatever may befall the two.
//!
//! A seed draws the rows, the work, the faults, and blows that fall at the n-th request or line: SIGKILL, storms of
//! signals, SIGSTOP and SIGCONT, the stand-in killed, started again or standing still, a full disk, one that lets nothing
//! be written, files that may not grow, a closed stdout, a terminal that goes away, 64 file descriptors, a clock that
//! jumps. Then the same command runs to its end, and the results are held against the stand-in's own journal.
//!
//! `TOLLGATE_ROUNDS=N` plays more or fewer of them and `TOLLGATE_SEED=S` others; a round that fails says how to play it
//! alone.

mod checks;
mod ground;
mod plan;
mod play;
mod town;
mod wishes;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use self::{checks::Fall, ground::Ground, plan::Plan, play::Game};
use crate::support::program::{Desk, skip};

/// So many rounds are under way at once: most of their time they wait.
const AT_ONCE: usize = 6;

/// As many as the tests play unless they are told otherwise; whatever can befall a run does so among them.
const ROUNDS: u64 = 100;

/// What befalls some try of some round: the names of [`plan::Blow`] and [`plan::Surroundings`], as far as they go, and what
/// it is broken off in.
const WHATEVER: [&str; 23] = [
    "Kill",
    "KillStopped",
    "Storm(1)",
    "Storm(5)",
    "Pause { restart: false }",
    "Pause { restart: true }",
    "Restart",
    "LeaveWithoutServer",
    "LeaveWithFrozenServer",
    "Hangup",
    "ClosedStdout",
    "Terminal",
    "Descriptors(64)",
    "Descriptors(1024)",
    "SmallFiles",
    "Plain",
    "Jump",
    "a wrong clock",
    "entering into a list",
    "heeding a list",
    "pruning",
    "hashing",
    "reading",
];

/// What needs a disk of one's own.
const TO_DISKS: [&str; 2] = ["FillDisk", "ReadOnly"];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn whatever_befalls_a_run_every_row_has_one_verdict_and_the_server_agrees() {
    let (rounds, seed) = (number("TOLLGATE_ROUNDS", ROUNDS), number("TOLLGATE_SEED", 1));
    let next = AtomicU64::new(0);
    let (failures, falls) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(nth) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|nth| *nth < rounds) {
                    match round(seed + nth) {
                        Ok(new) => falls.lock().unwrap().extend(new),
                        Err(failure) => failures.lock().unwrap().push(failure),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {rounds} rounds failed\n{}", failures.len(), failures.join("\n\n"));
    let falls = falls.into_inner().unwrap();
    tell(seed, rounds, &falls);
    if (seed, rounds) == (1, ROUNDS) {
        everything_befell(&falls);
    }
}

/// None of what can befall a run is only promised.
fn everything_befell(falls: &[Fall]) {
    let befell: Vec<&String> = falls.iter().flat_map(|fall| &fall.befell).collect();
    let desk = Desk::new();
    let has_disks = Ground::at(desk.path("ground")).is_disk();
    let to_disks = TO_DISKS.iter().filter(|_| has_disks);
    let never: Vec<_> =
        WHATEVER.iter().chain(to_disks).filter(|what| !befell.iter().any(|it| it.starts_with(**what))).collect();
    assert!(never.is_empty(), "{never:?} never befell any of {} tries", falls.len());
}

/// Plays one; a failure says what happened, and how to see it again.
fn round(seed: u64) -> Result<Vec<Fall>, String> {
    let plan = Plan::draw(seed);
    let mut history = Vec::new();
    let desk = Desk::new();
    let ground = Ground::at(desk.path("ground"));
    if !ground.is_disk() {
        skip("no disk can be mounted here: none is filled");
    }
    let played = catch_unwind(AssertUnwindSafe(|| Game::begin(&plan, &desk, &ground, &mut history).play()));
    played.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let Plan { work, wishes, width, rate, faults, .. } = &plan;
        format!(
            "TOLLGATE_SEED={seed} TOLLGATE_ROUNDS=1\n{work:?}, {wishes:?}, {} rows, {width} wide, {rate}/s, {faults:?}\n{}\n{}",
            plan.rows(1).len(),
            history.join("\n"),
            said.unwrap_or("it panicked")
        )
    })
}

#[expect(clippy::print_stderr, reason = "the test runner shows it where it is asked to")]
fn tell(seed: u64, rounds: u64, falls: &[Fall]) {
    let kills: Vec<u64> = falls.iter().filter(|fall| fall.killed).map(|fall| fall.lost).collect();
    eprintln!(
        "{rounds} rounds from seed {seed}: the program was started {} times and killed {} times; at most {} answers a kill \
         were not written down, {} in all",
        falls.len(),
        kills.len(),
        kills.iter().max().copied().unwrap_or_default(),
        kills.iter().sum::<u64>()
    );
}
