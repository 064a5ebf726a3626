//! Where in an input the rows lie that a pass has looked at, so that the next one can pass over those with nothing new.
//!
//! Promises: a stretch holds every record between its ends, and all of them are unchanged; what stands in it is read again,
//! and held against its digest, but not looked at. Forty bytes for each pile of rows. It does not know why a row has nothing
//! new.

use super::readings::Pile;
use crate::domain::{Beginning, LineSet, Quiet};

/// Rows of one stretch, at most: whoever passes over them wants to see progress, and may want to leave.
const MOST: u64 = 1 << 16;

/// Where piles lay.
#[derive(Default)]
pub(super) struct Stretches {
    /// In file order.
    all: Vec<Quiet>,
    /// One whose end is where the next pile begins.
    open: Option<Open>,
}

struct Open {
    from: Beginning,
    first: u64,
    last: u64,
    rows: u64,
}

impl Stretches {
    /// The next pile of a pass over all rows.
    pub(super) fn note(&mut self, pile: &Pile) {
        if let (Some(Open { from, first, last, rows }), Some(to)) = (self.open.take(), pile.from) {
            self.all.push(Quiet { from, to, first, last, rows });
        }
        let ends = pile.entries.first().zip(pile.entries.last());
        if let (Some(from), Some((first, last)), true) = (pile.from, ends, pile.is_whole) {
            self.open = Some(Open { from, first: first.line, last: last.line, rows: pile.entries.len() as u64 });
        }
    }

    /// Those in which every row is unchanged, joined where they lie one behind the other.
    pub(super) fn quiet(self, unchanged: &LineSet) -> Vec<Quiet> {
        let is_quiet = |rows: &Quiet| unchanged.count_within(rows.first..=rows.last) == rows.rows;
        let mut quiet: Vec<Quiet> = Vec::new();
        for next in self.all.into_iter().filter(is_quiet) {
            match quiet.last_mut().filter(|last| last.to == next.from && last.rows + next.rows <= MOST) {
                Some(last) => (last.to, last.last, last.rows) = (next.to, next.last, last.rows + next.rows),
                None => quiet.push(next),
            }
        }
        quiet
    }
}
