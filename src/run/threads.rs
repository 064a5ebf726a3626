//! Threads are adapters: the reader and the journal, plain state machines, run against real files on threads of their
//! own, behind bounded channels.
//!
//! Promises: an error ends its thread and is found there; the flow only learns that the thread has gone.

use std::{
    io::Read,
    sync::Arc,
    thread::{Builder, JoinHandle},
    time::Duration,
};

use tokio::{
    sync::{
        Semaphore,
        mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel},
    },
    time::{MissedTickBehavior, interval},
};

use super::{
    beforehand::{Beforehand, Prepared},
    store::Store,
    wall,
};
use crate::{
    domain::{Aside, Batch, Outcome, Past},
    error::{Error, Exit},
    flow::{Ending, Intake, IntakeLost, Ledger, LedgerLost},
    report::{Journal, RealDisk, Synced},
    source::{Finish, Reader},
};

/// Batches of up to 256 rows between the reader and the flow.
const READ_AHEAD: usize = 4;
/// Outcomes between the flow and the journal.
const QUEUE: usize = 1024;
/// Profiles among these, in KiB: each may take a megabyte.
const PROFILES_KIB: usize = 64 * 1024;
/// How long the journal waits for more once something has come: a waking and a write for each hand-over would cost more
/// than the lines themselves.
const LINGER: Duration = Duration::from_millis(10);
/// Outcomes that are remembered at once: each time costs the store two syncs.
const REMEMBER_AT: usize = 4096;
/// After so many syncs of the journal, fewer are remembered too.
const REMEMBER_EVERY: u32 = 10;
/// How often the journal is synced while lines come in.
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// The reader's thread, as the flow sees it.
pub(super) struct ReaderThread {
    batches: Receiver<Result<Prepared, IntakeLost>>,
}

/// What is left of the reader when the flow is done with it.
pub(super) struct ReaderHandle(JoinHandle<Result<Finish, Error>>);

/// Starts reading.
pub(super) fn read<R: Read + Send + 'static>(
    reader: Reader<R>,
    first: Option<Batch>,
    past: Arc<Past>,
    beforehand: Beforehand,
) -> Result<(ReaderThread, ReaderHandle), Error> {
    let (sender, batches) = channel(READ_AHEAD);
    let thread = Builder::new()
        .name("reader".to_owned())
        .spawn(move || {
            let read = read_all(reader, first, &past, &mut Way { beforehand, sender: &sender });
            if read.is_err() {
                let _nobody_waits = sender.blocking_send(Err(IntakeLost));
            }
            read
        })
        .map_err(|error| Error::no_thread(&error))?;
    Ok((ReaderThread { batches }, ReaderHandle(thread)))
}

fn read_all<R: Read>(
    mut reader: Reader<R>,
    first: Option<Batch>,
    past: &Past,
    way: &mut Way<'_>,
) -> Result<Finish, Error> {
    if let Some(batch) = first {
        way.hand_on(batch)?;
    }
    loop {
        let mut batch = Batch::default();
        if !reader.next(past, &mut batch)? {
            break;
        }
        way.hand_on(batch)?;
    }
    reader.finish()
}

/// The way of a batch into the flow.
struct Way<'s> {
    beforehand: Beforehand,
    sender: &'s Sender<Result<Prepared, IntakeLost>>,
}

impl Way<'_> {
    fn hand_on(&mut self, batch: Batch) -> Result<(), Error> {
        let prepared = self.beforehand.prepare(batch)?;
        let sent = self.sender.blocking_send(Ok(prepared));
        sent.map_err(|_| Error::new(Exit::Incomplete, "the run ended before the input did"))
    }
}

impl ReaderHandle {
    /// What the reader came to, if the flow saw its end; otherwise it may wait for a pipe, and is left behind.
    pub(super) fn outcome(self, ending: &Ending) -> Option<Result<Finish, Error>> {
        let has_ended = matches!(ending, Ending::Complete | Ending::IntakeLost);
        has_ended.then(|| self.0.join().unwrap_or_else(|_| Err(panicked("reader"))))
    }
}

impl Intake for ReaderThread {
    async fn next(&mut self) -> Result<Option<Batch>, IntakeLost> {
        Ok(self.batches.recv().await.transpose()?.map(Prepared::into_batch))
    }
}

/// What the flow hands over at once.
struct HandOver {
    outcomes: Vec<Outcome>,
    aside: Aside,
    /// Of the queue: one for each line.
    places: usize,
    /// Of its profiles.
    kib: usize,
}

impl HandOver {
    fn new(outcomes: Vec<Outcome>, aside: Aside) -> Self {
        let profiles = outcomes.iter().filter_map(|outcome| outcome.evidence.profile.as_ref());
        let bytes: usize = profiles.map(|profile| profile.len()).sum();
        // More than everything is never to be had: whoever asks for it all has the queue for itself.
        let places = (outcomes.len() + aside.spans.len()).min(QUEUE);
        Self { outcomes, aside, places, kib: bytes.div_ceil(1024).min(PROFILES_KIB) }
    }

    fn add(&mut self, mut next: Self) {
        self.outcomes.append(&mut next.outcomes);
        self.aside.append(next.aside);
        self.places += next.places;
        self.kib += next.kib;
    }
}

/// What may still be handed over before something is written.
struct Room {
    places: Semaphore,
    kib: Semaphore,
}

impl Room {
    fn empty() -> Self {
        Self { places: Semaphore::new(QUEUE), kib: Semaphore::new(PROFILES_KIB) }
    }

    /// Waits until there is room for it.
    async fn take(&self, hand_over: &HandOver) -> Result<(), LedgerLost> {
        for (room, wanted) in [(&self.places, hand_over.places), (&self.kib, hand_over.kib)] {
            let wanted = u32::try_from(wanted).map_err(|_| LedgerLost)?;
            room.acquire_many(wanted).await.map_err(|_| LedgerLost)?.forget();
        }
        Ok(())
    }

    fn give_back(&self, written: &HandOver) {
        self.places.add_permits(written.places);
        self.kib.add_permits(written.kib);
    }

    /// Whoever still waits must not wait for ever.
    fn close(&self) {
        self.places.close();
        self.kib.close();
    }
}

/// The journal's thread, as the flow sees it.
pub(super) struct JournalThread {
    queue: UnboundedSender<HandOver>,
    room: Arc<Room>,
}

/// The journal, to be had back when the flow is done.
pub(super) struct JournalHandle(JoinHandle<Result<Journal<RealDisk>, Error>>);

/// Starts writing; what is synced is remembered, where there is a memory.
pub(super) fn write(
    journal: Journal<RealDisk>,
    memory: Option<Store>,
) -> Result<(JournalThread, JournalHandle), Error> {
    let (queue, hand_overs) = unbounded_channel();
    let room = Arc::new(Room::empty());
    let remembering = memory.map(|memory| Remembering { memory, synced: Vec::new(), ticks: 0 });
    let desk = Desk { journal, remembering, hand_overs, room: Arc::clone(&room) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Error::no_thread(&error))?;
    let thread = Builder::new()
        .name("journal".to_owned())
        .spawn(move || runtime.block_on(desk.work()))
        .map_err(|error| Error::no_thread(&error))?;
    Ok((JournalThread { queue, room }, JournalHandle(thread)))
}

/// The journal at work.
struct Desk {
    journal: Journal<RealDisk>,
    remembering: Option<Remembering>,
    hand_overs: UnboundedReceiver<HandOver>,
    room: Arc<Room>,
}

impl Desk {
    async fn work(mut self) -> Result<Journal<RealDisk>, Error> {
        let done = self.write_all().await;
        self.room.close();
        done.map(|()| self.journal)
    }

    async fn write_all(&mut self) -> Result<(), Error> {
        let (mut syncs, mut linger) = (interval(SYNC_EVERY), interval(LINGER));
        syncs.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = syncs.tick() => self.sync()?,
                first = self.hand_overs.recv() => {
                    let Some(first) = first else { return self.remember() };
                    linger.reset();
                    linger.tick().await;
                    self.write(first)?;
                }
            }
        }
    }

    /// Writes what has come meanwhile too, in one piece: profiles are synced with each writing.
    fn write(&mut self, mut all: HandOver) -> Result<(), Error> {
        while let Ok(next) = self.hand_overs.try_recv() {
            all.add(next);
        }
        self.journal.record(&all.outcomes, wall::now())?;
        self.journal.pass(&all.aside.spans, wall::now())?;
        self.journal.keep(&all.aside.kept)?;
        self.room.give_back(&all);
        match &mut self.remembering {
            Some(remembering) => {
                if remembering.take(all.outcomes) {
                    self.remember()
                } else {
                    Ok(())
                }
            }
            None => Ok(()),
        }
    }

    fn sync(&mut self) -> Result<(), Error> {
        let synced = self.journal.sync()?;
        match &mut self.remembering {
            Some(remembering) => {
                if remembering.is_due() {
                    remembering.flush(&synced)
                } else {
                    Ok(())
                }
            }
            None => Ok(()),
        }
    }

    fn remember(&mut self) -> Result<(), Error> {
        let Some(remembering) = &mut self.remembering else { return Ok(()) };
        remembering.flush(&self.journal.sync()?)
    }
}

/// Outcomes on their way into the memory.
struct Remembering {
    memory: Store,
    synced: Vec<Outcome>,
    ticks: u32,
}

impl Remembering {
    /// Takes outcomes; tells whether there are enough of them.
    fn take(&mut self, mut outcomes: Vec<Outcome>) -> bool {
        self.synced.append(&mut outcomes);
        self.synced.len() >= REMEMBER_AT
    }

    fn is_due(&mut self) -> bool {
        self.ticks += 1;
        self.ticks.is_multiple_of(REMEMBER_EVERY) && !self.synced.is_empty()
    }

    /// Only what is in the synced journal.
    fn flush(&mut self, _lines: &Synced) -> Result<(), Error> {
        if self.synced.is_empty() {
            return Ok(());
        }
        self.memory.lock().remember(&self.synced, wall::now())?;
        self.synced.clear();
        Ok(())
    }
}

impl JournalHandle {
    /// The journal, once its queue is empty; to be asked when the flow has let go of it.
    pub(super) fn wait(self) -> Result<Journal<RealDisk>, Error> {
        self.0.join().unwrap_or_else(|_| Err(panicked("journal")))
    }
}

impl Ledger for JournalThread {
    async fn record(&mut self, mut outcomes: Vec<Outcome>, mut aside: Aside) -> Result<(), LedgerLost> {
        while !(outcomes.is_empty() && aside.is_empty()) {
            let rest = outcomes.split_off(outcomes.len().min(QUEUE));
            let hand_over = HandOver::new(std::mem::replace(&mut outcomes, rest), std::mem::take(&mut aside));
            self.room.take(&hand_over).await?;
            self.queue.send(hand_over).map_err(|_| LedgerLost)?;
        }
        Ok(())
    }
}

fn panicked(name: &str) -> Error {
    Error::new(Exit::Internal, format!("the {name}'s thread panicked"))
}
