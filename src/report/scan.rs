//! Reads what earlier tries left in a run's directory.
//!
//! Promises: verifies the whole chain and changes nothing; what it takes for a torn tail it hands on, to be set aside
//! when the journal is opened.

use std::{fs, io::Read, path::Path};

use super::{
    RESULTS, RUN, RealDisk,
    disk::{Disk, cannot_read},
    line::corrupt,
    runfile::RunFile,
    settled::Fold,
    walk::walk,
};
use crate::{
    domain::{Digest, LineSet, Past, ReplaySum, Tally},
    error::{Error, Exit},
    flow::MaxAbsent,
};

/// How to read it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanOptions {
    /// While this guard trips, `absent` rows count as unsettled.
    pub max_absent: MaxAbsent,
    /// Sum up the settled ids: for stdin, which has no digest that says it is the same input.
    pub with_replay: bool,
}

/// What earlier tries left.
#[derive(Debug)]
pub struct Scan {
    /// What the next try must know. Its tally counts settled rows only: rows whose last line is `failed`, and `absent`
    /// rows that the not-found guard doubts, will be sent again and counted then.
    pub past: Past,
    /// Every row by its last line, unsettled words included: what a finished run came to.
    pub totals: Tally,
    /// What `run.json` says.
    pub run: RunFile,
    /// Outcome lines in the journal, superseded ones included.
    pub lines: u64,
    /// Lines that a later line superseded.
    pub superseded: u64,
    /// Rows found absent after an attempt whose answer was lost: may have been erased by it.
    pub after_lost_answer: u64,
    /// Bytes of a torn tail, to be moved to `results.torn`.
    pub torn: Vec<u8>,
    /// The chain value of the last line.
    pub head: Digest,
    /// The sum over (line, id) of the rows that are `found`.
    pub(super) found: ReplaySum,
    /// Rows whose last line is `failed`, then those whose `absent` is doubted.
    pub(super) unsettled: [LineSet; 2],
    /// Valid bytes of the journal; zero when even its header must be written.
    pub(super) bytes: u64,
}

/// Reads a run's directory; `None` when no run was begun there.
///
/// # Errors
/// [`Exit::Data`] when the journal does not chain, has no `run.json`, settles a row twice, or does not hold the head that
/// `run.json` recorded; [`Exit::Io`] when it cannot be read.
pub fn scan<D: Disk>(disk: &D, options: ScanOptions) -> Result<Option<Scan>, Error> {
    let results = disk.read(RESULTS).map_err(|error| cannot_read(RESULTS, &error))?;
    let Some(run) = RunFile::read(disk)? else {
        return if results.is_none() { Ok(None) } else { Err(orphan()) };
    };
    let file = results.unwrap_or_else(|| Box::new(std::io::empty()));
    let scan = fold(run, file, options)?;
    if scan.recorded_head_occurs {
        Ok(Some(scan.scan))
    } else {
        Err(Error::new(Exit::Data, format!("the chain's head that {RUN} recorded does not occur in {RESULTS}"))
            .hint("lines that were written are missing: restore the file from a copy, or begin anew"))
    }
}

impl Scan {
    /// Whether the journal in a directory is still the one that was scanned: it only ever grows, and each try says in
    /// `run.json` that it began. To be asked under the directory's lock.
    #[must_use]
    pub fn still_holds(&self, directory: &Path) -> bool {
        let bytes = self.bytes + self.torn.len() as u64;
        let same_length = fs::metadata(directory.join(RESULTS)).is_ok_and(|results| results.len() == bytes);
        let run = RunFile::read(&RealDisk::at(directory, false));
        same_length && run.is_ok_and(|run| run.is_some_and(|run| run.state == self.run.state))
    }
}

/// A scan that does not mind what head was recorded.
pub(super) struct Folding {
    pub(super) scan: Scan,
    pub(super) recorded_head_occurs: bool,
}

/// Verifies and folds.
pub(super) fn fold(run: RunFile, file: impl Read, options: ScanOptions) -> Result<Folding, Error> {
    let first = run.first_link();
    let recorded = run.state.chain_head.hex();
    let mut recorded_head_occurs = recorded == first.hex();
    let mut fold = Fold::new(options.max_absent, options.with_replay);
    let walked = walk(file, first, |link| {
        recorded_head_occurs |= *link.head == recorded;
        fold.add(&link.entry).map_err(|_| corrupt(link.number, "settles a row that an earlier line settled"))
    })?;
    let folded = fold.finish();
    let scan = Scan {
        past: folded.past,
        totals: folded.totals,
        run,
        lines: walked.lines,
        superseded: folded.superseded,
        after_lost_answer: folded.after_lost_answer,
        torn: walked.torn,
        head: walked.head,
        found: folded.found,
        unsettled: [folded.failed, folded.doubted],
        bytes: walked.bytes,
    };
    Ok(Folding { scan, recorded_head_occurs })
}

pub(super) fn orphan() -> Error {
    Error::new(Exit::Data, format!("{RESULTS} stands there without {RUN}, so its chain cannot be verified"))
        .hint("restore run.json from a copy, or choose another directory with --out")
}
