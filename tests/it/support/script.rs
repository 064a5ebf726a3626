//! What the scripted API does, and when.

use std::{collections::HashMap, time::Duration};

use serde::Deserialize;
use tollgate::domain::{Operation, Row, Subject};

use super::world::World;

/// How one request is treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// As the API's documentation says.
    Normal,
    /// 429, with or without Retry-After.
    TooMany(Option<Duration>),
    /// 500, and the request is not applied.
    Broken,
    /// The request is applied, and answered 500.
    BrokenAfter,
    /// 503 with Retry-After.
    Unavailable(Duration),
    /// The connection breaks before the request is applied.
    ResetBefore,
    /// The request is applied, its answer lost.
    ResetAfter,
    /// No answer, ever; not applied.
    Hang,
    /// Nobody listens: no HTTP, and nothing can have been applied.
    Unreachable,
    /// A page that is not the API's own.
    Unsigned(u16),
    /// 401.
    Unauthorized,
    /// By its own code, the key lacks a right.
    WithoutRight,
    /// 401 until the key is renewed.
    Revoked,
    /// A signed 400.
    BadRequest,
    /// A signed not-found, whatever is there: the key of another app.
    Lying,
}

/// Which calls meet a phase's faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reach {
    #[default]
    All,
    /// Those that change something.
    Changes,
    /// Those that change nothing.
    Reads,
    Deletions,
    Creations,
}

impl Reach {
    pub(crate) const fn covers(self, operation: Operation) -> bool {
        match self {
            Self::All => true,
            Self::Changes => operation.changes(),
            Self::Reads => !operation.changes(),
            Self::Deletions => matches!(operation, Operation::Delete),
            Self::Creations => matches!(operation, Operation::Create),
        }
    }
}

/// From a moment on, until the next phase.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    /// Since the script began.
    pub(crate) from: Duration,
    /// How long every answer takes.
    pub(crate) latency: Duration,
    /// And up to so much longer.
    pub(crate) jitter: Duration,
    /// With which share a request is treated how; the rest is normal.
    pub(crate) faults: Vec<(f64, Manner)>,
    /// Who meets them.
    pub(crate) reach: Reach,
    /// The vendor's own limit: so many a second, and what it answers beyond.
    pub(crate) limit: Option<(f64, Option<Duration>)>,
}

impl Phase {
    /// All is well, at this latency.
    pub(crate) fn calm(from: Duration, latency: Duration) -> Self {
        Self { from, latency, jitter: Duration::ZERO, faults: Vec::new(), reach: Reach::All, limit: None }
    }

    /// Everything is treated in one manner.
    pub(crate) fn all(from: Duration, latency: Duration, manner: Manner) -> Self {
        Self::calm(from, latency).some(1.0, manner)
    }

    /// A share more is treated in this manner.
    pub(crate) fn some(mut self, share: f64, manner: Manner) -> Self {
        self.faults.push((share, manner));
        self
    }

    /// Other calls are spared.
    pub(crate) fn reaches(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }
}

/// What is peculiar about one id, whatever the phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Temper {
    /// Any request about it meets a 500.
    Poison,
    /// Changing it meets an unsigned page; looking is well.
    Haunted,
    /// Changing it meets a signed 400.
    Unwelcome,
    /// At the first attempt to create it somebody else has just done so.
    Contested,
    /// Its name is taken, and nobody is found by it.
    Phantom,
    /// Looks still find it for so long after its deletion.
    Lingering(Duration),
}

/// What is peculiar about the API as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Habits {
    /// Whoever exists is not created again: another one has the name.
    pub(crate) taken: bool,
    /// Ids of persons are names: they must be looked up, and changes go by the API's own id.
    pub(crate) names: bool,
    /// Fields are taken away by a call of its own, which an update asks for.
    pub(crate) removes: bool,
}

/// What the remote does, and when.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// In order of time; the first begins at zero.
    pub(crate) phases: Vec<Phase>,
    /// Ids with a peculiarity.
    pub(crate) tempers: HashMap<String, Temper>,
    /// Who exists.
    pub(crate) existing: World,
    /// The app of the key that a renewal finds, if it finds a new one.
    pub(crate) new_key: Option<&'static str>,
    /// A deletion's answer does not tell a deleted profile from an absent one, so that a look goes before it.
    pub(crate) looks_first: bool,
    pub(crate) habits: Habits,
    /// Draws the shares, per id and per request about it.
    pub(crate) seed: u64,
}

impl Script {
    /// Everybody exists, all is well.
    pub(crate) fn calm(rows: &[Row], latency: Duration) -> Self {
        let existing = rows.iter().flat_map(ids_of).collect();
        Self {
            phases: vec![Phase::calm(Duration::ZERO, latency)],
            tempers: HashMap::new(),
            existing,
            new_key: None,
            looks_first: false,
            habits: Habits::default(),
            seed: 7,
        }
    }

    /// A later phase.
    pub(crate) fn then(mut self, phase: Phase) -> Self {
        self.phases.push(phase);
        self
    }

    /// From the beginning.
    pub(crate) fn first(mut self, phase: Phase) -> Self {
        self.phases = vec![phase];
        self
    }

    /// Gives an id a peculiarity.
    pub(crate) fn temper(mut self, id: &str, temper: Temper) -> Self {
        self.tempers.insert(id.to_owned(), temper);
        self
    }
}

fn ids_of(row: &Row) -> Vec<String> {
    match &row.subject {
        Subject::Known(identity) => identity.ids().map(|id| id.text().to_owned()).collect(),
        Subject::Spared(..) | Subject::Malformed { .. } => Vec::new(),
    }
}
