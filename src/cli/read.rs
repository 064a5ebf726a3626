//! The flags of `tollgate get` and `tollgate verify`, which change nothing.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PathBufValueParser, TypedValueParser},
};

use super::{AbsentArgs, MassArgs};

/// `tollgate get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// What every mass operation takes.
    #[command(flatten)]
    pub mass: MassArgs,
    /// Where profiles go: a new file, or - for stdout [default: profiles.jsonl in the run's directory]
    ///
    /// Stdout cannot be cut back: after a kill a profile may come twice, never not at all.
    #[arg(long, value_name = "FILE|-", env = "TOLLGATE_OUT_PROFILES", help_heading = "Results",
          value_parser = profiles())]
    pub out_profiles: Option<OutProfiles>,
    /// When nobody seems to be there.
    #[command(flatten)]
    pub absent: AbsentArgs,
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
    /// What every mass operation takes.
    #[command(flatten)]
    pub mass: MassArgs,
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
