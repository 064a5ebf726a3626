//! From columns and keys to the fields of a profile.
//!
//! Promises: every column is a field, or was left out by name: nothing is dropped silently; an impossible value spoils its
//! row, and the reason names the column and the rule. It knows no API: what fields there are is told to it.

mod doubt;
mod looks;
mod object;
mod rules;
mod value;

use std::{collections::BTreeMap, sync::Arc};

pub(super) use self::doubt::{Doubt, Doubts};
use self::{
    looks::{Looks, name_of},
    object::Walk,
    rules::Rules,
    value::{Broken, Typed},
};
use super::{
    json::Object,
    names::{Complaint, label, list},
    options::{FieldWish, Options},
    records::Record,
};
use crate::domain::{Action, Field, Fields, Schema, Setting};

/// One name that every row may say something of: by a column, by a constant, or by both.
struct Slot {
    name: Arc<str>,
    field: u16,
    /// CSV: its place in the record.
    column: Option<usize>,
    /// What a row says that has no value of its own there.
    constant: Option<Typed>,
}

/// How an input's records are read for fields.
pub(super) struct Plan {
    schema: Schema,
    /// The fields' names, to be shared by all rows.
    names: Box<[Arc<str>]>,
    null: Option<String>,
    looks: Looks,
    rules: Rules,
    /// Ordered by name.
    slots: Vec<Slot>,
}

impl Plan {
    /// By the names of a CSV header; `taken` are the columns that are no fields: those of ids and of the action.
    pub(super) fn by_header(header: &[Vec<u8>], taken: &[usize], options: &Options) -> Result<Option<Self>, Complaint> {
        let Some(mut plan) = Self::new(&options.fields) else { return Ok(None) };
        plan.looks.check(header, taken)?;
        let mut slots = BTreeMap::new();
        let mut unknown = Vec::new();
        for (index, cell) in header.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
            let name = name_of(cell);
            if !plan.looks.at(name) {
                continue;
            }
            let Some((place, field)) = plan.find(name).filter(|_| !name.is_empty()) else {
                unknown.push((index, name));
                continue;
            };
            if let Some(rule) = Self::key_fault(field, name) {
                return Err(Complaint::Fields(format!("has a column of {} whose key {rule}", field.name)));
            }
            let shared = plan.shared_name(place, name);
            let slot = Slot { name: Arc::clone(&shared), field: place, column: Some(index), constant: None };
            if slots.insert(shared, slot).is_some() {
                return Err(Complaint::Fields(format!("has the {} twice in its header", label(name))));
            }
        }
        check_unknown(&unknown)?;
        plan.set(&options.fields, slots)?;
        Ok(Some(plan))
    }

    /// Columns that have no names: no field can be told.
    pub(super) fn by_number(options: &Options) -> Result<Option<Self>, Complaint> {
        if options.fields.schema.is_some() && options.action.takes_fields() {
            return Err(Complaint::Usage(
                "without a header no column says which field it is: give the input a header, or bare ids with \
                 `--format lines` and `--set`"
                    .to_owned(),
            ));
        }
        Ok(None)
    }

    /// By the keys of each line's object, or for bare ids, which say nothing: by the constants alone.
    pub(super) fn by_key(options: &Options) -> Result<Option<Self>, Complaint> {
        let Some(mut plan) = Self::new(&options.fields) else { return Ok(None) };
        plan.set(&options.fields, BTreeMap::new())?;
        Ok(Some(plan))
    }

    /// Whether no column is a field, and no constant stands for one.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// What there is to be said.
    pub(super) const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What a record of CSV says.
    pub(super) fn of_record(
        &self,
        record: &Record<'_>,
        action: Action,
        doubts: &mut Vec<Doubt>,
    ) -> Result<Fields, String> {
        let mut settings = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let own = match slot.column.map(|index| record.field(index)) {
                Some(cell) if !cell.is_empty() || self.null.is_some() => self.cell(slot, cell)?,
                Some(_) | None => None,
            };
            if let Some(said) = own.or_else(|| slot.constant.clone()) {
                settings.push(slot.setting(said, doubts));
            }
        }
        self.judge(settings, action, doubts)
    }

    /// What an object of JSON says; `is_taken` tells the keys that are no fields.
    pub(super) fn of_object(
        &self,
        object: &Object<'_>,
        is_taken: impl Fn(&str) -> bool,
        action: Action,
        doubts: &mut Vec<Doubt>,
    ) -> Result<Fields, String> {
        let mut walk = Walk::new(self, doubts);
        for (key, json) in object.iter().filter(|(key, _)| !is_taken(key)) {
            walk.take(key, json)?;
        }
        let mut settings = walk.finish()?;
        let own = settings.len();
        for slot in &self.slots {
            let is_said = settings[..own].iter().any(|setting| setting.name == slot.name);
            if let Some(said) = slot.constant.clone().filter(|_| !is_said) {
                settings.push(slot.setting(said, doubts));
            }
        }
        self.judge(settings, action, doubts)
    }

    /// What a bare id says.
    pub(super) fn of_nothing(&self, action: Action, doubts: &mut Vec<Doubt>) -> Result<Fields, String> {
        let said = self.slots.iter().filter_map(|slot| Some((slot, slot.constant.clone()?)));
        let settings = said.map(|(slot, said)| slot.setting(said, doubts)).collect();
        self.judge(settings, action, doubts)
    }

    fn new(wish: &FieldWish) -> Option<Self> {
        let schema = wish.schema.clone()?;
        let names = schema.fields.iter().map(|field| Arc::from(field.name.as_str())).collect();
        let rules = Rules::of(&schema);
        Some(Self { schema, names, null: wish.null.clone(), looks: Looks::of(wish), rules, slots: Vec::new() })
    }

    fn find(&self, name: &str) -> Option<(u16, &Field)> {
        let place = self.schema.find(name).filter(|_| name_is_group(name).is_none())?;
        Some((place, self.schema.fields.get(usize::from(place))?))
    }

    /// The field's own name where it is the whole one; another text only for keys that the user chose.
    fn shared_name(&self, place: u16, name: &str) -> Arc<str> {
        let own = self.names.get(usize::from(place)).filter(|own| ***own == *name);
        own.map_or_else(|| Arc::from(name), Arc::clone)
    }

    fn key_fault(field: &Field, name: &str) -> Option<Broken> {
        let key = name.strip_prefix(&*field.name)?.strip_prefix('.')?;
        value::key_fault(&field.kind, key)
    }

    /// Reads the constants, once for all rows, and puts the slots in order.
    fn set(&mut self, wish: &FieldWish, mut slots: BTreeMap<Arc<str>, Slot>) -> Result<(), Complaint> {
        for (name, text) in &wish.set {
            let fault = |what: &str| Complaint::Usage(format!("`--set {name}=…`: {what}"));
            let (place, field) = self.find(name).ok_or_else(|| fault("is no field of a profile"))?;
            if let Some(rule) = Self::key_fault(field, name) {
                return Err(fault(&format!("has a key that {rule}")));
            }
            let said = value::of_cell(field, wish.null.as_deref(), text).map_err(|rule| fault(&rule))?;
            let said = said.ok_or_else(|| fault("is empty; the text of `--null` takes a value away"))?;
            let shared = self.shared_name(place, name);
            let slot = slots.entry(Arc::clone(&shared)).or_insert(Slot {
                name: shared,
                field: place,
                column: None,
                constant: None,
            });
            if slot.constant.replace(said).is_some() {
                return Err(fault("stands twice"));
            }
        }
        self.slots = slots.into_values().collect();
        Ok(())
    }

    fn cell(&self, slot: &Slot, cell: &[u8]) -> Result<Option<Typed>, String> {
        let Some(field) = self.schema.fields.get(usize::from(slot.field)) else { return Ok(None) };
        let said = match std::str::from_utf8(cell) {
            Ok(cell) => value::of_cell(field, self.null.as_deref(), cell),
            Err(_) => Err("is not valid UTF-8".into()),
        };
        said.map_err(|rule| format!("column {}: {rule}", slot.name))
    }

    fn judge(&self, settings: Vec<Setting>, action: Action, doubts: &mut Vec<Doubt>) -> Result<Fields, String> {
        self.rules.check(&self.schema, action, &settings, doubts)?;
        Ok(Fields::new(settings))
    }
}

impl Slot {
    fn setting(&self, said: Typed, doubts: &mut Vec<Doubt>) -> Setting {
        doubts.extend(said.doubt.map(|why| Doubt { field: self.field, why }));
        Setting { name: Arc::clone(&self.name), field: self.field, value: said.value }
    }
}

/// The group that a name of the form `GROUP.*` stands for: no column has such a name.
fn name_is_group(name: &str) -> Option<&str> {
    name.strip_suffix(".*")
}

fn check_unknown(unknown: &[(usize, &str)]) -> Result<(), Complaint> {
    if let Some((index, _)) = unknown.iter().find(|(_, name)| name.is_empty()) {
        return Err(Complaint::Fields(format!("has no name in its header for column {}", index + 1)));
    }
    let names: Vec<&str> = unknown.iter().map(|(_, name)| *name).collect();
    match names.as_slice() {
        [] => Ok(()),
        names => Err(Complaint::Fields(format!("has columns that are no fields of a profile: {}", list(names)))),
    }
}
