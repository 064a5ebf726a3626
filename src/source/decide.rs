//! The pass that decides about every row before the first call.
//!
//! Promises: where the last one wins, each identity's last row that may be sent counts, and only that; but a deletion does
//! not count instead of a later row that is impossible. Whoever remembers is asked once about each row that counts, and is
//! told who stands in a row that cannot be sent. It verifies nothing about the input's digest: the main pass does.

use std::{collections::BTreeMap, io::Read};

use super::{
    columns::Reading,
    fields::Doubts,
    judge,
    options::Options,
    readings::{Carry, Entry, Hashing, Pile, Readings},
    reservoir::Reservoir,
    survey::{NOT_ONE, Survey},
    suspects::{Prints, Suspects},
};
use crate::{
    domain::{Action, Asked, Decided, Identity, Kin, Known, LineSet, Past, Recall, Sample, Schema},
    error::Error,
};

/// What was decided.
#[derive(Debug)]
pub struct Decision {
    /// For [`Past::decided`].
    pub decided: Decided,
    /// What it comes to.
    pub counts: Changes,
    /// Up to 200 rows that will be sent, spread evenly over them, in file order.
    pub samples: Vec<Sample>,
    /// What the survey could not see, where it did not look at fields: sentences for the prompt, without any id.
    pub warnings: Vec<String>,
}

/// What will become of our rows, those aside that earlier tries have settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    sent: [u64; Action::ALL.len()],
    /// Sent before just as they stand.
    pub unchanged: u64,
    /// A later row of the same identity is sent instead.
    pub superseded: u64,
    /// Refused before just as they stand.
    pub refused_before: u64,
    /// Of identities that shall not come back.
    pub suppressed: u64,
    /// They cannot be sent.
    pub malformed: u64,
}

impl Changes {
    /// How many rows will be sent that ask for this.
    #[must_use]
    pub fn of(&self, action: Action) -> u64 {
        Action::ALL.iter().zip(self.sent).find(|(one, _)| **one == action).map_or(0, |(_, rows)| rows)
    }

    /// How many rows will be sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.iter().sum()
    }

    fn add(&mut self, action: Action) {
        if let Some(place) = Action::ALL.iter().position(|one| *one == action) {
            self.sent[place] += 1;
        }
    }
}

/// Decides about each of our rows, with the same `options` as `survey` was made with. `recall` is asked about each row
/// that counts: the last one of each identity that can be sent where [`Options::last_wins`], else every one. What earlier
/// tries settled is asked about as well, but is in no set and in no count. `recall` stays on this thread, wherever `carry`
/// reads.
///
/// The input is opened once more, from its beginning, where the last row of some identity turns out to be none that can be
/// sent: the rows before these count instead, and `recall` hears of them at the end. But a deletion does not count instead
/// of a row whose fields are impossible: it stays superseded.
///
/// # Errors
/// [`Exit::Data`](crate::error::Exit::Data) as for [`super::survey`], and whatever `open` says.
pub fn decide<R: Read>(
    open: &dyn Fn() -> Result<R, Error>,
    name: &str,
    options: &Options,
    survey: &Survey,
    past: &Past,
    recall: Option<&mut dyn Recall>,
    carry: Carry<R>,
) -> Result<Decision, Error> {
    let mut bench = Bench::new(options, &survey.suspects, past, recall);
    let hashing = bench.hashing(options);
    let mut readings = Readings::open(open()?, name, options)?;
    carry(&mut readings, &hashing, &mut |pile| bench.take(pile))?;
    let again = std::mem::take(&mut bench.again);
    if !again.is_empty() {
        let mut once_more = Readings::open(open()?, name, options)?.only(again);
        carry(&mut once_more, &hashing, &mut |pile| pile.0.iter().for_each(|entry| bench.take_after_all(entry)))?;
    }
    Ok(bench.finish(readings.schema()))
}

struct Bench<'a, 'r> {
    suspects: Option<&'a Suspects>,
    past: &'a Past,
    recall: Option<&'r mut (dyn Recall + 'r)>,
    /// The latest row so far of each identity with a later one, which counts if none of the later ones can be sent.
    in_reserve: BTreeMap<[u64; 2], (u64, Action)>,
    /// Rows that count after all.
    again: LineSet,
    decided: Decided,
    counts: Changes,
    reservoir: Reservoir,
    rows: u64,
    /// Of rows that are sent: line by line, what may tie them to others.
    ties: Vec<(u64, u64)>,
    /// `None`: the survey had them.
    doubts: Option<Doubts>,
}

impl<'a, 'r> Bench<'a, 'r> {
    fn new(
        options: &Options,
        suspects: &'a Suspects,
        past: &'a Past,
        recall: Option<&'r mut (dyn Recall + 'r)>,
    ) -> Self {
        Self {
            suspects: (options.last_wins && !suspects.is_empty()).then_some(suspects),
            past,
            recall,
            in_reserve: BTreeMap::new(),
            again: LineSet::default(),
            decided: Decided::default(),
            counts: Changes::default(),
            reservoir: Reservoir::seeded(options.seed),
            rows: 0,
            ties: Vec::new(),
            doubts: options.last_wins.then(Doubts::default),
        }
    }

    fn hashing(&self, options: &Options) -> Hashing {
        let prints = self.suspects.map(|_| Prints::keyed(options.fingerprint_key));
        Hashing { prints, printer: self.recall.as_ref().map(|recall| recall.printer().clone()) }
    }

    fn take(&mut self, pile: &Pile) {
        if let Some(recall) = &self.recall {
            recall.expect(&mut pile.0.iter().filter_map(|entry| entry.print));
        }
        pile.0.iter().for_each(|entry| self.place(entry));
    }

    fn place(&mut self, entry: &Entry) {
        let Entry { line, reading, whole, .. } = entry;
        let is_new = !self.past.settled.contains(*line);
        self.rows += 1;
        if let Some(doubts) = &mut self.doubts {
            doubts.note(*line, &reading.doubts);
        }
        let last = self.suspects.zip(*whole).and_then(|(suspects, whole)| Some((whole, suspects.last_line(whole)?)));
        let is_last = last.is_none_or(|(_, last)| *line >= last);
        let in_its_stead = last.filter(|_| is_last).and_then(|(whole, _)| self.in_reserve.remove(&whole));
        if !reading.is_well() {
            self.counts.malformed += u64::from(is_new);
            self.mention(reading);
            // Nobody is deleted who was to be kept, as far as that can be read.
            self.again.extend(in_its_stead.filter(|(_, action)| *action != Action::Delete).map(|(line, _)| line));
        } else if self.is_suppressed(reading) {
            self.counts.suppressed += u64::from(is_new);
            self.again.extend(in_its_stead.map(|(line, _)| line));
        } else if let Some((whole, _)) = last.filter(|_| !is_last) {
            self.in_reserve.insert(whole, (*line, reading.action));
            if let (Some(recall), Some(identity)) = (&mut self.recall, reading.identity()) {
                recall.supersede(identity);
            }
            self.counts.superseded += u64::from(is_new && self.decided.superseded.insert(*line));
        } else {
            self.ask(entry);
        }
    }

    fn is_suppressed(&self, reading: &Reading) -> bool {
        reading.identity().is_some_and(|identity| judge::is_suppressed(identity, reading.action, self.past))
    }

    /// Whoever stands in the input has not left it, though the row cannot be sent.
    fn mention(&mut self, reading: &Reading) {
        if let (Some(recall), Some(identity)) = (&mut self.recall, reading.identity()) {
            recall.mention(identity);
        }
    }

    /// Takes a row that was believed to be superseded.
    fn take_after_all(&mut self, entry: &Entry) {
        self.counts.superseded -= u64::from(self.decided.superseded.remove(entry.line));
        self.ask(entry);
    }

    fn ask(&mut self, Entry { line, reading, print, .. }: &Entry) {
        let Some(identity) = reading.identity() else { return };
        let Reading { action, fields, .. } = reading;
        let known = match (&mut self.recall, *print) {
            (Some(recall), Some(print)) => recall.answer(Asked { identity, action: *action, fields, print }),
            (Some(_) | None, _) => Known::Changed,
        };
        if self.past.settled.contains(*line) {
            let may_exist =
                *action != Action::Delete && ![&self.past.absent, &self.past.bad].iter().any(|it| it.contains(*line));
            if let Some(recall) = self.recall.as_mut().filter(|_| known == Known::Changed && may_exist) {
                recall.settled(identity);
            }
            return;
        }
        match known {
            Known::Changed => {
                self.counts.add(*action);
                self.reservoir.offer(*line, identity);
                self.tie(*line, identity);
            }
            Known::Same => {
                self.decided.unchanged.insert(*line);
                self.counts.unchanged += 1;
            }
            Known::Refused => {
                self.decided.refused_before.insert(*line);
                self.counts.refused_before += 1;
            }
        }
    }

    fn tie(&mut self, line: u64, identity: &Identity) {
        let ties = self.recall.as_mut().map(|recall| recall.ties(identity));
        self.ties.extend(ties.into_iter().flatten().map(|tie| (line, tie)));
    }

    fn finish(mut self, schema: Option<&Schema>) -> Decision {
        let mut warnings = self.doubts.iter().flat_map(|doubts| doubts.sentences(schema)).collect::<Vec<_>>();
        if self.doubts.is_some() && self.rows > 0 && self.counts.malformed == self.rows {
            warnings.push(NOT_ONE.to_owned());
        }
        self.decided.kin = Kin::of(self.ties);
        Decision { decided: self.decided, counts: self.counts, samples: self.reservoir.samples(), warnings }
    }
}
