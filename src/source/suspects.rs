//! Ids that may stand in several rows, found in one pass and in bounded memory.
//!
//! Promises: an id that stands in two rows is a suspect; one that is not a suspect stands in one. Of the others about one in
//! a hundred is a suspect as well, which costs only memory. Two bytes for each id of a row, and some 50 for each suspect.
//! It keeps no id, only keyed hashes.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher, Hasher},
    hint::black_box,
};

use crate::domain::{Id, Identity};

/// Bits of one block: a cache line, so that a look costs one access to memory.
const BLOCK: usize = 512;
const WORDS: usize = BLOCK / 64;
/// Ids of one block.
const IDS: usize = 32;
/// Bits set for each id: nine bits of a hash tell one of [`BLOCK`] places, and 64 hold seven times nine.
const BITS: u32 = 7;
/// Ids of the first filter.
const FIRST: usize = 1 << 20;

/// Those that may stand in several rows.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Suspects(HashMap<Whole, Lines, BuildHasherDefault<Folded>>);

/// The hash of an id. 128 bits: two of 10 million ids have the same but for odds of about 1 in 10^24. The first 64 are for
/// the filters.
pub(super) type Whole = [u64; 2];

/// The hashes of a row's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wholes {
    pub(super) first: Whole,
    pub(super) second: Option<Whole>,
}

impl Wholes {
    pub(super) fn all(self) -> impl Iterator<Item = Whole> {
        std::iter::once(self.first).chain(self.second)
    }
}

/// Where a suspect stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lines {
    /// The last line of which it is the first id, but for the very first row that it stands in.
    pub(super) of_its_own: Option<u64>,
    /// The last line that it stands in.
    pub(super) last: u64,
}

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
    /// Whether no id stands in two rows.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a suspect stands.
    pub(super) fn lines(&self, id: Whole) -> Option<Lines> {
        self.0.get(&id).copied()
    }
}

/// Hashes ids under a key of this process.
#[derive(Debug, Clone)]
pub(super) struct Prints(DefaultHasher);

impl Prints {
    /// `SipHash`, keyed by what it reads first.
    pub(super) fn keyed(key: [u8; 32]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&key);
        Self(hasher)
    }

    /// Of all ids of an identity.
    pub(super) fn wholes(&self, identity: &Identity) -> Wholes {
        Wholes { first: self.whole(identity.primary()), second: identity.fallback().map(|id| self.whole(id)) }
    }

    /// The second half is of one byte more: only ids that leave the hasher in one and the same state of 256 bits have both
    /// halves in common.
    fn whole(&self, id: &Id) -> Whole {
        let mut hasher = self.0.clone();
        hasher.write_u8(id.kind().0);
        hasher.write(id.name().as_bytes());
        let half = hasher.finish();
        hasher.write_u8(0xff);
        [half, hasher.finish()]
    }
}

/// Finds the suspects.
#[derive(Default)]
pub(super) struct Watch {
    filters: Vec<Filter>,
    suspects: Suspects,
}

impl Watch {
    /// These will be met soon. Their blocks are far away, and are fetched all at once, not one after the other.
    pub(super) fn expect(&self, rows: impl Iterator<Item = Wholes>) {
        let first_words = |[short, _]: Whole| self.filters.iter().fold(0, |sum, filter| sum ^ filter.block(short)[0]);
        black_box(rows.flat_map(Wholes::all).map(first_words).fold(0, |sum, word| sum ^ word));
    }

    /// Takes one row that can be sent, as far as its ids tell.
    pub(super) fn meet(&mut self, line: u64, ids: Wholes) {
        if self.has_met(ids.first, line) {
            self.suspects.0.entry(ids.first).or_default().of_its_own = Some(line);
        }
        if let Some(second) = ids.second {
            self.has_met(second, line);
        }
    }

    /// Whether an id was met before, as far as is known; from now on it was.
    fn has_met(&mut self, id: Whole, line: u64) -> bool {
        let [short, _] = id;
        if self.filters.iter().any(|filter| filter.has(short)) {
            self.suspects.0.entry(id).or_default().last = line;
            return true;
        }
        if self.filters.last().is_none_or(|filter| filter.room == 0) {
            self.grow();
        }
        if let Some(filter) = self.filters.last_mut() {
            filter.insert(short);
        }
        false
    }

    pub(super) fn suspects(self) -> Suspects {
        self.suspects
    }

    /// Each filter has half as much room as all before it together, so that they stay few, and hardly larger than needed.
    fn grow(&mut self) {
        let blocks: usize = self.filters.iter().map(Filter::blocks).sum();
        self.filters.push(Filter::of((blocks / 2).max(FIRST / IDS)));
    }
}

/// A Bloom filter in blocks of one cache line.
struct Filter {
    /// One behind the other: pages of zeros that nobody looks at take no memory.
    words: Vec<u64>,
    /// Ids that it still takes.
    room: usize,
}

impl Filter {
    fn of(blocks: usize) -> Self {
        Self { words: vec![0; blocks * WORDS], room: blocks * IDS }
    }

    fn blocks(&self) -> usize {
        self.words.len() / WORDS
    }

    fn block(&self, hash: u64) -> &[u64] {
        let first = self.place(hash) * WORDS;
        &self.words[first..first + WORDS]
    }

    fn has(&self, hash: u64) -> bool {
        let block = self.block(hash);
        bits(hash).all(|(word, bit)| block[word] & bit != 0)
    }

    fn insert(&mut self, hash: u64) {
        let first = self.place(hash) * WORDS;
        bits(hash).for_each(|(word, bit)| self.words[first + word] |= bit);
        self.room -= 1;
    }

    /// The hash, mixed and scaled: the bits within the block come from the plain one.
    fn place(&self, hash: u64) -> usize {
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let scaled = (u128::from(mixed) * self.blocks() as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }
}

fn bits(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS).map(move |nth| {
        let place = (hash >> (9 * nth)) & (BLOCK as u64 - 1);
        (usize::try_from(place / 64).unwrap_or(0), 1 << (place % 64))
    })
}
