//! Trouble with the API fails no row; a bad row ends neither the run nor itself for ever.

use std::time::Duration;

use proptest::{prelude::*, sample::select};
use tollgate::{
    domain::{Row, Suspicion, Verdict},
    flow::{Ending, Trip},
};

use super::{every_row_is_accounted_for, millis, seconds, the_pace_is_kept};
use crate::support::{
    remote::{Manner, Phase, Script, Temper},
    stage::{Seen, Stage, name, options, people, profile, row},
};

/// So many rows in succession may be bad ones.
const MOST_FAILED: usize = 20;

/// Well until `from`, then everything meets this.
fn broken_from(rows: &[Row], from: Duration, manner: Manner) -> Script {
    Script::calm(rows, millis(20)).then(Phase::all(from, millis(20), manner))
}

/// How a run must end that meets this from some moment on: the ending's name and the exit code.
fn expected(manner: Manner, well_before: bool) -> (&'static str, u8) {
    match manner {
        Manner::Unsigned(_) => ("unsigned", 78),
        Manner::Unauthorized => ("credentials", 77),
        Manner::WithoutRight => ("right", 77),
        Manner::Hang | Manner::ResetBefore | Manner::ResetAfter | Manner::Unreachable if !well_before => {
            ("never reached", 75)
        }
        Manner::Broken
        | Manner::BrokenAfter
        | Manner::Hang
        | Manner::ResetBefore
        | Manner::ResetAfter
        | Manner::Unreachable => ("gave up", 75),
        Manner::Normal
        | Manner::TooMany(_)
        | Manner::Unavailable(_)
        | Manner::Revoked
        | Manner::BadRequest
        | Manner::Lying => panic!("{manner:?} is no outage of everything"),
    }
}

fn kind(ending: &Ending) -> &'static str {
    match ending {
        Ending::GaveUp { .. } => "gave up",
        Ending::NeverReached { .. } => "never reached",
        Ending::Suspicious { why: Suspicion::Unsigned, .. } => "unsigned",
        Ending::Suspicious { why: Suspicion::Credentials, .. } => "credentials",
        Ending::Suspicious { why: Suspicion::Right, .. } => "right",
        Ending::Suspicious { .. }
        | Ending::Complete
        | Ending::Stopped(_)
        | Ending::TimeIsUp
        | Ending::HoldTooLong { .. }
        | Ending::Guard(_)
        | Ending::IntakeLost
        | Ending::LedgerLost
        | Ending::RegisterLost(_) => "otherwise",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_outage_of_everything_is_not_the_rows_fault(
        manner in select(vec![
            Manner::Broken, Manner::Hang, Manner::ResetBefore, Manner::ResetAfter, Manner::Unreachable,
            Manner::Unsigned(404), Manner::Unsigned(200), Manner::Unauthorized, Manner::WithoutRight,
        ]),
        from in 0..2_500u64,
        width in 1..12u32,
        max_attempts in 2..11u32,
        seed in any::<u64>(),
    ) {
        let rows = people(300);
        let mut options = options(100.0, width);
        options.seed = seed;
        options.give_up_after = seconds(300);
        options.max_attempts = max_attempts.try_into().expect("above one");
        let seen = Stage::new(options.clone(), rows.clone(), broken_from(&rows, millis(from), manner)).play();
        every_row_is_accounted_for(&seen, &rows);
        the_pace_is_kept(&seen, &options);
        prop_assert_eq!(seen.count(Verdict::Deleted), seen.outcomes.len(), "nobody but the deleted has a line");
        let well_before = seen.log[0].manner == Manner::Normal;
        prop_assert_eq!((kind(&seen.report.ending), seen.exit()), expected(manner, well_before), "{:?}", manner);
    }

    #[test]
    fn an_outage_that_heals_costs_no_row(
        manner in select(vec![Manner::Broken, Manner::Hang, Manner::ResetBefore, Manner::Unreachable]),
        from in 100..2_000u64,
        lasts in 1_000..120_000u64,
        width in 1..12u32,
        seed in any::<u64>(),
    ) {
        let rows = people(150);
        let mut options = options(50.0, width);
        options.seed = seed;
        options.timeout = seconds(5);
        let script = broken_from(&rows, millis(from), manner).then(Phase::calm(millis(from + lasts), millis(20)));
        let seen = Stage::new(options, rows.clone(), script).play();
        every_row_is_accounted_for(&seen, &rows);
        prop_assert_eq!(seen.count(Verdict::Deleted), rows.len());
    }
}

/// A row whose first id is signed away as absent has heard an answer, but its own: it proves nothing about others.
#[test]
fn a_row_is_not_blamed_by_its_own_answer() {
    let rows = [row(2, &[&profile(1), &name(1)])];
    let mut script = Script::calm(&rows, millis(20)).then(Phase::all(millis(10), millis(20), Manner::Broken));
    script.existing.remove(&profile(1));
    let mut options = options(100.0, 4);
    options.max_attempts = std::num::NonZeroU32::MIN;
    options.give_up_after = seconds(60);
    let seen = Stage::new(options, rows.to_vec(), script).play();
    assert!(matches!(seen.report.ending, Ending::GaveUp { .. }), "{:?}", seen.report.ending);
    assert_eq!(seen.outcomes, []);
}

fn with_poison(rows: &[Row], poisoned: impl IntoIterator<Item = usize>) -> Script {
    poisoned
        .into_iter()
        .fold(Script::calm(rows, millis(20)), |script, number| script.temper(&name(number), Temper::Poison))
}

/// The poisoned rows failed after ten attempts that counted, and everybody else is gone.
fn only_the_poisoned_failed(seen: &Seen, rows: &[Row], poisoned: &[usize]) {
    every_row_is_accounted_for(seen, rows);
    assert_eq!(seen.report.ending, Ending::Complete);
    for row in rows {
        let is_poisoned = poisoned.iter().any(|number| row.line == *number as u64 + 1);
        let expected = if is_poisoned { Verdict::Failed } else { Verdict::Deleted };
        assert_eq!(seen.verdict(row.line), Some(expected), "line {}", row.line);
    }
    for outcome in seen.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Failed) {
        assert!(outcome.attempts >= 10, "{outcome:?}");
    }
}

#[test]
fn a_poison_row_fails_wherever_it_stands() {
    for (count, poisoned) in [
        (200, vec![1]),
        (200, vec![100]),
        (200, vec![200]),
        (1, vec![1]),
        (200, vec![197, 198, 199, 200]),
        (3, vec![1, 2, 3]),
        (12, (1..=12).collect()),
    ] {
        let rows = people(count);
        let seen = Stage::new(options(100.0, 8), rows.clone(), with_poison(&rows, poisoned.clone())).play();
        only_the_poisoned_failed(&seen, &rows, &poisoned);
        assert!(seen.took < Duration::from_hours(1), "{count} rows, {poisoned:?} took {:?}", seen.took);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// When nobody is left but rows that always fail, the witness is asked long before the run's patience is over.
    #[test]
    fn poison_rows_that_are_left_over_are_no_outage_that_is_given_up(
        well in 0..60usize,
        left_over in 1..=MOST_FAILED,
        per_second in 1..200u32,
        width in 1..17u32,
        patience in select(vec![60, 120, 7_200]),
        seed in any::<u64>(),
    ) {
        let rows = people(well + left_over);
        let poisoned: Vec<usize> = (well + 1..=well + left_over).collect();
        let mut options = options(per_second.into(), width);
        options.seed = seed;
        options.give_up_after = seconds(patience);
        let seen = Stage::new(options.clone(), rows.clone(), with_poison(&rows, poisoned.clone())).play();
        only_the_poisoned_failed(&seen, &rows, &poisoned);
        the_pace_is_kept(&seen, &options);
        prop_assert!(seen.took < Duration::from_hours(1), "it took {:?}", seen.took);
    }

    /// More of them in succession cannot be told from an outage of deletions alone: the run waits for one that is answered,
    /// and leaves.
    #[test]
    fn more_poison_rows_in_succession_are_an_outage(
        well in 0..60usize,
        left_over in MOST_FAILED + 1..70,
        per_second in 1..200u32,
        width in 1..17u32,
        patience in select(vec![60, 120, 7_200]),
        seed in any::<u64>(),
    ) {
        let rows = people(well + left_over);
        let mut options = options(per_second.into(), width);
        options.seed = seed;
        options.give_up_after = seconds(patience);
        let script = with_poison(&rows, well + 1..=well + left_over);
        let seen = Stage::new(options.clone(), rows.clone(), script).play();
        every_row_is_accounted_for(&seen, &rows);
        the_pace_is_kept(&seen, &options);
        prop_assert!(matches!(seen.report.ending, Ending::GaveUp { .. }), "{:?}", seen.report.ending);
        prop_assert_eq!((seen.exit(), seen.count(Verdict::Failed), seen.count(Verdict::Deleted)), (75, MOST_FAILED, well));
        prop_assert_eq!(seen.outcomes.len(), well + MOST_FAILED, "everybody else is unsettled");
    }
}

#[test]
fn a_poison_row_among_the_well_takes_ten_attempts() {
    let rows = people(3_000);
    let seen = Stage::new(options(100.0, 8), rows.clone(), with_poison(&rows, [7])).play();
    only_the_poisoned_failed(&seen, &rows, &[7]);
    let tolerated = 12;
    assert!(seen.outcomes.iter().all(|outcome| outcome.attempts <= tolerated), "hardly an attempt was free");
}

#[test]
fn a_poison_row_is_a_bad_canary() {
    let rows = people(50);
    let mut options = options(100.0, 8);
    options.canary = 3;
    let seen = Stage::new(options, rows.clone(), with_poison(&rows, [1])).play();
    every_row_is_accounted_for(&seen, &rows);
    let trip = Trip::Canary { line: 2, verdict: Verdict::Failed };
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Guard(trip), 3));
    assert_eq!(seen.outcomes.len(), 1);
}

#[test]
fn a_fifth_of_random_failures_is_weathered() {
    for manner in [Manner::Broken, Manner::ResetBefore, Manner::Unreachable] {
        let rows = people(2_000);
        let script = Script::calm(&rows, millis(20)).first(Phase::calm(Duration::ZERO, millis(20)).some(0.2, manner));
        let seen = Stage::new(options(500.0, 32), rows.clone(), script).play();
        every_row_is_accounted_for(&seen, &rows);
        assert_eq!(seen.count(Verdict::Deleted), 2_000, "{manner:?}");
        assert!(seen.log.len() < 2_600, "{} requests", seen.log.len());
    }
}

/// Those that were on the wire when the outage was recognised say nothing new about it: they do not make its probes rarer.
#[test]
fn an_outage_is_probed_soon_however_many_were_on_the_wire() {
    let rows = people(2_000);
    let mut options = options(500.0, 64);
    options.timeout = seconds(5);
    let script = broken_from(&rows, seconds(1), Manner::Hang).then(Phase::calm(seconds(20), millis(20)));
    let seen = Stage::new(options, rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!(seen.count(Verdict::Deleted), 2_000);
    assert!(seen.sent_between(seconds(20), seconds(28)) > 0, "a probe within eight seconds of its healing");
}
