//! A stage for the flow: rows, a scripted remote, a ledger in memory, signals at their moments; then what was seen.

use std::{cell::RefCell, num::NonZeroU32, rc::Rc, time::Duration};

use futures::{StreamExt, stream};
use tokio::time::Instant;
use tollgate::{
    domain::{
        Action, Aside, Batch, Fields, Id, IdKind, Identity, Outcome, Past, Row, Sample, Setting, Span, Spared, Subject,
        Value, Verdict,
    },
    flow::{
        Ending, Engine, Intake, IntakeLost, Ledger, LedgerLost, Looked, MaxAbsent, MaxErrors, Options, Pulse, Rate,
        Register, Report, Signal, Spectator,
    },
};

use super::{
    remote::{APP, Script, ScriptedRemote, Sent},
    world::World,
};

/// Options that get in nobody's way.
pub(crate) fn options(per_second: f64, width: u32) -> Options {
    let rate = Rate::per_second(per_second).expect("a good rate");
    Options {
        rate,
        burst: rate.default_burst(),
        width: NonZeroU32::new(width).expect("a width"),
        max_attempts: NonZeroU32::new(10).expect("ten"),
        timeout: Duration::from_secs(30),
        max_hold: Duration::from_mins(15),
        give_up_after: Duration::from_hours(2),
        max_duration: Duration::MAX,
        grace: Duration::from_secs(25),
        canary: 0,
        look: false,
        verify_after: None,
        max_delete: u64::MAX,
        max_create: u64::MAX,
        max_changes: u64::MAX,
        in_order: false,
        compare: false,
        max_errors: MaxErrors::Count(u64::MAX),
        max_absent: MaxAbsent::Off,
        seed: 7,
    }
}

/// The id of the n-th person.
pub(crate) fn name(number: usize) -> String {
    format!("person-{number}")
}

/// The profile id of the n-th profile: another kind of id.
pub(crate) fn profile(number: usize) -> String {
    format!("profile-{number}")
}

/// A row with these ids; none is a malformed one.
pub(crate) fn row(line: u64, ids: &[&str]) -> Row {
    let id = |text: &str| Id::parse(IdKind(u8::from(!text.starts_with("profile"))), text).expect("a good id");
    let subject = match ids {
        [] => Subject::Malformed { id: Vec::new(), reason: "the id is empty".to_owned() },
        [only] => Subject::Known(Identity::one(id(only))),
        [first, second, ..] => Subject::Known(Identity::two(id(first), id(second))),
    };
    Row { line, action: Action::Delete, subject, fields: Fields::default(), original: Box::default() }
}

/// The same rows, asking for something else.
pub(crate) fn asking(action: Action, rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().map(|row| Row { action, ..row }).collect()
}

/// Fields of a row, by name; nothing takes one away.
pub(crate) fn fields(settings: &[(&str, Option<&str>)]) -> Fields {
    let setting = |(name, value): &(&str, Option<&str>)| Setting {
        name: (*name).into(),
        field: 0,
        value: value.map_or(Value::Null, |text| Value::Text(text.into())),
    };
    Fields::new(settings.iter().map(setting).collect())
}

/// A row that the reader found to be a repetition.
pub(crate) fn repeated(line: u64, id: &str) -> Row {
    let identity = Identity::one(Id::parse(IdKind(0), id).expect("a good id"));
    Row { subject: Subject::Spared(identity, Spared::Repeated), ..row(line, &[]) }
}

/// So many different people, one id each; line 2 is the first, as behind a header.
pub(crate) fn people(count: usize) -> Vec<Row> {
    (1..=count).map(|number| row(number as u64 + 1, &[&name(number)])).collect()
}

fn samples(rows: &[Row]) -> Vec<Sample> {
    let sample = |row: &Row| match &row.subject {
        Subject::Known(identity) => Some(Sample { line: row.line, identity: identity.clone() }),
        Subject::Spared(..) | Subject::Malformed { .. } => None,
    };
    rows.iter().filter_map(sample).collect()
}

/// Everything that a run of the flow needs.
pub(crate) struct Stage {
    pub(crate) options: Options,
    pub(crate) script: Script,
    pub(crate) rows: Vec<Row>,
    pub(crate) past: Past,
    /// Runs of rows with nothing new: each comes with the batch in whose stretch of lines it begins.
    pub(crate) spans: Vec<Span>,
    /// Rows per batch, and how long the reader takes for one.
    pub(crate) batch: usize,
    pub(crate) reading: Duration,
    /// The reader fails after so many batches.
    pub(crate) reader_fails_after: usize,
    /// How long the journal takes for a hand-over.
    pub(crate) writing: Duration,
    /// The journal takes so many hand-overs, and fails at the next.
    pub(crate) journal_fails_after: usize,
    pub(crate) signals: Vec<(Duration, Signal)>,
    /// Before the run so many rows are looked at, and somebody thinks about it for so long.
    pub(crate) prompt: Option<(usize, Duration)>,
    /// Who enters whoever is about to be deleted.
    pub(crate) register: Option<Rc<dyn Register>>,
}

/// What happened on the stage; times are virtual, since it began.
pub(crate) struct Seen {
    pub(crate) report: Report,
    pub(crate) log: Vec<Sent>,
    pub(crate) peak: usize,
    pub(crate) outcomes: Vec<Outcome>,
    /// Runs of rows with nothing new that the journal took.
    pub(crate) spans: Vec<Span>,
    /// Who is left at the API.
    pub(crate) left: World,
    pub(crate) pulses: Vec<Pulse>,
    pub(crate) took: Duration,
}

struct Reader {
    rows: std::vec::IntoIter<Row>,
    spans: Vec<Span>,
    batch: usize,
    reading: Duration,
    left: usize,
    ready_at: Option<Instant>,
}

impl Intake for Reader {
    async fn next(&mut self) -> Result<Option<Batch>, IntakeLost> {
        let ready_at = *self.ready_at.get_or_insert_with(|| Instant::now() + self.reading);
        sleep_until(ready_at).await;
        self.ready_at = None;
        self.left = self.left.checked_sub(1).ok_or(IntakeLost)?;
        let rows: Vec<_> = self.rows.by_ref().take(self.batch).collect();
        let last = rows.last().map_or(u64::MAX, |row| row.line);
        let spans: Vec<_> = self.spans.extract_if(.., |span| span.first <= last).collect();
        let aside = Aside { spans, ..Aside::default() };
        Ok((!rows.is_empty() || !aside.is_empty()).then_some(Batch { rows, aside, ..Batch::default() }))
    }
}

struct Journal<'a> {
    outcomes: &'a RefCell<Vec<Outcome>>,
    spans: &'a RefCell<Vec<Span>>,
    writing: Duration,
    left: usize,
}

impl Ledger for Journal<'_> {
    async fn record(&mut self, outcomes: Vec<Outcome>, aside: Aside) -> Result<(), LedgerLost> {
        if !self.writing.is_zero() {
            sleep_until(Instant::now() + self.writing).await;
        }
        self.left = self.left.checked_sub(1).ok_or(LedgerLost)?;
        self.outcomes.borrow_mut().extend(outcomes);
        self.spans.borrow_mut().extend(aside.spans);
        Ok(())
    }
}

struct Onlooker(Vec<Pulse>);

impl Spectator for Onlooker {
    fn show(&mut self, pulse: &Pulse) {
        self.0.push(pulse.clone());
    }
}

#[expect(clippy::disallowed_methods, reason = "slow readers, slow disks and signals, on the paused clock")]
async fn sleep_until(moment: Instant) {
    tokio::time::sleep_until(moment).await;
}

impl Stage {
    /// Nothing is slow, nobody interferes.
    pub(crate) fn new(options: Options, rows: Vec<Row>, script: Script) -> Self {
        Self {
            options,
            script,
            rows,
            past: Past::default(),
            spans: Vec::new(),
            batch: 256,
            reading: Duration::ZERO,
            reader_fails_after: usize::MAX,
            writing: Duration::ZERO,
            journal_fails_after: usize::MAX,
            signals: Vec::new(),
            prompt: None,
            register: None,
        }
    }

    /// Runs the flow on a paused clock of its own.
    pub(crate) fn play(self) -> Seen {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(self.perform())
    }

    /// Looks at all rows and begins nothing: what was found, and what the remote was asked.
    pub(crate) fn look(self) -> (Result<Looked, Ending>, Vec<Sent>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let remote = ScriptedRemote::new(self.script);
            let engine = Engine::new(&self.options, &remote);
            let looked = engine.look(&samples(&self.rows), &mut stream::pending()).await;
            drop(engine);
            (looked, remote.log().to_vec())
        })
    }

    async fn perform(self) -> Seen {
        let began = Instant::now();
        let remote = ScriptedRemote::new(self.script);
        let (outcomes, spans) = (RefCell::default(), RefCell::default());
        let mut onlooker = Onlooker(Vec::new());
        let total = Some(self.rows.len() as u64);
        let samples = samples(&self.rows);
        let reader = Reader {
            rows: self.rows.into_iter(),
            spans: self.spans,
            batch: self.batch,
            reading: self.reading,
            left: self.reader_fails_after,
            ready_at: None,
        };
        let journal =
            Journal { outcomes: &outcomes, spans: &spans, writing: self.writing, left: self.journal_fails_after };
        let signals = stream::iter(self.signals).then(|(at, signal)| async move {
            sleep_until(began + at).await;
            signal
        });
        let mut stops = Box::pin(signals.chain(stream::pending()));
        let engine = Engine::new(&self.options, &remote);
        engine.set_app(Some(APP.to_owned()));
        self.register.into_iter().for_each(|register| engine.set_register(register));
        if let Some((count, thinking)) = self.prompt {
            engine.look(&samples[..count], &mut stops).await.expect("a look that finds nothing wrong");
            sleep_until(Instant::now() + thinking).await;
        }
        let report = engine.run(reader, journal, &mut onlooker, &mut stops, &self.past, total).await;
        drop(engine);
        let took = began.elapsed();
        let (log, peak, left) = (remote.log().to_vec(), remote.peak(), remote.world().clone());
        let (outcomes, spans) = (outcomes.into_inner(), spans.into_inner());
        Seen { report, log, peak, outcomes, spans, left, pulses: onlooker.0, took }
    }
}

impl Seen {
    /// The code that the process would leave with.
    pub(crate) fn exit(&self) -> u8 {
        match self.report.ending.error() {
            Some(error) => error.exit().code(),
            None => u8::from(self.report.account.tally.unwanted() > 0),
        }
    }

    /// How many rows ended this way.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// The verdict on a line, if it has one.
    pub(crate) fn verdict(&self, line: u64) -> Option<Verdict> {
        self.outcomes.iter().find(|outcome| outcome.row.line == line).map(|outcome| outcome.verdict)
    }

    /// The request whose answer decided an outcome.
    pub(crate) fn deciding(&self, outcome: &Outcome) -> Option<&Sent> {
        let index: usize = outcome.evidence.request_id.as_ref()?.parse().ok()?;
        self.log.get(index)
    }

    /// How many requests were sent within an interval, its end excluded.
    pub(crate) fn sent_between(&self, from: Duration, to: Duration) -> usize {
        self.log.iter().filter(|sent| (from..to).contains(&sent.at)).count()
    }

    /// The most requests within any window of this length.
    pub(crate) fn busiest(&self, window: Duration) -> usize {
        let mut first = 0;
        let mut most = 0;
        for (index, sent) in self.log.iter().enumerate() {
            while self.log[first].at + window <= sent.at {
                first += 1;
            }
            most = most.max(index + 1 - first);
        }
        most
    }
}
