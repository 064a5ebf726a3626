//! One mass operation, from the input's first byte to the process's exit code.

use std::sync::Arc;

use futures::Stream;

use super::{
    Stage,
    against::{self, Whose},
    ahead::Ahead,
    ask, closing,
    closing::Closing,
    dry, expect,
    expect::AppFacts,
    input::{Bytes, Input},
    opening::{Opening, same_rows_as_finished},
    place::Place,
    profiles,
    signals::signals,
    target::{self, Reached},
    threads, wall,
};
use crate::{
    config::Job,
    domain::{Past, Sample},
    error::{Error, Exit},
    flow::{Ending, Engine, Looked, Signal},
    progress,
    remote::Client,
    report::{Immutable, InputFacts, Journal, RealDisk, RunFile},
    source::Reader,
};

/// Does the job.
pub(super) async fn perform(job: Job, stage: &Stage) -> Result<Exit, Error> {
    let ahead = Ahead::begin(&job);
    let input = Input::open(&job.input, &job.source)?;
    expect::of_the_input(&job, &input)?;
    if job.consent.dry_run {
        return dry::run(&job, &input, stage);
    }
    let target = job.target.clone();
    ask::must_be_possible(&job)?;
    let Reached { client, sandbox } = target::reach(target, &job.description, &input, &job.source, stage)?;
    let (recorded, whose) = against::read(&job, &client, sandbox.is_some())?;
    let mut place = Place::open(&job, &input, &client, sandbox.is_some(), ahead)?;
    let mut past = place.past(&job).inspect_err(|_| place.abandon())?;
    past.recorded = recorded;
    let past = Arc::new(past);
    if let Some(scan) = place.finished(&job) {
        same_rows_as_finished(&input, &job, &past, &scan.run.state)?;
        return closing::finished_before(scan, &job, &place.path, stage);
    }
    profiles::must_be_new(&job, &place).inspect_err(|_| place.abandon())?;
    let mut opening = Opening::of(&input, &job, &past).inspect_err(|_| place.abandon())?;
    let engine = Engine::new(&job.flow, &client);
    let mut stops = signals()?;
    let run = Run { job: &job, input: &input, client: &client, past, whose, stage, is_sandbox: sandbox.is_some() };
    let prepared = run.prepare(&engine, &mut place, &mut opening, &mut stops).await;
    let app = prepared.inspect_err(|_| place.abandon())?;
    run.flood(&engine, &place, opening, app, &mut stops).await
}

/// What does not change from the look to the end.
struct Run<'a> {
    job: &'a Job,
    input: &'a Input,
    client: &'a Client,
    past: Arc<Past>,
    whose: Whose,
    stage: &'a Stage,
    is_sandbox: bool,
}

impl Run<'_> {
    /// Looks, holds reality against what was expected, and asks; gives the app.
    async fn prepare(
        &self,
        engine: &Engine<'_, Client>,
        place: &mut Place,
        opening: &mut Opening,
        stops: &mut (impl Stream<Item = Signal> + Unpin),
    ) -> Result<Option<String>, Error> {
        if !self.job.can_be_continued() && !self.is_sandbox {
            self.stage.tell("rows from stdin without --out: this run cannot be continued");
        }
        self.tell_what_was_found(place);
        let samples = std::mem::take(&mut opening.samples);
        let looked = self.look(engine, &samples, stops).await?;
        self.whose.hold_against(&looked, self.job, self.stage)?;
        let run = place.scan.as_ref().map(|scan| &scan.run);
        let is_new = |run: &RunFile| run.state.key_fingerprint != self.client.key_fingerprint();
        let facts = AppFacts {
            of_this_key: looked.app.as_deref().or(self.whose.app()),
            before: run.and_then(RunFile::app),
            another_key: run.is_some_and(is_new) && self.job.description.names_apps(),
            settled: self.past.tally.answered(),
            absence_is_hoped_for: self.job.task.usual().not_there().is_none(),
        };
        expect::of_the_app(&self.job.consent, &facts)?;
        self.confirm(&looked, &samples, stops).await?;
        let app = facts.of_this_key.or(facts.before).map(str::to_owned);
        engine.set_app(app.clone());
        Ok(app)
    }

    /// What earlier tries left, where it is worth a word.
    fn tell_what_was_found(&self, place: &Place) {
        let Some(scan) = &place.scan else { return };
        let path = place.path.display();
        tracing::info!(settled = self.past.tally.settled(), "continuing the run in {path}");
        if !scan.torn.is_empty() {
            tracing::warn!(bytes = scan.torn.len(), "the journal ended in a torn line, moved to results.torn");
        }
        let (before, now) = (&scan.run.state.key_fingerprint, self.client.key_fingerprint());
        if *before != now {
            tracing::warn!("the key has changed since the last try: its fingerprint was {before} and is now {now}");
        }
    }

    async fn look(
        &self,
        engine: &Engine<'_, Client>,
        samples: &[Sample],
        stops: &mut (impl Stream<Item = Signal> + Unpin),
    ) -> Result<Looked, Error> {
        let looked = engine.look(samples, stops).await.map_err(|ending| ended(&ending))?;
        if looked.asked > 0 {
            self.stage.tell(&format!("app {}", ask::app(self.job, &looked)));
        }
        if !looked.other_apps.is_empty() {
            return Err(Error::new(Exit::Config, "the profiles looked at belong to several apps")
                .hint("one key belongs to one app: check --base-url and what stands between here and the API"));
        }
        Ok(looked)
    }

    async fn confirm(
        &self,
        looked: &Looked,
        samples: &[Sample],
        stops: &mut (impl Stream<Item = Signal> + Unpin),
    ) -> Result<(), Error> {
        let warnings = self.input.survey().map(|survey| survey.warnings.as_slice()).unwrap_or_default();
        if self.job.consent.yes || self.is_sandbox {
            for warning in warnings {
                tracing::warn!("{warning}");
            }
            return Ok(());
        }
        let picture = ask::picture(self.job, self.input, self.client.host(), looked, samples, &self.past);
        ask::consent(self.stage, &picture, self.input.survey().map(|survey| survey.rows), stops).await
    }

    /// Sends everything, writes everything down, and says what it came to.
    async fn flood(
        self,
        engine: &Engine<'_, Client>,
        place: &Place,
        opening: Opening,
        app: Option<String>,
        stops: &mut (impl Stream<Item = Signal> + Unpin),
    ) -> Result<Exit, Error> {
        let mut journal = self.journal(place, &opening.reader, app.clone())?;
        if let Some(profiles) = profiles::open(self.job, place, self.stage)? {
            journal = journal.keeping(profiles);
        }
        let (ledger, journal) = threads::write(journal)?;
        let survey = self.input.survey();
        let expected = survey.map(|survey| survey.digest);
        let (intake, reader) = threads::read(opening.reader, opening.first, Arc::clone(&self.past), expected)?;
        let total = survey.map(|survey| survey.rows);
        let report = {
            let mut spectator = progress::choose(self.stage.show, &self.stage.screen);
            engine.run(intake, ledger, &mut spectator, stops, &self.past, total).await
        };
        let journal = journal.wait()?;
        let finish = reader.outcome(&report.ending);
        let (read, reader_error) = match finish {
            Some(Ok(finish)) => (Some(finish), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        if let (Some(finish), None) = (&read, survey) {
            finish.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        }
        let failure = closing::failure(&report.ending, reader_error, app.as_deref());
        let closing = Closing {
            job: self.job,
            client: self.client,
            app,
            directory: &place.path,
            settled_before: self.past.tally.settled(),
            trimmed: survey.map(|survey| survey.trimmed).or(read.as_ref().map(|read| read.trimmed)).unwrap_or(0),
            rows: read.map(|read| read.rows).or(total),
            sandbox: self.is_sandbox,
            failure,
            report,
        };
        closing.close(journal, self.stage)
    }

    fn journal(&self, place: &Place, reader: &Reader<Bytes>, app: Option<String>) -> Result<Journal<RealDisk>, Error> {
        let fingerprint = self.client.key_fingerprint();
        if let Some(scan) = &place.scan {
            return Journal::resume(place.disk.clone(), scan, reader.layout(), &fingerprint);
        }
        let immutable = Immutable {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.job.task.word().to_owned(),
            api: self.job.description.name().to_owned(),
            host: self.client.host().to_owned(),
            app,
            operator: Some(self.job.operator.clone()),
            reference: Some(self.job.reference.clone()).filter(|reference| !reference.is_empty()),
            key_fingerprint: fingerprint,
            input: self.input_facts(),
            options: self.job.options_said.clone(),
            sandbox: self.is_sandbox,
            started: wall::now(),
        };
        Journal::create(place.disk.clone(), &immutable, reader.layout())
    }

    fn input_facts(&self) -> InputFacts {
        let survey = self.input.survey();
        InputFacts {
            name: self.input.name().to_owned(),
            size: survey.map(|survey| survey.bytes),
            digest: survey.map(|survey| survey.digest),
            rows: survey.map(|survey| survey.rows),
        }
    }
}

fn ended(ending: &Ending) -> Error {
    ending.error().unwrap_or_else(|| Error::new(Exit::Internal, "the look ended without a reason"))
}
