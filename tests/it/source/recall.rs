//! Whoever remembers, for the deciding pass to ask.

use std::collections::{BTreeMap, BTreeSet};

use tollgate::domain::{Action, Asked, Conclusion, Known, Printer, Recall, Standing, Told};

use super::people::said;

/// Remembers what a row's name says, and who asked.
pub(super) struct Memory {
    printer: Printer,
    /// By line, what was asked about: whose row, what it asks for, and what it says.
    pub(super) asked: BTreeMap<u64, (String, Action, Vec<String>)>,
    /// Lines whose person has another one, as far as it was told.
    pub(super) shared: BTreeSet<u64>,
    pub(super) standing: BTreeMap<u64, Standing>,
    /// Lines of which was known at once that they are the same.
    same: BTreeSet<u64>,
    /// Lines of which was known at once that they are not, or that earlier tries settled.
    others: BTreeSet<u64>,
    /// These were not the same after all.
    pub(super) overturns: BTreeSet<u64>,
    waiting: BTreeMap<u64, Told>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            printer: Printer::new(b"key", ["profile", "customer"]),
            asked: BTreeMap::new(),
            shared: BTreeSet::new(),
            standing: BTreeMap::new(),
            same: BTreeSet::new(),
            others: BTreeSet::new(),
            overturns: BTreeSet::new(),
            waiting: BTreeMap::new(),
        }
    }
}

impl Memory {
    /// Everything that was asked about, in order.
    pub(super) fn asked(&self) -> Vec<&str> {
        self.asked.values().map(|(id, ..)| id.as_str()).collect()
    }
}

impl Recall for Memory {
    fn printer(&self) -> &Printer {
        &self.printer
    }

    fn answer(
        &mut self,
        Asked { line, identity, action, fields, is_shared, standing, .. }: Asked<'_>,
    ) -> Option<Known> {
        let id = identity.primary().text().to_owned();
        let before = self.asked.insert(line, (id.clone(), action, said(fields)));
        let is_due = before.is_none() || self.same.remove(&line) || self.others.remove(&line);
        assert!(is_due, "line {line} is asked about twice");
        self.standing.insert(line, standing);
        let is_overturned = before.is_some() && self.overturns.remove(&line);
        let known = if is_overturned { Known::Changed } else { known(&said(fields)) };
        if is_shared {
            self.shared.insert(line);
        }
        if is_shared || is_overturned {
            let person = id.strip_prefix("kin-").and_then(|kin| kin[..1].parse().ok());
            self.waiting.insert(line, Told { line, known, person });
            return None;
        }
        let is_the_same = known != Known::Changed && standing == Standing::Open;
        let set = if is_the_same { &mut self.same } else { &mut self.others };
        set.insert(line);
        Some(known)
    }

    fn conclude(&mut self) -> Conclusion {
        if self.overturns.iter().any(|line| self.same.contains(line)) {
            return Conclusion::AskAgain;
        }
        Conclusion::Told(std::mem::take(&mut self.waiting).into_values().collect())
    }
}

pub(super) fn known(fields: &[String]) -> Known {
    match fields.first().map_or("", |field| field.as_str()) {
        "first_name=text same" => Known::Same,
        "first_name=text bad" => Known::Refused,
        "first_name=text lost" => Known::Missing,
        "first_name=text took" => Known::Taken,
        _ => Known::Changed,
    }
}
