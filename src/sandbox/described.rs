//! An API that somebody has described, as a pure function: what a request says + who exists → the answer.
//!
//! It takes exactly what the description says and is loud about anything else: another path or method gets a page, a
//! missing constant or an id of another form a signed 400. It knows nothing of faults or connections.

use std::borrow::Cow;

use hyper::{StatusCode, header::HeaderName};
use serde_json::{Map, Value};

use super::{
    Described, Gives, NamedBy, Path, Route, Seat, Takes,
    play::{Answer, Asked, Key, Named, Role, Scene, Wish, decoded, json, values},
    world::{Kind, World},
};
use crate::domain::{Id, IdKind};

const PLACEHOLDER: &str = "{id}";

/// The API, with its one key.
pub(super) struct Player {
    api: Described,
    key: String,
    app_id: String,
    mark: Option<HeaderName>,
}

impl Player {
    /// Plays an API whose one key belongs to this app.
    pub(super) fn new(api: Described, key: &str, app_id: String) -> Self {
        let mark = api.request_id.as_ref().and_then(|name| name.parse().ok());
        Self { key: format!("{}{key}", api.key_prefix), api, app_id, mark }
    }

    fn route(&self, wish: Wish) -> &Route {
        match wish {
            Wish::Look => &self.api.look,
            Wish::Delete => &self.api.delete,
        }
    }

    /// Which operation a request is of, by its path and then its method; or the page that it gets.
    fn wish(&self, asked: &Asked<'_>) -> Result<Wish, Answer> {
        let here: Vec<Wish> =
            [Wish::Look, Wish::Delete].into_iter().filter(|wish| fits(&self.route(*wish).path, asked.path)).collect();
        let one = here.iter().find(|wish| self.route(**wish).method == asked.method.as_str());
        match (here.is_empty(), one) {
            (true, _) => Err(Answer::no_route()),
            (false, Some(wish)) => Ok(*wish),
            (false, None) => Err(Answer::no_method()),
        }
    }

    fn checked(&self, wish: Wish, key: Key, named: Option<&Named<'_>>, asked: &Asked<'_>) -> Result<Wish, Answer> {
        if key != Key::Right {
            let (status, code) = &self.api.errors.denied;
            return Err(self.error(*status, code, "The key is missing or wrong."));
        }
        let Some(named) = named else { return Err(self.bad("Exactly one id is asked for.")) };
        let written = self.api.identities.iter().find(|kind| kind.name == named.word).map(|kind| kind.format);
        if !Id::parse(IdKind(0), &named.id).is_ok_and(|id| written.is_some_and(|format| format.check(&id).is_ok())) {
            return Err(self.bad("The id is not written as the ids of this API are."));
        }
        if takes(&self.route(wish).takes, asked) {
            Ok(wish)
        } else {
            Err(self.bad("The body is not the one asked for."))
        }
    }

    fn bad(&self, text: &str) -> Answer {
        self.error(400, "bad_request", text)
    }

    fn error(&self, status: u16, code: &str, text: &str) -> Answer {
        let errors = &self.api.errors;
        let mut body = Value::Object(Map::new());
        for path in &errors.signature {
            place(&mut body, path, Value::String(text.to_owned()));
        }
        if let Some(list) = &errors.list {
            let said = match &errors.texts {
                None => Value::from(text),
                Some(texts) => Value::Array(vec![Value::Object(Map::from_iter([(texts.clone(), Value::from(text))]))]),
            };
            place(&mut body, list, said);
        }
        place(&mut body, &errors.code, Value::from(code));
        Answer::json(of(status), json(&body))
    }

    fn success(&self, route: &Route, own_id: &str) -> Answer {
        let Gives::Json { own_id: at, app, fields } = &route.gives else { return Answer::empty(of(route.status)) };
        let mut body = Value::Object(Map::new());
        for path in fields {
            place(&mut body, path, Value::Bool(true));
        }
        for (path, text) in [(at, own_id), (app, self.app_id.as_str())] {
            if let Some(path) = path {
                place(&mut body, path, Value::from(text));
            }
        }
        Answer::json(of(route.status), json(&body))
    }

    fn missing(&self) -> Answer {
        self.error(404, &self.api.errors.not_found, "There is no such profile.")
    }
}

impl Role for Player {
    fn read<'a>(&'a self, asked: &Asked<'a>) -> Scene<'a> {
        let wish = self.wish(asked);
        let route = self.route(*wish.as_ref().unwrap_or(&Wish::Look));
        let sent = found(&self.api.key, route, asked);
        let key = Key::of(sent.as_deref(), &self.key);
        let mut all = self.api.identities.iter().filter_map(|kind| {
            let id = found(&kind.seat, route, asked).filter(|id| !id.is_empty())?;
            Some(Named { kind: of_world(kind), word: Cow::Borrowed(kind.name.as_str()), id: Cow::Owned(id) })
        });
        let named = match (all.next(), all.next()) {
            (Some(one), None) => Some(one),
            (None, _) | (Some(_), Some(_)) => None,
        };
        let wish = wish.and_then(|wish| self.checked(wish, key, named.as_ref(), asked));
        Scene { key, named, wish }
    }

    fn carry_out(&self, wish: Wish, named: &Named<'_>, world: &mut World) -> Answer {
        let own_id = world.look(named.kind, &named.id).map(|found| found.profile_id.into_owned());
        let route = self.route(wish);
        match (wish, own_id) {
            (Wish::Look, Some(own_id)) => self.success(route, &own_id),
            (Wish::Delete, Some(own_id)) => {
                let applied = world.delete(named.kind, &named.id);
                self.success(route, &own_id).applied(applied)
            }
            (Wish::Delete, None) if !self.api.delete_tells => self.success(route, &named.id),
            (Wish::Look | Wish::Delete, None) => self.missing(),
        }
    }

    fn trouble(&self) -> Answer {
        self.error(500, "internal_error", "Something went wrong.")
    }

    fn refusal(&self) -> Answer {
        self.error(400, "refused", "The profile cannot be processed.")
    }

    fn mark(&self) -> Option<HeaderName> {
        self.mark.clone()
    }
}

fn of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

const fn of_world(kind: &NamedBy) -> Kind {
    if kind.own { Kind::Profile } else { Kind::Customer }
}

fn fits(pattern: &str, path: &str) -> bool {
    pattern == path || segment(pattern, path).is_some()
}

/// What stands in the placeholder's stead.
fn segment<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let (before, after) = pattern.split_once(PLACEHOLDER)?;
    path.strip_prefix(before)?.strip_suffix(after).filter(|id| !id.is_empty() && !id.contains('/'))
}

/// What a request says in a seat; nothing when it says it twice or cannot be read.
fn found(seat: &Seat, route: &Route, asked: &Asked<'_>) -> Option<String> {
    match (seat, &route.takes) {
        (Seat::Header(name), _) => {
            let mut all = asked.headers.get_all(name.as_str()).iter();
            let one = all.next().filter(|_| all.next().is_none())?;
            std::str::from_utf8(one.as_bytes()).ok().map(str::to_owned)
        }
        (Seat::Path, _) => decoded(segment(&route.path, asked.path)?),
        (Seat::Field { form: Some(name), .. }, Takes::Form(_)) => only(asked.form(), name),
        (Seat::Field { query: Some(name), .. }, _) => only(asked.query, name),
        (Seat::Field { .. }, _) => None,
    }
}

fn only(pairs: &str, name: &str) -> Option<String> {
    let mut all = values(pairs, name);
    all.next().filter(|_| all.next().is_none())
}

fn takes(takes: &Takes, asked: &Asked<'_>) -> bool {
    match takes {
        Takes::Nothing => asked.body.is_empty(),
        Takes::Form(constants) => {
            let form = asked.form();
            constants.split('&').all(|pair| pair.is_empty() || form.split('&').any(|sent| sent == pair))
        }
        Takes::Json(text) => asked.is("application/json") && asked.body == text.as_bytes(),
    }
}

/// Puts a value where a path leads, making the objects on the way; what stands there already gives way.
fn place(body: &mut Value, path: &Path, value: Value) {
    let mut at = body;
    for key in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[key.as_str()];
    }
    *at = value;
}
