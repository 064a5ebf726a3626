//! The operating system's signals as the flow's.

use std::{fs, io};

use futures::{
    Stream, StreamExt,
    stream::{self, LocalBoxStream, SelectAll},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    error::{Error, Exit},
    flow::Signal,
};

/// SIGXFSZ, signal(7): the same number on all of Linux's common architectures and on macOS.
const FILE_SIZE_EXCEEDED: i32 = 25;

/// Whoever wants us to leave.
pub(super) type Stops = SelectAll<LocalBoxStream<'static, Signal>>;

/// SIGINT, SIGTERM, and SIGHUP as a SIGTERM: a lost terminal leaves as cleanly as a stopped pod. A signal that the
/// parent had us ignore (nohup, a shell's background job) stays ignored.
pub(super) fn signals() -> Result<Stops, Error> {
    let ignored = ignored_signals();
    // A handler, even one that nobody asks, turns the death by SIGXFSZ into a write that fails with EFBIG.
    let _unasked = signal(SignalKind::from_raw(FILE_SIZE_EXCEEDED)).map_err(|error| cannot_listen(&error))?;
    let mut streams = Vec::new();
    for (kind, meaning) in [
        (SignalKind::interrupt(), Signal::Interrupt),
        (SignalKind::terminate(), Signal::Terminate),
        (SignalKind::hangup(), Signal::Terminate),
    ] {
        if ignored & (1 << (kind.as_raw_value() - 1)) == 0 {
            streams.push(listen(kind, meaning).map_err(|error| cannot_listen(&error))?.boxed_local());
        }
    }
    Ok(stream::select_all(streams))
}

fn listen(kind: SignalKind, meaning: Signal) -> io::Result<impl Stream<Item = Signal>> {
    let listener = signal(kind)?;
    Ok(stream::unfold(listener, move |mut listener| async move {
        listener.recv().await?;
        Some((meaning, listener))
    }))
}

/// The mask of ignored signals (proc(5), `SigIgn`); nothing where the system does not tell.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn cannot_listen(error: &io::Error) -> Error {
    Error::new(Exit::Internal, format!("cannot listen for signals: {error}"))
}
