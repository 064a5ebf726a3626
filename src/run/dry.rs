//! `--dry-run`: reads, checks and counts everything, sends nothing, and says so first and last.

use super::{Stage, input::Input};
use crate::{
    config::Job,
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
    warnings.iter().for_each(|warning| stage.tell(&format!("warning: {warning}")));
    let summary = summary(job, &finish);
    stage.tell(summary.human(stage.colour).trim_end());
    if job.json {
        stage.screen.data(&json(&summary)?)?;
    }
    stage.tell("dry run: nothing was sent; the real command:");
    stage.tell(&real_command(&stage.typed, input, &finish));
    Ok(summary.exit)
}

fn read_all(job: &Job, input: &Input) -> Result<Finish, Error> {
    let mut reader = input.reader(&job.source)?;
    let nobody = Past::default();
    let mut batch = Batch::default();
    while reader.next(&nobody, &mut batch)? {}
    let finish = reader.finish()?;
    if finish.rows == 0 && !job.allow_empty {
        return Err(super::expect::no_rows());
    }
    Ok(finish)
}

fn summary(job: &Job, finish: &Finish) -> Summary {
    let mut totals = Tally::default();
    totals.add_many(Verdict::Invalid, finish.malformed);
    totals.add_many(Verdict::Duplicate, finish.repeated);
    Summary {
        command: job.action.word().to_owned(),
        api: job.description.name().to_owned(),
        host: job.description.base_url().to_owned(),
        app: None,
        directory: None,
        rows: Some(finish.rows),
        totals,
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
        ended: "dry run".to_owned(),
        next: None,
        dry_run: true,
        sandbox: false,
    }
}

pub(super) fn json(summary: &Summary) -> Result<String, Error> {
    serde_json::to_string_pretty(summary)
        .map_err(|error| Error::new(Exit::Internal, format!("the summary cannot be put into JSON: {error}")))
}

/// What was typed, without the dry run and with what it found, so that only this very file is accepted.
fn real_command(typed: &[String], input: &Input, finish: &Finish) -> String {
    let mut words: Vec<String> = typed.iter().filter_map(|word| without_dry_run(word)).map(|word| quoted(&word)).collect();
    if input.survey().is_some() {
        words.push(format!("--expect-rows {} --expect-sha256 {}", finish.rows, finish.digest));
    }
    words.join(" ")
}

/// `-n` alone, spelled out, or in a cluster such as `-nq`.
fn without_dry_run(word: &str) -> Option<String> {
    let is_cluster = word.starts_with('-') && word.len() > 1 && word[1..].chars().all(|letter| "nqyv".contains(letter));
    match word {
        "-n" | "--dry-run" => None,
        _ if is_cluster => Some(word.replace('n', "")),
        _ => Some(word.to_owned()),
    }
}

/// As a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_dry_run_is_left_out_of_the_command() {
        let typed = ["tollgate", "delete", "-nq", "--dry-run", "my file.csv", "-n", "--skip", "3"];
        let words: Vec<String> = typed.iter().filter_map(|word| without_dry_run(word)).map(|word| quoted(&word)).collect();
        assert_eq!(words.join(" "), "tollgate delete -q 'my file.csv' --skip 3");
    }
}
