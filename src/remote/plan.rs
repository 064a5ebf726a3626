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
    writing,
};
use crate::{
    domain::{Fields, Id, IdKind, Operation},
    error::{Error, Exit},
};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Headers that reqwest adds to every request: `accept` and `user-agent`.
const ADDED_BY_CLIENT: usize = 2;

/// Ready-made requests that lack only ids and fields. What lacks a parameter besides is not made: it must not be sent.
pub(super) struct Plan {
    look: Option<Template>,
    delete: Option<Template>,
    create: Option<Template>,
    update: Option<Template>,
    remove: Option<Template>,
    /// By kind of identity, where it has a look of its own.
    own_looks: Box<[Option<Template>]>,
    /// Where the ids of the [`IdKind`] of the same number travel.
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
    /// A form's constants are all of its pairs that are the same in every request.
    sends: Sends,
}

impl Plan {
    /// Compiles a description for an address and a key.
    pub(super) fn compile(api: &Description, address: &Address, key: &Key) -> Result<Self, Error> {
        let compile = |endpoint: Option<&Endpoint>| match endpoint {
            Some(endpoint) => Template::compile(api, endpoint, address, key),
            None => Ok(None),
        };
        let of = |operation| compile(api.endpoint(operation));
        let kinds = (0_u8..).map(IdKind).take(api.identities().len());
        Ok(Self {
            look: of(Operation::Look)?,
            delete: of(Operation::Delete)?,
            create: of(Operation::Create)?,
            update: of(Operation::Update)?,
            remove: of(Operation::Remove)?,
            own_looks: kinds.map(|kind| compile(api.own_look(kind))).collect::<Result<_, _>>()?,
            seats: api.seats().into(),
        })
    }

    /// The request of an operation about these ids, whose kinds are the description's own: rows are read by its list. The
    /// first one is who the call is about. `None`: no such request can be made; least of all about nobody.
    pub(super) fn request(
        &self,
        api: &Description,
        operation: Operation,
        ids: &[&Id],
        fields: &Fields,
    ) -> Option<Request> {
        let own_look = |id: &Id| self.own_looks.get(usize::from(id.kind().0))?.as_ref();
        let template = match operation {
            Operation::Look | Operation::Get | Operation::Compare => own_look(ids.first()?).or(self.look.as_ref()),
            Operation::Delete => self.delete.as_ref(),
            Operation::Create => self.create.as_ref(),
            Operation::Update => self.update.as_ref(),
            Operation::Remove => self.remove.as_ref(),
        };
        let seated = ids.iter().map(|id| Some((self.seats.get(usize::from(id.kind().0))?, *id)));
        template.filter(|_| !ids.is_empty())?.fill(api, &seated.collect::<Option<Vec<_>>>()?, fields)
    }
}

impl Template {
    /// `None` where a parameter was not given.
    fn compile(api: &Description, endpoint: &Endpoint, address: &Address, key: &Key) -> Result<Option<Self>, Error> {
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
            sends: endpoint.sends.clone(),
        };
        template.declare_content();
        template.seat_key(&api.key.seat, key);
        for name in &endpoint.parameters {
            let Some(value) = api.given(name) else { return Ok(None) };
            template.add(name, value);
        }
        Ok(Some(template))
    }

    /// A body brings its own content type.
    fn declare_content(&mut self) {
        let declared = match &self.sends {
            Sends::Nothing => return,
            Sends::Form(_) | Sends::FieldsAsForm(_) | Sends::Removals { .. } => FORM,
            Sends::Json(_) | Sends::FieldsAsJson => JSON,
        };
        self.headers.insert(CONTENT_TYPE, declared);
    }

    fn seat_key(&mut self, seat: &Seat, key: &Key) {
        match seat.spot(self.sends.is_form()) {
            Some(Spot::Header(name)) => {
                self.headers.insert(name.clone(), key.header().clone());
            }
            Some(Spot::Query(name)) => append(&mut self.query, name, key.expose()),
            Some(Spot::Form(name)) => self.add(name, key.expose()),
            // The description's check lets no key travel in a path or in a form that is not there.
            Some(Spot::Path) | None => {}
        }
    }

    /// Adds a pair to the form where one is sent, to the query elsewhere.
    fn add(&mut self, name: &str, value: &str) {
        let pairs = match &mut self.sends {
            Sends::Form(pairs) | Sends::FieldsAsForm(pairs) | Sends::Removals { constants: pairs, .. } => pairs,
            Sends::Nothing | Sends::Json(_) | Sends::FieldsAsJson => &mut self.query,
        };
        append(pairs, name, value);
    }

    /// `None` where an id has no place, or the place has no id: a path without its id is another place.
    fn fill(&self, api: &Description, ids: &[(&Seat, &Id)], fields: &Fields) -> Option<Request> {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        // A map that grows with each header is copied each time.
        request.headers_mut().reserve(self.headers.len() + ids.len() + ADDED_BY_CLIENT);
        request.headers_mut().extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        let (mut query, mut form, mut placed) = (self.query.clone(), String::new(), self.around.is_none());
        for (seat, id) in ids {
            match seat.spot(self.sends.is_form())? {
                Spot::Header(name) => {
                    request.headers_mut().insert(name.clone(), value(id));
                }
                Spot::Path => {
                    let (before, after) = self.around.as_ref()?;
                    request.url_mut().set_path(&format!("{before}{}{after}", escaped(id.text())));
                    placed = true;
                }
                Spot::Query(name) => append(&mut query, name, id.text()),
                Spot::Form(name) => append(&mut form, name, id.text()),
            }
        }
        if !query.is_empty() {
            request.url_mut().set_query(Some(&query));
        }
        if matches!(self.sends, Sends::FieldsAsJson | Sends::FieldsAsForm(_)) {
            request.headers_mut().extend(writing::headers(api, fields).map(|(name, value)| (name.clone(), value)));
        }
        *request.body_mut() = self.body(api, &form, fields);
        placed.then_some(request)
    }

    fn body(&self, api: &Description, ids: &str, fields: &Fields) -> Option<Body> {
        let with_ids = |constants: &str| match (constants, ids) {
            ("", pairs) | (pairs, "") => pairs.to_owned(),
            (constants, ids) => format!("{constants}&{ids}"),
        };
        Some(match &self.sends {
            Sends::Nothing => return None,
            Sends::Json(text) => text.clone().into(),
            Sends::FieldsAsJson => writing::json(api, fields).into(),
            Sends::Form(constants) => with_ids(constants).into(),
            Sends::FieldsAsForm(constants) => {
                let mut pairs = with_ids(constants);
                writing::form(api, fields, &mut pairs);
                pairs.into()
            }
            Sends::Removals { name, constants } => {
                let mut pairs = with_ids(constants);
                writing::removals(api, fields, name, &mut pairs);
                pairs.into()
            }
        })
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
            let request = plan.request(&api, Operation::Delete, &[&id], &Fields::default()).unwrap();
            let header = ["adapty-profile-id", "adapty-customer-user-id"][usize::from(kind)];
            prop_assert_eq!(request.headers()[header].as_bytes(), text.as_bytes());
        }
    }
}
