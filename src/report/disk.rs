//! The file operations of one run's directory, and the real ones.
//!
//! Promises: whoever holds a [`Disk`] reaches the files of one directory by name, and nothing else. What was written is
//! on the disk only after [`DiskFile::sync`]; that a file exists at all, only after [`Disk::sync_names`]. It does not
//! know what the files mean.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::error::{Error, Exit};

/// The files of one run's directory.
pub trait Disk {
    /// A file that only grows.
    type File: DiskFile;

    /// A new, empty file, whatever stood there.
    ///
    /// # Errors
    /// What the operating system says.
    fn create(&mut self, name: &str) -> io::Result<Self::File>;

    /// An existing file, to be written at its end; an empty new one when there is none.
    ///
    /// # Errors
    /// What the operating system says.
    fn append(&mut self, name: &str) -> io::Result<Self::File>;

    /// A file from its beginning; `None` when there is none.
    ///
    /// # Errors
    /// What the operating system says.
    fn read(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>>;

    /// Cuts a file to so many bytes, and syncs it.
    ///
    /// # Errors
    /// What the operating system says.
    fn cut(&mut self, name: &str, bytes: u64) -> io::Result<()>;

    /// Gives a file another name, in place of whatever had that name.
    ///
    /// # Errors
    /// What the operating system says.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a file away; well when there is none.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals last.
    ///
    /// # Errors
    /// What the operating system says.
    fn sync_names(&mut self) -> io::Result<()>;
}

/// A file that only grows.
pub trait DiskFile: Write {
    /// Makes everything written so far last.
    ///
    /// # Errors
    /// What the operating system says; it must not be tried again, since a second sync may succeed without the data.
    fn sync(&mut self) -> io::Result<()>;
}

/// Writes a whole file so that it is either the old one or the new one, whenever the power goes.
pub(super) fn replace<D: Disk>(disk: &mut D, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = format!("{name}.new");
    let mut file = disk.create(&temporary)?;
    file.write_all(bytes)?;
    file.sync()?;
    disk.rename(&temporary, name)?;
    disk.sync_names()
}

/// Reads a whole small file; `None` when there is none.
pub(super) fn read_whole<D: Disk>(disk: &D, name: &str) -> io::Result<Option<Vec<u8>>> {
    let Some(mut reader) = disk.read(name)? else { return Ok(None) };
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The results cannot be written or synced.
pub(super) fn cannot_write(name: &str, error: &io::Error) -> Error {
    Error::new(Exit::Io, format!("{name} cannot be written: {error}"))
        .hint("what was synced before is safe; make room or mend the disk, then run the same command again")
}

/// The results cannot be read back.
pub(super) fn cannot_read(name: &str, error: &io::Error) -> Error {
    Error::new(Exit::Io, format!("{name} cannot be read: {error}"))
}

/// The real files of one directory.
#[derive(Debug, Clone)]
pub struct RealDisk {
    directory: PathBuf,
    group_readable: bool,
}

impl RealDisk {
    /// The files of an existing directory. What is created there is 0600, or 0660 with `group_readable`.
    #[must_use]
    pub fn at(directory: &Path, group_readable: bool) -> Self {
        Self { directory: directory.to_owned(), group_readable }
    }

    fn open(&self, name: &str, options: &mut OpenOptions) -> io::Result<File> {
        let file = options.create(true).mode(0o600).open(self.directory.join(name))?;
        if self.group_readable && file.metadata()?.permissions().mode() & 0o777 != 0o660 {
            // The umask took the group's rights from the mode of the open. Another member's file is left as it is.
            file.set_permissions(fs::Permissions::from_mode(0o660))?;
        }
        Ok(file)
    }
}

/// Makes a directory, 0700 or 0770, and its parents; well when it exists.
pub(super) fn make_directory(path: &Path, group_readable: bool) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_directory(parent, group_readable)?;
    }
    match make_one_directory(path, group_readable) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// Makes one directory, 0700 or 0770, that must not exist yet.
pub(super) fn make_one_directory(path: &Path, group_readable: bool) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)?;
    if group_readable {
        fs::set_permissions(path, fs::Permissions::from_mode(0o770))?;
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

impl Disk for RealDisk {
    type File = File;

    fn create(&mut self, name: &str) -> io::Result<File> {
        self.open(name, OpenOptions::new().write(true).truncate(true))
    }

    fn append(&mut self, name: &str) -> io::Result<File> {
        self.open(name, OpenOptions::new().append(true))
    }

    fn read(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        match File::open(self.directory.join(name)) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn cut(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.directory.join(name))?;
        file.set_len(bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.directory.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn sync_names(&mut self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
