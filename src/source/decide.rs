//! The pass that decides about every row before the first call.
//!
//! Promises: each identity's last row that may be sent counts, and only that, where the last one wins; whoever remembers
//! is asked once about each row that counts. It verifies nothing about the input's digest: the main pass does.

use std::{collections::BTreeMap, io::Read};

use super::{
    columns::Reading,
    judge,
    options::Options,
    readings::{Carry, Readings},
    reservoir::Reservoir,
    survey::Survey,
    suspects::{Prints, Suspects},
};
use crate::{
    domain::{Action, Decided, Fields, Identity, Known, Past, Recall, Sample, Subject},
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
/// Of a row that counts only because the last one of its identity is suppressed, `recall` hears at that later row.
///
/// # Errors
/// [`Exit::Data`](crate::error::Exit::Data) as for [`super::survey`].
pub fn decide<R: Read>(
    input: R,
    name: &str,
    options: &Options,
    survey: &Survey,
    past: &Past,
    recall: Option<&mut dyn Recall>,
    carry: Carry<R>,
) -> Result<Decision, Error> {
    let mut bench = Bench::new(options, &survey.suspects, past, recall);
    let mut readings = Readings::open(input, name, options)?;
    carry(&mut readings, &mut |pile| pile.0.iter().for_each(|(line, reading)| bench.take(*line, reading)))?;
    Ok(bench.finish())
}

/// A row that could be sent.
#[derive(Clone, Copy)]
struct Case<'p> {
    line: u64,
    settled: bool,
    identity: &'p Identity,
    action: Action,
    fields: &'p Fields,
}

/// A row that may have to be sent for want of a later one.
struct Held {
    line: u64,
    settled: bool,
    identity: Identity,
    action: Action,
    fields: Fields,
}

impl Held {
    fn of(case: Case<'_>) -> Self {
        let Case { line, settled, identity, action, fields } = case;
        Self { line, settled, identity: identity.clone(), action, fields: fields.clone() }
    }

    fn case(&self) -> Case<'_> {
        let Self { line, settled, identity, action, fields } = self;
        Case { line: *line, settled: *settled, identity, action: *action, fields }
    }
}

struct Bench<'a, 'r> {
    prints: Prints,
    suspects: Option<&'a Suspects>,
    past: &'a Past,
    recall: Option<&'r mut (dyn Recall + 'r)>,
    /// Rows that count if all later ones of their identity are suppressed; none where there is no such list.
    held: BTreeMap<[u64; 2], Held>,
    decided: Decided,
    counts: Changes,
    reservoir: Reservoir,
}

impl<'a, 'r> Bench<'a, 'r> {
    fn new(
        options: &Options,
        suspects: &'a Suspects,
        past: &'a Past,
        recall: Option<&'r mut (dyn Recall + 'r)>,
    ) -> Self {
        Self {
            prints: Prints::keyed(options.fingerprint_key),
            suspects: (options.last_wins && !suspects.is_empty()).then_some(suspects),
            past,
            recall,
            held: BTreeMap::new(),
            decided: Decided::default(),
            counts: Changes::default(),
            reservoir: Reservoir::seeded(options.seed),
        }
    }

    fn take(&mut self, line: u64, reading: &Reading) {
        let Reading { subject, action, fields, .. } = reading;
        let settled = self.past.settled.contains(line);
        let (Subject::Known(identity) | Subject::Spared(identity, _)) = subject else {
            self.counts.malformed += u64::from(!settled);
            return;
        };
        let print = self.suspects.map(|_| self.prints.whole(identity));
        let last = self.suspects.zip(print).and_then(|(suspects, print)| Some((print, suspects.last_line(print)?)));
        if judge::is_suppressed(identity, *action, self.past) {
            self.counts.suppressed += u64::from(!settled);
            if let Some((print, _)) = last.filter(|(_, last)| *last <= line)
                && let Some(case) = self.held.remove(&print)
            {
                self.ask(case.case());
            }
            return;
        }
        self.place(Case { line, settled, identity, action: *action, fields }, last);
    }

    /// `last` is the print of a suspect, and the line of its last row.
    fn place(&mut self, case: Case<'_>, last: Option<([u64; 2], u64)>) {
        let Some((print, last)) = last else { return self.ask(case) };
        if case.line >= last {
            if let Some(earlier) = self.held.remove(&print) {
                self.supersede(earlier.case());
            }
            self.ask(case);
        } else if self.past.suppressed.is_none() {
            self.supersede(case);
        } else if let Some(earlier) = self.held.insert(print, Held::of(case)) {
            self.supersede(earlier.case());
        }
    }

    fn supersede(&mut self, case: Case<'_>) {
        if !case.settled {
            self.decided.superseded.insert(case.line);
            self.counts.superseded += 1;
        }
    }

    fn ask(&mut self, case: Case<'_>) {
        let Case { line, settled, identity, action, fields } = case;
        let known = self.recall.as_mut().map_or(Known::Changed, |recall| recall.ask(identity, action, fields));
        if settled {
            return;
        }
        match known {
            Known::Changed => {
                self.counts.add(action);
                self.reservoir.offer(line, identity);
            }
            Known::Same => {
                self.decided.unchanged.insert(line);
                self.counts.unchanged += 1;
            }
            Known::Refused => {
                self.decided.refused_before.insert(line);
                self.counts.refused_before += 1;
            }
        }
    }

    /// An input that has changed since the survey may leave somebody held.
    fn finish(mut self) -> Decision {
        for held in std::mem::take(&mut self.held).into_values() {
            self.ask(held.case());
        }
        Decision { decided: self.decided, counts: self.counts, samples: self.reservoir.samples() }
    }
}
