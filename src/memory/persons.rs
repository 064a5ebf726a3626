//! Which rows of a file are about one person, and what they say together.
//!
//! Promises: rows that share an id are of one person, and so are rows of which one names an id that stood beside one of
//! the other's; nobody else is. Whatever a person's rows say is one thing: it is the same only if all of them are, in
//! their order. It does not know what is remembered.

use std::collections::{BTreeSet, HashMap};

use super::links::Pair;
use crate::domain::{Circles, Print, Printer, Standing};

/// A row that may not be the only one of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PersonRow {
    pub(super) line: u64,
    /// By its first id.
    pub(super) who: Print,
    pub(super) second: Option<Print>,
    /// Ids that stood beside one of its own, and are none of its own.
    pub(super) beside: Box<[Print]>,
    /// All that it says.
    pub(super) what: Print,
    pub(super) is_deletion: bool,
    /// It would bring back somebody who was erased by an id of which this is how the list has it.
    pub(super) erased: Option<Print>,
    /// Whose it is: a number that [`gather`] gives.
    pub(super) person: usize,
    /// What became of it in earlier tries.
    pub(super) standing: Standing,
}

impl PersonRow {
    pub(super) fn ids(&self) -> impl Iterator<Item = Print> {
        std::iter::once(self.who).chain(self.second)
    }

    /// Whomever it touches; see [`super::links::Touched`].
    pub(super) fn touched(&self) -> impl Iterator<Item = Print> {
        self.ids().chain(self.beside.iter().copied())
    }
}

/// All rows of one person, in file order; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Person<'p>(pub(super) &'p [PersonRow]);

impl Person<'_> {
    /// Of a person whose only row it is nothing else is said.
    pub(super) const fn is_one_row(self) -> bool {
        self.0.len() == 1
    }

    /// The print of all that the rows say.
    pub(super) fn content(self, printer: &Printer) -> Print {
        match self.0 {
            [only] => only.what,
            rows => printer.together(rows.iter().map(|row| row.what)),
        }
    }

    /// The ids that rows begin with, each once: by these it is remembered what was said.
    pub(super) fn ends(self) -> BTreeSet<Print> {
        self.0.iter().map(|row| row.who).collect()
    }
}

/// Puts rows that belong together one behind the other, each person's in file order, whoever's first row comes first being
/// the first; `pairs` are ids that stand together in rows that do not count.
pub(super) fn gather(rows: &mut [PersonRow], pairs: &BTreeSet<Pair>) {
    rows.sort_unstable_by_key(|row| row.line);
    let mut circles = Circles::of(rows.len());
    let mut by_id: HashMap<Print, usize> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        for id in row.ids() {
            let first = *by_id.entry(id).or_insert(place);
            circles.join(first, place);
        }
    }
    for (place, row) in rows.iter().enumerate() {
        for other in row.beside.iter().filter_map(|id| by_id.get(id)) {
            circles.join(*other, place);
        }
    }
    for (one, other) in pairs {
        if let (Some(one), Some(other)) = (by_id.get(one), by_id.get(other)) {
            circles.join(*one, *other);
        }
    }
    for (place, row) in rows.iter_mut().enumerate() {
        row.person = circles.first(place);
    }
    rows.sort_unstable_by_key(|row| (row.person, row.line));
}

/// The people whose rows these are, which were gathered.
pub(super) fn persons(rows: &[PersonRow]) -> impl Iterator<Item = Person<'_>> {
    rows.chunk_by(|one, other| one.person == other.person).map(Person)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn row(line: u64, ids: (u8, Option<u8>), beside: &[u8]) -> PersonRow {
        PersonRow {
            line,
            who: print(ids.0),
            second: ids.1.map(print),
            beside: beside.iter().copied().map(print).collect(),
            what: print(0),
            is_deletion: false,
            erased: None,
            person: 0,
            standing: Standing::Open,
        }
    }

    fn print(id: u8) -> Print {
        Print([id; 16])
    }

    proptest! {
        /// Held against the slow way: whoever has something in common is joined until nothing changes any more.
        #[test]
        fn rows_are_gathered_as_a_naive_model_does(
            said in vec(((0..12_u8, prop::option::of(0..12_u8)), vec(0..12_u8, 0..2)), 0..14),
            pairs in vec((0..12_u8, 0..12_u8), 0..3),
        ) {
            let rows: Vec<PersonRow> =
                said.iter().zip(2..).map(|((ids, beside), line)| row(line, *ids, beside)).collect();
            let pairs: BTreeSet<Pair> = pairs.into_iter().map(|(one, other)| (print(one), print(other))).collect();
            let has = |row: &PersonRow, id: Print| row.ids().any(|own| own == id);
            let knows = |one: &PersonRow, other: &PersonRow| {
                one.ids().chain(one.beside.iter().copied()).any(|id| has(other, id))
                    || other.beside.iter().any(|id| has(one, *id))
                    || pairs.iter().any(|(a, b)| {
                        (has(one, *a) && has(other, *b)) || (has(one, *b) && has(other, *a))
                    })
            };
            let mut circle: Vec<usize> = (0..rows.len()).collect();
            for _ in 0..rows.len() {
                for one in 0..rows.len() {
                    for other in 0..rows.len() {
                        if knows(&rows[one], &rows[other]) {
                            let least = circle[one].min(circle[other]);
                            (circle[one], circle[other]) = (least, least);
                        }
                    }
                }
            }
            let mut expected: Vec<Vec<u64>> = Vec::new();
            for first in 0..rows.len() {
                let lines: Vec<u64> =
                    rows.iter().zip(&circle).filter(|(_, of)| **of == first).map(|(row, _)| row.line).collect();
                expected.extend((!lines.is_empty()).then_some(lines));
            }
            let mut backwards: Vec<PersonRow> = rows.into_iter().rev().collect();
            gather(&mut backwards, &pairs);
            let lines = |Person(rows): Person<'_>| rows.iter().map(|row| row.line).collect::<Vec<_>>();
            prop_assert_eq!(persons(&backwards).map(lines).collect::<Vec<_>>(), expected);
        }
    }
}
