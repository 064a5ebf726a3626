//! One identity's way through the gate, as often as its goal takes: the retry loop.

use std::{ops::ControlFlow, pin::pin};

use tokio::time::Instant;

use crate::domain::{Blame, Call, Fact, Fields, Id, Identity, Operation, Slot, Suspicion, Word};

use super::{
    Remote,
    arrival::{Arrival, Conclusion, FIRST_IN_DOUBT, Testimony, about_the_other, name_second_id, say, suspicious_words},
    gate::Lane,
    house::{Attempt, House, LOOK, Stop},
    itinerary::Itinerary,
    retry::Delays,
    step::Step,
    ways::{Record, Way},
};

/// What a journey has been through so far.
pub(super) struct Journey<'h, 'a, R> {
    house: &'h House<'a, R>,
    line: u64,
    identity: &'h Identity,
    fields: &'h Fields,
    attempts: u32,
    record: Record,
    delays: Delays,
    lost_answer: bool,
    creation: Creation,
    suspected: bool,
    itinerary: Itinerary,
    resolved: Option<Resolved>,
    /// Of the profile that was found before the call that acts on it.
    remote_id: Option<String>,
    /// By which ids it is known.
    names: Vec<Id>,
    /// The answer to a change by the first id was lost, before the second one was turned to.
    first_in_doubt: bool,
    /// What was found by the first id, while it is seen what the second one names.
    seen: Option<Testimony>,
    /// The deletion's own answer, while it is being verified.
    erasure: Option<Testimony>,
}

/// Where the creation of a profile stands, for rows that come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Creation {
    NotYet,
    /// Counted against the bound.
    Permitted,
    /// It may have been made by a call whose answer was lost.
    AnswerLost,
}

/// A name was looked up: calls go by the API's own id from then on.
struct Resolved {
    own: Identity,
    /// Which of the row's ids was the name.
    name: Slot,
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
            resolved: None,
            remote_id: None,
            names: Vec::new(),
            seen: None,
            erasure: None,
            first_in_doubt: false,
            house,
            line,
            identity,
            fields,
            attempts: 0,
            record: Record::beginning_with(house.health.borrow().answers(Way::of(itinerary.first().operation))),
            delays: Delays::default(),
            lost_answer: false,
            creation: Creation::NotYet,
            suspected: false,
            itinerary,
        }
    }

    /// From the first call to the end. A deletion that the house's closing keeps from being verified is an end, too, also
    /// where the look is on the wire and no longer awaited: what the API said of it must be written down.
    pub(super) async fn travel(&mut self) -> (Option<Arrival>, Option<Stop>) {
        let walked = self.house.unless_let_go(pin!(self.walk())).await;
        match walked {
            Ok(arrival) => (Some(arrival), None),
            Err(stop) => (self.arrive_unverified(), Some(stop)),
        }
    }

    /// The retry loop; the gate is inside each attempt, so that retries pay too.
    async fn walk(&mut self) -> Result<Arrival, Stop> {
        let mut call = self.itinerary.first();
        loop {
            let attempt = self.attempt(call).await?;
            match attempt.reply.word {
                Word::Done(fact) => match self.follow(fact, attempt, call).await? {
                    ControlFlow::Break(arrival) => return Ok(arrival),
                    ControlFlow::Continue(next) => call = next,
                },
                Word::Refused => return Ok(self.arrive(Conclusion::Refused, self.testimony(attempt, call))),
                Word::Next(next) => {
                    self.first_in_doubt |= self.lost_answer && next.slot != call.slot;
                    call = self.turn_to(next);
                }
                Word::Again { blame: Blame::Never, .. } => {}
                Word::Again { blame: Blame::Row, .. } => {
                    if self.is_used_up(call) {
                        return Ok(self.arrive(Conclusion::Failed, self.testimony(attempt, call)));
                    }
                    self.rest().await?;
                }
                Word::Suspect(why) => {
                    self.house.investigate(self.line, why, attempt.sent, &attempt.reply.evidence).await?;
                    if std::mem::replace(&mut self.suspected, true) {
                        self.house.spurn(call.operation, why, &attempt.reply.evidence)?;
                        return Ok(self.refused_as_suspicious(why, self.testimony(attempt, call)));
                    }
                }
            }
        }
    }

    /// One request, and what its answer means whatever it says.
    async fn attempt(&mut self, call: Call) -> Result<Attempt, Stop> {
        let creates = call.operation == Operation::Create;
        if creates && self.creation == Creation::NotYet {
            self.house.permit_creation()?;
            self.creation = Creation::Permitted;
        }
        let identity = self.resolved.as_ref().map_or(self.identity, |resolved| &resolved.own);
        let attempt = self.house.attempt(Lane::Row, self.line, call, (identity, self.fields)).await?;
        self.attempts += 1;
        self.lost_answer |= attempt.reply.lost && call.operation.changes();
        if creates && attempt.reply.lost {
            self.creation = Creation::AnswerLost;
        }
        if attempt.reply.is_definitive() {
            self.house.gets_through(call.operation);
        }
        Ok(attempt)
    }

    /// Where a fact leads: to the end, or to another call.
    async fn follow(&mut self, fact: Fact, attempt: Attempt, call: Call) -> Result<ControlFlow<Arrival, Call>, Stop> {
        match self.itinerary.on(fact, call) {
            Step::Arrive(fact) => {
                Ok(ControlFlow::Break(self.arrive(Conclusion::Done(fact), self.testimony(attempt, call))))
            }
            Step::Go(next) => {
                self.resolve(fact, attempt.reply.resolved, call);
                if next.operation == Operation::Delete {
                    self.house.register(attempt.reply.evidence.names.clone()).await?;
                }
                self.remote_id = attempt.reply.evidence.remote_id;
                self.names = attempt.reply.evidence.names;
                let slot = if self.resolved.is_some() { Slot::Primary } else { next.slot };
                Ok(ControlFlow::Continue(self.turn_to(Call { slot, ..next })))
            }
            Step::SeeBeside(next) => {
                self.seen = Some(self.testimony(attempt, call));
                Ok(ControlFlow::Continue(self.turn_to(next)))
            }
            Step::LookAfter(delay) => {
                self.note_erasure(attempt, call);
                // Boxed: walks are as large as the largest thing that they may come to, and few come to this.
                Box::pin(self.house.gate.pause_until(Instant::now() + delay)).await?;
                Ok(ControlFlow::Continue(self.turn_to(LOOK)))
            }
        }
    }

    /// Whom the calls from now on are about.
    fn resolve(&mut self, fact: Fact, resolved: Option<Id>, call: Call) {
        match (fact, resolved) {
            (Fact::Found, Some(id)) => {
                self.resolved = Some(Resolved { name: self.named(call), own: Identity::one(id) });
            }
            // What comes next is about whoever the row itself names.
            (Fact::Absent | Fact::Taken(_), _) => self.resolved = None,
            (Fact::Found, None) | (Fact::Deleted | Fact::Created | Fact::Updated | Fact::Same, _) => {}
        }
    }

    /// Which of the row's ids a call is about, also where it goes by the API's own.
    fn named(&self, call: Call) -> Slot {
        self.resolved.as_ref().map_or(call.slot, |resolved| resolved.name)
    }

    fn testimony(&self, attempt: Attempt, call: Call) -> Testimony {
        Testimony::of(attempt, self.named(call))
    }

    /// Another call: what others were answered before it does not count against this row.
    fn turn_to(&mut self, next: Call) -> Call {
        self.record.overlook(self.house.health.borrow().answers(Way::of(next.operation)));
        next
    }

    fn note_erasure(&mut self, attempt: Attempt, call: Call) {
        if call.operation.changes() {
            self.erasure = Some(self.testimony(attempt, call));
        }
    }

    /// Too much counts against the row, and it is not the way that is out of order.
    fn is_used_up(&mut self, call: Call) -> bool {
        let way = Way::of(call.operation);
        let mut health = self.house.health.borrow_mut();
        let counted = self.record.failed(health.answers(way));
        counted >= self.house.options.max_attempts.get() && health.may_give_up(way)
    }

    async fn rest(&mut self) -> Result<(), Stop> {
        self.house.ask_witness_if_needed().await?;
        let pause = self.house.draw(&mut self.delays);
        self.house.gate.pause_until(Instant::now() + pause).await?;
        self.house.ask_witness_if_needed().await
    }

    fn refused_as_suspicious(&mut self, why: Suspicion, mut answer: Testimony) -> Arrival {
        answer.say(&format!("{}, twice, while others were answered well", suspicious_words(why)));
        self.arrive(Conclusion::Refused, answer)
    }

    fn arrive(&mut self, conclusion: Conclusion, mut answer: Testimony) -> Arrival {
        if let Some(seen) = self.seen.take() {
            return self.arrive_with_both(seen, conclusion, answer);
        }
        let deleted = conclusion == Conclusion::Done(Fact::Deleted);
        if deleted && self.itinerary.is_confirmed_by_a_look() {
            return self.arrive_verified(answer);
        }
        if self.itinerary.met_another()
            && let Some(words) = about_the_other(conclusion, self.creation == Creation::AnswerLost)
        {
            answer.say(words);
        }
        let erased = self.itinerary.is_erased() && !deleted;
        if erased && conclusion == Conclusion::Done(Fact::Found) {
            answer.evidence.message = Some("a look still finds it".to_owned());
        }
        self.arrive_with(conclusion, answer, erased)
    }

    /// Somebody is there by the first id, whatever the second one names.
    fn arrive_with_both(&mut self, mut first: Testimony, conclusion: Conclusion, second: Testimony) -> Arrival {
        match conclusion {
            Conclusion::Done(Fact::Found) => {
                let another = second.evidence.remote_id.filter(|id| Some(id) != first.evidence.remote_id.as_ref());
                if let (Some(another), Some(id)) = (another, self.identity.fallback()) {
                    first.say(&format!("its second id, {}, names another profile, {another}", id.text()));
                    first.evidence.names.extend(second.evidence.names);
                }
            }
            // What it names is not known yet: the row is to be looked at again.
            Conclusion::Failed => return self.arrive_with(conclusion, second, false),
            Conclusion::Refused => first.say("a look by its second id was refused"),
            Conclusion::Done(_) => {}
        }
        self.arrive_with(Conclusion::Done(Fact::Found), first, false)
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
            if self.first_in_doubt {
                say(&mut evidence, FIRST_IN_DOUBT);
            }
        }
        evidence.remote_id = evidence.remote_id.or_else(|| self.remote_id.take());
        if evidence.names.is_empty() {
            evidence.names = std::mem::take(&mut self.names);
        }
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
