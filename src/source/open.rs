//! From the first byte to the first row: what the input is, and where its ids are.
//!
//! Promises: after it, every record that comes is a row; what stood before the first record is kept for the side
//! files. It does not know what rows are for.

use std::io::Read;

use super::{
    columns::Columns,
    names::Complaint,
    options::{Format, Options, Wish},
    records::{MAX_RECORD, Record, Records, fields_of},
    sniff,
    text::Text,
};
use crate::{
    domain::Layout,
    error::{Error, Exit},
};

/// What helps when the ids cannot be found.
const HINT: &str = "name the id's column with `--id-column` (its number with `--no-header`), or say how the input is \
                    written with `--format csv|jsonl|lines` and `--delimiter`";
/// What helps when a column is no field.
const FIELDS_HINT: &str =
    "leave a column out with `--ignore-column NAME`, or name those that count with `--only-column`";
/// What helps when no column is one.
const NOTHING_HINT: &str = "give the input a column that is a field, or every row a constant with `--set`";

/// An input whose next record is its first row.
pub(super) struct Opened<R: Read> {
    pub(super) records: Records<R>,
    pub(super) columns: Columns,
    pub(super) layout: Layout,
}

/// Recognises the input; `name` is for messages and for its extension.
pub(super) fn open<R: Read>(input: R, name: &str, options: &Options) -> Result<Opened<R>, Error> {
    check_delimiter(options)?;
    let mut text = Text::open(input, name)?;
    let mut prelude = text.take_bom().to_vec();
    let mut records = Records::lines(text);
    let told = take_sep(&mut records, options, &mut prelude)?;
    let Some(first) = look_at_first(&mut records)? else {
        return empty(records, prelude, name, options);
    };
    let delimiter = told.unwrap_or_else(|| sniff::delimiter(&first, options));
    let fields = fields_of(&first, delimiter);
    let format = if told.is_some() { Some(Format::Csv) } else { sniff::format(name, &first, &fields, options) };
    let columns = match format {
        Some(Format::Csv) => csv(&mut records, delimiter, options, &mut prelude)?,
        Some(Format::JsonLines) => Columns::by_key(options),
        Some(Format::Lines) => Columns::bare(options),
        None => Columns::by_header(&fields, options),
    };
    let columns = columns.map_err(|complaint| explain(complaint, &records))?;
    Ok(Opened { records, columns, layout: layout(format.unwrap_or(Format::Csv), prelude) })
}

fn check_delimiter(options: &Options) -> Result<(), Error> {
    match options.delimiter {
        Wish::Is(b'"' | b'\r' | b'\n') => Err(Error::new(Exit::Usage, "a quote or a line end cannot be the delimiter")),
        Wish::Is(_) | Wish::Recognise => Ok(()),
    }
}

/// Takes a spreadsheet's `sep=;` line, if the input begins with one, and gives the delimiter to use.
fn take_sep<R: Read>(records: &mut Records<R>, options: &Options, prelude: &mut Vec<u8>) -> Result<Option<u8>, Error> {
    let may_be = matches!(options.format, Wish::Recognise | Wish::Is(Format::Csv));
    let Some(first) = look_at_first(records)? else { return Ok(None) };
    let Some(named) = sniff::told_by_sep(&first).filter(|_| may_be) else { return Ok(None) };
    prelude.extend_from_slice(records.take_line()?);
    prelude.extend_from_slice(records.line_end()?);
    match options.delimiter {
        Wish::Is(told) => Ok(Some(told)),
        Wish::Recognise => Ok(Some(named)),
    }
}

/// A copy of the first record, left in place; blank lines before it are passed over.
fn look_at_first<R: Read>(records: &mut Records<R>) -> Result<Option<Vec<u8>>, Error> {
    loop {
        let Some(text) = records.ahead()? else { return Ok(None) };
        let first = loop {
            if let Some(first) = sniff::first_record(text.rest()) {
                break first.to_vec();
            }
            if text.rest().len() > MAX_RECORD || !text.more()? {
                // No end in sight: a quote is open, or this is the last line. The first line must do.
                let line = text.rest().split(|byte| matches!(byte, b'\r' | b'\n')).next();
                break line.unwrap_or_default().to_vec();
            }
        };
        if !first.iter().all(|byte| *byte == b' ') {
            return Ok(Some(first));
        }
        records.take_line()?;
    }
}

fn csv<R: Read>(
    records: &mut Records<R>,
    delimiter: u8,
    options: &Options,
    prelude: &mut Vec<u8>,
) -> Result<Result<Columns, Complaint>, Error> {
    records.become_csv(delimiter);
    if !options.header {
        return Ok(Columns::by_number(&owned_fields(records.peek()?), options));
    }
    let header = records.next()?;
    prelude.extend_from_slice(header.map_or(b"", |header| header.raw));
    let names = owned_fields(header);
    prelude.extend_from_slice(records.line_end()?);
    Ok(Columns::by_header(&names, options))
}

fn owned_fields(record: Option<Record<'_>>) -> Vec<Vec<u8>> {
    record.into_iter().flat_map(Record::fields).map(<[u8]>::to_vec).collect()
}

fn empty<R: Read>(records: Records<R>, prelude: Vec<u8>, name: &str, options: &Options) -> Result<Opened<R>, Error> {
    let format = match options.format {
        Wish::Is(told) => told,
        Wish::Recognise => sniff::by_extension(name).unwrap_or(Format::Csv),
    };
    let columns = Columns::by_key(options).map_err(|complaint| explain(complaint, &records))?;
    Ok(Opened { records, columns, layout: layout(format, prelude) })
}

fn explain<R: Read>(complaint: Complaint, records: &Records<R>) -> Error {
    match complaint {
        Complaint::Ids(what) => records.fault(what).hint(HINT),
        Complaint::Fields(what) => records.fault(what).hint(FIELDS_HINT),
        Complaint::Nothing(what) => records.fault(what).hint(NOTHING_HINT),
        Complaint::Usage(what) => Error::new(Exit::Usage, what),
    }
}

fn layout(format: Format, prelude: Vec<u8>) -> Layout {
    let extension = match format {
        Format::Csv => "csv",
        Format::JsonLines => "jsonl",
        Format::Lines => "txt",
    };
    Layout { extension, prelude: prelude.into() }
}
