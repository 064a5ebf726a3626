//! Whom the stand-in knows and how it misbehaves.

use std::{path::PathBuf, time::Duration};

/// A profile that the stand-in knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The caller's id; none for an anonymous profile.
    pub customer_user_id: Option<String>,
    /// The API's id; made from the seed when `None`.
    pub profile_id: Option<String>,
}

/// Whom the stand-in knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Population {
    /// `customer-1` to `customer-N`, kept as a rule and a set of the deleted, so that ten million cost little.
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
}

/// Whom the stand-in knows and how it misbehaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
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
