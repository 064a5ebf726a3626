//! `--dry-run`: reads, checks and counts everything, sends nothing, and says so first and last.

use super::{
    Stage, ask, closing, expect,
    input::Input,
    remembered::{self, Remembered},
    suppress,
};
use crate::{
    config::{Job, Target},
    domain::{Batch, Past, Tally, Verdict, say_number},
    error::{Error, Exit},
    report::Summary,
    source::{Decision, Finish},
};

/// Counts the input and says what the real command would be.
pub(super) fn run(job: &Job, input: &Input, stage: &Stage) -> Result<Exit, Error> {
    // Said even to those who want silence: the flag may stand in an environment that everybody has forgotten.
    stage.screen.say("dry run: nothing will be sent");
    let mut past = Past { suppressed: suppress::heeded(job)?.map(|(suppressed, _)| suppressed), ..Past::default() };
    let foreseen = foresee(job, input, &mut past)?;
    let finish = read_all(job, input, &past)?;
    let of_a_file = input.warnings(foreseen.as_ref().map(|foreseen| &foreseen.decision));
    let of_stdin = finish.warnings.iter().filter(|_| input.survey().is_none());
    let warnings: Vec<String> = of_a_file.chain(of_stdin).cloned().collect();
    for warning in &warnings {
        stage.tell(&format!("warning: {warning}"));
    }
    let mut summary = summary(job, &finish, host(job)?);
    stage.sum_up(&summary)?;
    if job.json {
        summary.warnings.extend(warnings);
        stage.hand_out(&summary)?;
    }
    if let Some(Foreseen { decision, leavers }) = &foreseen {
        let (sent, leavers) = (ask::what_is_sent(decision), say_number(*leavers as u64, "profile"));
        stage.tell(&if job.memory.as_ref().is_some_and(|wish| wish.assume_sent) {
            format!("{sent} would be taken as sent, without a call")
        } else {
            format!("{sent} would be sent, and {leavers} pruned")
        });
    }
    stage.screen.say("dry run: nothing was sent; the real command:");
    let seen = input.survey().map(|survey| (survey.rows, &survey.digest));
    stage.screen.say(&job.again.for_real(seen));
    Ok(summary.exit)
}

/// What a memory and a list of those who shall not come back would make of the rows.
struct Foreseen {
    decision: Decision,
    leavers: usize,
}

/// Asks the memory, and makes none.
fn foresee(job: &Job, input: &Input, past: &mut Past) -> Result<Option<Foreseen>, Error> {
    let begun = job.memory.as_ref().is_some_and(|wish| !wish.first || wish.directory.exists());
    let mut remembered = if begun { Remembered::open(job)? } else { None };
    let asked = remembered.as_mut().filter(|remembered| !remembered.takes_all_as_sent());
    let decision = remembered::decide(job, input, past, asked)?;
    decision.iter().try_for_each(|decision| expect::of_the_decision(job, decision))?;
    Ok(decision.map(|decision| Foreseen { decision, leavers: remembered.map_or(0, |asked| asked.leavers().len()) }))
}

/// As the reader of the real run would hand the rows on.
fn read_all(job: &Job, input: &Input, past: &Past) -> Result<Finish, Error> {
    let mut reader = input.reader(&job.source)?;
    let mut batch = Batch::default();
    while reader.next(past, &mut batch)? {
        batch.rows.clear();
    }
    let finish = reader.finish()?;
    if finish.rows == 0 && !expect::may_be_empty(job, finish.met) {
        return Err(expect::no_rows());
    }
    Ok(finish)
}

fn host(job: &Job) -> Result<String, Error> {
    match &job.target {
        Target::Real { connection, .. } => Ok(job.description.destination(connection.base_url())?.host),
        Target::Sandbox(_) => Ok("a stand-in".to_owned()),
    }
}

fn summary(job: &Job, finish: &Finish, host: String) -> Summary {
    let mut totals = Tally::default();
    totals.add_many(Verdict::Invalid, finish.malformed);
    totals.add_many(Verdict::Duplicate, finish.repeated);
    totals.add_many(Verdict::Unchanged, finish.unchanged);
    totals.add_many(Verdict::Superseded, finish.superseded);
    totals.add_many(Verdict::Suppressed, finish.suppressed);
    totals.add_many(Verdict::Refused, finish.refused_before);
    totals.add_many(Verdict::Missing, finish.missing_before);
    totals.add_many(Verdict::Exists, finish.taken_before);
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
        exit: closing::of_complete(totals, finish.rows, job),
        warnings: Vec::new(),
        ended: "dry run".to_owned(),
        next: None,
        dry_run: true,
        sandbox: false,
        pruned: None,
    }
}
