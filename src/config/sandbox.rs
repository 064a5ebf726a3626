//! `tollgate sandbox`: the stand-in as a server of its own.

use std::{net::SocketAddr, path::PathBuf};

use super::{Surroundings, part::part, reading::reading};
use crate::{
    cli::{FaultArgs, InputArgs, SandboxArgs},
    domain::{Action, IdFormat},
    error::{Error, Exit},
    remote::{Description, Owner},
    sandbox::{Faults, Part, Throttle},
    source,
};

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
        /// Who gives out the ids of the API's identities, in their order.
        owners: Vec<Owner>,
    },
    /// Whoever is asked for exists until deleted.
    Everybody,
}

/// Serve the stand-in until a signal.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxJob {
    /// Which API it plays.
    pub part: Part,
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
    let description = Description::load(&args.api)?;
    Ok(SandboxJob {
        part: part(&args.api, &description),
        listen: args.listen,
        residents: residents(args.customers, args.from, &description, around)?,
        key: args.key,
        seed: args.faults.seed,
        faults: faults(&args.faults),
        journal: args.journal,
    })
}

fn residents(
    count: Option<u64>,
    file: Option<PathBuf>,
    api: &Description,
    around: &Surroundings<'_>,
) -> Result<Residents, Error> {
    match (count, file) {
        (Some(_), Some(_)) => {
            Err(Error::new(Exit::Usage, "--customers and --from both say whom the stand-in knows")
                .hint("give one of them"))
        }
        (Some(count), None) if can_be_counted(api) => Ok(Residents::Count(count)),
        (Some(_), None) => {
            Err(Error::new(Exit::Usage, format!("--customers names people as {} never would", api.name()))
                .hint("--from FILE makes it know the ids of a file"))
        }
        (None, Some(path)) => {
            let reading = Box::new(reading(Action::Get, &unsaid()?, api, around)?);
            Ok(Residents::File { path, reading, owners: api.identities().iter().map(|kind| kind.owner).collect() })
        }
        (None, None) => Ok(Residents::Everybody),
    }
}

/// Whether `customer-1`, or 1 in 24 hexadecimal digits, is an id of this API.
fn can_be_counted(api: &Description) -> bool {
    api.identities().iter().any(|kind| match kind.owner {
        Owner::Caller => kind.format == IdFormat::Any,
        Owner::System => kind.format == IdFormat::Hex24,
    })
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
        only: args.only,
    }
}
