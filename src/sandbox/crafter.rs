//! Crafter Profile's REST API (4.1) as a pure function: what a request says + who exists → the answer.
//!
//! A deletion answers 200 with nothing, whether or not the profile was there; an id that is no object id is a 500; a
//! wrong token is a 403, never a 401, and its message repeats the token. It knows nothing of faults or connections.

use std::borrow::Cow;

use hyper::{Method, StatusCode, header::HeaderName};
use serde::Serialize;

use super::{
    play::{Answer, Asked, Key, Named, Role, Scene, Wish, decoded, json, values},
    world::{Kind, World},
};

/// Where the application lives on its server.
pub(super) const ROOT: &str = "/crafter-profile";

const PROFILES: &str = "/api/1/profile/";

/// Every profile's dates, in milliseconds (2026-01-01): fixed, so that answers are reproducible.
const DATE: u64 = 1_767_225_600_000;

/// The API, with its one token.
pub(super) struct Crafter {
    pub(super) token: String,
}

impl Role for Crafter {
    fn read<'a>(&'a self, asked: &Asked<'a>) -> Scene<'a> {
        // A servlet's parameters: the query's and the form's alike.
        let sent = [asked.query, asked.form()].into_iter().find_map(|pairs| values(pairs, "accessTokenId").next());
        let key = Key::of(sent.as_deref(), &self.token);
        let route = route(asked.path);
        let named = route.as_ref().map(|(id, _)| Named {
            kind: Kind::Profile,
            word: Cow::Borrowed("id"),
            id: Cow::Owned(id.clone()),
        });
        let wish = match (key, &route) {
            (Key::Missing, _) => Err(denied("No access token ID was given")),
            (Key::Wrong, _) => {
                Err(denied(&format!("No access token found with ID '{}'", sent.as_deref().unwrap_or_default())))
            }
            (Key::Right, None) => Err(Answer::no_route()),
            (Key::Right, Some((id, wish))) => asks(*wish, asked.method, id),
        };
        Scene { key, named, wish }
    }

    fn carry_out(&self, wish: Wish, named: &Named<'_>, world: &mut World) -> Answer {
        match wish {
            Wish::Look if world.look(Kind::Profile, &named.id).is_some() => profile(&named.id),
            Wish::Look => {
                error(StatusCode::NOT_FOUND, "NO_SUCH_PROFILE", &format!("No profile found for ID '{}'", named.id))
            }
            Wish::Delete => Answer::empty(StatusCode::OK).applied(world.delete(Kind::Profile, &named.id)),
        }
    }

    fn trouble(&self) -> Answer {
        other("The database cannot be reached")
    }

    fn refusal(&self) -> Answer {
        error(StatusCode::BAD_REQUEST, "OTHER", "The profile cannot be processed")
    }

    fn mark(&self) -> Option<HeaderName> {
        None
    }
}

/// Whom a path names, and what it is for.
fn route(path: &str) -> Option<(String, Wish)> {
    let rest = path.strip_prefix(ROOT)?.strip_prefix(PROFILES)?;
    let (id, wish) = match rest.split_once('/') {
        None => (rest, Wish::Look),
        Some((id, "delete")) => (id, Wish::Delete),
        Some(_) => return None,
    };
    Some((decoded(id).filter(|id| !id.is_empty())?, wish))
}

fn asks(wish: Wish, method: &Method, id: &str) -> Result<Wish, Answer> {
    let its_own = match wish {
        Wish::Look => Method::GET,
        Wish::Delete => Method::POST,
    };
    if *method != its_own {
        return Err(Answer::no_method());
    }
    if id.len() != 24 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(other(&format!("invalid ObjectId [{id}]")));
    }
    Ok(wish)
}

fn denied(message: &str) -> Answer {
    error(StatusCode::FORBIDDEN, "ACCESS_DENIED", message)
}

fn other(message: &str) -> Answer {
    error(StatusCode::INTERNAL_SERVER_ERROR, "OTHER", message)
}

fn error(status: StatusCode, error_code: &str, message: &str) -> Answer {
    Answer::json(status, json(&Complaint { error_code, message }))
}

fn profile(id: &str) -> Answer {
    let username = format!("user-{id}");
    let email = format!("{id}@example.com");
    let record = Record {
        username: &username,
        email: &email,
        verified: true,
        enabled: true,
        created_on: DATE,
        last_modified: DATE,
        tenant: "sandbox",
        roles: [],
        attributes: Attributes {},
        id,
    };
    Answer::json(StatusCode::OK, json(&record))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Complaint<'a> {
    error_code: &'a str,
    message: &'a str,
}

/// Everything that the documentation lists, in its order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    username: &'a str,
    email: &'a str,
    verified: bool,
    enabled: bool,
    created_on: u64,
    last_modified: u64,
    tenant: &'static str,
    roles: [(); 0],
    attributes: Attributes,
    id: &'a str,
}

#[derive(Serialize)]
struct Attributes {}
