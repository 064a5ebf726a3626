//! The loop's bookkeeping: what was taken in, what has left, what ends the run. Synchronous: told events, it decides.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::domain::{Aside, Batch, Evidence, Outcome, Past, Row, Subject, Tally, Verdict};

use super::{Ending, LedgerLost, Options, event::Event, guards::Guards, order::Order, walk::Departure};

/// Rows are taken in up to this many times the width, so that the wire never starves and memory stays bounded.
const PLACES_PER_WIDTH: usize = 4;

/// Rows that wait to be verified are taken in besides, as many as the pace sends meanwhile, up to this.
const MOST_WAITING: usize = 16 * 1024;

/// What the results say of a row that its order keeps from being sent.
const HELD_BACK: &str = "an earlier row of the same identity failed, and is to be sent first";

/// What happened to the rows of one try: `read` = `skipped` + `tally.total()` + rows without a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Rows that the reader met, settled ones included.
    pub read: u64,
    /// Rows that an earlier try had settled.
    pub skipped: u64,
    /// How the rows ended that this try handed to the journal.
    pub tally: Tally,
}

/// One run of the loop.
pub(super) struct Shift {
    places: usize,
    grace: Duration,
    in_order: bool,
    guards: Guards,
    order: Order,
    pending: VecDeque<Row>,
    freed: VecDeque<Row>,
    inside: usize,
    records: Vec<Outcome>,
    aside: Aside,
    account: Account,
    offered: Tally,
    /// Rows of the spans that the journal has not been handed yet.
    spanned: u64,
    intake_ended: bool,
    ending: Option<Ending>,
    leave_by: Option<Instant>,
    signals: u32,
    leave_now: bool,
}

impl Shift {
    pub(super) fn new(options: &Options, past: &Past) -> Self {
        Self {
            places: places(options),
            grace: options.grace,
            in_order: options.in_order,
            guards: Guards::new(options, past),
            order: Order::of(past.decided.kin.clone()),
            pending: VecDeque::new(),
            freed: VecDeque::new(),
            inside: 0,
            records: Vec::new(),
            aside: Aside::default(),
            account: Account::default(),
            offered: Tally::default(),
            spanned: 0,
            intake_ended: false,
            ending: None,
            leave_by: None,
            signals: 0,
            leave_now: false,
        }
    }

    /// The rows that may begin their walk now; rows that need no call, or must not have one, are settled on the spot.
    /// Once the run ends, nobody begins: not even those whose turn came by it.
    pub(super) fn admit(&mut self) -> Vec<Row> {
        let mut ready = Vec::new();
        while self.ending.is_none() {
            if let Some(row) = self.freed.pop_front() {
                ready.extend(self.pass_unless_held(row));
            } else if self.has_room()
                && let Some(row) = self.pending.pop_front()
            {
                ready.extend(self.let_in(row));
            } else {
                break;
            }
        }
        ready
    }

    /// Gives a row a place in the house, and gives it back if it need not park there.
    fn let_in(&mut self, row: Row) -> Option<Row> {
        match &row.subject {
            Subject::Known(_) if self.order.is_held(&row) => self.hold_back(row),
            Subject::Known(_) => {
                if let Some(trip) = self.guards.admit(row.action) {
                    self.end(Ending::Guard(trip));
                    return None;
                }
                self.inside += 1;
                return self.order.admit(row);
            }
            Subject::Spared(_, why) => {
                let why = *why;
                self.settle(without_call(row, why.verdict(), why.words()));
            }
            Subject::Malformed { reason, .. } => {
                let reason = reason.clone();
                self.settle(without_call(row, Verdict::Invalid, &reason));
            }
        }
        None
    }

    /// A row was parked, and its turn has come.
    fn pass_unless_held(&mut self, row: Row) -> Option<Row> {
        if !self.order.is_held(&row) {
            return Some(row);
        }
        self.free(&row);
        self.hold_back(row);
        None
    }

    /// An earlier row of the same identity has failed in this try: sent now, this one would be overtaken by its retry.
    fn hold_back(&mut self, row: Row) {
        self.settle(without_call(row, Verdict::Failed, HELD_BACK));
    }

    /// While the canary is out, it is alone.
    fn has_room(&self) -> bool {
        self.inside < if self.guards.canary_is_out() { 1 } else { self.places }
    }

    pub(super) fn wants_rows(&self) -> bool {
        !self.intake_ended && self.ending.is_none() && self.pending.is_empty() && self.has_room()
    }

    pub(super) fn handle(&mut self, event: Event) {
        match event {
            Event::Signal(signal) => {
                self.signals += 1;
                self.leave_now |= self.signals > 1;
                self.end(Ending::Stopped(signal));
            }
            Event::Departed(departures) => departures.into_iter().for_each(|departure| self.depart(departure)),
            Event::Arrived(Ok(Some(batch))) => self.take_in(batch),
            Event::Arrived(Ok(None)) => self.intake_ended = true,
            Event::Arrived(Err(_)) => self.end(Ending::IntakeLost),
            Event::Pulse { now, overdue } => {
                self.leave_now |= self.leave_by.is_some_and(|deadline| now >= deadline);
                if let Some(ending) = overdue {
                    self.end(ending);
                }
            }
        }
    }

    fn take_in(&mut self, batch: Batch) {
        self.account.skipped += batch.skipped;
        self.account.read += batch.skipped + batch.rows.len() as u64;
        for span in &batch.aside.spans {
            self.account.read += span.rows;
            self.spanned += span.rows;
        }
        self.aside.append(batch.aside);
        self.pending.extend(batch.rows);
    }

    fn depart(&mut self, departure: Departure) {
        match departure {
            Departure::Settled(outcome) => {
                self.free(&outcome.row);
                if !self.is_taken_back(&outcome.row) {
                    self.settle(outcome);
                }
            }
            Departure::Unsettled(row) => self.free(&row),
            Departure::Halt(departure, ending) => {
                self.depart(*departure);
                self.end(ending);
            }
        }
    }

    /// Whether the word of an earlier row was taken back while this one was on the wire: both are sent again, in order.
    fn is_taken_back(&self, row: &Row) -> bool {
        self.in_order && self.ending.is_some() && self.order.is_held(row)
    }

    /// A place is free; rows that were parked behind the one that left may begin their walk.
    fn free(&mut self, row: &Row) {
        self.inside -= 1;
        self.freed.extend(self.order.leave(row));
    }

    fn settle(&mut self, outcome: Outcome) {
        if self.in_order && outcome.verdict == Verdict::Failed {
            self.order.hold(&outcome.row);
        }
        let trip = self.guards.judge(&outcome);
        self.records.push(outcome);
        if let Some(trip) = trip {
            self.end(Ending::Guard(trip));
        }
    }

    /// The first ending is the one that counts (but see [`Self::recorded`]); from now on nothing is taken in and nothing sent.
    pub(super) fn end(&mut self, ending: Ending) {
        if self.ending.is_some() {
            return;
        }
        if matches!(ending, Ending::Suspicious { .. }) {
            self.keep_only_what_is_beyond_doubt();
        }
        self.ending = Some(ending);
        self.leave_by = Instant::now().checked_add(self.grace);
        self.pending.clear();
        self.freed.clear();
    }

    /// What was answered while the run was under suspicion, and the suspicion held: only an erasure is beyond doubt. In
    /// order, whoever stands behind a row that is to be sent again is sent again as well.
    fn keep_only_what_is_beyond_doubt(&mut self) {
        let (order, in_order) = (&mut self.order, self.in_order);
        self.records.retain(|outcome| {
            let keeps = is_beyond_doubt(outcome) && !order.is_held(&outcome.row);
            if in_order && !keeps {
                order.hold(&outcome.row);
            }
            keeps
        });
    }

    /// What the journal shall be handed; nothing while an investigation is under way.
    pub(super) fn take_records(&mut self, investigating: bool) -> Option<(Vec<Outcome>, Aside)> {
        if (self.records.is_empty() && self.aside.is_empty()) || (investigating && self.ending.is_none()) {
            return None;
        }
        self.records.iter().for_each(|outcome| self.offered.add(outcome.verdict));
        self.offered.add_many(Verdict::Unchanged, std::mem::take(&mut self.spanned));
        let next = Vec::with_capacity(self.records.len());
        Some((std::mem::replace(&mut self.records, next), std::mem::take(&mut self.aside)))
    }

    /// The journal took what it was handed, or failed: that outranks any other ending, and nothing is claimed.
    pub(super) fn recorded(&mut self, recorded: Result<(), LedgerLost>) {
        if recorded.is_ok() {
            self.account.tally = self.offered;
        } else {
            self.end(Ending::LedgerLost);
            self.ending = Some(Ending::LedgerLost);
            self.leave_now = true;
        }
    }

    /// Nothing and nobody is awaited any more.
    pub(super) const fn must_leave_now(&self) -> bool {
        self.leave_now
    }

    pub(super) fn is_over(&self, nobody_walks: bool) -> bool {
        if self.ending.is_some() {
            return self.leave_now || nobody_walks;
        }
        self.intake_ended
            && self.pending.is_empty()
            && self.inside == 0
            && self.records.is_empty()
            && self.aside.is_empty()
    }

    pub(super) const fn is_draining(&self) -> bool {
        self.ending.is_some()
    }

    pub(super) const fn skipped(&self) -> u64 {
        self.account.skipped
    }

    pub(super) const fn tally(&self) -> Tally {
        self.account.tally
    }

    pub(super) fn close(self) -> (Ending, Account) {
        (self.ending.unwrap_or(Ending::Complete), self.account)
    }
}

fn places(options: &Options) -> usize {
    let walking = usize::try_from(options.width.get()).unwrap_or(usize::MAX).saturating_mul(PLACES_PER_WIDTH);
    let waiting = options.verify_after.map_or(0.0, |after| (options.rate.get() * after.as_secs_f64()).ceil());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is bounded")]
    let waiting = (waiting as usize).min(MOST_WAITING);
    walking.saturating_add(waiting)
}

fn is_beyond_doubt(outcome: &Outcome) -> bool {
    match outcome.verdict {
        Verdict::Deleted | Verdict::Invalid | Verdict::Duplicate | Verdict::Superseded | Verdict::Suppressed => true,
        Verdict::Failed => outcome.erased,
        // Sent once more, a row is updated once more, and what was created is found there: no harm.
        Verdict::Created
        | Verdict::Updated
        | Verdict::Absent
        | Verdict::Refused
        | Verdict::Found
        | Verdict::Missing
        | Verdict::Exists
        | Verdict::New
        | Verdict::Unchanged => false,
    }
}

fn without_call(row: Row, verdict: Verdict, words: &str) -> Outcome {
    Outcome {
        row,
        verdict,
        attempts: 0,
        elapsed: Duration::ZERO,
        evidence: Evidence { message: Some(words.to_owned()), ..Evidence::default() },
        after_lost_answer: false,
        erased: false,
    }
}
