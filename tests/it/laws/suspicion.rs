//! Investigations: is it the key, the URL, or really this one row?

use std::time::Duration;

use tollgate::{
    domain::{Operation, Suspicion, Verdict},
    flow::Ending,
};

use super::{attempts_for, deletions, every_row_is_accounted_for, looks, millis, seconds, the_pace_is_kept};
use crate::support::{
    remote::{APP, Manner, Phase, Reach, Script, Temper, WITNESS},
    stage::{Seen, Stage, name, options, people},
};

/// 200 rows, everything well for two seconds, then this.
fn from_the_middle(manner: Manner, new_key: Option<&'static str>, width: u32) -> Seen {
    let rows = people(600);
    let mut script = Script::calm(&rows, millis(50)).then(Phase::all(seconds(2), millis(50), manner));
    script.new_key = new_key;
    let options = options(100.0, width);
    let seen = Stage::new(options.clone(), rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    the_pace_is_kept(&seen, &options);
    seen
}

fn ended_by(seen: &Seen, suspicion: Suspicion) -> bool {
    matches!(seen.report.ending, Ending::Suspicious { why, .. } if why == suspicion)
}

#[test]
fn a_key_that_stops_working_ends_the_run_after_a_few_looks() {
    for width in [1, 4, 32] {
        for (manner, why, exit) in
            [(Manner::Unauthorized, Suspicion::Credentials, 77), (Manner::Unsigned(403), Suspicion::Unsigned, 78)]
        {
            let seen = from_the_middle(manner, None, width);
            assert!(ended_by(&seen, why), "{:?}", seen.report.ending);
            assert_eq!(seen.exit(), exit);
            assert_eq!(seen.count(Verdict::Deleted), seen.outcomes.len(), "no row is blamed");
            let looks: Vec<_> = looks(&seen).collect();
            assert!((1..=4).contains(&looks.len()), "width {width}: {} looks", looks.len());
            let last = looks.last().expect("a look").at;
            assert!(deletions(&seen).all(|sent| sent.at < last), "width {width}: no deletion once they are suspected");
        }
    }
}

/// Once the first row was refused for that, or the canary, where looks were answered well.
#[test]
fn a_key_that_lacks_a_right_ends_the_run_at_once_and_no_row_is_blamed() {
    for width in [1, 32] {
        let rows = people(300);
        let script = Script::calm(&rows, millis(50)).then(Phase::all(seconds(1), millis(50), Manner::WithoutRight));
        let from_the_first = Script {
            phases: vec![Phase::all(seconds(0), millis(50), Manner::WithoutRight)],
            ..Script::calm(&rows, millis(50))
        };
        for script in [script, from_the_first] {
            let seen = Stage::new(options(100.0, width), rows.clone(), script).play();
            assert!(ended_by(&seen, Suspicion::Right), "{:?}", seen.report.ending);
            assert_eq!(seen.exit(), 77);
            assert_eq!(seen.count(Verdict::Deleted), seen.outcomes.len(), "no row is blamed");
        }
    }
}

/// That one suspicion was found groundless clears nothing that is answered later.
#[test]
fn a_key_that_stops_working_after_a_groundless_suspicion_is_found_out_all_the_same() {
    for width in [1, 8] {
        let rows = people(300);
        let script = Script::calm(&rows, millis(50)).temper(&name(5), Temper::Haunted);
        let script = script.then(Phase::all(seconds(2), millis(50), Manner::Unauthorized));
        let seen = Stage::new(options(100.0, width), rows.clone(), script).play();
        every_row_is_accounted_for(&seen, &rows);
        assert!(ended_by(&seen, Suspicion::Credentials), "{:?}", seen.report.ending);
        assert_eq!(
            (seen.count(Verdict::Refused), seen.verdict(6)),
            (1, Some(Verdict::Refused)),
            "no other row is blamed"
        );
    }
}

#[test]
fn an_investigation_goes_alone_and_looks_at_others() {
    let rows = people(200);
    let script = Script::calm(&rows, millis(50)).temper(&name(40), Temper::Haunted);
    let seen = Stage::new(options(100.0, 16), rows, script).play();
    for look in looks(&seen) {
        assert_ne!(look.id(), name(40), "another row is looked at");
        let until = look.until.expect("an answer");
        let alone =
            seen.log.iter().filter(|sent| sent.at < until && sent.until.is_none_or(|end| end > look.at)).count();
        assert_eq!(alone, 1, "a look at {:?} is alone on the wire", look.at);
    }
}

#[test]
fn a_haunted_row_is_refused_after_its_second_suspicious_answer() {
    let rows = people(200);
    let script = Script::calm(&rows, millis(50)).temper(&name(40), Temper::Haunted);
    let seen = Stage::new(options(100.0, 16), rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 1));
    assert_eq!(seen.verdict(41), Some(Verdict::Refused));
    assert_eq!((seen.count(Verdict::Deleted), seen.count(Verdict::Refused)), (199, 1));
    let outcome = seen.outcomes.iter().find(|outcome| outcome.row.line == 41).expect("line 41 has an outcome");
    assert_eq!(outcome.attempts, 2);
    let looks = looks(&seen).count();
    assert!((1..=8).contains(&looks), "{looks} looks");
}

#[test]
fn a_haunted_row_that_is_alone_has_the_witness() {
    let rows = people(1);
    let script = Script::calm(&rows, millis(50)).temper(&name(1), Temper::Haunted);
    let seen = Stage::new(options(100.0, 16), rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!(seen.verdict(2), Some(Verdict::Refused));
    assert!(looks(&seen).all(|look| look.id() == WITNESS));
}

#[test]
fn an_operation_that_never_gets_through_is_the_runs_trouble() {
    let rows = people(100);
    let haunted =
        (20..=22).fold(Script::calm(&rows, millis(50)), |script, number| script.temper(&name(number), Temper::Haunted));
    let seen = Stage::new(options(100.0, 1), rows.clone(), haunted).play();
    every_row_is_accounted_for(&seen, &rows);
    assert!(ended_by(&seen, Suspicion::Unsigned), "{:?}", seen.report.ending);
    assert_eq!(seen.exit(), 78);
    assert!(deletions(&seen).filter(|sent| sent.applied).count() < 100);
}

#[test]
fn a_firewall_that_swallows_deletions_ends_the_run() {
    let rows = people(400);
    let firewall = Phase::all(seconds(1), millis(50), Manner::Unsigned(405)).reaches(Reach::Changes);
    let seen = Stage::new(options(100.0, 8), rows.clone(), Script::calm(&rows, millis(50)).then(firewall)).play();
    every_row_is_accounted_for(&seen, &rows);
    assert!(ended_by(&seen, Suspicion::Unsigned), "{:?}", seen.report.ending);
    assert!(seen.count(Verdict::Refused) <= 2, "{} refused", seen.count(Verdict::Refused));
}

#[test]
fn a_renewed_key_of_the_same_app_goes_on() {
    let seen = from_the_middle(Manner::Revoked, Some(APP), 8);
    assert_eq!((seen.report.ending.clone(), seen.exit()), (Ending::Complete, 0));
    assert_eq!(seen.count(Verdict::Deleted), 600);
}

#[test]
fn a_renewed_key_of_another_app_ends_the_run() {
    let seen = from_the_middle(Manner::Revoked, Some("app-two"), 8);
    assert!(ended_by(&seen, Suspicion::Credentials), "{:?}", seen.report.ending);
    assert_eq!(seen.exit(), 77);
    let renewed = looks(&seen).map(|look| look.at).min().unwrap_or(Duration::MAX);
    assert!(deletions(&seen).all(|sent| sent.at <= renewed), "nothing is deleted with the other app's key");
    assert_eq!(seen.count(Verdict::Deleted), seen.outcomes.len());
}

/// While an outage and a suspicion meet, the run waits, and blames nobody.
#[test]
fn an_investigation_during_an_outage_waits_for_an_answer() {
    let rows = people(50);
    let script = Script::calm(&rows, millis(20))
        .first(Phase::all(Duration::ZERO, millis(20), Manner::Broken))
        .temper(&name(1), Temper::Haunted)
        .then(Phase::calm(seconds(60), millis(20)));
    let seen = Stage::new(options(100.0, 4), rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!(seen.report.ending, Ending::Complete);
    assert_eq!((seen.count(Verdict::Deleted), seen.verdict(2)), (49, Some(Verdict::Refused)));
    let haunted = attempts_for(&seen, &seen.log[0].identity);
    assert!(haunted.iter().all(|sent| sent.operation == Operation::Delete) && haunted.len() == 2);
}

/// What was on the wire together is cleared together.
#[test]
fn suspicious_answers_to_requests_of_one_moment_are_investigated_once() {
    let rows = people(200);
    let portal = Phase::all(seconds(1), millis(500), Manner::Unsigned(200)).reaches(Reach::Changes);
    let script = Script::calm(&rows, millis(20)).then(portal).then(Phase::calm(millis(1_400), millis(20)));
    let seen = Stage::new(options(100.0, 16), rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!(seen.count(Verdict::Deleted), 200, "nobody is blamed");
    let suspected = seen.log.iter().filter(|sent| sent.manner == Manner::Unsigned(200)).count();
    assert_eq!((suspected, looks(&seen).count()), (16, 1));
}

/// Not-found from the app of a wrong key, then 401: nothing of that is taken for true, but an erasure is an erasure.
#[test]
fn what_was_answered_under_a_suspicion_that_held_stays_unsettled() {
    let rows = people(100);
    let lying = Phase::calm(Duration::ZERO, millis(500)).some(0.5, Manner::Lying);
    let wrong_key = Phase::all(millis(100), millis(20), Manner::Unauthorized);
    let script = Script::calm(&rows, millis(500)).first(lying).then(wrong_key);
    let seen = Stage::new(options(100.0, 32), rows.clone(), script).play();
    every_row_is_accounted_for(&seen, &rows);
    assert_eq!(seen.exit(), 77);
    assert!(seen.log.iter().any(|sent| sent.manner == Manner::Lying), "somebody was lied about");
    assert!(seen.count(Verdict::Deleted) > 0);
    assert_eq!(seen.outcomes.len(), seen.count(Verdict::Deleted));
}
