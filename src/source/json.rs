//! One JSON object: its values, as they are written, by their keys.
//!
//! Promises: a key that stands twice is an error, not a guess; an integer is taken digit by digit as it is written.
//! It does not know what the keys mean.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The wished keys of one object and their values, ordered by key.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// Why a text is no such object; never quotes a value.
pub(super) enum Fault {
    /// Not one JSON object.
    NotAnObject,
    /// A wished key stands twice.
    Twice(String),
}

impl<'a> Object<'a> {
    /// Reads the wished keys' values from one object; what else it holds is passed over.
    pub(super) fn parse(json: &'a [u8], is_wished: impl Fn(&str) -> bool) -> Result<Self, Fault> {
        let mut entries = Vec::new();
        let mut json = serde_json::Deserializer::from_slice(json);
        let read = Wishes { is_wished, entries: &mut entries }.deserialize(&mut json).and_then(|()| json.end());
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Fault::Twice(pair[0].0.clone().into_owned()));
        }
        read.map(|()| Self(entries)).map_err(|_| Fault::NotAnObject)
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let place = self.0.binary_search_by(|(one, _)| one.as_ref().cmp(key)).ok()?;
        Some(self.0[place].1)
    }

    /// All keys and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
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

/// Takes the blanks between the tokens away, and leaves every token as it is written.
pub(super) fn compact(json: &str) -> Box<str> {
    let (mut quoted, mut escaped) = (false, false);
    let keeps = |letter: &char| {
        let blank = !quoted && letter.is_ascii_whitespace();
        quoted ^= *letter == '"' && !escaped;
        escaped = quoted && *letter == '\\' && !escaped;
        !blank
    };
    json.chars().filter(keeps).collect::<String>().into()
}

struct Wishes<'a, 'e, W> {
    is_wished: W,
    entries: &'e mut Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'de, W: Fn(&str) -> bool> DeserializeSeed<'de> for Wishes<'de, '_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, W: Fn(&str) -> bool> Visitor<'de> for Wishes<'de, '_, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if (self.is_wished)(&key) {
                self.entries.push((key, map.next_value::<&RawValue>()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn a_compact_text_keeps_its_tokens() {
        assert_eq!(&*compact(" { \"a b\" : [ 1.50 , \"\\\" x\\\\\" , null ] } "), r#"{"a b":[1.50,"\" x\\",null]}"#);
    }
}
