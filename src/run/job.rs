//! One mass operation, from the input's first byte to the process's exit code.

use super::{
    Stage,
    ahead::Ahead,
    ask,
    attempt::Attempt,
    came::Came,
    dry, expect,
    input::Input,
    patience, place, prune,
    remembered::Remembered,
    signals::{Stops, signals},
    target::{self, Reached},
};
use crate::{
    config::Job,
    domain::say_count,
    error::{Error, Exit},
    report::{self, Summary, Whereabouts},
};

/// Does the job.
pub(super) async fn perform(job: Job, stage: &Stage) -> Result<Exit, Error> {
    let mut stops = None;
    if !job.patience.wait.is_zero() {
        patience::wait(&job, stage, stops.insert(signals()?)).await?;
    }
    let ahead = Ahead::begin(&job);
    let input = Input::open(&job.input, &job.source)?;
    patience::young_enough(&job, &input)?;
    expect::of_the_input(&job, &input)?;
    if job.consent.dry_run {
        return dry::run(&job, &input, stage);
    }
    ask::must_be_possible(&job)?;
    let Reached { client, sandbox } = target::reach(job.target.clone(), &job.description, &input, &job.source, stage)?;
    let is_sandbox = sandbox.is_some();
    let mut remembered = Remembered::open(&job)?;
    let last_time = || match &remembered {
        Some(remembered) => remembered.last_rows(),
        None => place::last_rows(&job, &client, is_sandbox),
    };
    patience::long_enough(&job, &input, stage, last_time)?;
    let attempt = Attempt { job: &job, input: &input, client: &client, stage, is_sandbox };
    let mut came = attempt.make(remembered.as_mut(), ahead, &mut stops).await?;
    let exit = afterwards(&attempt, remembered, &mut came, &mut stops).await;
    if job.json {
        came.summary.exit = exit.as_ref().map_or_else(Error::exit, |exit| *exit);
        stage.hand_out(&came.summary)?;
    }
    exit
}

/// What follows when every row has its line: whoever left is pruned, this sync is remembered as complete, and old runs are
/// taken away.
async fn afterwards(
    sync: &Attempt<'_>,
    remembered: Option<Remembered>,
    came: &mut Came,
    stops: &mut Option<Stops>,
) -> Result<Exit, Error> {
    if !came.complete {
        return Ok(came.exit);
    }
    let mut exit = came.exit;
    if let Some(mut remembered) = remembered {
        let mut pruned = prune_leavers(sync, &mut remembered, came, stops).await?;
        came.summary.pruned = pruned.summary.take();
        came.summary.warnings.extend(pruned.warning.take());
        if pruned.is_stopped {
            return Ok(pruned.exit);
        }
        if pruned.is_done && sync.job.source.takes_every_row() {
            remembered.complete(came.rows)?;
        } else {
            remembered.settle()?;
        }
        if exit == Exit::Success {
            exit = pruned.exit;
        }
    }
    retain(sync, came)?;
    Ok(exit)
}

/// What became of those who left.
struct Pruned {
    exit: Exit,
    /// It can go on.
    is_stopped: bool,
    /// Nobody is left for the next sync: it is not complete before.
    is_done: bool,
    /// Of their deletion, where anybody was to be deleted.
    summary: Option<Box<Summary>>,
    /// Why nobody was.
    warning: Option<String>,
}

impl Pruned {
    const fn well(is_done: bool) -> Self {
        Self { exit: Exit::Success, is_stopped: false, is_done, summary: None, warning: None }
    }
}

async fn prune_leavers(
    sync: &Attempt<'_>,
    remembered: &mut Remembered,
    came: &Came,
    stops: &mut Option<Stops>,
) -> Result<Pruned, Error> {
    remembered.look_at_leavers_again()?;
    let leavers = remembered.leavers();
    if leavers.is_empty() {
        return Ok(Pruned::well(true));
    }
    let count = say_count(leavers.len() as u64);
    if !came.settled || remembered.some_are_nameless() {
        let why = "since some rows failed, or have no id that can be read and may be theirs";
        let warning = format!("{count} who left are not pruned, {why}");
        sync.stage.warn(&warning);
        return Ok(Pruned { warning: Some(warning), ..Pruned::well(false) });
    }
    sync.stage.tell(&format!("pruning {count} who left since the last complete sync"));
    let job = prune::job(sync.job, &came.directory, leavers)?;
    let input = Input::open(&job.input, &job.source)?;
    let deletion =
        Attempt { job: &job, input: &input, client: sync.client, stage: sync.stage, is_sandbox: sync.is_sandbox };
    let came = Box::pin(deletion.make(Some(remembered), None, stops)).await?;
    // Whom the API refuses to delete is here still, and must not be forgotten.
    let is_done = came.complete && came.settled && came.bad == 0;
    let Came { exit, complete, summary, .. } = came;
    Ok(Pruned { exit, is_stopped: !complete, is_done, summary: Some(Box::new(summary)), warning: None })
}

fn retain(attempt: &Attempt<'_>, came: &Came) -> Result<(), Error> {
    let job = attempt.job;
    let (Some(keep), Whereabouts::Under(runs_dir)) = (job.leniency.keep_runs, &job.place.whereabouts) else {
        return Ok(());
    };
    for gone in report::retain(runs_dir, keep, &came.directory)? {
        tracing::info!("the run in {} was taken away by --keep-runs", gone.display());
    }
    Ok(())
}
