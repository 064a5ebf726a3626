//! Another run that this one builds upon: what it says counts only where it was about the same people.
//!
//! Promises: nobody is passed over because somebody of that name was deleted at another place, or in a rehearsal.

use std::path::Path;

use crate::{
    config::Job,
    domain::{Naming, Past},
    error::{Error, Exit},
    remote::Client,
    report::{RunFile, settled_elsewhere},
};

/// Reads the run that `--continue-from` names, and tells `past` whom it settled well; gives the run, unless this one is
/// a rehearsal.
pub(super) fn pass_over(
    job: &Job,
    client: &Client,
    is_sandbox: bool,
    naming: &Naming,
    past: &mut Past,
) -> Result<Option<RunFile>, Error> {
    let Some(directory) = &job.place.continue_from else { return Ok(None) };
    let elsewhere = settled_elsewhere(directory, job.source.fingerprint_key, naming)?;
    is_of_one_place(&elsewhere.run, directory, client, is_sandbox)?;
    past.elsewhere_deleted = Some(elsewhere.deleted);
    past.elsewhere_absent = Some(elsewhere.absent);
    Ok(Some(elsewhere.run).filter(|_| !is_sandbox))
}

/// Whether a run's calls went where this one's go. A rehearsal may build upon any run, but is itself no ground to build
/// upon.
pub(super) fn is_of_one_place(run: &RunFile, directory: &Path, client: &Client, is_sandbox: bool) -> Result<(), Error> {
    let (run, directory) = (&run.immutable, directory.display());
    let refused = |what: String| {
        Error::new(Exit::Config, what)
            .hint("name the run that was made there, or check --base-url and what else says where calls go")
    };
    if is_sandbox {
        return Ok(());
    }
    if run.sandbox {
        return Err(refused(format!("the run in {directory} was a rehearsal against a sandbox: it deleted nobody")));
    }
    match run.destination.difference(client.destination()) {
        Some(difference) => Err(refused(format!("the run in {directory} is of {difference}"))),
        None => Ok(()),
    }
}
