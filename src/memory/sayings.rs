//! What the rows of a file say of each id: gathered in the order of the ids, whatever the order of the rows.
//!
//! Promises: of the rows that an id is the first of, the last one counts, or all that the rows of its person say together;
//! whoever stood beside it is known. It does not know what is remembered already.

use std::io;

use super::{
    links,
    sorting::{Sorted, Sorter},
};
use crate::domain::Print;

/// What a row says of an id.
pub(super) enum Saying<'a> {
    /// The id is its first: all that it says.
    Own { what: Print, is_deletion: bool, ids: &'a [u8] },
    /// The id stands in it beside another.
    Beside { other: Print },
    /// This is what all rows of its person say together. It comes after them.
    Together { content: Print },
}

const OWN: u8 = 0;
const DELETION: u8 = 1;
const BESIDE: u8 = 2;
const TOGETHER: u8 = 3;
/// A word for what it is, and a print; ids may follow.
const HEAD: usize = 17;

impl Saying<'_> {
    /// Hands it over to be sorted.
    pub(super) fn put(&self, id: Print, rows: &mut Sorter) -> io::Result<()> {
        let (word, print, ids): (u8, Print, &[u8]) = match *self {
            Self::Own { what, is_deletion, ids } => (if is_deletion { DELETION } else { OWN }, what, ids),
            Self::Beside { other } => (BESIDE, other, &[]),
            Self::Together { content } => (TOGETHER, content, &[]),
        };
        rows.take(id, &[&[word], &print.0, ids])
    }
}

/// All that the rows say of one id.
#[derive(Default)]
pub(super) struct Said {
    own: Option<(Print, bool)>,
    ids: Vec<u8>,
    /// Ids that it stood beside; one may come twice.
    beside: Vec<Print>,
}

impl Said {
    fn clear(&mut self) {
        self.own = None;
        self.beside.clear();
    }

    fn add(&mut self, row: &[u8]) {
        let Some((&[word, ref print @ ..], ids)) = row.split_first_chunk::<HEAD>() else { return };
        let print = Print(*print);
        match word {
            BESIDE => self.beside.push(print),
            TOGETHER => self.own = self.own.map(|(_, is_deletion)| (print, is_deletion)),
            _ => {
                self.own = Some((print, word == DELETION));
                self.ids.clear();
                self.ids.extend_from_slice(ids);
            }
        }
    }

    /// What is to be remembered by it, whether its last row is a deletion, and the ids of that row.
    pub(super) fn own(&self) -> Option<(Print, bool, &[u8])> {
        self.own.map(|(what, is_deletion)| (what, is_deletion, &*self.ids))
    }

    /// Whether it stood beside any other id.
    pub(super) fn has_beside(&self) -> bool {
        !self.beside.is_empty()
    }

    /// Links of it: what was known, and whatever it stood beside.
    pub(super) fn links(&self, known: &[u8]) -> Vec<u8> {
        links::with(known, self.beside.iter().copied())
    }

    /// Those of whom its rows say something, too, though they stand in none of them: whoever it was known with before.
    pub(super) fn touched(&self, known: &[u8]) -> Vec<Print> {
        links::prints(known).filter(|id| !self.beside.contains(id)).collect()
    }
}

/// What sorted rows say of each id.
pub(super) struct Sayings {
    rows: Sorted,
    said: Said,
}

impl Sayings {
    pub(super) fn of(rows: Sorted) -> Self {
        Self { rows, said: Said::default() }
    }

    /// Goes on to the next id; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Print>> {
        self.said.clear();
        while let Some((id, row)) = self.rows.next()? {
            self.said.add(row);
            if self.rows.peek() != Some(id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// What is said of it.
    pub(super) const fn said(&self) -> &Said {
        &self.said
    }
}
