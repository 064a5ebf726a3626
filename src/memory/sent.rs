//! The memory of a sync: what each identity was last sent, and who was part of the last complete sync.
//!
//! Promises: it never says that something was sent which was not, or which something else was sent after: what is about
//! to be sent is forgotten first, and remembered only once its result is safe. A crash costs a repeated call, never a
//! missed one. An identity is all the ids of a row together: of what was sent under other ids of the same person it knows
//! nothing. It does not know how rows are read or sent.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    sync::Arc,
    time::Duration,
};

use redb::StorageBackend;

use super::{
    about::{self, About, LastSync},
    entry::{Entry, Kinds, State, day},
    recollection::Recollection,
    sorting::Aside,
    store::{Store, Writing},
};
use crate::{
    domain::{Action, Identity, Moment, Outcome, Print, Printer, RowPrint, Subject, Verdict},
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
    pub(super) kinds: Kinds,
    /// Of entries that are made now; above that of every entry that a recollection knows.
    pub(super) pass: u32,
    /// What [`Entry::sync`] is for those who were part of the last complete one.
    pub(super) sync: u32,
    pub(super) last: Option<LastSync>,
    app: Option<String>,
    /// Rows that were forgotten and have no outcome yet: while there is one, nothing is certain about its identity.
    on_their_way: HashMap<Print, u32>,
    /// Where what RAM cannot hold is sorted; a store without files has no such place.
    pub(super) aside: Option<Aside>,
    /// Held until dropped; a store without files has none.
    _lock: Option<File>,
}

/// What an outcome says about its identity.
struct Note<'a> {
    identity: &'a Identity,
    content: Print,
    state: State,
}

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
        about: &About,
        kinds: &[String],
        first: bool,
    ) -> Result<Self, Error> {
        let store = Store::open(backend, name)?;
        let bound = about::bind(&store, key, about, kinds, first)?;
        Ok(Self {
            store: Arc::new(store),
            printer: Printer::new(key, kinds.iter().map(String::as_str)),
            kinds: bound.kinds,
            pass: bound.pass + 1,
            sync: bound.sync,
            last: bound.last,
            app: bound.app,
            on_their_way: HashMap::new(),
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

    /// What is remembered now; what was sent `refresh` ago or earlier (by whole days) is not taken as sent.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`] when the store cannot be read.
    pub fn recollect(&mut self, today: Moment, refresh: Option<Duration>) -> Result<Recollection, Error> {
        self.pass += 1;
        Recollection::of(Arc::clone(&self.store), self.printer.clone(), self.pass, today, refresh)
    }

    /// Forgets what these identities were last sent, since something else is about to be: once for each row, before its
    /// first call. It is on the disk when this returns. That they were part of the last complete sync stays known.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`]: then nothing may be sent.
    pub fn forget<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Result<(), Error> {
        let known: Vec<(Print, &Identity)> =
            identities.map(|identity| (self.printer.identity(identity), identity)).collect();
        for (who, _) in &known {
            *self.on_their_way.entry(*who).or_default() += 1;
        }
        self.void(known)
    }

    /// Forgets what these identities were last sent, since somebody else erased them, and nothing will be sent: were they
    /// to come back, they must be sent again. It is on the disk when this returns.
    ///
    /// # Errors
    /// As [`Memory::forget`].
    pub fn lose<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Result<(), Error> {
        self.void(identities.map(|identity| (self.printer.identity(identity), identity)).collect())
    }

    fn void(&self, identities: Vec<(Print, &Identity)>) -> Result<(), Error> {
        let reading = self.store.read()?;
        let mut known = BTreeMap::new();
        for (who, identity) in identities {
            if let Some(entry) = reading.entry(who)?.filter(|entry| entry.state != State::Open) {
                known.insert(who, (identity, entry));
            }
        }
        drop(reading);
        if known.is_empty() {
            return Ok(());
        }
        let kinds = &self.kinds;
        self.store.write(|writing| {
            let mut ids = Vec::new();
            known.iter().try_for_each(|(who, (identity, entry))| {
                if !entry.state.may_exist() {
                    ids.clear();
                    kinds.encode(identity, &mut ids);
                    writing.put_ids(*who, &ids)?;
                }
                writing.put(*who, &Entry { state: State::Open, ..*entry }).map(drop)
            })
        })
    }

    /// Remembers how rows ended, in the order in which they settled. To be called only after their lines are synced,
    /// with every outcome of a row that was forgotten, whatever its verdict.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`]: then none of them is remembered.
    pub fn remember(&mut self, outcomes: &[Outcome], now: Moment) -> Result<(), Error> {
        let notes = self.notes(outcomes);
        if notes.is_empty() {
            return Ok(());
        }
        let made = Entry { content: Print([0; 16]), day: day(now), born: self.pass, sync: 0, state: State::Open };
        let kinds = &self.kinds;
        self.store.write(|writing| {
            writing.state(about::PASS, &made.born.to_le_bytes())?;
            notes.iter().try_for_each(|(who, note)| note.write(*who, made, kinds, writing))
        })
    }

    /// What the outcomes say, the last one of each identity; nothing certain of those with a further row on its way.
    fn notes<'a>(&mut self, outcomes: &'a [Outcome]) -> BTreeMap<Print, Note<'a>> {
        let mut notes = BTreeMap::new();
        for outcome in outcomes {
            // What is spared has had no call, and says nothing new.
            let Subject::Known(identity) = &outcome.row.subject else { continue };
            let RowPrint { who, what } = self.printer.row(identity, outcome.row.action, &outcome.row.fields);
            let further = self.on_their_way.get(&who).copied().unwrap_or(0).saturating_sub(1);
            let state = if further == 0 {
                self.on_their_way.remove(&who);
                learned(outcome.row.action, outcome.verdict)
            } else {
                self.on_their_way.insert(who, further);
                State::Open
            };
            notes.insert(who, Note { identity, content: what, state });
        }
        notes
    }

    /// How many rows were forgotten and have no outcome yet.
    #[must_use]
    pub fn on_their_way(&self) -> u64 {
        self.on_their_way.values().copied().map(u64::from).sum()
    }
}

/// What the API was last told, by how a row ended.
const fn learned(action: Action, verdict: Verdict) -> State {
    match (action, verdict) {
        (Action::Delete, Verdict::Deleted | Verdict::Absent) => State::Deleted,
        (
            Action::Create | Action::Update | Action::Upsert,
            Verdict::Created | Verdict::Updated | Verdict::Unchanged,
        ) => State::Sent,
        (_, Verdict::Refused) => State::Refused,
        (_, Verdict::Missing) => State::Gone,
        _ => State::Open,
    }
}

impl Note<'_> {
    fn write(&self, who: Print, made: Entry, kinds: &Kinds, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
        let old = writing.entry(who)?;
        if old.is_none() && self.state == State::Gone {
            return Ok(());
        }
        let kept = old.unwrap_or(made);
        writing
            .put(who, &Entry { content: self.content, state: self.state, born: kept.born, sync: kept.sync, ..made })?;
        let has_ids = old.is_some_and(|old| old.state.may_exist());
        if has_ids && !self.state.may_exist() {
            writing.take_ids(who)
        } else if !has_ids && self.state.may_exist() {
            let mut ids = Vec::new();
            kinds.encode(self.identity, &mut ids);
            writing.put_ids(who, &ids)
        } else {
            Ok(())
        }
    }
}
