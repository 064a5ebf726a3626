//! One pass over the input file, block by block.
//!
//! Promises: a later pass hands on no byte of a block that is not just as the counting pass met it, so that nobody is sent
//! who was not in the file when it was counted, looked at and agreed to. It does not know rows.

use std::{
    fs::File,
    hash::BuildHasher as _,
    io::{self, Read},
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, PoisonError},
};

use foldhash::quality::RandomState;

/// Enough for one system call per hundreds of rows; the hashes of 10 million rows' blocks are some 20 KB.
const BLOCK: usize = 256 * 1024;

/// The blocks as the counting pass met them.
///
/// Their hashes have another key in each process: a block that was changed has the same one by odds of 1 in 10^19. They
/// prove nothing to others: for that the counting pass takes the digest of the whole input.
#[derive(Clone, Default)]
pub(super) struct Blocks {
    hasher: RandomState,
    met: Arc<Mutex<Vec<u64>>>,
}

/// A pass. Clones of a descriptor share one position, so each pass keeps its own.
pub(super) struct Pass {
    file: File,
    blocks: Blocks,
    counts: bool,
    /// Of the file.
    offset: u64,
    /// How many blocks came before.
    nth: usize,
    block: Vec<u8>,
    /// How much of the block was handed on.
    given: usize,
}

impl Pass {
    /// The counting pass, which tells `blocks` what it meets.
    pub(super) fn counting(file: File, blocks: Blocks) -> Self {
        Self { file, blocks, counts: true, offset: 0, nth: 0, block: Vec::new(), given: 0 }
    }

    /// A later one, when the counting one has been to the end.
    pub(super) fn again(file: File, blocks: Blocks) -> Self {
        Self { counts: false, ..Self::counting(file, blocks) }
    }

    fn turn_to_the_next(&mut self) -> io::Result<()> {
        self.block.clear();
        self.given = 0;
        let mut rest = FromHere { file: &self.file, offset: self.offset }.take(BLOCK as u64);
        let read = rest.read_to_end(&mut self.block)?;
        self.offset += read as u64;
        let met = (read > 0).then(|| self.blocks.hasher.hash_one(&self.block));
        let mut known = self.blocks.met.lock().unwrap_or_else(PoisonError::into_inner);
        if self.counts {
            known.extend(met);
        } else if known.get(self.nth) != met.as_ref() {
            self.block.clear();
            return Err(io::Error::other(
                "the input changed while it was read; nobody of the part that changed was sent; leave the file alone and \
                 begin a new run with it",
            ));
        }
        self.nth += 1;
        Ok(())
    }
}

impl Read for Pass {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.block.len() {
            self.turn_to_the_next()?;
        }
        let rest = &self.block[self.given..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// The file from a place on.
struct FromHere<'f> {
    file: &'f File,
    offset: u64,
}

impl Read for FromHere<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
