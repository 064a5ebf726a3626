//! A row's fields on their way out: as JSON, as a form, as headers.
//!
//! Promises: every value arrives as it is in the row, numbers as the literal that they are; the same fields give the
//! same bytes. It does not check values: the schema did, when the row was read.

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::to_string;

use super::{
    description::{Carriage, Description},
    seat::append,
};
use crate::domain::{FieldKind, Fields, Setting, Shape, Value};

/// What of a row's fields travels in the body: the settings of one field together, in the order of their names.
struct Load<'a> {
    api: &'a Description,
    settings: Vec<&'a Setting>,
}

impl<'a> Load<'a> {
    /// Entries of objects that a call of their own takes away stay behind.
    fn new(api: &'a Description, fields: &'a Fields) -> Self {
        let stays = |setting: &&Setting| carriage(api, setting).header.is_none() && !api.is_removal(setting);
        Self { api, settings: fields.iter().filter(stays).collect() }
    }

    /// Each field with its settings: one, or a group's several.
    fn fields(&self) -> impl Iterator<Item = (&'a Carriage, &[&'a Setting])> {
        let groups = self.settings.chunk_by(|one, other| one.field == other.field);
        groups.filter_map(|group| Some((carriage(self.api, group.first()?), group)))
    }

    /// The JSON of a field: an object or a list of pairs is made of all its settings.
    fn json(&self, group: &[&Setting]) -> String {
        let Some(first) = group.first() else { return String::new() };
        let field = &self.api.schema().fields[usize::from(first.field)];
        let key = |setting: &Setting| quoted(setting.key(&field.name).unwrap_or_default());
        match field.kind.shape() {
            Shape::Pairs(_) => {
                let pairs = group.iter().map(|setting| {
                    format!("{{\"key\":{},\"value\":{}}}", key(setting), without_booleans(&setting.value))
                });
                format!("[{}]", pairs.collect::<Vec<_>>().join(","))
            }
            Shape::Map => {
                let entries = group.iter().map(|setting| format!("{}:{}", key(setting), json_of(&setting.value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
            Shape::Single => json_of(&first.value),
        }
    }
}

/// One object, nested by the dots of the fields' names.
pub(super) fn json(api: &Description, fields: &Fields) -> String {
    let load = Load::new(api, fields);
    let mut out = String::from("{");
    let mut open: &[Box<str>] = &[];
    for (carriage, group) in load.fields() {
        let Some((last, around)) = carriage.path.keys().split_last() else { continue };
        // Names that begin alike stand side by side in the order of names: no object is opened twice.
        let common = open.iter().zip(around).take_while(|(one, other)| one == other).count();
        out.extend(open[common..].iter().map(|_| '}'));
        if !out.ends_with('{') {
            out.push(',');
        }
        for key in &around[common..] {
            out.extend([&*quoted(key), ":{"]);
        }
        out.extend([&*quoted(last), ":", &*load.json(group)]);
        open = around;
    }
    out.extend(open.iter().map(|_| '}'));
    out.push('}');
    out
}

/// The pairs, after those that are there already.
pub(super) fn form(api: &Description, fields: &Fields, pairs: &mut String) {
    let load = Load::new(api, fields);
    for (_, group) in load.fields() {
        let Some(first) = group.first() else { continue };
        let field = &api.schema().fields[usize::from(first.field)];
        match (&field.kind, &first.value) {
            (FieldKind::Pairs(_) | FieldKind::Map, _) => append(pairs, &field.name, &load.json(group)),
            (_, Value::Texts(texts)) => texts.iter().for_each(|text| append(pairs, &field.name, text)),
            (_, value) => append(pairs, &field.name, &plain(value)),
        }
    }
}

/// The keys of the entries that a call of their own takes away, a pair of this name each.
pub(super) fn removals(api: &Description, fields: &Fields, name: &str, pairs: &mut String) {
    for setting in fields.iter().filter(|setting| api.is_removal(setting)) {
        let field = &api.schema().fields[usize::from(setting.field)];
        append(pairs, name, setting.key(&field.name).unwrap_or_default());
    }
}

/// The fields that travel in headers.
pub(super) fn headers<'a>(
    api: &'a Description,
    fields: &'a Fields,
) -> impl Iterator<Item = (&'a HeaderName, HeaderValue)> {
    // The description lets only those fields travel so whose every value fits a header.
    let value = |setting: &Setting| HeaderValue::from_str(&plain(&setting.value)).ok();
    fields.iter().filter_map(move |setting| Some((carriage(api, setting).header.as_ref()?, value(setting)?)))
}

/// How a setting's field travels; the setting is one that this description's schema knows.
pub(super) fn carriage<'a>(api: &'a Description, setting: &Setting) -> &'a Carriage {
    &api.carriages()[usize::from(setting.field)]
}

/// A value's text, where no JSON stands around it.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Texts(_) | Value::Json(_) => json_of(value),
    }
}

fn json_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => quoted(text),
        Value::Number(literal) | Value::Json(literal) => literal.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Texts(texts) => {
            format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","))
        }
    }
}

/// A list of pairs knows texts and numbers only.
fn without_booleans(value: &Value) -> String {
    match value {
        Value::Boolean(truth) => u8::from(*truth).to_string(),
        Value::Null | Value::Text(_) | Value::Number(_) | Value::Texts(_) | Value::Json(_) => json_of(value),
    }
}

#[expect(clippy::expect_used, reason = "of a text serde_json makes JSON always: it has no key and no number to refuse")]
fn quoted(text: &str) -> String {
    to_string(text).expect("a text is JSON")
}

#[cfg(test)]
mod tests;
