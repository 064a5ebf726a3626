//! What a body says of a profile, by a description's fields: read, checked, and put to what is there.

use serde_json::{Map, Number, Value};

use crate::{
    domain::{Action, Field, FieldKind, Schema},
    sandbox::{
        Encoding,
        play::{Asked, pairs},
        world::{Content, without_empty_groups},
        written::{is_country, is_date, is_email, is_ipv4, is_uuid},
    },
};

/// Why a body is not the one asked for.
pub(super) type Fault = &'static str;

const FORM: &str = "application/x-www-form-urlencoded";

/// What a body says, all that stands `aside` left out.
pub(super) fn read(
    schema: &Schema,
    encoding: Encoding,
    aside: &[String],
    asked: &Asked<'_>,
) -> Result<Map<String, Value>, Fault> {
    let mut said = match encoding {
        Encoding::Json if asked.is("application/json") => asked.object().ok_or("A JSON object is expected.")?,
        Encoding::Form if asked.is(FORM) => form(schema, aside, asked.form())?,
        Encoding::Json | Encoding::Form => return Err("The body is of another content type."),
    };
    said.retain(|name, _| !aside.contains(name));
    if !schema.fields.is_empty() {
        said.iter().try_for_each(|(name, value)| member(schema, name, value))?;
    }
    Ok(said)
}

/// Whether all is there that an action needs.
pub(super) fn complete(
    schema: &Schema,
    action: Action,
    said: &Map<String, Value>,
    aside: &[String],
) -> Result<(), Fault> {
    let there = |field: &Field| match field.name.split_once('.') {
        None => said.contains_key(&field.name) || aside.contains(&field.name),
        Some((group, name)) => said.get(group).is_some_and(|group| group.get(name).is_some()),
    };
    let all = schema.fields.iter().filter(|field| field.required.contains(&action)).all(there);
    if all { Ok(()) } else { Err("A field that is needed is missing.") }
}

/// What a null does to an entry of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Null {
    Clears,
    IsStored,
}

/// Puts it to what is there: what it does not name stays, within a group too, and null takes a field away.
pub(super) fn merge(schema: &Schema, null: Null, content: &mut Content, said: Map<String, Value>) {
    let of = |name: &str| {
        let is_map = schema.fields.iter().any(|field| field.name == name && field.kind == FieldKind::Map);
        if is_map { null } else { Null::Clears }
    };
    for (name, value) in said {
        match (content.get_mut(&name), grouped(value)) {
            (Some(Value::Object(kept)), Value::Object(group)) => merge_flat(of(&name), kept, group),
            (_, Value::Object(group)) => {
                let mut kept = Map::new();
                merge_flat(of(&name), &mut kept, group);
                content.insert(name, Value::Object(kept));
            }
            (_, value) => merge_flat(Null::Clears, content, Map::from_iter([(name, value)])),
        }
    }
    without_empty_groups(content);
}

fn merge_flat(null: Null, kept: &mut Map<String, Value>, said: Map<String, Value>) {
    for (name, value) in said {
        if value.is_null() && null == Null::Clears {
            kept.remove(&name);
        } else {
            kept.insert(name, value);
        }
    }
}

/// A list of pairs as the object that it stands for; an empty text deletes a pair.
fn grouped(value: Value) -> Value {
    let Value::Array(list) = value else { return value };
    if list.is_empty() || !list.iter().all(|pair| pair_of(pair).is_some()) {
        return Value::Array(list);
    }
    let kept = |value: &Value| if value.as_str() == Some("") { Value::Null } else { value.clone() };
    list.iter().filter_map(pair_of).map(|(key, value)| (key.to_owned(), kept(value))).collect()
}

/// What is there in the form in which it travels.
pub(super) fn shown(schema: &Schema, content: &Content) -> Map<String, Value> {
    let is_pairs = |name: &str| schema.fields.iter().any(|f| f.name == name && matches!(f.kind, FieldKind::Pairs(_)));
    let show = |(name, value): (&String, &Value)| match value {
        Value::Object(group) if is_pairs(name) => {
            let pair = |(key, value): (&String, &Value)| {
                let parts = [("key", Value::from(key.as_str())), ("value", value.clone())];
                parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect::<Value>()
            };
            (name.clone(), group.iter().map(pair).collect())
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            (name.clone(), value.clone())
        }
    };
    content.iter().map(show).collect()
}

fn pair_of(pair: &Value) -> Option<(&str, &Value)> {
    let pair = pair.as_object().filter(|pair| pair.len() == 2)?;
    Some((pair.get("key")?.as_str()?, pair.get("value")?))
}

/// One member of a body: a field, or a group of fields.
fn member(schema: &Schema, name: &str, value: &Value) -> Result<(), Fault> {
    if let Some(field) = schema.fields.iter().find(|field| field.name == name) {
        return fits(field, value);
    }
    let of_group = |field: &&Field| field.name.split_once('.').is_some_and(|(group, _)| group == name);
    let fields: Vec<&Field> = schema.fields.iter().filter(of_group).collect();
    let Some(group) = value.as_object().filter(|_| !fields.is_empty()) else { return Err("There is no such field.") };
    for (inner, value) in group {
        let field = fields.iter().find(|field| field.name.split_once('.').is_some_and(|(_, name)| name == inner));
        fits(field.ok_or("There is no such field.")?, value)?;
    }
    let whole = fields.iter().filter(|field| field.with_group);
    let missing = whole.filter_map(|field| field.name.split_once('.')).any(|(_, name)| !group.contains_key(name));
    if missing { Err("A field of a group is missing.") } else { Ok(()) }
}

fn fits(field: &Field, value: &Value) -> Result<(), Fault> {
    let text = value.as_str();
    let well = match &field.kind {
        _ if value.is_null() => field.nullable,
        FieldKind::Text { least, most, .. } => {
            let fits = |length: usize| *least <= length && most.is_none_or(|most| length <= most);
            text.is_some_and(|text| fits(text.chars().count()))
        }
        FieldKind::Email => text.is_some_and(is_email),
        FieldKind::Integer { least, most } => value.as_i64().is_some_and(|number| (*least..=*most).contains(&number)),
        FieldKind::Number => value.is_number(),
        FieldKind::Boolean => value.is_boolean(),
        FieldKind::Date => text.is_some_and(is_date),
        FieldKind::Choice { words, doubtful, open } => {
            text.is_some_and(|text| *open || words.iter().chain(doubtful).any(|word| word == text))
        }
        FieldKind::Uuid => text.is_some_and(is_uuid),
        FieldKind::Country => text.is_some_and(is_country),
        FieldKind::Ipv4 => text.is_some_and(is_ipv4),
        FieldKind::Texts { least } => {
            value.as_array().is_some_and(|list| list.len() >= *least && list.iter().all(Value::is_string))
        }
        FieldKind::Pairs(rules) => value.as_array().is_some_and(|list| {
            (1..=rules.most).contains(&list.len())
                && list.iter().all(|pair| pair_of(pair).is_some_and(|(key, _)| key.len() <= rules.key_most))
        }),
        FieldKind::Map => value.is_object(),
    };
    if well { Ok(()) } else { Err("A field has a value that it cannot have.") }
}

fn form(schema: &Schema, aside: &[String], text: &str) -> Result<Map<String, Value>, Fault> {
    let mut said = Map::new();
    for (name, text) in pairs(text).filter(|(name, _)| !aside.contains(name)) {
        let kind = schema.fields.iter().find(|field| field.name == name).map(|field| &field.kind);
        let value = from_form(kind, text)?;
        let slot = match name.split_once('.') {
            None => said.entry(name),
            Some((group, inner)) => match said.entry(group).or_insert_with(|| Value::Object(Map::new())) {
                Value::Object(group) => group.entry(inner),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    return Err("A field is a group as well.");
                }
            },
        };
        match (slot.or_insert(Value::Null), value) {
            (Value::Array(list), Value::Array(more)) => list.extend(more),
            (slot @ Value::Null, value) => *slot = value,
            _ => return Err("A field stands twice."),
        }
    }
    Ok(said)
}

fn from_form(kind: Option<&FieldKind>, text: String) -> Result<Value, Fault> {
    let parsed = match kind {
        Some(FieldKind::Boolean) => text.parse().ok().map(Value::Bool),
        Some(FieldKind::Integer { .. } | FieldKind::Number) => text.parse::<Number>().ok().map(Value::Number),
        Some(FieldKind::Pairs(_) | FieldKind::Map) => serde_json::from_str(&text).ok(),
        Some(FieldKind::Texts { .. }) => Some(Value::Array(vec![Value::String(text)])),
        None
        | Some(
            FieldKind::Text { .. }
            | FieldKind::Email
            | FieldKind::Date
            | FieldKind::Choice { .. }
            | FieldKind::Uuid
            | FieldKind::Country
            | FieldKind::Ipv4,
        ) => Some(Value::String(text)),
    };
    parsed.ok_or("A field has a value that it cannot have.")
}
