//! Where a request is dealt with, in one synchronous step on arrival: fate, answer, counters, journal.
//!
//! It knows nothing of sockets; how an answer is delivered (or not) is the server's work.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::StatusCode;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Options, Received,
    adapty::{Answer, Content, Facts, Order},
    faults::{Fate, Fates, Fault},
    ids,
    journal::{Entry, Journal},
    received::{Arrival, Counters},
    world::World,
};
use crate::error::Error;

/// Everything that outlasts a request.
pub(super) struct Desk {
    key: String,
    seed: u64,
    app_id: String,
    world: World,
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
    /// As it should; the id is the API's own mark, which nobody else's page carries.
    Whole(Answer, Option<Uuid>),
    /// The body ends before its announced length.
    Cut(Answer, Uuid),
    /// The connection ends in good order where an answer should come.
    Closed,
    /// The connection is reset.
    Reset,
    /// Never.
    Silence,
}

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
        let Options { population, key, faults, seed, journal } = options;
        Ok(Self {
            key,
            seed,
            app_id: ids::app_id(seed).to_string(),
            world: World::new(population, seed),
            fates: Fates::new(faults, seed),
            journal: journal.as_deref().map(Journal::create).transpose()?,
            counters,
            requests: 0,
            in_flight: 0,
        })
    }

    /// The one key that is accepted.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Deals with a request that arrives `now`; it is in flight until [`Desk::left`].
    pub(super) fn handle(&mut self, facts: &Facts<'_>, now: Instant) -> Handling {
        self.requests += 1;
        self.in_flight += 1;
        let Fate { fault, latency } = self.fates.of(now, facts.ids.one());
        let answer = self.answer(facts, fault);
        let applied = answer.applied;
        let delivery = self.delivery(answer, fault);
        self.journal(facts, fault, &delivery, applied, now);
        self.counters.add(Arrival {
            method: facts.method,
            applied,
            throttled: matches!(fault, Some(Fault::Throttle(_))),
            in_flight: self.in_flight,
        });
        Handling { delivery, latency }
    }

    /// A request's answer is on its way, or its client is gone.
    pub(super) fn left(&mut self) {
        self.in_flight -= 1;
        if self.in_flight == 0
            && let Some(journal) = &mut self.journal
        {
            journal.flush();
        }
    }

    /// Completes the journal.
    pub(super) fn close(&mut self) -> Result<Received, Error> {
        self.journal.take().map_or(Ok(()), Journal::close)?;
        Ok(self.counters.read())
    }

    fn answer(&mut self, facts: &Facts<'_>, fault: Option<Fault>) -> Answer {
        if let Some(page) = fault.and_then(in_front) {
            return page;
        }
        match (Order::read(facts), fault) {
            (Err(answer), _) => answer,
            (Ok(_), Some(Fault::ServerError)) => Answer::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_server_error",
                None,
                "Internal server error.",
            ),
            (Ok(_), Some(Fault::Refuse)) => Answer::error(
                StatusCode::BAD_REQUEST,
                "value_error",
                Some("profile"),
                "The profile cannot be processed.",
            ),
            (Ok(order), _) => order.carry_out(&self.app_id, &mut self.world),
        }
    }

    fn delivery(&self, answer: Answer, fault: Option<Fault>) -> Delivery {
        let request_id = ids::request_id(self.seed, self.requests);
        match fault {
            None | Some(Fault::Throttle(_) | Fault::ServerError | Fault::Refuse) => {
                Delivery::Whole(answer, Some(request_id))
            }
            Some(Fault::Outage | Fault::Unsigned404 | Fault::Unsigned405 | Fault::CaptivePortal) => {
                Delivery::Whole(answer, None)
            }
            Some(Fault::Truncate) if answer.content == Content::Empty => Delivery::Closed,
            Some(Fault::Truncate) => Delivery::Cut(answer, request_id),
            Some(Fault::Reset) => Delivery::Reset,
            Some(Fault::Hang) => Delivery::Silence,
        }
    }

    fn journal(&mut self, facts: &Facts<'_>, fault: Option<Fault>, delivery: &Delivery, applied: bool, now: Instant) {
        let Some(journal) = &mut self.journal else { return };
        let id = facts.ids.one();
        journal.write(&Entry {
            n: self.requests,
            ms: self.fates.since_first(now).as_millis(),
            method: facts.method.as_str(),
            path: facts.path,
            key: facts.key,
            id_kind: id.map(|(kind, _)| kind.word()),
            id: id.map(|(_, text)| text),
            status: delivery.status(),
            fault: fault.map(Fault::word),
            applied,
            user_agent: facts.user_agent,
        });
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
