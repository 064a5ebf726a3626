//! Looks before and after a deletion, and rows that ask for nothing but a look.

use std::time::Duration;

use tollgate::{
    domain::{Action, Fact, LineSet, Operation, Past, Recorded, Row, Slot, Verdict, Word},
    flow::{Ending, MaxAbsent, Options, Signal, Trip},
};

use super::{deletions, looks, millis, rows_of_one_person_keep_their_order, seconds, the_pace_is_kept};
use crate::support::{
    remote::{Manner, Phase, Script, Sent, Temper},
    stage::{Seen, Stage, asking, name, options, people, profile, row},
    world::World,
};

/// Verified two seconds after.
fn verifying(per_second: f64, width: u32) -> Options {
    Options { verify_after: Some(seconds(2)), ..options(per_second, width) }
}

fn looking(per_second: f64, width: u32) -> Options {
    Options { look: true, ..options(per_second, width) }
}

/// What was asked about an id, in order.
fn asked<'a>(seen: &'a Seen, id: &str) -> Vec<&'a Sent> {
    seen.log.iter().filter(|sent| sent.id() == id).collect()
}

fn message(seen: &Seen, line: u64) -> String {
    let outcome = seen.outcomes.iter().find(|outcome| outcome.row.line == line).expect("an outcome");
    outcome.evidence.message.clone().unwrap_or_default()
}

/// `deleted` only when a look, so long after the deletion, found nobody.
pub(super) fn deleted_only_when_a_look_says_so(seen: &Seen, after: Duration) {
    for outcome in seen.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Deleted) {
        let deleted = seen.deciding(outcome).expect("the deletion is the evidence");
        let told = deleted.until.expect("an answer");
        // Others' suspicions may look at anybody at any time; what counts is a look that kept the delay.
        let is_proof = |sent: &Sent| {
            let of_this_row = sent.identity == deleted.identity && sent.operation == Operation::Look;
            of_this_row && sent.at >= told + after && sent.answer == Some(Word::Done(Fact::Absent))
        };
        assert!(seen.log.iter().any(is_proof), "line {}: no look found nobody", outcome.row.line);
    }
}

#[test]
fn a_look_before_saves_the_deletion_of_nobody() {
    let rows = people(60);
    let mut script = Script::calm(&rows, millis(50));
    script.existing.retain(|id| (1..=20).all(|number| *id != name(number)));
    let options = looking(100.0, 8);
    let seen = Stage::new(options.clone(), rows, script).play();
    assert_eq!(seen.report.ending, Ending::Complete);
    assert_eq!((seen.count(Verdict::Absent), seen.count(Verdict::Deleted)), (20, 40));
    assert_eq!((deletions(&seen).count(), looks(&seen).count()), (40, 60));
    for outcome in &seen.outcomes {
        let known = format!("remote-{}", String::from_utf8_lossy(outcome.row.id_bytes()));
        let expected = (outcome.verdict == Verdict::Deleted).then_some(known);
        assert_eq!(outcome.evidence.remote_id, expected, "the look's id stands in the deletion's line");
    }
    the_pace_is_kept(&seen, &options);
}

#[test]
fn whoever_is_found_by_the_second_id_is_deleted_by_it() {
    let rows = vec![row(2, &[&profile(1), &name(1)])];
    let mut script = Script::calm(&rows, millis(50));
    script.existing.remove(&profile(1));
    let seen = Stage::new(looking(100.0, 8), rows, script).play();
    assert_eq!(seen.verdict(2), Some(Verdict::Deleted));
    let calls: Vec<_> = seen.log.iter().map(|sent| (sent.operation, sent.slot)).collect();
    let expected =
        [(Operation::Look, Slot::Primary), (Operation::Look, Slot::Fallback), (Operation::Delete, Slot::Fallback)];
    assert_eq!(calls, expected);
    assert!(message(&seen, 2).starts_with("by the row's second id, person-1"), "{}", message(&seen, 2));
}

/// Two profiles: the first deletion was done, and its answer lost, so that the second id is turned to as well.
#[test]
fn whoever_is_deleted_by_the_second_id_after_a_lost_answer_about_the_first_is_told_so() {
    let rows = vec![row(2, &[&profile(1), &name(1)])];
    for manner in [Manner::ResetAfter, Manner::BrokenAfter] {
        let script = Script::calm(&rows, millis(20)).first(Phase::all(seconds(0), millis(20), manner));
        let script = script.then(Phase::calm(millis(10), millis(20)));
        let seen = Stage::new(options(100.0, 4), rows.clone(), script).play();
        assert_eq!(seen.verdict(2), Some(Verdict::Deleted));
        assert_eq!(
            message(&seen, 2),
            "an answer about the first id was lost: it may have been done by that, too; by the row's second id, person-1"
        );
    }
}

#[test]
fn a_verified_deletion_names_the_second_id_only_when_it_was_the_one() {
    let rows = vec![row(2, &[&profile(1), &name(1)])];
    for (nobody, beginning) in [(profile(1), "by the row's second id, person-1; verified: "), (name(1), "verified: ")] {
        let mut script = Script::calm(&rows, millis(20));
        script.existing.remove(&nobody);
        let seen = Stage::new(verifying(100.0, 4), rows.clone(), script).play();
        assert_eq!(seen.verdict(2), Some(Verdict::Deleted));
        assert!(message(&seen, 2).starts_with(beginning), "the look ends with the second one: {}", message(&seen, 2));
    }
}

#[test]
fn a_deletion_is_verified_through_the_gate_after_its_delay() {
    for width in [1, 8] {
        let rows = people(100);
        let options = verifying(50.0, width);
        let seen = Stage::new(options.clone(), rows.clone(), Script::calm(&rows, millis(20))).play();
        assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 0));
        assert_eq!((seen.count(Verdict::Deleted), seen.log.len()), (100, 200));
        deleted_only_when_a_look_says_so(&seen, seconds(2));
        the_pace_is_kept(&seen, &options);
        // Two hundred requests at fifty a second: those that wait keep nobody from being sent.
        assert!(seen.took < seconds(8), "width {width} took {:?}", seen.took);
        assert!(
            seen.outcomes.iter().all(|outcome| outcome.evidence.status == Some(204)),
            "the deletion is the evidence"
        );
    }
}

#[test]
fn whoever_lingers_is_looked_at_again_and_whoever_stays_is_failed() {
    let rows = people(3);
    let script = Script::calm(&rows, millis(20))
        .temper(&name(1), Temper::Lingering(seconds(5)))
        .temper(&name(2), Temper::Lingering(Duration::MAX));
    let seen = Stage::new(verifying(100.0, 4), rows, script).play();
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 1));
    let verdicts = [2, 3, 4].map(|line| seen.verdict(line));
    assert_eq!(verdicts, [Some(Verdict::Deleted), Some(Verdict::Failed), Some(Verdict::Deleted)]);
    let looks_after = |number| {
        let about = asked(&seen, &name(number));
        assert_eq!(about.iter().filter(|sent| sent.applied).count(), 1);
        about.iter().filter(|sent| sent.operation == Operation::Look).count()
    };
    assert_eq!([1, 2, 3].map(looks_after), [2, 3, 1], "after two seconds, four more, eight more");
    deleted_only_when_a_look_says_so(&seen, seconds(2));
    let stays = seen.outcomes.iter().find(|outcome| outcome.row.line == 3).expect("an outcome");
    assert!(stays.erased && message(&seen, 3).contains("still finds it"), "{stays:?}");
}

/// The deletion itself was not refused: the next try looks again.
#[test]
fn a_deletion_whose_look_is_refused_is_not_verified() {
    let rows = people(3);
    let refusing = Phase::all(seconds(1), millis(20), Manner::BadRequest);
    let script = Script::calm(&rows, millis(20)).then(refusing);
    let seen = Stage::new(verifying(100.0, 4), rows, script).play();
    assert_eq!((seen.count(Verdict::Failed), seen.outcomes.iter().filter(|outcome| outcome.erased).count()), (3, 3));
}

#[test]
fn a_second_profile_of_the_row_keeps_it_from_being_verified() {
    let rows = vec![row(2, &[&profile(1), &name(1)])];
    let seen = Stage::new(verifying(100.0, 4), rows.clone(), Script::calm(&rows, millis(20))).play();
    assert_eq!(seen.verdict(2), Some(Verdict::Failed), "profile-1 is gone, person-1 is not");

    let past = Past { erased: [2].into_iter().fold(LineSet::default(), with), ..Past::default() };
    let mut script = Script::calm(&rows, millis(20));
    script.existing.remove(&profile(1));
    let again = Stage { past, ..Stage::new(verifying(100.0, 4), rows, script) }.play();
    assert_eq!(again.verdict(2), Some(Verdict::Deleted), "the next try deletes the other one");
}

fn with(mut lines: LineSet, line: u64) -> LineSet {
    lines.insert(line);
    lines
}

#[test]
fn a_run_that_leaves_writes_down_what_it_deleted_and_the_next_one_looks_first() {
    let rows = people(200);
    let script = Script::calm(&rows, millis(20));
    let stage = Stage::new(verifying(100.0, 8), rows.clone(), script);
    let seen = Stage { signals: vec![(seconds(1), Signal::Terminate)], ..stage }.play();
    assert_eq!(seen.report.ending, Ending::Stopped(Signal::Terminate));
    let applied = deletions(&seen).filter(|sent| sent.applied).count();
    let erased: Vec<u64> =
        seen.outcomes.iter().filter(|outcome| outcome.erased).map(|outcome| outcome.row.line).collect();
    assert!(applied > 50 && erased.len() == applied && seen.outcomes.len() == applied, "{applied} {}", erased.len());
    assert!(seen.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Failed));
    assert!(seen.took < millis(1_100), "nobody waits for a look: {:?}", seen.took);

    let mut script = Script::calm(&rows, millis(20));
    for line in &erased {
        script.existing.remove(&name(usize::try_from(line - 1).expect("few")));
    }
    let past = Past { erased: erased.iter().copied().fold(LineSet::default(), with), ..Past::default() };
    let again = Stage { past, ..Stage::new(verifying(100.0, 8), rows, script) }.play();
    assert_eq!(again.count(Verdict::Deleted), 200, "what an earlier try deleted is deleted, not absent");
    assert_eq!(deletions(&again).count(), 200 - erased.len(), "nobody is deleted twice");
}

#[test]
fn a_key_that_is_revoked_before_the_looks_loses_no_deletion() {
    let rows = people(300);
    let script = Script::calm(&rows, millis(20)).then(Phase::all(seconds(1), millis(20), Manner::Unauthorized));
    let seen = Stage::new(verifying(100.0, 8), rows, script).play();
    assert_eq!(seen.exit(), 77);
    let applied = deletions(&seen).filter(|sent| sent.applied).count();
    assert!(applied > 50 && seen.outcomes.len() == applied, "{applied} {}", seen.outcomes.len());
    assert!(seen.outcomes.iter().all(|outcome| outcome.erased && outcome.verdict == Verdict::Failed));
}

#[test]
fn under_random_trouble_deleted_is_still_only_what_a_look_confirmed() {
    for seed in 0..30 {
        let rows = people(120);
        let faults = Phase::calm(Duration::ZERO, millis(40))
            .some(0.1, Manner::Broken)
            .some(0.05, Manner::ResetAfter)
            .some(0.05, Manner::ResetBefore)
            .some(0.02, Manner::TooMany(Some(seconds(3))));
        let mut script = Script::calm(&rows, millis(40)).first(faults);
        script.seed = seed;
        let options = Options { look: seed % 2 == 0, seed, ..verifying(200.0, 8) };
        let seen = Stage::new(options.clone(), rows, script).play();
        assert_eq!(seen.report.ending, Ending::Complete, "seed {seed}");
        assert_eq!(seen.outcomes.len(), 120);
        deleted_only_when_a_look_says_so(&seen, seconds(2));
        the_pace_is_kept(&seen, &options);
        rows_of_one_person_keep_their_order(&seen);
    }
}

fn getting(rows: usize) -> Vec<Row> {
    asking(Action::Get, people(rows))
}

#[test]
fn whoever_is_there_is_found_with_his_profile_and_nothing_is_changed() {
    let rows = getting(90);
    let mut script = Script::calm(&rows, millis(50)).temper(&name(90), Temper::Poison);
    script.existing.retain(|id| (1..=20).all(|number| *id != name(number)));
    let options = options(100.0, 8);
    let seen = Stage::new(options.clone(), rows, script).play();
    assert_eq!((seen.count(Verdict::Found), seen.count(Verdict::Missing), seen.count(Verdict::Failed)), (69, 20, 1));
    assert!(seen.log.iter().all(|sent| sent.operation != Operation::Delete));
    for outcome in &seen.outcomes {
        let own = format!("{{\"id\":\"{}\"}}", String::from_utf8_lossy(outcome.row.id_bytes()));
        let expected = (outcome.verdict == Verdict::Found).then_some(own.as_str());
        assert_eq!(outcome.evidence.profile.as_deref(), expected, "line {}", outcome.row.line);
    }
    the_pace_is_kept(&seen, &options);
}

#[test]
fn a_missing_row_is_no_error_but_too_many_are_a_wrong_key() {
    let rows = getting(49);
    let script = Script { existing: World::default(), ..Script::calm(&rows, millis(20)) };
    let guarded = Options { max_absent: MaxAbsent::Percent(95.0), ..options(100.0, 4) };
    let seen = Stage::new(guarded.clone(), rows, script).play();
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 0));

    let rows = getting(400);
    let script = Script { existing: World::default(), ..Script::calm(&rows, millis(20)) };
    let seen = Stage::new(guarded, rows, script).play();
    assert_eq!(seen.report.ending, Ending::Guard(Trip::Absent { absent: 50, of: 50 }));
}

/// A suspicious answer to one row's look, time and again, is never the run's trouble while others are answered well.
#[test]
fn haunted_looks_are_refused_one_by_one() {
    let rows = getting(300);
    let haunted = Phase::calm(Duration::ZERO, millis(20)).some(0.15, Manner::Unsigned(405));
    let seen = Stage::new(options(100.0, 4), rows.clone(), Script::calm(&rows, millis(20)).first(haunted)).play();
    assert_eq!(seen.report.ending, Ending::Complete);
    assert_eq!(seen.count(Verdict::Found) + seen.count(Verdict::Refused), 300);
    assert!(seen.count(Verdict::Refused) > 3, "{} refused", seen.count(Verdict::Refused));
}

#[test]
fn verification_hopes_for_absence_and_tells_a_new_profile_from_the_old_one() {
    let rows = asking(Action::Verify, people(200));
    let mut script = Script::calm(&rows, millis(20));
    script.existing.retain(|id| [name(1), name(2), name(3)].contains(id));
    let mut recorded = Recorded::keyed([7; 32]);
    recorded.insert(name(1).as_bytes(), format!("remote-{}", name(1)).as_bytes());
    recorded.insert(name(2).as_bytes(), b"remote-of-old");
    let past = Past { recorded: Some(recorded), ..Past::default() };
    let seen = Stage { past, ..Stage::new(options(100.0, 4), rows, script) }.play();
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 1));
    let verdicts = [2, 3, 4, 5].map(|line| seen.verdict(line));
    let (exists, new, absent) = (Some(Verdict::Exists), Some(Verdict::New), Some(Verdict::Absent));
    assert_eq!(verdicts, [exists, new, exists, absent], "unknown to the earlier run is not new");
    assert_eq!(seen.count(Verdict::Absent), 197);
    let outcome = seen.outcomes.iter().find(|outcome| outcome.row.line == 2).expect("an outcome");
    assert_eq!(outcome.evidence.remote_id, Some(format!("remote-{}", name(1))));
    assert!(looks(&seen).count() == 200 && seen.log.len() == 200);
}

#[test]
fn absence_is_shown_for_both_ids() {
    let rows = asking(Action::Verify, vec![row(2, &[&profile(1), &name(1)]), row(3, &[&profile(2), &name(2)])]);
    let mut script = Script::calm(&rows, millis(20));
    script.existing = [name(1)].into_iter().collect();
    let seen = Stage::new(options(100.0, 4), rows, script).play();
    assert_eq!((seen.verdict(2), seen.verdict(3)), (Some(Verdict::Exists), Some(Verdict::Absent)));
    assert_eq!(seen.log.len(), 4);
}
