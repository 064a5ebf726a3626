//! What a verification is held against, and what it proves without.

use super::{Stage, elsewhere::is_of_one_place};
use crate::{
    config::Job,
    domain::{Naming, Recorded, Task},
    error::{Error, Exit},
    flow::Looked,
    remote::Client,
    report::recorded_by,
};

/// What the deletion that `--against` names knew of its key.
#[derive(Default)]
pub(super) struct Whose {
    app: Option<String>,
    same_key: bool,
}

/// Reads the run that `--against` names: what its looks recorded, and whose its key was.
pub(super) fn read(
    job: &Job,
    client: &Client,
    is_sandbox: bool,
    naming: &Naming,
) -> Result<(Option<Recorded>, Whose), Error> {
    let Some(directory) = &job.against else { return Ok((None, Whose::default())) };
    let against = recorded_by(directory, job.source.fingerprint_key, naming)?;
    is_of_one_place(&against.run, directory, client, is_sandbox)?;
    if against.recorded.is_empty() {
        tracing::warn!("{} recorded no profile's own id, so nobody can be told to be new", directory.display());
    }
    let same_key = against.run.state.key_fingerprint == client.key_fingerprint();
    Ok((Some(against.recorded), Whose { app: against.run.app().map(str::to_owned), same_key }))
}

impl Whose {
    /// The app that the key belongs to, where it is the deletion's own.
    pub(super) fn app(&self) -> Option<&str> {
        self.app.as_deref().filter(|_| self.same_key)
    }

    /// That nobody is there shows something only with a key of the right app, and only a profile or the deletion's own
    /// key can say whose it is.
    pub(super) fn hold_against(&self, looked: &Looked, job: &Job, stage: &Stage) -> Result<(), Error> {
        match (&looked.app, &self.app) {
            (Some(now), Some(before)) if now != before => Err(Error::new(
                Exit::Config,
                format!("the key belongs to app {now}, and the deletion of --against was in app {before}"),
            )
            .hint("use the key of that app, or another directory")),
            (None, _) if job.task == Task::Verify && looked.asked > 0 && looked.exist == 0 && !self.same_key => {
                // Said even to those who want silence: without it, a success would say more than it knows.
                stage.screen.say(if job.against.is_some() {
                    "warning: none of those looked at exists, and with the key of another app that would be so, too: the \
                     key is not the one of --against that deleted them; if it belongs to another app, this proves nothing"
                } else {
                    "warning: none of those looked at exists, and with the key of another app that would be so, too: \
                     --against DIR shows that the key is the one that deleted them"
                });
                Ok(())
            }
            (Some(_) | None, _) => Ok(()),
        }
    }
}
