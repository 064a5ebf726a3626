//! From the file's form to a description: the rules that span several words of the file.

use std::collections::BTreeSet;

use reqwest::header::{HeaderMap, HeaderValue};
use toml::Spanned;

use super::{
    Description, ErrorBodyRules, ErrorRules, IdentityKind, KeyRules, calls,
    complaint::Complaint,
    fields::{self, Fields},
    form,
    identities::{self, Identities, clash, seat},
    spelling,
};
use crate::{
    domain::{Id, IdKind},
    error::{Error, Exit},
    remote::seat::Seat,
};

/// The one version of the format there is.
const VERSION: u32 = 1;

/// Reads a description; `file` is how it is called in messages.
pub(super) fn parse(file: &str, text: &str) -> Result<Description, Error> {
    let form = toml::from_str(text)
        .map_err(|error: toml::de::Error| (error.span().unwrap_or_default(), error.message().to_owned()));
    form.and_then(describe).map_err(|(span, complaint)| {
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let sentence = complaint.trim().replace('\n', ", ");
        Error::new(Exit::Config, format!("the API description {file}, line {line}: {sentence}"))
    })
}

fn describe(form: form::Form) -> Result<Description, Complaint> {
    if *form.version.get_ref() != VERSION {
        return Err((form.version.span(), format!("this version of tollgate reads descriptions of version {VERSION}")));
    }
    let key = key(form.key)?;
    let headers = static_headers(form.headers, &key.seat)?;
    let mut identities = identities::identities(form.identities, &headers, &key.seat)?;
    let parameters = parameters(form.parameters, &key.seat, &identities)?;
    let fields = fields::fields(form.fields)?;
    every_name_once(&fields, &headers, &key.seat, &identities, &parameters)?;
    let calls = calls::calls(form.operations, &key.seat, &mut identities, &parameters, &fields)?;
    Ok(Description {
        name: form.name,
        address: form.base_url,
        default_rate: form.default_rate,
        key,
        headers,
        probe: probe(&form.probe, &identities.kinds)?,
        schema: fields.schema,
        carriages: fields.carriages,
        parameters,
        given: Vec::new(),
        identities: identities.kinds,
        seats: identities.seats,
        calls,
        errors: errors(form.errors)?,
        request_id: form.answers.request_id,
    })
}

fn key(form: Spanned<form::Key>) -> Result<KeyRules, Complaint> {
    let span = form.span();
    let form = form.into_inner();
    let seat = seat(span, form.header, None, form.query, form.form)?;
    let prefix = match (form.prefix, &seat) {
        (Some(prefix), Seat::Path | Seat::Field { .. }) => {
            return Err((prefix.span(), "only a key in a header has a prefix".to_owned()));
        }
        (Some(prefix), Seat::Header(_)) if HeaderValue::from_str(prefix.get_ref()).is_err() => {
            return Err((prefix.span(), "this prefix cannot travel in a header".to_owned()));
        }
        (prefix, _) => prefix.map(Spanned::into_inner).unwrap_or_default(),
    };
    Ok(KeyRules { variable: form.variable, seat, prefix, refused_prefixes: form.refused_prefixes })
}

fn static_headers(
    form: impl IntoIterator<Item = (Spanned<String>, Spanned<String>)>,
    key: &Seat,
) -> Result<HeaderMap, Complaint> {
    let mut headers = HeaderMap::new();
    for (name, value) in form {
        let span = name.span();
        let parsed = spelling::header(name.get_ref()).map_err(|what| (span.clone(), what))?;
        if *key == Seat::Header(parsed.clone()) {
            return Err((span, "this header carries the key already".to_owned()));
        }
        let value = HeaderValue::from_str(value.get_ref())
            .map_err(|_| (value.span(), "this value cannot travel in a header".to_owned()))?;
        if headers.insert(parsed, value).is_some() {
            return Err((span, "this header is named twice".to_owned()));
        }
    }
    Ok(headers)
}

/// The names of what is said once for the whole run.
fn parameters(
    form: Vec<Spanned<form::Parameter>>,
    key: &Seat,
    identities: &Identities,
) -> Result<Vec<String>, Complaint> {
    let mut names: Vec<String> = Vec::new();
    for parameter in form {
        let (span, name) = (parameter.span(), parameter.into_inner().name);
        if names.contains(&name) {
            return Err((span, format!("the parameter `{name}` is named twice")));
        }
        let others = identities.seats.iter().chain([key]);
        if let Some(taken) = clash(&parameter_seat(&name), &HeaderMap::new(), others) {
            return Err((span, format!("the {taken} is in use already")));
        }
        names.push(name);
    }
    Ok(names)
}

/// A parameter travels under its own name wherever it does.
fn parameter_seat(name: &str) -> Seat {
    Seat::Field { query: Some(name.to_owned()), form: Some(name.to_owned()) }
}

/// A field shares neither column nor place with anything else.
fn every_name_once(
    fields: &Fields,
    headers: &HeaderMap,
    key: &Seat,
    identities: &Identities,
    parameters: &[String],
) -> Result<(), Complaint> {
    let of_parameters: Vec<Seat> = parameters.iter().map(|name| parameter_seat(name)).collect();
    let taken: Vec<&Seat> = identities.seats.iter().chain([key]).chain(&of_parameters).collect();
    let mut in_headers: Vec<Seat> = Vec::new();
    for ((field, carriage), span) in fields.schema.fields.iter().zip(&fields.carriages).zip(&fields.spans) {
        let mut names = identities.kinds.iter().map(|kind| &kind.name).chain(parameters);
        if names.any(|name| *name == field.name) {
            return Err((span.clone(), format!("`{}` names something else already", field.name)));
        }
        let seat = match &carriage.header {
            Some(header) => Seat::Header(header.clone()),
            None => Seat::Field { query: None, form: Some(field.name.clone()) },
        };
        if let Some(taken) = clash(&seat, headers, taken.iter().copied().chain(&in_headers)) {
            return Err((span.clone(), format!("the {taken} is in use already")));
        }
        in_headers.push(seat);
    }
    Ok(())
}

fn errors(form: form::Errors) -> Result<ErrorRules, Complaint> {
    let span = form.bodies.span();
    if let Some(what) = ambiguous(&form) {
        return Err((form.not_found.span(), what));
    }
    let bodies: Vec<ErrorBodyRules> = form.bodies.into_inner().into_iter().map(error_body).collect::<Result<_, _>>()?;
    if form.not_found.get_ref().is_empty() {
        let what = "without a code of \"no such profile\" nobody's absence could be told from a wrong URL";
        return Err((form.not_found.span(), what.to_owned()));
    }
    if bodies.iter().all(|body| body.code.is_none()) {
        return Err((span, "without a `code` in at least one body no error could settle a row".to_owned()));
    }
    if form.credentials.get_ref().is_empty() && form.credential_codes.is_empty() {
        let what = "without a status or a code that is about the key, a wrong key would be every row's fault";
        return Err((form.credentials.span(), what.to_owned()));
    }
    Ok(ErrorRules {
        bodies,
        not_found: form.not_found.into_inner(),
        credentials: form.credentials.into_inner(),
        credential_codes: form.credential_codes,
        right_codes: form.right_codes,
        parameter_codes: form.parameter_codes,
        exists: form.exists,
    })
}

/// Each code says one thing.
fn ambiguous(form: &form::Errors) -> Option<String> {
    let about_the_run = [&form.credential_codes, &form.right_codes, &form.parameter_codes].into_iter().flatten();
    let codes = form.not_found.get_ref().iter().chain(about_the_run).chain(&form.exists);
    let mut met = BTreeSet::new();
    codes.into_iter().find_map(|code| match code.as_str() {
        "" => Some("an empty code says nothing".to_owned()),
        code => {
            (!met.insert(code)).then(|| format!("the code `{code}` cannot say two things, and need not say one twice"))
        }
    })
}

fn error_body(form: Spanned<form::ErrorBody>) -> Result<ErrorBodyRules, Complaint> {
    let span = form.span();
    let form = form.into_inner();
    if form.signature.get_ref().is_empty() {
        return Err((form.signature.span(), "without a signature every error body would be the API's own".to_owned()));
    }
    let (list, field, texts) = match form.messages {
        None => (None, None, None),
        Some(messages) => (Some(messages.list), messages.field, messages.texts),
    };
    if field.is_some() && texts.is_none() {
        return Err((span, "a complaint's `field` needs its `texts`".to_owned()));
    }
    Ok(ErrorBodyRules { signature: form.signature.into_inner(), code: form.code, list, field, texts })
}

fn probe(form: &form::Probe, identities: &[IdentityKind]) -> Result<Id, Complaint> {
    let name = form.identity.get_ref();
    let unknown = || (form.identity.span(), format!("no identity is named `{name}`"));
    let (place, kind) = identities.iter().enumerate().find(|(_, kind)| kind.name == *name).ok_or_else(unknown)?;
    let place = u8::try_from(place).map_err(|_| unknown())?;
    let checked = Id::parse(IdKind(place), form.id.get_ref()).and_then(|id| kind.format.take(id));
    checked.map_err(|fault| (form.id.span(), format!("the id {fault}")))
}
