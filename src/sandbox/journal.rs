//! What was received and what became of it, as JSON Lines, to check a client's own account against.
//!
//! It never holds the key: not a query, no headers but the ids and the user agent, and of the key only whether it was
//! right. A request's line stands in the file before its answer leaves, so that a stand-in that is killed has accounted
//! for whatever it answered.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::play::Key;
use crate::error::{Error, Exit};

/// One request.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    /// Its number in order of arrival, from 1.
    pub(super) n: u64,
    /// Whole milliseconds since the first request.
    pub(super) ms: u128,
    pub(super) method: &'a str,
    /// Without a query.
    pub(super) path: &'a str,
    pub(super) key: Key,
    pub(super) id_kind: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    /// Of the answer; none when no answer was given.
    pub(super) status: Option<u16>,
    /// What was done to it on purpose.
    pub(super) fault: Option<&'static str>,
    /// Whether it made, changed or removed a profile.
    pub(super) applied: bool,
    /// The names of the fields that it brought; their values are nobody's business.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) fields: &'a [String],
    pub(super) user_agent: Option<&'a str>,
}

/// The open journal. The first failure is kept and told at the end; nothing is written after it.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    out: BufWriter<File>,
    lost: Option<io::Error>,
}

impl Journal {
    /// Begins a journal, private to its owner; replaces an earlier one.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(|error| {
            Error::new(
                Exit::CannotCreate,
                format!("{}: the sandbox's journal cannot be created: {error}", path.display()),
            )
        })?;
        Ok(Self { path: path.into(), out: BufWriter::new(file), lost: None })
    }

    /// Adds a line, and hands it to the system.
    pub(super) fn write(&mut self, entry: &Entry<'_>) {
        self.attempt(|out| {
            serde_json::to_writer(&mut *out, entry)?;
            out.write_all(b"\n")?;
            out.flush()
        });
    }

    /// The first failure, if there was one.
    pub(super) fn close(self) -> Result<(), Error> {
        let Some(error) = self.lost else { return Ok(()) };
        Err(Error::new(Exit::Io, format!("{}: the sandbox's journal cannot be written: {error}", self.path.display())))
    }

    fn attempt(&mut self, work: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        if self.lost.is_none() {
            self.lost = work(&mut self.out).err();
        }
    }
}
