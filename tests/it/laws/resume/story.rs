//! The whole machine on one paused clock: the real reader, flow and journal, driven inline the way the threads drive
//! them; one try after the other, each with its fate.

use std::{
    cell::{Cell, RefCell},
    io::Cursor,
    time::Duration,
};

use futures::{StreamExt, future::join, stream};
use tokio::{
    sync::{
        Notify,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Instant, MissedTickBehavior},
};
use tollgate::{
    domain::{Action, Aside, Dice, Digest, Fingerprints, IdKind, LineSet, Moment, Naming, Outcome, Past},
    error::{Error, Exit},
    flow::{Ending, Engine, Ledger, LedgerLost, MaxAbsent, Options, Pulse, Signal, Spectator},
    report::{self, Immutable, InputFacts, Journal, Scan, ScanOptions, scan},
    source::{self, ColumnWish, Dedupe, Format, Reader, Shard, Wish},
};

use super::intake::{Dribble, InlineReader};
use crate::support::{
    disk::SimDisk,
    remote::{APP, ScriptedRemote},
};

/// As in the threads that drive the real ones.
const QUEUE: usize = 16;
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// What befalls one try.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate {
    /// Dies when so many bytes are written.
    pub(super) dies_after: Option<u64>,
    /// Dies at this moment.
    pub(super) dies_at: Option<Duration>,
    /// The disk has room for so many bytes.
    pub(super) room: Option<u64>,
    /// The disk's syncs fail from this moment on.
    pub(super) syncs_fail_at: Option<Duration>,
    /// A write takes only so many bytes at once.
    pub(super) at_most: Option<usize>,
    /// Asked to leave at these moments.
    pub(super) signals: Vec<Duration>,
    /// Afterwards, the power goes as well: what was not synced may be lost.
    pub(super) power_cut: bool,
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum End {
    /// There was nothing left to do.
    Finished,
    /// The process died.
    Died,
    /// The journal failed; what the flow said, if it had begun.
    Trouble(Error, Option<Ending>),
    /// The flow ended and the journal was closed; the reader's error, if it had one.
    Closed(Ending, Option<Error>),
}

/// One try.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) end: End,
    /// The remote's log, before it.
    pub(super) from: usize,
    /// Rows whose outcomes the flow handed over, whether or not they were taken.
    pub(super) offered: Vec<u64>,
    /// Lines that the journal said are synced.
    pub(super) claimed: u64,
}

/// What stays the same from try to try.
pub(super) struct Story<'a> {
    pub(super) remote: &'a ScriptedRemote,
    pub(super) disk: SimDisk,
    pub(super) input: Vec<u8>,
    pub(super) dedupe: bool,
    /// The input is read as from stdin: nothing but the replay tells whether it is the same.
    pub(super) piped: bool,
    pub(super) options: Options,
    /// Bytes that the input gives at once, and how long it takes for a batch.
    pub(super) chunk: usize,
    pub(super) reading: Duration,
    /// How long the journal takes for a hand-over.
    pub(super) writing: Duration,
    /// What `--continue-from` names: deleted, absent.
    pub(super) elsewhere: Option<(Fingerprints, Fingerprints)>,
    /// Rows that have nothing new, by what was decided before the first call.
    pub(super) unchanged: LineSet,
    /// How the results name ids.
    pub(super) naming: Naming,
    pub(super) dice: RefCell<Dice>,
}

/// Under which repeats are remembered.
pub(super) const FINGERPRINT_KEY: [u8; 32] = [7; 32];

#[expect(clippy::disallowed_methods, reason = "slow readers, slow disks and sudden deaths, on the paused clock")]
pub(super) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

type HandOver = (Vec<Outcome>, Aside);

struct Queue<'a> {
    sender: Sender<HandOver>,
    offered: &'a RefCell<Vec<u64>>,
}

impl Ledger for Queue<'_> {
    async fn record(&mut self, outcomes: Vec<Outcome>, aside: Aside) -> Result<(), LedgerLost> {
        self.offered.borrow_mut().extend(outcomes.iter().map(|outcome| outcome.row.line));
        self.offered.borrow_mut().extend(aside.spans.iter().flat_map(|span| span.first..=span.last));
        self.sender.send((outcomes, aside)).await.map_err(|_| LedgerLost)
    }
}

struct Nobody;

impl Spectator for Nobody {
    fn show(&mut self, _: &Pulse) {}
}

/// What the try's parts tell each other.
#[derive(Default)]
struct Desk {
    offered: RefCell<Vec<u64>>,
    claimed: Cell<u64>,
    reader_error: RefCell<Option<Error>>,
    death: Notify,
}

impl Story<'_> {
    /// One try, from the directory's scan to the journal's close, and what comes after it.
    pub(super) async fn attempt(&self, fate: &Fate) -> Try {
        let from = self.remote.log().len();
        if let Some(bytes) = fate.dies_after {
            self.disk.kill_after(bytes);
        }
        if let Some(bytes) = fate.room {
            self.disk.leave_room(bytes);
        }
        if let Some(bytes) = fate.at_most {
            self.disk.write_at_most(bytes);
        }
        let desk = Desk::default();
        let end = {
            let trying = self.begin(&desk, fate);
            tokio::select! {
                biased;
                () = desk.death.notified() => End::Died,
                () = wait(fate.dies_at.unwrap_or(Duration::MAX)) => End::Died,
                () = self.fail_syncs(fate) => unreachable!("goes on failing"),
                end = trying => end,
            }
        };
        let end = if self.disk.is_dead() { End::Died } else { end };
        if fate.power_cut {
            self.disk.power_cut(&mut self.dice.borrow_mut());
        } else {
            self.disk.kill();
        }
        Try { end, from, offered: desk.offered.take(), claimed: desk.claimed.get() }
    }

    async fn fail_syncs(&self, fate: &Fate) {
        if let Some(moment) = fate.syncs_fail_at {
            wait(moment).await;
            self.disk.fail_syncs(true);
        }
        std::future::pending::<()>().await;
    }

    async fn begin(&self, desk: &Desk, fate: &Fate) -> End {
        let options = ScanOptions { max_absent: self.options.max_absent, with_replay: self.piped };
        let mut scan = scan(&self.disk, options).expect("what a try leaves behind can be read");
        if scan.as_ref().is_some_and(|scan| scan.run.state.complete) {
            return End::Finished;
        }
        let mut past = scan.as_mut().map(|scan| std::mem::take(&mut scan.past)).unwrap_or_default();
        if let Some((deleted, absent)) = &self.elsewhere {
            past.elsewhere_deleted = Some(deleted.clone());
            past.elsewhere_absent = Some(absent.clone());
        }
        past.decided.unchanged = self.unchanged.clone();
        past.naming = self.naming.clone();
        let reader = self.reader();
        match self.journal(scan.as_ref(), &reader) {
            Ok(journal) => {
                desk.claimed.set(journal.lines_synced());
                self.run(journal, reader, &past, desk, fate).await
            }
            Err(error) => End::Trouble(error, None),
        }
    }

    fn reader(&self) -> Reader<Dribble> {
        let dribble = Dribble { bytes: Cursor::new(self.input.clone()), most: self.chunk };
        let reader = Reader::open(dribble, "customers.csv", &self.source(), None).expect("a header");
        if self.piped { reader.replaying() } else { reader }
    }

    fn source(&self) -> source::Options {
        let wish = |kind, name: &str| ColumnWish {
            kind: IdKind(kind),
            name: name.to_owned(),
            required: false,
            bare: kind == 1,
            written: tollgate::domain::IdFormat::Any,
            creates: true,
        };
        source::Options {
            format: Wish::Is(Format::Csv),
            delimiter: Wish::Is(b','),
            header: true,
            columns: vec![wish(0, "profile_id"), wish(1, "customer_user_id")],
            allow_odd_ids: false,
            dedupe: if self.dedupe { Dedupe::On } else { Dedupe::Off },
            shard: Shard { index: 0, count: 1 },
            skip: 0,
            limit: u64::MAX,
            action: Action::Delete,
            action_column: None,
            fields: source::FieldWish::default(),
            last_wins: false,
            fingerprint_key: FINGERPRINT_KEY,
            seed: 1,
        }
    }

    fn journal(&self, scan: Option<&Scan>, reader: &Reader<Dribble>) -> Result<Journal<SimDisk>, Error> {
        let layout = self.naming.layout(reader.layout());
        let journal = match scan {
            Some(scan) => Journal::resume(self.disk.clone(), scan, &layout, "ab12"),
            None => Journal::create(self.disk.clone(), &immutable(&self.naming), &layout),
        };
        Ok(journal?.naming(self.naming.clone()))
    }

    async fn run(
        &self,
        journal: Journal<SimDisk>,
        reader: Reader<Dribble>,
        past: &Past,
        desk: &Desk,
        fate: &Fate,
    ) -> End {
        let intake = InlineReader {
            reader: Some(reader),
            past,
            digest: Digest::of(&self.input),
            reading: self.reading,
            ready_at: None,
            error: &desk.reader_error,
        };
        let (sender, hand_overs) = channel(QUEUE);
        let ledger = Queue { sender, offered: &desk.offered };
        let began = Instant::now();
        let signals = stream::iter(fate.signals.clone()).then(|at| async move {
            wait((began + at).saturating_duration_since(Instant::now())).await;
            Signal::Terminate
        });
        let mut stops = Box::pin(signals.chain(stream::pending()));
        let engine = Engine::new(&self.options, self.remote);
        engine.set_app(Some(APP.to_owned()));
        let mut nobody = Nobody;
        let running = engine.run(intake, ledger, &mut nobody, &mut stops, past, None);
        let (report, journal) = join(running, self.write_all(journal, hand_overs, desk)).await;
        let journal = match journal {
            Ok(journal) => journal,
            Err(error) => return End::Trouble(error, Some(report.ending)),
        };
        let reader_error = desk.reader_error.take();
        let (complete, account) = (report.ending == Ending::Complete, report.account);
        let exit = match report.ending.error() {
            Some(error) => error.exit(),
            None if complete && journal.totals().unwanted() == 0 => Exit::Success,
            None if complete => Exit::Rows,
            None => Exit::Data,
        };
        let unsettled = account.read - account.skipped - account.tally.settled();
        let ending = report::Ending { exit, at: now(), rows_read: account.read, unsettled, complete };
        match journal.close(ending) {
            Ok(closed) => {
                desk.claimed.set(closed.lines);
                End::Closed(report.ending, reader_error)
            }
            Err(error) => End::Trouble(error, Some(report.ending)),
        }
    }

    /// As the journal's thread does, on this clock; a process that dies says nothing more.
    async fn write_all(
        &self,
        mut journal: Journal<SimDisk>,
        mut hand_overs: Receiver<HandOver>,
        desk: &Desk,
    ) -> Result<Journal<SimDisk>, Error> {
        let mut ticks = tokio::time::interval(SYNC_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                biased;
                _ = ticks.tick() => journal.sync(),
                hand_over = hand_overs.recv() => match hand_over {
                    Some((outcomes, aside)) => {
                        wait(self.writing).await;
                        let recorded = journal.record(&outcomes, now());
                        recorded.and_then(|()| journal.pass(&aside.spans, now())).and_then(|()| journal.keep(&aside.kept))
                    }
                    None => return Ok(journal),
                },
            };
            desk.claimed.set(journal.lines_synced());
            if self.disk.is_dead() {
                desk.death.notify_one();
                std::future::pending::<()>().await;
            }
            done?;
        }
    }
}

fn now() -> Moment {
    Moment::from_millis(1_795_226_340_123)
}

fn immutable(naming: &Naming) -> Immutable {
    Immutable {
        tool_version: "0.1.0".to_owned(),
        command: "delete".to_owned(),
        api: "adapty".to_owned(),
        host: "api.adapty.io".to_owned(),
        app: Some(APP.to_owned()),
        operator: Some("Ada".to_owned()),
        reference: None,
        key_fingerprint: "ab12".to_owned(),
        input: InputFacts { name: "customers.csv".to_owned(), size: None, digest: None, rows: None },
        options: std::collections::BTreeMap::new(),
        hash_ids: naming.key_id().map(str::to_owned),
        sandbox: false,
        started: now(),
        turn: 1,
    }
}

/// Runs a story on a paused clock of its own.
pub(super) fn tell<T>(story: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(story)
}

/// The not-found guard as the command line has it.
pub(super) const GUARDED: MaxAbsent = MaxAbsent::Percent(95.0);
