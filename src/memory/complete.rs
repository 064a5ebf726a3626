//! The end of a complete sync: who is in it no longer, and who is part of it.
//!
//! Promises: nobody leaves who was there before the memory's syncs and was part of no complete one. It does not know what
//! becomes of those who leave.

use std::ops::Bound;

use super::{
    about::{LAST, LastSync, PASS, RUN, SYNC},
    entry::{Entry, State, minute},
    links::Touched,
    recollection::Recollection,
    sent::Memory,
    store::Writing,
};
use crate::{
    domain::{Id, Identity, Moment, Print},
    error::{Error, Exit},
};

/// Changes that are written at once: they are held in RAM till then.
const BATCH: usize = 1 << 18;

/// Who was part of the last complete sync, or was created by one since, and was not met by this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leavers {
    /// These.
    Known(Vec<Leaver>),
    /// More than were allowed: so many.
    TooMany(u64),
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// Its print, by which they are ordered.
    pub print: Print,
    /// Its ids.
    pub identity: Identity,
    /// These, and those that answers told besides.
    pub names: Vec<Id>,
}

/// A walk over the entries, each with its place in a recollection.
struct Walk<'a> {
    recollection: &'a Recollection,
    place: usize,
}

impl<'a> Walk<'a> {
    const fn of(recollection: &'a Recollection) -> Self {
        Self { recollection, place: 0 }
    }

    /// Whether the next entry was met, or came to be since.
    fn met(&mut self, entry: &Entry) -> bool {
        if !self.recollection.knows(entry) {
            return true;
        }
        self.place += 1;
        self.recollection.has_met(self.place - 1) || self.recollection.was_written_since(entry)
    }
}

impl Memory {
    /// Who was part of the last complete sync, or was created by one that broke off since, and was not met in this one;
    /// as long as they are not more than `most` says of the number of all such people, met or not. Whoever was met by another
    /// id has not left, as far as the two ids ever stood together.
    ///
    /// Every row of the input must have been asked about: a row that could not be read, or that an earlier try settled
    /// and nobody asked about, would make its identity a leaver.
    ///
    /// # Errors
    /// [`Exit::Data`] or [`Exit::Io`] when the store cannot be read; [`Exit::Config`] when one has an id of a kind that
    /// the API's description does not name any more.
    pub fn leavers(&self, recollection: &Recollection, most: impl FnOnce(u64) -> u64) -> Result<Leavers, Error> {
        recollection.check()?;
        let (mut members, mut count) = (0, 0);
        self.scan_members(recollection, |_, met| {
            members += 1;
            count += u64::from(!met);
        })?;
        if count > most(members) {
            return Ok(Leavers::TooMany(count));
        }
        let mut prints = Vec::new();
        if count > 0 {
            self.scan_members(recollection, |who, met| prints.extend((!met).then_some(who)))?;
        }
        let reading = self.store.read()?;
        let mut leavers = Vec::with_capacity(prints.len());
        for print in prints {
            let Some(ids) = reading.ids(print)? else { continue };
            let leaver = self.leaver(print, &ids)?;
            if self.has_left(recollection, &leaver)? {
                leavers.push(leaver);
            }
        }
        Ok(Leavers::Known(leavers))
    }

    /// Who of these has left still, now that answers have told more about who is who.
    ///
    /// # Errors
    /// [`Exit::Data`] or [`Exit::Io`] when the store cannot be read.
    pub fn still_left(&self, recollection: &Recollection, leavers: &[Leaver]) -> Result<Vec<Leaver>, Error> {
        let mut left = Vec::new();
        for leaver in leavers {
            if self.has_left(recollection, leaver)? {
                left.push(leaver.clone());
            }
        }
        Ok(left)
    }

    /// Shows whoever may have to leave some day, and whether he was met.
    fn scan_members(&self, recollection: &Recollection, mut each: impl FnMut(Print, bool)) -> Result<(), Error> {
        let mut walk = Walk::of(recollection);
        self.store.read()?.scan(Bound::Unbounded, |who, entry| {
            let met = walk.met(&entry);
            if entry.sync == self.sync && entry.is_ours() {
                each(who, met);
            }
            Ok(true)
        })
    }

    /// Some who were sent something, and so should be there: by them it shows whether a key is of the memory's app.
    ///
    /// # Errors
    /// [`Exit::Data`] or [`Exit::Io`] when the store cannot be read.
    pub fn witnesses(&self, most: usize) -> Result<Vec<Identity>, Error> {
        let reading = self.store.read()?;
        let mut witnesses = Vec::new();
        reading.scan(Bound::Unbounded, |who, entry| {
            if entry.state == State::Sent {
                witnesses.extend(reading.ids(who)?.and_then(|ids| self.kinds.decode(&ids)));
            }
            Ok(witnesses.len() < most)
        })?;
        Ok(witnesses)
    }

    /// Somebody may have been known by one id, and stand in this input with another: deleting by the one would delete them.
    fn has_left(&self, recollection: &Recollection, leaver: &Leaver) -> Result<bool, Error> {
        let touched = Touched::by(&leaver.identity, &self.printer, &self.store.read()?)?;
        for id in touched.all() {
            if recollection.has_met_by_any_id(id)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn leaver(&self, print: Print, ids: &[u8]) -> Result<Leaver, Error> {
        let identity = self.kinds.decode(ids).ok_or_else(|| {
            let name = self.store.name();
            Error::new(Exit::Config, format!("the memory in {name} has ids that the API's description does not name"))
                .hint("sync with the description that it was made with, or without --prune")
        })?;
        Ok(Leaver { print, identity, names: self.kinds.decode_all(ids).collect() })
    }

    /// Marks this sync as complete: whoever it met is part of it, nobody else is. Writes only what that changes.
    /// `rows` is what [`Memory::last_rows`] shall say from now on. Broken off, it can be called again.
    ///
    /// # Errors
    /// [`Exit::Data`] or [`Exit::Io`].
    pub fn complete(&mut self, recollection: &Recollection, rows: u64, now: Moment) -> Result<(), Error> {
        recollection.check()?;
        if let Some(identities) = recollection.everybody_as_before() {
            return self.end(&[], LastSync { rows, identities, at: now });
        }
        let mut identities = 0;
        let changes = self.sweep(recollection, |entry, met| {
            let becomes = entry.after(self.sync, met, minute(now));
            identities += u64::from(met && becomes.is_some_and(|entry| entry.is_ours()));
            becomes
        })?;
        self.end(&changes, LastSync { rows, identities, at: now })
    }

    /// This sync came to its end, and is not complete: it took a part of the input, or somebody is here still whom it should
    /// delete. What waited for its end is certain now of whomever it met, and nobody leaves.
    ///
    /// # Errors
    /// As [`Memory::complete`].
    pub fn settle(&self, recollection: &Recollection, now: Moment) -> Result<(), Error> {
        recollection.check()?;
        let changes =
            self.sweep(recollection, |entry, met| Some(if met { entry.settled(minute(now)) } else { entry }))?;
        self.apply(&changes, None)
    }

    /// What each entry becomes, by whether it was met; gives the last changes, which are not made yet.
    fn sweep(
        &self,
        recollection: &Recollection,
        mut becomes: impl FnMut(Entry, bool) -> Option<Entry>,
    ) -> Result<Vec<(Print, Option<Entry>)>, Error> {
        let mut walk = Walk::of(recollection);
        let mut from = Bound::Unbounded;
        loop {
            let mut changes = Vec::new();
            self.store.read()?.scan(from, |who, entry| {
                let becomes = becomes(entry, walk.met(&entry));
                if becomes != Some(entry) {
                    changes.push((who, becomes));
                }
                from = Bound::Excluded(who);
                Ok(changes.len() < BATCH)
            })?;
            if changes.len() < BATCH {
                return Ok(changes);
            }
            self.apply(&changes, None)?;
        }
    }

    fn end(&mut self, changes: &[(Print, Option<Entry>)], last: LastSync) -> Result<(), Error> {
        self.apply(changes, Some(&last))?;
        (self.last, self.run) = (Some(last), None);
        Ok(())
    }

    fn apply(&self, changes: &[(Print, Option<Entry>)], last: Option<&LastSync>) -> Result<(), Error> {
        self.store.write(|writing| {
            for (who, entry) in changes {
                match entry {
                    Some(entry) => {
                        let old = writing.put(*who, entry)?;
                        if old.is_some_and(|old| old.state.may_exist()) && !entry.state.may_exist() {
                            writing.take_ids(*who)?;
                        }
                    }
                    None => writing.take(*who)?,
                }
            }
            last.map_or(Ok(()), |last| end(writing, last))
        })
    }

    /// Marks the sync of this pass as the last complete one, in place of any other.
    pub(super) fn complete_anew(&mut self, pass: u32, last: LastSync) -> Result<(), Error> {
        self.store.write(|writing| {
            writing.state(PASS, &pass.to_le_bytes())?;
            writing.state(SYNC, &pass.to_le_bytes())?;
            end(writing, &last)
        })?;
        self.sync = pass;
        (self.last, self.run) = (Some(last), None);
        Ok(())
    }
}

/// No run is awaited any more.
fn end(writing: &mut Writing<'_>, last: &LastSync) -> Result<(), redb::Error> {
    writing.state(RUN, &[])?;
    writing.state(LAST, &last.encode())
}
