//! Counts a run's results anew from their lines, for those who do not want to take `run.json`'s word for it.
//!
//! Promises: changes nothing, locks nothing, and verifies the whole chain first.

use std::path::Path;

use serde::Serialize;

use super::{
    RESULTS, RUN, RealDisk,
    disk::{Disk as _, cannot_read},
    runfile::{RunFile, State},
    scan::{Folding, ScanOptions, fold, orphan},
    walk::walk,
};
use crate::{
    domain::{Action, Fingerprints, Naming, Recorded, Tally, Verdict},
    error::{Error, Exit},
    flow::MaxAbsent,
};

/// The not-found guard's default, by which an earlier run's `absent` lines are judged.
const MAX_ABSENT: MaxAbsent = MaxAbsent::Percent(95.0);

/// What the lines themselves say.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// Every row by its last line.
    #[serde(serialize_with = "super::runfile::totals::serialize")]
    pub totals: Tally,
    /// Outcome lines that are valid.
    pub lines: u64,
    /// Those of them that a later line superseded.
    pub superseded: u64,
    /// Bytes after them that do not chain: the tail of a write that never came to its end.
    pub torn_bytes: u64,
    /// The chain value of the last line, 64 hex digits.
    pub head: String,
    /// Whether the head that `run.json` recorded occurs in the chain; if not, lines are missing.
    pub recorded_head_occurs: bool,
    /// Whether `run.json` says the run is complete, and its totals are those of the lines.
    pub complete: bool,
    /// When the first line was written, as it says.
    pub first_finished_at: Option<String>,
    /// When the last line was written, as it says.
    pub last_finished_at: Option<String>,
    /// What the run is about.
    pub run: super::Immutable,
    /// How it stood at the last end of a try.
    pub state: State,
}

/// Verifies a run's results and counts them anew.
///
/// # Errors
/// [`Exit::Data`] when there is no run, or the chain is broken; [`Exit::Io`] when it cannot be read.
pub fn audit(directory: &Path) -> Result<Audit, Error> {
    let disk = RealDisk::at(directory, false);
    let run = read_run(&disk, directory)?;
    let Folding { scan, recorded_head_occurs } = fold(run, open(&disk)?, options())?;
    let (first_finished_at, last_finished_at) = span(&disk, &scan.run)?;
    Ok(Audit {
        totals: scan.totals,
        lines: scan.lines,
        superseded: scan.superseded,
        torn_bytes: scan.torn.len() as u64,
        head: scan.head.to_string(),
        recorded_head_occurs,
        complete: scan.run.state.complete && scan.run.state.totals == scan.totals,
        first_finished_at,
        last_finished_at,
        run: scan.run.immutable,
        state: scan.run.state,
    })
}

/// What another deletion settled well.
#[derive(Debug)]
pub struct Elsewhere {
    /// The ids that it deleted.
    pub deleted: Fingerprints,
    /// Those that it found absent, but for rows whose `absent` its not-found guard doubts.
    pub absent: Fingerprints,
    /// What that run was about, and how it stands.
    pub run: RunFile,
}

/// Whom another deletion settled well, under a key for this process only. `naming` is needed where that run's ids are
/// hashed.
///
/// # Errors
/// [`Exit::Config`] when the run is no deletion, or its ids are hashed with another key; [`Exit::Data`] when there is no
/// run, or the chain is broken; [`Exit::Io`] when it cannot be read.
pub fn settled_elsewhere(directory: &Path, key: [u8; 32], naming: &Naming) -> Result<Elsewhere, Error> {
    let disk = RealDisk::at(directory, false);
    let run = read_run(&disk, directory)?;
    if run.immutable.command != Action::Delete.word() {
        let what = format!("{} does not hold a deletion, but a run of {}", directory.display(), run.immutable.command);
        return Err(Error::new(Exit::Config, what).hint("--continue-from names the directory of a `tollgate delete`"));
    }
    let naming = its_naming(&run.immutable, directory, naming)?;
    let Folding { scan, .. } = fold(run, open(&disk)?, options())?;
    let empty = Fingerprints::keyed(key).named(naming);
    let (mut deleted, mut absent) = (empty.clone(), empty);
    walk(open(&disk)?, scan.run.first_link(), |link| {
        let set = if link.entry.verdict == Verdict::Deleted {
            &mut deleted
        } else if link.entry.verdict == Verdict::Absent && scan.past.absent.contains(link.entry.line) {
            &mut absent
        } else {
            return Ok(());
        };
        let id = link.entry.id().ok_or_else(|| {
            super::line::corrupt(link.number, "holds an id that is not stored as this version stores ids")
        })?;
        set.insert_text(&id);
        Ok(())
    })?;
    Ok(Elsewhere { deleted, absent, run: scan.run })
}

/// What a deletion's looks recorded.
#[derive(Debug)]
pub struct Against {
    /// Which profile was found by which id.
    pub recorded: Recorded,
    /// What that run was about, and how it stands.
    pub run: RunFile,
}

/// What the looks of a finished deletion recorded, under a key for this process only. `naming` is needed where that
/// run's ids are hashed.
///
/// # Errors
/// [`Exit::Config`] when the run is no deletion, is not finished, or has ids hashed with another key; [`Exit::Data`] when there is no run, or the chain
/// is broken; [`Exit::Io`] when it cannot be read.
pub fn recorded_by(directory: &Path, key: [u8; 32], naming: &Naming) -> Result<Against, Error> {
    let disk = RealDisk::at(directory, false);
    let run = read_run(&disk, directory)?;
    if run.immutable.command != Action::Delete.word() || !run.state.complete {
        return Err(Error::new(Exit::Config, format!("{} does not hold a finished deletion", directory.display()))
            .hint("--against names the directory of a `tollgate delete --look` that came to its end"));
    }
    let mut recorded = Recorded::keyed(key).named(its_naming(&run.immutable, directory, naming)?);
    walk(open(&disk)?, run.first_link(), |link| {
        let unreadable =
            || super::line::corrupt(link.number, "holds an id that is not stored as this version stores ids");
        let id = link.entry.id().ok_or_else(unreadable)?;
        let remote_id = link.entry.remote_id().ok_or_else(unreadable)?;
        if !remote_id.is_empty() {
            recorded.insert(&id, &remote_id);
        }
        Ok(())
    })?;
    Ok(Against { recorded, run })
}

/// How a run names ids, for whoever names them like `naming`: a run in clear is understood by anybody, a hashed one with
/// its own key alone.
///
/// # Errors
/// [`Exit::Config`] when they are hashed, and the key is another one, or none.
pub fn its_naming(run: &super::Immutable, directory: &Path, naming: &Naming) -> Result<Naming, Error> {
    match (run.hash_ids.as_deref(), naming.key_id()) {
        (None, _) => Ok(Naming::default()),
        (Some(its), Some(ours)) if its == ours => Ok(naming.clone()),
        (Some(its), ours) => {
            let given = ours.map_or_else(|| "none is given".to_owned(), |ours| format!("the key given is {ours}"));
            let what = format!("the ids in {} are hashed with key {its}, and {given}", directory.display());
            Err(Error::new(Exit::Config, what).hint("give that run's own key with --hash-ids"))
        }
    }
}

const fn options() -> ScanOptions {
    ScanOptions { max_absent: MAX_ABSENT, with_replay: false }
}

pub(super) fn read_run(disk: &RealDisk, directory: &Path) -> Result<RunFile, Error> {
    if let Some(run) = RunFile::read(disk)? {
        return Ok(run);
    }
    let results = disk.read(RESULTS).map_err(|error| cannot_read(RESULTS, &error))?;
    Err(match results {
        Some(_) => orphan(),
        None => Error::new(Exit::Data, format!("{} holds no run: there is no {RUN}", directory.display())),
    })
}

pub(super) fn open(disk: &RealDisk) -> Result<Box<dyn std::io::Read + '_>, Error> {
    let file = disk.read(RESULTS).map_err(|error| cannot_read(RESULTS, &error))?;
    Ok(file.unwrap_or_else(|| Box::new(std::io::empty())))
}

/// When the first and the last line say they were written.
fn span(disk: &RealDisk, run: &RunFile) -> Result<(Option<String>, Option<String>), Error> {
    let (mut first, mut last) = (None, None);
    walk(open(disk)?, run.first_link(), |link| {
        let at = link.entry.finished_at().unwrap_or_default();
        first.get_or_insert_with(|| at.to_vec());
        let last = last.get_or_insert_with(Vec::new);
        last.clear();
        last.extend_from_slice(at);
        Ok(())
    })?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((first.map(text), last.map(text)))
}
