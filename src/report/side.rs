//! The side files: rows that did not make it and rows that were not there, as they stood in the input.
//!
//! Promises: each can be fed back to the program as it is; one under its final name is whole; one that would be empty
//! does not exist. They are begun anew in each try, under `.partial`.

use std::io;

use super::disk::{Disk, DiskFile, cannot_write};
use crate::{
    domain::{Keep, Kept, Layout, Outcome, Verdict},
    error::Error,
};

/// One of the two side files.
#[derive(Debug)]
pub(super) struct SideFile<F> {
    name: String,
    prelude: Box<[u8]>,
    file: Option<F>,
    buffer: Vec<u8>,
}

impl<F> SideFile<F> {
    /// Begins anew: what an earlier try left half-built is taken away.
    pub(super) fn begin<D: Disk<File = F>>(disk: &mut D, keep: Keep, layout: &Layout) -> Result<Self, Error> {
        let stem = match keep {
            Keep::Failed => "failed",
            Keep::Absent => "absent",
        };
        let name = format!("{stem}.{}", layout.extension);
        let side = Self { name, prelude: layout.prelude.clone(), file: None, buffer: Vec::new() };
        disk.remove(&side.partial()).map_err(|error| cannot_write(&side.partial(), &error))?;
        Ok(side)
    }

    /// Takes a record as it stood in the input.
    pub(super) fn push(&mut self, original: &[u8]) {
        if self.file.is_none() && self.buffer.is_empty() {
            self.buffer.extend_from_slice(&self.prelude);
        }
        self.buffer.extend_from_slice(original);
        self.buffer.push(b'\n');
    }

    /// Writes what was taken since the last time.
    pub(super) fn write<D: Disk<File = F>>(&mut self, disk: &mut D) -> Result<(), Error>
    where
        F: DiskFile,
    {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.try_write(disk).map_err(|error| cannot_write(&self.partial(), &error))?;
        self.buffer.clear();
        Ok(())
    }

    fn try_write<D: Disk<File = F>>(&mut self, disk: &mut D) -> io::Result<()>
    where
        F: DiskFile,
    {
        let file = match &mut self.file {
            Some(file) => file,
            empty @ None => empty.insert(disk.create(&format!("{}.partial", self.name))?),
        };
        file.write_all(&self.buffer)
    }

    /// Gives the file its final name; tells it, unless the file would be empty.
    pub(super) fn finish<D: Disk<File = F>>(self, disk: &mut D) -> Result<Option<String>, Error>
    where
        F: DiskFile,
    {
        let partial = self.partial();
        let finished = match self.file {
            Some(mut file) => {
                file.sync().and_then(|()| disk.rename(&partial, &self.name)).map(|()| Some(self.name.clone()))
            }
            None => disk.remove(&self.name).map(|()| None),
        };
        finished.map_err(|error| cannot_write(&self.name, &error))
    }

    fn partial(&self) -> String {
        format!("{}.partial", self.name)
    }
}

/// Both side files.
#[derive(Debug)]
pub(super) struct SideFiles<F> {
    failed: SideFile<F>,
    absent: SideFile<F>,
}

impl<F: DiskFile> SideFiles<F> {
    /// Begins both anew.
    pub(super) fn begin<D: Disk<File = F>>(disk: &mut D, layout: &Layout) -> Result<Self, Error> {
        Ok(Self {
            failed: SideFile::begin(disk, Keep::Failed, layout)?,
            absent: SideFile::begin(disk, Keep::Absent, layout)?,
        })
    }

    /// Takes this try's rows.
    pub(super) fn record<D: Disk<File = F>>(&mut self, disk: &mut D, outcomes: &[Outcome]) -> Result<(), Error> {
        for outcome in outcomes {
            match outcome.verdict {
                Verdict::Refused | Verdict::Failed | Verdict::Invalid | Verdict::Exists => {
                    self.failed.push(&outcome.row.original);
                }
                verdict @ (Verdict::Absent | Verdict::Missing) => {
                    if outcome.row.action.not_there() == Some(verdict) {
                        self.absent.push(&outcome.row.original);
                    }
                }
                // Whoever is there anew is not to be fed to a deletion unseen.
                Verdict::Deleted
                | Verdict::Duplicate
                | Verdict::Found
                | Verdict::New
                | Verdict::Created
                | Verdict::Updated
                | Verdict::Unchanged
                | Verdict::Superseded
                | Verdict::Suppressed => {}
            }
        }
        self.write(disk)
    }

    /// Takes rows that an earlier try settled.
    pub(super) fn keep<D: Disk<File = F>>(&mut self, disk: &mut D, kept: &[Kept]) -> Result<(), Error> {
        for kept in kept {
            match kept.keep {
                Keep::Failed => self.failed.push(&kept.original),
                Keep::Absent => self.absent.push(&kept.original),
            }
        }
        self.write(disk)
    }

    fn write<D: Disk<File = F>>(&mut self, disk: &mut D) -> Result<(), Error> {
        self.failed.write(disk)?;
        self.absent.write(disk)
    }

    /// Gives both their final names: of the failed and of the absent.
    pub(super) fn finish<D: Disk<File = F>>(self, disk: &mut D) -> Result<[Option<String>; 2], Error> {
        let names = [self.failed.finish(disk)?, self.absent.finish(disk)?];
        disk.sync_names().map_err(|error| cannot_write("the run's directory", &error))?;
        Ok(names)
    }
}
