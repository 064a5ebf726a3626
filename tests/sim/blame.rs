//! Who may fail though nothing is wrong with him: a few rows, while one way into the API alone is shut.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tollgate::domain::{Operation, Word};

use crate::{
    judge::{Judge, is_of},
    naive::{Journal, Line},
    rows::Entry,
    support::remote::Sent,
};

/// So many rows in succession may be taken for bad ones, until somebody is answered on the same way.
const MOST_IN_SUCCESSION: u32 = 20;

/// Looks of any kind are one way.
const fn way(operation: Operation) -> Operation {
    if operation.changes() { operation } else { Operation::Look }
}

const fn came_to_nothing(sent: &Sent) -> bool {
    sent.until.is_some() && matches!(sent.answer, None | Some(Word::Again { .. }))
}

const fn was_answered(sent: &Sent) -> bool {
    matches!(sent.answer, Some(Word::Done(_) | Word::Next(_) | Word::Refused))
}

impl Judge<'_> {
    /// Of one try's requests the last one that came to nothing, for a row that was tried often enough to be failed.
    fn last_straw<'s>(&self, entry: &Entry, sent: &'s [Sent]) -> Option<&'s Sent> {
        let mut vain = sent.iter().filter(|sent| is_of(sent, entry) && came_to_nothing(sent));
        let last = vain.next_back()?;
        let enough = self.machine.options.max_attempts.get() as usize;
        (vain.count() + 1 >= enough).then_some(last)
    }

    /// Between two answers on a way so many rows fail on it, whatever is wrong with them; on all ways together no more than
    /// the bound.
    pub(crate) fn hardly_anybody_fails_in_succession(&self, sent: &[Sent], before: &Journal, after: &Journal) {
        let failed = after.lines.iter().skip(before.lines.len()).filter(|line| line.outcome == "failed");
        let log = self.machine.remote.log();
        let straws = failed.filter_map(|line| {
            let entry = self.machine.rows.entries.iter().find(|entry| entry.line == line.row)?;
            let last = self.last_straw(entry, sent)?;
            match line.request {
                Some(request) => Some(&log[request]).filter(|sent| came_to_nothing(sent)),
                // No answer decided it. Where others stand for the same people, it cannot be told whose request it was.
                None => Some(last).filter(|_| !self.is_repeated(entry)),
            }
        });
        let answers = sent.iter().filter(|sent| was_answered(sent));
        // At one and the same moment the answer comes first.
        let event = |sent: &Sent, fails| (sent.until.unwrap_or(Duration::MAX), fails, way(sent.operation));
        let mut events: Vec<_> =
            answers.map(|sent| event(sent, false)).chain(straws.map(|sent| event(sent, true))).collect();
        events.sort_by_key(|(at, fails, _)| (*at, *fails));
        let mut failed: BTreeMap<String, u32> = BTreeMap::new();
        for (at, fails, way) in events {
            let count = failed.entry(format!("{way:?}")).or_default();
            *count = if fails { *count + 1 } else { 0 };
            let all: u32 = failed.values().sum();
            assert!(all <= MOST_IN_SUCCESSION, "{all} failed in succession, the last on the way of {way:?}, at {at:?}");
        }
    }

    /// Whether the same people stand on other lines as well.
    fn is_repeated(&self, entry: &Entry) -> bool {
        let mut others = self.machine.rows.entries.iter().filter(|other| other.line != entry.line);
        others.any(|other| other.shares_an_id(&entry.ids))
    }

    /// Whether a row may be failed that has nothing wrong with it.
    pub(crate) fn may_be_blamed(&self, entry: &Entry, line: &Line) -> bool {
        let log = self.machine.remote.log();
        line.outcome == "failed"
            && self.machine.plan.shuts_one_way()
            && self.tries.borrow().iter().any(|(from, to)| self.last_straw(entry, &log[*from..*to]).is_some())
    }

    /// Whose lines cannot be foretold: who was failed after a call had changed him whose answer was lost; and, where
    /// nobody minds the order, who was failed and stands on other lines as well, which may have been sent before his.
    pub(crate) fn blamed_beyond_foretelling(&self, journal: &Journal) -> BTreeSet<String> {
        let (log, entries) = (self.machine.remote.log(), &self.machine.rows.entries);
        let was_blamed =
            |entry: &Entry| journal.lines.iter().any(|line| line.row == entry.line && self.may_be_blamed(entry, line));
        let was_changed = |entry: &Entry| log.iter().any(|sent| sent.applied && is_of(sent, entry));
        let is_overtaken = |entry: &Entry| !self.machine.rows.is_sync && self.is_repeated(entry);
        let blamed = entries.iter().filter(|entry| was_blamed(entry));
        blamed.filter(|entry| was_changed(entry) || is_overtaken(entry)).flat_map(|entry| entry.ids.clone()).collect()
    }
}
