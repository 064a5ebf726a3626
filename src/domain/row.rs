//! One input record, on its way to the gate.

use super::{Action, Identity};

/// One record of the input. A malformed one is still a row: it gets a line, and no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// 1-based physical line of the (decompressed) input where the record starts.
    pub line: u64,
    /// What it asks for.
    pub action: Action,
    /// Who it is about.
    pub subject: Subject,
    /// The record's bytes as they stood in the input, without the line end: for the `failed` and `absent` files.
    pub original: Box<[u8]>,
}

/// Who a row is about, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Ready to be sent.
    Known(Identity),
    /// Already handled: it gets its line (`duplicate`), and no call.
    Repeated(Identity, Repeat),
    /// Cannot be sent; `reason` names the column and the rule, `id` is what could be read of the id.
    Malformed {
        /// What could be read of the id, possibly empty; invalid UTF-8 is kept as bytes.
        id: Vec<u8>,
        /// Names the column and the rule; never quotes the id.
        reason: String,
    },
}

/// Where an identity was handled before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// On an earlier line of this input.
    Input,
    /// In the run that `--continue-from` names.
    EarlierRun,
}

impl Row {
    /// The id as it stands in the results' `id` column.
    #[must_use]
    pub fn id_bytes(&self) -> &[u8] {
        match &self.subject {
            Subject::Known(identity) | Subject::Repeated(identity, _) => identity.primary().text().as_bytes(),
            Subject::Malformed { id, .. } => id,
        }
    }
}

/// Which side file a record is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keep {
    /// Refused, failed or invalid.
    Failed,
    /// Was not there.
    Absent,
}

/// A record that an earlier try settled and that still belongs into a side file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which side file.
    pub keep: Keep,
    /// The record's bytes as in [`Row::original`].
    pub original: Box<[u8]>,
}

/// What the reader hands on at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Rows to be worked on, in file order.
    pub rows: Vec<Row>,
    /// Settled rows' records for the side files.
    pub kept: Vec<Kept>,
    /// How many rows of this stretch an earlier try had settled (they get no second line).
    pub skipped: u64,
}

/// How the input's records are laid out, for side files that can be fed back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `csv`, `jsonl` or `txt`: the side files' extension.
    pub extension: &'static str,
    /// What stands before the first record (a `sep=` line, the header), its line ends included; may be empty.
    pub prelude: Box<[u8]>,
}

/// A row chosen to be looked at before anything is touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its line.
    pub line: u64,
    /// Who it is about.
    pub identity: Identity,
}
