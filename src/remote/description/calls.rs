//! From an operation's form to its call: what it sends, and what its success looks like.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use toml::Spanned;

use super::{Endpoint, IdentityKind, Sends, Shape, complaint::Complaint, fields::Fields, form, identities::Identities};
use crate::{
    domain::FieldKind,
    remote::seat::{PLACEHOLDER, Seat, append},
};

/// Every operation's call.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    pub(super) look: Endpoint,
    pub(super) delete: Endpoint,
    pub(super) delete_tells: bool,
    pub(super) create: Option<Endpoint>,
    pub(super) update: Option<Endpoint>,
    pub(super) remove: Option<Endpoint>,
    /// By kind of identity.
    pub(super) own_looks: Vec<Option<Endpoint>>,
}

/// What an operation is for, as far as it decides which words it may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Look,
    Delete,
    Create,
    Update,
    Remove,
}

/// What the operations have in common.
struct Around<'a> {
    key: &'a Seat,
    kinds: &'a [IdentityKind],
    seats: &'a [Seat],
    /// By kind of identity: it is found by a look of its own, and takes part in no other call but a creation.
    aside: Vec<bool>,
    parameters: &'a [String],
    fields: &'a Fields,
}

/// Checks the operations, and that the key and every identity find their seats in them.
pub(super) fn calls(
    form: form::Operations,
    key: &Seat,
    identities: &mut Identities,
    parameters: &[String],
    fields: &Fields,
) -> Result<Calls, Complaint> {
    let own = std::mem::take(&mut identities.looks);
    let aside = own.iter().map(Option::is_some).collect();
    let around = Around { key, kinds: &identities.kinds, seats: &identities.seats, aside, parameters, fields };
    let (delete_span, delete_tells) = (form.delete.span(), form.delete.get_ref().delete_tells);
    let Some(delete_tells) = delete_tells else {
        return Err((
            delete_span,
            "say whether its answer tells a deleted profile from an absent one: `delete_tells = true`, or `false` to \
             look first"
                .to_owned(),
        ));
    };
    let look = around.call(form.look, Purpose::Look)?;
    let own_looks = own
        .into_iter()
        .zip(around.seats)
        .map(|(own, seat)| around.own_look(own, seat, &look))
        .collect::<Result<_, _>>()?;
    let optional = |form: Option<Spanned<form::Operation>>, purpose| form.map(|form| around.call(form, purpose));
    let remove_span = form.remove.as_ref().map(Spanned::span);
    let calls = Calls {
        own_looks,
        look,
        delete: around.call(form.delete, Purpose::Delete)?,
        delete_tells,
        create: optional(form.create, Purpose::Create).transpose()?,
        update: optional(form.update, Purpose::Update).transpose()?,
        remove: optional(form.remove, Purpose::Remove).transpose()?,
    };
    match remove_span {
        Some(span) if calls.update.is_none() => Err((span, "it completes an update, and there is none".to_owned())),
        Some(_) | None => Ok(calls),
    }
}

impl Around<'_> {
    fn call(&self, form: Spanned<form::Operation>, purpose: Purpose) -> Result<Endpoint, Complaint> {
        let span = form.span();
        let form = form.into_inner();
        let complain = |complaint: String| (span.clone(), complaint);
        own_words(&form, purpose).map_err(complain)?;
        let endpoint = endpoint(form, purpose).map_err(complain)?;
        match purpose {
            Purpose::Look => harmless(&endpoint),
            Purpose::Delete | Purpose::Create | Purpose::Update | Purpose::Remove => changing(&endpoint),
        }
        .and_then(|()| self.seats(&endpoint, purpose))
        .and_then(|()| self.parameters(&endpoint.parameters))
        .map_err(complain)?;
        self.carried(&endpoint)?;
        self.removable(&endpoint).map_err(complain)?;
        Ok(endpoint)
    }

    /// The usual look, at a path of its own.
    fn own_look(
        &self,
        form: Option<Spanned<form::OwnLook>>,
        seat: &Seat,
        look: &Endpoint,
    ) -> Result<Option<Endpoint>, Complaint> {
        let Some(form) = form else { return Ok(None) };
        let span = form.span();
        let form::OwnLook { path, parameters } = form.into_inner();
        let complain = |complaint: String| (span.clone(), complaint);
        self.parameters(&parameters).map_err(complain)?;
        if seat.spot(false).is_none() || *seat == Seat::Path || path.contains(['{', '}']) {
            return Err(complain(
                "by a look of its own an id travels in a header or a query, not in the path".to_owned(),
            ));
        }
        if !matches!(&look.shape, Shape::Json { remote_id: Some(_), .. }) {
            return Err(complain(
                "it finds the API's own id: `[operations.look]` must say where, in `found`".to_owned(),
            ));
        }
        Ok(Some(Endpoint { path, parameters, ..look.clone() }))
    }

    fn parameters(&self, named: &[String]) -> Result<(), String> {
        match named.iter().find(|name| !self.parameters.contains(name)) {
            Some(name) => Err(format!("no parameter is named `{name}`")),
            None => Ok(()),
        }
    }

    /// Every id and the key must have a place in the request; a path has room for one identity.
    fn seats(&self, endpoint: &Endpoint, purpose: Purpose) -> Result<(), String> {
        let takes_part = |(kind, aside): (&IdentityKind, &bool)| match purpose {
            Purpose::Create => kind.creates,
            Purpose::Look | Purpose::Delete | Purpose::Update | Purpose::Remove => !aside,
        };
        let places = self.kinds.iter().zip(&self.aside).zip(self.seats);
        let seats: Vec<&Seat> = places.filter(|(who, _)| takes_part(*who)).map(|(_, seat)| seat).collect();
        if seats.is_empty() {
            return Err("a profile is created by an id, and every identity has `creates = false`".to_owned());
        }
        let by_path = seats.contains(&&Seat::Path);
        match (endpoint.path.matches(PLACEHOLDER).count(), by_path) {
            (0, true) => return Err(format!("an identity travels in the path, and this path has no `{PLACEHOLDER}`")),
            (1, false) => return Err(format!("this path has `{PLACEHOLDER}`, and no identity travels in the path")),
            (1, true) if seats.len() > 1 => {
                return Err(format!("`{PLACEHOLDER}` leaves no room for an identity that travels elsewhere"));
            }
            (0, false) | (1, true) => {}
            (_, _) => return Err(format!("this path has `{PLACEHOLDER}` more than once")),
        }
        if endpoint.path.replacen(PLACEHOLDER, "", 1).contains(['{', '}']) {
            return Err(format!("the one placeholder of a path is `{PLACEHOLDER}`"));
        }
        let is_form = endpoint.sends.is_form();
        let nowhere = |whose: &str| format!("{whose} travels in a form or a query that this operation does not have");
        if self.key.spot(is_form).is_none() {
            return Err(nowhere("the key"));
        }
        if seats.iter().any(|seat| seat.spot(is_form).is_none()) {
            return Err(nowhere("an identity"));
        }
        Ok(())
    }

    /// A form has no word for null, nor for a list of nothing; the entries of objects and of lists of pairs have JSON's.
    fn carried(&self, endpoint: &Endpoint) -> Result<(), Complaint> {
        if !matches!(endpoint.sends, Sends::FieldsAsForm(_)) {
            return Ok(());
        }
        let fields = self.fields.schema.fields.iter().zip(&self.fields.spans);
        let mut mute =
            fields.filter(|(field, _)| field.nullable && !matches!(field.kind, FieldKind::Map | FieldKind::Pairs(_)));
        if let Some((field, span)) = mute.next() {
            return Err((span.clone(), format!("a form cannot say null: `{}` cannot be `nullable`", field.name)));
        }
        let mut lists = self.fields.schema.fields.iter().zip(&self.fields.spans);
        match lists.find(|(field, _)| matches!(field.kind, FieldKind::Texts { least: 0 })) {
            Some((field, span)) => {
                Err((span.clone(), format!("a form cannot say an empty list: `{}` needs `least = 1`", field.name)))
            }
            None => Ok(()),
        }
    }

    fn removable(&self, endpoint: &Endpoint) -> Result<(), String> {
        let is_map = |kind: &FieldKind| matches!(kind, FieldKind::Map);
        let maps = self.fields.schema.fields.iter().filter(|field| is_map(&field.kind)).count();
        match &endpoint.sends {
            Sends::Removals { .. } if maps != 1 => {
                Err("it takes entries of the one field of type `map` away, and there is not just one".to_owned())
            }
            Sends::Removals { .. }
            | Sends::Nothing
            | Sends::Form(_)
            | Sends::Json(_)
            | Sends::FieldsAsJson
            | Sends::FieldsAsForm(_) => Ok(()),
        }
    }
}

/// Some words belong to some operations.
fn own_words(form: &form::Operation, purpose: Purpose) -> Result<(), String> {
    let carries = matches!(purpose, Purpose::Create | Purpose::Update);
    for (given, belongs, complaint) in [
        (form.delete_tells.is_some(), purpose == Purpose::Delete, "`delete_tells` is about the deletion, not the look"),
        (form.sends.is_some(), carries, "a row's fields travel in `create` and `update` alone: no `sends` here"),
        (form.names.is_some(), purpose == Purpose::Remove, "`names` is about `remove`"),
        (form.identities.is_some(), purpose == Purpose::Create, "`identities` is about `create`"),
    ] {
        if given && !belongs {
            return Err(complaint.to_owned());
        }
    }
    if carries && form.sends.is_none() {
        return Err("say how a row's fields travel: `sends = \"json\"` or `sends = \"form\"`".to_owned());
    }
    if purpose == Purpose::Remove && form.names.as_ref().is_none_or(String::is_empty) {
        return Err("say what the pair is called that names an entry to be taken away: `names = \"…\"`".to_owned());
    }
    Ok(())
}

fn endpoint(form: form::Operation, purpose: Purpose) -> Result<Endpoint, String> {
    let constants = form.form.as_ref().map(pairs);
    let sends = match (form.sends, form.names, constants, form.json) {
        (None, None, None, None) => Sends::Nothing,
        (None, None, Some(constants), None) => Sends::Form(constants),
        (None, None, None, Some(text)) => Sends::Json(text),
        (Some(form::Travel::Json), None, None, None) => Sends::FieldsAsJson,
        (Some(form::Travel::Form), None, constants, None) => Sends::FieldsAsForm(constants.unwrap_or_default()),
        (None, Some(name), constants, None) => Sends::Removals { name, constants: constants.unwrap_or_default() },
        (_, _, _, _) => return Err("a request sends a form or JSON, not both".to_owned()),
    };
    if form.method == Method::GET && sends != Sends::Nothing {
        return Err("a GET has no body".to_owned());
    }
    answered(form.status, &form.body)?;
    let described = form.found.is_some() || !form.fields.is_empty();
    let shape = match form.body {
        form::Body::Empty if described => return Err("an empty body has neither `found` nor `fields`".to_owned()),
        form::Body::Any if described => return Err("a body of any kind has neither `found` nor `fields`".to_owned()),
        form::Body::Json if !described => {
            return Err("a JSON body needs `found` or `fields`: what tells it from somebody else's".to_owned());
        }
        form::Body::Empty => Shape::Empty,
        form::Body::Any => Shape::Any,
        form::Body::Json => {
            let (remote_id, app, profile) =
                form.found.map_or((None, None, None), |found| (Some(found.remote_id), found.app, found.profile));
            Shape::Json { remote_id, app, fields: form.fields, profile }
        }
    };
    Ok(Endpoint {
        method: form.method,
        path: form.path,
        sends,
        parameters: form.parameters,
        every_id: matches!((purpose, form.identities), (Purpose::Create, Some(form::Identities::All))),
        status: form.status,
        shape,
    })
}

/// Whether such an answer can come, and can be told from a stranger's.
fn answered(status: StatusCode, body: &form::Body) -> Result<(), String> {
    match body {
        form::Body::Json if [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT].contains(&status) => {
            Err(format!("an answer with status {} has no body, so it cannot be JSON", status.as_u16()))
        }
        // Whoever stands in between has a page of his own for everything, and says 200.
        form::Body::Any if status == StatusCode::OK => Err(
            "with status 200 and any body, a page of a proxy or of a captive portal would pass for the API's answer: say \
             `empty`, or `json` with `found` or `fields`"
                .to_owned(),
        ),
        form::Body::Json | form::Body::Any | form::Body::Empty => Ok(()),
    }
}

fn pairs(constants: &BTreeMap<String, String>) -> String {
    constants.iter().fold(String::new(), |mut pairs, (name, value)| {
        append(&mut pairs, name, value);
        pairs
    })
}

fn harmless(look: &Endpoint) -> Result<(), String> {
    if look.method != Method::GET {
        return Err("a look changes nothing: its method is GET".to_owned());
    }
    match look.shape {
        Shape::Json { .. } => Ok(()),
        Shape::Empty | Shape::Any => {
            Err("a look without a JSON body could not tell the API's answer from a stranger's".to_owned())
        }
    }
}

fn changing(endpoint: &Endpoint) -> Result<(), String> {
    if endpoint.method == Method::GET {
        return Err("a change by GET would be repeated by anything on the way".to_owned());
    }
    Ok(())
}
