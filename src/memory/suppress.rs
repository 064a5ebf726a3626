//! The list of those who were erased and shall not come back: a text file of keyed hashes, one a line.
//!
//! Promises: who was entered is on the disk before a deletion is sent; a list that cannot be read whole, is missing or
//! belongs to another key stops the run instead of letting somebody through. Without its key the list tells nobody who
//! is on it. It does not know what is done with a row that it holds back.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::place::{Privacy, aside, cannot_create, cannot_use, lock, put_in_place, sync_names};
use crate::{
    domain::{Digest, Id, Identity, Printer, SecretKey, Suppressed},
    error::{Error, Exit},
};

const FORMAT: &str = "tollgate-suppress 1 ";
/// 64 hex digits and a line end.
const LINE: usize = 65;

/// The key under which ids are entered.
struct Key {
    printer: Printer,
    /// The list's first line.
    header: String,
}

impl Key {
    fn read(path: &Path, kinds: &[String]) -> Result<Self, Error> {
        let key = SecretKey::of_file(path, fs::read(path), "the suppression list's key file")?;
        let id = key.id("tollgate suppression key id");
        Ok(Self { printer: key.printer(kinds), header: format!("{FORMAT}{id}\n") })
    }
}

/// What stands in a list.
struct Listed {
    prints: HashSet<Digest>,
    /// Bytes of whole lines; what follows was torn by a crash.
    whole: usize,
}

impl Listed {
    fn parse(bytes: &[u8], key: &Key, path: &Path) -> Result<Self, Error> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return Err(malformed(path, 1, "is no suppression list"));
        };
        let (header, rest) = bytes.split_at(end + 1);
        if header != key.header.as_bytes() {
            return Err(other_header(header, key, path));
        }
        let mut prints = HashSet::with_capacity(rest.len() / LINE);
        for (at, line) in rest.chunks_exact(LINE).enumerate() {
            let digest = line.strip_suffix(b"\n").and_then(Digest::parse);
            prints.insert(digest.ok_or_else(|| malformed(path, at + 2, "is malformed: it is not 64 hex digits"))?);
        }
        Ok(Self { prints, whole: header.len() + rest.len() / LINE * LINE })
    }
}

fn malformed(path: &Path, line: usize, what: &str) -> Error {
    Error::new(Exit::Data, format!("{}, line {line}: {what}", path.display()))
        .hint("restore the list from a copy; nobody is sent while it cannot be read whole")
}

fn other_header(header: &[u8], key: &Key, path: &Path) -> Error {
    let text = std::str::from_utf8(header).unwrap_or_default().trim_end();
    let is_id = |id: &&str| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.strip_prefix(FORMAT).filter(is_id) {
        Some(id) => {
            let ours = key.header[FORMAT.len()..].trim_end();
            Error::new(Exit::Config, format!("{} was made with key {id}; the key given is {ours}", path.display()))
                .hint("give the list's own key with --suppress-key")
        }
        None if text.starts_with("tollgate-suppress ") => {
            Error::new(Exit::Config, format!("{} has a format that this version does not know", path.display()))
                .hint("use the version of tollgate that wrote it, or a newer one")
        }
        None => malformed(path, 1, "is no suppression list"),
    }
}

/// The list, open for writing and locked until dropped.
pub struct SuppressList {
    path: PathBuf,
    file: File,
    key: Key,
    prints: HashSet<Digest>,
    privacy: Privacy,
}

impl std::fmt::Debug for SuppressList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SuppressList({})", self.prints.len())
    }
}

impl SuppressList {
    /// Opens the list, or makes an empty one, under the key in the file `key`; `kinds` are the names of the API's
    /// identities, in the order of [`crate::domain::IdKind`]. What a crash tore off the last line is cut away.
    ///
    /// # Errors
    /// [`Exit::Config`] for a key that is missing, too short or another than the list's; [`Exit::Data`] when it is not
    /// a list; [`Exit::Incomplete`] while another process writes it; [`Exit::CannotCreate`] or [`Exit::Io`] otherwise.
    pub fn create_or_open(list: &Path, key: &Path, kinds: &[String], group_readable: bool) -> Result<Self, Error> {
        let key = Key::read(key, kinds)?;
        let privacy = Privacy { group: group_readable };
        let mut file = open_locked(list, privacy)?;
        let found = read_whole(&mut file).and_then(|bytes| begun(&mut file, bytes, list, &key));
        let bytes = found.map_err(|error| cannot_use(list, &error))?;
        let listed = Listed::parse(&bytes, &key, list)?;
        if listed.whole < bytes.len() {
            let cut = file.set_len(listed.whole as u64).and_then(|()| file.sync_all());
            cut.map_err(|error| cannot_use(list, &error))?;
        }
        Ok(Self { path: list.to_owned(), file, key, prints: listed.prints, privacy })
    }

    /// Reads a list that must be there. It is not locked: whoever is entered meanwhile may be missed.
    ///
    /// # Errors
    /// [`Exit::NoInput`] when it is not there; else as [`SuppressList::create_or_open`].
    pub fn read(list: &Path, key: &Path, kinds: &[String]) -> Result<Suppressed, Error> {
        let key = Key::read(key, kinds)?;
        let bytes = fs::read(list).map_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return cannot_use(list, &error);
            }
            Error::new(Exit::NoInput, format!("the suppression list {} is not there", list.display()))
                .hint("`tollgate delete --suppress` makes it; without it, the erased could come back")
        })?;
        let listed = Listed::parse(&bytes, &key, list)?;
        Ok(Suppressed::new(key.printer, listed.prints))
    }

    /// How many ids are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether nobody is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// Whether any id of the identity is on it.
    #[must_use]
    pub fn holds(&self, identity: &Identity) -> bool {
        identity.ids().any(|id| self.prints.contains(&self.key.printer.id(id)))
    }

    /// Enters every id that is not on it yet, and tells how many those were. They are on the disk when this returns.
    ///
    /// # Errors
    /// [`Exit::Io`]; the list must then be opened anew before it is used.
    pub fn enter<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Result<usize, Error> {
        let mut lines = Vec::new();
        for print in identities.flat_map(Identity::ids).map(|id| self.key.printer.id(id)) {
            if self.prints.insert(print) {
                add_line(&mut lines, &print);
            }
        }
        if !lines.is_empty() {
            let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
            written.map_err(|error| cannot_use(&self.path, &error))?;
        }
        Ok(lines.len() / LINE)
    }

    /// Takes every id of these off it, and tells how many of them were on it. The list is replaced whole.
    ///
    /// # Errors
    /// [`Exit::Io`]; the list is then as it was.
    pub fn remove<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Result<usize, Error> {
        let off: HashSet<Digest> = identities.flat_map(Identity::ids).map(|id: &Id| self.key.printer.id(id)).collect();
        let stay: HashSet<Digest> = self.prints.difference(&off).copied().collect();
        let removed = self.prints.len() - stay.len();
        if removed > 0 {
            self.file = self.replace(&stay)?;
            self.prints = stay;
        }
        Ok(removed)
    }

    /// The new file is locked before it has the list's name, so that at no time anybody else can lock a list that
    /// counts. Its order tells nothing of who was entered when.
    fn replace(&self, stay: &HashSet<Digest>) -> Result<File, Error> {
        let mut lines: Vec<[u8; 64]> = stay.iter().map(Digest::hex).collect();
        lines.sort_unstable();
        let mut text = self.key.header.clone().into_bytes();
        for line in lines {
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        let file = self.privacy.write_aside(&self.path, &text).map_err(|error| cannot_use(&self.path, &error))?;
        lock(&file, &aside(&self.path))?;
        put_in_place(&self.path).map_err(|error| cannot_use(&self.path, &error))?;
        Ok(file)
    }
}

fn add_line(lines: &mut Vec<u8>, print: &Digest) {
    lines.extend_from_slice(&print.hex());
    lines.push(b'\n');
}

/// Opens and locks what has the list's name now: while it was waited for, another process may have replaced it.
fn open_locked(list: &Path, privacy: Privacy) -> Result<File, Error> {
    let cannot = |error: io::Error| cannot_create(list, &error);
    loop {
        let mut options = OpenOptions::new();
        let file = privacy.open(list, options.read(true).append(true).create(true)).map_err(cannot)?;
        lock(&file, list)?;
        let (ours, named) = (file.metadata().map_err(cannot)?, fs::metadata(list));
        if named.is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
}

fn read_whole(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A new list gets its first line, and so does one whose first line a crash tore: nobody was entered before it was
/// synced.
fn begun(file: &mut File, bytes: Vec<u8>, list: &Path, key: &Key) -> io::Result<Vec<u8>> {
    let header = key.header.as_bytes();
    if bytes.len() >= header.len() || !header.starts_with(&bytes) {
        return Ok(bytes);
    }
    file.set_len(0)?;
    file.write_all(header)?;
    file.sync_all()?;
    sync_names(list)?;
    Ok(header.to_vec())
}
