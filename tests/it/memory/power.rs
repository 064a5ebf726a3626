//! A drive in memory whose power can go: what was synced stays, of the rest whatever chance wants.

use std::{
    io,
    sync::{Arc, Mutex},
};

use redb::StorageBackend;
use tollgate::domain::Dice;

/// Clones are the same drive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drive(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    now: Vec<u8>,
    synced: Vec<u8>,
    since: Vec<Change>,
    /// So many further changes and syncs succeed.
    left: Option<u64>,
    written: u64,
    syncs: u64,
}

#[derive(Debug, Clone)]
enum Change {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Bytes(at, data) => {
                if bytes.len() < at + data.len() {
                    bytes.resize(at + data.len(), 0);
                }
                bytes[*at..at + data.len()].copy_from_slice(data);
            }
        }
    }
}

impl Drive {
    /// After so many further writes and syncs the power is gone: everything fails until [`Drive::restore`].
    pub(crate) fn cut_after(&self, changes: u64) {
        self.0.lock().unwrap().left = Some(changes);
    }

    /// The power is back: each change since the last sync was kept, torn or lost.
    pub(crate) fn restore(&self, dice: &mut Dice) {
        let mut state = self.0.lock().unwrap();
        let mut bytes = state.synced.clone();
        for change in std::mem::take(&mut state.since) {
            match (dice.below(3), change) {
                (0, _) => {}
                (1, Change::Bytes(at, data)) => {
                    let kept = usize::try_from(dice.below(data.len() as u64 + 1)).unwrap();
                    Change::Bytes(at, data[..kept].to_vec()).apply(&mut bytes);
                }
                (_, change) => change.apply(&mut bytes),
            }
        }
        state.now.clone_from(&bytes);
        state.synced = bytes;
        state.left = None;
    }

    /// Changes bytes behind the store's back, as they lie on the drive.
    pub(crate) fn damage(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.0.lock().unwrap();
        change(&mut state.now);
        let State { now, synced, since, .. } = &mut *state;
        synced.clone_from(now);
        since.clear();
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.0.lock().unwrap().written
    }

    /// Syncs so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.0.lock().unwrap().syncs
    }
}

impl State {
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.left {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.spend()?;
        change.apply(&mut self.now);
        self.since.push(change);
        Ok(())
    }
}

impl StorageBackend for Drive {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock().unwrap();
        let at = usize::try_from(offset).unwrap();
        let found = state.now.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.lock().unwrap().change(Change::Length(usize::try_from(length).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.spend()?;
        state.syncs += 1;
        let State { now, synced, since, .. } = &mut *state;
        for change in since.drain(..) {
            change.apply(synced);
        }
        debug_assert_eq!(now.len(), synced.len());
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.written += data.len() as u64;
        state.change(Change::Bytes(usize::try_from(offset).unwrap(), data.to_vec()))
    }
}
