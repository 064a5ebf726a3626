//! The list of those who were erased and shall not come back: a text file of keyed hashes, one a line.
//!
//! Promises: who was entered is on the disk before a deletion is sent; a list that cannot be read, was changed, is missing
//! or belongs to another key stops the run instead of letting somebody through. Whole lines that were cut off its end, and
//! an older copy in its stead, it cannot tell. Without its key the list tells nobody who is on it. It does not know what
//! is done with a row that it holds back.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{
    listed::{Chain, Key, LINE, Listed},
    place::{Privacy, aside, cannot_use, is_not_there, lock, put_in_place},
    sheet::{self, Sheet, SheetFile},
};
use crate::{
    domain::{Digest, Id, Identity, SecretKey, Suppressed},
    error::Error,
};

/// The list, open for writing; as a file it is locked until dropped.
pub struct SuppressList<S: Sheet = SheetFile> {
    path: PathBuf,
    sheet: S,
    key: Key,
    prints: HashSet<Digest>,
    chain: Chain,
    privacy: Privacy,
}

impl<S: Sheet> std::fmt::Debug for SuppressList<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SuppressList({})", self.prints.len())
    }
}

impl SuppressList {
    /// Opens the list, or makes an empty one, under the key in the file `key`; `kinds` are the names of the API's
    /// identities, in the order of [`crate::domain::IdKind`]. What a crash tore off the last line is cut away.
    ///
    /// # Errors
    /// [`crate::error::Exit::Config`] for a key that is missing, too short or another than the list's; [`crate::error::Exit::Data`] when it is not
    /// a list; [`crate::error::Exit::Incomplete`] while another process writes it; [`crate::error::Exit::CannotCreate`] or [`crate::error::Exit::Io`] otherwise.
    pub fn create_or_open(list: &Path, key: &Path, kinds: &[String], group_readable: bool) -> Result<Self, Error> {
        let key = Key::read(key, kinds)?;
        let privacy = Privacy { group: group_readable };
        Self::begin(SheetFile::locked(list, privacy)?, list, key, privacy)
    }

    /// Reads a list that must be there. It is not locked: whoever is entered meanwhile is missed.
    ///
    /// # Errors
    /// [`crate::error::Exit::NoInput`] when it is not there; else as [`SuppressList::create_or_open`].
    pub fn read(list: &Path, key: &Path, kinds: &[String]) -> Result<Suppressed, Error> {
        let key = Key::read(key, kinds)?;
        let bytes = fs::read(list).map_err(|error| is_not_there(list, &error))?;
        Self::heed(&bytes, list, key)
    }

    /// The same, and nobody is entered or taken off before the file is dropped: whoever is erased meanwhile would come back.
    ///
    /// # Errors
    /// [`crate::error::Exit::Incomplete`] while another process writes it; else as [`SuppressList::read`].
    pub fn hold(list: &Path, key: &Path, kinds: &[String]) -> Result<(Suppressed, File), Error> {
        let key = Key::read(key, kinds)?;
        let mut file = sheet::held(list)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| cannot_use(list, &error))?;
        Ok((Self::heed(&bytes, list, key)?, file))
    }
}

impl<S: Sheet> SuppressList<S> {
    /// [`SuppressList::create_or_open`] on whatever is no file; `path` is what messages call it.
    ///
    /// # Errors
    /// As [`SuppressList::create_or_open`].
    pub fn over(sheet: S, path: &Path, key: &SecretKey, kinds: &[String]) -> Result<Self, Error> {
        Self::begin(sheet, path, Key::new(key, kinds), Privacy { group: false })
    }

    /// [`SuppressList::read`] of what stands on whatever is no file.
    ///
    /// # Errors
    /// As [`SuppressList::read`].
    pub fn parse(bytes: &[u8], path: &Path, key: &SecretKey, kinds: &[String]) -> Result<Suppressed, Error> {
        Self::heed(bytes, path, Key::new(key, kinds))
    }

    fn heed(bytes: &[u8], path: &Path, key: Key) -> Result<Suppressed, Error> {
        let listed = Listed::parse(bytes, &key, path)?;
        Ok(Suppressed::new(key.printer, listed.prints))
    }

    fn begin(mut sheet: S, path: &Path, key: Key, privacy: Privacy) -> Result<Self, Error> {
        let found = sheet.bytes().and_then(|bytes| begun(&mut sheet, bytes, &key));
        let bytes = found.map_err(|error| cannot_use(path, &error))?;
        let listed = Listed::parse(&bytes, &key, path)?;
        mend(&mut sheet, &listed, bytes.len()).map_err(|error| cannot_use(path, &error))?;
        let Listed { prints, chain, .. } = listed;
        Ok(Self { path: path.to_owned(), sheet, key, prints: prints.into_iter().collect(), chain, privacy })
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
        identity.ids().any(|id| self.prints.contains(&self.key.printer.listed(id)))
    }

    /// Enters every id that is not on it yet, and tells how many those were. They are on the disk when this returns.
    ///
    /// # Errors
    /// [`crate::error::Exit::Io`]; the list must then be opened anew before it is used.
    pub fn enter<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Result<usize, Error> {
        self.enter_ids(identities.flat_map(Identity::ids))
    }

    /// [`SuppressList::enter`] of ids, whosever they are.
    ///
    /// # Errors
    /// As [`SuppressList::enter`].
    pub fn enter_ids<'a>(&mut self, ids: impl Iterator<Item = &'a Id>) -> Result<usize, Error> {
        let mut lines = Vec::new();
        for print in ids.map(|id| self.key.printer.listed(id)) {
            if self.prints.insert(print) {
                self.chain.add_line(&mut lines, &print);
            }
        }
        if !lines.is_empty() {
            let written = self.sheet.write_all(&lines).and_then(|()| self.sheet.sync());
            written.map_err(|error| cannot_use(&self.path, &error))?;
        }
        Ok(lines.len() / LINE)
    }
}

impl SuppressList {
    /// Takes every id of these off it, and tells how many of them were on it. The list is replaced whole.
    ///
    /// # Errors
    /// [`crate::error::Exit::Io`]; the list is then as it was.
    pub fn remove<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Result<usize, Error> {
        let off: HashSet<Digest> =
            identities.flat_map(Identity::ids).map(|id: &Id| self.key.printer.listed(id)).collect();
        let stay: HashSet<Digest> = self.prints.difference(&off).copied().collect();
        let removed = self.prints.len() - stay.len();
        if removed > 0 {
            (self.sheet.file, self.chain) = self.replace(&stay)?;
            self.prints = stay;
        }
        Ok(removed)
    }

    /// The new file is locked before it has the list's name, so that at no time anybody else can lock a list that
    /// counts. Its order tells nothing of who was entered when.
    fn replace(&self, stay: &HashSet<Digest>) -> Result<(File, Chain), Error> {
        let mut prints: Vec<&Digest> = stay.iter().collect();
        prints.sort_unstable_by_key(|print| print.0);
        let (mut text, mut chain) = (self.key.header().to_vec(), self.key.chain());
        for print in prints {
            chain.add_line(&mut text, print);
        }
        let file = self.privacy.write_aside(&self.path, &text).map_err(|error| cannot_use(&self.path, &error))?;
        lock(&file, &aside(&self.path))?;
        put_in_place(&self.path).map_err(|error| cannot_use(&self.path, &error))?;
        Ok((file, chain))
    }
}

/// A new list gets its first line, and so does one whose first line a crash tore: nobody was entered before it was
/// synced.
fn begun(sheet: &mut impl Sheet, bytes: Vec<u8>, key: &Key) -> io::Result<Vec<u8>> {
    let header = key.header();
    if bytes.len() >= header.len() || !header.starts_with(&bytes) {
        return Ok(bytes);
    }
    sheet.cut(0)?;
    sheet.write_all(header)?;
    Ok(header.to_vec())
}

/// Cuts off what a crash tore. What a killed process wrote but did not sync was read all the same: it is synced before
/// anything relies on it.
fn mend(sheet: &mut impl Sheet, listed: &Listed, length: usize) -> io::Result<()> {
    if listed.whole < length {
        sheet.cut(listed.whole as u64)?;
    }
    if listed.lacks_end {
        sheet.write_all(b"\n")?;
    }
    sheet.sync()?;
    sheet.sync_name()
}
