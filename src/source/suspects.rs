//! Identities that may occur more than once, found in one pass and in bounded memory.
//!
//! Promises: whoever occurs twice is a suspect; who is not a suspect occurs once. Of the others about one in a hundred is
//! a suspect as well, which costs only memory. Two bytes for each row, and some 40 for each suspect. It keeps no
//! identity, only keyed hashes.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher, Hasher},
    hint::black_box,
};

use crate::domain::Identity;

/// Bits of one block: a cache line, so that a look costs one access to memory.
const BLOCK: usize = 512;
/// Rows of one block.
const ROWS: usize = 32;
/// Bits set for each row: nine bits of a hash tell one of [`BLOCK`] places, and 64 hold seven times nine.
const BITS: u32 = 7;
/// Rows of the first filter.
const FIRST: usize = 1 << 20;

/// Those who may occur more than once, and the last line of each.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Suspects(HashMap<[u64; 2], u64, BuildHasherDefault<Folded>>);

/// Of what is a keyed hash already.
#[derive(Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, part: u64) {
        self.0 = self.0.rotate_left(5) ^ part;
    }

    /// The length of an array says nothing.
    fn write_usize(&mut self, _length: usize) {}
}

impl std::fmt::Debug for Suspects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Suspects({})", self.0.len())
    }
}

impl Suspects {
    /// Whether nobody occurs twice.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last line of a suspect's.
    pub(super) fn last_line(&self, print: [u64; 2]) -> Option<u64> {
        self.0.get(&print).copied()
    }
}

/// Hashes the primary id of an identity under a key of this process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prints([u8; 32]);

impl Prints {
    pub(super) const fn keyed(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// 128 bits: two of 10 million identities have the same but for odds of about 1 in 10^24. The first 64 are for the
    /// filters.
    pub(super) fn whole(self, identity: &Identity) -> [u64; 2] {
        [hash(&self.0[..16], identity), hash(&self.0[16..], identity)]
    }
}

/// `SipHash`, keyed by what it reads first.
fn hash(key: &[u8], identity: &Identity) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.write_u8(identity.primary().kind().0);
    hasher.write(identity.primary().name().as_bytes());
    hasher.finish()
}

/// Finds the suspects.
#[derive(Default)]
pub(super) struct Watch {
    filters: Vec<Filter>,
    suspects: Suspects,
}

impl Watch {
    /// These will be met soon. Their blocks are far away, and are fetched all at once, not one after the other.
    pub(super) fn expect(&self, identities: impl Iterator<Item = [u64; 2]>) {
        let first_words =
            |[short, _]: [u64; 2]| self.filters.iter().fold(0, |sum, filter| sum ^ filter.block(short)[0]);
        black_box(identities.map(first_words).fold(0, |sum, word| sum ^ word));
    }

    /// Takes one row that can be sent, as far as its ids tell; see [`Prints::whole`].
    pub(super) fn meet(&mut self, line: u64, whole: [u64; 2]) {
        let [short, _] = whole;
        if self.filters.iter().any(|filter| filter.has(short)) {
            self.suspects.0.insert(whole, line);
            return;
        }
        if self.filters.last().is_none_or(|filter| filter.room == 0) {
            self.grow();
        }
        if let Some(filter) = self.filters.last_mut() {
            filter.insert(short);
        }
    }

    pub(super) fn suspects(self) -> Suspects {
        self.suspects
    }

    /// Each filter has half as much room as all before it together, so that they stay few, and hardly larger than needed.
    fn grow(&mut self) {
        let blocks: usize = self.filters.iter().map(|filter| filter.blocks.len()).sum();
        self.filters.push(Filter::of((blocks / 2).max(FIRST / ROWS)));
    }
}

/// A Bloom filter in blocks of one cache line.
struct Filter {
    blocks: Vec<[u64; BLOCK / 64]>,
    /// Rows that it still takes.
    room: usize,
}

impl Filter {
    fn of(blocks: usize) -> Self {
        Self { blocks: vec![[0; BLOCK / 64]; blocks], room: blocks * ROWS }
    }

    fn block(&self, hash: u64) -> &[u64; BLOCK / 64] {
        &self.blocks[self.place(hash)]
    }

    fn has(&self, hash: u64) -> bool {
        let block = self.block(hash);
        bits(hash).all(|(word, bit)| block[word] & bit != 0)
    }

    fn insert(&mut self, hash: u64) {
        let place = self.place(hash);
        bits(hash).for_each(|(word, bit)| self.blocks[place][word] |= bit);
        self.room -= 1;
    }

    /// The hash, mixed and scaled: the bits within the block come from the plain one.
    fn place(&self, hash: u64) -> usize {
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let scaled = (u128::from(mixed) * self.blocks.len() as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }
}

fn bits(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS).map(move |nth| {
        let place = (hash >> (9 * nth)) & (BLOCK as u64 - 1);
        (usize::try_from(place / 64).unwrap_or(0), 1 << (place % 64))
    })
}
