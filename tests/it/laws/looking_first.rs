//! Where a deletion's answer does not tell deleted from absent, a look goes before it, and the look tells.

use std::collections::BTreeSet;

use tollgate::{
    domain::{Fact, Operation, Row, Verdict, Word},
    flow::Ending,
};

use super::{deletions, looks, millis, rows_of_one_person_keep_their_order, seconds, the_pace_is_kept};
use crate::support::{
    remote::{Manner, Phase, Reach, Script, Temper, WITNESS},
    stage::{Seen, Stage, name, options, people, profile, row},
};

/// Everybody but these exists.
fn script(rows: &[Row], missing: &[usize]) -> Script {
    let mut script = Script { looks_first: true, ..Script::calm(rows, millis(20)) };
    for number in missing {
        script.existing.remove(&name(*number));
    }
    script
}

fn of(seen: &Seen, verdict: Verdict) -> BTreeSet<u64> {
    seen.outcomes.iter().filter(|outcome| outcome.verdict == verdict).map(|outcome| outcome.row.line).collect()
}

/// Each deletion comes after an answer that the profile is there, by the same id.
fn nobody_is_deleted_unseen(seen: &Seen) {
    for delete in deletions(seen) {
        let seen_before = looks(seen).any(|look| {
            look.id() == delete.id()
                && look.answer == Some(Word::Done(Fact::Found))
                && look.until.is_some_and(|until| until <= delete.at)
        });
        assert!(seen_before, "{} was deleted unseen", delete.id());
    }
}

#[test]
fn the_look_tells_deleted_from_absent() {
    let rows = people(30);
    let options = options(100.0, 4);
    let seen = Stage::new(options.clone(), rows.clone(), script(&rows, &[3, 9])).play();
    assert_eq!(seen.report.ending, Ending::Complete);
    assert_eq!(of(&seen, Verdict::Absent), BTreeSet::from([4, 10]));
    assert_eq!(seen.count(Verdict::Deleted), 28);
    assert_eq!((looks(&seen).count(), deletions(&seen).count()), (30, 28), "whoever is not there is not sent");
    assert!(
        seen.outcomes.iter().all(|outcome| outcome.attempts == if outcome.verdict == Verdict::Absent { 1 } else { 2 })
    );
    nobody_is_deleted_unseen(&seen);
    the_pace_is_kept(&seen, &options);
}

#[test]
fn the_other_id_is_looked_at_and_deleted_when_the_first_is_not_there() {
    let rows = vec![row(2, &[&profile(1), &name(1)]), row(3, &[&profile(2), &name(2)])];
    let mut script = script(&rows, &[2]);
    script.existing.remove(&profile(1));
    script.existing.remove(&profile(2));
    let seen = Stage::new(options(100.0, 4), rows, script).play();
    assert_eq!((of(&seen, Verdict::Deleted), of(&seen, Verdict::Absent)), (BTreeSet::from([2]), BTreeSet::from([3])));
    assert_eq!(deletions(&seen).map(|sent| sent.id().to_owned()).collect::<Vec<_>>(), [name(1)]);
    nobody_is_deleted_unseen(&seen);
}

/// What the first deletion did is not taken for absence by the second, since nobody looks in between.
#[test]
fn a_deletion_whose_answer_was_lost_is_a_deletion() {
    let rows = people(40);
    let faults = Phase::calm(seconds(0), millis(20)).some(0.3, Manner::ResetAfter).some(0.2, Manner::Broken);
    let script = script(&rows, &[7]).first(faults.reaches(Reach::Changes));
    let options = options(200.0, 4);
    let seen = Stage::new(options.clone(), rows, script).play();
    assert_eq!(seen.report.ending, Ending::Complete);
    assert_eq!(of(&seen, Verdict::Absent), BTreeSet::from([8]));
    assert_eq!(seen.count(Verdict::Deleted), 39);
    assert!(seen.outcomes.iter().any(|outcome| outcome.after_lost_answer), "some answers were lost");
    assert_eq!(looks(&seen).filter(|sent| sent.id() != WITNESS).count(), 40, "one look each");
    nobody_is_deleted_unseen(&seen);
    rows_of_one_person_keep_their_order(&seen);
    the_pace_is_kept(&seen, &options);
}

#[test]
fn what_the_deletion_refuses_is_refused_though_the_look_was_well() {
    let rows = people(20);
    let script = script(&rows, &[]).temper(&name(5), Temper::Unwelcome);
    let seen = Stage::new(options(100.0, 4), rows, script).play();
    assert_eq!(of(&seen, Verdict::Refused), BTreeSet::from([6]));
    assert_eq!(seen.count(Verdict::Deleted), 19);
}

/// The look before the run stays a look.
#[test]
fn the_look_before_the_run_deletes_nobody() {
    let rows = people(20);
    let script = script(&rows, &[1]);
    let (looked, log) = Stage::new(options(100.0, 4), rows, script).look();
    assert_eq!(looked.map(|looked| (looked.asked, looked.exist)), Ok((20, 19)));
    assert!(log.iter().all(|sent| sent.operation == Operation::Look));
}
