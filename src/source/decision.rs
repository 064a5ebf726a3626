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
    /// Sent before just as they stand: refused …
    pub refused_before: u64,
    /// … or not long ago, and there was no such profile, or another one had the name.
    pub asked_lately: u64,
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

    /// One more that asks for this, of which that is known.
    pub(super) fn add(&mut self, known: Known, action: Action) {
        self.of_such(known, action).into_iter().for_each(|rows| *rows += 1);
    }

    /// One that asks for this is not what it seemed.
    pub(super) fn take_back(&mut self, known: Known, action: Action) {
        self.of_such(known, action).into_iter().for_each(|rows| *rows -= 1);
    }

    fn of_such(&mut self, known: Known, action: Action) -> Option<&mut u64> {
        match known {
            Known::Changed => {
                let place = Action::ALL.iter().position(|one| *one == action)?;
                self.sent.get_mut(place)
            }
            Known::Same => Some(&mut self.unchanged),
            Known::Refused => Some(&mut self.refused_before),
            Known::Missing | Known::Taken => Some(&mut self.asked_lately),
            Known::Erased => Some(&mut self.suppressed),
        }
    }
}
