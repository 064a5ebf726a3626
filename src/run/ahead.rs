//! Reading ahead: while the input is counted, the journal that will most likely be continued is verified beside it.
//!
//! Promises: it only saves time. What it read without a lock is used only if, under the lock, the journal is still the
//! same; otherwise it is read again.

use std::{path::PathBuf, thread::JoinHandle};

use crate::{
    config::{Job, Target},
    report::{RealDisk, Scan, ScanOptions, likely, scan},
    source::InputName,
};

/// A scan on a thread of its own, if there was anything to scan.
pub(super) struct Ahead {
    directory: PathBuf,
    thread: JoinHandle<Option<Scan>>,
}

impl Ahead {
    /// Begins, where a run would be continued and its input is a file that takes time to count.
    pub(super) fn begin(job: &Job) -> Option<Self> {
        let InputName::File(_) = job.input else { return None };
        let Target::Real { .. } = job.target else { return None };
        let directory = likely(&job.place)?;
        let disk = RealDisk::at(&directory, job.place.group_readable);
        let options = scan_options(job);
        let thread = std::thread::Builder::new().name("ahead".to_owned());
        let thread = thread.spawn(move || scan(&disk, options).ok().flatten()).ok()?;
        Some(Self { directory, thread })
    }

    /// What was read, if it is about this directory and still true; to be asked under the lock.
    pub(super) fn of(self, directory: &std::path::Path) -> Option<Scan> {
        if self.directory != directory {
            return None;
        }
        let scan = self.thread.join().ok().flatten()?;
        scan.still_holds(directory).then_some(scan)
    }
}

/// How a job's journal is read.
pub(super) fn scan_options(job: &Job) -> ScanOptions {
    ScanOptions { max_absent: job.flow.max_absent, with_replay: job.input == InputName::Stdin }
}
