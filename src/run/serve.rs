//! `tollgate sandbox`: the stand-in as a server of its own, until a signal.

use std::fs::File;

use futures::StreamExt;

use super::{Stage, signals::signals, target::residents};
use crate::{
    config::{Residents, SandboxJob},
    domain::say_count,
    error::{Error, Exit},
    sandbox::{Options, Population, serve},
    source::{self, Reader},
};

/// Serves until a signal comes, which is how it is meant to end.
pub(super) async fn perform(job: SandboxJob, stage: &Stage) -> Result<Exit, Error> {
    let (name, root) = (job.part.name().to_owned(), job.part.root());
    let options = Options {
        part: job.part,
        population: population(job.residents)?,
        key: job.key.clone(),
        faults: job.faults,
        seed: job.seed,
        journal: job.journal,
    };
    let mut stops = signals()?;
    let stop = async {
        stops.next().await;
    };
    let ready = |address| {
        stage.screen.say(&format!("the sandbox plays {name} on http://{address}{root}; its key is {}", job.key));
    };
    let received = serve(options, job.listen, ready, stop).await?;
    stage.tell(&format!(
        "received {} requests; {} profiles made, changed or deleted",
        say_count(received.requests),
        say_count(received.applied)
    ));
    Ok(Exit::Success)
}

fn population(residents_wanted: Residents) -> Result<Population, Error> {
    match residents_wanted {
        Residents::Everybody => Ok(Population::Everybody),
        Residents::Count(count) => Ok(Population::Count(count)),
        Residents::File { path, reading, owners } => {
            let name = path.display().to_string();
            let file = File::open(&path)
                .map_err(|error| Error::new(Exit::NoInput, format!("{name} cannot be read: {error}")))?;
            let reading = source::Options { dedupe: source::Dedupe::Off, ..*reading };
            Ok(Population::Profiles(residents(Reader::open(file, &name, &reading, None)?, &owners)?))
        }
    }
}
