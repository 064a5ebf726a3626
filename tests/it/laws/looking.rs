//! The look before the run: through the same gate, changing nothing, and no part of the run's own time.

use std::time::Duration;

use tollgate::{
    domain::{Operation, Suspicion, Verdict},
    flow::Ending,
};

use super::{every_row_is_accounted_for, millis, seconds, the_pace_is_kept};
use crate::support::{
    remote::{APP, Manner, Phase, Script},
    stage::{Stage, name, options, people},
};

#[test]
fn a_look_tells_who_exists_and_in_which_app() {
    let rows = people(20);
    let mut script = Script::calm(&rows, millis(50));
    script.existing.remove(&name(3));
    script.existing.remove(&name(9));
    let (looked, log) = Stage::new(options(10.0, 8), rows, script).look();
    let looked = looked.expect("nothing is wrong");
    assert_eq!((looked.asked, looked.exist, looked.app.as_deref()), (20, 18, Some(APP)));
    assert!(looked.other_apps.is_empty());
    assert!(log.iter().all(|sent| sent.operation == Operation::Look));
    assert!(log[19].at >= millis(1_800), "at the permitted pace");
}

#[test]
fn a_look_with_a_wrong_key_is_the_end() {
    let rows = people(20);
    let script = Script::calm(&rows, millis(50)).first(Phase::all(Duration::ZERO, millis(50), Manner::Unauthorized));
    let (looked, log) = Stage::new(options(100.0, 4), rows, script).look();
    assert!(matches!(looked, Err(Ending::Suspicious { why: Suspicion::Credentials, .. })), "{looked:?}");
    assert!(log.len() <= 20 + 4, "{} looks", log.len());
}

#[test]
fn a_look_that_nobody_answers_ends_after_half_a_minute() {
    let rows = people(20);
    let script = Script::calm(&rows, millis(50)).first(Phase::all(Duration::ZERO, millis(5), Manner::Unreachable));
    let (looked, _) = Stage::new(options(100.0, 4), rows, script).look();
    assert!(matches!(looked, Err(Ending::NeverReached { .. })), "{looked:?}");
}

/// Ten minutes in front of the prompt count neither as the run's time nor as the API's silence.
#[test]
fn the_time_for_thinking_is_not_the_runs() {
    let rows = people(300);
    let minutes = Duration::from_mins(10);
    let hiccup = Phase::all(minutes, millis(20), Manner::Broken);
    let script = Script::calm(&rows, millis(20)).then(hiccup).then(Phase::calm(minutes + seconds(1), millis(20)));
    let mut options = options(100.0, 8);
    options.max_duration = Duration::from_mins(5);
    let prompt = Some((20, minutes));
    let seen = Stage { prompt, ..Stage::new(options.clone(), rows.clone(), script) }.play();
    every_row_is_accounted_for(&seen, &rows);
    the_pace_is_kept(&seen, &options);
    assert_eq!((seen.report.ending.clone(), seen.count(Verdict::Deleted)), (Ending::Complete, 300));
    assert!(seen.report.figures.retries >= 5, "the hiccup was met");
    assert!(seen.report.figures.elapsed < seconds(60), "{:?}", seen.report.figures.elapsed);
    assert!(seen.pulses.iter().all(|pulse| pulse.outage.is_none()));
}
