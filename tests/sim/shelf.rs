//! The list of those who shall not come back, on a shelf of its own: as the program keeps it, and as a stranger reads it.

use std::{
    collections::BTreeSet,
    io::{self, Read as _, Write},
    path::Path,
};

use tollgate::{
    domain::{Id, IdKind, Printer, SecretKey, Suppressed},
    error::Error,
    memory::{Sheet, SuppressList},
    report::{Disk, DiskFile},
};

use crate::support::disk::{SimDisk, SimFile};

const NAME: &str = "erased.list";

/// The list, open for writing.
pub(crate) type List = SuppressList<Paper>;

/// What outlasts the runs of a history.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) disk: SimDisk,
}

/// The file of the list.
pub(crate) struct Paper {
    disk: SimDisk,
    file: SimFile,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sheet for Paper {
    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(mut file) = self.disk.read(NAME)? {
            file.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.disk.cut(NAME, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn sync_name(&mut self) -> io::Result<()> {
        self.disk.sync_names()
    }
}

impl Shelf {
    /// As a deletion opens it.
    pub(crate) fn open(&self) -> Result<List, Error> {
        let mut disk = self.disk.clone();
        let file = disk.append(NAME).map_err(|error| Error::new(tollgate::error::Exit::Io, error.to_string()))?;
        SuppressList::over(Paper { disk, file }, Path::new(NAME), &key(), &kinds())
    }

    /// As a sync reads it.
    pub(crate) fn heeded(&self) -> Suppressed {
        let bytes = self.disk.bytes(NAME).expect("a deletion went before, which made the list");
        List::parse(&bytes, Path::new(NAME), &key(), &kinds()).expect("what a deletion leaves behind can be read")
    }

    /// Whoever of these is on it, by what would outlast the power.
    pub(crate) fn lasting<'a>(&self, ids: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
        let text = String::from_utf8(self.disk.durable_bytes(NAME).unwrap_or_default()).expect("hex digits");
        let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let hashes: BTreeSet<&str> = lines.filter_map(|line| line.split(' ').next()).collect();
        let printer = key().printer(&kinds());
        ids.filter(|id| hashes.contains(print(&printer, id).as_str())).cloned().collect()
    }
}

fn print(printer: &Printer, id: &str) -> String {
    let kind = IdKind(u8::from(!id.starts_with("profile")));
    printer.id(&Id::parse(kind, id).expect("a good id")).to_string()
}

fn key() -> SecretKey {
    SecretKey::of_file(Path::new("key"), Ok(b"the simulation's own key".to_vec()), "the key")
        .expect("it is long enough")
}

fn kinds() -> [String; 2] {
    ["profile_id", "customer_user_id"].map(str::to_owned)
}
