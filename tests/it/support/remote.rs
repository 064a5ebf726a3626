//! A scripted API: every answer is decided by a script, and every request is written down with its virtual times, so
//! that the laws can be checked without asking the flow.

use std::{
    cell::{Cell, Ref, RefCell},
    collections::{HashMap, HashSet},
    time::Duration,
};

use tokio::time::Instant;
use tollgate::{
    domain::{
        Action, Blame, Call, Dice, Evidence, Fact, Fields, Id, IdKind, Identity, Operation, Reply, Row, Slot, Subject,
        Suspicion, Word,
    },
    flow::{Remote, Renewal},
};

/// The app that the key belongs to at first.
pub(crate) const APP: &str = "app-one";
/// The id that never exists.
pub(crate) const WITNESS: &str = "witness-of-nobody";

/// How one request is treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// As the API's documentation says.
    Normal,
    /// 429, with or without Retry-After.
    TooMany(Option<Duration>),
    /// 500.
    Broken,
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
    /// 401 until the key is renewed.
    Revoked,
    /// A signed 400.
    BadRequest,
    /// A signed not-found, whatever is there: the key of another app.
    Lying,
}

/// From a moment on, until the next phase.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    /// Since the script began.
    pub(crate) from: Duration,
    /// How long every answer takes.
    pub(crate) latency: Duration,
    /// With which share a request is treated how; the rest is normal.
    pub(crate) faults: Vec<(f64, Manner)>,
    /// Only deletions meet the faults.
    pub(crate) deletes_only: bool,
    /// The vendor's own limit: so many a second, and what it answers beyond.
    pub(crate) limit: Option<(f64, Option<Duration>)>,
}

impl Phase {
    /// All is well, at this latency.
    pub(crate) fn calm(from: Duration, latency: Duration) -> Self {
        Self { from, latency, faults: Vec::new(), deletes_only: false, limit: None }
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

    /// Looks are spared.
    pub(crate) fn deletes_only(mut self) -> Self {
        self.deletes_only = true;
        self
    }
}

/// What is peculiar about one id, whatever the phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Temper {
    /// Any request about it meets a 500.
    Poison,
    /// Deleting it meets an unsigned page; looking is well.
    Haunted,
    /// Deleting it meets a signed 400.
    Unwelcome,
    /// Looks still find it for so long after its deletion.
    Lingering(Duration),
}

/// What the remote does, and when.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// In order of time; the first begins at zero.
    pub(crate) phases: Vec<Phase>,
    /// Ids with a peculiarity.
    pub(crate) tempers: HashMap<String, Temper>,
    /// Who exists.
    pub(crate) existing: HashSet<String>,
    /// The app of the key that a renewal finds, if it finds a new one.
    pub(crate) new_key: Option<&'static str>,
    /// A deletion's answer does not tell a deleted profile from an absent one, so that a look goes before it.
    pub(crate) looks_first: bool,
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

/// One request as the remote saw it; times are virtual, since the script began.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    /// When it was answered, or given up by the caller.
    pub(crate) until: Option<Duration>,
    pub(crate) operation: Operation,
    pub(crate) slot: Slot,
    pub(crate) identity: Identity,
    pub(crate) manner: Manner,
    /// The profile was there, and is gone by this request.
    pub(crate) applied: bool,
    /// What was answered, if anything was.
    pub(crate) answer: Option<Word>,
    /// The caller cannot know whether it was applied.
    pub(crate) lost: bool,
}

impl Sent {
    pub(crate) fn id(&self) -> &str {
        slot_id(&self.identity, self.slot)
    }
}

fn slot_id(identity: &Identity, slot: Slot) -> &str {
    match slot {
        Slot::Primary => identity.primary().text(),
        Slot::Fallback => identity.fallback().unwrap_or(identity.primary()).text(),
    }
}

/// The scripted API.
pub(crate) struct ScriptedRemote {
    script: Script,
    began: Instant,
    existing: RefCell<HashSet<String>>,
    asked: RefCell<HashMap<String, u64>>,
    allowance: Cell<(Duration, f64)>,
    app: Cell<&'static str>,
    renewed: Cell<bool>,
    log: RefCell<Vec<Sent>>,
    in_flight: Cell<usize>,
    peak: Cell<usize>,
}

/// Writes down when a request left the wire, even if its caller lost patience.
struct OnTheWire<'a> {
    remote: &'a ScriptedRemote,
    index: usize,
}

impl Drop for OnTheWire<'_> {
    fn drop(&mut self) {
        self.remote.in_flight.set(self.remote.in_flight.get() - 1);
        self.remote.log.borrow_mut()[self.index].until = Some(self.remote.began.elapsed());
    }
}

impl ScriptedRemote {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            existing: RefCell::new(script.existing.clone()),
            script,
            began: Instant::now(),
            asked: RefCell::default(),
            allowance: Cell::new((Duration::ZERO, f64::INFINITY)),
            app: Cell::new(APP),
            renewed: Cell::new(false),
            log: RefCell::default(),
            in_flight: Cell::new(0),
            peak: Cell::new(0),
        }
    }

    /// Everything it was asked so far, in order of arrival.
    pub(crate) fn log(&self) -> Ref<'_, [Sent]> {
        Ref::map(self.log.borrow(), Vec::as_slice)
    }

    /// Everything it was asked, in order of arrival, and the most that was on the wire at once.
    pub(crate) fn into_log(self) -> (Vec<Sent>, usize) {
        (self.log.into_inner(), self.peak.get())
    }

    fn manner(&self, phase: &Phase, call: Call, id: &str) -> Manner {
        let draw = self.draw(id);
        match self.script.tempers.get(id) {
            Some(Temper::Poison) => return Manner::Broken,
            Some(Temper::Haunted) if call.operation == Operation::Delete => return Manner::Unsigned(405),
            Some(Temper::Unwelcome) if call.operation == Operation::Delete => return Manner::BadRequest,
            Some(Temper::Haunted | Temper::Unwelcome | Temper::Lingering(_)) | None => {}
        }
        if let Some((limit, after)) = phase.limit
            && !self.within(limit)
        {
            return Manner::TooMany(after);
        }
        if phase.deletes_only && !call.operation.changes() {
            return Manner::Normal;
        }
        let mut reached = 0.0;
        for (share, manner) in &phase.faults {
            reached += share;
            if draw < reached {
                return if *manner == Manner::Revoked && self.renewed.get() { Manner::Normal } else { *manner };
            }
        }
        Manner::Normal
    }

    /// A throw for the n-th request about an id: the same whatever else happens around it.
    fn draw(&self, id: &str) -> f64 {
        let mut asked = self.asked.borrow_mut();
        let nth = asked.entry(id.to_owned()).or_default();
        *nth += 1;
        let mixed = id.bytes().fold(self.script.seed ^ (*nth << 32), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
        });
        Dice::seeded(mixed).fraction()
    }

    /// The vendor's token bucket: a tenth of a second's worth of burst.
    fn within(&self, limit: f64) -> bool {
        let now = self.began.elapsed();
        let (last, left) = self.allowance.get();
        let left = (now.saturating_sub(last).as_secs_f64().mul_add(limit, left)).min((limit / 10.0).max(1.0));
        let passes = left >= 1.0;
        self.allowance.set((now, if passes { left - 1.0 } else { left }));
        passes
    }

    fn apply(&self, manner: Manner, call: Call, id: &str) -> bool {
        matches!(manner, Manner::Normal | Manner::ResetAfter)
            && call.operation.changes()
            && self.existing.borrow_mut().remove(id)
    }

    fn reply(&self, manner: Manner, call: Call, identity: &Identity, applied: bool) -> Reply {
        let (word, status, lost) = match manner {
            Manner::Normal => self.documented(call, identity, applied),
            Manner::Lying => not_there(call, identity),
            Manner::TooMany(after) => (Word::Again { after, blame: Blame::Never }, Some(429), false),
            Manner::Unavailable(after) => (Word::Again { after: Some(after), blame: Blame::Never }, Some(503), false),
            Manner::Broken => (Word::Again { after: None, blame: Blame::Row }, Some(500), false),
            Manner::ResetBefore | Manner::ResetAfter | Manner::Hang => {
                (Word::Again { after: None, blame: Blame::Row }, None, true)
            }
            Manner::Unreachable => (Word::Again { after: None, blame: Blame::Row }, None, false),
            Manner::Unsigned(status) => (Word::Suspect(Suspicion::Unsigned), Some(status), false),
            Manner::Unauthorized | Manner::Revoked => (Word::Suspect(Suspicion::Credentials), Some(401), false),
            Manner::BadRequest => (Word::Refused, Some(400), false),
        };
        let found = word == Word::Done(Fact::Found);
        let app = found.then(|| self.app.get().to_owned());
        let remote_id = found.then(|| format!("remote-{}", slot_id(identity, call.slot)));
        let kept = found && call.operation == Operation::Get;
        let profile = kept.then(|| format!("{{\"id\":\"{}\"}}", slot_id(identity, call.slot)).into());
        Reply {
            word,
            evidence: Evidence { status, app, remote_id, profile, ..Evidence::default() },
            lost,
            resolved: None,
        }
    }

    fn documented(&self, call: Call, identity: &Identity, applied: bool) -> (Word, Option<u16>, bool) {
        match call.operation {
            Operation::Delete if applied || self.script.looks_first => (Word::Done(Fact::Deleted), Some(204), false),
            Operation::Look | Operation::Get if self.can_be_seen(slot_id(identity, call.slot)) => {
                (Word::Done(Fact::Found), Some(200), false)
            }
            Operation::Create => (Word::Done(Fact::Created), Some(200), false),
            Operation::Update | Operation::Remove => (Word::Done(Fact::Updated), Some(200), false),
            Operation::Delete | Operation::Look | Operation::Get | Operation::Compare => not_there(call, identity),
        }
    }

    fn can_be_seen(&self, id: &str) -> bool {
        let Some(Temper::Lingering(time)) = self.script.tempers.get(id) else {
            return self.existing.borrow().contains(id);
        };
        let gone = self.log.borrow().iter().find(|sent| sent.applied && sent.id() == id).map(|sent| sent.at);
        gone.is_none_or(|at| self.began.elapsed() < at.saturating_add(*time))
    }
}

fn not_there(call: Call, identity: &Identity) -> (Word, Option<u16>, bool) {
    let next = Call { slot: Slot::Fallback, ..call };
    let ask_further = call.slot == Slot::Primary && identity.fallback().is_some();
    (if ask_further { Word::Next(next) } else { Word::Done(Fact::Absent) }, Some(404), false)
}

impl Remote for ScriptedRemote {
    fn first(&self, row: &Row) -> Call {
        let operation = match row.action {
            Action::Delete if self.script.looks_first => Operation::Look,
            Action::Delete => Operation::Delete,
            Action::Get => Operation::Get,
            Action::Verify => Operation::Look,
            Action::Create => Operation::Create,
            Action::Update | Action::Upsert => Operation::Update,
        };
        Call { operation, slot: Slot::Primary }
    }

    #[expect(clippy::disallowed_methods, reason = "latency, on the paused clock")]
    async fn send(&self, call: Call, identity: &Identity, _fields: &Fields) -> Reply {
        let at = self.began.elapsed();
        let phase = self.script.phases.iter().rev().find(|phase| phase.from <= at).expect("a phase begins at zero");
        let id = slot_id(identity, call.slot);
        let manner = self.manner(phase, call, id);
        let applied = self.apply(manner, call, id);
        let lost = applied || matches!(manner, Manner::ResetBefore | Manner::ResetAfter | Manner::Hang);
        let index = self.log.borrow().len();
        self.log.borrow_mut().push(Sent {
            at,
            until: None,
            operation: call.operation,
            slot: call.slot,
            identity: identity.clone(),
            manner,
            applied,
            answer: None,
            lost,
        });
        self.in_flight.set(self.in_flight.get() + 1);
        self.peak.set(self.peak.get().max(self.in_flight.get()));
        let wire = OnTheWire { remote: self, index };
        if manner == Manner::Hang {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(phase.latency).await;
        drop(wire);
        let mut reply = self.reply(manner, call, identity, applied);
        reply.evidence.request_id = Some(index.to_string());
        let entry = &mut self.log.borrow_mut()[index];
        entry.answer = Some(reply.word.clone());
        entry.lost = reply.lost;
        reply
    }

    fn witness(&self) -> Identity {
        Identity::one(Id::parse(IdKind(0), WITNESS).expect("a good id"))
    }

    fn renew(&self) -> Renewal {
        match self.script.new_key {
            Some(app) if !self.renewed.replace(true) => {
                self.app.set(app);
                Renewal::Changed
            }
            Some(_) | None => Renewal::Same,
        }
    }
}
