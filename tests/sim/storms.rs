//! No storm of retries, in figures, at the pace and width that the program has unless it is told otherwise (20 a second,
//! 16 on the wire).
//!
//! - While everything fails for ten minutes at most [`MOST_IN_TEN_MINUTES`] requests are sent, however it fails; without
//!   any such care it would be 12,000.
//! - While changes alone fail, and looks are answered, at most [`MOST_WITHOUT_CHANGES`] in the same time: it takes ten
//!   attempts a row to tell that from bad rows, and twenty rows fail by it.
//! - After it, no window has more than the pace and its burst allow.
//! - When a fifth of all requests fails, every row ends well, with less than 1.3 requests a row (1.25 are needed).
//! - Rows that always fail, be it the first, the last or the only ones, end as `failed` within an hour, and so does the
//!   run, by itself, also where it would give up after a minute without an answer; but where more than twenty of them are
//!   left and nobody else, they cannot be told from an outage, and the run leaves.

use std::{ops::RangeInclusive, time::Duration};

use tollgate::{
    domain::Verdict,
    flow::{Ending, Options},
};

use crate::support::{
    remote::{Manner, Phase, Reach, Script, Temper},
    stage::{Seen, Stage, name, options, people},
};

/// What ten minutes of nothing but failures cost: ten seconds at full pace until they are taken for an outage, then probes
/// after a second, two, four, up to a minute.
const MOST_IN_TEN_MINUTES: usize = 220;

/// What ten minutes cost in which nothing but looks is answered.
const MOST_WITHOUT_CHANGES: usize = 1_000;

const TEN_MINUTES: Duration = Duration::from_mins(10);
const LATENCY: Duration = Duration::from_millis(50);

fn usual() -> Options {
    options(20.0, 16)
}

fn play(rows: usize, first: Phase, later: &[Phase]) -> Seen {
    let rows = people(rows);
    let script = Script::calm(&rows, LATENCY).first(first);
    let script = later.iter().cloned().fold(script, Script::then);
    Stage::new(usual(), rows, script).play()
}

/// In any window the pace and its burst bound what is sent.
fn the_pace_is_kept(seen: &Seen) {
    let usual = usual();
    let (rate, burst) = (usual.rate.get(), f64::from(usual.burst.get()));
    let mut lowest = f64::INFINITY;
    for (index, sent) in seen.log.iter().enumerate() {
        let level = f64::from(u32::try_from(index).expect("fewer")) - rate * sent.at.as_secs_f64();
        lowest = lowest.min(level);
        assert!(level + 1.0 - lowest <= burst + 1.0, "request {index} at {:?} is above the pace", sent.at);
    }
}

#[test]
fn ten_minutes_of_failures_cost_few_requests_and_no_row() {
    let manners = [
        Manner::Broken,
        Manner::Hang,
        Manner::ResetBefore,
        Manner::ResetAfter,
        Manner::Unreachable,
        Manner::TooMany(None),
        Manner::Unavailable(Duration::from_secs(5)),
    ];
    for manner in manners {
        let well = Duration::from_secs(5);
        let (storm, over) = (Phase::all(well, LATENCY, manner), Phase::calm(well + TEN_MINUTES, LATENCY));
        let seen = play(3_000, Phase::calm(Duration::ZERO, LATENCY), &[storm, over]);
        let sent = seen.sent_between(well, well + TEN_MINUTES);
        assert!(sent <= MOST_IN_TEN_MINUTES, "{manner:?}: {sent} requests");
        assert!(sent >= 10, "{manner:?}: only {sent} probes");
        assert_eq!(seen.report.ending, Ending::Complete);
        let gone = seen.count(Verdict::Deleted) + seen.count(Verdict::Absent);
        assert_eq!(gone, 3_000, "{manner:?}: nobody has failed");
        the_pace_is_kept(&seen);
        let healed = seen.log.iter().find(|sent| sent.at >= well + TEN_MINUTES).expect("it goes on");
        assert!(healed.at < well + TEN_MINUTES + Duration::from_secs(70), "{manner:?}: first asked at {:?}", healed.at);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the figure is what it is run for")]
fn ten_minutes_without_changes_cost_few_requests_and_few_rows() {
    for manner in [Manner::Broken, Manner::Hang, Manner::ResetBefore, Manner::Unreachable] {
        let well = Duration::from_secs(5);
        let storm = Phase::all(well, LATENCY, manner).reaches(Reach::Changes);
        let over = Phase::calm(well + TEN_MINUTES, LATENCY);
        let seen = play(3_000, Phase::calm(Duration::ZERO, LATENCY), &[storm, over]);
        let sent = seen.sent_between(well, well + TEN_MINUTES);
        let failed = seen.count(Verdict::Failed);
        eprintln!("{manner:?}: {sent} requests, {failed} failed");
        assert!(sent <= MOST_WITHOUT_CHANGES, "{manner:?}: {sent} requests");
        assert!(failed <= 20, "{manner:?}: {failed} failed");
        assert_eq!((seen.report.ending.clone(), seen.count(Verdict::Deleted)), (Ending::Complete, 3_000 - failed));
        the_pace_is_kept(&seen);
    }
}

#[expect(clippy::print_stderr, reason = "the figure is what it is run for")]
fn a_fifth_fails(rows: usize, manner: Manner) {
    let seen = play(rows, Phase::calm(Duration::ZERO, LATENCY).some(0.2, manner), &[]);
    assert_eq!((seen.report.ending.clone(), seen.count(Verdict::Deleted)), (Ending::Complete, rows), "{manner:?}");
    let requests = seen.log.len();
    eprintln!("{manner:?}: {requests} requests for {rows} rows, in {:?} of virtual time", seen.took);
    assert!(requests * 10 < rows * 13, "{manner:?}: {requests} requests for {rows} rows");
    the_pace_is_kept(&seen);
}

#[test]
fn a_fifth_of_failures_costs_less_than_a_third_more() {
    a_fifth_fails(10_000, Manner::ResetBefore);
    a_fifth_fails(10_000, Manner::Unreachable);
}

#[test]
fn a_fifth_of_failures_fails_none_of_200_000_rows() {
    a_fifth_fails(200_000, Manner::Broken);
}

fn with_poison(count: usize, poisoned: RangeInclusive<usize>, give_up_after: Duration) -> Seen {
    let rows = people(count);
    let script = Script::calm(&rows, LATENCY);
    let script = poisoned.fold(script, |script, number| script.temper(&name(number), Temper::Poison));
    Stage::new(Options { give_up_after, ..usual() }, rows, script).play()
}

#[test]
fn rows_that_always_fail_end_neither_the_run_nor_themselves_for_ever() {
    let cases = [(500, 1..=1), (500, 500..=500), (1, 1..=1), (500, 1..=20), (500, 481..=500), (20, 1..=20)];
    for (count, poisoned) in cases {
        for patience in [Duration::from_mins(1), Duration::from_hours(2)] {
            let what = format!("{poisoned:?} of {count}, {patience:?}");
            let several = poisoned.clone().count();
            let seen = with_poison(count, poisoned.clone(), patience);
            assert_eq!(seen.report.ending, Ending::Complete, "{what}");
            assert_eq!((seen.count(Verdict::Failed), seen.count(Verdict::Deleted)), (several, count - several));
            assert!(seen.took < Duration::from_hours(1), "{what} took {:?}", seen.took);
            assert!(seen.log.len() <= count + 60 * several, "{what}: {} requests", seen.log.len());
        }
    }
}

/// They leave the places to the others, and wait.
#[test]
fn more_rows_that_always_fail_than_a_handful_are_an_outage_once_nobody_else_is_left() {
    for (count, poisoned) in [(500, 1..=80), (500, 100..=180), (500, 421..=500), (60, 1..=60)] {
        for patience in [Duration::from_mins(1), Duration::from_hours(2)] {
            let what = format!("{poisoned:?} of {count}, {patience:?}");
            let seen = with_poison(count, poisoned.clone(), patience);
            assert!(matches!(seen.report.ending, Ending::GaveUp { .. }), "{what}: {:?}", seen.report.ending);
            let (well, failed) = (count - poisoned.clone().count(), seen.count(Verdict::Failed));
            assert_eq!((seen.exit(), seen.count(Verdict::Deleted)), (75, well), "{what}");
            assert!((20..60).contains(&failed), "{what}: {failed} failed");
            assert_eq!(seen.outcomes.len(), well + failed, "{what}: the rest is unsettled");
            assert!(seen.took < patience + Duration::from_mins(10), "{what} took {:?}", seen.took);
        }
    }
}
