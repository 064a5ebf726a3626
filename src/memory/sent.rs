//! The memory of a sync: what each person was last sent, and who was part of the last complete sync.
//!
//! Promises: it never says that something was sent which was not, or which something else was sent after: what is about
//! to be sent is forgotten first, and remembered only once its result is safe. A crash costs a repeated call, never a
//! missed one. A row is remembered by its first id; what else its person was sent, by whichever id, is forgotten then. Of
//! several rows of a person all are remembered or none is. It does not know how rows are read or sent.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    sync::Arc,
    time::Duration,
};

use redb::StorageBackend;

use super::{
    about::{self, LastSync},
    awaited::Awaited,
    entry::{Ages, Entry, Kinds, State, minute},
    links::{self, Pair, Touched},
    recollection::Recollection,
    sorting::Aside,
    store::Store,
};
use crate::{
    domain::{Destination, Digest, Identity, Moment, Print, Printer},
    error::Error,
};

/// What a sync remembers, open and locked until dropped.
///
/// The order of a sync: [`Memory::recollect`]; ask about every row of the input that counts, those settled by an earlier
/// try of the run included; [`Memory::forget`] whoever is about to be sent something, deletions by `--prune` included;
/// [`Memory::remember`] every outcome once its line is synced; and when all of it is settled, [`Memory::leavers`] and
/// [`Memory::complete`].
#[derive(Debug)]
pub struct Memory {
    pub(super) store: Arc<Store>,
    pub(super) printer: Printer,
    pub(super) kinds: Arc<Kinds>,
    /// Of entries that are made now; above that of every entry that a recollection knows.
    pub(super) pass: u32,
    /// What [`Entry::sync`] is for those who were part of the last complete one.
    pub(super) sync: u32,
    pub(super) last: Option<LastSync>,
    app: Option<String>,
    /// When this try asked what is remembered, in minutes since 1970; nothing was sent by it before.
    pub(super) began: u32,
    /// See [`Memory::begin_run`].
    pub(super) run: Option<Digest>,
    /// By id, the rows that were forgotten and have no outcome yet: while there is one, nothing is certain about whoever
    /// it touches.
    pub(super) on_their_way: HashMap<Print, u32>,
    /// See [`Memory::learn`].
    pub(super) awaited: Awaited,
    /// Where what RAM cannot hold is sorted; a store without files has no such place.
    pub(super) aside: Option<Aside>,
    /// Held until dropped; a store without files has none.
    _lock: Option<File>,
}

/// Entries that are about to be void, by id; and the ids of those of whom they were not known.
type Voids = BTreeMap<Print, (Entry, Option<Vec<u8>>)>;

impl Memory {
    /// A memory over any store: [`Memory::open`] is the one for files. `key` is what its prints are made with, `name`
    /// stands for it in messages.
    ///
    /// # Errors
    /// As [`Memory::open`], but for what concerns files.
    pub fn over(
        backend: impl StorageBackend,
        key: &[u8; 32],
        name: &str,
        about: &Destination,
        kinds: &[String],
        first: bool,
    ) -> Result<Self, Error> {
        let store = Store::open(backend, name)?;
        let bound = about::bind(&store, key, about, kinds, first)?;
        Ok(Self {
            store: Arc::new(store),
            printer: Printer::new(key, kinds.iter().map(String::as_str)),
            kinds: Arc::new(bound.kinds),
            pass: bound.pass + 1,
            sync: bound.sync,
            last: bound.last,
            app: bound.app,
            run: bound.run,
            began: u32::MAX,
            on_their_way: HashMap::new(),
            awaited: Awaited::default(),
            aside: None,
            _lock: None,
        })
    }

    pub(super) fn locked_by(self, lock: File, aside: Aside) -> Self {
        Self { _lock: Some(lock), aside: Some(aside), ..self }
    }

    /// The last complete sync; `None` when there was none.
    #[must_use]
    pub const fn last_sync(&self) -> Option<LastSync> {
        self.last
    }

    /// Rows of the last complete sync.
    #[must_use]
    pub fn last_rows(&self) -> Option<u64> {
        self.last.map(|last| last.rows)
    }

    /// The app that it is of, once that is known.
    #[must_use]
    pub fn app(&self) -> Option<&str> {
        self.app.as_deref()
    }

    /// Learns which app the key belongs to: the memory is of that one from now on.
    ///
    /// # Errors
    /// [`crate::error::Exit::Config`] when it is of another one.
    pub fn learn_app(&mut self, app: &str) -> Result<(), Error> {
        if let Some(known) = &self.app {
            return if known == app { Ok(()) } else { Err(about::other_app(self.store.name(), known, app)) };
        }
        self.store.write(|writing| writing.state(about::APP, app.as_bytes()))?;
        self.app = Some(app.to_owned());
        Ok(())
    }

    /// A run begins to work with it, which is known by the first link of its results.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`].
    pub fn begin_run(&mut self, run: Digest) -> Result<(), Error> {
        if self.run != Some(run) {
            self.awaited.distrust_earlier_tries();
            self.store.write(|writing| writing.state(about::RUN, &run.0))?;
            self.run = Some(run);
        }
        Ok(())
    }

    /// Whether this run was the last to work with it, and its end, pruning included, is still to be made.
    #[must_use]
    pub fn awaits_the_end_of(&self, run: Digest) -> bool {
        self.run == Some(run)
    }

    /// What is remembered now; what was sent `refresh` ago or earlier (by whole days) is not taken as sent, and whoever
    /// was missing, or whose name was taken, `again` ago or earlier not as being so still.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`] when the store cannot be read.
    pub fn recollect(
        &mut self,
        now: Moment,
        refresh: Option<Duration>,
        again: Duration,
    ) -> Result<Recollection, Error> {
        self.pass += 1;
        let naming = (self.printer.clone(), Arc::clone(&self.kinds));
        let ages = Ages { now: minute(now), refresh, again };
        self.began = ages.now;
        Recollection::of(Arc::clone(&self.store), naming, (self.pass, self.sync), &ages)
    }

    /// Forgets what these people were last sent, since something else is about to be: once for each row, before its first
    /// call. It is on the disk when this returns. That they were part of the last complete sync stays known.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`]: then nothing may be sent.
    pub fn forget<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Result<(), Error> {
        let touched = self.touched(identities)?;
        for id in touched.iter().flat_map(|(_, touched)| touched.own()) {
            *self.on_their_way.entry(id).or_default() += 1;
        }
        let voids = self.voids(&touched)?;
        self.void(&voids, &touched.iter().filter_map(|(_, touched)| touched.new_pair()).collect())
    }

    /// Learns what a sync met besides the rows that it will send, before its first call: which ids stand together in rows
    /// that are not sent; who was erased by somebody else, and is not sent: were he to come back, he must be; and
    /// of whom an earlier try of the run was well answered and had no time to have it remembered. Nothing is certain of
    /// these, but they are part of the sync. And who has several rows that will be sent: these are remembered together.
    ///
    /// # Errors
    /// As [`Memory::forget`].
    pub fn learn(&mut self, recollection: &Recollection, now: Moment) -> Result<(), Error> {
        self.void(&self.lost(recollection)?, &recollection.pairs)?;
        self.keep_listed(recollection)?;
        self.awaited = Awaited::of(&recollection.several, &self.printer);
        if recollection.unheard.is_empty() {
            return Ok(());
        }
        let made = self.made(now);
        self.store.write(|writing| {
            writing.state(about::PASS, &made.born.to_le_bytes())?;
            recollection.unheard.iter().try_for_each(|identity| {
                let who = self.printer.who(identity.primary());
                let kept = writing.entry(who)?.map_or(made, |kept| kept.becomes(State::Open));
                writing.put(who, &Entry { was_sent: true, ..kept })?;
                writing.put_ids(who, &self.kinds.encoded(identity))
            })
        })
    }

    /// How the list has those who are on it, by each id that is known of them: the ids themselves may go.
    fn keep_listed(&self, recollection: &Recollection) -> Result<(), Error> {
        let reading = self.store.read()?;
        let mut new = Vec::new();
        for (id, listed) in &recollection.listed {
            let place = self.printer.erased(*id);
            let known = reading.links(place)?;
            if !links::prints(&known).any(|known| known == *listed) {
                new.push((place, links::with(&known, std::iter::once(*listed))));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        self.store.write(|writing| new.iter().try_for_each(|(place, listed)| writing.put_links(*place, listed)))
    }

    /// Whoever was erased, as far as he was sent something and has no other row of which all is known. That somebody was
    /// deleted stays known, and what the API refused.
    fn lost(&self, recollection: &Recollection) -> Result<Voids, Error> {
        let reading = self.store.read()?;
        let mut lost = Voids::new();
        for id in &recollection.erased {
            let was_there = |entry: &Entry| matches!(entry.state, State::Sent | State::Taken);
            let Some(sent) = reading.entry(*id)?.filter(was_there) else { continue };
            if !recollection.look_up(*id)?.is_some_and(|at| recollection.known.has(at)) {
                lost.insert(*id, (sent.void(), None));
            }
        }
        Ok(lost)
    }

    /// An entry that is made now, of which nothing is certain.
    pub(super) fn made(&self, now: Moment) -> Entry {
        let (content, state) = (Print([0; 16]), State::Open);
        Entry {
            content,
            minute: minute(now),
            born: self.pass,
            sync: 0,
            state,
            is_brief: false,
            has_apart: false,
            was_sent: false,
        }
    }

    fn touched<'a>(
        &self,
        identities: impl Iterator<Item = &'a Identity>,
    ) -> Result<Vec<(&'a Identity, Touched)>, Error> {
        let reading = self.store.read()?;
        identities.map(|identity| Ok((identity, Touched::by(identity, &self.printer, &reading)?))).collect()
    }

    /// The entries that say something of whoever is touched, each with what is to be in its place and with its ids where
    /// these are to be known from now on.
    fn voids(&self, touched: &[(&Identity, Touched)]) -> Result<Voids, Error> {
        let reading = self.store.read()?;
        let mut voids = Voids::new();
        for other in touched.iter().flat_map(|(_, touched)| touched.others()) {
            if let Some(said) = reading.entry(other)?.filter(|said| said.state.is_certain()) {
                voids.insert(other, (said.void(), None));
            }
        }
        for (identity, touched) in touched {
            // Whoever was missing may be there by now.
            if let Some(said) = reading.entry(touched.who)?.filter(|said| said.state != State::Open) {
                let ids = (!said.state.may_exist()).then(|| self.kinds.encoded(identity));
                voids.insert(touched.who, (said.becomes(State::Open), ids));
            }
        }
        Ok(voids)
    }

    fn void(&self, voids: &Voids, joined: &BTreeSet<Pair>) -> Result<(), Error> {
        if voids.is_empty() && joined.is_empty() {
            return Ok(());
        }
        self.store.write(|writing| {
            joined.iter().try_for_each(|pair| links::join(*pair, writing))?;
            voids.iter().try_for_each(|(id, (entry, ids))| {
                ids.iter().try_for_each(|ids| writing.put_ids(*id, ids))?;
                writing.put(*id, entry).map(drop)
            })
        })
    }

    /// Whether some row was forgotten and has no outcome yet.
    #[must_use]
    pub fn some_are_on_their_way(&self) -> bool {
        !self.on_their_way.is_empty()
    }
}
