//! What a try of a mass operation came to.

use std::path::PathBuf;

use crate::{error::Exit, report::Summary};

/// What a try came to.
pub(super) struct Came {
    pub(super) exit: Exit,
    /// Where its results are.
    pub(super) directory: PathBuf,
    /// Every row has its line.
    pub(super) complete: bool,
    /// None of them is unsettled.
    pub(super) settled: bool,
    /// Rows that did not reach their goal, tolerated or not.
    pub(super) bad: u64,
    /// Rows in the input.
    pub(super) rows: u64,
    /// All of it, for whoever asked for that.
    pub(super) summary: Summary,
}
