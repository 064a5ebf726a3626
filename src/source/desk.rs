//! What becomes of one record: passed over, skipped, or handed on as a row.
//!
//! Promises: a settled row costs nothing but its place, unless repeats are watched for, the input is replayed or somebody
//! asks whom it is about; nor does a row that was decided to be unchanged. It does no reading.

use std::collections::VecDeque;

use super::{
    columns::{Columns, Reading},
    fields::Doubts,
    ids::Notes,
    judge,
    options::Options,
    records::Record,
    repeats::Repeats,
    share::{Place, Share},
    spans::Spans,
};
use crate::domain::{Action, Batch, Keep, Kept, Past, Quiet, ReplaySum, Row, Spared, Subject};

/// Rows in a batch, at most.
const ROWS: usize = 256;
/// Records passed over in one stretch, at most: the caller wants to see progress, and may want to leave.
const PASSED: u64 = 64 * 1024;
/// Bytes of records in a batch, from which on it is full: rows may be as large as a record.
const WEIGHT: usize = 1024 * 1024;

/// What one batch's filling has come to.
#[derive(Default)]
pub(super) struct Stretch {
    passed: u64,
    weight: usize,
}

impl Stretch {
    /// Whether there is room for another record.
    pub(super) fn goes_on(&self, batch: &Batch) -> bool {
        batch.rows.len() < ROWS && self.passed < PASSED && self.weight < WEIGHT
    }

    fn copy(&mut self, raw: &[u8]) -> Box<[u8]> {
        self.weight += raw.len();
        raw.into()
    }
}

/// Counts over our rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) malformed: u64,
    pub(super) odd: u64,
    pub(super) trimmed: u64,
    pub(super) non_ascii: u64,
    pub(super) repeated: u64,
    pub(super) unchanged: u64,
    pub(super) superseded: u64,
    pub(super) suppressed: u64,
    pub(super) refused_before: u64,
    pub(super) missing_before: u64,
    pub(super) taken_before: u64,
}

/// The settled rows of a replayed input are not those of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference;

/// Decides about each record.
pub(super) struct Desk {
    columns: Columns,
    share: Share,
    repeats: Repeats,
    spans: Spans,
    doubts: Doubts,
    /// Being summed, until it has agreed with the journal.
    replay: Option<ReplaySum>,
    /// Rows met meanwhile: until then they may be of another input.
    held: VecDeque<Row>,
    counts: Counts,
}

impl Desk {
    pub(super) fn new(columns: Columns, options: &Options, known_rows: Option<u64>) -> Self {
        Self {
            columns,
            share: Share::of(options),
            repeats: Repeats::of(options, known_rows),
            spans: Spans::new(options.action),
            doubts: Doubts::default(),
            replay: None,
            held: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// From now on, settled rows are summed and compared.
    pub(super) fn replay(&mut self) {
        self.replay = Some(ReplaySum::default());
    }

    /// Whether no further record can be ours.
    pub(super) fn is_over(&self) -> bool {
        self.share.is_over()
    }

    /// Rows of the input counted so far, ours or not.
    pub(super) fn met(&self) -> u64 {
        self.share.met()
    }

    /// What was counted so far.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// What the user should know in the end.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.repeats.gave_up() {
            warnings.push(
                "more than a million identities: from there on, repeated rows were sent again (`--dedupe on` remembers \
                 them all)"
                    .to_owned(),
            );
        }
        if self.counts.non_ascii > 0 {
            warnings.push(format!(
                "{} rows have an id beyond ASCII, which is sent as it stands: how the API reads it is not documented",
                self.counts.non_ascii
            ));
        }
        warnings.extend(self.doubts.sentences(self.columns.schema()));
        warnings
    }

    /// Takes one record.
    pub(super) fn take(
        &mut self,
        record: &Record<'_>,
        past: &Past,
        batch: &mut Batch,
        stretch: &mut Stretch,
    ) -> Result<(), Difference> {
        stretch.passed += 1;
        if self.share.count() == Place::Before {
            return Ok(());
        }
        let settled = past.settled.contains(record.line);
        // A range of unchanged rows settles whatever lies between its ends: another shard's rows, too, which are not ours.
        let is_to_be_read = self.share.depends_on_ids() || past.names_settled;
        if settled && !is_to_be_read && !self.repeats.is_on() && self.replay.is_none() {
            self.settled(record, past, batch, stretch);
            return Ok(());
        }
        if !settled && past.decided.unchanged.contains(record.line) {
            self.compare(record.line, past)?;
            self.counts.rows += 1;
            self.counts.unchanged += 1;
            self.spans.add(record.line, &mut batch.aside.spans);
            return Ok(());
        }
        let Some(reading) = self.columns.read(record, &self.share) else { return Ok(()) };
        if settled {
            self.remember(record.line, &reading.subject, past);
            self.settled(record, past, batch, stretch);
            if let (Subject::Known(identity), true) = (reading.subject, past.names_settled) {
                batch.settled.push(identity);
            }
            return Ok(());
        }
        self.compare(record.line, past)?;
        self.counts.rows += 1;
        self.spans.close(&mut batch.aside.spans);
        let row = self.hand_on(record, reading, past, stretch);
        if self.replay.is_some() || !self.held.is_empty() {
            self.held.push_back(row);
        } else {
            batch.rows.push(row);
        }
        Ok(())
    }

    /// Takes rows unseen of which is known that they are unchanged.
    pub(super) fn take_all(&mut self, rows: &Quiet, batch: &mut Batch, stretch: &mut Stretch) {
        stretch.passed += rows.rows;
        self.share.pass(rows.rows);
        self.counts.rows += rows.rows;
        self.counts.unchanged += rows.rows;
        self.spans.add_all(rows, &mut batch.aside.spans);
    }

    /// Hands on a row that was kept back, once it is known to be of this input; tells whether there was one.
    pub(super) fn release(&mut self, batch: &mut Batch) -> bool {
        let row = if self.replay.is_none() { self.held.pop_front() } else { None };
        let any = row.is_some();
        batch.rows.extend(row);
        any
    }

    /// At the end of the input: nothing that is settled may be missing.
    pub(super) fn close(&mut self, past: &Past, batch: &mut Batch) -> Result<(), Difference> {
        self.spans.close(&mut batch.aside.spans);
        self.compare(u64::MAX, past)
    }

    /// Counts a settled row, and keeps its record where a side file wants it.
    fn settled(&mut self, record: &Record<'_>, past: &Past, batch: &mut Batch, stretch: &mut Stretch) {
        self.counts.rows += 1;
        self.spans.close(&mut batch.aside.spans);
        batch.skipped += 1;
        for (lines, keep) in [(&past.bad, Keep::Failed), (&past.absent, Keep::Absent)] {
            if lines.contains(record.line) {
                let hashed = self.hashed(record, past);
                let original = hashed.unwrap_or_else(|| stretch.copy(record.raw));
                batch.aside.kept.push(Kept { keep, original });
            }
        }
    }

    /// What a side file holds of a record that must not stand there as it is.
    fn hashed(&self, record: &Record<'_>, past: &Past) -> Option<Box<[u8]>> {
        past.naming.key_id()?;
        let reading = self.columns.read(record, &self.share)?;
        past.naming.record(record.line, &reading.subject)
    }

    fn hand_on(&mut self, record: &Record<'_>, reading: Reading, past: &Past, stretch: &mut Stretch) -> Row {
        let Reading { subject, action, fields, notes, doubts, .. } = reading;
        let subject = self.judge(record.line, subject, action, past);
        self.note(notes, &subject);
        self.doubts.note(record.line, &doubts);
        Row { line: record.line, action, subject, fields, original: stretch.copy(record.raw) }
    }

    fn remember(&mut self, line: u64, subject: &Subject, past: &Past) {
        if let Some(replay) = &mut self.replay {
            replay.add(line, &past.naming.subject(subject));
        }
        if let Subject::Known(identity) = subject {
            self.repeats.is_new(identity);
        }
    }

    fn compare(&mut self, line: u64, past: &Past) -> Result<(), Difference> {
        match self.replay {
            Some(sum) if past.settled.highest().is_none_or(|highest| line > highest) => {
                self.replay = None;
                if sum == past.replay { Ok(()) } else { Err(Difference) }
            }
            Some(_) | None => Ok(()),
        }
    }

    fn judge(&mut self, line: u64, subject: Subject, action: Action, past: &Past) -> Subject {
        let Subject::Known(identity) = subject else { return subject };
        match judge::spare(line, &identity, action, past) {
            Some(spared) => Subject::Spared(identity, spared),
            None if !self.repeats.is_new(&identity) => Subject::Spared(identity, Spared::Repeated),
            None => Subject::Known(identity),
        }
    }

    fn note(&mut self, notes: Notes, subject: &Subject) {
        self.counts.odd += u64::from(notes.odd);
        self.counts.trimmed += u64::from(notes.trimmed);
        self.counts.non_ascii += u64::from(notes.non_ascii);
        match subject {
            Subject::Known(_) => {}
            Subject::Spared(_, Spared::Repeated | Spared::EarlierRun) => self.counts.repeated += 1,
            Subject::Spared(_, Spared::Superseded) => self.counts.superseded += 1,
            Subject::Spared(_, Spared::Suppressed | Spared::SuppressedBeside) => self.counts.suppressed += 1,
            Subject::Spared(_, Spared::RefusedBefore) => self.counts.refused_before += 1,
            Subject::Spared(_, Spared::MissingBefore) => self.counts.missing_before += 1,
            Subject::Spared(_, Spared::TakenBefore) => self.counts.taken_before += 1,
            Subject::Spared(_, Spared::Idle) => self.counts.unchanged += 1,
            Subject::Malformed { .. } => self.counts.malformed += 1,
        }
    }
}
