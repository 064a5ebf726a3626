//! What answers say: whatever comes, a row is settled only by what the API's description calls the API's own, and no text
//! is longer than its bound.
//!
//! The first byte: whose answer. The second: bits 0 to 2 the operation, 3 about the other id, 4 of a row with two ids, 5 the
//! body broke off, 6 one id of the second kind, 7 a row with fields. The third and the fourth, little end first: the status.
//! Then headers as in HTTP, an empty line, and the body.

use std::{fmt, sync::LazyLock};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value as Json, value::RawValue};
use tollgate::{
    domain::{Call, Fact, Fields, Id, IdKind, Identity, Moment, Operation, Reply, Setting, Slot, Value, Word},
    remote::{Description, FieldPath, Shape, Written},
};

/// The most bytes of a text that an answer may leave behind.
const MOST: usize = 1024;
/// A body of so many bytes is not read to its end, and needs none.
const BODY: usize = 64 * 1024;
/// Of so many bytes a profile is not kept.
const PROFILE: usize = 1024 * 1024;

const OPERATIONS: [Operation; 7] = [
    Operation::Delete,
    Operation::Look,
    Operation::Get,
    Operation::Compare,
    Operation::Create,
    Operation::Update,
    Operation::Remove,
];

static APIS: LazyLock<[Description; 3]> = LazyLock::new(|| {
    let parsed = |text: &str| Description::parse("it", text).expect("a fixture");
    let embedded = |name: &str| parsed(Description::text(name).expect("a built-in one"));
    [embedded("adapty"), embedded("crafter"), parsed(include_str!("../../fixtures/api/rest.toml"))]
});

/// The target.
pub fn check(data: &[u8]) {
    let Some((&[whose, how, low, high], rest)) = data.split_first_chunk() else { return };
    let api = &APIS[usize::from(whose) % APIS.len()];
    let has = |bit: u8| how >> bit & 1 == 1;
    let slot = if has(3) { Slot::Fallback } else { Slot::Primary };
    let call = Call { operation: OPERATIONS[usize::from(how & 7) % OPERATIONS.len()], slot };
    let identity = if has(4) { Identity::two(id(0), id(1)) } else { Identity::one(id(u8::from(has(6)))) };
    let fields = if has(7) { fields(api) } else { Fields::default() };
    let (headers, body) = parted(rest);
    let status = u16::from_le_bytes([low, high]);
    let answer = Written { status, headers: &headers, body, cut: has(5), now: Moment::from_millis(0) };
    if let Some(reply) = api.judge(call, &identity, &fields, &answer) {
        Came { api, call, identity: &identity, fields: &fields, answer: &answer }.holds(&reply);
    }
}

/// As the API's own look at one.
fn id(kind: u8) -> Id {
    Id::parse(IdKind(kind), "507f1f77bcf86cd799439011").expect("an id")
}

/// One to be compared, and nulls that some APIs can only take away.
fn fields(api: &Description) -> Fields {
    let wanted = [
        ("custom_attributes.sport", Value::Text("yoga".into())),
        ("email", Value::Text("joe@example.com".into())),
        ("attributes.gone", Value::Null),
        ("settings.gone", Value::Null),
    ];
    let setting =
        |(name, value): (&str, Value)| api.schema().find(name).map(|field| Setting { name: name.into(), field, value });
    Fields::new(wanted.into_iter().filter_map(setting).collect())
}

type Header<'a> = (&'a [u8], &'a [u8]);

fn parted(mut rest: &[u8]) -> (Vec<Header<'_>>, &[u8]) {
    let mut headers = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { break };
        headers.push((&line[..colon], line[colon + 1..].trim_ascii()));
    }
    (headers, rest)
}

/// An answer to a call.
struct Came<'a> {
    api: &'a Description,
    call: Call,
    identity: &'a Identity,
    fields: &'a Fields,
    answer: &'a Written<'a>,
}

impl Came<'_> {
    fn holds(&self, reply: &Reply) {
        self.texts_are_bounded(reply);
        let told = || format!("{:?} {} {reply:?}", self.call, self.answer.status);
        assert!(!(self.answer.cut && (reply.is_definitive() || !reply.lost)), "it broke off: {}", told());
        let code = self.code();
        match &reply.word {
            Word::Done(fact) => assert!(self.may_be(*fact, code.as_deref()), "{}", told()),
            Word::Next(next) => assert!(self.may_lead_to(*next, code.as_deref()), "{}", told()),
            Word::Refused => {
                let status = self.answer.status;
                let passing =
                    [407, 408, 425, 429].contains(&status) || self.api.errors().credentials().any(|it| it == status);
                assert!(self.is_refusal() && code.is_some() && !passing, "{}", told());
            }
            Word::Again { after, .. } => {
                let asked = self.answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"retry-after"));
                assert!(after.is_none() || asked, "nobody asked for a pause: {}", told());
            }
            Word::Suspect(_) => {}
        }
        if let Some(id) = &reply.resolved {
            let found = matches!(reply.word, Word::Done(Fact::Found | Fact::Same));
            assert!(
                found && id.kind() == IdKind(0) && Some(id.text()) == reply.evidence.remote_id.as_deref(),
                "{}",
                told()
            );
        }
    }

    fn texts_are_bounded(&self, reply: &Reply) {
        let said = &reply.evidence;
        assert_eq!(said.status, Some(self.answer.status));
        for text in [&said.code, &said.message, &said.request_id, &said.remote_id, &said.app].into_iter().flatten() {
            assert!(text.len() <= MOST, "{} bytes of text", text.len());
        }
        if let Some(profile) = &said.profile {
            assert_eq!((self.call.operation, &reply.word), (Operation::Get, &Word::Done(Fact::Found)));
            assert!(profile.len() < PROFILE && !profile.contains(['\r', '\n']), "one line of a file");
            assert!(serde_json::from_str::<IgnoredAny>(profile).is_ok(), "it is JSON: {profile}");
        }
    }

    fn may_be(&self, fact: Fact, code: Option<&str>) -> bool {
        let operation = self.call.operation;
        let rules = self.api.errors();
        let is_code = |codes: &[String]| code.is_some_and(|code| codes.iter().any(|known| known == code));
        match fact {
            Fact::Deleted => operation == Operation::Delete && self.is_success(),
            Fact::Created => operation == Operation::Create && self.is_success(),
            Fact::Updated => matches!(operation, Operation::Update | Operation::Remove) && self.is_success(),
            Fact::Found => {
                matches!(operation, Operation::Look | Operation::Get | Operation::Compare) && self.is_success()
            }
            Fact::Same => operation == Operation::Compare && self.is_success(),
            Fact::Absent => operation != Operation::Create && self.answer.status == 404 && is_code(&rules.not_found),
            Fact::Taken(_) => operation == Operation::Create && self.is_refusal() && is_code(&rules.exists),
        }
    }

    fn may_lead_to(&self, next: Call, code: Option<&str>) -> bool {
        if next == (Call { operation: Operation::Remove, ..self.call }) && self.call.operation == Operation::Update {
            let nulls = self.fields.iter().any(|setting| setting.value == Value::Null);
            return nulls && self.is_success();
        }
        let other =
            self.identity.fallback().is_some() && (self.call.slot, next.slot) == (Slot::Primary, Slot::Fallback);
        let same = next.operation == self.call.operation || next.operation == Operation::Look;
        other && same && self.may_be(Fact::Absent, code)
    }

    fn is_refusal(&self) -> bool {
        (400..500).contains(&self.answer.status)
    }

    /// Whether it is what the description calls a success, and all of it came.
    fn is_success(&self) -> bool {
        let Some(endpoint) = self.api.endpoint(self.call.operation) else { return false };
        let body = self.answer.body;
        self.answer.status == endpoint.status()
            && match &endpoint.shape {
                Shape::Empty => body.is_empty(),
                Shape::Json { remote_id, app, fields, profile: _ } => {
                    let mut paths = remote_id.iter().chain(app).chain(fields);
                    // What is passed over may hold bytes that are no text.
                    let text = String::from_utf8_lossy(body);
                    body.len() >= BODY || paths.all(|path| stands(&text, path.keys()))
                }
                Shape::Any => true,
            }
    }

    /// The code of the API's own error body.
    fn code(&self) -> Option<String> {
        let body: Json = serde_json::from_slice(self.answer.body).ok()?;
        let at = |path: &FieldPath| path.keys().iter().try_fold(&body, |json, key| json.get(&**key));
        let bodies = self.api.errors().bodies.iter();
        let mut signed = bodies.filter(|rules| rules.signature.iter().all(|path| at(path).is_some()));
        signed.find_map(|rules| at(rules.code.as_ref()?)?.as_str()).map(str::to_owned)
    }
}

/// Whether something stands there, in one at least of several objects of one name.
fn stands(json: &str, keys: &[Box<str>]) -> bool {
    let Some((first, rest)) = keys.split_first() else { return json != "null" };
    let Ok(Pairs(pairs)) = serde_json::from_str(json) else { return false };
    pairs.iter().any(|(key, value)| **key == **first && stands(value.get(), rest))
}

/// An object with all its pairs, the repeated ones too.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Pairs<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(pair) = map.next_entry()? {
            self.0.push(pair);
        }
        Ok(self)
    }
}
