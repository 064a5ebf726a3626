//! What is kept of finished runs, and what is known of the last one.
//!
//! Promises: only a complete run of the same command is ever taken away, under its own lock; never one that is
//! unfinished, in use, unreadable, a rehearsal, reached by a link, or whose stage is one of these.
//!
//! The order of a removal: `results.csv` first, `run.json` after everything else, then the lock and the directory. A
//! removal that dies half-way leaves a run that still says it is complete, so that no try continues it, and whose
//! results do not hold the head that it recorded, so that `--retry-failed` and `report` refuse it. The next retention
//! finds it and finishes the removal.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{Asked, PRUNE, RESULTS, RUN, RealDisk, RunFile, directory::runs_under, lock::LOCK, lock::lock_run};
use crate::error::{Error, Exit};

/// How the name of a rehearsal's directory goes on after the command.
const SANDBOX: &str = "-sandbox";

/// Takes away the oldest complete runs of its kind beyond `keep`, by when they began: of the same command at the same
/// destination as `spare`, the run that has just ended, which counts among the kept and stays. Tells what was taken away, the youngest first.
///
/// # Errors
/// [`Exit::Io`] when the runs cannot be listed, or one of them cannot be taken away.
pub fn retain(runs_dir: &Path, keep: NonZeroUsize, spare: &Path) -> Result<Vec<PathBuf>, Error> {
    let runs: Vec<_> = runs_under(runs_dir)?.into_iter().collect();
    let Some(kind) = runs.iter().find(|(path, _)| is_same(path, spare)).map(|(_, run)| run.immutable.clone()) else {
        return Ok(Vec::new());
    };
    let complete = runs.into_iter().filter(|(path, run)| {
        let about = &run.immutable;
        let alike = about.command == kind.command && about.destination == kind.destination;
        let ours = alike && !is_rehearsal(path, run);
        ours && run.state.complete && !is_same(path, spare)
    });
    let mut removed = Vec::new();
    for (path, _) in complete.skip(keep.get() - 1) {
        if remove_run(&path)? {
            removed.push(path);
        }
    }
    Ok(removed)
}

/// How many rows the input of the youngest complete run had that asked the same of the same API; of stdin, how many were
/// read. Rehearsals count only for a rehearsal.
#[must_use]
pub fn last_complete_rows(runs_dir: &Path, asked: &Asked) -> Option<u64> {
    let runs = runs_under(runs_dir).ok()?;
    let (_, last) = runs.into_iter().find(|(path, run)| {
        let about = &run.immutable;
        let alike = about.command == asked.command && about.destination == asked.destination;
        alike && run.state.complete && (asked.sandbox || !is_rehearsal(path, run))
    })?;
    Some(last.immutable.input.rows.unwrap_or(last.state.rows_read))
}

fn is_rehearsal(path: &Path, run: &RunFile) -> bool {
    run.immutable.sandbox || path.file_name().is_some_and(|name| name.to_string_lossy().contains(SANDBOX))
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Takes a run away, unless it must stay after all; tells whether it is gone.
fn remove_run(path: &Path) -> Result<bool, Error> {
    if path.is_symlink() {
        return Ok(false);
    }
    let Some(_run) = lock_complete(path) else { return Ok(false) };
    if has_pruned(path) {
        return Ok(false);
    }
    let cannot = |error: io::Error| {
        Error::new(Exit::Io, format!("the old run in {} cannot be taken away: {error}", path.display()))
            .hint("take it away by hand, or give no --keep-runs")
    };
    empty(path).and_then(|()| fs::remove_dir(path)).map_err(cannot)?;
    Ok(true)
}

/// Whether somebody was deleted because they had left: a sync's stages are the only record of that.
fn has_pruned(path: &Path) -> bool {
    let names = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    names.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(PRUNE) && entry.path().is_dir())
}

/// The lock of a run that is complete; `None` when somebody holds it, or it is not.
fn lock_complete(path: &Path) -> Option<File> {
    let lock = lock_run(path, false).ok()?;
    let run = RunFile::read(&RealDisk::at(path, false)).ok()??;
    run.state.complete.then_some(lock)
}

/// Takes away what is in a run's directory, in the order that this file's head tells, each for good before the next.
fn empty(path: &Path) -> io::Result<()> {
    let names: io::Result<Vec<OsString>> = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect();
    for name in in_order(names?) {
        let inside = path.join(name);
        if inside.is_dir() && !inside.is_symlink() {
            fs::remove_dir_all(&inside)?;
        } else {
            fs::remove_file(&inside)?;
        }
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

fn in_order(mut names: Vec<OsString>) -> Vec<OsString> {
    names.sort_by_key(|name| match name.to_str() {
        Some(RESULTS) => 0,
        Some(RUN) => 2,
        Some(LOCK) => 3,
        Some(_) | None => 1,
    });
    names
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn results_go_first_and_what_says_that_it_is_complete_goes_last() {
        let names = ["lock", "failed.csv", "run.json", "prune", "results.csv", "zeta"];
        let order = in_order(names.into_iter().map(Into::into).collect());
        assert_eq!(order, ["results.csv", "failed.csv", "prune", "zeta", "run.json", "lock"]);
    }
}
