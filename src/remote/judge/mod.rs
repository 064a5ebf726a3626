//! What an answer means: a pure function from an answer to one of the five words.
//!
//! Promises: only an answer in the API's own shape settles a row (`Done`, `Next`, `Refused`); everything else is about
//! the run or passes. It does not know how the answer came, and keeps nothing.

mod compare;

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, HeaderName, RETRY_AFTER},
};

use super::{
    body::{self, ErrorBody, There},
    description::{Description, Shape},
    field::FieldPath,
    retry_after,
};
use crate::domain::{
    Blame, Call, Evidence, Fact, Fields, Id, IdFormat, IdKind, Identity, Moment, Operation, Reply, Slot, Suspicion,
    Word, say_quoted,
};

/// An answer, as far as it was read.
pub(super) struct Answer<'a> {
    /// Its status.
    pub(super) status: StatusCode,
    /// Its headers.
    pub(super) headers: &'a HeaderMap,
    /// Its body up to [`body::most`] bytes.
    pub(super) body: &'a [u8],
    /// Whether the body was cut short on the way (not by that bound).
    pub(super) cut: bool,
}

/// What was asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The call.
    pub(super) call: Call,
    /// About whom.
    pub(super) identity: &'a Identity,
    /// What the row wants of the profile.
    pub(super) fields: &'a Fields,
}

impl<'a> Asked<'a> {
    /// The id that the call names; a fallback that is not there cannot be called for, so the primary id stands in.
    pub(super) fn addressee(self) -> &'a Id {
        match self.call.slot {
            Slot::Primary => self.identity.primary(),
            Slot::Fallback => self.identity.fallback().unwrap_or_else(|| self.identity.primary()),
        }
    }
}

/// What an answer to a call means. `now` is asked only for a `Retry-After` date in an answer without `Date`.
pub(super) fn judge(api: &Description, asked: Asked<'_>, answer: &Answer<'_>, now: impl FnOnce() -> Moment) -> Reply {
    let mut evidence = Evidence {
        status: Some(answer.status.as_u16()),
        request_id: first_text(answer.headers, &api.request_id),
        ..Evidence::default()
    };
    let mut word = if answer.status.is_success() {
        success(api, asked, answer, &mut evidence)
    } else {
        failure(api, asked, answer, now, &mut evidence)
    };
    let mut resolved = None;
    if matches!(word, Word::Done(Fact::Found | Fact::Same)) && api.own_look(asked.addressee().kind()).is_some() {
        resolved = evidence.remote_id.as_deref().and_then(|text| own_id(api, text));
        if resolved.is_none() {
            word = Word::Suspect(Suspicion::Unsigned);
            // Nobody can say whose it is.
            evidence.profile = None;
        }
    }
    if matches!(word, Word::Done(_) | Word::Next(_)) && answer.status.is_success() {
        evidence.names = names(api, asked.call.operation, answer, evidence.remote_id.as_deref());
    }
    Reply { lost: is_lost(answer), word, evidence, resolved }
}

/// By which ids the profile is known that the answer is about, as far as it tells: where it shows the profile just as a look
/// does, by all of them.
fn names(api: &Description, operation: Operation, answer: &Answer<'_>, remote_id: Option<&str>) -> Vec<Id> {
    let own = remote_id.and_then(|text| own_id(api, text));
    let shown = |operation: Operation| match api.endpoint(operation).map(|endpoint| &endpoint.shape) {
        Some(Shape::Json { remote_id: Some(at), .. }) => Some(at),
        Some(Shape::Json { remote_id: None, .. } | Shape::Empty | Shape::Any) | None => None,
    };
    if shown(operation).is_none() || shown(operation) != shown(Operation::Look) {
        return own.into_iter().collect();
    }
    let (kinds, paths): (Vec<_>, Vec<_>) = (0_u8..)
        .map(IdKind)
        .zip(api.identities())
        .filter_map(|(kind, identity)| Some(((kind, identity.format), identity.told.as_ref()?)))
        .unzip();
    let told = body::find(answer.body, &paths).unwrap_or_default();
    let told = kinds.into_iter().zip(told).filter_map(|((kind, format), there)| match there {
        There::Text(text) => id_of(kind, format, &text),
        There::Nothing | There::Something => None,
    });
    own.into_iter().chain(told).collect()
}

/// The API's own id, as an answer told it.
fn own_id(api: &Description, text: &str) -> Option<Id> {
    let (kind, format) = api.own_kind()?;
    id_of(kind, format, text)
}

/// A text that was cut is another id, or none.
fn id_of(kind: IdKind, format: IdFormat, text: &str) -> Option<Id> {
    let whole = text.len() < body::MAX_TEXT - char::MAX.len_utf8();
    Id::parse(kind, text).and_then(|id| format.take(id)).ok().filter(|_| whole)
}

/// Whoever had trouble of his own, or stood in between and waited, does not say whether the request was applied: as little
/// as an answer that broke off. (RFC 9110, section 15.6; 408 and 52x are gateways' words, too.)
fn is_lost(answer: &Answer<'_>) -> bool {
    answer.cut || answer.status.is_server_error() || answer.status == StatusCode::REQUEST_TIMEOUT
}

fn success(api: &Description, asked: Asked<'_>, answer: &Answer<'_>, evidence: &mut Evidence) -> Word {
    let operation = asked.call.operation;
    if answer.cut {
        return Word::Again { after: None, blame: Blame::Row };
    }
    // What has no call was not sent, and has no answer.
    let Some(endpoint) = api.endpoint(operation) else { return Word::Suspect(Suspicion::Unsigned) };
    if answer.status != endpoint.status {
        return Word::Suspect(Suspicion::Unsigned);
    }
    match &endpoint.shape {
        Shape::Empty if answer.body.is_empty() => reached(api, asked),
        Shape::Empty => Word::Suspect(Suspicion::Unsigned),
        Shape::Json { remote_id, app, fields, profile } => {
            if recognised(answer.body, remote_id.as_ref(), app.as_ref(), fields, evidence) && bears(api, asked, answer)
            {
                found(api, asked, answer, profile.as_ref(), evidence)
            } else {
                // Whoever it is about is not the row's.
                evidence.remote_id = None;
                Word::Suspect(Suspicion::Unsigned)
            }
        }
        Shape::Any => reached(api, asked),
    }
}

/// The call did what it was for; an update may have left something that another call takes away.
fn reached(api: &Description, asked: Asked<'_>) -> Word {
    let Call { operation, slot } = asked.call;
    if operation == Operation::Update && asked.fields.iter().any(|setting| api.is_removal(setting)) {
        return Word::Next(Call { operation: Operation::Remove, slot });
    }
    Word::Done(goal(operation))
}

/// A profile in the API's own shape.
fn found(
    api: &Description,
    asked: Asked<'_>,
    answer: &Answer<'_>,
    profile: Option<&FieldPath>,
    evidence: &mut Evidence,
) -> Word {
    match asked.call.operation {
        Operation::Get => keep(answer, profile, evidence),
        Operation::Compare if compare::is_same(api, asked.fields, answer.body, profile) => Word::Done(Fact::Same),
        Operation::Compare => {
            evidence.message = compare::untold(api, asked.fields);
            reached(api, asked)
        }
        Operation::Look | Operation::Delete | Operation::Create | Operation::Update | Operation::Remove => {
            reached(api, asked)
        }
    }
}

/// A profile that was to be kept. One that is too long for that is not taken for read: a cut one would be a made-up fact.
fn keep(answer: &Answer<'_>, profile: Option<&FieldPath>, evidence: &mut Evidence) -> Word {
    if answer.body.len() >= body::MAX_PROFILE {
        evidence.message = Some(format!("the profile is too long to be kept: {} bytes or more", body::MAX_PROFILE));
        return Word::Again { after: None, blame: Blame::Row };
    }
    evidence.profile = body::value(answer.body, profile);
    if evidence.profile.is_some() { Word::Done(Fact::Found) } else { Word::Suspect(Suspicion::Unsigned) }
}

/// Whether the body has all that the API's own has; notes the texts that say who it is about.
fn recognised(
    body: &[u8],
    remote_id: Option<&FieldPath>,
    app: Option<&FieldPath>,
    fields: &[FieldPath],
    evidence: &mut Evidence,
) -> bool {
    let texts = [remote_id, app];
    let paths: Vec<&FieldPath> = texts.into_iter().flatten().chain(fields).collect();
    let Some(found) = body::find(body, &paths) else { return false };
    let mut found = found.into_iter();
    let mut whole = true;
    for (path, into) in texts.into_iter().zip([&mut evidence.remote_id, &mut evidence.app]) {
        if path.is_some() {
            *into = match found.next() {
                Some(There::Text(text)) => Some(text),
                Some(There::Nothing | There::Something) | None => None,
            };
            whole &= into.is_some();
        }
    }
    // It is shown to whoever is asked.
    evidence.app = evidence.app.take().map(|app| say_quoted(&app).into_owned());
    whole && found.all(|there| there != There::Nothing)
}

/// Whether what was found by an id bears that id, where the API says so: a cache that does not heed how an id travels
/// gives everybody the same profile.
fn bears(api: &Description, asked: Asked<'_>, answer: &Answer<'_>) -> bool {
    let id = asked.addressee();
    let kind = api.identities().get(usize::from(id.kind().0));
    let Some((path, format)) = kind.and_then(|kind| Some((kind.returned.as_ref()?, kind.format))) else { return true };
    let is_look = matches!(asked.call.operation, Operation::Look | Operation::Get | Operation::Compare);
    let there = is_look.then(|| body::find(answer.body, &[path]).and_then(|mut found| found.pop()));
    match (there, format) {
        (None, _) => true,
        (Some(Some(There::Text(text))), IdFormat::Any) => text == body::bounded(id.text().to_owned()),
        (Some(Some(There::Text(text))), IdFormat::Hex24 | IdFormat::Uuid) => text.eq_ignore_ascii_case(id.text()),
        (Some(Some(There::Nothing | There::Something) | None), _) => false,
    }
}

const fn goal(operation: Operation) -> Fact {
    match operation {
        Operation::Delete => Fact::Deleted,
        Operation::Create => Fact::Created,
        Operation::Update | Operation::Remove => Fact::Updated,
        Operation::Look | Operation::Get | Operation::Compare => Fact::Found,
    }
}

fn failure(
    api: &Description,
    asked: Asked<'_>,
    answer: &Answer<'_>,
    now: impl FnOnce() -> Moment,
    evidence: &mut Evidence,
) -> Word {
    let rules = api.errors();
    let error = ErrorBody::read(rules, answer.body).unwrap_or_default();
    let is_among = |codes: &[String]| error.code.as_ref().is_some_and(|code| codes.contains(code));
    let (gone, about_the_key) = (is_among(&rules.not_found), is_among(&rules.credential_codes));
    let (about_a_right, about_parameters) = (is_among(&rules.right_codes), is_among(&rules.parameter_codes));
    let creates = asked.call.operation == Operation::Create;
    let taken = creates && is_among(&rules.exists);
    let signed = error.code.is_some();
    evidence.code = error.code;
    evidence.message = error.message;
    match by_head(api, answer, now) {
        // Its status is often that of a wrong key.
        _ if answer.status.is_client_error() && about_a_right => Word::Suspect(Suspicion::Right),
        Some(word) => word,
        None if answer.status.is_client_error() && about_the_key => Word::Suspect(Suspicion::Credentials),
        None if answer.status.is_client_error() && about_parameters => Word::Suspect(Suspicion::Parameters),
        None if answer.cut => Word::Again { after: None, blame: Blame::Row },
        None if taken && answer.status.is_client_error() => Word::Done(Fact::Taken(name(api, asked))),
        // What is to be made cannot be missed: something else is, and the API will not take the row.
        None if gone && !creates && answer.status == StatusCode::NOT_FOUND => absent(api, asked),
        None if signed && answer.status.is_client_error() => Word::Refused,
        None => Word::Suspect(Suspicion::Unsigned),
    }
}

/// Which of the row's ids a creation goes by: an id that only the API gives out takes no part in one.
fn name(api: &Description, asked: Asked<'_>) -> Slot {
    let (called, other) = match asked.call.slot {
        Slot::Primary => (asked.identity.primary(), Slot::Fallback),
        Slot::Fallback => (asked.addressee(), Slot::Primary),
    };
    if asked.identity.fallback().is_none() || api.creates_by(called) { asked.call.slot } else { other }
}

/// What the status alone decides, whoever wrote the body.
fn by_head(api: &Description, answer: &Answer<'_>, now: impl FnOnce() -> Moment) -> Option<Word> {
    let status = answer.status;
    if api.errors().credentials.contains(&status) {
        return Some(Word::Suspect(Suspicion::Credentials));
    }
    if status.is_redirection() {
        return Some(Word::Suspect(Suspicion::Redirect));
    }
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => Some(Word::Suspect(Suspicion::Proxy)),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Some(again(status, wait(answer.headers, now)))
        }
        _ if status.is_server_error() => Some(again(status, wait(answer.headers, now))),
        _ => None,
    }
}

fn again(status: StatusCode, after: Option<Duration>) -> Word {
    let asked = status == StatusCode::SERVICE_UNAVAILABLE && after.is_some();
    let blame = if asked || status == StatusCode::TOO_MANY_REQUESTS { Blame::Never } else { Blame::Row };
    Word::Again { after, blame }
}

/// There is no profile by this id: the other one is next, if there is another one. By a name it must be found before
/// anything can be done to it.
fn absent(api: &Description, asked: Asked<'_>) -> Word {
    let operation = asked.call.operation;
    let next = match (asked.call.slot, asked.identity.fallback()) {
        (Slot::Primary, Some(other)) if operation.changes() && api.own_look(other.kind()).is_some() => Operation::Look,
        (Slot::Primary, Some(_)) => operation,
        (Slot::Primary, None) | (Slot::Fallback, _) => return Word::Done(Fact::Absent),
    };
    Word::Next(Call { operation: next, slot: Slot::Fallback })
}

fn wait(headers: &HeaderMap, now: impl FnOnce() -> Moment) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    retry_after::wait(text(RETRY_AFTER)?, text(DATE), now)
}

fn first_text(headers: &HeaderMap, names: &[HeaderName]) -> Option<String> {
    let value = names.iter().find_map(|name| headers.get(name))?;
    value.to_str().ok().map(|text| body::bounded(text.to_owned()))
}

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod crafter_tests;
#[cfg(test)]
mod tests;
