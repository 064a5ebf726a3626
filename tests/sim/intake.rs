//! The rows of a history: the real reader, driven inline on the paused clock.

use std::{
    cell::RefCell,
    io::{self, Cursor, Read},
    rc::Rc,
    time::Duration,
};

use tokio::time::Instant;
use tollgate::{
    domain::{Batch, Identity, Past, Row, Subject},
    error::Error,
    flow::{Intake, IntakeLost},
    memory::Memory,
    source::Reader,
};

use crate::{machine::wait, shelf::List};

/// Gives a few bytes at a time.
pub(crate) struct Dribble {
    pub(crate) bytes: Cursor<Vec<u8>>,
    pub(crate) most: usize,
}

impl Read for Dribble {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = self.most.min(into.len());
        self.bytes.read(&mut into[..most])
    }
}

/// As the reader's thread drives the real one.
pub(crate) struct InlineReader<'a> {
    pub(crate) reader: Option<Reader<Dribble>>,
    pub(crate) past: &'a Past,
    pub(crate) length: u64,
    pub(crate) reading: Duration,
    pub(crate) ready_at: Option<Instant>,
    pub(crate) memory: Option<Rc<RefCell<Memory>>>,
    /// Whoever is deleted is entered first.
    pub(crate) list: Option<List>,
    pub(crate) error: &'a RefCell<Option<Error>>,
}

impl InlineReader<'_> {
    fn read(&mut self) -> Result<Option<Batch>, Error> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let mut batch = Batch::default();
        if reader.next(self.past, &mut batch)? {
            if let Some(memory) = &self.memory {
                memory.borrow_mut().forget(batch.rows.iter().filter_map(identity))?;
            }
            if let Some(list) = &mut self.list {
                list.enter(batch.rows.iter().filter_map(identity))?;
            }
            return Ok(Some(batch));
        }
        let finish = self.reader.take().map(Reader::finish).transpose()?;
        assert_eq!(finish.map(|finish| finish.bytes), Some(self.length), "the reader read all of it");
        Ok(None)
    }
}

impl Intake for InlineReader<'_> {
    async fn next(&mut self) -> Result<Option<Batch>, IntakeLost> {
        let ready_at = *self.ready_at.get_or_insert_with(|| Instant::now() + self.reading);
        wait(ready_at.saturating_duration_since(Instant::now())).await;
        self.ready_at = None;
        self.read().map_err(|error| {
            *self.error.borrow_mut() = Some(error);
            IntakeLost
        })
    }
}

fn identity(row: &Row) -> Option<&Identity> {
    match &row.subject {
        Subject::Known(identity) => Some(identity),
        Subject::Spared(..) | Subject::Malformed { .. } => None,
    }
}
