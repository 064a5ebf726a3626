//! Reading answers' bodies: the API's own error bodies, and the fields that say what was found.
//!
//! Promises: any bytes can be read, and nothing read is longer than [`MAX_TEXT`]. It does not know what an answer means.

use std::{collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::{
    description::{ErrorBodyRules, ErrorRules},
    field::FieldPath,
};
use crate::domain::Operation;

/// The most bytes of a body that are read: error bodies are small, and a stranger's page may be endless.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// The most bytes of a profile that is kept, one less: a longer one could only be kept cut, and is not kept at all.
pub(super) const MAX_PROFILE: usize = 1024 * 1024;

/// The most bytes of an answer to this operation that are read.
pub(super) const fn most(operation: Operation) -> usize {
    match operation {
        Operation::Look | Operation::Delete | Operation::Create | Operation::Update | Operation::Remove => MAX_BODY,
        Operation::Get | Operation::Compare => MAX_PROFILE,
    }
}

/// The JSON value at a path, or the whole body where there is none, byte for byte as it was sent but for line breaks
/// between its tokens; `None` if the body is not JSON, or has nothing there.
pub(super) fn value(body: &[u8], path: Option<&FieldPath>) -> Option<Box<str>> {
    let mut raw: &RawValue = serde_json::from_slice(body).ok()?;
    for key in path.into_iter().flat_map(FieldPath::keys) {
        let object: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
        raw = object.get(&**key)?;
    }
    // Within a token no line break can stand: JSON texts hold them escaped.
    Some(raw.get().replace(['\r', '\n'], "").into())
}

/// The most bytes of a text that an answer may leave in an outcome: more than a results line shows, and little enough
/// for a queue of thousands.
pub(super) const MAX_TEXT: usize = 1024;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing, or `null`.
    Nothing,
    /// A number, a list, an object …
    Something,
    /// A text, cut at [`MAX_TEXT`].
    Text(String),
}

/// What stands at each path, if the body is JSON. Of a body that was cut off at [`MAX_BODY`], what was read is enough: a
/// profile with a long history must not look like a stranger's page.
pub(super) fn find(body: &[u8], paths: &[&FieldPath]) -> Option<Vec<There>> {
    let mut found = vec![There::Nothing; paths.len()];
    let wanted = paths.iter().zip(&mut found).map(|(path, into)| Wanted { rest: path.keys(), into }).collect();
    let mut json = serde_json::Deserializer::from_slice(body);
    match Wants(wanted).deserialize(&mut json).and_then(|()| json.end()) {
        Ok(()) => {}
        Err(error) if error.is_eof() && body.len() >= MAX_BODY => {}
        Err(_) => return None,
    }
    Some(found)
}

/// The API's own error body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// Its error code; a body without one is quoted, and settles no row.
    pub(super) code: Option<String>,
    /// `field: text; field: text`.
    pub(super) message: Option<String>,
}

impl ErrorBody {
    /// Reads a body by the first of the API's alternatives that it fits; `None` for everybody else's.
    pub(super) fn read(rules: &ErrorRules, body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        rules.bodies.iter().find_map(|rules| Self::fit(rules, &body))
    }

    fn fit(rules: &ErrorBodyRules, body: &Value) -> Option<Self> {
        if !rules.signature.iter().all(|path| path.find(body).is_some()) {
            return None;
        }
        let code = match &rules.code {
            Some(path) => Some(bounded(path.find(body)?.as_str()?.to_owned())),
            None => None,
        };
        let mut lines = Vec::new();
        for complaint in items(rules.list.as_ref().and_then(|path| path.find(body))) {
            describe(rules, complaint, &mut lines);
        }
        let message = (!lines.is_empty()).then(|| bounded(lines.join("; ")));
        Some(Self { code, message })
    }
}

/// One complaint: a plain text, or a field with its texts.
fn describe(rules: &ErrorBodyRules, complaint: &Value, lines: &mut Vec<String>) {
    if let Some(text) = complaint.as_str() {
        lines.push(text.to_owned());
        return;
    }
    let of = |key: &Option<String>| key.as_ref().and_then(|key| complaint.get(key));
    let field = of(&rules.field).and_then(Value::as_str);
    for text in items(of(&rules.texts)).iter().filter_map(Value::as_str) {
        lines.push(field.map_or_else(|| text.to_owned(), |field| format!("{field}: {text}")));
    }
}

/// A list's items; anything else counts as a list of itself.
fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(other) => std::slice::from_ref(other),
        None => &[],
    }
}

/// The text, cut at [`MAX_TEXT`].
pub(super) fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

/// A field that is looked for in JSON.
struct Wanted<'a> {
    rest: &'a [Box<str>],
    into: &'a mut There,
}

/// The fields that are looked for below one value; everything else is skipped, not stored.
struct Wants<'a>(Vec<Wanted<'a>>);

impl Wants<'_> {
    fn under(&mut self, key: &str) -> Wants<'_> {
        let below = self.0.iter_mut().filter_map(|wanted| {
            let (first, rest) = wanted.rest.split_first()?;
            (**first == *key).then_some(Wanted { rest, into: &mut *wanted.into })
        });
        Wants(below.collect())
    }

    /// Here is what was looked for here.
    fn note(&mut self, there: &There) {
        for wanted in self.0.iter_mut().filter(|wanted| wanted.rest.is_empty()) {
            *wanted.into = there.clone();
        }
    }

    fn note_something(mut self) {
        self.note(&There::Something);
    }
}

impl<'de> DeserializeSeed<'de> for Wants<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wants<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.note(&There::Something);
        while let Some(key) = map.next_key::<String>()? {
            let below = self.under(&key);
            if below.0.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(below)?;
            }
        }
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        if self.0.iter().any(|wanted| wanted.rest.is_empty()) {
            self.note(&There::Text(bounded(text.to_owned())));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.note(&There::Something);
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.note_something();
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.note_something();
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.note_something();
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.note_something();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
