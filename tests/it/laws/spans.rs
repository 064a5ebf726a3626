//! Runs of rows with nothing new: they need no call, and are accounted for like any other row, however the run ends.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use tollgate::{
    domain::{Action, Row, Span, Verdict},
    flow::{Ending, Options, Signal},
};

use super::{millis, seconds};
use crate::support::{
    remote::{Manner, Phase, Script, Temper},
    stage::{Seen, Stage, name, options, people, row},
};

/// Rows and spans that take turns on the lines of one file.
fn file(shapes: &[(usize, u64)]) -> (Vec<Row>, Vec<Span>) {
    let (mut rows, mut spans, mut line) = (Vec::new(), Vec::new(), 2);
    for (sent, unchanged) in shapes {
        for _ in 0..*sent {
            let next = Row { action: Action::Update, ..row(line, &[&name(rows.len() + 1)]) };
            rows.push(next);
            line += 1;
        }
        spans.push(Span { first: line, last: line + unchanged, rows: unchanged + 1, action: Action::Update });
        line += unchanged + 1;
    }
    (rows, spans)
}

fn total(spans: &[Span]) -> u64 {
    spans.iter().map(|span| span.rows).sum()
}

/// What the reader handed over, in batches, is a beginning of the file: how many of the spans were among it.
fn spans_taken_in(seen: &Seen, rows: &[Row], spans: &[Span], batch: usize) -> usize {
    let mut read = 0;
    let mut taken = 0;
    let mut batches = rows.chunks(batch);
    while read < seen.report.account.read {
        let chunk = batches.next().unwrap_or_default();
        let last = chunk.last().map_or(u64::MAX, |row| row.line);
        let with_it = spans[taken..].iter().take_while(|span| span.first <= last).count();
        read += chunk.len() as u64 + total(&spans[taken..taken + with_it]);
        taken += with_it;
    }
    assert_eq!(read, seen.report.account.read, "whole batches are read");
    taken
}

/// read = tally + unsettled, spans included, and no span that was taken in is lost.
fn spans_are_accounted_for(seen: &Seen, rows: &[Row], spans: &[Span], batch: usize) {
    let account = seen.report.account;
    let taken = spans_taken_in(seen, rows, spans, batch);
    assert_eq!(seen.spans, spans[..taken], "{:?}", seen.report.ending);
    assert_eq!(account.tally.total(), seen.outcomes.len() as u64 + total(&seen.spans));
    assert_eq!(account.tally.of(Verdict::Unchanged), seen.count(Verdict::Unchanged) as u64 + total(&seen.spans));
    if seen.report.ending == Ending::Complete {
        assert_eq!(account.tally.total(), rows.len() as u64 + total(spans));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_with_nothing_new_are_counted_however_the_run_ends(
        shapes in vec((0..8usize, 0..50u64), 1..12),
        batch in 1..12usize,
        faults in vec((0.0..0.3, prop_oneof![Just(Manner::Broken), Just(Manner::Unauthorized)]), 0..2),
        refused in prop::option::of(1..40usize),
        canary in 0..4u64,
        stop in prop::option::of(0..1_500u64),
        (reading, writing) in (0..100u64, 0..100u64),
    ) {
        let (rows, spans) = file(&shapes);
        let mut script = Script::calm(&rows, millis(20)).first(Phase { faults, ..Phase::calm(millis(0), millis(20)) });
        if let Some(number) = refused {
            script = script.temper(&name(number), Temper::Unwelcome);
        }
        let options = Options { canary, give_up_after: seconds(60), ..options(50.0, 4) };
        let signals = stop.map(|at| (millis(at), Signal::Terminate)).into_iter().collect();
        let stage = Stage::new(options, rows.clone(), script);
        let timed = Stage { reading: millis(reading), writing: millis(writing), signals, ..stage };
        let seen = Stage { spans: spans.clone(), batch, ..timed }.play();
        spans_are_accounted_for(&seen, &rows, &spans, batch);
    }
}

#[test]
fn a_night_without_news_makes_no_call() {
    let spans = vec![Span { first: 2, last: 10_000_001, rows: 10_000_000, action: Action::Update }];
    let rows = people(0);
    let script = Script::calm(&rows, Duration::ZERO);
    let seen = Stage { spans: spans.clone(), ..Stage::new(options(10.0, 1), rows, script) }.play();
    assert_eq!((seen.report.ending.clone(), seen.exit(), seen.log.len()), (Ending::Complete, 0, 0));
    assert_eq!(seen.report.account.tally.of(Verdict::Unchanged), 10_000_000);
    assert_eq!(seen.report.account.read, 10_000_000);
    assert_eq!(seen.spans, spans);
}

/// A trip clears what waits to be sent; what needs no call is written down all the same.
#[test]
fn spans_in_hand_outlive_a_trip() {
    let (rows, spans) = file(&[(3, 20), (3, 30)]);
    let script = Script::calm(&rows, millis(20)).temper(&name(1), Temper::Unwelcome);
    let seen =
        Stage { spans: spans.clone(), ..Stage::new(Options { canary: 1, ..options(50.0, 4) }, rows, script) }.play();
    assert_eq!((seen.exit(), seen.outcomes.len(), seen.spans.len()), (3, 1, 1));
    assert_eq!(seen.report.account.read, 6 + 21, "the second span lies behind the batch");
}
