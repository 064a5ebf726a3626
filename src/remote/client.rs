//! The API as the flow sees it: one call, one request, one of the five words.

use std::{cell::RefCell, fmt};

use bytes::BytesMut;
use reqwest::Response;

use super::{
    KeySource, Options,
    address::Address,
    body::{self, most},
    description::Description,
    judge::{self, Answer, Asked},
    key::Key,
    plan::Plan,
    transport,
    wire::Wire,
};
use crate::{
    domain::{
        Action, Call, Destination, Evidence, Fields, Id, Identity, Moment, Operation, Reply, Row, Slot, Subject,
        Suspicion, Word,
    },
    error::Error,
    flow::{Remote, Renewal},
};

/// An API, ready to be called.
pub struct Client {
    api: Description,
    address: Address,
    destination: Destination,
    source: KeySource,
    credentials: RefCell<Credentials>,
    wire: Wire,
    wall: Box<dyn Fn() -> Moment>,
}

/// The key and what is compiled with it.
struct Credentials {
    key: Key,
    plan: Plan,
}

impl Client {
    /// Reads the key and prepares connections; sends nothing. `wall` is asked only about a `Retry-After` date in an
    /// answer without `Date`.
    ///
    /// # Errors
    /// 78: an unusable key, URL, certificate or proxy; plain HTTP to another host than loopback without leave.
    pub fn build(
        description: &Description,
        options: &Options,
        wall: impl Fn() -> Moment + 'static,
    ) -> Result<Self, Error> {
        let address = description.address(options.base_url.as_deref())?;
        let wire = Wire::build(&address, options)?;
        let key = Key::read(&options.key, &description.key)?;
        let plan = Plan::compile(description, &address, &key)?;
        Ok(Self {
            api: description.clone(),
            destination: description.destination(options.base_url.as_deref())?,
            address,
            source: options.key.clone(),
            credentials: RefCell::new(Credentials { key, plan }),
            wire,
            wall: Box::new(wall),
        })
    }

    /// Where its calls go.
    #[must_use]
    pub const fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Names the key in use without revealing it: the first 16 hex digits of HMAC-SHA-256 over the key and its
    /// length, under a fixed public label.
    #[must_use]
    pub fn key_fingerprint(&self) -> String {
        self.credentials.borrow().key.fingerprint()
    }

    /// Whether the row's profile is known by a name alone, by which it must be found before anything can be done to it.
    fn is_found_first(&self, row: &Row) -> bool {
        match &row.subject {
            Subject::Known(identity) => self.api.own_look(identity.primary().kind()).is_some(),
            Subject::Spared(..) | Subject::Malformed { .. } => false,
        }
    }

    /// The ids that travel: the one that is called for, and all others that belong into a creation. An id that only the
    /// API gives out takes no part in one.
    fn named<'a>(&self, asked: Asked<'a>) -> Vec<&'a Id> {
        let called = asked.addressee();
        if asked.call.operation != Operation::Create {
            return vec![called];
        }
        let others = asked.identity.ids().filter(|id| *id != called);
        let mut ids: Vec<&Id> = std::iter::once(called).chain(others).filter(|id| self.api.creates_by(id)).collect();
        if !self.api.endpoint(Operation::Create).is_some_and(|endpoint| endpoint.every_id) {
            ids.truncate(1);
        }
        ids
    }

    async fn receive(&self, asked: Asked<'_>, mut response: Response) -> Reply {
        let status = response.status();
        let (body, broken) = read(&mut response, most(asked.call.operation)).await;
        let answer = Answer { status, headers: response.headers(), body: &body, cut: broken.is_some() };
        let mut reply = judge::judge(&self.api, asked, &answer, &self.wall);
        if let Some(error) = broken {
            let broke_off = transport::short(error);
            let message = match reply.evidence.message.take() {
                Some(said) => format!("the answer broke off ({broke_off}); it said: {said}"),
                None => broke_off,
            };
            reply.evidence.message = Some(body::bounded(message));
        }
        reply
    }
}

impl Remote for Client {
    fn first(&self, row: &Row) -> Call {
        let operation = match row.action {
            Action::Delete if self.api.delete_tells() && !self.is_found_first(row) => Operation::Delete,
            Action::Get => Operation::Get,
            Action::Create => Operation::Create,
            Action::Update | Action::Upsert if !self.is_found_first(row) => Operation::Update,
            Action::Delete | Action::Update | Action::Upsert | Action::Verify => Operation::Look,
        };
        Call { operation, slot: Slot::Primary }
    }

    async fn send(&self, call: Call, identity: &Identity, fields: &Fields) -> Reply {
        let asked = Asked { call, identity, fields };
        let request = self.credentials.borrow().plan.request(&self.api, call.operation, &self.named(asked), fields);
        let Some(request) = request else { return unspeakable() };
        let mut reply = match self.wire.turn().execute(request).await {
            Ok(response) => self.receive(asked, response).await,
            Err(error) => transport::judge(error),
        };
        self.credentials.borrow().key.strike(&mut reply.evidence);
        reply
    }

    fn witness(&self) -> Identity {
        Identity::one(self.api.probe.clone())
    }

    fn renew(&self) -> Renewal {
        let KeySource::File(_) = self.source else { return Renewal::Same };
        let key = match Key::read(&self.source, &self.api.key) {
            Ok(key) => key,
            Err(error) => {
                tracing::warn!("the key stays as it was: {}", error.what());
                return Renewal::Same;
            }
        };
        let mut credentials = self.credentials.borrow_mut();
        if credentials.key == key {
            return Renewal::Same;
        }
        match Plan::compile(&self.api, &self.address, &key) {
            Ok(plan) => *credentials = Credentials { key, plan },
            Err(error) => {
                tracing::warn!("the key stays as it was: {}", error.what());
                return Renewal::Same;
            }
        }
        Renewal::Changed
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("destination", &self.destination).finish_non_exhaustive()
    }
}

/// A call that the description has no words for: whoever asked for it has not asked whether there is one. Nothing was
/// sent, and it is not the row's fault.
fn unspeakable() -> Reply {
    let message = "the API's description does not say how to send this".to_owned();
    Reply {
        word: Word::Suspect(Suspicion::Unsigned),
        evidence: Evidence { message: Some(message), ..Evidence::default() },
        lost: false,
        resolved: None,
    }
}

/// Reads the body up to its bound; what lies beyond is never read. With the error that broke it off, if one did.
async fn read(response: &mut Response, most: usize) -> (BytesMut, Option<reqwest::Error>) {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]),
            Ok(None) => return (body, None),
            Err(error) => return (body, Some(error)),
        }
        if body.len() == most {
            return (body, None);
        }
    }
}
