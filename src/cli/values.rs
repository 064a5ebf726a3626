//! How values are written that no room reads by itself.

use std::{path::PathBuf, time::Duration};

use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};

use super::{Compare, Deed};
use crate::{
    domain::{Action, Amount, Digest, parse_duration, parse_percent},
    flow::{MaxAbsent, MaxErrors},
    remote::ApiName,
    sandbox::{Share, Verb},
    source::{Dedupe, Format, InputName, Shard},
    telemetry::{ColourChoice, LogFormat},
};

/// One of a few words, each standing for a value.
fn words<T: Copy + Send + Sync + 'static>(table: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(table.iter().map(|(word, _)| *word)).try_map(|said| {
        let found = table.iter().find(|(word, _)| *word == said).map(|(_, value)| *value);
        found.ok_or_else(|| format!("`{said}` is not a word that is known here"))
    })
}

pub(super) fn format() -> impl TypedValueParser<Value = Format> {
    words(&[("csv", Format::Csv), ("jsonl", Format::JsonLines), ("lines", Format::Lines)])
}

pub(super) fn dedupe() -> impl TypedValueParser<Value = Dedupe> {
    words(&[("auto", Dedupe::Auto), ("on", Dedupe::On), ("off", Dedupe::Off)])
}

/// What a row of a sync may ask for.
pub(super) fn action() -> impl TypedValueParser<Value = Action> {
    const WORDS: [(&str, Action); 4] = [
        (Action::Update.word(), Action::Update),
        (Action::Create.word(), Action::Create),
        (Action::Upsert.word(), Action::Upsert),
        (Action::Delete.word(), Action::Delete),
    ];
    words(&WORDS)
}

pub(super) fn compare() -> impl TypedValueParser<Value = Compare> {
    words(&[("server", Compare::Server)])
}

pub(super) fn deed() -> impl TypedValueParser<Value = Deed> {
    words(&[("check", Deed::Check), ("remove", Deed::Remove)])
}

/// `FIELD=VALUE`; the value may hold further equals signs, or be empty.
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("a constant is FIELD=VALUE, such as email_verified=true".to_owned()),
    }
}

pub(super) fn log_format() -> impl TypedValueParser<Value = LogFormat> {
    words(&[("human", LogFormat::Human), ("json", LogFormat::Json)])
}

pub(super) fn colour() -> impl TypedValueParser<Value = ColourChoice> {
    words(&[("auto", ColourChoice::Auto), ("always", ColourChoice::Always), ("never", ColourChoice::Never)])
}

/// `-` is stdin.
pub(super) fn input() -> impl TypedValueParser<Value = InputName> {
    PathBufValueParser::new().map(|path| if path.as_os_str() == "-" { InputName::Stdin } else { InputName::File(path) })
}

/// A path, by its slash or its `.toml`, is a file; anything else is the name of a description that is built in.
pub(super) fn api() -> impl TypedValueParser<Value = ApiName> {
    PathBufValueParser::new().map(|path: PathBuf| match path.to_str() {
        Some(name) if !name.contains('/') && path.extension().is_none_or(|end| end != "toml") => {
            ApiName::Embedded(name.to_owned())
        }
        Some(_) | None => ApiName::File(path),
    })
}

pub(super) fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) => Ok(*byte),
            _ => Err("a delimiter is one ASCII character other than a quote or a line end, or the word tab".to_owned()),
        },
    }
}

pub(super) fn shard(text: &str) -> Result<Shard, String> {
    let wrong = || "a shard is K/N with K from 0 to N-1, such as 0/4".to_owned();
    let (index, count) = text.split_once('/').ok_or_else(wrong)?;
    let index = index.trim().parse().map_err(|_| wrong())?;
    let count = count.trim().parse().map_err(|_| wrong())?;
    if index < count { Ok(Shard { index, count }) } else { Err(wrong()) }
}

pub(super) fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text.trim().to_ascii_lowercase().as_bytes())
        .ok_or_else(|| "a SHA-256 digest has 64 hex digits".to_owned())
}

pub(super) fn max_errors(text: &str) -> Result<MaxErrors, String> {
    Amount::parse(text).map(|amount| match amount {
        Amount::Rows(count) => MaxErrors::Count(count),
        Amount::Percent(percent) => MaxErrors::Percent(percent),
    })
}

pub(super) fn max_absent(text: &str) -> Result<MaxAbsent, String> {
    match text.trim() {
        "off" => Ok(MaxAbsent::Off),
        share => match share.strip_suffix('%') {
            Some(number) => match parse_percent(number)? {
                0.0 => Err("0% would stop every run; `off` goes without the guard".to_owned()),
                share => Ok(MaxAbsent::Percent(share)),
            },
            None => Err(format!("`{text}` is neither a share with its percent sign, such as 95%, nor `off`")),
        },
    }
}

/// `5%` or `0.05`.
pub(super) fn share(text: &str) -> Result<Share, String> {
    if let Some(number) = text.trim().strip_suffix('%') {
        return parse_percent(number).map(|percent| Share(percent / 100.0));
    }
    let share: Option<f64> = text.trim().parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.map(Share).ok_or_else(|| format!("`{text}` is not a share such as 5% or 0.05"))
}

/// `DELETE`.
pub(super) fn verb(text: &str) -> Result<Verb, String> {
    let verb = Verb::ALL.into_iter().find(|verb| verb.word().eq_ignore_ascii_case(text.trim()));
    verb.ok_or_else(|| format!("`{text}` is none of {}", Verb::ALL.map(Verb::word).join(", ")))
}

/// `5s..20s`.
pub(super) fn window(text: &str) -> Result<(Duration, Duration), String> {
    let (from, to) = text.split_once("..").ok_or_else(|| format!("`{text}` is not a window such as 5s..20s"))?;
    let window = (parse_duration(from)?, parse_duration(to)?);
    if window.0 < window.1 { Ok(window) } else { Err(format!("`{text}` ends before it begins")) }
}

/// A duration that is not zero.
pub(super) fn some_time(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration.is_zero() { Err("must be longer than no time at all".to_owned()) } else { Ok(duration) }
}
