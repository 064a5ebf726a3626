//! One input record, on its way to the gate.

use super::{Action, Fields, Identity, Verdict};

/// One record of the input. A malformed one is still a row: it gets a line, and no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// 1-based physical line of the (decompressed) input where the record starts.
    pub line: u64,
    /// What it asks for.
    pub action: Action,
    /// Who it is about.
    pub subject: Subject,
    /// What it wants of the profile; none unless the action takes fields.
    pub fields: Fields,
    /// The record's bytes as they stood in the input, without the line end: for the `failed` and `absent` files.
    pub original: Box<[u8]>,
}

/// Who a row is about, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Ready to be sent.
    Known(Identity),
    /// Needs no call, or must not have one: it gets its line.
    Spared(Identity, Spared),
    /// Cannot be sent; `reason` names the column and the rule, `id` is what could be read of the id.
    Malformed {
        /// What could be read of the id, possibly empty; invalid UTF-8 is kept as bytes.
        id: Vec<u8>,
        /// Names the column and the rule; never quotes the id.
        reason: String,
    },
}

/// Why a row that could be sent is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spared {
    /// The same identity stands on an earlier line of this input.
    Repeated,
    /// The run that `--continue-from` names handled it.
    EarlierRun,
    /// The same identity stands on a later line, and the last one wins.
    Superseded,
    /// Its identity was erased, and shall not come back.
    Suppressed,
    /// Another id of whoever it is about was erased, and shall not come back.
    SuppressedBeside,
    /// The API refused it before, just as it stands.
    RefusedBefore,
    /// It was sent not long ago, just as it stands, and there was no such profile.
    MissingBefore,
    /// It was sent not long ago, just as it stands, and another profile had the name.
    TakenBefore,
    /// It leaves everything as it is.
    Idle,
}

impl Spared {
    /// How such a row ends.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Repeated | Self::EarlierRun => Verdict::Duplicate,
            Self::Superseded => Verdict::Superseded,
            Self::Suppressed | Self::SuppressedBeside => Verdict::Suppressed,
            Self::RefusedBefore => Verdict::Refused,
            Self::MissingBefore => Verdict::Missing,
            Self::TakenBefore => Verdict::Exists,
            Self::Idle => Verdict::Unchanged,
        }
    }

    /// What the results say about it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Repeated => "the same identity stands on an earlier line",
            Self::EarlierRun => "settled by the run that --continue-from names",
            Self::Superseded => "a later line about the same identity counts instead",
            Self::Suppressed => "erased, and on the list of those who shall not come back",
            Self::SuppressedBeside => "erased by another id, which is on the list of those who shall not come back",
            Self::Idle => "has no field to update: everything is left as it is",
            Self::RefusedBefore => "refused by an earlier sync just as it stands; not sent again",
            Self::MissingBefore => {
                "an earlier sync, not long ago, found no such profile; --missing-again says when to ask again"
            }
            Self::TakenBefore => {
                "an earlier sync, not long ago, found that another profile has the name; --missing-again says when to ask again"
            }
        }
    }
}

/// A run of rows that have nothing new to say: one line in the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Line of the first of them.
    pub first: u64,
    /// Line of the last one. No row between the two ends in another way.
    pub last: u64,
    /// How many they are.
    pub rows: u64,
    /// What they all ask for.
    pub action: Action,
}

impl Row {
    /// The id as it stands in the results' `id` column.
    #[must_use]
    pub fn id_bytes(&self) -> &[u8] {
        self.subject.id_bytes()
    }
}

impl Subject {
    /// See [`Row::id_bytes`].
    #[must_use]
    pub fn id_bytes(&self) -> &[u8] {
        match self {
            Self::Known(identity) | Self::Spared(identity, _) => identity.primary().text().as_bytes(),
            Self::Malformed { id, .. } => id,
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
    /// What the journal is handed besides.
    pub aside: Aside,
    /// How many rows of this stretch an earlier try had settled (they get no second line).
    pub skipped: u64,
    /// Whom these are about; nobody unless [`names_settled`](super::Past::names_settled) asks for them.
    pub settled: Vec<Identity>,
}

/// What the journal is handed that no call is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// Settled rows' records for the side files.
    pub kept: Vec<Kept>,
    /// Rows with nothing new, in file order.
    pub spans: Vec<Span>,
}

impl Aside {
    /// Whether there is nothing to hand over.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.spans.is_empty()
    }

    /// Takes over what another one holds.
    pub fn append(&mut self, mut other: Self) {
        self.kept.append(&mut other.kept);
        self.spans.append(&mut other.spans);
    }
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
