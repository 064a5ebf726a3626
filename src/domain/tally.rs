//! Counts that add up.

use super::Verdict;

/// How many rows ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    counts: [u64; Verdict::ALL.len()],
}

impl Tally {
    /// Counts one more row.
    pub fn add(&mut self, verdict: Verdict) {
        self.counts[Self::place(verdict)] += 1;
    }

    /// Counts so many more rows.
    pub fn add_many(&mut self, verdict: Verdict, rows: u64) {
        self.counts[Self::place(verdict)] += rows;
    }

    /// Counts all rows of another tally.
    pub fn merge(&mut self, other: Self) {
        for verdict in Verdict::ALL {
            self.add_many(verdict, other.of(verdict));
        }
    }

    /// Takes one back: a later line superseded it.
    pub fn remove(&mut self, verdict: Verdict) {
        let count = &mut self.counts[Self::place(verdict)];
        *count = count.saturating_sub(1);
    }

    /// How many rows ended this way.
    #[must_use]
    pub const fn of(&self, verdict: Verdict) -> u64 {
        self.counts[Self::place(verdict)]
    }

    /// How many rows have a settled word.
    #[must_use]
    pub fn settled(&self) -> u64 {
        Verdict::ALL.into_iter().filter(|verdict| verdict.is_settled()).map(|verdict| self.of(verdict)).sum()
    }

    /// How many rows have any word.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many rows did not reach the wanted end state.
    #[must_use]
    pub fn unwanted(&self) -> u64 {
        Verdict::ALL.into_iter().filter(|verdict| !verdict.is_wanted()).map(|verdict| self.of(verdict)).sum()
    }

    /// How many rows the API answered about.
    #[must_use]
    pub fn answered(&self) -> u64 {
        Verdict::ALL.into_iter().filter(|verdict| verdict.is_answered()).map(|verdict| self.of(verdict)).sum()
    }

    const fn place(verdict: Verdict) -> usize {
        match verdict {
            Verdict::Deleted => 0,
            Verdict::Absent => 1,
            Verdict::Duplicate => 2,
            Verdict::Refused => 3,
            Verdict::Failed => 4,
            Verdict::Invalid => 5,
            Verdict::Found => 6,
            Verdict::Missing => 7,
            Verdict::Exists => 8,
            Verdict::New => 9,
            Verdict::Created => 10,
            Verdict::Updated => 11,
            Verdict::Unchanged => 12,
            Verdict::Superseded => 13,
            Verdict::Suppressed => 14,
        }
    }
}
