//! A description and a key, compiled: what is the same in every request is made once.
//!
//! Knows neither a row nor a connection: it makes requests, and sends none.

use reqwest::{
    Method, Request, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use super::{
    address::Address,
    description::{Description, Endpoint},
    key::Key,
};
use crate::{
    domain::{Id, Operation},
    error::{Error, Exit},
};

/// Ready-made requests that lack only an id.
pub(super) struct Plan {
    delete: Template,
    look: Template,
    /// Which header carries the ids of the [`crate::domain::IdKind`] of the same number.
    id_headers: Box<[HeaderName]>,
}

struct Template {
    method: Method,
    url: Url,
    headers: HeaderMap,
}

impl Plan {
    /// Compiles a description for an address and a key.
    pub(super) fn compile(api: &Description, address: &Address, key: &Key) -> Result<Self, Error> {
        let mut headers = api.headers.clone();
        headers.insert(api.key.header.clone(), key.header().clone());
        let template = |endpoint: &Endpoint| {
            let url = address.join(&endpoint.path).map_err(|fault| Error::new(Exit::Config, fault))?;
            Ok(Template { method: endpoint.method.clone(), url, headers: headers.clone() })
        };
        Ok(Self {
            delete: template(api.endpoint(Operation::Delete))?,
            look: template(api.endpoint(Operation::Look))?,
            id_headers: api.identity_headers.clone().into_boxed_slice(),
        })
    }

    /// The request of an operation about an id, whose kind is one of the description's own: rows are read by its list.
    pub(super) fn request(&self, operation: Operation, id: &Id) -> Request {
        let template = match operation {
            Operation::Delete => &self.delete,
            Operation::Look | Operation::Get => &self.look,
        };
        let header = &self.id_headers[usize::from(id.kind().0)];
        let mut request = Request::new(template.method.clone(), template.url.clone());
        let mut headers = template.headers.clone();
        headers.insert(header.clone(), value(id));
        *request.headers_mut() = headers;
        request
    }

    /// From now on another key.
    pub(super) fn rekey(&mut self, header: &HeaderName, key: &Key) {
        for template in [&mut self.delete, &mut self.look] {
            template.headers.insert(header.clone(), key.header().clone());
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
