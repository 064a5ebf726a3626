//! The profiles that were read, one JSON object a line: `{"line":4711,"id":"customer-1","profile":{…}}`.
//!
//! Promises: a profile lasts before any line of the results says `found`, and stands in the file in the same order;
//! so whatever dies when, the file is cut back to the rows that are found, and has each of them once. Stdout cannot be
//! cut back: a profile may come twice there, but never be missing. It does not know how a profile is laid out.

use std::{
    fmt,
    io::{BufRead as _, BufReader, Read, Write},
};

use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{
    disk::{Disk, DiskFile, cannot_read, cannot_write},
    scan::Scan,
};
use crate::{
    domain::{Outcome, ReplaySum, Subject, Verdict},
    error::{Error, Exit},
};

/// The file's name in the run's directory.
pub const PROFILES: &str = "profiles.jsonl";

/// Where profiles go.
pub struct Profiles<F> {
    name: String,
    sink: Sink<F>,
    buffer: Vec<u8>,
}

enum Sink<F> {
    File(F),
    Pipe(Box<dyn Write + Send>),
}

/// One line, to be written.
#[derive(Serialize)]
struct Written<'a> {
    line: u64,
    id: &'a str,
    profile: &'a RawValue,
}

/// One line, as far as it must be known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stands {
    line: u64,
    id: String,
    #[serde(rename = "profile")]
    _profile: IgnoredAny,
}

impl<F> fmt::Debug for Profiles<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiles").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<F: DiskFile> Profiles<F> {
    /// Onto stdout: `name` is for messages.
    pub fn onto(pipe: impl Write + Send + 'static, name: &str) -> Self {
        Self { name: name.to_owned(), sink: Sink::Pipe(Box::new(pipe)), buffer: Vec::new() }
    }

    /// Into a file that must not be there yet.
    ///
    /// # Errors
    /// [`Exit::CannotCreate`] when it is there, or cannot be created.
    pub fn begin<D: Disk<File = F>>(disk: &mut D, name: &str) -> Result<Self, Error> {
        Self::must_be_new(disk, name)?;
        let file = disk.create(name).and_then(|file| disk.sync_names().map(|()| file)).map_err(|error| {
            Error::new(Exit::CannotCreate, format!("{name} cannot be created: {error}"))
                .hint("choose another place with --out-profiles")
        })?;
        Ok(Self { name: name.to_owned(), sink: Sink::File(file), buffer: Vec::new() })
    }

    /// Before a run is begun: what stands there already is not ours.
    ///
    /// # Errors
    /// [`Exit::CannotCreate`] when something does.
    pub fn must_be_new<D: Disk<File = F>>(disk: &D, name: &str) -> Result<(), Error> {
        match disk.read(name).map_err(|error| cannot_read(name, &error))? {
            None => Ok(()),
            Some(_) => Err(Error::new(Exit::CannotCreate, format!("{name} exists already"))
                .hint("choose another name with --out-profiles, or take the file away")),
        }
    }

    /// Goes on with the file of an earlier try: cuts it back to the profiles of the rows that are found.
    ///
    /// # Errors
    /// [`Exit::Data`] when it has not exactly these, or holds something else; [`Exit::Io`] when it cannot be read or
    /// written.
    pub fn resume<D: Disk<File = F>>(disk: &mut D, name: &str, scan: &Scan) -> Result<Self, Error> {
        let found = scan.totals.of(Verdict::Found);
        let standing = match disk.read(name).map_err(|error| cannot_read(name, &error))? {
            Some(file) => Standing::read(file, name, found)?,
            None => Standing::default(),
        };
        if standing.profiles != found || standing.sum != scan.found {
            return Err(foreign(name, "does not have the profiles that results.csv says were found")
                .hint("restore it from a copy, or begin anew in another directory"));
        }
        let write = |disk: &mut D| {
            if standing.beyond > 0 {
                disk.cut(name, standing.bytes)?;
            }
            let file = disk.append(name)?;
            disk.sync_names().map(|()| file)
        };
        let file = write(disk).map_err(|error| cannot_write(name, &error))?;
        Ok(Self { name: name.to_owned(), sink: Sink::File(file), buffer: Vec::new() })
    }

    /// Writes the profiles of the rows that are found, and makes them last.
    pub(super) fn write(&mut self, outcomes: &[Outcome]) -> Result<(), Error> {
        self.buffer.clear();
        for outcome in outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Found) {
            put(outcome, &mut self.buffer)?;
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = match &mut self.sink {
            Sink::File(file) => file.write_all(&self.buffer).and_then(|()| file.sync()),
            Sink::Pipe(pipe) => pipe.write_all(&self.buffer).and_then(|()| pipe.flush()),
        };
        written.map_err(|error| cannot_write(&self.name, &error))
    }
}

/// Appends one line.
fn put(outcome: &Outcome, out: &mut Vec<u8>) -> Result<(), Error> {
    let lacking = |what: &str| {
        Error::new(Exit::Internal, format!("the row on line {} is found, and has {what}", outcome.row.line))
    };
    let id = match &outcome.row.subject {
        Subject::Known(identity) => identity.primary().text(),
        Subject::Spared(..) | Subject::Malformed { .. } => return Err(lacking("no id")),
    };
    let raw = outcome.evidence.profile.as_deref().ok_or_else(|| lacking("no profile"))?;
    let profile = serde_json::from_str(raw).map_err(|_| lacking("a profile that is not JSON"))?;
    let line = Written { line: outcome.row.line, id, profile };
    serde_json::to_writer(&mut *out, &line).map_err(|_| lacking("a profile that cannot be written"))?;
    out.push(b'\n');
    Ok(())
}

/// What an earlier try left in the file.
#[derive(Default)]
struct Standing {
    /// Profiles up to the number that is wanted.
    profiles: u64,
    /// The sum over their (line, id).
    sum: ReplaySum,
    /// Their bytes.
    bytes: u64,
    /// Bytes after them: of rows whose line in the results did not last.
    beyond: u64,
}

impl Standing {
    fn read(file: impl Read, name: &str, wanted: u64) -> Result<Self, Error> {
        let mut file = BufReader::with_capacity(1 << 18, file);
        let mut standing = Self::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = file.read_until(b'\n', &mut line).map_err(|error| cannot_read(name, &error))? as u64;
            if length == 0 {
                return Ok(standing);
            }
            standing.take(&line, name, wanted)?;
        }
    }

    /// Takes a line, or what a torn write left of one. A file that does not begin like one of ours is not cut.
    fn take(&mut self, line: &[u8], name: &str, wanted: u64) -> Result<(), Error> {
        if self.profiles == wanted {
            if self.bytes + self.beyond == 0 && !may_be_ours(line) {
                return Err(foreign(name, "holds something that this program did not write"));
            }
            self.beyond += line.len() as u64;
            return Ok(());
        }
        let stands: Stands = serde_json::from_slice(line)
            .ok()
            .filter(|_| line.ends_with(b"\n"))
            .ok_or_else(|| foreign(name, "holds something that this program did not write"))?;
        self.profiles += 1;
        self.sum.add(stands.line, stands.id.as_bytes());
        self.bytes += line.len() as u64;
        Ok(())
    }
}

/// Our lines begin alike, however short they were torn; a lost page is read as zeros.
fn may_be_ours(line: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"{\"line\":";
    let compared = BEGINNING.len().min(line.len());
    line[..compared] == BEGINNING[..compared] || line.first() == Some(&0)
}

fn foreign(name: &str, what: &str) -> Error {
    Error::new(Exit::Data, format!("{name} {what}"))
}
