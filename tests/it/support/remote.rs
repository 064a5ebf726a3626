//! A scripted API: every answer is decided by a script, and every request is written down with its virtual times, so
//! that the laws can be checked without asking the flow.

use std::{
    cell::{Cell, Ref, RefCell},
    collections::HashMap,
    time::Duration,
};

use tokio::time::Instant;
use tollgate::{
    domain::{
        Action, Blame, Call, Dice, Evidence, Fact, Fields, Id, IdKind, Identity, Operation, Reply, Row, Slot,
        Suspicion, Value, Word,
    },
    flow::{Remote, Renewal},
};

pub(crate) use super::script::{Habits, Manner, Phase, Reach, Script, Temper};
use super::world::{World, own};

/// The app that the key belongs to at first.
pub(crate) const APP: &str = "app-one";
/// The id that never exists.
pub(crate) const WITNESS: &str = "witness-of-nobody";

/// One request as the remote saw it; times are virtual, since the script began.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    /// When it was answered, or given up by the caller.
    pub(crate) until: Option<Duration>,
    pub(crate) operation: Operation,
    pub(crate) slot: Slot,
    pub(crate) identity: Identity,
    /// What it carried.
    pub(crate) fields: Fields,
    pub(crate) manner: Manner,
    /// What it asks for was done, and changed who is there or what he has.
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
    existing: RefCell<World>,
    contested: RefCell<Vec<String>>,
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
            contested: RefCell::default(),
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

    /// Who exists now.
    pub(crate) fn world(&self) -> Ref<'_, World> {
        self.existing.borrow()
    }

    /// The most that was on the wire at once.
    pub(crate) const fn peak(&self) -> usize {
        self.peak.get()
    }

    fn manner(&self, phase: &Phase, call: Call, id: &str) -> Manner {
        let draw = self.draw(id);
        match self.script.tempers.get(id) {
            Some(Temper::Poison) => return Manner::Broken,
            Some(Temper::Haunted) if call.operation.changes() => return Manner::Unsigned(405),
            Some(Temper::Unwelcome) if call.operation.changes() => return Manner::BadRequest,
            Some(Temper::Haunted | Temper::Unwelcome | Temper::Lingering(_) | Temper::Contested | Temper::Phantom)
            | None => {}
        }
        if let Some((limit, after)) = phase.limit
            && !self.within(limit)
        {
            return Manner::TooMany(after);
        }
        if !phase.reach.covers(call.operation) {
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

    fn apply(&self, manner: Manner, call: Call, id: &str, fields: &Fields) -> bool {
        if !matches!(manner, Manner::Normal | Manner::ResetAfter | Manner::BrokenAfter) {
            return false;
        }
        if call.operation == Operation::Create && self.is_taken(id) {
            return false;
        }
        self.existing.borrow_mut().apply(call.operation, id, fields, !self.script.habits.removes)
    }

    /// Whether whoever is to be created is there already, or becomes so at this very moment.
    fn is_taken(&self, id: &str) -> bool {
        let temper = self.script.tempers.get(id);
        let mut contested = self.contested.borrow_mut();
        if temper == Some(&Temper::Contested) && !contested.iter().any(|other| other == id) {
            contested.push(id.to_owned());
            self.existing.borrow_mut().insert(id);
        }
        temper == Some(&Temper::Phantom) || (self.script.habits.taken && self.existing.borrow().has(id))
    }

    fn reply(&self, manner: Manner, call: Call, (identity, fields): (&Identity, &Fields), applied: bool) -> Reply {
        let (word, status, lost) = match manner {
            Manner::Normal => self.documented(call, (identity, fields), applied),
            Manner::Lying => not_there(call, self.fallback_call(call), identity),
            Manner::TooMany(after) => (Word::Again { after, blame: Blame::Never }, Some(429), false),
            Manner::Unavailable(after) => (Word::Again { after: Some(after), blame: Blame::Never }, Some(503), true),
            Manner::Broken | Manner::BrokenAfter => (Word::Again { after: None, blame: Blame::Row }, Some(500), true),
            Manner::ResetBefore | Manner::ResetAfter | Manner::Hang => {
                (Word::Again { after: None, blame: Blame::Row }, None, true)
            }
            Manner::Unreachable => (Word::Again { after: None, blame: Blame::Row }, None, false),
            Manner::Unsigned(status) => (Word::Suspect(Suspicion::Unsigned), Some(status), false),
            Manner::WithoutRight => (Word::Suspect(Suspicion::Right), Some(403), false),
            Manner::Unauthorized | Manner::Revoked => (Word::Suspect(Suspicion::Credentials), Some(401), false),
            Manner::BadRequest => (Word::Refused, Some(400), false),
        };
        let id = slot_id(identity, call.slot);
        let found = word == Word::Done(Fact::Found);
        let app = found.then(|| self.app.get().to_owned());
        let remote_id = found.then(|| format!("remote-{id}"));
        let kept = found && call.operation == Operation::Get;
        let profile = kept.then(|| format!("{{\"id\":\"{id}\"}}").into());
        let resolved = (found && self.is_name(id)).then(|| Id::parse(IdKind(0), &own(id)).expect("a good id"));
        let is_told = found && call.operation == Operation::Look;
        let names = is_told.then(|| Id::parse(IdKind(0), &own(id)).expect("a good id")).into_iter().collect();
        let evidence = Evidence { status, app, remote_id, names, profile, ..Evidence::default() };
        Reply { word, evidence, lost, resolved }
    }

    fn documented(
        &self,
        call: Call,
        (identity, fields): (&Identity, &Fields),
        applied: bool,
    ) -> (Word, Option<u16>, bool) {
        let id = slot_id(identity, call.slot);
        let has_nulls = fields.iter().any(|setting| setting.value == Value::Null);
        match call.operation {
            Operation::Delete if applied || self.script.looks_first => (Word::Done(Fact::Deleted), Some(204), false),
            Operation::Look | Operation::Get if self.can_be_seen(id) => (Word::Done(Fact::Found), Some(200), false),
            Operation::Compare if self.can_be_seen(id) => {
                let is_so = self.existing.borrow().is_so(id, fields);
                (Word::Done(if is_so { Fact::Same } else { Fact::Found }), Some(200), false)
            }
            Operation::Create if applied => (Word::Done(Fact::Created), Some(200), false),
            Operation::Create => (Word::Done(Fact::Taken(Slot::Primary)), Some(409), false),
            Operation::Update if applied && has_nulls && self.script.habits.removes => {
                (Word::Next(Call { operation: Operation::Remove, ..call }), Some(200), false)
            }
            Operation::Update | Operation::Remove if applied => (Word::Done(Fact::Updated), Some(200), false),
            Operation::Delete
            | Operation::Update
            | Operation::Remove
            | Operation::Look
            | Operation::Get
            | Operation::Compare => not_there(call, self.fallback_call(call), identity),
        }
    }

    fn is_name(&self, id: &str) -> bool {
        self.script.habits.names && id.starts_with("person")
    }

    /// A second id that is a name is looked up before anything is done by it.
    fn fallback_call(&self, call: Call) -> Operation {
        if self.script.habits.names && call.operation.changes() { Operation::Look } else { call.operation }
    }

    fn can_be_seen(&self, id: &str) -> bool {
        let Some(Temper::Lingering(time)) = self.script.tempers.get(id) else {
            return self.existing.borrow().has(id);
        };
        let gone = self.log.borrow().iter().find(|sent| sent.applied && sent.id() == id).map(|sent| sent.at);
        gone.is_none_or(|at| self.began.elapsed() < at.saturating_add(*time))
    }
}

fn not_there(call: Call, operation: Operation, identity: &Identity) -> (Word, Option<u16>, bool) {
    let next = Call { operation, slot: Slot::Fallback };
    let ask_further = call.slot == Slot::Primary && identity.fallback().is_some();
    (if ask_further { Word::Next(next) } else { Word::Done(Fact::Absent) }, Some(404), false)
}

impl Remote for ScriptedRemote {
    fn first(&self, row: &Row) -> Call {
        let by_name = row.action != Action::Create && self.is_name(&String::from_utf8_lossy(row.id_bytes()));
        let operation = match row.action {
            Action::Delete | Action::Update | Action::Upsert if by_name => Operation::Look,
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
    async fn send(&self, call: Call, identity: &Identity, fields: &Fields) -> Reply {
        let at = self.began.elapsed();
        let phase = self.script.phases.iter().rev().find(|phase| phase.from <= at).expect("a phase begins at zero");
        let id = slot_id(identity, call.slot);
        let manner = self.manner(phase, call, id);
        let applied = self.apply(manner, call, id, fields);
        let lost = applied
            || matches!(
                manner,
                Manner::ResetBefore
                    | Manner::ResetAfter
                    | Manner::Hang
                    | Manner::Broken
                    | Manner::BrokenAfter
                    | Manner::Unavailable(_)
            );
        let index = self.log.borrow().len();
        self.log.borrow_mut().push(Sent {
            at,
            until: None,
            operation: call.operation,
            slot: call.slot,
            identity: identity.clone(),
            fields: fields.clone(),
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
        let jitter = Dice::seeded(self.script.seed ^ index as u64).fraction();
        tokio::time::sleep(phase.latency + phase.jitter.mul_f64(jitter)).await;
        drop(wire);
        let mut reply = self.reply(manner, call, (identity, fields), applied);
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
