//! The flags of `tollgate get` and `tollgate verify`, which change nothing.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PathBufValueParser, TypedValueParser},
};

use super::{CheckArgs, ConnectionArgs, InputArgs, PaceArgs, ResultsArgs, values};
use crate::{flow::MaxAbsent, source::InputName};

/// What every reading operation takes.
#[derive(Debug, Args)]
pub struct ReadArgs {
    /// The file with the ids, or - for stdin
    ///
    /// CSV, JSON Lines, or one id a line; plain, gzip or zstd: recognised by content. stdin cannot be continued
    /// unless --out names the run's directory and the same rows are given again.
    #[arg(value_name = "INPUT", value_parser = values::input())]
    pub path: InputName,
    /// How it is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// An input without rows is an error unless this is given
    #[arg(long, env = "TOLLGATE_ALLOW_EMPTY", hide = true, help_heading = "Input")]
    pub allow_empty: bool,
    /// What must hold, and when to stop.
    #[command(flatten)]
    pub checks: CheckArgs,
    /// How fast.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// Where results go.
    #[command(flatten)]
    pub results: ResultsArgs,
    /// How the API is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `tollgate get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// What every reading operation takes.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Where profiles go: a new file, or - for stdout [default: profiles.jsonl in the run's directory]
    ///
    /// Stdout cannot be cut back: after a kill a profile may come twice, never not at all.
    #[arg(long, value_name = "FILE|-", env = "TOLLGATE_OUT_PROFILES", help_heading = "Results",
          value_parser = profiles())]
    pub out_profiles: Option<OutProfiles>,
    /// Stop when so many per cent of the first 200 answered rows were not there (from 50 on), or off
    ///
    /// The key then probably belongs to another app.
    #[arg(long, value_name = "N%|off", default_value = "95%", env = "TOLLGATE_MAX_ABSENT", help_heading = "Safety",
          value_parser = values::max_absent)]
    pub max_absent: MaxAbsent,
}

/// Where profiles go, if not into the run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutProfiles {
    /// `-`.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// `tollgate verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// What every reading operation takes.
    #[command(flatten)]
    pub read: ReadArgs,
    /// The directory of a finished `delete --look`: whoever is there under another id of the API's than was recorded is
    /// `new`, not `exists`
    #[arg(long, value_name = "DIR", env = "TOLLGATE_AGAINST", help_heading = "Safety")]
    pub against: Option<PathBuf>,
}

/// `-` is stdout.
fn profiles() -> impl TypedValueParser<Value = OutProfiles> {
    PathBufValueParser::new()
        .map(|path| if path.as_os_str() == "-" { OutProfiles::Stdout } else { OutProfiles::File(path) })
}
