//! What the rows of a file say of each id: gathered in the order of the ids, whatever the order of the rows.
//!
//! Promises: of the rows that an id is the first of, the last one counts; whoever stood beside it is known, and whether
//! another row's person may be its own. It does not know what is remembered already.

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
    /// The id stands in it beside another, as its second or as its first.
    Beside { other: Print, is_second: bool },
}

const OWN: u8 = 0;
const DELETION: u8 = 1;
const FIRST: u8 = 2;
const SECOND: u8 = 3;
/// A word for what it is, and a print; ids may follow.
const HEAD: usize = 17;

impl Saying<'_> {
    /// Hands it over to be sorted.
    pub(super) fn put(&self, id: Print, rows: &mut Sorter) -> io::Result<()> {
        let (word, print, ids): (u8, Print, &[u8]) = match *self {
            Self::Own { what, is_deletion, ids } => (if is_deletion { DELETION } else { OWN }, what, ids),
            Self::Beside { other, is_second } => (if is_second { SECOND } else { FIRST }, other, &[]),
        };
        rows.take(id, &[&[word], &print.0, ids])
    }
}

/// All that the rows say of one id.
#[derive(Default)]
pub(super) struct Said {
    own: Option<(Print, bool)>,
    ids: Vec<u8>,
    /// Ids that it stood beside, and whether as the second; one may come twice.
    beside: Vec<(Print, bool)>,
}

impl Said {
    fn clear(&mut self) {
        self.own = None;
        self.beside.clear();
    }

    fn add(&mut self, row: &[u8]) {
        let Some((&[word, ref print @ ..], ids)) = row.split_first_chunk::<HEAD>() else { return };
        let print = Print(*print);
        if matches!(word, FIRST | SECOND) {
            self.beside.push((print, word == SECOND));
        } else {
            self.own = Some((print, word == DELETION));
            self.ids.clear();
            self.ids.extend_from_slice(ids);
        }
    }

    /// The last row that it is the first id of: its content, whether it is a deletion, and its ids.
    pub(super) fn own(&self) -> Option<(Print, bool, &[u8])> {
        self.own.map(|(what, is_deletion)| (what, is_deletion, &*self.ids))
    }

    /// Whether it stood beside any other id.
    pub(super) fn has_beside(&self) -> bool {
        !self.beside.is_empty()
    }

    /// Whether it has a row of its own, and is the second id of another: the two may be about one person.
    pub(super) fn is_shared(&self) -> bool {
        self.own.is_some() && self.beside.iter().any(|(_, is_second)| *is_second)
    }

    /// Links of it: what was known, and whatever it stood beside.
    pub(super) fn links(&self, known: &[u8]) -> Vec<u8> {
        links::with(known, self.beside.iter().map(|(other, _)| *other))
    }

    /// Those of whom its rows say something, too, though they stand in them with other ids than their own rows have:
    /// whoever it was known with before, and, where several rows have this id, each that has it as its second.
    pub(super) fn touched(&self, known: &[u8]) -> Vec<Print> {
        let stands_beside = |id: &Print| self.beside.iter().any(|(other, _)| other == id);
        let mut touched: Vec<Print> = links::prints(known).filter(|id| !stands_beside(id)).collect();
        let mut second_of: Vec<Print> =
            self.beside.iter().filter(|(_, is_second)| *is_second).map(|(other, _)| *other).collect();
        second_of.sort_unstable();
        second_of.dedup();
        if self.own.is_some() || second_of.len() > 1 {
            touched.append(&mut second_of);
        }
        touched
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
