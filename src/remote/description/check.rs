//! From the file's form to a description: the rules that span several words of the file.

use std::ops::Range;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use toml::Spanned;

use super::{Description, Endpoint, ErrorRules, IdentityKind, KeyRules, Owner, Shape, form};
use crate::{
    domain::{Id, IdKind, Operation},
    error::{Error, Exit},
};

/// The one version of the format there is.
const VERSION: u32 = 1;

/// A complaint and the bytes of the file that it is about.
type Complaint = (Range<usize>, String);

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
    let headers = static_headers(form.headers, &form.key.header)?;
    let (identities, identity_headers) = identities(form.identities, &headers, &form.key.header)?;
    Ok(Description {
        name: form.name,
        address: form.base_url,
        default_rate: form.default_rate,
        key: key(form.key),
        headers,
        probe: probe(&form.probe, &identities)?,
        identities,
        identity_headers,
        look: endpoint(form.operations.look, Operation::Look)?,
        delete: endpoint(form.operations.delete, Operation::Delete)?,
        errors: errors(form.errors)?,
        request_id: form.answers.request_id,
    })
}

fn key(form: form::Key) -> KeyRules {
    KeyRules {
        variable: form.variable,
        header: form.header,
        prefix: form.prefix,
        refused_prefixes: form.refused_prefixes,
    }
}

fn static_headers(
    form: impl IntoIterator<Item = (Spanned<String>, Spanned<String>)>,
    key: &HeaderName,
) -> Result<HeaderMap, Complaint> {
    let mut headers = HeaderMap::new();
    for (name, value) in form {
        let span = name.span();
        let parsed: HeaderName =
            name.get_ref().parse().map_err(|_| (span.clone(), "not a header's name".to_owned()))?;
        if parsed == *key {
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

fn identities(
    form: Vec<Spanned<form::Identity>>,
    taken: &HeaderMap,
    key: &HeaderName,
) -> Result<(Vec<IdentityKind>, Vec<HeaderName>), Complaint> {
    let mut kinds: Vec<IdentityKind> = Vec::new();
    let mut headers = Vec::new();
    for identity in form {
        let span = identity.span();
        let identity = identity.into_inner();
        if kinds.iter().any(|kind| kind.name == identity.name) {
            return Err((span, format!("the identity `{}` is named twice", identity.name)));
        }
        if identity.header == *key || taken.contains_key(&identity.header) || headers.contains(&identity.header) {
            return Err((span, format!("the header `{}` is in use already", identity.header)));
        }
        let owner = match identity.owner {
            form::Owner::Caller => Owner::Caller,
            form::Owner::System => Owner::System,
        };
        kinds.push(IdentityKind { name: identity.name, owner });
        headers.push(identity.header);
    }
    if kinds.is_empty() || kinds.len() > usize::from(u8::MAX) {
        return Err((0..0, "an API has between one identity and 255".to_owned()));
    }
    Ok((kinds, headers))
}

fn endpoint(form: Spanned<form::Operation>, operation: Operation) -> Result<Endpoint, Complaint> {
    let span = form.span();
    let form = form.into_inner();
    let shape = match (form.body, form.found) {
        (form::Body::Empty, None) => Shape::Empty,
        (form::Body::Json, Some(found)) => {
            Shape::Profile { remote_id: found.remote_id, app: found.app, profile: found.profile }
        }
        (form::Body::Empty, Some(_)) => return Err((span, "an empty body has no `found`".to_owned())),
        (form::Body::Json, None) => {
            return Err((span, "a JSON body needs `found`: what tells it from somebody else's".to_owned()));
        }
    };
    match operation {
        Operation::Look | Operation::Get if !form.method.is_safe() => {
            Err((span, "a look changes nothing: its method is GET".to_owned()))
        }
        Operation::Look | Operation::Get if matches!(shape, Shape::Empty) => {
            Err((span, "a look without a JSON body could not tell the API's answer from a stranger's".to_owned()))
        }
        Operation::Look | Operation::Get | Operation::Delete => {
            Ok(Endpoint { method: form.method, path: form.path, status: form.status, shape })
        }
    }
}

fn errors(form: form::Errors) -> Result<ErrorRules, Complaint> {
    if form.signature.get_ref().is_empty() {
        return Err((form.signature.span(), "without a signature every error body would be the API's own".to_owned()));
    }
    Ok(ErrorRules {
        signature: form.signature.into_inner(),
        code: form.code,
        list: form.messages.list,
        field: form.messages.field,
        texts: form.messages.texts,
        not_found: form.not_found,
        credentials: form.credentials,
    })
}

fn probe(form: &form::Probe, identities: &[IdentityKind]) -> Result<Id, Complaint> {
    let name = form.identity.get_ref();
    let kind = identities
        .iter()
        .position(|kind| kind.name == *name)
        .and_then(|place| u8::try_from(place).ok())
        .ok_or_else(|| (form.identity.span(), format!("no identity is named `{name}`")))?;
    Id::parse(IdKind(kind), form.id.get_ref()).map_err(|fault| (form.id.span(), format!("the id {fault}")))
}
