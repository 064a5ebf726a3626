//! Reads a whole `results.csv`, link by link.
//!
//! Promises: every line handed on chains to the one before; a torn tail is told from damage, never guessed at. It does
//! not know what a line means for resuming, and changes nothing.

use std::io::Read;

use super::{
    RESULTS,
    disk::cannot_read,
    entry::Entry,
    line::{CHAIN_FIELD, HEADER, corrupt, link},
};
use crate::{domain::Digest, error::Error};

/// How far before the end a torn tail may begin: what is written between two syncs is far less.
pub(super) const TORN_TAIL: usize = 1 << 20;

/// Big enough that reading costs nothing beside hashing.
const CHUNK: usize = 1 << 18;

/// A record of the input is at most 1 MiB; escaped and quoted it takes at most eight times that.
const LONGEST_LINE: usize = 16 << 20;

/// What the walk came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walked {
    /// The chain value of the last valid line; the first link when there is none.
    pub(super) head: Digest,
    /// Outcome lines that are valid.
    pub(super) lines: u64,
    /// Bytes of the file that are valid, the header included.
    pub(super) bytes: u64,
    /// What stands after them: the tail of a write that never came to its end.
    pub(super) torn: Vec<u8>,
}

/// One valid line.
pub(super) struct Link<'a> {
    /// What it says.
    pub(super) entry: Entry<'a>,
    /// The line itself, up to the comma before its chain value.
    pub(super) raw: &'a [u8],
    /// Its chain value, in hex digits.
    pub(super) head: &'a [u8; 64],
    /// Its physical line in `results.csv`.
    pub(super) number: u64,
}

/// Reads lines in order and hands each on.
///
/// # Errors
/// [`crate::error::Exit::Data`] naming the line that does not chain, unless it begins a torn tail; what `each` says;
/// [`crate::error::Exit::Io`] when the file cannot be read.
pub(super) fn walk(
    mut file: impl Read,
    first: Digest,
    mut each: impl FnMut(&Link<'_>) -> Result<(), Error>,
) -> Result<Walked, Error> {
    let mut chain = Chain { previous: first.hex(), head: first, work: Vec::new() };
    let mut lines = 0;
    let mut window = Window::default();
    while window.bytes.len() < HEADER.len() && window.fill(&mut file)? {}
    if !window.bytes.starts_with(HEADER) {
        return headless(window.bytes, first);
    }
    window.at = HEADER.len();
    loop {
        while let Some(line) = window.line() {
            let Some(raw) = chain.accepts(line) else { return damaged(window, &mut file, &chain, lines) };
            let length = raw.len() + CHAIN_FIELD + 1;
            let Some(entry) = Entry::parse(raw) else {
                return Err(corrupt(lines + 2, "holds a word or a range that this version does not know"));
            };
            lines += 1;
            each(&Link { entry, raw, head: &chain.previous, number: lines + 1 })?;
            window.at += length;
        }
        if window.bytes.len() > LONGEST_LINE || !window.fill(&mut file)? {
            return damaged(window, &mut file, &chain, lines);
        }
    }
}

/// A file without its header is either one that was being begun, or not ours.
fn headless(bytes: Vec<u8>, first: Digest) -> Result<Walked, Error> {
    if HEADER.starts_with(&bytes) {
        return Ok(Walked { head: first, lines: 0, bytes: 0, torn: bytes });
    }
    Err(corrupt(1, "is not the header that this version writes"))
}

/// Everything from here to the end is invalid: a torn tail, or damage.
fn damaged(mut window: Window, file: &mut impl Read, chain: &Chain, lines: u64) -> Result<Walked, Error> {
    while window.bytes.len() - window.at <= TORN_TAIL && window.fill(file)? {}
    let bytes = window.before + window.at as u64;
    let torn = window.bytes.split_off(window.at);
    if torn.len() > TORN_TAIL || has_valid_line(&torn, chain) {
        return Err(corrupt(lines + 2, "does not chain to the line before"));
    }
    Ok(Walked { head: chain.head, lines, bytes, torn })
}

/// The chain's end so far.
struct Chain {
    previous: [u8; 64],
    head: Digest,
    work: Vec<u8>,
}

impl Chain {
    /// Takes a line that chains, and gives its raw part.
    fn accepts<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let (raw, claimed) = split(line)?;
        let head = link(&self.previous, raw, &mut self.work);
        let hex = head.hex();
        if hex != *claimed {
            return None;
        }
        self.head = head;
        self.previous = hex;
        Some(raw)
    }
}

/// A line's raw part and its chain field's 64 bytes.
fn split(line: &[u8]) -> Option<(&[u8], &[u8; 64])> {
    let (raw, field) = line.split_at_checked(line.len().checked_sub(CHAIN_FIELD)?)?;
    let claimed = field.strip_prefix(b",")?.try_into().ok()?;
    Some((raw, claimed))
}

/// Whether a line after the first of an invalid tail chains to the last valid line, or to the piece before it by that
/// piece's own word or by its true digest. Then the tail was not torn off a write: something in it was changed.
fn has_valid_line(torn: &[u8], chain: &Chain) -> bool {
    let mut work = Vec::new();
    let mut plausible = vec![chain.previous];
    for (at, piece) in Pieces(torn).enumerate() {
        let mut next = vec![chain.previous];
        if let Some((raw, claimed)) = split(piece) {
            let mut chains = |previous| link(previous, raw, &mut work).hex() == *claimed;
            if at > 0 && plausible.iter().any(&mut chains) {
                return true;
            }
            next.push(*claimed);
        }
        if let Some(end) = piece.len().checked_sub(CHAIN_FIELD) {
            let before = plausible.last().unwrap_or(&chain.previous);
            next.push(link(before, &piece[..end], &mut work).hex());
        }
        plausible = next;
    }
    false
}

/// The finished lines of a damaged tail. A line's end may itself be the damage, so a chain field ends a piece as well.
struct Pieces<'a>(&'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let newline = memchr::memchr(b'\n', self.0);
        let end = chain_field_end(&self.0[..newline.unwrap_or(self.0.len())]).or(newline)?;
        let piece = &self.0[..end];
        self.0 = self.0.get(end + 1..)?;
        Some(piece)
    }
}

/// Where the first comma with 64 hex digits after it ends, if something follows on the same line.
fn chain_field_end(line: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b',', line)
        .map(|comma| comma + CHAIN_FIELD)
        .take_while(|end| *end < line.len())
        .find(|end| Digest::parse(&line[end - 64..*end]).is_some())
}

/// The part of the file that is in memory.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    /// Where the next line starts in `bytes`.
    at: usize,
    /// How far from there no newline stands.
    searched: usize,
    /// Bytes of the file before `bytes`.
    before: u64,
}

impl Window {
    /// The next whole line, without its end.
    fn line(&mut self) -> Option<&[u8]> {
        let rest = &self.bytes[self.at..];
        if let Some(found) = memchr::memchr(b'\n', &rest[self.searched..]) {
            let end = self.searched + found;
            self.searched = 0;
            Some(&rest[..end])
        } else {
            self.searched = rest.len();
            None
        }
    }

    /// Reads on; tells whether there was more.
    fn fill(&mut self, file: &mut impl Read) -> Result<bool, Error> {
        self.bytes.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        let more = file.by_ref().take(CHUNK as u64).read_to_end(&mut self.bytes);
        let read = more.map_err(|error| cannot_read(RESULTS, &error))?;
        Ok(read > 0)
    }
}
