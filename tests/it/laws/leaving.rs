//! Leaving: nothing further is sent, only the wire is awaited, and that not for ever.

use std::time::Duration;

use proptest::prelude::*;
use tollgate::{
    domain::{Fact, Verdict, Word},
    flow::{Ending, Signal},
};

use super::{
    PULSE, every_row_has_one_outcome_at_most, every_row_is_accounted_for, every_word_is_borne_out, millis,
    nothing_is_sent_after, seconds,
};
use crate::support::{
    remote::{Manner, Phase, Script, Temper},
    stage::{Seen, Stage, name, options, people},
};

fn stopped_at(phase: Phase, width: u32, signals: &[u64]) -> Seen {
    let rows = people(500);
    let script = Script::calm(&rows, Duration::ZERO).first(phase);
    let signals = signals.iter().map(|at| (millis(*at), Signal::Terminate)).collect();
    let mut options = options(100.0, width);
    options.grace = seconds(10);
    let seen = Stage { signals, ..Stage::new(options, rows.clone(), script) }.play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Stopped(Signal::Terminate), 143));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_first_signal_waits_for_the_wire_only(at in 0..4_000u64, latency in 0..3_000u64, width in 1..20u32) {
        let seen = stopped_at(Phase::calm(Duration::ZERO, millis(latency)), width, &[at]);
        nothing_is_sent_after(&seen, millis(at));
        let last = seen.log.iter().filter_map(|sent| sent.until).max().unwrap_or_default();
        prop_assert_eq!(seen.took, last.max(millis(at)), "neither longer nor shorter than the wire takes");
        prop_assert_eq!(seen.count(Verdict::Deleted), seen.log.len(), "whatever was on the wire has its line");
    }

    #[test]
    fn the_wire_is_awaited_no_longer_than_the_grace(at in 100..4_000u64, width in 1..20u32) {
        let seen = stopped_at(Phase::all(Duration::ZERO, Duration::ZERO, Manner::Hang), width, &[at]);
        nothing_is_sent_after(&seen, millis(at));
        let grace = millis(at) + seconds(10);
        prop_assert!(seen.took >= grace && seen.took <= grace + PULSE, "{:?}", seen.took);
        prop_assert!(seen.outcomes.is_empty());
    }

    #[test]
    fn the_second_signal_is_obeyed_at_once(first in 100..4_000u64, later in 0..9_000u64) {
        let phase = Phase::all(Duration::ZERO, Duration::ZERO, Manner::Hang);
        let seen = stopped_at(phase, 4, &[first, first + later]);
        prop_assert_eq!(seen.took, millis(first + later));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever was deleted and is being looked at when nothing is awaited any more: that deletion is known, and sent never
    /// again unseen.
    #[test]
    fn a_confirmed_deletion_has_its_line_however_its_look_is_cut_off(
        looks_hang_from in 100..3_000u64,
        verify_after in 0..2_000u64,
        at in 100..6_000u64,
        insists_after in proptest::option::of(0..9_000u64),
        width in 1..12u32,
    ) {
        let rows = people(40);
        let hang = Phase::all(millis(looks_hang_from), Duration::ZERO, Manner::Hang);
        let script = Script::calm(&rows, millis(20)).then(hang);
        let mut options = options(20.0, width);
        options.grace = seconds(10);
        options.verify_after = Some(millis(verify_after));
        let signals = [Some(0), insists_after].into_iter().flatten().map(|later| (millis(at + later), Signal::Terminate));
        let seen = Stage { signals: signals.collect(), ..Stage::new(options, rows.clone(), script) }.play();
        every_row_has_one_outcome_at_most(&seen, &rows);
        every_word_is_borne_out(&seen);
        let confirmed = seen.log.iter().filter(|sent| sent.answer == Some(Word::Done(Fact::Deleted)));
        for sent in confirmed {
            let line = seen.outcomes.iter().find(|outcome| outcome.row.id_bytes() == sent.id().as_bytes());
            prop_assert!(
                line.is_some_and(|line| line.verdict == Verdict::Deleted || line.erased),
                "{} was deleted at {:?}, and the run ended at {:?}", sent.id(), sent.at, seen.took
            );
        }
        let grace = millis(at) + insists_after.map_or(seconds(10), millis);
        prop_assert!(seen.took <= grace + PULSE, "{:?}", seen.took);
    }
}

#[test]
fn leaving_during_a_hold_is_immediate() {
    for after in [None, Some(seconds(600))] {
        let seen = stopped_at(Phase::all(Duration::ZERO, millis(20), Manner::TooMany(after)), 8, &[5_500]);
        assert_eq!(seen.took, millis(5_500));
    }
}

#[test]
fn leaving_during_an_outage_is_immediate() {
    let seen = stopped_at(Phase::all(Duration::ZERO, millis(20), Manner::Broken), 8, &[60_500]);
    assert!(seen.pulses.iter().any(|pulse| pulse.outage.is_some()), "an outage was on");
    assert!(seen.took <= millis(60_520), "{:?}", seen.took);
}

#[test]
fn leaving_during_an_investigation_is_immediate_and_blames_nobody() {
    let phase = Phase::all(Duration::ZERO, millis(20), Manner::Broken);
    let rows = people(50);
    let script = Script::calm(&rows, millis(20)).first(phase).temper(&name(1), Temper::Haunted);
    let signals = vec![(millis(8_500), Signal::Interrupt)];
    let seen = Stage { signals, ..Stage::new(options(100.0, 4), rows.clone(), script) }.play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Stopped(Signal::Interrupt), 130));
    assert!(seen.pulses.iter().any(|pulse| pulse.investigating), "an investigation was on");
    assert!(seen.outcomes.is_empty() && seen.took <= millis(8_520), "{:?}", seen.took);
}

/// A journal that takes its time keeps nobody who insists, and hides no signal.
#[test]
fn a_slow_journal_holds_up_neither_the_wire_nor_the_signals() {
    let rows = people(50);
    let script = Script::calm(&rows, millis(20));
    let signals = vec![(millis(3_000), Signal::Interrupt), (millis(4_000), Signal::Interrupt)];
    let slow = Stage { writing: seconds(60), signals, ..Stage::new(options(100.0, 4), rows.clone(), script) };
    let seen = slow.play();
    assert_eq!(seen.report.ending, Ending::Stopped(Signal::Interrupt));
    assert_eq!(seen.took, millis(4_000));
    every_row_is_accounted_for(&seen, &rows);
}

#[test]
fn the_time_that_is_granted_is_kept() {
    let rows = people(5_000);
    let script = Script::calm(&rows, millis(20));
    let mut options = options(100.0, 8);
    options.max_duration = seconds(7);
    let seen = Stage::new(options, rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::TimeIsUp, 75));
    assert!(seen.took >= seconds(7) && seen.took <= seconds(7) + PULSE + millis(20), "{:?}", seen.took);
}

#[test]
fn a_reader_that_fails_ends_the_run_but_not_what_is_on_the_wire() {
    let rows = people(50);
    let script = Script::calm(&rows, millis(500));
    let stage = Stage { batch: 10, reader_fails_after: 3, ..Stage::new(options(100.0, 4), rows.clone(), script) };
    let seen = stage.play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!(seen.report.ending, Ending::IntakeLost);
    assert_eq!(seen.count(Verdict::Deleted), seen.log.len());
}

/// Nothing is claimed that the journal did not take, and its failure is not hidden behind an earlier ending.
#[test]
fn a_journal_that_fails_ends_the_run_and_nothing_is_claimed() {
    for signals in [Vec::new(), vec![(millis(20), Signal::Interrupt)]] {
        let rows = people(200);
        let script = Script::calm(&rows, millis(30));
        let taken = if signals.is_empty() { 5 } else { 0 };
        let stage =
            Stage { journal_fails_after: taken, signals, ..Stage::new(options(100.0, 4), rows.clone(), script) };
        let seen = stage.play();
        assert_eq!(seen.report.ending, Ending::LedgerLost);
        every_row_is_accounted_for(&seen, &rows);
    }
}
