//! A window over the unpacked bytes that grows only as far as one record needs.
//!
//! Promises: bytes stay where they are until more are asked for, so that a record can be looked at in place; what is
//! plainly no text (UTF-16, a spreadsheet file, an archive) is one clear error. It does not know records.

use std::io::Read;

use super::decode::{Bytes, Drained};
use crate::error::{Error, Exit};

/// The window's size before any long record.
const WINDOW: usize = 256 * 1024;
/// How much of the beginning is looked at to tell whether it is text.
const GLANCE: usize = 64;

/// What is not text, by its first bytes.
const FOREIGN: [(&[u8], &str); 11] = [
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
    (b"\0\0\xfe\xff", UTF16),
    (b"PK\x03\x04", "a spreadsheet (.xlsx) or another zip file"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet (.xls) or another old Office file"),
    (b"\x1f\x8b", "packed twice"),
    (b"\x28\xb5\x2f\xfd", "packed twice"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ", "packed with xz"),
    (b"%PDF", "a PDF file"),
    (b"PAR1", "a Parquet file"),
];
const UTF16: &str = "UTF-16 or UTF-32 text";
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The part of the input that is being looked at.
pub(super) struct Text<R: Read> {
    bytes: Bytes<R>,
    window: Vec<u8>,
    start: usize,
    end: usize,
    over: bool,
    /// How many bytes have been taken.
    passed: u64,
}

impl<R: Read> Text<R> {
    /// Unpacks, and refuses what is no text.
    pub(super) fn open(input: R, name: &str) -> Result<Self, Error> {
        let mut text = Self {
            bytes: Bytes::open(input, name)?,
            window: vec![0; WINDOW],
            start: 0,
            end: 0,
            over: false,
            passed: 0,
        };
        while text.rest().len() < GLANCE && text.more()? {}
        match foreign(text.rest()) {
            Some(what) => Err(text
                .fault(format!("is {what}, not UTF-8 text"))
                .hint("export it as CSV in UTF-8, plain or packed with gzip or zstd")),
            None => Ok(text),
        }
    }

    /// Takes the byte order mark away, if there is one.
    pub(super) fn take_bom(&mut self) -> &'static [u8] {
        if self.rest().starts_with(BOM) {
            self.advance(BOM.len());
            BOM
        } else {
            b""
        }
    }

    /// What has been read and not yet taken.
    pub(super) fn rest(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    /// The `length` bytes taken last; they stay in place until [`Text::more`].
    pub(super) fn taken(&self, length: usize) -> &[u8] {
        &self.window[self.start.saturating_sub(length)..self.start]
    }

    /// Takes so many bytes of [`Text::rest`].
    pub(super) fn advance(&mut self, length: usize) {
        let start = (self.start + length).min(self.end);
        self.passed += (start - self.start) as u64;
        self.start = start;
    }

    /// How many bytes have been taken.
    pub(super) const fn passed(&self) -> u64 {
        self.passed
    }

    /// Takes bytes unseen until so many have been taken in all; as far as there are any.
    pub(super) fn pass_to(&mut self, byte: u64) -> Result<(), Error> {
        while self.passed < byte && self.first()?.is_some() {
            let left = usize::try_from(byte - self.passed).unwrap_or(usize::MAX);
            self.advance(self.rest().len().min(left));
        }
        Ok(())
    }

    /// Reads more behind [`Text::rest`]; false at the end of the input.
    pub(super) fn more(&mut self) -> Result<bool, Error> {
        if self.over {
            return Ok(false);
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.window.len() {
            self.make_room();
        }
        let read = self.bytes.read(&mut self.window[self.end..])?;
        self.end += read;
        self.over = read == 0;
        Ok(!self.over)
    }

    /// Reads until a byte is at hand; `None` at the end of the input.
    pub(super) fn first(&mut self) -> Result<Option<u8>, Error> {
        while self.start == self.end && self.more()? {}
        Ok(self.rest().first().copied())
    }

    /// An error about this input; `what` continues a sentence that begins with its name.
    pub(super) fn fault(&self, what: impl std::fmt::Display) -> Error {
        Error::new(Exit::Data, format!("{} {what}", self.bytes.name()))
    }

    /// See [`Bytes::drain`].
    pub(super) fn drain(self) -> Result<Drained<R>, Error> {
        self.bytes.drain()
    }

    /// Moves the rest to the front, or doubles the window when the rest fills more than half of it.
    fn make_room(&mut self) {
        if self.start < self.window.len() / 2 {
            self.window.resize(self.window.len() * 2, 0);
        } else {
            self.window.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }
}

fn foreign(head: &[u8]) -> Option<&'static str> {
    let magic = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    magic.or_else(|| looks_like_utf16(head).then_some(UTF16))
}

/// Every other byte of the beginning is NUL: Latin text as UTF-16 without a byte order mark.
fn looks_like_utf16(head: &[u8]) -> bool {
    let pairs = || head[..head.len().min(GLANCE)].chunks_exact(2);
    pairs().len() >= 2 && (pairs().all(|pair| pair[0] == 0) || pairs().all(|pair| pair[1] == 0))
}
