//! One line of `results.csv`: written from an outcome, read back for the fold.
//!
//! Promises: one physical line per outcome; each carries the SHA-256 of the previous line's chain value (hex) followed
//! by its own raw bytes before the comma of the chain field. It does not know files, nor what a line means for resuming.

use std::{borrow::Cow, io::Write as _};

use csv_core::Writer;

use super::text;
use crate::{
    domain::{Action, Digest, Moment, Outcome, Subject, Verdict},
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
        if self.stamp.0 != at {
            self.stamp = (at, at.rfc3339());
        }
        self.work.clear();
        self.work.extend_from_slice(&self.head.hex());
        self.raw(outcome);
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

/// What the fold needs of one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The row's line in the input.
    pub(super) line: u64,
    /// What it asked for.
    pub(super) action: Action,
    /// How it ended.
    pub(super) verdict: Verdict,
    /// Requests sent for it.
    pub(super) attempts: u64,
    id: &'a [u8],
    rest: Fields<'a>,
}

impl<'a> Entry<'a> {
    /// Reads the raw line, which ends before the comma of the chain field; `None` when it is not one of ours.
    pub(super) fn parse(raw: &'a [u8]) -> Option<Self> {
        let mut fields = Fields { rest: Some(raw) };
        let line = number(fields.next()?).filter(|line| *line > 0)?;
        let id = fields.next()?;
        let action = Action::parse(fields.next()?)?;
        let verdict = Verdict::parse(fields.next()?)?;
        let _status = fields.next()?;
        let _code = fields.next()?;
        let attempts = number(fields.next()?)?;
        Some(Self { line, action, verdict, attempts, id, rest: fields })
    }

    /// The id, byte for byte as the row had it; `None` when it is not stored as we store.
    pub(super) fn id(&self) -> Option<Cow<'a, [u8]>> {
        restored(self.id)
    }

    /// The API's own id of the profile, likewise; empty where none was recorded.
    pub(super) fn remote_id(&self) -> Option<Cow<'a, [u8]>> {
        restored(self.rest.skip(3).next().unwrap_or_default())
    }

    /// The API said that it deleted the profile, and that could not be verified.
    pub(super) fn is_erased(&self) -> bool {
        self.verdict == Verdict::Failed && self.message_begins_with(NOT_VERIFIED)
    }

    /// When the row ended, as written.
    pub(super) fn finished_at(&self) -> Option<&'a [u8]> {
        self.rest.skip(1).next()
    }

    /// Whether the API answered about the row in a way that says something about the key.
    pub(super) fn counts_for_guard(&self) -> bool {
        match self.verdict {
            Verdict::Absent => !self.message_begins_with(AFTER_LOST_ANSWER),
            verdict @ (Verdict::Deleted
            | Verdict::Refused
            | Verdict::Failed
            | Verdict::Invalid
            | Verdict::Duplicate
            | Verdict::Found
            | Verdict::Missing
            | Verdict::Exists
            | Verdict::New
            | Verdict::Created
            | Verdict::Updated
            | Verdict::Unchanged
            | Verdict::Superseded
            | Verdict::Suppressed) => verdict.is_answered() && self.attempts > 0,
        }
    }

    fn message_begins_with(&self, words: &str) -> bool {
        self.rest
            .skip(4)
            .next()
            .is_some_and(|message| message.strip_prefix(b"\"").unwrap_or(message).starts_with(words.as_bytes()))
    }
}

/// A stored field's bytes; `None` when it is not stored as we store.
fn restored(field: &[u8]) -> Option<Cow<'_, [u8]>> {
    match unquoted(field) {
        Cow::Borrowed(stored) => text::restore(stored),
        Cow::Owned(stored) => text::restore(&stored).map(|text| Cow::Owned(text.into_owned())),
    }
}

/// The fields of one raw line, quotes included.
#[derive(Debug, Clone, Copy)]
struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// The next one; `None` after the last.
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let quoted = if rest.first() == Some(&b'"') { quoted_length(rest)? } else { 0 };
        let comma = memchr::memchr(b',', &rest[quoted..]).map(|at| quoted + at);
        self.rest = comma.map(|at| &rest[at + 1..]);
        Some(&rest[..comma.unwrap_or(rest.len())])
    }

    /// What follows after so many fields.
    fn skip(mut self, fields: usize) -> Self {
        for _ in 0..fields {
            self.next();
        }
        self
    }
}

/// How many bytes a quoted field takes, its quotes included; `None` when it is never closed.
fn quoted_length(field: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr(b'"', field.get(at..)?)? + 1;
        if field.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

fn unquoted(field: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")) else {
        return Cow::Borrowed(field);
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        out.push(*byte);
        if *byte == b'"' {
            bytes.next();
        }
    }
    Cow::Owned(out)
}

fn number(field: &[u8]) -> Option<u64> {
    if field.is_empty() {
        return None;
    }
    field.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// The journal is not what this program wrote; `line` is the physical line of `results.csv`.
pub(super) fn corrupt(line: u64, why: &str) -> Error {
    Error::new(Exit::Data, format!("line {line} of results.csv {why}"))
        .hint("the file was changed after it was written: restore it from a copy, or begin anew in another directory")
}
