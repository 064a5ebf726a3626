//! What the list of those who shall not come back is written on: a file, or whatever takes its place in a test.
//!
//! Promises: the file is locked by the kernel until it is dropped, and is the one that has the name. It does not know what
//! is written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::place::{Privacy, cannot_create, hold, is_not_there, lock, sync_names};
use crate::error::Error;

/// Something to write at the end of.
pub trait Sheet: Write {
    /// All that stands on it, synced or not.
    ///
    /// # Errors
    /// Whatever hinders it.
    fn bytes(&mut self) -> io::Result<Vec<u8>>;

    /// Cuts it to so many bytes, for good.
    ///
    /// # Errors
    /// Whatever hinders it; it is then as it was, or shorter.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;

    /// What stands on it outlasts the power.
    ///
    /// # Errors
    /// Whatever hinders it; nothing is then known of what lasts.
    fn sync(&mut self) -> io::Result<()>;

    /// So does its name.
    ///
    /// # Errors
    /// Whatever hinders it.
    fn sync_name(&mut self) -> io::Result<()>;
}

/// A file by its name.
pub struct SheetFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
}

impl SheetFile {
    /// Opens and locks what has this name now, or makes it: while it was waited for, another process may have replaced it.
    pub(super) fn locked(path: &Path, privacy: Privacy) -> Result<Self, Error> {
        let cannot = |error: io::Error| cannot_create(path, &error);
        loop {
            let mut options = OpenOptions::new();
            let file = privacy.open(path, options.read(true).append(true).create(true)).map_err(cannot)?;
            lock(&file, path)?;
            if is_named(&file, path).map_err(cannot)? {
                return Ok(Self { path: path.to_owned(), file });
            }
        }
    }
}

/// Opens what has this name now, and keeps others from writing it.
pub(super) fn held(path: &Path) -> Result<File, Error> {
    loop {
        let file = File::open(path).map_err(|error| is_not_there(path, &error))?;
        hold(&file, path)?;
        if is_named(&file, path).map_err(|error| cannot_create(path, &error))? {
            return Ok(file);
        }
    }
}

fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    let (ours, named) = (file.metadata()?, fs::metadata(path));
    Ok(named.is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino())))
}

impl Write for SheetFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sheet for SheetFile {
    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.file.sync_all()
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn sync_name(&mut self) -> io::Result<()> {
        sync_names(&self.path)
    }
}
