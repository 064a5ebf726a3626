//! Rows with nothing new, gathered into spans.
//!
//! Promises: a span holds our rows only, none of which ends in another way; what a row asks for is not read, so a span
//! says what a row asks for that does not say. It does not know why a row has nothing new.

use crate::domain::{Action, Quiet, Span};

/// Rows of one span, at most: what is lost by a crash in the midst of one is decided again.
const MOST: u64 = 1_000_000;

/// The span that is being gathered.
pub(super) struct Spans {
    action: Action,
    open: Option<Span>,
}

impl Spans {
    /// `action` is what a row asks for that does not say.
    pub(super) const fn new(action: Action) -> Self {
        Self { action, open: None }
    }

    /// Takes one more row; what is full goes `into` the batch.
    pub(super) fn add(&mut self, line: u64, into: &mut Vec<Span>) {
        let span = self.open.get_or_insert(Span { first: line, last: line, rows: 0, action: self.action });
        span.last = line;
        span.rows += 1;
        if span.rows == MOST {
            self.close(into);
        }
    }

    /// Takes rows one behind the other; what would be more than full goes `into` the batch.
    pub(super) fn add_all(&mut self, rows: &Quiet, into: &mut Vec<Span>) {
        if self.open.is_some_and(|open| open.rows + rows.rows > MOST) {
            self.close(into);
        }
        let Quiet { first, last, .. } = *rows;
        let span = self.open.get_or_insert(Span { first, last, rows: 0, action: self.action });
        span.last = last;
        span.rows += rows.rows;
        if span.rows == MOST {
            self.close(into);
        }
    }

    /// Another row of ours comes, or none any more.
    pub(super) fn close(&mut self, into: &mut Vec<Span>) {
        into.extend(self.open.take());
    }
}
