//! What the input is, judged by its name and its first record.
//!
//! Promises: what was told is not questioned; compression is no part of it (see `decode`); where nothing fits, it says
//! so instead of guessing. It does not read further than the first record.

use std::path::Path;

use super::{
    columns::is_named,
    options::{Format, Options, Wish},
    records::fields_of,
};

/// Delimiters that are recognised; the first of them wins where two stand equally often.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// The end of the first record at the beginning of `text`: a line end outside quotes. `None` when it is not at hand.
pub(super) fn first_record(text: &[u8]) -> Option<&[u8]> {
    let mut quoted = false;
    let mut before = None;
    for (at, byte) in text.iter().copied().enumerate() {
        match byte {
            b'"' if quoted => quoted = false,
            b'"' => quoted = before.is_none_or(|before| DELIMITERS.contains(&before) || before == b'"'),
            b'\n' | b'\r' if !quoted => return Some(&text[..at]),
            _ => {}
        }
        before = Some(byte);
    }
    None
}

/// The delimiter that a spreadsheet's `sep=;` line names.
pub(super) fn told_by_sep(line: &[u8]) -> Option<u8> {
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter: as told, or the one under which a wished column appears, or the most frequent one.
pub(super) fn delimiter(record: &[u8], options: &Options) -> u8 {
    if let Wish::Is(told) = options.delimiter {
        return told;
    }
    let width = |delimiter: u8| fields_of(record, delimiter).len();
    let mut candidates = DELIMITERS;
    candidates.sort_by_key(|delimiter| std::cmp::Reverse(width(*delimiter)));
    let names_a_column = |delimiter: &u8| has_wished_column(&fields_of(record, *delimiter), options);
    candidates.into_iter().find(names_a_column).unwrap_or(candidates[0])
}

/// The format: as told, by the name's extension, or by the first record. `None` where nothing fits.
pub(super) fn format(name: &str, record: &[u8], fields: &[Vec<u8>], options: &Options) -> Option<Format> {
    if let Wish::Is(told) = options.format {
        return Some(told);
    }
    // A list of bare ids has neither delimiter nor header, and does not begin with a column's name: what has one, or
    // of what one was told, is a table, whatever the file is called.
    let told = !options.header || matches!(options.delimiter, Wish::Is(_));
    let table = told || has_wished_column(fields, options);
    match by_extension(name) {
        Some(Format::Lines) if table => return Some(Format::Csv),
        Some(format) => return Some(format),
        None => {}
    }
    match record.trim_ascii_start().first() {
        Some(b'{') => Some(Format::JsonLines),
        _ if table => Some(Format::Csv),
        _ if fields.len() <= 1 => Some(Format::Lines),
        _ => None,
    }
}

/// The format that a file's name promises, once `.gz` and `.zst` are off.
pub(super) fn by_extension(name: &str) -> Option<Format> {
    let lower = name.to_ascii_lowercase();
    let bare = [".gz", ".zst", ".zstd"].into_iter().find_map(|packed| lower.strip_suffix(packed)).unwrap_or(&lower);
    match Path::new(bare).extension()?.to_str()? {
        "csv" | "tsv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::JsonLines),
        "txt" | "lst" => Some(Format::Lines),
        _ => None,
    }
}

fn has_wished_column(fields: &[Vec<u8>], options: &Options) -> bool {
    options.header && fields.iter().any(|cell| options.columns.iter().any(|wish| is_named(cell, &wish.name)))
}
