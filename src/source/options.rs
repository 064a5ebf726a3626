//! How the input shall be read.

use std::path::PathBuf;

use crate::domain::{Action, IdFormat, IdKind, Schema};

/// Where a row of a sync says what it wants, unless told otherwise.
pub const ACTION_COLUMN: &str = "action";

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputName {
    /// `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// Told, or to be recognised from the input itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish<T> {
    /// Recognise it.
    Recognise,
    /// The user said so.
    Is(T),
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Delimiter-separated values, quoted by `"`.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// One bare id a line.
    Lines,
}

/// Which column holds which id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnWish {
    /// The identity of the API that it holds. Wishes stand in order of preference: the first kind is tried first.
    pub kind: IdKind,
    /// The header's name (or a 1-based number when there is no header).
    pub name: String,
    /// The user named it, so it must be there; otherwise it is looked for.
    pub required: bool,
    /// Bare ids (`lines`) are of this kind.
    pub bare: bool,
    /// How its ids are written; anything else is not sent.
    pub written: IdFormat,
    /// A profile can be created by it: not by an id that only the API gives out.
    pub creates: bool,
}

/// Whether a repeated identity is sent once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// On while the input has at most a million rows.
    Auto,
    /// On, whatever it costs in memory.
    On,
    /// Off: a repeated row is sent again.
    Off,
}

/// Which of several rows of one identity count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// All of them.
    Every,
    /// The last one that can be sent.
    Last,
}

/// Which columns are fields of the profile, and how their cells are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldWish {
    /// The fields there are; `None`: columns that hold no id are not looked at, as for operations that take no fields.
    pub schema: Option<Schema>,
    /// A cell with this text means null.
    pub null: Option<String>,
    /// Columns that are not looked at.
    pub ignore: Vec<String>,
    /// The only columns that are looked at, besides those of the ids and the action.
    pub only: Option<Vec<String>>,
    /// Every row gets these, by name, unless it has a value of its own there.
    pub set: Vec<(String, String)>,
}

/// One of several workers on the same input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// 0-based, like `JOB_COMPLETION_INDEX`; below `count`.
    pub index: u32,
    /// At least 1.
    pub count: u32,
}

/// How the input shall be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How records are written.
    pub format: Wish<Format>,
    /// Between the fields of CSV.
    pub delimiter: Wish<u8>,
    /// Whether CSV begins with a header.
    pub header: bool,
    /// Which column holds which id.
    pub columns: Vec<ColumnWish>,
    /// Ids such as `1.23457E+15`, `#N/A`, `NULL` are sent all the same.
    pub allow_odd_ids: bool,
    /// Whether a repeated identity is sent once.
    pub dedupe: Dedupe,
    /// Which part of the rows is ours; 0 of 1 for all.
    pub shard: Shard,
    /// Rows to pass over at the beginning.
    pub skip: u64,
    /// Rows to take at most, after `skip`; `u64::MAX` for all.
    pub limit: u64,
    /// What each row asks for, unless it says so itself.
    pub action: Action,
    /// The column (or JSON key) in which a row says what it asks for: `update`, `create`, `upsert` or `delete`; an empty
    /// cell means [`Options::action`]. `None`: no row is asked. One of another name than [`ACTION_COLUMN`] must be there.
    pub action_column: Option<String>,
    /// Which further columns are fields of the profile.
    pub fields: FieldWish,
    /// How rows are decided about before the first call, by [`super::decide`]: the survey then reads ids alone, and looks
    /// out for those that stand in several rows. `None`: each is met unprepared.
    pub decided: Option<Counting>,
    /// Keys the fingerprints of [`Dedupe`]; drawn anew by each process.
    pub fingerprint_key: [u8; 32],
    /// Seeds the choice of sample rows.
    pub seed: u64,
}

impl Options {
    /// The same for whoever only wants to know who is in the input: every row of it, without its fields.
    #[must_use]
    pub fn ids_of_all(&self) -> Self {
        Self {
            dedupe: Dedupe::Off,
            shard: Shard { index: 0, count: 1 },
            skip: 0,
            limit: u64::MAX,
            action_column: None,
            fields: FieldWish::default(),
            decided: None,
            ..self.clone()
        }
    }

    /// Whether no row of the input is left out.
    #[must_use]
    pub const fn takes_every_row(&self) -> bool {
        self.shard.count <= 1 && self.skip == 0 && self.limit == u64::MAX
    }
}
