//! When a run that could go on should not. Pure: outcomes in, a trip out.

use crate::domain::{Action, Answered, Outcome, Past, Tally, Verdict};

use super::{MaxAbsent, MaxErrors, Options};

/// Below so many answered rows, a share of errors says nothing.
const ERRORS_FROM: u64 = 100;
/// Below so many answered rows, a share of absent ones says nothing.
const ABSENT_FROM: usize = 50;

/// Which guard stopped the run, and by what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trip {
    /// One of the first rows ended badly.
    Canary {
        /// Its line.
        line: u64,
        /// How it ended.
        verdict: Verdict,
    },
    /// Too many rows ended badly.
    Errors {
        /// Refused and failed.
        bad: u64,
        /// Answered or failed.
        of: u64,
    },
    /// Too many of the first rows were not there.
    Absent {
        /// Not there.
        absent: usize,
        /// Of so many answered.
        of: usize,
    },
    /// The input has more rows to delete than permitted.
    MaxDelete {
        /// The bound.
        limit: u64,
    },
    /// More profiles would be created than permitted.
    MaxCreate {
        /// The bound.
        limit: u64,
    },
    /// More rows would be changed than permitted.
    MaxChanges {
        /// The bound.
        limit: u64,
    },
}

/// The guards of one run.
#[derive(Debug)]
pub(super) struct Guards {
    max_delete: u64,
    deletions: u64,
    max_changes: u64,
    changes: u64,
    max_errors: MaxErrors,
    max_absent: MaxAbsent,
    canary_left: u64,
    tally: Tally,
    answered: Vec<Answered>,
}

impl Guards {
    /// Of earlier tries' rows those count as taken in that were sent, but for `unchanged` and `refused`, which have changed
    /// nothing.
    pub(super) fn new(options: &Options, past: &Past) -> Self {
        let sent = |verdict: &Verdict| past.tally.of(*verdict).saturating_sub(past.without_call.of(*verdict));
        let ended = |verdicts: &[Verdict]| verdicts.iter().map(sent).sum();
        Self {
            max_delete: options.max_delete,
            deletions: ended(&[Verdict::Deleted, Verdict::Absent]),
            max_changes: options.max_changes,
            changes: ended(&[
                Verdict::Deleted,
                Verdict::Absent,
                Verdict::Created,
                Verdict::Updated,
                Verdict::Missing,
                Verdict::Exists,
            ]),
            max_errors: options.max_errors,
            max_absent: options.max_absent,
            canary_left: options.canary.saturating_sub(past.sent),
            tally: Tally::default(),
            answered: past.answered.iter().filter(|answered| !answered.after_lost_answer).copied().collect(),
        }
    }

    /// Whether rows still go one by one.
    pub(super) const fn canary_is_out(&self) -> bool {
        self.canary_left > 0
    }

    /// Takes note of a row that is about to be sent; tells whether that is one too many.
    pub(super) const fn admit(&mut self, action: Action) -> Option<Trip> {
        if matches!(action, Action::Delete) {
            if self.deletions >= self.max_delete {
                return Some(Trip::MaxDelete { limit: self.max_delete });
            }
            self.deletions += 1;
        }
        if action.changes() {
            if self.changes >= self.max_changes {
                return Some(Trip::MaxChanges { limit: self.max_changes });
            }
            self.changes += 1;
        }
        None
    }

    /// Takes an outcome into account; tells whether the run must stop.
    pub(super) fn judge(&mut self, outcome: &Outcome) -> Option<Trip> {
        // What a row came to without a call says nothing about how things go now.
        if outcome.attempts == 0 {
            return None;
        }
        self.tally.add(outcome.verdict);
        self.canary(outcome).or_else(|| self.errors(outcome.verdict)).or_else(|| self.absent(outcome))
    }

    fn canary(&mut self, outcome: &Outcome) -> Option<Trip> {
        if self.canary_left == 0 {
            return None;
        }
        match outcome.verdict {
            Verdict::Deleted
            | Verdict::Absent
            | Verdict::Found
            | Verdict::Missing
            | Verdict::Exists
            | Verdict::New
            | Verdict::Created
            | Verdict::Updated
            | Verdict::Unchanged => {
                self.canary_left -= 1;
                None
            }
            Verdict::Refused | Verdict::Failed => {
                Some(Trip::Canary { line: outcome.row.line, verdict: outcome.verdict })
            }
            Verdict::Invalid | Verdict::Duplicate | Verdict::Superseded | Verdict::Suppressed => None,
        }
    }

    fn errors(&self, verdict: Verdict) -> Option<Trip> {
        if !(verdict.is_answered() || verdict == Verdict::Failed) {
            return None;
        }
        let bad = self.tally.of(Verdict::Refused) + self.tally.of(Verdict::Failed);
        let of = self.tally.answered() + self.tally.of(Verdict::Failed);
        let too_many = match self.max_errors {
            MaxErrors::Count(most) => bad > most,
            #[expect(clippy::cast_precision_loss, reason = "a share of row counts")]
            MaxErrors::Percent(most) => of >= ERRORS_FROM && bad as f64 * 100.0 > most * of as f64,
        };
        too_many.then_some(Trip::Errors { bad, of })
    }

    fn absent(&mut self, outcome: &Outcome) -> Option<Trip> {
        let MaxAbsent::Percent(most) = self.max_absent else { return None };
        let verdict = outcome.verdict;
        outcome.row.action.not_there()?;
        if !verdict.is_answered() || outcome.after_lost_answer || self.answered.len() >= Past::ANSWERED {
            return None;
        }
        self.answered.push(Answered { line: outcome.row.line, verdict, after_lost_answer: false });
        let of = self.answered.len();
        let absent = self.answered.iter().filter(|answered| is_not_there(answered.verdict)).count();
        #[expect(clippy::cast_precision_loss, reason = "at most 200")]
        let too_many = of >= ABSENT_FROM && absent as f64 * 100.0 >= most * of as f64;
        too_many.then_some(Trip::Absent { absent, of })
    }
}

/// A sync's deletions and updates have each their own word for it.
const fn is_not_there(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Absent | Verdict::Missing)
}
