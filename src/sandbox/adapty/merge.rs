//! What a checked `ProfileRequest` does to what is there.
//!
//! What it does not name stays, null takes a field away, and a custom attribute of null or of nothing goes. Booleans and
//! whole numbers become floats, as the documentation says of custom attributes.

use serde_json::{Map, Number, Value};

use super::check::{ATTRIBUTES, DEVICE, INSTALLATION};
use crate::sandbox::world::{Content, without_empty_groups};

pub(super) fn merge(content: &mut Content, body: Map<String, Value>) {
    for (name, value) in body {
        match (name.as_str(), value) {
            (ATTRIBUTES, Value::Array(pairs)) => attributes(group(content, ATTRIBUTES), pairs),
            (INSTALLATION, Value::Object(meta)) => installation(group(content, INSTALLATION), meta),
            (_, Value::Null) => {
                content.remove(&name);
            }
            (_, value) => {
                content.insert(name, value);
            }
        }
    }
    without_empty_groups(content);
}

fn group<'a>(content: &'a mut Content, name: &str) -> &'a mut Map<String, Value> {
    let slot = content.entry(name).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    #[expect(clippy::expect_used, reason = "it was made an object just now")]
    slot.as_object_mut().expect("an object")
}

fn attributes(kept: &mut Map<String, Value>, pairs: Vec<Value>) {
    for mut pair in pairs {
        let Some(key) = pair["key"].as_str().map(str::to_owned) else { continue };
        match attribute(pair["value"].take()) {
            Some(value) => kept.insert(key, value),
            None => kept.remove(&key),
        };
    }
}

/// What is kept of a custom attribute's value; nothing deletes it.
fn attribute(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.is_empty()).then_some(Value::String(text)),
        Value::Bool(truth) => Some(Value::from(f64::from(u8::from(truth)))),
        Value::Number(number) => Some(Value::Number(number.as_f64().and_then(Number::from_f64).unwrap_or(number))),
        Value::Array(_) | Value::Object(_) => Some(value),
    }
}

/// An installation is one device's: another device's replaces it.
fn installation(kept: &mut Map<String, Value>, meta: Map<String, Value>) {
    if kept.get(DEVICE) != meta.get(DEVICE) {
        kept.clear();
    }
    for (name, value) in meta {
        if value.is_null() {
            kept.remove(&name);
        } else {
            kept.insert(name, value);
        }
    }
}
