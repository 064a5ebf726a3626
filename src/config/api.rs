//! `tollgate api`: what is known about an API is known at once.

use crate::{
    cli::{ApiArgs, ApiCommand},
    error::Error,
    remote::{ApiName, Description},
};

/// The words to be printed.
pub(super) fn words(args: ApiArgs) -> Result<String, Error> {
    match args.command {
        ApiCommand::Check { file } => {
            let shown = file.display().to_string();
            let api = Description::load(&ApiName::File(file))?;
            Ok(format!("{shown} holds: it describes {}\n", api.name()))
        }
        ApiCommand::Show { name } => Description::text(&name).map(str::to_owned),
        ApiCommand::List => Ok(Description::embedded().flat_map(|name| [name, "\n"]).collect()),
    }
}
