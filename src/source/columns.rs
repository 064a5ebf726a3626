//! Which columns of a record hold ids, which one its action, and what a record says.
//!
//! Promises: a column is found by its exact name, once; what was asked for and is not there is an error that names the
//! columns found, but quotes nothing that looks like data. It does not know how records are told apart.

use std::borrow::Cow;

use super::{
    fields::{Doubt, Plan},
    ids::{Draft, Notes, Who},
    json::{self, Object},
    names::{Complaint, describe, label, missing},
    options::{ACTION_COLUMN, ColumnWish, Options},
    records::Record,
    share::Share,
};
use crate::domain::{Action, Fields, IdFormat, IdKind, Identity, Schema, Spared, Subject};

/// What a row may say that it asks for.
const ACTIONS: [Action; 4] = [Action::Update, Action::Create, Action::Upsert, Action::Delete];

/// One id column.
struct Column {
    kind: IdKind,
    written: IdFormat,
    creates: bool,
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
        Self { kind: wish.kind, written: wish.written, creates: wish.creates, name: wish.name.clone(), label, index }
    }
}

/// All that a record says.
pub(super) struct Reading {
    /// [`Subject::Known`], [`Subject::Malformed`], or [`Spared::Idle`].
    pub(super) subject: Subject,
    /// Who a malformed one is about, where that can be read all the same.
    spoiled: Option<Box<Identity>>,
    /// What it asks for, as far as it could be read.
    pub(super) action: Action,
    /// What it wants of the profile.
    pub(super) fields: Fields,
    /// What was noticed about its ids.
    pub(super) notes: Notes,
    /// What is doubtful about its fields; none of a malformed one.
    pub(super) doubts: Vec<Doubt>,
}

/// Where in a record its cells are.
enum Shape {
    /// So many cells in each record.
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
    /// `None`: no field is looked at.
    plan: Option<Plan>,
    /// The reason of a row without any id.
    without: String,
    allow_odd: bool,
    /// Where a row may say what it asks for.
    action: Option<ActionColumn>,
    /// What the others ask for.
    usual: Action,
}

/// Where a row may say what it asks for.
struct ActionColumn {
    name: String,
    /// CSV: its place in the record.
    index: usize,
}

impl ActionColumn {
    /// What stands there; `None` when that is no text.
    fn said<'a>(&self, sheet: &'a Sheet<'_>) -> Option<Cow<'a, str>> {
        match sheet {
            Sheet::Csv(record) => std::str::from_utf8(record.field(self.index)).ok().map(Cow::Borrowed),
            Sheet::Json(object) => object.get(&self.name).map_or(Some(Cow::Borrowed("")), json::text),
            Sheet::Bare(_) => Some(Cow::Borrowed("")),
        }
    }
}

/// The cells of one record.
enum Sheet<'a> {
    Csv(&'a Record<'a>),
    Json(Object<'a>),
    Bare(&'a [u8]),
}

impl Columns {
    /// By the names of a CSV header.
    pub(super) fn by_header(header: &[Vec<u8>], options: &Options) -> Result<Self, Complaint> {
        let mut columns = Vec::new();
        for wish in &options.columns {
            match place(header, &wish.name)? {
                Some(index) => columns.push(Column::of(wish, index)),
                None if wish.required => return Err(Complaint::Ids(missing(&wish.name, header))),
                None => {}
            }
        }
        check_found(&columns, header, options)?;
        let action = match &options.action_column {
            Some(name) => match place(header, name)? {
                Some(index) => Some(ActionColumn { name: name.clone(), index }),
                // Whoever names one would have his deletions taken for updates.
                None if name != ACTION_COLUMN => {
                    let found = describe(header);
                    let what = format!("`--action-column {name}` names a column that is not there; {found}");
                    return Err(Complaint::Usage(what));
                }
                None => None,
            },
            None => None,
        };
        let taken: Vec<usize> =
            columns.iter().map(|column| column.index).chain(action.as_ref().map(|action| action.index)).collect();
        let plan = Plan::by_header(header, &taken, options)?;
        if action.is_none() {
            says_something(plan.as_ref(), options)?;
        }
        Ok(Self { action, ..Self::new(Shape::Csv { width: header.len() }, columns, plan, options) })
    }

    /// By 1-based numbers, where there is no header.
    pub(super) fn by_number(first: &[Vec<u8>], options: &Options) -> Result<Self, Complaint> {
        let mut columns: Vec<Column> = Vec::new();
        for wish in &options.columns {
            let place = wish.name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let fault = match place {
                Some(index) if index < first.len() => {
                    columns.push(Column::of(wish, index));
                    continue;
                }
                Some(_) => format!("has {} columns, so there is no column {}", first.len(), wish.name),
                None if wish.required => format!("has no header, so column {} must be given by its number", wish.name),
                None => continue,
            };
            return Err(Complaint::Ids(fault));
        }
        if columns.iter().any(|one| columns.iter().filter(|other| other.index == one.index).count() > 1) {
            return Err(Complaint::Ids("has two kinds of id in one column, as it was told".to_owned()));
        }
        check_found(&columns, first, options)?;
        let plan = Plan::by_number(options)?;
        Ok(Self::new(Shape::Csv { width: first.len() }, columns, plan, options))
    }

    /// By the keys of each line's object.
    pub(super) fn by_key(options: &Options) -> Result<Self, Complaint> {
        let columns = options.columns.iter().map(|wish| Column::of(wish, 0)).collect();
        let action = options.action_column.clone().map(|name| ActionColumn { name, index: 0 });
        Ok(Self { action, ..Self::new(Shape::Json, columns, Plan::by_key(options)?, options) })
    }

    /// Each record is an id of the kind that bare ids are of.
    pub(super) fn bare(options: &Options) -> Result<Self, Complaint> {
        let Some(wish) = options.columns.iter().find(|wish| wish.bare) else {
            let what = "holds bare ids, but this API does not say which kind a bare id is of";
            return Err(Complaint::Ids(what.to_owned()));
        };
        let column = Column { label: "the id".to_owned(), ..Column::of(wish, 0) };
        let plan = Plan::by_key(options)?;
        says_something(plan.as_ref(), options)?;
        Ok(Self::new(Shape::Bare, vec![column], plan, options))
    }

    /// The fields there are, where any are looked at.
    pub(super) fn schema(&self) -> Option<&Schema> {
        self.plan.as_ref().map(Plan::schema)
    }

    /// Whether a record may have two ids.
    pub(super) const fn may_name_two(&self) -> bool {
        self.ids.len() > 1
    }

    /// What a record says; `None` when it is another shard's, which is told by its ids alone.
    pub(super) fn read(&self, record: &Record<'_>, share: &Share) -> Option<Reading> {
        let (Who { subject, notes }, sheet) = self.begin(record, share)?;
        let (identity, sheet) = match (subject, sheet) {
            (Subject::Known(identity), Some(sheet)) => (identity, sheet),
            (subject, _) => return Some(Reading::of_ids(subject, self.usual, notes)),
        };
        let mut doubts = Vec::new();
        let mut action = self.usual;
        Some(match self.fields(&sheet, &identity, &mut action, &mut doubts) {
            Ok(fields) if fields.is_empty() && action == Action::Update && self.plan.is_some() => {
                Reading::of_ids(Subject::Spared(identity, Spared::Idle), action, notes)
            }
            Ok(fields) => Reading { fields, doubts, ..Reading::of_ids(Subject::Known(identity), action, notes) },
            Err(reason) => {
                let id = identity.primary().text().into();
                let spoiled = Some(Box::new(identity));
                Reading { spoiled, ..Reading::of_ids(Subject::Malformed { id, reason }, action, notes) }
            }
        })
    }

    /// Whom a record is about, and nothing else of what it says: just the identities that [`Columns::read`] finds.
    pub(super) fn glance(&self, record: &Record<'_>, share: &Share) -> Option<Reading> {
        let (Who { subject, notes }, _) = self.begin(record, share)?;
        Some(Reading::of_ids(subject, self.usual, notes))
    }

    fn begin<'a>(&self, record: &'a Record<'a>, share: &Share) -> Option<(Who, Option<Sheet<'a>>)> {
        let sheet = self.sheet(record);
        let who = match &sheet {
            Ok(sheet) => self.who(sheet),
            Err(reason) => Who::unreadable(reason.as_str()),
        };
        share.takes(record.line, &who.subject).then(|| (who, sheet.ok()))
    }

    fn sheet<'a>(&self, record: &'a Record<'a>) -> Result<Sheet<'a>, String> {
        match &self.shape {
            Shape::Csv { width } if record.width() != *width => {
                Err(format!("has {} fields where {width} are expected", record.width()))
            }
            Shape::Csv { .. } => Ok(Sheet::Csv(record)),
            Shape::Bare => Ok(Sheet::Bare(record.raw)),
            Shape::Json => {
                let object = Object::parse(record.raw, |key| self.plan.is_some() || self.is_taken(key));
                object.map(Sheet::Json).map_err(|fault| match fault {
                    json::Fault::NotAnObject => "is not one JSON object".to_owned(),
                    json::Fault::Twice(key) if self.is_taken(&key) => {
                        format!("column {key}: stands twice in the object")
                    }
                    json::Fault::Twice(key) => format!("{}: stands twice in the object", label(&key)),
                })
            }
        }
    }

    /// Whether a key of an object is that of an id or of the action.
    fn is_taken(&self, key: &str) -> bool {
        self.action.as_ref().is_some_and(|action| action.name == key)
            || self.ids.iter().any(|column| column.name == key)
    }

    fn who(&self, sheet: &Sheet<'_>) -> Who {
        let mut draft = Draft::new(self.allow_odd);
        for column in &self.ids {
            let mut offer = |text: &[u8]| draft.offer(column.kind, column.written, &column.label, text);
            match sheet {
                Sheet::Csv(record) => offer(record.field(column.index)),
                Sheet::Bare(raw) => offer(raw),
                Sheet::Json(object) => match object.get(&column.name).map(json::text) {
                    Some(Some(text)) => offer(text.as_bytes()),
                    Some(None) => draft.reject(&column.label, b"", "is neither a text nor an integer"),
                    None => {}
                },
            }
        }
        draft.finish(&self.without)
    }

    /// What is wanted of the profile; the action is told as soon as it is known.
    fn fields(
        &self,
        sheet: &Sheet<'_>,
        identity: &Identity,
        action: &mut Action,
        doubts: &mut Vec<Doubt>,
    ) -> Result<Fields, String> {
        *action = self.action(sheet)?;
        self.check_creator(identity, *action)?;
        let Some(plan) = self.plan.as_ref().filter(|_| action.takes_fields()) else { return Ok(Fields::default()) };
        match sheet {
            Sheet::Csv(record) => plan.of_record(record, *action, doubts),
            Sheet::Json(object) => plan.of_object(object, |key| self.is_taken(key), *action, doubts),
            Sheet::Bare(_) => plan.of_nothing(*action, doubts),
        }
    }

    /// What the record asks for; nothing said is what all the others ask for.
    fn action(&self, sheet: &Sheet<'_>) -> Result<Action, String> {
        let said = self.action.as_ref().map_or(Some(Cow::Borrowed("")), |key| key.said(sheet));
        let word = said.as_deref().map(str::trim);
        let is_named = |action: &Action| word.is_some_and(|word| action.word().eq_ignore_ascii_case(word));
        match (word, &self.action) {
            (Some(""), _) | (_, None) => Ok(self.usual),
            (_, Some(key)) => ACTIONS
                .into_iter()
                .find(is_named)
                .ok_or_else(|| format!("column {}: is none of update, create, upsert, delete", key.name)),
        }
    }

    /// Nobody can be created by an id that only the API gives out.
    fn check_creator(&self, identity: &Identity, action: Action) -> Result<(), String> {
        if !matches!(action, Action::Create | Action::Upsert) {
            return Ok(());
        }
        let of = |kind: IdKind| self.ids.iter().find(|column| column.kind == kind);
        if identity.ids().any(|id| of(id.kind()).is_some_and(|column| column.creates)) {
            return Ok(());
        }
        let label = of(identity.primary().kind()).map_or("the id", |column| &column.label);
        Err(format!("{label}: a profile cannot be created by an id that the API gives out"))
    }

    fn new(shape: Shape, ids: Vec<Column>, plan: Option<Plan>, options: &Options) -> Self {
        let names: Vec<&str> = ids.iter().map(|column| column.name.as_str()).collect();
        let without = match names.as_slice() {
            [name] => format!("has no id: column {name} is empty"),
            names => format!("has no id: columns {} are empty", names.join(" and ")),
        };
        Self { shape, ids, plan, without, allow_odd: options.allow_odd_ids, action: None, usual: options.action }
    }
}

impl Reading {
    fn of_ids(subject: Subject, action: Action, notes: Notes) -> Self {
        Self { subject, spoiled: None, action, fields: Fields::default(), notes, doubts: Vec::new() }
    }

    /// Who it is about, whether or not it can be sent.
    pub(super) fn identity(&self) -> Option<&Identity> {
        match &self.subject {
            Subject::Known(identity) | Subject::Spared(identity, _) => Some(identity),
            Subject::Malformed { .. } => self.spoiled.as_deref(),
        }
    }

    /// Whether it can be sent, as far as it was read.
    pub(super) const fn is_well(&self) -> bool {
        matches!(self.subject, Subject::Known(_))
    }

    /// Whether nothing is the matter with it, but that there is nothing to send.
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.subject, Subject::Spared(..))
    }
}

/// An update of which no row can say anything is a mistake.
fn says_something(plan: Option<&Plan>, options: &Options) -> Result<(), Complaint> {
    if options.action == Action::Update && plan.is_some_and(Plan::is_empty) {
        return Err(Complaint::Nothing("has no field to update in any of its rows".to_owned()));
    }
    Ok(())
}

/// Whether a cell of a header has a wished name.
pub(super) fn is_named(cell: &[u8], name: &str) -> bool {
    std::str::from_utf8(cell).is_ok_and(|cell| cell.trim() == name)
}

/// Where in a header a name stands, if at all.
fn place(header: &[Vec<u8>], name: &str) -> Result<Option<usize>, Complaint> {
    let mut places = header.iter().enumerate().filter(|(_, cell)| is_named(cell, name));
    match (places.next(), places.next()) {
        (Some(_), Some(_)) => Err(Complaint::Ids(format!("has the column {name} twice in its header"))),
        (first, None) => Ok(first.map(|(index, _)| index)),
        (None, Some(_)) => Ok(None),
    }
}

fn check_found(columns: &[Column], found: &[Vec<u8>], options: &Options) -> Result<(), Complaint> {
    if !columns.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = options.columns.iter().map(|wish| wish.name.as_str()).collect();
    Err(Complaint::Ids(missing(&names.join(" or "), found)))
}
