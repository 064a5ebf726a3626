//! One identity's way through the gate, as often as its goal takes: the retry loop.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Blame, Call, Evidence, Fact, Fields, Id, Identity, Slot, Suspicion, Word};

use super::{
    Remote,
    gate::Lane,
    house::{Attempt, House, LOOK, Stop},
    itinerary::{Itinerary, Step},
    retry::Delays,
};

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
    /// The API said that it deleted the profile, and that is not verified.
    pub(super) erased: bool,
}

/// What an answer said, and about which of the row's ids.
struct Testimony {
    evidence: Evidence,
    took: Duration,
    slot: Slot,
}

impl Testimony {
    fn of(attempt: Attempt, call: Call) -> Self {
        Self { evidence: attempt.reply.evidence, took: attempt.took, slot: call.slot }
    }
}

/// What a journey has been through so far.
pub(super) struct Journey<'h, 'a, R> {
    house: &'h House<'a, R>,
    line: u64,
    identity: &'h Identity,
    fields: &'h Fields,
    attempts: u32,
    counted: u32,
    others_answered: u64,
    delays: Delays,
    lost_answer: bool,
    suspected: bool,
    itinerary: Itinerary,
    /// What a look found before the deletion.
    remote_id: Option<String>,
    /// The deletion's own answer, while it is being verified.
    erasure: Option<Testimony>,
}

impl<'h, 'a, R: Remote> Journey<'h, 'a, R> {
    pub(super) fn new(
        house: &'h House<'a, R>,
        line: u64,
        identity: &'h Identity,
        fields: &'h Fields,
        itinerary: Itinerary,
    ) -> Self {
        Self {
            itinerary,
            remote_id: None,
            erasure: None,
            house,
            line,
            identity,
            fields,
            attempts: 0,
            counted: 0,
            others_answered: house.health.borrow().definitive_answers(),
            delays: Delays::default(),
            lost_answer: false,
            suspected: false,
        }
    }

    /// From the first call to the end. A deletion that the house's closing keeps from being verified is an end, too:
    /// what the API said of it must be written down.
    pub(super) async fn travel(mut self, usual: Call) -> (Option<Arrival>, Option<Stop>) {
        let first = self.itinerary.first(usual);
        match self.walk(first).await {
            Ok(arrival) => (Some(arrival), None),
            Err(stop) => (self.arrive_unverified(), Some(stop)),
        }
    }

    /// The retry loop; the gate is inside each attempt, so that retries pay too.
    async fn walk(&mut self, first: Call) -> Result<Arrival, Stop> {
        let mut call = first;
        loop {
            let attempt = self.house.attempt(Lane::Row, self.line, call, (self.identity, self.fields)).await?;
            self.attempts += 1;
            self.lost_answer |= attempt.reply.lost && call.operation.changes();
            if attempt.reply.is_definitive() && self.itinerary.is_the_goal(call.operation) {
                self.house.spurned.set(0);
            }
            match attempt.reply.word {
                Word::Done(fact) => match self.itinerary.on(fact, call.slot) {
                    Step::Arrive(fact) => return Ok(self.arrive(Conclusion::Done(fact), Testimony::of(attempt, call))),
                    Step::Go(next) => {
                        self.remote_id = attempt.reply.evidence.remote_id;
                        call = self.turn_to(next);
                    }
                    Step::LookAfter(delay) => {
                        self.note_erasure(attempt, call);
                        self.house.gate.pause_until(Instant::now() + delay).await?;
                        call = self.turn_to(LOOK);
                    }
                },
                Word::Refused => return Ok(self.arrive(Conclusion::Refused, Testimony::of(attempt, call))),
                Word::Next(next) => call = self.turn_to(next),
                Word::Again { blame: Blame::Never, .. } => {}
                Word::Again { blame: Blame::Row, .. } => {
                    if self.is_used_up() {
                        return Ok(self.arrive(Conclusion::Failed, Testimony::of(attempt, call)));
                    }
                    self.rest().await?;
                }
                Word::Suspect(why) => {
                    self.house.investigate(self.line, why, attempt.sent, &attempt.reply.evidence).await?;
                    if std::mem::replace(&mut self.suspected, true) {
                        self.house.spurn(why, &attempt.reply.evidence)?;
                        return Ok(self.refused_as_suspicious(why, Testimony::of(attempt, call)));
                    }
                }
            }
        }
    }

    /// Another call: what others were answered before it does not count against this row.
    fn turn_to(&mut self, next: Call) -> Call {
        self.others_answered = self.house.health.borrow().definitive_answers();
        next
    }

    fn note_erasure(&mut self, attempt: Attempt, call: Call) {
        if call.operation.changes() {
            self.erasure = Some(Testimony::of(attempt, call));
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

    fn refused_as_suspicious(&mut self, why: Suspicion, mut answer: Testimony) -> Arrival {
        let said = answer.evidence.message.take().unwrap_or_default();
        let why = match why {
            Suspicion::Credentials => "refused as if the key were wrong",
            Suspicion::Proxy => "stopped by the proxy",
            Suspicion::Redirect => "redirected",
            Suspicion::Unsigned => "answered outside the API's own shape",
            Suspicion::Certificate => "met a certificate that does not hold",
            Suspicion::HostName => "met a host name that does not exist",
        };
        answer.evidence.message = Some(format!("{why}, twice, while other rows were answered well; {said}"));
        self.arrive(Conclusion::Refused, answer)
    }

    fn arrive(&mut self, conclusion: Conclusion, mut answer: Testimony) -> Arrival {
        let deleted = conclusion == Conclusion::Done(Fact::Deleted);
        if deleted && self.itinerary.is_confirmed_by_a_look() {
            return self.arrive_verified(answer);
        }
        let erased = self.itinerary.is_erased() && !deleted;
        if erased && conclusion == Conclusion::Done(Fact::Found) {
            answer.evidence.message = Some("a look still finds it".to_owned());
        }
        self.arrive_with(conclusion, answer, erased)
    }

    /// The deletion's own answer is the evidence, and the look confirms it.
    fn arrive_verified(&mut self, look: Testimony) -> Arrival {
        let status = look.evidence.status.map_or_else(String::new, |status| format!(" ({status})"));
        let (whose, mut answer) = match self.erasure.take() {
            Some(erasure) => ("", erasure),
            // By which id it was deleted stands in that try's line, and the look was for all of them.
            None => ("deleted by an earlier try; ", Testimony { slot: Slot::Primary, ..look }),
        };
        answer.evidence.message = Some(format!("{whose}verified: a look finds nobody{status}"));
        self.arrive_with(Conclusion::Done(Fact::Deleted), answer, false)
    }

    /// The house closed on a deletion that was to be verified; `None` where this try deleted nothing.
    fn arrive_unverified(&mut self) -> Option<Arrival> {
        let mut answer = self.erasure.take()?;
        answer.evidence.message = Some("the run ended before the look".to_owned());
        Some(self.arrive_with(Conclusion::Failed, answer, true))
    }

    fn arrive_with(&mut self, conclusion: Conclusion, answer: Testimony, erased: bool) -> Arrival {
        let Testimony { mut evidence, took, slot } = answer;
        if let (Slot::Fallback, Some(second)) = (slot, self.identity.fallback()) {
            name_second_id(&mut evidence, second);
        }
        evidence.remote_id = evidence.remote_id.or_else(|| self.remote_id.take());
        Arrival {
            conclusion,
            attempts: self.attempts,
            elapsed: took,
            evidence,
            after_lost_answer: self.lost_answer,
            erased,
        }
    }
}

/// The results' `id` is the row's first; that the answer was about the second one must not get lost.
fn name_second_id(evidence: &mut Evidence, second: &Id) {
    let said = evidence.message.take().map_or_else(String::new, |message| format!("; {message}"));
    evidence.message = Some(format!("by the row's second id, {}{said}", second.text()));
}
