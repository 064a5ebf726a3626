//! One line of JSON Lines: the texts of a few keys, nothing else of it.
//!
//! Promises: a key that stands twice is an error, not a guess; an integer is taken digit by digit as it is written.
//! It does not know which keys hold ids.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The values of the wished keys, in the wishes' order.
pub(super) type Values<'a> = Vec<Option<&'a RawValue>>;

/// Why a line gives no values; never quotes it.
pub(super) enum Fault {
    /// Not one JSON object.
    NotAnObject,
    /// A wished key stands twice: its place among the wishes.
    Twice(usize),
}

/// Reads the values of `keys` from one object.
pub(super) fn values<'a>(line: &'a [u8], keys: &[&str]) -> Result<Values<'a>, Fault> {
    let mut twice = None;
    let mut json = serde_json::Deserializer::from_slice(line);
    let read = Wishes { keys, twice: &mut twice }.deserialize(&mut json);
    match (twice, read, json.end()) {
        (Some(key), _, _) => Err(Fault::Twice(key)),
        (None, Ok(values), Ok(())) => Ok(values),
        (None, _, _) => Err(Fault::NotAnObject),
    }
}

/// A value as the text of an id: a string's content, an integer as written, nothing for `null`.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
        b'n' => Some(Cow::Borrowed("")),
        _ if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(Cow::Borrowed(raw)),
        _ => None,
    }
}

struct Wishes<'k> {
    keys: &'k [&'k str],
    twice: &'k mut Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Wishes<'_> {
    type Value = Values<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wishes<'_> {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut values = vec![None; self.keys.len()];
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match self.keys.iter().position(|wish| *wish == key) {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(place) => {
                    let value = map.next_value::<&RawValue>()?;
                    if values[place].replace(value).is_some() {
                        *self.twice = Some(place);
                    }
                }
            }
        }
        Ok(values)
    }
}
