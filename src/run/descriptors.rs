//! File descriptors: as many as the width needs, before the first call.
//!
//! A run that lacks them would learn it late, when a file that it needs in its midst cannot be opened.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    config::Job,
    error::{Error, Exit},
};

/// Input, results, their side files, locks, memory, list, signals, timers and the standard streams: twenty or so.
const OWN: u64 = 32;

/// Raises the limit as far as this job may need it: one for each request on the wire, and its answerer's where the
/// stand-in is in this process.
///
/// # Errors
/// 78 when the system permits fewer.
pub(super) fn suffice(job: &Job, is_sandbox: bool) -> Result<(), Error> {
    let sockets = u64::from(job.flow.width.get()) * if is_sandbox { 2 } else { 1 };
    let needed = sockets + OWN;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if is_enough(current) {
        return Ok(());
    }
    let raised = is_enough(maximum) && setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum }).is_ok();
    if raised {
        return Ok(());
    }
    let width = job.flow.width;
    let permitted = maximum.or(current).unwrap_or_default();
    Err(Error::new(
        Exit::Config,
        format!("{width} requests at once may need {needed} file descriptors, and this system permits {permitted}"),
    )
    .hint("take a lower --concurrency, or permit more (ulimit -n); nothing was sent"))
}
