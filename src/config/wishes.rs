//! What a job may be told beyond how rows are read and sent.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use crate::domain::Amount;

/// What a sync remembers, and how that is used.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryWish {
    /// Where it is kept.
    pub directory: PathBuf,
    /// A memory that is not there, or empty, is begun.
    pub first: bool,
    /// The input is taken as sent already: no call.
    pub assume_sent: bool,
    /// What is older is sent again.
    pub refresh: Option<Duration>,
    /// Whoever was missing so long ago, or longer, is asked about again, and whose name was taken.
    pub missing_again: Duration,
    /// Whoever was in the last complete sync and is not in this one is deleted, if they are not more than this (a share
    /// is one of the last complete sync's identities).
    pub prune: Option<Amount>,
}

/// The list of those who shall not come back, and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressWish {
    /// The list.
    pub list: PathBuf,
    /// The file that holds its key.
    pub key: PathBuf,
}

/// What is asked of an input that comes from a pipeline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patience {
    /// How long it is waited for.
    pub wait: Duration,
    /// How old it may be.
    pub max_age: Option<Duration>,
    /// How many rows it must have; a share is one of the last complete run's.
    pub min_rows: Option<Amount>,
}

/// What a run leaves behind, and how it is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Leniency {
    /// So many rows may end badly, and the run still leaves with 0; a share is one of all rows.
    pub tolerate: Amount,
    /// So many complete runs of this command are kept; the oldest others are taken away after a complete run.
    pub keep_runs: Option<NonZeroUsize>,
}

/// What `tollgate suppress` shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressDeed {
    /// Say of each identity whether it is on the list.
    Check,
    /// Take them off.
    Remove,
}
