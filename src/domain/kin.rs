//! Rows of one person that share no id: what they have in common all the same.
//!
//! Promises: whatever ties a row to no other one is not kept, so that it is empty where nobody has several such rows. It
//! does not know where ties come from.

use std::sync::Arc;

/// The ties of rows: two rows with a common one are about one person. 16 bytes for each tie of each row; a clone is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kin(Arc<[(u64, u64)]>);

impl Kin {
    /// `ties` are lines, each with what may tie its row to others, in any order. Two ties that are equal by chance make
    /// one row wait for another needlessly, and nothing worse.
    #[must_use]
    pub fn of(mut ties: Vec<(u64, u64)>) -> Self {
        ties.sort_unstable_by_key(|(line, tie)| (*tie, *line));
        ties.dedup();
        let of_one_tie = ties.chunk_by(|(_, one), (_, other)| one == other);
        let mut common: Vec<_> = of_one_tie.filter(|rows| rows.len() > 1).flatten().copied().collect();
        common.sort_unstable();
        Self(common.into())
    }

    /// The ties of a line's row, each once, in ascending order.
    pub fn ties(&self, line: u64) -> impl Iterator<Item = u64> + Clone + '_ {
        let first = self.0.partition_point(|(other, _)| *other < line);
        self.0[first..].iter().take_while(move |(other, _)| *other == line).map(|(_, tie)| *tie)
    }

    /// Whether no row is tied to another.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
