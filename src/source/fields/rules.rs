//! What a row's fields must be together.
//!
//! Promises: a rule that is broken is named by its column; no value is looked at. It does not know where fields come from.

use super::{
    doubt::{Doubt, Why},
    name_is_group,
};
use crate::domain::{Action, FieldKind, Schema, Setting};

/// A field that is asked for, and the places that show that it is there.
struct Need {
    field: u16,
    shown_by: Box<[bool]>,
}

/// The rules of a schema, ready to be held against rows.
pub(super) struct Rules {
    required: Vec<(Action, Need)>,
    doubtful: Vec<(Action, Need)>,
    /// Fields that must be there, where one of the others is.
    with_group: Vec<(Need, Box<[bool]>)>,
    /// The most settings of a list of pairs.
    most: Vec<(u16, usize)>,
}

impl Rules {
    pub(super) fn of(schema: &Schema) -> Self {
        let mut rules = Self { required: Vec::new(), doubtful: Vec::new(), with_group: Vec::new(), most: Vec::new() };
        for (place, field) in (0..).zip(&schema.fields) {
            let need = || Need { field: place, shown_by: shown_by(schema, place, &field.name) };
            rules.required.extend(field.required.iter().map(|action| (*action, need())));
            rules.doubtful.extend(field.doubtful_without.iter().map(|action| (*action, need())));
            if let (true, Some((group, _))) = (field.with_group, field.name.rsplit_once('.')) {
                rules.with_group.push((need(), members(schema, group)));
            }
            if let FieldKind::Pairs(pairs) = &field.kind {
                rules.most.push((place, pairs.most));
            }
        }
        rules
    }

    /// Holds them against what a row says; doubts are noted.
    pub(super) fn check(
        &self,
        schema: &Schema,
        action: Action,
        settings: &[Setting],
        doubts: &mut Vec<Doubt>,
    ) -> Result<(), String> {
        let broken = |field: u16, what: String| {
            let name = schema.fields.get(usize::from(field)).map_or("", |field| &*field.name);
            Err(format!("column {name}: {what}"))
        };
        if let Some((_, need)) = missing(&self.required, action, settings).next() {
            return broken(need.field, format!("is needed to {}", action.word()));
        }
        for (need, group) in &self.with_group {
            if has(group, settings) && !has(&need.shown_by, settings) {
                return broken(need.field, "is needed where another field of its group is given".to_owned());
            }
        }
        for (field, most) in &self.most {
            if settings.iter().filter(|setting| setting.field == *field).count() > *most {
                return broken(*field, format!("has more than {most} keys"));
            }
        }
        let without = |action| Why::Without(Action::ALL.iter().position(|one| *one == action).unwrap_or(0));
        doubts.extend(
            missing(&self.doubtful, action, settings)
                .map(|(action, need)| Doubt { field: need.field, why: without(*action) }),
        );
        Ok(())
    }
}

fn missing<'n>(
    needs: &'n [(Action, Need)],
    action: Action,
    settings: &'n [Setting],
) -> impl Iterator<Item = &'n (Action, Need)> {
    needs.iter().filter(move |(of, need)| *of == action && !has(&need.shown_by, settings))
}

fn has(places: &[bool], settings: &[Setting]) -> bool {
    settings.iter().any(|setting| places.get(usize::from(setting.field)).is_some_and(|shows| *shows))
}

/// The field itself, or all of its group where its name stands for one.
fn shown_by(schema: &Schema, place: u16, name: &str) -> Box<[bool]> {
    match name_is_group(name) {
        Some(group) => members(schema, group),
        None => (0..schema.fields.len()).map(|other| other == usize::from(place)).collect(),
    }
}

fn members(schema: &Schema, group: &str) -> Box<[bool]> {
    let inside = |name: &str| name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
    schema.fields.iter().map(|field| inside(&field.name)).collect()
}
