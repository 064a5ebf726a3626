//! What the deciding pass comes to.
//!
//! Promises: a row that an earlier try settled is in no count. It does not know how anything was decided.

use crate::domain::{Action, Decided, Known, Sample};

/// What was decided.
#[derive(Debug)]
pub struct Decision {
    /// For [`crate::domain::Past::decided`].
    pub decided: Decided,
    /// What it comes to.
    pub counts: Changes,
    /// Up to 200 rows that will be sent, spread evenly over them, in file order.
    pub samples: Vec<Sample>,
    /// What the survey could not see, where it did not look at fields: sentences for the prompt, without any id.
    pub warnings: Vec<String>,
}

/// What will become of our rows, those aside that earlier tries have settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    sent: [u64; Action::ALL.len()],
    /// Sent before just as they stand, or without any field to update.
    pub unchanged: u64,
    /// A later row of the same identity is sent instead.
    pub superseded: u64,
    /// Refused before just as they stand.
    pub refused_before: u64,
    /// Of identities that shall not come back.
    pub suppressed: u64,
    /// They cannot be sent.
    pub malformed: u64,
}

impl Changes {
    /// How many rows will be sent that ask for this.
    #[must_use]
    pub fn of(&self, action: Action) -> u64 {
        Action::ALL.iter().zip(self.sent).find(|(one, _)| **one == action).map_or(0, |(_, rows)| rows)
    }

    /// How many rows will be sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.iter().sum()
    }

    /// One that asks for this is not sent after all, or not as it seemed.
    pub(super) fn take_back(&mut self, action: Action) {
        for (_, rows) in Action::ALL.iter().zip(&mut self.sent).filter(|(one, _)| **one == action) {
            *rows -= 1;
        }
    }

    /// One more that asks for this, of which that is known.
    pub(super) fn add(&mut self, known: Known, action: Action) {
        match known {
            Known::Changed => {
                if let Some(place) = Action::ALL.iter().position(|one| *one == action) {
                    self.sent[place] += 1;
                }
            }
            Known::Same => self.unchanged += 1,
            Known::Refused => self.refused_before += 1,
            Known::Erased => self.suppressed += 1,
        }
    }
}
