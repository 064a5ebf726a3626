//! Create, update, upsert and the comparison before them: which calls lead there, and what the results then say.

use tollgate::{
    domain::{Action, Fact, Operation, Row, Slot, Verdict, Word},
    flow::{Ending, MaxAbsent, Options, Trip},
};

use super::{changes, every_row_has_one_outcome_at_most, every_word_is_borne_out, millis, seconds, the_pace_is_kept};
use crate::support::{
    remote::{Habits, Manner, Phase, Reach, Script, Temper},
    stage::{Seen, Stage, fields, name, options, people, profile, row},
    world::own,
};

/// So many people, each row with a field of its own.
fn wanting(action: Action, count: usize) -> Vec<Row> {
    people(count).into_iter().map(|row| wants(action, row)).collect()
}

fn wants(action: Action, row: Row) -> Row {
    let plan = format!("plan of line {}", row.line);
    Row { action, fields: fields(&[("plan", Some(&plan))]), ..row }
}

fn calls(seen: &Seen) -> Vec<(Operation, String)> {
    seen.log.iter().map(|sent| (sent.operation, sent.id().to_owned())).collect()
}

fn message(seen: &Seen, line: u64) -> String {
    let outcome = seen.outcomes.iter().find(|outcome| outcome.row.line == line).expect("an outcome");
    outcome.evidence.message.clone().unwrap_or_default()
}

fn nobody(rows: &[Row]) -> Script {
    let mut script = Script::calm(rows, millis(20));
    script.existing.clear();
    script
}

/// One row after the other.
fn one_by_one() -> Options {
    Options { canary: u64::MAX, ..options(100.0, 4) }
}

fn play(options: &Options, rows: &[Row], script: Script) -> Seen {
    let seen = Stage::new(options.clone(), rows.to_vec(), script).play();
    every_row_has_one_outcome_at_most(&seen, rows);
    every_word_is_borne_out(&seen);
    the_pace_is_kept(&seen, options);
    seen
}

#[test]
fn an_update_changes_whoever_is_there_and_creates_nobody() {
    let rows = wanting(Action::Update, 40);
    let mut script = Script::calm(&rows, millis(20));
    script.existing.retain(|id| *id != name(7));
    let seen = play(&options(100.0, 4), &rows, script);
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 0), "missing is no error");
    assert_eq!((seen.count(Verdict::Updated), seen.verdict(8)), (39, Some(Verdict::Missing)));
    assert_eq!((seen.log.len(), seen.left.len()), (40, 39));
}

#[test]
fn updates_that_find_nobody_are_a_wrong_key() {
    let rows = wanting(Action::Update, 200);
    let guarded = Options { max_absent: MaxAbsent::Percent(95.0), ..options(100.0, 4) };
    let seen = play(&guarded, &rows, nobody(&rows));
    assert_eq!(seen.report.ending, Ending::Guard(Trip::Absent { absent: 50, of: 50 }));
}

#[test]
fn an_upsert_creates_whoever_is_missing_and_the_next_one_creates_nobody() {
    let rows = wanting(Action::Upsert, 30);
    let mut script = nobody(&rows);
    script.existing.insert(&name(3));
    let seen = play(&options(100.0, 4), &rows, script.clone());
    assert_eq!((seen.count(Verdict::Created), seen.count(Verdict::Updated)), (29, 1));
    let again = play(&options(100.0, 4), &rows, Script { existing: seen.left.clone(), ..script });
    assert_eq!(again.count(Verdict::Updated), 30);
    assert!(again.log.iter().all(|sent| sent.operation == Operation::Update));
    assert_eq!(again.left, seen.left);
}

#[test]
fn a_comparison_sends_no_update_where_nothing_differs() {
    for (action, names) in [(Action::Update, false), (Action::Upsert, false), (Action::Update, true)] {
        let rows = wanting(action, 30);
        let habits = Habits { names, ..Habits::default() };
        let script = Script { habits, ..Script::calm(&rows, millis(20)) };
        let comparing = Options { compare: true, ..options(100.0, 4) };
        let seen = play(&comparing, &rows, script.clone());
        assert_eq!((seen.count(Verdict::Updated), changes(&seen).count()), (30, 30));
        let mut existing = seen.left.clone();
        existing.remove(&name(2));
        existing.insert(&name(2));
        let again = play(&comparing, &rows, Script { existing, ..script });
        assert_eq!((again.count(Verdict::Unchanged), again.verdict(3)), (29, Some(Verdict::Updated)));
        assert_eq!(changes(&again).count(), 1, "only for the one who differs");
        assert_eq!(again.left, seen.left);
    }
}

#[test]
fn a_creation_that_finds_the_name_taken_says_by_whom() {
    let rows = wanting(Action::Create, 3);
    let taken = Habits { taken: true, ..Habits::default() };
    let first = Script { habits: taken, ..nobody(&rows) };
    let seen = play(&options(100.0, 4), &rows, first.clone());
    assert_eq!((seen.count(Verdict::Created), seen.log.len()), (3, 3));
    let mut existing = seen.left;
    existing.remove(&name(2));
    existing.insert(&name(2));
    let seen = play(&one_by_one(), &rows, Script { existing, ..first });
    assert_eq!((seen.count(Verdict::Unchanged), seen.verdict(3)), (2, Some(Verdict::Exists)));
    assert_eq!(
        (message(&seen, 2), message(&seen, 3)),
        (
            "it stood there already, just so".to_owned(),
            "one stood there already, and cannot be told to be just so".to_owned()
        )
    );
    let exists = seen.outcomes.iter().find(|outcome| outcome.verdict == Verdict::Exists).expect("one");
    assert_eq!(exists.evidence.remote_id.as_deref(), Some("remote-person-2"));
    assert_eq!(seen.exit(), 1);
}

#[test]
fn a_creation_whose_answer_was_lost_finds_its_own_deed() {
    let rows = wanting(Action::Create, 1);
    let lost = Phase::all(seconds(0), millis(20), Manner::ResetAfter);
    let script = Script { habits: Habits { taken: true, ..Habits::default() }, ..nobody(&rows) };
    let script = script.first(lost).then(Phase::calm(millis(10), millis(20)));
    let seen = play(&options(100.0, 4), &rows, script);
    assert_eq!(seen.verdict(2), Some(Verdict::Unchanged));
    assert!(seen.outcomes[0].after_lost_answer && message(&seen, 2).contains("perhaps by this run's own call"));
    let about: Vec<_> = seen.log.iter().filter(|sent| sent.id() == name(1)).map(|sent| sent.operation).collect();
    assert_eq!(about, [Operation::Create, Operation::Create, Operation::Compare]);
}

#[test]
fn whoever_was_created_meanwhile_is_updated() {
    let rows = wanting(Action::Upsert, 2);
    let habits = Habits { taken: true, ..Habits::default() };
    let script = Script { habits, ..nobody(&rows) }.temper(&name(1), Temper::Contested);
    let seen = play(&one_by_one(), &rows, script);
    assert_eq!((seen.verdict(2), seen.verdict(3)), (Some(Verdict::Updated), Some(Verdict::Created)));
    let operations: Vec<_> = seen.log.iter().filter(|sent| sent.id() == name(1)).map(|sent| sent.operation).collect();
    assert_eq!(operations, [Operation::Update, Operation::Create, Operation::Update]);
    assert_eq!(seen.left.field(&name(1), "plan"), Some("tplan of line 2"));
}

#[test]
fn a_name_that_is_taken_by_nobody_is_given_up_the_second_time() {
    let expected = [
        (Action::Create, vec![Operation::Create, Operation::Compare, Operation::Create]),
        (Action::Upsert, vec![Operation::Update, Operation::Create, Operation::Update, Operation::Create]),
    ];
    for (action, expected) in expected {
        let rows = wanting(action, 1);
        let seen = play(&options(100.0, 4), &rows, nobody(&rows).temper(&name(1), Temper::Phantom));
        assert_eq!(seen.verdict(2), Some(Verdict::Failed), "{action:?}");
        assert!(message(&seen, 2).contains("tried twice"));
        assert_eq!(seen.log.iter().map(|sent| sent.operation).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn what_is_to_be_null_is_taken_away_where_an_update_cannot() {
    let rows: Vec<_> = people(2)
        .into_iter()
        .map(|row| Row { action: Action::Update, fields: fields(&[("plan", Some("b")), ("note", None)]), ..row })
        .collect();
    let habits = Habits { removes: true, ..Habits::default() };
    let script = Script { habits, ..Script::calm(&rows, millis(20)) };
    let seen = play(&one_by_one(), &rows, script);
    assert_eq!(seen.count(Verdict::Updated), 2);
    let operations: Vec<_> = seen.log.iter().map(|sent| sent.operation).collect();
    assert_eq!(operations, [Operation::Update, Operation::Remove].repeat(2));
}

/// What acts on a profile goes by the API's own id; what makes one goes by the row's.
#[test]
fn a_name_is_resolved_before_anything_is_done_by_it() {
    let habits = Habits { names: true, taken: true, removes: false };
    for action in [Action::Update, Action::Upsert, Action::Delete] {
        let rows = vec![
            wants(action, row(2, &[&name(1)])),
            wants(action, row(3, &[&profile(2), &name(2)])),
            wants(action, row(4, &[&name(3)])),
        ];
        let mut script = Script { habits, ..Script::calm(&rows, millis(20)) };
        script.existing.remove(&profile(2));
        script.existing.remove(&name(3));
        let seen = play(&one_by_one(), &rows, script);
        let deed = if action == Action::Delete { Operation::Delete } else { Operation::Update };
        let mut expected = vec![
            (Operation::Look, name(1)),
            (deed, own(&name(1))),
            (deed, profile(2)),
            (Operation::Look, name(2)),
            (deed, own(&name(2))),
            (Operation::Look, name(3)),
        ];
        expected.extend((action == Action::Upsert).then(|| (Operation::Create, name(3))));
        assert_eq!(calls(&seen), expected, "{action:?}");
        assert!(!message(&seen, 2).contains("second id"), "{}", message(&seen, 2));
        assert!(message(&seen, 3).starts_with("by the row's second id, person-2"), "{}", message(&seen, 3));
        let remote_id = |line| {
            seen.outcomes.iter().find(|outcome| outcome.row.line == line).expect("one").evidence.remote_id.clone()
        };
        assert_eq!((remote_id(3), remote_id(4)), (Some("remote-person-2".to_owned()), None));
    }
}

/// Somebody else deletes him between the look and the update: the API's own id is gone with him.
#[test]
fn whoever_is_gone_once_his_name_was_resolved_is_created_by_that_name() {
    let upsert = wants(Action::Upsert, row(2, &[&name(1)]));
    let deletion = Row { action: Action::Delete, ..row(3, &[&own(&name(1))]) };
    let rows = vec![upsert, deletion];
    let habits = Habits { names: true, ..Habits::default() };
    let script = Script { habits, ..Script::calm(&rows, millis(20)) };
    let seen = play(&options(20.0, 4), &rows, script);
    let expected = [
        (Operation::Look, name(1)),
        (Operation::Delete, own(&name(1))),
        (Operation::Update, own(&name(1))),
        (Operation::Create, name(1)),
    ];
    assert_eq!(calls(&seen), expected);
    assert_eq!((seen.verdict(2), seen.verdict(3)), (Some(Verdict::Created), Some(Verdict::Deleted)));
}

#[test]
fn a_deletion_by_a_resolved_name_is_verified_by_the_same_id() {
    let rows = vec![row(2, &[&profile(1), &name(1)])];
    let habits = Habits { names: true, ..Habits::default() };
    let mut script = Script { habits, ..Script::calm(&rows, millis(20)) };
    script.existing.remove(&profile(1));
    let verifying = Options { verify_after: Some(seconds(2)), ..one_by_one() };
    let seen = play(&verifying, &rows, script);
    assert_eq!(seen.verdict(2), Some(Verdict::Deleted));
    let last = seen.log.last().expect("a look");
    assert_eq!((last.operation, last.slot, last.id().to_owned()), (Operation::Look, Slot::Primary, own(&name(1))));
    assert!(message(&seen, 2).starts_with("by the row's second id, person-1; verified"), "{}", message(&seen, 2));
}

#[test]
fn what_the_api_never_takes_is_refused_whatever_the_action() {
    for action in [Action::Create, Action::Update, Action::Upsert] {
        let rows = wanting(action, 20);
        let script = Script::calm(&rows, millis(20)).temper(&name(5), Temper::Unwelcome);
        let script = script.temper(&name(6), Temper::Haunted).temper(&name(9), Temper::Poison);
        let seen = play(&options(100.0, 4), &rows, script);
        assert_eq!(seen.report.ending, Ending::Complete);
        let verdicts = [6, 7, 10].map(|line| seen.verdict(line));
        assert_eq!(verdicts, [Some(Verdict::Refused), Some(Verdict::Refused), Some(Verdict::Failed)], "{action:?}");
    }
}

/// Comparisons that are answered well say nothing about whether updates get through.
#[test]
fn a_firewall_that_swallows_updates_ends_the_run_though_comparisons_pass() {
    let rows = wanting(Action::Update, 200);
    let firewall = Phase::all(seconds(0), millis(20), Manner::Unsigned(405)).reaches(Reach::Changes);
    let comparing = Options { compare: true, ..options(100.0, 8) };
    let stage = Stage::new(comparing, rows.clone(), Script::calm(&rows, millis(20)).first(firewall));
    // So slowly that each row's comparison comes between two rows' updates.
    let seen = Stage { batch: 1, reading: millis(500), ..stage }.play();
    assert_eq!(seen.exit(), 78);
    assert!(seen.count(Verdict::Refused) <= 2, "{} refused", seen.count(Verdict::Refused));
}

/// Nothing but an erasure is taken for true once the key is known to be wrong: all else is done once more, without harm.
#[test]
fn what_was_written_under_a_suspicion_that_held_stays_unsettled() {
    for action in [Action::Create, Action::Update, Action::Upsert, Action::Delete] {
        let rows = wanting(action, 60);
        let slow = Phase::calm(seconds(0), millis(500));
        let wrong_key = Phase::all(millis(100), millis(20), Manner::Unauthorized);
        let script = Script::calm(&rows, millis(20)).first(slow).then(wrong_key);
        let seen = play(&options(100.0, 32), &rows, script);
        assert_eq!(seen.exit(), 77);
        let done = seen.log.iter().filter(|sent| matches!(sent.answer, Some(Word::Done(fact)) if fact != Fact::Found));
        assert!(done.count() > 5, "several were answered well meanwhile");
        let settled = if action == Action::Delete { changes(&seen).filter(|sent| sent.applied).count() } else { 0 };
        assert_eq!(seen.outcomes.len(), settled, "{action:?}");
    }
}
