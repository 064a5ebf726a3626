//! The ways into the API, and what an answer on one of them tells about another. Pure.
//!
//! A fault may close one way and leave the others open: deletions come to nothing while looks are answered well. A look
//! that is answered then proves that key and URL work, and says nothing for deletions. It cannot be told at once from rows
//! that always fail, so the first rows are taken for such.

use crate::domain::Operation;

/// So many rows in succession may fail on a way before it is the way that is out of order, and not those rows: more than the
/// handful of bad rows that real inputs have, alone or at either end, and so few that they do not trip the usual
/// `--max-errors` (a fifth of at least a hundred).
const BAD_ROWS: u32 = 20;

/// One way into the API. All that only reads is one: the witness, looks and comparisons ask for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Read,
    Delete,
    Create,
    Update,
    Remove,
}

impl Way {
    const COUNT: usize = 5;

    pub(super) const fn of(operation: Operation) -> Self {
        match operation {
            Operation::Look | Operation::Get | Operation::Compare => Self::Read,
            Operation::Delete => Self::Delete,
            Operation::Create => Self::Create,
            Operation::Update => Self::Update,
            Operation::Remove => Self::Remove,
        }
    }

    /// One of those that go this way.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Read => "look",
            Self::Delete => "deletion",
            Self::Create => "creation",
            Self::Update => "update",
            Self::Remove => "removal of fields",
        }
    }
}

/// What is known of each way.
#[derive(Debug, Default)]
pub(super) struct Ways {
    answered: [u64; Way::COUNT],
    /// Rows that failed for good since the way was last answered.
    failed: [u32; Way::COUNT],
    /// No row has failed for good since the way was last answered, whichever way that row went.
    proven: [bool; Way::COUNT],
    /// Answers on any way that tell about all of them.
    believed: u64,
}

/// How many definitive answers there have been.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answers {
    on_the_way: u64,
    believed: u64,
}

impl Ways {
    /// A definitive answer came on this way: it is open.
    pub(super) const fn answered(&mut self, way: Way) {
        self.answered[way as usize] += 1;
        self.failed[way as usize] = 0;
        self.proven[way as usize] = true;
    }

    /// The answer tells about every way.
    pub(super) const fn believe(&mut self) {
        self.believed += 1;
    }

    /// A row failed for good.
    pub(super) const fn gave_up(&mut self, way: Way) {
        self.failed[way as usize] += 1;
        self.proven = [false; Way::COUNT];
    }

    /// So many rows have failed on it in succession that it must be the way: no further one is failed, and only an answer
    /// on this very way proves that it is open.
    ///
    /// Several ways may be out of order at once: the bound is one for all of them together.
    pub(super) fn is_doubted(&self, way: Way) -> bool {
        self.is_any_doubted() && !self.proven[way as usize]
    }

    pub(super) fn is_any_doubted(&self) -> bool {
        self.failed.iter().sum::<u32>() >= BAD_ROWS
    }

    pub(super) const fn answers(&self, way: Way) -> Answers {
        Answers { on_the_way: self.answered[way as usize], believed: self.believed }
    }
}

/// What counts against a row.
#[derive(Debug, Default)]
pub(super) struct Record {
    seen: Answers,
    /// Failed attempts between which others were answered on the same way.
    counted: u32,
    /// Those between which others were answered on other ways alone, until somebody is answered on this one: then it was
    /// the way.
    provisional: u32,
}

impl Record {
    pub(super) fn beginning_with(answers: Answers) -> Self {
        Self { seen: answers, ..Self::default() }
    }

    /// The row was answered itself: what others were answered until now does not count against it.
    pub(super) const fn overlook(&mut self, answers: Answers) {
        self.seen = answers;
        self.provisional = 0;
    }

    /// An attempt failed, which counts only if another row got a definitive answer since this row's previous attempt.
    /// Gives how many count by now.
    pub(super) const fn failed(&mut self, answers: Answers) -> u32 {
        if answers.on_the_way > self.seen.on_the_way {
            self.counted += 1;
            self.provisional = 0;
        } else if answers.believed > self.seen.believed {
            self.provisional += 1;
        }
        self.seen = answers;
        self.counted + self.provisional
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_doubted_after_so_many_rows_until_it_is_answered() {
        let mut ways = Ways::default();
        for _ in 0..BAD_ROWS {
            assert!(!ways.is_doubted(Way::Delete));
            ways.gave_up(Way::Delete);
            ways.answered(Way::Read);
        }
        assert!(ways.is_doubted(Way::Delete) && ways.is_doubted(Way::Update), "nobody knows better");
        ways.answered(Way::Update);
        assert!(ways.is_any_doubted() && !ways.is_doubted(Way::Update));
        ways.answered(Way::Delete);
        assert!(!ways.is_any_doubted());
    }

    #[test]
    fn what_other_ways_said_is_forgotten_once_the_own_one_is_answered() {
        let mut ways = Ways::default();
        let mut record = Record::beginning_with(ways.answers(Way::Delete));
        assert_eq!(record.failed(ways.answers(Way::Delete)), 0, "nobody was answered");
        for count in 1..4 {
            ways.answered(Way::Read);
            ways.believe();
            assert_eq!(record.failed(ways.answers(Way::Delete)), count);
        }
        ways.answered(Way::Delete);
        ways.believe();
        assert_eq!(record.failed(ways.answers(Way::Delete)), 1, "those three were the way's fault");
        ways.believe();
        assert_eq!(record.failed(ways.answers(Way::Delete)), 2);
        ways.believe();
        record.overlook(ways.answers(Way::Delete));
        assert_eq!(record.failed(ways.answers(Way::Delete)), 1);
    }
}
