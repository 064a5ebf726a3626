//! The whole machine on one paused clock: the real reader, flow, journal and memory, driven inline the way the threads
//! drive them; one try after the other, each with its fate.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    io::Cursor,
    iter,
    rc::Rc,
    time::Duration,
};

use futures::{StreamExt, future::join, stream};
use tokio::{sync::Notify, time::Instant};
use tollgate::{
    domain::{Dice, Fingerprints, Past},
    error::{Error, Exit},
    flow::{Ending, Engine, Options, Pulse, Spectator},
    report::{self, Journal, Scan, ScanOptions, scan},
    source::Reader,
};

use crate::{
    desk::{Beforehand, Store, decided, immutable, now, source},
    intake::{Dribble, InlineReader},
    plan::{Fate, Plan},
    rows::Rows,
    shelf::{List, Shelf},
    support::{
        disk::SimDisk,
        remote::{APP, ScriptedRemote},
    },
    writer::{Writer, queue},
};

/// How a try ended.
#[derive(Debug)]
pub(crate) enum End {
    /// There was nothing left to do.
    Finished,
    /// The process died.
    Died,
    /// The disk failed.
    Trouble(Error),
    /// The flow ended, and the journal was closed.
    Closed(Ending),
}

/// One try.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) end: End,
    /// Where it begins in the remote's log.
    pub(crate) from: usize,
    /// Rows whose outcomes the flow handed over, whether or not they were taken.
    pub(crate) offered: Vec<u64>,
    /// Lines that the journal said are synced.
    pub(crate) claimed: u64,
    /// Who was on the list of those who shall not come back, whatever happened to the power then.
    pub(crate) listed: BTreeSet<String>,
}

/// What stays the same from try to try.
pub(crate) struct Machine<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) rows: &'a Rows,
    pub(crate) input: Vec<u8>,
    pub(crate) remote: &'a ScriptedRemote,
    pub(crate) disk: SimDisk,
    pub(crate) store: Option<&'a Store>,
    /// Deletions grow its list, and syncs heed it.
    pub(crate) shelf: Option<&'a Shelf>,
    pub(crate) options: Options,
    /// What `--continue-from` names: deleted, absent.
    pub(crate) elsewhere: Option<(Fingerprints, Fingerprints)>,
    pub(crate) dice: RefCell<Dice>,
}

#[expect(clippy::disallowed_methods, reason = "slow readers, slow disks and sudden deaths, on the paused clock")]
pub(crate) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

struct Nobody;

impl Spectator for Nobody {
    fn show(&mut self, _: &Pulse) {}
}

/// What the try's parts tell each other.
#[derive(Default)]
pub(crate) struct Said {
    offered: RefCell<Vec<u64>>,
    pub(crate) claimed: Cell<u64>,
    reader_error: RefCell<Option<Error>>,
    pub(crate) death: Notify,
}

impl<'a> Machine<'a> {
    /// Nothing is there yet.
    pub(crate) fn new(plan: &'a Plan, rows: &'a Rows, remote: &'a ScriptedRemote) -> Self {
        Self {
            plan,
            rows,
            input: rows.bytes(),
            remote,
            disk: SimDisk::default(),
            store: None,
            shelf: None,
            options: plan.options(rows),
            elsewhere: None,
            dice: RefCell::new(Dice::seeded(plan.seed)),
        }
    }

    /// The same with nothing done.
    pub(crate) fn anew(&self) -> Self {
        Self { options: self.options.clone(), ..Self::new(self.plan, self.rows, self.remote) }
    }

    /// One try, from the directory's scan to the journal's close, and what comes after it.
    pub(crate) async fn attempt(&self, fate: &Fate) -> Try {
        let from = self.remote.log().len();
        self.befall(fate);
        let said = Said::default();
        let end = {
            let trying = self.begin(&said, fate);
            tokio::select! {
                biased;
                () = said.death.notified() => End::Died,
                () = wait(fate.dies_at.unwrap_or(Duration::MAX)) => End::Died,
                () = self.fail_syncs(fate) => unreachable!("goes on failing"),
                end = trying => end,
            }
        };
        let end = if self.is_dead() { End::Died } else { end };
        let listed = self.listed();
        let mut dice = self.dice.borrow_mut();
        if let Some(store) = self.store {
            store.leave(matches!(end, End::Died), &mut dice);
        }
        for disk in self.disks() {
            if fate.power_cut {
                disk.power_cut(&mut dice);
            } else {
                disk.kill();
            }
        }
        Try { end, from, offered: said.offered.take(), claimed: said.claimed.get(), listed }
    }

    /// The run's own, and what outlasts it.
    pub(crate) fn disks(&self) -> impl Iterator<Item = &SimDisk> {
        iter::once(&self.disk).chain(self.shelf.map(|shelf| &shelf.disk))
    }

    /// The process is gone.
    pub(crate) fn is_dead(&self) -> bool {
        self.disks().any(SimDisk::is_dead)
    }

    /// Who of this history's people is on the list for good.
    pub(crate) fn listed(&self) -> BTreeSet<String> {
        self.shelf.map(|shelf| shelf.lasting(self.rows.natures.keys())).unwrap_or_default()
    }

    fn befall(&self, fate: &Fate) {
        let hurt = self.shelf.filter(|_| fate.on_the_shelf).map_or(&self.disk, |shelf| &shelf.disk);
        if let Some(bytes) = fate.dies_after {
            hurt.kill_after(bytes);
        }
        if let Some(bytes) = fate.room {
            hurt.leave_room(bytes);
        }
        if let Some(bytes) = fate.at_most {
            self.disks().for_each(|disk| disk.write_at_most(bytes));
        }
        if let (Some(store), Some(changes)) = (self.store, fate.memory_fails_after) {
            store.fail_after(changes);
        }
    }

    async fn fail_syncs(&self, fate: &Fate) {
        if let Some(moment) = fate.syncs_fail_at {
            wait(moment).await;
            self.disks().for_each(|disk| disk.fail_syncs(true));
        }
        std::future::pending::<()>().await;
    }

    async fn begin(&self, said: &Said, fate: &Fate) -> End {
        let options = ScanOptions { max_absent: self.options.max_absent, with_replay: self.plan.piped };
        let mut scan = scan(&self.disk, options).expect("what a try leaves behind can be read");
        if scan.as_ref().is_some_and(|scan| scan.run.state.complete) {
            return End::Finished;
        }
        let mut past = scan.as_mut().map(|scan| std::mem::take(&mut scan.past)).unwrap_or_default();
        (past.elsewhere_deleted, past.elsewhere_absent) = self.elsewhere.clone().unzip();
        past.naming = self.plan.naming.clone();
        past.suppressed = self.shelf.filter(|_| self.rows.is_sync).map(Shelf::heeded);
        let list = match self.shelf.filter(|_| !self.rows.is_sync).map(Shelf::open).transpose() {
            Ok(list) => list,
            Err(error) => return End::Trouble(error),
        };
        let beforehand = match self.store.map(|store| decided(store, &self.input, self.rows, &mut past)).transpose() {
            Ok(beforehand) => beforehand,
            Err(error) => return End::Trouble(error),
        };
        let reader = self.reader();
        match self.journal(scan.as_ref(), &reader) {
            Ok(journal) => {
                let begun = beforehand.iter().try_for_each(|it| it.memory.borrow_mut().begin_run(journal.first_link()));
                if let Err(error) = begun {
                    return End::Trouble(error);
                }
                said.claimed.set(journal.lines_synced());
                self.run(journal, reader, (&past, beforehand, list), said, fate).await
            }
            Err(error) => End::Trouble(error),
        }
    }

    fn reader(&self) -> Reader<Dribble> {
        let dribble = Dribble { bytes: Cursor::new(self.input.clone()), most: self.plan.chunk };
        let reader = Reader::open(dribble, "customers.csv", &source(self.rows), None).expect("a header");
        if self.plan.piped { reader.replaying() } else { reader }
    }

    fn journal(&self, scan: Option<&Scan>, reader: &Reader<Dribble>) -> Result<Journal<SimDisk>, Error> {
        let naming = &self.plan.naming;
        let layout = naming.layout(reader.layout());
        let journal = match scan {
            Some(scan) => Journal::resume(self.disk.clone(), scan, &layout, "ab12"),
            None => Journal::create(self.disk.clone(), &immutable(naming), &layout),
        };
        Ok(journal?.naming(naming.clone()))
    }

    async fn run(
        &self,
        journal: Journal<SimDisk>,
        reader: Reader<Dribble>,
        (past, beforehand, list): (&Past, Option<Beforehand>, Option<List>),
        said: &Said,
        fate: &Fate,
    ) -> End {
        let memory = beforehand.as_ref().map(|beforehand| Rc::clone(&beforehand.memory));
        let intake = InlineReader {
            reader: Some(reader),
            past,
            length: self.input.len() as u64,
            reading: self.plan.reading,
            ready_at: None,
            memory: memory.clone(),
            list,
            error: &said.reader_error,
        };
        let (ledger, hand_overs) = queue(&said.offered);
        let began = Instant::now();
        let signals = stream::iter(fate.signals.clone()).then(|(at, signal)| async move {
            wait((began + at).saturating_duration_since(Instant::now())).await;
            signal
        });
        let mut stops = Box::pin(signals.chain(stream::pending()));
        let engine = Engine::new(&self.options, self.remote);
        engine.set_app(Some(APP.to_owned()));
        let mut nobody = Nobody;
        let running = engine.run(intake, ledger, &mut nobody, &mut stops, past, None);
        let writer = Writer::new(self, journal, memory);
        let (report, journal) = join(running, writer.write_all(hand_overs, said)).await;
        let journal = match journal {
            Ok(journal) => journal,
            Err(error) => return End::Trouble(error),
        };
        let end = self.close(journal, &report, beforehand, said);
        match (end, said.reader_error.take()) {
            (End::Closed(_), Some(error)) => End::Trouble(error),
            (end, _) => end,
        }
    }

    fn close(
        &self,
        journal: Journal<SimDisk>,
        report: &tollgate::flow::Report,
        beforehand: Option<Beforehand>,
        said: &Said,
    ) -> End {
        let (complete, account) = (report.ending == Ending::Complete, report.account);
        let exit = match report.ending.error() {
            Some(error) => error.exit(),
            None if complete && journal.totals().unwanted() == 0 => Exit::Success,
            None if complete => Exit::Rows,
            None => Exit::Data,
        };
        let unsettled = account.read - account.skipped - account.tally.settled();
        let ending = report::Ending { exit, at: now(), rows_read: account.read, unsettled, complete };
        let closed = journal.close(ending).and_then(|closed| {
            said.claimed.set(closed.lines);
            match beforehand {
                Some(beforehand) if complete => beforehand.complete(self.rows),
                Some(_) | None => Ok(()),
            }
        });
        match closed {
            Ok(()) => End::Closed(report.ending.clone()),
            Err(error) => End::Trouble(error),
        }
    }
}
