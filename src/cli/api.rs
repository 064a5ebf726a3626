//! `tollgate api`: the descriptions of APIs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `tollgate api`.
#[derive(Debug, Args)]
pub struct ApiArgs {
    /// What to do with a description.
    #[command(subcommand)]
    pub command: ApiCommand,
}

/// What to do with a description.
#[derive(Debug, Subcommand)]
pub enum ApiCommand {
    /// Read a description of your own, and say what is wrong with it, and on which line
    Check {
        /// The description
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print a description that is built in: a start for one of your own
    Show {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List the descriptions that are built in
    List,
}
