//! A pass over all our rows, in piles: what reads and checks them does not know who looks at them, nor on which thread.
//!
//! Promises: each of our rows comes once, in file order; memory is bounded by one pile and one record. What has been
//! looked at goes back to be filled again, so that whoever made a row also drops it.

use std::io::Read;

use super::{
    columns::Reading,
    decode::Drained,
    open::{Opened, open},
    options::Options,
    share::{Place, Share},
};
use crate::{
    domain::{Layout, Schema},
    error::Error,
};

/// Rows of one pile: few enough to stay in the cache of a processor, and enough that handing them over costs nothing.
const ROWS: usize = 512;
/// A pile is full as soon as it has so many bytes of input, whatever the rows.
const BYTES: usize = 256 * 1024;

/// Some of our rows, each with its line.
#[derive(Default)]
pub struct Pile(pub(super) Vec<(u64, Reading)>);

impl std::fmt::Debug for Pile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pile({})", self.0.len())
    }
}

/// Takes piles from where they are read to where they are looked at, in order: in turn ([`Readings::in_turn`]), or on
/// two threads.
pub type Carry<R> = fn(&mut Readings<R>, &mut dyn FnMut(&Pile)) -> Result<(), Error>;

/// The rows of an input, read and checked.
pub struct Readings<R: Read> {
    opened: Opened<R>,
    share: Share,
}

impl<R: Read> std::fmt::Debug for Readings<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readings")
    }
}

impl<R: Read> Readings<R> {
    pub(super) fn open(input: R, name: &str, options: &Options) -> Result<Self, Error> {
        Ok(Self { opened: open(input, name, options)?, share: Share::of(options) })
    }

    /// Clears a pile and fills it; false at the end, with nothing in it.
    ///
    /// # Errors
    /// [`Exit::Data`](crate::error::Exit::Data) when the input cannot be read on.
    pub fn next(&mut self, pile: &mut Pile) -> Result<bool, Error> {
        pile.0.clear();
        let mut bytes = 0;
        while pile.0.len() < ROWS && bytes < BYTES && !self.share.is_over() {
            let Some(record) = self.opened.records.next()? else { break };
            if self.share.count() == Place::Before {
                continue;
            }
            bytes += record.raw.len();
            pile.0.extend(self.opened.columns.read(&record, &self.share).map(|reading| (record.line, reading)));
        }
        // Other shards' rows fill no pile.
        Ok(bytes > 0)
    }

    /// Reads a pile, has it looked at, and so on to the end.
    ///
    /// # Errors
    /// As for [`Readings::next`].
    pub fn in_turn(&mut self, take: &mut dyn FnMut(&Pile)) -> Result<(), Error> {
        let mut pile = Pile::default();
        while self.next(&mut pile)? {
            take(&pile);
        }
        Ok(())
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
    pub(super) fn drain(self) -> Result<(Drained, Layout), Error> {
        Ok((self.opened.records.drain()?, self.opened.layout))
    }
}
