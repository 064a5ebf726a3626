//! The flags of the operations that change something, and those of `tollgate create` and `tollgate update`.

use std::path::PathBuf;

use clap::{Args, builder::NonEmptyStringValueParser};

use super::{AbsentArgs, MassArgs, values};

/// What every operation takes that changes something.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub struct ChangeArgs {
    /// Do not ask; needed where there is no terminal
    ///
    /// Together with --expect-app, --expect-rows or --expect-sha256 it is safe in scripts. It has no environment
    /// name: nothing may linger that makes a change silent.
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// Send the first N rows of a run one by one, and stop if one of them is refused or failed
    #[arg(long, value_name = "N", default_value_t = 5, env = "TOLLGATE_CANARY")]
    pub canary: u64,
    /// The list of those who shall not come back.
    #[command(flatten)]
    pub list: ListArgs,
}

/// The list of those who shall not come back.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub struct ListArgs {
    /// The list of those who shall not come back: delete enters them, create, update and sync pass over them
    ///
    /// It holds keyed hashes of ids, and no id. Each id of a row is entered before its deletion is sent, and a row with
    /// any id on the list is `suppressed`.
    #[arg(long, value_name = "FILE", env = "TOLLGATE_SUPPRESS")]
    pub suppress: Option<PathBuf>,
    /// The file that holds the key of --suppress: to be kept apart from it
    #[arg(long, value_name = "KEYFILE", env = "TOLLGATE_SUPPRESS_KEY")]
    pub suppress_key: Option<PathBuf>,
}

/// Which columns are fields, and how their cells are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fields")]
pub struct FieldArgs {
    /// A cell with this text, such as \N, takes the field's value away; an empty cell leaves it alone
    #[arg(long, value_name = "TOKEN", env = "TOLLGATE_NULL", value_parser = NonEmptyStringValueParser::new())]
    pub null: Option<String>,
    /// A column that is not looked at; may be given several times, or with commas between
    ///
    /// A column that is neither an id nor a field of the API's profiles is refused otherwise.
    #[arg(long, value_name = "NAME", env = "TOLLGATE_IGNORE_COLUMN", value_delimiter = ',')]
    pub ignore_column: Vec<String>,
    /// Look at this column alone, besides those of the ids and the action; may be given several times, or with commas
    /// between
    #[arg(long, value_name = "NAME", env = "TOLLGATE_ONLY_COLUMN", value_delimiter = ',')]
    pub only_column: Vec<String>,
}

/// What every operation takes that sets fields.
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// What every mass operation takes.
    #[command(flatten)]
    pub mass: MassArgs,
    /// Which columns are fields.
    #[command(flatten)]
    pub fields: FieldArgs,
    /// What every change takes.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// Stop before a row more than this is sent for a change of any kind
    #[arg(long, value_name = "N", env = "TOLLGATE_MAX_CHANGES", help_heading = "Safety")]
    pub max_changes: Option<u64>,
}

/// How many profiles may be made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub struct CreationArgs {
    /// Stop before a profile more than this is created
    #[arg(long, value_name = "N", env = "TOLLGATE_MAX_CREATE")]
    pub max_create: Option<u64>,
}

/// Whether rows are held against the API.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub struct CompareArgs {
    /// Read each profile first, and send only rows that differ from what the API shows: server
    ///
    /// One more request a row. What the API does not show cannot be compared (Adapty shows custom attributes alone): a
    /// row with such a field is sent.
    #[arg(long, value_name = "WITH", env = "TOLLGATE_COMPARE", hide_possible_values = true,
          value_parser = values::compare())]
    pub compare: Option<Compare>,
}

/// What rows are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// What the API returns.
    Server,
}

/// `tollgate create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What every operation takes that sets fields.
    #[command(flatten)]
    pub write: WriteArgs,
    /// How many profiles may be made.
    #[command(flatten)]
    pub creation: CreationArgs,
}

/// `tollgate update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// What every operation takes that sets fields.
    #[command(flatten)]
    pub write: WriteArgs,
    /// When nobody seems to be there.
    #[command(flatten)]
    pub absent: AbsentArgs,
    /// Whether rows are held against the API.
    #[command(flatten)]
    pub compare: CompareArgs,
}
