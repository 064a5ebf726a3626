//! Where an id, the key or a constant stands in a request.

use serde_json::{Map, Value};

use crate::sandbox::{
    Encoding, Route, Seat, Takes,
    play::{Asked, decoded, pairs, values},
};

/// What stands for an id in a path.
pub(super) const PLACEHOLDER: &str = "{id}";

/// Whether a path is one of a pattern's.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    pattern == path || segment(pattern, path).is_some()
}

/// What stands in the placeholder's stead.
fn segment<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let (before, after) = pattern.split_once(PLACEHOLDER)?;
    path.strip_prefix(before)?.strip_suffix(after).filter(|id| !id.is_empty() && !id.contains('/'))
}

/// What a request says in a seat; nothing when it says it twice or cannot be read.
pub(super) fn found(seat: &Seat, route: &Route, asked: &Asked<'_>) -> Option<String> {
    match (seat, &route.takes) {
        (Seat::Header(name), _) => {
            let mut all = asked.headers.get_all(name.as_str()).iter();
            let one = all.next().filter(|_| all.next().is_none())?;
            std::str::from_utf8(one.as_bytes()).ok().map(str::to_owned)
        }
        (Seat::Path, _) => decoded(segment(&route.path, asked.path)?),
        (
            Seat::Field { form: Some(name), .. },
            Takes::Form(_) | Takes::Names { .. } | Takes::Fields { encoding: Encoding::Form, .. },
        ) => only(asked.form(), name),
        (Seat::Field { form: Some(name), .. }, Takes::Fields { encoding: Encoding::Json, .. }) => {
            asked.object()?.get(name)?.as_str().map(str::to_owned)
        }
        (Seat::Field { query: Some(name), .. }, _) => only(asked.query, name),
        (Seat::Field { .. }, _) => None,
    }
}

/// The one value of a field.
fn only(pairs: &str, name: &str) -> Option<String> {
    let mut all = values(pairs, name);
    all.next().filter(|_| all.next().is_none())
}

/// Whether something is said, in the query or in the body.
pub(super) fn says(name: &str, asked: &Asked<'_>) -> bool {
    let in_body = || asked.object().and_then(|body| body.get(name)?.as_str().map(str::to_owned));
    let said = only(asked.query, name).or_else(|| only(asked.form(), name)).or_else(in_body);
    said.is_some_and(|text| !text.is_empty())
}

/// Whether a body is the one asked for, as far as its constants go.
pub(super) fn has_constants(takes: &Takes, asked: &Asked<'_>) -> bool {
    match takes {
        Takes::Nothing => asked.body.is_empty(),
        Takes::Form(constants)
        | Takes::Names { constants, .. }
        | Takes::Fields { encoding: Encoding::Form, constants } => {
            let form = asked.form();
            constants.split('&').all(|pair| pair.is_empty() || form.split('&').any(|sent| sent == pair))
        }
        Takes::Json(text) => asked.is("application/json") && asked.body == text.as_bytes(),
        Takes::Fields { encoding: Encoding::Json, constants } => {
            let sent = asked.object().unwrap_or_default();
            object(constants).iter().all(|(name, value)| sent.get(name) == Some(value))
        }
    }
}

/// The names of the constants.
pub(super) fn constants(takes: &Takes) -> Vec<String> {
    match takes {
        Takes::Nothing | Takes::Json(_) => Vec::new(),
        Takes::Form(constants)
        | Takes::Names { constants, .. }
        | Takes::Fields { encoding: Encoding::Form, constants } => pairs(constants).map(|(name, _)| name).collect(),
        Takes::Fields { encoding: Encoding::Json, constants } => {
            object(constants).into_iter().map(|(name, _)| name).collect()
        }
    }
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
