//! A description and a key, compiled: what is the same in every request is made once.
//!
//! Knows neither a row nor a connection: it makes requests, and sends none.

use reqwest::{
    Body, Method, Request, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};

use super::{
    address::Address,
    description::{Description, Endpoint, Sends},
    key::Key,
    seat::{PLACEHOLDER, Seat, Spot, append, escaped},
};
use crate::{
    domain::{Id, Operation},
    error::{Error, Exit},
};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Ready-made requests that lack only an id.
pub(super) struct Plan {
    delete: Template,
    look: Template,
    /// Where the ids of the [`crate::domain::IdKind`] of the same number travel.
    seats: Box<[Seat]>,
}

struct Template {
    method: Method,
    /// Without a query; the id's place in its path is empty.
    url: Url,
    /// What stands before and after the id in the URL's path, where it travels there.
    around: Option<(String, String)>,
    headers: HeaderMap,
    /// The pairs of the query that are the same in every request.
    query: String,
    content: Content,
}

/// A request's body.
enum Content {
    Nothing,
    /// Its pairs that are the same in every request.
    Form(String),
    Json(String),
}

impl Plan {
    /// Compiles a description for an address and a key.
    pub(super) fn compile(api: &Description, address: &Address, key: &Key) -> Result<Self, Error> {
        let template = |operation| Template::compile(api, api.endpoint(operation), address, key);
        Ok(Self { delete: template(Operation::Delete)?, look: template(Operation::Look)?, seats: api.seats().into() })
    }

    /// The request of an operation about an id, whose kind is one of the description's own: rows are read by its list.
    pub(super) fn request(&self, operation: Operation, id: &Id) -> Request {
        let template = match operation {
            Operation::Delete => &self.delete,
            Operation::Look
            | Operation::Get
            | Operation::Create
            | Operation::Update
            | Operation::Remove
            | Operation::Compare => &self.look,
        };
        template.fill(&self.seats[usize::from(id.kind().0)], id)
    }
}

impl Template {
    fn compile(api: &Description, endpoint: &Endpoint, address: &Address, key: &Key) -> Result<Self, Error> {
        let (before, after) = endpoint.path.split_once(PLACEHOLDER).unwrap_or((&endpoint.path, ""));
        let url = address.join(&format!("{before}{after}")).map_err(|fault| Error::new(Exit::Config, fault))?;
        let around = endpoint.path.contains(PLACEHOLDER).then(|| {
            let path = url.path();
            (path[..path.len() - after.len()].to_owned(), after.to_owned())
        });
        let mut template = Self {
            method: endpoint.method.clone(),
            url,
            around,
            headers: api.headers.clone(),
            query: String::new(),
            content: match &endpoint.sends {
                Sends::Nothing => Content::Nothing,
                Sends::Form(constants) => Content::Form(constants.clone()),
                Sends::Json(text) => Content::Json(text.clone()),
            },
        };
        template.declare_content();
        template.seat_key(&api.key.seat, key);
        Ok(template)
    }

    /// A body brings its own content type.
    fn declare_content(&mut self) {
        let declared = match &self.content {
            Content::Nothing => None,
            Content::Form(_) => Some(FORM),
            Content::Json(_) => Some(JSON),
        };
        if let Some(declared) = declared {
            self.headers.insert(CONTENT_TYPE, declared);
        }
    }

    fn seat_key(&mut self, seat: &Seat, key: &Key) {
        match (seat.spot(self.is_form()), &mut self.content) {
            (Some(Spot::Header(name)), _) => {
                self.headers.insert(name.clone(), key.header().clone());
            }
            (Some(Spot::Query(name)), _) => append(&mut self.query, name, key.expose()),
            (Some(Spot::Form(name)), Content::Form(pairs)) => append(pairs, name, key.expose()),
            // The description's check lets no key travel in a path or in a form that is not there.
            (Some(Spot::Form(_)), Content::Nothing | Content::Json(_)) | (Some(Spot::Path) | None, _) => {}
        }
    }

    fn is_form(&self) -> bool {
        matches!(self.content, Content::Form(_))
    }

    fn fill(&self, seat: &Seat, id: &Id) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        let (mut query, mut form) = (self.query.clone(), String::new());
        match (seat.spot(self.is_form()), &self.around) {
            (Some(Spot::Header(name)), _) => {
                request.headers_mut().insert(name.clone(), value(id));
            }
            (Some(Spot::Path), Some((before, after))) => {
                request.url_mut().set_path(&format!("{before}{}{after}", escaped(id.text())));
            }
            (Some(Spot::Query(name)), _) => append(&mut query, name, id.text()),
            (Some(Spot::Form(name)), _) => append(&mut form, name, id.text()),
            // The description's check gives every identity its place in every operation.
            (Some(Spot::Path), None) | (None, _) => {}
        }
        if !query.is_empty() {
            request.url_mut().set_query(Some(&query));
        }
        *request.body_mut() = self.content.body(form);
        request
    }
}

impl Content {
    fn body(&self, id: String) -> Option<Body> {
        match self {
            Self::Nothing => None,
            Self::Form(constants) if constants.is_empty() => Some(id.into()),
            Self::Form(constants) if id.is_empty() => Some(constants.clone().into()),
            Self::Form(constants) => Some(format!("{constants}&{id}").into()),
            Self::Json(text) => Some(text.clone().into()),
        }
    }
}

/// The id's UTF-8 bytes as they are: visible ASCII as itself, the rest as the octets that RFC 9110 calls obs-text.
#[expect(clippy::expect_used, reason = "a header value is refused only for bytes that no `Id` has")]
fn value(id: &Id) -> HeaderValue {
    // `HeaderValue` takes every byte but the controls 0x00-0x1F (tab apart) and 0x7F. In UTF-8 these bytes stand only
    // for U+0000-U+001F and U+007F, and `Id::parse` refuses every control character.
    HeaderValue::from_bytes(id.text().as_bytes()).expect("an id has no control character")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::IdKind,
        remote::{ApiName, KeySource},
    };

    proptest! {
        /// The promise that `value` rests on.
        #[test]
        fn every_id_can_travel(text in any::<String>(), kind in 0_u8..2) {
            let Ok(id) = Id::parse(IdKind(kind), &text) else { return Ok(()) };
            let api = Description::load(&ApiName::Embedded("adapty".to_owned())).unwrap();
            let key = Key::read(&KeySource::Given("key".into()), &api.key).unwrap();
            let plan = Plan::compile(&api, &api.address(None).unwrap(), &key).unwrap();
            let request = plan.request(Operation::Delete, &id);
            let header = ["adapty-profile-id", "adapty-customer-user-id"][usize::from(kind)];
            prop_assert_eq!(request.headers()[header].as_bytes(), text.as_bytes());
        }
    }
}
