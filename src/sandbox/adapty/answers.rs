//! What Adapty answers: the profile as a GET shows it, and errors in its own shape.

use hyper::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::sandbox::{
    play::{Answer, json},
    world::{Content, Found},
};

/// Every profile's `timestamp` in milliseconds (2026-01-01): fixed, so that answers are reproducible.
const TIMESTAMP: u64 = 1_767_225_600_000;

/// An error in the API's own shape; `source` names the field, if it is about one.
pub(super) fn error(status: StatusCode, code: &str, source: Option<&str>, text: &str) -> Answer {
    let errors = [Complaint { source, errors: [text] }];
    Answer::json(status, json(&Complaints { errors, error_code: code, status_code: status.as_u16() }))
}

pub(super) fn unauthenticated(text: &str) -> Answer {
    error(StatusCode::UNAUTHORIZED, "not_authenticated", None, text)
}

pub(super) fn invalid(source: &str, text: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, "validation_error", Some(source), text)
}

pub(super) fn missing() -> Answer {
    error(StatusCode::NOT_FOUND, "profile_does_not_exist", None, "Profile does not exist.")
}

/// Of all that was written, it shows the custom attributes only.
pub(super) fn profile(app_id: &str, found: &Found<'_>) -> Answer {
    let data = Record {
        app_id,
        profile_id: &found.profile_id,
        customer_user_id: found.customer_user_id.as_deref(),
        total_revenue_usd: 0.0,
        segment_hash: "not implemented",
        timestamp: TIMESTAMP,
        custom_attributes: found.content.map(attributes).unwrap_or_default(),
        access_levels: [],
        subscriptions: [],
        non_subscriptions: [],
    };
    Answer::json(StatusCode::OK, json(&Envelope { data }))
}

fn attributes(content: &Content) -> Vec<Pair<'_>> {
    let kept = content.get("custom_attributes").and_then(Value::as_object);
    kept.into_iter().flatten().map(|(key, value)| Pair { key, value }).collect()
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
    custom_attributes: Vec<Pair<'a>>,
    access_levels: [(); 0],
    subscriptions: [(); 0],
    non_subscriptions: [(); 0],
}

#[derive(Serialize)]
struct Pair<'a> {
    key: &'a str,
    value: &'a Value,
}
