//! What a verification is held against, and what it proves without.

use super::Stage;
use crate::{
    config::Job,
    domain::{Action, Recorded},
    error::{Error, Exit},
    flow::Looked,
    remote::Client,
    report::recorded_by,
};

/// A finished deletion, as far as a verification asks for it.
pub(super) struct Earlier {
    pub(super) recorded: Recorded,
    /// The app that its key belonged to.
    pub(super) app: Option<String>,
    /// It used the same key.
    pub(super) same_key: bool,
}

/// Reads the run that `--against` names.
pub(super) fn read(job: &Job, client: &Client, is_sandbox: bool) -> Result<Option<Earlier>, Error> {
    let Some(directory) = &job.against else { return Ok(None) };
    let against = recorded_by(directory, job.source.fingerprint_key)?;
    let (theirs, ours) = (&against.run.host, client.host());
    // Each stand-in has a port of its own.
    if theirs != ours && !(is_sandbox && against.run.sandbox) {
        return Err(Error::new(
            Exit::Config,
            format!("the deletion in {} was on {theirs}, this is on {ours}", directory.display()),
        ));
    }
    if against.recorded.is_empty() {
        tracing::warn!("{} recorded no profile's own id, so nobody can be told to be new", directory.display());
    }
    let same_key = against.key_fingerprint == client.key_fingerprint();
    Ok(Some(Earlier { recorded: against.recorded, app: against.run.app, same_key }))
}

/// That nobody is there shows something only with a key of the right app, and only a profile or an earlier run can say
/// whose the key is.
pub(super) fn tell_what_absence_proves(job: &Job, looked: &Looked, same_key: bool, stage: &Stage) {
    if job.action == Action::Verify && looked.asked > 0 && looked.app.is_none() && !same_key {
        stage.tell(
            "warning: none of those looked at exists, and with the key of another app that would be so, too: \
             --against DIR shows that the key is the one that deleted them",
        );
    }
}
