//! What must be on the disk before a row is sent: whoever is deleted is on the list of those who shall not come back, and
//! whatever is changed is no longer remembered as it was.
//!
//! Promises: a crash at any moment leaves the list too long or the memory too short, never the other way round.

use super::{register::List, store::Store};
use crate::{
    domain::{Action, Batch, Identity, Row, Subject},
    error::Error,
};

/// What is done with rows before they are handed on.
#[derive(Default)]
pub(super) struct Beforehand {
    pub(super) memory: Option<Store>,
    pub(super) suppress: Option<List>,
}

/// Rows for which it was done: no others can be handed on.
pub(super) struct Prepared(Batch);

impl Prepared {
    pub(super) fn into_batch(self) -> Batch {
        self.0
    }
}

impl Beforehand {
    /// Does it; when it returns, it lasts.
    pub(super) fn prepare(&self, batch: Batch) -> Result<Prepared, Error> {
        let Batch { rows, settled, .. } = &batch;
        if let Some(memory) = &self.memory {
            memory.lock().forget(rows.iter().filter(|row| row.action.changes()).filter_map(known))?;
        }
        if let Some(list) = &self.suppress {
            // Those too who are deleted already: an earlier try may have had no list, and a repeated row may have an id more.
            let deletions = rows.iter().filter(|row| row.action == Action::Delete);
            list.lock().enter(deletions.filter_map(named).chain(settled))?;
        }
        Ok(Prepared(batch))
    }
}

fn known(row: &Row) -> Option<&Identity> {
    match &row.subject {
        Subject::Known(identity) => Some(identity),
        Subject::Spared(..) | Subject::Malformed { .. } => None,
    }
}

fn named(row: &Row) -> Option<&Identity> {
    match &row.subject {
        Subject::Known(identity) | Subject::Spared(identity, _) => Some(identity),
        Subject::Malformed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::{
        domain::{Destination, Evidence, Fields, Id, IdKind, Known, Moment, Outcome, Recall, Spared, Verdict},
        memory::Memory,
    };

    fn person(number: u8) -> Identity {
        Identity::one(Id::parse(IdKind(0), &format!("person-{number}")).unwrap())
    }

    fn row(subject: Subject, action: Action) -> Row {
        Row { line: 1, action, subject, fields: Fields::default(), original: [].into() }
    }

    fn now() -> Moment {
        Moment::from_millis(1_795_226_340_123)
    }

    /// A memory that holds a person as sent.
    fn memory(directory: &std::path::Path) -> Store {
        let destination = Destination {
            api: "adapty".to_owned(),
            host: "localhost:1".to_owned(),
            base_path: "/".to_owned(),
            parameters: BTreeMap::new(),
        };
        let mut memory = Memory::open(directory, &destination, &["id".to_owned()], true, false).unwrap();
        let sent = Outcome {
            row: row(Subject::Known(person(1)), Action::Update),
            verdict: Verdict::Updated,
            attempts: 1,
            elapsed: Duration::ZERO,
            evidence: Evidence::default(),
            after_lost_answer: false,
            erased: false,
        };
        memory.forget(std::iter::once(&person(1))).unwrap();
        memory.remember(&[sent], now()).unwrap();
        Store::of(memory)
    }

    fn known(store: &Store) -> Known {
        let mut recollection = store.lock().recollect(now(), None, Duration::from_hours(12)).unwrap();
        recollection.ask(&person(1), Action::Update, &Fields::default())
    }

    fn prepare(beforehand: &Beforehand, row: Row) {
        beforehand.prepare(Batch { rows: vec![row], ..Batch::default() }).unwrap();
    }

    #[test]
    fn whatever_changes_somebody_is_forgotten_first() {
        let changing = Action::ALL.into_iter().filter(|action| action.changes());
        for row in changing.map(|action| row(Subject::Known(person(1)), action)) {
            let home = tempfile::tempdir().unwrap();
            let store = memory(&home.path().join("memory"));
            assert_eq!(known(&store), Known::Same);
            let what = format!("{:?}", row.action);
            prepare(&Beforehand { memory: Some(store.clone()), suppress: None }, row);
            assert_eq!(known(&store), Known::Changed, "{what}");
        }
        for (subject, action) in [
            (Subject::Known(person(1)), Action::Get),
            (Subject::Known(person(2)), Action::Update),
            (Subject::Spared(person(1), Spared::Superseded), Action::Update),
            (Subject::Spared(person(1), Spared::Suppressed), Action::Update),
        ] {
            let home = tempfile::tempdir().unwrap();
            let store = memory(&home.path().join("memory"));
            prepare(&Beforehand { memory: Some(store.clone()), suppress: None }, row(subject, action));
            assert_eq!(known(&store), Known::Same, "{action:?}");
        }
    }
}
