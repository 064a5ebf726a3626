//! What goes wrong with a request: decided from the seed, the id, and how many requests for that id came before, so
//! that the same requests meet the same faults in whatever order they arrive.
//!
//! The outage and the rate limit look at the clock instead; a request that they turn away is not counted as one of its
//! id's, so that they leave the draws as they are.

use std::{collections::HashMap, time::Duration};

use hyper::Method;
use tokio::time::Instant;

use super::{Faults, Share, ids, throttle::Bucket, world::Kind};
use crate::domain::Dice;

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// See [`Faults::outage`].
    Outage,
    /// See [`Faults::throttle`]; how long to wait, if the answer says so.
    Throttle(Option<Duration>),
    /// See [`Faults::server_error`].
    ServerError,
    /// See [`Faults::reset`].
    Reset,
    /// See [`Faults::hang`].
    Hang,
    /// See [`Faults::truncate`].
    Truncate,
    /// See [`Faults::unsigned_404`].
    Unsigned404,
    /// See [`Faults::unsigned_405`].
    Unsigned405,
    /// See [`Faults::captive_portal`].
    CaptivePortal,
    /// See [`Faults::refuse`].
    Refuse,
}

impl Fault {
    /// The word in the journal.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Throttle(_) => "throttle",
            Self::ServerError => "server_error",
            Self::Reset => "reset",
            Self::Hang => "hang",
            Self::Truncate => "truncate",
            Self::Unsigned404 => "unsigned_404",
            Self::Unsigned405 => "unsigned_405",
            Self::CaptivePortal => "captive_portal",
            Self::Refuse => "refuse",
        }
    }
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) fault: Option<Fault>,
    /// How long its answer takes.
    pub(super) latency: Duration,
}

/// Decides every request's fate.
#[derive(Debug)]
pub(super) struct Fates {
    faults: Faults,
    seed: u64,
    bucket: Option<Bucket>,
    /// Whether anything is left to chance; if not, nothing is counted per id.
    chance: bool,
    /// How many requests an id has had, by a hash of the id: two ids in one place would only share their draws.
    turns: HashMap<u64, u64>,
    first: Option<Instant>,
}

impl Fates {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        let chance = faults.shares().iter().any(|share| share.0 > 0.0) || !faults.latency_spread.is_zero();
        let bucket = faults.throttle.map(Bucket::full);
        Self { faults, seed, bucket, chance, turns: HashMap::new(), first: None }
    }

    /// How long after the first request `now` is.
    pub(super) fn since_first(&mut self, now: Instant) -> Duration {
        now.duration_since(*self.first.get_or_insert(now))
    }

    /// The fate of a request about `id` that arrives `now`.
    pub(super) fn of(&mut self, now: Instant, method: &Method, id: Option<(Kind, &str)>) -> Fate {
        let is_meant = self.faults.only.is_none_or(|only| only.word() == method.as_str());
        if let Some(fault) = self.turned_away(now, is_meant) {
            return Fate { fault: Some(fault), latency: self.faults.latency };
        }
        let drawn = if self.chance { self.draw(id) } else { Fate { fault: None, latency: self.faults.latency } };
        Fate { fault: drawn.fault.filter(|_| is_meant), ..drawn }
    }

    fn turned_away(&mut self, now: Instant, is_meant: bool) -> Option<Fault> {
        let since_first = self.since_first(now);
        if is_meant && self.faults.outage.is_some_and(|(from, to)| (from..to).contains(&since_first)) {
            return Some(Fault::Outage);
        }
        let tells = self.faults.throttle.is_some_and(|limit| limit.retry_after);
        let wait = self.bucket.as_mut()?.take(now).err()?;
        Some(Fault::Throttle(tells.then_some(wait)))
    }

    fn draw(&mut self, id: Option<(Kind, &str)>) -> Fate {
        let (realm, text) = id.map_or(("", ""), |(kind, text)| (kind.word(), text));
        let (print, _) = ids::hashed(self.seed, realm, text).as_u64_pair();
        let turn = self.turns.entry(print).or_default();
        *turn += 1;
        let mut dice = Dice::seeded(print.wrapping_add(turn.wrapping_mul(ids::SPREAD)));
        let fault = self.pick(dice.fraction());
        Fate { fault, latency: self.faults.latency + self.faults.latency_spread.mul_f64(dice.fraction()) }
    }

    /// The kinds of trouble lie side by side on the stretch from 0 to 1; the rest of it is health.
    fn pick(&self, mut point: f64) -> Option<Fault> {
        let faults = &self.faults;
        let stretches: [(Share, Fault); 8] = [
            (faults.server_error, Fault::ServerError),
            (faults.reset, Fault::Reset),
            (faults.hang, Fault::Hang),
            (faults.truncate, Fault::Truncate),
            (faults.unsigned_404, Fault::Unsigned404),
            (faults.unsigned_405, Fault::Unsigned405),
            (faults.captive_portal, Fault::CaptivePortal),
            (faults.refuse, Fault::Refuse),
        ];
        for (Share(share), fault) in stretches {
            if point < share {
                return Some(fault);
            }
            point -= share;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Verb, *};

    fn faulty() -> Faults {
        Faults {
            server_error: Share(0.2),
            reset: Share(0.1),
            hang: Share(0.05),
            truncate: Share(0.1),
            refuse: Share(0.05),
            latency: Duration::from_millis(5),
            latency_spread: Duration::from_millis(20),
            ..Faults::default()
        }
    }

    /// The fates of these requests, as (who, that id's turn, fate).
    fn fates(seed: u64, requests: &[u8]) -> Vec<(u8, usize, Fate)> {
        let now = Instant::now();
        let mut fates = Fates::new(faulty(), seed);
        let mut turns = [0; 256];
        let meet = |&who: &u8| {
            turns[usize::from(who)] += 1;
            (
                who,
                turns[usize::from(who)],
                fates.of(now, &Method::DELETE, Some((Kind::Customer, &format!("customer-{who}")))),
            )
        };
        requests.iter().map(meet).collect()
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_changes_no_fate(
            seed: u64,
            (one, other) in prop::collection::vec(0u8..20, 1..200)
                .prop_flat_map(|requests| (Just(requests.clone()), Just(requests).prop_shuffle())),
        ) {
            let sorted = |mut fates: Vec<(u8, usize, Fate)>| {
                fates.sort_by_key(|(who, turn, _)| (*who, *turn));
                fates
            };
            prop_assert_eq!(sorted(fates(seed, &one)), sorted(fates(seed, &other)));
        }
    }

    #[test]
    fn another_seed_gives_other_fates() {
        let requests: Vec<u8> = (0..=255).collect();
        assert_eq!(fates(1, &requests), fates(1, &requests));
        assert_ne!(fates(1, &requests), fates(2, &requests));
    }

    #[test]
    fn shares_and_latencies_are_kept() {
        let now = Instant::now();
        let mut fates = Fates::new(faulty(), 7);
        let met: Vec<Fate> =
            (0..20_000).map(|n| fates.of(now, &Method::DELETE, Some((Kind::Profile, &n.to_string())))).collect();
        for (fault, share) in [(Fault::ServerError, 0.2), (Fault::Reset, 0.1), (Fault::Refuse, 0.05)] {
            let count = met.iter().filter(|fate| fate.fault == Some(fault)).count();
            let off = (f64::from(u32::try_from(count).unwrap()) / 20_000.0 - share).abs();
            assert!(off < 0.01, "{fault:?} is off by {off}");
        }
        assert!(met.iter().all(|fate| (5..=25).contains(&fate.latency.as_millis())));
        assert!(met.iter().any(|fate| fate.latency > Duration::from_millis(20)));
    }

    #[test]
    fn nothing_is_counted_per_id_when_nothing_is_left_to_chance() {
        let mut fates = Fates::new(Faults { latency: Duration::from_millis(50), ..Faults::default() }, 7);
        let fate = fates.of(Instant::now(), &Method::DELETE, Some((Kind::Customer, "customer-1")));
        assert_eq!(fate, Fate { fault: None, latency: Duration::from_millis(50) });
        assert!(fates.turns.is_empty());
    }

    #[test]
    fn an_outage_begins_and_ends_relative_to_the_first_request_and_costs_no_turn() {
        let window = (Duration::from_secs(10), Duration::from_secs(20));
        let mut fates = Fates::new(Faults { outage: Some(window), ..faulty() }, 7);
        let mut calm = Fates::new(faulty(), 7);
        let start = Instant::now();
        for (second, out) in [(0, false), (9, false), (10, true), (19, true), (20, false)] {
            let now = start + Duration::from_secs(second);
            let fate = fates.of(now, &Method::DELETE, Some((Kind::Customer, "one")));
            if out {
                assert_eq!(fate.fault, Some(Fault::Outage), "at {second} s");
            } else {
                assert_eq!(fate, calm.of(now, &Method::DELETE, Some((Kind::Customer, "one"))), "at {second} s");
            }
        }
    }

    #[test]
    fn a_throttled_request_costs_no_turn() {
        let throttle = super::super::Throttle { per_second: 1.0, burst: 1, retry_after: false };
        let mut fates = Fates::new(Faults { throttle: Some(throttle), ..faulty() }, 7);
        let mut calm = Fates::new(faulty(), 7);
        let start = Instant::now();
        for second in 0..50 {
            let now = start + Duration::from_secs(second);
            assert_eq!(
                fates.of(now, &Method::DELETE, Some((Kind::Customer, "one"))),
                calm.of(now, &Method::DELETE, Some((Kind::Customer, "one")))
            );
            assert_eq!(
                fates.of(now, &Method::DELETE, Some((Kind::Customer, "one"))).fault,
                Some(Fault::Throttle(None))
            );
        }
    }

    #[test]
    fn only_the_method_that_is_meant_meets_trouble_and_the_limit_is_everybodys() {
        let outage = Some((Duration::ZERO, Duration::from_mins(1)));
        let throttle = Some(super::super::Throttle { per_second: 1.0, burst: 1, retry_after: false });
        let start = Instant::now();
        let met = |faults: Faults, method: &Method, second| {
            let mut fates = Fates::new(Faults { only: Some(Verb::Delete), ..faults }, 7);
            fates.of(start, method, Some((Kind::Customer, "one")));
            fates.of(start + Duration::from_secs(second), method, Some((Kind::Customer, "one"))).fault
        };
        let (out, always) = (Faults { outage, ..Faults::default() }, Faults { reset: Share(1.0), ..Faults::default() });
        assert_eq!((met(out.clone(), &Method::DELETE, 1), met(out, &Method::GET, 1)), (Some(Fault::Outage), None));
        assert_eq!(
            (met(always.clone(), &Method::DELETE, 1), met(always, &Method::PATCH, 1)),
            (Some(Fault::Reset), None)
        );
        assert_eq!(met(Faults { throttle, ..Faults::default() }, &Method::GET, 0), Some(Fault::Throttle(None)));
    }
}
