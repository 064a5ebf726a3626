//! `tollgate suppress`: the list of those who shall not come back, from flags to a complete job.

use std::path::PathBuf;

use super::{SuppressDeed, SuppressWish, Surroundings, reading::reading, wanted::suppress};
use crate::{
    cli::{Deed, SuppressArgs},
    domain::Action,
    error::{Error, Exit},
    remote::Description,
    source::{self, Dedupe, InputName},
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
    /// The group may read and write the list.
    pub group_readable: bool,
}

/// From flags to a complete job. Each row is asked about, a repeated one too.
pub(super) fn configure(args: SuppressArgs, around: &Surroundings<'_>) -> Result<SuppressJob, Error> {
    let Some(SuppressWish { list, key }) = suppress(args.list)? else {
        let what = "suppress needs --suppress FILE and --suppress-key KEYFILE: the list, and its key";
        return Err(Error::new(Exit::Usage, what));
    };
    let description = Description::load(&args.api.name)?;
    let reading = reading(Action::Get, &args.input, &description, around)?;
    let deed = match args.deed {
        Deed::Check => SuppressDeed::Check,
        Deed::Remove => SuppressDeed::Remove,
    };
    Ok(SuppressJob {
        deed,
        list,
        key,
        input: args.path,
        source: source::Options { dedupe: Dedupe::Off, ..reading },
        description,
        group_readable: args.group_readable,
    })
}
