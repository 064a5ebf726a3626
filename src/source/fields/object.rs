//! What a JSON object says of a profile: the body as it is, or with dotted keys.
//!
//! Promises: a key that is no field is an error, and so is a field that is said twice, in whatever form. It does not know
//! where the object stands.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Plan, doubt::Doubt, value};
use crate::{
    domain::{Field, FieldKind, Setting},
    source::{
        json::{Fault, Object},
        names::label,
    },
};

/// One entry of a list of pairs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// Gathers the settings of one object.
pub(super) struct Walk<'p> {
    plan: &'p Plan,
    settings: Vec<Setting>,
    doubts: &'p mut Vec<Doubt>,
}

impl<'p> Walk<'p> {
    pub(super) fn new(plan: &'p Plan, doubts: &'p mut Vec<Doubt>) -> Self {
        Self { plan, settings: Vec::new(), doubts }
    }

    /// The settings gathered, each name once.
    pub(super) fn finish(mut self) -> Result<Vec<Setting>, String> {
        self.settings.sort_by(|one, other| one.name.cmp(&other.name));
        match self.settings.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(twice(&pair[0].name)),
            None => Ok(self.settings),
        }
    }

    /// Takes one key and its value; `name` is the key with those of the objects around it, dotted.
    pub(super) fn take(&mut self, name: &str, json: &RawValue) -> Result<(), String> {
        let plan = self.plan;
        if !plan.looks.enters(name) {
            return Ok(());
        }
        if let Some((place, field)) = plan.find(name) {
            return self.leaf(name, place, field, json);
        }
        if let Some(field) = plan.schema.fields.iter().find(|field| field.name == name && is_open(&field.kind)) {
            return self.entries(field, json);
        }
        let group = plan.schema.fields.iter().any(|field| is_inside(&field.name, name));
        if !group {
            return Err(format!("{}: is no field of a profile", label(name)));
        }
        let object = object(json).map_err(|fault| explain(name, fault, "is not an object"))?;
        says_something(name, object.iter().count())?;
        object.iter().try_for_each(|(key, json)| self.take(&format!("{name}.{key}"), json))
    }

    fn leaf(&mut self, name: &str, place: u16, field: &Field, json: &RawValue) -> Result<(), String> {
        if let Some(rule) = Plan::key_fault(field, name) {
            return Err(format!("column {}: has a key that {rule}", field.name));
        }
        let said = value::of_json(field, json).map_err(|rule| format!("column {name}: {rule}"))?;
        self.doubts.extend(said.doubt.map(|why| Doubt { field: place, why }));
        let name = self.plan.shared_name(place, name);
        self.settings.push(Setting { name, field: place, value: said.value });
        Ok(())
    }

    /// The keys of a map, or of a list of pairs in either form.
    fn entries(&mut self, field: &Field, json: &RawValue) -> Result<(), String> {
        if matches!(field.kind, FieldKind::Pairs(_)) && json.get().starts_with('[') {
            let pairs: Vec<Pair<'_>> = serde_json::from_str(json.get())
                .map_err(|_| format!("column {}: is not a list of a key and a value each", field.name))?;
            says_something(&field.name, pairs.len())?;
            return pairs.iter().try_for_each(|pair| self.entry(field, &pair.key, pair.value));
        }
        let object = object(json).map_err(|fault| explain(&field.name, fault, "does not say its keys and values"))?;
        says_something(&field.name, object.iter().count())?;
        object.iter().try_for_each(|(key, json)| self.entry(field, key, json))
    }

    fn entry(&mut self, field: &Field, key: &str, json: &RawValue) -> Result<(), String> {
        let name = format!("{}.{key}", field.name);
        if !self.plan.looks.at(&name) {
            return Ok(());
        }
        match self.plan.find(&name) {
            Some((place, field)) => self.leaf(&name, place, field, json),
            None => Err(format!("column {}: has an empty key", field.name)),
        }
    }
}

/// Whoever writes a list without an entry may want all of them gone, and no such call takes any away.
fn says_something(name: &str, entries: usize) -> Result<(), String> {
    if entries > 0 {
        Ok(())
    } else {
        Err(format!("column {name}: has no entry, and so would change nothing: leave it out"))
    }
}

/// Whether the name of a field is followed by keys that the user chooses.
const fn is_open(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Pairs(_) | FieldKind::Map)
}

fn is_inside(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}

fn object(json: &RawValue) -> Result<Object<'_>, Fault> {
    Object::parse(json.get().as_bytes(), |_| true)
}

fn explain(name: &str, fault: Fault, what: &str) -> String {
    match fault {
        Fault::NotAnObject => format!("{}: {what}", label(name)),
        Fault::Twice(key) => twice(&format!("{name}.{key}")),
    }
}

fn twice(name: &str) -> String {
    format!("{}: stands twice in the object", label(name))
}
