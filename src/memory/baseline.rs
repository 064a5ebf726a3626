//! A file that is taken as sent already, without a call.

use std::{collections::BTreeSet, io};

use super::{
    about::{LastSync, PASS},
    entry::{Entry, State, minute},
    links::Pair,
    persons::{PersonRow, gather, persons},
    sayings::{Saying, Sayings},
    sent::Memory,
    sorting::{RUN, Sorted, Sorter},
    store::Writing,
};
use crate::{
    domain::{Action, Asked, Identity, Known, Moment, Print, Printer, Recall, RowPrint, Standing, Suppressed},
    error::{Error, Exit},
};

/// Entries that are written at once.
const BATCH: u32 = 1 << 18;

/// Takes every row that it is asked about as sent just as it stands.
///
/// What was remembered of others stays, but they are part of the last complete sync no more. Rows of one person are taken
/// together; but where an earlier sync alone says that two rows are about one, nothing is certain of them. Nothing is written
/// before
/// [`Baseline::finish`], and then in the store's order, so that each of its pages is written about once. Broken off, it
/// can be done again.
#[derive(Debug)]
pub struct Baseline<'a> {
    memory: &'a mut Memory,
    now: Moment,
    rows: Sorter,
    ids: Vec<u8>,
    /// Rows that are not the only ones of their persons.
    shared: Vec<PersonRow>,
    /// Ids that stand together in rows that are not sent.
    pairs: BTreeSet<Pair>,
    trouble: Option<Error>,
}

impl Memory {
    /// Begins to take a file as sent. While it lasts, its rows lie in unnamed files in the memory's directory.
    pub fn baseline(&mut self, now: Moment) -> Baseline<'_> {
        self.pass += 1;
        let rows = Sorter::new(self.aside.clone(), RUN);
        let (shared, pairs) = (Vec::new(), BTreeSet::new());
        Baseline { memory: self, now, rows, ids: Vec::new(), shared, pairs, trouble: None }
    }
}

impl Baseline<'_> {
    /// Writes everything, and marks what it was asked about as the last complete sync; `rows` is what
    /// [`Memory::last_rows`] shall say.
    ///
    /// # Errors
    /// [`Exit::Data`] or [`Exit::Io`]; what was written before it is part of no sync.
    pub fn finish(mut self, rows: u64) -> Result<(), Error> {
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        self.put_together().map_err(|error| full(self.memory, &error))?;
        let memory = self.memory;
        let made = Entry {
            content: Print([0; 16]),
            minute: minute(self.now),
            born: memory.pass,
            sync: memory.pass,
            state: State::Sent,
            was_sent: false,
            is_brief: false,
            has_apart: false,
        };
        let sorted = self.rows.sorted().map_err(|error| full(memory, &error))?;
        let mut ledger = Ledger {
            sayings: Sayings::of(sorted),
            // Few rows: whoever is known by other ids than those of the row.
            voids: Sorter::new(memory.aside.clone(), RUN),
            made,
            identities: 0,
        };
        while memory.store.write(|writing| ledger.write(writing))? {}
        let mut voids = ledger.voids.sorted().map_err(|error| full(memory, &error))?;
        while memory.store.write(|writing| void(&mut voids, writing))? {}
        let last = LastSync { rows, identities: ledger.identities, at: self.now };
        memory.complete_anew(made.sync, last)
    }

    /// What people with several rows say.
    fn put_together(&mut self) -> io::Result<()> {
        gather(&mut self.shared, &self.pairs);
        for person in persons(&self.shared).filter(|person| !person.is_one_row()) {
            let content = person.content(&self.memory.printer);
            for who in person.ends() {
                Saying::Together { content }.put(who, &mut self.rows)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, asked: Asked<'_>) -> Result<(), Error> {
        let Asked { identity, action, print: RowPrint { who, what }, .. } = asked;
        self.ids.clear();
        self.memory.kinds.encode(identity, &mut self.ids);
        let is_deletion = action == Action::Delete;
        let own = Saying::Own { what, is_deletion, ids: &self.ids };
        own.put(who, &mut self.rows).map_err(|error| full(self.memory, &error))?;
        let pair = self.pair(identity)?;
        if asked.is_shared {
            let second = pair.map(|(_, second)| second);
            let (line, beside, person, standing) = (asked.line, Box::default(), 0, Standing::Open);
            let erased = None;
            self.shared.push(PersonRow { line, who, second, beside, what, is_deletion, erased, person, standing });
        }
        Ok(())
    }

    /// Its two ids stand together.
    fn pair(&mut self, identity: &Identity) -> Result<Option<Pair>, Error> {
        let Some(second) = identity.fallback() else { return Ok(None) };
        let [who, second] = [identity.primary(), second].map(|id| self.memory.printer.who(id));
        Saying::Beside { other: second }
            .put(who, &mut self.rows)
            .and_then(|()| Saying::Beside { other: who }.put(second, &mut self.rows))
            .map_err(|error| full(self.memory, &error))?;
        Ok(Some((who, second)))
    }
}

impl Recall for Baseline<'_> {
    fn printer(&self) -> &Printer {
        &self.memory.printer
    }

    fn mention(&mut self, identity: &Identity) {
        self.supersede(identity);
    }

    fn suppress(&mut self, identity: &Identity, _list: Option<&Suppressed>) {
        self.supersede(identity);
    }

    fn supersede(&mut self, identity: &Identity) {
        if self.trouble.is_none() {
            match self.pair(identity) {
                Ok(pair) => self.pairs.extend(pair),
                Err(error) => self.trouble = Some(error),
            }
        }
    }

    fn answer(&mut self, asked: Asked<'_>) -> Option<Known> {
        if self.trouble.is_none() {
            self.trouble = self.take(asked).err();
        }
        Some(Known::Same)
    }
}

/// What is written, in order.
struct Ledger {
    sayings: Sayings,
    /// Whoever is touched by a row that does not name this id.
    voids: Sorter,
    made: Entry,
    identities: u64,
}

impl Ledger {
    /// Writes some more of it; false when there is nothing left.
    fn write(&mut self, writing: &mut Writing<'_>) -> Result<bool, redb::Error> {
        writing.state(PASS, &self.made.born.to_le_bytes())?;
        for _ in 0..BATCH {
            let Some(id) = self.sayings.next()? else { return Ok(false) };
            self.write_links(id, writing)?;
            self.write_entry(id, writing)?;
        }
        Ok(true)
    }

    /// Whoever else the rows of this id touch is void, now that it is known who that is.
    fn write_links(&mut self, id: Print, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
        let said = self.sayings.said();
        let known = writing.links(id)?;
        if !said.has_beside() && known.is_empty() {
            return Ok(());
        }
        for other in said.touched(&known) {
            self.voids.take(other, &[])?;
        }
        if said.has_beside() { writing.put_links(id, &said.links(&known)) } else { Ok(()) }
    }

    fn write_entry(&mut self, id: Print, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
        let said = self.sayings.said();
        let Some((content, is_deletion, ids)) = said.own() else { return void_one(id, writing) };
        let state = if is_deletion { State::Deleted } else { State::Sent };
        writing.put(id, &Entry { content, state, ..self.made })?;
        if is_deletion {
            writing.take_ids(id)
        } else {
            self.identities += 1;
            writing.put_ids(id, ids)
        }
    }
}

/// Voids some more entries; false when there are none left.
fn void(ids: &mut Sorted, writing: &mut Writing<'_>) -> Result<bool, redb::Error> {
    for _ in 0..BATCH {
        let Some((id, _)) = ids.next()? else { return Ok(false) };
        void_one(id, writing)?;
    }
    Ok(true)
}

fn void_one(id: Print, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
    let old = writing.entry(id)?;
    old.map_or(Ok(()), |old| writing.put(id, &old.void()).map(drop))
}

fn full(memory: &Memory, error: &io::Error) -> Error {
    Error::new(Exit::Io, format!("rows cannot be set aside in {}: {error}", memory.store.name()))
        .hint("make room for about 100 bytes a row, then run the same command again")
}
