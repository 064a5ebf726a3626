//! One row's walk, from its place in the house to its outcome.

use std::rc::Rc;

use crate::domain::{Action, Fact, Identity, Outcome, Past, Row, Subject, Verdict};

use super::{
    Ending, Remote,
    arrival::{Arrival, Conclusion},
    house::{House, Stop},
    itinerary::Itinerary,
    journey::Journey,
};

/// How a walk ended.
#[derive(Debug)]
pub(super) enum Departure {
    /// The row has its outcome.
    Settled(Outcome),
    /// The house closed before it had one.
    Unsettled(Row),
    /// It left like that, and found that the whole run must end.
    Halt(Box<Departure>, Ending),
}

/// Walks one row to its end.
pub(super) async fn walk<R: Remote>(house: &House<'_, R>, row: Row, past: &Past) -> Departure {
    let row = Rc::new(row);
    house.enter(&row);
    let (arrival, stop) = match &row.subject {
        Subject::Known(identity) => travel(house, &row, identity, past).await,
        Subject::Spared(..) | Subject::Malformed { .. } => (None, Some(Stop::Closed)),
    };
    house.leave(row.line);
    let row = Rc::try_unwrap(row).unwrap_or_else(|shared| Row::clone(&shared));
    let departure = match arrival {
        Some(arrival) => Departure::Settled(outcome(row, arrival, past)),
        None => Departure::Unsettled(row),
    };
    match stop {
        None | Some(Stop::Closed) => departure,
        Some(Stop::Halt(ending)) => {
            // At once: other rows may be polled, and sent, before the loop hears of it.
            house.gate.close();
            Departure::Halt(Box::new(departure), ending)
        }
    }
}

async fn travel<R: Remote>(
    house: &House<'_, R>,
    row: &Row,
    identity: &Identity,
    past: &Past,
) -> (Option<Arrival>, Option<Stop>) {
    let usual = house.remote.first(row);
    let (two, erased) = (identity.fallback().is_some(), past.erased.contains(row.line));
    let itinerary = Itinerary::of(house.options, row.action, usual, two, erased);
    let mut journey = Journey::new(house, row.line, identity, &row.fields, itinerary);
    journey.travel().await
}

fn outcome(row: Row, arrival: Arrival, past: &Past) -> Outcome {
    Outcome {
        verdict: verdict(&row, &arrival, past),
        row,
        attempts: arrival.attempts,
        elapsed: arrival.elapsed,
        evidence: arrival.evidence,
        after_lost_answer: arrival.after_lost_answer,
        erased: arrival.erased,
    }
}

fn verdict(row: &Row, arrival: &Arrival, past: &Past) -> Verdict {
    // Whatever came of the looks after it: the deletion itself was not refused.
    if arrival.erased {
        return Verdict::Failed;
    }
    match (row.action, arrival.conclusion) {
        (Action::Delete, Conclusion::Done(Fact::Deleted)) => Verdict::Deleted,
        (Action::Delete | Action::Verify, Conclusion::Done(Fact::Absent)) => Verdict::Absent,
        (Action::Get, Conclusion::Done(Fact::Found)) => Verdict::Found,
        (Action::Get | Action::Update, Conclusion::Done(Fact::Absent)) => Verdict::Missing,
        (Action::Create | Action::Upsert, Conclusion::Done(Fact::Created)) => Verdict::Created,
        (Action::Update | Action::Upsert, Conclusion::Done(Fact::Updated)) => Verdict::Updated,
        (Action::Create | Action::Update | Action::Upsert, Conclusion::Done(Fact::Same)) => Verdict::Unchanged,
        (Action::Verify, Conclusion::Done(Fact::Found)) if is_another(row, arrival, past) => Verdict::New,
        (Action::Create | Action::Verify, Conclusion::Done(Fact::Found)) => Verdict::Exists,
        // Somebody whom the row names besides is not there, says the creation's own answer: it will not be otherwise.
        (Action::Create | Action::Upsert, Conclusion::Done(Fact::Absent)) | (_, Conclusion::Refused) => {
            Verdict::Refused
        }
        // A name that stays taken; or facts that no such journey ends with, as no look says "deleted".
        (_, Conclusion::Done(_) | Conclusion::Failed) => Verdict::Failed,
    }
}

/// Whether an earlier run's look found another profile by this row's id.
fn is_another(row: &Row, arrival: &Arrival, past: &Past) -> bool {
    match (&past.recorded, &arrival.evidence.remote_id) {
        (Some(recorded), Some(remote_id)) => recorded.knows_another_of(&row.subject, remote_id),
        (None, _) | (_, None) => false,
    }
}
