//! The guards: the canary, too many errors, too many not there, more than may be deleted.

use std::{num::NonZeroU32, time::Duration};

use tollgate::{
    domain::{Action, Answered, Past, Row, Verdict},
    flow::{Ending, MaxAbsent, MaxErrors, Options, Trip},
};

use super::{deletions, every_row_is_accounted_for, millis, seconds};
use crate::support::{
    remote::{Manner, Phase, Script, Temper},
    stage::{Seen, Stage, asking, name, options, people, repeated, row},
};

fn play(options: Options, count: usize, script: impl FnOnce(Script) -> Script) -> Seen {
    let rows = people(count);
    let seen = Stage::new(options, rows.clone(), script(Script::calm(&rows, millis(20)))).play();
    every_row_is_accounted_for(&seen, &rows);
    seen
}

fn absent_from(first: usize, last: usize) -> impl FnOnce(Script) -> Script {
    move |mut script| {
        for number in first..=last {
            script.existing.remove(&name(number));
        }
        script
    }
}

fn unwelcome(numbers: impl IntoIterator<Item = usize>) -> impl FnOnce(Script) -> Script {
    move |script| numbers.into_iter().fold(script, |script, number| script.temper(&name(number), Temper::Unwelcome))
}

fn with(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = options(200.0, 8);
    change(&mut options);
    options
}

#[test]
fn the_canary_goes_one_by_one() {
    let seen = play(with(|options| options.canary = 5), 100, absent_from(2, 3));
    assert_eq!(seen.count(Verdict::Deleted), 98);
    for pair in seen.log[..6].windows(2) {
        assert!(pair[1].at >= pair[0].until.expect("an answer"), "the next goes when the one before is answered");
    }
    assert!(seen.peak > 1, "then the flood");
}

#[test]
fn the_canary_is_served_by_rows_that_were_sent() {
    let mut rows = vec![row(2, &[]), repeated(3, &name(1))];
    rows.extend((1..=20).map(|number| row(number as u64 + 3, &[&name(number)])));
    let script = Script::calm(&rows, millis(20));
    let seen = Stage::new(with(|options| options.canary = 3), rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    let together = seen.log.windows(2).position(|pair| pair[1].at < pair[0].until.expect("an answer"));
    assert_eq!(together, Some(3), "three alone, then several at once");
    assert_eq!((seen.count(Verdict::Invalid), seen.count(Verdict::Duplicate)), (1, 1));
}

#[test]
fn the_canary_was_served_by_an_earlier_try() {
    let rows = people(20);
    let script = Script::calm(&rows, millis(20));
    let past = Past { sent: 3, ..Past::default() };
    let stage = Stage { past, ..Stage::new(with(|options| options.canary = 3), rows, script) };
    let seen = stage.play();
    assert!(seen.log[1].at < seen.log[0].until.expect("an answer"), "nobody goes alone");
}

#[test]
fn a_refused_canary_ends_the_run() {
    let seen = play(with(|options| options.canary = 5), 100, unwelcome([3]));
    let trip = Trip::Canary { line: 4, verdict: Verdict::Refused };
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Guard(trip), 3));
    assert_eq!((seen.log.len(), seen.outcomes.len()), (3, 3));
}

#[test]
fn trouble_holds_the_canary_and_stops_nothing() {
    let seen = play(with(|options| options.canary = 2), 30, |script| {
        script.first(Phase::all(Duration::ZERO, millis(20), Manner::Broken)).then(Phase::calm(seconds(40), millis(20)))
    });
    assert_eq!((seen.report.ending.clone(), seen.count(Verdict::Deleted)), (Ending::Complete, 30));
    let before = deletions(&seen).filter(|sent| sent.at < seconds(40));
    assert!(before.into_iter().all(|sent| sent.id() == name(1)), "the first one stays alone");
}

#[test]
fn too_many_not_there_trips_between_the_fiftieth_and_the_two_hundredth() {
    let guard = |options: &mut Options| options.max_absent = MaxAbsent::Percent(95.0);
    let tripped = |seen: &Seen, absent, of| {
        assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Guard(Trip::Absent { absent, of }), 3));
    };
    let alone = |options: &mut Options| {
        guard(options);
        options.width = NonZeroU32::MIN;
    };
    tripped(&play(with(alone), 400, absent_from(1, 400)), 50, 50);
    tripped(&play(with(alone), 400, absent_from(3, 400)), 48, 50);
    tripped(&play(with(alone), 400, absent_from(10, 400)), 171, 180);
    for (first, last) in [(201, 400), (12, 400), (1, 47)] {
        let seen = play(with(alone), 400, absent_from(first, last));
        assert_eq!(seen.report.ending, Ending::Complete, "absent from {first} to {last}");
    }
    assert_eq!(play(with(|_| {}), 400, absent_from(1, 400)).report.ending, Ending::Complete, "off");
}

#[test]
fn a_key_of_another_app_is_noticed() {
    let guard = |options: &mut Options| options.max_absent = MaxAbsent::Percent(95.0);
    let seen = play(with(guard), 400, |script| script.first(Phase::all(Duration::ZERO, millis(20), Manner::Lying)));
    assert_eq!(seen.exit(), 3);
    assert!(seen.log.len() <= 50 + 8, "{} requests", seen.log.len());
}

#[test]
fn the_not_found_guard_goes_by_the_whole_journal() {
    let answered = |verdict| (0..190).map(move |line| Answered { line, verdict, after_lost_answer: false }).collect();
    for (verdict, trips) in [(Verdict::Absent, true), (Verdict::Deleted, false)] {
        let rows = people(400);
        let mut script = Script::calm(&rows, millis(20));
        script.existing.clear();
        let past = Past { answered: answered(verdict), ..Past::default() };
        let options = with(|options| options.max_absent = MaxAbsent::Percent(95.0));
        let seen = Stage { past, ..Stage::new(options, rows, script) }.play();
        assert_eq!(seen.exit() == 3, trips, "{verdict:?} before");
    }
}

/// The first 250 deletions are applied and their answers lost, so that the first answers are nothing but not-found.
#[test]
fn what_is_absent_after_a_lost_answer_says_nothing_about_the_key() {
    let change = |options: &mut Options| {
        options.max_absent = MaxAbsent::Percent(95.0);
        options.width = NonZeroU32::new(64).expect("above zero");
    };
    let seen = play(with(change), 400, |script| {
        script
            .first(Phase::all(Duration::ZERO, millis(20), Manner::ResetAfter))
            .then(Phase::calm(millis(1_500), millis(20)))
    });
    assert_eq!(seen.report.ending, Ending::Complete);
    let first: Vec<_> = seen.outcomes.iter().take(50).collect();
    assert!(first.iter().all(|outcome| outcome.verdict == Verdict::Absent && outcome.after_lost_answer));
    assert!(seen.outcomes.iter().all(|outcome| outcome.after_lost_answer == (outcome.verdict == Verdict::Absent)));
}

#[test]
fn too_many_errors_trip_by_count() {
    let bad = |most| with(|options| options.max_errors = MaxErrors::Count(most));
    let seen = play(bad(5), 200, unwelcome((1..=6).map(|nth| nth * 20)));
    assert!(matches!(seen.report.ending, Ending::Guard(Trip::Errors { bad: 6, .. })), "{:?}", seen.report.ending);
    assert_eq!(seen.exit(), 3);
    let seen = play(bad(5), 200, unwelcome((1..=5).map(|nth| nth * 20)));
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 1));
    assert_eq!(play(bad(0), 200, unwelcome([150])).exit(), 3);
}

#[test]
fn too_many_errors_trip_by_share_from_a_hundred_on() {
    let bad = || with(|options| options.max_errors = MaxErrors::Percent(20.0));
    let seen = play(bad(), 400, unwelcome(1..=30));
    assert!(matches!(seen.report.ending, Ending::Guard(Trip::Errors { of: 100, .. })), "{:?}", seen.report.ending);
    assert_eq!(play(bad(), 400, unwelcome(1..=20)).report.ending, Ending::Complete);
    assert_eq!(play(bad(), 99, unwelcome(1..=99)).report.ending, Ending::Complete);
}

#[test]
fn no_more_are_deleted_than_permitted_and_nothing_is_sent_once_that_is_known() {
    let seen = play(with(|options| options.max_delete = 60), 100, |script| script);
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Guard(Trip::MaxDelete { limit: 60 }), 3));
    assert!(deletions(&seen).count() < 60, "{} deletions", seen.log.len());
    let seen = play(with(|options| options.max_delete = 3), 100, |script| script);
    assert_eq!(seen.log.len(), 0, "the fourth row was in the very first batch");
    assert_eq!(play(with(|options| options.max_delete = 100), 100, |script| script).report.ending, Ending::Complete);
}

/// Every second row asks for this action instead.
fn every_second(action: Action, rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().map(|row| if row.line % 2 == 0 { Row { action, ..row } } else { row }).collect()
}

fn play_mixed(options: Options, past: Past) -> Ending {
    let rows = every_second(Action::Update, people(100));
    let script = Script::calm(&rows, millis(20));
    Stage { past, ..Stage::new(options, rows, script) }.play().report.ending
}

#[test]
fn rows_are_counted_by_what_they_ask_for() {
    let deleting = |limit| with(|options| options.max_delete = limit);
    assert_eq!(play_mixed(deleting(50), Past::default()), Ending::Complete, "updates are no deletions");
    assert_eq!(play_mixed(deleting(49), Past::default()), Ending::Guard(Trip::MaxDelete { limit: 49 }));
    let changing = |limit| with(|options| options.max_changes = limit);
    assert_eq!(play_mixed(changing(100), Past::default()), Ending::Complete);
    assert_eq!(play_mixed(changing(99), Past::default()), Ending::Guard(Trip::MaxChanges { limit: 99 }));
    let reading = asking(Action::Get, people(20));
    let script = Script::calm(&reading, millis(20));
    assert_eq!(
        Stage::new(changing(0), reading, script).play().report.ending,
        Ending::Complete,
        "reading changes nothing"
    );
}

#[test]
fn what_earlier_tries_changed_counts_and_what_a_sync_remembered_does_not() {
    let past = |verdict| {
        let mut past = Past::default();
        past.tally.add_many(verdict, 10);
        past
    };
    let limited = || with(|options| (options.max_delete, options.max_changes) = (55, 105));
    let (deleting, changing) =
        (Ending::Guard(Trip::MaxDelete { limit: 55 }), Ending::Guard(Trip::MaxChanges { limit: 105 }));
    for verdict in [Verdict::Deleted, Verdict::Absent] {
        assert_eq!(play_mixed(limited(), past(verdict)), deleting, "{verdict:?}");
    }
    for verdict in [Verdict::Created, Verdict::Updated, Verdict::Missing, Verdict::Exists] {
        assert_eq!(play_mixed(limited(), past(verdict)), changing, "{verdict:?}");
    }
    for verdict in [Verdict::Unchanged, Verdict::Refused, Verdict::Superseded, Verdict::Invalid, Verdict::Failed] {
        assert_eq!(play_mixed(limited(), past(verdict)), Ending::Complete, "{verdict:?}");
    }
}

#[test]
fn deletions_and_updates_that_find_nobody_count_together() {
    let rows = every_second(Action::Update, people(200));
    let mut script = Script::calm(&rows, millis(20));
    script.existing.clear();
    let seen = Stage::new(with(|options| options.max_absent = MaxAbsent::Percent(95.0)), rows, script).play();
    assert_eq!(seen.report.ending, Ending::Guard(Trip::Absent { absent: 50, of: 50 }));
}

/// One too many stops the run before it is made, and stays unsettled.
#[test]
fn the_creation_beyond_the_limit_is_not_sent() {
    let rows = asking(Action::Create, people(20));
    let mut script = Script::calm(&rows, millis(20));
    script.existing.clear();
    let seen = Stage::new(with(|options| options.max_create = 0), rows.clone(), script.clone()).play();
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Guard(Trip::MaxCreate { limit: 0 }), 3));
    assert_eq!((seen.log.len(), seen.outcomes.len()), (0, 0));
    let alone = |options: &mut Options| (options.max_create, options.canary) = (7, u64::MAX);
    let seen = Stage::new(with(alone), rows, script.temper(&name(3), Temper::Poison)).play();
    assert_eq!(seen.report.ending, Ending::Guard(Trip::Canary { line: 4, verdict: Verdict::Failed }));
    assert_eq!(seen.left.len(), 2, "a retry is no second creation");
}
