//! From an operation's form to its call: what it sends, and what its success looks like.

use std::{collections::BTreeMap, ops::Range};

use reqwest::Method;

use super::{Endpoint, Sends, Shape, check::Complaint, form};
use crate::remote::seat::{PLACEHOLDER, Seat, append};

/// Every operation's call.
pub(super) struct Calls {
    pub(super) look: Endpoint,
    pub(super) delete: Endpoint,
    pub(super) delete_tells: bool,
}

/// Checks the operations, and that the key and every identity find their seats in them.
pub(super) fn calls(form: form::Operations, key: &Seat, identities: &[Seat]) -> Result<Calls, Complaint> {
    let (look_span, delete_span) = (form.look.span(), form.delete.span());
    let (look, delete) = (form.look.into_inner(), form.delete.into_inner());
    if look.delete_tells.is_some() {
        return Err((look_span, "`delete_tells` is about the deletion, not the look".to_owned()));
    }
    let Some(delete_tells) = delete.delete_tells else {
        return Err((
            delete_span,
            "say whether its answer tells a deleted profile from an absent one: `delete_tells = true`, or `false` to \
             look first"
                .to_owned(),
        ));
    };
    let look = harmless(endpoint(look, &look_span)?, &look_span)?;
    let delete = changing(endpoint(delete, &delete_span)?, &delete_span)?;
    for (endpoint, span) in [(&look, look_span), (&delete, delete_span)] {
        seats(endpoint, key, identities).map_err(|complaint| (span, complaint))?;
    }
    Ok(Calls { look, delete, delete_tells })
}

fn endpoint(form: form::Operation, span: &Range<usize>) -> Result<Endpoint, Complaint> {
    let complain = |what: &str| Err((span.clone(), what.to_owned()));
    let sends = match (form.form, form.json) {
        (None, None) => Sends::Nothing,
        (Some(constants), None) => Sends::Form(pairs(&constants)),
        (None, Some(text)) => Sends::Json(text),
        (Some(_), Some(_)) => return complain("a request sends a form or JSON, not both"),
    };
    if form.method == Method::GET && sends != Sends::Nothing {
        return complain("a GET has no body");
    }
    let described = form.found.is_some() || !form.fields.is_empty();
    let shape = match form.body {
        form::Body::Empty if described => return complain("an empty body has neither `found` nor `fields`"),
        form::Body::Any if described => return complain("a body of any kind has neither `found` nor `fields`"),
        form::Body::Json if !described => {
            return complain("a JSON body needs `found` or `fields`: what tells it from somebody else's");
        }
        form::Body::Empty => Shape::Empty,
        form::Body::Any => Shape::Any,
        form::Body::Json => {
            let (remote_id, app, profile) =
                form.found.map_or((None, None, None), |found| (Some(found.remote_id), found.app, found.profile));
            Shape::Json { remote_id, app, fields: form.fields, profile }
        }
    };
    Ok(Endpoint { method: form.method, path: form.path, sends, status: form.status, shape })
}

fn pairs(constants: &BTreeMap<String, String>) -> String {
    constants.iter().fold(String::new(), |mut pairs, (name, value)| {
        append(&mut pairs, name, value);
        pairs
    })
}

fn harmless(look: Endpoint, span: &Range<usize>) -> Result<Endpoint, Complaint> {
    if look.method != Method::GET {
        return Err((span.clone(), "a look changes nothing: its method is GET".to_owned()));
    }
    match look.shape {
        Shape::Json { .. } => Ok(look),
        Shape::Empty | Shape::Any => Err((
            span.clone(),
            "a look without a JSON body could not tell the API's answer from a stranger's".to_owned(),
        )),
    }
}

fn changing(delete: Endpoint, span: &Range<usize>) -> Result<Endpoint, Complaint> {
    if delete.method == Method::GET {
        return Err((span.clone(), "a deletion by GET would be repeated by anything on the way".to_owned()));
    }
    Ok(delete)
}

/// Every id and the key must have a place in the request; a path has room for one identity.
fn seats(endpoint: &Endpoint, key: &Seat, identities: &[Seat]) -> Result<(), String> {
    let by_path = identities.contains(&Seat::Path);
    match (endpoint.path.matches(PLACEHOLDER).count(), by_path) {
        (0, true) => return Err(format!("an identity travels in the path, and this path has no `{PLACEHOLDER}`")),
        (1, false) => return Err(format!("this path has `{PLACEHOLDER}`, and no identity travels in the path")),
        (1, true) if identities.len() > 1 => {
            return Err(format!("`{PLACEHOLDER}` leaves no room for an identity that travels elsewhere"));
        }
        (0, false) | (1, true) => {}
        (_, _) => return Err(format!("this path has `{PLACEHOLDER}` more than once")),
    }
    if endpoint.path.replacen(PLACEHOLDER, "", 1).contains(['{', '}']) {
        return Err(format!("the one placeholder of a path is `{PLACEHOLDER}`"));
    }
    let is_form = matches!(endpoint.sends, Sends::Form(_));
    let nowhere = |whose: &str| format!("{whose} travels in a form or a query that this operation does not have");
    if key.spot(is_form).is_none() {
        return Err(nowhere("the key"));
    }
    if identities.iter().any(|seat| seat.spot(is_form).is_none()) {
        return Err(nowhere("an identity"));
    }
    Ok(())
}
