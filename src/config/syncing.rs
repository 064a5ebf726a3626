//! What a sync remembers, as it was said.

use std::time::Duration;

use super::{Amount, MemoryWish};
use crate::{
    cli::MemoryArgs,
    error::{Error, Exit},
    source::{self, InputName},
};

/// What the memory's dates are good for.
const DAY: Duration = Duration::from_hours(24);

/// Who left can be told only by whoever sees every row.
pub(super) fn sees_every_row(memory: Option<&MemoryWish>, source: &source::Options) -> Result<(), Error> {
    if memory.is_none_or(|memory| memory.prune.is_none()) || source.takes_every_row() {
        return Ok(());
    }
    Err(Error::new(
        Exit::Usage,
        "--prune with --skip, --limit or --shard would delete whoever stands in the rows left out",
    )
    .hint("sync the whole input, or leave out --prune"))
}

/// What a sync prunes at most unless it is told otherwise, as a share of the last complete sync.
const PRUNES_AT_MOST: Amount = Amount::Percent(1.0);

/// How long it is believed that somebody is missing: from one night to the next he is asked about again, and the same file
/// twice in a night takes no call.
const MISSING_AGAIN: Duration = Duration::from_hours(12);

/// What a sync remembers; `max_delete` bounds what it prunes.
pub(super) fn memory(
    args: &MemoryArgs,
    max_delete: Option<Amount>,
    compare: bool,
) -> Result<Option<MemoryWish>, Error> {
    if let (Some(Amount::Percent(_)), false) = (max_delete, args.prune) {
        let what = "--max-delete bounds rows that ask for a deletion by a number; a share bounds --prune alone";
        return Err(Error::new(Exit::Usage, what).hint("give a number, or --prune"));
    }
    let Some(directory) = args.memory.clone() else { return needs_no_memory(args).map(|()| None) };
    if args.assume_sent && args.prune {
        return Err(Error::new(Exit::Usage, "--assume-sent sends nothing and --prune deletes: give one of them"));
    }
    if args.assume_sent && compare {
        let what = "--assume-sent makes no call and --compare server reads every profile: give one of them";
        return Err(Error::new(Exit::Usage, what));
    }
    if args.refresh.is_some_and(|refresh| refresh < DAY) {
        return Err(Error::new(Exit::Usage, "--refresh counts whole days, so it is one day at least")
            .hint("for example --refresh 30d"));
    }
    Ok(Some(MemoryWish {
        directory,
        first: args.first,
        assume_sent: args.assume_sent,
        refresh: args.refresh,
        missing_again: args.missing_again.unwrap_or(MISSING_AGAIN),
        prune: args.prune.then_some(max_delete.unwrap_or(PRUNES_AT_MOST)),
    }))
}

fn needs_no_memory(args: &MemoryArgs) -> Result<(), Error> {
    let said = [
        ("--first", args.first),
        ("--assume-sent", args.assume_sent),
        ("--refresh", args.refresh.is_some()),
        ("--missing-again", args.missing_again.is_some()),
        ("--prune", args.prune),
    ];
    said.into_iter().find(|(_, said)| *said).map_or(Ok(()), |(flag, _)| {
        Err(Error::new(Exit::Usage, format!("{flag} needs --memory, which remembers what was sent"))
            .hint("--memory DIR says where"))
    })
}

/// What must be known of all rows before the first is sent needs an input that can be read twice.
pub(super) fn is_read_twice(input: &InputName, remembers: bool, every_row: bool) -> Result<(), Error> {
    match input {
        InputName::Stdin if remembers => {
            Err(Error::new(Exit::Usage, "--memory reads the input twice, and stdin can be read once")
                .hint("write the rows into a file first"))
        }
        InputName::Stdin if !every_row => {
            Err(Error::new(Exit::Usage, "which row of an identity is the last one is known only at the end of stdin")
                .hint("write the rows into a file first, or send them all, in their order: --every-row"))
        }
        InputName::Stdin | InputName::File(_) => Ok(()),
    }
}
