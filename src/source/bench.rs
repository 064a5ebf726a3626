//! Where the deciding pass lays out what it has read.
//!
//! Promises: as [`super::decide`]; it knows neither how often the input is read, nor by whom.

use std::collections::{BTreeMap, HashSet};

use super::{
    columns::Reading,
    decision::{Changes, Decision},
    fields::Doubts,
    judge,
    options::{Counting, Options},
    readings::{Entry, Hashing, Pile},
    reservoir::Reservoir,
    stretches::Stretches,
    survey::NOT_ONE,
    suspects::{Prints, Suspects, Whole, Wholes},
};
use crate::domain::{
    Action, Asked, Before, Conclusion, Decided, Identity, Kin, Known, LineSet, Past, Recall, Schema, Standing, Told,
};

pub(super) struct Bench<'a, 'r> {
    suspects: Option<&'a Suspects>,
    last_wins: bool,
    past: &'a Past,
    recall: Option<&'r mut (dyn Recall + 'r)>,
    /// Ids of rows so far that stand in later ones, too.
    ahead: HashSet<Whole>,
    /// The latest row so far of each identity with a later one, which counts if none of the later ones can be sent.
    in_reserve: BTreeMap<Whole, (u64, Action)>,
    /// Rows that count after all.
    after_all: LineSet,
    /// Rows of which it is told at the end what is known.
    waiting: Vec<Waiting>,
    decided: Decided,
    /// Rows that will be sent, as far as they do not wait.
    sent: LineSet,
    /// Rows that earlier tries settled, as far as they did not wait.
    settled: LineSet,
    counts: Changes,
    reservoir: Reservoir,
    rows: u64,
    stretches: Stretches,
    /// Of rows that are sent: line by line, what ties them to others.
    ties: Vec<(u64, u64)>,
    /// `None`: the survey had them.
    doubts: Option<Doubts>,
}

/// A row of which is known what it asks for.
struct Waiting {
    line: u64,
    action: Action,
    identity: Identity,
}

impl<'a, 'r> Bench<'a, 'r> {
    pub(super) fn new(
        options: &Options,
        suspects: &'a Suspects,
        past: &'a Past,
        recall: Option<&'r mut (dyn Recall + 'r)>,
    ) -> Self {
        Self {
            suspects: (!suspects.is_empty()).then_some(suspects),
            last_wins: options.decided == Some(Counting::Last),
            past,
            recall,
            ahead: HashSet::new(),
            in_reserve: BTreeMap::new(),
            after_all: LineSet::default(),
            waiting: Vec::new(),
            decided: Decided::default(),
            sent: LineSet::default(),
            settled: LineSet::default(),
            counts: Changes::default(),
            reservoir: Reservoir::seeded(options.seed),
            rows: 0,
            stretches: Stretches::default(),
            ties: Vec::new(),
            doubts: options.decided.map(|_| Doubts::default()),
        }
    }

    /// What it wants to know of each row.
    pub(super) fn hashing(&self, options: &Options) -> Hashing {
        let prints = self.suspects.map(|_| Prints::keyed(options.fingerprint_key));
        Hashing { prints, printer: self.recall.as_ref().map(|recall| recall.printer().clone()) }
    }

    pub(super) fn take(&mut self, pile: &Pile) {
        if let Some(recall) = &self.recall {
            recall.expect(&mut pile.entries.iter().filter_map(|entry| entry.print));
        }
        self.stretches.note(pile);
        pile.entries.iter().for_each(|entry| self.place(entry));
    }

    fn place(&mut self, entry: &Entry) {
        let Entry { line, reading, wholes, .. } = entry;
        let is_new = !self.past.settled.contains(*line);
        self.rows += 1;
        if let Some(doubts) = &mut self.doubts {
            doubts.note(*line, &reading.doubts);
        }
        let (is_shared, last) = wholes.map_or((false, None), |wholes| self.stand(*line, wholes));
        let is_last = last.is_none_or(|(_, last)| *line >= last);
        let in_its_stead = last.filter(|_| is_last).and_then(|(id, _)| self.in_reserve.remove(&id));
        if !reading.is_well() {
            let count = if reading.is_idle() { &mut self.counts.unchanged } else { &mut self.counts.malformed };
            *count += u64::from(is_new);
            self.mention(reading);
            // Nobody is deleted who was to be kept, as far as that can be read.
            self.after_all.extend(in_its_stead.filter(|(_, action)| *action != Action::Delete).map(|(line, _)| line));
        } else if self.is_suppressed(*line, reading) {
            self.counts.suppressed += u64::from(is_new);
            if let (Some(recall), Some(identity)) = (&mut self.recall, reading.identity()) {
                recall.suppress(identity, self.past.suppressed.as_ref());
            }
            self.after_all.extend(in_its_stead.map(|(line, _)| line));
        } else if let Some((id, _)) = last.filter(|_| !is_last) {
            self.in_reserve.insert(id, (*line, reading.action));
            if let (Some(recall), Some(identity)) = (&mut self.recall, reading.identity()) {
                recall.supersede(identity);
            }
            self.counts.superseded += u64::from(is_new && self.decided.superseded.insert(*line));
        } else {
            self.ask(entry, is_shared);
        }
    }

    /// Whether an id of this row stands in another one, too; and, where only the last row of an id counts and there may be
    /// several, the row's first id and the line of its last row. To be asked of each row, in file order.
    fn stand(&mut self, line: u64, wholes: Wholes) -> (bool, Option<(Whole, u64)>) {
        let (mut is_shared, mut last) = (false, None);
        for id in wholes.all() {
            let Some(lines) = self.suspects.and_then(|suspects| suspects.lines(id)) else { continue };
            is_shared |= if line < lines.last {
                self.ahead.insert(id);
                true
            } else {
                self.ahead.remove(&id)
            };
            if id == wholes.first && self.last_wins {
                last = lines.of_its_own.map(|own| (id, own));
            }
        }
        (is_shared, last)
    }

    fn is_suppressed(&self, line: u64, reading: &Reading) -> bool {
        reading.identity().is_some_and(|identity| judge::is_suppressed(line, identity, reading.action, self.past))
    }

    /// Whoever stands in the input has not left it, though the row cannot be sent.
    fn mention(&mut self, reading: &Reading) {
        if let (Some(recall), Some(identity)) = (&mut self.recall, reading.identity()) {
            recall.mention(identity);
        }
    }

    /// The rows that must be read again; empty when all is told.
    pub(super) fn rest(&mut self) -> LineSet {
        let after_all = std::mem::take(&mut self.after_all);
        if !after_all.is_empty() {
            return after_all;
        }
        while let Some(recall) = &mut self.recall {
            match recall.conclude() {
                Conclusion::Told(told) => {
                    self.hear(told);
                    break;
                }
                Conclusion::AskAgain => {
                    let mut again = self.settled.clone();
                    self.answered().into_iter().for_each(|(_, set)| again.union(set));
                    if !again.is_empty() {
                        return again;
                    }
                }
            }
        }
        LineSet::default()
    }

    /// Takes rows that were believed to be superseded, to be known, or to be the only ones of their people.
    pub(super) fn take_again(&mut self, pile: &Pile) {
        for entry in &pile.entries {
            self.counts.superseded -= u64::from(self.decided.superseded.remove(entry.line));
            let answered = self.answered().into_iter().find_map(|(known, set)| set.remove(entry.line).then_some(known));
            if let Some(known) = answered {
                self.counts.take_back(known, entry.reading.action);
            }
            let was_settled = self.settled.remove(entry.line);
            // A row that was superseded has an id that stands in another one, too.
            self.ask(entry, answered.is_none() && !was_settled);
        }
    }

    /// Rows of which something was known at once, by what it was.
    const fn answered(&mut self) -> [(Known, &mut LineSet); 5] {
        let Decided { unchanged, before: Before { refused, missing, taken }, .. } = &mut self.decided;
        [
            (Known::Changed, &mut self.sent),
            (Known::Same, unchanged),
            (Known::Refused, refused),
            (Known::Missing, missing),
            (Known::Taken, taken),
        ]
    }

    fn ask(&mut self, Entry { line, reading, print, .. }: &Entry, is_shared: bool) {
        let Some(identity) = reading.identity() else { return };
        let (line, action, fields) = (*line, reading.action, &reading.fields);
        let standing = self.standing(line);
        let known = match (&mut self.recall, *print) {
            (Some(recall), Some(print)) => {
                let suppressed = self.past.suppressed.as_ref();
                recall.answer(Asked { line, identity, action, fields, print, is_shared, suppressed, standing })
            }
            (Some(_) | None, _) => Some(Known::Changed),
        };
        match known {
            Some(known) => {
                if standing != Standing::Open {
                    self.settled.insert(line);
                }
                self.decide(line, action, identity, known);
            }
            None => self.waiting.push(Waiting { line, action, identity: identity.clone() }),
        }
    }

    fn standing(&self, line: u64) -> Standing {
        let Past { settled, absent, taken, bad, .. } = self.past;
        if !settled.contains(line) {
            return Standing::Open;
        }
        let ends = [(absent, Standing::NotThere), (taken, Standing::Taken), (bad, Standing::Refused)];
        ends.into_iter().find(|(set, _)| set.contains(line)).map_or(Standing::Well, |(_, standing)| standing)
    }

    fn decide(&mut self, line: u64, action: Action, identity: &Identity, known: Known) {
        match (self.standing(line), known) {
            (Standing::Well, Known::Changed) if action != Action::Delete => {
                if let Some(recall) = &mut self.recall {
                    recall.settled(identity);
                }
            }
            (Standing::Well | Standing::NotThere | Standing::Refused | Standing::Taken, _) => {}
            (Standing::Open, known) => {
                self.counts.add(known, action);
                if known == Known::Changed {
                    self.reservoir.offer(line, identity);
                }
                if known == Known::Erased {
                    self.decided.suppressed.insert(line);
                }
                if let Some((_, set)) = self.answered().into_iter().find(|(one, _)| *one == known) {
                    set.insert(line);
                }
            }
        }
    }

    /// What is known of the rows that wait.
    fn hear(&mut self, told: Vec<Told>) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_unstable_by_key(|row| row.line);
        for (Waiting { line, action, identity }, told) in waiting.into_iter().zip(told) {
            self.decide(line, action, &identity, told.known);
            let is_sent = told.known == Known::Changed && self.standing(line) == Standing::Open;
            self.ties.extend(told.person.filter(|_| is_sent).map(|person| (line, person)));
        }
    }

    pub(super) fn finish(mut self, schema: Option<&Schema>) -> Decision {
        let mut warnings = self.doubts.iter().flat_map(|doubts| doubts.sentences(schema)).collect::<Vec<_>>();
        if self.doubts.is_some() && self.rows > 0 && self.counts.malformed == self.rows {
            warnings.push(NOT_ONE.to_owned());
        }
        self.decided.kin = Kin::of(self.ties);
        self.decided.quiet = self.stretches.quiet(&self.decided.unchanged);
        let mut samples = self.reservoir.samples();
        // Rows that were asked about again may have been offered twice, or are not sent after all.
        let Decided { unchanged, suppressed, before, .. } = &self.decided;
        let is_spared =
            |line| [unchanged, suppressed].iter().any(|it| it.contains(line)) || before.spares(line).is_some();
        samples.retain(|sample| !is_spared(sample.line));
        samples.dedup_by_key(|sample| sample.line);
        Decision { decided: self.decided, counts: self.counts, samples, warnings }
    }
}
