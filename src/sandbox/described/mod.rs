//! An API that somebody has described, as a pure function: what a request says + who exists → the answer.
//!
//! It takes exactly what the description says and is loud about anything else: another path or method gets a page, a
//! missing constant, an unknown field or an id of another form a signed 400. It knows nothing of faults or connections.

mod bodies;
mod fields;
mod seats;

use std::borrow::Cow;

use hyper::header::HeaderName;
use serde_json::{Map, Value};

use self::{
    bodies::{error, success},
    fields::{Null, complete, merge, read},
    seats::{PLACEHOLDER, constants, fits, found, has_constants, says},
};
use super::{
    Described, NamedBy, Route, Seat, Takes,
    play::{Answer, Asked, Deed, Heading, Key, Named, Role, Scene, names, values},
    world::{Content, Kind, Refused, World, without_empty_groups},
};
use crate::domain::{Action, Id, IdKind};

/// The API, with its one key.
pub(super) struct Player {
    api: Described,
    key: String,
    app_id: String,
    mark: Option<HeaderName>,
}

const ONE_ID: &str = "Exactly one id is asked for.";

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Look,
    Create,
    Update,
    Remove,
    Delete,
}

/// An operation and how it is asked for.
#[derive(Clone, Copy)]
struct Way<'a> {
    operation: Operation,
    route: &'a Route,
    /// The one kind of id that it takes, if it takes but one.
    by: Option<&'a NamedBy>,
}

/// What a request's body says of a profile.
enum Said {
    Nothing,
    Fields(Map<String, Value>),
    /// These shall go, of this group.
    Names(Option<String>, Vec<String>),
}

impl Said {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Fields(said) => names(said),
            Self::Names(None, names) => names.clone(),
            Self::Names(Some(group), names) => names.iter().map(|name| format!("{group}.{name}")).collect(),
        }
    }

    fn apply(self, api: &Described, content: &mut Content) {
        match self {
            Self::Nothing => {}
            Self::Fields(said) => {
                let null = if api.remove.is_some() { Null::IsStored } else { Null::Clears };
                merge(&api.schema, null, content, said);
            }
            Self::Names(group, names) => {
                let groups = content.iter_mut().filter(|(name, _)| group.as_ref().is_none_or(|group| group == *name));
                for kept in groups.filter_map(|(_, value)| value.as_object_mut()) {
                    kept.retain(|name, _| !names.contains(name));
                }
                if group.is_none() {
                    content.retain(|name, _| !names.contains(name));
                }
                without_empty_groups(content);
            }
        }
    }
}

impl Role for Player {
    fn read<'a>(&'a self, asked: &Asked<'a>) -> Scene<'a> {
        let way = self.way(asked);
        let route = way.as_ref().map_or(&self.api.look, |way| way.route);
        let key = Key::of(found(&self.api.key, route, asked).as_deref(), &self.key);
        let named = way.as_ref().map_or_else(|_| Vec::new(), |way| self.named(*way, asked));
        let said = way.as_ref().map_or(Ok(Said::Nothing), |way| self.said(*way, &named, asked));
        let fields = said.as_ref().map(Said::names).unwrap_or_default();
        let first = named.first().filter(|_| named.len() == 1 || self.api.links).cloned();
        let deed = way.and_then(|way| {
            self.checked(way, key, &named, asked)?;
            let said = said.map_err(|text| self.bad(text))?;
            let mut named = named.into_iter();
            let (Some(one), other) = (named.next(), named.next()) else { return Err(self.bad(ONE_ID)) };
            let deed: Deed<'a> = match other {
                None => self.deed(way, one, said),
                Some(own) => Box::new(move |world| self.link(way.route, &one.id, &own.id, said, world)),
            };
            Ok(deed)
        });
        Scene { heading: Heading { key, named: first, fields }, deed }
    }

    fn trouble(&self) -> Answer {
        error(&self.api, 500, "internal_error", "Something went wrong.")
    }

    fn refusal(&self) -> Answer {
        error(&self.api, 400, "refused", "The profile cannot be processed.")
    }

    fn mark(&self) -> Option<HeaderName> {
        self.mark.clone()
    }
}

impl Player {
    /// Plays an API whose one key belongs to this app.
    pub(super) fn new(api: Described, key: &str, app_id: String) -> Self {
        let mark = api.request_id.as_ref().and_then(|name| name.parse().ok());
        Self { key: format!("{}{key}", api.key_prefix), api, app_id, mark }
    }

    fn ways(&self) -> impl Iterator<Item = Way<'_>> {
        let api = &self.api;
        let operations = [
            (Operation::Look, Some(&api.look)),
            (Operation::Create, api.create.as_ref()),
            (Operation::Update, api.update.as_ref()),
            (Operation::Remove, api.remove.as_ref()),
            (Operation::Delete, Some(&api.delete)),
        ];
        let of_all =
            operations.into_iter().filter_map(|(operation, route)| Some(Way { operation, route: route?, by: None }));
        let of_one = api
            .identities
            .iter()
            .filter_map(|kind| Some(Way { operation: Operation::Look, route: kind.look.as_ref()?, by: Some(kind) }));
        of_all.chain(of_one)
    }

    /// Which operation a request is of, by its path and then its method, a path of its own before one with an id in it;
    /// or the page that it gets.
    fn way(&self, asked: &Asked<'_>) -> Result<Way<'_>, Answer> {
        let here: Vec<Way<'_>> = self.ways().filter(|way| fits(&way.route.path, asked.path)).collect();
        if here.is_empty() {
            return Err(Answer::no_route());
        }
        let of_method = here.into_iter().filter(|way| way.route.method == asked.method.as_str());
        of_method.min_by_key(|way| way.route.path.contains(PLACEHOLDER)).ok_or_else(Answer::no_method)
    }

    /// All whom a request names: whoever its path does, or else whoever is named anywhere; of two kinds that link, the
    /// caller's first.
    fn named<'a>(&'a self, way: Way<'_>, asked: &Asked<'_>) -> Vec<Named<'a>> {
        let kinds = self.api.identities.iter().filter(|kind| way.by.is_none_or(|by| by.name == kind.name));
        let mut all: Vec<(&NamedBy, String)> = kinds
            .filter_map(|kind| Some((kind, found(&kind.seat, way.route, asked).filter(|id| !id.is_empty())?)))
            .collect();
        if all.iter().any(|(kind, _)| kind.seat == Seat::Path) {
            all.retain(|(kind, _)| kind.seat == Seat::Path);
        }
        all.sort_by_key(|(kind, _)| kind.own);
        let name = |(kind, id): (&'a NamedBy, String)| Named {
            kind: of_world(kind),
            word: Cow::Borrowed(kind.name.as_str()),
            id: Cow::Owned(id),
        };
        all.into_iter().map(name).collect()
    }

    fn said(&self, way: Way<'_>, whom: &[Named<'_>], asked: &Asked<'_>) -> Result<Said, &'static str> {
        match &way.route.takes {
            Takes::Nothing | Takes::Form(_) | Takes::Json(_) => Ok(Said::Nothing),
            Takes::Names { name, group, .. } => {
                let gone: Vec<String> = values(asked.form(), name).filter(|name| !name.is_empty()).collect();
                if gone.is_empty() { Err("No field is named.") } else { Ok(Said::Names(group.clone(), gone)) }
            }
            Takes::Fields { encoding, .. } => {
                let aside = self.aside(way, whom);
                let said = read(&self.api.schema, *encoding, &aside, asked)?;
                let action = if way.operation == Operation::Create { Action::Create } else { Action::Update };
                complete(&self.api.schema, action, &said, &aside)?;
                Ok(Said::Fields(said))
            }
        }
    }

    /// What stands in a body and is no field of the profile.
    fn aside(&self, way: Way<'_>, whom: &[Named<'_>]) -> Vec<String> {
        let kinds = self.api.identities.iter().filter(|kind| whom.iter().any(|named| named.word == kind.name));
        let seats = kinds.map(|kind| &kind.seat).chain([&self.api.key]);
        let fields = seats.filter_map(|seat| match seat {
            Seat::Field { form, .. } => form.clone(),
            Seat::Header(_) | Seat::Path => None,
        });
        fields.chain(way.route.parameters.iter().cloned()).chain(constants(&way.route.takes)).collect()
    }

    fn checked(&self, way: Way<'_>, key: Key, whom: &[Named<'_>], asked: &Asked<'_>) -> Result<(), Answer> {
        if key != Key::Right {
            let (status, code) = &self.api.errors.denied;
            return Err(error(&self.api, *status, code, "The key is missing or wrong."));
        }
        let links = self.api.links && way.operation == Operation::Create;
        match whom {
            [_] => {}
            [one, own] if links && (one.kind, own.kind) == (Kind::Customer, Kind::Profile) => {}
            _ => return Err(self.bad(ONE_ID)),
        }
        if !whom.iter().all(|named| self.is_written_well(named)) {
            return Err(self.bad("The id is not written as the ids of this API are."));
        }
        if !way.route.parameters.iter().all(|name| says(name, asked)) {
            return Err(self.bad("A parameter is missing."));
        }
        if !has_constants(&way.route.takes, asked) {
            return Err(self.bad("The body is not the one asked for."));
        }
        Ok(())
    }

    fn is_written_well(&self, named: &Named<'_>) -> bool {
        let written = self.api.identities.iter().find(|kind| kind.name == named.word).map(|kind| kind.format);
        Id::parse(IdKind(0), &named.id).is_ok_and(|id| written.is_some_and(|format| format.check(&id).is_ok()))
    }

    fn deed<'a>(&'a self, way: Way<'a>, Named { kind, id, .. }: Named<'a>, said: Said) -> Deed<'a> {
        let route = way.route;
        match way.operation {
            Operation::Look => Box::new(move |world| self.show(route, kind, &id, world)),
            Operation::Create => Box::new(move |world| self.create(route, kind, &id, said, world)),
            Operation::Update | Operation::Remove => {
                Box::new(move |world| self.write(route, kind, &id, said, false, world))
            }
            Operation::Delete => Box::new(move |world| self.delete(route, kind, &id, world)),
        }
    }

    fn show(&self, route: &Route, kind: Kind, id: &str, world: &World) -> Answer {
        match world.look(kind, id) {
            None => self.missing(),
            Some(found) => {
                let name = |named: &'_ NamedBy| match (of_world(named), kind) {
                    (Kind::Profile, Kind::Profile) | (Kind::Customer, Kind::Customer) => Some(id.to_owned()),
                    (Kind::Profile, Kind::Customer) => Some(found.profile_id.clone().into_owned()),
                    (Kind::Customer, Kind::Profile) => found.customer_user_id.clone().map(Cow::into_owned),
                };
                let told = self.api.identities.iter().filter_map(|named| Some((named.told.as_ref()?, name(named)?)));
                success(&self.api, &self.app_id, route, &found.profile_id, (found.content, told.collect()))
            }
        }
    }

    fn create(&self, route: &Route, kind: Kind, id: &str, said: Said, world: &mut World) -> Answer {
        let new = world.look(kind, id).is_none();
        match (&self.api.errors.exists, kind) {
            (Some(code), _) if !new => return error(&self.api, 409, code, "There is such a profile already."),
            (_, Kind::Customer) if new => {
                world.create(id);
            }
            // The API gives its own ids out itself: nobody can be created by one.
            (_, Kind::Profile | Kind::Customer) => {}
        }
        self.write(route, kind, id, said, new, world)
    }

    fn link(&self, route: &Route, customer: &str, own: &str, said: Said, world: &mut World) -> Answer {
        match world.link(customer, own) {
            Ok(linked) => self.write(route, Kind::Profile, own, said, linked, world),
            Err(Refused::Nobody) => self.missing(),
            Err(Refused::Taken) => self.bad("The id is another profile's, or the profile has another."),
        }
    }

    /// `changed` already, before this was said.
    fn write(&self, route: &Route, kind: Kind, id: &str, said: Said, changed: bool, world: &mut World) -> Answer {
        match world.write(kind, id, |content| said.apply(&self.api, content)) {
            None => self.missing(),
            Some(written) => self.show(route, kind, id, world).applied(written || changed),
        }
    }

    fn delete(&self, route: &Route, kind: Kind, id: &str, world: &mut World) -> Answer {
        let own_id = world.look(kind, id).map(|found| found.profile_id.into_owned());
        match own_id {
            None if self.api.delete_tells => self.missing(),
            None => success(&self.api, &self.app_id, route, id, (None, Vec::new())),
            Some(own_id) => {
                let applied = world.delete(kind, id);
                success(&self.api, &self.app_id, route, &own_id, (None, Vec::new())).applied(applied)
            }
        }
    }

    fn missing(&self) -> Answer {
        error(&self.api, 404, &self.api.errors.not_found, "There is no such profile.")
    }

    fn bad(&self, text: &str) -> Answer {
        error(&self.api, 400, "bad_request", text)
    }
}

const fn of_world(kind: &NamedBy) -> Kind {
    if kind.own { Kind::Profile } else { Kind::Customer }
}
