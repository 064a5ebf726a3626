//! How a row ended: the one vocabulary of the results.

use std::time::Duration;

use super::{Evidence, Row};

/// The word in the results' `outcome` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It was there, and this run's call removed it. Settled, wanted.
    Deleted,
    /// It was not there, by the API's own not-found code. Settled, wanted; not erased by this run.
    Absent,
    /// The API said no to this row. Settled, not wanted.
    Refused,
    /// Given up while others succeeded. Not settled: it may be tried again.
    Failed,
    /// Never sent: the row itself is malformed. Settled, not wanted.
    Invalid,
    /// The same identity was handled already. Settled, wanted.
    Duplicate,
    /// It was read, and is in the file of profiles. Settled, wanted.
    Found,
    /// There was nothing to read, by the API's own not-found code. Settled, and not an error.
    Missing,
    /// It shall not be there, and is; or another one has the name of the one to be created. Settled, not wanted.
    Exists,
    /// It is there, under another id of the API's own than an earlier look recorded. Settled, not wanted.
    New,
    /// This run's call made it. Settled, wanted.
    Created,
    /// It was there, and has the row's fields by this run's call. Settled, wanted.
    Updated,
    /// It has the row's fields already: they were sent before, or the API showed them. Settled, wanted.
    Unchanged,
    /// A later row of the same identity is sent instead. Settled, wanted.
    Superseded,
    /// It was erased, and shall not come back. Settled, wanted; never sent.
    Suppressed,
}

impl Verdict {
    /// Every word, in the order in which summaries list them.
    pub const ALL: [Self; 15] = [
        Self::Created,
        Self::Updated,
        Self::Unchanged,
        Self::Deleted,
        Self::Found,
        Self::Absent,
        Self::Missing,
        Self::Exists,
        Self::New,
        Self::Duplicate,
        Self::Superseded,
        Self::Suppressed,
        Self::Refused,
        Self::Failed,
        Self::Invalid,
    ];

    /// The word itself.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Duplicate => "duplicate",
            Self::Found => "found",
            Self::Missing => "missing",
            Self::Exists => "exists",
            Self::New => "new",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Suppressed => "suppressed",
        }
    }

    /// The verdict that a word of the results stands for.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word().as_bytes() == word)
    }

    /// Whether the row must never be sent again by this run.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Deleted
            | Self::Absent
            | Self::Refused
            | Self::Invalid
            | Self::Duplicate
            | Self::Found
            | Self::Missing
            | Self::Exists
            | Self::New
            | Self::Created
            | Self::Updated
            | Self::Unchanged
            | Self::Superseded
            | Self::Suppressed => true,
            Self::Failed => false,
        }
    }

    /// Whether the row is in the end state that the user wanted.
    #[must_use]
    pub const fn is_wanted(self) -> bool {
        match self {
            Self::Deleted
            | Self::Absent
            | Self::Duplicate
            | Self::Found
            | Self::Missing
            | Self::Created
            | Self::Updated
            | Self::Unchanged
            | Self::Superseded
            | Self::Suppressed => true,
            Self::Refused | Self::Failed | Self::Invalid | Self::Exists | Self::New => false,
        }
    }

    /// Whether the API answers about a row that ends like this. `refused` and `unchanged` may also be said without a
    /// call, by what a sync remembers: the guards count only rows that were sent.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        match self {
            Self::Deleted
            | Self::Absent
            | Self::Refused
            | Self::Found
            | Self::Missing
            | Self::Exists
            | Self::New
            | Self::Created
            | Self::Updated
            | Self::Unchanged => true,
            Self::Failed | Self::Invalid | Self::Duplicate | Self::Superseded | Self::Suppressed => false,
        }
    }
}

/// What leaves the flow, once per row that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The row it is about.
    pub row: Row,
    /// How it ended.
    pub verdict: Verdict,
    /// Requests sent for it, of any kind.
    pub attempts: u32,
    /// Time on the wire of the deciding attempt; zero when none was sent.
    pub elapsed: Duration,
    /// What the deciding answer said.
    pub evidence: Evidence,
    /// An earlier attempt's answer was lost, so an `absent` may be this run's own doing.
    pub after_lost_answer: bool,
    /// The API said that it deleted the profile, and that could not be verified: a `failed` says so, and a later try
    /// looks before it deletes again.
    pub erased: bool,
}
