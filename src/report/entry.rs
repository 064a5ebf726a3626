//! One line of `results.csv`, read back: what the fold and the audit need of it.
//!
//! Promises: what it takes for a line was written by this program's [`Encoder`](super::line::Encoder); a range is read
//! strictly. It does not know files, nor the chain, nor what a line means for resuming.

use std::{borrow::Cow, ops::RangeInclusive};

use super::{
    line::{AFTER_LOST_ANSWER, NOT_VERIFIED, RANGE_WORDS, is_sound_range},
    text,
};
use crate::domain::{Action, LineSet, Verdict};

/// What the fold needs of one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The row's line in the input; the first one of a range.
    pub(super) line: u64,
    /// The last line of a range.
    last: u64,
    /// How many rows it is about: one, or those of a range.
    pub(super) rows: u64,
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
        let place = fields.next()?;
        if let Some(dash) = memchr::memchr(b'-', place) {
            return Self::parse_range(&place[..dash], &place[dash + 1..], fields);
        }
        let line = number(place).filter(|line| (1..=LineSet::HIGHEST).contains(line))?;
        let id = fields.next()?;
        let action = Action::parse(fields.next()?)?;
        let verdict = Verdict::parse(fields.next()?)?;
        let _status = fields.next()?;
        let _code = fields.next()?;
        let attempts = number(fields.next()?)?;
        Some(Self { line, last: line, rows: 1, action, verdict, attempts, id, rest: fields })
    }

    fn parse_range(first: &[u8], last: &[u8], mut fields: Fields<'a>) -> Option<Self> {
        let (line, last) = (strict_number(first)?, strict_number(last)?);
        fields.says(b"")?;
        let action = Action::parse(fields.next()?).filter(|action| action.changes())?;
        let verdict = Verdict::Unchanged;
        fields.says(verdict.word().as_bytes())?.says(b"")?.says(b"")?.says(b"0")?;
        let rest = fields;
        fields.says(b"")?;
        let _finished_at = fields.next()?;
        let message = fields.says(b"")?.says(b"")?.next()?;
        let rows = strict_number(message.strip_suffix(RANGE_WORDS.as_bytes())?)?;
        fields.rest.is_none().then_some(())?;
        (is_sound_range(line, last, rows) && last <= LineSet::HIGHEST).then_some(Self {
            line,
            last,
            rows,
            action,
            verdict,
            attempts: 0,
            id: b"",
            rest,
        })
    }

    /// Whether it is about several rows.
    pub(super) const fn is_range(&self) -> bool {
        self.line < self.last
    }

    /// The lines of the input that it is about.
    pub(super) const fn lines(&self) -> RangeInclusive<u64> {
        self.line..=self.last
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

    /// Whether the API answered about the row in a way that says something about the key: what a sync remembers does
    /// not.
    pub(super) fn counts_for_guard(&self) -> bool {
        let by_a_lost_call = self.verdict == Verdict::Absent && self.message_begins_with(AFTER_LOST_ANSWER);
        self.verdict.is_answered() && self.attempts > 0 && !by_a_lost_call
    }

    fn message_begins_with(&self, words: &str) -> bool {
        self.rest
            .skip(4)
            .next()
            .is_some_and(|message| message.strip_prefix(b"\"").unwrap_or(message).starts_with(words.as_bytes()))
    }
}

/// The raw line's first ten fields but for the id: nothing in them names anybody.
pub(super) fn without_ids(raw: &[u8]) -> Vec<u8> {
    let mut fields = Fields { rest: Some(raw) };
    let mut kept = Vec::new();
    for place in 0..10 {
        match fields.next() {
            Some(field) if place != 1 => kept.push(field),
            Some(_) | None => {}
        }
    }
    kept.join(&b","[..])
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

    /// Passes over the next one; `None` unless it is just this.
    fn says(&mut self, wanted: &[u8]) -> Option<&mut Self> {
        (self.next()? == wanted).then_some(self)
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

/// A number as it is written in a range.
fn strict_number(field: &[u8]) -> Option<u64> {
    number(field).filter(|_| !field.starts_with(b"0"))
}
