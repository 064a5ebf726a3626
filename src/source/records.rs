//! Where one record ends and the next begins, and on which physical line.
//!
//! Promises: a line ends with LF, CRLF or a lone CR, inside quotes too; blank lines are passed over and counted; a
//! record's bytes are at hand as they stood, without the line end; none is larger than [`MAX_RECORD`], none stands beyond
//! [`LineSet::HIGHEST`]. It does not know columns.

use std::io::Read;

use csv_core::ReadRecordResult;

use super::{decode::Drained, text::Text};
use crate::{
    domain::{Beginning, LineSet},
    error::Error,
};

/// The largest record, in bytes: a larger one is a quote that was never closed, or no list at all, not a person.
pub(super) const MAX_RECORD: usize = 1024 * 1024;

/// One record, in place.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// The 1-based physical line where it starts.
    pub(super) line: u64,
    /// Its bytes as they stood, without the line end.
    pub(super) raw: &'a [u8],
    /// CSV: the fields' bytes, one behind the other, unquoted.
    values: &'a [u8],
    /// CSV: where each field ends in `values`.
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// How many fields it has, if it is CSV.
    pub(super) fn width(&self) -> usize {
        self.ends.len()
    }

    /// One field of CSV, unquoted; empty when there is none.
    pub(super) fn field(&self, index: usize) -> &'a [u8] {
        let Some(end) = self.ends.get(index).copied() else { return b"" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.values[start..end]
    }

    /// All fields of CSV.
    pub(super) fn fields(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.width()).map(move |index| self.field(index))
    }
}

/// How records are told apart.
enum Rule {
    /// One a line.
    Lines,
    /// Quotes may hold line ends.
    Csv(Box<Splitter>),
}

/// The input's records, one after the other.
pub(super) struct Records<R: Read> {
    text: Text<R>,
    rule: Rule,
    /// The line of the next byte.
    line: u64,
    after_cr: bool,
    /// The line of the next byte has content already.
    begun: bool,
    /// The line and length of a record that was looked at and is still to come.
    peeked: Option<(u64, usize)>,
}

impl<R: Read> Records<R> {
    /// One record a line, from line 1 on.
    pub(super) fn lines(text: Text<R>) -> Self {
        Self { text, rule: Rule::Lines, line: 1, after_cr: false, begun: false, peeked: None }
    }

    /// From here on, records are CSV.
    pub(super) fn become_csv(&mut self, delimiter: u8) {
        self.rule = Rule::Csv(Box::new(Splitter::new(delimiter)));
    }

    /// The next record that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, Error> {
        let found = match self.peeked.take() {
            Some(found) => Some(found),
            None => self.advance()?,
        };
        Ok(found.map(|(line, length)| self.record(line, length)))
    }

    /// The next record, which stays to come. Nothing but [`Records::next`] may follow.
    pub(super) fn peek(&mut self) -> Result<Option<Record<'_>>, Error> {
        self.peeked = self.advance()?;
        Ok(self.peeked.map(|(line, length)| self.record(line, length)))
    }

    /// Takes the next record that is not blank: its line and length.
    fn advance(&mut self) -> Result<Option<(u64, usize)>, Error> {
        loop {
            if !self.pass_line_ends()? {
                return Ok(None);
            }
            let line = self.line;
            if line > LineSet::HIGHEST {
                return Err(self
                    .text
                    .fault(format!("has more than {} lines", LineSet::HIGHEST))
                    .hint("split it into several files"));
            }
            let length = match &mut self.rule {
                Rule::Lines => split_line(&mut self.text, line)?,
                Rule::Csv(splitter) => splitter.split(&mut self.text, line)?,
            };
            self.text.advance(length);
            self.line += breaks_within(self.text.taken(length));
            self.begun = true;
            if !self.is_blank(length) {
                return Ok(Some((line, length)));
            }
        }
    }

    /// Whether something of the next record has been read already: if not, asking for it may wait for a slow pipe.
    pub(super) fn is_at_hand(&self) -> bool {
        let line_ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
        self.peeked.is_some() || !self.text.rest().iter().all(line_ends)
    }

    /// How many physical lines there are, as far as was read.
    pub(super) fn lines_so_far(&self) -> u64 {
        // A last line without its end counts; the empty one behind a last line end does not.
        if self.begun { self.line } else { self.line - 1 }
    }

    /// The line end behind the record that was just read, as it stands; empty at the end of the input.
    pub(super) fn line_end(&mut self) -> Result<&'static [u8], Error> {
        match self.text.first()? {
            Some(b'\n') => Ok(b"\n"),
            Some(b'\r') => {
                while self.text.rest().len() < 2 && self.text.more()? {}
                Ok(if self.text.rest().starts_with(b"\r\n") { b"\r\n" } else { b"\r" })
            }
            Some(_) | None => Ok(b""),
        }
    }

    /// Where the next record begins, but for the blank ones before it; `None` at the end of the input, and where that record
    /// was looked at already.
    pub(super) fn beginning(&mut self) -> Result<Option<Beginning>, Error> {
        if self.peeked.is_some() || !self.pass_line_ends()? {
            return Ok(None);
        }
        Ok(Some(Beginning { byte: self.text.passed(), line: self.line }))
    }

    /// Passes over records unread, to where one begins.
    pub(super) fn pass_to(&mut self, there: Beginning) -> Result<(), Error> {
        self.text.pass_to(there.byte)?;
        (self.line, self.begun, self.after_cr) = (there.line, false, false);
        Ok(())
    }

    /// The window, to look ahead from the beginning of a record; `None` at the end of the input.
    pub(super) fn ahead(&mut self) -> Result<Option<&mut Text<R>>, Error> {
        Ok(if self.pass_line_ends()? { Some(&mut self.text) } else { None })
    }

    /// Takes the rest of a physical line, whatever it holds, but not its end.
    pub(super) fn take_line(&mut self) -> Result<&[u8], Error> {
        let length = split_line(&mut self.text, self.line)?;
        self.text.advance(length);
        self.begun = true;
        Ok(self.text.taken(length))
    }

    /// See [`Text::fault`].
    pub(super) fn fault(&self, what: impl std::fmt::Display) -> Error {
        self.text.fault(what)
    }

    /// See [`super::decode::Bytes::drain`].
    pub(super) fn drain(self) -> Result<Drained<R>, Error> {
        self.text.drain()
    }

    fn pass_line_ends(&mut self) -> Result<bool, Error> {
        loop {
            match self.text.first()? {
                Some(b'\n') => self.line += u64::from(!self.after_cr),
                Some(b'\r') => self.line += 1,
                Some(_) => {
                    self.after_cr = false;
                    return Ok(true);
                }
                None => return Ok(false),
            }
            self.begun = false;
            self.after_cr = self.text.rest().first() == Some(&b'\r');
            self.text.advance(1);
        }
    }

    fn is_blank(&self, length: usize) -> bool {
        let raw = self.text.taken(length);
        let one_field = match &self.rule {
            Rule::Lines => true,
            Rule::Csv(splitter) => splitter.count == 1,
        };
        one_field && raw.first().is_some_and(u8::is_ascii_whitespace) && raw.trim_ascii().is_empty()
    }

    fn record(&self, line: u64, length: usize) -> Record<'_> {
        let raw = self.text.taken(length);
        match &self.rule {
            Rule::Lines => Record { line, raw, values: b"", ends: &[] },
            Rule::Csv(splitter) => {
                Record { line, raw, values: &splitter.values, ends: &splitter.ends[..splitter.count] }
            }
        }
    }
}

/// Line ends inside a record, which only quotes can hold.
fn breaks_within(raw: &[u8]) -> u64 {
    let is_break = |at: &usize| raw[*at] == b'\n' || raw.get(*at + 1) != Some(&b'\n');
    memchr::memchr2_iter(b'\n', b'\r', raw).filter(is_break).count() as u64
}

fn split_line<R: Read>(text: &mut Text<R>, line: u64) -> Result<usize, Error> {
    let mut scanned = 0;
    loop {
        let found = memchr::memchr2(b'\n', b'\r', &text.rest()[scanned..]);
        let length = found.map_or(text.rest().len(), |at| scanned + at);
        if length > MAX_RECORD {
            return Err(too_large(text, line));
        }
        if found.is_some() || !text.more()? {
            return Ok(length);
        }
        scanned = length;
    }
}

/// CSV's grammar, and room for the fields of one record.
struct Splitter {
    core: csv_core::Reader,
    values: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Splitter {
    fn new(delimiter: u8) -> Self {
        let mut core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // A first call takes a byte order mark away, but only where three bytes are at hand. Ours is gone already;
        // an empty line uses that first call up.
        core.read_record(b"\n", &mut [0], &mut [0]);
        Self { core, values: vec![0; 1024], ends: vec![0; 32], count: 0 }
    }

    /// The length of the record at the beginning of the window, which is not a line end.
    fn split<R: Read>(&mut self, text: &mut Text<R>, line: u64) -> Result<usize, Error> {
        let (mut scanned, mut written, mut ended, mut over) = (0, 0, 0, false);
        loop {
            // At the end of the input a line end is played to the grammar: if that ends no record, a quote is open.
            let input = if over { b"\n" } else { &text.rest()[scanned..] };
            let (result, read, wrote, closed) =
                self.core.read_record(input, &mut self.values[written..], &mut self.ends[ended..]);
            (scanned, written, ended) = (scanned + read, written + wrote, ended + closed);
            match result {
                ReadRecordResult::OutputFull => self.values.resize(self.values.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record if scanned - 1 > MAX_RECORD => return Err(too_large(text, line)),
                ReadRecordResult::Record => {
                    self.count = ended;
                    return Ok(scanned - 1);
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End if over => return Err(unclosed(text, line)),
                ReadRecordResult::InputEmpty | ReadRecordResult::End if scanned > MAX_RECORD => {
                    return Err(too_large(text, line));
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => over = !text.more()?,
            }
        }
    }
}

/// The fields of one CSV record that is at hand whole.
pub(super) fn fields_of(raw: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(raw);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => record.iter().map(<[u8]>::to_vec).collect(),
        Ok(false) | Err(_) => Vec::new(),
    }
}

fn too_large<R: Read>(text: &Text<R>, line: u64) -> Error {
    let hint = if memchr::memchr(b'"', text.rest()).is_some() {
        quote_on(line)
    } else {
        format!("look at line {line}: no line end follows, so that this is hardly a list of people")
    };
    text.fault(format!("has a record above 1 MiB, which opens on line {line}")).hint(hint)
}

fn unclosed<R: Read>(text: &Text<R>, line: u64) -> Error {
    text.fault(format!("ends inside a quoted field of the record that opens on line {line}")).hint(quote_on(line))
}

fn quote_on(line: u64) -> String {
    format!("look for a quote (\") on line {line} that is never closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_line_is_the_last_that_is_read() {
        let text = Text::open(&b"one\ntwo\n"[..], "-").unwrap();
        let mut records = Records { line: LineSet::HIGHEST, ..Records::lines(text) };
        assert_eq!(records.next().unwrap().map(|record| record.line), Some(LineSet::HIGHEST));
        let Err(error) = records.next() else { panic!("it was read") };
        assert_eq!(error.what(), "- has more than 4294967295 lines");
    }
}
