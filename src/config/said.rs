//! The effective values of the flags that shape a run, in the words of the command line: for the run's record.

use std::{collections::BTreeMap, time::Duration};

use super::{Job, ProfilesTo};
use crate::{
    domain::Task,
    flow::{self, MaxAbsent, MaxErrors},
    source::{self, ColumnWish, Counting, Dedupe, Format, Wish},
};

/// A flag and its value.
type Said = (&'static str, String);

/// Nothing of the connection is among them: a proxy's URL may hold a password.
pub(super) fn options(job: &Job, set: &[(String, String)]) -> BTreeMap<String, String> {
    pace(&job.flow)
        .into_iter()
        .chain(guards(&job.flow))
        .chain(reading(&job.source))
        .chain(out_profiles(&job.profiles))
        .chain(job.against.as_ref().map(|directory| ("against", directory.display().to_string())))
        .chain(job.suppress.as_ref().map(|list| ("suppress", list.list.display().to_string())))
        .chain(job.hash_ids.as_ref().map(|key| ("hash-ids", key.display().to_string())))
        .chain(constants(set))
        .chain(pipeline(job))
        .chain(changes(job))
        .chain(sync(job))
        .map(|(flag, value)| (flag.to_owned(), value))
        .collect()
}

/// What was said once for all rows: fields, and what the API wants to be told.
fn constants(set: &[(String, String)]) -> Option<Said> {
    (!set.is_empty()).then(|| ("set", lines(set.iter().map(|(name, value)| format!("{name}={value}")))))
}

fn pipeline(job: &Job) -> impl Iterator<Item = Said> {
    let (patience, leniency) = (&job.patience, &job.leniency);
    std::iter::once(("tolerate", leniency.tolerate.to_string()))
        .chain(leniency.keep_runs.map(|runs| ("keep-runs", runs.to_string())))
        .chain(patience.min_rows.map(|rows| ("min-rows", rows.to_string())))
        .chain(patience.max_age.map(|age| ("max-input-age", duration(age))))
        .chain((!patience.wait.is_zero()).then(|| ("wait-for-input", duration(patience.wait))))
}

/// Of operations whose rows have fields.
fn changes(job: &Job) -> Vec<Said> {
    if !job.task.usual().takes_fields() {
        return Vec::new();
    }
    let fields = &job.source.fields;
    let columns = |names: &[String]| lines(names.iter().cloned());
    let ignored = if fields.ignore.is_empty() { "none".to_owned() } else { columns(&fields.ignore) };
    vec![
        ("null", fields.null.clone().unwrap_or_else(|| "none".to_owned())),
        ("ignore-column", ignored),
        ("only-column", fields.only.as_deref().map_or_else(|| "all".to_owned(), columns)),
        ("max-create", bounded(job.flow.max_create)),
        ("max-changes", bounded(job.flow.max_changes)),
        ("compare", if job.flow.compare { "server" } else { "off" }.to_owned()),
    ]
}

/// Of operations whose rows say what they want.
fn sync(job: &Job) -> Vec<Said> {
    if job.task != Task::Sync {
        return Vec::new();
    }
    let mut said = vec![
        ("action", job.source.action.word().to_owned()),
        ("action-column", job.source.action_column.clone().unwrap_or_else(|| "none".to_owned())),
        ("every-row", (job.source.decided != Some(Counting::Last)).to_string()),
    ];
    if let Some(memory) = &job.memory {
        said.extend([
            ("memory", memory.directory.display().to_string()),
            ("first", memory.first.to_string()),
            ("assume-sent", memory.assume_sent.to_string()),
            ("refresh", memory.refresh.map_or_else(|| "off".to_owned(), duration)),
            ("missing-again", duration(memory.missing_again)),
            ("prune", memory.prune.map_or_else(|| "off".to_owned(), |most| most.to_string())),
        ]);
    }
    said
}

/// One a line: a name or a value may hold any other character.
fn lines(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join("\n")
}

fn pace(flow: &flow::Options) -> [Said; 9] {
    [
        ("rate", format!("{}/s", flow.rate.get())),
        ("burst", flow.burst.to_string()),
        ("concurrency", flow.width.to_string()),
        ("max-attempts", flow.max_attempts.to_string()),
        ("timeout", duration(flow.timeout)),
        ("max-hold", duration(flow.max_hold)),
        ("give-up-after", duration(flow.give_up_after)),
        ("max-duration", duration(flow.max_duration)),
        ("grace", duration(flow.grace)),
    ]
}

fn out_profiles(profiles: &ProfilesTo) -> Option<Said> {
    let said = match profiles {
        ProfilesTo::Nowhere => return None,
        ProfilesTo::Directory => "the run's directory".to_owned(),
        ProfilesTo::File(path) => path.display().to_string(),
        ProfilesTo::Stdout => "-".to_owned(),
    };
    Some(("out-profiles", said))
}

fn guards(flow: &flow::Options) -> [Said; 6] {
    let errors = match flow.max_errors {
        MaxErrors::Count(count) => count.to_string(),
        MaxErrors::Percent(percent) => format!("{percent}%"),
    };
    let absent = match flow.max_absent {
        MaxAbsent::Percent(percent) => format!("{percent}%"),
        MaxAbsent::Off => "off".to_owned(),
    };
    [
        ("canary", flow.canary.to_string()),
        ("max-delete", bounded(flow.max_delete)),
        ("max-errors", errors),
        ("max-absent", absent),
        ("look", flow.look.to_string()),
        ("verify-after", flow.verify_after.map_or_else(|| "off".to_owned(), duration)),
    ]
}

fn reading(source: &source::Options) -> [Said; 9] {
    let format = match source.format {
        Wish::Recognise => "recognised",
        Wish::Is(Format::Csv) => "csv",
        Wish::Is(Format::JsonLines) => "jsonl",
        Wish::Is(Format::Lines) => "lines",
    };
    let delimiter = match source.delimiter {
        Wish::Recognise => "recognised".to_owned(),
        Wish::Is(byte) => char::from(byte).escape_default().to_string(),
    };
    let dedupe = match source.dedupe {
        Dedupe::Auto => "auto",
        Dedupe::On => "on",
        Dedupe::Off => "off",
    };
    let name = |column: &ColumnWish| column.name.clone();
    [
        ("format", format.to_owned()),
        ("delimiter", delimiter),
        ("header", source.header.to_string()),
        ("columns", source.columns.iter().map(name).collect::<Vec<_>>().join(",")),
        ("allow-odd-ids", source.allow_odd_ids.to_string()),
        ("dedupe", dedupe.to_owned()),
        ("shard", format!("{}/{}", source.shard.index, source.shard.count)),
        ("skip", source.skip.to_string()),
        ("limit", bounded(source.limit)),
    ]
}

/// Exact, and readable by the flags themselves: `900s`, `300ms`.
fn duration(duration: Duration) -> String {
    if duration == Duration::MAX { "unbounded".to_owned() } else { format!("{duration:?}") }
}

fn bounded(count: u64) -> String {
    if count == u64::MAX { "unbounded".to_owned() } else { count.to_string() }
}
