//! The real client in the real flow, on the real clock: rows in, outcomes out.

use std::{cell::RefCell, num::NonZeroU32, path::PathBuf, time::Duration};

use futures::stream;
use tollgate::{
    domain::{Aside, Batch, Moment, Outcome, Past, Verdict},
    flow::{Ending, Engine, Intake, IntakeLost, Ledger, LedgerLost, Options, Pulse, Spectator},
    remote::{ApiName, Client, Description, KeySource, Options as Way},
};

use super::KEY;
use crate::support::{
    program::PATIENCE,
    stage::{options, people},
};

/// So long one attempt may take. Only what is meant to hang ever takes so long.
const TIMEOUT: Duration = Duration::from_secs(1);

struct Rows(Option<Batch>);

impl Intake for Rows {
    async fn next(&mut self) -> Result<Option<Batch>, IntakeLost> {
        Ok(self.0.take())
    }
}

struct Book<'a>(&'a RefCell<Vec<Outcome>>);

impl Ledger for Book<'_> {
    async fn record(&mut self, outcomes: Vec<Outcome>, _aside: Aside) -> Result<(), LedgerLost> {
        self.0.borrow_mut().extend(outcomes);
        Ok(())
    }
}

struct Nobody;

impl Spectator for Nobody {
    fn show(&mut self, _pulse: &Pulse) {}
}

/// What a run came to.
pub(super) struct Seen {
    pub(super) ending: Ending,
    /// In the order of their rows.
    pub(super) outcomes: Vec<Outcome>,
}

impl Seen {
    /// Every row was deleted; how many requests each took.
    #[track_caller]
    pub(super) fn all_deleted(&self, rows: usize) -> Vec<u32> {
        assert_eq!(self.ending, Ending::Complete);
        assert_eq!(self.outcomes.len(), rows);
        for outcome in &self.outcomes {
            assert_eq!(outcome.verdict, Verdict::Deleted, "{outcome:?}");
        }
        self.outcomes.iter().map(|outcome| outcome.attempts).collect()
    }
}

/// How the client is told to reach a server.
pub(super) fn way(url: impl Into<String>, ca_cert: Option<PathBuf>) -> Way {
    Way {
        base_url: Some(url.into()),
        key: KeySource::Given(KEY.into()),
        ca_cert,
        client_identity: None,
        proxy: None,
        allow_http: false,
        connect_timeout: TIMEOUT,
        width: NonZeroU32::MIN,
    }
}

/// The client as a run builds it.
pub(super) fn client(way: &Way) -> Client {
    let adapty = Description::load(&ApiName::Embedded("adapty".into())).unwrap();
    Client::build(&adapty, way, || Moment::from_millis(0)).unwrap()
}

/// Deletes so many people, one at a time.
pub(super) async fn delete(way: &Way, count: usize) -> Seen {
    let client = client(way);
    let options = Options { timeout: TIMEOUT, ..options(1000.0, 1) };
    let outcomes = RefCell::default();
    let rows = Rows(Some(Batch { rows: people(count), ..Batch::default() }));
    let engine = Engine::new(&options, &client);
    let past = Past::default();
    let mut stops = stream::pending();
    let mut nobody = Nobody;
    let run = engine.run(rows, Book(&outcomes), &mut nobody, &mut stops, &past, Some(count as u64));
    let report = tokio::time::timeout(PATIENCE, run).await.unwrap();
    let mut outcomes = outcomes.into_inner();
    outcomes.sort_by_key(|outcome: &Outcome| outcome.row.line);
    Seen { ending: report.ending, outcomes }
}
