//! `tollgate sandbox`: the stand-in as a server of its own.

use std::{net::SocketAddr, path::PathBuf};

use super::{Surroundings, reading::reading};
use crate::{
    cli::{FaultArgs, InputArgs, SandboxArgs},
    domain::Action,
    error::{Error, Exit},
    remote::{ApiName, Description},
    sandbox::{Faults, Throttle},
    source,
};

/// The API that the stand-in plays.
pub(super) const API: &str = "adapty";

/// Whom the stand-in knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Residents {
    /// `customer-1` to `customer-N`.
    Count(u64),
    /// The identities of a file.
    File {
        /// The file.
        path: PathBuf,
        /// How it is read: everything is recognised, every row is taken.
        reading: Box<source::Options>,
    },
    /// Whoever is asked for exists until deleted.
    Everybody,
}

/// Serve the stand-in until a signal.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxJob {
    /// Where it listens: loopback; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Whom it knows.
    pub residents: Residents,
    /// The one key that it accepts.
    pub key: String,
    /// How it misbehaves.
    pub faults: Faults,
    /// Seeds profile ids and faults.
    pub seed: u64,
    /// Where it writes what it received, JSON Lines.
    pub journal: Option<PathBuf>,
}

pub(super) fn configure(args: SandboxArgs, around: &Surroundings<'_>) -> Result<SandboxJob, Error> {
    if !args.listen.ip().is_loopback() {
        return Err(Error::new(Exit::Usage, format!("--listen {} is not a loopback address", args.listen))
            .hint("the stand-in plays a system that deletes people: it speaks to this machine only"));
    }
    Ok(SandboxJob {
        listen: args.listen,
        residents: residents(args.customers, args.from, around)?,
        key: args.key,
        seed: args.faults.seed,
        faults: faults(&args.faults),
        journal: args.journal,
    })
}

fn residents(count: Option<u64>, file: Option<PathBuf>, around: &Surroundings<'_>) -> Result<Residents, Error> {
    match (count, file) {
        (Some(_), Some(_)) => {
            Err(Error::new(Exit::Usage, "--customers and --from both say whom the stand-in knows")
                .hint("give one of them"))
        }
        (Some(count), None) => Ok(Residents::Count(count)),
        (None, Some(path)) => {
            let description = Description::load(&ApiName::Embedded(API.to_owned()))?;
            let reading = Box::new(reading(Action::Get, &unsaid()?, &description, around)?);
            Ok(Residents::File { path, reading })
        }
        (None, None) => Ok(Residents::Everybody),
    }
}

fn unsaid() -> Result<InputArgs, Error> {
    InputArgs::unsaid().map_err(|told| Error::new(Exit::Internal, told))
}

/// What was said of the stand-in's faults, complete.
pub(super) fn faults(args: &FaultArgs) -> Faults {
    Faults {
        latency: args.latency,
        latency_spread: args.latency_spread,
        throttle: args.limit.map(|limit| Throttle {
            per_second: limit.get(),
            burst: args.limit_burst.get(),
            retry_after: !args.no_retry_after,
        }),
        server_error: args.server_error,
        reset: args.reset,
        hang: args.hang,
        truncate: args.truncate,
        outage: args.outage,
        unsigned_404: args.unsigned_404,
        unsigned_405: args.unsigned_405,
        captive_portal: args.captive_portal,
        refuse: args.refuse,
    }
}
