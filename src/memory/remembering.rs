//! How rows ended, as far as that is worth remembering.
//!
//! Promises: what somebody was sent is remembered only when no further row of his is on its way; of several rows, when all
//! have come. It does not know when lines are synced: whoever calls does.

use std::{
    collections::{BTreeMap, BTreeSet, hash_map},
    sync::Arc,
};

use super::{
    about,
    awaited::Whole,
    entry::{Entry, Kinds, State},
    links::{self, Pair, Touched},
    sent::Memory,
    store::{Reading, Writing},
};
use crate::{
    domain::{Action, Id, Identity, Moment, Outcome, Print, Printer, RowPrint, Subject, Verdict},
    error::Error,
};

/// What an outcome says about its person.
struct Note<'a> {
    identity: &'a Identity,
    /// By which ids the answer says that he is known.
    told: &'a [Id],
    content: Print,
    state: State,
    /// Whether the API took something of ours, if that is told: else it is as before.
    was_sent: Option<bool>,
    /// He was not there, and is there now by this sync: whether or not it comes to its end, he is part of it.
    is_made: bool,
}

/// What outcomes say.
#[derive(Default)]
struct Notes<'a> {
    /// By the first id of a row.
    rows: BTreeMap<Print, Note<'a>>,
    /// Of people all of whose rows have come.
    wholes: Vec<Whole>,
    /// Ids that are one person's by the API's own word.
    found: Vec<Pair>,
    /// The same, by each of the two.
    beside: BTreeMap<Print, Vec<Print>>,
    /// Ids by which nothing is certain any more, since something was sent by another one of the same person.
    overruled: BTreeMap<Print, State>,
}

impl Notes<'_> {
    fn find(&mut self, pair: Pair) {
        let (ours, theirs) = pair;
        self.found.push(pair);
        self.beside.entry(ours).or_default().push(theirs);
        self.beside.entry(theirs).or_default().push(ours);
    }

    fn overrule(&mut self, id: Print, becomes: State) {
        if let Some(note) = self.rows.get_mut(&id) {
            note.state = becomes;
        }
        self.wholes.retain(|whole| !whole.ends.contains_key(&id));
        self.overruled.insert(id, becomes);
    }
}

impl Memory {
    /// Remembers how rows ended, in the order in which they settled. To be called only after their lines are synced,
    /// with every outcome of a row that was forgotten, whatever its verdict.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] or [`crate::error::Exit::Io`]: then none of them is remembered.
    pub fn remember(&mut self, outcomes: &[Outcome], now: Moment) -> Result<(), Error> {
        let Notes { rows, wholes, found, overruled, .. } = self.notes(outcomes)?;
        if rows.is_empty() {
            return Ok(());
        }
        let made = self.made(now);
        let (kinds, printer, members) = (&self.kinds, &self.printer, self.sync);
        self.store.write(|writing| {
            writing.state(about::PASS, &made.born.to_le_bytes())?;
            rows.iter().try_for_each(|(who, note)| note.write(*who, made, members, kinds, writing))?;
            overruled.iter().try_for_each(|(id, becomes)| overrule(*id, *becomes, writing))?;
            wholes.iter().try_for_each(|whole| whole.write(made, printer, writing))?;
            found.iter().try_for_each(|pair| join_found(*pair, writing))
        })
    }

    /// What the outcomes say, the last one of each first id; nothing certain of those with a further row on its way, nor of
    /// one row of several. What was said of the person by other ids was forgotten before the row was sent.
    fn notes<'a>(&mut self, outcomes: &'a [Outcome]) -> Result<Notes<'a>, Error> {
        let store = Arc::clone(&self.store);
        let reading = store.read()?;
        let mut notes = Notes::default();
        for outcome in outcomes {
            let Outcome { row, verdict, .. } = outcome;
            // What is spared has had no call, and says nothing new.
            let Subject::Known(identity) = &row.subject else { continue };
            let touched = Touched::by(identity, &self.printer, &reading)?;
            touched.own().for_each(|id| self.has_come(id));
            let is_last = !touched.all().any(|id| self.on_their_way.contains_key(&id));
            let told = outcome.evidence.names.iter().map(|id| self.printer.who(id));
            for told in told.filter(|told| !touched.all().any(|id| id == *told)) {
                // Either of the row's ids may be the one by which the API does not know him.
                touched.own().for_each(|own| notes.find((own, told)));
            }
            let learned = learned(row.action, *verdict);
            let was_sent = was_sent(learned);
            let learned = self.in_view_of_others(learned, &touched, &mut notes, &reading)?;
            let is_one_of_several = self.awaited.has(row.line);
            let whole = self.awaited.come(row.line, learned);
            notes.wholes.extend(whole.filter(|_| is_last));
            let RowPrint { who, what } = self.printer.row(identity, row.action, &row.fields);
            let is_made = (row.action, *verdict) == (Action::Upsert, Verdict::Created);
            let before = notes.rows.get(&who);
            let is_made = is_made || before.is_some_and(|note| note.is_made);
            let was_sent = was_sent.or(before.and_then(|note| note.was_sent));
            let state = match (is_last, is_one_of_several) {
                (true, false) => learned,
                // His ids go, as far as no other row of his has come since.
                (true, true) if matches!(learned, State::Missing | State::Gone) => State::Gone,
                (true, true) | (false, _) => State::Open,
            };
            let told = &outcome.evidence.names;
            notes.rows.insert(who, Note { identity, told, content: what, state, was_sent, is_made });
        }
        Ok(notes)
    }

    /// What is true by a row's first id, in view of the others of its person. By one that was learned while the row was
    /// under way something may have been sent meanwhile: nobody knows which came last. Whom this sync deleted is nobody's
    /// to delete any more, by whichever id: who comes back after that came by himself.
    fn in_view_of_others(
        &self,
        learned: State,
        touched: &Touched,
        notes: &mut Notes<'_>,
        reading: &Reading<'_>,
    ) -> Result<State, Error> {
        let found = touched.own().filter_map(|id| notes.beside.get(&id)).flatten().copied();
        let others: BTreeSet<Print> = touched.others().chain(found).filter(|id| *id != touched.who).collect();
        let mut state = learned;
        for other in others {
            let tonight = notes.rows.get(&other).map(|note| (note.state, true));
            let known = reading.entry(other)?.map(|entry| (entry.state, entry.is_since(self.began)));
            match tonight.or(known) {
                Some((told, true)) if told.is_certain() => {
                    let is_gone = learned.is_gone() || told.is_gone();
                    state = if is_gone { State::Gone } else { State::Open };
                    notes.overrule(other, state);
                }
                Some((State::Open, _)) if learned == State::Deleted && !self.on_their_way.contains_key(&other) => {
                    notes.overrule(other, State::Gone);
                }
                Some(_) | None => {}
            }
        }
        Ok(state)
    }

    /// A row of this id has its outcome.
    fn has_come(&mut self, id: Print) {
        if let hash_map::Entry::Occupied(mut rows) = self.on_their_way.entry(id) {
            *rows.get_mut() -= 1;
            if *rows.get() == 0 {
                rows.remove();
            }
        }
    }
}

/// By this id nothing is certain any more.
fn overrule(id: Print, becomes: State, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
    let Some(entry) = writing.entry(id)? else { return Ok(()) };
    writing.put(id, &entry.becomes(becomes))?;
    if becomes.may_exist() { Ok(()) } else { writing.take_ids(id) }
}

/// What was said of the other one counts no more: the profile was sent something else since.
fn join_found(pair: Pair, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
    let (_, theirs) = pair;
    if let Some(entry) = writing.entry(theirs)?.filter(|entry| entry.state.is_certain()) {
        writing.put(theirs, &entry.void())?;
    }
    links::join(pair, writing)
}

/// What the API was last told, by how a row ended.
const fn learned(action: Action, verdict: Verdict) -> State {
    match (action, verdict) {
        (Action::Delete, Verdict::Deleted) => State::Deleted,
        (Action::Delete, Verdict::Absent) => State::Absent,
        (
            Action::Create | Action::Update | Action::Upsert,
            Verdict::Created | Verdict::Updated | Verdict::Unchanged,
        ) => State::Sent,
        (_, Verdict::Refused) => State::Refused,
        (Action::Update, Verdict::Missing) => State::Missing,
        (Action::Create | Action::Upsert, Verdict::Exists) => State::Taken,
        _ => State::Open,
    }
}

/// Whether the API took something of ours, where that is told; a deletion that finds nobody may be another app's key's doing.
const fn was_sent(learned: State) -> Option<bool> {
    match learned {
        State::Sent => Some(true),
        State::Deleted | State::Missing => Some(false),
        State::Open
        | State::Refused
        | State::Gone
        | State::Absent
        | State::Among
        | State::Taken
        | State::MissingAmong
        | State::TakenAmong => None,
    }
}

impl Note<'_> {
    /// `members` are part of the last complete sync.
    fn write(
        &self,
        id: Print,
        made: Entry,
        members: u32,
        kinds: &Kinds,
        writing: &mut Writing<'_>,
    ) -> Result<(), redb::Error> {
        let old = writing.entry(id)?;
        if old.is_none() && self.state == State::Gone {
            return Ok(());
        }
        let kept = old.unwrap_or(made);
        let sync = if self.is_made { members } else { kept.sync };
        let was_sent = self.was_sent.unwrap_or(kept.is_ours());
        let entry = Entry { content: self.content, state: self.state, born: kept.born, sync, was_sent, ..made };
        writing.put(id, &entry.brief(self.state.is_brief()))?;
        let known = old.filter(|old| old.state.may_exist());
        match (known, self.state.may_exist()) {
            (Some(_), false) => writing.take_ids(id),
            // The print of what was said is one of all the ids of the row, too.
            (Some(known), true) if known.content == self.content && self.told.is_empty() => Ok(()),
            (Some(_) | None, true) => writing.put_ids(id, &kinds.encoded_with(self.identity, self.told)),
            (None, false) => Ok(()),
        }
    }
}

impl Whole {
    /// The ids themselves are there since the last row of each has come.
    fn write(&self, made: Entry, printer: &Printer, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
        for (id, state) in &self.ends {
            let kept = writing.entry(*id)?.unwrap_or(made);
            let was_sent = kept.is_ours() && !self.was_deleted;
            let (born, sync) = (kept.born, kept.sync);
            let entry = Entry { content: self.content, state: *state, born, sync, was_sent, ..made };
            writing.put(*id, &Entry { has_apart: !self.apart.is_empty(), ..entry.brief(self.is_brief) })?;
            if !state.may_exist() {
                writing.take_ids(*id)?;
            }
        }
        for (place, state) in &self.apart {
            let print = printer.among(self.content, *place);
            let born = writing.entry(print)?.map_or(made.born, |kept| kept.born);
            writing.put(print, &Entry { content: print, state: *state, born, sync: made.born, ..made })?;
        }
        Ok(())
    }
}
