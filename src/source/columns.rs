//! Which fields of a record hold ids, and what a record says.
//!
//! Promises: a column is found by its exact name, once; what was asked for and is not there is an error that names the
//! columns found, but quotes nothing that looks like data. It does not know how records are told apart.

use super::{
    ids::{Draft, Reading},
    json,
    options::{ColumnWish, Options},
    records::Record,
};
use crate::domain::{IdFormat, IdKind};

/// Columns named in a message at most: a header may have thousands.
const NAMED: usize = 20;
/// The longest name that passes for a header's, in characters.
const NAME: usize = 40;

/// One id column.
struct Column {
    kind: IdKind,
    written: IdFormat,
    /// The header's name, the 1-based number, or the key.
    name: String,
    /// How reasons call it.
    label: String,
    /// CSV: its place in the record.
    index: usize,
}

impl Column {
    fn of(wish: &ColumnWish, index: usize) -> Self {
        let label = format!("column {}", wish.name);
        Self { kind: wish.kind, written: wish.written, name: wish.name.clone(), label, index }
    }
}

/// Where in a record its fields are.
enum Shape {
    /// So many fields in each record.
    Csv { width: usize },
    /// Keys of an object.
    Json,
    /// The record is the id.
    Bare,
}

/// Where the ids are, in order of preference.
pub(super) struct Columns {
    shape: Shape,
    ids: Vec<Column>,
    /// The reason of a row without any id.
    without: String,
    allow_odd: bool,
}

impl Columns {
    /// By the names of a CSV header.
    pub(super) fn by_header(header: &[Vec<u8>], options: &Options) -> Result<Self, String> {
        let mut columns = Vec::new();
        for wish in &options.columns {
            let mut places = header.iter().enumerate().filter(|(_, cell)| is_named(cell, wish));
            match (places.next(), places.next()) {
                (Some(_), Some(_)) => return Err(format!("has the column {} twice in its header", wish.name)),
                (Some((index, _)), None) => columns.push(Column::of(wish, index)),
                (None, _) if wish.required => return Err(missing(&wish.name, header)),
                (None, _) => {}
            }
        }
        Self::csv(columns, header, options)
    }

    /// By 1-based numbers, where there is no header.
    pub(super) fn by_number(first: &[Vec<u8>], options: &Options) -> Result<Self, String> {
        let mut columns: Vec<Column> = Vec::new();
        for wish in &options.columns {
            let place = wish.name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            match place {
                Some(index) if index < first.len() => columns.push(Column::of(wish, index)),
                Some(_) => return Err(format!("has {} columns, so there is no column {}", first.len(), wish.name)),
                None if wish.required => {
                    return Err(format!("has no header, so column {} must be given by its number", wish.name));
                }
                None => {}
            }
        }
        if columns.iter().any(|one| columns.iter().filter(|other| other.index == one.index).count() > 1) {
            return Err("has two kinds of id in one column, as it was told".to_owned());
        }
        Self::csv(columns, first, options)
    }

    /// By the keys of each line's object.
    pub(super) fn by_key(options: &Options) -> Self {
        let columns = options.columns.iter().map(|wish| Column::of(wish, 0)).collect();
        Self::new(Shape::Json, columns, options)
    }

    /// Each record is an id of the kind that bare ids are of.
    pub(super) fn bare(options: &Options) -> Result<Self, String> {
        let Some(wish) = options.columns.iter().find(|wish| wish.bare) else {
            return Err("holds bare ids, but this API does not say which kind a bare id is of".to_owned());
        };
        let column = Column { label: "the id".to_owned(), ..Column::of(wish, 0) };
        Ok(Self::new(Shape::Bare, vec![column], options))
    }

    /// What a record says.
    pub(super) fn read(&self, record: &Record<'_>) -> Reading {
        match self.shape {
            Shape::Csv { width } if record.width() != width => {
                Reading::unreadable(format!("has {} fields where {width} are expected", record.width()))
            }
            Shape::Csv { .. } => self.draft(|draft, column| {
                draft.offer(column.kind, column.written, &column.label, record.field(column.index));
            }),
            Shape::Bare => {
                self.draft(|draft, column| draft.offer(column.kind, column.written, &column.label, record.raw))
            }
            Shape::Json => self.read_json(record.raw),
        }
    }

    fn read_json(&self, line: &[u8]) -> Reading {
        let keys: Vec<&str> = self.ids.iter().map(|column| column.name.as_str()).collect();
        let values = match json::values(line, &keys) {
            Ok(values) => values,
            Err(json::Fault::NotAnObject) => return Reading::unreadable("is not one JSON object"),
            Err(json::Fault::Twice(key)) => {
                return Reading::unreadable(format!("{}: stands twice in the object", self.ids[key].label));
            }
        };
        let mut values = values.into_iter();
        self.draft(|draft, column| match values.next().flatten().map(json::text) {
            Some(Some(text)) => draft.offer(column.kind, column.written, &column.label, text.as_bytes()),
            Some(None) => draft.reject(&column.label, b"", "is neither a text nor an integer"),
            None => {}
        })
    }

    fn draft(&self, mut offer: impl FnMut(&mut Draft, &Column)) -> Reading {
        let mut draft = Draft::new(self.allow_odd);
        for column in &self.ids {
            offer(&mut draft, column);
        }
        draft.finish(&self.without)
    }

    fn csv(columns: Vec<Column>, found: &[Vec<u8>], options: &Options) -> Result<Self, String> {
        if columns.is_empty() {
            let names: Vec<&str> = options.columns.iter().map(|wish| wish.name.as_str()).collect();
            return Err(missing(&names.join(" or "), found));
        }
        Ok(Self::new(Shape::Csv { width: found.len() }, columns, options))
    }

    fn new(shape: Shape, ids: Vec<Column>, options: &Options) -> Self {
        let names: Vec<&str> = ids.iter().map(|column| column.name.as_str()).collect();
        let without = match names.as_slice() {
            [name] => format!("has no id: column {name} is empty"),
            names => format!("has no id: columns {} are empty", names.join(" and ")),
        };
        Self { shape, ids, without, allow_odd: options.allow_odd_ids }
    }
}

/// Whether a cell of a header has a wished name.
pub(super) fn is_named(cell: &[u8], wish: &ColumnWish) -> bool {
    std::str::from_utf8(cell).is_ok_and(|cell| cell.trim() == wish.name)
}

fn missing(name: &str, found: &[Vec<u8>]) -> String {
    format!("has no column {name}; {}", describe(found))
}

/// Names the columns found, unless the first record looks like data: a person's data has no place in a message.
fn describe(found: &[Vec<u8>]) -> String {
    let names: Option<Vec<&str>> = found.iter().take(NAMED).map(|cell| header_name(cell)).collect();
    match names {
        None => format!("its first record, of {} fields, does not look like a header", found.len()),
        Some(names) if found.len() > NAMED => format!("it has {} columns: {}, …", found.len(), names.join(", ")),
        Some(names) => format!("it has: {}", names.join(", ")),
    }
}

fn header_name(cell: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(cell).ok()?.trim();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let plain = |letter: char| !letter.is_control() && letter != '@';
    let like_a_name = name.chars().all(plain) && name.chars().count() <= NAME && digits <= 2;
    like_a_name.then_some(name)
}
