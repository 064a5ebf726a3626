//! `tollgate suppress`: the list of those who shall not come back, from flags to a complete job.

use std::path::PathBuf;

use super::{SuppressDeed, SuppressWish, Surroundings, reading::reading, wanted::suppress};
use crate::{
    cli::{Deed, SuppressArgs},
    domain::Action,
    error::{Error, Exit},
    remote::Description,
    source::{self, InputName},
};

/// Look into the list of those who shall not come back, or take somebody off it.
#[derive(Debug)]
pub struct SuppressJob {
    /// What is done with the identities of the input.
    pub deed: SuppressDeed,
    /// The list.
    pub list: PathBuf,
    /// The file that holds its key.
    pub key: PathBuf,
    /// Where identities come from.
    pub input: InputName,
    /// How they are read.
    pub source: source::Options,
    /// Whose they are.
    pub description: Description,
}

impl SuppressJob {
    /// From flags to a complete job.
    ///
    /// # Errors
    /// 2 when the list or its key is not said, 78 when the API's description does not hold.
    pub fn configure(args: SuppressArgs, around: &Surroundings<'_>) -> Result<Self, Error> {
        let Some(SuppressWish { list, key }) = suppress(args.list)? else {
            return Err(Error::new(Exit::Usage, "which list is it? --suppress FILE and --suppress-key KEYFILE say so"));
        };
        let description = Description::load(&args.api.name)?;
        let source = reading(Action::Get, &args.input, &description, around)?;
        let deed = match args.deed {
            Deed::Check => SuppressDeed::Check,
            Deed::Remove => SuppressDeed::Remove,
        };
        Ok(Self { deed, list, key, input: args.path, source, description })
    }
}
