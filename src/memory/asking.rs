//! What a sync asks about its rows, and what it is told.
//!
//! Promises: a row is `Same` only if the API was sent just that, and nothing else of its person since. Where a person has
//! several rows, all of them are known or none is, so that they are sent again together, in their order. Who must not come
//! back is told in [`super::erased`]. It does not know how rows are read.

use std::collections::BTreeSet;

use super::{
    links::Touched,
    persons::{Person, PersonRow, gather, persons},
    recollection::{Places, Recollection},
};
use crate::{
    domain::{
        Action, Asked, Conclusion, Identity, Known, Print, Printer, Recall, RowPrint, Standing, Suppressed, Told,
    },
    error::Error,
};

impl Recall for Recollection {
    fn printer(&self) -> &Printer {
        &self.printer
    }

    fn expect(&self, rows: &mut dyn Iterator<Item = RowPrint>) {
        self.fetch(&mut rows.map(|row| row.who));
    }

    fn mention(&mut self, identity: &Identity) {
        match self.touched_by(identity).and_then(|touched| self.places_of(&touched)) {
            // By that id nobody was met before: he who is known by another one is part of the sync still.
            Ok(Places { who: None, others }) => others.into_iter().for_each(|at| self.met.set(at)),
            Ok(places) => self.meet(&places),
            Err(error) => self.trouble = Some(error),
        }
        self.supersede(identity);
    }

    fn supersede(&mut self, identity: &Identity) {
        if identity.fallback().is_some()
            && let Err(error) = self.pair(identity)
        {
            self.trouble = Some(error);
        }
    }

    fn suppress(&mut self, identity: &Identity, list: Option<&Suppressed>) {
        match self.touched_by(identity) {
            Ok(touched) => {
                self.note_listed(identity, list, &touched);
                self.erased.extend(touched.all());
            }
            Err(error) => self.trouble = Some(error),
        }
        self.supersede(identity);
    }

    fn answer(&mut self, asked: Asked<'_>) -> Option<Known> {
        let RowPrint { who, what } = asked.print;
        if let Some(at) = self.find(who, what).filter(|_| !asked.is_shared) {
            self.known.set(at);
            return Some(self.known_at(at));
        }
        self.hold(asked).unwrap_or_else(|error| {
            self.trouble = Some(error);
            Some(Known::Changed)
        })
    }

    fn conclude(&mut self) -> Conclusion {
        let mut rows = std::mem::take(&mut self.held);
        match self.want_the_others(&rows) {
            Ok(false) => {}
            Ok(true) => {
                self.held = rows;
                return Conclusion::AskAgain;
            }
            Err(error) => self.trouble = Some(error),
        }
        gather(&mut rows, &self.pairs);
        let told = self.part_with_erased(&mut rows).and_then(|()| self.changed(&rows));
        let (changed, overturned) = told.unwrap_or_else(|error| {
            self.trouble = Some(error);
            (vec![true; rows.len()], false)
        });
        if overturned {
            self.held = rows;
            return Conclusion::AskAgain;
        }
        let erased = std::mem::take(&mut self.erased_rows).into_iter();
        let mut told: Vec<Told> = erased.map(|line| Told { line, known: Known::Erased, person: None }).collect();
        for (person, is_changed) in persons(&rows).zip(changed) {
            self.tell(person, is_changed, &mut told);
            if is_changed && !person.is_one_row() {
                self.keep_apart(person);
                self.several.extend_from_slice(person.0);
            }
        }
        told.sort_unstable_by_key(|told| told.line);
        Conclusion::Told(told)
    }

    fn settled(&mut self, identity: &Identity) {
        let known = self.store.read().and_then(|reading| reading.entry(self.printer.who(identity.primary())));
        match known {
            Ok(Some(entry)) if entry.is_ours() => {}
            Ok(_) => self.unheard.push(identity.clone()),
            Err(error) => self.trouble = Some(error),
        }
    }
}

impl Recollection {
    fn touched_by(&self, identity: &Identity) -> Result<Touched, Error> {
        Touched::by(identity, &self.printer, &self.store.read()?)
    }

    /// Somebody stands in the input, by whichever id.
    fn meet(&mut self, places: &Places) {
        places.who.into_iter().for_each(|at| self.met.set(at));
        places.all().for_each(|at| self.touched.set(at));
    }

    /// The ids of a row that is not sent: what was sent by either of them counts no more where they are new to each other.
    fn pair(&mut self, identity: &Identity) -> Result<(), Error> {
        let touched = self.touched_by(identity)?;
        let Some(pair) = touched.new_pair() else { return Ok(()) };
        self.pairs.insert(pair);
        self.places_of(&touched)?.all().for_each(|at| self.forget(at));
        Ok(())
    }

    /// A row that says something new, or is not the only one of its person as far as can be told; the latter waits.
    fn hold(&mut self, asked: Asked<'_>) -> Result<Option<Known>, Error> {
        let RowPrint { who, what } = asked.print;
        let (second, beside) = if asked.is_shared && !self.has_links {
            (asked.identity.fallback().map(|id| self.printer.who(id)), Box::default())
        } else {
            let touched = self.touched_by(asked.identity)?;
            if asked.action == Action::Delete {
                self.note_listed(asked.identity, asked.suppressed, &touched);
            }
            if !asked.is_shared && self.is_alone(&touched)? && !self.would_come_back(&asked, &touched)? {
                let places = self.places_of(&touched)?;
                self.meet(&places);
                places.who.into_iter().for_each(|at| self.alone.set(at));
                places.all().for_each(|at| self.forget(at));
                return Ok(Some(Known::Changed));
            }
            (touched.second, touched.beside.into())
        };
        let (line, is_deletion, standing) = (asked.line, asked.action == Action::Delete, asked.standing);
        let mut row = PersonRow { line, who, second, beside, what, is_deletion, erased: None, person: 0, standing };
        row.erased = match asked.suppressed {
            Some(suppressed) if !is_deletion => self.find_erased(asked.identity, row.touched(), suppressed)?,
            Some(_) | None => None,
        };
        self.held.push(row);
        Ok(None)
    }

    /// Whether a row need not wait for the others of its person, as far as is known yet: such rows are most. Either its ids
    /// never stood beside others; or he is remembered by its first id, and by none of the others. A row by one of these finds
    /// him, and then [`Recollection::want_the_others`].
    fn is_alone(&self, touched: &Touched) -> Result<bool, Error> {
        if touched.own().any(|id| self.wanted.contains(&id)) {
            return Ok(false);
        }
        if touched.beside.is_empty() {
            return Ok(true);
        }
        if self.look_up(touched.who)?.is_none() {
            return Ok(false);
        }
        for id in &touched.beside {
            if self.look_up(*id)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Rows that seemed to be the only ones of their people, and are not: whether any is to be asked about again.
    fn want_the_others(&mut self, rows: &[PersonRow]) -> Result<bool, Error> {
        let held: BTreeSet<Print> = rows.iter().flat_map(PersonRow::ids).collect();
        let mut is_new = false;
        let others = rows.iter().flat_map(|row| row.beside.iter()).chain(&self.erased);
        for id in others.filter(|id| !held.contains(*id)) {
            let was_alone = self.look_up(*id)?.is_some_and(|at| self.alone.has(at));
            is_new |= was_alone && self.wanted.insert(*id);
        }
        Ok(is_new)
    }

    /// Which people say something new; and whether a row that was found known is of one of these, so that it is to be asked
    /// about again: nothing is known of it any more.
    fn changed(&mut self, rows: &[PersonRow]) -> Result<(Vec<bool>, bool), Error> {
        let mut changed = vec![false; persons(rows).count()];
        let mut overturned = false;
        loop {
            let mut is_settled = true;
            for (person, is_changed) in persons(rows).zip(&mut changed).filter(|(_, is_changed)| !**is_changed) {
                if self.knows_person(person) {
                    continue;
                }
                (*is_changed, is_settled) = (true, false);
                overturned |= self.overturn(person)?;
            }
            if is_settled {
                return Ok((changed, overturned));
            }
        }
    }

    /// Nothing is known any more of whoever is touched by a person's rows; whether one was found known.
    fn overturn(&mut self, person: Person<'_>) -> Result<bool, Error> {
        let mut overturned = false;
        for row in person.0 {
            for id in row.touched() {
                let Some(at) = self.look_up(id)? else { continue };
                self.touched.set(at);
                self.forget(at);
                let was_known = self.known.take(at);
                overturned |= was_known;
                if was_known || id == row.who {
                    self.met.set(at);
                }
            }
        }
        Ok(overturned)
    }

    /// Whether all that a person's rows say is what was sent last, by each id.
    fn knows_person(&self, person: Person<'_>) -> bool {
        let content = person.content(&self.printer);
        person.ends().into_iter().all(|who| self.find(who, content).is_some())
    }

    fn tell(&mut self, person: Person<'_>, is_changed: bool, told: &mut Vec<Told>) {
        let content = person.content(&self.printer);
        let ends = if is_changed { BTreeSet::new() } else { person.ends() };
        for who in ends {
            // By their ends all of them were said the same: what was said does not tell the places apart.
            match self.look_up(who) {
                Ok(at) => at.into_iter().for_each(|at| self.known.set(at)),
                Err(error) => self.trouble = Some(error),
            }
        }
        let number = person.0.first().filter(|_| !person.is_one_row()).map(|row| row.line);
        for (place, row) in person.0.iter().enumerate() {
            let known = if is_changed {
                Known::Changed
            } else if person.is_one_row() {
                self.find(row.who, content).map_or(Known::Changed, |at| self.known_at(at))
            } else {
                self.known_among(content, place)
            };
            told.push(Told { line: row.line, known, person: number });
        }
    }

    /// Of whom an earlier try settled every row, what it remembered stays; it may not be believed before the sync is complete.
    fn keep_apart(&mut self, person: Person<'_>) {
        if person.0.iter().any(|row| row.standing == Standing::Open) {
            return;
        }
        let content = person.content(&self.printer);
        for place in 0..person.0.len() {
            match self.look_up(self.printer.among(content, place)) {
                Ok(at) => at.into_iter().for_each(|at| self.met.set(at)),
                Err(error) => self.trouble = Some(error),
            }
        }
    }

    /// One row of several that are known.
    fn known_among(&mut self, content: Print, place: usize) -> Known {
        let print = self.printer.among(content, place);
        match self.find(print, print) {
            Some(at) => {
                self.met.set(at);
                self.known_at(at)
            }
            None => Known::Same,
        }
    }
}
