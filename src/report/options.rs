//! Where the results go.

use std::{collections::BTreeMap, path::PathBuf};

use crate::domain::{Destination, Digest};

/// Which directory a run uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// `--out`: exactly this one.
    Exact(PathBuf),
    /// Under `--runs-dir`: the unfinished run that matches, or a new one.
    Under(PathBuf),
}

/// Where the results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which directory.
    pub whereabouts: Whereabouts,
    /// `--new`: begin anew even where a run would match.
    pub new: bool,
    /// `--continue-from`: a run whose well settled identities are passed over.
    pub continue_from: Option<PathBuf>,
    /// `--retry-failed`: a finished run's failed rows are tried again.
    pub retry_failed: bool,
    /// 0770/0660 instead of 0700/0600.
    pub group_readable: bool,
}

/// What the run is about, as far as it decides the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `delete`.
    pub command: String,
    /// Where its calls go.
    pub destination: Destination,
    /// SHA-256 of the input's bytes; `None` for stdin.
    pub input_digest: Option<Digest>,
    /// The options by which the input's bytes become these rows and no others, as `run.json` records them.
    pub reading: BTreeMap<String, String>,
    /// The id of the key that ids are hashed with; `None` where they stand in clear.
    pub hash_ids: Option<String>,
    /// A rehearsal against the stand-in.
    pub sandbox: bool,
    /// The same input may be worked on again and again: a finished run is no reason not to begin another one.
    pub repeatable: bool,
    /// Only the youngest run of its kind is ever continued: what a later one did must not be passed over as settled by an
    /// earlier one.
    pub in_turn: bool,
}
