//! A sync's memory in a run: opened before the first call, asked by the deciding pass, completed after the last row.
//!
//! Promises: nothing is remembered that is not in the synced journal; whoever left is pruned or forgotten only when this
//! sync is complete.

use std::collections::HashSet;

use super::{carry::carry, input::Input, patience::share, store::Store, wall};
use crate::{
    config::{Amount, Job, MemoryWish, Target},
    domain::{Batch, Destination, Digest, Id, IdKind, Identity, Past, Recall, Subject, say_count},
    error::{Error, Exit},
    flow::{MaxAbsent, Options},
    memory::{Leaver, Leavers, Memory, Recollection},
    remote::Description,
    source::{self, Decision},
};

/// What a sync remembers, in the course of one run.
pub(super) struct Remembered {
    pub(super) store: Store,
    wish: MemoryWish,
    /// Nothing will be sent, and nothing is learned.
    is_rehearsal: bool,
    recollection: Option<Recollection>,
    leavers: Vec<Leaver>,
    /// A row of the input says nothing of whom it is about: it may be one of the leavers.
    nameless: bool,
}

impl Remembered {
    /// Opens and locks it, where the job has one.
    pub(super) fn open(job: &Job) -> Result<Option<Self>, Error> {
        let Some(wish) = job.memory.clone() else { return Ok(None) };
        let kinds = kinds(&job.description);
        let memory = Memory::open(&wish.directory, &destination(job)?, &kinds, wish.first, job.place.group_readable)?;
        if wish.first && !wish.assume_sent && memory.last_sync().is_some() {
            tracing::warn!(
                "the memory in {} has seen a sync already: leave out --first, with which a lost one is begun anew",
                wish.directory.display()
            );
        }
        let store = Store::of(memory);
        let is_rehearsal = job.consent.dry_run;
        Ok(Some(Self { store, wish, is_rehearsal, recollection: None, leavers: Vec::new(), nameless: false }))
    }

    /// The input is taken as sent, and nobody is asked.
    pub(super) const fn takes_all_as_sent(&self) -> bool {
        self.wish.assume_sent
    }

    /// Rows of the last complete sync.
    pub(super) fn last_rows(&self) -> Option<u64> {
        self.store.lock().last_rows()
    }

    /// Asks about every row of the input, and sees who is not in it any more.
    fn decide(
        &mut self,
        rows: u64,
        ask: impl FnOnce(&mut dyn Recall) -> Result<Decision, Error>,
    ) -> Result<Decision, Error> {
        if self.wish.assume_sent {
            let mut memory = self.store.lock();
            if memory.last_sync().is_some() {
                let what = format!("the memory in {} knows a complete sync already", self.wish.directory.display());
                return Err(Error::new(Exit::Guard, what).hint(
                    "--assume-sent takes an input for sent where nothing is known yet: leave it out, or changes are never sent",
                ));
            }
            let mut baseline = memory.baseline(wall::now());
            let decision = ask(&mut baseline)?;
            baseline.finish(rows)?;
            return Ok(decision);
        }
        let mut recollection = self.store.lock().recollect(wall::now(), self.wish.refresh, self.wish.missing_again)?;
        let decision = ask(&mut recollection)?;
        recollection.check()?;
        if !self.is_rehearsal {
            self.store.lock().learn(&recollection, wall::now())?;
        }
        if let Some(most) = self.wish.prune {
            self.leavers = self.who_left(&recollection, most)?;
        }
        self.recollection = Some(recollection);
        Ok(decision)
    }

    /// Before the first call: no more than `--max-delete` would be pruned.
    fn who_left(&self, recollection: &Recollection, most: Amount) -> Result<Vec<Leaver>, Error> {
        let memory = self.store.lock();
        let bound = |members| match most {
            Amount::Rows(rows) => rows,
            Amount::Percent(percent) => share(percent, members),
        };
        match memory.leavers(recollection, bound)? {
            Leavers::Known(leavers) => Ok(leavers),
            Leavers::TooMany(count) => Err(Error::new(
                Exit::Guard,
                format!(
                    "{} whom earlier syncs kept are not in the input any more, more than --max-delete {most}",
                    say_count(count)
                ),
            )
            .hint(
                "an export that was cut short looks like this; raise --max-delete if it is right, or leave out --prune",
            )),
        }
    }

    /// Holds the leavers against the whole input, ids alone: a row whose fields are invalid is about somebody, too.
    fn look_again(&mut self, job: &Job, input: &Input) -> Result<(), Error> {
        if self.leavers.is_empty() {
            return Ok(());
        }
        let (leavers, nameless) = really_left(job, input, &self.leavers)?;
        (self.leavers, self.nameless) = (leavers, nameless > 0);
        Ok(())
    }

    /// This run was the last to work with the memory, and its end is still to be made, pruning included.
    pub(super) fn awaits_the_end_of(&self, run: Digest) -> bool {
        !self.wish.assume_sent && self.store.lock().awaits_the_end_of(run)
    }

    /// Whether some row may be about anybody, leavers included.
    pub(super) const fn some_are_nameless(&self) -> bool {
        self.nameless
    }

    /// Who left since the last complete sync.
    pub(super) fn leavers(&self) -> &[Leaver] {
        &self.leavers
    }

    /// Holds them against what the answers of this sync said about who is who.
    pub(super) fn look_at_leavers_again(&mut self) -> Result<(), Error> {
        if let Some(recollection) = self.recollection.as_ref().filter(|_| !self.leavers.is_empty()) {
            self.leavers = self.store.lock().still_left(recollection, &self.leavers)?;
        }
        Ok(())
    }

    /// Every row that was taken has its line; there were others, or somebody was to be pruned and is here still.
    pub(super) fn settle(&self) -> Result<(), Error> {
        match &self.recollection {
            Some(recollection) => self.store.lock().settle(recollection, wall::now()),
            None => Ok(()),
        }
    }

    /// Every row of the input has its line, and whoever left was pruned where that was asked for.
    pub(super) fn complete(&mut self, rows: u64) -> Result<(), Error> {
        match &self.recollection {
            Some(recollection) => self.store.lock().complete(recollection, rows, wall::now()),
            None => Ok(()),
        }
    }
}

/// How the flow is guarded where the memory knows its app: whether the key is of that one shows before the first change, so
/// that the guard against another app's key would only be in the way of a night on which nobody but the unknown is sent.
/// One that was asked for in other words than the usual ones stays as it is.
pub(super) fn guarded(flow: &Options, remembered: Option<&Remembered>) -> Result<Options, Error> {
    let knows_its_app = |it: &Remembered| {
        let memory = it.store.lock();
        Ok::<_, Error>(memory.app().is_some() && !memory.witnesses(1)?.is_empty())
    };
    let is_usual = flow.max_absent == MaxAbsent::USUAL;
    let is_moot = is_usual && remembered.map(knows_its_app).transpose()?.unwrap_or(false);
    Ok(Options { max_absent: if is_moot { MaxAbsent::Off } else { flow.max_absent }, ..flow.clone() })
}

fn destination(job: &Job) -> Result<Destination, Error> {
    match &job.target {
        // Each has a port of its own.
        Target::Sandbox(_) => {
            Ok(Destination { host: "sandbox".to_owned(), ..job.description.destination(Some("http://sandbox/"))? })
        }
        Target::Real { connection, .. } => job.description.destination(connection.base_url()),
    }
}

/// The names of the API's identities.
pub(super) fn kinds(api: &Description) -> Vec<String> {
    api.identities().iter().map(|kind| kind.name.clone()).collect()
}

/// The lot of each row, where it is not decided row by row; `past` is told.
pub(super) fn decide(
    job: &Job,
    input: &Input,
    past: &mut Past,
    remembered: Option<&mut Remembered>,
) -> Result<Option<Decision>, Error> {
    let Some(survey) = input.survey() else { return Ok(None) };
    if let Some(suppressed) = past.suppressed.as_ref().filter(|suppressed| !suppressed.is_empty()) {
        let open = || input.bytes();
        past.beside_suppressed = source::erased(&open, input.name(), &job.source, suppressed, carry)?;
    }
    if job.source.decided.is_none() {
        return Ok(None);
    }
    let open = || input.bytes();
    let ask =
        |recall: Option<&mut dyn Recall>| source::decide(&open, input.name(), &job.source, survey, past, recall, carry);
    let mut decision = match remembered {
        Some(remembered) => {
            let decision = remembered.decide(survey.rows, |recall| ask(Some(recall)))?;
            remembered.look_again(job, input)?;
            decision
        }
        None => ask(None)?,
    };
    past.decided = std::mem::take(&mut decision.decided);
    Ok(Some(decision))
}

/// Of those whom the memory did not meet, whoever stands nowhere in the input, by none of their ids: somebody known by one
/// id last time may be known by another one now. Ids are held against each other in any case of their letters, since many
/// an API takes them so: rather somebody stays. Besides, how many rows have no id that can be read.
fn really_left(job: &Job, input: &Input, leavers: &[Leaver]) -> Result<(Vec<Leaver>, u64), Error> {
    let name = |id: &Id| (id.kind(), id.text().to_ascii_lowercase());
    let theirs: HashSet<(IdKind, String)> = leavers.iter().flat_map(|leaver| &leaver.names).map(name).collect();
    let mut reader = input.reader(&job.source.ids_of_all())?;
    let (nobody, mut batch, mut met) = (Past::default(), Batch::default(), HashSet::new());
    while reader.next(&nobody, &mut batch)? {
        let known = batch.rows.iter().filter_map(|row| match &row.subject {
            Subject::Known(identity) | Subject::Spared(identity, _) => Some(identity),
            Subject::Malformed { .. } => None,
        });
        met.extend(known.flat_map(Identity::ids).map(name).filter(|name| theirs.contains(name)));
    }
    let has_left = |leaver: &&Leaver| !leaver.names.iter().any(|id| met.contains(&name(id)));
    let nameless = reader.finish()?.malformed;
    Ok((leavers.iter().filter(has_left).cloned().collect(), nameless))
}
