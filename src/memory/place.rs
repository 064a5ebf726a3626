//! Private files: made 0600 (or 0660 for a group), locked by the kernel, replaced whole.
//!
//! Promises: a lock goes with its process, however that ends; a file that is replaced is either the old one or the new
//! one, whenever the power goes. It does not know what the files mean.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::error::{Error, Exit};

/// Who may read what is made: its owner alone, or the group as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Privacy {
    pub(super) group: bool,
}

impl Privacy {
    /// Opens a file as `options` say; the umask has no say in what it creates.
    pub(super) fn open(self, path: &Path, options: &mut OpenOptions) -> io::Result<File> {
        let file = options.mode(0o600).open(path)?;
        if self.group && file.metadata()?.permissions().mode() & 0o777 == 0o600 {
            file.set_permissions(Permissions::from_mode(0o660))?;
        }
        Ok(file)
    }

    /// Makes a directory and its parents, 0700 or 0770; well when it exists.
    pub(super) fn make_directory(self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        self.make_directory(parent(path))?;
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
            made => made?,
        }
        if self.group {
            fs::set_permissions(path, Permissions::from_mode(0o770))?;
        }
        sync_names(path)
    }

    /// Writes a whole new file under another name, for [`put_in_place`].
    pub(super) fn write_aside(self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        let mut file = self.open(&aside(path), OpenOptions::new().write(true).create(true).truncate(true))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(file)
    }
}

/// The name of what shall take a file's place.
pub(super) fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Gives what was written aside the file's own name, for good.
pub(super) fn put_in_place(path: &Path) -> io::Result<()> {
    fs::rename(aside(path), path)?;
    sync_names(path)
}

/// Makes the creation or renaming of a path last.
pub(super) fn sync_names(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Locks a file against every other process, at once or not at all. `whose` names it in the message.
pub(super) fn lock(file: &File, whose: &Path) -> Result<(), Error> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(held(whose)),
        Err(TryLockError::Error(error)) => Err(cannot_create(whose, &error)),
    }
}

/// Locks a file against whoever would change it, at once or not at all; others may look into it meanwhile.
pub(super) fn hold(file: &File, whose: &Path) -> Result<(), Error> {
    match file.try_lock_shared() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(held(whose)),
        Err(TryLockError::Error(error)) => Err(cannot_create(whose, &error)),
    }
}

/// Another process has it.
pub(super) fn held(whose: &Path) -> Error {
    Error::new(Exit::Incomplete, format!("another process works with {}", whose.display()))
        .hint("run the same command again when the other one has ended")
}

/// The list cannot be read.
pub(super) fn is_not_there(list: &Path, error: &io::Error) -> Error {
    if error.kind() != io::ErrorKind::NotFound {
        return cannot_use(list, error);
    }
    Error::new(Exit::NoInput, format!("the suppression list {} is not there", list.display()))
        .hint("`tollgate delete --suppress` makes it; without it, the erased could come back")
}

/// It cannot be made or locked.
pub(super) fn cannot_create(path: &Path, error: &io::Error) -> Error {
    Error::new(Exit::CannotCreate, format!("{} cannot be created or locked: {error}", path.display()))
        .hint("it must be writable, on a file system with flock")
}

/// It cannot be written or read.
pub(super) fn cannot_use(path: &Path, error: &io::Error) -> Error {
    Error::new(Exit::Io, format!("{} cannot be read or written: {error}", path.display()))
}

/// 32 bytes of the operating system's randomness: a key that outlives the process must not be guessed.
pub(super) fn new_key() -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}
