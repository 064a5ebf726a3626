//! A file that is taken as sent already, without a call.

use super::{
    about::{LastSync, PASS},
    entry::{Entry, State, day},
    sent::Memory,
};
use crate::{
    domain::{Action, Fields, Identity, Known, Moment, Print, Recall},
    error::Error,
};

/// Rows that are held in RAM until they are written at once, in the store's order: the larger, the fewer pages are
/// written more than once.
const BATCH: usize = 1 << 19;
/// Bytes of ids that are held likewise.
const BATCH_BYTES: usize = 32 << 20;

/// Takes every row that it is asked about as sent just as it stands.
///
/// What was remembered of others stays, but they are part of the last complete sync no more. Broken off, it can be done
/// again.
#[derive(Debug)]
pub struct Baseline<'a> {
    memory: &'a mut Memory,
    now: Moment,
    rows: Vec<Taken>,
    ids: Vec<u8>,
    identities: u64,
    trouble: Option<Error>,
}

/// One row, until it is written.
#[derive(Debug)]
struct Taken {
    who: Print,
    /// Where its ids begin among those of all; they grow with the rows.
    ids: usize,
    what: Print,
    deleted: bool,
}

impl Memory {
    /// Begins to take a file as sent.
    pub fn baseline(&mut self, now: Moment) -> Baseline<'_> {
        self.pass += 1;
        Baseline { memory: self, now, rows: Vec::new(), ids: Vec::new(), identities: 0, trouble: None }
    }
}

impl Baseline<'_> {
    /// Writes the rest, and marks what it was asked about as the last complete sync; `rows` is what
    /// [`Memory::last_rows`] shall say.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`]; whatever was asked since the first trouble is lost.
    pub fn finish(mut self, rows: u64) -> Result<(), Error> {
        self.flush()?;
        let last = LastSync { rows, identities: self.identities, at: self.now };
        let pass = self.memory.pass;
        self.memory.complete_anew(pass, last)
    }

    fn take(&mut self, identity: &Identity, action: Action, fields: &Fields) -> Result<(), Error> {
        if self.rows.len() >= BATCH || self.ids.len() >= BATCH_BYTES {
            self.flush()?;
        }
        let (who, what) = self.memory.printer.row(identity, action, fields);
        self.rows.push(Taken { who, ids: self.ids.len(), what, deleted: action == Action::Delete });
        self.memory.kinds.encode(identity, &mut self.ids);
        Ok(())
    }

    /// Of several rows of one identity, the last one stays.
    fn flush(&mut self) -> Result<(), Error> {
        if let Some(trouble) = self.trouble.clone() {
            return Err(trouble);
        }
        let mut end = self.ids.len();
        let mut ends = vec![0; self.rows.len()];
        for (place, row) in ends.iter_mut().zip(&self.rows).rev() {
            *place = std::mem::replace(&mut end, row.ids);
        }
        let mut order: Vec<u32> = (0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by_key(|at| (self.rows[*at as usize].who, *at));
        let (pass, day) = (self.memory.pass, day(self.now));
        self.identities = self.memory.store.write(|writing| {
            let mut identities = self.identities;
            writing.state(PASS, &pass.to_le_bytes())?;
            for at in order {
                let row = &self.rows[at as usize];
                let state = if row.deleted { State::Deleted } else { State::Sent };
                let old = writing.put(row.who, &Entry { content: row.what, day, born: pass, sync: pass, state })?;
                let counted = old.is_some_and(|old| old.sync == pass && old.state.may_exist());
                identities = identities + u64::from(!row.deleted) - u64::from(counted);
                if row.deleted {
                    writing.take_ids(row.who)?;
                } else {
                    writing.put_ids(row.who, &self.ids[row.ids..ends[at as usize]])?;
                }
            }
            Ok(identities)
        })?;
        self.rows.clear();
        self.ids.clear();
        Ok(())
    }
}

impl Recall for Baseline<'_> {
    fn ask(&mut self, identity: &Identity, action: Action, fields: &Fields) -> Known {
        if self.trouble.is_none() {
            self.trouble = self.take(identity, action, fields).err();
        }
        Known::Same
    }
}
