//! The embedded store: four tables, and what its errors mean. The only module that names `redb`.
//!
//! Promises: a write is whole and on the disk when it returns, or never happened; opening after a crash takes no repair
//! that reads the whole store; a damaged store is an error, though redb panics over some damage. It does not know what its
//! entries mean.

use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
};

use redb::{
    Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend,
    TableDefinition, TableError, WriteTransaction,
};

use super::entry::Entry;
use crate::{
    domain::Print,
    error::{Error, Exit},
};

/// By the print of the first id.
const ENTRIES: TableDefinition<&[u8; 16], &[u8; Entry::BYTES]> = TableDefinition::new("entries");
/// The ids themselves, of those who may have a profile, and behind them those that answers told.
const IDS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("ids");
/// The prints of the ids that an id stood together with in one row, or was told together with, one behind the other; and how
/// the list has whoever was erased, in a place of its own ([`crate::domain::Printer::erased`]).
const LINKS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("links");
/// What is true of the whole memory.
const FACTS: TableDefinition<&str, &[u8]> = TableDefinition::new("facts");

/// Enough for the upper levels of 10 million entries' trees; what is below is read or written in its order.
const CACHE: usize = 8 << 20;

/// A store of up to so many bytes is checked whole when it is opened: over some damage that redb meets in the middle of a
/// write it aborts the process. That is no worse than a kill, but does not say why. Larger ones would take too long.
const CHECKED: u64 = 64 << 20;

/// What is true of the whole memory, by name.
pub(super) type Facts = BTreeMap<&'static str, Vec<u8>>;

pub(super) struct Store {
    /// There until it is dropped.
    database: Option<Database>,
    name: String,
    /// How many writes have touched its entries since it was opened.
    generation: AtomicU64,
}

/// After a panic of its own the database panics again when it is dropped: it has nothing left to lose then.
impl Drop for Store {
    fn drop(&mut self) {
        let database = self.database.take();
        let _whatever = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

type Table<'txn, V> = redb::Table<'txn, &'static [u8; 16], V>;

/// The tables of one write.
pub(super) struct Writing<'txn> {
    entries: Table<'txn, &'static [u8; Entry::BYTES]>,
    ids: Table<'txn, &'static [u8]>,
    links: Table<'txn, &'static [u8]>,
    facts: redb::Table<'txn, &'static str, &'static [u8]>,
    /// Whether any entry was put or taken.
    touches_entries: bool,
}

/// The tables of one read.
pub(super) struct Reading<'store> {
    entries: ReadOnlyTable<&'static [u8; 16], &'static [u8; Entry::BYTES]>,
    ids: ReadOnlyTable<&'static [u8; 16], &'static [u8]>,
    links: ReadOnlyTable<&'static [u8; 16], &'static [u8]>,
    store: &'store Store,
}

impl Store {
    /// Opens a store, or begins one in an empty file; `name` is for messages.
    pub(super) fn open(backend: impl StorageBackend, name: &str) -> Result<Self, Error> {
        let is_small = backend.len().is_ok_and(|length| length <= CHECKED);
        let begin = || {
            let mut database = Database::builder().set_cache_size(CACHE).create_with_backend(backend)?;
            if is_small {
                database.check_integrity()?;
            }
            Ok(database)
        };
        Ok(Self { database: Some(caught(name, begin)?), name: name.to_owned(), generation: AtomicU64::new(0) })
    }

    fn database(&self) -> Result<&Database, redb::Error> {
        self.database.as_ref().ok_or(redb::Error::PreviousIo)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Those of the named facts that are there.
    pub(super) fn facts(&self, names: &[&'static str]) -> Result<Facts, Error> {
        caught(&self.name, || self.read_facts(names))
    }

    fn read_facts(&self, names: &[&'static str]) -> Result<Facts, redb::Error> {
        let table = match self.database()?.begin_read()?.open_table(FACTS) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Facts::new()),
            Err(error) => return Err(error.into()),
        };
        let mut facts = Facts::new();
        for name in names {
            if let Some(value) = table.get(name)? {
                facts.insert(name, value.value().to_vec());
            }
        }
        Ok(facts)
    }

    /// One write: all of it is on the disk when this returns, or none of it ever was.
    pub(super) fn write<T>(&self, job: impl FnOnce(&mut Writing<'_>) -> Result<T, redb::Error>) -> Result<T, Error> {
        caught(&self.name, || {
            let writing = self.begin()?;
            let mut tables = Writing::of(&writing)?;
            let done = job(&mut tables)?;
            // Counted before it is done: whoever holds two counts against each other errs on the safe side.
            self.generation.fetch_add(tables.touches_entries.into(), Ordering::Relaxed);
            drop(tables);
            writing.commit()?;
            Ok(done)
        })
    }

    /// A number that is another one after each write that touches entries.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    fn begin(&self) -> Result<WriteTransaction, redb::Error> {
        let mut writing = self.database()?.begin_write()?;
        writing.set_durability(Durability::Immediate)?;
        writing.set_quick_repair(true);
        Ok(writing)
    }

    /// The store as it stands now.
    pub(super) fn read(&self) -> Result<Reading<'_>, Error> {
        caught(&self.name, || {
            let reading = self.database()?.begin_read()?;
            Ok(Reading {
                entries: reading.open_table(ENTRIES)?,
                ids: reading.open_table(IDS)?,
                links: reading.open_table(LINKS)?,
                store: self,
            })
        })
    }
}

impl<'txn> Writing<'txn> {
    fn of(writing: &'txn WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            entries: writing.open_table(ENTRIES)?,
            ids: writing.open_table(IDS)?,
            links: writing.open_table(LINKS)?,
            facts: writing.open_table(FACTS)?,
            touches_entries: false,
        })
    }

    pub(super) fn entry(&self, who: Print) -> Result<Option<Entry>, redb::Error> {
        self.entries.get(&who.0)?.map(|value| decode(value.value())).transpose()
    }

    /// Puts an entry in place of another, which it returns.
    pub(super) fn put(&mut self, who: Print, entry: &Entry) -> Result<Option<Entry>, redb::Error> {
        self.touches_entries = true;
        let old = self.entries.insert(&who.0, &entry.encode())?;
        old.map(|value| decode(value.value())).transpose()
    }

    pub(super) fn put_ids(&mut self, who: Print, ids: &[u8]) -> Result<(), redb::Error> {
        self.ids.insert(&who.0, ids)?;
        Ok(())
    }

    pub(super) fn take_ids(&mut self, who: Print) -> Result<(), redb::Error> {
        self.ids.remove(&who.0)?;
        Ok(())
    }

    pub(super) fn put_links(&mut self, id: Print, links: &[u8]) -> Result<(), redb::Error> {
        self.links.insert(&id.0, links)?;
        Ok(())
    }

    pub(super) fn links(&self, id: Print) -> Result<Vec<u8>, redb::Error> {
        Ok(self.links.get(&id.0)?.map(|value| value.value().to_vec()).unwrap_or_default())
    }

    pub(super) fn take(&mut self, who: Print) -> Result<(), redb::Error> {
        self.touches_entries = true;
        self.entries.remove(&who.0)?;
        self.take_ids(who)
    }

    pub(super) fn state(&mut self, name: &'static str, fact: &[u8]) -> Result<(), redb::Error> {
        self.facts.insert(name, fact)?;
        Ok(())
    }
}

impl Reading<'_> {
    pub(super) fn len(&self) -> Result<u64, Error> {
        self.caught(|| Ok(self.entries.len()?))
    }

    /// Whether any two ids stood together.
    pub(super) fn has_links(&self) -> Result<bool, Error> {
        self.caught(|| Ok(!self.links.is_empty()?))
    }

    pub(super) fn entry(&self, who: Print) -> Result<Option<Entry>, Error> {
        self.caught(|| self.entries.get(&who.0)?.map(|value| decode(value.value())).transpose())
    }

    pub(super) fn ids(&self, who: Print) -> Result<Option<Vec<u8>>, Error> {
        self.caught(|| Ok(self.ids.get(&who.0)?.map(|value| value.value().to_vec())))
    }

    /// As [`Writing::put_links`] has them; nothing where an id always stood alone.
    pub(super) fn links(&self, id: Print) -> Result<Vec<u8>, Error> {
        self.caught(|| Ok(self.links.get(&id.0)?.map(|value| value.value().to_vec()).unwrap_or_default()))
    }

    /// Shows every entry after or from a print, in ascending order, until `each` wants no more.
    pub(super) fn scan(
        &self,
        from: Bound<Print>,
        mut each: impl FnMut(Print, Entry) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let from = from.map(|print| print.0);
        let range = (from.as_ref(), Bound::Unbounded);
        let mut found = self.caught(|| Ok(self.entries.range::<&[u8; 16]>(range)?))?;
        let mut next = || {
            let Some(found) = found.next() else { return Ok(None) };
            let (who, value) = found?;
            decode(value.value()).map(|entry| Some((Print(*who.value()), entry)))
        };
        while let Some((who, entry)) = self.caught(&mut next)? {
            if !each(who, entry)? {
                break;
            }
        }
        Ok(())
    }

    fn caught<T>(&self, job: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Error> {
        caught(&self.store.name, job)
    }
}

fn decode(bytes: &[u8; Entry::BYTES]) -> Result<Entry, redb::Error> {
    Entry::decode(bytes).ok_or_else(|| redb::Error::Corrupted("an entry in no state that is known".to_owned()))
}

/// Does something with the store. It trusts its pages, and some damage ends in a panic of its own: of the store nothing is
/// used after that but its errors.
fn caught<T>(name: &str, job: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Error> {
    let nonsense = |_| Err(redb::Error::Corrupted("its pages make no sense".to_owned()));
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(nonsense).map_err(|error| trouble(name, &error))
}

/// What the store's trouble means for the run.
fn trouble(name: &str, error: &redb::Error) -> Error {
    use redb::Error as Trouble;
    if matches!(error, Trouble::DatabaseAlreadyOpen | Trouble::LockProtocolMismatch) {
        return Error::new(Exit::Incomplete, format!("another process works with {name}"))
            .hint("run the same command again when the other one has ended");
    }
    if matches!(error, Trouble::UpgradeRequired(_)) {
        return Error::new(Exit::Config, format!("the memory in {name} has a format that this version does not know"));
    }
    let of_the_disk = if let Trouble::Io(error) = error {
        !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
    } else {
        matches!(error, Trouble::PreviousIo | Trouble::Unsupported | Trouble::LockPoisoned(_))
    };
    if of_the_disk {
        return Error::new(Exit::Io, format!("the memory in {name} cannot be read or written: {error}"))
            .hint("what was synced before is safe; make room or mend the disk, then run the same command again");
    }
    Error::new(Exit::Data, format!("the memory in {name} is damaged: {error}"))
        .hint("restore it from a copy, or begin another one with --first or --assume-sent")
}
