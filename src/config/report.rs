//! `tollgate report`, from flags to a complete job.

use std::path::PathBuf;

use super::{Surroundings, reading::reading};
use crate::{
    cli::ReportArgs,
    domain::Action,
    error::Error,
    remote::Description,
    source::{self, Dedupe, InputName},
};

/// Check a run's chain and print its summary again, or what became of somebody in it.
#[derive(Debug)]
pub struct ReportJob {
    /// The run's directory.
    pub dir: PathBuf,
    /// The summary as JSON on stdout.
    pub json: bool,
    /// Who is looked for; `None` where nobody is.
    pub find: Option<Box<FindWish>>,
}

/// Who is looked for in a run's results.
#[derive(Debug)]
pub struct FindWish {
    /// Where identities come from.
    pub input: InputName,
    /// How they are read.
    pub source: source::Options,
    /// Whose they are.
    pub description: Description,
    /// The file with the key under which the run's ids are hashed; `None` where they stand in clear.
    pub hash_ids: Option<PathBuf>,
}

/// From flags to a complete job.
pub(super) fn configure(args: ReportArgs, around: &Surroundings<'_>) -> Result<ReportJob, Error> {
    let ReportArgs { dir, json, find, hash_ids, input, api } = args;
    let Some(name) = find else { return Ok(ReportJob { dir, json, find: None }) };
    let description = Description::load(&api.name)?;
    let reading = reading(Action::Get, &input, &description, around)?;
    // Each row is asked about, a repeated one and an odd one too.
    let source = source::Options { dedupe: Dedupe::Off, allow_odd_ids: true, ..reading };
    let find = Some(Box::new(FindWish { input: name, source, description, hash_ids }));
    Ok(ReportJob { dir, json, find })
}
