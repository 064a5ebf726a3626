//! What a journal means for the next try: a pure fold over its lines, in order.
//!
//! Promises: every row counts once, by its last line; a final word is never superseded. It knows no file and no chain.
//!
//! `failed` waits for a later line. An `absent` of a deletion and the `missing` of a reading are settled as long as the
//! not-found guard is quiet, those aside that had no call; every other word is final. While the guard trips, every such line so far may be the work
//! of a wrong key: those rows are *doubted*, count as unsettled, and stay doubted until a later line is about them, so
//! that nobody stays un-erased when the try with the mended key dies half-way. A later line about a row that is not there
//! tells that it was doubted then, whatever the guard would say today: `--max-absent off` vouches for the last try alone. An `absent` after a lost answer says
//! nothing about the key; it neither counts nor is doubted.
//!
//! A range closes every line from its first to its last one and counts as many rows as it says. It supersedes the
//! unsettled words in it like any other line. It has no ids, so its rows are in no sum over ids: a replayed stdin cannot
//! agree with a journal that holds a range.

use super::entry::Entry;
use crate::{
    domain::{Action, Answered, Decided, LineSet, Naming, Past, ReplaySum, Tally, Verdict},
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
    /// Those of these that would have had another one's name.
    taken: LineSet,
    /// `absent` after a lost answer.
    lost: LineSet,
    /// `missing` without a call: an earlier sync's answer stands for it, and that one was complete. Final.
    known: LineSet,
    without_call: Tally,
    /// Not there, not doubted.
    absent: LineSet,
    doubted: LineSet,
    failed: LineSet,
    /// Those of them that are deleted, and not verified.
    erased: LineSet,
    absent_words: Tally,
    doubted_words: Tally,
    found: ReplaySum,
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
    /// The sum over (line, id) of the rows that are `found`: the file of profiles has them, and nobody else.
    pub(super) found: ReplaySum,
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
            taken: LineSet::default(),
            lost: LineSet::default(),
            known: LineSet::default(),
            without_call: Tally::default(),
            absent: LineSet::default(),
            doubted: LineSet::default(),
            failed: LineSet::default(),
            erased: LineSet::default(),
            absent_words: Tally::default(),
            doubted_words: Tally::default(),
            found: ReplaySum::default(),
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
        if entry.is_range() {
            return self.add_range(entry);
        }
        let counts = entry.counts_for_guard();
        let id = if self.with_replay { entry.id() } else { None };
        if self.seen.insert(entry.line) {
            self.sent += u64::from(entry.attempts > 0);
        } else {
            self.supersede(entry.line, entry.action, id.as_deref())?;
        }
        self.totals.add(entry.verdict);
        if entry.attempts == 0 && entry.verdict.is_answered() {
            self.without_call.add(entry.verdict);
        }
        self.place(entry, counts, id.as_deref());
        if counts {
            self.watch(entry.line, entry.verdict);
        }
        Ok(())
    }

    fn add_range(&mut self, range: &Entry<'_>) -> Result<(), SettledTwice> {
        if self.closed.within(range.lines()).next().is_some() {
            return Err(SettledTwice);
        }
        let seen: Vec<u64> = self.seen.within(range.lines()).collect();
        for line in seen {
            self.supersede(line, range.action, None)?;
        }
        self.seen.insert_range(range.lines());
        self.closed.insert_range(range.lines());
        self.totals.add_many(range.verdict, range.rows);
        Ok(())
    }

    fn place(&mut self, entry: &Entry<'_>, counts: bool, id: Option<&[u8]>) {
        let line = entry.line;
        let not_there = entry.action.not_there() == Some(entry.verdict);
        match entry.verdict {
            Verdict::Failed => {
                self.failed.insert(line);
                if entry.is_erased() {
                    self.erased.insert(line);
                }
                return;
            }
            Verdict::Absent | Verdict::Missing if not_there && counts => return self.place_absent(entry, id),
            Verdict::Absent | Verdict::Missing if not_there && entry.attempts == 0 => self.known.insert(line),
            Verdict::Absent | Verdict::Missing if not_there => self.lost.insert(line),
            Verdict::Found => {
                self.found.add(line, &entry.id().unwrap_or_default());
                self.closed.insert(line)
            }
            Verdict::Deleted
            | Verdict::Duplicate
            | Verdict::New
            | Verdict::Absent
            | Verdict::Missing
            | Verdict::Created
            | Verdict::Updated
            | Verdict::Unchanged
            | Verdict::Superseded
            | Verdict::Suppressed => self.closed.insert(line),
            Verdict::Refused | Verdict::Invalid | Verdict::Exists => {
                self.bad.insert(line);
                if entry.verdict == Verdict::Exists && matches!(entry.action, Action::Create | Action::Upsert) {
                    self.taken.insert(line);
                }
                self.closed.insert(line)
            }
        };
        if let Some(id) = id {
            self.closed_sum.add(line, id);
        }
    }

    fn place_absent(&mut self, entry: &Entry<'_>, id: Option<&[u8]>) {
        if self.tripped {
            self.doubted.insert(entry.line);
            self.doubted_words.add(entry.verdict);
            return;
        }
        self.absent.insert(entry.line);
        self.absent_words.add(entry.verdict);
        if let Some(id) = id {
            self.absent_sum.add(entry.line, id);
        }
    }

    /// Forgets the row's earlier line. The row asks for the same as it did then.
    fn supersede(&mut self, line: u64, action: Action, id: Option<&[u8]>) -> Result<(), SettledTwice> {
        let not_there = action.not_there();
        if self.failed.contains(line) || self.doubted.contains(line) {
            if !self.open.remove(line) {
                self.begin_another_try(line);
            }
            if self.failed.remove(line) {
                self.erased.remove(line);
                self.totals.remove(Verdict::Failed);
            } else if let Some(word) = not_there {
                self.doubted.remove(line);
                self.doubted_words.remove(word);
                self.totals.remove(word);
            }
        } else if self.absent.remove(line) {
            self.window.retain(|answered| answered.line != line);
            if let Some(word) = not_there {
                self.absent_words.remove(word);
                self.totals.remove(word);
            }
            if let Some(id) = id {
                self.absent_sum.remove(line, id);
            }
            // That try had other words for --max-absent, and did not believe any of them.
            self.doubt_all();
            self.begin_another_try(line);
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
            self.doubt_all();
        }
    }

    /// Whoever was not there so far may be there all the same.
    fn doubt_all(&mut self) {
        self.doubted.union(&self.absent);
        self.absent = LineSet::default();
        self.doubted_words.merge(std::mem::take(&mut self.absent_words));
        self.absent_sum = ReplaySum::default();
    }

    fn settled_tally(&self) -> Tally {
        let mut tally = Tally::default();
        for verdict in Verdict::ALL {
            let failed = if verdict == Verdict::Failed { self.failed.len() } else { 0 };
            tally.add_many(verdict, self.totals.of(verdict) - failed - self.doubted_words.of(verdict));
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
        absent.union(&self.known);
        let mut settled = self.closed;
        settled.union(&absent);
        let mut replay = self.closed_sum;
        replay.merge(self.absent_sum);
        let past = Past {
            settled,
            bad: self.bad,
            taken: self.taken,
            absent,
            replay,
            tally,
            without_call: self.without_call,
            answered: self.window,
            sent: self.sent,
            elsewhere_deleted: None,
            elsewhere_absent: None,
            erased: self.erased,
            recorded: None,
            decided: Decided::default(),
            suppressed: None,
            beside_suppressed: LineSet::default(),
            names_settled: false,
            naming: Naming::default(),
        };
        Folded {
            past,
            found: self.found,
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
    let is_absent = |answered: &&Answered| matches!(answered.verdict, Verdict::Absent | Verdict::Missing);
    let absent = window.iter().filter(is_absent).count();
    #[expect(clippy::cast_precision_loss, reason = "at most 200")]
    let (absent, answered) = (absent as f64, window.len() as f64);
    window.len() >= GUARD_FROM && absent * 100.0 >= percent * answered
}
