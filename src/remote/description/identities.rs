//! By what profiles are named: each kind of id in a place of its own, and perhaps found in a way of its own.

use std::ops::Range;

use reqwest::header::{HeaderMap, HeaderName};
use toml::Spanned;

use super::{IdentityKind, Owner, complaint::Complaint, form};
use crate::{
    domain::IdFormat,
    remote::seat::{PLACEHOLDER, Seat},
};

/// All kinds of identity; the lists go side by side.
#[derive(Default)]
pub(super) struct Identities {
    pub(super) kinds: Vec<IdentityKind>,
    pub(super) seats: Vec<Seat>,
    /// How they are found, where that is not the API's usual look.
    pub(super) looks: Vec<Option<Spanned<form::OwnLook>>>,
}

/// Checks `[[identities]]`.
pub(super) fn identities(
    form: Vec<Spanned<form::Identity>>,
    headers: &HeaderMap,
    key: &Seat,
) -> Result<Identities, Complaint> {
    let mut all = Identities::default();
    for identity in form {
        let span = identity.span();
        let identity = identity.into_inner();
        if all.kinds.iter().any(|kind| kind.name == identity.name) {
            return Err((span, format!("the identity `{}` is named twice", identity.name)));
        }
        let owner = owner(&identity.owner);
        if let Some(other) = all.kinds.iter().find(|kind| kind.owner == owner) {
            let what = format!(
                "a row has one id of each owner, and `{}` and `{}` have the same: leave one out, or describe it in another \
                 file",
                other.name, identity.name
            );
            return Err((span, what));
        }
        let seat = seat(span.clone(), identity.header, identity.path, identity.query, identity.form)?;
        if let Some(taken) = clash(&seat, headers, all.seats.iter().chain([key])) {
            return Err((span, format!("the {taken} is in use already")));
        }
        if identity.returned.is_some() && identity.told.is_some() {
            let what = format!("`returned` says where `{}` is told, too: leave `told` out", identity.name);
            return Err((span, what));
        }
        all.kinds.push(IdentityKind {
            name: identity.name,
            owner,
            format: format(&identity.format),
            creates: identity.creates.unwrap_or(true),
            told: identity.told.or_else(|| identity.returned.clone()),
            returned: identity.returned,
        });
        all.seats.push(seat);
        all.looks.push(identity.look);
    }
    if all.kinds.is_empty() || all.kinds.len() > usize::from(u8::MAX) {
        return Err((0..0, "an API has between one identity and 255".to_owned()));
    }
    lead_home(&all)?;
    Ok(all)
}

/// Whoever is found by a look of its own is called by the API's own id from then on: there must be one.
fn lead_home(all: &Identities) -> Result<(), Complaint> {
    let Some(look) = all.looks.iter().flatten().next() else { return Ok(()) };
    let own = |(kind, look): (&IdentityKind, &Option<_>)| kind.owner == Owner::System && look.is_none();
    if all.kinds.iter().zip(&all.looks).any(own) {
        return Ok(());
    }
    Err((
        look.span(),
        "an identity with a look of its own leads to an identity of the API's own, and there is none".to_owned(),
    ))
}

/// Where something sits: in one place; only `query` and `form` may stand side by side.
pub(super) fn seat(
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

/// What of a seat somebody else sits on. How many a path has room for, the operations tell.
pub(super) fn clash<'a>(
    seat: &Seat,
    headers: &HeaderMap,
    others: impl IntoIterator<Item = &'a Seat>,
) -> Option<String> {
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
