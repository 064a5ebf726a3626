//! Adapty's server-side API v2 as a pure function: what a request says + who exists → the answer.
//!
//! Where the documentation is silent about a mistake (no id, both ids, no content type, a body that nobody asked
//! for), the answer is a signed 400, so that a client's mistakes are loud. It knows nothing of faults or connections.

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde::Serialize;

use super::world::{Found, Kind, World};

/// The one path, the slash at its end included.
pub(super) const PATH: &str = "/api/v2/server-side-api/profile/";

/// Every profile's `timestamp` in milliseconds (2026-01-01): fixed, so that answers are reproducible.
const TIMESTAMP: u64 = 1_767_225_600_000;

/// What matters of a request.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) key: Key,
    pub(super) ids: Ids<'a>,
    /// Whether it says `Content-Type: application/json`.
    pub(super) json: bool,
    /// Whether it brings a body.
    pub(super) body: bool,
    pub(super) user_agent: Option<&'a str>,
}

/// What its `Authorization` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Key {
    /// The one key.
    Right,
    /// Another one, or one that travels in another way.
    Wrong,
    /// There is none.
    Missing,
}

/// What its id headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids<'a> {
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
    pub(super) const fn one(&self) -> Option<(Kind, &'a str)> {
        match *self {
            Self::One(kind, text) => Some((kind, text)),
            Self::None | Self::Several | Self::Unreadable => None,
        }
    }
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    /// In whole seconds.
    pub(super) retry_after: Option<u64>,
    /// Whether the request removed a profile.
    pub(super) applied: bool,
}

/// The answer's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// None at all.
    Empty,
    /// JSON.
    Json(Bytes),
    /// A page for people.
    Html(&'static str),
}

impl Answer {
    /// A page that does not carry the API's shape.
    pub(super) const fn page(status: StatusCode, html: &'static str) -> Self {
        Self { status, content: Content::Html(html), retry_after: None, applied: false }
    }

    /// JSON with any status.
    pub(super) const fn json(status: StatusCode, body: Bytes) -> Self {
        Self { status, content: Content::Json(body), retry_after: None, applied: false }
    }

    /// An error in the API's own shape; `source` names the field, if it is about one.
    pub(super) fn error(status: StatusCode, code: &str, source: Option<&str>, text: &str) -> Self {
        let errors = [Complaint { source, errors: [text] }];
        Self::json(status, json(&Complaints { errors, error_code: code, status_code: status.as_u16() }))
    }

    const fn erased() -> Self {
        Self { status: StatusCode::NO_CONTENT, content: Content::Empty, retry_after: None, applied: true }
    }
}

/// The two methods that this stand-in has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Get,
    Delete,
}

/// A request without a fault in its form.
#[derive(Debug)]
pub(super) struct Order<'a> {
    operation: Operation,
    kind: Kind,
    id: &'a str,
}

impl<'a> Order<'a> {
    /// What a request asks for, or the answer that it gets instead, in the order in which a web framework looks: route,
    /// method, key, form.
    pub(super) fn read(facts: &Facts<'a>) -> Result<Self, Answer> {
        if facts.path != PATH {
            return Err(Answer::page(StatusCode::NOT_FOUND, NOT_FOUND_PAGE));
        }
        let operation = match *facts.method {
            Method::GET => Operation::Get,
            Method::DELETE => Operation::Delete,
            _ => return Err(Answer::page(StatusCode::METHOD_NOT_ALLOWED, NOT_ALLOWED_PAGE)),
        };
        match facts.key {
            Key::Right => {}
            Key::Wrong => return Err(unauthenticated("Invalid API key.")),
            Key::Missing => return Err(unauthenticated("Authentication credentials were not provided.")),
        }
        if operation == Operation::Delete && !facts.json {
            return Err(invalid("Content-Type", "The content type must be application/json."));
        }
        if facts.body {
            return Err(invalid("body", "This method takes no body."));
        }
        let (kind, id) = one_id(facts.ids)?;
        Ok(Self { operation, kind, id })
    }

    /// Carries it out.
    pub(super) fn carry_out(&self, app_id: &str, world: &mut World) -> Answer {
        match self.operation {
            Operation::Get => world.look(self.kind, self.id).map_or_else(missing, |found| profile(app_id, &found)),
            Operation::Delete if world.delete(self.kind, self.id) => Answer::erased(),
            Operation::Delete => missing(),
        }
    }
}

fn one_id(ids: Ids<'_>) -> Result<(Kind, &str), Answer> {
    match ids {
        Ids::One(kind, text) => Ok((kind, text)),
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

fn unauthenticated(text: &str) -> Answer {
    Answer::error(StatusCode::UNAUTHORIZED, "not_authenticated", None, text)
}

fn invalid(source: &str, text: &str) -> Answer {
    Answer::error(StatusCode::BAD_REQUEST, "validation_error", Some(source), text)
}

fn missing() -> Answer {
    Answer::error(StatusCode::NOT_FOUND, "profile_does_not_exist", None, "Profile does not exist.")
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

fn json(value: &impl Serialize) -> Bytes {
    #[expect(clippy::expect_used, reason = "plain structs of texts and numbers always serialize into memory")]
    let bytes = serde_json::to_vec(value).expect("plain structs serialize");
    bytes.into()
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

const NOT_FOUND_PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head><title>Not Found</title></head>\n\
    <body><h1>Not Found</h1><p>The requested resource was not found on this server.</p></body>\n</html>\n";

const NOT_ALLOWED_PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head><title>405 Method Not Allowed</title></head>\n\
    <body><h1>Method Not Allowed</h1></body>\n</html>\n";
