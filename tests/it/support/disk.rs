//! The simulated disk: keeps what was synced, and as much of the rest as chance wants.
//!
//! Bytes last after a sync of their file; names last after a sync of the directory. A kill keeps everything that was
//! written; a power cut keeps, of each file, what was synced and any prefix of what came after it, and of the names any
//! prefix of what was done to them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    io::{self, Read, Write},
    rc::Rc,
};

use tollgate::{
    domain::Dice,
    report::{Disk, DiskFile},
};

/// A directory in memory; clones are the same directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct SimDisk(Rc<RefCell<State>>);

/// An open file of it.
#[derive(Debug)]
pub(crate) struct SimFile {
    disk: SimDisk,
    inode: usize,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Data>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending: Vec<NameChange>,
    kill_after: Option<u64>,
    killed: bool,
    room: Option<u64>,
    at_most: Option<usize>,
    failing_syncs: bool,
    syncs: u64,
    writes: u64,
    deeds: Vec<(&'static str, usize, u64)>,
}

#[derive(Debug, Default, Clone)]
struct Data {
    bytes: Vec<u8>,
    synced: usize,
}

#[derive(Debug, Clone)]
enum NameChange {
    Put(String, usize),
    Take(String),
}

impl SimDisk {
    /// After so many further bytes the process dies: every operation fails until [`SimDisk::kill`] or
    /// [`SimDisk::power_cut`].
    pub(crate) fn kill_after(&self, bytes: u64) {
        self.0.borrow_mut().kill_after = Some(bytes);
    }

    /// Only so many further bytes have room.
    pub(crate) fn leave_room(&self, bytes: u64) {
        self.0.borrow_mut().room = Some(bytes);
    }

    /// A write takes only so many bytes at once, as the operating system may.
    pub(crate) fn write_at_most(&self, bytes: usize) {
        self.0.borrow_mut().at_most = Some(bytes);
    }

    /// Every sync fails from now on, or works again.
    pub(crate) fn fail_syncs(&self, failing: bool) {
        self.0.borrow_mut().failing_syncs = failing;
    }

    /// The process has died: see [`SimDisk::kill_after`].
    pub(crate) fn is_dead(&self) -> bool {
        self.0.borrow().killed
    }

    /// How many syncs were asked for, of files and of names.
    pub(crate) fn syncs(&self) -> u64 {
        self.0.borrow().syncs
    }

    /// How many writes were asked for.
    pub(crate) fn writes(&self) -> u64 {
        self.0.borrow().writes
    }

    /// The process died, the machine did not: what was written is there. Faults are over.
    pub(crate) fn kill(&self) {
        self.0.borrow_mut().recover();
    }

    /// The power went. Faults are over.
    pub(crate) fn power_cut(&self, dice: &mut Dice) {
        let mut state = self.0.borrow_mut();
        let kept = usize::try_from(dice.below(state.pending.len() as u64 + 1)).unwrap();
        let mut names = state.durable_names.clone();
        for change in &state.pending[..kept] {
            change.apply(&mut names);
        }
        state.names.clone_from(&names);
        state.durable_names = names;
        state.pending.clear();
        for file in &mut state.files {
            let unsynced = file.bytes.len() - file.synced;
            let kept = usize::try_from(dice.below(unsynced as u64 + 1)).unwrap();
            file.bytes.truncate(file.synced + kept);
            file.synced = file.bytes.len();
        }
        state.recover();
    }

    /// A file's bytes as they are now; `None` when there is none.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.0.borrow();
        state.names.get(name).map(|inode| state.files[*inode].bytes.clone())
    }

    /// A file's bytes that would outlast a power cut for sure.
    pub(crate) fn durable_bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.0.borrow();
        state.durable_names.get(name).map(|inode| {
            let file = &state.files[*inode];
            file.bytes[..file.synced].to_vec()
        })
    }

    /// Puts a file there, durable at once.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.0.borrow_mut();
        let inode = state.files.len();
        state.files.push(Data { bytes: bytes.to_vec(), synced: bytes.len() });
        state.names.insert(name.to_owned(), inode);
        state.durable_names.insert(name.to_owned(), inode);
    }

    /// The names of all files.
    pub(crate) fn list(&self) -> Vec<String> {
        self.0.borrow().names.keys().cloned().collect()
    }
}

/// All that was done to it and succeeded, in order, and what it holds; files go by a number of their own.
impl fmt::Display for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.borrow();
        writeln!(f, "files by their numbers: {:?}", state.names)?;
        state.deeds.iter().try_for_each(|(deed, file, bytes)| writeln!(f, "{deed} {file} {bytes}"))?;
        let mut files = state.names.iter().map(|(name, inode)| (name, &state.files[*inode].bytes));
        files.try_for_each(|(name, bytes)| writeln!(f, "--- {name}\n{}", String::from_utf8_lossy(bytes)))
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Put(name, inode) => names.insert(name.clone(), *inode),
            Self::Take(name) => names.remove(name),
        };
    }
}

impl State {
    fn recover(&mut self) {
        self.kill_after = None;
        self.killed = false;
        self.room = None;
        self.at_most = None;
        self.failing_syncs = false;
    }

    fn alive(&self) -> io::Result<()> {
        if self.killed { Err(io::Error::other("killed")) } else { Ok(()) }
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending.push(change);
    }

    fn write(&mut self, inode: usize, bytes: &[u8]) -> io::Result<usize> {
        self.alive()?;
        self.writes += 1;
        let wanted = bytes.len().min(self.at_most.unwrap_or(usize::MAX));
        let granted = |limit: Option<u64>| limit.map_or(wanted, |left| wanted.min(usize::try_from(left).unwrap()));
        let taken = granted(self.kill_after).min(granted(self.room));
        self.files[inode].bytes.extend_from_slice(&bytes[..taken]);
        self.deeds.push(("write", inode, taken as u64));
        for left in [&mut self.kill_after, &mut self.room].into_iter().flatten() {
            *left -= taken as u64;
        }
        if taken == wanted {
            return Ok(taken);
        }
        if granted(self.kill_after) == 0 {
            self.killed = true;
            return Err(io::Error::other("killed"));
        }
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.alive()?;
        self.syncs += 1;
        if self.failing_syncs { Err(io::Error::other("the disk lost a page")) } else { Ok(()) }
    }
}

impl Disk for SimDisk {
    type File = SimFile;

    fn create(&mut self, name: &str) -> io::Result<SimFile> {
        let mut state = self.0.borrow_mut();
        state.alive()?;
        let inode = state.files.len();
        state.files.push(Data::default());
        state.change(NameChange::Put(name.to_owned(), inode));
        state.deeds.push(("create", inode, 0));
        drop(state);
        Ok(SimFile { disk: self.clone(), inode })
    }

    fn append(&mut self, name: &str) -> io::Result<SimFile> {
        let inode = self.0.borrow().names.get(name).copied();
        match inode {
            None => self.create(name),
            Some(inode) => {
                self.0.borrow().alive()?;
                Ok(SimFile { disk: self.clone(), inode })
            }
        }
    }

    fn read(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        self.0.borrow().alive()?;
        Ok(self.bytes(name).map(|bytes| Box::new(io::Cursor::new(bytes)) as Box<dyn Read>))
    }

    fn cut(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.sync()?;
        let inode = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        let file = &mut state.files[inode];
        file.bytes.truncate(usize::try_from(bytes).unwrap());
        file.synced = file.bytes.len();
        state.deeds.push(("cut", inode, bytes));
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.alive()?;
        let inode = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        // One change, not two: a rename is either done or not.
        state.names.remove(from);
        state.change(NameChange::Put(to.to_owned(), inode));
        state.deeds.push(("rename", inode, 0));
        state.pending.push(NameChange::Take(from.to_owned()));
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.alive()?;
        state.change(NameChange::Take(name.to_owned()));
        Ok(())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.sync()?;
        state.durable_names = state.names.clone();
        state.pending.clear();
        state.deeds.push(("sync names", 0, 0));
        Ok(())
    }
}

impl Write for SimFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.0.borrow_mut().write(self.inode, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.0.borrow_mut();
        state.sync()?;
        let file = &mut state.files[self.inode];
        file.synced = file.bytes.len();
        let bytes = file.synced as u64;
        state.deeds.push(("sync", self.inode, bytes));
        Ok(())
    }
}
