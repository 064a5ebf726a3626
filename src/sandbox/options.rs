//! Whom the stand-in knows and how it misbehaves.

use std::{fmt, path::PathBuf, time::Duration};

use super::Part;
use crate::error::{Error, Exit};

/// A profile that the stand-in knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The caller's id; none for an anonymous profile.
    pub customer_user_id: Option<String>,
    /// The API's id; made from the seed when `None`.
    pub profile_id: Option<String>,
}

/// A profile as it stands at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// The API's id.
    pub own_id: String,
    /// The caller's id; none for an anonymous profile. Crafter's is the username, after `TENANT/` where the tenant is not
    /// `sandbox`.
    pub customer_id: Option<String>,
    /// What was written to it, an object: without what was cleared, with lists of `{key, value}` as objects, and without
    /// passwords.
    pub content: serde_json::Value,
}

/// Whom the stand-in knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Population {
    /// `customer-1` to `customer-N`, kept as a rule and a set of the deleted, so that ten million cost little. Where the
    /// API's own ids are object ids, these are 1 to N in 24 hexadecimal digits.
    Count(u64),
    /// These.
    Profiles(Vec<Profile>),
    /// Whoever is asked for exists until deleted.
    Everybody,
}

/// A share of the requests, 0.0 to 1.0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share(pub f64);

/// A rate limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Requests per second, smoothed.
    pub per_second: f64,
    /// Absorbed at once.
    pub burst: u32,
    /// Whether a 429 says `Retry-After`.
    pub retry_after: bool,
}

/// A method of HTTP that a described API may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET.
    Get,
    /// DELETE.
    Delete,
    /// POST.
    Post,
    /// PATCH.
    Patch,
    /// PUT.
    Put,
}

impl Verb {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Delete, Self::Post, Self::Patch, Self::Put];

    /// As the wire has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
        }
    }
}

/// How the stand-in misbehaves. Shares are drawn per id and per that id's n-th request, from the seed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    /// Added to every answer.
    pub latency: Duration,
    /// Spread uniformly on top of `latency`.
    pub latency_spread: Duration,
    /// A real rate limit.
    pub throttle: Option<Throttle>,
    /// 500 with the API's own error body; the request was not applied.
    pub server_error: Share,
    /// The connection is reset mid-answer; the request was applied.
    pub reset: Share,
    /// No answer ever comes; the request was applied.
    pub hang: Share,
    /// The body ends before its announced length; the request was applied.
    pub truncate: Share,
    /// 503 to everything, from and to these moments after the first request.
    pub outage: Option<(Duration, Duration)>,
    /// A 404 page of somebody else's, unsigned.
    pub unsigned_404: Share,
    /// A 405 page of somebody else's, unsigned.
    pub unsigned_405: Share,
    /// A captive portal's 200 with HTML.
    pub captive_portal: Share,
    /// 400 with the API's own error body.
    pub refuse: Share,
    /// The one method that meets all this but the latency and the rate limit, which are everybody's; `None`: every method.
    pub only: Option<Verb>,
}

/// Whom the stand-in knows and how it misbehaves.
#[derive(Clone, PartialEq)]
pub struct Options {
    /// Which API it plays.
    pub part: Part,
    /// Whom it knows.
    pub population: Population,
    /// The one key that it accepts.
    pub key: String,
    /// How it misbehaves.
    pub faults: Faults,
    /// Seeds profile ids and faults.
    pub seed: u64,
    /// Where it writes what it received, JSON Lines.
    pub journal: Option<PathBuf>,
}

impl fmt::Debug for Options {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, population, key: _, faults, seed, journal } = self;
        f.debug_struct("Options")
            .field("part", part)
            .field("population", population)
            .field("faults", faults)
            .field("seed", seed)
            .field("journal", journal)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Whether they make sense together.
    ///
    /// # Errors
    /// 2, naming what does not: an empty key, a share outside 0 to 1, shares above 1 in sum (they exclude each other),
    /// a rate limit of nothing, an outage that ends before it begins.
    pub fn check(&self) -> Result<(), Error> {
        if self.key.is_empty() {
            return Err(unusable("the sandbox's key is empty"));
        }
        if let Population::Count(count) = self.population
            && count > Population::MAX_COUNT
        {
            return Err(unusable("a sandbox knows at most 2^62 - 1 profiles"));
        }
        self.faults.check()
    }
}

impl Population {
    /// A profile's number must fit the free bits of its uuid's lower half.
    pub const MAX_COUNT: u64 = (1 << 62) - 1;
}

impl Faults {
    /// The shares of the kinds of trouble that exclude each other; taken apart whole, so that a new kind is not forgotten.
    pub(super) const fn shares(&self) -> [Share; 8] {
        let Self {
            server_error,
            reset,
            hang,
            truncate,
            unsigned_404,
            unsigned_405,
            captive_portal,
            refuse,
            latency: _,
            latency_spread: _,
            throttle: _,
            outage: _,
            only: _,
        } = *self;
        [server_error, reset, hang, truncate, unsigned_404, unsigned_405, captive_portal, refuse]
    }

    fn check(&self) -> Result<(), Error> {
        let shares = self.shares();
        if shares.iter().any(|share| !(0.0..=1.0).contains(&share.0)) {
            return Err(unusable("a share of faults must lie between 0 and 1"));
        }
        // A tenth written ten times sums to a little more than one.
        if shares.iter().map(|share| share.0).sum::<f64>() > 1.0 + 1e-9 {
            return Err(unusable("the shares of faults exclude each other and must not sum to more than 1"));
        }
        if self.throttle.is_some_and(|limit| !(limit.per_second.is_finite() && limit.per_second > 0.0)) {
            return Err(unusable("a rate limit must be above zero"));
        }
        if self.outage.is_some_and(|(from, to)| to < from) {
            return Err(unusable("an outage must not end before it begins"));
        }
        Ok(())
    }
}

fn unusable(what: &str) -> Error {
    Error::new(Exit::Usage, what)
}
