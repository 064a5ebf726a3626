//! What a run's directory holds, read as a stranger would: shares nothing with the program but the digest.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde_json::{Value, value::RawValue};
use tollgate::domain::Digest;

use crate::support::disk::SimDisk;

/// One line of the results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) row: u64,
    /// The last one that it is about.
    pub(crate) last: u64,
    pub(crate) id: String,
    pub(crate) outcome: String,
    /// Which request decided it.
    pub(crate) request: Option<usize>,
    pub(crate) message: String,
}

/// The results, as far as their chain holds.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) lines: Vec<Line>,
    /// Every chain value, the first link included.
    pub(crate) heads: Vec<String>,
    /// Bytes after the last whole line.
    pub(crate) rest: usize,
}

/// Reads `results.csv`; empty when no run was begun.
pub(crate) fn journal(disk: &SimDisk) -> Journal {
    let Some(run) = disk.bytes("run.json") else { return Journal::default() };
    let run: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&run).expect("run.json is JSON");
    let mut journal =
        Journal { heads: vec![Digest::of(run["immutable"].get().as_bytes()).to_string()], ..Journal::default() };
    let bytes = disk.bytes("results.csv").unwrap_or_default();
    let mut pieces = bytes.split_inclusive(|byte| *byte == b'\n');
    journal.rest = bytes.len() - pieces.next().filter(|header| header.ends_with(b"\n")).map_or(0, <[u8]>::len);
    for piece in pieces {
        let Some((line, head)) = chained(piece, &journal.heads[journal.heads.len() - 1]) else { break };
        journal.rest -= piece.len();
        journal.lines.push(line);
        journal.heads.push(head);
    }
    journal
}

fn chained(piece: &[u8], before: &str) -> Option<(Line, String)> {
    let text = std::str::from_utf8(piece).ok()?.strip_suffix('\n')?;
    let (raw, chain) = text.rsplit_once(',')?;
    if Digest::of(format!("{before}{raw}").as_bytes()).to_string() != chain {
        return None;
    }
    let fields = fields(raw);
    assert_eq!(fields.len(), 12, "{raw}");
    let (row, last) = fields[0].split_once('-').unwrap_or((&fields[0], &fields[0]));
    let (row, last) = (row.parse().expect("a line"), last.parse().expect("a line"));
    if row != last {
        // In these stories each row of a range stands on one line.
        assert_eq!(fields[11], format!("{} rows as they were sent before", last - row + 1));
        assert_eq!((fields[1].as_str(), fields[3].as_str(), fields[6].as_str()), ("", "unchanged", "0"));
    }
    let line = Line {
        row,
        last,
        id: fields[1].clone(),
        outcome: fields[3].clone(),
        request: fields[9].parse().ok(),
        message: fields[11].clone(),
    };
    Some((line, chain.to_owned()))
}

fn fields(raw: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut inside, mut characters) = (false, raw.chars().peekable());
    while let Some(character) = characters.next() {
        let last = fields.len() - 1;
        match character {
            '"' if inside && characters.peek() == Some(&'"') => fields[last].extend(characters.next()),
            '"' => inside = !inside,
            ',' if !inside => fields.push(String::new()),
            other => fields[last].push(other),
        }
    }
    fields
}

impl Line {
    /// The rows that it is about.
    pub(crate) const fn rows(&self) -> RangeInclusive<u64> {
        self.row..=self.last
    }
}

impl Journal {
    /// Each row's last word.
    pub(crate) fn last_words(&self) -> BTreeMap<u64, &Line> {
        self.lines.iter().flat_map(|line| line.rows().map(move |row| (row, line))).collect()
    }
}

/// The mutable part of `run.json`.
pub(crate) fn state(disk: &SimDisk) -> Value {
    let run: Value = serde_json::from_slice(&disk.bytes("run.json").expect("run.json")).expect("JSON");
    run["state"].clone()
}

/// The records of a side file, in order of bytes; none when there is no such file.
pub(crate) fn side_file(disk: &SimDisk, name: &str, header: &str) -> Vec<String> {
    let Some(bytes) = disk.bytes(name) else { return Vec::new() };
    let text = String::from_utf8(bytes).expect("UTF-8");
    let rest = text.strip_prefix(&format!("{header}\n")).expect("a header");
    let (mut records, mut inside) = (vec![String::new()], false);
    for character in rest.chars() {
        inside ^= character == '"';
        let last = records.len() - 1;
        match character {
            '\n' if !inside => records.push(String::new()),
            other => records[last].push(other),
        }
    }
    assert_eq!(records.pop().as_deref(), Some(""), "the last record is whole");
    records.sort();
    records
}
