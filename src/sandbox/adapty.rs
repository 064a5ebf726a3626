//! Adapty's server-side API v2 as a pure function: what a request says + who exists → the answer.
//!
//! Where the documentation is silent about a mistake (no id, both ids, no content type, a body that nobody asked
//! for), the answer is a signed 400, so that a client's mistakes are loud. It knows nothing of faults or connections.

use std::borrow::Cow;

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, HeaderName},
};
use serde::Serialize;

use super::{
    play::{Answer, Asked, Key, Named, Role, Scene, Wish, json},
    world::{Found, Kind, World},
};

const CUSTOMER_USER_ID: HeaderName = HeaderName::from_static("adapty-customer-user-id");
const PROFILE_ID: HeaderName = HeaderName::from_static("adapty-profile-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The one path, the slash at its end included.
const PATH: &str = "/api/v2/server-side-api/profile/";

/// Every profile's `timestamp` in milliseconds (2026-01-01): fixed, so that answers are reproducible.
const TIMESTAMP: u64 = 1_767_225_600_000;

/// The API, with its one key and the app that this belongs to.
pub(super) struct Adapty {
    pub(super) key: String,
    pub(super) app_id: String,
}

impl Role for Adapty {
    fn read<'a>(&'a self, asked: &Asked<'a>) -> Scene<'a> {
        let ids = ids(asked.headers);
        let key = self.key(asked.headers);
        Scene { key, named: ids.one(), wish: wish(asked, key, &ids) }
    }

    fn carry_out(&self, wish: Wish, named: &Named<'_>, world: &mut World) -> Answer {
        match wish {
            Wish::Look => world.look(named.kind, &named.id).map_or_else(missing, |found| profile(&self.app_id, &found)),
            Wish::Delete if world.delete(named.kind, &named.id) => Answer::empty(StatusCode::NO_CONTENT).applied(true),
            Wish::Delete => missing(),
        }
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
}

/// What its id headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids<'a> {
    /// No id.
    None,
    /// Exactly one.
    One(Kind, &'a str),
    /// Both headers, or one of them twice.
    Several,
    /// Bytes that are not UTF-8.
    Unreadable,
}

impl<'a> Ids<'a> {
    /// The id, if there is exactly one.
    fn one(&self) -> Option<Named<'a>> {
        match *self {
            Self::One(kind, id) => Some(Named { kind, word: Cow::Borrowed(kind.word()), id: Cow::Borrowed(id) }),
            Self::None | Self::Several | Self::Unreadable => None,
        }
    }
}

/// An empty header names nobody: it counts as absent.
fn ids(headers: &HeaderMap) -> Ids<'_> {
    let of =
        |name, kind| headers.get_all(name).iter().filter(|value| !value.is_empty()).map(move |value| (kind, value));
    let mut all = of(CUSTOMER_USER_ID, Kind::Customer).chain(of(PROFILE_ID, Kind::Profile));
    match (all.next(), all.next()) {
        (None, _) => Ids::None,
        (Some((kind, value)), None) => {
            std::str::from_utf8(value.as_bytes()).map_or(Ids::Unreadable, |text| Ids::One(kind, text))
        }
        (Some(_), Some(_)) => Ids::Several,
    }
}

/// What a request asks for, or the answer that it gets instead, in the order in which a web framework looks: route,
/// method, key, form.
fn wish(asked: &Asked<'_>, key: Key, ids: &Ids<'_>) -> Result<Wish, Answer> {
    if asked.path != PATH {
        return Err(Answer::no_route());
    }
    let wish = match *asked.method {
        Method::GET => Wish::Look,
        Method::DELETE => Wish::Delete,
        _ => return Err(Answer::no_method()),
    };
    match key {
        Key::Right => {}
        Key::Wrong => return Err(unauthenticated("Invalid API key.")),
        Key::Missing => return Err(unauthenticated("Authentication credentials were not provided.")),
    }
    if wish == Wish::Delete && !asked.is("application/json") {
        return Err(invalid("Content-Type", "The content type must be application/json."));
    }
    if !asked.body.is_empty() {
        return Err(invalid("body", "This method takes no body."));
    }
    exactly_one(ids).map(|()| wish)
}

fn exactly_one(ids: &Ids<'_>) -> Result<(), Answer> {
    match ids {
        Ids::One(..) => Ok(()),
        Ids::None => {
            Err(invalid("adapty-customer-user-id", "One of adapty-customer-user-id and adapty-profile-id is required."))
        }
        Ids::Several => Err(invalid(
            "adapty-customer-user-id",
            "Only one of adapty-customer-user-id and adapty-profile-id may be sent, and once.",
        )),
        Ids::Unreadable => Err(invalid("adapty-customer-user-id", "The id is not valid UTF-8.")),
    }
}

/// An error in the API's own shape; `source` names the field, if it is about one.
fn error(status: StatusCode, code: &str, source: Option<&str>, text: &str) -> Answer {
    let errors = [Complaint { source, errors: [text] }];
    Answer::json(status, json(&Complaints { errors, error_code: code, status_code: status.as_u16() }))
}

fn unauthenticated(text: &str) -> Answer {
    error(StatusCode::UNAUTHORIZED, "not_authenticated", None, text)
}

fn invalid(source: &str, text: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, "validation_error", Some(source), text)
}

fn missing() -> Answer {
    error(StatusCode::NOT_FOUND, "profile_does_not_exist", None, "Profile does not exist.")
}

fn profile(app_id: &str, found: &Found<'_>) -> Answer {
    let data = Record {
        app_id,
        profile_id: &found.profile_id,
        customer_user_id: found.customer_user_id.as_deref(),
        total_revenue_usd: 0.0,
        segment_hash: "not implemented",
        timestamp: TIMESTAMP,
        custom_attributes: [],
        access_levels: [],
        subscriptions: [],
        non_subscriptions: [],
    };
    Answer::json(StatusCode::OK, json(&Envelope { data }))
}

#[derive(Serialize)]
struct Complaints<'a> {
    errors: [Complaint<'a>; 1],
    error_code: &'a str,
    status_code: u16,
}

#[derive(Serialize)]
struct Complaint<'a> {
    source: Option<&'a str>,
    errors: [&'a str; 1],
}

#[derive(Serialize)]
struct Envelope<'a> {
    data: Record<'a>,
}

/// Everything that the documentation lists, in its order.
#[derive(Serialize)]
struct Record<'a> {
    app_id: &'a str,
    profile_id: &'a str,
    customer_user_id: Option<&'a str>,
    total_revenue_usd: f64,
    segment_hash: &'static str,
    timestamp: u64,
    custom_attributes: [(); 0],
    access_levels: [(); 0],
    subscriptions: [(); 0],
    non_subscriptions: [(); 0],
}
