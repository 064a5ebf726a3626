//! The effective values of the flags that shape a run, in the words of the command line: for the run's record.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::ProfilesTo;
use crate::{
    flow::{self, MaxAbsent, MaxErrors},
    source::{self, ColumnWish, Dedupe, Format, Wish},
};

/// Nothing of the connection is among them: a proxy's URL may hold a password.
pub(super) fn options(
    flow: &flow::Options,
    source: &source::Options,
    profiles: &ProfilesTo,
    against: Option<&Path>,
) -> BTreeMap<String, String> {
    pace(flow)
        .into_iter()
        .chain(guards(flow))
        .chain(reading(source))
        .chain(out_profiles(profiles))
        .chain(against.map(|directory| ("against", directory.display().to_string())))
        .map(|(flag, value)| (flag.to_owned(), value))
        .collect()
}

fn pace(flow: &flow::Options) -> [(&'static str, String); 9] {
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

fn out_profiles(profiles: &ProfilesTo) -> Option<(&'static str, String)> {
    let said = match profiles {
        ProfilesTo::Nowhere => return None,
        ProfilesTo::Directory => "the run's directory".to_owned(),
        ProfilesTo::File(path) => path.display().to_string(),
        ProfilesTo::Stdout => "-".to_owned(),
    };
    Some(("out-profiles", said))
}

fn guards(flow: &flow::Options) -> [(&'static str, String); 6] {
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

fn reading(source: &source::Options) -> [(&'static str, String); 9] {
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
