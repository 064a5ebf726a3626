//! `tollgate suppress`: the list of those who shall not come back.

use clap::Args;

use super::{ApiArg, InputArgs, ListArgs, values};
use crate::source::InputName;

/// `tollgate suppress`.
#[derive(Debug, Args)]
pub struct SuppressArgs {
    /// check: say of each identity whether it is on the list; remove: take them off
    #[arg(value_name = "check|remove", hide_possible_values = true, value_parser = values::deed())]
    pub deed: Deed,
    /// The file with the ids, or - for stdin; read as `delete` reads it
    #[arg(value_name = "INPUT", value_parser = values::input())]
    pub path: InputName,
    /// How it is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// The list.
    #[command(flatten)]
    pub list: ListArgs,
    /// Whose ids they are.
    #[command(flatten)]
    pub api: ApiArg,
    /// Let the group read and write the list, as other runs on a shared volume do
    #[arg(long, env = "TOLLGATE_GROUP_READABLE", hide = true, help_heading = "Safety")]
    pub group_readable: bool,
}

/// What is done with the identities of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Say whether they are on the list.
    Check,
    /// Take them off.
    Remove,
}
