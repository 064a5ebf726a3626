//! Which directory a run uses.
//!
//! Promises: the same command finds its unfinished run again; a run is never continued with another input, operation or
//! host; whoever gets a directory holds its locks. It does not read the results themselves.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Asked, PRUNE, Place, RESULTS, RealDisk, RunFile, Whereabouts,
    disk::{make_directory, make_one_directory},
    lock::{Locks, lock_root, lock_run},
    scan::orphan,
};
use crate::{
    domain::{Digest, Moment, Verdict},
    error::{Error, Exit},
};

/// The option that tells the workers on one input apart.
const SHARD: &str = "shard";

/// A directory for this try, locked.
#[derive(Debug)]
pub struct Chosen {
    /// Where it is.
    pub path: PathBuf,
    /// The run that stands there, finished or not; `None` when it is to be created.
    pub existing: Option<RunFile>,
    /// The [`Immutable::turn`](super::Immutable::turn) of a run that is to be created.
    pub turn: u64,
    /// Held until dropped.
    pub locks: Locks,
}

/// Finds or makes the directory, and locks it.
///
/// # Errors
/// [`Exit::CannotCreate`] when it cannot be made or locked; [`Exit::Incomplete`] while somebody else holds a lock;
/// [`Exit::Config`] when `--out` names the run of another input, operation, API or host; [`Exit::Usage`] when the run that
/// matches is finished, or `--new` meets a run under `--out`; [`Exit::Data`] when what stands there cannot be read.
pub fn resolve(place: &Place, asked: &Asked, now: Moment) -> Result<Chosen, Error> {
    match &place.whereabouts {
        Whereabouts::Exact(path) => exact(path, place, asked),
        Whereabouts::Under(root) => under(root, place, asked, now),
    }
}

fn exact(path: &Path, place: &Place, asked: &Asked) -> Result<Chosen, Error> {
    make_directory(path, place.group_readable).map_err(|error| cannot_make(path, &error))?;
    let whole = path.canonicalize().map_err(|error| cannot_make(path, &error))?;
    let parent = whole.parent().unwrap_or(&whole);
    let root_lock = lock_root(parent, asked, place.group_readable)?;
    let run_lock = lock_run(path, place.group_readable)?;
    let existing = RunFile::read(&RealDisk::at(path, place.group_readable))?;
    match &existing {
        Some(run) => may_continue(path, run, place, asked)?,
        None if path.join(RESULTS).exists() => return Err(orphan()),
        None => {}
    }
    // Where its neighbours cannot be listed, no later command can find it among them.
    let turn = if existing.is_none() { after(&runs_under(parent).unwrap_or_default()) } else { 0 };
    Ok(Chosen { path: path.to_owned(), existing, turn, locks: Locks::of(root_lock, run_lock) })
}

fn under(root: &Path, place: &Place, asked: &Asked, now: Moment) -> Result<Chosen, Error> {
    make_directory(root, place.group_readable).map_err(|error| cannot_make(root, &error))?;
    let root_lock = lock_root(root, asked, place.group_readable)?;
    let runs = runs_under(root)?;
    let turn = after(&runs);
    let chosen = if place.new { None } else { matching(runs, place, asked)? };
    let (path, existing) = match chosen {
        Some((path, run)) => {
            names_alike(&path, &run, asked)?;
            (path, Some(run))
        }
        None => (make_new(root, place, asked, now)?, None),
    };
    let run_lock = lock_run(&path, place.group_readable)?;
    Ok(Chosen { path, existing, turn, locks: Locks::of(root_lock, run_lock) })
}

/// The run to be continued: the youngest unfinished one that matches, or the youngest finished one for
/// `--retry-failed`.
fn matching(mut runs: Runs, place: &Place, asked: &Asked) -> Result<Option<(PathBuf, RunFile)>, Error> {
    if asked.sandbox || asked.input_digest.is_none() {
        return Ok(None);
    }
    runs.retain(|(_, run)| !run.immutable.sandbox);
    if asked.in_turn {
        let youngest = runs.into_iter().find(|(_, run)| is_of_its_kind(run, asked));
        runs = youngest.into_iter().collect();
    }
    runs.retain(|(_, run)| difference(run, asked).is_none());
    if let Some(at) = runs.iter().position(|(_, run)| !run.state.complete) {
        return Ok(Some(runs.swap_remove(at)));
    }
    match runs.into_iter().next() {
        Some(_) if asked.repeatable && !place.retry_failed => Ok(None),
        // Of a night without anybody nothing can be done twice.
        Some((_, run)) if run.state.rows_read == 0 => Ok(None),
        Some((path, run)) if !place.retry_failed => Err(finished(&path, &run)),
        youngest => Ok(youngest),
    }
}

/// The directory that the next try will most likely continue, as far as that can be told without the input's digest:
/// no promise, only a chance to read ahead.
#[must_use]
pub fn likely(place: &Place) -> Option<PathBuf> {
    match &place.whereabouts {
        _ if place.new => None,
        Whereabouts::Exact(path) => path.join(RESULTS).exists().then(|| path.clone()),
        Whereabouts::Under(root) => {
            let runs = runs_under(root).ok()?;
            runs.into_iter().find(|(_, run)| !run.immutable.sandbox && !run.state.complete).map(|(path, _)| path)
        }
    }
}

/// Runs, and where they are.
type Runs = Vec<(PathBuf, RunFile)>;

/// Every run under a root, the youngest first. A run's own stages are none of them.
pub(super) fn runs_under(root: &Path) -> Result<Runs, Error> {
    let cannot = |error: io::Error| Error::new(Exit::Io, format!("{} cannot be read: {error}", root.display()));
    let mut runs = Vec::new();
    for entry in fs::read_dir(root).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if !path.is_dir() || path.ends_with(PRUNE) {
            continue;
        }
        match RunFile::read(&RealDisk::at(&path, false)) {
            Ok(Some(run)) => runs.push((path, run)),
            Ok(None) => {}
            Err(error) => tracing::warn!(directory = %path.display(), "passed over: {}", error.what()),
        }
    }
    // A clock that was set back would call an earlier run the youngest; it decides only between those that it knows alone.
    runs.sort_by_key(|(path, run)| std::cmp::Reverse((run.immutable.turn, run.immutable.started, path.clone())));
    Ok(runs)
}

/// The turn after all of these.
fn after(runs: &Runs) -> u64 {
    runs.first().map_or(0, |(_, run)| run.immutable.turn).saturating_add(1)
}

fn make_new(root: &Path, place: &Place, asked: &Asked, now: Moment) -> Result<PathBuf, Error> {
    let kind = if asked.sandbox { "-sandbox" } else { "" };
    let name = format!("{}-{}{kind}", now.compact(), asked.command);
    let mut path = root.join(&name);
    let mut count = 1;
    loop {
        match make_one_directory(&path, place.group_readable) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                count += 1;
                path = root.join(format!("{name}-{count}"));
            }
            Err(error) => return Err(cannot_make(&path, &error)),
        }
    }
}

fn may_continue(path: &Path, run: &RunFile, place: &Place, asked: &Asked) -> Result<(), Error> {
    let shown = path.display();
    if place.new {
        return Err(Error::new(Exit::Usage, format!("{shown} holds a run already, and --new asks for a new one"))
            .hint("give another directory with --out, or none"));
    }
    if asked.sandbox || run.immutable.sandbox {
        return Err(Error::new(Exit::Config, format!("{shown} holds a run, and a sandbox run is never continued"))
            .hint("give another directory with --out"));
    }
    match difference(run, asked) {
        None => names_alike(path, run, asked),
        Some(difference) => Err(Error::new(Exit::Config, format!("{shown} belongs to another run: {difference}"))
            .hint("give another directory with --out (a deletion passes over what this one settled well with --continue-from)")),
    }
}

/// Whether it is the same command at the same place, whatever its input; shards of one input go side by side.
fn is_of_its_kind(run: &RunFile, asked: &Asked) -> bool {
    let immutable = &run.immutable;
    immutable.command == asked.command
        && immutable.destination == asked.destination
        && immutable.options.get(SHARD) == asked.reading.get(SHARD)
}

/// A run's ids are in clear to its end, or hashed under one key: else nobody could be found in it, and it could not be
/// continued.
fn names_alike(path: &Path, run: &RunFile, asked: &Asked) -> Result<(), Error> {
    let named = |key: &Option<String>| {
        key.as_ref().map_or_else(|| "in clear".to_owned(), |key| format!("hashed with key {key}"))
    };
    let (its, ours) = (&run.immutable.hash_ids, &asked.hash_ids);
    if its == ours {
        return Ok(());
    }
    let what = format!("the ids in {} are {}, and these would be {}", path.display(), named(its), named(ours));
    Err(Error::new(Exit::Config, what).hint(match its {
        Some(_) => "give its own key with --hash-ids, or begin anew with --new or another --out",
        None => "go on without --hash-ids, or begin anew with --new or another --out",
    }))
}

/// What tells the run from the one that is asked for; `None` when nothing does.
fn difference(run: &RunFile, asked: &Asked) -> Option<String> {
    let immutable = &run.immutable;
    if immutable.command != asked.command {
        return Some(format!("its command is {}, this one is {}", immutable.command, asked.command));
    }
    if let Some(what) = immutable.destination.difference(&asked.destination) {
        return Some(format!("it is of {what}"));
    }
    if immutable.input.digest == asked.input_digest {
        return other_rows(run, asked);
    }
    let name = |digest: Option<Digest>| digest.map_or("stdin".to_owned(), |digest| format!("sha256 {digest}"));
    let (its, ours) = (name(immutable.input.digest), name(asked.input_digest));
    Some(format!("its input was {} ({its}), this one's is {ours}", immutable.input.name))
}

/// The same bytes, read in another way, are other rows: another shard, another slice, another column.
fn other_rows(run: &RunFile, asked: &Asked) -> Option<String> {
    let its = &run.immutable.options;
    let (name, ours) = asked.reading.iter().find(|(name, ours)| its.get(*name) != Some(ours))?;
    let its = its.get(name).map_or("not recorded", String::as_str);
    Some(format!("its {name} was {its}, this one's is {ours}"))
}

fn finished(path: &Path, run: &RunFile) -> Error {
    let failed = run.state.totals.of(Verdict::Failed);
    let hint = if failed == 0 {
        "--new begins anew".to_owned()
    } else {
        format!("--retry-failed tries its {failed} failed rows again; --new begins anew")
    };
    Error::new(Exit::Usage, format!("this input was finished already, in {}", path.display())).hint(hint)
}

fn cannot_make(path: &Path, error: &io::Error) -> Error {
    Error::new(Exit::CannotCreate, format!("{} cannot be created: {error}", path.display()))
        .hint("choose another place with --out or --runs-dir")
}
