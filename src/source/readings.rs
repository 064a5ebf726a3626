//! A pass over all our rows, in piles: what reads and checks them does not know who looks at them, nor on which thread.
//!
//! Promises: each of our rows comes once, in file order; memory is bounded by the piles and one record. What has been
//! looked at goes back to be filled again, so that whoever made a row also drops it.

use std::io::Read;

use super::{
    columns::Reading,
    decode::Drained,
    open::{Opened, open},
    options::Options,
    share::{Place, Share},
    suspects::{Prints, Wholes},
};
use crate::{
    domain::{Beginning, Layout, LineSet, Printer, RowPrint, Schema},
    error::Error,
};

/// Rows of one pile: few enough to stay in the cache of a processor, and enough that handing them over costs nothing.
const ROWS: usize = 512;
/// A pile is full as soon as it has so many bytes of input, whatever the rows.
const BYTES: usize = 256 * 1024;

/// Some of our rows.
#[derive(Default)]
pub struct Pile {
    pub(super) entries: Vec<Entry>,
    /// Where the first one begins, if that is known.
    pub(super) from: Option<Beginning>,
    /// No record from there on to the last one is another's.
    pub(super) is_whole: bool,
}

/// One of them.
pub(super) struct Entry {
    pub(super) line: u64,
    pub(super) reading: Reading,
    /// Of its ids, for [`super::suspects`].
    pub(super) wholes: Option<Wholes>,
    /// Of one that can be sent.
    pub(super) print: Option<RowPrint>,
}

impl std::fmt::Debug for Pile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pile({})", self.entries.len())
    }
}

/// Hashes what has been read: the dearest part of a pass, and one that needs nothing but the rows.
#[derive(Debug, Default)]
pub struct Hashing {
    pub(super) prints: Option<Prints>,
    pub(super) printer: Option<Printer>,
}

impl Hashing {
    /// Hashes the rows of a pile, as far as anybody asks for that.
    pub fn work(&self, pile: &mut Pile) {
        for Entry { reading, wholes, print, .. } in &mut pile.entries {
            let Some(identity) = reading.identity() else { continue };
            *wholes = self.prints.as_ref().map(|prints| prints.wholes(identity));
            let printer = self.printer.as_ref().filter(|_| reading.is_well());
            *print = printer.map(|printer| printer.row(identity, reading.action, &reading.fields));
        }
    }
}

/// Takes piles from where they are read through the hashing to where they are looked at, in order: in turn
/// ([`Readings::in_turn`]), or each on a thread of its own.
pub type Carry<R> = fn(&mut Readings<R>, &Hashing, &mut dyn FnMut(&Pile)) -> Result<(), Error>;

/// The rows of an input, read and checked.
pub struct Readings<R: Read> {
    opened: Opened<R>,
    share: Share,
    /// Whether only the ids are read.
    glancing: bool,
    /// The only lines that are read; `None`: all.
    only: Option<LineSet>,
}

impl<R: Read> std::fmt::Debug for Readings<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readings")
    }
}

impl<R: Read> Readings<R> {
    pub(super) fn open(input: R, name: &str, options: &Options) -> Result<Self, Error> {
        Ok(Self { opened: open(input, name, options)?, share: Share::of(options), glancing: false, only: None })
    }

    /// Of each row nothing but whom it is about, if `glancing`.
    pub(super) fn glancing(self, glancing: bool) -> Self {
        Self { glancing, ..self }
    }

    /// The rows on these lines alone.
    pub(super) fn only(self, lines: LineSet) -> Self {
        Self { only: Some(lines), ..self }
    }

    /// Clears a pile and fills it; false at the end, with nothing in it.
    ///
    /// # Errors
    /// [`Exit::Data`](crate::error::Exit::Data) when the input cannot be read on.
    pub fn next(&mut self, pile: &mut Pile) -> Result<bool, Error> {
        pile.entries.clear();
        (pile.from, pile.is_whole) = (self.opened.records.beginning()?, true);
        let mut bytes = 0;
        while pile.entries.len() < ROWS && bytes < BYTES && !self.share.is_over() {
            let Some(record) = self.opened.records.next()? else { break };
            if self.share.count() == Place::Before {
                pile.is_whole = false;
                continue;
            }
            bytes += record.raw.len();
            if self.only.as_ref().is_some_and(|only| !only.contains(record.line)) {
                continue;
            }
            let columns = &self.opened.columns;
            let reading =
                if self.glancing { columns.glance(&record, &self.share) } else { columns.read(&record, &self.share) };
            pile.is_whole &= reading.is_some();
            pile.entries.extend(reading.map(|reading| Entry { line: record.line, reading, wholes: None, print: None }));
        }
        // Other shards' rows fill no pile.
        Ok(bytes > 0)
    }

    /// Reads a pile, has it hashed and looked at, and so on to the end.
    ///
    /// # Errors
    /// As for [`Readings::next`].
    pub fn in_turn(&mut self, hashing: &Hashing, take: &mut dyn FnMut(&Pile)) -> Result<(), Error> {
        let mut pile = Pile::default();
        while self.next(&mut pile)? {
            hashing.work(&mut pile);
            take(&pile);
        }
        Ok(())
    }

    /// Whether a row may have two ids.
    pub(super) const fn may_name_two(&self) -> bool {
        self.opened.columns.may_name_two()
    }

    /// Rows of the input counted so far, ours or not.
    pub(super) fn met(&self) -> u64 {
        self.share.met()
    }

    /// How many physical lines there are, as far as was read.
    pub(super) fn lines_so_far(&self) -> u64 {
        self.opened.records.lines_so_far()
    }

    pub(super) fn schema(&self) -> Option<&Schema> {
        self.opened.columns.schema()
    }

    /// Reads what is left on disk.
    pub(super) fn drain(self) -> Result<(Drained<R>, Layout), Error> {
        Ok((self.opened.records.drain()?, self.opened.layout))
    }
}
