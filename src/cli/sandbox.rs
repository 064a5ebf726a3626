//! `tollgate sandbox` and the faults that `delete --sandbox` takes too.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use clap::Args;

use super::values;
use crate::{
    domain::parse_duration,
    flow::Rate,
    remote::ApiName,
    sandbox::{Share, Verb},
};

/// `tollgate sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The API to play: the name of one that is built in, or a description of your own (a path)
    #[arg(long, value_name = "NAME|FILE", default_value = "adapty", env = "TOLLGATE_SANDBOX_API",
          value_parser = values::api())]
    pub api: ApiName,
    /// Where to listen: loopback only; port 0 lets the system choose, and the address is printed
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", env = "TOLLGATE_SANDBOX_LISTEN")]
    pub listen: SocketAddr,
    /// Know customer-1 to customer-N (Crafter: these usernames, with the ids 1 to N in 24 hex digits); without this and --from, whoever is asked for exists until deleted
    #[arg(long, value_name = "N", env = "TOLLGATE_SANDBOX_CUSTOMERS")]
    pub customers: Option<u64>,
    /// Know the ids of a file, read as `delete` reads it
    #[arg(long, value_name = "FILE", env = "TOLLGATE_SANDBOX_FROM")]
    pub from: Option<PathBuf>,
    /// The one key that is accepted: made up, and not to be a real one
    #[arg(long, value_name = "KEY", default_value = "sandbox-key", env = "TOLLGATE_SANDBOX_KEY")]
    pub key: String,
    /// Write what was received, one JSON object a line
    #[arg(long, value_name = "FILE", env = "TOLLGATE_SANDBOX_JOURNAL")]
    pub journal: Option<PathBuf>,
    /// How it misbehaves.
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// How the stand-in misbehaves.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Faults")]
pub struct FaultArgs {
    /// Seeds the profiles' ids and the faults: the same seed gives the same rehearsal
    #[arg(long, value_name = "N", default_value_t = 1, env = "TOLLGATE_SANDBOX_SEED")]
    pub seed: u64,
    /// Time added to every answer
    #[arg(long, value_name = "DURATION", default_value = "0s", env = "TOLLGATE_SANDBOX_LATENCY",
          value_parser = parse_duration)]
    pub latency: Duration,
    /// Up to so much more time, evenly drawn
    #[arg(long, value_name = "DURATION", default_value = "0s", env = "TOLLGATE_SANDBOX_LATENCY_SPREAD",
          value_parser = parse_duration)]
    pub latency_spread: Duration,
    /// A real rate limit, such as 100/s: above it, 429
    #[arg(long, value_name = "RATE", env = "TOLLGATE_SANDBOX_LIMIT", value_parser = Rate::parse)]
    pub limit: Option<Rate>,
    /// How many requests the limit absorbs at once
    #[arg(long, value_name = "N", default_value = "10", env = "TOLLGATE_SANDBOX_LIMIT_BURST", requires = "limit")]
    pub limit_burst: NonZeroU32,
    /// A 429 does not say Retry-After
    #[arg(long, env = "TOLLGATE_SANDBOX_NO_RETRY_AFTER", requires = "limit")]
    pub no_retry_after: bool,
    /// 500 with the API's own error body; the request is not applied
    #[arg(long, value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_SERVER_ERROR",
          value_parser = values::share)]
    pub server_error: Share,
    /// The connection is reset mid-answer; the request is applied
    #[arg(long, value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_RESET",
          value_parser = values::share)]
    pub reset: Share,
    /// No answer ever comes; the request is applied
    #[arg(long, value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_HANG",
          value_parser = values::share)]
    pub hang: Share,
    /// The body ends before its announced length; the request is applied
    #[arg(long, value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_TRUNCATE",
          value_parser = values::share)]
    pub truncate: Share,
    /// 503 to everything between two moments after the first request, such as 5s..20s
    #[arg(long, value_name = "FROM..TO", env = "TOLLGATE_SANDBOX_OUTAGE", value_parser = values::window)]
    pub outage: Option<(Duration, Duration)>,
    /// A 404 page that is not the API's own
    #[arg(long = "unsigned-404", value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_UNSIGNED_404",
          value_parser = values::share)]
    pub unsigned_404: Share,
    /// A 405 page that is not the API's own
    #[arg(long = "unsigned-405", value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_UNSIGNED_405",
          value_parser = values::share)]
    pub unsigned_405: Share,
    /// A captive portal's 200 with a page
    #[arg(long, value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_CAPTIVE_PORTAL",
          value_parser = values::share)]
    pub captive_portal: Share,
    /// 400 with the API's own error body
    #[arg(long, value_name = "SHARE", default_value = "0", env = "TOLLGATE_SANDBOX_REFUSE",
          value_parser = values::share)]
    pub refuse: Share,
    /// The one method that meets all this (but the latency and the limit), such as DELETE; without it, every one does
    #[arg(long, value_name = "METHOD", env = "TOLLGATE_SANDBOX_ONLY", value_parser = values::verb)]
    pub only: Option<Verb>,
}

impl FaultArgs {
    /// Reads `latency=50ms,server-error=5%,no-retry-after`: the flags above, by the same parser, commas between.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let flags = text.split(',').map(str::trim).filter(|flag| !flag.is_empty()).map(|flag| format!("--{flag}"));
        super::group(flags).map_err(|told| {
            let text = told.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        })
    }
}
