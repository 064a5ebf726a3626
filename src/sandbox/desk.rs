//! Where a request is dealt with, in one synchronous step on arrival: fate, answer, counters, journal.
//!
//! It knows nothing of sockets; how an answer is delivered (or not) is the server's work.

use std::{
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hyper::{StatusCode, header::HeaderName};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Options, Part, Received,
    adapty::Adapty,
    crafter::Crafter,
    described::Player,
    faults::{Fate, Fates, Fault},
    ids::{self, Style},
    journal::{Entry, Journal},
    play::{Answer, Asked, Content, Deed, Heading, Role, Scene},
    received::{Arrival, Counters},
    world::World,
};
use crate::{domain::IdFormat, error::Error};

/// Everything that outlasts a request.
pub(super) struct Desk {
    role: Rc<dyn Role>,
    seed: u64,
    world: Arc<Mutex<World>>,
    fates: Fates,
    journal: Option<Journal>,
    counters: Arc<Counters>,
    requests: u64,
    in_flight: u64,
}

/// What becomes of a request.
#[derive(Debug)]
pub(super) struct Handling {
    pub(super) delivery: Delivery,
    /// How long it takes.
    pub(super) latency: Duration,
}

/// How an answer leaves.
#[derive(Debug)]
pub(super) enum Delivery {
    /// As it should.
    Whole(Answer, Option<Mark>),
    /// The body ends before its announced length.
    Cut(Answer, Option<Mark>),
    /// The connection ends in good order where an answer should come.
    Closed,
    /// The connection is reset.
    Reset,
    /// Never.
    Silence,
}

/// What names the API's own answers, and nobody else's page.
pub(super) type Mark = (HeaderName, Uuid);

impl Delivery {
    /// The status that the client sees.
    const fn status(&self) -> Option<u16> {
        match self {
            Self::Whole(answer, _) | Self::Cut(answer, _) => Some(answer.status.as_u16()),
            Self::Closed | Self::Reset | Self::Silence => None,
        }
    }
}

impl Desk {
    /// Opens the desk and its journal.
    pub(super) fn open(options: Options, counters: Arc<Counters>) -> Result<Self, Error> {
        let Options { part, population, key, faults, seed, journal } = options;
        Ok(Self {
            world: Arc::new(Mutex::new(World::new(population, seed, style(&part)))),
            role: role(part, key, ids::app_id(seed).to_string()),
            seed,
            fates: Fates::new(faults, seed),
            journal: journal.as_deref().map(Journal::create).transpose()?,
            counters,
            requests: 0,
            in_flight: 0,
        })
    }

    /// Deals with a request that arrives `now`; it is in flight until [`Desk::left`].
    pub(super) fn handle(&mut self, asked: &Asked<'_>, now: Instant) -> Handling {
        self.requests += 1;
        self.in_flight += 1;
        let role = Rc::clone(&self.role);
        let Scene { heading, deed } = role.read(asked);
        let id = heading.named.as_ref().map(|named| (named.kind, &*named.id));
        let Fate { fault, latency } = self.fates.of(now, asked.method, id);
        let answer = self.answer(&*role, deed, fault);
        let applied = answer.applied;
        let delivery = self.delivery(answer, fault);
        self.journal(asked, &heading, fault, &delivery, applied, now);
        self.counters.add(Arrival {
            method: asked.method,
            applied,
            throttled: matches!(fault, Some(Fault::Throttle(_))),
            in_flight: self.in_flight,
        });
        Handling { delivery, latency }
    }

    /// A request's answer is on its way, or its client is gone.
    pub(super) fn left(&mut self) {
        self.in_flight -= 1;
    }

    /// Completes the journal.
    pub(super) fn close(&mut self) -> Result<Received, Error> {
        self.journal.take().map_or(Ok(()), Journal::close)?;
        Ok(self.counters.read())
    }

    /// Who exists, for others to look at meanwhile.
    pub(super) fn world(&self) -> Arc<Mutex<World>> {
        Arc::clone(&self.world)
    }

    fn answer(&self, role: &dyn Role, deed: Result<Deed<'_>, Answer>, fault: Option<Fault>) -> Answer {
        if let Some(page) = fault.and_then(in_front) {
            return page;
        }
        match (deed, fault) {
            (Err(answer), _) => answer,
            (Ok(_), Some(Fault::ServerError)) => role.trouble(),
            (Ok(_), Some(Fault::Refuse)) => role.refusal(),
            (Ok(deed), _) => deed(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn delivery(&self, answer: Answer, fault: Option<Fault>) -> Delivery {
        let mark = self.role.mark().map(|name| (name, ids::request_id(self.seed, self.requests)));
        match fault {
            None | Some(Fault::Throttle(_) | Fault::ServerError | Fault::Refuse) => Delivery::Whole(answer, mark),
            Some(Fault::Outage | Fault::Unsigned404 | Fault::Unsigned405 | Fault::CaptivePortal) => {
                Delivery::Whole(answer, None)
            }
            Some(Fault::Truncate) if answer.content == Content::Empty => Delivery::Closed,
            Some(Fault::Truncate) => Delivery::Cut(answer, mark),
            Some(Fault::Reset) => Delivery::Reset,
            Some(Fault::Hang) => Delivery::Silence,
        }
    }

    fn journal(
        &mut self,
        asked: &Asked<'_>,
        heading: &Heading<'_>,
        fault: Option<Fault>,
        delivery: &Delivery,
        applied: bool,
        now: Instant,
    ) {
        let Some(journal) = &mut self.journal else { return };
        journal.write(&Entry {
            n: self.requests,
            ms: self.fates.since_first(now).as_millis(),
            method: asked.method.as_str(),
            path: asked.path,
            key: heading.key,
            id_kind: heading.named.as_ref().map(|named| &*named.word),
            id: heading.named.as_ref().map(|named| &*named.id),
            status: delivery.status(),
            fault: fault.map(Fault::word),
            applied,
            fields: &heading.fields,
            user_agent: asked.user_agent(),
        });
    }
}

fn role(part: Part, key: String, app_id: String) -> Rc<dyn Role> {
    match part {
        Part::Adapty => Rc::new(Adapty { key, app_id }),
        Part::Crafter { tenant } => Rc::new(Crafter { token: key, tenant }),
        Part::Described(api) => Rc::new(Player::new(*api, &key, app_id)),
    }
}

/// How the API writes the ids that it gives out.
fn style(part: &Part) -> Style {
    let own_format = match part {
        Part::Adapty => IdFormat::Uuid,
        Part::Crafter { .. } => IdFormat::Hex24,
        Part::Described(api) => api.identities.iter().find(|kind| kind.own).map_or(IdFormat::Any, |kind| kind.format),
    };
    match own_format {
        IdFormat::Hex24 => Style::Hex24,
        IdFormat::Uuid | IdFormat::Any => Style::Uuid,
    }
}

/// What stands in front of the API and answers in its place.
fn in_front(fault: Fault) -> Option<Answer> {
    match fault {
        Fault::Outage => Some(Answer::page(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE_PAGE)),
        Fault::Throttle(wait) => Some(too_many(wait)),
        Fault::Unsigned404 => Some(Answer::page(StatusCode::NOT_FOUND, PROXY_404_PAGE)),
        Fault::Unsigned405 => Some(Answer::page(StatusCode::METHOD_NOT_ALLOWED, PROXY_405_PAGE)),
        Fault::CaptivePortal => Some(Answer::page(StatusCode::OK, PORTAL_PAGE)),
        Fault::ServerError | Fault::Reset | Fault::Hang | Fault::Truncate | Fault::Refuse => None,
    }
}

/// The body of a 429 is undocumented: this is what Django REST framework would say, not the API's own shape.
fn too_many(wait: Option<Duration>) -> Answer {
    let body = Bytes::from_static(br#"{"detail":"Request was throttled."}"#);
    let retry_after = wait.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    Answer { retry_after, ..Answer::json(StatusCode::TOO_MANY_REQUESTS, body) }
}

const UNAVAILABLE_PAGE: &str = "<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n\
    <body><center><h1>503 Service Temporarily Unavailable</h1></center></body>\n</html>\n";

const PROXY_404_PAGE: &str = "<html>\n<head><title>404 Not Found</title></head>\n\
    <body><center><h1>404 Not Found</h1></center><hr><center>proxy</center></body>\n</html>\n";

const PROXY_405_PAGE: &str = "<html>\n<head><title>405 Not Allowed</title></head>\n\
    <body><center><h1>405 Not Allowed</h1></center><hr><center>proxy</center></body>\n</html>\n";

const PORTAL_PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head><title>Welcome</title></head>\n\
    <body><h1>Welcome to the guest network</h1><form><button>Accept the terms</button></form></body>\n</html>\n";
