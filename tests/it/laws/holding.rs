//! Pauses that the API asks for: they quiet everybody, blame nobody, and are no outage.

use std::time::Duration;

use tollgate::{
    domain::Verdict,
    flow::{Ending, Options},
};

use super::{a_hold_is_kept, every_row_is_accounted_for, millis, seconds, the_pace_is_kept};
use crate::support::{
    remote::{Manner, Phase, Script},
    stage::{Seen, Stage, options, people},
};

/// 200 rows; from the first second to the given one the API is in this phase, and well before and after.
fn between(mut phase: Phase, until: Duration, options: Options) -> Seen {
    let rows = people(200);
    phase.from = seconds(1);
    let script = Script::calm(&rows, millis(50)).then(phase).then(Phase::calm(until, millis(50)));
    let stage = Stage::new(options, rows.clone(), script);
    let options = stage.options.clone();
    let seen = stage.play();
    every_row_is_accounted_for(&seen, &rows);
    the_pace_is_kept(&seen, &options);
    a_hold_is_kept(&seen);
    seen
}

#[test]
fn of_two_pauses_the_later_end_counts() {
    let phase = Phase::calm(seconds(1), millis(50))
        .some(0.5, Manner::TooMany(Some(seconds(2))))
        .some(0.5, Manner::TooMany(Some(seconds(30))));
    let seen = between(phase, seconds(20), options(100.0, 16));
    assert_eq!(seen.count(Verdict::Deleted), 200);
    let held: Vec<_> = seen.pulses.iter().filter_map(|pulse| pulse.held).collect();
    assert!(held.iter().any(|held| *held > seconds(25)), "the spectators are told for how long");
}

#[test]
fn a_pause_costs_no_attempt_however_often_it_is_asked_for() {
    let phase = Phase::all(Duration::ZERO, millis(50), Manner::TooMany(Some(seconds(3))));
    let mut options = options(100.0, 4);
    options.max_attempts = std::num::NonZeroU32::MIN;
    let seen = between(phase, seconds(300), options);
    assert_eq!(seen.count(Verdict::Deleted), 200);
    assert!(seen.sent_between(seconds(2), seconds(300)) > 50, "it was asked for many times");
}

#[test]
fn a_pause_is_neither_an_outage_nor_a_reason_to_give_up() {
    let phase = Phase::all(Duration::ZERO, millis(50), Manner::Unavailable(seconds(120)));
    let mut options = options(100.0, 4);
    options.give_up_after = seconds(60);
    let seen = between(phase, seconds(10), options);
    assert_eq!((seen.report.ending.clone(), seen.count(Verdict::Deleted)), (Ending::Complete, 200));
    assert!(seen.pulses.iter().all(|pulse| pulse.outage.is_none()));
}

#[test]
fn pauses_without_end_are_given_up() {
    let phase = Phase::all(Duration::ZERO, millis(50), Manner::TooMany(None));
    let mut options = options(100.0, 4);
    options.give_up_after = seconds(600);
    let seen = between(phase, Duration::from_hours(5), options);
    assert_eq!(seen.exit(), 75);
    assert_eq!(seen.count(Verdict::Deleted), seen.outcomes.len());
    assert!(seen.took < seconds(610), "{:?}", seen.took);
}

#[test]
fn a_zero_pause_still_waits_for_the_margin() {
    let phase = Phase::all(Duration::ZERO, millis(50), Manner::TooMany(Some(Duration::ZERO)));
    let seen = between(phase, millis(1_200), options(100.0, 4));
    let answered = seen.log.iter().find(|sent| sent.manner != Manner::Normal).and_then(|sent| sent.until);
    let answered = answered.expect("somebody was told to wait");
    assert_eq!(seen.sent_between(answered + millis(1), answered + seconds(1)), 0);
}
