//! The one fast pass over a file before anything is touched.
//!
//! Promises: it meets every record that the main pass will meet, and ends with the same errors; constant memory, a
//! few samples and, where a deciding pass follows, two bytes for each id aside: there it reads ids alone, and leaves the
//! fields to that pass. What it finds strange is said in words; whether that stops anybody is decided
//! elsewhere.

use std::io::Read;

use super::{
    columns::Reading,
    fields::Doubts,
    hashed::Hashed,
    options::Options,
    readings::{Carry, Entry, Hashing, Pile, Readings},
    reservoir::Reservoir,
    suspects::{Prints, Suspects, Watch, Wholes},
};
use crate::{
    domain::{Digest, Identity, Layout, Sample, Schema, Subject},
    error::Error,
};

/// The rows that fit into a spreadsheet: a file of just so many lines was probably cut off there.
const SPREADSHEET_LINES: u64 = 1_048_576;
/// Odd ids are named from this share of the rows on: one in so many.
const MANY: u64 = 100;
/// Ids of digits that are longer are counted as if they had this length.
const LENGTHS: usize = 40;

/// Said of a file, by whoever has looked at the rows' fields.
pub(super) const NOT_ONE: &str = "not one row can be sent: every one is malformed";

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Our rows: what `--skip`, `--limit` and `--shard` leave; 0 for an empty or header-only file.
    pub rows: u64,
    /// Rows of the input up to `--limit`'s end, ours or not.
    pub met: u64,
    /// Rows among ours that cannot be sent. Where a deciding pass follows, fields are not looked at: there that one knows
    /// the rest ([`super::Changes::malformed`]).
    pub malformed: u64,
    /// Rows with an id such as `NULL` or `1.23457E+15`, whether or not these are sent.
    pub odd: u64,
    /// Rows with blanks around an id.
    pub trimmed: u64,
    /// Rows with an id beyond ASCII.
    pub non_ascii: u64,
    /// The file's size as it stands on disk.
    pub bytes: u64,
    /// SHA-256 of the file as it stands on disk.
    pub digest: Digest,
    /// Up to 200 rows that can be sent, spread evenly over ours, in file order.
    pub samples: Vec<Sample>,
    /// What is strange about it: sentences for the prompt, without any id.
    pub warnings: Vec<String>,
    /// How its records are laid out.
    pub layout: Layout,
    /// Ids that may stand in several rows, where a deciding pass follows.
    pub(super) suspects: Suspects,
}

/// Counts a file's rows, takes its digest and chooses samples. `name` is for messages and for the extension, `carry` for
/// who reads and who counts.
///
/// # Errors
/// [`Exit::Data`](crate::error::Exit::Data) when the file is not what can be read as rows with ids, and when it cannot
/// be read to its end.
pub fn survey<R: Read>(input: R, name: &str, options: &Options, carry: Carry<Hashed<R>>) -> Result<Survey, Error> {
    let mut readings = Readings::open(Hashed::of(input), name, options)?.glancing(options.decided.is_some());
    let mut census = Census::new(options);
    let prints = options.decided.is_some().then(|| Prints::keyed(options.fingerprint_key));
    carry(&mut readings, &Hashing { prints, printer: None }, &mut |pile| census.look_at(pile))?;
    let (records, lines) = (readings.met(), readings.lines_so_far());
    let warnings = census.warnings(records, lines, readings.schema());
    let (drained, layout) = readings.drain()?;
    Ok(Survey {
        rows: census.rows,
        met: records,
        malformed: census.malformed,
        odd: census.odd,
        trimmed: census.trimmed,
        non_ascii: census.non_ascii,
        bytes: drained.bytes,
        digest: drained.input.digest(),
        warnings,
        samples: census.reservoir.samples(),
        layout,
        suspects: census.watch.map(Watch::suspects).unwrap_or_default(),
    })
}

struct Census {
    rows: u64,
    malformed: u64,
    odd: u64,
    trimmed: u64,
    non_ascii: u64,
    reservoir: Reservoir,
    watch: Option<Watch>,
    doubts: Doubts,
    digits: Digits,
}

impl Census {
    fn new(options: &Options) -> Self {
        Self {
            rows: 0,
            malformed: 0,
            odd: 0,
            trimmed: 0,
            non_ascii: 0,
            reservoir: Reservoir::seeded(options.seed),
            watch: options.decided.is_some().then(Watch::default),
            doubts: Doubts::default(),
            digits: Digits::default(),
        }
    }

    fn look_at(&mut self, pile: &Pile) {
        if let Some(watch) = &self.watch {
            watch.expect(pile.entries.iter().filter_map(|entry| entry.wholes));
        }
        pile.entries.iter().for_each(|entry| self.count(entry));
    }

    fn count(&mut self, Entry { line, reading, wholes, .. }: &Entry) {
        let Reading { subject, notes, doubts, .. } = reading;
        self.rows += 1;
        self.odd += u64::from(notes.odd);
        self.trimmed += u64::from(notes.trimmed);
        self.non_ascii += u64::from(notes.non_ascii);
        self.doubts.note(*line, doubts);
        match subject {
            Subject::Known(identity) | Subject::Spared(identity, _) => self.meet(*line, identity, *wholes),
            Subject::Malformed { .. } => self.malformed += 1,
        }
    }

    fn meet(&mut self, line: u64, identity: &Identity, wholes: Option<Wholes>) {
        self.digits.count(identity.primary().text());
        if let (Some(watch), Some(wholes)) = (&mut self.watch, wholes) {
            watch.meet(line, wholes);
        }
        self.reservoir.offer(line, identity);
    }

    fn warnings(&self, records: u64, lines: u64, schema: Option<&Schema>) -> Vec<String> {
        let mut warnings = Vec::new();
        if records == SPREADSHEET_LINES - 1 || lines == SPREADSHEET_LINES {
            warnings.push(format!(
                "{records} rows on {lines} lines is just what a spreadsheet holds: the rest may have been cut off"
            ));
        }
        if self.digits.look_shortened() {
            warnings.push(
                "all ids are digits of mixed length, none begins with 0: leading zeros may have been lost".to_owned(),
            );
        }
        if self.odd > 0 && self.odd.saturating_mul(MANY) >= self.rows {
            warnings.push(format!("{} of {} rows have an odd id, such as NULL or 1.23457E+15", self.odd, self.rows));
        }
        if self.non_ascii > 0 {
            warnings.push(format!(
                "{} rows have an id beyond ASCII, which is sent as it stands: how the API reads it is not documented",
                self.non_ascii
            ));
        }
        warnings.extend(self.doubts.sentences(schema));
        if self.watch.is_none() && self.rows > 0 && self.malformed == self.rows {
            warnings.push(NOT_ONE.to_owned());
        }
        warnings
    }
}

/// How long ids are that consist of digits.
struct Digits {
    by_length: [u64; LENGTHS],
    others: u64,
}

impl Default for Digits {
    fn default() -> Self {
        Self { by_length: [0; LENGTHS], others: 0 }
    }
}

impl Digits {
    /// Shorter numbers than this are more likely numbers than codes that had zeros.
    const CODE: usize = 5;

    fn count(&mut self, id: &str) {
        if id.starts_with('0') || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            self.others += 1;
        } else {
            self.by_length[id.len().min(LENGTHS - 1)] += 1;
        }
    }

    /// Most ids have one length, and some are shorter: what a spreadsheet makes of codes of a fixed length.
    fn look_shortened(&self) -> bool {
        let Some(longest) = self.by_length.iter().rposition(|count| *count > 0) else { return false };
        let total: u64 = self.by_length.iter().sum();
        let full = self.by_length[longest];
        self.others == 0 && longest >= Self::CODE && full < total && full >= total - total / 4
    }
}
