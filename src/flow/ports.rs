//! What the flow asks of the other rooms.

use std::time::Duration;

use futures::future::LocalBoxFuture;

use crate::{
    domain::{Aside, Batch, Call, Fields, Id, Identity, Outcome, Reply, Row, Tally},
    error::Error,
};

/// The API, as the flow sees it.
pub trait Remote {
    /// The first call for a row. Never blocks, never fails. Where it is a look on the way to a change, the flow goes on
    /// to the change by the same id once the profile is found, or by the API's own id that the answer resolved it to. A
    /// change may also ask for such a look on its way, with [`crate::domain::Word::Next`].
    fn first(&self, row: &Row) -> Call;

    /// One request on the wire and the meaning of its answer. The flow bounds its time and drops it when that is
    /// over; an implementation neither retries nor paces. `fields` are the row's, for calls that carry them.
    fn send(&self, call: Call, identity: &Identity, fields: &Fields) -> impl Future<Output = Reply>;

    /// An identity that cannot exist: looking at it gives a definitive answer when key and URL work.
    fn witness(&self) -> Identity;

    /// Reads the key again from where it came from, and uses it from now on if it changed.
    fn renew(&self) -> Renewal;
}

/// What reading the key again came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The key is the same, or cannot be read again.
    Same,
    /// A new key is in use now.
    Changed,
}

/// Where rows come from.
pub trait Intake {
    /// The next stretch of rows, in file order; `None` at the end. Must be cancel-safe.
    fn next(&mut self) -> impl Future<Output = Result<Option<Batch>, IntakeLost>>;
}

/// The reader has failed; it holds the real error, to be collected where it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeLost;

/// Where outcomes go.
pub trait Ledger {
    /// Hands over outcomes in order of settling, and what no call is about; waits while the queue is full.
    fn record(&mut self, outcomes: Vec<Outcome>, aside: Aside) -> impl Future<Output = Result<(), LedgerLost>>;
}

/// The journal has failed; it holds the real error, to be collected where it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerLost;

/// Whoever keeps the list of those who shall not come back.
pub trait Register {
    /// Enters by which ids somebody is known who is about to be deleted; when it is done, that lasts.
    ///
    /// # Errors
    /// Why it cannot: then nobody may be deleted.
    fn enter(&self, ids: Vec<Id>) -> LocalBoxFuture<'_, Result<(), Error>>;
}

/// Somebody watching: shown a pulse about ten times a second; must return at once.
pub trait Spectator {
    /// Shows how things stand.
    fn show(&mut self, pulse: &Pulse);
}

/// How things stand.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// Rows in the input, when known; those settled by earlier tries included.
    pub total: Option<u64>,
    /// Rows that earlier tries had settled, met so far by the reader.
    pub skipped: u64,
    /// How this try's rows ended.
    pub tally: Tally,
    /// Requests on the wire now.
    pub in_flight: u32,
    /// Attempts that came to nothing and were or will be repeated.
    pub retries: u64,
    /// Since the flow began.
    pub elapsed: Duration,
    /// Requests per second over about the last five seconds.
    pub rate: f64,
    /// The gate is held for so much longer, because the API asked for it.
    pub held: Option<Duration>,
    /// The API does not answer, since so long.
    pub outage: Option<Duration>,
    /// An investigation of a suspicious answer is under way.
    pub investigating: bool,
    /// No further row is taken in; what is on the wire is awaited.
    pub draining: bool,
}

/// Asked to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}
