//! People of whom several rows are sent: what they were sent is remembered when the last of the rows has come, as one.
//!
//! Promises: of such a person nothing is certain before every row is well, or known to be refused; what an earlier try
//! settled counts only as long as nobody else worked with the memory since. It writes nothing.

use std::collections::{BTreeMap, HashMap};

use super::{
    entry::State,
    persons::{PersonRow, persons},
};
use crate::domain::{Print, Printer, Standing};

/// They, and which of their rows have come.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    persons: Vec<Pending>,
    /// By the line of a row, whose it is, and which of his.
    rows: HashMap<u64, (u32, u32)>,
}

#[derive(Debug)]
struct Pending {
    content: Print,
    rows: Vec<Part>,
    /// How many have not come yet.
    missing: usize,
}

#[derive(Debug)]
struct Part {
    who: Print,
    came: Came,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    NotYet,
    /// In an earlier try.
    Before(State),
    Now(State),
}

/// What is to be remembered of a person all of whose rows came, and are certain.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    /// The print of all that the rows say.
    pub(super) content: Print,
    /// What is true by each id that a row begins with.
    pub(super) ends: BTreeMap<Print, State>,
    /// Places of the rows that ended otherwise than well, and how that is remembered.
    pub(super) apart: Vec<(usize, State)>,
    /// Some row may end otherwise tomorrow, without anything of ours.
    pub(super) is_brief: bool,
    /// He was deleted, and the API took nothing of ours since.
    pub(super) was_deleted: bool,
}

impl Awaited {
    /// Of gathered rows, those who have more than one.
    pub(super) fn of(rows: &[PersonRow], printer: &Printer) -> Self {
        let mut awaited = Self::default();
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        for person in persons(rows).filter(|person| !person.is_one_row()) {
            let mut rows = Vec::with_capacity(person.0.len());
            let first_open = person.0.iter().position(|row| row.standing == Standing::Open).unwrap_or(usize::MAX);
            for (place, row) in person.0.iter().enumerate() {
                let came = match learned_before(row) {
                    None => Came::NotYet,
                    // It has come before one that stands before it: nobody knew then that they are of one person.
                    Some(_) if place > first_open => Came::Before(State::Open),
                    Some(state) => Came::Before(state),
                };
                if came == Came::NotYet {
                    awaited.rows.insert(row.line, (number(awaited.persons.len()), number(place)));
                }
                rows.push(Part { who: row.who, came });
            }
            let missing = rows.iter().filter(|row| row.came == Came::NotYet).count();
            awaited.persons.push(Pending { content: person.content(printer), rows, missing });
        }
        awaited
    }

    /// Somebody else worked with the memory since: who knows what he sent.
    pub(super) fn distrust_earlier_tries(&mut self) {
        for part in self.persons.iter_mut().flat_map(|person| &mut person.rows) {
            if let Came::Before(state) = &mut part.came {
                *state = State::Open;
            }
        }
    }

    /// Whether a row is one of several of its person.
    pub(super) fn has(&self, line: u64) -> bool {
        self.rows.contains_key(&line)
    }

    /// A row has come, after which this is true by itself. What is to be remembered now.
    pub(super) fn come(&mut self, line: u64, state: State) -> Option<Whole> {
        let (person, place) = *self.rows.get(&line)?;
        let pending = self.persons.get_mut(person as usize)?;
        let part = pending.rows.get_mut(place as usize)?;
        pending.missing -= usize::from(part.came == Came::NotYet);
        part.came = Came::Now(state);
        if pending.missing == 0 { pending.whole() } else { None }
    }
}

/// What an earlier try of the run was told of a row; `None` where nothing was.
const fn learned_before(row: &PersonRow) -> Option<State> {
    match (row.standing, row.is_deletion) {
        (Standing::Open, _) => None,
        (Standing::Well, true) => Some(State::Deleted),
        (Standing::Well, false) => Some(State::Sent),
        (Standing::NotThere, true) => Some(State::Absent),
        (Standing::NotThere, false) => Some(State::Missing),
        (Standing::Refused, _) => Some(State::Refused),
        (Standing::Taken, _) => Some(State::Taken),
    }
}

impl Pending {
    fn whole(&self) -> Option<Whole> {
        let (ends, apart) = (BTreeMap::new(), Vec::new());
        let mut whole = Whole { content: self.content, ends, apart, is_brief: false, was_deleted: false };
        for (place, Part { who, came }) in self.rows.iter().enumerate() {
            let (Came::Before(state) | Came::Now(state)) = *came else { return None };
            if !state.is_certain() {
                return None;
            }
            whole.apart.extend(state.among().map(|state| (place, state)));
            whole.is_brief |= state.is_brief();
            whole.was_deleted = state.is_gone() || (whole.was_deleted && state != State::Sent);
            // Whoever is deleted by one id is there by no other one either: he is no leaver, nor a witness.
            if state.is_gone() {
                for end in whole.ends.values_mut() {
                    *end = state;
                }
            }
            whole.ends.insert(*who, state);
        }
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    const A: Print = Print([1; 16]);
    const B: Print = Print([2; 16]);

    fn row(line: u64, who: Print, is_deletion: bool, standing: Standing) -> PersonRow {
        let (second, beside) = (None, Box::default());
        PersonRow { line, who, second, beside, what: Print([9; 16]), is_deletion, erased: None, person: 0, standing }
    }

    fn awaited(rows: &[PersonRow]) -> Awaited {
        Awaited::of(rows, &Printer::new(b"key", ["id"]))
    }

    #[test]
    fn all_rows_must_have_come_and_each_must_be_certain() {
        let rows = [row(2, A, false, Standing::Open), row(3, B, false, Standing::Open)];
        let mut people = awaited(&rows);
        assert_eq!(people.come(3, State::Sent), None);
        let whole = people.come(2, State::Refused).expect("both came");
        assert_eq!(whole.ends, BTreeMap::from([(A, State::Refused), (B, State::Sent)]));
        assert_eq!(whole.apart, [(0, State::Among)]);
        for uncertain in [State::Open, State::Gone] {
            let mut people = awaited(&rows);
            assert_eq!([people.come(2, uncertain), people.come(3, State::Sent)], [None, None]);
            assert!(people.come(2, State::Sent).is_some(), "it was tried again");
        }
        assert_eq!(people.come(7, State::Sent), None, "nobody awaits it");
    }

    #[test]
    fn the_last_row_of_an_id_says_how_it_is_remembered() {
        let rows = [(2, A, false), (3, A, true), (4, B, false)];
        let mut people = awaited(&rows.map(|(line, who, goes)| row(line, who, goes, Standing::Open)));
        people.come(2, State::Sent);
        people.come(3, State::Deleted);
        let whole = people.come(4, State::Sent).expect("all came");
        assert_eq!(whole.ends, BTreeMap::from([(A, State::Deleted), (B, State::Sent)]));
    }

    /// Of two rows whose ids were told together only when the second one had been answered, the first one was sent last; once
    /// both were remembered as if they had been sent in their order, and the profile stayed as the first one says.
    #[test]
    fn what_came_before_its_turn_is_not_certain() {
        let rows = [row(2, A, false, Standing::Open), row(3, B, false, Standing::Well)];
        assert_eq!(awaited(&rows).come(2, State::Sent), None);
        let rows = [row(2, A, false, Standing::Well), row(3, B, false, Standing::Open)];
        assert!(awaited(&rows).come(3, State::Sent).is_some());
    }

    /// Whose deletion went by another id was once remembered as sent by the first one: a pruning deleted him, who had come back
    /// meanwhile, and a night was stopped since he was not there.
    #[test]
    fn whoever_was_deleted_is_there_by_none_of_his_ids() {
        let rows = [row(2, A, false, Standing::Open), row(3, B, true, Standing::Open)];
        for gone in [State::Deleted, State::Absent] {
            let mut people = awaited(&rows);
            people.come(2, State::Sent);
            let whole = people.come(3, gone).expect("all came");
            assert_eq!(whole.ends, BTreeMap::from([(A, gone), (B, gone)]));
        }
    }

    #[test]
    fn what_an_earlier_try_settled_counts_while_nobody_else_came_between() {
        let rows = |standing| [row(2, A, true, standing), row(3, B, false, Standing::Open)];
        for (standing, state) in
            [(Standing::Well, State::Deleted), (Standing::NotThere, State::Absent), (Standing::Refused, State::Refused)]
        {
            let whole = awaited(&rows(standing)).come(3, State::Sent).expect("the first one came before");
            assert_eq!(whole.ends, BTreeMap::from([(A, state), (B, State::Sent)]));
        }
        for (standing, state) in [(Standing::NotThere, State::MissingAmong), (Standing::Taken, State::TakenAmong)] {
            let rows = [row(2, A, false, standing), row(3, B, false, Standing::Open)];
            let whole = awaited(&rows).come(3, State::Sent).expect("the first one came before");
            assert_eq!((whole.apart, whole.is_brief), (vec![(0, state)], true));
        }
        let mut people = awaited(&rows(Standing::Well));
        people.distrust_earlier_tries();
        assert_eq!(people.come(3, State::Sent), None);
        let mut people = awaited(&[row(2, A, false, Standing::Open), row(3, B, false, Standing::Open)]);
        people.distrust_earlier_tries();
        people.come(2, State::Sent);
        assert!(people.come(3, State::Sent).is_some(), "no earlier try is trusted for it");
    }
}
