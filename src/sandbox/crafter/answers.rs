//! What Crafter answers: the profile, and errors in its own shape.

use std::borrow::Cow;

use hyper::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::tenant;
use crate::sandbox::{
    play::{Answer, json},
    world::Found,
};

/// Every profile's dates, in milliseconds (2026-01-01): fixed, so that answers are reproducible.
const DATE: u64 = 1_767_225_600_000;

pub(super) fn denied(message: &str) -> Answer {
    error(StatusCode::FORBIDDEN, "ACCESS_DENIED", message)
}

pub(super) fn other(message: &str) -> Answer {
    error(StatusCode::INTERNAL_SERVER_ERROR, "OTHER", message)
}

pub(super) fn bad(error_code: &str, message: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, error_code, message)
}

pub(super) fn no_such_profile(whom: &str) -> Answer {
    error(StatusCode::NOT_FOUND, "NO_SUCH_PROFILE", &format!("No profile found for {whom}"))
}

pub(super) fn no_such_tenant(name: &str) -> Answer {
    error(StatusCode::NOT_FOUND, "NO_SUCH_TENANT", &format!("No tenant found with name '{name}'"))
}

pub(super) fn profile_exists(username: &str) -> Answer {
    error(StatusCode::CONFLICT, "PROFILE_EXISTS", &format!("A profile named '{username}' already exists"))
}

pub(super) fn error(status: StatusCode, error_code: &str, message: &str) -> Answer {
    Answer::json(status, json(&Complaint { error_code, message }))
}

/// Of its attributes those that `shown` names; all of them, if it names none. `name`: what it is known by, where somebody
/// has said so.
pub(super) fn profile(found: &Found<'_>, name: Option<(&'static str, &str)>, shown: &[String]) -> Answer {
    let id = &*found.profile_id;
    let (tenant, username) = match (name, &found.customer_user_id) {
        (Some((tenant, username)), _) => (tenant, Cow::Borrowed(username)),
        (None, Some(name)) => tenant::split(name),
        (None, None) => (tenant::OF_RESIDENTS, tenant::nameless(id)),
    };
    let written = |field: &str| found.content.and_then(|content| content.get(field));
    let record = Record {
        username: &username,
        email: written("email").and_then(Value::as_str).map_or_else(|| format!("{id}@example.com"), str::to_owned),
        verified: true,
        enabled: written("enabled").and_then(Value::as_bool).unwrap_or(true),
        created_on: DATE,
        last_modified: DATE,
        tenant,
        roles: written("roles").cloned().unwrap_or_else(|| Value::Array(Vec::new())),
        attributes: attributes(written("attributes"), shown),
        id,
    };
    Answer::json(StatusCode::OK, json(&record))
}

fn attributes(all: Option<&Value>, shown: &[String]) -> Map<String, Value> {
    let mut all = all.and_then(Value::as_object).cloned().unwrap_or_default();
    if !shown.is_empty() {
        all.retain(|name, _| shown.contains(name));
    }
    all
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
    email: String,
    verified: bool,
    enabled: bool,
    created_on: u64,
    last_modified: u64,
    tenant: &'a str,
    roles: Value,
    attributes: Map<String, Value>,
    id: &'a str,
}
