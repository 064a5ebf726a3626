//! What every part is made of: a request as it arrived, what it orders, and what goes back.

use std::borrow::Cow;

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, HeaderName, USER_AGENT},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::world::{Kind, World};

/// A request as it arrived.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl<'a> Asked<'a> {
    /// Who says to have sent it.
    pub(super) fn user_agent(&self) -> Option<&'a str> {
        self.headers.get(USER_AGENT).and_then(|value| value.to_str().ok())
    }

    /// Whether its body says to be of a media type.
    pub(super) fn is(&self, wanted: &str) -> bool {
        self.headers.get(CONTENT_TYPE).is_some_and(|value| {
            let media_type = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            media_type.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
        })
    }

    /// The JSON object that it sends, if it is one.
    pub(super) fn object(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(self.body).ok()
    }

    /// Its form's pairs; empty when it sends none.
    pub(super) fn form(&self) -> &'a str {
        let is_form = self.is("application/x-www-form-urlencoded");
        std::str::from_utf8(self.body).ok().filter(|_| is_form).unwrap_or_default()
    }
}

/// The pairs of `a=1&b=2`, those that cannot be read left out.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let read = |text: &str| decoded(&text.replace('+', " "));
    text.split('&').filter(|pair| !pair.is_empty()).filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((read(key)?, read(value)?))
    })
}

/// The values of a field in `a=1&b=2`, those that cannot be read left out.
pub(super) fn values<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    pairs(text).filter(move |(key, _)| key == name).map(|(_, value)| value)
}

/// The names of an object's fields, those of an object within it after its own.
pub(super) fn names(object: &Map<String, Value>) -> Vec<String> {
    let of = |(name, value): (&String, &Value)| match value {
        Value::Object(inner) if !inner.is_empty() => inner.keys().map(|key| format!("{name}.{key}")).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            vec![name.clone()]
        }
    };
    object.iter().flat_map(of).collect()
}

/// A text without its `%XX`; none when that is no text.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// What a request says about the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Key {
    /// The one key.
    Right,
    /// Another one, or one that travels in another way.
    Wrong,
    /// There is none.
    Missing,
}

impl Key {
    /// What was sent, held against the one key.
    pub(super) fn of(sent: Option<&str>, right: &str) -> Self {
        match sent {
            None => Self::Missing,
            Some(sent) if sent == right => Self::Right,
            Some(_) => Self::Wrong,
        }
    }
}

/// What a request asks for, ready to be carried out.
pub(super) type Deed<'a> = Box<dyn FnOnce(&mut World) -> Answer + 'a>;

/// The one id that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) kind: Kind,
    /// What the journal calls this kind.
    pub(super) word: Cow<'a, str>,
    pub(super) id: Cow<'a, str>,
}

/// What a request says of itself.
#[derive(Debug)]
pub(super) struct Heading<'a> {
    pub(super) key: Key,
    /// Whom it names, if that is clear.
    pub(super) named: Option<Named<'a>>,
    /// The names of the fields that it brings, without their values.
    pub(super) fields: Vec<String>,
}

/// What a part makes of a request.
pub(super) struct Scene<'a> {
    pub(super) heading: Heading<'a>,
    /// What it asks for, or the answer that it gets instead.
    pub(super) deed: Result<Deed<'a>, Answer>,
}

/// An API to be played: a pure function of what a request says and who exists.
pub(super) trait Role {
    /// What a request says.
    fn read<'a>(&'a self, asked: &Asked<'a>) -> Scene<'a>;
    /// 500 in the API's own shape.
    fn trouble(&self) -> Answer;
    /// 400 in the API's own shape.
    fn refusal(&self) -> Answer;
    /// The header that names the API's own answers.
    fn mark(&self) -> Option<HeaderName>;
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    /// In whole seconds.
    pub(super) retry_after: Option<u64>,
    /// Whether the request made, changed or removed a profile.
    pub(super) applied: bool,
}

/// The answer's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// None at all.
    Empty,
    /// JSON.
    Json(Bytes),
    /// A page for people.
    Html(&'static str),
}

impl Answer {
    const fn new(status: StatusCode, content: Content) -> Self {
        Self { status, content, retry_after: None, applied: false }
    }

    /// A page that does not carry the API's shape.
    pub(super) const fn page(status: StatusCode, html: &'static str) -> Self {
        Self::new(status, Content::Html(html))
    }

    /// JSON with any status.
    pub(super) const fn json(status: StatusCode, body: Bytes) -> Self {
        Self::new(status, Content::Json(body))
    }

    /// A status and nothing else.
    pub(super) const fn empty(status: StatusCode) -> Self {
        Self::new(status, Content::Empty)
    }

    /// The same, of a request that did or did not make, change or remove a profile.
    pub(super) fn applied(self, applied: bool) -> Self {
        Self { applied, ..self }
    }

    /// No such path.
    pub(super) const fn no_route() -> Self {
        Self::page(StatusCode::NOT_FOUND, NOT_FOUND_PAGE)
    }

    /// No such method there.
    pub(super) const fn no_method() -> Self {
        Self::page(StatusCode::METHOD_NOT_ALLOWED, NOT_ALLOWED_PAGE)
    }
}

/// A value as an answer's body.
pub(super) fn json(value: &impl Serialize) -> Bytes {
    #[expect(clippy::expect_used, reason = "texts, numbers and lists of them always serialize into memory")]
    let bytes = serde_json::to_vec(value).expect("plain values serialize");
    bytes.into()
}

const NOT_FOUND_PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head><title>Not Found</title></head>\n\
    <body><h1>Not Found</h1><p>The requested resource was not found on this server.</p></body>\n</html>\n";

const NOT_ALLOWED_PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head><title>405 Method Not Allowed</title></head>\n\
    <body><h1>Method Not Allowed</h1></body>\n</html>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_or_refused() {
        assert_eq!(decoded("a%2Fb%20c%C3%A9+").as_deref(), Some("a/b cé+"));
        for broken in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
    }

    #[test]
    fn fields_are_found_by_their_name() {
        let all = |name| values("a=1&b=x+y%26&a=%32&c", name).collect::<Vec<_>>();
        assert_eq!((all("a"), all("b")), (vec!["1".to_owned(), "2".to_owned()], vec!["x y&".to_owned()]));
        assert_eq!((all("c"), all("d")), (vec![String::new()], vec![]));
    }
}
