//! What the rows in the house share: the gate, the API's health, the dice, and who else is inside.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    sync::LazyLock,
    task::Poll,
    time::Duration,
};

use tokio::{sync::Mutex, time::Instant};

use crate::domain::{
    Blame, Call, Dice, Evidence, Fields, Id, Identity, Operation, Past, Reply, Row, Slot, Verdict, Word,
};

use super::{
    Ending, Options, Register, Remote,
    gate::{Closed, Gate, Lane},
    guards::Trip,
    health::{Alarm, Health, NO_LINE, Overdue},
    retry::Delays,
    stats::Stats,
    ways::Way,
};

/// Added to what the API asks for: rclone's measured margin, since servers round their own times down.
const HOLD_MARGIN: Duration = Duration::from_secs(1);
/// The first pause after a 429 that names none; later ones are twice as long each …
const FIRST_HOLD: Duration = Duration::from_secs(1);
/// … up to this.
const HOLD_CAP: Duration = Duration::from_mins(1);
/// What a call carries that is about nothing but who is there.
pub(super) static NO_FIELDS: LazyLock<Fields> = LazyLock::new(Fields::default);
/// The call that changes nothing.
pub(super) const LOOK: Call = Call { operation: Operation::Look, slot: Slot::Primary };

/// Why a walk cannot go on.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stop {
    /// The gate is closed: the row stays unsettled.
    Closed,
    /// The whole run must end.
    Halt(Ending),
}

impl From<Closed> for Stop {
    fn from(Closed: Closed) -> Self {
        Self::Closed
    }
}

/// One request that was made.
pub(super) struct Attempt {
    pub(super) reply: Reply,
    pub(super) sent: Instant,
    pub(super) took: Duration,
}

/// What the rows in the house share. Single-threaded: no borrow is held across an await.
pub(super) struct House<'a, R> {
    pub(super) remote: &'a R,
    pub(super) options: &'a Options,
    pub(super) gate: Gate,
    pub(super) health: RefCell<Health>,
    pub(super) stats: RefCell<Stats>,
    dice: RefCell<Dice>,
    holds: RefCell<Delays>,
    inside: RefCell<BTreeMap<u64, Rc<Row>>>,
    witness_is_out: Cell<bool>,
    /// One investigation at a time, and when the last one found nothing wrong.
    pub(super) investigation: Mutex<Option<Instant>>,
    /// The app that the key belongs to, as far as an answer named it.
    pub(super) app: RefCell<Option<String>>,
    /// Who is told of whoever is about to be deleted, where anybody is.
    pub(super) register: RefCell<Option<Rc<dyn Register>>>,
    /// Rows refused for suspicious answers since the last definitive answer to a call of that kind.
    pub(super) spurned: Spurned,
    /// Rows that were permitted to create a profile, by this try and earlier ones.
    creations: Cell<u64>,
    /// Nothing is awaited any more.
    let_go: Cell<bool>,
}

/// Counted apart for calls that change something and calls that read: a firewall may let the one pass and not the other.
#[derive(Default)]
pub(super) struct Spurned {
    changes: Cell<u32>,
    reads: Cell<u32>,
}

impl Spurned {
    pub(super) const fn by(&self, operation: Operation) -> &Cell<u32> {
        if operation.changes() { &self.changes } else { &self.reads }
    }
}

impl<'a, R: Remote> House<'a, R> {
    pub(super) fn new(options: &'a Options, remote: &'a R) -> Self {
        let now = Instant::now();
        Self {
            remote,
            options,
            gate: Gate::new(options),
            health: RefCell::new(Health::new(now)),
            stats: RefCell::new(Stats::new(now)),
            dice: RefCell::new(Dice::seeded(options.seed)),
            holds: RefCell::new(Delays::growing(FIRST_HOLD, HOLD_CAP)),
            inside: RefCell::default(),
            witness_is_out: Cell::new(false),
            investigation: Mutex::new(None),
            app: RefCell::default(),
            register: RefCell::default(),
            spurned: Spurned::default(),
            creations: Cell::new(0),
            let_go: Cell::new(false),
        }
    }

    /// The run begins, after the look and the thinking. What earlier tries created counts, as far as the journal knows it:
    /// a creation whose answer was lost to a crash is counted when its row is sent again.
    pub(super) fn begin(&self, past: &Past) {
        let now = Instant::now();
        self.creations.set(past.tally.of(Verdict::Created));
        self.stats.borrow_mut().resume(now);
        self.health.borrow_mut().begin(now);
    }

    /// A row is about to create a profile, for the first time.
    pub(super) fn permit_creation(&self) -> Result<(), Stop> {
        let limit = self.options.max_create;
        if self.creations.get() >= limit {
            return Err(Stop::Halt(Ending::Guard(Trip::MaxCreate { limit })));
        }
        self.creations.set(self.creations.get() + 1);
        Ok(())
    }

    pub(super) fn enter(&self, row: &Rc<Row>) {
        self.inside.borrow_mut().insert(row.line, Rc::clone(row));
    }

    pub(super) fn leave(&self, line: u64) {
        self.inside.borrow_mut().remove(&line);
        self.health.borrow_mut().is_beyond_doubt(line);
    }

    /// Whoever waits from now on, be it for an answer, is sent home when he is next asked.
    pub(super) fn let_go(&self) {
        self.let_go.set(true);
    }

    /// Walks on, until nothing is awaited any more. A walk is large: it stays where it is.
    pub(super) async fn unless_let_go<T, W>(&self, mut walk: Pin<&mut W>) -> Result<T, Stop>
    where
        W: Future<Output = Result<T, Stop>>,
    {
        poll_fn(|context| match walk.as_mut().poll(context) {
            Poll::Pending if self.let_go.get() => Poll::Ready(Err(Stop::Closed)),
            polled @ (Poll::Ready(_) | Poll::Pending) => polled,
        })
        .await
    }

    /// Somebody who is known by these ids is about to be deleted.
    pub(super) async fn register(&self, ids: Vec<Id>) -> Result<(), Stop> {
        let register = self.register.borrow().clone();
        match register {
            Some(register) if !ids.is_empty() => {
                register.enter(ids).await.map_err(|error| Stop::Halt(Ending::RegisterLost(error)))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Up to `most` rows in the house but the one on `line`.
    pub(super) fn others(&self, line: u64, most: usize) -> Vec<Rc<Row>> {
        self.inside.borrow().values().filter(|row| row.line != line).take(most).cloned().collect()
    }

    /// The toll, paid by every request: a turn, a place on the wire, a share of the pace; then it is sent.
    pub(super) async fn attempt(
        &self,
        lane: Lane,
        row: u64,
        call: Call,
        (identity, fields): (&Identity, &Fields),
    ) -> Result<Attempt, Stop> {
        let pass = self.gate.pass(lane).await?;
        let sent = Instant::now();
        self.health.borrow_mut().sent(sent);
        self.stats.borrow_mut().sent(sent);
        // Boxed: it is large, and only the rows on the wire have one; those that wait are many, and are moved about.
        let answer =
            tokio::time::timeout(self.options.timeout, Box::pin(self.remote.send(call, identity, fields))).await;
        let reply = answer.unwrap_or_else(|_| no_answer(self.options.timeout));
        let took = sent.elapsed();
        self.react((row, Way::of(call.operation)), sent, took, &reply)?;
        drop(pass);
        Ok(Attempt { reply, sent, took })
    }

    /// What an answer means for everybody, settled before the place on the wire is given back.
    fn react(&self, (line, way): (u64, Way), sent: Instant, took: Duration, reply: &Reply) -> Result<(), Stop> {
        let now = sent + took;
        if reply.evidence.status.is_some() {
            self.health.borrow_mut().reached();
            self.stats.borrow_mut().answered(took);
        }
        tracing::trace!(line, status = reply.evidence.status, ms = took.as_millis(), "answered");
        match &reply.word {
            Word::Done(_) | Word::Next(_) | Word::Refused => self.all_is_well(line, way, now),
            Word::Again { after, blame } => {
                tracing::debug!(line, status = reply.evidence.status, "came to nothing, and will be repeated");
                self.stats.borrow_mut().repeated();
                if *blame == Blame::Never || after.is_some() {
                    self.hold(sent, now, *after)?;
                }
                if *blame == Blame::Row {
                    self.raise_alarm((line, way), reply, sent, now);
                }
            }
            Word::Suspect(_) => self.stats.borrow_mut().repeated(),
        }
        Ok(())
    }

    fn all_is_well(&self, line: u64, way: Way, now: Instant) {
        *self.holds.borrow_mut() = Delays::growing(FIRST_HOLD, HOLD_CAP);
        let outage_is_over = self.health.borrow_mut().definitive(line, way, now);
        if outage_is_over {
            self.gate.open();
            self.gate.slow_down(now);
            tracing::info!("the API answers again");
        }
    }

    fn hold(&self, sent: Instant, now: Instant, after: Option<Duration>) -> Result<(), Stop> {
        let pause = match after {
            Some(asked) if asked > self.options.max_hold => return Err(Stop::Halt(Ending::HoldTooLong { asked })),
            Some(asked) => asked + HOLD_MARGIN,
            None if self.gate.held().is_some() => return Ok(()),
            None => self.holds.borrow_mut().full(),
        };
        tracing::debug!(ms = pause.as_millis(), "the API protests: everybody pauses, and the pace is halved");
        let until = now + pause;
        self.gate.slow_down(sent);
        self.gate.hold_until(until);
        self.health.borrow_mut().held_until(until);
        Ok(())
    }

    fn raise_alarm(&self, failed: (u64, Way), reply: &Reply, sent: Instant, now: Instant) {
        let last_row = self.inside.borrow().len() <= 1;
        // What an answer said is the API's, may name people, and belongs into the results only.
        let said = reply.evidence.status.map(|status| format!("status {status}"));
        let words = said.or_else(|| reply.evidence.message.clone());
        let mut health = self.health.borrow_mut();
        let began = health.outage_since().is_none();
        if let Alarm::Outage(interval) = health.failed(failed, last_row, words.as_deref(), sent, now) {
            if began {
                tracing::warn!("the API does not answer: one request at a time from now on");
            }
            self.gate.single(interval);
        }
    }

    /// Where no row is left that can tell an outage from bad rows in time, an impossible id is looked at, before any other
    /// row is tried.
    pub(super) async fn ask_witness_if_needed(&self) -> Result<(), Stop> {
        let rows = self.inside.borrow().len();
        let needed = self.health.borrow().needs_witness(rows, Instant::now(), self.options.give_up_after);
        if !needed || self.witness_is_out.replace(true) {
            return Ok(());
        }
        self.health.borrow_mut().witness_is_asked();
        let asked = self.attempt(Lane::Witness, NO_LINE, LOOK, (&self.remote.witness(), &NO_FIELDS)).await;
        self.witness_is_out.set(false);
        asked.map(|_| ())
    }

    pub(super) fn draw(&self, delays: &mut Delays) -> Duration {
        delays.draw(&mut self.dice.borrow_mut())
    }

    /// Why the run must leave by the clock, if it must.
    pub(super) fn overdue(&self, now: Instant) -> Option<Ending> {
        if self.stats.borrow().elapsed(now) >= self.options.max_duration {
            return Some(Ending::TimeIsUp);
        }
        let health = self.health.borrow();
        health.overdue(now, self.options.give_up_after).map(|overdue| match overdue {
            Overdue::NeverReached => Ending::NeverReached { last_words: health.last_words() },
            Overdue::GiveUp(waited) => Ending::GaveUp { waited, last_words: health.last_words() },
        })
    }
}

fn no_answer(timeout: Duration) -> Reply {
    let message = Some(format!("no answer within {} ms", timeout.as_millis()));
    Reply {
        word: Word::Again { after: None, blame: Blame::Row },
        evidence: Evidence { message, ..Evidence::default() },
        lost: true,
        resolved: None,
    }
}
