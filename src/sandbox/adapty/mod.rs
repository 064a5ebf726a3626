//! Adapty's server-side API v2 as a pure function: what a request says + who exists → the answer.
//!
//! Where the documentation is silent about a mistake (no id, both ids, no content type, a body that nobody asked
//! for, a customer's id that is another profile's), the answer is a signed 400, so that a client's mistakes are loud. It
//! knows nothing of faults or connections.

mod answers;
mod check;
mod merge;

use std::borrow::Cow;

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use serde_json::{Map, Value};

use self::{
    answers::{error, invalid, missing, profile, unauthenticated},
    check::{PLATFORMS, check},
    merge::merge,
};
use super::{
    play::{Answer, Asked, Deed, Heading, Key, Named, Role, Scene, names},
    world::{Kind, Refused, World},
};

const CUSTOMER_USER_ID: HeaderName = HeaderName::from_static("adapty-customer-user-id");
const PROFILE_ID: HeaderName = HeaderName::from_static("adapty-profile-id");
const PLATFORM: HeaderName = HeaderName::from_static("adapty-platform");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The one path, the slash at its end included.
const PATH: &str = "/api/v2/server-side-api/profile/";

/// The API, with its one key and the app that this belongs to.
pub(super) struct Adapty {
    pub(super) key: String,
    pub(super) app_id: String,
}

/// Which of the four operations a request is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Get,
    Create,
    Update,
    Delete,
}

impl Operation {
    const fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }
}

impl Role for Adapty {
    fn read<'a>(&'a self, asked: &Asked<'a>) -> Scene<'a> {
        let ids = Ids::read(asked.headers);
        let key = self.key(asked.headers);
        let body = asked.object();
        let fields = body.as_ref().map(field_names).unwrap_or_default();
        let deed = operation(asked, key).and_then(|operation| {
            acceptable(asked, operation)?;
            self.deed(operation, whom(&ids, operation)?, &ids, body)
        });
        Scene { heading: Heading { key, named: ids.first(), fields }, deed }
    }

    fn trouble(&self) -> Answer {
        error(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", None, "Internal server error.")
    }

    fn refusal(&self) -> Answer {
        error(StatusCode::BAD_REQUEST, "value_error", Some("profile"), "The profile cannot be processed.")
    }

    fn mark(&self) -> Option<HeaderName> {
        Some(REQUEST_ID)
    }
}

impl Adapty {
    fn key(&self, headers: &HeaderMap) -> Key {
        match headers.get(AUTHORIZATION) {
            None => Key::Missing,
            Some(value) if value.as_bytes().strip_prefix(b"Api-Key ") == Some(self.key.as_bytes()) => Key::Right,
            Some(_) => Key::Wrong,
        }
    }

    fn deed<'a>(
        &'a self,
        operation: Operation,
        (kind, id): (Kind, &'a str),
        ids: &Ids<'a>,
        body: Option<Map<String, Value>>,
    ) -> Result<Deed<'a>, Answer> {
        let content = || {
            let body = body.ok_or_else(|| invalid("body", "A JSON object is expected."))?;
            check(&body).map_err(|fault| invalid(&fault.source, fault.text)).map(|()| body)
        };
        Ok(match (operation, *ids) {
            (Operation::Get, _) => Box::new(move |world| self.show(kind, id, world)),
            (Operation::Delete, _) => Box::new(move |world| {
                if world.delete(kind, id) { Answer::empty(StatusCode::NO_CONTENT).applied(true) } else { missing() }
            }),
            (Operation::Update, _) => {
                let content = content()?;
                Box::new(move |world| self.write(kind, id, content, false, world))
            }
            (Operation::Create, Ids::Both { customer, profile }) => {
                let content = content()?;
                Box::new(move |world| self.link(customer, profile, content, world))
            }
            (Operation::Create, Ids::None | Ids::One(..) | Ids::Several | Ids::Unreadable) => {
                let content = content()?;
                Box::new(move |world| self.create(kind, id, content, world))
            }
        })
    }

    fn show(&self, kind: Kind, id: &str, world: &World) -> Answer {
        world.look(kind, id).map_or_else(missing, |found| profile(&self.app_id, &found))
    }

    /// `changed` already, before this content came.
    fn write(&self, kind: Kind, id: &str, content: Map<String, Value>, changed: bool, world: &mut World) -> Answer {
        match world.write(kind, id, |kept| merge(kept, content)) {
            None => missing(),
            Some(written) => self.show(kind, id, world).applied(written || changed),
        }
    }

    /// Creating whoever exists is undocumented: taken as done, with this content. The API gives its own ids out itself, so
    /// that nobody can be created by one.
    fn create(&self, kind: Kind, id: &str, content: Map<String, Value>, world: &mut World) -> Answer {
        let new = kind == Kind::Customer && world.look(kind, id).is_none();
        if new {
            world.create(id);
        }
        self.write(kind, id, content, new, world)
    }

    fn link(&self, customer: &str, profile: &str, content: Map<String, Value>, world: &mut World) -> Answer {
        match world.link(customer, profile) {
            Ok(linked) => self.write(Kind::Profile, profile, content, linked, world),
            Err(Refused::Nobody) => missing(),
            Err(Refused::Taken) => invalid(
                "adapty-customer-user-id",
                "The customer user id belongs to another profile, or the profile to another customer user id.",
            ),
        }
    }
}

/// What its id headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids<'a> {
    /// No id.
    None,
    /// Exactly one.
    One(Kind, &'a str),
    /// One of each kind.
    Both { customer: &'a str, profile: &'a str },
    /// One of the headers twice.
    Several,
    /// Bytes that are not UTF-8.
    Unreadable,
}

impl<'a> Ids<'a> {
    /// An empty header names nobody: it counts as absent.
    fn read(headers: &'a HeaderMap) -> Self {
        let of = |name| headers.get_all(name).iter().filter(|value| !value.is_empty());
        let (mut customers, mut profiles) = (of(CUSTOMER_USER_ID), of(PROFILE_ID));
        let (customer, profile) = (customers.next(), profiles.next());
        if customers.next().is_some() || profiles.next().is_some() {
            return Self::Several;
        }
        let read = |value: &'a HeaderValue| std::str::from_utf8(value.as_bytes());
        match (customer.map(read).transpose(), profile.map(read).transpose()) {
            (Err(_), _) | (_, Err(_)) => Self::Unreadable,
            (Ok(None), Ok(None)) => Self::None,
            (Ok(Some(id)), Ok(None)) => Self::One(Kind::Customer, id),
            (Ok(None), Ok(Some(id))) => Self::One(Kind::Profile, id),
            (Ok(Some(customer)), Ok(Some(profile))) => Self::Both { customer, profile },
        }
    }

    /// Whom the journal names.
    fn first(&self) -> Option<Named<'a>> {
        let (kind, id) = match *self {
            Self::One(kind, id) => (kind, id),
            Self::Both { customer, .. } => (Kind::Customer, customer),
            Self::None | Self::Several | Self::Unreadable => return None,
        };
        Some(Named { kind, word: Cow::Borrowed(kind.word()), id: Cow::Borrowed(id) })
    }
}

/// Which operation a request is of, or the answer that it gets instead, in the order in which a web framework looks:
/// route, method, key.
fn operation(asked: &Asked<'_>, key: Key) -> Result<Operation, Answer> {
    if asked.path != PATH {
        return Err(Answer::no_route());
    }
    let operation = match *asked.method {
        Method::GET => Operation::Get,
        Method::POST => Operation::Create,
        Method::PATCH => Operation::Update,
        Method::DELETE => Operation::Delete,
        _ => return Err(Answer::no_method()),
    };
    match key {
        Key::Right => Ok(operation),
        Key::Wrong => Err(unauthenticated("Invalid API key.")),
        Key::Missing => Err(unauthenticated("Authentication credentials were not provided.")),
    }
}

/// The form of everything but the ids.
fn acceptable(asked: &Asked<'_>, operation: Operation) -> Result<(), Answer> {
    if operation != Operation::Get && !asked.is("application/json") {
        return Err(invalid("Content-Type", "The content type must be application/json."));
    }
    if !operation.writes() {
        let no_body = asked.body.is_empty();
        return if no_body { Ok(()) } else { Err(invalid("body", "This method takes no body.")) };
    }
    let known = |value: &HeaderValue| PLATFORMS.iter().any(|word| value == word);
    if asked.headers.get_all(PLATFORM).iter().all(known) {
        Ok(())
    } else {
        Err(invalid("adapty-platform", "This is not a platform."))
    }
}

/// Whom a request is about: the first of two where an operation takes both.
fn whom<'a>(ids: &Ids<'a>, operation: Operation) -> Result<(Kind, &'a str), Answer> {
    let complaint = match *ids {
        Ids::One(kind, id) => return Ok((kind, id)),
        Ids::Both { customer, .. } if operation == Operation::Create => return Ok((Kind::Customer, customer)),
        Ids::None => "One of adapty-customer-user-id and adapty-profile-id is required.",
        Ids::Both { .. } | Ids::Several => {
            "Only one of adapty-customer-user-id and adapty-profile-id may be sent, and once."
        }
        Ids::Unreadable => "The id is not valid UTF-8.",
    };
    Err(invalid("adapty-customer-user-id", complaint))
}

/// Custom attributes by their keys: as they are kept, not as they travel.
fn field_names(body: &Map<String, Value>) -> Vec<String> {
    let mut body = body.clone();
    if let Some(Value::Array(pairs)) = body.get(check::ATTRIBUTES) {
        let keys = pairs.iter().filter_map(|pair| pair["key"].as_str()).map(|key| (key.to_owned(), Value::Null));
        let keys = Value::Object(keys.collect());
        body.insert(check::ATTRIBUTES.to_owned(), keys);
    }
    names(&body)
}
