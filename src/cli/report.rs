//! `tollgate report`: what a run came to, or what became of somebody in it.

use std::path::PathBuf;

use clap::Args;

use super::{ApiArg, InputArgs, values};
use crate::source::InputName;

/// `tollgate report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run's directory
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The summary as JSON on stdout
    #[arg(long, env = "TOLLGATE_JSON")]
    pub json: bool,
    /// Write what became of those whom this file (or - for stdin) holds, as CSV on stdout that names nobody
    ///
    /// One line for each line of the results about them, by the row's number in INPUT:
    /// row,line,action,outcome,status,code,attempts,ms,finished_at,request_id. Exit code 1 when somebody has none. INPUT is read
    /// as `delete` reads it.
    #[arg(long, value_name = "INPUT", env = "TOLLGATE_FIND", conflicts_with = "json", value_parser = values::input())]
    pub find: Option<InputName>,
    /// The key of a run whose ids are hashed; for --find
    #[arg(long, value_name = "KEYFILE", env = "TOLLGATE_HASH_IDS")]
    pub hash_ids: Option<PathBuf>,
    /// How that input is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// Whose ids they are.
    #[command(flatten)]
    pub api: ApiArg,
}
