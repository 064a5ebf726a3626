//! A row's fields, held against the profile that the API returns.
//!
//! Promises: it says *same* only when everything that the row wants stands in the answer; a field that the API does not
//! return is never taken for equal. It makes no difference between null, empty and not there: neither do the APIs.

use serde_json::Value as Json;

use crate::{
    domain::{Fields, Setting, Shape, Value},
    remote::{body, description::Description, field::FieldPath, writing::carriage},
};

/// Whether the profile in a body has all that the fields want.
pub(super) fn is_same(api: &Description, fields: &Fields, body: &[u8], profile: Option<&FieldPath>) -> bool {
    if body.len() >= body::MAX_PROFILE {
        return false;
    }
    let Ok(body) = serde_json::from_slice::<Json>(body) else { return false };
    let Some(profile) = profile.map_or(Some(&body), |path| path.find(&body)) else { return false };
    fields.iter().all(|setting| {
        let returned = carriage(api, setting).returned.as_ref();
        returned.is_some_and(|path| stands(api, setting, path.find(profile)))
    })
}

/// That something cannot be compared, in words.
pub(super) fn untold(api: &Description, fields: &Fields) -> Option<String> {
    let kept = fields.iter().find(|setting| carriage(api, setting).returned.is_none())?;
    Some(format!("`{}` is not returned, so that it cannot be compared", kept.name))
}

/// Whether a setting's value stands where its field is returned.
fn stands(api: &Description, setting: &Setting, field: Option<&Json>) -> bool {
    let rules = &api.schema().fields[usize::from(setting.field)];
    let key = setting.key(&rules.name).unwrap_or_default();
    let there = match rules.kind.shape() {
        Shape::Pairs(_) => field.and_then(|pairs| of_pairs(pairs, key)),
        Shape::Map => field.and_then(|object| object.get(key)),
        Shape::Single => field,
    };
    equals(&setting.value, there)
}

/// The value of a pair. Of two with one key neither counts: nobody knows which of them holds.
fn of_pairs<'a>(pairs: &'a Json, key: &str) -> Option<&'a Json> {
    let mut named = pairs.as_array()?.iter().filter(|pair| pair.get("key").and_then(Json::as_str) == Some(key));
    let value = named.next()?.get("value");
    if named.next().is_some() { Some(pairs) } else { value }
}

fn equals(wanted: &Value, there: Option<&Json>) -> bool {
    let is_nothing = match there {
        None | Some(Json::Null) => true,
        Some(Json::String(text)) => text.is_empty(),
        Some(Json::Array(list)) => list.is_empty(),
        Some(Json::Bool(_) | Json::Number(_) | Json::Object(_)) => false,
    };
    match (wanted, there) {
        (Value::Null, _) => is_nothing,
        (Value::Text(text), _) if text.is_empty() => is_nothing,
        (Value::Texts(texts), _) if texts.is_empty() => is_nothing,
        (Value::Text(text), Some(Json::String(there))) => **text == **there,
        (Value::Number(literal), Some(there)) => {
            serde_json::from_str(literal).is_ok_and(|wanted: Json| alike(&wanted, there))
        }
        // An API that knows no booleans returns the number that it was sent.
        (Value::Boolean(truth), Some(there)) => match there {
            Json::Bool(there) => truth == there,
            Json::Number(number) => number.as_f64() == Some(f64::from(u8::from(*truth))),
            Json::Null | Json::String(_) | Json::Array(_) | Json::Object(_) => false,
        },
        (Value::Texts(texts), Some(Json::Array(list))) => is_the_set(texts, list),
        (Value::Json(text), Some(there)) => serde_json::from_str(text).is_ok_and(|wanted: Json| alike(&wanted, there)),
        (Value::Text(_) | Value::Number(_) | Value::Boolean(_) | Value::Texts(_) | Value::Json(_), _) => false,
    }
}

/// The same texts, in whatever order: roles are a set.
fn is_the_set(texts: &[Box<str>], list: &[Json]) -> bool {
    let Some(mut theirs) = list.iter().map(Json::as_str).collect::<Option<Vec<&str>>>() else { return false };
    let mut ours: Vec<&str> = texts.iter().map(|text| &**text).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    ours == theirs
}

/// The same JSON, numbers by their worth: `1` is `1.0`.
fn alike(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => match (one.as_i128(), other.as_i128()) {
            (Some(one), Some(other)) => one == other,
            (Some(_) | None, _) => one.as_f64() == other.as_f64(),
        },
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            let has = |(key, value): (&String, &Json)| other.get(key).is_some_and(|there| alike(value, there));
            one.len() == other.len() && one.iter().all(has)
        }
        (Json::Null | Json::Bool(_) | Json::String(_) | Json::Number(_) | Json::Array(_) | Json::Object(_), _) => {
            one == other
        }
    }
}
