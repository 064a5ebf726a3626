//! One line of `results.csv`, written from an outcome; [`Entry`](super::entry::Entry) reads it back.
//!
//! Promises: one physical line per outcome; each carries the SHA-256 of the previous line's chain value (hex) followed
//! by its own raw bytes before the comma of the chain field. It does not know files, nor what a line means for resuming.
//!
//! A [`Span`] of rows with nothing new is one line, too, a *range*: `line` is `FIRST-LAST`, `outcome` is `unchanged`,
//! `attempts` is 0, and `message` is the number of rows and [`RANGE_WORDS`], as in `9999998 rows as they were sent
//! before`. There are at least two rows, and at most as many as lines; `id` and what an answer would say are empty. A span
//! of one row is the plain line of that row, without its id.

use std::io::Write as _;

use csv_core::Writer;

use super::text;
use crate::{
    domain::{Digest, Moment, Outcome, Span, Subject, Verdict},
    error::{Error, Exit},
};

/// The first line of `results.csv`.
pub const HEADER: &[u8] =
    b"line,id,action,outcome,status,code,attempts,ms,finished_at,request_id,remote_id,message,chain\n";

/// How the message of an `absent` begins when an earlier attempt's answer was lost: it may be this run's own doing, so
/// it says nothing about the key, and the not-found guard leaves it out.
pub const AFTER_LOST_ANSWER: &str = "after a lost answer: ";

/// How the message of a `failed` begins when the API said that it deleted the profile, and that could not be verified:
/// the next try looks before it deletes again.
pub const NOT_VERIFIED: &str = "deleted, but not verified: ";

/// What follows the number of rows in the message of a range.
pub const RANGE_WORDS: &str = " rows as they were sent before";

/// The message of a span of one row.
const ONE_ROW: &str = "as it was sent before";

/// The most characters of a message that are kept.
pub const MESSAGE_CHARACTERS: usize = 300;

/// A comma and 64 hex digits.
pub(super) const CHAIN_FIELD: usize = 65;

/// The chain value of a line.
pub(super) fn link(previous: &[u8; 64], raw: &[u8], work: &mut Vec<u8>) -> Digest {
    work.clear();
    work.extend_from_slice(previous);
    work.extend_from_slice(raw);
    Digest::of(work)
}

/// Writes lines, each chained to the one before.
#[derive(Debug)]
pub(super) struct Encoder {
    writer: Writer,
    head: Digest,
    /// The previous chain value's hex digits, then the raw line that is being built: what the next digest is taken of.
    work: Vec<u8>,
    text: Vec<u8>,
    stamp: (Moment, String),
}

impl Encoder {
    /// Continues after the line whose chain value is `head`.
    pub(super) fn after(head: Digest) -> Self {
        let epoch = Moment::from_millis(0);
        let stamp = (epoch, epoch.rfc3339());
        Self { writer: Writer::new(), head, work: Vec::new(), text: Vec::new(), stamp }
    }

    /// The last line's chain value.
    pub(super) const fn head(&self) -> Digest {
        self.head
    }

    /// Appends one whole line.
    pub(super) fn push(&mut self, outcome: &Outcome, at: Moment, out: &mut Vec<u8>) {
        self.chained(at, out, |encoder| encoder.raw(outcome));
    }

    /// Appends one whole line for all rows of a span that [`is_sound`].
    pub(super) fn push_span(&mut self, span: &Span, at: Moment, out: &mut Vec<u8>) {
        self.chained(at, out, |encoder| encoder.raw_span(span));
    }

    fn chained(&mut self, at: Moment, out: &mut Vec<u8>, raw: impl FnOnce(&mut Self)) {
        if self.stamp.0 != at {
            self.stamp = (at, at.rfc3339());
        }
        self.work.clear();
        self.work.extend_from_slice(&self.head.hex());
        raw(self);
        self.head = Digest::of(&self.work);
        out.extend_from_slice(&self.work[64..]);
        out.push(b',');
        out.extend_from_slice(&self.head.hex());
        out.push(b'\n');
    }

    fn raw(&mut self, outcome: &Outcome) {
        let evidence = &outcome.evidence;
        self.number(outcome.row.line);
        self.comma();
        self.bytes(outcome.row.id_bytes());
        self.comma();
        self.work.extend_from_slice(outcome.row.action.word().as_bytes());
        self.comma();
        self.work.extend_from_slice(outcome.verdict.word().as_bytes());
        self.comma();
        if let Some(status) = evidence.status {
            self.number(status.into());
        }
        self.comma();
        self.optional(evidence.code.as_deref());
        self.comma();
        self.number(outcome.attempts.into());
        self.comma();
        if outcome.attempts > 0 {
            self.number(u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX));
        }
        self.comma();
        self.work.extend_from_slice(self.stamp.1.as_bytes());
        self.comma();
        self.optional(evidence.request_id.as_deref());
        self.comma();
        self.optional(evidence.remote_id.as_deref());
        self.comma();
        self.message(outcome);
    }

    fn raw_span(&mut self, span: &Span) {
        let Span { first, last, rows, action } = *span;
        let (action, outcome, stamp) = (action.word(), Verdict::Unchanged.word(), &self.stamp.1);
        // Writing to a vector cannot fail.
        let _ = if first == last {
            write!(self.work, "{first},,{action},{outcome},,,0,,{stamp},,,{ONE_ROW}")
        } else {
            write!(self.work, "{first}-{last},,{action},{outcome},,,0,,{stamp},,,{rows}{RANGE_WORDS}")
        };
    }

    fn message(&mut self, outcome: &Outcome) {
        let said = outcome.evidence.message.as_deref().or_else(|| own_words(&outcome.row.subject)).unwrap_or("");
        if outcome.verdict == Verdict::Failed && outcome.erased {
            self.bytes(cut(&format!("{NOT_VERIFIED}{said}")).as_bytes());
        } else if outcome.verdict == Verdict::Absent && outcome.after_lost_answer {
            let whole = format!(
                "{AFTER_LOST_ANSWER}{}",
                if said.is_empty() { "perhaps gone by this run's own call" } else { said }
            );
            self.bytes(cut(&whole).as_bytes());
        } else {
            self.bytes(cut(said).as_bytes());
        }
    }

    fn optional(&mut self, text: Option<&str>) {
        if let Some(text) = text {
            self.bytes(text.as_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.text.clear();
        text::store(bytes, &mut self.text);
        if !self.writer.should_quote(&self.text) {
            self.work.extend_from_slice(&self.text);
            return;
        }
        self.work.push(b'"');
        let start = self.work.len();
        self.work.resize(start + 2 * self.text.len(), 0);
        let (_, _, written) = csv_core::quote(&self.text, &mut self.work[start..], b'"', b'"', true);
        self.work.truncate(start + written);
        self.work.push(b'"');
    }

    fn number(&mut self, number: u64) {
        // Writing to a vector cannot fail.
        let _ = write!(self.work, "{number}");
    }

    fn comma(&mut self) {
        self.work.push(b',');
    }
}

/// What the results say about a row that no answer is about.
const fn own_words(subject: &Subject) -> Option<&str> {
    match subject {
        Subject::Known(_) => None,
        Subject::Spared(_, why) => Some(why.words()),
        Subject::Malformed { reason, .. } => Some(reason.as_str()),
    }
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(MESSAGE_CHARACTERS).map_or(text, |(end, _)| &text[..end])
}

/// Whether it can be written as one line: at least one row, at most one on each line.
pub(super) const fn is_sound(span: &Span) -> bool {
    let Span { first, last, rows, action: _ } = *span;
    if first == last { first > 0 && rows == 1 } else { is_sound_range(first, last, rows) }
}

/// The same of a range's numbers.
pub(super) const fn is_sound_range(first: u64, last: u64, rows: u64) -> bool {
    0 < first && first < last && 2 <= rows && rows - 1 <= last - first
}

/// The journal is not what this program wrote; `line` is the physical line of `results.csv`.
pub(super) fn corrupt(line: u64, why: &str) -> Error {
    Error::new(Exit::Data, format!("line {line} of results.csv {why}"))
        .hint("the file was changed after it was written: restore it from a copy, or begin anew in another directory")
}
