//! Who exists at the scripted API, and with which fields.

use std::collections::BTreeMap;

use tollgate::domain::{Fields, Operation, Value};

/// What stands before an id of the API's own that a name resolves to.
const OWN: &str = "own-";

/// Every profile by its id, with its fields by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct World(BTreeMap<String, BTreeMap<String, String>>);

impl FromIterator<String> for World {
    /// Profiles without fields.
    fn from_iter<T: IntoIterator<Item = String>>(ids: T) -> Self {
        Self(ids.into_iter().map(|id| (id, BTreeMap::new())).collect())
    }
}

/// The API's own id of whoever has this name.
pub(crate) fn own(name: &str) -> String {
    format!("{OWN}{name}")
}

/// Under which id a profile is kept here.
pub(crate) fn kept(id: &str) -> &str {
    id.strip_prefix(OWN).unwrap_or(id)
}

impl World {
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.contains_key(kept(id))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// One field of a profile, if it has it.
    pub(crate) fn field(&self, id: &str, name: &str) -> Option<&str> {
        self.0.get(kept(id))?.get(name).map(String::as_str)
    }

    pub(crate) fn insert(&mut self, id: &str) {
        self.0.entry(kept(id).to_owned()).or_default();
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.0.remove(kept(id)).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&String) -> bool) {
        self.0.retain(|id, _| stays(id));
    }

    /// Whether a profile's fields are as these say.
    pub(crate) fn is_so(&self, id: &str, fields: &Fields) -> bool {
        let Some(profile) = self.0.get(kept(id)) else { return false };
        written(fields).all(|(name, value)| profile.get(&name) == value.as_ref())
    }

    /// Does what a call asks for; tells whether that could be done. `nulls`: an update takes fields away, too.
    pub(crate) fn apply(&mut self, operation: Operation, id: &str, fields: &Fields, nulls: bool) -> bool {
        match operation {
            Operation::Look | Operation::Get | Operation::Compare => false,
            Operation::Delete => self.remove(id),
            Operation::Create => {
                let set = |(name, value): (String, Option<String>)| value.map(|value| (name, value));
                self.0.insert(kept(id).to_owned(), written(fields).filter_map(set).collect());
                true
            }
            Operation::Update | Operation::Remove => {
                let Some(profile) = self.0.get_mut(kept(id)) else { return false };
                for (name, value) in written(fields) {
                    match value {
                        Some(value) if operation == Operation::Update => _ = profile.insert(name, value),
                        None if nulls || operation == Operation::Remove => _ = profile.remove(&name),
                        Some(_) | None => {}
                    }
                }
                true
            }
        }
    }
}

/// Fields as the world keeps them: nothing where one is to go.
fn written(fields: &Fields) -> impl Iterator<Item = (String, Option<String>)> {
    fields.iter().map(|setting| {
        let mut text = String::new();
        setting.value.parts(|part| text.push_str(&String::from_utf8_lossy(part)));
        (setting.name.to_string(), (setting.value != Value::Null).then_some(text))
    })
}
