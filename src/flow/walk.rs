//! One row's walk: through the gate as often as its goal takes, until it is settled or the house closes.

use std::{rc::Rc, time::Duration};

use tokio::time::Instant;

use crate::domain::{
    Action, Blame, Call, Evidence, Fact, Id, Identity, Operation, Outcome, Row, Slot, Subject, Suspicion, Verdict, Word,
};

use super::{
    Ending, Remote,
    gate::Lane,
    house::{Attempt, House, Stop},
    retry::Delays,
};

/// How a walk ended.
#[derive(Debug)]
pub(super) enum Departure {
    /// The row has its outcome.
    Settled(Outcome),
    /// The house closed before it had one.
    Unsettled(Row),
    /// It found that the whole run must end.
    Halt(Row, Ending),
}

/// What the API finally said about an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conclusion {
    /// The goal is reached.
    Done(Fact),
    /// The API will never take it.
    Refused,
    /// Given up while others succeeded.
    Failed,
}

/// What the walk of one identity came to.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) conclusion: Conclusion,
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
    pub(super) evidence: Evidence,
    pub(super) after_lost_answer: bool,
}

/// Walks one row to its end.
pub(super) async fn walk<R: Remote>(house: &House<'_, R>, row: Row) -> Departure {
    let row = Rc::new(row);
    house.enter(&row);
    let arrival = match &row.subject {
        Subject::Known(identity) => {
            let journey = Journey { goal: Some(row.action), ..Journey::new(house, row.line, identity) };
            journey.travel(house.remote.first(&row)).await
        }
        Subject::Repeated(..) | Subject::Malformed { .. } => Err(Stop::Closed),
    };
    house.leave(row.line);
    let row = Rc::try_unwrap(row).unwrap_or_else(|shared| Row::clone(&shared));
    match arrival {
        Ok(arrival) => Departure::Settled(outcome(row, arrival)),
        Err(Stop::Closed) => Departure::Unsettled(row),
        Err(Stop::Halt(ending)) => {
            // At once: other rows may be polled, and sent, before the loop hears of it.
            house.gate.close();
            Departure::Halt(row, ending)
        }
    }
}

fn outcome(row: Row, arrival: Arrival) -> Outcome {
    let verdict = match arrival.conclusion {
        Conclusion::Done(Fact::Deleted) => Verdict::Deleted,
        Conclusion::Done(Fact::Absent) => Verdict::Absent,
        Conclusion::Done(Fact::Found) | Conclusion::Failed => Verdict::Failed,
        Conclusion::Refused => Verdict::Refused,
    };
    Outcome {
        row,
        verdict,
        attempts: arrival.attempts,
        elapsed: arrival.elapsed,
        evidence: arrival.evidence,
        after_lost_answer: arrival.after_lost_answer,
    }
}

/// The results' `id` is the row's first; that the answer was about the second one must not get lost.
fn name_second_id(evidence: &mut Evidence, second: &Id) {
    let said = evidence.message.take().map_or_else(String::new, |message| format!("; {message}"));
    evidence.message = Some(format!("by the row's second id, {}{said}", second.text()));
}

/// What a journey has been through so far.
pub(super) struct Journey<'h, 'a, R> {
    house: &'h House<'a, R>,
    line: u64,
    identity: &'h Identity,
    /// What a look is on the way to; `None` when the look is all.
    goal: Option<Action>,
    /// The API's own id of the profile, where a look on the way named it.
    remote_id: Option<String>,
    attempts: u32,
    counted: u32,
    others_answered: u64,
    delays: Delays,
    lost_answer: bool,
    suspected: bool,
}

impl<'h, 'a, R: Remote> Journey<'h, 'a, R> {
    pub(super) fn new(house: &'h House<'a, R>, line: u64, identity: &'h Identity) -> Self {
        Self {
            house,
            line,
            identity,
            goal: None,
            remote_id: None,
            attempts: 0,
            counted: 0,
            others_answered: house.health.borrow().definitive_answers(),
            delays: Delays::default(),
            lost_answer: false,
            suspected: false,
        }
    }

    /// The retry loop; the gate is inside each attempt, so that retries pay too.
    pub(super) async fn travel(mut self, first: Call) -> Result<Arrival, Stop> {
        let mut call = first;
        loop {
            let attempt = self.house.attempt(Lane::Row, self.line, call, self.identity).await?;
            self.attempts += 1;
            let changes = call.operation == Operation::Delete;
            self.lost_answer |= attempt.reply.lost && changes;
            if attempt.reply.is_definitive() && changes {
                self.house.spurned.set(0);
            }
            match attempt.reply.word {
                Word::Done(Fact::Found) if self.goal == Some(Action::Delete) => {
                    self.remote_id = attempt.reply.evidence.remote_id;
                    call = Call { operation: Operation::Delete, slot: call.slot };
                    self.others_answered = self.house.health.borrow().definitive_answers();
                }
                Word::Done(fact) => return Ok(self.arrive(Conclusion::Done(fact), call, attempt)),
                Word::Refused => return Ok(self.arrive(Conclusion::Refused, call, attempt)),
                Word::Next(next) => {
                    call = next;
                    self.others_answered = self.house.health.borrow().definitive_answers();
                }
                Word::Again { blame: Blame::Never, .. } => {}
                Word::Again { blame: Blame::Row, .. } => {
                    if self.is_used_up() {
                        return Ok(self.arrive(Conclusion::Failed, call, attempt));
                    }
                    self.rest().await?;
                }
                Word::Suspect(why) => {
                    self.house.investigate(self.line, why, attempt.sent, &attempt.reply.evidence).await?;
                    if std::mem::replace(&mut self.suspected, true) {
                        self.house.spurn(why, &attempt.reply.evidence)?;
                        return Ok(self.refused_as_suspicious(why, call, attempt));
                    }
                }
            }
        }
    }

    /// A failed attempt counts only if another row got a definitive answer since this row's previous attempt.
    fn is_used_up(&mut self) -> bool {
        let answered = self.house.health.borrow().definitive_answers();
        if answered > self.others_answered {
            self.counted += 1;
        }
        self.others_answered = answered;
        self.counted >= self.house.options.max_attempts.get()
    }

    async fn rest(&mut self) -> Result<(), Stop> {
        let pause = self.house.draw(&mut self.delays);
        self.house.gate.pause_until(Instant::now() + pause).await?;
        self.house.ask_witness_if_needed().await
    }

    fn refused_as_suspicious(&self, why: Suspicion, call: Call, mut attempt: Attempt) -> Arrival {
        let said = attempt.reply.evidence.message.take().unwrap_or_default();
        let why = match why {
            Suspicion::Credentials => "refused as if the key were wrong",
            Suspicion::Proxy => "stopped by the proxy",
            Suspicion::Redirect => "redirected",
            Suspicion::Unsigned => "answered outside the API's own shape",
            Suspicion::Certificate => "met a certificate that does not hold",
            Suspicion::HostName => "met a host name that does not exist",
        };
        attempt.reply.evidence.message = Some(format!("{why}, twice, while other rows were answered well; {said}"));
        self.arrive(Conclusion::Refused, call, attempt)
    }

    fn arrive(&self, conclusion: Conclusion, call: Call, mut attempt: Attempt) -> Arrival {
        if let (Slot::Fallback, Some(second)) = (call.slot, self.identity.fallback()) {
            name_second_id(&mut attempt.reply.evidence, second);
        }
        let said = attempt.reply.evidence;
        Arrival {
            conclusion,
            attempts: self.attempts,
            elapsed: attempt.took,
            evidence: Evidence { remote_id: said.remote_id.or_else(|| self.remote_id.clone()), ..said },
            after_lost_answer: self.lost_answer,
        }
    }
}
