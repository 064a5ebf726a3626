//! The flags of `tollgate delete`. Those that are hidden here show under `--help-all`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{AbsentArgs, ChangeArgs, MassArgs};
use crate::domain::parse_duration;

/// `tollgate delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// What every mass operation takes.
    #[command(flatten)]
    pub mass: MassArgs,
    /// What every change takes.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// When nobody seems to be there.
    #[command(flatten)]
    pub absent: AbsentArgs,
    /// What keeps it from going wrong.
    #[command(flatten)]
    pub safety: SafetyArgs,
    /// With --out: pass over what that run settled well (for a corrected input)
    #[arg(long, value_name = "DIR", env = "TOLLGATE_CONTINUE_FROM", hide = true, help_heading = "Results")]
    pub continue_from: Option<PathBuf>,
}

/// What keeps a deletion from going wrong.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub struct SafetyArgs {
    /// Stop before the first call when the input has more rows than this
    #[arg(long, value_name = "N", env = "TOLLGATE_MAX_DELETE")]
    pub max_delete: Option<u64>,
    /// Look at each profile first, and record the API's own id of it: one more request a row
    ///
    /// Who is not there at the look is `absent`, and nothing is deleted.
    #[arg(long, env = "TOLLGATE_LOOK")]
    pub look: bool,
    /// Look at each profile afterwards: `deleted` only when the look finds nobody; one more request a row
    ///
    /// Who is still found after three looks is `failed`, and tried again by --retry-failed.
    #[arg(long, env = "TOLLGATE_VERIFY")]
    pub verify: bool,
    /// How long after the deletion --verify looks; a second look comes after twice as long, a third after four times
    #[arg(long, value_name = "DURATION", default_value = "2s", env = "TOLLGATE_VERIFY_AFTER", hide = true,
          value_parser = parse_duration)]
    pub verify_after: Duration,
}
