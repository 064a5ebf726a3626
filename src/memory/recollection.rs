//! What was remembered when a sync began, in RAM, and whom the sync has met since.
//!
//! Promises: what was not sent is found only by chance: with 10 million entries, by odds of about 2 in 10^18 a row. An entry
//! takes 8 to 9 bytes. It knows no rows: what is asked about them is in [`super::asking`].

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    ops::Bound,
    sync::Arc,
};

use super::{
    entry::{Ages, Entry, Kinds, State},
    links::{Pair, Touched},
    persons::PersonRow,
    store::Store,
};
use crate::{
    domain::{Identity, Known, Print, Printer},
    error::{Error, Exit},
};

/// No content's print: it was never sent, is no longer certain, or is too old.
const NOTHING: u64 = 0;
/// The lowest two bits of a content tell how it ended; the other 62 are of its print.
const END: u64 = 3;
const REFUSED: u64 = 1;
const MISSING: u64 = 2;
const TAKEN: u64 = 3;
/// Entries that share a bucket, about.
const BUCKET: usize = 8;
/// Beyond 128 million entries the buckets grow instead of the table of them.
const MOST_BUCKET_BITS: u32 = 24;

/// What was remembered when a sync began, and whom it has met since.
///
/// Entries are kept by their place in the order of the ids' prints: in buckets by the first bits of those, and within a
/// bucket by what was sent. The rest of an id's print is looked up in the store, for changed rows only.
pub struct Recollection {
    pub(super) store: Arc<Store>,
    pub(super) printer: Printer,
    pub(super) kinds: Arc<Kinds>,
    /// Entries of this pass or a later one are younger than this recollection.
    pass: u32,
    bucket_bits: u32,
    /// Where each bucket begins, and where the last one ends.
    starts: Box<[u32]>,
    contents: Vec<u64>,
    /// Who stands in the input by this id, besides those who are known.
    pub(super) met: Marks,
    /// Who is sent something, by whichever id.
    pub(super) touched: Marks,
    /// Of whom all rows are known.
    pub(super) known: Marks,
    /// Who was sent something by a row that seemed to be the only one of its person.
    pub(super) alone: Marks,
    /// Of these, who is not: their rows wait with the others, when asked about again.
    pub(super) wanted: BTreeSet<Print>,
    /// Rows of people who may have several.
    pub(super) held: Vec<PersonRow>,
    /// Of people of whom several rows are to be sent, gathered.
    pub(super) several: Vec<PersonRow>,
    /// Whether any two ids stood together.
    pub(super) has_links: bool,
    /// Ids that stand together in rows that are not sent alone, as far as is known.
    pub(super) pairs: BTreeSet<Pair>,
    /// By each id, whoever was erased and is not sent.
    pub(super) erased: Vec<Print>,
    /// How the list has whoever of these is known to be on it.
    pub(super) listed: BTreeMap<Print, Print>,
    /// Of these, rows that do not say so themselves.
    pub(super) erased_rows: Vec<u64>,
    /// Of whom it is not remembered that something was taken, though an earlier try of the run was well answered.
    pub(super) unheard: Vec<Identity>,
    pub(super) trouble: Option<Error>,
    at_rest: Option<AtRest>,
}

/// Each entry is what it will be after the next complete sync, provided that this one meets it.
#[derive(Clone, Copy)]
struct AtRest {
    /// Of the store, when that was seen.
    generation: u64,
    /// How many there are who may be pruned some day.
    identities: u64,
}

impl std::fmt::Debug for Recollection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recollection({})", self.contents.len())
    }
}

impl Recollection {
    /// Reads the store from one end to the other; `pass` is its own, `sync` that of the last complete one.
    pub(super) fn of(
        store: Arc<Store>,
        (printer, kinds): (Printer, Arc<Kinds>),
        (pass, sync): (u32, u32),
        ages: &Ages,
    ) -> Result<Self, Error> {
        let mut at_rest = Some(AtRest { generation: store.generation(), identities: 0 });
        let reading = store.read()?;
        let len = reading.len()?;
        let too_many = || Error::new(Exit::Data, format!("the memory in {} says it has {len} entries", store.name()));
        let capacity = u32::try_from(len).map_err(|_| too_many())?;
        let bucket_bits = (len / BUCKET as u64).checked_ilog2().unwrap_or(0).min(MOST_BUCKET_BITS);
        let mut starts = Vec::with_capacity((1 << bucket_bits) + 1);
        let mut contents = Vec::new();
        contents.try_reserve_exact(capacity as usize).map_err(|_| too_many())?;
        reading.scan(Bound::Unbounded, |who, entry| {
            let begun = bucket(who, bucket_bits) + 1;
            starts.resize(begun.max(starts.len()), place(contents.len()));
            contents.push(if entry.is_stale(ages) { NOTHING } else { remembered(&entry) });
            at_rest = at_rest.filter(|_| entry.after(sync, true, ages.now) == Some(entry));
            if let Some(at_rest) = &mut at_rest {
                at_rest.identities += u64::from(entry.is_ours());
            }
            Ok(true)
        })?;
        let has_links = reading.has_links()?;
        drop(reading);
        starts.resize((1 << bucket_bits) + 1, place(contents.len()));
        let marks = Marks::of(contents.len());
        Ok(Self {
            store,
            printer,
            kinds,
            pass,
            bucket_bits,
            starts: starts.into(),
            contents,
            met: marks.clone(),
            touched: marks.clone(),
            known: marks.clone(),
            alone: marks,
            wanted: BTreeSet::new(),
            held: Vec::new(),
            several: Vec::new(),
            has_links,
            pairs: BTreeSet::new(),
            erased: Vec::new(),
            listed: BTreeMap::new(),
            erased_rows: Vec::new(),
            unheard: Vec::new(),
            trouble: None,
            at_rest,
        })
    }

    /// How many ids it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    /// What went wrong while it was asked: since then rows may have been called changed that are not, and identities
    /// that were met may not be known as such. Nobody may be pruned, and the sync is not complete.
    ///
    /// # Errors
    /// The store's trouble.
    pub fn check(&self) -> Result<(), Error> {
        self.trouble.clone().map_or(Ok(()), Err)
    }

    /// Whether the entry at a place was met.
    pub(super) fn has_met(&self, at: usize) -> bool {
        self.met.has(at) || self.known.has(at)
    }

    /// How many people may be pruned some day, where all were met and nothing was written since: then a complete sync changes no
    /// entry.
    pub(super) fn everybody_as_before(&self) -> Option<u64> {
        let at_rest = self.at_rest.filter(|at_rest| at_rest.generation == self.store.generation())?;
        (self.met.count_with(&self.known) == self.len()).then_some(at_rest.identities)
    }

    /// Whether anybody was met who may be the same person, or came to be since.
    pub(super) fn has_met_by_any_id(&self, id: Print) -> Result<bool, Error> {
        if self.store.read()?.entry(id)?.is_some_and(|entry| !self.knows(&entry)) {
            return Ok(true);
        }
        Ok(self.look_up(id)?.is_some_and(|at| self.has_met(at) || self.touched.has(at)))
    }

    /// Whether the entry was there already when this recollection was made, and so has a place in it.
    pub(super) const fn knows(&self, entry: &Entry) -> bool {
        entry.born < self.pass
    }

    /// Whether it is of one row of several that was sent again since.
    pub(super) const fn was_written_since(&self, entry: &Entry) -> bool {
        entry.state.is_among() && entry.sync >= self.pass
    }

    /// A later row of the same person may change what an earlier one set: what was sent last counts no more.
    pub(super) fn forget(&mut self, at: usize) {
        if let Some(content) = self.contents.get_mut(at) {
            *content = NOTHING;
        }
    }

    /// How what stands at a place ended.
    pub(super) fn known_at(&self, at: usize) -> Known {
        match self.contents.get(at).copied().unwrap_or(NOTHING) & END {
            REFUSED => Known::Refused,
            MISSING => Known::Missing,
            TAKEN => Known::Taken,
            _ => Known::Same,
        }
    }

    /// What is known of these may be far away: each look-up waits for memory that is in no cache, twice, and so they wait
    /// together.
    pub(super) fn fetch(&self, ids: &mut dyn Iterator<Item = Print>) {
        let starts: Vec<usize> = ids.map(|id| self.starts[bucket(id, self.bucket_bits)] as usize).collect();
        let content = |at: usize| self.contents.get(at).copied().unwrap_or(NOTHING);
        // A bucket may lie across two lines of the cache.
        black_box(starts.iter().fold(0, |sum, start| sum ^ content(*start) ^ content(start + BUCKET - 1)));
    }

    /// The places of a bucket.
    fn places(&self, who: Print) -> std::ops::Range<usize> {
        let bucket = bucket(who, self.bucket_bits);
        self.starts[bucket] as usize..self.starts[bucket + 1] as usize
    }

    /// The place where it is remembered that this was said of that id.
    pub(super) fn find(&self, who: Print, what: Print) -> Option<usize> {
        let wanted = content(what);
        if wanted == NOTHING {
            return None;
        }
        let places = self.places(who);
        let first = places.start;
        self.contents[places].iter().position(|content| content & !END == wanted).map(|at| first + at)
    }

    /// The place of an id, by counting in the store from the beginning of its bucket.
    pub(super) fn look_up(&self, who: Print) -> Result<Option<usize>, Error> {
        let places = self.places(who);
        if places.is_empty() {
            return Ok(None);
        }
        let reading = self.store.read()?;
        let mut at = places.start;
        let mut found = None;
        reading.scan(Bound::Included(lowest(who, self.bucket_bits)), |other, entry| {
            let known = self.knows(&entry);
            if other == who && known {
                found = Some(at);
            }
            at += usize::from(known);
            Ok(other < who)
        })?;
        Ok(found)
    }

    /// The places of everybody who is touched by a row.
    pub(super) fn places_of(&self, touched: &Touched) -> Result<Places, Error> {
        let who = self.look_up(touched.who)?;
        let others = touched.others().map(|id| self.look_up(id)).filter_map(Result::transpose);
        Ok(Places { who, others: others.collect::<Result<_, _>>()? })
    }
}

/// One bit for each entry.
#[derive(Clone)]
pub(super) struct Marks(Box<[u64]>);

impl Marks {
    fn of(entries: usize) -> Self {
        Self(vec![0; entries.div_ceil(64)].into())
    }

    pub(super) fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }

    pub(super) fn set(&mut self, at: usize) {
        if let Some(bits) = self.0.get_mut(at / 64) {
            *bits |= 1 << (at % 64);
        }
    }

    /// How many places are marked here or there.
    fn count_with(&self, there: &Self) -> usize {
        self.0.iter().zip(&there.0).map(|(here, there)| (here | there).count_ones() as usize).sum()
    }

    /// Takes a mark away; tells whether it was there.
    pub(super) fn take(&mut self, at: usize) -> bool {
        let was = self.has(at);
        if let Some(bits) = self.0.get_mut(at / 64) {
            *bits &= !(1 << (at % 64));
        }
        was
    }
}

/// The places of whoever is touched by a row, as far as they have one.
pub(super) struct Places {
    pub(super) who: Option<usize>,
    pub(super) others: Vec<usize>,
}

impl Places {
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.who.into_iter().chain(self.others.iter().copied())
    }
}

/// Of an entry, what a row is held against.
fn remembered(entry: &Entry) -> u64 {
    match entry.state {
        State::Sent | State::Deleted => content(entry.content),
        State::Refused | State::Among => content(entry.content) | REFUSED,
        State::Missing | State::MissingAmong => content(entry.content) | MISSING,
        State::Taken | State::TakenAmong => content(entry.content) | TAKEN,
        State::Open | State::Gone | State::Absent => NOTHING,
    }
}

fn content(what: Print) -> u64 {
    what.leading() & !END
}

/// The bucket of an id: the first bits of its print.
fn bucket(who: Print, bits: u32) -> usize {
    ((who.leading() >> 32) >> (32 - bits)) as usize
}

/// The lowest print of an id's bucket.
fn lowest(who: Print, bits: u32) -> Print {
    Print((u128::from_be_bytes(who.0) >> (127 - bits) >> 1 << 1 << (127 - bits)).to_be_bytes())
}

/// A number of entries, which were counted to be less than 2^32.
fn place(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}
