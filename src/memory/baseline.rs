//! A file that is taken as sent already, without a call.

use super::{
    about::{LastSync, PASS},
    entry::{Entry, State, day},
    sent::Memory,
    sorting::{RUN, Sorted, Sorter},
    store::Writing,
};
use crate::{
    domain::{Action, Asked, Known, Moment, Print, Printer, Recall, RowPrint},
    error::{Error, Exit},
};

/// Entries that are written at once.
const BATCH: u32 = 1 << 18;
/// Of a row that is sorted: the print of what it says, and whether it asks for a deletion. Its ids follow.
const HEAD: usize = 17;

/// Takes every row that it is asked about as sent just as it stands.
///
/// What was remembered of others stays, but they are part of the last complete sync no more. Nothing is written before
/// [`Baseline::finish`], and then in the store's order, so that each of its pages is written about once. Broken off, it
/// can be done again.
#[derive(Debug)]
pub struct Baseline<'a> {
    memory: &'a mut Memory,
    now: Moment,
    rows: Sorter,
    row: Vec<u8>,
    trouble: Option<Error>,
}

impl Memory {
    /// Begins to take a file as sent. While it lasts, its rows lie in unnamed files in the memory's directory.
    pub fn baseline(&mut self, now: Moment) -> Baseline<'_> {
        self.pass += 1;
        let rows = Sorter::new(self.aside.clone(), RUN);
        Baseline { memory: self, now, rows, row: Vec::new(), trouble: None }
    }
}

impl Baseline<'_> {
    /// Writes everything, and marks what it was asked about as the last complete sync; `rows` is what
    /// [`Memory::last_rows`] shall say.
    ///
    /// # Errors
    /// [`Exit::Data`] or [`Exit::Io`]; what was written before it is part of no sync.
    pub fn finish(self, rows: u64) -> Result<(), Error> {
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        let memory = self.memory;
        let mut sorted = self.rows.sorted().map_err(|error| full(memory, &error))?;
        let made = Entry {
            content: Print([0; 16]),
            day: day(self.now),
            born: memory.pass,
            sync: memory.pass,
            state: State::Sent,
        };
        let mut identities = 0;
        while memory.store.write(|writing| write(writing, &mut sorted, made, &mut identities))? {}
        let last = LastSync { rows, identities, at: self.now };
        memory.complete_anew(made.sync, last)
    }

    fn take(&mut self, asked: Asked<'_>) -> Result<(), Error> {
        let Asked { identity, action, print: RowPrint { who, what }, .. } = asked;
        self.row.clear();
        self.row.extend_from_slice(&what.0);
        self.row.push(u8::from(action == Action::Delete));
        self.memory.kinds.encode(identity, &mut self.row);
        self.rows.take(who, &self.row).map_err(|error| full(self.memory, &error))
    }
}

impl Recall for Baseline<'_> {
    fn printer(&self) -> &Printer {
        &self.memory.printer
    }

    fn answer(&mut self, asked: Asked<'_>) -> Known {
        if self.trouble.is_none() {
            self.trouble = self.take(asked).err();
        }
        Known::Same
    }
}

/// Writes some more of the rows; false when there are none left.
fn write(writing: &mut Writing<'_>, rows: &mut Sorted, made: Entry, identities: &mut u64) -> Result<bool, redb::Error> {
    writing.state(PASS, &made.born.to_le_bytes())?;
    for _ in 0..BATCH {
        let Some((who, row)) = rows.next()? else { return Ok(false) };
        let Some((head, ids)) = row.split_first_chunk::<HEAD>() else { continue };
        let (what, is_deletion) = (head.first_chunk().copied().unwrap_or_default(), head[HEAD - 1] != 0);
        let state = if is_deletion { State::Deleted } else { State::Sent };
        writing.put(who, &Entry { content: Print(what), state, ..made })?;
        if is_deletion {
            writing.take_ids(who)?;
        } else {
            writing.put_ids(who, ids)?;
            *identities += 1;
        }
    }
    Ok(true)
}

fn full(memory: &Memory, error: &std::io::Error) -> Error {
    Error::new(Exit::Io, format!("rows cannot be set aside in {}: {error}", memory.store.name()))
        .hint("make room for about 100 bytes a row, then run the same command again")
}
