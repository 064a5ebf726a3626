//! What the user said must be true, held against what is.

use super::input::Input;
use crate::{
    config::{Consent, Job},
    domain::{Action, Id, IdKind, Sample, Task, say_count, say_number},
    error::{Error, Exit},
    report::RunFile,
    source::{Decision, Survey},
};

/// Before the first call: the input is what it was said to be.
pub(super) fn of_the_input(job: &Job, input: &Input) -> Result<(), Error> {
    match input.survey() {
        None => of_stdin(&job.consent),
        Some(survey) => {
            not_empty(job, survey)?;
            rows_and_digest(&job.consent, survey)?;
            of_the_parameters(job, &survey.samples)?;
            let wanted = survey.rows - survey.malformed;
            match job.task {
                Task::Delete => at_most(job.flow.max_delete, wanted, "to delete", "--max-delete"),
                Task::Create => {
                    at_most(job.flow.max_create, wanted, "to create", "--max-create")?;
                    at_most(job.flow.max_changes, wanted, "to send", "--max-changes")
                }
                Task::Update => at_most(job.flow.max_changes, wanted, "to send", "--max-changes"),
                // What a sync sends is known when it is decided.
                Task::Sync | Task::Get | Task::Verify => Ok(()),
            }
        }
    }
}

/// Before the first call: the API was told what it wants to be told once, as far as these rows show what is needed.
pub(super) fn of_the_parameters(job: &Job, samples: &[Sample]) -> Result<(), Error> {
    let mut kinds: Vec<IdKind> = samples.iter().flat_map(|sample| sample.identity.ids().map(Id::kind)).collect();
    kinds.sort();
    kinds.dedup();
    let Some(name) = job.description.lacks(&[job.source.action], &kinds) else { return Ok(()) };
    Err(Error::new(Exit::Usage, format!("{} wants to be told its {name}", job.description.name()))
        .hint(format!("say it once for all rows: --set {name}=VALUE")))
}

fn of_stdin(consent: &Consent) -> Result<(), Error> {
    if consent.expect_rows.is_none() && consent.expect_sha256.is_none() {
        return Ok(());
    }
    Err(Error::new(Exit::Usage, "--expect-rows and --expect-sha256 need a file: stdin is known only at its end")
        .hint("write the rows into a file first, or bound the run with --max-delete"))
}

fn not_empty(job: &Job, survey: &Survey) -> Result<(), Error> {
    if survey.rows > 0 || may_be_empty(job, survey.met) {
        return Ok(());
    }
    Err(no_rows())
}

/// An empty input was asked for, or it is only a shard's part that is empty.
pub(super) const fn may_be_empty(job: &Job, met: u64) -> bool {
    job.allow_empty || (job.source.shard.count > 1 && met > job.source.skip)
}

/// An empty source once deleted everything (rclone#4298): it is an error unless asked for.
pub(super) fn no_rows() -> Error {
    Error::new(Exit::Data, "the input has no rows")
        .hint("an export that failed looks like this; --allow-empty if it is right")
}

fn rows_and_digest(consent: &Consent, survey: &Survey) -> Result<(), Error> {
    match consent.expect_rows {
        Some(expected) if expected != survey.rows => Err(Error::new(
            Exit::Guard,
            format!("the input has {}, not {}", say_number(survey.rows, "row"), say_count(expected)),
        )
        .hint("this is not the file that --expect-rows was written for")),
        Some(_) | None => Ok(()),
    }?;
    match consent.expect_sha256 {
        Some(expected) if expected != survey.digest => {
            Err(Error::new(Exit::Guard, format!("the input's sha256 is {}, not {expected}", survey.digest))
                .hint("this is not the file that --expect-sha256 was written for"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Before the first call: no more would be changed, made or deleted than permitted.
pub(super) fn of_the_decision(job: &Job, decision: &Decision) -> Result<(), Error> {
    of_the_actions(job, decision)?;
    let Decision { counts, .. } = decision;
    at_most(job.flow.max_changes, counts.sent(), "to send", "--max-changes")?;
    at_most(job.flow.max_create, counts.of(Action::Create), "to create", "--max-create")?;
    at_most(job.flow.max_delete, counts.of(Action::Delete), "to delete", "--max-delete")
}

/// Before the first call: the API has a call for whatever rows ask for by themselves.
fn of_the_actions(job: &Job, decision: &Decision) -> Result<(), Error> {
    let asked = |action: &Action| decision.counts.of(*action) > 0 && !job.description.offers(*action);
    let Some(action) = Action::ALL.into_iter().find(asked) else { return Ok(()) };
    let (api, word) = (job.description.name(), action.word());
    Err(Error::new(Exit::Config, format!("the description of {api} has no call to {word} a profile"))
        .hint(format!("if the API has one, say it there, under [operations.{word}]")))
}

fn at_most(most: u64, wanted: u64, what: &str, flag: &str) -> Result<(), Error> {
    if wanted <= most {
        return Ok(());
    }
    let wanted = say_number(wanted, "row");
    let what = format!("the input has {wanted} {what}, more than {flag} {}", say_count(most));
    Err(Error::new(Exit::Guard, what).hint(format!("check the input; raise {flag} if it is right")))
}

/// A run that was begun with a list of the erased goes on with one: else those who are left would come back, or be deleted
/// without being entered.
pub(super) fn of_the_list(job: &Job, run: &RunFile) -> Result<(), Error> {
    match (run.immutable.options.get("suppress"), job.options_said.get("suppress")) {
        (Some(list), None) => {
            Err(Error::new(Exit::Config, format!("the run was begun with --suppress {list}, and there is no list now"))
                .hint("give the list and its key again, or begin anew: --new, or another --out"))
        }
        (Some(_), Some(_)) | (None, _) => Ok(()),
    }
}

/// What is known of the app when the look is over.
pub(super) struct AppFacts<'a> {
    /// Whose the present key is, as the look told, or the deletion with the same key that `--against` names.
    pub(super) of_this_key: Option<&'a str>,
    /// What the run's earlier tries knew, or the run of `--continue-from`.
    pub(super) before: Option<&'a str>,
    /// The key is not the one of the last try, and the API could tell whose it is.
    pub(super) another_key: bool,
    /// The API has answered for rows that are settled.
    pub(super) is_anybody_settled: bool,
    /// No guard doubts those that an earlier key did not find.
    pub(super) absence_is_hoped_for: bool,
}

/// After the look: the key belongs to the app that was said, and to the one that the run began with.
pub(super) fn of_the_app(consent: &Consent, facts: &AppFacts<'_>) -> Result<(), Error> {
    same_app(facts)?;
    let Some(expected) = consent.expect_app.as_deref() else { return Ok(()) };
    match facts.of_this_key.or(facts.before) {
        Some(app) if app == expected => Ok(()),
        Some(app) => Err(Error::new(Exit::Guard, format!("the key belongs to app {app}, not to {expected}"))
            .hint("use the key of that app, or correct --expect-app")),
        None => Err(Error::new(Exit::Guard, "none of the profiles looked at exists, so the key's app cannot be told")
            .hint("check the key and the input; without --expect-app the run goes on all the same")),
    }
}

/// What an earlier key's answers told says nothing about another key.
fn same_app(facts: &AppFacts<'_>) -> Result<(), Error> {
    match (facts.of_this_key, facts.before) {
        (Some(now), Some(before)) if now != before => Err(Error::new(
            Exit::Config,
            format!("the key belongs to app {now}, and what is settled already is of app {before}"),
        )
        .hint("use the key of that app; the right one for another app begins anew: --new, or another --out")),
        (None, _) if facts.another_key && facts.is_anybody_settled => Err(Error::new(
            Exit::Config,
            "the key has changed since the last try, and none of the profiles looked at exists, so its app cannot be told",
        )
        .hint("go on with the key that the run was begun with, or begin anew: --new, or another --out")),
        (Some(_), None) if facts.another_key && facts.is_anybody_settled && facts.absence_is_hoped_for => Err(Error::new(
            Exit::Config,
            "the key has changed since the last try, and whom the earlier key did not find may only be in another app",
        )
        .hint("go on with the key that the run was begun with, or begin anew: --new, or another --out")),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
