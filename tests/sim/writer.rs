//! The journal at work, and the memory behind it: driven inline on the paused clock, the way their thread drives them.

use std::{cell::RefCell, rc::Rc, time::Duration};

use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Instant,
};
use tollgate::{
    domain::{Aside, Outcome},
    error::Error,
    flow::{Ledger, LedgerLost},
    memory::Memory,
    report::Journal,
};

use crate::{
    desk::{Store, now},
    machine::{Machine, Said, wait},
    support::disk::SimDisk,
};

/// Hand-overs between the flow and the journal, and how often that syncs: as in the threads that drive the real ones.
const QUEUE: usize = 16;
const SYNC_EVERY: Duration = Duration::from_millis(100);
/// After so many syncs what they wrote is remembered.
const REMEMBER_EVERY: u32 = 10;

/// What the flow hands over at once.
pub(crate) type HandOver = (Vec<Outcome>, Aside);

/// What the flow hands over to.
pub(crate) struct Queue<'a> {
    sender: Sender<HandOver>,
    offered: &'a RefCell<Vec<u64>>,
}

/// A queue, and the end at which the journal takes; whatever is offered is noted.
pub(crate) fn queue(offered: &RefCell<Vec<u64>>) -> (Queue<'_>, Receiver<HandOver>) {
    let (sender, hand_overs) = channel(QUEUE);
    (Queue { sender, offered }, hand_overs)
}

impl Ledger for Queue<'_> {
    async fn record(&mut self, outcomes: Vec<Outcome>, aside: Aside) -> Result<(), LedgerLost> {
        self.offered.borrow_mut().extend(outcomes.iter().map(|outcome| outcome.row.line));
        self.offered.borrow_mut().extend(aside.spans.iter().flat_map(|span| span.first..=span.last));
        self.sender.send((outcomes, aside)).await.map_err(|_| LedgerLost)
    }
}

/// The journal at work, and the memory behind it.
pub(crate) struct Writer<'m, 'a> {
    machine: &'m Machine<'a>,
    journal: Journal<SimDisk>,
    memory: Option<Rc<RefCell<Memory>>>,
    synced: Vec<Outcome>,
    began: Instant,
    due: Option<Instant>,
    ticks: u32,
}

/// Ticks fall at whole multiples of an interval.
fn next_tick(began: Instant) -> Instant {
    let passed = began.elapsed().as_nanos() / SYNC_EVERY.as_nanos() + 1;
    began + SYNC_EVERY * u32::try_from(passed).expect("a history of years")
}

impl<'m, 'a> Writer<'m, 'a> {
    pub(crate) fn new(
        machine: &'m Machine<'a>,
        journal: Journal<SimDisk>,
        memory: Option<Rc<RefCell<Memory>>>,
    ) -> Self {
        Self { machine, journal, memory, synced: Vec::new(), began: Instant::now(), due: None, ticks: 0 }
    }

    /// As the journal's thread does, on this clock; a process that dies says nothing more.
    pub(crate) async fn write_all(
        mut self,
        mut hand_overs: Receiver<HandOver>,
        said: &Said,
    ) -> Result<Journal<SimDisk>, Error> {
        loop {
            let done = tokio::select! {
                biased;
                () = self.due() => self.sync(),
                hand_over = hand_overs.recv() => match hand_over {
                    Some(hand_over) => {
                        wait(self.machine.plan.writing).await;
                        self.write(hand_over)
                    }
                    None => return self.remember().map(|()| self.journal),
                },
            };
            said.claimed.set(self.journal.lines_synced());
            if self.machine.is_dead() {
                said.death.notify_one();
                std::future::pending::<()>().await;
            }
            done?;
        }
    }

    /// The next tick of the clock, once there is something to do at it: hours without news cost nothing.
    async fn due(&self) {
        match self.due {
            Some(due) => wait(due.saturating_duration_since(Instant::now())).await,
            None => std::future::pending().await,
        }
    }

    fn write(&mut self, (mut outcomes, aside): HandOver) -> Result<(), Error> {
        self.due.get_or_insert_with(|| next_tick(self.began));
        self.journal.record(&outcomes, now())?;
        self.journal.pass(&aside.spans, now())?;
        self.journal.keep(&aside.kept)?;
        if self.memory.is_some() {
            self.synced.append(&mut outcomes);
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Error> {
        self.journal.sync()?;
        self.ticks += 1;
        if self.ticks.is_multiple_of(REMEMBER_EVERY) {
            self.remember()?;
        }
        self.due = (!self.synced.is_empty()).then(|| next_tick(self.began));
        Ok(())
    }

    /// Only what is in the synced journal.
    fn remember(&mut self) -> Result<(), Error> {
        let Some(memory) = self.memory.as_ref().filter(|_| !self.synced.is_empty()) else { return Ok(()) };
        self.journal.sync()?;
        let now = self.machine.store.map_or_else(now, Store::now);
        memory.borrow_mut().remember(&self.synced, now)?;
        self.synced.clear();
        Ok(())
    }
}
