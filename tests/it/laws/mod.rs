//! The flow's laws, on a paused clock, against a scripted remote whose log knows nothing of the flow.
//!
//! Here stand the laws themselves; the modules put the flow into the situations in which they must hold.

#![expect(clippy::expect_used, reason = "helpers of tests may expect, as tests may")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tollgate::{
    domain::{Action, Fact, Id, Identity, Operation, Outcome, Row, Subject, Verdict, Word},
    flow::Options,
};

use crate::support::{
    remote::{Manner, Sent},
    stage::Seen,
    world::own,
};

mod guards;
mod holding;
mod in_order;
mod leaving;
mod looking;
mod looking_first;
mod one_way;
mod random;
mod reading;
mod registering;
mod spans;
mod suspicion;
mod trouble;
mod writing;

/// The spectators' pulse: what the clock alone decides is noticed within it.
const PULSE: Duration = Duration::from_millis(100);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Every row has one outcome or is unsettled, and what the outcome says is what the remote did.
fn every_row_is_accounted_for(seen: &Seen, rows: &[Row]) {
    every_row_has_one_outcome_at_most(seen, rows);
    seen.outcomes.iter().for_each(|outcome| agrees_with_the_remote(seen, outcome));
}

fn every_row_has_one_outcome_at_most(seen: &Seen, rows: &[Row]) {
    let mut outcomes = BTreeMap::new();
    for outcome in &seen.outcomes {
        assert!(outcomes.insert(outcome.row.line, outcome).is_none(), "line {} has two outcomes", outcome.row.line);
        let row = rows.iter().find(|row| row.line == outcome.row.line).expect("an outcome is about a row");
        assert_eq!(row, &outcome.row, "a row leaves as it came");
    }
    let account = seen.report.account;
    assert_eq!(account.tally.total(), seen.outcomes.len() as u64, "the tally counts what the journal took");
    for verdict in Verdict::ALL {
        assert_eq!(account.tally.of(verdict), seen.count(verdict) as u64, "{verdict:?}");
    }
    assert_eq!(account.skipped, 0);
    assert!(account.read >= account.tally.total() && account.read <= rows.len() as u64, "{account:?}");
    if seen.report.ending == tollgate::flow::Ending::Complete {
        assert_eq!(outcomes.len(), rows.len(), "a complete run leaves no row without a line");
    }
    assert_eq!(seen.report.figures.requests, seen.log.len() as u64, "every request is counted");
}

fn agrees_with_the_remote(seen: &Seen, outcome: &Outcome) {
    let line = outcome.row.line;
    let Subject::Known(identity) = &outcome.row.subject else {
        assert!(matches!(outcome.verdict, Verdict::Invalid | Verdict::Duplicate), "line {line}: {outcome:?}");
        assert_eq!((outcome.attempts, outcome.elapsed), (0, Duration::ZERO), "line {line} was never sent");
        return;
    };
    let attempts = attempts_for(seen, identity);
    assert!(outcome.attempts >= 1 && outcome.attempts as usize <= attempts.len(), "line {line}: {outcome:?}");
    let Some(deciding) = seen.deciding(outcome) else {
        let gave_up = attempts.iter().any(|sent| sent.manner == Manner::Hang);
        assert!(
            outcome.verdict == Verdict::Failed && gave_up,
            "line {line}: only a time-out decides without an answer"
        );
        return;
    };
    assert_eq!(&deciding.identity, identity, "line {line} was decided by an answer about it");
    let expected = match outcome.verdict {
        Verdict::Deleted => deciding.applied && deciding.manner == Manner::Normal,
        Verdict::Absent => !deciding.applied && matches!(deciding.manner, Manner::Normal | Manner::Lying),
        Verdict::Refused => {
            matches!(deciding.manner, Manner::BadRequest | Manner::Unsigned(_) | Manner::Unauthorized | Manner::Revoked)
        }
        Verdict::Failed => {
            matches!(
                deciding.manner,
                Manner::Broken | Manner::BrokenAfter | Manner::ResetBefore | Manner::ResetAfter | Manner::Unreachable
            )
        }
        Verdict::Invalid | Verdict::Duplicate => false,
        Verdict::Found
        | Verdict::Missing
        | Verdict::Exists
        | Verdict::New
        | Verdict::Created
        | Verdict::Updated
        | Verdict::Unchanged
        | Verdict::Superseded
        | Verdict::Suppressed => {
            panic!("line {line}: no word of a deletion")
        }
    };
    assert!(expected, "line {line}: {:?} after {deciding:?}", outcome.verdict);
    assert_eq!(deciding.operation, Operation::Delete, "line {line}: a look settles nothing");
}

/// A settled word rests on an answer about this very row that says so.
fn every_word_is_borne_out(seen: &Seen) {
    for outcome in &seen.outcomes {
        let (line, action) = (outcome.row.line, outcome.row.action);
        let Some(deciding) = seen.deciding(outcome) else { continue };
        let (operation, answer) = (deciding.operation, deciding.answer.as_ref());
        let says = |fact| answer == Some(&Word::Done(fact));
        let updates = matches!(operation, Operation::Update | Operation::Remove);
        let borne_out = match outcome.verdict {
            Verdict::Deleted => operation == Operation::Delete && says(Fact::Deleted) && deciding.applied,
            Verdict::Absent => matches!(action, Action::Delete | Action::Verify) && says(Fact::Absent),
            Verdict::Found => action == Action::Get && operation == Operation::Get && says(Fact::Found),
            Verdict::Missing => matches!(action, Action::Get | Action::Update) && says(Fact::Absent),
            Verdict::Exists => match action {
                Action::Verify => operation == Operation::Look && says(Fact::Found),
                Action::Create => operation == Operation::Compare && says(Fact::Found),
                Action::Delete | Action::Update | Action::Upsert | Action::Get => false,
            },
            Verdict::Created => operation == Operation::Create && says(Fact::Created) && deciding.applied,
            Verdict::Updated => updates && says(Fact::Updated) && deciding.applied,
            Verdict::Unchanged => operation == Operation::Compare && says(Fact::Same),
            Verdict::New | Verdict::Invalid | Verdict::Duplicate | Verdict::Superseded | Verdict::Suppressed => false,
            Verdict::Refused => matches!(answer, Some(Word::Refused | Word::Suspect(_))),
            Verdict::Failed => {
                outcome.erased || matches!(answer, Some(Word::Again { .. } | Word::Done(Fact::Taken(_))) | None)
            }
        };
        assert!(borne_out, "line {line}: {:?} after {deciding:?}", outcome.verdict);
        let Subject::Known(identity) = &outcome.row.subject else { panic!("line {line} was never sent") };
        let by_own_id = identity.ids().any(|id| deciding.id() == own(id.text()));
        assert!(by_own_id || deciding.identity == *identity, "line {line} was decided by an answer about it");
    }
}

fn attempts_for<'a>(seen: &'a Seen, identity: &Identity) -> Vec<&'a Sent> {
    deletions(seen).filter(|sent| sent.identity == *identity).collect()
}

fn deletions(seen: &Seen) -> impl Iterator<Item = &Sent> {
    seen.log.iter().filter(|sent| sent.operation == Operation::Delete)
}

fn looks(seen: &Seen) -> impl Iterator<Item = &Sent> {
    seen.log.iter().filter(|sent| sent.operation == Operation::Look)
}

/// In any window the pace and its burst bound what is sent, and the width bounds what is on the wire.
fn the_pace_is_kept(seen: &Seen, options: &Options) {
    let (rate, burst) = (options.rate.get(), f64::from(options.burst.get()));
    let mut lowest = f64::INFINITY;
    for (index, sent) in seen.log.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "few requests")]
        let level = index as f64 - rate * sent.at.as_secs_f64();
        lowest = lowest.min(level);
        assert!(level + 1.0 - lowest <= burst + 1.0, "request {index} at {:?} is above the pace", sent.at);
    }
    assert!(seen.peak <= options.width.get() as usize, "{} on the wire", seen.peak);
}

/// While the API asks for a pause nothing is sent, and the deadline moves only later.
fn a_hold_is_kept(seen: &Seen) {
    for sent in &seen.log {
        let (Some(Word::Again { after: Some(after), .. }), Some(answered)) = (&sent.answer, sent.until) else {
            continue;
        };
        for other in &seen.log {
            let within = other.at > answered && other.at < answered + *after;
            assert!(!within, "sent at {:?}, though at {answered:?} asked to wait {after:?}", other.at);
        }
    }
    for pair in seen.pulses.windows(2) {
        if let (Some(before), Some(after)) = (pair[0].held, pair[1].held) {
            let earlier = pair[1].elapsed + after < pair[0].elapsed + before;
            assert!(!earlier, "the deadline moved earlier at {:?}", pair[1].elapsed);
        }
    }
}

fn changes(seen: &Seen) -> impl Iterator<Item = &Sent> {
    seen.log.iter().filter(|sent| sent.operation.changes())
}

/// Rows that share an id are never on the wire at once, and those that were sent settle in file order.
fn rows_of_one_person_keep_their_order(seen: &Seen) {
    let mut busy: BTreeMap<&str, Duration> = BTreeMap::new();
    for sent in changes(seen) {
        let ids: BTreeSet<&str> = sent.identity.ids().map(Id::text).collect();
        for id in ids {
            let free_from = busy.insert(id, sent.until.unwrap_or(Duration::MAX));
            assert!(free_from.is_none_or(|until| until <= sent.at), "{id} is on the wire twice");
        }
    }
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for outcome in seen.outcomes.iter().filter(|outcome| outcome.attempts > 0) {
        let Subject::Known(identity) = &outcome.row.subject else { continue };
        for id in identity.ids() {
            let before = last.insert(id.text(), outcome.row.line);
            assert!(before.is_none_or(|line| line <= outcome.row.line), "{} went out of order", id.text());
        }
    }
}

/// Nothing is sent after a moment.
fn nothing_is_sent_after(seen: &Seen, moment: Duration) {
    if let Some(late) = seen.log.iter().find(|sent| sent.at > moment) {
        panic!("sent at {:?}, after {moment:?}", late.at);
    }
}
