//! From an API's description to the part that a stand-in plays. Those that are built in it knows by heart, from the
//! vendors' own documentation, so that a mistake in their descriptions shows in a rehearsal.

use crate::{
    domain::{Operation, Schema},
    remote::{self, ApiName, Description, FieldPath, Owner},
    sandbox::{Described, Errors, Gives, NamedBy, Part, Path, Route, Seat, Takes},
};

/// The part of an API.
pub(super) fn part(name: &ApiName, api: &Description) -> Part {
    match name {
        ApiName::Embedded(name) if name == "adapty" => Part::Adapty,
        ApiName::Embedded(name) if name == "crafter" => Part::Crafter,
        ApiName::Embedded(_) | ApiName::File(_) => Part::Described(Box::new(described(api))),
    }
}

fn described(api: &Description) -> Described {
    let identities = api.identities().iter().zip(api.seats()).map(|(kind, place)| NamedBy {
        name: kind.name.clone(),
        own: kind.owner == Owner::System,
        seat: seat(place),
        format: kind.format,
        look: None,
    });
    Described {
        name: api.name().to_owned(),
        key: seat(api.key_seat()),
        key_prefix: api.key_prefix().to_owned(),
        identities: identities.collect(),
        look: route(api.endpoint(Operation::Look)),
        delete: route(api.endpoint(Operation::Delete)),
        create: None,
        links: false,
        update: None,
        remove: None,
        schema: Schema::default(),
        returned: Vec::new(),
        delete_tells: api.delete_tells(),
        errors: errors(api.errors()),
        request_id: api.request_id().next().map(str::to_owned),
    }
}

fn seat(seat: &remote::Seat) -> Seat {
    match seat {
        remote::Seat::Header(name) => Seat::Header(name.as_str().to_owned()),
        remote::Seat::Path => Seat::Path,
        remote::Seat::Field { query, form } => Seat::Field { query: query.clone(), form: form.clone() },
    }
}

fn route(endpoint: &remote::Endpoint) -> Route {
    Route {
        method: endpoint.method().to_owned(),
        path: endpoint.path.clone(),
        parameters: Vec::new(),
        takes: match &endpoint.sends {
            remote::Sends::Nothing => Takes::Nothing,
            remote::Sends::Form(constants) => Takes::Form(constants.clone()),
            remote::Sends::Json(text) => Takes::Json(text.clone()),
        },
        status: endpoint.status(),
        gives: match &endpoint.shape {
            remote::Shape::Empty | remote::Shape::Any => Gives::Nothing,
            remote::Shape::Json { remote_id, app, fields, profile } => {
                let texts = || remote_id.iter().chain(app).chain(fields);
                // Where something is within the profile, the profile is there.
                let bare =
                    profile.iter().filter(|profile| !texts().any(|text| text.keys().starts_with(profile.keys())));
                Gives::Json {
                    own_id: remote_id.as_ref().map(path),
                    app: app.as_ref().map(path),
                    fields: fields.iter().chain(bare).map(path).collect(),
                    profile: profile.as_ref().map(path).unwrap_or_default(),
                }
            }
        },
    }
}

/// By the first of the bodies that has a code.
fn errors(rules: &remote::ErrorRules) -> Errors {
    let body = rules.bodies.iter().find(|body| body.code.is_some());
    let of = |read: fn(&remote::ErrorBodyRules) -> Option<&FieldPath>| body.and_then(read).map(path);
    let first = |codes: &[String], otherwise: &str| codes.first().map_or(otherwise, String::as_str).to_owned();
    Errors {
        signature: body.map(|body| body.signature.iter().map(path).collect()).unwrap_or_default(),
        code: of(|body| body.code.as_ref()).unwrap_or_default(),
        list: of(|body| body.list.as_ref()),
        texts: body.and_then(|body| body.texts.clone()),
        not_found: first(&rules.not_found, "not_found"),
        exists: None,
        denied: (rules.credentials().next().unwrap_or(401), first(&rules.credential_codes, "unauthorized")),
    }
}

fn path(path: &FieldPath) -> Path {
    path.keys().iter().map(ToString::to_string).collect()
}
