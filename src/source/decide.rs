//! The pass that decides about every row before the first call.
//!
//! Promises: where the last one wins, each identity's last row that may be sent counts, and only that; but a deletion does
//! not count instead of a later row that is impossible. Whoever remembers is asked about each row that counts, and is told
//! who stands in a row that cannot be sent. It verifies nothing about the input's digest: the main pass does.

use std::io::Read;

use super::{
    bench::Bench,
    options::Options,
    readings::{Carry, Readings},
    survey::Survey,
};
use crate::{
    domain::{Action, Decided, Known, Past, Recall, Sample},
    error::Error,
};

/// What was decided.
#[derive(Debug)]
pub struct Decision {
    /// For [`Past::decided`].
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
        }
    }
}

/// Decides about each of our rows, with the same `options` as `survey` was made with. `recall` is asked about each row
/// that counts: the last one of each identity that can be sent with [`Counting::Last`](super::Counting), else every one. What earlier
/// tries settled is asked about as well, but is in no set and in no count. `recall` stays on this thread, wherever `carry`
/// reads.
///
/// The input is opened once more, from its beginning, where the last row of some identity turns out to be none that can be
/// sent: the rows before these count instead, and `recall` hears of them at the end. But a deletion does not count instead
/// of a row whose fields are impossible, or that leaves everything as it is: it stays superseded. It is opened once more, too, where `recall` wants to be asked
/// again.
///
/// # Errors
/// [`Exit::Data`](crate::error::Exit::Data) as for [`super::survey`], and whatever `open` says.
pub fn decide<R: Read>(
    open: &dyn Fn() -> Result<R, Error>,
    name: &str,
    options: &Options,
    survey: &Survey,
    past: &Past,
    recall: Option<&mut dyn Recall>,
    carry: Carry<R>,
) -> Result<Decision, Error> {
    let mut bench = Bench::new(options, &survey.suspects, past, recall);
    let hashing = bench.hashing(options);
    let mut readings = Readings::open(open()?, name, options)?;
    carry(&mut readings, &hashing, &mut |pile| bench.take(pile))?;
    loop {
        let rest = bench.rest();
        if rest.is_empty() {
            return Ok(bench.finish(readings.schema()));
        }
        let mut once_more = Readings::open(open()?, name, options)?.only(rest);
        carry(&mut once_more, &hashing, &mut |pile| bench.take_again(pile))?;
    }
}
