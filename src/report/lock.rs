//! Kernel locks: two processes never work on one run, nor share one API's pace.
//!
//! Promises: a lock goes with its process, however that ends; no process id is trusted. Works where `flock` does.

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use super::Asked;
use crate::{
    domain::Destination,
    error::{Error, Exit},
};

/// File systems take 255 bytes; names that agree so far share a lock, which only makes one wait for the other.
const LONGEST_NAME: usize = 200;

/// The file in a run's directory that is locked.
pub(super) const LOCK: &str = "lock";

/// Held until dropped.
#[derive(Debug)]
pub struct Locks {
    _run: File,
    _root: Option<File>,
}

impl Locks {
    pub(super) const fn of(root: Option<File>, run: File) -> Self {
        Self { _run: run, _root: root }
    }
}

/// Locks the runs' root for one API and host, since the pace belongs to the key.
/// A stand-in's pace belongs to nobody.
pub(super) fn lock_root(root: &Path, asked: &Asked, group_readable: bool) -> Result<Option<File>, Error> {
    let Asked { destination: Destination { api, host, .. }, sandbox, .. } = asked;
    if *sandbox {
        return Ok(None);
    }
    let name: String = format!(".lock-{api}-{host}")
        .chars()
        .take(LONGEST_NAME)
        .map(|letter| if letter.is_ascii_alphanumeric() || ".-".contains(letter) { letter } else { '_' })
        .collect();
    let held = || format!("another run against {host} is going on under {}", root.display());
    lock(root, &name, group_readable, held).map(Some)
}

/// Locks one run's directory.
pub(super) fn lock_run(directory: &Path, group_readable: bool) -> Result<File, Error> {
    lock(directory, LOCK, group_readable, || format!("another process works on the run in {}", directory.display()))
}

fn lock(directory: &Path, name: &str, group_readable: bool, held: impl FnOnce() -> String) -> Result<File, Error> {
    let path = directory.join(name);
    let cannot = |error: io::Error| {
        Error::new(Exit::CannotCreate, format!("{} cannot be locked: {error}", path.display()))
            .hint("the run's directory and the one it stands in must be writable, on a file system with flock")
    };
    let file = open(&path, group_readable).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::new(Exit::Incomplete, held()).hint("run the same command again when the other one has ended"))
        }
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

fn open(path: &Path, group_readable: bool) -> io::Result<File> {
    let mode = if group_readable { 0o660 } else { 0o600 };
    match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Ok(file) => {
            // The umask may take the group's rights from the mode of an open.
            file.set_permissions(Permissions::from_mode(mode))?;
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new().write(true).open(path),
        Err(error) => Err(error),
    }
}
