//! How each row must end, and what the API must hold then, by a model that holds all of it in memory and knows nothing of
//! the flow: it takes one row after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::rows::{Deed, Entry, Nature, Rows};

/// Who exists, and with which plan.
pub(crate) type State = BTreeMap<String, Option<String>>;

/// One worker, who meets no trouble.
pub(crate) struct Model<'a> {
    rows: &'a Rows,
    pub(crate) state: State,
    seen: BTreeSet<Vec<String>>,
    held: BTreeSet<String>,
    /// Who shall not come back.
    listed: BTreeSet<String>,
}

/// Whether all that a person's rows ask for is so already: who takes one after the other changes nothing.
pub(crate) fn is_so(rows: &Rows, (state, listed): (&State, BTreeSet<String>), person: &[&Entry]) -> bool {
    let mut again = Model::new(rows, state.clone(), listed);
    for entry in person {
        let word = again.expect(entry);
        again.apply(entry, word);
    }
    again.state == *state
}

/// What the API holds before anything was asked of it.
pub(crate) fn beginning(rows: &Rows) -> State {
    rows.natures.keys().filter(|id| rows.exists_at_first(id)).map(|id| (id.clone(), None)).collect()
}

impl<'a> Model<'a> {
    pub(crate) const fn new(rows: &'a Rows, state: State, listed: BTreeSet<String>) -> Self {
        Self { rows, state, seen: BTreeSet::new(), held: BTreeSet::new(), listed }
    }

    /// How the next row must end.
    pub(crate) fn expect(&mut self, entry: &Entry) -> &'static str {
        if entry.ids.is_empty() {
            return "invalid";
        }
        if self.rows.dedupe && !self.seen.insert(entry.ids.clone()) {
            return "duplicate";
        }
        if entry.deed != Deed::Delete && entry.ids.iter().any(|id| self.listed.contains(id)) {
            return "suppressed";
        }
        if entry.ids.iter().any(|id| self.held.contains(id)) {
            return "failed";
        }
        for id in &entry.ids {
            match self.rows.natures[id] {
                Nature::Unwelcome => return "refused",
                Nature::Poison => return "failed",
                Nature::Here | Nature::Gone => {}
            }
            if let Some(plan) = self.state.get(id) {
                return match entry.deed {
                    Deed::Delete => "deleted",
                    Deed::Update | Deed::Upsert => "updated",
                    Deed::Create if *plan == entry.plan => "unchanged",
                    Deed::Create => "exists",
                };
            }
        }
        match entry.deed {
            Deed::Delete => "absent",
            Deed::Update => "missing",
            Deed::Upsert | Deed::Create => "created",
        }
    }

    /// Whether somebody is held who is the same person as far as ids ever stood together: a memory knows that.
    pub(crate) fn holds_kin_of(&self, entry: &Entry, ever: &Rows) -> bool {
        let mut all = self.rows.clone();
        all.entries.extend(ever.entries.iter().cloned());
        all.of_one_person(entry).iter().any(|row| row.ids.iter().any(|id| self.held.contains(id)))
    }

    /// The row has ended so.
    pub(crate) fn apply(&mut self, entry: &Entry, word: &str) {
        match word {
            // Of two ids one at most is there: see `Rows`.
            "deleted" | "absent" | "missing" => entry.ids.iter().for_each(|id| _ = self.state.remove(id)),
            "updated" | "created" | "unchanged" => {
                let id = entry.ids.iter().find(|id| self.state.contains_key(*id)).unwrap_or(&entry.ids[0]);
                self.state.insert(id.clone(), entry.plan.clone());
            }
            "failed" if self.rows.is_sync => self.held.extend(entry.ids.iter().cloned()),
            _ => {}
        }
    }
}
