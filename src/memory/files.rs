//! The directory of a memory: the store, its key, and the lock.
//!
//! Promises: nobody else reads it (it holds customers' ids) or works with it at the same time; a memory that is begun is
//! there whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use redb::backends::FileBackend;

use super::{
    about::refused,
    place::{Privacy, aside, cannot_create, cannot_use, lock, new_key, put_in_place},
    sent::Memory,
    sorting::Aside,
};
use crate::{
    domain::Destination,
    error::{Error, Exit},
};

const STORE: &str = "memory.redb";
const KEY: &str = "key";
const LOCK: &str = "lock";

impl Memory {
    /// Opens the memory in a directory, for one API in one place; `kinds` are the names of its identities, in the order of
    /// [`crate::domain::IdKind`]. With `first` one that is not there or empty is begun, 0700, or 0770 with
    /// `group_readable`; one that has something in it is opened as without.
    ///
    /// # Errors
    /// [`Exit::Guard`] when it is not there or empty, without `first`; [`Exit::Config`] when it is about something else
    /// or has a newer format; [`Exit::Data`] when it is damaged; [`Exit::Incomplete`] while another process has it;
    /// [`Exit::CannotCreate`] or [`Exit::Io`] otherwise.
    pub fn open(
        directory: &Path,
        about: &Destination,
        kinds: &[String],
        first: bool,
        group_readable: bool,
    ) -> Result<Self, Error> {
        let name = directory.display().to_string();
        let store = directory.join(STORE);
        if !first && !store.exists() {
            return Err(refused(&name, "not there"));
        }
        let privacy = Privacy { group: group_readable };
        let lock = locked(directory, privacy)?;
        let memory = if store.exists() {
            let file = OpenOptions::new().read(true).write(true).open(&store).map_err(|e| cannot_use(&store, &e))?;
            Self::over(backend(file, &store)?, &read_key(directory)?, &name, about, kinds, first)?
        } else {
            begin(directory, privacy, about, kinds)?
        };
        Ok(memory.locked_by(lock, Aside { directory: directory.to_owned(), privacy }))
    }
}

fn locked(directory: &Path, privacy: Privacy) -> Result<File, Error> {
    privacy.make_directory(directory).map_err(|error| cannot_create(directory, &error))?;
    let path = directory.join(LOCK);
    let opened = privacy.open(&path, OpenOptions::new().write(true).create(true).truncate(false));
    let file = opened.map_err(|error| cannot_create(&path, &error))?;
    lock(&file, directory)?;
    Ok(file)
}

/// The store gets its name last: a memory whose beginning was cut short is one that is not there.
fn begin(directory: &Path, privacy: Privacy, about: &Destination, kinds: &[String]) -> Result<Memory, Error> {
    let store = directory.join(STORE);
    let make = || {
        let key = new_key()?;
        privacy.write_aside(&directory.join(KEY), &key)?;
        put_in_place(&directory.join(KEY))?;
        let mut options = OpenOptions::new();
        let file = privacy.open(&aside(&store), options.read(true).write(true).create(true).truncate(true))?;
        Ok((key, file))
    };
    let (key, file) = make().map_err(|error: io::Error| cannot_create(directory, &error))?;
    let name = directory.display().to_string();
    let memory = Memory::over(backend(file, &store)?, &key, &name, about, kinds, true)?;
    put_in_place(&store).map_err(|error| cannot_create(&store, &error))?;
    Ok(memory)
}

fn backend(file: File, path: &Path) -> Result<FileBackend, Error> {
    FileBackend::new(file).map_err(|error| cannot_use(path, &io::Error::other(error.to_string())))
}

fn read_key(directory: &Path) -> Result<[u8; 32], Error> {
    let path = directory.join(KEY);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_use(&path, &error)),
        read => read.unwrap_or_default(),
    };
    bytes.try_into().map_err(|_| {
        Error::new(Exit::Data, format!("the memory's key {} is missing or damaged", path.display()))
            .hint("restore it from a copy; without it, nothing in the memory can be found: begin another one")
    })
}
