//! The rows of a story: the real reader, driven inline on the paused clock.

use std::{
    cell::RefCell,
    io::{self, Cursor, Read},
    time::Duration,
};

use tokio::time::Instant;
use tollgate::{
    domain::{Batch, Digest, Past, Row, Span, Subject},
    error::Error,
    flow::{Intake, IntakeLost},
    source::Reader,
};

use super::story::wait;

/// Gives a few bytes at a time.
pub(super) struct Dribble {
    pub(super) bytes: Cursor<Vec<u8>>,
    pub(super) most: usize,
}

impl Read for Dribble {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = self.most.min(into.len());
        self.bytes.read(&mut into[..most])
    }
}

/// As the reader's thread drives the real one.
pub(super) struct InlineReader<'a> {
    pub(super) reader: Option<Reader<Dribble>>,
    pub(super) past: &'a Past,
    pub(super) digest: Digest,
    pub(super) reading: Duration,
    pub(super) ready_at: Option<Instant>,
    pub(super) error: &'a RefCell<Option<Error>>,
}

impl Intake for InlineReader<'_> {
    async fn next(&mut self) -> Result<Option<Batch>, IntakeLost> {
        let ready_at = *self.ready_at.get_or_insert_with(|| Instant::now() + self.reading);
        wait(ready_at.saturating_duration_since(Instant::now())).await;
        self.ready_at = None;
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let mut batch = Batch::default();
        match reader.next(self.past, &mut batch) {
            Ok(true) => return Ok(Some(with_spans(batch, self.past))),
            Ok(false) => {}
            Err(error) => {
                *self.error.borrow_mut() = Some(error);
                return Err(IntakeLost);
            }
        }
        let finish = self.reader.take().map(Reader::finish).transpose().expect("the input has an end");
        assert_eq!(finish.map(|finish| finish.digest), Some(self.digest), "the reader read all of it");
        Ok(None)
    }
}

/// Puts rows that were decided to have nothing new into spans, wherever a reader left them among the others.
fn with_spans(mut batch: Batch, past: &Past) -> Batch {
    let mut last_is_open = false;
    for row in std::mem::take(&mut batch.rows) {
        let unchanged = past.decided.unchanged.contains(row.line) && matches!(row.subject, Subject::Known(_));
        if unchanged {
            let open = batch.aside.spans.last_mut().filter(|_| last_is_open);
            match open.filter(|span| past.settled.within(span.last..=row.line).next().is_none()) {
                Some(span) => (span.last, span.rows) = (row.line, span.rows + 1),
                None => batch.aside.spans.push(alone(&row)),
            }
        } else {
            batch.rows.push(row);
        }
        last_is_open = unchanged;
    }
    batch
}

const fn alone(row: &Row) -> Span {
    Span { first: row.line, last: row.line, rows: 1, action: row.action }
}
