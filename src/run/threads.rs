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
        OwnedSemaphorePermit, Semaphore,
        mpsc::{Receiver, Sender, channel},
    },
    time::MissedTickBehavior,
};

use super::wall;
use crate::{
    domain::{Batch, Digest, Kept, Outcome, Past},
    error::{Error, Exit},
    flow::{Ending, Intake, IntakeLost, Ledger, LedgerLost},
    report::{Journal, RealDisk},
    source::{Finish, Reader},
};

/// Batches of up to 256 rows between the reader and the flow.
const READ_AHEAD: usize = 4;
/// Hand-overs of up to 64 outcomes between the flow and the journal; as many are being written: 1,024 outcomes.
const QUEUE: usize = 8;
/// Profiles waiting in that queue, in KiB, at most: each may take a megabyte.
const PROFILES_KIB: u32 = 64 * 1024;
/// How often the journal is synced while lines come in.
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// The reader's thread, as the flow sees it.
pub(super) struct ReaderThread {
    batches: Receiver<Result<Batch, IntakeLost>>,
}

/// What is left of the reader when the flow is done with it.
pub(super) struct ReaderHandle(JoinHandle<Result<Finish, Error>>);

/// Starts reading. `expected` is the survey's digest: a file that says something else now has changed.
pub(super) fn read<R: Read + Send + 'static>(
    reader: Reader<R>,
    first: Option<Batch>,
    past: Arc<Past>,
    expected: Option<Digest>,
) -> Result<(ReaderThread, ReaderHandle), Error> {
    let (sender, batches) = channel(READ_AHEAD);
    let thread = Builder::new()
        .name("reader".to_owned())
        .spawn(move || {
            let read = read_all(reader, first, &past, expected, &sender);
            if read.is_err() {
                let _nobody_waits = sender.blocking_send(Err(IntakeLost));
            }
            read
        })
        .map_err(|error| no_thread(&error))?;
    Ok((ReaderThread { batches }, ReaderHandle(thread)))
}

fn read_all<R: Read>(
    mut reader: Reader<R>,
    first: Option<Batch>,
    past: &Past,
    expected: Option<Digest>,
    sender: &Sender<Result<Batch, IntakeLost>>,
) -> Result<Finish, Error> {
    if let Some(batch) = first {
        hand_on(batch, sender)?;
    }
    loop {
        let mut batch = Batch::default();
        if !reader.next(past, &mut batch)? {
            break;
        }
        hand_on(batch, sender)?;
    }
    let finish = reader.finish()?;
    match expected {
        Some(digest) if digest != finish.digest => Err(Error::new(Exit::Data, "the input changed while it was read")
            .hint("rows may have been missed: leave the file alone and begin a new run with it")),
        Some(_) | None => Ok(finish),
    }
}

fn hand_on(batch: Batch, sender: &Sender<Result<Batch, IntakeLost>>) -> Result<(), Error> {
    sender.blocking_send(Ok(batch)).map_err(|_| Error::new(Exit::Incomplete, "the run ended before the input did"))
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
        self.batches.recv().await.transpose()
    }
}

/// What the flow hands over at once.
#[derive(Default)]
struct HandOver {
    outcomes: Vec<Outcome>,
    kept: Vec<Kept>,
    /// Given back when it is written.
    room: Vec<OwnedSemaphorePermit>,
}

impl HandOver {
    fn add(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.kept.extend(other.kept);
        self.room.extend(other.room);
    }
}

/// The journal's thread, as the flow sees it.
pub(super) struct JournalThread {
    queue: Sender<HandOver>,
    room: Arc<Semaphore>,
}

/// The journal, to be had back when the flow is done.
pub(super) struct JournalHandle(JoinHandle<Result<Journal<RealDisk>, Error>>);

/// Starts writing.
pub(super) fn write(journal: Journal<RealDisk>) -> Result<(JournalThread, JournalHandle), Error> {
    let (queue, hand_overs) = channel(QUEUE);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|error| no_thread(&error))?;
    let thread = Builder::new()
        .name("journal".to_owned())
        .spawn(move || runtime.block_on(write_all(journal, hand_overs)))
        .map_err(|error| no_thread(&error))?;
    let room = Arc::new(Semaphore::new(PROFILES_KIB as usize));
    Ok((JournalThread { queue, room }, JournalHandle(thread)))
}

async fn write_all(
    mut journal: Journal<RealDisk>,
    mut hand_overs: Receiver<HandOver>,
) -> Result<Journal<RealDisk>, Error> {
    let mut ticks = tokio::time::interval(SYNC_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waiting = Vec::with_capacity(QUEUE);
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick() => journal.sync()?,
            count = hand_overs.recv_many(&mut waiting, QUEUE) => {
                if count == 0 {
                    return Ok(journal);
                }
                // Together, since profiles are synced with each writing.
                let mut all = HandOver::default();
                waiting.drain(..).for_each(|hand_over| all.add(hand_over));
                journal.record(&all.outcomes, wall::now())?;
                journal.keep(&all.kept)?;
            }
        }
    }
}

impl JournalHandle {
    /// The journal, once its queue is empty; to be asked when the flow has let go of it.
    pub(super) fn wait(self) -> Result<Journal<RealDisk>, Error> {
        self.0.join().unwrap_or_else(|_| Err(panicked("journal")))
    }
}

impl Ledger for JournalThread {
    async fn record(&mut self, outcomes: Vec<Outcome>, kept: Vec<Kept>) -> Result<(), LedgerLost> {
        let room = Arc::clone(&self.room).acquire_many_owned(kib_of_profiles(&outcomes)).await;
        let room = room.map_err(|_| LedgerLost)?;
        self.queue.send(HandOver { outcomes, kept, room: vec![room] }).await.map_err(|_| LedgerLost)
    }
}

fn kib_of_profiles(outcomes: &[Outcome]) -> u32 {
    let profiles = outcomes.iter().filter_map(|outcome| outcome.evidence.profile.as_ref());
    let bytes: usize = profiles.map(|profile| profile.len()).sum();
    u32::try_from(bytes / 1024).unwrap_or(PROFILES_KIB).min(PROFILES_KIB)
}

fn no_thread(error: &std::io::Error) -> Error {
    Error::new(Exit::Internal, format!("cannot start a thread: {error}"))
}

fn panicked(name: &str) -> Error {
    Error::new(Exit::Internal, format!("the {name}'s thread panicked"))
}
