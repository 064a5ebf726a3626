//! `--dry-run`: reads, checks and counts everything, sends nothing, and says so first and last.

use super::{Stage, expect, input::Input};
use crate::{
    config::{Job, Target},
    domain::{Batch, Past, Tally, Verdict},
    error::{Error, Exit},
    report::Summary,
    source::Finish,
};

/// Counts the input and says what the real command would be.
pub(super) fn run(job: &Job, input: &Input, stage: &Stage) -> Result<Exit, Error> {
    stage.tell("dry run: nothing will be sent");
    let finish = read_all(job, input)?;
    let warnings = input.survey().map_or(&finish.warnings, |survey| &survey.warnings);
    for warning in warnings {
        stage.tell(&format!("warning: {warning}"));
    }
    let summary = summary(job, &finish, host(job)?);
    stage.sum_up(&summary, job.json)?;
    stage.tell("dry run: nothing was sent; the real command:");
    let seen = input.survey().map(|survey| (survey.rows, &survey.digest));
    stage.tell(&job.again.for_real(seen));
    Ok(summary.exit)
}

fn read_all(job: &Job, input: &Input) -> Result<Finish, Error> {
    let mut reader = input.reader(&job.source)?;
    let nobody = Past::default();
    let mut batch = Batch::default();
    while reader.next(&nobody, &mut batch)? {}
    let finish = reader.finish()?;
    if finish.rows == 0 && !expect::may_be_empty(job, finish.met) {
        return Err(expect::no_rows());
    }
    Ok(finish)
}

fn host(job: &Job) -> Result<String, Error> {
    match &job.target {
        Target::Real { connection, .. } => job.description.host(connection.base_url()),
        Target::Sandbox(_) => Ok("a stand-in".to_owned()),
    }
}

fn summary(job: &Job, finish: &Finish, host: String) -> Summary {
    let mut totals = Tally::default();
    totals.add_many(Verdict::Invalid, finish.malformed);
    totals.add_many(Verdict::Duplicate, finish.repeated);
    Summary {
        command: job.task,
        api: job.description.name().to_owned(),
        host,
        app: None,
        directory: None,
        profiles: None,
        rows: Some(finish.rows),
        totals,
        after_lost_answer: 0,
        trimmed: finish.trimmed,
        settled_before: 0,
        unsettled: finish.rows.saturating_sub(totals.total()),
        requests: 0,
        retries: 0,
        latency: None,
        elapsed_seconds: 0.0,
        mean_rate: 0.0,
        wanted_concurrency: None,
        chain_head: None,
        exit: if finish.malformed == 0 { Exit::Success } else { Exit::Rows },
        warnings: Vec::new(),
        ended: "dry run".to_owned(),
        next: None,
        dry_run: true,
        sandbox: false,
    }
}
