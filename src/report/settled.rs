//! What a journal means for the next try: a pure fold over its lines, in order.
//!
//! Promises: every row counts once, by its last line; a final word is never superseded. It knows no file and no chain.
//!
//! Final are `deleted`, `refused`, `invalid` and `duplicate`. `failed` waits for a later line. `absent` is settled as
//! long as the not-found guard is quiet. While the guard trips, every `absent` line so far may be the work of a wrong
//! key: those rows are *doubted*, count as unsettled, and stay doubted until a later line is about them, so that nobody
//! stays un-erased when the try with the mended key dies half-way. An `absent` after a lost answer says nothing about
//! the key; it neither counts nor is doubted.

use super::line::Entry;
use crate::{
    domain::{Answered, LineSet, Past, ReplaySum, Tally, Verdict},
    flow::MaxAbsent,
};

/// How many answered rows the guard waits for.
const GUARD_FROM: usize = 50;

/// Which kind of line a row had last: each row is in one set.
#[derive(Debug)]
pub(super) struct Fold {
    max_absent: MaxAbsent,
    with_replay: bool,
    /// Rows that have any line.
    seen: LineSet,
    /// Rows with a final word.
    closed: LineSet,
    /// Those of them that are refused or invalid.
    bad: LineSet,
    /// `absent` after a lost answer.
    lost: LineSet,
    /// `absent`, not doubted.
    absent: LineSet,
    doubted: LineSet,
    failed: LineSet,
    totals: Tally,
    sent: u64,
    superseded: u64,
    /// Rows that were unsettled when the latest try began, as far as lines tell, and have no line of it: one more line
    /// about any other unsettled row shows that yet another try began.
    open: LineSet,
    /// The first answered rows that count, as the flow knew them when their lines were written.
    window: Vec<Answered>,
    tripped: bool,
    closed_sum: ReplaySum,
    absent_sum: ReplaySum,
}

/// What the fold came to.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) past: Past,
    /// Every row by its last line, unsettled words included.
    pub(super) totals: Tally,
    /// Rows whose last line is `failed`.
    pub(super) failed: LineSet,
    /// Rows whose last line is an `absent` that counts as unsettled.
    pub(super) doubted: LineSet,
    /// Lines that a later line superseded.
    pub(super) superseded: u64,
    /// Rows found absent after an attempt whose answer was lost.
    pub(super) after_lost_answer: u64,
}

/// A row with a final word has another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SettledTwice;

impl Fold {
    /// Begins. `with_replay` also sums up ids, which a file needs not and stdin does.
    pub(super) fn new(max_absent: MaxAbsent, with_replay: bool) -> Self {
        Self {
            max_absent,
            with_replay,
            seen: LineSet::default(),
            closed: LineSet::default(),
            bad: LineSet::default(),
            lost: LineSet::default(),
            absent: LineSet::default(),
            doubted: LineSet::default(),
            failed: LineSet::default(),
            totals: Tally::default(),
            sent: 0,
            superseded: 0,
            open: LineSet::default(),
            window: Vec::new(),
            tripped: false,
            closed_sum: ReplaySum::default(),
            absent_sum: ReplaySum::default(),
        }
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// When the row had a final word already.
    pub(super) fn add(&mut self, entry: &Entry<'_>) -> Result<(), SettledTwice> {
        let counts = entry.counts_for_guard();
        let id = if self.with_replay { entry.id() } else { None };
        if self.seen.insert(entry.line) {
            self.sent += u64::from(entry.attempts > 0);
        } else {
            self.supersede(entry.line, id.as_deref())?;
        }
        self.totals.add(entry.verdict);
        self.place(entry, counts, id.as_deref());
        if counts {
            self.watch(entry.line, entry.verdict);
        }
        Ok(())
    }

    fn place(&mut self, entry: &Entry<'_>, counts: bool, id: Option<&[u8]>) {
        let line = entry.line;
        match entry.verdict {
            Verdict::Failed => {
                self.failed.insert(line);
                return;
            }
            Verdict::Absent if counts && self.tripped => {
                self.doubted.insert(line);
                return;
            }
            Verdict::Absent if counts => {
                self.absent.insert(line);
                if let Some(id) = id {
                    self.absent_sum.add(line, id);
                }
                return;
            }
            Verdict::Absent => self.lost.insert(line),
            Verdict::Deleted | Verdict::Duplicate => self.closed.insert(line),
            Verdict::Refused | Verdict::Invalid => {
                self.bad.insert(line);
                self.closed.insert(line)
            }
        };
        if let Some(id) = id {
            self.closed_sum.add(line, id);
        }
    }

    /// Forgets the row's earlier line.
    fn supersede(&mut self, line: u64, id: Option<&[u8]>) -> Result<(), SettledTwice> {
        if self.failed.contains(line) || self.doubted.contains(line) {
            if !self.open.remove(line) {
                self.begin_another_try(line);
            }
            let before = if self.failed.remove(line) { Verdict::Failed } else { Verdict::Absent };
            self.doubted.remove(line);
            self.totals.remove(before);
        } else if self.absent.remove(line) {
            self.window.retain(|answered| answered.line != line);
            self.totals.remove(Verdict::Absent);
            if let Some(id) = id {
                self.absent_sum.remove(line, id);
            }
        } else {
            return Err(SettledTwice);
        }
        self.superseded += 1;
        Ok(())
    }

    /// A try was told of no doubted row, so its guard counted anew without them. Only a row that this try did not find
    /// settled can have a line of it: a row on the wire when its own guard tripped is doubted like the others, even if
    /// an earlier try had doubted it before.
    fn begin_another_try(&mut self, line: u64) {
        self.window.retain(|answered| !self.doubted.contains(answered.line));
        self.tripped = false;
        self.open = self.doubted.clone();
        self.open.union(&self.failed);
        self.open.remove(line);
    }

    /// The not-found guard, over the first answered rows.
    fn watch(&mut self, line: u64, verdict: Verdict) {
        if self.window.len() == Past::ANSWERED {
            return;
        }
        self.window.push(Answered { line, verdict, after_lost_answer: false });
        self.tripped = trips(&self.window, self.max_absent);
        if self.tripped {
            self.doubted.union(&self.absent);
            self.absent = LineSet::default();
            self.absent_sum = ReplaySum::default();
        }
    }

    fn settled_tally(&self) -> Tally {
        let mut tally = Tally::default();
        for verdict in Verdict::ALL {
            let unsettled = match verdict {
                Verdict::Failed => self.failed.len(),
                Verdict::Absent => self.doubted.len(),
                Verdict::Deleted | Verdict::Duplicate | Verdict::Refused | Verdict::Invalid => 0,
            };
            tally.add_many(verdict, self.totals.of(verdict) - unsettled);
        }
        tally
    }

    /// What it all means.
    pub(super) fn finish(mut self) -> Folded {
        let tally = self.settled_tally();
        self.window.retain(|answered| !self.doubted.contains(answered.line));
        let after_lost_answer = self.lost.len();
        let mut absent = self.lost;
        absent.union(&self.absent);
        let mut settled = self.closed;
        settled.union(&absent);
        let mut replay = self.closed_sum;
        replay.merge(self.absent_sum);
        let past = Past {
            settled,
            bad: self.bad,
            absent,
            replay,
            tally,
            answered: self.window,
            sent: self.sent,
            elsewhere_deleted: None,
            elsewhere_absent: None,
        };
        Folded {
            past,
            totals: self.totals,
            failed: self.failed,
            doubted: self.doubted,
            superseded: self.superseded,
            after_lost_answer,
        }
    }
}

fn trips(window: &[Answered], max_absent: MaxAbsent) -> bool {
    let MaxAbsent::Percent(percent) = max_absent else { return false };
    let absent = window.iter().filter(|answered| answered.verdict == Verdict::Absent).count();
    #[expect(clippy::cast_precision_loss, reason = "at most 200")]
    let (absent, answered) = (absent as f64, window.len() as f64);
    window.len() >= GUARD_FROM && absent * 100.0 >= percent * answered
}
