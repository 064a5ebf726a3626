//! From the file's form to a description: the rules that span several words of the file.

use std::ops::Range;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use toml::Spanned;

use super::{Description, ErrorBodyRules, ErrorRules, IdentityKind, KeyRules, Owner, calls, form};
use crate::{
    domain::{Id, IdFormat, IdKind, Schema},
    error::{Error, Exit},
    remote::seat::{PLACEHOLDER, Seat},
};

/// The one version of the format there is.
const VERSION: u32 = 1;

/// A complaint and the bytes of the file that it is about.
pub(super) type Complaint = (Range<usize>, String);

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
    let (identities, seats) = identities(form.identities, &headers, &key.seat)?;
    let calls = calls::calls(form.operations, &key.seat, &seats)?;
    Ok(Description {
        name: form.name,
        address: form.base_url,
        default_rate: form.default_rate,
        key,
        headers,
        probe: probe(&form.probe, &identities)?,
        schema: Schema::default(),
        parameters: Vec::new(),
        given: Vec::new(),
        identities,
        seats,
        look: calls.look,
        delete: calls.delete,
        delete_tells: calls.delete_tells,
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
        (prefix, _) => prefix.map(Spanned::into_inner).unwrap_or_default(),
    };
    Ok(KeyRules { variable: form.variable, seat, prefix, refused_prefixes: form.refused_prefixes })
}

/// Where something sits: in one place; only `query` and `form` may stand side by side.
fn seat(
    span: Range<usize>,
    header: Option<HeaderName>,
    path: Option<Spanned<String>>,
    query: Option<String>,
    form: Option<String>,
) -> Result<Seat, Complaint> {
    let placeholder = |path: &Spanned<String>| path.get_ref() == PLACEHOLDER;
    match (header, path, query, form) {
        (Some(header), None, None, None) => Ok(Seat::Header(header)),
        (None, Some(path), None, None) if placeholder(&path) => Ok(Seat::Path),
        (None, Some(path), None, None) => {
            Err((path.span(), format!("the one place in a path is called `{PLACEHOLDER}`")))
        }
        (None, None, query, form) if query.is_some() || form.is_some() => {
            if [&query, &form].into_iter().flatten().any(String::is_empty) {
                return Err((span, "a field has a name".to_owned()));
            }
            Ok(Seat::Field { query, form })
        }
        _ => Err((span, "say where it travels: one of `header`, `path`, or `query` and `form`".to_owned())),
    }
}

fn static_headers(
    form: impl IntoIterator<Item = (Spanned<String>, Spanned<String>)>,
    key: &Seat,
) -> Result<HeaderMap, Complaint> {
    let mut headers = HeaderMap::new();
    for (name, value) in form {
        let span = name.span();
        let parsed: HeaderName =
            name.get_ref().parse().map_err(|_| (span.clone(), "not a header's name".to_owned()))?;
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

fn identities(
    form: Vec<Spanned<form::Identity>>,
    headers: &HeaderMap,
    key: &Seat,
) -> Result<(Vec<IdentityKind>, Vec<Seat>), Complaint> {
    let mut kinds: Vec<IdentityKind> = Vec::new();
    let mut seats: Vec<Seat> = Vec::new();
    for identity in form {
        let span = identity.span();
        let identity = identity.into_inner();
        if kinds.iter().any(|kind| kind.name == identity.name) {
            return Err((span, format!("the identity `{}` is named twice", identity.name)));
        }
        let seat = seat(span.clone(), identity.header, identity.path, identity.query, identity.form)?;
        if let Some(taken) = clash(&seat, headers, seats.iter().chain([key])) {
            return Err((span, format!("the {taken} is in use already")));
        }
        kinds.push(IdentityKind {
            name: identity.name,
            owner: owner(&identity.owner),
            format: format(&identity.format),
            creates: true,
        });
        seats.push(seat);
    }
    if kinds.is_empty() || kinds.len() > usize::from(u8::MAX) {
        return Err((0..0, "an API has between one identity and 255".to_owned()));
    }
    Ok((kinds, seats))
}

/// What of a seat somebody else sits on. How many a path has room for, the operations tell.
fn clash<'a>(seat: &Seat, headers: &HeaderMap, others: impl IntoIterator<Item = &'a Seat>) -> Option<String> {
    let header = |name: &HeaderName| format!("header `{name}`");
    let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    match seat {
        Seat::Header(name) if headers.contains_key(name) => Some(header(name)),
        Seat::Header(name) => others.into_iter().any(|other| other == seat).then(|| header(name)),
        Seat::Path => None,
        Seat::Field { query, form } => others.into_iter().find_map(|other| match other {
            Seat::Field { query: theirs, .. } if same(query, theirs) => {
                query.as_ref().map(|name| format!("query field `{name}`"))
            }
            Seat::Field { form: theirs, .. } if same(form, theirs) => {
                form.as_ref().map(|name| format!("form field `{name}`"))
            }
            Seat::Header(_) | Seat::Path | Seat::Field { .. } => None,
        }),
    }
}

const fn owner(form: &form::Owner) -> Owner {
    match form {
        form::Owner::Caller => Owner::Caller,
        form::Owner::System => Owner::System,
    }
}

const fn format(form: &form::Format) -> IdFormat {
    match form {
        form::Format::Any => IdFormat::Any,
        form::Format::Hex24 => IdFormat::Hex24,
        form::Format::Uuid => IdFormat::Uuid,
    }
}

fn errors(form: form::Errors) -> Result<ErrorRules, Complaint> {
    let span = form.bodies.span();
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
    let checked = Id::parse(IdKind(place), form.id.get_ref()).and_then(|id| kind.format.check(&id).map(|()| id));
    checked.map_err(|fault| (form.id.span(), format!("the id {fault}")))
}
