//! From an API's description to the part that a stand-in plays. Those that are built in it knows by heart, from the
//! vendors' own documentation, so that a mistake in their descriptions shows in a rehearsal.

use crate::{
    domain::{FieldKind, IdKind, Operation, Schema},
    remote::{self, ApiName, Description, FieldPath, Owner},
    sandbox::{Described, Encoding, Errors, Gives, NamedBy, Part, Path, Route, Seat, Takes},
};

/// The part of an API.
pub(super) fn part(name: &ApiName, api: &Description) -> Part {
    match name {
        ApiName::Embedded(name) if name == "adapty" => Part::Adapty,
        ApiName::Embedded(name) if name == "crafter" => {
            Part::Crafter { tenant: api.given("tenantName").map(str::to_owned) }
        }
        ApiName::Embedded(_) | ApiName::File(_) => Part::Described(Box::new(described(api))),
    }
}

fn described(api: &Description) -> Described {
    let schema = api.schema();
    let of = |operation| api.endpoint(operation).map(|endpoint| route(endpoint, schema));
    let kinds = (0..).map(IdKind).zip(api.identities()).zip(api.seats());
    let identities = kinds.map(|((place, kind), seat_of_it)| NamedBy {
        name: kind.name.clone(),
        own: kind.owner == Owner::System,
        seat: seat(seat_of_it),
        format: kind.format,
        returned: kind.returned.as_ref().map(path),
        told: kind.told.as_ref().map(path),
        look: api.own_look(place).map(|look| route(look, schema)),
    });
    Described {
        name: api.name().to_owned(),
        key: seat(api.key_seat()),
        key_prefix: api.key_prefix().to_owned(),
        identities: identities.collect(),
        look: route(api.look(), schema),
        delete: route(api.delete(), schema),
        create: of(Operation::Create),
        links: api.endpoint(Operation::Create).is_some_and(|create| create.every_id),
        update: of(Operation::Update),
        remove: of(Operation::Remove),
        schema: schema.clone(),
        returned: returned(api),
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

fn route(endpoint: &remote::Endpoint, schema: &Schema) -> Route {
    Route {
        method: endpoint.method().to_owned(),
        path: endpoint.path.clone(),
        parameters: endpoint.parameters.clone(),
        takes: match &endpoint.sends {
            remote::Sends::Nothing => Takes::Nothing,
            remote::Sends::Form(constants) => Takes::Form(constants.clone()),
            remote::Sends::Json(text) => Takes::Json(text.clone()),
            remote::Sends::FieldsAsJson => Takes::Fields { encoding: Encoding::Json, constants: String::new() },
            remote::Sends::FieldsAsForm(constants) => {
                Takes::Fields { encoding: Encoding::Form, constants: constants.clone() }
            }
            remote::Sends::Removals { name, constants } => {
                Takes::Names { name: name.clone(), group: only_map(schema), constants: constants.clone() }
            }
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

/// Where a look shows fields.
fn returned(api: &Description) -> Vec<(String, Path)> {
    let carried = api.schema().fields.iter().zip(api.carriages());
    carried.filter_map(|(field, way)| Some((field.name.clone(), path(way.returned.as_ref()?)))).collect()
}

/// The object whose entries can be taken away by their names alone.
fn only_map(schema: &Schema) -> Option<String> {
    let mut maps = schema.fields.iter().filter(|field| field.kind == FieldKind::Map);
    match (maps.next(), maps.next()) {
        (Some(only), None) => Some(only.name.clone()),
        (Some(_), Some(_)) | (None, _) => None,
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
        exists: rules.exists.first().cloned(),
        denied: (rules.credentials().next().unwrap_or(401), first(&rules.credential_codes, "unauthorized")),
    }
}

fn path(path: &FieldPath) -> Path {
    path.keys().iter().map(ToString::to_string).collect()
}
