//! The main pass: batches of rows, without those that an earlier try has settled.
//!
//! Promises: each of our rows is handed on once, or was settled before; memory is bounded by one batch, one record, the
//! fingerprints and, while a replayed input may be another one, the rows that no try has settled; an error is final, and comes again when asked again. It does not know who takes the rows.

use std::io::Read;

use super::{
    desk::{Desk, Difference, Stretch},
    open::{Opened, open},
    options::Options,
    records::Records,
};
use crate::{
    domain::{Aside, Batch, Layout, Past, Quiet},
    error::Error,
};

/// What a [`Difference`] means to the user.
const DIFFERENT: &str = "is not the input this run began with";
const FEED_THE_SAME: &str = "feed in the same rows in the same order, or begin a new run with another `--out` \
                             (`--continue-from` passes over what is done)";

/// The rows of an input, in batches.
pub struct Reader<R: Read> {
    records: Records<R>,
    layout: Layout,
    desk: Desk,
    /// How many of the quiet stretches are behind.
    quiet: usize,
    failed: Option<Error>,
}

/// What a pass came to, once the input is at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// The input's size as it stands on disk.
    pub bytes: u64,
    /// Our rows: what `--skip`, `--limit` and `--shard` leave, those settled before included.
    pub rows: u64,
    /// Rows of the input up to `--limit`'s end, ours or not.
    pub met: u64,
    /// Rows handed on that cannot be sent. This and the counts below leave out rows settled before.
    pub malformed: u64,
    /// Rows handed on with an odd id, whether or not it is sent.
    pub odd: u64,
    /// Rows handed on with blanks around an id.
    pub trimmed: u64,
    /// Rows handed on with an id beyond ASCII.
    pub non_ascii: u64,
    /// Rows handed on that stand on an earlier line, or were settled by the run of `--continue-from`.
    pub repeated: u64,
    /// Rows in the spans handed on: decided to be unchanged.
    pub unchanged: u64,
    /// Rows handed on of which a later one wins.
    pub superseded: u64,
    /// Rows handed on whose identity shall not come back.
    pub suppressed: u64,
    /// Rows handed on that were refused before just as they stand.
    pub refused_before: u64,
    /// Rows that an earlier sync sent just as they stand, not long ago: there was no such profile …
    pub missing_before: u64,
    /// … or another one had the name.
    pub taken_before: u64,
    /// What the user should know: sentences without any id.
    pub warnings: Vec<String>,
}

impl<R: Read> Reader<R> {
    /// Recognises the input and reads up to its first record. `name` is for messages and for the extension;
    /// `known_rows` is what [`super::survey`] counted, and `None` for stdin.
    ///
    /// # Errors
    /// [`Exit::Data`](crate::error::Exit::Data) when the input is not what can be read as rows with ids.
    pub fn open(input: R, name: &str, options: &Options, known_rows: Option<u64>) -> Result<Self, Error> {
        let Opened { records, columns, layout } = open(input, name, options)?;
        Ok(Self { records, layout, desk: Desk::new(columns, options, known_rows), quiet: 0, failed: None })
    }

    /// The input cannot be told by its digest (stdin): before anything beyond the settled rows is handed on, these
    /// are compared with what the journal says of them.
    #[must_use]
    pub fn replaying(mut self) -> Self {
        self.desk.replay();
        self
    }

    /// How the input's records are laid out.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Clears the batch and fills it: up to 256 rows, or what 64 Ki records that are not handed on leave. It may be
    /// empty in the middle of the input (other shards' rows); false only at the end, with nothing left to hand on.
    /// After an error the batch is of no use.
    ///
    /// Rows decided to be unchanged come as spans, which may be handed on batches later than they were read: a span is
    /// closed by the next of our rows that ends in another way, by its millionth row at the latest, or at the end. Rows of other shards
    /// may lie between the lines of a span. Its action is [`Options::action`], whatever its rows say.
    ///
    /// # Errors
    /// [`Exit::Data`](crate::error::Exit::Data) when the input cannot be read on, has a record above 1 MiB, or is not
    /// the one that the journal is about (see [`Reader::replaying`]).
    pub fn next(&mut self, past: &Past, batch: &mut Batch) -> Result<bool, Error> {
        batch.rows.clear();
        batch.aside = Aside::default();
        batch.skipped = 0;
        batch.settled.clear();
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let filled = self.fill(past, batch);
        if let Err(error) = &filled {
            self.failed = Some(error.clone());
        }
        filled
    }

    /// Reads what is left on disk, and says what the pass came to. It waits for the input's end: to be called once
    /// [`Reader::next`] has said false.
    ///
    /// # Errors
    /// [`Exit::Data`](crate::error::Exit::Data) when the input cannot be read to its end.
    pub fn finish(self) -> Result<Finish, Error> {
        let drained = self.records.drain()?;
        let counts = self.desk.counts();
        Ok(Finish {
            bytes: drained.bytes,
            rows: counts.rows,
            met: self.desk.met(),
            malformed: counts.malformed,
            odd: counts.odd,
            trimmed: counts.trimmed,
            non_ascii: counts.non_ascii,
            repeated: counts.repeated,
            unchanged: counts.unchanged,
            superseded: counts.superseded,
            suppressed: counts.suppressed,
            refused_before: counts.refused_before,
            missing_before: counts.missing_before,
            taken_before: counts.taken_before,
            warnings: self.desk.warnings(),
        })
    }

    /// The rows that come next, if they are known to be unchanged.
    fn quiet<'p>(&mut self, past: &'p Past) -> Result<Option<&'p Quiet>, Error> {
        let Some(mut next) = past.decided.quiet.get(self.quiet) else { return Ok(None) };
        let Some(here) = self.records.beginning()? else { return Ok(None) };
        while next.from.byte < here.byte {
            self.quiet += 1;
            next = match past.decided.quiet.get(self.quiet) {
                Some(next) => next,
                None => return Ok(None),
            };
        }
        Ok((next.from == here && !self.desk.is_over()).then_some(next))
    }

    /// Rows that are there are not kept back for rows that a slow pipe has not brought yet.
    fn fill(&mut self, past: &Past, batch: &mut Batch) -> Result<bool, Error> {
        let mut stretch = Stretch::default();
        while stretch.goes_on(batch) && (batch.rows.is_empty() || self.records.is_at_hand()) {
            if self.desk.release(batch) {
                continue;
            }
            if let Some(rows) = self.quiet(past)? {
                self.desk.take_all(rows, batch, &mut stretch);
                self.records.pass_to(rows.to)?;
                continue;
            }
            let record = if self.desk.is_over() { None } else { self.records.next()? };
            let taken = match &record {
                Some(record) => self.desk.take(record, past, batch, &mut stretch),
                None => self.desk.close(past, batch),
            };
            let over = record.is_none();
            taken.map_err(|Difference| self.records.fault(DIFFERENT).hint(FEED_THE_SAME))?;
            if over && !self.desk.release(batch) {
                return Ok(!batch.rows.is_empty() || !batch.aside.is_empty() || batch.skipped > 0);
            }
        }
        Ok(true)
    }
}
