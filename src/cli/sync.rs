//! The flags of `tollgate sync`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{AbsentArgs, CompareArgs, CreationArgs, WriteArgs, values};
use crate::domain::{Action, Amount, parse_duration};

/// `tollgate sync`.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// What every operation takes that sets fields.
    #[command(flatten)]
    pub write: WriteArgs,
    /// What rows want.
    #[command(flatten)]
    pub wants: WantArgs,
    /// What is remembered.
    #[command(flatten)]
    pub memory: MemoryArgs,
    /// When nobody seems to be there.
    #[command(flatten)]
    pub absent: AbsentArgs,
    /// How many profiles may be made.
    #[command(flatten)]
    pub creation: CreationArgs,
    /// Stop when more rows than this ask for a deletion, or --prune would delete more (a share: of the last complete sync's)
    ///
    /// A share (with --prune 1% unless it is said) bounds --prune alone; rows that ask for a deletion by themselves are bounded
    /// by a number only.
    #[arg(long, value_name = "N|N%", env = "TOLLGATE_MAX_DELETE", help_heading = "Safety",
          value_parser = Amount::parse)]
    pub max_delete: Option<Amount>,
    /// Whether rows are held against the API.
    #[command(flatten)]
    pub compare: CompareArgs,
}

/// What rows want.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct WantArgs {
    /// What a row wants that does not say so itself: update, create, upsert, delete
    ///
    /// Whom an update does not find is `missing`, which is no error; an upsert creates them.
    #[arg(long, value_name = "ACTION", default_value = "update", env = "TOLLGATE_ACTION", hide_possible_values = true,
          value_parser = values::action())]
    pub action: Action,
    /// The column (or JSON key) in which a row says what it wants [default: action]
    #[arg(long, value_name = "NAME", env = "TOLLGATE_ACTION_COLUMN")]
    pub action_column: Option<String>,
    /// Apply all rows of one identity, in file order, instead of the last one alone
    #[arg(long, env = "TOLLGATE_EVERY_ROW")]
    pub every_row: bool,
}

/// What is remembered from one sync to the next.
#[derive(Debug, Args)]
#[command(next_help_heading = "Memory")]
pub struct MemoryArgs {
    /// Remember in this directory what each identity was sent last, and send only rows that have changed
    ///
    /// It holds keyed hashes of what was sent, and ids of whom --prune may have to delete: it is private. What the API
    /// refused is not sent again unchanged either.
    #[arg(long, value_name = "DIR", env = "TOLLGATE_MEMORY")]
    pub memory: Option<PathBuf>,
    /// Begin a memory: one that is not there, or empty, is an error otherwise
    #[arg(long, env = "TOLLGATE_FIRST")]
    pub first: bool,
    /// Send again what was sent longer ago than this, even if it has not changed
    #[arg(long, value_name = "DURATION", env = "TOLLGATE_REFRESH", value_parser = values::some_time)]
    pub refresh: Option<Duration>,
    /// Ask again about whoever was missing, or whose name another profile had, so long ago or longer [default: 12h]
    ///
    /// Till then such a row is known to end like that, without a call, as long as it says the same; 0s asks in every sync.
    #[arg(long, value_name = "DURATION", env = "TOLLGATE_MISSING_AGAIN", value_parser = parse_duration)]
    pub missing_again: Option<Duration>,
    /// Delete whoever was in the last complete sync and is in this one no longer, if they are not more than --max-delete
    ///
    /// Only after a clean end of the input, with every row settled.
    #[arg(long, env = "TOLLGATE_PRUNE")]
    pub prune: bool,
    /// Take the input as sent already, without a call: the baseline of a system that was filled by other means
    #[arg(long, env = "TOLLGATE_ASSUME_SENT", hide = true)]
    pub assume_sent: bool,
}
