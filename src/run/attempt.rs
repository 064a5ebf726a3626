//! One try of one mass operation: its directory, its look, its consent, its flood of requests, its end.

use std::{rc::Rc, sync::Arc};

use super::{
    Stage,
    against::{self, Whose},
    ahead::Ahead,
    ask,
    beforehand::Beforehand,
    came::Came,
    carry::carry,
    closing,
    closing::Closing,
    descriptors, elsewhere, expect,
    expect::AppFacts,
    input::{Bytes, Input},
    naming,
    opening::{Opening, once_more},
    place::Place,
    profiles,
    register::Registrar,
    remembered::{self, Remembered},
    signals::{Stops, signals},
    store::Store,
    suppress, threads, wall,
};
use crate::{
    config::Job,
    domain::{Past, Sample, Task, say_count},
    error::{Error, Exit},
    flow::{Ending, Engine, Looked, MaxAbsent},
    progress,
    remote::Client,
    report::{Immutable, InputFacts, Journal, RealDisk, RunFile},
    source::{self, Decision, Reader},
};

/// What a try works with.
pub(super) struct Attempt<'a> {
    pub(super) job: &'a Job,
    pub(super) input: &'a Input,
    pub(super) client: &'a Client,
    pub(super) stage: &'a Stage,
    pub(super) is_sandbox: bool,
}

impl Attempt<'_> {
    /// Makes it.
    pub(super) async fn make(
        &self,
        mut remembered: Option<&mut Remembered>,
        ahead: Option<Ahead>,
        stops: &mut Option<Stops>,
    ) -> Result<Came, Error> {
        let Self { job, input, client, stage, is_sandbox } = *self;
        let naming = naming::of(job.hash_ids.as_deref(), &job.description)?;
        let (recorded, whose) = against::read(job, client, is_sandbox, &naming)?;
        let mut place = Place::open(job, input, client, is_sandbox, ahead, &naming)?;
        let mut past = place.past(naming.clone());
        past.recorded = recorded;
        past.names_settled = job.task == Task::Delete && job.suppress.is_some() && !is_sandbox;
        let elsewhere = elsewhere::pass_over(job, client, is_sandbox, &naming, &mut past);
        let elsewhere = elsewhere.inspect_err(|_| place.abandon())?;
        if let Some(scan) = place.finished(job) {
            let suppress = suppress::grown(job, is_sandbox, stage)?;
            once_more(input, job, &past, &scan.run.state, &Beforehand { memory: None, suppress })?;
            if let Some(remembered) = remembered.filter(|it| it.awaits_the_end_of(scan.run.first_link())) {
                remembered::decide(job, input, &mut past, Some(remembered))?;
            }
            return closing::finished_before(scan, job, &place.path, stage);
        }
        let begun = place.scan.as_ref().map(|scan| &scan.run);
        begun.map_or(Ok(()), |run| expect::of_the_list(job, run))?;
        descriptors::suffice(job, is_sandbox).inspect_err(|_| place.abandon())?;
        let heeded = suppress::heeded(job).inspect_err(|_| place.abandon())?;
        let (suppressed, _held) = heeded.unzip();
        past.suppressed = suppressed;
        let decision = decide(job, input, &mut past, remembered.as_deref_mut()).inspect_err(|_| place.abandon())?;
        profiles::must_be_new(job, &place).inspect_err(|_| place.abandon())?;
        let opening = Opening::of(input, job, &past, decision.as_ref()).inspect_err(|_| place.abandon())?;
        expect::of_the_parameters(job, &opening.samples).inspect_err(|_| place.abandon())?;
        let flow = remembered::guarded(&job.flow, remembered.as_deref())?;
        let engine = Engine::new(&flow, client);
        let stops = match stops {
            Some(stops) => stops,
            None => stops.insert(signals()?),
        };
        let memory = remembered.as_deref().map(|remembered| remembered.store.clone());
        let leavers = remembered.as_deref().map_or(0, |remembered| remembered.leavers().len());
        let past = Arc::new(past);
        let run = Run { job, input, client, stage, is_sandbox, past, whose, elsewhere, decision, leavers, memory };
        run.perform(&engine, place, opening, stops).await
    }
}

/// The lot of each row.
fn decide(
    job: &Job,
    input: &Input,
    past: &mut Past,
    remembered: Option<&mut Remembered>,
) -> Result<Option<Decision>, Error> {
    let decision = remembered::decide(job, input, past, remembered)?;
    decision.iter().try_for_each(|decision| expect::of_the_decision(job, decision))?;
    // Whoever remembers knows more of that.
    if job.flow.in_order && job.memory.is_none() && input.survey().is_some() {
        past.decided.kin = source::kin(&|| input.bytes(), input.name(), &job.source, carry)?;
    }
    Ok(decision)
}

/// People of whom one at least should be there, where the memory holds all of them as sent.
const WITNESSES: usize = 20;

/// What does not change from the look to the end.
struct Run<'a> {
    job: &'a Job,
    input: &'a Input,
    client: &'a Client,
    stage: &'a Stage,
    is_sandbox: bool,
    past: Arc<Past>,
    whose: Whose,
    /// The run of `--continue-from`.
    elsewhere: Option<RunFile>,
    /// What was decided before the first call; `None` where each row is met unprepared.
    decision: Option<Decision>,
    /// How many will be pruned.
    leavers: usize,
    memory: Option<Store>,
}

impl Run<'_> {
    async fn perform(
        self,
        engine: &Engine<'_, Client>,
        mut place: Place,
        mut opening: Opening,
        stops: &mut Stops,
    ) -> Result<Came, Error> {
        let suppress = suppress::grown(self.job, self.is_sandbox, self.stage).inspect_err(|_| place.abandon())?;
        let beforehand = Beforehand { memory: self.memory.clone(), suppress };
        let prepared = self.prepare(engine, &mut place, &mut opening, stops).await;
        let app = prepared.inspect_err(|_| place.abandon())?;
        self.flood(engine, &place, opening, beforehand, app, stops).await
    }

    /// Nothing will be sent, so nothing needs to be asked, of anybody.
    fn is_idle(&self) -> bool {
        self.leavers == 0 && self.decision.as_ref().is_some_and(|decision| decision.counts.sent() == 0)
    }

    /// Looks, holds reality against what was expected, and asks; gives the app.
    async fn prepare(
        &self,
        engine: &Engine<'_, Client>,
        place: &mut Place,
        opening: &mut Opening,
        stops: &mut Stops,
    ) -> Result<Option<String>, Error> {
        if !self.job.can_be_continued() && !self.is_sandbox {
            self.stage.tell("rows from stdin without --out: this run cannot be continued");
        }
        self.tell_what_was_found(place);
        let run = place.scan.as_ref().map(|scan| &scan.run);
        let remembered = self.memory.as_ref().and_then(|memory| memory.lock().app().map(str::to_owned));
        let runs = || run.into_iter().chain(&self.elsewhere);
        let before = runs().find_map(RunFile::app).or(remembered.as_deref());
        if self.is_idle() {
            return Ok(before.map(str::to_owned));
        }
        let samples = std::mem::take(&mut opening.samples);
        let looked = self.look(engine, &samples, stops).await?;
        self.whose.hold_against(&looked, self.job, self.stage)?;
        let by_witnesses = match (&looked.app, &remembered) {
            (None, Some(app)) if looked.asked > 0 => self.ask_witnesses(app, engine, stops).await?,
            (Some(_) | None, _) => None,
        };
        let is_new = |run: &RunFile| run.state.key_fingerprint != self.client.key_fingerprint();
        let facts = AppFacts {
            of_this_key: looked.app.as_deref().or(by_witnesses.as_deref()).or(self.whose.app()),
            before,
            another_key: runs().any(is_new) && self.job.description.names_apps(),
            is_anybody_settled: self.past.tally.answered() > 0 || self.elsewhere.is_some(),
            absence_is_hoped_for: self.job.task.usual().not_there().is_none(),
        };
        // What a memory says of its app is told before what a run says: another memory helps, another run does not.
        let learn = || match (&self.memory, facts.of_this_key) {
            (Some(memory), Some(app)) => memory.lock().learn_app(app),
            (Some(_) | None, _) => Ok(()),
        };
        if remembered.is_some() {
            learn()?;
        }
        expect::of_the_app(&self.job.consent, &facts)?;
        learn()?;
        self.confirm(&looked, &samples, stops).await?;
        let app = facts.of_this_key.or(facts.before).map(str::to_owned);
        engine.set_app(app.clone());
        Ok(app)
    }

    /// Nobody who will be sent is there: whether the key is of the memory's app shows by those whom it holds as sent. Gives
    /// the app that they belong to.
    async fn ask_witnesses(
        &self,
        app: &str,
        engine: &Engine<'_, Client>,
        stops: &mut Stops,
    ) -> Result<Option<String>, Error> {
        let witnesses = self.memory.as_ref().map(|memory| memory.lock().witnesses(WITNESSES)).transpose()?;
        let samples: Vec<Sample> =
            witnesses.unwrap_or_default().into_iter().map(|identity| Sample { line: 0, identity }).collect();
        let looked = engine.look(&samples, stops).await.map_err(|ending| ended(&ending))?;
        if looked.app.is_some() || samples.is_empty() || self.job.flow.max_absent == MaxAbsent::Off {
            return Ok(looked.app);
        }
        let most = say_count(samples.len() as u64);
        Err(Error::new(Exit::Guard, format!("of {most} people whom the memory holds as sent, none is there"))
            .hint(format!("see whether the key belongs to app {app}; nothing was sent; if all of them were erased meanwhile, --max-absent off goes on")))
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

    async fn look(&self, engine: &Engine<'_, Client>, samples: &[Sample], stops: &mut Stops) -> Result<Looked, Error> {
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

    async fn confirm(&self, looked: &Looked, samples: &[Sample], stops: &mut Stops) -> Result<(), Error> {
        if self.job.consent.yes || self.is_sandbox {
            self.input.warnings(self.decision.as_ref()).for_each(|warning| tracing::warn!("{warning}"));
            return Ok(());
        }
        let picture = ask::Picture {
            job: self.job,
            input: self.input,
            host: &self.client.destination().host,
            looked,
            samples,
            past: &self.past,
            decision: self.decision.as_ref(),
            leavers: self.leavers,
        };
        ask::consent(self.stage, self.job.task, &picture.words(), self.input.survey().map(|survey| survey.rows), stops)
            .await
    }

    /// Sends everything, writes everything down, and says what it came to.
    async fn flood(
        self,
        engine: &Engine<'_, Client>,
        place: &Place,
        opening: Opening,
        beforehand: Beforehand,
        app: Option<String>,
        stops: &mut Stops,
    ) -> Result<Came, Error> {
        let mut journal = self.journal(place, &opening.reader, app.clone())?;
        if let (Some(memory), Some(_)) = (&self.memory, &self.job.memory) {
            memory.lock().begin_run(journal.first_link())?;
        }
        if let Some(profiles) = profiles::open(self.job, place, self.stage)? {
            journal = journal.keeping(profiles);
        }
        if let Some(list) = &beforehand.suppress {
            engine.set_register(Rc::new(Registrar::of(list.clone())?));
        }
        let (ledger, journal) = threads::write(journal, self.memory.clone())?;
        let survey = self.input.survey();
        let (intake, reader) = threads::read(opening.reader, opening.first, Arc::clone(&self.past), beforehand)?;
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
        let failure = closing::failure(&report, total, reader_error, app.as_deref());
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
        let naming = &self.past.naming;
        let layout = naming.layout(reader.layout());
        if let Some(scan) = &place.scan {
            let journal = Journal::resume(place.disk.clone(), scan, &layout, &fingerprint)?;
            return Ok(journal.naming(naming.clone()));
        }
        let immutable = Immutable {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.job.task.word().to_owned(),
            destination: self.client.destination().clone(),
            app,
            operator: Some(self.job.operator.clone()),
            reference: Some(self.job.reference.clone()).filter(|reference| !reference.is_empty()),
            key_fingerprint: fingerprint,
            input: self.input_facts(),
            options: self.job.options_said.clone(),
            hash_ids: naming.key_id().map(str::to_owned),
            sandbox: self.is_sandbox,
            started: wall::now(),
            turn: place.turn,
        };
        Ok(Journal::create(place.disk.clone(), &immutable, &layout)?.naming(naming.clone()))
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
